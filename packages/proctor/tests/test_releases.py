"""Releases change: a notebook of an older one is graded in peace, and what is a student's own stays theirs."""

import json
import os
import shutil
import subprocess
import sys
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.api import Gradebook

from proctor.authoring.assignment import load_assignment
from proctor.authoring.build import build_course
from proctor.authoring.errors import BuildError
from proctor.authoring.released import plain_lines, read_past, text_digest
from proctor.course import CourseError, open_course
from proctor.grading.grade import grade_intake
from proctor.grading.intake import NOT_ASKED, Unreadable, read_submission, rebuild
from proctor.proof.demo import cell
from proctor.settings import SettingsError
from shapes import SHAPES, cells, change, contents, given, line_of

CARRY = Path(__file__).parents[3] / "docs/carry_marks.py"
FIRST = """\
# %% [markdown]
# # Toy

# %%
import torch
from toylib import FACTOR

# %%
HALF = 0.5
LIMIT = 100

# %% tags=["training"]
raise RuntimeError("a training cell ran while grading")

# %% [markdown]
# ## 1. Double a tensor

# %% exercise=double include=double points=4

# %% check=double
assert double(torch.ones(2)).sum() == 4, "two ones, doubled, should add up to 4"

# %% [markdown]
# ## 2. Add up

# %% exercise=total include=total points=6

# %% check=total
assert total(torch.ones(3), double) == 6, "three ones, doubled, should add up to 6"

# %% [markdown]
# ## 3. Negate

# %% exercise=negative include=negative points=1

# %% check=negative
assert negative(1) == -1
raise RuntimeError("a check cell ran while grading")

# %% [markdown]
# ## 4. Reflect

# %% [markdown] written=reflection points=3
# ### BEGIN SOLUTION
# Because two is the smallest prime.
# ### END SOLUTION

# %% tags=["plot"]
raise RuntimeError("a figure was drawn while grading")
"""

SECOND = """\
# %% [markdown]
# # Toy, put right

# %% [markdown]
# A new word of welcome.

# %%
import math

import torch
from toylib import FACTOR

# %%
LIMIT = 1000

# %% [markdown]
# ## 1. Sum a function of a tensor

# %% exercise=summed include=summed points=6 formerly=total

# %% check=summed
assert summed(torch.ones(3), abs) == 3, "three ones should add up to 3"

# %% [markdown]
# ## 2. Double a tensor

# %% exercise=double include=double points=4

# %% check=double
assert double(torch.ones(2)).sum() == 4, "two ones, doubled, should add up to four"

# %%
ROUNDS = 3

# %% tags=["training"]
for _ in range(ROUNDS):
    raise RuntimeError("a training cell ran while grading")

# %% [markdown]
# ## 3. Triple

# %% exercise=triple include=triple points=2

# %% check=triple
assert triple(1) == 3

# %% [markdown]
# ## 4. Look back

# %% [markdown] written=thought points=3 formerly=reflection
# ### BEGIN SOLUTION
# Because two is the smallest prime.
# ### END SOLUTION

# %% [markdown] written=question points=1
# ### BEGIN SOLUTION
# Why not three?
# ### END SOLUTION

# %% tags=["plot"]
raise RuntimeError("a better figure was drawn while grading")
"""

ONE_MORE = '''

def {name}(x):
    """A multiple of a number."""
    ### BEGIN SOLUTION
    multiple_of_x = {factor} * x
    return multiple_of_x
    ### END SOLUTION
'''

CHECK = '''\
import pytest

from proctor.checks import expect


@pytest.mark.points({points})
def test_value(submission, reference):
    """The number is multiplied."""
    expect.equal(submission.{name}(7), reference.{name}(7), "`{name}(7)`")
'''


def add_exercise(root, name, factor, points):
    with (root / "solutions/toy.py").open("a") as solutions:
        solutions.write(ONE_MORE.format(name=name, factor=factor))
    (root / f"graders/toy/test_{name}.py").write_text(CHECK.format(name=name, points=points))


def edit(file, **words):
    text = file.read_text()
    for old, new in words.items():
        text = text.replace(old, new)
    file.write_text(text)


