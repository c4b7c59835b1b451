"""A changed check changes nobody's points before somebody has agreed."""

import shutil
import subprocess
import sys

import nbformat
import pytest

from proctor import cli
from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading import cache, intake, many
from proctor.grading.changes import Change, compare, graded_before, told
from proctor.grading.gradebook import read_grades
from proctor.grading.reading import digest
from proctor.grading.report import write_verdict
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict
from proctor.proof import demo

VALUES = 'expect.close(submission.double(x), reference.double(x), "`double(x)`")'
MENDED = 'expect.shape(submission.double(x), (3, 5), "`double(x)`")'
WORDS = ["mistake_triples: 7 -> 10 of 10", "    Double a tensor: Every value is doubled. 0 -> 3"]


@pytest.fixture
def course(toy_course, tmp_path):
    """The toy course with a class of three, graded, one of whom a check is about to wrong no more."""
    assignment = load_assignment(open_course(shutil.copytree(toy_course, tmp_path / "course")), "toy")
    for path in demo.hand_in(assignment):
        if path.parts[-3] not in ("complete", "blank", "mistake_triples"):
            shutil.rmtree(path.parents[1])
    grade_class(assignment)
    return assignment


def grade_class(assignment):
    """Grade the class as `proctor class` does, in this process."""
    engine = cache.engine_digest(assignment.course, "cpu")
    students = many.list_students(assignment)[0]
    return {who: many.grade_student(assignment, who, "cpu", engine, ask=True) for who in students}


def mend(assignment):
    path = assignment.graders / "test_double.py"
    assert VALUES in path.read_text()
    path.write_text(path.read_text().replace(VALUES, MENDED))


def on_record(assignment):
    folder = assignment.root / cache.FOLDER / assignment.name
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def points(assignment, student="mistake_triples"):
    taken = intake.take_in(assignment.course.submitted / student / "toy/toy.ipynb", assignment)
    return cache.find(taken, assignment, student, "cpu")


@pytest.fixture
def command(course, monkeypatch):
    """`proctor class` on the mended course, its workers in this process: gives the exit status."""

    def grade_all(assignment, students, open_executor, device):
        yield from grade_class(assignment).values()

    monkeypatch.setattr(many, "grade_class", grade_all)
    return lambda *options: cli.main(["--course", str(course.root), "class", "toy", "--device", "cpu", *options])


def test_first_grading_asks_nothing(course, command, capsys):
    shutil.rmtree(course.root / cache.FOLDER)
    assert command() == 0
    assert "have changed" not in capsys.readouterr().out
    assert points(course).points == 7


