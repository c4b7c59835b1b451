"""Figures of `seq2seq`: the patient autoencoder, curves that grow while it trains, patients as points."""

import itertools

import numpy as np
from IPython import display
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from scipy.optimize import linear_sum_assignment
from sklearn.metrics.cluster import contingency_matrix

from dlh.plots.shared import BLUE, GREEN, INK, ORANGE, arrow, box, caption, clean, diagram, strip

# Dark enough to be read on white, and marks for whoever does not tell colors apart.
DARK = ("#0063A0", "#A34E00", "#00704F", "#A03A75", "#000000", "#6B6200")
MARKS = "o^sDvX"
DARK_ORANGE, DARK_GREEN = DARK[1:3]
GRAY = "#6B6B6B"


def draw_autoencoder():
    """Draw the patient autoencoder: encoder with masked attention, context vector, decoder, clusters.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = diagram((11.5, 4.9), (0, 15.4), (-0.2, 6.35))
    rng = np.random.default_rng(3)
    visits = [(rng.random(12) < 0.35).astype(float), (rng.random(12) < 0.35).astype(float), np.zeros(12)]
    _draw_encoder(axes, visits, rng)
    _draw_clusters(axes, rng)
    _draw_decoder(axes, visits, rng)
    figure.tight_layout(pad=0.2)
    return figure


def _draw_encoder(axes, visits, rng):
    """From left to right: two visits and padding, a convolution, hidden states, attention, the context."""
    rows = [4.15, 3.35, 2.55]
    attention = [0.7, 0.3, 0.0]
    for y, visit, name in zip(rows, visits, ["visit 1", "visit 2", "padding"], strict=True):
        strip(axes, 1.05, y, visit, INK)
        caption(axes, 0.95, y + 0.17, name, ha="right")
    caption(axes, 2.0, 4.95, "$x$\n(visits, 105)")
    axes.add_patch(Rectangle((0.98, 2.43), 2.06, 2.18, fill=False, edgecolor=BLUE, linewidth=1.4, linestyle="--"))
    caption(axes, 2.0, 1.95, "one convolution window:\na visit and its neighbors", color=BLUE)

    box(axes, 3.45, 2.45, 0.75, 2.14, "CNN", BLUE)
    hidden = rng.random((3, 6)) * 0.85 + 0.1
    for y, state, weight in zip(rows, hidden, attention, strict=True):
        arrow(axes, (3.1, y + 0.17), (3.42, y + 0.17))
        arrow(axes, (4.24, y + 0.17), (4.58, y + 0.17))
        strip(axes, 4.65, y, state, BLUE)
        faded = weight == 0
        color = GRAY if faded else DARK_ORANGE
        caption(axes, 6.12, y + 0.17, f"{weight:.1f}", color=color, fontweight="bold")
        arrow(axes, (6.45, y + 0.17), (7.12, 3.52), color, ":" if faded else "-")
        arrow(axes, (5.65, y + 0.17), (5.85, y + 0.17), color)
    caption(axes, 5.0, 4.95, "hidden states\n(visits, 128)")
    caption(axes, 6.33, 4.95, "masked\nattention", color=DARK_ORANGE)

    strip(axes, 7.2, 3.86, attention @ hidden, GREEN, vertical=True)
    caption(axes, 7.5, 4.95, "context\n(128)", color=DARK_GREEN, fontweight="bold")
    caption(axes, 3.9, 6.0, "Encoder", fontsize=13, fontweight="bold", color=BLUE)


def _draw_clusters(axes, rng):
    """Below the context: a point for each patient, and clusters of them."""
    arrow(axes, (7.37, 2.98), (7.37, 2.0), GREEN)
    caption(axes, 7.52, 2.5, "one point\nfor each patient", ha="left", color=DARK_GREEN)
    axes.add_patch(Rectangle((6.27, 0.1), 2.2, 1.85, fill=False, edgecolor=GREEN, linewidth=1.2))
    for center, color, mark in [((6.87, 1.35), DARK[0], MARKS[0]), ((7.8, 0.75), DARK[1], MARKS[1])]:
        points = rng.normal(center, [0.17, 0.17], (14, 2))
        axes.scatter(*points.T, s=13, color=color, marker=mark, edgecolors="none")
    caption(axes, 7.37, -0.12, "clusters of patients", color=DARK_GREEN)


def _draw_decoder(axes, visits, rng):
    """On the right: three steps of the decoder, from the context on."""
    centers = [9.75, 11.75, 13.75]
    for step, x in enumerate(centers):
        box(axes, x - 0.5, 3.1, 1.0, 0.85, "GRU", ORANGE)
        arrow(axes, (x, 2.35), (x, 3.07))
        arrow(axes, (x, 3.98), (x, 4.45 if step < 2 else 4.15))
        target = visits[step]
        guess = np.clip(target * 0.7 + rng.random(12) * 0.22, 0, 1) if step < 2 else rng.random(12) * 0.3
        strip(axes, x - 0.78, 4.5, guess, ORANGE if step < 2 else GRAY, width=0.13)
        caption(axes, x, 5.1, rf"$\hat{{x}}_{step + 1}$", fontsize=12)
        source = "0" if step == 0 else rf"$x_{step}$ or $\hat{{x}}_{step}$"
        caption(axes, x, 2.1, source, fontsize=11)
    arrow(axes, (7.62, 3.52), (9.2, 3.52), GREEN)
    caption(axes, 8.4, 3.74, "first hidden state", color=DARK_GREEN)
    for left, right in itertools.pairwise(centers):
        arrow(axes, (left + 0.55, 3.52), (right - 0.55, 3.52), ORANGE)
    caption(axes, 11.75, 1.6, "previous visit: the true one (teacher forcing) or the predicted one")
    caption(axes, 11.75, 6.0, "Decoder", fontsize=13, fontweight="bold", color=DARK_ORANGE)
    caption(axes, 13.95, 4.27, "padding: left out of the loss", color=GRAY)
    caption(axes, 11.75, 5.5, "probabilities, compared with $x$ by the masked loss")


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
            clean(axes)
        (self._loss_line,) = self._loss_axes.plot([], [], marker="o", markersize=4, color=DARK[0])
        (self._f1_line,) = self._f1_axes.plot([], [], marker="s", markersize=4, color=DARK[2])
        self.figure.tight_layout()
        # Closed for pyplot, so that the notebook does not show the figure a second time below the cell.
        plt.close(self.figure)
        self._display = display.display(self.figure, display_id=True, metadata=self._in_words())

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
            self._display.update(self.figure, metadata=self._in_words())

    def _in_words(self):
        """The figure's text for whoever does not see it."""
        words = "Curves of the training loss and of the validation F1, after each epoch."
        if self.epochs:
            words += f" After epoch {self.epochs[-1]}, the loss is {self.losses[-1]:.1f}, the F1 {self.f1s[-1]:.2f}."
        return {"image/png": {"alt": words}}


