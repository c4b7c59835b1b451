"""The banks that prove the checks: known mistakes, which also explain failures, and known right alternatives."""

import importlib
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from proctor.authoring.assignment import Assignment, Exercise
from proctor.authoring.errors import BuildError
from proctor.course import Course, told, trust

# What a mistakes.py of entries alone begins with.
BEGINNING = "from proctor.authoring.bank import Mistake\n\nMISTAKES = []\n"
# What stands on a line of a bank, and one character of a string as it is written there.
WIDTH = 120
WRITTEN = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|.")


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


def as_entry(exercise: str, code: str) -> str:
    """A wrong answer to an exercise as Python for the end of mistakes.py, where it lacks a name and a hint."""
    lines = "\n".join(map(_wrapped, _written(code.strip("\n")).split("\n")))
    return (
        "MISTAKES.append(\n"
        "    Mistake(\n"
        '        name="",\n'
        f'        exercise="{exercise}",\n'
        '        hint="",\n'
        f'        code="""\n{lines}\n""",\n'
        "    )\n"
        ")"
    )


def _written(code):
    """Text as it is written within a string in triple quotes; what nobody sees is spelled out."""
    code = code.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in code)


def _wrapped(line):
    """A line of a string, on several where it is long."""
    pieces, room = [""], WIDTH
    for character in WRITTEN.findall(line):
        # The last place is the backslash's, which goes on with the line below.
        width = len(character) + (unicodedata.east_asian_width(character[0]) in "WF")
        if room <= width:
            pieces, room = [*pieces, ""], WIDTH
        pieces[-1] += character
        room -= width
    return "\\\n".join(pieces)


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
    where = file.relative_to(assignment.root).as_posix()
    if not hasattr(module, bank.upper()):
        raise BuildError([f"{where}:1: it defines no list {bank.upper()}"])
    variants = getattr(module, bank.upper())
    nameless = [variant.exercise for variant in variants if not variant.name]
    if nameless:
        raise BuildError([f"{where}:1: an entry for `{nameless[0]}` has no name: give it one, and a hint"])
    return variants
