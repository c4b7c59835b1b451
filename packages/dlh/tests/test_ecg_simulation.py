"""Simulated ECG has the physiology of real recordings, within the ranges of docs/data_card_ecg.md."""

import measure_ecg
import numpy as np
import pytest
from scipy import signal

from dlh.data import ecg, ecg_simulation


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """400 recordings, half of them with atrial fibrillation."""
    return ecg.simulate(400, 0.5, seed=11, directory=tmp_path_factory.mktemp("large") / "ecg")


@pytest.fixture(scope="module")
def data(large):
    return ecg.load_challenge2017(large)


@pytest.fixture(scope="module")
def measures(data):
    return measure_ecg.measure_all(data.recordings)


def medians(measures, data, name):
    """Of normal rhythm, and of atrial fibrillation."""
    return [np.nanmedian(measures[name][data.labels == label]) for label in (0, 1)]


def test_beats_are_found_in_every_recording(measures):
    assert not np.isnan(measures["rate"]).any()


def test_heart_rates(measures, data):
    """Normal rhythm has 60 to 100 beats a minute by definition, a few trained hearts less; fibrillation is faster."""
    normal, fibrillating = medians(measures, data, "rate")
    assert 60 < normal < 85
    assert 80 < fibrillating < 110
    assert np.mean(measures["rate"][data.labels == 0] < 105) > 0.95


def test_variation_of_normal_intervals(measures, data):
    """Nunan et al. (2010), Pacing Clin. Electrophysiol. 33: means of 44 studies 32 to 93 ms at 785 to 1160 ms."""
    normal, _ = medians(measures, data, "rr_variation")
    assert 0.03 < normal < 0.1


def test_variation_of_fibrillating_intervals(measures, data):
    """Tateno and Glass (2001): near 0.24 in atrial fibrillation, whatever the rate."""
    _, fibrillating = medians(measures, data, "rr_variation")
    assert 0.18 < fibrillating < 0.30


def test_fibrillating_intervals_are_without_serial_correlation(measures, data):
    normal, fibrillating = medians(measures, data, "rr_correlation")
    assert abs(fibrillating) < 0.1
    assert normal > 0.3


def test_normal_intervals_follow_respiration_and_mayer_waves():
    """The spectrum has its peaks at 0.1 Hz and at the rate of breathing."""
    stream = np.random.default_rng(0)
    series = [ecg_simulation._modulation(600, 1.0, 0.3, stream) for _ in range(50)]
    assert np.allclose([np.mean(one) for one in series], 0, atol=1e-9)
    assert np.allclose([np.std(one) for one in series], 1)
    frequencies = np.fft.rfftfreq(600, 1.0)
    power = np.mean(np.abs(np.fft.rfft(series)) ** 2, axis=0)

    def density(low, high):
        return power[(frequencies >= low) & (frequencies < high)].mean()

    for peak in (0.1, 0.3):
        assert density(peak - 0.02, peak + 0.02) > 20 * density(0.17, 0.22)


def test_p_waves(measures, data):
    """The P wave of the mean beat is there in normal rhythm, and gone in atrial fibrillation."""
    normal, fibrillating = medians(measures, data, "p_wave")
    assert 0.015 < normal < 0.05
    assert fibrillating < normal / 3


def test_fibrillatory_waves():
    """Husser et al. (2004): 4 to 9 Hz, and wandering; their height some hundredths of a millivolt to 0.3 mV."""
    stream = np.random.default_rng(0)
    mains, heights = [], []
    for _ in range(60):
        waves = ecg_simulation._fibrillatory_waves(9000, stream)
        frequencies, power = signal.welch(waves, 300, nperseg=1500)
        mains.append(frequencies[power.argmax()])
        heights.append(np.ptp(waves.reshape(-1, 90), axis=1).mean())
    assert min(mains) >= 4
    assert max(mains) <= 9
    assert np.std(mains) > 0.5
    assert 0.03 < np.median(heights) < 0.3
    # One frequency would be one line: half of its power lies further than 0.1 Hz from its peak.
    frequencies, power = signal.periodogram(waves, 300)
    near = np.abs(frequencies - frequencies[power.argmax()]) < 0.1
    assert power[near].sum() < 0.5 * power.sum()


def test_power_between_beats_in_the_band_of_fibrillatory_waves(measures, data):
    normal, fibrillating = medians(measures, data, "f_waves")
    assert 0.01 < normal < 0.03
    assert 1.2 * normal < fibrillating < 0.05


def test_noise_and_amplitude_are_those_of_the_challenge(measures, data):
    """Within a factor of two of the medians measured on its recordings, in either class."""
    for name, real in {"amplitude": 0.80, "noise": 0.0027, "wander": 0.033}.items():
        for value in medians(measures, data, name):
            assert real / 2 < value < 2 * real, name


def test_lengths_and_classes_are_those_of_the_challenge():
    """5,788 recordings: median 9000, 9 to 61 s; of those with 4,000 samples or more, 12.3% fibrillate."""
    classes, lengths = ecg_simulation.draw_classes_and_lengths(5788, ecg.AF_FRACTION, np.random.default_rng(0))
    classes, lengths = np.array(classes), np.array(lengths)
    assert np.median(lengths) == 9000
    assert lengths.min() >= 9 * 300
    assert lengths.max() <= 61 * 300
    assert abs(np.mean(lengths == 9000) - 0.72) < 0.02
    assert abs(np.mean(lengths >= 18000) - 0.087) < 0.01
    assert abs(np.mean(lengths >= 4000) - 5622 / 5788) < 0.002
    assert abs(classes[lengths >= 4000].mean() - 0.12291) < 0.001
    assert abs(lengths[classes].mean() - lengths[~classes].mean()) < 20


def test_recordings_have_the_lengths_drawn_for_them(data):
    _, lengths = ecg_simulation.draw_classes_and_lengths(400, 0.5, np.random.default_rng([11, 0]))
    assert [len(samples) for samples in data.recordings] == lengths


def test_some_recordings_are_upside_down(data):
    down = [abs(samples.min() - np.median(samples)) > samples.max() - np.median(samples) for samples in data.recordings]
    assert 0.1 < np.mean(down) < 0.4


def test_a_mean_spectrum_does_not_tell_the_classes_apart(data):
    """Neither as `ecg_lstm` sees it, nor its logarithm, nor one of fine resolution."""
    spectra = measure_ecg.mean_spectra(data.recordings)
    for features in (spectra, np.log(spectra + 1e-3), measure_ecg.fine_spectra(data.recordings)):
        assert measure_ecg.balanced_accuracy(features, data.labels) < 0.80


def test_amplitude_noise_and_length_do_not_tell_the_classes_apart(measures, data):
    lengths = [len(samples) for samples in data.recordings]
    features = np.log([measures["amplitude"], measures["noise"], measures["wander"], lengths]).T
    assert measure_ecg.balanced_accuracy(features, data.labels) < 0.62


def test_irregular_intervals_tell_the_classes_apart(measures, data):
    steps = np.log(measures["rr_steps"] + 1e-3)[:, None]
    assert measure_ecg.balanced_accuracy(steps, data.labels) > 0.90
