"""Verdicts: what grading gives, as data and as text."""

from dataclasses import asdict, dataclass, field


class GradingError(Exception):
    """Nothing can be graded, through no fault of the submission; the message says why in one line."""


@dataclass
class CheckVerdict:
    """One check of a verdict; `mistake` is the name of the known mistake that explains a failure, or None."""

    name: str
    title: str
    points: float
    max_points: float
    passed: bool
    message: str
    mistake: str | None = None


@dataclass
class ExerciseVerdict:
    """One exercise of a verdict; `status` is correct, partial, wrong, missing or error."""

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
    seconds : float, wall-clock time of grading
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


def told(exercise: ExerciseVerdict) -> list[tuple[CheckVerdict, list[str]]]:
    """An exercise's checks, each with the lines of its message; what an earlier one said already is not repeated."""
    said, checks = set(), []
    for check in exercise.checks:
        lines = ["The same as above."] if check.message in said else check.message.splitlines()
        said |= {check.message} - {""}
        checks.append((check, lines))
    return checks


def sandbox_note(verdict: Verdict) -> str:
    """What a verdict says that did not come from the strongest sandbox."""
    if verdict.sandbox == "none":
        return "This was graded without a sandbox."
    return f"This was graded in the weaker sandbox `{verdict.sandbox}`."


def table(verdict: Verdict) -> list[str]:
    """A verdict as lines of text: the exercises with their points, and every message."""
    width = max(len(exercise.title) for exercise in verdict.exercises)
    lines = [f"{verdict.submission} ({verdict.assignment}, {verdict.device})", *verdict.notes]
    if verdict.sandbox != "bubblewrap":
        lines.append(sandbox_note(verdict))
    for exercise in verdict.exercises:
        points = f"{exercise.points:5g} / {exercise.max_points:g}"
        lines.append(f"  {exercise.title:<{width}}  {points:<11} {exercise.status}")
        if exercise.status == "missing":
            lines += [f"      {message}" for message in dict.fromkeys(check.message for check in exercise.checks)]
            continue
        for check, message in told(exercise):
            if not check.passed:
                lines.append(f"    - {check.title} (0 / {check.max_points:g})")
                lines += [f"      {line}" for line in message]
    lines.append(f"  {'total':<{width}}  {verdict.points:5g} / {verdict.max_points:g}")
    if verdict.by_hand:
        lines.append(f"  Written answers, {verdict.by_hand:g} points, are marked by hand.")
    return lines
