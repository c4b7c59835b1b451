"""The checks of `TransformerBlock`, over torch's own attention."""

import pytest
import torch
from torch import nn

from graders.carried import built
from graders.clinical_notes.helpers import BUILT_IN, BuiltInAttention, put_in
from graders.clinical_notes.mistakes import BLOCK
from graders.helpers import check_device, check_gradients
from graders.layers import check_dropout_rate, check_settles, settles
from proctor.checks import expect

NOTES, LENGTH, HEADS, D_MODEL, D_FF, DROPOUT = 5, 11, 3, 21, 17, 0.3
SIZES = (D_MODEL, HEADS, D_FF, DROPOUT)
MADE = f"`TransformerBlock{SIZES}`"
CALL = f"{MADE}(x, mask)"
SCALES = {"attention": 0.4, "ffn": 0.4, "norm1": 0.8, "norm2": 0.8}


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
    # A version with a mistake may change what it is given.
    given = [value.to(device, copy=True) for value in (x, mask) if value is not None]
    result = module(*given)
    out = result[0] if isinstance(result, (tuple, list)) and result else result
    expect.shape(out, x.shape, f"x of {CALL}")
    return out.detach().cpu()


def shared(module):
    """The names of what is no parameter of its own."""
    return sorted(set(module.state_dict()) - {name for name, _ in module.named_parameters()})


@pytest.fixture
def made(submission, reference, generator, device, x):
    """Makes the student's module and the version that is like it: `made(call)`, as `built` takes it."""
    # By the shapes of their parameters they would be taken for each other; norms without weights are built anew.
    unlike = {"first_norm_without_weights", "second_norm_without_weights", "norms_without_weights"}
    if not shared(submission.TransformerBlock(*SIZES)):
        unlike.add("norms_of_one_object")
    known = [one for one in BLOCK if one.name not in unlike]
    sizes = SIZES if settles(submission, "TransformerBlock", SIZES, [x], device) else (*SIZES[:-1], 0.0)
    fixed = (submission, reference, "TransformerBlock", known, SCALES, generator, device, sizes)
    return lambda call=None: built(*fixed, call, inputs=[x])


@pytest.fixture
def unmasked(made, x):
    """The student's module, and the version that is like it as long as there is no mask."""
    return made(lambda module, device: call(module, device, x))


@pytest.mark.points(0.5)
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
    others = shared(submission.TransformerBlock(*SIZES))
    message = f"Each layer of {MADE} should have weights of its own to learn, but {others} are another's, or none."
    expect.true(not others, message, ["shared", *others])


@pytest.mark.points(0.5)
def test_attention_is_made_for_the_block(submission):
    """The attention gets the block's sizes and its dropout."""
    given = submission.get(submission.TransformerBlock(*SIZES).attention.given)
    hint = "Pass `dropout` on, too."
    expect.equal(list(given), [D_MODEL, HEADS, DROPOUT], "What `MultiHeadSelfAttention` is made with", hint)


@pytest.mark.points(1)
def test_shapes(submission, made, x, mask, device):
    """Each word comes out as a vector of the same length, beside the attention."""
    module, _ = made()
    result = module(x.to(device), mask.to(device))
    expect.type(result, (tuple, list), CALL)
    expect.equal(len(result), 2, f"The number of values that {CALL} returns", "Return x, attn_weights.")
    out = call(module, device, x, mask)
    expect.different(call(module, device, x.flip(0), mask), out, "x of the block for some words and for others")
    expect.given_is_kept(submission, module, {"x": x.to(device), "mask": mask.to(device)}, CALL)
    single = module(x[:1, :1].to(device))
    hint = "A note or a word that is alone keeps its axis: `squeeze()` drops it."
    for value, shape, what in zip(single, [(1, 1, D_MODEL), (1, HEADS, 1, 1)], ("x", "attn_weights"), strict=True):
        if what == "x" or tuple(result[1].shape) == (NOTES, HEADS, LENGTH, LENGTH):
            expect.shape(value, shape, f"{what} of the block for a single note of one word", hint)


@pytest.mark.points(3.5)
def test_output(made, x, device):
    """Attention, shortcut, norm; feed-forward network, shortcut, norm."""
    module, version = made()
    hint = "First x = norm1(x + attention), then x = norm2(x + ffn(x)), with that new x."
    expect.close(call(module, device, x), call(version, "cpu", x), "x of the block", hint)


@pytest.mark.points(1.5)
def test_mask(unmasked, x, mask, device):
    """The mask reaches the attention."""
    module, version = unmasked
    words = mask[:, 0, 0]
    out = call(module, device, x, mask)
    expected, without = call(version, "cpu", x, mask), call(version, "cpu", x)
    hint = "It is as without a mask: pass the mask on to the attention." if torch.allclose(out, without) else ""
    expect.close(out[words], expected[words], "x of the block with a mask", hint)


@pytest.mark.points(1)
def test_attention_weights(made, unmasked, x, mask, device):
    """The attention's weights are handed on as they are, with a mask and without."""
    module, version = unmasked
    result = module(x.to(device))
    expect.type(result, (tuple, list), CALL)
    expect.equal(len(result), 2, f"The number of values that {CALL} returns", "Return x, attn_weights.")
    # Where only x came back, the reference has the attention.
    expected = version(x.clone())[1].detach()
    expect.close(result[1], expected, "attn_weights of the block", "Return what the attention returns, second.")
    module, version = made(lambda module, device: call(module, device, x, mask))
    # What `test_mask` has charged is not charged again.
    if version.alike:
        hint = "Return what the attention returns with the mask, second: it is asked once."
        found, expected = module(x.to(device), mask.to(device))[1], version(x.clone(), mask.clone())[1].detach()
        expect.close(found, expected, "attn_weights of the block with a mask", hint)


