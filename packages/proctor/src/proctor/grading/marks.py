"""What the gradebook has of a class: points of the checks, marks and comments of people, and what is not marked yet."""

import contextlib
import csv
import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import nbformat
import nbgrader.api
from nbgrader.api import BaseCell, Comment, Grade, Gradebook, Notebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import CsvExportPlugin
from nbgrader.preprocessors import SaveAutoGrades
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task
from sqlalchemy import Select, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from proctor.authoring.assignment import Assignment
from proctor.grading.harmless import no_formula
from proctor.grading.late import seconds_late, settle_penalties
from proctor.grading.reading import Unreadable
from proctor.grading.report import is_unclear
from proctor.settings import SettingsError

# nbgrader opens the gradebook seven times for each submission. With one engine for all of them, SQLAlchemy compiles
# each statement once, which saves a quarter of the time.
nbgrader.api.create_engine = functools.cache(nbgrader.api.create_engine)


@dataclass(frozen=True)
class Mark:
    """What one graded cell earned.

    Parameters
    ----------
    automatic : what the checks gave; None where a person decides, or it was not graded yet
    manual : what a person gave, which wins; None where nobody did
    extra : what a person added
    flagged : whether formgrader asks for a look at it
    """

    automatic: float | None
    manual: float | None
    extra: float | None
    max_score: float
    flagged: bool

    @property
    def is_open(self) -> bool:
        """Whether nobody and nothing has marked it yet."""
        return self.manual is None and self.automatic is None

    @property
    def is_by_hand(self) -> bool:
        """Whether a person has had a say."""
        return self.manual is not None or bool(self.extra)

    @property
    def is_stale(self) -> bool:
        """Whether what a person gave was for an answer that has changed since."""
        return bool(self.flagged) and self.is_by_hand

    @property
    def score(self) -> float:
        """The points that count, as nbgrader has it."""
        if self.is_open:
            return 0.0
        return (self.automatic if self.manual is None else self.manual) + (self.extra or 0.0)


@dataclass
class Recorded:
    """What the gradebook has of one notebook: {cell: mark}, {cell: comment}, the late penalty in points.

    Parameters
    ----------
    handed_in, due : times in UTC, an extension included; None where they are not known
    """

    marks: dict[str, Mark] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    penalty: float = 0.0
    handed_in: datetime | None = None
    due: datetime | None = None


@dataclass
class ClassMarks:
    """A class as the gradebook has it.

    Parameters
    ----------
    grades : {student: {exercise: points}}, 0 for what is not marked yet
    not_marked : {student: the exercises that nobody has marked yet}, of those who have some
    penalties : {student: points}, of those who lose some for being late
    flagged : {student: the exercises with a mark by hand of an answer that has changed since}
    late : {student: seconds after the due date, extension included}, of those who were late, whatever that costs
    """

    grades: dict[str, dict[str, float]] = field(default_factory=dict)
    not_marked: dict[str, set[str]] = field(default_factory=dict)
    penalties: dict[str, float] = field(default_factory=dict)
    flagged: dict[str, set[str]] = field(default_factory=dict)
    late: dict[str, float] = field(default_factory=dict)

    @property
    def waiting(self) -> dict[str, set[str]]:
        """{student: the exercises that somebody has yet to mark, or to mark again}, of those who have some."""
        found = {student: set(names) for student, names in self.not_marked.items()}
        for student, names in self.flagged.items():
            found[student] = found.get(student, set()) | names
        return found


# What to do about what SQLite says of a file that is the right one.
ADVICE = {
    "readonly": "have its rights and its folder's changed, or run this as who owns it",
    "disk is full": "make room, then run it again",
    "disk I/O error": "make room, or allow larger files (`ulimit -f`), then run it again",
    "is locked": "another program holds it; run it again when that is done",
}


@contextlib.contextmanager
def open_gradebook(directory) -> Iterator[Gradebook]:
    """The gradebook of an nbgrader `CourseDirectory`, which has to be there.

    Raises
    ------
    Unreadable : where it cannot be opened, or read: with the reason in one line, without a password
    """
    try:
        url = make_url(directory.db_url)
    except ArgumentError as error:
        raise Unreadable("the gradebook cannot be opened: c.CourseDirectory.db_url is no database URL") from error
    path = url.database if url.get_backend_name() == "sqlite" else None
    if path and path != ":memory:" and not path.startswith("file:") and not Path(path).exists():
        raise Unreadable(f"there is no gradebook {path}; run `proctor build`")
    shown = path or url  # as text, a URL hides its password
    try:
        gradebook = Gradebook(directory.db_url, directory.course_id)
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise Unreadable(f"the gradebook {shown} cannot be opened: {_reason(error)}") from error
    try:
        with gradebook:
            yield gradebook
    except SQLAlchemyError as error:
        raise Unreadable(f"the gradebook {shown} cannot be read: {_reason(error)}") from error


