"""The checks of `gather_neighbors`."""

import pytest
import torch

from graders.helpers import check_meta
from graders.som_vae.helpers import check_no_loop, go_backward, gradient, learnable
from proctor.checks import expect

ROWS, COLUMNS, LATENT = 4, 5, 3
NODES = torch.arange(ROWS * COLUMNS)
# Inside of the map, in an order that is none.
INSIDE = torch.tensor([12, 6, 8, 13, 7, 11, 12])
WHAT = "`gather_neighbors(embeddings, k)`"


@pytest.fixture
def embeddings(generator):
    """A map, not square."""
    return torch.randn(ROWS, COLUMNS, LATENT, generator=generator)


def gather(submission, embeddings, k, device):
    """What the student gathers."""
    out = submission.gather_neighbors(embeddings.to(device), k.to(device))
    expect.shape(out, (len(k), 5, LATENT), f"{WHAT} for {len(k)} nodes", "Five embeddings for each node.")
    return out.cpu()


@pytest.mark.points(1)
def test_shape(submission, embeddings, device):
    """Each node gives five embeddings."""
    gather(submission, embeddings, INSIDE, device)


@pytest.mark.points(1)
def test_itself(submission, embeddings, device):
    """The first of the five is the node's own embedding."""
    out = gather(submission, embeddings, NODES, device)
    what = "Place 0 of the five, the node itself,"
    expect.close(out[:, 0], embeddings.flatten(0, 1), what, "The row is k // columns, the column k % columns.")


def check_places(out, reference, embeddings, places):
    expected = reference.gather_neighbors(embeddings, INSIDE)
    for place, name in places:
        expect.close(out[:, place], expected[:, place], f"Place {place} of the five, the node {name},")


@pytest.mark.points(3)
def test_rows(submission, reference, embeddings, device):
    """The second and the third are the nodes one row further and one row before."""
    out = gather(submission, embeddings, INSIDE, device)
    check_places(out, reference, embeddings, [(1, "one row further"), (2, "one row before")])


@pytest.mark.points(3)
def test_columns(submission, reference, embeddings, device):
    """The fourth and the fifth are the nodes one column further and one column before."""
    out = gather(submission, embeddings, INSIDE, device)
    check_places(out, reference, embeddings, [(3, "one column further"), (4, "one column before")])


@pytest.mark.points(3)
def test_edges(submission, reference, embeddings, device):
    """At the edges of the map, zeros stand in the places of neighbors that do not exist."""
    out = gather(submission, embeddings, NODES, device)
    missing = (reference.gather_neighbors(embeddings, NODES) == 0).all(dim=-1)
    wrong = missing & (out != 0).any(dim=-1)
    found = [f"place {place} of node {divmod(node, COLUMNS)}" for node, place in wrong.nonzero().tolist()]
    expect.true(
        not found,
        f"At the edges of the map, zeros should stand in {int(missing.sum())} places, but in {len(found)} of them "
        f"stands something else, such as in {''.join(found[:1])}. The map ends there; it is no globe.",
        out,
    )


@pytest.mark.points(1)
def test_gradients(submission, embeddings, device):
    """Each node learns once for itself, and once for each neighbor that it has."""
    handle = learnable(submission, embeddings, device)
    out = submission.keep(submission.gather_neighbors)(handle, NODES.to(device))
    go_backward(submission.keep(out.sum)(), WHAT)
    inner = torch.tensor([[3, 4, 4, 4, 3], [4, 5, 5, 5, 4], [4, 5, 5, 5, 4], [3, 4, 4, 4, 3]])
    expected = inner.unsqueeze(-1).expand(ROWS, COLUMNS, LATENT).to(embeddings.dtype)
    found = gradient(submission, handle)
    expect.true(found is not None, f"Going backward from {WHAT} should reach the embeddings, but does not.", "none")
    hint = "All four neighbors should learn, and where there is none, nobody else should."
    expect.close(found, expected, "How often each node is found among all", hint)


@pytest.mark.points(2)
def test_no_loop(submission, embeddings, device):
    """The whole batch is done at once, without a loop."""
    small, large = ((embeddings.to(device), value.to(device)) for value in (INSIDE[:2], INSIDE))
    check_no_loop(submission, submission.gather_neighbors, small, large, "`gather_neighbors`")


@pytest.mark.points(1)
def test_device(submission, embeddings):
    """It works on the device of its inputs."""
    gather(submission, embeddings, INSIDE, "cpu")
    message = f"{WHAT} should work on the device of its inputs, but mixes devices, and so fails on a GPU."
    check_meta(lambda: submission.gather_neighbors(embeddings.to("meta"), INSIDE.to("meta")), message)
