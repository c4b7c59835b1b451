"""The checks of `KnowledgeAttn`."""

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
from graders.layers import fit, is_close
from graders.mina.helpers import fresh, pair, twin_of
from proctor.checks import expect

SEGMENTS, ITEMS, FEATURES, HIDDEN = 11, 7, 5, 3
WHAT = "`KnowledgeAttn(5, 3)(x, k)`"
# Forbidden, but one check's matter: a softmax forgets what is added to all of its scores.
OPTIONAL = ("att_v.bias",)


@pytest.fixture
def weights(reference, generator):
    """Weights under which the attention is far from uniform, and far from picking a single item."""
    return random_weights(reference.KnowledgeAttn(FEATURES, HIDDEN), {"att_W": 0.7, "att_v": 1.5}, generator)


@pytest.fixture
def inputs(generator):
    """Items and their knowledge: x and k."""
    x = torch.randn(SEGMENTS, ITEMS, FEATURES, generator=generator)
    return x, torch.randn(SEGMENTS, ITEMS, 1, generator=generator)


@pytest.fixture
def twin(reference, weights):
    """The reference's attention with these weights."""
    return twin_of(reference.KnowledgeAttn(FEATURES, HIDDEN), weights)


def made(submission, twin, inputs, device):
    """The student's attention with the twin's weights."""
    sizes = (FEATURES, HIDDEN)
    return build(
        submission, "KnowledgeAttn", twin.state_dict(), device, OPTIONAL, arguments=sizes, twin=twin, inputs=inputs
    )


def attend(submission, twin, inputs, device):
    """What the student's attention gives with these weights: out and attn."""
    module = made(submission, twin, inputs, device)
    return pair(module(*(value.to(device) for value in inputs)), WHAT, "out and attn")


def attend_anyhow(submission, inputs, device):
    """What the student's attention gives with weights of its own: out and attn."""
    module = fresh(submission, "KnowledgeAttn", (FEATURES, HIDDEN), device)
    return pair(module(*(value.to(device) for value in inputs)), WHAT, "out and attn")


@pytest.mark.points(2)
def test_layers(submission, weights, inputs):
    """There are two linear layers without bias: `att_W` for items with their knowledge, and `att_v`."""
    module = submission.KnowledgeAttn(FEATURES, HIDDEN)
    check_layers(module, weights, "`KnowledgeAttn(5, 3)`")
    named = [name for name in module.state_dict() if name.startswith(("att_W.", "att_v."))]
    extra = sorted(set(named) - set(weights))
    message = "`att_W` and `att_v` should each be a product with a matrix and nothing else"
    expect.true(not extra, f"{message}, but `KnowledgeAttn(5, 3)` also has {extra}.", extra)
    check_not_constant(module, inputs, "`KnowledgeAttn(5, 3)`")


@pytest.mark.points(3)
def test_attention_sum(submission, generator, device):
    """`attention_sum` adds up the items, each times its weight."""
    x = torch.randn(SEGMENTS, ITEMS, FEATURES, generator=generator)
    attn = torch.rand(SEGMENTS, ITEMS, 1, generator=generator)
    expected = torch.einsum("bdf,bd->bf", x, attn.squeeze(-1))
    what = "`KnowledgeAttn.attention_sum(x, attn)`"
    hint = "The items are on axis 1 of x; each has one weight, for all of its numbers."
    attention_sum = submission.KnowledgeAttn.attention_sum
    expect.close(attention_sum(x.to(device), attn.to(device)), expected, what, hint)
    with alone(True, what, "sequence"):
        expect.close(attention_sum(x[:1].to(device), attn[:1].to(device)), expected[:1], what, hint)


