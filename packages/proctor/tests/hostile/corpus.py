"""The corpus: what hostile and broken submissions hand in, what honest work in each earns, and what is said about it.

Attacks that are code are entries of the `.toml` files beside this one; those on what is handed in itself are functions
in structure.py, files.py, bounds.py and malformed.py. `rows` are those of checklist.toml.
"""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from proctor.proof.demo import cell

HERE = Path(__file__).parent
KINDS = ("takeover", "reach", "exhaustion", "hidden", "broken")
COURSE = "import os, toylib\n\nCOURSE = os.path.dirname(os.path.dirname(toylib.__file__))"
CHECKLIST = tomllib.loads((HERE / "checklist.toml").read_text(encoding="utf-8"))
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@dataclass(frozen=True)
class Attack:
    """One submission of the corpus.

    Parameters
    ----------
    name : str, what it tries; also the student
    kind : str, which `.toml` file it stands in, "structure" for functions, "broken" for what means no harm
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


# They enter their submissions here.
from hostile import bounds, files, malformed, structure  # noqa: E402, F401
