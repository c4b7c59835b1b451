"""Figures of `som_vae`: the network, images, maps of images, the way of a time series over a map."""

import itertools

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from dlh.plots.shared import BLUE, GREEN, INK, ORANGE, arrow, box, caption, clean, diagram, strip

# Orange for letters: on white it has 4.5 times the contrast.
RUST = "#A85400"
GRAY = "#666666"
# From wing 0 to wing 1, pale enough for letters.
WINGS = ["#9EC9E8", "#FFFFFF", "#F5C08A"]
# Of nodes with fewer samples, the share of the most frequent class is not drawn.
FEW = 3


def draw_som_vae():
    """Draw the SOM-VAE: an image, its encoding, the map with the nearest node and its neighbors, two decoders.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, axes = diagram((11.5, 4.4), (-0.1, 15.4), (-0.35, 6.0))
    _draw_seven(axes, 0.1, 2.1, 0, "image $x$")
    arrow(axes, (1.5, 2.75), (2.0, 2.75))
    box(axes, 2.1, 2.3, 1.5, 0.9, "encoder", BLUE)
    arrow(axes, (3.7, 2.75), (4.15, 2.75))
    strip(axes, 4.25, 2.58, np.random.default_rng(1).random(6), BLUE, width=0.16)
    caption(axes, 4.73, 3.2, "encoding $z_e$", color=BLUE)

    _draw_nodes(axes, nearest=(2, 1))
    caption(axes, 8.2, 4.3, "the map: each node an embedding", fontweight="bold", fontsize=9)
    arrow(axes, (5.3, 2.7), (7.62, 2.36), ORANGE)
    caption(axes, 6.2, 2.1, "nearest\nnode $k$", color=RUST)
    caption(axes, 8.2, 1.05, "the node and its neighbors\nare pulled to $z_e$", color=RUST, fontsize=9)

    # Sharper from the encoding than from the node.
    arrow(axes, (8.05, 2.35), (10.9, 1.3), ORANGE)
    caption(axes, 10.1, 2.05, "$z_q$", color=RUST, fontsize=11)
    arrow(axes, (4.75, 3.45), (10.9, 4.55), BLUE, curve=-0.42)
    for y, blur, name in [(0.75, 2.5, "from the node, $x_q$"), (3.95, 0.25, "from the encoding, $x_e$")]:
        box(axes, 11.0, y, 1.6, 0.9, "decoder", GREEN)
        arrow(axes, (12.7, y + 0.45), (13.2, y + 0.45))
        _draw_seven(axes, 13.3, y - 0.2, blur, name)
    # One step in time.
    arrow(axes, (7.85, 2.55), (8.45, 3.05), curve=-0.4)
    caption(axes, 8.2, 0.1, "over time: a walk from node to node,\nwith a probability for each step", fontsize=9)
    figure.tight_layout(pad=0.2)
    return figure


def _draw_seven(axes, x, y, blur, name):
    """An image of a seven, and its name below; (x, y) is its lower left corner."""
    across, down = np.meshgrid(np.linspace(0, 1, 28), np.linspace(0, 1, 28))
    distance = np.minimum(
        np.hypot(down - 0.2, np.clip(np.abs(across - 0.5) - 0.25, 0, None)),
        np.where(down > 0.2, np.abs(across - 0.75 + 0.5 * (down - 0.2)), 1) + np.clip(down - 0.85, 0, None),
    )
    seven = np.exp(-((distance / 0.09) ** 2) / (1 + blur))
    axes.imshow(seven, cmap="gray_r", extent=(x, x + 1.3, y, y + 1.3), vmin=0, vmax=1, zorder=2)
    axes.add_patch(Rectangle((x, y), 1.3, 1.3, fill=False, edgecolor="#999999", linewidth=0.8, zorder=3))
    caption(axes, x + 0.65, y - 0.25, name)


def _draw_nodes(axes, nearest):
    """A map of 4 x 4 nodes, with one of them (row, column) and its neighbors in color."""
    rows, columns = 3.85 - 0.75 * np.arange(4), 7.1 + 0.75 * np.arange(4)
    for (row, y), (column, x) in itertools.product(enumerate(rows), enumerate(columns)):
        for right, down in [(x + 0.75, y)] * (column < 3) + [(x, y - 0.75)] * (row < 3):
            axes.plot([x, right], [y, down], color="#DDDDDD", linewidth=1, zorder=0)
        apart = abs(row - nearest[0]) + abs(column - nearest[1])
        color = ORANGE if apart <= 1 else "#BBBBBB"
        axes.scatter(x, y, s=150, color=color, alpha=1 if apart == 0 else 0.55, zorder=2, edgecolors="white")


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
    height = 1.05 if titles is None else 1.35
    figure, axes = plt.subplots(rows, columns, figsize=(columns, height * rows), squeeze=False, layout="constrained")
    for place in axes.flat:
        place.axis("off")
    for index, (place, image) in enumerate(zip(axes.flat, images, strict=False)):
        place.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        if titles is not None:
            place.set_title(titles[index], fontsize=10)
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
    axes.tick_params(length=0, labelsize=9, labelcolor=GRAY)
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
    figure = plt.figure(figsize=(11.5, 7.4), layout="constrained")
    places = figure.subplot_mosaic([["decoded", "distances"], ["decoded", "members"]], width_ratios=(1.9, 1))
    _map_mosaic(places["decoded"], images)
    places["decoded"].set_title("what each node decodes to")
    shown = places["distances"].imshow(u_matrix(embeddings), cmap="cividis")
    bar = figure.colorbar(shown, ax=places["distances"], shrink=0.9)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9)
    places["distances"].set_title("U-matrix: distance to the neighbors", fontsize=11)
    _draw_members(places["members"], rows, columns, nodes, labels)
    for name in ("distances", "members"):
        places[name].set(xticks=range(columns), yticks=range(rows))
        places[name].tick_params(length=0, labelsize=9, labelcolor=GRAY)
        places[name].spines[:].set_visible(False)
    return figure


def _draw_members(axes, rows, columns, nodes, labels):
    """The most frequent class of each node, and how many samples it has; darker where more are of that class."""
    counts = np.zeros((rows * columns, max(labels) + 1), dtype=int)
    np.add.at(counts, (nodes, labels), 1)
    sizes = counts.sum(axis=1)
    # One or two samples say nothing of how pure a node is.
    share = np.divide(counts.max(axis=1), sizes, out=np.full(len(sizes), np.nan), where=sizes >= FEW)
    axes.imshow(share.reshape(rows, columns), cmap="Blues", vmin=0, vmax=2.2)
    for node, size in enumerate(sizes):
        row, column = divmod(node, columns)
        if size:
            caption(axes, column, row - 0.16, f"{counts[node].argmax()}", fontsize=11)
            caption(axes, column, row + 0.3, f"{size}", fontsize=9)
    axes.set_title(f"most frequent class, number of images\n(darker: purer; white: fewer than {FEW})", fontsize=11)


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
    figure = plt.figure(figsize=(11.5, 5), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.05, 1))
    walk = left.subplots()
    _map_mosaic(walk, 0.45 * images)
    _draw_way(walk, nodes, transitions, columns=images.shape[1])
    walk.set_title(title, fontsize=11)

    above, below = right.subfigures(2, 1, height_ratios=(1, 2.4))
    for place, step in zip(above.subplots(1, shown), np.linspace(0, len(nodes) - 1, shown).astype(int), strict=True):
        place.imshow(series[step], cmap="gray_r", vmin=0, vmax=1)
        place.axis("off")
        place.set_title(step, fontsize=9, color=GRAY)
    _draw_steps(below.subplots(), nodes, transitions)
    return figure


def _draw_way(axes, nodes, transitions, columns):
    """An arrow with a probability for each move from node to node, from the start to the end."""
    row, column = np.divmod(nodes, columns)
    stops = np.concatenate([[0], np.flatnonzero(np.diff(nodes)) + 1])
    for before, after in itertools.pairwise(stops):
        start, end = (column[before], row[before]), (column[after], row[after])
        axes.annotate(
            "", end, start,
            arrowprops={"arrowstyle": "-|>", "color": RUST, "linewidth": 2, "shrinkA": 5, "shrinkB": 5,
                        "connectionstyle": "arc3,rad=0.15"},
        )  # fmt: skip
        # On the arc, whose middle is half as far from the straight line as its control point; y runs downwards.
        middle = (np.add(start, end) / 2 + 0.075 * np.array([start[1] - end[1], end[0] - start[0]])).tolist()
        paper = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
        probability = transitions[nodes[before], nodes[after]]
        label = f"{probability:.0%}" if probability >= 0.01 else "< 1%"
        caption(axes, *middle, label, fontsize=9, bbox=paper)
    axes.scatter(column[0], row[0], s=90, color=BLUE, zorder=3, label="start")
    axes.scatter(column[-1], row[-1], s=90, color=GREEN, marker="s", zorder=3, label="end")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.05), ncols=2, frameon=False, fontsize=10)


def _draw_steps(axes, nodes, transitions):
    """The probability of each step, of those that stay and of those that move."""
    taken = transitions[nodes[:-1], nodes[1:]]
    stays = np.diff(nodes) == 0
    times = np.arange(1, len(nodes))
    axes.semilogy(times, taken, color="#CCCCCC", linewidth=1, zorder=0)
    axes.scatter(times[stays], taken[stays], s=14, color=GRAY, label="stays")
    axes.scatter(times[~stays], taken[~stays], s=36, color=RUST, marker="D", label="moves")
    axes.axhline(1 / len(transitions), color=GRAY, linestyle="--", linewidth=1, label="by chance")
    axes.set(xlabel="step", ylabel="probability of the step", ylim=(min(5e-3, taken.min() / 2), 1.5))
    axes.legend(frameon=False, fontsize=10, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    clean(axes)


def draw_node(node, images, transitions, distances, members, shown=12):
    """Draw one node of a map: itself, where a step leads from it, how far all others are, and who lives there.

    Parameters
    ----------
    node : int, counted row after row
    images : (rows, columns, height, width) floats, the decoded nodes
    transitions : (nodes, nodes) floats, the transition probabilities, [from, to]
    distances : (rows, columns) floats, how far each node is from this one in the latent space
    members : (n, height, width) floats, the images that live there
    shown : int, how many of these to draw

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    rows, columns = images.shape[:2]
    figure = plt.figure(figsize=(11.5, 5.6), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(3.6, 1))
    places = above.subplots(1, 3)
    _map_mosaic(places[0], images)
    places[0].set_title(f"the map; node {node} is framed", fontsize=11)
    onwards = transitions[node].reshape(rows, columns)
    # Pale enough for letters.
    places[1].imshow(np.sqrt(onwards), cmap="Oranges", vmin=0, vmax=2)
    for (row, column), probability in np.ndenumerate(onwards):
        if probability >= 0.01:
            caption(places[1], column, row, f"{probability:.0%}", fontsize=9)
    places[1].set_title("where its next step leads, from 1% on", fontsize=11)
    bar = above.colorbar(places[2].imshow(distances, cmap="cividis"), ax=places[2], shrink=0.8)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9)
    places[2].set_title("distance from it, in the latent space", fontsize=11)
    row, column = divmod(node, columns)
    for axes in places:
        for color, linewidth in (("white", 5), (RUST, 2.5)):
            style = {"fill": False, "edgecolor": color, "linewidth": linewidth, "clip_on": False}
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **style))
        axes.set(xticks=range(columns), yticks=range(rows))
        axes.tick_params(length=0, labelsize=9, labelcolor=GRAY)
        axes.spines[:].set_visible(False)
    _draw_members_of(below, members, shown)
    return figure


