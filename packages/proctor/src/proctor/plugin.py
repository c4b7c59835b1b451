"""The pytest plugin: the fixtures that checks are written with, and the record of how checks end.

It is installed with the package, so plain pytest has it:

    pytest graders                          the solutions are graded
    pytest graders --submission ann.ipynb   so is a submission

Checks live in `graders/<assignment>/test_<exercise>.py`. `proctor.checks.runner` runs them in the same way, with a
`Run` of its own. What loads torch is imported where it is needed: any pytest, of whatever tests, loads this file.
"""

import inspect
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from proctor.authoring.assignment import Assignment, load_assignment
from proctor.authoring.bank import load_module
from proctor.authoring.errors import BuildError
from proctor.checks.outcome import RUN, GradingError, Outcome, Run
from proctor.checks.secret import AUDIT_KEY, check_seed, submission_key
from proctor.course import CourseError, SecretError, open_course, trust
from proctor.points import shown
from proctor.settings import SettingsError, resolve_device

GRADERS = "graders"
MAX_NAME = 500


@dataclass
class Opened:
    """An assignment whose checks are run by plain pytest, and what they are put to."""

    assignment: Assignment
    subject: object
    key: bytes


@dataclass
class PlainRun(Run):
    """The run of plain pytest: a host is opened when the first check asks for it, and closed at the end.

    Parameters
    ----------
    path : of the submission; None where the solutions are graded
    name : the submission's assignment
    """

    path: Path | None = None
    name: str = ""
    opened: dict[Path, Opened] = field(default_factory=dict)

    def subject(self, folder):
        """The submission, where the folder holds its assignment's checks; without one, the solution."""
        from proctor.grading import grade, intake
        from proctor.grading.harmless import one_line
        from proctor.isolation.process import HostProcess

        if folder not in self.opened:
            if self.path is not None and folder.name != self.name:
                return None
            course = open_course(folder)
            assignment = load_assignment(course, folder.name)
            path = self.path or assignment.source_notebook
            taken = intake.read_submission(path, assignment)
            start = partial(HostProcess, course, self.device)
            subject = grade.open_submission(one_line(str(path), MAX_NAME), taken, assignment, start)
            key = AUDIT_KEY if self.path is None else submission_key(course, taken.cells)
            self.opened[folder] = Opened(assignment, subject, key)
        return self.opened[folder].subject

    def key_of(self, folder):
        """That of the grading, so that the checks draw the same inputs; without a submission, the audit's."""
        self.subject(folder)
        return self.opened[folder].key

    def summary(self):
        """The points and messages of what was run, as a student would read them."""
        from proctor.checks.runner import run_checks
        from proctor.grading.grade import draw_up
        from proctor.grading.report import table

        lines = []
        for opened in self.opened.values():
            own = [outcome for outcome in self.outcomes if outcome.subject == opened.subject.name]
            part, note = _part_of(opened.assignment, own)
            if not part.exercises:
                # Where no check could be run, pytest has said why.
                continue
            # The mistakes are known on the audit's inputs.
            failed = {outcome.exercise for outcome in own if outcome.failure and outcome.failure.kind != "missing"}
            again = failed & {exercise.id for exercise in part.exercises} if opened.key != AUDIT_KEY else set()
            replayed = run_checks(part, sorted(again), [opened.subject], self.device) if again else None
            lines += table(draw_up(part, opened.subject.name, own, self.device, note, replayed))
        return lines

    def close(self):
        """End the hosts."""
        for opened in self.opened.values():
            opened.subject.close()


def _part_of(assignment, outcomes):
    """The assignment as far as its checks were run, with the points of these; and a note where that is not all."""
    exercises = []
    for exercise in assignment.exercises:
        points = [outcome.points for outcome in outcomes if outcome.exercise == exercise.id]
        if points and not exercise.written:
            exercises.append(replace(exercise, points=sum(points)))
    ran = sum(exercise.points for exercise in exercises)
    full = sum(exercise.points for exercise in assignment.exercises if not exercise.written)
    note = f"Only a part of the checks was run: the points are of {shown(ran)} of {shown(full)}."
    return replace(assignment, exercises=tuple(exercises)), [note] if ran != full else []


def pytest_addoption(parser):
    """The command line of plain pytest."""
    group = parser.getgroup("proctor")
    group.addoption("--submission", metavar="PATH", help="notebook or .py to grade; the solutions if not given")
    group.addoption("--device", default="auto", choices=["auto", "cpu", "cuda"], help="where student code runs")


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """The marker of this plugin; and what cannot be graded is told before anything is collected.

    Raises
    ------
    pytest.UsageError : where the submission, the course or a setting cannot be used, with one line that says why
    """
    config.addinivalue_line("markers", "points(n): the points of a check, its share of the exercise's")
    path = config.getoption("--submission")
    places = [(config.invocation_params.dir / word.partition("::")[0]).resolve() for word in config.args]
    checks = [place for place in places if GRADERS in (place.name, place.parent.name, place.parent.parent.name)]
    if RUN in config.stash or not (path or checks):
        return
    from proctor.grading.harmless import one_line
    from proctor.grading.reading import Unreadable

    try:
        course = open_course([*checks, *places, config.rootpath][0])
        _ = course.import_folders
        run = _run(config)
        if path:
            run.name = _assignment_of(run.path, course, checks)
            run.subject(course.root / GRADERS / run.name)
    except BuildError as error:
        raise pytest.UsageError(*error.errors) from None
    except (CourseError, GradingError, SecretError, SettingsError, Unreadable) as error:
        raise pytest.UsageError(one_line(str(error), MAX_NAME)) from None


