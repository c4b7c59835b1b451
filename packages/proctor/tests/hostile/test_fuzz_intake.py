"""Damaged notebooks: each is taken in or refused; a short run of what `fuzz_intake.py` does at length."""

import pytest

from hostile.fuzz_intake import fuzz
from proctor.authoring.assignment import load_assignment
from proctor.course import open_course


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(2))
def test_damaged_notebook_is_taken_in_or_refused_with_a_reason_and_bounded(toy, written_course, tmp_path, seed):
    written = load_assignment(open_course(written_course), "toy")
    tried = fuzz([toy, written], 2000, tmp_path, seed)
    assert tried.failed == []
    assert tried.count == 2000 and 200 < tried.taken < 1800
