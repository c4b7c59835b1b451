"""Which known mistake a submission shows: its checks fail as those of the mistake do."""

import hashlib
import re

import numpy as np
import torch

from proctor.authoring import bank
from proctor.authoring.assignment import Assignment, Exercise
from proctor.checks.outcome import Failure, GradingError, Outcome
from proctor.checks.runner import run_checks, variant_subject

# What is not written has no cause, and what cannot be read none that could be known.
EXPLAINED = ("wrong", "error")
NUMBER = re.compile(r"-?\d[\d.,e+-]*")
# What a message says of this submission alone: its numbers, and texts of its own.
OWN = re.compile(rf"{NUMBER.pattern}|'[^']*'")


def same_failure(one: Failure | None, other: Failure | None) -> bool:
    """Two failures show the same mistake: the same words, and the same observation as far as floats can tell.

    Where a check has a word for what it saw, such as "below", the numbers may be others. Where it observed a number or
    nothing, they are the same: that is not much to go by.
    """
    if one is None or other is None:
        return one is other
    if one.kind != other.kind or type(one.observed) is not type(other.observed):
        return False
    if isinstance(one.observed, (torch.Tensor, np.ndarray)):
        a, b = torch.as_tensor(one.observed), torch.as_tensor(other.observed)
        same = a.shape == b.shape and a.dtype == b.dtype
        same = same and NUMBER.sub("", one.message) == NUMBER.sub("", other.message)
        # Two single numbers are soon near each other by chance; many are not.
        close = {"rtol": 1e-3, "atol": 1e-5} if a.numel() > 1 else {"rtol": 1e-5, "atol": 1e-7}
        return same and torch.allclose(a.double(), b.double(), **close, equal_nan=True)
    # Where code stopped, the message names the line, which is the student's own.
    same_words = one.message == other.message or (one.kind == "error" and one.observed is not None)
    if isinstance(one.observed, str):
        same_words = same_words or OWN.sub("", one.message) == OWN.sub("", other.message)
    return same_words and repr(one.observed) == repr(other.observed)


def fingerprint(failure: Failure | None) -> str:
    """What a failure shows, as far as floats can tell, in a few letters; empty where it shows nothing."""
    if failure is None or failure.kind not in EXPLAINED:
        return ""
    shown = failure.observed
    if isinstance(shown, (torch.Tensor, np.ndarray)):
        numbers = torch.as_tensor(shown).detach().cpu().double().flatten().tolist()
        shown = (tuple(shown.shape), [f"{number:.2e}" for number in numbers])
    # Where code stopped, the message names the line, which is the student's own.
    words = failure.message if failure.kind == "wrong" else ""
    return hashlib.sha256(repr((failure.kind, words, shown)).encode()).hexdigest()[:16]


def mistakes_outcomes(assignment: Assignment, exercise: Exercise, device: str) -> dict:
    """How each known mistake of an exercise fares in its checks: {mistake: {check: failure or None}}.

    They run in this process.

    Raises
    ------
    GradingError : where one of them cannot be run, a fault of the bank
    """
    known = [mistake for mistake in bank.mistakes(assignment) if mistake.exercise == exercise.id]
    subjects = [_subject(assignment, exercise, mistake) for mistake in known]
    seen = {mistake.name: {} for mistake in known}
    for outcome in run_checks(assignment, [exercise.id], subjects, device) if subjects else []:
        seen[outcome.subject][outcome.check] = outcome.failure
    return seen


def _subject(assignment, exercise, mistake):
    try:
        return variant_subject(assignment, exercise, mistake)
    except (Exception, SystemExit) as error:  # a student's code may stand there
        why = f"{type(error).__name__}: {error}".split("\n")[0]
        where = f"graders/{assignment.name}/mistakes.py: the mistake `{mistake.name}`"
        raise GradingError(f"{where} stops before its exercise can be checked ({why})") from error


def diagnose(outcomes: list[Outcome], known: dict) -> dict[str, str]:
    """The known mistake behind each failed check of one exercise.

    A mistake that fares the same in every check explains all failures. Else somebody made two mistakes at once, and
    a check is explained by a mistake that says and shows just the same in this check, as no other mistake does.

    Parameters
    ----------
    outcomes : of one submission, one exercise
    known : as `mistakes_outcomes` gives it

    Returns
    -------
    {check: mistake}
    """
    failures = {outcome.check: outcome.failure for outcome in outcomes}
    failed = [check for check, failure in failures.items() if failure is not None and failure.kind in EXPLAINED]
    whole = [name for name, seen in known.items() if all(same_failure(failures[c], seen.get(c)) for c in failures)]
    if failed and whole:
        # Two that cannot be told apart are no explanation.
        return dict.fromkeys(failed, whole[0]) if len(whole) == 1 else {}
    explained = {}
    for check in failed:
        alike = [name for name, seen in known.items() if same_failure(failures[check], seen.get(check))]
        if len(alike) == 1 and failures[check].message == known[alike[0]][check].message:
            explained[check] = alike[0]
    return explained
