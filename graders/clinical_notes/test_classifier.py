"""The checks of `ClinicalNoteClassifier`, over stand-ins for the positions and the blocks."""

import math

import pytest
import torch

from graders.carried import built
from graders.clinical_notes.helpers import StandInBlock, StandInPositions, put_in
from graders.clinical_notes.mistakes import CLASSIFIER
from graders.helpers import check_device, check_gradients, check_layers, values
from graders.layers import check_dropout_rate, check_settles, settles
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
def x(generator):
    """Notes of different lengths, from one word to all, padded at the end; word 1 is among them, and is no padding."""
    tokens = torch.randint(1, VOCABULARY, (NOTES, LENGTH), generator=generator)
    tokens[0, 5] = 1
    lengths = torch.tensor([LENGTH, 3, 1, 7, 2, 5, 1])
    return tokens * (torch.arange(LENGTH) < lengths.unsqueeze(1))


def call(module, device, x):
    """What a classifier gives, the student's or a version's: logits, on the CPU, and the list of attention."""
    logits, all_attn = values(module(x.to(device, copy=True)), CALL, ["logits", "all_attn"])
    expect.shape(logits, (len(x), CLASSES), f"logits of {CALL}")
    return logits.detach().cpu(), all_attn


@pytest.fixture
def made(submission, reference, generator, device, x):
    """Makes the student's module and the version that is like it: `made(call)`, as `built` takes it.

    With its weights every layer has a say, and the padding's vector is no zero, so that it shows where it is used.
    """
    scales = {"embedding": 0.3, "blocks": 0.5, "classifier": 1.0}
    # A last layer of four diagnoses is built anew, for as many as asked for.
    known = [one for one in CLASSIFIER if one.name != "four_diagnoses_always"]
    sizes = SIZES if settles(submission, "ClinicalNoteClassifier", SIZES, [x], device) else (*SIZES[:-1], 0.0)
    fixed = (submission, reference, "ClinicalNoteClassifier", known, scales, generator, device, sizes)
    return lambda call=None: built(*fixed, call, inputs=[x])


@pytest.fixture
def carried(made, x):
    """The student's module, and the version that gives the same logits."""
    return made(lambda module, device: call(module, device, x)[0])


def given_to(submission, module, name):
    """What a stand-in inside of the student's module wrote down, on the CPU."""
    seen = submission.get(module.pos_encoding.seen if name == "pos_encoding" else module.blocks[0].seen)
    what = f"What {'`pos_encoding`' if name == 'pos_encoding' else 'the first block'} is given"
    expect.shape(seen, (NOTES, LENGTH, D_MODEL), what)
    return seen.detach().cpu()


@pytest.mark.points(1)
def test_layers(submission, reference):
    """There are an embedding of the words, a list of blocks, and a linear classifier."""
    module = submission.ClinicalNoteClassifier(*SIZES)
    weights = dict(reference.ClinicalNoteClassifier(*SIZES).named_parameters())
    check_layers(module, weights, MADE)
    shared = sorted(set(weights) - {name for name, _ in module.named_parameters()})
    message = f"Each block of {MADE} should have weights of its own to learn, but {shared} are another's, or none."
    expect.true(not shared, message, ["shared", *shared])
    extra = sorted(set(module.state_dict()) - set(weights) - {"pos_encoding.pe"})
    expect.true(not extra, f"{MADE} should have no parameters beyond those in the text, but also has {extra}.", extra)


@pytest.mark.points(1)
def test_parts_get_their_sizes(submission):
    """Positions and blocks are made with the sizes and the dropout of the classifier."""
    module = submission.ClinicalNoteClassifier(*SIZES)
    given = submission.get(module.pos_encoding.given)
    expect.equal(list(given), [D_MODEL, MAX_LEN], "What the positions are made with", "Pass max_len on.")
    given = [list(submission.get(block.given)) for block in module.blocks]
    expect.equal(given, [[D_MODEL, HEADS, D_FF, DROPOUT]] * LAYERS, "What the blocks are made with", "Pass all on.")
    module = submission.ClinicalNoteClassifier(VOCABULARY)
    made = [list(submission.get(part.given)) for part in (module.pos_encoding, *module.blocks)]
    hint = "Leave the sizes that are there by default as they are given."
    what = f"What positions and blocks of `ClinicalNoteClassifier({VOCABULARY})` are made with"
    expect.equal(made, [[128, 128], [128, 4, 512, 0.15], [128, 4, 512, 0.15]], what, hint)


