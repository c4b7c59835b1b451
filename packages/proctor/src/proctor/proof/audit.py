"""The audit: all known mistakes and alternatives are graded as submissions, to prove the checks.

The checks are proven when every mistake loses points in its own exercise and in no other, when every alternative
and the solution itself get full marks, both on the audit's inputs and on others, when the blank release gets nothing,
when each check fails for one mistake at least, when nine mistakes of ten are diagnosed by their own name, and when no
mistake costs more than half of an exercise, unless the bank says why.
"""

from dataclasses import dataclass, field

from tqdm import tqdm

from proctor.authoring import bank
from proctor.authoring.assignment import Assignment, Exercise
from proctor.checks.runner import own_subject, run_checks, variant_subject
from proctor.checks.secret import AUDIT_KEY
from proctor.course import counted
from proctor.grading import many
from proctor.points import in_words, shown
from proctor.proof.trials import Trial, try_in_hosts, variants_notebook
from proctor.settings import resolve_device

DIAGNOSED_SHARE = 0.9
OTHER_INPUTS = 5
# A check that fails right code on one draw in eighteen passes five draws three times in four, and sixty once in thirty.
DRAWS = 60
# One slip is to leave half of an exercise's points, where they are so many.
WORTH_SHARING = 5


@dataclass
class Audit:
    """All trials of an assignment, and what is wrong with its checks, one sentence each."""

    assignment: Assignment
    trials: list[Trial] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def try_variants(assignment: Assignment, exercise: Exercise, device: str, keys: list[bytes], every: int = 1) -> dict:
    """How an exercise's solution, alternatives and mistakes fare in its own checks, in this process.

    Parameters
    ----------
    keys : what the inputs are drawn from; those of submissions are none that an audit has seen
    every : int, of so many alternatives, and of so many mistakes, one is tried

    Returns
    -------
    {(variant, check): the fault as a sentence}, of right answers that lose points and, with "" for the check, of
    mistakes that lose none
    """
    alternatives, mistakes = (
        [variant for variant in variants if variant.exercise == exercise.id][::every]
        for variants in (bank.alternatives(assignment), bank.mistakes(assignment))
    )
    faults = {}
    for key in keys:
        inputs = "" if key == AUDIT_KEY else " on other inputs"
        right, wrong = (
            [variant_subject(assignment, exercise, variant) for variant in variants]
            for variants in (alternatives, mistakes)
        )
        right.append(own_subject(assignment, exercise, "solution", exercise.code))
        for outcome in run_checks(assignment, [exercise.id], right, device, key):
            if outcome.failure is not None:
                what = f"{outcome.subject}: fails `{outcome.check}` of `{exercise.id}`{inputs}"
                faults[outcome.subject, outcome.check] = f"{what}: {outcome.failure.message}"
        # One check is enough to catch a mistake.
        outcomes = run_checks(assignment, [exercise.id], wrong, device, key, stop_at_failure=True)
        caught = {outcome.subject for outcome in outcomes if outcome.failure is not None}
        for mistake in mistakes:
            if mistake.name not in caught:
                faults[mistake.name, ""] = f"{mistake.name}: is not caught by any check of `{exercise.id}`{inputs}"
    return faults


def try_draws(assignment: Assignment, exercise: Exercise, device: str, keys: list[bytes]) -> dict:
    """How an exercise's solution, and an alternative by turns, fare in its own checks on one draw of the inputs each.

    Returns
    -------
    {(variant, check): the fault as a sentence}
    """
    own = [variant for variant in bank.alternatives(assignment) if variant.exercise == exercise.id]
    faults = {}
    for number, key in enumerate(keys):
        subjects = [own_subject(assignment, exercise, "solution", exercise.code)]
        if own:
            subjects.append(variant_subject(assignment, exercise, own[number % len(own)]))
        for outcome in run_checks(assignment, [exercise.id], subjects, device, key):
            if outcome.failure is not None:
                what = f"{outcome.subject}: fails `{outcome.check}` of `{exercise.id}` on some inputs"
                faults[outcome.subject, outcome.check] = f"{what}: {outcome.failure.message}"
    return faults


