"""The checks of `TransformerBlock`, against `torch.nn.TransformerEncoderLayer`, over torch's own attention."""

import pytest
import torch
from torch import nn

from graders.clinical_notes.helpers import BUILT_IN, BuiltInAttention, put_in, values
from graders.helpers import check_device, check_gradients
from proctor.checks import expect

NOTES, LENGTH, HEADS, D_MODEL, D_FF, DROPOUT = 5, 11, 3, 21, 17, 0.3
SIZES = (D_MODEL, HEADS, D_FF, DROPOUT)
MADE = f"`TransformerBlock{SIZES}`"
CALL = f"{MADE}(x, mask)"


@pytest.fixture(autouse=True)
def attention(submission, reference, monkeypatch):
    """A mistake in `MultiHeadSelfAttention` costs nothing here, and a ready-made block earns nothing."""
    expect.from_scratch(submission, "TransformerBlock", BUILT_IN, without=["MultiHeadSelfAttention"])
    put_in(submission, reference, monkeypatch, MultiHeadSelfAttention=BuiltInAttention)


@pytest.fixture
def torchs_own(generator):
    """`torch.nn.TransformerEncoderLayer` with random weights, in evaluation mode."""
    layer = nn.TransformerEncoderLayer(D_MODEL, HEADS, D_FF, DROPOUT, batch_first=True).eval()
    state = {name: 0.4 * torch.randn(value.shape, generator=generator) for name, value in layer.state_dict().items()}
    for norm in ("norm1.weight", "norm2.weight"):
        state[norm] += 1
    layer.load_state_dict(state)
    return layer


@pytest.fixture
def x(generator):
    """The words' vectors."""
    return torch.randn(NOTES, LENGTH, D_MODEL, generator=generator)


@pytest.fixture
def mask():
    """The first note is full, the others are shorter."""
    lengths = torch.tensor([LENGTH, 7, 2, 5, 1])
    return (torch.arange(LENGTH) < lengths.unsqueeze(1))[:, None, None]


def weights_of(layer, state):
    """The layer's weights by the names in the student's block; those of `ffn` are known by their shapes."""
    weights = {}
    for name, value in layer.state_dict().items():
        own = name.replace("self_attn.", "attention.inner.")
        if name.startswith("linear"):
            part, shape = name.rpartition(".")[2], tuple(value.shape)
            found = [
                key for key, other in state.items()
                if key.startswith("ffn.") and key.endswith(f".{part}") and tuple(other.shape) == shape
            ]  # fmt: skip
            own = found[0] if len(found) == 1 else f"ffn.{'0' if name.startswith('linear1') else '3'}.{part}"
        weights[own] = value
    return weights


def make(submission, layer, device):
    """The student's block in evaluation mode, with the weights of torch's."""
    submission.seed(0)
    module = submission.TransformerBlock(*SIZES)
    state = module.state_dict()
    expect.type(state, dict, f"{MADE}.state_dict()")
    weights = weights_of(layer, state)
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    wanted = {name: tuple(value.shape) for name, value in weights.items()}
    missing = sorted(name for name in wanted if shapes.get(name) != wanted[name])
    expect.true(
        not missing,
        f"{MADE} should have {', '.join(f'`{name}` of shape {wanted[name]}' for name in missing)}. It has {shapes}. "
        "`attention` is a MultiHeadSelfAttention; `ffn` leads from d_model to d_ff and back; `norm1` and `norm2` are "
        "layer norms over d_model.",
        [missing, shapes],
    )
    extra = sorted(set(shapes) - set(wanted))
    expect.true(not extra, f"{MADE} should have no parameters beyond those in the text, but also has {extra}.", extra)
    module.load_state_dict(weights)
    return module.to(str(device)).eval()


def call(module, x, device, mask=None):
    """What it gives: x and the attention weights, on the CPU."""
    given = (x.to(device),) if mask is None else (x.to(device), mask.to(device))
    out, attn_weights = values(module(*given), CALL, ["x", "attn_weights"])
    expect.shape(out, x.shape, f"x of {CALL}")
    return out.cpu(), attn_weights


@pytest.mark.points(2)
def test_layers(submission, torchs_own):
    """There are attention, a feed-forward network, and two norms, with weights of the right shapes."""
    make(submission, torchs_own, "cpu")


