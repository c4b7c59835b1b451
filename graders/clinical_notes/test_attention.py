"""The checks of `MultiHeadSelfAttention`, against `torch.nn.MultiheadAttention` with the same weights."""

import math

import pytest
import torch
from torch import nn

from graders.clinical_notes.helpers import BUILT_IN, values
from graders.helpers import build, check_device, check_gradients, check_layers, random_weights
from proctor.checks import expect

NOTES, LENGTH, HEADS, D_MODEL = 5, 11, 3, 21
MADE = f"`MultiHeadSelfAttention({D_MODEL}, {HEADS})`"
CALL = f"{MADE}(x, mask)"
LAYERS = ("W_q", "W_k", "W_v", "W_o")


@pytest.fixture(autouse=True)
def from_scratch(submission):
    """Nothing of it is earned with torch's own attention."""
    expect.from_scratch(submission, "MultiHeadSelfAttention", BUILT_IN)


@pytest.fixture
def weights(reference, generator):
    """Weights under which the attention is far from uniform, and far from picking a single word."""
    return random_weights(reference.MultiHeadSelfAttention(D_MODEL, HEADS), dict.fromkeys(LAYERS, 0.4), generator)


@pytest.fixture
def x(generator):
    """The words' vectors."""
    return torch.randn(NOTES, LENGTH, D_MODEL, generator=generator)


@pytest.fixture
def mask():
    """The first note is full; the others are shorter, down to one word."""
    lengths = torch.tensor([LENGTH, 7, 2, 5, 1])
    return (torch.arange(LENGTH) < lengths.unsqueeze(1))[:, None, None]


@pytest.fixture
def torchs_own(weights):
    """`torch.nn.MultiheadAttention` with these weights: called with x and mask, it gives out and the weights."""
    attention = nn.MultiheadAttention(D_MODEL, HEADS, batch_first=True).eval()
    state = {}
    for kind in ("weight", "bias"):
        state[f"in_proj_{kind}"] = torch.cat([weights[f"{layer}.{kind}"] for layer in LAYERS[:3]])
        state[f"out_proj.{kind}"] = weights[f"W_o.{kind}"]
    attention.load_state_dict(state)

    def call(x, mask=None):
        padding = None if mask is None else ~mask[:, 0, 0]
        with torch.no_grad():
            return attention(x, x, x, key_padding_mask=padding, average_attn_weights=False)

    return call


def make(submission, weights, device):
    """The student's module with these weights in evaluation mode."""
    return build(submission, "MultiHeadSelfAttention", weights, device, arguments=(D_MODEL, HEADS))


def call(module, x, device, mask=None):
    """What it gives: out and the attention weights, on the CPU."""
    given = (x.to(device),) if mask is None else (x.to(device), mask.to(device))
    out, attn_weights = values(module(*given), CALL, ["out", "attn_weights"])
    expect.shape(out, x.shape, f"out of {CALL}")
    shape = (x.shape[0], HEADS, x.shape[1], x.shape[1])
    expect.shape(attn_weights, shape, f"attn_weights of {CALL}", "They are (batch, num_heads, length, length).")
    return out.cpu(), attn_weights.cpu()


def anyhow(submission, device):
    """The student's module in evaluation mode, with the weights that it starts with."""
    submission.seed(0)
    return submission.MultiHeadSelfAttention(D_MODEL, HEADS).to(str(device)).eval()


@pytest.mark.points(3)
def test_layers(submission, weights):
    """There are four linear layers, `W_q`, `W_k`, `W_v` and `W_o`, each of all heads together."""
    module = submission.MultiHeadSelfAttention(D_MODEL, HEADS)
    check_layers(module, weights, MADE)
    extra = sorted(set(module.state_dict()) - set(weights))
    expect.true(not extra, f"{MADE} should have no parameters beyond its four layers, but also has {extra}.", extra)


@pytest.mark.points(1)
def test_shapes(submission, x, mask, device):
    """Each word gets a vector of length d_model, and in each head a weight for each word."""
    call(anyhow(submission, device), x, device, mask)


