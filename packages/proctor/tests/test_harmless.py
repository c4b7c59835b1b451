"""Outputs, texts and pictures: what is harmless is kept as it is; what would run, fetch or lead astray is not."""

import base64
import html
import re
import time
from html.parser import HTMLParser

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown import markdown2html
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from proctor.grading.harmless import safe_markdown
from proctor.proof.demo import cell
from submissions import PNG, shown, sources

# Outputs


def outputs_of(hand_in, solved, *outputs):
    cell(solved, "double").outputs = list(outputs)
    return shown(hand_in(solved), "double").outputs


def test_picture_and_text_are_kept_and_whatever_could_run_is_dropped(hand_in, solved):
    bundle = {
        "image/png": PNG,
        "text/plain": "<Figure>",
        "text/html": "<script>alert(1)</script>",
        "image/svg+xml": "<svg onload='alert(1)'/>",
        "application/javascript": "alert(1)",
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
    }
    display = new_output("display_data", bundle, metadata={"x": "<script>"})
    html = new_output("display_data", {"text/html": "<script>alert(1)</script>"})
    kept = outputs_of(hand_in, solved, display, html, new_output("stream", text="printed"))
    assert kept == [
        new_output("display_data", {"image/png": PNG, "text/plain": "<Figure>"}),
        new_output("stream", name="stdout", text="printed"),
    ]


def test_number_that_a_student_leaves_as_a_result_becomes_plain_text(hand_in, solved):
    kept = outputs_of(hand_in, solved, new_output("execute_result", {"text/plain": "100"}, execution_count=1))
    assert kept == [new_output("stream", name="stdout", text="100")]


def test_error_is_kept_as_its_last_line(hand_in, solved):
    kept = outputs_of(hand_in, solved, new_output("error", ename="ValueError", evalue="bad", traceback=["\x1b[31m"]))
    assert kept == [new_output("stream", name="stdout", text="ValueError: bad")]


def test_picture_that_is_none_is_dropped(hand_in, solved):
    enormous = base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + 2 * (60_000).to_bytes(4, "big") + b"\0" * 9)
    for data in ('x" onerror="alert(1)', "<svg/>", "", "A" * 100, "iVBORw", enormous.decode(), "=" * 40):
        assert outputs_of(hand_in, solved, new_output("display_data", {"image/png": data})) == []


def test_text_is_bounded_however_many_outputs_it_comes_in(hand_in, solved):
    for outputs in (
        [new_output("stream", text="x" * 1_000_000)],
        [new_output("stream", text="x" * 999) for _ in range(1000)],
    ):
        kept = outputs_of(hand_in, solved, *outputs)
        text = "".join(output.text for output in kept)
        assert 10_000 <= len(text) < 10_100
        assert text.endswith(" ... (the rest was cut)")


def test_pictures_are_bounded(hand_in, solved):
    picture = PNG[:32] + "A" * (2**20 - 32)
    kept = outputs_of(hand_in, solved, *[new_output("display_data", {"image/png": picture}) for _ in range(5)])
    assert len(kept) == 3 and "a figure is not shown: those of a cell may take 2 MB together" in kept[-1].text


def test_outputs_are_bounded_in_number_in_a_cell_and_in_length_in_all_cells(hand_in, solved):
    cell(solved, "double").outputs = [new_output("stream", text="x")] * 5000
    solved.cells += [new_code_cell("", outputs=[new_output("stream", text="x" * 9000)]) for _ in range(200)]
    solved.cells.append(new_code_cell("", outputs=[new_output("display_data", {"image/png": PNG})]))
    taken = hand_in(solved)
    assert len(shown(taken, "double").outputs) == 201
    texts = [output.get("text", "") for entry in taken.notebook.cells for output in entry.get("outputs", [])]
    assert 400_000 < sum(map(len, texts)) < 600_000
    assert any("image/png" in output.get("data", {}) for output in shown(taken, "own-201").outputs)


def test_words_that_a_program_reads_and_nobody_sees_are_left_out(hand_in, solved):
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "full marks")
    solved.cells.append(new_markdown_cell(f"Because.{hidden} \u0645\u06cc\u200c\u0634\u0648\u062f", id="words"))
    solved.cells.append(new_code_cell("1", id="code", outputs=[new_output("stream", text=f"one{hidden}\n")]))
    taken = hand_in(solved)
    assert taken.notebook.cells[-2].source == "Because. \u0645\u06cc\u200c\u0634\u0648\u062f"
    assert taken.notebook.cells[-1].outputs[0].text == "one\n"


def test_control_characters_are_dropped(hand_in, solved):
    text = "\x1b[31mred\x1b[0m a\x00b\x08c\x7f\u0085 \ud800 tab\tstays"
    kept = outputs_of(hand_in, solved, new_output("stream", text=text))
    assert kept[0].text == "red a b c   ? tab\tstays"


def test_half_characters_in_code_and_text_can_be_written(hand_in, solved):
    solved.cells.append(new_code_cell("x = '\ud83d'", id="mine"))
    solved.cells.append(new_markdown_cell("half \ud83d", id="words"))
    taken = hand_in(solved)
    nbformat.writes(taken.notebook).encode("utf-8")
    assert sources(taken)["own-1"] == "x = '?'"


