"""Points as people read them; what is computed with, and kept, is not rounded."""


def rounded(points: float, digits: int | None = None) -> float:
    """Points for people: an eighth whole, a third to two digits.

    Parameters
    ----------
    digits : how many at most, where there is less room
    """
    if digits is None:
        digits = 3 if round(1000 * points, 6) % 1 == 0 else 2
    # There is no zero below zero.
    return round(points, digits) + 0.0


def shown(points: float, digits: int | None = None) -> str:
    """Points as text, without what does not count: `2`, `0.5`, `33.33`."""
    return f"{rounded(points, digits):.10g}"


def in_words(points: float) -> str:
    """So many points: `1 point`, `0.5 points`."""
    text = shown(points)
    return f"{text} point{'s' * (text != '1')}"
