"""The command line of the course: build, grade, audit, class, demo, mark, pack, report, return, table, watch."""

import argparse
import contextlib
import errno
import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from proctor.authoring.assignment import load_assignment
from proctor.authoring.errors import BuildError, about_file
from proctor.checks.outcome import GradingError
from proctor.course import CourseError, SecretError, open_course
from proctor.settings import SettingsError, resolve_device

MAX_NAME, MAX_WORDS = 300, 1000


def main(argv: list[str] | None = None) -> int:
    """Run one command; exit status 0 when it did its work, 1 when it found a fault, 2 for input it cannot use.

    It is 130 where Ctrl-C stopped it, as a shell has it.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # Files and students have names that not every terminal's encoding has.
            stream.reconfigure(errors="backslashreplace")
    arguments = _parser().parse_args(argv)
    # With nbformat and jupytext, a third of a second that who asks for help need not wait for.
    from proctor.grading.harmless import one_line
    from proctor.grading.reading import Unreadable

    try:
        status = arguments.command(arguments)
        print(end="", flush=True)
        return status
    except BuildError as error:
        print(*error.errors, sep="\n", file=sys.stderr)
    except (CourseError, GradingError, SecretError, SettingsError, Unreadable) as error:
        print(f"proctor: {error}", file=sys.stderr)
    except BrokenPipeError:
        # Whoever reads it through `head` has read enough.
        _give_up_output()
        return 0
    except (OSError, UnicodeDecodeError) as error:
        _give_up_output()
        print(f"proctor: {one_line(about_file(error), MAX_WORDS)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("proctor: stopped. What `proctor class` has graded is on record; run it for the rest.", file=sys.stderr)
        return 130
    return 2


def _give_up_output():
    """Drop what standard output still holds, if it takes no more: Python would say so once more as it ends."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _writing(path):
    """Open a file to write text to, in a folder that is made where there is none; errors say which file it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        # A full disk does not say what it has no room for.
        error.filename = error.filename or str(path)
        raise


def _require_writable(*paths):
    """Find out before long work whether files can be written, and leave them as they are."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        if is_new or path.is_file() or path.is_dir():
            path.open("ab").close()
        if is_new:
            path.unlink()