def draw_reconstruction(true, predicted, attention, title=""):
    """Draw the visits of one patient, a row each: how much attention they get, and which of their codes come back.

    Parameters
    ----------
    true, predicted : (visits, codes) bools
    attention : (visits,) floats, which add up to 1
    title : str

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    # A patient without any code has no visit.
    rows, height = np.arange(len(true)), max(len(true), 1)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11, 0.5 * height + 1.6), width_ratios=[1, 5], sharey=True, layout="constrained"
    )
    left.barh(rows, attention, color="#F2C879", edgecolor=INK, linewidth=0.6)
    for row, weight in enumerate(attention):
        left.text(0.03, row, f"{weight:.2f}", va="center", fontsize=10, color="black")
    left.set_yticks(rows, [f"visit {row + 1}" for row in rows], fontsize=10)
    left.set(xlim=(0, 1), ylim=(height - 0.5, -0.5))
    left.set_title("attention", fontsize=10)
    kinds = (("right", true & predicted, DARK[0], "o"), ("left out", true & ~predicted, DARK[1], "X"),
             ("added", ~true & predicted, DARK[3], "^"))  # fmt: skip
    for name, chosen, color, mark in kinds:
        visits, codes = np.nonzero(chosen)
        face = "none" if mark == "^" else color
        right.scatter(codes, visits, s=42, marker=mark, edgecolors=color, facecolors=face, linewidths=1.2,
                      label=f"{name}: {chosen.sum()}")  # fmt: skip
    right.set(xlim=(-1, true.shape[1]))
    right.set_xlabel("code", fontsize=10)
    right.set_title(title, fontsize=10)
    right.grid(axis="y", alpha=0.3)
    right.legend(frameon=False, fontsize=10, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.3 / height - 0.12))
    for axes in (left, right):
        clean(axes).tick_params(axis="y", length=0)
    return figure


def scatter_panels(points, colorings, names=None):
    """The same points several times, side by side, with other colors and marks in each panel.

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
    figure, row = plt.subplots(1, len(colorings), figsize=(3.5 * len(colorings), 5.2), squeeze=False)
    for axes, (title, groups) in zip(row[0], colorings.items(), strict=True):
        groups = np.asarray(groups).astype(int)
        if len(groups) != len(points):
            raise ValueError(f"{title!r} has {len(groups)} entries, {len(points)} points: give one for each")
        labels = (names or {}).get(title)
        for group in np.unique(groups):
            chosen = points[groups == group]
            axes.scatter(
                *chosen.T, s=30, color=DARK[group % len(DARK)], marker=MARKS[group % len(MARKS)],
                edgecolors="white", linewidths=0.4, label=labels[group] if labels else str(group),
            )  # fmt: skip
        axes.set(title=title, xticks=[], yticks=[])
        axes.spines[:].set_color("#CCCCCC")
        axes.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.02), frameon=False, fontsize=10, handletextpad=0.2,
            labelspacing=0.3,
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
