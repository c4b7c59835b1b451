"""The checks of `RhythmNet`, over a stand-in for `KnowledgeAttn`."""

import pytest
import torch

from graders.helpers import build, check_device, check_dropout_rate, check_gradients, check_layers, random_weights
from graders.mina.helpers import StandInAttention, check_no_more, fresh, loaded, pair, part, put_in
from proctor.checks import expect

SEGMENTS, WINDOWS, LENGTH, FEATURES, OUT = 5, 7, 11, 13, 3
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
def expected(reference, weights):
    """The reference with these weights and the stand-in: `expected(x, k_rhythm)` gives out and beta."""
    return loaded(reference.RhythmNet(*SIZES), weights)


def rhythm(submission, weights, inputs, device):
    """What the student's network gives with these weights in evaluation mode: out and beta."""
    module = build(submission, "RhythmNet", weights, device, arguments=SIZES)
    return pair(module(*(value.to(device) for value in inputs)), WHAT, "out and beta")


@pytest.mark.points(3)
def test_lstm(submission, weights):
    """`lstm` is an LSTM of one layer with 32 hidden units in each of two directions."""
    submission.seed(0)
    module = submission.RhythmNet(*SIZES)
    check_layers(module, part(weights, "lstm"), f"`RhythmNet{SIZES}`")
    check_no_more(module, weights, "lstm", "The LSTM should have one layer in two directions")


@pytest.mark.points(2)
def test_other_layers(submission, weights):
    """`attn` is a `KnowledgeAttn` over both directions, with 8 hidden numbers, and `fc` a linear layer."""
    submission.seed(0)
    check_layers(submission.RhythmNet(*SIZES), part(weights, "attn", "fc"), f"`RhythmNet{SIZES}`")


@pytest.mark.points(2)
def test_shapes(submission, inputs, device):
    """Each segment gives `rhythm_out_size` numbers, and attention for each of its windows."""
    module = fresh(submission, "RhythmNet", SIZES, device)
    out, beta = pair(module(*(value.to(device) for value in inputs)), WHAT, "out and beta")
    given = f"for x of shape {tuple(inputs[0].shape)}"
    expect.shape(out, (SEGMENTS, OUT), f"out {given}")
    expect.shape(beta, (SEGMENTS, WINDOWS, 1), f"beta {given}")


@pytest.mark.points(3)
def test_attention(submission, weights, inputs, expected, device):
    """`attn` is given the LSTM's outputs at all windows and the knowledge, and its attention is returned."""
    _, beta = rhythm(submission, weights, inputs, device)
    hint = "The LSTM goes over the windows, and `attn` gets its outputs with `k_rhythm` of shape (batch, M, 1)."
    expect.close(beta, expected(*inputs)[1], f"beta of {WHAT}, with an `attn` of the check's own,", hint)


@pytest.mark.points(4)
def test_output(submission, weights, inputs, expected, device):
    """The output is what `attn` gives, through `fc` and ReLU."""
    out, _ = rhythm(submission, weights, inputs, device)
    hint = "`fc`, then ReLU, of the output of `attn`; in evaluation mode, dropout does nothing."
    expect.close(out, expected(*inputs)[0], f"out of {WHAT}, with an `attn` of the check's own,", hint)


@pytest.mark.points(3)
def test_dropout(submission, generator, seed, device):
    """In training mode, dropout sets half of the output to zero and doubles the rest."""
    sizes = (WINDOWS * LENGTH, LENGTH, FEATURES, 211)
    x = torch.randn(17, WINDOWS, FEATURES, generator=generator).to(device)
    k_rhythm = torch.randn(17, WINDOWS, generator=generator).to(device)
    module = fresh(submission, "RhythmNet", sizes, device)
    what = f"`RhythmNet{sizes}(x, k_rhythm)`"
    settled, _ = pair(module(x, k_rhythm), what, "out and beta")
    expect.shape(settled, (17, 211), f"out of {what}")
    module.train()
    submission.seed(seed)
    trained, _ = pair(module(x, k_rhythm), what, "out and beta")
    expect.shape(trained, (17, 211), f"out of {what}")
    check_dropout_rate(trained, settled, 0.5, "what leaves the ReLU", "Dropout comes last, and only once.")


@pytest.mark.points(2)
def test_gradients(submission, reference, weights, inputs, generator, device):
    """The LSTM, the attention and the last layer learn from the output, and so does what made the inputs."""
    submission.seed(0)
    module, twin = submission.RhythmNet(*SIZES).to(str(device)), reference.RhythmNet(*SIZES)
    twin.load_state_dict(weights)
    named = dict(zip(("x", "k_rhythm"), inputs, strict=True))
    check_gradients(submission, module, twin, named, "out", generator, device, place=0, drops=True)


@pytest.mark.points(1)
def test_device(submission, inputs):
    """The network works on the device of its inputs."""
    submission.seed(0)
    module = submission.RhythmNet(*SIZES)
    message = f"{WHAT} should work on the device of x, but mixes devices, and so fails on a GPU."
    check_device(module, module, inputs, message)
