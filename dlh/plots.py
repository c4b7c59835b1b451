"""Figures of the notebooks: architectures, curves that grow while a model trains, scatter panels, an electrocardiogram
with its knowledge and with attention over it, ROC and precision-recall curves, clinical notes and attention between
their words, images, self-organizing maps.
"""

import itertools

import numpy as np
from IPython import display
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.ticker import MaxNLocator
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from sklearn.metrics.cluster import contingency_matrix

# Okabe and Ito's palette: colors that stay apart for color-blind readers, light gray last.
COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000", "#999999"]

_BLUE, _ORANGE, _GREEN = COLORS[:3]
_INK, _PALE = "#333333", "#F2F2F2"


def _strip(axes, x, y, values, color, width=0.16, height=0.34, vertical=False):
    """A row (or column) of little cells, each as dark as its value in [0, 1]."""
    for index, value in enumerate(values):
        corner = (x, y - index * width) if vertical else (x + index * width, y)
        size = (height, width) if vertical else (width, height)
        axes.add_patch(Rectangle(corner, *size, facecolor=_PALE, edgecolor="none"))
        axes.add_patch(Rectangle(corner, *size, facecolor=color, alpha=float(value), edgecolor="none"))
        axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor="white", linewidth=0.8))


def _arrow(axes, start, end, color=_INK, style="-", curve=0.0):
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=11, color=color, linewidth=1.2, linestyle=style,
            connectionstyle=f"arc3,rad={curve}", shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip


def _box(axes, x, y, width, height, label, color):
    axes.add_patch(
        FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0.02,rounding_size=0.1", facecolor=color, alpha=0.16,
            edgecolor="none",
        )
    )  # fmt: skip
    axes.add_patch(
        FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0.02,rounding_size=0.1", fill=False, edgecolor=color,
            linewidth=1.4,
        )
    )  # fmt: skip
    axes.text(x + width / 2, y + height / 2, label, ha="center", va="center", fontsize=10, color=_INK)


