"""One submission of each group of the corpus, graded alone: what `make prove` tries with all of them in a class."""

from dataclasses import replace

import nbformat
import pytest

from hostile.corpus import ATTACKS, CHECKLIST, FULL, TOTAL, hand_in, solve
from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading import intake
from proctor.grading.grade import grade_intake
from proctor.grading.report import table
from proctor.proof.demo import cell

LIMITS = {"cell_seconds": 2, "call_seconds": 2, "submission_seconds": 8, "memory_gigabytes": 2}


def first_of(rows):
    """The first attack that tries one of some rows of the checklist on any machine; without rows, what is broken."""
    usual = {name: a for name, a in sorted(ATTACKS.items()) if a.score is not None and a.score < FULL and not a.machine}
    return next(name for name, a in usual.items() if rows & set(a.rows) or not rows and not a.rows)


GROUPS = {
    group: {int(row) for row in rows if row != "name"} for group, rows in CHECKLIST.items() if group != "not_tried"
}


@pytest.fixture
def course(from_scratch_course):
    toy = load_assignment(open_course(from_scratch_course), "toy")
    return replace(toy, course=replace(toy.course, settings=replace(toy.course.settings, **LIMITS)))


FIRST = sorted({first_of(rows) for rows in [*GROUPS.values(), set()]})
HIDDEN = [pytest.param(name, marks=pytest.mark.prove) for name, a in ATTACKS.items() if a.kind == "hidden"]


@pytest.mark.parametrize("name", FIRST + [entry for entry in HIDDEN if entry.values[0] not in FIRST])
def test_hostile_submission_earns_what_its_honest_part_is_worth(name, course, tmp_path):
    attack, blank = ATTACKS[name], nbformat.read(course.release_notebook, as_version=4)
    cell(blank, "double").source = course.exercises[0].code
    hand_in(attack, tmp_path, blank)
    verdict = grade_intake(intake.take_in(tmp_path / "toy.ipynb", course), course, name, "cpu")
    said = "\n".join(table(verdict))
    assert verdict.points == attack.score, said
    assert any(words in said for words in attack.reason.split("|")), said
    honest = solve(nbformat.read(course.source_notebook, as_version=4), TOTAL)
    nbformat.write(honest, tmp_path / "honest.ipynb")
    assert grade_intake(intake.take_in(tmp_path / "honest.ipynb", course), course, "honest", "cpu").points == FULL
