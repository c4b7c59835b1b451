"""The checks of the losses of `StaticSOMVAE`, which are put to tensors of the checks' own."""

import pytest
import torch

from graders.carried import same, version_of
from graders.helpers import check_meta
from graders.som_vae.helpers import check_moves, close_number, number
from graders.som_vae.mistakes import LOSSES
from proctor.checks import expect
from proctor.checks.submission import StudentError

# No two sizes are the same.
BATCH, LATENT, SERIES = 11, 7, 3
# As many steps as embeddings: an axis in the wrong place meets no error here, and shows in the value.
STEPS = 5
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
    """Nodes at the edges of the map: some neighbors are not there, others have a zero, add up to zero or are short."""
    cut = around.clone()
    cut[2, 1] = cut[3, 4] = cut[5, 2] = cut[5, 3] = 0
    cut[4, :, 2] = 0
    cut[1, 3] /= 1000
    cut[6, 1] = torch.tensor([1.0, -1, 2, -2, 3, -3, 0])
    return cut


def model(of):
    """A model of the submission, the reference or a version, of which only the losses are used."""
    return of.StaticSOMVAE(None, None, None, latent_dim=LATENT, som_dim=[3, 5], gamma=5.0, tau=3.0, **WEIGHTS)


def put_to(submission, name, inputs, device):
    """The student's loss of these tensors."""
    loss = getattr(model(submission).to(str(device)), name)(*(value.to(device) for value in inputs))
    return number(loss, f"`{name}`")


def carried(submission, reference, name, inputs, device):
    """The version of the model that has the student's loss of these tensors."""
    loss = getattr(model(submission).to(str(device)), name)(*(value.to(device) for value in inputs))
    return model(
        version_of(
            reference, ["StaticSOMVAE"], LOSSES, lambda one: same(loss, getattr(model(one), name)(*inputs))
        )
    )


def check_moved(submission, reference, name, inputs, generator, device, still=()):
    """A loss moves its inputs as the reference does, or as the version that has the same value."""
    version = carried(submission, reference, name, list(inputs.values()), device)
    functions = getattr(model(submission).to(str(device)), name), getattr(version, name)
    check_moves(submission, *functions, inputs, f"`{name}`", generator, device, still=still)


@pytest.mark.points(2)
def test_reconstruction(submission, reference, images, device):
    """The reconstruction loss is the sum of the mean squared errors of both decoded images."""
    loss = put_to(submission, "_loss_reconstruct", images, device)
    close_number(loss, model(reference)._loss_reconstruct(*images), "`_loss_reconstruct(x, x_e, x_q)`")


@pytest.mark.points(1)
def test_reconstruction_moves_both(submission, reference, images, generator, device):
    """The reconstruction loss moves both decoded images towards x."""
    inputs = dict(zip(("x", "x_e", "x_q"), images, strict=True))
    check_moved(submission, reference, "_loss_reconstruct", inputs, generator, device, still=["x"])


@pytest.mark.points(3)
def test_commitment(submission, reference, z_e, around, device):
    """The commitment loss is the mean squared difference of encodings and nodes."""
    inputs = (z_e, around[:, 0])
    loss = put_to(submission, "_loss_commit", inputs, device)
    close_number(loss, model(reference)._loss_commit(*inputs), "`_loss_commit(z_e, z_q)`")


@pytest.mark.points(1)
def test_commitment_moves_both(submission, reference, z_e, around, generator, device):
    """The commitment loss moves encodings and nodes towards each other."""
    inputs = {"z_e": z_e, "z_q": around[:, 0]}
    check_moved(submission, reference, "_loss_commit", inputs, generator, device)


@pytest.mark.points(3)
def test_som(submission, reference, z_e, around, device):
    """Inside of the map, the SOM loss is the mean squared difference of the encodings to five embeddings."""
    loss = put_to(submission, "_loss_som", (z_e, around), device)
    hint = "The difference of each encoding to each of its five embeddings: put an axis into z_e before its last."
    close_number(loss, model(reference)._loss_som(z_e, around), "`_loss_som(z_e, z_q_neighbors)`", hint)


@pytest.mark.points(3)
def test_som_at_edges(submission, reference, z_e, around, at_edges, device):
    """Neighbors that do not exist add nothing to the SOM loss."""
    loss = put_to(submission, "_loss_som", (z_e, at_edges), device)
    version = carried(submission, reference, "_loss_som", (z_e, around), device)
    hint = "Rows of zeros add nothing, and the sum is divided by five in any case. A single zero is no row of zeros."
    what = "`_loss_som(z_e, z_q_neighbors)` of nodes of which some are at the edge"
    expect.close(loss, version._loss_som(z_e, at_edges), what, hint)


