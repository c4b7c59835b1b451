"""The checks of `train_model`, with a small model in place of `SOMVAE`."""

import contextlib
import functools
import io

import numpy as np
import pytest
import torch
from torch import nn

from graders.carried import same, version_of
from graders.helpers import check_meta
from graders.som_vae.mistakes import TRAINING
from proctor.checks import expect

EPOCHS, BATCHES, FEATURES = 3, 5, 7
# The rate falls after 1000 steps, and would at 500 if two were counted for one.
LONG, NEAR = 1100, 50
WHAT = "`train_model(model, loader)`"


class SmallModel(nn.Module):
    """Has `loss(x, *model(x))` and `loss_prob(k)`, a part with weights of its own, and writes down its calls."""

    def __init__(self, weight, probs=None):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        # Its gradient is zero: Adam leaves it where it is, unless weights decay.
        self.resting = nn.Parameter(torch.ones(1))
        self.encoder = nn.Linear(1, len(weight), bias=False)
        with torch.no_grad():
            self.encoder.weight.copy_(weight.unsqueeze(1))
        if probs is not None:
            self.probs, self.embeddings = nn.Parameter(probs.clone()), nn.Parameter(probs.clone())
            self.log_probs, self.probs_scale = nn.Parameter(probs.clone()), nn.Parameter(probs.clone())
        self.modes, self.shapes = [], []

    def forward(self, x):
        self.modes.append(self.training)
        self.shapes.append(tuple(x.shape))
        out = x * self.weight
        # As many parts as `SOMVAE` gives, k the last but one.
        return out, out.sum(dim=-1), out, out, out, out.sum(dim=-1).long(), out

    def loss_prob(self, k):
        """As the transition loss, which is a part of `loss`."""
        return 3 * self.probs.sum() if hasattr(self, "probs") else 0 * self.weight.sum()

    def loss(self, x, out, total, *others):
        loss = ((out - 1) ** 2).mean() + (total - x.sum(dim=-1)).abs().mean()
        loss = loss + 0 * self.resting.sum() + ((self.encoder.weight[:, 0] - x.mean(dim=0)) ** 2).sum()
        if hasattr(self, "probs"):
            for parameter in (self.probs, self.log_probs, self.probs_scale, self.embeddings):
                loss = loss + ((parameter - x.mean(dim=0)) ** 2).sum()
        return loss


class LongModel(nn.Module):
    """Its weight has the same gradient in every step. It writes the weight down."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.places = []

    def forward(self, x):
        self.places.append(self.weight.item())
        return (self.weight,)

    def loss(self, x, weight):
        return -weight.sum()


def train_long(train_model, model, steps, device):
    """One epoch of so many batches, which are made where they are used: to send each would take as long."""
    train_model(model, [torch.zeros(1)] * steps, n_epoch=1, lr=0.01, device=device)


@pytest.fixture
def weights(generator):
    """The first weights of a small model: weight and probs."""
    return [torch.randn(FEATURES, generator=generator) for _ in range(2)]


@pytest.fixture
def batches(generator):
    """Batches of images, not all of one size: what is left of a look at the first few images shows in the large one."""
    return [torch.randn(size, 1, 1, FEATURES, generator=generator) for size in (4, 4, 103, 4, 3)]


@pytest.fixture
def with_axes(generator):
    """Batches of images, and of series, which have an axis of time more."""
    axes = [(4, 1, 2), (4, 3, 1, 2), (5, 1, 2), (5, 3, 1, 2), (2, 3, 1, 2)]
    return [torch.randn(*one, FEATURES, generator=generator) for one in axes]


def train(submission, weights, batches, device, lr=0.01):
    """The student's trained model, of these first weights, the returned one and the history."""
    model = submission.send(SmallModel)(*weights).to(str(device)).eval()
    submission.replace("model", submission.send(SmallModel)(*weights))
    result = submission.train_model(model, batches, n_epoch=EPOCHS, lr=lr, device=torch.device(device))
    expect.type(result, (tuple, list), WHAT)
    expect.equal(len(result), 2, f"The number of values that {WHAT} returns", "Return the model and the history.")
    return model, *result


def slowed(of, submission=None, device="cpu"):
    """How much shorter the last steps of a long training are than the first, and how many there are."""
    given = submission.send(LongModel)().to(str(device)) if submission else LongModel()
    long = submission.send(train_long) if submission else train_long
    with contextlib.redirect_stdout(io.StringIO()):
        long(of.train_model, given, LONG, torch.device(device))
    places = list(submission.get(given.places) if submission else given.places)
    expect.true(len(places) == LONG, f"{LONG} batches should pass the model, but {len(places)} do.", len(places))
    return (places[-1] - places[-NEAR]) / ((places[NEAR - 1] - places[0]) or 1.0)


@functools.cache
def slowed_when_right(reference):
    """Nothing of a submission's goes into it, so it is computed once for all of them."""
    return slowed(reference)


def trained(reference, weights, batches, lr=0.01):
    """The weights and the history of the reference."""
    model = SmallModel(*weights)
    with contextlib.redirect_stdout(io.StringIO()):
        _, history = reference.train_model(model, batches, n_epoch=EPOCHS, lr=lr)
    return {name: value.detach() for name, value in model.named_parameters()}, history