@pytest.mark.points(1)
def test_shapes(submission, made, x, device):
    """Each note gets a number for each diagnosis."""
    module, _ = made()
    logits, _ = call(module, device, x)
    expect.different(logits[1:], logits[:-1], "logits of different notes")
    expect.given_is_kept(submission, module, {"x": x.to(device)}, CALL)
    single, _ = values(module(x[:1].to(device)), CALL, ["logits", "all_attn"])
    hint = "A note that is alone keeps the axis of the batch: `squeeze()` drops it."
    expect.shape(single, (1, CLASSES), "logits of a single note", hint)


@pytest.mark.points(4)
def test_logits(made, x, device):
    """Embedding, positions, blocks in order, mean over the words, classifier."""
    module, version = made()
    hint = "One block after the other; the mean runs over the words of the note, without padding; no sigmoid."
    expect.close(call(module, device, x)[0], call(version, "cpu", x)[0], "logits", hint)


@pytest.mark.points(1)
def test_words_are_scaled(submission, made, x, device):
    """The words' vectors are multiplied by sqrt(d_model) before the positions are added."""
    module, version = made()
    call(module, device, x)
    seen = given_to(submission, module, "pos_encoding")
    words = math.sqrt(D_MODEL) * version.version.embedding.weight.detach()[x]
    hint = "Look the words up in `embedding` and multiply by sqrt(d_model): the positions come after that."
    expect.close(seen[x != 0], words[x != 0], "What `pos_encoding` is given", hint)


@pytest.mark.points(1)
def test_mask(submission, made, x, device):
    """Every block gets a mask that is True at words and False at padding."""
    module, _ = made()
    call(module, device, x)
    for index, block in enumerate(module.blocks):
        mask = submission.get(block.seen_mask)
        what = f"The mask that block {index} is given"
        expect.type(mask, torch.Tensor, what)
        wanted = (x != 0)[:, None, None]
        seen = (mask != 0).cpu().expand(NOTES, 1, *mask.shape[2:-1], LENGTH)
        hint = "It is x != 0, of shape (batch, 1, 1, length): word 0 is padding."
        expect.true(
            bool((seen == wanted).all()),
            f"{what} should be True at words and False at padding, but is {share(seen, x != 0)} of the words and "
            f"{share(seen, x == 0)} of the padding. {hint}",
            seen,
        )


def share(mask, places):
    """How much of a mask is True at some places, in words."""
    return f"True at {float(mask.expand(NOTES, 1, LENGTH, LENGTH)[:, 0, 0][places].float().mean()):.0%}"


@pytest.mark.points(1)
def test_padding(carried, x, device):
    """More padding changes no logit."""
    module, version = carried
    more = torch.cat([x, x.new_zeros(NOTES, 5)], dim=1)
    hint = "Padding must stay out of the attention, by the mask, and out of the mean, above and below the line."
    found, _ = call(module, device, more)
    expect.close(found, call(version, "cpu", x)[0], "logits of the notes with more padding", hint)


@pytest.mark.points(1)
def test_nothing_but_padding(carried, x, device):
    """A note without any word gets the logits of a mean of zero, and the other notes get theirs."""
    module, version = carried
    empty = x.clone()
    empty[3] = 0
    logits, _ = call(module, device, empty)
    count = int((~torch.isfinite(logits)).sum())
    expect.true(
        count == 0,
        f"logits should be finite for a note that is all padding, but {count} are NaN or infinite. The mean divides "
        "by the number of words, which is zero there: divide by at least one.",
        logits,
    )
    hint = "Its mean is zero: divide by at least one."
    expect.close(logits, call(version, "cpu", empty)[0], "logits, where a note is all padding,", hint)


