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
from scipy.io import loadmat, savemat

from dlh.data.downloads import data_directory, fetch, published_hash, unpack
from dlh.data.ecg_simulation import (
    SAMPLING_RATE,
    UNITS_PER_MILLIVOLT,
    draw_classes_and_lengths,
    simulate_recording,
)

# The challenge's labels: normal rhythm, atrial fibrillation, another rhythm, too noisy to tell.
LABELS = ("N", "A", "O", "~")
FOLDER = "training2017"
AF_FRACTION = 0.123
# As many as the assignment reads, so that `python -m dlh.data ecg` makes, once for everybody, what it looks for.
RECORDINGS = 600
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


def default_directory(n: int = RECORDINGS, af_fraction: float = AF_FRACTION, seed: int = 0) -> tuple[Path, str]:
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


def recordings(n: int = RECORDINGS, af_fraction: float = AF_FRACTION, seed: int = 0, classes=("N", "A")) -> ECGData:
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


# Part of the name of the folder in the cache: raise it with every change to what is simulated.
VERSION = 3
SIMULATED_NOTE = "SIMULATED.txt"


def simulate(n: int = RECORDINGS, af_fraction: float = AF_FRACTION, seed: int = 0, directory=None) -> Path:
    """Simulate recordings of normal rhythm and of atrial fibrillation, and write them as the challenge's files.

    `dlh.data.ecg_simulation` tells of the physiology, and names its sources. Lengths are dealt out as in the challenge,
    alike in both classes: median 9000 samples, from 2714 to 18286.

    Parameters
    ----------
    n : int, number of recordings, 1 to 99999
    af_fraction : float, the share of them with atrial fibrillation, rounded to a whole number of recordings
    seed : int, 0 or greater
    directory : str or Path, a new or empty folder; by default one in the data folder, which is made only once, or in
        a temporary folder of the user's own where the data folder has none and cannot be written

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
        name = f"simulated-ecg-{VERSION}-n{n}-af{af_fraction:g}-seed{seed}"
        for directory in (data_directory() / name, _cache() / name):
            if directory.is_dir():
                return directory
    directory = Path(directory)
    if directory.is_dir() and any(directory.iterdir()):
        raise FileExistsError(f"{directory} already holds files; give a new or empty folder for the recordings.")
    _write_whole(directory, n, af_fraction, seed)
    return directory


def _write_whole(directory, n, af_fraction, seed):
    """Write a folder of recordings elsewhere and rename it then: it is always whole, whoever else may be making it."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        _write_recordings(unfinished, n, af_fraction, seed)
        # One makes them for everybody, root with a strict umask perhaps.
        for path in unfinished.iterdir():
            path.chmod(0o644)
        unfinished.chmod(0o755)
        unfinished.replace(directory)
    except OSError:
        if not (directory / SIMULATED_NOTE).is_file():
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _cache():
    """The folder for what can be made again: that of the data, or a temporary one where that cannot be written."""
    folder = data_directory()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK):
        return folder
    # Of each user their own, where the temporary folder is everybody's.
    return Path(tempfile.gettempdir()) / (f"dlh-{os.getuid()}" if hasattr(os, "getuid") else "dlh")


def _write_recordings(directory, n, af_fraction, seed):
    fibrillates, lengths = draw_classes_and_lengths(n, af_fraction, np.random.default_rng([seed, 0]))
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
