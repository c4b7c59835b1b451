"""A complaint is answered: what a failed check called, on which inputs, what came back, and what would be right."""

import re
import subprocess
import sys
from itertools import pairwise

import nbformat
import numpy as np
import pytest
import torch

from proctor import cli
from proctor.authoring.bank import changed_code, mistakes
from proctor.checks import record
from proctor.checks.outcome import Failure, GradingError, Outcome
from proctor.checks.record import Record, Step, TooLarge
from proctor.checks.secret import check_seed, submission_key
from proctor.checks.submission import Handle, StudentError
from proctor.grading import intake
from proctor.grading.grade import grade
from proctor.grading.report import table, write_verdict
from proctor.grading.selection import select
from proctor.grading.transcript import MAX_LINES, MAX_WIDTH, transcript
from proctor.isolation.process import HostLost
from proctor.isolation.wire import Reference
from proctor.proof.demo import cell

# What a student may put into a value: colours, other titles, what turns the direction of writing, lines of its own.
EVIL = "\x1b[31mred\x1b]0;title\x07 \u202eturned \x9b2J\r\n    - Every check passed (10 / 10)\u2028"


@pytest.fixture
def triples(toy, solved, tmp_path):
    """A submission that makes a known mistake in `double`."""
    mistake = next(mistake for mistake in mistakes(toy) if mistake.name == "triples")
    cell(solved, "double").source = changed_code(toy.exercises[0], mistake)
    nbformat.write(solved, tmp_path / "ann.ipynb")
    return tmp_path / "ann.ipynb"


def numbers(line):
    return [float(word) for word in re.findall(r"-?\d+\.\d+", line.partition("[")[2])]


def test_failed_check_shows_the_inputs_of_the_grading_what_came_back_and_what_the_reference_gives(toy, triples):
    verdict = grade(triples, toy, "cpu", detailed=True)
    key = submission_key(toy.course, intake.read_submission(triples, toy).cells)
    seed = check_seed(key, "toy/test_double/test_values")
    x = torch.rand(3, 5, generator=torch.Generator().manual_seed(seed))
    shape, values = verdict.exercises[0].checks
    assert shape.passed and shape.details == []
    lines = {line.strip().partition(":")[0]: line for line in values.details if ": " in line}
    assert values.details[0] == "double(input1)"
    for name, expected in (("input1", x), ("returned", 3 * x), ("reference", 2 * x)):
        assert f"{name}: float32 tensor of shape (3, 5) [" in lines[name]
        few = torch.cat([expected.flatten()[:3], expected.flatten()[-3:]])
        assert numbers(lines[name]) == pytest.approx(few.tolist(), abs=1e-4)
    place = np.unravel_index(int(x.argmax()), x.shape)
    words = f"largest difference: {x.max():.4g} at {[int(index) for index in place]}, "
    assert words in lines["largest difference"] and "15 of 15 differ" in lines["largest difference"]


def test_details_are_for_the_terminal_alone(toy, triples, release):
    verdict = grade(triples, toy, "cpu", detailed=True)
    shown = "\n".join(table(verdict))
    assert all(line in shown for line in verdict.exercises[0].checks[1].details)
    write_verdict(release, verdict)
    assert "reference" not in str(release) and "input1" not in str(release)
    assert all(not check.details for one in grade(triples, toy, "cpu").exercises for check in one.checks)


def test_command_shows_the_exercise_that_is_asked_for(toy, triples, capsys):
    command = ["--course", str(toy.root), "grade", str(triples), "--assignment", "toy", "-v", "--exercise"]
    assert cli.main([*command, "double"]) == 0
    out = capsys.readouterr().out
    assert "double(input1)" in out and "1 / 4" in out and "Sum a function" not in out
    assert "the points are those of double" in out
    assert cli.main([*command, "double/test_shape", "--exercise", "total"]) == 0
    out = capsys.readouterr().out
    assert "double(input1)" not in out and "7 / 10" in out


@pytest.mark.parametrize("name", ["double", "double/values", "double::test_values", "graders/toy/test_double.py"])
def test_exercise_or_check_is_known_by_any_of_its_names(name, toy):
    chosen = select(toy, [name], "cpu")
    assert [exercise.id for exercise in chosen.assignment.exercises] == ["double"]


