"""What the checks of several assignments share: fixed weights, gradients, the question of the device."""

import contextlib

import numpy as np
import torch

from graders.layers import does_as, fit, is_close, load_what_fits, mend
from proctor.checks import expect
from proctor.checks.expect import Unmet
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
            sorted(shapes.items()),
        )
        found, wanted = shapes[name], tuple(weight.shape)
        expect.true(
            found == wanted,
            f"`{name}` of {what} should have shape {wanted}, but has shape {found}. "
            f"Compare the arguments of `self.{layer}` with the sizes in the text.",
            sorted(shapes.items()),
        )


def build(submission, name, weights, device, optional=(), arguments=(), twin=None, inputs=(), make=None):
    """The student's module in evaluation mode on the device, with the given weights.

    With a twin, what `check_layers` charges is not charged again: a layer of another name gets its weights all the
    same, and where the module does not do as the twin does, layers built otherwise are built anew as the twin's are,
    unless its code cannot take them.

    Parameters
    ----------
    submission : the submission
    name : str, the module's class
    weights : {name: tensor}
    device : torch.device
    optional : names of parameters that right code may do without
    arguments : what the class is called with
    twin : nn.Module, the reference's, on the CPU, with these weights
    inputs : tensors on the CPU, on which the two are compared
    make : {layer: function without arguments that gives a handle to the right one}, for layers that are not torch's

    Returns
    -------
    module : handle
    """
    submission.seed(0)
    module = getattr(submission, name)(*arguments)
    lacks = set(weights) - set(load_what_fits(module, weights)) - set(optional)
    module.to(str(device)).eval()
    if twin is None and lacks:
        check_layers(module, weights, f"`{name}({', '.join(map(str, arguments))})`", optional)
    if twin is None or (not lacks and does_as(module, twin.eval(), inputs, device)):
        return module
    mend(submission, module, twin, make or {}, inputs, device)
    load_what_fits(module, weights)
    return module


@contextlib.contextmanager
def alone(single, what, sample="patient"):
    """Whatever goes wrong with a single sample, where more of them went well, goes wrong for the same reason.

    Parameters
    ----------
    single : bool, whether there is one sample only
    what : str, the call
    sample : str, what a sample is
    """
    try:
        yield
    except (Unmet, StudentError):
        expect.true(
            not single,
            f"{what} does not work, with a single {sample}. `squeeze()` without an axis removes every axis of length "
            f"one, that of a single {sample}, too.",
            f"a single {sample}",
        )
        raise


def check_inputs_kept(submission, call, inputs, what):
    """A call leaves the tensors that it is given as they were, in shape and in value.

    Parameters
    ----------
    submission : the submission
    call : handle, called with the inputs
    inputs : {name: tensor on the CPU}, in the order of the arguments
    what : str, the call
    """
    given = {name: submission.put(value) for name, value in inputs.items()}
    submission.keep(call)(*given.values())
    for name, value in inputs.items():
        found = submission.get(given[name])
        same = found.shape == value.shape and torch.equal(found, value)
        expect.true(
            same,
            f"{name} should be after {what} as it was before, but is something else. What a name with `_` at its end "
            "does (`mul_`), or an assignment to a part (`x[0] = 0`), it does to the caller's tensor: work on a copy.",
            found,
        )


def check_varied(values, what):
    """Values of different samples differ, as those of a constant do not.

    Parameters
    ----------
    values : tensor or array, the samples on the first axis
    what : str, whose values
    """
    expect.type(values, (torch.Tensor, np.ndarray), what)
    flat = torch.as_tensor(values).reshape(len(values), -1)
    expect.true(bool((flat != flat[:1]).any()), f"{what} should differ, but are all the same.", "all the same")


def check_not_constant(module, inputs, what):
    """What a module gives differs between samples: what it is made of counts for nothing in a constant.

    That its code stops is another check's matter.

    Parameters
    ----------
    module : handle of the student's module
    inputs : tensors on the module's device, of several samples that differ
    what : str, what the module is
    """
    try:
        result = module(*inputs)
    except StudentError:
        return
    values = [result] if isinstance(result, torch.Tensor) else result
    expect.type(values, (list, tuple), f"What {what} gives")
    values = [value for value in values if isinstance(value, torch.Tensor) and value.dim()]
    expect.true(
        any(bool((value != value[:1]).any()) for value in values),
        f"{what} should give something else for each sample, but gives the same for all.",
        "the same for all",
    )


