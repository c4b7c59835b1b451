"""A class of the toy course, graded with nbgrader's own API, and marked as formgrader does."""

from contextlib import contextmanager

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.proof.demo import cell


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
