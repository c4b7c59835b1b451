"""A chaotic system: the Lorenz equations, whose way goes around one wing, then around the other, as if by chance.

As Lorenz (1963) published them, with his three constants. `simulate` follows many ways at once, from random starts.
docs/data_card_states.md describes it.
"""

import numpy as np

SIGMA, RHO, BETA = 10.0, 28.0, 8 / 3
# The equations are solved in steps of this time; larger ones leave the true way too soon.
FINE = 0.01


def simulate(n_series: int, steps: int, interval: float = 0.1, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """Follow the Lorenz system from random starts.

    Parameters
    ----------
    n_series : int, how many ways
    steps : int, how many states of each
    interval : float, the time from one state to the next, a multiple of 0.01
    noise : float, the standard deviation of what is added to each number, as an error of measurement would be
    seed : int

    Returns
    -------
    (n_series, steps, 3) float32 array: x, y, z; the time is on the second axis

    Raises
    ------
    ValueError : there is no series, no step, or the interval is no multiple of 0.01
    """
    fine = round(interval / FINE)
    if n_series < 1 or steps < 1 or fine < 1 or not np.isclose(fine * FINE, interval):
        raise ValueError(
            f"There should be series, steps, and an interval in steps of {FINE}, not {n_series}, {steps}, {interval}."
        )
    stream = np.random.default_rng(seed)
    states = stream.normal((0, 0, 25), (8, 8, 8), size=(n_series, 3))
    # Ten units of time are enough to come from anywhere to where the system stays.
    for _ in range(round(10 / FINE)):
        states = _advance(states)
    series = np.empty((n_series, steps, 3))
    for step in range(steps):
        series[:, step] = states
        for _ in range(fine):
            states = _advance(states)
    return (series + noise * stream.standard_normal(series.shape)).astype(np.float32)


def wing(states: np.ndarray) -> np.ndarray:
    """The wing that each state is on: 0 where x is negative, else 1.

    Parameters
    ----------
    states : (..., 3) float array

    Returns
    -------
    (...) int array
    """
    return (states[..., 0] >= 0).astype(int)


def _slope(states):
    """How the states change, by the Lorenz equations."""
    x, y, z = np.moveaxis(states, -1, 0)
    return np.stack([SIGMA * (y - x), x * (RHO - z) - y, x * y - BETA * z], axis=-1)


def _advance(states):
    """The states one fine step later, by the classical method of Runge and Kutta."""
    first = _slope(states)
    second = _slope(states + FINE / 2 * first)
    third = _slope(states + FINE / 2 * second)
    fourth = _slope(states + FINE * third)
    return states + FINE / 6 * (first + 2 * second + 2 * third + fourth)
