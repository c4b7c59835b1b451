"""The checks of `predict`, `f1_scores` and `negation_scores`, with a small model in place of the classifier."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from graders.clinical_notes.helpers import Batches, SmallModel, draw_notes, values
from graders.helpers import check_meta
from proctor.checks import expect

# Thirteen notes in batches of five: the last batch is smaller.
NOTES, LENGTH, VOCABULARY, CLASSES, BATCH = 13, 7, 11, 3, 5
CALL = "`predict(model, loader)`"


class Prediction:
    """A model in the student's host, notes for it, and the probabilities that are due.

    Parameters
    ----------
    submission, generator, device : the fixtures
    """

    def __init__(self, submission, generator, device):
        self.submission, self.device = submission, device
        self.weight = torch.randn(VOCABULARY, CLASSES, generator=generator)
        tokens, self.labels = draw_notes(NOTES, LENGTH, VOCABULARY, CLASSES, generator)
        self.loader = submission.send(Batches)(tokens, self.labels, BATCH)
        self.expected = torch.sigmoid(SmallModel(self.weight).eval()(tokens)[0]).detach().numpy()

    def model(self, weight):
        """A model with these weights."""
        return self.submission.send(SmallModel)(weight, dropout=0.5).to(str(self.device))

    def predict(self, training=False, device="given"):
        """The student's labels and probabilities, and the model, where the global `model` is another one."""
        self.submission.seed(0)
        self.submission.replace("model", self.model(-self.weight))
        model = self.model(self.weight).train(training)
        further = {"device": self.device} if device == "given" else {}
        truth, probs = values(self.submission.predict(model, self.loader, **further), CALL, ["truth", "probs"])
        for value, what in ((truth, "truth"), (probs, "probs")):
            expect.type(value, np.ndarray, f"{what} of {CALL}")
            expect.shape(value, (NOTES, CLASSES), f"{what}, of {NOTES} notes in batches of {BATCH},")
        return truth, probs, model


@pytest.mark.points(2)
def test_probabilities(submission, generator, device):
    """The predictions are the given model's probabilities, for every note in order."""
    prediction = Prediction(submission, generator, device)
    _, probs, _ = prediction.predict()
    hint = "The sigmoid of the logits of the model that is passed in, and each diagnosis has its own."
    expect.close(probs, prediction.expected, "probs", hint)


@pytest.mark.points(1)
def test_labels(submission, generator, device):
    """The labels are those of the loader, in the order of the predictions."""
    prediction = Prediction(submission, generator, device)
    truth, _, _ = prediction.predict()
    expect.equal(truth.tolist(), prediction.labels.tolist(), "truth", "They are the labels of the batches, in order.")


@pytest.mark.points(1)
def test_evaluation_mode(submission, generator, device):
    """Predictions are made in evaluation mode, whatever mode the model was left in, and without gradients."""
    prediction = Prediction(submission, generator, device)
    _, probs, model = prediction.predict(training=True)
    modes = ["training" if mode else "evaluation" for mode in submission.get(model.modes)]
    batches = -(-NOTES // BATCH)
    hint = "Switch the model to evaluation mode first, and pass each batch once."
    expect.equal(modes, ["evaluation"] * batches, "The modes in which the batches pass the model", hint)
    kept = submission.get(model.with_gradients)
    expect.equal(kept, False, "That gradients are kept while predicting", "Use `torch.no_grad()`.")


@pytest.mark.points(1)
def test_device(submission, generator):
    """The model predicts where it is, wherever the batches come from."""
    prediction = Prediction(submission, generator, torch.device("cpu"))
    prediction.predict(device="none")
    prediction.device = torch.device("meta")
    message = "`predict` should move each batch to the device, but leaves something behind, and so fails on a GPU."
    check_meta(prediction.predict, message)


@pytest.fixture
def predicted(generator):
    """Labels, and probabilities that are right now and then, more often for some diagnoses than for others."""
    truth = (torch.rand(61, CLASSES, generator=generator) < torch.tensor([0.2, 0.5, 0.8])).float()
    noise = torch.randn(61, CLASSES, generator=generator) * torch.tensor([0.5, 1.0, 2.0])
    probs = torch.sigmoid(2 * truth - 1.4 + noise)
    return truth.numpy(), probs.numpy()


def scores(submission, predicted):
    """What the student's `f1_scores` gives."""
    return values(submission.f1_scores(*predicted), "`f1_scores(truth, probs)`", ["per_class", "micro", "macro"])


@pytest.mark.points(1)
def test_f1_of_each(submission, predicted):
    """Each diagnosis has its own F1, and a diagnosis is predicted above one half."""
    truth, probs = predicted
    per_class, _, _ = scores(submission, predicted)
    expect.shape(np.asarray(per_class), (CLASSES,), "per_class")
    expected = f1_score(truth, probs > 0.5, average=None)
    expect.close(np.asarray(per_class), expected, "per_class", "F1 of each column of probs > 0.5.")


@pytest.mark.points(1)
def test_f1_of_all(submission, predicted):
    """Micro F1 counts all notes and diagnoses in one, macro F1 is the mean over the diagnoses."""
    truth, probs = predicted
    _, micro, macro = scores(submission, predicted)
    expect.close(micro, float(f1_score(truth, probs > 0.5, average="micro")), "micro", "Counts of all, in one F1.")
    expect.close(macro, float(f1_score(truth, probs > 0.5, average="macro")), "macro", "The mean of the F1s.")


@pytest.mark.points(1)
def test_f1_of_nothing(submission):
    """Where there is nothing to find and nothing is found, F1 is zero, and no warning is printed."""
    truth = np.array([[1.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    per_class, micro, _ = scores(submission, (truth, truth * 0.8 + 0.1))
    expect.close(np.asarray(per_class, dtype=float), np.array([1.0, 0.0]), "per_class")
    expect.close(micro, 1.0, "micro")
    printed = submission.printed()
    message = "sklearn warns of a division by zero: say `zero_division=0`."
    expect.true("Warning" not in printed, message, "a warning")


@pytest.fixture
def mentions(predicted, generator):
    """Which diagnoses the notes mention: all that are there, and some that are negated."""
    truth, _ = predicted
    return (truth == 1) | (torch.rand(truth.shape, generator=generator) < 0.3).numpy()


def negation(submission, truth, probs, mentioned):
    """What the student's `negation_scores` gives."""
    what = "`negation_scores(truth, probs, mentioned)`"
    return values(submission.negation_scores(truth, probs, mentioned), what, ["accuracy", "f1"])


@pytest.mark.points(1)
def test_negated_mentions(submission, predicted, mentions):
    """Accuracy is the share of the negated mentions that are not predicted."""
    truth, probs = predicted
    # All that is not mentioned is predicted, so that whoever counts it is always wrong.
    probs = np.where(mentions, probs, 0.9)
    accuracy, _ = negation(submission, truth, probs, mentions)
    negated = mentions & (truth == 0)
    hint = "Negated are the mentions whose label is 0; diagnoses that are not mentioned do not count."
    expect.close(accuracy, float((probs <= 0.5)[negated].mean()), "accuracy", hint)


@pytest.mark.points(1)
def test_negation_f1(submission, predicted, mentions):
    """F1 is that of the verdict "negated" on all mentions: whoever predicts nothing is not right."""
    truth, probs = predicted
    _, f1 = negation(submission, truth, probs, mentions)
    expected = float(f1_score(truth[mentions] == 0, probs[mentions] <= 0.5))
    expect.close(f1, expected, "f1", "Of the mentions only; to find are those with label 0; found are those held back.")
