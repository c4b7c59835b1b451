"""The checks of `MultiHeadSelfAttention`.

What an early check finds in the attention without a mask is not charged again in the later ones: they compare with the
known mistake that gives the same, and where there is none, with what the student's own module gives.
"""

import math

import pytest
import torch
from torch import nn

from graders.carried import built
from graders.clinical_notes.helpers import BUILT_IN
from graders.clinical_notes.mistakes import ATTENTION
from graders.helpers import check_device, check_gradients, check_layers, load_what_fits, values
from graders.layers import check_dropout_rate, check_settles, settles
from proctor.checks import expect

NOTES, LENGTH, HEADS, D_MODEL, DROPOUT = 5, 11, 3, 21, 0.3
MADE = f"`MultiHeadSelfAttention({D_MODEL}, {HEADS})`"
CALL = f"{MADE}(x, mask)"
LAYERS = ("W_q", "W_k", "W_v", "W_o")
NAMES = ("out", "attn_weights")


@pytest.fixture(autouse=True)
def from_scratch(submission):
    """Nothing of it is earned with torch's own attention."""
    expect.from_scratch(submission, "MultiHeadSelfAttention", BUILT_IN)


@pytest.fixture
def x(generator):
    """The words' vectors."""
    return torch.randn(NOTES, LENGTH, D_MODEL, generator=generator)


@pytest.fixture
def mask():
    """The first note is full; the others are shorter, down to one word."""
    lengths = torch.tensor([LENGTH, 7, 2, 5, 1])
    return (torch.arange(LENGTH) < lengths.unsqueeze(1))[:, None, None]


def call(module, device, x, mask=None):
    """What a module gives, the student's or a version's: out and the attention weights, on the CPU."""
    # A version with a mistake may change what it is given.
    given = [value.to(device, copy=True) for value in (x, mask) if value is not None]
    out, attn_weights = values(module(*given), CALL, ["out", "attn_weights"])
    for value, what in ((out, "out"), (attn_weights, "attn_weights")):
        expect.type(value, torch.Tensor, f"{what} of {CALL}")
    return out.detach().cpu(), attn_weights.detach().cpu()


@pytest.fixture
def made(submission, reference, generator, device, x):
    """Makes the student's module and the version that is like it: `made(call)`, as `built` takes it.

    Its weights are such that the attention is far from uniform, and far from picking a single word.
    """
    scales = dict.fromkeys(LAYERS, 0.4)
    sizes = (D_MODEL, HEADS)
    sizes = sizes if settles(submission, "MultiHeadSelfAttention", sizes, [x], device) else (*sizes, 0.0)
    fixed = (submission, reference, "MultiHeadSelfAttention", ATTENTION, scales, generator, device, sizes)
    return lambda call=None: built(*fixed, call, inputs=[x])


@pytest.fixture
def unmasked(made, x):
    """The student's module, and the version that attends like it as long as there is no mask."""
    return made(lambda module, device: call(module, device, x))


def masked(module, version, device, x, mask):
    """What the student's module should give with a mask, by the version that is like it without one, or by itself."""
    if version.alike:
        return call(version, "cpu", x, mask)
    found, without = call(module, device, x, mask), call(module, device, x)
    for what, with_mask, other in zip(("out", "attn_weights"), found, without, strict=True):
        expect.different(with_mask, other, f"{what} with a mask and without")
    expected = among_its_own(module, device, x, mask)
    return [torch.where(torch.isnan(due), value, due) for due, value in zip(expected, found, strict=True)]


def among_its_own(module, device, x, mask):
    """What the student's module gives each word among only those words that it may look at, without a mask.

    Returns
    -------
    out : (batch, length, d_model) float
    attn_weights : (batch, num_heads, length, length) float; both are NaN for words that may not look at themselves
    """
    batch, length, _ = x.shape
    allowed = (mask != 0).expand(batch, 1, length, length)[:, 0]
    out, weights = torch.full_like(x, torch.nan), torch.full((batch, HEADS, length, length), torch.nan)
    for note in range(batch):
        for row in allowed[note].unique(dim=0):
            places = row.nonzero().flatten()
            own_out, own_weights = call(module, device, x[note : note + 1, places])
            expect.shape(own_out, (1, len(places), D_MODEL), f"out of {CALL}")
            expect.shape(own_weights, (1, HEADS, len(places), len(places)), f"attn_weights of {CALL}")
            for at, word in enumerate(places.tolist()):
                if torch.equal(allowed[note, word], row):
                    out[note, word] = own_out[0, at]
                    weights[note, :, word] = 0.0
                    weights[note, :, word, places] = own_weights[0, :, at]
    return out, weights


