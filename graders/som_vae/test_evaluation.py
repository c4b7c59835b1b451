"""The checks of `assign_nodes`, `compute_purity` and `compute_nmi`, over a stand-in for `find_nearest`."""

import numpy as np
import pytest
import torch
from sklearn.metrics import normalized_mutual_info_score
from torch import nn

from graders.carried import same
from graders.helpers import check_meta
from graders.som_vae.helpers import score
from proctor.checks import expect
from proctor.checks.submission import StudentError

# Thirty-one images in batches of three: the last batch is a single image, and three batches would be too large.
IMAGES, BATCH, ROWS, COLUMNS, LATENT = 31, 3, 5, 2, 7
WHAT = f"`assign_nodes(model, images, batch_size={BATCH})`"


def find_by_angle(z_e, embeddings):
    """As `find_nearest`, where all embeddings have length one."""
    alike = (z_e.unsqueeze(1) * embeddings.reshape(-1, embeddings.shape[-1])).sum(dim=-1)
    return alike.argmax(dim=-1), 2 - 2 * alike


class SmallEncoder(nn.Module):
    """Encodes images. It writes down of what size the batches are, and whether gradients are kept."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.dropout = nn.Dropout(0.5)
        self.sizes, self.with_gradients = [], False

    def forward(self, images):
        self.sizes.append(len(images))
        self.with_gradients = self.with_gradients or torch.is_grad_enabled()
        return self.dropout(images.flatten(1).unsqueeze(1) * self.weight).sum(dim=-1)


class SmallModel(nn.Module):
    """As `SOMVAE`, as far as it encodes."""

    def __init__(self, encoder, embeddings):
        super().__init__()
        self.encoder, self.embeddings = encoder, nn.Parameter(embeddings.clone())
        self.som_dim, self.latent_dim = list(embeddings.shape[:2]), embeddings.shape[-1]


@pytest.fixture(autouse=True)
def parts(submission, reference, monkeypatch):
    """A mistake in `find_nearest` costs nothing here."""
    monkeypatch.setattr(reference, "find_nearest", find_by_angle)
    submission.replace("find_nearest", submission.send(find_by_angle))


@pytest.fixture
def images(generator):
    """Images of two channels."""
    return torch.randn(IMAGES, 2, 3, 5, generator=generator)


@pytest.fixture
def weights(generator):
    """The weights and the embeddings of a small model."""
    embeddings = torch.randn(ROWS, COLUMNS, LATENT, generator=generator)
    return torch.randn(LATENT, 30, generator=generator), embeddings / embeddings.norm(dim=-1, keepdim=True)


def assign(submission, weights, images, device, training=False):
    """The student's nodes, where the global `model` is another one; and the model."""
    submission.seed(0)
    encoder, model = submission.send(SmallEncoder), submission.send(SmallModel)
    submission.replace("model", model(encoder(-weights[0]), weights[1]).to(str(device)))
    model = model(encoder(weights[0]), weights[1]).to(str(device)).train(training)
    return submission.assign_nodes(model, images, batch_size=BATCH, device=torch.device(device)), model


@pytest.mark.points(2)
def test_nodes(submission, reference, weights, images, device):
    """Every image gets the number of its node, in order, as a numpy array."""
    nodes, _ = assign(submission, weights, images, device)
    expected = reference.assign_nodes(SmallModel(SmallEncoder(weights[0]), weights[1]), images, batch_size=BATCH)
    expect.type(nodes, np.ndarray, WHAT)
    expect.shape(nodes, (IMAGES,), f"{WHAT} for {IMAGES} images", "Join the batches, and forget none.")
    message = f"{WHAT} should give numbers to index with, of ints, but gives {nodes.dtype}."
    expect.true(np.issubdtype(nodes.dtype, np.integer), message, str(nodes.dtype))
    moved = not same(nodes, expected) and sorted(nodes.tolist()) == sorted(expected.tolist())
    message = f"{WHAT} gives the right nodes in another order: keep the order of the images."
    expect.true(not moved, message, "another order")
    expect.equal(nodes, expected.tolist(), WHAT, "Use the model that is passed in, and keep the order of the images.")
    many, _ = assign(submission, weights, images.repeat(7, 1, 1, 1), device)
    expect.shape(many, (7 * IMAGES,), f"{WHAT} for {7 * IMAGES} images", "Leave none out.")
    single, _ = assign(submission, weights, images[:1], device)
    expect.type(single, np.ndarray, WHAT)
    expect.shape(single, (1,), f"{WHAT} for one image", "An image that is alone gives an array as well.")


