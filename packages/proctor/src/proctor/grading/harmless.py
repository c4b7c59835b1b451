"""What of a stranger's notebook a marker's browser is shown: text, and pictures that run nothing and are bounded."""

import base64
import html
import logging
import math
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from nbformat import NotebookNode

MAX_OUTPUT_CHARACTERS = 10_000
MAX_OUTPUTS = 200
MAX_PRINTED_CHARACTERS = 500_000
MAX_LOGGED = 100_000
MAX_PICTURE_CHARACTERS = 2 * 2**20
# Of pictures pasted into an answer: as much as a notebook may have, so that no photograph of a sheet is lost.
MAX_PASTED_CHARACTERS = 24 * 2**20
MAX_PICTURE_PIXELS = 50 * 10**6
KEPT_PICTURES = ("image/png", "image/jpeg", "image/gif")
# What is taken is never given back, so that no text is read twice.
BASE64 = re.compile(r"[A-Za-z0-9+/\s]++={0,2}\s*+")

# A picture that stands in the text itself, as Colab pastes it.
IN_TEXT = re.compile(r"data:(image/(?:png|jpe?g|gif));base64,([A-Za-z0-9+/]++={0,2})", re.IGNORECASE)

# Tags and variation selectors: an alphabet of its own that nothing shows.
UNSEEN = re.compile("[\U000e0000-\U000e0fff]")
# How a command begins for GitHub's runner, which looks for them in all that a job prints: anywhere, or at the start.
COMMAND = re.compile(r"##(?=\[)|\A\s*+:(?=:)")


class Lost(str):
    """In the place of an attachment's data, why there is none; no file can say that."""

    __slots__ = ()


def attach_pictures(cell: NotebookNode) -> None:
    """Make attachments of the pictures that a text holds as data, so that what is left of it is text."""
    given = cell.get("attachments")
    attachments = dict(given) if isinstance(given, dict) else {}

    def attach(match):
        name = f"in-text-{len(attachments)}"
        attachments[name] = {match[1].lower().replace("jpg", "jpeg"): match[2]}
        return f"attachment:{name}"

    source = IN_TEXT.sub(attach, cell.source)
    if source != cell.source:
        cell.source, cell.attachments = source, attachments


def safe_attachments(cell: NotebookNode) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The pictures that a student pasted into a markdown cell, bounded: names of ours for theirs, and attachments."""
    names, kept, size = {}, {}, 0
    given = cell.get("attachments")
    for name, data in given.items() if isinstance(given, dict) else []:
        for kind, picture in data.items() if isinstance(data, dict) else []:
            if kind in KEPT_PICTURES and is_picture(picture, kind) and size + len(picture) <= MAX_PASTED_CHARACTERS:
                size += len(picture)
                # What theirs mean to a path, a link or a page is nothing that a page should depend on.
                names[name] = f"picture-{len(kept) + 1}"
                kept[names[name]] = {kind: picture}
                break
    return names, kept


def lost_pictures(cell: NotebookNode, names: Mapping[str, str]) -> dict[str, str]:
    """Why pictures of a markdown cell are not shown, each by its name there, with what to do about it.

    Parameters
    ----------
    names : of those that are, as `safe_attachments` gives them
    """
    given = cell.get("attachments")
    given = given if isinstance(given, dict) else {}
    meant = [match[2] for match in ATTACHED.finditer(cell.source)]
    meant = [name if name in given else unquote(name) for name in meant]
    return {name: _why_lost(given.get(name)) for name in dict.fromkeys([*meant, *given]) if name not in names}


def _why_lost(data):
    if isinstance(data, Lost):
        return data
    if not isinstance(data, dict) or not data:
        return "it did not come with the notebook; paste it into the cell again"
    kept = [picture for kind, picture in data.items() if kind in KEPT_PICTURES and isinstance(picture, str)]
    if not kept:
        return f"it is {one_line(', '.join(map(str, data)), 60)}, not PNG, JPEG or GIF; paste it as one of them"
    if any(is_picture(picture, kind, math.inf) for kind, picture in data.items() if kind in KEPT_PICTURES):
        size, most = len(max(kept, key=len)) * 3 / 4 / 2**20, MAX_PASTED_CHARACTERS * 3 // 4 // 2**20
        most = f"{most} MB of an answer's pictures, {MAX_PICTURE_PIXELS // 10**6} million pixels of each, are shown"
        return f"it is too large ({size:.1f} MB); at most {most}. Make it smaller, and hand in again"
    return "it cannot be read as a picture; paste it into the cell again"


def is_picture(data: object, kind: str, most_pixels: float = MAX_PICTURE_PIXELS) -> bool:
    """Whether data is base64 of a picture of a kind; one that says its size first must not take a browser's memory."""
    if not isinstance(data, str) or len(data) > MAX_PASTED_CHARACTERS or not BASE64.fullmatch(data):
        return False
    head = "".join(data[:100].split())[:32]
    if len(head) < 32:
        return False
    head = base64.b64decode(head)
    if kind == "image/png":
        width, height, right = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big"), b"\x89PNG\r\n"
    elif kind == "image/gif":
        width, height, right = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little"), b"GIF8"
    else:
        width, height, right = 1, 1, b"\xff\xd8\xff"
    return head.startswith(right) and width * height <= most_pixels


