"""Verdicts with all kinds of checks, the pages that students read of them, and the elements of a page."""

from html.parser import HTMLParser

from nbformat.v4 import new_markdown_cell, new_output

from proctor.grading.marks import Mark, Recorded
from proctor.grading.report import write_verdict
from proctor.grading.student_page import as_html, read_page
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict, Verdict
from submissions import PNG

PICTURE = new_output("display_data", {"image/png": PNG, "text/plain": "<Figure>"})
TITLES = {"double": "Double a tensor", "total": "Sum a function", "reflection": "Reflect"}
EVIL = (
    "<script>alert('eve')</script><img src=x onerror=alert(1)>\"'></pre></details><a href=javascript:alert(1)>--><!--"
)


def check(name, points=0.0, most=2.0, message="", hint=""):
    """A check of a verdict: failed where it has a message."""
    text = f"{message}\n{hint}" if hint else message
    return CheckVerdict(f"test_{name}", f"{name} is right.", points, most, not message, text, hint and name or None)


def exercise(name, *checks, status="partial"):
    points, most = sum(one.points for one in checks), sum(one.max_points for one in checks)
    return ExerciseVerdict(name, TITLES[name], points, most, status, list(checks))


RIGHT = {
    "double": exercise("double", check("shape", 2), check("value", 2), status="correct"),
    "total": exercise("total", check("sum", 6, 6), status="correct"),
}
KERNEL_OF_ONE = check("value", 0, 2, "`double(x)` has wrong values: 2 where 4 is expected.", "Multiply by `FACTOR`.")
MISSING = check("sum", 0, 6, "Not implemented yet.")
STOPS = check("sum", 0, 6, "Your code stopped with ValueError: no.")


class Elements(HTMLParser):
    """The elements of a page, each with its attributes, and the text outside of folded ones and within."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.shown, self.folded, self.text = [], "", "", ""
        self._folds = []
        self.feed(page)
        self.shown, self.folded, self.text = (" ".join(t.split()) for t in (self.shown, self.folded, self.text))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.handle_data(" ")
        if tag == "details":
            self._folds.append("open" not in dict(attrs))

    def handle_endtag(self, tag):
        if tag == "details":
            self._folds.pop()

    def handle_data(self, data):
        self.text += data
        if any(self._folds):
            self.folded += data
        else:
            self.shown += data

    def all(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]


def page_maker(release):
    """Makes the page of a release notebook, with an answer in words, as nbgrader leaves it graded."""
    about = {"schema_version": 3, "task": False, "grade": True, "solution": True, "locked": False, "points": 3}
    answer = new_markdown_cell("Because two is prime.", id="reflection")
    answer.metadata.nbgrader = about | {"grade_id": "reflection"}
    release.cells.append(answer)

    def make(double=RIGHT["double"], total=RIGHT["total"], notes=(), refused="", html=True, **recorded):
        verdict = Verdict("toy", "ann", 0, 10, "cpu", 1, "bubblewrap", list(notes), [double, total])
        write_verdict(release, verdict, refused)
        given = recorded.pop("marks", {})
        marks = {
            "check_double": Mark(double.points, None, None, 4.0, False),
            "check_total": Mark(total.points, None, None, 6.0, False),
            "reflection": Mark(None, 3.0, None, 3.0, False),
        }
        page = read_page(release, Recorded(marks | given, **recorded), "toy", TITLES)
        return as_html(page) if html else page

    make.notebook = release
    return make
