"""Verdicts kept by content: the same code under the same checks is graded once.

There is one record for each submission's code, given the engine (proctor, the installed packages, the course's own
packages and settings, the device). It holds what each exercise earned, with a digest of what its checks were made of:
a changed check has its own exercise graded again, and no other.
"""

import contextlib
import fcntl
import functools
import hashlib
import json
import platform
import site
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from proctor.authoring.assignment import Assignment
from proctor.checks.secret import submission_key
from proctor.course import Course, forget_modules
from proctor.grading import intake
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict, Verdict

FOLDER = ".proctor_cache"
# A record that waits for somebody's word before it replaces another.
HELD = ".held"

_graded_with: dict[str, dict[Path, str]] = {}


def grade(
    taken: intake.Intake,
    assignment: Assignment,
    name: str,
    device: str,
    hold: Callable[[list[ExerciseVerdict], list[ExerciseVerdict]], bool] | None = None,
    refusal: str = "",
) -> Verdict:
    """The verdict over a submission: what is on record, and the rest graded and put on record.

    Other parameters and errors are those of `grade.grade_intake`.

    Parameters
    ----------
    hold : called with the verdicts on record, some of them stale, and the new ones; where it gives True, what is on
        record stays, and the new record is put beside it until `settle`
    refusal : why the rest is not to be graded, and earns nothing; it is graded if empty
    """
    if taken.refused:
        return _grade(taken, assignment, name, device)
    contents = course_contents(assignment)
    digests = exercise_digests(assignment, contents)
    path, record, stale = _look_up(taken, assignment, device, digests)
    if not stale and "notes" in record:
        return _verdict(record, assignment, name, device)
    before = [_as_verdict(entry["verdict"]) for entry in record["exercises"].values()]
    held = read_record(path.with_suffix(HELD)) if hold is not None else record
    if held is record or _stale(held, digests) or "notes" not in held:
        forget_changed_files(assignment, contents)
        part = replace(assignment, exercises=tuple(e for e in assignment.exercises if e.id in stale))
        fresh = _grade(replace(taken, refused=refusal or taken.refused), part, name, device)
        _put_in(record, fresh, digests)
        held = record
    verdict = _verdict(held, assignment, name, device)
    is_held = hold is not None and hold(before, verdict.exercises)
    write_record(path.with_suffix(HELD) if is_held else path, held)
    return verdict


def _put_in(record, fresh, digests):
    """Put what was graded into a record."""
    # The notes are of the code alone, and of all exercises.
    if not record["exercises"]:
        record |= {"notes": fresh.notes, "sandbox": fresh.sandbox}
    # Of what was graded anew, all that it took.
    record["seconds"] = round(record.get("seconds", 0.0) + fresh.seconds, 2)
    for exercise in fresh.exercises:
        record["exercises"][exercise.id] = {"digest": digests[exercise.id], "verdict": asdict(exercise)}


def settle(assignment: Assignment, accept: bool) -> None:
    """Have the records that were held replace those on record, or be forgotten, as those of other checks are."""
    digests = exercise_digests(assignment, course_contents(assignment))
    for path in (assignment.root / FOLDER / assignment.name).glob(f"*{HELD}"):
        if accept and not _stale(read_record(path), digests):
            path.replace(path.with_suffix(".json"))
        else:
            path.unlink()


def _grade(taken, assignment, name, device):
    # torch, which takes a second and a half to import, is not needed where all is on record.
    from proctor.grading.grade import grade_intake

    return grade_intake(taken, assignment, name, device)


def find(
    taken: intake.Intake, assignment: Assignment, name: str, device: str, digests: dict[str, str] | None = None
) -> Verdict | None:
    """The verdict over a submission where all of it is on record; nothing is graded.

    Parameters
    ----------
    digests : as `exercise_digests` gives them, for who looks up a whole class; taken now if None
    """
    if taken.refused:
        return None
    digests = digests or exercise_digests(assignment, course_contents(assignment))
    _, record, stale = _look_up(taken, assignment, device, digests)
    return None if stale or "notes" not in record else _verdict(record, assignment, name, device)


def _look_up(taken, assignment, device, digests):
    """Where a submission's record is kept, the record, and the exercises that it says nothing about any more."""
    path = record_path(taken, assignment, device)
    record = read_record(path)
    return path, record, _stale(record, digests)