@pytest.mark.points(1)
def test_batches(submission, weights, images, device):
    """At most `batch_size` images are encoded at a time, and no gradients are kept."""
    try:
        _, model = assign(submission, weights, images, device)
        left = submission.library("torch.is_grad_enabled")()
    finally:
        submission.library("torch.set_grad_enabled")(True)
    sizes = list(submission.get(model.encoder.sizes))
    expect.true(
        sum(sizes) >= IMAGES and max(sizes) <= BATCH,
        f"At most {BATCH} images should be encoded at a time, but the batches have sizes {sizes}: with many "
        "images, memory would run out.",
        sizes,
    )
    kept = model.encoder.with_gradients
    expect.true(not kept, "Gradients are kept for every image, and nobody needs them: use torch.no_grad().", kept)
    message = f"After {WHAT} gradients should be on again, but are off, so that nothing can learn any more."
    expect.true(left is True, f"{message} Use `with torch.no_grad():`.", left)


@pytest.mark.points(1)
def test_evaluation_mode(submission, reference, weights, images, device):
    """Nodes are found in evaluation mode, whatever mode the model was left in."""
    trained, model = assign(submission, weights, images, device, training=True)
    encoded = sum(submission.get(model.encoder.sizes))
    expect.true(encoded >= IMAGES, f"{IMAGES} images should be encoded, but {encoded} are.", encoded)
    settled, _ = assign(submission, weights, images, device, training=False)
    expect.type(trained, np.ndarray, WHAT)
    hint = "Dropout is at work: switch the model to evaluation mode first."
    expect.equal(trained, settled.tolist(), "The nodes of a model that was left in training mode", hint)


@pytest.mark.points(1)
def test_device(submission, weights, images):
    """The model works on the given device, wherever the images are."""
    _, model = assign(submission, weights, images, "cpu")
    encoded = sum(submission.get(model.encoder.sizes))
    expect.true(encoded >= IMAGES, f"{IMAGES} images should be encoded, but {encoded} are.", encoded)
    message = "`assign_nodes` should move each batch to the device, but leaves something behind, and so fails on a GPU."
    check_meta(lambda: assign(submission, weights, images, "meta"), message)
    # Without data, a tensor stops at `cpu()`, which is where code ends that is right on a GPU.
    said = ""
    try:
        assign(submission, weights, images, "meta")
    except StudentError as error:
        said = error.message
    early = "type tensor to numpy" in said
    message = "`numpy` takes tensors on the CPU only, and so fails on a GPU: `cpu()` comes before."
    expect.true(not early, message, "numpy of a tensor on a GPU")


@pytest.fixture
def clusters(generator):
    """Clusters with some meaning, of very different sizes, with gaps in their numbers; and classes."""
    classes = torch.randint(5, (211,), generator=generator)
    # Two classes have the same cluster for their largest, so that matching one to one is seen.
    noise = (3 * torch.rand(211, generator=generator) ** 2).long()
    return (3 * (classes // 2) ** 2 + noise).numpy(), (classes * 2 + 1).numpy()


@pytest.mark.points(2)
def test_purity(submission, reference, clusters, generator):
    """Purity is the share of images that are of the most frequent class of their cluster."""
    hint = "For each cluster its most frequent class; all of these counts, divided by the number of images."
    found, expected = submission.compute_purity(*clusters), float(reference.compute_purity(*clusters))
    score(found, expected, "`compute_purity(clusters, classes)`", hint)
    # Neighbouring numbers have other classes, so none may be counted with the next.
    many = torch.randint(23, (211,), generator=generator).numpy()
    score(submission.compute_purity(many, many % 2), 1.0, "`compute_purity` of clusters of one class each", hint)
    given = dict(zip(("clusters", "classes"), clusters, strict=True))
    expect.given_is_kept(submission, submission.compute_purity, given, "`compute_purity(clusters, classes)`")


@pytest.mark.points(2)
def test_nmi(submission, clusters):
    """NMI is the mutual information, divided by the mean of both entropies."""
    hint = "A term of no images counts zero; normalize by the mean of both entropies."
    found = []
    for given in (clusters, clusters[::-1]):
        found.append(submission.compute_nmi(*given))
        if isinstance(found[-1], (torch.Tensor, np.ndarray)):
            expect.shape(found[-1], (), "`compute_nmi`", "It is a single number.")
        expect.type(found[-1], (int, float, np.number, torch.Tensor, np.ndarray), "`compute_nmi`")
    expected = np.full(2, normalized_mutual_info_score(clusters[1], clusters[0]))
    what = "`compute_nmi`, once as it is called and once with clusters and classes exchanged,"
    expect.close(np.array([float(value) for value in found]), expected, what, hint)
    given = dict(zip(("clusters", "classes"), clusters, strict=True))
    expect.given_is_kept(submission, submission.compute_nmi, given, "`compute_nmi(clusters, classes)`")


@pytest.mark.points(1)
def test_perfect_and_useless(submission):
    """Clusters that are the classes have an NMI of one, clusters that tell nothing an NMI of zero."""
    classes = np.repeat([0, 1, 2], 6)
    for clusters, expected in ((7 - classes, 1.0), (np.tile([0, 1], 9), 0.0)):
        found = submission.compute_nmi(clusters, classes)
        score(found, expected, f"`compute_nmi` of clusters {clusters.tolist()}, classes {classes.tolist()},")
