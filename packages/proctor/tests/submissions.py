"""Submissions that tests take in or put into hosts, fresh ones and forked ones, and what becomes of the processes."""

import io
import os
import shutil
import signal
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil

from proctor.authoring.assignment import Assignment
from proctor.authoring.build import build_course
from proctor.checks.cell import Cell
from proctor.checks.connections import InSandbox
from proctor.checks.submission import Submission
from proctor.course import open_course
from proctor.grading.grade import grade_intake
from proctor.grading.intake import take_in
from proctor.grading.report import table
from proctor.isolation.nursery import Nursery
from proctor.isolation.process import ForkedHost, HostProcess
from proctor.proof import demo

# A PNG of one pixel, as outputs hold it.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SMALL = {"memory_gigabytes": 3, "scratch_megabytes": 8, "scratch_files": 100}
RIGHT_FORMS = (
    "own_cell",
    "merged_cells",
    "shell_line",
    "question_first",
    "top_level_await",
    "future_import",
    "cleaned_up",
    "own_training",
    "other_order",
    "windows_lines",
    "ids_dropped",
    "named_ipynb_json",
    "exported_py",
    "two_notebooks",
    "Zoë d'Ávila (2)",
)
ENDINGS = {
    "exits": ("import os\nos._exit(7)", "exit status 7"),
    "is killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    "never ends": (
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
        "this cell may take 1 second",
    ),
}

# An exercise that the toy course does not have: an answer in words, which a person marks.
WRITTEN = """
# %% [markdown]
# ## 3. Reflect

# %% [markdown] written=reflection points=3
# ### BEGIN SOLUTION
# Because two is the smallest prime.
# ### END SOLUTION
"""

# Another, of what is to be written without what torch has of it: what is added to the toy course's files.
FROM_SCRATCH = {
    "source/toy/toy.py": """
# %% [markdown]
# ## 3. Sums of all values so far ({{points:running}})

# %% exercise=running include=running points=3

# %% check=running
assert running(torch.ones(3))[-1] == 3, "three ones should add up to 3"
""",
    "solutions/toy.py": """

def running(x):
    \"\"\"The sums of all values up to each, written without `torch.cumsum`.\"\"\"
    ### BEGIN SOLUTION
    sums = [x[: place + 1].sum() for place in range(len(x))]
    return torch.stack(sums)
    ### END SOLUTION
""",
    "graders/toy/test_running.py": """\"\"\"Checks of the exercise `running`.\"\"\"

import pytest
import torch

from proctor.checks import expect
from proctor.checks.constraints import BuiltIn

BUILT_IN = BuiltIn(frozenset({"cumsum", "cumsum_"}), ("cumsum",))


@pytest.mark.points(3)
def test_values(submission, reference, generator):
    \"\"\"Each sum is that of all values so far.\"\"\"
    x = torch.rand(7, generator=generator)
    submission.running(x[:3])
    expect.from_scratch(submission, "running", BUILT_IN)
    expect.close(submission.running(x), reference.running(x), "`running(x)`")
""",
}


def build_toy(sources: Path, folder: Path, more: str = "") -> None:
    """Copy a toy course to a folder, with more at the end of its assignment's text, and build it."""
    shutil.copytree(sources, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "source/toy/toy.py").open("a") as text:
        text.write(more)
    build_course(open_course(folder))


def add_from_scratch(root: Path) -> None:
    """Give a toy course, which is not built yet, an exercise that forbids a built-in."""
    for name, text in FROM_SCRATCH.items():
        with (root / name).open("a") as file:
            file.write(text)


def course_with(root, **settings):
    """The course at `root` with other settings."""
    course = open_course(root)
    return replace(course, settings=replace(course.settings, **settings))


def sandboxed(root, cells, sealed=True, start=None, **settings):
    """A submission in the sandbox, in hosts that start from nothing if no other start is given.

    Its cells may be given as texts. Unsealed, its host has bubblewrap alone. Where the time is not what a test is
    about, it is long enough for a busy machine.
    """
    cells = [cell if isinstance(cell, Cell) else Cell(f"cell {n}", cell) for n, cell in enumerate(cells)]
    course = course_with(root, **{"cell_seconds": 60, "call_seconds": 60, **settings})
    start = start or partial(HostProcess, course, "cpu", sealed)
    return Submission("eve", InSandbox(cells, course.settings, start), cells)


def small_nursery(root, *modules):
    return Nursery(course_with(root, **SMALL), ["fractions", *modules])


def hosts_of(nursery, root):
    return partial(ForkedHost, nursery, course_with(root, **SMALL))


def descendants(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(grand for child in children for grand in descendants(int(child)))]


def alive(pids):
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


def full_marks(assignment: Assignment, form: str, folder) -> None:
    """Grade one form of the demo class, and fail where it loses a point."""
    folder = folder / form / assignment.name
    folder.mkdir(parents=True)
    for file, content in demo.right_forms(assignment)[form].items():
        (folder / file).write_text(content, encoding="utf-8", newline="")
    verdict = grade_intake(take_in(folder / f"{assignment.name}.ipynb", assignment), assignment, form, "cpu")
    assert verdict.points == verdict.max_points, "\n".join(table(verdict))


def zipped(entries, when=(2024, 10, 2, 23, 50, 0)) -> bytes:
    """A zip of {name: content}, or of (ZipInfo, content)."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items() if isinstance(entries, dict) else entries:
            archive.writestr(zipfile.ZipInfo(name, when) if isinstance(name, str) else name, content)
    return target.getvalue()


def entry(name, when=(2024, 10, 2, 23, 50, 0), extra=b"", mode=0):
    info = zipfile.ZipInfo(name, when)
    info.extra, info.external_attr = extra, mode << 16
    return info


def end():
    """What kills its process; it lies where a new one can import it."""
    os.kill(os.getpid(), signal.SIGKILL)


def end_once(path):
    """What kills its process, but for the second time, of which a file tells."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return "done"
    return end()


def sources(taken) -> dict:
    """What runs, by cell id."""
    return {entry.id: entry.source for entry in taken.cells}


def shown(taken, cell_id):
    return demo.cell(taken.notebook, cell_id)
