"""The course's secret: made once, told to nobody, and what the inputs of checks come from."""

import json
import stat

import pytest

from proctor import secret
from proctor.demo import cell
from proctor.grading import grade
from proctor.secret import AUDIT_KEY, SecretError, check_seed, course_secret, submission_key
from proctor.submission import Cell


def test_secret_is_made_once_and_for_its_owner_only(tmp_path):
    made = course_secret(tmp_path)
    assert len(made) == 64
    assert course_secret(tmp_path) == made
    assert stat.S_IMODE((tmp_path / secret.SECRET).stat().st_mode) == 0o600
    other = tmp_path / "other"
    other.mkdir()
    assert course_secret(other) != made


def test_secret_that_is_damaged_or_cannot_be_made_is_told(tmp_path):
    (tmp_path / secret.SECRET).write_text("short")
    with pytest.raises(SecretError, match="is damaged: bring back the one"):
        course_secret(tmp_path)
    with pytest.raises(SecretError, match="cannot be read or made: No such file"):
        course_secret(tmp_path / "nowhere")


def test_key_is_that_of_the_code_under_the_courses_secret(tmp_path):
    cells = [Cell("a", "x = 1"), Cell("b", "y = 2")]
    key = submission_key(tmp_path, cells)
    assert submission_key(tmp_path, list(cells)) == key
    for changed in ([Cell("a", "x = 1 "), cells[1]], [Cell("a", "x = 1y = 2")], cells[::-1], []):
        assert submission_key(tmp_path, changed) != key
    (tmp_path / secret.SECRET).unlink()
    assert submission_key(tmp_path, cells) != key


def test_seeds_differ_by_check_and_by_key_and_the_audits_stay():
    seeds = {check_seed(key, check) for key in (AUDIT_KEY, b"1" * 32, b"2" * 32) for check in ("a/b/c", "a/b/d")}
    assert len(seeds) == 6
    assert check_seed(AUDIT_KEY, "toy/test_double/test_values") == 4024199002


SPY = 'def double(x):\n    raise ValueError(x.flatten()[:3].tolist())'


@pytest.fixture
def spied(toy, solved, tmp_path):
    """The inputs that the checks of `double` hand to a submission, in words."""

    def spied(code):
        cell(solved, "double").source = code
        path = tmp_path / "toy.ipynb"
        path.write_text(json.dumps(solved))
        verdict = grade(path, toy.root, device="cpu")
        return [check.message for check in verdict.exercises[0].checks]

    return spied


def test_inputs_come_back_for_the_same_code_and_for_no_other(spied):
    assert spied(SPY) == spied(SPY)
    assert spied(SPY) != spied(SPY + "  # again")
