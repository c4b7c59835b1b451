"""The report on a class: points, checks, mistakes with a name and without, and who wrote what few others did."""

import csv
import html
import io
import random
import re
import runpy
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta

import nbformat
import pytest
from nbgrader.apps.api import NbGraderAPI

from proctor import cli
from proctor.authoring.assignment import load_assignment
from proctor.authoring.bank import BEGINNING, as_entry
from proctor.authoring.build import scripts_on_path
from proctor.authoring.errors import BuildError
from proctor.checks.diagnosis import mistakes_outcomes
from proctor.checks.outcome import GradingError
from proctor.course import open_course
from proctor.grading import class_report
from proctor.grading.alike import alike
from proctor.grading.class_report import (
    MOST_ALIKE,
    ClassReport,
    MistakeRow,
    Student,
    _check_rows,
    _groups,
    as_html,
    draw_up,
    duration,
    histogram,
)
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict
from proctor.proof.demo import cell
from toys import Marked


def student(name, **passed):
    checks = [CheckVerdict(check, f"{check}.", 2.0 * right, 2.0, right, "") for check, right in passed.items()]
    verdict = ExerciseVerdict("total", "Total", sum(c.points for c in checks), 2.0 * len(checks), "partial", checks)
    return Student(name, {"total": verdict.points}, verdicts={"total": verdict})


def test_suspicious_checks_have_a_word(toy):
    good = [student(f"good{n}", a=True, b=True, c=True, odd=False, never=False) for n in range(5)]
    weak = [student(f"weak{n}", a=n == 0, b=False, c=False, odd=True, never=False) for n in range(5)]
    rows = {row.title: row for row in _check_rows(toy.exercises[1], [*good, *weak])}
    assert (rows["never."].passed, rows["never."].word, rows["never."].discrimination) == (0.0, "nobody passes", None)
    assert rows["odd."].word == "the best fail it"
    assert rows["a."].word == ""
    assert rows["a."].discrimination > 0.5


def test_bars_count_everybody_and_full_marks_apart():
    bars = dict(histogram([0, 0.4, 9.9, 10, 10, 12], 10))
    assert (bars[0.0], bars[0.95], bars[1.0], sum(bars.values())) == (2, 1, 3, 6)
    assert histogram([], 10) == []


WRITTEN = {
    "ann": "def double(x):\n    return x + x",
    "ben": "def double(x):\n    return 3 * x",
    "cem": "def double(x):\n    return x * x  # <b>",
    "dan": "def double(x):\n    squares = x**2\n    return squares",
    "eve": "def double(x):\n    raise NotImplementedError",
}


@pytest.fixture
def graded(toy_course, tmp_path, solved, once):
    """A copy of the toy course with a small class, graded by nbgrader."""

    def make(root):
        shutil.copytree(toy_course, root)
        for name, answer in WRITTEN.items():
            cell(solved, "double").source = answer
            (root / "submitted" / name / "toy").mkdir(parents=True)
            nbformat.write(solved, root / "submitted" / name / "toy/toy.ipynb")
        course = open_course(root)
        with scripts_on_path():
            result = NbGraderAPI(course.directory, config=course.config).autograde("toy", "*")
        assert result["success"], result["log"]

    return shutil.copytree(once("graded_toy_course", make), tmp_path / "course")


def test_report_names_known_mistakes_and_groups_the_others(graded, capsys):
    assert cli.main(["--course", str(graded), "report", "toy", "--csv", str(graded / "checks.csv")]) == 0
    page = (graded / "reports/toy.html").read_text()
    assert capsys.readouterr().out.strip().endswith("reports/toy.html")
    assert "5 submissions graded." in page
    assert "Did you mean to multiply by FACTOR?" in page
    # Two wrote the same mistake in other words.
    assert re.search(r"<b>2</b> in double: <code>double\(x\)</code> has wrong values", page)
    assert "cem, dan. The code of one of them:" in page

    assert "exercise=&#34;double&#34;" in page
    assert "return x * x  # &lt;b&gt;" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    rows = list(csv.DictReader(io.StringIO((graded / "checks.csv").read_text())))
    assert {(row["student"], row["mistake"]) for row in rows if row["mistake"]} == {("ben", "triples")}
    assert len(rows) == 15
    assert re.search(r"Grading took [\d.]+ \w+ in all", page)
    assert "Nothing ran out of time." in page


