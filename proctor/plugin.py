"""The pytest plugin: the fixtures that checks are written with, and the record of how checks end.

It is installed with the package, so plain pytest has it:

    pytest graders                          the solutions are graded
    pytest graders --submission ann.ipynb   so is a submission

Checks live in `graders/<assignment>/test_<exercise>.py`. `proctor.grading` runs them by the same way, with a
`Run` of its own choosing.
"""

import inspect
from dataclasses import dataclass, field

import pytest

from proctor.secret import AUDIT_KEY, check_seed

GRADERS = "graders"
RUN = pytest.StashKey()


@dataclass(frozen=True)
class Failure:
    """Why a check failed.

    Parameters
    ----------
    kind : "missing" (not written yet), "error" (the code stopped or was stopped) or "wrong"
    message : str, for the student
    observed : what the student's code gave, to tell mistakes apart
    lost : whether it ended its process, or was stopped
    """

    kind: str
    message: str
    observed: object = None
    lost: bool = False


@dataclass(frozen=True)
class Outcome:
    """How one check ended for one subject; `failure` is None where it passed."""

    subject: str
    exercise: str
    check: str
    title: str
    points: float
    failure: Failure | None


@dataclass
class Run:
    """One run of checks: the submission they are put to, and the outcomes.

    Parameters
    ----------
    device : "cpu" or "cuda"
    key : what the seeds of the checks are drawn from
    fault : why no check can be run at all, which is no submission's fault; empty where they can
    """

    device: str
    key: bytes = AUDIT_KEY
    outcomes: list[Outcome] = field(default_factory=list)
    fault: str = ""

    def pytest_configure(self, config):
        """Registers itself where this object is handed to `pytest.main`."""
        config.stash[RUN] = self

    def subject(self, folder):
        """The `Submission` that the checks in a folder of `graders` are put to; None where there is none."""
        raise NotImplementedError

    def summary(self):
        """Lines for the terminal when the run is over."""
        return []

    def close(self):
        """End what the run started."""


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
        from proctor import grading

        config.stash[RUN] = grading.plain_run(config.getoption("--submission"), config.getoption("--device"))
    return config.stash[RUN]


def pytest_ignore_collect(collection_path, config):
    """With `--submission`, only the checks of its own assignment are collected."""
    path = config.getoption("--submission")
    if path and collection_path.parent.name == GRADERS and collection_path.is_dir():
        return _run(config).subject(collection_path) is None
    return None


@pytest.fixture
def submission(request):
    """The student's code; see `proctor.submission.Submission`."""
    subject = _run(request.config).subject(request.path.parent)
    yield subject
    subject.end_check()


@pytest.fixture
def reference(request):
    """The solutions module of the check's assignment."""
    from proctor.bank import load_module

    folder = request.path.parent
    return load_module(folder.parent.parent, f"solutions.{folder.name}")


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
    subject = run.subject(item.path.parent)
    marker = item.get_closest_marker("points")
    exercise = item.path.stem.removeprefix("test_")
    failure = None
    if call.excinfo is not None:
        from proctor import grading
        from proctor.sandbox import SandboxError

        if isinstance(call.excinfo.value, SandboxError):
            run.fault = item.session.shouldstop = str(call.excinfo.value)
            return
        failure = grading.explain(call.excinfo.value, exercise, subject)
    points = float(marker.args[0]) if marker else 0.0
    outcome = Outcome(subject.name, exercise, item.originalname, title(item.function), points, failure)
    run.outcomes.append(outcome)


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
