"""Damaged notebooks: each is taken in or refused; a short run of what `fuzz_intake.py` does at length."""

import pytest

from hostile.fuzz_intake import fuzz


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(4))
def test_damaged_notebook_is_taken_in_or_refused_with_a_reason_and_bounded(toy, tmp_path, seed):
    taken, _, _ = fuzz(toy, tmp_path, 1000, seed)
    assert 100 < taken < 900