def audit(
    assignment: Assignment,
    device: str = "auto",
    jobs: int = 2,
    others: int = OTHER_INPUTS,
    draws: int = DRAWS,
    every: int = 1,
) -> Audit:
    """Grade every mistake, every alternative, the solution and the blank release, through the real host.

    Nothing is graded where the bank itself has faults.

    Parameters
    ----------
    jobs : int, submissions graded at a time, each by a process of its own
    others : int, of other inputs on which all variants are tried, too
    draws : int, of the inputs on which right answers are tried
    every : as `try_in_hosts` and `try_variants` take it: of a bank, what goes into hosts and is tried on other inputs
    """
    result = Audit(assignment)
    mistakes, alternatives = bank.mistakes(assignment), bank.alternatives(assignment)
    result.faults += _unusable(assignment, [*mistakes, *alternatives])
    # A bank that cannot be read explains nothing, either: no submission can be graded with it.
    if result.faults:
        return result
    device = resolve_device(device)
    keys = [b"%d" % number for number in range(draws)]
    with many.local_executor(assignment, jobs, device) as pool:
        result.trials = try_in_hosts(assignment, mistakes, alternatives, pool, device, every)
        in_process = [
            future
            for exercise in assignment.exercises
            if not exercise.written
            for future in (
                pool.submit(try_variants, assignment, exercise, device, keys[:others], every),
                pool.submit(try_draws, assignment, exercise, device, keys[others:]),
            )
        ]
        unlucky = {}
        for future in tqdm(in_process, desc=f"other inputs of {assignment.name}"):
            unlucky = future.result() | unlucky
    result.faults += _faults(result.trials)
    result.faults += _gaps(assignment, result.trials)
    result.faults += [fault for (name, _), fault in unlucky.items() if name not in _told(result.trials)]
    return result


def _gaps(assignment, trials):
    """What nothing proves: checks that no mistake fails or that say nothing, mistakes and exercises without theirs."""
    solution = next(trial.verdict for trial in trials if trial.kind == "solution")
    gaps = [f"solution: {note}" for note in solution.notes]
    for exercise in solution.exercises:
        own = [trial for trial in trials if trial.exercise == exercise.id]
        for kind in ("mistake", "alternative"):
            if not any(trial.kind == kind for trial in own):
                gaps.append(
                    f"{exercise.id}: no {kind} in graders/{assignment.name}/{kind}s.py: nothing proves its checks"
                )
        failed = {check for trial in own if trial.kind == "mistake" for check in trial.failed}
        for check in exercise.checks:
            if check.name not in failed and any(trial.kind == "mistake" for trial in own):
                gaps.append(f"{exercise.id}: no mistake fails `{check.name}`: does it compare anything?")
            if check.title == f"{check.name}.":
                gaps.append(f"{exercise.id}: `{check.name}` has no docstring, which students read as its title")
    gaps += [f"{mistake.name}: has no hint" for mistake in bank.mistakes(assignment) if not mistake.hint.strip()]
    return gaps + _dear(assignment, trials)


def _dear(assignment, trials):
    """Mistakes that cost more than one slip should: what one check has found, others charge again."""
    excused, dear = {mistake.name for mistake in bank.mistakes(assignment) if mistake.costly}, {}
    for trial in trials:
        for exercise in trial.verdict.exercises:
            lost = exercise.max_points - exercise.points
            small = exercise.max_points < WORTH_SHARING or 2 * lost <= exercise.max_points
            if trial.kind == "mistake" and trial.exercise == exercise.id and not small:
                points = in_words(exercise.max_points)
                dear[trial.name] = f"costs {shown(lost)} of {points} of `{exercise.id}`: over half"
    told = [f"{name}: {what}" for name, what in dear.items() if name not in excused]
    return told + [f"{name}: `costly` says why it costs over half, which it does not" for name in excused - set(dear)]


