"""The checks on what an author wrote: the notebook's text, its solutions, the points of its graders."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

from proctor.authoring.errors import Errors
from proctor.authoring.markers import BEGIN, END, find_regions, looks_like_marker
from proctor.authoring.solutions import Statement
from proctor.authoring.text import PLACEHOLDER, Text, did_you_mean, is_points
from proctor.points import in_words, shown

# What both nbgrader and the format of notebooks take for a cell's name.
GRADE_ID = re.compile(r"[A-Za-z0-9_]{1,64}")


def check_text(text: Text) -> Errors:
    """All that is wrong with a text and its solutions, what could not be read first."""
    errors = Errors(text.root)
    errors += text.errors
    check_exercises(text, errors)
    if text.solutions.readable:
        check_inclusions(text, errors)
    check_ids(text, errors)
    check_markers(text, errors)
    check_placeholders(text, errors)
    return errors


def check_exercises(text: Text, errors: Errors) -> None:
    """Each exercise needs points, a title, a solution and a visible check."""
    checked = {cell.options["check"] for cell in text.cells if "check" in cell.options}
    for cell in text.cells:
        name = cell.exercise
        if name is None:
            if "points" in cell.options:
                errors.add(text.file, cell.line, "points without an exercise; write exercise= or written=")
            continue
        if "points" not in cell.options:
            errors.add(text.file, cell.line, f"the exercise `{name}` has no points; write points=")
        if not cell.title:
            errors.add(text.file, cell.line, f"the exercise `{name}` has no heading above it to be its title")
        if cell.written or cell is not text.exercises[name]:
            continue  # check_markers wants the model answer, check_ids one exercise of a name
        if text.solutions.readable and not text.solutions.regions_of(text.statements(cell)):
            message = (
                f"the exercise `{name}` has no solution; write include=<name>, and "
                f"`{BEGIN}` and `{END}` around what students write, in solutions/{text.name}.py"
            )
            errors.add(text.file, cell.line, message)
        if name not in checked:
            errors.add(text.file, cell.line, f"the exercise `{name}` has no check cell; add `# %% check={name}`")


def check_inclusions(text: Text, errors: Errors) -> None:
    """Cells include what there is, each statement once, and every solution belongs to an exercise."""
    where: dict[Statement, int] = {}
    exercise_statements = []
    for cell in text.cells:
        for name in cell.included:
            if name not in text.solutions.statements:
                suggestion = did_you_mean(name, text.solutions.statements)
                errors.add(text.file, cell.line, f"solutions/{text.name}.py does not define `{name}`{suggestion}")
        for statement in text.statements(cell):
            if statement in where:
                message = f"includes what the cell on line {where[statement]} includes already "
                message += f"(line {statement.start} of solutions/{text.name}.py)"
                errors.add(text.file, cell.line, message)
            where[statement] = cell.line
        if "exercise" in cell.options:
            exercise_statements += text.statements(cell)
    asked = text.solutions.regions_of(exercise_statements)
    for region in text.solutions.regions_of(list(text.solutions.statements.values())):
        if region not in asked:
            errors.add(text.solutions.file, region.begin, "no exercise includes this solution region")


def check_ids(text: Text, errors: Errors) -> None:
    """Grade ids are unique, and checks are of exercises in code."""
    seen: dict[str, int] = {}
    exercises = {cell.options["exercise"] for cell in text.cells if "exercise" in cell.options}
    for cell in text.cells:
        check = cell.options.get("check")
        if check is not None and check not in exercises:
            message = f"a check of an unknown exercise `{check}`{did_you_mean(check, exercises)}"
            errors.add(text.file, cell.line, message)
        if cell.grade_id is None:
            continue
        if not GRADE_ID.fullmatch(cell.grade_id):
            message = f"the grade id `{cell.grade_id}` should be at most 64 letters of a to z, digits and `_`"
            errors.add(text.file, cell.line, message)
        if cell.grade_id in seen:
            message = f"the grade id `{cell.grade_id}` is taken by the cell on line {seen[cell.grade_id]}"
            errors.add(text.file, cell.line, message)
        seen.setdefault(cell.grade_id, cell.line)


def check_former(text: Text, released: Iterable[str]) -> Errors:
    """Former ids are of exercises that were released, are not those of others, and are given once.

    Parameters
    ----------
    released : the ids that exercises had in any release
    """
    errors, seen = Errors(text.root), {}
    for cell in text.cells:
        for name in cell.former:
            if name in text.exercises:
                where = text.exercises[name].line
                errors.add(text.file, cell.line, f"the former id `{name}` is that of the exercise on line {where}")
            elif name in seen:
                errors.add(text.file, cell.line, f"the former id `{name}` is taken by the cell on line {seen[name]}")
            elif name not in released:
                gone = set(released) - set(text.exercises)
                message = f"no release had an exercise `{name}`{did_you_mean(name, gone)}"
                errors.add(text.file, cell.line, message)
            seen.setdefault(name, cell.line)
        if "formerly" in cell.options and cell.exercise is None:
            errors.add(text.file, cell.line, "formerly= without an exercise; write exercise= or written=")
    return errors


def check_markers(text: Text, errors: Errors) -> None:
    """Each written answer has its model answer, well marked, and no other cell has a marker."""
    for cell in text.cells:
        if cell.written:
            if not find_regions(text.file, cell.lines, errors, written=True):
                message = f"the exercise `{cell.exercise}` has no solution; write a model answer between "
                errors.add(text.file, cell.line, message + f"`{BEGIN}` and `{END}`")
            continue
        for number, line in cell.lines:
            if looks_like_marker(line):
                message = (
                    f"marker `{line.strip()}` out of place: code is marked in solutions/{text.name}.py, "
                    f"checks stand in graders/{text.name}/, a model answer in a written= cell"
                )
                errors.add(text.file, number, message)


def check_placeholders(text: Text, errors: Errors) -> None:
    """Placeholders ask for points, of the whole or of an exercise that there is."""
    for number, line in [line for cell in text.cells if cell.markdown for line in cell.lines]:
        for match in PLACEHOLDER.finditer(line):
            if not is_points(match):
                continue
            exercise = match.group(2) and match.group(2)[1:].strip()
            if match.group(1) != "points":
                errors.add(text.file, number, f"unknown placeholder `{match.group(0)}`")
            elif exercise is not None and exercise not in text.exercises:
                suggestion = did_you_mean(exercise, text.exercises)
                errors.add(text.file, number, f"`{match.group(0)}` names an unknown exercise{suggestion}")


def check_graders(text: Text) -> Errors:
    """What is wrong with an assignment's graders: each exercise needs checks, whose points add up to its own."""
    errors = Errors(text.root)
    graders = text.root / "graders" / text.name
    exercises = {name: cell for name, cell in text.exercises.items() if not cell.written}
    for name, cell in exercises.items():
        file = graders / f"test_{name}.py"
        if not file.is_file():
            where = file.relative_to(text.root).as_posix()
            errors.add(text.file, cell.line, f"the exercise `{name}` has no checks; write them in {where}")
            continue
        checks = read_checks(file, errors)
        if checks is None:
            continue
        total, points = sum(checks.values()), text.points(name)
        if not checks:
            errors.add(file, 1, f"the exercise `{name}` has no checks here; a check is a function test_<what>")
        elif abs(total - points) > 1e-9:
            message = f"these checks have {in_words(total)}, but the exercise `{name}` has {shown(points)} "
            errors.add(file, 1, message + f"({text.where}:{cell.line})")
    for file in sorted(graders.glob("test_*.py")):
        name = file.stem.removeprefix("test_")
        if name not in exercises:
            errors.add(file, 1, f"checks of an exercise `{name}` that {text.where} does not have")
    return errors


def read_checks(file: Path, errors: Errors) -> dict[str, float] | None:
    """The points of each check in a file, read from its syntax tree; None where it is no valid Python."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        errors.add(file, error.lineno or 1, f"no valid Python: {error.msg}")
        return None
    checks: dict[str, float] = {}
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if not isinstance(node, functions) or not node.name.startswith("test_"):
            continue
        marks = [d for d in node.decorator_list if ast.unparse(d).startswith("pytest.mark.points")]
        values = [ast.literal_eval(mark.args[0]) for mark in marks if _has_one_number(mark)]
        if len(marks) != 1 or len(values) != 1:
            errors.add(file, node.lineno, f"the check `{node.name}` should have one @pytest.mark.points(<number>)")
        if node.name in checks:
            errors.add(file, node.lineno, f"the check `{node.name}` is defined a second time")
        checks[node.name] = sum(values)
    return checks


def _has_one_number(mark: ast.expr) -> bool:
    if not isinstance(mark, ast.Call) or len(mark.args) != 1 or mark.keywords:
        return False
    value = mark.args[0]
    return isinstance(value, ast.Constant) and type(value.value) in (int, float)