def entries(page):
    found = re.findall(r"A ready entry for mistakes.py</summary><pre>(.*?)</pre>", page, re.DOTALL)
    return [html.unescape(entry) for entry in found]


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_entry_that_is_pasted_has_all_of_its_group_told(graded):
    course = open_course(graded)
    toy = load_assignment(course, "toy")
    (entry,) = entries(as_html(draw_up(toy)))
    named = entry.replace('name=""', 'name="squares"').replace('hint=""', 'hint="You square it."')
    with (graded / "graders/toy/mistakes.py").open("a") as file:
        file.write(named + "\n")
    with scripts_on_path():
        assert NbGraderAPI(course.directory, config=course.config).autograde("toy", "*", force=True)["success"]
    report = draw_up(toy)
    assert report.groups == []
    for name in ("cem", "dan"):
        (one,) = [student for student in report.students if student.name == name]
        check = one.verdicts["double"].checks[1]
        assert (check.mistake, check.message.split("\n")[1:]) == ("squares", ["You square it."])


CODES = [
    "def double(x):\n    return x * x",
    'def double(x):\n    """Says "\\n" and \'\\\\d\'."""\n    return x  # """" \\',
    "def double(x):\n    names = " + repr([f"name {n}" for n in range(60)]) + "\n\n\treturn '\\x00' + \"\\u2028\"",
    "\n\ndouble = lambda x: '" + "\\\\" * 200 + '"' * 7 + "'\n\n",
    "x = '\t\r\x00\x0c\x85\xa0\u2028\u202e\ufeff\ud800\U0001f600 é" + "漢" * 300 + "'",
]


def test_entries_are_what_ruff_would_write_and_hold_the_code_as_it_is(tmp_path):
    draw, pieces = (
        random.Random(0),
        ['"', "'", "\\", "\n", "\t", "\r", "x", " ", '"""', "\\N{", "{", "漢", "\ud800", "#"],
    )
    codes = CODES + [f"x{''.join(draw.choices(pieces, k=draw.randrange(400)))}" for _ in range(50)]
    bank = tmp_path / "mistakes.py"
    bank.write_text("\n".join([BEGINNING, *(as_entry("double", code) for code in codes), ""]), encoding="utf-8")
    made = runpy.run_path(str(bank))["MISTAKES"]
    assert [mistake.code.strip("\n") for mistake in made] == [code.strip("\n") for code in codes]
    settings = ["--isolated", "--line-length=120", "--no-cache", str(bank)]
    for command in (["check", "--select=E,F,I,B,UP,N"], ["format", "--check"]):
        ran = subprocess.run([sys.executable, "-m", "ruff", *command, *settings], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("code", "about"),
    [
        ("def total(x): return x", {"lost": True}),
        ("total = nothing", {"message": "Its cell stopped: NameError: name 'nothing' is not defined."}),
        ("def total(x:", {}),
        ("x = 1\n" * 4000, {}),
    ],
)
def test_no_entry_would_stop_or_end_the_grader(toy, code, about):
    one = student("ann", a=False)
    one.answers = {"total": code}
    check = replace(one.verdicts["total"].checks[0], observed="1", message="It is wrong.")
    one.verdicts["total"].checks = [replace(check, **about)]
    report = ClassReport(toy, [one], {}, groups=_groups([one]))
    page = as_html(report)
    assert entries(page) == [] and "There is no entry for mistakes.py" in page
    two = student("ben", a=False)
    two.answers, two.verdicts["total"].checks = {"total": "def total(x): return 2 * x"}, [check]
    (group,) = _groups([one, two])
    assert group.students == ("ann", "ben") and "return 2 * x" in group.entry, "where another's can be one"


