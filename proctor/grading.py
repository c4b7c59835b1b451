"""Grading: checks are run against a submission, failures are explained, and the verdict is drawn up."""

import atexit
import contextlib
import functools
import io
import socket
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from _pytest.runner import runtestprotocol  # as pytest-rerunfailures does it: pytest itself runs no check twice

from proctor import bank, intake
from proctor.assignment import Assignment, Exercise, find_root, list_assignments, load_assignment
from proctor.expect import Unmet
from proctor.nursery import Nursery
from proctor.plugin import Failure, Outcome, Run
from proctor.process import Connection, ForkedHost, HostLost, HostProcess
from proctor.secret import AUDIT_KEY, submission_key
from proctor.settings import Settings, load_settings, resolve_device
from proctor.submission import InProcess, InSandbox, MissingName, Refused, StudentError, Submission
from proctor.verdict import CheckVerdict, ExerciseVerdict, GradingError, Verdict, table

NOT_WRITTEN = "Not implemented yet."
MAX_MESSAGE = 3000


def identify(path: Path, root: Path) -> str:
    """The assignment that a file is a submission of: by its name, else by the grade ids in it.

    Raises
    ------
    intake.Unreadable : where there is no such file
    GradingError : where neither tells
    """
    intake.require_file(path)
    names = list_assignments(root)
    if path.stem in names:
        return path.stem
    if path.suffix == ".ipynb":
        with contextlib.suppress(intake.Unreadable):
            cells = intake.read_notebook(path).cells
            metadata = [cell.metadata.get("nbgrader") for cell in cells]
            found = {entry.get("grade_id") for entry in metadata if isinstance(entry, dict)}
            shared = {name: len(found & _ids(root, name)) for name in names}
            best = max(shared, key=shared.get, default=None)
            if best and shared[best]:
                return best
    raise GradingError(f"{path}: cannot tell the assignment; name it with --assignment (there are {', '.join(names)})")


def _ids(root, name):
    return {exercise.id for exercise in load_assignment(root, name).exercises}


_nurseries: dict[tuple, Nursery] = {}


def warm_hosts(assignment: Assignment, settings: Settings, device: str) -> Callable[[], Connection]:
    """What starts a host for the assignment: this process's nursery, once that of another assignment is closed."""
    root = assignment.root
    if device != "cpu":
        return functools.partial(HostProcess, root, settings, device)
    nursery = _nurseries.get(_nursery_key(assignment, settings)) or adopt_nursery(assignment, settings)
    return functools.partial(ForkedHost, nursery, root, settings)


def adopt_nursery(assignment: Assignment, settings: Settings, control: socket.socket | None = None) -> Nursery:
    """Have this process's hosts for the assignment forked by a nursery, another process's where `control` is given."""
    close_nurseries()
    nursery = Nursery(assignment.root, settings, intake.imports(assignment), control)
    _nurseries[_nursery_key(assignment, settings)] = nursery
    return nursery


def _nursery_key(assignment, settings):
    return assignment.root, assignment.name, repr(settings)


@atexit.register
def close_nurseries() -> None:
    """End the warm hosts of this process."""
    while _nurseries:
        _nurseries.popitem()[1].close()


def open_submission(name: str, taken: intake.Intake, settings: Settings, start: Callable[[], Connection]) -> Submission:
    """The submission as checks see it, its code in a host that `start` gives."""
    if taken.refused:
        return Submission(name, Refused(taken.refused), [])
    return Submission(name, InSandbox(taken.cells, settings, start), taken.cells)


def variant_subject(assignment: Assignment, exercise: Exercise, variant: bank.Alternative) -> Submission:
    """A known mistake or alternative as checks see it, its code in this process."""
    return own_subject(assignment, exercise, variant.name, bank.changed_code(exercise, variant))


def own_subject(assignment: Assignment, exercise: Exercise, name: str, code: str) -> Submission:
    """Code of the course's own for one exercise as checks see it, in this process.

    Only the exercise's own code is new, in a copy of the reference's namespace: nothing it does to a list or a dict
    of the notebook reaches the reference.
    """
    reference = vars(bank.load_module(assignment.root, assignment.solutions_module))
    namespace = {key: copy(value) if isinstance(value, list | dict) else value for key, value in reference.items()}
    exec(compile(code, f"<{name}>", "exec"), namespace)
    return Submission(name, InProcess(namespace), [intake.Cell(exercise.id, code)])


@dataclass
class CollectedRun(Run):
    """An assignment's checks as pytest collects them, to be put to one submission after the other."""

    present: Submission | None = None
    items: list[pytest.Item] = field(default_factory=list)

    def subject(self, folder):
        """The submission of the present."""
        return self.present

    def pytest_runtestloop(self, session):
        """Keep what was collected, in the place of running it."""
        self.items = session.items
        return True


