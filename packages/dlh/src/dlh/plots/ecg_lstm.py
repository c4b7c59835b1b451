"""Figures of `ecg_lstm`: one step of an LSTM, what a layer remembers, training curves, accuracies with intervals."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import AsinhNorm
from matplotlib.ticker import MaxNLocator

from dlh.plots.shared import BLUE, INK, arrow, box, caption, clean, diagram

# Dark enough to be read as letters on white, which the palette's own orange and green are not.
RUST, PINE = "#B24A00", "#00725A"
# The accuracies that were published for chunks of the challenge's recordings, by network and whether it was augmented.
# They stand here and not in the notebook, where they would be read before the guesses.
PUBLISHED = {
    ("MeanSpectrumNet", False): 0.572,
    ("MeanSpectrumNet", True): 0.567,
    ("FullyConnectedNet", False): 0.776,
    ("FullyConnectedNet", True): 0.800,
    ("ConvNet", False): 0.860,
    ("ConvNet", True): 0.872,
    ("RNNNet", False): 0.499,
    ("LSTMNet", False): 0.900,
    ("TorchLSTMNet", False): 0.905,
    ("TorchLSTMNet", True): 0.930,
}


def draw_lstm_cell():
    """Draw one step of an LSTM: the cell state along the top, the gates that change and show it below.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = diagram((9.5, 4.7), (-0.3, 12.4), (-0.15, 6.2))
    # What all gates look at, and the gates.
    for points in ([(0.55, 1.1), (8.1, 1.1)], [(1.5, 0.35), (1.5, 1.1)]):
        axes.plot(*zip(*points, strict=True), color=BLUE, linewidth=1.3, solid_capstyle="round", zorder=1)
    for x, name, function, words, color in [
        (2.7, r"$F_t$", r"$\sigma$", "forget gate", PINE),
        (4.7, r"$I_t$", r"$\sigma$", "input gate", PINE),
        (6.3, r"$\tilde{C}_t$", r"$\tanh$", "input node", RUST),
        (8.1, r"$O_t$", r"$\sigma$", "output gate", PINE),
    ]:
        arrow(axes, (x, 1.1), (x, 1.75), BLUE)
        box(axes, x - 0.5, 1.8, 1.0, 0.8, function, color)
        caption(axes, x, 0.78, words, fontsize=10, color=color)
        # Beside the arrow, on the side to which it does not lean.
        caption(axes, x + (0.36 if x != 4.7 else -0.36), 2.95, name, fontsize=11, color=color)
    box(axes, 9.4, 3.5, 1.0, 0.65, r"$\tanh$", RUST)
    for start, end, color in [
        ((0.55, 5.0), (11.3, 5.0), RUST),  # the cell state
        ((2.7, 2.65), (2.7, 4.72), INK),  # what it keeps
        ((4.7, 2.65), (5.3, 3.62), INK), ((6.3, 2.65), (5.7, 3.62), INK),  # what is new, and how much of it
        ((5.5, 4.13), (5.5, 4.72), INK),
        ((9.9, 5.0), (9.9, 4.2), RUST), ((9.9, 3.45), (9.9, 2.48), RUST),  # what is shown of it
        ((8.65, 2.2), (9.62, 2.2), INK), ((10.18, 2.2), (11.3, 2.2), BLUE),
    ]:  # fmt: skip
        arrow(axes, start, end, color)
    for x, y, sign in [(2.7, 5.0, r"$\odot$"), (5.5, 3.85, r"$\odot$"), (5.5, 5.0, "$+$"), (9.9, 2.2, r"$\odot$")]:
        axes.scatter([x], [y], s=330, color="white", edgecolors=INK, linewidths=1.2, zorder=3)
        caption(axes, x, y, sign, fontsize=13, zorder=4)
    for x, y, name, color in [
        (0.15, 5.0, "$C_{t-1}$", RUST), (11.75, 5.0, "$C_t$", RUST), (0.1, 1.1, "$H_{t-1}$", BLUE),
        (1.5, 0.08, "$X_t$", BLUE), (11.75, 2.2, "$H_t$", BLUE),
    ]:  # fmt: skip
        caption(axes, x, y, name, fontsize=13, color=color)
    for x, y, words, color in [
        (2.7, 5.62, "keep", RUST), (5.5, 5.62, "add", RUST), (4.1, 3.85, "let in", INK), (9.9, 1.62, "show", INK),
    ]:  # fmt: skip
        caption(axes, x, y, words, fontsize=10, color=color)
    figure.tight_layout(pad=0.2)
    return figure


