"""The course that docs/authors.md shows, made from its very words and graded where this one's package is not found."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from proctor.proof.demo import cell

PAGE = Path(__file__).parents[3] / "docs/authors.md"
SHOWN = re.compile(r"^`([\w./]+)`\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = "statistics 101"
TOTALS = {"ann": 6, "bob": 10, "eve": 0}
# Nothing of this course's own can be imported, not even where it is installed.
ALONE = """
import sys


class Alone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "dlh":
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Alone())
"""
# What is of use to nobody but a cheat.
CURIOUS = """
for name in ("graders", "solutions"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise SystemExit(name)
"""


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8").partition("\n## Your own course\n")[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs a module in a folder, with the engine alone in reach."""
    alone = tmp_path_factory.mktemp("alone")
    (alone / "sitecustomize.py").write_text(ALONE, encoding="utf-8")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(alone), "PYTHONWARNINGS": "ignore"}

    def run(folder, *command):
        pipe = {"capture_output": True, "text": True}
        ran = subprocess.run([sys.executable, "-m", *command], cwd=folder, env=environment, **pipe)
        assert ran.returncode == 0 and "Traceback" not in ran.stderr, ran.stdout + ran.stderr
        return ran.stdout

    return run


@pytest.fixture
def statistics101(page, run, once) -> Path:
    """The course of the page, built, in a folder with a space in its path."""

    def make(folder):
        empty = [("graders/__init__.py", ""), ("graders/averages/__init__.py", "")]
        for name, content in [*SHOWN.findall(page), *empty]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
        built = run(folder, "proctor.authoring.build", "--zip").splitlines()
        notebooks = [f"wrote {kind}/averages/averages.ipynb" for kind in ("source", "release")]
        assert built == [*notebooks, "wrote graders/averages/released.json", f"wrote dist/{NAME}.zip"]

    return once(NAME, make)


def hand_in(root, student, mean, median):
    notebook = nbformat.read(root / "release/averages/averages.ipynb", as_version=4)
    for name, code in (("mean", mean), ("median", median)):
        if code:
            cell(notebook, name).source = code
    path = root / "submitted" / student / "averages/averages.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


@pytest.mark.prove
def test_its_class_is_graded_and_its_mistakes_are_named(statistics101, run):
    mean = "def mean(values):\n    return sum(values) / len(values)"
    median = "def median(values):\n    return sorted(values)[3]"
    one_less = "def mean(values):\n    return sum(values) / (len(values) - 1)"
    hand_in(statistics101, "ann", one_less, median)
    hand_in(statistics101, "bob", CURIOUS + mean, median)
    hand_in(statistics101, "eve", "", "")
    assert "3 submissions: 3 graded" in run(statistics101, "proctor.cli", "class", "averages", "--device", "cpu")
    run(statistics101, "nbgrader", "autograde", "averages")
    rows = [line.split() for line in run(statistics101, "proctor.cli", "table").splitlines()]
    assert {row[0]: float(row[-1]) for row in rows[2:-1]} == TOTALS
    graded = (statistics101 / "autograded/ann/averages/averages.ipynb").read_text(encoding="utf-8")
    assert "Divide by the number of values." in graded


@pytest.mark.prove
def test_its_checks_are_proven_as_the_page_says(statistics101, page, run):
    audited = run(statistics101, "proctor.cli", "audit", "--device", "cpu")
    assert audited == re.search(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL).group(1)


@pytest.mark.prove
def test_plain_pytest_runs_its_checks(statistics101, run):
    tested = run(statistics101, "pytest", "graders", "-p", "no:cacheprovider", "--device", "cpu")
    assert "3 passed" in tested and "10 / 10" in tested
