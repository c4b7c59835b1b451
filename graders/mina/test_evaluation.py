"""The checks of `eval_model` and `evaluate_predictions`, with a small model in place of `FreqNet`."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, roc_auc_score

from graders.helpers import alone, check_meta, check_varied
from graders.mina.helpers import CHANNELS, RealModel, SmallModel, batches, pair, segments
from proctor.checks import expect
from proctor.checks.submission import StudentError

# Thirteen segments in batches of five: the last batch is smaller. Of eleven, it is a single one.
SEGMENTS, SINGLE, BATCH = 13, 11, 5
# And one with a large batch, and many small ones.
MANY = [103] + [1] * 40
WHAT = "`eval_model(model, loader)`"


class Evaluation:
    """A model in the student's host, segments for it, and the probabilities that are due.

    Parameters
    ----------
    submission, generator, device : the fixtures
    count : int, how many segments
    batch_size : int, or a list of them, one for each batch
    """

    def __init__(self, submission, generator, device, count=SEGMENTS, batch_size=BATCH):
        self.submission, self.device = submission, device
        self.weight = torch.randn(4 * CHANNELS, generator=generator)
        inputs, self.labels = segments(count, generator)
        self.loader = batches(submission, inputs, self.labels, batch_size)
        self.expected = SmallModel(self.weight).eval()(*inputs)[0].detach().numpy()

    def model(self, weight):
        """A model with these weights."""
        return self.submission.send(SmallModel)(weight, dropout=0.5).to(str(self.device))

    def evaluate(self, training=False):
        """The student's predictions and labels, of a model that nobody can go backward through.

        Whether gradients are recorded is one check's matter, and numpy refuses tensors with some.
        """
        return self.answer(self.model(self.weight).requires_grad_(False).train(training))

    def answer(self, model):
        """The student's predictions and labels, where the global `model` is another one."""
        self.submission.seed(0)
        self.submission.replace("model", self.model(-self.weight))
        result = self.submission.eval_model(model, self.loader, device=self.device)
        values = pair(result, WHAT, "the predictions and the labels")
        for value, what in zip(values, ("pred_all", "Y_test"), strict=True):
            expect.type(value, np.ndarray, f"{what} of {WHAT}")
        return values


@pytest.mark.points(1)
def test_predictions(submission, generator, device):
    """The predictions are the given model's probabilities of both classes, for every segment in order."""
    evaluation = Evaluation(submission, generator, device)
    predictions, _ = evaluation.evaluate()
    what = f"pred_all, of {SEGMENTS} segments in batches of {BATCH},"
    expect.true(
        predictions.shape == (SEGMENTS, 2),
        f"{what} should have shape {(SEGMENTS, 2)}, but has shape {predictions.shape}. "
        "Join the batches along the segments, and keep both classes.",
        predictions,
    )
    hint = "Call the model that is passed in, and keep the order of the segments and of the classes."
    expect.close(predictions, evaluation.expected, what, hint)
    what = f"`eval_model` of {SINGLE} segments in batches of {BATCH}, the last one of a single segment,"
    with alone(True, what, "segment"):
        found = Evaluation(submission, generator, device, SINGLE).evaluate()
        expect.equal([value.shape for value in found], [(SINGLE, 2), (SINGLE,)], f"The shapes from {what}")
    count = sum(MANY)
    found = Evaluation(submission, generator, device, count, MANY).evaluate()
    expect.true(
        all(np.shape(value)[:1] == (count,) for value in found),
        f"`eval_model` of {count} segments, {MANY[0]} in the first batch and one in each other, should leave none out. "
        "Is there a `break` or a slice, for trying things out?",
        "segments left out",
    )


@pytest.mark.points(1)
def test_labels(submission, generator, device):
    """The labels are those of the data loader, as integers, in the order of the predictions."""
    evaluation = Evaluation(submission, generator, device)
    _, labels = evaluation.evaluate()
    expect.shape(labels, (SEGMENTS,), f"Y_test, of {SEGMENTS} segments in batches of {BATCH},")
    integer = np.issubdtype(labels.dtype, np.integer)
    expect.true(integer, f"Y_test should hold integers, but has dtype {labels.dtype}.", str(labels.dtype))
    expect.equal(labels.tolist(), evaluation.labels.tolist(), "Y_test", "They are the Y of the batches, in order.")


@pytest.mark.points(1)
def test_evaluation_mode(submission, generator, device):
    """Predictions are made in evaluation mode, whatever mode the model was left in."""
    evaluation = Evaluation(submission, generator, device)
    trained, _ = evaluation.evaluate(training=True)
    settled, _ = evaluation.evaluate(training=False)
    check_varied(settled, "The predictions of different segments")
    expect.close(
        trained,
        settled,
        "The predictions of a model that was left in training mode",
        "Dropout is at work: switch the model to evaluation mode first.",
    )


