"""Sheets of grades: marks go in, whatever the form; a column, row or sheet in doubt is told and left as it is."""

import csv
import io
import os
import re
import shutil
from pathlib import Path

import pytest

from lms_sheets import CANVAS, MOODLE, SHEETS, Toys, swap
from proctor import cli
from proctor.grading.sheets import before
from submissions import zipped

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


@pytest.fixture
def toys(written_course, tmp_path):
    return Toys(shutil.copytree(written_course, tmp_path / "course"))


def in_two(sheet):
    """Canvas's sheet with its names in two columns."""
    rows = []
    for row in csv.reader(io.StringIO(sheet.decode("utf-8-sig"), newline="")):
        last, _, first = row[0].partition(", ")
        rows.append([*(("LastName", "FirstName") if last == "Student" and not first else (last, first)), *row[1:]])
    target = io.StringIO(newline="")
    csv.writer(target).writerows(rows)
    return target.getvalue().encode()


FORMS = {
    "no mark of byte order": ("canvas", swap("\ufeff", "")),
    "old ends of lines": ("canvas", swap("\r\n", "\r")),
    "no last end of line": ("canvas", lambda sheet: sheet.removesuffix(b"\r\n")),
    "quotes everywhere": ("canvas", swap("u1,ann@uni", '"u1","ann@uni"')),
    "first and last names": ("canvas", lambda sheet: in_two(sheet)),
    "empty lines": ("moodle", lambda sheet: sheet.replace(b"Yes,\n", b"Yes,\n\n") + b"\n\n"),
    "semicolons and commas": ("moodle", lambda sheet: swap("13.00", "13,00")(swap(",", ";")(sheet))),
    "another language": (
        "moodle",
        lambda sheet: swap("Participant ", "Teilnehmer/in ")(
            swap("Identifier", "ID")(swap("Grade,", "Bewertung,")(swap("Maximum grade", "Bestwertung")(sheet)))
        ),
    ),
    "in Chinese": ("moodle", swap("Participant ", "参加者")),
    "big-endian": ("blackboard", lambda sheet: sheet.decode("utf-16-le").encode("utf-16-be")),
    "commas": ("blackboard", lambda sheet: sheet.decode("utf-16-le").replace("\t", ",").encode()),
    "German": (
        "blackboard",
        lambda sheet: (
            sheet.decode("utf-16-le")
            .replace("Username", "Benutzername")
            .replace("Total Pts: 13 Score", "Gesamtpunkte: 13 Punktestand")
            .encode()
        ),
    ),
}
ANN = {"canvas": "leeann_101", "moodle": "Ann Lee_7", "blackboard": "ann"}


@pytest.mark.parametrize("form", FORMS)
def test_a_sheet_is_filled_in_whatever_its_form(toys, form):
    lms, change = FORMS[form]
    given = change(SHEETS[lms])
    toys.grade(ANN[lms], total=5.5)
    options = ["--column", "Bewertung"] if form == "another language" else []
    toys.give_back(lms, given, *options)
    (path,) = (toys.root / f"reports/toy-{lms}").glob("grades.*")
    filled = path.read_bytes()
    assert filled != given
    encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(given[:2], "utf-8")
    before, after = given.decode(encoding), filled.decode(encoding)
    # What comes before and after the one cell is what it was.
    same = len(os.path.commonprefix([before, after]))
    rest = len(os.path.commonprefix([before[same:][::-1], after[same:][::-1]]))
    cell = after[same : len(after) - rest]
    assert cell.strip('"') == ("12,5" if form == "semicolons and commas" else "12.5")
    assert before[same : len(before) - rest] in ("", "Needs Marking(0.0)", '"Needs Marking(0.0)"')


COLUMNS = {
    "none": (swap("toy (77)", "Homework 1 (77)"), "", "no column 'toy'"),
    "two": (swap("Other (78)", "TOY (78)"), "", "several columns 'toy'"),
    "other points": (swap("13.00", "100"), "", "is of 100 points, toy of 13: change that in Canvas"),
    "read only": (swap("13.00", "(read only)"), "", "takes no points"),
    "one that is none": (swap("", ""), "Section", "no column 'Section'"),
    "the names": (swap("", ""), "Student", "no column 'Student'"),
    "another's": (swap("", ""), "Other", "is of 5 points"),
}


@pytest.mark.parametrize("case", COLUMNS)
def test_a_column_in_doubt_is_not_filled_in(toys, capsys, case):
    change, column, words = COLUMNS[case]
    toys.grade("leeann_101")
    assert toys.give_back("canvas", change(CANVAS), "--column", column) == 2
    assert words in capsys.readouterr().err
    assert not (toys.root / "reports").exists()


