"""The check of the guess `guess_published`."""

import pytest

from graders.guesses import check_shares


@pytest.mark.points(1)
def test_a_guess(submission):
    """The guess is a share from 0 to 1; whichever it is, it counts."""
    check_shares(submission, "guess_published")
