"""The checks of `Encoder`.

What is wrong where all visits are real is charged there, and not again where some are padded.
"""

import pytest
import torch

from graders.carried import same, version_of
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
from graders.seq2seq.helpers import NUM_CODES, NUM_HIDDEN, binary
from graders.seq2seq.mistakes import ENCODER
from proctor.checks import expect

# A softmax forgets what is added to all of its scores, so the attention layer may do without its bias.
OPTIONAL = ("att.bias",)
# What may be carried forward to where some visits are padded: all but what is wrong with the masks themselves.
CARRIED = [mistake for mistake in ENCODER if not mistake.name.startswith("mask")]


@pytest.fixture
def weights(reference, generator):
    """Weights under which the attention is far from uniform, and far from picking a single visit."""
    return random_weights(reference.Encoder(), {"cnn": 0.3, "att": 0.05}, generator)


@pytest.fixture
def twin(reference, weights):
    """The reference encoder with these weights, on the CPU."""
    encoder = reference.Encoder().eval()
    encoder.load_state_dict(weights)
    return encoder


def encode(submission, twin, x, masks, device):
    """The student's encoder with the twin's weights, and what it makes of these patients."""
    encoder = build(submission, "Encoder", twin.state_dict(), device, OPTIONAL, twin=twin, inputs=(x, masks))
    return encoder, fit(encoder(x.to(device), masks.to(device)), (len(x), NUM_HIDDEN))


def like(reference, twin, encoder, x, device):
    """The twin, or what it would be with the known mistake that the student's encoder shows where visits are real."""
    return made(version_like(reference, twin, encoder, x, device), twin)


def made(version, twin):
    """The encoder of a version, with the twin's weights."""
    other = version.Encoder().eval()
    other.load_state_dict(twin.state_dict())
    return other


def version_like(reference, twin, encoder, x, device):
    """The reference, or its version with the known mistake that the encoder shows where visits are real."""
    masks = torch.ones(x.shape[:2], dtype=torch.bool)
    found = encoder(x.to(device), masks.to(device))
    return version_of(reference, ["Encoder"], CARRIED, lambda version: same(found, made(version, twin)(x, masks)))


@pytest.mark.points(2)
def test_layers(submission, weights, generator):
    """The encoder has a convolution `cnn` over three visits and all codes, and a linear layer `att`."""
    encoder = submission.Encoder()
    check_layers(encoder, weights, "`Encoder()`", OPTIONAL)
    x = binary(5, 3, NUM_CODES, generator=generator)
    check_not_constant(encoder, (x, torch.ones(5, 3, dtype=torch.bool)), "`Encoder()`")


@pytest.mark.points(2)
def test_shape(submission, generator, device):
    """Each patient gets a vector of 128 numbers of their own, also a single patient with a single visit."""
    submission.seed(0)
    encoder = submission.Encoder().to(str(device)).eval()
    for patients, visits in ((5, 3), (1, 3), (3, 1), (1, 1)):
        x = binary(patients, visits, NUM_CODES, generator=generator).to(device)
        masks = torch.ones(patients, visits, dtype=torch.bool, device=device)
        what = f"`Encoder()(x, masks)` with x of shape {tuple(x.shape)}"
        with alone(patients == 1, what):
            context = encoder(x, masks)
            expect.shape(context, (patients, NUM_HIDDEN), what)
        expect.dtype(context, torch.float, "`Encoder()(x, masks)`")
        if patients > 1:
            check_varied(context, "The contexts of different patients")


@pytest.mark.points(3)
def test_attention(submission, twin, generator, device):
    """The context is the sum of the visits' hidden states, weighted by attention that sums to one over the visits."""
    hint = (
        "The hidden states are what `cnn` gives, as it gives them. Their scores, by `att`, go through a softmax over "
        "the visits, and the hidden states are summed over the visits with these weights."
    )
    for patients, visits in ((5, 7), (37, 41)):
        x = binary(patients, visits, NUM_CODES, generator=generator)
        masks = torch.ones(patients, visits, dtype=torch.bool)
        _, context = encode(submission, twin, x, masks, device)
        expect.close(context, twin(x, masks), "`Encoder()(x, masks)` where all visits are real", hint)


