"""Marks by hand: kept when work is graded anew, shown on the page of feedback, in the table, under late penalties."""

import csv
import shutil
import subprocess
import sys
from datetime import datetime, timedelta

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.apps.api import NbGraderAPI

from proctor import cli
from proctor.authoring.build import build_course
from proctor.grading.class_report import draw_up
from proctor.grading.feedback import is_current
from proctor.grading.gradebook import TakeIn, read_grades
from proctor.grading.late import PenaltyPerDay
from proctor.grading.marks import Mark, answers_in, read_submissions
from proctor.grading.student_page import standing
from proctor.proof.demo import cell
from proctor.settings import load_config
from submissions import WRITTEN

# As in the public module, which nbgrader's own commands import.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

MEAN = "def double(x):\n    return x + x.mean()"
DUE = datetime(2026, 3, 1, 12)
PENALTY = '<th scope="row">Late submission penalty</th><td class="number">-{}</td>'


def test_grading_by_force_keeps_marks_and_flags_only_answers_that_changed(toys):
    for student in ("ann", "ben", "cem", "dan"):
        toys.hand_in(student, double=MEAN)
    toys.hand_in("eve", reflection=None)
    toys.autograde()
    assert toys.flagged() == {(student, "reflection") for student in ("ann", "ben", "cem", "dan")}
    for student in ("ann", "ben", "dan"):
        toys.mark(student, "reflection", 2, comment="Say why.")
        toys.mark(student, "check_double", 3)
    toys.mark("eve", "check_total", extra=1)
    toys.hand_in("ben", reflection="Because of something else.", double=MEAN)
    toys.hand_in("dan", double=MEAN + "  # looks right")
    toys.autograde(force=True)
    assert toys.flagged() == {("cem", "reflection"), ("ben", "reflection"), ("dan", "check_double")}
    toys.autograde(force=True)
    assert toys.flagged() == {("cem", "reflection"), ("ben", "reflection"), ("dan", "check_double")}
    toys.mark("ben", "reflection", 2)
    toys.autograde(force=True)
    assert toys.flagged() == {("cem", "reflection"), ("dan", "check_double")}
    grades = read_grades(toys.toy)
    assert [grades[who]["reflection"] for who in ("ann", "ben", "cem", "dan", "eve")] == [2, 2, 0, 2, 0]
    assert [grades[who]["double"] for who in ("ann", "ben", "cem", "dan")] == [3, 3, 1, 3]
    assert grades["eve"]["total"] == 7
    with toys.gradebook() as gradebook:
        assert gradebook.find_comment("reflection", "toy", "toy", "ann").manual_comment == "Say why."


def test_a_page_is_current_until_what_it_says_changes(toys):
    def current():
        with toys.gradebook() as gradebook:
            recorded = read_submissions(gradebook, "toy")["ann"]["toy"]
        page, graded = (toys.root / f"{folder}/ann/toy/toy" for folder in ("feedback", "autograded"))
        return is_current(page.with_suffix(".html"), graded.with_suffix(".ipynb"), recorded, toys.toy, "ann")

    toys.hand_in("ann")
    toys.autograde()
    toys.generate_feedback()
    assert current()
    toys.mark("ann", "reflection", 2)
    assert not current()
    toys.generate_feedback()
    assert current()


def test_mark_whose_answer_cannot_be_told_is_flagged(toys):
    toys.hand_in("ann")
    toys.autograde()
    toys.mark("ann", "reflection", 2)
    shutil.rmtree(toys.root / "autograded/ann")
    toys.autograde()
    assert toys.flagged() == {("ann", "reflection")}


def test_who_is_no_more_in_the_gradebook_is_graded_into_it_again(toys):
    for student in ("ann", "ben"):
        toys.hand_in(student)
    toys.autograde()
    with toys.gradebook() as gradebook:
        gradebook.remove_student("ann")
    assert set(read_grades(toys.toy)) == {"ben"}
    assert "1 graded, 1 unchanged" in toys.autograde()
    assert set(read_grades(toys.toy)) == {"ann", "ben"}
    assert "0 graded, 2 unchanged" in toys.autograde()


def test_mark_through_the_api_that_leaves_the_flag_is_one_of_the_answer_there(toys):
    toys.hand_in("ann")
    toys.autograde()
    with toys.gradebook() as gradebook:
        gradebook.find_grade("reflection", "toy", "toy", "ann").manual_score = 2
    toys.autograde(force=True)
    assert toys.flagged() == set()


