"""The check of the guess `guess_order`."""

import pytest

from graders.guesses import letter_of


@pytest.mark.points(1)
def test_a_guess(submission):
    """The guess is one of the letters; whichever it is, it counts."""
    letter_of(submission, "guess_order", "abcd")
