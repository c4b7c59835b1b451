"""Figures of `ecg_lstm`: one step of an LSTM, accuracies beside each other."""

from matplotlib import pyplot as plt

from dlh.plots.shared import BLUE, GREEN, INK, ORANGE, arrow, box, caption, diagram


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
        (2.7, r"$F_t$", r"$\sigma$", "forget gate", GREEN),
        (4.7, r"$I_t$", r"$\sigma$", "input gate", GREEN),
        (6.3, r"$\tilde{C}_t$", r"$\tanh$", "input node", ORANGE),
        (8.1, r"$O_t$", r"$\sigma$", "output gate", GREEN),
    ]:
        arrow(axes, (x, 1.1), (x, 1.75), BLUE)
        box(axes, x - 0.5, 1.8, 1.0, 0.8, function, color)
        caption(axes, x, 0.78, words, fontsize=8.5, color=color)
        caption(axes, x + 0.36, 2.95, name, fontsize=11, color=color)
    box(axes, 9.4, 3.5, 1.0, 0.65, r"$\tanh$", ORANGE)
    for start, end, color in [
        ((0.55, 5.0), (11.3, 5.0), ORANGE),  # the cell state
        ((2.7, 2.65), (2.7, 4.72), INK),  # what it keeps
        ((4.7, 2.65), (5.3, 3.62), INK), ((6.3, 2.65), (5.7, 3.62), INK),  # what is new, and how much of it
        ((5.5, 4.13), (5.5, 4.72), INK),
        ((9.9, 5.0), (9.9, 4.2), ORANGE), ((9.9, 3.45), (9.9, 2.48), ORANGE),  # what is shown of it
        ((8.65, 2.2), (9.62, 2.2), INK), ((10.18, 2.2), (11.3, 2.2), BLUE),
    ]:  # fmt: skip
        arrow(axes, start, end, color)
    for x, y, sign in [(2.7, 5.0, r"$\odot$"), (5.5, 3.85, r"$\odot$"), (5.5, 5.0, "$+$"), (9.9, 2.2, r"$\odot$")]:
        axes.scatter([x], [y], s=330, color="white", edgecolors=INK, linewidths=1.2, zorder=3)
        caption(axes, x, y, sign, fontsize=13, zorder=4)
    for x, y, name, color in [
        (0.15, 5.0, "$C_{t-1}$", ORANGE), (11.75, 5.0, "$C_t$", ORANGE), (0.1, 1.1, "$H_{t-1}$", BLUE),
        (1.5, 0.08, "$X_t$", BLUE), (11.75, 2.2, "$H_t$", BLUE),
    ]:  # fmt: skip
        caption(axes, x, y, name, fontsize=13, color=color)
    for x, y, words, color in [
        (2.7, 5.62, "keep", ORANGE), (5.5, 5.62, "add", ORANGE), (4.1, 3.85, "let in", INK), (9.9, 1.62, "show", INK),
    ]:  # fmt: skip
        caption(axes, x, y, words, color=color)
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
        for augmented, color, label in ((False, BLUE, "chunks cut once"), (True, ORANGE, "augmented")):
            places = [models.index(model) + 0.2 * (1 if augmented else -1) for model, flag in bars if flag == augmented]
            values = [value for (_, flag), value in bars.items() if flag == augmented]
            drawn = axes.barh(places, values, height=0.37, color=color, label=label)
            axes.bar_label(drawn, fmt="%.2f", padding=-24, fontsize=8, color="white")
        marks = {key: value for key, value in (published or {}).get(title, {}).items() if key in bars}
        if marks:
            heights = [models.index(model) + 0.2 * (1 if augmented else -1) for model, augmented in marks]
            axes.scatter(list(marks.values()), heights, marker="|", s=130, color="black", linewidths=2.2,
                         label="published", zorder=3)  # fmt: skip
        axes.axvline(0.5, color=INK, linestyle=":", linewidth=1)
        axes.set(title=f"Accuracy: {title}", xlim=(0, 1), ylim=(len(models) - 0.5, -0.5), xlabel="0.5 is guessing")
        axes.set_yticks(range(len(models)), models)
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(*row[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure
