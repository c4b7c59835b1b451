"""Pages: whatever a cell holds, its page is written, shows what was graded, and has a browser fetch nothing."""

import http.server
import threading
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from markupsafe import escape
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader import server_extensions
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from traitlets.config import PyFileConfigLoader

from browser import CHROMIUM, open_page
from proctor.grading import pages
from proctor.grading.marks import Mark, Recorded
from proctor.grading.student_page import CUT, as_html, read_page
from submissions import PNG

SLOW = {
    "display formulas": new_markdown_cell("\\\\[ " * 40_000),
    "inline formulas": new_markdown_cell("\\\\( " * 40_000),
    "environments": new_markdown_cell("\\begin{a}" * 20_000),
    "names of characters": new_code_cell('"' + "\\N{" * 60_000),
}
TEMPLATES = Path(server_extensions.__path__[0]) / "formgrader/templates"


@pytest.fixture
def settings(toy_course):
    """What the course's settings say of pages."""
    return PyFileConfigLoader("course_config.py", path=str(toy_course)).load_config()


def feedback(notebook):
    """The page that a student reads of a notebook."""
    marks = {name: Mark(2.0, None, None, 5.0, False) for name in ("check_double", "check_total")}
    return as_html(read_page(notebook, Recorded(marks), "toy", {}))


@pytest.fixture
def stock(settings):
    """nbgrader's own page of feedback, for a course that names no exporter of ours."""
    settings = deepcopy(settings)
    styles = TEMPLATES.parent / "static/node_modules/bootstrap/dist/css"
    settings.HTMLExporter.update(template_name="feedback", extra_template_basedirs=[str(TEMPLATES)])
    settings.HTMLExporter.extra_template_paths = [str(styles)]
    about = {"notebook": "toy", "score": 4, "max_score": 10, "late_penalty": 0}

    def stock(notebook):
        for entry in notebook.cells:
            if entry.metadata.get("nbgrader", {}).get("grade"):
                entry.metadata.nbgrader.score = 4
        return HTMLExporter(config=settings).from_notebook_node(notebook, {"nbgrader": about})[0]

    return stock


@pytest.fixture
def formgrader(settings):
    """The page in which a marker has a notebook before them, made as nbgrader's server does."""
    settings.merge(FormgradeExtension().build_extra_config())
    about = {"assignment_id": "toy", "notebook_id": "toy", "submission_id": "1", "index": 0, "total": 1}
    about |= {"student": "eve", "last_name": None, "first_name": None, "notebook_path": "toy.ipynb"}
    about |= {"base_url": TEMPLATES.parents[1].as_uri()}
    return lambda notebook: HTMLExporter(config=settings).from_notebook_node(notebook, resources=about)[0]


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.parametrize("kind", ["stock", "formgrader"])
def test_cell_that_is_hard_to_typeset_is_shown_as_it_is_between_typeset_ones(name, kind, release, request, monkeypatch):
    monkeypatch.setattr(pages, "CELL_SECONDS", 1.0)
    release.cells[0].source = "# Words *before*"
    release.cells[3:3] = [SLOW[name], new_markdown_cell("Words *after*")]
    page = request.getfixturevalue(kind)(release)
    assert page.count(pages.AS_IT_IS) == 1
    assert "Words <em>before</em>" in page
    assert "Words <em>after</em>" in page
    assert "the rest was cut" in page


@pytest.mark.parametrize("name", SLOW)
def test_students_page_shows_a_cell_that_is_hard_to_typeset_as_it_is(name, release):
    release.cells.append(nbformat.from_dict(SLOW[name] | {"id": "own-1"}))
    page = feedback(release)
    assert str(escape(SLOW[name].source[:1000])) in page and CUT in page


def test_cell_that_breaks_nbconvert_is_shown_as_it_is(release, formgrader):
    lost = new_markdown_cell("![x](attachment:lost.png) <b>", id="own-1")
    release.cells.append(lost)
    assert "![x](attachment:lost.png) &lt;b&gt;" in formgrader(release)
    assert "[picture: x] &lt;b&gt;" in feedback(release)


def test_many_slow_cells_together_have_one_time(release, formgrader, monkeypatch):
    monkeypatch.setattr(pages, "CELL_SECONDS", 0.3)
    monkeypatch.setattr(pages, "CELLS_SECONDS", 1.0)
    release.cells += [new_markdown_cell(SLOW["display formulas"].source) for _ in range(20)]
    assert formgrader(release).count(pages.AS_IT_IS) >= 20


@pytest.fixture
def fetched():
    """A web server for a browser to fetch from: its port, and the paths that were asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *words):
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, asked
        server.shutdown()


HTML = [
    "<img src='{}/img'>", "<iframe src='{}/frame'></iframe>", "<video src='{}/video' poster='{}/poster'></video>",
    "<b style='background-image: url({}/style)'>x</b>", "<object data='{}/object'></object>", "<embed src='{}/embed'>",
    "<svg><image href='{}/svg' width=9 height=9 /></svg>", "<audio src='{}/audio' autoplay></audio>",
]  # fmt: skip


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed (`apt-get install chromium`)")
def test_browser_fetches_nothing_of_a_students_even_where_text_was_not_made_harmless(
    fetched, release, stock, formgrader, tmp_path
):
    port, asked = fetched
    texts = [text.replace("{}", f"http://127.0.0.1:{port}") for text in HTML]
    texts.append(f"![x](http://127.0.0.1:{port}/markdown)")
    release.cells += [new_markdown_cell(text, id=f"own-{number}") for number, text in enumerate(texts)]
    picture = {"a": {"image/png": PNG}}
    release.cells.append(new_markdown_cell("![x](attachment:a)", id="own-99", attachments=picture))
    for number, page in enumerate((feedback(release), stock(release), formgrader(release))):
        assert (open_page(tmp_path / str(number), page)["pictures"], asked) == (1, []), number
    open_page(tmp_path / "stock", HTMLExporter().from_notebook_node(release)[0])
    assert {"/img", "/frame", "/style", "/markdown"} <= set(asked)


def test_picture_is_in_the_page_and_no_other_address_is(release):
    release.cells.append(new_code_cell("", id="own-1", outputs=[new_output("display_data", {"image/png": PNG})]))
    page = feedback(nbformat.from_dict(release))
    assert f"data:image/png;base64,{PNG}" in page
    assert "default-src 'none'; img-src data:;" in page and "http" not in page.replace("http-equiv", "")