@pytest.mark.points(3)
def test_masks(submission, reference, twin, generator, device):
    """Padded visits never reach the context vector."""
    masks = torch.tensor([[1, 1, 1, 0, 0], [1, 0, 1, 1, 0], [1, 0, 0, 0, 0]], dtype=torch.bool)
    # As `collate_fn` makes it: a visit that is masked out has no code.
    x = binary(3, 5, NUM_CODES, generator=generator) * masks.unsqueeze(-1)
    # The other way round, only the mask tells.
    x[0, 1] = 0
    encoder, context = encode(submission, twin, x, masks, device)
    hint = "A visit with mask False should get an attention of zero: mask the scores, before the softmax."
    version = version_like(reference, twin, encoder, x, device)
    expect.close(context, made(version, twin)(x, masks), "`Encoder()(x, masks)` with padded visits", hint)
    # All scores are lower by 150, which for the softmax changes nothing, and those of visits with codes by more.
    low = {name: value.clone() for name, value in twin.state_dict().items()}
    by_one = low["att.weight"][0] / low["att.weight"].square().sum()
    low["cnn.bias"] -= 150 * by_one
    low["cnn.weight"][:, 0, 1] -= by_one.unsqueeze(-1)
    twin.load_state_dict(low)
    _, context = encode(submission, twin, x, masks, device)
    expected = made(version, twin)(x, masks)
    hint = (
        "A score of a real visit may be low, too: that of a visit with mask False has to be far below, as -1e9 is, and "
        "before the softmax, of which else nothing is left for the real ones."
    )
    # Scores and hidden states are large here, and so is what rounding does to them.
    close = {"rtol": 1e-3, "atol": 2e-3}
    what = "`Encoder()(x, masks)` with padded visits, where the scores of real ones are low,"
    expect.close(context, expected, what, hint, **close)


@pytest.mark.points(2)
def test_empty_patient(submission, reference, twin, generator, device):
    """A patient without any real visit gets finite numbers, and leaves the other patients alone."""
    masks = torch.tensor([[1, 1, 1], [0, 0, 0], [1, 1, 1]], dtype=torch.bool)
    x = binary(3, 3, NUM_CODES, generator=generator) * masks.unsqueeze(-1)
    encoder, context = encode(submission, twin, x, masks, device)
    what = "`Encoder()(x, masks)` with a patient whose visits are all masked out"
    version = like(reference, twin, encoder, x, device)
    if not same(version(x, masks), twin(x, masks)):
        expect.close(context, version(x, masks), what)
        return  # the mistake is another check's matter
    expect.shape(context, (3, NUM_HIDDEN), what)
    expect.true(
        bool(torch.isfinite(context[1]).all()),
        f"{what} should be finite for this patient, but has NaN or infinite values. "
        "The softmax of a row of -inf is NaN; a score of -1e9 is safe.",
        context[1],
    )
    others = context[[0, 2]]
    check_varied(others, f"{what}: the contexts of the two other patients")
    alone = fit(encoder(x[[0, 2]].to(device), masks[[0, 2]].to(device)), (2, NUM_HIDDEN))
    expect.close(others, alone, f"{what}: the context of the other patients")
    check_finite_gradients(submission, encoder, x.to(device), masks.to(device), what)


def check_finite_gradients(submission, encoder, x, masks, what):
    """No weight learns NaN from a patient without any real visit, whose context may be finite all the same."""
    encoder.zero_grad()
    output = submission.keep(encoder)(x, masks)
    if output.requires_grad is not True:
        return  # another check's matter
    submission.keep(output.sum)().backward()
    found = submission.gradients(encoder)
    spoilt = [name for name, value in found.items() if value is not None and not bool(torch.isfinite(value).all())]
    expect.true(
        not spoilt,
        f"{what} is finite, but going backward from it, the gradients of {spoilt} are not, and a step would spoil all "
        "weights. Mask with -1e9, so that no NaN comes up on the way; to replace it afterwards comes too late.",
        spoilt,
    )


@pytest.mark.points(2)
def test_gradients(submission, reference, twin, generator, device):
    """Every weight of the encoder can learn, and so can what made its input; training mode changes nothing else."""
    masks = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 0, 0, 0]], dtype=torch.bool)
    x = binary(3, 5, NUM_CODES, generator=generator) * masks.unsqueeze(-1)
    encoder, _ = encode(submission, twin, x, masks, device)
    inputs, version = {"x": x, "masks": masks}, like(reference, twin, encoder, x, device)
    check_gradients(submission, encoder, version, inputs, "`Encoder()(x, masks)`", generator, device, OPTIONAL)


@pytest.mark.points(1)
def test_device_and_inputs(submission, generator):
    """The encoder works where its inputs are, and leaves them as they were."""
    submission.seed(0)
    encoder = submission.Encoder().eval()
    masks = torch.tensor([[1, 1, 1], [1, 1, 0]], dtype=torch.bool)
    x = binary(2, 3, NUM_CODES, generator=generator)
    check_varied(encoder(x, masks), "The contexts of different patients")
    check_inputs_kept(submission, encoder, {"x": x, "masks": masks}, "`Encoder()(x, masks)`")
    message = (
        "`Encoder()(x, masks)` should work on the device of x, but mixes devices, and so fails on a GPU. "
        "Make new tensors with `device=x.device`."
    )
    check_device(encoder, encoder, [x, masks], message)