@pytest.fixture
def carried(submission, reference, weights, batches, device):
    """The version of which the weights, but for `probs`, end where the student's do."""
    model, *_ = train(submission, weights, batches, device, lr=0.1)
    found = [model.weight, model.encoder.weight, model.resting]

    def shows(version):
        ended, _ = trained(version, weights, batches, lr=0.1)
        return same(found, [ended[name] for name in ("weight", "encoder.weight", "resting")])

    return version_of(reference, ["train_model"], TRAINING, shows)


@pytest.mark.points(1.5)
def test_steps(submission, reference, weights, batches, device):
    """Each batch makes one step of Adam with the given learning rate, along its own gradient."""
    model, *_ = train(submission, weights, batches, device, lr=0.1)
    expected, _ = trained(reference, weights, batches, lr=0.1)
    what = f"The weights after {EPOCHS} epochs of {BATCHES} batches with lr=0.1"
    hint = "In each step: compute the loss, clear the gradients, go backward, let Adam step."
    expect.close(model.weight, expected["weight"], what, hint, rtol=1e-3, atol=1e-4)
    what, hint = f"{what}, those of the model's encoder,", "All of the model's parameters learn, its parts' as well."
    expect.close(model.encoder.weight, expected["encoder.weight"], what, hint, rtol=1e-3, atol=1e-4)
    what, hint = "A weight whose gradient is always zero", "Adam without weight decay leaves it where it is."
    expect.close(model.resting, expected["resting"], what, hint, rtol=1e-3, atol=1e-4)


@pytest.mark.points(1)
def test_probs(submission, carried, weights, batches, device):
    """`probs` learns with a hundred times the learning rate."""
    model, *_ = train(submission, weights, batches, device, lr=0.002)
    expect.different(model.probs.cpu(), weights[1], "`probs` after training and before")
    expected, _ = trained(carried, weights, batches, lr=0.002)
    what = f"`probs` after {EPOCHS} epochs of {BATCHES} batches with lr=0.002"
    expect.close(model.probs, expected["probs"], what, "A parameter group of its own.", rtol=1e-3, atol=1e-4)
    for name in ("log_probs", "probs_scale", "embeddings"):
        hint = "Only the parameter that is named `probs`, and no other, learns a hundred times as fast."
        what = f"`{name}` of another model after {EPOCHS} epochs of {BATCHES} batches with lr=0.002"
        expect.close(getattr(model, name), expected[name], what, hint, rtol=1e-3, atol=1e-4)


@pytest.mark.points(0.5)
def test_slower_in_time(submission, reference, carried, device):
    """The learning rate falls by a tenth after 1000 steps, by the scheduler that is given."""
    found = slowed(submission, submission, device)
    expected = slowed_when_right(reference) if carried is reference else slowed(carried)
    what = f"The length of the last steps of {LONG}, as a share of the first steps',"
    expect.close(found, expected, what, "The scheduler's step is given: leave it as it is.", rtol=1e-2, atol=1e-3)


@pytest.mark.points(1)
def test_model_and_history(submission, carried, weights, with_axes, device):
    """A model without `probs` trains as well, in training mode; it comes back, with the loss of every batch."""
    model, returned, history = train(submission, weights[:1], with_axes, device)
    check_as_given(submission, model, with_axes)
    _, expected = trained(carried, weights[:1], with_axes)
    same_object = submission.library("operator.is_")(returned, model)
    message = "`train_model` should return the model that it is given, but returns something else."
    expect.true(same_object, message, same_object)
    modes = submission.get(model.modes)
    message = f"{EPOCHS * BATCHES} batches should pass the model, but {len(modes)} do."
    expect.true(len(modes) >= EPOCHS * BATCHES, message, len(modes))
    expect.equal(modes, [True] * len(modes), "Whether the model is in training mode, for each batch,")
    expect.type(history, list, "The loss history")
    expect.close(np.array(history, dtype=float), np.array(expected), "The loss history", rtol=1e-3)


def check_as_given(submission, model, batches):
    """Batches reach the model in the shapes in which the loader gives them."""
    wanted = [tuple(batch.shape) for batch in batches]
    other = [shape for shape in map(tuple, submission.get(model.shapes)) if shape not in wanted]
    expect.true(
        not other,
        f"Batches of shapes {wanted} should reach the model as they are, but {''.join(map(str, other[:1]))} is another "
        "shape. Series keep their axis of time: in one row, the end of one would lead into the next.",
        other,
    )


@pytest.mark.points(1)
def test_device(submission, weights, batches):
    """The model trains on the given device, wherever the batches come from."""
    model, *_ = train(submission, weights, batches, "cpu")
    passed = len(submission.get(model.modes))
    message = f"{EPOCHS * BATCHES} batches should pass the given model, but {passed} do."
    expect.true(passed >= EPOCHS * BATCHES, message, passed)
    message = "`train_model` should work on the device it is given, but leaves something behind, and so fails on a GPU."
    check_meta(lambda: train(submission, weights, batches, "meta"), message)
