"""The check of what is foretold of an LSTM's memory."""

import math

import pytest
import torch

from graders.helpers import check_number


@pytest.mark.points(1)
def test_share(submission, generator):
    """At each step, the forget gate lets its own share of the cell state pass."""
    first, second = torch.rand(2, generator=generator).tolist()
    for total, steps in ((1.5 + first, 7), (-0.5 - second, 2), (0.3 + second, 1), (0.0, 3)):
        called = f"`kept_share({total:.4g}, {steps})`"
        hint = "One step keeps as much as the forget gate says; the next one keeps as much of what is left."
        expected = (1 / (1 + math.exp(-total))) ** steps
        check_number(submission.kept_share(total, steps), expected, called, hint)
