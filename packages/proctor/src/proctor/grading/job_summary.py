"""A verdict as Markdown, for the summary of a job on GitHub: points by exercise, then what failed.

What may hold a student's words stands in indented blocks, in which Markdown and HTML mean nothing.
"""

import textwrap

from proctor.grading.harmless import one_line
from proctor.grading.report import sandbox_note, told
from proctor.grading.verdict import Verdict, refusal
from proctor.points import in_words, shown

WIDTH, MAX_NAME = 100, 300


def as_markdown(verdict: Verdict) -> str:
    """The points of each exercise as a table, the notes, and each failed check with its message."""
    head = _head(verdict.assignment, verdict.submission)
    head += f"{shown(verdict.points)} of {in_words(verdict.max_points)}"
    refused = refusal(verdict.exercises)
    if refused:
        return "\n".join([head, "", *_block([refused])]) + "\n"
    lines = [head, "", "| exercise | points | |", "| --- | ---: | --- |"]
    for exercise in verdict.exercises:
        points = f"{shown(exercise.points)} / {shown(exercise.max_points)}"
        lines.append(f"| {_cell(exercise.title)} | {points} | {exercise.status} |")
    lines.append("")
    if verdict.by_hand:
        lines += [f"Written answers, {in_words(verdict.by_hand)}, are marked by hand; they are not in it.", ""]
    if verdict.sandbox != "bubblewrap":
        lines += [sandbox_note(verdict), ""]
    lines += _block(verdict.notes)
    for exercise in verdict.exercises:
        lines += _failures(exercise)
    return "\n".join(lines)


def refusal_as_markdown(assignment: str, submission: str, reason: str) -> str:
    """What stands in the place of a verdict where what was handed in cannot be graded.

    Parameters
    ----------
    assignment : its name; empty where that is not known
    """
    return "\n".join([f"{_head(assignment, submission)}not graded", "", *_block([reason])])


def _head(assignment, submission):
    """How a section begins: which submission it is about. What stands behind its last `: ` is the result."""
    # Nothing but a backtick ends what is code.
    name = one_line(submission, MAX_NAME).replace("`", "'")
    return f"## {assignment}, `{name}`: " if assignment else f"## `{name}`: "


def _failures(exercise):
    failed = [(check, message) for check, message in told(exercise) if not check.passed]
    lines = [f"### {_cell(exercise.title)}", ""] if failed else []
    if exercise.status == "missing":
        return [*lines, *_block(dict.fromkeys(check.message for check, _ in failed))]
    for check, message in failed:
        lines += [f"**{_cell(check.title)}** (0 / {shown(check.max_points)})", ""]
        words, *causes = message or [""]
        lines += _block([words, *(f"Likely cause: {cause}" for cause in causes)])
    return lines


def _block(texts):
    """Texts as an indented block, with the empty line that ends it."""
    lines = [line for text in texts for line in textwrap.wrap(" ".join(text.split()), WIDTH)]
    return [*(f"    {line}" for line in lines), ""] if lines else []


def _cell(text):
    return text.replace("|", "\\|")
