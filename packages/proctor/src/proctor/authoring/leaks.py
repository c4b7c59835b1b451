"""That no solution leaves: not in the author's own text, not in anything that students get."""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat

from proctor.authoring.errors import Errors
from proctor.authoring.markers import BEGIN, END, MARKER_PHRASES, without_solutions
from proctor.authoring.text import Text


def solution_lines(text: Text, others: Sequence[Text] = ()) -> dict[str, str]:
    """The lines that give a solution away, with `file:line` of each.

    Lines of one or two words, such as `else:` or `model.eval()`, tell nothing; nor do lines that the solutions
    module, or one of the `others`, has outside its regions as well.
    """
    given = "\n".join(line for t in (text, *others) for line in without_solutions("\n".join(t.solutions.lines)))
    found: dict[str, str] = {}
    for region in [*text.solutions.regions, *text.model_answers]:
        file = region.file.relative_to(text.root).as_posix()
        for number, line in enumerate(region.lines, region.begin + 1):
            if len(re.findall(r"[^\W\d]\w*", line)) >= 3 and not contains(given, line.strip()):
                found.setdefault(line.strip(), f"{file}:{number}")
    return found


def contains(text: str, line: str) -> bool:
    """Whether a line stands in a text, not as a part of longer words."""
    return line in text and re.search(rf"(?<![\w.]){re.escape(line)}(?!\w)", text) is not None


def check_repeats(text: Text) -> list[str]:
    """Where the author's own text says what students should find out."""
    errors = Errors(text.root)
    inside = {n for region in text.model_answers for n in range(region.begin, region.end + 1)}
    secrets = solution_lines(text)
    for cell in text.cells:
        for number, line in cell.lines:
            for secret, where in secrets.items():
                if number not in inside and contains(line, secret):
                    errors.add(text.file, number, f"`{secret}` is a solution line ({where}); write it another way")
    return errors


def find_leaks(secrets: dict[str, str], files: dict[Path, bytes]) -> list[str]:
    """The solution lines and markers in what students get, `file:line` being where the line belongs."""
    errors = []
    for path, content in files.items():
        try:
            content = content.decode()
        except UnicodeDecodeError:
            continue  # pictures and compressed data
        texts = strings(json.loads(content)) if path.suffix == ".ipynb" else [content]
        for text in texts:
            errors += [
                f"{where}: the solution line `{s}` is in {path.as_posix()}"
                for s, where in secrets.items()
                if contains(text, s)
            ]
            errors += [f"{path.as_posix()}:1: a marker `{m}` is left" for m in MARKER_PHRASES if m in text]
    return errors


def strings(value) -> Iterator[str]:
    """All strings in JSON, a cell's lines joined."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield "".join(value)
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def check_released_code(text: Text, release: dict[Path, bytes]) -> list[str]:
    """Where a solution cell loses more than its solution, or is no valid Python without it."""
    errors = []
    cells = {cell.grade_id: cell for cell in text.cells if "exercise" in cell.options}
    notebook = nbformat.reads(release[Path("release", text.name, f"{text.name}.ipynb")].decode(), as_version=4)
    for made in notebook.cells:
        if made.id not in cells:
            continue
        where = f"{text.where}:{cells[made.id].line}"
        given = without_solutions(text.code(cells[made.id]))
        lost = [line for line in given if line not in made.source.split("\n")]
        if lost:
            errors.append(f"{where}: nbgrader takes `{lost[0].strip()}` out of `{made.id}`, which is no solution")
        try:
            ast.parse(made.source)
        except SyntaxError as error:
            errors.append(
                f"{where}: the exercise `{made.id}` without its solution is no valid Python ({error.msg}): "
                f"`{BEGIN}` and `{END}` should be indented as the lines between them"
            )
    return errors
