"""The audit: it is content with the toy course, and with no course whose checks prove less than they should."""

import shutil

import pytest

from proctor import cli
from proctor.authoring.assignment import load_assignment
from proctor.checks.secret import AUDIT_KEY, check_seed
from proctor.course import open_course
from proctor.proof.audit import audit, matrix


@pytest.fixture
def own_course(toy_course, tmp_path):
    """A copy of the toy course, to be changed."""
    return shutil.copytree(toy_course, tmp_path / "course")


def change(course, file, old, new):
    text = (course / file).read_text()
    assert text.count(old) == 1, f"{old!r} should occur once in {file}"
    (course / file).write_text(text.replace(old, new))


def test_toy_course_is_proven(toy, capsys):
    status = cli.main(["--course", str(toy.root), "audit", "--jobs", "1"])
    out = capsys.readouterr().out
    assert status == 0, out
    rows = {words[0]: words[1:] for line in out.splitlines() if (words := line.split())}
    assert rows["triples"] == ["double", "7/10", "values", "->", "itself"]
    assert rows["sums_too_early"] == ["double", "6/10", "shape,", "values", "->", "itself"]
    assert rows["averages"] == ["total", "4/10", "values", "->", "itself"]
    assert rows["adds"] == ["double", "10/10", "alternative"]
    assert rows["method"] == ["total", "10/10", "alternative"]
    assert rows["solution"] == ["10/10", "solution"]
    assert rows["blank"] == ["0/10", "blank"]
    assert "toy: 3 mistakes, 3 diagnosed by name; 2 alternatives; 0 faults" in out
    assert "FAULT" not in out


@pytest.mark.prove
def test_what_is_tried_without_a_host_fares_as_in_one(own_course):
    """Of two notebooks one goes into a host: a mistake and an alternative, which is wrong here, do not."""
    change(own_course, "graders/toy/alternatives.py", "ALTERNATIVES = [", """ALTERNATIVES = [
    Alternative("doubles", "double", [("FACTOR * x", "2 * x")]),
    Alternative("a_number", "double", [("FACTOR * x", "x.sum()")]),""")  # fmt: skip
    assignment = load_assignment(open_course(own_course), "toy")
    whole, part = (audit(assignment, device="cpu", jobs=1, every=every) for every in (1, 2))
    told = {trial.name: (trial.verdict.points, trial.verdict.exercises) for trial in whole.trials}
    assert {trial.name: (trial.verdict.points, trial.verdict.exercises) for trial in part.trials} == told
    assert told["sums_too_early"][0] == 6 and told["a_number"][0] < 10
    assert part.faults == whole.faults != []


def test_every_fault_of_the_checks_is_reported(own_course):
    # total's check uses the student's own double, so a mistake there costs points here.
    change(own_course, "graders/toy/test_total.py", "submission.send(square)), reference.total(x, square)",
           "submission.double), reference.total(x, reference.double)")  # fmt: skip
    # A check of the values is lost, and with it three points and a mistake that is caught.
    change(own_course, "graders/toy/test_double.py", "expect.close(submission.double(x), reference.double(x)",
           "expect.shape(submission.double(x), (3, 5)")  # fmt: skip
    # One check looks at nothing, so that a blank notebook passes it.
    change(own_course, "graders/toy/test_double.py", 'shape(submission.double(x), (3, 5), "`double(x)`")\n\n',
           'shape(x, (3, 5), "x")\n\n')  # fmt: skip
    change(own_course, "graders/toy/alternatives.py", '("FACTOR * x", "x + x")', '("FACTOR * x", "x.sum()")')
    assignment = load_assignment(open_course(own_course), "toy")
    result = audit(assignment, device="cpu", jobs=1)
    assert result.faults == [
        "triples: is not caught by any check of `double`",
        "triples: loses points in total as well",
        "adds: gets 1 of 10, fails `test_values` of `double`: `double(x)` should have shape (3, 5), but has shape ().\n"
        "Keep every value by itself.; `test_values` of `total`: `total(x, function)` should be 8.016, but is 4.008.",
        "blank: earns 1 point",
        "only 2 of 3 mistakes are diagnosed by name",
        "double: no mistake fails `test_shape`: does it compare anything?",
    ]
    lines = matrix(result)
    assert [line for line in lines if line.startswith("FAULT ")] == [f"FAULT {fault}" for fault in result.faults]
    assert any(line.startswith("triples") and line.endswith("ELSEWHERE: total") for line in lines)


def test_mistake_that_costs_another_exercise_is_reported_though_the_other_has_a_mistake_of_its_own(own_course):
    change(own_course, "graders/toy/test_total.py", "submission.send(square)), reference.total(x, square)",
           "submission.double), reference.total(x, reference.double)")  # fmt: skip
    result = audit(load_assignment(open_course(own_course), "toy"), device="cpu", jobs=1)
    assert result.faults == ["triples: loses points in total as well"]
    assert {trial.name: trial.lost_elsewhere for trial in result.trials if trial.name == "averages"} == {"averages": []}


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("mistakes", '"averages"', '"triples"', "triples: there are two variants of this name"),
        ("alternatives", '"adds"', '"triples"', "triples: there are two variants of this name"),
        ("mistakes", '("FACTOR * x", "3 * x")', '("FACTR * x", "3 * x")', "but occurs 0 times"),
        ("alternatives", '("FACTOR * x", "x + x")', '("doubled_values", "x")', "but occurs 2 times"),
        ("mistakes", '("FACTOR * x", "3 * x")', '("FACTOR * x", "FACTOR * x")', "triples: changes nothing"),
        ("mistakes", '"averages", "total"', '"averages", "totl"', "averages: `toy` has no exercise 'totl'"),
    ],
    ids=["same name", "same name across", "text not there", "text twice", "no change", "unknown exercise"],
)
def test_bank_that_cannot_be_used_is_reported_before_anything_is_graded(own_course, capsys, file, old, new, fault):
    change(own_course, f"graders/toy/{file}.py", old, new)
    assert cli.main(["--course", str(own_course), "audit"]) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAULT")]
    assert fault in line


