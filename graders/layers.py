"""A student's layers: weights put into them, those mended that an earlier check has charged already, and dropout."""

import torch
from scipy.stats import binom

from proctor.checks import expect
from proctor.checks.submission import StudentError

# What torch's layers are made with, but for the bias.
ARGUMENTS = {
    "Conv1d": ("in_channels", "out_channels", "kernel_size", "stride", "padding"),
    "Conv2d": ("in_channels", "out_channels", "kernel_size", "stride", "padding"),
    "Linear": ("in_features", "out_features"),
    "GRU": ("input_size", "hidden_size", "num_layers", "batch_first", "bidirectional"),
    "LayerNorm": ("normalized_shape", "eps"),
    "LSTM": ("input_size", "hidden_size", "num_layers", "batch_first", "bidirectional"),
}


def load_what_fits(module, weights):
    """Load weights into the student's module: by name, or into a layer of another name and the same shapes.

    Parameters
    ----------
    module : handle of the student's module
    weights : {name: tensor}

    Returns
    -------
    own : {name: the parameter's name in the student's module}, of the weights that were loaded
    """
    state = module.state_dict()
    expect.type(state, dict, "What `state_dict()` gives")
    shapes = {name: tuple(value.shape) for name, value in state.items() if isinstance(value, torch.Tensor)}
    own = {name: name for name, value in weights.items() if shapes.get(name) == tuple(value.shape)}
    for name, value in weights.items():
        layer, _, rest = name.partition(".")
        others = [
            other
            for other, shape in shapes.items()
            if other not in weights and other not in own.values()
            if shape == tuple(value.shape) and other.partition(".")[2] == rest
        ]
        if name not in shapes and others:
            own[name] = others[0]
    module.load_state_dict({other: weights[name] for name, other in own.items()}, strict=False)
    return own


def mend(submission, module, twin, make, inputs, device):
    """Builds the layers of the student's module anew that are built otherwise than the twin's.

    They stay as they were where the student's code ran before and cannot take them.

    Parameters
    ----------
    submission, module, twin, make, inputs, device : as `graders.helpers.build` has them
    """
    ran = runs(module.eval(), inputs, device)
    old = _rebuild(submission, module, twin, make)
    module.to(str(device)).eval()
    if ran and not runs(module, inputs, device):
        for layer, own in old.items():
            setattr(module, layer, own)


def _rebuild(submission, module, twin, make):
    """Builds layers anew; gives {layer: handle to what stood in its place}."""
    old = {}
    for name, layer in twin.named_children():
        kind = type(layer).__name__
        try:
            own = getattr(module, name)
        except StudentError:
            continue
        if name in make:
            old[name] = own
            setattr(module, name, make[name]())
        elif kind in ARGUMENTS:
            wanted = {argument: getattr(layer, argument) for argument in ARGUMENTS[kind]}
            bias = _has_bias(layer)
            if not _is_made(own, kind, wanted, bias):
                old[name] = own
                setattr(module, name, submission.library(f"torch.nn.{kind}")(**wanted, bias=bias))
    return old


def runs(module, inputs, device):
    """Whether a student's module takes these inputs, tensors on the CPU."""
    try:
        module(*(value.to(device) for value in inputs))
    except StudentError:
        return False
    return True


def _has_bias(layer):
    """Whether a layer has a bias: recurrent ones say so by a bool, others have the bias itself, or None."""
    return layer.bias is not None and layer.bias is not False


def _is_made(own, kind, wanted, bias):
    """Whether a student's layer is of a kind, and made with these arguments."""
    if getattr(own, "type_name", None) != kind:
        return False
    try:
        made = all(getattr(own, argument) == value for argument, value in wanted.items())
        return made and _has_bias(own) == bias
    except StudentError:
        return False


