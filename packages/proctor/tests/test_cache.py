"""The cache: nothing is graded twice, and whatever decides over a verdict has it graded again."""

import shutil
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace

import nbformat
import pytest

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading import cache, intake
from proctor.grading import grade as grading


@pytest.fixture
def course(toy_course, tmp_path):
    """A toy course of the test's own, whose files it may change."""
    return load_assignment(open_course(shutil.copytree(toy_course, tmp_path / "course")), "toy")


@pytest.fixture
def taken(course, solved, tmp_path):
    """A submission in which one exercise is right and the other is not."""
    for cell in solved.cells:
        if cell.id == "total":
            cell.source = "def total(numbers):\n    return 0"
    path = tmp_path / "toy.ipynb"
    nbformat.write(solved, path)
    return intake.read_submission(path, course)


@pytest.fixture
def graded(monkeypatch):
    """The exercises that were really graded, a list for each time."""
    calls = []
    grade_intake = grading.grade_intake

    def noted(taken, assignment, *arguments, **named):
        calls.append([exercise.id for exercise in assignment.exercises])
        return grade_intake(taken, assignment, *arguments, **named)

    monkeypatch.setattr(grading, "grade_intake", noted)
    return calls


def verdict_of(taken, course, name="ann"):
    verdict = cache.grade(taken, course, name, "cpu").as_json()
    del verdict["seconds"]
    return verdict


def test_the_verdict_on_record_is_the_verdict(taken, course, graded):
    plain = grading.grade_intake(taken, course, "ann", "cpu").as_json()
    del plain["seconds"]
    graded.clear()
    assert verdict_of(taken, course) == plain
    assert verdict_of(taken, course) == plain
    assert verdict_of(taken, course, "bob") == plain | {"submission": "bob"}
    assert graded == [["double", "total"]]
    assert 0 < plain["points"] < plain["max_points"]


def test_hundred_resubmissions_of_what_hangs_take_the_time_of_one(taken, course, graded):
    settings = replace(course.course.settings, call_seconds=2)
    course = replace(course, course=replace(course.course, settings=settings))
    taken.cells[-1] = replace(taken.cells[-1], source="def total(x, function):\n    while True:\n        pass")
    first = verdict_of(taken, course)
    assert "Is there a loop that never ends?" in first["exercises"][1]["checks"][0]["message"]
    assert all(verdict_of(taken, course, f"ann-{n}")["exercises"] == first["exercises"] for n in range(100))
    assert len(graded) == 1


def test_a_changed_check_has_its_own_exercise_graded_again(taken, course, graded):
    before = verdict_of(taken, course)
    path = course.graders / "test_double.py"
    path.write_text(path.read_text().replace("def test_shape", "def test_its_shape"))
    after = verdict_of(taken, course)
    assert graded == [["double", "total"], ["double"]]
    assert after["exercises"][1] == before["exercises"][1]
    assert after["exercises"][0]["checks"] != before["exercises"][0]["checks"]
    assert verdict_of(taken, course) == after
    assert len(graded) == 2


@pytest.mark.parametrize("path", ["solutions/toy.py", "graders/toy/mistakes.py"])
def test_changed_solutions_and_banks_have_all_graded_again(path, taken, course, graded):
    verdict_of(taken, course)
    file = course.root / path
    file.write_text(file.read_text() + "\n# changed\n")
    verdict_of(taken, course)
    assert graded == [["double", "total"]] * 2


def test_changed_code_is_graded_again_and_a_note_is_no_other_submission_s(taken, course, graded):
    before = verdict_of(taken, course)
    taken.notes.append("The notebook was handed in as `mine.ipynb`.")
    assert verdict_of(taken, course)["notes"] == [*before["notes"], "The notebook was handed in as `mine.ipynb`."]
    taken.cells[-1] = replace(taken.cells[-1], source="def total(numbers):\n    return 1")
    verdict_of(taken, course)
    assert graded == [["double", "total"]] * 3


@pytest.mark.parametrize("content", [b"", b'{"notes": [], "exer', b"\xff\xfe"])
def test_a_damaged_record_is_graded_again(content, taken, course, graded):
    before = verdict_of(taken, course)
    cache.record_path(taken, course, "cpu").write_bytes(content)
    assert verdict_of(taken, course) == before
    assert len(graded) == 2


