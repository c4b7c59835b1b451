"""The sheet of marks that an LMS exports: who is in it, which column an assignment's marks go into, and that filled in.

Canvas      the gradebook: Student, ID, SIS Login ID ..., a column `Title (number)` for each assignment, Points Possible
Moodle      an assignment's grading worksheet: Identifier (`Participant 7`), Full name ..., Grade, Maximum grade
Blackboard  the gradebook: Username ..., a column `Title [Total Pts: 100 Score] |number` for each assignment

Nothing but a mark's cell is touched: the bytes around it stay, with their encoding, quotes and ends of lines.
"""

import contextlib
import csv
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proctor.authoring.assignment import Assignment
from proctor.course import counted
from proctor.grading.harmless import one_line
from proctor.grading.reading import Unreadable, read_bytes
from proctor.points import in_words, shown

LMSS = {"canvas": "Canvas", "moodle": "Moodle", "blackboard": "Blackboard"}
EXPECTED = {
    "canvas": "the gradebook as Canvas exports it, with Student and ID in its first line",
    "moodle": "the assignment's grading worksheet from Moodle, with Identifier and Grade in its first line",
    "blackboard": "the gradebook as Blackboard downloads it, with Username in its first line",
}
MAX_BYTES = 20 * 2**20
MAX_CELLS = 10**6
MAX_LABEL = 100
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
CODECS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
CANVAS = re.compile(r"(?P<title>.+) \((?P<number>\d+)\)", re.DOTALL)
BLACKBOARD = re.compile(
    r"(?P<title>.+?) ?\[(?P<label>[^\[\]\d]*+)(?P<points>\d[\d.,]*+)(?P<kind>[^\[\]]*+)\] ?\|(?P<number>\d+)", re.DOTALL
)
# `Participant 7`, in the language of whoever downloads it.
PARTICIPANT = re.compile(r"\D*(\d+)")
# What may identify somebody beside the LMS's own number, of which a roster's id is the first that is not empty.
IDS = {
    "canvas": ("sis login id", "sis user id", "integration id"),
    "moodle": ("username", "id number", "email address"),
    "blackboard": ("username", "student id"),
}
# What the LMSs write where a mark is not to be given, and what that means.
NO_MARK = {
    "canvas": (
        re.compile(r"ex|n/a"),
        "graded, but excused from it, or not assigned to it, in Canvas: left as it is",
    ),
    "moodle": (
        re.compile(
            r"no|nein|non|nee|nej|nei|não|nu|ne|ei|nie|нет|ні|否|いいえ|아니오|아니요|όχι|لا|לא|hayır|nem|không"
        ),
        "graded, but `Grade can be changed` is No, as where it is locked in Moodle's gradebook: left as it is",
    ),
    "blackboard": (
        re.compile(r"(?:in progress|exempt|excused)\b.*"),
        "graded, but a new attempt is in progress in Blackboard, or they are exempt: left as it is; grade it first, or "
        "empty the cell",
    ),
}
# What spreadsheet programs make of a long number.
SPOILT = re.compile(r"\d+[.,]0+|\d+(?:[.,]\d+)?E\+\d+|\d{1,3}(?:,\d{3})+")
# A number that comes with words, `Needs Grading(4.00)`.
WITH_WORDS = re.compile(r"(?P<words>.*?)\(\s*(?P<number>[\d.,]*)\s*\)", re.DOTALL)


@dataclass(frozen=True)
class Sheet:
    """A file of rows and cells.

    Parameters
    ----------
    text, codec : what it says, its byte order mark included, and how it is encoded
    spans : of each cell, where it begins and ends in the text, by row
    rows : what each cell says, by row
    """

    name: str
    text: str
    codec: str
    separator: str
    spans: list[list[tuple[int, int]]]
    rows: list[list[str]]

    def filled(self, column: int, marks: Mapping[int, float]) -> bytes:
        """The file with {row: mark} in a column, and everything else as it is.

        A mark has two decimals at most, the decimal mark of the sheet's other numbers, and quotes where its cell had.
        """
        values = [value for row in self.rows for value in row]
        commas, points = (sum(bool(re.fullmatch(rf"\d+{mark}\d+", value)) for value in values) for mark in (",", r"\."))
        pieces, last = [], 0
        for row, mark in sorted(marks.items()):
            start, end = self.spans[row][column]
            words = f"{mark:.2f}".rstrip("0").rstrip(".").replace(".", "," if commas > points else ".")
            if self.text[start:end].startswith('"') or self.separator in words:
                words = f'"{words}"'
            pieces += [self.text[last:start], words]
            last = end
        return "".join([*pieces, self.text[last:]]).encode(self.codec)


