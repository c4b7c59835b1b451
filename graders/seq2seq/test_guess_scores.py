"""The check of the guess `guess_scores`."""

import pytest

from graders.seq2seq.helpers import check_between
from proctor.checks import expect


@pytest.mark.points(1)
def test_a_guess(submission):
    """The guess is two shares from 0 to 1; whichever they are, they count."""
    guess = submission.guess_scores()
    expect.type(guess, (tuple, list), "`guess_scores()`")
    expect.equal(len(guess), 2, "The number of values that `guess_scores()` returns", "Return f1 and accuracy.")
    for share, what in zip(guess, ("f1", "accuracy"), strict=True):
        check_between(submission, share, f"`guess_scores()`, {what},", 0, 1, "Half is 0.5, not 50.")
