"""The gradebook in PostgreSQL: two settings of the course change, and several nbgraders write at the same time."""

import csv
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from proctor.authoring.assignment import load_assignment
from proctor.authoring.build import build_course
from proctor.authoring.errors import BuildError
from proctor.authoring.questions import read_questions
from proctor.course import open_course
from proctor.grading.gradebook import read_grades
from proctor.grading.marking import Conflict, Marking
from proctor.grading.report import class_table
from proctor.proof.demo import cell
from submissions import WRITTEN

GROUPS = {"a": ("ann", "abe", "ada", "amy", "ali"), "b": ("ben", "bea", "bob", "bud", "bix")}


def programs() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps those of the server from the PATH."""
    folders = [Path(found).parent for found in [shutil.which("initdb")] if found]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


pytestmark = [
    pytest.mark.skipif(programs() is None, reason="no PostgreSQL server is installed (apt-get install postgresql)"),
    pytest.mark.skipif(importlib.util.find_spec("psycopg") is None, reason="no driver (pip install 'psycopg[binary]')"),
]


@pytest.fixture(scope="module")
def server():
    """The URL of a database in a server of this test's own, which is reached by a socket in its folder alone."""
    # PostgreSQL refuses to run as root, and root's user may not enter pytest's folders.
    account = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if account:
            shutil.chown(folder, account["user"], account["group"])

        def run(program, *arguments):
            # Not a pipe: the server would keep it open.
            with (folder / "log.txt").open("a+") as log:
                command = [programs() / program, "-D", folder / "data", *arguments]
                ran = subprocess.run(command, cwd=folder, stdout=log, stderr=log, **account)
            assert ran.returncode == 0, (folder / "log.txt").read_text()

        run("initdb", "--username=course", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        run("pg_ctl", "start", "--wait", "-o", f"-k {folder} -c listen_addresses='' -c fsync=off")
        try:
            yield f"postgresql+psycopg://course@/postgres?host={folder}"
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=immediate")


def hand_in(assignment, student, solved):
    """The release with exercises solved; gives the points that it should earn."""
    notebook = nbformat.read(assignment.release_notebook, as_version=4)
    for exercise in solved:
        cell(notebook, exercise.id).source = exercise.code
    cell(notebook, "reflection").source = "Because."
    path = assignment.root / "submitted" / student / "toy" / "toy.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return {exercise.id: exercise.points if exercise in solved else 0 for exercise in assignment.exercises}


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.prove
def test_two_nbgraders_write_one_gradebook_at_the_same_time(server, toy_sources, tmp_path):
    folder = shutil.copytree(toy_sources, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "source/toy/toy.py").open("a") as text:
        text.write(WRITTEN)
    with (folder / "course_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {server!r}\n")
    with pytest.raises(BuildError, match="db_url needs a c.CourseDirectory.course_id"):
        build_course(open_course(folder))
    with (folder / "course_config.py").open("a") as config:
        config.write('c.CourseDirectory.course_id = "toys"\n')
    build_course(open_course(folder))
    assignment = load_assignment(open_course(folder), "toy")
    students = sorted(student for group in GROUPS.values() for student in group)
    expected = {who: hand_in(assignment, who, assignment.exercises[: n % 3]) for n, who in enumerate(students)}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    started = {"cwd": folder, "env": os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore"}, "text": True}
    nbgrader = [sys.executable, "-m", "nbgrader"]

    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    writers = [
        subprocess.Popen([*nbgrader, "autograde", "toy", "--student", f"{first}*"], **started, **pipe)
        for first in GROUPS
    ]
    logs = [writer.communicate()[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], "\n".join(logs)
    assert [log.count("of 10 points") for log in logs] == [len(group) for group in GROUPS.values()]

    assert read_grades(assignment) == expected
    table = class_table(assignment, read_grades(assignment))
    assert [row.split()[0] for row in table] == ["submission", *students, "(points)"]
    subprocess.run([*nbgrader, "export"], check=True, **started)
    with (folder / "grades.csv").open(newline="") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == {who: sum(scores.values()) for who, scores in expected.items()}
    assert not (folder / "gradebook.db").exists(), "the SQLite file, where db_url should have led elsewhere"

    # Of several who mark the same answer at once, one does.
    marking = Marking(assignment, read_questions(assignment))
    key, (given, sheet) = next(iter(marking.answers("reflection").items()))
    seen = {"score": given.score, "comment": given.comment, "made_of": sheet.made_of}

    def mark(score):
        try:
            return marking.save("reflection", key, score, "Why?", seen).score
        except Conflict:
            return None

    with ThreadPoolExecutor(4) as pool:
        saved = [score for score in pool.map(mark, [0.5, 1, 1.5, 2]) if score is not None]
    assert [marking.answers("reflection")[key][0].score] == saved
