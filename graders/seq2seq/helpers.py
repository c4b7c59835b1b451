"""What the checks of several exercises share: the sizes of the assignment, and random visits."""

import contextlib

import torch

from proctor.checks import expect
from proctor.checks.expect import Unmet
from proctor.checks.submission import StudentError

NUM_CODES = 105
NUM_HIDDEN = 128


def binary(*shape, generator, density=0.3):
    """A random float tensor of zeros and ones, of the given shape; `density` is the share of ones."""
    return (torch.rand(*shape, generator=generator) < density).float()


@contextlib.contextmanager
def alone(single, what):
    """Whatever goes wrong with a single patient, where more of them went well, goes wrong for the same reason.

    Parameters
    ----------
    single : bool, whether there is one patient only
    what : str, the call
    """
    try:
        yield
    except (Unmet, StudentError):
        expect.true(
            not single,
            f"{what} does not work, with a single patient. `squeeze()` without an axis removes every axis of length "
            "one, that of a single patient, too.",
            "a single patient",
        )
        raise
