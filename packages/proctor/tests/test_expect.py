"""Expectations: what they let pass, and what they say when they do not."""

import math

import numpy as np
import pytest
import torch

from proctor.checks import expect
from proctor.checks.cell import Cell
from proctor.checks.connections import InProcess
from proctor.checks.expect import Unmet
from proctor.checks.submission import Submission
from proctor.isolation import wire


def message(expectation, *args, **kwargs) -> str:
    """What an unmet expectation says."""
    with pytest.raises(Unmet) as error:
        expectation(*args, **kwargs)
    assert error.value.message == str(error.value)
    return error.value.message


def observed(expectation, *args, **kwargs):
    with pytest.raises(Unmet) as error:
        expectation(*args, **kwargs)
    return error.value.observed


def test_type_passes_the_types_named():
    expect.type(3, int, "it")
    expect.type("x", (int, str), "it")
    expect.type(True, bool, "it")
    expect.type(torch.ones(1), torch.Tensor, "it")


def test_type_says_what_was_expected_and_found():
    assert message(expect.type, 3, str, "`f()`") == "`f()` should be of type `str`, but is an int."
    assert message(expect.type, [], (dict, tuple), "it") == "it should be of type `dict` or `tuple`, but is a list."
    assert message(expect.type, None, torch.Tensor, "it").endswith("but is None (is a `return` missing?).")
    assert observed(expect.type, 3, str, "it") == "an int"


def test_type_takes_no_truth_value_for_a_number():
    assert message(expect.type, True, int, "it") == "it should be of type `int`, but is a bool."
    expect.type(True, (int, bool), "it")


def test_type_names_what_stays_in_the_host_by_its_own_type():
    connection = InProcess({})
    connection.request(wire.pack({"id": 0, "op": "run_cell", "cell": "a", "source": "class Loader: pass"}))
    loader = Submission("ann", connection, [Cell("a", "")]).Loader()
    assert message(expect.type, loader, dict, "it") == "it should be of type `dict`, but is a Loader."


def test_shape_passes_and_says():
    expect.shape(torch.ones(2, 3), (2, 3), "it")
    expect.shape(np.ones((2, 3)), torch.Size([2, 3]), "it")
    said = message(expect.shape, torch.ones(3, 2), (2, 3), "`f(x)`", "Is it transposed?")
    assert said == "`f(x)` should have shape (2, 3), but has shape (3, 2). Is it transposed?"
    assert observed(expect.shape, torch.ones(3, 2), (2, 3), "it") == (3, 2)


def test_shape_of_something_else_is_told_as_its_type():
    assert message(expect.shape, [1, 2], (2,), "it") == "it should be of type `Tensor` or `ndarray`, but is a list."


def test_dtype_passes_and_says():
    expect.dtype(torch.ones(1), torch.float32, "it")
    said = message(expect.dtype, torch.ones(1, dtype=torch.int64), torch.bool, "it")
    assert said == "it should have dtype torch.bool, but has dtype torch.int64."
    assert "of type `Tensor`" in message(expect.dtype, np.ones(1), torch.float64, "it")


def test_device_passes_and_says():
    expect.device(torch.ones(1), "cpu", "it")
    expect.device(torch.ones(1, device="meta"), torch.device("meta"), "it")
    assert message(expect.device, torch.ones(1), "meta", "it") == "it should be on device meta, but is on cpu."


def test_equal_passes_and_says():
    expect.equal([1, "a", (2, None)], [1, "a", (2, None)], "it")
    expect.equal(torch.tensor([[1, 2]]), [[1, 2]], "it")
    expect.equal(np.array([True]), [True], "it")
    assert message(expect.equal, 3, 4, "`n`", "Count again.") == "`n` should be 4, not 3. Count again."
    assert observed(expect.equal, [1], [2], "it") == [1]


def test_equal_shows_no_more_than_a_line_of_a_long_value():
    said = message(expect.equal, list(range(10_000)), [], "it")
    assert len(said) < 300
    assert said.endswith("....")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (torch.ones(3), torch.ones(3) * (1 + 5e-5)),
        (torch.ones(3, dtype=torch.float64), torch.ones(3)),
        (torch.ones(3, dtype=torch.float16), torch.ones(3)),
        (torch.tensor([1, 2]), torch.tensor([1, 2], dtype=torch.int32)),
        (torch.tensor([True, False]), torch.tensor([True, False])),
        (torch.ones(2, requires_grad=True), torch.ones(2)),
        (torch.tensor([math.inf, -math.inf]), torch.tensor([math.inf, -math.inf])),
        (torch.ones(0, 3), torch.ones(0, 3)),
        (torch.tensor(2.0), torch.tensor(2.0)),
        (np.ones((2, 2), dtype=np.float32), np.ones((2, 2))),
        (torch.tensor([1 + 2j]), torch.tensor([1 + 2j])),
        (2, 2.0),
        (2.00001, 2),
        (torch.tensor([2.0]), 2.0),
        (torch.tensor(2), 2.0),
        (np.float32(2), 2.0),
        (np.array(2.0), 2),
    ],
)
def test_close_passes_what_agrees(value, expected):
    expect.close(value, expected, "it")


