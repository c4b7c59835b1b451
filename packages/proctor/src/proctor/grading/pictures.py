"""Pictures that lie beside a notebook, and that its texts name: they are shown as if they had been pasted in."""

import base64
import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from nbformat import NotebookNode

from proctor.grading.harmless import MAX_PASTED_CHARACTERS, Lost
from proctor.grading.reading import Unreadable, names_in, read_bytes

MAX_BYTES = MAX_PASTED_CHARACTERS * 3 // 4
# So many folders, and levels of them, are looked into; so many pictures may be named, or lie there, and so long a name.
MAX_FOLDERS, LEVELS, MAX_PICTURES, MAX_NAME = 10, 3, 100, 500
KINDS = ((b"\x89PNG\r\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
ENDINGS = (".png", ".jpg", ".jpeg", ".gif")
# What is taken is never given back, so that no text is read twice. Notebooks want names with spaces in brackets; people
# leave them out.
WORDS = r"!\[([^\[\]]*+)\]"
PLAIN = r"""(?:[^\s()<>]|\([^()<>\n]*+\)|\x20(?![\s"')]))++"""
INLINE = re.compile(rf"""{WORDS}\(\s*+(?:<([^<>\n]++)>|({PLAIN}))(?:\s++(?:"[^"\n]*+"|'[^'\n]*+'))?\s*+\)""")
BY_REFERENCE = re.compile(rf"{WORDS}(?!\()(?:\[([^\[\]]*+)\])?")
DEFINITION = re.compile(r"^ {0,3}\[([^\[\]\n]++)\]:[ \t]*+<?([^\s<>]++)", re.MULTILINE)
ELEMENT = re.compile(r"<img\b([^<>]*+)>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""\b(src|alt)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"']++))""", re.IGNORECASE)
SIZE = re.compile(r"\s+=\d*x?\d*$")
# A scheme has more letters than the name of a drive.
ELSEWHERE = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+:|//|#", re.IGNORECASE)
# What Canvas and browsers put behind a name that was there already.
COPY = re.compile(r"(?:-\d{1,3}|\s?\(\d{1,3}\))(?=\.[^.]*$)")


def pictures_named(source: str) -> set[str]:
    """The files that a text in Markdown shows as pictures, as it calls them."""
    named = set()
    _replaced(source, lambda words, target: named.add(target))
    return named


def attach_beside(cells: Iterable[NotebookNode], folder: Path, given: set[str]) -> None:
    """Make attachments of the pictures beside a notebook that its texts name; of one that is not there, its name.

    Parameters
    ----------
    cells : in Markdown, all of them a student's
    folder : where the notebook lies
    given : those that the course's own texts name
    """
    beside = None
    for cell in cells:
        if pictures_named(cell.source) - given:
            beside = beside or _Beside(folder)
            _attach(cell, beside, given)


def _attach(cell, beside, given):
    pasted, names = cell.get("attachments"), {}
    attachments = dict(pasted) if isinstance(pasted, dict) else {}

    def attach(words, target):
        if target not in names:
            data, name = beside.data(target) if target not in given else None, _as_path(target)
            if data is None:
                return ""
            while name in attachments:
                name = f"beside {name}"
            names[target], attachments[name] = name, data
        return f"![{words}](attachment:{quote(names[target])})"

    cell.source, cell.attachments = _replaced(cell.source, attach), attachments


def digests(folder: Path) -> list[str]:
    """What tells the pictures in a folder from others."""
    found = [file for file in _files(folder) if file.suffix.lower() in ENDINGS][:MAX_PICTURES]
    return [f"{file.relative_to(folder)} {_digest(file)}" for file in found]


def _digest(file):
    try:
        return hashlib.sha256(read_bytes(file, MAX_BYTES)).hexdigest()
    except Unreadable:
        return ""


def _files(folder: Path) -> Iterator[Path]:
    """What lies in a folder and those in it, but for what a link leads to: that may be somebody else's."""
    folders = [folder]
    for _ in range(LEVELS):
        present = [one / name for one in folders for name in names_in(one) if name != "__MACOSX"]
        present = [path for path in present if not path.is_symlink()]
        folders = [path for path in present if path.is_dir()][:MAX_FOLDERS]
        yield from (path for path in present if path.is_file())


class _Beside:
    """The pictures beside a notebook, all of which together may take what a notebook may."""

    def __init__(self, folder):
        self.room, self.left, self.read, self.files = MAX_PASTED_CHARACTERS, MAX_PICTURES, {}, {}
        for file in _files(folder):
            whole, name = _key(file.relative_to(folder).as_posix()), _key(file.name)
            for key in (whole, name, COPY.sub("", name)):
                self.files.setdefault(key, file)

    def data(self, target):
        """A picture as an attachment has it, or why there is none; None where too many are named already."""
        self.left -= 1
        if self.left < 0:
            return None
        keys = [_key(_as_path(name)) for name in (target, target.partition("?")[0])]
        keys += [key.rpartition("/")[2] for key in keys]
        file = next((self.files[key] for key in keys if key in self.files), None)
        if file is None:
            return Lost("it was not handed in; hand it in beside the notebook, or paste it into the cell")
        if file not in self.read:
            self.read[file] = _as_attachment(file)
        data = self.read[file]
        if isinstance(data, Lost):
            return data
        size = sum(map(len, data.values()))
        if size > self.room:
            return Lost(_too_large("the pictures beside a notebook"))
        self.room -= size
        return data


def _as_attachment(file):
    try:
        content = read_bytes(file, MAX_BYTES)
    except Unreadable:
        return Lost(_too_large("it"))
    kind = next((kind for head, kind in KINDS if content.startswith(head)), None)
    if kind is None:
        return Lost("it is not PNG, JPEG or GIF; hand it in as one of them")
    return {kind: base64.b64encode(content).decode()}


def _too_large(what):
    return f"{what} may have {MAX_BYTES // 2**20} MB at most; make it smaller, and hand in again"


def _as_path(target):
    """A name of a file as a text has it, as a path."""
    path = unquote(html.unescape(target)).replace("\\", "/")
    parts = re.sub(r"^(?:file:/*|[A-Za-z]:/)", "", path).split("/")
    return "/".join(part for part in parts if part not in ("", ".")) or "?"


def _key(name):
    """A name as far as systems that mean the same file by it agree."""
    return unicodedata.normalize("NFC", name).casefold()


def _replaced(source, replace):
    """A text with each picture that is a file as `replace(words, target)` has it; as it is where that gives nothing."""
    definitions = {label.strip().casefold(): target for label, target in DEFINITION.findall(source)}

    def of(match, words, target):
        target = (target or "").strip()
        target = SIZE.sub("", target) if len(target) < MAX_NAME else ""
        if not target or ELSEWHERE.match(target):
            return match[0]
        return replace(" ".join(re.sub(r"[\[\]]", " ", words).split()), target) or match[0]

    def referenced(match):
        return of(match, match[1], definitions.get((match[2] or match[1]).strip().casefold()))

    def element(match):
        about = {name.lower(): next(filter(None, values), "") for name, *values in ATTRIBUTE.findall(match[1])}
        return of(match, about.get("alt", ""), about.get("src"))

    if "!" in source:
        source = INLINE.sub(lambda match: of(match, match[1], match[2] or match[3]), source)
        source = BY_REFERENCE.sub(referenced, source) if definitions else source
    return ELEMENT.sub(element, source)