def test_pages_are_written_anew_where_what_they_say_has_changed(toys):
    for student in ("ann", "ben", "cem"):
        toys.hand_in(student)
    toys.autograde()
    assert toys.generate_feedback() == {"ann", "ben", "cem"}
    assert toys.generate_feedback() == set()
    toys.mark("ann", "reflection", 2)
    assert toys.generate_feedback() == {"ann"}
    assert "Score: 2 / 3" in toys.page("ann")
    toys.mark("ann", "reflection", 2, comment="Say why.")
    toys.mark("ben", "check_double", 3)
    assert toys.generate_feedback() == {"ann", "ben"}
    assert "Say why." in toys.page("ann")
    toys.mark("ben", "check_double", extra=1)
    toys.hand_in("cem", double=MEAN)
    toys.autograde()
    assert toys.generate_feedback() == {"ben", "cem"}
    assert "Score: 1 / 4" in toys.page("cem")
    toys.autograde(force=True)
    assert toys.generate_feedback() == set()
    (toys.root / "feedback/ann/toy/toy.html").unlink()
    assert toys.generate_feedback() == {"ann"}


def test_answer_that_is_not_marked_yet_says_so_on_the_page(toys):
    toys.hand_in("ann")
    toys.hand_in("eve", reflection=None)
    toys.autograde()
    toys.generate_feedback()
    page = " ".join(toys.page("ann").split())
    assert "<h1>toy: 10 of 13 points so far</h1>" in page
    assert '<b>Not marked yet:</b> <a href="#reflection">Reflect</a>, 3 points.' in page
    assert page.count("Not marked yet: 3 points") == 1 and "0 / 3" not in page and "0.0 / 3" not in page
    assert '<td class="number">- of 3</td><td>not marked yet</td>' in page
    assert "ot marked yet" not in toys.page("eve") and "Score: 0 / 3" in toys.page("eve"), "there is no answer"
    toys.mark("ann", "reflection", 0)
    toys.generate_feedback()
    assert "ot marked yet" not in toys.page("ann") and "Score: 0 / 3" in toys.page("ann")


def test_page_says_one_number_of_an_overruled_score_and_whose_it_is(toys):
    toys.hand_in("ann", double=MEAN)
    toys.autograde()
    toys.generate_feedback()
    assert "Score: 1 / 4<" in toys.page("ann")
    toys.mark("ann", "check_double", 3)
    toys.generate_feedback()
    page = toys.page("ann")
    assert page.count("Score: 3 / 4, given by a person") == 1
    assert "1 of 4" not in page and "1 / 4" not in page
    found = page[page.index("What the checks found:") : page.index(">Sum a function of a tensor</h2>")]
    assert "Every value is doubled." in found and " of 3)" not in found, "a check's own points would be a second number"
    assert "Score: 6 / 6<" in page, "the others as they were"


@pytest.mark.parametrize(
    ("mark", "stale", "is_checked", "words"),
    [
        (Mark(None, None, None, 5, True), False, False, "Not marked yet: 5 points"),
        (Mark(None, None, 1, 5, True), False, False, "Not marked yet: 5 points"),
        (Mark(None, 0, None, 5, False), False, False, "Score: 0 / 5"),
        (Mark(0, None, None, 5, False), False, False, "Score: 0 / 5"),
        (Mark(None, 10 / 3, None, 5, False), False, False, "Score: 3.33 / 5"),
        (Mark(5, 5, None, 5, False), False, True, "Score: 5 / 5, given by a person"),
        (Mark(4, None, 2, 5, False), False, True, "Score: 6 / 5, with 2 extra, given by a person"),
        (Mark(None, 3, None, 5, True), True, False, "Score: 3 / 5, for an earlier answer; not marked again yet"),
    ],
)
def test_standing_tells_what_counts_and_whose_it_is(mark, stale, is_checked, words):
    assert standing(mark, stale, is_checked) == words


def test_page_tells_a_mark_of_an_earlier_answer(toys):
    toys.hand_in("ann")
    toys.autograde()
    toys.mark("ann", "reflection", 2)
    toys.hand_in("ann", reflection="Because of something else.")
    toys.autograde()
    toys.generate_feedback()
    assert "Score: 2 / 3, for an earlier answer; not marked again yet" in toys.page("ann")
    toys.mark("ann", "reflection", 2)
    assert toys.generate_feedback() == {"ann"}
    assert "earlier answer" not in toys.page("ann")


