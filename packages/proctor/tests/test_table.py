"""The class in a terminal: within 100 columns, whoever is in it; what nbgrader exports; what nobody has marked yet."""

import csv
import random
import shutil
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.plugins import CsvExportPlugin
from sqlalchemy.exc import OperationalError
from tqdm.utils import disp_len

from proctor import cli
from proctor.authoring.assignment import Assignment, Exercise
from proctor.grading.marks import open_gradebook
from proctor.grading.reading import Unreadable
from proctor.grading.report import WIDTH, class_table, summary, what_is_open
from toys import Marked

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

NAMES = ["ann", "o'neil", "李雷 (2)", "李" * 60, "leeann_1234567", "x" * 200, "Zoë d'Ávila (2)"]
NAMES.append("ann.lee@university.example")


def made_up(exercises, draw):
    """An assignment, and arguments for its table."""
    every = tuple(
        Exercise(f"{'very_' * draw.randrange(4)}long_{n}", f"Long {n}", draw.choice([1, 2.5, 12]), (), "", n % 2 == 0)
        for n in range(exercises)
    )
    assignment = Assignment("made_up", None, every)
    grades = {name: {one.id: draw.random() * one.points for one in every} for name in NAMES[:-1]}
    not_marked = {name: {one.id for one in every if one.written and draw.random() < 0.5} for name in grades}
    for name, open_ones in not_marked.items():
        grades[name] |= dict.fromkeys(open_ones, 0.0)
    penalties = {name: 0.25 for name in NAMES[:2]} if draw.random() < 0.5 else {}
    return assignment, grades, not_marked, penalties, {NAMES[-1]: "nothing handed in"}


@pytest.mark.parametrize("exercises", [1, 2, 5, 8, 12, 19, 40, 90])
def test_table_fits_and_leaves_nothing_out(exercises):
    draw = random.Random(exercises)
    for _ in range(5):
        assignment, grades, not_marked, penalties, others = made_up(exercises, draw)
        lines = class_table(assignment, grades, not_marked, penalties, others, wide=False)
        assert max(map(disp_len, lines)) <= WIDTH
        text = "\n".join(lines)
        assert all(one.id in text for one in assignment.exercises)
        rows = [line for line in lines if line.startswith("ann ")]
        cells = [cell for row in rows for cell in row.split()[1:]]
        total = sum(grades["ann"].values()) - penalties.get("ann", 0)
        assert f"{max(0, round(total, 2)):g}" in cells
        assert cells.count("-") == len(not_marked["ann"])
        assert len(cells) == exercises + 1 + bool(penalties)
        assert any(line.endswith("nothing handed in") for line in lines)
        (header,) = class_table(assignment, grades, not_marked, penalties, others)[:1]
        ends = ["late", "total"] if penalties else ["total"]
        assert header.split() == ["submission", *(one.id for one in assignment.exercises), *ends]


def test_two_whose_long_names_begin_alike_are_told_apart():
    assignment = Assignment("a", None, tuple(Exercise(f"exercise_{n}", "", 1, (), "") for n in range(19)))
    grades = {f"maria-magdalena.mueller_{n}": {} for n in range(100, 120)}
    lines = class_table(assignment, grades, wide=False)
    assert len({line.split()[0] for line in lines[1:21]}) == 20


@pytest.fixture
def late(written_course, tmp_path):
    """A class of which some were late; one has less than nothing left, one has extra credit."""
    root = shutil.copytree(written_course, tmp_path / "course")
    with (root / "course_config.py").open("a") as config:
        config.write('\nc.AssignLatePenalties.plugin_class = "proctor.gradebook.PenaltyPerDay"\n')
        config.write("c.PenaltyPerDay.percent_per_day = 30\n")
    marked, due = Marked(root), datetime(2026, 3, 1, 12)
    for number, student in enumerate(("ann", "ben", "cem", "dan")):
        marked.grade(student, "Because.")
        with marked.gradebook() as gradebook:
            gradebook.update_or_create_assignment("toy", duedate=due)
            gradebook.update_or_create_submission("toy", student, timestamp=due + timedelta(hours=25 * number))
            grade = gradebook.find_grade("reflection", "toy", "toy", student)
            grade.manual_score = number / 2 if number else None
            grade.extra_credit = 1.5 if number == 2 else -20.0 if number == 3 else None
            gradebook.db.commit()
    return marked


