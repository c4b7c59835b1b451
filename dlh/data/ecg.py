"""Electrocardiograms (ECG) of one lead: recordings of the PhysioNet/CinC Challenge 2017, or simulated ones.

`default_directory` finds the challenge's recordings or simulates some, and says which; `load_challenge2017` reads a
folder of either. Both are the same files, so whatever reads them cannot tell. `python -m dlh.data ecg --download`
fetches the real ones. docs/data_card_ecg.md describes the simulation and compares it with them.
"""

import csv
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import fft, signal
from scipy.io import loadmat, savemat

from dlh.data.downloads import data_directory, fetch, published_hash, unpack

SAMPLING_RATE = 300
UNITS_PER_MILLIVOLT = 1000
# The challenge's labels: normal rhythm, atrial fibrillation, another rhythm, too noisy to tell.
LABELS = ("N", "A", "O", "~")
FOLDER = "training2017"
AF_FRACTION = 0.123
ARCHIVE_URL = "https://physionet.org/files/challenge-2017/1.0.0/training2017.zip"
UNPACK_ANEW = "unpack the challenge's archive anew"


@dataclass(frozen=True)
class ECGData:
    """Recordings with their labels; `recordings`, `labels` and `names` are in the same order.

    Attributes
    ----------
    recordings : list of int16 arrays, shape (samples,), in thousandths of a millivolt; lengths differ
    labels : int64 array, shape (n,), the index of each recording's class in `classes`
    names : list of str, such as "A00001"
    classes : tuple of str, the challenge's labels of the classes, such as ("N", "A")
    sampling_rate : int, samples a second
    source : str, where the recordings come from, in words
    """

    recordings: list[np.ndarray]
    labels: np.ndarray
    names: list[str]
    classes: tuple[str, ...]
    sampling_rate: int
    source: str


def default_directory(n: int = 1000, af_fraction: float = AF_FRACTION, seed: int = 0) -> tuple[Path, str]:
    """The folder of the challenge's recordings where they are, else that of simulated ones; and which it is, in words.

    The challenge's are looked for in the folder `training2017` of `dlh.data.downloads.data_directory()`: of
    the environment variable DLH_DATA, or else of the user's cache folder.

    Parameters
    ----------
    n, af_fraction, seed : as for `simulate`; the challenge's recordings are always all of them

    Returns
    -------
    directory : Path, for `load_challenge2017`
    source : str, a sentence for the reader of a notebook
    """
    real = data_directory() / FOLDER
    if (real / "REFERENCE.csv").is_file():
        return real, _source(real)
    directory = simulate(n, af_fraction, seed)
    return directory, _source(directory)


def recordings(n: int = 1000, af_fraction: float = AF_FRACTION, seed: int = 0, classes=("N", "A")) -> ECGData:
    """The recordings in `default_directory`; `source` tells whether they are real.

    Parameters
    ----------
    n, af_fraction, seed : as for `simulate`; the challenge's recordings are always all of them
    classes : as for `load_challenge2017`

    Returns
    -------
    ECGData
    """
    directory, _ = default_directory(n, af_fraction, seed)
    return load_challenge2017(directory, classes)


def download(directory=None, url: str = ARCHIVE_URL) -> Path:
    """Fetch the challenge's recordings (99 MB, unpacked 180 MB), where they are not there yet.

    The archive is verified with the SHA-256 that the list beside it, SHA256SUMS.txt, states for it.

    Parameters
    ----------
    directory : str or Path, gets a folder `training2017`; default `dlh.data.downloads.data_directory()`
    url : str, of the archive

    Returns
    -------
    Path : the folder with the recordings, for `load_challenge2017`

    Raises
    ------
    OSError, ValueError : as `dlh.data.downloads.published_hash`, `fetch` and `unpack` say; ValueError as well where
        the archive has no recordings
    """
    directory = data_directory() if directory is None else Path(directory)
    recordings_folder = directory / FOLDER
    if (recordings_folder / "REFERENCE.csv").is_file():
        return recordings_folder
    archive = fetch(url, directory, published_hash(url))
    unpack(archive, directory)
    if not (recordings_folder / "REFERENCE.csv").is_file():
        raise ValueError(f"{archive} holds no {FOLDER}/REFERENCE.csv, so it is not the challenge's archive.")
    archive.unlink()
    return recordings_folder


