"""What the commands of the command line do; each gives the exit status.

Each imports what it needs: torch alone takes a second and a half, nbgrader another.
"""

import contextlib
import errno
import json
import signal
import sys
from datetime import datetime
from pathlib import Path

from proctor.authoring.assignment import load_assignment
from proctor.authoring.errors import about_file
from proctor.checks.outcome import GradingError
from proctor.course import CourseError, open_course
from proctor.points import in_words
from proctor.settings import resolve_device

MAX_NAME, MAX_WORDS = 300, 1000


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


def _assignments(arguments):
    """The assignments that a command names; all of the course where it names none."""
    course = open_course(arguments.course)
    return [load_assignment(course, name) for name in arguments.assignments or course.assignments]


def run_grade(arguments):
    """Grade notebooks, and print or write their verdicts."""
    from proctor.grading import report

    device, target, status = resolve_device(arguments.device), arguments.json, 0
    to_file = target not in (None, "-")
    if to_file and Path(target).resolve() in [path.resolve() for path in arguments.notebooks]:
        raise GradingError(f"--json {target} is one of the notebooks, which it would write over; name another file")
    _require_writable(*filter(None, (arguments.summary, Path(target) if to_file else None)))
    with contextlib.ExitStack() as opened:
        file = None
        for verdict, summary in _verdicts(arguments, device):
            if to_file and file is None:
                # Who stops it before has what was there.
                file = opened.enter_context(_writing(Path(target)))
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
        if to_file and file is None:
            opened.enter_context(_writing(Path(target)))
    return status


def _verdicts(arguments, device):
    """Grade notebooks: the verdict of each, None where it has none, which is told, and what a summary says of it."""
    from tqdm import tqdm

    from proctor.grading import grade, intake, job_summary, selection
    from proctor.grading.harmless import one_line

    quiet = len(arguments.notebooks) == 1 or not sys.stderr.isatty()
    for path in tqdm(arguments.notebooks, unit="submission", disable=quiet):
        # What students call their files is shown on a terminal.
        verdict, summary, name = None, "", one_line(str(path), MAX_NAME)
        try:
            course = _course_of(path, arguments.course)
            assignment = load_assignment(course, arguments.assignment or selection.identify(path, course))
            chosen = selection.select(assignment, arguments.exercises, device)
            verdict = grade.grade(path, chosen.assignment, device, name, detailed=arguments.verbose)
            selection.narrow(verdict, chosen)
        except (CourseError, intake.Unreadable, GradingError, OSError) as error:
            verdict = None
            words = one_line(about_file(error) if isinstance(error, OSError) else str(error), MAX_WORDS)
            print(f"proctor: {words}", file=sys.stderr)
            # What is no fault of the submission's is not for its summary.
            if isinstance(error, intake.Unreadable):
                summary = job_summary.refusal_as_markdown(arguments.assignment or "", name, words)
        yield verdict, job_summary.as_markdown(verdict) if verdict else summary


def _course_of(path, default):
    """The course that a notebook lies in, else the one that the command was told of."""
    try:
        return open_course(path.resolve().parent if path.exists() else default)
    except CourseError:
        return open_course(default)


def run_audit(arguments):
    """Prove the checks by mistakes and alternatives, or by mutants."""
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


def run_class(arguments):
    """Grade all that was handed in."""
    from functools import partial

    from proctor.authoring import bank
    from proctor.grading import cache, many, report, workers
    from proctor.grading.reading import why_no_student_id

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
        words = f"that may not be a student's id, for {why_no_student_id(name)}"
        print(f"proctor: {name!a} is left out: {words}", file=sys.stderr)
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


def run_build(arguments):
    """Build the notebooks."""
    from proctor.authoring.build import build_course

    written = build_course(open_course(arguments.course), arguments.assignments or None)
    print(*written or ["The notebooks are up to date, and the gradebook knows them."], sep="\n")
    return 0


def run_demo(arguments):
    """Hand in the demo class and grade it."""
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


def run_mark(arguments):
    """Serve the page for marking by hand."""
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
        with _heeding(signal.default_int_handler):
            asyncio.run(mark_server.serve(marking, arguments.port, ready))
    except KeyboardInterrupt:
        print()
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
            raise
        raise GradingError(f"--port {arguments.port}: {error.strerror}; take another, or none") from error
    return 0


def run_pack(arguments):
    """Pack the grader for another platform."""
    from functools import partial

    from proctor.authoring.packing import pack

    assignment = load_assignment(open_course(arguments.course), arguments.assignment)
    print(pack(assignment, arguments.output, partial(print, "proctor:", file=sys.stderr)))
    print("It holds solutions and checks: give it to nobody but Gradescope.", file=sys.stderr)
    return 0


def run_report(arguments):
    """Write the page about a class."""
    from proctor.grading import class_report

    assignment = load_assignment(open_course(arguments.course), arguments.assignment)
    page = arguments.html or assignment.root / "reports" / f"{assignment.name}.html"
    _require_writable(*filter(None, (page, arguments.csv)))
    report = class_report.draw_up(assignment)
    # Made before they are written: who stops it has what was there.
    texts = {page: class_report.as_html(report)}
    if arguments.csv:
        texts[arguments.csv] = class_report.as_csv(report)
    for path, text in texts.items():
        with _writing(path) as file:
            file.write(text)
    print(page)
    return 0


def run_return(arguments):
    """Fill in an LMS's sheet and pack the pages."""
    from proctor.grading import returning

    assignment = load_assignment(open_course(arguments.course), arguments.assignment)
    returned = returning.give_back(
        assignment, arguments.lms, arguments.sheet, arguments.column, arguments.output, arguments.unmarked
    )
    print(*returned.told, sep="\n")
    for line in returned.problems:
        print(f"proctor: {line}", file=sys.stderr)
    return 1 if returned.problems else 0


def run_table(arguments):
    """Print the class as the gradebook has it."""
    for number, assignment in enumerate(_assignments(arguments)):
        if number:
            print()
        _print_table(assignment, arguments.wide)
    return 0


def run_watch(arguments):
    """Grade what is handed in as it comes."""
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
    """Gives what tells whether Ctrl-C was pressed, or SIGTERM came; the next one ends this process at once."""
    pressed = []

    def note(number, frame):
        pressed.append(number)
        signal.signal(number, signal.SIG_DFL)

    with _heeding(note):
        yield lambda: bool(pressed)


@contextlib.contextmanager
def _heeding(handler):
    """Have Ctrl-C and SIGTERM call something else meanwhile."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _print_table(assignment, wide=False):
    from proctor.grading import marks, report, roster

    found = marks.read_class(assignment)
    others = roster.without_grades(assignment, found.grades)
    lines = report.class_table(assignment, found.grades, found.waiting, found.penalties, others, wide)
    print(f"{assignment.name}, {in_words(assignment.points)}")
    print(*lines, *report.what_is_open(assignment, found.not_marked, found.flagged), sep="\n")