NAMES = {"ann": ("Lee, Ann,x@y.z,100,0,100,100", 'A "b"\nc', ""), "ben": ("=1+1", "@SUM(A1)", "-1")}


def test_export_takes_late_penalties_anew_warns_of_what_is_not_marked_and_keeps_names_in_their_cells(toys):
    for student in ("ann", "ben"):
        toys.hand_in(student, at=DUE + timedelta(hours=1))
    toys.autograde()
    with toys.gradebook() as gradebook:
        gradebook.update_or_create_assignment("toy", duedate=DUE)
        for student, (last, first, email) in NAMES.items():
            gradebook.update_or_create_student(student, last_name=last, first_name=first, email=email)
    toys.mark("ann", "reflection", 3)
    command = [sys.executable, "-m", "nbgrader", "export"]
    ran = subprocess.run(command, cwd=toys.root, capture_output=True, text=True, check=True)
    assert "toy: 1 answer is not marked yet, and counts as 0" in ran.stderr
    with (toys.root / "grades.csv").open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {who: (row["late_submission_penalty"], row["score"]) for who, row in rows.items()} == {
        "ann": ("1.3", "11.7"), "ben": ("1.0", "9.0"),
    }  # fmt: skip
    exported = {who: (row["last_name"], row["first_name"], row["email"]) for who, row in rows.items()}
    assert exported == {"ann": NAMES["ann"], "ben": tuple(f"'{name}" for name in NAMES["ben"])}


def test_answer_of_a_check_is_the_code_above_it(toys):
    notebook = nbformat.read(toys.toy.source_notebook, as_version=4)
    answers = answers_in(notebook)
    assert "def double" in answers["check_double"] and "def total" not in answers["check_double"]
    assert "def total" in answers["check_total"] and "def double" not in answers["check_total"]
    assert answers["reflection"] == cell(notebook, "reflection").source


FROM_SCRATCH = """
@pytest.fixture(autouse=True)
def by_hand(submission):
    expect.from_scratch(submission, "double", BuiltIn(frozenset({"add"}), ("add",), ("toylib",)))


@pytest.mark.points(1)"""


def test_code_that_hides_what_it_uses_is_left_to_a_person(toys, capsys):
    check = toys.root / "graders/toy/test_double.py"
    text = check.read_text().replace("@pytest.mark.points(1)", FROM_SCRATCH.strip(), 1)
    imports = "import torch\nfrom proctor.checks.constraints import BuiltIn\n"
    check.write_text(text.replace("import torch\n", imports, 1))
    toys.hand_in("ann", double="def double(x):\n    return getattr(torch, 'a' + 'dd')(x, x)")
    toys.hand_in("ben")
    toys.autograde()
    assert toys.flagged() == {("ann", "check_double"), ("ann", "reflection"), ("ben", "reflection")}
    assert [read_grades(toys.toy)[who]["double"] for who in ("ann", "ben")] == [0, 4]
    toys.generate_feedback()
    assert "Not marked yet: 4 points" in toys.page("ann")
    assert "A person is to look at it" in toys.page("ann")
    toys.mark("ann", "check_double", 4)
    toys.autograde(force=True)
    assert read_grades(toys.toy)["ann"]["double"] == 4
    assert cli.main(["table", "toy"]) == 0
    assert "ann" in capsys.readouterr().out