def load_challenge2017(directory, classes=("N", "A")) -> ECGData:
    """The recordings of some classes in a folder of the PhysioNet/CinC Challenge 2017, in the order of their names.

    The folder holds REFERENCE.csv (lines like "A00001,N") and for each recording A00001.mat (MATLAB, key `val`) and
    A00001.hea (WFDB header). A folder without any .hea, as some copies are, is taken to be at 300 Hz as well: the
    challenge has no other rate.

    Parameters
    ----------
    directory : str or Path
    classes : the labels wanted, of "N" (normal), "A" (atrial fibrillation), "O" (other rhythm), "~" (too noisy)

    Returns
    -------
    ECGData : `labels` are indices into `classes`

    Raises
    ------
    FileNotFoundError : the folder, REFERENCE.csv, or a file of a recording of `classes` is not there
    ValueError : a file cannot be read or contradicts its header, a recording has no label or an unknown one,
        its sampling rate is not 300 Hz, or the folder holds no recording of `classes`
    """
    directory, classes = Path(directory), tuple(classes)
    unknown = [name for name in classes if name not in LABELS]
    if unknown or not classes or len(set(classes)) < len(classes):
        raise ValueError(f"classes must be different labels of {', '.join(LABELS)}, not {classes!r}.")
    reference = _read_reference(directory)
    for path in sorted(directory.glob("*.mat")):
        if path.stem not in reference:
            raise ValueError(
                f"record {path.stem}: {path} has no line in REFERENCE.csv; {UNPACK_ANEW}, or take the file away."
            )
    with_headers = any(directory.glob("*.hea"))
    names = [name for name in sorted(reference) if reference[name] in classes]
    if not names:
        raise ValueError(f"{directory / 'REFERENCE.csv'} lists no recording of the classes {', '.join(classes)}.")
    return ECGData(
        recordings=[_read_record(directory, name, with_headers) for name in names],
        labels=np.array([classes.index(reference[name]) for name in names], dtype=np.int64),
        names=names,
        classes=classes,
        sampling_rate=SAMPLING_RATE,
        source=_source(directory),
    )


def _source(directory):
    note = directory / SIMULATED_NOTE
    if note.is_file():
        return note.read_text().strip()
    return f"Recordings of the PhysioNet/CinC Challenge 2017 in {directory}."


def _read_reference(directory):
    """Name -> label of every recording that REFERENCE.csv lists."""
    path = directory / "REFERENCE.csv"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there; give the folder with the challenge's recordings, fetch them with "
            "`python -m dlh.data ecg --download`, or make some with dlh.data.ecg.simulate."
        )
    reference = {}
    for line, row in enumerate(csv.reader(path.read_text().splitlines()), start=1):
        if not row:
            continue
        name, label = (row[0].strip(), row[1].strip()) if len(row) == 2 else (row[0].strip(), "")
        if label not in LABELS:
            raise ValueError(
                f"{path}, line {line}: record {name} has the label {label!r}, which is none of "
                f"{', '.join(LABELS)}; {UNPACK_ANEW}."
            )
        if reference.setdefault(name, label) != label:
            raise ValueError(f"{path}, line {line}: record {name} has two labels, {reference[name]} and {label}.")
    return reference


