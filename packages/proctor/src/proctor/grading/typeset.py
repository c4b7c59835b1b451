"""Texts in Markdown as HTML for a page: what is in them runs nothing, fetches nothing and has no id of the page's.

Formulas are MathML, which browsers draw by themselves. One that cannot be drawn harmlessly, and in a time that grows
with its length alone, stays as it was typed.
"""

import functools
import html
import itertools
import re
import unicodedata
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from proctor.grading.harmless import plain_text

# Some texts take a time that grows with the square of their length: this one's is a second at most.
MAX_CHARACTERS = 16_000
# Of one formula; and of all of a text, as MathML, where nobody says how much room there is.
MAX_FORMULA, MAX_DEPTH, FORMULAS = 1_500, 50, 24_000
# What makes more of a formula than was typed, without a bound: each definition may use the one before it twice.
UNBOUNDED = re.compile(r"\\(?:def|newcommand|newenvironment|DeclareMathOperator|sideset)(?![A-Za-z])")
# What latex2mathml does not know, in words that it does.
ENVIRONMENTS = {"aligned": "split", "align": "align*", "dcases": "cases"}
ENVIRONMENTS |= dict.fromkeys(["gather", "gather*", "gathered", "multline", "multline*"], "displaylines")
ENVIRONMENT = re.compile(r"\\(begin|end)\{(" + "|".join(map(re.escape, ENVIRONMENTS)) + r")\}")
WORD = re.compile(r"\\(arg|nonumber|notag)(?![A-Za-z])|\\label\{[^{}]*+\}")
NOT_EQUAL = re.compile(r"\\not\s*+=")
ESCAPED = re.compile(r"\\([_%#&{} ])")
REFERENCE = re.compile(r"&#x[0-9A-Fa-f]{1,6};")
NO_CHARACTERS = re.compile("[\ufffe\uffff]")
TABLES = ("mtable", "mtr", "mtd")
LEAVES = ("mi", "mn", "mo", "mtext")
# Elements of MathML Core that hold as many others, or any number of them in a row.
ARITIES = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
ROWS = ("math", "mrow", "mstyle", "msqrt", "mphantom", "mtd")
# Elements that lose what would have them cover others, or a frame.
AS_ROWS = ("mpadded", "menclose")
YES_OR_NO, LENGTH = re.compile("true|false"), re.compile(r"0(?:px|pt)?|[0-3]?(?:\.\d{1,3})?em")
STYLES = {"displaystyle": YES_OR_NO, "scriptlevel": re.compile("[0-2]")}
OF_OPERATORS = {"form": re.compile("(?:pre|in|post)fix")}
OF_OPERATORS |= dict.fromkeys(["stretchy", "fence", "largeop", "movablelimits"], YES_OR_NO)
OF_OPERATORS |= dict.fromkeys(["minsize", "maxsize", "lspace", "rspace"], LENGTH)
ATTRIBUTES = {
    "mo": OF_OPERATORS,
    "mspace": {"width": LENGTH},
    "mfrac": {"linethickness": LENGTH},
    "mover": {"accent": YES_OR_NO},
    "mstyle": STYLES,
    "mtable": STYLES,
}
ACCENTS = set("\xa8\xaf\xb4\u02c7\u02d8\u02d9^`~\u2192\u2015")
# What stands below these where there is room for it, and beside them within a line.
LIMITS = {"max", "min", "sup", "inf", "lim", "arg\u2009max", "arg\u2009min", "lim\u2006sup", "lim\u2006inf"}
BELOW = {"msub": "munder", "msubsup": "munderover"}
# In a line of ours, dollars are a formula's where no space, digit or letter says that they are not.
CODE_OR_FORMULA = re.compile(r"`([^`]+)`|(?<![\w$\\])\$(?![\s$])([^$`]++)(?<![\s\\])\$(?![\w$])")


class _NotDrawnError(Exception):
    """A formula that stays as it was typed."""


