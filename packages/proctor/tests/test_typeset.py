r"""Formulas as MathML: what TeX means where it can be drawn, and never anything that acts, covers or takes long."""

import html
import itertools
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from proctor.grading import typeset as typesetting
from proctor.grading.typeset import MAX_FORMULA, in_line, mathml, typeset, typeset_ours

# MathML Core, as far as anything of ours needs it.
ALLOWED = {
    "math": {"alttext", "display"},
    "mo": {"form", "stretchy", "fence", "largeop", "movablelimits", "minsize", "maxsize", "lspace", "rspace"},
    "mi": {"mathvariant"},
    "mspace": {"width"},
    "mfrac": {"linethickness"},
    "mover": {"accent"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"displaystyle", "scriptlevel"},
}
ALLOWED |= dict.fromkeys(["mn", "mtext", "mrow", "msqrt", "mroot", "msub", "msup", "msubsup"], frozenset())
ALLOWED |= dict.fromkeys(["munder", "munderover", "mphantom", "mtr", "mtd"], frozenset())
PLAIN = {
    "p", "b", "em", "strong", "del", "code", "pre", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "dl",
    "dt", "dd", "br", "hr", "blockquote", "input",
}  # fmt: skip
ACTS = [
    r"\href{javascript:alert(1)}{x}", r"\style{position:fixed;top:0}{x}", r"\class{box}{x}", r"\cssId{who}{x}",
    r"\color{red}{x}", r"\colorbox{red}{x}", r"\fcolorbox{red}{blue}{x}", r"\rule{99em}{99em}", r"\hspace{-50em}x",
    r"\raise{20em}{x}", r"\llap{x}", r"\smash{x}", r"\toggle{a}{b}\endtoggle", r"\text{<script>alert(1)</script>}",
    r"\text{</mtext></math><img src=x onerror=alert(1)>}", r"\text{&lt;b&gt;&#x3c;b&#x3e;}",
    r"\unicode{x3c}b\unicode{x3e}",
    r"\unicode{x202e}x\unicode{x0}\unicode{xd800}\unicode{xffff}\unicode{x110000}", r'\operatorname{a"b}', "<b>x</b>",
    r"\genfrac{}{}{99em}{}{a}{b}", r"\begin{annotation-xml}x\end{annotation-xml}", r"\mmlToken{mi}[href=x]{x}",
    r"\verb|<b>|", r"\hbox{<b> $<b>$}", r"\tag{<b>}", r"\mathbf{<}", "\0\x1b[31m\ud800\uffff", r"\begin{<b>}\end{<b>}",
]  # fmt: skip
REPEATED = [
    "{", "}", "{}", "^", "_", "x^", "x_{a", r"\sqrt", r"\sqrt{", r"\frac{", r"\left(", r"\begin{matrix}", "&", "'",
    r"\text{", r"\operatorname{", r"\verb|", r"\displaystyle", r"\over", r"{x\over ", r"\not", r"\mathchoice", r"x\\",
    "%", "1", "1.", " ", r"\hbox{$", r"\color{a}", r"\skew1", r"\hline", r"\label{", r"\sideset{}{}", r"\big(",
    "\u00e9",
    r"\def\a{\a\a}\a", r"\left(\right)", r"\begin{matrix}1\end{matrix}", r"\overset{a}", "&#x41;", r"\xrightarrow[a]",
]  # fmt: skip
LAUGHS = "".join(rf"\def\{a}{{{{\{b}}}{{\{b}}}}}" for a, b in itertools.pairwise("abcdefghijklmnopqrstu")) + r"\a"
SIDES = r"\sideset{}{}{" * 40 + "x" + "}" * 40
WORDS = st.sampled_from([*ACTS, *REPEATED, r"\end{matrix}", "}", "{", "x", "_", "^", r"\right)", r"\limits", r"\sum"])
FORMULAS = st.lists(WORDS | st.text(max_size=5), max_size=12).map("".join)


def require_harmless(drawn):
    """MathML Core alone, well-formed, and no text but one that a page may show."""
    for element in ElementTree.fromstring(drawn).iter():
        assert element.tag in ALLOWED
        assert set(element.attrib) <= ALLOWED[element.tag], element.tag
        for name, value in element.attrib.items():
            assert name == "alttext" or re.fullmatch(r"[a-z]+|[0-3]?(\.\d{1,3})?(em|px|pt)?", value), name
        assert not element.text or element.tag in ("mi", "mn", "mo", "mtext")
        assert not re.search("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", element.text or "")


@pytest.mark.parametrize("is_block", [False, True])
@pytest.mark.parametrize("tex", [*ACTS, *(unit * 40 for unit in REPEATED), LAUGHS, SIDES])
def test_formula_that_would_do_harm_does_none(tex, is_block):
    drawn = mathml(tex, is_block)
    if drawn is not None:
        require_harmless(drawn)
        assert len(drawn) < 40 * MAX_FORMULA


@settings(deadline=None)
@given(FORMULAS, st.booleans())
@example(LAUGHS, True)
def test_whatever_is_typed_is_drawn_harmlessly_or_stays_as_it_was(tex, is_block):
    drawn = mathml(tex, is_block)
    if drawn is not None:
        require_harmless(drawn)


