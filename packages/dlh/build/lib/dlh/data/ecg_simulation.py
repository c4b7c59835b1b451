"""Simulated electrocardiograms (ECG) of one lead. What one patient has is drawn first, then beats, atrial waves and
noise are added up, and a recorder filters them as the hand-held one of the PhysioNet/CinC Challenge 2017 did.

Physiology and its sources:

- Beats are sums of five Gaussians, P Q R S T, with the parameters of McSharry et al. (2003), "A dynamical model for
  generating synthetic electrocardiogram signals", IEEE Trans. Biomed. Eng. 50(3), Table 1, varied from patient to
  patient; P and T come nearer to R, and are narrower, with the square root of the RR interval.
- Normal rhythm (N): RR intervals of that paper as well, a spectrum with respiration (0.2 to 0.33 Hz) and
  Mayer waves (0.1 Hz), here with a slow drift (0.02 Hz). Some have premature atrial or ventricular beats.
- Atrial fibrillation (A): RR intervals are independent and skewed, long ones with the exponential tail found
  by Hennig et al. (2006), arXiv cond-mat/0605295, their coefficient of variation much the same in all patients,
  as Tateno and Glass (2001), Med. Biol. Eng. Comput. 39; no P wave; fibrillatory waves of 4 to 9 Hz whose
  amplitude and frequency wander: the sawtooth of Stridh and Soernmo (2001), IEEE Trans. Biomed. Eng. 48(1).
- Noise, of which every patient has another measure: baseline wander, electrode motion, muscle noise in bursts,
  mains hum of 50 or 60 Hz; levels as measured on the challenge's recordings. Some recordings are upside down.
"""

import numpy as np
from scipy import fft, signal

SAMPLING_RATE = 300
UNITS_PER_MILLIVOLT = 1000

# McSharry et al. (2003), Table 1: angle in degrees (R at 0, a beat is 360), amplitude, width in radians.
WAVES = {
    "P": (-60.0, 1.2, 0.25),
    "Q": (-15.0, -5.0, 0.1),
    "R": (0.0, 30.0, 0.1),
    "S": (15.0, -7.5, 0.1),
    "T": (90.0, 0.75, 0.4),
}
ANGLES, AMPLITUDES, WIDTHS = np.array(list(WAVES.values())).T
# At one beat a second, 360 degrees are a second. Integrating the model's Gaussians over the angle multiplies their
# amplitude by the square of their width; what counts then is their height beside that of R.
OFFSETS = ANGLES / 360
SPREADS = WIDTHS / (2 * np.pi)
HEIGHTS = AMPLITUDES * WIDTHS**2 / (30 * 0.1**2)
P, Q, R, S, T = range(5)

# A premature ventricular beat: no P wave, a broad QRS complex, a T wave that points the other way.
VENTRICULAR_OFFSETS = np.array([0.0, -0.05, 0.0, 0.07, 0.3])
VENTRICULAR_SPREADS = np.array([1.0, 0.02, 0.04, 0.03, 0.07])
VENTRICULAR_HEIGHTS = np.array([0.0, -0.1, 1.2, -0.6, -0.4])


def simulate_recording(fibrillates: bool, samples: int, stream: np.random.Generator) -> np.ndarray:
    """One recording of a patient drawn anew.

    Parameters
    ----------
    fibrillates : bool, whether it is atrial fibrillation; else normal rhythm
    samples : int, its length, at 300 Hz
    stream : Generator, all that is random comes from it

    Returns
    -------
    int16 array, shape (samples,), in thousandths of a millivolt
    """
    seconds = samples / SAMPLING_RATE
    breathing = stream.uniform(0.2, 0.33)
    draw_intervals = _fibrillating_intervals if fibrillates else _normal_intervals
    intervals, ventricular = draw_intervals(seconds + 4, breathing, stream)
    # The recording begins in the midst of a rhythm.
    times = np.cumsum(intervals) - 2
    millivolts = _beats(times, intervals, ventricular, not fibrillates, breathing, samples, stream)
    if fibrillates:
        millivolts += _fibrillatory_waves(samples, stream)
    # The size of what the heart does and that of what disturbs it are independent of each other.
    millivolts *= stream.gamma(5, 0.75 / 5) * (-1 if stream.random() < UPSIDE_DOWN else 1)
    millivolts += _noise(samples, breathing, stream)
    recorded = _recorder(millivolts, stream)
    return np.clip(np.round(recorded * UNITS_PER_MILLIVOLT), -32768, 32767).astype(np.int16)


UPSIDE_DOWN = 0.2