@pytest.mark.points(1)
def test_attention_is_made_for_the_block(submission):
    """The attention gets the block's sizes and its dropout."""
    given = submission.get(submission.TransformerBlock(*SIZES).attention.given)
    hint = "Pass `dropout` on, too."
    expect.equal(list(given), [D_MODEL, HEADS, DROPOUT], "What `MultiHeadSelfAttention` is made with", hint)


@pytest.mark.points(1)
def test_shapes(submission, x, mask, device):
    """Each word comes out as a vector of the same length."""
    submission.seed(0)
    call(submission.TransformerBlock(*SIZES).to(str(device)).eval(), x, device, mask)


@pytest.mark.points(4)
def test_output(submission, torchs_own, x, device):
    """Attention, shortcut, norm; feed-forward network, shortcut, norm."""
    out, _ = call(make(submission, torchs_own, device), x, device)
    with torch.no_grad():
        expected = torchs_own(x)
    hint = "First x = norm1(x + attention), then x = norm2(x + ffn(x)), with that new x."
    expect.close(out, expected, "x of the block", hint)


@pytest.mark.points(2)
def test_mask(submission, torchs_own, x, mask, device):
    """The mask reaches the attention."""
    module = make(submission, torchs_own, device)
    out, _ = call(module, x, device, mask)
    other = torch.where(mask[:, 0, 0].unsqueeze(-1), x, 50 - x)
    words = mask[:, 0, 0]
    expect.close(call(module, other, device, mask)[0][words], out[words], "The words, when only padding changes,")
    with torch.no_grad():
        expected = torchs_own(x, src_key_padding_mask=~words)
    expect.close(out[words], expected[words], "x of the block with a mask", "Pass the mask on to the attention.")


@pytest.mark.points(1)
def test_attention_weights(submission, torchs_own, x, device):
    """The attention's weights are handed on as they are."""
    _, attn_weights = call(make(submission, torchs_own, device), x, device)
    with torch.no_grad():
        _, expected = torchs_own.self_attn(x, x, x, average_attn_weights=False)
    expect.close(attn_weights, expected, "attn_weights of the block", "Return what the attention returns, second.")


@pytest.mark.points(2)
def test_dropout(submission, torchs_own, x, device):
    """In training, dropout acts on what the attention gives, inside the network, and on what the network gives."""
    module = make(submission, torchs_own, device).train()
    for name in ("dropout1", "dropout2"):
        getattr(module, name).p = 1.0
    out, _ = call(module, x, device)
    with torch.no_grad():
        between = torchs_own.norm1(x)
        expected = torchs_own.norm2(between)
    hint = "Apply `dropout1` to what the attention gives and `dropout2` to what `ffn` gives, before they are added."
    expect.close(out, expected, "x in training, when `dropout1` and `dropout2` drop everything,", hint)
    for name in ("dropout1", "dropout2"):
        getattr(module, name).p = 0.0
    submission.seed(1)
    first, _ = call(module, x, device)
    second, _ = call(module, x, device)
    what = "Two passes in training, when `dropout1` and `dropout2` drop nothing,"
    expect.different(second, first, what, "There should be a dropout inside `ffn`, after the ReLU.")


@pytest.mark.points(1)
def test_gradients(submission, torchs_own, x, mask, generator, device):
    """All layers learn from what comes out."""
    module = make(submission, torchs_own, device)
    out, _ = values(submission.keep(module)(x.to(device), mask.to(device)), CALL, ["x", "attn_weights"])
    names = {name for name in module.state_dict() if not name.startswith("attention.inner.")}
    names.add("attention.inner.in_proj_weight")
    check_gradients(submission, module, out, "x of the block", generator, names)


@pytest.mark.points(1)
def test_device(submission, torchs_own, x, mask):
    """Nothing is left behind on another device, and evaluation mode is the same each time."""
    module = make(submission, torchs_own, "cpu")
    first, _ = call(module, x, torch.device("cpu"))
    second, _ = call(module, x, torch.device("cpu"))
    expect.close(second, first, "A second pass in evaluation mode", "A dropout is at work in evaluation mode.")
    message = f"{MADE} makes a tensor on the CPU whatever the device of x, and so fails on a GPU."
    check_device(module, module, [x, mask], message)