def picture_url(data: object) -> str | None:
    """The first picture among some data of a cell's, as a URL that holds it; None where there is none that is one.

    Parameters
    ----------
    data : {kind: base64} where it is what it should be
    """
    for kind in KEPT_PICTURES:
        picture = data.get(kind) if isinstance(data, dict) else None
        if is_picture(picture, kind):
            return f"data:{kind};base64,{''.join(picture.split())}"
    return None


def safe_outputs(cell):
    """The outputs that a human marker needs and a browser can show without harm: text and PNG, bounded."""
    outputs, characters, pictures, is_told = [], 0, 0, False
    for output in cell.get("outputs", []):
        if not isinstance(output, dict):
            continue
        if len(outputs) >= MAX_OUTPUTS:
            outputs.append(_text_output("... (the other outputs were cut)"))
            break
        data = output.get("data") if isinstance(output.get("data"), dict) else {}
        text = output.get("text") if output.get("output_type") == "stream" else data.get("text/plain", "")
        if output.get("output_type") == "error":
            text = f"{output.get('ename')}: {output.get('evalue')}"
        room = MAX_OUTPUT_CHARACTERS - characters
        text = plain_text(_joined(text), room) if room > 0 else ""
        picture = _joined(data.get("image/png", ""))
        if is_picture(picture, "image/png") and pictures + len(picture) <= MAX_PICTURE_CHARACTERS:
            pictures += len(picture)
            shown = NotebookNode({"image/png": picture, "text/plain": text})
            outputs.append(NotebookNode(output_type="display_data", metadata=NotebookNode(), data=shown))
        elif text:
            outputs.append(_text_output(text))
        if not is_told and pictures + len(picture) > MAX_PICTURE_CHARACTERS and is_picture(picture, "image/png"):
            is_told = True
            most = MAX_PICTURE_CHARACTERS // 2**20
            outputs.append(_text_output(f"... (a figure is not shown: those of a cell may take {most} MB together)"))
        characters += len(text)
    return outputs


def cut_outputs(cells: Iterable[NotebookNode]) -> None:
    """Leave out what the cells of a notebook print once all of them together have printed more than anybody reads."""
    characters = 0
    for cell in cells:
        for output in cell.get("outputs", []):
            characters += len(output.get("text", ""))
        if characters > MAX_PRINTED_CHARACTERS and cell.get("outputs"):
            pictures = [output for output in cell.outputs if output.output_type == "display_data"]
            cell.outputs = [*pictures, _text_output("... (this output was cut)")]


def _text_output(text):
    # nbformat's own maker validates each, which takes seconds where there are very many.
    return NotebookNode(output_type="stream", name="stdout", text=text)


