"""The banks that prove the checks: known mistakes, which also explain failures, and known right alternatives."""

import importlib
from dataclasses import dataclass, field
from types import ModuleType

from proctor.authoring.assignment import Assignment, Exercise
from proctor.course import Course, trust


@dataclass(frozen=True)
class Alternative:
    """A right solution of an exercise, written another way.

    Parameters
    ----------
    name : str, an identifier
    exercise : str, the exercise's id
    changes : list of (old, new) texts; each old text occurs exactly once in the exercise's solution
    code : str, the exercise's whole code, in place of changes
    """

    name: str
    exercise: str
    changes: list[tuple[str, str]] = field(default_factory=list)
    code: str = ""


@dataclass(frozen=True)
class Mistake(Alternative):
    """A wrong solution that students write, with the hint that a teacher would give."""

    hint: str = ""


def changed_code(exercise: Exercise, variant: Alternative) -> str:
    """The exercise's code with the variant put in.

    Raises
    ------
    ValueError : where an old text does not occur exactly once, or the variant changes nothing
    """
    if variant.code:
        return variant.code.strip("\n") + "\n"
    code = exercise.code
    for old, new in variant.changes:
        if code.count(old) != 1:
            raise ValueError(
                f"{variant.name}: {old!r} should occur exactly once in the solution of `{exercise.id}`, "
                f"but occurs {code.count(old)} times"
            )
        code = code.replace(old, new)
    if code == exercise.code:
        raise ValueError(f"{variant.name}: changes nothing in the solution of `{exercise.id}`")
    return code


def load_module(course: Course, name: str) -> ModuleType:
    """A module that only trusted processes import, by its dotted name: `solutions.seq2seq`."""
    trust(course)
    return importlib.import_module(name)


def mistakes(assignment: Assignment) -> list[Mistake]:
    """The assignment's known mistakes."""
    return load_module(assignment.course, f"graders.{assignment.name}.mistakes").MISTAKES


def alternatives(assignment: Assignment) -> list[Alternative]:
    """The assignment's known right alternatives."""
    return load_module(assignment.course, f"graders.{assignment.name}.alternatives").ALTERNATIVES
