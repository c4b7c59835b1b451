"""Pages of feedback: written anew where what they say has changed, with the earlier attempts beside them.

`course_config.py` puts `FeedbackExporter` where nbgrader has its `HTMLExporter`.
"""

import contextlib
from pathlib import Path

import nbformat
from nbconvert.exporters import Exporter
from nbgrader.converters import GenerateFeedback, NbGraderException
from nbgrader.utils import rmtree
from traitlets import default

from proctor.authoring.assignment import Assignment, load_assignment
from proctor.authoring.errors import BuildError, about_file, require_writable
from proctor.course import CourseError, open_course
from proctor.grading import attempts
from proctor.grading.gradebook import InTurn
from proctor.grading.harmless import one_line
from proctor.grading.late import in_words, settle_penalties
from proctor.grading.marks import Recorded, open_gradebook, read_submissions, require_assignment
from proctor.grading.reading import Unreadable
from proctor.grading.roster import listed
from proctor.grading.student_page import as_html, read_page, short_page
from proctor.grading.times import for_people, read_time
from proctor.settings import SettingsError


class FeedbackPages(InTurn, GenerateFeedback):
    """nbgrader's `GenerateFeedback`, which writes what has changed and passes over what has not."""

    def convert_notebooks(self):
        """Write the pages of a class.

        Raises
        ------
        NbGraderException : where the gradebook cannot be read, pages cannot be written, or somebody got none
        """
        name, config = self.coursedir.assignment_id, self.config
        try:
            with open_gradebook(self.coursedir) as gradebook:
                require_assignment(gradebook, name)
                settle_penalties(gradebook, name, config)
                self.recorded = read_submissions(gradebook, name)
            # Not of each student's folder: what is as it should be may be somebody else's.
            require_writable([Path(self._format_dest(name, "*")).parents[1]])
        except (SettingsError, Unreadable, OSError) as error:
            words = about_file(error) if isinstance(error, OSError) else str(error)
            self.log.error(words)
            raise NbGraderException(words) from error
        self.left_out, self.titles = [], self._titles(name)
        with contextlib.ExitStack() as self.turn:
            super().convert_notebooks()
        if self.left_out:
            who = listed(self.left_out)
            raise NbGraderException(f"no page for {who}: the lines above say why")

    def _titles(self, name):
        """What the exercises are called; none of an assignment that nbgrader itself executes."""
        try:
            course = open_course(Path(self.coursedir.root))
            if name in course.assignments:
                return {exercise.id: exercise.title for exercise in load_assignment(course, name).exercises}
        except (BuildError, CourseError, SettingsError) as error:
            self.log.warning("The exercises are called by their headings: %s", error)
        return {}

    def init_destination(self, assignment_id, student_id):
        """Whether a page of the submission's has to be written; the others are left as they are."""
        if student_id in self.coursedir.student_id_exclude.split(","):
            return False
        self.take_turn(assignment_id, student_id)
        recorded = self.recorded.get(student_id, {})
        names = {Path(notebook).stem: notebook for notebook in self.notebooks}
        if not set(names) <= set(recorded):
            place = self.coursedir.format_path(self.coursedir.submitted_directory, student_id, assignment_id)
            advice = f"run `nbgrader autograde {assignment_id}`"
            if not Path(place).is_dir():
                advice = f"{place} is not there any more: remove {self._format_source(assignment_id, student_id)}, too"
            self.log.error("%s is in no gradebook; %s", student_id, advice)
            self.left_out.append(student_id)
            return False
        folder = Path(self._format_dest(assignment_id, student_id))
        self.pages = {
            name: _make(
                Path(notebook),
                folder,
                recorded[name],
                assignment_id,
                student_id,
                self.titles,
                self.config,
                self.log.warning,
            )
            for name, notebook in names.items()
        }
        if self.force:
            return super().init_destination(assignment_id, student_id)
        self.notebooks = [path for name, path in names.items() if not _says(folder / f"{name}.html", self.pages[name])]
        if not self.notebooks:
            self.log.info("Skipping existing assignment: %s", folder)
        elif folder.exists() and len(self.notebooks) == len(names):
            # What another instructor wrote may be replaced, but not changed.
            rmtree(folder)
        return bool(self.notebooks)


def _make(path, folder, recorded, assignment, student, titles, config, warn):
    """The page of a graded notebook; where that cannot be made, a short one that says so."""
    made_of, late = "", in_words(recorded.handed_in, recorded.due, config)
    timezone = config.get("Exchange", {}).get("timezone", "UTC")
    when = _time(attempts.time_of(path.parent), timezone)
    try:
        # Written by nbgrader; to validate it would take as long as the page.
        notebook = nbformat.v4.reads(path.read_text(encoding="utf-8"))
        made_of = notebook.metadata.get("proctor", {}).get("made_of", "")
        page = read_page(notebook, recorded, path.stem, titles)
        return _finish(page, path, folder, assignment, student, made_of, late, when)
    except Exception as error:  # whatever nobody foresaw in a stranger's notebook
        warn("The page of %s is a short one (%s: %s)", student, type(error).__name__, one_line(str(error)))
        page = short_page(recorded, path.stem, titles)
        return _finish(page, path, folder, assignment, student, made_of, late, when)


def _finish(page, path, folder, assignment, student, made_of, late, when):
    page.late, page.when = late, when
    page.earlier = attempts.earlier(folder, assignment, student, path.stem)
    page.attempt = 1 + max((attempt.number for attempt in page.earlier), default=0)
    return as_html(page, attempts.as_record(page, assignment, made_of))


def _time(words, timezone):
    """A time of handing in, in the course's zone; as it stands there, where it cannot be read."""
    try:
        return for_people(read_time(words, timezone), timezone) if words else ""
    except (ValueError, OverflowError, LookupError):
        return words


def is_current(page: Path, graded: Path, recorded: Recorded, assignment: Assignment, student: str) -> bool:
    """Whether a page says what its graded notebook and the gradebook say now; true of a page of nbgrader's own."""
    if not attempts.has_record(page):
        return True
    titles = {exercise.id: exercise.title for exercise in assignment.exercises}
    config = assignment.course.config
    made = _make(graded, page.parent, recorded, assignment.name, student, titles, config, lambda *_: None)
    return _says(page, made)


def _says(path, page):
    """Whether a file has a page already."""
    try:
        return path.read_bytes() == page.encode()
    except OSError:
        return False


class FeedbackExporter(Exporter):
    """In the place of `GenerateFeedback.exporter_class`: the page that `student_page` makes."""

    output_mimetype = "text/html"

    def __init__(self, parent=None, config=None, **kw):
        # As with `SubmissionExporter`: no setting names the class of a converter.
        if type(parent) is GenerateFeedback:
            parent.__class__ = FeedbackPages
        super().__init__(parent=parent, config=config, **kw)

    @default("file_extension")
    def _file_extension_default(self):
        return ".html"

    def from_filename(self, filename, resources=None, **kw):
        """The page of a graded notebook, which is made already."""
        resources["output_extension"] = self.file_extension
        return self.parent.pages[resources["nbgrader"]["notebook"]], resources
