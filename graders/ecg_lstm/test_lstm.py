"""The checks of `LSTM`, against `torch.nn.LSTM` with the same weights."""

import pytest
import torch
from torch import nn

from graders.helpers import check_device
from proctor.checks import expect
from proctor.checks.constraints import BuiltIn

INPUTS, HIDDENS = 5, 7
LAYER = f"`LSTM({INPUTS}, {HIDDENS})`"
CALL = f"`LSTM({INPUTS}, {HIDDENS})(inputs)`"

# The gates in the order in which torch.nn.LSTM stacks their weights.
GATES = "ifco"

BUILT_IN = BuiltIn(
    frozenset({"LSTM", "LSTMCell", "GRU", "GRUCell", "RNNBase", "lstm", "lstm_cell"}), ("lstm", "gru", "rnn")
)


@pytest.fixture
def weights(generator):
    """Weights under which the gates are neither closed nor open: {name: tensor}."""
    shapes = {"W_x": (INPUTS, HIDDENS), "W_h": (HIDDENS, HIDDENS), "b_": (HIDDENS,)}
    return {
        f"{kind}{gate}": 0.8 * torch.randn(shape, generator=generator)
        for gate in GATES
        for kind, shape in shapes.items()
    }


@pytest.fixture
def expected(weights):
    """`torch.nn.LSTM` with these weights, its second bias zero."""
    lstm = nn.LSTM(INPUTS, HIDDENS, batch_first=True)
    stacked = {
        "weight_ih_l0": torch.cat([weights[f"W_x{gate}"].T for gate in GATES]),
        "weight_hh_l0": torch.cat([weights[f"W_h{gate}"].T for gate in GATES]),
        "bias_ih_l0": torch.cat([weights[f"b_{gate}"] for gate in GATES]),
        "bias_hh_l0": torch.zeros(4 * HIDDENS),
    }
    lstm.load_state_dict(stacked)
    return lstm


def make(submission):
    """The student's LSTM, as it starts."""
    submission.seed(0)
    return submission.LSTM(INPUTS, HIDDENS)


def check_parameters(lstm, weights):
    """The LSTM has the parameters of `weights`, by name and shape."""
    state = lstm.state_dict()
    expect.type(state, dict, f"{LAYER}.state_dict()")
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    missing = sorted(set(weights) - set(shapes))
    expect.true(
        not missing,
        f"{LAYER} should have the parameters {missing}, but has {sorted(shapes) or 'none at all'}. "
        "Each gate has a `triple()` of its own, kept under the names in the text as it comes.",
        sorted(shapes),
    )
    for name, weight in weights.items():
        expect.shape(state[name], weight.shape, f"`{name}` of {LAYER}")


def prepare(submission, weights, device):
    """The student's LSTM with the given weights, where it is their own."""
    lstm = make(submission)
    check_parameters(lstm, weights)
    expect.from_scratch(submission, "LSTM", BUILT_IN)
    lstm.load_state_dict(weights, strict=False)
    return lstm.to(str(device)).eval()


def outputs_of(lstm, inputs, device):
    """The outputs that the student's LSTM returns; what it returns beside them has a check of its own."""
    result = lstm(inputs.to(device))
    outputs = result[0] if isinstance(result, (tuple, list)) and len(result) else result
    check_shape(outputs, inputs)
    return outputs


def check_shape(outputs, inputs):
    """The outputs are (samples, steps, hidden units)."""
    what = f"`outputs` for inputs of shape {tuple(inputs.shape)}"
    expect.shape(outputs, (*inputs.shape[:2], HIDDENS), what, "The samples come first, then the steps.")


def draw(*shape, generator):
    """Normal numbers."""
    return torch.randn(*shape, generator=generator)


@pytest.mark.points(0.5)
def test_parameters(submission, weights):
    """Each of the four gates has two weight matrices and a bias, which can be trained."""
    lstm = make(submission)
    check_parameters(lstm, weights)
    start = {name: value for name, value in lstm.state_dict().items() if name.startswith("W_")}
    same = [[a, b] for a in start for b in start if a < b and torch.equal(start[a], start[b])]
    expect.true(
        not same,
        f"Each gate of {LAYER} should start with random weights of its own, but these are the same: {same}.",
        same,
    )
    fixed = sorted(set(weights) - set(submission.gradients(lstm)))
    expect.true(not fixed, f"{fixed} of {LAYER} should be an `nn.Parameter` each, to be trained, but are not.", fixed)


@pytest.mark.points(0.5)
def test_shapes(submission, generator, device):
    """The outputs have one hidden state for each sample and each step, also for a single one."""
    lstm = make(submission).to(str(device)).eval()
    for samples, steps in ((3, 11), (1, 2), (2, 1)):
        outputs = outputs_of(lstm, draw(samples, steps, INPUTS, generator=generator), device)
        expect.dtype(outputs, torch.float, f"`outputs` for inputs of shape {(samples, steps, INPUTS)}")


@pytest.mark.points(0.5)
def test_first_step(submission, weights, expected, generator, device):
    """The first step starts from a hidden state and a cell state of zero."""
    inputs = draw(3, 1, INPUTS, generator=generator)
    outputs = outputs_of(prepare(submission, weights, device), inputs, device)
    hint = "Look at the activation of each gate, and at what each is multiplied with."
    expect.close(outputs, expected(inputs)[0], "`outputs` of a single step", hint)


