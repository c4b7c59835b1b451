"""An assignment's solutions: the module solutions/<a>.py, read without importing it."""

import ast
from dataclasses import dataclass
from pathlib import Path

from proctor.authoring.errors import Errors
from proctor.authoring.markers import END, Region, find_regions


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
        inner = {m for n in ast.walk(node) if isinstance(n, ast.comprehension) for m in ast.walk(n.target)}
        return [name.id for name in names if name not in inner]
    return []


def join(statements: list[Statement]) -> str:
    """Code of the statements in order: two blank lines around definitions, none between assignments."""
    code = ""
    for before, statement in zip([None, *statements], statements, strict=False):
        if before is not None:
            code += "\n\n\n" if before.definition or statement.definition else "\n"
        code += statement.source
    return code
