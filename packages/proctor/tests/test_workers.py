"""Workers that end, and what they may use of the machine."""

import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import psutil
import pytest

from proctor import commands
from proctor.checks.outcome import GradingError
from proctor.grading import workers
from proctor.grading.workers import WorkerLost, Workers, free_memory, jobs_here
from proctor.isolation import group
from proctor.settings import Settings
from submissions import end, end_once


@pytest.fixture
def pair():
    """Two workers, in processes that have loaded nothing."""
    with Workers(2, partial(ProcessPoolExecutor, 1, mp_context=get_context("spawn"))) as executor:
        yield executor


def test_task_that_ends_its_worker_twice_is_lost_and_no_other(pair, tmp_path):
    calls = ([end], [abs, -1], [end_once, tmp_path / "x"], [end])
    tasks = [pair.submit(call, *arguments) for call, *arguments in calls]
    tasks += [pair.submit(abs, -number) for number in range(9)]
    for number in (0, 3):
        with pytest.raises(WorkerLost):
            tasks[number].result()
    assert tasks[1].result() == 1 and tasks[2].result() == "done"
    assert [task.result() for task in tasks[4:]] == list(range(9))


def test_error_of_a_task_is_its_own(pair):
    with pytest.raises(ZeroDivisionError):
        pair.submit(divmod, 1, 0).result()
    assert pair.submit(divmod, 3, 2).result() == (1, 1)


def test_worker_that_cannot_be_started_is_no_tasks_fault():
    executor = Workers(1, partial(ProcessPoolExecutor, 1, initializer=end))
    with executor, pytest.raises(GradingError, match="could not be started"):
        executor.submit(abs, -1).result()


def test_worker_that_is_lost_as_it_starts_is_started_once_more(tmp_path):
    with Workers(1, partial(ProcessPoolExecutor, 1, initializer=end_once, initargs=(tmp_path / "x",))) as executor:
        assert executor.submit(abs, -1).result() == 1


def test_what_has_not_begun_is_cancelled(pair):
    tasks = [pair.submit(pow, 3, 10**6) for _ in range(100)]
    pair.shutdown(cancel_futures=True)
    assert tasks[-1].cancelled() and all(task.done() for task in tasks)


LIMITED = """
import sys, time
from proctor.grading import workers
from proctor.settings import Settings
workers.PROCESSOR_SECONDS = 1
with workers.limited_time(Settings(submission_seconds=0.05, own_cells_seconds=0.05)):
    {}
print("went on")
"""


@pytest.mark.parametrize("work", ["time.sleep(60)", "(a := 3) and [a := a * a for _ in range(60)]", "while True: pass"])
def test_worker_ends_itself_where_a_submission_takes_too_long(work):
    ran = subprocess.run([sys.executable, "-c", LIMITED.format(work)], capture_output=True, text=True, timeout=100)
    assert ran.returncode != 0 and ran.stdout == ""


def test_limits_of_time_end_with_the_submission():
    before = resource.getrlimit(resource.RLIMIT_CPU)
    with workers.limited_time(Settings()):
        assert resource.getrlimit(resource.RLIMIT_CPU) != before
    assert resource.getrlimit(resource.RLIMIT_CPU) == before


@pytest.fixture
def groups(tmp_path):
    """Makes control groups as the kernel shows them: `groups(own, {folder: {file: content}})`."""

    def make(own, folders):
        for folder, files in folders.items():
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (tmp_path / folder / name).write_text(content)
        (tmp_path / "own").write_text(own)
        return free_memory(tmp_path, tmp_path / "own")

    return make


def limited(most, used, stat="", version=2):
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    return dict(zip((*names, "memory.stat"), (f"{most}\n", f"{used}\n", stat), strict=True))


def test_free_memory_is_what_machine_and_groups_leave(groups):
    outer = limited(1000, 300, "anon 5\ninactive_file 100\n")
    assert groups("0::/a/b\n", {"a/b": limited("max", 5), "a": outer}) == 800
    v1 = limited(2000, 300, "cache 5\ntotal_inactive_file 1\n", version=1)
    assert groups("4:memory:/c\n3:cpu:/\n", {"memory/c": v1}) == 1701
    # A container is shown its own group as the top, and told its name on the machine.
    assert groups("0::/kubepods/pod1/x\n", {".": limited(700, 200)}) == 500
    assert groups("0::/\n", {".": limited(700, 900)}) == 0


def test_free_memory_is_the_machines_where_there_are_no_groups(tmp_path):
    (tmp_path / "own").write_text("")
    assert 0 < free_memory(tmp_path / "none", tmp_path / "own") <= psutil.virtual_memory().total


@pytest.mark.parametrize("gigabytes, jobs", [(1, 1), (5, 2), (6.5, 3), (1000, 4)])
def test_as_many_are_graded_at_a_time_as_there_is_memory_for(gigabytes, jobs, monkeypatch):
    monkeypatch.setattr(workers, "free_memory", lambda: int(gigabytes * 2**30))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(4))
    assert jobs_here(Settings(memory_gigabytes=6)) == jobs


def test_more_at_a_time_than_there_is_memory_for_is_done_where_asked_for_and_said(capsys):
    assert commands._jobs(8, 2) == 8
    assert "--jobs 8 is more than" in capsys.readouterr().err
    assert commands._jobs(2, 2) == commands._jobs(None, 2) == 2
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(group._place()[0] is None, reason="no control group may be made here")
def test_control_group_ends_what_takes_more_than_its_limit():
    made = group.Group(200 * 2**20)
    hungry = "input()\nblocks = [b'x' * 2**20 for _ in range(1000)]\nprint('had it')"
    with subprocess.Popen([sys.executable, "-c", hungry], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        made.take_in(process.pid)
        said, _ = process.communicate(b"\n")
    assert (process.returncode, said) == (-signal.SIGKILL, b"")
    folder = made.folder
    made.close()
    assert not folder.exists()


@pytest.mark.parametrize(
    "own, limits, places",
    [
        ("4:memory:/a\n3:cpu:/b\n", {}, ["memory/a"]),
        ("0::/\n", {}, ["."]),
        ("0::/user/x.scope\n", {"user/x.scope": "max"}, ["user"]),
        # Beside it, hosts would be free of what somebody set for all of it.
        ("0::/user/x.scope\n", {"user/x.scope": "1000"}, []),
        ("0::/user/x.scope\n", {}, []),
    ],
)
def test_control_group_is_made_where_no_limit_is_escaped(own, limits, places, tmp_path):
    for folder, most in limits.items():
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "memory.max").write_text(f"{most}\n")
    assert [place for place, _ in group._candidates(tmp_path, own)] == [tmp_path / place for place in places]


def test_without_a_control_group_hosts_do_without(monkeypatch):
    monkeypatch.setattr(group, "_place", lambda: (None, ()))
    made = group.Group(2**20)
    made.take_in(os.getpid())
    made.close()
    assert made.folder is None