@pytest.mark.points(1)
def test_outputs(submission, weights, expected, generator, device):
    """Over many steps, the outputs are those of an LSTM."""
    inputs = draw(3, 11, INPUTS, generator=generator)
    outputs = outputs_of(prepare(submission, weights, device), inputs, device)
    hint = "Each step goes on from the H and C of the step before."
    expect.close(outputs, expected(inputs)[0], "`outputs` of 11 steps", hint)


@pytest.mark.points(0.5)
def test_state(submission, weights, expected, generator, device):
    """Beside the outputs comes the state after the last step, (H, C), through which errors flow."""
    lstm = prepare(submission, weights, device)
    for samples, steps in ((3, 11), (1, 1)):
        inputs = draw(samples, steps, INPUTS, generator=generator)
        result = submission.keep(lstm)(inputs.to(device))
        expect.type(result, (tuple, list), CALL)
        expect.equal(len(result), 2, f"The number of values that {CALL} returns", "Return outputs and (H, C).")
        expect.true(
            result[1].type_name in ("tuple", "list"),
            f"The second value that {CALL} returns should be the tuple (H, C), but is a {result[1].type_name}.",
            result[1].type_name,
        )
        state = list(submission.keep(submission.library("builtins.list"))(result[1]))
        expect.equal(len(state), 2, f"The number of tensors in the state that {CALL} returns", "It is (H, C).")
        _, wanted = expected(inputs)
        for name, part, value in zip("HC", state, wanted, strict=True):
            what = f"The returned {name}, with inputs of shape {tuple(inputs.shape)},"
            expect.close(submission.get(part), value[0], what, "It is that of the last step only.")
            expect.true(
                part.requires_grad is True,
                f"{what} should carry gradients, but does not: something on the way cuts them off.",
                name,
            )


@pytest.mark.points(0.75)
def test_gradients(submission, weights, expected, generator, device):
    """Errors of the outputs reach every weight and every input, back through all steps."""
    lstm = prepare(submission, weights, device)
    drawn = draw(3, 11, INPUTS, generator=generator)
    cotangent = draw(3, 11, HIDDENS, generator=generator)
    inputs = submission.put(drawn.to(device))
    inputs.requires_grad_()
    outputs = submission.keep(lstm)(inputs)
    outputs = outputs[0] if isinstance(outputs, list) and outputs else outputs
    check_shape(submission.get(outputs), drawn)
    expect.true(
        outputs.requires_grad is True,
        "`outputs` should carry gradients, but does not: something on the way cuts them off "
        "(`detach`, `.data`, `torch.no_grad`, a new tensor made of numbers).",
        "no gradient at all",
    )
    outputs.backward(cotangent.to(device))

    leaf = drawn.clone().requires_grad_()
    expected(leaf)[0].backward(cotangent)
    kinds = {"W_x": expected.weight_ih_l0, "W_h": expected.weight_hh_l0, "b_": expected.bias_ih_l0}
    wanted = {
        f"{kind}{gate}": part.T if part.dim() == 2 else part
        for kind, stacked in kinds.items()
        for gate, part in zip(GATES, stacked.grad.chunk(4), strict=True)
    }
    gradients = submission.gradients(lstm)
    without = sorted(name for name in wanted if gradients.get(name) is None)
    expect.true(not without, f"Every weight should get a gradient from the outputs, but {without} got none.", without)
    hint = "The gradient flows back through the H and the C of every step."
    for name, value in wanted.items():
        expect.close(gradients[name], value, f"The gradient of `{name}` after 11 steps", hint)
    given = inputs.grad
    expect.type(given, torch.Tensor, "The gradient of the inputs")
    expect.close(given, leaf.grad, "The gradient of the inputs", hint)


@pytest.mark.points(0.5)
def test_calls_and_samples_apart(submission, weights, generator, device):
    """Each call starts anew, and each sample goes its own way."""
    lstm = prepare(submission, weights, device)
    inputs = draw(5, 4, INPUTS, generator=generator)
    first = outputs_of(lstm, inputs, device)
    expect.different(first[0], first[1], "The `outputs` of two samples")
    again = outputs_of(lstm, inputs, device)
    expect.close(again, first.cpu(), "`outputs` of a second call with the same inputs", "Each call starts from zero.")
    alone = outputs_of(lstm, inputs[2:4], device)
    hint = "What a sample gets must not depend on the other samples."
    expect.close(alone, first[2:4].cpu(), "`outputs` of two of five samples, in a batch of their own,", hint)


@pytest.mark.points(0.25)
def test_from_scratch(submission):
    """The LSTM is written from scratch."""
    make(submission)
    expect.from_scratch(submission, "LSTM", BUILT_IN)


@pytest.mark.points(0.5)
def test_device(submission, generator):
    """The LSTM works on the device of its inputs."""
    lstm = make(submission).eval()
    message = (
        f"{CALL} should work on the device of the inputs, but mixes devices, and so fails on a GPU. "
        "Make new tensors with `device=inputs.device`."
    )
    check_device(lstm, lstm, [draw(3, 2, INPUTS, generator=generator)], message)
