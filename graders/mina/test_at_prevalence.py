"""The checks of what alarms are worth where AF is more or less frequent."""

import numpy as np
import pytest
import torch

from graders.mina.helpers import pair
from proctor.checks import expect


@pytest.fixture
def rates(generator):
    """Recall, specificity and prevalence of three places, no two numbers of one alike or adding up to one."""
    shift = 0.02 * torch.rand(3, generator=generator, dtype=torch.float64)
    places = torch.tensor([[0.91, 0.83, 0.11], [0.57, 0.96, 0.29], [0.78, 0.67, 0.61]], dtype=torch.float64)
    return (places + shift).tolist()


def answers(submission, place):
    """The precision and the F1 that the student gives for a place, and how the call reads."""
    what = "`at_prevalence({:.3f}, {:.3f}, {:.3f})`".format(*place)
    values = pair(submission.at_prevalence(*place), what, "precision and f1")
    for value, name in zip(values, ("precision", "f1"), strict=True):
        expect.type(value, (int, float, np.number, np.ndarray, torch.Tensor), f"{name} of {what}")
    return (*values, what)


def expected(reference, place):
    """What is due: precision and F1."""
    return [float(value) for value in reference.at_prevalence(*place)]


@pytest.mark.points(1)
def test_precision(submission, reference, rates):
    """The precision is the share of true alarms among all alarms, each weighed by how frequent its class is."""
    for place in rates:
        precision, _, what = answers(submission, place)
        hint = "Of 1000 segments, how many are AF and found, and how many are normal and called AF?"
        expect.close(precision, expected(reference, place)[0], f"The precision of {what}", hint)


@pytest.mark.points(1)
def test_f1(submission, rates):
    """F1 is the harmonic mean of recall and precision."""
    for place in rates:
        # Of the precision that is given: a wrong one has been charged.
        precision, f1, what = answers(submission, place)
        precision = float(precision)
        expect.true(0 < precision < 1, f"The precision of {what} should be between 0 and 1.", precision)
        due = 2 * precision * place[0] / (precision + place[0])
        expect.close(f1, due, f"f1 of {what}, given its recall and its precision,", "Twice the product, by the sum.")