@pytest.mark.points(1)
def test_no_gradients(submission, generator, device):
    """No gradients are recorded while the model is at work."""
    evaluation = Evaluation(submission, generator, device)
    model = evaluation.model(evaluation.weight)
    refused = False
    try:
        evaluation.answer(model)
    except StudentError as error:
        refused = "requires grad" in error.message
        if not refused:
            raise
    recorded = list(model.recorded)
    expect.true(len(recorded) > 0, "The given model should be called, but never is.", "never")
    expect.true(
        not any(recorded) and not refused,
        "Nobody goes backward from an evaluation, but what that takes is recorded while the model is at work. Call it "
        "under `torch.no_grad()`; to `detach` afterwards comes too late.",
        "recorded",
    )


@pytest.mark.points(1)
def test_device(submission, generator):
    """The model predicts on the given device, wherever the batches come from."""
    evaluation = Evaluation(submission, generator, torch.device("cpu"))
    check_varied(evaluation.evaluate()[0], "The predictions of different segments")
    evaluation.device = torch.device("meta")
    message = "`eval_model` should move each batch to the device, but leaves something behind, and so fails on a GPU."
    model = submission.send(RealModel)()
    check_meta(lambda: evaluation.answer(model), message, lambda: model.devices)
    try:
        evaluation.evaluate()
    except StudentError as error:
        # Whatever else is asked of a tensor without data says nothing about a GPU.
        stays = "Tensor.cpu()" in error.message
        expect.true(not stays, f"The predictions should come back to the CPU: {error.message}", "not on the CPU")


@pytest.fixture
def predicted(generator):
    """Labels, and probabilities that tell the classes apart now and then."""
    truth = (torch.rand(59, generator=generator) < 0.3).long()
    score = truth - 0.6 + 1.2 * torch.randn(59, generator=generator)
    # Some are nearly undecided, so that another threshold than one half shows.
    truth[:6] = torch.tensor([1, 1, 1, 0, 0, 0])
    score[:6] = torch.tensor([0.1, 0.2, 0.05, -0.1, -0.2, -0.05])
    order = torch.randperm(59, generator=generator)
    second = torch.sigmoid(score[order])
    return truth[order].numpy(), torch.stack([1 - second, second], dim=1).numpy()


def scores(submission, predicted):
    """The two scores that the student computes."""
    result = submission.evaluate_predictions(*predicted)
    values = pair(result, "`evaluate_predictions(truth, pred)`", "auroc and f1")
    for value, name in zip(values, ("auroc", "f1"), strict=True):
        expect.type(value, (int, float, np.number, np.ndarray, torch.Tensor), name)
        shape = tuple(np.shape(value))
        expect.true(shape == (), f"{name} should be a single number, but has shape {shape}.", [name, shape])
    return values


@pytest.mark.points(1)
def test_auroc(submission, predicted):
    """AUROC is the area under the ROC curve of the probability of class 1."""
    truth, pred = predicted
    auroc, _ = scores(submission, predicted)
    hint = "It needs the probability of class 1 itself, and not the class that follows from it."
    expect.close(auroc, float(roc_auc_score(truth, pred[:, 1])), "AUROC", hint)
    # With the labels the other way round, the model ranks worse than chance.
    auroc, _ = scores(submission, (1 - truth, pred))
    what = "AUROC, of probabilities that rank worse than chance,"
    expect.close(auroc, float(roc_auc_score(1 - truth, pred[:, 1])), what, hint)
    level = pred.round(1)
    auroc, _ = scores(submission, (truth, level))
    what = "AUROC, where many segments have the same probability,"
    hint = "A pair of an AF and a normal segment at the same probability counts one half."
    expect.close(auroc, float(roc_auc_score(truth, level[:, 1])), what, hint)


@pytest.mark.points(1)
def test_f1(submission, predicted):
    """F1 is that of class 1, which a segment is in where its probability is the greater one."""
    truth, pred = predicted
    _, f1 = scores(submission, predicted)
    hint = "It needs the predicted classes, 0 or 1, and looks at class 1."
    expect.close(f1, float(f1_score(truth, pred[:, 1] > 0.5)), "F1", hint)
    # Above the mean, and above the median, but not the more probable class.
    second = np.array([0.05, 0.9, 0.1, 0.45, 0.2], dtype=np.float32)
    _, f1 = scores(submission, (np.array([0, 1, 0, 0, 0]), np.stack([1 - second, second], axis=1)))
    expect.close(f1, 1.0, "F1, of five segments of which one is AF and only its probability is above one half,", hint)
    given = {"truth": truth, "pred": pred}
    expect.given_is_kept(submission, submission.evaluate_predictions, given, "`evaluate_predictions(truth, pred)`")