@pytest.mark.points(4)
def test_weights(submission, weights, x, torchs_own, device):
    """In each head a word's attention to the words is the softmax of its query times their keys, over sqrt(d_k)."""
    _, attn_weights = call(make(submission, weights, device), x, device)
    sums = attn_weights.sum(dim=-1)
    expect.true(
        bool((sums - 1).abs().max() < 1e-4),
        "In each head the attention of a word should sum to one over the words it looks at (the last axis), but sums "
        f"to other numbers, such as {float(sums[0, 0, 0]):.4g}.",
        attn_weights,
    )
    hint = "Split the last axis into heads of d_k numbers each; queries times keys, times `scale`; softmax over keys."
    expect.close(attn_weights, torchs_own(x)[1], "attn_weights", hint)


@pytest.mark.points(4)
def test_output(submission, weights, x, torchs_own, device):
    """The heads' weighted sums of values stand side by side, and go through `W_o`."""
    out, _ = call(make(submission, weights, device), x, device)
    hint = "Weigh the values, swap heads and words back before you join the heads, then `W_o`."
    expect.close(out, torchs_own(x)[0], "out", hint)


@pytest.mark.points(3)
def test_mask(submission, weights, x, mask, torchs_own, device):
    """Where the mask is False nobody looks, and what is left sums to one."""
    out, attn_weights = call(make(submission, weights, device), x, device, mask)
    expected_out, expected_weights = torchs_own(x, mask)
    looked = attn_weights.masked_select(~mask)
    expect.true(
        bool(looked.abs().max() < 1e-6),
        "Words where the mask is False should get no attention, but get up to "
        f"{float(looked.abs().max()):.3g}. Set their scores to a very low number before the softmax.",
        attn_weights,
    )
    expect.close(attn_weights, expected_weights, "attn_weights with a mask", "Mask the scores, then take the softmax.")
    expect.close(out, expected_out, "out with a mask", "Weigh the values by the masked attention.")


@pytest.mark.points(1)
def test_mask_for_each_word(submission, x, device):
    """A mask may differ from word to word: one that hides the future makes each word independent of later ones."""
    module = anyhow(submission, device)
    causal = torch.ones(LENGTH, LENGTH, dtype=torch.bool).tril().expand(NOTES, 1, LENGTH, LENGTH)
    changed = x.clone()
    changed[:, 7:] += 1
    before, _ = call(module, x, device, causal)
    after, _ = call(module, changed, device, causal)
    hint = "Row i of the mask says what word i may look at; rows are queries, columns are keys."
    expect.close(after[:, :7], before[:, :7], "The first words' out, when only later words change,", hint)
    expect.different(after[:, 7:], before[:, 7:], "The out of the words that changed")


@pytest.mark.points(2)
def test_padding(submission, x, mask, device):
    """Whatever stands in the padding, and however much of it, the words' vectors are the same."""
    module = anyhow(submission, device)
    before, _ = call(module, x, device, mask)
    more = torch.cat([torch.where(mask[:, 0, 0].unsqueeze(-1), x, 50 - x), 9 + x[:, :4]], dim=1)
    longer = nn.functional.pad(mask, (0, 4))
    after, _ = call(module, more, device, longer)
    words = mask[:, 0, 0]
    expect.close(after[:, :LENGTH][words], before[words], "out of the words, with other and more padding,")
    unmasked, _ = call(module, more, device)
    expect.different(unmasked[:, :LENGTH][words], before[words], "out with a mask and without one")


@pytest.mark.points(2)
def test_nothing_but_padding(submission, x, mask, device):
    """A note that is all padding gives finite numbers, and leaves the other notes alone."""
    module = anyhow(submission, device)
    empty = mask.clone()
    empty[3] = False
    out, attn_weights = call(module, x, device, empty)
    for value, what in ((out, "out"), (attn_weights, "attn_weights")):
        count = int((~torch.isfinite(value)).sum())
        expect.true(
            count == 0,
            f"{what} should be finite for a note that is all padding, but has {count} values that are NaN or "
            "infinite: a softmax of nothing but -inf divides zero by zero. Use a very low number, or repair it.",
            value,
        )
    others = [0, 1, 2, 4]
    expect.close(out[others], call(module, x, device, mask)[0][others], "out of the other notes")