LADDER = [
    ([1.0, 1.0], "should be of type `Tensor`, but is a list"),
    (None, "is a `return` missing"),
    (torch.full((3,), math.nan), "should have shape (2,), but has shape (3,)"),
    (torch.tensor([5, 5]), "should have a dtype like torch.float32, but has torch.int64"),
    (torch.tensor([math.nan, 5.0]), "should be finite, but 1 of its 2 values are NaN or infinite"),
    (torch.tensor([1.0, 1.5]), "has wrong values: 1 of 2 differ, most of all at [1], which is 1.5 and should be 1."),
]  # fmt: skip


@pytest.mark.parametrize(("value", "words"), LADDER)
def test_close_tells_the_first_rung_that_is_missed(value, words):
    assert words in message(expect.close, value, torch.ones(2), "it")


def test_close_says_the_whole_sentence_with_the_hint():
    said = message(expect.close, torch.zeros(2, 3), torch.eye(2, 3) * 2, "`f(x)`", "Is the scale right?")
    assert said == (
        "`f(x)` has wrong values: 2 of 6 differ, most of all at [0, 0], which is 0 and should be 2. Is the scale right?"
    )


def test_close_of_a_number_says_no_place():
    assert message(expect.close, 2.5, 2, "`loss`") == "`loss` should be 2, but is 2.5."
    assert "should be of type" in message(expect.close, "2", 2.0, "it")
    assert "should be of type" in message(expect.close, True, 1.0, "it")
    assert "should have shape ()" in message(expect.close, torch.ones(2), 1.0, "it")


def test_close_heeds_its_tolerances():
    value, expected = torch.tensor([1.01]), torch.tensor([1.0])
    expect.close(value, expected, "it", rtol=0.02)
    expect.close(value, expected, "it", rtol=0, atol=0.02)
    message(expect.close, value, expected, "it")
    message(expect.close, torch.tensor([1e-4]), torch.zeros(1), "it")


def test_close_sees_wrong_infinities_and_imaginary_parts():
    message(expect.close, torch.tensor([math.inf, 1.0]), torch.tensor([-math.inf, 1.0]), "it")
    message(expect.close, torch.tensor([math.nan, 1.0]), torch.tensor([math.inf, 1.0]), "it")
    message(expect.close, torch.tensor([1 + 2j]), torch.tensor([1 + 3j]), "it")


@pytest.mark.parametrize("shape", [(), (1,), (3, 5)])
def test_close_takes_no_nan_for_like_another(shape):
    """What is expected may be what the submission itself gave before."""
    nothing = torch.full(shape, math.nan)
    assert "should be finite" in message(expect.close, nothing, nothing, "it")
    assert "should be finite" in message(expect.close, nothing.numpy(), nothing.double().numpy(), "it")


def test_close_never_shows_an_expected_value():
    said = message(expect.close, torch.zeros(2), torch.tensor([0.0, 123.456]) + 1e6, "it")
    assert "123.456" not in said
    assert "1000123" not in said


def test_close_observes_what_came_back():
    value = torch.tensor([1.0, 1.5])
    assert torch.equal(observed(expect.close, value, torch.ones(2), "it"), value.double())


def test_different_passes_and_says():
    expect.different(torch.ones(2), torch.zeros(2), "it")
    expect.different(torch.ones(2), torch.ones(3), "it")
    expect.different(torch.ones(2, dtype=torch.float64), torch.zeros(2), "it")
    said = message(expect.different, torch.ones(2, dtype=torch.float64), torch.ones(2), "two draws", "Is it seeded?")
    assert said == "two draws should differ, but are the same. Is it seeded?"
    assert "should be of type" in message(expect.different, None, torch.ones(2), "it")


def test_different_takes_no_nan_for_a_difference():
    message(expect.different, torch.tensor([math.nan]), torch.tensor([math.nan]), "it")


def test_true_passes_and_says():
    expect.true(1 < 2, "never told")
    assert message(expect.true, False, "The rows should add up to 1.") == "The rows should add up to 1."
    assert observed(expect.true, False, "it", value=5) == 5
