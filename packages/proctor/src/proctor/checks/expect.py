"""What a check expects, told to the student when it is not met.

Every function raises `Unmet` with a message for the student. `observed` is the student's own value behind the
message: two submissions that fail a check with the same observation made the same mistake.
"""

import math

import numpy as np
import torch

from proctor.checks.submission import Handle
from proctor.isolation.watch import UNSEEN

# Numbers that may be made a list of without asking how many are expected.
FEW = 1000


class Unmet(AssertionError):
    """An expectation that the student's code does not meet.

    Parameters
    ----------
    message : str, what was expected, what came back, the likely cause
    observed : plain data, array or tensor: what the student's code gave
    expected : what it was compared with, for who grades
    """

    def __init__(self, message, observed=None, expected=None):
        super().__init__(message)
        self.message = message
        self.observed = observed
        self.expected = expected


class Unclear(Unmet):
    """What only a person can tell: nothing is earned until somebody has looked."""


def _fail(message, hint, observed, expected=None):
    __tracebackhide__ = True
    raise Unmet(f"{message} {hint}".strip(), observed, expected)


def _name(kind):
    return getattr(kind, "__name__", str(kind))


def _kind(value):
    """What a value is, in a student's words."""
    if value is None:
        return "None (is a `return` missing?)"
    name = value.type_name if isinstance(value, Handle) else value.__class__.__name__
    return f"{'an' if name[:1].lower() in tuple('aeiou') else 'a'} {name}"


def _short(value, limit=200):
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def type(value, kinds, what):  # noqa: A001 - reads as `expect.type`
    """The value is of one of the given types."""
    __tracebackhide__ = True
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        wanted = " or ".join(f"`{_name(kind)}`" for kind in kinds)
        _fail(f"{what} should be of type {wanted}, but is {_kind(value)}.", "", _kind(value))


def shape(tensor, expected, what, hint=""):
    """The tensor or array has the given shape."""
    __tracebackhide__ = True
    type(tensor, (torch.Tensor, np.ndarray), what)
    found, expected = tuple(tensor.shape), tuple(expected)
    if found != expected:
        _fail(f"{what} should have shape {expected}, but has shape {found}.", hint, found)


def dtype(tensor, expected, what, hint=""):
    """The tensor has the given dtype."""
    __tracebackhide__ = True
    type(tensor, torch.Tensor, what)
    if tensor.dtype != expected:
        _fail(f"{what} should have dtype {expected}, but has dtype {tensor.dtype}.", hint, str(tensor.dtype))


def device(tensor, expected, what, hint=""):
    """The tensor is on the given kind of device."""
    __tracebackhide__ = True
    type(tensor, torch.Tensor, what)
    if tensor.device.type != torch.device(expected).type:
        _fail(f"{what} should be on device {expected}, but is on {tensor.device}.", hint, str(tensor.device))


def equal(value, expected, what, hint=""):
    """A plain value is exactly the expected one."""
    __tracebackhide__ = True
    if isinstance(value, (torch.Tensor, np.ndarray)):
        # As a list, its numbers take fifty bytes each and more.
        if math.prod(max(size, 1) for size in value.shape) > max(_count(expected), FEW):
            found = f"shape {tuple(value.shape)}"
            _fail(f"{what} should be {_short(expected)}, not of {found}.", hint, found)
        value = value.tolist()
    if value != expected:
        # `what` may be one thing or several.
        _fail(f"{what} should be {_short(expected)}, not {_short(value)}.", hint, value, expected)


def _count(value):
    """How many numbers there are in lists of lists."""
    return sum(map(_count, value)) if isinstance(value, (list, tuple)) else 1


