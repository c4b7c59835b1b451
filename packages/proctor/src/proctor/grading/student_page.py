"""The page that a student reads: points by exercise, what to do first, then each exercise with its answer and checks.

Every text of a student's is escaped and bounded, so that no page grows beyond what a phone takes: each answer has its
own limit, and the assignment says how many there are; all else has one together.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import nbformat
from markupsafe import Markup, escape

from proctor.authoring.text import last_heading
from proctor.grading.advice import Step, advice
from proctor.grading.attempts import Attempt
from proctor.grading.harmless import ATTACHED, as_typed, picture_url, plain_text
from proctor.grading.marks import Mark, Recorded, recorded_marks
from proctor.grading.report import is_autograder, kept_notes, kept_verdict
from proctor.grading.typeset import in_line, typeset
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict, refusal
from proctor.points import in_words, shown

TEMPLATES = Path(__file__).parent / "templates"
# Bytes of a page: of each answer; of what else a student wrote or printed, of messages, together; a comment's formulas.
ONE_ANSWER, OTHERS, MESSAGES, IN_A_COMMENT = 12_000, 6_000, 9_000, 4_000
MOST_NOTES, FIRST_STEPS, LONGEST_HEADING = 20, 3, 200
CUT = " ... (the rest was cut)"
# nbgrader's own comment on what was left as it was released.
NO_RESPONSE = "No response."
CANNOT_BE_SHOWN = "The rest of this page could not be made. Your points are these; ask your instructor for the reasons."


@dataclass
class Item:
    """A graded cell: what it earned, also in words, and what a check found or printed."""

    name: str
    mark: Mark
    standing: str
    verdict: ExerciseVerdict | None = None
    printed: list[str] = field(default_factory=list)
    is_overruled: bool = False
    is_stale: bool = False

    @property
    def is_missing(self) -> bool:
        return self.verdict is not None and self.verdict.status == "missing"

    def checks(self, passed: bool) -> list[tuple[CheckVerdict, str, str]]:
        """The checks that passed, or failed: each with its message and, the first time, the likely cause."""
        found, causes = [], set()
        for check in self.verdict.checks if self.verdict else []:
            message, _, hint = check.message.partition("\n")
            if check.passed is passed:
                found.append((check, message, hint if check.mistake and hint not in causes else ""))
                causes.add(hint)
        return found


@dataclass(frozen=True)
class Figure:
    """A picture of a notebook, as a URL that holds it, and the words in its place."""

    url: str
    words: str


@dataclass
class Section:
    """An exercise: its graded cells, and what a student wrote for it, printed and drew.

    Parameters
    ----------
    answers : (whether it is code, its text), one of each cell
    others : (what it is, its text), of cells of the student's own and of what cells printed
    given : figures that given cells drew
    """

    id: str
    title: str
    items: list[Item] = field(default_factory=list)
    answers: list[tuple[bool, str]] = field(default_factory=list)
    others: list[tuple[str, str]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    given: list[Figure] = field(default_factory=list)

    @property
    def score(self) -> float:
        return sum(item.mark.score for item in self.items)

    @property
    def max_score(self) -> float:
        return sum(item.mark.max_score for item in self.items)

    @property
    def extra(self) -> float:
        """What a person added, which makes nothing right that is not."""
        return sum(item.mark.extra or 0.0 for item in self.items)

    @property
    def lost(self) -> float:
        return round(self.max_score - self.score + self.extra, 6)

    @property
    def is_open(self) -> bool:
        """Whether somebody has yet to mark something of it."""
        return any(item.mark.is_open for item in self.items)

    @property
    def is_stale(self) -> bool:
        """Whether a mark of it was given for an earlier answer, so that somebody has yet to look at this one."""
        return any(item.is_stale for item in self.items)

    @property
    def is_by_hand(self) -> bool:
        """Whether a person has given points for it, also where nothing could be graded."""
        return any(item.mark.is_by_hand for item in self.items)

    @property
    def is_missing(self) -> bool:
        """Whether nothing of it is written."""
        return bool(self.items) and all(item.is_missing and not item.is_overruled for item in self.items)

    @property
    def is_unanswered(self) -> bool:
        """Whether it was left as it was released, for a person to mark."""
        return self.comments == [NO_RESPONSE] and not self.score and not any(item.verdict for item in self.items)

    @property
    def state(self) -> str:
        """How it stands, in a word or two."""
        if self.is_open:
            return "not marked yet"
        if self.is_stale:
            return "not marked again yet"
        extra = f", {shown(self.extra)} extra" if self.extra else ""
        if self.lost <= 0:
            return f"correct{extra}"
        if self.is_missing:
            return "not implemented yet"
        if self.is_unanswered:
            return "not answered yet"
        return ("partly correct" if self.lost < self.max_score else "not correct yet") + extra


@dataclass
class Page:
    """All that a page says.

    Parameters
    ----------
    notes : what was noted of the submission as a whole
    attempt, when : its number among those with a page, and its time; empty where none is known
    earlier : the attempts before it, the last one first
    late : how late it came, and what that costs; empty where it was in time
    """

    name: str
    sections: list[Section] = field(default_factory=list)
    penalty: float = 0.0
    notes: list[str] = field(default_factory=list)
    attempt: int = 1
    when: str = ""
    earlier: list[Attempt] = field(default_factory=list)
    late: str = ""

    @property
    def graded(self) -> list[Section]:
        return [section for section in self.sections if section.items]

    @property
    def score(self) -> float:
        return sum(section.score for section in self.graded) - self.penalty

    @property
    def max_score(self) -> float:
        return sum(section.max_score for section in self.graded)

    @property
    def points(self) -> dict[str, list]:
        """{exercise: [title, points, most points]}; None for points that wait for a person."""
        waits = {section.id for section in self.graded if section.is_open or section.is_stale}
        return {one.id: [one.title, None if one.id in waits else one.score, one.max_score] for one in self.graded}

    @property
    def refused(self) -> str:
        """Why nothing of it could be graded; empty where it could."""
        return refusal(item.verdict for section in self.graded for item in section.items if item.verdict)

    def steps(self) -> list[Step]:
        """What to do first, and then; nothing where nothing could be graded."""
        return [] if self.refused else advice(self.graded)


def standing(mark: Mark, stale: bool, is_checked: bool) -> str:
    """What a cell earned, and whose the number is.

    Parameters
    ----------
    stale : whether the mark was given for an answer that has changed since
    is_checked : whether checks give points for it, too
    """
    if mark.is_open:
        return f"Not marked yet: {in_words(mark.max_score)}"
    words = f"Score: {shown(mark.score)} / {shown(mark.max_score)}"
    if mark.extra:
        words += f", with {shown(mark.extra)} extra"
    if is_checked and mark.is_by_hand:
        words += ", given by a person"
    return f"{words}, for an earlier answer; not marked again yet" if stale else words


def read_page(notebook: nbformat.NotebookNode, recorded: Recorded, name: str, titles: Mapping[str, str]) -> Page:
    """What the page of a graded notebook says.

    Parameters
    ----------
    titles : {exercise: title}; the heading above it stands for one that is not there
    """
    try:
        kept = recorded_marks(notebook)
    except (KeyError, TypeError):
        kept = {}
    reader = _Reader(recorded, titles, kept)
    for cell in notebook.cells:
        reader.read(cell)
    others = reader.before
    sections = [*reader.sections, *[others] * bool(others.others or others.figures or others.given)]
    page = Page(name, sections, recorded.penalty, list(dict.fromkeys(reader.notes))[:MOST_NOTES])
    for section in reader.sections:
        if section.is_missing or page.refused:
            section.comments = [comment for comment in section.comments if comment != NO_RESPONSE]
    return page


def short_page(recorded: Recorded, name: str, titles: Mapping[str, str]) -> Page:
    """What is known of a notebook without a look into it."""
    page = Page(name, penalty=recorded.penalty, notes=[CANNOT_BE_SHOWN])
    for cell, mark in recorded.marks.items():
        exercise = cell.removeprefix("check_")
        item = Item(cell, mark, standing(mark, False, exercise != cell))
        comments = [recorded.comments[exercise]] if exercise in recorded.comments else []
        page.sections.append(Section(exercise, titles.get(exercise, exercise), [item], comments=comments))
    return page


class _Reader:
    """Takes the cells of a graded notebook, one after the other, to the exercises that they belong to."""

    def __init__(self, recorded, titles, kept):
        self.recorded, self.titles, self.kept = recorded, titles, kept
        self.before = self.section = Section("", "Before the first exercise")
        self.sections, self.notes, self.heading, self.is_task = [], [], "", False

    def read(self, cell):
        """Take one cell."""
        about = cell.metadata.get("nbgrader", {})
        name, answer = about.get("grade_id"), bool(about.get("solution"))
        # What a task asks for is written into cells of one's own, which nbgrader does not mark as such.
        is_own = cell.get("id", "").startswith("own-") or (self.is_task and not about)
        mark = self.recorded.marks.get(name) if about.get("grade") or about.get("task") else None
        self.notes += kept_notes(cell)
        if cell.cell_type == "markdown" and not (answer or is_own):
            self.heading = _heading(cell.source) or self.heading
        if self._begins(about, mark):
            exercise = name.removeprefix("check_")
            self.section = Section(exercise, self.titles.get(exercise) or self.heading or exercise)
            self.sections.append(self.section)
            self.is_task = bool(about.get("task"))
        if (answer or about.get("task")) and name in self.recorded.comments:
            self.section.comments.append(self.recorded.comments[name])
        if answer:
            self.section.answers.append((cell.cell_type == "code", _with_words_for_pictures(as_typed(cell))))
        elif is_own and cell.cell_type in ("code", "markdown"):
            self.section.others.append(("A cell of your own", _with_words_for_pictures(as_typed(cell))))
        if mark is not None:
            self.section.items.append(self._item(cell, name, mark))
        if mark is None or answer:
            self._take_outputs(cell, answer or is_own)

    def _begins(self, about, mark):
        """Whether an exercise begins with a cell: with the first answer, or what is graded without one."""
        here = self.section
        if about.get("task") or (mark is not None and here is self.before):
            return True
        return bool(about.get("solution")) and (here is self.before or bool(here.items or about.get("grade")))

    def _item(self, cell, name, mark):
        manual, extra, was_stale = self.kept.get(name, [None, None, False])
        is_stale = was_stale and mark.flagged and [manual, extra] == [mark.manual, mark.extra]
        is_checked = is_autograder(cell)
        item = Item(name, mark, standing(mark, is_stale, is_checked), is_stale=is_stale)
        item.is_overruled = is_checked and mark.is_by_hand
        if is_checked:
            item.verdict = kept_verdict(cell)
            if item.verdict is None:
                item.printed = [text for output in cell.get("outputs", []) if (text := _text(output))]
        return item

    def _take_outputs(self, cell, is_theirs):
        figures = self.section.figures if is_theirs else self.section.given
        printed = []
        for output in cell.get("outputs", []):
            url = picture_url(output.get("data"))
            if url is not None:
                figures.append(Figure(url, f"Figure {len(figures) + 1} of {self.section.title}"))
            elif is_theirs:
                printed.append(_text(output))
        for name, data in cell.get("attachments", {}).items():
            url = picture_url(data)
            if url is not None and is_theirs:
                words = [match[1] for match in ATTACHED.finditer(cell.source) if match[2] == name]
                figures.append(Figure(url, plain_text("".join(words[:1]), 200) or "A picture in your answer"))
        text = "".join(printed)
        if text.strip():
            self.section.others.append(("What it printed", text))


def _heading(source):
    """The last heading of a text; a line of a stranger's that is longer than any heading would take minutes."""
    return last_heading("\n".join(line for line in source.split("\n") if len(line) < LONGEST_HEADING))


