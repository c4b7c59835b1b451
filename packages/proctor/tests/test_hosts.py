"""Hosts that end, lie, or take their time; and the same numbers in all of them."""

import os
import threading
import time

import pytest

from proctor.checks.connections import MAX_STARTS
from proctor.isolation.process import HostLost, Stopwatch
from submissions import ENDINGS, hosts_of, sandboxed


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
    # What such a cell defines without calling anything is run without the rest.
    assert subject.before_0 == subject.after_0 == 0


LOADED = """
from torch.utils.data import DataLoader

loader = DataLoader(range(7), 3, num_workers=2, timeout=9, prefetch_factor=4, persistent_workers=True)
batches = [[batch.tolist() for batch in loader] for _ in range(2)]
"""


@pytest.mark.parametrize("start", ["from nothing", "forked"])
def test_batches_are_loaded_in_the_one_process_whatever_workers_are_asked_for(submit, nursery, toy_course, start):
    where = {"start": hosts_of(nursery, toy_course)} if start == "forked" else {}
    assert submit(LOADED, **where).batches == [[[0, 1, 2], [3, 4, 5], [6]]] * 2


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
        ("loops", "this call may take 1 second"),
        ("trickles", "this call may take 1 second"),
        ("announces", "more data than the grader takes"),
        ("scribbles", "more data than the grader takes|not an answer"),
        ("answers_twice", "not an answer"),
        ("hangs_up", "closed the grader's connection|this call may take 1 second"),
    ],
)
def test_host_that_dies_or_lies_in_a_call_costs_that_call_only(calls, call, words):
    start = time.monotonic()
    with pytest.raises(HostLost, match=words):
        getattr(calls, call)()
        calls.fine()
    assert time.monotonic() - start < 60
    calls.end_check()
    assert calls.fine() == "fine"
    assert calls.on_standard_output() == "harmless"


@pytest.fixture(scope="module")
def calls(toy_course):
    subject = sandboxed(toy_course, [CALLS], call_seconds=1)
    yield subject
    subject.close()


def test_submission_that_kills_every_host_is_given_up(submit, monkeypatch):
    monkeypatch.setattr("proctor.checks.connections.MAX_STARTS", 2)
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
    assert time.monotonic() - start < 60


def test_a_submission_has_a_limit_for_all_its_cells_which_the_start_of_a_host_does_not_count_in(submit):
    assert submit("n = 1", submission_seconds=0.9).n == 1
    with pytest.raises(HostLost, match=r"used up its 0\.9 seconds"):
        _ = submit("while True: pass", submission_seconds=0.9).n


def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_who_waits_for_threads_of_its_own_or_works_between_two_questions_has_no_more_time(monkeypatch):
    # As where 14 native threads share the only processor: the main one always waits.
    monkeypatch.setattr(Stopwatch, "_waited", lambda self: 1e9 * time.monotonic())
    watch = Stopwatch(os.getpid())
    thread = threading.Thread(target=burn, args=(0.3,))
    thread.start()
    thread.join()
    assert watch.stop() >= 0.3
    burn(0.3)
    watch.restart()
    assert watch.stop() >= 0.3
    watch.close()


def test_two_hosts_draw_the_same_numbers_unasked(submit):
    cell = """
        import random
        import numpy as np
        import torch
        drawn = random.random(), np.random.rand(), float(torch.rand(1))
    """
    assert submit(cell).drawn == submit(cell).drawn
