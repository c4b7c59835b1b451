"""The checks of what "all that is mentioned" scores."""

import pytest
import torch

from graders.helpers import check_number, values
from proctor.checks import expect

NAMES = ["micro_f1", "accuracy", "f1"]


@pytest.fixture
def shares(generator):
    """Shares of negated mentions: some, most, and none."""
    some, most = torch.rand(2, generator=generator).tolist()
    # A share of none is the last: there, what is wrong elsewhere may be right.
    return [0.1 + 0.3 * some, 0.6 + 0.3 * most, 0.0]


def scores(submission, share):
    """What the student foretells for a share of negated mentions."""
    return values(submission.free_scores(share), f"`free_scores({share:.4g})`", NAMES)


@pytest.mark.points(1)
def test_micro_f1(submission, shares):
    """The micro F1 follows from the share of mentions that are negated."""
    for share in shares:
        hint = "How many of the predicted are right, and how many of those to be found are predicted?"
        micro_f1, expected = scores(submission, share)[0], 2 * (1 - share) / (2 - share)
        check_number(micro_f1, expected, f"micro_f1 at a share of {share:.4g}", hint)


@pytest.mark.points(1)
def test_of_negated_mentions(submission, shares):
    """The two scores of negated mentions are those of an answer that holds nothing back."""
    for share in shares:
        _, accuracy, f1 = scores(submission, share)
        hint = "Which negated mentions does it not predict?"
        check_number(accuracy, 0.0, f"accuracy at a share of {share:.4g}", hint)
        check_number(f1, 0.0, f"f1 at a share of {share:.4g}", hint)
    # Constants alone are no answer.
    found = [scores(submission, share)[0] for share in shares]
    expect.true(len({round(float(one), 6) for one in found}) > 1, "micro_f1 should depend on the share.", "constant")
