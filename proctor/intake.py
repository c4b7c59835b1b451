"""Intake: from what a student handed in to the cells that run and the notebook that nbgrader grades.

The notebook is rebuilt from the release: of the student's copy only the sources of solution cells, cells of their
own, and outputs that are text or PNG are taken over. No metadata, tag, grade id or point of theirs counts.
"""

import ast
import base64
import errno
import functools
import html
import io
import json
import os
import re
import stat
from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import nbformat

from proctor.assignment import Assignment

MAX_BYTES = 256 * 2**20
# In memory, a list or a dict takes some two hundred bytes, however short its text.
MAX_VALUES = 2 * 10**6
MAX_CELLS = 1000
MAX_SOURCE_CHARACTERS = 2 * 2**20
MAX_OUTPUT_CHARACTERS = 10_000
MAX_PICTURE_CHARACTERS = 2 * 2**20
MAX_PICTURE_PIXELS = 50 * 10**6
LEFT_OUT = {"training", "plot", "visible-check"}
STUDENT_ID = re.compile(r"\w[\w.+@-]{0,99}")
KEPT_PICTURES = ("image/png", "image/jpeg")


class Unreadable(Exception):
    """The file cannot be graded; the message says why in one line."""


@dataclass(frozen=True)
class Cell:
    """A code cell of a submission.

    Parameters
    ----------
    id : str, the exercise's id for a solution cell, else the position
    source : str, plain Python
    given : bool, released code that comes before any of the student's, so that its time is not theirs
    released : str, what runs where nothing of `source` does: the cell as it was released, so that code which builds on
        its names, such as a class that inherits from one, stands all the same
    """

    id: str
    source: str
    given: bool = False
    released: str = ""


@dataclass
class Intake:
    """What a submission is made of.

    Parameters
    ----------
    cells : the code that runs when it is graded, in order
    notebook : the rebuilt notebook, None for a `.py`
    notes : what an instructor should know, one sentence each
    refused : why nothing of it can be graded; empty where it can
    """

    cells: list[Cell]
    notebook: nbformat.NotebookNode | None = None
    notes: list[str] = field(default_factory=list)
    refused: str = ""


def take_in(path: Path, assignment: Assignment) -> Intake:
    """The intake of a file, or of a blank release where the file cannot be read, with the reason."""
    # A link could lead to somebody else's work.
    for folder in (path.parent, path.parent.parent):
        if folder.is_symlink():
            return blank(assignment, f"The folder {folder.name} is a link. Nothing could be graded.")
    try:
        name = notebook_name(path)
        taken = read_submission(path.with_name(name), assignment)
    except Unreadable as error:
        return blank(assignment, f"{error}. Nothing could be graded.")
    if name != path.name:
        taken.notes.insert(0, f"The notebook was handed in as `{name}`, not as `{path.name}`.")
    return taken


def notebook_name(path: Path) -> str:
    """The name under which a notebook was handed in: the right one, else that of the only notebook there is.

    Raises
    ------
    Unreadable : where there are several, and none has the right name
    """
    if path.is_symlink() or path.exists():
        return path.name
    others = sorted(other.name for other in path.parent.glob("*.ipynb"))
    if len(others) > 1:
        raise Unreadable(f"{path.name} is not there, and {len(others)} other notebooks are")
    return others[0] if others else path.name


