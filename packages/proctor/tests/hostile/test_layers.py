"""Each layer of the sandbox, removed: what it guards then gives way, or another layer still holds."""

from dataclasses import replace
from functools import partial

import pytest

from proctor.checks.cell import Cell
from proctor.checks.connections import InSandbox
from proctor.checks.submission import StudentError, Submission
from proctor.course import open_course
from proctor.isolation import sandbox
from proctor.isolation.nursery import Nursery
from proctor.isolation.process import ForkedHost, HostProcess
from proctor.settings import Settings

TRIES = """
import os, resource, socket, threading, time


def attempt(name, *arguments):
    try:
        return globals()[name](*arguments)
    except (OSError, RuntimeError) as error:
        return type(error).__name__


def threads(number):
    threading.stack_size(2**16)
    for count in range(number):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return count + 1


def processes(number):
    for count in range(number):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    return count + 1


def connect():
    socket.create_connection(("192.0.2.1", 80), timeout=2)
    return "connected"


def reads(path):
    return len(os.listdir(path))


def anonymous_file(megabytes):
    file = os.memfd_create("file")
    for _ in range(megabytes):
        os.write(file, bytes(2**20))
    return megabytes


def user():
    return os.getuid()


def writes(path):
    with open(path, "w") as file:
        return file.write("x")
"""


SETTINGS = Settings(packages=("toylib",), memory_gigabytes=6, call_seconds=10)


@pytest.fixture(scope="module", params=["forked", "started"])
def start(toy_course, request):
    """Gives a host, forked from a warm one or started from nothing."""
    course = replace(open_course(toy_course), settings=SETTINGS)
    if request.param == "started":
        yield partial(HostProcess, course, "cpu")
        return
    nursery = Nursery(course, [])
    yield partial(ForkedHost, nursery, course)
    nursery.close()


@pytest.fixture
def without(start, monkeypatch):
    """Makes a submission whose host is not told of some layers: `without(program="")`; there is one at a time."""
    made, whole = [], sandbox.layers

    def without(**changes):
        while made:
            made.pop().close()
        monkeypatch.setattr(sandbox, "layers", lambda *arguments: whole(*arguments) | changes)
        cells = [Cell("tries", TRIES)]
        made.append(Submission("eve", InSandbox(cells, SETTINGS, start), cells))
        return made[-1]

    yield without
    for subject in made:
        subject.close()


NO_LANDLOCK = {"readable": [], "usable": [], "writable": []}


def test_with_every_layer_nothing_gives_way(without):
    eve = without()
    assert eve.attempt("connect") == "PermissionError"
    assert eve.attempt("processes", 1) == "PermissionError"
    assert eve.attempt("anonymous_file", 1) == "OSError"
    assert eve.attempt("reads", "/") == "PermissionError"
    assert eve.attempt("writes", "/left") in ("PermissionError", "OSError")
    assert eve.attempt("threads", 1000) == "RuntimeError"


def test_without_seccomp_there_is_still_no_network_and_a_limit_of_processes(without):
    eve = without(program="", **NO_LANDLOCK)
    assert eve.attempt("connect") == "OSError", "the network is unreachable"
    assert eve.attempt("processes", 1000) == "BlockingIOError"


def test_seccomp_guards_memory_that_no_limit_counts(without):
    assert without(program="").attempt("anonymous_file", 100) == 100


def test_limit_of_threads_guards_the_machine_from_many_small_ones(without):
    assert without(threads=0).attempt("threads", 200) == 200


def test_without_landlock_the_namespace_still_shows_nothing_else_and_is_read_only(without, toy_course):
    eve = without(**NO_LANDLOCK)
    assert eve.attempt("reads", "/") < 15
    assert eve.attempt("reads", str(toy_course)) == 1
    assert eve.attempt("reads", str(toy_course / "graders")) == "FileNotFoundError"
    for path in ("/left", "/usr/left", f"{toy_course}/left", f"{toy_course}/toylib/left"):
        assert eve.attempt("writes", path) in ("PermissionError", "OSError")


@pytest.mark.skipif(not sandbox.is_privileged(), reason="only root gives a host a user of its own")
def test_without_a_user_of_its_own_a_host_of_roots_has_no_capability_over_files(without, toy_course):
    assert without().user() >= sandbox.FIRST_USER
    eve = without(user=0, **NO_LANDLOCK)
    assert eve.user() == 0
    assert eve.attempt("reads", str(toy_course / "graders")) == "FileNotFoundError"
    assert eve.attempt("writes", "/usr/left") in ("PermissionError", "OSError")


def test_layer_that_cannot_be_had_starts_no_host(without):
    with pytest.raises(sandbox.SandboxError, match="could not be sealed: seccomp"):
        without(program="00").user()


def test_student_error_of_a_refused_call_says_so(without):
    with pytest.raises(StudentError, match=r"PermissionError: \[Errno 1\]"):
        without().processes(1)
