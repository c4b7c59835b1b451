"""The check of the NMI that is foretold for clusters in halves."""

import math

import pytest

from graders.som_vae.helpers import score


@pytest.fixture
def cases(generator):
    """Information, and the entropies of clusters and of classes, none of them below the information."""
    draw = generator.initial_seed() % 1000 / 1000
    return [(0.4 + draw, 2.0 + draw, 1.7 + draw), (1.1, 1.5 + draw, 1.1), (2.0, 4.1, 2.3)]


@pytest.mark.points(1)
def test_halves(submission, cases):
    """The information stays, and the entropy of the clusters grows by that of a tossed coin."""
    for case in cases:
        information, of_clusters, of_classes = case
        expected = information / ((of_clusters + math.log(2) + of_classes) / 2)
        what = "`foretell_halves({:.3f}, {:.3f}, {:.3f})`".format(*case)
        hint = "A half tells of the class what its cluster told. To know the half, too, takes one more yes or no."
        score(submission.foretell_halves(*case), expected, what, hint)
