"""The checks of `load_data`."""

import pytest
import torch

from proctor.checks import expect

# So many in the train dataset and in the validation dataset: a single one is left for the last batch.
NUM_PATIENTS = (97, 65)
LOADERS = ("train loader", "validation loader")
MARKER = "made by the given collate function"


def collate_marked(samples):
    return torch.tensor([sample[0] for sample in samples]), "made by the given collate function"


@pytest.fixture
def loaders(submission, seed):
    """The student's two loaders, over patients that are known by a number of their own."""
    submission.seed(seed)
    train = [(number, 0) for number in range(NUM_PATIENTS[0])]
    val = [(1000 + number, 0) for number in range(NUM_PATIENTS[1])]
    result = submission.load_data(train, val, submission.send(collate_marked))
    expect.type(result, (tuple, list), "What `load_data` returns")
    expect.equal(len(result), 2, "The number of loaders that `load_data` returns", "Return the train and val loaders.")
    return result


def patients(loader, what):
    """The patients' numbers in one pass over a loader, batch by batch."""
    numbers = []
    for batch in loader:
        expect.type(batch, (tuple, list), f"A batch of the {what}")
        expect.type(batch[0], torch.Tensor, f"The first value of a batch of the {what}")
        numbers.append(batch[0].tolist())
    return numbers


def passed(batches):
    """All patients of one pass, in order."""
    return [number for batch in batches for number in batch]


def check_both(found, expected, message):
    """Both loaders are as expected: which of them is not is said, and both are what is observed."""
    wrong = [what for what in found if found[what] != expected[what]]
    if wrong:
        named = " and ".join(f"the {what}" for what in wrong)
        values = " and ".join(str(found[what]) for what in wrong)
        expect.true(False, message.format(named=named, values=values), list(found.values()))


@pytest.mark.points(0.5)
def test_collate_function(loaders):
    """Both loaders make their batches with the collate function they are given."""
    found = {}
    for loader, what in zip(loaders, LOADERS, strict=True):
        batch = next(iter(loader), None)
        found[what] = isinstance(batch, (tuple, list)) and MARKER in [x for x in batch if isinstance(x, str)]
    check_both(
        found,
        dict.fromkeys(LOADERS, True),
        "The batches of {named} should come from the function that `load_data` is given as `collate_fn`, but come "
        "from somewhere else. Pass it on to `DataLoader`.",
    )


@pytest.mark.points(0.5)
def test_batches(loaders):
    """A batch has 32 patients, and the last one the patients that are left."""
    found = {
        what: [len(batch) for batch in patients(loader, what)] for loader, what in zip(loaders, LOADERS, strict=True)
    }
    check_both(
        found,
        dict(zip(LOADERS, ([32, 32, 32, 1], [32, 32, 1]), strict=True)),
        "The batch sizes should be [32, 32, 32, 1] over 97 patients and [32, 32, 1] over 65, but those of {named} are "
        "{values:.200}. No patient is left out of an epoch.",
    )


@pytest.mark.points(0.25)
def test_own_patients(loaders):
    """The train loader serves the train dataset, the validation loader the validation dataset."""
    found = {}
    for loader, what in zip(loaders, LOADERS, strict=True):
        found[what] = sorted({number // 1000 for number in passed(patients(loader, what))})
    check_both(
        found,
        dict(zip(LOADERS, ([0], [1]), strict=True)),
        "The patients of {named} should be those of its own dataset, but are others.",
    )


@pytest.mark.points(0.5)
def test_shuffled(loaders):
    """The train loader brings every patient once in an epoch, in another order each time."""
    loader = loaders[0]
    first, second = (passed(patients(loader, "train loader")) for _ in range(2))
    expect.true(
        first != sorted(first) and first != second,
        "The train loader should bring the patients in a new order in each epoch, but the order "
        f"{'is that of the dataset' if first == sorted(first) else 'stays the same'}.",
        [first == sorted(first), first == second],
    )
    expect.true(
        len(first) == len(set(first)),
        "The train loader should bring each patient once in an epoch, but brings some of them more than once. Mix "
        "the patients; do not draw them with replacement.",
        "more than once",
    )
    expect.true(
        len(second) == len(first),
        f"The train loader should bring as many patients in each epoch, but brings {len(first)} in the first and "
        f"{len(second)} in the second. Return the `DataLoader` itself: an iterator is used up after one epoch.",
        [len(first), len(second)],
    )


@pytest.mark.points(0.25)
def test_in_order(loaders):
    """The validation loader keeps the order of its dataset."""
    numbers = passed(patients(loaders[1], "validation loader"))
    expect.true(len(numbers) > 1, "The validation loader should serve patients, but serves none.", numbers)
    expect.true(
        numbers == sorted(numbers),
        "The validation loader should keep the patients in the order of the dataset, but changes it. "
        "Only training needs a new order.",
        numbers,
    )
    again = passed(patients(loaders[1], "validation loader"))
    expect.true(
        again == numbers,
        "The validation loader should bring the same patients each time, but the second time brings others, or none. "
        "Return the `DataLoader` itself: an iterator is used up after one epoch.",
        again,
    )
