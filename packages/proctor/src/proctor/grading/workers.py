"""Processes that grade, each a pool of its own: so it is known whose submission a worker was at when it ended.

A worker has limits of its own. They stand far above what the bounds of its parts (`checks.bounds`, `isolation.process`)
let a submission use, and are there for what those do not see.
"""

import contextlib
import faulthandler
import os
import queue
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

import psutil

from proctor.checks.outcome import GradingError
from proctor.settings import PATIENCE, Settings

TRIES = 2
GIGABYTES = 4
PROCESSOR_SECONDS = 900
# A worker and a host of an ordinary submission have a gigabyte together. One that takes up to its limit is the first of
# all processes to end where memory runs out, so that the machine need not have the limits of all of them.
GIGABYTES_EACH = 2
# A control group's limit, what is used of it, and which part of that could be given back; of version 2 and of 1.
GROUP_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


class WorkerLost(Exception):
    """A task ended its worker, each time that it was tried."""


class Workers(Executor):
    """Workers of which one that ends takes nobody's task with it but its own.

    Parameters
    ----------
    jobs : how many there are
    open_pool : gives a `ProcessPoolExecutor` of one process
    """

    def __init__(self, jobs: int, open_pool: Callable[[], ProcessPoolExecutor]):
        self._open_pool, self._tasks = open_pool, queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(jobs)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn, /, *args, **kwargs):
        """Have a worker do something, as with any executor; its future may raise `WorkerLost`."""
        future = Future()
        self._tasks.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        """End the workers once they have done what was submitted, or what they are at."""
        if cancel_futures:
            with contextlib.suppress(queue.Empty):
                while task := self._tasks.get_nowait():
                    task[0].cancel()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def _work(self):
        pool = None
        while task := self._tasks.get():
            future, call = task
            if future.set_running_or_notify_cancel():
                pool = self._do(future, call, pool)
        if pool is not None:
            pool.shutdown()

    def _do(self, future, call, pool):
        """Do a task in a pool, or in a new one; gives the one to go on with."""
        for tries_left in reversed(range(TRIES)):
            try:
                pool = pool or self._ready_pool()
                future.set_result(pool.submit(interruptible, call).result())
                break
            except BrokenProcessPool:
                pool.shutdown()
                pool = None
                if not tries_left:
                    future.set_exception(WorkerLost())
            except BaseException as error:  # noqa: BLE001 - it is for whoever waits for the task
                future.set_exception(error)
                break
        return pool

    def _ready_pool(self, tries_left=TRIES - 1):
        """A new pool whose worker has started, so that what ends it later is its task."""
        pool = self._open_pool()
        try:
            pool.submit(os.getpid).result()
        except BrokenProcessPool as error:
            pool.shutdown()
            if tries_left:
                return self._ready_pool(tries_left - 1)
            raise GradingError("a process that grades could not be started, or was ended at once") from error
        return pool


def interruptible(call: Callable) -> object:
    """Do a task in a worker in which Ctrl-C is blocked: of that, it ends a task alone, and not what starts or waits."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        return call()
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def limit_memory() -> None:
    """Have this process get no more than `GIGABYTES` beyond what it has now."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (used + GIGABYTES * 2**30, hard))


@contextlib.contextmanager
def limited_time(settings: Settings) -> Iterator[None]:
    """End this process where one submission takes it longer than any may, by the clock or by its processor time."""
    hosts = PATIENCE * (settings.submission_seconds + settings.own_cells_seconds)
    before, hard = resource.getrlimit(resource.RLIMIT_CPU)
    end = int(time.process_time()) + PROCESSOR_SECONDS
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(hosts + PROCESSOR_SECONDS, exit=True, file=nowhere)
        if hard == resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_CPU, (end, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_CPU, (before, hard))
            faulthandler.cancel_dump_traceback_later()


def jobs_here(settings: Settings) -> int:
    """How many submissions may be graded at a time: one a processor, as far as there is memory for them."""
    each = min(GIGABYTES_EACH, 1 + settings.memory_gigabytes) * 2**30
    return max(1, min(len(os.sched_getaffinity(0)), int(free_memory() / each)))


def free_memory(groups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """Bytes that this process may still take: what the machine has, and what its control groups leave of that.

    Parameters
    ----------
    groups : where the kernel shows them, of version 2 or 1
    own : what lists this process's
    """
    free = [psutil.virtual_memory().available]
    for line in own.read_text().splitlines():
        _, kinds, path = line.split(":", 2)
        if kinds in ("", "memory"):
            root, place = groups / kinds, groups / kinds / path.lstrip("/")
            # In a container, the path may be the one that the machine knows, of which only the top is shown.
            for folder in {place, *(part for part in place.parents if part.is_relative_to(root)), root}:
                free += [left for names in GROUP_FILES for left in _left_in_group(folder, *names)]
    return max(min(free), 0)


def _left_in_group(folder, limit, used, reclaimable):
    """What a group leaves, in a list; an empty one where it has no limit."""
    try:
        most, used = ((folder / name).read_text().strip() for name in (limit, used))
        about = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except OSError:
        return []
    return [] if most == "max" else [int(most) - int(used) + int(about.get(reclaimable, 0))]
