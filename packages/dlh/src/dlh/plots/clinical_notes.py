"""Figures of `clinical_notes`: the network, notes in color, attention between words, curves with their spread."""

import itertools

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.ticker import MaxNLocator

from dlh.plots.shared import BLUE, COLORS, GREEN, INK, ORANGE, arrow, box, caption, clean, diagram, strip

# Dark enough to be read on white, and a mark for whoever does not tell colors apart.
DARK, MARKS = ("#0063A0", "#A34E00", "#00704F", "#A03A75"), "●■▲◆"
GRAY, SKY = "#6B6B6B", "#A9D3EE"


def draw_transformer():
    """Draw the note classifier: words and positions, blocks of attention and small networks, the mean, the verdicts.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = diagram((11.5, 4.4), (-0.1, 15.9), (-0.35, 5.75))
    words = ["patient", "denies", "acute", "cough", "sputum", "<PAD>"]
    rows = 4.05 - 0.72 * np.arange(len(words))
    _draw_words(axes, words, rows)
    _draw_block(axes, 4.35, "block 1", rows[:5])
    _draw_block(axes, 8.6, "block 2", rows[:5])
    for y in rows[:5]:
        arrow(axes, (12.6, y), (13.2, 2.6 + 0.1 * (y - 2.6)), "#999999")
    caption(axes, 13.65, 2.6, "mean\nof the\nwords", fontweight="bold")
    for y, name in zip((4.0, 3.1, 2.1, 1.2), ("Cardiac", "Respiratory", "Renal", "Diabetes"), strict=True):
        denied = name == "Respiratory"
        arrow(axes, (14.1, 2.6 + 0.2 * (y - 2.6)), (14.5, y))
        caption(axes, 14.6, y, name, ha="left", color=DARK[1] if denied else INK)
        if denied:
            caption(axes, 14.6, y - 0.34, "but denied", ha="left", color=DARK[1])
    caption(axes, 8.4, 5.5, "every word looks at every word; the shortcuts around each step are not drawn")
    caption(axes, 0.75, -0.1, "nobody looks here", color=GRAY)
    figure.tight_layout(pad=0.2)
    return figure


def _draw_words(axes, words, rows):
    """The words of a note, one below the other, each with the vectors of its meaning and of its position."""
    for y, word in zip(rows, words, strict=True):
        padding = word == "<PAD>"
        color = DARK[1] if word == "denies" else GRAY if padding else INK
        caption(axes, 0.75, y, word, color=color, fontweight="bold" if word == "denies" else "normal")
        arrow(axes, (1.4, y), (1.75, y), "#BBBBBB" if padding else INK)
        caption(axes, 2.9, y, "$+$", fontsize=12)
    rng = np.random.default_rng(5)
    for x, name, color in ((1.85, "word", BLUE), (3.1, "position", DARK[2])):
        for y, word in zip(rows, words, strict=True):
            values = np.zeros(5) if word == "<PAD>" else rng.random(5) * 0.85 + 0.1
            strip(axes, x, y - 0.17, values, color)
        caption(axes, x + 0.4, 4.85, name, color=color)


def _draw_block(axes, x, name, rows):
    """One block: the fourth and the fifth word look at "denies", nobody at the padding; then norms and networks."""
    axes.add_patch(
        FancyBboxPatch((x, -0.1), 3.9, 4.75, boxstyle="round,pad=0.02,rounding_size=0.15", facecolor="#FAFAFA",
                       edgecolor="#BBBBBB", linewidth=1)
    )  # fmt: skip
    caption(axes, x + 1.95, 4.95, name, fontweight="bold")
    for target in rows[3:]:
        for source in rows:
            arrow(axes, (x + 0.2, source), (x + 1.25, target), ORANGE if source == rows[1] else "#DDDDDD")
    for y in rows:
        box(axes, x + 1.45, y - 0.2, 0.75, 0.4, "norm", GREEN)
        box(axes, x + 2.35, y - 0.2, 1.35, 0.4, "ffn, norm", BLUE)
    caption(axes, x + 0.75, 4.4, "attention", color=DARK[1])


def draw_notes(notes, groups, cues):
    """Write notes out, each term in the color of its diagnosis and behind its mark.

    Parameters
    ----------
    notes : list of (words, title) pairs, a list of str and a str
    groups : dict from a diagnosis' name to its terms
    cues : the words that negate, drawn white on black

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    marks = dict(zip(groups, zip(DARK, MARKS, strict=True), strict=False))
    looks = {word: marks[name] for name, terms in groups.items() for word in terms}
    # Characters of this size that fit on a line.
    width, height = 130, 0.0
    lines = []
    for words, title in notes:
        lines.append((0, height, title, {"fontweight": "bold", "fontsize": 9}))
        height -= 1.25
        x = 0
        for word in words:
            color, mark = looks.get(word, (GRAY, ""))
            style = {"color": color}
            if x + len(mark + word) > width:
                x, height = 0, height - 1.1
            if word in cues:
                style = {"color": "white", "bbox": {"facecolor": "black", "pad": 1.5, "edgecolor": "none"}}
            lines.append((x, height, mark + word, style | {"family": "monospace", "fontsize": 9.5}))
            x += len(mark + word) + 1
        height -= 1.7
    figure, axes = plt.subplots(figsize=(11, -0.22 * height + 0.3))
    axes.set(xlim=(0, width + 1), ylim=(height, 1.0))
    axes.axis("off")
    for x, y, text, style in lines:
        axes.text(x, y, text, va="center", **style)
    for place, (name, (color, mark)) in enumerate(marks.items()):
        axes.text(20 * place, height + 0.4, f"{mark} {name}", color=color, fontsize=9, fontweight="bold", va="center")
    axes.text(20 * len(groups), height + 0.4, " negates ", color="white", fontsize=9, va="center",
              bbox={"facecolor": "black", "pad": 1.5, "edgecolor": "none"})  # fmt: skip
    figure.tight_layout(pad=0.2)
    return figure


