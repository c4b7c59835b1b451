"""A class run that is killed again and again, and started again each time: every grade is right, none is made twice."""

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading.gradebook import read_grades
from proctor.proof.demo import cell

pytestmark = pytest.mark.prove
STUDENTS, KILLS, SEED = 40, 10, 5
GRADED = re.compile(r"(s\d\d): (\d+) of 10 points")


def earned(number):
    """Some have everything, some one exercise, some nothing."""
    return (10, 4, 0)[number % 3]


def autograde(folder, log, kill_after=None):
    """One run of nbgrader's command, killed after so many submissions and a moment; gives its exit status."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "nbgrader", "autograde", "toy"]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=folder, env=environment, **pipe) as process:
        for line in process.stdout:
            log.append(line)
            if kill_after is not None and re.search(r"INFO\] (Creating/updating student|Writing)", line):
                count, moment = kill_after
                if count == 0:
                    time.sleep(moment)
                    process.kill()
                kill_after = (count - 1, moment)
    return process.returncode


def test_every_grade_is_right_after_ten_kills(toy_course, tmp_path):
    folder = shutil.copytree(toy_course, tmp_path / "course")
    assignment = load_assignment(open_course(folder), "toy")
    for number in range(STUDENTS):
        notebook = nbformat.read(assignment.release_notebook, as_version=4)
        for exercise in assignment.exercises[: {10: 2, 4: 1, 0: 0}[earned(number)]]:
            cell(notebook, exercise.id).source = exercise.code
        path = folder / "submitted" / f"s{number:02}" / "toy/toy.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    draw, log, killed = random.Random(SEED), [], 0
    for _ in range(KILLS):
        # A submission writes two lines that are waited for here, or three: before, between and after its grading.
        killed += autograde(folder, log, (draw.randrange(1, 7), draw.uniform(0, 0.2))) != 0
    assert killed >= KILLS / 2
    assert autograde(folder, log) == 0
    assert {name: sum(scores.values()) for name, scores in read_grades(assignment).items()} == {
        f"s{number:02}": earned(number) for number in range(STUDENTS)
    }
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        submissions = gradebook.assignment_submissions("toy")
        assert len(submissions) == STUDENTS
        assert all(len(notebook.grades) == 2 for entry in submissions for notebook in entry.notebooks)
    # Only what a kill cut short is graded again.
    times = Counter(match[1] for line in log if (match := GRADED.search(line)))
    assert set(times) == {f"s{number:02}" for number in range(STUDENTS)}
    assert sum(times.values()) <= STUDENTS + killed
    before = log.copy()
    assert autograde(folder, log) == 0
    assert not any(GRADED.search(line) for line in log[len(before) :])