@pytest.mark.points(2)
def test_shapes(submission, inputs, device):
    """Each sequence gives one vector as long as an item, and one weight for each item, also a single sequence."""
    for count in (SEGMENTS, 1):
        some = [value[:count] for value in inputs]
        given = f"for x of shape {tuple(some[0].shape)}"
        with alone(count == 1, f"{WHAT} {given}", "sequence"):
            out, attn = attend_anyhow(submission, some, device)
            # What `attention_sum` makes of a single sequence is another check's matter.
            out = out if count > 1 else fit(out, (count, FEATURES))
            expect.shape(out, (count, FEATURES), f"out {given}", "The items are summed up, without their knowledge.")
            hint = "One score for each item, on a last axis of its own."
            expect.shape(attn, (count, ITEMS, 1), f"attn {given}", hint)
        if count > 1:
            check_varied(out, "out of different sequences")
    some = [value[:, :1] for value in inputs]
    given = f"for x of shape {tuple(some[0].shape)}"
    with alone(True, f"{WHAT} {given}", "item"):
        out, attn = attend_anyhow(submission, some, device)
        expect.shape(fit(out, (SEGMENTS, FEATURES)), (SEGMENTS, FEATURES), f"out {given}")
        expect.shape(attn, (SEGMENTS, 1, 1), f"attn {given}")


@pytest.mark.points(3)
def test_attention(submission, twin, inputs, device):
    """The attention is a softmax over the items, of scores that see the item and its knowledge."""
    expected = twin(*inputs)[1]
    _, attn = attend(submission, twin, inputs, device)
    attn = fit(attn, expected.shape)
    expect.shape(attn, expected.shape, "attn")
    sums = attn.sum(dim=1)
    expect.true(
        bool(torch.isclose(sums, torch.ones_like(sums), atol=1e-4).all()),
        "The attention of a sequence should sum to one over its items (dim=1), but sums to other numbers, such as "
        f"{float(sums[0, 0]):.4g}.",
        attn,
    )
    hint = "Join x and k on the last axis, x first; then `att_W`, tanh, `att_v`, and a softmax over the items."
    expect.close(attn, expected, "attn", hint)


@pytest.mark.points(3)
def test_output(submission, twin, inputs, device):
    """The output is the sum of the items, weighted by the attention that is returned."""
    out, attn = attend(submission, twin, inputs, device)
    attn = fit(attn, (SEGMENTS, ITEMS, 1))
    expect.shape(attn, (SEGMENTS, ITEMS, 1), "attn")
    attention = attn.cpu().squeeze(-1).to(inputs[0].dtype)
    expect.true(
        bool((attention != attention[:, :1]).any()),
        "The items should get different weights, but all of a sequence get the same.",
        attn,
    )
    check_varied(out, "out of different sequences")
    expected = torch.einsum("bdf,bd->bf", inputs[0], attention)
    # What is wrong with `attention_sum` is another check's matter.
    own = submission.KnowledgeAttn.attention_sum(inputs[0].to(device), attn)
    if isinstance(own, torch.Tensor) and is_close(out, own.cpu()):
        return
    hint = "Weigh x itself with the attention that you return, and sum over the items."
    expect.close(fit(out, expected.shape), expected, "out", hint)


@pytest.mark.points(1)
def test_gradients(submission, twin, inputs, generator, device):
    """Both layers learn from the output, and so does what made the inputs; training mode changes nothing."""
    module = made(submission, twin, inputs, device)
    named = dict(zip(("x", "k"), inputs, strict=True))
    check_gradients(submission, module, twin, named, "out", generator, device, OPTIONAL, place=0)


@pytest.mark.points(1)
def test_device(submission, inputs):
    """The attention works on the device of its inputs, and leaves them as they were."""
    submission.seed(0)
    module = submission.KnowledgeAttn(FEATURES, HIDDEN)
    message = f"{WHAT} should work on the device of x, but mixes devices, and so fails on a GPU."
    out, _ = pair(module(*inputs), WHAT, "out and attn")
    check_varied(out, "out of different sequences")
    check_inputs_kept(submission, module, dict(zip(("x", "k"), inputs, strict=True)), WHAT)
    check_device(module, module, list(inputs), message)
