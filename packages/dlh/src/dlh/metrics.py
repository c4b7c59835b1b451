"""How sure a score is: the bootstrap over patients."""

import numpy as np
from sklearn.metrics import roc_auc_score


def bootstrap_auroc(truth, scores, groups=None, rounds=1000, confidence=0.95, seed=0):
    """The area under the ROC curve with a percentile bootstrap interval.

    What is drawn anew, with replacement, are groups: segments of one recording are no independent witnesses, so drawing
    segments would make the interval too narrow. Each class's groups are drawn among themselves.

    Parameters
    ----------
    truth : (samples,) ints, 0 and 1
    scores : (samples,) floats, higher for class 1
    groups : (samples,) ints, the recording or patient of each sample, all samples of one of the same class; by default
        each sample is a group of its own
    rounds : int, how often to draw
    confidence : float in (0, 1)
    seed : int

    Returns
    -------
    auroc, low, high : floats, the area of all samples and the ends of the interval

    Raises
    ------
    ValueError : a group has samples of both classes
    """
    truth, scores = np.asarray(truth), np.asarray(scores)
    groups = np.arange(len(truth)) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_groups = groups.max() + 1
    group_truth = np.bincount(groups, truth, n_groups) / np.bincount(groups, minlength=n_groups)
    mixed = (group_truth > 0) & (group_truth < 1)
    if mixed.any():
        raise ValueError(f"{mixed.sum()} groups have samples of both classes; each group must be of one class.")
    stream = np.random.default_rng(seed)
    areas = np.empty(rounds)
    for index in range(rounds):
        drawn = np.zeros(n_groups)
        for label in (0, 1):
            members = np.flatnonzero(group_truth == label)
            drawn += np.bincount(stream.choice(members, len(members)), minlength=n_groups)
        areas[index] = roc_auc_score(truth, scores, sample_weight=drawn[groups])
    low, high = np.quantile(areas, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(roc_auc_score(truth, scores)), float(low), float(high)
