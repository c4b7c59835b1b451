"""Tests of the clinical notes: their generator, the reference against torch's own, the figures, what can be learned."""

import contextlib
import hashlib
import io
import random

import matplotlib
import numpy as np
import pytest
import torch
from torch import nn

matplotlib.use("agg")

from matplotlib import pyplot as plt  # noqa: E402

from dlh import plots  # noqa: E402
from dlh.data import notes  # noqa: E402
from solutions import clinical_notes as solution  # noqa: E402


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def published():
    """The notes of the published assignment: tokens and labels."""
    return notes.generate_notes(2600, seed=42)


# Made with the published notebook's own code, run with seed 42.
TOKENS_SHA256 = "77fe3290bcb1acfc20ca0cdc298675353c0c45a615f632319e0642caa7798d13"
LABELS_SHA256 = "9559b8bc7a3505d423c9150b1fc198938ad8652ef0dbf6ffece0a1c4d4faae7f"


def test_notes_of_seed_42_are_the_published_ones(published):
    tokens, labels = published
    assert len(notes.VOCAB) == len(set(notes.VOCAB)) == 95
    assert hashlib.sha256(tokens.numpy().astype("<i8").tobytes()).hexdigest() == TOKENS_SHA256
    assert hashlib.sha256(labels.numpy().astype("<f4").tobytes()).hexdigest() == LABELS_SHA256


def test_generator_takes_the_global_stream_as_published(published):
    random.seed(42)
    tokens, labels = notes.generate_clinical_note()
    assert tokens == published[0][0].tolist()
    assert labels.tolist() == published[1][0].tolist()


def test_more_notes_begin_with_the_same_and_another_seed_does_not(published):
    assert torch.equal(notes.generate_notes(30)[0], published[0][:30])
    assert not torch.equal(notes.generate_notes(30, seed=43)[0], published[0][:30])


def test_short_notes_are_cut():
    tokens, _ = notes.generate_notes(20, max_len=5)
    assert tokens.shape == (20, 5)


def test_labels_are_the_mentions_outside_of_every_scope(published):
    tokens, labels = published
    mentioned = notes.mentioned_diagnoses(tokens)
    group_of = {notes.word2idx[word]: i for i, group in enumerate(notes.TERM_GROUPS) for word in group}
    for note, label, mention in zip(tokens[:500], labels[:500], mentioned[:500], strict=True):
        negated = torch.zeros(4, dtype=torch.bool)
        for cue, terms in notes.negation_scopes(note):
            assert notes.VOCAB[note[cue]] in notes.CUES
            assert 3 <= len(terms) <= 6
            assert terms == list(range(terms[0], terms[-1] + 1))
            assert 2 <= terms[0] - cue - 1 <= 4
            negated[group_of[int(note[terms[0]])]] = True
        assert torch.equal(label.bool(), mention & ~negated)


def test_words_of_leaves_padding_out(published):
    words = notes.words_of(published[0][0])
    assert words[:4] == ["<CLS>", "and", "the", "pain"]
    assert "<PAD>" not in words


def test_loader_gives_every_note_once_and_cuts_to_the_longest(published):
    tokens, labels = published[0][:333], published[1][:333]
    torch.manual_seed(0)
    for shuffle in (False, True):
        loader = notes.NoteLoader(tokens, labels, batch_size=32, shuffle=shuffle)
        batches = list(loader)
        assert len(batches) == len(loader) == 11
        assert all((x[:, -1] != notes.PAD).any() for x, _ in batches)
        seen = [(notes.words_of(x), y.tolist()) for xs, ys in batches for x, y in zip(xs, ys, strict=True)]
        expected = [(notes.words_of(x), y.tolist()) for x, y in zip(tokens, labels, strict=True)]
        assert (seen == expected) is not shuffle
        assert sorted(seen) == sorted(expected)
    sizes = sum(x.numel() for x, _ in batches)
    assert sizes < 1.15 * (tokens != notes.PAD).sum()  # next to no padding where notes of like length come together


def test_shuffled_loader_follows_the_seed(published):
    def first(seed):
        torch.manual_seed(seed)
        return next(iter(notes.NoteLoader(*published, shuffle=True)))[0]

    assert torch.equal(first(1), first(1))
    assert first(1).shape != first(2).shape or not torch.equal(first(1), first(2))


def test_model_has_the_published_size():
    model = solution.ClinicalNoteClassifier(len(notes.VOCAB), max_len=64)
    assert sum(weight.numel() for weight in model.parameters()) == 409_220


