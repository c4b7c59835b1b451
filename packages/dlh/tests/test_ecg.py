"""The ECG data: files as those of the challenge, which recordings are used, and the loader's complaints."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from dlh.data import ecg, ecg_simulation


@pytest.fixture
def small(original, tmp_path):
    """A folder of eight recordings that a test may damage."""
    return Path(shutil.copytree(original, tmp_path / "ecg"))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DLH_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


# The files


def test_files_are_those_of_the_challenge(small):
    """REFERENCE.csv without a heading, MATLAB 4 with a header of 24 bytes, a WFDB header that says so."""
    names = [f"A{index:05d}" for index in range(1, 9)]
    lines = (small / "REFERENCE.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == names
    assert sorted(line.split(",")[1] for line in lines) == ["A"] * 2 + ["N"] * 6
    assert (small / "RECORDS").read_text().split() == names
    values = loadmat(small / "A00003.mat")["val"]
    assert values.dtype == np.int16
    assert values.shape[0] == 1
    packed = (small / "A00003.mat").read_bytes()
    assert len(packed) == 24 + 2 * values.shape[1]
    assert np.array_equal(np.frombuffer(packed, "<i2", offset=24), values[0])
    record, channel = (small / "A00003.hea").read_text().splitlines()
    assert record.split()[:4] == ["A00003", "1", "300", str(values.shape[1])]
    assert channel.split() == ["A00003.mat", "16+24", "1000/mV", "16", "0", str(values[0, 0]), "0", "0", "ECG"]


def test_what_is_loaded_is_what_was_simulated(original):
    data = ecg.load_challenge2017(original)
    classes, lengths = ecg_simulation.draw_classes_and_lengths(8, 0.25, np.random.default_rng([2, 0]))
    assert data.names == [f"A{index:05d}" for index in range(1, 9)]
    assert data.classes == ("N", "A")
    assert data.labels.dtype == np.int64
    assert data.labels.tolist() == [int(af) for af in classes]
    assert data.sampling_rate == 300
    for index in range(8):
        expected = ecg.simulate_recording(classes[index], lengths[index], np.random.default_rng([2, index + 1]))
        assert data.recordings[index].dtype == np.int16
        assert np.array_equal(data.recordings[index], expected)


def test_same_seed_same_bytes_and_another_seed_other_recordings(original, tmp_path):
    again = ecg.simulate(8, 0.25, seed=2, directory=tmp_path / "again")
    other = ecg.simulate(8, 0.25, seed=3, directory=tmp_path / "other")
    assert contents(again) == contents(original)
    assert contents(other)["A00001.mat"] != contents(original)["A00001.mat"]


def test_another_process_simulates_the_same(original, tmp_path):
    code = f"from dlh.data import ecg; ecg.simulate(8, 0.25, 2, {str(tmp_path / 'there')!r})"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONHASHSEED": "7"})
    assert contents(tmp_path / "there") == contents(original)


@pytest.mark.parametrize(("n", "fraction", "number"), [(1, 0, 0), (1, 1, 1), (10, 0.123, 1), (40, 0.5, 20)])
def test_number_of_recordings_with_atrial_fibrillation(n, fraction, number, tmp_path):
    data = ecg.load_challenge2017(ecg.simulate(n, fraction, 0, tmp_path / "ecg"))
    assert len(data.recordings) == len(data.labels) == n
    assert data.labels.sum() == number


@pytest.mark.parametrize("arguments", [(0,), (100_000,), (5, -0.1), (5, 1.1), (5, 0.5, -1)])
def test_simulate_refuses_arguments_out_of_range(arguments, cache):
    with pytest.raises(ValueError, match="must"):
        ecg.simulate(*arguments)
    assert not cache.exists()


def test_simulate_never_writes_into_a_folder_with_files(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="already holds files"):
        ecg.simulate(2, 0.5, 0, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_simulate_fills_an_empty_folder_that_is_there(tmp_path):
    assert len(ecg.load_challenge2017(ecg.simulate(2, 0.5, 0, tmp_path)).names) == 2


def test_nothing_is_left_behind_where_simulating_fails(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(ecg, "savemat", full)
    with pytest.raises(OSError, match="no space left"):
        ecg.simulate(2, 0.5, 0, tmp_path / "ecg")
    assert list(tmp_path.iterdir()) == []


# Which recordings are used


def test_without_the_challenge_recordings_are_simulated_once(cache):
    directory, source = ecg.default_directory(6, 0.5, seed=4)
    assert directory.parent == cache
    assert source.startswith("Simulated ECG")
    assert "6 recordings, 3 of them with atrial fibrillation, seed 4" in source
    assert "no real patients" in source
    made = (directory / "A00001.mat").stat().st_mtime_ns
    assert ecg.default_directory(6, 0.5, seed=4) == (directory, source)
    assert (directory / "A00001.mat").stat().st_mtime_ns == made
    assert ecg.default_directory(6, 0.5, seed=5)[0] != directory


def test_recordings_of_the_default_directory_say_their_source(cache):
    data = ecg.recordings(6, 0.5, seed=4)
    directory, source = ecg.default_directory(6, 0.5, seed=4)
    assert data.source == source
    assert data.labels.tolist() == ecg.load_challenge2017(directory).labels.tolist()


def test_the_challenge_recordings_are_used_where_they_are(cache, small):
    (small / ecg.SIMULATED_NOTE).unlink()
    cache.mkdir()
    small.rename(cache / "training2017")
    data = ecg.recordings(3, 0.5)
    assert len(data.names) == 8
    assert data.source == f"Recordings of the PhysioNet/CinC Challenge 2017 in {cache / 'training2017'}."
    assert ecg.default_directory() == (cache / "training2017", data.source)


def test_where_the_cache_cannot_be_written_a_temporary_folder_serves(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DLH_DATA", str(tmp_path / "file" / "dlh"))
    monkeypatch.setattr(ecg.tempfile, "tempdir", str(tmp_path))
    directory, _ = ecg.default_directory(2, 0.5)
    assert directory.parent.parent == tmp_path
    if sys.platform == "linux":
        assert directory.parent.name == f"dlh-{os.getuid()}", "each user has their own"
    assert len(list(directory.glob("*.mat"))) == 2


def test_what_was_simulated_for_everybody_is_used_where_it_cannot_be_written(cache, tmp_path, monkeypatch):
    made, source = ecg.default_directory(2, 0.5)
    monkeypatch.setattr(ecg.os, "access", lambda path, mode: False)
    monkeypatch.setattr(ecg.tempfile, "tempdir", str(tmp_path / "temporary"))
    assert ecg.default_directory(2, 0.5) == (made, source)
    assert made.parent == cache and not (tmp_path / "temporary").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_what_is_simulated_for_everybody_may_be_read_by_everybody(tmp_path):
    before = os.umask(0o077)
    try:
        directory = ecg.simulate(2, 0.5, directory=tmp_path / "ecg")
    finally:
        os.umask(before)
    assert directory.stat().st_mode & 0o055 == 0o055
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in directory.iterdir())


# The loader


def test_classes_choose_and_order_the_labels(small):
    lines = (small / "REFERENCE.csv").read_text().splitlines()
    lines[0], lines[1], lines[2], lines[3] = "A00001,O", "A00002,~", "A00003,A", "A00004,N"
    (small / "REFERENCE.csv").write_text("\n".join(lines))
    data = ecg.load_challenge2017(str(small), classes=("A", "O", "~"))
    assert data.names[:3] == ["A00001", "A00002", "A00003"]
    assert data.labels[:3].tolist() == [1, 2, 0]
    assert "A00004" not in data.names
    assert "A00001" not in ecg.load_challenge2017(small).names


def test_a_folder_without_headers_is_read_as_it_is(small):
    expected = ecg.load_challenge2017(small)
    for path in small.glob("*.hea"):
        path.unlink()
    data = ecg.load_challenge2017(small)
    assert all(np.array_equal(one, other) for one, other in zip(data.recordings, expected.recordings, strict=True))


def complaint(directory, kind=ValueError, **arguments):
    """What the loader says, on one line, of a folder that is not as it should be."""
    with pytest.raises(kind) as error:
        ecg.load_challenge2017(directory, **arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", ["nowhere", "ecg/REFERENCE.csv"])
def test_missing_folder_or_reference(small, name):
    (small / "REFERENCE.csv").unlink()
    message = complaint(small.parent / name, FileNotFoundError)
    assert "REFERENCE.csv is not there" in message
    assert "python -m dlh.data ecg --download" in message


@pytest.mark.parametrize("name", ["A00004.mat", "A00004.hea"])
def test_missing_file_of_a_record(small, name):
    (small / name).unlink()
    assert f"record A00004: {small / name} is not there" in complaint(small, FileNotFoundError)


@pytest.mark.parametrize("size", [0, 10, 24, 25, 1001, -1, -2])
def test_truncated_recording(small, size):
    path = small / "A00004.mat"
    path.write_bytes(path.read_bytes()[:size])
    assert complaint(small).startswith(f"record A00004: {path} cannot be read, it is truncated or damaged")


def test_file_of_something_else(small):
    (small / "A00004.mat").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    assert "record A00004" in complaint(small)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"value": np.zeros((1, 9), np.int16)}, "has no variable `val`"),
        ({"val": np.zeros((2, 9000), np.int16)}, r"int16 of shape (2, 9000), it should be int16 of shape (1, samples)"),
        ({"val": np.zeros((1, 9000))}, "float64 of shape (1, 9000)"),
        ({"val": np.zeros((1, 0), np.int16)}, "it should be int16 of shape (1, samples)"),
    ],
)
def test_matlab_file_of_other_content(small, variables, message):
    savemat(small / "A00004.mat", variables, format="4")
    found = complaint(small)
    assert found.startswith("record A00004")
    assert message in found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (" 300 ", " 250 ", "record A00004: sampling rate is 250.0 in"),
        ("A00004 1", "A00005 1", "record A00004: record name is A00005"),
        (" 1 300", " 2 300", "record A00004: number of signals is 2"),
        ("1000/mV", "200/mV", "record A00004: unit is 200/mV"),
        ("300 ", "300 1", "record A00004: number of samples is 1"),
        (" 300 ", " fast ", "record A00004: "),
        ("A00004 1", "A00004", "record A00004: "),
    ],
)
def test_header_that_tells_of_something_else(small, old, new, message):
    path = small / "A00004.hea"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert complaint(small).startswith(message)


def test_empty_header(small):
    (small / "A00004.hea").write_text("")
    assert "record A00004" in complaint(small)


def test_comments_and_counter_frequency_in_a_header_are_fine(small):
    path = small / "A00004.hea"
    path.write_text("# made by hand\n" + path.read_text().replace(" 300 ", " 300/1 ", 1))
    assert len(ecg.load_challenge2017(small).names) == 8


def test_unknown_label(small):
    path = small / "REFERENCE.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], "A00004,X", *lines[4:]]))
    assert "line 4: record A00004 has the label 'X', which is none of N, A, O, ~" in complaint(small)


def test_record_without_reference(small):
    path = small / "REFERENCE.csv"
    path.write_text("".join(line + "\n" for line in path.read_text().splitlines() if not line.startswith("A00004")))
    message = complaint(small)
    assert message.startswith("record A00004")
    assert "no line in REFERENCE.csv" in message


def test_line_without_label(small):
    path = small / "REFERENCE.csv"
    path.write_text(path.read_text().replace("A00004,", "A00004", 1))
    assert "line 4: record A00004" in complaint(small)


def test_record_with_two_labels(small):
    path = small / "REFERENCE.csv"
    path.write_text(path.read_text() + "A00004,O\n")
    assert "line 9: record A00004 has two labels" in complaint(small)


@pytest.mark.parametrize("classes", [(), ("N", "X"), ("N", "N"), "AF"])
def test_classes_that_do_not_exist(small, classes):
    assert "classes must be different labels of N, A, O, ~" in complaint(small, classes=classes)


def test_classes_that_the_folder_has_not(small):
    assert "lists no recording of the classes O, ~" in complaint(small, classes=("O", "~"))
