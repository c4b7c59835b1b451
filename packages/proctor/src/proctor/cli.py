"""The command line of the course: build, grade, audit, class, demo, mark, pack, report, return, table, watch."""

import os
import signal
import sys

# Nothing more is imported before Ctrl-C is heeded: all else takes a second and longer.
STOPPING = (signal.SIGINT, signal.SIGTERM)
# After an exception that was lost where it was raised, seconds until the next one.
AGAIN = 0.01
_stopped: list[int] = []


def main(argv: list[str] | None = None) -> int:
    """Run one command; exit status 0 when it did its work, 1 when it found a fault, 2 for input it cannot use.

    It is 130 where Ctrl-C stopped it, and 143 where SIGTERM did, as a shell has it.
    """
    _stopped.clear()
    hook, arguments, before = sys.unraisablehook, [], _heed()
    try:
        try:
            status = _run(argv, arguments)
        except BaseException as error:
            # What a library made of being stopped is not to be told.
            status = 2 if _stopped else _told(error)
        return _say_stopped(arguments) if _stopped else status
    finally:
        # What ends as a program dies of another one, without a word.
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if argv is None else handler)
        sys.unraisablehook = hook


def _heed():
    """Have what stops this process stop its command; gives what did until now. Only a main thread can."""
    owner = os.getpid()

    def stop(number, frame):
        for each in STOPPING:
            # Again, it ends this process at once.
            signal.signal(each, signal.SIG_DFL)
        if os.getpid() != owner:
            # A process that was forked has nothing to tell.
            os.kill(os.getpid(), number)
        _stopped.append(number)
        raise KeyboardInterrupt

    def lost(unraisable):
        if not (_stopped and isinstance(unraisable.exc_value, KeyboardInterrupt)):
            return sys.__unraisablehook__(unraisable)
        # It was raised in what Python calls by itself, as within an import, and went no further.
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        return signal.setitimer(signal.ITIMER_REAL, AGAIN)

    try:
        # Who starts this in the background may have it heed no Ctrl-C.
        heeded = [number for number in STOPPING if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.signal(number, stop) for number in heeded}
    except ValueError:
        return {}
    sys.unraisablehook = lost
    return before


def _say_stopped(arguments):
    """Tell in a line that and by what a command was stopped; gives its exit status."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    by = "stopped" if _stopped[0] == signal.SIGINT else f"stopped by {signal.Signals(_stopped[0]).name}"
    rest = getattr(arguments[0], "rest", "") if arguments else ""
    try:
        print(f"proctor: {by}.{rest}", file=sys.stderr, flush=True)
    except OSError:
        _give_up_output()
    return 128 + _stopped[0]


def _run(argv, parsed):
    """Run a command; what it was told is put into a list."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # Files and students have names that not every terminal's encoding has.
            stream.reconfigure(errors="backslashreplace")
    parsed.append(_parser().parse_args(argv))
    status = parsed[0].command(parsed[0])
    print(end="", flush=True)
    return status


def _told(error):
    """Tell in a line what ended a command, and give its exit status; what nobody foresaw is raised again."""
    # With nbformat and jupytext, a third of a second that who asks for help need not wait for.
    from proctor.authoring.errors import BuildError, about_file
    from proctor.checks.outcome import GradingError
    from proctor.commands import MAX_WORDS
    from proctor.course import CourseError, SecretError
    from proctor.grading.harmless import one_line
    from proctor.grading.reading import Unreadable
    from proctor.settings import SettingsError

    if isinstance(error, BuildError):
        print(*error.errors, sep="\n", file=sys.stderr)
    elif isinstance(error, (CourseError, GradingError, SecretError, SettingsError, Unreadable)):
        print(f"proctor: {error}", file=sys.stderr)
    elif isinstance(error, BrokenPipeError):
        # Whoever reads it through `head` has read enough.
        _give_up_output()
        return 0
    elif isinstance(error, (OSError, UnicodeDecodeError)):
        _give_up_output()
        print(f"proctor: {one_line(about_file(error), MAX_WORDS)}", file=sys.stderr)
    else:
        raise error
    return 2


