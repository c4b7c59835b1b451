"""nbgrader's side: submissions come in rebuilt, verdicts go into the gradebook and the feedback.

`course_config.py` puts these classes where nbgrader has its own. What has no text in source/ goes nbgrader's own way.
"""

import contextlib
import functools
import glob
import re
import secrets
import sys
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.converters import Autograde, BaseConverter, NbGraderException
from nbgrader.preprocessors import Execute
from nbgrader.utils import rmtree

from proctor.authoring.assignment import Assignment, load_assignment
from proctor.authoring.errors import BuildError, about_file, require_writable
from proctor.checks.outcome import GradingError
from proctor.course import Course, CourseError, SecretError, open_course
from proctor.grading import cache, intake, many
from proctor.grading.attempts import TIME, set_aside
from proctor.grading.late import open_plugin
from proctor.grading.marks import open_gradebook, read_before, read_class, require_assignment, submissions_of
from proctor.grading.reading import Unreadable, names_in, read_bytes, why_no_student_id
from proctor.grading.report import is_autograder, summary, write_verdict
from proctor.grading.times import read_time
from proctor.isolation.sandbox import SandboxError
from proctor.settings import SettingsError, resolve_device

# What is wrong with the course itself; what goes wrong with one submission is told by nbgrader.
FAULTS = (BuildError, CourseError, GradingError, SandboxError, SecretError, SettingsError, Unreadable)
STOPPED = "nbgrader: stopped. What it has done stays; run it again for the rest."

# What nbgrader's exchange puts beside a submission, and reads again when it releases feedback.
SECRET = "submission_secret.txt"
MAX_WORDS = 1000
SECRET_WORDS = re.compile(r"[!-~]{1,500}")
TIMESTAMP = re.compile(r"\d[\d:.T+-]*( [\d:.T+-]+)?Z?( [\w:+/-]{1,40})?")


def graded_assignment(course: Course, name: str) -> Assignment | None:
    """The assignment, where it is one with a text; one of written answers alone needs no graders."""
    return load_assignment(course, name) if name in course.assignments else None


class InTurn(BaseConverter):
    """A converter that works on a submission while no other process does, and ends where a file cannot be written."""

    def take_turn(self, assignment_id, student_id):
        """Give up the turn at the submission before, and wait for this one's.

        Raises
        ------
        SystemExit : where Ctrl-C ends the wait; of a `KeyboardInterrupt`, nbgrader removes what the other process makes
        """
        path = Path(self.coursedir.root) / cache.FOLDER / assignment_id / f"{student_id}.lock"
        words = "Another process works on the submission of %s: this one goes on when that is done"
        self.turn.close()
        try:
            self.turn.enter_context(cache.alone(path, lambda: self.log.warning(words, student_id)))
        except KeyboardInterrupt:
            sys.exit(STOPPED)

    def write_single_notebook(self, output, resources):
        """Write a notebook or a page. Where there is no room, or no right, nbgrader would go on with the next.

        Raises
        ------
        SystemExit : which nbgrader passes on, with no traceback of its own
        """
        try:
            super().write_single_notebook(output, resources)
        except OSError as error:
            self.log.error(about_file(error))
            raise SystemExit(1) from error


class _OnlyTheNotebook(BaseConverter):
    """Where nbgrader would copy whatever else lies in a submission's folder, links followed, devices read."""

    def _folders(self, assignment_id, student_id):
        """Where a submission lies, and where it goes once it is graded."""
        return [Path(form(assignment_id, student_id)) for form in (self._format_source, self._format_dest)]

    def init_assignment(self, assignment_id, student_id):
        """Copy what lies beside the notebook, where nbgrader itself executes it; else the exchange's own files."""
        if graded_assignment(self.course, assignment_id) is None:
            super().init_assignment(assignment_id, student_id)
            return
        source, destination = self._folders(assignment_id, student_id)
        destination.mkdir(parents=True, exist_ok=True)
        # Feedback is released for all or nobody: who handed in without the exchange has none there that fits.
        (destination / TIME).write_text(_words(source / TIME, TIMESTAMP))
        (destination / SECRET).write_text(_words(source / SECRET, SECRET_WORDS) or secrets.token_hex())


