"""The check of the guess `guess_positions`."""

import pytest

from graders.clinical_notes.guesses import check_letter


@pytest.mark.points(1)
def test_a_guess(submission):
    """The guess is one of the four letters; whichever it is, it counts."""
    check_letter(submission, "guess_positions")
