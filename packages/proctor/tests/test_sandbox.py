"""What the sandbox keeps from students."""

import os
import socket
import sys
from pathlib import Path

import pytest
from traitlets.config import Config

from proctor.checks.submission import StudentError
from proctor.course import Course, open_course
from proctor.isolation import sandbox
from proctor.isolation.sandbox import SandboxError
from proctor.settings import Settings
from submissions import SMALL, alive, descendants, hosts_of, sandboxed, small_nursery

PROBE = """
import ctypes, os, pathlib, socket, subprocess, sys


def sees(path):
    return os.path.lexists(path)


def lists(path):
    return sorted(os.listdir(path))


def environment():
    return dict(os.environ)


def connects(family, address):
    try:
        with socket.socket(getattr(socket, family), socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            connection.connect(address)
        return "connected"
    except OSError as error:
        return type(error).__name__


def interfaces():
    return [name for _, name in socket.if_nameindex()]


def written():
    places = {line.split()[1] for line in open("/proc/self/mounts")}
    read_only = ("/proc", "/usr", sys.prefix, sys.base_prefix)
    for path, folders, _ in os.walk("/"):
        folders[:] = [name for name in folders if not os.path.join(path, name).startswith(read_only)]
        places.add(path)
    found = []
    for place in places:
        try:
            name = os.path.join(place, "left_behind")
            with open(name, "w") as file:
                file.write("x")
            found.append(place)
        except OSError:
            pass
    return sorted(found)


def fills(place, megabytes):
    done, problem = [], ""
    try:
        for number in range(megabytes):
            with open(f"{place}/{number}", "wb") as file:
                file.write(bytes(2**20))
            done.append(file.name)
    except OSError as error:
        problem = type(error).__name__
        os.remove(f"{place}/{len(done)}")
    for name in done:
        os.remove(name)
    return len(done), problem


def processes():
    return [name for name in os.listdir("/proc") if name.isdigit()]


def signals(pid):
    try:
        os.kill(pid, 0)
        return "reached"
    except OSError as error:
        return type(error).__name__


def can_unshare():
    return ctypes.CDLL(None, use_errno=True).unshare(0x10000000) == 0


def imports(name):
    __import__(name)
    return "imported"


def leaves_a_child():
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid


def takes(megabytes):
    return len(bytearray(megabytes * 2**20))


def takes_shared(megabytes):
    import mmap
    block = mmap.mmap(-1, megabytes * 2**20)
    return len(block)


def call(number, *arguments):
    made = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *map(ctypes.c_ulong, arguments))
    if made < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return made


def holds_memory_of_the_kernels():
    import fcntl, select
    held, high = [], 1 << 32
    one, other = socket.socketpair()
    reading, writing = os.pipe()
    with open("/tmp/locked", "w") as locked:
        for name, attempt in {
            "buffers": lambda: one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**22),
            "descriptors in flight": lambda: socket.send_fds(one, [b"x"], [0]),
            "datagrams": lambda: socket.socketpair(type=socket.SOCK_DGRAM),
            "table of descriptors": lambda: call(436, 1000, 1001, 2),
            "table of descriptors, by a number of more bits": lambda: call(436, 1000, 1001, high | 2),
            "pipe": lambda: fcntl.fcntl(writing, 1031, 2**20),
            "epoll": select.epoll,
            "lock": lambda: fcntl.lockf(locked, fcntl.LOCK_EX, 1, 1),
            "lock of an open file": lambda: fcntl.fcntl(locked, 37, bytes(32)),
            "lease": lambda: fcntl.fcntl(locked, fcntl.F_SETLEASE, fcntl.F_WRLCK),
            "rules of landlock": lambda: call(444, 0, 0, 1),
            "signals": lambda: fcntl.fcntl(reading, fcntl.F_SETFL, fcntl.FASYNC),
            "signals, by ioctl": lambda: fcntl.ioctl(reading, 0x5452, (1).to_bytes(4, "little")),
            "place in the queue": lambda: os.nice(1),
            "processor": lambda: os.sched_setaffinity(0, {0}),
            "oom": lambda: open("/proc/self/oom_score_adj", "w").write("0"),
        }.items():
            try:
                attempt()
                held.append(name)
            except OSError:
                pass
    return held


def still_works():
    import asyncio, fcntl, shutil, sqlite3
    from concurrent.futures import ThreadPoolExecutor

    async def sleeps():
        await asyncio.sleep(0)
        return await asyncio.to_thread(abs, -1)

    with open("/tmp/file", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
    shutil.copy2("/tmp/file", "/tmp/copy")
    os.chmod("/tmp/copy", 0o600)
    with sqlite3.connect(":memory:") as database, ThreadPoolExecutor(2) as pool:
        return [asyncio.run(sleeps()), database.execute("select 2").fetchone()[0], sum(pool.map(int, "12"))]
"""


@pytest.fixture(scope="module", params=["from nothing", "forked"])
def probe(request, toy_course):
    nursery = small_nursery(toy_course)
    start = hosts_of(nursery, toy_course) if request.param == "forked" else None
    subject = sandboxed(toy_course, [PROBE], start=start, **SMALL)
    yield subject
    subject.close()
    nursery.close()


@pytest.fixture(scope="module")
def bare(toy_course):
    """The probe in namespaces alone: what holds where every layer of the seal has failed."""
    subject = sandboxed(toy_course, [PROBE], sealed=False, **SMALL)
    yield subject
    subject.close()


