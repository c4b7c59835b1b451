"""What strangers packed is unpacked where it belongs, or refused with a reason."""

import io
import struct
import zipfile

import pytest

from proctor.grading.extracting import Extraction
from submissions import entry, zipped

ZONE = "Europe/Berlin"
REFUSED = {
    "out of the folder": entry("../../evil.ipynb"),
    "out in the middle": entry("ann_1_2_x/../../evil.ipynb"),
    "absolute": entry("/tmp/evil.ipynb"),
    "of a drive": entry("C:\\evil.ipynb"),
    "backslashes": entry("..\\..\\evil.ipynb"),
    "a link": entry("ann_1_2_seq2seq.ipynb", mode=0o120777),
    "a pipe": entry("ann_1_2_seq2seq.ipynb", mode=0o010644),
    "control characters": entry("ann\x1b[2J_1_2_seq2seq.ipynb"),
    "turning characters": entry("ann\u202e_1_2_seq2seq.ipynb"),
    "a long name": entry("a" * 300 + "_1_2_seq2seq.ipynb"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_do_harm_is_refused(tmp_path, case):
    path, folder = tmp_path / "in" / "a.zip", tmp_path / "out" / "deep" / "deeper"
    path.parent.mkdir()
    path.write_bytes(zipped([(REFUSED[case], "/etc/passwd"), ("bob_2_3_seq2seq.ipynb", "x")]))
    extraction = Extraction(ZONE)
    extraction.take(path, folder)
    files = {file for file in tmp_path.rglob("*") if file.is_symlink() or file.is_file()}
    assert files == {path, folder / "a.zip" / "bob_2_3_seq2seq.ipynb"}
    assert len(extraction.refused) == 1 and extraction.refused[0].isprintable()


def test_what_is_huge_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("proctor.grading.extracting.MAX_BYTES", 10_000)
    zeros = b"0" * 9_000
    bomb = zipped({f"{n}.ipynb": zeros for n in range(200)})
    deep = zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({"seq2seq.ipynb": "x"})})})})
    entries = {
        "a_1_2_seq2seq.ipynb": zeros * 2,
        "b_2_3_bomb.zip": bomb,
        "c_3_4_deep.zip": deep,
        "d_4_5_seq2seq.ipynb": "x",
    }
    (tmp_path / "a.zip").write_bytes(zipped(entries))
    extraction = Extraction(ZONE)
    extraction.take(tmp_path / "a.zip", tmp_path / "out")
    assert [file.name for file in tmp_path.joinpath("out").rglob("*") if file.is_file()] == ["d_4_5_seq2seq.ipynb"]
    assert len(extraction.refused) == 3


def test_encrypted_and_broken_files_are_told(tmp_path):
    content = bytearray(zipped({"ann_1_2_seq2seq.ipynb": "x"}))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    (tmp_path / "b.zip").write_bytes(b"no zip")
    extraction = Extraction(ZONE)
    for name in ("a.zip", "b.zip"):
        extraction.take(tmp_path / name, tmp_path / "out")
    assert ["encrypted" in extraction.refused[0], "no zip" in extraction.refused[1]] == [True, True]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 99])
def test_damage_in_a_students_zip_is_that_files_alone(tmp_path, method):
    """Each way of packing has errors of its own, and a student's own zip may be packed in any."""
    known = zipfile.ZIP_DEFLATED if method == 99 else method
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", known) as archive:
        archive.writestr("seq2seq.ipynb", bytes(range(256)) * 50)
    data = bytearray(content.getvalue())
    data[100:130] = b"\xff" * 30
    if method == 99:
        place = data.rindex(b"PK\x01\x02")
        data[place + 10 : place + 12] = data[8:10] = b"\x63\x00"
    (tmp_path / "a.zip").write_bytes(zipped({"ann_1_2_mine.zip": bytes(data), "ben_3_4_seq2seq.ipynb": "{}"}))
    extraction = Extraction(ZONE)
    extraction.take(tmp_path / "a.zip", tmp_path / "out")
    assert [file.name for file in tmp_path.joinpath("out").rglob("*") if file.is_file()] == ["ben_3_4_seq2seq.ipynb"]
    assert len(extraction.refused) == 1 and "encrypted" not in extraction.refused[0], extraction.refused


def test_names_in_utf8_without_saying_so_are_read(tmp_path):
    content = zipped({"müller_1_2_seq2seq.ipynb": "x"})
    flags = content.rindex(b"PK\x01\x02") + 9
    plain = bytearray(content)
    plain[7] &= ~8 & 0xFF
    plain[flags] &= ~8 & 0xFF
    (tmp_path / "a.zip").write_bytes(plain)
    Extraction(ZONE).take(tmp_path / "a.zip", tmp_path / "out")
    assert [file.name for file in tmp_path.joinpath("out/a.zip").iterdir()] == ["müller_1_2_seq2seq.ipynb"]


def shared(entry_size, count):
    """A zip of many entries that share what is packed."""
    content = zipped({"a.ipynb": b"0" * entry_size})
    start, end = content.rindex(b"PK\x01\x02"), content.rindex(b"PK\x05\x06")
    directory = b"".join(content[start:end].replace(b"a.ipynb", b"%07d" % number) for number in range(count))
    tail = bytearray(content[end:])
    struct.pack_into("<HHL", tail, 8, count, count, len(directory))
    return content[:start] + directory + bytes(tail)


def nested(entry_size, count):
    """A zip of zips, each of which grows as much as it may."""
    return zipped({f"{n}.zip": zipped({f"{m}.ipynb": b"0" * entry_size for m in range(count)}) for n in range(count)})


@pytest.mark.parametrize("bomb", [shared(9_000, 500), nested(9_000, 30)])
def test_what_is_packed_once_is_not_unpacked_without_end(tmp_path, monkeypatch, bomb):
    monkeypatch.setattr("proctor.grading.extracting.MAX_BYTES", 10_000)
    (tmp_path / "a.zip").write_bytes(zipped({"a_1_2_bomb.zip": bomb, "d_4_5_seq2seq.ipynb": "x"}))
    extraction = Extraction(ZONE)
    extraction.take(tmp_path / "a.zip", tmp_path / "out")
    files = [file for file in tmp_path.joinpath("out").rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 100 * len(bomb)
    assert extraction.refused and tmp_path / "out/a.zip/d_4_5_seq2seq.ipynb" in files


def test_files_of_zips_within_a_zip_are_counted_together(tmp_path, monkeypatch):
    monkeypatch.setattr("proctor.grading.extracting.MAX_FILES", 20)
    work = zipped({f"{n}.zip": zipped({f"{m}.txt": "" for m in range(9)}) for n in range(9)})
    (tmp_path / "a.zip").write_bytes(zipped({f"{name}_1_2_work.zip": work for name in ("ann", "bob")}))
    extraction = Extraction(ZONE)
    extraction.take(tmp_path / "a.zip", tmp_path / "out")
    for name in ("ann", "bob"):
        files = [file for file in tmp_path.joinpath(f"out/a.zip/{name}_1_2_work.zip").rglob("*") if file.is_file()]
        assert 0 < len(files) <= 20