def draw_memory(sizes, title):
    """How much of each step of a sequence still counts, for several layers, on a logarithmic scale.

    Parameters
    ----------
    sizes : dict from a layer's name to (steps,) positive numbers, the first step first
    title : str

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = plt.subplots(figsize=(8, 3.8), layout="constrained")
    looks = zip((BLUE, RUST, PINE, INK), "os^D", ("-", "--", "-.", ":"), strict=True)
    for (name, values), (color, marker, line) in zip(sizes.items(), looks, strict=False):
        steps = np.arange(1, len(values) + 1)
        axes.semilogy(steps, values, color=color, marker=marker, markevery=3, markersize=5, linestyle=line, label=name)
    axes.set(xlabel="step of the chunk", ylabel="size of the gradient", title=title)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, bbox_to_anchor=(1, 1), loc="upper left")
    clean(axes)
    return figure


def draw_states_over_time(chunk, cells, probabilities, title=""):
    """Draw a chunk, and how large the cell state of one or more layers is after each step, and what they would say.

    Parameters
    ----------
    chunk : (steps, features) array, the spectrogram
    cells : dict from a layer's name to (steps,) floats, the size of its cell state
    probabilities : dict from the same names to (steps,) floats, the probability of AF if the chunk ended there
    title : str

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, (above, middle, below) = plt.subplots(
        3, 1, figsize=(9, 5.6), sharex=True, height_ratios=[0.8, 1, 1], layout="constrained"
    )
    steps = np.arange(1, len(chunk) + 1)
    above.imshow(
        np.transpose(chunk), origin="lower", aspect="auto", cmap="magma", norm=AsinhNorm(0.1, vmin=-0.6, vmax=8),
        extent=(0.5, len(chunk) + 0.5, 0, 150),
    )  # fmt: skip
    above.set(ylabel="frequency (Hz)")
    for axes, curves in ((middle, cells), (below, probabilities)):
        looks = zip((BLUE, RUST, PINE, INK), "os^D", ("-", "--", "-.", ":"), strict=True)
        for (name, values), (color, marker, line) in zip(curves.items(), looks, strict=False):
            axes.plot(steps, values, color=color, marker=marker, markevery=3, markersize=5, linestyle=line, label=name)
        axes.grid(alpha=0.3)
        clean(axes)
    middle.set(ylabel="size of the cell state")
    middle.set_ylim(bottom=0)
    middle.legend(frameon=False, fontsize=10, bbox_to_anchor=(1, 1), loc="upper left")
    below.axhline(0.5, color=INK, linestyle=":", linewidth=1)
    below.set(xlabel="step of the chunk", ylabel="probability of AF", ylim=(-0.02, 1.02), xlim=(0.5, len(chunk) + 0.5))
    above.set_title(title, fontsize=11)
    return figure