def test_check_that_holds_on_the_audits_inputs_only_is_reported(own_course):
    change(own_course, "graders/toy/test_double.py", "def test_shape(submission, generator):",
           "def test_shape(submission, generator, seed):")  # fmt: skip
    lucky = check_seed(AUDIT_KEY, "toy/test_double/test_shape")
    change(own_course, "graders/toy/test_double.py", "    x = torch.rand(3, 5, generator=generator)\n    expect.shape",
           f"    expect.true(seed == {lucky}, 'no luck')\n    x = torch.rand(3, 5, generator=generator)\n    expect.shape")  # fmt: skip  # noqa: E501
    assert audit(load_assignment(open_course(own_course), "toy"), jobs=1).faults == [
        f"{name}: fails `test_shape` of `double` on other inputs: no luck" for name in ("solution", "adds")
    ]


def test_mistake_that_is_caught_on_the_audits_inputs_only_is_reported(own_course):
    change(own_course, "graders/toy/test_double.py", "def test_values(submission, reference, generator):",
           "def test_values(submission, reference, generator, seed):")  # fmt: skip
    unlucky = check_seed(AUDIT_KEY, "toy/test_double/test_values")
    change(own_course, "graders/toy/test_double.py", "    expect.close(submission.double(x), reference.double(x)",
           f"    x = x * (seed == {unlucky})\n    expect.close(submission.double(x), reference.double(x)")  # fmt: skip
    assert audit(load_assignment(open_course(own_course), "toy"), jobs=1).faults == [
        "triples: is not caught by any check of `double` on other inputs"
    ]


def test_check_that_fails_right_code_now_and_then_is_reported(own_course):
    change(own_course, "graders/toy/test_double.py", "def test_shape(submission, generator):",
           "def test_shape(submission, generator, seed):")  # fmt: skip
    change(own_course, "graders/toy/test_double.py", "    x = torch.rand(3, 5, generator=generator)\n    expect.shape",
           "    expect.true(seed % 18, '')\n    x = torch.rand(3, 5, generator=generator)\n    expect.shape")  # fmt: skip  # noqa: E501
    faults = audit(load_assignment(open_course(own_course), "toy"), jobs=1).faults
    assert "solution: fails `test_shape` of `double` on some inputs: " in faults


def test_what_nothing_proves_is_reported(own_course):
    change(own_course, "graders/toy/mistakes.py", ', costly="One check."', "")
    change(own_course, "graders/toy/mistakes.py", 'hint="Keep every value by itself."', 'hint=" "')
    change(own_course, "graders/toy/alternatives.py",
           '    Alternative("adds", "double", [("FACTOR * x", "x + x")]),\n', "")  # fmt: skip
    change(own_course, "graders/toy/test_double.py", '    """Every value is doubled."""\n', "")
    change(
        own_course, "graders/toy/test_double.py", "    expect.shape(", "    submission.double(x), (lambda *_: None)("
    )
    assert audit(load_assignment(open_course(own_course), "toy"), jobs=1).faults == [
        "double: no alternative in graders/toy/alternatives.py: nothing proves its checks",
        "double: no mistake fails `test_shape`: does it compare anything?",
        "double: `test_values` has no docstring, which students read as its title",
        "sums_too_early: has no hint",
        "averages: costs 6 of 6 points of `total`: over half",
    ]


def test_exercise_without_mistakes_is_reported(own_course):
    change(own_course, "graders/toy/mistakes.py", '"averages", "total", [("torch.sum(", "torch.mean(")]',
           '"averages", "double", [("FACTOR", "5")]')  # fmt: skip
    assert audit(load_assignment(open_course(own_course), "toy"), jobs=1).faults == [
        "total: no mistake in graders/toy/mistakes.py: nothing proves its checks",
        "averages: `costly` says why it costs over half, which it does not",
    ]


def test_given_cell_that_stops_is_reported(own_course):
    change(own_course, "source/toy/toy.py", "# %% exercise=double", "# %%\nno_such_name\n\n# %% exercise=double")
    assert cli.main(["--course", str(own_course), "build"]) == 0
    (fault,) = audit(load_assignment(open_course(own_course), "toy"), jobs=1).faults
    assert fault.startswith("solution: The cell `")
    assert "NameError" in fault


def test_misspelt_fixture_is_the_authors_fault(own_course, capsys):
    change(
        own_course,
        "graders/toy/test_total.py",
        "(submission, reference, generator)",
        "(submission, reference, generatr)",
    )
    assert cli.main(["--course", str(own_course), "audit"]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told == "proctor: graders/toy/test_total.py: `test_values` asks for a fixture `generatr`, which there is not"
