"""Which small changes to the solutions no check finds.

mutmut and cosmic-ray, the field's tools, change files on disk and start the tests anew for each mutant: with torch,
seconds for every one of thousands. Here checks are collected once, and each mutant has a forked process of its own.
"""

import hashlib
import json
import multiprocessing
import multiprocessing.connection
import os
import resource
import sys
import time
import tomllib
from collections import Counter
from dataclasses import dataclass, field

from tqdm import tqdm

from proctor.authoring.assignment import Assignment, Exercise, read_text
from proctor.authoring.errors import BuildError
from proctor.authoring.markers import written_lines
from proctor.authoring.solutions import join
from proctor.checks.outcome import GradingError
from proctor.checks.runner import own_subject, run_checks
from proctor.checks.secret import AUDIT_KEY
from proctor.course import counted
from proctor.grading import cache
from proctor.isolation.process import HostLost
from proctor.proof.mutation import Mutant, mutants

SECONDS, GIGABYTES = 30, 6
BANKS = ("mistakes", "alternatives")
# How a mutant's process ends; any other way is "stopped".
ENDS = {0: "survived", 10: "caught", 11: "raised"}


@dataclass
class Survey:
    """What became of an assignment's mutants.

    Parameters
    ----------
    counts : how many were caught, raised, were stopped, are known to be equivalent, survived
    survivors : (exercise, mutant) of those that no check finds and that nobody has judged
    unused : entries of equivalent.toml that are about no mutant, such as one of a solution that has changed
    """

    assignment: Assignment
    counts: Counter = field(default_factory=Counter)
    survivors: list[tuple[str, Mutant]] = field(default_factory=list)
    unused: list[dict] = field(default_factory=list)


def mutants_of(assignment: Assignment) -> list[tuple[Exercise, Mutant]]:
    """All mutants of what students are to write, in the order of the notebook."""
    text, found = read_text(assignment.course, assignment.name), []
    exercises = {exercise.id: exercise for exercise in assignment.exercises if not exercise.written}
    for name, cell in text.exercises.items():
        if name in exercises:
            lines = written_lines(join(text.statements(cell)))
            found += [(exercises[name], mutant) for mutant in mutants(exercises[name].code, lines)]
    return found


def survey(assignment: Assignment, jobs: int, step: int = 1) -> Survey:
    """Put every mutant, or every `step`-th, to its exercise's checks; what was found out before is not done again.

    Raises
    ------
    GradingError : where the solution itself fails a check
    BuildError : for an equivalent.toml that cannot be read
    """
    trials, known = mutants_of(assignment)[::step], _equivalent(assignment)
    path = assignment.root / cache.FOLDER / assignment.name / "mutants.json"
    # The banks say nothing about whether a check finds a mutant.
    contents = {file: content for file, content in cache.course_contents(assignment).items() if file.stem not in BANKS}
    digests = cache.exercise_digests(assignment, contents)
    kept = json.loads(path.read_text()) if path.exists() else {}
    keys = [
        hashlib.sha256(f"{digests[exercise.id]}\n{mutant.code}".encode()).hexdigest() for exercise, mutant in trials
    ]
    waiting = [n for n, key in enumerate(keys) if key not in kept]
    try:
        for n, end in tqdm(_try_all(assignment, trials, waiting, jobs), total=len(waiting), desc=assignment.name):
            kept[keys[n]] = end
    finally:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(kept))
    result, used = Survey(assignment), set()
    for (exercise, mutant), key in zip(trials, keys, strict=True):
        about = (exercise.id, mutant.before, mutant.after)
        end = "equivalent" if kept[key] == "survived" and about in known else kept[key]
        used |= {about} if end == "equivalent" else set()
        result.counts[end] += 1
        if end == "survived":
            result.survivors.append((exercise.id, mutant))
    result.unused = [entry for about, entry in known.items() if about not in used] if step == 1 else []
    return result


def _equivalent(assignment):
    """What graders/<a>/equivalent.toml says of mutants that do the same: {(exercise, before, after): the entry}."""
    path = assignment.graders / "equivalent.toml"
    if not path.exists():
        return {}
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
        for entry in entries:
            if not entry["reason"].strip():
                raise KeyError("reason")
        return {(entry["exercise"], entry["before"], entry["after"]): entry for entry in entries}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        where = path.relative_to(assignment.root).as_posix()
        wanted = "[[mutant]] tables of exercise, before, after and reason"
        raise BuildError([f"{where}:1: it should hold {wanted}: {type(error).__name__}: {error}"]) from error


def _try_all(assignment, trials, waiting, jobs):
    """Have each mutant tried by a process forked from this one; gives (number, how it ended) as they end."""
    # What all need is loaded here, once, and the checks are known to pass.
    from proctor.grading import preload  # noqa: F401 - seconds, which a survey that is on record need not wait for

    for exercise in {trials[n][0].id: trials[n][0] for n in waiting}.values():
        outcomes = run_checks(
            assignment, [exercise.id], [own_subject(assignment, exercise, "solution", exercise.code)], "cpu"
        )
        for outcome in outcomes:
            if outcome.failure is not None:
                raise GradingError(
                    f"the solution fails `{outcome.check}` of `{exercise.id}`: {outcome.failure.message}"
                )
    fork, running, left = multiprocessing.get_context("fork"), {}, list(reversed(waiting))
    while left or running:
        while left and len(running) < jobs:
            n = left.pop()
            process = fork.Process(target=_try, args=(assignment, *trials[n]))
            process.start()
            running[process.sentinel] = (n, process, time.monotonic() + SECONDS)
        multiprocessing.connection.wait(list(running), timeout=0.5)
        for sentinel, (n, process, end) in list(running.items()):
            if process.is_alive() and time.monotonic() > end:
                process.kill()
            if not process.is_alive():
                process.join()
                del running[sentinel]
                yield n, ENDS.get(process.exitcode, "stopped")


def _try(assignment, exercise, mutant):
    """What the process of one mutant does; the exit status says how it fared."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES * 2**30,) * 2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    ends = {words: status for status, words in ENDS.items()}
    try:
        subject = own_subject(assignment, exercise, "mutant", mutant.code)
        outcomes = run_checks(assignment, [exercise.id], [subject], "cpu", AUDIT_KEY, stop_at_failure=True)
    except (GradingError, HostLost):
        raise
    except Exception:
        os._exit(ends["raised"])
    failed = [outcome.failure.kind for outcome in outcomes if outcome.failure is not None]
    end = "survived" if not failed else "caught" if failed == ["wrong"] else "raised"
    sys.stdout.flush()
    os._exit(ends[end])


def report(result: Survey) -> list[str]:
    """A survey as lines of text: the survivors as diffs, then the counts."""
    lines = []
    for exercise, mutant in result.survivors:
        lines.append(f"{exercise}, line {mutant.line}")
        lines += [f"  - {line}" for line in mutant.before.split("\n")] + [
            f"  + {line}" for line in mutant.after.split("\n")
        ]
    lines += [f"equivalent.toml: about no mutant any more: {entry['before']}" for entry in result.unused]
    counts, total = result.counts, sum(result.counts.values())
    found = counts["caught"] + counts["raised"] + counts["stopped"]
    different = total - counts["equivalent"]
    share = f"{found / different:.1%}" if different else "none"
    ends = ", ".join(f"{counts[end]} {end}" for end in ("caught", "raised", "stopped", "equivalent", "survived"))
    tried = f"{result.assignment.name}: {counted(total, 'mutant')}"
    return [*lines, f"{tried}: {ends}; {share} of those that differ are found"]
