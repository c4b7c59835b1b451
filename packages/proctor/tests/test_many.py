"""A class at once: every submission ends in the cache, whatever becomes of the workers, and nothing is graded twice."""

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import nbformat
import psutil
import pytest
from distributed import LocalCluster

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading import cache, intake, many
from proctor.grading.gradebook import read_grades
from proctor.proof import demo

KINDS = ("complete", "blank", "half_done", "edited_checks", "not_a_notebook")


@pytest.fixture
def course(toy_course, tmp_path):
    """The toy course, with some of the demo class handed in."""
    assignment = load_assignment(open_course(shutil.copytree(toy_course, tmp_path / "course")), "toy")
    for path in demo.hand_in(assignment):
        if path.parts[-3] not in KINDS:
            shutil.rmtree(path.parents[1])
    return assignment


def students(course):
    return many.list_students(course)[0]


def start(course, *command, **pipes):
    """Start a command in the course, as in a terminal."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", *command]
    return subprocess.Popen(command, cwd=course.root, env=os.environ | {"PATH": path}, **pipes)


def run(course, *command):
    """What becomes of a command, run to its end."""
    with start(course, *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def records(course):
    """When each record was written."""
    found = [path for path in (course.root / cache.FOLDER).rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {path.name: path.stat().st_mtime_ns for path in found}


@pytest.mark.prove
def test_autograde_reads_what_the_class_run_graded(course):
    ran = run(course, "proctor.cli", "class", "toy", "--jobs", "2")
    assert ran.returncode == 0, ran.stderr
    assert "5 submissions: 5 graded, 0 unchanged." in ran.stdout
    kept = records(course)
    # What is no notebook is not worth a record.
    assert len(kept) == len(KINDS) - 1
    assert run(course, "proctor.cli", "class", "toy", "--jobs", "1").returncode == 0
    assert run(course, "nbgrader", "autograde", "toy").returncode == 0
    assert records(course) == kept
    totals = {student: sum(scores.values()) for student, scores in read_grades(course).items()}
    assert totals["complete"] == course.points and totals["blank"] == totals["not_a_notebook"] == 0


def kill_one_process_of_the_pool():
    """As the kernel does when memory runs out."""
    servers = [process for process in psutil.Process().children() if "forkserver" in " ".join(process.cmdline())]
    servers[0].children()[0].kill()


def test_a_lost_process_loses_no_submission(course):
    found = {}
    for graded in many.grade_class(course, students(course), partial(many.local_executor, course, 2, "cpu"), "cpu"):
        if not found:
            kill_one_process_of_the_pool()
        found[graded.student] = graded
    assert sorted(found) == sorted(KINDS)
    assert [graded.fault for graded in found.values()] == [""] * len(KINDS)
    assert found["complete"].points == course.points and found["blank"].points == 0


CHECK_THAT_BREAKS = """
    if submission.total(x, submission.send(square)) == 666:
        import os
        os.kill(os.getpid(), 9)
