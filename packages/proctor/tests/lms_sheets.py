"""Sheets of grades as Canvas, Moodle and Blackboard export them, and a course whose grades go back into them."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from nbgrader.api import Gradebook

from proctor import cli
from proctor.authoring.build import scripts_on_path
from proctor.course import open_course
from submissions import zipped

CONFIG = """
c.ZipCollectApp.extractor_plugin = "proctor.gradebook.DownloadExtractor"
c.ZipCollectApp.collector_plugin = "proctor.gradebook.DownloadCollector"
c.AssignLatePenalties.plugin_class = "proctor.gradebook.PenaltyPerDay"
"""
CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,toy (77),Other (78),Current Score\r\n"
    ",,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,13.00,5.00,(read only)\r\n"
    '"Lee, Ann",101,u1,ann@uni,"S1, S2",,=1+1,0\r\n'
    '"Ray, ""Bob""",102,u2,bob@uni,S1,"7.00",,0\r\n'
    '"Kim, Zoe",103,,zoe@uni,S1,,,0\r\n'
    '"Student, Test",999,,x,S1,,,\r\n'
).encode()
MOODLE = (
    b'Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed","Feedback comments"\n'
    b'"Participant 7","Ann Lee",ann@uni,"Submitted, on time",,13.00,Yes,"<p>a\nb</p>"\n'
    b'"Participant 8","Bob Ray",bob@uni,Submitted,,13.00,Yes,\n'
    b'"Participant 9","Zoe Kim",zoe@uni,"No submission",,13.00,Yes,\n'
)
BLACKBOARD = (
    '\ufeff"Last Name"\t"First Name"\t"Username"\t"Student ID"\t'
    '"toy [Total Pts: 13 Score] |55"\t"All [Total Pts: up to 13 Score] |56"\n'
    '"Lee"\t"Ann"\t"ann"\t"1"\t"Needs Marking(0.0)"\t"0"\n'
    '"Ray"\t"Bob"\t"bob"\t"2"\t""\t"0"\n'
    '"Kim"\t"Zoe"\t"zoe"\t"3"\t""\t"0"\n'
    '"T"\t"P"\t"teacher_previewuser"\t""\t""\t""'
).encode("utf-16-le")
SHEETS = {"canvas": CANVAS, "moodle": MOODLE, "blackboard": BLACKBOARD}


class Toys:
    """A course whose grades are put into the gradebook as they should be, and what `proctor return` makes of them."""

    def __init__(self, root):
        with (root / "course_config.py").open("a") as config:
            config.write(CONFIG)
        self.root = root
        self.directory = open_course(root).directory

    def grade(self, student, double=4.0, total=6.0, reflection=3.0, changed=False, page=True, at=None):
        with scripts_on_path(), Gradebook(self.directory.db_url, self.directory.course_id) as gradebook:
            gradebook.update_or_create_student(student)
            submission = gradebook.update_or_create_submission("toy", student, timestamp=at)
            grades = {"check_double": double, "check_total": total, "reflection": None}
            for grade in submission.notebooks[0].grades:
                grade.auto_score = grades[grade.name]
                if grade.name == "reflection":
                    grade.manual_score, grade.needs_manual_grade = reflection, changed or reflection is None
            gradebook.db.commit()
        (self.root / "submitted" / student / "toy").mkdir(parents=True, exist_ok=True)
        if page:
            path = self.root / "feedback" / student / "toy/toy.html"
            path.parent.mkdir(parents=True)
            path.write_text(f"<html>{student}</html>")

    def collect(self, entries, roster=""):
        archive = self.root / "downloaded/toy/archive"
        archive.mkdir(parents=True)
        (archive / "class.zip").write_bytes(zipped(entries))
        if roster:
            (self.root / "roster.csv").write_text(roster)
            with (self.root / "course_config.py").open("a") as config:
                config.write('c.DownloadCollector.roster = "roster.csv"\n')
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, "-m", "nbgrader", "zip_collect", "toy"]
        ran = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr

    def extract(self, names):
        """What `nbgrader zip_collect` leaves of a download."""
        for name in names:
            path = self.root / "downloaded/toy/extracted/class.zip" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")

    def give_back(self, lms, sheet, *options):
        path = self.root / ("grades.xls" if lms == "blackboard" else "grades.csv")
        path.write_bytes(sheet)
        with scripts_on_path():
            status = cli.main(
                ["--course", str(self.root), "return", "toy", "--lms", lms, "--sheet", str(path), *options]
            )
        assert path.read_bytes() == sheet
        return status

    def written(self, lms):
        """The sheet that was written, and the pages in the zip."""
        folder = self.root / f"reports/toy-{lms}"
        (sheet,) = folder.glob("grades.*")
        with zipfile.ZipFile(folder / "feedback.zip") as archive:
            assert archive.testzip() is None
            return sheet.read_bytes(), {name: archive.read(name).decode() for name in archive.namelist()}


def swap(old, new):
    return lambda sheet: sheet.replace(old.encode(), new.encode())