def test_without_a_terminal_nothing_is_changed(course, command, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    before = on_record(course)
    mend(course)
    assert command() == 1
    captured = capsys.readouterr()
    assert all(line in captured.out.splitlines() for line in WORDS)
    assert "complete" not in captured.out and "nothing was changed" in captured.err
    assert on_record(course) == before


@pytest.mark.parametrize("answer, status", [("y", 0), ("YES", 0), ("n", 1), ("", 1), ("what?", 1), (None, 1)])
def test_whoever_is_there_is_asked(course, command, capsys, monkeypatch, answer, status):
    def ask(question):
        if answer is None:
            raise EOFError
        return answer

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", ask)
    before = on_record(course)
    mend(course)
    assert command() == status
    assert (on_record(course) == before) == bool(status)
    if not status:
        assert points(course).points == 10
        assert "--force" in capsys.readouterr().out


def test_who_has_agreed_is_not_asked_again(course, command, capsys):
    mend(course)
    assert command("--yes") == 0
    assert WORDS[0] in capsys.readouterr().out
    assert command() == 0
    assert WORDS[0] not in capsys.readouterr().out


def test_what_nobody_agreed_to_is_said_again(course, command, capsys):
    mend(course)
    for _ in range(2):
        assert command() == 1
        assert WORDS[0] in capsys.readouterr().out


def test_a_check_that_is_only_written_anew_changes_nobody_s_points(course, command, capsys):
    path = course.graders / "test_double.py"
    path.write_text(path.read_text() + "\n# Written anew.\n")
    assert command() == 0
    assert "have changed" not in capsys.readouterr().out
    assert points(course).points == 7


def test_changed_solution_counts_as_well(course, command, capsys):
    path = course.root / "solutions/toy.py"
    path.write_text(path.read_text().replace("FACTOR = 2", "FACTOR = 3"))
    assert command() == 1
    out = capsys.readouterr().out
    assert "mistake_triples: 7 -> 10 of 10" in out and "complete: 10 -> 7 of 10" in out


def test_what_was_handed_in_anew_is_no_change(course, command):
    mend(course)
    folder = course.root / "submitted"
    shutil.copy(folder / "complete/toy/toy.ipynb", folder / "mistake_triples/toy/toy.ipynb")
    assert command() == 0


def test_a_run_that_is_broken_off_goes_on_where_it_stopped(course, monkeypatch):
    mend(course)
    first = grade_class(course)
    monkeypatch.setattr(cache, "_grade", lambda *arguments: pytest.fail("graded twice"))
    assert grade_class(course) == first
    cache.settle(course, accept=True)
    assert points(course).points == 10


def test_what_was_held_for_other_checks_replaces_nothing(course):
    path = course.graders / "test_double.py"
    before, checks = on_record(course), path.read_text()
    mend(course)
    grade_class(course)
    path.write_text(checks)
    cache.settle(course, accept=True)
    assert on_record(course) == before
    assert points(course).points == 7


def test_what_nbgrader_has_counts_where_the_cache_is_gone(course, command, capsys):
    folder = course.root / "autograded/mistake_triples/toy"
    folder.mkdir(parents=True)
    handed_in = course.course.submitted / "mistake_triples/toy/toy.ipynb"
    notebook = intake.take_in(handed_in, course).notebook
    write_verdict(notebook, points(course))
    notebook.metadata["proctor"] = {"made_of": digest(handed_in)}
    nbformat.write(notebook, folder / "toy.ipynb")
    shutil.rmtree(course.root / cache.FOLDER)
    mend(course)
    assert command() == 1
    assert all(line in capsys.readouterr().out.splitlines() for line in WORDS[:1])
    assert on_record(course).keys() and points(course) is None
    assert graded_before(course, "mistake_triples", "another") == []


def test_what_says_something_else_for_the_same_points_has_to_be_forced(course, command, capsys):
    bank, words = course.graders / "mistakes.py", "`nbgrader autograde toy --force` now writes"
    for student, graded in grade_class(course).items():
        handed_in = course.course.submitted / student / "toy/toy.ipynb"
        notebook = intake.take_in(handed_in, course).notebook
        write_verdict(notebook, points(course, student))
        notebook.metadata["proctor"] = {"made_of": digest(handed_in)}
        (course.root / "autograded" / student / "toy").mkdir(parents=True)
        nbformat.write(notebook, course.root / "autograded" / student / "toy/toy.ipynb")
        assert not graded.outdated
    assert command() == 0 and words not in capsys.readouterr().out
    bank.write_text(bank.read_text().replace("Did you mean to multiply by FACTOR?", "By FACTOR."))
    for _ in range(2):
        assert command() == 0 and words in capsys.readouterr().out, "until nbgrader has it"
    assert {who for who, one in grade_class(course).items() if one.outdated} == {"mistake_triples"}
    shutil.copy(course.root / "submitted/complete/toy/toy.ipynb", course.root / "submitted/mistake_triples/toy")
    assert command() == 0 and words not in capsys.readouterr().out, "what is handed in anew is graded anyway"


def verdict(**checks):
    made = [CheckVerdict(name, f"{name} is so.", earned, 2, earned > 0, "") for name, earned in checks.items()]
    return ExerciseVerdict("double", "Double", sum(checks.values()), 4, "", made)


def test_changes_are_told_check_by_check():
    assert compare([], [verdict(a=2)]) == []
    assert compare([verdict(a=2, b=0)], [verdict(a=2, b=0)]) == []
    found = compare([verdict(a=2, b=0, c=0, d=1)], [verdict(a=0, b=2, e=2)])
    assert [(change.check, change.before, change.after) for change in found] == [
        ("a is so.", 2, 0),
        ("b is so.", 0, 2),
        ("e is so.", 0, 2),
        ("d is so. (there no more)", 1, 0),
    ]
    assert told("ann", 4, 10, found)[0] == "ann: 3 -> 4 of 10"
    assert told("ann", 4, 10, [Change("Double", "a", 0, 2.5)]) == ["ann: 1.5 -> 4 of 10", "    Double: a 0 -> 2.5"]


@pytest.mark.prove
def test_forced_autograde_agrees_with_what_was_agreed_to(course):
    def run(*command):
        return subprocess.run([sys.executable, "-m", *command], cwd=course.root, check=True, capture_output=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{sys.prefix}/bin:/usr/bin:/bin")
        run("nbgrader", "autograde", "toy")
        assert sum(read_grades(course)["mistake_triples"].values()) == 7
        mend(course)
        run("proctor.cli", "class", "toy", "--yes", "--jobs", "1")
        kept = on_record(course)
        run("nbgrader", "autograde", "toy", "--force")
    assert sum(read_grades(course)["mistake_triples"].values()) == 10
    assert on_record(course) == kept
