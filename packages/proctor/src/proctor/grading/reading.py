"""Reading what was handed in: files and notebooks as strangers made them, bounded before they are worked on."""

import errno
import hashlib
import json
import os
import stat
import unicodedata
from pathlib import Path

import nbformat

from proctor.grading.harmless import encodable

MAX_BYTES = 256 * 2**20
# In memory, a list or a dict takes some two hundred bytes, however short its text.
MAX_VALUES = 2 * 10**6
MAX_CELLS = 1000
MAX_SOURCE_CHARACTERS = 2 * 2**20
MAX_NAME_BYTES = 200
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Unreadable(Exception):
    """The file cannot be graded; the message says why in one line."""


def is_student_id(name: str) -> bool:
    """Whether a folder's name may be a student's: of any script, with spaces and signs, but nothing that could harm.

    That is a character that paths, patterns, addresses or pages read in their own way; a control character, or one
    that turns the direction of what follows; a byte that is no text; a dot or dash at the start; space at an end.
    """
    if not name or name[0] in ".-" or name != name.strip() or set(name) & {*'/\\<>"|*?[]%', *TURNING}:
        return False
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        return False
    return len(name.encode()) <= MAX_NAME_BYTES


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook of any format version as version 4.

    Raises
    ------
    Unreadable : where the file is not a notebook
    """
    text = read_text(path)
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
            # Windows ends a line otherwise, which changes nothing.
            cell.source = encodable(cell.source.replace("\r\n", "\n"))
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


def digest(path: Path) -> str:
    """The SHA-256 of a file that somebody handed in.

    Raises
    ------
    Unreadable : as `read_bytes`
    """
    return hashlib.sha256(read_bytes(path, MAX_BYTES)).hexdigest()


def _open_file(path, flags):
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a file")
    return descriptor


def read_text(path):
    try:
        return read_bytes(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is neither a notebook nor a program: it is not text in UTF-8") from error
