"""Verdicts: what grading gives, as data."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field


@dataclass
class CheckVerdict:
    """One check of a verdict.

    `mistake` is the name of the known mistake that explains a failure, or None. `details` are for who answers a
    complaint: what was called, what came back, what the reference gives; they are taken down only when asked for.
    `observed` tells failures apart: two submissions with the same one did the same wrong thing on the same inputs.
    `lost` is whether the code ended its process there, or was stopped.
    """

    name: str
    title: str
    points: float
    max_points: float
    passed: bool
    message: str
    mistake: str | None = None
    details: list[str] = field(default_factory=list)
    observed: str = ""
    lost: bool = False


@dataclass
class ExerciseVerdict:
    """One exercise of a verdict; `status` is correct, partial, wrong, missing, error, or unclear (for a person)."""

    id: str
    title: str
    points: float
    max_points: float
    status: str
    checks: list[CheckVerdict]


@dataclass
class Verdict:
    """What grading a submission gives.

    Parameters
    ----------
    submission : str, as it was named to the grader
    device : "cpu" or "cuda"
    seconds : float, wall-clock time of grading, whenever that was
    sandbox : what the code ran in, "bubblewrap", "landlock" or "none"
    notes : what an instructor should know, one sentence each
    exercises : those with checks
    by_hand : float, what the written answers are worth, which a person marks; `points` and `max_points` are without it
    """

    assignment: str
    submission: str
    points: float
    max_points: float
    device: str
    seconds: float
    sandbox: str
    notes: list[str]
    exercises: list[ExerciseVerdict] = field(default_factory=list)
    by_hand: float = 0.0

    def as_json(self) -> dict:
        """Plain data for `json.dump`."""
        return asdict(self)


def refusal(exercises: Iterable[ExerciseVerdict]) -> str:
    """Why nothing of a submission could be graded, which each of its checks says; empty where it could."""
    said = {check.message for exercise in exercises for check in exercise.checks}
    (only,) = said if len(said) == 1 else [""]
    return only if only.endswith("Nothing could be graded.") else ""