def test_totals_are_those_that_nbgrader_exports(late, tmp_path, capsys):
    assert cli.main(["--course", str(late.root), "table", "toy"]) == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if line}
    with late.gradebook() as gradebook:
        plugin = CsvExportPlugin()
        plugin.to = str(tmp_path / "grades.csv")
        plugin.export(gradebook)
    with (tmp_path / "grades.csv").open() as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert {student: float(rows[student][-1]) for student in exported} == pytest.approx(exported)
    assert exported["ben"] < 2.5, "a penalty was taken"
    assert rows["ann"][2] == "-"


def test_reading_only_the_top_of_a_table_is_no_fault(late):
    command = [sys.executable, "-m", "proctor.cli", "--course", str(late.root), "table"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 0)


def test_each_table_says_its_assignment(written_course, tmp_path, capsys):
    root = shutil.copytree(written_course, tmp_path / "course")
    assert cli.main(["--course", str(root), "table", "toy", "toy"]) == 0
    first, second = capsys.readouterr().out.split("\n\n")
    assert first.startswith("toy, 13 points\nsubmission") and second.startswith("toy, 13 points\nsubmission")


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\rb", "a\u2028b", "\x1b[31mab", "\u202eab", "a\vb", "a\x85b"])
def test_name_stays_within_its_row(name):
    assignment = Assignment("a", None, (Exercise("one", "", 1, (), ""),))
    for wide in (True, False):
        lines = class_table(assignment, {name: {"one": 1}}, others={f"{name}!": "nothing handed in"}, wide=wide)
        assert len(lines) == 4 and all(line.isprintable() for line in lines)
        assert len({disp_len(line) for line in lines[:2]}) == 1


def test_one_is_told_as_one(toy):
    assert summary(1, 0, 0, 0) == "1 submission: 1 graded, 0 unchanged."
    assert summary(1, 0, 1, 0) == "2 submissions: 1 graded, 0 unchanged, 1 could not be graded."
    one, two = {"ann": {"double"}}, {"ann": {"double"}, "ben": {"double", "total"}}
    (line,) = what_is_open(toy, {}, one)
    assert line.startswith("1 mark of 1 student is of an answer")
    (line,) = what_is_open(toy, {}, two)
    assert line.startswith("3 marks of 2 students are of an answer")
    assert what_is_open(toy, {"ben": two["ben"]}, {}) == ["1 submission is not graded yet, or nothing was handed in."]


def test_code_that_waits_for_a_person_is_an_answer_to_mark(toy):
    (line,) = what_is_open(toy, {"ann": {"double"}}, {})
    assert line == "1 answer of 1 student is not marked yet (-); `proctor mark toy` leads to them."


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///nowhere.db", "there is no gradebook nowhere.db; run `proctor build`"),
        ("sqlite:///course_config.py", "file is not a database"),
        ("sqlite:////proc/version", "/proc/version cannot be opened"),
        ("postgresql+psycopg://ann:hush@127.0.0.1:1/none", "ann:***@127.0.0.1:1/none cannot be opened: "),
        ("postgresql+no_driver://ann:hush@127.0.0.1:1/none", "ann:***@127.0.0.1:1/none cannot be opened: "),
        ("hush", "c.CourseDirectory.db_url is no database URL"),
    ],
)
def test_table_of_a_gradebook_that_cannot_be_opened_is_one_line(
    written_course, tmp_path, monkeypatch, capsys, url, words
):
    monkeypatch.chdir(shutil.copytree(written_course, tmp_path / "course"))
    with Path("course_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {url!r}\nc.CourseDirectory.course_id = 'toys'\n")
    assert cli.main(["table"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and words in said.err and "hush" not in said.err


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("attempt to write a readonly database", "have its rights and its folder's changed"),
        ("database or disk is full", "make room"),
        ("database is locked", "another program holds it"),
    ],
)
def test_what_to_do_about_a_gradebook_that_takes_nothing_is_told(toys, said, advice):
    with pytest.raises(Unreadable, match=f"{said}; {advice}"), open_gradebook(toys.course.directory):
        raise OperationalError("UPDATE", {}, sqlite3.OperationalError(said))
