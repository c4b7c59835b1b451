"""The checks of a softmax over two words: how sure it is, and how well it can still learn."""

import math

import pytest
import torch

from graders.helpers import check_number, values


@pytest.fixture
def gaps(generator):
    """Differences of two scores: small and large, of either sign."""
    small, large = torch.rand(2, generator=generator).tolist()
    return [0.0, 0.5 + small, 3.0 + 2 * large, -1.5 - small]


def pair(submission, gap):
    """What the student foretells of two words."""
    return values(submission.weight_and_slope(gap), f"`weight_and_slope({gap:.4g})`", ["weight", "slope"])


@pytest.mark.points(1)
def test_weight(submission, gaps):
    """The weight of a word is the softmax of two scores."""
    for gap in gaps:
        weight, _ = pair(submission, gap)
        hint = "Of scores `gap` and 0: e to the one, divided by the sum of both."
        check_number(weight, 1 / (1 + math.exp(-gap)), f"weight at a gap of {gap:.4g}", hint)


@pytest.mark.points(1)
def test_slope(submission, gaps):
    """The slope is the derivative of the weight by the word's own score."""
    found = [[float(value) for value in pair(submission, gap)] for gap in gaps]
    varied = len({round(weight, 6) for weight, _ in found}) == len(gaps)
    for gap, (weight, slope) in zip(gaps, found, strict=True):
        right = 1 / (1 + math.exp(-gap))
        expected = right * (1 - right)
        # A wrong weight has been charged above: its own slope is right, unless it has none.
        if varied and abs(slope - weight * (1 - weight)) < 1e-6:
            expected = slope
        check_number(slope, expected, f"slope at a gap of {gap:.4g}", "Differentiate weight = 1 / (1 + exp(-gap)).")
