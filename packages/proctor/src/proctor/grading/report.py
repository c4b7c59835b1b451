"""Verdicts for people: as text for a terminal, and in a notebook as nbgrader reads and shows them."""

import re
import textwrap
from dataclasses import asdict, replace

import nbformat
from markupsafe import Markup, escape
from tqdm.utils import disp_len, disp_trim

from proctor.authoring.assignment import Assignment
from proctor.course import counted
from proctor.grading.harmless import one_line
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict, Verdict
from proctor.points import in_words, shown

# A table that goes into a terminal, a mail or an issue; names of students in one that is tight.
WIDTH, NAME_WIDTH, NAME_ENDS, MAX_NAME = 100, 12, 4, 300

CODE = re.compile(r"`([^`]+)`")

# The colors of a verdict.
RIGHT, PARTLY, WRONG = "#2e7d32", "#b26a00", "#c62828"


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
        points = f"{shown(exercise.points):>5} / {shown(exercise.max_points)}"
        lines.append(f"  {exercise.title:<{width}}  {points:<11} {exercise.status}")
        if exercise.status == "missing":
            lines += [f"      {message}" for message in dict.fromkeys(check.message for check in exercise.checks)]
            continue
        for check, message in told(exercise):
            if not check.passed:
                lines.append(f"    - {check.title} (0 / {shown(check.max_points)})")
                lines += [f"      {line}" for line in [*message, *check.details]]
    lines.append(f"  {'total':<{width}}  {shown(verdict.points):>5} / {shown(verdict.max_points)}")
    if verdict.by_hand:
        lines.append(f"  Written answers, {in_words(verdict.by_hand)}, are marked by hand.")
    return lines


