"""The classes that a course's `course_config.py` names for nbgrader."""

import logging
import sys
import warnings

from sqlalchemy.exc import SAWarning

from proctor.authoring.errors import about_file
from proctor.grading.collecting import DownloadCollector, DownloadExtractor
from proctor.grading.feedback import FeedbackExporter
from proctor.grading.gradebook import STOPPED, GradeCells, SubmissionExporter
from proctor.grading.harmless import harmless_record
from proctor.grading.inbound import CollectSubmissions
from proctor.grading.late import PenaltyPerDay
from proctor.grading.marks import ExportGrades, SaveGrades
from proctor.grading.pages import TypesetCells

__all__ = [
    "CollectSubmissions",
    "DownloadCollector",
    "DownloadExtractor",
    "ExportGrades",
    "FeedbackExporter",
    "GradeCells",
    "PenaltyPerDay",
    "SaveGrades",
    "SubmissionExporter",
    "TypesetCells",
]

# nbgrader logs the names of folders and files as students made them, before anybody can look at them.
logging.setLogRecordFactory(harmless_record)

# nbgrader adds a submission to the session when its rows are made, not before. SQLAlchemy says for each of the first
# that it waits until then.
warnings.filterwarnings("ignore", r"Object of type <Submitted\w+> not in session", SAWarning, r"nbgrader\.api$")


def _tell(kind, error, trace):
    """Tell what ends a command of nbgrader's; that somebody stopped it, or a file's fault, takes a line."""
    if issubclass(kind, KeyboardInterrupt):
        print(STOPPED, file=sys.stderr)
    elif issubclass(kind, OSError):
        print(f"nbgrader: {about_file(error)}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _tell
