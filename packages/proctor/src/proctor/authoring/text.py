"""The text of a notebook as its author writes it, source/<a>/<a>.py: its cells, and the code that they include.

It is read with jupytext; nothing of the course is imported.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, partial
from pathlib import Path

import jupytext

from proctor.authoring.errors import Errors
from proctor.authoring.markers import BEGIN, Region, find_regions
from proctor.authoring.solutions import Solutions, Statement, join
from proctor.course import counted
from proctor.points import in_words

TAGS = ("training", "plot", "parameters")
CHECK_TAG = "visible-check"
# Jupyter's own word for a cell whose error does not end "Run all".
GOES_ON_TAG = "raises-exception"

HEADER = re.compile(r"^\s*#\s*%%(%*)(\s.*)?$")
OPTION = re.compile(r'(\w+)=("[^"]*"|\[[^\]]*\]|[^\s"\[\]]+)(\s+|$)')
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$")
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*(:[^{}]*)?\}\}")


@dataclass(frozen=True)
class Cell:
    """A cell of the notebook's text.

    Parameters
    ----------
    line : int, where its header stands
    markdown : bool
    options : dict of str, list or number, as the header gives them
    source : str, its body
    title : str, the last heading above it or in it, without number and points
    """

    line: int
    markdown: bool
    options: dict
    source: str
    title: str

    @property
    def installs(self) -> str | None:
        """The package that it installs where that is missing; the build writes that code above its body."""
        return self.options.get("install")

    @property
    def included(self) -> list[str]:
        return [name.strip() for name in self.options.get("include", "").split(",") if name.strip()]

    @property
    def exercise(self) -> str | None:
        """The exercise that is answered here, in code or in words."""
        return self.options.get("exercise") or self.options.get("written")

    @property
    def written(self) -> bool:
        return "written" in self.options

    @property
    def grade_id(self) -> str | None:
        return f"check_{self.options['check']}" if "check" in self.options else self.exercise

    @property
    def former(self) -> list[str]:
        """The ids that its exercise had in earlier releases."""
        return [name.strip() for name in self.options.get("formerly", "").split(",") if name.strip()]

    @property
    def lines(self) -> list[tuple[int, str]]:
        """The lines of its body, by their number in the text."""
        return list(enumerate(self.source.split("\n"), self.line + 1))


class Text:
    """The text of a notebook, with the solutions that it includes.

    `errors` has what could not be read; `lint.check_text` says what else is wrong. Only a text without any can be
    relied on.
    """

    def __init__(self, root: Path, name: str):
        self.root, self.name = root, name
        self.file = root / "source" / name / f"{name}.py"
        self.errors = Errors(root)
        self.cells = read_cells(self.file, self.errors)
        self.solutions = Solutions(root / "solutions" / f"{name}.py", self.errors)

    @property
    def where(self) -> str:
        """Its file, as messages name it."""
        return self.file.relative_to(self.root).as_posix()

    @cached_property
    def exercises(self) -> dict[str, Cell]:
        """The cells of the exercises by their ids; the first, where one is taken twice."""
        exercises = {}
        for cell in self.cells:
            if cell.exercise is not None:
                exercises.setdefault(cell.exercise, cell)
        return exercises

    @cached_property
    def model_answers(self) -> list[Region]:
        """The solution regions of the written answers."""
        unread = Errors(self.root)  # lint tells them
        cells = [cell for cell in self.cells if cell.written]
        return [region for cell in cells for region in find_regions(self.file, cell.lines, unread, written=True)]

    def points(self, exercise: str) -> float:
        return self.exercises[exercise].options.get("points", 0)

    def statements(self, cell: Cell) -> list[Statement]:
        """The statements that a cell includes, each once: several names may be assigned in one."""
        found = [self.solutions.statements[n] for n in cell.included if n in self.solutions.statements]
        return list(dict.fromkeys(found))

    def code(self, cell: Cell) -> str:
        """A cell's code: what it includes from the solutions, markers and all, then its own body."""
        statements = self.statements(cell)
        if not statements or not cell.source.strip():
            return join(statements) or cell.source
        return join(statements) + ("\n\n\n" if statements[-1].definition else "\n") + cell.source

    def prose(self, cell: Cell) -> str:
        """A markdown cell's text, with the points put in."""

        def points(match: re.Match) -> str:
            if match.group(2) is None:
                points = sum(self.points(exercise) for exercise in self.exercises)
            else:
                points = self.points(match.group(2)[1:].strip())
            return in_words(points)

        return PLACEHOLDER.sub(lambda m: points(m) if is_points(m) else m.group(0), cell.source)


