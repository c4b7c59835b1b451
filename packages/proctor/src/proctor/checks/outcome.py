"""How checks end, and the record of one run of them.

Nothing here loads torch: whoever runs any tests with pytest has `proctor.plugin`, and so this.
"""

from dataclasses import dataclass, field

from _pytest.stash import StashKey  # the rest of pytest takes a tenth of a second, for which who grades nothing waits

from proctor.checks.secret import AUDIT_KEY
from proctor.course import open_course

RUN = StashKey()


class GradingError(Exception):
    """Nothing can be graded, through no fault of the submission; the message says why in one line."""


@dataclass(frozen=True)
class Failure:
    """Why a check failed.

    Parameters
    ----------
    kind : "missing" (not written yet), "error" (the code stopped or was stopped), "unclear" (for a person to tell) or
        "wrong"
    message : str, for the student
    observed : what the student's code gave, to tell mistakes apart
    lost : whether it ended its process, or was stopped
    expected : what it was compared with, where it was; never told to a student
    """

    kind: str
    message: str
    observed: object = None
    lost: bool = False
    expected: object = None


@dataclass(frozen=True)
class Outcome:
    """How one check ended for one subject.

    `failure` is None where it passed; `steps` (of `record.Step`) are what passed between the two,
    where a record of it was kept.
    """

    subject: str
    exercise: str
    check: str
    title: str
    points: float
    failure: Failure | None
    steps: list = field(default_factory=list)


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

    def course_of(self, folder):
        """The course that a folder of `graders` belongs to."""
        return open_course(folder)

    def key_of(self, folder):
        """What the seeds of the checks in a folder of `graders` are drawn from."""
        return self.key

    def summary(self):
        """Lines for the terminal when the run is over."""
        return []

    def close(self):
        """End what the run started."""
