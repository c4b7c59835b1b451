"""What a failed check did, beside what it does with the reference: for an instructor's terminal, never for students."""

from collections.abc import Iterator
from itertools import zip_longest

import numpy as np
import torch

from proctor.authoring.assignment import Assignment
from proctor.checks.outcome import Outcome
from proctor.checks.record import Step, TooLarge
from proctor.checks.runner import own_subject, run_checks
from proctor.checks.submission import Handle
from proctor.grading.harmless import one_line
from proctor.isolation.process import HostLost

MAX_WIDTH = 150
MAX_LINES = 100
MAX_ARRAY_LINES = 16
# So many numbers of an array stand on one line.
FEW = 6
MAX_PARTS = 8
MAX_LISTED = 10
# So many of the steps that differ from the reference's are shown with their values, the last one with its numbers.
SHOWN = 2
PRINTED = {"precision": 4, "suppress_small": True, "max_line_width": 100}
# As `expect.close` has them.
CLOSE = {"rtol": 1e-4, "atol": 1e-5, "equal_nan": True}


def transcripts(assignment: Assignment, outcomes: list[Outcome], device: str, keys: dict[str, bytes]) -> dict:
    """For each failed check, its calls with inputs, what the submission gave, what the reference gives.

    The reference is put to the same checks on the same inputs.

    Parameters
    ----------
    outcomes : of a submission that kept a record
    keys : of the inputs, by exercise

    Returns
    -------
    {(exercise, check): lines}
    """
    lines = {}
    for exercise in assignment.exercises:
        failed = [o for o in outcomes if o.exercise == exercise.id and o.failure and o.failure.kind != "missing"]
        if not failed:
            continue
        reference = own_subject(assignment, exercise, "reference", exercise.code)
        reference.start_record()
        ran = run_checks(assignment, [exercise.id], [reference], device, keys[exercise.id])
        theirs = {outcome.check: outcome.steps for outcome in ran}
        for outcome in failed:
            lines[exercise.id, outcome.check] = transcript(outcome, theirs.get(outcome.check, []))
    return lines


def transcript(outcome: Outcome, reference: list[Step]) -> list[str]:
    """The lines of one failed check, harmless in a terminal and bounded.

    Parameters
    ----------
    reference : the steps of the same check with the reference
    """
    pairs = [pair for pair in zip_longest(outcome.steps, reference) if pair[0] is not None and _tells(pair[0])]
    if not pairs:
        return ["The check looks at the code and calls none of it."]
    differing = [pair for pair in pairs if not _is_same(pair[0].result, _counterpart(*pair))]
    shown = (differing or pairs)[-SHOWN:]
    others = [pair for pair in pairs if not any(pair is one for one in shown)]
    lines = [line for pair in others[-MAX_LISTED:] for line in _listed(*pair)]
    if len(others) > MAX_LISTED:
        lines.insert(0, f"({len(others) - MAX_LISTED} earlier calls are left out)")
    for pair in shown:
        lines += _in_detail(*pair, with_numbers=pair is shown[-1])
    lines += _compared(outcome.failure, [part for pair in shown for _, part in _parts(pair[0].result)])
    if len(lines) > MAX_LINES:
        lines[MAX_LINES:] = ["... (the rest was cut)"]
    return [one_line(line, MAX_WIDTH) for line in lines]


def _tells(step):
    """Whether there is something to compare in a step: a value, or what stopped it."""
    return step.result is not None and not isinstance(step.result, Handle)


def _counterpart(step, other):
    """What the reference gave in the same step; None where the check took another way with it."""
    return other.result if other is not None and other.words == step.words else None


def _listed(step, other):
    result = _counterpart(step, other)
    if result is None:
        verdict = "(the check does not come to this with the reference)"
    else:
        verdict = "as the reference" if _is_same(step.result, result) else "DIFFERS from the reference"
    yield f"{step.words}: {verdict}"
    for name, value in step.inputs.items():
        yield _head(name, value)


def _in_detail(step, other, with_numbers):
    """One step with all of its values: what they are, where they are furthest apart, then the numbers."""
    yield step.words
    result = _counterpart(step, other)
    own, theirs = dict(_parts(step.result)), dict(_parts(result)) if result is not None else {}
    values = dict(step.inputs)
    for name, value in step.inputs.items():
        yield _head(name, value)
    for path in list(dict.fromkeys([*own, *theirs]))[:MAX_PARTS]:
        if path in own and path in theirs and _is_same(own[path], theirs[path]):
            yield f"  returned{path} (as the reference): {_brief(own[path])}"
            continue
        for name, parts in (("returned", own), ("reference", theirs)):
            if path in parts:
                yield _head(f"{name}{path}", parts[path])
                # Of many values by name, such as weights, a line each has to do.
                values |= {} if isinstance(step.result, dict) else {f"{name}{path}": parts[path]}
        if path in own and path in theirs:
            yield from _difference(own[path], theirs[path])
    for name, value in values.items() if with_numbers else []:
        yield from _numbers(name, value)


def _compared(failure, shown):
    """What was compared at the end, where that is not what a call returned."""
    found, expected = _as_array(failure.observed), _as_array(failure.expected)
    if found is None or expected is None or found.ndim == 0 or expected.ndim == 0:
        return
    if any(_same_numbers(found, _as_array(part)) for part in shown):
        return
    yield "what was compared in the end"
    values = {"found": failure.observed, "expected": failure.expected}
    yield from (_head(name, value) for name, value in values.items())
    yield from _difference(*values.values())
    for name, value in values.items():
        yield from _numbers(name, value)


