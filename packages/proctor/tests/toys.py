"""Classes of the toy course: one graded with nbgrader's own API, and one whose answers wait for their marks."""

from contextlib import contextmanager
from dataclasses import asdict

import nbformat
from nbformat.v4 import new_code_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from proctor.authoring.assignment import load_assignment
from proctor.authoring.questions import read_questions
from proctor.course import open_course
from proctor.grading.marking import Marking
from proctor.grading.verdict import ExerciseVerdict
from proctor.proof.demo import cell

HOSTILE = """<img src=x onerror="document.title='taken'"><script>document.title = 'taken'</script>
</pre></textarea><b id="who">Student 9</b> [x](javascript:document.title='taken') $\\href{javascript:1}{x}$ \u202eabc"""
STUDENTS = {"ann-lee": "Because it is.", "ben": "It is the smallest.", "cem": HOSTILE, "dan": "I do not know."}


class ToyClass:
    """A course with its nbgrader, whose commands run in this process."""

    def __init__(self, root):
        self.root, self.course = root, open_course(root)
        self.toy = load_assignment(self.course, "toy")
        self.nbgrader = NbGraderAPI(self.course.directory, config=self.course.config)

    def hand_in(self, student, reflection="Because.", at=None, **answers):
        """A submission, solved but for the answers given."""
        notebook = nbformat.read(self.toy.release_notebook, as_version=4)
        for exercise in self.toy.exercises[:2]:
            cell(notebook, exercise.id).source = answers.get(exercise.id, exercise.code)
        cell(notebook, "reflection").source = reflection or cell(notebook, "reflection").source
        folder = self.root / "submitted" / student / "toy"
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / "toy.ipynb")
        if at:
            (folder / "timestamp.txt").write_text(f"{at:%Y-%m-%d %H:%M:%S} UTC")

    def autograde(self, force=False):
        result = self.nbgrader.autograde("toy", "*", force=force)
        assert result["success"], result
        return result["log"]

    def generate_feedback(self):
        """Write the pages; gives whose were written."""
        before = {path: path.stat().st_mtime_ns for path in self.root.glob("feedback/*/toy/toy.html")}
        result = self.nbgrader.generate_feedback("toy", force=False)
        assert result["success"], result
        after = {path: path.stat().st_mtime_ns for path in self.root.glob("feedback/*/toy/toy.html")}
        return {path.parts[-3] for path, changed in after.items() if before.get(path) != changed}

    def page(self, student):
        return (self.root / "feedback" / student / "toy/toy.html").read_text()

    @contextmanager
    def gradebook(self):
        with Gradebook(self.course.directory.db_url, self.course.directory.course_id) as gradebook:
            yield gradebook
            gradebook.db.commit()

    def mark(self, student, name, score=None, extra=None, comment=None):
        """As formgrader does it."""
        with self.gradebook() as gradebook:
            grade = gradebook.find_grade(name, "toy", "toy", student)
            grade.manual_score, grade.extra_credit = score, extra
            grade.needs_manual_grade = score is None and grade.auto_score is None
            if comment:
                answer = gradebook.find_comment(name.removeprefix("check_"), "toy", "toy", student)
                answer.manual_comment = comment

    def flagged(self):
        with self.gradebook() as gradebook:
            return {
                (submission.student.id, grade.name)
                for submission in gradebook.assignment_submissions("toy")
                for grade in submission.notebooks[0].grades
                if grade.needs_manual_grade
            }


class Marked:
    """A small class, graded, of which the answers in words wait for their marks."""

    def __init__(self, root):
        self.root = root
        self.course = open_course(root)
        self.toy = load_assignment(self.course, "toy")

    def marking(self, seed=1):
        return Marking(self.toy, read_questions(self.toy), seed)

    def grade(self, student, reflection, unclear=False):
        """Put a submission where `nbgrader autograde` puts graded ones."""
        notebook = nbformat.read(self.toy.release_notebook, as_version=4)
        cell(notebook, "reflection").source = reflection
        cell(notebook, "double").source = f"double = 'of {len(student)}'"
        if unclear:
            notebook.cells.insert(0, new_code_cell("mine = 1"))
        status = "unclear" if unclear else "correct"
        verdict = ExerciseVerdict("double", "Double", 4.0, 4.0, status, [])
        about = {"proctor": {"exercise": asdict(verdict), "notes": []}}
        shown = new_output("display_data", {"text/plain": "[failed] Looks like a loop."}, metadata=about)
        cell(notebook, "check_double").outputs = [shown]
        path = self.root / "autograded" / student / "toy/toy.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        with self.gradebook() as gradebook:
            gradebook.update_or_create_student(student)
            submission = gradebook.update_or_create_submission("toy", student)
            for grade in submission.notebooks[0].grades:
                grade.auto_score = None if grade.name == "reflection" or unclear else 1.0
                grade.needs_manual_grade = grade.auto_score is None
            gradebook.db.commit()

    def gradebook(self):
        return Gradebook(self.course.directory.db_url, self.course.directory.course_id)

    def recorded(self, student, name="reflection"):
        """What nbgrader has: the score by hand, the comment, whether formgrader asks for a mark."""
        with self.gradebook() as gradebook:
            grade = gradebook.find_grade(name, "toy", "toy", student)
            comment = gradebook.find_comment(name.removeprefix("check_"), "toy", "toy", student)
            return grade.manual_score, comment.manual_comment, grade.needs_manual_grade

    def key(self, student, name="reflection"):
        with self.gradebook() as gradebook:
            return gradebook.find_grade(name, "toy", "toy", student).id


def seen(answer):
    given, sheet = answer
    return {"score": given.score, "comment": given.comment, "made_of": sheet.made_of}
