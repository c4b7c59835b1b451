"""The checks of `predict`, `f1_scores` and `negation_scores`, with a small model in place of the classifier."""

import numpy as np
import pytest
import torch

from graders.clinical_notes.helpers import Batches, SmallModel, draw_notes
from graders.helpers import TWO_DEVICES, check_meta, check_number, values
from proctor.checks import expect

# Eleven notes in batches of five: the last note has a batch of its own.
NOTES, LENGTH, VOCABULARY, CLASSES, BATCH, BATCHES = 11, 7, 11, 3, 5, 3
CALL = "`predict(model, loader)`"


class Prediction:
    """A model in the student's host, notes for it, and the probabilities that are due.

    Parameters
    ----------
    submission, generator, device : the fixtures
    count, batch_size : int
    """

    def __init__(self, submission, generator, device, count=NOTES, batch_size=BATCH):
        self.submission, self.device, self.batch_size = submission, device, batch_size
        self.weight = torch.randn(VOCABULARY, CLASSES, generator=generator)
        tokens, self.labels = draw_notes(count, LENGTH, VOCABULARY, CLASSES, generator)
        self.tokens, self.loader = tokens, submission.send(Batches)(tokens, self.labels, batch_size)
        self.expected = torch.sigmoid(SmallModel(self.weight).eval()(tokens)[0]).detach().numpy()

    def model(self, weight):
        """A model with these weights."""
        return self.submission.send(SmallModel)(weight, dropout=0.5).to(str(self.device))

    def predict(self, training=False, device="given"):
        """The student's labels and probabilities, and the calls of the model, where the global `model` is another."""
        self.submission.seed(0)
        self.submission.replace("model", self.model(-self.weight))
        model = self.model(self.weight).train(training)
        further = {"device": self.device} if device == "given" else {}
        truth, probs = values(self.submission.predict(model, self.loader, **further), CALL, ["truth", "probs"])
        for value, what in ((truth, "truth"), (probs, "probs")):
            expect.type(value, np.ndarray, f"{what} of {CALL}")
            count = len(self.labels)
            expect.shape(value, (count, CLASSES), f"{what}, of {count} notes in batches of {self.batch_size},")
        return truth, probs, self.submission.get(model.calls)


@pytest.mark.points(2)
def test_probabilities(submission, generator, device):
    """The predictions are the given model's probabilities, for every note in order."""
    prediction = Prediction(submission, generator, device)
    _, probs, _ = prediction.predict()
    hint = "The sigmoid of the logits of the model that is passed in, and each diagnosis has its own."
    expect.close(probs, prediction.expected, "probs", hint)
    # What is left of looking at the first few shows in large batches, and in many.
    for batch_size in (BATCH, 103):
        Prediction(submission, generator, device, 211, batch_size).predict()


@pytest.mark.points(1)
def test_labels(submission, generator, device):
    """The labels are those of the loader, in the order of the predictions."""
    prediction = Prediction(submission, generator, device)
    truth, _, _ = prediction.predict()
    expect.equal(truth.tolist(), prediction.labels.tolist(), "truth", "They are the labels of the batches, in order.")
    kept = torch.equal(prediction.loader.tokens, prediction.tokens)
    kept = kept and torch.equal(prediction.loader.labels, prediction.labels)
    message = f"{CALL} should leave the tokens and the labels of the loader as they are, but changes them in place."
    expect.true(kept, message, "changed in place")


@pytest.mark.points(1)
def test_evaluation_mode(submission, generator, device):
    """Predictions are made in evaluation mode, whatever mode the model was left in, and without gradients."""
    prediction = Prediction(submission, generator, device)
    try:
        *_, calls = prediction.predict(training=True)
        left = submission.library("torch.is_grad_enabled")()
    finally:
        submission.library("torch.set_grad_enabled")(True)
    modes = ["training" if training else "evaluation" for _, training, _ in calls]
    hint = "Switch the model to evaluation mode first, and pass each batch."
    expect.true(len(modes) >= BATCHES, f"{CALL} should pass {BATCHES} batches, but passes {len(modes)}.", modes)
    expect.equal(modes, ["evaluation"] * len(modes), "The modes in which the batches pass the model", hint)
    kept = any(gradients for *_, gradients in calls)
    message = "While predicting, nothing should be kept for gradients, but is: put the loop into `torch.no_grad()`."
    expect.true(not kept, f"{message} To detach what comes out is too late.", kept)
    message = f"After {CALL} gradients should be on again, but are off, so that nothing can learn any more."
    expect.true(left is True, f"{message} Use `with torch.no_grad():`.", left)


@pytest.mark.points(1)
def test_device(submission, generator):
    """The model predicts where it is, wherever the batches come from."""
    prediction = Prediction(submission, generator, torch.device("cpu"))
    *_, calls = prediction.predict(device="none")
    expect.true(len(calls) >= BATCHES, f"{CALL} should pass {BATCHES} batches, but passes {len(calls)}.", calls)
    prediction.device = torch.device("meta")
    message = "`predict` should move each batch to the device, but leaves something behind, and so fails on a GPU."
    # From a GPU, `numpy()` alone does not fetch anything.
    check_meta(prediction.predict, message, errors=(*TWO_DEVICES, "device type tensor to numpy"))


