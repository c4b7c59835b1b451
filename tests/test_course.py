"""The real course, as its users run it: notebooks that pass, checks that are proven, a class that is graded."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from proctor.authoring import bank
from proctor.authoring.assignment import load_assignment
from proctor.authoring.text import GOES_ON_TAG
from proctor.checks.secret import AUDIT_KEY
from proctor.course import open_course
from proctor.grading import grade, gradebook, known
from proctor.isolation.process import HostProcess
from proctor.proof import audit, demo, survivors, trials
from submissions import RIGHT_FORMS, full_marks

ROOT = Path(__file__).parent.parent
ASSIGNMENTS = open_course(ROOT).assignments
# `proctor audit` tries five other inputs, and `proctor audit --mutants` all of them, which takes as much longer.
OTHERS, DRAWS = 1, 20
EVERY_CHANGE, EVERY_MISTAKE = 6, 10
SLOW = {"training", "plot"}


def execute(notebook, folder, **options):
    """Run a notebook as Jupyter does; any error of a cell that is not tagged for it is raised."""
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, **options).execute()


def strict(notebook):
    """A notebook in which no cell may fail, be it one of visible checks."""
    for cell in notebook.cells:
        cell.metadata.tags = [tag for tag in cell.metadata.get("tags", []) if tag != GOES_ON_TAG]
    return notebook


@pytest.fixture
def notebook(name, monkeypatch, tmp_path):
    """An assignment's notebook with the solutions in it."""
    # Threads that wait for each other while other tests hold the cores make training ten times slower.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    # What an earlier run has trained would be taken from there.
    monkeypatch.setenv("DLH_KEPT", str(tmp_path / "trained"))
    return strict(nbformat.read(load_assignment(open_course(ROOT), name).source_notebook, as_version=4))


def test_run_of_a_solved_notebook_fails_where_a_check_of_it_does(tmp_path):
    notebook = nbformat.read(load_assignment(open_course(ROOT), "seq2seq").source_notebook, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id == "check_dataset"]
    execute(notebook, tmp_path)
    assert notebook.cells[0].outputs[0].ename == "NameError"
    with pytest.raises(CellExecutionError, match="NameError"):
        execute(strict(notebook), tmp_path)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_solved_notebook_passes_its_visible_checks_without_training(name, notebook, tmp_path):
    """Data are prepared, but nothing is trained with what students write, and whatever shows a training may fail."""
    exercises = load_assignment(open_course(ROOT), name).exercises
    written = re.compile(rf"\b({'|'.join(word for exercise in exercises for word in exercise.names)})\b")
    kept = []
    for cell in notebook.cells:
        if not SLOW & set(cell.metadata.get("tags", [])):
            kept.append(cell)
        elif not written.search(cell.source):
            cell.metadata.tags = [*cell.metadata.tags, GOES_ON_TAG]
            kept.append(cell)
    last = max(number for number, cell in enumerate(kept) if "visible-check" in cell.metadata.get("tags", []))
    notebook.cells = kept[: last + 1]
    execute(notebook, tmp_path, timeout=300)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_no_line_of_code_is_wider_than_a_notebook_shows(name):
    """Solved or blank: what is wider has to be scrolled to be read, and printed it is cut."""
    assignment = load_assignment(open_course(ROOT), name)
    for path in (assignment.source_notebook, assignment.release_notebook):
        cells = nbformat.read(path, as_version=4).cells
        lines = [line for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines()]
        assert [line for line in lines if len(line) > 78] == []


def claims(name):
    """What an assignment's text says of its own run: says, value (an expression of the notebook's names), low, high."""
    file = ROOT / "tests" / "claims" / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))["claim"] if file.is_file() else []


@pytest.mark.prove
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_solved_notebook_runs_from_end_to_end(name, notebook, tmp_path):
    """All that its text claims of this run holds."""
    values = ", ".join(f"float({claim['value']})" for claim in claims(name))
    notebook.cells.append(nbformat.v4.new_code_cell(f"import json\nprint(json.dumps([{values}]))"))
    execute(notebook, tmp_path, timeout=1200)
    found = json.loads(notebook.cells[-1].outputs[0].text)
    wrong = [
        (claim["says"], value)
        for claim, value in zip(claims(name), found, strict=True)
        if not claim["low"] <= value <= claim["high"]
    ]
    assert wrong == []


@pytest.mark.parametrize("name", [name for name in ASSIGNMENTS if claims(name)])
def test_claims_are_what_the_text_says(name):
    """A claim that is no longer in the text holds nothing; a sentence that is changed needs its claim changed."""
    text = (ROOT / "source" / name / f"{name}.py").read_text(encoding="utf-8")
    text = " ".join(" ".join(line.removeprefix("# ") for line in text.splitlines()).split())
    assert [claim["says"] for claim in claims(name) if " ".join(claim["says"].split()) not in text] == []


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_mistakes_are_caught_and_right_answers_pass(name, monkeypatch):
    """Every tenth mistake, in this process; `make prove` puts all of them into hosts."""
    assignment = load_assignment(open_course(ROOT), name)
    mistakes = bank.mistakes(assignment)[::EVERY_MISTAKE]
    monkeypatch.setattr(bank, "mistakes", lambda assignment: mistakes)
    for exercise in assignment.exercises:
        if not exercise.written:
            assert audit.try_variants(assignment, exercise, "cpu", [AUDIT_KEY]) == {}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_solution_earns_everything_and_the_blank_release_nothing(name):
    assignment = load_assignment(open_course(ROOT), name)
    solution, blank = (
        grade.grade(path, assignment, "cpu", key=AUDIT_KEY)
        for path in (assignment.source_notebook, assignment.release_notebook)
    )
    assert (solution.points, blank.points) == (solution.max_points, 0)