@pytest.fixture(scope="module")
def changed(toy_sources, once):
    """The toy course after its second release; the first lies beside it."""

    def make(folder):
        shutil.copytree(toy_sources, folder, ignore=shutil.ignore_patterns("__pycache__", "mistakes.py", "altern*"))
        text = folder / "source/toy/toy.py"
        text.write_text(FIRST)
        add_exercise(folder, "negative", -1, 1)
        build_course(open_course(folder))
        shutil.copy(folder / "release/toy/toy.ipynb", folder / "first.ipynb")
        shutil.copytree(toy_sources / "solutions", folder / "solutions", dirs_exist_ok=True)
        (folder / "graders/toy/test_negative.py").unlink()
        add_exercise(folder, "triple", 3, 2)
        edit(folder / "solutions/toy.py", **{"def total": "def summed"})
        (folder / "graders/toy/test_total.py").rename(folder / "graders/toy/test_summed.py")
        edit(folder / "graders/toy/test_summed.py", **{".total": ".summed"})
        text.write_text(SECOND)
        build_course(open_course(folder))

    return load_assignment(open_course(once("changed_course", make)), "toy")


ANSWERS = {
    # It builds on a given name that the second release no longer has.
    "double": "def double(x):\n    return x / HALF",
    "total": "def total(x, function):\n    return function(x).sum()",
    "negative": "def negative(x):\n    return -x",
    "reflection": "Two is prime.",
}


@pytest.fixture
def first(changed):
    """The first release, solved."""
    notebook = nbformat.read(changed.root / "first.ipynb", as_version=4)
    for name, answer in ANSWERS.items():
        cell(notebook, name).source = answer
    return notebook


def as_it_is(notebook):
    return notebook


def of_an_older_build(notebook):
    """As they were before cells were called by what they hold."""
    notebook.metadata.pop("proctor")
    for number, entry in enumerate(notebook.cells, 1):
        entry.id = entry.metadata.get("nbgrader", {}).get("grade_id", f"toy-{number}")
    return notebook


def called_by_an_editor(notebook):
    notebook.metadata = {}
    for number, entry in enumerate(notebook.cells):
        entry.id, entry.metadata = f"x{number}", {}
    return notebook


def from_colab(notebook):
    for entry in notebook.cells:
        entry.metadata["id"] = entry.pop("id")
    notebook.nbformat_minor = 0
    return notebook


def from_windows(notebook):
    for entry in notebook.cells:
        entry.source = entry.source.replace("\n", "  \r\n") + " \r\n\r\n"
    return notebook


def by_way_of(form):
    def convert(notebook):
        back = jupytext.reads(jupytext.writes(notebook, form), form)
        return nbformat.from_dict(json.loads(json.dumps(back)))

    convert.__name__ = form
    return convert


