"""The checks of `ECGDataset`."""

import numpy as np
import pytest
import torch

from graders.mina.helpers import PARTS, check_not_rescaled
from proctor.checks import expect

CHANNELS, SEGMENTS = 4, 11
LENGTHS = {"X": 23, "K_beat": 23, "K_rhythm": 7, "K_freq": 1}
NAMED = "(X, K_beat, K_rhythm, K_freq)"


@pytest.fixture
def data(generator):
    """Segments that no notebook has, as the dataset is given them."""
    arrays = {
        name: torch.randn(CHANNELS, SEGMENTS, length, generator=generator).numpy()
        for name, length in LENGTHS.items()
    }
    labels = torch.randint(2, (SEGMENTS,), generator=generator)
    labels[:CHANNELS] = torch.tensor([1, 0, 0, 1])
    return arrays | {"Y": labels.numpy()}


@pytest.fixture
def dataset(submission, data):
    """The student's dataset, where the notebook's own data are others, and twice as many."""
    other = {name: np.concatenate([array[..., ::-1]] * 2, axis=min(1, array.ndim - 1)) for name, array in data.items()}
    for name in ("train_dict", "test_dict", "data_dict"):
        submission.replace(name, other)
    return submission.ECGDataset(data)


def read(dataset, index):
    """The four inputs and the label of a sample, wherever they stand in it: their places are one check's law only."""
    sample = dataset[index]
    what = f"`dataset[{index}]`"
    expect.type(sample, (tuple, list), what)
    inputs = next((value for value in sample if isinstance(value, (tuple, list))), None)
    if inputs is None:
        inputs, rest = sample[:4], sample[4:]
    else:
        rest = [value for value in sample if not isinstance(value, (tuple, list))]
    expect.true(
        len(inputs) == 4,
        f"{what} should hold the four inputs {NAMED}, but holds {len(inputs)}.",
        len(inputs),
    )
    for value, name in zip(inputs, PARTS, strict=True):
        expect.type(value, (np.ndarray, torch.Tensor), f"{name} of {what}")
    return inputs, rest


def check_differ(dataset, one, other):
    """Two samples hold different signals, as constants do not."""
    signals = [np.asarray(read(dataset, index)[0][0]) for index in (one, other)]
    what = f"X of `dataset[{one}]` and of `dataset[{other}]`"
    expect.true(not np.array_equal(*signals), f"{what} should differ, but are the same.", "the same")


@pytest.mark.points(1)
def test_length(submission, dataset, data):
    """The dataset has one sample for each segment."""
    hint = "X has the channels on its first axis, and the segments on its second."
    expect.equal(len(dataset), SEGMENTS, f"`len(dataset)` of {SEGMENTS} segments", hint)
    # What is left of looking at the first few shows where there are many.
    many = {name: np.concatenate([array] * 100, axis=min(1, array.ndim - 1)) for name, array in data.items()}
    found = len(submission.ECGDataset(many))
    expect.equal(found, 100 * SEGMENTS, f"`len(dataset)` of {100 * SEGMENTS} segments", "Leave none out.")


@pytest.mark.points(1)
def test_nested(dataset):
    """A sample is a pair: the four inputs as a tuple, then the label."""
    sample = dataset[3]
    expect.type(sample, (tuple, list), "`dataset[3]`")
    expect.equal(len(sample), 2, "The number of values in `dataset[3]`", f"A sample is ({NAMED}, Y).")
    inputs, label = sample
    expect.type(inputs, (tuple, list), f"The first value of a sample, {NAMED},")
    expect.equal(len(inputs), 4, f"The number of inputs in a sample, {NAMED},")
    expect.type(label, (int, np.integer, np.ndarray, torch.Tensor), "The second value of a sample, the label,")
    check_differ(dataset, 3, 2)


@pytest.mark.points(1)
def test_shapes(submission, dataset, data):
    """The inputs of a sample are those of one segment, with all channels."""
    more = {name: np.concatenate([array, array[:1]]) for name, array in data.items() if name != "Y"}
    with_more = submission.ECGDataset(more | {"Y": data["Y"]})
    for tried, channels in ((dataset, CHANNELS), (with_more, CHANNELS + 1)):
        inputs, _ = read(tried, 5)
        for value, (name, length) in zip(inputs, LENGTHS.items(), strict=True):
            hint = "The segments are on the second axis of every array; the other axes stay."
            expect.shape(value, (channels, length), f"{name} of `dataset[5]`, with {channels} channels,", hint)
    check_differ(dataset, 5, 6)


@pytest.mark.points(1)
def test_values(submission, dataset, data):
    """Sample i holds the signal and the three kinds of knowledge of segment i, in this order."""
    # The arrays have names: in which order a dictionary has them is nothing to count on. And a dataset that is made
    # later has segments of its own.
    dataset = submission.ECGDataset(dict(reversed(data.items())))
    submission.ECGDataset({name: 1 - array for name, array in data.items()})
    for index in (0, 5, SEGMENTS - 1):
        inputs, _ = read(dataset, index)
        for value, name in zip(inputs, PARTS, strict=True):
            expected = np.take(data[name], index, axis=1)
            value = np.asarray(value)
            what = f"{name} of `dataset[{index}]`"
            check_not_rescaled(value, expected, what)
            hint = f"The inputs are {NAMED}, of the arrays that this dataset was given."
            expect.close(value, expected, what, hint, rtol=1e-6, atol=1e-6)


@pytest.mark.points(1)
def test_labels(dataset, data):
    """The label of sample i is that of segment i."""
    labels = []
    # As many as there are channels: to take one for the other costs the checks of the inputs alone.
    for index in range(CHANNELS):
        _, rest = read(dataset, index)
        expect.true(
            len(rest) == 1 and np.asarray(rest[0]).size == 1,
            f"`dataset[{index}]` should hold one label beside its inputs, but holds {len(rest)} values.",
            [np.shape(value) for value in rest],
        )
        labels.append(int(rest[0]))
    expect.equal(labels, data["Y"][:CHANNELS].tolist(), f"The labels of the first {CHANNELS} samples, in order,")
