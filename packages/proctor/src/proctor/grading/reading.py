"""Reading what was handed in: files and notebooks as strangers made them, bounded before they are worked on."""

import ast
import errno
import hashlib
import inspect
import io
import json
import os
import re
import stat
import tokenize
import unicodedata
from itertools import accumulate, islice, takewhile
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from proctor.checks.plain import defined_names, strings_alone
from proctor.grading.harmless import attach_pictures, encodable, one_line

# Of real notebooks, those with figures take less than 20 MB, and cells 60 KB in all.
MAX_BYTES = 24 * 2**20
# In memory, a dict takes some seven hundred bytes, however short its text, and eight times what a number takes.
MAX_VALUES = 10**6
DICT_VALUES = 8
MAX_DEPTH = 100
MAX_CELLS = 1000
MAX_SOURCE_CHARACTERS = 2**19
# The parser needs some nine hundred times the size of what it reads.
MAX_CELL_CHARACTERS = 2**17
# What splits a program into cells takes time by the square of their number.
MAX_PROGRAM_LINES = 10_000
MAX_FILES = 10_000
MAX_NAME_BYTES = 200
UNSAFE = frozenset('/\\<>"|*?[]%')
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# What nobody sees of a name, so that it reads as another's: what turns the direction of the rest, or shows nothing.
# Joiners belong to scripts that need them.
UNSEEN = frozenset("\xad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2800\u3164\ufeff\uffa0")
UNSEEN |= TURNING | {chr(code) for code in (*range(0x2060, 0x2070), *range(0xE0000, 0xE1000))}


class Unreadable(Exception):
    """The file cannot be graded; the message says why in one line, whatever names are in it."""

    def __init__(self, message):
        super().__init__(one_line(message))


def is_student_id(name: str) -> bool:
    """Whether a folder's name may be a student's: of any script, with spaces and signs, but nothing that could harm.

    That is a character that paths, patterns, addresses or pages read in their own way; a control character, or one
    that turns the direction of what follows, or shows nothing; a byte that is no text; a dot or dash at the start;
    space at an end.
    """
    return not why_no_student_id(name)


def why_no_student_id(name: str) -> str:
    """Why a folder's name may not be a student's; empty where it may."""
    if not name:
        return "it is empty"
    if name[0] in ".-":
        return f"it begins with {name[0]!r}"
    if name != name.strip():
        return "it begins or ends with space"
    for character in name:
        if character in UNSAFE:
            return f"it has {character!r} in it"
        if character in UNSEEN or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
            return f"it has {character!a} in it, which nobody sees"
    return f"it is longer than {MAX_NAME_BYTES} bytes" if len(name.encode()) > MAX_NAME_BYTES else ""


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook of any format version as version 4.

    Raises
    ------
    Unreadable : where the file is not a notebook, or one that is larger than any real one
    """
    try:
        return _as_notebook(_read_json(path), path.name)
    except Unreadable:
        raise
    except Exception as error:
        # nbformat raises whatever a malformed file makes it stumble over.
        words = f"{type(error).__name__}: {str(error)[:80]}; save it in Jupyter, and hand it in again"
        raise Unreadable(f"{path.name} is not a notebook: {words}") from error


def _read_json(path):
    """What a notebook's file holds, once it is known to be of a modest size."""
    data = read_bytes(path, MAX_BYTES)
    text, kind = _decoded(data, path.name), _kind_of(data)
    # In other encodings, what is within a string and what is not cannot be told from the bytes.
    is_utf8 = json.detect_encoding(data).startswith("utf-8")
    _require_modest(data if is_utf8 else text.encode("utf-8", "replace"), path.name)
    del data
    # A disk or a transfer may have filled the file up to the end of a block.
    text = text.rstrip("\0 \t\r\n")
    if not text.strip():
        raise Unreadable(f"{path.name} is empty")
    try:
        raw = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        cut = isinstance(error, json.JSONDecodeError) and (
            error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip())
        )
        advice = "the file ends in the middle: save it, and hand it in again" if cut else kind
        words = f"it is not valid JSON ({str(error)[:120]}); {advice or 'save it in Jupyter, and hand it in again'}"
        raise Unreadable(f"{path.name} is not a notebook: {words}") from error
    if isinstance(raw, dict) and isinstance(raw.get("content"), dict) and "nbformat" not in raw:
        # As Jupyter's server sends it.
        raw = raw["content"]
    if not isinstance(raw, dict) or "nbformat" not in raw:
        raise Unreadable(f"{path.name} is not a notebook: it has no `nbformat`{kind and '; '}{kind}")
    return raw


