"""The checks of `train_model`, with a small model in place of the classifier."""

import contextlib
import io
import math

import numpy as np
import pytest
import torch
from torch import nn

from graders.carried import same, version_of
from graders.clinical_notes.helpers import Batches, SmallModel, draw_notes, put_in
from graders.clinical_notes.mistakes import TRAINING
from graders.helpers import check_meta, check_number, values
from proctor.checks import expect

# Eleven notes to train on in batches of 5, 5 and 1, eight to validate on in batches of 4; more diagnoses than four.
NOTES, VALIDATION, LENGTH, VOCABULARY, CLASSES, BATCH, BATCHES, EPOCHS = 11, 8, 7, 11, 5, 5, 3, 4
# As many epochs as the recipe has, of one batch.
MANY = 25
STEPS = EPOCHS * BATCHES
EACH = "One number for each of the `num_epochs` epochs, before which nothing ends the training."
CALL = "`train_model(model, train_loader, val_loader)`"
# Adam's step hardly depends on a gradient's size; where it is nearly zero, rounding may show.
CLOSE = {"rtol": 1e-3, "atol": 1e-4}


def predicted(model, loader, device=None):
    """In place of `predict`: as the real one, it leaves the model in evaluation mode."""
    model.eval()
    truth, probs = [], []
    with torch.no_grad():
        for tokens, labels in loader:
            logits = model(tokens.to(model.weight.device))[0]
            truth.append(labels.cpu().numpy())
            # The meta device has no numbers.
            probs.append(np.zeros(labels.shape) if logits.is_meta else torch.sigmoid(logits).cpu().numpy())
    return np.concatenate(truth), np.concatenate(probs)


def scored(truth, probs):
    """In place of `f1_scores`: as the real one, by counting."""
    pred = probs > 0.5
    right, there = (truth * pred).sum(0), truth.sum(0) + pred.sum(0)
    per_class = 2 * right / np.maximum(there, 1)
    return per_class, 2 * right.sum() / max(there.sum(), 1), per_class.mean()


class Training:
    """A model of the student's host, and notes to train and to validate it on.

    Parameters
    ----------
    submission, generator, device : the fixtures
    size : float, how large the weights are
    gain : float, how large the gradients are
    count, batch_size : int, of the notes to train on
    """

    def __init__(self, submission, generator, device, size=1.0, gain=0.02, count=NOTES, batch_size=BATCH):
        self.submission, self.device, self.batch_size = submission, device, batch_size
        self.weight = size * torch.randn(VOCABULARY, CLASSES, generator=generator)
        # Soft, so that nothing is clipped, not even to much less than one.
        self.gains = torch.full((VOCABULARY,), gain)
        self.notes = draw_notes(count, LENGTH, VOCABULARY, CLASSES, generator)
        self.others = draw_notes(VALIDATION, LENGTH, VOCABULARY, CLASSES, generator)

    def model(self):
        """A model with the initial weights in the student's host, left in evaluation mode."""
        return self.submission.send(SmallModel)(self.weight, gains=self.gains).to(str(self.device)).eval()

    def loaders(self, batches):
        """The two loaders."""
        return batches(*self.notes, self.batch_size), batches(*self.others, 4)

    def train(self, lr, **further):
        """The losses and the F1s that the student's `train_model` returns; `given` is the model, `other` the global."""
        self.given, self.other = self.model(), self.model()
        self.submission.replace("model", self.other)
        settings = {"num_epochs": EPOCHS, "device": self.device} | further
        loaders = self.loaders(self.submission.send(Batches))
        result = self.submission.train_model(self.given, *loaders, lr=lr, **settings)
        losses, f1s = values(result, CALL, ["train_losses", "val_f1_scores"])
        for value, what in ((losses, "train_losses"), (f1s, "val_f1_scores")):
            expect.type(value, list, what)
            expect.equal(len(value), settings["num_epochs"], f"The length of {what}", EACH)
        return losses, f1s

    def trained(self):
        """The weights of the model that was trained: whether it is the right one is another check's matter."""
        wrong_one = not self.submission.get(self.given.calls) or torch.equal(self.given.weight.cpu(), self.weight)
        return all_of(self.other if wrong_one else self.given)

    def expected(self, version, lr):
        """The weights and the losses of a version, the reference or one with a mistake, on the CPU."""
        model = SmallModel(self.weight, gains=self.gains)
        with contextlib.redirect_stdout(io.StringIO()):
            losses, _ = version.train_model(model, *self.loaders(Batches), lr=lr, num_epochs=EPOCHS)
        return all_of(model), losses


