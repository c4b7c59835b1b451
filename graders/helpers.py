"""What the checks of several assignments share: fixed weights, gradients, the question of the device, and the code
that a name stands for.
"""

import ast
import symtable

import torch

from proctor.checks import expect
from proctor.checks.submission import StudentError

# How torch words that tensors of two devices meet. Other errors on the meta device, which holds no data, say
# nothing about a GPU: right code may ask for a tensor's values.
TWO_DEVICES = ("same device", "not on the expected device", "is on cpu", "device cpu")


def random_weights(module, scales, generator):
    """Weights for all parameters of a module, drawn anew.

    Parameters
    ----------
    module : nn.Module, whose names and shapes are taken
    scales : dict, the standard deviation for the name's first part ("cnn" for "cnn.weight")
    generator : torch.Generator

    Returns
    -------
    weights : {name: float tensor}
    """
    return {
        name: scales[name.partition(".")[0]] * torch.randn(value.shape, generator=generator)
        for name, value in module.state_dict().items()
    }


def check_layers(module, weights, what, optional=()):
    """The module's parameters have the names and shapes of `weights`; those in `optional` may be missing.

    Parameters
    ----------
    module : handle of the student's module
    weights : {name: tensor}
    what : str, what the module is, such as "`Encoder()`"
    optional : names of parameters that right code may do without
    """
    state = module.state_dict()
    expect.type(state, dict, f"{what}.state_dict()")
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    for name, weight in weights.items():
        if name in optional and name not in shapes:
            continue
        layer = name.partition(".")[0]
        expect.true(
            name in shapes,
            f"{what} has no parameter `{name}`. Its parameters are {sorted(shapes) or 'none at all'}. "
            f"Is the layer called `self.{layer}`, and of the right kind?",
            sorted(shapes),
        )
        found, wanted = shapes[name], tuple(weight.shape)
        expect.true(
            found == wanted,
            f"`{name}` of {what} should have shape {wanted}, but has shape {found}. "
            f"Compare the arguments of `self.{layer}` with the sizes in the text.",
            [name, found],
        )


def build(submission, name, weights, device, optional=(), arguments=()):
    """The student's module in evaluation mode on the device, with the given weights.

    Parameters
    ----------
    submission : the submission
    name : str, the module's class
    weights : {name: tensor}
    device : torch.device
    optional : names of parameters that right code may do without
    arguments : what the class is called with

    Returns
    -------
    module : handle
    """
    submission.seed(0)
    module = getattr(submission, name)(*arguments)
    check_layers(module, weights, f"`{name}({', '.join(map(str, arguments))})`", optional)
    module.load_state_dict(weights, strict=False)
    return module.to(str(device)).eval()


def check_gradients(submission, module, output, what, generator, names):
    """Going backward from the output reaches the named parameters of the module, with finite values.

    Parameters
    ----------
    submission : the submission
    module : handle of the student's module
    output : handle of a tensor that the module gave
    what : str, what the output is
    generator : torch.Generator, for the gradient that is sent backward
    names : of the parameters that are to learn
    """
    expect.true(
        output.requires_grad is True,
        f"{what} should carry gradients, but does not: something on the way cuts them off "
        "(`detach`, `.data`, `torch.no_grad`, a new tensor made of numbers).",
        "no gradient at all",
    )
    output.backward(torch.randn(tuple(submission.get(output).shape), generator=generator).to(output.device))
    gradients = {name: value for name, value in submission.gradients(module).items() if name in names}
    reached = [name for name, value in gradients.items() if value is not None and bool((value != 0).any())]
    without = sorted(set(names) - set(reached))
    expect.true(
        not without,
        f"Going backward from {what} should give every weight a gradient, but {without} got none.",
        without,
    )
    infinite = sorted(name for name, value in gradients.items() if not bool(torch.isfinite(value).all()))
    expect.true(not infinite, f"The gradients of {infinite} should be finite, but are NaN or infinite.", infinite)


def check_device(call, module, inputs, message):
    """A call does not mix devices.

    It is made on the CPU, where whatever goes wrong is told, and again on the meta device, where tensors have shapes
    but no data, and where a tensor that was left on the CPU shows as it would on a GPU.

    Parameters
    ----------
    call : called with the inputs
    module : handle of the module that goes along, moved in place
    inputs : list of tensors on the CPU
    message : str, for the student whose code mixes devices
    """
    call(*inputs)
    module.to("meta")
    check_meta(lambda: call(*(value.to("meta") for value in inputs)), message)


def check_meta(call, message):
    """A call that works on the meta device does not meet a tensor that was left on the CPU.

    Parameters
    ----------
    call : called without arguments
    message : str, for the student whose code mixes devices
    """
    try:
        call()
    except StudentError as error:
        mixed = any(words in error.message for words in TWO_DEVICES)
        expect.true(not mixed, f"{message} torch says: {error.message}", error.message)


def code_of(tree, name, without=()):
    """The top-level code that a name stands for, and all that this code builds on: one `ast.Module`.

    Parameters
    ----------
    tree : ast.Module, the student's code
    name : str
    without : names that are not followed, such as an earlier exercise's
    """
    statements = []
    for node in tree.body:
        try:
            statements.append((node, symtable.symtable(ast.unparse(node), "<cell>", "exec")))
        except SyntaxError:
            continue  # such as a `nonlocal` outside of a function: it cannot run in the notebook either
    # By the name, so that each statement is looked at once, however long the chain that leads to it.
    defining = {}
    for number, (node, table) in enumerate(statements):
        for defined in _defined(node, table):
            defining.setdefault(defined, []).append(number)
    reached, waiting, body = set(without) - {name}, [name], {}
    while waiting:
        for number in defining.pop(waiting.pop(), ()):
            if number not in body:
                node, table = statements[number]
                body[number] = node
                names = _global_names(table) - reached
                reached |= names
                waiting += names
    return ast.Module(body=[body[number] for number in sorted(body)], type_ignores=[])


def _defined(node, table):
    """The notebook's names that a top-level statement defines or changes, as in `LSTM.forward = forward`."""
    names = {name.get_name() for name in table.get_symbols() if name.is_assigned() or name.is_imported()}
    if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        attributes = [part for part in ast.walk(node) if isinstance(part, ast.Attribute)]
        changed = [part.value for part in attributes if isinstance(part.ctx, ast.Store)]
        names |= {part.id for part in changed if isinstance(part, ast.Name)}
    return names


def _global_names(table):
    """The notebook's names that a statement uses. What is local in a function may be called as it likes."""
    tables = [table]
    for inner in tables:
        tables += inner.get_children()
    return {name.get_name() for inner in tables for name in inner.get_symbols() if name.is_global() or inner is table}
