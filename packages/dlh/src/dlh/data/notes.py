"""Synthetic clinical notes: words that go with four groups of diagnoses, some of them negated.

A note is a chain of findings. A finding is a negation cue (in one of five), general words, terms of its diagnosis and
general words again; the cue comes first and governs the terms of its own finding only. The labels say which diagnoses
are found: mentioned, and not negated. docs/data_card_notes.md describes them.
"""

import random
import re

import numpy as np
import torch

PAD, UNK, CLS = 0, 1, 2

CARDIAC_TERMS = [
    "chest", "pain", "cardiac", "heart", "failure", "arrhythmia", "palpitations", "hypertension", "blood", "pressure",
    "elevated", "ecg", "abnormal", "murmur", "edema", "dyspnea",
]  # fmt: skip
RESPIRATORY_TERMS = [
    "cough", "breath", "shortness", "pneumonia", "lung", "respiratory", "wheezing", "sputum", "oxygen", "saturation",
    "bronchitis", "pleurisy", "crackles", "consolidation",
]  # fmt: skip
RENAL_TERMS = [
    "kidney", "renal", "creatinine", "dialysis", "urine", "proteinuria", "gfr", "nephropathy", "bladder", "urinary",
]  # fmt: skip
DIABETES_TERMS = [
    "diabetes", "glucose", "insulin", "hba1c", "hyperglycemia", "diabetic", "neuropathy", "retinopathy", "metformin",
    "sugar",
]  # fmt: skip
NEGATION_TERMS = [
    "no", "not", "denies", "absent", "negative", "without", "ruled", "out", "unlikely", "excluded",
]  # fmt: skip
GENERAL_TERMS = [
    "patient", "presents", "with", "history", "of", "the", "and", "is", "was", "has", "reports", "examination",
    "shows", "diagnosis", "treatment", "assessment", "plan", "follow", "up", "prescribed", "admitted", "discharged",
    "stable", "condition", "chronic", "acute", "mild", "moderate", "severe", "bilateral", "left", "right",
]  # fmt: skip

CODE_NAMES = ["Cardiac", "Respiratory", "Renal", "Diabetes"]
TERM_GROUPS = [CARDIAC_TERMS, RESPIRATORY_TERMS, RENAL_TERMS, DIABETES_TERMS]

# The cues that occur in notes. The others are words of the vocabulary that no note ever shows.
CUES = NEGATION_TERMS[:6]

VOCAB = ["<PAD>", "<UNK>", "<CLS>", *(word for group in TERM_GROUPS for word in group), *NEGATION_TERMS, *GENERAL_TERMS]
word2idx = {word: index for index, word in enumerate(VOCAB)}

MAX_LEN = 64
NEGATED_SHARE = 0.2


def generate_clinical_note(max_len=MAX_LEN, stream=random):
    """Draw one note.

    Parameters
    ----------
    max_len : int, the length that the note is padded (or cut) to; no note is longer than 43 words
    stream : `random.Random`, or the module `random`, whose state `random.seed` sets

    Returns
    -------
    tokens : list of max_len ints, `CLS` first, `PAD` at the end
    labels : (4,) float32 array, 1 where the diagnosis is mentioned and not negated
    """
    labels = np.zeros(len(CODE_NAMES), dtype=np.float32)
    tokens = [CLS]
    for diagnosis in stream.sample(range(len(CODE_NAMES)), stream.randint(1, 3)):
        if stream.random() < NEGATED_SHARE:
            tokens.append(word2idx[stream.choice(CUES)])
        else:
            labels[diagnosis] = 1.0
        for words, least, most in [(GENERAL_TERMS, 2, 4), (TERM_GROUPS[diagnosis], 3, 6), (GENERAL_TERMS, 1, 3)]:
            tokens += [word2idx[stream.choice(words)] for _ in range(stream.randint(least, most))]
    return (tokens + [PAD] * max_len)[:max_len], labels