def weigh(layers, attn_weights, x):
    """What out should be for the attention that the student's module returns."""
    expect.shape(attn_weights, (NOTES, HEADS, LENGTH, LENGTH), "attn_weights")
    expect.different(attn_weights[..., 1:], attn_weights[..., :-1], "The attention to some words and to others")
    values = layers.W_v(x).view(NOTES, LENGTH, HEADS, -1).transpose(1, 2)
    return layers.W_o((attn_weights @ values).transpose(1, 2).reshape(x.shape)).detach()


@pytest.mark.points(1)
def test_layers(submission, reference):
    """There are four linear layers, `W_q`, `W_k`, `W_v` and `W_o`, each of all heads together."""
    module = submission.MultiHeadSelfAttention(D_MODEL, HEADS)
    weights = reference.MultiHeadSelfAttention(D_MODEL, HEADS).state_dict()
    check_layers(module, weights, MADE)
    shared = sorted(set(weights) - {name for name, _ in module.named_parameters()})
    message = f"Each layer of {MADE} should have weights of its own to learn, but {shared} are another's, or none."
    expect.true(not shared, message, ["shared", *shared])
    extra = sorted(set(module.state_dict()) - set(weights))
    expect.true(not extra, f"{MADE} should have no parameters beyond its four layers, but also has {extra}.", extra)


@pytest.mark.points(1)
def test_shapes(submission, made, x, mask, device):
    """Each word gets a vector of length d_model, and in each head a weight for each word."""
    module, _ = made()
    out, attn_weights = call(module, device, x, mask)
    expect.shape(out, x.shape, f"out of {CALL}")
    shape = (NOTES, HEADS, LENGTH, LENGTH)
    expect.shape(attn_weights, shape, f"attn_weights of {CALL}", "They are (batch, num_heads, length, length).")
    others = call(module, device, x.flip(0), mask)
    for value, other, what in zip((out, attn_weights), others, ("out", "attn_weights"), strict=True):
        expect.different(other, value, f"{what} of some notes and of others")
    expect.given_is_kept(submission, module, {"x": x.to(device), "mask": mask.to(device)}, CALL)
    hint = "A note or a word that is alone keeps its axis: `squeeze()` drops it."
    shapes = [(1, 1, D_MODEL), (1, HEADS, 1, 1)]
    for value, shape, what in zip(call(module, device, x[:1, :1]), shapes, NAMES, strict=True):
        expect.shape(value, shape, f"{what} for a single note of one word", hint)


@pytest.mark.points(4)
def test_weights(made, x, device):
    """In each head a word's attention to the words is the softmax of its query times their keys, over sqrt(d_k)."""
    module, version = made()
    _, attn_weights = call(module, device, x)
    _, expected = call(version, "cpu", x)
    hint = "Split the last axis into heads of d_k numbers each; queries times keys, times `scale`; softmax over keys."
    expect.shape(attn_weights, expected.shape, "attn_weights", hint)
    sums = attn_weights.sum(dim=-1)
    expect.true(
        bool((sums - 1).abs().max() < 1e-4),
        "In each head the attention of a word should sum to one over the words it looks at (the last axis), but sums "
        f"to other numbers, such as {float(sums[0, 0, 0]):.4g}.",
        attn_weights,
    )
    expect.close(attn_weights, expected, "attn_weights", told_factor(attn_weights, expected) or hint)


def told_factor(found, expected):
    """In words, how many times too large the scores behind these weights are; nothing where that varies."""
    found, expected = (weights.clamp(min=1e-30).log().double() for weights in (found, expected))
    found, expected = (scores - scores.amax(dim=-1, keepdim=True) for scores in (found, expected))
    seen = (found > -15) & (expected > -15)
    ratio = float((found * expected)[seen].sum() / (expected**2)[seen].sum().clamp(min=1e-30))
    if not seen.any() or not torch.allclose(found[seen], ratio * expected[seen], rtol=1e-2, atol=1e-3):
        return ""
    return (
        f"Your scores are {ratio:.3g} times what they should be: multiply queries times keys by `scale`, once, and "
        "by nothing else."
    )


@pytest.mark.points(3)
def test_output(made, x, device):
    """The heads' weighted sums of values stand side by side, and go through `W_o`."""
    module, version = made(lambda module, device: call(module, device, x)[1])
    out, attn_weights = call(module, device, x)
    hint = "Weigh the values, swap heads and words back before you join the heads, then `W_o`."
    expected = call(version, "cpu", x)[0] if version.alike else weigh(version.version, attn_weights, x)
    expect.close(out, expected, "out", hint)


