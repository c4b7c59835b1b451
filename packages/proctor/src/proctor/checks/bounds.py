"""What the grading side itself spends on a submission's answers: so much time and memory for a check, and no more."""

import contextlib
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator

from proctor.checks.submission import Submission

SECONDS = 30
GIGABYTES = 2
# What a check may cost us before it is on the submission's time: to draw inputs, to ask the reference.
OUR_OWN_SECONDS = 0.5


class TooMuchWork(Exception):
    """A check takes the grader more than it may."""


@contextlib.contextmanager
def bounded(subject: Submission, device: str) -> Iterator[None]:
    """Run part of a check within its bounds, and put the time that it takes on the submission's.

    What goes beyond is stopped by `TooMuchWork`, in a main thread, or by a MemoryError, where there is no GPU's driver.
    """
    start, seconds = time.process_time(), min(SECONDS, max(subject.seconds_left, OUR_OWN_SECONDS))
    with _memory(int(GIGABYTES * 2**30)) if device == "cpu" else contextlib.nullcontext():
        if threading.current_thread() is threading.main_thread():
            with _processor_time(seconds):
                yield
        else:
            yield
    spent = time.process_time() - start
    subject.charge(max(spent - OUR_OWN_SECONDS, 0.0))


@contextlib.contextmanager
def _memory(more):
    """A limit of so many bytes over what this process has now."""
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = _address_space()
    limits = [limit for limit in (used + more, before, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))


def _address_space():
    """The bytes of this process's address space, asked twice for each check: so without what a text file takes."""
    file = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return int(os.read(file, 100).split()[0]) * resource.getpagesize()
    finally:
        os.close(file)


@contextlib.contextmanager
def _processor_time(seconds):
    """An exception after so many seconds of this process, however long it waits for a host."""

    def stop(*_):
        raise TooMuchWork(f"it takes the grader more than {seconds:.2g} seconds")

    before = signal.signal(signal.SIGPROF, stop)
    # Once more each second: a check may well catch what it is stopped by.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
