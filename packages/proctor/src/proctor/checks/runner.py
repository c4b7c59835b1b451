"""Checks are put to submissions: collected by pytest once, then run on one subject after the other."""

import contextlib
import functools
import inspect
import io
import sys
import warnings
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from _pytest.runner import runtestprotocol  # as pytest-rerunfailures does it: pytest itself runs no check twice

from proctor.authoring import bank
from proctor.authoring.assignment import Assignment, Exercise
from proctor.checks.bounds import TooMuchWork, bounded
from proctor.checks.cell import Cell
from proctor.checks.connections import InProcess
from proctor.checks.outcome import GradingError, Outcome, Run
from proctor.checks.secret import AUDIT_KEY
from proctor.checks.submission import Submission
from proctor.course import Course, told, trust


@dataclass
class CollectedRun(Run):
    """An assignment's checks as pytest collects them, to be put to one submission after the other."""

    present: Submission | None = None
    course: Course | None = None
    items: list[pytest.Item] = field(default_factory=list)
    stopped: list[tuple[BaseException, Path]] = field(default_factory=list)
    interrupted: bool = False

    def subject(self, folder):
        """The submission of the present."""
        return self.present

    def course_of(self, folder):
        """The course that is graded: to read its settings again for each check takes longer than many a check."""
        return self.course

    def pytest_keyboard_interrupt(self, excinfo):
        """Note that this process is being stopped, of which pytest makes a status of its own."""
        self.interrupted = excinfo.type is KeyboardInterrupt

    def pytest_runtestloop(self, session):
        """Keep what was collected, in the place of running it."""
        self.items = session.items
        return True

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_setup(self):
        """What a fixture asks of a submission is part of the check."""
        yield from self._within_bounds()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self):
        """The check itself."""
        yield from self._within_bounds()

    def _within_bounds(self):
        with bounded(self.present, self.device):
            ended = yield
        if ended.excinfo is not None and isinstance(ended.excinfo[1], (TooMuchWork, MemoryError)):
            # An answer may have been read in part; the next question needs a new host.
            self.present.close()

    def pytest_exception_interact(self, node, call, report):
        """Keep what stopped a file of checks: pytest's own words for it are many."""
        if isinstance(report, pytest.CollectReport):
            error = call.excinfo.value
            self.stopped.append((error.__cause__ or error, node.path))


@functools.cache
def collect(root, name, device):
    """The checks of an assignment: collected once, as that takes longer than to run many of them."""
    # Nothing that happens to be installed has a say. Some of pytest's own plugins collect garbage or prepare for a log
    # at every step of a check, or keep what would be printed.
    unused = (
        "capture", "logging", "warnings", "unraisableexception", "threadexception", "cacheprovider", "setuponly",
        "setupplan",
    )  # fmt: skip
    quiet = ["--disable-plugin-autoload", "-p", "proctor.plugin"]
    quiet += [word for plugin in unused for word in ("-p", f"no:{plugin}")]
    quiet += ["-q", "--tb=no", f"--rootdir={root}", "-o", "addopts=", "--import-mode=importlib"]
    run, words = CollectedRun(device), io.StringIO()
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
        status = pytest.main([str(root / "graders" / name), *quiet], plugins=[run])
    if run.interrupted:
        raise KeyboardInterrupt
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        reasons = [told(error, root, path) for error, path in run.stopped] or words.getvalue().strip().splitlines()[-1:]
        raise GradingError(f"the checks of `{name}` could not be run: {'; '.join(reasons)}")
    return run


@contextlib.contextmanager
def _heard_warnings():
    """Warnings are printed, as in a host, whatever whoever runs this makes of them: a test suite collects them."""

    def show(message, category, filename, lineno, file=None, line=None):
        sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))

    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("default")
        warnings.showwarning = show
        yield


def run_checks(
    assignment: Assignment,
    exercises: list[str],
    subjects: list[Submission],
    device: str,
    key: bytes = AUDIT_KEY,
    stop_at_failure: bool = False,
) -> list[Outcome]:
    """Put the checks of some exercises to some subjects, with pytest, in this process, on inputs of the key's.

    Parameters
    ----------
    stop_at_failure : to spare a subject's other checks once one has failed

    Raises
    ------
    GradingError : where the checks cannot be run, a fault of the course
    """
    # As in the hosts: sums in the same order, on any number of cores, and no TF32 in the reference either.
    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False
    trust(assignment.course)
    run = collect(assignment.root, assignment.name, device)
    run.course, run.key, run.outcomes, run.fault = assignment.course, key, [], ""
    items = [item for item in run.items if item.path.stem.removeprefix("test_") in exercises]
    missing = sorted(set(exercises) - {item.path.stem.removeprefix("test_") for item in items})
    if missing:
        raise GradingError(f"no checks in graders/{assignment.name}/test_{missing[0]}.py; run `proctor build`")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), _heard_warnings():
        for run.present in subjects:
            for item, following in zip(items, [*items[1:], None], strict=True):
                # A known mistake runs in this process, and may have left its settings.
                torch.set_grad_enabled(True)
                torch.set_default_dtype(torch.float32)
                runtestprotocol(item, log=False, nextitem=following)
                if run.fault:
                    raise GradingError(run.fault)
                if stop_at_failure and run.outcomes[-1].failure is not None:
                    # What its next check would have shared is not the next subject's.
                    item.session._setupstate.teardown_exact(None)
                    break
    return run.outcomes


def checks_of(assignment: Assignment, device: str) -> dict[str, list[str]]:
    """The names of the checks of each exercise, in their files' order.

    Raises
    ------
    GradingError : where they cannot be read, a fault of the course
    """
    trust(assignment.course)
    names = {}
    for item in collect(assignment.root, assignment.name, device).items:
        names.setdefault(item.path.stem.removeprefix("test_"), []).append(item.originalname)
    return {exercise: list(dict.fromkeys(own)) for exercise, own in names.items()}


def variant_subject(assignment: Assignment, exercise: Exercise, variant: bank.Alternative) -> Submission:
    """A known mistake or alternative as checks see it, its code in this process."""
    return own_subject(assignment, exercise, variant.name, bank.changed_code(exercise, variant))


def own_subject(assignment: Assignment, exercise: Exercise, name: str, code: str) -> Submission:
    """Code of the course's own for one exercise as checks see it, in this process.

    Only the exercise's own code is new, in a copy of the reference's namespace: nothing it does to a list or a dict
    of the notebook reaches the reference.
    """
    module = bank.load_module(assignment.course, assignment.solutions_module)
    reference = vars(module)
    namespace = {key: copy(value) if isinstance(value, list | dict) else value for key, value in reference.items()}
    exec(compile(code, f"<{name}>", "exec"), namespace)
    # What it imports, and what it builds on, stands in other cells of a notebook.
    return Submission(name, InProcess(namespace), [Cell("solutions", _source(module)), Cell(exercise.id, code)])


@functools.cache
def _source(module):
    return inspect.getsource(module)
