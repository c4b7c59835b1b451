"""The checks of `RhythmNet`, over a stand-in for `KnowledgeAttn`."""

import pytest
import torch

from graders.helpers import (
    alone,
    build,
    check_device,
    check_gradients,
    check_inputs_kept,
    check_layers,
    check_not_constant,
    check_varied,
    random_weights,
)
from graders.layers import check_dropout_rate, fit
from graders.mina.helpers import StandInAttention, check_no_more, fresh, pair, part, put_in, twin_of
from proctor.checks import expect

# So many numbers come out that the ReLU never cuts off all: what is zero everywhere has no gradient to compare.
SEGMENTS, WINDOWS, LENGTH, FEATURES, OUT = 5, 7, 11, 13, 19
SIZES = (WINDOWS * LENGTH, LENGTH, FEATURES, OUT)
WHAT = f"`RhythmNet{SIZES}(x, k_rhythm)`"
SCALES = {"lstm": 0.3, "attn": 0.3, "fc": 0.5}


@pytest.fixture(autouse=True)
def attention(submission, reference, monkeypatch):
    """A mistake in `KnowledgeAttn` costs nothing here."""
    put_in(submission, reference, monkeypatch, KnowledgeAttn=StandInAttention)


@pytest.fixture
def weights(reference, generator):
    """Weights under which neither the gates saturate nor the ReLU cuts off all."""
    return random_weights(reference.RhythmNet(*SIZES), SCALES, generator)


@pytest.fixture
def inputs(generator):
    """The windows and their rhythm knowledge: x and k_rhythm."""
    x = torch.randn(SEGMENTS, WINDOWS, FEATURES, generator=generator)
    return [x, torch.randn(SEGMENTS, WINDOWS, generator=generator)]


@pytest.fixture
def twin(reference, weights):
    """The reference with these weights and the stand-in."""
    return twin_of(reference.RhythmNet(*SIZES), weights)


def made(submission, twin, inputs, device, sizes=SIZES):
    """The student's network with the twin's weights."""
    make = {"attn": lambda: submission.KnowledgeAttn(64, 8)}
    weights = twin.state_dict()
    return build(submission, "RhythmNet", weights, device, arguments=sizes, twin=twin, inputs=inputs, make=make)


def rhythm(submission, twin, inputs, device):
    """What the student's network gives with these weights in evaluation mode: out and beta."""
    module = made(submission, twin, inputs, device)
    return pair(module(*(value.to(device) for value in inputs)), WHAT, "out and beta")


@pytest.mark.points(2.25)
def test_lstm(submission, weights, inputs):
    """`lstm` is an LSTM of one layer with 32 hidden units in each of two directions."""
    submission.seed(0)
    module = submission.RhythmNet(*SIZES)
    check_layers(module, part(weights, "lstm"), f"`RhythmNet{SIZES}`")
    check_no_more(module, weights, "lstm", "The LSTM should have one layer in two directions")
    check_not_constant(module.eval(), inputs, f"`RhythmNet{SIZES}`")


@pytest.mark.points(1.5)
def test_other_layers(submission, weights, inputs):
    """`attn` is a `KnowledgeAttn` over both directions, with 8 hidden numbers, and `fc` a linear layer."""
    submission.seed(0)
    module = submission.RhythmNet(*SIZES)
    check_layers(module, part(weights, "attn", "fc"), f"`RhythmNet{SIZES}`")
    check_not_constant(module.eval(), inputs, f"`RhythmNet{SIZES}`")