@pytest.mark.parametrize("column", ["Full name", "Status", "Identifier", "Feedback comments", "Maximum grade"])
def test_column_of_a_worksheet_that_is_none_of_marks_is_told_as_such(toys, capsys, column):
    toys.grade("ann@uni")
    assert toys.give_back("moodle", MOODLE, "--column", column) == 2
    told = capsys.readouterr().err
    assert "the column after it should be their maximum" in told or f"no column {column!r}" in told


@pytest.mark.parametrize("column", ["Homework 1", "Homework 1 (77)", "77", " homework 1 "])
def test_a_column_may_be_named(toys, column):
    toys.grade("leeann_101")
    assert toys.give_back("canvas", swap("toy (77)", "Homework 1 (77)")(CANVAS), "--column", column) == 1
    assert b'"S1, S2",13,' in (toys.root / "reports/toy-canvas/grades.csv").read_bytes()


BAD = {
    "empty": ("canvas", lambda sheet: b"", "should be the gradebook as Canvas exports it"),
    "another LMS's": ("canvas", lambda sheet: MOODLE, "should be the gradebook as Canvas exports it"),
    "not the worksheet": ("moodle", lambda sheet: CANVAS, "should be the assignment's grading worksheet"),
    "not Blackboard's": ("blackboard", lambda sheet: MOODLE, "with Username in its first line"),
    "a workbook": ("canvas", lambda sheet: zipped({"xl/workbook.xml": ""}), "is a workbook"),
    "Latin-1": ("canvas", lambda sheet: sheet[3:].replace(b"Zoe", b"Zo\xeb"), "neither in UTF-8 nor in UTF-16"),
    "half of UTF-16": ("blackboard", lambda sheet: sheet[:-1], "neither in UTF-8 nor in UTF-16"),
    "no mark of byte order": ("blackboard", lambda sheet: sheet[2:], "is not text"),
    "twice": ("canvas", swap("102", "101"), "row 5 of the sheet grades.csv has the id 101 of row 4"),
    "twice in Blackboard": ("blackboard", lambda sheet: sheet.replace(b"b\0o\0b\0", b"A\0N\0N\0"), "has the id ann of"),
    "an id of Excel's": ("canvas", swap(",102,", ",1.02E+02,"), "row 5 of the sheet grades.csv has the id 1.02E+02"),
    "an id of pandas'": ("canvas", swap(",103,", ",103.0,"), "which a spreadsheet program has made of another"),
    "an id in German": ("canvas", swap(",103,", ',"1,03E+12",'), "has the id 1,03E+12"),
    "too few cells": ("canvas", swap(",S1,,,0", ",S1,,0"), "row 6 of the sheet grades.csv has 7 cells"),
    "too many cells": ("moodle", swap('"Bob Ray"', "Ray, Bob"), "row 3 of the sheet grades.csv has 9 cells"),
    "no id": ("canvas", swap("103", ""), "row 6 of the sheet grades.csv has no id"),
    "no participant": ("moodle", swap("Participant 8", "Bob"), "row 3 of the sheet grades.csv has no id"),
    "an open quote": ("moodle", swap('"Bob Ray"', '"Bob Ray'), "is no CSV file"),
    "a quote too many": ("moodle", swap('"Bob Ray"', '"Bob Ray"x'), "is no CSV file"),
    "nobody": ("moodle", lambda sheet: sheet.partition(b"\n")[0], "takes no points"),
    "a scale": ("moodle", swap("13.00", '"bad\ngood"'), "should be their maximum, and is 'bad good'"),
    "percentages": (
        "blackboard",
        lambda sheet: sheet.replace("13 Score] |55".encode("utf-16-le"), "13 Percentage] |55".encode("utf-16-le")),
        "shows Percentage, not points",
    ),
    "huge": ("canvas", lambda sheet: sheet + b"x" * 21 * 2**20, "larger than 20 MB"),
    "very many cells": ("canvas", lambda sheet: sheet + b"," * 10**6, "has more than 1000000 cells"),
    "a huge cell": ("canvas", swap("Zoe", "Z" * 200_000), "is no CSV file"),
    "a huge title": ("blackboard", lambda sheet: b"Username," + b"[1" * 50_000 + b"1" * 9_000, "no column 'toy'"),
    "control characters": ("moodle", swap("Grade,", "\x1b[31m\u202eG,"), "no column 'Grade'"),
}


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, lambda path: path.symlink_to("/dev/zero"), os.mkfifo])
def test_what_is_no_file_is_told_in_one_line(toys, capsys, make):
    path = toys.root / "grades.csv"
    make(path)
    command = ["--course", str(toys.root), "return", "toy", "--lms", "canvas", "--sheet", str(path)]
    assert cli.main(command) == 2
    said = capsys.readouterr().err
    assert said.startswith("proctor: the sheet cannot be read: ") and said.count("\n") == 1