@pytest.mark.parametrize(
    ("name", "code", "error", "words"),
    [
        ("", "def double(x): return x", BuildError, "graders/toy/mistakes.py:1: an entry for `double` has no name"),
        (
            "early",
            "double = undefined",
            GradingError,
            r"mistakes.py: the mistake `early` stops before .*NameError: name",
        ),
        ("early", "exit()", GradingError, "mistakes.py: the mistake `early` stops before"),
    ],
)
def test_entry_that_cannot_be_used_is_told_by_its_name(toy_course, tmp_path, name, code, error, words):
    root = shutil.copytree(toy_course, tmp_path / "course")
    toy = load_assignment(open_course(root), "toy")
    with (root / "graders/toy/mistakes.py").open("a") as file:
        file.write(as_entry("double", code).replace('name=""', f'name="{name}"') + "\n")
    with pytest.raises(error, match=words):
        mistakes_outcomes(toy, toy.exercises[0], "cpu")


def test_report_of_an_unknown_assignment_is_one_line(toy_course, capsys):
    assert cli.main(["--course", str(toy_course), "report", "tony"]) == 2
    assert capsys.readouterr().err.startswith("proctor: no source/tony/tony.py")


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_report_says_who_was_late_who_waits_and_what_ran_out_of_time(written_course, tmp_path):
    marked, due = Marked(shutil.copytree(written_course, tmp_path / "course")), datetime(2026, 3, 1, 12)
    for number, name in enumerate(("ann", "ben", "cem")):
        marked.grade(name, "Because.")
        with marked.gradebook() as gradebook:
            gradebook.update_or_create_assignment("toy", duedate=due)
            gradebook.update_or_create_submission("toy", name, timestamp=due + timedelta(hours=30 * number - 30))
            grade = gradebook.find_grade("reflection", "toy", "toy", name)
            grade.manual_score, grade.needs_manual_grade = (1, False) if name == "ann" else (None, True)
            gradebook.db.commit()
    with marked.gradebook() as gradebook:
        gradebook.update_or_create_student("zoe", first_name="Zoe")
        gradebook.update_or_create_student("dan", first_name="Dan")
        # She was given more time, and is in the gradebook therefore.
        gradebook.update_or_create_submission("toy", "zoe")
        gradebook.grant_extension("toy", "zoe", days=2)
    report = draw_up(marked.toy)
    assert [one.name for one in report.students] == ["ann", "ben", "cem"]
    assert report.others == {"dan": "nothing handed in", "zoe": "nothing handed in"}
    assert {one.name: one.late for one in report.students} == {"ann": 0, "ben": 0, "cem": 30 * 3600}
    assert [one.not_marked for one in report.students] == [set(), {"reflection"}, {"reflection"}]
    stopped = "Your code was stopped: this call may take 20 seconds."
    for one in report.students[:2]:
        check = CheckVerdict("a", "A.", 0.0, 4.0, False, stopped)
        one.verdicts["double"] = ExerciseVerdict("double", "Double", 0.0, 4.0, "error", [check])
    report.students[0].seconds, report.students[1].seconds = 90.0, 2.0
    page = as_html(report)
    assert "<b>2</b> nothing handed in" in page and "dan, zoe" in page
    assert "<b>1</b> late" in page and "cem (30 hours)" in page
    assert "<b>2</b> wait for a person's marks: 2 answers" in page
    assert "2 not marked yet" in page
    assert "Grading took 1.5 minutes in all" in page and "ann 1.5 minutes, ben 2 seconds." in page
    assert re.search(r">2</td><td>double</td><td>Your code was stopped", page) and "ann, ben" in page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0 seconds"), (2, "2 seconds"), (89, "89 seconds"), (90, "1.5 minutes"), (1800, "30 minutes"),
     (1, "1 second"), (7200, "2 hours"), (108000, "30 hours"), (259200, "3 days"), (8640000, "100 days")],
)  # fmt: skip
def test_times_are_told_as_people_tell_them(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize("size", [0, 1, 500])
def test_page_of_a_class_of_any_size(toy, size):
    students = [student(f"student{n} <b>", a=n % 2 == 0, b=True) for n in range(size)]
    page = as_html(ClassReport(toy, students, {}))
    assert f"{size} submission{'s' * (size != 1)} graded" in page
    assert page.count("&lt;b&gt;</td>") == size
    assert "<b></td>" not in page


def test_names_with_commas_are_told_apart_in_lists(toy):
    page = as_html(ClassReport(toy, [], {"ann, o'neil": "nothing handed in", "Zoë.": "nothing handed in"}))
    assert '<p class="who">ann, o&#39;neil; Zoë.</p>' in page
    page = as_html(ClassReport(toy, [], {"ann": "nothing handed in", "ben": "nothing handed in"}))
    assert '<p class="who">ann, ben</p>' in page


FORMULAS = ["=1+1", "+1", "-1", "@sum(1)", " =1+1", "\t=1", "\r=1", "=cmd|' /C calc'!A1", "\uff1d1+1"]
# A program set to German begins a new cell at a semicolon, whatever stands in quotes.
SHOWN = {"Ann;=1+1": "Ann;'=1+1", 'A";\uff20sum(1);b': "A\";'\uff20sum(1);b", "Lee; -1": "Lee;' -1"}
SHOWN |= {name: name for name in ("o'neil", "", "a=b", "a-1", "Lee; Ann")} | {name: f"'{name}" for name in FORMULAS}


@pytest.mark.parametrize("name", SHOWN)
def test_no_cell_of_ours_is_a_formula(toy, name):
    rows = list(csv.reader(io.StringIO(class_report.as_csv(ClassReport(toy, [student(name, a=True)], {})), newline="")))
    assert rows[1][0] == SHOWN[name]
    assert rows[1][3:] == ["2.0", "2.0", "1", ""]


def test_page_of_a_class_that_is_all_alike_stays_small_and_names_each_once(toy):
    students = [student(f"student{n:03}", a=True) for n in range(500)]
    for n, one in enumerate(students):
        code = f'{" ".join(random.Random(n % 50).choices("+-*/%@&|^<>", k=60))} "{"long" * 4_000}"'
        one.answers = {"double": code, "total": f"1 {code}"}
    report = ClassReport(toy, students, {})
    for exercise in ("double", "total"):
        report.alike += alike({one.name: one.answers[exercise] for one in students}, "", exercise)
    page = as_html(report)
    section = page[page.index("<h2>Alike") : page.index("<h2>Time")]
    groups = re.findall(r"<b>(\d+)</b> in (?:double|total): the most alike, (\S+) and (\S+), share 100%", section)
    assert len(groups) == MOST_ALIKE and {count for count, _, _ in groups} == {"10"}
    assert len(re.findall(r"student\d{3}", section)) == MOST_ALIKE * (10 + 4), "all, and the two twice more"
    assert f"And {2 * 50 - MOST_ALIKE} more." in section
    assert len(page.encode()) < 10**6


def test_code_in_words_is_shown_as_code_and_what_is_cut_stays_so(toy):
    one = student("ann", a=False)
    one.notes, words = ["Line 3 says `pass <b>`."], "`Your` code was stopped: `" + "x" * 400 + "`"
    check = CheckVerdict("a", "The `sum` is right.", 0.0, 2.0, False, words, observed="1")
    one.verdicts["total"] = ExerciseVerdict("total", "Total", 0.0, 2.0, "wrong", [check])
    report = ClassReport(toy, [one], {"ben": "run `nbgrader autograde toy`"})
    report.checks = list(_check_rows(toy.exercises[1], [one]))
    report.mistakes = [MistakeRow("total", "averages", "Not `mean`, `sum`.", ("ann",))]
    report.groups = _groups(report.students)
    page = as_html(report)
    for shown in ("<code>pass &lt;b&gt;</code>", "The <code>sum</code> is right.</td>", "Not <code>mean</code>,"):
        assert shown in page
    assert "run <code>nbgrader autograde toy</code>" in page
    assert page.count(f"<code>Your</code> code was stopped: <code>{'x' * 100}") == 3, "cut, cut shorter, and whole"
    summaries = re.findall(r"<summary>.*?</summary>|<td>.*?<br>", page)
    assert not [words for words in summaries if "`" in words]


def test_one_is_one_and_not_several(toy):
    one = student("ann", a=True)
    one.not_marked, one.seconds, one.late = {"total"}, 1.0, 86400 * 2
    page = as_html(ClassReport(toy, [one], {}))
    assert "1 submission graded" in page and "<b>1</b> waits for a person's marks: 1 answer<" in page
    assert "Grading took 1 second in all" in page
    assert not re.search(r"(?<![\d.])1 (?!waits)\w+s\b", re.sub(r"<[^>]*>", "", page.partition("</style>")[2]))
