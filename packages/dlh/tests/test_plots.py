"""The figures: what they say, and that what they draw stands where it should."""

import itertools

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from dlh import ecg_features, plots
from dlh.data import lorenz, notes


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def contrast(color):
    """That of a color with white, 1 to 21."""
    red, green, blue = (((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color))
    return 1.05 / (0.05 + 0.2126 * red + 0.7152 * green + 0.0722 * blue)


# seq2seq


def test_autoencoder_names_its_parts():
    texts = " ".join(text.get_text() for text in plots.draw_autoencoder().axes[0].texts)
    for part in ("Encoder", "Decoder", "CNN", "attention", "context", "GRU", "clusters"):
        assert part in texts


def test_live_curves_hold_each_epoch():
    curves = plots.LiveCurves(3)
    curves.add(1, 80.0, 0.1)
    curves.add(2, 90.0, 0.4)
    loss_axes, f1_axes = curves.figure.axes
    assert loss_axes.lines[0].get_xydata().tolist() == [[1, 80], [2, 90]]
    assert f1_axes.lines[0].get_xydata().tolist() == [[1, 0.1], [2, 0.4]]
    assert loss_axes.get_ylim()[1] > 90
    assert not plt.get_fignums(), "an open figure would be shown a second time below the cell"


def test_scatter_panels_color_the_same_points():
    points = np.arange(12.0).reshape(6, 2)
    figure = plots.scatter_panels(
        points,
        {"label": [0, 0, 1, 1, 1, 0], "cluster": [2, 2, 2, 0, 0, 0]},
        {"label": ["without", "with"]},
    )
    first, second = figure.axes
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["without", "with"]
    assert [text.get_text() for text in second.get_legend().get_texts()] == ["0", "2"]
    assert first.collections[1].get_offsets().tolist() == points[2:5].tolist()
    assert second.collections[0].get_offsets().tolist() == points[3:].tolist()


def test_scatter_panels_tell_groups_apart_without_color():
    axes = plots.scatter_panels(np.arange(24.0).reshape(12, 2), {"kind": np.arange(12) % 6}).axes[0]
    marks = {tuple(map(tuple, group.get_paths()[0].vertices.round(3))) for group in axes.collections}
    assert len(marks) == 6


def test_scatter_panels_refuse_groups_of_other_points():
    with pytest.raises(ValueError, match="'label' has 2 entries, 3 points"):
        plots.scatter_panels(np.zeros((3, 2)), {"label": [0, 1]})


def test_match_groups_undoes_a_renumbering():
    reference = np.random.default_rng(0).integers(0, 5, 60)
    renumbered = np.array([3, 0, 4, 1, 2])[reference]
    assert plots.match_groups(renumbered, reference).tolist() == reference.tolist()


def test_match_groups_keeps_more_and_fewer_groups_apart():
    assert plots.match_groups([1, 1, 0, 0], [0, 1, 2, 2]).tolist()[2:] == [2, 2]
    more = plots.match_groups([0, 0, 1, 2, 2, 3], [1, 1, 1, 0, 0, 0])
    assert len(set(more.tolist())) == 4
    assert more.tolist()[:2] == [1, 1] and more.tolist()[3:5] == [0, 0]
    assert {more[2], more[5]} == {2, 3}


def test_codes_that_come_back_are_left_out_or_added_have_marks_of_their_own():
    true = np.array([[1, 1, 0, 0], [0, 1, 0, 0]], dtype=bool)
    predicted = np.array([[1, 0, 0, 1], [0, 1, 0, 0]], dtype=bool)
    attention, codes = plots.draw_reconstruction(true, predicted, np.array([0.75, 0.25]), "a patient").axes
    assert [bar.get_width() for bar in attention.patches] == [0.75, 0.25]
    assert [text.get_text() for text in attention.texts] == ["0.75", "0.25"]
    places = [points.get_offsets().tolist() for points in codes.collections]
    assert places == [[[0, 0], [1, 1]], [[1, 0]], [[3, 0]]]
    assert [text.get_text() for text in codes.get_legend().get_texts()] == ["right: 2", "left out: 1", "added: 1"]
    assert len({tuple(map(tuple, group.get_paths()[0].vertices.round(3))) for group in codes.collections}) == 3


def test_a_patient_without_any_visit_is_drawn_all_the_same():
    none = np.zeros((0, 7), dtype=bool)
    plots.draw_reconstruction(none, none, np.zeros(0)).canvas.draw()


# mina


def test_attention_is_drawn_where_it_is():
    segment = noise(4, 3000)
    beta = np.random.default_rng(1).dirichlet(np.ones(60), 4)
    alpha = np.random.default_rng(2).dirichlet(np.ones(10), (4, 60))
    figure = plots.draw_attention(segment, alpha, beta, np.array([0.1, 0.2, 0.6, 0.1]), list("abcd"), title="t")
    levels = {axes.get_title().split(" ")[0]: axes for axes in figure.axes}
    rhythm, beats, bands = levels["rhythm"], levels["beat"], levels["frequency"]
    assert np.allclose(rhythm.collections[0].get_array().ravel(), beta[2])
    (dots,) = beats.collections
    seconds, heights = np.asarray(dots.get_offsets()).T
    samples = np.round(seconds * 300).astype(int)
    assert np.allclose(heights, segment[2, samples])
    # Place i of a window sees its samples 2i to 2i + 31; the dot is in the middle.
    assert np.array_equal(samples[:10] % 50, 16 + 2 * np.arange(10))
    window = samples[0] // 50
    assert np.allclose(dots.get_array(), alpha[2, window : window + 12].ravel())
    assert window <= np.argmax(beta[2]) < window + 12
    assert [bar.get_width() for bar in bands.patches] == [0.1, 0.2, 0.6, 0.1]


def test_curves_say_their_areas():
    truth, scores = np.array([1, 0, 1, 0]), np.array([0.9, 0.6, 0.4, 0.2])
    figure = plots.draw_roc_pr(truth, {"one": scores, "other": -scores})
    roc, pr = figure.axes
    assert [text.get_text() for text in roc.get_legend().get_texts()][:2] == ["one (area 0.750)", "other (area 0.250)"]
    assert pr.get_legend().get_texts()[0].get_text() == "one (average 0.833)"


def test_channels_and_the_network_are_drawn():
    segment = noise(4, 600)
    knowledge = ecg_features.beat_knowledge(segment), ecg_features.rhythm_knowledge(segment)
    figure = plots.draw_channels(segment, *knowledge, ecg_features.frequency_knowledge(segment), list("abcd"))
    assert len(figure.axes) == 8
    assert np.allclose(figure.axes[2].lines[0].get_ydata(), segment[1])
    assert np.allclose(figure.axes[3].lines[0].get_ydata(), knowledge[0][1])
    texts = " ".join(text.get_text() for text in plots.draw_mina().axes[0].texts)
    assert all(name in texts for name in ("BeatNet", "RhythmNet", "FreqNet"))


def test_a_threshold_divides_the_probabilities_and_is_counted():
    truth, p1 = np.array([1, 1, 1, 1, 0, 0]), np.array([0.9, 0.8, 0.5, 0.1, 0.5, 0.2])
    figure = plots.draw_threshold(truth, p1, 0.5, 0.2, {"recall": 0.75, "F1": 0.4})
    left, middle, right = figure.axes
    assert left.lines[0].get_xdata() == [0.5, 0.5]
    # On the threshold is an alarm.
    counts = [text.get_text().split("\n") for text in middle.texts]
    assert counts == [["found", "150"], ["missed", "50"], ["false alarms", "400"], ["rightly quiet", "400"]]
    assert [bar.get_width() for bar in right.patches] == [0.75, 0.4]
    assert [text.get_text() for text in right.texts] == ["0.75", "0.40"]
    normal, af = left.containers
    assert {bar.get_hatch() for bar in normal} != {bar.get_hatch() for bar in af}
    assert [round(sum(bar.get_height() for bar in bars), 6) for bars in left.containers] == [1, 1]


# ecg_lstm


def test_states_over_time_are_drawn_below_their_chunk():
    cells, said = {"one": [0.1, 0.2], "other": [0.3, 0.1]}, {"one": [0.5, 0.9], "other": [0.5, 0.2]}
    above, middle, below = plots.draw_states_over_time(noise(2, 17), cells, said, "a chunk").axes
    assert above.images[0].get_array().shape == (17, 2) and above.get_title() == "a chunk"
    for axes, curves in ((middle, cells), (below, said)):
        lines = [line for line in axes.lines if line.get_label() in curves]
        assert [list(line.get_ydata()) for line in lines] == list(curves.values())
        assert len({(line.get_marker(), line.get_linestyle()) for line in lines}) == 2
    assert [text.get_text() for text in middle.get_legend().get_texts()] == ["one", "other"]


def test_accuracies_have_intervals_and_marks_of_what_was_published():
    measured = {("A", False): (0.6, 0.5, 0.7), ("B", False): (0.9, 0.8, 0.95), ("B", True): (0.95, 0.9, 1.0)}
    published = {"chunks": {("B", True): 0.8, ("C", True): 0.5}}
    figure = plots.accuracy_intervals({"chunks": measured, "recordings": {("A", False): (0.6, 0.5, 0.7)}}, published)
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["A", "B"]
    cut_once, augmented = left.containers
    assert cut_once[0].get_xdata().tolist() == [0.6, 0.9]
    (bars,) = augmented[2]
    assert bars.get_segments()[0][:, 0].tolist() == [0.9, 1.0]
    assert cut_once[0].get_marker() != augmented[0].get_marker()
    # An interval is a collection of lines; the others are marks.
    assert [marks.get_offsets()[:, 0].tolist() for marks in left.collections if marks is not bars][-1] == [0.8]
    assert len(right.containers) == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["published", "cut once", "augmented"]


def test_training_curves_have_the_same_scales_and_loss_and_accuracy_apart():
    values = {"train loss": [[0.9, 0.5], [0.7, 0.3]], "val loss": [[0.8, 0.7], [0.8, 0.7]],
              "train acc": [[0.5, 0.7], [0.5, 0.9]], "val acc": [[0.5, 0.6], [0.5, 0.6]]}  # fmt: skip
    curves = {(what, augmented): np.array(two) for what, two in values.items() for augmented in (False, True)}
    figure = plots.training_curves({"A": curves, "B": curves})
    loss, other_loss, right, _ = figure.axes
    assert [line.get_ydata().tolist() for line in loss.lines[:1]] == [pytest.approx([0.8, 0.4])]
    assert right.lines[0].get_ydata().tolist() == pytest.approx([0.5, 0.8])
    assert loss.get_ylim() == other_loss.get_ylim() != right.get_ylim()
    names = ["training, cut once", "training, augmented", "validation, cut once", "validation, augmented", "guessing"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names
    alone = plots.training_curves({"A": {("train acc", False): [[0.5]], ("val acc", False): [[0.6]]}})
    assert [text.get_text() for text in alone.legends[0].get_texts()] == ["training", "validation", "guessing"]


def test_what_a_layer_remembers_has_a_line_and_a_marker_of_its_own():
    (axes,) = plots.draw_memory({"one": [1e-9, 1.0], "other": [1e-3, 1.0]}, "title").axes
    assert [line.get_label() for line in axes.lines] == ["one", "other"]
    assert len({(line.get_marker(), line.get_linestyle()) for line in axes.lines}) == 2
    assert axes.get_yscale() == "log"


def test_the_cell_names_its_gates():
    words = {text.get_text() for text in plots.draw_lstm_cell().axes[0].texts}
    assert {"forget gate", "input gate", "output gate", "input node"} <= words


# clinical_notes


def test_figures_of_notes_name_words_heads_and_curves():
    note = next(note for note in notes.generate_notes(100)[0] if notes.negation_scopes(note))
    words, scopes = notes.words_of(note), notes.negation_scopes(note)
    groups = dict(zip(notes.CODE_NAMES, notes.TERM_GROUPS, strict=True))
    texts = [text.get_text() for text in plots.draw_notes([(words, "a note")], groups, notes.CUES).axes[0].texts]
    marks = {word: "" for word in words} | {
        word: mark for terms, mark in zip(groups.values(), "●■▲◆", strict=True) for word in terms
    }
    assert {marks[word] + word for word in words} <= set(texts)
    assert {f"{mark} {name}" for name, mark in zip(notes.CODE_NAMES, "●■▲◆", strict=True)} < set(texts)

    labels, mentioned = np.array([[1, 0], [1, 1], [0, 0]]), np.array([[1, 1], [1, 1], [0, 1]], dtype=bool)
    shares, counts = plots.draw_labels(labels, mentioned, ["one", "other"]).axes
    assert [round(bar.get_height(), 3) for bar in shares.patches] == [0.667, 0.333, 0, 0.667]
    assert [bar.get_height() for bar in counts.patches] == [1, 1, 1]

    attention = torch.softmax(torch.randn(3, len(words), len(words)), dim=-1).numpy()
    panels = plots.draw_heads(attention, words, scopes, title="t").axes[:3]
    assert [axes.get_title() for axes in panels] == ["head 1", "head 2", "head 3"]
    for axes in panels:
        (frame,) = axes.patches
        cue, terms = scopes[0]
        assert (frame.get_x(), frame.get_y()) == (cue - 0.5, terms[0] - 0.5)
        assert (frame.get_width(), frame.get_height()) == (1, len(terms))

    band = np.array([[0.2, 0.4], [0.1, 0.3], [0.3, 0.5]])
    (axes,) = plots.band_curves({"one": band, "other": band + 0.1}, levels={"bag of words": 0.1}).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "other", "bag of words"]

    texts = " ".join(text.get_text() for text in plots.draw_transformer().axes[0].texts)
    assert all(word in texts for word in ("denies", "attention", "position", "<PAD>", "but denied"))


def test_a_reading_has_each_word_with_a_bar_and_says_what_is_found():
    words, tokens = notes.read_note("denies cough; fever, a sugar")
    groups = dict(zip(notes.CODE_NAMES, notes.TERM_GROUPS, strict=True))
    looked_at = np.array([0.1, 3.0, 1.0, 0.5, 0.2, 1.9])
    probabilities = [0.1, 0.9, 0.5, 0.51]
    figure = plots.draw_reading(words, tokens != notes.UNK, looked_at, probabilities, groups, notes.CUES, "a note")
    note, bars = figure.axes
    texts = [text.get_text() for text in note.texts]
    assert texts[::2] == ["<CLS>", "denies", "■cough", "fever?", "a?", "◆sugar"]
    assert texts[1::2] == ["0.1", "3.0", "1.0", "0.5", "0.2", "1.9"]
    assert [bool(bar.get_hatch()) for bar in note.patches] == [False, True, False, False, False, False]
    heights = np.array([bar.get_height() for bar in note.patches])
    assert np.allclose(heights / heights.max(), looked_at / 3)
    found = [text.get_text() for text in bars.texts]
    assert found == ["0.10 not found", "0.90 found", "0.50 not found", "0.51 found"]
    assert [bool(bar.get_hatch()) for bar in bars.patches] == [False, True, False, True]
    assert note.get_title() == "a note"


def test_words_of_a_long_reading_go_on_below_and_none_lies_on_another():
    words, tokens = notes.read_note("creatinine hypertension " * 40)
    groups = dict(zip(notes.CODE_NAMES, notes.TERM_GROUPS, strict=True))
    figure = plots.draw_reading(words, tokens != notes.UNK, np.ones(len(words)), [0.5] * 4, groups, notes.CUES)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts[::2]]
    edge = figure.axes[1].get_tightbbox().x0
    for one, other in itertools.pairwise(boxes):
        assert one.x1 <= other.x0 or other.y1 <= one.y0
    assert all(box.x1 <= edge for box in boxes)


