"""The line-by-line comparison that the notebooks' check cells make: expected and obtained, beside each other."""

import numpy as np
import torch


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
        advice = " ".join(part for part in (_likely_cause(obtained, expected), hint) if part)
        raise Difference("{}: expected {}, obtained {}. {}".format(what, *words, advice).rstrip())
    # What is right need not be shown at full length.
    short = [text if len(text) <= 40 else text[:37] + "..." for text in words]
    print("ok  {}: expected {}, obtained {}".format(what, *short))


def _likely_cause(obtained, expected):
    """What differs, where the two alone tell: nothing came back, or numbers such as those of a shape in another order."""
    if obtained is None:
        return "Nothing came back: is a `return` missing?"
    if not (_is_shape(obtained) and _is_shape(expected)):
        return ""
    if sorted(obtained) == sorted(expected):
        return "The numbers are right, but stand in another order."
    if [size for size in obtained if size != 1] == [size for size in expected if size != 1]:
        return f"There is an axis of length one too {'few' if len(obtained) < len(expected) else 'many'}."
    return ""


def _is_shape(value):
    return isinstance(value, tuple) and len(value) > 0 and all(type(size) is int for size in value)


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
