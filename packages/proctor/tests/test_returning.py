"""Marks and pages on their way back into Canvas, Moodle and Blackboard: their own sheets, and their own zips."""

import csv
import io
import re
import shutil
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from lms_sheets import BLACKBOARD, CANVAS, MOODLE, Toys, swap
from proctor.authoring.build import scripts_on_path
from proctor.grading import returning
from proctor.grading.returning import _plain

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
DUE, LATE = datetime(2026, 3, 1, 12), datetime(2026, 3, 2, 11)


@pytest.fixture
def toys(written_course, tmp_path):
    return Toys(shutil.copytree(written_course, tmp_path / "course"))


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


@pytest.mark.prove
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


@pytest.mark.prove
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
