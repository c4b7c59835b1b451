"""The checks of `LSTM`.

What an early check finds in a single step is not charged again in the later ones.
"""

import pytest
import torch

from graders.carried import built, same
from graders.ecg_lstm.mistakes import LSTM
from graders.helpers import check_gradients, check_meta, check_training_mode
from proctor.checks import expect
from proctor.checks.constraints import BuiltIn
from proctor.checks.submission import StudentError

INPUTS, HIDDENS, MANY = 5, 7, 60
LAYER = f"`LSTM({INPUTS}, {HIDDENS})`"
CALL = f"`LSTM({INPUTS}, {HIDDENS})(inputs)`"

SHAPES = {
    f"{kind}{gate}": shape
    for gate in "ifoc"
    for kind, shape in {"W_x": (INPUTS, HIDDENS), "W_h": (HIDDENS, HIDDENS), "b_": (HIDDENS,)}.items()
}

BUILT_IN = BuiltIn(
    frozenset({"LSTM", "LSTMCell", "GRU", "GRUCell", "RNNBase", "lstm", "lstm_cell"}), ("lstm", "gru", "rnn")
)


def make(submission):
    """The student's LSTM, as it starts."""
    submission.seed(0)
    return submission.LSTM(INPUTS, HIDDENS)


@pytest.fixture
def from_scratch(submission):
    """Nothing that is computed is earned with torch's own layers; what is not written yet is told first."""
    make(submission)
    expect.from_scratch(submission, "LSTM", BUILT_IN)


@pytest.fixture
def made(from_scratch, submission, reference, generator, device):
    """Makes the student's LSTM and the version that is like it: `made(call)`, as `built` takes it.

    Its weights are such that the gates are neither closed nor open.
    """
    scales = dict.fromkeys([*SHAPES, *(name.replace("c", "g") for name in SHAPES)], 0.8)
    scales |= {name: 0.8 for name, _ in make(submission).named_parameters()}
    fixed = (submission, reference, "LSTM", LSTM, scales, generator, device, (INPUTS, HIDDENS))
    return lambda call=None: built(*fixed, call)


@pytest.fixture
def inputs(generator):
    """Three samples of eleven steps, of which one is nothing but zeros, as others may be."""
    inputs = draw(3, 11, INPUTS, generator=generator)
    inputs[:, 6] = 0
    return inputs


@pytest.fixture
def first_step(made, inputs):
    """The student's LSTM, and the version with the same first step."""
    return made(lambda lstm, device: outputs_of(lstm, inputs[:, :1], device))


@pytest.fixture
def all_steps(made, inputs):
    """The student's LSTM, and the version with the same outputs."""
    return made(lambda lstm, device: outputs_of(lstm, inputs, device))


def outputs_of(lstm, inputs, device):
    """The outputs that the student's LSTM returns; what it returns beside them has a check of its own."""
    result = lstm(inputs.to(device))
    outputs = result[0] if isinstance(result, (tuple, list)) and len(result) else result
    expect.type(outputs, torch.Tensor, "`outputs`")
    return outputs.detach()


def check_shape(outputs, inputs):
    """The outputs are (samples, steps, hidden units)."""
    what = f"`outputs` for inputs of shape {tuple(inputs.shape)}"
    wanted, found = (*inputs.shape[:2], HIDDENS), tuple(outputs.shape)
    message = f"{what} should have shape {wanted}, but has shape {found}. The samples come first, then the steps."
    # What is in them tells which step is missing.
    expect.true(found == wanted, message, outputs)


def draw(*shape, generator):
    """Normal numbers."""
    return torch.randn(*shape, generator=generator)


@pytest.mark.points(0.75)
def test_parameters(submission):
    """Each of the four gates has two weight matrices and a bias, made by `triple()`, which can be trained."""
    lstm = make(submission)
    state = lstm.state_dict()
    expect.type(state, dict, f"{LAYER}.state_dict()")
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    missing = sorted(set(SHAPES) - set(shapes))
    expect.true(
        not missing,
        f"{LAYER} should have the parameters {missing}, but has {sorted(shapes) or 'none at all'}. "
        "Each gate has a `triple()` of its own, kept under the names in the text as it comes.",
        sorted(shapes),
    )
    for name, shape in SHAPES.items():
        expect.shape(state[name], shape, f"`{name}` of {LAYER}")
    start = {name: state[name] for name in SHAPES}
    shared = [[a, b] for a in start for b in start if a < b and a[0] == "W" and torch.equal(start[a], start[b])]
    expect.true(
        not shared,
        f"Each gate of {LAYER} should start with random weights of its own, but these are the same: {shared}.",
        shared,
    )
    fixed = sorted(set(SHAPES) - set(submission.gradients(lstm)))
    expect.true(not fixed, f"{fixed} of {LAYER} should be an `nn.Parameter` each, to be trained, but are not.", fixed)
    loud = [name for name, value in start.items() if name[0] == "b" and bool((value != 0).any())]
    message = f"The biases of {LAYER} should begin at zero, as `triple()` makes them, but {loud} do not."
    expect.true(not loud, message, loud)
    # Xavier's are no larger than 0.7.
    large = [name for name, value in start.items() if float(value.abs().max()) > 1]
    message = f"The weights of {LAYER} should begin small, as `triple()` draws them, but {large} go beyond 1."
    expect.true(not large, message, large)