# What people hand in under a notebook's name, by how it begins or by what is in it; and what to do about it.
KINDS = (
    (re.compile(rb"(?i)\s*<(!doctype|html|\?xml)"), "it is a web page; hand in the notebook itself (.ipynb)"),
    (re.compile(rb"%PDF"), "it is a PDF; hand in the notebook itself (.ipynb)"),
    (re.compile(rb"PK"), "it is a zip or an office document; hand in the notebook itself (.ipynb)"),
    (re.compile(rb"\x1f\x8b|7z\xbc|Rar!"), "it is packed; unpack it, and hand in the notebook itself"),
    (re.compile(rb"version https://git-lfs"), "it is a pointer of Git LFS; hand in what `git lfs pull` brings"),
    (re.compile(rb"(?sm).*^<<<<<<< "), "a merge of Git was not finished: take out its marks (`<<<<<<<`)"),
)


def _kind_of(data):
    """What some data are, where they are no notebook, and what to do about it; empty where that is not known."""
    return next((words for mark, words in KINDS if mark.match(data)), "")


def _require_modest(data, name):
    """Count what stands outside of the strings of some JSON: what it holds, and how deep it is nested."""
    plain = data.replace(rb"\\", b"").replace(rb"\"", b"")
    strings = plain.count(b'"') // 2
    # Their number comes first: of very many, the list alone would be large.
    marks = b"".join(plain.split(b'"')[::2]).translate(None, NO_MARKS) if strings <= MAX_VALUES else b""
    values = marks.count(b",") + marks.count(b"[") + DICT_VALUES * marks.count(b"{")
    if max(strings, values) > MAX_VALUES:
        raise Unreadable(f"{name} holds more than {MAX_VALUES} values; clear its outputs, save it again")
    if max(accumulate(map(DEPTH.__getitem__, marks.translate(None, b","))), default=0) > MAX_DEPTH:
        raise Unreadable(f"{name} is not a notebook: it is not valid JSON of one (nested more than {MAX_DEPTH} deep)")


DEPTH = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
NO_MARKS = bytes(set(range(256)) - set(b",") - set(DEPTH))


def _as_notebook(raw, name):
    # Programs that write notebooks do not always write numbers as such, nor what may be empty.
    version, minor = int(float(raw["nbformat"])), int(float(raw.get("nbformat_minor") or 0))
    raw = {**raw, "nbformat": version, "nbformat_minor": minor}
    if version not in nbformat.versions:
        raise Unreadable(f"{name} is not a notebook of a known format: its `nbformat` is {version}; save it as 4")
    if version == 4:
        raw = {"metadata": {}, **_not_null(raw), "cells": [_completed(cell) for cell in raw["cells"]]}
    # To convert a cell of an old format takes much longer than to read it.
    sheets = raw["worksheets"] if version in (2, 3) else [raw]
    count = sum(len(sheet["cells"]) for sheet in sheets)
    if count > MAX_CELLS:
        raise Unreadable(f"{name} has {count} cells; at most {MAX_CELLS} are graded")
    notebook = nbformat.convert(nbformat.versions[version].to_notebook_json(raw, minor=minor), 4)
    for cell in notebook.cells:
        if not isinstance(cell.source, str) or not isinstance(cell.get("metadata", {}), dict):
            raise TypeError("a cell without source or metadata")
        if not isinstance(cell.cell_type, str) or not isinstance(cell.get("outputs", []), list):
            raise TypeError("a cell without a type or a list of outputs")
        # Windows ends a line otherwise, which changes nothing.
        cell.source = encodable(cell.source.replace("\r\n", "\n"))
        if cell.cell_type != "code":
            attach_pictures(cell)
    require_short((cell.source for cell in notebook.cells), name)
    return notebook


def _completed(cell):
    """A cell of format 4 with all that it has to have but its type."""
    code = {"outputs": [], "execution_count": None} if cell.get("cell_type") == "code" else {}
    return {"metadata": {}, "source": "", **code, **_not_null(cell)}


def _not_null(values):
    return {key: value for key, value in values.items() if value is not None}


def require_short(sources, name):
    """Raise `Unreadable` where the sources of some cells are longer than what is graded."""
    total = 0
    for number, source in enumerate(sources, 1):
        total += len(source)
        if len(source) > MAX_CELL_CHARACTERS:
            words = f"has {len(source)} characters; at most {MAX_CELL_CHARACTERS} are graded. Keep data in files"
            raise Unreadable(f"Cell {number} of {name} {words}")
    if total > MAX_SOURCE_CHARACTERS:
        raise Unreadable(f"{name} has more than {MAX_SOURCE_CHARACTERS // 2**10} KB of code and text in its cells")


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


