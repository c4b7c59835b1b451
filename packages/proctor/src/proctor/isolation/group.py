"""A control group of the kernel's for a host's memory, where one may be made.

What a process holds of the kernel's own memory, and of files in memory, counts in no limit of its own; here it does.
That needs the right to make one: root's, or that of a service to which its own part of the tree was delegated. Hosts do
without where there is none.
"""

import contextlib
import errno
import functools
import itertools
import os
import time
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
# Of version 2, then of version 1: what is set, and to what where it is not the limit.
LIMITS = (("memory.max", None), ("memory.swap.max", "0")), (("memory.limit_in_bytes", None),)
SECONDS_TO_REMOVE = 1
_numbers = itertools.count()


class Group:
    """One host's, with so many bytes at most.

    Parameters
    ----------
    limit : int

    Attributes
    ----------
    folder : Path, or None where no group may be made
    """

    def __init__(self, limit: int):
        self.folder = None
        parent, files = _place()
        if parent is None:
            return
        folder = parent / f"proctor-{os.getpid()}-{next(_numbers)}"
        with contextlib.suppress(OSError):
            folder.mkdir()
            self.folder = folder
            for name, value in files:
                if (folder / name).exists():
                    (folder / name).write_text(value or str(limit))

    def take_in(self, pid: int) -> None:
        """Count a process from now on, and what it starts."""
        if self.folder is not None:
            with contextlib.suppress(OSError):
                (self.folder / "cgroup.procs").write_text(str(pid))

    def close(self) -> None:
        """Remove the group, whose processes have ended."""
        end = time.monotonic() + SECONDS_TO_REMOVE
        while self.folder is not None:
            try:
                self.folder.rmdir()
                self.folder = None
            except OSError as error:
                # The kernel lets go of a process a little after it is dead.
                if error.errno != errno.EBUSY or time.monotonic() > end:
                    self.folder = None
                time.sleep(0.002)


@functools.cache
def _place():
    """The folder in which groups may be made, and what is set in them; None where there is none."""
    for parent, files in _candidates(GROUPS, Path("/proc/self/cgroup").read_text()):
        trial = parent / f"proctor-{os.getpid()}"
        try:
            trial.mkdir()
        except OSError:
            continue
        limited = (trial / files[0][0]).exists()
        trial.rmdir()
        # To be moved, a process must be let out of where it is, too.
        if limited and os.access(parent / "cgroup.procs", os.W_OK):
            _remove_what_is_left(parent)
            return parent, files
    return None, ()


def _remove_what_is_left(parent):
    """Remove the groups of graders that were killed."""
    for folder in parent.glob("proctor-*-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _candidates(groups, own):
    """Where to try, with what there is to set: in this process's group, or in version 2 beside it.

    There, a group that processes are in holds no other with limits. Beside one that has a limit, hosts would escape it.
    """
    for line in own.splitlines():
        _, kinds, path = line.split(":", 2)
        place = groups / kinds / path.lstrip("/")
        if kinds == "" and place == groups:
            yield place, LIMITS[0]
        elif kinds == "" and _is_unlimited(place):
            yield place.parent, LIMITS[0]
        elif kinds == "memory":
            yield place, LIMITS[1]


def _is_unlimited(place):
    try:
        return (place / "memory.max").read_text().strip() == "max"
    except OSError:
        return False