@pytest.mark.points(2)
def test_som_moves_nodes_only(submission, reference, z_e, at_edges, generator, device):
    """The SOM loss moves the nodes and all of their neighbors, and no encoding."""
    inputs = {"z_e": z_e, "z_q_neighbors": at_edges}
    check_moved(submission, reference, "_loss_som", inputs, generator, device)


@pytest.mark.points(1)
def test_som_of_series(submission, reference, images, z_e, at_edges, generator, device):
    """The losses take series as well, with a time axis."""
    version = carried(submission, reference, "_loss_som", (z_e, at_edges), device)
    z_e = torch.randn(SERIES, STEPS, LATENT, generator=generator)
    around = torch.randn(SERIES, STEPS, 5, LATENT, generator=generator)
    around[1, 2, 3] = 0
    loss = put_to(submission, "_loss_som", (z_e, around), device)
    hint = "The five embeddings are on the last axis but one, however many come before."
    expect.close(loss, version._loss_som(z_e, around), "`_loss_som` of series", hint)
    check_other_losses_of_series(submission, reference, images, at_edges, z_e, around[..., 0, :], generator, device)


def is_right(submission, name, inputs, expected, device):
    """Whether the student's loss of these tensors is what is expected; that it is not is another check's matter."""
    try:
        loss = getattr(model(submission).to(str(device)), name)(*(value.to(device) for value in inputs))
    except StudentError:
        return False
    return isinstance(loss, torch.Tensor) and same(loss, expected)


def check_other_losses_of_series(submission, reference, images, at_edges, z_e, z_q, generator, device):
    """The losses whose value is right without a time axis take series as well."""
    of_series = torch.rand(3, SERIES, STEPS, 2, 3, 4, generator=generator).unbind()
    for name, flat, series in (
        ("_loss_reconstruct", images, of_series),
        ("_loss_commit", (at_edges[:, 0], at_edges[:, 1]), (z_e, z_q)),
    ):
        expected = getattr(model(reference), name)
        if is_right(submission, name, flat, expected(*flat), device):
            hint = "Whatever axes come in front: the mean over all numbers needs to know none of them."
            loss = put_to(submission, name, series, device)
            expect.close(loss, expected(*series), f"`{name}` of series", hint)


@pytest.fixture
def whole(images, z_e, at_edges):
    """All that the whole loss is given."""
    names = ("x", "x_e", "x_q", "z_e", "z_q", "z_q_neighbors", "k", "z_dist_flat")
    others = (torch.zeros(BATCH, dtype=torch.long), torch.ones(BATCH, 15))
    return dict(zip(names, (*images, z_e, at_edges[:, 0], at_edges, *others), strict=True))


@pytest.fixture
def of_the_parts(submission, reference, whole, device):
    """The version that has the student's three parts of the whole loss."""
    mine = model(submission).to(str(device))
    calls = [
        ("_loss_reconstruct", ("x", "x_e", "x_q")),
        ("_loss_commit", ("z_e", "z_q")),
        ("_loss_som", ("z_e", "z_q_neighbors")),
    ]
    calls = [(name, [whole[key] for key in keys]) for name, keys in calls]
    found = [getattr(mine, name)(*(value.to(device) for value in given)) for name, given in calls]

    def shows(version):
        expected = [getattr(model(version), name)(*given) for name, given in calls]
        return same(found, expected)

    return model(version_of(reference, ["StaticSOMVAE"], LOSSES, shows))


@pytest.mark.points(2)
def test_sum(submission, of_the_parts, whole, device):
    """The whole loss is the reconstruction loss, alpha times the commitment loss and beta times the SOM loss."""
    loss = put_to(submission, "loss", whole.values(), device)
    expect.close(loss, of_the_parts.loss(*whole.values()), "`loss`", "Weigh with self.alpha and self.beta.")


@pytest.mark.points(1)
def test_sum_moves_all(submission, of_the_parts, whole, generator, device):
    """Each of the three losses moves what it is to move, through the whole loss."""
    functions = model(submission).to(str(device)).loss, of_the_parts.loss
    check_moves(submission, *functions, whole, "`loss`", generator, device, still=["x", "z_dist_flat"])


@pytest.mark.points(1)
def test_device(submission, whole):
    """The losses work on the device of their inputs."""
    mine = model(submission)
    loss = number(mine.loss(*whole.values()), "`loss`")
    other = number(mine.loss(*(value + 1 if name == "x_e" else value for name, value in whole.items())), "`loss`")
    expect.different(loss, other, "`loss` of some images and of others")
    message = "The losses should work on the device of their inputs, but mix devices, and so fail on a GPU."
    check_meta(lambda: mine.loss(*(value.to("meta") for value in whole.values())), message)