def test_each_of_many_curves_is_dark_enough_and_looks_unlike_all_others():
    band = np.array([[0.2, 0.4], [0.1, 0.3], [0.3, 0.5]])
    (axes,) = plots.band_curves({str(number): band for number in range(8)}, levels={"chance": 0.1}).axes
    looks = [(line.get_color(), line.get_marker(), line.get_linestyle()) for line in axes.lines]
    assert len(set(looks)) == 9
    assert min(contrast(color) for color, *_ in looks) > 4.5


# shared


def test_frames_and_arrows_can_be_seen_on_white():
    colors = (plots.shared.BLUE, plots.shared.ORANGE, plots.shared.GREEN, plots.shared.INK)
    assert min(contrast(color) for color in colors) > 3


def test_a_figure_is_shown_once_with_words_for_whoever_does_not_see_it(monkeypatch):
    shown = []
    monkeypatch.setattr(plots.shared, "display", lambda figure, metadata: shown.append((figure, metadata)))
    figure, _ = plt.subplots()
    plots.show(figure, "an empty sheet")
    assert shown == [(figure, {"image/png": {"alt": "an empty sheet"}})]
    assert not plt.fignum_exists(figure.number)


# som_vae


def test_distances_to_the_neighbors():
    embeddings = np.array([[[0.0], [1.0]], [[4.0], [9.0]]])
    assert plots.u_matrix(embeddings).tolist() == [[2.5, 4.5], [4.5, 6.5]]


