"""An assignment as its author writes it: the notebook's text, the solutions it includes, the exercises.

`load_assignment` needs no built notebook and imports nothing of the course: it reads the text with jupytext
and the solutions by their syntax tree.
"""

import ast
import functools
import re
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property
from pathlib import Path

import jupytext

TAGS = ("training", "plot", "parameters")
CHECK_TAG = "visible-check"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_SCHEME, END_SCHEME = "### BEGIN MARK SCHEME", "### END MARK SCHEME"

MARKER_PHRASES = [f"{edge} {kind}" for edge in ("BEGIN", "END") for kind in ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")]
HEADER = re.compile(r"^\s*#\s*%%(%*)(\s.*)?$")
OPTION = re.compile(r'(\w+)=("[^"]*"|\[[^\]]*\]|[^\s"\[\]]+)(\s+|$)')
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$")
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*(:[^{}]*)?\}\}")


class CourseError(Exception):
    """There is no course here, or no such assignment in it; the message is one line."""


class BuildError(Exception):
    """What an author must put right.

    Parameters
    ----------
    errors : list of str, each `file:line: what is wrong`, the file relative to the course
    """

    def __init__(self, errors: list[str]):
        super().__init__("\n".join(errors))
        self.errors = errors


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
    """

    id: str
    title: str
    points: float
    names: tuple[str, ...]
    code: str
    written: bool = False


@dataclass(frozen=True)
class Assignment:
    """One notebook of a course, with its exercises in the notebook's order."""

    name: str
    root: Path
    exercises: tuple[Exercise, ...]

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


@dataclass(frozen=True)
class Cell:
    """A cell of the notebook's text.

    Parameters
    ----------
    line : int, where its header stands
    markdown : bool
    options : dict of str, list or number, as the header gives them
    source : str, its body
    """

    line: int
    markdown: bool
    options: dict
    source: str

    @property
    def included(self) -> list[str]:
        return [name.strip() for name in self.options.get("include", "").split(",") if name.strip()]

    @property
    def grade_id(self) -> str | None:
        if "check" in self.options:
            return f"check_{self.options['check']}"
        return self.options.get("exercise") or self.options.get("written")


@dataclass(frozen=True)
class Statement:
    """A top-level function, class or assignment of the solutions, with the comments that belong to it.

    Parameters
    ----------
    start, end : int, its first and last line
    source : str, exactly as it stands there
    definition : bool, a function or class
    """

    start: int
    end: int
    source: str
    definition: bool


@dataclass(frozen=True)
class Region:
    """What stands between two solution markers, which are on the lines `begin` and `end` of `file`."""

    file: Path
    begin: int
    end: int
    lines: tuple[str, ...]


class Errors(list):
    """The messages found so far, each `file:line: what is wrong`."""

    def __init__(self, root: Path):
        super().__init__()
        self.root = root

    def add(self, file: Path, line: int, message: str) -> None:
        self.append(f"{file.relative_to(self.root).as_posix()}:{line}: {message}")


def find_root(start: Path) -> Path:
    """The course that `start` belongs to: the nearest directory at or above it that has a course_config.py.

    Raises
    ------
    CourseError : where there is none
    """
    start = Path(start).resolve()
    for directory in (start, *start.parents):
        if (directory / "course_config.py").is_file():
            return directory
    raise CourseError(f"no course at {start} or above it; a course is a directory with a course_config.py")


def list_assignments(root: Path) -> list[str]:
    """The names of the course's assignments: those with a text source/<name>/<name>.py."""
    return sorted(path.stem for path in Path(root).glob("source/*/*.py") if path.stem == path.parent.name)


def load_assignment(root: Path, name: str) -> Assignment:
    """Read an assignment from its text and its solutions.

    Raises
    ------
    CourseError : where the course has no such assignment
    BuildError : with all that is wrong in the text or the solutions
    """
    root = Path(root).resolve()
    files = (root / "source" / name / f"{name}.py", root / "solutions" / f"{name}.py")
    return _load_assignment(root, name, tuple(file.read_bytes() if file.exists() else b"" for file in files))


@functools.lru_cache(maxsize=16)
def _load_assignment(root, name, contents):
    """Once for the same contents: grading a class asks for it five times a submission."""
    text = Text.read(root, name)
    if text.errors:
        raise BuildError(text.errors)
    return text.assignment


