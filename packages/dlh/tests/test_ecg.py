"""The ECG data: simulated files and their physiology, the loader's complaints, the download."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import measure_ecg
import numpy as np
import pytest
from scipy import signal
from scipy.io import loadmat, savemat

from dlh.data import downloads, ecg, ecg_simulation


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """1000 recordings, half of them with atrial fibrillation, and the CPU seconds that making them took."""
    start = time.process_time()
    directory = ecg.simulate(1000, 0.5, seed=11, directory=tmp_path_factory.mktemp("large") / "ecg")
    return directory, time.process_time() - start


@pytest.fixture(scope="module")
def data(large):
    return ecg.load_challenge2017(large[0])


@pytest.fixture(scope="module")
def measures(data):
    return measure_ecg.measure_all(data.recordings)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return ecg.simulate(8, 0.25, seed=2, directory=tmp_path_factory.mktemp("small") / "ecg")


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


def test_data_directory_is_dlh_data_or_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("DLH_DATA", "~/ecg")
    assert downloads.data_directory() == Path("~/ecg").expanduser()
    monkeypatch.delenv("DLH_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert downloads.data_directory() == tmp_path / "dlh"


# Physiology. The ranges of real recordings are in docs/data_card_ecg.md.


def medians(measures, data, name):
    """Of normal rhythm, and of atrial fibrillation."""
    return [np.nanmedian(measures[name][data.labels == label]) for label in (0, 1)]


def test_thousand_recordings_take_less_than_twenty_seconds(large):
    assert large[1] < 20


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
    _, lengths = ecg_simulation.draw_classes_and_lengths(1000, 0.5, np.random.default_rng([11, 0]))
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


# The download, from a server of our own


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def archive(original, server):
    """The archive that the server offers: eight recordings in training2017/, and the list with its hash."""
    content = zipped({f"training2017/{name}": value for name, value in contents(original).items()})
    server.files["training2017.zip"] = content
    server.files["SHA256SUMS.txt"] = f"{hashlib.sha256(content).hexdigest()} training2017.zip\n".encode()
    return content


def asked_for(server, name="training2017.zip"):
    return [wanted for asked, wanted in server.asked if asked == name]


def test_download(server, archive, original, tmp_path):
    directory = ecg.download(tmp_path / "data", f"{server.url}/training2017.zip")
    assert directory == tmp_path / "data" / "training2017"
    assert contents(directory) == contents(original)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["training2017"]
    assert asked_for(server) == [None]


def test_download_is_not_repeated(server, archive, tmp_path):
    ecg.download(tmp_path, f"{server.url}/training2017.zip")
    server.asked.clear()
    ecg.download(tmp_path, f"{server.url}/training2017.zip")
    assert server.asked == []


def test_download_goes_on_by_itself_where_it_was_cut_short(server, archive, original, tmp_path):
    server.cuts["training2017.zip"] = [20_000, 50_000]
    directory = ecg.download(tmp_path, f"{server.url}/training2017.zip")
    assert contents(directory) == contents(original)
    # Whole chunks of 8192 bytes were kept: two, then six.
    assert asked_for(server) == [None, "bytes=16384-", "bytes=49152-"]


def test_download_goes_on_at_the_next_call(server, archive, original, tmp_path):
    server.cuts["training2017.zip"] = [10_000, 20_000, 30_000, 40_000]
    url = f"{server.url}/training2017.zip"
    with pytest.raises(ConnectionError, match="run the same again") as error:
        ecg.download(tmp_path, url)
    assert str(tmp_path) in str(error.value)
    assert (tmp_path / "training2017.zip.part").read_bytes() == archive[:32768]
    server.asked.clear()
    assert contents(ecg.download(tmp_path, url)) == contents(original)
    assert asked_for(server) == ["bytes=32768-"]


def test_download_starts_anew_where_the_server_cannot_go_on(server, archive, original, tmp_path):
    server.ranges = False
    server.cuts["training2017.zip"] = [20_000]
    assert contents(ecg.download(tmp_path, f"{server.url}/training2017.zip")) == contents(original)
    assert asked_for(server) == [None, "bytes=16384-"]


def test_download_ends_where_all_had_come(server, archive, original, tmp_path):
    (tmp_path / "training2017.zip.part").write_bytes(archive)
    assert contents(ecg.download(tmp_path, f"{server.url}/training2017.zip")) == contents(original)


def test_download_recovers_from_a_part_of_another_file(server, archive, original, tmp_path):
    (tmp_path / "training2017.zip.part").write_bytes(b"something else" * 100)
    assert contents(ecg.download(tmp_path, f"{server.url}/training2017.zip")) == contents(original)
    assert asked_for(server) == ["bytes=1400-", None]


def test_corrupted_download_is_refused_and_not_kept(server, archive, tmp_path):
    server.files["training2017.zip"] = archive[:100] + bytes(100) + archive[200:]
    with pytest.raises(ValueError, match="not the file that was expected"):
        ecg.download(tmp_path, f"{server.url}/training2017.zip")
    assert list(tmp_path.iterdir()) == []


def test_corrupted_once_is_fetched_again(server, archive, original, tmp_path, monkeypatch):
    answer, broken = server.answer, [archive[:100] + bytes(100) + archive[200:]]

    def first_broken(request):
        if "zip" in request.path:
            server.files["training2017.zip"] = broken.pop() if broken else archive
        answer(request)

    monkeypatch.setattr(server, "answer", first_broken)
    assert contents(ecg.download(tmp_path, f"{server.url}/training2017.zip")) == contents(original)


def test_file_that_the_server_has_not(server, archive, tmp_path):
    del server.files["training2017.zip"]
    with pytest.raises(FileNotFoundError, match="training2017.zip is not there"):
        ecg.download(tmp_path, f"{server.url}/training2017.zip")
    assert len(asked_for(server)) == 1


@pytest.mark.parametrize("sums", [None, b"", b"0" * 64 + b" sample2017.zip\n"])
def test_archive_that_no_list_verifies_is_never_fetched(server, archive, tmp_path, sums):
    del server.files["SHA256SUMS.txt"]
    if sums is not None:
        server.files["SHA256SUMS.txt"] = sums
    with pytest.raises((FileNotFoundError, ValueError), match="SHA256SUMS.txt"):
        ecg.download(tmp_path, f"{server.url}/training2017.zip")
    assert asked_for(server) == []


def test_server_that_does_not_answer(server, tmp_path):
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(ConnectionError, match="could not be fetched"):
        ecg.download(tmp_path, f"{server.url}/training2017.zip")


def test_archive_of_something_else(server, archive, tmp_path):
    content = zipped({"readme.txt": "nothing"})
    server.files["training2017.zip"] = content
    server.files["SHA256SUMS.txt"] = f"{hashlib.sha256(content).hexdigest()} *training2017.zip\n".encode()
    with pytest.raises(ValueError, match="no training2017/REFERENCE.csv"):
        ecg.download(tmp_path, f"{server.url}/training2017.zip")


def test_fetch_knows_md5_and_keeps_a_file_that_is_right(server, tmp_path):
    server.files["digits.gz"] = b"digits"
    known = f"md5:{hashlib.md5(b'digits').hexdigest()}"
    for _ in range(2):
        path = downloads.fetch(f"{server.url}/digits.gz", tmp_path, known)
        assert path == tmp_path / "digits.gz"
        assert path.read_bytes() == b"digits"
    assert len(server.asked) == 1


def test_command_downloads_with_a_progress_bar_and_then_says_what_it_has(server, archive, tmp_path):
    environment = os.environ | {"DLH_DATA": str(tmp_path)}
    command = [sys.executable, "-m", "dlh.data", "ecg"]

    def run(*arguments):
        return subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True)

    done = run("--download", "--url", f"{server.url}/training2017.zip")
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "training2017") in done.stdout
    assert "100%" in done.stderr
    (tmp_path / "training2017" / ecg.SIMULATED_NOTE).unlink()
    there = run()
    assert there.stdout.startswith("Recordings of the PhysioNet/CinC Challenge 2017")


def test_command_fails_with_a_message_and_without_a_traceback(server, tmp_path):
    command = [sys.executable, "-m", "dlh.data", "ecg", "--download", "--directory", str(tmp_path)]
    done = subprocess.run([*command, "--url", f"{server.url}/x.zip"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "SHA256SUMS.txt could not be fetched" in done.stderr
    assert "Traceback" not in done.stderr


# Unpacking


@pytest.mark.parametrize(
    "name", ["../outside.txt", "data/../../outside.txt", "/tmp/outside.txt", "..\\outside.txt", "C:\\outside.txt"]
)
def test_no_path_leaves_the_folder(name, tmp_path):
    archive = tmp_path / "bad.zip"
    archive.write_bytes(zipped({"data/good.txt": "good", name: "bad"}))
    with pytest.raises(ValueError, match="leads out of the folder"):
        downloads.unpack(archive, tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.zip", "there"]


def test_links_are_refused(tmp_path):
    archive, link = tmp_path / "bad.zip", zipfile.ZipInfo("data")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(link, "/etc")
        packed.writestr("data/passwd", "bad")
    with pytest.raises(ValueError, match="is a link"):
        downloads.unpack(archive, tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "byte", "other"])
def test_damaged_archive_leaves_nothing(damage, tmp_path):
    content = zipped({"data/first.txt": "first" * 100, "data/second.txt": os.urandom(1000)})
    middle = content.index(b"second.txt") + 500
    damaged = {
        "cut": content[:-30],
        "byte": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "other": b"<html>404</html>",
    }
    (tmp_path / "bad.zip").write_bytes(damaged[damage])
    with pytest.raises(ValueError, match="bad.zip is not a zip archive, or a damaged one"):
        downloads.unpack(tmp_path / "bad.zip", tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


def test_nothing_that_is_there_is_overwritten(tmp_path):
    (tmp_path / "good.zip").write_bytes(zipped({"data/a.txt": "new", "more.txt": "new"}))
    (tmp_path / "there" / "data").mkdir(parents=True)
    (tmp_path / "there" / "data" / "a.txt").write_text("old")
    with pytest.raises(FileExistsError, match="is there already"):
        downloads.unpack(tmp_path / "good.zip", tmp_path / "there")
    assert (tmp_path / "there" / "data" / "a.txt").read_text() == "old"
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["data"]


def test_unpack_gives_what_stands_at_the_top(tmp_path):
    (tmp_path / "good.zip").write_bytes(zipped({"data/a.txt": "a", "data/deep/b.txt": "b", "c.txt": "c"}))
    there = tmp_path / "there"
    assert downloads.unpack(tmp_path / "good.zip", there) == [there / "c.txt", there / "data"]
    assert (there / "data" / "deep" / "b.txt").read_text() == "b"