def test_maps_count_who_lives_where_and_walks_say_how_likely_they_are():
    images = np.zeros((2, 3, 4, 4))
    figure = plots.draw_map(images, noise(2, 3, 5), np.array([0, 0, 0, 4]), np.array([7, 7, 1, 2]))
    (members,) = [axes for axes in figure.axes if axes.get_title().startswith("most frequent class")]
    # Of nodes where nobody lives nothing is said, and one image says nothing of how pure a node is.
    assert [text.get_text() for text in members.texts] == ["7", "3", "2", "1"]
    shares = members.images[0].get_array()
    assert shares.filled(-1).round(3).tolist() == [[0.667, -1, -1], [-1, -1, -1]]
    transitions = np.full((6, 6), 0.005)
    transitions[0, 4] = 0.6
    figure = plots.draw_walk(images, np.array([0, 0, 4, 5]), transitions, np.zeros((4, 4, 4)), shown=2, title="a walk")
    assert [text.get_text() for text in figure.axes[0].texts if text.get_text()] == ["60%", "< 1%"]
    assert figure.axes[0].get_title() == "a walk"
    assert [axes.get_title() for axes in figure.axes[1:3]] == ["0", "3"]


def test_images_lie_in_rows_and_the_som_vae_names_its_parts():
    figure = plots.draw_images(np.zeros((5, 2, 2)), list("abcde"), columns=3)
    assert [axes.get_title() for axes in figure.axes] == ["a", "b", "c", "d", "e", ""]
    texts = " ".join(text.get_text() for text in plots.draw_som_vae().axes[0].texts)
    assert all(part in texts for part in ("encoder", "decoder", "$z_e$", "$z_q$", "the map"))