def _parts(value, path="") -> Iterator[tuple[str, object]]:
    """The arrays and plain values in a value, with where they are in it."""
    items = None
    if isinstance(value, dict):
        items = [(f"{path}[{key!r}]", item) for key, item in list(value.items())[:MAX_PARTS]]
    elif isinstance(value, (list, tuple)) and any(not isinstance(v, (bool, int, float, str, list)) for v in value):
        items = [(f"{path}[{place}]", item) for place, item in enumerate(value[:MAX_PARTS])]
    if not items or path.count("[") > 3:
        yield path, value
        return
    for deeper, item in items:
        yield from _parts(item, deeper)


def _head(name, value):
    """What a value is, on one line."""
    if isinstance(value, HostLost):
        return f"  {name}: nothing. {value}"
    if isinstance(value, Exception):
        return f"  {name}: stopped with {value}"
    return f"  {name}: {_brief(value)}"


def _brief(value):
    """A value on one line: of an array, its shape and some of its numbers."""
    if isinstance(value, TooLarge):
        return "too large to be shown"
    if isinstance(value, (torch.Tensor, np.ndarray)):
        array = _as_array(value)
        numbers = "" if array is None else np.array2string(array.reshape(-1), threshold=FEW, edgeitems=3, **PRINTED)
        kind = "tensor" if isinstance(value, torch.Tensor) else "array"
        return f"{str(value.dtype).removeprefix('torch.')} {kind} of shape {tuple(value.shape)} {numbers}"
    if isinstance(value, (list, tuple)):
        opened, closed = "[]" if isinstance(value, list) else "()"
        words = ", ".join(_brief(item) for item in value[:MAX_PARTS])
        return f"{opened}{words}{f', ... ({len(value)} in all)' if len(value) > MAX_PARTS else ''}{closed}"
    if isinstance(value, dict):
        words = ", ".join(f"{_brief(key)}: {_brief(item)}" for key, item in list(value.items())[:MAX_PARTS])
        return f"{{{words}{f', ... ({len(value)} in all)' if len(value) > MAX_PARTS else ''}}}"
    if isinstance(value, str):
        return repr(value[:MAX_WIDTH])
    return f"a set of {len(value)}" if isinstance(value, set) else repr(value)


def _numbers(name, value):
    """The numbers of an array that have no place on one line."""
    array = _as_array(value)
    if not isinstance(value, (torch.Tensor, np.ndarray)) or array is None or array.size <= FEW:
        return
    around = {1: 3, 2: 3, 3: 2}.get(array.ndim, 1)
    words = np.array2string(array, threshold=40, edgeitems=around, **PRINTED)
    lines = [line for line in words.splitlines() if line.strip()]
    yield f"  {name}"
    yield from (f"    {line}" for line in lines[:MAX_ARRAY_LINES])
    if len(lines) > MAX_ARRAY_LINES:
        yield "    ..."


def _difference(value, reference):
    """Where two arrays of one shape are furthest apart."""
    one, other = _as_array(value), _as_array(reference)
    if one is None or other is None or one.shape != other.shape or not one.size:
        return
    wide = [array.astype(complex if array.dtype.kind == "c" else float) for array in (one, other)]
    wrong = ~np.isclose(*wide, **CLOSE)
    if not wrong.any():
        return
    with np.errstate(invalid="ignore"):
        apart = np.nan_to_num(np.abs(wide[0] - wide[1]), nan=np.inf)
    place = np.unravel_index(np.where(wrong, apart, -1).argmax(), one.shape)
    where = f" at {[int(index) for index in place]}" if one.ndim else ""
    yield (
        f"  largest difference: {apart[place]:.4g}{where}, {one[place]:.6g} in place of {other[place]:.6g}; "
        f"{int(wrong.sum())} of {one.size} differ"
    )


def _as_array(value):
    """Numbers as an array; None of what is none."""
    if isinstance(value, torch.Tensor):
        if value.device.type == "meta":
            return None
        value = value.detach().cpu()
        return (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    if not isinstance(value, (bool, int, float, complex, np.ndarray, np.generic, list, tuple)):
        return None
    try:
        array = np.array(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return array if array.dtype.kind in "biufc" else None


def _same_numbers(one, other):
    return other is not None and one.shape == other.shape and bool(np.isclose(one, other, **CLOSE).all())


def _is_same(value, reference):
    """Whether a result is the reference's, as far as floats can tell."""
    if isinstance(value, Exception) or type(value) is not type(reference):
        return False
    if isinstance(value, Handle):
        return value.type_name == reference.type_name
    if isinstance(value, (torch.Tensor, np.ndarray, float)):
        one, other = _as_array(value), _as_array(reference)
        if _form(value) != _form(reference):
            return False
        return one is None or _same_numbers(one, other)
    if isinstance(value, dict):
        return list(value) == list(reference) and all(_is_same(value[key], reference[key]) for key in value)
    if isinstance(value, (list, tuple)):
        return len(value) == len(reference) and all(map(_is_same, value, reference))
    return value == reference


def _form(value):
    return getattr(value, "dtype", None), tuple(getattr(value, "shape", ()))
