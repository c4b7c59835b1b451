"""What helps students while they work: graders/<a>/hints.toml becomes <a>.guide.json, beside the released notebook.

It has the hints in steps, and which exercise defines what, so that a cell can say which one to finish first, and the
last one how far all are. A course has something to read it with in the package that its students import.
"""

import ast
import json
import re
import symtable
import tomllib
from pathlib import Path

from proctor.authoring.errors import Errors
from proctor.authoring.leaks import contains, solution_lines
from proctor.authoring.released import text_digest
from proctor.authoring.text import Cell, Text, did_you_mean, headings

NUMBER = re.compile(r"\d+(\.\d+)*")
# What stands before the value in a line of a solution.
BEFORE_VALUE = re.compile(r"^(return\s+|[\w.,\s\[\]]+\s[-+*/|&@]?=\s+)")


def hints_file(text: Text) -> Path:
    """Where the author's hints are; without this file, nothing is laid beside the notebook."""
    return text.root / "graders" / text.name / "hints.toml"


def guide_name(assignment: str) -> str:
    return f"{assignment}.guide.json"


def read_hints(text: Text, errors: Errors) -> dict[str, list[str]]:
    """The hints of each exercise, in steps; none of what is wrong."""
    file = hints_file(text)
    if not file.is_file():
        return {}
    content = file.read_text(encoding="utf-8")
    try:
        read = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        number = int(line.group(1)) if line else content.count("\n") + 1
        errors.add(file, number, f"no valid TOML: {error}")
        return {}
    hints = {}
    for name, steps in read.items():
        line = next((n for n, row in enumerate(content.split("\n"), 1) if re.match(rf"\W*{re.escape(name)}\W", row)), 1)
        if name not in text.exercises:
            errors.add(file, line, f"hints for an unknown exercise `{name}`{did_you_mean(name, text.exercises)}")
        elif not isinstance(steps, list) or not all(isinstance(step, str) and step.strip() for step in steps):
            errors.add(file, line, f"the hints for `{name}` should be a list of texts, one for each step")
        else:
            hints[name] = [" ".join(step.split()) for step in steps]
            _check_secrets(text, file, line, name, hints[name], errors)
    return hints


def check_hints(text: Text) -> Errors:
    """What is wrong with an author's hints: exercises that there are not, and lines of a solution."""
    errors = Errors(text.root)
    read_hints(text, errors)
    return errors


def _check_secrets(text, file, line, name, steps, errors):
    """No hint holds a line of a solution, nor what such a line computes, however it is spaced."""
    for secret, where in solution_lines(text).items():
        value = BEFORE_VALUE.sub("", secret)
        for number, step in enumerate(steps, 1):
            if contains(step, secret) or (_is_telling(value) and _bare(value) in _bare(step)):
                message = f"hint {number} for `{name}` holds a solution line, `{secret}` ({where}); say it in words"
                errors.add(file, line, message)


def _is_telling(value):
    """Whether it is code of three words or more, and no comment or words of a model answer."""
    return len(re.findall(r"[^\W\d]\w*", value)) >= 3 and re.search(r"[(\[=*+@]", value) is not None


def _bare(code):
    return re.sub(r"[\s`]", "", code)


def make_guide(text: Text) -> bytes:
    """The content of <a>.guide.json, for a text that has no errors.

    It holds `exercises`, a list of id, number, title, names and hints; `needs`: the names that given cells define, each
    with the ids of the exercises that these cells need, in order; `given`: the same ids for each given cell, by the
    digest of its text (`released.text_digest`); and `checks`: the exercise of each cell of checks, by such a digest.
    """
    hints, numbers = read_hints(text, Errors(text.root)), exercise_numbers(text)
    exercises = [
        {
            "id": name,
            "number": numbers[name],
            "title": cell.title,
            "names": cell.included,
            "hints": hints.get(name, []),
        }
        for name, cell in text.exercises.items()
        if cell.included or name in hints
    ]
    needs, given = needed_exercises(text)
    checks = {text_digest(text.code(cell)): cell.options["check"] for cell in text.cells if "check" in cell.options}
    guide = {"exercises": exercises, "needs": needs, "given": given, "checks": checks}
    return (json.dumps(guide, indent=1, ensure_ascii=False) + "\n").encode()


def exercise_numbers(text: Text) -> dict[str, str]:
    """The number that the heading above each exercise has, else that of its section; empty where there is none."""
    numbers, section = {}, {}
    for cell in text.cells:
        for depth, heading in headings(cell.source) if cell.markdown else ():
            section = {above: number for above, number in section.items() if above < depth}
            number = NUMBER.match(heading)
            if number:
                section[depth] = number.group(0)
        if cell.exercise is not None:
            numbers.setdefault(cell.exercise, section[max(section)] if section else "")
    return numbers


def needed_exercises(text: Text) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The exercises that the given cells need, straight or by way of other given cells, in the notebook's order.

    Returns
    -------
    needs : by each name that they define; of several cells that define a name, the first one counts
    given : by the digest of each cell that needs any
    """
    order = list(text.exercises)
    owners = {name: {exercise} for exercise, cell in text.exercises.items() for name in cell.included}
    needs: dict[str, set[str]] = {}
    given: dict[str, set[str]] = {}
    for cell in text.cells:
        if cell.markdown or cell.exercise or "check" in cell.options:
            continue
        defined, read = _names(text, cell)
        needed = set().union(*(owners.get(name, set()) | needs.get(name, set()) for name in read))
        given[text_digest(text.code(cell))] = needed
        for name in defined - set(owners):
            needs.setdefault(name, needed)
    return _in_order(needs, order), _in_order(given, order)


def _in_order(found: dict[str, set[str]], order: list[str]) -> dict[str, list[str]]:
    return {key: sorted(exercises, key=order.index) for key, exercises in sorted(found.items()) if exercises}


def _names(text: Text, cell: Cell) -> tuple[set[str], set[str]]:
    """The names that a given cell defines and those that it reads; none where it is more than Python."""
    code = text.code(cell)
    try:
        ast.parse(code)
        table = symtable.symtable(code, text.where, "exec")
    except SyntaxError:  # a magic
        return set(), set()
    defined = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_namespace()}
    read = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    tables = list(table.get_children())
    for inner in tables:
        read |= {symbol.get_name() for symbol in inner.get_symbols() if symbol.is_global()}
        tables += inner.get_children()
    return defined, read
