"""Small changes to a solution, one at a time: what a slip of the hand could make of it.

The operators are those of this field's slips. Each changes one place in the lines that students write.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

SWAPPED = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult], ast.FloorDiv: [ast.Mult],
    ast.Pow: [ast.Mult], ast.Mod: [ast.FloorDiv], ast.MatMult: [ast.Mult],
    ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn],
    ast.NotIn: [ast.In], ast.And: [ast.Or], ast.Or: [ast.And],
    ast.BitAnd: [ast.BitOr], ast.BitOr: [ast.BitAnd],
}  # fmt: skip
# Functions, methods and layers of which one is easily taken for the next, in its own group.
KINDS = [
    ("sum", "mean"), ("max", "min"), ("argmax", "argmin"), ("amax", "amin"), ("cumsum", "cumprod"),
    ("relu", "tanh", "sigmoid"), ("ReLU", "Tanh", "Sigmoid"), ("softmax", "log_softmax"), ("exp", "log"),
    ("sin", "cos"), ("zeros", "ones"), ("zeros_like", "ones_like"), ("train", "eval"), ("no_grad", "enable_grad"),
    ("cat", "stack"), ("append", "extend"), ("MaxPool1d", "AvgPool1d"), ("MaxPool2d", "AvgPool2d"),
    ("max_pool1d", "avg_pool1d"), ("max_pool2d", "avg_pool2d"), ("mse_loss", "l1_loss"), ("MSELoss", "L1Loss"),
    ("BCELoss", "BCEWithLogitsLoss"), ("Adam", "SGD"), ("LayerNorm", "RMSNorm"), ("floor", "ceil"), ("sqrt", "square"),
    ("float", "double"), ("masked_fill", "masked_scatter"), ("clip_grad_norm_", "clip_grad_value_"),
]  # fmt: skip
LIBRARIES = {"torch", "nn", "F", "np", "math", "random", "self", "d2l"}
NEXT_OF_KIND = {name: kind[(n + 1) % len(kind)] for kind in KINDS for n, name in enumerate(kind)}


@dataclass(frozen=True)
class Mutant:
    """A solution with one place changed.

    Parameters
    ----------
    line : int, where the change begins
    before, after : the changed line, or lines
    code : all of it
    """

    line: int
    before: str
    after: str
    code: str


def mutants(code: str, lines: set[int]) -> Iterator[Mutant]:
    """All first-order mutants of some lines of code, each once.

    Parameters
    ----------
    lines : the numbers of the lines that may change
    """
    seen, tree = {ast.dump(ast.parse(code))}, ast.parse(code)
    for node, parents in _nodes(tree, ()):
        if getattr(node, "lineno", None) not in lines:
            continue
        for replacement in _replacements(node, parents):
            changed = _put(code, node, replacement)
            try:
                shape = ast.dump(ast.parse(changed))
            except SyntaxError:
                continue
            if shape not in seen:
                seen.add(shape)
                yield _mutant(code, changed, node)


def _nodes(node, parents):
    """All nodes of a tree in the order of the text, each with those that it stands in, the nearest first."""
    for child in ast.iter_child_nodes(node):
        yield child, (node, *parents)
        yield from _nodes(child, (node, *parents))


def _put(code, node, replacement):
    """Code with the text of one node exchanged."""
    rows = code.encode().split(b"\n")
    first, last = node.lineno - 1, node.end_lineno - 1
    head, tail = rows[first][: node.col_offset], rows[last][node.end_col_offset :]
    indent = b" " * node.col_offset
    text = replacement if isinstance(replacement, str) else ast.unparse(ast.fix_missing_locations(replacement))
    if not isinstance(replacement, (str, ast.stmt)) and not isinstance(node, (ast.Name, ast.Constant, ast.keyword)):
        text = f"({text})" if isinstance(replacement, ast.BinOp | ast.Compare | ast.BoolOp | ast.UnaryOp) else text
    body = text.encode().replace(b"\n", b"\n" + indent)
    return b"\n".join([*rows[:first], head + body + tail, *rows[last + 1 :]]).decode()


def _mutant(code, changed, node):
    old, new = code.split("\n"), changed.split("\n")
    end = len(new) - (len(old) - node.end_lineno)
    before, after = old[node.lineno - 1 : node.end_lineno], new[node.lineno - 1 : end]
    while before and after and len(before) > 1 and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    return Mutant(node.lineno, *("\n".join(line.strip() for line in part) for part in (before, after)), changed)


def _replacements(node, parents):
    """What may stand in the place of a node: nodes, or text."""
    for kind, change in CHANGES.items():
        if isinstance(node, kind):
            yield from change(node, parents)
    if isinstance(node, ast.Name | ast.Call | ast.BinOp | ast.Subscript) and not _is_target(node, parents[0]):
        words = ast.unparse(node)
        yield f"({words}).detach()" if isinstance(node, ast.BinOp) else f"{words}.detach()"


def _is_target(node, parent):
    """Whether a node is no value: it is assigned to, called, a library, a condition's or a loop's."""
    if isinstance(parent, ast.Attribute) and parent.value is node:
        return _is_library(node)
    called = isinstance(parent, ast.Call) and parent.func is node
    return (
        called or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or isinstance(parent, ast.For | ast.Expr)
    )


def _is_library(node):
    return isinstance(node, ast.Name) and node.id in LIBRARIES


def _changed(node, **parts):
    other = copy.copy(node)
    for name, value in parts.items():
        setattr(other, name, value)
    return other


def _operator(node, parents):
    for other in SWAPPED.get(type(node.op), []):
        yield _changed(node, op=other())


def _binary(node, parents):
    yield from _operator(node, parents)
    yield node.left
    yield node.right
    if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow | ast.FloorDiv):
        yield _changed(node, left=node.right, right=node.left)


def _boolean(node, parents):
    yield from _operator(node, parents)
    yield from node.values


def _compare(node, parents):
    for other in SWAPPED.get(type(node.ops[0]), []):
        yield _changed(node, ops=[other(), *node.ops[1:]])


def _unary(node, parents):
    yield node.operand


def _constant(node, parents):
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(value + 1), ast.Constant(value - 1))
    elif isinstance(value, float):
        yield from (ast.Constant(value * 2 or 1.0), ast.Constant(value / 2))


def _condition(node, parents):
    yield from (_changed(node, test=ast.Constant(value)) for value in (True, False))


def _call(node, parents):
    for n in range(len(node.args)):
        if not isinstance(node.args[n], ast.Starred):
            others = node.args[:n] + node.args[n + 1 :]
            if n + 1 < len(node.args):
                yield _changed(node, args=[*node.args[:n], node.args[n + 1], node.args[n], *node.args[n + 2 :]])
            elif n:
                yield _changed(node, args=others)
    for keyword in node.keywords:
        yield _changed(node, keywords=[other for other in node.keywords if other is not keyword])
    # `x.squeeze(1)` left out is x; and so is `torch.relu(x)`.
    if isinstance(node.func, ast.Attribute) and not _is_library(node.func.value):
        yield node.func.value
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]
    if isinstance(node.func, ast.Name) and node.func.id == "range":
        yield from _range(node)


def _attribute(node, parents):
    if node.attr in NEXT_OF_KIND:
        yield _changed(node, attr=NEXT_OF_KIND[node.attr])
    if isinstance(node.value, ast.Name) and node.value.id == "self" and isinstance(node.ctx, ast.Load):
        names = _names_like(node, parents)
        if len(names) > 1:
            yield _changed(node, attr=names[(names.index(node.attr) + 1) % len(names)])


def _names_like(node, parents):
    """The attributes of `self` that are used as a node is, called or not, in its class."""
    holder = next((parent for parent in parents if isinstance(parent, ast.ClassDef)), parents[-1])
    called = {id(part.func) for part in ast.walk(holder) if isinstance(part, ast.Call)}
    return list(
        dict.fromkeys(
            part.attr
            for part in ast.walk(holder)
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self"
            if (id(part) in called) == (id(node) in called) and isinstance(part.ctx, ast.Load)
        )
    )


def _name(node, parents):
    function = next((parent for parent in parents if isinstance(parent, ast.FunctionDef)), None)
    if node.id in NEXT_OF_KIND and isinstance(parents[0], ast.Call):
        yield ast.Name(NEXT_OF_KIND[node.id], node.ctx)
    if function is None or not isinstance(node.ctx, ast.Load):
        return
    stored = {part.id for part in ast.walk(function) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    local = [part.arg for part in ast.walk(function.args) if isinstance(part, ast.arg) and part.arg != "self"]
    local += sorted(stored - set(local))
    if node.id in local and len(local) > 1:
        yield ast.Name(local[(local.index(node.id) + 1) % len(local)], node.ctx)


def _slice(node, parents):
    for part in ("lower", "upper"):
        bound = getattr(node, part)
        if bound is not None:
            yield _changed(node, **{part: None})
            if not isinstance(bound, ast.Constant):
                yield _changed(node, **{part: ast.BinOp(bound, ast.Add(), ast.Constant(1))})


def _statement(node, parents):
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Expr | ast.AugAssign | ast.Assign | ast.Assert | ast.Raise | ast.Break | ast.Continue):
        yield "pass"


def _augmented(node, parents):
    for other in SWAPPED.get(type(node.op), []):
        yield _changed(node, op=other())
    yield ast.Assign([node.target], node.value)


def _range(node):
    first, last, *rest = node.args if len(node.args) > 1 else [ast.Constant(0), *node.args]
    yield _changed(node, args=[first, ast.BinOp(last, ast.Sub(), ast.Constant(1)), *rest])
    yield _changed(node, args=[ast.BinOp(first, ast.Add(), ast.Constant(1)), last, *rest])


def _with(node, parents):
    """`with torch.no_grad():` left out."""
    yield "\n".join(ast.unparse(statement) for statement in node.body)


CHANGES = {
    ast.BinOp: _binary, ast.BoolOp: _boolean, ast.Compare: _compare, ast.UnaryOp: _unary, ast.Constant: _constant,
    (ast.If, ast.IfExp): _condition, ast.Call: _call, ast.Attribute: _attribute, ast.Name: _name, ast.Slice: _slice,
    ast.stmt: _statement, ast.AugAssign: _augmented, ast.With: _with,
}  # fmt: skip
