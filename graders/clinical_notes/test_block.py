"""The checks of `TransformerBlock`, over torch's own attention."""

import pytest
import torch
from torch import nn

from graders.carried import built
from graders.clinical_notes.helpers import BUILT_IN, BuiltInAttention, put_in
from graders.clinical_notes.mistakes import BLOCK
from graders.helpers import check_device, check_dropout_rate, check_gradients
from proctor.checks import expect

NOTES, LENGTH, HEADS, D_MODEL, D_FF, DROPOUT = 5, 11, 3, 21, 17, 0.3
SIZES = (D_MODEL, HEADS, D_FF, DROPOUT)
MADE = f"`TransformerBlock{SIZES}`"
CALL = f"{MADE}(x, mask)"
SCALES = {"attention": 0.4, "ffn": 0.4, "norm1": 0.8, "norm2": 0.8}


class Recorder(nn.Module):
    """Gives what it is given, times a factor, and writes it down."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor, self.seen = factor, None

    def forward(self, x):
        self.seen = x.detach()
        return self.factor * x


@pytest.fixture(autouse=True)
def attention(submission, reference, monkeypatch):
    """A mistake in `MultiHeadSelfAttention` costs nothing here, and a ready-made block earns nothing."""
    expect.from_scratch(submission, "TransformerBlock", BUILT_IN, without=["MultiHeadSelfAttention"])
    put_in(submission, reference, monkeypatch, MultiHeadSelfAttention=BuiltInAttention)


@pytest.fixture
def x(generator):
    """The words' vectors."""
    return torch.randn(NOTES, LENGTH, D_MODEL, generator=generator)


@pytest.fixture
def mask():
    """The first note is full, the others are shorter."""
    lengths = torch.tensor([LENGTH, 7, 2, 5, 1])
    return (torch.arange(LENGTH) < lengths.unsqueeze(1))[:, None, None]


def call(module, device, x, mask=None):
    """What a block makes of x, the student's or a version's, on the CPU; the attention beside it is judged apart."""
    given = [value.to(device) for value in (x, mask) if value is not None]
    result = module(*given)
    out = result[0] if isinstance(result, (tuple, list)) and result else result
    expect.shape(out, x.shape, f"x of {CALL}")
    return out.detach().cpu()


@pytest.fixture
def made(submission, reference, generator, device):
    """Makes the student's module and the version that is like it: `made(call)`, as `built` takes it."""
    fixed = (submission, reference, "TransformerBlock", BLOCK, SCALES, generator, device, SIZES)
    return lambda call=None: built(*fixed, call)


@pytest.fixture
def unmasked(made, x):
    """The student's module, and the version that is like it as long as there is no mask."""
    return made(lambda module, device: call(module, device, x))


@pytest.mark.points(2)
def test_layers(submission, reference):
    """There are attention, a feed-forward network, and two norms, with weights of the right shapes."""
    shapes, wanted = (
        {name: tuple(value.shape) for name, value in of.TransformerBlock(*SIZES).state_dict().items()}
        for of in (submission, reference)
    )
    # The layers of `ffn` may be called as one likes.
    lists = [sorted((name.partition(".")[0], shape) for name, shape in of.items()) for of in (shapes, wanted)]
    others = sorted(name for name in wanted if not name.startswith("ffn.") and name not in shapes)
    found = {name: shape for name, shape in shapes.items() if wanted.get(name) != shape}
    due = {name: shape for name, shape in wanted.items() if shapes.get(name) != shape}
    expect.true(
        lists[0] == lists[1] and not others,
        f"{MADE} should have {due or 'nothing else'}, but has {found or 'nothing in its place'}. `attention` is a "
        "MultiHeadSelfAttention; `ffn` leads from d_model to d_ff and back; `norm1` and `norm2` are layer norms over "
        "d_model.",
        shapes,
    )


@pytest.mark.points(1)
def test_attention_is_made_for_the_block(submission):
    """The attention gets the block's sizes and its dropout."""
    given = submission.get(submission.TransformerBlock(*SIZES).attention.given)
    hint = "Pass `dropout` on, too."
    expect.equal(list(given), [D_MODEL, HEADS, DROPOUT], "What `MultiHeadSelfAttention` is made with", hint)


@pytest.mark.points(1)
def test_shapes(made, x, mask, device):
    """Each word comes out as a vector of the same length, beside the attention."""
    module, _ = made()
    result = module(x.to(device), mask.to(device))
    expect.type(result, (tuple, list), CALL)
    expect.equal(len(result), 2, f"The number of values that {CALL} returns", "Return x, attn_weights.")
    out = call(module, device, x, mask)
    expect.different(call(module, device, x.flip(0), mask), out, "x of the block for some words and for others")


@pytest.mark.points(4)
def test_output(made, x, device):
    """Attention, shortcut, norm; feed-forward network, shortcut, norm."""
    module, version = made()
    hint = "First x = norm1(x + attention), then x = norm2(x + ffn(x)), with that new x."
    expect.close(call(module, device, x), call(version, "cpu", x), "x of the block", hint)


