"""How sure a score is, and how sure a difference of two: the bootstrap over patients."""

import numpy as np


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
    area = _weighted_auroc(truth, scores)
    areas = [area(drawn) for drawn in _draws(truth, groups, rounds, seed)]
    return area(np.ones(len(truth))), *_interval(areas, confidence)


def bootstrap_difference(truth, scores, others, groups=None, rounds=1000, confidence=0.95, seed=0):
    """How much larger the area under the ROC curve is for some scores than for others, with an interval.

    Both areas of a round are of the same draw, so that what makes a draw easy or hard for both drops out of the
    difference. Where the interval holds zero, these samples do not tell which scores are better.

    Parameters
    ----------
    truth, groups, rounds, confidence, seed : as `bootstrap_auroc` takes them
    scores, others : (samples,) floats, of the same samples, higher for class 1

    Returns
    -------
    difference, low, high : floats, the area for `scores` less that for `others`, and the ends of the interval

    Raises
    ------
    ValueError : a group has samples of both classes
    """
    first, second = _weighted_auroc(truth, scores), _weighted_auroc(truth, others)
    differences = [first(drawn) - second(drawn) for drawn in _draws(truth, groups, rounds, seed)]
    everybody = np.ones(len(truth))
    return first(everybody) - second(everybody), *_interval(differences, confidence)


def paired_bootstrap(score, first, second, rounds=1000, confidence=0.95, seed=0):
    """How much larger any score is for one way to do a thing than for another, with an interval, over patients.

    The same patients are drawn for both, so that what makes a draw easy or hard for both drops out of the difference.

    Parameters
    ----------
    score : function of an array with a row for each patient, such as `first`; returns a number
    first, second : (patients, ...) arrays, what either way gives for the same patients, in the same order
    rounds : int, how often to draw
    confidence : float in (0, 1)
    seed : int

    Returns
    -------
    difference, low, high : floats, the score of `first` less that of `second`, and the ends of the interval

    Raises
    ------
    ValueError : the two are not of as many patients
    """
    first, second = np.asarray(first), np.asarray(second)
    if len(first) != len(second):
        raise ValueError(f"The first has {len(first)} patients, the second {len(second)}: give the same to both.")
    draws = np.random.default_rng(seed).integers(len(first), size=(rounds, len(first)))
    differences = [score(first[drawn]) - score(second[drawn]) for drawn in draws]
    return float(score(first) - score(second)), *_interval(differences, confidence)


def bootstrap_balanced(truth, values, rounds=1000, confidence=0.95, seed=0):
    """The mean over both classes of each class's mean, with a percentile bootstrap interval.

    Of the values 1 (right) and 0 (wrong) it is the balanced accuracy. Where several networks judged the same samples, a
    value may be the share of them that was right; and the difference of two such values gives the difference of two
    balanced accuracies, with both drawn alike. Each class's samples are drawn among themselves.

    Parameters
    ----------
    truth : (samples,) ints, 0 and 1
    values : (samples,) numbers
    rounds, confidence, seed : as `bootstrap_auroc` takes them

    Returns
    -------
    mean, low, high : floats, the mean of all samples and the ends of the interval
    """
    truth, values = np.asarray(truth), np.asarray(values, dtype=float)

    def mean(drawn):
        return np.mean([np.average(values[truth == label], weights=drawn[truth == label]) for label in (0, 1)])

    means = [mean(drawn) for drawn in _draws(truth, None, rounds, seed)]
    return float(mean(np.ones(len(truth)))), *_interval(means, confidence)


def _weighted_auroc(truth, scores):
    """The area under the ROC curve as a function of how much each sample counts, (samples,) floats, its only argument.

    It is the share of all pairs, one sample of either class, in which the one of class 1 has the higher score; where
    both have the same, the pair counts half. scikit-learn's `roc_auc_score` gives the same, and takes two hundred times
    as long: seconds for a thousand draws.
    """
    truth = np.asarray(truth)
    ranks = np.unique(scores, return_inverse=True)[1]

    def area(weights):
        negatives = np.bincount(ranks, weights * (truth == 0))
        positives = np.bincount(ranks, weights * (truth == 1))
        below = np.cumsum(negatives) - negatives / 2
        return float(positives @ below / (positives.sum() * negatives.sum()))

    return area


def _draws(truth, groups, rounds, seed):
    """How often each sample comes in each draw, (samples,) floats."""
    truth = np.asarray(truth)
    groups = np.arange(len(truth)) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_groups = groups.max() + 1
    group_truth = np.bincount(groups, truth, n_groups) / np.bincount(groups, minlength=n_groups)
    mixed = (group_truth > 0) & (group_truth < 1)
    if mixed.any():
        raise ValueError(f"{mixed.sum()} groups have samples of both classes; each group must be of one class.")
    stream = np.random.default_rng(seed)
    for _ in range(rounds):
        drawn = np.zeros(n_groups)
        for label in (0, 1):
            members = np.flatnonzero(group_truth == label)
            drawn += np.bincount(stream.choice(members, len(members)), minlength=n_groups)
        yield drawn[groups]


def _interval(values, confidence):
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