def _give_up_output():
    """Drop what standard output still holds, if it takes no more: Python would say so once more as it ends."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser():
    import argparse
    from pathlib import Path

    from proctor import commands

    parser = argparse.ArgumentParser(prog="proctor", description=__doc__)
    parser.add_argument("--course", type=Path, default=Path(), help="a folder of the course (default: this one)")
    named = parser.add_subparsers(required=True, metavar="COMMAND")

    grade = named.add_parser("grade", help="grade notebooks or .py files and print points and messages")
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
    grade.set_defaults(command=commands.run_grade)

    audit = named.add_parser("audit", help="grade all known mistakes and alternatives, to prove the checks")
    audit.add_argument("assignments", nargs="*", metavar="A")
    audit.add_argument("--jobs", type=int, default=2, help="submissions graded at a time (default: 2)")
    audit.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    words = "instead, put small changes to the solutions to the checks, and list those that none finds"
    audit.add_argument("--mutants", action="store_true", help=words)
    audit.set_defaults(command=commands.run_audit)

    build = named.add_parser("build", help="build the notebooks in source/ and release/")
    build.add_argument("assignments", nargs="*", metavar="A")
    build.set_defaults(command=commands.run_build)

    many = named.add_parser("class", help="grade all that was handed in, many at once; then run nbgrader autograde")
    many.add_argument("assignment", metavar="A")
    words = "submissions graded at a time (default: one a core, as far as there is memory for them)"
    many.add_argument("--jobs", type=int, help=words)
    many.add_argument("--dask", metavar="ADDRESS", help="grade on the workers of this Dask scheduler instead")
    words = "replace points that a changed check has changed, without asking"
    many.add_argument("--yes", action="store_true", help=words)
    many.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    rest = " What `proctor class` has graded is on record; run it for the rest."
    many.set_defaults(command=commands.run_class, rest=rest)

    demo = named.add_parser("demo", help="hand in the demo class, grade it with nbgrader, print the table")
    demo.add_argument("assignments", nargs="*", metavar="A")
    demo.set_defaults(command=commands.run_demo)

    mark = named.add_parser("mark", help="serve a page for marking by hand, question by question, without names")
    mark.add_argument("assignment", metavar="A")
    mark.add_argument("--port", type=int, default=0, help="of this machine alone (default: one that is free)")
    words = "another number has the answers in another order: for who marks beside somebody (default: 1)"
    mark.add_argument("--seed", type=int, default=1, help=words)
    mark.set_defaults(command=commands.run_mark)

    pack = named.add_parser("pack", help="pack the grader of an assignment for another platform")
    pack.add_argument("assignment", metavar="A")
    pack.add_argument("--for", required=True, dest="platform", choices=["gradescope"])
    words = "where to (default: dist/gradescope/A/autograder.zip in the course)"
    pack.add_argument("--output", type=Path, metavar="FILE", help=words)
    pack.set_defaults(command=commands.run_pack)

    report = named.add_parser("report", help="write a page about a class: points, checks, mistakes, what is alike")
    report.add_argument("assignment", metavar="A")
    report.add_argument("--html", type=Path, metavar="FILE", help="where to (default: reports/A.html in the course)")
    report.add_argument("--csv", type=Path, metavar="FILE", help="also write a line for each student and check")
    report.set_defaults(command=commands.run_report)

    back = named.add_parser("return", help="fill in an LMS's own sheet of marks, and pack the pages for its upload")
    back.add_argument("assignment", metavar="A")
    back.add_argument("--lms", required=True, choices=["canvas", "moodle", "blackboard"])
    back.add_argument("--sheet", required=True, type=Path, metavar="FILE", help="as the LMS exports it; left as it is")
    back.add_argument("--column", default="", metavar="C", help="its title, where that is not the assignment's name")
    words = "the folder to write to (default: a new one, reports/A-LMS in the course)"
    back.add_argument("--output", type=Path, metavar="FOLDER", help=words)
    words = "also return who has an answer, or a changed one, that waits for a mark by hand; unmarked, it counts as 0"
    back.add_argument("--unmarked", action="store_true", help=words)
    back.set_defaults(command=commands.run_return)

    table = named.add_parser("table", help="print the class as the gradebook has it: submission by exercise")
    table.add_argument("assignments", nargs="*", metavar="A")
    table.add_argument("--wide", action="store_true", help="the exercises by their names, however wide that is")
    table.set_defaults(command=commands.run_table)

    watch = named.add_parser("watch", help="grade what is handed in as it comes, and give its page back")
    watch.add_argument("assignment", metavar="A")
    words = "submissions graded at a time (default: one a core, as far as there is memory for them)"
    watch.add_argument("--jobs", type=int, help=words)
    watch.set_defaults(command=commands.run_watch)
    return parser


if __name__ == "__main__":
    sys.exit(main())