def _read_record(directory, name, with_header):
    """The samples of one recording, int16, shape (samples,)."""
    path = directory / f"{name}.mat"
    if not path.is_file():
        raise FileNotFoundError(f"record {name}: {path} is not there; {UNPACK_ANEW}.")
    try:
        values = loadmat(path)["val"]
    except KeyError as error:
        raise ValueError(f"record {name}: {path} has no variable `val`; {UNPACK_ANEW}.") from error
    except Exception as error:  # scipy raises whatever the broken bytes lead it to
        raise ValueError(
            f"record {name}: {path} cannot be read, it is truncated or damaged ({error}); {UNPACK_ANEW}."
        ) from error
    if values.ndim != 2 or values.shape[0] != 1 or values.shape[1] == 0 or values.dtype != np.int16:
        raise ValueError(
            f"record {name}: `val` is {values.dtype} of shape {values.shape}, it should be int16 of shape (1, samples)."
        )
    if with_header:
        _check_header(directory / f"{name}.hea", name, values.shape[1])
    return values[0]


def _check_header(path, name, samples):
    """Raise where the WFDB header is missing, or tells of something else than the samples of the challenge."""
    if not path.is_file():
        raise FileNotFoundError(
            f"record {name}: {path} is not there, though other records have a header; {UNPACK_ANEW}."
        )
    lines = [line.split() for line in path.read_text(errors="replace").splitlines() if not line.startswith("#")]
    try:
        record, signals, rate, length = lines[0][:4]
        found = {
            "record name": record,
            "number of signals": int(signals),
            "sampling rate": float(rate.split("/")[0]),
            "number of samples": int(length),
            "unit": lines[1][2],
        }
    except (IndexError, ValueError) as error:
        raise ValueError(f"record {name}: {path} is not a WFDB header of one signal ({error}).") from error
    expected = {
        "record name": name,
        "number of signals": 1,
        "sampling rate": float(SAMPLING_RATE),
        "number of samples": samples,
        "unit": f"{UNITS_PER_MILLIVOLT}/mV",
    }
    for what, value in expected.items():
        if found[what] != value:
            raise ValueError(f"record {name}: {what} is {found[what]} in {path}, it should be {value}.")


# Simulation. What one patient has is drawn first, then beats, atrial waves and noise are added up, and a recorder
# filters them as the challenge's hand-held one did.

# Part of the name of the folder in the cache: raise it with every change to what is simulated.
VERSION = 3
SIMULATED_NOTE = "SIMULATED.txt"

# McSharry et al. (2003), Table 1: angle in degrees (R at 0, a beat is 360), amplitude, width in radians.
WAVES = {
    "P": (-60.0, 1.2, 0.25),
    "Q": (-15.0, -5.0, 0.1),
    "R": (0.0, 30.0, 0.1),
    "S": (15.0, -7.5, 0.1),
    "T": (90.0, 0.75, 0.4),
}
ANGLES, AMPLITUDES, WIDTHS = np.array(list(WAVES.values())).T
# At one beat a second, 360 degrees are a second. Integrating the model's Gaussians over the angle multiplies their
# amplitude by the square of their width; what counts then is their height beside that of R.
OFFSETS = ANGLES / 360
SPREADS = WIDTHS / (2 * np.pi)
HEIGHTS = AMPLITUDES * WIDTHS**2 / (30 * 0.1**2)
P, Q, R, S, T = range(5)

# A premature ventricular beat: no P wave, a broad QRS complex, a T wave that points the other way.
VENTRICULAR_OFFSETS = np.array([0.0, -0.05, 0.0, 0.07, 0.3])
VENTRICULAR_SPREADS = np.array([1.0, 0.02, 0.04, 0.03, 0.07])
VENTRICULAR_HEIGHTS = np.array([0.0, -0.1, 1.2, -0.6, -0.4])


