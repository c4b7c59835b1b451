"""Vital signs of patients in intensive care: tables of the eICU Collaborative Research Database, for those with access.

The database may not be handed on, so nothing is downloaded here: `load` reads the two tables that you have, as they are
published (eICU-CRD 2.0), compressed or not: `patient.csv.gz` and `vitalPeriodic.csv.gz`.
docs/data_card_states.md describes what is made of them.
"""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

VITALS = ("heartrate", "respiration", "sao2", "systemicmean")
STAY, OFFSET, LEFT, STATUS = "patientunitstayid", "observationoffset", "unitdischargeoffset", "hospitaldischargestatus"
# So many rows are read at a time: the table of vital signs has 146 million.
ROWS = 1_000_000


@dataclass(frozen=True)
class Stays:
    """Stays in intensive care, the last hours of each.

    Attributes
    ----------
    series : float32 array, shape (stays, hours, variables), each variable at mean 0 and standard deviation 1; the last
        hour is the one before leaving
    died : bool array, shape (stays,), whether the patient died in the hospital
    numbers : int64 array, shape (stays,), the database's number of each stay
    variables : tuple of str
    source : str, what was read, in words
    """

    series: np.ndarray
    died: np.ndarray
    numbers: np.ndarray
    variables: tuple[str, ...]
    source: str


def load(directory, variables=VITALS, hours: int = 72, max_stays: int | None = None, seed: int = 0) -> Stays:
    """The hourly means of vital signs in the last hours of stays in intensive care.

    Stays that were shorter, or of which nothing was measured then, are left out. An hour without a measurement has the
    value of the hour before; before the first measurement stands the median of all.

    Parameters
    ----------
    directory : str or Path, where the two tables are
    variables : columns of `vitalPeriodic`
    hours : int
    max_stays : int, of more stays as many are drawn at random; None for all
    seed : int, for the draw

    Returns
    -------
    Stays

    Raises
    ------
    FileNotFoundError : a table is not there
    ValueError : a table is damaged, lacks a column, or has text where numbers should be; or no stay is left
    """
    variables = tuple(variables)
    patients = _patients(_table(Path(directory), "patient"), hours)
    if max_stays is not None and len(patients) > max_stays:
        patients = patients.sample(max_stays, random_state=seed).sort_index()
    totals = np.zeros((len(patients), hours, len(variables)))
    counts = np.zeros_like(totals)
    places = pd.Series(np.arange(len(patients)), index=patients.index)
    vitals = _table(Path(directory), "vitalPeriodic")
    for rows in _read(vitals, [STAY, OFFSET, *variables], chunksize=ROWS):
        rows = rows[rows[STAY].isin(patients.index) & rows[OFFSET].notna()]
        before = patients.loc[rows[STAY], LEFT].to_numpy() - rows[OFFSET].to_numpy()
        hour = hours - 1 - np.floor(before / 60).astype(int)
        inside = (hour >= 0) & (hour < hours)
        where = places[rows[STAY]].to_numpy()[inside], hour[inside]
        values = rows[list(variables)].to_numpy(float)[inside]
        np.add.at(totals, where, np.nan_to_num(values))
        np.add.at(counts, where, ~np.isnan(values))
    measured = counts.any(axis=(1, 2))
    if not measured.any():
        raise ValueError(f"{vitals} has no measurement in the last {hours} hours of any stay of {hours} hours or more.")
    series = _complete(totals[measured], counts[measured])
    patients = patients[measured]
    died = (patients[STATUS] == "Expired").to_numpy()
    source = f"{len(patients)} stays of the eICU database, the last {hours} hours of each, from {directory}"
    return Stays(series, died, patients.index.to_numpy(np.int64), variables, source)


def _table(directory: Path, name: str) -> Path:
    """The file of a table, compressed or not."""
    for path in (directory / f"{name}.csv.gz", directory / f"{name}.csv"):
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"{directory} has neither {name}.csv.gz nor {name}.csv. Name the folder with the tables of eICU-CRD; "
        "who may have them, and how, is told at https://eicu-crd.mit.edu."
    )


def _patients(path: Path, hours: int) -> pd.DataFrame:
    """Of each stay that was long enough and whose end is known: when it ended, in minutes, and how; by its number."""
    (patients,) = _read(path, [STAY, LEFT], [STATUS])
    if patients[STAY].duplicated().any():
        twice = int(patients[STAY][patients[STAY].duplicated()].iloc[0])
        raise ValueError(f"{path} should have one row for each {STAY}, but has several for {twice}.")
    patients = patients.dropna().set_index(STAY)
    long_enough = (patients[LEFT] >= 60 * hours) & patients[STATUS].isin(["Alive", "Expired"])
    if not long_enough.any():
        raise ValueError(f"{path} has no stay of {hours} hours or more whose {STATUS} is Alive or Expired.")
    return patients[long_enough]


def _read(path: Path, numbers: list[str], texts: list[str] = (), chunksize: int | None = None):
    """The columns of a table, in pieces where it is to be read so."""
    try:
        header = pd.read_csv(path, nrows=0).columns
        missing = [name for name in [*numbers, *texts] if name not in header]
        if missing:
            raise ValueError(f"{path} should have the column {missing[0]}, but has {', '.join(header[:6])}, ...")
        types = dict.fromkeys([*numbers, *texts], str)
        pieces = pd.read_csv(path, usecols=list(types), dtype=types, chunksize=chunksize)
        for piece in pieces if chunksize else [pieces]:
            for name in numbers:
                values = pd.to_numeric(piece[name], errors="coerce")
                wrong = piece[name][values.isna() & piece[name].notna()]
                if len(wrong):
                    raise ValueError(
                        f"{path}, row {wrong.index[0] + 1}: {name} should be a number, not {wrong.iloc[0]!r}."
                    )
                piece[name] = values
            yield piece
    except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged ({error}); copy it anew.") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise ValueError(f"{path} is not a table with commas ({str(error).strip()}).") from error


def _complete(totals: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Hourly means without gaps, each variable at mean 0 and standard deviation 1."""
    means = np.divide(totals, counts, out=np.full_like(totals, np.nan), where=counts > 0)
    for hour in range(1, means.shape[1]):
        means[:, hour] = np.where(np.isnan(means[:, hour]), means[:, hour - 1], means[:, hour])
    flat = means.reshape(-1, means.shape[-1])
    for column in flat.T:
        known = column[~np.isnan(column)]
        column[np.isnan(column)] = np.median(known) if len(known) else 0.0
    spread = flat.std(axis=0)
    return ((means - flat.mean(axis=0)) / np.where(spread > 0, spread, 1)).astype(np.float32)
