"""The checks of what is foretold of one recording more that is judged right."""

import numpy as np
import pytest
import torch

from graders.helpers import check_number
from proctor.checks import expect


@pytest.fixture
def rises(submission, seed):
    """What the student foretells, with the numbers of recordings: (normal, af, by_normal, by_af)."""
    normal, af = 83 + seed % 17, 11 + seed % 13
    result = submission.one_recording(normal, af)
    called = f"`one_recording({normal}, {af})`"
    if isinstance(result, (np.ndarray, torch.Tensor)):
        expect.shape(result, (2,), called, "Return by_normal, by_af.")
        result = result.tolist()
    expect.type(result, (tuple, list), called)
    expect.equal(len(result), 2, f"The number of values that {called} returns", "Return by_normal, by_af.")
    return normal, af, *result


@pytest.mark.points(0.5)
def test_normal(rises):
    """One more right recording of class N moves half of that class's share."""
    normal, af, by_normal, _ = rises
    hint = "The balanced accuracy is the mean of two shares. Which of them changes, and by how much?"
    check_number(by_normal, 1 / (2 * normal), f"by_normal of `one_recording({normal}, {af})`", hint)


@pytest.mark.points(0.5)
def test_af(rises):
    """One more right recording of class A moves half of that class's share."""
    normal, af, by_normal, by_af = rises
    expected = 1 / (2 * af)
    # Who takes a share for the mean of two, all recordings for those of a class, or one more than there are, has been
    # charged for it above.
    slips = [(1 / normal, 1 / af), (1 / (normal + af), 1 / (normal + af))]
    slips += [(1 / (n * (normal + 1)), 1 / (n * (af + 1))) for n in (1, 2)]
    for slip, same in slips:
        if abs(float(by_normal) - slip) < 1e-6:
            expected = same
    hint = "There are fewer recordings of class A: one of them is a larger part of its class."
    check_number(by_af, expected, f"by_af of `one_recording({normal}, {af})`", hint)
