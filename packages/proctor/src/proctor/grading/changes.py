"""What a changed check would do to points that a class has already: told before any of them is replaced."""

import json
import re
from dataclasses import dataclass

from proctor.authoring.assignment import Assignment
from proctor.grading.marks import graded_path
from proctor.grading.reading import Unreadable, read_notebook
from proctor.grading.report import kept_verdict, without_details
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict, Verdict
from proctor.points import shown

# As `report` writes a check into a graded notebook.
LINE = re.compile(r"\[(passed|failed)\] (.*) \(([\d.e+-]+) / ([\d.e+-]+)\)")


@dataclass(frozen=True)
class Change:
    """What one check gave, and gives now."""

    exercise: str
    check: str
    before: float
    after: float


def compare(before: list[ExerciseVerdict], after: list[ExerciseVerdict]) -> list[Change]:
    """The checks whose points are others, in the exercises whose points are others.

    An exercise without a verdict before has no change. A check that is new, or gone, gave or gives 0.
    """
    earlier, changes = {exercise.id: exercise for exercise in before}, []
    for exercise in after:
        old = earlier.get(exercise.id)
        if old is None or old.points == exercise.points:
            continue
        known = {check.name: check.points for check in old.checks}
        for check in exercise.checks:
            # A graded notebook has its checks by their titles.
            was = known.pop(check.name, known.pop(check.title, 0.0))
            if was != check.points:
                changes.append(Change(exercise.title, check.title, was, check.points))
        gone = [check for check in old.checks if check.name in known and check.points]
        changes += [Change(exercise.title, f"{check.title} (there no more)", check.points, 0.0) for check in gone]
    return changes


def graded_before(assignment: Assignment, student: str, made_of: str) -> list[ExerciseVerdict]:
    """What nbgrader has of a submission, by the graded notebook; nothing where that was made of another one.

    Parameters
    ----------
    made_of : the digest of the notebook that the student handed in
    """
    directory = assignment.course.config.get("CourseDirectory", {}).get("autograded_directory", "autograded")
    path = assignment.root / directory / student / assignment.name / f"{assignment.name}.ipynb"
    try:
        notebook = read_notebook(path)
    except Unreadable:
        return []
    if not made_of or notebook.metadata.get("proctor", {}).get("made_of") != made_of:
        return []
    cells = {cell.get("id"): cell for cell in notebook.cells}
    found = [_verdict_in(cells.get(f"check_{exercise.id}", {}), exercise) for exercise in assignment.exercises]
    return [verdict for verdict in found if verdict is not None]


def is_outdated(assignment: Assignment, student: str, made_of: str, verdict: Verdict) -> bool:
    """Whether nbgrader has another verdict on what a student handed in; it then grades that anew if it is forced to.

    Parameters
    ----------
    made_of : as `graded_before` takes it
    """
    try:
        notebook = json.loads(graded_path(assignment, student).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not made_of or notebook["metadata"].get("proctor", {}).get("made_of") != made_of:
        return False
    kept = [found for cell in notebook["cells"] if (found := kept_verdict(cell)) is not None]
    given = [without_details(exercise) for exercise in verdict.exercises]
    return sorted(kept, key=lambda one: one.id) != sorted(given, key=lambda one: one.id)


def _verdict_in(cell, exercise):
    """An exercise's verdict in its autograder cell, by its text where there is no more; None where none is."""
    kept = kept_verdict(cell)
    if kept is not None:
        return kept
    outputs = cell.get("outputs", [])
    texts = [output.data.get("text/plain", "") for output in outputs if "data" in output]
    lines = [LINE.fullmatch(line) for line in "".join(texts[:1]).split("\n")]
    checks = [CheckVerdict(m[2], m[2], float(m[3]), float(m[4]), m[1] == "passed", "") for m in lines if m]
    if not checks:
        return None
    points = sum(check.points for check in checks)
    return ExerciseVerdict(exercise.id, exercise.title, points, float(exercise.points), "", checks)


def told(student: str, points: float, max_points: float, changes: list[Change]) -> list[str]:
    """A student's changes as lines: the total, from what to what, then each check."""
    before = points - sum(change.after - change.before for change in changes)
    lines = [f"{student}: {shown(before)} -> {shown(points)} of {shown(max_points)}"]
    return lines + [f"    {c.exercise}: {c.check} {shown(c.before)} -> {shown(c.after)}" for c in changes]