def looks_like_marker(line: str) -> bool:
    """Whether a line is meant as one of nbgrader's markers, well written or not.

    nbgrader itself looks for the words alone, anywhere in a line, and is silent about a misspelt one.
    """
    if any(phrase in line for phrase in (*MARKER_PHRASES, "AUTOTEST")):
        return True
    comment = re.search(r"#+\s*(\w.*)", line)
    if comment is None:
        return False
    words = comment.group(1).rstrip(" #=-").split()
    if words[0] in ("BEGIN", "END"):
        return True
    spelling = " ".join(words).upper()
    return any(
        SequenceMatcher(None, words[0].upper(), phrase.split()[0]).ratio() > 0.6
        and SequenceMatcher(None, spelling, phrase).ratio() >= 0.8
        for phrase in MARKER_PHRASES
    )


def find_regions(file: Path, lines: list[tuple[int, str]], errors: Errors, written: bool = False) -> list[Region]:
    """The solution regions in numbered lines; misspelt and unbalanced markers are errors.

    Those of a written answer may hold a marking scheme.
    """
    if written:
        lines = _without_scheme_markers(file, lines, errors)
    regions, begin, inside = [], None, []
    for number, line in lines:
        if line.strip() == BEGIN:
            if begin is not None:
                errors.add(file, number, f"`{BEGIN}` within the region that begins on line {begin}")
            begin, inside = number, []
        elif line.strip() == END:
            if begin is None:
                errors.add(file, number, f"`{END}` without a `{BEGIN}` before it")
            elif not any(text.strip() for text in inside):
                errors.add(file, begin, "the solution region is empty")
            else:
                regions.append(Region(file, begin, number, tuple(inside)))
            begin = None
        elif looks_like_marker(line):
            errors.add(file, number, f"unknown marker `{line.strip()}`; write `{BEGIN}` or `{END}`")
        elif begin is not None:
            inside.append(line)
    if begin is not None:
        errors.add(file, begin, f"`{BEGIN}` without an `{END}` after it")
    return regions


def _without_scheme_markers(file: Path, lines: list[tuple[int, str]], errors: Errors) -> list[tuple[int, str]]:
    """The lines without the markers of marking schemes, which are to stand within a solution region, by pairs.

    nbgrader's ClearMarkScheme stops at one in an answer cell; within a region, ClearSolutions has taken it out before.
    """
    left, in_region, begin = [], False, None
    for number, line in lines:
        marker = line.strip()
        if marker == BEGIN_SCHEME:
            if not in_region or begin is not None:
                where = f"between `{BEGIN}` and `{END}`, below the model answer"
                errors.add(file, number, f"`{BEGIN_SCHEME}` belongs {where}")
            begin = number
        elif marker == END_SCHEME:
            if begin is None:
                errors.add(file, number, f"`{END_SCHEME}` without a `{BEGIN_SCHEME}` before it")
            begin = None
        else:
            if marker == END and begin is not None:
                errors.add(file, begin, f"`{BEGIN_SCHEME}` without an `{END_SCHEME}` before the `{END}`")
                begin = None
            in_region = marker == BEGIN or (in_region and marker != END)
            left.append((number, line))
    if begin is not None:
        errors.add(file, begin, f"`{BEGIN_SCHEME}` without an `{END_SCHEME}` after it")
    return left


def without_markers(code: str) -> str:
    """Code without the lines that mark its solution regions."""
    return "\n".join(line for line in code.split("\n") if line.strip() not in (BEGIN, END))


def join(statements: list[Statement]) -> str:
    """Code of the statements in order: two blank lines around definitions, none between assignments."""
    code = ""
    for before, statement in zip([None, *statements], statements, strict=False):
        if before is not None:
            code += "\n\n\n" if before.definition or statement.definition else "\n"
        code += statement.source
    return code


