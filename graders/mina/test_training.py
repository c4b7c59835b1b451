"""The checks of `train_model`, with a small model in place of `FreqNet`."""

import contextlib
import io
import math

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from graders.helpers import check_meta
from graders.mina.helpers import CHANNELS, Cut, SmallModel, batches, pair, segments
from proctor.checks import expect

SEGMENTS, BATCH, BATCHES, EPOCHS = 13, 5, 3, 2
# One large batch, and many small ones: what is left of a look at the first few shows there.
MANY = [103] + [1] * 40
# The visible check takes no coarser one, either.
LEAST_PROBABILITY = 4.6e-5
WHAT = "`train_model(model, loader)`"


class Training:
    """A model of the student's host and batches for it.

    Parameters
    ----------
    submission, generator, device : the fixtures
    """

    def __init__(self, submission, generator, device):
        self.submission, self.device = submission, device
        self.weight = torch.randn(4 * CHANNELS, generator=generator)
        self.inputs, labels = segments(SEGMENTS, generator)
        self.label(labels)
        self.small_model = submission.send(SmallModel)
        # What student code finds where it calls the notebook's model.
        self.other = self.model()

    def label(self, labels):
        """Gives the segments these labels."""
        self.labels = labels
        self.loader = batches(self.submission, self.inputs, labels, BATCH)

    def model(self):
        """A model with the initial weights."""
        return self.small_model(self.weight).to(str(self.device))

    def train(self, model, lr, epochs=EPOCHS):
        """What the student's `train_model` returns: the model and the history, a list of numbers."""
        self.submission.replace("model", self.other)
        result = self.submission.train_model(model, self.loader, n_epoch=epochs, lr=lr, device=self.device)
        trained, history = pair(result, WHAT, "the model and the loss history")
        expect.type(history, list, "The loss history")
        return trained, history

    def stepped(self, reference, lr):
        """The model and the history after the same epochs of the reference, on the CPU."""
        model = SmallModel(self.weight)
        loader = DataLoader(range(SEGMENTS), batch_size=BATCH, collate_fn=Cut(self.inputs, self.labels))
        with contextlib.redirect_stdout(io.StringIO()):
            _, history = reference.train_model(model, loader, n_epoch=EPOCHS, lr=lr)
        return model, history


@pytest.mark.points(2)
def test_loss(submission, reference, generator, device):
    """The loss of a batch is the mean of minus the logarithm of the true class's probability."""
    training = Training(submission, generator, device)
    _, history = training.train(training.model(), lr=0.01)
    _, expected = training.stepped(reference, lr=0.01)
    expect.true(len(history) > 0, "The loss history should not be empty, but is.", history)
    expect.close(
        history[0],
        expected[0],
        "The loss of the first batch, before any step,",
        "The model gives probabilities already, and not scores: a softmax, as in `CrossEntropyLoss`, is too much.",
    )
    check_everyone_counts(submission, generator, training)


def check_everyone_counts(submission, generator, training):
    """All batches are trained on, and all segments of each, also where there are many."""
    inputs, labels = segments(sum(MANY), generator)
    training.loader = batches(submission, inputs, labels, MANY)
    # None is so sure that where a probability is clamped matters, which is another check's matter.
    training.weight = training.weight / 4
    training.other = training.model()
    _, history = training.train(training.model(), lr=0.01, epochs=1)
    expect.true(
        len(history) >= len(MANY),
        f"An epoch of {len(MANY)} batches should train on all of them, but leaves some out. Is a `break` left of "
        "trying things out?",
        "batches left out",
    )
    first = MANY[0]
    probabilities = SmallModel(training.weight)(*(value[:, :first] for value in inputs))[0].detach()
    due = float(-probabilities[torch.arange(first), labels[:first]].log().mean())
    expect.true(
        math.isclose(history[0], due, rel_tol=1e-3),
        f"The loss of a batch of {first} segments is not that of the whole batch. Is a part of it left out (`Y[:10]`)?",
        "a part of the batch",
    )


@pytest.mark.points(1)
def test_certainty(submission, generator, device):
    """The loss stays finite where the model is so sure that a probability is zero."""
    training = Training(submission, generator, device)
    training.weight = 1000 * training.weight
    training.other = training.model()
    # Every other segment is of the class that the model is sure it is not.
    sure = SmallModel(training.weight)(*training.inputs)[0].argmax(dim=1)
    training.label((sure + torch.arange(SEGMENTS)) % 2)
    _, history = training.train(training.model(), lr=0.01)
    expect.true(
        len(history) > 0 and all(math.isfinite(loss) for loss in history),
        "The losses should be finite, but are not: the logarithm of zero is minus infinity. Keep the probabilities "
        "above a small number.",
        history,
    )
    expect.true(len(set(history)) > 1, "Different batches should have different losses, but all are the same.", history)
    check_not_cut_off(submission, generator, training, history[0])