def draw_autoencoder():
    """Draw the patient autoencoder: encoder with masked attention, context vector, decoder, clusters.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = plt.subplots(figsize=(11.5, 4.9))
    axes.set(xlim=(0, 15.4), ylim=(-0.2, 6.35), aspect="equal")
    axes.axis("off")
    rng = np.random.default_rng(3)

    visits = [(rng.random(12) < 0.35).astype(float), (rng.random(12) < 0.35).astype(float), np.zeros(12)]
    rows = [4.15, 3.35, 2.55]
    names = ["visit 1", "visit 2", "padding"]
    attention = [0.7, 0.3, 0.0]

    def caption(x, y, text, **style):
        axes.text(x, y, text, **{"ha": "center", "va": "center", "fontsize": 9, "color": _INK, **style})

    # The encoder, from left to right.
    for y, visit, name in zip(rows, visits, names, strict=True):
        _strip(axes, 1.05, y, visit, _INK)
        caption(0.95, y + 0.17, name, ha="right")
    caption(2.0, 4.95, "$x$\n(visits, 105)")
    axes.add_patch(
        Rectangle((0.98, 2.43), 2.06, 2.18, fill=False, edgecolor=_BLUE, linewidth=1.4, linestyle="--")
    )
    caption(2.0, 1.95, "one convolution window:\na visit and its neighbors", fontsize=8, color=_BLUE)

    _box(axes, 3.45, 2.45, 0.75, 2.14, "CNN", _BLUE)
    hidden = rng.random((3, 6)) * 0.85 + 0.1
    for y, state, weight in zip(rows, hidden, attention, strict=True):
        _arrow(axes, (3.1, y + 0.17), (3.42, y + 0.17))
        _arrow(axes, (4.24, y + 0.17), (4.58, y + 0.17))
        _strip(axes, 4.65, y, state, _BLUE)
        faded = weight == 0
        caption(6.12, y + 0.17, f"{weight:.1f}", color="#999999" if faded else _ORANGE, fontweight="bold")
        _arrow(axes, (6.45, y + 0.17), (7.12, 3.52), "#BBBBBB" if faded else _ORANGE, ":" if faded else "-")
        _arrow(axes, (5.65, y + 0.17), (5.85, y + 0.17), "#BBBBBB" if faded else _ORANGE)
    caption(5.13, 4.95, "hidden states\n(visits, 128)")
    caption(6.3, 4.95, "masked\nattention", color=_ORANGE)

    context = hidden[0] * attention[0] + hidden[1] * attention[1]
    _strip(axes, 7.2, 3.86, context, _GREEN, vertical=True)
    caption(7.37, 4.95, "context\n(128)", color=_GREEN, fontweight="bold")

    # What the context is for.
    _arrow(axes, (7.37, 2.98), (7.37, 2.0), _GREEN)
    caption(7.52, 2.5, "one point\nfor each patient", ha="left", fontsize=8, color=_GREEN)
    axes.add_patch(Rectangle((6.27, 0.1), 2.2, 1.85, fill=False, edgecolor=_GREEN, linewidth=1.2))
    for center, color in [((6.87, 1.35), _BLUE), ((7.8, 0.75), _ORANGE)]:
        points = rng.normal(center, [0.17, 0.17], (14, 2))
        axes.scatter(*points.T, s=11, color=color, edgecolors="none")
    caption(7.37, -0.12, "clusters of patients", color=_GREEN)

    # The decoder, unrolled.
    centers = [9.75, 11.75, 13.75]
    for step, x in enumerate(centers):
        _box(axes, x - 0.5, 3.1, 1.0, 0.85, "GRU", _ORANGE)
        _arrow(axes, (x, 2.35), (x, 3.07))
        _arrow(axes, (x, 3.98), (x, 4.45 if step < 2 else 4.15))
        target = visits[step]
        guess = np.clip(target * 0.7 + rng.random(12) * 0.22, 0, 1) if step < 2 else rng.random(12) * 0.3
        _strip(axes, x - 0.78, 4.5, guess, _ORANGE if step < 2 else "#999999", width=0.13)
        caption(x, 5.1, rf"$\hat{{x}}_{step + 1}$", fontsize=12)
        source = "0" if step == 0 else rf"$x_{step}$ or $\hat{{x}}_{step}$"
        caption(x, 2.1, source, fontsize=11)
    _arrow(axes, (7.62, 3.52), (9.2, 3.52), _GREEN)
    caption(8.4, 3.72, "first hidden state", fontsize=8, color=_GREEN)
    for left, right in zip(centers, centers[1:], strict=False):
        _arrow(axes, (left + 0.55, 3.52), (right - 0.55, 3.52), _ORANGE)
    caption(11.75, 1.6, "previous visit: the true one (teacher forcing) or the predicted one", fontsize=8)

    caption(3.9, 6.0, "Encoder", fontsize=13, fontweight="bold", color=_BLUE)
    caption(11.75, 6.0, "Decoder", fontsize=13, fontweight="bold", color=_ORANGE)
    caption(13.75, 4.3, "padding: left out of the loss", fontsize=7, color="#999999", va="center")
    caption(11.75, 5.5, "probabilities, compared with $x$ by the masked loss", fontsize=8)
    figure.tight_layout(pad=0.2)
    return figure


class LiveCurves:
    """Curves of training loss and validation F1 that are redrawn as each epoch ends.

    Pass `add` to a training function that reports each epoch. Unlike with `d2l.Animator`, each quantity has a
    scale of its own, and the redrawing leaves a progress bar alone.

    Parameters
    ----------
    n_epochs : int, the width of the time axis
    """

    def __init__(self, n_epochs):
        self.epochs, self.losses, self.f1s = [], [], []
        self.figure, (self._loss_axes, self._f1_axes) = plt.subplots(1, 2, figsize=(9, 3.2))
        for axes, title, limits in [
            (self._loss_axes, "Training loss per patient", None),
            (self._f1_axes, "F1 on the validation patients", (0, 1)),
        ]:
            axes.set(title=title, xlabel="epoch", xlim=(0.5, n_epochs + 0.5), ylim=limits)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
        (self._loss_line,) = self._loss_axes.plot([], [], marker="o", markersize=3, color=COLORS[0])
        (self._f1_line,) = self._f1_axes.plot([], [], marker="o", markersize=3, color=COLORS[2])
        self.figure.tight_layout()
        # Closed for pyplot, so that the notebook does not show the figure a second time below the cell.
        plt.close(self.figure)
        self._display = display.display(self.figure, display_id=True)

    def add(self, epoch, loss, f1):
        """Add one epoch and redraw.

        Parameters
        ----------
        epoch : int, counted from 1
        loss, f1 : float
        """
        self.epochs.append(epoch)
        self.losses.append(loss)
        self.f1s.append(f1)
        self._loss_line.set_data(self.epochs, self.losses)
        self._f1_line.set_data(self.epochs, self.f1s)
        self._loss_axes.set_ylim(0, max(self.losses) * 1.08)
        if self._display is not None:  # None outside IPython, where nothing can be redrawn
            self._display.update(self.figure)


def scatter_panels(points, colorings, names=None):
    """The same points several times, side by side, colored another way in each panel.

    Parameters
    ----------
    points : (samples, 2) array
    colorings : dict from a panel's title to (samples,) ints, the group of each point
    names : dict from a panel's title to the names of its groups, in order; a panel that is not in it is
        labeled with the numbers of its groups

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    points = np.asarray(points)
    figure, row = plt.subplots(1, len(colorings), figsize=(4.2 * len(colorings), 5.0), squeeze=False)
    for axes, (title, groups) in zip(row[0], colorings.items(), strict=True):
        groups = np.asarray(groups).astype(int)
        if len(groups) != len(points):
            raise ValueError(f"{title!r} has {len(groups)} entries, {len(points)} points: give one for each")
        labels = (names or {}).get(title)
        for group in np.unique(groups):
            chosen = points[groups == group]
            axes.scatter(
                *chosen.T, s=20, alpha=0.85, color=COLORS[group % len(COLORS)], edgecolors="white",
                linewidths=0.3, label=labels[group] if labels else str(group),
            )  # fmt: skip
        axes.set(title=title, xticks=[], yticks=[])
        axes.spines[:].set_color("#CCCCCC")
        axes.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=2, frameon=False, fontsize=8,
            handletextpad=0.2, columnspacing=1.0,
        )  # fmt: skip
    figure.tight_layout()
    return figure


def match_groups(groups, reference):
    """Number groups anew, so that each has the number of the reference group that it shares most samples with.

    No two groups get the same number; where there are more groups than in the reference, those left over get
    the numbers after the reference's.

    Parameters
    ----------
    groups, reference : (samples,) ints from 0 on

    Returns
    -------
    matched : (samples,) int array, the same groups under other numbers
    """
    groups, reference = np.asarray(groups), np.asarray(reference)
    found, known = np.unique(groups), np.unique(reference)
    rows, columns = linear_sum_assignment(contingency_matrix(groups, reference), maximize=True)
    numbers = {found[row]: known[column] for row, column in zip(rows, columns, strict=True)}
    left_over = itertools.count(known.max() + 1)
    for group in found:
        if group not in numbers:
            numbers[group] = next(left_over)
    return np.array([numbers[group] for group in groups])


