"""The pytest plugin: the fixtures that checks are written with, and the record of how checks end.

It is installed with the package, so plain pytest has it:

    pytest graders                          the solutions are graded
    pytest graders --submission ann.ipynb   so is a submission

Checks live in `graders/<assignment>/test_<exercise>.py`. `proctor.checks.runner` runs them in the same way, with a
`Run` of its own. What loads torch is imported where it is needed: any pytest, of whatever tests, loads this file.
"""

import inspect
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from proctor.authoring.assignment import load_assignment
from proctor.authoring.bank import load_module
from proctor.authoring.errors import BuildError
from proctor.checks.outcome import RUN, GradingError, Outcome, Run
from proctor.checks.secret import check_seed
from proctor.course import open_course, trust
from proctor.settings import SettingsError, resolve_device

GRADERS = "graders"


@dataclass
class PlainRun(Run):
    """The run of plain pytest: a host is opened when the first check asks for it, and closed at the end."""

    path: Path | None = None
    opened: dict[Path, tuple] = field(default_factory=dict)

    def subject(self, folder):
        """The submission, where the folder holds its assignment's checks; without one, the solution."""
        from proctor.grading import grade, intake
        from proctor.isolation.process import HostProcess

        course = open_course(folder)
        if self.path is not None and folder.name != intake.identify(self.path, course):
            return None
        if folder not in self.opened:
            assignment = load_assignment(course, folder.name)
            path = self.path or assignment.source_notebook
            taken = intake.read_submission(path, assignment)
            start = partial(HostProcess, course, self.device)
            self.opened[folder] = (assignment, grade.open_submission(str(path), taken, assignment, start))
        return self.opened[folder][1]

    def summary(self):
        """The points and messages, as a student would read them."""
        from proctor.grading.grade import draw_up
        from proctor.grading.report import table

        lines = []
        for assignment, subject in self.opened.values():
            known = {exercise.id for exercise in assignment.exercises}
            own = [o for o in self.outcomes if o.subject == subject.name and o.exercise in known]
            # Where no check could be run, pytest has said why.
            lines += table(draw_up(assignment, subject.name, own, self.device, [])) if own else []
        return lines

    def close(self):
        """End the hosts."""
        for _, subject in self.opened.values():
            subject.close()


def pytest_addoption(parser):
    """The command line of plain pytest."""
    group = parser.getgroup("proctor")
    group.addoption("--submission", metavar="PATH", help="notebook or .py to grade; the solutions if not given")
    group.addoption("--device", default="auto", choices=["auto", "cpu", "cuda"], help="where student code runs")


def pytest_configure(config):
    """The marker of this plugin."""
    config.addinivalue_line("markers", "points(n): the points of a check, its share of the exercise's")


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
    return load_module(open_course(folder), f"solutions.{folder.name}")


@pytest.fixture
def device(request):
    """The torch device on which student code runs."""
    import torch

    return torch.device(_run(request.config).device)


@pytest.fixture
def seed(request):
    """An int of this check's own, the same whenever the same submission is graded."""
    name = f"{request.path.parent.name}/{request.path.stem}/{request.function.__name__}"
    return check_seed(_run(request.config).key, name)


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


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Records how a check ended."""
    yield
    if not _is_check(item.path) or "submission" not in item.fixturenames or call.when == "teardown":
        return
    if call.when == "setup" and call.excinfo is None:
        return
    run = _run(item.config)
    if call.excinfo is not None:
        from proctor.grading.reading import Unreadable
        from proctor.isolation.sandbox import SandboxError

        if isinstance(call.excinfo.value, (BuildError, GradingError, SandboxError, SettingsError, Unreadable)):
            run.fault = item.session.shouldstop = str(call.excinfo.value)
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


def pytest_sessionfinish(session):
    """Ends the hosts that this run started."""
    run = session.config.stash.get(RUN, None)
    if run is not None:
        run.close()
