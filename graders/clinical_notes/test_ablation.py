"""The checks of what is taken away from a model, and of the curves over several seeds."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from graders.clinical_notes.helpers import StandInPositions, put_in
from graders.helpers import values
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


class Volume(nn.Module):
    """No attention, but it has a scale, too."""

    def __init__(self):
        super().__init__()
        self.scale = 3.0


class LayeredModel(nn.Module):
    """As `ClinicalNoteClassifier`, as far as it is changed: attention lies at several depths."""

    def __init__(self, attention, positions, other, vocabulary, d_model):
        super().__init__()
        self.d_model = d_model
        self.embedding = nn.Embedding(vocabulary, d_model, padding_idx=0)
        self.pos_encoding = positions(d_model, 23)
        self.blocks = nn.ModuleList([nn.ModuleDict({"attention": attention(d_k)}) for d_k in (4, 9)])
        self.first, self.other = attention(16), other()
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
    return submission.send(LayeredModel)(*layers, submission.send(Volume), VOCABULARY, D_MODEL)


def changed(submission, name, model):
    """The model that the student's function gives, which is to be the same one."""
    result = getattr(submission, name)(model)
    expect.true(result is not None, f"`{name}(model)` should return the model, but returns nothing.", None)
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
    of_class = submission.library("builtins.hasattr")(submission.MultiHeadSelfAttention, "scale")
    message = "The scale should be set on the model's own layers, but is set on the class, which every layer overrides."
    expect.true(not of_class, message, found)
    hint = "Go through `model.modules()`: attention may lie anywhere in the model."
    expect.equal(found, [1.0, 1.0, 1.0], "The scales of a model's three attention layers", hint)
    left = [float(scale) for scale in other.scales()]
    expect.true(np.allclose(left, before), f"Another model's scales should stay {before}, but are {left}.", left)
    hint = "Ask each module whether it is a `MultiHeadSelfAttention`."
    expect.equal(float(model.other.scale), 3.0, "The scale of a layer that is no attention", hint)


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
    """`soften_words` divides the words' vectors by sqrt(d_model), and nothing else, and they go on learning."""
    model.to(str(device))
    others = {name: value.cpu().clone() for name, value in model.state_dict().items()}
    before = others.pop("embedding.weight")
    changed(submission, "soften_words", model)
    weight = model.embedding.weight
    expect.shape(weight, before.shape, "`embedding.weight` after `soften_words`")
    hint = "Divide the weight of `embedding` by sqrt(d_model), once, in place."
    divided = float(before.norm() / weight.cpu().norm().clamp(min=1e-12))
    if torch.allclose(weight.cpu() * divided, before, rtol=1e-3, atol=1e-4):
        hint = f"It is divided by {divided:.4g}; sqrt(d_model), of {D_MODEL} numbers, is {math.sqrt(D_MODEL):.4g}."
    expect.close(weight, before / math.sqrt(D_MODEL), "`embedding.weight` after `soften_words`", hint)
    left = model.state_dict()
    for name, value in others.items():
        expect.close(left.get(name), value, f"`{name}` after `soften_words`", "Change the words' vectors only.")
    words = submission.keep(model)(torch.tensor([[0, 1, 2]], device=device))
    hint = "Change the numbers, not the parameter."
    expect.equal(words.requires_grad, True, "Whether the words' vectors still learn", hint)
    words.backward(torch.ones(1, 3, D_MODEL, device=device))
    gradient = submission.gradients(model)["embedding.weight"]
    expect.type(gradient, torch.Tensor, "The gradient of `embedding.weight` after `soften_words`")
    hint = "The padding's vector is not to learn (`padding_idx`): change the numbers of the embedding that is there."
    expect.close(gradient[0].cpu(), torch.zeros(D_MODEL), "The gradient of the padding's vector", hint)


class Recorded:
    """As `run`: a curve that depends on the change and the seed, and a list of how it was called."""

    def __init__(self):
        self.calls = []

    def __call__(self, change, seed):
        start = change(10.0)
        self.calls.append([start, seed])
        return [start + seed / 700 + epoch / 10 for epoch in range(5)]


def unchanged(model):
    """A variant."""
    return model


def doubled(model):
    """Another."""
    return 2 * model


SEEDS = [7, 3, 11, 2, 29, 5, 23, 13, 19, 17, 31]


def curves(submission):
    """The curves that the student's function makes, and the calls that it makes for them."""
    run = submission.send(Recorded)()
    changes = {"as it is": submission.send(unchanged), "doubled": submission.send(doubled)}
    variants = submission.put(changes)
    result = submission.ablation_curves(variants, SEEDS, run)
    expect.type(result, dict, "`ablation_curves(variants, seeds, run)`")
    expect.equal(sorted(result), sorted(changes), "The variants of the curves")
    for name, value in result.items():
        expect.type(value, np.ndarray, f"The curves of {name!r}")
    left, same = submission.get(variants), submission.library("operator.is_")
    kept = list(left) == list(changes) and all(same(left[name], change) for name, change in changes.items())
    expect.true(kept, "`ablation_curves` changes the `variants` that it is given. Make a dict of your own.", "variants")
    return result, submission.get(run.calls)


@pytest.mark.points(1)
def test_curves(submission):
    """Each variant has an array of curves, a row for each seed, in order."""
    result, _ = curves(submission)
    expected = {
        name: np.array([[start + seed / 700 + epoch / 10 for epoch in range(5)] for seed in SEEDS])
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
    # Scores lie between 0 and 1, but their band reaches beyond where they are far apart.
    values_of_seeds[:, 2], values_of_seeds[:, 5] = [1, 0, 1, 1, 0], [0, 1, 0, 0, 1]
    result = submission.mean_and_band(values_of_seeds)
    mean, low, high = values(result, "`mean_and_band(curves)`", ["mean", "low", "high"])
    expect.close(mean, values_of_seeds.mean(axis=0), "mean", "The mean over the seeds, which are the rows.")
    deviation = values_of_seeds.std(axis=0, ddof=1)
    hint = "Of a sample: divide by seeds - 1 (`ddof=1`), and take the root."
    expect.close(low, values_of_seeds.mean(axis=0) - deviation, "low", hint)
    expect.close(high, values_of_seeds.mean(axis=0) + deviation, "high", hint)
    given = {"curves": values_of_seeds}
    expect.given_is_kept(submission, submission.mean_and_band, given, "`mean_and_band(curves)`")
