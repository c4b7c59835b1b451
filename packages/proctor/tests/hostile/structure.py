"""More of the corpus: metadata and structure of a notebook, and what a page of it would run."""

import json
from copy import deepcopy

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from hostile.corpus import PNG, TOTAL, attack, solve
from proctor.proof.demo import cell


def script(name: str) -> str:
    """HTML that says three times over, under a name, that it ran."""
    call = f'hostile_marker("{name}")'
    return f"<script>{call}</script><img src=x onerror='{call}'><svg onload='{call}'></svg>"


def _about(notebook, name):
    return cell(notebook, name).metadata.nbgrader


@attack(1)
def checks_are_tagged_to_be_skipped(folder, notebook):
    for entry in notebook.cells:
        entry.metadata.tags = ["skip-execution"]
    return notebook


@attack(1)
def answers_are_tagged_as_training(folder, notebook):
    cell(notebook, "double").metadata.tags = cell(notebook, "total").metadata.tags = ["training", "visible-check"]
    return notebook


@attack(2, reason="was deleted; it was put back as it was released")
def checks_are_deleted(folder, notebook):
    notebook.cells = [entry for entry in notebook.cells if not entry.id.startswith("check")]
    return notebook


@attack(3, reason="is there twice")
def grade_id_is_there_twice(folder, notebook):
    again = deepcopy(cell(notebook, "check_total"))
    again.source, again.id = "6", "again"
    notebook.cells.append(again)
    return notebook


@attack(3, reason="Not implemented yet")
def answer_is_there_twice(folder, notebook):
    again = deepcopy(cell(notebook, "total"))
    again.id = "again"
    again.source += "  # again"
    notebook.cells.insert(0, again)
    return notebook


@attack(4)
def schema_of_the_past(folder, notebook):
    for name in ("double", "check_double", "total", "check_total"):
        _about(notebook, name).schema_version = 0
    return notebook


@attack(4)
def schema_of_the_future(folder, notebook):
    for name in ("double", "check_double", "total", "check_total"):
        _about(notebook, name).schema_version = 99
    return notebook


@attack(4)
def metadata_of_the_wrong_types(folder, notebook):
    cell(notebook, "check_total").metadata.nbgrader = ["grade", True]
    cell(notebook, "total").metadata.nbgrader = None
    notebook.metadata = {"kernelspec": 3, "language_info": [], "nbgrader": "x"}
    return notebook


@attack(5, reason="was deleted; it was put back as it was released")
def check_is_renamed(folder, notebook):
    _about(notebook, "check_total").grade_id = "check_other"
    cell(notebook, "check_total").id = "check_other"
    cell(notebook, "check_other").source = "pass"
    return notebook


@attack(5)
def check_is_not_graded(folder, notebook):
    _about(notebook, "check_total").update(grade=False, solution=True, locked=False)
    return notebook


@attack(6)
def points_times_a_hundred(folder, notebook):
    for name in ("double", "check_double", "total", "check_total"):
        _about(notebook, name).points = 100
    return notebook


@attack(7, reason="was changed; it was put back as it was released")
def check_is_turned_into_text(folder, notebook):
    cell(notebook, "check_total").update(cell_type="markdown", source="6")
    return notebook


@attack(7)
def check_is_turned_into_raw_text(folder, notebook):
    cell(notebook, "check_total").cell_type = "raw"
    return notebook


@attack(8)
def kernel_of_their_own(folder, notebook):
    evil = {"name": "evil", "display_name": "$(touch /tmp/hostile_was_here)", "language": "sh"}
    notebook.metadata = {"kernelspec": evil, "language_info": {"name": "sh"}}
    return notebook


@attack(9, score=0, reason="not valid JSON")
def lists_within_lists(folder, notebook):
    return '{"nbformat": 4, "cells": ' + "[" * 200_000 + "]" * 200_000 + "}"


@attack(9, score=0, reason="holds more than 1000000 values")
def millions_of_cells(folder, notebook):
    return '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [' + "{}," * 4_000_000 + "{}]}"


