"""A whole class at once: every submission is graded into the cache, by local processes or by a Dask cluster.

`nbgrader autograde` reads the cache and writes the gradebook; for what is not on record it starts local processes of
its own. Nothing is graded twice, so a run that was broken off goes on where it stopped.
"""

import contextlib
import itertools
import multiprocessing.connection
import multiprocessing.util
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import forkserver, resource_tracker
from pathlib import Path

from proctor.authoring.assignment import Assignment
from proctor.checks.outcome import GradingError
from proctor.course import SecretError
from proctor.grading import cache, intake, ready, workers
from proctor.grading.changes import Change, compare, graded_before, is_outdated
from proctor.grading.reading import is_student_id
from proctor.isolation.nursery import Nursery
from proctor.isolation.sandbox import SandboxError

ENDS_WORKERS = (
    "Grading this ended the grader's own process, twice, so nothing of it could be graded. Look for answers of an "
    "unusual size or kind, and hand it in again."
)

# What takes seconds to import, by what a notebook imports that its checks need it for, too: see `intake.imports`.
SLOW_IMPORTS = {"sklearn": "sklearn.cluster", "torch.optim": "torch._dynamo"}

# So many submissions make up for the seconds that a worker takes to start.
WORTH_A_WORKER = 8

# Checks run in pytest, of which there is one in a process, and Dask gives a worker several threads.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Graded:
    """What became of one submission.

    Parameters
    ----------
    fault : why it could not be graded, which is no fault of its own
    unchanged : whether its verdict was on record already
    changes : where it had other points before; its new verdict is then held until `cache.settle`
    outdated : whether nbgrader has another verdict on the same work; looked up where changes are
    refused : whether it was nothing that could be graded, and none of its code was run
    """

    student: str
    points: float = 0.0
    max_points: float = 0.0
    fault: str = ""
    unchanged: bool = False
    changes: tuple[Change, ...] = ()
    outdated: bool = False
    refused: bool = False


def list_students(assignment: Assignment) -> tuple[list[str], list[str]]:
    """Who handed in something, by the folders in submitted/; and those of them whose name could do harm."""
    found = [path.parent.name for path in assignment.course.submitted.glob(f"*/{assignment.name}") if path.is_dir()]
    return sorted(filter(is_student_id, found)), sorted(itertools.filterfalse(is_student_id, found))


def misplaced(assignment: Assignment) -> list[Path]:
    """Notebooks in a student's folder itself, and not in the assignment's within it."""
    found = assignment.course.submitted.glob(f"*/{assignment.name}.ipynb")
    return sorted(path for path in found if not (path.parent / assignment.name).is_dir())


def where_to(path: Path) -> str:
    """What to do about a misplaced notebook."""
    return f"it should lie in a folder {path.stem}, as {path.parent.name}/{path.stem}/{path.name}"


def submission(assignment: Assignment, student: str) -> Path:
    """Where a student's notebook is to lie."""
    return assignment.course.submitted / student / assignment.name / f"{assignment.name}.ipynb"


def _take_in(assignment, student):
    return intake.take_in(submission(assignment, student), assignment)


def grade_student(assignment: Assignment, student: str, device: str, engine: str, ask: bool = False) -> Graded:
    """Grade one submission into the cache, in a worker, whose machine sees the course in the same place.

    Parameters
    ----------
    device : "cpu" or "cuda"
    engine : the digest of what the class is to be graded with
    ask : whether a verdict that would replace another is held until somebody has agreed
    """
    with _one_at_a_time:
        if cache.engine_digest(assignment.course, device) != engine:
            return Graded(student, fault="this worker runs other packages, or other settings; restart the workers")
        try:
            taken = _take_in(assignment, student)
            changes = []

            def hold(before, after):
                before = before or _graded_before(assignment, student)
                changes.extend(compare(before, after))
                return bool(before)

            with workers.limited_time(assignment.course.settings):
                verdict = cache.grade(taken, assignment, student, device, hold if ask else None)
        except (GradingError, SandboxError, SecretError) as error:
            return Graded(student, fault=str(error))
    # Only who is asked is told; to read what nbgrader has takes as long as to take in the notebook.
    outdated, refused = ask and _is_outdated(assignment, student, verdict), bool(taken.refused)
    return Graded(student, verdict.points, verdict.max_points, "", False, tuple(changes), outdated, refused)


