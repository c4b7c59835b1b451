"""A new release keeps what a person gave: marks, comments and extensions are carried over as the guide says."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from proctor.authoring.build import build_course
from proctor.authoring.errors import BuildError
from proctor.course import open_course
from proctor.proof.demo import cell
from two_releases import ANSWERS, FIRST, add_exercise

CARRY = Path(__file__).parents[3] / "docs/carry_marks.py"


@pytest.mark.prove
def test_marks_are_carried_into_the_gradebook_of_a_new_release_as_the_guide_says(changed, toy_sources, tmp_path):
    """The guide's own commands, from a class graded on the first release to pages of the second."""
    course = tmp_path / "course"
    shutil.copytree(changed.root, course)
    second = {name: (course / name).read_text() for name in ("source/toy/toy.py", "solutions/toy.py")}
    for name in ("triple", "summed"):
        shutil.move(course / f"graders/toy/test_{name}.py", tmp_path)
    (course / "gradebook.db").unlink()
    shutil.copytree(toy_sources / "solutions", course / "solutions", dirs_exist_ok=True)
    (course / "source/toy/toy.py").write_text(FIRST)
    add_exercise(course, "negative", -1, 1)
    shutil.copy(toy_sources / "graders/toy/test_total.py", course / "graders/toy")
    build_course(open_course(course))
    notebook = nbformat.read(course / "release/toy/toy.ipynb", as_version=4)
    cell(notebook, "reflection").source = ANSWERS["reflection"]
    (course / "submitted/ann/toy").mkdir(parents=True)
    nbformat.write(notebook, course / "submitted/ann/toy/toy.ipynb")
    run(course, "-m", "nbgrader", "autograde", "toy")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        marked = gradebook.find_grade("reflection", "toy", "toy", "ann")
        marked.manual_score, marked.needs_manual_grade = 2.5, False
        gradebook.find_grade("check_total", "toy", "toy", "ann").extra_credit = 1
        looked_at = gradebook.find_grade("check_double", "toy", "toy", "ann")
        looked_at.manual_score, looked_at.needs_manual_grade = 4, True
        gradebook.find_grade("check_negative", "toy", "toy", "ann").manual_score = 0.5
        gradebook.find_comment("double", "toy", "toy", "ann").manual_comment = "Come and see me."
        gradebook.grant_extension("toy", "ann", days=2)
        gradebook.update_or_create_student("bob")
        gradebook.update_or_create_submission("toy", "bob")
        gradebook.grant_extension("toy", "bob", hours=3)
    for name in ("negative", "total"):
        (course / f"graders/toy/test_{name}.py").unlink()
    for name in ("triple", "summed"):
        shutil.move(tmp_path / f"test_{name}.py", course / "graders/toy")
    for name, content in second.items():
        (course / name).write_text(content)
    with pytest.raises(BuildError, match="Cannot add or remove cells .*docs/instructors.md, A new release"):
        build_course(open_course(course))
    shutil.copy(course / "gradebook.db", course / "before.db")
    run(course, "-m", "nbgrader", "db", "assignment", "remove", "toy", "--force")
    build_course(open_course(course))
    run(course, "-m", "nbgrader", "autograde", "toy", "--force")
    told = run(course, str(CARRY), "before.db", "toy")
    assert "6 marks, comments and extensions were carried over" in told
    assert told.endswith("no such answer now:\n  ann, check_negative: 0.5\n")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert gradebook.find_grade("thought", "toy", "toy", "ann").score == 2.5
        assert not gradebook.find_grade("thought", "toy", "toy", "ann").needs_manual_grade
        assert gradebook.find_grade("check_double", "toy", "toy", "ann").needs_manual_grade
        assert gradebook.find_grade("check_summed", "toy", "toy", "ann").extra_credit == 1
        assert gradebook.find_comment("double", "toy", "toy", "ann").comment == "Come and see me."
        assert gradebook.find_submission("toy", "ann").score == 7.5
        assert gradebook.find_submission("toy", "ann").extension == timedelta(days=2)
        assert gradebook.find_submission("toy", "bob").extension == timedelta(hours=3)


def run(course, *command):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run([sys.executable, *command], cwd=course, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
