"""The check of a guess that is a share: it stands there, and could be right, which is for its author to see."""

import numpy as np

from graders.clinical_notes.helpers import values
from proctor.checks import expect


def check_shares(submission, name, names):
    """A guess is a share from 0 to 1, or, where there are several names, as many of them."""
    result = getattr(submission, name)()
    found = [result] if len(names) == 1 else values(result, f"`{name}()`", names)
    for share, what in zip(found, names, strict=True):
        expect.type(share, (int, float, np.number), f"`{name}()`, {what},")
        message = f"`{name}()`, {what}, should be a share from 0 to 1, but is {float(share):.4g}."
        expect.true(0 <= float(share) <= 1, f"{message} Half is 0.5, not 50.", float(share))
