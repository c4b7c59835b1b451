"""The real course, as its users run it: notebooks that pass, checks that are proven, a class that is graded."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from proctor.authoring import bank
from proctor.authoring.assignment import load_assignment
from proctor.checks.secret import AUDIT_KEY
from proctor.course import open_course
from proctor.grading import grade, gradebook
from proctor.isolation.process import HostProcess
from proctor.proof import audit

ROOT = Path(__file__).parent.parent
ASSIGNMENTS = open_course(ROOT).assignments


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_solved_notebook_runs_and_passes_its_visible_checks(name, tmp_path, monkeypatch):
    # Threads that wait for each other while other tests hold the cores make training ten times slower.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = nbformat.read(load_assignment(open_course(ROOT), name).source_notebook, as_version=4)
    # Any error, one of a visible check included, is raised here.
    NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": str(tmp_path)}}).execute()


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_checks_are_proven(name, capsys):
    result = audit.audit(load_assignment(open_course(ROOT), name), device="cpu")
    with capsys.disabled():
        print("", *audit.matrix(result), sep="\n")
    assert result.faults == []
    kinds = [trial.kind for trial in result.trials]
    assert kinds.count("mistake") >= 40
    assert kinds.count("alternative") >= 15


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_verdict_is_the_same_from_a_warm_host_as_from_one_started_from_nothing(name, tmp_path, monkeypatch, request):
    assignment = load_assignment(open_course(ROOT), name)
    mistakes, alternatives = bank.mistakes(assignment), bank.alternatives(assignment)
    if not request.config.getoption("--whole-banks"):
        # A host that starts from nothing takes seconds, and a bank has a hundred mistakes.
        mistakes, alternatives = {mistake.exercise: mistake for mistake in mistakes}.values(), alternatives[:1]
    paths = [assignment.source_notebook, assignment.release_notebook]
    for variant in [*mistakes, *alternatives]:
        paths.append(tmp_path / f"{variant.name}.ipynb")
        nbformat.write(audit.variant_notebook(assignment, variant), paths[-1])

    def verdicts():
        graded = [grade.grade(path, assignment, "cpu", key=AUDIT_KEY) for path in paths]
        return [replace(verdict, seconds=0) for verdict in graded]

    warm = verdicts()
    from_nothing = partial(HostProcess, assignment.course, "cpu")
    monkeypatch.setattr(grade, "warm_hosts", lambda *arguments: from_nothing)
    assert verdicts() == warm
    full = sum(exercise.points for exercise in assignment.exercises if not exercise.written)
    points = [verdict.points for verdict in warm]
    assert points[:2] == [full, 0]
    assert all(0 < earned < full for earned in points[2 : 2 + len(mistakes)])
    assert all(earned == full for earned in points[2 + len(mistakes) :])


# What each submission of the demo class earns, by hand, beside those that earn all (`complete`) or nothing.
TOTALS = {
    "seq2seq": {"half_done": 35, "broken": 85, "kills_the_process": 85, "deleted_cells": 90},
    "mina": {"half_done": 45, "broken": 80, "kills_the_process": 93, "deleted_cells": 95},
    "som_vae": {"half_done": 50, "broken": 80, "kills_the_process": 90, "deleted_cells": 90},
    "clinical_notes": {"half_done": 45, "broken": 85, "kills_the_process": 90, "deleted_cells": 90},
    "ecg_lstm": {"half_done": 6, "broken": 8, "kills_the_process": 8, "deleted_cells": 9},
}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_demo_class_gets_its_points(name, tmp_path):
    course = tmp_path / "course"
    shutil.copytree(ROOT, course, ignore=shutil.ignore_patterns(".*", "submitted", "autograded", "feedback", "*.db"))
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in (["build", name], ["demo", name]):
        subprocess.run([sys.executable, "-m", "proctor.cli", *command], cwd=course, env=environment, check=True)
    assignment = load_assignment(open_course(course), name)
    grades = {student: sum(scores.values()) for student, scores in gradebook.read_grades(assignment).items()}
    full = sum(exercise.points for exercise in assignment.exercises if not exercise.written)
    expected = dict(TOTALS[name])
    expected |= dict.fromkeys(["syntax_error", "never_ends"], expected.pop("broken"))
    expected |= dict.fromkeys(["complete", "prints_100_megabytes"], full)
    expected |= dict.fromkeys(["blank", "edited_checks", "not_a_notebook"], 0)
    assert {student: grades[student] for student in expected} == expected
    others = set(grades) - set(expected)
    assert all(grades[student] == full for student in others if student.startswith("alternative_"))
    assert all(0 < grades[student] < full for student in others if student.startswith("mistake_"))
    pages = {path.parts[-3] for path in (course / "feedback").glob(f"*/{name}/{name}.html")}
    assert pages == set(grades)
