"""Who is in the class: nbgrader's gradebook says it; a roster that an LMS exports goes into it.

nbgrader's own `nbgrader db student import` takes a file of its own columns. Here, those of the LMSs are known too.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook

from proctor.authoring.assignment import Assignment
from proctor.grading.downloads import Handed
from proctor.grading.reading import Unreadable, read_bytes, why_no_student_id

MAX_BYTES = 20 * 2**20
MAX_CHARACTERS = 128
# The columns that are read, of which a row's first one that is not empty counts. Others are passed over.
IDS = ("username", "sis login id", "login id", "id number", "sis user id", "student id", "email address", "email")
COLUMNS = {
    "first_name": ("first_name", "first name", "firstname"),
    "last_name": ("last_name", "last name", "lastname", "surname"),
    "name": ("name", "full name", "fullname", "student", "student name"),
    "email": ("email", "email address", "e-mail"),
    "lms_user_id": ("lms_user_id", "identifier", "student id", "canvas user id"),
}
READ = (
    "id (or Username, SIS Login ID, ID number, Email address), name (or Student, Full name, First name and Last name)"
)


@dataclass(frozen=True)
class Student:
    """A student, as nbgrader's gradebook has them.

    Parameters
    ----------
    of_class : bool, whether somebody said that they are of the class; autograde puts ids alone into the gradebook
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""
    of_class: bool = True


def read_roster(path: Path) -> list[Student]:
    """The students in a CSV file: nbgrader's own columns, `id,name`, or as Canvas, Moodle and Blackboard export it.

    Raises
    ------
    Unreadable : where it cannot be read, or a row makes no student
    """
    rows = _read_rows(path)
    head = [cell.strip().casefold() for cell in rows[0]] if rows else []
    # Canvas calls its own number ID; elsewhere that is the student's.
    canvas = "student" in head or "sis login id" in head or "sis user id" in head
    ids = (*IDS, "id", "identifier") if canvas else ("id", "student_id", *IDS, "identifier")
    if not set(ids) & set(head):
        found = ", ".join(head)[:120] or "nothing"
        raise Unreadable(f"the roster {path.name} should name {READ} in its first line; found: {found}")
    students = {}
    for number, row in enumerate(rows[1:], 2):
        cells = {name: cell.strip() for name, cell in reversed(list(zip(head, row, strict=False))) if cell.strip()}
        name = cells.get("student", "")
        if not cells or name == "Points Possible" or (canvas and name.casefold() in ("student, test", "test student")):
            continue
        student = _student(cells, ids, canvas, f"line {number} of the roster {path.name}")
        # What Canvas writes below the columns' names has no id.
        if student is None and canvas and number <= 3:
            continue
        if student is None:
            raise Unreadable(f"line {number} of the roster {path.name} has no id")
        if student.id in students:
            raise Unreadable(f"line {number} of the roster {path.name} has the id {student.id} of an earlier line")
        students[student.id] = student
    if not students:
        raise Unreadable(f"the roster {path.name} names nobody")
    return list(students.values())


def _read_rows(path):
    """The cells of a CSV file, whatever parts them."""
    try:
        text = _decode(read_bytes(path, MAX_BYTES))
    except UnicodeDecodeError as error:
        raise Unreadable(f"the roster {path.name} is not text in UTF-8; save it as CSV in UTF-8") from error
    except Unreadable as error:
        raise Unreadable(f"the roster cannot be read: {error}") from error
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise Unreadable(f"the roster {path.name} is no CSV file: {error}") from error


def _decode(data):
    """A file's text; what Blackboard calls a spreadsheet is UTF-16."""
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if is_utf16 else "utf-8").lstrip("\ufeff")


def _student(cells, ids, canvas, where):
    """A row as a student; None where it has no id."""
    student = next((cells[name] for name in ids if name in cells), None)
    if student is None:
        return None
    student = unicodedata.normalize("NFC", student)
    if why := why_no_student_id(student):
        words = f"which may not be a student's, for {why} (docs/instructors.md says what may)"
        raise Unreadable(f"{where} has the id {student!a}, {words}")
    about = {key: next((cells[name] for name in names if name in cells), "") for key, names in COLUMNS.items()}
    name = about.pop("name")
    if name and not about["last_name"]:
        last, comma, first = name.partition(",")
        first, last = (first, last) if comma else (name.rpartition(" ")[0], name.rpartition(" ")[2])
        about |= {"first_name": first.strip(), "last_name": last.strip()}
    if canvas and "id" in cells:
        about["lms_user_id"] = cells["id"]
    # Moodle's grading worksheet says `Participant 123`, in the language of its user.
    about["lms_user_id"] = re.sub(r"^\D+ (\d+)$", r"\1", about["lms_user_id"])
    about = {key: unicodedata.normalize("NFC", value) for key, value in about.items()}
    long = [key for key, value in {"id": student, **about}.items() if len(value) > MAX_CHARACTERS]
    if long:
        raise Unreadable(f"{where} has a {long[0]} of more than {MAX_CHARACTERS} characters")
    return Student(student, **about)