@pytest.mark.points(0.5)
def test_shapes(from_scratch, submission, generator, device):
    """The outputs have one hidden state for each sample and each step, also for a single one."""
    for samples, steps in ((3, 11), (1, 2), (2, 1), (103, 41)):
        lstm = make(submission).to(str(device)).eval()
        inputs = draw(samples, steps, INPUTS, generator=generator)
        outputs = outputs_of(lstm, inputs, device)
        check_shape(outputs, inputs)
        expect.dtype(outputs, torch.float, f"`outputs` for inputs of shape {(samples, steps, INPUTS)}")
        # At first the weights are small, and so are the outputs.
        others = outputs_of(make(submission).to(str(device)).eval(), 100 * inputs, device)
        expect.different(1000 * others, 1000 * outputs, "`outputs` of different inputs")


@pytest.mark.points(0.5)
def test_first_step(made, inputs, device):
    """The first step starts from a hidden state and a cell state of zero."""
    lstm, version = made()
    expected = outputs_of(version, inputs[:, :1], "cpu")
    hint = "Look at the activation of each gate, and at what each is multiplied with."
    expect.close(outputs_of(lstm, inputs[:, :1], device), expected, "`outputs` of a single step", hint)


@pytest.mark.points(1)
def test_outputs(first_step, inputs, device):
    """Over many steps, the outputs are those of an LSTM."""
    lstm, version = first_step
    expected = outputs_of(version, inputs, "cpu")
    hint = "Each step goes on from the H and C of the step before."
    expect.close(outputs_of(lstm, inputs, device), expected, "`outputs` of 11 steps", hint)


def state_of(submission, lstm, inputs):
    """The parts of the state that the student's LSTM returns, as handles."""
    result = submission.keep(lstm)(inputs)
    expect.type(result, (tuple, list), CALL)
    expect.equal(len(result), 2, f"The number of values that {CALL} returns", "Return outputs and (H, C).")
    kind = result[1].type_name
    message = f"The second value that {CALL} returns should be the tuple (H, C), but is a {kind}."
    expect.true(kind not in ("Tensor", "Parameter", "dict", "NoneType"), message, kind)
    state = list(submission.keep(submission.library("builtins.list"))(result[1]))
    expect.equal(len(state), 2, f"The number of tensors in the state that {CALL} returns", "It is (H, C).")
    return state


def check_cell_grows(submission, lstm, version, inputs, device):
    """With all gates open, the cell state counts the steps, however many they are."""
    x, own = inputs[:, :1].expand(-1, MANY, -1), version.version
    weights = own.state_dict(), version.state_dict()
    opened = [{name: torch.full_like(value, 20.0 * (value.dim() == 1)) for name, value in of.items()} for of in weights]
    weights = [{name: value.clone() for name, value in of.items()} for of in weights]
    own.load_state_dict(opened[0])
    lstm.load_state_dict(opened[1], strict=False)
    due, found = own(x)[1][1].detach(), submission.get(state_of(submission, lstm, x.to(device))[1]).cpu()
    own.load_state_dict(weights[0])
    lstm.load_state_dict(weights[1], strict=False)
    # A version with a mistake that does not count has been charged for it.
    if bool((due == MANY).all()):
        message = f"With all gates open, the cell state should grow by 1 in each of {MANY} steps, but does not."
        grown = bool(((found - MANY).abs() < 0.1).all())
        expect.true(grown, f"{message} There is no bound to what a cell may hold.", "bounded")


