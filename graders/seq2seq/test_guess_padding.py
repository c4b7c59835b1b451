"""The check of the guess `guess_padding`."""

import pytest

from graders.seq2seq.helpers import check_between


@pytest.mark.points(1)
def test_a_guess(submission):
    """The guess is a share from 0 to 1; whichever it is, it counts."""
    check_between(submission, submission.guess_padding(), "`guess_padding()`", 0, 1, "Half is 0.5, not 50.")
