"""The page that a student reads stays small and harmless, whatever was handed in, and has a browser fetch nothing."""

import html
import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from proctor.grading import student_page
from proctor.grading.harmless import picture_url
from proctor.grading.marks import Mark
from proctor.grading.typeset import typeset
from proctor.proof.demo import cell
from student_pages import EVIL, Elements, check, exercise
from submissions import PNG


@pytest.mark.parametrize(
    "text",
    [
        EVIL,
        "```mermaid\n<script>1</script>\n```",
        "[a]: javascript:1\n[a] [b](data:text/html,x) ![c](http://evil.example/c.png) ![d](attachment:d)",
        '# A {#who onclick="x"}\n\n<details id=who><summary>\n\n</section><form action=x>',
        "|a|b|\n|:-:|-|\n|1|<b>|",
        '|a|\n|:-"onclick=x|\n|<b onclick=x>|\n\n$<img src=x>$ \\begin{a}<b>\\end{a} `</code><b>`',
        '<http://evil.example/?<b>> http://evil.example/"onclick=x [x](<y"onclick=x> "z\\"onclick=x")',
        "[picture: ![<b>](x)](y) ~~<b>~~ a\n: <b>\n\n- [x] <b>",
    ],
)
@pytest.mark.parametrize("has_links", [False, True])
def test_typeset_text_is_made_of_a_few_elements_without_anything_that_acts(text, has_links):
    plain = "p b em strong del code pre ul ol li table thead tbody tr th td dl dt dd br hr blockquote input"
    plain += " math mrow mi mo mn"
    allowed = {
        "type": "checkbox",
        "class": "task-list-item.*",
        "disabled": "",
        "checked": "",
        "style": r"text-align:\w+",
        "alttext": ".*",
        "display": "block",
    }
    allowed |= {"href": r"(?:https?:|mailto:|#harmful-link$|[^:]*$).*", "title": ".*"} if has_links else {}
    for tag, attributes in Elements(str(typeset(text, has_links))).elements:
        assert tag in plain.split() or (has_links and tag == "a")
        for name, value in attributes.items():
            assert re.fullmatch(allowed.get(name, "none"), value or "", re.DOTALL), name


@pytest.mark.parametrize("text", ["- a\n" * 2_500, "|a" * 8_000, "*x* " * 3_900, "> " * 8_000, "x" * 16_001])
def test_answer_in_words_that_has_no_room_typeset_is_shown_as_typed(make_page, text):
    cell(make_page.notebook, "reflection").source = text
    page = make_page()
    assert text[:2_000] in html.unescape(page)
    assert 'Your answer</h3><div class="words">' in page and len(page.encode()) < 40_000


def test_formulas_are_drawn_as_far_as_there_is_room_for_them(make_page):
    cell(make_page.notebook, "reflection").source = "".join(f"- $x_{{{number}}}$\n" for number in range(400))
    page = make_page(comments={"reflection": "But $x_1$."})
    answer = page[page.index("Your answer</h3>") :]
    assert answer.index('<math alttext="x_{0}">') < answer.index("<li>$x_{399}$</li>")
    assert '<p>But <math alttext="x_1">' in page and "unsafe-inline'; base-uri 'none'" in page
    assert len(answer.encode()) < student_page.ONE_ANSWER + 2_000


def test_comment_with_a_picture_or_a_link_that_leads_astray_costs_no_page(make_page):
    comment = "# See\n\n![x](attachment:none.png) [y](javascript:alert(1)) [z](https://pytorch.org)"
    page = make_page(comments={"double": comment})
    assert student_page.CANNOT_BE_SHOWN not in page and "javascript" not in page
    assert "<p><b>See</b></p>\n<p>[picture: x]" in page and '<a href="https://pytorch.org">z</a>' in page


