"""One submission graded on Gradescope: what its harness laid out is read, and its results.json is written.

Two processes: the outer one finds out which sandbox can run here, and writes the results; the inner one grades in it.
Where nothing can be graded by no fault of the submission's, no results are written: Gradescope then shows that the
autograder failed, which can be run again, and gives no points. Its format: gradescope-autograders.readthedocs.io/specs.
"""

import argparse
import contextlib
import json
import os
import pwd
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from proctor.authoring.assignment import Assignment, load_assignment
from proctor.authoring.errors import BuildError
from proctor.checks.outcome import GradingError
from proctor.course import CourseError, SecretError, open_course
from proctor.grading.reading import Unreadable
from proctor.grading.report import inline, sandbox_note
from proctor.grading.verdict import CheckVerdict, Verdict, refusal
from proctor.isolation.sandbox import SandboxError
from proctor.points import in_words, rounded
from proctor.settings import SettingsError

ROOT = Path("/autograder")
# The account that setup.sh makes, for the sandbox that root cannot have.
ACCOUNT = "proctor"
SANDBOXES = ("bubblewrap", "landlock")
NO_SANDBOX = 3
MEMORY = "as where memory runs out: take a larger container"
NOTHING = "proctor: nothing was graded, and no results were written. This is for the instructor, not the student."


def main(argv: list[str] | None = None) -> int:
    """Grade what lies in a folder that is laid out as Gradescope's; exit status 0 where results were written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help=f"the folder of the harness (default: {ROOT})")
    parser.add_argument("--in", dest="sandbox", choices=SANDBOXES, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    root = arguments.root.resolve()
    return _grade(root, arguments.sandbox) if arguments.sandbox else _supervise(root)


def _supervise(root):
    """Have an inner process grade in the first sandbox that can run here, and write what it gives."""
    results = root / "results" / "results.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    results.unlink(missing_ok=True)
    for sandbox in SANDBOXES:
        print(f"proctor: trying the sandbox {sandbox}", flush=True)
        command = [sys.executable, "-P", "-m", "proctor.grading.gradescope", "--root", str(root), "--in", sandbox]
        ended = subprocess.run(command, stdout=subprocess.PIPE, **_account(root, sandbox))
        if ended.returncode == 0:
            results.write_bytes(ended.stdout)
            print(f"proctor: graded in the sandbox {sandbox}")
            return 0
        if ended.returncode != NO_SANDBOX:
            if ended.returncode < 0:
                print(f"proctor: the grader was ended by signal {-ended.returncode}, {MEMORY}")
            break
    print(NOTHING)
    return 1


def _account(root, sandbox):
    """Who grades: whoever runs this, but for Landlock, which an ordinary user alone can have."""
    if sandbox != "landlock" or os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        # Root is then refused, in words that say so.
        return {}
    # The harness does not promise that others than root may read what was handed in.
    subprocess.run(["chmod", "-R", "go+rX", str(root / "submission")], check=False)
    variables = {**os.environ, "HOME": "/nonexistent", "USER": ACCOUNT}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "env": variables, "cwd": "/"}


def _grade(root, sandbox):
    """Grade in one sandbox and print the results; the status tells where it cannot run."""
    try:
        # Whatever else is printed must not stand among the results.
        with contextlib.redirect_stdout(sys.stderr):
            given = json.dumps(grade_submission(root, sandbox))
    except (BuildError, CourseError, GradingError, SecretError, SettingsError, Unreadable) as error:
        print(f"proctor: {error}", file=sys.stderr)
        return 1
    except SandboxError as error:
        print(f"proctor: {error}", file=sys.stderr)
        return NO_SANDBOX
    print(given)
    return 0


def grade_submission(root: Path, sandbox: str) -> dict:
    """The results of what lies in `submission/`, by the course that was packed, its code run in a sandbox.

    Raises
    ------
    SandboxError : where this sandbox cannot run here; no code of the submission has run then
    BuildError, CourseError, GradingError, Unreadable : where nothing can be graded, a fault of what was packed
    """
    # They load torch, which takes longer than the outer process.
    from proctor.grading.grade import grade_intake
    from proctor.grading.hosts import warm_hosts
    from proctor.grading.intake import take_in

    assignment = packed_assignment(root / "source" / "course", sandbox)
    warm_hosts(assignment, "cpu")().close()
    taken = take_in(root / "submission" / f"{assignment.name}.ipynb", assignment)
    try:
        verdict = grade_intake(taken, assignment, assignment.name, "cpu")
    except SandboxError as error:
        # It did run: to try another one now would be a step down that a submission can bring about.
        raise GradingError(f"the sandbox {sandbox} gave way while grading: {error}") from error
    return results_of(verdict)


def packed_assignment(folder: Path, sandbox: str) -> Assignment:
    """The one assignment of a packed course, to be graded in this sandbox, whatever the settings say."""
    course = open_course(folder)
    course = replace(course, settings=replace(course.settings, sandbox=sandbox))
    if len(course.assignments) != 1:
        raise CourseError(f"{folder} should hold one assignment, but holds {len(course.assignments)}; pack it anew")
    return load_assignment(course, course.assignments[0])


def results_of(verdict: Verdict) -> dict:
    """A verdict as Gradescope's results.json: each check is a test. Whatever may be a student's words is escaped."""
    refused = refusal(verdict.exercises)
    tests = [
        _test(f"{place}.{number}", exercise.title, check, refused)
        for place, exercise in enumerate(verdict.exercises, 1)
        for number, check in enumerate(exercise.checks, 1)
    ]
    return {
        "score": rounded(verdict.points),
        "execution_time": verdict.seconds,
        "output": _as_html(_words(verdict, refused)),
        "output_format": "html",
        "test_output_format": "html",
        "test_name_format": "text",
        "visibility": "visible",
        # It is for whoever looks after the autograder.
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {"sandbox": verdict.sandbox},
    }


def _words(verdict, refused):
    """What students read above the tests."""
    if refused:
        yield f"{refused} Hand in your notebook, {verdict.assignment}.ipynb, with your answers in it."
        return
    yield from verdict.notes
    if verdict.by_hand:
        yield f"Written answers, {in_words(verdict.by_hand)}, are marked by hand; they are not among these tests."
    if verdict.sandbox != "bubblewrap":
        yield sandbox_note(verdict)
    else:
        yield "This was graded in the sandbox `bubblewrap`."


def _test(number: str, exercise: str, check: CheckVerdict, refused: str) -> dict:
    message, *causes = check.message.splitlines() or [""]
    lines = [] if refused else [message, *(f"Likely cause: {cause}" for cause in causes)]
    return {
        "number": number,
        # In a list of names, and where they are exported, nothing is set as code.
        "name": f"{exercise}: {check.title}".replace("`", ""),
        "score": rounded(check.points),
        "max_score": rounded(check.max_points),
        "status": "passed" if check.passed else "failed",
        "output": _as_html(lines),
        "visibility": "visible",
    }


def _as_html(lines):
    """Lines as HTML, what stands between backticks as code."""
    return "<br>\n".join(map(inline, lines))


if __name__ == "__main__":
    sys.exit(main())