def _graded_before(assignment, student):
    """What nbgrader has of the notebook that a student handed in, where the cache knows nothing of it any more."""
    made_of = intake.made_of(submission(assignment, student))
    return graded_before(assignment, student, made_of) if made_of else []


def _is_outdated(assignment, student, verdict):
    return is_outdated(assignment, student, intake.made_of(submission(assignment, student)), verdict)


def grade_class(assignment: Assignment, students: list[str], open_executor, device: str) -> Iterator[Graded]:
    """Grade what some students handed in into the cache; gives each as it is done.

    A verdict that would replace another one is held until `cache.settle`.

    Parameters
    ----------
    open_executor : called without arguments, gives a context manager of a `concurrent.futures.Executor`
    device : "cpu" or "cuda"
    """
    left = []
    for student, _, verdict in _look_up(assignment, students, device):
        # What is on record is not worth a worker, of which each takes seconds to start.
        if verdict is None:
            left.append(student)
        else:
            outdated = _is_outdated(assignment, student, verdict)
            yield Graded(student, verdict.points, verdict.max_points, unchanged=True, outdated=outdated)
    if not left:
        return
    with open_executor() as executor:
        started = {future: who for who, future in _start(executor, assignment, left, device, ask=True).items()}
        for future in as_completed(started):
            result = result_of(future, assignment, started[future], device)
            if result is not None:
                left.remove(result.student)
                yield result
    if not left:
        return
    # A Dask worker that ends has several at a time. Alone, it is clear whose fault it is.
    with open_executor() as executor:
        for student in left:
            future = _start(executor, assignment, [student], device, ask=True)[student]
            yield result_of(future, assignment, student, device) or _refuse(assignment, student, device)