def _clean(axes):
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def draw_mina():
    """Draw MINA: four channels, each with a convolution and an LSTM, and attention guided by knowledge three times.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = plt.subplots(figsize=(11.5, 4.7))
    axes.set(xlim=(-0.3, 15.6), ylim=(-0.55, 6.0), aspect="equal")
    axes.axis("off")
    time = np.linspace(0, 1, 400)
    beats = sum(np.exp(-((time - center) ** 2) / (2 * 0.006**2)) for center in (0.17, 0.5, 0.83))
    waves = sum(0.25 * np.exp(-((time - center - 0.09) ** 2) / (2 * 0.02**2)) for center in (0.17, 0.5, 0.83))
    noise = np.random.default_rng(0).normal(0, 0.04, 400)
    drift = 0.3 * np.sin(2 * np.pi * time * 1.3)
    channels = [beats + waves + noise + 0.6 * drift, drift, beats + waves, noise]
    names = ["unfiltered", "below 0.5 Hz", "0.5 to 50 Hz", "above 50 Hz"]
    rows = [4.35, 3.05, 1.75, 0.45]
    orange, green, blue = _ORANGE, _GREEN, _BLUE

    def caption(x, y, text, **style):
        axes.text(x, y, text, **{"ha": "center", "va": "center", "fontsize": 9, "color": _INK, **style})

    for y, channel, name in zip(rows, channels, names, strict=True):
        for edge in np.linspace(0, 2.6, 9):
            axes.plot([edge, edge], [y - 0.05, y + 0.75], color="#DDDDDD", linewidth=0.7, zorder=0)
        axes.plot(2.6 * time, y + 0.22 + 0.42 * channel, color=_INK, linewidth=0.8)
        caption(1.3, y - 0.2, name, fontsize=8)
        _arrow(axes, (2.7, y + 0.3), (3.2, y + 0.3))
        _box(axes, 3.3, y, 1.75, 0.62, "convolution", blue)
        _arrow(axes, (5.15, y + 0.3), (5.62, y + 0.3))
        caption(5.85, y + 0.3, r"$\alpha$", fontsize=15, color=orange)
        _arrow(axes, (6.1, y + 0.3), (6.6, y + 0.3))
        _box(axes, 6.7, y, 1.75, 0.62, "LSTM, both ways", blue)
        _arrow(axes, (8.55, y + 0.3), (9.02, y + 0.3))
        caption(9.25, y + 0.3, r"$\beta$", fontsize=15, color=orange)
        _arrow(axes, (9.5, y + 0.3), (10.0, y + 0.3))
        _strip(axes, 10.05, y + 0.14, np.random.default_rng(int(10 * y)).random(8), green, width=0.13)
        _arrow(axes, (11.15, y + 0.3), (12.2, 2.85), orange)
    caption(12.5, 2.78, r"$\gamma$", fontsize=17, color=orange)
    _arrow(axes, (12.75, 2.78), (13.2, 2.78))
    _strip(axes, 13.25, 2.62, np.random.default_rng(4).random(8), green, width=0.13)
    _arrow(axes, (14.35, 2.78), (14.72, 2.78))
    caption(15.15, 2.78, "AF?\n$p_0, p_1$", fontweight="bold")

    caption(1.3, 5.6, "one segment, 4 channels", fontweight="bold")
    caption(1.3, 5.25, "60 windows of 50 samples", fontsize=8)
    caption(4.6, 5.6, "BeatNet", fontweight="bold", color=blue, fontsize=11)
    caption(8.0, 5.6, "RhythmNet", fontweight="bold", color=blue, fontsize=11)
    caption(12.9, 5.6, "FreqNet", fontweight="bold", color=blue, fontsize=11)
    for x, level, knowledge in [
        (5.85, "in each window:\nwhich place?", "knowledge: steepness"),
        (9.25, "in each channel:\nwhich window?", "knowledge: variation"),
        (12.5, "which\nchannel?", "knowledge: power"),
    ]:
        caption(x, 5.15 if x < 10 else 3.4, level, fontsize=8, color=orange)
        caption(*((x, -0.3) if x < 10 else (13.9, 2.2)), knowledge, fontsize=8, color=orange)
    figure.tight_layout(pad=0.2)
    return figure


def draw_channels(segment, k_beat, k_rhythm, k_freq, names, sampling_rate=300, title=""):
    """Draw the channels of one segment, and what is known of each.

    Parameters
    ----------
    segment : (channels, n) array
    k_beat : (channels, n) array, the steepness at each sample
    k_rhythm : (channels, M) array, the variation in each window
    k_freq : (channels, 1) array, the power
    names : list of str, one for each channel
    sampling_rate : float, Hz
    title : str

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, rows = plt.subplots(
        len(segment), 2, figsize=(11, 1.45 * len(segment) + 0.6), sharex=True, squeeze=False, layout="constrained"
    )
    samples = segment.shape[1]
    seconds = np.arange(samples) / sampling_rate
    window_edges = np.linspace(0, samples / sampling_rate, k_rhythm.shape[1] + 1)
    for row, name, x, steep, varied, power in zip(
        rows, names, segment, k_beat, k_rhythm, np.ravel(k_freq), strict=True
    ):
        _clean(row[0]).plot(seconds, x, color=_INK, linewidth=0.7)
        row[0].set_ylabel(name, fontsize=8)
        row[0].text(
            0.995, 0.98, f"power {power:.2g}", transform=row[0].transAxes, ha="right", va="top", fontsize=8,
            color=_GREEN, fontweight="bold",
        )  # fmt: skip
        _clean(row[1]).plot(seconds, steep, color=_BLUE, linewidth=0.6, label="beat: steepness")
        row[1].stairs(varied, window_edges, color=_ORANGE, linewidth=1.4, label="rhythm: variation")
    rows[0, 0].set_title("channel, and its frequency knowledge", fontsize=9)
    rows[0, 1].set_title("beat and rhythm knowledge", fontsize=9)
    rows[0, 1].legend(loc="upper right", fontsize=7, frameon=True, framealpha=0.85, edgecolor="none", ncols=2)
    for axes in rows[-1]:
        axes.set_xlabel("seconds")
    rows[0, 0].set_xlim(0, samples / sampling_rate)
    figure.suptitle(title, fontsize=11)
    return figure


