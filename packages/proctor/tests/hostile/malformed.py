"""More of the corpus: what is broken without meaning harm, and right work in an odd form."""

import json
from copy import deepcopy

import nbformat
from nbformat.v4 import new_code_cell

from hostile.corpus import FULL, TOTAL, broken, solve


@broken(score=0, reason="toy.ipynb is empty. Nothing could be graded.")
def empty_file(folder, notebook):
    return ""


@broken(score=0, reason="the file ends in the middle: save it")
def truncated_file(folder, notebook):
    text = json.dumps(notebook)
    return text[: len(text) // 2]


@broken(score=0, reason="neither a notebook nor a program: it is not text in UTF-8")
def file_of_another_kind(folder, notebook):
    (folder / "toy.ipynb").write_bytes(b"PK\x03\x04\xff\xfe\x00")


@broken(score=FULL, reason="passed")
def notebook_of_format_3(folder, notebook):
    return nbformat.writes(nbformat.convert(solve(notebook, TOTAL), 3), version=3)


@broken(score=0, reason="None of the cells that are graded is in this notebook.")
def no_cells(folder, notebook):
    notebook.cells = []
    return notebook


@broken(score=0, reason="has 5008 cells; at most 1000 are graded")
def five_thousand_cells(folder, notebook):
    notebook.cells += [new_code_cell("", id=f"empty-{n}") for n in range(5008 - len(notebook.cells))]
    return notebook


@broken(score=0, reason="Is it another assignment's?")
def notebook_of_another_assignment(folder, notebook):
    return nbformat.v4.new_notebook(cells=[new_code_cell("class Encoder:\n    pass", id="encoder")])


@broken(score=FULL, reason="was handed in as `toy (1).ipynb`")
def renamed_notebook(folder, notebook):
    (folder / "toy (1).ipynb").write_text(json.dumps(solve(notebook, TOTAL)))


@broken(score=0, reason="is not there, and which of")
def two_notebooks_of_other_names(folder, notebook):
    for name in ("toy-v1.ipynb", "toy-final.ipynb"):
        (folder / name).write_text(json.dumps(solve(deepcopy(notebook), TOTAL)))


@broken(score=FULL, reason="passed")
def windows_line_ends(folder, notebook):
    solve(notebook, TOTAL)
    for entry in notebook.cells:
        entry.source = entry.source.replace("\n", "\r\n")
    (folder / "toy.ipynb").write_bytes(json.dumps(notebook, indent=1).replace("\n", "\r\n").encode())


@broken(score=FULL, reason="passed")
def byte_order_mark(folder, notebook):
    return "\ufeff" + json.dumps(solve(notebook, TOTAL))
