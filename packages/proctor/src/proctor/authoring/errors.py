"""What an author must put right."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

# What to do about a file or folder that cannot be read or written.
ADVICE = {errno.ENOENT: "look whether its name is right", errno.EISDIR: "that is a folder; name a file"}
ADVICE |= dict.fromkeys((errno.EEXIST, errno.ENOTDIR), "a folder has to be there; move away what is in its place")
ADVICE |= dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "take a place where you may, or have that changed")
ADVICE |= dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "make room, then run it again")


class BuildError(Exception):
    """What an author must put right.

    Parameters
    ----------
    errors : list of str, each `file:line: what is wrong`, the file relative to the course
    """

    def __init__(self, errors: list[str]):
        super().__init__(errors)
        self.errors = errors

    def __str__(self):
        return "\n".join(self.errors)


def about_file(error: OSError | UnicodeDecodeError) -> str:
    """What cannot be read or written, why, and what to do about it."""
    if isinstance(error, UnicodeDecodeError):
        line = error.object[: error.start].rpartition(b"\n")[2] + error.object[error.start :].partition(b"\n")[0]
        return f"a file should be text in UTF-8, and is not: it has {line[:80]!r}; save it as UTF-8"
    what = " and ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    advice = ADVICE.get(error.errno, "put that right, then run it again")
    return f"{what or 'the output'} cannot be read or written ({error.strerror or error}): {advice}"


def require_writable(folders: Iterable[Path]) -> None:
    """Raise `PermissionError` of the first folder in which nothing can be put; what is not there yet may be made."""
    for folder in folders:
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


class Errors(list):
    """The messages found so far, each `file:line: what is wrong`."""

    def __init__(self, root: Path):
        super().__init__()
        self.root = root

    def add(self, file: Path, line: int, message: str) -> None:
        self.append(f"{file.relative_to(self.root).as_posix()}:{line}: {message}")
