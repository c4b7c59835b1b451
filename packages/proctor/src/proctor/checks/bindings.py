"""What the statements of a notebook define and change, read without running them."""

import ast

# Wherever they stand in a notebook, they may change what any name means.
CHANGING_NAMES = {"exec", "eval", "setattr", "globals", "__import__", "__builtins__"}
# At the top of a cell, what these give has the notebook's names; and what puts others into it.
NAMESPACES, PUTTING = {"vars", "locals"}, {"update", "setdefault"}
# `get_ipython().run_cell_magic("time", "", code)`
RUNNING = ("run_cell_magic", "run_line_magic", "run_cell")
# What of an object changes or shows what it is made of; what leads from running code to whoever runs it.
INNER_PARTS = {
    "__setattr__", "__delattr__", "__dict__", "__bases__", "__globals__", "__code__", "__closure__", "__defaults__",
    "__getattribute__", "__subclasses__", "__builtins__", "tb_frame", "gi_frame", "cr_frame", "ag_frame", "f_back",
    "f_locals", "f_globals", "f_builtins", "_getframe", "_current_frames", "currentframe", "getargvalues", "getprofile",
    "setprofile", "_profile_hook", *RUNNING,
}  # fmt: skip
HARMLESS_MAGICS = ("matplotlib", "load_ext", "autoreload", "config", "pip", "conda", "system", "env", "cd", "pwd", "ls")
# What a class is made of, that can be exchanged from outside of it.
METHODS = {"forward", "register_forward_hook", "register_forward_pre_hook"}


def defined(node, table, imported):
    """The notebook's names that a top-level statement defines or changes: `LSTM.forward = f`, `parts.append(f)`.

    What a function calls `global` is the notebook's, and so may be what is an attribute: the notebook is a module, too.
    """
    names = {name.get_name() for name in table.get_symbols() if name.is_assigned() or name.is_imported()}
    inner = [name for one in _tables(table)[1:] for name in one.get_symbols() if name.is_declared_global()]
    names |= {name.get_name() for name in inner if name.is_assigned() or name.is_imported()}
    changed = [part for part in ast.walk(node) if isinstance(getattr(part, "ctx", None), ast.Store)]
    attributes = [part for part in changed if isinstance(part, ast.Attribute) and not is_own(part.value)]
    names |= {part.attr for part in attributes if _root(part) not in imported}
    called = [getattr(part, "func", part) for part in getattr(node, "decorator_list", [])]
    if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        called = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
        called = [part for part in called if isinstance(part, ast.Attribute)] + changed
    return names | {_root(part) for part in called if not isinstance(part, ast.Name)} - {None, *imported}


def _root(node):
    """The name at the start of `a.b[c].d`, or of `globals()["a"].b`; None where there is none."""
    while isinstance(node, (ast.Attribute, ast.Subscript)) and not _is_global_read(node):
        node = node.value
    if _is_global_read(node):
        return node.slice.value
    return node.id if isinstance(node, ast.Name) else None


def _is_global_read(node):
    """Whether an expression is a name of the notebook's, written out in another way: `globals()["model"]`."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load) or not _is_globals(node.value):
        return False
    return isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)


def _is_globals(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "globals"


def _harmless(statement):
    """Where a statement says `globals` to read a name that it writes out, or to ask for it; and harmless magics."""
    names, changed = set(), set()
    for node in ast.walk(statement):
        if _is_global_read(node):
            names.add(node.value.func)
        elif isinstance(node, ast.Compare) and _is_globals(node.comparators[0]):
            names.add(node.comparators[0].func)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNNING:
            names.update(node.func for part in node.args[:1] if getattr(part, "value", None) in HARMLESS_MAGICS)
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            changed.update(part for part in ast.walk(node) if isinstance(part, ast.Name))
    return names - changed


def global_names(table):
    """The notebook's names that a statement uses. What is local in a function may be called as it likes."""
    tables = _tables(table)
    return {name.get_name() for inner in tables for name in inner.get_symbols() if name.is_global() or inner is table}


def _tables(table):
    """The symbols of some code, and of all that is defined in it."""
    tables = [table]
    for inner in tables:
        tables += inner.get_children()
    return tables


def is_own(node):
    """Whether an expression is the object whose method the code stands in, or its class."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("super", "type")
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def is_dunder(name):
    return name.startswith("__") and name.endswith("__")


def patches(statement, imported, methods):
    """Whether a statement may exchange what another name or a library has, or bring names that it does not say.

    Parameters
    ----------
    imported : what each imported name stands for
    methods : the names of the methods of the notebook's classes
    """
    harmless = _harmless(statement)
    return any(node not in harmless and _patches_here(node, imported, methods) for node in ast.walk(statement))


def _patches_here(node, imported, methods):
    if isinstance(node, ast.Attribute):
        is_store = isinstance(node.ctx, ast.Store) and not is_own(node.value)
        is_part = is_store and (node.attr in METHODS or node.attr in methods or is_dunder(node.attr))
        return node.attr in INNER_PARTS or is_part or (node.attr in PUTTING and _is_namespace(node.value))
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Store) and _is_namespace(node.value)
    if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Constant):
        return any(isinstance(target, ast.Attribute) and _root(target) in imported for target in node.targets)
    if isinstance(node, ast.Name):
        return node.id in CHANGING_NAMES or imported.get(node.id, "").rpartition(".")[2] in INNER_PARTS
    return isinstance(node, ast.alias) and node.name == "*"


def _is_namespace(node):
    """Whether an expression is all that the notebook, or something else than `self`, has by its names: `vars()`."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMESPACES
    return called and not any(map(is_own, node.args))