def read_submission(path: Path, assignment: Assignment) -> Intake:
    """Take in a notebook, or a `.py` of plain or py:percent code.

    Raises
    ------
    Unreadable : where the file is neither
    """
    if path.suffix == ".py":
        text = _read_text(path)
        if len(text) > MAX_SOURCE_CHARACTERS:
            raise Unreadable(f"{path.name} has more than {MAX_SOURCE_CHARACTERS // 2**20} MB of code")
        notebook = jupytext.read(io.StringIO(text), fmt="py")
        sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        return Intake([Cell(f"code {n}", plain_python(source)) for n, source in enumerate(sources, 1)])
    return rebuild(read_notebook(path), assignment)


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook of any format version as version 4.

    Raises
    ------
    Unreadable : where the file is not a notebook
    """
    text = _read_text(path)
    if sum(map(text.count, ",[{")) > MAX_VALUES:
        raise Unreadable(f"{path.name} holds more than {MAX_VALUES} values; clear its outputs, save it again")
    if not text.strip():
        raise Unreadable(f"{path.name} is empty")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path.name} is not a notebook: it is not valid JSON ({str(error)[:120]})") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        raise Unreadable(f"{path.name} is not a notebook: it has no `nbformat`")
    try:
        notebook = nbformat.convert(nbformat.reader.reads(text), 4)
        for cell in notebook.cells:
            if not isinstance(cell.source, str) or not isinstance(cell.get("metadata", {}), dict):
                raise TypeError("a cell without source or metadata")
            if not isinstance(cell.cell_type, str) or not isinstance(cell.get("outputs", []), list):
                raise TypeError("a cell without a type or a list of outputs")
            cell.source = _encodable(cell.source)
    except Exception as error:  # noqa: BLE001 - nbformat raises whatever a malformed file makes it stumble over
        raise Unreadable(f"{path.name} is not a notebook: {type(error).__name__}: {str(error)[:80]}") from error
    if len(notebook.cells) > MAX_CELLS:
        raise Unreadable(f"{path.name} has {len(notebook.cells)} cells; at most {MAX_CELLS} are graded")
    # The parser needs some six hundred times the size of what it reads.
    if sum(len(cell.source) for cell in notebook.cells) > MAX_SOURCE_CHARACTERS:
        raise Unreadable(f"{path.name} has more than {MAX_SOURCE_CHARACTERS // 2**20} MB of code and text in its cells")
    return notebook


def require_file(path: Path) -> None:
    """Raise `Unreadable` where there is no such file."""
    if not path.is_file():
        raise Unreadable(f"{path} is not there, or is not a file")


def read_bytes(path: Path, limit: int) -> bytes:
    """The content of a file that somebody handed in.

    Raises
    ------
    Unreadable : where it is not there, is larger than `limit` bytes, or is no regular file: a link could lead to
        somebody else's work, and a pipe could last for ever
    """
    try:
        if path.is_symlink():
            raise Unreadable(f"{path.name} is a link, not a file")
        require_file(path)
        # The name may have changed its meaning since; what counts is what was opened.
        with open(path, "rb", opener=_open_file) as file:
            if os.fstat(file.fileno()).st_size <= limit:
                data = file.read(limit + 1)
                if len(data) <= limit:
                    return data
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from error
    raise Unreadable(f"{path.name} is larger than {limit / 2**20:g} MB; clear its outputs, save it again")


def _open_file(path, flags):
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a file")
    return descriptor


def _read_text(path):
    try:
        return read_bytes(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is neither a notebook nor a program: it is not text in UTF-8") from error


def _release(assignment):
    """The release notebook, and the plain Python of each of its code cells by id; both are everybody's."""
    path = assignment.release_notebook
    if not path.exists():
        raise Unreadable(f"{path} is not there; run `make build`")
    return _read_release(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _read_release(path, changed):
    notebook = read_notebook(path)
    return notebook, {cell.id: plain_python(cell.source) for cell in notebook.cells if cell.cell_type == "code"}


def blank(assignment: Assignment, reason: str) -> Intake:
    """The intake of a submission that cannot be read: the release notebook with nothing done, and the reason."""
    return Intake(cells=[], notebook=deepcopy(_release(assignment)[0]), refused=reason)


def rebuild(submitted: nbformat.NotebookNode, assignment: Assignment) -> Intake:
    """Rebuild a submission from the release notebook."""
    release, code = _release(assignment)
    found, own, notes = _match(submitted, release)
    cells, rebuilt = [], []
    strange = not any(cell.id in found for cell in release.cells if "nbgrader" in cell.metadata)
    if strange:
        notes.append("None of the cells that are graded is in this notebook. Is it another assignment's?")
    for extra in own.get(None, []):
        _add_own(extra, cells, rebuilt)
    for original in release.cells:
        student = found.get(original.id)
        # Of what the two then share, nothing is changed in place: nbgrader's converters work on copies.
        cell = nbformat.NotebookNode(original)
        nbgrader = original.metadata.get("nbgrader", {})
        answer = nbgrader.get("solution", False)
        changed = student is not None and student.source.rstrip() != original.source.rstrip()
        if student is not None and cell.cell_type == "code":
            cell.outputs = _safe_outputs(student)
        if student is None and nbgrader.get("grade_id") and not strange:
            notes.append(f"The cell `{original.id}` was deleted; it was put back as it was released.")
        if answer and changed:
            _take_over(cell, student)
        elif changed and nbgrader.get("locked"):
            notes.append(f"The cell `{original.id}` was changed; it was put back as it was released.")
        runs = _runs(original)
        if runs:
            given = not answer and all(earlier.given for earlier in cells)
            if answer and changed:
                cells.append(Cell(original.id, plain_python(cell.source), given, code[original.id]))
            else:
                cells.append(Cell(original.id, code[original.id], given))
        if changed and not answer and not nbgrader.get("locked"):
            _take_over(cell, student)
            if runs:
                # Somebody who adds an import to a given cell still has the given cell, and then theirs.
                cells.append(Cell(f"{original.id} as changed", plain_python(student.source)))
        rebuilt.append(cell)
        for extra in own.get(original.id, []):
            _add_own(extra, cells, rebuilt)
    notebook = nbformat.NotebookNode({**release, "metadata": deepcopy(release.metadata), "cells": rebuilt})
    return Intake(cells, notebook, notes)


def imports(assignment: Assignment) -> list[str]:
    """What the cells of the release that run import: modules, and names in them, which may be modules or not."""
    release, code = _release(assignment)
    names = set()
    for cell in filter(_runs, release.cells):
        for node in ast.walk(ast.parse(code[cell.id])):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return sorted(names)


def _runs(cell):
    """Whether a cell of the release is run when a submission is graded."""
    return cell.cell_type == "code" and not LEFT_OUT & set(cell.metadata.get("tags", []))


def _match(submitted, release):
    """Which cell of the student's is which of the release: by grade id, by cell id, by source.

    Returns the student's cell for each release id, the student's own cells after each release id, and notes.
    """
    ids = {cell.id for cell in release.cells}
    by_source = {cell.source.strip(): cell.id for cell in reversed(release.cells) if cell.source.strip()}
    found, own, notes, last = {}, {}, [], None
    for cell in submitted.cells:
        metadata = cell.get("metadata", {})
        nbgrader = metadata.get("nbgrader")
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        names = [grade_id, cell.get("id"), metadata.get("id"), by_source.get(cell.source.strip())]
        name = next((name for name in names if isinstance(name, str) and name in ids), None)
        if name is not None and name not in found:
            found[name] = cell
            last = name
        else:
            if name is not None and grade_id is not None:
                notes.append(f"The cell `{name}` is there twice; the second one ran as a cell of the student's own.")
            own.setdefault(last, []).append(cell)
    return found, own, notes


def _take_over(cell, student):
    cell.source = student.source
    if cell.cell_type != "code":
        pictures = _safe_attachments(student)
        cell.source = safe_markdown(student.source, pictures)
        if pictures:
            cell.attachments = pictures


def _add_own(cell, cells, rebuilt):
    number = 1 + sum(entry.id.startswith("own-") for entry in rebuilt)
    if cell.cell_type == "code":
        kept = nbformat.v4.new_code_cell(cell.source, id=f"own-{number}", outputs=_safe_outputs(cell))
        cells.append(Cell(kept.id, plain_python(cell.source)))
    else:
        kept = nbformat.v4.new_markdown_cell("", id=f"own-{number}")
        _take_over(kept, cell)
    rebuilt.append(kept)


def _safe_attachments(cell):
    """The pictures that a student pasted into a markdown cell: PNG and JPEG, bounded."""
    kept, size = {}, 0
    given = cell.get("attachments")
    for name, data in given.items() if isinstance(given, dict) else []:
        for kind, picture in data.items() if isinstance(data, dict) else []:
            if kind in KEPT_PICTURES and _is_picture(picture, kind) and size + len(picture) <= MAX_PICTURE_CHARACTERS:
                size += len(picture)
                kept[name] = {kind: picture}
    return kept


def _is_picture(data, kind):
    """Base64 of a picture of the given kind; a PNG also says its size, which a browser would take memory for."""
    if not isinstance(data, str) or not re.fullmatch(r"[A-Za-z0-9+/\s]+={0,2}\s*", data):
        return False
    if kind != "image/png":
        return True
    head = "".join(data[:100].split())[:32]
    if len(head) < 32 or not head.startswith("iVBORw0KGgo"):
        return False
    size = base64.b64decode(head)[16:]
    return int.from_bytes(size[:4], "big") * int.from_bytes(size[4:8], "big") <= MAX_PICTURE_PIXELS


def _safe_outputs(cell):
    """The outputs that a human marker needs and a browser can show without harm: text and PNG, bounded."""
    outputs, characters, pictures = [], 0, 0
    for output in cell.get("outputs", []):
        if not isinstance(output, dict):
            continue
        data = output.get("data") if isinstance(output.get("data"), dict) else {}
        text = output.get("text") if output.get("output_type") == "stream" else data.get("text/plain", "")
        if output.get("output_type") == "error":
            text = f"{output.get('ename')}: {output.get('evalue')}"
        room = MAX_OUTPUT_CHARACTERS - characters
        text = plain_text(_joined(text), room) if room > 0 else ""
        picture = _joined(data.get("image/png", ""))
        if _is_picture(picture, "image/png") and pictures + len(picture) <= MAX_PICTURE_CHARACTERS:
            pictures += len(picture)
            outputs.append(nbformat.v4.new_output("display_data", {"image/png": picture, "text/plain": text}))
        elif text:
            outputs.append(nbformat.v4.new_output("stream", name="stdout", text=text))
        characters += len(text)
    return outputs


def _joined(text):
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _encodable(text):
    """Text without halves of surrogate pairs, which JSON can spell and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def plain_text(text: str, limit: int) -> str:
    """Text without control characters (but for newlines and tabs), cut at the limit with a word about it.

    Those that turn the direction of what follows count as such: they would have a message read as another one.
    """
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", _encodable(text[: 4 * limit]))
    text = re.sub(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", " ", text)
    if len(text) <= limit:
        return text
    return text[:limit].rstrip() + " ... (the rest was cut)"


MAGIC = re.compile(r"^(\s*)([%!].*|[\w.,][\w., ]*=\s*[%!].*|[\w.]+\?{1,2}\s*)$")


def plain_python(source: str) -> str:
    """The cell as plain Python: magics and shell escapes become `pass`, which says what stood there.

    A cell of another language (`%%bash`) is left out whole; `%%time` and `%%capture` time and capture Python.
    """
    source = source.replace("\r\n", "\n")
    try:
        ast.parse(source)
        return source
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        first, _, rest = source.lstrip().partition("\n")
        if first.startswith("%%"):
            return plain_python(rest) if first.split()[0] in ("%%time", "%%timeit", "%%capture") else ""
        lines = [MAGIC.sub(r"\1pass  # \2", line) for line in source.split("\n")]
        return "\n".join(lines)


HARMLESS_TAGS = (
    "b|i|u|s|em|strong|sub|sup|small|mark|del|ins|kbd|code|pre|br|hr|blockquote|q|details|summary|"
    "ul|ol|li|dl|dt|dd|table|thead|tbody|tr|th|td|h[1-6]"
)
TAG = re.compile(rf"<(?=[A-Za-z/!?])(?!/?(?:{HARMLESS_TAGS})\s*/?>|https?://[^\s<>]*>)", re.IGNORECASE)
TARGET = re.compile(r"(\](?:\(|:)\s*(?:<\s*)?)(\S+)")
HARMLESS_TARGET = re.compile(r"(https?|mailto):|data:image/(png|jpeg|gif);|[^:]*([/?#]|$)", re.IGNORECASE)


def safe_markdown(source: str, pictures: Collection[str] = ()) -> str:
    """Markdown that runs nothing in a browser, and reads as it did.

    HTML is kept where it is a harmless tag without attributes; any other `<` gets a space after it, which no browser
    takes for a tag, and which changes neither a formula nor much of a program. A link or picture whose target is
    neither on the web nor one of `pictures`, the names of the cell's attachments, leads nowhere.
    """

    def target(match):
        plain = html.unescape(re.sub(r"\\(\W)", r"\1", match[2]))
        plain = re.sub(r"[\x00-\x20]", "", plain)
        attached = re.match(r"attachment:([\w.-]+)\W*$", match[2])
        if HARMLESS_TARGET.match(plain) or (attached and attached[1] in pictures):
            return match[0]
        return f"{match[1]}#{match[2]}"

    # MathJax makes links, too. Targets come first: a space within the brackets of one would hide it.
    formulas = re.sub(r"\\(href|mmlToken)", r"\\text", source)
    return TAG.sub("< ", TARGET.sub(target, formulas))
