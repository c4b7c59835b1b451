"""nbgrader's side: submissions come in rebuilt, verdicts go into the gradebook and the feedback.

`course_config.py` puts these classes where nbgrader has its own. Assignments without graders go nbgrader's own way.
"""

import functools
import html
import re
from pathlib import Path

import nbformat
import nbgrader.api
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, BaseConverter, NbGraderException
from nbgrader.preprocessors import Execute
from nbgrader.utils import parse_utc, rmtree

from proctor import cache, intake, many
from proctor.assignment import Assignment, load_assignment
from proctor.build import course_directory
from proctor.secret import SecretError
from proctor.settings import SettingsError, resolve_device
from proctor.verdict import ExerciseVerdict, Verdict, sandbox_note, told

# nbgrader opens the gradebook seven times for each submission. With one engine for all of them, SQLAlchemy compiles
# each statement once, which saves a quarter of the time.
nbgrader.api.create_engine = functools.cache(nbgrader.api.create_engine)

TIMESTAMP = re.compile(r"\d[\d:.T+-]*( [\d:.T+-]+)?( [\w+/-]{1,40})?")


def graded_assignment(root: Path, name: str) -> Assignment | None:
    """The assignment, where it is one that has graders."""
    if not (root / "graders" / name).is_dir() or not (root / "source" / name / f"{name}.py").exists():
        return None
    return load_assignment(root, name)


class _OnlyTheNotebook(BaseConverter):
    """Where nbgrader would copy whatever else lies in a submission's folder, links followed, devices read."""

    def init_assignment(self, assignment_id, student_id):
        """Copy what lies beside the notebook, where nbgrader itself executes it."""
        if graded_assignment(Path(self.coursedir.root), assignment_id) is None:
            super().init_assignment(assignment_id, student_id)


class TakeIn(Autograde, _OnlyTheNotebook):
    """nbgrader's `Autograde`, for which names and folders are what students made of them."""

    def convert_notebooks(self):
        """Grade the class, but for folders whose name is no student's id: nbgrader would stop at the first.

        Other processes grade ahead of this one, which writes.
        """
        self.coursedir.get_existing_timestamp = self._timestamp
        self.wait_for = lambda student: None
        root, students = Path(self.coursedir.root), []
        about = self._format_source("(?P<assignment>.*)", "(?P<student>.*)", escape=True)
        for path, notebooks in list(self.assignments.items()):
            names = re.fullmatch(about, path, re.DOTALL)
            if names is None or not intake.STUDENT_ID.fullmatch(names["student"]):
                self.log.error("Left out %a: a student's id is made of letters, digits and . _ - + @", path)
                del self.assignments[path]
            elif self.coursedir.notebook_id == "*" and graded_assignment(root, names["assignment"]):
                expected = str(Path(path) / f"{names['assignment']}.ipynb")
                self.assignments[path] = sorted({expected, *notebooks})
                if self.force or not Path(self._format_dest(names["assignment"], names["student"])).exists():
                    students.append(names["student"])
        assignment = graded_assignment(root, self.coursedir.assignment_id)
        if assignment is None:
            super().convert_notebooks()
            return
        try:
            with many.grade_ahead(assignment, sorted(students), resolve_device("auto")) as self.wait_for:
                super().convert_notebooks()
        except (SecretError, SettingsError, intake.Unreadable) as error:
            # What is wrong with the course itself; what goes wrong with one submission is told by nbgrader.
            self.log.error(str(error))
            raise NbGraderException(str(error)) from error

    def init_destination(self, assignment_id, student_id):
        """Whether there is something to grade; what a killed run left half done is graded anew."""
        destination = Path(self._format_dest(assignment_id, student_id))
        assignment = graded_assignment(Path(self.coursedir.root), assignment_id)
        if assignment is not None and destination.exists() and not _has_verdict(destination / f"{assignment_id}.ipynb"):
            self.log.warning("Grading of %s was cut short; it begins anew", destination)
            rmtree(destination)
        return super().init_destination(assignment_id, student_id)

    def _timestamp(self, folder):
        """When a submission was handed in; None where that cannot be read, which is no reason not to grade it."""
        path = Path(folder) / "timestamp.txt"
        if not path.is_symlink() and not path.exists():
            return None
        try:
            text = intake.read_bytes(path, 100).decode().strip()
            if TIMESTAMP.fullmatch(text):
                return parse_utc(text)
        except (intake.Unreadable, ValueError, OverflowError):
            pass
        self.log.warning("%s holds no time that can be read; the submission counts as in time", path)
        return None