def _with_words_for_pictures(source):
    return ATTACHED.sub(r"[picture: \1]", source)


def _text(output):
    """What an output says, without pictures."""
    if output.get("output_type") == "stream":
        return _joined(output.get("text", ""))
    if output.get("output_type") == "error":
        lines = output.get("traceback") or [f"{output.get('ename')}: {output.get('evalue')}"]
        return "\n".join(map(str, lines)) + "\n"
    return _joined(output.get("data", {}).get("text/plain", "")) + "\n"


def _joined(text):
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


class Room:
    """Bytes that some texts may take of a page together; each is cut to what is left, and says so."""

    def __init__(self, left: int, most: int | None = None):
        self.left, self.most = left, most or left

    def __call__(self, text: str) -> Markup:
        """A text as HTML, cut."""
        return escape(self._cut(text))

    def _cut(self, text):
        text, room = plain_text(text, self.most), min(self.left, self.most)
        taken = _bytes(text)
        if taken <= room:
            self.left -= taken
            return text
        while taken > room:
            text = text[: len(text) * room // taken - 1] if room else ""
            taken = _bytes(text)
        self.left = self.left - taken if room < self.left else 0
        return text + CUT

    def line(self, text: str) -> Markup:
        """A line as HTML, cut, with formulas as far as there is room for them."""
        text = self._cut(text)
        html = in_line(text, min(self.left, self.most))
        self.left = max(0, self.left - len(html.encode("utf-8")) + _bytes(text))
        return html

    def words(self, text: str) -> Markup:
        """A text in Markdown as HTML, typeset where there is room for all of it, and formulas as far as there is."""
        html, room = typeset(text, formulas=0), min(self.left, self.most)
        if html is None or len(html.encode("utf-8")) > room:
            return Markup('<div class="words">{}</div>').format(self(text))
        html = typeset(text, formulas=room - len(html.encode("utf-8")))
        self.left -= len(html.encode("utf-8"))
        return Markup('<div class="typeset">{}</div>').format(html)


def _bytes(text):
    return len(escape(text).encode("utf-8"))


def _comment(text):
    """What a person wrote about an answer."""
    html = typeset(text, has_links=True, formulas=IN_A_COMMENT)
    return Markup('<div class="words">{}</div>').format(text) if html is None else html


@functools.cache
def _template():
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"inline": in_line, "number": shown, "points": in_words, "comment": _comment}
    return environment.get_template("student_page.html.j2")


def as_html(page: Page, record: str = "") -> str:
    """The page: one file that fetches nothing and runs nothing.

    Parameters
    ----------
    record : what `attempts.as_record` keeps of it
    """
    messages = Room(MESSAGES, 1_000)
    return _template().render(
        page=page,
        steps=page.steps(),
        first=FIRST_STEPS,
        not_marked=[section for section in page.graded if section.is_open or section.is_stale],
        # Each has its own: who wrote much for one question is to read all others, too.
        answer=lambda: Room(ONE_ANSWER),
        other=Room(OTHERS),
        message=messages.line,
        record=Markup(record),
    )