def test_block_is_torchs_own_with_the_same_weights():
    torch.manual_seed(0)
    own = solution.TransformerBlock(24, 4, 40).eval()
    theirs = nn.TransformerEncoderLayer(24, 4, 40, batch_first=True).eval()
    state = {}
    for kind in ("weight", "bias"):
        layers = [getattr(getattr(own.attention, name), kind) for name in ("W_q", "W_k", "W_v")]
        state[f"self_attn.in_proj_{kind}"] = torch.cat(layers)
        state[f"self_attn.out_proj.{kind}"] = getattr(own.attention.W_o, kind)
        for there, here in (("linear1", own.ffn[0]), ("linear2", own.ffn[3])):
            state[f"{there}.{kind}"] = getattr(here, kind)
        for norm in ("norm1", "norm2"):
            state[f"{norm}.{kind}"] = getattr(getattr(own, norm), kind)
    theirs.load_state_dict(state)
    x = torch.randn(3, 7, 24)
    words = torch.arange(7) < torch.tensor([[7], [4], [1]])
    with torch.no_grad():
        expected = theirs(x, src_key_padding_mask=~words)
        found, attn_weights = own(x, words[:, None, None])
    torch.testing.assert_close(found[words], expected[words], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(attn_weights.sum(-1), torch.ones(3, 4, 7))


def test_heads_must_divide_the_vectors():
    with pytest.raises(ValueError, match="multiple of num_heads"):
        solution.MultiHeadSelfAttention(10, 3)


def test_softened_words_are_as_large_as_their_positions():
    torch.manual_seed(0)
    model = solution.ClinicalNoteClassifier(95, max_len=64)
    positions = model.pos_encoding(torch.zeros(1, 64, 128)).std()
    loud = (model.embedding.weight[1:] * 128**0.5).std()
    soft = (solution.soften_words(model).embedding.weight[1:] * 128**0.5).std()
    assert loud > 15 * positions
    assert 1 < soft / positions < 2
    assert (model.embedding.weight[0] == 0).all()


def test_only_softened_words_learn_negation():
    """The claim of the notebook, on a smaller model: loud words stay a bag of words, softened ones are read."""
    data = notes.generate_notes(4000, seed=44)
    tokens, labels = notes.generate_notes(1000, seed=43)
    loader = notes.NoteLoader(tokens, labels, batch_size=250)
    mentioned = notes.mentioned_diagnoses(tokens).numpy()
    f1 = {}
    for name, change in (("loud", lambda model: model), ("softened", solution.soften_words)):
        torch.manual_seed(0)
        model = change(solution.ClinicalNoteClassifier(95, d_model=64, num_heads=2, d_ff=128, max_len=64))
        with contextlib.redirect_stdout(io.StringIO()):
            train_loader = notes.NoteLoader(*data, shuffle=True)
            solution.train_model(model, train_loader, loader, num_epochs=5, lr=1e-3)
        _, f1[name] = solution.negation_scores(*solution.predict(model, loader), mentioned)
    assert f1["loud"] < 0.7
    assert f1["softened"] > 0.75


def test_figures_of_notes_name_words_heads_and_curves(published):
    note = next(note for note in published[0] if notes.negation_scopes(note))
    words, scopes = notes.words_of(note), notes.negation_scopes(note)
    groups = dict(zip(notes.CODE_NAMES, notes.TERM_GROUPS, strict=True))
    texts = [text.get_text() for text in plots.draw_notes([(words, "a note")], groups, notes.CUES).axes[0].texts]
    assert set(words) < set(texts)
    assert set(notes.CODE_NAMES) < set(texts)

    attention = torch.softmax(torch.randn(3, len(words), len(words)), dim=-1).numpy()
    panels = plots.draw_heads(attention, words, scopes, title="t").axes[:3]
    assert [axes.get_title() for axes in panels] == ["head 1", "head 2", "head 3"]
    for axes in panels:
        (frame,) = axes.patches
        cue, terms = scopes[0]
        assert (frame.get_x(), frame.get_y()) == (cue - 0.5, terms[0] - 0.5)
        assert (frame.get_width(), frame.get_height()) == (1, len(terms))

    band = np.array([[0.2, 0.4], [0.1, 0.3], [0.3, 0.5]])
    (axes,) = plots.band_curves({"one": band, "other": band + 0.1}, levels={"bag of words": 0.1}).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "other", "bag of words"]

    texts = " ".join(text.get_text() for text in plots.draw_transformer().axes[0].texts)
    assert all(word in texts for word in ("denies", "attention", "position", "<PAD>", "mentioned, denied"))
