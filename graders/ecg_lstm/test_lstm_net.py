"""The checks of `LSTMNet`.

The LSTM is a stand-in that writes down how it is called, so that a mistake in the student's own costs nothing here.
"""

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
from graders.helpers import check_gradients, check_training_mode
from proctor.checks import expect

INPUTS, OUTPUTS = 5, 3
WHAT = f"`LSTMNet({INPUTS}, {OUTPUTS})`"
CALL = f"`LSTMNet({INPUTS}, {OUTPUTS})(x)`"


class RecordingLSTM(nn.Module):
    """Goes its steps as an LSTM, writes their inputs down, and tells steps, features and both states apart."""

    def __init__(self, num_inputs, num_hiddens):
        super().__init__()
        self.num_inputs, self.num_hiddens = num_inputs, num_hiddens
        size = num_inputs * num_hiddens
        self.W_xi = nn.Parameter(torch.sin(torch.arange(1.0, size + 1)).reshape(num_inputs, num_hiddens))
        self.steps = []

    def forward(self, inputs):
        hidden = cells = inputs.new_zeros(len(inputs), self.num_hiddens)
        outputs = []
        for step in range(inputs.shape[1]):
            hidden, cells = self.one_step(inputs[:, step], hidden, cells)
            outputs.append(hidden)
        return torch.stack(outputs, dim=1), (hidden, cells)

    # With the names that students know.
    def one_step(self, x, H, C):  # noqa: N803
        self.steps.append(x.detach().clone())
        cells = 0.8 * C + x @ self.W_xi + 0.1 * H
        return torch.tanh(cells), cells


@pytest.fixture
def weights(generator):
    """Weights for the stand-in and for the linear layers: {role: (last part of the name, tensor)}."""
    own = 0.4 * torch.randn(INPUTS, NUM_HIDDENS, generator=generator)
    return {"of the LSTM": ("W_xi", own), **linear_weights(OUTPUTS, generator)}


def make(submission, *arguments):
    """The student's model with the stand-in inside, and the stand-in."""
    submission.replace("LSTM", submission.send(RecordingLSTM))
    submission.seed(0)
    model = submission.LSTMNet(*arguments)
    parts = [part for part in model.modules()][1:]
    kinds = [part.type_name for part in parts]
    expect.true(
        kinds.count("RecordingLSTM") == 1,
        f"`LSTMNet({', '.join(map(str, arguments))})` should have one layer of the notebook's class `LSTM`, but has "
        f"{kinds.count('RecordingLSTM') or 'none'}.",
        kinds,
    )
    return model, parts[kinds.index("RecordingLSTM")]


@pytest.mark.points(0.25)
def test_layers(submission):
    """The model has an LSTM `lstm` with 128 hidden units and two linear layers in `linear`."""
    for arguments, inputs, outputs in (((INPUTS, OUTPUTS), INPUTS, OUTPUTS), ((), 17, 1)):
        model, lstm = make(submission, *arguments)
        what = f"`LSTMNet({', '.join(map(str, arguments))})`"
        check_child(model, "lstm", what)
        expect.equal(
            [lstm.num_inputs, lstm.num_hiddens], [inputs, NUM_HIDDENS], f"Inputs and hiddens of the LSTM in {what}"
        )
        check_linear(model, outputs, what)


@pytest.mark.points(0.125)
def test_input(submission, generator, device):
    """The LSTM goes once through the steps of x, as they are."""
    model, lstm = make(submission, INPUTS, OUTPUTS)
    x = torch.randn(3, 7, INPUTS, generator=generator)
    model.to(str(device)).eval()(x.to(device))
    steps = list(lstm.steps)
    expect.equal(len(steps), 7, f"The number of steps that {WHAT} has its LSTM go for a batch of 7 steps")
    what = "What the LSTM goes through"
    expect.close(torch.stack(steps, dim=1), x, what, "It is x: samples, then steps, then features.")


@pytest.mark.points(0.375)
def test_values(submission, weights, generator, device):
    """The last hidden state goes through the two linear layers with a ReLU between them, and no sigmoid after them."""
    model, _ = make(submission, INPUTS, OUTPUTS)
    put_weights(model, weights, WHAT, device)
    lstm = RecordingLSTM(INPUTS, NUM_HIDDENS)
    lstm.load_state_dict({"W_xi": weights["of the LSTM"][1]})
    hint = "An LSTM returns the outputs of all steps, and its last state, which is (H, C)."
    # As few as shows what is wrong at any length, then more than in the notebook.
    for steps in (7, 53):
        x = torch.randn(3, steps, INPUTS, generator=generator)
        _, (hidden, _) = lstm(x)
        expect.close(model(x.to(device)), classify(hidden.detach(), weights), f"{CALL} with {steps} steps", hint)
    check_single_is_plain(make(submission)[0].to(str(device)).eval(), "`LSTMNet()(x)`", device)


@pytest.mark.points(0.125)
def test_shape(submission, generator, device):
    """Every sample gets one row of outputs, also a single sample with a single step."""
    model, _ = make(submission, INPUTS, OUTPUTS)
    model.to(str(device)).eval()
    for samples, steps in ((7, 4), (1, 5), (2, 1)):
        x = torch.randn(samples, steps, INPUTS, generator=generator).to(device)
        out = model(x)
        expect.shape(out, (samples, OUTPUTS), f"{CALL} with x of shape {tuple(x.shape)}")
        expect.different(model(-x), out, f"{CALL} for some inputs and for others")
    check_single_output(make(submission)[0].to(str(device)).eval(), "`LSTMNet()(x)`", device)


@pytest.mark.points(0.125)
def test_gradients(submission, reference, weights, generator, device, monkeypatch):
    """Every weight, the LSTM's and the inputs learn from the outputs, and training mode changes nothing."""
    model, _ = make(submission, INPUTS, OUTPUTS)
    put_weights(model, weights, WHAT, device)
    monkeypatch.setattr(reference, "LSTM", RecordingLSTM)
    twin = twin_of(reference.LSTMNet(INPUTS, OUTPUTS), model, weights)
    x = torch.randn(7, 4, INPUTS, generator=generator)
    check_training_mode(model, [x.to(device)], CALL)
    check_gradients(submission, model, twin, {"x": x}, CALL, generator, device)
