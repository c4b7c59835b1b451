"""Tables in the format of the eICU database: what is read from them, and what is said of bad ones."""

import gzip

import numpy as np
import pytest

from dlh.data import eicu

PATIENTS = """patientunitstayid,gender,age,hospitaldischargestatus,unitdischargeoffset,uniquepid
141168,Female,70,Expired,240,002-34851
141178,Female,52,Alive,181,002-33870
141179,Male,> 89,Alive,90,002-33871
141194,Male,68,,500,002-5276
141203,Female,77,Alive,300,002-37665
"""
# Stay 141168 leaves after 240 minutes, so its last three hours begin at minute 61; 141203 has nothing measured in them.
VITALS = """vitalperiodicid,patientunitstayid,observationoffset,temperature,sao2,heartrate,respiration,cvp,systemicmean
1,141168,10,,99,500,,,
2,141168,70,,97,100,20,,
3,141168,100,,,110,22,,80
4,141168,230,,95,130,,,70
5,141178,179,,98,60,12,,90
6,141194,499,,98,61,12,,90
7,141179,80,,98,62,12,,90
8,141203,20,,98,63,12,,90
"""


@pytest.fixture
def tables(tmp_path):
    (tmp_path / "patient.csv").write_text(PATIENTS)
    with gzip.open(tmp_path / "vitalPeriodic.csv.gz", "wt") as file:
        file.write(VITALS)
    return tmp_path


def test_last_hours_of_long_stays_are_read(tables):
    stays = eicu.load(tables, ("heartrate", "systemicmean"), hours=3)
    assert stays.numbers.tolist() == [141168, 141178]
    assert stays.died.tolist() == [True, False]
    assert stays.series.shape == (2, 3, 2)
    assert stays.series.dtype == np.float32
    # Means of an hour, carried on where nothing was measured; before that, the median of all that is known.
    beats = np.array([[105, 105, 130], [105, 105, 60]], dtype=float)
    assert np.allclose(stays.series[..., 0], (beats - beats.mean()) / beats.std(), atol=1e-5)
    assert np.allclose(stays.series.mean(axis=(0, 1)), 0, atol=1e-5)
    assert np.allclose(stays.series.std(axis=(0, 1)), 1, atol=1e-5)


def test_many_rows_are_read_piece_by_piece(tables, monkeypatch):
    whole = eicu.load(tables, hours=3)
    monkeypatch.setattr(eicu, "ROWS", 2)
    assert np.array_equal(eicu.load(tables, hours=3).series, whole.series)


def test_some_stays_are_drawn(tables):
    drawn = {tuple(eicu.load(tables, hours=3, max_stays=2, seed=seed).numbers) for seed in range(20)}
    # The third of three has no measurement in these hours.
    assert drawn == {(141168, 141178), (141168,), (141178,)}


@pytest.mark.parametrize(
    ("table", "content", "message"),
    [
        ("patient", None, "has neither patient.csv.gz nor patient.csv"),
        ("vitalPeriodic", None, "has neither vitalPeriodic.csv.gz nor vitalPeriodic.csv"),
        ("patient", "", "is not a table with commas"),
        ("patient", "a,b\n1,2\n", "should have the column patientunitstayid, but has a, b"),
        ("patient", PATIENTS.replace("240", "long"), "row 1: unitdischargeoffset should be a number, not 'long'"),
        ("patient", PATIENTS.replace("141178", "141168"), "one row for each .* several for 141168"),
        ("patient", PATIENTS.replace("Expired", "?").replace("Alive", "?"), "no stay of 3 hours or more"),
        ("vitalPeriodic", VITALS.replace("heartrate", "pulse"), "should have the column heartrate"),
        ("vitalPeriodic", VITALS.replace("110", "n/k"), "row 3: heartrate should be a number, not 'n/k'"),
        ("vitalPeriodic", VITALS.splitlines()[0], "no measurement in the last 3 hours"),
        ("vitalPeriodic", b"\xff\xfe\x00broken", "is damaged"),
    ],
)
def test_bad_tables_are_told_in_one_line(tables, table, content, message):
    for path in tables.glob(f"{table}.csv*"):
        path.unlink()
    if content is not None:
        (tables / f"{table}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises((FileNotFoundError, ValueError), match=message) as told:
        eicu.load(tables, hours=3)
    assert "\n" not in str(told.value)


def test_a_file_that_was_cut_short_is_told(tables):
    path = tables / "vitalPeriodic.csv.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="is damaged"):
        eicu.load(tables, hours=3)
