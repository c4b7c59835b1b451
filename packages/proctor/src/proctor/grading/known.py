"""How known mistakes fare, kept from one process to the next: finding out takes seconds, and gives the same each time.

There is a file for each exercise. Its name tells what it was found with: the engine, the checks, the solutions and the
bank.
"""

import contextlib
import functools
import hashlib
import importlib
import io
import pickle
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from proctor.authoring.assignment import Assignment, Exercise
from proctor.checks.diagnosis import mistakes_outcomes
from proctor.checks.outcome import Failure
from proctor.course import trust
from proctor.grading import cache

FOLDER = ".proctor_known"
# Contents of files, as this process loads them: {the package of checks: {assignment: {file: digest}}}.
_loaded = weakref.WeakKeyDictionary()


def note_contents(assignment: Assignment) -> dict[Path, str]:
    """What checks and solutions were when this process first asked, which is to be when it loads them."""
    if not assignment.graders.is_dir():
        return {}
    trust(assignment.course)
    # Where they are loaded anew, it is another object.
    of_package = _loaded.setdefault(importlib.import_module("graders"), {})
    if assignment.name not in of_package:
        of_package[assignment.name] = cache.course_contents(assignment)
    return of_package[assignment.name]


@functools.cache
def known_outcomes(assignment: Assignment, exercise: Exercise, device: str) -> dict[str, dict[str, Failure | None]]:
    """`diagnosis.mistakes_outcomes`, from its file where it is there.

    Raises
    ------
    GradingError : where a mistake cannot be run, a fault of the bank
    """
    part = replace(assignment, exercises=(exercise,))
    digest = cache.exercise_digests(part, note_contents(assignment))[exercise.id]
    key = hashlib.sha256(f"{cache.engine_digest(assignment.course, device)}{digest}".encode()).hexdigest()
    folder = assignment.root / FOLDER / assignment.name
    path = folder / f"{exercise.id}.{device}.{key}"
    # Not by a name that goes with the older files.
    with cache.alone(path.with_name(f".{path.stem}.lock")):
        found = _read(path)
        if found is None:
            found = mistakes_outcomes(assignment, exercise, device)
            _write(path, found)
    return found


def _read(path):
    """What a file has; None where there is none, or none that can be read."""
    try:
        kept = torch.load(path, weights_only=True)
        return {mistake: {check: _as_failure(of) for check, of in seen.items()} for mistake, seen in kept.items()}
    except Exception:  # whatever torch makes of a damaged file
        return None


def _write(path, found):
    """Put what was found in its place, whole, and older ones away; nothing where it is not plain data."""
    kept = {mistake: {check: _as_plain(failure) for check, failure in seen.items()} for mistake, seen in found.items()}
    buffer = io.BytesIO()
    try:
        torch.save(kept, buffer)
        torch.load(io.BytesIO(buffer.getvalue()), weights_only=True)
    except (pickle.PicklingError, pickle.UnpicklingError, AttributeError, TypeError):
        return
    # Where nothing can be written, it is found out anew.
    with contextlib.suppress(OSError):
        for older in path.parent.glob(f"{path.stem}.*"):
            older.unlink(missing_ok=True)
        cache.write_whole(path, buffer.getvalue())


def _as_plain(failure):
    if failure is None:
        return None
    shown, is_array = failure.observed, isinstance(failure.observed, np.ndarray)
    if is_array or isinstance(shown, torch.Tensor):
        # A part of a large tensor would bring all of it along.
        shown = torch.as_tensor(shown).detach().clone()
    return [failure.kind, failure.message, failure.lost, is_array, shown]


def _as_failure(kept):
    if kept is None:
        return None
    kind, message, lost, is_array, shown = kept
    return Failure(kind, message, shown.numpy() if is_array else shown, lost)
