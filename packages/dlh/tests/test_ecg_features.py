"""Tests of what the ECG assignments make of recordings, and of the bootstrap."""

import tracemalloc
from functools import partial

import numpy as np
import pytest
from scipy import signal
from sklearn.metrics import roc_auc_score

from dlh import ecg_features, metrics


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_no_recording_is_on_both_sides_and_classes_keep_their_shares():
    labels = np.array([0] * 80 + [1] * 20)
    train, test = ecg_features.split_recordings(labels, test_fraction=0.2, seed=3)
    assert sorted([*train, *test]) == list(range(100))
    assert len(test) == 20 and labels[test].sum() == 4
    again = ecg_features.split_recordings(labels, test_fraction=0.2, seed=3)
    assert np.array_equal(train, again[0])
    assert not np.array_equal(test, ecg_features.split_recordings(labels, test_fraction=0.2, seed=4)[1])


def test_a_recording_is_normalized_by_itself():
    recording = (noise(500) * 300 + 40).astype(np.int16)
    normalized = ecg_features.normalize(recording)
    assert abs(normalized.mean()) < 1e-12 and abs(normalized.std() - 1) < 1e-12
    assert np.corrcoef(normalized, recording)[0, 1] > 0.999999
    assert np.array_equal(ecg_features.normalize(np.full(7, 5)), np.zeros(7))


@pytest.mark.parametrize(("frequency", "passing"), [(0.05, {0, 1, 2}), (15, {0, 2}), (35, {0, 2}), (70, {0, 3})])
def test_a_wave_passes_the_filters_of_its_band(frequency, passing):
    # That 0.05 Hz passes the third filter as well is the recipe's: 91 weights are too few to keep it out.
    found = {
        channel for channel, weights in enumerate(ecg_features.design_filters())
        if abs(signal.freqz(weights, worN=[frequency], fs=300)[1][0]) > 0.5
    }  # fmt: skip
    assert found == passing


