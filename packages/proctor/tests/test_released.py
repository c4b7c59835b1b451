"""The record of what was released: cells keep their ids, it grows by what is new, and a wrong former id is refused."""

import json
import shutil

import nbformat
import pytest

from proctor.authoring.assignment import load_assignment
from proctor.authoring.build import build_course
from proctor.authoring.errors import BuildError
from proctor.authoring.released import read_past, text_digest
from proctor.course import open_course
from proctor.grading.intake import Unreadable, imports, read_submission
from shapes import SHAPES, cells, change, contents, given, line_of


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


@pytest.mark.parametrize(
    ("more", "added"),
    [
        ("import torch", {"torch"}),
        ("from torch import nn", {"torch", "torch.nn", "torch.optim"}),
        ("import torch\n\ntorch.optim.SGD([torch.zeros(1)], lr=1)", {"torch", "torch.optim"}),
        ("units = 3", set()),
    ],
)
def test_compiler_of_torch_is_loaded_for_networks_alone(course, more, added):
    build_course(open_course(course))
    before = imports(load_assignment(open_course(course), "shapes"))
    change(course, SHAPES, "# %%\nfrom math import pi\n", f"# %%\nfrom math import pi\n\n{more}\n")
    build_course(open_course(course))
    after = imports(load_assignment(open_course(course), "shapes"))
    assert set(after) - set(before) == added
