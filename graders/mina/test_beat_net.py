"""The checks of `BeatNet`, over a stand-in for `KnowledgeAttn`."""

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
from graders.layers import fit
from graders.mina.helpers import StandInAttention, check_no_more, fresh, pair, part, put_in, twin_of
from proctor.checks import expect

SEGMENTS, WINDOWS, LENGTH, FILTERS = 5, 3, 43, 11
SIZES = (WINDOWS * LENGTH, LENGTH, FILTERS)
PLACES = (LENGTH - 32) // 2 + 1
WHAT = f"`BeatNet{SIZES}(x, k_beat)`"


@pytest.fixture(autouse=True)
def attention(submission, reference, monkeypatch):
    """A mistake in `KnowledgeAttn` costs nothing here."""
    put_in(submission, reference, monkeypatch, KnowledgeAttn=StandInAttention)


@pytest.fixture
def weights(reference, generator):
    """Weights under which the ReLU cuts off about half."""
    return random_weights(reference.BeatNet(*SIZES), {"conv": 0.2, "conv_k": 0.2, "attn": 0.3}, generator)


@pytest.fixture
def inputs(generator):
    """A channel and its beat knowledge: x and k_beat."""
    return [torch.randn(SEGMENTS, SIZES[0], generator=generator) for _ in range(2)]


@pytest.fixture
def twin(reference, weights):
    """The reference with these weights and the stand-in."""
    return twin_of(reference.BeatNet(*SIZES), weights)


def made(submission, twin, inputs, device):
    """The student's network with the twin's weights."""
    make = {"attn": lambda: submission.KnowledgeAttn(FILTERS, 8)}
    weights = twin.state_dict()
    return build(submission, "BeatNet", weights, device, arguments=SIZES, twin=twin, inputs=inputs, make=make)


def beats(submission, twin, inputs, device):
    """What the student's network gives with these weights: out and alpha."""
    module = made(submission, twin, inputs, device)
    return pair(module(*(value.to(device) for value in inputs)), WHAT, "out and alpha")


def beats_anyhow(submission, inputs, device):
    """What the student's network gives with weights of its own: out and alpha."""
    module = fresh(submission, "BeatNet", SIZES, device)
    return pair(module(*(value.to(device) for value in inputs)), WHAT, "out and alpha")


@pytest.mark.points(2.25)
def test_convolutions(submission, weights, inputs):
    """There are two convolutions over 32 samples, `conv` with the given number of filters, `conv_k` with one."""
    submission.seed(0)
    module = submission.BeatNet(*SIZES)
    check_layers(module, part(weights, "conv", "conv_k"), f"`BeatNet{SIZES}`")
    for layer in ("conv", "conv_k"):
        check_no_more(module, weights, layer, f"`{layer}` should be one convolution")
    check_not_constant(module, inputs, f"`BeatNet{SIZES}`")


@pytest.mark.points(1.5)
def test_attention_layer(submission, weights, inputs):
    """`attn` is a `KnowledgeAttn` that attends to the filters, with 8 hidden numbers."""
    submission.seed(0)
    module = submission.BeatNet(*SIZES)
    check_layers(module, part(weights, "attn"), f"`BeatNet{SIZES}`")
    check_not_constant(module, inputs, f"`BeatNet{SIZES}`")


@pytest.mark.points(2.25)
def test_shapes(submission, inputs, device):
    """Each window gives a number for each filter, and attention for each place of the convolution."""
    out, alpha = beats_anyhow(submission, inputs, device)
    given = f"for x of shape {tuple(inputs[0].shape)} in windows of {LENGTH}"
    expect.shape(out, (SEGMENTS, WINDOWS, FILTERS), f"out {given}")
    check_varied(out, "out of different segments")
    hint = "A convolution over 32 samples with a stride of 2 has (T - 32) // 2 + 1 places in a window."
    expect.shape(alpha, (SEGMENTS * WINDOWS, PLACES, 1), f"alpha {given}", hint)
    with alone(True, WHAT, "segment"):
        out, alpha = beats_anyhow(submission, [value[:1] for value in inputs], device)
        expect.shape(out, (1, WINDOWS, FILTERS), "out")
        expect.shape(alpha, (WINDOWS, PLACES, 1), "alpha")


@pytest.mark.points(3)
def test_attention(submission, twin, inputs, device):
    """`attn` is given the convolved signal and the convolved knowledge, and its attention is returned."""
    _, alpha = beats(submission, twin, inputs, device)
    hint = "`conv`, then ReLU, for x; `conv_k`, then ReLU, for k_beat; swap the last two axes of both for `attn`."
    expected = twin(*inputs)[1]
    expect.close(fit(alpha, expected.shape), expected, f"alpha of {WHAT}, with an `attn` of the check's own,", hint)


@pytest.mark.points(3)
def test_output(submission, twin, inputs, device):
    """The output is what `attn` makes of each window."""
    out, _ = beats(submission, twin, inputs, device)
    hint = "Is it the output of `attn`, given the signal first and the knowledge second?"
    expected = twin(*inputs)[0]
    expect.close(fit(out, expected.shape), expected, f"out of {WHAT}, with an `attn` of the check's own,", hint)


@pytest.mark.points(0.75)
def test_windows_apart(submission, twin, inputs, generator, device):
    """What happens in a window changes that window's output, and no other."""
    before, _ = beats(submission, twin, inputs, device)
    expect.shape(before, (SEGMENTS, WINDOWS, FILTERS), "out")
    changed = [value.clone() for value in inputs]
    for value in changed:
        value[2, LENGTH : 2 * LENGTH] = torch.randn(LENGTH, generator=generator)
    after, _ = beats(submission, twin, changed, device)
    differs = (before - after).abs().amax(dim=-1).cpu() > 1e-5
    wanted = torch.zeros(SEGMENTS, WINDOWS, dtype=torch.bool)
    wanted[2, 1] = True
    expect.true(
        torch.equal(differs, wanted),
        "Another signal in the second window of one segment should change the output of this window only, but "
        f"changes {int(differs.sum())} of {differs.numel()}. Each window is convolved and attended to on its own.",
        differs,
    )


@pytest.mark.points(1.5)
def test_gradients(submission, twin, inputs, generator, device):
    """Both convolutions and the attention learn from the output; training mode changes nothing."""
    module = made(submission, twin, inputs, device)
    named = dict(zip(("x", "k_beat"), inputs, strict=True))
    check_gradients(submission, module, twin, named, "out", generator, device, place=0)


@pytest.mark.points(0.75)
def test_device(submission, inputs):
    """The network works on the device of its inputs, and leaves them as they were."""
    submission.seed(0)
    module = submission.BeatNet(*SIZES)
    message = f"{WHAT} should work on the device of x, but mixes devices, and so fails on a GPU."
    out, _ = pair(module(*inputs), WHAT, "out and alpha")
    check_varied(out, "out of different segments")
    check_inputs_kept(submission, module, dict(zip(("x", "k_beat"), inputs, strict=True)), WHAT)
    check_device(module, module, inputs, message)