class Page(HTMLParser):
    """The names of a page's elements."""

    def __init__(self, page):
        super().__init__()
        self.names = set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)


@settings(deadline=None)
@given(FORMULAS, st.sampled_from(["$", "$$"]))
def test_formula_brings_no_other_element_into_its_text(tex, dollars):
    text = f"a {dollars}{tex}{dollars} b"
    assert Page(str(typeset(text))).names <= PLAIN | set(ALLOWED)
    assert Page(str(in_line(text))).names <= {"code", *ALLOWED}


@pytest.mark.parametrize(
    ("tex", "drawn"),
    [
        (r"\mathrm{softmax}(x)", "<mi>softmax</mi>"),
        (r"\mathbf{W_h}", "<msub><mi>\U0001d416</mi><mi>\U0001d421</mi></msub>"),
        (r"\mathbb R\mathcal L\mathfrak C", "<mi>\u211d</mi><mi>\u2112</mi><mi>\u212d</mi>"),
        (r"\boldsymbol{\theta}", "<mi>\U0001d73d</mi>"),
        (r"\max_i x", '<munder><mo movablelimits="true">max</mo><mi>i</mi></munder>'),
        (r"\arg\min x", "<mo>arg</mo><mo>min</mo>"),
        (r"a \not= b", "<mo>\u2260</mo>"),
        (r"\bar{x}", '<mover accent="true">'),
        (r"\boxed{42}", "<mn>42</mn>"),
        (r"\text{a\_b}", "<mtext>a_b</mtext>"),
        (r"x \label{eq:x}", "<mi>x</mi></math>"),
        (r"a \\ b", "<mtr><mtd><mi>a</mi></mtd></mtr><mtr><mtd><mi>b</mi></mtd></mtr>"),
        (r"\begin{aligned}a&=b\end{aligned}", '<mtable displaystyle="true"><mtr><mtd><mi>a</mi></mtd>'),
        (r"\begin{align}a&=b\nonumber\\c&=d\end{align}", '<mtable displaystyle="true"><mtr><mtd><mi>a</mi></mtd>'),
        (r"\begin{gather}a\\b\end{gather}", "<mtr><mtd><mi>b</mi></mtd></mtr>"),
        (r"\begin{cases}1&x\\0&y\end{cases}", '{</mo><mtable displaystyle="false">'),
        (r"\begin{pmatrix}1&2\end{pmatrix}", "<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>"),
    ],
)
def test_formula_is_drawn_as_tex_means_it(tex, drawn):
    assert drawn in mathml(tex, True)
    assert html.unescape(re.search('alttext="([^"]*)"', mathml(tex, True))[1]) == tex


@pytest.mark.parametrize(
    "tex",
    [r"\foo x", r"\text{\foo}", "a & b", "x}", r"\frac{1}", r"\left( x", r"\cancel{x}", "", " ",
     r"\def\a{x}\a", "x" * (MAX_FORMULA + 1), "{" * 900 + "x" + "}" * 900],
)  # fmt: skip
def test_formula_that_cannot_be_drawn_stays_as_it_was_typed(tex):
    assert mathml(tex, False) is None
    if tex.strip():
        assert str(typeset(f"a ${tex}$ b")) == f"<p>a ${html.escape(tex, quote=False)}$ b</p>\n"


def test_formulas_take_no_more_room_than_there_is():
    text = " ".join(f"$x_{{{number}}}$" for number in range(1_000))
    sizes = [len(typeset(text, formulas=room).encode()) for room in (0, 100, 1_000, 24_000)]
    assert "<math" not in typeset(text, formulas=0) and "<math" in typeset(text, formulas=100)
    assert all(size <= sizes[0] + room for size, room in zip(sizes, (0, 100, 1_000, 24_000), strict=True))
    assert len(in_line(text, 1_000)) <= len(in_line(text, 0)) + 1_000


def test_money_and_code_are_no_formulas():
    assert "<math" not in typeset("It costs $5 and $6, or `$x$`.")
    for line in ("It costs $5 and $6", "`$x$`", "a$b$c", r"\$x\$", "$ x $", "$HOME/$USER", "US$5, US$6"):
        assert "<math" not in in_line(line), line
    assert in_line("`<a>` is $x<1$, and <b>") == (
        '<code>&lt;a&gt;</code> is <math alttext="x&lt;1"><mi>x</mi><mo>&lt;</mo><mn>1</mn></math>, and &lt;b&gt;'
    )


def test_text_of_the_courses_own_keeps_its_html():
    assert '<b><math alttext="x">' in typeset_ours("so <b>$x$</b>")


def test_each_formula_is_drawn_once(monkeypatch):
    mathml.cache_clear()
    drawn, draw = [], typesetting._draw
    monkeypatch.setattr(typesetting, "_draw", lambda tex, is_block: drawn.append(tex) or draw(tex, is_block))
    typeset.cache_clear()
    typeset("$x_1$ $x_1$")
    assert drawn == ["x_1"]
