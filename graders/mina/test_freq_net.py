"""The checks of `FreqNet`, over stand-ins for `BeatNet`, `RhythmNet` and `KnowledgeAttn`."""

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
from graders.mina.helpers import (
    StandInAttention,
    StandInBeatNet,
    StandInRhythmNet,
    check_no_more,
    fresh,
    pair,
    part,
    put_in,
    twin_of,
)
from proctor.checks import expect

CHANNELS, SEGMENTS, WINDOWS, LENGTH = 3, 5, 7, 37
SIZES = (CHANNELS, WINDOWS * LENGTH, LENGTH)
NAME = f"`FreqNet{SIZES}`"
WHAT = f"`FreqNet{SIZES}(x, k_beats, k_rhythms, k_freq)`"


@pytest.fixture(autouse=True)
def parts(submission, reference, monkeypatch):
    """A mistake in an earlier exercise costs nothing here."""
    put_in(
        submission,
        reference,
        monkeypatch,
        KnowledgeAttn=StandInAttention,
        BeatNet=StandInBeatNet,
        RhythmNet=StandInRhythmNet,
    )


@pytest.fixture
def weights(reference, generator):
    """Weights under which the channels differ, and the classes are not certain."""
    scales = {"beat_nets": 1.0, "rhythm_nets": 0.3, "attn": 0.3, "fc": 0.6}
    weights = random_weights(reference.FreqNet(*SIZES), scales, generator)
    # Scores far below zero: a softmax does not mind, and what cuts them off shows.
    weights["fc.bias"] -= 8
    return weights


@pytest.fixture
def inputs(generator):
    """A batch: x, k_beats, k_rhythms, k_freq."""
    lengths = (WINDOWS * LENGTH, WINDOWS * LENGTH, WINDOWS, 1)
    return [torch.randn(CHANNELS, SEGMENTS, length, generator=generator) for length in lengths]


@pytest.fixture
def twin(reference, weights):
    """The reference with these weights and the stand-ins."""
    return twin_of(reference.FreqNet(*SIZES), weights)


def made(submission, twin, inputs, device):
    """The student's network with the twin's weights."""
    n, window = SIZES[1:]

    def networks(name, *sizes):
        new = [getattr(submission, name)(n, window, *sizes) for _ in range(CHANNELS)]
        return submission.library("torch.nn.ModuleList")(new)

    make = {
        "beat_nets": lambda: networks("BeatNet", 64),
        "rhythm_nets": lambda: networks("RhythmNet", 64, 8),
        "attn": lambda: submission.KnowledgeAttn(8, 2),
    }
    weights = twin.state_dict()
    return build(submission, "FreqNet", weights, device, arguments=SIZES, twin=twin, inputs=inputs, make=make)


def classify(submission, twin, inputs, device):
    """What the student's network gives with these weights: out and gamma."""
    module = made(submission, twin, inputs, device)
    return pair(module(*(value.to(device) for value in inputs)), WHAT, "out and gamma")


def classify_anyhow(submission, inputs, device):
    """What the student's network gives with weights of its own: out and gamma."""
    module = fresh(submission, "FreqNet", SIZES, device)
    return pair(module(*(value.to(device) for value in inputs)), WHAT, "out and gamma")


@pytest.mark.points(2.25)
def test_networks(submission, weights, inputs):
    """Each channel has a `BeatNet` and a `RhythmNet` of its own, in `beat_nets` and `rhythm_nets`."""
    submission.seed(0)
    module = submission.FreqNet(*SIZES)
    check_layers(module, part(weights, "beat_nets", "rhythm_nets"), NAME)
    for layer in ("beat_nets", "rhythm_nets"):
        check_no_more(module, weights, layer, f"There should be one network for each of {CHANNELS} channels")
        # Parameters that several modules share are named only once.
        found = [name for name, _ in module.named_parameters() if name.startswith(f"{layer}.")]
        expect.equal(
            len(found),
            CHANNELS,
            f"The number of different networks in `{layer}` for {CHANNELS} channels",
            "Make a new one for each channel; the same one several times would be trained for all at once.",
        )
    check_not_constant(module, inputs, NAME)


@pytest.mark.points(1.5)
def test_sizes(submission, inputs):
    """The networks are made for the length of the segments and of the windows that `FreqNet` is given."""
    submission.seed(0)
    module = submission.FreqNet(*SIZES)
    for layer in ("beat_nets", "rhythm_nets"):
        networks = list(getattr(module, layer))
        expect.equal(len(networks), CHANNELS, f"The number of networks in `{layer}`")
        for network in networks:
            expect.equal(
                list(network.given[:2]),
                list(SIZES[1:]),
                f"[n, T] of a network in `{layer}` of {NAME}",
                "Hand n and T on; their defaults are those of the notebook's data.",
            )
    check_not_constant(module, inputs, NAME)


