"""What a student's code is made of, read without running it: for exercises that are to be solved without a built-in.

What cannot be read is neither right nor wrong: it is for a person to look at.
"""

import ast
import builtins
import re
import symtable
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType

from proctor.checks.bindings import INNER_PARTS, defined, global_names, is_dunder, is_own, patches
from proctor.checks.cell import Cell
from proctor.checks.plain import plain_python
from proctor.isolation.watch import UNSEEN

# Where code written out may take its parts from. Of other modules a person has to know what is in them.
LIBRARIES = {
    "__future__", "abc", "collections", "contextlib", "copy", "dataclasses", "einops", "enum", "functools", "itertools",
    "math", "numbers", "numpy", "random", "time", "torch", "tqdm", "typing", "typing_extensions", "warnings",
}  # fmt: skip
# In them, what gives or runs what no name in the code says.
HIDDEN_PARTS = {
    "ops", "jit", "package", "load", "classes", "hub", "library", "cpp_extension", "fx", "onnx", "overrides", "testing",
    "serialization", "get_type_hints", "ForwardRef", "export", "singledispatch", "singledispatchmethod",
    "update_wrapper", "make_dataclass", "get_annotations", "evaluate_forward_ref",
}  # fmt: skip
HIDING_NAMES = {
    "exec", "eval", "compile", "__import__", "globals", "locals", "vars", "getattr", "setattr", "delattr", "breakpoint",
    "get_ipython", "__builtins__", "__loader__",
}  # fmt: skip
# Where torch itself has in Python what computes.
WRITTEN_OUT = ("torch.nn.", "torch.ao.", "torch._decomp.", "torch.export._patches")
# What Python and notebooks define themselves.
KNOWN_NAMES = {*dir(builtins), "__file__", "__class__", "__qualname__", "display", "get_ipython", "In", "Out"}
# Code of a notebook, of a check, and of the course's own, where it is judged in the process of the checks.
OWN_MODULES = ("__main__", "sent", "solutions", "graders")
ORDINARY_DUNDERS = {
    "__init__", "__call__", "__class__", "__name__", "__qualname__", "__doc__", "__version__", "__len__", "__iter__",
    "__getitem__", "__setitem__", "__contains__", "__repr__", "__str__", "__next__", "__enter__", "__exit__",
    "__post_init__", "__new__", "__add__", "__mul__", "__matmul__", "__eq__", "__hash__", "__bool__",
}  # fmt: skip
# `%time` and its like run the code behind them.
TIMED = re.compile(
    r"^([ \t]*(?:[\w.]+[ \t]*=[ \t]*)?)%+(?:time|timeit|prun|capture)\b(?:[ \t]+-\w+(?:[ \t]+\d+)?)*[ \t]*",
    re.MULTILINE,
)
RUN = re.compile(r"^[ \t]*%run\b", re.MULTILINE)
SHELL = re.compile(r"^[ \t]*(?:[\w.,][\w., ]*=[ \t]*)?[%!?]|\?$|\?[ \t]+$", re.MULTILINE)
TOO_MUCH = re.compile(r"too (?:many|complex|deep)|exceeds", re.IGNORECASE)


