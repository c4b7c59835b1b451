"""Whether a class can be graded at all: what is wrong with the course is said once, not of each student."""

from proctor.authoring import bank
from proctor.authoring.assignment import Assignment
from proctor.grading import cache, intake
from proctor.isolation import sandbox


def require_ready(assignment: Assignment, students: list[str], device: str) -> None:
    """See that checks, solutions and sandbox can be used, where there is something to grade.

    Raises
    ------
    BuildError, GradingError : where solutions, mistakes or checks stop when they are loaded, or there are none
    SandboxError : where there is no sandbox
    """
    if not any(not exercise.written for exercise in assignment.exercises):
        return
    contents = cache.course_contents(assignment)
    digests = cache.exercise_digests(assignment, contents)
    for student in students:
        folder = assignment.course.submitted / student / assignment.name
        taken = intake.take_in(folder / f"{assignment.name}.ipynb", assignment)
        if taken.refused:
            continue
        # Whoever is on record was graded with just these checks: they can be used, and torch need not be loaded.
        if cache.find(taken, assignment, student, device, digests) is None:
            load_checks(assignment, device)
        return


def load_checks(assignment: Assignment, device: str) -> None:
    """Have this process load what it needs to grade; errors are those of `require_ready`."""
    from proctor.checks.runner import run_checks

    exercises = [exercise.id for exercise in assignment.exercises if not exercise.written]
    if not exercises:
        return
    sandbox.command(assignment.course, device, [])
    cache.forget_changed_files(assignment, cache.course_contents(assignment))
    bank.load_module(assignment.course, assignment.solutions_module)
    bank.mistakes(assignment)
    run_checks(assignment, exercises, [], device)