class _Formulas(IPythonRenderer):
    """Formulas are MathML, as far as there is room."""

    def __init__(self, room, escape):
        super().__init__(escape=escape, allow_harmful_protocols=not escape)
        self.room = room

    def block_math(self, body):
        return self._drawn(body, True) or super().block_math(body)

    def inline_math(self, body):
        # "$5 and $6" has a space on one side alone.
        is_formula = body[:1].isspace() == body[-1:].isspace()
        return (is_formula and self._drawn(body, False)) or super().inline_math(body)

    def latex_environment(self, name, body):
        return self._drawn(rf"\begin{{{name}}}{body}\end{{{name}}}", True) or super().latex_environment(name, body)

    def _drawn(self, tex, is_block):
        drawn = mathml(tex, is_block) if self.room > 0 else None
        size = len(drawn.encode("utf-8")) if drawn else 0
        if size > self.room:
            return None
        self.room -= size
        return drawn


class _Harmless(_Formulas):
    """HTML is shown as text; a picture is the words in its place."""

    def __init__(self, room, has_links):
        super().__init__(room, escape=True)
        self.has_links = has_links

    def heading(self, text, level, **attrs):
        return f"<p><b>{text}</b></p>\n"

    def block_code(self, code, info=None):
        return f"<pre><code>{self.escape_html(code)}</code></pre>\n"

    def image(self, text, url, title=None):
        return f"[picture: {text}]"

    def link(self, text, url, title=None):
        if self.has_links:
            return super().link(text, url, title)
        address = self.escape_html(url)
        return text if text == address else f"{text} ({address})"


@functools.lru_cache(maxsize=4096)
def typeset(text: str, has_links: bool = False, formulas: int = FORMULAS) -> Markup | None:
    """A text as HTML; None where it is too long.

    Parameters
    ----------
    has_links : whether its links lead somewhere; else their addresses are shown
    formulas : bytes that its formulas may take; what has no room stays as it was typed
    """
    if len(text) > MAX_CHARACTERS:
        return None
    return Markup(MarkdownWithMath(renderer=_Harmless(formulas, has_links))(plain_text(text, MAX_CHARACTERS)))


def typeset_ours(text: str) -> Markup:
    """A text of the course's own as HTML, with the HTML that is in it."""
    return Markup(MarkdownWithMath(renderer=_Formulas(4 * FORMULAS, escape=False))(text))


def in_line(text: str, formulas: int = FORMULAS) -> Markup:
    """A line as HTML, what stands between backticks as code, and between dollars as a formula."""
    parts, end = [], 0
    for match in CODE_OR_FORMULA.finditer(text):
        drawn = mathml(match[2], False) if match[2] and formulas > 0 else None
        size = len(drawn.encode("utf-8")) if drawn else 0
        if match[1]:
            part = Markup("<code>{}</code>").format(match[1])
        else:
            part = Markup(drawn) if drawn and size <= formulas else escape(match[0])
            formulas -= size if size <= formulas else 0
        parts += [escape(text[end : match.start()]), part]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


@functools.lru_cache(maxsize=4096)
def mathml(tex: str, is_block: bool) -> str | None:
    """A formula as MathML of a few elements and attributes; None where it is too long, or cannot be drawn so."""
    if len(tex) > MAX_FORMULA or UNBOUNDED.search(tex):
        return None
    known = ENVIRONMENT.sub(lambda match: rf"\{match[1]}{{{ENVIRONMENTS[match[2]]}}}", tex)
    known = WORD.sub(lambda match: r"\operatorname{arg}" if match[1] == "arg" else "", known)
    known = NOT_EQUAL.sub(r"\\neq ", known)
    try:
        drawn = _draw(known, is_block)
    except Exception:  # latex2mathml raises whatever a strange formula makes it stumble over
        return None
    about = {"display": "block"} if is_block else {}
    drawn.attrib = about | {"alttext": NO_CHARACTERS.sub("\ufffd", " ".join(plain_text(tex, MAX_FORMULA).split()))}
    return tostring(drawn, encoding="unicode")


def _draw(tex, is_block):
    display = "block" if is_block else "inline"
    drawn = convert_to_element(tex, display=display)
    if is_block and any(one.get("linebreak") for one in drawn.iter("mspace")):
        # Browsers break no lines within a formula.
        drawn = convert_to_element(rf"\begin{{displaylines}}{tex}\end{{displaylines}}", display=display)
    return _kept(drawn, 0)