@dataclass
class Notebook:
    """The cells of a submission as one syntax tree, and the ids of those that run but cannot be read."""

    cells: list[Cell]
    unreadable: list[str] = field(default_factory=list)
    _uses: dict = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self):
        self.statements = []
        for cell in self.cells:
            for statement in self._read(cell):
                try:
                    table = symtable.symtable(ast.unparse(statement), "<cell>", "exec")
                except SyntaxError:
                    continue  # such as a `nonlocal` outside of a function: it cannot run in the notebook either
                except (RecursionError, MemoryError, ValueError):
                    self.unreadable.append(cell.id)
                    continue
                self.statements.append((statement, table))

    def _read(self, cell):
        source = cell.source.replace("\r\n", "\n")
        try:
            plain = plain_python(source)
            if plain != source:
                # What is Python as it stands has none of them, though a line of it may begin with `%`, the remainder.
                plain = plain_python(TIMED.sub(r"\1", source))
                self.unreadable += [cell.id] if RUN.search(source) else []
            return ast.parse(plain).body
        except SyntaxError as error:
            # Where no magic is in it and it is not too much for a parser, Python refuses it in the notebook, too.
            if SHELL.search(source) or TOO_MUCH.search(str(error.msg)):
                self.unreadable.append(cell.id)
        except (ValueError, RecursionError, MemoryError):
            self.unreadable.append(cell.id)
        return []

    @cached_property
    def _defining(self):
        """The statements that define or change each of the notebook's names: {name: their numbers}."""
        numbers = defaultdict(list)
        for number, (statement, table) in enumerate(self.statements):
            for name in defined(statement, table, self.imported):
                numbers[name].append(number)
        return numbers

    @cached_property
    def imported(self):
        """The dotted path of what each imported name stands for, in all of the notebook."""
        return _imported_paths(ast.Module([statement for statement, _ in self.statements], type_ignores=[]))

    @cached_property
    def _patching(self):
        classes = [node for one, _ in self.statements for node in ast.walk(one) if isinstance(node, ast.ClassDef)]
        methods = {part.name for node in classes for part in node.body if isinstance(part, ast.FunctionDef)}
        statements = [statement for statement, _ in self.statements]
        return [number for number, one in enumerate(statements) if patches(one, self.imported, methods)]

    @property
    def names(self):
        """All names that the notebook defines."""
        return self._defining.keys()

    def code_of(self, name: str, without: tuple[str, ...] = ()) -> ast.Module:
        """The top-level code that a name stands for, and all that this code builds on.

        Parameters
        ----------
        without : names that are not followed, such as an earlier exercise's
        """
        seen, waiting, reached = {name, *without}, [name], set(self._patching)
        for number in self._patching:
            waiting += self._used_by(number, seen)
        while waiting:
            for number in self._defining.get(waiting.pop(), []):
                if number not in reached:
                    reached.add(number)
                    waiting += self._used_by(number, seen)
        return ast.Module([self.statements[number][0] for number in sorted(reached)], type_ignores=[])

    def uses_of(self, name: str, built_in: "BuiltIn", without: tuple[str, ...] = ()) -> "UsesOf":
        """What the code of a name uses; it is read once, however many checks ask."""
        key = name, built_in, without
        if key not in self._uses:
            code = self.code_of(name, without)
            if name in self.imported:
                # It is not written in the notebook at all.
                code.body.append(ast.Expr(ast.Name(name, ast.Load())))
            self._uses[key] = UsesOf(code, built_in, self.names)
        return self._uses[key]

    def _used_by(self, number, seen):
        fresh = global_names(self.statements[number][1]) - seen
        seen |= fresh
        return fresh


@dataclass(frozen=True)
class BuiltIn:
    """What an exercise is to be written without.

    Parameters
    ----------
    names : e.g. {"LSTM", "LSTMCell"}, as a name or an attribute of whatever it may be
    stems : e.g. ("lstm", "rnn"), what stands in the names of a library's functions that do the same
    libraries : other packages, such as the course's own, of which nothing else would solve the exercise
    """

    names: frozenset[str]
    stems: tuple[str, ...]
    libraries: tuple[str, ...] = ()

    def knows(self, path: str) -> bool:
        """Whether what a module has in it is told by its names."""
        return path.partition(".")[0] in LIBRARIES.union(self.libraries)

    def has(self, name: str, of_library: bool) -> bool:
        """Whether a name is one of them."""
        return name in self.names or (of_library and any(stem in name.lower() for stem in self.stems))

    def among(self, ran: list[str]) -> str:
        """The first of what ran (`isolation.watch`) that is one of them, or that came in the way; "" where none is."""
        for entry in ran:
            module, _, name = entry.rpartition(":")
            is_operator = module.endswith(":")
            # Of other packages, a function that has a built-in's stem in its name may be anything: sympy's transforms.
            is_known = is_operator or module.partition(".")[0] in ("torch", *self.libraries)
            if entry == UNSEEN or ((is_operator or _computes(module, name)) and self._has_part(name, is_known)):
                return entry
        return ""

    def _has_part(self, name, of_library):
        # Other packages have other capitals: MultiHeadAttention.
        names = {known.lower() for known in self.names}
        return any(part.lower() in names or self.has(part, of_library) for part in name.split("."))