@pytest.mark.parametrize("case", BAD)
def test_a_bad_sheet_is_told_in_one_line(toys, capsys, case):
    lms, change, words = BAD[case]
    toys.grade("ann@uni")
    assert toys.give_back(lms, change(SHEETS[lms])) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1 and said[:-1].isprintable() and len(said) < 2000
    assert not (toys.root / "reports").exists()


STATES = {
    "locked": ("moodle", "ann@uni", swap('13.00,Yes,"<p>', '13.00,No,"<p>'), "is No"),
    "gesperrt": (
        "moodle",
        "ann@uni",
        lambda sheet: swap("Grade can be changed", "Aenderbar")(swap('13.00,Yes,"<p>', '13.00,Nein,"<p>')(sheet)),
        "is No",
    ),
    "in progress": ("blackboard", "ann", lambda sheet: in_its_place(sheet, "In Progress(5.00)"), "in progress"),
    "alone": ("blackboard", "ann", lambda sheet: in_its_place(sheet, "in progress"), "in progress"),
    "exempt": ("blackboard", "ann", lambda sheet: in_its_place(sheet, "Exempt"), "are exempt"),
    "excused": ("canvas", "ann@uni", swap('"S1, S2",,', '"S1, S2",ex,'), "excused"),
}
BOB = {
    "canvas": ('"7.00"', '"13"'),
    "moodle": ("uni,Submitted,,", "uni,Submitted,13,"),
    "blackboard": ('"2"\t""', '"2"\t"13"'),
}


def in_its_place(sheet, state):
    return sheet.decode("utf-16-le").replace("Needs Marking(0.0)", state).encode("utf-16-le")


@pytest.mark.parametrize("state", STATES)
def test_row_that_takes_no_mark_is_told_and_left_as_it_is(toys, capsys, state):
    lms, student, change, words = STATES[state]
    assert change(SHEETS[lms]) != SHEETS[lms]
    toys.grade(student)
    toys.grade("bob" if lms == "blackboard" else "bob@uni")
    assert toys.give_back(lms, change(SHEETS[lms])) == 1
    assert re.search(rf"{words}.*: {student}\n", capsys.readouterr().err)
    (path,) = (toys.root / f"reports/toy-{lms}").glob("grades.*")
    old, new = (words.encode("utf-16-le" if lms == "blackboard" else "utf-8") for words in BOB[lms])
    assert path.read_bytes() == change(SHEETS[lms]).replace(old, new), "but for Bob, the sheet is what it was"


@pytest.mark.parametrize(
    ("words", "told"),
    [("", ""), ("-", ""), (" 7,50", "7.5"), ("Needs Grading(4.00)", "4"), ("Needs Marking(0.0)", ""),
     ("In Bearbeitung(5,00)", "In Bearbeitung(5,00)"), ("complete", "complete"), ("needs grading", "needs grading")],
)  # fmt: skip
def test_what_a_cell_said_is_told_before_it_is_replaced(words, told):
    assert before(words) == told


@pytest.mark.parametrize(
    ("name", "other", "status"),
    [("Grades-DL4H-Toy--17.csv", "other", 0), ("Grades-DL4H-Other--17.csv", "other", 2), ("grades.csv", "other", 0),
     ("Grades-My toy story-3.csv", "toy_story", 2), ("Grades-other course-toy-3.csv", "other", 0)],
)  # fmt: skip
def test_worksheet_of_another_assignment_is_refused_and_one_of_any_is_told(toys, capsys, name, other, status):
    (toys.root / "source" / other).mkdir()
    (toys.root / "source" / other / f"{other}.py").touch()
    toys.grade("ann@uni")
    toys.grade("bob@uni")
    (toys.root / name).write_bytes(MOODLE)
    command = ["--course", str(toys.root), "return", "toy", "--lms", "moodle", "--sheet", str(toys.root / name)]
    assert cli.main(command) == status
    told = capsys.readouterr()
    assert ("is called as if it were that of" in told.err) == (status == 2)
    assert ("its name does not tell" in told.out) == (name == "grades.csv")
