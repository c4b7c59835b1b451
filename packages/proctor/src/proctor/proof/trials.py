"""Mistakes and alternatives graded as submissions, in real hosts: those of different exercises share a notebook.

Where only some are to go into hosts, the others are put to the same checks in a process of the course's own.
"""

import tempfile
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import nbformat
from tqdm import tqdm

from proctor.authoring import bank
from proctor.authoring.assignment import Assignment, Exercise
from proctor.checks.outcome import Outcome
from proctor.checks.runner import run_checks, variant_subject
from proctor.checks.secret import AUDIT_KEY
from proctor.grading.grade import draw_up, grade
from proctor.grading.known import known_outcomes
from proctor.grading.verdict import ExerciseVerdict, Verdict


@dataclass(frozen=True)
class Trial:
    """One submission of the audit and how it fared.

    Parameters
    ----------
    name : str, of the variant, or "solution" or "blank"
    kind : "mistake", "alternative", "solution" or "blank"
    exercise : str, the exercise that was changed; empty for solution and blank
    verdict : the whole verdict
    """

    name: str
    kind: str
    exercise: str
    verdict: Verdict

    @property
    def failed(self) -> list[str]:
        """The names of the checks of its own exercise that failed."""
        return [check.name for check in _checks(self.verdict, self.exercise) if not check.passed]

    @property
    def lost_elsewhere(self) -> list[str]:
        """The ids of other exercises that lost points."""
        return [e.id for e in self.verdict.exercises if e.id != self.exercise and e.points < e.max_points]

    @property
    def diagnosed(self) -> set[str]:
        """The names of the mistakes that its messages name."""
        return {check.mistake for check in _checks(self.verdict) if check.mistake}


def try_in_hosts(
    assignment: Assignment,
    mistakes: list[bank.Mistake],
    alternatives: list[bank.Alternative],
    pool: Executor,
    device: str,
    every: int = 1,
) -> list[Trial]:
    """Grade every mistake, every alternative, the solution and the blank release, on the audit's inputs.

    One notebook has a variant of each exercise. What its exercise gets there counts for a variant where nobody can
    doubt that it would get the same alone: all of its failed checks name the mistake, or an alternative's all pass.
    Who is in doubt is graded alone, and where that shows that the others had a hand in it, so are they.

    Parameters
    ----------
    every : int, of so many notebooks one goes into a host; what the others hold is tried without
    """
    with tempfile.TemporaryDirectory() as folder, tqdm(desc=f"audit {assignment.name}") as bar:

        def graded(paths):
            waiting = [pool.submit(grade, path, assignment, device, path.stem, AUDIT_KEY) for path in paths]
            bar.total = bar.n + len(waiting)
            verdicts = []
            for future in waiting:
                verdicts.append(future.result())
                bar.update()
            return verdicts

        def graded_groups(groups):
            paths = [Path(folder) / f"{number}.ipynb" for number in range(len(groups))]
            for path, group in zip(paths, groups, strict=True):
                nbformat.write(variants_notebook(assignment, group), path)
            return graded(paths)

        solution, blank = graded([assignment.source_notebook, assignment.release_notebook])
        trials = []
        for kind, variants in (("mistake", mistakes), ("alternative", alternatives)):
            hosted = [variant for group in together(variants)[::every] for variant in group]
            others = [variant for variant in variants if variant not in hosted]
            tried = _as_alone(hosted, solution, graded_groups) + _in_process(assignment, others, solution, pool, device)
            trials += [Trial(variant.name, kind, variant.exercise, verdict) for variant, verdict in tried]
    return [*trials, Trial("solution", "solution", "", solution), Trial("blank", "blank", "", blank)]


def together(variants: list[bank.Alternative]) -> list[list[bank.Alternative]]:
    """Groups of variants of different exercises: the first of each, the second of each, and so on."""
    own = {}
    for variant in variants:
        own.setdefault(variant.exercise, []).append(variant)
    return [[variant for variant in group if variant] for group in zip_longest(*own.values())]