@dataclass(frozen=True)
class Person:
    """A row of a sheet that is somebody's.

    Parameters
    ----------
    row : int, counted from 0
    number : str, by which the LMS knows them, as in the names of its downloads; in Blackboard, the username
    ids : what else may identify them, in the order in which a roster's id is chosen
    name : their name, as the sheet has it
    why_no_mark : why the LMS wants no mark of theirs; empty where it does
    """

    row: int
    number: str
    ids: tuple[str, ...]
    name: str
    why_no_mark: str = ""

    @property
    def label(self) -> str:
        """Who that is, on one line."""
        return one_line(f"{self.name} ({self.number})" if self.name else self.number, MAX_LABEL)


def read_sheet(path: Path) -> Sheet:
    """Read a file of rows and cells that are parted by commas, semicolons or tabs, in UTF-8 or UTF-16.

    Raises
    ------
    Unreadable : where it is something else, or larger than any real one
    """
    about = f"the sheet {path.name}"
    try:
        with contextlib.suppress(OSError):
            if path.stat().st_size > MAX_BYTES:
                raise Unreadable(f"it is larger than {MAX_BYTES // 2**20} MB; export one course, or one assignment")
        data = read_bytes(path, MAX_BYTES)
    except Unreadable as error:
        raise Unreadable(f"the sheet cannot be read: {error}") from error
    again = "download it from the LMS again, and give it as it comes, not as a spreadsheet program saved it"
    if data.startswith(WORKBOOKS):
        raise Unreadable(f"{about} is a workbook, not text: export it as CSV")
    codec = CODECS.get(data[:2], "utf-8")
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise Unreadable(f"{about} is text neither in UTF-8 nor in UTF-16: {again}") from error
    if "\0" in text:
        raise Unreadable(f"{about} is not text: {again}")
    begin = int(text.startswith("\ufeff"))
    head = re.sub(r'"[^"]*"', "", re.match(r"[^\r\n]*", text[begin:])[0])
    separator = max(",;\t", key=head.count)
    if text.count(separator) + text.count("\n") + text.count("\r") > MAX_CELLS:
        raise Unreadable(f"{about} has more than {MAX_CELLS} cells: export one course, or one assignment")
    try:
        rows = list(csv.reader(io.StringIO(text[begin:], newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise Unreadable(f"{about} is no CSV file ({error}): {again}") from error
    spans = _spans(text, begin, separator)
    # What the two do not agree on cannot be changed without a doubt.
    if [[_value(text[start:end]) for start, end in row] for row in spans] != [row or [""] for row in rows]:
        raise Unreadable(f"{about} is no CSV file that can be filled in: {again}")
    return Sheet(path.name, text, codec, separator, spans, rows)


def _spans(text, position, separator):
    """Where each cell begins and ends, by row; they end early where something is wrong."""
    cell = re.compile(rf'("(?:[^"]++|"")*+"|(?!")[^{separator}\r\n]*+)({separator}|\r\n|\r|\n|\Z)')
    rows, row = [], []
    while position < len(text) or row:
        found = cell.match(text, position)
        if found is None:
            break
        row.append(found.span(1))
        position = found.end()
        if found[2] != separator:
            rows.append(row)
            row = []
    return rows


def _value(raw):
    return raw[1:-1].replace('""', '"') if raw.startswith('"') else raw


def find_column(sheet: Sheet, lms: str, assignment: Assignment, wanted: str = "") -> int:
    """Which column an assignment's marks go into, counted from 0.

    Parameters
    ----------
    wanted : a column's first line, or its title or number in it; else the title is the assignment's name, as far as
        letters and digits go

    Raises
    ------
    Unreadable : where there is none or are several, or its points are not the assignment's
    """
    head = _head(sheet)
    if lms == "moodle":
        _require_own_worksheet(sheet, assignment)
        title = wanted or "Grade"
        columns = {number: (name,) for number, name in enumerate(head)}
        found = [number for number, name in enumerate(head) if number and _plain(name) == _plain(title)]
    else:
        title = wanted or assignment.name
        pattern = CANVAS if lms == "canvas" else BLACKBOARD
        matches = {number: pattern.fullmatch(name) for number, name in enumerate(head)}
        columns = {number: (head[number], one["title"], one["number"]) for number, one in matches.items() if one}
        found = [number for number, names in columns.items() if _is_called(names, wanted, assignment.name)]
    if len(found) != 1:
        names = "; ".join(one_line(head[number], MAX_LABEL) for number in [*columns][:20]) or "none"
        count = "several columns" if found else "no column"
        raise Unreadable(f"the sheet {sheet.name} has {count} {title!r}: say which with --column; there are: {names}")
    _require_points(sheet, lms, assignment, found[0])
    return found[0]


def number_in(words: str) -> float | None:
    """The number that a cell holds, with a decimal point or comma; None where it holds none."""
    return float(words.replace(",", ".")) if re.fullmatch(r"\s*\d+(?:[.,]\d+)?\s*", words) else None


def _require_own_worksheet(sheet, assignment):
    """Refuse a worksheet that calls itself that of another assignment; nothing in it says which it is."""
    called, own = _letters(sheet.name), _letters(assignment.name)
    others = {name: _letters(name) for name in assignment.course.assignments if name != assignment.name}
    for name, letters in others.items():
        if letters in called and (own not in called or own in letters):
            words = f"is called as if it were that of {name}, not of {assignment.name}"
            raise Unreadable(f"the sheet {sheet.name} {words}; rename it, if that is not so")


def names_assignment(sheet: Sheet, assignment: Assignment) -> bool:
    """Whether a sheet's own name has the assignment's in it, as far as letters and digits go."""
    return _letters(assignment.name) in _letters(sheet.name)


def before(words: str) -> str:
    """What a cell says of an earlier mark, that a new one would take the place of; empty where it says nothing."""
    found = WITH_WORDS.fullmatch(words.strip())
    if found and found["words"].casefold().startswith("needs"):
        words = found["number"] if number_in(found["number"]) else ""
    number = number_in(words)
    return f"{number:g}" if number is not None else one_line(words.strip().removeprefix("-"), MAX_LABEL)


def _head(sheet):
    return [name.strip() for name in sheet.rows[0]] if sheet.rows else []


def _is_called(names, wanted, assignment):
    if wanted:
        return _plain(wanted) in map(_plain, names)
    return _letters(names[1]) == _letters(assignment)


def _plain(title):
    return unicodedata.normalize("NFC", title).strip().casefold()


def _letters(title):
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", title)).casefold()


def _require_points(sheet, lms, assignment, column):
    """Refuse a column whose marks would mean something else than the assignment's points."""
    head = _head(sheet)
    name = one_line(head[column], MAX_LABEL)
    if lms == "blackboard":
        told = BLACKBOARD.fullmatch(head[column])
        label, kind = told["label"].strip(), told["kind"].strip()
        if label == "Total Pts: up to":
            raise Unreadable(f"the column {name} of {sheet.name} is one that Blackboard calculates")
        if label == "Total Pts:" and kind not in ("", "Score"):
            words = f"shows {kind}, not points: set its primary display to Score in Blackboard"
            raise Unreadable(f"the column {name} of {sheet.name} {words}, and download the sheet again")
        points = {told["points"]}
    elif lms == "canvas":
        rows = [row for row in sheet.rows[1:] if row and row[0].strip() == "Points Possible" and len(row) > column]
        points = {row[column].strip() for row in rows}
    else:
        # The maximum comes next, in whatever language; of a scale, its words.
        points = {row[column + 1].strip() for row in sheet.rows[1:] if len(row) > column + 1}
    points -= {""}
    if lms == "moodle" and any(number_in(words) is None for words in points or {""}):
        found = one_line(" or ".join(sorted(points)) or "nothing", MAX_LABEL)
        words = f"takes no points: in the column after it should be their maximum, and is {found!r}"
        raise Unreadable(f"the column {name} of {sheet.name} {words}; the marks' is Grade, in your language")
    for words in points:
        number = number_in(words)
        if number is None:
            words = one_line(words, MAX_LABEL)
            raise Unreadable(f"the column {name} of {sheet.name} takes no points: its maximum is {words!r}")
        if number != assignment.points:
            raise Unreadable(
                f"the column {name} of {sheet.name} is of {in_words(number)}, {assignment.name} of "
                f"{shown(assignment.points)}: change that in {LMSS[lms]}, and download the sheet again"
            )


def read_people(sheet: Sheet, lms: str, column: int) -> list[Person]:
    """Who is in a sheet; rows of points, and the LMS's own test students, are nobody's.

    Raises
    ------
    Unreadable : where a row has too few or too many cells, or no id, or that of an earlier row
    """
    head = [name.casefold() for name in _head(sheet)]
    people, seen = [], {}
    for row, cells in enumerate(sheet.rows[1:], 1):
        values = [cell.strip() for cell in cells]
        if not any(values) or (lms == "canvas" and _is_canvas_own(head, values)):
            continue
        where = f"row {row + 1} of the sheet {sheet.name}"
        if len(values) != len(head):
            has = f"{where} has {counted(len(values), 'cell')}"
            raise Unreadable(f"{has}, its first line {len(head)}: download it again")
        person = _person(head, values, lms, row, column)
        key = person.number.casefold()
        if not key:
            raise Unreadable(f"{where} has no id: download it again")
        if SPOILT.fullmatch(person.number):
            words = f"{where} has the id {person.number}, which a spreadsheet program has made of another"
            raise Unreadable(f"{words}: download it from the LMS again, and give it as it comes")
        if key in seen:
            raise Unreadable(f"{where} has the id {key} of row {seen[key] + 1}: download it again")
        seen[key] = row
        if not key.endswith("_previewuser"):
            people.append(person)
    if not people:
        raise Unreadable(f"the sheet {sheet.name} names nobody")
    return people


def require_head(sheet: Sheet, lms: str) -> None:
    """Raise `Unreadable` where a sheet is not what an LMS exports."""
    head = [name.casefold() for name in _head(sheet)]
    if lms == "canvas":
        right = "id" in head and ("student" in head or "lastname" in head)
    elif lms == "moodle":
        # The identifier comes first, in whatever language.
        right = len(head) > 2 and (
            head[0] == "identifier" or all(PARTICIPANT.fullmatch(row[0].strip()) for row in sheet.rows[1:] if any(row))
        )
    else:
        right = "username" in head or (len(head) > 3 and any(map(BLACKBOARD.fullmatch, _head(sheet))))
    if not right:
        found = one_line(", ".join(_head(sheet)), MAX_LABEL) or "nothing"
        raise Unreadable(f"the sheet {sheet.name} should be {EXPECTED[lms]}; found: {found}")


def _is_canvas_own(head, values):
    """Whether a row is Canvas's: of points, of what is hidden, or of its test student."""
    about = dict(zip(head, values, strict=False))
    name = about.get("student") or f"{about.get('lastname', '')}, {about.get('firstname', '')}"
    is_nobody = not any(about.get(key) for key in ("student", "lastname", "firstname", "id", *IDS["canvas"]))
    return is_nobody or values[0] == "Points Possible" or name.casefold() in ("student, test", "test student")


def _person(head, values, lms, row, column):
    about = dict(reversed(list(zip(head, values, strict=True))))
    if lms == "blackboard" and "username" not in head:
        # In another language, they come in the same order: last name, first name, username.
        about = dict(zip(("last name", "first name", "username"), values, strict=False))
    if lms == "moodle":
        participant = PARTICIPANT.fullmatch(values[0])
        number = participant[1] if participant else ""
    else:
        number = about.get("id" if lms == "canvas" else "username", "")
    ids = tuple(unicodedata.normalize("NFC", about[key]) for key in IDS[lms] if about.get(key))
    parts = [about.get(key, "") for key in ("first name", "firstname", "last name", "lastname")]
    name = about.get("student") or about.get("full name") or " ".join(filter(None, parts))
    return Person(row, number, ids, name, _why_no_mark(head, values, lms, column))


def _why_no_mark(head, values, lms, column):
    states = [values[column]]
    if lms == "moodle":
        # Behind the maximum, or the state of the marking workflow, in whatever language.
        title = "grade can be changed"
        states = [values[head.index(title)]] if title in head else values[column + 2 : column + 4]
    pattern, reason = NO_MARK[lms]
    return reason if any(pattern.fullmatch(state.casefold()) for state in states) else ""
