"""An answer in words reaches the person who marks, wherever in the notebook it stands."""

import json
import re
from functools import partial

import jupytext
import nbformat
import pytest
from markupsafe import escape
from nbconvert.exporters import PythonExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading.harmless import as_typed
from proctor.grading.intake import rebuild, take_in
from proctor.grading.marking import _read_sheets
from proctor.grading.marks import Mark, Recorded
from proctor.grading.student_page import as_html, read_page
from proctor.proof.demo import cell
from submissions import PNG, build_toy

WORDS = "Two is the smallest prime."
TWO_QUESTIONS = """
# %% [markdown]
# ## 3. Reflect
#
# Why two?

# %% [markdown] written=reflection points=3
# ### BEGIN SOLUTION
# Because.
# ### END SOLUTION

# %% [markdown]
# ## 4. Compare

# %% [markdown] written=comparison points=1
# ### BEGIN SOLUTION
# Nothing.
# ### END SOLUTION

# %% [markdown]
# That was all.
"""


@pytest.fixture(scope="module")
def two(toy_sources, once):
    """The toy course with two questions that are answered in words."""
    folder = once("two_questions", partial(build_toy, toy_sources, more=TWO_QUESTIONS))
    return load_assignment(open_course(folder), "toy")


def place(notebook, name):
    return [entry.id for entry in notebook.cells].index(name)


def below(notebook, name, *cells):
    at = place(notebook, name) + 1
    notebook.cells[at:at] = cells


def copy_of(notebook, name, source):
    copied = new_markdown_cell(source)
    copied.metadata = cell(notebook, name).metadata.copy()
    return copied


def question(notebook, name):
    return notebook.cells[place(notebook, name) - 1]


def dropped(notebook):
    for number, entry in enumerate(notebook.cells):
        entry.id, entry.metadata = f"x{number}", {}


def above_the_cell(notebook):
    notebook.cells.insert(place(notebook, "reflection"), new_markdown_cell(WORDS))


def deleted_and_written_anew_in_two(notebook):
    notebook.cells[place(notebook, "reflection")] = new_markdown_cell("To begin with:")
    notebook.cells.insert(place(notebook, "comparison") - 1, new_markdown_cell(WORDS))


def ids_dropped(notebook):
    below(notebook, "reflection", new_markdown_cell(WORDS))
    dropped(notebook)


def typed_into_the_question(notebook):
    question(notebook, "reflection").source += f"\n\n{WORDS}"


def emptied_and_below(notebook):
    cell(notebook, "reflection").source = " \n"
    below(notebook, "reflection", new_markdown_cell(WORDS))


ELSEWHERE = {
    "in a cell below": lambda n: below(n, "reflection", new_markdown_cell(WORDS)),
    "in two cells below": lambda n: below(n, "reflection", new_markdown_cell("First,"), new_markdown_cell(WORDS)),
    "in a raw cell": lambda n: below(n, "reflection", new_raw_cell(WORDS)),
    "in a code cell, as it is": lambda n: below(n, "reflection", new_code_cell(WORDS)),
    "in a code cell, as remarks": lambda n: below(n, "reflection", new_code_cell(f"# Well,\n# {WORDS}")),
    "in a code cell, as a text": lambda n: below(n, "reflection", new_code_cell(f'"""{WORDS}"""')),
    "in a code cell, printed": lambda n: below(n, "reflection", new_code_cell(f"print('{WORDS}')")),
    "in a code cell, by magic": lambda n: below(n, "reflection", new_code_cell(f"%%markdown\n{WORDS}")),
    "in a copy": lambda n: below(n, "reflection", copy_of(n, "reflection", WORDS)),
    "in a copy at the end": lambda n: n.cells.append(copy_of(n, "reflection", WORDS)),
    "above": above_the_cell,
    "anew": deleted_and_written_anew_in_two,
    "ids dropped": ids_dropped,
    "in the question": typed_into_the_question,
    "below the emptied": emptied_and_below,
    "at the end": lambda n: n.cells.append(new_markdown_cell(f"## Answers\n\n3: {WORDS}")),
}


