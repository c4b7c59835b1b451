"""The Lorenz system: its states obey its equations, and small differences grow."""

import numpy as np
import pytest

from dlh.data import lorenz


def test_states_follow_the_equations():
    x, y, z = np.moveaxis(lorenz.simulate(5, 200, interval=0.01).astype(float), -1, 0)
    for values, slope in ((x, 10 * (y - x)), (y, x * (28 - z) - y), (z, x * y - 8 / 3 * z)):
        found = (values[:, 2:] - values[:, :-2]) / 0.02
        assert np.abs(found - slope[:, 1:-1]).max() < 0.02 * np.abs(slope).max()


def test_series_come_from_their_seed_and_stay_on_two_wings():
    series = lorenz.simulate(40, 50, seed=3)
    assert series.shape == (40, 50, 3)
    assert series.dtype == np.float32
    assert np.array_equal(series, lorenz.simulate(40, 50, seed=3))
    assert not np.array_equal(series, lorenz.simulate(40, 50, seed=4))
    assert np.abs(series).max() < 60
    wings = lorenz.wing(series)
    assert set(wings.ravel()) == {0, 1}
    assert 0.35 < wings.mean() < 0.65
    # Each way visits both.
    assert (np.diff(wings, axis=1) != 0).any(axis=1).mean() > 0.9


def test_small_differences_grow(monkeypatch):
    one = lorenz.simulate(20, 400, seed=1)
    exact = lorenz._advance
    monkeypatch.setattr(lorenz, "_advance", lambda states: exact(states) * (1 + 1e-9))
    other = lorenz.simulate(20, 400, seed=1)
    apart = np.abs(one - other).max(axis=(0, 2))
    assert apart[0] < 0.1 < 5 < apart[-1]


def test_noise_is_added_to_what_is_seen_alone():
    clear, noisy = lorenz.simulate(50, 40, seed=2), lorenz.simulate(50, 40, seed=2, noise=0.5)
    assert abs((noisy - clear).std() - 0.5) < 0.02


@pytest.mark.parametrize("given", [(0, 5, 0.1), (5, 0, 0.1), (5, 5, 0.001), (5, 5, 0.125)])
def test_other_sizes_are_refused(given):
    with pytest.raises(ValueError, match="There should be series, steps, and an interval in steps of 0.01"):
        lorenz.simulate(*given)