def _unusable(assignment, variants):
    """What is wrong with the bank itself."""
    names = [variant.name for variant in variants]
    faults = [f"{name}: there are two variants of this name" for name in sorted(set(names)) if names.count(name) > 1]
    for variant in variants:
        try:
            variants_notebook(assignment, [variant])
        except ValueError as error:
            faults.append(str(error))
    return faults


def _told(trials):
    """Who fares badly on the audit's own inputs, and so has been told of already."""
    return {
        trial.name
        for trial in trials
        if (not trial.failed if trial.kind == "mistake" else trial.verdict.points < trial.verdict.max_points)
    }


def _faults(trials):
    faults = []
    for trial in trials:
        verdict = trial.verdict
        if trial.kind == "blank":
            if verdict.points:
                faults.append(f"blank: earns {in_words(verdict.points)}")
            continue
        if trial.kind == "mistake" and not trial.failed:
            faults.append(f"{trial.name}: is not caught by any check of `{trial.exercise}`")
        if trial.kind != "mistake" and verdict.points != verdict.max_points:
            points = f"{shown(verdict.points)} of {shown(verdict.max_points)}"
            lost = [
                f"`{check.name}` of `{exercise.id}`: {check.message}"
                for exercise in verdict.exercises
                for check in exercise.checks
                if not check.passed
            ]
            faults.append(f"{trial.name}: gets {points}, fails {'; '.join(lost)}")
        if trial.kind == "mistake" and trial.lost_elsewhere:
            faults.append(f"{trial.name}: loses points in {', '.join(trial.lost_elsewhere)} as well")
    mistakes = [trial for trial in trials if trial.kind == "mistake"]
    named = [trial for trial in mistakes if trial.name in trial.diagnosed]
    if len(named) < DIAGNOSED_SHARE * len(mistakes):
        faults.append(f"only {len(named)} of {len(mistakes)} mistakes are diagnosed by name")
    return faults


def matrix(result: Audit) -> list[str]:
    """The audit as lines of text: a row for each trial, then the faults."""
    trials = result.trials
    width = max(len(name) for name in ["submission", *(trial.name for trial in trials)])
    lines = [f"{'submission':<{width}}  {'exercise':<12} points  failed checks -> diagnosis"]
    for trial in trials:
        points = f"{shown(trial.verdict.points)}/{shown(trial.verdict.max_points)}"
        failed = ", ".join(name.removeprefix("test_") for name in trial.failed)
        diagnosis = ", ".join(sorted(trial.diagnosed - {trial.name})) or "?"
        if trial.name in trial.diagnosed:
            diagnosis = "itself" if trial.diagnosed == {trial.name} else f"itself, {diagnosis}"
        tail = f"{failed} -> {diagnosis}" if trial.kind == "mistake" else trial.kind
        elsewhere = f"  ELSEWHERE: {', '.join(trial.lost_elsewhere)}" if trial.kind == "mistake" else ""
        elsewhere = elsewhere if trial.lost_elsewhere else ""
        lines.append(f"{trial.name:<{width}}  {trial.exercise:<12} {points:<7} {tail}{elsewhere}")
    counts = {kind: sum(trial.kind == kind for trial in trials) for kind in ("mistake", "alternative")}
    named = sum(trial.kind == "mistake" and trial.name in trial.diagnosed for trial in trials)
    lines.append("")
    lines.append(
        f"{result.assignment.name}: {counted(counts['mistake'], 'mistake')}, {named} diagnosed by name; "
        f"{counted(counts['alternative'], 'alternative')}; {counted(len(result.faults), 'fault')}"
    )
    return [*lines, *(f"FAULT {fault}" for fault in result.faults)]