def check_gradients(
    submission, module, twin, inputs, what, generator, device, optional=(), place=None, drops=False
):
    """Gradients are the reference's in value; neither training mode nor an earlier call changes anything unasked.

    Where the student's values differ from the reference's in evaluation mode, which other checks charge, a weaker law
    holds: most weights and inputs get finite gradients, which tell their numbers apart.

    Parameters
    ----------
    submission : the submission
    module : handle of the student's module, on the device
    twin : nn.Module, the reference's, on the CPU, with the weights that the student's module is given
    inputs : {name: tensor on the CPU}, in the order of the arguments; those of floats get gradients
    what : str, what the output is
    generator : torch.Generator, for the gradient that is sent backward
    device : torch.device
    optional : names of weights that right code may do without
    place : int, which of several outputs to go backward from; None where there is one
    drops : bool, whether the exercise asks for dropout: then gradients are those of evaluation mode
    """
    own = load_what_fits(module, twin.state_dict())
    lacks = set(twin.state_dict()) - set(own) - set(optional)
    moved = [value.to(device) for value in inputs.values()]
    wanted = _one_of(twin.eval()(*inputs.values()), place, what).detach()
    settled = _one_of(module.eval()(*moved), place, what)
    alike = not lacks and is_close(fit(settled, wanted.shape), wanted)
    if alike:
        _check_nothing_kept(module, twin, inputs, what, place, device)
    if drops:
        submission.send(recurrent_layers_train)(module)
    else:
        module.train()
        twin.train()
    upstream = torch.randn(wanted.shape, generator=generator)
    expected = _gradients_of_twin(twin, inputs, place, upstream)
    output, found = _gradients_of_student(submission, module, moved, inputs, place, what, upstream)
    if alike and not is_close(fit(output, wanted.shape), wanted):
        _check_nothing_drawn(module, moved, output, what, place)
    found |= {name: found[other] for name, other in own.items() if other in found}
    if not alike:
        check_varied(settled, f"{what} of different samples")
        _check_some_reached(found, expected, what)
        return
    hint = "The text asks for no dropout here, and for nothing else that training mode would change."
    expect.close(fit(output, wanted.shape), wanted, f"{what} in training mode, against evaluation mode,", hint)
    _check_same(found, expected, what, optional)


def _check_nothing_kept(module, twin, inputs, what, place, device):
    """What is right in one call is right in the next: no state, mask or result of other samples goes on."""
    others = [value.flip(0) for value in inputs.values()]
    wanted = _one_of(twin(*others), place, what).detach()
    found = _one_of(module(*(value.to(device) for value in others)), place, what)
    expect.true(
        is_close(fit(found, wanted.shape), wanted),
        f"{what} is right in one call, but wrong in the next one, with other inputs of the same shape. What is kept "
        "from an earlier call (on `self`), such as a state or a mask, is of other samples: make it anew in each call.",
        "kept from an earlier call",
    )


def _check_nothing_drawn(module, moved, output, what, place):
    """What training mode changes is the same each time: of what is drawn, the values tell nothing."""
    again = _one_of(module(*moved), place, what)
    expect.true(
        isinstance(again, torch.Tensor) and is_close(again, output.cpu()),
        f"{what} in training mode should be what it is in evaluation mode, but is something else at each call, as with "
        "a dropout. The text asks for none here.",
        "drawn at random",
    )


def _check_same(found, expected, what, optional):
    """Where values are right, every gradient is right, too; which is cut off altogether is told first."""
    cut = [
        name
        for name, value in expected.items()
        if name not in optional and not (name in found and bool((found[name] != 0).any()))
        if bool((value.abs() > 1e-5).any())
    ]
    expect.true(
        not cut,
        f"Going backward from {what}, `{cut[0] if cut else ''}` gets no gradient. Something between the two cuts the "
        "way back (`detach`, `.data`, `torch.no_grad`, a new tensor made of numbers).",
        ["no gradient", *cut],
    )
    hint = (
        "The values are right, so a part of the way back is cut off: is there a `detach`, `.data`, `torch.no_grad` or "
        "a new tensor made of numbers between the two?"
    )
    for name in [name for name in expected if name in found]:
        # A gradient is a sum of many terms, which may be much larger than the sum.
        close = 1e-5 + 1e-4 * float(expected[name].abs().max())
        expect.close(found[name], expected[name], f"The gradient of `{name}` from {what}", hint, atol=close)


def _check_some_reached(found, expected, what):
    """Where values are wrong, something is to learn all the same, and more than a sum of numbers would teach."""
    names = [name for name, value in expected.items() if bool((value != value.flatten()[0]).any()) and name in found]
    infinite = [name for name in names if not bool(torch.isfinite(found[name]).all())]
    expect.true(not infinite, f"The gradients of {infinite} should be finite, but are NaN or infinite.", infinite)
    taught = [name for name in names if bool((found[name] != found[name].flatten()[0]).any())]
    expect.true(
        len(taught) >= len(expected) / 2,
        f"Going backward from {what}, most weights and inputs should get gradients that tell their numbers apart, "
        f"but only {taught or 'none'} do{'es' * (len(taught) == 1)}.",
        taught,
    )


