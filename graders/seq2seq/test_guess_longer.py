"""The check of the guess `guess_longer`."""

import pytest

from graders.guesses import letter_of


@pytest.mark.points(1)
def test_a_guess(submission):
    """The guess is one of the three letters; whichever it is, it counts."""
    letter_of(submission, "guess_longer", "abc")
