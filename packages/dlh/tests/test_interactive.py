"""Figures that answer: an ordinary figure first, controls that draw it anew, and one line where there are none."""

import sys

import matplotlib
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import select_figure_formats
from IPython.utils.capture import capture_output
from matplotlib import pyplot as plt
from matplotlib_inline.backend_inline import flush_figures
from traitlets.config import Config

from dlh import interactive
from dlh.interactive import Grid, explore

LINE = "For other values, call it in a cell of your own: show_power(base=2, exponent=3, unit='m')"


def draw_power(base, exponent, unit):
    if exponent > 8:
        raise OverflowError("too large")
    figure, axes = plt.subplots()
    axes.set_title(f"{base ** exponent} {unit}")
    return figure, f"the number {base ** exponent} {unit}"


@pytest.fixture
def shell():
    """IPython, as a notebook's kernel has it."""
    yield InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}), colors="nocolor")
    InteractiveShell.clear_instance()


@pytest.fixture
def shown(monkeypatch):
    """What is shown: the first figures' titles and words, then those in their places; and other bundles."""
    shown = []

    class Handle:
        def update(self, figure, metadata):
            shown.append(("again", figure.axes[0].get_title(), metadata["image/png"]["alt"]))

    def display(thing, display_id=False, metadata=None, raw=False):
        if raw:
            return shown.append(("bundle", thing))
        shown.append(("figure", thing.axes[0].get_title(), metadata["image/png"]["alt"]))
        return Handle() if display_id else None

    monkeypatch.setattr(interactive, "display", display)
    monkeypatch.setattr("dlh.plots.shared.display", display)
    return shown


def begin():
    @explore(base=[2, 3, 5], exponent=(0, 9, 1))
    def show_power(base=2, exponent=3, unit="m"):
        """A power."""
        return draw_power(base, exponent, unit)

    return show_power


def test_a_figure_is_shown_and_controls_draw_it_anew(shell, shown):
    show_power = begin()
    first, (kind, bundle) = shown
    assert first == ("figure", "8 m", "the number 8 m")
    assert kind == "bundle" and bundle["text/plain"] == LINE
    assert set(bundle) == {"text/plain", interactive.VIEW}, "what knows no widgets shows the line"
    controls = show_power.controls
    assert [type(control).__name__ for control in controls.values()] == ["Dropdown", "IntSlider", "Text"]
    controls["exponent"].value = 4
    controls["base"].value = 3
    controls["unit"].value = "s"
    again = [("again", f"{number}", f"the number {number}") for number in ("16 m", "81 m", "81 s")]
    assert shown[2:] == again
    assert not plt.get_fignums(), "an open figure would be shown a second time below the cell"


def test_controls_wait_until_a_value_is_chosen(shell, shown):
    controls = begin().controls
    assert not controls["exponent"].continuous_update and not controls["unit"].continuous_update


def test_what_is_made_of_the_function_shows_its_figure_for_any_values(shell, shown):
    show_power = begin()
    del shown[:]
    assert show_power(5, exponent=2) is None
    assert shown == [("figure", "25 m", "the number 25 m")]
    assert show_power.__doc__ == "A power."
    assert not plt.get_fignums()


def test_a_value_that_is_none_of_the_choices_is_refused_in_a_line(shell, shown, capsys):
    show_power = begin()
    show_node = explore(node=Grid([["a", "b"], ["c", "d"]]))(lambda node=0: draw_power(node, 1, ""))
    del shown[:]
    capsys.readouterr()
    for draw, values, line in [
        (show_power, {"base": 4}, "base is 2, 3 or 5, not 4."),
        (show_power, {"base": "2"}, "base is 2, 3 or 5, not '2'."),
        (show_power, {"exponent": 10}, "exponent is a whole number from 0 to 9, not 10."),
        (show_power, {"exponent": "3"}, "exponent is a whole number from 0 to 9, not '3'."),
        (show_node, {"node": 4}, "node is a whole number from 0 to 3, not 4."),
        (show_node, {"node": -1}, "node is a whole number from 0 to 3, not -1."),
    ]:
        draw(**values)
        assert capsys.readouterr().out == f"{line}\n"
    show_power(7)
    assert capsys.readouterr().out == "base is 2, 3 or 5, not 7.\n"
    assert shown == []


