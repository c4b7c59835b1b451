"""The pages of a site: a solution is found on them in whatever dress it comes, and nothing else is taken for one."""

import json

import pytest

from proctor.authoring.errors import BuildError
from proctor.authoring.published import find_published, main
from proctor.course import open_course

LINE = "return product * self.sides[2]"
HIGHLIGHTED = (
    '<pre><code><span class="k">return</span><a id="line-3" title="a line"></a> product <span>*</span> '
    '<span>self</span><span>.</span>sides<span class="p">[</span><span class="mi">2</span>]\n</code></pre>'
)
ANSWER = "The sides of a box are never below zero."
LEAKS = {
    "in highlighted code": ("authors/index.html", HIGHLIGHTED, LINE),
    "with entities": ("a.html", "<p>raise ValueError(&quot;a radius&nbsp;below zero&quot;)</p>", "a radius below"),
    "with quotes of print": ("index.html", "<p>raise ValueError(“a radius below zero”)</p>", "a radius below zero"),
    "in prose": ("index.html", f"<p>At the end <code>{LINE}</code>, of course.</p>", LINE),
    "in other spaces": ("index.html", f"<pre>{LINE.replace(' ', '   ')}</pre>", LINE),
    "in what a picture shows": ("index.html", f'<img src="a.png" alt="It says {LINE} there">', LINE),
    "in a comment": ("index.html", f"<p>a page</p><!-- {LINE} -->", LINE),
    "in a model answer, wrapped and stressed": ("a.html", f"{ANSWER[:9]}\n<b>{ANSWER[9:20]}</b>{ANSWER[20:]}", ANSWER),
    "in a marking scheme": ("404.html", "One point for any true statement about a box.", "One point for any"),
    "in the index of the search": ("search/search_index.json", json.dumps({"docs": [{"text": HIGHLIGHTED}]}), LINE),
    "in JSON that is none": ("search/search_index.json", "{" + LINE, LINE),
    "in a notebook": ("a.ipynb", json.dumps({"cells": [{"source": ["x = 1\n", LINE]}]}), LINE),
    "in a drawing": ("a.svg", "<svg><text>return <tspan>product</tspan> * self.sides[2]</text></svg>", LINE),
    "in a program": ("assets/a.js", f"const code = '{LINE}'", LINE),
    "in other than UTF-8": ("a.txt", f"\udce9t\udce9: {LINE}", LINE),
}  # fmt: skip


@pytest.fixture
def site(tmp_path):
    """A site without a solution: given code and a student's own, also in a line beside a solution's words."""
    folder = tmp_path / "site"
    folder.mkdir()
    text = "<pre>square = radius * radius\nreturn products * self.sides[2]</pre><p>else:</p><p>list(sides)</p>"
    (folder / "given.html").write_text(text, encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG\xff")
    return folder


@pytest.mark.parametrize(("name", "content", "told"), LEAKS.values(), ids=LEAKS)
def test_solution_on_a_page_is_found(course, site, name, content, told):
    assert find_published(open_course(course), site) == []
    path = site / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    (error,) = find_published(open_course(course), site)
    assert told in error
    assert error.endswith(f"is in {name}")


def test_command_says_what_it_found(course, site, monkeypatch, capsys):
    monkeypatch.chdir(course)
    assert main([str(site)]) == 0
    (site / "index.html").write_text(HIGHLIGHTED, encoding="utf-8")
    assert main([str(site)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("solutions/shapes.py:")
    assert said.endswith(f"the solution line `{LINE}` is in index.html\n")


def test_folder_without_pages_is_no_site(course, tmp_path):
    with pytest.raises(BuildError, match="there is no page in it; build the site first"):
        find_published(open_course(course), tmp_path / "nowhere")
