"""The checks of `ClinicalNoteClassifier`, over stand-ins for the positions and the blocks."""

import math

import pytest
import torch

from graders.clinical_notes.helpers import StandInBlock, StandInPositions, draw_notes, put_in, values
from graders.helpers import build, check_device, check_gradients, check_layers, random_weights
from proctor.checks import expect

NOTES, LENGTH, VOCABULARY = 7, 11, 31
D_MODEL, HEADS, D_FF, LAYERS, CLASSES, MAX_LEN, DROPOUT = 14, 2, 17, 3, 5, 23, 0.3
SIZES = (VOCABULARY, D_MODEL, HEADS, D_FF, LAYERS, CLASSES, MAX_LEN, DROPOUT)
MADE = f"`ClinicalNoteClassifier{SIZES}`"
CALL = f"{MADE}(x)"


@pytest.fixture(autouse=True)
def stand_ins(submission, reference, monkeypatch):
    """A mistake in an earlier exercise costs nothing here."""
    put_in(
        submission, reference, monkeypatch,
        SinusoidalPositionalEncoding=StandInPositions, TransformerBlock=StandInBlock,
    )  # fmt: skip


@pytest.fixture
def weights(reference, generator):
    """Weights with which every layer has a say. The padding's vector is no zero, so that it shows where it is used."""
    model = reference.ClinicalNoteClassifier(*SIZES)
    drawn = random_weights(model, {"embedding": 0.3, "blocks": 0.5, "classifier": 1.0, "pos_encoding": 1.0}, generator)
    return {name: value for name, value in drawn.items() if not name.startswith("pos_encoding")}


@pytest.fixture
def x(generator):
    """Notes of different lengths."""
    tokens, _ = draw_notes(NOTES, LENGTH, VOCABULARY, CLASSES, generator)
    tokens[0] = tokens[0].clamp(min=1)
    tokens[1, 3:] = 0
    return tokens


@pytest.fixture
def expected(reference, weights):
    """The reference with these weights and the stand-ins: `expected(x)` gives logits and attention."""
    model = reference.ClinicalNoteClassifier(*SIZES).eval()
    model.load_state_dict(weights, strict=False)

    def call(x):
        with torch.no_grad():
            return model(x)

    return call


def make(submission, weights, device):
    """The student's classifier in evaluation mode, with these weights."""
    return build(submission, "ClinicalNoteClassifier", weights, device, arguments=SIZES)


def call(module, x, device):
    """What it gives: logits and the list of attention."""
    logits, all_attn = values(module(x.to(device)), CALL, ["logits", "all_attn"])
    expect.shape(logits, (len(x), CLASSES), f"logits of {CALL}")
    return logits.cpu(), all_attn


@pytest.mark.points(2)
def test_layers(submission, weights):
    """There are an embedding of the words, a list of blocks, and a linear classifier."""
    module = submission.ClinicalNoteClassifier(*SIZES)
    check_layers(module, weights, MADE)
    extra = sorted(set(module.state_dict()) - set(weights) - {"pos_encoding.pe"})
    expect.true(not extra, f"{MADE} should have no parameters beyond those in the text, but also has {extra}.", extra)


@pytest.mark.points(2)
def test_parts_get_their_sizes(submission):
    """Positions and blocks are made with the sizes and the dropout of the classifier."""
    module = submission.ClinicalNoteClassifier(*SIZES)
    given = submission.get(module.pos_encoding.given)
    expect.equal(list(given), [D_MODEL, MAX_LEN], "What the positions are made with", "Pass max_len on.")
    given = [list(submission.get(block.given)) for block in module.blocks]
    expect.equal(given, [[D_MODEL, HEADS, D_FF, DROPOUT]] * LAYERS, "What the blocks are made with", "Pass all on.")


@pytest.mark.points(1)
def test_shapes(submission, x, device):
    """Each note gets a number for each diagnosis."""
    submission.seed(0)
    call(submission.ClinicalNoteClassifier(*SIZES).to(str(device)).eval(), x, device)


@pytest.mark.points(4)
def test_logits(submission, weights, x, expected, device):
    """Embedding, positions, blocks in order, mean over the words, classifier."""
    logits, _ = call(make(submission, weights, device), x, device)
    hint = "One block after the other; the mean runs over the words of the note, without padding; no sigmoid."
    expect.close(logits, expected(x)[0], "logits", hint)


@pytest.mark.points(2)
def test_words_are_scaled(submission, weights, x, device):
    """The words' vectors are multiplied by sqrt(d_model) before the positions are added."""
    module = make(submission, weights, device)
    call(module, x, device)
    seen = submission.get(module.pos_encoding.seen)
    words = math.sqrt(D_MODEL) * weights["embedding.weight"][x]
    is_word = x != 0
    what = "What `pos_encoding` is given"
    expect.shape(seen, words.shape, what)
    hint = "Look the words up in `embedding` and multiply by sqrt(d_model): the positions come after that."
    expect.close(seen.cpu()[is_word], words[is_word], what, hint)


