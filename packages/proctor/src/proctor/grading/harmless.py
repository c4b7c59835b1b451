"""What of a stranger's notebook a marker's browser is shown: text, and pictures that run nothing and are bounded."""

import base64
import html
import re
from collections.abc import Collection

import nbformat

MAX_OUTPUT_CHARACTERS = 10_000
MAX_PICTURE_CHARACTERS = 2 * 2**20
MAX_PICTURE_PIXELS = 50 * 10**6
KEPT_PICTURES = ("image/png", "image/jpeg")
# What is taken is never given back, so that no text is read twice.
BASE64 = re.compile(r"[A-Za-z0-9+/\s]++={0,2}\s*+")


def safe_attachments(cell):
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
    if not isinstance(data, str) or len(data) > MAX_PICTURE_CHARACTERS or not BASE64.fullmatch(data):
        return False
    if kind != "image/png":
        return True
    head = "".join(data[:100].split())[:32]
    if len(head) < 32 or not head.startswith("iVBORw0KGgo"):
        return False
    size = base64.b64decode(head)[16:]
    return int.from_bytes(size[:4], "big") * int.from_bytes(size[4:8], "big") <= MAX_PICTURE_PIXELS


def safe_outputs(cell):
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


def encodable(text):
    """Text without halves of surrogate pairs, which JSON can spell and no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def plain_text(text: str, limit: int) -> str:
    """Text without control characters (but for newlines and tabs), cut at the limit with a word about it.

    Those that turn the direction of what follows count as such: they would have a message read as another one.
    """
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", encodable(text[: 4 * limit]))
    text = re.sub(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", " ", text)
    if len(text) <= limit:
        return text
    return text[:limit].rstrip() + " ... (the rest was cut)"


def plain_line(text: str, limit: int) -> str:
    """Text as `plain_text` has it, on one line."""
    return plain_text(" ".join(text.splitlines()), limit)


HARMLESS_TAGS = (
    "b|i|u|s|em|strong|sub|sup|small|mark|del|ins|kbd|code|pre|br|hr|blockquote|q|details|summary|"
    "ul|ol|li|dl|dt|dd|table|thead|tbody|tr|th|td|h[1-6]"
)
TAG = re.compile(rf"<(?=[A-Za-z/!?])(?!/?(?:{HARMLESS_TAGS})\s*/?>|https?://[^\s<>]*>)", re.IGNORECASE)
# No scheme holds a bracket, so the first one ends what there is to see.
TARGET = re.compile(r"(\](?:\(|:)\s*(?:<\s*)?)([^\s)]+)")
ATTACHED = re.compile(r"attachment:([\w.-]+)>?")
HARMLESS_TARGET = re.compile(r"(https?|mailto):|data:image/(png|jpeg|gif);|[^:]*([/?#]|$)", re.IGNORECASE)


def safe_markdown(source: str, pictures: Collection[str] = ()) -> str:
    """Markdown that runs nothing in a browser, and reads as it did.

    HTML is kept where it is a harmless tag without attributes; any other `<` gets a space after it, which no browser
    takes for a tag, and which changes neither a formula nor much of a program. A link or picture whose target is
    neither on the web nor one of `pictures`, the names of the cell's attachments, leads nowhere.
    """

    def target(match):
        try:
            plain = html.unescape(re.sub(r"\\(\W)", r"\1", match[2]))
        except ValueError:  # a reference by a number of thousands of digits
            return f"{match[1]}#"
        plain = re.sub(r"[\x00-\x20]", "", plain)
        attached = ATTACHED.fullmatch(match[2])
        if HARMLESS_TARGET.match(plain) or (attached and attached[1] in pictures):
            return match[0]
        return f"{match[1]}#{match[2]}"

    # MathJax makes links, too. Targets come first: a space within the brackets of one would hide it.
    formulas = re.sub(r"\\(href|mmlToken)", r"\\text", source)
    return TAG.sub("< ", TARGET.sub(target, formulas))
