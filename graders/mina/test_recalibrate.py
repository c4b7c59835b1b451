"""The checks of probabilities for where AF is more or less frequent than in training."""

import numpy as np
import pytest
import torch

from proctor.checks import expect

SHARES = [(0.53, 0.12), (0.31, 0.67)]


@pytest.fixture
def p1(generator):
    """Probabilities of seven segments."""
    return (0.04 + 0.92 * torch.rand(7, generator=generator, dtype=torch.float64)).numpy()


def moved(submission, p1, trained, here):
    """The probabilities that the student gives, an array as long as p1."""
    there = submission.recalibrate(p1, trained, here)
    what = f"`recalibrate(p1, {trained}, {here})`"
    expect.type(there, np.ndarray, what)
    expect.shape(there, p1.shape, what)
    return there, what


@pytest.mark.points(1)
def test_odds(submission, reference, p1):
    """The odds of AF change by as much as the odds of a segment nobody has looked at."""
    for trained, here in SHARES:
        there, what = moved(submission, p1, trained, here)
        hint = "Weigh p1 by how much more frequent AF is here, 1 - p1 by how much more frequent normal rhythm is."
        expect.close(there, reference.recalibrate(p1, trained, here), what, hint)


@pytest.mark.points(1)
def test_certainty(submission, p1):
    """Who is sure stays sure, and where AF is as frequent as in training nothing changes."""
    for trained, here in SHARES:
        sure = np.array([0.0, 0.0, 1.0, 1.0, 1.0])
        there, what = moved(submission, sure, trained, here)
        expect.close(there, sure, f"{what} of the probabilities 0, 0, 1, 1, 1", "Do not divide by what can be zero.")
        there, what = moved(submission, p1, trained, trained)
        expect.close(there, p1, what, "Nothing has changed here.")
        expect.different(moved(submission, p1, trained, here)[0], p1, "What it gives elsewhere, and p1,")
    expect.given_is_kept(submission, lambda p1: submission.recalibrate(p1, 0.5, 0.1), {"p1": p1}, "`recalibrate`")