def simulate(n: int = 1000, af_fraction: float = AF_FRACTION, seed: int = 0, directory=None) -> Path:
    """Simulate recordings of normal rhythm and of atrial fibrillation, and write them as the challenge's files.

    Physiology and its sources:

    - Beats are sums of five Gaussians, P Q R S T, with the parameters of McSharry et al. (2003), "A dynamical model for
      generating synthetic electrocardiogram signals", IEEE Trans. Biomed. Eng. 50(3), Table 1, varied from patient to
      patient; P and T come nearer to R, and are narrower, with the square root of the RR interval.
    - Normal rhythm (N): RR intervals of that paper as well, a spectrum with respiration (0.2 to 0.33 Hz) and
      Mayer waves (0.1 Hz), here with a slow drift (0.02 Hz). Some have premature atrial or ventricular beats.
    - Atrial fibrillation (A): RR intervals are independent and skewed, long ones with the exponential tail found
      by Hennig et al. (2006), arXiv cond-mat/0605295, their coefficient of variation much the same in all patients,
      as Tateno and Glass (2001), Med. Biol. Eng. Comput. 39; no P wave; fibrillatory waves of 4 to 9 Hz whose
      amplitude and frequency wander: the sawtooth of Stridh and Soernmo (2001), IEEE Trans. Biomed. Eng. 48(1).
    - Noise, of which every patient has another measure: baseline wander, electrode motion, muscle noise in bursts,
      mains hum of 50 or 60 Hz; levels as measured on the challenge's recordings. Some recordings are upside down.

    Lengths are dealt out as in the challenge, alike in both classes: median 9000 samples, from 2714 to 18286.

    Parameters
    ----------
    n : int, number of recordings, 1 to 99999
    af_fraction : float, the share of them with atrial fibrillation, rounded to a whole number of recordings
    seed : int, 0 or greater
    directory : str or Path, a new or empty folder; by default one in the cache folder, which is made only once

    Returns
    -------
    Path : the folder, with A00001.mat, A00001.hea, ..., REFERENCE.csv, RECORDS, and a note that they are simulated

    Raises
    ------
    ValueError : n, af_fraction or seed is out of range
    FileExistsError : `directory` already holds files
    """
    if not 1 <= n <= 99_999:
        raise ValueError(f"n must be from 1 to 99999, not {n}.")
    if not 0 <= af_fraction <= 1:
        raise ValueError(f"af_fraction must be from 0 to 1, not {af_fraction}.")
    if seed < 0:
        raise ValueError(f"seed must not be negative, it is {seed}.")
    if directory is None:
        directory = _cache() / f"simulated-ecg-{VERSION}-n{n}-af{af_fraction:g}-seed{seed}"
        if directory.is_dir():
            return directory
    directory = Path(directory)
    if directory.is_dir() and any(directory.iterdir()):
        raise FileExistsError(f"{directory} already holds files; give a new or empty folder for the recordings.")

    directory.parent.mkdir(parents=True, exist_ok=True)
    # Written elsewhere and then renamed: a folder of that name is always whole, whoever else may be making it.
    unfinished = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        _write_recordings(unfinished, n, af_fraction, seed)
        unfinished.chmod(0o755)
        unfinished.replace(directory)
    except OSError:
        if not (directory / SIMULATED_NOTE).is_file():
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return directory


def _cache():
    """The folder for what can be made again: that of the data, or a temporary one where that cannot be written."""
    folder = data_directory()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK):
        return folder
    return Path(tempfile.gettempdir()) / "dlh"


def _write_recordings(directory, n, af_fraction, seed):
    fibrillates, lengths = _draw_classes_and_lengths(n, af_fraction, np.random.default_rng([seed, 0]))
    names = [f"A{index:05d}" for index in range(1, n + 1)]
    for index, name in enumerate(names):
        samples = simulate_recording(fibrillates[index], lengths[index], np.random.default_rng([seed, index + 1]))
        # The challenge's files are of MATLAB's version 4, whose header of 24 bytes its .hea names.
        savemat(directory / f"{name}.mat", {"val": samples[None]}, format="4")
        (directory / f"{name}.hea").write_text(
            f"{name} 1 {SAMPLING_RATE} {len(samples)} 00:00:00 01/01/2000 \n"
            f"{name}.mat 16+24 {UNITS_PER_MILLIVOLT}/mV 16 0 {samples[0]} 0 0 ECG \n"
        )
    lines = [f"{name},{'A' if af else 'N'}\n" for name, af in zip(names, fibrillates, strict=True)]
    (directory / "REFERENCE.csv").write_text("".join(lines))
    (directory / "RECORDS").write_text("".join(f"{name}\n" for name in names))
    (directory / SIMULATED_NOTE).write_text(
        f"Simulated ECG (dlh.data.ecg.simulate): {n} recordings, {sum(fibrillates)} of them with atrial fibrillation, "
        f"seed {seed}; no real patients.\n"
    )