@pytest.fixture
def predicted(generator):
    """Labels and probabilities: of each diagnosis so many found, missed, false alarms and held back, in any order.

    Each diagnosis has other counts, and some probabilities are one half exactly, which is not above it.
    """
    counts = [(7, 5, 11, 38), (19, 6, 4, 32), (41, 9, 5, 6)]
    truth, probs = torch.zeros(61, CLASSES), torch.zeros(61, CLASSES)
    for column, (found, missed, alarms, held) in enumerate(counts):
        label = torch.tensor([1.0] * (found + missed) + [0.0] * (alarms + held))
        above = torch.tensor([1.0] * found + [0.0] * missed + [1.0] * alarms + [0.0] * held)
        value = 0.02 + 0.45 * torch.rand(61, generator=generator) + 0.5 * above
        value[[found, found + 1, found + missed + alarms, -1]] = 0.5
        order = torch.randperm(61, generator=generator)
        truth[:, column], probs[:, column] = label[order], value[order]
    return truth.numpy(), probs.numpy()


def scores(submission, predicted):
    """What the student's `f1_scores` gives."""
    return values(submission.f1_scores(*predicted), "`f1_scores(truth, probs)`", ["per_class", "micro", "macro"])


@pytest.mark.points(1)
def test_f1_of_each(submission, reference, predicted):
    """Each diagnosis has its own F1, and a diagnosis is predicted above one half."""
    per_class, _, _ = scores(submission, predicted)
    expect.shape(np.asarray(per_class), (CLASSES,), "per_class")
    expected = reference.f1_scores(*predicted)[0]
    expect.close(np.asarray(per_class), expected, "per_class", "F1 of each column of probs > 0.5.")
    given = dict(zip(("truth", "probs"), predicted, strict=True))
    expect.given_is_kept(submission, submission.f1_scores, given, "`f1_scores(truth, probs)`")


@pytest.mark.points(1)
def test_f1_of_all(submission, reference, predicted):
    """Micro F1 counts all notes and diagnoses in one, macro F1 is the mean over the diagnoses."""
    _, micro, macro = scores(submission, predicted)
    _, expected_micro, expected_macro = reference.f1_scores(*predicted)
    check_number(micro, float(expected_micro), "micro", "Counts of all, in one F1.")
    check_number(macro, float(expected_macro), "macro", "The mean of the F1s.")


@pytest.mark.points(1)
def test_f1_of_nothing(submission):
    """Where there is nothing to find and nothing is found, F1 is zero, and no warning is printed."""
    # Of the first diagnosis one of two is found; the second never occurs.
    truth = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    probs = np.array([[0.9, 0.1], [0.2, 0.3], [0.4, 0.2]], dtype=np.float32)
    per_class, micro, macro = scores(submission, (truth, probs))
    expect.close(np.asarray(per_class, dtype=float), np.array([2 / 3, 0.0]), "per_class")
    check_number(micro, 2 / 3, "micro")
    check_number(macro, 1 / 3, "macro", "The mean over both diagnoses.")
    hint = "Say `zero_division=0`."
    for value, what in zip(scores(submission, (truth * 0, truth * 0.2)), ("per_class", "micro", "macro"), strict=True):
        found = float(np.abs(np.asarray(value, dtype=float)).max())
        expect.close(found, 0.0, f"{what}, where nothing at all is to be found and nothing is found,", hint)
    message = "A warning of a division by zero is printed: say `zero_division=0`, or do not divide there."
    expect.true("Warning" not in submission.printed(), message, "a warning")


@pytest.fixture
def mentions(predicted, generator):
    """Which diagnoses the notes mention: all that are there, and a part of those that are not, found and held back."""
    truth, probs = predicted
    mentioned = truth == 1
    for group in ((truth == 0) & (probs > 0.5), (truth == 0) & (probs <= 0.5)):
        places = np.flatnonzero(group)
        mentioned.flat[places[torch.randperm(len(places), generator=generator)[: len(places) // 3].numpy()]] = True
    return mentioned


def negation(submission, truth, probs, mentioned):
    """What the student's `negation_scores` gives."""
    what = "`negation_scores(truth, probs, mentioned)`"
    return values(submission.negation_scores(truth, probs, mentioned), what, ["accuracy", "f1"])


@pytest.mark.points(1)
def test_negated_mentions(submission, reference, predicted, mentions):
    """Accuracy is the share of the negated mentions that are not predicted."""
    truth, probs = predicted
    # All that is not mentioned is predicted, so that whoever counts it is always wrong.
    probs = np.where(mentions, probs, np.float32(0.9))
    accuracy, _ = negation(submission, truth, probs, mentions)
    hint = "Negated are the mentions whose label is 0; diagnoses that are not mentioned do not count."
    check_number(accuracy, float(reference.negation_scores(truth, probs, mentions)[0]), "accuracy", hint)
    given = {"truth": truth, "probs": probs, "mentioned": mentions}
    expect.given_is_kept(submission, submission.negation_scores, given, "`negation_scores(truth, probs, mentioned)`")


@pytest.mark.points(1)
def test_negation_f1(submission, reference, predicted, mentions):
    """F1 is that of the verdict "negated" on all mentions: whoever predicts nothing is not right."""
    truth, probs = predicted
    _, f1 = negation(submission, truth, probs, mentions)
    expected = float(reference.negation_scores(truth, probs, mentions)[1])
    check_number(f1, expected, "f1", "Of the mentions only; to find are those with label 0; found are those held back.")
