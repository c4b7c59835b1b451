"""The checks of the threshold that finds enough of the AF segments."""

import functools
import math

import numpy as np
import pytest
import torch

from proctor.checks import expect

# Of 24 AF segments, none of these shares is a whole number of segments. One half is, and nobody's rounding moves it.
N_AF, N_NORMAL, SHARES, HALF = 24, 29, (0.32, 0.71, 0.93), 0.5


@pytest.fixture
def judged(generator):
    """Labels and probabilities of AF, all different; some normal segments have high ones."""
    truth = torch.cat([torch.ones(N_AF), torch.zeros(N_NORMAL)]).long()
    steps = torch.randperm(N_AF + N_NORMAL, generator=generator) + 1
    p1 = (steps + 9 * truth).double() / (N_AF + N_NORMAL + 11) + 0.001 * truth
    order = torch.randperm(len(truth), generator=generator)
    return truth[order].numpy(), p1[order].numpy()


def chosen(submission, judged, share):
    """The threshold that the student chooses, as a number."""
    threshold = submission.choose_threshold(*judged, share)
    what = f"`choose_threshold(truth, p1, {share})`"
    expect.type(threshold, (int, float, np.number, np.ndarray, torch.Tensor), what)
    expect.true(np.shape(threshold) == (), f"{what} should be a single number.", np.shape(threshold))
    return float(threshold), what


@pytest.mark.points(0.5)
def test_enough_are_found(submission, judged):
    """At the threshold, at least the share that is asked for is found, and not simply everything."""
    truth, p1 = judged
    for share in SHARES:
        threshold, what = chosen(submission, judged, share)
        found = int((p1[truth == 1] >= threshold).sum())
        due = math.ceil(share * N_AF)
        expect.true(
            found >= due,
            f"At {what} at least {due} of {N_AF} AF segments should be found, but are {found}.",
            [found, threshold],
        )
    lowest, highest = (chosen(submission, judged, share)[0] for share in (SHARES[-1], SHARES[0]))
    expect.true(lowest < highest, "To find more, the threshold should be lower, but is not.", [lowest, highest])


@pytest.mark.points(0.5)
def test_largest(submission, reference, judged):
    """It is the largest of the thresholds that find enough, so that there are no more false alarms than need be."""
    # All of them together: by a single one, several mistakes look alike.
    shares = (*SHARES, HALF)
    found = np.array([chosen(submission, judged, share)[0] for share in shares])
    due = np.array([float(reference.choose_threshold(*judged, share)) for share in shares])
    what = f"`choose_threshold(truth, p1, recall)` with recall {', '.join(map(str, shares))} in turn"
    expect.close(found, due, what, "It is the probability of the last AF segment that has to be found.")
    # Several segments may have the same probability; each of them counts.
    truth, p1 = judged[0], judged[1].copy()
    of_af = np.flatnonzero(truth)
    p1[of_af[np.argsort(p1[of_af])[4:]]] = 0.99
    for share in SHARES:
        threshold, what = chosen(submission, (truth, p1), share)
        what = f"{what}, where {N_AF - 4} of {N_AF} AF segments have the same p1,"
        due = float(reference.choose_threshold(truth, p1, share))
        expect.close(threshold, due, what, "Count each segment, not each number.")
    given = {"truth": judged[0], "p1": judged[1]}
    call = functools.partial(submission.choose_threshold, recall=HALF)
    expect.given_is_kept(submission, call, given, "`choose_threshold(truth, p1, recall)`")
