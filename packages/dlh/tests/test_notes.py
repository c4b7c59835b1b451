"""The clinical notes: their generator, the scopes of their negations, their batches."""

import hashlib
import random

import pytest
import torch

from dlh.data import notes


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


def test_a_note_of_ones_own_is_read_word_by_word():
    words, tokens = notes.read_note("Patient DENIES chest-pain; a fever?\n(HbA1c: <PAD>!)")
    assert words == ["<CLS>", "patient", "denies", "chest", "pain", "a", "fever", "hba1c", "pad"]
    known = ["patient", "denies", "chest", "pain", None, None, "hba1c", None]
    assert tokens.tolist() == [notes.CLS, *(notes.word2idx[word] if word else notes.UNK for word in known)]
    assert tokens.dtype == torch.long


@pytest.mark.parametrize("text", ["", " ... ", "\n"])
def test_a_note_without_words_is_its_first_token_alone(text):
    words, tokens = notes.read_note(text)
    assert words == ["<CLS>"] and tokens.tolist() == [notes.CLS]


def test_a_note_of_ones_own_that_is_too_long_is_cut():
    words, tokens = notes.read_note("no " * 99, max_len=7)
    assert len(words) == len(tokens) == 7
    assert len(notes.read_note("no " * 99)[1]) == notes.MAX_LEN
