"""The line-by-line comparison that the notebooks' check cells make: expected and obtained, beside each other."""

import contextlib
import linecache
import traceback

import numpy as np
import torch

from dlh.causes import cause_of, odd_of


class Difference(AssertionError):
    """What was obtained is not what was expected; a notebook shows the message alone."""

    def _render_traceback_(self):
        """What IPython shows in a traceback's place."""
        return [str(self)]


def compare(what, obtained, expected, hint="", tolerance=1e-3):
    """Print what was expected and what was obtained, and stop where the two differ.

    Parameters
    ----------
    what : str, what is looked at, in words
    obtained : the value that the notebook's code gave
    expected : the value that right code gives; a float, an array or a tensor of floats is compared within the
        tolerance and must have the same shape, all else must be equal
    hint : str, where to look first when they differ
    tolerance : float, the largest difference allowed in any one number

    Raises
    ------
    Difference : where they differ
    """
    words = [_in_words(expected), _in_words(obtained)]
    if not _same(obtained, expected, tolerance):
        advice = f"{cause_of(_plain(obtained), _plain(expected), tolerance)} {hint}".strip()
        raise Difference("{}: expected {}, obtained {}. {}".format(what, *words, advice).rstrip())
    # What is right need not be shown at full length.
    short = [text if len(text) <= 40 else text[:37] + "..." for text in words]
    print("ok  {}: expected {}, obtained {}".format(what, *short))


def compare_shape(what, obtained, expected, hint=""):
    """Compare the shape of a tensor, as `compare` does; of what has no shape, say what it is.

    Parameters
    ----------
    what : str, whose shape is looked at, in words
    obtained : what the notebook's code gave in a tensor's or an array's place
    expected : tuple of int
    hint : str, where to look first when they differ

    Raises
    ------
    Difference : where the shapes differ, or there is none
    """
    if isinstance(obtained, (torch.Tensor, np.ndarray, np.generic)):
        compare(f"shape of {what}", tuple(obtained.shape), expected, hint)
    else:
        compare(what, _described(obtained), f"a tensor of shape {expected}", _advice(obtained, hint))


def parts_of(what, obtained, *names):
    """The parts of a tuple, where it has as many as it should; else stop.

    Parameters
    ----------
    what : str, what gave the tuple, in words
    obtained : what the notebook's code gave in the tuple's place
    names : str, what each part is

    Returns
    -------
    obtained : tuple or list; of an array or a tensor of numbers, a list of them

    Raises
    ------
    Difference : where it is no tuple, or has another number of parts
    """
    if isinstance(obtained, (np.ndarray, torch.Tensor)) and tuple(obtained.shape) == (len(names),):
        return obtained.tolist()
    if not isinstance(obtained, (tuple, list)) or len(obtained) != len(names):
        compare(what, _described(obtained), f"({', '.join(names)})", _advice(obtained))
    return obtained


def number_of(what, obtained, hint=""):
    """The number that came back, of Python, NumPy or torch; else stop.

    Parameters
    ----------
    what : str, what gave the number, in words
    obtained : what the notebook's code gave in the number's place
    hint : str, where to look first when it is none

    Returns
    -------
    number : float

    Raises
    ------
    Difference : where it is no number
    """
    value = np.asarray(_plain(obtained))
    number = None
    # Text that reads like a number is none; an exact number of Python's is an object for NumPy.
    if value.ndim == 0 and value.dtype.kind not in "USc":
        with contextlib.suppress(TypeError, ValueError):
            number = float(value.item())
    if number is None:
        found = repr(obtained)[:40] if isinstance(obtained, str) else _described(obtained)
        compare(what, found, "a number", _advice(obtained, hint))
    return number


def compare_kind(what, obtained, kind, hint=""):
    """Say whether something is of a class, as `compare` does; where not, what it is.

    Parameters
    ----------
    what : str, what is looked at, in words
    obtained : what the notebook's code has there
    kind : type
    hint : str, where to look first where it is of another
    """
    wanted = f"something of type {_kind(kind)}"
    found = wanted if isinstance(obtained, kind) else _described(obtained)
    compare(what, found, wanted, _advice(obtained, hint))


def compare_range(what, obtained, low, high, hint=""):
    """Say whether what came back is a number from `low` to `high`, as `compare` does."""
    number = number_of(what, obtained, hint)
    wanted = f"a number from {low} to {high}"
    if not low <= number <= high:
        compare(what, f"{number:g}", wanted, hint)
    print(f"ok  {what}: expected {wanted}, obtained {number:g}")


