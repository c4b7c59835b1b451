"""The grading side's own work on answers is bounded, and little is kept of a failure."""

import resource

import nbformat
import numpy as np
import pytest
import torch

from proctor.checks import bounds, expect
from proctor.checks.bounds import TooMuchWork, bounded
from proctor.checks.connections import InProcess
from proctor.checks.expect import Unmet
from proctor.checks.explain import MAX_MESSAGE, MAX_NUMBERS, explain, kept
from proctor.checks.submission import Submission
from proctor.grading import intake
from proctor.grading.grade import grade_intake


def spin(*_, **__):
    while True:
        pass


def take(*_, **__):
    blocks = []
    while True:
        blocks.append(bytearray(2**26))


@pytest.fixture
def own():
    return Submission("own", InProcess({}), [])


def test_check_that_spins_over_an_answer_is_stopped(own, monkeypatch):
    monkeypatch.setattr(bounds, "SECONDS", 0.2)
    with pytest.raises(TooMuchWork, match=r"takes the grader more than 0\.2 seconds"), bounded(own, "cpu"):
        spin()


@pytest.mark.parametrize("work", [take, lambda: list(torch.zeros(2**24, dtype=torch.uint8)), lambda: [[]] * 2**32])
def test_check_that_takes_memory_for_an_answer_is_stopped(own, work, monkeypatch):
    monkeypatch.setattr(bounds, "GIGABYTES", 0.25)
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises((MemoryError, RuntimeError)), bounded(own, "cpu"):
        work()
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_what_a_check_takes_the_grader_is_on_the_submissions_time(submit, monkeypatch):
    monkeypatch.setattr(bounds, "OUR_OWN_SECONDS", 0.1)
    subject = submit("n = 1")
    with bounded(subject, "cpu"):
        assert subject.n == 1
        left = subject.seconds_left
        sum(number**2 for number in range(5 * 10**6))
    assert 0 < left - subject.seconds_left < 60


# Each beyond one bound alone: a machine at work may spend the seconds before the memory.
@pytest.mark.parametrize(
    "work, bound, words", [(spin, "SECONDS", "TooMuchWork"), (take, "GIGABYTES", "MemoryError")], ids=["spin", "take"]
)
def test_next_submission_is_graded_after_one_whose_check_was_stopped(
    toy, solved, tmp_path, monkeypatch, work, bound, words
):
    path = tmp_path / "toy.ipynb"
    nbformat.write(solved, path)
    with monkeypatch.context() as during:
        during.setattr(bounds, bound, 0.5)
        during.setattr(expect, "close", work)
        verdict = grade_intake(intake.read_submission(path, toy), toy, "eve", "cpu")
    assert verdict.points == 1, "for a shape that is looked at otherwise"
    messages = {check.name: check.message for exercise in verdict.exercises for check in exercise.checks}
    assert words in messages["test_values"]
    assert grade_intake(intake.read_submission(path, toy), toy, "ann", "cpu").points == 10


def test_check_may_ask_for_more_values_than_usual_and_only_until_it_ends(submit):
    subject = submit("import torch\n\ndef many():\n    return torch.zeros(2**21)")
    subject.allow(2**21 + 100)
    assert subject.many().shape == (2**21,)
    subject.end_check()
    with pytest.raises(Exception, match="more than 1048576 values"):
        subject.many()


LARGE = {
    "tensor": torch.zeros(MAX_NUMBERS + 1),
    "tensor of bits": torch.zeros(MAX_NUMBERS + 1, dtype=torch.bool),
    "array": np.zeros(MAX_NUMBERS + 1, np.uint8),
    "list": list(range(10**6)),
    "text": "x" * 10**7,
    "dict": {f"name {n}": n for n in range(10**5)},
}


@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE)
def test_little_is_kept_of_a_failure_and_two_of_a_kind_still_look_alike(value, own):
    failure = explain(Unmet(f"it is {'x' * 10**6}", value), "double", own)
    assert len(failure.message) <= MAX_MESSAGE and len(failure.observed) < 200
    assert kept(value) == failure.observed
    other = value[:-1] if not isinstance(value, dict) else {}
    assert repr(kept(other)) != repr(failure.observed)


def test_part_of_a_large_answer_is_kept_without_the_rest():
    whole = torch.zeros(10**6)
    assert kept(whole[:3]).untyped_storage().nbytes() == 12
    assert kept(np.zeros(10**6)[:3]).base is None


@pytest.mark.parametrize("value", [np.zeros((10**5, 0)), torch.zeros(2000), np.zeros((50, 50), bool)])
def test_shapes_are_compared_before_values_become_a_list(value):
    with pytest.raises(Unmet, match=r"should be \[1, 2\], not of shape \("):
        expect.equal(value, [1, 2], "it")
    expect.equal(torch.tensor([1, 2]), [1, 2], "it")
    expect.equal(torch.zeros(0, 3), [], "it")