@functools.cache
def _collect(root, name, device):
    """The checks of an assignment: collected once, as that takes longer than to run many of them."""
    # Nothing that happens to be installed has a say. Some of pytest's own plugins collect garbage or prepare for a log
    # at every step of a check, or keep what would be printed.
    unused = ("capture", "logging", "warnings", "unraisableexception", "threadexception", "cacheprovider")
    quiet = ["--disable-plugin-autoload", "-p", "proctor.plugin"]
    quiet += [word for plugin in unused for word in ("-p", f"no:{plugin}")]
    quiet += ["-q", "--tb=no", f"--rootdir={root}", "-o", "addopts=", "--import-mode=importlib"]
    run, words = CollectedRun(device), io.StringIO()
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
        status = pytest.main([str(root / "graders" / name), *quiet], plugins=[run])
    if status != pytest.ExitCode.OK:
        raise GradingError(f"the checks of `{name}` could not be run:\n{words.getvalue().strip()}")
    return run


def run_checks(
    assignment: Assignment, exercises: list[str], subjects: list[Submission], device: str, key: bytes = AUDIT_KEY
) -> list[Outcome]:
    """Put the checks of some exercises to some subjects, with pytest, in this process, on inputs of the key's.

    Raises
    ------
    GradingError : where the checks cannot be run, a fault of the course
    """
    # As in the hosts: sums in the same order, on any number of cores, and no TF32 in the reference either.
    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False
    run = _collect(assignment.root, assignment.name, device)
    run.key, run.outcomes, run.fault = key, [], ""
    items = [item for item in run.items if item.path.stem.removeprefix("test_") in exercises]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for run.present in subjects:
            for item, following in zip(items, [*items[1:], None], strict=True):
                runtestprotocol(item, log=False, nextitem=following)
                if run.fault:
                    raise GradingError(run.fault)
    return run.outcomes


def explain(error: BaseException, exercise: str, subject: Submission) -> Failure:
    """Why a check failed, in a student's words."""
    if isinstance(error, Unmet):
        return Failure("wrong", error.message, error.observed)
    if isinstance(error, StudentError):
        if error.type_name == "NotImplementedError":
            return _explain_unwritten(exercise, subject)
        observed = f"{error.type_name}: {error.message}"
        return Failure("error", f"Your code stopped with {observed}{_place(error)}.{_circumstance(error)}", observed)
    if isinstance(error, MissingName):
        return _explain_missing(error, exercise, subject)
    if isinstance(error, HostLost):
        return Failure("error", str(error), str(error), lost=True)
    observed = f"{type(error).__name__}: {error}"
    return Failure("wrong", f"The check could not use what your code gave back ({observed[:300]}).", observed)


def _explain_unwritten(exercise, subject):
    """Nothing is written, or what is could not be run, and the cell as it was released stands in its place."""
    cause = subject.cell_errors.get(exercise)
    if cause is None or _is_unwritten(cause):
        return Failure("missing", NOT_WRITTEN)
    return Failure("error", f"Its cell stopped: {_cause(cause)}", str(cause))


def _explain_missing(error, exercise, subject):
    errors = subject.cell_errors
    own = errors.get(exercise)
    cell, cause = (exercise, own) if own is not None else next(iter(errors.items()), (None, None))
    if cause is None:
        return Failure("missing", str(error))
    if _is_unwritten(cause):
        return Failure("missing", NOT_WRITTEN)
    which = "its cell" if cell == exercise else f"the cell `{cell}`"
    return Failure("error", f"{error} That is because {which} stopped: {_cause(cause)}", str(error))


def _is_unwritten(error):
    return isinstance(error, StudentError) and error.type_name == "NotImplementedError"


def _cause(error):
    """What stopped a cell, in words."""
    if isinstance(error, StudentError):
        return f"{error.type_name}: {error.message}{_place(error)}.{_circumstance(error)}"
    return str(error)


def _place(error):
    if error.cell is None:
        return ""
    source = f": `{error.source}`" if error.source else ""
    return f" (cell `{error.cell}`, line {error.line}{source})"


def _circumstance(error):
    """What is different where submissions are graded, where that is why the code stopped; starts with a space."""
    if error.type_name == "PermissionError" and error.message.startswith("[Errno 1]"):
        return " A submission runs as one process: it starts no others (`num_workers=0`) and has no network."
    if error.type_name == "EOFError":
        return " Nobody is there to answer `input()` when a submission is graded."
    if "NVIDIA" in error.message or "not compiled with CUDA" in error.message:
        return " There is no GPU where this was graded; work on the device of the inputs: `x.device`."
    return ""