class Solutions:
    """The module solutions/<a>.py, read by its syntax tree.

    Parameters
    ----------
    file : Path
    errors : Errors, which gets what is wrong with it
    """

    def __init__(self, file: Path, errors: Errors):
        self.file = file
        self.statements: dict[str, Statement] = {}
        self.regions: list[Region] = []
        self.lines: list[str] = []
        self.readable = False
        if not file.is_file():
            errors.add(file, 1, "there is no such file: every assignment needs its solutions")
            return
        text = file.read_text(encoding="utf-8")
        self.lines = text.splitlines()
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            errors.add(file, error.lineno or 1, f"no valid Python: {error.msg}")
            return
        self.readable = True
        # The module's docstring never reaches a notebook, so it may speak of the markers.
        docstring = range(0)
        if ast.get_docstring(tree) is not None:
            docstring = range(tree.body[0].lineno, tree.body[0].end_lineno + 1)
        numbered = [(n, line) for n, line in enumerate(self.lines, 1) if n not in docstring]
        self.regions = find_regions(file, numbered, errors)
        for node in tree.body:
            statement = self._statement(node)
            for name in top_level_names(node):
                if name in self.statements:
                    errors.add(file, node.lineno, f"`{name}` is defined a second time")
                self.statements[name] = statement
        for region in self.regions:
            if not any(self._holds(statement, region) for statement in self.statements.values()):
                errors.add(file, region.begin, "this region is not within one function, class or assignment")

    def _statement(self, node: ast.stmt) -> Statement:
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        while start > 1 and self.lines[start - 2].startswith("#") and self.lines[start - 2].strip() != END:
            start -= 1
        # A body may end in comments, its END SOLUTION among them, which the syntax tree does not count in.
        end = following = node.end_lineno
        while following < len(self.lines):
            line = self.lines[following]
            if line.strip() and not line.strip().startswith("#"):
                break
            if line.startswith("#") and not (line.strip() == END and following == end):
                break
            following += 1
            if line.strip():
                end = following
        definition = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        return Statement(start, end, "\n".join(self.lines[start - 1 : end]), definition)

    @staticmethod
    def _holds(statement: Statement, region: Region) -> bool:
        return statement.start <= region.begin and region.end <= statement.end

    def regions_of(self, statements: list[Statement]) -> list[Region]:
        return [r for r in self.regions if any(self._holds(statement, r) for statement in statements)]


