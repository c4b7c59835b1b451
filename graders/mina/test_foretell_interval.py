"""The check of what is foretold of an interval by segments."""

import pytest

from graders.guesses import letter_of
from proctor.checks import expect


@pytest.mark.points(1)
def test_letter(submission):
    """Segments of the same recording are taken for independent witnesses, and the interval shows it."""
    letter = letter_of(submission, "foretell_interval", "abc")
    expect.true(
        letter == "c",
        f"`foretell_interval()` is {letter!r}, which is not what comes out. An interval is the narrower, the more "
        "independent draws it rests on. Whoever draws segments takes them for as many as there are segments.",
        letter,
    )
