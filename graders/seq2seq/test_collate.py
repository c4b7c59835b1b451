"""The checks of `collate_fn`."""

import re

import pytest
import torch

from graders.helpers import alone
from proctor.checks import expect
from proctor.checks.submission import StudentError


@pytest.fixture
def frequent(reference, generator):
    """The frequent codes in random order, a list of int."""
    codes = list(reference.freq_codes)
    return [codes[i] for i in torch.randperm(len(codes), generator=generator).tolist()]


@pytest.fixture
def small(reference, frequent):
    """Frequent codes that would do as columns, too: to take a code for a column costs the checks of codes alone."""
    return [code for code in frequent if code < len(reference.freq_codes)]


@pytest.fixture
def rare(reference, generator):
    """The codes that are too rare to be kept, in random order, a list of int."""
    kept = set(reference.freq_codes)
    codes = [code for code in reference.types.values() if code not in kept]
    return [codes[i] for i in torch.randperm(len(codes), generator=generator).tolist()]


def batch(submission, data):
    """What `collate_fn` gives for these samples, which stay as they are: x, masks, y."""
    given = submission.put(data)
    try:
        result = submission.collate_fn(given)
    except StudentError as error:
        if error.type_name != "IndexError":
            raise
        # Its words depend on how x is indexed, but for the size of the axis: that of the codes is known.
        hint = "The code itself is no column; `code2idx` leads from one to the other."
        if re.search(r"\bsize (?!105\b)\d+", error.message):
            hint = "x needs a row for each patient of the batch, and in it one for each visit of whoever has most."
        expect.true(
            False,
            f"`collate_fn` stops with an IndexError: a place in x is asked for that it does not have. {hint}",
            hint,
        )
    kept = [(list(map(list, visits)), label) for visits, label in submission.get(given)] == data
    expect.true(
        kept,
        "`collate_fn` changes the visits that it is given. They are the dataset's, which needs them in every epoch: "
        "leave codes out of x, and not out of the data.",
        "data changed",
    )
    expect.type(result, (tuple, list), "What `collate_fn` returns")
    expect.equal(len(result), 3, "The number of values that `collate_fn` returns", "Return x, masks and y.")
    return result


def numbers(x):
    """The ones in x as floats: that they are is one check's matter only."""
    return x.float() if isinstance(x, torch.Tensor) and not x.is_complex() else x


def same_ones(x, expected):
    """Whether x is a tensor with ones where they are expected, whatever its dtype."""
    return isinstance(x, torch.Tensor) and x.shape == expected.shape and torch.equal(numbers(x), expected)


def multi_hot(reference, data):
    """The x that belongs to these samples."""
    return reference.collate_fn(data)[0]


@pytest.mark.points(2)
def test_shapes(submission, reference, small):
    """A batch has a row for each patient, a column for each visit, and the asked dtypes."""
    data = [([small[:4], small[4:5]], 1), ([small[5:7], small[:1], small[2:4]], 0)]
    data += [([small[1:3]], 1), ([small[3:4], small[1:6]], 0), ([small[2:3]], 0)]
    x, masks, y = batch(submission, data)
    num_codes = len(reference.freq_codes)
    what = "of 5 patients with at most 3 visits"
    expect.shape(x, (5, 3, num_codes), f"x {what}", "Patients, then visits, then the frequent codes.")
    expect.dtype(x, torch.float, "x")
    expect.dtype(masks, torch.bool, "`masks`", "A comparison gives a tensor of this dtype.")
    expect.shape(masks, (5, 3), f"`masks` {what}", "One value for each visit: look along the codes, the last axis.")
    expect.shape(y, (5,), f"y {what}")
    expect.dtype(y, torch.float, "y")
    expect.equal([int(label) for label in y], [1, 0, 1, 0, 0], "The labels y")
    expect.true(bool((x == 1).any()), "x should be 1 where a visit has a code, but has no 1 at all.", "no 1")
    expect.true(len(masks.unique()) == 2, "`masks` should tell visits from padding, but is the same everywhere.", masks)
    x, masks, y = batch(submission, data * 22)
    found = [len(value) for value in (x, masks, y)]
    expect.equal(found, [110] * 3, "The lengths of x, `masks` and y of a batch of 110 patients", "Leave nobody out.")
    what = "`collate_fn` of a single patient with a single visit"
    with alone(True, what):
        x, masks, y = batch(submission, data[2:3])
        expect.equal([list(value.shape) for value in (x, masks, y)], [[1, 1, num_codes], [1, 1], [1]], what)


