"""Points as people read them: in one way, wherever they are shown."""

import ast
from pathlib import Path

import pytest

import proctor
from proctor.grading import gradescope, job_summary, report
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict, Verdict
from proctor.points import in_words, shown

WAYS = [(1 / 8, "0.125"), (1 / 3, "0.33"), (100 / 3, "33.33"), (12.5, "12.5"), (2.0, "2"), (0.1 + 0.2, "0.3"),
        (1234.125, "1234.125"), (-0.0, "0"), (1e-9, "0")]  # fmt: skip


@pytest.mark.parametrize(("points", "text"), WAYS)
def test_points_are_shown_whole_to_an_eighth_and_else_to_two_digits(points, text):
    assert shown(points) == text
    assert in_words(points) == f"{text} points" and in_words(1) == "1 point"


@pytest.mark.parametrize(("points", "text"), WAYS)
def test_points_are_the_same_wherever_they_are_shown(points, text):
    check = CheckVerdict("test_a", "It is right.", points, 2000.0, False, "It gave 3.")
    exercise = ExerciseVerdict("mean", "The mean", points, 2000.0, "partial", [check])
    verdict = Verdict("toy", "ann.ipynb", points, 2000.0, "cpu", 1.0, "bubblewrap", [], [exercise], points)
    assert f"{text:>5} / 2000" in "\n".join(report.table(verdict))
    assert f"{text} of 2000 points" in report._as_html(exercise, [])
    assert f"{text} of 2000 points" in job_summary.as_markdown(verdict)
    results = gradescope.results_of(verdict)
    assert results["score"] == results["tests"][0]["score"] == float(text)
    assert points == 0 or in_words(points) in results["output"]


def test_no_module_of_grading_formats_points_by_itself():
    found = [
        f"{path.name}: {ast.unparse(node.value)}"
        for path in sorted(Path(proctor.__file__).parent.glob("grading/*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FormattedValue) and node.format_spec and "points" in ast.unparse(node.value)
        if ast.unparse(node.format_spec)[-2] in "efg"
    ]
    # This one is the grade, for nbgrader to read.
    assert found == ["report.py: exercise.points"]