def check_not_cut_off(submission, generator, sure, loss):
    """The first loss of a model that is sure is as large as it has to be; a loss that is wrong anyway was charged."""
    training = Training(submission, generator, sure.device)
    _, plain = training.train(training.model(), lr=0.01, epochs=1)
    probabilities = SmallModel(training.weight)(*training.inputs)[0].detach()
    due = float(-probabilities[torch.arange(BATCH), training.labels[:BATCH]].log().mean())
    if not math.isclose(plain[0], due, rel_tol=1e-3):
        return
    probabilities = SmallModel(sure.weight)(*sure.inputs)[0].detach()
    of_truth = probabilities[torch.arange(BATCH), sure.labels[:BATCH]]
    least = float(-of_truth.clamp_min(LEAST_PROBABILITY).log().mean())
    expect.true(
        loss > 0.99 * least,
        f"The loss of a batch in which {int((of_truth < 0.5).sum())} of {BATCH} true classes get a probability of zero "
        f"should be {least:.3g} or more, but is {loss:.3g}. Keep the probabilities above something like 1e-8: where "
        "they are cut off, nothing is learned.",
        loss,
    )
    most_probable, classes = probabilities.max(dim=1)
    sure.label(classes)
    _, history = sure.train(sure.model(), lr=0.01, epochs=1)
    most = float(-most_probable[:BATCH].log().mean()) + 5e-4
    expect.true(
        history[0] < most,
        f"A model that is sure of the true classes should pay {most:.3g} at most, but pays {history[0]:.3g}. A "
        "probability of one is no trouble: keep away from zero alone.",
        history[0],
    )


@pytest.mark.points(2)
def test_steps(submission, reference, generator, device):
    """Each batch makes one step of Adam with the given learning rate, along its own gradient only."""
    training = Training(submission, generator, device)
    model = training.model()
    training.train(model, lr=0.02)
    trained, passes, left = model.weight, model.gradients, submission.gradients(model)["bias"]
    left = "no gradient" if left is None else "a gradient" if bool((left != 0).any()) else "a gradient of zero"
    expect.true(
        not torch.allclose(trained.cpu(), training.weight),
        "`train_model` should change the weights of the model that it is given, but they are as before: it goes "
        f"backward {passes} times, and {left} is left at the end. A step needs the gradients of this model's loss.",
        [passes, left],
    )
    spare = SmallModel(training.weight).spare
    kept = torch.allclose(model.spare.cpu(), spare, rtol=1e-5)
    expect.true(
        kept,
        "Weights with a gradient of zero should stay as they are, but move. Nothing but the gradients of the loss "
        "should move weights: is there a weight decay?",
        "moved",
    )
    expected = training.stepped(reference, lr=0.02)[0]
    # Adam's step hardly depends on a gradient's size; where it is nearly zero, rounding may show at 1e-5 times
    # the learning rate.
    close = {"rtol": 1e-3, "atol": 1e-4}
    hint = "In each step: compute the loss, clear the gradients, go backward, let Adam step."
    after_one = [list(one.weights)[BATCHES : BATCHES + 1] for one in (model, expected)]
    if all(after_one) and torch.allclose(*(weights[0].cpu() for weights in after_one), **close):
        hint = "The first epoch is right. At its end nothing begins anew, and the learning rate stays what it is."
    what = f"The model's weights after {EPOCHS} epochs of {BATCHES} batches with lr=0.02"
    expect.close(trained, expected.weight, what, hint, **close)


@pytest.mark.points(1)
def test_history(submission, generator, device):
    """The loss history has one number for each batch of each epoch."""
    training = Training(submission, generator, device)
    _, history = training.train(training.model(), lr=0.05, epochs=3)
    expect.equal(len(history), 3 * BATCHES, f"The length of the loss history of 3 epochs of {BATCHES} batches")
    for loss in history:
        expect.type(loss, (float, np.floating), "A value of the loss history")
    finite = all(math.isfinite(loss) for loss in history)
    expect.true(finite, "The losses in the history should be finite, but are not.", history)
    expect.true(len(set(history)) > 1, "Different batches should have different losses, but all are the same.", history)


@pytest.mark.points(1)
def test_given_model(submission, generator, device):
    """The model that is passed in is trained, in training mode, and comes back."""
    training = Training(submission, generator, device)
    model = training.model().eval()
    trained, _ = training.train(model, lr=0.01)
    expect.equal(
        len(training.other.modes),
        0,
        "The number of calls of a model named `model` outside of `train_model`",
        "Use the `model` that `train_model` is given.",
    )
    modes = ["training" if mode else "evaluation" for mode in model.modes]
    expect.equal(modes, ["training"] * BATCHES * EPOCHS, f"The modes in which {EPOCHS} epochs are passed")
    same = submission.library("operator.is_")(trained, model)
    expect.true(same, "`train_model` should return the model that it is given, but returns something else.", same)


@pytest.mark.points(1)
def test_device(submission, generator):
    """The model trains on the given device, wherever the batches come from."""
    training = Training(submission, generator, torch.device("cpu"))
    model = training.model()
    training.train(model, lr=0.01)
    expect.true(len(model.modes) > 0, "`train_model` should call the model that it is given, but never does.", "never")
    training.device = torch.device("meta")
    message = (
        "`train_model` should move each batch to the device, but leaves something behind, and so fails on a GPU."
    )
    model = training.small_model(training.weight)
    check_meta(lambda: training.train(model, lr=0.01), message, lambda: model.devices)
