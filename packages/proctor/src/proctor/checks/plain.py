"""Cells as plain Python, for whoever reads a student's code without running it."""

import ast
import functools
import re
import symtable
import warnings
from collections.abc import Container, Iterator

from proctor.authoring.solutions import top_level_names
from proctor.checks.cell import Cell

# Magics that run the rest of their cell as Python.
TIMING = ("%%time", "%%timeit", "%%capture")
MAGIC = re.compile(r"^(\s*)([%!].*|[\w.,][\w., ]*=\s*[%!].*|[\w.]+\?{1,2}\s*|\?{1,2}\s*[\w.*]+\s*)$")


def plain_python(source: str) -> str:
    """The cell as plain Python: magics and shell escapes become `pass`, which says what stood there.

    A cell of another language (`%%bash`) is left out whole; `%%time` and `%%capture` time and capture Python.
    """
    source = source.replace("\r\n", "\n")
    if _parses(source):
        return source
    lines, start = source.split("\n"), 0
    for number, line in enumerate(lines):
        words = line.split()
        if words and words[0] not in TIMING:
            break
        start = number + 1 if words else start
    if "\n".join(lines[start:]).lstrip().startswith("%%"):
        return ""
    # Blank lines in their place keep the numbers of those below.
    lines[:start] = [""] * start
    rest = "\n".join(lines)
    # To parse takes longer than all else that is done to a cell.
    return rest if start and _parses(rest) else "\n".join(_without_magics(lines))


def strings_alone(source: str) -> list[str] | None:
    """The texts of a cell that is made of nothing but strings, none of which it keeps; None where there is more.

    Raises
    ------
    SyntaxError, ValueError, RecursionError, MemoryError : where it is no Python
    """
    body = ast.parse(plain_python(source)).body
    values = [getattr(getattr(node, "value", None), "value", None) for node in body if isinstance(node, ast.Expr)]
    return values if len(values) == len(body) and all(isinstance(value, str) for value in values) else None


def _without_magics(lines):
    """Lines of which magics are left as remarks; one that ends in a backslash goes on in the next."""
    goes_on = False
    for line in lines:
        magic = MAGIC.match(line)
        if goes_on:
            yield ""
        else:
            yield MAGIC.sub(r"\1pass  # \2", line) if magic else line
        goes_on = bool(goes_on or magic) and line.endswith("\\")


def _parsed(source):
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # the parser's way of saying that the code is nested too deeply, too


def _parses(source):
    return _parsed(source) is not None


@functools.lru_cache(maxsize=128)
def defined_names(source: str) -> frozenset[str]:
    """The names that a cell defines at its top level: functions, classes, variables, imports.

    What stands there under a condition, or is tried, counts. None where the cell cannot be read.
    """
    tree = _parsed(plain_python(source))
    return frozenset(_defined(tree.body)) if tree else frozenset()


def _defined(statements):
    for node in statements:
        yield from top_level_names(node)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, (ast.If, ast.Try, ast.TryStar, ast.With)):
            branches = [node.body, *(part.body for part in getattr(node, "handlers", []))]
            for branch in (*branches, getattr(node, "orelse", []), getattr(node, "finalbody", [])):
                yield from _defined(branch)


# What finds a name of the notebook without spelling it, or does what a reader does not see.
LOOKING_UP = frozenset({"globals", "locals", "vars", "eval", "exec", "compile", "__import__", "get_ipython"})
FINDING = ("__main__", "sys.modules", "importlib", "inspect", "builtins", "_getframe", "__globals__")


def stays_as_it_is(names: set[str], earlier: list[Cell], later: list[Cell], answers: Container[str]) -> bool:
    """Whether what some cells define does the same before later cells have run and after.

    It does where students' later cells define functions, classes and constants alone, under names that no earlier cell
    takes when it is called. Later cells of the release change nothing but what they name.

    Parameters
    ----------
    names : what is asked about, which may be defined anew
    earlier, later : the cells so far, and those to come
    answers : the ids of the cells that students write, beside those of their own
    """

    def written(cells):
        return [cell.source for cell in cells if cell.own or cell.id in answers]

    taken = names.union(*(_called(cell.source) for cell in earlier))
    made = set().union(*(_made(cell.source) for cell in later))
    finds = taken & LOOKING_UP or any(word in source for source in written(earlier) for word in FINDING)
    return not finds and not made & taken and all(map(_only_defines, written(later)))


@functools.lru_cache(maxsize=1024)
def _called(source):
    """The names that what a cell defines takes from the notebook whenever it is called."""
    whole, taken = _table(plain_python(source)), set()
    tables = whole.get_children() if whole else []
    while tables:
        table = tables.pop()
        tables += table.get_children()
        taken |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return frozenset(taken)


@functools.lru_cache(maxsize=1024)
def _made(source):
    return frozenset(_names(plain_python(source))[0])