def test_check_of_two_exercises_is_asked_of_both(toy):
    chosen = select(toy, ["test_values"], "cpu")
    assert chosen.checks == {"double": {"test_values"}, "total": {"test_values"}}


@pytest.mark.parametrize("name", ["nothing", "double/nothing", "", "nothing/test_values", "/", "::"])
def test_unknown_exercise_is_one_line_with_the_known_ones(name, toy):
    with pytest.raises(GradingError) as caught:
        select(toy, [name], "cpu")
    words = str(caught.value)
    assert "\n" not in words
    assert "test_shape, test_values" in words if name.startswith("double") else "double, total" in words


def test_name_of_a_file_is_shown_harmlessly(toy, triples, capsys):
    path = triples.rename(triples.with_name("a\x1b[31mnn\n  total 10 of 10\u202e.ipynb"))
    command = ["--course", str(toy.root), "grade", "--assignment", "toy", "--exercise", "double"]
    assert cli.main([*command, str(path), str(path.with_name("no\x1b[2J\nbody.ipynb"))]) == 2
    captured = capsys.readouterr()
    shown = (captured.out + captured.err).splitlines()
    assert all(line.isprintable() and not line.startswith("  total 10") for line in shown)
    assert len(captured.err.splitlines()) == 1


def outcome(*steps, failure=None):
    return Outcome("ann", "double", "test", "", 1, failure or Failure("wrong", "m"), list(steps))