def read_cells(file: Path, errors: Errors) -> list[Cell]:
    """The cells of a notebook's text; none where they cannot be told apart."""
    lines = file.read_text(encoding="utf-8").splitlines()
    headers = [number for number, line in enumerate(lines, 1) if HEADER.match(line)]
    read = {number: read_header(lines[number - 1], partial(errors.add, file, number)) for number in headers}
    # jupytext would take the options for titles or broken metadata: it is given the kind of cell alone.
    for number, (markdown, _) in read.items():
        lines[number - 1] = "# %% [markdown]" if markdown else "# %%"
    bodies = [cell.source.rstrip() for cell in jupytext.reads("\n".join(lines) + "\n", fmt="py:percent").cells]
    if len(bodies) != len(headers):
        message = f"{counted(len(headers), 'cell header')}, but {counted(len(bodies), 'cell')}: "
        message += "is there text before the first `# %%`, "
        errors.add(file, headers[0] if headers else 1, message + "or a `# %%` within a string?")
        return []
    cells, title = [], ""
    for (number, (markdown, options)), body in zip(read.items(), bodies, strict=True):
        if markdown:
            title = last_heading(body) or title
        cells.append(Cell(number, markdown, options, body, title))
    return cells


def read_header(line: str, wrong: Callable[[str], None]) -> tuple[bool, dict]:
    """Whether a header's cell is markdown, and its options; `wrong` is told what is wrong with it."""
    match = re.fullmatch(r"# %%(?: +\[(\w+)\])?(?: +(.*))?", line.rstrip())
    if match is None or match.group(1) not in (None, "markdown"):
        wrong(f"unknown cell header `{line.strip()}`; write `# %%` or `# %% [markdown]`")
        return False, {}
    markdown = match.group(1) == "markdown"
    known = ("written", "points") if markdown else ("exercise", "include", "points", "check", "tags", "install")
    known = (*known, "formerly")
    options, rest = {}, (match.group(2) or "").strip()
    while rest:
        option = OPTION.match(rest)
        if option is None:
            wrong(f"cannot read `{rest}`; options are written name=value")
            break
        rest = rest[option.end() :]
        key, value = option.group(1), option.group(2)
        if key not in known:
            wrong(f"unknown option `{key}`{did_you_mean(key, known)}")
        elif key in options:
            wrong(f"the option `{key}` is given twice")
        else:
            read = {"points": read_points, "tags": read_tags}.get(key, partial(read_name, key))
            options[key] = read(value, wrong)
    exercise = {"points", "formerly"}
    allowed = [exercise | {"exercise", "include"}, {"check"}, {"include", "tags"}, {"install"}, exercise | {"written"}]
    if not any(set(options) <= together for together in allowed):
        wrong(f"{', '.join(options)} do not go together in one cell")
    return markdown, options


def read_points(value: str, wrong: Callable[[str], None]) -> float:
    try:
        points = float(value)
    except ValueError:
        points = 0
    if not 0 < points < float("inf"):
        wrong(f"points should be a positive number, but are `{value}`")
        return 0
    return int(points) if points.is_integer() else points


def read_tags(value: str, wrong: Callable[[str], None]) -> list[str]:
    try:
        tags = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        tags = None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        wrong(f'tags should be a list such as ["plot"], but are `{value}`')
        return []
    for tag in tags:
        if tag == CHECK_TAG:
            wrong(f"the tag `{tag}` is generated; write check=<exercise>")
        elif tag not in TAGS:
            wrong(f"unknown tag `{tag}`{did_you_mean(tag, TAGS)}")
    return tags


def read_name(key: str, value: str, wrong: Callable[[str], None]) -> str:
    """The name that an option gives; of `include` and `formerly`, several by commas."""
    value = value.strip('"').strip()
    for name in [name.strip() for name in value.split(",")] if key in ("include", "formerly") else [value]:
        if not name.isidentifier():
            wrong(f"`{key}` should name a Python identifier, but is `{name}`")
    return value


def is_points(match: re.Match) -> bool:
    """Whether a placeholder is meant as one: without a colon, two braces may also be LaTeX."""
    return match.group(1) == "points" or match.group(2) is not None


def last_heading(markdown: str) -> str:
    """The text of the last heading, without number and points; empty where there is none."""
    heading = ([text for _, text in headings(markdown)] or [""])[-1]
    heading = re.sub(r"^\d+(\.\d+)*[.)]?\s+", "", heading)
    points = r"(\{\{[^{}]*\}\}|\d+(\.\d+)?\s+points?)"
    return re.sub(rf"\s*[\[(·,:–—-]*\s*{points}\s*[\])]?\s*$", "", heading).strip()


def headings(markdown: str) -> list[tuple[int, str]]:
    """The headings above a model answer, each with its depth, 1 for the largest."""
    found, fence = [], None
    for line in markdown.split("\n"):
        stripped = line.strip()
        if stripped == BEGIN:  # which Markdown would take for a heading, too
            break
        if stripped.startswith(("```", "~~~")):
            fence = None if fence == stripped[:3] else fence or stripped[:3]
        match = HEADING.match(line)
        if match and fence is None:
            found.append((len(line) - len(line.lstrip("#")), match.group(1)))
    return found


def did_you_mean(word: str, known) -> str:
    """The end of a message about an unknown word: the known word that it resembles, or all of them."""
    close = get_close_matches(word, list(known), n=1)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; known: {', '.join(sorted(known))}" if known else ""