@pytest.mark.points(1.5)
def test_shapes(submission, inputs, device):
    """Each segment gives `rhythm_out_size` numbers of its own, and attention for each of its windows."""
    module = fresh(submission, "RhythmNet", SIZES, device)
    out, beta = pair(module(*(value.to(device) for value in inputs)), WHAT, "out and beta")
    given = f"for x of shape {tuple(inputs[0].shape)}"
    expect.shape(out, (SEGMENTS, OUT), f"out {given}")
    x = inputs[0].clone()
    x[2] = x[3]
    _, other = pair(module(x.to(device), inputs[1].to(device)), WHAT, "out and beta")
    changed = [int(number) for number in (beta != other).flatten(1).any(1).nonzero()]
    expect.equal(
        changed,
        [2],
        "The segments whose beta changes where segment 2 changes",
        "The LSTM goes over the windows of each segment on its own: does it take the first axis for the batch?",
    )
    expect.shape(beta, (SEGMENTS, WINDOWS, 1), f"beta {given}")
    with alone(True, WHAT, "segment"):
        out, beta = pair(module(*(value[:1].to(device) for value in inputs)), WHAT, "out and beta")
        expect.shape(out, (1, OUT), "out")
        expect.shape(beta, (1, WINDOWS, 1), "beta")


@pytest.mark.points(2.25)
def test_attention(submission, twin, inputs, device):
    """`attn` is given the LSTM's outputs at all windows and the knowledge, and its attention is returned."""
    _, beta = rhythm(submission, twin, inputs, device)
    expected = twin(*inputs)[1]
    hint = "The LSTM goes over the windows, and `attn` gets its outputs with `k_rhythm` of shape (batch, M, 1)."
    expect.close(fit(beta, expected.shape), expected, f"beta of {WHAT}, with an `attn` of the check's own,", hint)


@pytest.mark.points(3)
def test_output(submission, twin, inputs, device):
    """The output is what `attn` gives, through `fc` and ReLU."""
    out, _ = rhythm(submission, twin, inputs, device)
    expected = twin(*inputs)[0]
    hint = "`fc`, then ReLU, of the output of `attn`; in evaluation mode, dropout does nothing."
    expect.close(fit(out, expected.shape), expected, f"out of {WHAT}, with an `attn` of the check's own,", hint)


@pytest.mark.points(2.25)
def test_dropout(submission, reference, generator, seed, device):
    """In training mode, dropout sets half of the output to zero and doubles the rest."""
    sizes = (WINDOWS * LENGTH, LENGTH, FEATURES, 211)
    inputs = [torch.randn(17, WINDOWS, FEATURES, generator=generator), torch.randn(17, WINDOWS, generator=generator)]
    weights = random_weights(reference.RhythmNet(*sizes), SCALES, generator)
    module = made(submission, twin_of(reference.RhythmNet(*sizes), weights), inputs, device, sizes)
    moved = [value.to(device) for value in inputs]
    what = f"`RhythmNet{sizes}(x, k_rhythm)`"
    settled, _ = pair(module(*moved), what, "out and beta")
    # How many numbers there are is another check's matter.
    check_varied(settled, "out of different segments")
    module.train()
    submission.seed(seed)
    trained, _ = pair(module(*moved), what, "out and beta")
    expect.shape(trained, settled.shape, f"out of {what} in training mode")
    trained, settled = trained.flatten(1), settled.flatten(1)
    check_dropout_rate(trained, settled, 0.5, "what leaves the ReLU", "Dropout comes last, and only once.")


@pytest.mark.points(1.5)
def test_gradients(submission, twin, inputs, generator, device):
    """The LSTM, the attention and the last layer learn from the output, and so does what made the inputs."""
    module = made(submission, twin, inputs, device)
    named = dict(zip(("x", "k_rhythm"), inputs, strict=True))
    check_gradients(submission, module, twin, named, "out", generator, device, place=0, drops=True)


@pytest.mark.points(0.75)
def test_device(submission, inputs):
    """The network works on the device of its inputs, and leaves them as they were."""
    submission.seed(0)
    module = submission.RhythmNet(*SIZES)
    message = f"{WHAT} should work on the device of x, but mixes devices, and so fails on a GPU."
    _, beta = pair(module.eval()(*inputs), WHAT, "out and beta")
    check_varied(beta, "beta of different segments")
    check_inputs_kept(submission, module, dict(zip(("x", "k_rhythm"), inputs, strict=True)), WHAT)
    check_device(module, module, inputs, message)