def _draw_classes_and_lengths(n, af_fraction, stream):
    """Which recordings fibrillate, and the length of each in samples; both in the same random order."""
    number = round(n * af_fraction)
    lengths = np.concatenate([stream.permutation(_lengths(n - number)), stream.permutation(_lengths(number))])
    order = stream.permutation(n)
    return [bool(index >= n - number) for index in order], [int(lengths[index]) for index in order]


def _lengths(count):
    """Lengths in samples at evenly spaced quantiles of those of the challenge's recordings of classes N and A."""
    shares = [0, 0.029, 0.110, 0.111, 0.833, 0.834, 0.915, 0.998, 1]
    lengths = [2714, 4000, 8900, 9000, 9000, 9050, 18000, 18000, 18286]
    return np.interp((np.arange(count) + 0.5) / max(count, 1), shares, lengths).round().astype(int)


def simulate_recording(fibrillates: bool, samples: int, stream: np.random.Generator) -> np.ndarray:
    """One recording of a patient drawn anew.

    Parameters
    ----------
    fibrillates : bool, whether it is atrial fibrillation; else normal rhythm
    samples : int, its length, at 300 Hz
    stream : Generator, all that is random comes from it

    Returns
    -------
    int16 array, shape (samples,), in thousandths of a millivolt
    """
    seconds = samples / SAMPLING_RATE
    breathing = stream.uniform(0.2, 0.33)
    draw_intervals = _fibrillating_intervals if fibrillates else _normal_intervals
    intervals, ventricular = draw_intervals(seconds + 4, breathing, stream)
    # The recording begins in the midst of a rhythm.
    times = np.cumsum(intervals) - 2
    millivolts = _beats(times, intervals, ventricular, not fibrillates, breathing, samples, stream)
    if fibrillates:
        millivolts += _fibrillatory_waves(samples, stream)
    # The size of what the heart does and that of what disturbs it are independent of each other.
    millivolts *= stream.gamma(5, 0.75 / 5) * (-1 if stream.random() < UPSIDE_DOWN else 1)
    millivolts += _noise(samples, breathing, stream)
    recorded = _recorder(millivolts, stream)
    return np.clip(np.round(recorded * UNITS_PER_MILLIVOLT), -32768, 32767).astype(np.int16)


UPSIDE_DOWN = 0.2


def _normal_intervals(seconds, breathing, stream):
    """RR intervals in seconds that last at least `seconds`, and which of the beats at their ends are ventricular."""
    mean = 60 / (71 * stream.lognormal(0, 0.155))
    count = int(1.5 * seconds / mean) + 8
    variation = min(stream.lognormal(np.log(0.035), 0.65), 0.15)
    intervals = mean * np.maximum(1 + variation * _modulation(count, mean, breathing, stream), 0.4)
    kinds = np.zeros(count, dtype=int)
    if stream.random() < 0.3:
        rate = min(stream.lognormal(np.log(0.04), 0.9), 0.25)
        kinds = (stream.random(count) < rate) * stream.choice([1, 2], p=[0.6, 0.4])
        # Never two premature beats in a row.
        kinds[1:][kinds[:-1] > 0] = 0
    premature = np.flatnonzero(kinds[:-1])
    early = intervals[premature] * stream.uniform(0.25, 0.4, len(premature))
    intervals[premature] -= early
    # A ventricular beat leaves the sinus node alone: the next beat comes when it would have come. An atrial one
    # resets it.
    intervals[premature + 1] += np.where(kinds[premature] == 2, early, 0.15 * early)
    return intervals, kinds == 2