def _reason(error):
    """What a database said, in one line, and what to do about it."""
    words = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
    if isinstance(error, ImportError):
        return f"its driver is missing ({words}); install it, or change c.CourseDirectory.db_url"
    if "no such column" in words or "does not exist" in words:
        return f"{words}; back it up and run `nbgrader db upgrade`, where an older nbgrader made it"
    advice = (advice for said, advice in ADVICE.items() if said in words)
    return f"{words}; {next(advice, 'is c.CourseDirectory.db_url right?')}"


def require_assignment(gradebook: Gradebook, name: str) -> None:
    """Raise `Unreadable` where the gradebook lacks it: nbgrader would say so of each student, with a traceback."""
    if name not in {known.name for known in gradebook.assignments}:
        raise Unreadable(f"the gradebook knows no assignment {name}; run `proctor build`")


def submissions_of(name: str) -> Select:
    """The query for who has a row of an assignment: the students' ids."""
    return (
        select(SubmittedAssignment.student_id)
        .join(nbgrader.api.Assignment, nbgrader.api.Assignment.id == SubmittedAssignment.assignment_id)
        .where(nbgrader.api.Assignment.name == name)
    )


def read_submissions(gradebook: Gradebook, name: str) -> dict[str, dict[str, Recorded]]:
    """Everything that is recorded of an assignment: {student: {notebook: Recorded}}.

    It takes four queries, however large the class; nbgrader's objects would take a dozen for each submission.
    """
    submissions = submissions_of(name)
    notebooks = submissions.join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
    about = notebooks.join(Notebook, Notebook.id == SubmittedNotebook.notebook_id).add_columns(
        SubmittedNotebook.id,
        Notebook.name,
        SubmittedNotebook.late_submission_penalty,
        SubmittedAssignment.timestamp,
        nbgrader.api.Assignment.duedate,
        SubmittedAssignment.extension,
    )
    found = {student: {} for student in sorted(gradebook.db.scalars(submissions))}
    recorded = {}
    for student, key, notebook, penalty, handed_in, due, more in gradebook.db.execute(about):
        due = due and due + (more or timedelta())
        recorded[key] = found[student][notebook] = Recorded(penalty=penalty or 0.0, handed_in=handed_in, due=due)
    for table, columns, put in (
        (Grade, [Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.max_score, Grade.needs_manual_grade],
         lambda notebook, cell, *values: notebook.marks.update({cell: Mark(*values)})),
        (Comment, [Comment.comment],
         lambda notebook, cell, comment: notebook.comments.update({cell: comment} if comment else {})),
    ):  # fmt: skip
        rows = notebooks.join(table, table.notebook_id == SubmittedNotebook.id)
        rows = rows.join(BaseCell, BaseCell.id == table.cell_id).add_columns(table.notebook_id, BaseCell.name, *columns)
        for _, key, *values in gradebook.db.execute(rows):
            put(recorded[key], *values)
    return found


def read_class(assignment: Assignment) -> ClassMarks:
    """A class as the gradebook has it, its late penalties settled.

    Raises
    ------
    Unreadable : where the gradebook cannot be read, or lacks the assignment
    SettingsError : where late penalties cannot be taken
    """
    with open_gradebook(assignment.course.directory) as gradebook:
        require_assignment(gradebook, assignment.name)
        settle_penalties(gradebook, assignment.name, assignment.course.config)
        submissions = read_submissions(gradebook, assignment.name)
        found = ClassMarks(late=seconds_late(gradebook, assignment.name))
    for student, notebooks in submissions.items():
        marks = {name.removeprefix("check_"): mark for one in notebooks.values() for name, mark in one.marks.items()}
        found.grades[student] = {name: mark.score for name, mark in marks.items()}
        for kind, names in (
            (found.not_marked, {name for name, mark in marks.items() if mark.is_open}),
            (found.flagged, {name for name, mark in marks.items() if mark.is_stale}),
        ):
            if names:
                kind[student] = names
        penalty = sum(one.penalty for one in notebooks.values())
        if penalty:
            found.penalties[student] = penalty
    return found


def graded_path(assignment: Assignment, student: str) -> Path:
    """Where a submission's graded notebook lies, whether there is one or not."""
    directory = assignment.course.directory
    folder = directory.format_path(directory.autograded_directory, student, assignment.name)
    return Path(folder) / f"{assignment.name}.ipynb"


def read_graded(path: Path) -> nbformat.NotebookNode:
    """A notebook of `autograded`, as `nbformat.read`, but for a validation that takes longer than all the rest.

    Raises
    ------
    OSError, ValueError : where there is none, or its grading was cut short
    """
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))


