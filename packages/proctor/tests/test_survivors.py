"""Small changes to the solutions: which there are, and which of them no check finds."""

import ast
import shutil
import subprocess
import sys

import pytest

from proctor.proof.mutation import mutants

FORWARD = """\
class Net(nn.Module):
    def __init__(self):
        self.first, self.second = nn.Linear(3, 5), nn.Linear(5, 7)

    def forward(self, x, mask=None):
        with torch.no_grad():
            scores = {}
        return self.second(scores)
"""
CHANGES = {
    "(x - mask)": ["(x + mask)", "(mask - x)", "(x)", "(mask)", "(x.detach() - mask)"],
    "x.sum(dim=1)": ["x.mean(dim=1)", "x.sum(dim=2)", "x.sum(dim=0)", "x.sum()", "x", "mask.sum(dim=1)"],
    "self.first(x)": ["self.second(x)", "self.first(mask)", "x", "self.first(x).detach()", "self.first(x.detach())"],
    "torch.relu(x)": ["torch.tanh(x)", "x"],
    "x[1:]": ["x[:]", "x[2:]", "x[0:]"],
    "f(x, mask)": ["f(mask, x)", "f(x)"],
    "(x if mask > 0 else 0.5)": ["(x if mask >= 0 else 0.5)", "(x if True else 0.5)", "(x if mask > 0 else 1.0)"],
    "[x for _ in range(3)]": ["[x for _ in range(0, 3 - 1)]", "[x for _ in range(0 + 1, 3)]", "[x for _ in range(4)]"],
    "~mask": ["mask"],
    "(x and mask)": ["(x or mask)", "(x)"],
}


def changed(code, lines):
    return [meaning(mutant.code) for mutant in mutants(code, lines)]


def meaning(code):
    return ast.dump(ast.parse(code))


@pytest.mark.parametrize("written", CHANGES, ids=str)
def test_slips_of_one_place_are_among_the_mutants(written):
    made = changed(FORWARD.format(written), {7})
    for other in CHANGES[written]:
        assert meaning(FORWARD.format(other)) in made


def test_statements_blocks_and_calls_are_left_out():
    made, code = changed(FORWARD.format("x"), {6, 7, 8}), FORWARD.format("x")
    without_block = code.replace("        with torch.no_grad():\n            scores", "        scores")
    for other in (
        code.replace("scores = x", "pass"),
        without_block,
        code.replace("no_grad", "enable_grad"),
        code.replace("return self.second(scores)", "return scores"),
    ):
        assert meaning(other) in made


def test_only_written_lines_change_and_no_mutant_is_made_twice():
    code = FORWARD.format("x + 1")
    made = list(mutants(code, {7}))
    assert len({meaning(mutant.code) for mutant in made}) == len(made) > 5
    assert all(mutant.code.split("\n")[:6] == code.split("\n")[:6] for mutant in made)


@pytest.fixture
def own_course(toy_course, tmp_path):
    return shutil.copytree(toy_course, tmp_path / "course")


def survey(course):
    """As its user runs it: what forks must not have run torch on several threads, as these tests may have."""
    command = [sys.executable, "-m", "proctor.cli", "--course", str(course), "audit", "--mutants"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


EQUIVALENT = """
[[mutant]]
exercise = "{}"
before = "{}"
after = "{}"
reason = "No gradient is asked for."
"""
SURVIVORS = [
    ("double", "doubled_values = FACTOR * x", "doubled_values = (FACTOR * x).detach()"),
    ("double", "doubled_values = FACTOR * x", "doubled_values = FACTOR * x.detach()"),
    ("double", "return doubled_values", "return doubled_values.detach()"),
    ("total", "applied_values = function(x)", "applied_values = function(x).detach()"),
    ("total", "applied_values = function(x)", "applied_values = function(x.detach())"),
    ("total", "return torch.sum(applied_values)", "return torch.sum(applied_values).detach()"),
    ("total", "return torch.sum(applied_values)", "return torch.sum(applied_values.detach())"),
]


@pytest.mark.prove
def test_survivors_are_told_until_they_are_judged_and_asked_anew_when_the_solution_changes(own_course):
    status, out, _ = survey(own_course)
    assert status == 1
    for _, before, after in SURVIVORS:
        assert f"  - {before}\n  + {after}\n" in out
    assert out.endswith("7 survived; 66.7% of those that differ are found\n")
    judged = own_course / "graders/toy/equivalent.toml"
    judged.write_text("".join(EQUIVALENT.format(*survivor) for survivor in SURVIVORS))
    status, out, _ = survey(own_course)
    assert status == 0
    assert out.startswith("toy: 21 mutants: 8 caught, 6 raised, 0 stopped, 7 equivalent, 0 survived; 100.0% of those")
    solutions = own_course / "solutions/toy.py"
    solutions.write_text(solutions.read_text().replace("FACTOR * x", "x * FACTOR"))
    status, out, _ = survey(own_course)
    assert status == 1
    assert "equivalent.toml: about no mutant any more: doubled_values = FACTOR * x" in out
    assert "  + doubled_values = (x * FACTOR).detach()\n" in out


@pytest.mark.prove
def test_solution_that_fails_and_a_bad_list_are_one_line(own_course):
    judged = own_course / "graders/toy/equivalent.toml"
    judged.write_text("[[mutant]]\nexercise = 'double'\n")
    status, _, told = survey(own_course)
    assert status == 2
    assert told.startswith("graders/toy/equivalent.toml:1: it should hold [[mutant]] tables of")
    judged.unlink()
    check = own_course / "graders/toy/test_total.py"
    check.write_text(check.read_text().replace("reference.total(x, square)", "1 + reference.total(x, square)"))
    status, _, told = survey(own_course)
    assert status == 2
    assert "proctor: the solution fails `test_values` of `total`" in told