def all_of(model):
    """Both parameters of a small model in one tensor, the shift below the weight."""
    return torch.cat([model.weight.detach().cpu(), model.shift.detach().cpu().unsqueeze(0)])


@pytest.fixture(autouse=True)
def stand_ins(submission, reference, monkeypatch):
    """A mistake in the evaluation costs nothing in the training."""
    put_in(submission, reference, monkeypatch, predict=predicted, f1_scores=scored)


@pytest.fixture
def first_losses(submission, generator, device):
    """A training with hardly any steps, and the student's losses of it."""
    training = Training(submission, generator, device, size=2.0, gain=1.0)
    losses, _ = training.train(lr=1e-6)
    return training, losses


@pytest.fixture
def has_these_losses(first_losses):
    """Whether a version has the student's loss of the first epoch, too.

    Nearly so: `test_loss` has other notes, and does not charge on them what hardly shows on these.
    """
    training, losses = first_losses
    return lambda version: math.isclose(losses[0], training.expected(version, lr=1e-6)[1][0], rel_tol=0.01)


@pytest.mark.points(2)
def test_loss(submission, reference, first_losses, generator, device):
    """The loss is the binary cross entropy of each diagnosis, from logits; an epoch's is the mean of its batches."""
    training, losses = first_losses
    _, expected = training.expected(reference, lr=1e-6)
    expect.true(all(np.isfinite(losses)), "The losses should be finite numbers, but are not.", losses)
    hint = "The model gives logits; a note may have several diagnoses at once, so no softmax over them."
    check_number(losses[0], expected[0], "The loss of the first epoch, with hardly any learning rate,", hint)
    # The logarithm of a probability ends at -100, or where it is kept away from 0.
    far = Training(submission, generator, device, size=300.0, gain=1.0)
    _, expected = far.expected(reference, lr=1e-6)
    hint = "Compute the cross entropy from logits: the sigmoid of a large one is 0 or 1, and forgets how large it was."
    loss = far.train(lr=1e-6)[0][0]
    check_number(loss, expected[0], "The loss of the first epoch, with logits in the hundreds,", hint)
    # What is left of looking at the first few shows in many batches, and in large ones.
    for batch_size in (BATCH, 103):
        many = Training(submission, generator, device, size=2.0, gain=1.0, count=209, batch_size=batch_size)
        loss = many.train(lr=1e-6, num_epochs=1)[0][0]
        what = f"The loss of an epoch over 209 notes in batches of {batch_size}"
        check_number(loss, many.expected(reference, lr=1e-6)[1][0], what, "Leave no batch out, and no note of a batch.")


class Slope(nn.Module):
    """So sure of the wrong verdict that its gradient is the same in every step. It writes its weight down."""

    def __init__(self, classes):
        super().__init__()
        self.weight = nn.Parameter(torch.full((classes,), -1000.0))
        self.places = []

    def forward(self, x):
        if self.training:
            self.places.append(self.weight[0].item())
        return self.weight.expand(len(x), -1), []


def check_rate_stays(submission, device):
    """Over as many epochs as the recipe has, the learning rate stays what it is."""
    model = submission.send(Slope)(CLASSES).to(str(device))
    notes = torch.ones(2, LENGTH, dtype=torch.long), torch.ones(2, CLASSES)
    loader = submission.send(Batches)(*notes, 2)
    submission.train_model(model, loader, loader, num_epochs=MANY, lr=0.5, device=device)
    places = list(submission.get(model.places))
    message = (
        f"{MANY} epochs of one batch should pass the model {MANY} times in training mode, but pass it {len(places)} "
        "times. Does something end the training early?"
    )
    expect.true(len(places) >= MANY, message, len(places))
    first, last = places[1] - places[0], places[-1] - places[-2]
    expect.true(
        not last < 0.75 * first,
        f"Over {MANY} epochs on a slope that stays the same, steps should stay as long as they are, but get shorter. "
        "The recipe has one learning rate: no scheduler, and nothing else that changes it.",
        "shorter",
    )


@pytest.mark.points(3)
def test_steps(submission, reference, has_these_losses, generator, device):
    """Each batch makes one step of Adam with the given learning rate, along its own gradient only."""
    training = Training(submission, generator, device)
    training.train(lr=0.05)
    trained = training.trained()
    left = submission.gradients(training.given)["weight"] is not None
    expect.true(
        not torch.equal(trained[:-1], training.weight),
        "`train_model` should change the weights of the model that it is given, but they are as before. Is there a "
        "`backward` and a `step`, and does the optimizer have this model's parameters?",
        ["unchanged", left],
    )
    check_rate_stays(submission, device)
    version = version_of(reference, ["train_model"], TRAINING, has_these_losses)
    expect.close(
        trained,
        training.expected(version, lr=0.05)[0],
        f"The model's weights after {EPOCHS} epochs of {BATCHES} batches with lr=0.05",
        "In each step: loss, clear the gradients, backward, clip, step.",
        **CLOSE,
    )