@pytest.mark.parametrize("form", ELSEWHERE)
def test_answer_that_stands_elsewhere_than_in_its_cell_goes_to_a_person(form, two):
    notebook = nbformat.read(two.release_notebook, 4)
    ELSEWHERE[form](notebook)
    taken = rebuild(nbformat.from_dict(json.loads(json.dumps(notebook))), two)
    answer = cell(taken.notebook, "reflection")
    assert WORDS in answer.source and answer.metadata.nbgrader.grade_id == "reflection"
    assert (WORDS in cell(taken.notebook, "comparison").source) is (form == "at the end")
    assert "anew" in form or [note for note in taken.notes if "`reflection`" in note]
    assert [entry.id for entry in taken.cells if "own" in entry.id] == ["own-1"] * ("printed" in form)


def test_what_stands_beside_an_answer_is_shown_with_it_and_nothing_of_it_is_lost(two):
    notebook = nbformat.read(two.release_notebook, 4)
    for name in ("reflection", "comparison"):
        cell(notebook, name).source = f"{name}: ![a](attachment:image.png)"
        cell(notebook, name).attachments = {"image.png": {"image/png": PNG}}
    more = new_markdown_cell("And ![b](attachment:image.png)", attachments={"image.png": {"image/png": PNG}})
    below(notebook, "reflection", more, copy_of(notebook, "reflection", "Once more."), new_code_cell("x = 1"))
    taken = rebuild(notebook, two)
    answer = cell(taken.notebook, "reflection")
    assert answer.source.split("\n\n") == [
        "reflection: ![a](attachment:picture-1)", "And ![b](attachment:picture-2)", "Once more."
    ]  # fmt: skip
    assert len(answer.attachments) == 2
    assert cell(taken.notebook, "comparison").source == "comparison: ![a](attachment:picture-1)"
    assert [entry.source for entry in taken.cells if entry.own] == ["x = 1"], "code stays code beside an answer"


def as_colab_downloads_it(notebook):
    """Texts are strings, and nothing tells one cell from the next."""
    texts = [entry.source if entry.cell_type == "code" else f'"""{entry.source}"""' for entry in notebook.cells]
    return "\n\n".join(["# -*- coding: utf-8 -*-", '"""toy.ipynb\n\nAutomatically generated by Colab."""', *texts])


def percent(notebook, metadata=True):
    if not metadata:
        notebook.metadata = {}
        dropped(notebook)
    return jupytext.writes(notebook, fmt="py:percent")


def light(notebook):
    return jupytext.writes(notebook, fmt="py:light")


PROGRAMS = {
    "exported": lambda notebook: PythonExporter().from_notebook_node(notebook)[0],
    "exported, with Windows's lines": lambda n: PythonExporter().from_notebook_node(n)[0].replace("\n", "\r\n"),
    "exported, spaces at the end lost": lambda n: re.sub(" +\n", "\n", PythonExporter().from_notebook_node(n)[0]),
    "percent": percent,
    "percent, nothing but cells": partial(percent, metadata=False),
    "light": light,
    "Colab": as_colab_downloads_it,
}
LINES = f"{WORDS}\n\n- It is even: $2 = 1 + 1$.\n\n```python\nx = 2  # a prime\n```"
ANSWERED = {
    "in its cell": lambda n: cell(n, "reflection").update(source=LINES),
    "below": lambda n: below(n, "reflection", new_markdown_cell(LINES)),
    "above": lambda n: n.cells.insert(place(n, "reflection"), new_markdown_cell(LINES)),
    "anew": lambda n: n.cells.__setitem__(place(n, "reflection"), new_markdown_cell(LINES)),
}


@pytest.mark.parametrize("form", PROGRAMS)
@pytest.mark.parametrize("where", ANSWERED)
def test_answer_in_a_program_goes_to_a_person_and_onto_the_page(where, form, two, tmp_path):
    notebook = nbformat.read(two.release_notebook, 4)
    for exercise in two.exercises[:2]:
        cell(notebook, exercise.id).source = exercise.code
    ANSWERED[where](notebook)
    (tmp_path / "toy.py").write_text(PROGRAMS[form](notebook), encoding="utf-8", newline="")
    taken = take_in(tmp_path / "toy.ipynb", two)
    answer = cell(taken.notebook, "reflection")
    assert LINES in as_typed(answer) and WORDS not in as_typed(cell(taken.notebook, "comparison"))
    assert sum(WORDS in entry.source for entry in taken.notebook.cells) == 1
    page = read_page(taken.notebook, Recorded({"reflection": Mark(None, None, None, 3.0, True)}), "toy", {})
    ((_, text),) = [answer for section in page.sections if section.id == "reflection" for answer in section.answers]
    assert LINES in text and WORDS in as_html(page)
    code = "\n".join(entry.source for entry in taken.cells)
    assert WORDS not in code and all(exercise.code in code for exercise in two.exercises[:2])


