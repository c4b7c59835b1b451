"""Late penalties: nbgrader's own, taken from all marks, those by hand with them."""

import math
from datetime import datetime

from nbgrader.api import Assignment, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import Float
from traitlets.config import Config

from proctor.course import counted
from proctor.grading.times import for_people
from proctor.settings import SettingsError

DAY = 24 * 60 * 60


def _due(submission):
    """When a student's submission is due: with its extension, which nbgrader adds to a due date that is not there."""
    due = submission.assignment.duedate
    return due if due is None or submission.extension is None else due + submission.extension


SubmittedAssignment.duedate = property(_due)


class PenaltyPerDay(LateSubmissionPlugin):
    """Each day begun after the due date costs a percentage of what the work earned."""

    percent_per_day = Float(10, min=0, max=100, help="Of the points earned, for each day begun.").tag(config=True)
    most_percent = Float(100, min=0, max=100, help="However late, not more than this.").tag(config=True)
    grace_minutes = Float(0, min=0, help="So much later is still in time; days count from there.").tag(config=True)

    @property
    def rule(self) -> str:
        """What it takes, for students."""
        words = f"Each day begun costs {self.percent_per_day:g}% of the points earned"
        words += f", at most {self.most_percent:g}%" * (self.most_percent < 100)
        return words + f"; up to {self.grace_minutes:g} minutes late is in time" * bool(self.grace_minutes) + "."

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The points to take off; None where the work came within the minutes of grace."""
        days = math.ceil((total_seconds_late - 60 * self.grace_minutes) / DAY)
        if days <= 0:
            return None
        return round(score * min(days * self.percent_per_day, self.most_percent) / 100, 2)


def open_plugin(config: Config) -> AssignLatePenalties:
    """nbgrader's `AssignLatePenalties`, with the plugin that a course names.

    Raises
    ------
    SettingsError : where there is no such plugin, or its settings cannot be used
    """
    try:
        penalties = AssignLatePenalties(config=config)
        penalties.init_plugin()
    except Exception as error:
        named = config.get("AssignLatePenalties", {}).get("plugin_class")
        raise SettingsError(f"the late plugin {named} cannot be used: {' '.join(str(error).split())}") from error
    return penalties


def in_words(handed_in: datetime | None, due: datetime | None, config: Config) -> str:
    """How late something came, and what that costs, for its student; empty where it was in time.

    Parameters
    ----------
    handed_in, due : in UTC; it is told in the course's zone
    """
    if handed_in is None or due is None or handed_in <= due:
        return ""
    rule = getattr(open_plugin(config).plugin_inst, "rule", "")
    told = for_people(due, config.get("Exchange", {}).get("timezone", "UTC"), seconds=False)
    words = f"Handed in {_duration(handed_in - due)} late: it was due {told}."
    return f"{words} {rule}".strip()


def _duration(time):
    minutes = int(time.total_seconds()) // 60
    parts = {"day": minutes // 1440, "hour": minutes // 60 % 24, "minute": minutes % 60}
    told = [counted(count, unit) for unit, count in parts.items() if count]
    return " ".join(told[:2]) or "less than a minute"


def _maybe_late(gradebook, name):
    """The submissions of an assignment, but for those that can be neither late nor charged: nearly all of a class."""
    rows = gradebook.db.query(SubmittedAssignment).join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
    charged = SubmittedAssignment.notebooks.any(SubmittedNotebook.late_submission_penalty.is_not(None))
    after = SubmittedAssignment.timestamp > Assignment.duedate
    return rows.filter(Assignment.name == name, after | charged | SubmittedAssignment.extension.is_not(None))


def seconds_late(gradebook: Gradebook, name: str) -> dict[str, float]:
    """Who was late in an assignment, and by how much, extensions included."""
    seconds = {one.student_id: one.total_seconds_late for one in _maybe_late(gradebook, name)}
    return {student: late for student, late in sorted(seconds.items()) if late > 0}


def settle_penalties(gradebook: Gradebook, name: str, config: Config) -> None:
    """Have each submission's penalty be that of its marks and its due date as they are now.

    nbgrader takes it when a submission is graded, before anybody marks it, or is given more time.

    Raises
    ------
    SettingsError : as `open_plugin`, and where the plugin stops
    """
    charged = SubmittedNotebook.late_submission_penalty.is_not(None)
    is_due = gradebook.find_assignment(name).duedate is not None
    if not is_due and not gradebook.db.query(SubmittedNotebook).filter(charged).count():
        return
    penalties = open_plugin(config)
    for submission in _maybe_late(gradebook, name):
        for notebook in submission.notebooks:
            penalty = _penalty(penalties, submission, notebook)
            if penalty != notebook.late_submission_penalty:
                notebook.late_submission_penalty = penalty
    gradebook.db.commit()


def _penalty(penalties, submission, notebook):
    """What a notebook loses: at most what it earned, as nbgrader has it."""
    seconds = submission.total_seconds_late
    if seconds <= 0:
        return None
    plugin = penalties.plugin_inst
    try:
        penalty = plugin.late_submission_penalty(submission.student_id, notebook.score, seconds)
        return None if penalty is None else min(max(penalty, 0), notebook.score)
    except Exception as error:
        words = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise SettingsError(f"the late plugin {type(plugin).__name__} stopped: {words}") from error