def training_curves(runs):
    """Loss and accuracy over the epochs, a column of two panels for each network, all on the same scales.

    Parameters
    ----------
    runs : dict from a network's name to a dict from (what, augmented) to an array of curves, (seeds, epochs); what is
        one of "train loss", "train acc", "val loss", "val acc". Of several seeds, the mean is drawn, in a band from
        the lowest to the highest

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, panels = plt.subplots(
        2, len(runs), figsize=(min(2.05 * len(runs) + 1.2, 9.8), 5), sharex=True, sharey="row", squeeze=False,
        layout="constrained",
    )  # fmt: skip
    both = len({augmented for curves in runs.values() for _, augmented in curves}) > 1
    for column, (name, curves) in zip(panels.T, runs.items(), strict=True):
        for (what, augmented), values in curves.items():
            _draw_curve(column[int(what.endswith("acc"))], what, augmented, np.asarray(values), both)
        column[0].set_title(name, fontsize=10)
        column[0].axhline(np.log(2), color=INK, linestyle="--", linewidth=0.8)
        column[1].axhline(0.5, color=INK, linestyle="--", linewidth=0.8, label="guessing")
        column[1].set(xlabel="epoch")
        for axes in column:
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.grid(alpha=0.3)
            clean(axes)
    # One curve that runs away would flatten all others.
    panels[0, 0].set(ylabel="loss", ylim=(0, 2))
    panels[1, 0].set(ylabel="accuracy on chunks", ylim=(0.4, 1.02))
    figure.legend(*panels[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    return figure


def _draw_curve(axes, what, augmented, values, both):
    """The mean of some curves, (seeds, epochs), in its band; `both`: augmented ones and others are told apart."""
    validation = what.startswith("val")
    label = "validation" if validation else "training"
    if both:
        label += ", augmented" if augmented else ", cut once"
    look = {
        "color": RUST if (augmented if both else validation) else BLUE,
        "linestyle": "-" if validation else ":",
        "marker": "s" if augmented else "o",
        "fillstyle": "full" if validation else "none",
    }
    epochs = np.arange(1, values.shape[1] + 1)
    axes.fill_between(epochs, values.min(0), values.max(0), color=look["color"], alpha=0.15, linewidth=0)
    axes.plot(epochs, values.mean(0), markersize=4, label=label, **look)


def accuracy_intervals(measured, published=None):
    """Accuracies of networks with intervals, one panel for each way of counting, with and without augmentation.

    Parameters
    ----------
    measured : dict from a panel's title to a dict from (network, augmented) to (value, low, high), shares of 0 to 1;
        networks are drawn from above in the order in which they first occur
    published : dict from a panel's title to a dict from (network, augmented) to a share, drawn as black marks; panels
        and networks may be missing

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    models = list(dict.fromkeys(model for points in measured.values() for model, _ in points))
    figure, row = plt.subplots(
        1, len(measured), figsize=(4.4 * len(measured) + 1, 0.5 * len(models) + 1.6), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for axes, (title, points) in zip(row[0], measured.items(), strict=True):
        for augmented, color, marker, label in ((False, BLUE, "o", "cut once"), (True, RUST, "s", "augmented")):
            keys = [key for key in points if key[1] == augmented]
            if not keys:
                continue
            values, low, high = np.array([points[key] for key in keys], dtype=float).T
            axes.errorbar(values, _heights(models, keys), xerr=[values - low, high - values], fmt=marker, color=color,
                          markersize=7, capsize=3, label=label)  # fmt: skip
        marks = {key: value for key, value in (published or {}).get(title, {}).items() if key in points}
        if marks:
            axes.scatter(list(marks.values()), _heights(models, marks), marker="x", s=45, color="black", zorder=3,
                         label="published")  # fmt: skip
        axes.axvline(0.5, color=INK, linestyle=":", linewidth=1)
        axes.set(title=title, xlim=(0.4, 1.02), ylim=(len(models) - 0.5, -0.5), xlabel="accuracy; 0.5 is guessing")
        axes.set_yticks(range(len(models)), models)
        axes.grid(axis="x", alpha=0.3)
        clean(axes)
    figure.legend(*row[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def _heights(models, keys):
    """Where each (network, augmented) is drawn: side by side in the row of its network."""
    return [models.index(model) + 0.16 * (1 if augmented else -1) for model, augmented in keys]
