"""The checks of `gather_neighbors`."""

import pytest
import torch

from graders.carried import same, version_of
from graders.helpers import check_meta
from graders.som_vae.helpers import check_moves
from graders.som_vae.mistakes import NEIGHBORS
from proctor.checks import expect

# No two sizes are the same, and none is five.
ROWS, COLUMNS, LATENT = 7, 11, 3
NODES = torch.arange(ROWS * COLUMNS)
# Inside of the map, in an order that is none.
INSIDE = torch.tensor([24, 13, 16, 38, 15, 37, 24, 19])
WHAT = "`gather_neighbors(embeddings, k)`"


@pytest.fixture
def embeddings(generator):
    """A map, not square."""
    return torch.randn(ROWS, COLUMNS, LATENT, generator=generator)


def gather(submission, embeddings, k, device):
    """What the student gathers."""
    out = submission.gather_neighbors(embeddings.to(device), k.to(device))
    expect.type(out, torch.Tensor, WHAT)
    return out.cpu()


@pytest.fixture
def of_inside(submission, reference, embeddings, device):
    """What the student gathers inside of the map, and the version that gathers the same there."""
    out = gather(submission, embeddings, INSIDE, device)
    # A version with a mistake may change what it is given.
    wanted = ["gather_neighbors"], NEIGHBORS, lambda one: same(out, one.gather_neighbors(embeddings, INSIDE.clone()))
    return out, version_of(reference, *wanted)


@pytest.fixture
def places(of_inside, reference, embeddings):
    """The same, where the neighbors are judged by the node from which the student starts."""
    out, version = of_inside
    expected = reference.gather_neighbors(embeddings, INSIDE)
    started = out.shape == expected.shape and same(out[:, 0], expected[:, 0])
    expected = expected if started else version.gather_neighbors(embeddings, INSIDE.clone())
    expect.shape(out, expected.shape, WHAT)
    return out, expected, embeddings


@pytest.mark.points(2)
def test_shape(submission, embeddings, device):
    """Each node gives five embeddings."""
    out = gather(submission, embeddings, INSIDE, device)
    expect.shape(out, (len(INSIDE), 5, LATENT), f"{WHAT} for {len(INSIDE)} nodes", "Five embeddings for each node.")
    expect.different(out[1:], out[:-1], "What different nodes give")
    hint = "A node that is alone keeps the axis of the batch: `squeeze()` drops it."
    expect.shape(gather(submission, embeddings, INSIDE[:1], device), (1, 5, LATENT), f"{WHAT} for one node", hint)
    given = {"embeddings": embeddings.to(device), "k": INSIDE.to(device)}
    expect.given_is_kept(submission, submission.gather_neighbors, given, WHAT)


@pytest.mark.points(2)
def test_itself(submission, embeddings, device):
    """The first of the five is the node's own embedding."""
    out = gather(submission, embeddings, INSIDE, device)
    expect.true(
        same(out[:, 0], embeddings.flatten(0, 1)[INSIDE]),
        "Place 0 of the five, the node itself, holds another embedding than it should. The row is k // columns, the "
        "column k % columns.",
        out,
    )


@pytest.mark.points(2.5)
def test_rows(places):
    """The second and the third are the nodes one row further and one row before."""
    check_places(*places, [(1, "one row further"), (2, "one row before")])


@pytest.mark.points(2.5)
def test_columns(places):
    """The fourth and the fifth are the nodes one column further and one column before."""
    check_places(*places, [(3, "one column further"), (4, "one column before")])


def held(out, expected, embeddings):
    """Which of some nodes is the first that holds another embedding than expected, and in words which one it holds."""
    node = int((~torch.isclose(out, expected)).any(dim=-1).int().argmax())
    alike = torch.isclose(embeddings, out[node]).all(dim=-1).nonzero().tolist()
    words = f"that of node {tuple(alike[0])}" if alike else "that of no node"
    return node, words if bool(out[node].any()) else "zeros"


def check_places(out, expected, embeddings, places):
    """Two of the five places hold the right nodes."""
    # What stands in both tells mistakes apart.
    found = out[:, [min(place, out.shape[1] - 1) for place, _ in places]]
    for place, name in places:
        if place < out.shape[1] and not same(out[:, place], expected[:, place]):
            node, words = held(out[:, place].to(expected.dtype), expected[:, place], embeddings)
            message = f"Place {place} of the five, the node {name}, holds another embedding than it should: for node "
            expect.true(False, f"{message}{divmod(int(INSIDE[node]), COLUMNS)} {words}.", found)


@pytest.mark.points(2.5)
def test_edges(submission, reference, of_inside, embeddings, device):
    """At the edges of the map, zeros stand in the places of neighbors that do not exist."""
    _, version = of_inside
    out = gather(submission, embeddings, NODES, device)
    expected = version.gather_neighbors(embeddings, NODES.clone())
    if not bool((expected == 0).all(dim=-1).any()):
        expected = reference.gather_neighbors(embeddings, NODES)
    expect.shape(out, expected.shape, WHAT)
    missing = (expected == 0).all(dim=-1)
    wrong = missing & (out != 0).any(dim=-1)
    found = [f"place {place} of node {divmod(node, COLUMNS)}" for node, place in wrong.nonzero().tolist()]
    expect.true(
        not found,
        f"At the edges of the map, zeros should stand in {int(missing.sum())} places, but in {len(found)} of them "
        f"stands something else, such as in {''.join(found[:1])}. The map ends there; it is no globe.",
        out,
    )
    hint = ""
    if not same(out, expected):
        place = int((~torch.isclose(out.to(expected.dtype), expected)).any(dim=-1).any(dim=0).int().argmax())
        node, words = held(out[:, place].to(expected.dtype), expected[:, place], embeddings)
        hint = f"For node {divmod(node, COLUMNS)} place {place} holds {words}, and its neighbor exists."
    expect.close(out, expected, "What stands in the places of neighbors that exist", hint)


@pytest.mark.points(2)
def test_gradients(submission, of_inside, embeddings, generator, device):
    """Each node learns for itself, and for each neighbor that it has."""
    _, version = of_inside
    functions, inputs = (submission.gather_neighbors, version.gather_neighbors), {"embeddings": embeddings, "k": NODES}
    check_moves(submission, *functions, inputs, WHAT, generator, device)


@pytest.mark.points(1.5)
def test_device(submission, embeddings):
    """It works on the device of its inputs."""
    out = gather(submission, embeddings, INSIDE, "cpu")
    expect.different(out[1:], out[:-1], "What different nodes give")
    message = f"{WHAT} should work on the device of its inputs, but mixes devices, and so fails on a GPU."
    check_meta(lambda: submission.gather_neighbors(embeddings.to("meta"), INSIDE.to("meta")), message)
