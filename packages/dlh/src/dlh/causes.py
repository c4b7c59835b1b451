"""What a wrong result looks like: one sentence on how it differs from the right one, for the notebooks' check cells.

Each sentence is a fact about the two values, such as "The sign is the wrong way round"; what has none is left without.
"""

import math

import numpy as np


def odd_of(obtained):
    """That nothing came back, or a tuple of one thing, in a sentence; "" of all else."""
    if obtained is None or obtained is type(None):
        return "Nothing came back: is a `return` missing?"
    if isinstance(obtained, tuple) and len(obtained) == 1:
        return "A comma at the end of a line makes a tuple."
    return ""


def cause_of(obtained, expected, tolerance=1e-3):
    """How a wrong result differs from the right one, in a sentence; "" where there is nothing to say.

    Parameters
    ----------
    obtained, expected : a shape (a tuple of ints), a NumPy array or a number, or anything else
    tolerance : float, within which numbers are the same
    """
    if not (isinstance(obtained, tuple) and isinstance(expected, tuple)) and odd_of(obtained):
        return odd_of(obtained)
    if _is_shape(expected):
        return _of_shapes(tuple(obtained), expected) if _is_shape(obtained) else ""
    if not isinstance(expected, (float, np.ndarray)):
        return ""
    try:
        obtained, expected = np.asarray(obtained, dtype=float), np.asarray(expected, dtype=float)
    except (TypeError, ValueError):
        return ""
    if obtained.shape != expected.shape:
        shapes = f"The shape is {obtained.shape}, and should be {expected.shape}."
        return f"{shapes} {_of_shapes(obtained.shape, expected.shape)}".rstrip()
    return _of_numbers(obtained, expected, tolerance)


def _is_shape(value):
    return isinstance(value, tuple) and all(type(size) is int for size in value)


def _of_shapes(obtained, expected):
    """How a shape differs from another."""
    if sorted(obtained) == sorted(expected):
        return "The numbers are right, but stand in another order."
    ones = [[size for size in shape if size != 1] for shape in (obtained, expected)]
    if ones[0] == ones[1]:
        return f"There is an axis of length one too {'few' if len(obtained) < len(expected) else 'many'}."
    for some, others, words in (
        (obtained, expected, "is left over: was it to be added up, or one place of it to be taken?"),
        (expected, obtained, "is gone: was something added up, or taken out, that was to stay?"),
    ):
        for place, size in enumerate(some):
            if some[:place] + some[place + 1 :] == others:
                return f"The axis of length {size} {words}"
    if len(obtained) != len(expected) and math.prod(obtained) == math.prod(expected):
        return "There are as many numbers as there should be, but on other axes."
    return ""


def _of_numbers(obtained, expected, tolerance):
    """How numbers differ from as many others."""
    if np.isnan(obtained).any():
        return "`nan` is no number: was there a division by zero, or a logarithm of zero?"

    def same(values):
        return np.allclose(values, obtained, rtol=0, atol=tolerance)

    # Of 0 and 1, the square and the root are the numbers themselves; of small ones, too, within the tolerance.
    if np.abs(expected).max(initial=0) <= 10 * tolerance:
        return ""
    if same(-expected):
        return "The sign is the wrong way round."
    if (expected >= 0).all() and same(expected**2):
        return "These are the squares of the right numbers."
    if (expected >= 0).all() and same(np.sqrt(expected)):
        return "These are the square roots of the right numbers."
    if expected.ndim == 2 and expected.shape[0] == expected.shape[1] and same(expected.T):
        return "Rows and columns have changed places."
    if expected.ndim == 1 and same(expected[::-1]):
        return "The numbers are right, but in the opposite order."
    return _of_multiples(obtained, expected, tolerance)


def _of_multiples(obtained, expected, tolerance):
    """That all of several numbers are the same whole multiple, or the same part, of the right ones."""
    if len(np.unique(expected.round(9)[expected != 0])) < 2:
        return ""
    multiple = (obtained * expected).sum() / (expected**2).sum()
    if not np.allclose(multiple * expected, obtained, rtol=0, atol=tolerance):
        return ""
    for times, words in ((multiple, "the right numbers"), (1 / multiple if multiple else 0, "too small")):
        if abs(times - round(times)) < 1e-3 and round(times) >= 2:
            return f"All are {round(times)} times {words}."
    return ""
