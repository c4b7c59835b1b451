"""Answers in words, wherever in a notebook they stand: what a student wrote must reach the person who marks it."""

import unicodedata
from itertools import takewhile
from urllib.parse import unquote

from nbformat import NotebookNode

from proctor.authoring.assignment import Assignment
from proctor.authoring.released import Past, plain_lines
from proctor.checks.plain import strings_alone
from proctor.grading.harmless import ATTACHED, plain_text

# Of what stands nowhere near a question, so much is shown with each question that has no answer.
MAX_LOOSE_CHARACTERS = 20_000
MAX_CHARACTERS = 2**17
SPACES = ("&nbsp;", "&#160;", "<br>", "<br/>", "<br />")


def is_blank(cell: NotebookNode) -> bool:
    """Whether a reader would see nothing of a cell in words."""
    first, *others = cell.source.split("<!--")
    text = first + "".join(part.partition("-->")[2] if "-->" in part else part for part in others)
    for space in SPACES:
        text = text.replace(space, "")
    return not cell.get("attachments") and all(unicodedata.category(letter)[0] in "CZ" for letter in text)


def has_given(matched, release: NotebookNode) -> bool:
    """Whether a notebook still has something that was given, by which a place in it can be told."""
    return any(cell.id in matched.found and "nbgrader" not in cell.metadata for cell in release.cells)


def gather_answers(matched, release: NotebookNode, assignment: Assignment, past: Past) -> None:
    """Bring together what was written for each question: in its cell, copies of it, cells near it, its question.

    Parameters
    ----------
    matched : a `matching.Match`, in which an answer of several cells becomes one
    """
    questions = [exercise.id for exercise in assignment.exercises if exercise.written]
    reader, unanswered = _Reader(matched, release, assignment, past), []
    at_end = reader.texts_at_end()
    for name in questions:
        own = matched.found.get(name)
        is_own = own is not None and not reader.is_untouched(name, own)
        before, after = reader.around(name, with_code=not is_own)
        if not is_own and not before and not after:
            before = reader.typed_into_the_question(name)
        if before or after:
            _put(matched, name, [*before, *[own] * is_own, *after])
        if not is_own:
            (unanswered if not before and not after else reader.moved).append(name)
    for number, name in enumerate(unanswered if at_end else []):
        _put(matched, name, at_end, MAX_LOOSE_CHARACTERS, with_pictures=number == 0)
    _tell(matched, reader.moved, unanswered if at_end else [])


def _tell(matched, moved, loose):
    for names, words in (
        (moved, "was not in its cell, and is taken from where it was written"),
        (loose, "was not in its cell; what was written at the end of the notebook is shown in its place"),
    ):
        matched.notes += [f"The answer to `{name}` {words}." for name in names]


