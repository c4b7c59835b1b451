"""Pages of feedback: written anew where what they say has changed, and clear about what a person said.

`course_config.py` puts `FeedbackExporter` where nbgrader has its `HTMLExporter`.
"""

import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateFeedback, NbGraderException
from nbgrader.utils import rmtree
from traitlets.config import Config

from proctor.grading.late import settle_penalties
from proctor.grading.marks import Mark, Recorded, open_gradebook, read_submissions, recorded_marks, require_assignment
from proctor.grading.pages import FeedbackPage
from proctor.grading.reading import Unreadable
from proctor.grading.report import is_autograder, overrule
from proctor.settings import SettingsError

TEMPLATES = Path(__file__).parent / "templates"
TEMPLATE = "proctor_feedback"
MADE_OF = re.compile(rb"<!-- made of ([0-9a-f]{64}) -->")
TAIL_BYTES = 1000


@dataclass
class Page:
    """What one page is to say beside its notebook.

    Parameters
    ----------
    marks : {cell: mark}
    standings : {cell: what its mark is, in words}
    not_marked : the cells that nobody has marked yet, each with its points
    made_of : the digest of all that the page shows
    """

    marks: dict[str, Mark] = field(default_factory=dict)
    standings: dict[str, str] = field(default_factory=dict)
    not_marked: list[tuple[str, float]] = field(default_factory=list)
    made_of: str = ""


def standing(mark: Mark, stale: bool, is_checked: bool) -> str:
    """What a cell earned, and whose the number is.

    Parameters
    ----------
    stale : whether the mark was given for an answer that has changed since
    is_checked : whether checks give points for it, too
    """
    if mark.is_open:
        return f"Not marked yet: {mark.max_score:g} points"
    words = f"Score: {round(mark.score, 2):g} / {mark.max_score:g}"
    if mark.extra:
        words += f", with {round(mark.extra, 2):g} extra"
    if is_checked and mark.is_by_hand:
        words += ", given by a person"
    return f"{words}, for an earlier answer; not marked again yet" if stale else words


def describe(notebook: nbformat.NotebookNode, recorded: Recorded) -> Page:
    """What the page of a graded notebook is to say of its marks."""
    try:
        kept = recorded_marks(notebook)
    except KeyError:
        kept = {}
    page = Page(recorded.marks)
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        mark = recorded.marks.get(about.get("grade_id"))
        if mark is None or not (about.get("grade") or about.get("task")):
            continue
        name = about["grade_id"]
        manual, extra, was_stale = kept.get(name, [None, None, False])
        is_stale = was_stale and mark.flagged and [manual, extra] == [mark.manual, mark.extra]
        page.standings[name] = standing(mark, is_stale, is_autograder(cell))
        if mark.is_open:
            page.not_marked.append((name, mark.max_score))
    page.made_of = _digest(notebook, page, recorded)
    return page


def _digest(notebook, page, recorded):
    template = (TEMPLATES / TEMPLATE / "index.html.j2").read_text(encoding="utf-8")
    metadata = {name: value for name, value in notebook.metadata.items() if name != "proctor"}
    shown = [template, notebook.cells, metadata, page.standings, recorded.comments, recorded.penalty]
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def _made_of(page):
    """The digest of what a page was made of; empty where there is no page, or it does not say."""
    try:
        with page.open("rb") as file:
            file.seek(-min(page.stat().st_size, TAIL_BYTES), os.SEEK_END)
            found = MADE_OF.findall(file.read())
    except FileNotFoundError:
        return ""
    return found[-1].decode() if found else ""


def is_current(page: Path, notebook: Path, recorded: Recorded | None) -> bool:
    """Whether a page says what its graded notebook and the gradebook say now, as far as the page tells."""
    made_of = _made_of(page)
    try:
        return not made_of or made_of == describe(nbformat.read(notebook, as_version=4), recorded or Recorded()).made_of
    except (OSError, ValueError):
        return False


class FeedbackPages(GenerateFeedback):
    """nbgrader's `GenerateFeedback`, which writes what has changed and passes over what has not."""

    def convert_notebooks(self):
        """Write the pages of a class.

        Raises
        ------
        NbGraderException : where the gradebook cannot be read, or somebody got no page
        """
        name, config = self.coursedir.assignment_id, self.config
        try:
            with open_gradebook(self.coursedir) as gradebook:
                require_assignment(gradebook, name)
                settle_penalties(gradebook, name, config)
                self.recorded = read_submissions(gradebook, name)
        except (SettingsError, Unreadable) as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from error
        self.left_out = []
        super().convert_notebooks()
        if self.left_out:
            who = ", ".join(self.left_out)
            raise NbGraderException(f"no page for {who}: run `nbgrader autograde {name}`")

    def init_destination(self, assignment_id, student_id):
        """Whether a page of the submission's has to be written; the others are left as they are."""
        if student_id in self.coursedir.student_id_exclude.split(","):
            return False
        recorded = self.recorded.get(student_id, {})
        names = {Path(notebook).stem: notebook for notebook in self.notebooks}
        if not set(names) <= set(recorded):
            self.log.error("%s is in no gradebook; run `nbgrader autograde %s`", student_id, assignment_id)
            self.left_out.append(student_id)
            return False
        self.pages = {
            name: describe(nbformat.read(notebook, as_version=4), recorded[name]) for name, notebook in names.items()
        }
        if self.force:
            return super().init_destination(assignment_id, student_id)
        folder = Path(self._format_dest(assignment_id, student_id))
        written = {name: _made_of(folder / f"{name}.html") for name in names}
        self.notebooks = [path for name, path in names.items() if written[name] != self.pages[name].made_of]
        if not self.notebooks:
            self.log.info("Skipping existing assignment: %s", folder)
        elif folder.exists() and len(self.notebooks) == len(names):
            # What another instructor wrote may be replaced, but not changed.
            rmtree(folder)
        return bool(self.notebooks)


class FeedbackExporter(FeedbackPage):
    """In the place of `GenerateFeedback.exporter_class`: a page says what is not marked yet, and whose a number is."""

    def __init__(self, parent=None, config=None, **kw):
        # As with `SubmissionExporter`: no setting names the class of a converter.
        if type(parent) is GenerateFeedback:
            parent.__class__ = FeedbackPages
        page = config.HTMLExporter
        # A template that the course names stays.
        if page.template_name == "feedback":
            folders = page.extra_template_basedirs
            own = {"template_name": TEMPLATE, "extra_template_basedirs": [str(TEMPLATES), *folders]}
            # Where what it extends is found by its name.
            own["extra_template_paths"] = [*page.extra_template_paths, *folders]
            config = Config(config)
            config.merge({"FeedbackExporter": own})
        super().__init__(parent=parent, config=config, **kw)

    def from_notebook_node(self, nb, resources=None, **kw):
        """Render a graded notebook."""
        about = resources["nbgrader"]
        page = self.parent.pages[about["notebook"]]
        about |= {"not_marked": page.not_marked, "made_of": page.made_of}
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in page.standings:
                cell.metadata.nbgrader["standing"] = page.standings[name]
                if is_autograder(cell) and page.marks[name].is_by_hand:
                    overrule(cell, page.marks[name].score)
        return super().from_notebook_node(nb, resources, **kw)
