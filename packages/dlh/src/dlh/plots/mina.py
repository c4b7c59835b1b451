"""Figures of `mina`: the network, an electrocardiogram with its knowledge and with attention over it, ROC curves."""

import itertools

import numpy as np
from matplotlib import pyplot as plt
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from dlh.plots.shared import BLUE, COLORS, GREEN, INK, ORANGE, arrow, box, caption, clean, diagram, strip


def draw_mina():
    """Draw MINA: four channels, each with a convolution and an LSTM, and attention guided by knowledge three times.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = diagram((11.5, 4.7), (-0.3, 15.6), (-0.55, 6.0))
    for y, (name, signal) in zip([4.35, 3.05, 1.75, 0.45], _channels().items(), strict=True):
        _draw_channel(axes, y, name, signal)
    caption(axes, 12.5, 2.78, r"$\gamma$", fontsize=17, color=ORANGE)
    arrow(axes, (12.75, 2.78), (13.2, 2.78))
    strip(axes, 13.25, 2.62, np.random.default_rng(4).random(8), GREEN, width=0.13)
    arrow(axes, (14.35, 2.78), (14.72, 2.78))
    caption(axes, 15.15, 2.78, "AF?\n$p_0, p_1$", fontweight="bold")

    caption(axes, 1.3, 5.6, "one segment, 4 channels", fontweight="bold")
    caption(axes, 1.3, 5.25, "60 windows of 50 samples", fontsize=8)
    for x, name in [(4.6, "BeatNet"), (8.0, "RhythmNet"), (12.9, "FreqNet")]:
        caption(axes, x, 5.6, name, fontweight="bold", color=BLUE, fontsize=11)
    for place, text in [
        ((5.85, 5.15), "in each window:\nwhich place?"), ((5.85, -0.3), "knowledge: steepness"),
        ((9.25, 5.15), "in each channel:\nwhich window?"), ((9.25, -0.3), "knowledge: variation"),
        ((12.5, 3.4), "which\nchannel?"), ((13.9, 2.2), "knowledge: power"),
    ]:  # fmt: skip
        caption(axes, *place, text, fontsize=8, color=ORANGE)
    figure.tight_layout(pad=0.2)
    return figure


def _channels():
    """The name of each channel, and what it looks like: (400,) floats."""
    time = np.linspace(0, 1, 400)
    beats = sum(np.exp(-((time - center) ** 2) / (2 * 0.006**2)) for center in (0.17, 0.5, 0.83))
    waves = sum(0.25 * np.exp(-((time - center - 0.09) ** 2) / (2 * 0.02**2)) for center in (0.17, 0.5, 0.83))
    noise = np.random.default_rng(0).normal(0, 0.04, 400)
    drift = 0.3 * np.sin(2 * np.pi * time * 1.3)
    return {
        "unfiltered": beats + waves + noise + 0.6 * drift,
        "below 0.5 Hz": drift,
        "0.5 to 50 Hz": beats + waves,
        "above 50 Hz": noise,
    }


def _draw_channel(axes, y, name, signal):
    """One channel's way through the network, from left to right."""
    for edge in np.linspace(0, 2.6, 9):
        axes.plot([edge, edge], [y - 0.05, y + 0.75], color="#DDDDDD", linewidth=0.7, zorder=0)
    axes.plot(np.linspace(0, 2.6, len(signal)), y + 0.22 + 0.42 * signal, color=INK, linewidth=0.8)
    caption(axes, 1.3, y - 0.2, name, fontsize=8)
    for start, end in [(2.7, 3.2), (5.15, 5.62), (6.1, 6.6), (8.55, 9.02), (9.5, 10.0)]:
        arrow(axes, (start, y + 0.3), (end, y + 0.3))
    box(axes, 3.3, y, 1.75, 0.62, "convolution", BLUE)
    caption(axes, 5.85, y + 0.3, r"$\alpha$", fontsize=15, color=ORANGE)
    box(axes, 6.7, y, 1.75, 0.62, "LSTM, both ways", BLUE)
    caption(axes, 9.25, y + 0.3, r"$\beta$", fontsize=15, color=ORANGE)
    strip(axes, 10.05, y + 0.14, np.random.default_rng(int(10 * y)).random(8), GREEN, width=0.13)
    arrow(axes, (11.15, y + 0.3), (12.2, 2.85), ORANGE)


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
        clean(row[0]).plot(seconds, x, color=INK, linewidth=0.7)
        row[0].set_ylabel(name, fontsize=8)
        row[0].text(
            0.995, 0.98, f"power {power:.2g}", transform=row[0].transAxes, ha="right", va="top", fontsize=8,
            color=GREEN, fontweight="bold",
        )  # fmt: skip
        clean(row[1]).plot(seconds, steep, color=BLUE, linewidth=0.6, label="beat: steepness")
        row[1].stairs(varied, window_edges, color=ORANGE, linewidth=1.4, label="rhythm: variation")
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
    x, beta = segment[channel], beta[channel]
    # The windows that are drawn below, with the most attended one in their middle.
    shown = min(12, len(beta))
    start = int(np.clip(np.argmax(beta) - shown // 2, 0, len(beta) - shown))
    windows = np.arange(start, start + shown)
    figure, layout = plt.subplot_mosaic(
        [["rhythm", "bands"], ["beats", "bands"]], figsize=(11, 4.6), width_ratios=[5, 1], layout="constrained"
    )
    _draw_rhythm(layout["rhythm"], x, beta, windows, sampling_rate)
    layout["rhythm"].set_title(f"rhythm level: attention of each window ({names[channel]})")
    _draw_beats(layout["beats"], x, alpha[channel], windows, sampling_rate)
    _draw_bands(layout["bands"], gamma, names, channel)
    for axes in layout.values():
        clean(axes).title.set_fontsize(9)
    figure.suptitle(title, fontsize=11)
    return figure


def _draw_rhythm(axes, x, beta, windows, sampling_rate):
    """A channel with its windows shaded by their attention, and a bar below some of them."""
    edges = np.arange(len(beta) + 1) * (len(x) // len(beta)) / sampling_rate
    limits = x.min() - 0.08 * np.ptp(x), x.max() + 0.08 * np.ptp(x)
    shades = axes.pcolormesh(edges, limits, beta[None], cmap="Oranges", vmin=0, rasterized=True)
    axes.plot(np.arange(len(x)) / sampling_rate, x, color=INK, linewidth=0.8)
    axes.set(xlim=(0, edges[-1]), ylim=limits)
    axes.figure.colorbar(shades, ax=axes, label=r"$\beta$", pad=0.01)
    bar = edges[[windows[0], windows[-1] + 1]]
    axes.plot(bar, [limits[0]] * 2, color=BLUE, linewidth=5, solid_capstyle="butt")


def _draw_beats(axes, x, alpha, windows, sampling_rate):
    """Some windows of a channel, with a dot for each place of the convolution."""
    n_windows, n_places = alpha.shape
    width = len(x) // n_windows
    # The places lie side by side, two samples apart, so that their middles end as far from the end as they begin.
    stride = 2
    first = (width - stride * (n_places - 1)) // 2
    seconds = np.arange(len(x)) / sampling_rate
    inside = slice(windows[0] * width, (windows[-1] + 1) * width)
    axes.plot(seconds[inside], x[inside], color=INK, linewidth=0.9, zorder=1)
    edges = np.append(windows, windows[-1] + 1) * width / sampling_rate
    for edge in edges:
        axes.axvline(edge, color="#DDDDDD", linewidth=0.7, zorder=0)
    dots = (windows[:, None] * width + first + stride * np.arange(n_places)).ravel()
    colored = axes.scatter(
        seconds[dots], x[dots], c=alpha[windows].ravel(), cmap="Blues", vmin=0, s=20, edgecolors="#666666",
        linewidths=0.3, zorder=2,
    )  # fmt: skip
    axes.set(
        title="beat level: attention of each place in its window (the part with the blue bar above)",
        xlabel="seconds", xlim=edges[[0, -1]],
    )  # fmt: skip
    axes.figure.colorbar(colored, ax=axes, label=r"$\alpha$", pad=0.01)


def _draw_bands(axes, gamma, names, channel):
    """A bar for the attention of each channel; that of the one drawn is green, and says so."""
    colors = [GREEN if index == channel else "#BBBBBB" for index in range(len(gamma))]
    axes.barh(np.arange(len(gamma)), gamma, color=colors)
    axes.set(title="frequency level", xlabel=r"$\gamma$", xlim=(0, 1), ylim=(len(gamma) - 0.5, -0.5), yticks=[])
    for index, (name, value) in enumerate(zip(names, gamma, strict=True)):
        drawn = " (drawn)" if index == channel else ""
        axes.text(0.03, index, f"{name}\n{value:.2f}{drawn}", va="center", fontsize=9)


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
    looks = zip(itertools.cycle(COLORS), itertools.cycle("os^D"), scores.items(), strict=False)
    for color, marker, (name, values) in looks:
        style = {"color": color, "marker": marker, "markevery": 0.1, "markersize": 5}
        false_positive, true_positive, _ = roc_curve(truth, values)
        area = roc_auc_score(truth, values)
        roc.plot(false_positive, true_positive, **style, label=f"{name} (area {area:.3f})")
        precision, recall, _ = precision_recall_curve(truth, values)
        area = average_precision_score(truth, values)
        pr.plot(recall, precision, **style, drawstyle="steps-post", label=f"{name} (average {area:.3f})")
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
        clean(axes)
    return figure


def draw_threshold(truth, p1, threshold, prevalence, scores, per=1000):
    """Draw what a threshold makes of a model's probabilities, where the positive class has a given prevalence.

    On the left, the probabilities of both classes; in the middle, what comes of so many samples; on the right, scores.

    Parameters
    ----------
    truth : (samples,) ints, 0 and 1
    p1 : (samples,) floats, the probability of class 1; from the threshold on, there is an alarm
    threshold, prevalence : floats from 0 to 1
    scores : dict from a name to a float from 0 to 1
    per : int, of how many samples counts are given

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, (left, middle, right) = plt.subplots(
        1, 3, figsize=(11, 3.4), width_ratios=[1.5, 1.1, 1], layout="constrained"
    )
    edges = np.linspace(0, 1, 26)
    for label, name, color, hatch in ((0, "normal", "#BBBBBB", ""), (1, "AF", "#F2C879", "////")):
        inside = p1[truth == label]
        left.hist(inside, edges, weights=np.full(len(inside), 1 / max(len(inside), 1)), color=color, hatch=hatch,
                  edgecolor=INK, linewidth=0.6, alpha=0.8, label=name)  # fmt: skip
    left.axvline(threshold, color="black", linewidth=2, linestyle="--", label="threshold")
    left.set(xlabel="probability of AF", ylabel="share of the class", xlim=(0, 1))
    left.set_title("right of the line: an alarm", fontsize=10)
    left.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=3)
    clean(left)
    found, quiet = np.mean(p1[truth == 1] >= threshold), np.mean(p1[truth == 0] < threshold)
    counts = per * np.array([[prevalence * found, prevalence * (1 - found)],
                             [(1 - prevalence) * (1 - quiet), (1 - prevalence) * quiet]])  # fmt: skip
    _draw_counts(middle, counts, f"of {per}, {prevalence:.0%} of them with AF")
    rows = np.arange(len(scores))
    right.barh(rows, list(scores.values()), color="#A9D3EE", edgecolor=INK, linewidth=0.6)
    for row, value in enumerate(scores.values()):
        right.text(0.03, row, f"{value:.2f}", va="center", fontsize=10, fontweight="bold", color="black")
    right.set_yticks(rows, list(scores), fontsize=10)
    right.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
    right.set_title("scores", fontsize=10)
    clean(right)
    return figure


def _draw_counts(axes, counts, title):
    """Four numbers, [AF, normal] by [alarm, none], darker where an error is."""
    words = (("found", "missed"), ("false alarms", "rightly quiet"))
    axes.imshow([[0, 1], [1, 0]], cmap="Oranges", vmin=0, vmax=3, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        caption(axes, column, row, f"{words[row][column]}\n{count:.0f}", fontsize=11)
    axes.set_xticks([0, 1], ["alarm", "no alarm"], fontsize=10)
    axes.set_yticks([0, 1], ["AF", "normal"], fontsize=10)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=10)