def _normal_intervals(seconds, breathing, stream):
    """RR intervals in seconds that last at least `seconds`, and which of the beats at their ends are ventricular."""
    mean = 60 / (71 * stream.lognormal(0, 0.155))
    count = int(1.5 * seconds / mean) + 8
    variation = min(stream.lognormal(np.log(0.035), 0.65), 0.15)
    intervals = mean * np.maximum(1 + variation * _modulation(count, mean, breathing, stream), 0.4)
    kinds = np.zeros(count, dtype=int)
    if stream.random() < 0.3:
        rate = min(stream.lognormal(np.log(0.04), 0.9), 0.25)
        kinds = (stream.random(count) < rate) * stream.choice([1, 2], p=[0.6, 0.4])
        # Never two premature beats in a row.
        kinds[1:][kinds[:-1] > 0] = 0
    premature = np.flatnonzero(kinds[:-1])
    early = intervals[premature] * stream.uniform(0.25, 0.4, len(premature))
    intervals[premature] -= early
    # A ventricular beat leaves the sinus node alone: the next beat comes when it would have come. An atrial one
    # resets it.
    intervals[premature + 1] += np.where(kinds[premature] == 2, early, 0.15 * early)
    return intervals, kinds == 2


def _modulation(count, interval, breathing, stream):
    """A series of mean 0 and standard deviation 1: drift, Mayer waves and respiration, one value a beat."""
    frequencies = fft.rfftfreq(count, interval)
    shares = stream.dirichlet([2.0, 2.0, 2.0])
    centers, widths = np.array([0.02, 0.1, breathing]), np.array([0.015, 0.015, 0.015])
    bands = np.exp(-((frequencies[:, None] - centers) ** 2) / (2 * widths**2))
    power = bands @ (shares / np.maximum(bands.sum(axis=0), 1e-9))
    power[0] = 0
    phases = np.exp(2j * np.pi * stream.random(len(frequencies)))
    series = fft.irfft(np.sqrt(power) * phases, count)
    return series / series.std()


def _fibrillating_intervals(seconds, breathing, stream):
    """As `_normal_intervals`, for atrial fibrillation."""
    mean = 60 / (91 * stream.lognormal(0, 0.27))
    mean = min(max(mean, 0.36), 1.4)
    # A few ventricles answer almost regularly, as the challenge's do.
    variation = stream.uniform(0.03, 0.1) if stream.random() < 0.06 else stream.lognormal(np.log(0.215), 0.25)
    count = int(1.5 * seconds / mean) + 8
    shortest = max(0.24, 0.5 * mean)
    shape = ((mean - shortest) / (variation * mean)) ** 2
    intervals = shortest + stream.gamma(shape, (mean - shortest) / shape, count)
    ventricular = stream.random(count) < (0.06 if stream.random() < 0.2 else 0.0)
    return intervals, ventricular


def _beats(times, intervals, ventricular, with_p_wave, breathing, samples, stream):
    """The beats' waves added up, in units of the height of R, shape (samples,)."""
    heights = HEIGHTS * stream.lognormal(0, [0.45, 0.5, 0.1, 0.5, 0.4])
    heights[P] *= 0.5 if with_p_wave else 0
    heights[T] *= -1 if stream.random() < 0.06 else 1
    offsets = OFFSETS * stream.lognormal(0, [0.08, 0.08, 0, 0.08, 0.08])
    spreads = SPREADS * stream.lognormal(0, 0.15, 5)
    # As in most hearts, the QRS complex is narrower than in the table, more so in some.
    narrowing = stream.uniform(0.45, 0.85)
    offsets[Q : S + 1] *= narrowing
    spreads[Q : S + 1] *= narrowing
    # At a faster rate P and T come nearer to R, the QRS complex stays as it is. The interval ahead of a beat counts
    # only in part: the heart takes a while to adapt to a new rate.
    pace = np.ones((len(times), 5))
    pace[:, [P, T]] = np.sqrt(0.75 * np.mean(intervals) + 0.25 * np.clip(intervals, 0.3, 1.5))[:, None]
    kinds = ventricular.astype(int)
    offsets = np.stack([offsets, VENTRICULAR_OFFSETS])[kinds] * pace
    spreads = np.stack([spreads, VENTRICULAR_SPREADS])[kinds] * pace
    heights = np.stack([heights, VENTRICULAR_HEIGHTS * stream.lognormal(0, 0.2)])[kinds]
    # Breathing moves the heart beneath the electrodes, and no beat is quite like another.
    depth = stream.uniform(0.02, 0.1)
    swing = 1 + depth * np.sin(2 * np.pi * (breathing * times + stream.random()))
    heights = heights * swing[:, None] * (1 + 0.03 * stream.standard_normal(heights.shape))

    margin = SAMPLING_RATE
    total = np.zeros(samples + 2 * margin)
    for wave in range(5):
        centers = (times + offsets[:, wave]) * SAMPLING_RATE + margin
        inside = (centers > 0) & (centers < len(total)) & (heights[:, wave] != 0)
        if not inside.any():
            continue
        reach = int(4 * spreads[inside, wave].max() * SAMPLING_RATE)
        positions = centers[inside].astype(int)[:, None] + np.arange(-reach, reach + 1)
        distances = (positions - centers[inside][:, None]) / (spreads[inside, wave][:, None] * SAMPLING_RATE)
        values = heights[inside, wave][:, None] * np.exp(-(distances**2) / 2)
        positions = np.clip(positions, 0, len(total) - 1)
        total += np.bincount(positions.ravel(), values.ravel(), len(total))
    return total[margin:-margin]


