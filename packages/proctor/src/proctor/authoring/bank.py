"""The banks that prove the checks: known mistakes, which also explain failures, and known right alternatives."""

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from proctor.authoring.assignment import Assignment, Exercise
from proctor.authoring.errors import BuildError
from proctor.course import Course, told, trust


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
    """A wrong solution that students write.

    Parameters
    ----------
    hint : str, what a teacher would say
    costly : str, why it costs more than half of its exercise's points, where it does
    """

    hint: str = ""
    costly: str = ""


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
    """A module that only trusted processes import, by its dotted name: `solutions.seq2seq`.

    Raises
    ------
    BuildError : where it cannot be imported
    """
    trust(course)
    try:
        return importlib.import_module(name)
    except Exception as error:
        file = course.root / Path(*name.split(".")).with_suffix(".py")
        raise BuildError([told(error, course.root, file)]) from error


def mistakes(assignment: Assignment) -> list[Mistake]:
    """The assignment's known mistakes; none where it has no mistakes.py."""
    return _variants(assignment, "mistakes")


def alternatives(assignment: Assignment) -> list[Alternative]:
    """The assignment's known right alternatives; none where it has no alternatives.py."""
    return _variants(assignment, "alternatives")


def _variants(assignment, bank):
    file = assignment.graders / f"{bank}.py"
    if not file.exists():
        return []
    module = load_module(assignment.course, f"graders.{assignment.name}.{bank}")
    if not hasattr(module, bank.upper()):
        where = file.relative_to(assignment.root).as_posix()
        raise BuildError([f"{where}:1: it defines no list {bank.upper()}"])
    return getattr(module, bank.upper())