def _has_verdict(path):
    """Whether a notebook of `autograded` is whole and has its verdicts, which it gets when the gradebook has them."""
    try:
        cells = nbformat.read(path, as_version=4).cells
    except (OSError, ValueError):
        return False
    graded = [cell for cell in cells if cell.cell_type == "code" and _is_autograder(cell)]
    return all(cell.outputs for cell in graded)


def _is_autograder(cell):
    about = cell.metadata.get("nbgrader", {})
    return bool(about.get("grade")) and not about.get("solution")


class SubmissionExporter(NotebookExporter):
    """In the place of `Autograde.exporter_class`: a submission is read as its intake rebuilds it.

    So a file that is no notebook, a deleted cell or a stranger's metadata is an ordinary submission from here on.
    """

    def __init__(self, parent=None, **kw):
        # Of nbgrader's converters only this one works on what students hand in, and no setting names its class.
        if type(parent) is Autograde:
            parent.__class__ = TakeIn
        super().__init__(parent=parent, **kw)
        self.taken = None

    def from_filename(self, filename, resources=None, **kw):
        """Read a submission; a notebook of nbgrader's own, already taken in, is read as it is."""
        course, about = self.parent.coursedir, resources["nbgrader"]
        assignment = graded_assignment(Path(course.root), about["assignment"])
        folder = course.format_path(course.submitted_directory, about["student"], about["assignment"])
        # The folder, not the file: a notebook that is a link lies where it lies, wherever it leads.
        is_submission = Path(filename).parent.resolve() == Path(folder).resolve()
        if assignment is None or not is_submission or about["notebook"] != assignment.name:
            return super().from_filename(filename, resources=resources, **kw)
        resources["metadata"] = {"name": about["notebook"], "path": str(Path(filename).parent)}
        self.taken = intake.take_in(Path(filename), assignment)
        # Nothing is left to sanitize, and a human marker sees the figures: what was taken over is harmless, the rest is
        # the release.
        self._preprocessors = []
        return self.from_notebook_node(self.taken.notebook, resources=resources, **kw)


class GradeCells(Execute):
    """In the place of nbgrader's `Execute`: each autograder cell gets its exercise's verdict as its output."""

    def preprocess(self, nb, resources, km=None):
        """Grade the submission that the notebook was made from, which the exporter has just taken in."""
        course, about = self.parent.parent.coursedir, resources["nbgrader"]
        assignment = graded_assignment(Path(course.root), about["assignment"])
        if assignment is None or about["notebook"] != assignment.name:
            return super().preprocess(nb, resources, km)
        device = resolve_device("auto")
        self.parent.parent.wait_for(about["student"])
        verdict = cache.grade(self.parent.taken, assignment, about["student"], device)
        self.log.info("%s: %g of %g points", about["student"], verdict.points, verdict.max_points)
        write_verdict(nb, verdict)
        return nb, resources


def write_verdict(notebook: nbformat.NotebookNode, verdict: Verdict) -> None:
    """Put each exercise's points and messages into its autograder cell, as nbgrader reads and shows them."""
    exercises = {f"check_{exercise.id}": exercise for exercise in verdict.exercises}
    first = True
    for cell in notebook.cells:
        if cell.cell_type != "code" or not _is_autograder(cell):
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


def class_table(assignment: Assignment) -> list[str]:
    """The class as the gradebook has it, as lines of text: a row for each submission, a column for each exercise."""
    ids = [exercise.id for exercise in assignment.exercises]
    grades = read_grades(assignment)
    width = max([len(student) for student in grades] + [len("submission")])
    cells = [max(len(name), 6) for name in ids]
    head = "  ".join(f"{name:>{size}}" for name, size in zip(ids, cells, strict=True))
    lines = [f"{'submission':<{width}}  {head}  {'total':>6}"]
    for student, scores in grades.items():
        row = "  ".join(f"{scores.get(name, 0):>{size}g}" for name, size in zip(ids, cells, strict=True))
        lines.append(f"{student:<{width}}  {row}  {sum(scores.values()):>6g}")
    limits = "  ".join(f"{e.points:>{size}g}" for e, size in zip(assignment.exercises, cells, strict=True))
    return [*lines, f"{'(points)':<{width}}  {limits}  {assignment.points:>6g}"]


def read_grades(assignment: Assignment) -> dict[str, dict[str, float]]:
    """Every submission's score for each exercise, from the course's gradebook: {student: {exercise: score}}."""
    course = course_directory(assignment.root)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        grades = {}
        for submission in gradebook.assignment_submissions(assignment.name):
            scores = {}
            for notebook in submission.notebooks:
                scores.update({grade.name.removeprefix("check_"): grade.score for grade in notebook.grades})
            grades[submission.student.id] = scores
    return dict(sorted(grades.items()))