def _wandering(samples, frequency, stream):
    """A series of mean 0 and standard deviation 1 that changes slower than `frequency` in Hz, shape (samples,)."""
    size = fft.next_fast_len(samples + SAMPLING_RATE, real=True)
    last = max(int(frequency * size / SAMPLING_RATE), 2)
    spectrum = np.zeros(size // 2 + 1, dtype=complex)
    spectrum[1 : last + 1] = stream.standard_normal(last) + 1j * stream.standard_normal(last)
    series = fft.irfft(spectrum, size)
    return series[:samples] / series.std()


def _fibrillatory_waves(samples, stream):
    """A sawtooth of five harmonics, 4 to 9 Hz, whose amplitude and frequency wander; in units of the height of R."""
    main = stream.uniform(4.7, 8.0)
    frequency = np.clip(main + 0.4 * _wandering(samples, 0.5, stream), 4, 9)
    phase = 2 * np.pi * (np.cumsum(frequency) / SAMPLING_RATE + stream.random())
    height = stream.lognormal(np.log(0.03), 0.5) * np.clip(1 + 0.35 * _wandering(samples, 0.7, stream), 0.1, 2)
    harmonics = np.arange(1, 6)[:, None]
    return -height * (np.sin(harmonics * phase) / harmonics).sum(axis=0)


# Beyond it the challenge's label would be "~", too noisy to tell.
WORST_MOTION = 0.15


def _noise(samples, breathing, stream):
    """Baseline wander, electrode motion, muscle noise and mains hum, in mV, shape (samples,)."""
    seconds = np.arange(samples) / SAMPLING_RATE
    size = fft.next_fast_len(samples, real=True)
    frequencies = fft.rfftfreq(size, 1 / SAMPLING_RATE)

    def colored(density):
        white = stream.standard_normal(len(frequencies)) + 1j * stream.standard_normal(len(frequencies))
        series = fft.irfft(np.sqrt(density) * white, size)[:samples]
        return series / series.std()

    bursts = np.exp(0.5 * _wandering(samples, 0.3, stream))
    wander = colored(np.exp(-frequencies / 0.15)) + 0.7 * np.sin(2 * np.pi * (breathing * seconds + stream.random()))
    motion = colored(1 / (0.5 + frequencies) ** 2)
    muscle = colored(frequencies**2 / (400 + frequencies**2))
    hum = np.sin(2 * np.pi * (stream.choice([50, 60]) * seconds + stream.random()))
    return (
        stream.lognormal(np.log(0.08), 0.7) * wander
        + min(stream.lognormal(np.log(0.035), 0.9), WORST_MOTION) * motion * bursts
        + stream.lognormal(np.log(0.015), 0.6) * muscle * bursts
        + stream.lognormal(np.log(0.004), 0.9) * hum
    )


# The challenge's recorder passes 0.5 to 40 Hz.
RECORDER = np.concatenate([
    signal.butter(1, 0.5, "high", fs=SAMPLING_RATE, output="sos"),
    signal.butter(3, 40, "low", fs=SAMPLING_RATE, output="sos"),
])  # fmt: skip


def _recorder(millivolts, stream):
    """What a hand-held recorder makes of it; it takes a moment to settle at the start."""
    offset = 0.1 * stream.standard_normal()
    return signal.sosfilt(RECORDER, millivolts + offset)


def draw_classes_and_lengths(n, af_fraction, stream):
    """Which recordings fibrillate, and the length of each in samples; both in the same random order."""
    number = round(n * af_fraction)
    lengths = np.concatenate([stream.permutation(_lengths(n - number)), stream.permutation(_lengths(number))])
    order = stream.permutation(n)
    return [bool(index >= n - number) for index in order], [int(lengths[index]) for index in order]


def _lengths(count):
    """Lengths in samples at evenly spaced quantiles of those of the challenge's recordings of classes N and A."""
    shares = [0, 0.029, 0.110, 0.111, 0.833, 0.834, 0.915, 0.998, 1]
    lengths = [2714, 4000, 8900, 9000, 9000, 9050, 18000, 18000, 18286]
    return np.interp((np.arange(count) + 0.5) / max(count, 1), shares, lengths).round().astype(int)
