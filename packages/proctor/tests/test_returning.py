"""Marks and pages on their way back into Canvas, Moodle and Blackboard: their own sheets, and their own zips."""

import csv
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from proctor import cli
from proctor.authoring.build import scripts_on_path
from proctor.course import open_course
from proctor.grading import returning
from proctor.grading.returning import _plain
from proctor.grading.sheets import before
from submissions import zipped

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

CONFIG = """
c.ZipCollectApp.extractor_plugin = "proctor.gradebook.DownloadExtractor"
c.ZipCollectApp.collector_plugin = "proctor.gradebook.DownloadCollector"
c.AssignLatePenalties.plugin_class = "proctor.gradebook.PenaltyPerDay"
"""
DUE, LATE = datetime(2026, 3, 1, 12), datetime(2026, 3, 2, 11)
CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,toy (77),Other (78),Current Score\r\n"
    ",,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,13.00,5.00,(read only)\r\n"
    '"Lee, Ann",101,u1,ann@uni,"S1, S2",,=1+1,0\r\n'
    '"Ray, ""Bob""",102,u2,bob@uni,S1,"7.00",,0\r\n'
    '"Kim, Zoe",103,,zoe@uni,S1,,,0\r\n'
    '"Student, Test",999,,x,S1,,,\r\n'
).encode()
MOODLE = (
    b'Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed","Feedback comments"\n'
    b'"Participant 7","Ann Lee",ann@uni,"Submitted, on time",,13.00,Yes,"<p>a\nb</p>"\n'
    b'"Participant 8","Bob Ray",bob@uni,Submitted,,13.00,Yes,\n'
    b'"Participant 9","Zoe Kim",zoe@uni,"No submission",,13.00,Yes,\n'
)
BLACKBOARD = (
    '\ufeff"Last Name"\t"First Name"\t"Username"\t"Student ID"\t'
    '"toy [Total Pts: 13 Score] |55"\t"All [Total Pts: up to 13 Score] |56"\n'
    '"Lee"\t"Ann"\t"ann"\t"1"\t"Needs Marking(0.0)"\t"0"\n'
    '"Ray"\t"Bob"\t"bob"\t"2"\t""\t"0"\n'
    '"Kim"\t"Zoe"\t"zoe"\t"3"\t""\t"0"\n'
    '"T"\t"P"\t"teacher_previewuser"\t""\t""\t""'
).encode("utf-16-le")
SHEETS = {"canvas": CANVAS, "moodle": MOODLE, "blackboard": BLACKBOARD}
ANN = {"canvas": "leeann_101", "moodle": "Ann Lee_7", "blackboard": "ann"}


