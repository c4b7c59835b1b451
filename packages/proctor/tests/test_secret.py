"""The course's secret: made once, told to nobody, and what the inputs of checks come from."""

import json
import stat
from dataclasses import replace

import pytest

from proctor.checks.cell import Cell
from proctor.checks.secret import AUDIT_KEY, check_seed, submission_key
from proctor.course import SECRET, SecretError, open_course
from proctor.grading.grade import grade
from proctor.proof.demo import cell


@pytest.fixture
def course(tmp_path):
    (tmp_path / "course_config.py").touch()
    return open_course(tmp_path)


def test_secret_is_made_once_and_for_its_owner_only(course, tmp_path):
    made = course.secret
    assert len(made) == 64
    assert course.secret == made
    assert stat.S_IMODE((tmp_path / SECRET).stat().st_mode) == 0o600
    other = tmp_path / "other"
    other.mkdir()
    assert replace(course, root=other).secret != made


def test_secret_that_is_damaged_or_cannot_be_made_is_told(course, tmp_path):
    (tmp_path / SECRET).write_text("short")
    with pytest.raises(SecretError, match="is damaged: bring back the one"):
        _ = course.secret
    with pytest.raises(SecretError, match="cannot be read or made: No such file"):
        _ = replace(course, root=tmp_path / "nowhere").secret


def test_key_is_that_of_the_code_under_the_courses_secret(course):
    cells = [Cell("a", "x = 1"), Cell("b", "y = 2")]
    key = submission_key(course, cells)
    assert submission_key(course, list(cells)) == key
    for changed in ([Cell("a", "x = 1 "), cells[1]], [Cell("a", "x = 1y = 2")], cells[::-1], []):
        assert submission_key(course, changed) != key
    (course.root / SECRET).unlink()
    assert submission_key(course, cells) != key


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
        verdict = grade(path, toy, "cpu")
        return [check.message for check in verdict.exercises[0].checks]

    return spied


def test_inputs_come_back_for_the_same_code_and_for_no_other(spied):
    assert spied(SPY) == spied(SPY)
    assert spied(SPY) != spied(SPY + "  # again")
