"""Programs of tests that are run as an ordinary user, also where root runs the tests from an interpreter of its own."""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# Where the interpreter lies below root's own folder, that folder is made passable, in a mount namespace only.
PASSABLE = """
set -e
mount --bind "$1" "$2"
mount -t tmpfs -o mode=755 tmpfs "$3"
mkdir -p "$1"
mount --bind "$2" "$1"
shift 3
exec "$@"
"""
USER = 65534


@contextlib.contextmanager
def folder_in_reach():
    """A folder that is not below pytest's own, which each pytest of root makes its own again."""
    with tempfile.TemporaryDirectory(prefix="in-reach-") as folder:
        yield Path(folder)


def in_reach(folder: Path) -> list[str]:
    """What stands before a command so that whom it runs may read a `folder_in_reach`, all in it, and this Python."""
    if os.getuid() != 0:
        return []
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    prefix = Path(sys.base_prefix).resolve()
    private = next((p for p in reversed(prefix.parents) if p.stat().st_mode & 0o005 != 0o005), None)
    if private is None:
        return []
    script, aside = folder / "in_reach.sh", folder / "aside"
    script.write_text(PASSABLE)
    aside.mkdir()
    return ["unshare", "-m", "--propagation", "private", "sh", str(script), str(prefix), str(aside), str(private)]


def as_ordinary_user(folder: Path) -> list[str]:
    """What stands before a command to have an ordinary user run it, who may read a `folder_in_reach`."""
    if os.getuid() != 0:
        return []
    return [*in_reach(folder), "setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups"]
