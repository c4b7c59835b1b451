"""Which assignment a file is of, and what of it somebody asked for: exercises, and checks of them, by name."""

import contextlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from proctor.authoring.assignment import Assignment, load_assignment
from proctor.checks.outcome import GradingError
from proctor.checks.runner import checks_of
from proctor.course import Course
from proctor.grading.harmless import one_line
from proctor.grading.reading import Unreadable, read_notebook, require_file
from proctor.grading.verdict import Verdict


@dataclass(frozen=True)
class Selection:
    """Part of an assignment.

    Parameters
    ----------
    assignment : with the chosen exercises alone; all of it where nothing was chosen
    checks : the chosen checks of each exercise; an exercise without an entry has all of its own
    """

    assignment: Assignment
    checks: dict[str, set[str]]
    partial: bool


def select(assignment: Assignment, names: list[str], device: str) -> Selection:
    """The exercises and checks of these names: `encoder`, `encoder/test_masks`, `test_masks` or `masks`.

    Raises
    ------
    GradingError : for a name that is none of them; the message says which there are
    """
    if not names:
        return Selection(assignment, {}, False)
    graded = [exercise.id for exercise in assignment.exercises if not exercise.written]
    known = checks_of(assignment, device) if set(names) - set(graded) else {}
    whole, checks = set(), {}
    for name in names:
        found = {name: None} if name in graded else _find(name, assignment, graded, known)
        if not found:
            raise GradingError(_unknown(name, assignment, graded, known))
        for exercise, some in found.items():
            if some is None:
                whole.add(exercise)
            else:
                checks.setdefault(exercise, set()).update(some)
    chosen = tuple(exercise for exercise in assignment.exercises if exercise.id in whole | set(checks))
    checks = {exercise: some for exercise, some in checks.items() if exercise not in whole}
    return Selection(replace(assignment, exercises=chosen), checks, True)


def _find(name, assignment, graded, known):
    """The exercises that have a check of this name: {exercise: names of checks, or None for all}."""
    *folders, last = re.split("::|/", name)
    within = _plain(folders[-1]) if folders else ""
    candidates = [within] if within in graded else graded if not folders else []
    found = {}
    for exercise in candidates:
        some = {check for check in known.get(exercise, []) if last in (check, check.removeprefix("test_"))}
        if some:
            found[exercise] = some
    if not found and within in ("", assignment.name) and _plain(last) in graded:
        return {_plain(last): None}
    return found


def _plain(name):
    """An exercise by the name of the file of its checks."""
    return name.removesuffix(".py").removeprefix("test_")


def _unknown(name, assignment, graded, known):
    exercise = re.split("::|/", name)[0]
    written = [one.id for one in assignment.exercises if one.written]
    if name in written:
        return f"--exercise {name}: a person marks it; the exercises with checks are {', '.join(graded)}"
    if exercise in graded:
        return f"--exercise {name}: `{exercise}` has no such check; it has {', '.join(known[exercise])}"
    return f"--exercise {name}: {assignment.name} has no such exercise or check; the exercises are {', '.join(graded)}"


def narrow(verdict: Verdict, chosen: Selection) -> None:
    """Leave out of a verdict the checks that nobody asked for, and say what its points are of."""
    if not chosen.partial:
        return
    for exercise in verdict.exercises:
        if exercise.id in chosen.checks:
            exercise.checks = [check for check in exercise.checks if check.name in chosen.checks[exercise.id]]
    names = ", ".join(exercise.id for exercise in chosen.assignment.exercises)
    verdict.notes.append(f"Only a part was asked for: the points are those of {names}.")


def identify(path: Path, course: Course) -> str:
    """The assignment that a file is a submission of: by its name, else by the grade ids in it.

    Raises
    ------
    Unreadable : where there is no such file
    GradingError : where neither tells
    """
    require_file(path)
    names = course.assignments
    if path.stem in names:
        return path.stem
    if path.suffix == ".ipynb":
        with contextlib.suppress(Unreadable):
            cells = read_notebook(path).cells
            metadata = [cell.metadata.get("nbgrader") for cell in cells]
            found = {str(entry.get("grade_id")) for entry in metadata if isinstance(entry, dict)}
            shared = {name: len(found & _ids(course, name)) for name in names}
            best = max(shared, key=shared.get, default=None)
            if best and shared[best]:
                return best
    words = f"cannot tell the assignment; name it with --assignment (there are {', '.join(names)})"
    raise GradingError(f"{one_line(str(path))}: {words}")


def _ids(course, name):
    return {exercise.id for exercise in load_assignment(course, name).exercises}
