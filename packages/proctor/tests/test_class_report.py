"""The report on a class: points, checks, mistakes with a name and without, and who wrote what few others did."""

import csv
import io
import re
import shutil
from datetime import datetime, timedelta

import nbformat
import pytest
from nbgrader.apps.api import NbGraderAPI

from proctor import cli
from proctor.authoring.build import scripts_on_path
from proctor.course import open_course
from proctor.grading import class_report
from proctor.grading.alike import MAX_CHARACTERS, alike, runs, tokens
from proctor.grading.class_report import ClassReport, Student, _check_rows, as_html, draw_up, duration, histogram
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict
from proctor.proof.demo import cell
from test_marking import Marked

LONG = """\
def total(x, function):
    values = function(x)
    weights = torch.ones_like(values) / len(values)
    largest, smallest = values.max(), values.min()
    # A remark.
    return (weights * values).sum() * len(values) + (largest - largest) - (smallest - smallest)
"""
RENAMED = re.sub(r"\bvalues\b", "v", LONG.replace("weights", "w").replace("# A remark.", "")).replace("largest", "hi")
OTHERS = [f"def total(x, function):\n    return sum(function(x)) + {n} * torch.zeros(()).sum()" for n in range(30)]


def found(*answers):
    return list(alike({f"student{n}": code for n, code in enumerate(answers)}, "def total(x, function): pass", "total"))


def test_answers_that_share_what_few_have_are_found_whatever_their_names():
    (pair,) = found(LONG, RENAMED, *OTHERS)
    assert (pair.first, pair.second, pair.share, pair.others) == ("student0", "student1", 1.0, 0)


def test_what_many_write_is_not_alike():
    assert found(*OTHERS) == []
    assert found(*[LONG] * 10, *OTHERS) == []


@pytest.mark.parametrize(("ring", "size"), [(2, 3), (3, 5), (3, 7), (4, 8), (5, 9), (5, 40), (6, 60)])
def test_ring_is_found_whatever_the_size_of_the_class(ring, size):
    shared = [(LONG, RENAMED)[n % 2] for n in range(ring)]
    pairs = found(*shared, *[OTHERS[n % 30] for n in range(size - ring)])
    named = {int(name.removeprefix("student")) for pair in pairs for name in (pair.first, pair.second)}
    assert len(named & set(range(ring))) >= 2


@pytest.mark.parametrize(("many", "size"), [(3, 3), (3, 4), (5, 8), (6, 9), (6, 40), (7, 60)])
def test_what_most_of_a_small_class_write_is_not_alike(many, size):
    pairs = found(*[LONG] * many, *[OTHERS[n % 30] for n in range(size - many)])
    assert not [pair for pair in pairs if int(pair.first.removeprefix("student")) < many]


def test_what_was_released_does_not_count():
    assert runs(LONG) == runs(RENAMED)
    assert list(alike({"ann": LONG, "ben": RENAMED}, LONG, "total")) == []


@pytest.mark.parametrize("code", ['"%000', " \n", '"\\N{', "'", "#", "a.", "  "])
def test_tokens_of_a_page_of_anything_are_few(code):
    assert len(tokens(code * 10**6)) <= MAX_CHARACTERS


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
def graded(toy_course, tmp_path, solved):
    """A copy of the toy course with a small class, graded by nbgrader."""
    root = shutil.copytree(toy_course, tmp_path / "course")
    for name, answer in WRITTEN.items():
        cell(solved, "double").source = answer
        (root / "submitted" / name / "toy").mkdir(parents=True)
        nbformat.write(solved, root / "submitted" / name / "toy/toy.ipynb")
    course = open_course(root)
    with scripts_on_path():
        result = NbGraderAPI(course.directory, config=course.config).autograde("toy", "*")
    assert result["success"], result["log"]
    return root


def test_report_names_known_mistakes_and_groups_the_others(graded, capsys):
    assert cli.main(["--course", str(graded), "report", "toy", "--csv", str(graded / "checks.csv")]) == 0
    page = (graded / "reports/toy.html").read_text()
    assert capsys.readouterr().out.strip().endswith("reports/toy.html")
    assert "5 submissions graded." in page
    assert "Did you mean to multiply by FACTOR?" in page
    # Two wrote the same mistake in other words.
    assert re.search(r"<b>2</b> in double: `double\(x\)` has wrong values", page)
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
            gradebook.find_grade("reflection", "toy", "toy", name).manual_score = 1 if name == "ann" else None
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
     (7200, "2 hours"), (108000, "30 hours"), (259200, "3 days"), (8640000, "100 days")],
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


HARMLESS = ["o'neil", "", "a=b", "a-1"]


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@sum(1)", " =1+1", "\t=1", "\r=1", "=cmd|' /C calc'!A1", *HARMLESS]
)
def test_no_cell_of_ours_is_a_formula(toy, name):
    rows = list(csv.reader(io.StringIO(class_report.as_csv(ClassReport(toy, [student(name, a=True)], {})), newline="")))
    assert rows[1][0] == (name if name in HARMLESS else f"'{name}")
    assert rows[1][3:] == ["2.0", "2.0", "1", ""]