class UsesOf(ast.NodeVisitor):
    """Goes through code and writes down which built-ins it uses, and what in it does not tell what it uses.

    A name that the code itself defines is no built-in, whatever it is called.
    """

    def __init__(self, code: ast.Module, built_in: BuiltIn, known=()):
        self.built_in, self.used, self.hidden = built_in, [], []
        self._known, self._stars = known, []
        self._paths = _imported_paths(code)
        self._own, self._methods = _own_names(code)
        self.visit(code)

    def visit_ImportFrom(self, node):  # noqa: N802 - the names that ast asks for
        if any(part.name == "*" for part in node.names):
            self._stars.append(str(node.module))
            if not self.built_in.knows(str(node.module)):
                self.hidden.append(f"from {node.module} import *")

    def visit_Name(self, node):  # noqa: N802
        path = self._paths.get(node.id)
        if path is not None:
            self._look_at(path)
        elif node.id in HIDING_NAMES:
            self.hidden.append(node.id)
        elif node.id in self._own:
            return
        elif node.id in self.built_in.names:
            self.used.append(node.id)
        elif node.id not in self._known and node.id not in KNOWN_NAMES and not self._is_in_a_star(node.id):
            self.hidden.append(node.id)

    def _is_in_a_star(self, name):
        return any(hasattr(sys.modules.get(module), name) for module in self._stars)

    def visit_Attribute(self, node):  # noqa: N802
        path = _path(node, self._paths)
        if path is not None:
            self._look_at(path)
            return
        self._look_at_part(node.attr, node.value)
        self.visit(node.value)

    def visit_Assign(self, node):  # noqa: N802
        # `F = nn.functional` is another name for it, as is `import torch.nn.functional as F`.
        is_alias = all(isinstance(target, ast.Name) for target in node.targets)
        if not (is_alias and _is_module(_path(node.value, self._paths))):
            self.generic_visit(node)

    def visit_MatchClass(self, node):  # noqa: N802
        """A pattern takes what it names from the object; without a name, what a class of one's own may say."""
        for name in node.kwd_attrs:
            self._look_at_part(name, node.cls)
        if node.patterns and not (isinstance(node.cls, ast.Name) and node.cls.id in dir(builtins)):
            self.hidden.append("match")
        self.generic_visit(node)

    def visit_Call(self, node):  # noqa: N802
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        is_access = name in ("getattr", "setattr", "hasattr", "vars") and bool(node.args) and not node.keywords
        if is_access:
            self._look_at_access(name, node)
        else:
            self.visit(node.func)
        for part in (*node.args[is_access:], *node.keywords):
            self.visit(part)

    def _look_at_access(self, name, node):
        """`getattr` and its like: with a name that is written out, as the attribute; of `self`, as it may be."""
        target, written = node.args[0], node.args[1] if len(node.args) > 1 else None
        if isinstance(written, ast.Constant) and isinstance(written.value, str):
            self.visit(ast.Attribute(target, written.value, ast.Load()))
        elif not is_own(target):
            self.hidden.append(f"{name}` with a name that is computed")

    def _look_at_part(self, name, value):
        """An attribute of what is no library, as far as can be told."""
        if self.built_in.has(name, of_library=False):
            if name not in self._methods:
                self.used.append(name)
        elif name in INNER_PARTS or (is_dunder(name) and name not in ORDINARY_DUNDERS):
            self.hidden.append(name)

    def _look_at(self, path):
        """Something of a library's, by its dotted path."""
        root, *parts = path.split(".")
        last = parts[-1] if parts else root
        if not self.built_in.knows(root):
            self.hidden.append(path)
        elif self.built_in.has(last, of_library=True):
            self.used.append(last)
        elif not _is_public(set(parts) - ORDINARY_DUNDERS) or _leads_elsewhere(root, parts) or _is_module(path):
            # A whole library in a variable, a list or a call has whatever names it is asked for there.
            self.hidden.append(path)


def _computes(module, function):
    """Whether a function that ran may be what computes an answer, by the module that it is of.

    Of torch, that is what lies beside its operators, and what writes operators out in others: compilers have names for
    all that they read.
    """
    root, last = module.partition(".")[0], function.rpartition(".")[2]
    if root in OWN_MODULES or root in sys.stdlib_module_names or (is_dunder(last) and last not in ORDINARY_DUNDERS):
        return False
    return root != "torch" or module.startswith(WRITTEN_OUT)


def _is_public(parts):
    return not any(part in HIDDEN_PARTS or part.startswith("_") for part in parts)


def _is_module(path):
    return path in LIBRARIES or path in sys.modules


def _leads_elsewhere(root, parts):
    """Whether a path goes through another library, which a module has for itself: `torch.builtins`."""
    there = sys.modules.get(root)
    for part in parts:
        there = getattr(there, part, None)
        if isinstance(there, ModuleType) and there.__name__.partition(".")[0] != root:
            return True
    return False


def _imported_paths(code):
    """The dotted path of what each imported name stands for."""
    paths, nodes = {}, list(ast.walk(code))
    for node in nodes:
        if isinstance(node, ast.Import):
            for part in node.names:
                path = part.name if part.asname else part.name.partition(".")[0]
                paths[part.asname or path] = path
        elif isinstance(node, ast.ImportFrom):
            paths.update({part.asname or part.name: f"{node.module}.{part.name}" for part in node.names})
    for node in nodes:
        if isinstance(node, ast.Assign) and _is_module(path := _path(node.value, paths)):
            paths.update({target.id: path for target in node.targets if isinstance(target, ast.Name)})
    return paths


def _path(node, paths):
    """The dotted path of an attribute of something imported; None of anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([paths[node.id], *reversed(parts)]) if isinstance(node, ast.Name) and node.id in paths else None


def _own_names(code):
    """The names that code binds, and those of its functions, classes and attributes of `self`."""
    names, methods = set(), set()
    for node in ast.walk(code):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            names.add(node.name)
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            names.add(node.name)
            methods.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_own(node.value):
            methods.add(node.attr)
    return names, methods