def _assignment_of(path, course, checks):
    """The assignment of a submission: what the file tells, else that of the checks which are asked for."""
    from proctor.grading import selection

    folders = [place if place.is_dir() else place.parent for place in checks if place.name != GRADERS]
    named = sorted({folder.name for folder in folders})
    try:
        name = selection.identify(path, course)
    except GradingError as error:
        if len(named) == 1 and named[0] in course.assignments:
            return named[0]
        known = ", ".join(course.assignments)
        words = f"cannot tell the assignment; say {GRADERS}/<assignment>, not {GRADERS} (there are {known})"
        raise GradingError(f"{path}: {words}") from error
    if named and name not in named:
        raise GradingError(f"{path} is a submission of {name}, and has no checks in {GRADERS}/{', '.join(named)}")
    return name


def _is_check(path):
    return path.name.startswith("test_") and path.parent.parent.name == GRADERS


def _run(config):
    if RUN not in config.stash:
        path = config.getoption("--submission")
        config.stash[RUN] = PlainRun(resolve_device(config.getoption("--device")), path=Path(path) if path else None)
    return config.stash[RUN]


def pytest_ignore_collect(collection_path, config):
    """With `--submission`, only the checks of its own assignment are collected."""
    path = config.getoption("--submission")
    if path and collection_path.parent.name == GRADERS and collection_path.is_dir():
        return _run(config).subject(collection_path) is None
    return None


def pytest_pycollect_makemodule(module_path):
    """Checks are imported from the course that they lie in, as all that they import."""
    if _is_check(module_path):
        trust(open_course(module_path.parent))


@pytest.fixture
def submission(request):
    """The student's code; see `proctor.checks.submission.Submission`."""
    subject = _run(request.config).subject(request.path.parent)
    yield subject
    subject.end_check()


@pytest.fixture
def reference(request):
    """The solutions module of the check's assignment."""
    folder = request.path.parent
    return load_module(_run(request.config).course_of(folder), f"solutions.{folder.name}")


@pytest.fixture
def device(request):
    """The torch device on which student code runs."""
    import torch

    return torch.device(_run(request.config).device)


@pytest.fixture
def seed(request):
    """An int of this check's own, the same whenever the same submission is graded."""
    name = f"{request.path.parent.name}/{request.path.stem}/{request.function.__name__}"
    return check_seed(_run(request.config).key_of(request.path.parent), name)


@pytest.fixture
def generator(seed):
    """A torch generator on the CPU, seeded with the check's own seed."""
    import torch

    return torch.Generator().manual_seed(seed)


def title(function) -> str:
    """A check's title: the first sentence of its docstring."""
    doc = inspect.getdoc(function) or function.__name__
    sentence = " ".join(doc.split("\n\n")[0].split())
    return sentence.partition(". ")[0].rstrip(".") + "."


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """A check that passes has more to say where it had what ran beneath the student's code written down."""
    result = yield
    if _is_check(pyfuncitem.path) and "submission" in pyfuncitem.funcargs:
        pyfuncitem.funcargs["submission"].judge()
    return result


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Records how a check ended."""
    made = yield
    if not _is_check(item.path) or "submission" not in item.fixturenames or call.when == "teardown":
        return
    if call.when == "setup" and call.excinfo is None:
        return
    run = _run(item.config)
    if call.excinfo is not None:
        from proctor.grading.reading import Unreadable
        from proctor.isolation.sandbox import SandboxError

        if isinstance(call.excinfo.value, (BuildError, GradingError, SandboxError, SettingsError, Unreadable)):
            run.fault = item.session.shouldstop = made.get_result().longrepr = str(call.excinfo.value)
            return
        if isinstance(call.excinfo.value, pytest.FixtureLookupError):
            name = call.excinfo.value.argname
            where = f"{item.path.parent.name}/{item.path.name}: `{item.originalname}`"
            run.fault = item.session.shouldstop = f"graders/{where} asks for a fixture `{name}`, which there is not"
            return
    subject = run.subject(item.path.parent)
    marker = item.get_closest_marker("points")
    exercise = item.path.stem.removeprefix("test_")
    failure = None
    if call.excinfo is not None:
        from proctor.checks.explain import explain

        failure = explain(call.excinfo.value, exercise, subject)
    points = float(marker.args[0]) if marker else 0.0
    about = (subject.name, exercise, item.originalname, title(item.function), points)
    run.outcomes.append(Outcome(*about, failure, subject.recorded()))


def pytest_terminal_summary(terminalreporter, config):
    """After plain pytest: the points, and the messages that a student would read."""
    run = config.stash.get(RUN, None)
    lines = run.summary() if run is not None else []
    if lines:
        terminalreporter.section("points")
    for line in lines:
        terminalreporter.write_line(line)


def pytest_unconfigure(config):
    """Ends the hosts that this run started, which the summary still asks."""
    run = config.stash.get(RUN, None)
    if run is not None:
        run.close()