@pytest.mark.points(1)
def test_order(submission, x, generator, device):
    """Attention knows no order: other order of the words, other order of the results, nothing else."""
    module = anyhow(submission, device)
    order = torch.randperm(LENGTH, generator=generator)
    notes = torch.randperm(NOTES, generator=generator)
    out, attn_weights = call(module, x, device)
    swapped, swapped_weights = call(module, x[notes][:, order], device)
    hint = "Something mixes up words, notes or heads, such as a `view` where axes should be swapped."
    expect.close(swapped, out[notes][:, order], "out of the words in another order", hint)
    expected = attn_weights[notes][:, :, order][:, :, :, order]
    expect.close(swapped_weights, expected, "attn_weights of the words in another order", hint)


@pytest.mark.points(2)
def test_scale(submission, x, device):
    """The scores are multiplied by the module's `scale`, which is one over sqrt(d_k) unless it is changed."""
    module = anyhow(submission, device)
    scale = module.scale
    expect.type(scale, (int, float, torch.Tensor), f"`scale` of {MADE}")
    expect.close(float(scale), 1 / math.sqrt(D_MODEL // HEADS), f"`scale` of {MADE}", "Leave `scale` as it is given.")
    _, usual = call(module, x, device)
    module.scale = 2 / math.sqrt(D_MODEL // HEADS)
    _, sharper = call(module, x, device)
    # Twice the scores: each weight is squared, and they are shared out anew.
    expected = usual**2 / (usual**2).sum(dim=-1, keepdim=True)
    hint = "Multiply the scores by `self.scale`, once, before the softmax."
    expect.close(sharper, expected, "attn_weights when `scale` is doubled", hint)


@pytest.mark.points(1)
def test_dropout(submission, x, device):
    """In training, dropout takes away attention weights."""
    submission.seed(1)
    module = submission.MultiHeadSelfAttention(D_MODEL, HEADS, 0.5).to(str(device))
    # Every value is 1 in all of its numbers, so out shows the sum of the weights that a head has left.
    state = {name: torch.zeros_like(value, device="cpu") for name, value in module.state_dict().items()}
    check_layers(module, state, MADE)
    state |= {"W_v.bias": torch.ones(D_MODEL), "W_o.weight": torch.eye(D_MODEL)}
    module.load_state_dict(state)
    out, _ = call(module.eval(), x, device)
    expect.close(out, torch.ones_like(x), "out in evaluation mode, where all values are 1,", "There, nothing drops.")
    out, _ = call(module.train(), x, device)
    heads = out.view(NOTES, LENGTH, HEADS, -1)
    what = f"In training with `MultiHeadSelfAttention({D_MODEL}, {HEADS}, 0.5)`"
    dropped = float((heads - 1).abs().max())
    expect.true(dropped > 1e-3, f"{what} some attention weights should drop out, but none does.", dropped)
    expect.true(
        bool((heads - heads[..., :1]).abs().max() < 1e-4),
        f"{what} whole attention weights should drop out, but single numbers of the vectors do. Put the dropout "
        "between the softmax and the values.",
        "single numbers",
    )


@pytest.mark.points(1)
def test_gradients_and_device(submission, weights, x, mask, generator, device):
    """All layers learn from out, and nothing is left behind on another device."""
    module = make(submission, weights, device)
    result = submission.keep(module)(x.to(device), mask.to(device))
    out, _ = values(result, CALL, ["out", "attn_weights"])
    # A softmax does not see what the bias of the keys adds to all scores alike.
    check_gradients(submission, module, out, "out", generator, set(weights) - {"W_k.bias"})
    cpu = make(submission, weights, "cpu")
    message = f"{MADE} makes a tensor on the CPU whatever the device of x, and so fails on a GPU."
    check_device(cpu, cpu, [x, mask], message)
