"""Whether a class can be graded at all: what is wrong with the course is said once, not of each student."""

from proctor.authoring import bank
from proctor.authoring.assignment import Assignment
from proctor.grading import cache
from proctor.isolation import sandbox


def load_checks(assignment: Assignment, device: str) -> None:
    """Have this process load what it needs to grade.

    Raises
    ------
    BuildError, GradingError : where solutions, mistakes or checks stop when they are loaded, or there are none
    SandboxError : where there is no sandbox
    """
    from proctor.checks.runner import run_checks

    exercises = [exercise.id for exercise in assignment.exercises if not exercise.written]
    if not exercises:
        return
    sandbox.command(assignment.course, device, [])
    cache.forget_changed_files(assignment, cache.course_contents(assignment))
    bank.load_module(assignment.course, assignment.solutions_module)
    bank.mistakes(assignment)
    run_checks(assignment, exercises, [], device)