def test_an_error_is_told_below_the_controls_until_the_next_value(shell, shown, monkeypatch):
    import ipywidgets

    labels = []

    class Label(ipywidgets.Label):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            labels.append(self)

    monkeypatch.setattr(ipywidgets, "Label", Label)
    controls = begin().controls
    (label,) = labels
    controls["exponent"].value = 9
    assert label.value == "OverflowError: too large"
    assert len(shown) == 2, "the figure stays as it was"
    controls["exponent"].value = 1
    assert label.value == "" and shown[2:] == [("again", "2 m", "the number 2 m")]


def test_an_error_at_the_first_values_is_the_cells_own(shell, shown):
    def show_nothing(value=1):
        raise NotImplementedError("not implemented yet")

    with pytest.raises(NotImplementedError):
        explore()(show_nothing)
    assert shown == []


def test_a_grid_has_its_buttons_in_rows_and_gives_a_number(shell, shown):
    @explore(node=Grid([["a", "b", "c"], ["d", "e", "·"]]))
    def show_node(node=4):
        return draw_power(node, 1, "")

    buttons = show_node.controls["node"]
    assert [label for label, _ in buttons.options] == list("abcde·")
    assert buttons.value == 4
    assert [buttons.tooltips[0], buttons.tooltips[5]] == ["node 0", "node 5"]
    # Three fit in a row, and a fourth does not.
    width = int(buttons.layout.width.removesuffix("px"))
    button = int(buttons.style.button_width.removesuffix("px"))
    assert 3 * (button + interactive.GAP) <= width < 4 * button
    buttons.value = 2
    assert shown[-1] == ("again", "2 ", "the number 2 ")


def test_buttons_that_could_be_taken_for_each_other_are_refused():
    with pytest.raises(ValueError, match="several have '1', '·'"):
        Grid([["1", "·", "2"], ["·", "1", "3"]])


def test_without_ipywidgets_there_are_the_figure_and_a_line(shell, shown, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    show_power = begin()
    assert shown == [("figure", "8 m", "the number 8 m")]
    assert capsys.readouterr().out == LINE + "\n"
    assert show_power.controls == {}
    show_power(base=3)
    assert shown[1:] == [("figure", "27 m", "the number 27 m")]


def test_outside_of_a_notebook_there_is_the_line_alone(capsys):
    assert begin().controls == {}
    assert LINE in capsys.readouterr().out
    assert not plt.get_fignums()


def test_the_line_is_a_call_that_works(shell, shown, capsys):
    show_power = begin()
    call = shown[1][1]["text/plain"].partition(": ")[2]
    del shown[:]
    eval(call, {"show_power": show_power})
    assert shown == [("figure", "8 m", "the number 8 m")]


SETTING = """
from matplotlib import pyplot as plt
from dlh.interactive import explore
"""
CELL = """
@explore(height=(0, 9, 1))
def show_line(height=4):
    figure, axes = plt.subplots()
    axes.plot([0, height])
    return figure, f"a line up to {height}"
"""


@pytest.fixture
def run(shell):
    """Run a cell; gives what is shown, each thing once, whatever draws it."""
    backend = plt.get_backend()
    # What `%matplotlib inline` does.
    plt.switch_backend("module://matplotlib_inline.backend_inline")
    matplotlib.interactive(True)
    select_figure_formats(shell, {"png"})
    shell.events.register("post_execute", flush_figures)

    def run(code):
        with capture_output() as captured:
            shell.run_cell(code).raise_error()
        return captured.outputs, captured.stdout

    run(SETTING)
    yield run
    matplotlib.interactive(False)
    plt.switch_backend(backend)


def test_in_a_notebook_each_figure_is_there_once_as_a_picture_with_its_words(run):
    (figure, controls), _ = run(CELL)
    assert figure.metadata["image/png"]["alt"] == "a line up to 4" and "image/png" in figure.data
    assert controls.data["text/plain"].endswith("show_line(height=4)") and interactive.VIEW in controls.data
    (moved,), _ = run("show_line.controls['height'].value = 7")
    assert moved.update and moved.metadata["image/png"]["alt"] == "a line up to 7", "in its place"
    assert moved.data["image/png"] != figure.data["image/png"]
    (own,), _ = run("show_line(2)")
    assert not own.update and own.metadata["image/png"]["alt"] == "a line up to 2"


def test_in_a_notebook_without_ipywidgets_the_figure_is_there_once_and_the_line(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    (figure,), text = run(CELL)
    assert "image/png" in figure.data
    assert text == "For other values, call it in a cell of your own: show_line(height=4)\n"
