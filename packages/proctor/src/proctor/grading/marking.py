"""Marking by hand: the answers of a class to one question, without names, and what a person gives for each.

All is read from and written to nbgrader's gradebook, as formgrader does it, and so may be mixed with formgrader's.
"""

import hashlib
import math
from dataclasses import dataclass, field
from pathlib import Path

import nbgrader.api
from nbgrader.api import BaseCell, Comment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.utils import is_grade, is_solution
from sqlalchemy import func, select, update

from proctor.authoring.assignment import Assignment
from proctor.authoring.questions import Question
from proctor.grading.harmless import as_typed, encodable, picture_url
from proctor.grading.intake import released_notebook
from proctor.grading.marks import graded_path, open_gradebook, read_graded, require_assignment
from proctor.grading.report import is_unclear
from proctor.points import shown

MAX_COMMENT_CHARACTERS = 20_000


class Refused(Exception):
    """A mark that cannot be saved; the message says why, and that nothing was."""


class Conflict(Refused):
    """A mark that would replace one that its marker has not seen."""


@dataclass(frozen=True)
class Given:
    """What the gradebook has for one answer.

    Parameters
    ----------
    automatic : what nbgrader or the checks gave; None where a person is to decide
    score : what a person gave; None where nobody did
    extra : what a person added in formgrader; it is shown, and left as it is
    comment : of a person; empty where there is none
    to_mark : whether nobody has marked it yet, or the answer has changed since
    """

    automatic: float | None
    score: float | None
    extra: float | None
    comment: str
    to_mark: bool


@dataclass
class Sheet:
    """What one submission's graded notebook shows of one answer.

    Parameters
    ----------
    made_of : a digest of the answer, by which a later one is told from it
    pictures : how many are in it
    checks : what the checks said of an answer in code, a line each
    unclear : whether the checks left it to a person
    """

    text: str
    made_of: str
    pictures: int = 0
    checks: list[str] = field(default_factory=list)
    unclear: bool = False


class Marking:
    """The marking of one assignment.

    Parameters
    ----------
    seed : which order the answers to each question come in; whoever marks beside another takes another
    """

    def __init__(self, assignment: Assignment, questions: list[Question], seed: int = 1):
        self.assignment, self.seed = assignment, seed
        self.questions = {question.exercise: question for question in questions}
        self._notebooks: dict[Path, tuple[tuple, dict[str, Sheet]]] = {}
        released = released_notebook(assignment).cells
        # An answer that was left as it was given is one, too.
        self._given = {cell.source for cell in released if not is_solution(cell)}
        with open_gradebook(assignment.course.directory) as gradebook:
            require_assignment(gradebook, assignment.name)

    def answers(self, exercise: str) -> dict[str, tuple[Given, Sheet]]:
        """The answers to a question in a random order that stays: {key: what is given, what was answered}.

        A key is the gradebook's own random one of a grade, which tells nobody whose it is. Of an exercise in code,
        they are those that the checks left to a person, and those that a person has marked.

        Raises
        ------
        Unreadable : where the gradebook cannot be read
        """
        found, written = {}, self.questions[exercise].written
        with open_gradebook(self.assignment.course.directory) as gradebook:
            rows = [*gradebook.db.execute(self._query(exercise))]
        for row in rows:
            sheet = self._sheets(row.student).get(exercise)
            # Who was given more time is in the gradebook before anything was handed in.
            if sheet is not None and (written or sheet.unclear or row.manual_score is not None):
                found[row.key] = _given(row), sheet
        return {key: found[key] for key in sorted(found, key=lambda key: self._place(exercise, key))}

    def shown(self, exercise: str, key: str) -> dict[str, list]:
        """What a student's notebook shows beside text, which is too much to hand out for a whole class at once.

        Returns
        -------
        {"pictures": those in the answer, as URLs that hold their data; "outputs": what cells have shown and texts in
        cells of the student's own, in order, as {"text": ...} or {"picture": a URL}}
        """
        with open_gradebook(self.assignment.course.directory) as gradebook:
            notebook = read_graded(graded_path(self.assignment, self._row(gradebook, exercise, key).student))
        pictures, outputs = [], []
        for cell in notebook.cells:
            if is_grade(cell):
                pictures += _pictures(cell) if cell.metadata.nbgrader.grade_id == exercise else []
                continue
            if cell.cell_type == "markdown" and cell.get("id", "").startswith("own-") and cell.source.strip():
                outputs.append({"text": as_typed(cell)})
            for output in cell.get("outputs", []):
                data = output.get("data", {"text/plain": output.get("text", "")})
                url, text = picture_url(data), data.get("text/plain")
                if url or text:
                    outputs.append({"picture": url} if url else {"text": text})
        return {"pictures": pictures, "outputs": outputs}

    def save(self, exercise: str, key: str, score: float | None, comment: str, seen: dict) -> Given:
        """Put a mark into the gradebook, all of it or nothing; None takes the mark away.

        Parameters
        ----------
        seen : the `score`, `comment` and `made_of` that the marker had before them

        Raises
        ------
        Refused : for a score out of range, a comment that is too long, an answer that is not there
        Conflict : where mark, comment or answer are not the ones seen any more
        """
        question = self.questions[exercise]
        check_score(score, question.points)
        _check_text(comment)
        if encodable(seen["comment"]) != seen["comment"]:
            raise Conflict("somebody has marked this since you opened it")
        if len(comment) > MAX_COMMENT_CHARACTERS:
            raise Refused(f"a comment may have {MAX_COMMENT_CHARACTERS:,} characters, not {len(comment):,}")
        with open_gradebook(self.assignment.course.directory) as gradebook:
            row = self._row(gradebook, exercise, key)
            if self._sheets(row.student)[exercise].made_of != seen["made_of"]:
                raise Conflict("the answer was handed in anew since you opened it; read it again")
            # The databases compare and write in one step, so that of two who save at once the second is told.
            replaced = gradebook.db.execute(
                update(Grade.__table__)
                .where(Grade.__table__.c.id == key)
                .where(Grade.__table__.c.manual_score.is_not_distinct_from(seen["score"]))
                .values(manual_score=score, needs_manual_grade=score is None and row.auto_score is None)
            ).rowcount
            own = Comment.__table__.c
            replaced += gradebook.db.execute(
                update(Comment.__table__)
                .where(own.id == row.comment_key, func.coalesce(own.manual_comment, "") == seen["comment"])
                .values(manual_comment=comment or None)
            ).rowcount
            if replaced != 2:
                gradebook.db.rollback()
                raise Conflict("somebody has marked this since you opened it")
            gradebook.db.commit()
            return _given(self._row(gradebook, exercise, key))

    def _row(self, gradebook: Gradebook, exercise, key):
        row = gradebook.db.execute(self._query(exercise).where(Grade.id == key)).one_or_none()
        if row is None or exercise not in self._sheets(row.student):
            raise Refused("this answer is not in the gradebook any more")
        return row

    def _query(self, exercise):
        """All that the gradebook has of the answers to a question, in one go: a row for each submission."""
        name = exercise if self.questions[exercise].written else f"check_{exercise}"
        graded, answered = BaseCell.__table__.alias(), BaseCell.__table__.alias()
        columns = [Grade.id.label("key"), Grade.auto_score, Grade.manual_score, Grade.extra_credit]
        columns += [Grade.needs_manual_grade, Comment.id.label("comment_key"), Comment.manual_comment]
        return (
            select(*columns, SubmittedAssignment.student_id.label("student"))
            .join(graded, graded.c.id == Grade.cell_id)
            .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(nbgrader.api.Assignment, nbgrader.api.Assignment.id == SubmittedAssignment.assignment_id)
            .join(Comment, Comment.notebook_id == SubmittedNotebook.id)
            .join(answered, answered.c.id == Comment.cell_id)
            .where(nbgrader.api.Assignment.name == self.assignment.name)
            .where(graded.c.name == name, answered.c.name == exercise)
        )

    def _place(self, exercise, key):
        return hashlib.sha256(f"{self.seed} {exercise} {key}".encode()).digest()

    def _sheets(self, student) -> dict[str, Sheet]:
        """What a graded notebook shows, by exercise; nothing where there is none. It is read once."""
        path = graded_path(self.assignment, student)
        try:
            about = path.stat()
            version = about.st_mtime_ns, about.st_size
            if self._notebooks.get(path, ((), {}))[0] != version:
                self._notebooks[path] = version, _read_sheets(path, self._given)
        except (OSError, ValueError, KeyError):  # its grading was cut short
            return {}
        return self._notebooks[path][1]


