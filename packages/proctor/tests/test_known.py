"""How known mistakes fare is found out once: from then on it is read, unless something that decides over it changes."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest

from proctor.authoring import bank
from proctor.authoring.assignment import load_assignment
from proctor.checks import runner
from proctor.course import forget_modules, open_course
from proctor.grading import grade, known
from proctor.proof.trials import variants_notebook


@pytest.fixture
def course(toy_course, tmp_path):
    """A toy course of the test's own, whose files it may change."""
    own = shutil.copytree(toy_course, tmp_path / "course", ignore=shutil.ignore_patterns(known.FOLDER))
    return load_assignment(open_course(own), "toy")


@pytest.fixture
def found_out(monkeypatch):
    """The exercises whose mistakes were really put to the checks."""
    exercises, original = [], known.mistakes_outcomes

    def noted(assignment, exercise, device):
        exercises.append(exercise.id)
        return original(assignment, exercise, device)

    monkeypatch.setattr(known, "mistakes_outcomes", noted)
    return exercises


def named(course, mistake):
    """The mistakes that are named in the verdict over one of the bank's, as a process finds that has just started."""
    forget_modules()
    runner.collect.cache_clear()
    known.known_outcomes.cache_clear()
    path = course.root / "toy.ipynb"
    variant = next(one for one in bank.mistakes(course) if one.name == mistake)
    nbformat.write(variants_notebook(course, [variant]), path)
    verdict = grade.grade(path, course, "cpu")
    return {check.mistake for exercise in verdict.exercises for check in exercise.checks} - {None}


def files(course):
    return sorted(path for path in (course.root / known.FOLDER / "toy").iterdir() if path.suffix != ".lock")


def test_it_is_found_out_once_and_gives_the_same_name(course, found_out):
    assert [named(course, "averages") for _ in range(2)] == [{"averages"}] * 2
    assert found_out == ["total"]
    assert [named(course, mistake) for mistake in ("triples", "sums_too_early")] == [{"triples"}, {"sums_too_early"}]
    assert found_out == ["total", "double"] and len(files(course)) == 2


@pytest.mark.parametrize("file", ["graders/toy/mistakes.py", "graders/toy/test_total.py", "solutions/toy.py"])
def test_what_decides_over_it_has_it_found_out_anew(course, found_out, file):
    named(course, "averages")
    (before,) = files(course)
    with (course.root / file).open("a") as text:
        text.write("\n# Another line.\n")
    assert named(course, "averages") == {"averages"}
    assert found_out == ["total", "total"] and before not in files(course) and len(files(course)) == 1


def test_of_two_at_the_same_time_one_finds_it_out(course, monkeypatch):
    both, exercise, asked = threading.Barrier(2), course.exercises[0], []
    monkeypatch.setattr(known, "mistakes_outcomes", lambda *given: asked.append(given) or time.sleep(0.3) or {})

    # Threads stand for processes here, each of which has a course's modules of its own.
    known.note_contents(course)

    def ask(_):
        both.wait()
        return known.known_outcomes.__wrapped__(course, exercise, "cpu")

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(ask, range(2))) == [{}, {}]
    assert len(asked) == 1


@pytest.mark.parametrize("content", [b"", b"PK", b"\x80\x02.", b"x" * 1000])
def test_a_damaged_file_is_replaced(course, found_out, content):
    named(course, "averages")
    (file,) = files(course)
    whole = file.read_bytes()
    file.write_bytes(content)
    assert named(course, "averages") == {"averages"}
    assert found_out == ["total", "total"] and file.read_bytes() == whole


def test_where_nothing_can_be_written_it_is_found_out_each_time(course, found_out):
    (course.root / known.FOLDER).write_text("no folder")
    assert [named(course, "averages") for _ in range(2)] == [{"averages"}] * 2
    assert found_out == ["total", "total"]
