"""Recordings and spectrograms as datasets."""

import numpy as np
import pytest
import torch

from dlh.data import ecg, ecg_dataset


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return ecg.simulate(30, 0.3, seed=5, directory=tmp_path_factory.mktemp("ecg") / "recordings")


@pytest.fixture(scope="module")
def spectrograms(directory):
    return ecg_dataset.ECGSpectrumDataset(directory, class_labels=("N", "A"))


def test_recordings_come_without_padding_and_long_ones_alone(directory):
    data = ecg_dataset.ECGDataset(directory, class_labels=("N", "A"))
    files = ecg.load_challenge2017(directory, ("N", "A"))
    rows = zip(files.names, files.recordings, files.labels, strict=True)
    expected = {name: (samples, label) for name, samples, label in rows if len(samples) >= 4000}
    assert 0 < len(expected) < len(files.names)
    assert data.names == sorted(expected)
    for index, name in enumerate(data.names):
        x, y = data[index]
        assert x.dtype == torch.float32
        assert np.array_equal(x.numpy(), expected[name][0])
        assert y == expected[name][1]
    assert data.class_proportions.sum() == 1
    assert data.class_proportions[1].item() == pytest.approx(data.labels.float().mean().item())


def test_class_numbers_follow_the_order_of_the_labels(directory):
    data = ecg_dataset.ECGDataset(directory, class_labels=("N", "A"))
    turned = ecg_dataset.ECGDataset(directory, max_length=5000, class_labels=("A", "N"))
    assert torch.equal(turned.labels, 1 - data.labels)
    assert turned.samples.shape == (len(data), 5000)
    assert turned.lengths.max() == 5000


def test_spectrograms_are_standardized_and_as_long_as_published(directory, spectrograms):
    data = ecg_dataset.ECGDataset(directory, class_labels=("N", "A"))
    assert spectrograms.samples.shape[2] == 17
    assert torch.equal(spectrograms.lengths, (data.lengths - 32) // 28)
    assert spectrograms.samples.mean(dim=(0, 1)).abs().max() < 1e-3
    assert (spectrograms.samples.std(dim=(0, 1)) - 1).abs().max() < 1e-2