@pytest.mark.parametrize("text", ["x" * 130_000, "<" * 130_000, '"&' * 60_000, "é\n" * 60_000, "\U0001f600" * 60_000])
def test_page_stays_small_whatever_is_in_it(make_page, text):
    notebook = make_page.notebook
    for name in ("double", "total", "reflection"):
        cell(notebook, name).source = text
    cell(notebook, "double").outputs = [new_output("stream", text=text)] * 20
    for number in range(50):
        notebook.cells.append(new_code_cell(text, id=f"own-{number}", outputs=[new_output("stream", text=text)]))
    marks = {}
    for number in range(16):
        answer = new_markdown_cell(text, id=f"answer-{number}")
        answer.metadata.nbgrader = cell(notebook, "reflection").metadata.nbgrader | {"grade_id": answer.id}
        marks[answer.id] = Mark(None, None, None, 1.0, True)
        notebook.cells += [new_markdown_cell(f"## The answer number {number}", id=f"text-{number}"), answer]
    many = [check(f"n{number}", 0, 0.1, " ".join(text.split())[:10_000], "A cause.") for number in range(40)]
    page = make_page(exercise("double", *many), exercise("total", *many), notes=[text[:500]] * 50, marks=marks)
    assert len(page.encode()) < 30_000 + 19 * 13_000
    assert page.count(student_page.CUT) >= 3


def test_long_answer_cuts_itself_alone(make_page):
    notebook = make_page.notebook
    cell(notebook, "double").source = "# long\n" * 10_000
    cell(notebook, "total").source = "# mine, as it is"
    cell(notebook, "reflection").source = "It rose from 0.70 to 0.74."
    text = Elements(make_page()).text
    assert text.count(student_page.CUT.strip()) == 1
    assert "# mine, as it is" in text and "It rose from 0.70 to 0.74." in text


def test_nothing_of_anybodys_becomes_html(make_page):
    notebook = make_page.notebook
    for name in ("double", "total", "reflection"):
        cell(notebook, name).source = EVIL
    cell(notebook, "reflection").source += f" ![{EVIL}](attachment:picture-1) [x](javascript:alert(1))"
    cell(notebook, "reflection").attachments = {"picture-1": {"image/png": PNG, "image/svg+xml": EVIL, EVIL: EVIL}}
    cell(notebook, "double").outputs = [
        new_output("stream", text=EVIL),
        new_output("display_data", {"text/html": EVIL, "image/svg+xml": EVIL, "image/png": f"{PNG}' onload='x"}),
        new_output("error", ename=EVIL, evalue=EVIL, traceback=[EVIL]),
    ]
    notebook.cells.append(new_markdown_cell(f"# {EVIL}\n{EVIL}", id="own-1"))
    bad = check(EVIL, 0, 2, EVIL, EVIL)
    made = make_page(exercise("double", bad), notes=[EVIL], comments={"double": f"{EVIL} [x](javascript:alert(1))"})
    page = Elements(made)
    names = {name for name, _ in page.elements}
    assert not names & {"script", "iframe", "object", "link", "svg", "form", "base"}
    attributes = [(name, value or "") for _, all_of_it in page.elements for name, value in all_of_it.items()]
    assert not [name for name, _ in attributes if name.startswith("on")]
    for name, value in attributes:
        if name in ("href", "src"):
            assert re.fullmatch(r"#[\w-]+|data:image/png;base64,[\w+/=]+", value), value
    assert page.text.count("<script>alert('eve')</script>") >= 8, "it is shown as what it is"
    own = Elements(make_page(comments={}))
    assert page.all("style") == own.all("style") and made.count("<!--") == own_remarks(made) == 1


def own_remarks(page):
    return len(re.findall(r"<!-- record \{[^<>]*\} -->|<!-- record  -->", page))


def test_browser_is_told_to_fetch_nothing(make_page):
    page = make_page()
    (policy,) = [meta["content"] for meta in Elements(page).all("meta") if meta.get("http-equiv")]
    assert policy.startswith("default-src 'none'; img-src data:;") and "http" not in page.replace("http-equiv", "")
    assert page.index("Content-Security-Policy") < page.index("<style")


@pytest.mark.parametrize(
    ("data", "url"),
    [
        ({"image/png": f"{PNG}\n", "text/plain": "x"}, f"data:image/png;base64,{PNG}"),
        ({"image/svg+xml": EVIL, "image/png": f"{PNG[:40]}\n{PNG[40:]}"}, f"data:image/png;base64,{PNG}"),
        ({"image/png": f"{PNG}' onload='x"}, None),
        ({"image/png": None, "image/jpeg": PNG}, None),
        ({"image/svg+xml": EVIL}, None),
        ({}, None),
        ("image/png", None),
        (None, None),
    ],
)
def test_url_of_a_picture_is_of_one_that_can_do_nothing(data, url):
    assert picture_url(data) == url