class TakeIn(InTurn, Autograde, _OnlyTheNotebook):
    """nbgrader's `Autograde`, for which names and folders are what students made of them."""

    # Who has a row in the gradebook; unknown until the class is graded.
    recorded = None

    @functools.cached_property
    def course(self):
        """The course that is graded."""
        return open_course(Path(self.coursedir.root))

    @functools.cached_property
    def doubted(self):
        """The files of which was told that they hold no time: they are looked at several times."""
        return set()

    @contextlib.contextmanager
    def faults_told(self):
        """Tell in a line what is wrong with the course."""
        try:
            yield
        except (*FAULTS, OSError) as error:
            words = about_file(error) if isinstance(error, OSError) else "; ".join(str(error).splitlines())
            self.log.error(words)
            raise NbGraderException(words) from error

    def find_submissions(self):
        """Where nbgrader would see notebooks alone, every folder counts; in none, it says so."""
        name, found = self.coursedir.assignment_id, {}
        # What is wrong with the course is told once it is to be graded.
        if self.coursedir.notebook_id == "*" and name in self.course.assignments:
            pattern = self._format_source(name, self.coursedir.student_id)
            found = {path: sorted(map(str, Path(path).glob("*.ipynb"))) for path in _folders_like(pattern)}
        if found:
            self.assignments, self.notebooks = found, []
        else:
            BaseConverter.init_notebooks(self)

    def init_assignment(self, assignment_id, student_id):
        """Prepare one submission; nbgrader would keep a time that is there no more."""
        super().init_assignment(assignment_id, student_id)
        source, _ = self._folders(assignment_id, student_id)
        if self._timestamp(source) is None:
            with open_gradebook(self.coursedir) as gradebook:
                gradebook.update_or_create_submission(assignment_id, student_id, timestamp=None)

    def convert_notebooks(self):
        """Grade the class, but for folders whose name is no student's id: nbgrader would stop at the first.

        Other processes grade ahead of this one, which writes.

        Raises
        ------
        NbGraderException : where nobody can be graded, or somebody was left out
        """
        self.coursedir.get_existing_timestamp = self._timestamp
        self.wait_for = lambda student: None
        with self.faults_told(), contextlib.ExitStack() as self.turn:
            left_out = self._grade_class()
        if left_out:
            raise NbGraderException(f"left out: {', '.join(map(ascii, left_out))}")

    def _grade_class(self):
        """Grade the class; gives the folders that were left out."""
        name, device = self.coursedir.assignment_id, resolve_device("auto")
        assignment = graded_assignment(self.course, name)
        # nbgrader would say so of each student, with a traceback.
        open_plugin(self.config)
        with open_gradebook(self.coursedir) as gradebook:
            require_assignment(gradebook, name)
            self.recorded = set(gradebook.db.scalars(submissions_of(name)))
        left_out, students = self._sort_out(assignment)
        self.graded, self.meanwhile, self.awaited = 0, 0, set(students)
        if assignment is None:
            super().convert_notebooks()
            return left_out
        if GradeCells.__name__ not in str(self.autograde_preprocessors):
            words = "so nbgrader would run students' code itself, unprotected; docs/authors.md has the whole list"
            raise SettingsError(f"c.Autograde.autograde_preprocessors has no proctor.gradebook.GradeCells, {words}")
        students.sort()
        # nbgrader would say of each student that it may not write, with a traceback.
        folders = [self._folders(name, student)[1] for student in students]
        require_writable(path for folder in folders for path in (folder.parents[1], folder.parent, folder))
        try:
            with many.grade_ahead(assignment, students, device) as self.wait_for:
                super().convert_notebooks()
        finally:
            unchanged = len(self.assignments) - len(students) + self.meanwhile
            # What nobody came to before it was stopped has not failed.
            is_stopped = isinstance(sys.exception(), (KeyboardInterrupt, SystemExit))
            failed = 0 if is_stopped else len(self.assignments) - self.graded - unchanged
            self.log.info(summary(self.graded, unchanged, failed, len(left_out)))
        return left_out

    def _sort_out(self, assignment):
        """Forget the folders that are no student's; who they are, and whose work is to be graded."""
        left_out, students = [], []
        if assignment is not None and self.coursedir.student_id == "*":
            for path in many.misplaced(assignment):
                self.log.error("Left out %s: %s", ascii(str(path)), many.where_to(path))
                left_out.append(str(path))
        released = set(names_in(assignment.release_notebook.parent)) if assignment is not None else set()
        about = self._format_source("(?P<assignment>.*)", "(?P<student>.*)", escape=True)
        for path, notebooks in list(self.assignments.items()):
            names = re.fullmatch(about, path, re.DOTALL)
            if names is None or why_no_student_id(names["student"]):
                why = why_no_student_id(names["student"]) if names else "it is in no folder of a student's"
                words = f"that may not be a student's id, for {why} (docs/instructors.md says what may)"
                self.log.error("Left out %s: %s", ascii(path), words)
                left_out.append(path)
                del self.assignments[path]
            elif self.coursedir.notebook_id == "*" and assignment is not None:
                expected = str(Path(path) / f"{names['assignment']}.ipynb")
                # nbgrader stumbles over a name with a newline before it passes over what it does not know.
                known = {expected, *(notebook for notebook in notebooks if Path(notebook).name in released)}
                # Where the right one is not there, one of these may be taken; then it is said which.
                for notebook in sorted({*notebooks} - known)[:5] if Path(expected).exists() else []:
                    self.log.warning("Skipping unknown notebook: %s", notebook)
                self.assignments[path] = sorted(known)
                if self.force or self._is_new(names["assignment"], names["student"]):
                    students.append(names["student"])
        return left_out, students

    def _is_new(self, assignment_id, student_id):
        """Whether a submission has not been graded yet as it now lies there."""
        source, destination = self._folders(assignment_id, student_id)
        graded = _graded_notebook(destination / f"{assignment_id}.ipynb")
        # Whom somebody took out of the gradebook, or an older copy of it does not know, is graded into it again.
        if graded is None or (self.recorded is not None and student_id not in self.recorded):
            return True
        # Also where somebody has put a time right, or taken it away: a late penalty hangs on it.
        if self._timestamp(source) != self._timestamp(destination):
            return True
        made_of = graded.metadata.get("proctor", {}).get("made_of")
        return made_of is not None and made_of != intake.made_of(source / f"{assignment_id}.ipynb")

    def init_destination(self, assignment_id, student_id):
        """Whether there is something to grade: what was handed in anew, or was left half done by a killed run."""
        # Nor does another grading of the class, or a writer of pages, meet a folder that is half there.
        self.take_turn(assignment_id, student_id)
        destination = Path(self._format_dest(assignment_id, student_id))
        is_graded_here = graded_assignment(self.course, assignment_id) is not None
        is_new = is_graded_here and self._is_new(assignment_id, student_id)
        self.before = {}
        if is_new or self.force or not is_graded_here:
            # Which marks by hand are of the same answers is told by what was graded last.
            self.before = {path.stem: read_before(path) for path in destination.glob("*.ipynb")}
        if is_new and destination.exists():
            self.log.warning("%s is graded anew: it was handed in again, or its grading was cut short", destination)
            rmtree(destination)
        begins = super().init_destination(assignment_id, student_id)
        # Of those that were to be graded, somebody else has graded this one since.
        self.meanwhile += not begins and student_id in self.awaited
        if begins and (is_new or not self.force):
            # The page there is of what was handed in before: it is not to be released as that of the new.
            course = self.coursedir
            feedback = Path(course.format_path(course.feedback_directory, student_id, assignment_id))
            if feedback.is_dir():
                source, _ = self._folders(assignment_id, student_id)
                made_of = intake.made_of(source / f"{assignment_id}.ipynb") if is_graded_here else None
                set_aside(feedback, assignment_id, student_id, made_of)
        return begins

    def _timestamp(self, folder):
        """When a submission was handed in; None where that cannot be read, which is no reason not to grade it."""
        path = Path(folder) / TIME
        try:
            if not path.lstat().st_size:
                return None
        except OSError:
            return None
        words, why = _words(path, TIMESTAMP), "there is none in it"
        try:
            if words:
                return read_time(words, self.course.config.get("Exchange", {}).get("timezone", "UTC"))
        except (ValueError, OverflowError, LookupError) as error:
            why = str(error)
        if path not in self.doubted:
            self.doubted.add(path)
            self.log.warning("%s holds no time that can be read (%s); the submission counts as in time", path, why)
        return None


