"""The checks of `load_data` and its `my_collate`."""

import numpy as np
import pytest
import torch

from graders.helpers import alone, check_varied
from graders.mina.helpers import PARTS, check_not_rescaled, pair
from proctor.checks import expect
from proctor.checks.submission import MissingName, StudentError

CHANNELS, BATCH = 4, 7
LENGTHS = {"X": 13, "K_beat": 13, "K_rhythm": 5, "K_freq": 1}


def kind_of_inputs(submission):
    """What the student's own dataset makes of arrays of doubles: whether tensors, and of which dtype.

    A right `my_collate` may count on either. Arrays of doubles where the dataset fails.
    """
    data = {name: np.zeros((CHANNELS, 2, length)) for name, length in LENGTHS.items()}
    try:
        inputs, _ = submission.ECGDataset(data | {"Y": np.array([0, 1])})[0]
        float32 = all(value.dtype in (np.float32, torch.float) for value in inputs)
        return isinstance(inputs[0], torch.Tensor), torch.float if float32 else torch.double
    except (StudentError, MissingName, AttributeError, TypeError, ValueError, IndexError):
        return False, torch.double


def samples(submission, count, generator, channels=CHANNELS):
    """Samples as the dataset should give them, whose label is their number."""
    tensors, dtype = kind_of_inputs(submission)
    inputs = [
        tuple(torch.randn(channels, length, generator=generator).to(dtype) for length in LENGTHS.values())
        for _ in range(count)
    ]
    if tensors:
        return [(parts, torch.tensor(number)) for number, parts in enumerate(inputs)]
    return [
        (tuple(value.numpy() for value in parts), np.int64(number)) for number, parts in enumerate(inputs)
    ]


def stacked(some, place):
    """One input of some samples as a batch is due, channels first."""
    return torch.stack([torch.as_tensor(inputs[place]).float() for inputs, _ in some], dim=1)


def labels_of(batch):
    """The labels of a batch as a list: they are the samples' numbers."""
    _, labels = pair(batch, "A batch", "(X, K_beat, K_rhythm, K_freq) and Y")
    expect.type(labels, torch.Tensor, "Y of a batch")
    return [int(label) for label in labels.reshape(-1)]


def inputs_of(batch):
    """The four inputs of a batch, each a tensor."""
    inputs, _ = pair(batch, "A batch", "(X, K_beat, K_rhythm, K_freq) and Y")
    expect.type(inputs, (tuple, list), "The first value of a batch")
    expect.equal(len(inputs), 4, "The number of inputs in a batch", "They are X, K_beat, K_rhythm and K_freq.")
    for value, name in zip(inputs, PARTS, strict=True):
        expect.type(value, torch.Tensor, f"{name} of a batch")
    return inputs


@pytest.mark.points(1)
def test_batches(submission, generator):
    """Batches have the asked number of segments, 128 by default, and the last one those that are left."""
    for count, sizes, asked in ((19, [7, 7, 5], {"batch_size": BATCH}), (131, [128, 3], {})):
        loader = submission.load_data(samples(submission, count, generator), **asked)
        expect.equal(
            [len(labels_of(batch)) for batch in loader],
            sizes,
            f"The batch sizes of `load_data(dataset{', batch_size=7' if asked else ''})` over {count} segments",
            "No segment is left out.",
        )


@pytest.mark.points(1)
def test_order(submission, generator, seed):
    """The segments come in the order of the dataset."""
    submission.seed(seed)
    loader = submission.load_data(samples(submission, 19, generator), batch_size=BATCH)
    numbers = [number for batch in loader for number in labels_of(batch)]
    expect.true(len(numbers) > 1, "The loader should serve segments, but serves none.", numbers)
    expect.true(
        numbers == sorted(numbers),
        "The loader should keep the order of the dataset, but changes it.",
        numbers,
    )


@pytest.mark.points(1)
def test_shapes(submission, generator):
    """In every input of a batch, the channels come first and the segments second."""
    for channels in (CHANNELS, CHANNELS + 1):
        loader = submission.load_data(samples(submission, 19, generator, channels), batch_size=BATCH)
        batch = next(iter(loader))
        # How many there are in a batch is another check's matter.
        count = len(labels_of(batch))
        what = f"of a batch of {count} segments with {channels} channels"
        for value, (name, length) in zip(inputs_of(batch), LENGTHS.items(), strict=True):
            hint = "A batch has the segments on its second axis, as in the data."
            expect.shape(value, (channels, count, length), f"{name} {what}", hint)
            check_varied(value.transpose(0, 1), f"{name} of different segments")
    with alone(True, "`my_collate`", "segment"):
        batch = next(iter(submission.load_data(samples(submission, 1, generator), batch_size=BATCH)))
        for value, length in zip(inputs_of(batch), LENGTHS.values(), strict=True):
            expect.shape(value, (CHANNELS, 1, length), "A batch of one segment")
    labels_of(batch)
    message = "Y of a batch of one segment should have an axis, but has none: `squeeze()` removes it."
    expect.true(batch[1].dim() > 0, message, "no axis")


@pytest.mark.points(1)
def test_values(submission, generator):
    """A batch holds each segment's signal and knowledge, in this order."""
    some = samples(submission, 19, generator)
    loader = submission.load_data(some, batch_size=BATCH)
    served = list(loader)
    expect.true(len(served) > 0, "The loader should serve batches, but serves none.", "none")
    for batch in served:
        inputs, numbers = inputs_of(batch), labels_of(batch)
        expect.true(set(numbers) <= set(range(19)) and numbers, "Y should hold the labels of the samples.", numbers)
        members = [some[number] for number in numbers]
        for place, (value, name) in enumerate(zip(inputs, PARTS, strict=True)):
            expected = stacked(members, place)
            mixed = value.shape == expected.shape and torch.equal(
                value.flatten().double().sort().values, expected.flatten().double().sort().values
            )
            hint = "It should hold what the samples hold, in the order of Y."
            if mixed:
                hint = "`reshape` and `view` do not swap axes: they mix segments and channels."
            check_not_rescaled(value, expected, f"{name} of a batch")
            expect.close(value, expected, f"{name} of a batch", hint)


@pytest.mark.points(1)
def test_dtypes(submission, generator):
    """The inputs are float tensors, and the labels a long tensor."""
    loader = submission.load_data(samples(submission, BATCH, generator), batch_size=BATCH)
    batch = next(iter(loader))
    for value, name in zip(inputs_of(batch), PARTS, strict=True):
        expect.dtype(value, torch.float, f"{name} of a batch")
        check_varied(value, f"{name} of a batch, of different channels,")
    labels_of(batch)
    expect.shape(batch[1], (BATCH,), f"Y of a batch of {BATCH} segments")
    expect.dtype(batch[1], torch.long, "Y of a batch")
