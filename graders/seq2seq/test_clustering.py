"""The checks of `get_embeddings` and `get_clusters`."""

import re

import numpy as np
import pytest
import torch
from sklearn.metrics import calinski_harabasz_score
from torch import nn

from graders.seq2seq.helpers import NUM_CODES, NUM_HIDDEN, binary
from proctor.checks import expect

PATIENTS, VISITS, BATCH = 13, 3, 5


class DropoutEncoder(nn.Module):
    """A context that drops half of itself in training mode."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.dropout = nn.Dropout(0.5)

    def forward(self, x, masks):
        return self.dropout(((x + 0.1) * masks.unsqueeze(-1)).sum(dim=1) @ self.weight)


class Autoencoder(nn.Module):
    """The encoder, and a reconstruction of the right shape."""

    def __init__(self, encoder, weight):
        super().__init__()
        self.encoder = encoder
        self.weight = nn.Parameter(weight.clone())

    def forward(self, x, masks):
        context = self.encoder(x, masks) @ self.weight
        return torch.sigmoid(context.unsqueeze(1) + x)


class Embedding:
    """A model in the student's host, patients for it, and the embeddings that are due.

    Parameters
    ----------
    submission, generator, device : the fixtures
    """

    def __init__(self, submission, generator, device):
        self.submission, self.device = submission, device
        self.weight = 0.2 * torch.randn(NUM_CODES, NUM_HIDDEN, generator=generator)
        self.back = 0.2 * torch.randn(NUM_HIDDEN, NUM_CODES, generator=generator)
        masks = torch.arange(VISITS) <= torch.arange(PATIENTS).unsqueeze(1) % VISITS
        x = binary(PATIENTS, VISITS, NUM_CODES, generator=generator) * masks.unsqueeze(-1)
        self.labels = (torch.arange(PATIENTS) % 3 == 1).float()
        self.expected = DropoutEncoder(self.weight).eval()(x, masks).detach().numpy()
        dataset = submission.library("torch.utils.data.TensorDataset")(x, masks, self.labels)
        # Thirteen patients in batches of five: the last batch is smaller.
        self.loader = submission.library("torch.utils.data.DataLoader")(dataset, batch_size=BATCH)

    def model(self, weight):
        """An autoencoder whose encoder has this weight."""
        encoder = self.submission.send(DropoutEncoder)(weight)
        return self.submission.send(Autoencoder)(encoder, self.back).to(str(self.device))

    def embed(self, training=False):
        """The student's embeddings and labels, where the global `seq2seq` is another model."""
        self.submission.seed(0)
        self.submission.replace("seq2seq", self.model(-self.weight))
        result = self.submission.get_embeddings(self.model(self.weight).train(training), self.loader)
        expect.type(result, (tuple, list), "What `get_embeddings` returns")
        expect.equal(len(result), 2, "The number of values that `get_embeddings` returns")
        for value, what in zip(result, ("The embeddings", "The labels"), strict=True):
            expect.type(value, np.ndarray, what)
        return result


@pytest.mark.points(2)
def test_embeddings_shape(submission, generator, device):
    """There is an embedding of 128 numbers and a label for every patient, as numpy arrays."""
    embeddings, labels = Embedding(submission, generator, device).embed()
    what = f"of {PATIENTS} patients in batches of {BATCH}"
    expect.shape(embeddings, (PATIENTS, NUM_HIDDEN), f"The embeddings {what}", "Join the batches along the patients.")
    expect.shape(labels, (PATIENTS,), f"The labels {what}", "Join the batches along the patients.")


@pytest.mark.points(3)
def test_embeddings_values(submission, generator, device):
    """An embedding is the context that the given model's encoder makes of a patient."""
    embedding = Embedding(submission, generator, device)
    embeddings, _ = embedding.embed()
    hint = "Call the encoder of the model that is passed in, with x and the masks, and keep the order of the patients."
    expect.close(embeddings, embedding.expected, "The array of embeddings", hint)