def check_order_of_one_step(lstm, inputs, device):
    """Where `one_step` makes the steps, it gives H first, then C, as its docstring says."""
    x, zeros = inputs[:, 0].to(device), torch.zeros(len(inputs), HIDDENS, device=device)
    hidden, cells = (part.detach() for part in lstm(inputs[:, :1].to(device))[1])
    try:
        made = lstm.one_step(x, zeros, zeros)
    except StudentError:
        return  # one that `forward` does without may be left out
    tensors = isinstance(made, (tuple, list)) and all(isinstance(part, torch.Tensor) for part in made)
    swapped = tensors and same(made, [cells, hidden]) and not same(hidden, cells)
    message = "`one_step(x, H, C)` should return H, C, as its docstring says, but returns the cell state C first."
    expect.true(not swapped, message, "C, H")


@pytest.mark.points(0.5)
def test_state(submission, all_steps, inputs, device):
    """Beside the outputs comes the state after the last step, (H, C), through which errors flow."""
    lstm, version = all_steps
    for given in (inputs, inputs[:1, :1]):
        state = state_of(submission, lstm, given.to(device))
        for name, part, wanted in zip("HC", state, version(given)[1], strict=True):
            what = f"The returned {name}, with inputs of shape {tuple(given.shape)},"
            expect.close(submission.get(part), wanted.detach(), what)
            expect.true(
                part.requires_grad is True,
                f"{what} should carry gradients, but does not: something on the way cuts them off.",
                name,
            )
    check_cell_grows(submission, lstm, version, inputs, device)
    check_order_of_one_step(lstm, inputs, device)
    state = state_of(submission, lstm, inputs.to(device))
    submission.keep(submission.keep(state[0].sum)().add)(submission.keep(state[1].sum)()).backward()
    sum(part.sum() for part in version(inputs)[1]).backward()
    found = submission.gradients(lstm)
    for name, parameter in version.named_parameters():
        if parameter.grad is None:
            continue
        expect.type(found.get(name), torch.Tensor, f"The gradient of `{name}` going backward from H and C")
        expect.close(found[name], parameter.grad, f"The gradient of `{name}` going backward from H and C")


@pytest.mark.points(0.5)
def test_gradients(submission, all_steps, inputs, generator, device):
    """Errors of the outputs reach every weight and every input, back through all steps; nothing drops out."""
    lstm, version = all_steps
    place = 0 if isinstance(lstm(inputs.to(device)), (tuple, list)) else None
    given = {"inputs": inputs}
    check_training_mode(lstm, [inputs.to(device)], "`outputs` of 11 steps", place)
    check_gradients(submission, lstm, version, given, "`outputs` of 11 steps", generator, device, place=place)


@pytest.mark.points(0.5)
def test_calls_and_samples_apart(all_steps, inputs, device):
    """Each call starts anew, and each sample goes its own way."""
    lstm, version = all_steps
    expected = outputs_of(version, inputs, "cpu")
    first = outputs_of(lstm, inputs, device)
    expect.different(first[0], first[1], "The `outputs` of two samples")
    again = outputs_of(lstm, inputs, device)
    expect.close(again, first.cpu(), "`outputs` of a second call with the same inputs", "Each call starts from zero.")
    hint = "What a sample gets must not depend on the other samples."
    what = "`outputs` of two of three samples, in a batch of their own,"
    expected = expected if same(first, expected) else first.cpu()
    expect.close(outputs_of(lstm, inputs[1:], device), expected[1:], what, hint)


@pytest.mark.points(0.25)
def test_from_scratch(from_scratch):
    """The LSTM is written from scratch."""


@pytest.mark.points(0.5)
def test_device(from_scratch, submission, generator):
    """The LSTM works in the dtype and on the device of its inputs."""
    lstm, inputs = make(submission).eval(), draw(3, 2, INPUTS, generator=generator)
    others = outputs_of(make(submission).eval(), 100 * inputs, "cpu")
    expect.different(1000 * others, 1000 * outputs_of(lstm, inputs, "cpu"), "`outputs` of different inputs")
    lstm = make(submission).eval()
    outputs = outputs_of(lstm.double(), inputs.double(), "cpu")
    hint = "Begin with states of the dtype of `inputs`: `torch.zeros(..., dtype=inputs.dtype)`."
    expect.dtype(outputs, torch.double, "`outputs` for inputs of double precision", hint)
    message = (
        f"{CALL} should work on the device of the inputs, but mixes devices, and so fails on a GPU. "
        "Make new tensors with `device=inputs.device`."
    )
    # A new one: a state that is kept from call to call, which is charged above, would be left behind, too.
    lstm = make(submission).eval()
    lstm.to("meta")
    check_meta(lambda: lstm(inputs.to("meta")), message)