@pytest.mark.points(2.25)
def test_attention_and_fc(submission, weights, inputs):
    """`attn` is a `KnowledgeAttn` over the channels with 2 hidden numbers, and `fc` a linear layer to 2 classes."""
    submission.seed(0)
    module = submission.FreqNet(*SIZES)
    check_layers(module, part(weights, "attn", "fc"), NAME)
    check_not_constant(module, inputs, NAME)


@pytest.mark.points(1.5)
def test_shapes(submission, inputs, device):
    """Each segment gives a number for each of two classes, and attention for each channel."""
    out, gamma = classify_anyhow(submission, inputs, device)
    given = f"for x of shape {tuple(inputs[0].shape)}"
    expect.shape(out, (SEGMENTS, 2), f"out {given}")
    check_varied(gamma, "gamma of different segments")
    expect.shape(gamma, (SEGMENTS, CHANNELS, 1), f"gamma {given}", "Here the segments come first, then the channels.")
    with alone(True, WHAT, "segment"):
        out, gamma = classify_anyhow(submission, [value[:, :1] for value in inputs], device)
        expect.shape(out, (1, 2), "out")
        expect.shape(gamma, (1, CHANNELS, 1), "gamma")


@pytest.mark.points(1.5)
def test_probabilities(submission, twin, inputs, device):
    """The two numbers of a segment are probabilities, which sum to one."""
    out, _ = classify(submission, twin, inputs, device)
    expect.type(out, torch.Tensor, "out")
    varied = bool((out != out[:1]).any())
    expect.true(varied, "out of different segments should differ, but are all the same.", out)
    expect.true(
        bool(((out >= 0) & (out <= 1)).all()),
        "out should be probabilities between 0 and 1, but has values outside.",
        out,
    )
    sums = out.sum(dim=-1)
    expect.true(
        bool(torch.isclose(sums, torch.ones_like(sums), atol=1e-4).all()),
        "The probabilities of a segment should sum to one, but sum to other numbers, such as "
        f"{float(sums.reshape(-1)[0]):.4g}. Over which axis does the softmax run?",
        out,
    )


@pytest.mark.points(2.25)
def test_attention(submission, twin, inputs, device):
    """`attn` is given the channels of each segment and their frequency knowledge, and its attention is returned."""
    _, gamma = classify(submission, twin, inputs, device)
    expected = twin(*inputs)[1]
    gamma = fit(gamma, expected.shape)
    expect.shape(gamma, expected.shape, "gamma", "Each segment has a weight for each channel.")
    hint = (
        "`attn` gets the stacked x as it is, and k_freq with its first two axes swapped (a `reshape` would mix "
        "segments and channels)."
    )
    expect.close(gamma, expected, "gamma, with networks and an `attn` of the check's own,", hint)


@pytest.mark.points(2.25)
def test_output(submission, twin, inputs, device):
    """The output is the softmax of `fc` of what `attn` gives."""
    out, _ = classify(submission, twin, inputs, device)
    expected = twin(*inputs)[0]
    hint = "Attention first, then `fc`, then a softmax over the classes."
    expect.close(fit(out, expected.shape), expected, "out, with networks and an `attn` of the check's own,", hint)


@pytest.mark.points(0.75)
def test_gradients(submission, twin, inputs, generator, device):
    """The networks of all channels, the attention and the last layer learn from the output."""
    module = made(submission, twin, inputs, device)
    named = dict(zip(("x", "k_beats", "k_rhythms", "k_freq"), inputs, strict=True))
    check_gradients(submission, module, twin, named, "out", generator, device, place=0)


@pytest.mark.points(0.75)
def test_device(submission, inputs):
    """The network works on the device of its inputs, and leaves them as they were."""
    submission.seed(0)
    module = submission.FreqNet(*SIZES)
    message = f"{WHAT} should work on the device of x, but mixes devices, and so fails on a GPU."
    _, gamma = pair(module(*inputs), WHAT, "out and gamma")
    check_varied(gamma, "gamma of different segments")
    check_inputs_kept(submission, module, dict(zip(("x", "k_beats", "k_rhythms", "k_freq"), inputs, strict=True)), WHAT)
    check_device(module, module, inputs, message)