def draw_attention(segment, alpha, beta, gamma, names, sampling_rate=300, channel=None, title=""):
    """Draw the three levels of attention over one segment of an electrocardiogram.

    Above, the rhythm: each window of one channel is shaded by its attention. Below, two seconds around the window
    with the most of it, with the beat attention: a dot for each place of the convolution, at the middle of what it
    sees. On the right, the frequency: the attention of each channel.

    Parameters
    ----------
    segment : (channels, n) array
    alpha : (channels, M, N) array, the attention over the N places in each of M windows
    beta : (channels, M) array, the attention over the windows
    gamma : (channels,) array, the attention over the channels
    names : list of str, one for each channel
    sampling_rate : float, Hz
    channel : int, the one to draw; by default that of the highest gamma
    title : str

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    channel = int(np.argmax(gamma)) if channel is None else channel
    x, alpha, beta = segment[channel], alpha[channel], beta[channel]
    n_windows, n_places = alpha.shape
    width = len(x) // n_windows
    # The places lie side by side, two samples apart, so that their middles end as far from the end as they begin.
    stride = 2
    first = (width - stride * (n_places - 1)) // 2
    places = (np.arange(n_windows)[:, None] * width + first + stride * np.arange(n_places)).ravel()
    seconds = np.arange(len(x)) / sampling_rate

    figure, layout = plt.subplot_mosaic(
        [["rhythm", "bands"], ["beats", "bands"]], figsize=(11, 4.6), width_ratios=[5, 1], layout="constrained"
    )
    rhythm, beats, bands = _clean(layout["rhythm"]), _clean(layout["beats"]), _clean(layout["bands"])

    limits = x.min() - 0.08 * np.ptp(x), x.max() + 0.08 * np.ptp(x)
    edges = np.arange(n_windows + 1) * width / sampling_rate
    shades = rhythm.pcolormesh(edges, limits, beta[None], cmap="Oranges", vmin=0, rasterized=True)
    rhythm.plot(seconds, x, color=_INK, linewidth=0.8)
    rhythm.set(title=f"rhythm level: attention of each window ({names[channel]})", xlim=(0, edges[-1]), ylim=limits)
    figure.colorbar(shades, ax=rhythm, label=r"$\beta$", pad=0.01)

    shown = min(12, n_windows)
    start = int(np.clip(np.argmax(beta) - shown // 2, 0, n_windows - shown))
    inside = slice(start * width, (start + shown) * width)
    rhythm.plot(edges[[start, start + shown]], [limits[0]] * 2, color=_BLUE, linewidth=5, solid_capstyle="butt")
    beats.plot(seconds[inside], x[inside], color=_INK, linewidth=0.9, zorder=1)
    for edge in edges[start : start + shown + 1]:
        beats.axvline(edge, color="#DDDDDD", linewidth=0.7, zorder=0)
    dots = places[start * n_places : (start + shown) * n_places]
    colored = beats.scatter(
        seconds[dots], x[dots], c=alpha[start : start + shown].ravel(), cmap="Blues", vmin=0, s=20,
        edgecolors="#666666", linewidths=0.3, zorder=2,
    )  # fmt: skip
    beats.set(
        title="beat level: attention of each place in its window (the part with the blue bar above)",
        xlabel="seconds", xlim=edges[[start, start + shown]],
    )  # fmt: skip
    figure.colorbar(colored, ax=beats, label=r"$\alpha$", pad=0.01)

    colors = [_GREEN if index == channel else "#BBBBBB" for index in range(len(gamma))]
    bands.barh(np.arange(len(gamma)), gamma, color=colors)
    bands.set(title="frequency level", xlabel=r"$\gamma$", xlim=(0, 1), ylim=(len(gamma) - 0.5, -0.5), yticks=[])
    for index, (name, value) in enumerate(zip(names, gamma, strict=True)):
        bands.text(0.03, index, f"{name}\n{value:.2f}", va="center", fontsize=8)
    for axes in (rhythm, beats, bands):
        axes.title.set_fontsize(9)
    figure.suptitle(title, fontsize=11)
    return figure


def draw_roc_pr(truth, scores):
    """Draw the ROC curve and the precision-recall curve of one or more models.

    Parameters
    ----------
    truth : (samples,) ints, 0 and 1
    scores : dict from a model's name to (samples,) floats, higher for class 1

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, (roc, pr) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
    for color, (name, values) in zip(itertools.cycle(COLORS), scores.items(), strict=False):
        false_positive, true_positive, _ = roc_curve(truth, values)
        area = roc_auc_score(truth, values)
        roc.plot(false_positive, true_positive, color=color, label=f"{name} (area {area:.3f})")
        precision, recall, _ = precision_recall_curve(truth, values)
        area = average_precision_score(truth, values)
        pr.plot(recall, precision, color=color, drawstyle="steps-post", label=f"{name} (average {area:.3f})")
    share = np.mean(truth)
    roc.plot([0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1, label="by chance")
    pr.axhline(share, color="#999999", linestyle="--", linewidth=1, label="by chance")
    roc.set(title="ROC curve", xlabel="false alarms among class 0", ylabel="found among class 1 (recall)")
    pr.set(title="Precision-recall curve", xlabel="found among class 1 (recall)")
    pr.set_ylabel("right among alarms (precision)")
    for axes, place in ((roc, "lower right"), (pr, "lower left")):
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02), aspect="equal")
        axes.legend(loc=place, fontsize=8, frameon=False)
        axes.grid(alpha=0.3)
        _clean(axes)
    return figure


