"""Rights on the exchange and the course's folder that are wider than they should be, as a `chmod -R` leaves them."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

# In a line about rights, this stands in the log; `proctor watch` looks for it.
OPEN = "is open to others"
READ, WRITE = stat.S_IRGRP | stat.S_IROTH, stat.S_IWGRP | stat.S_IWOTH
# Of each folder of the course's in the exchange: what others may not, what they could do then, and what it should have.
FOLDERS = {
    "": (WRITE, "put something else in the place of what is in it", "755"),
    "outbound": (WRITE, "change what is handed out", "755"),
    "inbound": (READ, "see who has handed in, and read and change it", "2733"),
    "feedback": (READ | WRITE, "read everybody's pages", "711"),
}


def too_wide(exchange: Path, course_id: str, course: Path) -> Iterator[str]:
    """A line for each folder that others may do more with than they should.

    Parameters
    ----------
    exchange : `c.Exchange.root`, to which everybody may write
    course_id : the name of the course's folder in it
    course : the folder with the solutions
    """
    mode = exchange.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield _line(exchange, "rename the folders of courses in it, and put their own there", "1777")
    for name, (forbidden, danger, right) in FOLDERS.items():
        folder = exchange / course_id / name
        if folder.is_dir() and folder.stat().st_mode & forbidden:
            yield _line(folder, danger, right)
    if _others_read(course):
        yield _line(course, "read the solutions", "700")


def cannot_replace(folder: Path) -> str:
    """Why what was collected before cannot be replaced, or nothing: a command was once run as root, say."""
    above = next(path for path in folder.parents if path.is_dir())
    for path in (above, *(Path(where) for where, _, _ in os.walk(folder))):
        if not os.access(path, os.W_OK | os.X_OK):
            return f"{path} is {_whose(path)}, and may not be changed; have root give it back: chown -R"
    return ""


def _others_read(folder):
    """Whether every account of the machine may list a folder, and come to it."""
    *_, listed = modes = [path.stat().st_mode for path in (*reversed(folder.parents), folder)]
    return bool(listed & stat.S_IROTH) and all(mode & stat.S_IXOTH for mode in modes)


def _whose(path):
    try:
        return f"{path.owner()}'s"
    except KeyError:
        return f"that of account {path.stat().st_uid}"


def _line(folder, danger, right):
    return f"{folder} {OPEN}, who could {danger}: chmod {right} {folder}"
