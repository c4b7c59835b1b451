"""What reads a stranger's bytes takes some ten times as long for ten times as many: none reads a text over and over."""

import time
from types import SimpleNamespace

import pytest

from proctor.checks.plain import _without_magics, plain_python
from proctor.grading import harmless, pictures, reading, report, student_page, typeset
from proctor.grading.intake import _is_set_aside

pytestmark = pytest.mark.prove
SMALL, RUNS = 2_000, 5
MARKDOWN = [
    "[x](attachment:|.|!x)", "|![|", "|<b |", "|](|", "|]( <|", "|[a]: |", "|![a](attachment:x \"|",
    "![a](attachment:x| |!", "|\\|",
    "&|amp;|!", "|&amp|", "&|#38;|", "&#|0|;", "&|a|;", "&|#x|", "\\|href|",
    "|&#|", "[x](&#|9|;)", "|<https://a|", "|data:image/png;base64,|",
    "data:image/png;base64,|A|!", "<https:|a|<", "|<table|",
    "](|a|", "]:| |", "![|a|", "![|[a]|", "|!|[", "|\\href|", "</b| |x", "[x](|&|)",
    "![x](attachment:x| |\")", "| attachment:|",
]  # fmt: skip
PYTHON = [
    "|%%time\n|x = (", "|%a\n|", "|!\\\n|", "|a=|%", "|a, |= !", "|a.|?", "?|a|!", "| |!", "x?| |y",
    "%%time|\n|(", "|?|", "|a?\n|(",
]  # fmt: skip
TEXT = ["|\x1b[|", "\x1b[|0;|", "|\x1b[31m|", "|\u202e|", "|\r\n|", "| |"]
OTHER = [
    "# In[|1|]:",
    "|# In[|",
    "|# In[1]:\n|",
    "|\n|#",
    "|#\n\n|",
    "# not graded| \n|x",
    "#| |x",
    "| \n|# not graded",
]
HEADINGS = ["# |(|", "# | |x", "# |1.|", "|#\n|", "|#|", "|# |", "# |1 |", "# a (|1|", "# a |(1 points)|"]
FORMULAS = [
    "|{|", "|^|", "|x_{a|", "|\\sqrt{|", "|\\begin{matrix}|", "|&|", "|\\text{|", "\\operatorname{| |", "|x\\\\|",
    "|1|", "|'|", "|\\hbox{$|", "|\\left(\\right)|", "|\\def\\a{\\a\\a}\\a|", "|\\sideset{}{}|", "|\\label{|",
    "|{x\\over |", "|\\not |",
]  # fmt: skip
JSON = ['"|\\"|', '|""|', "|[]|", '|"\\\\"|', '{"a":|[1,|', "|,|", '"|\\\\|']


PICTURES = [
    "|![|", "|![x](|", "|![x](a |", "|![x][|", "|<img |", "<img |src=a |>", "|<img src='|", "|[a]: b\n|",
    "[a]: b\n|![a] |",
    "![x](<| |", "|![x](a(|", "![|x|", "|![a](b) |", "[a]: b\n|![a][|",
]  # fmt: skip


def grown(form, length):
    before, unit, after = form.split("|")
    return before + unit * (length // len(unit)) + after


def seconds(function, text):
    """The processor time that it takes, undisturbed: the least of some runs."""
    found = []
    # What takes a second needs no five runs to tell it from noise.
    while len(found) < RUNS and sum(found) < 1:
        start = time.process_time()
        function(text)
        found.append(time.process_time() - start)
    return min(found)


def growth(function, form):
    """How many times as long a text takes that is ten times as long: some 10 where it is read once, else some 100."""
    # What takes less than a millisecond may take ten, with what the processor had at hand for it.
    return seconds(function, grown(form, 10 * SMALL)) / max(seconds(function, grown(form, SMALL)), 1e-3)


def attach(text):
    harmless.attach_pictures(harmless.NotebookNode(source=text))


def read_marks(text):
    try:
        reading._require_modest(text.encode(), "x")
    except reading.Unreadable:
        return


def draw(text):
    """Some formulas of a text, as long as they may be, each anew."""
    for start in range(0, len(text), 5 * typeset.MAX_FORMULA):
        typeset.mathml.__wrapped__(text[start : start + typeset.MAX_FORMULA], True)


FUNCTIONS = {
    "markdown": (lambda text: harmless.safe_markdown(text, {"x": "y"}), MARKDOWN),
    "attachments": (attach, MARKDOWN),
    "magics": (lambda text: list(_without_magics(text.split("\n"))), PYTHON),
    "timing": (plain_python, ["|%%time\n|x = (", "%%time|\n|("]),
    "lines": (harmless.one_line, TEXT),
    "output": (lambda text: harmless.plain_text(text, len(text)), TEXT),
    "picture": (lambda text: harmless.BASE64.fullmatch(text), ["A| |!", "|A|", "|A |!", "|A|===", "|A=|", "|A|= ="]),
    "exported": (lambda text: reading._exported(text), OTHER),
    "options": (lambda text: reading.OPTIONS.sub("", text), ["|#|", "# |+|", "|# +\n|", "|# +{|", "# %%| |{", "#| |+"]),
    "remarks": (reading._texts, ["|#|", "|# a\n\n|", "#|\n \n|", "|\n|", "|#\n|"]),
    "pictures named": (pictures.pictures_named, PICTURES),
    "set aside": (lambda text: _is_set_aside(SimpleNamespace(source=text, get=lambda *_: {})), OTHER),
    "JSON": (read_marks, JSON),
    "words": (student_page._with_words_for_pictures, MARKDOWN),
    "message": (report.inline, ["|`|", "`|a|", "|`a|", "|`a` |"]),
    "formulas": (draw, FORMULAS),
    "line with formulas": (typeset.in_line, ["|`|", "`|a|", "|$|", "|$a|", "|a$ |", "$|a|", "|$a$ |", "|\\$|"]),
    "headings": (student_page._heading, HEADINGS),
}
CASES = [(name, form) for name, (_, forms) in FUNCTIONS.items() for form in forms]


@pytest.mark.parametrize(("name", "form"), CASES)
def test_ten_times_as_much_does_not_take_a_hundred_times_as_long(name, form):
    # Between the two, as far from one as from the other; a busy machine does not get there.
    assert growth(FUNCTIONS[name][0], form) < 30


def test_what_reads_a_text_over_and_over_is_found():
    assert growth(lambda text: [text.count("a") for _ in text], "|a|") > 30
    assert growth(lambda text: [text.count("a") for _ in range(100)], "|a|") < 30
