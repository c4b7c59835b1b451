"""Warm hosts: forked from a nursery, and set apart from it and from each other."""

import contextlib
import os
import shutil
import signal
import textwrap
from functools import partial
from pathlib import Path

import psutil
import pytest

from proctor.course import open_course
from proctor.isolation import sandbox
from proctor.isolation.nursery import Nursery
from proctor.isolation.process import ForkedHost
from proctor.isolation.sandbox import SandboxError
from submissions import ENDINGS, SMALL, alive, descendants, hosts_of, sandboxed, small_nursery


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


@pytest.mark.parametrize("name", ["Übung 1 – 統計", "back\\040slash", b"Latin \xe9".decode(errors="surrogateescape")])
def test_a_course_may_lie_in_a_folder_of_any_name(name, toy_course, tmp_path):
    """Below a scratch folder, that is: there, it is a mount that keeps its place."""
    root = Path(shutil.copytree(toy_course, tmp_path / name))
    nursery = small_nursery(root)
    subject = sandboxed(root, ["from toylib import FACTOR"], start=hosts_of(nursery, root), **SMALL)
    assert subject.FACTOR == 2
    subject.close()
    nursery.close()


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


def test_process_that_is_only_slow_is_told_as_that(toy_course):
    with contextlib.closing(small_nursery(toy_course)) as nursery:
        nursery.start()
        assert "it does not answer; is this machine very busy?" in str(nursery.program.fault())