@pytest.mark.points(2)
def test_mask(unmasked, x, mask, device):
    """The mask reaches the attention."""
    module, version = unmasked
    words = mask[:, 0, 0]
    out = call(module, device, x, mask)
    expected, without = call(version, "cpu", x, mask), call(version, "cpu", x)
    hint = "It is as without a mask: pass the mask on to the attention." if torch.allclose(out, without) else ""
    expect.close(out[words], expected[words], "x of the block with a mask", hint)


@pytest.mark.points(1)
def test_attention_weights(unmasked, x, device):
    """The attention's weights are handed on as they are."""
    module, version = unmasked
    result = module(x.to(device))
    expect.type(result, (tuple, list), CALL)
    expect.equal(len(result), 2, f"The number of values that {CALL} returns", "Return x, attn_weights.")
    # Where only x came back, the reference has the attention.
    expected = version(x)[1].detach()
    expect.close(result[1], expected, "attn_weights of the block", "Return what the attention returns, second.")


@pytest.fixture
def around(submission, made, x, device):
    """A pass in training, `ffn` being three times its input and the norms nothing at all.

    Its parts are x, what the attention gives without dropout, what the norms are given, and what comes out.
    """
    module, version = made()
    recorder = submission.send(Recorder)
    module.norm1, module.norm2, module.ffn = recorder(), recorder(), recorder(3.0)
    submission.seed(1)
    out = call(module.train(), device, x)
    first, second = (submission.get(norm.seen) for norm in (module.norm1, module.norm2))
    for seen, what in ((first, "`norm1`"), (second, "`norm2`")):
        expect.shape(seen, x.shape, f"What {what} is given in training")
    return x, version.version.attention(x)[0].detach(), first.cpu(), second.cpu(), out


def check_dropped(difference, whole, what, hint):
    """A part is added with its dropout upon it."""
    forgotten = torch.allclose(difference, whole, rtol=1e-3, atol=1e-4)
    expect.true(not forgotten, f"In training, {what} should pass a dropout, but is added as it is. {hint}", "as it is")
    # A difference of sums is no exact zero.
    difference = difference.where(difference.abs() > 1e-5 + 1e-3 * whole.abs(), 0.0)
    check_dropout_rate(difference, whole, DROPOUT, what, hint)


@pytest.mark.points(0.5)
def test_first_dropout(around):
    """In training, the asked share of what the attention gives drops out before it is added."""
    x, attended, first, _, _ = around
    hint = "Apply `dropout1` to what the attention gives, before it is added."
    check_dropped(first - x, attended, "what the attention gives", hint)


@pytest.mark.points(0.5)
def test_second_dropout(around):
    """In training, the asked share of what `ffn` gives drops out before it is added, and nothing after that."""
    *_, first, second, out = around
    hint = "Apply `dropout2` to what `ffn` gives, before it is added."
    check_dropped(second - first, 3 * first, "what `ffn` gives", hint)
    expect.close(out, second, "x of the block in training, against what `norm2` gives,", "No more dropout after that.")


@pytest.mark.points(1)
def test_dropout_inside(submission, made, x, device):
    """In training, the asked share of the hidden units drops out, and nothing else inside of `ffn`."""
    module, version = made()
    # The second layer hands on the hidden units, one by one.
    shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    eye = {(D_MODEL, D_FF): torch.eye(D_MODEL, D_FF), (D_MODEL,): torch.zeros(D_MODEL)}
    passed = {name: eye[shape] for name, shape in shapes.items() if name.startswith("ffn.") and shape in eye}
    module.load_state_dict(passed, strict=False)
    words = torch.cat([x, -x, x.flip(-1)])
    network = module.ffn
    module.eval()
    settled = network(words.to(device))
    expect.shape(settled, words.shape, "`ffn` of words")
    module.train()
    submission.seed(1)
    hint = "Put an `nn.Dropout(dropout)` into `ffn`, after the ReLU, and none at its end."
    check_dropout_rate(network(words.to(device)), settled, DROPOUT, "the hidden units", hint)


@pytest.mark.points(1)
def test_gradients(submission, unmasked, x, generator, device):
    """All layers and the words learn from what comes out."""
    module, version = unmasked
    place = 0 if isinstance(module(x.to(device)), (tuple, list)) else None
    apart = {"place": place, "drops": True}
    check_gradients(submission, module, version, {"x": x}, "x of the block", generator, device, **apart)


@pytest.mark.points(1)
def test_device(unmasked, x, mask, device):
    """Nothing is left behind on another device, and evaluation mode is the same each time."""
    module, version = unmasked
    first, second = call(module, device, x), call(module, device, x)
    expect.close(second, first, "A second pass in evaluation mode", "A dropout is at work in evaluation mode.")
    expect.different(first, x, "x before the block and after it")
    message = f"{MADE} makes a tensor on the CPU whatever the device of x, and so fails on a GPU."
    check_device(module.cpu(), module, [x, mask], message)
