"""The check of what is foretold of a new network's loss."""

import math

import pytest

from graders.helpers import check_number


@pytest.mark.points(1)
def test_loss(submission, seed):
    """The cross entropy of a uniform guess follows from the number of classes."""
    for classes in (3 + seed % 5, 2, 11 + seed % 7):
        hint = "Minus the natural logarithm of the probability that the true class gets."
        check_number(submission.uniform_loss(classes), math.log(classes), f"`uniform_loss({classes})`", hint)
