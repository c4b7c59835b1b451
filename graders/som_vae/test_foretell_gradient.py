"""The check of what is foretold of an encoder without its decoder."""

import pytest

from graders.guesses import letter_of
from proctor.checks import expect


@pytest.mark.points(1)
def test_letter(submission):
    """Of three losses, the right ones still reach the encoder."""
    letter = letter_of(submission, "foretell_gradient", "abcd")
    expect.true(
        letter == "b",
        f"`foretell_gradient()` is {letter!r}, which is not what comes out. Ask of each loss by which way z_e is in "
        "it, and whether the way is cut: by `argmin`, or by `detach`.",
        letter,
    )