@pytest.mark.points(3)
def test_mask(unmasked, x, mask, device):
    """Where the mask is False nobody looks, and what is left is shared out anew."""
    module, version = unmasked
    out, attn_weights = call(module, device, x, mask)
    expected_out, expected_weights = masked(module, version, device, x, mask)
    expect.shape(attn_weights, expected_weights.shape, "attn_weights with a mask")
    looked = attn_weights[expected_weights == 0].abs()
    expect.true(
        bool((looked < 1e-6).all()),
        "Words where the mask is False should get no attention, but get up to "
        f"{float(looked.max()) if len(looked) else 0:.3g}. Set their scores to a very low number before the softmax.",
        attn_weights,
    )
    expect.close(attn_weights, expected_weights, "attn_weights with a mask", "Mask the scores, then take the softmax.")
    expect.close(out, expected_out, "out with a mask", "Weigh the values by the masked attention.")
    what = "out without a mask, called after one with a mask,"
    expect.close(call(module, device, x)[0], call(version, "cpu", x)[0], what, "A mask is of its own call alone.")


@pytest.mark.points(1)
def test_mask_for_each_word(unmasked, x, device):
    """A mask may differ from word to word: one that hides the future makes each word independent of later ones."""
    module, version = unmasked
    causal = torch.ones(LENGTH, LENGTH, dtype=torch.bool).tril().expand(NOTES, 1, LENGTH, LENGTH)
    hint = "Row i of the mask says what word i may look at; rows are queries, columns are keys."
    expected, _ = masked(module, version, device, x, causal)
    expect.close(call(module, device, x, causal)[0], expected, "out with a mask that hides later words", hint)
    hint = "The mask is False, or 0, where nobody may look: `mask == 0` is right for either."
    for numbers in (causal.long(), causal.float()):
        what = f"out with a mask of zeros and ones ({numbers.dtype})"
        expect.close(call(module, device, x, numbers)[0], expected, what, hint)


@pytest.mark.points(1)
def test_padding(unmasked, x, mask, device):
    """Whatever stands in the padding, and however much of it, the words' vectors are the same."""
    module, version = unmasked
    words = mask[:, 0, 0]
    other = torch.cat([torch.where(words.unsqueeze(-1), x, 50 - x), 9 + x[:, :4]], dim=1)
    found, _ = call(module, device, other, nn.functional.pad(mask, (0, 4)))
    expected, _ = masked(module, version, device, x, mask)
    expect.shape(found, other.shape, "out")
    hint = "The mask is to hide the padding's scores from the softmax."
    expect.close(found[:, :LENGTH][words], expected[words], "out of the words, with other and more padding,", hint)
    if version.alike:
        check_nobody_looks(module, version, device, 20 * x, mask, "where scores are in the thousands")
        check_nobody_looks(module.train(), version, device, x, mask, "in training mode")


def check_nobody_looks(module, version, device, x, mask, when):
    """No attention goes to where it goes in no version that is like the student's without a mask."""
    found, expected = call(module, device, x, mask)[1], call(version, "cpu", x, mask)[1]
    expect.shape(found, expected.shape, "attn_weights with a mask")
    looked = found[~mask.expand_as(expected) & (expected == 0)]
    expect.true(
        not bool((looked > 1e-6).any()),
        f"Words where the mask is False should get no attention, also {when}, but get up to "
        f"{float(looked.max()) if len(looked) else 0:.3g}. The number that hides a score is to be below any score.",
        when,
    )


@pytest.mark.points(1)
def test_nothing_but_padding(made, x, mask, device):
    """A note that is all padding gives finite numbers, and leaves the other notes alone."""
    module, version = made(lambda module, device: call(module, device, x, mask))
    empty = mask.clone()
    empty[3] = False
    found = call(module, device, x, empty)
    for value, what in zip(found, ("out", "attn_weights"), strict=True):
        count = int((~torch.isfinite(value)).sum())
        expect.true(
            count == 0,
            f"{what} should be finite for a note that is all padding, but has {count} values that are NaN or "
            "infinite: a softmax of nothing but -inf divides zero by zero. Use a very low number, or repair it.",
            value,
        )
    others = [0, 1, 2, 4]
    expected = call(version, "cpu", x, mask)[0] if version.alike else call(module, device, x, mask)[0]
    if not version.alike:
        expect.different(expected[others], call(module, device, x)[0][others], "out with a mask and without")
    expect.close(found[0][others], expected[others], "out of the other notes")


