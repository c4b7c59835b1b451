"""The checks of what is taken away from a model, and of the curves over several seeds."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from graders.clinical_notes.helpers import StandInPositions, check_given_is_kept, put_in, values
from proctor.checks import expect

D_MODEL, VOCABULARY = 12, 17


class ScaledLayer(nn.Module):
    """As `MultiHeadSelfAttention`, of two heads, but it cannot attend."""

    def __init__(self, d_k):
        super().__init__()
        self.d_model, self.num_heads, self.d_k = 2 * d_k, 2, d_k
        self.scale = d_k**-0.5
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(2 * d_k, 2 * d_k) for _ in range(4))
        self.dropout = nn.Dropout(0.1)


class LayeredModel(nn.Module):
    """As `ClinicalNoteClassifier`, as far as it is changed: attention lies at several depths."""

    def __init__(self, attention, positions, vocabulary, d_model):
        super().__init__()
        self.d_model = d_model
        self.embedding = nn.Embedding(vocabulary, d_model, padding_idx=0)
        self.pos_encoding = positions(d_model, 23)
        self.blocks = nn.ModuleList([nn.ModuleDict({"attention": attention(d_k)}) for d_k in (4, 9)])
        self.first = attention(16)
        self.classifier, self.dropout = nn.Linear(d_model, 3), nn.Dropout(0.1)

    def scales(self):
        return [block["attention"].scale for block in self.blocks] + [self.first.scale]

    def forward(self, x):
        return self.pos_encoding(self.embedding(x) * self.d_model**0.5)


@pytest.fixture
def model(submission, reference, monkeypatch):
    """A model in the student's host, made of stand-ins."""
    put_in(
        submission, reference, monkeypatch,
        MultiHeadSelfAttention=ScaledLayer, SinusoidalPositionalEncoding=StandInPositions,
    )  # fmt: skip
    submission.seed(0)
    layers = submission.MultiHeadSelfAttention, submission.SinusoidalPositionalEncoding
    return submission.send(LayeredModel)(*layers, VOCABULARY, D_MODEL)


def changed(submission, name, model):
    """The model that the student's function gives, which is to be the same one."""
    result = getattr(submission, name)(model)
    same = submission.library("operator.is_")(result, model)
    expect.true(same, f"`{name}(model)` should change the model in place and return it.", same)
    return result


@pytest.mark.points(1)
def test_remove_scaling(submission, model):
    """`remove_scaling` sets the scale of every attention in the model to one, and of no other model."""
    before = [1 / 2, 1 / 3, 1 / 4]
    other = submission.library("copy.deepcopy")(model)
    changed(submission, "remove_scaling", model)
    found = [float(scale) for scale in model.scales()]
    hint = "Go through `model.modules()`: attention may lie anywhere in the model."
    expect.equal(found, [1.0, 1.0, 1.0], "The scales of a model's three attention layers", hint)
    left = [float(scale) for scale in other.scales()]
    expect.true(np.allclose(left, before), f"Another model's scales should stay {before}, but are {left}.", left)


@pytest.mark.points(1)
def test_remove_positions(submission, model, generator):
    """`remove_positions` leaves the words' vectors as they are, and their order without effect."""
    x = torch.randint(VOCABULARY, (3, 7), generator=generator)
    words = submission.get(model.embedding(x)) * math.sqrt(D_MODEL)
    changed(submission, "remove_positions", model)
    hint = "Put something in the place of `pos_encoding` that returns what it is given."
    expect.close(submission.get(model(x)), words, "The words with their positions removed", hint)


@pytest.mark.points(2)
def test_soften_words(submission, model, device):
    """`soften_words` divides the words' vectors by sqrt(d_model), so that they come out with standard deviation 1."""
    model.to(str(device))
    before = model.embedding.weight.cpu().clone()
    changed(submission, "soften_words", model)
    weight = model.embedding.weight
    expect.shape(weight, before.shape, "`embedding.weight` after `soften_words`")
    hint = "Divide the weight of `embedding` by sqrt(d_model), once, in place."
    expect.close(weight, before / math.sqrt(D_MODEL), "`embedding.weight` after `soften_words`", hint)
    learns = submission.keep(model)(torch.tensor([[1, 2]], device=device)).requires_grad
    expect.equal(learns, True, "Whether the words' vectors still learn", "Change the numbers, not the parameter.")


class Recorded:
    """As `run`: a curve that depends on the change and the seed, and a list of how it was called."""

    def __init__(self):
        self.calls = []

    def __call__(self, change, seed):
        start = change(10.0)
        self.calls.append([start, seed])
        return [start + seed / 100 + epoch / 10 for epoch in range(5)]


def unchanged(model):
    """A variant."""
    return model


def doubled(model):
    """Another."""
    return 2 * model


SEEDS = [7, 3, 11]


def curves(submission):
    """The curves that the student's function makes, and the calls that it makes for them."""
    run = submission.send(Recorded)()
    variants = {"as it is": submission.send(unchanged), "doubled": submission.send(doubled)}
    result = submission.ablation_curves(variants, SEEDS, run)
    expect.type(result, dict, "`ablation_curves(variants, seeds, run)`")
    expect.equal(sorted(result), sorted(variants), "The variants of the curves")
    for name, value in result.items():
        expect.type(value, np.ndarray, f"The curves of {name!r}")
    return result, submission.get(run.calls)


@pytest.mark.points(1)
def test_curves(submission):
    """Each variant has an array of curves, a row for each seed, in order."""
    result, _ = curves(submission)
    expected = {
        name: np.array([[start + seed / 100 + epoch / 10 for epoch in range(5)] for seed in SEEDS])
        for name, start in (("as it is", 10.0), ("doubled", 20.0))
    }
    for name, wanted in expected.items():
        expect.close(result[name], wanted, f"The curves of {name!r}", "Rows are seeds, columns are epochs.")


@pytest.mark.points(1)
def test_same_seeds(submission):
    """Each variant runs once with each of the same seeds."""
    _, calls = curves(submission)
    found = sorted([float(start), int(seed)] for start, seed in calls)
    expected = sorted([start, seed] for start in (10.0, 20.0) for seed in SEEDS)
    expect.equal(found, expected, "What `run` is called with", "Every variant with every seed, and each only once.")


@pytest.mark.points(1)
def test_band(submission, generator):
    """The band reaches one standard deviation of the seeds to each side of their mean."""
    values_of_seeds = torch.rand(5, 7, generator=generator).double().numpy()
    result = submission.mean_and_band(values_of_seeds)
    mean, low, high = values(result, "`mean_and_band(curves)`", ["mean", "low", "high"])
    expect.close(mean, values_of_seeds.mean(axis=0), "mean", "The mean over the seeds, which are the rows.")
    deviation = values_of_seeds.std(axis=0, ddof=1)
    hint = "Of a sample: divide by seeds - 1 (`ddof=1`), and take the root."
    expect.close(low, values_of_seeds.mean(axis=0) - deviation, "low", hint)
    expect.close(high, values_of_seeds.mean(axis=0) + deviation, "high", hint)
    given = {"curves": values_of_seeds}
    check_given_is_kept(submission, submission.mean_and_band, given, "`mean_and_band(curves)`")