def _parser():
    parser = argparse.ArgumentParser(prog="proctor", description=__doc__)
    parser.add_argument("--course", type=Path, default=Path(), help="a folder of the course (default: this one)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    grade = commands.add_parser("grade", help="grade notebooks or .py files and print points and messages")
    grade.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    grade.add_argument("--assignment", metavar="A", help="the assignment, where the file does not tell it")
    grade.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    words = "only this exercise, or this check (encoder/test_masks); may be given several times"
    grade.add_argument("--exercise", action="append", default=[], dest="exercises", metavar="E", help=words)
    words = "show what each failed check called, with which inputs, what came back, and what the reference gives"
    grade.add_argument("-v", "--verbose", action="store_true", help=words)
    grade.add_argument("--json", metavar="FILE", help="write the verdicts, a line of JSON each; - for standard output")
    words = "add the verdicts to this file as Markdown, as for $GITHUB_STEP_SUMMARY"
    grade.add_argument("--summary", type=Path, metavar="FILE", help=words)
    grade.set_defaults(command=_grade)

    audit = commands.add_parser("audit", help="grade all known mistakes and alternatives, to prove the checks")
    audit.add_argument("assignments", nargs="*", metavar="A")
    audit.add_argument("--jobs", type=int, default=2, help="submissions graded at a time (default: 2)")
    audit.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    words = "instead, put small changes to the solutions to the checks, and list those that none finds"
    audit.add_argument("--mutants", action="store_true", help=words)
    audit.set_defaults(command=_audit)

    build = commands.add_parser("build", help="build the notebooks in source/ and release/")
    build.add_argument("assignments", nargs="*", metavar="A")
    build.set_defaults(command=_build)

    many = commands.add_parser("class", help="grade all that was handed in, many at once; then run nbgrader autograde")
    many.add_argument("assignment", metavar="A")
    words = "submissions graded at a time (default: one a core, as far as there is memory for them)"
    many.add_argument("--jobs", type=int, help=words)
    many.add_argument("--dask", metavar="ADDRESS", help="grade on the workers of this Dask scheduler instead")
    words = "replace points that a changed check has changed, without asking"
    many.add_argument("--yes", action="store_true", help=words)
    many.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    many.set_defaults(command=_class)

    demo = commands.add_parser("demo", help="hand in the demo class, grade it with nbgrader, print the table")
    demo.add_argument("assignments", nargs="*", metavar="A")
    demo.set_defaults(command=_demo)

    mark = commands.add_parser("mark", help="serve a page for marking by hand, question by question, without names")
    mark.add_argument("assignment", metavar="A")
    mark.add_argument("--port", type=int, default=0, help="of this machine alone (default: one that is free)")
    words = "another number has the answers in another order: for who marks beside somebody (default: 1)"
    mark.add_argument("--seed", type=int, default=1, help=words)
    mark.set_defaults(command=_mark)

    pack = commands.add_parser("pack", help="pack the grader of an assignment for another platform")
    pack.add_argument("assignment", metavar="A")
    pack.add_argument("--for", required=True, dest="platform", choices=["gradescope"])
    words = "where to (default: dist/gradescope/A/autograder.zip in the course)"
    pack.add_argument("--output", type=Path, metavar="FILE", help=words)
    pack.set_defaults(command=_pack)

    report = commands.add_parser("report", help="write a page about a class: points, checks, mistakes, what is alike")
    report.add_argument("assignment", metavar="A")
    report.add_argument("--html", type=Path, metavar="FILE", help="where to (default: reports/A.html in the course)")
    report.add_argument("--csv", type=Path, metavar="FILE", help="also write a line for each student and check")
    report.set_defaults(command=_report)

    back = commands.add_parser("return", help="fill in an LMS's own sheet of marks, and pack the pages for its upload")
    back.add_argument("assignment", metavar="A")
    back.add_argument("--lms", required=True, choices=["canvas", "moodle", "blackboard"])
    back.add_argument("--sheet", required=True, type=Path, metavar="FILE", help="as the LMS exports it; left as it is")
    back.add_argument("--column", default="", metavar="C", help="its title, where that is not the assignment's name")
    words = "the folder to write to (default: a new one, reports/A-LMS in the course)"
    back.add_argument("--output", type=Path, metavar="FOLDER", help=words)
    words = "also return who has an answer, or a changed one, that waits for a mark by hand; unmarked, it counts as 0"
    back.add_argument("--unmarked", action="store_true", help=words)
    back.set_defaults(command=_return)

    table = commands.add_parser("table", help="print the class as the gradebook has it: submission by exercise")
    table.add_argument("assignments", nargs="*", metavar="A")
    table.add_argument("--wide", action="store_true", help="the exercises by their names, however wide that is")
    table.set_defaults(command=_table)

    watch = commands.add_parser("watch", help="grade what is handed in as it comes, and give its page back")
    watch.add_argument("assignment", metavar="A")
    words = "submissions graded at a time (default: one a core, as far as there is memory for them)"
    watch.add_argument("--jobs", type=int, help=words)
    watch.set_defaults(command=_watch)
    return parser


def _assignments(arguments):
    """The assignments that a command names; all of the course where it names none."""
    course = open_course(arguments.course)
    return [load_assignment(course, name) for name in arguments.assignments or course.assignments]


# Each command imports what it needs: torch alone takes a second and a half, nbgrader another.


def _grade(arguments):
    from proctor.grading import report

    device, target, status = resolve_device(arguments.device), arguments.json, 0
    to_file = target not in (None, "-")
    if to_file and Path(target).resolve() in [path.resolve() for path in arguments.notebooks]:
        raise GradingError(f"--json {target} is one of the notebooks, which it would write over; name another file")
    with _writing(Path(target)) if to_file else contextlib.nullcontext() as file:
        for verdict, summary in _verdicts(arguments, device):
            if summary and arguments.summary:
                with arguments.summary.open("a", encoding="utf-8") as summaries:
                    print(summary, file=summaries)
            if verdict is None:
                status = 2
                continue
            if target:
                print(json.dumps(verdict.as_json()), file=file, flush=True)
            if target != "-":
                # The file gets the others' verdicts also where nobody reads these lines.
                with contextlib.suppress(*[OSError] * to_file):
                    print(*report.table(verdict), sep="\n", end="\n\n")
    return status


def _verdicts(arguments, device):
    """Grade notebooks: the verdict of each, None where it has none, which is told, and what a summary says of it."""
    from tqdm import tqdm

    from proctor.grading import grade, intake, job_summary, selection
    from proctor.grading.harmless import one_line

    quiet = len(arguments.notebooks) == 1 or not sys.stderr.isatty()
    for path in tqdm(arguments.notebooks, unit="submission", disable=quiet):
        verdict, summary = None, ""
        try:
            course = _course_of(path, arguments.course)
            assignment = load_assignment(course, arguments.assignment or intake.identify(path, course))
            chosen = selection.select(assignment, arguments.exercises, device)
            # What students call their files is shown on a terminal.
            name = one_line(str(path), MAX_NAME)
            verdict = grade.grade(path, chosen.assignment, device, name, detailed=arguments.verbose)
            selection.narrow(verdict, chosen)
        except (CourseError, intake.Unreadable, GradingError, OSError) as error:
            verdict = None
            words = one_line(about_file(error) if isinstance(error, OSError) else str(error), MAX_WORDS)
            print(f"proctor: {words}", file=sys.stderr)
            # What is no fault of the submission's is not for its summary.
            if isinstance(error, intake.Unreadable):
                summary = job_summary.refusal_as_markdown(arguments.assignment or path.stem, words)
        yield verdict, job_summary.as_markdown(verdict) if verdict else summary


def _course_of(path, default):
    """The course that a notebook lies in, else the one that the command was told of."""
    try:
        return open_course(path.resolve().parent if path.exists() else default)
    except CourseError:
        return open_course(default)


def _audit(arguments):
    from proctor.proof import audit, survivors

    proven = True
    for assignment in _assignments(arguments):
        if arguments.mutants:
            found = survivors.survey(assignment, arguments.jobs)
            print(*survivors.report(found), sep="\n")
            proven = proven and not found.survivors and not found.unused
            continue
        result = audit.audit(assignment, arguments.device, arguments.jobs)
        print(*audit.matrix(result), sep="\n")
        proven = proven and not result.faults
    return 0 if proven else 1


def _class(arguments):
    from functools import partial

    from proctor.authoring import bank
    from proctor.grading import cache, many, report, workers

    assignment = load_assignment(open_course(arguments.course), arguments.assignment)
    jobs, device = (
        _jobs(arguments.jobs, workers.jobs_here(assignment.course.settings)),
        resolve_device(arguments.device),
    )
    # What is wrong with them would be said of each submission.
    bank.mistakes(assignment)
    students, left_out = many.list_students(assignment)
    if not students and not left_out:
        folder = assignment.course.submitted
        raise GradingError(f"nothing was handed in: there is no {folder}/<student>/{assignment.name}/")
    if arguments.dask:
        open_executor = partial(many.dask_executor, arguments.dask)
    else:
        jobs = min(jobs, len(students) or 1)
        open_executor = partial(many.local_executor, assignment, jobs, device)
    graded = _grade_students(assignment, students, open_executor, device, arguments.dask or "grading")
    for name in left_out:
        print(f"proctor: {name!a} is left out: that may not be a student's id", file=sys.stderr)
    misplaced = many.misplaced(assignment)
    for path in misplaced:
        print(f"proctor: {str(path)!a} is left out: {many.where_to(path)}", file=sys.stderr)
    left_out += misplaced
    faults, unchanged = sum(bool(one.fault) for one in graded), sum(one.unchanged for one in graded)
    print(report.summary(len(students) - unchanged - faults, unchanged, faults, len(left_out)))
    changed = sorted((one for one in graded if one.changes), key=lambda one: one.student)
    agreed = _agree(changed, arguments.yes)
    cache.settle(assignment, agreed)
    if not agreed:
        return 1
    # nbgrader passes over what is not handed in anew.
    force = " --force" if changed or any(one.outdated for one in graded) else ""
    print(f"`nbgrader autograde {assignment.name}{force}` now writes them into the gradebook.")
    return 1 if faults or left_out else 0


def _agree(changed, yes):
    """Say whose points would change, and have somebody agree; where nobody can be asked, nobody has."""
    from proctor.grading import changes

    if not changed:
        return True
    print(f"\nThe checks have changed since, and with them the points of {len(changed)} of the submissions:")
    for one in changed:
        print(*changes.told(one.student, one.points, one.max_points, one.changes), sep="\n")
    if yes:
        return True
    if not sys.stdin.isatty():
        print("proctor: nothing was changed, for nobody is here to be asked; `--yes` agrees.", file=sys.stderr)
        return False
    try:
        agreed = input("Replace the points? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        agreed = False
    if not agreed:
        print("proctor: nothing was changed.", file=sys.stderr)
    return agreed


def _jobs(wanted, safe):
    """How many submissions to grade at a time; more than there is memory for where that is asked for, and said."""
    if wanted is not None and wanted < 1:
        raise GradingError(f"--jobs should be 1 or more, not {wanted}")
    if wanted is not None and wanted > safe:
        print(f"proctor: --jobs {wanted} is more than the cores and memory here are for, {safe}", file=sys.stderr)
    return wanted or safe


def _grade_students(assignment, students, open_executor, device, where):
    """Grade a class with progress; gives what became of each."""
    from tqdm import tqdm

    from proctor.grading import many

    done = []
    with tqdm(total=len(students), unit="submission", smoothing=0.1) as bar:
        try:
            for graded in many.grade_class(assignment, students, open_executor, device):
                done.append(graded)
                bar.update()
                if graded.fault:
                    bar.write(f"proctor: {graded.student} was not graded: {graded.fault}", file=sys.stderr)
                bar.set_postfix(failed=sum(bool(one.fault) for one in done))
        except OSError as error:
            words = about_file(error) if error.filename else error
            raise GradingError(f"{where}: {words}") from error
    return done


def _build(arguments):
    from proctor.authoring.build import build_course

    for path in build_course(open_course(arguments.course), arguments.assignments or None):
        print(path)
    return 0


def _demo(arguments):
    from sqlalchemy.engine import make_url

    from proctor.proof import demo

    assignments = _assignments(arguments)
    for assignment in assignments:
        demo.hand_in(assignment)
        demo.grade_class(assignment)
    for assignment in assignments:
        print()
        _print_table(assignment)
    course = open_course(arguments.course)
    # As text, a URL hides its password.
    print(f"\ngradebook   {make_url(course.directory.db_url)}")
    print(f"feedback    {course.root / 'feedback'}/<submission>/<assignment>/<assignment>.html")
    print(f"formgrader  run `jupyter lab` in {course.root}, then open Nbgrader > Formgrader")
    return 0


def _mark(arguments):
    import asyncio

    from proctor.authoring.questions import read_questions
    from proctor.grading import mark_server
    from proctor.grading.marking import Marking

    if not 0 <= arguments.port < 2**16:
        raise GradingError(f"--port should be from 0 to 65535, not {arguments.port}")
    assignment = load_assignment(open_course(arguments.course), arguments.assignment)
    marking = Marking(assignment, read_questions(assignment), arguments.seed)

    def ready(address):
        print(f"Open {address}\nCtrl-C stops it. What the page has saved is in the gradebook.", flush=True)

    try:
        asyncio.run(mark_server.serve(marking, arguments.port, ready))
    except KeyboardInterrupt:
        print()
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
            raise
        raise GradingError(f"--port {arguments.port}: {error.strerror}; take another, or none") from error
    return 0


def _pack(arguments):
    from proctor.authoring.packing import pack

    assignment = load_assignment(open_course(arguments.course), arguments.assignment)
    print(pack(assignment, arguments.output))
    print("It holds solutions and checks: give it to nobody but Gradescope.", file=sys.stderr)
    return 0


def _report(arguments):
    from proctor.grading import class_report

    assignment = load_assignment(open_course(arguments.course), arguments.assignment)
    page = arguments.html or assignment.root / "reports" / f"{assignment.name}.html"
    _require_writable(*filter(None, (page, arguments.csv)))
    report = class_report.draw_up(assignment)
    with _writing(page) as file:
        file.write(class_report.as_html(report))
    if arguments.csv:
        with _writing(arguments.csv) as file:
            file.write(class_report.as_csv(report))
    print(page)
    return 0


def _return(arguments):
    from proctor.grading import returning

    assignment = load_assignment(open_course(arguments.course), arguments.assignment)
    returned = returning.give_back(
        assignment, arguments.lms, arguments.sheet, arguments.column, arguments.output, arguments.unmarked
    )
    print(*returned.told, sep="\n")
    for line in returned.problems:
        print(f"proctor: {line}", file=sys.stderr)
    return 1 if returned.problems else 0


def _table(arguments):
    for number, assignment in enumerate(_assignments(arguments)):
        if number:
            print()
        _print_table(assignment, arguments.wide)
    return 0


def _watch(arguments):
    from proctor.authoring.build import scripts_on_path
    from proctor.grading import ready, watching, workers
    from proctor.isolation.sandbox import SandboxError

    assignment = load_assignment(open_course(arguments.course), arguments.assignment)
    jobs, device = _jobs(arguments.jobs, workers.jobs_here(assignment.course.settings)), resolve_device("auto")

    def say(line):
        print(f"{datetime.now():%H:%M:%S} {line}", flush=True)

    with _until_interrupted() as stopped, scripts_on_path():
        try:
            ready.load_checks(assignment, device)
        except SandboxError as error:
            raise GradingError(str(error)) from error
        watch = watching.Watch(assignment, device, jobs, say)
        say(f"Watching {watch.places()}; Ctrl-C ends it.")
        watch.run(stopped)
    say(f"Ended. {watch.graded} graded, {len(watch.waiting)} waiting for the next start.")
    return 0


@contextlib.contextmanager
def _until_interrupted():
    """Gives what tells whether Ctrl-C was pressed; pressed again, it ends this process at once."""
    pressed = []

    def note(number, frame):
        pressed.append(number)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def _print_table(assignment, wide=False):
    from proctor.grading import marks, report, roster

    found = marks.read_class(assignment)
    others = roster.without_grades(assignment, found.grades)
    lines = report.class_table(assignment, found.grades, found.not_marked, found.penalties, others, wide)
    print(f"{assignment.name}, {assignment.points:g} points")
    print(*lines, *report.what_is_open(assignment, found.not_marked, found.flagged), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
