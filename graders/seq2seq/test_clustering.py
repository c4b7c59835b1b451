"""The checks of `get_embeddings` and `get_clusters`."""

import contextlib
import re

import numpy as np
import pytest
import torch
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score
from torch import nn

from graders.helpers import alone, check_varied
from graders.seq2seq.helpers import NUM_CODES, NUM_HIDDEN, binary
from proctor.checks import expect
from proctor.checks.submission import StudentError

PATIENTS, VISITS, BATCH = 15, 13, 5
# With these, the last batch is smaller, and has a single patient; there are many batches, and large ones.
ODD, SINGLE, MANY, LARGE = 13, 11, 211, 103
MOST_NUMBERS = 12


class DropoutEncoder(nn.Module):
    """A context that drops half of itself in training mode. It writes down how it is called."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.dropout = nn.Dropout(0.5)
        self.recorded, self.devices = [], []

    def forward(self, x, masks):
        self.devices.append((x.device.type, masks.device.type))
        context = self.dropout(((x + 0.1) * masks.unsqueeze(-1)).sum(dim=1) @ self.weight)
        self.recorded.append(context.requires_grad)
        return context


class RealEncoder(nn.Module):
    """Real contexts, wherever it lies itself. It writes down the devices of what it is given."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.devices = []

    def forward(self, x, masks):
        self.devices.append((x.device.type, masks.device.type))
        return torch.ones(len(x), 128)


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
    patients, batch_size : int
    """

    def __init__(self, submission, generator, device, patients=PATIENTS, batch_size=BATCH):
        self.submission, self.device = submission, device
        self.weight = 0.2 * torch.randn(NUM_CODES, NUM_HIDDEN, generator=generator)
        self.back = 0.2 * torch.randn(NUM_HIDDEN, NUM_CODES, generator=generator)
        masks = torch.arange(VISITS) <= torch.arange(patients).unsqueeze(1) % VISITS
        x = binary(patients, VISITS, NUM_CODES, generator=generator) * masks.unsqueeze(-1)
        # A visit with a single code is a real one.
        x[1, 0] = torch.arange(NUM_CODES) == 5
        self.labels = (torch.arange(patients) % 3 == 1).float()
        self.expected = DropoutEncoder(self.weight).eval()(x, masks).detach().numpy()
        dataset = submission.library("torch.utils.data.TensorDataset")(x, masks, self.labels)
        self.loader = submission.library("torch.utils.data.DataLoader")(dataset, batch_size=batch_size)

    def model(self, weight):
        """An autoencoder whose encoder has this weight."""
        encoder = self.submission.send(DropoutEncoder)(weight)
        return self.submission.send(Autoencoder)(encoder, self.back).to(str(self.device))

    def embed(self, training=False):
        """The student's embeddings and labels as arrays, of a model that nobody can go backward through.

        Whether gradients are recorded is one check's matter, and numpy refuses tensors with some.
        """
        model = self.model(self.weight).requires_grad_(False)
        return [joined(value) for value in self.answer(model.train(training))]

    def answer(self, model):
        """The two values that the student's `get_embeddings` returns, where the global `seq2seq` is another model."""
        self.submission.seed(0)
        self.submission.replace("seq2seq", self.model(-self.weight))
        result = self.submission.get_embeddings(model, self.loader)
        expect.type(result, (tuple, list), "What `get_embeddings` returns")
        expect.equal(len(result), 2, "The number of values that `get_embeddings` returns")
        return result


def joined(value):
    """Embeddings as one array: that they come as tensors or in batches is one check's matter."""
    if isinstance(value, (list, tuple)) and value and all(isinstance(x, (torch.Tensor, np.ndarray)) for x in value):
        return np.concatenate([np.atleast_1d(joined(part)) for part in value])
    value = value.cpu().numpy() if isinstance(value, torch.Tensor) else value
    return value.reshape(-1, value.shape[-1]) if getattr(value, "ndim", 0) == 3 else value


def moved(embeddings, expected):
    """In which order the embeddings are, where all are there, but in another order than they should be."""
    if not isinstance(embeddings, np.ndarray) or embeddings.dtype.kind != "f" or embeddings.shape != expected.shape:
        return None
    same = np.isclose(embeddings[:, None], expected, rtol=1e-4, atol=1e-5).all(axis=2)
    order = same.argmax(axis=1).tolist()
    if not same.any(axis=1).all() or sorted(set(order)) != list(range(len(order))) or order == sorted(order):
        return None
    batches = [order[place : place + BATCH] for place in range(0, len(order), BATCH)]
    return order if all(batch == list(range(batch[0], batch[0] + BATCH)) for batch in batches) else "mixed"


