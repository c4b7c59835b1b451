"""A small course of one assignment, `shapes`, as files; and what tests of its build ask of them."""

from pathlib import Path

import nbformat

from proctor.authoring.released import text_digest

SOLUTIONS = '''\
"""What stands between `### BEGIN SOLUTION` and `### END SOLUTION` is the students' part."""

from math import pi

# Why two: a comment above belongs to the assignment below.
TWO = 2
three, four = TWO + 1, TWO * 2


def keep(function):
    return function


@keep
def area(radius):
    """The area of a circle."""
    # A comment that stays.
    square = radius * radius
    ### BEGIN SOLUTION
    if radius < 0:
        raise ValueError("a radius below zero")
    else:
        result = pi * square
    ### END SOLUTION
    return result


class Box:
    """A box with sides."""

    def __init__(self, sides):
        ### BEGIN SOLUTION
        self.sides = list(sides)
        ### END SOLUTION

    def volume(self):
        ### BEGIN SOLUTION
        product = self.sides[0] * self.sides[1]
        return product * self.sides[2]
        ### END SOLUTION


def given(values):
    return [value for value in values if value]
'''

TEXT = """\
# %% [markdown]
# # Shapes
#
# Worth {{points}}, with $x^{{2}}$ as it is.

# %%
from math import pi

# %% include=TWO,three,four
# %matplotlib inline
print(three)

# %% [markdown]
# ## 1.2 The area of a circle [{{points:area}}]
#
# ```
# # no heading
# ```

# %% include=keep

# %% exercise=area include=area points=5

# %% check=area
assert area(0) == 0

# %% [markdown]
# ### 2. Boxes (2.5 points)

# %% exercise=box include=Box points=2.5

# %% check=box
assert Box([1, 2, 3]).volume() == 6

# %% include=given

# %% tags=["plot", "training"]
print(given([0, 1]))

# %% [markdown]
# ## Reflect

# %% [markdown] written=reflection points=1
# ### BEGIN SOLUTION
# The sides of a box are never below zero.
#
# ### BEGIN MARK SCHEME
# One point for any true statement about a box.
# ### END MARK SCHEME
# ### END SOLUTION
"""

AREA_CHECKS = '''\
import pytest


@pytest.mark.points(2)
def test_unit(submission):
    """The unit circle has the area pi."""


@pytest.mark.points(3)
def test_zero(submission):
    """A radius of zero has no area."""
'''

BOX_CHECKS = '''\
import pytest


@pytest.mark.points(2.5)
def test_cube(submission):
    """A cube."""
'''

CONFIG = """\
c = get_config()
c.ClearSolutions.code_stub = {"python": '# your code here\\nraise NotImplementedError("not implemented yet")'}
c.ClearSolutions.text_stub = "Your answer here."
c.CourseDirectory.ignore = ["*.py", "__pycache__"]
c.Proctor.name = "shapes-and-sizes"
c.Proctor.packages = ["toylib"]
"""

FILES = {
    "course_config.py": CONFIG,
    "nbgrader_config.py": 'load_subconfig("course_config.py")\n',
    "source/shapes/shapes.py": TEXT,
    "solutions/shapes.py": SOLUTIONS,
    "graders/shapes/test_area.py": AREA_CHECKS,
    "graders/shapes/test_box.py": BOX_CHECKS,
    "requirements.txt": "# All\nnumpy>=1.26\ntqdm\n# For the staff: not for students\nnbgrader\n-e .\n",
    "toylib/__init__.py": '"""Helpers."""\n',
    "toylib/__pycache__/old.pyc": "cache",
    "source/shapes/figures/circle.svg": "<svg/>\n",
}

SHAPES, SOLVED, AREA = "source/shapes/shapes.py", "solutions/shapes.py", "graders/shapes/test_area.py"


def change(course: Path, file: str, old: str, new: str) -> None:
    content = (course / file).read_text(encoding="utf-8")
    assert content.count(old) == 1, f"{old!r} should occur once in {file}"
    (course / file).write_text(content.replace(old, new), encoding="utf-8")


def line_of(course: Path, file: str, words: str, which: int = 0) -> int:
    lines = (course / file).read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if words in line][which]


def contents(*folders: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def given(text: str, kind: str = "code") -> str:
    """The id of a cell that is not graded."""
    return f"{kind}-{text_digest(text)}"


def cells(path: Path) -> dict:
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