@pytest.mark.points(2)
def test_scale(unmasked, x, device):
    """The scores are multiplied by the module's `scale`, which is one over sqrt(d_k) unless it is changed."""
    module, version = unmasked
    scale = module.scale
    expect.type(scale, (int, float, torch.Tensor), f"`scale` of {MADE}")
    expect.close(float(scale), 1 / math.sqrt(D_MODEL // HEADS), f"`scale` of {MADE}", "Leave `scale` as it is given.")
    usual = call(module, device, x)
    expected = None if version.alike else with_larger_queries(module, device, x)
    module.scale = version.version.scale = 2 / math.sqrt(D_MODEL // HEADS)
    sharper = call(module, device, x)
    hint = "Multiply the scores by `self.scale`, once, before the softmax."
    expect.different(sharper[1], usual[1], "attn_weights when `scale` is doubled, and before,", hint)
    expected = expected or call(version, "cpu", x)
    for found, due, what in zip(sharper, expected, ("out", "attn_weights"), strict=True):
        expect.close(found, due, f"{what} when `scale` is doubled", hint)


def with_larger_queries(module, device, x):
    """What the student's module gives where its queries, and so its scores, are twice as large."""
    usual = {name: value for name, value in module.state_dict().items() if name.startswith("W_q.")}
    module.load_state_dict({name: 2 * value for name, value in usual.items()}, strict=False)
    given = call(module, device, x)
    module.load_state_dict(usual, strict=False)
    return given


@pytest.mark.points(1)
def test_dropout(submission, made, x, device):
    """In training, the asked share of the attention weights drops out, and nothing else."""
    check_settles(submission, "MultiHeadSelfAttention", (D_MODEL, HEADS, DROPOUT), [x], device)
    d_k, notes = D_MODEL // HEADS, 8
    module = submission.MultiHeadSelfAttention(D_MODEL, HEADS, DROPOUT).to(str(device))
    _, version = made()
    weights = version.state_dict()
    eye = torch.eye(D_MODEL)
    # As many words as a head has numbers, and of word i only number i is one: out shows the weights themselves.
    weights |= {"W_v.weight": eye[:d_k].repeat(HEADS, 1), "W_v.bias": torch.zeros(D_MODEL)}
    weights |= {"W_o.weight": eye, "W_o.bias": torch.zeros(D_MODEL)}
    load_what_fits(module, weights)
    words = eye[:d_k].expand(notes, d_k, D_MODEL)
    settled, _ = call(module.eval(), device, words)
    submission.seed(1)
    trained, _ = call(module.train(), device, words)
    hint = "Make an `nn.Dropout(dropout)`, and put it between the softmax and the values."
    expect.shape(trained, settled.shape, "out in training mode")
    message = "In training mode, the attention weights should pass a dropout, but are the same as in evaluation mode."
    expect.true(not torch.allclose(trained, settled, atol=1e-5), f"{message} {hint}", "as they are")
    message = "In training mode, attention weights should drop out, but none is zero, although they differ."
    expect.true(bool((trained[settled > 1e-3] == 0).any()), f"{message} {hint}", trained)
    # Every value is 1 in all of its numbers: out shows the sum of the weights that a head has left.
    load_what_fits(module, {"W_v.weight": torch.zeros(D_MODEL, D_MODEL), "W_v.bias": torch.ones(D_MODEL)})
    submission.seed(1)
    out, _ = call(module.train(), device, words)
    heads = out.reshape(notes, d_k, HEADS, d_k)
    expect.true(
        bool((heads - heads[..., :1]).abs().max() < 1e-4),
        "In training whole attention weights should drop out, but single numbers of the vectors do. Put the dropout "
        "between the softmax and the values, and nowhere else.",
        out,
    )
    check_dropout_rate(trained, settled, DROPOUT, "the attention weights", hint)


@pytest.mark.points(2)
def test_gradients_and_device(submission, unmasked, x, mask, generator, device):
    """All layers and the words learn from out, and nothing is left behind on another device."""
    module, version = unmasked
    # A softmax does not see what the bias of the keys adds to all scores alike.
    version.silent = {"W_k.bias"}
    check_gradients(submission, module, version, {"x": x, "mask": mask}, "out", generator, device, place=0, drops=True)
    module = module.cpu()
    message = f"{MADE} makes a tensor on the CPU whatever the device of x, and so fails on a GPU."
    check_device(module, module, [x, mask], message)