def variants_notebook(assignment: Assignment, variants: list[bank.Alternative]) -> nbformat.NotebookNode:
    """The solution's notebook with each variant in its exercise's cell.

    Raises
    ------
    ValueError : where a variant is of no exercise of the assignment, or does not change its code
    """
    notebook = nbformat.read(assignment.source_notebook, as_version=4)
    for variant in variants:
        exercise = next((e for e in assignment.exercises if e.id == variant.exercise), None)
        if exercise is None:
            raise ValueError(f"{variant.name}: `{assignment.name}` has no exercise {variant.exercise!r}")
        cell = next(cell for cell in notebook.cells if cell.id == exercise.id)
        cell.source = bank.changed_code(exercise, variant)
    return notebook


def _as_alone(variants, solution, graded):
    """Each variant with the verdict that a notebook gets in which it is the only one."""
    groups = together(variants)
    verdicts = graded(groups)
    in_doubt = [
        [variant]
        for group, verdict in zip(groups, verdicts, strict=True)
        for variant in group
        if not _shows_itself(variant, verdict)
    ]
    alone = {variant.name: verdict for (variant,), verdict in zip(in_doubt, graded(in_doubt), strict=True)}
    meddled = [
        [variant]
        for group, verdict in zip(groups, verdicts, strict=True)
        if _differs(group, verdict, alone, solution)
        for variant in group
        if variant.name not in alone
    ]
    alone |= {variant.name: verdict for (variant,), verdict in zip(meddled, graded(meddled), strict=True)}
    for group, verdict in zip(groups, verdicts, strict=True):
        for variant in group:
            alone.setdefault(variant.name, _with_exercise(solution, verdict, variant.exercise))
    return [(variant, alone[variant.name]) for variant in variants]


def _in_process(assignment, variants, solution, pool, device):
    """Each variant with what its exercise's checks say of it in a process of the course's own."""
    exercises = {exercise.id: exercise for exercise in assignment.exercises}
    waiting = [
        (own, pool.submit(try_here, assignment, exercises[of_solution.id], own, of_solution, device))
        for of_solution in solution.exercises
        if (own := [variant for variant in variants if variant.exercise == of_solution.id])
    ]
    return [
        (variant, _with_exercise(solution, verdict, variant.exercise))
        for own, future in waiting
        for variant, verdict in zip(own, future.result(), strict=True)
    ]


def try_here(
    assignment: Assignment,
    exercise: Exercise,
    variants: list[bank.Alternative],
    of_solution: ExerciseVerdict,
    device: str,
) -> list[Verdict]:
    """What variants of one exercise get in this process, on the audit's inputs: verdicts over this exercise alone."""
    known = known_outcomes(assignment, exercise, device)
    right = [variant_subject(assignment, exercise, each) for each in variants if each.name not in known]
    outcomes = run_checks(assignment, [exercise.id], right, device) if right else []
    outcomes += [
        Outcome(each.name, exercise.id, check.name, check.title, check.max_points, known[each.name][check.name])
        for each in variants
        if each.name in known
        for check in of_solution.checks
    ]
    alone = replace(assignment, exercises=(exercise,))
    return [
        draw_up(alone, each.name, [outcome for outcome in outcomes if outcome.subject == each.name], device, [])
        for each in variants
    ]


def _shows_itself(variant, verdict):
    """Whether its exercise's checks found this variant, and nothing else."""
    failed = [check for check in _checks(verdict, variant.exercise) if not check.passed]
    if isinstance(variant, bank.Mistake):
        return bool(failed) and all(check.mistake == variant.name for check in failed)
    return not failed


def _differs(group, verdict, alone, solution):
    """Whether an exercise fares otherwise in the group's notebook than with its own variant, or none, alone."""
    expected = {exercise.id: solution for exercise in solution.exercises}
    expected |= {variant.exercise: alone.get(variant.name, verdict) for variant in group}
    return any(_checks(verdict, exercise) != _checks(of, exercise) for exercise, of in expected.items())


def _with_exercise(solution, verdict, exercise):
    """The solution's verdict, with one exercise from another."""
    own = {each.id: each for each in verdict.exercises}
    exercises = [own[each.id] if each.id == exercise else each for each in solution.exercises]
    return replace(solution, exercises=exercises, points=sum(each.points for each in exercises))


def _checks(verdict, exercise=""):
    return [check for each in verdict.exercises if exercise in ("", each.id) for check in each.checks]