def _stale(record, digests):
    """The exercises whose checks or solutions are others than those that a record was made with."""
    kept = {name: entry["digest"] for name, entry in record["exercises"].items()}
    return {name for name, digest in digests.items() if kept.get(name) != digest}


def _verdict(record, assignment, name, device):
    exercises = [_as_verdict(record["exercises"][e.id]["verdict"]) for e in assignment.exercises if not e.written]
    return Verdict(
        assignment.name,
        name,
        sum(exercise.points for exercise in exercises),
        sum(exercise.max_points for exercise in exercises),
        device,
        record.get("seconds", 0.0),
        record["sandbox"],
        record["notes"],
        exercises,
        sum(exercise.points for exercise in assignment.exercises if exercise.written),
    )


def _as_verdict(kept):
    return ExerciseVerdict(**{**kept, "checks": [CheckVerdict(**check) for check in kept["checks"]]})


def record_path(taken: intake.Intake, assignment: Assignment, device: str) -> Path:
    """Where the record of a submission is kept, whether it exists or not."""
    engine, submission = engine_digest(assignment.course, device), submission_key(assignment.course, taken.cells).hex()
    # Where a check stands among the same cells decides over what it finds.
    content = [engine, submission, taken.notes, [cell.released for cell in taken.cells], sorted(taken.places.items())]
    key = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return assignment.root / FOLDER / assignment.name / f"{key}.json"


def read_record(path: Path) -> dict:
    """A record; an empty one where there is none, or none that can be read."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {"exercises": {}}


def write_record(path: Path, record: dict) -> None:
    """Put a record in its place."""
    write_whole(path, json.dumps(record).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file; whoever reads at the same time, or is killed, finds a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)


@contextlib.contextmanager
def alone(path: Path, told: Callable[[], None] = lambda: None) -> Iterator[None]:
    """One process at a time, by a file that is locked; where nothing can be written, nobody waits.

    Parameters
    ----------
    told : called where another process is at it, before this one waits for its turn
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(path.open("w"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                told()
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@functools.cache
def engine_digest(course: Course, device: str) -> str:
    """What this process grades with, but for checks and solutions: as its modules, it stays as it was first loaded."""
    # Not all of sys.path, which is each process's own: importing setuptools, for one, puts a folder of it there.
    folders = [folder for folder in (*site.getsitepackages(), site.getusersitepackages()) if folder in sys.path]
    # The names alone, of name and version: to read what they hold takes longer than to look up ten submissions.
    installed = sorted(path.name for folder in folders for path in Path(folder).glob("*.*-info"))
    engine = Path(__file__).parent.parent
    files = _files_in(engine, *(course.package(name) for name in course.settings.packages))
    return _digest(device, platform.python_version(), repr(course.settings), *installed, *_contents(files))


def exercise_digests(assignment: Assignment, contents: dict[Path, str]) -> dict[str, str]:
    """What decides over each exercise with checks: these, what all checks of the assignment share, the solutions."""
    shared = [content for file, content in contents.items() if not file.name.startswith("test_")]
    return {
        exercise.id: _digest(repr(exercise), contents.get(assignment.graders / f"test_{exercise.id}.py", ""), *shared)
        for exercise in assignment.exercises
        if not exercise.written
    }


def forget_changed_files(assignment: Assignment, contents: dict[Path, str]) -> None:
    """Where checks or solutions are not those that this process last graded with, have it load them anew."""
    from proctor.checks import runner  # with torch, as above
    from proctor.grading import known

    if _graded_with.get(assignment.name) == contents:
        return
    _graded_with[assignment.name] = contents
    forget_modules()
    runner.collect.cache_clear()
    known.known_outcomes.cache_clear()


def course_contents(assignment: Assignment) -> dict[Path, str]:
    """What the assignment's checks and solutions are now: {file: digest}."""
    solutions = assignment.root / "solutions" / f"{assignment.name}.py"
    files = sorted([solutions, *assignment.graders.glob("*.py"), *assignment.graders.parent.glob("*.py")])
    return dict(zip(files, _contents(files), strict=True))


def _files_in(*folders):
    found = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return sorted(file for file in found if "__pycache__" not in file.parts)


def _contents(files):
    return [f"{file.name}:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]


def _digest(*parts):
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