def test_what_cannot_be_graded_is_not_put_on_record(course, graded):
    taken = intake.blank(course, "It is not a notebook.")
    assert verdict_of(taken, course)["points"] == 0
    assert not (course.root / cache.FOLDER).exists()


def test_settings_of_nbgrader_do_not_decide_over_a_verdict_but_those_of_proctor_do(taken, course, graded):
    verdict_of(taken, course)
    for setting, times in (("CourseDirectory.db_url = 'sqlite:///other.db'", 1), ("Proctor.call_seconds = 2", 2)):
        with (course.root / "course_config.py").open("a") as file:
            file.write(f"c.{setting}\n")
        cache.engine_digest.cache_clear()
        verdict_of(taken, load_assignment(open_course(course.root), "toy"))
        assert len(graded) == times


def test_what_stands_in_for_an_answer_that_cannot_run_decides_over_the_verdict(taken, course):
    path = cache.record_path(taken, course, "cpu")
    taken.cells = [replace(cell, released="another") if cell.released else cell for cell in taken.cells]
    assert cache.record_path(taken, course, "cpu") != path


def test_where_a_check_stands_among_the_same_cells_decides_over_the_verdict(course, solved, tmp_path):
    points = []
    for name in ("check_double", "double"):
        notebook, own = deepcopy(solved), nbformat.v4.new_code_cell("del double")
        notebook.cells.insert(1 + [cell.id for cell in notebook.cells].index(name), own)
        nbformat.write(notebook, tmp_path / "toy.ipynb")
        points.append(cache.grade(intake.take_in(tmp_path / "toy.ipynb", course), course, name, "cpu").points)
    assert points == [10, 6]


def test_another_engine_does_not_take_the_record(taken, course, monkeypatch):
    path = cache.record_path(taken, course, "cpu")
    assert cache.record_path(taken, course, "cuda") != path
    monkeypatch.setattr(cache, "engine_digest", lambda course, device: "another")
    assert cache.record_path(taken, course, "cpu") != path


@pytest.mark.prove
def test_what_is_on_record_is_read_without_torch(solved, course, tmp_path):
    path = tmp_path / "toy.ipynb"
    nbformat.write(solved, path)
    program = (
        "import sys; from pathlib import Path; from proctor.authoring.assignment import load_assignment; "
        "from proctor.course import open_course; from proctor.grading import cache, gradebook, intake, many; "
        "toy = load_assignment(open_course(Path(sys.argv[1])), 'toy'); "
        "taken = intake.read_submission(Path(sys.argv[2]), toy); "
        "print(cache.grade(taken, toy, 'ann', 'cpu').points, 'torch' in sys.modules)"
    )
    for imported in ("True", "False"):
        command = [sys.executable, "-c", program, str(course.root), str(path)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        assert ran.stdout.split() == ["10.0", imported]


def test_another_version_of_a_package_is_another_engine(course, tmp_path, monkeypatch):
    digests = []
    monkeypatch.setattr(cache.site, "getsitepackages", lambda: [str(tmp_path)])
    monkeypatch.setattr(cache.sys, "path", [*sys.path, str(tmp_path)])
    for name in ("torch-2.9.0.dist-info", "torch-2.9.1.dist-info"):
        (tmp_path / name).mkdir()
        cache.engine_digest.cache_clear()
        digests.append(cache.engine_digest(course.course, "cpu"))
        (tmp_path / name).rmdir()
    cache.engine_digest.cache_clear()
    assert digests[0] != digests[1]


def test_what_a_process_adds_to_its_path_makes_it_no_other_engine(course, tmp_path, monkeypatch):
    """setuptools does that where it is imported, which is so in one process of a class and not in another."""
    cache.engine_digest.cache_clear()
    before = cache.engine_digest(course.course, "cpu")
    vendored = tmp_path / "vendored-1.0.dist-info"
    vendored.mkdir()
    (vendored / "METADATA").write_text("Metadata-Version: 2.1\nName: vendored\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    cache.engine_digest.cache_clear()
    assert cache.engine_digest(course.course, "cpu") == before
