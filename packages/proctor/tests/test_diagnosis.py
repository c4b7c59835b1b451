"""Diagnosis: a mistake is named where it alone explains what the checks observed."""

import numpy as np
import torch

from proctor.checks.diagnosis import diagnose, same_failure
from proctor.checks.outcome import Failure, Outcome


def failure(observed, kind="wrong", message="m"):
    return Failure(kind, message, observed)


def test_failures_are_the_same_where_the_observations_are():
    tensor = torch.tensor([1.0, float("nan")])
    assert same_failure(None, None)
    assert not same_failure(None, failure(1))
    assert same_failure(failure(tensor), failure(tensor * (1 + 1e-5)))
    assert not same_failure(failure(tensor), failure(tensor * 1.1))
    assert not same_failure(failure(tensor), failure(tensor[:1]))
    assert same_failure(failure(tensor, message="x is 2.033 at [1, 2]"), failure(tensor, message="x is -2 at [0, 1]"))
    assert not same_failure(failure(tensor, message="x is 2"), failure(tensor, message="y is 2"))
    assert not same_failure(failure(tensor), failure(tensor.double()))
    assert same_failure(failure(np.ones(2)), failure(np.ones(2)))
    assert not same_failure(failure(torch.tensor(0.6624)), failure(torch.tensor(0.6620)))
    assert same_failure(failure(torch.tensor(0.6624)), failure(torch.tensor(0.6624 * (1 + 1e-6))))
    assert same_failure(failure((2, 3)), failure((2, 3)))
    assert not same_failure(failure((2, 3)), failure([2, 3]))
    assert not same_failure(failure(1), failure(1, kind="error"))
    assert same_failure(failure(None), failure(None))
    assert not same_failure(failure(None), failure(None, message="other"))
    assert same_failure(failure("above", message="x is 40, not 'a'"), failure("above", message="x is 1.5, not 'b'"))
    assert not same_failure(failure("above", message="x is 40"), failure("above", message="y is 40"))
    assert not same_failure(failure("above", message="x is 40"), failure("below", message="x is -1"))
    assert not same_failure(failure(40, message="x is 40"), failure(40, message="x is 41"))


def outcomes(**failures):
    return [Outcome("ann", "double", check, "", 1, failed) for check, failed in failures.items()]


def test_mistake_that_fares_the_same_everywhere_explains_all_failures():
    known = {"other": {"a": failure(1), "b": None}, "this": {"a": failure(1), "b": failure(2)}}
    assert diagnose(outcomes(a=failure(1), b=failure(2)), known) == {"a": "this", "b": "this"}


def test_two_mistakes_are_told_apart_where_a_check_shows_only_one_of_them():
    known = {"one": {"a": failure(1), "b": None}, "two": {"a": None, "b": failure(2)}}
    assert diagnose(outcomes(a=failure(1), b=failure(2)), known) == {"a": "one", "b": "two"}


def test_nothing_is_said_where_two_mistakes_look_alike_or_none_does():
    known = {"one": {"a": failure(1), "b": failure(5)}, "two": {"a": failure(1), "b": failure(6)}}
    assert diagnose(outcomes(a=failure(1), b=failure(7)), known) == {}
    assert diagnose(outcomes(a=None, b=None), known) == {}
    assert diagnose(outcomes(a=Failure("missing", "m"), b=None), known) == {}
