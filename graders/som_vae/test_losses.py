"""The checks of the losses of `StaticSOMVAE`, which are put to tensors of the checks' own."""

import pytest
import torch

from graders.helpers import check_meta
from graders.som_vae.helpers import go_backward, gradient, learnable, number
from proctor.checks import expect

BATCH, LATENT = 11, 7
WEIGHTS = {"alpha": 0.7, "beta": 1.3}


@pytest.fixture
def images(generator):
    """Images x, x_e and x_q."""
    return [torch.rand(BATCH, 2, 3, 5, generator=generator) for _ in range(3)]


@pytest.fixture
def z_e(generator):
    """Encodings."""
    return torch.randn(BATCH, LATENT, generator=generator) + 1


@pytest.fixture
def around(generator):
    """Nodes with all of their neighbors, which are further from the encodings, so that no two losses are alike."""
    return torch.randn(BATCH, 5, LATENT, generator=generator) + torch.tensor([1.0, -1, -1, -1, -1]).unsqueeze(1)


@pytest.fixture
def at_edges(around):
    """Nodes at the edges of the map: some neighbors are not there."""
    cut = around.clone()
    cut[2, 1] = cut[3, 4] = cut[5, 2] = cut[5, 3] = 0
    return cut


def model(of):
    """A model of the submission or the reference, of which only the losses are used."""
    return of.StaticSOMVAE(None, None, None, latent_dim=LATENT, som_dim=[3, 5], gamma=5.0, tau=3.0, **WEIGHTS)


def put_to(submission, name, inputs, device):
    """The student's loss of these tensors."""
    loss = getattr(model(submission).to(str(device)), name)(*(value.to(device) for value in inputs))
    return number(loss, f"`{name}`")


@pytest.mark.points(3)
def test_reconstruction(submission, reference, images, device):
    """The reconstruction loss is the sum of the mean squared errors of both decoded images."""
    loss = put_to(submission, "_loss_reconstruct", images, device)
    expect.close(loss, model(reference)._loss_reconstruct(*images), "`_loss_reconstruct(x, x_e, x_q)`")


@pytest.mark.points(3)
def test_commitment(submission, reference, z_e, around, device):
    """The commitment loss is the mean squared difference of encodings and nodes."""
    inputs = (z_e, around[:, 0])
    loss = put_to(submission, "_loss_commit", inputs, device)
    expect.close(loss, model(reference)._loss_commit(*inputs), "`_loss_commit(z_e, z_q)`")


@pytest.mark.points(1)
def test_commitment_moves_both(submission, z_e, around, device):
    """The commitment loss moves encodings and nodes towards each other."""
    inputs = [learnable(submission, value, device) for value in (z_e, around[:, 0])]
    loss = submission.keep(model(submission)._loss_commit)(*inputs)
    go_backward(loss, "`_loss_commit`")
    still = [name for name, value in zip(("z_e", "z_q"), inputs, strict=True) if gradient(submission, value) is None]
    expect.true(not still, f"The commitment loss should move z_e and z_q, but does not move {still}.", still)


@pytest.mark.points(3)
def test_som(submission, reference, z_e, around, device):
    """Inside of the map, the SOM loss is the mean squared difference of the encodings to five embeddings."""
    loss = put_to(submission, "_loss_som", (z_e, around), device)
    hint = "The difference of each encoding to each of its five embeddings: put an axis into z_e before its last."
    expect.close(loss, model(reference)._loss_som(z_e, around), "`_loss_som(z_e, z_q_neighbors)`", hint)


@pytest.mark.points(3)
def test_som_at_edges(submission, reference, z_e, at_edges, device):
    """Neighbors that do not exist add nothing to the SOM loss."""
    loss = put_to(submission, "_loss_som", (z_e, at_edges), device)
    hint = "Rows of zeros add nothing, and the sum is divided by five in any case."
    what = "`_loss_som(z_e, z_q_neighbors)` of nodes of which some are at the edge"
    expect.close(loss, model(reference)._loss_som(z_e, at_edges), what, hint)


@pytest.mark.points(2)
def test_som_moves_nodes_only(submission, z_e, around, device):
    """The SOM loss moves the nodes and all of their neighbors, and no encoding."""
    encodings, nodes = (learnable(submission, value, device) for value in (z_e, around))
    loss = submission.keep(model(submission)._loss_som)(encodings, nodes)
    go_backward(loss, "`_loss_som`")
    moved = gradient(submission, nodes)
    moved = torch.zeros(5, dtype=torch.bool) if moved is None else (moved != 0).any(dim=-1).all(dim=0)
    still = (~moved).nonzero().flatten().tolist()
    expect.true(not still, f"The SOM loss should move all five embeddings, but not those in the places {still}.", still)
    found = gradient(submission, encodings)
    expect.true(found is None, "The SOM loss should not move the encodings, but does: detach z_e.", found)


@pytest.mark.points(1)
def test_som_of_series(submission, reference, generator, device):
    """The SOM loss takes series as well, with a time axis."""
    z_e = torch.randn(2, 3, LATENT, generator=generator)
    around = torch.randn(2, 3, 5, LATENT, generator=generator)
    around[1, 2, 3] = 0
    loss = put_to(submission, "_loss_som", (z_e, around), device)
    hint = "The five embeddings are on the last axis but one, however many come before."
    expect.close(loss, model(reference)._loss_som(z_e, around), "`_loss_som` of series", hint)


@pytest.mark.points(3)
def test_sum(submission, images, z_e, around, device):
    """The whole loss is the reconstruction loss, alpha times the commitment loss and beta times the SOM loss."""
    mine = model(submission)
    images, z_e, around = [value.to(device) for value in images], z_e.to(device), around.to(device)
    parts = [
        number(mine._loss_reconstruct(*images), "`_loss_reconstruct`"),
        WEIGHTS["alpha"] * number(mine._loss_commit(z_e, around[:, 0]), "`_loss_commit`"),
        WEIGHTS["beta"] * number(mine._loss_som(z_e, around), "`_loss_som`"),
    ]
    k, z_dist_flat = torch.zeros(BATCH, dtype=torch.long), torch.ones(BATCH, 15)
    loss = mine.loss(*images, z_e, around[:, 0], around, k.to(device), z_dist_flat.to(device))
    expect.close(loss, sum(parts).cpu(), "`loss`, beside your own parts of it,", "Weigh with self.alpha and self.beta.")


@pytest.mark.points(1)
def test_device(submission, images, z_e, around):
    """The losses work on the device of their inputs."""
    mine = model(submission)
    others = (torch.zeros(BATCH, dtype=torch.long), torch.ones(BATCH, 15))
    inputs = (*images, z_e, around[:, 0], around, *others)
    mine.loss(*inputs)
    message = "The losses should work on the device of their inputs, but mix devices, and so fail on a GPU."
    check_meta(lambda: mine.loss(*(value.to("meta") for value in inputs)), message)