# Texts


DANGEROUS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='`' onerror='alert(1)' alt='`'>",
    "\\`<script>alert(1)</script>`",
    "$<script>alert(1)</script>$",
    "$$\n<img src=x onerror=alert(1)>\n$$",
    "```\n</code></pre><script>alert(1)</script>\n",
    "<b onclick=alert(1)>x</b>",
    "<b/onclick=alert(1)>x</b>",
    "<details open ontoggle=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>@import url(//evil.example)</style>",
    "<!--><script>alert(1)</script>-->",
    "<<script>alert(1)//<</script>",
    "[x](javascript:alert(1))",
    "[x](JaVa&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x]( javascript\\:alert(1))",
    "[x](\n  javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](< javascript:alert(1)>)",
    "[x](\n<\njavascript:alert(1)>)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "> [x][1]\n\n> [1]: javascript:alert(1)",
    "[x][1]\n\n[1]:\njavascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\mmlToken{mi}[href='javascript:alert(1)']{x}$",
    "$\\style{position:fixed}{x}$",
]


class Reader(HTMLParser):
    """Reads HTML as a browser does, and refuses what would run something."""

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "style", "iframe", "svg", "object", "embed"), self.rawdata
        for name, value in attrs:
            assert not name.startswith("on"), self.rawdata
            if name in ("href", "src"):
                assert not re.match(r"(\s|%20)*(javascript:|vbscript:|data:t)", value or "", re.IGNORECASE)


@pytest.mark.parametrize("source", DANGEROUS)
def test_text_that_would_run_something_runs_nothing(source):
    rendered = markdown2html(safe_markdown(source))
    Reader().feed(rendered)
    assert "\\href" not in rendered
    assert "\\mmlToken" not in rendered


def spellings(character):
    """A character as markdown and browsers know it by other means."""
    number = ord(character)
    numbers = [f"#{number}", f"#000{number}", f"#x{number:x}", f"#X{number:X}", f"#x0000{number:x}"]
    names = {"\\": ["bsol"], "$": ["dollar"], "{": ["lbrace", "lcub"]}.get(character, [])
    once = [f"&{name};" for name in numbers + names] + [f"&{name}" for name in numbers[:2]]
    twice = [f"{amp}{one[1:]}" for one in once[::2] for amp in ("&amp;", "&#38;", "&#x26;", "&amp", "&amp;amp;")]
    return [*once, *twice, f"\0{character}", f"{character}\0"]


def decoded(text):
    for _ in range(4):
        text = html.unescape(text).replace("\0", "")
    return text


@pytest.mark.parametrize("command", ["\\href", "\\mmlToken", "\\cssId"])
def test_formula_that_would_link_is_found_in_any_spelling(command):
    formula = f"${command}{{javascript:alert(1)}}{{x}}$"
    for place in range(len(command) + 2):
        for spelling in spellings(formula[place]):
            source = formula[:place] + spelling + formula[place + 1 :]
            assert command not in decoded(safe_markdown(source)), source
            assert command not in decoded(markdown2html(safe_markdown(source))), source
    everything = "".join(f"&#{ord(character)};" for character in formula)
    assert command not in decoded(safe_markdown(everything))
    assert command not in decoded(markdown2html(safe_markdown(f"a \\{everything}")))


KEPT = [
    "AT&T, &lt;b&gt; &amp;lt; &copy; &#169; &nbsp; &alpha &; &#; &#x; &#xzz; a&b=1&c=2 & x",
    "$\\displaystyle \\textstyle x \\classes \\hrefs$",
    "For $i < n$ and $a_1 < a_2$.",
    "> A quote\n> of two lines\n>\n>> within a quote",
    "x & y, 3 > 2, `x -> y`",
    "H<sub>2</sub>O<br/><b>bold</b>",
    "[a link](https://example.org/a?b=1:2 'title'), <https://example.org>, [mail](mailto:a@b.org), [part](#part)",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "`array[0]: float` and x[1]: y",
]


@pytest.mark.parametrize("source", KEPT)
def test_harmless_text_stays_as_it_is(source):
    assert safe_markdown(source) == source


def test_formula_without_spaces_still_reads_as_the_formula():
    assert "$i&lt; n$" in markdown2html(safe_markdown("for $i<n$"))


@pytest.mark.parametrize("source", ["\n" * 300_000 + "<b>", "<" * 300_000, "](" * 200_000, "[" * 300_000, " " * 10**6])
def test_text_that_is_hard_to_read_takes_no_time(source):
    start = time.process_time()
    safe_markdown(source)
    assert time.process_time() - start < 5


# Pictures in texts


