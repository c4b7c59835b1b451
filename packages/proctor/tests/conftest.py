"""What the engine's tests share: the toy course, built once, and submissions to it; a small course to build."""

import json
import os
import shutil
import signal
import textwrap
from functools import partial
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock

from proctor.authoring.assignment import Assignment, load_assignment
from proctor.authoring.build import build_course, scripts_on_path
from proctor.course import open_course
from proctor.grading.intake import read_submission
from proctor.proof.demo import cell
from shapes import FILES
from student_pages import page_maker
from submissions import WRITTEN, add_from_scratch, build_toy, sandboxed, small_nursery
from toys import STUDENTS, Marked, ToyClass
from two_releases import build_both
from warm import shared_nurseries


@pytest.fixture(scope="session", autouse=True)
def heeding_ctrl_c():
    """What a script starts in the background ignores Ctrl-C, and so would all commands that its tests start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def few_starts():
    """A nursery starts for seconds, and copies of a course need no other one."""
    with shared_nurseries():
        yield


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Makes a folder once for all test processes: `once(name, make)`, where `make` is called with its path."""

    def once(name, make) -> Path:
        shared = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            shared = shared.parent
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                done.touch()
        return folder

    return once


@pytest.fixture(scope="session")
def toy_sources() -> Path:
    """The toy course as its author wrote it."""
    return Path(__file__).parent / "fixtures" / "course"


@pytest.fixture(scope="session")
def toy_course(toy_sources, once) -> Path:
    """The toy course, built; to be read only, for all tests share it."""
    return once("toy_course", partial(build_toy, toy_sources))


@pytest.fixture(scope="session")
def written_course(toy_sources, once) -> Path:
    """The toy course with a third exercise, `reflection`, answered in words, built; to be read only."""
    return once("written_course", partial(build_toy, toy_sources, more=WRITTEN))


@pytest.fixture(scope="session")
def from_scratch_course(toy_sources, once) -> Path:
    """The toy course with a third exercise, `running`, that forbids a built-in; to be read only."""

    def make(folder):
        shutil.copytree(toy_sources, folder, ignore=shutil.ignore_patterns("__pycache__"))
        add_from_scratch(folder)
        build_course(open_course(folder))

    return once("from_scratch_course", make)


@pytest.fixture(scope="session")
def toy(toy_course) -> Assignment:
    """The assignment of the toy course."""
    return load_assignment(open_course(toy_course), "toy")


@pytest.fixture
def release(toy):
    """The release notebook of the toy course, to be changed as a student would."""
    return nbformat.read(toy.release_notebook, as_version=4)


@pytest.fixture
def solved(toy, release):
    """The release notebook with both exercises solved."""
    for exercise in toy.exercises:
        cell(release, exercise.id).source = exercise.code
    return release


@pytest.fixture(scope="module")
def nursery(toy_course):
    """A process that hosts are forked from."""
    warm = small_nursery(toy_course)
    yield warm
    warm.close()


@pytest.fixture
def submit(toy_course):
    """Makes submissions in the sandbox, and ends them."""
    made = []

    def make(*cells, **settings):
        cells = [textwrap.dedent(cell) if isinstance(cell, str) else cell for cell in cells]
        made.append(sandboxed(toy_course, cells, **settings))
        return made[-1]

    yield make
    for subject in made:
        subject.close()


@pytest.fixture(scope="session")
def empty_gradebook(once) -> Path:
    """An empty gradebook, which takes nbgrader seconds to make."""
    from nbgrader.api import Gradebook

    def make(folder):
        folder.mkdir()
        with scripts_on_path(), Gradebook(f"sqlite:///{folder / 'gradebook.db'}"):
            pass

    return once("empty_gradebook", make) / "gradebook.db"


@pytest.fixture
def course(tmp_path, empty_gradebook) -> Path:
    """A small course of one assignment, `shapes`, not built, for a test to change."""
    root = tmp_path / "course"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    shutil.copy(empty_gradebook, root)
    return root


@pytest.fixture
def toys(written_course, tmp_path, monkeypatch):
    """A copy of the toy course with a class to be handed in, in which being late costs points."""
    root = shutil.copytree(written_course, tmp_path / "course")
    with (root / "course_config.py").open("a") as config:
        config.write('\nc.AssignLatePenalties.plugin_class = "proctor.gradebook.PenaltyPerDay"\n')
    monkeypatch.chdir(root)
    with scripts_on_path():
        yield ToyClass(root)


@pytest.fixture
def marked(written_course, tmp_path):
    """A copy of the toy course with four students."""
    found = Marked(shutil.copytree(written_course, tmp_path / "course"))
    for student, reflection in STUDENTS.items():
        found.grade(student, reflection)
    return found


@pytest.fixture
def hand_in(toy, tmp_path):
    """Takes in a notebook by way of a file, as a student hands it in."""

    def hand_in(notebook, name="toy.ipynb", change=lambda text: text):
        path = tmp_path / name
        text = notebook if isinstance(notebook, str) else json.dumps(notebook)
        path.write_bytes(change(text).encode("utf-8"))
        return read_submission(path, toy)

    return hand_in


@pytest.fixture(scope="session")
def changed(toy_sources, once) -> Assignment:
    """The assignment of the toy course after its second release; the first lies beside it."""
    return load_assignment(open_course(once("changed_course", partial(build_both, toy_sources))), "toy")


@pytest.fixture
def make_page(release):
    """Makes the page that a student reads, of the toy course's notebook with an answer in words."""
    return page_maker(release)
