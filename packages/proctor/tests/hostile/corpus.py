"""The corpus: what hostile and broken submissions hand in, what honest work in each earns, and what is said about it.

Attacks that are code are entries of the `.toml` files beside this one; those on the structure of what is handed in are
the functions below. `rows` are those of checklist.toml.
"""

import json
import os
import socket
import stat
import tomllib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from proctor.proof.demo import cell

HERE = Path(__file__).parent
KINDS = ("takeover", "reach", "exhaustion", "hidden", "broken")
COURSE = "import os, toylib\n\nCOURSE = os.path.dirname(os.path.dirname(toylib.__file__))"
CHECKLIST = tomllib.loads((HERE / "checklist.toml").read_text(encoding="utf-8"))
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def script(name: str) -> str:
    """HTML that says three times over, under a name, that it ran."""
    call = f'hostile_marker("{name}")'
    return f"<script>{call}</script><img src=x onerror='{call}'><svg onload='{call}'></svg>"


@dataclass(frozen=True)
class Attack:
    """One submission of the corpus.

    Parameters
    ----------
    name : str, what it tries; also the student
    kind : str, which file it stands in, "structure" for those in this module
    rows : tuple of int, of the checklist; none for what is broken and not hostile
    score : float, what honest work in it earns; None where nbgrader is to leave it out
    reason : str, what the verdict has to say, in one of these words, between "|"
    write : called with the submission's folder and the notebook in which `double` alone is solved
    machine : str, the only kind of machine on which it can be tried, "" for any
    """

    name: str
    kind: str
    rows: tuple[int, ...]
    score: float | None
    reason: str
    write: Callable[[Path, nbformat.NotebookNode], None]
    machine: str = ""


ATTACKS: dict[str, Attack] = {}


def attack(*rows, reason="Not implemented yet.", score=4, kind="structure"):
    """Enters a function that writes a submission; one that returns a notebook has it written for it."""

    def enter(write):
        ATTACKS[write.__name__] = Attack(write.__name__, kind, rows, score, reason, write)
        return write

    return enter


def broken(**about):
    """Enters a submission that is broken without meaning harm."""
    return attack(kind="broken", **about)


def hand_in(attack: Attack, folder: Path, notebook: nbformat.NotebookNode) -> None:
    """Write one submission into its folder."""
    content = attack.write(folder, notebook)
    if isinstance(content, dict):
        content = json.dumps(content)
    if content is not None:
        (folder / "toy.ipynb").write_text(content, encoding="utf-8")


def solve(notebook: nbformat.NotebookNode, total: str) -> nbformat.NotebookNode:
    """The notebook with `total` and `running` written as well."""
    cell(notebook, "total").source = total
    cell(notebook, "running").source = RUNNING
    return notebook


TOTAL = "def total(x, function):\n    return function(x).sum()"
RUNNING = "def running(x):\n    return torch.stack([x[:n].sum() for n in range(1, len(x) + 1)])"
FULL = 13


def _code(entry):
    def write(folder, notebook):
        if entry.get("solved"):
            solve(notebook, TOTAL)
        for name in ("double", "total", "running"):
            if name in entry:
                # Too many for the parser of whoever reads it, and not for that of whoever runs it.
                cell(notebook, name).source = entry[name].replace("SIGNS", "-" * 2950)
        if "first" in entry:
            notebook.cells.insert(0, new_code_cell(entry["first"], id="first"))
        if any("COURSE" in entry.get(part, "") for part in PARTS):
            notebook.cells.insert(0, new_code_cell(COURSE, id="course"))
        # After an answer; what stands below the last check runs only where that may help.
        for name, check in (("last", "check_total"), ("after", "check_running")):
            if name in entry:
                place = [made.id for made in notebook.cells].index(check)
                notebook.cells.insert(place, new_code_cell(entry[name], id=name))
        return notebook

    return write


PARTS = ("first", "double", "total", "last", "running", "after")