def is_autograder(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell is one whose outputs nbgrader takes a grade from."""
    about = cell.metadata.get("nbgrader", {})
    return bool(about.get("grade")) and not about.get("solution")


def write_verdict(notebook: nbformat.NotebookNode, verdict: Verdict, refused: str = "") -> None:
    """Put each exercise's points and messages into its autograder cell, as nbgrader reads and shows them.

    Parameters
    ----------
    refused : why nothing of the submission can be graded, which each check says already; empty where it can
    """
    exercises = {f"check_{exercise.id}": exercise for exercise in verdict.exercises}
    said = [line for line in (refused, *verdict.notes) if line]
    if not exercises and said:
        # All answers are written, and no check has a place for what is to be said.
        words = "<br>".join(map(inline, said))
        words = f'<div class="tex2jax_ignore" style="border-left:4px solid {WRONG};padding-left:1em">{words}</div>'
        kept = {"proctor": {"notes": said}}
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell(words, id="notes", metadata=kept))
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
        # As data, too: the student's page and the class's are made of it.
        kept = {"proctor": {"exercise": asdict(without_details(exercise)), "notes": notes}}
        # An `execute_result` that is a number is what nbgrader takes for the grade.
        cell.outputs = [
            nbformat.v4.new_output("display_data", shown, metadata=kept),
            nbformat.v4.new_output("execute_result", {"text/plain": f"{exercise.points:g}"}, execution_count=1),
        ]


def without_details(exercise: ExerciseVerdict) -> ExerciseVerdict:
    """A verdict as a graded notebook keeps it."""
    return replace(exercise, checks=[replace(check, details=[]) for check in exercise.checks])


def kept_verdict(cell: nbformat.NotebookNode) -> ExerciseVerdict | None:
    """The verdict in an autograder cell; None where there is none."""
    for output in cell.get("outputs", []):
        about = output.get("metadata", {}).get("proctor", {}).get("exercise")
        if about:
            return ExerciseVerdict(**{**about, "checks": [CheckVerdict(**check) for check in about["checks"]]})
    return None


def kept_notes(cell: nbformat.NotebookNode) -> list[str]:
    """What was noted of the submission as a whole, as far as a cell has it."""
    places = [cell, *cell.get("outputs", [])]
    return [note for place in places for note in place.get("metadata", {}).get("proctor", {}).get("notes", [])]


def is_unclear(cell: nbformat.NotebookNode) -> bool:
    """Whether the verdict in an autograder cell leaves the exercise to a person."""
    kept = [output.get("metadata", {}).get("proctor", {}) for output in cell.get("outputs", [])]
    return any(entry.get("exercise", {}).get("status") == "unclear" for entry in kept)


def _as_text(exercise, notes):
    lines = [f"{exercise.title}: {shown(exercise.points)} of {in_words(exercise.max_points)}", *notes]
    for check, message in told(exercise):
        mark = "passed" if check.passed else "failed"
        lines.append(f"[{mark}] {check.title} ({shown(check.points)} / {shown(check.max_points)})")
        lines += [f"    {line}" for line in message]
    return lines


def _as_html(exercise: ExerciseVerdict, notes: list[str]) -> str:
    """The verdict as a box."""
    color = RIGHT if exercise.points >= exercise.max_points else PARTLY if exercise.points > 0 else WRONG
    head = f"{escape(exercise.title)}: {shown(exercise.points)} of {in_words(exercise.max_points)}"
    rows = []
    for check, lines in told(exercise):
        mark, shade = ("passed", RIGHT) if check.passed else ("failed", WRONG)
        message, *hints = lines or [""]
        detail = f"<br>{inline(message)}" if message else ""
        detail += "".join(f"<br><b>Likely cause:</b> {inline(hint)}" for hint in hints)
        title = inline(check.title) if check.passed else f"<b>{inline(check.title)}</b>"
        rows.append(
            f'<tr style="vertical-align:top"><td style="color:{shade};width:5em;text-align:left">{mark}</td>'
            f'<td style="text-align:left">{title}{detail}</td>'
            f'<td style="width:5em">{shown(check.points)}&nbsp;/&nbsp;{shown(check.max_points)}</td></tr>'
        )
    noted = "".join(f"<p>{inline(note)}</p>" for note in notes)
    # MathJax would typeset the formulas of a message, and make the links in them.
    return (
        f'<div class="tex2jax_ignore" style="border-left:4px solid {color};padding-left:1em"><b>{head}</b>{noted}'
        f'<table style="width:100%">{"".join(rows)}</table></div>'
    )


def inline(text: str | Markup) -> Markup:
    """Text as HTML, what stands between backticks as code; what is HTML already is escaped no further."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))


def summary(graded: int, unchanged: int, failed: int, left_out: int) -> str:
    """How a run over a class ended, in one line."""
    parts = [f"{graded} graded", f"{unchanged} unchanged"]
    parts += [f"{failed} could not be graded"] * bool(failed) + [f"{left_out} left out"] * bool(left_out)
    return f"{counted(graded + unchanged + failed + left_out, 'submission')}: {', '.join(parts)}."


def class_table(
    assignment: Assignment,
    grades: dict[str, dict[str, float]],
    not_marked: dict[str, set[str]] | None = None,
    penalties: dict[str, float] | None = None,
    others: dict[str, str] | None = None,
    wide: bool = True,
) -> list[str]:
    """The class as lines of text: a row for each submission, a column for each exercise.

    Parameters
    ----------
    grades : as `gradebook.read_grades` gives them
    not_marked, penalties : as `marks.read_class` gives them, what has to be marked again among it
    others : as `roster.without_grades` gives them
    wide : whether lines may be of any length; else, where they do not fit, exercises have numbers for names and points
        to one decimal
    """
    not_marked, penalties = not_marked or {}, penalties or {}
    others = {_in_a_row(name): reason for name, reason in (others or {}).items()}
    lost = {student: penalties.get(student, 0) for student in grades}
    # As nbgrader exports it.
    totals = [max(0.0, sum(scores.values()) - lost[student]) for student, scores in grades.items()]
    last = [["total", *map(shown, totals), shown(assignment.points)]]
    if penalties:
        last.insert(0, ["late", *(shown(-points) if points else "" for points in lost.values()), ""])
    names = [["submission", *map(_in_a_row, grades), "(points)"]]
    columns = [*names, *_columns(assignment, grades, not_marked, None), *last]
    widest = max(map(disp_len, [*names[0], *others]))
    if wide or widest + sum(2 + max(6, *map(len, column)) for column in columns[1:]) <= WIDTH:
        return [line for block in _blocks(columns, others, False) for line in block]
    columns = [*names, *last, *_columns(assignment, grades, not_marked, 1)]
    for number, column in enumerate(columns[1 + len(last) :], 1):
        column[0] = str(number)
    return [line for block in _blocks(columns, others, True) for line in block] + _legend(assignment)


def _columns(assignment, grades, not_marked, digits):
    for exercise in assignment.exercises:
        cells = [
            "-" if exercise.id in not_marked.get(student, ()) else shown(scores.get(exercise.id, 0), digits)
            for student, scores in grades.items()
        ]
        yield [exercise.id, *cells, shown(exercise.points)]


def _blocks(columns, others, narrow):
    """Columns as lines; narrow, in as many blocks of them as it takes."""
    least, gap = (1, 1) if narrow else (6, 2)
    names = [*columns[0][:-1], *others, columns[0][-1]]
    if narrow:
        names = [_short(name) for name in names]
    first = max(map(disp_len, names))
    widths = [max(least, *map(len, column)) for column in columns[1:]]
    blocks, room = [[]], WIDTH - first
    for column, width in zip(columns[1:], widths, strict=True):
        room -= width + gap
        if narrow and room < 0:
            blocks, room = [*blocks, []], WIDTH - first - width - gap
        blocks[-1].append([cell.rjust(width + gap) for cell in column])
    for block in blocks:
        rows = ["".join(cells) for cells in zip(*block, strict=True)]
        rows[-1:] = [*(f"  {reason}" for reason in others.values()), rows[-1]]
        yield [name + " " * (first - disp_len(name)) + row for name, row in zip(names, rows, strict=True)]


def _in_a_row(name):
    """A name that stays within its row and column; the gradebook's may have come from anywhere."""
    return one_line(name, MAX_NAME).replace("\t", " ")


def _short(name):
    """A name that leaves room for points; many that begin alike end otherwise."""
    if disp_len(name) <= NAME_WIDTH:
        return name
    end = name[-NAME_ENDS:]
    return disp_trim(name, NAME_WIDTH - 1 - disp_len(end)) + "…" + end


def _legend(assignment):
    told = [f"{number}\N{NO-BREAK SPACE}{exercise.id}" for number, exercise in enumerate(assignment.exercises, 1)]
    lines = textwrap.wrap(", ".join(told), WIDTH, break_on_hyphens=False)
    return ["", *(line.replace("\N{NO-BREAK SPACE}", " ") for line in lines)]


def what_is_open(assignment: Assignment, not_marked: dict[str, set[str]], flagged: dict[str, set[str]]) -> list[str]:
    """What is left to do in a class before its grades are final, a line each; none where nothing is.

    Parameters
    ----------
    not_marked, flagged : as `marks.read_class` gives them
    """
    checked = {exercise.id for exercise in assignment.exercises if not exercise.written}
    # Who was given more time is in the gradebook before anything was handed in. One check alone may wait for a person.
    ungraded = {student for student, names in not_marked.items() if checked and checked <= names}
    waiting = {student: names for student, names in not_marked.items() if student not in ungraded}
    lines, again = [], f"`proctor mark {assignment.name}` leads there"
    for found, words in (
        (waiting, ("answer", f"not marked yet (-); `proctor mark {assignment.name}` leads to them")),
        (flagged, ("mark", f"of an answer that has changed since (-), still in the total; {again}")),
    ):
        count = sum(map(len, found.values()))
        if count:
            what = f"{counted(count, words[0])} of {counted(len(found), 'student')}"
            lines.append(f"{what} {'are' if count > 1 else 'is'} {words[1]}.")
    if ungraded:
        count = len(ungraded)
        is_not = f"{counted(count, 'submission')} {'are' if count > 1 else 'is'} not graded yet"
        lines.append(f"{is_not}, or nothing was handed in.")
    return lines