def same_failure(one: Failure | None, other: Failure | None) -> bool:
    """Two failures show the same mistake: the same kind, and the same observation as far as floats can tell."""
    if one is None or other is None:
        return one is other
    if one.kind != other.kind or type(one.observed) is not type(other.observed):
        return False
    if isinstance(one.observed, (torch.Tensor, np.ndarray)):
        a, b = torch.as_tensor(one.observed), torch.as_tensor(other.observed)
        same = a.shape == b.shape and a.dtype == b.dtype
        return same and torch.allclose(a.double(), b.double(), rtol=1e-3, atol=1e-5, equal_nan=True)
    if one.observed is None:
        return one.message == other.message
    return repr(one.observed) == repr(other.observed)


@functools.cache
def mistakes_outcomes(assignment: Assignment, exercise: Exercise, device: str) -> dict:
    """How each known mistake of an exercise fares in its checks: {mistake: {check: failure or None}}.

    They run in this process, once for as long as it lives.
    """
    known = [mistake for mistake in bank.mistakes(assignment) if mistake.exercise == exercise.id]
    subjects = [variant_subject(assignment, exercise, mistake) for mistake in known]
    seen = {mistake.name: {} for mistake in known}
    for outcome in run_checks(assignment, [exercise.id], subjects, device) if subjects else []:
        seen[outcome.subject][outcome.check] = outcome.failure
    return seen


def forget() -> None:
    """Have the checks collected, and the mistakes put to them, anew."""
    _collect.cache_clear()
    mistakes_outcomes.cache_clear()


def diagnose(outcomes: list[Outcome], known: dict) -> dict[str, str]:
    """The known mistake behind each failed check of one exercise.

    A mistake that fares the same in every check explains all failures. Else somebody made two mistakes at once, and
    a check is explained by a mistake that is seen just so in this check and in no other mistake.

    Parameters
    ----------
    outcomes : of one submission, one exercise
    known : as `mistakes_outcomes` gives it

    Returns
    -------
    {check: mistake}
    """
    failures = {outcome.check: outcome.failure for outcome in outcomes}
    failed = [check for check, failure in failures.items() if failure is not None and failure.kind != "missing"]
    for name, seen in known.items():
        if failed and all(same_failure(failures[check], seen.get(check)) for check in failures):
            return dict.fromkeys(failed, name)
    explained = {}
    for check in failed:
        alike = [name for name, seen in known.items() if same_failure(failures[check], seen.get(check))]
        if len(alike) == 1:
            explained[check] = alike[0]
    return explained


def draw_up(
    assignment: Assignment,
    name: str,
    outcomes: list[Outcome],
    device: str,
    settings: Settings,
    notes: list[str],
    replayed: list[Outcome] | None = None,
) -> Verdict:
    """The verdict over one submission: points, messages, diagnosis. Written answers are left to a person.

    Parameters
    ----------
    replayed : the outcomes on the audit's inputs, for the diagnosis; `outcomes` if None
    """
    replayed = outcomes if replayed is None else replayed
    hints = {mistake.name: mistake.hint for mistake in bank.mistakes(assignment)}
    notes = [_one_line(note) for note in notes]
    verdict = Verdict(assignment.name, name, 0.0, 0.0, device, 0.0, settings.sandbox, notes)
    for exercise in assignment.exercises:
        if exercise.written:
            verdict.by_hand += exercise.points
            continue
        own = [outcome for outcome in outcomes if outcome.exercise == exercise.id]
        failed = [outcome.failure for outcome in own if outcome.failure is not None]
        causes = {}
        if any(failure.kind != "missing" for failure in failed):
            again = [outcome for outcome in replayed if outcome.exercise == exercise.id]
            causes = diagnose(again, mistakes_outcomes(assignment, exercise, device)) if again else {}
        checks = []
        for outcome in own:
            failure, mistake = outcome.failure, causes.get(outcome.check)
            message = _one_line(failure.message) if failure else ""
            if mistake:
                message = f"{message}\n{hints[mistake]}"
            earned = 0.0 if failure else outcome.points
            checks.append(
                CheckVerdict(outcome.check, outcome.title, earned, outcome.points, not failure, message, mistake)
            )
        points = sum(check.points for check in checks)
        status = _status(points, exercise.points, failed)
        verdict.exercises.append(
            ExerciseVerdict(exercise.id, exercise.title, points, float(exercise.points), status, checks)
        )
    verdict.points = sum(exercise.points for exercise in verdict.exercises)
    verdict.max_points = sum(exercise.max_points for exercise in verdict.exercises)
    return verdict