def draw_labels(labels, mentioned, names):
    """Draw how often each diagnosis is found, and how often negated, and how many are found in a note.

    Parameters
    ----------
    labels : (notes, diagnoses) array, 0 and 1
    mentioned : (notes, diagnoses) bool array
    names : list of str, of the diagnoses

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3), layout="constrained", width_ratios=[2, 1])
    found, negated = labels.mean(axis=0), (mentioned & (labels == 0)).mean(axis=0)
    places = np.arange(len(names))
    kinds = (("found", found, BLUE, ""), ("mentioned, negated", negated, ORANGE, "//"))
    for shift, (name, shares, color, hatch) in zip((-0.2, 0.2), kinds, strict=True):
        bars = left.bar(places + shift, shares, 0.38, color=color, hatch=hatch, edgecolor="white", label=name)
        left.bar_label(bars, fmt="%.2f", fontsize=9)
    left.set_xticks(places, names)
    left.set(title="share of the notes", ylim=(0, 1.25 * found.max()))
    left.legend(frameon=False, ncols=2, loc="upper right")
    counts = np.bincount(labels.sum(axis=1).astype(int))
    right.bar_label(right.bar(np.arange(len(counts)), counts, color=GREEN), fontsize=9)
    right.set_xticks(np.arange(len(counts)))
    right.set(title="notes, by the diagnoses found in them", ylim=(0, 1.15 * counts.max()))
    for axes in (left, right):
        clean(axes)
    return figure


def draw_heads(attention, words, scopes, title=""):
    """Draw the attention between the words of a note, a panel for each head, with what negates and what is negated.

    A row is a word that looks, a column a word that is looked at. Cues are white on black, the terms that they negate
    are bold, and a frame in each panel marks where these look at their cue.

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
        1, heads, figsize=(3.9 * heads + 0.9, 5.6), sharey=True, squeeze=False, layout="constrained"
    )
    cues = {cue for cue, _ in scopes}
    negated = {position for _, terms in scopes for position in terms}
    for number, (axes, head) in enumerate(zip(row[0], attention, strict=True)):
        image = axes.imshow(head, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.set_title(f"head {number + 1}", fontsize=10)
        axes.set_xticks(range(length), words, rotation=90, fontsize=9)
        axes.set_yticks(range(length), words, fontsize=9)
        axes.tick_params(length=0, pad=3)
        for label in (axes.get_xticklabels(), axes.get_yticklabels()):
            for position, text in enumerate(label):
                if position in cues:
                    text.set(color="white", bbox={"facecolor": "black", "pad": 0.8, "edgecolor": "none"})
                elif position in negated:
                    text.set(color=DARK[1], fontweight="bold")
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


def draw_reading(words, known, looked_at, probabilities, groups, cues, title=""):
    """Draw what a classifier makes of one note: how much it looks at each word, and what it finds.

    Below each word stands a bar as high as it is looked at, and the number; from twice as much as by chance, the bar is
    hatched. Words are as in `draw_notes`; one that the vocabulary lacks has a question mark.

    Parameters
    ----------
    words : list of length str
    known : (length,) bools, whether the vocabulary has the word
    looked_at : (length,) floats, how much each word is looked at; 1 is what chance would give
    probabilities : list of floats, of each diagnosis, in the order of the groups
    groups : dict from a diagnosis' name to its terms
    cues : the words that negate
    title : str

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    # Characters of this size that fit on a line.
    width, places, line, x = 84, [], 0, 0
    for word in words:
        room = max(len(word) + 2, 5)
        if x + room > width:
            line, x = line + 1, 0
        places.append((x, -line))
        x += room + 1
    figure, (note, bars) = plt.subplots(
        1, 2, figsize=(11, 0.85 * max(line + 1, 2) + 1), width_ratios=[3, 1], layout="constrained"
    )
    marks = dict(zip(groups, zip(DARK, MARKS, strict=True), strict=False))
    looks = {word: marks[name] for name, terms in groups.items() for word in terms}
    tallest = max(2.0, *looked_at)
    for (left, y), word, is_known, value in zip(places, words, known, looked_at, strict=True):
        _draw_word(note, left, y, word if is_known else word + "?", looks.get(word), word in cues)
        hatch = "////" if value >= 2 else ""
        height = 0.36 * value / tallest
        note.bar(left, height, 3.4, y - 0.62, color=SKY, hatch=hatch, edgecolor=DARK[0], linewidth=0.6, align="edge")
        caption(note, left, y - 0.74, f"{value:.1f}", ha="left")
    note.set(xlim=(-0.5, width), ylim=(-line - 0.9, 0.35))
    note.set_title(title, fontsize=10)
    note.axis("off")
    _draw_verdicts(bars, probabilities, marks)
    return figure


def _draw_word(axes, x, y, word, look, negates):
    """A word of a note: a cue white on black, a term in the color of its diagnosis and behind its mark."""
    color, mark = look or (GRAY, "")
    style = {"color": color, "fontstyle": "italic" if word.endswith("?") else "normal"}
    if negates:
        style = {"color": "white", "bbox": {"facecolor": "black", "pad": 1.5, "edgecolor": "none"}}
    axes.text(x, y, mark + word, va="center", family="monospace", fontsize=10, **style)


def _draw_verdicts(axes, probabilities, marks):
    """A bar for the probability of each diagnosis, from above; hatched where it is found."""
    rows = np.arange(len(probabilities))
    hatches = ["////" if value > 0.5 else "" for value in probabilities]
    axes.barh(rows, probabilities, color=SKY, hatch=hatches, edgecolor=DARK[0], linewidth=0.6)
    for row, value in enumerate(probabilities):
        # Within the bar there would be hatches behind it.
        caption(axes, 1.04, row, f"{value:.2f} {'found' if value > 0.5 else 'not found'}", ha="left")
    axes.axvline(0.5, color=INK, linestyle="--", linewidth=1)
    axes.set_yticks(rows, [f"{mark} {name}" for name, (_, mark) in marks.items()], fontsize=10)
    for label, (color, _) in zip(axes.get_yticklabels(), marks.values(), strict=True):
        label.set(color=color, fontweight="bold")
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5), xticks=(0, 0.5, 1))
    axes.set_title("probability", fontsize=10)
    clean(axes)


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
    looks = zip(itertools.cycle(DARK), itertools.cycle("os^vDX"), itertools.cycle(("-", "--", ":")), strict=False)
    for (color, marker, line), (name, (mean, low, high)) in zip(looks, bands.items(), strict=False):
        epochs = np.arange(1, len(mean) + 1)
        axes.fill_between(epochs, low, high, color=color, alpha=0.18, linewidth=0)
        axes.plot(epochs, mean, color=color, marker=marker, linestyle=line, markersize=5, label=name)
    for name, height in (levels or {}).items():
        axes.axhline(height, color="#666666", linestyle="-.", linewidth=1, label=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.legend(frameon=False, fontsize=9, bbox_to_anchor=(1, 1), loc="upper left")
    axes.grid(alpha=0.3)
    clean(axes)
    return figure