def recurrent_layers_train(module):
    """Puts recurrent layers alone into training mode: without it, cuDNN does not go backward through them."""
    for layer in module.modules():
        if isinstance(layer, nn.RNNBase):  # noqa: F821 - known where it is sent
            layer.train()


def _one_of(result, place, what):
    """The output at a place of a result, or the result itself."""
    if place is None:
        return result
    expect.type(result, (tuple, list), f"What gives {what}")
    expect.true(len(result) > place, f"What gives {what} should be more than {len(result)} values.", len(result))
    return result[place]


def _gradients_of_twin(twin, inputs, place, upstream):
    """The gradients of the reference's weights and inputs by name; None where there is none."""
    leaves = {
        name: value.clone().requires_grad_() if value.is_floating_point() else value for name, value in inputs.items()
    }
    output = _one_of(twin(*leaves.values()), place, "the reference's output")
    ends = dict(twin.named_parameters()) | {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    values = torch.autograd.grad(output, list(ends.values()), upstream, allow_unused=True)
    return {name: value for name, value in zip(ends, values, strict=True) if value is not None}


def _gradients_of_student(submission, module, moved, inputs, place, what, upstream):
    """The output of the student's module, and the gradients of its weights and of the inputs by name, on the CPU."""
    leaves, given = {}, []
    for name, value in zip(inputs, moved, strict=True):
        if value.is_floating_point():
            leaves[name] = submission.put(value)
            leaves[name].requires_grad_()
            # Not the leaf itself: code may change its own inputs in place.
            value = submission.keep(leaves[name].clone)()
        given.append(value)
    module.zero_grad()
    output = _one_of(submission.keep(module)(*given), place, what)
    expect.true(
        output.requires_grad is True,
        f"{what} should carry gradients, but does not: something on the way cuts them off "
        "(`detach`, `.data`, `torch.no_grad`, a new tensor made of numbers).",
        "no gradient at all",
    )
    value = submission.get(output)
    expect.true(
        value.numel() == upstream.numel(),
        f"{what} should have {upstream.numel()} numbers, but has {value.numel()}.",
        tuple(value.shape),
    )
    output.backward(upstream.reshape(value.shape).to(value.device))
    found = submission.gradients(module) | {name: leaf.grad for name, leaf in leaves.items()}
    return value, {
        name: value.cpu() for name, value in found.items() if isinstance(value, torch.Tensor)
    }


def check_training_mode(module, inputs, what, place=None):
    """Training mode changes nothing, where the exercise asks for no dropout.

    That a module gives something else at each call, in evaluation mode as well, is another check's matter.

    Parameters
    ----------
    module : handle of the student's module
    inputs : tensors on the module's device
    what : str, what the output is
    place : int, which of several outputs to look at; None where there is one
    """
    settled, again = (_one_of(module.eval()(*inputs), place, what) for _ in range(2))
    trained = _one_of(module.train()(*inputs), place, what)
    module.eval()
    expect.type(settled, torch.Tensor, what)
    expect.type(trained, torch.Tensor, what)
    if not is_close(again, settled.cpu()):
        return
    alike = is_close(trained, settled.cpu())
    message = f"{what} should be the same in training mode and in evaluation mode, but is not. Is there a dropout?"
    expect.true(alike, message, "changed by training mode")


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


def check_meta(call, message, devices=list, errors=TWO_DEVICES):
    """A call that works on the meta device does not meet a tensor that was left on the CPU.

    Parameters
    ----------
    call : called without arguments
    message : str, for the student whose code mixes devices
    devices : gives after the call the names of the devices of what a stand-in was given, a list for each time
    errors : of which one is in what torch says where devices meet
    """
    said = ""
    try:
        call()
    except StudentError as error:
        said = error.message
    # What was left behind is known from what a stand-in was given, also where nobody could go on with it.
    given = list(devices())[:1]
    if given and set(given[0]) != {"meta"}:
        expect.true(False, f"{message} The model is given inputs on {given[0]}, while it is on `meta`.", given[0])
    mixed = any(some in said for some in errors)
    words = "What is made without a device, or kept from an earlier call, stays on the CPU."
    expect.true(not mixed, f"{message} {words} torch says: {said}", said)


def check_number(value, expected, what, hint=""):
    """A result that is one number, of Python, numpy or torch, not an array of one, is the expected one."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        expect.shape(value, (), what, "It is a single number.")
    expect.close(value, expected, what, hint)


def values(result, what, names):
    """The values of a result of several, which are named in the list `names`."""
    expect.type(result, (tuple, list), what)
    expect.equal(len(result), len(names), f"The number of values that {what} returns", f"Return {', '.join(names)}.")
    return result
