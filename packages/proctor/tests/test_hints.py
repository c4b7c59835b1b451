"""The guide beside a notebook: hints and what needs what; a hint that is none, or gives a solution away, is refused."""

import json
from pathlib import Path

import pytest

from proctor.authoring.assignment import read_text
from proctor.authoring.build import build_course
from proctor.authoring.guide import check_hints
from proctor.authoring.release_zip import student_files
from proctor.authoring.released import text_digest
from proctor.course import open_course
from shapes import SHAPES, cells, change

HINTS = "graders/shapes/hints.toml"
GIVEN = """\
# %%
boxes = [Box([1, 2, 3])]


def largest():
    return max(boxes, key=Box.volume)

# %%
from math import inf as three

size = sum(largest().sides)

# %% include=given
"""


def test_hints_and_what_needs_what_lie_beside_the_notebook(course):
    (course / HINTS).write_text('area = ["Look\\n  again.", "A number."]\n')
    change(course, SHAPES, "# %% include=given\n", GIVEN)
    build_course(open_course(course))
    guide = (course / "release/shapes/shapes.guide.json").read_bytes()
    released = cells(course / "release/shapes/shapes.ipynb")
    checks = {id: cell for id, cell in released.items() if id.startswith("check_")}
    assert json.loads(guide) == {
        "exercises": [
            {"id": "area", "number": "1.2", "title": "The area of a circle", "names": ["area"],
             "hints": ["Look again.", "A number."]},
            {"id": "box", "number": "2", "title": "Boxes", "names": ["Box"], "hints": []},
        ],
        "needs": {"boxes": ["box"], "largest": ["box"], "size": ["box"]},
        "given": {text_digest(body): ["box"] for body in GIVEN.split("# %%")[1:3]},
        "checks": {text_digest(cell.source): id.removeprefix("check_") for id, cell in checks.items()},
    }  # fmt: skip
    # Where nbgrader's own generate_assignment finds it, too.
    assert (course / "source/shapes/shapes.guide.json").read_bytes() == guide
    assert student_files(open_course(course), ["shapes"], "shapes")[Path("shapes.guide.json")] == guide
    (course / HINTS).unlink()
    build_course(open_course(course))
    assert not (course / "release/shapes/shapes.guide.json").exists()


@pytest.mark.parametrize(
    ("hints", "line", "message"),
    [
        ('area = ["Look."]\narae = ["Look."]', 2, "unknown exercise `arae`; did you mean `area`?"),
        ('area = "Look."', 1, "should be a list of texts"),
        ('\narea = ["Look.", " "]', 2, "should be a list of texts"),
        ("area = [1]", 1, "should be a list of texts"),
        ('area = ["Look."]\nbox = [', 2, "no valid TOML"),
        ('box = [\n"Look.",\n"Write `product = self.sides[0] * self.sides[1]`."]', 1, "hint 2 for `box` holds"),
        ('box = ["self.sides[0]*self.sides[1]"]', 1, "`product = self.sides[0] * self.sides[1]` (solutions/shapes.py:"),
        ('area = ["The volume: `product * self.sides[2]`."]', 1, "hint 1 for `area` holds a solution line"),
        ('reflection = ["The sides of a box are never below zero."]', 1, "hint 1 for `reflection` holds"),
    ],
)
def test_hints_are_refused_with_file_and_line(course, hints, line, message):
    (course / HINTS).write_text(hints)
    errors = check_hints(read_text(open_course(course), "shapes"))
    assert [error for error in errors if error.startswith(f"{HINTS}:{line}: ") and message in error], errors


def test_hints_in_words_are_taken(course):
    (course / HINTS).write_text('area = ["Is it `pi` times a square?"]\nbox = ["Multiply three sides."]')
    assert check_hints(read_text(open_course(course), "shapes")) == []
