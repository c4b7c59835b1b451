"""The command line of the course: build, grade, audit, class, demo, table."""

import argparse
import json
import os
import sys
from pathlib import Path

from proctor.assignment import BuildError, CourseError, find_root
from proctor.settings import SettingsError, resolve_device, submitted_folder
from proctor.verdict import GradingError, table


def main(argv: list[str] | None = None) -> int:
    """Run one command; exit status 0 when it did its work, 1 when it found a fault, 2 for input it cannot use.

    It is 130 where Ctrl-C stopped it, as a shell has it.
    """
    arguments = _parser().parse_args(argv)
    from proctor.intake import Unreadable
    from proctor.secret import SecretError

    try:
        return arguments.command(arguments)
    except BuildError as error:
        print(*error.errors, sep="\n", file=sys.stderr)
    except (CourseError, GradingError, SecretError, SettingsError, Unreadable) as error:
        print(f"proctor: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("proctor: stopped. What `proctor class` has graded is on record; run it for the rest.", file=sys.stderr)
        return 130
    return 2


def _parser():
    parser = argparse.ArgumentParser(prog="proctor", description=__doc__)
    parser.add_argument("--course", type=Path, default=Path(), help="a folder of the course (default: this one)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    grade = commands.add_parser("grade", help="grade notebooks or .py files and print points and messages")
    grade.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    grade.add_argument("--assignment", metavar="A", help="the assignment, where the file does not tell it")
    grade.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    grade.add_argument("--json", metavar="FILE", help="write the verdicts, a line of JSON each; - for standard output")
    grade.set_defaults(command=_grade)

    audit = commands.add_parser("audit", help="grade all known mistakes and alternatives, to prove the checks")
    audit.add_argument("assignments", nargs="*", metavar="A")
    audit.add_argument("--jobs", type=int, default=2, help="submissions graded at a time (default: 2)")
    audit.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    audit.set_defaults(command=_audit)

    build = commands.add_parser("build", help="build the notebooks in source/ and release/")
    build.add_argument("assignments", nargs="*", metavar="A")
    build.set_defaults(command=_build)

    many = commands.add_parser("class", help="grade all that was handed in, many at once; then run nbgrader autograde")
    many.add_argument("assignment", metavar="A")
    many.add_argument("--jobs", type=int, default=os.cpu_count(), help="submissions graded at a time (default: cores)")
    many.add_argument("--dask", metavar="ADDRESS", help="grade on the workers of this Dask scheduler instead")
    many.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    many.set_defaults(command=_class)

    demo = commands.add_parser("demo", help="hand in the demo class, grade it with nbgrader, print the table")
    demo.add_argument("assignments", nargs="*", metavar="A")
    demo.set_defaults(command=_demo)

    table = commands.add_parser("table", help="print the class as the gradebook has it: submission by exercise")
    table.add_argument("assignments", nargs="*", metavar="A")
    table.set_defaults(command=_table)
    return parser


def _names(arguments, root):
    from proctor.assignment import list_assignments

    return arguments.assignments or list_assignments(root)


def _grade(arguments):
    from tqdm import tqdm

    from proctor import grading
    from proctor.intake import Unreadable

    verdicts, status = [], 0
    quiet = len(arguments.notebooks) == 1 or not sys.stderr.isatty()
    for path in tqdm(arguments.notebooks, unit="submission", disable=quiet):
        try:
            root = find_root(path.resolve().parent if path.exists() else arguments.course)
        except CourseError:
            root = find_root(arguments.course)
        try:
            verdict = grading.grade(path, root, arguments.assignment, arguments.device)
        except (CourseError, Unreadable, GradingError) as error:
            print(f"proctor: {error}", file=sys.stderr)
            status = 2
            continue
        verdicts.append(verdict)
        if arguments.json != "-":
            print(*table(verdict), sep="\n", end="\n\n")
    if arguments.json:
        text = "".join(json.dumps(verdict.as_json()) + "\n" for verdict in verdicts)
        if arguments.json == "-":
            print(text, end="")
        else:
            Path(arguments.json).write_text(text, encoding="utf-8")
    return status


def _audit(arguments):
    from proctor import audit
    from proctor.assignment import load_assignment

    root = find_root(arguments.course)
    proven = True
    for name in _names(arguments, root):
        result = audit.audit(load_assignment(root, name), arguments.device, arguments.jobs)
        print(*audit.matrix(result), sep="\n")
        proven = proven and not result.faults
    return 0 if proven else 1


def _class(arguments):
    from functools import partial

    from tqdm import tqdm

    from proctor import many
    from proctor.assignment import load_assignment

    if arguments.jobs < 1:
        raise GradingError(f"--jobs should be 1 or more, not {arguments.jobs}")
    assignment = load_assignment(find_root(arguments.course), arguments.assignment)
    device = resolve_device(arguments.device)
    students = many.list_students(assignment)
    if not students:
        folder = submitted_folder(assignment.root)
        raise GradingError(f"nothing was handed in: there is no {folder}/<student>/{assignment.name}/")
    if arguments.dask:
        open_executor = partial(many.dask_executor, arguments.dask)
    else:
        open_executor = partial(many.local_executor, assignment, min(arguments.jobs, len(students)), device)
    faults = 0
    with tqdm(total=len(students), unit="submission", smoothing=0.1) as bar:
        try:
            for graded in many.grade_class(assignment, open_executor, device):
                bar.update()
                if graded.fault:
                    faults += 1
                    bar.write(f"proctor: {graded.student} was not graded: {graded.fault}", file=sys.stderr)
                bar.set_postfix(failed=faults)
        except OSError as error:
            raise GradingError(f"{arguments.dask or 'grading'}: {error}") from error
    print(f"{len(students) - faults} of {len(students)} submissions are graded.")
    print(f"`nbgrader autograde {assignment.name}` now writes them into the gradebook.")
    return 1 if faults else 0


def _build(arguments):
    from proctor.build import build_course

    root = find_root(arguments.course)
    for path in build_course(root, arguments.assignments or None):
        print(path)
    return 0


def _demo(arguments):
    from sqlalchemy.engine import make_url

    from proctor import demo
    from proctor.assignment import load_assignment
    from proctor.build import course_directory

    root = find_root(arguments.course)
    names = _names(arguments, root)
    for name in names:
        assignment = load_assignment(root, name)
        demo.hand_in(assignment)
        demo.grade_class(assignment)
    for name in names:
        print()
        _print_table(load_assignment(root, name))
    # As text, a URL hides its password.
    print(f"\ngradebook   {make_url(course_directory(root).db_url)}")
    print(f"feedback    {root / 'feedback'}/<submission>/<assignment>/<assignment>.html")
    print(f"formgrader  run `jupyter lab` in {root}, then open Nbgrader > Formgrader")
    return 0


def _table(arguments):
    from proctor.assignment import load_assignment

    root = find_root(arguments.course)
    for name in _names(arguments, root):
        _print_table(load_assignment(root, name))
    return 0


def _print_table(assignment):
    from proctor import gradebook

    print(*gradebook.class_table(assignment), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