@pytest.mark.points(2)
def test_mask(submission, weights, x, device):
    """Every block gets a mask that is True at words and False at padding."""
    module = make(submission, weights, device)
    call(module, x, device)
    for index, block in enumerate(module.blocks):
        mask = submission.get(block.seen_mask)
        what = f"The mask that block {index} is given"
        expect.type(mask, torch.Tensor, what)
        wanted = (x != 0)[:, None, None]
        seen = (mask != 0).cpu().expand(NOTES, 1, *mask.shape[2:-1], LENGTH)
        hint = "It is x != 0, of shape (batch, 1, 1, length): word 0 is padding."
        expect.equal(bool((seen == wanted).all()), True, f"{what}, compared with x != 0,", hint)


@pytest.mark.points(2)
def test_padding(submission, weights, x, device):
    """More padding changes no logit."""
    module = make(submission, weights, device)
    logits, _ = call(module, x, device)
    more, _ = call(module, torch.cat([x, x.new_zeros(NOTES, 5)], dim=1), device)
    hint = "Padding must stay out of the attention, by the mask, and out of the mean, above and below the line."
    expect.close(more, logits, "logits of the notes with more padding", hint)
    expect.different(logits[1:], logits[:-1], "logits of different notes")


@pytest.mark.points(1)
def test_nothing_but_padding(submission, weights, x, device):
    """A note without any word gets finite logits."""
    empty = x.clone()
    empty[2] = 0
    logits, _ = call(make(submission, weights, device), empty, device)
    count = int((~torch.isfinite(logits)).sum())
    expect.true(
        count == 0,
        f"logits should be finite for a note that is all padding, but {count} are NaN or infinite. The mean divides "
        "by the number of words, which is zero there: divide by at least one.",
        logits,
    )


@pytest.mark.points(1)
def test_attention(submission, weights, x, expected, device):
    """The attention of every block comes back, in order."""
    _, all_attn = call(make(submission, weights, device), x, device)
    expect.type(all_attn, (list, tuple), "all_attn")
    expect.equal(len(all_attn), LAYERS, "The length of all_attn", "One for each block.")
    for index, (found, wanted) in enumerate(zip(all_attn, expected(x)[1], strict=True)):
        expect.close(found, wanted, f"all_attn[{index}]", "Append what each block gives, in order.")


@pytest.mark.points(1)
def test_padding_has_no_vector(submission, x, generator, device):
    """The padding's vector is zero and does not learn."""
    submission.seed(0)
    module = submission.ClinicalNoteClassifier(*SIZES).to(str(device)).eval()
    first = module.state_dict()["embedding.weight"][0]
    hint = "Tell `nn.Embedding` which word is padding (`padding_idx`)."
    expect.close(first.cpu(), torch.zeros(D_MODEL), "The vector of word 0, the padding, in a new model", hint)
    logits, _ = values(submission.keep(module)(x.to(device)), CALL, ["logits", "all_attn"])
    check_gradients(submission, module, logits, "logits", generator, {"embedding.weight"})
    gradient = submission.gradients(module)["embedding.weight"][0]
    expect.close(gradient.cpu(), torch.zeros(D_MODEL), "The gradient of the padding's vector", hint)


@pytest.mark.points(1)
def test_dropout(submission, weights, x, device):
    """In training, dropout acts on what goes into the first block; in evaluation, nowhere."""
    module = make(submission, weights, device)
    first, _ = call(module, x, device)
    second, _ = call(module, x, device)
    expect.close(second, first, "logits of a second pass in evaluation mode", "Dropout is at work in evaluation mode.")
    module.dropout.p = 1.0
    call(module.train(), x, device)
    seen = submission.get(module.blocks[0].seen)
    expect.close(
        seen.cpu(),
        torch.zeros(NOTES, LENGTH, D_MODEL),
        "What the first block is given in training, when `dropout` drops everything,",
        "Apply `dropout` to the sum of words and positions.",
    )


@pytest.mark.points(1)
def test_gradients_and_device(submission, weights, x, generator, device):
    """All layers learn from the logits, and nothing is left behind on another device."""
    module = make(submission, weights, device)
    logits, _ = values(submission.keep(module)(x.to(device)), CALL, ["logits", "all_attn"])
    check_gradients(submission, module, logits, "logits", generator, set(weights))
    cpu = make(submission, weights, "cpu")
    message = f"{MADE} makes a tensor on the CPU whatever the device of x, and so fails on a GPU."
    check_device(cpu, cpu, [x], message)