def _kept(element, depth):
    """What is harmless of an element, without rows that hold one thing alone.

    Raises
    ------
    _NotDrawnError : for what is none of MathML Core, or would be another formula without what is not kept
    """
    tag = element.tag
    if depth > MAX_DEPTH or element.get("linebreak") or element.get("notation", "box") != "box":
        raise _NotDrawnError
    if tag in LEAVES and len(element) == 0:
        return _leaf(element)
    if element.text or tag not in (*ROWS, *AS_ROWS, *ARITIES, *TABLES, "mspace"):
        raise _NotDrawnError
    about = _attributes(element)
    tag = "mrow" if tag in AS_ROWS or (tag == "mstyle" and not about) else tag
    children = [_kept(child, depth + 1) for child in element]
    if len(children) != ARITIES.get(tag, len(children)):
        raise _NotDrawnError
    if tag in ROWS:
        children = _words([child for child in children if child.tag != "mspace" or child.attrib])
        if len(children) == 1 and children[0].tag == "mrow":
            children = list(children[0])
        if tag == "mrow" and len(children) == 1:
            return children[0]
    kept = Element(tag, about)
    kept.extend(children)
    if tag == "mtable":
        _align(kept, [cell.get("columnalign") for cell in element.findall("mtr[1]/mtd")])
    return _as_drawn(kept)


def _attributes(element):
    """The attributes that may stay."""
    allowed = ATTRIBUTES.get(element.tag, {})
    return {name: value for name, value in element.items() if name in allowed and allowed[name].fullmatch(value)}


def _leaf(element):
    """What holds text alone."""
    kept, style = Element(element.tag, _attributes(element)), element.get("mathvariant")
    kept.text = _text(element).translate(_alphabet(style))
    if element.tag == "mi" and style == "normal" and len(kept.text) == 1:
        kept.set("mathvariant", style)
    return kept


def _as_drawn(kept):
    """What browsers are told of an element as TeX means it, and latex2mathml does not say."""
    if kept.tag == "mover" and kept[1].text and kept[1].text in ACCENTS:
        kept.set("accent", "true")
    if kept.tag in BELOW and kept[0].tag == "mo" and kept[0].text in LIMITS:
        kept.tag = BELOW[kept.tag]
        kept[0].set("movablelimits", "true")
    return kept


def _text(element):
    """The text of an element, where it is one; else it is a command that latex2mathml does not know."""
    text = ESCAPED.sub(r"\1", element.text or "")
    if "\\" in text or "$" in text or (element.tag == "mi" and text in ("&", "{", "}", "^", "_", "#")):
        raise _NotDrawnError
    text = REFERENCE.sub(lambda match: html.unescape(match[0]), text)
    return NO_CHARACTERS.sub("\ufffd", plain_text(text, MAX_FORMULA))


def _align(table, columns):
    """Tell a stylesheet, which knows no other attribute of MathML Core's, how the columns of a table are aligned."""
    if columns[:2] == ["right", "left"]:
        table.set("displaystyle", "true")
    elif columns and set(columns) == {"left"}:
        table.set("displaystyle", "false")


def _words(children):
    """Children of a row, with upright letters that follow one another as one word."""
    joined = []
    for is_upright, group in itertools.groupby(children, lambda child: child.get("mathvariant") == "normal"):
        letters = list(group)
        if is_upright and len(letters) > 1:
            word = Element("mi")
            word.text = "".join(letter.text for letter in letters)
            letters = [word]
        joined += letters
    return joined


@functools.cache
def _alphabet(style):
    """{letter: the letter in a style}: browsers know styles as letters of their own alone."""
    found = {}
    for code in (*range(0x2100, 0x2150), *range(0x1D400, 0x1D800)):
        letter = unicodedata.normalize("NFKC", chr(code))
        name = unicodedata.name(chr(code), "").removeprefix("MATHEMATICAL ").replace("BLACK-LETTER", "FRAKTUR")
        if len(letter) == 1 and re.split(" (?:CAPITAL|SMALL|DIGIT) ", name)[0].lower().replace(" ", "-") == style:
            found[ord(letter)] = chr(code)
    return found