def holds_notebook(path: Path) -> bool:
    """Whether a file looks like a notebook, whatever its name."""
    try:
        data = read_bytes(path, MAX_BYTES)
    except Unreadable:
        return False
    return BEGINNING.match(data) is not None and b'"cells"' in data.replace(b"\0", b"")


# Of JSON, in any encoding.
BEGINNING = re.compile(rb"[\xef\xbb\xbf\xfe\xff\0\s]*\{")


def holds_program(path: Path, named: bool) -> bool:
    """Whether a file is a program and no notebook; one that is not named so has to define something."""
    data = read_bytes(path, MAX_BYTES)
    if BEGINNING.match(data):
        return named and b'"cells"' not in data.replace(b"\0", b"")
    if named or len(data) > MAX_CELL_CHARACTERS or NO_TEXT.search(data):
        return named
    return bool(defined_names(_decoded(data, path.name)))


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


# How nbconvert, and Jupyter's menu with it, mark the cells of a notebook that they save as a program.
EXPORTED = re.compile(r"^# In\[[ \d]*\]:$", re.MULTILINE)
# What stands in braces behind jupytext's marks of a cell.
OPTIONS = re.compile(r"^(#[ \t]*(?:\+|%%)[^{\n]*+)\{.*$", re.MULTILINE)
# What jupytext reads as YAML in the head of a program, and of that what tells how the cells are marked.
IN_HEAD = re.compile(r"jupyter\s*:\s*$")
FORMAT = re.compile(r"^# *(format_name|cell_markers): *['\"]?([^\n\"']+|\"{3})['\"]?$", re.MULTILINE)
# Others, it has other programs read.
FORMATS = ("light", "percent", "hydrogen", "sphinx", "nomarker")
# Of many blank lines, each pair is a cell, for which the others are looked at once more.
MANY_BLANK_LINES = re.compile(r"^((?:[ \t\f\v]*+\n){50})(?:[ \t\f\v]*+\n)++", re.MULTILINE)
# What a program says of its encoding, in one of its first two lines.
CODING = re.compile(r"\A((?:.*\n)?[ \t\f]*#.*?coding[:=][ \t]*)[-\w.]+")
BLANK_LINES = re.compile(r"\n(?:[ \t]*+\n)++")
# How marimo begins a notebook.
OF_MARIMO = re.compile(r"^app = marimo\.App\(", re.MULTILINE)


def read_program(path: Path) -> tuple[list[NotebookNode], bool]:
    """The cells of a `.py`, texts among them, and whether it is a notebook that was saved as a program.

    Raises
    ------
    Unreadable : where it is none, or longer than any real one
    """
    text = _decoded(read_bytes(path, MAX_BYTES), path.name).replace("\r\n", "\n")
    text = CODING.sub(r"\1utf-8", text)
    if text.count("\n") > MAX_PROGRAM_LINES:
        raise Unreadable(f"{path.name} has more than {MAX_PROGRAM_LINES} lines")
    require_short([text], path.name)
    is_exported = EXPORTED.search(text) is not None
    cells = _of_marimo(text) or (_exported(text) if is_exported else _marked(text, path.name))
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"{path.name} has {len(cells)} cells; at most {MAX_CELLS} are graded")
    cells = [_as_text(cell) for cell in cells]
    for cell in cells:
        cell.source = encodable(cell.source)
        if cell.cell_type != "code":
            attach_pictures(cell)
    return cells, is_exported


def _marked(text, name):
    """The cells of a program whose cells are marked as jupytext marks them."""
    text, options = _without_head(MANY_BLANK_LINES.sub(r"\1", text))
    # It takes a remark such as `# + {a}, {b}` for options of a cell, and stops there. Then all go without theirs.
    for tried in (text, OPTIONS.sub(r"\1", text)):
        try:
            if "format_name" not in options:
                guessed, more = jupytext.formats.guess_format(tried, ".py")
                options = {"format_name": guessed if guessed in FORMATS else "light"} | more | options
            return jupytext.read(io.StringIO(tried), fmt={"extension": ".py"} | options).cells
        except Exception as error:  # whatever it raises for it
            reason = f"{type(error).__name__}: {error}"
    raise Unreadable(f"jupytext cannot tell the cells of {name} ({reason[:200]}); hand in the notebook itself")