def compare_letter(what, obtained, letters):
    """Say whether what came back is one of the letters, large or small, as `compare` does.

    Parameters
    ----------
    what : str, what gave the letter, in words
    obtained : what the notebook's code gave
    letters : str, those that stand before the answers

    Raises
    ------
    Difference : where it is none of them
    """
    wanted = f"one of the letters {letters[0]} to {letters[-1]}"
    letter = obtained.strip().lower() if isinstance(obtained, str) else ""
    if len(letter) != 1 or letter not in letters:
        advice = _advice(obtained, 'One letter in quotes and nothing else, such as "a".')
        raise Difference(f"{what}: expected {wanted}, obtained {repr(obtained)[:40]}. {advice}")
    print(f"ok  {what}: expected {wanted}, obtained {obtained!r}")


def compare_gradients(what, result, weights, hint="No .detach(), .data, .item() or no_grad() on the way."):
    """Compare how many of the weights get a gradient from a result, which training needs, with how many there are.

    Parameters
    ----------
    what : str, what the result is, in words
    result : tensor
    weights : iterable of tensors that require gradients
    hint : str, where to look first when some get none

    Raises
    ------
    Difference : where one of them gets none
    """
    weights, reached = list(weights), []
    if result.requires_grad:
        reached = torch.autograd.grad(result.sum(), weights, retain_graph=True, allow_unused=True)
    found = sum(gradient is not None for gradient in reached)
    compare(f"weights that get a gradient from {what}", found, len(weights), hint)


@contextlib.contextmanager
def hinted(what, hint):
    """Where a call in its block stops with an error of shapes, say so in one line, with the line of code and a hint.

    All other errors, such as of a name or of what is not written yet, are passed on as they are.

    Parameters
    ----------
    what : str, what is called, in words
    hint : str, where to look first

    Raises
    ------
    Difference : where the block raises an error of a kind that torch has for shapes
    """
    try:
        yield
    except NotImplementedError:
        raise
    except (RuntimeError, ValueError, IndexError) as error:
        first = str(error).strip().split("\n")[0][:160]
        raise Difference(f"{what}: {type(error).__name__}{_line_of(error)}, {first!r}. {hint}") from error


def _line_of(error):
    """The last line of a notebook's own code that an error went through, in words."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        line = linecache.getline(frame.filename, frame.lineno).strip()
        if line and "site-packages" not in frame.filename and frame.filename != __file__:
            return f" at `{line[:80]}`"
    return ""


def _advice(obtained, hint=""):
    """A hint, behind the words that nothing came back, or a tuple where no tuple was meant, where that is so."""
    return f"{odd_of(obtained)} {hint}".strip()


def _described(value):
    """What a value is, in a few words."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return f"a {'tensor' if isinstance(value, torch.Tensor) else 'NumPy array'} of shape {tuple(value.shape)}"
    if isinstance(value, (tuple, list)):
        return f"a {'tuple' if isinstance(value, tuple) else 'list'} of {len(value)}"
    if value is None:
        return "None"
    if isinstance(value, (bool, int, float)):
        return f"the {type(value).__name__} {value}"
    return f"something of type {_kind(type(value))}"


def _kind(kind):
    """The name of a class, with `nn.` where it is torch's: a notebook may have an `LSTM` of its own."""
    return f"nn.{kind.__name__}" if kind.__module__.startswith("torch.nn.") else kind.__name__


def _plain(value):
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


def _same(obtained, expected, tolerance):
    if not isinstance(expected, (float, np.ndarray, torch.Tensor)):
        return bool(obtained == expected)
    try:
        obtained, expected = np.asarray(_plain(obtained), dtype=float), np.asarray(_plain(expected), dtype=float)
    except (TypeError, ValueError):
        return False
    return obtained.shape == expected.shape and np.allclose(obtained, expected, rtol=0, atol=tolerance)


def _in_words(value):
    if isinstance(value, torch.Size):
        return str(tuple(value))
    if isinstance(value, type):
        return value.__name__
    value = _plain(value)
    if isinstance(value, (float, np.floating)):
        return f"{value:.4f}"
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        # Rounded as doubles: a single float of 0.311 would be written 0.3109999895095825.
        return f"{value:.4f}" if value.ndim == 0 else str(value.astype(float).round(4).tolist())
    if isinstance(value, np.ndarray):
        return str(value.tolist())
    return str(value)
