"""What the checks of several exercises share: the sizes of the assignment, and random visits."""

import torch

NUM_CODES = 105
NUM_HIDDEN = 128


def binary(*shape, generator, density=0.3):
    """A random float tensor of zeros and ones, of the given shape; `density` is the share of ones."""
    return (torch.rand(*shape, generator=generator) < density).float()
