"""One submission's way: taken in, run in a host, put to the checks, its failures explained, its verdict drawn up."""

import time
from collections.abc import Callable
from pathlib import Path

from proctor.authoring import bank
from proctor.authoring.assignment import Assignment
from proctor.checks.connections import InSandbox, LeftOut, Refused
from proctor.checks.diagnosis import EXPLAINED, diagnose, fingerprint
from proctor.checks.explain import circumstance_of, place_of
from proctor.checks.outcome import Outcome
from proctor.checks.plain import defined_names, stays_as_it_is
from proctor.checks.runner import run_checks
from proctor.checks.secret import AUDIT_KEY, submission_key
from proctor.checks.submission import StudentError, Submission
from proctor.course import counted
from proctor.grading import intake
from proctor.grading.harmless import one_line, plain_text
from proctor.grading.hosts import warm_hosts
from proctor.grading.known import known_outcomes, note_contents
from proctor.grading.transcript import transcripts
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict, Verdict
from proctor.isolation.process import Connection

MAX_MESSAGE = 3000
# Each of a thousand cells may have one; they go with the notebook, several times over, and onto the class's page.
MOST_NOTES = 15
# What stops a cell that only waits for an answer.
UNWRITTEN = ("NotImplementedError", "NameError")


def grade(
    path: Path, assignment: Assignment, device: str, name: str = "", key: bytes | None = None, detailed: bool = False
) -> Verdict:
    """Grade one notebook or `.py`.

    Parameters
    ----------
    device : "cpu" or "cuda"
    name : str, what the verdict calls the submission; the path if empty
    key, detailed : as for `grade_intake`

    Raises
    ------
    intake.Unreadable : where the file cannot be read
    outcome.GradingError : where nothing can be graded here
    """
    taken = intake.read_submission(path, assignment)
    return grade_intake(taken, assignment, name or one_line(str(path)), device, key, detailed)


def grade_intake(
    taken: intake.Intake,
    assignment: Assignment,
    name: str,
    device: str,
    key: bytes | None = None,
    detailed: bool = False,
) -> Verdict:
    """Grade what an intake gave. An exercise that nothing was found for is missing, with the intake's note.

    The checks draw their inputs from the key; from the course's secret and the submission's code if it is None.
    With `detailed`, each failed check has its details.
    """
    start = time.perf_counter()
    note_contents(assignment)
    subject = open_submission(name, taken, assignment, warm_hosts(assignment, device))
    key = submission_key(assignment.course, taken.cells) if key is None else key
    if detailed:
        subject.start_record()
    try:
        judged = _in_their_places(assignment, taken, subject, device, key)
        outcomes, replayed = ([outcome for state in judged.values() for outcome in state[part]] for part in (0, 1))
        notes = [*taken.notes, *_cell_notes(subject.cell_results, assignment, outcomes)]
    finally:
        subject.close()
    verdict = draw_up(assignment, name, outcomes, device, notes, replayed)
    if detailed:
        found = transcripts(assignment, outcomes, device, {exercise: state[2] for exercise, state in judged.items()})
        for exercise in verdict.exercises:
            for check in exercise.checks:
                check.details = found.get((exercise.id, check.name), [])
    verdict.seconds = round(time.perf_counter() - start, 2)
    return verdict


def _in_their_places(assignment, taken, subject, device, key):
    """How each exercise fares where its check cell stands or, if that is better, when all of the notebook has run.

    The second time on inputs of its own: those of the first are known to the submission by then.

    Returns
    -------
    {exercise: (its outcomes, those on the inputs on which the mistakes are known, the key of its inputs)}
    """
    key_at_end = key + b"at the end" if key != AUDIT_KEY else key
    end, judged = len(taken.cells), {}
    exercises = {exercise.id: exercise for exercise in assignment.exercises if not exercise.written}
    places = {name: taken.places.get(name, end) for name in exercises}
    for name in sorted(exercises, key=places.get):
        subject.run_up_to(places[name])
        judged[name] = _judge_now(assignment, name, subject, device, key)
    for name, (outcomes, *_) in judged.items():
        if _may_be_better(outcomes, exercises, name, taken.cells[: places[name]], taken.cells[places[name] :]):
            subject.run_up_to(end)
            again = _judge_now(assignment, name, subject, device, key_at_end)
            judged[name] = max(judged[name], again, key=_earned)
    return {exercise: judged[exercise] for exercise in exercises}


def _earned(state):
    return sum(outcome.points for outcome in state[0] if outcome.failure is None)


def _may_be_better(outcomes, exercises, name, earlier, later):
    """Whether an exercise may fare better once the later cells have run, too."""
    failures = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    if not failures or not later or any(failure.lost for failure in failures):
        return False
    names = set(exercises[name].names)
    if any(failure.kind != "missing" for failure in failures):
        return not stays_as_it_is(names, earlier, later, exercises)
    return any(names & defined_names(cell.source) for cell in later)