def settles(submission, name, arguments, inputs, device):
    """Whether a student's module gives the same at each pass in evaluation mode, so that no dropout is at work.

    That its code stops, or changes what it is given, is another check's matter.

    Parameters
    ----------
    submission : the submission
    name : str, the module's class
    arguments : what the class is called with
    inputs : tensors on the CPU
    device : torch.device
    """
    submission.seed(0)
    module = getattr(submission, name)(*arguments).to(str(device)).eval()
    try:
        results = [module(*(value.to(device, copy=True) for value in inputs)) for _ in range(2)]
    except StudentError:
        return True
    first, second = (one[0] if isinstance(one, (tuple, list)) and one else one for one in results)
    tensors = isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor) and first.shape == second.shape
    return not tensors or torch.allclose(first, second, rtol=1e-4, atol=1e-5, equal_nan=True)


def check_settles(submission, name, arguments, inputs, device):
    """Nothing drops out in evaluation mode. The other checks do without a dropout where something does."""
    message = (
        f"In evaluation mode nothing should drop out, but two passes of `{name}` over the same inputs differ. "
        "`nn.functional.dropout` drops in either mode, unless it is told `training=self.training`; an `nn.Dropout` "
        "knows the mode by itself."
    )
    settled = settles(submission, name, arguments, inputs, device)
    expect.true(settled, message, "at work in evaluation mode")


def does_as(module, twin, inputs, device):
    """Whether a student's module gives what the reference gives, as far as floats can tell.

    Parameters
    ----------
    module : handle of the student's module, in evaluation mode on the device
    twin : nn.Module, on the CPU
    inputs : tensors on the CPU
    device : torch.device
    """
    try:
        found = module(*(value.to(device) for value in inputs))
    except StudentError:
        return False
    wanted = twin(*inputs)
    if isinstance(wanted, torch.Tensor):
        found, wanted = [found], [wanted]
    return isinstance(found, (tuple, list)) and all(map(is_close, found, wanted))


def fit(value, shape):
    """A tensor in the shape that is due, where it has axes of length one too many or too few, which others charge.

    Parameters
    ----------
    value : what student code gave
    shape : tuple of int

    Returns
    -------
    value : reshaped, or as it was
    """
    if not isinstance(value, torch.Tensor):
        return value
    longer = [tuple(size for size in sizes if size != 1) for sizes in (value.shape, shape)]
    return value.reshape(shape) if longer[0] == longer[1] else value


def is_close(value, expected):
    """Whether a student's value is a tensor as expected, by the tolerances of `expect.close`."""
    if not isinstance(value, torch.Tensor) or value.shape != expected.shape or value.is_complex():
        return False
    value, expected = value.cpu().double(), expected.detach().double()
    return torch.equal(value, expected) or torch.allclose(value, expected, rtol=1e-4, atol=1e-5)


def check_dropout_rate(trained, settled, rate, what, hint=""):
    """Dropout sets the given share of numbers to zero, and scales up the others.

    Parameters
    ----------
    trained : (samples, numbers) tensor, in training mode
    settled : tensor of the same shape, in evaluation mode; numbers that are zero there say nothing
    rate : float, the share that is to drop
    what : str, what is dropped from
    hint : str
    """
    expect.shape(trained, settled.shape, f"{what} in training mode")
    trained, settled = trained.cpu().double(), settled.cpu().double()
    alive = settled.abs() > 1e-3
    count, dropped = int(alive.sum()), int((trained[alive] == 0).sum())
    expect.true(count >= 700, f"{what} should be far from zero in most places, but is so in {count} only.", count)
    # Right code strays out of this interval once in 1e10 draws.
    low, high = binom.interval(1 - 1e-10, count, rate)
    found = f"about {rate:.0%} of {what} to zero, but sets {dropped / count:.0%}"
    expect.true(
        low <= dropped <= high,
        f"In training mode, dropout should set {found}. {hint}".strip(),
        round(dropped / count, 2),
    )
    gone = alive & (trained == 0)
    for axis, name in ((1, "whole samples"), (0, "the same places in all samples")):
        mixed = (gone.any(axis) & (alive & ~gone).any(axis)).any()
        expect.true(
            bool(mixed),
            f"In training mode, each number of {what} should drop on its own, but {name} drop together. {hint}".strip(),
            name,
        )
    kept = alive & (trained != 0)
    scaled = settled[kept] / (1 - rate)
    expect.close(trained[kept], scaled, f"What dropout leaves of {what}, against {1 / (1 - rate):.4g} times its value,")
