"""The checks of `TorchLSTMNet`."""

import pytest
import torch
from torch import nn

from graders.ecg_lstm.helpers import (
    NUM_HIDDENS,
    check_child,
    check_linear,
    check_single_is_plain,
    check_single_output,
    classify,
    linear_weights,
    put_weights,
    twin_of,
)
from graders.helpers import check_device, check_gradients, check_training_mode
from proctor.checks import expect

INPUTS, OUTPUTS = 5, 3
WHAT = f"`TorchLSTMNet({INPUTS}, {OUTPUTS})`"
CALL = f"`TorchLSTMNet({INPUTS}, {OUTPUTS})(x)`"
PARTS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


@pytest.fixture
def lstm(generator):
    """The LSTM that is to be in the model, with weights under which its gates are neither closed nor open."""
    lstm = nn.LSTM(INPUTS, NUM_HIDDENS, batch_first=True)
    scales = dict(zip(PARTS, (0.6, 0.15, 0.5, 0.5), strict=True))
    lstm.load_state_dict(
        {
            name: scales[name] * torch.randn(value.shape, generator=generator)
            for name, value in lstm.state_dict().items()
        }
    )
    return lstm


@pytest.fixture
def weights(lstm, generator):
    """Weights for the whole model: {role: (last part of the name, tensor)}."""
    own = {f"the LSTM's {name}": (name, value) for name, value in lstm.state_dict().items()}
    return {**own, **linear_weights(OUTPUTS, generator)}


def make(submission, *arguments):
    """The student's model, as it starts."""
    submission.seed(0)
    return submission.TorchLSTMNet(*arguments)


@pytest.mark.points(0.25)
def test_layers(submission):
    """The model has PyTorch's LSTM `lstm`, one layer of 128 hidden units, and two linear layers in `linear`."""
    for arguments, inputs, outputs in (((INPUTS, OUTPUTS), INPUTS, OUTPUTS), ((), 17, 1)):
        model = make(submission, *arguments)
        what = f"`TorchLSTMNet({', '.join(map(str, arguments))})`"
        check_child(model, "lstm", what)
        shapes = {name: tuple(value.shape) for name, value in model.lstm.state_dict().items()}
        expect.true(
            set(PARTS) <= set(shapes),
            f"`lstm` of {what} should be a `torch.nn.LSTM`, but has the parameters {sorted(shapes)}.",
            sorted(shapes),
        )
        found = [shapes["weight_ih_l0"][1], shapes["weight_hh_l0"][1], shapes["weight_hh_l0"][0]]
        expect.equal(
            found,
            [inputs, NUM_HIDDENS, 4 * NUM_HIDDENS],
            f"Inputs, hiddens and rows of four gates of `lstm` in {what}",
        )
        extra = sorted(set(shapes) - set(PARTS))
        expect.true(
            not extra,
            f"`lstm` of {what} should have one layer in one direction, but also has the parameters {extra}.",
            extra,
        )
        check_linear(model, outputs, what)


@pytest.mark.points(0.375)
def test_values(submission, weights, lstm, generator, device):
    """The last hidden state goes through the two linear layers with a ReLU between them, and no sigmoid after them."""
    model = make(submission, INPUTS, OUTPUTS)
    put_weights(model, weights, WHAT, device)
    hint = "Which axis of x does the LSTM take for the samples, and which part of what it returns do you use?"
    # As many steps as samples: who takes one for the other is told so by the values. Then more than in the notebook.
    for samples, steps in ((7, 7), (3, 53)):
        x = torch.randn(samples, steps, INPUTS, generator=generator)
        _, (hidden, _) = lstm(x)
        expect.close(model(x.to(device)), classify(hidden[0].detach(), weights), f"{CALL} with {steps} steps", hint)
    check_single_is_plain(make(submission).to(str(device)).eval(), "`TorchLSTMNet()(x)`", device)


@pytest.mark.points(0.125)
def test_samples(submission, generator, device):
    """Every sample gets a row of outputs that depends on it alone."""
    model = make(submission, INPUTS, OUTPUTS).to(str(device)).eval()
    x = torch.randn(7, 4, INPUTS, generator=generator).to(device)
    together = model(x)
    expect.shape(together, (7, OUTPUTS), f"{CALL} with x of shape {tuple(x.shape)}")
    expect.different(together[0], together[1], f"The outputs of {WHAT} for two samples")
    hint = "Each call starts from a state of zero: what the last one left is of other samples."
    expect.close(model(x), together.cpu(), f"{CALL} for the same x again", hint)
    alone = model(x[2:3])
    what = f"{CALL} for one of seven samples alone"
    expect.shape(alone, (1, OUTPUTS), what, "`squeeze()` without an axis removes every axis of length one.")
    expect.close(alone, together[2:3].cpu(), what, "A sample's output must not depend on the other samples.")
    check_single_output(make(submission).to(str(device)).eval(), "`TorchLSTMNet()(x)`", device)


@pytest.mark.points(0.125)
def test_gradients(submission, reference, weights, generator, device):
    """Every weight, the LSTM's and the inputs learn from the outputs, and training mode changes nothing."""
    model = make(submission, INPUTS, OUTPUTS)
    put_weights(model, weights, WHAT, device)
    twin = twin_of(reference.TorchLSTMNet(INPUTS, OUTPUTS), model, weights)
    x = torch.randn(7, 4, INPUTS, generator=generator)
    check_training_mode(model, [x.to(device)], CALL)
    check_gradients(submission, model, twin, {"x": x}, CALL, generator, device)


@pytest.mark.points(0.125)
def test_device(submission, generator):
    """The model works on the device of its inputs."""
    model = make(submission, INPUTS, OUTPUTS).eval()
    x = torch.randn(3, 2, INPUTS, generator=generator)
    expect.different(model(-x), model(x), f"{CALL} for some inputs and for others")
    message = (
        f"{CALL} should work on the device of x, but mixes devices, and so fails on a GPU. "
        "Make new tensors with `device=x.device`; an LSTM starts from zero by itself."
    )
    check_device(model, model, [x], message)