def test_table_tells_what_is_not_marked_yet(toys, capsys):
    toys.hand_in("ann")
    toys.hand_in("ben")
    toys.hand_in("eve", reflection=None)
    toys.autograde()
    with toys.gradebook() as gradebook:
        gradebook.update_or_create_student("fay")
        gradebook.update_or_create_submission("toy", "fay")
    assert cli.main(["table"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line}
    assert rows["ann"] == ["4", "6", "-", "10"] and rows["eve"] == ["4", "6", "0", "10"]
    assert rows["fay"] == ["-", "-", "-", "0"]
    assert lines[-2:] == [
        "2 answers of 2 students are not marked yet (-); `proctor mark toy` leads to them.",
        "1 submission is not graded yet, or nothing was handed in.",
    ]
    toys.mark("ann", "reflection", 2)
    toys.mark("ben", "reflection", 0)
    toys.hand_in("ann", reflection="Because of something else.")
    toys.autograde()
    cli.main(["table"])
    printed = capsys.readouterr().out
    words = "1 mark of 1 student is of an answer that has changed since (-), still in the total;"
    assert f"{words} `proctor mark toy` leads there." in printed and "not marked yet" not in printed
    rows = {line.split()[0]: line.split()[1:] for line in printed.splitlines() if line}
    assert rows["ann"] == ["4", "6", "-", "12"] and rows["ben"] == ["4", "6", "0", "10"]
    assert {one.name: one.not_marked for one in draw_up(toys.toy).students} == {
        "ann": {"reflection"}, "ben": set(), "eve": set()
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "days", "penalty"),
    [
        ({}, 0.01, 1),
        ({}, 1, 1),
        ({}, 1.01, 2),
        ({}, 30, 10),
        ({"percent_per_day": 25, "most_percent": 40}, 3, 4),
        ({"grace_minutes": 15}, 10 / 1440, None),
        ({"grace_minutes": 15}, 20 / 1440, 1),
        ({"grace_minutes": 15}, 1 + 10 / 1440, 1),
        ({"percent_per_day": 0}, 5, 0),
    ],
)
def test_penalty_counts_days_begun(settings, days, penalty):
    assert PenaltyPerDay(**settings).late_submission_penalty("ann", 10, days * 86400) == penalty


def test_late_penalty_counts_marks_by_hand_and_an_extension(toys, capsys):
    toys.hand_in("ann", at=DUE + timedelta(hours=30))
    toys.hand_in("ben", at=DUE - timedelta(hours=1))
    toys.autograde()
    toys.generate_feedback()
    cli.main(["table"])
    assert "late" not in capsys.readouterr().out
    assert "penalty" not in toys.page("ann"), "there is no due date"
    with toys.gradebook() as gradebook:
        gradebook.update_or_create_assignment("toy", duedate=DUE)
    for student in ("ann", "ben"):
        toys.mark(student, "reflection", 3)
    assert toys.generate_feedback() == {"ann", "ben"}
    assert PENALTY.format("2.6") in toys.page("ann") and "toy: 10.4 of 13 points<" in toys.page("ann")
    assert "Late submission penalty" not in toys.page("ben")
    cli.main(["table"])
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows["submission"] == ["double", "total", "reflection", "late", "total"]
    assert rows["ann"] == ["4", "6", "3", "-2.6", "10.4"] and rows["ben"] == ["4", "6", "3", "13"]
    with toys.gradebook() as gradebook:
        gradebook.grant_extension("toy", "ann", days=1)
    assert toys.generate_feedback() == {"ann"}
    assert PENALTY.format("1.3") in toys.page("ann")
    with toys.gradebook() as gradebook:
        gradebook.update_or_create_assignment("toy", duedate=None)
    toys.autograde(force=True)
    assert toys.generate_feedback() == {"ann"}
    assert "Late submission penalty" not in toys.page("ann")


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("graders/toy/test_total.py", "import no_such_module", "graders/toy/test_total.py:1: ModuleNotFoundError"),
        ("graders/toy/test_total.py", "def (", "graders/toy/test_total.py:1: SyntaxError"),
        ("graders/toy/test_total.py", None, "no checks in graders/toy/test_total.py"),
        ("graders/toy/mistakes.py", "1 / 0", "graders/toy/mistakes.py:1: ZeroDivisionError"),
        ("solutions/toy.py", "{}\n1 / 0", "ZeroDivisionError"),
        ("solutions/toy.py", "{}\ndef (", "solutions/toy.py"),
        ("course_config.py", '{}\nc.AssignLatePenalties.plugin_class = "no.such"', "the late plugin no.such cannot"),
        ("course_config.py", "{}\nc.PenaltyPerDay.percent_per_day = 101", "should not be greater than 100"),
        ("course_config.py", "{}\nc.Proctor.sandbx = 1", "c.Proctor has no setting 'sandbx'"),
        ("course_config.py", "{}\nc.Autograde.autograde_preprocessors = []", "has no proctor.gradebook.GradeCells"),
        ("gradebook.db", "no database" * 100, "gradebook.db cannot be opened: file is not a database"),
    ],
)
def test_fault_of_the_course_is_told_once(toys, file, text, words):
    for student in ("ann", "ben"):
        toys.hand_in(student)
    path = toys.root / file
    if text is None:
        path.unlink()
    else:
        path.write_text(text.replace("{}", path.read_text()) if "{}" in text else text)
    config = load_config(toys.root / "course_config.py")
    result = NbGraderAPI(toys.course.directory, config=config).autograde("toy", "*", force=True)
    assert not result["success"]
    errors = [line for line in result["log"].splitlines() if "[ERROR]" in line]
    assert len(errors) == 1 and words in errors[0] and "Traceback" not in result["log"], result["log"]