@pytest.mark.points(1)
def test_embeddings_shape(submission, generator, device):
    """There is an embedding of 128 numbers and a label for every patient, as numpy arrays."""
    embedding = Embedding(submission, generator, device, ODD)
    embeddings, labels = embedding.answer(embedding.model(embedding.weight).requires_grad_(False))
    for value, what in ((embeddings, "The embeddings"), (labels, "The labels")):
        expect.type(value, np.ndarray, what)
    what = f"of {ODD} patients in batches of {BATCH}"
    expect.shape(embeddings, (ODD, NUM_HIDDEN), f"The embeddings {what}", "Join the batches along the patients.")
    expect.shape(labels, (ODD,), f"The labels {what}", "Join the batches along the patients.")
    check_varied(embeddings, "The embeddings of different patients")
    what = f"`get_embeddings` of {SINGLE} patients in batches of {BATCH}, the last one of a single patient,"
    with alone(True, what):
        embedding = Embedding(submission, generator, device, SINGLE)
        found = embedding.answer(embedding.model(embedding.weight).requires_grad_(False))
        expect.equal([value.shape for value in found], [(SINGLE, NUM_HIDDEN), (SINGLE,)], f"The shapes from {what}")
    for batch_size in (BATCH, LARGE):
        embedding = Embedding(submission, generator, device, MANY, batch_size)
        found = embedding.answer(embedding.model(embedding.weight).requires_grad_(False))
        expect.true(
            all(np.shape(value)[:1] == (MANY,) for value in found),
            f"`get_embeddings` of {MANY} patients in batches of {batch_size} should leave nobody out. Is there a "
            "`break` or a slice, for trying things out?",
            "patients left out",
        )


@pytest.mark.points(3)
def test_embeddings_values(submission, generator, device):
    """An embedding is the context that the given model's encoder makes of a patient."""
    embedding = Embedding(submission, generator, device)
    embeddings, _ = embedding.embed()
    order = moved(embeddings, embedding.expected)
    message = "The embeddings are the right ones, but in another order. It is that of the loader, batch after batch."
    expect.true(order is None, message, order)
    hint = "Call the encoder of the model that is passed in, with x and the masks, and keep the order of the patients."
    expect.close(embeddings, embedding.expected, "The array of embeddings", hint)


@pytest.mark.points(1)
def test_labels(submission, generator, device):
    """The labels are those of the data loader, in the order of the embeddings."""
    embedding = Embedding(submission, generator, device)
    embeddings, labels = embedding.embed()
    expect.shape(labels, (PATIENTS,), "The labels")
    mixed = moved(embeddings, embedding.expected) == "mixed" and labels.tolist() != embedding.labels.tolist()
    message = "The labels should be in the order of the loader, but are mixed, as the embeddings are."
    expect.true(not mixed, message, "mixed")
    expect.equal(labels.tolist(), embedding.labels.tolist(), "The labels", "They are the y of the batches, in order.")


@pytest.mark.points(2)
def test_evaluation_mode(submission, generator, device):
    """Embeddings are made in evaluation mode, whatever mode the model was left in."""
    embedding = Embedding(submission, generator, device)
    trained, _ = embedding.embed(training=True)
    settled, _ = embedding.embed(training=False)
    check_varied(settled, "The embeddings of different patients")
    expect.close(
        trained,
        settled,
        "The array of embeddings by a model that was left in training mode",
        "Dropout is at work: switch the model to evaluation mode first.",
    )


@pytest.mark.points(1)
def test_no_gradients(submission, generator, device):
    """No gradients are recorded while the encoder is at work."""
    embedding = Embedding(submission, generator, device)
    model = embedding.model(embedding.weight)
    try:
        embedding.answer(model)
        refused = False
    except StudentError as error:
        refused = "requires grad" in error.message
        if not refused:
            raise
    recorded = list(model.encoder.recorded)
    expect.true(len(recorded) > 0, "The encoder of the given model should be called, but never is.", "never")
    expect.true(
        not any(recorded) and not refused,
        "Nobody goes backward from embeddings, but what that takes is recorded while the encoder is at work. Call it "
        "under `torch.no_grad()`; to `detach` afterwards comes too late.",
        "recorded",
    )


@pytest.mark.points(1)
def test_device(submission, generator, device):
    """Each batch is moved to the model's device, and the embeddings back to the CPU."""
    embedding = Embedding(submission, generator, torch.device("cpu"))
    check_varied(embedding.embed()[0], "The embeddings of different patients")
    encoder = submission.send(RealEncoder)()
    with contextlib.suppress(StudentError):  # who moves the labels, too, cannot get them back from `meta`
        embedding.answer(submission.send(Autoencoder)(encoder, embedding.back).to("meta").requires_grad_(False))
    devices = {name for pair in encoder.devices for name in pair}
    hint = "Both of them have to follow the model."
    expect.equal(sorted(devices), ["meta"], "The device of x and masks, where the model is on the device `meta`,", hint)
    back = embedding.model(embedding.weight).to("meta").requires_grad_(False)
    try:
        embedding.answer(back)
    except StudentError as error:
        # Whatever else is asked of a tensor without data says nothing about a GPU.
        stays = "Tensor.cpu()" in error.message
        expect.true(not stays, f"The embeddings should come back to the CPU: {error.message}", "not on the CPU")


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


