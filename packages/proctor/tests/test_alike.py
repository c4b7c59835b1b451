"""Answers that are alike: what few others have is found, whatever its names; what many write, or was given, is not."""

import re

import pytest

from proctor.grading.alike import MAX_CHARACTERS, alike, runs, tokens

LONG = """\
def total(x, function):
    values = function(x)
    weights = torch.ones_like(values) / len(values)
    largest, smallest = values.max(), values.min()
    # A remark.
    return (weights * values).sum() * len(values) + (largest - largest) - (smallest - smallest)
"""
RENAMED = re.sub(r"\bvalues\b", "v", LONG.replace("weights", "w").replace("# A remark.", "")).replace("largest", "hi")
OTHER = """\
def other(rows):
    lengths = {}
    for key, row in rows.items():
        if key not in lengths and row:
            lengths[key] = [max(abs(value) for value in row), min(row) ** 2]
    while lengths and not any(lengths.values()):
        lengths.popitem()
    return {key: tuple(found) for key, found in sorted(lengths.items()) if found[0] > found[1]}
"""
OTHERS = [f"def total(x, function):\n    return sum(function(x)) + {n} * torch.zeros(()).sum()" for n in range(30)]


def found(*answers):
    return alike({f"student{n:03}": code for n, code in enumerate(answers)}, "def total(x, function): pass", "total")


def test_answers_that_share_what_few_have_are_found_whatever_their_names():
    (pair,) = found(LONG, RENAMED, *OTHERS)
    assert (pair.first, pair.second, pair.share, pair.others) == ("student000", "student001", 1.0, 0)
    assert pair.students == ("student000", "student001")


def test_who_share_one_answer_are_one_group_and_two_of_them_stand_for_it():
    changed = LONG.replace("(largest - largest)", "(largest * 2)")
    groups = found(changed, LONG, RENAMED, LONG, RENAMED, OTHER, OTHER, *OTHERS, *OTHERS)
    five, two = sorted(groups, key=lambda group: -len(group.students))
    assert five.students == tuple(f"student{n:03}" for n in range(5))
    assert (five.first, five.second, five.share) == ("student001", "student002", 1.0)
    assert two.students == (two.first, two.second) == ("student005", "student006")


def test_group_is_all_whom_pairs_connect():
    both = f"{LONG}\n{OTHER}"
    (group,) = found(LONG, both, OTHER, *OTHERS, *OTHERS)
    assert group.students == ("student000", "student001", "student002")
    assert {"student001"} < {group.first, group.second}, "the first and the last share nothing"


def test_what_many_write_is_not_alike():
    assert found(*OTHERS) == []
    assert found(*[LONG] * 10, *OTHERS) == []


@pytest.mark.parametrize(("ring", "size"), [(2, 3), (3, 5), (3, 7), (4, 8), (5, 9), (5, 40), (6, 60)])
def test_ring_is_found_whatever_the_size_of_the_class(ring, size):
    shared = [(LONG, RENAMED)[n % 2] for n in range(ring)]
    pairs = found(*shared, *[OTHERS[n % 30] for n in range(size - ring)])
    named = {int(name.removeprefix("student")) for pair in pairs for name in (pair.first, pair.second)}
    assert len(named & set(range(ring))) >= 2


@pytest.mark.parametrize(("many", "size"), [(3, 3), (3, 4), (5, 8), (6, 9), (6, 40), (7, 60)])
def test_what_most_of_a_small_class_write_is_not_alike(many, size):
    pairs = found(*[LONG] * many, *[OTHERS[n % 30] for n in range(size - many)])
    assert not [pair for pair in pairs if int(pair.first.removeprefix("student")) < many]


def test_what_was_released_does_not_count():
    assert runs(LONG) == runs(RENAMED)
    assert alike({"ann": LONG, "ben": RENAMED}, LONG, "total") == []


@pytest.mark.parametrize("code", ['"%000', " \n", '"\\N{', "'", "#", "a.", "  "])
def test_tokens_of_a_page_of_anything_are_few(code):
    assert len(tokens(code * 10**6)) <= MAX_CHARACTERS