def generate_notes(count, seed=42, max_len=MAX_LEN):
    """Draw many notes. The first ones are the same however many follow.

    Parameters
    ----------
    count : int
    seed : int; with 42 the first 2600 are the published ones (2000 to train, 300 to validate, 300 to test)
    max_len : int

    Returns
    -------
    tokens : (count, max_len) long tensor
    labels : (count, 4) float tensor, 0 and 1
    """
    stream = random.Random(seed)
    notes = [generate_clinical_note(max_len, stream) for _ in range(count)]
    return torch.tensor([tokens for tokens, _ in notes]), torch.tensor(np.stack([labels for _, labels in notes]))


def mentioned_diagnoses(tokens):
    """Which diagnoses a note has words of, negated or not.

    Parameters
    ----------
    tokens : (notes, length) long tensor

    Returns
    -------
    mentioned : (notes, 4) bool tensor
    """
    groups = [torch.tensor([word2idx[word] for word in group]) for group in TERM_GROUPS]
    return torch.stack([torch.isin(tokens, group.to(tokens.device)).any(dim=1) for group in groups], dim=1)


def read_note(text, max_len=MAX_LEN):
    """A note that somebody wrote, as words and as tokens.

    Parameters
    ----------
    text : str; signs between words are left out
    max_len : int, what comes after so many words, `<CLS>` among them, is left out

    Returns
    -------
    words : list of str in small letters, `<CLS>` first
    tokens : (length,) long tensor, `UNK` for each word that the vocabulary lacks
    """
    written = re.findall(r"[^\W_]+", text.lower())[: max_len - 1]
    return ["<CLS>", *written], torch.tensor([CLS, *(word2idx.get(word, UNK) for word in written)])


def words_of(tokens):
    """A note as a list of words, without its padding.

    Parameters
    ----------
    tokens : (length,) long tensor or list of ints
    """
    return [VOCAB[int(token)] for token in tokens if int(token) != PAD]


def negation_scopes(tokens):
    """Where a note negates, and what.

    Parameters
    ----------
    tokens : (length,) long tensor or list of ints

    Returns
    -------
    scopes : list of (cue, terms), the position of each cue and those of the terms that it negates: all of the first
        diagnosis that is mentioned after it
    """
    group_of = {word2idx[word]: group for group, words in enumerate(TERM_GROUPS) for word in words}
    cues = {word2idx[word] for word in CUES}
    scopes, group = [], None
    for position, token in enumerate(map(int, tokens)):
        if token in cues:
            scopes.append((position, []))
            group = None
        elif scopes and token in group_of:
            group = group_of[token] if group is None else group
            if group_of[token] == group:
                scopes[-1][1].append(position)
    return scopes


class NoteLoader:
    """Gives batches of notes that are no longer than their longest note.

    Padding costs time and tells nothing. Where the notes are shuffled, notes of like length come together as well: as
    many as `POOL` batches hold are drawn, sorted by length and cut into batches, which are given in random order.

    Parameters
    ----------
    tokens : (notes, max_len) long tensor, padded at the end
    labels : (notes, classes) float tensor
    batch_size : int
    shuffle : bool, drawn anew in each epoch from torch's random numbers; else the notes keep their order
    """

    POOL = 50

    def __init__(self, tokens, labels, batch_size=32, shuffle=False):
        self.tokens, self.labels, self.batch_size, self.shuffle = tokens, labels, batch_size, shuffle
        self.lengths = (tokens != PAD).sum(dim=1).clamp(min=1)

    def __len__(self):
        """The number of batches of an epoch."""
        return -(-len(self.tokens) // self.batch_size)

    def __iter__(self):
        """Gives (tokens, labels) of each batch: (batch, length) long, (batch, classes) float."""
        order = torch.arange(len(self.tokens))
        if self.shuffle:
            order = torch.randperm(len(self.tokens))
            pools = order.split(self.POOL * self.batch_size)
            order = torch.cat([pool[self.lengths[pool].argsort()] for pool in pools])
        batches = order.split(self.batch_size)
        for number in torch.randperm(len(batches)) if self.shuffle else range(len(batches)):
            chosen = batches[number]
            yield self.tokens[chosen, : int(self.lengths[chosen].max())], self.labels[chosen]
