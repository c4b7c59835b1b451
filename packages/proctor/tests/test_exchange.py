"""nbgrader's own loop through its exchange, twice round: release, hand in, grade, give feedback, hand in again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading.gradebook import read_grades
from proctor.proof.demo import cell

CONFIG = """
c.CourseDirectory.course_id = "toys"
c.Exchange.root = {root!r}
"""


def run(folder, command, status=0) -> str:
    """What one of nbgrader's commands prints, run in a folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    home = {"HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder / ".jupyter"), "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command.split()],
        cwd=folder,
        env=os.environ | home | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ran.returncode == status, ran.stdout
    return ran.stdout


@pytest.fixture
def course(toy_course, tmp_path):
    """A copy of the toy course with an exchange of its own."""
    folder = shutil.copytree(toy_course, tmp_path / "course", ignore=shutil.ignore_patterns("gradebook.db"))
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    with (folder / "course_config.py").open("a") as config:
        config.write(CONFIG.format(root=str(exchange)))
    run(folder, "generate_assignment toy --force")
    return load_assignment(open_course(folder), "toy")


@pytest.fixture
def student(course, tmp_path):
    """A student's folder, as nbgrader finds it beside the same exchange."""
    folder = tmp_path / "student"
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text("c = get_config()\n" + CONFIG.format(root=str(tmp_path / "exchange")))
    return folder


def points(course):
    return {student: sum(scores.values()) for student, scores in read_grades(course).items()}


def answer(path, exercises):
    notebook = nbformat.read(path, as_version=4)
    for exercise in exercises:
        cell(notebook, exercise.id).source = exercise.code
    nbformat.write(notebook, path)


def grade_and_return(course):
    log = run(course.root, "collect toy --update") + run(course.root, "autograde toy")
    run(course.root, "generate_feedback toy")
    run(course.root, "release_feedback toy")
    return log


def pages(folder):
    """The feedback that a student fetched, newest last."""
    return [path.read_text() for path in sorted((folder / "toy/feedback").rglob("*.html"))]


@pytest.mark.prove
def test_what_is_handed_in_again_is_graded_again_and_its_feedback_comes_back(course, student):
    run(course.root, "release_assignment toy")
    run(student, "fetch_assignment toy")
    answer(student / "toy/toy.ipynb", course.exercises[:1])
    run(student, "submit toy")
    grade_and_return(course)
    (name,) = points(course)
    assert points(course) == {name: 4}
    run(student, "fetch_feedback toy")
    assert ["total: 0 of 6" in page.lower() or "0 of 6 points" in page for page in pages(student)] == [True]

    answer(student / "toy/toy.ipynb", course.exercises)
    run(student, "submit toy")
    log = grade_and_return(course)
    assert log.count("of 10 points") == 1
    assert points(course) == {name: 10}
    run(student, "fetch_feedback toy")
    assert sorted("6 of 6 points" in page for page in pages(student)) == [False, True]
    assert "of 10 points" not in run(course.root, "autograde toy")


@pytest.mark.prove
def test_feedback_is_released_beside_work_that_came_another_way_or_with_nonsense(course, student, tmp_path):
    run(course.root, "release_assignment toy")
    run(student, "fetch_assignment toy")
    run(student, "submit toy")
    for name, secret in (("by_hand", None), ("by_eve", b"\xff\xfe")):
        folder = course.root / "submitted" / name / "toy"
        folder.mkdir(parents=True)
        shutil.copy(course.release_notebook, folder)
        if secret:
            (folder / "submission_secret.txt").write_bytes(secret)
            (folder / "timestamp.txt").write_bytes(secret)
    (course.root / "submitted/by_eve/toy/passwords.txt").symlink_to("/etc/passwd")
    grade_and_return(course)
    assert {"by_hand", "by_eve"} < set(points(course))
    run(student, "fetch_feedback toy")
    assert len(pages(student)) == 1
    names = {path.name for path in (course.root / "autograded/by_eve/toy").iterdir()}
    assert names == {"toy.ipynb", "timestamp.txt", "submission_secret.txt"}


def test_other_work_without_a_timestamp_is_graded_again_and_the_same_is_not(course):
    folder = course.root / "submitted/ann/toy"
    folder.mkdir(parents=True)
    shutil.copy(course.release_notebook, folder)
    run(course.root, "autograde toy")
    assert points(course) == {"ann": 0}
    assert "of 10 points" not in run(course.root, "autograde toy")
    run(course.root, "generate_feedback toy")
    answer(folder / "toy.ipynb", course.exercises)
    run(course.root, "autograde toy")
    assert points(course) == {"ann": 10}
    run(course.root, "generate_feedback toy")
    assert "6 of 6 points" in (course.root / "feedback/ann/toy/toy.html").read_text()


def test_students_have_the_names_that_people_have(course):
    names = ["Ann Lee", "o'neil", "Zoë", "Zoe\u0308", "李小龙", "נועה", "x (2)", "a@b.org", "a&b"]
    refused = [".hidden", "-rf", "new\nline", "vict[i]m"]
    for name in [*names, *refused]:
        folder = course.root / "submitted" / name / "toy"
        folder.mkdir(parents=True)
        shutil.copy(course.source_notebook, folder)
    log = run(course.root, "autograde toy", status=1)
    assert points(course) == dict.fromkeys(names, 10)
    assert all(ascii(name)[1:-1] in log for name in refused)
    run(course.root, "generate_feedback toy")
    assert {path.parts[-3] for path in (course.root / "feedback").rglob("*.html")} == set(names)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = subprocess.run(
        [sys.executable, "-m", "proctor.cli", "class", "toy"],
        cwd=course.root, env=os.environ | {"PATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 1
    words = f"{len(names) + len(refused)} submissions: 0 graded, {len(names)} unchanged, {len(refused)} left out."
    assert words in ran.stdout
    assert words.replace("0 graded, 9 unchanged", "9 graded, 0 unchanged") in log