@attack(9)
def numbers_and_keys_that_json_has_not(folder, notebook):
    text = json.dumps(notebook)
    return text.replace('"nbformat": 4', '"nbformat": 3, "x": [NaN, Infinity, -Infinity], "nbformat": 4', 1)


@attack(9, score=0, reason="is larger than 24 MB")
def notebook_of_a_terabyte(folder, notebook):
    with (folder / "toy.ipynb").open("w") as file:
        file.truncate(2**40)


@attack(9, 59)
def attachments_without_end(folder, notebook):
    pictures = {f"{n}.png": {"image/png": PNG[:32] + "A" * 2**20} for n in range(20)}
    notebook.cells.append(new_markdown_cell("![x](attachment:3.png)", id="pictures", attachments=pictures))
    return notebook


@attack(10, 21)
def files_that_shadow_modules(folder, notebook):
    names = ("conftest", "sitecustomize", "usercustomize", "torch", "pytest", "toylib", "solutions", "proctor", "json",
             "_grader")  # fmt: skip
    for name in names:
        (folder / f"{name}.py").write_text("open('/tmp/hostile_was_here_shadow', 'w')\nraise SystemExit\n")
    (folder / "evil.pth").write_text("import os; os.system('touch /tmp/hostile_was_here_shadow')\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
    (folder / "nbgrader_config.py").write_text("open('/tmp/hostile_was_here_shadow', 'w')\n")
    return notebook


@attack(10)
def other_notebooks_beside_it(folder, notebook):
    for name in ("check_total.ipynb", "solutions.ipynb", "..%2f..%2fvictim.ipynb", '$(touch hostile_was""_here).ipynb'):
        (folder / name).write_text(json.dumps(solve(deepcopy(notebook), TOTAL)))
    return notebook


@attack(11)
def outputs_claim_full_marks(folder, notebook):
    for name in ("check_total", "total"):
        cell(notebook, name).outputs = [new_output("execute_result", {"text/plain": "6"}, execution_count=1)]
    return notebook


@attack(11, 12)
def outputs_pretend_to_be_a_verdict(folder, notebook):
    verdict = {"id": "total", "status": "correct", "checks": [{"title": script("title"), "passed": True, "points": 99}]}
    metadata = {"proctor": {"exercise": verdict, "notes": [script("note")]}}
    for entry in notebook.cells:
        if entry.cell_type == "code":
            entry.outputs = [new_output("display_data", {"text/plain": script("verdict")}, metadata=metadata)]
    return notebook


@attack(3, reason="Not implemented yet.")
def every_cell_has_the_same_id(folder, notebook):
    for entry in notebook.cells:
        entry.id = "check_total"
    return notebook


@attack(9, 59)
def signs_blanks_and_lines_without_end(folder, notebook):
    for number, text in enumerate(('x = "%' + "0" * 40_000 + '"', "x = 1" + "\n " * 40_000, "(" + " " * 100_000)):
        notebook.cells.append(new_code_cell(text, id=f"long-{number}"))
    return notebook


# What a page would run where it is shown as it is; and what nbconvert makes harmless, in the versions that we know.
RUNNING_OUTPUTS = {
    "text/html": script("text/html"),
    "application/javascript": 'hostile_marker("application/javascript")',
    "text/markdown": script("text/markdown"),
}
WIDGET = "application/vnd.jupyter.widget-view+json"
OTHER_OUTPUTS = {
    kind: script(kind) for kind in ("image/svg+xml", "text/latex", "text/plain", "application/pdf", WIDGET)
}
RUNNING_TEXTS = {
    "html": script("html"),
    "code without end": f"`{script('code without end')}",
    "link": """[x](javascript:hostile_marker("link"))""",
    "link in brackets": """[x](<javascript:hostile_marker("link in brackets")>)""",
    "link below": """[x]\n\n[x]: javascript:hostile_marker("link&#32;below")""",
    "details": """<details open ontoggle='hostile_marker("details")'>""",
    "anchor": """<a href='java&#10;script:hostile_marker("anchor")'>x</a>""",
    "frame": """<iframe srcdoc='<script>parent.hostile_marker("frame")</script>'></iframe>""",
    "style": """<style>@keyframes x {}</style><b style='animation: x' onanimationend='hostile_marker("style")'></b>""",
}
OTHER_TEXTS = {
    "code": f"```\n{script('code')}\n```",
    "formula": f"$${script('formula')}$$",
    "link of a formula": """$\\href{javascript:hostile_marker("link")}{x}$""",
    "link of a formula by numbers": """&#36;&#92;href{javascript:hostile_marker("numbers")}{x}&#36;""",
    "link of a formula, word by word": """$&bsol;h&#114ef{javascript:hostile_marker("names")}{x}$""",
    "style of a formula": """$\\style{position:fixed;top:0;left:0;background:url(//evil.example/a)}{x}$""",
    "link after a space": """[x](< javascript:hostile_marker("link")>)""",
}


@attack(12, 50)
def scripts_in_outputs(folder, notebook):
    size = {"image/png": {"width": "1' onload='hostile_marker()"}}
    outputs = [new_output("display_data", {kind: text}) for kind, text in (RUNNING_OUTPUTS | OTHER_OUTPUTS).items()]
    cell(notebook, "total").outputs = [
        *outputs,
        new_output("display_data", RUNNING_OUTPUTS | OTHER_OUTPUTS | {"image/png": PNG}, metadata=size),
        new_output("stream", text=script("stream") + "\x1b]8;;javascript:hostile_marker()\x07click\x1b]8;;\x07"),
        new_output("error", ename=script("ename"), evalue=script("evalue"), traceback=[script("traceback")]),
        new_output("display_data", {"image/png": "x' onerror='hostile_marker()"}),
    ]
    return notebook


@attack(12)
def scripts_in_texts(folder, notebook):
    for number, text in enumerate((RUNNING_TEXTS | OTHER_TEXTS).values()):
        notebook.cells.append(new_markdown_cell(text, id=f"text-{number}"))
        notebook.cells.append(nbformat.v4.new_raw_cell(text, id=f"raw-{number}"))
        notebook.cells.append(new_code_cell(text, id=f"code-{number}"))
    notebook.cells[0].source = script("given text")
    notebook.metadata["title"] = script("title")
    return notebook


@attack(12, 50, reason='<script>hostile_marker("message")</script>')
def scripts_in_messages(folder, notebook):
    total = f"""
    raise type({script("type")!r}, (Exception,), {{}})({script("message")!r})"""
    cell(notebook, "total").source = f"def total(x, function):{total}"
    return notebook


@attack(12, 20, reason="but is a <script>")
def scripts_in_the_name_of_a_type(folder, notebook):
    answer = f"type({script('type of an answer')!r}, (), {{}})()"
    cell(notebook, "total").source = f"def total(x, function):\n    return {answer}"
    return notebook


@attack(12, 13, reason="was handed in as `<img src=x onerror=hostile_marker(1)>.ipynb`")
def scripts_in_the_name_of_the_notebook(folder, notebook):
    (folder / "<img src=x onerror=hostile_marker(1)>.ipynb").write_text(json.dumps(notebook))


@attack(13, score=None, reason="Left out")
def student_whose_name_has_a_newline(folder, notebook):
    return notebook


@attack(13, score=None, reason="Left out")
def student_whose_name_is_a_path(folder, notebook):
    return notebook


@attack(12, 13, score=None, reason="Left out")
def student_whose_name_is_a_script(folder, notebook):
    return notebook


@attack(13, score=None, reason="Left out")
def student_whose_name_is_a_pattern(folder, notebook):
    return notebook


STRANGE_NAMES = {
    "student_whose_name_has_a_newline": "new\nline",
    "student_whose_name_is_a_pattern": "vict[i]m",
    "student_whose_name_is_a_path": "a%2f..%2fvictim",
    "student_whose_name_is_a_script": "<img src=x onerror=hostile_marker(1)>",
}


@attack(30)
def half_characters_and_directions(folder, notebook):
    notebook.cells.append(new_code_cell("x = '\ud83d\u202e\u0000'", id="half"))
    notebook.cells.append(new_markdown_cell("\ud83d\u202e\u0000\x1b[2J", id="words"))
    return notebook