def test_what_somebody_else_has_graded_meanwhile_is_unchanged(toys, monkeypatch):
    toys.hand_in("ann")
    toys.autograde()
    seen = iter([True])
    monkeypatch.setattr(TakeIn, "_is_new", lambda *about: next(seen, False))
    assert "0 graded, 1 unchanged." in toys.autograde()


def test_notebook_that_nbgrader_executes_itself_keeps_its_marks_and_says_what_is_open(toys):
    about = {"schema_version": 3, "task": False}
    marked = about | {"grade": True}
    essay = new_markdown_cell("Your answer here.", id="essay")
    essay.metadata.nbgrader = marked | {"grade_id": "essay", "solution": True, "locked": False, "points": 3}
    code = new_code_cell("x = 1", id="code")
    code.metadata.nbgrader = about | {"grade_id": "code", "grade": False, "solution": True, "locked": False}
    check = new_code_cell("assert x == 2", id="check")
    check.metadata.nbgrader = marked | {"grade_id": "check", "solution": False, "locked": True, "points": 5}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=[essay, code, check], metadata=kernel)
    (toys.root / "source/plain").mkdir()
    nbformat.write(notebook, toys.root / "source/plain/plain.ipynb")
    assert toys.nbgrader.generate_assignment("plain")["success"]
    folder = toys.root / "submitted/ann/plain"
    folder.mkdir(parents=True)

    def once_more(**answers):
        handed_in = nbformat.read(toys.root / "release/plain/plain.ipynb", as_version=4)
        for name, source in answers.items():
            cell(handed_in, name).source = source
        nbformat.write(handed_in, folder / "plain.ipynb")
        assert toys.nbgrader.autograde("plain", "*", force=True)["success"]
        assert toys.nbgrader.generate_feedback("plain", force=False)["success"]
        with toys.gradebook() as gradebook:
            submission = gradebook.find_submission("plain", "ann")
            flagged = {grade.name for grade in submission.notebooks[0].grades if grade.needs_manual_grade}
        return flagged, " ".join((toys.root / "feedback/ann/plain/plain.html").read_text().split())

    flagged, page = once_more(essay="Because.")
    assert flagged == {"essay"} and "Not marked yet: 3 points" in page and "Score: 0 / 5" in page
    with toys.gradebook() as gradebook:
        for name, score in (("essay", 2), ("check", 1)):
            grade = gradebook.find_grade(name, "plain", "plain", "ann")
            grade.manual_score, grade.needs_manual_grade = score, False
    flagged, page = once_more(essay="Because.")
    assert flagged == set() and "Score: 2 / 3" in page and "Score: 1 / 5, given by a person" in page
    flagged, page = once_more(essay="Because.", code="x = 2")
    assert flagged == {"check"} and "plain: 3 of 8 points" in page


def test_reason_is_on_the_page_where_all_answers_are_written(toys):
    text = '# %% [markdown]\n# # Essay\n\n# %%\nimport this\n' + WRITTEN
    (toys.root / "source/essay").mkdir()
    (toys.root / "source/essay/essay.py").write_text(text)
    (toys.root / "solutions/essay.py").write_text('"""Nothing to write in code."""\n')
    build_course(toys.course, ["essay"])
    for student, content in (("ann", "{}"), ("ben", "<b>I could not</b>"), ("cem", None)):
        folder = toys.root / "submitted" / student / "essay"
        folder.mkdir(parents=True)
        if content:
            (folder / "essay.ipynb").write_text(content)
    shutil.copytree(toys.root / "release/essay", toys.root / "submitted/dan/essay")
    assert toys.nbgrader.autograde("essay", "*", force=False)["success"]
    assert toys.nbgrader.generate_feedback("essay", force=False)["success"]
    pages = {path.parts[-3]: path.read_text() for path in toys.root.glob("feedback/*/essay/essay.html")}
    assert "it has no <code>nbformat</code>. Nothing could be graded." in pages["ann"]
    assert "it is not valid JSON" in pages["ben"] and "No notebook was handed in. Nothing" in pages["cem"]
    assert "Nothing could be graded" not in pages["dan"]
