"""The checks of `find_nearest`."""

import pytest
import torch

from graders.carried import same, version_of
from graders.helpers import check_meta
from graders.som_vae.helpers import check_moves, check_no_loop
from graders.som_vae.mistakes import NEAREST_NODE
from proctor.checks import expect

BATCH, ROWS, COLUMNS, LATENT = 11, 3, 5, 7
# More nodes than the map of the notebook has, in more rows and in more columns.
LARGE = (11, 13)
WHAT = "`find_nearest(z_e, embeddings)`"


@pytest.fixture
def embeddings(generator):
    """A map, not square, far from the origin: the lengths of the embeddings differ."""
    scale = 0.5 + torch.rand(ROWS, COLUMNS, 1, generator=generator)
    return scale * torch.randn(ROWS, COLUMNS, LATENT, generator=generator) + 0.5


@pytest.fixture
def z_e(generator):
    """Encodings."""
    return torch.randn(BATCH, LATENT, generator=generator)


def find(submission, z_e, embeddings, device):
    """The student's k and z_dist_flat."""
    result = submission.find_nearest(z_e.to(device), embeddings.to(device))
    expect.type(result, (tuple, list), WHAT)
    expect.equal(len(result), 2, f"The number of values that {WHAT} returns", "Return k and z_dist_flat.")
    k, z_dist_flat = result
    for value, name in ((k, "k"), (z_dist_flat, "z_dist_flat")):
        expect.type(value, torch.Tensor, name)
    return k, z_dist_flat


@pytest.mark.points(2)
def test_shapes(submission, z_e, embeddings, device):
    """There is one whole number for each encoding, and one distance for each encoding and node."""
    k, z_dist_flat = find(submission, z_e, embeddings, device)
    given = f"for {BATCH} encodings and a map of {ROWS} x {COLUMNS} nodes"
    expect.shape(z_dist_flat, (BATCH, ROWS * COLUMNS), f"z_dist_flat {given}")
    expect.shape(k, (BATCH,), f"k {given}")
    expect.dtype(k, torch.long, "k", "It is a number of a node, to index with.")
    given = {"z_e": z_e.to(device), "embeddings": embeddings.to(device)}
    expect.given_is_kept(submission, submission.find_nearest, given, WHAT)


@pytest.mark.points(4)
def test_distances(submission, reference, z_e, embeddings, device):
    """The distances are squared, and summed over the latent dimensions."""
    _, z_dist_flat = find(submission, z_e, embeddings, device)
    expected = reference.find_nearest(z_e, embeddings)[1]
    expect.close(z_dist_flat, expected, "z_dist_flat", "The sum of the squared differences, to each node.")


@pytest.fixture
def carried(submission, reference, z_e, embeddings, device):
    """The version that has the student's distances."""
    _, z_dist_flat = find(submission, z_e, embeddings, device)
    return version_of(
        reference, ["find_nearest"], NEAREST_NODE, lambda one: same(z_dist_flat, one.find_nearest(z_e, embeddings)[1])
    )


@pytest.mark.points(2)
def test_nearest(submission, carried, z_e, embeddings, device):
    """k is the number of the nearest node."""
    k, _ = find(submission, z_e, embeddings, device)
    expected = carried.find_nearest(z_e, embeddings)[0].tolist()
    expect.equal(k, expected, "k", "Which node has the smallest distance?")


@pytest.mark.points(2)
def test_numbering(submission, embeddings, generator, device):
    """Nodes are numbered row after row, on any map: an encoding that is a node's embedding gets that node's number."""
    hint = "Node (row, column) has the number row * columns + column."
    for nodes in (embeddings, torch.randn(*LARGE, LATENT, generator=generator)):
        rows, columns, _ = nodes.shape
        k, _ = find(submission, nodes.flatten(0, 1), nodes, device)
        expect.equal(k, list(range(rows * columns)), f"k of all nodes of a map of {rows} x {columns}", hint)


@pytest.mark.points(1)
def test_each_alone(submission, carried, z_e, embeddings, device):
    """An encoding gets the same node and distances alone and among others."""
    k, z_dist_flat = (value[4:5] for value in carried.find_nearest(z_e, embeddings))
    alone_k, alone_dist = find(submission, z_e[4:5], embeddings, device)
    expect.equal(alone_k.tolist(), k.tolist(), "k of one encoding alone")
    expect.close(alone_dist, z_dist_flat, "z_dist_flat of one encoding alone")


@pytest.mark.points(2)
def test_gradients(submission, carried, z_e, embeddings, generator, device):
    """The distances move encodings and embeddings."""
    inputs = {"z_e": z_e, "embeddings": embeddings}
    functions = (submission.find_nearest, carried.find_nearest)
    check_moves(submission, *functions, inputs, "z_dist_flat", generator, device, place=1)


def differ(submission, z_e, embeddings, device):
    """The distances of one encoding are not those of another."""
    _, z_dist_flat = find(submission, z_e, embeddings, device)
    expect.different(z_dist_flat[1:], z_dist_flat[:-1], "z_dist_flat of different encodings")


@pytest.mark.points(1)
def test_no_loop(submission, z_e, embeddings, device):
    """The whole batch is done at once, without a loop."""
    differ(submission, z_e, embeddings, device)
    small, large = ((value.to(device), embeddings.to(device)) for value in (z_e[:2], z_e))
    check_no_loop(submission, submission.find_nearest, small, large, "`find_nearest`")


@pytest.mark.points(1)
def test_device(submission, z_e, embeddings):
    """It works on the device of its inputs."""
    differ(submission, z_e, embeddings, "cpu")
    message = f"{WHAT} should work on the device of its inputs, but mixes devices, and so fails on a GPU."
    check_meta(lambda: submission.find_nearest(z_e.to("meta"), embeddings.to("meta")), message)