@pytest.mark.points(3)
def test_codes(submission, reference, frequent):
    """Each frequent code of a visit becomes a one at the place that `code2idx` gives it."""
    data = [([frequent[:3], frequent[3:4]], 0), ([frequent[4:9], frequent[9:11], frequent[11:12]], 1)]
    data += [([frequent[12:19]], 0), ([frequent[2:6], frequent[19:23]], 1), ([frequent[0:1]], 0)]
    # Every code has its turn, that of column 0 and that of the last one, too.
    # One patient came very often.
    data += [([frequent[23:60], frequent[60:]], 1), ([frequent[place : place + 2] for place in range(31)], 0)]
    x, _, _ = batch(submission, data)
    expected = multi_hot(reference, data)
    expect.true(
        not is_cut_off(numbers(x), expected),
        "x has nothing of the later visits of a patient who came 31 times. Every visit has its row, however many there "
        "are.",
        "cut off",
    )
    expect.true(
        not is_mixed(numbers(x), expected),
        "x has all patients of the batch, but in another order than they come in. Their labels, and whoever calls you, "
        "count on that.",
        "another order",
    )
    hint = "The patient, the visit and `code2idx[code]` say which single element of x becomes 1."
    expect.close(numbers(x), expected, "x, for visits of frequent codes,", hint)


def is_mixed(x, expected):
    """Whether x has the patients that are expected, in another order."""
    if not isinstance(x, torch.Tensor) or x.shape != expected.shape or torch.equal(x, expected):
        return False
    return sorted(x.flatten(1).tolist()) == sorted(expected.flatten(1).tolist())


def is_cut_off(x, expected):
    """Whether x is as expected but for the last visits of the last patient, which are missing or empty."""
    if not isinstance(x, torch.Tensor) or x.dim() != 3 or x.shape[::2] != expected.shape[::2]:
        return False
    visits = int(x[-1].any(dim=-1).sum())
    return 0 < visits < expected.shape[1] and torch.equal(x[:, :visits], expected[:, :visits])


@pytest.mark.points(2)
def test_rare_codes(submission, reference, frequent, rare):
    """Codes that are not frequent leave no trace in x, and do not disturb the others."""
    data = [([[rare[0], frequent[0], rare[1], frequent[1]], [frequent[2], rare[2]]], 0)]
    data += [
        ([[rare[3], rare[4]], [frequent[3], rare[3], frequent[4]], [frequent[5]]], 1),
        ([[frequent[6]]], 0),
        # Whoever puts rare codes into a column takes the first one or the last one.
        ([[reference.freq_codes[0], reference.freq_codes[-1], rare[5]]], 1),
    ]
    x, _, _ = batch(submission, data)
    what = "x, for visits that also have rare codes,"
    expect.close(numbers(x), multi_hot(reference, data), what, "Skip rare codes only.")


@pytest.mark.points(1)
def test_repeated_code(submission, small):
    """A code that a visit has twice is still marked with a single one."""
    data = [([[small[0], small[1], small[0]], [small[2]] * 5], 1), ([[small[3]]], 0)]
    x, _, _ = batch(submission, data)
    expect.true(
        not (x > 1).any(),
        "x should be 1 where a visit has the code, however often, but has a value above 1. "
        "x says whether a code occurs, not how many times.",
        x,
    )
    what = "The number of ones in each visit, where codes are repeated,"
    expect.equal((x == 1).sum(dim=-1).tolist(), [[2, 1], [1, 0]], what, "A repeated code is one code.")


@pytest.mark.points(2)
def test_masks(submission, reference, small, rare):
    """The mask is true for visits with a frequent code, and false for padding and for visits without any."""
    data = [([small[:1], small[1:4]], 1), ([small[4:6], rare[:3], small[6:7]], 0)]
    data += [
        ([rare[3:5], rare[5:6]], 1),
        ([small[2:3]], 0),
        ([small[3:6], small[1:2], small[:1]], 1),
        # A single frequent code is enough, wherever among the rare ones it stands.
        ([[small[2], rare[6]], [rare[7], small[3]], [rare[8], small[5], rare[9]]], 0),
    ]
    _, masks, _ = batch(submission, data)
    expected = torch.tensor([[1, 1, 0], [1, 0, 1], [0, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 1]], dtype=torch.bool)
    expect.shape(masks, (6, 3), "`masks`", "One value for each visit.")
    expect.close(
        masks != 0,
        expected,
        "`masks`",
        "A visit is real where its row of x has at least one 1; padding and visits of rare codes have none.",
    )
    ends = [([[reference.freq_codes[0]], [reference.freq_codes[-1]]], 0)]
    try:
        x, masks, _ = batch(submission, ends)
    except expect.Unmet:
        return  # which column stands for a code is charged by another check
    expect.true(
        not same_ones(x, multi_hot(reference, ends)) or bool((masks != 0).all()),
        "`masks` leaves out a visit whose only code has the first column of x, or the last. A one is a one wherever it "
        "stands.",
        masks,
    )
