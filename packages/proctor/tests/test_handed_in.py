"""Nobody is left out: every folder that was handed in has a row and a page, and what can be read is graded."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbconvert.exporters import PythonExporter

from proctor.authoring.assignment import load_assignment
from proctor.cli import main
from proctor.course import open_course
from proctor.grading import reading
from proctor.grading.grade import grade_intake
from proctor.grading.gradebook import read_grades
from proctor.grading.intake import made_of, take_in
from proctor.grading.reading import read_program
from proctor.proof.demo import cell


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "toy"


@pytest.fixture
def handed_in(toy, folder):
    """Grades what lies in a folder: {name: notebook or text}."""

    def handed_in(**files):
        folder.mkdir()
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (folder / name).write_text(text, encoding="utf-8")
        taken = take_in(folder / "toy.ipynb", toy)
        return grade_intake(taken, toy, "ann", "cpu")

    return handed_in


def exported(notebook):
    return PythonExporter().from_notebook_node(notebook)[0]


def test_notebook_under_another_ending_is_graded(handed_in, solved):
    verdict = handed_in(**{"toy.ipynb.json": solved, "._toy.ipynb": "Mac OS X", "timestamp.txt": "2026-01-01"})
    assert verdict.points == 10
    assert verdict.notes == ["The notebook was handed in as `toy.ipynb.json`, not as `toy.ipynb`."]


def test_program_that_jupyter_exported_is_graded_without_its_training(handed_in, solved):
    at = [entry.id for entry in solved.cells].index("total")
    training = nbformat.v4.new_code_cell("%time x = double(torch.ones(2))")
    solved.cells.insert(at, training)
    verdict = handed_in(**{"toy.py": exported(solved)})
    assert verdict.points == 10, verdict.exercises
    assert not any("was changed" in note for note in verdict.notes)


def test_plain_program_is_graded(handed_in, toy):
    code = "\n\n\n".join(exercise.code for exercise in toy.exercises)
    assert handed_in(**{"answers.py": f"import torch\n\nFACTOR = 2\n\n\n{code}\n"}).points == 10


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "No notebook was handed in."),
        ({"toy.html": "<html>", "notes.txt": "x"}, "there is `notes.txt`, `toy.html`; hand in the notebook itself"),
        ({"toy.qmd": "x"}, "there is `toy.qmd`; hand in the notebook itself (.ipynb)."),
        ({".toy.ipynb.icloud": "x"}, "which stands for a file in iCloud: download that"),
        ({"toy.ipynb.crdownload": '{"cells": ['}, "the file ends in the middle"),
        ({"a.ipynb": "{}", "b.ipynb": "{}"}, "which of `a.ipynb`, `b.ipynb` is meant cannot be told"),
    ],
)
def test_what_cannot_be_graded_says_what_is_there(handed_in, files, words):
    verdict = handed_in(**files)
    assert verdict.points == 0
    assert words in verdict.exercises[0].checks[0].message


PLACES = ["toy.ipynb (1)", "toy (2).ipynb", "toy/toy.ipynb", "hw/final/toy.ipynb", "hw/mine.ipynb", "toy.ipynb.txt"]


@pytest.mark.parametrize("place", PLACES)
def test_notebook_is_found_where_browsers_and_folders_put_it(place, toy, folder, solved):
    (folder / place).parent.mkdir(parents=True)
    (folder / place).write_text(json.dumps(solved), encoding="utf-8")
    taken = take_in(folder / "toy.ipynb", toy)
    assert grade_intake(taken, toy, "ann", "cpu").points == 10
    assert taken.notes == [f"The notebook was handed in as `{place}`, not as `toy.ipynb`."]


def test_notebook_in_what_windows_calls_unicode_is_read(toy, folder, solved):
    folder.mkdir()
    (folder / "toy.ipynb").write_text(json.dumps(solved), encoding="utf-16")
    assert grade_intake(take_in(folder / "toy.ipynb", toy), toy, "ann", "cpu").points == 10


OTHER_NAMES = ["ann", "toy.json", "toy.txt", "toy.ipynb~", "toy.ipynb.download", "toy.ipynb.bak", "a.py", "a.py.txt"]


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_notebook_is_known_by_what_is_in_it(name, handed_in, solved):
    verdict = handed_in(**{name: solved, "data.json": '{"cells_of_blood": 3}'})
    assert verdict.points == 10
    assert verdict.notes == [f"The notebook was handed in as `{name}`, not as `toy.ipynb`."]


@pytest.mark.parametrize("name", ["toy.ipynb", "toy.py.txt", "toy.ipynb.txt"])
def test_program_is_known_by_what_is_in_it(name, handed_in, solved):
    assert handed_in(**{name: jupytext.writes(solved, "py:percent")}).points == 10


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("place", ["toy.py", "final/toy.ipynb", "toy.ipynb.bak"])
def test_answers_are_found_in_another_form_or_folder_beside_a_notebook_without(place, broken, toy, folder, solved):
    (folder / place).parent.mkdir(parents=True)
    (folder / place).write_text(jupytext.writes(solved, "py:percent" if place.endswith(".py") else "ipynb"))
    before = made_of(folder / "toy.ipynb")
    release = toy.release_notebook.read_text()
    (folder / "toy.ipynb").write_text(release[:-200] if broken else release)
    assert made_of(folder / "toy.ipynb") != before
    taken = take_in(folder / "toy.ipynb", toy)
    assert grade_intake(taken, toy, "ann", "cpu").points == 10
    assert f"as `{place}`, not as `toy.ipynb`. Not graded: `toy.ipynb`. It alone has answers" in taken.choice


def test_helper_beside_a_notebook_is_not_told(handed_in, solved, toy):
    assert handed_in(**{"toy.ipynb": solved, "double.py": toy.exercises[0].code}).notes == []


def test_what_jupyter_saved_by_itself_is_graded_where_there_is_nothing_else(toy, folder, solved):
    place = folder / ".ipynb_checkpoints/toy-checkpoint.ipynb"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(solved), encoding="utf-8")
    taken = take_in(folder / "toy.ipynb", toy)
    assert grade_intake(taken, toy, "ann", "cpu").points == 10
    words = "The notebook was handed in as `.ipynb_checkpoints/toy-checkpoint.ipynb`, not as `toy.ipynb`."
    assert taken.notes == [words]
    shutil.copy(toy.release_notebook, folder)
    assert grade_intake(take_in(folder / "toy.ipynb", toy), toy, "ann", "cpu").points == 0


def without_what_may_be_empty(notebook):
    plain = json.loads(json.dumps(notebook))
    for entry in plain["cells"]:
        for key in ("metadata", "outputs", "execution_count", "id"):
            entry.pop(key, None)
    plain["cells"] += [{"cell_type": "code"}, {"cell_type": "code", "source": None, "outputs": None}]
    return {"nbformat": 4, "cells": plain["cells"]}


def in_an_old_encoding(notebook):
    cell(notebook, "double").source += "\n# Größe, naïve"
    return json.dumps(notebook, ensure_ascii=False).encode("cp1252")


# What disks, editors and programs make of the file of a notebook.
DAMAGED = {
    "filled up with zeros": lambda notebook: json.dumps(notebook).encode() + bytes(512),
    "tabs and lines as they are": lambda notebook: json.dumps(notebook, indent=1).replace("\\n", "\n").encode(),
    "nothing that may be empty": lambda notebook: json.dumps(without_what_may_be_empty(notebook)).encode(),
    "nothing for its metadata": lambda notebook: json.dumps({**notebook, "metadata": None}).encode(),
    "numbers as texts": lambda notebook: json.dumps({**notebook, "nbformat": "4", "nbformat_minor": "5"}).encode(),
    "numbers with a point": lambda notebook: json.dumps({**notebook, "nbformat": 4.0, "nbformat_minor": 5.0}).encode(),
    "as a server sends it": lambda notebook: json.dumps({"type": "notebook", "content": notebook}).encode(),
    "UTF-16 without its mark": lambda notebook: json.dumps(notebook).encode("utf-16-le"),
    "UTF-32": lambda notebook: json.dumps(notebook).encode("utf-32"),
    "an old encoding": in_an_old_encoding,
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_notebook_whose_code_can_be_told_is_graded(damage, toy, folder, solved):
    folder.mkdir()
    (folder / "toy.ipynb").write_bytes(DAMAGED[damage](solved))
    taken = take_in(folder / "toy.ipynb", toy)
    assert (grade_intake(taken, toy, "ann", "cpu").points, taken.notes) == (10, [])


MARIMO = '''import marimo

__generated_with = "0.14.0"
app = marimo.App(width="medium")

with app.setup:
    import torch


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # Toy
    """)
    return


