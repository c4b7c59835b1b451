"""An exercise is judged in the state in which its check cell finds it; experiments never sink a submission."""

from dataclasses import replace

import pytest
from nbformat.v4 import new_code_cell

from proctor.checks.runner import run_checks
from proctor.grading import grade
from proctor.grading.grade import grade_intake
from proctor.grading.intake import rebuild
from proctor.proof.demo import cell


@pytest.fixture
def graded(toy, solved):
    """Grades the solved notebook with cells of one's own at its end, or after its exercises, and with other answers."""

    def graded(*own, after=(), settings=None, **answers):
        course = replace(toy.course, settings=replace(toy.course.settings, **(settings or {})))
        for name, source in answers.items():
            cell(solved, name).source = source
        for name in after:
            place = [entry.id for entry in solved.cells].index(name) + 1
            solved.cells.insert(place, new_code_cell(after[name]))
        solved.cells += [new_code_cell(source) for source in own]
        return grade_intake(rebuild(solved, toy), replace(toy, course=course), "ann", "cpu")

    return graded


@pytest.mark.parametrize(
    "last",
    [
        "del FACTOR, double, total",
        "sum = max = len = 0",
        "import torch\n\ntorch.sum = None",
        "def double(x):\n    return 1",
    ],
)
def test_what_a_later_cell_spoils_was_right_in_its_place(graded, last):
    verdict = graded(last)
    assert verdict.points == 10
    assert verdict.notes == []


def test_answer_below_its_check_is_found_at_the_end(graded, toy):
    late = toy.exercises[0].code
    assert graded(late, double="def double(x):\n    return 3 * x").points == 10
    assert graded(late, double="def double(x):\n    raise NotImplementedError").points == 10


def test_answers_that_are_spoiled_before_their_check_are_not_right(graded):
    assert graded(after={"total": "def total(x, function):\n    return 0"}).points == 4


# Right where the inputs are known from an earlier try; what a cell between the two has found out then counts.
REMEMBERED = """
seen, found_out = [], []

def double(x):
    known = any(torch.equal(x, other) for other in seen)
    seen.append(x)
    return FACTOR * x if known and found_out else 0 * x
"""


def test_what_was_found_out_about_the_first_inputs_is_of_no_use_at_the_end(graded):
    assert graded("found_out.append(True)", double=REMEMBERED).points == 7


HELPED = "def double(x):\n    return helper(x)"
HELPER = "def helper(x):\n    return FACTOR * x"
CHANGED = "class Way:\n    def take(self, x):\n        return 3 * x\n\n\ndef double(x):\n    return Way().take(x)"


@pytest.mark.parametrize(
    ("double", "later"),
    [
        (HELPED, HELPER),
        (HELPED, "helper = lambda x: FACTOR * x"),
        (HELPED, "if True:\n    def helper(x):\n        return FACTOR * x"),
        (HELPED, f"exec({HELPER!r})"),
        (HELPED.replace("helper(x)", "globals()['hel' + 'per'](x)"), HELPER),
        (HELPED.replace("return", "from __main__ import helper\n    return"), HELPER),
        (CHANGED, "Way.take = lambda self, x: FACTOR * x"),
        (CHANGED, "@lambda way: setattr(Way, 'take', way)\ndef take(self, x):\n    return FACTOR * x"),
        (CHANGED, "def take(self, x, own=setattr(Way, 'take', lambda self, x: FACTOR * x)):\n    return x"),
        (CHANGED, "def take(self, x: setattr(Way, 'take', lambda self, x: FACTOR * x)):\n    return x"),
        (CHANGED, "def take(self, x) -> setattr(Way, 'take', lambda self, x: FACTOR * x):\n    return x"),
        (CHANGED, "class Better(Way):\n    Way.take = lambda self, x: FACTOR * x"),
        (CHANGED, "class Way:\n    def take(self, x):\n        return FACTOR * x"),
        (CHANGED, "def double(x):\n    return FACTOR * x"),
    ],
)
def test_what_a_later_cell_mends_is_found(graded, double, later):
    assert graded(later, double=double).points == 10


@pytest.mark.parametrize("own", [[], ["def scratch(x):\n    return 3 * x"], ["class Unused:\n    size = 3\n"]])
def test_what_nothing_later_can_mend_is_judged_once(graded, monkeypatch, own):
    judged = []
    monkeypatch.setattr(grade, "run_checks", lambda *given: judged.append(given[1:2]) or run_checks(*given))
    assert graded(*own, double="def double(x):\n    return 3 * x").points == 7
    # On inputs of its own, and where it fails on those on which the known mistakes are known.
    assert judged == [(["double"],), (["double"],), (["total"],)]


def test_later_cells_do_not_run_where_nothing_is_missing(graded):
    verdict = graded("1 / 0", "while True:\n    pass")
    assert (verdict.points, verdict.notes) == (10, [])
    assert verdict.seconds < 3


def test_experiments_of_ones_own_have_time_apart_from_the_answers(graded):
    after = {"double": "import time\n\ntime.sleep(0.6)", "check_double": "import time\n\ntime.sleep(0.6)"}
    verdict = graded(after=after, settings={"own_cells_seconds": 0.5, "cell_seconds": 2, "submission_seconds": 20})
    assert verdict.points == 10
    words = " ".join(verdict.notes)
    assert "cells of your own used up their 0.5 seconds" in words and "may take 0.5 seconds together" in words


@pytest.mark.parametrize("end", ["while True:\n    pass", "import os\n\nos._exit(0)"])
def test_what_a_cell_defined_before_it_ran_out_of_time_is_kept(graded, toy, end):
    verdict = graded(total=f"SIZE = 3\n{toy.exercises[1].code}\n\n\n{end}\n", settings={"cell_seconds": 2})
    assert verdict.points == 10
    assert any("only what it defines was kept" in note for note in verdict.notes)


def test_definition_that_itself_never_ends_costs_its_exercise_alone(graded):
    answer = "class Slow:\n    while True:\n        pass\n\n\ndef total(x, function):\n    return 0"
    verdict = graded(total=answer, settings={"cell_seconds": 2})
    assert verdict.points == 4


@pytest.mark.parametrize("mark", ["# not graded\n", "#Not graded\n", ""])
def test_cell_of_ones_own_that_is_marked_does_not_run(toy, solved, mark):
    own = new_code_cell(f"{mark}def double(x):\n    return 0")
    if not mark:
        own.metadata.tags = ["not-graded"]
    place = [entry.id for entry in solved.cells].index("double") + 1
    solved.cells.insert(place, own)
    assert grade_intake(rebuild(solved, toy), toy, "ann", "cpu").points == 10


def test_answer_cannot_be_set_aside(toy, solved):
    cell(solved, "double").metadata.tags = ["not-graded"]
    cell(solved, "double").source = "# not graded\n" + cell(solved, "double").source
    assert grade_intake(rebuild(solved, toy), toy, "ann", "cpu").points == 10