@pytest.mark.parametrize(
    "value",
    [
        EVIL,
        [EVIL] * 1000,
        {EVIL: torch.zeros(3), "b": EVIL},
        StudentError(EVIL, EVIL),
        HostLost(EVIL),
        Handle(None, Reference(1, EVIL)),
        torch.zeros(9, 9, 9, 9, 9),
        [torch.rand(50, 50, 50) for _ in range(50)],
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        torch.full((2, 3), torch.nan),
        torch.ones(3, dtype=torch.bfloat16),
        torch.ones(2, dtype=torch.complex64),
        torch.empty(3, device="meta"),
        torch.empty(0, 4),
        10**400,
        float("inf"),
        [[1, 2], [3]],
        (None, True, {1, 2}),
        TooLarge(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_came_back_is_shown_harmlessly_and_in_bounds(value):
    kinds = (torch.zeros(2, 3), "text", None, {}, [torch.ones(3)])
    for other in kinds:
        for mine, theirs in ((value, other), (other, value), (value, value)):
            step, reference = (Step("f(input1)", {"input1": given}, given) for given in (mine, theirs))
            failure = Failure("wrong", "m", observed=mine, expected=theirs)
            lines = transcript(outcome(step, Step("g()", {}, EVIL), failure=failure), [reference])
            assert len(lines) <= MAX_LINES + 1
            for line in lines:
                assert line.isprintable() and len(line) <= MAX_WIDTH + 30
                assert not line.startswith("    - Every check")


def test_only_what_differs_is_shown_in_full():
    same, mine, theirs = torch.arange(20.0), torch.ones(20), torch.zeros(20)
    steps = [Step("f()", {}, same), Step("g(input1)", {"input1": same}, (same, mine))]
    lines = transcript(outcome(*steps), [Step("f()", {}, same), Step("g(input1)", {}, (same, theirs))])
    assert lines[0] == "f(): as the reference"
    assert any(line.startswith("  returned[0] (as the reference)") for line in lines)
    assert "  largest difference: 1 at [0], 1 in place of 0; 20 of 20 differ" in lines


def test_another_way_with_the_reference_is_told():
    lines = transcript(outcome(Step("f()", {}, 1), Step("g()", {}, 2)), [Step("f()", {}, 1), Step("h()", {}, 3)])
    assert lines[0] == "f(): as the reference"
    assert "  returned: 2" in lines and not any("reference: 3" in line for line in lines)


def test_check_that_calls_nothing_says_so():
    assert transcript(outcome(), []) == ["The check looks at the code and calls none of it."]


def test_record_names_what_was_called_as_a_person_would(submit):
    subject = submit(
        """
        class Model:
            def __init__(self, size, scale=1):
                self.size = size
            def double(self, x):
                return 2 * x
        """
    )
    subject.start_record()
    model, x = subject.Model(3, scale=0.5), torch.ones(2)
    model.double(x)
    model.double(x)
    assert model.size == 3
    steps = [step for step in subject.recorded() if not isinstance(step.result, Handle)]
    called = "Model(3, scale=0.5).double(input1)"
    assert [step.words for step in steps] == [called, called, "Model(3, scale=0.5).size"]
    assert torch.equal(steps[0].inputs["input1"], x)
    subject.end_check()
    assert subject.recorded() == []


def test_record_keeps_no_more_than_it_may(monkeypatch):
    monkeypatch.setattr(record, "MAX_BYTES", 10_000)
    kept = Record(Handle)
    for _ in range(100):
        kept.add("printed", {}, torch.zeros(100))
    kept.add("put", {"value": torch.ones(100)}, None)
    assert sum(isinstance(step.result, torch.Tensor) for step in kept.steps) < 26
    assert kept.steps[-1].inputs == {"input1": TooLarge()}


# Plain pytest


def plain_pytest(root, *arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


@pytest.mark.prove
def test_plain_pytest_draws_the_inputs_of_the_grading_and_counts_what_was_selected(toy, triples):
    message = grade(triples, toy, "cpu").exercises[0].checks[1].message
    for selection in (["graders/toy/test_double.py::test_values"], ["graders", "-k", "test_double and values"]):
        ran = plain_pytest(toy.root, *selection, "--submission", str(triples))
        assert ran.returncode == 1
        lines = [line.strip() for line in ran.stdout.splitlines()]
        assert all(line in lines for line in message.splitlines())
        assert "Only a part of the checks was run: the points are of 3 of 10." in lines
        assert any(line.split() == ["total", "0", "/", "3"] for line in lines)


PROVE = pytest.mark.prove


@pytest.mark.parametrize(
    "arguments, setting, words",
    [
        (["graders", "--submission", "nowhere.ipynb"], "", "nowhere.ipynb is not there"),
        pytest.param(["--submission", "graders"], "", "graders is not there, or is not a file", marks=PROVE),
        pytest.param(["graders", "--submission", "course_config.py"], "", "cannot tell the assignment", marks=PROVE),
        pytest.param(["graders/toy", "--submission", "toylib/empty.ipynb"], "", "run `proctor build`", marks=PROVE),
        (["graders"], "c.Proctor.cell_secs = 3", "c.Proctor has no setting 'cell_secs'"),
        (["graders/toy/test_double.py"], "c.Proctor.cell_seconds = -3", "should be a positive number"),
        (["graders"], 'c.Proctor.packages = ["nothing_like_it"]', "nothing_like_it"),
        (["graders"], "1 / 0", "ZeroDivisionError"),
    ],
)
def test_what_plain_pytest_cannot_use_is_one_line(toy_sources, tmp_path, arguments, setting, words):
    root = tmp_path / "course"
    subprocess.run(["cp", "-r", str(toy_sources), str(root)], check=True)
    (root / "toylib/empty.ipynb").touch()
    with (root / "course_config.py").open("a") as file:
        file.write(f"{setting}\n")
    ran = plain_pytest(root, *arguments)
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    said = [line for line in (ran.stdout + ran.stderr).splitlines() if line.strip()]
    assert len(said) == 1 and said[0].startswith("ERROR: ") and words in said[0]


def test_other_tests_need_no_course(tmp_path):
    (tmp_path / "test_any.py").write_text("def test_any():\n    pass\n")
    assert plain_pytest(tmp_path).returncode == 0


def test_lines_of_a_transcript_stay_together():
    step = Step("f(input1)", {"input1": torch.rand(9, 9)}, torch.rand(9, 9))
    lines = transcript(outcome(step), [Step("f(input1)", {}, torch.rand(9, 9))])
    heads = [place for place, line in enumerate(lines) if line.startswith("  ") and ": " in line]
    assert all(after - before == 1 for before, after in pairwise(heads))