def test_nothing_of_the_course_is_seen_but_its_packages(bare, toy_course):
    assert bare.lists(str(toy_course)) == ["toylib"]
    (toy_course.parent / "submitted").mkdir(exist_ok=True)
    for hidden in ("solutions", "graders", "source", "release", "gradebook.db", "course_config.py", "../submitted"):
        assert not bare.sees(str(toy_course / hidden)), hidden
    engine = Path(sandbox.__file__).parent
    seen = {"__init__.py", "host.py", "kernel.py", "seal.py", "watch.py", "wire.py"}
    assert set(bare.lists(str(engine))) - {"__pycache__"} == seen
    for hidden in ("/etc/passwd", "/home", "/var", "/sys", "/proc/1/root/etc/passwd", str(Path.cwd() / "solutions")):
        assert not bare.sees(hidden), hidden
    for name in ("solutions.toy", "graders.toy", "proctor.course"):
        with pytest.raises(StudentError, match="ModuleNotFoundError"):
            bare.imports(name)
    assert bare.imports("toylib") == "imported"


@pytest.mark.parametrize("package", ["solutions", "graders"])
def test_sandbox_refuses_to_start_where_a_host_could_import_what_is_secret(package, toy_course, tmp_path, monkeypatch):
    installed = tmp_path / "site"
    (installed / package).mkdir(parents=True)
    (installed / package / "__init__.py").write_text("ANSWERS = 42")
    environment, folders = sandbox.environment, sandbox.python_folders
    monkeypatch.setattr(sandbox, "python_folders", lambda: [*folders(), installed])
    monkeypatch.setattr(sandbox, "environment", lambda *arguments: environment(*arguments) | {
        "PYTHONPATH": os.pathsep.join([environment(*arguments)["PYTHONPATH"], str(installed)])
    })  # fmt: skip
    subject = sandboxed(toy_course, ["x = 1"])
    with pytest.raises(SandboxError, match=f"student code could import `{package}` .*; uninstall") as caught:
        _ = subject.x
    assert "\n" not in str(caught.value)


def test_python_that_is_reached_over_linked_folders_is_found_in_the_sandbox(toy_course, tmp_path, monkeypatch):
    """As where `.venv` leads to another disk, or its Python to a folder that is renamed with each version."""
    real, versions = tmp_path / "real", tmp_path / "versions"
    base = Path(sys.executable).resolve().parents[1]
    versions.mkdir()
    (versions / "current").symlink_to(base)
    (real / "bin").mkdir(parents=True)
    (real / "bin/python").symlink_to(versions / "current/bin" / Path(sys.executable).resolve().name)
    (real / "pyvenv.cfg").write_text(f"home = {base / 'bin'}\n")
    (real / "lib").symlink_to(Path(sys.prefix) / "lib")
    (tmp_path / ".venv").symlink_to(real)
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv/bin/python"))
    folders = sandbox.python_folders
    monkeypatch.setattr(sandbox, "python_folders", lambda: [*folders(), real])
    assert sandboxed(toy_course, ["x = 1"]).x == 1


def test_exchange_below_usr_is_covered(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "EXCHANGE", tmp_path)
    command = sandbox.command(Course(tmp_path, Settings(), Config()), "cpu", [])
    assert command[command.index(str(tmp_path)) - 1] == "--tmpfs"


def test_environment_holds_nothing_of_the_graders(toy_course, monkeypatch, submit):
    monkeypatch.setenv("SECRET_TOKEN", "do not tell")
    environment = submit(PROBE).environment()
    assert "do not tell" not in environment.values()
    allowed = set(sandbox.environment(open_course(toy_course), "/tmp")) | {"PWD", "LC_CTYPE"}
    assert set(environment) <= allowed


def test_there_is_no_network(bare):
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert bare.connects("AF_INET", server.getsockname()) == "ConnectionRefusedError"
    assert bare.connects("AF_INET", ("1.1.1.1", 443)) == "OSError"
    assert bare.interfaces() == ["lo"]


def test_only_the_scratch_can_be_written_and_it_is_gone_afterwards(probe, toy_course, submit):
    written = probe.written()
    assert {"/dev/shm", "/tmp"} <= set(written)
    assert [place for place in written if not place.startswith(("/dev/shm", "/tmp"))] == []
    assert [place for place in written if place.startswith(str(toy_course))] == []
    assert not Path("/tmp/left_behind").exists()
    assert not submit(PROBE).sees("/tmp/left_behind")


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm"])
def test_scratch_is_bounded(probe, place):
    done, error = probe.fills(place, 50)
    assert error == "OSError"
    assert done <= 8


def test_other_processes_are_out_of_reach(probe):
    assert probe.signals(os.getpid()) == "ProcessLookupError"
    assert len(probe.processes()) <= 3


def test_no_further_namespace_can_be_made(probe):
    assert not probe.can_unshare()


def test_kernels_own_memory_is_out_of_reach_and_what_needs_little_of_it_works(probe):
    assert probe.holds_memory_of_the_kernels() == []
    assert probe.still_works() == [1, 2, 3]


def test_host_is_the_first_to_be_ended_where_the_machine_has_no_memory_left(probe):
    assert probe.sees("/")
    own = int(Path("/proc/self/oom_score_adj").read_text())
    assert own < 1000 == int(Path(f"/proc/{probe._connection._host.pid}/oom_score_adj").read_text())


@pytest.mark.parametrize("call", ["takes", "takes_shared"])
def test_memory_bomb_is_an_error(probe, call):
    with pytest.raises(StudentError, match="MemoryError|OSError"):
        getattr(probe, call)(4000)
    assert probe.takes(1) == 2**20


def test_close_leaves_no_process(submit):
    subject = submit(PROBE, sealed=False)
    subject.leaves_a_child()
    mine = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    before = descendants(subject._connection._host.program.process.pid)
    assert len(before) >= 3, "bubblewrap, the host and its child"
    subject.close()
    assert alive(before) == []
    assert str(before[0]) not in mine.read_text().split()
