"""The classes that a course's `course_config.py` names for nbgrader."""

from proctor.grading.gradebook import GradeCells, SubmissionExporter

__all__ = ["GradeCells", "SubmissionExporter"]
