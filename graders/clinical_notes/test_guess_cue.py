"""The check of the guess `guess_cue`."""

import pytest

from graders.guesses import check_shares


@pytest.mark.points(1)
def test_a_guess(submission):
    """The guess is two shares from 0 to 1; whichever they are, they count."""
    check_shares(submission, "guess_cue", ["cue", "before"])