def _judge_now(assignment, exercise, subject, device, key):
    """How an exercise fares in the present state of the notebook."""
    outcomes = run_checks(assignment, [exercise], [subject], device, key)
    failures = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    # What was stopped once would be so again.
    if key == AUDIT_KEY or not any(f.kind in EXPLAINED for f in failures) or any(f.lost for f in failures):
        return outcomes, outcomes if key == AUDIT_KEY else [], key
    return outcomes, run_checks(assignment, [exercise], [subject], device), key


def _cell_notes(results, assignment, outcomes):
    """What stopped a cell, but for one that waits for an answer: whatever builds on it may fail for that reason."""
    notes, exercises = [], {exercise.id for exercise in assignment.exercises}
    unwritten = UNWRITTEN if any(o.failure is not None and o.failure.kind == "missing" for o in outcomes) else ()
    for cell, result in results.items():
        error = result.error
        if isinstance(error, LeftOut):
            notes.append(f"The cell `{cell}` was left out: {error}.")
        elif result.lost:
            notes.append(f"The cell `{cell}` stopped, and only what it defines was kept: {error}")
        elif cell not in exercises and isinstance(error, StudentError) and error.type_name not in unwritten:
            notes.append(f"The cell `{cell}` stopped: {error}{place_of(error)}.{circumstance_of(error)}")
    return notes


def open_submission(
    name: str, taken: intake.Intake, assignment: Assignment, start: Callable[[], Connection]
) -> Submission:
    """The submission as checks see it, its code in a host that `start` gives."""
    if taken.refused:
        return Submission(name, Refused(taken.refused), [])
    return Submission(name, InSandbox(taken.cells, assignment.course.settings, start), taken.cells)


def draw_up(
    assignment: Assignment,
    name: str,
    outcomes: list[Outcome],
    device: str,
    notes: list[str],
    replayed: list[Outcome] | None = None,
) -> Verdict:
    """The verdict over one submission: points, messages, diagnosis. Written answers are left to a person.

    Parameters
    ----------
    replayed : the outcomes on the audit's inputs, for the diagnosis; `outcomes` if None
    """
    if len(notes) > MOST_NOTES:
        left = counted(len(notes) - MOST_NOTES, "other note")
        notes = [*notes[:MOST_NOTES], f"There is no place for {left}: see to these first."]
    notes = [_one_line(note) for note in notes]
    verdict = Verdict(assignment.name, name, 0.0, 0.0, device, 0.0, assignment.course.settings.sandbox, notes)
    for exercise in assignment.exercises:
        if exercise.written:
            verdict.by_hand += exercise.points
            continue
        own, again = (
            [outcome for outcome in of_all if outcome.exercise == exercise.id]
            for of_all in (outcomes, outcomes if replayed is None else replayed)
        )
        verdict.exercises.append(_judge(assignment, exercise, own, again, device))
    verdict.points = sum(exercise.points for exercise in verdict.exercises)
    verdict.max_points = sum(exercise.max_points for exercise in verdict.exercises)
    return verdict


def _judge(assignment, exercise, outcomes, replayed, device):
    """The verdict over one exercise."""
    failed = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    causes = {}
    if replayed and any(failure.kind in EXPLAINED for failure in failed):
        causes = diagnose(replayed, known_outcomes(assignment, exercise, device))
    hints = {mistake.name: mistake.hint for mistake in bank.mistakes(assignment)} if causes else {}
    observed = {outcome.check: fingerprint(outcome.failure) for outcome in replayed}
    checks = []
    for outcome in outcomes:
        failure, mistake = outcome.failure, causes.get(outcome.check)
        message = _one_line(failure.message) if failure else ""
        if mistake:
            message = f"{message}\n{hints[mistake]}"
        earned = 0.0 if failure else outcome.points
        check = CheckVerdict(outcome.check, outcome.title, earned, outcome.points, not failure, message, mistake)
        if failure:
            check.observed, check.lost = observed.get(outcome.check, ""), failure.lost
        checks.append(check)
    points = sum(check.points for check in checks)
    status = _status(points, exercise.points, failed)
    return ExerciseVerdict(exercise.id, exercise.title, points, float(exercise.points), status, checks)


def _one_line(text):
    """Whatever student code put into a message is data: no line of its own, no control characters, no flood."""
    return plain_text(" ".join(text.split()), MAX_MESSAGE)


def _status(points, max_points, failed):
    if not failed and points == max_points:
        return "correct"
    kinds = {failure.kind for failure in failed}
    if "unclear" in kinds:
        return "unclear"
    if points > 0:
        return "partial"
    return kinds.pop() if kinds in ({"missing"}, {"error"}) else "wrong"