def test_a_long_filter_keeps_its_band():
    filters = ecg_features.design_filters(taps=1801)
    passed = np.array([np.abs(signal.freqz(w, worN=[0.1, 5.0, 100.0], fs=300)[1]) for w in filters])
    assert np.allclose(passed, [[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], atol=0.05)


@pytest.mark.parametrize("taps", [90, 0, -3])
def test_a_filter_that_has_no_middle_is_refused(taps):
    with pytest.raises(ValueError, match="odd"):
        ecg_features.design_filters(taps=taps)


def test_filters_delay_nothing():
    filters = ecg_features.design_filters()
    impulse = np.zeros(1000)
    impulse[333] = 1
    channels = ecg_features.band_pass(impulse, filters)
    assert channels.shape == (4, 1000)
    assert np.allclose(channels[0], impulse)
    for channel in channels:
        assert np.argmax(np.abs(channel)) == 333
        assert np.allclose(channel[333 - 40 : 333], channel[334 : 334 + 40][::-1])
    recording = noise(700)
    plain = [np.convolve(recording, weights, mode="valid") for weights in filters]
    assert np.allclose(ecg_features.band_pass(recording, filters)[:, 45:-45], plain)


def test_knowledge_is_what_it_is_said_to_be():
    segments = noise(2, 3, 600)
    steep = ecg_features.beat_knowledge(segments)
    varied = ecg_features.rhythm_knowledge(segments)
    power = ecg_features.frequency_knowledge(segments)
    assert steep.shape == (2, 3, 600) and varied.shape == (2, 3, 12) and power.shape == (2, 3, 1)
    assert np.all(steep[..., 0] == 0)
    assert steep[1, 2, 77] == pytest.approx(abs(segments[1, 2, 77] - segments[1, 2, 76]))
    assert varied[1, 0, 3] == pytest.approx(segments[1, 0, 150:200].std())
    # Parseval: the density summed up, times the distance of two frequencies, is the variance.
    assert np.allclose(power[..., 0] * 300 / 600, segments.var(axis=-1))


def test_segments_are_cut_where_they_should_be():
    lengths = [150, 99, 260, 100]
    recordings = [noise(length, seed=length) * 50 for length in lengths]
    labels = [0, 0, 1, 1]
    filters = ecg_features.design_filters(taps=11)
    data = ecg_features.make_segments(recordings, labels, strides=(25, 10), window=100, filters=filters, seed=5)
    assert {key: value.shape for key, value in data.items()} == {
        "X": (4, 21, 100), "K_beat": (4, 21, 100), "K_rhythm": (4, 21, 2), "K_freq": (4, 21, 1), "Y": (21,),
        "recording": (21,),
    }  # fmt: skip
    assert all(data[key].dtype == np.float32 for key in ("X", "K_beat", "K_rhythm", "K_freq"))
    assert data["Y"].dtype == data["recording"].dtype == np.int64
    assert np.bincount(data["recording"], minlength=4).tolist() == [3, 0, 17, 1]
    assert np.array_equal(data["Y"], np.array(labels)[data["recording"]])
    starts = {index: [] for index in range(4)}
    for place, index in enumerate(data["recording"]):
        channels = ecg_features.band_pass(ecg_features.normalize(recordings[index]), filters)
        distances = [np.abs(channels[:, s : s + 100] - data["X"][:, place]).max() for s in range(lengths[index] - 99)]
        assert min(distances) < 1e-5
        starts[index].append(int(np.argmin(distances)))
    assert sorted(starts[0]) == [0, 25, 50] and sorted(starts[2]) == list(range(0, 161, 10))
    assert np.array_equal(data["K_beat"], ecg_features.beat_knowledge(data["X"]))


def test_the_order_is_the_seed_s():
    recordings, labels = [noise(400, seed=seed) for seed in range(6)], [0, 1, 0, 1, 0, 1]
    one, same, other = (
        ecg_features.make_segments(recordings, labels, (50, 20), window=100, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(one["X"], same["X"]) and np.array_equal(one["recording"], same["recording"])
    assert not np.array_equal(one["recording"], other["recording"])
    assert sorted(one["recording"]) == sorted(other["recording"])


def test_as_many_segments_of_each_class_as_wanted_are_drawn():
    recordings, labels = [noise(400, seed=seed) for seed in range(6)], [0, 1, 0, 1, 0, 0]
    data = ecg_features.make_segments(recordings, labels, (50, 20), window=100, per_class=13)
    assert np.bincount(data["Y"]).tolist() == [13, 13]
    assert len(np.unique(data["X"][0], axis=0)) == 26
    assert len(set(data["recording"][data["Y"] == 0])) > 1
    with pytest.raises(ValueError, match="28 segments, fewer than the 29 wanted"):
        ecg_features.make_segments(recordings, labels, (50, 20), window=100, per_class=29)


def test_drawn_segments_of_both_classes_are_mixed_to_the_end():
    recordings, labels = [noise(400, seed=seed) for seed in range(40)], [0] * 30 + [1] * 10
    data = ecg_features.make_segments(recordings, labels, (20, 20), window=100, per_class=150)
    of_each_tenth = data["Y"].reshape(10, 30).mean(axis=1)
    assert of_each_tenth.min() > 0.2 and of_each_tenth.max() < 0.8


def test_recordings_that_are_all_too_short_are_told():
    with pytest.raises(ValueError, match="no recording has 3000 samples"):
        ecg_features.make_segments([noise(2999)], [0])


def test_the_recordings_of_the_challenge_give_2121_segments():
    # A hundred recordings with 13 segments each, six with 117 and one with 119.
    lengths = [9000] * 100 + [8830] * 6 + [8900]
    recordings = [noise(length, seed=seed) for seed, length in enumerate(lengths)]
    labels = [0] * 100 + [1] * 7
    data = ecg_features.make_segments(recordings, labels)
    assert data["X"].shape == (4, 2121, 3000)


def test_the_bootstrap_draws_groups():
    bootstrap = partial(metrics.bootstrap_auroc, rounds=300)
    truth = np.repeat([0, 1], 30)
    scores = noise(60) + truth
    auroc, low, high = bootstrap(truth, scores)
    assert auroc == pytest.approx(roc_auc_score(truth, scores)) and low < auroc < high
    # Every sample ten times over is no more evidence, if one says so.
    often = (np.repeat(truth, 10), np.repeat(scores, 10))
    assert bootstrap(*often, np.repeat(np.arange(60), 10)) == pytest.approx((auroc, low, high))
    _, too_low, too_high = bootstrap(*often)
    assert too_high - too_low < 0.5 * (high - low)
    _, wider_low, wider_high = bootstrap(truth, scores, confidence=0.99)
    assert wider_low < low and high < wider_high


def test_the_bootstrap_of_a_difference_draws_the_same_groups_for_both():
    truth, groups = np.repeat([0, 1], 60), np.repeat(np.arange(40), 3)
    scores = noise(120) + truth
    better = scores + 0.3 * truth
    difference, low, high = metrics.bootstrap_difference(truth, better, scores, groups, rounds=300)
    first, second = (metrics.bootstrap_auroc(truth, values, groups, rounds=300) for values in (better, scores))
    assert difference == pytest.approx(first[0] - second[0])
    assert 0 < low < difference < high
    # What the intervals of both cannot tell, since they overlap, the difference tells.
    assert first[1] < second[2]
    assert metrics.bootstrap_difference(truth, scores, scores, groups, rounds=50) == (0, 0, 0)
    back = metrics.bootstrap_difference(truth, scores, better, groups, rounds=300)
    assert back == pytest.approx((-difference, -high, -low))


@pytest.mark.parametrize("levels", [2, 10, 1000])
def test_the_area_of_a_draw_is_that_of_scikit_learn(levels):
    stream = np.random.default_rng(levels)
    truth, scores = stream.integers(2, size=200), stream.integers(levels, size=200) / levels
    weights = stream.integers(4, size=200).astype(float)
    expected = roc_auc_score(truth, scores, sample_weight=weights)
    assert metrics._weighted_auroc(truth, scores)(weights) == pytest.approx(expected)


def test_the_bootstrap_of_a_perfect_score_is_sure_and_mixed_groups_are_refused():
    assert metrics.bootstrap_auroc([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8], rounds=50) == (1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="1 groups have samples of both classes"):
        metrics.bootstrap_auroc([0, 1, 0, 1], [0.1, 0.2, 0.7, 0.8], groups=[3, 3, 4, 5])


def test_segments_are_made_with_hardly_more_memory_than_they_take():
    stream = np.random.default_rng(0)
    recordings = [stream.normal(size=9000) for _ in range(40)]
    tracemalloc.start()
    data = ecg_features.make_segments(recordings, [0, 1] * 20, strides=(500, 500))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.array_equal(data["K_beat"], ecg_features.beat_knowledge(data["X"]))
    assert np.allclose(data["K_rhythm"], ecg_features.rhythm_knowledge(data["X"]), rtol=1e-5)
    assert np.allclose(data["K_freq"], ecg_features.frequency_knowledge(data["X"]), rtol=1e-5)
    assert peak < 1.4 * sum(values.nbytes for values in data.values())


def test_the_interval_of_paired_patients_is_narrower_than_that_of_others():
    rng = np.random.default_rng(2)
    first = rng.normal(size=200)
    second = first - 0.1 + 0.05 * rng.normal(size=200)
    difference, low, high = metrics.paired_bootstrap(np.mean, first, second, rounds=300)
    assert difference == pytest.approx(first.mean() - second.mean())
    assert low < difference < high and low > 0
    _, low_of_others, high_of_others = metrics.paired_bootstrap(np.mean, first, rng.permutation(second), rounds=300)
    assert high_of_others - low_of_others > 5 * (high - low)
    assert metrics.paired_bootstrap(np.mean, first, first, rounds=50) == (0, 0, 0)
    with pytest.raises(ValueError, match="first has 200 patients, the second 199"):
        metrics.paired_bootstrap(np.mean, first, second[1:])


def test_the_bootstrap_of_both_classes_is_balanced_accuracy():
    truth = np.repeat([0, 1], [90, 10])
    right = np.concatenate([np.repeat([1, 0], [81, 9]), np.repeat([1, 0], [5, 5])])
    mean, low, high = metrics.bootstrap_balanced(truth, right, rounds=400)
    assert mean == pytest.approx((0.9 + 0.5) / 2)
    # Ten samples of a class are a few: half of their standard error is 0.079, that of the ninety 0.016.
    assert high - low == pytest.approx(2 * 1.96 * np.hypot(0.079, 0.016), rel=0.15)
    assert metrics.bootstrap_balanced(truth, right - right) == (0, 0, 0)
    difference, low, high = metrics.bootstrap_balanced(truth, np.ones(100) - right, rounds=100)
    assert difference == pytest.approx(0.3)
    assert low < difference < high
