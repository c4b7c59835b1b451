"""Figures that answer: controls below a figure draw it anew for other values.

The figure is an ordinary one, shown for the values that it begins with, so that it is there in whatever shows the
notebook. The controls are those of ipywidgets, which comes with Jupyter and needs no network; where it is missing, one
line says which call draws the figure for other values.
"""

import functools
import inspect
from dataclasses import dataclass

from IPython import get_ipython
from IPython.display import display
from matplotlib import pyplot as plt

from dlh.plots.shared import show

VIEW = "application/vnd.jupyter.widget-view+json"
# Pixels: room for five letters, and what lies between two buttons.
BUTTON, GAP = 58, 4


@dataclass(frozen=True)
class Grid:
    """Buttons in rows and columns, one of which is pressed: a choice of its number, counted row after row from 0.

    Parameters
    ----------
    labels : list of rows, each a list of str, what is written on the buttons: up to five letters, and no two alike

    Raises
    ------
    ValueError : two labels are alike, by which ipywidgets would take one button for the other
    """

    labels: list

    def __post_init__(self):
        labels = [label for row in self.labels for label in row]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(f"Each button needs a label of its own; several have {', '.join(map(repr, twice))}.")


def explore(**choices):
    """Show the figure of a function, and below it controls that draw it anew; a decorator.

        @explore(threshold=(0, 1, 0.01))
        def show_threshold(threshold=0.5):
            ...
            return figure, "what is to be seen in it, in words"

    Parameters
    ----------
    choices : for arguments of the function, what they may be, as `ipywidgets.interact` takes it: (low, high, step) of a
        number, a list of values; or a `Grid`. An argument that is not named gets the control of its default

    Returns
    -------
    decorator : takes a function whose arguments all have defaults, which returns a `matplotlib.figure.Figure` and words
        for whoever does not see it. What it makes of it shows the figure for the values that it is called with, and
        has the controls by their arguments' names as `controls`, without ipywidgets none; for a value that is none of
        those in a list, of the buttons or of a range of whole numbers, a line says which there are
    """

    def begin(draw):
        arguments = inspect.signature(draw).parameters
        values = {name: argument.default for name, argument in arguments.items()}

        @functools.wraps(draw)
        def show_for(*given, **named):
            asked = dict(zip(values, given, strict=False)) | named
            refused = [line for name, value in asked.items() if (line := _refused(name, choices.get(name), value))]
            if refused:
                print("\n".join(refused))
            else:
                show(*draw(*given, **named))

        call = f"{draw.__name__}({', '.join(f'{name}={value!r}' for name, value in values.items())})"
        line = f"For other values, call it in a cell of your own: {call}"
        handle = _show_first(*draw(**values))
        widgets = _ipywidgets()
        show_for.controls = {}
        if widgets is None:
            print(line)
        else:
            choices_of_all = {name: choices.get(name, value) for name, value in values.items()}
            show_for.controls = _show_controls(widgets, choices_of_all, values, draw, handle, line)
        return show_for

    return begin


def _refused(name, choice, value):
    """Which values there are, in a line, where this is none of them; else, and where any may be drawn, ""."""
    if isinstance(choice, Grid):
        choice = (0, sum(map(len, choice.labels)) - 1)
    if isinstance(choice, list) and value not in choice:
        values = ", ".join(map(repr, choice[:-1])) + " or " * (len(choice) > 1) + repr(choice[-1])
        return f"{name} is {values}, not {value!r}."
    # Between the places of a slider, a number that is not a whole one can be drawn as well, and beyond its ends.
    if isinstance(choice, tuple) and all(isinstance(end, int) for end in choice):
        low, high = choice[:2]
        if value not in range(low, high + 1):
            return f"{name} is a whole number from {low} to {high}, not {value!r}."
    return ""


def _ipywidgets():
    """The library of the controls; None where there is none, or no notebook to show them in."""
    if get_ipython() is None:
        return None
    try:
        import ipywidgets
    except ImportError:
        return None
    return ipywidgets


def _show_first(figure, words):
    """Show a figure that can be replaced, and give the handle for that, which is None outside of IPython."""
    handle = display(figure, display_id=True, metadata=_alt(words))
    # Else it would be shown a second time below the cell.
    plt.close(figure)
    return handle


def _alt(words):
    return {"image/png": {"alt": words}}


def _show_controls(widgets, choices, values, draw, handle, line):
    """Show a control for each argument, all of which draw into `handle`; where they cannot be shown, `line` is."""
    complaint = widgets.Label()
    current = dict(values)

    def redraw(name, change):
        current[name] = change["new"]
        try:
            figure, words = draw(**current)
        # Whatever a student's code raises: there is no cell below which it would be shown.
        except Exception as error:
            complaint.value = f"{type(error).__name__}: {error}"
            return
        complaint.value = ""
        handle.update(figure, metadata=_alt(words))
        plt.close(figure)

    controls = {}
    for name, choice in choices.items():
        controls[name] = _control(widgets, name, choice, values[name])
        controls[name].observe(functools.partial(redraw, name), "value")
    together = widgets.VBox([*controls.values(), complaint])
    view = {"version_major": 2, "version_minor": 0, "model_id": together.model_id}
    display({VIEW: view, "text/plain": line}, raw=True)
    return controls


def _control(widgets, name, choice, value):
    """The control of one argument, which begins with a value."""
    if isinstance(choice, Grid):
        columns = max(map(len, choice.labels))
        options = [label for row in choice.labels for label in row]
        # The row breaks where the next button has no room.
        width = f"{columns * (BUTTON + GAP) + GAP}px"
        return widgets.ToggleButtons(
            options=[(label, number) for number, label in enumerate(options)], value=value,
            tooltips=[f"{name} {number}" for number in range(len(options))],
            style={"button_width": f"{BUTTON}px"}, layout={"width": width, "min_width": width},
        )  # fmt: skip
    control = widgets.interactive.widget_from_abbrev(choice, value)
    control.description = name.replace("_", " ")
    control.style.description_width = "7em"
    control.layout.width = "95%" if isinstance(value, str) and isinstance(choice, str) else "32em"
    if control.has_trait("continuous_update"):
        # A figure takes a part of a second, which is too long for each place on the way.
        control.continuous_update = False
    return control