@pytest.mark.points(1)
def test_attention(carried, x, device):
    """The attention of every block comes back, in order."""
    module, version = carried
    _, all_attn = call(module, device, x)
    expect.type(all_attn, (list, tuple), "all_attn")
    expect.equal(len(all_attn), len(version.version.blocks), "The length of all_attn", "One for each block.")
    blocks = version.version.blocks
    expected = call(version, "cpu", x)[1] if len(call(version, "cpu", x)[1]) == len(blocks) else all_attn
    for index, (found, wanted) in enumerate(zip(all_attn, expected, strict=True)):
        expect.close(found, wanted, f"all_attn[{index}]", "Append what each block gives, in order.")


@pytest.mark.points(1)
def test_padding_has_no_vector(submission, x, generator, device):
    """The padding's vector is zero and does not learn."""
    submission.seed(0)
    module = submission.ClinicalNoteClassifier(*SIZES).to(str(device)).eval()
    first = module.state_dict()["embedding.weight"].cpu()
    hint = "Tell `nn.Embedding` which word is padding (`padding_idx`)."
    expect.close(first[0], torch.zeros(D_MODEL), "The vector of word 0, the padding, in a new model", hint)
    expect.different(first[1:], torch.zeros_like(first[1:]), "The vectors of words in a new model, and zeros")
    logits, _ = values(submission.keep(module)(x.to(device)), CALL, ["logits", "all_attn"])
    expect.true(logits.requires_grad is True, "logits should carry gradients, but do not.", "no gradient at all")
    # How many diagnoses there are is another check's matter.
    logits.backward(torch.randn(submission.get(logits).shape, generator=generator).to(device))
    gradient = submission.gradients(module)["embedding.weight"]
    expect.type(gradient, torch.Tensor, "The gradient of `embedding.weight`")
    expect.different(gradient.cpu(), torch.zeros(VOCABULARY, D_MODEL), "The gradient of `embedding.weight` and zeros")
    expect.close(gradient[0].cpu(), torch.zeros(D_MODEL), "The gradient of the padding's vector", hint)


@pytest.mark.points(1)
def test_dropout(submission, carried, x, device):
    """In training, the asked share of what goes into the first block drops out, and nothing else."""
    check_settles(submission, "ClinicalNoteClassifier", SIZES, [x], device)
    module, version = carried
    call(module, device, x)
    settled = given_to(submission, module, "blocks")
    submission.seed(1)
    logits, _ = call(module.train(), device, x)
    seen = given_to(submission, module, "blocks")
    hint = "Apply `dropout` to the sum of words and positions."
    message = "In training mode, what the first block is given should have passed a dropout, but is as it was."
    expect.true(not torch.allclose(seen, settled, atol=1e-5), f"{message} {hint}", "as it was")
    check_dropout_rate(seen, settled, DROPOUT, "what the first block is given", hint)
    # The version goes on from what the student's first block was given.
    version.version.dropout = Given(seen)
    expected, _ = call(version, "cpu", x)
    hint = "There is to be one dropout, before the first block, and those inside of the blocks."
    expect.close(logits, expected, "logits in training, against those of what the first block was given,", hint)


class Given(torch.nn.Module):
    """Gives the same whatever it is given."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def forward(self, x):
        return self.value


@pytest.mark.points(1)
def test_gradients_and_device(submission, carried, x, generator, device):
    """All layers learn from the logits, and nothing is left behind on another device."""
    module, version = carried
    apart = {"place": 0, "drops": True, "optional": {"pos_encoding.pe"}}
    check_gradients(submission, module, version, {"x": x}, "logits", generator, device, **apart)
    message = f"{MADE} makes a tensor on the CPU whatever the device of x, and so fails on a GPU."
    check_device(module.cpu(), module, [x], message)
