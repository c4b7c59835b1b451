"""The checks of what is foretold of the transition loss, at its start and on a map that is no map."""

import math

import pytest

from graders.som_vae.helpers import score
from proctor.checks import expect


@pytest.fixture
def sizes(generator):
    """How many nodes some maps have."""
    few, many = generator.initial_seed() % 7, generator.initial_seed() % 101
    return [2 + few, 20 + many, 512]


def extremes(submission, nodes):
    """The two losses that the student foretells for a map of so many nodes."""
    found = submission.foretell_extremes(nodes)
    what = f"`foretell_extremes({nodes})`"
    expect.type(found, (tuple, list), what)
    message = f"{what} should give two numbers, start and one_node, but gives {len(found)}."
    expect.true(len(found) == 2, message, len(found))
    return found


@pytest.mark.points(0.5)
def test_start(submission, sizes):
    """As long as all logits are zero, every node is as likely as any other."""
    for nodes in sizes:
        start, _ = extremes(submission, nodes)
        hint = "A softmax of zeros gives each of the nodes the same probability. The loss is minus its logarithm."
        score(start, math.log(nodes), f"start, for {nodes} nodes", hint)


@pytest.mark.points(0.5)
def test_one_node(submission, sizes):
    """Where all images lie on one node, every step is certain."""
    found = [extremes(submission, nodes) for nodes in sizes]
    for nodes, (_, one_node) in zip(sizes, found, strict=True):
        score(one_node, 0.0, f"one_node, for {nodes} nodes", "What is the probability to stay, if one always stays?")
    # Two zeros are no answer: whoever foretells nothing at the start foretells nothing here.
    starts = {round(float(start), 6) for start, _ in found}
    expect.true(len(starts) > 1, "start should depend on the number of nodes, but does not.", sorted(starts))
