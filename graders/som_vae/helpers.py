"""What the checks of several exercises share: how many operations code takes, losses of an unbuilt model, gradients."""

import math
from fractions import Fraction

import numpy as np
import torch

from graders.carried import same
from graders.helpers import check_layers
from proctor.checks import expect


class CountOperations(torch.overrides.TorchFunctionMode):
    """Counts the torch operations of a call, whose result it throws away."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.count += 1
        return function(*args, **(kwargs or {}))

    def of(self, function, *args):
        with self:
            function(*args)
        return self.count


def check_no_loop(submission, function, small, large, what):
    """A function takes as many torch operations for a large batch as for a small one.

    Parameters
    ----------
    submission : the submission
    function : handle of the student's function
    small, large : tuples of arguments
    what : str, the function, such as "`find_nearest`"
    """
    counter = submission.send(CountOperations)
    few, many = (counter().of(function, *arguments) for arguments in (small, large))
    expect.true(
        many == few,
        f"{what} should take as many torch operations for a large batch as for a small one, but takes {few} "
        f"for one and {many} for the other. Let tensors do it, with no loop over the batch.",
        [few, many],
    )


def check_twice(submission, reference, name):
    """Of two modules with the sizes by default, the second is as the first: to make one changes no list of sizes."""
    getattr(submission, name)(1)
    wanted = getattr(reference, name)(1).state_dict()
    check_layers(getattr(submission, name)(1), wanted, f"the second of two `{name}(1)`")


class FirstInput:
    """Looks whether all that a layer of a module gets is the module's input as it is."""

    def is_kept(self, module, layer, x):
        seen = []
        for name, part in module.named_modules():
            if name == layer:
                hook = part.register_forward_pre_hook(lambda part, inputs: seen.append(inputs[0]))
                module(x)
                hook.remove()
        # Who goes through the batch gives it a part at a time.
        return all(inputs.shape != x.shape or torch.equal(inputs, x) for inputs in seen)


def first_input_hint(submission, module, layer, x, hint):
    """A hint for wrong values: that something is done to the input before the first layer, else the given one."""
    kept = submission.send(FirstInput)().is_kept(module, layer, x)
    return hint if kept else f"`{layer}` gets other numbers than it should: nothing comes before this layer."


def learnable(submission, tensor, device):
    """A handle of a tensor in the host that gets gradients."""
    handle = submission.put(tensor.to(device))
    handle.requires_grad = True
    return handle


def gradient(submission, handle):
    """The gradient that has reached a tensor in the host, on the CPU; None where none has, or zeros alone."""
    value = handle.grad
    return None if value is None or not bool((value != 0).any()) else value.cpu()


def go_backward(loss, what):
    """Go backward from a handle of a loss, which must carry gradients."""
    expect.true(loss.requires_grad is True, f"{what} should carry gradients, but does not.", "no gradient at all")
    loss.backward()


def check_moves(submission, function, expected, inputs, what, generator, device, place=None, still=()):
    """Going backward from a function's output moves its inputs just as it does in the reference.

    Where the output has other values than the reference's, which other checks charge, the same inputs are to be moved.

    Parameters
    ----------
    submission, generator, device : the fixtures
    function : handle of the student's function
    expected : the reference's function
    inputs : {name: tensor on the CPU}, in the order of the arguments; those of floats get gradients
    what : str, what the output is
    place : int, which of several outputs to go backward from; None where there is one
    still : names of inputs that are given without asking for their gradients
    """
    asked = {name for name, value in inputs.items() if value.is_floating_point() and name not in still}
    handles = [
        learnable(submission, value, device) if name in asked else value.to(device)
        for name, value in inputs.items()
    ]
    output = submission.keep(function)(*handles)
    output = output if place is None else output[place]
    leaves = [value.clone().requires_grad_(name in asked) for name, value in inputs.items()]
    wanted = expected(*leaves)
    wanted = wanted if place is None else wanted[place]
    upstream = torch.randn(wanted.shape, generator=generator)
    ends = {name: leaf for name, leaf in zip(inputs, leaves, strict=True) if leaf.requires_grad}
    gradients = torch.autograd.grad(wanted, list(ends.values()), upstream, allow_unused=True)
    settled = submission.get(output)
    expect.shape(settled, wanted.shape, what)
    expect.true(output.requires_grad is True, f"{what} should carry gradients, but does not.", "no gradient at all")
    output.backward(upstream.to(device))
    found = {name: handle.grad for name, handle in zip(inputs, handles, strict=True) if name in ends}
    alike = same(settled, wanted)
    due = {
        name: torch.zeros_like(leaf) if gradient is None else gradient
        for (name, leaf), gradient in zip(ends.items(), gradients, strict=True)
    }
    moved = {name: torch.zeros_like(leaf) if found[name] is None else found[name].cpu() for name, leaf in ends.items()}
    moving, to_move = ([name for name in ends if bool(of[name].any())] for of in (moved, due))
    message = f"{what} should move {' and '.join(to_move) or 'nothing'}, but moves {' and '.join(moving) or 'nothing'}."
    expect.true(moving == to_move, f"{message} `detach` stops what is to stay where it is.", moving)
    for name in to_move:
        varies = bool((moved[name] != moved[name].flatten()[0]).any())
        message = f"{what} moves all numbers of {name} by the same, as if it were their sum and nothing else."
        expect.true(varies, message, ["the same", name])
    for name in to_move if alike else ():
        hint = "The values are right, so a part of the way back is cut off: is there a `detach` or a `no_grad`?"
        close = 1e-5 + 1e-4 * float(due[name].abs().max())
        expect.close(moved[name], due[name], f"The gradient of {name} going backward from {what}", hint, atol=close)


def score(value, expected, what, hint=""):
    """A score is a number, not an array of one."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        expect.shape(value, (), what, "It is a single number.")
    expect.close(value, expected, what, hint)


def number(value, what):
    """The value, a loss: one number in a tensor."""
    expect.type(value, torch.Tensor, what)
    expect.shape(value, (), what, "A loss is a single number.")
    return value


def close_number(loss, expected, what, hint=""):
    """A loss is the expected number. One that is too large or too small by a plain factor is told so."""
    ratio = (loss.cpu() / expected).item() if loss.is_floating_point() else math.nan
    if math.isfinite(ratio):
        factor = Fraction(ratio).limit_denominator(16)
        if factor not in (0, 1) and abs(factor) <= 16 and abs(ratio - factor) < 1e-5 * abs(ratio):
            hint = f"That is {float(factor):.4g} times what it should be. {hint}".strip()
    expect.close(loss, expected, what, hint)
