"""What a class costs its teacher: the report, the table and the page for marking by hand, over made-up verdicts.

    python benchmarks/teacher.py --students 500
    python benchmarks/teacher.py --students 500 --assignment ecg_lstm --keep /tmp/class

Nothing is graded: each submission has the solution, or a known mistake, or a variant of it that no known mistake
explains, and the verdict is drawn. Its answers in words are the model answer, cut short somewhere.
"""

import argparse
import contextlib
import random
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import nbformat
from autograde import make_course
from nbgrader.api import Gradebook

from proctor import cli
from proctor.authoring import bank
from proctor.authoring.assignment import load_assignment
from proctor.authoring.questions import read_questions
from proctor.course import open_course
from proctor.grading.marking import Marking
from proctor.grading.report import write_verdict
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict, Verdict

CHECKS = 8
DUE = datetime(2026, 10, 1, 22)


def verdict_of(exercise, mistake, skill, draw):
    """An exercise's verdict, and the answer that it is made of."""
    right = draw.random() < skill
    named = not right and mistake is not None and draw.random() < 0.6
    kind = "" if right else mistake.name if named else f"variant {draw.randrange(6)}"
    checks = []
    for number in range(CHECKS):
        title = f"The law number {number} of {exercise.title} holds."
        passed = right or hash((kind, number)) % 3 == 0
        message = "" if passed else f"`{exercise.id}(x)` has wrong values: largest difference {number} at [0, 1]."
        points = exercise.points / CHECKS
        about = {"mistake": mistake.name if named else None, "observed": "" if passed else f"{kind}{number}"}
        checks.append(CheckVerdict(f"test_{number}", title, points * passed, points, passed, message, **about))
    own = "".join(f"\n{draw.choice('abc')} = {draw.choice('abc')} + {draw.randrange(99)}" for _ in range(8))
    code = exercise.code + own if right else mistake.code if named else f"{exercise.code}\n# {kind}"
    points = sum(check.points for check in checks)
    status = "correct" if right else "partial"
    return ExerciseVerdict(exercise.id, exercise.title, points, exercise.points, status, checks), code


def make_class(assignment, size):
    """Put made-up submissions where `nbgrader autograde` would have put graded ones."""
    draw, mistakes = random.Random(1), bank.mistakes(assignment)
    words = {question.exercise: question.model_answer.split() for question in read_questions(assignment)}
    directory = assignment.course.directory
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        gradebook.update_or_create_assignment(assignment.name, duedate=DUE)
        for number in range(size):
            student = f"student{number:03}"
            at = DUE + timedelta(hours=draw.gauss(-30, 20))
            gradebook.update_or_create_student(student, first_name="A", last_name=f"Student {number}")
            if draw.random() < 0.06:
                continue
            submission = gradebook.update_or_create_submission(assignment.name, student, timestamp=at)
            notebook, scores = make_submission(assignment, mistakes, words, draw)
            path = assignment.root / "autograded" / student / assignment.name / f"{assignment.name}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(notebook, path)
            for grade in submission.notebooks[0].grades:
                exercise = grade.name.removeprefix("check_")
                grade.auto_score = scores.get(exercise)
                if grade.auto_score is None and draw.random() < 0.4:
                    grade.manual_score = draw.randrange(int(2 * grade.max_score) + 1) / 2
                grade.needs_manual_grade = grade.auto_score is None and grade.manual_score is None
        gradebook.db.commit()


def make_submission(assignment, mistakes, words, draw):
    """A graded notebook, and its points by exercise."""
    notebook, skill = nbformat.read(assignment.release_notebook, as_version=4), draw.betavariate(4, 1.5)
    cells, verdicts = {cell.id: cell for cell in notebook.cells}, []
    for exercise in assignment.exercises:
        if exercise.written:
            said = words[exercise.id]
            cells[exercise.id].source = " ".join(said[: draw.randrange(5, len(said) + 1)])
            continue
        of_it = [mistake for mistake in mistakes if mistake.exercise == exercise.id]
        verdict, cells[exercise.id].source = verdict_of(exercise, draw.choice([None, *of_it]), skill, draw)
        verdicts.append(verdict)
    notes = ["Cell 7 was stopped: it may take 20 seconds."] * (draw.random() < 0.02)
    points, most = sum(v.points for v in verdicts), sum(v.max_points for v in verdicts)
    seconds = round(draw.lognormvariate(-0.5, 0.6), 2)
    verdict = Verdict(assignment.name, "", points, most, "cpu", seconds, "bubblewrap", notes, verdicts)
    write_verdict(notebook, verdict)
    notebook.metadata["proctor"] = {"made_of": "", "seconds": seconds}
    return notebook, {one.id: one.points for one in verdicts}


@contextlib.contextmanager
def timed(what):
    """Print how long something took."""
    start, used = time.perf_counter(), time.process_time()
    yield
    used = time.process_time() - used
    print(f"{what}: {time.perf_counter() - start:.1f} s, {used:.1f} s of processor", file=sys.stderr)


def main():
    """Make the class, and take the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignment", default="seq2seq")
    parser.add_argument("--students", type=int, default=500)
    parser.add_argument("--keep", type=Path, help="leave the course here, to look at its pages")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(options.keep or Path(folder) / "course", options.assignment)
        assignment = load_assignment(open_course(course), options.assignment)
        make_class(assignment, options.students)
        with timed("proctor report"):
            cli.main(["--course", str(course), "report", options.assignment])
        with timed("proctor table"):
            cli.main(["--course", str(course), "table", options.assignment])
        questions = read_questions(assignment)
        marking = Marking(assignment, questions)
        for what in ("all answers, read for the first time", "all answers again"):
            with timed(f"proctor mark, {what}"):
                for question in questions:
                    marking.answers(question.exercise)


if __name__ == "__main__":
    main()
