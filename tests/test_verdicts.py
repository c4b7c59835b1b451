"""What answers earn that are wrong in ways that checks are easily blind to."""

import importlib
from collections import defaultdict
from pathlib import Path

import pytest

from proctor.authoring import bank
from proctor.authoring.assignment import load_assignment
from proctor.authoring.bank import Alternative, load_module
from proctor.checks.runner import collect, own_subject, run_checks, variant_subject
from proctor.course import open_course
from proctor.proof.audit import DRAWS

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "verdicts"
ASSIGNMENTS = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def answers(name):
    """The module of an assignment's answers."""
    return load_module(open_course(ROOT), f"tests.verdicts.{name}")


def lost(assignment, variants):
    """The points that each variant loses in its own exercise: {(exercise, variant): points}."""
    points = defaultdict(float)
    for exercise in assignment.exercises:
        own = [variant for variant in variants if variant.exercise == exercise.id]
        subjects = [variant_subject(assignment, exercise, variant) for variant in own]
        for outcome in run_checks(assignment, [exercise.id], subjects, "cpu") if subjects else []:
            points[exercise.id, outcome.subject] += outcome.points * (outcome.failure is not None)
    return points


@pytest.mark.prove
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_wrong_answers_lose_points(name):
    assignment = load_assignment(open_course(ROOT), name)
    variants = [Alternative(*wrong) for wrong in answers(name).WRONG]
    points = lost(assignment, variants)
    assert [key for key, value in points.items() if not value] == []
    assert len(points) == len(variants)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_constants_earn_next_to_nothing(name):
    assignment = load_assignment(open_course(ROOT), name)
    stubs = answers(name).STUBS
    exercises = {exercise.id: exercise.points for exercise in assignment.exercises if not exercise.written}
    assert set(stubs) == set(exercises)
    points = lost(assignment, [Alternative("stub", exercise, code=code) for exercise, code in stubs.items()])
    earned = {exercise: exercises[exercise] - points[exercise, "stub"] for exercise in exercises}
    assert sum(earned.values()) <= 0.15 * sum(exercises.values()), earned


@pytest.mark.prove
@pytest.mark.parametrize("name", ["seq2seq", "som_vae"])
def test_what_is_nothing_is_not_right_because_its_parts_agree(name):
    assignment = load_assignment(open_course(ROOT), name)
    points = {exercise.id: exercise.points for exercise in assignment.exercises}
    variants = [Alternative(*nothing) for nothing in answers(name).NOTHING]
    for (exercise, variant), value in lost(assignment, variants).items():
        assert value >= 0.85 * points[exercise], variant


@pytest.mark.parametrize("name", ["som_vae"])
def test_checks_say_the_cause_where_they_see_it(name):
    assignment = load_assignment(open_course(ROOT), name)
    exercises = {exercise.id: exercise for exercise in assignment.exercises}
    for *slip, words in answers(name).SAID:
        variant = Alternative(*slip)
        subject = variant_subject(assignment, exercises[variant.exercise], variant)
        outcomes = run_checks(assignment, [variant.exercise], [subject], "cpu")
        said = [outcome.failure.message for outcome in outcomes if outcome.failure is not None]
        assert any(words in message for message in said), (variant.name, said)


@pytest.mark.parametrize("name", ["clinical_notes", "mina"])
def test_a_slip_that_no_bank_has_costs_at_most_half_of_its_exercise(name):
    assignment = load_assignment(open_course(ROOT), name)
    exercises = {exercise.id: exercise for exercise in assignment.exercises}
    slips, known = (
        [(variant, bank.changed_code(exercises[variant.exercise], variant)) for variant in variants]
        for variants in ([Alternative(*slip) for slip in answers(name).SLIPS], bank.mistakes(assignment))
    )
    assert not {code for _, code in slips} & {code for _, code in known}
    for (exercise, slip), points in lost(assignment, [slip for slip, _ in slips]).items():
        assert 0 < points <= exercises[exercise].points / 2, slip


@pytest.mark.prove
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_gradients_of_right_code_are_compared_in_value_on_every_draw(monkeypatch, name, whole):
    assignment = load_assignment(open_course(ROOT), name)
    run = collect(assignment.root, name, "cpu")
    items = [item for item in run.items if "check_gradients" in item.function.__code__.co_names]
    monkeypatch.setattr(run, "items", items)
    helpers = importlib.import_module("graders.helpers")
    weak, silent, compare = [], set(), helpers._check_same

    def compare_and_look(found, expected, what, optional):
        # Ten times the tolerance for rounding: what is smaller is hardly compared.
        silent.update(key for key, value in expected.items() if key not in optional and not value.abs().max() > 1e-4)
        compare(found, expected, what, optional)

    monkeypatch.setattr(helpers, "_check_some_reached", lambda *given: weak.append(given))
    monkeypatch.setattr(helpers, "_check_same", compare_and_look)
    looked = {item.path.stem.removeprefix("test_") for item in items}
    for exercise in [exercise for exercise in assignment.exercises if exercise.id in looked]:
        variants = [v for v in bank.alternatives(assignment) if v.exercise == exercise.id]
        for draw in range(DRAWS if whole else DRAWS // 3):
            subject = own_subject(assignment, exercise, "solution", exercise.code)
            if draw % 4 == 3:
                subject = variant_subject(assignment, exercise, variants[draw // 4 % len(variants)])
            run_checks(assignment, [exercise.id], [subject], "cpu", b"%d" % draw)
        assert (exercise.id, len(weak), silent) == (exercise.id, 0, set())