def _one_line(text):
    """Whatever student code put into a message is data: no line of its own, no control characters, no flood."""
    return intake.plain_text(" ".join(text.split()), MAX_MESSAGE)


def _status(points, max_points, failed):
    if not failed and points == max_points:
        return "correct"
    if points > 0:
        return "partial"
    kinds = {failure.kind for failure in failed}
    return kinds.pop() if kinds in ({"missing"}, {"error"}) else "wrong"


def grade(
    path: Path,
    root: Path,
    assignment: str | None = None,
    device: str = "auto",
    name: str = "",
    key: bytes | None = None,
) -> Verdict:
    """Grade one notebook or `.py`.

    Parameters
    ----------
    path, root : Path, the file and the course
    assignment : str, the assignment's name where the file does not tell it
    device : "auto", "cpu" or "cuda"
    name : str, what the verdict calls the submission; the path if empty
    key : as for `grade_intake`

    Raises
    ------
    intake.Unreadable : where the file cannot be read
    GradingError : where nothing can be graded here
    """
    device = resolve_device(device)
    course = load_assignment(root, assignment or identify(path, root))
    return grade_intake(intake.read_submission(path, course), course, name or str(path), device, key)


def grade_intake(
    taken: intake.Intake, assignment: Assignment, name: str, device: str, key: bytes | None = None
) -> Verdict:
    """Grade what an intake gave. An exercise that nothing was found for is missing, with the intake's note.

    The checks draw their inputs from the key; from the course's secret and the submission's code if it is None.
    """
    start = time.perf_counter()
    settings = load_settings(assignment.root)
    subject = open_submission(name, taken, settings, warm_hosts(assignment, settings, device))
    try:
        exercises = [exercise.id for exercise in assignment.exercises if not exercise.written]
        key = submission_key(assignment.root, taken.cells) if key is None else key
        outcomes = run_checks(assignment, exercises, [subject], device, key)
        replayed = outcomes if key == AUDIT_KEY else _replay(assignment, outcomes, subject, device)
        notes = [*taken.notes, *_cell_notes(subject.cell_errors, exercises)]
    finally:
        subject.close()
    verdict = draw_up(assignment, name, outcomes, device, settings, notes, replayed)
    verdict.seconds = round(time.perf_counter() - start, 2)
    return verdict


def _replay(assignment, outcomes, subject, device):
    """What failed, on the inputs on which the mistakes are known."""
    failed = {o.exercise for o in outcomes if o.failure is not None and o.failure.kind != "missing"}
    # What was stopped once would be so again.
    failed -= {o.exercise for o in outcomes if o.failure is not None and o.failure.lost}
    return run_checks(assignment, sorted(failed), [subject], device) if failed else []


def _cell_notes(errors, exercises):
    """What stopped a cell that is no exercise: whatever builds on it may fail for that reason."""
    notes = []
    for cell, error in errors.items():
        unwritten = isinstance(error, StudentError) and error.type_name in ("NotImplementedError", "NameError")
        if cell not in exercises and not unwritten:
            words = f"{error}{_place(error)}.{_circumstance(error)}" if isinstance(error, StudentError) else error
            notes.append(f"The cell `{cell}` stopped: {words}")
    return notes


@dataclass
class PlainRun(Run):
    """The run of plain pytest: a host is opened when the first check asks for it, and closed at the end."""

    path: Path | None = None
    opened: dict[str, tuple[Assignment, Submission]] = field(default_factory=dict)

    def subject(self, folder):
        """The submission, where the folder holds its assignment's checks; without one, the solution."""
        root = find_root(folder)
        if self.path is not None and folder.name != identify(self.path, root):
            return None
        if folder.name not in self.opened:
            assignment = load_assignment(root, folder.name)
            path = self.path or assignment.source_notebook
            taken = intake.read_submission(path, assignment)
            settings = load_settings(root)
            start = functools.partial(HostProcess, root, settings, self.device)
            self.opened[folder.name] = (assignment, open_submission(path.stem, taken, settings, start))
        return self.opened[folder.name][1]

    def summary(self):
        """The points and messages, as a student would read them."""
        lines = []
        for assignment, subject in self.opened.values():
            known = {exercise.id for exercise in assignment.exercises}
            own = [o for o in self.outcomes if o.subject == subject.name and o.exercise in known]
            lines += table(draw_up(assignment, subject.name, own, self.device, load_settings(assignment.root), []))
        return lines

    def close(self):
        """End the hosts."""
        for _, subject in self.opened.values():
            subject.close()


def plain_run(path: str | None, device: str) -> PlainRun:
    """What `pytest graders [--submission PATH]` runs: the submission, or each assignment's solution."""
    return PlainRun(resolve_device(device), path=Path(path) if path else None)