@contextlib.contextmanager
def grade_ahead(assignment: Assignment, students: list[str], device: str) -> Iterator[Callable[[str], None]]:
    """Grade submissions into the cache in the order of `students`, on all processors, while others go on.

    Gives a function that waits until what there was to do for a student is done; what went wrong is left to the caller,
    who finds no record. So what a submission does to who reads its answers is done to a worker; not so on a GPU, on
    which there is one at a time.

    Raises
    ------
    BuildError, GradingError, SandboxError : as `ready.load_checks`, where there is something to grade
    """
    looked_up = _look_up(assignment, students, device)
    # What is refused is not run, and not put on record.
    left = [student for student, taken, verdict in looked_up if verdict is None and not taken.refused]
    if not left or device != "cpu":
        if left:
            ready.load_checks(assignment, device)
        yield lambda student: None
        return
    jobs = min(workers.jobs_here(assignment.course.settings), max(1, len(left) // WORTH_A_WORKER))
    with local_executor(assignment, jobs, device) as executor:
        # A worker loads them, and not this process, which so never loads torch: that takes seconds of a processor.
        checks = executor.submit(ready.load_checks, assignment, device)
        started = _start(executor, assignment, left, device)
        try:
            checks.result()
        except workers.WorkerLost as error:
            words = f"the checks of `{assignment.name}` end the process that loads them"
            raise GradingError(words) from error
        yield lambda student: student in started and result_of(started[student], assignment, student, device)


def _start(executor, assignment, students, device, ask=False):
    """Hand each student's submission to a worker: {student: future}."""
    # Made here where there is none yet, so that no two workers make one each.
    _ = assignment.course.secret
    engine = cache.engine_digest(assignment.course, device)
    return {who: executor.submit(grade_student, assignment, who, device, engine, ask) for who in students}


def _look_up(assignment, students, device):
    """Each student, with what was handed in, and with the verdict that is on record or None."""
    digests = cache.exercise_digests(assignment, cache.course_contents(assignment))
    for student in students:
        taken = _take_in(assignment, student)
        yield student, taken, cache.find(taken, assignment, student, device, digests)


def _refuse(assignment, student, device):
    """Put on record that a submission earns nothing, as nobody can grade it."""
    verdict = cache.grade(_take_in(assignment, student), assignment, student, device, refusal=ENDS_WORKERS)
    return Graded(student, verdict.points, verdict.max_points)


def result_of(future: Future, assignment: Assignment, student: str, device: str) -> Graded | None:
    """What a task gave; None where a worker was lost that may have had others to grade, too."""
    try:
        return future.result()
    except workers.WorkerLost:
        return _refuse(assignment, student, device)
    except Exception as error:
        # What stops the grading of one submission is not the end of the class's.
        if type(error).__name__ == "KilledWorker":
            return None
        return Graded(student, fault=f"{type(error).__name__}: {error}")


@contextlib.contextmanager
def local_executor(assignment: Assignment, jobs: int, device: str, undisturbed: bool = False) -> Iterator[Executor]:
    """Workers on this machine for one assignment, forked from a process that has loaded torch, and with one nursery.

    Both are started at once. A GPU does not survive a fork. What has not begun when the caller leaves is cancelled.

    Parameters
    ----------
    undisturbed : whether Ctrl-C, of which a terminal tells all processes of a command, is for the caller alone
    """
    context = multiprocessing.get_context("forkserver" if device == "cpu" else "spawn")
    imported = intake.imports(assignment)
    slow = [module for start, module in SLOW_IMPORTS.items() if any(name.startswith(start) for name in imported)]
    context.set_forkserver_preload(["proctor.grading.preload", *slow])
    nursery = control = None
    if device == "cpu":
        _start_undisturbed()
        nursery = Nursery(assignment.course, imported)
        # Where there is no sandbox, each submission's worker says so.
        with contextlib.suppress(SandboxError):
            control = nursery.start()
    started = {"mp_context": context, "initializer": _start_worker, "initargs": (assignment, control, undisturbed)}
    try:
        with workers.Workers(jobs, partial(ProcessPoolExecutor, 1, **started)) as executor:
            try:
                yield executor
            finally:
                # Who is interrupted waits for what is being graded, not for the rest of the class.
                executor.shutdown(cancel_futures=True)
    finally:
        if nursery is not None:
            nursery.close()


def _start_undisturbed():
    """Start what workers are forked from: it imports for seconds, in which Ctrl-C is for who waits for it alone."""
    # It would be started with it, and then unblocks the signal.
    resource_tracker.ensure_running()
    # What starts with a signal blocked keeps it so, and with it all that it forks (`workers.interruptible`).
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(assignment, control, undisturbed):
    if undisturbed:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    # With torch, a second and a half that only workers need: `preload` has it already.
    from proctor.grading import hosts

    if control is not None:
        hosts.adopt_nursery(assignment, control)
        # Beside a GPU, of which the driver maps far more than it uses, there is no nursery either.
        workers.limit_memory()
    # What `atexit` knows is not done in a forked worker.
    multiprocessing.util.Finalize(None, hosts.close_nurseries, exitpriority=0)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    """A command that is killed cannot end its workers, which would wait for more for ever."""
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


@contextlib.contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster that is there already.

    Parameters
    ----------
    address : of its scheduler, such as tcp://10.0.0.1:8786

    Raises
    ------
    GradingError : where Dask is not installed
    OSError : where no scheduler answers
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise GradingError("--dask needs Dask here: python -m pip install distributed") from error

    with Client(address, timeout=10) as client:
        yield client.get_executor()
