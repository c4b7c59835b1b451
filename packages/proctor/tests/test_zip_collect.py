"""nbgrader's `zip_collect` on a class that an LMS handed over, and who of it is in the table."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading.roster import without_grades
from submissions import zipped

CONFIG = """
c.ZipCollectApp.extractor_plugin = "proctor.gradebook.DownloadExtractor"
c.ZipCollectApp.collector_plugin = "proctor.gradebook.DownloadCollector"
c.DownloadCollector.roster = "roster.csv"
c.Exchange.timezone = "Europe/Berlin"
"""
LISTED = "id,name\nann,Ann Lee\nbob,Bob Ray\nzoe,Zoe Kim\n"


@pytest.fixture
def handed_over(toy_course, tmp_path, solved):
    """A copy of the toy course with a roster, and Moodle's zip of who handed in; and its `nbgrader zip_collect`."""
    folder = shutil.copytree(toy_course, tmp_path / "course")
    with (folder / "course_config.py").open("a") as config:
        config.write(CONFIG)
    (folder / "roster.csv").write_text(LISTED)
    archive = folder / "downloaded" / "toy" / "archive"
    archive.mkdir(parents=True)
    own = {"Ann Lee_7_assignsubmission_file_/toy-1.ipynb": nbformat.writes(solved)}
    own |= {"Bob Ray_8_assignsubmission_file_/toy.html": "<p>"}
    (archive / "class.zip").write_bytes(zipped(own))
    return folder


def zip_collect(folder, status=0, *options):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "nbgrader", "zip_collect", "toy", *options]
    environment = os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == status, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stderr


def test_a_class_is_collected_with_nbgrader(handed_over):
    told = zip_collect(handed_over, 1)
    submitted = handed_over / "submitted"
    assert {path.relative_to(submitted).as_posix() for path in submitted.rglob("*.*")} == {
        "ann/toy/toy.ipynb",
        "ann/toy/timestamp.txt",
        "bob/toy/toy.html",
        "bob/toy/timestamp.txt",
    }
    assert (submitted / "ann/toy/timestamp.txt").read_text() == "2024-10-02 21:50:00"
    assert "Nothing handed in by 1 of 3: zoe" in told and "bob: there is no notebook, but toy.html" in told
    with Gradebook(f"sqlite:///{handed_over / 'gradebook.db'}") as gradebook:
        names = {one.id: f"{one.first_name} {one.last_name}" for one in gradebook.students}
        assert names == {"ann": "Ann Lee", "bob": "Bob Ray", "zoe": "Zoe Kim"}
    reasons = without_grades(load_assignment(open_course(handed_over), "toy"), [])
    assert reasons == {"ann": "not graded yet", "bob": "not graded yet", "zoe": "nothing handed in"}
    (handed_over / "downloaded/toy/archive/class.zip").write_bytes(
        zipped({"zoekim_LATE_1_2_toy.ipynb": "later"}, (2024, 10, 3, 1, 0, 0))
    )
    zip_collect(handed_over, 0, "--force")
    assert (submitted / "zoe/toy/toy.ipynb").read_text() == "later" and (submitted / "ann/toy/toy.ipynb").is_file()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "downloaded/toy/archive/class.zip").unlink(), "nothing to collect"),
        (lambda folder: (folder / "downloaded/toy/archive/class.zip").write_bytes(zipped({})), "Nothing was collected"),
        (lambda folder: (folder / "roster.csv").write_text("Ann\n"), "the roster roster.csv should name"),
        (lambda folder: (folder / "course_config.py").open("a").write('c.Exchange.timezone = "CEST"'), "Europe/Berlin"),
    ],
)
def test_what_is_missing_is_told(handed_over, change, words):
    change(handed_over)
    assert words in zip_collect(handed_over, 1)
    assert not (handed_over / "submitted").exists()


@pytest.mark.prove
def test_who_handed_in_nothing_is_in_the_table(handed_over):
    zip_collect(handed_over, 1)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore"}
    for command in ("nbgrader autograde toy", "proctor.cli table toy"):
        ran = subprocess.run(
            [sys.executable, "-m", *command.split()], cwd=handed_over, env=environment, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr
    rows = {line.split()[0]: line.split()[1:] for line in ran.stdout.splitlines()}
    assert rows["ann"][-1] == "10" and rows["bob"][-1] == "0" and rows["zoe"] == ["nothing", "handed", "in"]