def answers_in(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """What each graded cell of a notebook is about: its own text, or the code above it: {cell: text}."""
    answers, code, last = {}, [], ""
    for cell in notebook.cells:
        if not is_grade(cell):
            code += [cell.source] * (cell.cell_type == "code")
        elif is_solution(cell):
            answers[cell.metadata.nbgrader.grade_id] = cell.source
        else:
            # Of several checks in a row, each is about the code above the first.
            last = "\n".join(code) or last
            answers[cell.metadata.nbgrader.grade_id] = last
            code = []
    return answers


@dataclass(frozen=True)
class Before:
    """What a graded notebook that is about to be graded anew was: {cell: answer}, {cell: [manual, extra, stale]}."""

    answers: dict[str, str]
    marks: dict[str, list]


def read_before(path: Path) -> Before | None:
    """What a notebook of `autograded` was; None where it cannot be told, or its grading was cut short."""
    try:
        notebook = nbformat.read(path, as_version=4)
        return Before(answers_in(notebook), recorded_marks(notebook))
    except (OSError, ValueError, KeyError):
        return None


def recorded_marks(notebook: nbformat.NotebookNode) -> dict[str, list]:
    """The marks by hand as they were when a notebook was graded: {cell: [manual, extra, stale]}.

    A stale one was given for an answer that has changed since.

    Raises
    ------
    KeyError : where `SaveGrades` has not been at it
    """
    return notebook.metadata["proctor"]["marks"]


class SaveGrades(SaveAutoGrades):
    """In the place of nbgrader's `SaveAutoGrades`, which asks for another look at each mark by hand, always.

    This one asks where the answer is another than the one that the mark was given for.
    """

    def preprocess(self, nb, resources):
        """Save the grades, and note in the notebook which marks it was graded beside.

        All at once: nbgrader looks up and commits each cell by itself, which takes a third of all that it does.
        """
        about = resources["nbgrader"]
        self.before = getattr(self.parent.parent, "before", {}).get(about["notebook"])
        self.answers, self.kept = answers_in(nb), {}
        with Gradebook(about["db_url"]) as gradebook:
            own = gradebook.find_submission_notebook(about["notebook"], about["assignment"], about["student"])
            self.grades, self.comments = (
                dict(gradebook.db.execute(
                    select(BaseCell.name, kind).join(BaseCell, BaseCell.id == kind.cell_id)
                    .where(kind.notebook_id == own.id)
                ).all())
                for kind in (Grade, Comment)
            )  # fmt: skip
            nb, resources = super(SaveAutoGrades, self).preprocess(nb, resources)
            gradebook.db.commit()
        nb.metadata.setdefault("proctor", {})["marks"] = self.kept
        return nb, resources

    def _add_score(self, cell, resources):
        name = cell.metadata.nbgrader["grade_id"]
        grade = self.grades[name]
        grade.auto_score = None if is_unclear(cell) else determine_grade(cell, self.log)[0]
        stale = False
        if grade.manual_score is not None or grade.extra_credit:
            stale = self._is_of_another_answer(name, grade)
            self.kept[name] = [grade.manual_score, grade.extra_credit, stale]
        grade.needs_manual_grade = stale or (grade.manual_score is None and grade.auto_score is None)

    def _add_comment(self, cell, resources):
        about = cell.metadata.nbgrader
        is_given = about.get("checksum") == compute_checksum(cell) and not is_task(cell)
        self.comments[about["grade_id"]].auto_comment = "No response." if is_given else None

    def _is_of_another_answer(self, name, grade):
        if self.before is None or self.before.answers.get(name) != self.answers[name]:
            return True
        manual, extra, stale = self.before.marks.get(name, [None, None, False])
        # Whoever marks in formgrader takes the flag away.
        return stale and grade.needs_manual_grade and [manual, extra] == [grade.manual_score, grade.extra_credit]


class _Cell(str):
    """A text that stays one cell, and is no formula, where nbgrader writes it as it is between two commas."""

    __slots__ = ()

    def __format__(self, spec):
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([no_formula(str(self)), ""])
        return line.getvalue().removesuffix(",")


class ExportGrades(CsvExportPlugin):
    """In the place of nbgrader's `CsvExportPlugin`: late penalties are settled first, what is not marked is told.

    Many an LMS lets students choose their name: one with a comma or a sign of equality in it is a name all the same.
    """

    def __init__(self, parent=None, **kwargs):
        super().__init__(parent=parent, **kwargs)
        try:
            # nbgrader opens it next, and would answer with a traceback.
            with open_gradebook(parent.coursedir):
                pass
        except Unreadable as error:
            parent.fail(str(error))

    def export(self, gradebook):
        """Write the table."""
        for assignment in gradebook.assignments:
            if self.assignment and assignment.name not in map(str, self.assignment):
                continue
            try:
                settle_penalties(gradebook, assignment.name, self.config)
            except SettingsError as error:
                self.parent.fail(str(error))
            submissions = read_submissions(gradebook, assignment.name).values()
            marks = [mark for one in submissions for notebook in one.values() for mark in notebook.marks.values()]
            for count, one, several in (
                (
                    sum(mark.is_open for mark in marks),
                    "answer is not marked yet, and counts as 0",
                    "answers are not marked yet, and count as 0",
                ),
                (
                    sum(mark.is_stale for mark in marks),
                    "mark is of an answer that has changed since, and counts as it is",
                    "marks are of answers that have changed since, and count as they are",
                ),
            ):
                if count:
                    self.log.warning("%s: %d %s", assignment.name, count, one if count == 1 else several)
        parts = ("id", "last_name", "first_name", "email")
        students = [
            SimpleNamespace(**{part: _Cell(getattr(one, part) or "") for part in parts}) for one in gradebook.students
        ]
        about = {"assignments": gradebook.assignments, "find_submission": gradebook.find_submission}
        super().export(SimpleNamespace(students=students, **about))