def test_states_lie_on_their_wings_and_nodes_lead_onwards():
    states = lorenz.simulate(3, 20, seed=1)
    side, over_time = plots.draw_lorenz(states, lorenz.wing(states), way=5).axes
    one, other = (points.get_offsets() for points in side.collections)
    assert len(one) + len(other) == 60
    assert one[:, 0].max() < 0 <= other[:, 0].min()
    assert np.allclose(over_time.lines[0].get_ydata(), states[0, :, 0])

    places = np.stack(np.meshgrid(np.arange(3.0), np.arange(2.0)), axis=-1)
    share = np.array([[0.0, 0.2, np.nan], [1.0, 0.9, 0.5]])
    transitions = np.eye(6)
    transitions[:, 4] += 0.1
    map_axes, wings = plots.draw_states(places, share, transitions, states.reshape(-1, 3)[:, :2]).axes
    assert [len(points.get_offsets()) for points in map_axes.collections] == [60, 2, 3]
    assert [text.get_text() for text in wings.texts] == ["0.0", "0.2", "1.0", "0.9", "0.5"]
    ends = [arrow.xy for arrow in map_axes.texts]
    assert ends[:3] == [(1, 1)] * 3
    assert ends[3] != (1, 1), "an arrow leads to another node"


def test_a_node_is_framed_among_where_it_leads_what_is_near_and_who_lives_there():
    transitions = np.full((6, 6), 0.001)
    transitions[4] = [0.5, 0.004, 0, 0.3, 0.196, 0]
    distances = np.arange(6.0).reshape(2, 3)
    members = np.linspace(0, 1, 5 * 16).reshape(5, 4, 4)
    figure = plots.draw_node(4, np.zeros((2, 3, 4, 4)), transitions, distances, members, shown=3)
    decoded, onwards, near, bar, *images = figure.axes
    assert [(text.get_position(), text.get_text()) for text in onwards.texts] == [
        ((0, 0), "50%"), ((0, 1), "30%"), ((1, 1), "20%")]  # fmt: skip
    assert np.array_equal(near.images[0].get_array(), distances)
    for axes in (decoded, onwards, near):
        assert {patch.get_xy() for patch in axes.patches} == {(0.5, 0.5)}
    assert np.array_equal([axes.images[0].get_array() for axes in images], members[:3])
    titles = " ".join(text.get_text() for text in figure.findobj(Text))
    assert "live there: 5, the first 3" in titles and "node 4 is framed" in titles
    nobody = plots.draw_node(0, np.zeros((2, 3, 4, 4)), transitions, distances, members[:0])
    assert any(text.get_text() == "test images that live there: 0" for text in nobody.findobj(Text))