def _modulation(count, interval, breathing, stream):
    """A series of mean 0 and standard deviation 1: drift, Mayer waves and respiration, one value a beat."""
    frequencies = fft.rfftfreq(count, interval)
    shares = stream.dirichlet([2.0, 2.0, 2.0])
    centers, widths = np.array([0.02, 0.1, breathing]), np.array([0.015, 0.015, 0.015])
    bands = np.exp(-((frequencies[:, None] - centers) ** 2) / (2 * widths**2))
    power = bands @ (shares / np.maximum(bands.sum(axis=0), 1e-9))
    power[0] = 0
    phases = np.exp(2j * np.pi * stream.random(len(frequencies)))
    series = fft.irfft(np.sqrt(power) * phases, count)
    return series / series.std()


def _fibrillating_intervals(seconds, breathing, stream):
    """As `_normal_intervals`, for atrial fibrillation."""
    mean = 60 / (91 * stream.lognormal(0, 0.27))
    mean = min(max(mean, 0.36), 1.4)
    # A few ventricles answer almost regularly, as the challenge's do.
    variation = stream.uniform(0.03, 0.1) if stream.random() < 0.06 else stream.lognormal(np.log(0.215), 0.25)
    count = int(1.5 * seconds / mean) + 8
    shortest = max(0.24, 0.5 * mean)
    shape = ((mean - shortest) / (variation * mean)) ** 2
    intervals = shortest + stream.gamma(shape, (mean - shortest) / shape, count)
    ventricular = stream.random(count) < (0.06 if stream.random() < 0.2 else 0.0)
    return intervals, ventricular


def _beats(times, intervals, ventricular, with_p_wave, breathing, samples, stream):
    """The beats' waves added up, in units of the height of R, shape (samples,)."""
    heights = HEIGHTS * stream.lognormal(0, [0.45, 0.5, 0.1, 0.5, 0.4])
    heights[P] *= 0.5 if with_p_wave else 0
    heights[T] *= -1 if stream.random() < 0.06 else 1
    offsets = OFFSETS * stream.lognormal(0, [0.08, 0.08, 0, 0.08, 0.08])
    spreads = SPREADS * stream.lognormal(0, 0.15, 5)
    # As in most hearts, the QRS complex is narrower than in the table, more so in some.
    narrowing = stream.uniform(0.45, 0.85)
    offsets[Q : S + 1] *= narrowing
    spreads[Q : S + 1] *= narrowing
    # At a faster rate P and T come nearer to R, the QRS complex stays as it is. The interval ahead of a beat counts
    # only in part: the heart takes a while to adapt to a new rate.
    pace = np.ones((len(times), 5))
    pace[:, [P, T]] = np.sqrt(0.75 * np.mean(intervals) + 0.25 * np.clip(intervals, 0.3, 1.5))[:, None]
    kinds = ventricular.astype(int)
    offsets = np.stack([offsets, VENTRICULAR_OFFSETS])[kinds] * pace
    spreads = np.stack([spreads, VENTRICULAR_SPREADS])[kinds] * pace
    heights = np.stack([heights, VENTRICULAR_HEIGHTS * stream.lognormal(0, 0.2)])[kinds]
    # Breathing moves the heart beneath the electrodes, and no beat is quite like another.
    depth = stream.uniform(0.02, 0.1)
    swing = 1 + depth * np.sin(2 * np.pi * (breathing * times + stream.random()))
    heights = heights * swing[:, None] * (1 + 0.03 * stream.standard_normal(heights.shape))

    margin = SAMPLING_RATE
    total = np.zeros(samples + 2 * margin)
    for wave in range(5):
        centers = (times + offsets[:, wave]) * SAMPLING_RATE + margin
        inside = (centers > 0) & (centers < len(total)) & (heights[:, wave] != 0)
        if not inside.any():
            continue
        reach = int(4 * spreads[inside, wave].max() * SAMPLING_RATE)
        positions = centers[inside].astype(int)[:, None] + np.arange(-reach, reach + 1)
        distances = (positions - centers[inside][:, None]) / (spreads[inside, wave][:, None] * SAMPLING_RATE)
        values = heights[inside, wave][:, None] * np.exp(-(distances**2) / 2)
        positions = np.clip(positions, 0, len(total) - 1)
        total += np.bincount(positions.ravel(), values.ravel(), len(total))
    return total[margin:-margin]