def known_students(gradebook: Gradebook) -> list[Student]:
    """The students in a gradebook."""
    students = []
    for student in gradebook.students:
        about = [student.first_name, student.last_name, student.email, student.lms_user_id]
        students.append(Student(student.id, *(value or "" for value in about), of_class=any(about)))
    return students


def save(students: Iterable[Student], gradebook: Gradebook) -> None:
    """Put students into a gradebook, as `nbgrader db student import` does; what a roster does not tell stays."""
    for student in students:
        about = {key: value for key, value in vars(student).items() if key not in ("id", "of_class") and value}
        gradebook.update_or_create_student(student.id, **about)


def find(handed: Handed, students: list[Student], numbered: bool = False) -> list[Student]:
    """Who of a class handed in a file: one, nobody, or several of whom it cannot be told which.

    By the LMS's number or username; by name, where the number is not known. Moodle's number is another in each
    assignment, so that it only tells apart who have one name.

    Parameters
    ----------
    numbered : whether the class's `lms_user_id` are the numbers that Canvas writes into files' names
    """
    if handed.lms == "Blackboard":
        user = handed.name.casefold()
        for own in (lambda student: student.id, lambda student: student.lms_user_id, lambda student: student.email):
            found = [student for student in students if own(student).casefold() == user]
            if found:
                return found
    if handed.lms == "Canvas" and handed.number:
        found = [student for student in students if handed.number in (student.lms_user_id, student.id)]
        if found:
            return found
    named = _by_name(handed.full_name or handed.name, students)
    if numbered and handed.lms == "Canvas" and handed.number:
        # Who is known by another number is somebody else.
        return [student for student in named if not student.lms_user_id]
    if handed.lms == "Moodle" and len(named) > 1:
        return [student for student in named if student.lms_user_id == handed.number] or named
    return named


def _by_name(name, students):
    for letters in (_letters, _letters_without_accents, _latin_letters):
        key = letters(name)
        found = [student for student in students if key and key in _spellings(student, letters)]
        if found:
            return found
    return []


def _spellings(student, letters):
    """A student's name, begun at each of its words: which is the last name's first, an LMS may have otherwise."""
    words = f"{student.first_name} {student.last_name}".split()
    return {letters("".join(words[start:] + words[:start])) for start in range(len(words))}


def _letters(name):
    composed = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFC", "".join(c for c in composed if unicodedata.category(c)[0] in "LMN"))


def _letters_without_accents(name):
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if unicodedata.category(c)[0] in "LN")


def _latin_letters(name):
    """What older versions of Canvas leave of a name."""
    return "".join(c for c in _letters(name) if c.isascii())


def without_grades(assignment: Assignment, graded: Iterable[str]) -> dict[str, str]:
    """Who of the class has no grades for an assignment, and why: {student: reason}.

    Who is known by an id alone, and handed in another assignment, is not known to be of the class.
    """
    directory, graded = assignment.course.directory, set(graded)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        handed_in_others = {one.student_id for other in gradebook.assignments for one in other.submissions}
        students = [one for one in known_students(gradebook) if one.id not in graded]
    reasons = {}
    for student in students:
        if student.of_class or student.id not in handed_in_others:
            reasons[student.id] = why_not_graded(assignment, student.id)
    return dict(sorted(reasons.items()))


def why_not_graded(assignment: Assignment, student: str) -> str:
    """Why a student has no grades for an assignment."""
    folder = assignment.course.submitted / student / assignment.name
    return "not graded yet" if folder.is_dir() else "nothing handed in"


def listed(names: Iterable[str]) -> str:
    """Names in a list; where one of them has a comma, semicolons part them."""
    names = list(map(str, names))
    return ("; " if any("," in name for name in names) else ", ").join(names)