def _enter_code():
    for kind in KINDS:
        for name, entry in tomllib.loads((HERE / f"{kind}.toml").read_text(encoding="utf-8")).items():
            unknown = set(entry) - {*PARTS, "rows", "score", "reason", "solved", "machine"}
            assert not unknown and name not in ATTACKS, (name, unknown)
            ATTACKS[name] = Attack(
                name, kind, tuple(entry.get("rows", ())), entry.get("score", 4), entry.get("reason", ""),
                _code(entry), entry.get("machine", ""),
            )  # fmt: skip


_enter_code()


# A. Metadata and structure


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


# C. Files


@attack(35, 37, score=0, reason="toy.ipynb is a link, not a file")
def notebook_is_a_link_to_anothers(folder, notebook):
    (folder / "toy.ipynb").symlink_to("../../victim/toy/toy.ipynb")


@attack(35, 37, score=0, reason="is a link. Nothing could be graded")
def folder_is_a_link_to_anothers(folder, notebook):
    folder.rmdir()
    folder.symlink_to("../victim/toy")


@attack(35, 37, score=0, reason="is a link. Nothing could be graded")
def student_is_a_link_to_another(folder, notebook):
    folder.rmdir()
    folder.parent.rmdir()
    folder.parent.symlink_to("victim")


@attack(34, 37)
def links_beside_the_notebook(folder, notebook):
    course = folder.parents[2]
    (folder / "solutions.txt").symlink_to(course / "solutions/toy.py")
    (folder / "everything").symlink_to(course)
    (folder / "passwords").symlink_to("/etc/passwd")
    (folder / "nowhere").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    return notebook


@attack(38)
def hard_link_to_their_own_file(folder, notebook):
    (folder / "mine.txt").write_text(json.dumps(notebook))
    os.link(folder / "mine.txt", folder / "toy.ipynb")


@attack(38, score=0, reason="is not there, or is not a file")
def notebook_is_a_pipe(folder, notebook):
    os.mkfifo(folder / "toy.ipynb")


@attack(38, score=0, reason="No notebook was handed in; there is `toy.ipynb/`")
def notebook_is_a_folder(folder, notebook):
    (folder / "toy.ipynb/toy.ipynb").mkdir(parents=True)


@attack(38, score=0, reason="is not there, or is not a file")
def notebook_is_a_socket(folder, notebook):
    here = os.getcwd()  # noqa: PTH109
    os.chdir(folder)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as mailbox:
            mailbox.bind("toy.ipynb")
    finally:
        os.chdir(here)


@attack(38)
def things_that_are_no_files_beside_it(folder, notebook):
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "timestamp.txt")
    with (folder / "sparse.bin").open("w") as file:
        file.truncate(2**40)
    if os.geteuid() == 0:
        os.mknod(folder / "zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    return notebook


@attack(38)
def thousands_of_files_beside_it(folder, notebook):
    deep = folder
    for number in range(60):
        deep = deep / f"folder-{number}"
    deep.mkdir(parents=True)
    for number in range(5000):
        (folder / f"{number}.txt").touch()
    return notebook


@attack(38, 69)
def notebook_with_every_permission(folder, notebook):
    (folder / "toy.ipynb").write_text(json.dumps(notebook))
    (folder / "toy.ipynb").chmod(0o7777)


@attack(39)
def archives_beside_it(folder, notebook):
    (folder / "bomb.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (folder / "toy.tar.gz").write_bytes(bytes(1000))
    return notebook


@attack(13, 33)
def time_stamp_of_nonsense(folder, notebook):
    (folder / "timestamp.txt").write_text("9" * 90)
    return notebook


@attack(13, 33)
def time_stamp_in_a_zone_that_is_a_folder_of_zones(folder, notebook):
    (folder / "timestamp.txt").write_text("2026-01-31 23:59:00 America/Argentina")
    return notebook


@attack(13, 37)
def time_stamp_that_is_a_link(folder, notebook):
    (folder / "timestamp.txt").symlink_to("/dev/zero")
    return notebook


# Broken, not hostile


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


# It enters its submissions here.
import hostile.bounds  # noqa: E402, F401