def _draw_members_of(figure, members, shown):
    """The first of the images that live at a node, and how many there are."""
    row = figure.subplots(1, shown)
    for axes in row:
        axes.axis("off")
    for axes, image in zip(row, members, strict=False):
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
    first = f", the first {shown}" if len(members) > shown else ""
    figure.suptitle(f"test images that live there: {len(members)}{first}", fontsize=11)


def draw_lorenz(states, wings, way=60):
    """Draw states of the Lorenz system, seen from the side (x and z), and the way of one series.

    Parameters
    ----------
    states : (series, steps, 3) floats
    wings : (series, steps) ints, 0 or 1
    way : int, how many steps of the first series to draw as a line

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), width_ratios=(1, 1.3), layout="constrained")
    for number, color, marker in ((0, BLUE, "o"), (1, RUST, "^")):
        x, _, z = states[wings == number].T
        left.scatter(x, z, s=6, color=color, marker=marker, alpha=0.5, label=f"wing {number}")
    left.plot(states[0, :way, 0], states[0, :way, 2], color="black", linewidth=1, label="one way")
    left.set(xlabel="x", ylabel="z", title="seen from the side")
    left.legend(frameon=False, fontsize=10, markerscale=2.5, loc="lower right")
    right.plot(states[0, :, 0], color="black", linewidth=1, marker=".")
    right.axhline(0, color=GRAY, linestyle="--", linewidth=1)
    right.set(xlabel="step", ylabel="x", title="the same way over time: x changes its sign with the wing")
    clean(left)
    clean(right)
    return figure


def draw_states(places, share, transitions, states):
    """Draw a map's nodes among the states that it is of, and which of them belong to which wing.

    Parameters
    ----------
    places : (rows, columns, 2) floats, where each node lies among the states
    share : (rows, columns) floats, which share of its states are of wing 1; NaN where it has none
    transitions : (nodes, nodes) floats, [from, to]; an arrow leads from each node to its likeliest other
    states : (n, 2) floats

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    rows, columns = share.shape
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11.5, 5.4), width_ratios=(1.25, 1), layout="constrained"
    )
    left.scatter(*states.T, s=4, color="#BBBBBB")
    for of, color, marker, wing in ((share < 0.5, BLUE, "o", 0), (share >= 0.5, RUST, "^", 1)):
        left.scatter(*places[of].T, s=45, color=color, marker=marker, zorder=3, label=f"node of wing {wing}")
    onwards = np.array(transitions)
    np.fill_diagonal(onwards, 0)
    stops = places.reshape(-1, 2)
    for node in np.flatnonzero(~np.isnan(share.ravel())):
        left.annotate(
            "", stops[onwards[node].argmax()].tolist(), stops[node].tolist(),
            arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "shrinkA": 3, "shrinkB": 4},
        )  # fmt: skip
    left.set(xlabel="x", ylabel="z", title="the nodes among the states; arrows: the likeliest move")
    left.legend(frameon=False, fontsize=10, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
    clean(left)
    right.imshow(share, cmap=LinearSegmentedColormap.from_list("wings", WINGS), vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(share):
        if not np.isnan(value):
            caption(right, column, row, f"{value:.1f}", fontsize=10)
    right.set(xticks=range(columns), yticks=range(rows), title="the map: share of wing 1")
    right.tick_params(length=0, labelsize=9, labelcolor=GRAY)
    right.spines[:].set_visible(False)
    return figure