def two_scales(generator):
    """Embeddings in two groups far apart in one number, and in others close together in the rest; the former.

    Whoever scales rows finds those that differ in ten numbers, and whoever scales numbers those that differ in all the
    rest. From wherever k-means starts, it finds the former.
    """
    groups = torch.arange(53) % 2
    few, many = torch.arange(53) // 2 % 2, torch.arange(53) // 4 % 2
    embeddings = 0.005 * torch.randn(53, NUM_HIDDEN, generator=generator) + 0.1 * many.unsqueeze(1) - 0.05
    embeddings[:, 40:50] += 0.8 * few.unsqueeze(1) - 0.4
    embeddings[:, -1] = 100 + 60 * groups + 3 * torch.randn(53, generator=generator)
    order = torch.randperm(53, generator=generator)
    return embeddings[order].numpy(), groups[order].numpy()


def strays(embeddings, labels):
    """How many embeddings are nearer to the center of the other cluster."""
    centers = np.stack([embeddings[labels == number].mean(axis=0) for number in (0, 1)])
    distances = np.linalg.norm(embeddings[:, None] - centers, axis=2)
    return int((distances.argmin(axis=1) != labels).sum())


@pytest.mark.points(3)
def test_clusters(submission, generator):
    """K-means finds the two groups that there are."""
    for embeddings, groups in (blobs((19, 34), 20.0, generator), two_scales(generator)):
        labels = clusters_of(submission, embeddings)
        values = sorted(set(labels.tolist()))
        expect.equal(values, [0, 1], "The different cluster labels", "There are to be two clusters, numbered 0 and 1.")
        # Which group is called 0 is up to k-means.
        agreement = max((labels == groups).mean(), (labels != groups).mean())
        expect.true(
            agreement == 1,
            f"Two groups far apart should be told apart, but {agreement:.0%} of the patients are in the right one. "
            "Fit k-means on the embeddings as they are, and return the cluster of each.",
            labels,
        )
    # Clouds without groups, as wide in many numbers: whoever looks at a few of them, such as at principal components,
    # has others on the wrong side. Wherever k-means comes to rest, everyone is with the nearer center.
    for _ in range(2):
        cloud = torch.zeros(401, NUM_HIDDEN)
        cloud[:, 3:24] = torch.randn(401, 21, generator=generator)
        labels = clusters_of(submission, cloud.numpy())
        wrong = strays(cloud.numpy(), labels) if len(set(labels.tolist())) == 2 else len(labels)
        expect.true(
            wrong <= 2,
            f"K-means puts each patient into the cluster whose center is nearest, but {wrong} of {len(labels)} are in "
            "the other one. Use `KMeans`, on the embeddings as they are.",
            "not k-means",
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
        "changes",
    )
    expect.given_is_kept(submission, submission.get_clusters, {"embeddings": embeddings}, "`get_clusters(embeddings)`")


def other_score(numbers, embeddings, labels):
    """The name of another score that these numbers hold, rounded in whatever way; None where they hold none."""
    if not 1 < len(set(labels.tolist())) < len(labels):
        return None
    centers = np.stack([embeddings[labels == number].mean(axis=0) for number in sorted(set(labels.tolist()))])
    scores = {
        "silhouette score": silhouette_score(embeddings, labels),
        "Davies-Bouldin score": davies_bouldin_score(embeddings, labels),
        "sum of squared distances (`inertia_`)": ((embeddings[:, None] - centers) ** 2).sum(axis=2).min(axis=1).sum(),
    }
    near = (name for name, score in scores.items() for n in numbers if abs(n - score) <= max(0.051, 0.005 * score))
    return next(near, None)


@pytest.mark.points(2)
def test_score(submission, generator):
    """The Calinski-Harabasz score of the clusters is printed."""
    embeddings, _ = blobs((23, 24), 12.0, generator)
    submission.printed()
    labels = clusters_of(submission, embeddings)
    text = submission.printed()
    expect.true(text.strip(), "`get_clusters` should print the Calinski-Harabasz score, but prints nothing.", text)
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", plain)]
    # Whoever prints every number there is prints the score, too.
    if 1 < len(set(labels.tolist())) < len(labels) and len(numbers) <= MOST_NUMBERS:
        score = calinski_harabasz_score(embeddings, labels)
        # Students round as they like, at most to a whole number or three digits.
        printed = any(abs(number - score) <= max(0.51, 0.005 * score) for number in numbers)
    else:
        printed = False
    other = None if printed or len(numbers) > MOST_NUMBERS else other_score(numbers, embeddings, labels)
    message = f"`get_clusters` should print the Calinski-Harabasz score, but prints the {other}."
    expect.true(other is None, message, other)
    expect.true(
        printed,
        "`get_clusters` should print the Calinski-Harabasz score of the embeddings and their clusters, but prints "
        f"{text.strip()[:100]!r}. The score takes the embeddings first, then the cluster labels.",
        np.array([float(f"{number:.3g}") for number in numbers[:MOST_NUMBERS]]),
    )