def close(value, expected, what, hint="", rtol=1e-4, atol=1e-5):
    """Numbers agree: the type first, then the shape, the kind of dtype, finiteness, the values.

    The default tolerances stand above what float32 sums of a few hundred terms differ by when they are summed in
    another order (about 1e-6 relative), and below every mistake in the banks.
    """
    __tracebackhide__ = True
    if isinstance(expected, (bool, int, float)):
        type(value, (int, float, torch.Tensor, np.ndarray, np.generic), what)
        expected = torch.tensor(float(expected), dtype=torch.float64)
        value = torch.as_tensor(value).detach()
        value = value.reshape(()) if value.numel() == 1 else value
    else:
        wanted = np.ndarray if isinstance(expected, np.ndarray) else torch.Tensor
        type(value, wanted, what)
        value, expected = torch.as_tensor(value).detach(), torch.as_tensor(expected).detach()
    shape(value, expected.shape, what, hint)
    if value.is_floating_point() != expected.is_floating_point() and expected.dtype != torch.float64:
        _fail(f"{what} should have a dtype like {expected.dtype}, but has {value.dtype}.", hint, str(value.dtype))
    wide = torch.complex128 if value.is_complex() or expected.is_complex() else torch.float64
    value, expected = value.cpu().to(wide), expected.cpu().to(wide)
    # Most right answers are the same to the last bit, which is told in a tenth of the time.
    if torch.equal(value, expected):
        return
    if not torch.isfinite(value).all() and torch.isfinite(expected).all():
        count = int((~torch.isfinite(value)).sum())
        words = f"{what} should be finite, but {count} of its {value.numel()} values are NaN or infinite."
        _fail(words, hint, value, expected)
    wrong = ~torch.isclose(value, expected, rtol=rtol, atol=atol, equal_nan=True)
    if not wrong.any():
        return
    if not value.dim():
        _fail(f"{what} should be {_number(expected)}, but is {_number(value)}.", hint, value, expected)
    difference = torch.where(wrong, (value - expected).abs(), -1.0)
    where = tuple(map(int, np.unravel_index(int(difference.argmax()), value.shape)))
    share = f"{int(wrong.sum())} of {value.numel()} differ"
    place = f"most of all at {list(where)}, which is {_number(value[where])} and should be {_number(expected[where])}"
    _fail(f"{what} has wrong values: {share}, {place}.", hint, value, expected)


def _number(value):
    """A number as a person reads it, told apart from its neighbours by four digits."""
    number = value.item()
    return f"{number:.4g}" if isinstance(number, float) else f"{number:.4}"


def different(value, other, what, hint=""):
    """Two tensors are not the same."""
    __tracebackhide__ = True
    type(value, (torch.Tensor, np.ndarray), what)
    value, other = torch.as_tensor(value).detach(), torch.as_tensor(other).detach()
    if value.shape == other.shape and torch.allclose(value.cpu().double(), other.cpu().double(), equal_nan=True):
        _fail(f"{what} should differ, but are the same.", hint, value)


def true(condition, message, value=None):
    """A condition holds; the message says what was expected and found, `value` is the student's value behind it."""
    __tracebackhide__ = True
    if not condition:
        raise Unmet(message, value)


def given_is_kept(submission, call, given, what):
    """A call leaves the tensors and arrays that it is given as they are: they are the caller's.

    Parameters
    ----------
    submission : the submission
    call : called with the student's copies of what is given
    given : {name: tensor or array}, in the order of the arguments
    what : str, what is called
    """
    handles = {name: submission.put(value) for name, value in given.items()}
    call(*handles.values())
    for name, value in given.items():
        left, before = (torch.as_tensor(one).cpu() for one in (submission.get(handles[name]), value))
        true(
            left.shape == before.shape and torch.equal(left, before),
            f"{what} should leave `{name}` as it is, but changes the caller's numbers in place (as `+=` and functions "
            "that end in `_` do). Make a new value instead, as in `x = x + ...`.",
            "changed in place",
        )


def from_scratch(submission, name, built_in, without=()):
    """The code that a name of the submission stands for uses no built-in, and tells what it uses.

    It is read first. Then, until the check ends, what runs is written down in the host; and if there is a built-in
    among it, what was read was not all.

    Parameters
    ----------
    name : str, a class or a function
    built_in : constraints.BuiltIn, what it is to be written without
    without : names that are not followed, such as an earlier exercise's, which answers for itself

    Raises
    ------
    Unmet : where it uses one
    Unclear : where that cannot be told without running it; or at the end of a check that else passes
    """
    __tracebackhide__ = True
    notebook = submission.notebook
    uses = notebook.uses_of(name, built_in, tuple(without))
    if uses.used:
        _fail(f"`{name}` is to be written without `{uses.used[0]}`, which your code uses.", "", uses.used[0])
    words = [f"the cell `{cell}` cannot be parsed" for cell in notebook.unreadable]
    words += [f"`{what}` does not tell what it uses" for what in uses.hidden]
    if words:
        raise Unclear(
            f"Whether `{name}` is written without built-ins cannot be read from your code: {words[0]}. A person is to "
            "look at it, and until then it earns nothing. Written out, it is graded at once."
        )

    def judge(ran):
        found = built_in.among(ran)
        if found:
            what = "what ran was hidden from the grader" if found == UNSEEN else f"`{found[:100]}` ran"
            raise Unclear(
                f"`{name}` is to be written without built-ins, but when it was called, {what}. A person is to look at "
                "it, and until then it earns nothing."
            )

    submission.watch(judge)