def _without_head(text):
    """A program without what jupytext reads as YAML, in which a line can stand for millions; and what that tells."""
    lines, kept, left, is_left = text.splitlines(), [], [], False
    head = list(takewhile(lambda line: line.startswith("#"), lines))
    for line in head:
        words = line[1:].removeprefix(" ")
        is_left = IN_HEAD.match(words) is not None or (is_left and (not words or words[0].isspace()))
        (left if is_left else kept).append(line)
    told = dict(FORMAT.findall("\n".join(left)))
    if told.get("format_name") not in FORMATS:
        told.pop("format_name", None)
    return "\n".join([*kept, *lines[len(head) :]]), told


def _exported(text):
    """The cells of a notebook that was exported."""
    first, *parts = EXPORTED.split(text)
    cells = [cell for cell in _texts(first) if not cell.source.startswith("!")]
    for part in parts:
        code, following = _parted(part)
        cells += [nbformat.v4.new_code_cell(code), *_texts(following)]
    return cells


def _of_marimo(text):
    """The cells of a notebook that marimo keeps as a program; none where it is another program, or no Python."""
    if not OF_MARIMO.search(text):
        return []
    lines = text.split("\n")
    try:
        return [cell for node in ast.parse(text).body if (cell := _cell_of_marimo(node, lines))]
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # it is told of where it runs
        return []


def _cell_of_marimo(node, lines):
    """The cell that marimo keeps as a definition, or as the body of a function or a block; None where it is none."""
    marks = [*getattr(node, "decorator_list", []), *(item.context_expr for item in getattr(node, "items", []))]
    mark = ast.unparse(marks[0]) if marks else ""
    if mark.startswith(("app.function", "app.class_definition")):
        return nbformat.v4.new_code_cell("\n".join(lines[node.lineno - 1 : node.end_lineno]))
    if not mark.startswith(("app.cell", "app.setup")):
        return None
    first, last = node.body[0], node.body[-1]
    match first:
        case ast.Expr(ast.Call(ast.Attribute(attr="md"), [ast.Constant(str(words))])):
            return nbformat.v4.new_markdown_cell(inspect.cleandoc(words))
    start, end = first.lineno - 1, last.lineno - 1 if isinstance(last, ast.Return) else last.end_lineno
    while lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return nbformat.v4.new_code_cell("\n".join(line.removeprefix("    ") for line in lines[start:end]).strip())


def _parted(part):
    """An exported cell's code, and what stands behind it and a blank line: the texts that follow it, as remarks."""
    lines = part.strip().split("\n")
    end = kept = len(lines)
    while kept and (not lines[kept - 1].strip() or lines[kept - 1].startswith("#")):
        kept -= 1
        end = end if lines[kept].strip() else kept
    return "\n".join(lines[:end]), "\n".join(lines[end:])


def _texts(remarks):
    """The texts that stand in a program as remarks, a blank line between them."""
    texts = [text.split("\n") for text in BLANK_LINES.split(remarks.strip()) if text.startswith("#")]
    sources = ["\n".join(line.removeprefix("#").removeprefix(" ") for line in lines) for lines in texts]
    return [nbformat.v4.new_markdown_cell(source) for source in sources]


def _as_text(cell):
    """A program's cell; one that is nothing but a string, as Colab writes texts, is a text."""
    if cell.cell_type == "code" and cell.source.rstrip().endswith(("\"", "'")):
        try:
            strings = strings_alone(cell.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # it is told of where it runs
            return cell
        if strings:
            return nbformat.v4.new_markdown_cell("\n\n".join(strings))
    return cell


def _decoded(data, name):
    # Some editors of Windows save what they call Unicode as UTF-16, with a mark of it or without.
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding.startswith("utf-8") and not NO_TEXT.search(data):
            return data.decode(_old_encoding(data), "replace")
        words = _kind_of(data) or "save it again as UTF-8"
        raise Unreadable(f"{name} is neither a notebook nor a program: it is not text in UTF-8; {words}") from error


# Encodings of people, in which they are alone: others of Python's take long, or make something else of a text.
OLD_ENCODINGS = re.compile(r"(cp|iso-?8859|latin|gb|big5|shift|euc|koi8|mac|hz|johab|tis)[-_\w]*", re.IGNORECASE)
# Bytes that no text has, in any encoding that has those of ASCII.
NO_TEXT = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")


def _old_encoding(data):
    """An encoding in which at least the code of a text can be read, which is ASCII: the one that it names, if any."""
    try:
        named = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:
        return "cp1252"
    return named if OLD_ENCODINGS.fullmatch(named) else "cp1252"


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, sorted, up to `MAX_FILES`; not what an operating system keeps beside each of its files."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as found:
        return sorted(entry.name for entry in islice(found, MAX_FILES) if not entry.name.startswith("."))