@app.cell
def _(
    torch,
):
    # mine
    TEXT = """
at the left
"""

    def double(x):
        # your code here
        return 2 * x
    return (
        TEXT,
        double,
    )


@app.function
def total(x, function):
    return torch.sum(function(x))


@app.cell
def _():
    return


if __name__ == "__main__":
    app.run()
'''


def test_notebook_that_marimo_keeps_as_a_program_is_graded_and_read_cell_by_cell(toy, folder):
    folder.mkdir()
    (folder / "toy.py").write_text(MARIMO, encoding="utf-8")
    assert grade_intake(take_in(folder / "toy.ipynb", toy), toy, "ann", "cpu").points == 10
    definition = "def double(x):\n    # your code here\n    return 2 * x"
    assert [(cell.cell_type, cell.source) for cell in read_program(folder / "toy.py")[0]] == [
        ("code", "import torch"),
        ("markdown", "# Toy"),
        ("code", f'# mine\nTEXT = """\nat the left\n"""\n\n{definition}'),
        ("code", "def total(x, function):\n    return torch.sum(function(x))"),
        ("code", ""),
    ]


def test_program_in_the_encoding_that_it_names_is_graded(toy, folder, solved):
    folder.mkdir()
    cell(solved, "double").source += "\n# Größe"
    code = f"# -*- coding: latin-1 -*-\n{jupytext.writes(solved, 'py:percent')}"
    (folder / "toy.py").write_bytes(code.encode("latin-1"))
    assert grade_intake(take_in(folder / "toy.ipynb", toy), toy, "ann", "cpu").points == 10


def test_of_two_notebooks_the_one_with_answers_is_graded(toy, folder, solved, release):
    for place, other in (("toy.ipynb", "toy (1).ipynb"), ("new/toy_final.ipynb", "new/toy_old.ipynb")):
        blank = nbformat.read(toy.release_notebook, as_version=4)
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(json.dumps(blank), encoding="utf-8")
        (folder / other).write_text(json.dumps(solved), encoding="utf-8")
        assert grade_intake(take_in(folder / "toy.ipynb", toy), toy, "ann", "cpu").points == 10
        shutil.rmtree(folder)


def test_of_a_whole_folder_the_notebook_of_the_right_name_is_graded(toy, folder, solved):
    for place in ("course/apples.ipynb", "course/toy.ipynb", "course/zebras.ipynb"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(json.dumps(solved), encoding="utf-8")
    taken = take_in(folder / "toy.ipynb", toy)
    assert not taken.refused
    words = "The notebook was handed in as `course/toy.ipynb`, not as `toy.ipynb`."
    words += " Not graded: `course/apples.ipynb`, `course/zebras.ipynb`."
    assert taken.notes == [f"{words} It has the right name; others have answers, too."]
    shutil.copytree(folder / "course", folder / "again")
    refused = take_in(folder / "toy.ipynb", toy).refused
    assert "which of `again/toy.ipynb`, `course/toy.ipynb`" in refused and "is meant cannot be told" in refused


def test_verdict_names_the_notebook_that_was_graded(handed_in, solved):
    verdict = handed_in(**{"toy.ipynb": solved, "toy-old.ipynb": solved, "._toy.ipynb": "Mac OS X"})
    words = "`toy.ipynb` was graded, and not `toy-old.ipynb`. It has the right name; others have answers, too."
    assert (verdict.points, verdict.notes) == (10, [words])


@pytest.mark.prove
def test_every_folder_has_a_row_and_a_page(toy_course, tmp_path):
    root = shutil.copytree(toy_course, tmp_path / "course")
    toy = load_assignment(open_course(root), "toy")
    for student, files in {"ann": {}, "bea": {"toy.html": "<html>"}, "cem": {"toy.ipynb": "{}"}, "dan": None}.items():
        place = root / "submitted" / student / "toy"
        place.mkdir(parents=True)
        if files is None:
            shutil.copy(toy.source_notebook, place)
        for name, text in (files or {}).items():
            (place / name).write_text(text)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for command in ("autograde", "generate_feedback"):
        subprocess.run(
            [sys.executable, "-m", "nbgrader", command, "toy"], cwd=root, env=os.environ | {"PATH": path}, check=True
        )
    assert {name: sum(scores.values()) for name, scores in read_grades(toy).items()} == {
        "ann": 0, "bea": 0, "cem": 0, "dan": 10,
    }  # fmt: skip
    pages = {page.parts[-3]: page.read_text() for page in (root / "feedback").rglob("*.html")}
    assert set(pages) == {"ann", "bea", "cem", "dan"}
    assert "No notebook was handed in; there is" in pages["bea"]
    assert cell(nbformat.read(root / "autograded/dan/toy/toy.ipynb", 4), "double").source


STRANGE = [b"\xff\xfe", b"\x1b[2J\x07x", b"a\n[AutogradeApp | INFO] eve: 10 of 10 points", "\u202egpj".encode()]


def named(folder, name, content):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / os.fsdecode(name + b".ipynb")).write_text(content, encoding="utf-8")


@pytest.mark.parametrize("name", STRANGE)
def test_name_of_a_file_is_printed_as_one_harmless_line(name, toy, folder, solved):
    named(folder, name, json.dumps(solved))
    alone = take_in(folder / "toy.ipynb", toy)
    named(folder, b"toy", json.dumps(solved))
    beside = take_in(folder / "toy.ipynb", toy)
    named(folder / "no", name, "")
    refused = take_in(folder / "no/toy.ipynb", toy)
    for said in (alone.notes[0], beside.notes[0], refused.refused):
        assert ".ipynb" in said
        assert said.encode().decode().isprintable()
    assert [len(taken.cells) for taken in (alone, beside, refused)] == [3, 3, 0]
    assert grade_intake(beside, toy, "ann", "cpu").points == 10


def test_command_that_grades_files_says_of_each_what_is_wrong_in_one_line(toy, toy_course, tmp_path, solved, capfd):
    paths = []
    for name in STRANGE:
        named(tmp_path, name, "{}")
        paths.append(str(tmp_path / os.fsdecode(name + b".ipynb")))
    named(tmp_path, b"toy", json.dumps(solved))
    command = ["--course", str(toy_course), "grade", *paths, "x" * 300 + ".ipynb", str(tmp_path / "toy.ipynb")]
    assert main([*command, "--assignment", "toy"]) == 2
    printed = capfd.readouterr()
    assert len(printed.err.splitlines()) == len(STRANGE) + 1
    assert all(line.startswith("proctor: ") and line.isprintable() for line in printed.err.splitlines())
    assert "10 / 10" in printed.out


def test_folder_of_very_many_files_is_looked_through_in_part(toy, folder, monkeypatch, solved):
    monkeypatch.setattr(reading, "MAX_FILES", 10)
    folder.mkdir()
    for number in range(50):
        (folder / f"{number}.txt").touch()
    assert take_in(folder / "toy.ipynb", toy).refused.startswith("No notebook was handed in; there is")
    named(folder, b"toy", json.dumps(solved))
    assert not take_in(folder / "toy.ipynb", toy).refused


def test_which_notebook_was_taken_and_which_were_left_is_said(toy, folder, solved, release):
    for right, left, said in (
        ("b.ipynb", ["a.ipynb"], "The notebook was handed in as `b.ipynb`, not as `toy.ipynb`. Not graded: `a.ipynb`."),
        ("toy (1).ipynb", ["toy.ipynb"], "as `toy (1).ipynb`, not as `toy.ipynb`. Not graded: `toy.ipynb`."),
        ("toy.ipynb", ["a.ipynb"], "`toy.ipynb` was graded, and not `a.ipynb`."),
        ("in/b.ipynb", ["in/a.ipynb"], "as `in/b.ipynb`, not as `toy.ipynb`. Not graded: `in/a.ipynb`."),
        (
            "0.ipynb",
            [f"{n}.ipynb" for n in range(1, 8)],
            "Not graded: `1.ipynb`, `2.ipynb`, `3.ipynb`, `4.ipynb`, `5.ipynb` and 2 more.",
        ),
    ):
        blank = nbformat.read(toy.release_notebook, as_version=4)
        for place in (right, *left):
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text(json.dumps(solved if place == right else blank), encoding="utf-8")
        taken = take_in(folder / "toy.ipynb", toy)
        assert taken.choice == taken.notes[0] and f"{said} It alone has answers" in taken.choice
        shutil.rmtree(folder)


@pytest.mark.parametrize("place", ["TOY.IPYNB", "toy.ipynb/toy.ipynb", "Toy.Ipynb.txt", "a`b`.ipynb"])
def test_notebook_is_found_in_capitals_and_in_a_folder_of_its_name(toy, folder, solved, place):
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    (folder / place).write_text(json.dumps(solved), encoding="utf-8")
    taken = take_in(folder / "toy.ipynb", toy)
    assert not taken.refused and taken.choice.count("`") == 4
    assert taken.choice == f"The notebook was handed in as `{place.replace('`', chr(39))}`, not as `toy.ipynb`."
