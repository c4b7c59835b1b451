"""The check of the loss that is foretold for a model before its training."""

import math

import numpy as np
import pytest
import torch

from proctor.checks import expect


@pytest.mark.points(1)
def test_loss(submission, generator):
    """Every code of every real visit costs the logarithm of two."""
    # Averages of visits: no whole numbers, and none that is one.
    few, many = torch.rand(2, generator=generator).tolist()
    for visits in (1.2 + 0.6 * few, 2.5 + 7 * many):
        loss = submission.foretell_start(visits)
        if isinstance(loss, (torch.Tensor, np.ndarray)):
            expect.shape(loss, (), f"`foretell_start({visits:.4g})`", "It is a single number.")
        hint = "How many questions does a patient with so many visits ask, and what does a toss of a coin cost at each?"
        # Whoever works it out by hand takes 0.693 for the logarithm.
        expect.close(loss, visits * 105 * math.log(2), f"`foretell_start({visits:.4g})`", hint, rtol=5e-4)