def in_training(submission, device, x, attended, thought):
    """What goes into the last norm of a block in training, whatever way the norms are called.

    Its attention gives `attended` for every word, its network `thought`, both zero in the first two numbers. There x
    is -1 and 1, and so the norm's factor and shift are known, and undone.
    """
    module = submission.TransformerBlock(*SIZES).to(str(device))
    given = "attention.inner.out_proj"
    weights = {f"{given}.weight": torch.zeros(D_MODEL, D_MODEL), f"{given}.bias": attended}
    for name, value in module.state_dict().items():
        layer, _, kind = name.rpartition(".")
        if kind == "weight" and value.dim() == 2 and len(value) == D_MODEL and not layer.startswith("attention"):
            weights |= {name: torch.zeros_like(value).cpu(), f"{layer}.bias": thought}
    module.load_state_dict(weights, strict=False)
    module.train()
    module.ffn.eval()
    submission.seed(1)
    out = call(module, device, x)
    shift, factor = (out[..., :1] + out[..., 1:2]) / 2, (out[..., 1:2] - out[..., :1]) / 2
    return module, (out - shift) / factor


@pytest.fixture
def fixed(x):
    """Words whose first two numbers are -1 and 1, and numbers to add to the others."""
    x[..., 0], x[..., 1] = -1.0, 1.0
    added = torch.linspace(1.0, 2.0, D_MODEL)
    added[:2] = 0.0
    return x, added


def check_dropped(difference, whole, what, hint):
    """A part is added with its dropout upon it."""
    known, left = bool(torch.isfinite(difference).all()), torch.nan_to_num(difference, 0.0, 0.0, 0.0)
    expect.true(known, f"In training, {what} should be added to what went in, but nothing of that is left.", left)
    forgotten = torch.allclose(difference, whole, rtol=1e-3, atol=1e-3)
    expect.true(not forgotten, f"In training, {what} should pass a dropout, but is added as it is. {hint}", "as it is")
    # A difference of sums is no exact zero.
    difference = difference.where(difference.abs() > 1e-4 + 1e-3 * whole.abs(), 0.0)
    check_dropout_rate(difference, whole, DROPOUT, what, hint)


@pytest.mark.points(0.5)
def test_first_dropout(submission, fixed, device):
    """In training, the asked share of what the attention gives drops out before it is added."""
    x, added = fixed
    module, found = in_training(submission, device, x, added, torch.zeros(D_MODEL))
    hint = "Apply `dropout1` to what the attention gives, before it is added."
    check_dropped(found - x, added.expand_as(x), "what the attention gives", hint)
    seen = submission.get(module.attention.seen)
    same = isinstance(seen, torch.Tensor) and seen.shape == x.shape and torch.allclose(seen.cpu(), x, atol=1e-5)
    expect.true(same, f"In training, the attention should be given x without any dropout, but is not. {hint}", "not x")


@pytest.mark.points(0.5)
def test_second_dropout(submission, fixed, device):
    """In training, the asked share of what `ffn` gives drops out before it is added, and nothing after that."""
    x, added = fixed
    normed = nn.functional.layer_norm(x, (D_MODEL,))
    _, found = in_training(submission, device, x, torch.zeros(D_MODEL), added)
    # What the first norm makes of -1 and 1.
    shift, factor = (normed[..., :1] + normed[..., 1:2]) / 2, (normed[..., 1:2] - normed[..., :1]) / 2
    hint = "Apply `dropout2` to what `ffn` gives, before it is added, and no dropout after that."
    check_dropped(shift + factor * found - normed, added.expand_as(x), "what `ffn` gives", hint)


@pytest.mark.points(0.5)
def test_dropout_inside(submission, x, device):
    """In training, the asked share of the hidden units drops out, and nothing else inside of `ffn`."""
    submission.seed(0)
    module = submission.TransformerBlock(*SIZES).to(str(device))
    # The second layer hands on the hidden units, one by one, and the first of them twice.
    shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    twice = torch.cat([torch.eye(D_FF), torch.eye(D_FF)])[:D_MODEL]
    eye = {(D_MODEL, D_FF): twice, (D_MODEL,): torch.zeros(D_MODEL)}
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
    trained = network(words.to(device))
    check_dropout_rate(trained[..., :D_FF], settled[..., :D_FF], DROPOUT, "the hidden units", hint)
    message = "In training mode, hidden units should drop out, but single numbers of what `ffn` gives do."
    alike = torch.allclose(trained[..., D_FF:], trained[..., : D_MODEL - D_FF], atol=1e-5)
    expect.true(alike, f"{message} {hint}", "at the end")


@pytest.mark.points(1)
def test_gradients(submission, unmasked, x, generator, device):
    """All layers and the words learn from what comes out."""
    module, version = unmasked
    place = 0 if isinstance(module(x.to(device)), (tuple, list)) else None
    apart = {"place": place, "drops": True}
    check_gradients(submission, module, version, {"x": x}, "x of the block", generator, device, **apart)


@pytest.mark.points(0.5)
def test_device(submission, unmasked, x, mask, device):
    """Nothing is left behind on another device, and evaluation mode is the same each time."""
    check_settles(submission, "TransformerBlock", SIZES, [x], device)
    module, _ = unmasked
    expect.different(call(module, device, x), x, "x before the block and after it")
    message = f"{MADE} makes a tensor on the CPU whatever the device of x, and so fails on a GPU."
    check_device(module.cpu(), module, [x, mask], message)
