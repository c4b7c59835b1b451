"""Right forms of handing in: what editors, systems and people make of a notebook, each with full marks."""

import json
from collections.abc import Callable
from copy import deepcopy

import nbformat
from nbconvert.exporters import PythonExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from proctor.authoring.assignment import Assignment

# What a form hands in: the content of each file by its name.
Files = dict[str, str]

TRAINING = """\
import time

for epoch in range(1_000_000):
    time.sleep(0.01)
"""
LAST = """\
kept = max([1, 2])
max = 0
del {name}
"""


def text(notebook: NotebookNode) -> str:
    """A notebook as the text of its file."""
    return nbformat.writes(notebook, version=4)


def right_forms(assignment: Assignment, solved: Callable[[], NotebookNode]) -> dict[str, Files]:
    """Every form by what the submission is called.

    Parameters
    ----------
    assignment : with at least one exercise that has checks
    solved : gives a new solved notebook of it
    """
    name, exercises = f"{assignment.name}.ipynb", [one for one in assignment.exercises if not one.written]
    forms = {}
    for change in CHANGES:
        notebook = solved()
        change(notebook, exercises)
        forms[change.__name__] = {name: text(notebook)}
    forms["windows_lines"] = {name: text(_with_windows_lines(solved())).replace("\n", "\r\n")}
    forms["ids_dropped"] = {name: json.dumps(_without_ids(solved()))}
    forms["named_ipynb_json"] = {f"{name}.json": text(solved())}
    forms["exported_py"] = {f"{assignment.name}.py": PythonExporter().from_notebook_node(solved())[0]}
    half = solved()
    cell(half, exercises[0].id).source = "# I began here, and went on in the other file."
    forms["two_notebooks"] = {name: text(solved()), "first try.ipynb": text(half)}
    forms["Zoë d'Ávila (2)"] = {name: text(solved())}
    return forms


def cell(notebook: NotebookNode, cell_id: str) -> NotebookNode:
    """The cell of a notebook by its id."""
    return next(cell for cell in notebook.cells if cell.id == cell_id)


def _place(notebook, cell_id):
    return notebook.cells.index(cell(notebook, cell_id))


def own_cell(notebook, exercises):
    """The template is deleted, and the answer stands in a cell of the student's own."""
    place = _place(notebook, exercises[0].id)
    notebook.cells[place] = new_code_cell(notebook.cells[place].source, id="mine")


def merged_cells(notebook, exercises):
    """Two answers stand in one cell."""
    first, second = (cell(notebook, one.id) for one in (exercises[0], exercises[1 % len(exercises)]))
    if first is not second:
        first.source = f"{first.source}\n\n{second.source}"
        notebook.cells.remove(second)


def shell_line(notebook, exercises):
    """An answer begins with a command for the shell, which goes on in the next line."""
    target = cell(notebook, exercises[0].id)
    target.source = f"!pip install --quiet \\\n    minisom\n{target.source}"


def question_first(notebook, exercises):
    """An answer begins with a question to the notebook."""
    target = cell(notebook, exercises[0].id)
    target.source = f"?nn.Conv2d\n{target.source}"


def top_level_await(notebook, exercises):
    """An answer waits for something, as a notebook can and a program cannot."""
    target = cell(notebook, exercises[-1].id)
    target.source = f"import asyncio\n\nawait asyncio.sleep(0)\n{target.source}"


def future_import(notebook, exercises):
    """An answer begins with an import from `__future__`."""
    target = cell(notebook, exercises[0].id)
    target.source = f"from __future__ import annotations\n\n{target.source}"


def cleaned_up(notebook, exercises):
    """The last cell deletes an answer, and gives a name of Python's own to something else."""
    notebook.cells.append(new_code_cell(LAST.format(name=exercises[0].names[0]), id="mine"))


def own_training(notebook, exercises):
    """A cell of the student's own trains for hours."""
    notebook.cells.append(new_code_cell(TRAINING, id="mine"))


def other_order(notebook, exercises):
    """The answers stand in another order, the last one first."""
    places = [_place(notebook, one.id) for one in exercises]
    answers = [notebook.cells[place] for place in places]
    for place, answer in zip(places, answers[::-1], strict=True):
        notebook.cells[place] = answer


def _with_windows_lines(notebook):
    for target in notebook.cells:
        target.source = target.source.replace("\n", "\r\n")
    return notebook


def _without_ids(notebook):
    """What an old editor leaves of a notebook: no ids, no metadata, an older format."""
    plain = deepcopy(notebook)
    plain.metadata, plain.nbformat_minor = {}, 4
    for target in plain.cells:
        del target["id"]
        target.metadata = {}
    return plain


CHANGES = (
    own_cell,
    merged_cells,
    shell_line,
    question_first,
    top_level_await,
    future_import,
    cleaned_up,
    own_training,
    other_order,
)