class _Reader:
    """Finds what belongs to a question."""

    def __init__(self, matched, release, assignment, past):
        self.matched, self.release, self.past, self.moved = matched, release, past, []
        self.cells = {cell.id: cell for cell in release.cells}
        self.asked, self.above = {}, {}
        for exercise in assignment.exercises:
            if exercise.written and exercise.id in self.cells:
                for name in (exercise.id, *exercise.former):
                    self.asked |= {digest: exercise.id for asked in past.names_of(name) for digest in asked}
                self.above[exercise.id] = self._prose_above(exercise.id)
        places = {place: name for name, above in self.above.items() for place in (name, *above)}
        questions = {id(cell): self.asked.get(digest) for digest, cell in matched.texts}
        copies = {id(cell): name for name, cell in matched.copies}
        self.owners = {
            id(cell): questions.get(id(cell)) or copies.get(id(cell)) or places.get(place)
            for place, cells in matched.own.items()
            for cell in cells
        }

    def _prose_above(self, name):
        """The ids of the texts right above an answer, in order."""
        before = self.release.cells[: [cell.id for cell in self.release.cells].index(name)]
        texts = takewhile(lambda cell: cell.cell_type != "code" and "nbgrader" not in cell.metadata, reversed(before))
        return [cell.id for cell in texts][::-1]

    def is_untouched(self, name, cell):
        """Whether an answer's cell holds nothing of the student's."""
        is_given = plain_lines(cell.source) == plain_lines(self.cells[name].source)
        return is_given or is_blank(cell) or self.past.role(cell.source) is not None

    def around(self, name, with_code):
        """The student's own cells for a question, above its cell and below; code only where it is asked for."""
        before, after = [], []
        for place in self.matched.own:
            for cell in self._own(place):
                if self.owners.get(id(cell)) == name and (cell.cell_type != "code" or with_code):
                    (before if place in self.above[name] else after).append(cell)
        if any(cell.cell_type != "code" for cell in (*before, *after)):
            before, after = ([cell for cell in cells if cell.cell_type != "code"] for cells in (before, after))
        self._take_away([cell for cell in (*before, *after) if _words(cell) is not None])
        return before, after

    def _own(self, place):
        aside = {id(cell) for cell in self.matched.set_aside}
        return [cell for cell in self.matched.own.get(place, []) if id(cell) not in aside and not is_blank(cell)]

    def _take_away(self, cells):
        taken = {id(cell) for cell in cells}
        for place, own in self.matched.own.items():
            self.matched.own[place] = [cell for cell in own if id(cell) not in taken]

    def typed_into_the_question(self, name):
        """What a student has added to the question itself: a cell of it, or none."""
        added, attachments = [], {}
        for place in self.above.get(name, ()):
            cell = self.matched.found.get(place)
            if cell is not None and self.past.role(cell.source) is None:
                given = {line.strip() for line in plain_lines(self.cells[place].source).split("\n")}
                added += [line for line in plain_lines(cell.source).split("\n") if line.strip() not in given - {""}]
                attachments |= cell.get("attachments") if isinstance(cell.get("attachments"), dict) else {}
        text = "\n".join(added).strip()
        answer = NotebookNode(cell_type="markdown", metadata={}, source=text, attachments=attachments)
        return [answer] if text else []

    def texts_at_end(self):
        """What was written below the last cell that is graded; all that was, where nothing given tells a place."""
        graded = [number for number, cell in enumerate(self.release.cells) if "nbgrader" in cell.metadata]
        last = [cell.id for cell in self.release.cells[max(graded, default=0) :]]
        copies = {id(cell) for _, cell in self.matched.copies}
        places = last if has_given(self.matched, self.release) else [None, *(cell.id for cell in self.release.cells)]
        found = [cell for place in places for cell in self._own(place) if cell.cell_type != "code"]
        return [cell for cell in found if id(cell) not in copies]


def _words(cell):
    """The words of a cell, which may be one for code by oversight; None where it is code."""
    if cell.cell_type != "code":
        return cell.source
    if cell.source.lstrip().startswith("%%"):
        return cell.source.lstrip().partition("\n")[2]
    try:
        strings = strings_alone(cell.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return cell.source
    if strings == []:
        return "\n".join(line.strip().lstrip("#").strip() for line in cell.source.split("\n"))
    return None if strings is None else "\n\n".join(strings)


def _put(matched, name, cells, most=MAX_CHARACTERS, with_pictures=True):
    """Make one answer of several cells."""
    texts, attachments = [], {}
    for cell in cells:
        words, names = _words(cell), {}
        given = cell.get("attachments")
        for old, data in given.items() if isinstance(given, dict) and with_pictures else []:
            names[old] = old if old not in attachments else f"{len(attachments)}-of-{name}"
            attachments[names[old]] = data
        if words is not None and not with_pictures:
            words = ATTACHED.sub(r"[picture: \1]", words)
        texts.append(f"```\n{cell.source}\n```" if words is None else ATTACHED.sub(_renaming(names), words))
    text = "\n\n".join(texts)
    text = text if len(text) <= most else plain_text(text, most)
    matched.found[name] = NotebookNode(cell_type="markdown", metadata={}, source=text, attachments=attachments)


def _renaming(names):
    def rename(match):
        new = names.get(match[2]) or names.get(unquote(match[2]))
        return match[0].replace(f"attachment:{match[2]}", f"attachment:{new}") if new else match[0]

    return rename
