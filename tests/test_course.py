"""The real course, as its users run it: checks that are proven, a class that is graded."""

import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import nbformat
import pytest

from proctor.authoring import bank
from proctor.authoring.assignment import load_assignment
from proctor.checks.secret import AUDIT_KEY
from proctor.course import open_course
from proctor.grading import grade, gradebook
from proctor.isolation.process import HostProcess
from proctor.proof import audit, demo, survivors, trials
from submissions import RIGHT_FORMS, full_marks

ROOT = Path(__file__).parent.parent
ASSIGNMENTS = open_course(ROOT).assignments
# What is asked of the engine is asked with the assignment that is graded soonest, and of the others with `--whole`.
FIRST = "seq2seq"
OTHERS = [name for name in ASSIGNMENTS if name != FIRST]
ON_THE_WHOLE = [FIRST, *(pytest.param(name, marks=pytest.mark.whole) for name in OTHERS)]
EVERY = 10


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_mistakes_are_caught_and_right_answers_pass(name):
    """A tenth of the bank, in this process; `make prove` tries all."""
    assignment = load_assignment(open_course(ROOT), name)
    for exercise in assignment.exercises:
        if not exercise.written:
            assert audit.try_variants(assignment, exercise, "cpu", [AUDIT_KEY], EVERY) == {}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_solution_earns_everything_and_the_blank_release_nothing(name):
    assignment = load_assignment(open_course(ROOT), name)
    solution, blank = (
        grade.grade(path, assignment, "cpu", key=AUDIT_KEY)
        for path in (assignment.source_notebook, assignment.release_notebook)
    )
    assert (solution.points, blank.points) == (solution.max_points, 0)


@pytest.mark.prove
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_checks_are_proven(name, whole, capsys):
    """An eighth of the bank goes into hosts and is tried on other inputs; the rest is put to the checks without."""
    extent = {} if whole else {"others": 1, "draws": 10, "every": 8}
    result = audit.audit(load_assignment(open_course(ROOT), name), device="cpu", **extent)
    with capsys.disabled():
        print("", *audit.matrix(result), sep="\n")
    assert result.faults == []


@pytest.mark.prove
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_small_changes_to_the_solutions_are_found(name, whole):
    found = survivors.survey(load_assignment(open_course(ROOT), name), jobs=1, step=1 if whole else 6)
    assert found.survivors == [], "\n".join(survivors.report(found))


@pytest.mark.prove
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_verdict_is_the_same_from_a_warm_host_as_from_one_started_from_nothing(name, tmp_path, monkeypatch, whole):
    """A host that starts from nothing takes seconds: of the banks, the first mistakes are tried, or all."""
    assignment = load_assignment(open_course(ROOT), name)
    mistakes, alternatives = (trials.together(of(assignment)) for of in (bank.mistakes, bank.alternatives))
    if not whole:
        mistakes, alternatives = mistakes[:1], []
    paths = [assignment.source_notebook]
    for number, group in enumerate([*mistakes, *alternatives]):
        paths.append(tmp_path / f"{number}.ipynb")
        nbformat.write(trials.variants_notebook(assignment, group), paths[-1])

    def verdicts():
        graded = [grade.grade(path, assignment, "cpu", key=AUDIT_KEY) for path in paths]
        return [replace(verdict, seconds=0) for verdict in graded]

    warm = verdicts()
    from_nothing = partial(HostProcess, assignment.course, "cpu")
    monkeypatch.setattr(grade, "warm_hosts", lambda *arguments: from_nothing)
    assert verdicts() == warm
    full, *earned = [verdict.points for verdict in warm]
    assert full == sum(exercise.points for exercise in assignment.exercises if not exercise.written)
    assert all(0 < points < full for points in earned[: len(mistakes)])
    assert all(points == full for points in earned[len(mistakes) :])


def demo_points(assignment):
    """What each submission of the demo class earns, but for mistakes and alternatives, whose names are the bank's."""
    points = [exercise.points for exercise in assignment.exercises if not exercise.written]
    full, middle = sum(points), points[len(points) // 2]
    return {
        **dict.fromkeys(["complete", "prints_100_megabytes", "never_ends", "kills_the_process"], full),
        **dict.fromkeys(["blank", "edited_checks", "not_a_notebook"], 0),
        "syntax_error": full - middle,
        "half_done": sum(points[: len(points) // 2]),
        "deleted_cells": full - points[min(1, len(points) - 1)],
    }


@pytest.mark.parametrize(
    "name", [FIRST, *(pytest.param(name, marks=[pytest.mark.prove, pytest.mark.whole]) for name in OTHERS)]
)
def test_demo_class_gets_its_points(name, tmp_path):
    """Without those in other forms, which have a test of their own, and with every tenth of the known mistakes."""
    folder = tmp_path / "course"
    unneeded = ("submitted", "autograded", "feedback", "*.db", "tests", "build")
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", *unneeded))
    # What never ends is waited for, and how known mistakes fare is found out.
    with (folder / "course_config.py").open("a", encoding="utf-8") as config:
        config.write("c.Proctor.own_cells_seconds = c.Proctor.cell_seconds = 10\n")
    with (folder / f"graders/{name}/mistakes.py").open("a", encoding="utf-8") as module:
        module.write(f"MISTAKES = MISTAKES[::{EVERY}]\n")
    subprocess.run([sys.executable, "-m", "proctor.cli", "build", name], cwd=folder, check=True)
    assignment = load_assignment(open_course(folder), name)
    demo.hand_in(assignment)
    for form in RIGHT_FORMS:
        shutil.rmtree(folder / "submitted" / form)
    demo.grade_class(assignment)
    grades = {student: sum(scores.values()) for student, scores in gradebook.read_grades(assignment).items()}
    expected = demo_points(assignment)
    assert {student: grades[student] for student in expected} == expected
    full, others = expected["complete"], set(grades) - set(expected)
    assert all(grades[student] == full for student in others if student.startswith("alternative_"))
    assert all(0 < grades[student] < full for student in others if student.startswith("mistake_"))
    pages = {path.parts[-3] for path in (folder / "feedback").glob(f"*/{name}/{name}.html")}
    assert pages == set(grades)


@pytest.mark.prove
@pytest.mark.parametrize("form", RIGHT_FORMS)
def test_right_answer_in_any_form_earns_full_marks(form, tmp_path):
    full_marks(load_assignment(open_course(ROOT), FIRST), form, tmp_path)


@pytest.mark.prove
@pytest.mark.parametrize("name", ON_THE_WHOLE)
def test_plain_pytest_gives_the_solution_full_marks(name):
    command = ["pytest", "graders", "-q", "-p", "no:cacheprovider", "--device", "cpu"]
    command += ["--submission", f"source/{name}/{name}.ipynb"]
    ran = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-3000:]