def test_small_letters_are_no_smaller_than_nine_points_and_dark_enough():
    images, embeddings = np.zeros((2, 2, 4, 4)), noise(2, 2, 5)
    states = lorenz.simulate(2, 10, seed=1)
    figures = [
        plots.draw_som_vae(),
        plots.draw_map(images, embeddings, np.array([0, 0, 0, 3]), np.array([7, 7, 1, 2])),
        plots.draw_walk(images, np.array([0, 1, 3]), np.full((4, 4), 0.25), np.zeros((3, 4, 4)), shown=2),
        plots.draw_lorenz(states, lorenz.wing(states)),
        plots.draw_states(np.ones((2, 2, 2)), np.ones((2, 2)), np.full((4, 4), 0.25), states[0, :, :2]),
        plots.draw_node(1, images, np.full((4, 4), 0.25), np.eye(2), np.zeros((3, 4, 4))),
        plots.draw_states_over_time(noise(5, 3), {"a": np.ones(5)}, {"a": np.ones(5)}, "t"),
        plots.draw_threshold(np.array([0, 1]), np.array([0.2, 0.9]), 0.5, 0.1, {"recall": 1.0}),
        plots.draw_reconstruction(np.eye(3) > 0, np.ones((3, 3)) > 0, np.full(3, 1 / 3), "t"),
    ]
    for text in [text for figure in figures for text in figure.findobj(Text) if text.get_text()]:
        assert text.get_fontsize() >= 9, text.get_text()
        assert contrast(text.get_color()) > 4.5, text.get_text()
