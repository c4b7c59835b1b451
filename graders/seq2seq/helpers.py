"""What the checks of several exercises share: the sizes of the assignment, and random visits."""

import numpy as np
import torch

from proctor.checks import expect
from proctor.checks.submission import Handle

NUM_CODES = 105
NUM_HIDDEN = 128


def binary(*shape, generator, density=0.3):
    """A random float tensor of zeros and ones, of the given shape; `density` is the share of ones."""
    return (torch.rand(*shape, generator=generator) < density).float()


def check_between(submission, value, what, low, high, hint):
    """A guess that is a number, of whatever kind: it stands there, and could be right, as its author will see."""
    if isinstance(value, Handle) and value.type_name in ("Fraction", "Decimal"):
        value = submission.library("builtins.float")(value)
    if isinstance(value, (np.ndarray, torch.Tensor)):
        expect.shape(value, (), what, "It is a single number.")
        value = value.item()
    expect.type(value, (int, float, np.number), what)
    number = float(value)
    expect.true(low <= number <= high, f"{what} should be from {low} to {high}, but is {number:.4g}. {hint}", number)