def test_picture_pasted_into_text_is_kept_and_a_lost_one_leads_nowhere(hand_in, solved):
    source = "![mine](attachment:mine.png) ![lost](attachment:lost.png) ![bad](attachment:bad.svg)"
    attachments = {"mine.png": {"image/png": PNG}, "bad.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"}}
    solved.cells.append(new_markdown_cell(source, id="mine", attachments=attachments))
    kept = shown(hand_in(solved), "own-1")
    assert kept.attachments == {"picture-1": {"image/png": PNG}}
    assert kept.source.startswith("![mine](attachment:picture-1) The picture lost.png is not shown: it did not come")
    assert "The picture bad.svg is not shown: it is image/svg+xml, not PNG, JPEG or GIF;" in kept.source


HUGE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (20_000).to_bytes(4, "big") * 2 + bytes(60)).decode()
LOST = {
    "too many pixels": ({"image/png": HUGE}, "it is too large (0.0 MB); at most 18 MB"),
    "of another kind": ({"image/webp": PNG}, "it is image/webp, not PNG"),
    "damaged": ({"image/png": "%%%"}, "it cannot be read as a picture"),
    "not there": (None, "it did not come with the notebook"),
}


@pytest.mark.parametrize("case", LOST)
@pytest.mark.parametrize("source", ["Look: ![p](attachment:p.png)", 'Look: <img src="attachment:p.png">'])
def test_picture_that_cannot_be_shown_says_so_in_its_place_and_above_all(hand_in, solved, source, case):
    data, words = LOST[case]
    if data is None and "<img" in source:
        pytest.skip("nothing tells of it")
    attachments = {"p.png": data} if data else {}
    solved.cells.append(new_markdown_cell(source, attachments=attachments))
    taken = hand_in(solved)
    assert f"The picture p.png is not shown: {words}" in shown(taken, "own-1").source
    assert [note for note in taken.notes if words in note]


def test_large_photograph_is_shown(hand_in, solved):
    picture = PNG[:32] + "A" * (6 * 2**20 - 32)
    solved.cells.append(new_markdown_cell("![p](attachment:p.png)", attachments={"p.png": {"image/png": picture}}))
    assert shown(hand_in(solved), "own-1").attachments == {"picture-1": {"image/png": picture}}


NAMES = ["my%20figure.png", "my figure.png", "a.png!!", "bild-\u00e4.png", "\ud83d.png", "a/../b", "'"]


@pytest.mark.parametrize("name", NAMES)
def test_picture_is_shown_whatever_its_name(hand_in, solved, name):
    source = f"![mine](attachment:{name.replace(' ', '%20')} 'mine')"
    solved.cells.append(new_markdown_cell(source, attachments={name: {"image/png": PNG}}))
    kept = shown(hand_in(solved), "own-1")
    page = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[kept]))[0]
    assert (f"data:image/png;base64,{PNG}" in page) == ("\ud83d" not in name)


def test_picture_that_stands_in_the_text_is_kept_and_does_not_count_as_text(hand_in, solved):
    picture = PNG[:32] + "A" * 10**6
    source = f"Mine: ![x](data:image/png;base64,{picture}) and ![y](data:image/svg+xml;base64,AAAA)"
    solved.cells.append(new_markdown_cell(source))
    kept = shown(hand_in(solved), "own-1")
    assert kept.source == "Mine: ![x](attachment:picture-1) and ! [y](#data:image/svg+xml;base64,AAAA)"
    assert kept.attachments == {"picture-1": {"image/png": picture}}


# What a browser would fetch


FETCHING = [
    "![x](https://evil.example/a.png)",
    "![x](//evil.example/a.png)",
    "![x](/hub/logout)",
    "![x](../../api/shutdown)",
    "![x](figures/circle.png)",
    "![x](<https://evil.example/a b.png>)",
    "![x][1]\n\n[1]: https://evil.example/a.png",
    "![x]\n\n[x]: https://evil.example/a.png",
    "![x][]\n\n[X]: /hub/logout",
    "\\\\![x](https://evil.example/a.png)",
    "![![a](attachment:a.png)](https://evil.example/a.png)",
    "![a [b] c](https://evil.example/a.png)",
    "[![x](https://evil.example/a.png)](https://example.org)",
    "!\n[x](https://evil.example/a.png)",
    "<img src='https://evil.example/a.png'>",
    "<link rel=stylesheet href=https://evil.example/a.css>",
    "<b style='background: url(https://evil.example)'>x</b>",
    "<meta http-equiv=refresh content='0; url=https://evil.example'>",
    "<form action=https://evil.example><input type=submit>",
    "<video src=https://evil.example poster=//evil.example>",
    "<svg><image href='https://evil.example/a.png'/></svg>",
    "<base href=https://evil.example>",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
]


class Fetching(HTMLParser):
    """Collects what a browser would fetch by itself when it shows some HTML."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag != "a":
            self.found += [(tag, *pair) for pair in attrs if pair[0] in ("src", "href", "style", "action", "content")]


@pytest.mark.parametrize("source", FETCHING)
def test_text_fetches_nothing_by_itself(source):
    raw, safe = Fetching(), Fetching()
    raw.feed(markdown2html(source.replace("attachment:", "#")))
    safe.feed(markdown2html(safe_markdown(source, {"a.png": "picture-1"}).replace("attachment:", "#")))
    assert [entry for entry in safe.found if entry[2] != "#picture-1"] == []
    assert raw.found or source.startswith("!\n")