def _folders_like(pattern):
    return [path for path in glob.glob(pattern, include_hidden=True) if Path(path).is_dir()]  # noqa: PTH207 - a whole path


def _words(path, pattern):
    """What a small file of a stranger's says, where it is of the given form; else nothing."""
    try:
        words = read_bytes(path, MAX_WORDS).decode().strip()
    except (Unreadable, UnicodeDecodeError):
        return ""
    return words if pattern.fullmatch(words) else ""


def _graded_notebook(path):
    """A notebook of `autograded` that is whole and has its verdicts, which it gets when the gradebook has them."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError):
        return None
    graded = [cell for cell in notebook.cells if cell.cell_type == "code" and is_autograder(cell)]
    return notebook if all(cell.outputs for cell in graded) else None


def _init_notebooks(converter):
    """Look for submissions as this course has them.

    Of nbgrader's converters only `Autograde` works on what students hand in, and no setting names its class.
    """
    if type(converter) is Autograde:
        converter.__class__ = TakeIn
    with converter.faults_told():
        converter.find_submissions()


Autograde.init_notebooks = _init_notebooks


class SubmissionExporter(NotebookExporter):
    """In the place of `Autograde.exporter_class`: a submission is read as its intake rebuilds it.

    So a file that is no notebook, a deleted cell or a stranger's metadata is an ordinary submission from here on.
    """

    def __init__(self, parent=None, **kw):
        super().__init__(parent=parent, **kw)
        self.taken = None

    def from_filename(self, filename, resources=None, **kw):
        """Read a submission; a notebook of nbgrader's own, already taken in, is read as it is."""
        directory, about = self.parent.coursedir, resources["nbgrader"]
        assignment = graded_assignment(self.parent.course, about["assignment"])
        folder = directory.format_path(directory.submitted_directory, about["student"], about["assignment"])
        # The folder, not the file: a notebook that is a link lies where it lies, wherever it leads.
        is_submission = Path(filename).parent.resolve() == Path(folder).resolve()
        if assignment is None or not is_submission or about["notebook"] != assignment.name:
            return super().from_filename(filename, resources=resources, **kw)
        resources["metadata"] = {"name": about["notebook"], "path": str(Path(filename).parent)}
        self.taken = intake.take_in(Path(filename), assignment)
        if self.taken.choice:
            self.parent.log.warning("%s: %s", about["student"], self.taken.choice)
        # Nothing is left to sanitize, and a human marker sees the figures: what was taken over is harmless, the rest is
        # the release.
        self._preprocessors = []
        self.taken.notebook.metadata["proctor"] = {"made_of": intake.made_of(Path(folder) / f"{assignment.name}.ipynb")}
        return self.from_notebook_node(self.taken.notebook, resources=resources, **kw)


class GradeCells(Execute):
    """In the place of nbgrader's `Execute`: each autograder cell gets its exercise's verdict as its output."""

    def preprocess(self, nb, resources, km=None):
        """Grade the submission that the notebook was made from, which the exporter has just taken in."""
        about = resources["nbgrader"]
        assignment = graded_assignment(self.parent.parent.course, about["assignment"])
        if assignment is None or about["notebook"] != assignment.name:
            return super().preprocess(nb, resources, km)
        device = resolve_device("auto")
        self.parent.parent.wait_for(about["student"])
        verdict = cache.grade(self.parent.taken, assignment, about["student"], device)
        self.log.info("%s: %g of %g points", about["student"], verdict.points, verdict.max_points)
        write_verdict(nb, verdict, self.parent.taken.refused)
        nb.metadata["proctor"]["seconds"] = verdict.seconds
        self.parent.parent.graded += 1
        return nb, resources


def read_grades(assignment: Assignment) -> dict[str, dict[str, float]]:
    """Every submission's score for each exercise, from the course's gradebook: {student: {exercise: score}}.

    Parameters and errors are those of `marks.read_class`.
    """
    return read_class(assignment).grades
