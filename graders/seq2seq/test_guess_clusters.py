"""The check of the guess `guess_clusters`."""

import pytest

from graders.guesses import check_between


@pytest.mark.points(1)
def test_a_guess(submission):
    """The guess is a number of patients from 100 to 200; whichever it is, it counts."""
    hint = "There are 200 patients, and of two clusters the better fit cannot be below one half."
    check_between(submission, submission.guess_clusters(), "`guess_clusters()`", 100, 200, hint)