OWN = [f"# {WORDS}", f'"""{WORDS}"""', f"'{WORDS}'", f"# %% [markdown]\n# {WORDS}\n\n# %%", f'r"""\n{WORDS}\n"""']


@pytest.mark.parametrize("answer", OWN)
@pytest.mark.parametrize("first", [True, False])
def test_answer_in_a_program_of_ones_own_is_shown_with_each_question(answer, first, two, tmp_path):
    code = [f"{exercise.code}\n" for exercise in two.exercises[:2]]
    parts = [answer, "import torch", *code] if first else ["import torch", *code, answer]
    (tmp_path / "mine.py").write_text("\n\n".join(parts))
    taken = take_in(tmp_path / "toy.ipynb", two)
    for name in ("reflection", "comparison"):
        assert WORDS in as_typed(cell(taken.notebook, name))
    found = "\n".join(entry.source for entry in taken.cells)
    assert all(exercise.code in found for exercise in two.exercises[:2])


TYPED = "<script>alert(1)</script> P<QRS & ![web](https://a.example/b.png) [x](javascript:1) $\\href{u}{v}$ &lt;"


def test_answer_is_kept_as_it_was_typed_for_who_shows_it_as_text(two, tmp_path):
    notebook = nbformat.read(two.release_notebook, 4)
    cell(notebook, "reflection").source = f"{TYPED} ![p](attachment:my%20p.png)"
    cell(notebook, "reflection").attachments = {"my p.png": {"image/png": PNG}}
    taken = rebuild(notebook, two)
    answer = cell(taken.notebook, "reflection")
    assert "<script" not in answer.source and as_typed(answer) == f"{TYPED} ![p](attachment:picture-1)"
    page = read_page(taken.notebook, Recorded({"reflection": Mark(None, None, None, 3.0, True)}), "toy", {})
    ((_, text),) = [answer for section in page.sections if section.id == "reflection" for answer in section.answers]
    assert text == f"{TYPED} [picture: p]"
    html = as_html(page)
    assert "<script" not in html and str(escape(TYPED)) in html
    path = tmp_path / "toy.ipynb"
    nbformat.write(taken.notebook, path)
    assert _read_sheets(path, set())["reflection"].text == as_typed(answer)
    assert "proctor" not in cell(nbformat.read(two.release_notebook, 4), "reflection").metadata


@pytest.mark.parametrize("blank", ["", " \n\t", "\u200b\ufeff", "&nbsp;", "<br>", "<!-- your answer -->", "\u00a0"])
def test_emptied_answer_is_the_released_cell_again(blank, two):
    notebook = nbformat.read(two.release_notebook, 4)
    released = cell(notebook, "reflection").source
    cell(notebook, "reflection").source = blank
    assert cell(rebuild(notebook, two).notebook, "reflection").source == released


def test_notes_at_the_beginning_and_at_code_are_no_answers(two):
    notebook = nbformat.read(two.release_notebook, 4)
    untouched = cell(notebook, "reflection").source
    notebook.cells.insert(0, new_markdown_cell("I am Ann."))
    below(notebook, "double", new_markdown_cell("I doubled it."), new_code_cell("# not graded\ny = 2"))
    taken = rebuild(notebook, two)
    assert cell(taken.notebook, "reflection").source == untouched and taken.notes == []


def test_text_at_the_end_is_bounded_and_its_pictures_are_there_once(two):
    notebook = nbformat.read(two.release_notebook, 4)
    text = "![a](attachment:a.png) " + "x " * 60_000
    notebook.cells.append(new_markdown_cell(text, attachments={"a.png": {"image/png": PNG}}))
    taken = rebuild(notebook, two)
    first, second = (cell(taken.notebook, name) for name in ("reflection", "comparison"))
    assert max(len(first.source), len(second.source)) < 21_000
    assert "attachments" in first and "attachments" not in second
