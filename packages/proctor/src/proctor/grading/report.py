"""Verdicts for people: as text for a terminal, and in a notebook as nbgrader reads and shows them."""

import html
import re

import nbformat

from proctor.authoring.assignment import Assignment
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict, Verdict


def told(exercise: ExerciseVerdict) -> list[tuple[CheckVerdict, list[str]]]:
    """An exercise's checks, each with the lines of its message; what an earlier one said already is not repeated."""
    said, checks = set(), []
    for check in exercise.checks:
        lines = ["The same as above."] if check.message in said else check.message.splitlines()
        said |= {check.message} - {""}
        checks.append((check, lines))
    return checks


def sandbox_note(verdict: Verdict) -> str:
    """What a verdict says that did not come from the strongest sandbox."""
    if verdict.sandbox == "none":
        return "This was graded without a sandbox."
    return f"This was graded in the weaker sandbox `{verdict.sandbox}`."


def table(verdict: Verdict) -> list[str]:
    """A verdict as lines of text: the exercises with their points, and every message."""
    width = max(len(title) for title in ["total", *(exercise.title for exercise in verdict.exercises)])
    lines = [f"{verdict.submission} ({verdict.assignment}, {verdict.device})", *verdict.notes]
    if verdict.sandbox != "bubblewrap":
        lines.append(sandbox_note(verdict))
    for exercise in verdict.exercises:
        points = f"{exercise.points:5g} / {exercise.max_points:g}"
        lines.append(f"  {exercise.title:<{width}}  {points:<11} {exercise.status}")
        if exercise.status == "missing":
            lines += [f"      {message}" for message in dict.fromkeys(check.message for check in exercise.checks)]
            continue
        for check, message in told(exercise):
            if not check.passed:
                lines.append(f"    - {check.title} (0 / {check.max_points:g})")
                lines += [f"      {line}" for line in message]
    lines.append(f"  {'total':<{width}}  {verdict.points:5g} / {verdict.max_points:g}")
    if verdict.by_hand:
        lines.append(f"  Written answers, {verdict.by_hand:g} points, are marked by hand.")
    return lines


def is_autograder(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell is one whose outputs nbgrader takes a grade from."""
    about = cell.metadata.get("nbgrader", {})
    return bool(about.get("grade")) and not about.get("solution")


def write_verdict(notebook: nbformat.NotebookNode, verdict: Verdict) -> None:
    """Put each exercise's points and messages into its autograder cell, as nbgrader reads and shows them."""
    exercises = {f"check_{exercise.id}": exercise for exercise in verdict.exercises}
    first = True
    for cell in notebook.cells:
        if cell.cell_type != "code" or not is_autograder(cell):
            continue
        exercise = exercises.get(cell.metadata.nbgrader["grade_id"])
        if exercise is None:
            # nbgrader gives full marks to a cell without outputs.
            cell.outputs = [nbformat.v4.new_output("error", ename="NoVerdict", evalue="no check for this cell")]
            continue
        notes = list(verdict.notes) if first else []
        if verdict.sandbox != "bubblewrap":
            notes.append(sandbox_note(verdict))
        first = False
        shown = {"text/html": _as_html(exercise, notes), "text/plain": "\n".join(_as_text(exercise, notes))}
        # An `execute_result` that is a number is what nbgrader takes for the grade.
        cell.outputs = [
            nbformat.v4.new_output("display_data", shown),
            nbformat.v4.new_output("execute_result", {"text/plain": f"{exercise.points:g}"}, execution_count=1),
        ]


def _as_text(exercise, notes):
    lines = [f"{exercise.title}: {exercise.points:g} of {exercise.max_points:g} points", *notes]
    for check, message in told(exercise):
        mark = "passed" if check.passed else "failed"
        lines.append(f"[{mark}] {check.title} ({check.points:g} / {check.max_points:g})")
        lines += [f"    {line}" for line in message]
    return lines


def _as_html(exercise: ExerciseVerdict, notes: list[str]) -> str:
    color = {"correct": "#2e7d32", "partial": "#b26a00"}.get(exercise.status, "#c62828")
    head = f"{html.escape(exercise.title)}: {exercise.points:g} of {exercise.max_points:g} points"
    rows = []
    for check, lines in told(exercise):
        mark, shade = ("passed", "#2e7d32") if check.passed else ("failed", "#c62828")
        message, *hints = lines or [""]
        detail = f"<br>{_inline(message)}" if message else ""
        detail += "".join(f"<br><b>Likely cause:</b> {_inline(hint)}" for hint in hints)
        title = _inline(check.title) if check.passed else f"<b>{_inline(check.title)}</b>"
        rows.append(
            f'<tr style="vertical-align:top"><td style="color:{shade};width:5em;text-align:left">{mark}</td>'
            f'<td style="text-align:left">{title}{detail}</td>'
            f'<td style="width:5em">{check.points:g}&nbsp;/&nbsp;{check.max_points:g}</td></tr>'
        )
    noted = "".join(f"<p>{_inline(note)}</p>" for note in notes)
    # MathJax would typeset the formulas of a message, and make the links in them.
    return (
        f'<div class="tex2jax_ignore" style="border-left:4px solid {color};padding-left:1em"><b>{head}</b>{noted}'
        f'<table style="width:100%">{"".join(rows)}</table></div>'
    )


def _inline(text):
    """Text as HTML, what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def summary(graded: int, unchanged: int, failed: int, left_out: int) -> str:
    """How a run over a class ended, in one line."""
    parts = [f"{graded} graded", f"{unchanged} unchanged"]
    parts += [f"{failed} could not be graded"] * bool(failed) + [f"{left_out} left out"] * bool(left_out)
    return f"{graded + unchanged + failed + left_out} submissions: {', '.join(parts)}."


def class_table(
    assignment: Assignment, grades: dict[str, dict[str, float]], others: dict[str, str] | None = None
) -> list[str]:
    """The class as lines of text: a row for each submission, a column for each exercise.

    Parameters
    ----------
    grades : as `gradebook.read_grades` gives them
    others : as `roster.without_grades` gives them
    """
    ids = [exercise.id for exercise in assignment.exercises]
    others = others or {}
    width = max(map(len, ["submission", *grades, *others]))
    cells = [max(len(name), 6) for name in ids]
    head = "  ".join(f"{name:>{size}}" for name, size in zip(ids, cells, strict=True))
    lines = [f"{'submission':<{width}}  {head}  {'total':>6}"]
    for student, scores in grades.items():
        row = "  ".join(f"{scores.get(name, 0):>{size}g}" for name, size in zip(ids, cells, strict=True))
        lines.append(f"{student:<{width}}  {row}  {sum(scores.values()):>6g}")
    lines += [f"{student:<{width}}  {reason}" for student, reason in others.items()]
    limits = "  ".join(f"{e.points:>{size}g}" for e, size in zip(assignment.exercises, cells, strict=True))
    return [*lines, f"{'(points)':<{width}}  {limits}  {assignment.points:>6g}"]