def loud(submission, generator, device):
    """A training in which gradients start with a norm of 20 in the first batch, of 0.7 and 0.4 in the others.

    Adam hardly cares how large gradients are, but well by how much they differ.
    """
    training = Training(submission, generator, device, size=0.01, gain=1.0)
    tokens, labels = training.notes
    for number_of_batch, norm in enumerate((20.0, 0.7, 0.4)):
        part = slice(number_of_batch * BATCH, (number_of_batch + 1) * BATCH)
        tokens[part, 0] = number_of_batch + 1
        model = SmallModel(training.weight)
        nn.functional.binary_cross_entropy_with_logits(model(tokens[part])[0], labels[part]).backward()
        training.gains[number_of_batch + 1] = norm / nn.utils.get_total_norm([model.weight.grad, model.shift.grad])
    return training


@pytest.mark.points(2)
def test_clipping(submission, reference, has_these_losses, generator, device):
    """Gradients are clipped to a norm of 1 before each step."""
    soft = Training(submission, generator, device)
    soft.train(lr=0.05)
    steps = soft.trained()
    version = version_of(reference, ["train_model"], TRAINING, has_these_losses)
    # Only steps that `test_steps` has charged, on whatever notes, are not charged again.
    if not torch.allclose(steps, soft.expected(version, lr=0.05)[0], atol=0.02):
        version = version_of(
            reference,
            ["train_model"],
            TRAINING,
            lambda one: has_these_losses(one) and same(steps, soft.expected(one, lr=0.05)[0]),
        )
    training = loud(submission, generator, device)
    training.train(lr=0.05)
    trained = training.trained()
    expect.different(trained[:-1], training.weight, "The weights after training and before")
    hint = "Clip the norm of all gradients together (`clip_grad_norm_`) to 1, after `backward` and before `step`."
    what = "The weights after steps of which some have large gradients"
    expect.close(trained, training.expected(version, lr=0.05)[0], what, hint, **CLOSE)


@pytest.mark.points(2)
def test_mode(submission, reference, generator, device):
    """Every epoch passes the given model in training mode, also after a validation."""
    training = Training(submission, generator, device)
    _, f1s = training.train(lr=0.3)
    calls = len(submission.get(training.other.calls))
    hint = "Use the `model` that `train_model` is given."
    expect.equal(calls, 0, "The number of calls of a model named `model` outside of `train_model`", hint)
    calls = submission.get(training.given.calls)
    count = sum(mode for _, mode, _ in calls)
    expect.true(
        count >= STEPS,
        f"{EPOCHS} epochs of {BATCHES} batches should pass the model {STEPS} times in training mode, but pass it "
        f"{count} times. Validation leaves the model in evaluation mode: switch back in each epoch.",
        [mode for size, mode, _ in calls if size != VALIDATION // 2],
    )
    validated = [mode for size, mode, gradients in calls if size == VALIDATION // 2 and not gradients]
    message = "The validation notes should pass the model in evaluation mode, but pass it in training mode."
    expect.true(not any(validated), message, validated)
    # The model that came out of the last epoch is the one that is to be judged.
    last = SmallModel(training.given.weight.cpu(), gains=training.gains)
    last.shift.data = training.given.shift.detach().cpu()
    _, expected, _ = scored(*predicted(last, Batches(*training.others, 4)))
    hint = "It is that of the model as it is after the epoch."
    check_number(f1s[-1], float(expected), "The last of val_f1_scores", hint)


@pytest.mark.points(1)
def test_device(submission, generator):
    """The model trains on the given device, wherever the batches come from."""
    training = Training(submission, generator, torch.device("cpu"))
    training.train(lr=0.01)
    passed = len(submission.get(training.given.calls)) + len(submission.get(training.other.calls))
    expect.true(passed >= STEPS, f"{CALL} should pass a model {STEPS} times, but passes it {passed} times.", passed)
    training.device = torch.device("meta")
    message = "`train_model` should move each batch to the device, but leaves something behind, and so fails on a GPU."
    check_meta(lambda: training.train(lr=0.01), message)
