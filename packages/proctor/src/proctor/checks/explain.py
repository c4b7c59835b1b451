"""Why a check failed, in a student's words."""

import hashlib
import platform

import numpy as np
import torch

from proctor.checks.bounds import TooMuchWork
from proctor.checks.cell import STOPPED
from proctor.checks.expect import Unclear, Unmet
from proctor.checks.outcome import Failure
from proctor.checks.submission import MissingName, StudentError, Submission
from proctor.isolation.process import HostLost

MAX_MESSAGE = 10_000
MAX_NUMBERS = 2**16
# Of a character that no keyboard for code has: typographic quotes, dashes and spaces.
UNTYPED = ("invalid character", "invalid non-printable character")
NOT_WRITTEN = "Not implemented yet."


def explain(error: BaseException, exercise: str, subject: Submission) -> Failure:
    """Why a check failed, in a student's words."""
    if isinstance(error, Unclear):
        return Failure("unclear", error.message)
    if isinstance(error, Unmet):
        message = error.message[:MAX_MESSAGE]
        return Failure("wrong", message, kept(error.observed), expected=error.expected)
    if isinstance(error, StudentError):
        # Of a cell that could not be run, the stub stands in the place, whose lines are others.
        if is_unwritten(error) or (error.type_name == "NotImplementedError" and error.cell in subject.cell_errors):
            return _explain_unwritten(error, exercise, subject)
        observed = f"{error.type_name}: {error.message}"
        message = f"Your code stopped with {observed}{place_of(error)}.{circumstance_of(error)}"
        return Failure("error", message, observed)
    if isinstance(error, MissingName):
        return _explain_missing(error, exercise, subject)
    if isinstance(error, HostLost):
        return Failure("error", str(error), str(error), lost=True)
    observed = f"{type(error).__name__}: {error}"[:MAX_MESSAGE]
    message = f"The check could not use what your code gave back ({observed[:300]})."
    return Failure("wrong", message, observed, lost=isinstance(error, (TooMuchWork, MemoryError)))


def kept(observed):
    """What is kept of what a submission gave: the value, or where it is large a digest of it, as equal as it was."""
    if isinstance(observed, (torch.Tensor, np.ndarray)):
        numbers = torch.as_tensor(observed)
        if numbers.numel() <= MAX_NUMBERS:
            # Not a view, which would keep all that it is a view of.
            return observed.clone() if isinstance(observed, torch.Tensor) else observed.copy()
        plain = numbers.detach().cpu().contiguous().view(-1).view(torch.uint8)
        return f"{observed.dtype} {tuple(observed.shape)} {hashlib.sha256(plain.numpy()).hexdigest()}"
    text = repr(observed)
    return observed if len(text) <= MAX_MESSAGE else hashlib.sha256(text.encode()).hexdigest()


def _explain_unwritten(error, exercise, subject):
    """Nothing is written, or what is could not be run, and the cell as it was released stands in its place."""
    cause = subject.cell_errors.get(exercise)
    if cause is None or is_unwritten(cause):
        return Failure("missing", NOT_WRITTEN + _still_there(error, subject))
    return Failure("error", f"Its cell{STOPPED}{cause_of(cause)}", str(cause))


def _still_there(error, subject):
    """Of a cell that a student has written in, that the stub's last line is still there; starts with a space."""
    if "raise" not in error.source or not subject.has_changed(error.cell):
        return ""
    return f" Line {error.line} of the cell `{error.cell}` still says `{error.source}`: delete it where you are done."


def _explain_missing(error, exercise, subject):
    errors = subject.cell_errors
    own = errors.get(exercise)
    cell, cause = (exercise, own) if own is not None else next(iter(errors.items()), (None, None))
    if cause is None:
        return Failure("missing", str(error))
    if is_unwritten(cause):
        return Failure("missing", NOT_WRITTEN)
    which = "its cell" if cell == exercise else f"the cell `{cell}`"
    return Failure("error", f"{error} That is because {which}{STOPPED}{cause_of(cause)}", str(error))


def is_unwritten(error):
    """Whether a stub raised it; torch does, too, for what it has not: in words of its own, on a line that calls it."""
    is_stub = isinstance(error, StudentError) and error.type_name == "NotImplementedError"
    return is_stub and (not error.message or not error.source or "raise" in error.source)


def cause_of(error):
    """What stopped a cell, in words."""
    if isinstance(error, StudentError):
        return f"{error.type_name}: {error.message}{place_of(error)}.{circumstance_of(error)}"
    return str(error)


def place_of(error):
    if error.cell is None:
        return ""
    source = f": `{error.source}`" if error.source else ""
    return f" (cell `{error.cell}`, line {error.line}{source})"


def circumstance_of(error):
    """What is different where submissions are graded, where that is why the code stopped; starts with a space."""
    if error.type_name == "PermissionError" and error.message.startswith("[Errno 1]"):
        return " A submission runs as one process: it starts no others and has no network."
    if error.type_name == "EOFError":
        return " Nobody is there to answer `input()` when a submission is graded."
    if error.type_name == "FileNotFoundError":
        return " Where a submission is graded, there is no file but what its own code has written."
    if error.type_name == "BdbQuit":
        return " Nobody is there to debug when a submission is graded; take the breakpoint out."
    if error.type_name == "SyntaxError" and error.message.startswith(UNTYPED):
        return " It came with what was pasted, from a text or a page; type it anew."
    if error.type_name == "SyntaxError":
        return f" Submissions are graded with Python {'.'.join(platform.python_version_tuple()[:2])}."
    if "NVIDIA" in error.message or "not compiled with CUDA" in error.message:
        return " There is no GPU where this was graded; work on the device of the inputs: `x.device`."
    return ""
