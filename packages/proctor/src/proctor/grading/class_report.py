"""A class as its teacher wants to see it: who, how many points, which checks, which mistakes, known ones and others.

It reads what nbgrader has: the gradebook, and the graded notebooks with their verdicts.
"""

import csv
import io
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import numpy as np

from proctor.authoring import bank
from proctor.authoring.assignment import Assignment
from proctor.checks.cell import STOPPED
from proctor.checks.plain import standing_alone
from proctor.course import counted
from proctor.grading import marks, roster
from proctor.grading.alike import Alike, alike, without_layout
from proctor.grading.harmless import no_formula, plain_text
from proctor.grading.intake import released_notebook
from proctor.grading.report import kept_notes, kept_verdict
from proctor.grading.typeset import in_line
from proctor.grading.verdict import ExerciseVerdict, refusal
from proctor.points import in_words, shown

TEMPLATES = Path(__file__).parent / "templates"
# Fewer say nothing about a check.
ENOUGH = 8
BINS = 20
MOST_ALIKE, MOST_GROUPS = 30, 40
MOST_CODE, MOST_ENTRY = 8_000, 20_000


@dataclass
class Student:
    """What is known of one submission.

    Parameters
    ----------
    points : {exercise: what counts, marks by hand included}
    late : seconds after the due date, whatever that costs
    not_marked : the exercises that wait for a person, those whose answer changed after it was marked among them
    seconds : what grading it took; None where that is not on record
    verdicts : {exercise: its verdict by the checks}
    answers : {exercise: its cell}
    own : cells of the student's own with code
    notes : what was said of the submission as a whole
    """

    name: str
    points: dict[str, float]
    penalty: float = 0.0
    late: float = 0.0
    not_marked: set[str] = field(default_factory=set)
    seconds: float | None = None
    verdicts: dict[str, ExerciseVerdict] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    own: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> float:
        return max(0.0, sum(self.points.values()) - self.penalty)

    @property
    def refused(self) -> str:
        """Why nothing of it could be graded; empty where it could."""
        return refusal(self.verdicts.values())

    @property
    def ran_out_of_time(self) -> set[tuple[str, str]]:
        """What was stopped, or came too late for its time: (the exercise or nothing, what was said)."""
        said = {(name, check.message) for name, verdict in self.verdicts.items() for check in verdict.checks}
        said |= {("", note) for note in self.notes}
        return {(name, words) for name, words in said if "was stopped" in words or "used up" in words}

    @property
    def is_graded(self) -> bool:
        """Whether there is anything; who was given more time is in the gradebook before handing in."""
        return bool(self.answers) or self.not_marked != set(self.points)


@dataclass(frozen=True)
class CheckRow:
    """How a class fares in one check.

    Parameters
    ----------
    passed : share of those who wrote something for the exercise
    discrimination : point-biserial correlation with the points of all other checks; None where it cannot be told
    word : what is suspicious about it; empty where nothing is
    """

    exercise: str
    title: str
    tried: int
    passed: float
    discrimination: float | None
    word: str