class Toys:
    """A course whose grades are put into the gradebook as they should be, and what `proctor return` makes of them."""

    def __init__(self, root):
        self.root = root
        self.directory = open_course(root).directory

    def grade(self, student, double=4.0, total=6.0, reflection=3.0, changed=False, page=True, at=None):
        with scripts_on_path(), Gradebook(self.directory.db_url, self.directory.course_id) as gradebook:
            gradebook.update_or_create_student(student)
            submission = gradebook.update_or_create_submission("toy", student, timestamp=at)
            grades = {"check_double": double, "check_total": total, "reflection": None}
            for grade in submission.notebooks[0].grades:
                grade.auto_score = grades[grade.name]
                if grade.name == "reflection":
                    grade.manual_score, grade.needs_manual_grade = reflection, changed or reflection is None
            gradebook.db.commit()
        (self.root / "submitted" / student / "toy").mkdir(parents=True, exist_ok=True)
        if page:
            path = self.root / "feedback" / student / "toy/toy.html"
            path.parent.mkdir(parents=True)
            path.write_text(f"<html>{student}</html>")

    def collect(self, entries, roster=""):
        archive = self.root / "downloaded/toy/archive"
        archive.mkdir(parents=True)
        (archive / "class.zip").write_bytes(zipped(entries))
        if roster:
            (self.root / "roster.csv").write_text(roster)
            with (self.root / "course_config.py").open("a") as config:
                config.write('c.DownloadCollector.roster = "roster.csv"\n')
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, "-m", "nbgrader", "zip_collect", "toy"]
        ran = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr

    def extract(self, names):
        """What `nbgrader zip_collect` leaves of a download."""
        for name in names:
            path = self.root / "downloaded/toy/extracted/class.zip" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")

    def give_back(self, lms, sheet, *options):
        path = self.root / ("grades.xls" if lms == "blackboard" else "grades.csv")
        path.write_bytes(sheet)
        with scripts_on_path():
            status = cli.main(
                ["--course", str(self.root), "return", "toy", "--lms", lms, "--sheet", str(path), *options]
            )
        assert path.read_bytes() == sheet
        return status

    def written(self, lms):
        """The sheet that was written, and the pages in the zip."""
        folder = self.root / f"reports/toy-{lms}"
        (sheet,) = folder.glob("grades.*")
        with zipfile.ZipFile(folder / "feedback.zip") as archive:
            assert archive.testzip() is None
            return sheet.read_bytes(), {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture
def toys(written_course, tmp_path):
    root = shutil.copytree(written_course, tmp_path / "course")
    with (root / "course_config.py").open("a") as config:
        config.write(CONFIG)
    return Toys(root)


def test_canvas_there_and_back(toys, capsys):
    with scripts_on_path(), Gradebook(toys.directory.db_url) as gradebook:
        gradebook.update_or_create_assignment("toy", duedate=DUE)
    work = nbformat.writes(nbformat.v4.new_notebook())
    names = ["leeann_101_9001_toy-1.ipynb", "raybob_LATE_102_9002_toy.ipynb", "raybob_LATE_102_9003_notes.txt"]
    toys.collect(dict.fromkeys(names, work))
    toys.grade("leeann_101", double=1 / 3)
    toys.grade("raybob_102", at=LATE)
    assert toys.give_back("canvas", CANVAS) == 0
    sheet, pages = toys.written("canvas")
    expected = CANVAS.replace(b'"S1, S2",,', b'"S1, S2",9.33,').replace(b'"7.00"', b'"11.7"')
    assert sheet == expected
    assert pages == {names[0]: "<html>leeann_101</html>", names[1]: "<html>raybob_102</html>"}
    told = capsys.readouterr()
    assert "marks of 2 of 3 in toy (77)" in told.out and "2 pages" in told.out and not told.err
    assert "in the sheet without grades, 1 of 3: Kim, Zoe (103)" in told.out
    assert 'marks that the sheet had, and the copy has others, 1: Ray, "Bob" (102), 7 -> 11.7' in told.out
    with Gradebook(toys.directory.db_url) as gradebook:
        late = gradebook.find_submission("toy", "raybob_102")
        assert late.score - late.late_submission_penalty == 11.7


def test_moodle_there_and_back(toys, capsys):
    work = nbformat.writes(nbformat.v4.new_notebook())
    names = ["Ann Lee_7_assignsubmission_file_/toy.ipynb", "Bob Ray_8_assignsubmission_file_/toy.ipynb"]
    # The numbers of another assignment's worksheet are the other's.
    roster = "id,name,lms_user_id\nann,Ann Lee,8\nbob,Bob Ray,7\nzoe,Zoe Kim,\n"
    toys.collect(dict.fromkeys(names, work), roster)
    toys.grade("ann")
    toys.grade("bob", total=0.5)
    assert toys.give_back("moodle", MOODLE) == 0
    sheet, pages = toys.written("moodle")
    expected = MOODLE.replace(b'time",,', b'time",13,').replace(b"bob@uni,Submitted,,", b"bob@uni,Submitted,7.5,")
    assert sheet == expected
    assert pages == {
        "Ann Lee_7_assignsubmission_file_/toy.html": "<html>ann</html>",
        "Bob Ray_8_assignsubmission_file_/toy.html": "<html>bob</html>",
    }
    assert "Zoe Kim (9)" in capsys.readouterr().out


def test_blackboard_there_and_back(toys, capsys):
    work = nbformat.writes(nbformat.v4.new_notebook())
    when = "attempt_2026-03-01-10-00-00"
    entries = {f"toy_{user}_{when}_toy.ipynb": work for user in ("ann", "bob")}
    entries |= {f"toy_{user}_{when}.txt": f"Name: {user} ({user})\n" for user in ("ann", "bob")}
    toys.collect(entries)
    toys.grade("ann")
    toys.grade("bob", double=0, total=0, reflection=0)
    assert toys.give_back("blackboard", BLACKBOARD) == 0
    sheet, pages = toys.written("blackboard")
    expected = BLACKBOARD.decode("utf-16-le").replace("Needs Marking(0.0)", "13").replace('"2"\t""', '"2"\t"0"')
    assert sheet == expected.encode("utf-16-le")
    assert pages == {"ann.html": "<html>ann</html>", "bob.html": "<html>bob</html>"}
    assert "takes no zip of feedback" in capsys.readouterr().out


def test_canvas_takes_pages_for_files_alone_and_hides_whose_they_are(toys, capsys):
    names = ["leeann_101_9001_work.zip/a/toy.ipynb", "raybob_102_text.html", "anon_10301_9003_toy.ipynb"]
    toys.extract(names)
    for student in ("leeann_101", "raybob_102", "anon_10301"):
        toys.grade(student)
    assert toys.give_back("canvas", swap("103,", "10301,")(CANVAS)) == 1
    sheet, pages = toys.written("canvas")
    assert sheet == CANVAS.replace(b"103,", b"10301,").replace(b'S2",,', b'S2",13,').replace(b'"7.00"', b'"13"')
    assert list(pages) == ["leeann_101_9001_work.zip"]
    said = capsys.readouterr().err
    assert "in no row of the sheet (a roster tells who is who): anon_10301" in said
    assert "give them theirs, which is in feedback/, another way: raybob_102" in said


def test_moodle_takes_pages_of_whom_it_does_not_name(toys):
    toys.extract(["Participant_7_assignsubmission_file_/toy.ipynb"])
    toys.grade("Participant_7")
    rows = list(csv.reader(io.StringIO(MOODLE.decode(), newline="")))
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\n").writerows([row[0], *row[3:]] for row in rows)
    assert toys.give_back("moodle", target.getvalue().encode()) == 0
    sheet, pages = toys.written("moodle")
    assert sheet.decode() == target.getvalue().replace('time",,', 'time",13,')
    assert list(pages) == ["Participant_7_assignsubmission_file_/toy.html"]


@pytest.mark.parametrize("student", ["ann@uni", "u1", "101", "leeann_101", "Lee Ann_101", "ANN@UNI"])
def test_somebody_is_found_by_any_of_their_ids(toys, student):
    toys.grade(student)
    assert toys.give_back("canvas", CANVAS) == 1
    assert b'"S1, S2",13,' in (toys.root / "reports/toy-canvas/grades.csv").read_bytes()


@pytest.mark.parametrize("student", ["Ann Lee", "7", "leeann", "Bob Ray_7", "Ann Lee_77", "annlee"])
def test_a_name_or_a_number_of_another_assignment_finds_nobody(toys, student, capsys):
    toys.grade(student)
    assert toys.give_back("moodle", MOODLE) == 1
    assert f"graded, but in no row of the sheet (a roster tells who is who): {student}\n" in capsys.readouterr().err
    assert not (toys.root / "reports").exists()


def test_who_is_left_out_is_told_on_both_sides(toys, capsys):
    toys.grade("ann@uni", reflection=None)
    toys.grade("u2", page=False)
    toys.grade("102")
    toys.grade("eve")
    toys.grade("zoe@uni")
    for folder in ("new/toy", "a*b/toy", "misplaced"):
        (toys.root / "submitted" / folder).mkdir(parents=True)
    (toys.root / "submitted/misplaced/toy.ipynb").touch()
    assert toys.give_back("canvas", CANVAS.replace(b"zoe@uni,S1,,", b"zoe@uni,S1,EX,")) == 1
    told = capsys.readouterr()
    for line in (
        "graded, but in no row of the sheet (a roster tells who is who): eve",
        'graded, but whose row of the sheet cannot be told: 102 and u2 (all are Ray, "Bob" (102))',
        "waits for a mark by hand (--unmarked returns them as they are): ann@uni",
        "handed in, but not graded yet: new\n",
        "the folder's name may not be a student's id: rename it, then grade: a*b (it has '*' in it)",
        "the notebook is not in a folder of the assignment's within the student's: misplaced",
        "excused from it, or not assigned to it, in Canvas: left as it is: zoe@uni",
    ):
        assert line in told.err
    assert "Traceback" not in told.err and not (toys.root / "reports").exists()


@pytest.mark.parametrize(("given", "score"), [({"reflection": None}, "10"), ({"changed": True}, "13")])
def test_who_waits_for_a_mark_is_kept_back_until_told_otherwise(toys, given, score):
    toys.grade("ann@uni", **given)
    toys.grade("bob@uni")
    assert toys.give_back("moodle", MOODLE) == 1
    sheet, pages = toys.written("moodle")
    assert sheet == MOODLE.replace(b"bob@uni,Submitted,,", b"bob@uni,Submitted,13,")
    assert list(pages) == ["Bob Ray_8_assignsubmission_file_/toy.html"]
    assert toys.give_back("moodle", MOODLE, "--unmarked", "--output", str(toys.root / "all")) == 0
    assert f'time",{score},'.encode() in (toys.root / "all/grades.csv").read_bytes()


def test_what_is_there_already_is_kept(toys, capsys):
    toys.grade("ann@uni")
    toys.grade("bob@uni")
    for folder in ("toy-moodle", "toy-moodle-2"):
        assert toys.give_back("moodle", MOODLE) == 0
        assert (toys.root / "reports" / folder / "grades.csv").is_file()
    assert toys.give_back("moodle", MOODLE, "--output", str(toys.root)) == 2
    assert "is there already" in capsys.readouterr().err
    assert not (toys.root / "feedback.zip").exists()


def test_more_points_than_moodle_takes_are_told(toys, capsys):
    toys.grade("ann@uni", reflection=4)
    assert toys.give_back("moodle", MOODLE) == 1
    assert "ann@uni (14 of 13)" in capsys.readouterr().err


def test_pages_that_say_something_else_are_not_packed(toys, capsys):
    toys.grade("ann@uni")
    with (toys.root / "feedback/ann@uni/toy/toy.html").open("a") as page:
        page.write('<!-- record {"number": 1, "score": 2} -->')
    assert toys.give_back("moodle", MOODLE) == 1
    assert "that says another: run `nbgrader generate_feedback`: ann@uni" in capsys.readouterr().err
    assert not (toys.root / "reports/toy-moodle/feedback.zip").exists()


def swap(old, new):
    return lambda sheet: sheet.replace(old.encode(), new.encode())


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


@pytest.mark.parametrize("form", FORMS)
def test_a_sheet_is_filled_in_whatever_its_form(toys, form):
    lms, change = FORMS[form]
    given = change(SHEETS[lms])
    toys.grade("leeann_101" if lms == "canvas" else ANN[lms], total=5.5)
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


def test_nothing_of_ours_begins_a_formula_and_names_harm_no_terminal_and_no_path(toys, capsys):
    given = MOODLE.replace(b"Ann Lee", "=cmd|' /C calc'!A1 ../\x1b[31m\u202eAnn".encode())
    given = given.replace(b"Zoe", b"\x1b[31m\nZoe")
    toys.grade("ann@uni", double=-20)
    toys.grade("bob@uni")
    assert toys.give_back("moodle", given) == 0
    sheet, pages = toys.written("moodle")
    assert sheet == given.replace(b'time",,', b'time",0,').replace(b"bob@uni,Submitted,,", b"bob@uni,Submitted,13,")
    for name in pages:
        folder, _, page = name.partition("/")
        assert page == "toy.html" and folder.isprintable() and folder.count("_") == 4
        assert len(Path(name).parts) == 2 and not set(folder) & set('\\:*?"<>|')
    assert capsys.readouterr().out.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "name", ["../x", "a/b\\c", "con:", "\u202egnp", "\x00\x1b", "  ", "a\tb\nc", "李雷", "d'Ávila"]
)
def test_a_name_of_a_file_is_one(name):
    plain = _plain(name)
    assert plain == "" or (plain.isprintable() and not set(plain) & set('/\\:*?"<>|') and plain == plain.strip())


def test_page_in_the_zip_leads_nowhere_that_is_not_with_it(toys, monkeypatch):
    toys.grade("ann@uni")
    beside = '<a href="../2026-11-24 10:00:00/toy.html">Attempt 1</a>, <a title="x" href="#double">Double</a>'
    others = '<a href="../%3A%20/toy.html"><b>Attempt 2</b></a>, <a href="https://a.org/">a</a>'
    page = f'{beside} {others} &lt;a href="x"> <!-- record {{"number": 3}} -->'
    (toys.root / "feedback/ann@uni/toy/toy.html").write_text(page)
    monkeypatch.setattr(returning, "is_current", lambda *about: True)
    assert toys.give_back("moodle", MOODLE) == 0
    (found,) = toys.written("moodle")[1].values()
    links = re.findall(r'<a [^>]*href="([^"]*)"', found)
    assert links == ["#double", "https://a.org/"]
    assert "Attempt 1, " in found and "<b>Attempt 2</b>, " in found and '&lt;a href="x">' in found


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