def check_score(score: float | None, max_score: float) -> None:
    """Raise `Refused` for what is no score of an answer: nobody gets another one than their marker meant."""
    if score is None:
        return
    if isinstance(score, bool) or not isinstance(score, (int, float)) or not abs(score) < math.inf:
        raise Refused(f"a score should be a number from 0 to {shown(max_score)}")
    if not 0 <= score <= max_score:
        raise Refused(f"a score should be from 0 to {shown(max_score)}, not {str(score)[:20]}; nothing was saved")


def _check_text(comment):
    """Raise `Refused` for a comment that no file and no database can hold."""
    wrong = next((letter for letter in comment if letter == "\0" or "\ud800" <= letter <= "\udfff"), None)
    if wrong:
        where = f"its character {comment.index(wrong) + 1} (U+{ord(wrong):04X}) is none that can be saved"
        raise Refused(f"the comment was not understood: {where}; take it out, nothing was saved")


def _given(row):
    stale = row.needs_manual_grade and row.manual_score is not None
    to_mark = stale or (row.manual_score is None and row.auto_score is None)
    return Given(row.auto_score, row.manual_score, row.extra_credit, row.manual_comment or "", bool(to_mark))


def _read_sheets(path, given):
    """What a graded notebook shows, by exercise; of code, what the release has not given."""
    sheets, code = {}, []
    for cell in read_graded(path).cells:
        if not is_grade(cell):
            code += [cell.source] * (cell.cell_type == "code" and cell.source not in given)
            continue
        exercise = cell.metadata.nbgrader.grade_id.removeprefix("check_")
        text, pictures = as_typed(cell) if is_solution(cell) else "\n\n".join(code), _pictures(cell)
        made_of = hashlib.sha256(repr((text, pictures)).encode("utf-8", "replace")).hexdigest()
        sheets[exercise] = Sheet(text, made_of, len(pictures), unclear=is_unclear(cell))
        for output in cell.get("outputs", []):
            if "proctor" in output.metadata:
                sheets[exercise].checks = output.data["text/plain"].split("\n")
        code = [] if not is_solution(cell) else code
    return sheets


def _pictures(cell):
    urls = map(picture_url, cell.get("attachments", {}).values())
    return [url for url in urls if url]
