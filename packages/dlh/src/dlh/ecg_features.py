"""From recordings of an electrocardiogram to what a network is fed: segments of ten seconds, in four frequency bands,
with knowledge of their beats, their rhythm and their frequencies.

The recipe is that of MINA (Hong et al. 2019, "MINA: Multilevel Knowledge-Guided Attention for Modeling
Electrocardiography Signals", arXiv 1905.11333), with one difference: the filters run over whole recordings before these
are cut, so that only the two ends of a recording are filtered with samples missing, not the ends of each segment.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal
from sklearn.model_selection import train_test_split

SAMPLING_RATE = 300
WINDOW = 3000
RHYTHM_WINDOW = 50
# Hz; None: the signal as it is.
BANDS = (None, (0.001, 0.5), (0.5, 50.0), (50.0, None))
CHANNEL_NAMES = ("unfiltered", "below 0.5 Hz", "0.5 to 50 Hz", "above 50 Hz")
# The authors' filters last 0.3 seconds. They have to be odd, to delay nothing and to let the highest frequency pass.
TAPS = 91
# Samples between the starts of two segments, for class 0 and class 1: the rarer class is cut more densely.
STRIDES = (500, 50)


def split_recordings(labels, test_fraction=0.2, seed=0):
    """Deal out whole recordings, so that no recording gives segments to both sides.

    Parameters
    ----------
    labels : (recordings,) ints, the class of each
    test_fraction : float, the share of each class that is for testing
    seed : int

    Returns
    -------
    train, test : int arrays, the indices of the recordings of each side, in ascending order
    """
    train, test = train_test_split(
        np.arange(len(labels)), test_size=test_fraction, stratify=labels, random_state=seed
    )
    return np.sort(train), np.sort(test)


def normalize(recording):
    """The recording with mean 0 and standard deviation 1.

    Parameters
    ----------
    recording : (samples,) array

    Returns
    -------
    normalized : (samples,) float array; all zeros where the recording is constant
    """
    centered = np.asarray(recording, dtype=float)
    centered = centered - centered.mean()
    spread = centered.std()
    return centered / spread if spread > 0 else centered


def design_filters(sampling_rate=SAMPLING_RATE, taps=TAPS, bands=BANDS):
    """The finite impulse response of each band, symmetric, so that it shifts nothing in time.

    Parameters
    ----------
    sampling_rate : float, Hz
    taps : int, odd, the length of each filter in samples
    bands : a pair of edges in Hz for each channel, the upper one None for no end; or None for no filter

    Returns
    -------
    filters : (channels, taps) float array

    Raises
    ------
    ValueError : `taps` is even or not positive
    """
    if taps < 1 or taps % 2 == 0:
        raise ValueError(f"taps must be odd and positive, not {taps}: only then can a filter be centered on a sample.")
    filters = np.zeros((len(bands), taps))
    for filter_, band in zip(filters, bands, strict=True):
        if band is None:
            filter_[taps // 2] = 1
        else:
            edges = [edge for edge in band if edge is not None]
            filter_[:] = signal.firwin(taps, edges, pass_zero=False, fs=sampling_rate)
    return filters


def band_pass(recording, filters):
    """The recording in each frequency band.

    Parameters
    ----------
    recording : (samples,) float array; beyond its ends it is thought to go on as its mirror image
    filters : (channels, taps) float array, as `design_filters` gives them

    Returns
    -------
    channels : (channels, samples) float array
    """
    padded = np.pad(recording, filters.shape[1] // 2, mode="reflect")
    return signal.oaconvolve(padded[None], filters, mode="valid", axes=1)


def beat_knowledge(segments):
    """How steep the signal is: the size of the step to each sample from the one before; 0 for the first.

    Parameters
    ----------
    segments : (..., samples) float array

    Returns
    -------
    knowledge : (..., samples) array, dtype as of the segments
    """
    return np.abs(np.diff(segments, axis=-1, prepend=segments[..., :1]))


def rhythm_knowledge(segments, window=RHYTHM_WINDOW):
    """How much the signal varies: the standard deviation of each window.

    Parameters
    ----------
    segments : (..., samples) float array
    window : int, samples of a window; must divide the number of samples

    Returns
    -------
    knowledge : (..., samples // window) array, dtype as of the segments
    """
    return segments.reshape(*segments.shape[:-1], -1, window).std(axis=-1)


def frequency_knowledge(segments, sampling_rate=SAMPLING_RATE):
    """How much power the signal has: the sum of its power spectral density, estimated by the periodogram.

    Parameters
    ----------
    segments : (..., samples) float array
    sampling_rate : float, Hz

    Returns
    -------
    knowledge : (..., 1) array, dtype as of the segments
    """
    _, density = signal.periodogram(segments, sampling_rate, axis=-1)
    return density.sum(axis=-1, keepdims=True)


def make_segments(recordings, labels, strides=STRIDES, window=WINDOW, filters=None, seed=0, per_class=None):
    """Cut recordings into overlapping segments, with their channels and their knowledge, in random order.

    Parameters
    ----------
    recordings : list of (samples,) arrays at 300 Hz; one shorter than `window` gives no segment
    labels : (recordings,) ints, the class of each
    strides : for each class the samples between the starts of two segments
    window : int, samples of a segment
    filters : (channels, taps) float array, by default that of `design_filters`
    seed : int, for the order, and for what is drawn
    per_class : int, how many segments of each class to draw at random from all there are; by default all are taken

    Returns
    -------
    data : dict of arrays, float32 but for the last two: "X" (channels, segments, window), "K_beat" (channels,
        segments, window), "K_rhythm" (channels, segments, window // 50), "K_freq" (channels, segments, 1),
        "Y" (segments,) int64, the class of each segment, and "recording" (segments,) int64, the index in
        `recordings` of the one that it was cut from

    Raises
    ------
    ValueError : no recording is as long as `window`, or a class has fewer segments than `per_class`
    """
    filters = design_filters() if filters is None else filters
    labels = np.asarray(labels)
    starts = [
        np.arange(0, len(recording) - window + 1, strides[label])
        for recording, label in zip(recordings, labels, strict=True)
    ]
    source = np.repeat(np.arange(len(recordings)), [len(part) for part in starts])
    if len(source) == 0:
        raise ValueError(f"no recording has {window} samples; give longer recordings or a shorter window.")
    order = _draw_order(labels[source], per_class, np.random.default_rng(seed))
    source, starts = source[order], np.concatenate(starts)[order]
    lengths = {"X": window, "K_beat": window, "K_rhythm": window // RHYTHM_WINDOW, "K_freq": 1}
    data = {name: np.empty((len(filters), len(source), length), np.float32) for name, length in lengths.items()}
    # One recording at a time: knowledge of all segments at once would take several times their memory.
    for index in np.unique(source):
        places = np.flatnonzero(source == index)
        for name, values in _cut(recordings[index], starts[places], window, filters).items():
            data[name][:, places] = values
    return {**data, "Y": labels[source].astype(np.int64), "recording": source.astype(np.int64)}


def _draw_order(labels, per_class, stream):
    """The indices of all samples in random order, or of as many of each class."""
    order = stream.permutation(len(labels))
    if per_class is None:
        return order
    of_classes = [order[labels[order] == label] for label in np.unique(labels)]
    fewest = min(len(part) for part in of_classes)
    if fewest < per_class:
        raise ValueError(f"a class has {fewest} segments, fewer than the {per_class} wanted; use shorter strides.")
    # Shuffled anew: the classes would otherwise not end together, and the last batches be of one class alone.
    return stream.permutation(np.concatenate([part[:per_class] for part in of_classes]))


def _cut(recording, starts, window, filters):
    """The segments of one recording that begin at `starts`, and their knowledge, as `make_segments` gives them."""
    channels = band_pass(normalize(recording), filters)
    cut = sliding_window_view(channels, window, axis=1)[:, starts].astype(np.float32)
    return {
        "X": cut,
        "K_beat": beat_knowledge(cut),
        "K_rhythm": rhythm_knowledge(cut),
        "K_freq": frequency_knowledge(cut),
    }
