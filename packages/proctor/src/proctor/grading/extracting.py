"""Unpacking what was downloaded: nothing gets out of its folder, nothing is a link, nothing is larger than may be."""

import os
import shutil
import stat
import struct
import tempfile
import unicodedata
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from proctor.grading.reading import MAX_BYTES, TURNING
from proctor.grading.times import in_utc

MAX_FILES = 100_000
# A student's zip in the class's zip in a zip.
MAX_DEPTH = 3
# Notebooks are packed to a fifth or a fiftieth.
MAX_RATIO = 100
EXTENDED_TIME = 0x5455
NO_TIME = (1980, 1, 1)


class Refused(Exception):
    """A file that is not unpacked; the message says why."""


@dataclass
class Extraction:
    """Unpacks downloads, zips within zips too; each zip becomes a folder of its name.

    The time of each file is that of its entry in the outermost zip, which the LMS made; 0 where it has none.

    Parameters
    ----------
    timezone : str, the zone of the times in a zip
    refused : what was not unpacked, with the reason, a line each
    """

    timezone: str
    refused: list[str] = field(default_factory=list)
    # What is left for zips within the entry of the outermost zip that is being unpacked: bytes, files.
    _bytes_left: int = 0
    _files_left: int = 0

    def take(self, file: Path, folder: Path) -> None:
        """Unpack a zip, or copy another file, into a folder."""
        target = folder / unicodedata.normalize("NFC", file.name)
        try:
            if is_noise(file.name):
                return
            _require_plain(file.name)
            if file.is_symlink() or not file.is_file():
                raise Refused("it is a link, or no file")
            if is_zip(file.name):
                self._unpack(file, target, file.name, [])
            else:
                if file.stat().st_size > MAX_BYTES:
                    raise Refused(f"it is larger than {MAX_BYTES // 2**20} MB")
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target)
        except (Refused, OSError) as error:
            self._refuse(file.name, error)

    def _refuse(self, name, error):
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        self.refused.append(f"{printable(name)} was not unpacked: {reason}")

    def _unpack(self, file, folder, name, times):
        """Unpack a zip; `times` has that of the outermost entry that it lies in, where it lies in one."""
        try:
            with zipfile.ZipFile(file) as archive:
                entries = [entry for entry in archive.infolist() if not entry.filename.endswith(("/", "\\"))]
                if len(entries) > (self._files_left if times else MAX_FILES):
                    raise Refused(f"it has {len(entries)} files; at most {MAX_FILES} are unpacked")
                if times:
                    self._require_room(entries)
                folder.mkdir(parents=True, exist_ok=True)
                for entry in entries:
                    self._unpack_entry(archive, entry, folder, name, times)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise Refused(f"it is no zip that can be read ({error})") from error

    def _require_room(self, entries):
        """Count what a zip within one of the outermost zip's entries will take, all such zips together.

        What such a zip says of its packed size counts for nothing: several of its entries may share what is packed.
        """
        size = sum(entry.file_size for entry in entries if entry.file_size <= MAX_BYTES)
        if size > self._bytes_left:
            raise Refused(f"it would grow to {size / 2**20:.0f} MB, more than {MAX_RATIO} times its size")
        self._bytes_left -= size
        self._files_left -= len(entries)

    def _unpack_entry(self, archive, entry, folder, name, times):
        entry_name = _decoded(entry)
        inner = [*times, self._time(entry)]
        if not times:
            self._bytes_left, self._files_left = max(MAX_BYTES, MAX_RATIO * entry.compress_size), MAX_FILES
        try:
            parts = _safe_parts(entry_name)
            if any(map(is_noise, parts)):
                return
            _require_file(entry)
            target = folder.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as content:
                with archive.open(entry) as packed:
                    shutil.copyfileobj(packed, content, 2**20)
                content.seek(0)
                if is_zip(parts[-1]) and zipfile.is_zipfile(content):
                    if len(inner) > MAX_DEPTH:
                        raise Refused(f"it lies in {len(inner)} zips, one in the other")
                    self._unpack(content, target, f"{name}/{entry_name}", inner)
                    return
                if target.exists():
                    self.refused.append(f"{name}/{entry_name}: of two files of this name, only the last counts")
                content.seek(0)
                with target.open("wb") as file:
                    shutil.copyfileobj(content, file, 2**20)
            os.utime(target, (inner[0], inner[0]))
        except (Refused, OSError, NotImplementedError) as error:
            self._refuse(f"{name}/{entry_name}", error)
        except RuntimeError as error:
            self._refuse(f"{name}/{entry_name}", f"it is encrypted ({error})")
        except Exception as error:  # each way of packing has errors of its own, for what a student may have made up
            self._refuse(f"{name}/{entry_name}", f"it is damaged ({str(error) or type(error).__name__})")

    def _time(self, entry):
        """The time of an entry, in seconds since 1970; 0 where it has none."""
        extra = entry.extra
        while len(extra) >= 4:
            kind, size = struct.unpack("<HH", extra[:4])
            if kind == EXTENDED_TIME and size >= 5 and len(extra) >= 9 and extra[4] & 1:
                return struct.unpack("<I", extra[5:9])[0]
            extra = extra[4 + size :]
        try:
            if entry.date_time[:3] > NO_TIME:
                return in_utc(datetime(*entry.date_time), self.timezone).replace(tzinfo=UTC).timestamp()
        except ValueError:
            # Such as the 31st of February.
            return 0
        return 0


def printable(name: str) -> str:
    """A name as a line for a terminal can show it."""
    return name if name.isprintable() else ascii(name)


def is_zip(name: str) -> bool:
    """Whether a file is unpacked, by its name."""
    return name.lower().endswith(".zip")


def is_noise(name: str) -> bool:
    """Whether a file or folder is what systems put beside everybody's files."""
    return name.startswith("._") or name in {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints"}


def _decoded(entry):
    """The name of an entry; some programs write UTF-8 without saying so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode()
    except UnicodeError:
        return entry.filename


def _safe_parts(name):
    """The folders and the name of an entry, composed."""
    path = unicodedata.normalize("NFC", name).replace("\\", "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or not parts or ".." in parts or (len(parts[0]) == 2 and parts[0][1] == ":"):
        raise Refused("its name leads out of the folder")
    for part in parts:
        _require_plain(part)
    return parts


def _require_plain(name):
    if set(name) & TURNING or any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name):
        raise Refused("its name has control characters")


def _require_file(entry):
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise Refused("it is a link, or no file")
    if entry.file_size > MAX_BYTES:
        raise Refused(f"it is larger than {MAX_BYTES // 2**20} MB")