@dataclass(frozen=True)
class MistakeRow:
    """A known mistake, and who made it."""

    exercise: str
    name: str
    hint: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Failures that no known mistake explains, and that were observed to be the same.

    Parameters
    ----------
    messages : what each failed check said to one of the students
    code : that student's answer
    entry : what to put at the end of mistakes.py, but for a name and a hint; empty where no code can be put there
    """

    exercise: str
    students: tuple[str, ...]
    messages: tuple[tuple[str, str], ...]
    code: str
    entry: str


@dataclass
class ClassReport:
    """All that the page shows."""

    assignment: Assignment
    students: list[Student]
    others: dict[str, str]
    checks: list[CheckRow] = field(default_factory=list)
    mistakes: list[MistakeRow] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    alike: list[Alike] = field(default_factory=list)


def draw_up(assignment: Assignment) -> ClassReport:
    """The report over a class as the gradebook and the graded notebooks have it.

    Raises
    ------
    Unreadable : where the gradebook cannot be read
    """
    found = marks.read_class(assignment)
    known = [_read_student(assignment, name, found) for name in found.grades]
    others = roster.without_grades(assignment, found.grades)
    others |= {one.name: roster.why_not_graded(assignment, one.name) for one in known if not one.is_graded}
    students = [one for one in known if one.is_graded]
    report = ClassReport(assignment, students, dict(sorted(others.items())))
    report.checks = [row for exercise in assignment.exercises for row in _check_rows(exercise, students)]
    report.mistakes = _mistake_rows(assignment, students)
    report.groups = _groups(students)
    released = {cell.id: cell.source for cell in released_notebook(assignment).cells}
    for exercise in assignment.exercises:
        answers = {one.name: one.answers[exercise.id] for one in students if exercise.id in one.answers}
        if not exercise.written:
            report.alike += alike(answers, released.get(exercise.id, ""), exercise.id)
    report.alike.sort(key=lambda group: (-group.share, -group.rare))
    return report


def _read_student(assignment, name, found):
    about = found.penalties.get(name, 0.0), found.late.get(name, 0.0), found.waiting.get(name, set())
    student = Student(name, found.grades[name], *about)
    try:
        notebook = marks.read_graded(marks.graded_path(assignment, name))
    except (OSError, ValueError):
        return student
    student.seconds = notebook.metadata.get("proctor", {}).get("seconds")
    exercises = {exercise.id for exercise in assignment.exercises}
    for cell in notebook.cells:
        if cell.id in exercises:
            student.answers[cell.id] = cell.source
        elif cell.cell_type == "code" and cell.id.startswith("own-"):
            student.own.append(cell.source)
        verdict = kept_verdict(cell)
        if verdict is not None:
            student.verdicts[verdict.id] = verdict
        student.notes += kept_notes(cell)
    return student


def _check_rows(exercise, students):
    """A row for each check of an exercise, over those who wrote something for it."""
    there = [one for one in students if exercise.id in one.verdicts and not one.refused]
    tried = [one for one in there if one.verdicts[exercise.id].status != "missing"]
    all_points = np.array([sum(v.points for v in one.verdicts.values()) for one in tried])
    columns = defaultdict(list)
    for one in tried:
        for check in one.verdicts[exercise.id].checks:
            columns[check.title].append((check.passed, check.points))
    for title, column in columns.items():
        passed, points = (np.array(values, dtype=float) for values in zip(*column, strict=True))
        rest = all_points - points
        tells = len(tried) >= ENOUGH and passed.std() > 0 and rest.std() > 0
        discrimination = float(np.corrcoef(passed, rest)[0, 1]) if tells else None
        yield CheckRow(exercise.id, title, len(tried), passed.mean(), discrimination, _word(passed, discrimination))


def _word(passed, discrimination):
    if len(passed) >= ENOUGH and not passed.any():
        return "nobody passes"
    if discrimination is not None and discrimination < 0:
        return "the best fail it"
    return ""


def _mistake_rows(assignment, students):
    made = defaultdict(list)
    for one in students:
        named = {check.mistake for verdict in one.verdicts.values() for check in verdict.checks if check.mistake}
        for name in named:
            made[name].append(one.name)
    known = [mistake for mistake in bank.mistakes(assignment) if mistake.name in made]
    rows = [MistakeRow(mistake.exercise, mistake.name, mistake.hint, tuple(made[mistake.name])) for mistake in known]
    return sorted(rows, key=lambda row: (-len(row.students), row.exercise, row.name))


def _groups(students):
    """Answers that fail without a name, by what was observed of them."""
    alike = defaultdict(list)
    for one in students:
        for name, verdict in one.verdicts.items():
            failed = [check for check in verdict.checks if not check.passed]
            if not one.refused and any(check.observed and not check.mistake for check in failed):
                alike[name, tuple((check.name, check.observed) for check in failed)].append(one)
    groups = []
    for (name, _), members in alike.items():
        # The shortest that can be an entry, else the shortest.
        entries = {member.name: _entry(member, name) for member in members}
        one = min(members, key=lambda m: (not entries[m.name], len(entries[m.name] or m.answers.get(name, ""))))
        messages = tuple((check.title, check.message) for check in one.verdicts[name].checks if not check.passed)
        names, code = tuple(member.name for member in members), one.answers.get(name, "")
        groups.append(Group(name, names, messages, code, entries[one.name]))
    return sorted(groups, key=lambda group: (-len(group.students), group.exercise))


def _entry(student, exercise):
    """What to put into mistakes.py for an answer; empty where that would stop or end who runs it there."""
    if any(check.lost or STOPPED in check.message for check in student.verdicts[exercise].checks):
        return ""
    code = standing_alone(student.answers.get(exercise, ""), student.own, MOST_ENTRY)
    return bank.as_entry(exercise, code) if code else ""


def as_html(report: ClassReport) -> str:
    """The page: one file, without scripts, pictures as SVG."""
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"duration": duration, "inline": in_line, "without_layout": without_layout}
    environment.filters |= {"counted": counted, "number": shown, "points": in_words, "shortened": shortened}
    environment.filters |= {"cut": lambda code: plain_text(code, MOST_CODE)}
    assignment, students = report.assignment, report.students
    mistakes = assignment.graders / "mistakes.py"
    answers = {(one.name, name): code for one in students for name, code in one.answers.items()}
    return environment.get_template("class_report.html.j2").render(
        report=report,
        assignment=assignment,
        listed=roster.listed,
        total=histogram([one.total for one in students], assignment.points),
        totals=np.percentile([one.total for one in students], [25, 50, 75]) if students else [],
        exercises=[(exercise, *_marked_points(exercise, students)) for exercise in assignment.exercises],
        alike=[
            (group, answers[group.first, group.exercise], answers[group.second, group.exercise])
            for group in report.alike[:MOST_ALIKE]
        ],
        groups=report.groups[:MOST_GROUPS],
        bank=mistakes.relative_to(assignment.root).as_posix(),
        begins="" if mistakes.exists() else bank.BEGINNING,
        waiting=sum(len(one.not_marked) for one in students),
        late=sorted((one for one in students if one.late), key=lambda one: -one.late),
        refused=[one for one in students if one.refused],
        stopped=_stopped(students),
        noted=[one for one in students if one.notes],
        timed=sorted((one for one in students if one.seconds is not None), key=lambda one: -one.seconds),
    )


def _marked_points(exercise, students):
    """How the points of an exercise are spread, and how many are not marked yet."""
    points = [one.points.get(exercise.id, 0.0) for one in students if exercise.id not in one.not_marked]
    return histogram(points, exercise.points), len(students) - len(points)


def _stopped(students):
    """What ran out of time, and whose, the most frequent first."""
    who = defaultdict(list)
    for one in students:
        for about in one.ran_out_of_time:
            who[about].append(one.name)
    return sorted(who.items(), key=lambda entry: (-len(entry[1]), entry[0]))


def duration(seconds: float) -> str:
    """A time for people, to two digits or so."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}" if seconds >= 10 * size else f"{round(seconds / size, 1):g} {unit}"
    return counted(round(seconds, 1), "second")


def shortened(message: str, most: int) -> str:
    """The first line of a message, so long; what stands between backticks there ends with one."""
    line = message.split("\n")[0]
    if len(line) <= most:
        return line
    cut = line[:most].rstrip()
    return cut + "`" * (cut.count("`") % 2) + " ..."


def histogram(points: list[float], limit: float) -> list[tuple[float, int]]:
    """How many have how many points, as bars: (the share of the limit where a bar begins, how many)."""
    if not points:
        return []
    bins = np.clip((np.array(points) / limit * BINS).astype(int), 0, BINS)
    counts = Counter(bins.tolist())
    return [(number / BINS, counts.get(number, 0)) for number in range(BINS + 1)]


def as_csv(report: ClassReport) -> str:
    """A line for each student and check, to be looked at in a spreadsheet program; nothing reads it back."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["student", "exercise", "check", "points", "max_points", "passed", "mistake"])
    for one in report.students:
        for name, verdict in one.verdicts.items():
            for check in verdict.checks:
                row = [check.name, check.points, check.max_points, int(check.passed), check.mistake or ""]
                writer.writerow([no_formula(cell) for cell in (one.name, name, *row)])
    return text.getvalue()
