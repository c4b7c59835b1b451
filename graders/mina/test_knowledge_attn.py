"""The checks of `KnowledgeAttn`."""

import pytest
import torch

from graders.helpers import build, check_device, check_gradients, check_layers, random_weights
from graders.mina.helpers import check_no_more, fresh, loaded, pair
from proctor.checks import expect

SEGMENTS, ITEMS, FEATURES, HIDDEN = 11, 7, 5, 3
WHAT = "`KnowledgeAttn(5, 3)(x, k)`"
# A softmax forgets what is added to all of its scores.
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


def attend(submission, weights, inputs, device):
    """What the student's attention gives with these weights: out and attn."""
    module = build(submission, "KnowledgeAttn", weights, device, arguments=(FEATURES, HIDDEN))
    return pair(module(*(value.to(device) for value in inputs)), WHAT, "out and attn")


def attend_anyhow(submission, inputs, device):
    """What the student's attention gives with weights of its own: out and attn."""
    module = fresh(submission, "KnowledgeAttn", (FEATURES, HIDDEN), device)
    return pair(module(*(value.to(device) for value in inputs)), WHAT, "out and attn")


@pytest.mark.points(2)
def test_layers(submission, weights):
    """There are two linear layers without bias: `att_W` for items with their knowledge, and `att_v`."""
    module = submission.KnowledgeAttn(FEATURES, HIDDEN)
    check_layers(module, weights, "`KnowledgeAttn(5, 3)`")
    for layer in ("att_W", "att_v"):
        message = f"`{layer}` should be a product with a matrix and nothing else"
        check_no_more(module, [*weights, *OPTIONAL], layer, message)


@pytest.mark.points(3)
def test_attention_sum(submission, generator, device):
    """`attention_sum` adds up the items, each times its weight."""
    x = torch.randn(SEGMENTS, ITEMS, FEATURES, generator=generator)
    attn = torch.rand(SEGMENTS, ITEMS, 1, generator=generator)
    expected = torch.einsum("bdf,bd->bf", x, attn.squeeze(-1))
    what = "`KnowledgeAttn.attention_sum(x, attn)`"
    hint = "The items are on axis 1 of x; each has one weight, for all of its numbers."
    expect.close(submission.KnowledgeAttn.attention_sum(x.to(device), attn.to(device)), expected, what, hint)


@pytest.mark.points(2)
def test_shapes(submission, inputs, device):
    """Each sequence gives one vector as long as an item, and one weight for each item."""
    out, attn = attend_anyhow(submission, inputs, device)
    given = f"for x of shape {tuple(inputs[0].shape)}"
    expect.shape(out, (SEGMENTS, FEATURES), f"out {given}", "The items are summed up, without their knowledge.")
    expect.shape(attn, (SEGMENTS, ITEMS, 1), f"attn {given}", "One score for each item, on a last axis of its own.")


@pytest.mark.points(3)
def test_attention(submission, reference, weights, inputs, device):
    """The attention is a softmax over the items, of scores that see the item and its knowledge."""
    expected = loaded(reference.KnowledgeAttn(FEATURES, HIDDEN), weights)(*inputs)[1]
    _, attn = attend(submission, weights, inputs, device)
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
def test_output(submission, inputs, device):
    """The output is the sum of the items, weighted by the attention that is returned."""
    out, attn = attend_anyhow(submission, inputs, device)
    expect.shape(attn, (SEGMENTS, ITEMS, 1), "attn")
    attention = attn.cpu().squeeze(-1).to(inputs[0].dtype)
    expect.true(
        bool((attention != attention[:, :1]).any()),
        "The items should get different weights, but all of a sequence get the same.",
        attn,
    )
    expected = torch.einsum("bdf,bd->bf", inputs[0], attention)
    expect.close(out, expected, "out", "Weigh x itself with the attention that you return, and sum over the items.")


@pytest.mark.points(1)
def test_gradients(submission, weights, inputs, generator, device):
    """Both layers learn from the output."""
    module = fresh(submission, "KnowledgeAttn", (FEATURES, HIDDEN), device)
    result = submission.keep(module)(*(value.to(device) for value in inputs))
    out, _ = pair(result, WHAT, "out and attn")
    check_gradients(submission, module, out, "out", generator, set(weights))


@pytest.mark.points(1)
def test_device(submission, inputs):
    """The attention works on the device of its inputs."""
    submission.seed(0)
    module = submission.KnowledgeAttn(FEATURES, HIDDEN)
    message = f"{WHAT} should work on the device of x, but mixes devices, and so fails on a GPU."
    check_device(module, module, list(inputs), message)