def top_level_names(node: ast.stmt) -> list[str]:
    """The names that a function, class or assignment defines; none for any other statement."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        names = [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        # A comprehension on the right stores names too, but defines none.
        inner = [m for n in ast.walk(node) if isinstance(n, ast.comprehension) for m in ast.walk(n.target)]
        return [name.id for name in names if name not in inner]
    return []


class Text:
    """The text of a notebook, source/<a>/<a>.py, with its solutions, and what is wrong with them.

    `errors` is empty where `assignment`, `cells` and `code` can be relied on.
    """

    def __init__(self, root: Path, name: str):
        self.root, self.name = root, name
        self.file = root / "source" / name / f"{name}.py"
        self.errors = Errors(root)
        self.cells = self._read_cells()
        self.solutions = Solutions(root / "solutions" / f"{name}.py", self.errors)
        self.regions: list[Region] = []
        self.exercises: dict[str, Exercise] = {}
        self._read_exercises()
        if self.solutions.readable:
            self._check_inclusions()
        self._check_ids()
        self._check_markers()
        self._check_placeholders()

    @classmethod
    def read(cls, root: Path, name: str) -> "Text":
        """Read the text of an assignment, collecting what is wrong with it in `errors`.

        Raises
        ------
        CourseError : where the course has no such assignment
        """
        root = Path(root).resolve()
        if name not in list_assignments(root):
            known = ", ".join(list_assignments(root)) or "none"
            raise CourseError(f"no source/{name}/{name}.py in {root}; the assignments there: {known}")
        return cls(root, name)

    def _wrong(self, line: int, message: str) -> None:
        self.errors.add(self.file, line, message)

    @cached_property
    def assignment(self) -> Assignment:
        return Assignment(self.name, self.root, tuple(self.exercises.values()))

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
            total = self.assignment.points
            if match.group(2) is not None:
                total = self.exercises[match.group(2)[1:].strip()].points
            return f"{total:g} point" + ("" if total == 1 else "s")

        return PLACEHOLDER.sub(lambda m: points(m) if self._is_points(m) else m.group(0), cell.source)

    @staticmethod
    def _is_points(match: re.Match) -> bool:
        # Without a colon, two braces may also be LaTeX.
        return match.group(1) == "points" or match.group(2) is not None

    def _read_cells(self) -> list[Cell]:
        lines = self.file.read_text(encoding="utf-8").splitlines()
        headers = [number for number, line in enumerate(lines, 1) if HEADER.match(line)]
        options = {number: self._read_header(number, lines[number - 1]) for number in headers}
        # jupytext would take these options for titles or broken metadata: it is given the kind of cell alone.
        for number, (markdown, _) in options.items():
            lines[number - 1] = "# %% [markdown]" if markdown else "# %%"
        cells = jupytext.reads("\n".join(lines) + "\n", fmt="py:percent").cells
        if len(cells) != len(headers):
            self._wrong(
                headers[0] if headers else 1,
                f"{len(headers)} cell headers, but {len(cells)} cells: is there text before the first "
                "`# %%`, or a `# %%` within a string?",
            )
            return []
        return [Cell(line, *options[line], cell.source.rstrip()) for line, cell in zip(headers, cells, strict=True)]

    def _read_header(self, number: int, line: str) -> tuple[bool, dict]:
        match = re.fullmatch(r"# %%(?: +\[(\w+)\])?(?: +(.*))?", line.rstrip())
        if match is None or match.group(1) not in (None, "markdown"):
            self._wrong(number, f"unknown cell header `{line.strip()}`; write `# %%` or `# %% [markdown]`")
            return False, {}
        markdown = match.group(1) == "markdown"
        known = ("written", "points") if markdown else ("exercise", "include", "points", "check", "tags")
        options, rest = {}, (match.group(2) or "").strip()
        while rest:
            option = OPTION.match(rest)
            if option is None:
                self._wrong(number, f"cannot read `{rest}`; options are written name=value")
                break
            rest = rest[option.end() :]
            key, value = option.group(1), option.group(2)
            if key not in known:
                self._wrong(number, f"unknown option `{key}`{did_you_mean(key, known)}")
            elif key in options:
                self._wrong(number, f"the option `{key}` is given twice")
            else:
                options[key] = self._read_value(number, key, value)
        allowed = [{"exercise", "include", "points"}, {"check"}, {"include", "tags"}, {"written", "points"}]
        if not any(set(options) <= together for together in allowed):
            self._wrong(number, f"{', '.join(options)} do not go together in one cell")
        return markdown, options

    def _read_value(self, number: int, key: str, value: str):
        if key == "points":
            try:
                points = float(value)
            except ValueError:
                points = 0
            if not 0 < points < float("inf"):
                self._wrong(number, f"points should be a positive number, but are `{value}`")
                return 0
            return int(points) if points.is_integer() else points
        if key == "tags":
            try:
                tags = ast.literal_eval(value)
            except (ValueError, SyntaxError):
                tags = None
            if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
                self._wrong(number, f'tags should be a list such as ["plot"], but are `{value}`')
                return []
            for tag in tags:
                if tag == CHECK_TAG:
                    self._wrong(number, f"the tag `{tag}` is generated; write check=<exercise>")
                elif tag not in TAGS:
                    self._wrong(number, f"unknown tag `{tag}`{did_you_mean(tag, TAGS)}")
            return tags
        value = value.strip('"').strip()
        names = [name.strip() for name in value.split(",")] if key == "include" else [value]
        for name in names:
            if not name.isidentifier():
                self._wrong(number, f"`{key}` should name a Python identifier, but is `{name}`")
        return value

    def _read_exercises(self) -> None:
        checked = {cell.options["check"] for cell in self.cells if "check" in cell.options}
        title = ""
        for cell in self.cells:
            if cell.markdown:
                title = last_heading(cell.source) or title
            name = cell.options.get("exercise") or cell.options.get("written")
            if name is None:
                if "points" in cell.options:
                    self._wrong(cell.line, "points without an exercise; write exercise= or written=")
                continue
            if "points" not in cell.options:
                self._wrong(cell.line, f"the exercise `{name}` has no points; write points=")
            if not title:
                self._wrong(cell.line, f"the exercise `{name}` has no heading above it to be its title")
            if name in self.exercises:
                continue  # told by _check_ids
            if "exercise" in cell.options:
                statements = self.statements(cell)
                if self.solutions.readable and not self.solutions.regions_of(statements):
                    self._wrong(
                        cell.line,
                        f"the exercise `{name}` has no solution; write include=<name>, and "
                        f"`{BEGIN}` and `{END}` around what students write, in solutions/{self.name}.py",
                    )
                if name not in checked:
                    self._wrong(cell.line, f"the exercise `{name}` has no check cell; add `# %% check={name}`")
                code = without_markers(join(statements))
            else:
                code = ""
            self.exercises[name] = Exercise(
                name,
                title,
                cell.options.get("points", 0),
                tuple(cell.included),
                code,
                written="written" in cell.options,
            )

    def _check_inclusions(self) -> None:
        where: dict[Statement, int] = {}
        exercise_statements = []
        for cell in self.cells:
            for name in cell.included:
                if name not in self.solutions.statements:
                    suggestion = did_you_mean(name, self.solutions.statements)
                    self._wrong(cell.line, f"solutions/{self.name}.py does not define `{name}`{suggestion}")
            for statement in self.statements(cell):
                if statement in where:
                    self._wrong(
                        cell.line,
                        f"includes what the cell on line {where[statement]} includes already "
                        f"(line {statement.start} of solutions/{self.name}.py)",
                    )
                where[statement] = cell.line
            if "exercise" in cell.options:
                exercise_statements += self.statements(cell)
        asked = self.solutions.regions_of(exercise_statements)
        for region in self.solutions.regions_of(list(self.solutions.statements.values())):
            if region not in asked:
                self.errors.add(self.solutions.file, region.begin, "no exercise includes this solution region")

    def _check_ids(self) -> None:
        seen: dict[str, int] = {}
        exercises = {cell.options["exercise"] for cell in self.cells if "exercise" in cell.options}
        for cell in self.cells:
            check = cell.options.get("check")
            if check is not None and check not in exercises:
                self._wrong(cell.line, f"a check of an unknown exercise `{check}`{did_you_mean(check, exercises)}")
            if cell.grade_id is None:
                continue
            if cell.grade_id in seen:
                self._wrong(
                    cell.line,
                    f"the grade id `{cell.grade_id}` is taken by the cell on line {seen[cell.grade_id]}",
                )
            seen.setdefault(cell.grade_id, cell.line)

    def _check_markers(self) -> None:
        for cell in self.cells:
            lines = list(enumerate(cell.source.split("\n"), cell.line + 1))
            if "written" in cell.options:
                regions = find_regions(self.file, lines, self.errors, written=True)
                if not regions:
                    self._wrong(
                        cell.line,
                        f"the exercise `{cell.options['written']}` has no solution; write a "
                        f"model answer between `{BEGIN}` and `{END}`",
                    )
                self.regions += regions
                continue
            for number, line in lines:
                if looks_like_marker(line):
                    self._wrong(
                        number,
                        f"marker `{line.strip()}` out of place: code is marked in solutions/{self.name}.py, "
                        f"checks stand in graders/{self.name}/, a model answer in a written= cell",
                    )

    def _check_placeholders(self) -> None:
        for cell in self.cells:
            if not cell.markdown:
                continue
            for number, line in enumerate(cell.source.split("\n"), cell.line + 1):
                for match in PLACEHOLDER.finditer(line):
                    if not self._is_points(match):
                        continue
                    exercise = match.group(2) and match.group(2)[1:].strip()
                    if match.group(1) != "points":
                        self._wrong(number, f"unknown placeholder `{match.group(0)}`")
                    elif exercise is not None and exercise not in self.exercises:
                        suggestion = did_you_mean(exercise, self.exercises)
                        self._wrong(number, f"`{match.group(0)}` names an unknown exercise{suggestion}")


def did_you_mean(word: str, known) -> str:
    """The end of a message about an unknown word: the known word that it resembles, or all of them."""
    close = get_close_matches(word, list(known), n=1)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; known: {', '.join(sorted(known))}" if known else ""


def last_heading(markdown: str) -> str:
    """The text of the last heading, without number and points; empty where there is none."""
    heading, fence = "", None
    for line in markdown.split("\n"):
        stripped = line.strip()
        if stripped == BEGIN:  # which Markdown would take for a heading, too
            break
        if stripped.startswith(("```", "~~~")):
            fence = None if fence == stripped[:3] else fence or stripped[:3]
        match = HEADING.match(line)
        if match and fence is None:
            heading = match.group(1)
    heading = re.sub(r"^\d+(\.\d+)*[.)]?\s+", "", heading)
    points = r"(\{\{[^{}]*\}\}|\d+(\.\d+)?\s+points?)"
    return re.sub(rf"\s*[\[(·,:–—-]*\s*{points}\s*[\])]?\s*$", "", heading).strip()