@pytest.mark.points(2)
def test_labels(submission, generator, device):
    """The labels are those of the data loader, in the order of the embeddings."""
    embedding = Embedding(submission, generator, device)
    _, labels = embedding.embed()
    expect.shape(labels, (PATIENTS,), "The labels")
    expect.equal(labels.tolist(), embedding.labels.tolist(), "The labels", "They are the y of the batches, in order.")


@pytest.mark.points(2)
def test_evaluation_mode(submission, generator, device):
    """Embeddings are made in evaluation mode, whatever mode the model was left in."""
    embedding = Embedding(submission, generator, device)
    trained, _ = embedding.embed(training=True)
    settled, _ = embedding.embed(training=False)
    expect.true(
        bool((settled != settled[:1]).any()),
        "Different patients should have different embeddings, but all of them have the same.",
        settled,
    )
    expect.close(
        trained,
        settled,
        "The array of embeddings by a model that was left in training mode",
        "Dropout is at work: switch the model to evaluation mode first.",
    )


def clusters_of(submission, embeddings):
    """The student's cluster labels, integers for these embeddings."""
    labels = submission.get_clusters(embeddings)
    expect.type(labels, np.ndarray, "What `get_clusters` returns")
    expect.shape(labels, (len(embeddings),), f"The cluster labels of {len(embeddings)} patients")
    return labels


def blobs(sizes, distance, generator):
    """Embeddings in groups that are `distance` standard deviations apart, in random order, and the groups."""
    groups = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    groups = groups[torch.randperm(len(groups), generator=generator)]
    directions = torch.nn.functional.normalize(torch.randn(len(sizes), NUM_HIDDEN, generator=generator), dim=1)
    noise = torch.randn(len(groups), NUM_HIDDEN, generator=generator)
    return (distance * directions[groups] + noise).numpy(), groups.numpy()


@pytest.mark.points(3)
def test_clusters(submission, generator):
    """K-means finds the two groups that there are."""
    embeddings, groups = blobs((19, 34), 20.0, generator)
    labels = clusters_of(submission, embeddings)
    values = sorted(set(labels.tolist()))
    expect.equal(values, [0, 1], "The different cluster labels", "There are to be two clusters, numbered 0 and 1.")
    # Which group is called 0 is up to k-means.
    agreement = max((labels == groups).mean(), (labels != groups).mean())
    expect.true(
        agreement == 1,
        f"Two groups far apart should be told apart, but {agreement:.0%} of the patients are in the right one. "
        "Fit k-means on the embeddings, and return the cluster of each.",
        labels,
    )


@pytest.mark.points(1)
def test_same_clusters_again(submission, generator):
    """The same embeddings give the same clusters again."""
    embeddings, _ = blobs((31, 30), 1.0, generator)
    answers = []
    for seed in range(8):
        submission.seed(seed)
        answers.append(clusters_of(submission, embeddings).tolist())
    expect.true(
        len(set(answers[0])) > 1,
        "`get_clusters` should sort the patients into clusters, but puts all of them into one.",
        answers[0],
    )
    expect.true(
        all(answer == answers[0] for answer in answers),
        "The same embeddings should give the same cluster labels each time, but did not. K-means starts at random "
        "places: give it a `random_state`.",
        answers,
    )


@pytest.mark.points(2)
def test_score(submission, generator):
    """The Calinski-Harabasz score of the clusters is printed."""
    embeddings, _ = blobs((23, 24), 12.0, generator)
    submission.printed()
    labels = clusters_of(submission, embeddings)
    text = submission.printed()
    expect.true(text.strip(), "`get_clusters` should print the Calinski-Harabasz score, but prints nothing.", text)
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", text)]
    if 1 < len(set(labels.tolist())) < len(labels):
        score = calinski_harabasz_score(embeddings, labels)
        # Students round as they like, at most to a whole number.
        printed = any(abs(number - score) <= 0.51 for number in numbers)
    else:
        printed = False
    expect.true(
        printed,
        "`get_clusters` should print the Calinski-Harabasz score of the embeddings and their clusters, but prints "
        f"{text.strip()[:100]!r}. The score takes the embeddings first, then the cluster labels.",
        text,
    )
