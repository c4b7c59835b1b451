"""An assignment: one notebook of a course, with its exercises.

`load_assignment` needs no built notebook and imports nothing of the course.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from proctor.authoring.errors import BuildError
from proctor.authoring.lint import check_text
from proctor.authoring.markers import without_markers
from proctor.authoring.solutions import join
from proctor.authoring.text import Text
from proctor.course import Course, CourseError


@dataclass(frozen=True)
class Exercise:
    """A graded item of an assignment.

    Parameters
    ----------
    id : str, the grade id of its cell
    title : str, the heading above it, without number and points
    points : int or float
    names : tuple of str, what students define, in the notebook's order
    code : str, the solution: the named objects without their markers; empty for a written answer
    written : bool, a text that a person grades
    former : tuple of str, the ids that it had in earlier releases
    """

    id: str
    title: str
    points: float
    names: tuple[str, ...]
    code: str
    written: bool = False
    former: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """One notebook of a course, with its exercises in the notebook's order."""

    name: str
    course: Course
    exercises: tuple[Exercise, ...]

    @property
    def root(self) -> Path:
        return self.course.root

    @property
    def points(self) -> float:
        return sum(exercise.points for exercise in self.exercises)

    @property
    def source_notebook(self) -> Path:
        return self.root / "source" / self.name / f"{self.name}.ipynb"

    @property
    def release_notebook(self) -> Path:
        return self.root / "release" / self.name / f"{self.name}.ipynb"

    @property
    def graders(self) -> Path:
        return self.root / "graders" / self.name

    @property
    def solutions_module(self) -> str:
        return f"solutions.{self.name}"


def read_text(course: Course, name: str) -> Text:
    """The text of an assignment, whatever is wrong with it.

    Raises
    ------
    CourseError : where the course has no such assignment
    """
    if name not in course.assignments:
        known = ", ".join(course.assignments) or "none"
        raise CourseError(f"no source/{name}/{name}.py in {course.root}; the assignments there: {known}")
    return Text(course.root, name)


def load_assignment(course: Course, name: str) -> Assignment:
    """Read an assignment from its text and its solutions.

    Raises
    ------
    CourseError : where the course has no such assignment
    BuildError : with all that is wrong in the text or the solutions
    """
    files = (course.root / "source" / name / f"{name}.py", course.root / "solutions" / f"{name}.py")
    return _load_assignment(course, name, tuple(file.read_bytes() if file.exists() else b"" for file in files))


@functools.lru_cache(maxsize=16)
def _load_assignment(course, name, contents):
    """Once for the same contents: grading a class asks for it several times a submission."""
    text = read_text(course, name)
    errors = check_text(text)
    if errors:
        raise BuildError(errors)
    exercises = []
    for exercise, cell in text.exercises.items():
        code = without_markers(join(text.statements(cell)))
        names, former = tuple(cell.included), tuple(cell.former)
        exercises.append(Exercise(exercise, cell.title, text.points(exercise), names, code, cell.written, former))
    return Assignment(name, course, tuple(exercises))