def _only_defines(source):
    """Whether a cell does nothing but name functions, classes and constants, which runs none of a student's code."""
    tree = _parsed(plain_python(source))
    return tree is not None and all(map(_defines, tree.body))


def _defines(node):
    if isinstance(node, (ast.Expr, ast.Assign)):
        targets = getattr(node, "targets", [])
        return isinstance(node.value, ast.Constant) and all(isinstance(target, ast.Name) for target in targets)
    if isinstance(node, ast.ClassDef):
        bases = [*node.bases, *node.decorator_list]
        return not node.keywords and all(map(_only_named, bases)) and all(map(_defines, node.body))
    if isinstance(node, ast.FunctionDef):
        # Defaults and annotations are computed when it is defined.
        head = [node.args, *filter(None, [node.returns])]
        works = any(isinstance(n, WORKING) for part in head for n in ast.walk(part))
        return not works and all(map(_only_named, node.decorator_list))
    return isinstance(node, ast.Pass)


def _only_named(node):
    """A name, or an attribute of one: `nn.Module`."""
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _only_named(node.value))


DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
WORKING = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@functools.lru_cache(maxsize=1024)
def definitions(source: str) -> str:
    """Of a cell, its imports, functions, classes and plain assignments, on the lines where they stand.

    An assignment is plain where nothing is called or gone through for it: what takes time does not count in.
    """
    code = plain_python(source)
    tree = _parsed(code)
    if tree is None:
        return ""
    lines, kept, left = code.split("\n"), set(), set()
    for node in tree.body:
        (kept if _is_definition(node) else left).update(range(first_line(node), node.end_lineno + 1))
    kept -= left
    code = "\n".join(line if number in kept else "" for number, line in enumerate(lines, 1))
    return code if _parses(code) else ""


def definitions_below(source: str, line: int) -> Iterator[tuple[int, str]]:
    """Of a cell, each definition that begins below a line, as `definitions` gives them: its line, and its text."""
    code = definitions(source)
    lines, tree = code.split("\n"), _parsed(code)
    for node in tree.body if tree else []:
        first = first_line(node)
        if first > line:
            yield first, "\n".join(lines[first - 1 : node.end_lineno])


def _is_definition(node):
    plain = isinstance(node, (ast.Assign, ast.AnnAssign)) and not any(isinstance(n, WORKING) for n in ast.walk(node))
    return plain or isinstance(node, DEFINING)


def first_line(node: ast.stmt) -> int:
    """Where a statement begins, with what decorates it."""
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])


def standing_alone(source: str, others: list[str], most: int) -> str:
    """A cell as plain Python, below what it needs of others' definitions; empty where that cannot be compiled.

    Parameters
    ----------
    others : the cells that it may build on, in their order
    most : so many characters; what has more is not compiled, and empty
    """
    code, defining = plain_python(source).strip("\n"), list(map(definitions, others))
    # Each is read once, for one may need the next, and so on through a thousand of them.
    names = list(map(_names, defining))
    needed, chosen = _names(code)[1], set()
    while more := {n for n, (made, _) in enumerate(names) if n not in chosen and made & needed}:
        chosen |= more
        needed = set().union(*(names[n][1] for n in more))
    kept = [re.sub(r"\n{4,}", "\n\n\n", defining[n].strip("\n")) for n in sorted(chosen)]
    whole = "\n\n\n".join([*kept, code])
    return whole if code and len(whole) <= most and _compiles(whole) else ""


def taken_names(source: str) -> set[str]:
    """The notebook's names that a cell uses, be it in what it defines; none where it cannot be read."""
    return _names(plain_python(source))[1]


class _Once(ast.NodeTransformer):
    """Has what `finally` does stand behind its `try`.

    The compiler writes it out anew for each way out of the `try`, and again for each of those around it: a megabyte
    for each of these, two to the power of their depth.
    """

    def generic_visit(self, node):
        super().generic_visit(node)
        final = getattr(node, "finalbody", [])
        if final:
            node.finalbody = []
        return [*([node] if node.handlers else node.body), *final] if final else node


def _compiles(code):
    """Whether code is valid, in a time that grows with its length."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(compile(_Once().visit(ast.parse(code)), "cell", "exec", dont_inherit=True))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _table(code):
    """The symbols of some code, for which nothing is compiled; None if it is not valid."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return symtable.symtable(code, "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@functools.lru_cache(maxsize=2048)
def _names(code):
    """The names that code makes at its top level, and those that it takes from there; none if it is not valid."""
    whole, taken = _table(code), set()
    if whole is None:
        return frozenset(), frozenset()
    tables = [whole]
    made = {s.get_name() for s in tables[0].get_symbols() if s.is_assigned() or s.is_imported()}
    while tables:
        table = tables.pop()
        tables += table.get_children()
        at_top = table.get_type() == "module"
        taken |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (at_top or s.is_global())}
    return frozenset(made), frozenset(taken)