@pytest.mark.prove
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_checks_are_proven(name, capsys):
    result = audit.audit(load_assignment(open_course(ROOT), name), device="cpu", others=OTHERS, draws=DRAWS)
    with capsys.disabled():
        print("", *audit.matrix(result), sep="\n")
    assert result.faults == []


@pytest.mark.prove
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_small_changes_to_the_solutions_are_found(name):
    found = survivors.survey(load_assignment(open_course(ROOT), name), jobs=1, step=EVERY_CHANGE)
    assert found.survivors == [], "\n".join(survivors.report(found))


@pytest.mark.prove
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_verdict_is_the_same_from_a_warm_host_as_from_one_started_from_nothing(name, tmp_path, monkeypatch, request):
    """A host that starts from nothing takes seconds: of the banks, the first mistakes are tried, or all."""
    assignment = load_assignment(open_course(ROOT), name)
    mistakes, alternatives = (trials.together(of(assignment)) for of in (bank.mistakes, bank.alternatives))
    if not request.config.getoption("--whole-banks"):
        mistakes, alternatives = mistakes[:1], []
    paths = [assignment.source_notebook]
    for number, group in enumerate([*mistakes, *alternatives]):
        paths.append(tmp_path / f"{number}.ipynb")
        nbformat.write(trials.variants_notebook(assignment, group), paths[-1])

    def verdicts():
        graded = [grade.grade(path, assignment, "cpu", key=AUDIT_KEY) for path in paths]
        return [replace(verdict, seconds=0) for verdict in graded]

    warm = verdicts()
    from_nothing = partial(HostProcess, assignment.course, "cpu")
    monkeypatch.setattr(grade, "warm_hosts", lambda *arguments: from_nothing)
    assert verdicts() == warm
    full, *earned = [verdict.points for verdict in warm]
    assert full == sum(exercise.points for exercise in assignment.exercises if not exercise.written)
    assert all(0 < points < full for points in earned[: len(mistakes)])
    assert all(points == full for points in earned[len(mistakes) :])


def demo_points(assignment):
    """What each submission of the demo class earns, but for mistakes and alternatives, whose names are the bank's."""
    points = [exercise.points for exercise in assignment.exercises if not exercise.written]
    full, middle = sum(points), points[len(points) // 2]
    return {
        **dict.fromkeys(["complete", "prints_100_megabytes", "never_ends", "kills_the_process"], full),
        **dict.fromkeys(["blank", "edited_checks", "not_a_notebook"], 0),
        "syntax_error": full - middle,
        "half_done": sum(points[: len(points) // 2]),
        "deleted_cells": full - points[min(1, len(points) - 1)],
    }


# The class that is graded soonest, and the others.
CLASSES = [name if name == "seq2seq" else pytest.param(name, marks=pytest.mark.prove) for name in ASSIGNMENTS]


@pytest.mark.parametrize("name", CLASSES)
def test_demo_class_gets_its_points(name, tmp_path):
    """Without those in other forms, which the engine finds: a test of their own has them."""
    folder = tmp_path / "course"
    unneeded = ("submitted", "autograded", "feedback", "*.db", "tests", "build")
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", *unneeded))
    # What never ends is waited for, and how known mistakes fare is found out once.
    with (folder / "course_config.py").open("a", encoding="utf-8") as config:
        config.write("c.Proctor.own_cells_seconds = c.Proctor.cell_seconds = 10\n")
    (ROOT / known.FOLDER).mkdir(exist_ok=True)
    (folder / known.FOLDER).symlink_to(ROOT / known.FOLDER)
    subprocess.run([sys.executable, "-m", "proctor.cli", "build", name], cwd=folder, check=True)
    assignment = load_assignment(open_course(folder), name)
    demo.hand_in(assignment)
    for form in RIGHT_FORMS:
        shutil.rmtree(folder / "submitted" / form)
    demo.grade_class(assignment)
    grades = {student: sum(scores.values()) for student, scores in gradebook.read_grades(assignment).items()}
    expected = demo_points(assignment)
    assert {student: grades[student] for student in expected} == expected
    full, others = expected["complete"], set(grades) - set(expected)
    assert all(grades[student] == full for student in others if student.startswith("alternative_"))
    assert all(0 < grades[student] < full for student in others if student.startswith("mistake_"))
    pages = {path.parts[-3] for path in (folder / "feedback").glob(f"*/{name}/{name}.html")}
    assert pages == set(grades)


@pytest.mark.prove
@pytest.mark.parametrize("form", RIGHT_FORMS)
def test_right_answer_in_any_form_earns_full_marks(form, tmp_path):
    full_marks(load_assignment(open_course(ROOT), "seq2seq"), form, tmp_path)


@pytest.mark.prove
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_plain_pytest_gives_the_solution_full_marks(name):
    command = ["pytest", "graders", "-q", "-p", "no:cacheprovider", "--device", "cpu"]
    command += ["--submission", f"source/{name}/{name}.ipynb"]
    ran = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-3000:]