def _joined(text):
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def encodable(text):
    """Text without halves of surrogate pairs, which JSON can spell and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def plain_text(text: str, limit: int) -> str:
    """Text without control characters (but for newlines and tabs), cut at the limit with a word about it.

    Those that turn the direction of what follows count as such: they would have a message read as another one. Those
    that spell words which a program reads and a person does not see are left out. So that no log is steered, what
    begins a command there is parted by a space.
    """
    text = UNSEEN.sub("", re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", encodable(text[: 4 * limit])))
    text = re.sub(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", " ", text)
    text = COMMAND.sub(r"\g<0> ", text)
    if len(text) <= limit:
        return text
    return text[:limit].rstrip() + " ... (the rest was cut)"


def one_line(text: str, limit: int = 500) -> str:
    """Text that a terminal, a log or a page shows as one line: names of files are what strangers made of them."""
    return plain_text(" ".join(text.splitlines()), limit)


# What begins a formula, for programs set to Japanese or Chinese in its wide form, too; behind a semicolon as well, at
# which programs set to many another language begin a new cell, whatever stands in quotes.
FORMULA = re.compile(r"(\A|;)(?=[\s\0]*+[=+\-@|%\uff1d\uff0b\uff0d\uff20])")


def no_formula(cell: object) -> object:
    """A cell that no spreadsheet program computes: an apostrophe before it has it taken as text."""
    return FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell


def harmless_record(*args, **named) -> logging.LogRecord:
    """A record for a log of which no argument can begin a line, and nothing steers a terminal."""
    record = logging.LogRecord(*args, **named)
    if isinstance(record.args, tuple):
        record.args = tuple(one_line(entry, MAX_LOGGED) if isinstance(entry, str) else entry for entry in record.args)
    record.msg = plain_text(record.msg, MAX_LOGGED) if isinstance(record.msg, str) else record.msg
    return record


HARMLESS_TAGS = (
    "b|i|u|s|em|strong|sub|sup|small|mark|del|ins|kbd|code|pre|br|hr|blockquote|q|details|summary|"
    "ul|ol|li|dl|dt|dd|table|thead|tbody|tr|th|td|h[1-6]"
)
TAG = re.compile(rf"<(?=[A-Za-z/!?])(?!/?(?:{HARMLESS_TAGS})\s*/?>|https?://[^\s<>]*>)", re.IGNORECASE)
# No scheme holds a bracket, so the first one ends what there is to see.
TARGET = re.compile(r"(\](?:\(|:)\s*+(?:<\s*+)?)([^\s)]+)")
ATTACHED = re.compile(r"""!\[([^\[\]]*+)\]\(\s*+<?attachment:([^\s()<>]++)>?(?:\s++(?:"[^"\n]*+"|'[^'\n]*+'))?\s*+\)""")
# A character by its number or name, with or without a semicolon, and however often its `&` is one, too.
REFERENCE = re.compile(
    r"&(?:(?:amp|AMP|#0*+38|#[xX]0*+26);?+)*+(#0*+\d{1,7}|#[xX]0*+[0-9a-fA-F]{1,6}|[A-Za-z]{1,31});?+"
)
# What a formula is written with: nobody needs another spelling of it.
OF_FORMULAS = re.compile(r"[A-Za-z0-9\\${}]")
# Of a formula, what makes links or attributes of a page; followed by more letters, it is another word.
LINKING = re.compile(r"\\(?:href|mmlToken|style|class|cssId)(?![A-Za-z])")
HARMLESS_TARGET = re.compile(r"(https?|mailto):|[^:]*([/?#]|$)", re.IGNORECASE)


def with_names(source: str, names: Mapping[str, str]) -> str:
    """A text as it was typed, but for the names of its pictures: for who shows it as text, and never as HTML."""

    def rename(match):
        name = names.get(match[2]) or names.get(unquote(match[2]))
        return f"![{match[1]}](attachment:{name})" if name else match[0]

    return ATTACHED.sub(rename, source)


def as_typed(cell: NotebookNode) -> str:
    """The text of a graded notebook's cell as its student typed it; it may be shown as text alone."""
    kept = cell.metadata.get("proctor", {}).get("typed")
    return kept if isinstance(kept, str) else cell.source


def safe_markdown(source: str, names: Mapping[str, str] | None = None) -> str:
    """Markdown that runs and fetches nothing in a browser, and reads as it did.

    HTML is kept where it is a harmless tag without attributes; any other `<` gets a space after it, which no browser
    takes for a tag, and which changes neither a formula nor much of a program. So does the `!` of a picture that did
    not come with the notebook: what is left is a link. A link whose target is not on the web leads nowhere.

    Parameters
    ----------
    names : of the cell's attachments, and what they are called now
    """
    # MathJax makes links, too, of what a browser has read: without NUL, and with characters in the place of references.
    source = LINKING.sub(r"\\text", REFERENCE.sub(_spelled_out, UNSEEN.sub("", source.replace("\0", ""))))
    parts, end, names = [], 0, names or {}
    for match in ATTACHED.finditer(source):
        name = names.get(match[2]) or names.get(unquote(match[2]))
        if name:
            words = TAG.sub("< ", match[1])
            parts += [_without_pictures(source[end : match.start()]), f"![{words}](attachment:{name})"]
            end = match.end()
    return "".join([*parts, _without_pictures(source[end:])])


def _spelled_out(match):
    """The character that a reference stands for, where formulas are written with it; else the reference."""
    character = html.unescape(f"&{match[1]};")
    return character if OF_FORMULAS.fullmatch(character) else match[0]


def _without_pictures(text):
    # Targets come first: a space within the brackets of one would hide it.
    return TAG.sub("< ", TARGET.sub(_safe_target, text.replace("![", "! [")))


def _safe_target(match):
    try:
        plain = html.unescape(re.sub(r"\\(\W)", r"\1", match[2]))
    except ValueError:  # a reference by a number of thousands of digits
        return f"{match[1]}#"
    plain = re.sub(r"[\x00-\x20]", "", plain)
    return match[0] if HARMLESS_TARGET.match(plain) else f"{match[1]}#{match[2]}"
