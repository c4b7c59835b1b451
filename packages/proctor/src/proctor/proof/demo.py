"""The demo class: submissions of every kind that a real class hands in, made from the release and the banks."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from proctor.authoring import bank
from proctor.authoring.assignment import Assignment
from proctor.course import CourseError
from proctor.grading.intake import released_notebook
from proctor.proof import forms
from proctor.proof.forms import Files, cell, text

MISTAKEN = 6


# How nbgrader's log tells that it is done with a submission.
DONE = {
    "autograde": re.compile(r"of [\d.]+ points$|Skipping existing"),
    "generate_feedback": re.compile(r"Writing \d+ bytes|Skipping existing"),
}
ERROR = " | ERROR] "


def grade_class(assignment: Assignment) -> None:
    """Run nbgrader's own `autograde` and `generate_feedback` on the class, with progress.

    Raises
    ------
    CourseError : where nbgrader fails; the message names its log
    """
    log = assignment.root / ".nbgrader.log"
    total = len(list(assignment.course.submitted.glob(f"*/{assignment.name}")))
    # nbgrader calls its helpers by name; SQLAlchemy's warnings about nbgrader's own code help nobody here.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore"}
    for command, done in DONE.items():
        arguments = [sys.executable, "-m", "nbgrader", command, assignment.name]
        pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        with (
            subprocess.Popen(arguments, cwd=assignment.root, env=environment, **pipe) as process,
            log.open("a", encoding="utf-8") as kept,
            tqdm(total=total, desc=f"nbgrader {command} {assignment.name}", unit="submission") as progress,
        ):
            errors = []
            for line in process.stdout:
                kept.write(line)
                errors += [line.partition(ERROR)[2].strip()] if ERROR in line else []
                progress.update(bool(done.search(line.rstrip())))
        if process.returncode:
            reason = f"{errors[0]}; " if errors else ""
            raise CourseError(f"nbgrader {command} {assignment.name} failed: {reason}{log} has all it said")


def hand_in(assignment: Assignment, submitted: Path | None = None) -> list[Path]:
    """Write the demo class where nbgrader looks for submissions.

    Parameters
    ----------
    submitted : Path, the folder of submissions; the course's own if None

    Returns
    -------
    list of Path, the first file of each submission, in a folder that is named by what it does

    Raises
    ------
    CourseError : where the folder holds submissions of others
    """
    submitted = submitted or assignment.course.submitted
    members = dict(demo_class(assignment))
    others = sorted({path.parent.name for path in submitted.glob(f"*/{assignment.name}")} - set(members))
    if others:
        raise CourseError(f"{submitted} holds work of others ({others[0]}, ...); run the demo in a fresh clone")
    written = []
    for name, files in members.items():
        folder = submitted / name / assignment.name
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (folder / file).write_text(content, encoding="utf-8", newline="")
        written.append(folder / next(iter(files)))
    return written


def demo_class(assignment: Assignment) -> Iterator[tuple[str, Files]]:
    """Every submission of the class: its name, and its files."""
    for name, content in _notebooks(assignment):
        yield name, {f"{assignment.name}.ipynb": content if isinstance(content, str) else text(content)}
    yield from right_forms(assignment).items()


def right_forms(assignment: Assignment) -> dict[str, Files]:
    """The submissions that are right, each in another form; none of an assignment without checks."""
    exercises = [exercise for exercise in assignment.exercises if not exercise.written]
    return forms.right_forms(assignment, lambda: _solved(assignment, exercises)) if exercises else {}


def _solved(assignment, exercises):
    notebook = released_notebook(assignment)
    for exercise in exercises:
        cell(notebook, exercise.id).source = exercise.code
    return notebook


def _notebooks(assignment):
    """The submissions that are one notebook of the expected name, or a text that is none."""
    exercises = [exercise for exercise in assignment.exercises if not exercise.written]

    def solved(change: Callable[[NotebookNode], None] = lambda notebook: None, only=exercises) -> NotebookNode:
        notebook = _solved(assignment, only)
        change(notebook)
        return notebook

    yield "complete", solved()
    yield "blank", solved(only=[])
    yield "not_a_notebook", "I could not get Jupyter to run, so here is my answer in words.\n"
    if not exercises:
        return
    count = len(exercises)
    first, second, middle, last = (exercises[place] for place in (0, 1 % count, count // 2, -1))
    yield "half_done", solved(only=exercises[: len(exercises) // 2])
    for mistake in _one_each(bank.mistakes(assignment), MISTAKEN):
        yield f"mistake_{mistake.name}", solved(_put_in(assignment, mistake))
    for alternative in _one_each(bank.alternatives(assignment)[::-1], 2):
        yield f"alternative_{alternative.name}", solved(_put_in(assignment, alternative))
    yield "syntax_error", solved(_before(middle.id, "def broken(:\n    pass\n"))
    yield "never_ends", solved(_after(middle.id, "while True:\n    pass"))
    yield "kills_the_process", solved(_after(last.id, "import os\n\nos._exit(0)"))
    yield "prints_100_megabytes", solved(_after(first.id, 'print("x" * 100_000_000)'))
    yield "edited_checks", solved(_pass_all_checks, only=[])
    yield "deleted_cells", solved(_without(second.id, f"check_{second.id}"))


def _one_each(variants, count):
    """The first variant of each exercise, in the order of the bank."""
    firsts = {}
    for variant in variants:
        firsts.setdefault(variant.exercise, variant)
    return list(firsts.values())[:count]


def _put_in(assignment, variant):
    exercise = next(exercise for exercise in assignment.exercises if exercise.id == variant.exercise)

    def change(notebook):
        cell(notebook, exercise.id).source = bank.changed_code(exercise, variant)

    return change


def _before(cell_id, code):
    def change(notebook):
        target = cell(notebook, cell_id)
        target.source = f"{code}\n{target.source}"

    return change


def _after(cell_id, code):
    def change(notebook):
        target = cell(notebook, cell_id)
        target.source = f"{target.source.rstrip()}\n\n\n{code}\n"

    return change


def _without(*cell_ids):
    def change(notebook):
        notebook.cells = [cell for cell in notebook.cells if cell.id not in cell_ids]

    return change


def _pass_all_checks(notebook):
    for target in notebook.cells:
        about = target.metadata.get("nbgrader", {})
        if about.get("grade") and not about.get("solution"):
            target.source = f"{about['points']}"
            result = {"text/plain": f"{about['points']}"}
            target.outputs = [nbformat.v4.new_output("execute_result", result, execution_count=1)]