"""


def test_a_submission_that_breaks_its_worker_twice_earns_nothing_with_the_reason_and_the_next_is_graded(course):
    checks = course.graders / "test_total.py"
    text = checks.read_text()
    checks.write_text(text.replace("    expect.close(", CHECK_THAT_BREAKS + "    expect.close("))
    folder = course.root / "submitted"
    path = shutil.copytree(folder / "complete", folder / "breaks") / "toy/toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    demo.cell(notebook, "total").source = "def total(x, function):\n    return 666"
    nbformat.write(notebook, path)
    with many.grade_ahead(course, ["breaks", "complete"], "cpu") as wait_for:
        for student, points in (("breaks", 0), ("complete", course.points)):
            wait_for(student)
            taken = intake.take_in(folder / student / "toy/toy.ipynb", course)
            verdict = cache.find(taken, course, student, "cpu")
            assert verdict.points == points
            said = {check.message for exercise in verdict.exercises for check in exercise.checks}
            assert said == ({many.ENDS_WORKERS} if student == "breaks" else {""})


def test_a_class_is_graded_ahead_of_who_writes_it(course):
    folder = course.root / "submitted"
    for number in range(2 * many.WORTH_A_WORKER):
        path = shutil.copytree(folder / "complete", folder / f"s{number:02}") / "toy/toy.ipynb"
        path.write_text(path.read_text().replace("def ", f"# {number}\\ndef ", 1))
    members = students(course)
    with many.grade_ahead(course, members, "cpu") as wait_for:
        for student in members:
            wait_for(student)
            taken = intake.take_in(folder / student / "toy/toy.ipynb", course)
            if not taken.refused:
                points = {"blank": 0, "half_done": 4, "edited_checks": 0}.get(student, course.points)
                assert cache.find(taken, course, student, "cpu").points == points


@pytest.mark.prove
def test_a_command_that_is_killed_leaves_no_process_behind(course):
    with start(course, "proctor.cli", "class", "toy", "--jobs", "2", stderr=subprocess.DEVNULL) as ran:
        while not records(course):
            assert ran.poll() is None
            time.sleep(0.05)
        started = psutil.Process(ran.pid).children(recursive=True)
        assert len(started) > 2
        ran.kill()
    assert psutil.wait_procs(started, timeout=30)[1] == []


STOPPED = {
    # Python itself dies of Ctrl-C in nbgrader's commands, as a shell expects it.
    "proctor.cli class toy --jobs 2": (130, "proctor: stopped. "),
    "nbgrader autograde toy": (-signal.SIGINT, "nbgrader: stopped. "),
}


@pytest.mark.prove
@pytest.mark.parametrize("command", STOPPED)
def test_a_command_that_is_interrupted_says_so_and_leaves_the_rest_of_the_class(course, command):
    folder = course.root / "submitted"
    for number in range(40):
        path = shutil.copytree(folder / "complete", folder / f"s{number:02}") / "toy/toy.ipynb"
        path.write_text(path.read_text().replace("def ", f"# {number}\\ndef ", 1))
    with start(course, *command.split(), stderr=subprocess.PIPE, text=True) as ran:
        while not records(course):
            assert ran.poll() is None
            time.sleep(0.05)
        ran.send_signal(signal.SIGINT)
        words = ran.communicate()[1]
    status, told = STOPPED[command]
    assert ran.returncode == status
    assert told in words and "Traceback" not in words and "could not be graded" not in words
    assert len(records(course)) < 20


@pytest.mark.prove
def test_a_dask_cluster_grades_the_class_and_a_lost_worker_loses_no_submission(course):
    found = {}
    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster:
        open_executor = partial(many.dask_executor, cluster.scheduler_address)
        for graded in many.grade_class(course, students(course), open_executor, "cpu"):
            if not found:
                psutil.Process(cluster.workers[0].pid).kill()
            found[graded.student] = graded
    assert sorted(found) == sorted(KINDS)
    assert [graded.fault for graded in found.values()] == [""] * len(KINDS)
    assert found["complete"].points == course.points and found["blank"].points == 0


def test_a_worker_of_another_engine_grades_nothing(course):
    graded = many.grade_student(course, "complete", "cpu", engine="another")
    assert "restart the workers" in graded.fault
    assert not (course.root / cache.FOLDER).exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nothing"], "no source/nothing/nothing.py"),
        (["toy", "--jobs", "0"], "--jobs should be 1 or more, not 0"),
        pytest.param(["toy", "--dask", "tcp://127.0.0.1:9"], "tcp://127.0.0.1:9", marks=pytest.mark.prove),
    ],
)
def test_what_cannot_be_run_is_one_line(course, arguments, words):
    ran = run(course, "proctor.cli", "class", *arguments)
    assert ran.returncode == 2
    assert words in ran.stderr and "Traceback" not in ran.stderr


def test_a_class_that_handed_in_nothing_is_one_line(course):
    shutil.rmtree(course.root / "submitted")
    ran = run(course, "proctor.cli", "class", "toy")
    assert ran.returncode == 2
    assert "nothing was handed in" in ran.stderr and "Traceback" not in ran.stderr


@pytest.mark.prove
def test_a_script_that_grades_is_run_once_and_not_by_each_worker(course):
    """A teacher's own, without the guard that `multiprocessing` asks for: stock nbgrader asks for none."""
    script = course.root / "my_grading.py"
    script.write_text(f"""\
from pathlib import Path
from nbgrader.apps import NbGraderAPI
from proctor.course import open_course

with open("ran", "a") as file:
    file.write("once ")
course = open_course(Path())
print(NbGraderAPI(course.directory, config=course.config).autograde({course.name!r}, "complete")["success"])
""")
    graded = run(course, script.stem)
    assert graded.stdout == "True\n", graded.stdout + graded.stderr
    assert (course.root / "ran").read_text() == "once "
