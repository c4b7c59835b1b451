"""What the figures of all notebooks share: the colors, and the parts that diagrams of networks are made of."""

from IPython.display import display
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

# Okabe and Ito's palette: colors that stay apart for color-blind readers, light gray last.
COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000", "#999999"]

# As frames and arrows they are seen on white; the palette's orange is too light for that.
BLUE, ORANGE, GREEN = COLORS[0], "#C77700", COLORS[2]
INK, PALE = "#333333", "#F2F2F2"


def diagram(size, xlim, ylim):
    """An empty sheet for a diagram, without ticks, whose two axes have one scale.

    Parameters
    ----------
    size : (width, height) in inches
    xlim, ylim : pairs of float

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    axes : `matplotlib.axes.Axes`
    """
    figure, axes = plt.subplots(figsize=size)
    axes.set(xlim=xlim, ylim=ylim, aspect="equal")
    axes.axis("off")
    return figure, axes


def caption(axes, x, y, text, **style):
    """A small text, centered at (x, y) unless its style says otherwise."""
    axes.text(x, y, text, **{"ha": "center", "va": "center", "fontsize": 9, "color": INK, **style})


def strip(axes, x, y, values, color, width=0.16, height=0.34, vertical=False):
    """A row (or column) of little cells, each as dark as its value in [0, 1]."""
    for index, value in enumerate(values):
        corner = (x, y - index * width) if vertical else (x + index * width, y)
        size = (height, width) if vertical else (width, height)
        axes.add_patch(Rectangle(corner, *size, facecolor=PALE, edgecolor="none"))
        axes.add_patch(Rectangle(corner, *size, facecolor=color, alpha=float(value), edgecolor="none"))
        axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor="white", linewidth=0.8))


def arrow(axes, start, end, color=INK, style="-", curve=0.0):
    """An arrow from one point to another, bent to the side where `curve` is not 0."""
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=11, color=color, linewidth=1.2, linestyle=style,
            connectionstyle=f"arc3,rad={curve}", shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip


def box(axes, x, y, width, height, label, color):
    """A box with round corners and a label; (x, y) is its lower left corner."""
    # The color fills it faintly, and frames it fully.
    for style in ({"facecolor": color, "alpha": 0.16, "edgecolor": "none"},
                  {"fill": False, "edgecolor": color, "linewidth": 1.4}):  # fmt: skip
        rounded = "round,pad=0.02,rounding_size=0.1"
        axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=rounded, **style))
    caption(axes, x + width / 2, y + height / 2, label, fontsize=10)


def clean(axes):
    """The axes, without the lines above and on the right."""
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def show(figure, words):
    """Show a figure in a notebook, with words for whoever does not see it, which are read out in its place.

    Parameters
    ----------
    figure : `matplotlib.figure.Figure`
    words : str, what is to be seen in it, in a sentence
    """
    display(figure, metadata={"image/png": {"alt": words}})
    # Else it would be shown a second time below the cell.
    plt.close(figure)
