"""Recordings of an ECG as datasets of PyTorch: the samples as they are, and spectrograms of them."""

import numpy as np
import scipy.signal
import torch

from dlh.data.ecg import load_challenge2017


class ECGDataset(torch.utils.data.Dataset):
    """Recordings of the PhysioNet/CinC Challenge 2017 with their labels.

    Recordings of less than 4000 samples (13 seconds) are left out.

    Parameters
    ----------
    directory : str or Path, the folder with A00001.mat ... and REFERENCE.csv
    max_length : int, samples; what is longer is cut off
    class_labels : the challenge's labels that are wanted; the place of a
        label here is the number of its class

    Attributes
    ----------
    samples : (recordings, max_length) float, padded with zeros
    lengths : (recordings,) long, how many of them are real
    labels : (recordings,) long, the number of the class
    names : list of str, such as "A00001"
    """

    MIN_LENGTH = 4000

    def __init__(self, directory, max_length=18286, class_labels=("N", "A", "O")):
        super().__init__()
        self.class_labels = class_labels
        self.load_data(directory, max_length)

    def load_data(self, directory, max_length):
        """Read the recordings of the wanted classes, in the order of their names."""
        data = load_challenge2017(directory, self.class_labels)
        kept = [i for i, recording in enumerate(data.recordings) if len(recording) >= self.MIN_LENGTH]
        self.names = [data.names[i] for i in kept]
        self.labels = torch.as_tensor(data.labels[kept], dtype=torch.long)
        self.lengths = torch.tensor([min(len(data.recordings[i]), max_length) for i in kept])
        self.samples = torch.zeros(len(kept), max_length)
        for row, i, length in zip(self.samples, kept, self.lengths, strict=True):
            row[:length] = torch.from_numpy(data.recordings[i][:length].astype(np.float32))

    @property
    def class_proportions(self):
        """The share of each class, (classes,) float."""
        counts = torch.bincount(self.labels, minlength=len(self.class_labels))
        return counts / len(self)

    def __getitem__(self, index):
        """The pair (x, y): one recording without its padding, and its class."""
        length = self.lengths[index]
        x = self.samples[index, :length]
        y = self.labels[index]
        return x, y

    def __len__(self):
        """The number of recordings."""
        return self.samples.shape[0]


class ECGSpectrumDataset(ECGDataset):
    """The spectrograms of an `ECGDataset`.

    `samples` is (recordings, windows, 17): 17 frequencies from 0 to 150 Hz in
    windows of 32 samples (0.1 seconds), each of which begins 28 samples after
    the one before. Each frequency has mean 0 and standard deviation 1.
    """

    NPERSEG = 32
    NOVERLAP = 32 // 8

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.compute_spectrum()

    def compute_spectrum(self):
        """Put spectrograms in the place of the recordings."""
        _, _, spectrum = scipy.signal.spectrogram(
            self.samples.numpy(), scaling="spectrum",
            nperseg=self.NPERSEG, noverlap=self.NOVERLAP,
        )
        spectrum = spectrum - np.mean(spectrum, axis=(0, 2), keepdims=True)
        spectrum = spectrum / np.std(spectrum, axis=(0, 2), keepdims=True)
        self.samples = torch.tensor(spectrum.transpose(0, 2, 1))
        # Lengths count windows from now on. The last one is left out, as in
        # the published experiment.
        hop = self.NPERSEG - self.NOVERLAP
        self.lengths = (self.lengths - self.NPERSEG) // hop
