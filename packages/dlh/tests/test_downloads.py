"""Downloads: an archive comes whole and verified, goes on where it was cut short, and is unpacked in its place."""

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dlh.data import downloads, ecg


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


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


def test_data_directory_is_dlh_data_or_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("DLH_DATA", "~/ecg")
    assert downloads.data_directory() == Path("~/ecg").expanduser()
    monkeypatch.delenv("DLH_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert downloads.data_directory() == tmp_path / "dlh"


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
