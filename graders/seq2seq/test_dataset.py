"""The checks of `CustomDataset`."""

import numpy as np
import pytest
import torch

from proctor.checks import expect

NUM_PATIENTS = 23


@pytest.fixture
def cohort(generator):
    """Visits and labels of a cohort that no notebook has: ragged, unsorted, codes repeated, one visit empty."""

    def integer(high):
        return int(torch.randint(high, (1,), generator=generator))

    seqs = [[[integer(600) for _ in range(1 + integer(7))] for _ in range(1 + integer(5))] for _ in range(NUM_PATIENTS)]
    seqs[3] = [[41, 7, 41], [], [599, 0, 12]]
    seqs[5] = [[integer(600)] for _ in range(31)]
    hfs = [integer(2) for _ in range(NUM_PATIENTS)]
    hfs[:2] = [1, 0]
    return seqs, hfs


@pytest.mark.points(0.25)
def test_length(submission, cohort):
    """The dataset has one sample for each patient."""
    seqs, hfs = cohort
    expect.equal(
        len(submission.CustomDataset(seqs, hfs)),
        len(seqs),
        f"`len(CustomDataset(seqs, hfs))` for {len(seqs)} patients",
        "A sample is a patient, not a visit; count the patients that this dataset was given.",
    )
    # What is left of looking at the first few shows where there are many.
    found = len(submission.CustomDataset(seqs * 100, hfs * 100))
    expect.equal(found, 100 * len(seqs), f"`len(CustomDataset(seqs, hfs))` for {100 * len(seqs)} patients")


@pytest.mark.points(0.25)
def test_stored(submission, cohort):
    """The dataset keeps the visits as `x` and the labels as `y`."""
    seqs, hfs = cohort
    dataset = submission.CustomDataset(seqs, hfs)
    for name, given in (("x", "seqs"), ("y", "hfs")):
        has = submission.library("builtins.hasattr")(dataset, name)
        expect.true(
            has,
            f"`CustomDataset(seqs, hfs)` should keep `{given}` as `self.{name}`, but has no attribute `{name}`.",
            name,
        )
    # What is wrong with the visits themselves is another check's matter.
    stored = [len(dataset.x), [int(label) for label in dataset.y]]
    expect.equal(stored, [len(seqs), hfs], "The length of `self.x`, and the labels in `self.y`")


@pytest.mark.points(0.5)
def test_pair(submission, cohort):
    """A sample is a pair: the patient's visits, then the label."""
    dataset = submission.CustomDataset(*cohort)
    sample = dataset[3]
    expect.type(sample, (tuple, list), "`dataset[3]`")
    expect.equal(len(sample), 2, "The number of values in `dataset[3]`", "Return the visits and the label.")
    visits, label = sample
    expect.type(visits, (list, tuple), "The first value of a sample, the visits,")
    expect.type(label, (int, float, np.number), "The second value of a sample, the label,")
    expect.true(label in (0, 1), f"The label of a sample should be 0 or 1, but is {label!r}.", label)
    # Patients 3 and 0 have different labels or different numbers of visits.
    expect.true(sample != dataset[0], "Samples of different patients should differ, but are the same.", "the same")


def visits_of(sample, what):
    """The visits of a sample, wherever they stand in it: that they come first is one check's law only."""
    expect.type(sample, (tuple, list), what)
    visits = next((value for value in sample if isinstance(value, (list, tuple))), None)
    if all(isinstance(value, (list, tuple)) for value in sample):
        visits = sample  # the visits alone
    expect.true(
        visits is not None,
        f"{what} should hold the patient's visits as a list, but holds no list.",
        "no list",
    )
    return visits


@pytest.mark.points(0.5)
def test_order(submission, cohort):
    """Sample i is patient i."""
    seqs, hfs = cohort
    dataset = submission.CustomDataset(seqs, hfs)
    # Another dataset, made later, has patients of its own.
    submission.CustomDataset(seqs[:4], hfs[:4])
    samples = [dataset[index] for index in range(len(seqs))]
    num_visits = [len(visits_of(sample, f"`dataset[{index}]`")) for index, sample in enumerate(samples)]
    labels = [value for sample in samples for value in sample if not isinstance(value, (list, tuple))]
    found = [num_visits, [int(label) for label in labels]]
    # That there is a label is another check's matter.
    expect.true(
        found == [[len(visits) for visits in seqs], hfs if labels else []],
        "`dataset[i]` should be what stands at place i of the `seqs` and `hfs` that the dataset was given, but is "
        "something else for some i.",
        found,
    )


@pytest.mark.points(0.5)
def test_content(submission, cohort):
    """Visits and codes come back just as they went in."""
    seqs, hfs = cohort
    visits = visits_of(submission.CustomDataset(seqs, hfs)[3], "`dataset[3]`")
    plain = [list(visit) if isinstance(visit, (list, tuple)) else visit for visit in visits]
    expect.equal(plain, seqs[3], "The visits of a patient", "Keep the codes as they are; tensors are made later.")
