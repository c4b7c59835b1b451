"""The checks of `train_model`, with a small model in place of the classifier."""

import contextlib
import io

import numpy as np
import pytest
import torch

from graders.clinical_notes.helpers import Batches, SmallModel, draw_notes, put_in, values
from graders.helpers import check_meta
from proctor.checks import expect

NOTES, LENGTH, VOCABULARY, CLASSES, BATCH, BATCHES, EPOCHS = 13, 7, 11, 3, 5, 3, 4
CALL = "`train_model(model, train_loader, val_loader)`"
STEPS = EPOCHS * BATCHES


def evaluated(model, loader, device=None):
    """In place of `predict`: it leaves the model in evaluation mode, as the real one does."""
    model.eval()
    return None, model.weight


def scored(truth, probs):
    """In place of `f1_scores`."""
    return None, float(probs.detach().abs().mean()) if probs.device.type != "meta" else 0.5, None


class Training:
    """A model of the student's host and notes for it.

    Parameters
    ----------
    submission, generator, device : the fixtures
    size : float, how large the weights are
    gain : float, how large the gradients are
    """

    def __init__(self, submission, generator, device, size=1.0, gain=1.0):
        self.submission, self.device, self.gain = submission, device, gain
        self.weight = size * torch.randn(VOCABULARY, CLASSES, generator=generator)
        self.notes = draw_notes(NOTES, LENGTH, VOCABULARY, CLASSES, generator)
        self.loaders = [submission.send(Batches)(*self.notes, BATCH) for _ in range(2)]
        self.small_model = submission.send(SmallModel)
        # What student code finds where it calls the notebook's model.
        self.other = self.model()

    def model(self):
        """A model with the initial weights."""
        return self.small_model(self.weight, gain=self.gain).to(str(self.device))

    def train(self, model, lr, **further):
        """The two lists that the student's `train_model` returns."""
        self.submission.replace("model", self.other)
        settings = {"num_epochs": EPOCHS, "device": self.device} | further
        result = self.submission.train_model(model, *self.loaders, lr=lr, **settings)
        losses, f1s = values(result, CALL, ["train_losses", "val_f1_scores"])
        for value, what in ((losses, "train_losses"), (f1s, "val_f1_scores")):
            expect.type(value, list, what)
            expect.equal(len(value), settings["num_epochs"], f"The length of {what}", "One number for each epoch.")
        expect.true(all(np.isfinite(losses)), "The losses should be finite numbers, but are not.", losses)
        return losses, f1s

    def stepped(self, reference, lr, **further):
        """The weights and the losses after the same epochs of the reference, on the CPU."""
        model = SmallModel(self.weight, gain=self.gain)
        loader = Batches(*self.notes, BATCH)
        with contextlib.redirect_stdout(io.StringIO()):
            losses, _ = reference.train_model(model, loader, loader, lr=lr, **{"num_epochs": EPOCHS} | further)
        return model.weight.detach(), losses


@pytest.fixture(autouse=True)
def stand_ins(submission, reference, monkeypatch):
    """A mistake in the evaluation costs nothing in the training."""
    put_in(submission, reference, monkeypatch, predict=evaluated, f1_scores=scored)


@pytest.mark.points(2)
def test_loss(submission, reference, generator, device):
    """The loss is the binary cross entropy of each diagnosis by itself; an epoch's is the mean of its batches."""
    training = Training(submission, generator, device, size=2.0)
    losses, _ = training.train(training.model(), lr=1e-6)
    _, expected = training.stepped(reference, lr=1e-6)
    hint = "The model gives logits; a note may have several diagnoses at once, so no softmax over them."
    expect.close(losses[0], expected[0], "The loss of the first epoch, with hardly any learning rate,", hint)


@pytest.mark.points(3)
def test_steps(submission, reference, generator, device):
    """Each batch makes one step of Adam with the given learning rate, along its own gradient only."""
    training = Training(submission, generator, device)
    model = training.model()
    training.train(model, lr=0.02)
    trained = model.weight
    expect.true(
        not torch.allclose(trained.cpu(), training.weight),
        "`train_model` should change the weights of the model that it is given, but they are as before. Is there a "
        "`backward` and a `step`, and does the optimizer have this model's parameters?",
        "unchanged",
    )
    # Adam's step hardly depends on a gradient's size; where it is nearly zero, rounding may show.
    expect.close(
        trained,
        training.stepped(reference, lr=0.02)[0],
        f"The model's weights after {EPOCHS} epochs of {BATCHES} batches with lr=0.02",
        "In each step: loss, clear the gradients, backward, clip, step.",
        rtol=1e-3,
        atol=1e-4,
    )


@pytest.mark.points(2)
def test_clipping(submission, reference, generator, device):
    """Gradients are clipped to a norm of 1 before each step."""
    training = Training(submission, generator, device, size=0.01, gain=50.0)
    model = training.model()
    training.train(model, lr=0.003)
    left = submission.gradients(model)["weight"]
    expect.true(left is not None, "After training, the last gradient should be left, but there is none.", "none")
    norm = float(left.norm())
    expect.true(
        norm < 1.001,
        f"After clipping, a gradient should have a norm of at most 1, but the last one has {norm:.4g}. Clip the norm "
        "all gradients together (`clip_grad_norm_`), between `backward` and `step`.",
        norm,
    )
    expected, _ = training.stepped(reference, lr=0.003)
    hint = "Clip the norm of all gradients together to 1, after `backward` and before `step`."
    expect.close(model.weight, expected, "The weights after steps with large gradients", hint, rtol=1e-3, atol=1e-4)


@pytest.mark.points(2)
def test_mode(submission, generator, device):
    """Every epoch passes the given model in training mode, also after a validation."""
    training = Training(submission, generator, device)
    model = training.model().eval()
    _, f1s = training.train(model, lr=0.01)
    calls = len(submission.get(training.other.modes))
    hint = "Use the `model` that `train_model` is given."
    expect.equal(calls, 0, "The number of calls of a model named `model` outside of `train_model`", hint)
    modes = ["training" if mode else "evaluation" for mode in submission.get(model.modes)]
    hint = "Validation leaves the model in evaluation mode: switch back in each epoch."
    expect.equal(modes, ["training"] * STEPS, f"The modes in which {EPOCHS} epochs of {BATCHES} batches pass", hint)
    expect.true(len(set(f1s)) == EPOCHS, "The F1 should be of the model as it is after each epoch, not before.", f1s)


@pytest.mark.points(1)
def test_device(submission, generator):
    """The model trains on the given device, wherever the batches come from."""
    training = Training(submission, generator, torch.device("cpu"))
    training.train(training.model(), lr=0.01)
    training.device = torch.device("meta")
    message = "`train_model` should move each batch to the device, but leaves something behind, and so fails on a GPU."
    check_meta(lambda: training.train(training.model(), lr=0.01), message)
