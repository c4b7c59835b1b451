"""What tells recordings of atrial fibrillation from normal ones, measured: on simulated and on real files.

    python packages/dlh/tools/measure_ecg.py FOLDER               # the columns of the table in docs/data_card_ecg.md
    python packages/dlh/tools/measure_ecg.py --figure FILE.png    # its figure

The tests take their measures from here.
"""

import argparse

import numpy as np
from scipy import ndimage, signal

from dlh.data import ecg

RATE = ecg.SAMPLING_RATE


def band_pass(samples, low, high, rate=RATE):
    """The samples between two frequencies in Hz, without a shift in time."""
    return signal.sosfiltfilt(signal.butter(2, (low, high), "band", fs=rate, output="sos"), samples)


def find_beats(samples, rate=RATE):
    """Indices of the QRS complexes: peaks of the energy between 8 and 30 Hz, whichever way they point.

    The steps are those of Pan and Tompkins (1985), with one threshold for each two seconds.
    """
    filtered = band_pass(np.asarray(samples, dtype=float), 8, 30, rate)
    envelope = np.sqrt(ndimage.uniform_filter1d(filtered**2, int(0.1 * rate)))
    highest = ndimage.maximum_filter1d(envelope, 2 * rate)
    threshold = 0.4 * ndimage.median_filter(highest[:: rate // 2], 9).repeat(rate // 2)[: len(envelope)]
    peaks, _ = signal.find_peaks(envelope, distance=int(0.25 * rate))
    peaks = peaks[envelope[peaks] > threshold[peaks]]
    reach = int(0.06 * rate)
    peaks = peaks[(peaks >= reach) & (peaks < len(filtered) - reach)]
    windows = np.abs(filtered)[peaks[:, None] + np.arange(-reach, reach + 1)]
    return np.unique(peaks + windows.argmax(axis=1) - reach) if len(peaks) else peaks


def mean_beat(samples, beats, before, after):
    """The mean of the samples around each beat, from `before` samples ahead of it to `after` behind it."""
    beats = beats[(beats >= before) & (beats < len(samples) - after)]
    return np.mean(samples[beats[:, None] + np.arange(-before, after)], axis=0)


def measure(samples, rate=RATE):
    """The measures of one recording.

    Parameters
    ----------
    samples : 1-D array, thousandths of a millivolt

    Returns
    -------
    dict of float; NaN where there are too few beats
        rate : beats a minute
        rr_variation : standard deviation of the RR intervals over their mean
        rr_steps : median absolute difference of successive RR intervals over the median interval; ectopic beats and
            single missed beats hardly change it
        rr_correlation : correlation of each RR interval with the next
        amplitude : mV, height of the mean QRS complex from its lowest to its highest point
        p_wave : energy of the mean beat 240 to 80 ms ahead of R, straight line taken off, as a root mean square
            over `amplitude`
        f_waves : mV, root mean square between 4 and 9 Hz of what is left between beats when the mean beat is taken off
        noise : mV, root mean square above 50 Hz
        wander : mV, root mean square below 0.5 Hz
    """
    millivolts = np.asarray(samples, dtype=float) / 1000
    names = ("rate", "rr_variation", "rr_steps", "rr_correlation", "amplitude", "p_wave", "f_waves")
    measures = dict.fromkeys(names, np.nan)
    beats = find_beats(millivolts, rate)
    if len(beats) >= 6:
        intervals = np.diff(beats) / rate
        measures["rate"] = 60 / np.median(intervals)
        measures["rr_variation"] = intervals.std() / intervals.mean()
        measures["rr_steps"] = np.median(np.abs(np.diff(intervals))) / np.median(intervals)
        measures["rr_correlation"] = np.corrcoef(intervals[:-1], intervals[1:])[0, 1] if intervals.std() else 0.0
        flat = band_pass(millivolts, 0.5, 40, rate)
        before, after = int(0.24 * rate), int(0.45 * rate)
        template = mean_beat(flat, beats, before, after)
        measures["amplitude"] = np.ptp(template[before - int(0.06 * rate) : before + int(0.06 * rate)])
        measures["p_wave"] = signal.detrend(template[: before - int(0.08 * rate)]).std() / measures["amplitude"]
        rest = flat.copy()
        for beat in beats:
            start, stop = max(beat - before, 0), min(beat + after, len(rest))
            rest[start:stop] -= template[start - beat + before : stop - beat + before]
        near = np.zeros(len(rest), dtype=bool)
        near[beats] = True
        near = ndimage.binary_dilation(near, iterations=int(0.1 * rate))
        measures["f_waves"] = band_pass(rest, 4, 9, rate)[~near].std()
    measures["noise"] = signal.sosfiltfilt(signal.butter(2, 50, "high", fs=rate, output="sos"), millivolts).std()
    measures["wander"] = signal.sosfiltfilt(signal.butter(2, 0.5, "low", fs=rate, output="sos"), millivolts).std()
    return measures


def measure_all(recordings, rate=RATE):
    """Measure -> array of its values, one for each recording."""
    rows = [measure(samples, rate) for samples in recordings]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def mean_spectra(recordings, rate=RATE):
    """The mean over time of each recording's spectrogram as `ecg_lstm` makes it: 17 bands, shape (n, 17)."""
    windows = {"scaling": "spectrum", "nperseg": 32, "noverlap": 4}
    return np.stack([
        signal.spectrogram(np.asarray(samples, dtype=float), rate, **windows)[2].mean(axis=1) for samples in recordings
    ])  # fmt: skip


def fine_spectra(recordings, rate=RATE):
    """Share of the power at 0 to 50 Hz in bands of 1.2 Hz, logarithm, shape (n, 43)."""
    rows = []
    for samples in recordings:
        density = signal.welch(np.asarray(samples, dtype=float), rate, nperseg=256)[1][:43] + 1e-6
        rows.append(np.log(density / density.sum()))
    return np.stack(rows)


def balanced_accuracy(features, labels, seed=0):
    """Mean balanced accuracy of a logistic regression with balanced classes, in five-fold cross-validation."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    return cross_val_score(model, features, labels, cv=folds, scoring="balanced_accuracy").mean()


def print_table(directory, per_class=738, seed=0):
    """Print what a folder's recordings measure, of as many of each class."""
    data = ecg.load_challenge2017(directory)
    stream = np.random.default_rng(seed)
    chosen = []
    for label in (0, 1):
        indices = np.flatnonzero(data.labels == label)
        chosen += stream.permutation(indices)[:per_class].tolist()
    recordings, labels = [data.recordings[index] for index in chosen], data.labels[chosen]
    print(f"{data.source}\n{per_class} recordings of each class at most: 5%, 25%, 50%, 75%, 95%")
    measures = measure_all(recordings)
    for name, values in measures.items():
        for label in (0, 1):
            shares = np.nanquantile(values[labels == label], [0.05, 0.25, 0.5, 0.75, 0.95])
            print(f"{name:15} {data.classes[label]}  " + " ".join(f"{share:8.3f}" for share in shares))
    spectra = mean_spectra(recordings)
    logarithms = [name for name in measures if name != "rr_correlation"]
    features = {name: np.log(np.nan_to_num(measures[name]) + 1e-3)[:, None] for name in logarithms}
    features |= {
        "amplitude, noise, wander": np.hstack([features[name] for name in ("amplitude", "noise", "wander")]),
        "mean spectrum": spectra,
        "log mean spectrum": np.log(spectra + 1e-3),
        "fine log spectrum": fine_spectra(recordings),
    }
    print("balanced accuracy of a logistic regression on")
    for name, values in features.items():
        print(f"{name:25} {balanced_accuracy(values, labels):.3f}")


def draw(path, seed=4, seconds=8):
    """Simulated recordings of either class beside each other, on the grid of ECG paper."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MultipleLocator

    figure, panels = plt.subplots(4, 2, figsize=(13, 8.4), sharex=True, sharey=True, layout="constrained")
    times = np.arange(seconds * RATE) / RATE
    for column, (fibrillates, title) in enumerate([(False, "Normal rhythm (N)"), (True, "Atrial fibrillation (A)")]):
        panels[0, column].set_title(title)
        panels[-1, column].set_xlabel("time (s)")
        for row in range(4):
            samples = ecg.simulate_recording(fibrillates, 9000, np.random.default_rng([seed, row, column]))
            panel = panels[row, column]
            panel.plot(times, samples[3000 : 3000 + len(times)] / 1000, color="black", linewidth=0.8)
            panel.xaxis.set_major_locator(MultipleLocator(1))
            panel.xaxis.set_minor_locator(MultipleLocator(0.2))
            panel.yaxis.set_major_locator(MultipleLocator(1))
            panel.yaxis.set_minor_locator(MultipleLocator(0.5))
            panel.grid(which="both", color="#f0c0c0", linewidth=0.5)
            panel.tick_params(which="minor", length=0)
            panel.set_xlim(0, seconds)
    figure.supylabel("mV")
    figure.savefig(path, dpi=90)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", help="a folder of the challenge's files, real or simulated")
    parser.add_argument("--figure", help="draw simulated recordings to this file")
    options = parser.parse_args()
    if options.figure:
        draw(options.figure)
    if options.directory:
        print_table(options.directory)


if __name__ == "__main__":
    main()
