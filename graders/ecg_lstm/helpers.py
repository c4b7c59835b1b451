"""What several exercises' checks share: the sizes of the assignment, weights put in by their shape, the last layers."""

import torch
from torch import nn

from graders.carried import Twin
from proctor.checks import expect

NUM_HIDDENS = 128

# A bias that keeps an output negative for every sample, so that a ReLU after the last layer always shows.
FAR_BELOW_ZERO = -8.0

LINEAR_ROLES = (
    "the first linear layer's weight",
    "the first linear layer's bias",
    "the last linear layer's weight",
    "the last linear layer's bias",
)


def _kind(name, value):
    """What a parameter is known by: the last part of its name, and its shape."""
    return name.rpartition(".")[2], tuple(value.shape)


def find_parameters(module, weights, what):
    """The student's names of the parameters that `weights` stand for, whatever the layers are called.

    Parameters
    ----------
    module : handle of the student's module
    weights : {role in words: (last part of the name, tensor)}, no two of the same part and shape
    what : str, what the module is, such as "`ConvNet(5, 3)`"

    Returns
    -------
    names : {role: name in the student's module}
    """
    state = module.state_dict()
    expect.type(state, dict, f"{what}.state_dict()")
    normed = any(name.endswith("running_mean") for name in state)
    message = f"{what} should have no batch normalization: the text asks for none."
    expect.true(not normed, message, "batch normalization")
    kinds = {name: _kind(name, value) for name, value in state.items()}
    shapes = {name: shape for name, (_, shape) in kinds.items()}
    listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "none at all"
    names = {}
    for role, (part, weight) in weights.items():
        wanted = (part, tuple(weight.shape))
        found = [name for name, kind in kinds.items() if kind == wanted]
        expect.true(
            len(found) == 1,
            f"{what} should have one `{part}` of shape {wanted[1]}, {role}, but has "
            f"{len(found) or 'none'}. Its parameters are: {listed}.",
            shapes,
        )
        names[role] = found[0]
    extra = sorted(set(shapes) - set(names.values()))
    expect.true(not extra, f"{what} should have no parameters beyond those in the text, but also has {extra}.", shapes)
    return names


def put_weights(module, weights, what, device):
    """The student's module in evaluation mode on the device, with weights put in by `find_parameters`.

    Returns
    -------
    names : {role: name in the student's module}
    """
    names = find_parameters(module, weights, what)
    module.load_state_dict({name: weights[role][1] for role, name in names.items()})
    module.to(str(device)).eval()
    return names


def linear_weights(outputs, generator):
    """Random weights for the two linear layers on top of an LSTM: {role: (last part of the name, tensor)}."""
    sizes = (("weight", NUM_HIDDENS, NUM_HIDDENS), ("bias", NUM_HIDDENS), ("weight", outputs, NUM_HIDDENS))
    drawn = [(part, 0.15 * torch.randn(*shape, generator=generator)) for part, *shape in (*sizes, ("bias", outputs))]
    drawn[-1][1][0] = FAR_BELOW_ZERO
    return dict(zip(LINEAR_ROLES, drawn, strict=True))


def classify(hiddens, weights):
    """The two linear layers with a ReLU between them, on hidden states of shape (samples, 128)."""
    first, first_bias, last, last_bias = (weights[role][1] for role in LINEAR_ROLES)
    return nn.functional.linear(torch.relu(nn.functional.linear(hiddens, first, first_bias)), last, last_bias)


def check_linear(model, outputs, what):
    """The model's `linear` has two linear layers, from 128 units to 128 and to the outputs.

    Parameters
    ----------
    model : handle of the student's model
    outputs : int, the size of its output
    what : str, what the model is, such as "`LSTMNet(5, 3)`"
    """
    generator = torch.Generator().manual_seed(0)
    check_child(model, "linear", what)
    find_parameters(model.linear, linear_weights(outputs, generator), f"`linear` of {what}")


def check_child(model, name, what):
    """The model has a layer of that name."""
    state = model.state_dict()
    expect.type(state, dict, f"{what}.state_dict()")
    layers = sorted({key.partition(".")[0] for key in state})
    expect.true(
        name in layers,
        f"{what} should have a layer `self.{name}`, but its layers with parameters are {layers or 'none'}.",
        layers,
    )


def check_single_output(net, what, device):
    """A network with one output, as it is by default, gives a row of one number for each sample."""
    for samples in (3, 1):
        out = net(torch.ones(samples, 40, 17, device=device))
        hint = "A single output has its column, too, which `squeeze` drops."
        expect.shape(out, (samples, 1), f"{what} of {samples} samples", hint)


def check_single_is_plain(net, what, device):
    """Nothing follows the last layer where there is one output either: its bias moves the output by as much."""
    x = torch.ones(3, 40, 17, device=device)
    before, state = net(x), net.state_dict()
    for by in (-100.0, 100.0):
        net.load_state_dict({name: value + by * (tuple(value.shape) == (1,)) for name, value in state.items()})
        expect.close(
            net(x),
            before.cpu() + by,
            f"{what}, with one output and {by:g} more in the bias of the last layer",
            "For one output as for several, the last linear layer comes last: no sigmoid after it.",
            atol=1e-3,
        )


def twin_of(net, module, weights):
    """The reference's net with weights put in by their shape, under the names that the student's module has for them.

    Parameters
    ----------
    net : nn.Module, the reference's
    module : handle of the student's module
    weights : {role: (last part of the name, tensor)}, no two of the same part and shape
    """
    drawn = dict((_kind(part, weight), weight) for part, weight in weights.values())
    net.load_state_dict({name: drawn[_kind(name, value)] for name, value in net.state_dict().items()})
    return Twin(net, {name: tuple(value.shape) for name, value in module.state_dict().items()})
