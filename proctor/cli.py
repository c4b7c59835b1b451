"""The command line of the course: build, grade, audit, demo, table."""

import argparse
import json
import sys
from pathlib import Path

from proctor.assignment import BuildError, CourseError, find_root
from proctor.settings import SettingsError


def main(argv: list[str] | None = None) -> int:
    """Run one command; exit status 0 when it did its work, 1 when it found a fault, 2 for input it cannot use."""
    arguments = _parser().parse_args(argv)
    from proctor.grading import GradingError
    from proctor.intake import Unreadable
    from proctor.secret import SecretError

    try:
        return arguments.command(arguments)
    except BuildError as error:
        print(*error.errors, sep="\n", file=sys.stderr)
    except (CourseError, GradingError, SecretError, SettingsError, Unreadable) as error:
        print(f"proctor: {error}", file=sys.stderr)
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
        except (CourseError, Unreadable, grading.GradingError) as error:
            print(f"proctor: {error}", file=sys.stderr)
            status = 2
            continue
        verdicts.append(verdict)
        if arguments.json != "-":
            print(*grading.table(verdict), sep="\n", end="\n\n")
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


def _build(arguments):
    from proctor.build import build_course

    root = find_root(arguments.course)
    for path in build_course(root, arguments.assignments or None):
        print(path)
    return 0


def _demo(arguments):
    from proctor import demo
    from proctor.assignment import load_assignment

    root = find_root(arguments.course)
    names = _names(arguments, root)
    for name in names:
        assignment = load_assignment(root, name)
        demo.hand_in(assignment)
        demo.grade_class(assignment)
    for name in names:
        print()
        _print_table(load_assignment(root, name))
    print(f"\ngradebook   {root / 'gradebook.db'}")
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