FORMS = [
    as_it_is,
    of_an_older_build,
    called_by_an_editor,
    from_colab,
    from_windows,
    by_way_of("py:percent"),
    by_way_of("md"),
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_old_notebook_earns_all_that_it_asked_for_and_one_calm_note(form, first, changed):
    notebook = form(first)
    taken = rebuild(notebook, changed)
    verdict = grade_intake(taken, changed, "ann", "cpu")
    assert {one.id: (one.points, one.status) for one in verdict.exercises} == {
        "summed": (6, "correct"), "double": (4, "correct"), "triple": (0, "missing"),
    }, [check.message for exercise in verdict.exercises for check in exercise.checks]  # fmt: skip
    [note] = verdict.notes
    assert "given cells have been corrected since" in note
    assert "it did not have `triple`, `question` yet, so nothing is implemented there" in note
    told = read_past(changed.root, "toy").told(0)
    assert note.startswith(f"This notebook {'is' if 'proctor' in notebook.metadata else 'looks like'} {told}: ")
    assert cell(taken.notebook, "thought").source.strip() == "Two is prime."
    assert NOT_ASKED in cell(taken.notebook, "question").source
    own = [plain_lines(entry.source) for entry in taken.notebook.cells if entry.id.startswith("own-")]
    assert own == ["HALF = 0.5", ANSWERS["negative"]]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_unchanged_notebook_of_the_present_release_has_no_note(form, changed):
    notebook = nbformat.read(changed.release_notebook, as_version=4)
    notebook = form(notebook)
    taken = rebuild(notebook, changed)
    assert taken.notes == []
    assert [entry.id for entry in taken.notebook.cells if entry.id.startswith("own-")] == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_old_notebook_with_nothing_done_is_not_taken_for_answers(form, changed):
    taken = rebuild(form(nbformat.read(changed.root / "first.ipynb", as_version=4)), changed)
    verdict = grade_intake(taken, changed, "ann", "cpu")
    assert {one.status for one in verdict.exercises} == {"missing"}
    assert len(verdict.notes) == 1
    assert cell(taken.notebook, "thought").source == "YOUR ANSWER HERE"
    assert "raise NotImplementedError" in cell(taken.notebook, "summed").source


@pytest.mark.parametrize("form", [as_it_is, of_an_older_build, from_colab], ids=lambda form: form.__name__)
def test_what_was_made_of_old_given_cells_is_kept_and_only_given_code_runs(form, first, changed):
    """Their ids say what they were, whatever has become of the text."""
    notebook = form(first)
    for entry in notebook.cells:
        if entry.source.startswith(("raise RuntimeError", "assert", "HALF")):
            entry.source += "\nMINE = 1"
    taken = rebuild(notebook, changed)
    ran = [entry.source for entry in taken.cells]
    assert not any("raise RuntimeError" in source or "assert" in source for source in ran)
    assert "HALF = 0.5\nLIMIT = 100\nMINE = 1" in ran
    shown = [entry.source for entry in taken.notebook.cells]
    assert 'raise RuntimeError("a figure was drawn while grading")\nMINE = 1' in shown
    assert [note for note in taken.notes if "was changed" in note] == [
        f"The cell `check_{name}` was changed; it was put back as it was released." for name in ("summed", "double")
    ]


@pytest.mark.parametrize("form", [as_it_is, of_an_older_build, by_way_of("py:percent")], ids=lambda form: form.__name__)
@pytest.mark.parametrize("which", ["first", "second"])
def test_training_cell_that_was_edited_does_not_run_and_a_copy_of_it_that_is_something_else_does(
    form, which, first, changed
):
    notebook = first if which == "first" else nbformat.read(changed.release_notebook, as_version=4)
    training = next(entry for entry in notebook.cells if "training" in entry.metadata.get("tags", []))
    training.source += "\nMORE = 1"
    notebook = form(notebook)
    if form.__name__ != "py:percent":  # which draws all ids anew
        notebook.cells.append(new_code_cell("MINE = 1", metadata={"tags": ["training"]}))
        assert "MINE = 1" in [cell.source for cell in rebuild(notebook, changed).cells]
    taken = rebuild(notebook, changed)
    assert not any("MORE" in cell.source for cell in taken.cells)
    assert any("MORE" in cell.source for cell in taken.notebook.cells)


def test_figure_of_an_old_release_is_shown_to_whoever_marks(first, changed):
    first.cells[-1].outputs = [new_output("stream", text="the figure")]
    taken = rebuild(first, changed)
    [shown] = [entry for entry in taken.notebook.cells if entry.get("outputs")]
    assert shown.outputs[0].text == "the figure"
    assert not any(entry.source == shown.source for entry in taken.cells)


def test_corrected_code_wins_over_what_the_old_release_gave(first, changed):
    code = "\n".join(entry.source for entry in rebuild(first, changed).cells)
    assert "LIMIT = 1000" in code
    assert "LIMIT = 100\n" not in code


@pytest.mark.parametrize(("before", "after"), [("", "\xa0"), ("", "\x0c \u2003"), ("  ", ""), ("\u3000", "\x1f")])
def test_given_code_is_known_whatever_space_is_around_it(before, after, first, changed):
    for entry in first.cells:
        if entry.source.startswith("HALF"):
            lines = entry.source.split("\n")
            entry.source = before + "\n".join(line + after for line in lines)
    taken = rebuild(first, changed)
    assert "HALF = 0.5" in [entry.source for entry in taken.cells]


def test_answer_to_a_renamed_exercise_that_stands_elsewhere_is_found(first, changed):
    first.cells = [entry for entry in first.cells if entry.id not in ("total", "check_total")]
    first.cells.append(new_code_cell(ANSWERS["total"] + "\n\n\nLAST = total(torch.ones(2), abs)"))
    verdict = grade_intake(rebuild(first, changed), changed, "ann", "cpu")
    assert verdict.exercises[0].points == 6


def test_what_a_student_adds_to_an_old_notebook_is_theirs(first, changed):
    first.cells.insert(1, new_markdown_cell("My idea"))
    first.cells.insert(2, new_code_cell("mine = 1"))
    taken = rebuild(first, changed)
    assert "mine = 1" in [entry.source for entry in taken.cells]
    assert "My idea" in [entry.source for entry in taken.notebook.cells]


def test_second_copy_of_a_template_does_not_undo_the_answer(first, changed):
    for notebook in (first, nbformat.read(changed.release_notebook, as_version=4)):
        untouched = nbformat.read(changed.root / "first.ipynb", as_version=4)
        untouched = cell(untouched if notebook is first else deepcopy(notebook), "double")
        cell(notebook, "double").source = "def double(x):\n    return 2 * x"
        notebook.cells.append(new_code_cell(untouched.source))
        ran = [entry.source for entry in rebuild(notebook, changed).cells]
        assert untouched.source not in ran


def test_cell_deleted_from_an_old_notebook_is_told_as_deleted(first, changed):
    first.cells = [entry for entry in first.cells if entry.id != "check_double"]
    notes = rebuild(first, changed).notes
    assert "The cell `check_double` was deleted; it was put back as it was released." in notes


@pytest.mark.parametrize("told", [None, "x", [], {}, {"release": None}, {"release": []}, {"release": "0" * 12}])
def test_release_that_a_student_makes_up_is_none(told, first, changed):
    first.metadata["proctor"] = told
    [note] = rebuild(first, changed).notes
    assert note.startswith(f"This notebook looks like {read_past(changed.root, 'toy').told(0)}: ")


# The build


def test_what_is_added_elsewhere_leaves_every_id(course):
    build_course(open_course(course))
    before = cells(course / "release/shapes/shapes.ipynb")
    change(course, SHAPES, "# %%\nfrom math import pi\n", "# %%\nfirst = 0\n\n# %%\nfrom math import pi\n")
    build_course(open_course(course))
    after = cells(course / "release/shapes/shapes.ipynb")
    assert [id for id in after if id in before] == list(before)
    assert set(after) - set(before) == {given("first = 0")}


def test_equal_cells_have_different_ids(course):
    twice = "# %%\nfrom math import pi\n"
    change(course, SHAPES, twice, f"{twice}\n{twice}\n{twice}\n# %%\n\n# %%\n\n# %% [markdown]\n")
    build_course(open_course(course))
    notebook = nbformat.read(course / "release/shapes/shapes.ipynb", as_version=4)
    ids = [entry.id for entry in notebook.cells if entry.source == "from math import pi"]
    assert ids == [given("from math import pi") + again for again in ("", "-2", "-3")]
    nbformat.validate(notebook)


def test_record_grows_by_what_is_new_and_a_rebuild_changes_nothing(course):
    build_course(open_course(course))
    file = course / "graders/shapes/released.json"
    change(course, SHAPES, "assert area(0) == 0", "assert area(0) == 0, area(0)")
    build_course(open_course(course))
    first, second = json.loads(file.read_bytes())
    assert len(first["cells"]) == 14
    assert second["cells"] == {text_digest("assert area(0) == 0, area(0)"): "check_area"}
    assert second["exercises"] == {}
    released = nbformat.read(course / "release/shapes/shapes.ipynb", as_version=4)
    source = nbformat.read(course / "source/shapes/shapes.ipynb", as_version=4)
    assert released.metadata.proctor == source.metadata.proctor == {"release": second["release"]}
    before = contents(course / "source", course / "release", course / "graders")
    assert build_course(open_course(course)) == []
    change(course, SHAPES, "assert area(0) == 0, area(0)", "assert area(0) == 0")
    build_course(open_course(course))
    assert contents(course / "graders")[file] == before[file]


def test_release_that_is_older_than_the_record_is_put_on_it(course):
    build_course(open_course(course))
    (course / "graders/shapes/released.json").unlink()
    change(course, SHAPES, "assert area(0) == 0", "assert area(0) == 0, area(0)")
    build_course(open_course(course))
    first, second = read_past(course, "shapes").releases
    assert (first.built, len(first.cells), len(second.cells)) == ("", 14, 1)
    assert second.built


def test_solution_that_changes_is_the_same_release(course):
    build_course(open_course(course))
    change(course, "solutions/shapes.py", "result = pi * square", "result = square * pi")
    written = build_course(open_course(course))
    assert written == [course / "source/shapes/shapes.ipynb"]


@pytest.mark.parametrize(
    ("old", "new", "words", "message"),
    [
        ("points=5", "points=5 formerly=arena", "formerly", "no release had an exercise `arena`"),
        ("points=5", "points=5 formerly=box", "formerly", "the former id `box` is that of the exercise on line"),
        ("points=5", "points=5 formerly=area", "formerly", "the former id `area` is that of the exercise on line"),
        ("points=5", "points=5 formerly=circle,circle", "formerly", "the former id `circle` is taken by the cell on"),
        ("points=5", "points=5 formerly=a-b", "formerly", "should name a Python identifier"),
        ("include=keep", "include=keep formerly=circle", "formerly", "without an exercise"),
        ("check=area", "check=area formerly=circle", "formerly", "do not go together"),
        ("exercise=box include", "exercise=bøx include", "bøx", "should be at most 64 letters"),
        ("written=reflection", f"written={'a' * 65}", "aaa", "should be at most 64 letters"),
    ],
)  # fmt: skip
def test_former_id_that_is_wrong_is_refused_with_file_and_line(course, old, new, words, message):
    change(course, SHAPES, "exercise=area", "exercise=circle")
    change(course, SHAPES, "check=area", "check=circle")
    change(course, SHAPES, "{{points:area}}", "{{points:circle}}")
    (course / "graders/shapes/test_area.py").rename(course / "graders/shapes/test_circle.py")
    build_course(open_course(course))
    change(course, SHAPES, "exercise=circle", "exercise=area")
    change(course, SHAPES, "check=circle", "check=area")
    change(course, SHAPES, "{{points:circle}}", "{{points:area}}")
    (course / "graders/shapes/test_circle.py").rename(course / "graders/shapes/test_area.py")
    change(course, SHAPES, old, new)
    with pytest.raises(BuildError) as refused:
        build_course(open_course(course))
    told = [error for error in refused.value.errors if message in error]
    assert told and told[0].startswith(f"{SHAPES}:{line_of(course, SHAPES, words)}: ")


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'[{"release": "x", "cells": 1}]', b"<<<<<<< HEAD\n", b"\xff"])
def test_damaged_record_is_told_in_one_line(course, content):
    build_course(open_course(course))
    (course / "graders/shapes/released.json").write_bytes(content)
    with pytest.raises(BuildError, match="graders/shapes/released.json:1: no record of releases") as refused:
        build_course(open_course(course))
    assert "\n" not in str(refused.value)
    submitted = course / "shapes.ipynb"
    shutil.copy(course / "release/shapes/shapes.ipynb", submitted)
    with pytest.raises(Unreadable, match="released.json:1: no record of releases"):
        read_submission(submitted, load_assignment(open_course(course), "shapes"))


@pytest.mark.parametrize("content", [None, "", "# load_subconfig('course_config.py')\n", "c = get_config()\n"])
def test_settings_that_nbgrader_would_not_read_are_refused(course, content):
    file = course / "nbgrader_config.py"
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(CourseError) as refused:
        build_course(open_course(course))
    assert 'write into it: load_subconfig("course_config.py")' in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (course / "release").exists()


def test_settings_that_nbgrader_reads_may_say_more(course):
    with (course / "nbgrader_config.py").open("a") as file:
        file.write('c = get_config()\nc.Exchange.root = "/tmp/exchange"\nc.CourseDirectory.course_id = "shapes"\n')
    build_course(open_course(course))


def test_package_that_is_nowhere_is_refused(course):
    change(course, "course_config.py", '["toylib"]', '["toylab"]')
    with pytest.raises(SettingsError, match='names "toylab", but .* not installed') as refused:
        build_course(open_course(course))
    assert "\n" not in str(refused.value)


# The gradebook


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