def _wandering(samples, frequency, stream):
    """A series of mean 0 and standard deviation 1 that changes slower than `frequency` in Hz, shape (samples,)."""
    size = fft.next_fast_len(samples + SAMPLING_RATE, real=True)
    last = max(int(frequency * size / SAMPLING_RATE), 2)
    spectrum = np.zeros(size // 2 + 1, dtype=complex)
    spectrum[1 : last + 1] = stream.standard_normal(last) + 1j * stream.standard_normal(last)
    series = fft.irfft(spectrum, size)
    return series[:samples] / series.std()


def _fibrillatory_waves(samples, stream):
    """A sawtooth of five harmonics, 4 to 9 Hz, whose amplitude and frequency wander; in units of the height of R."""
    main = stream.uniform(4.7, 8.0)
    frequency = np.clip(main + 0.4 * _wandering(samples, 0.5, stream), 4, 9)
    phase = 2 * np.pi * (np.cumsum(frequency) / SAMPLING_RATE + stream.random())
    height = stream.lognormal(np.log(0.03), 0.5) * np.clip(1 + 0.35 * _wandering(samples, 0.7, stream), 0.1, 2)
    harmonics = np.arange(1, 6)[:, None]
    return -height * (np.sin(harmonics * phase) / harmonics).sum(axis=0)


# Beyond it the challenge's label would be "~", too noisy to tell.
WORST_MOTION = 0.15


def _noise(samples, breathing, stream):
    """Baseline wander, electrode motion, muscle noise and mains hum, in mV, shape (samples,)."""
    seconds = np.arange(samples) / SAMPLING_RATE
    size = fft.next_fast_len(samples, real=True)
    frequencies = fft.rfftfreq(size, 1 / SAMPLING_RATE)

    def colored(density):
        white = stream.standard_normal(len(frequencies)) + 1j * stream.standard_normal(len(frequencies))
        series = fft.irfft(np.sqrt(density) * white, size)[:samples]
        return series / series.std()

    bursts = np.exp(0.5 * _wandering(samples, 0.3, stream))
    wander = colored(np.exp(-frequencies / 0.15)) + 0.7 * np.sin(2 * np.pi * (breathing * seconds + stream.random()))
    motion = colored(1 / (0.5 + frequencies) ** 2)
    muscle = colored(frequencies**2 / (400 + frequencies**2))
    hum = np.sin(2 * np.pi * (stream.choice([50, 60]) * seconds + stream.random()))
    return (
        stream.lognormal(np.log(0.08), 0.7) * wander
        + min(stream.lognormal(np.log(0.035), 0.9), WORST_MOTION) * motion * bursts
        + stream.lognormal(np.log(0.015), 0.6) * muscle * bursts
        + stream.lognormal(np.log(0.004), 0.9) * hum
    )


# The challenge's recorder passes 0.5 to 40 Hz.
RECORDER = np.concatenate([
    signal.butter(1, 0.5, "high", fs=SAMPLING_RATE, output="sos"),
    signal.butter(3, 40, "low", fs=SAMPLING_RATE, output="sos"),
])  # fmt: skip


def _recorder(millivolts, stream):
    """What a hand-held recorder makes of it; it takes a moment to settle at the start."""
    offset = 0.1 * stream.standard_normal()
    return signal.sosfilt(RECORDER, millivolts + offset)