def draw_lstm_cell():
    """Draw one step of an LSTM: the cell state along the top, the gates that change and show it below.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = plt.subplots(figsize=(9.5, 4.7))
    axes.set(xlim=(-0.3, 12.4), ylim=(-0.15, 6.2), aspect="equal")
    axes.axis("off")

    def caption(x, y, text, **style):
        axes.text(x, y, text, **{"ha": "center", "va": "center", "fontsize": 10, "color": _INK, **style})

    def operation(x, y, sign):
        axes.scatter([x], [y], s=330, color="white", edgecolors=_INK, linewidths=1.2, zorder=3)
        caption(x, y, sign, fontsize=13, zorder=4)

    def line(*points, color=_INK):
        axes.plot(*zip(*points, strict=True), color=color, linewidth=1.3, solid_capstyle="round", zorder=1)

    # The cell state.
    _arrow(axes, (0.55, 5.0), (11.3, 5.0), _ORANGE)
    caption(0.15, 5.0, "$C_{t-1}$", fontsize=13, color=_ORANGE)
    caption(11.75, 5.0, "$C_t$", fontsize=13, color=_ORANGE)
    caption(2.7, 5.62, "keep", fontsize=9, color=_ORANGE)
    caption(5.5, 5.62, "add", fontsize=9, color=_ORANGE)

    # What all four look at.
    line((0.55, 1.1), (8.1, 1.1), color=_BLUE)
    line((1.5, 0.35), (1.5, 1.1), color=_BLUE)
    caption(0.1, 1.1, "$H_{t-1}$", fontsize=13, color=_BLUE)
    caption(1.5, 0.08, "$X_t$", fontsize=13, color=_BLUE)
    boxes = [
        (2.7, r"$F_t$", r"$\sigma$", "forget gate", _GREEN),
        (4.7, r"$I_t$", r"$\sigma$", "input gate", _GREEN),
        (6.3, r"$\tilde{C}_t$", r"$\tanh$", "input node", _ORANGE),
        (8.1, r"$O_t$", r"$\sigma$", "output gate", _GREEN),
    ]
    for x, name, function, words, color in boxes:
        _arrow(axes, (x, 1.1), (x, 1.75), _BLUE)
        _box(axes, x - 0.5, 1.8, 1.0, 0.8, function, color)
        caption(x, 0.78, words, fontsize=8.5, color=color)
        caption(x + 0.36, 2.95, name, fontsize=11, color=color)

    _arrow(axes, (2.7, 2.65), (2.7, 4.72))
    operation(2.7, 5.0, r"$\odot$")
    _arrow(axes, (4.7, 2.65), (5.3, 3.62))
    _arrow(axes, (6.3, 2.65), (5.7, 3.62))
    operation(5.5, 3.85, r"$\odot$")
    _arrow(axes, (5.5, 4.13), (5.5, 4.72))
    operation(5.5, 5.0, "$+$")
    caption(4.1, 3.85, "let in", fontsize=9)

    # What is shown.
    _arrow(axes, (9.9, 5.0), (9.9, 4.2), _ORANGE)
    _box(axes, 9.4, 3.5, 1.0, 0.65, r"$\tanh$", _ORANGE)
    _arrow(axes, (9.9, 3.45), (9.9, 2.48), _ORANGE)
    _arrow(axes, (8.65, 2.2), (9.62, 2.2))
    operation(9.9, 2.2, r"$\odot$")
    caption(9.9, 1.62, "show", fontsize=9)
    _arrow(axes, (10.18, 2.2), (11.3, 2.2), _BLUE)
    caption(11.75, 2.2, "$H_t$", fontsize=13, color=_BLUE)
    figure.tight_layout(pad=0.2)
    return figure


def accuracy_bars(measured, published=None):
    """Accuracies of models, one panel for each way of counting, with and without data augmentation.

    Parameters
    ----------
    measured : dict from a panel's title to a dict from (model, augmented) to a share of 0 to 1; models are drawn
        from above in the order in which they first occur
    published : dict of the same form, drawn as black marks; panels and models may be missing

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    models = list(dict.fromkeys(model for bars in measured.values() for model, _ in bars))
    figure, row = plt.subplots(
        1, len(measured), figsize=(5 * len(measured), 0.62 * len(models) + 1.5), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for axes, (title, bars) in zip(row[0], measured.items(), strict=True):
        for augmented, color, label in ((False, _BLUE, "chunks cut once"), (True, _ORANGE, "augmented")):
            places = [models.index(model) + 0.2 * (1 if augmented else -1) for model, flag in bars if flag == augmented]
            values = [value for (_, flag), value in bars.items() if flag == augmented]
            drawn = axes.barh(places, values, height=0.37, color=color, label=label)
            axes.bar_label(drawn, fmt="%.2f", padding=-24, fontsize=8, color="white")
        marks = {key: value for key, value in (published or {}).get(title, {}).items() if key in bars}
        if marks:
            heights = [models.index(model) + 0.2 * (1 if augmented else -1) for model, augmented in marks]
            axes.scatter(list(marks.values()), heights, marker="|", s=130, color="black", linewidths=2.2,
                         label="published", zorder=3)  # fmt: skip
        axes.axvline(0.5, color=_INK, linestyle=":", linewidth=1)
        axes.set(title=f"Accuracy: {title}", xlim=(0, 1), ylim=(len(models) - 0.5, -0.5), xlabel="0.5 is guessing")
        axes.set_yticks(range(len(models)), models)
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(*row[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def draw_transformer():
    """Draw the note classifier: words and positions, blocks of attention and small networks, the mean, the verdicts.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = plt.subplots(figsize=(11.5, 4.4))
    axes.set(xlim=(-0.1, 15.9), ylim=(-0.35, 5.75), aspect="equal")
    axes.axis("off")
    rng = np.random.default_rng(5)
    words = ["patient", "denies", "acute", "cough", "sputum", "<PAD>"]
    rows = 4.05 - 0.72 * np.arange(len(words))

    def caption(x, y, text, **style):
        axes.text(x, y, text, **{"ha": "center", "va": "center", "fontsize": 9, "color": _INK, **style})

    def vectors(x, color):
        for y, word in zip(rows, words, strict=True):
            values = np.zeros(5) if word == "<PAD>" else rng.random(5) * 0.85 + 0.1
            _strip(axes, x, y - 0.17, values, color)

    for y, word in zip(rows, words, strict=True):
        padding = word == "<PAD>"
        color = _ORANGE if word == "denies" else "#999999" if padding else _INK
        caption(0.75, y, word, color=color, fontweight="bold" if word == "denies" else "normal")
        _arrow(axes, (1.4, y), (1.75, y), "#BBBBBB" if padding else _INK)
        caption(2.9, y, "$+$", fontsize=12)
    vectors(1.85, _BLUE)
    vectors(3.1, _GREEN)
    caption(2.25, 4.85, "word", color=_BLUE)
    caption(3.5, 4.85, "position", color=_GREEN)

    def block(x, name):
        axes.add_patch(
            FancyBboxPatch((x, -0.1), 3.9, 4.75, boxstyle="round,pad=0.02,rounding_size=0.15", facecolor="#FAFAFA",
                           edgecolor="#BBBBBB", linewidth=1)
        )  # fmt: skip
        caption(x + 1.95, 4.95, name, fontweight="bold")
        # Attention: "cough" and "sputum" look at "denies"; nobody looks at the padding.
        for target in (3, 4):
            for source in range(5):
                color = _ORANGE if words[source] == "denies" else "#DDDDDD"
                _arrow(axes, (x + 0.2, rows[source]), (x + 1.25, rows[target]), color)
        for y in rows[:5]:
            _box(axes, x + 1.45, y - 0.2, 0.75, 0.4, "norm", _GREEN)
            _box(axes, x + 2.35, y - 0.2, 1.35, 0.4, "ffn, norm", _BLUE)
        caption(x + 0.75, 4.4, "attention", color=_ORANGE)

    block(4.35, "block 1")
    block(8.6, "block 2")
    for y in rows[:5]:
        _arrow(axes, (12.6, y), (13.2, 2.6 + 0.1 * (y - 2.6)), "#999999")
    caption(13.65, 2.6, "mean\nof the\nwords", fontsize=8.5, fontweight="bold")
    for y, name in zip((4.0, 3.1, 2.1, 1.2), ("Cardiac", "Respiratory", "Renal", "Diabetes"), strict=True):
        denied = name == "Respiratory"
        _arrow(axes, (14.1, 2.6 + 0.2 * (y - 2.6)), (14.5, y))
        caption(14.6, y, name, ha="left", color=_ORANGE if denied else _INK)
        if denied:
            caption(14.6, y - 0.32, "mentioned, denied", ha="left", fontsize=7, color=_ORANGE)
    caption(8.4, 5.5, "every word looks at every word; the shortcuts around each step are not drawn", fontsize=8)
    caption(0.75, -0.1, "nobody looks here", fontsize=7, color="#999999")
    figure.tight_layout(pad=0.2)
    return figure


def draw_notes(notes, groups, cues):
    """Write notes out, each word in the color of its kind.

    Parameters
    ----------
    notes : list of (words, title) pairs, a list of str and a str
    groups : dict from a diagnosis' name to its terms
    cues : the words that negate, drawn white on black

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    colors = {word: color for color, terms in zip(COLORS, groups.values(), strict=False) for word in terms}
    # Characters of this size that fit on a line.
    width, height = 130, 0.0
    lines = []
    for words, title in notes:
        lines.append((0, height, title, {"fontweight": "bold", "fontsize": 9}))
        height -= 1.25
        x = 0
        for word in words:
            if x + len(word) > width:
                x, height = 0, height - 1.1
            style = {"color": colors.get(word, "#AAAAAA")}
            if word in cues:
                style = {"color": "white", "bbox": {"facecolor": "black", "pad": 1.5, "edgecolor": "none"}}
            lines.append((x, height, word, style | {"family": "monospace", "fontsize": 9.5}))
            x += len(word) + 1
        height -= 1.7
    figure, axes = plt.subplots(figsize=(11, -0.22 * height + 0.3))
    axes.set(xlim=(0, width + 1), ylim=(height, 1.0))
    axes.axis("off")
    for x, y, text, style in lines:
        axes.text(x, y, text, va="center", **style)
    for place, (name, color) in enumerate(zip(groups, COLORS, strict=False)):
        axes.text(20 * place, height + 0.4, name, color=color, fontsize=9, fontweight="bold", va="center")
    axes.text(20 * len(groups), height + 0.4, " negates ", color="white", fontsize=9, va="center",
              bbox={"facecolor": "black", "pad": 1.5, "edgecolor": "none"})  # fmt: skip
    figure.tight_layout(pad=0.2)
    return figure


def draw_heads(attention, words, scopes, title=""):
    """Draw the attention between the words of a note, a panel for each head, with what negates and what is negated.

    A row is a word that looks, a column a word that is looked at. Cues are white on black, the terms that they negate
    are orange, and a frame in each panel marks where these look at their cue.

    Parameters
    ----------
    attention : (heads, length, length) array
    words : list of length str
    scopes : list of (cue, terms): the position of a cue, and the positions of the terms that it negates
    title : str

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    heads, length, _ = attention.shape
    figure, row = plt.subplots(
        1, heads, figsize=(3.5 * heads + 0.9, 4.9), sharey=True, squeeze=False, layout="constrained"
    )
    cues = {cue for cue, _ in scopes}
    negated = {position for _, terms in scopes for position in terms}
    for number, (axes, head) in enumerate(zip(row[0], attention, strict=True)):
        image = axes.imshow(head, cmap="Blues", vmin=0, vmax=attention.max(), aspect="auto")
        axes.set_title(f"head {number + 1}", fontsize=10)
        axes.set_xticks(range(length), words, rotation=90, fontsize=7)
        axes.set_yticks(range(length), words, fontsize=7)
        axes.tick_params(length=0, pad=3)
        for label in (axes.get_xticklabels(), axes.get_yticklabels()):
            for position, text in enumerate(label):
                if position in cues:
                    text.set(color="white", bbox={"facecolor": "black", "pad": 0.8, "edgecolor": "none"})
                elif position in negated:
                    text.set(color=COLORS[5], fontweight="bold")
        for cue, terms in scopes:
            if terms:
                corner = cue - 0.5, min(terms) - 0.5
                size = 1, max(terms) - min(terms) + 1
                axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=COLORS[5], linewidth=1.6))
        axes.set_xlabel("is looked at", fontsize=9)
    row[0][0].set_ylabel("looks", fontsize=9)
    figure.colorbar(image, ax=row[0], label="attention", pad=0.01)
    figure.suptitle(title, fontsize=11)
    return figure


def band_curves(bands, xlabel="epoch", ylabel="", title="", levels=None):
    """Curves with a band around each.

    Parameters
    ----------
    bands : dict from a curve's name to (mean, low, high), three arrays of one length
    xlabel, ylabel, title : str
    levels : dict from a name to a height, drawn as dashed lines

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    for color, (name, (mean, low, high)) in zip(itertools.cycle(COLORS), bands.items(), strict=False):
        epochs = np.arange(1, len(mean) + 1)
        axes.fill_between(epochs, low, high, color=color, alpha=0.18, linewidth=0)
        axes.plot(epochs, mean, color=color, marker="o", markersize=3, label=name)
    for name, height in (levels or {}).items():
        axes.axhline(height, color="#999999", linestyle="--", linewidth=1, label=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.legend(frameon=False, fontsize=8, bbox_to_anchor=(1, 1), loc="upper left")
    axes.grid(alpha=0.3)
    _clean(axes)
    return figure


def draw_som_vae():
    """Draw the SOM-VAE: an image, its encoding, the map with the nearest node and its neighbors, two decoders.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = plt.subplots(figsize=(11.5, 4.4))
    axes.set(xlim=(-0.1, 15.4), ylim=(-0.35, 6.0), aspect="equal")
    axes.axis("off")

    def caption(x, y, text, **style):
        axes.text(x, y, text, **{"ha": "center", "va": "center", "fontsize": 9, "color": _INK, **style})

    # A seven, as it comes in and as it comes out: sharper from the encoding than from the node.
    across, down = np.meshgrid(np.linspace(0, 1, 28), np.linspace(0, 1, 28))
    distance = np.minimum(
        np.hypot(down - 0.2, np.clip(np.abs(across - 0.5) - 0.25, 0, None)),
        np.where(down > 0.2, np.abs(across - 0.75 + 0.5 * (down - 0.2)), 1) + np.clip(down - 0.85, 0, None),
    )
    seven = np.exp(-((distance / 0.09) ** 2))

    def picture(x, y, blur, name):
        width = 0.09 * (1 + blur)
        axes.imshow(seven ** (0.09 / width), cmap="gray_r", extent=(x, x + 1.3, y, y + 1.3), vmin=0, vmax=1, zorder=2)
        axes.add_patch(Rectangle((x, y), 1.3, 1.3, fill=False, edgecolor="#999999", linewidth=0.8, zorder=3))
        caption(x + 0.65, y - 0.25, name)

    picture(0.1, 2.1, 0, "image $x$")
    _arrow(axes, (1.5, 2.75), (2.0, 2.75))
    _box(axes, 2.1, 2.3, 1.5, 0.9, "encoder", _BLUE)
    _arrow(axes, (3.7, 2.75), (4.15, 2.75))
    _strip(axes, 4.25, 2.58, np.random.default_rng(1).random(6), _BLUE, width=0.16)
    caption(4.73, 3.2, "encoding $z_e$", color=_BLUE)

    # The map, with a node and its neighbors.
    node = (2, 1)
    for row in range(4):
        for column in range(4):
            apart = abs(row - node[0]) + abs(column - node[1])
            color = {0: _ORANGE, 1: _ORANGE}.get(apart, "#BBBBBB")
            center = (7.1 + 0.75 * column, 3.85 - 0.75 * row)
            for other in ((0.75, 0), (0, -0.75)):
                if (column < 3 and other[0]) or (row < 3 and other[1]):
                    axes.plot([center[0], center[0] + other[0]], [center[1], center[1] + other[1]],
                              color="#DDDDDD", linewidth=1, zorder=0)  # fmt: skip
            axes.scatter(*center, s=150, color=color, alpha=1 if apart == 0 else 0.55, zorder=2, edgecolors="white")
    caption(8.2, 4.3, "the map: each node an embedding", fontweight="bold", fontsize=8)
    _arrow(axes, (5.3, 2.7), (7.62, 2.36), _ORANGE)
    caption(6.2, 2.1, "nearest\nnode $k$", color=_ORANGE)
    caption(8.2, 1.05, "the node and its neighbors\nare pulled to $z_e$", color=_ORANGE, fontsize=8)

    _arrow(axes, (8.05, 2.35), (10.9, 1.3), _ORANGE)
    caption(10.1, 2.05, "$z_q$", color=_ORANGE, fontsize=11)
    _box(axes, 11.0, 0.75, 1.6, 0.9, "decoder", _GREEN)
    _arrow(axes, (12.7, 1.2), (13.2, 1.2))
    picture(13.3, 0.55, 2.5, "from the node, $x_q$")
    _arrow(axes, (4.75, 3.45), (10.9, 4.55), _BLUE, curve=-0.42)
    _box(axes, 11.0, 3.95, 1.6, 0.9, "decoder", _GREEN)
    _arrow(axes, (12.7, 4.4), (13.2, 4.4))
    picture(13.3, 3.75, 0.25, "from the encoding, $x_e$")
    # One step in time.
    _arrow(axes, (7.85, 2.55), (8.45, 3.05), _INK, curve=-0.4)
    caption(8.2, 0.1, "over time: a walk from node to node,\nwith a probability for each step", fontsize=8)
    figure.tight_layout(pad=0.2)
    return figure


def draw_images(images, titles=None, columns=10):
    """Draw images beside each other.

    Parameters
    ----------
    images : (n, height, width) floats, 0 (white) to 1 (black)
    titles : list of n str
    columns : int

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    rows = -(-len(images) // columns)
    height = 1.05 if titles is None else 1.3
    figure, axes = plt.subplots(rows, columns, figsize=(columns, height * rows), squeeze=False, layout="constrained")
    for place in axes.flat:
        place.axis("off")
    for index, (place, image) in enumerate(zip(axes.flat, images, strict=False)):
        place.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        if titles is not None:
            place.set_title(titles[index], fontsize=8)
    return figure


def _map_mosaic(axes, images):
    """Draw the images of a map's nodes as one picture; node (row, column) is centered at (column, row)."""
    rows, columns, height, width = images.shape
    mosaic = images.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
    axes.imshow(mosaic, cmap="gray_r", vmin=0, vmax=1, extent=(-0.5, columns - 0.5, rows - 0.5, -0.5))
    for edge in range(1, columns):
        axes.axvline(edge - 0.5, color="white", linewidth=1.5)
    for edge in range(1, rows):
        axes.axhline(edge - 0.5, color="white", linewidth=1.5)
    axes.set(xticks=range(columns), yticks=range(rows))
    axes.tick_params(length=0, labelsize=7, labelcolor="#999999")
    axes.spines[:].set_visible(False)


def u_matrix(embeddings):
    """How far each node of a map is from its neighbors.

    Parameters
    ----------
    embeddings : (rows, columns, latent_dim) floats

    Returns
    -------
    (rows, columns) floats, the mean distance to the neighbors that there are, two to four
    """
    total, count = np.zeros(embeddings.shape[:2]), np.zeros(embeddings.shape[:2])
    down = np.linalg.norm(np.diff(embeddings, axis=0), axis=-1)
    right = np.linalg.norm(np.diff(embeddings, axis=1), axis=-1)
    for part, distance in ((np.s_[1:], down), (np.s_[:-1], down), (np.s_[:, 1:], right), (np.s_[:, :-1], right)):
        total[part] += distance
        count[part] += 1
    return total / count


def draw_map(images, embeddings, nodes, labels):
    """Draw a map three times: what each node decodes to, the distances to its neighbors, and who lives there.

    Parameters
    ----------
    images : (rows, columns, height, width) floats, the decoded nodes
    embeddings : (rows, columns, latent_dim) floats
    nodes, labels : (n,) ints, the node and the class of each sample

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    rows, columns = embeddings.shape[:2]
    figure, (decoded, distances, members) = plt.subplots(1, 3, figsize=(13, 4.6), layout="constrained")
    _map_mosaic(decoded, images)
    decoded.set_title("what each node decodes to")
    shown = distances.imshow(u_matrix(embeddings), cmap="cividis")
    bar = figure.colorbar(shown, ax=distances, shrink=0.75)
    bar.outline.set_visible(False)
    distances.set_title("U-matrix: distance to the neighbors")
    counts = np.zeros((rows * columns, max(labels) + 1), dtype=int)
    np.add.at(counts, (nodes, labels), 1)
    sizes = counts.sum(axis=1)
    share = np.divide(counts.max(axis=1), sizes, out=np.zeros(len(sizes)), where=sizes > 0)
    members.imshow(share.reshape(rows, columns), cmap="Blues", vmin=0, vmax=1.4)
    for node, size in enumerate(sizes):
        row, column = divmod(node, columns)
        text = f"{counts[node].argmax()}\n" if size else "\n"
        members.text(column, row, text, ha="center", va="center", fontsize=11, color=_INK)
        members.text(column, row + 0.27, f"n={size}", ha="center", va="center", fontsize=6, color=_INK)
    members.set_title("most frequent class (darker: purer)")
    for axes in (distances, members):
        axes.set(xticks=range(columns), yticks=range(rows))
        axes.tick_params(length=0, labelsize=7, labelcolor="#999999")
        axes.spines[:].set_visible(False)
    return figure


def draw_walk(images, nodes, transitions, series, shown=10, title=""):
    """Draw the way of one time series over a map, with the probability of each step, and some of its images.

    Parameters
    ----------
    images : (rows, columns, height, width) floats, the decoded nodes
    nodes : (steps,) ints, the node at each step
    transitions : (nodes, nodes) floats, the transition probabilities, [from, to]
    series : (steps, height, width) floats, the images of the series
    shown : int, how many of the images to draw
    title : str

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    columns = images.shape[1]
    figure = plt.figure(figsize=(11.5, 5), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.05, 1))
    walk = left.subplots()
    _map_mosaic(walk, 0.45 * images)
    row, column = np.divmod(nodes, columns)
    changes = np.flatnonzero(np.diff(nodes)) + 1
    stops = np.concatenate([[0], changes])
    for before, after in itertools.pairwise(stops):
        start, end = (column[before], row[before]), (column[after], row[after])
        probability = transitions[nodes[before], nodes[after]]
        walk.annotate(
            "", end, start,
            arrowprops={"arrowstyle": "-|>", "color": _ORANGE, "linewidth": 2, "shrinkA": 5, "shrinkB": 5,
                        "connectionstyle": "arc3,rad=0.15"},
        )  # fmt: skip
        # On the arc, whose middle is half as far from the straight line as its control point; y runs downwards.
        middle = (np.add(start, end) / 2 + 0.075 * np.array([start[1] - end[1], end[0] - start[0]])).tolist()
        paper = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
        label = f"{probability:.0%}" if probability >= 0.01 else "< 1%"
        walk.text(*middle, label, fontsize=8, ha="center", va="center", color=_INK, bbox=paper)
    walk.scatter(column[0], row[0], s=90, color=_BLUE, zorder=3, label="start")
    walk.scatter(column[-1], row[-1], s=90, color=_GREEN, marker="s", zorder=3, label="end")
    walk.legend(loc="upper center", bbox_to_anchor=(0.5, -0.03), ncols=2, frameon=False, fontsize=8)
    walk.set_title(title, fontsize=10)

    above, below = right.subfigures(2, 1, height_ratios=(1, 2.4))
    for place, step in zip(above.subplots(1, shown), np.linspace(0, len(nodes) - 1, shown).astype(int), strict=True):
        place.imshow(series[step], cmap="gray_r", vmin=0, vmax=1)
        place.axis("off")
        place.set_title(step, fontsize=8, color="#666666")
    steps = below.subplots()
    taken = transitions[nodes[:-1], nodes[1:]]
    stays = np.diff(nodes) == 0
    times = np.arange(1, len(nodes))
    steps.semilogy(times, taken, color="#CCCCCC", linewidth=1, zorder=0)
    steps.scatter(times[stays], taken[stays], s=14, color="#666666", label="stays")
    steps.scatter(times[~stays], taken[~stays], s=30, color=_ORANGE, label="moves")
    steps.axhline(1 / len(transitions), color="#999999", linestyle="--", linewidth=1, label="by chance")
    steps.set(xlabel="step", ylabel="probability of the step", ylim=(min(5e-3, taken.min() / 2), 1.5))
    steps.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    _clean(steps)
    return figure
