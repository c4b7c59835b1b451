"""The checks of `ConvNet`."""

import pytest
import torch

from graders.ecg_lstm.helpers import (
    FAR_BELOW_ZERO,
    check_child,
    check_single_is_plain,
    check_single_output,
    find_parameters,
    put_weights,
    twin_of,
)
from graders.helpers import check_gradients, check_training_mode
from proctor.checks import expect
from proctor.checks.submission import StudentError

INPUTS, OUTPUTS = 5, 3
WHAT = f"`ConvNet({INPUTS}, {OUTPUTS})`"
CALL = f"`ConvNet({INPUTS}, {OUTPUTS})(x)`"

# What three convolutions of 3 steps see, with the steps halved after the first and after the second.
WINDOW, STRIDE = 18, 4
# After each convolution an odd number of steps, of which a pooling leaves one out.
LONGEST = 41


@pytest.fixture
def weights(generator):
    """Random weights, about as large as torch's own: {role: (last part of the name, tensor)}."""
    shapes = {
        "the first convolution's": (32, INPUTS, 3),
        "the second convolution's": (64, 32, 3),
        "the third convolution's": (128, 64, 3),
        "the linear layer's": (OUTPUTS, 128),
    }
    drawn = {}
    for owner, shape in shapes.items():
        drawn[f"{owner} weight"] = ("weight", torch.randn(shape, generator=generator) / shape[1] ** 0.5)
        drawn[f"{owner} bias"] = ("bias", 0.3 * torch.randn(shape[0], generator=generator))
    drawn["the linear layer's bias"][1][0] = FAR_BELOW_ZERO
    return drawn


@pytest.fixture
def expected(reference, weights):
    """The reference network with these weights: `expected(x)`."""
    net = reference.ConvNet(INPUTS, OUTPUTS).eval()
    shapes = {tuple(weight.shape): weight for _, weight in weights.values()}
    net.load_state_dict({name: shapes[tuple(value.shape)] for name, value in net.state_dict().items()})
    return lambda x: net(x).detach()


def make(submission):
    """The student's network, as it starts."""
    submission.seed(0)
    return submission.ConvNet(INPUTS, OUTPUTS)


@pytest.mark.points(0.25)
def test_layers(submission, weights):
    """There are three convolutions over 3 steps, to 32, 64 and 128 channels, and a linear layer, in `net`."""
    net = make(submission)
    find_parameters(net, weights, WHAT)
    check_child(net, "net", WHAT)


@pytest.mark.points(0.125)
def test_shape(submission, generator, device):
    """Every sample gets one row of outputs, however many steps it has, and also when it is alone."""
    net = make(submission).to(str(device)).eval()
    for samples, steps in ((7, 40), (2, 53), (1, 40)):
        x = torch.randn(samples, steps, INPUTS, generator=generator).to(device)
        out = net(x)
        expect.shape(out, (samples, OUTPUTS), f"{CALL} with x of shape {tuple(x.shape)}")
        expect.different(net(-x), out, f"{CALL} for some inputs and for others")
    check_single_output(submission.ConvNet(17).to(str(device)).eval(), "`ConvNet(17)(x)`", device)


@pytest.mark.points(0.25)
def test_receptive_field(submission, generator, device):
    """The last convolution sees 18 steps at a time, and moves on by 4."""
    net = make(submission).eval()
    # With positive weights alone no ReLU ever cuts off: what is left is which steps count, and how much.
    state = net.state_dict()
    expect.type(state, dict, f"{WHAT}.state_dict()")
    ones = {
        name: torch.ones_like(value) / value[0].numel() if value.dim() > 1 else torch.zeros_like(value)
        for name, value in state.items()
    }
    net.load_state_dict(ones)
    net.to(str(device))
    net(torch.rand(1, LONGEST, INPUTS, generator=generator).to(device))  # what is wrong at any length shows here
    shortest = next(steps for steps in range(1, LONGEST + 1) if accepts(net, steps, device))
    # Networks that begin at the same number differ in how much they make of each step.
    expect.true(
        shortest == WINDOW,
        f"The smallest number of steps that {WHAT} works with should be {WINDOW}, not {shortest}. "
        "Is there an average pooling of 2 after the first and after the second convolution, and no padding?",
        None if shortest == WINDOW else influence(submission, net, LONGEST, generator, device),
    )
    for steps in (WINDOW, WINDOW + STRIDE + 1):
        shares = influence(submission, net, steps, generator, device)
        expect.close(
            shares,
            expected_influence(steps),
            f"With {steps} steps and all weights alike, each step's share in the output",
            "Compare the order and the sizes of your layers with the text.",
        )


def accepts(net, steps, device):
    """The network gives an answer for so few steps; torch refuses where a layer has nothing to work on."""
    try:
        net(torch.ones(1, steps, INPUTS, device=device))
    except StudentError as error:
        if error.type_name != "RuntimeError":
            raise
        return False
    return True


def influence(submission, net, steps, generator, device):
    """How much of the first output each step makes up, (steps,), by going backward from it."""
    x = submission.put(torch.rand(1, steps, INPUTS, generator=generator).to(device))
    x.requires_grad_()
    output = submission.keep(net)(x)
    expect.true(
        output.type_name == "Tensor" and output.requires_grad is True,
        f"{CALL} should carry gradients, but does not.",
        output.type_name,
    )
    submission.keep(output.sum)().backward()
    gradient = x.grad
    expect.type(gradient, torch.Tensor, f"The gradient of x from {CALL}")
    amounts = gradient.cpu().sum(dim=(0, 2))
    return amounts / amounts.sum()


def expected_influence(steps):
    """The share of each step: convolutions of equal weights and poolings, followed backward."""
    x = torch.zeros(1, 1, steps, requires_grad=True)
    kernel = torch.ones(1, 1, 3)
    hidden = x
    for pooled in (True, True, False):
        hidden = torch.nn.functional.conv1d(hidden, kernel)
        hidden = torch.nn.functional.avg_pool1d(hidden, 2) if pooled else hidden
    hidden.mean().backward()
    return x.grad[0, 0] / x.grad.sum()


@pytest.mark.points(0.25)
def test_values(submission, weights, expected, generator, device):
    """The output is that of the architecture in the text, without a sigmoid at its end."""
    net = make(submission)
    put_weights(net, weights, WHAT, device)
    for steps in (40, 37):
        x = torch.randn(5, steps, INPUTS, generator=generator)
        expect.close(
            net(x.to(device)),
            expected(x),
            f"{CALL} with {steps} steps",
            "Each convolution is followed by a ReLU, and only then by its pooling.",
        )
    check_single_is_plain(submission.ConvNet(17).to(str(device)).eval(), "`ConvNet(17)(x)`", device)


@pytest.mark.points(0.125)
def test_gradients(submission, reference, weights, generator, device):
    """Every weight and the inputs learn from the outputs, and training mode changes nothing."""
    net = make(submission)
    put_weights(net, weights, WHAT, device)
    twin = twin_of(reference.ConvNet(INPUTS, OUTPUTS), net, weights)
    x = torch.randn(5, 37, INPUTS, generator=generator)
    check_training_mode(net, [x.to(device)], CALL)
    check_gradients(submission, net, twin, {"x": x}, CALL, generator, device)
