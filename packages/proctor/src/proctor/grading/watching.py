"""Points before the deadline: what is handed in is graded as it comes, by warm processes, and its page released.

A loop over what `nbgrader collect`, `autograde`, `generate_feedback` and `release_feedback` do, with their own
functions. What is left to do is told by what lies in `submitted/` and `autograded/`. So whatever ends the loop, the
next start goes on from there.
"""

import contextlib
import fcntl
import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, wait
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import temp_attrs

from proctor.authoring.assignment import Assignment
from proctor.checks.outcome import GradingError
from proctor.grading import cache, many, ready
from proctor.grading.gradebook import TakeIn
from proctor.grading.inbound import TO_TELL
from proctor.grading.marks import open_gradebook, require_assignment
from proctor.points import in_words, shown
from proctor.settings import SettingsError

FOLDER = ".proctor_attempts"
# What nbgrader's own commands write their log to.
LOG = ".nbgrader.log"
LOOK_SECONDS = 0.5
# What nbgrader puts beside a submission.
BESIDE = ("timestamp.txt", "submission_secret.txt")
# After a fault, so long until all is looked at anew, and with new workers where it was theirs.
AGAIN_SECONDS = 60
# Of more than any submission has, no change needs to be noticed.
MAX_FOLDERS, MAX_FILES = 50, 200
# Anybody may put any number of names into the exchange, and to collect takes some time for each that is named.
MAX_NAMES = 20


class Attempts:
    """How many submissions of each student were graded on each day, a line of JSON each.

    Nothing else has it: not nbgrader's gradebook, and the pages are of what was handed in when, not of what was graded.

    Parameters
    ----------
    path : the file, which is one process's at a time
    timezone : whose days they are

    Raises
    ------
    GradingError : where another process has it
    SettingsError : where there is no such zone
    """

    def __init__(self, path: Path, timezone: str):
        try:
            self._zone, self._counts = ZoneInfo(timezone), Counter()
        except (LookupError, ValueError) as error:
            words = "a time zone such as Europe/Berlin"
            raise SettingsError(f"c.Exchange.timezone should be {words}, but is {timezone!r}") from error
        path.parent.mkdir(exist_ok=True)
        self._file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise GradingError(f"another `proctor watch {path.stem}` is at work here; end it first") from error
        self._file.seek(0)
        for line in self._file.read().splitlines():
            # A line that a crash cut short is one attempt more for whoever it was.
            with contextlib.suppress(ValueError):
                self._counts[tuple(json.loads(line))] += 1
        # Nor does it spoil the next one.
        self._file.write("\n")

    @property
    def day(self) -> str:
        """Today's date."""
        return f"{datetime.now(self._zone):%Y-%m-%d}"

    def of_today(self, student: str) -> int:
        """How many there were today."""
        return self._counts[self.day, student]

    def add(self, student: str) -> None:
        """Note one of today."""
        self._counts[self.day, student] += 1
        self._file.write(f"{json.dumps([self.day, student])}\n")
        self._file.flush()

    def close(self) -> None:
        """Leave the file to others."""
        self._file.close()


class _Submissions(TakeIn):
    """What `nbgrader autograde` would say of a submission."""

    def is_new(self, assignment, student):
        """Whether it would be graded."""
        return self._is_new(assignment, student)

    def handed_in(self, assignment, student):
        """When it was handed in, in seconds since 1970; None where nothing says so."""
        when = self._timestamp(self._folders(assignment, student)[0])
        return when and when.replace(tzinfo=UTC).timestamp()


class Watch:
    """One class whose submissions are graded as they come.

    Parameters
    ----------
    device : as `resolve_device` gives it for "auto", which is what nbgrader's commands grade on
    jobs : how many submissions are graded at a time
    say : called with each line for whoever looks on

    Raises
    ------
    GradingError, SettingsError : as `Attempts`
    Unreadable : where the gradebook cannot be read, or lacks the assignment
    """

    def __init__(self, assignment: Assignment, device: str, jobs: int, say: Callable[[str], None]):
        self.assignment, self.device, self.jobs, self.say = assignment, device, jobs, say
        course = assignment.course
        self.directory = course.directory
        with open_gradebook(self.directory) as gradebook:
            require_assignment(gradebook, assignment.name)
        self.nbgrader = NbGraderAPI(self.directory, config=course.config)
        self.submissions = _Submissions(coursedir=self.directory, parent=self.nbgrader)
        self.inbound = None
        if self.directory.course_id and self.nbgrader.exchange_root:
            self.inbound = Path(self.nbgrader.exchange_root) / self.directory.course_id / "inbound"
        timezone = course.config.get("Exchange", {}).get("timezone", "UTC")
        self.attempts = Attempts(course.root / FOLDER / f"{assignment.name}.jsonl", timezone)
        self.graded, self.under_way, self.told, self.begun = 0, {}, set(), Counter()
        self._begin()

    def places(self) -> str:
        """Where it looks, for whoever looks on."""
        missing = " (no exchange: c.CourseDirectory.course_id is not set)"
        exchange = missing if self.inbound is None else f", and {self.inbound}"
        return f"{self.assignment.course.submitted}/<student>/{self.assignment.name}/{exchange}"

    def _begin(self):
        self.arrived, self.collected = set(), set()
        self.states, self.unsettled, self.waiting = {}, set(), {}
        self.next_look, self.failed_at, self.workers_failed = 0.0, None, False

    def run(self, stopped: Callable[[], bool]) -> None:
        """Grade what comes, until `stopped` says so; what is being graded by then is finished."""
        while not stopped():
            self._begin()
            with many.local_executor(self.assignment, self.jobs, self.device, undisturbed=True) as executor:
                for _ in range(self.jobs):
                    executor.submit(ready.load_checks, self.assignment, self.device)
                self._serve(executor, stopped)

    def _serve(self, executor, stopped):
        """Grade what comes, until it is to be stopped, or there are to be new workers."""
        while self.under_way or not stopped():
            if not stopped():
                self._look()
                self._start(executor)
            else:
                self._tell_once("Ending, once what is being graded is done; Ctrl-C again leaves it for the next start.")
            done, _ = wait(self.under_way, LOOK_SECONDS, FIRST_COMPLETED)
            # Who began first has the page first, where two are done at once.
            for future in [future for future in self.under_way if future in done]:
                self._publish(future)
                if not stopped():
                    self._start(executor)
            if self.under_way:
                continue
            if self.failed_at is not None and time.monotonic() > self.failed_at + AGAIN_SECONDS:
                if self.workers_failed:
                    return
                self._begin()
            if not stopped():
                time.sleep(LOOK_SECONDS)

    def _look(self):
        """Find what has come since the last look; what is still changing is left until it lies still."""
        if time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + LOOK_SECONDS
        self._collect()
        students, left_out = many.list_students(self.assignment)
        for name in left_out:
            self._tell_once(f"proctor: {name!a} is left out: that may not be a student's id")
        for path in many.misplaced(self.assignment):
            self._tell_once(f"proctor: {str(path)!a} is left out: {many.where_to(path)}")
        # What was taken away again, and may be put back.
        for who in {*self.states} - {*students, *self.under_way.values()}:
            self.states.pop(who)
            self.waiting.pop(who, None)
        excluded = {*self.directory.student_id_exclude.split(","), *self.under_way.values()}
        graded_before = [who for who in students if who not in excluded and self._look_at(who)]
        if graded_before:
            # A run that was broken off may have left its page unwritten, or in no exchange.
            # A name with a comma in it would be the names of two others there.
            others = ",".join(who for who in {*excluded, *students} - {*graded_before} if "," not in who)
            with temp_attrs(self.directory, student_id_exclude=others):
                self._tell_fault("the pages", self._give_back("*"))

    def _look_at(self, student):
        """Look at one submission, once more if it has changed; gives whether it turns out to be graded already."""
        name, state = self.assignment.name, self._state(student)
        if state != self.states.get(student):
            self.states[student] = state
            self.unsettled.add(student)
            self.waiting.pop(student, None)
        elif student in self.unsettled:
            self.unsettled.remove(student)
            if not self.submissions.is_new(name, student):
                return True
            # Where there is nothing yet, it is about to come.
            if any(file not in BESIDE for _, file, *_ in state):
                self.waiting[student] = self.submissions.handed_in(name, student) or _came(state)
        return False

    def _state(self, student):
        """What lies in a submission's folder: names, sizes and times of its files."""
        folder, found = many.submission(self.assignment, student).parent, []
        with contextlib.suppress(OSError):
            for where, _, files in itertools.islice(os.walk(folder), MAX_FOLDERS):
                for file in files[:MAX_FILES]:
                    about = Path(where, file).lstat()
                    found.append((where, file, about.st_size, about.st_mtime_ns, about.st_ctime_ns))
        return tuple(sorted(found))

    def _collect(self):
        """Fetch from the exchange what is there as a whole: `nbgrader submit` writes one file after another."""
        name, before = self.assignment.name, self.arrived
        if self.inbound is None:
            return
        if not self.inbound.is_dir():
            self._tell_once(f"proctor: there is no {self.inbound}; until there is, what lies in submitted/ is graded")
        elif not os.access(self.inbound, os.R_OK | os.X_OK):
            whose = f"{self.inbound} is {self.inbound.owner()}'s, and may not be read by whoever runs this"
            self._tell_once(f"proctor: {whose}; until it may, what lies in submitted/ is graded")
        self.arrived = _entries(self.inbound, f"*+{name}+*")
        new = (before & self.arrived) - self.collected
        who = {entry.rpartition(f"+{name}+")[0] for entry, _ in new}
        at_once = new and (before == self.arrived or len(who) > MAX_NAMES)
        for student in ["*"] if at_once else sorted(who):
            with temp_attrs(self.directory, student_id=student):
                self._tell_fault("the exchange", self._run(self.nbgrader.collect))
        self.collected |= new

    def _start(self, executor):
        """Have the next submissions graded, one more than there are workers, so that none waits for this process."""
        engine = cache.engine_digest(self.assignment.course, self.device)
        while len(self.under_way) <= self.jobs and (student := self._next()) is not None:
            del self.waiting[student]
            self.begun[self.attempts.day, student] += 1
            future = executor.submit(many.grade_student, self.assignment, student, self.device, engine)
            self.under_way[future] = student

    def _next(self):
        """Whose turn it is: of those with fewest attempts today, who handed in first; or None.

        What was handed in anew while it was graded is no graded attempt, but has had its turn.
        """
        most, allowed = self.assignment.course.settings.attempts_per_day, []
        for student in self.waiting:
            if most and self.attempts.of_today(student) >= most:
                words = f"{student} has had the {most} graded attempts of {self.attempts.day}"
                self._tell_once(f"{words}; what was handed in since is graded on the next day")
            else:
                allowed.append(student)
        day, graded = self.attempts.day, self.attempts.of_today
        return min(allowed, key=lambda who: (max(graded(who), self.begun[day, who]), self.waiting[who]), default=None)

    def _publish(self, future):
        """Write what a worker graded into the gradebook, and give its page back."""
        student = self.under_way.pop(future)
        graded = many.result_of(future, self.assignment, student, self.device)
        self.workers_failed = self.workers_failed or bool(graded.fault)
        if self._state(student) != self.states[student]:
            # It was handed in again meanwhile, which the next look finds.
            return
        if self._tell_fault(student, graded.fault or self._run(self.nbgrader.autograde, student, force=False)):
            return
        if not graded.refused:
            self.attempts.add(student)
        if not self._tell_fault(student, self._give_back(student)):
            self.graded += 1
            seconds = time.time() - _came(self.states[student])
            points = f"{shown(graded.points)} of {in_words(graded.max_points)}"
            self.say(f"{student}: {points}, {seconds:.1f} s after it came")

    def _give_back(self, student):
        """Write pages, and release them where there is an exchange; why that could not be done, or nothing."""
        fault = self._run(self.nbgrader.generate_feedback, student, force=False)
        if not fault and self.inbound is not None and self.inbound.is_dir():
            fault = self._run(self.nbgrader.release_feedback, student)
        return fault

    def _run(self, command, *arguments, **options):
        """Have nbgrader do something; why it could not, or nothing."""
        result = command(self.assignment.name, *arguments, **options)
        log = result.get("log", "")
        with (self.assignment.root / LOG).open("a", encoding="utf-8") as kept:
            kept.write(log)
        for line in log.splitlines():
            if any(f" {words}" in line for words in TO_TELL):
                self._tell_once(f"proctor: {line.partition('] ')[2]}")
        if result["success"]:
            return ""
        errors = [line for line in log.splitlines() if line.startswith("[ERROR]")] or result["error"].splitlines()[-1:]
        return f"{errors[0].removeprefix('[ERROR]').strip()} ({LOG} has all that nbgrader said)"

    def _tell_fault(self, what, fault):
        """Say what went wrong, if anything did, and that it is to be tried again; gives whether it did."""
        if fault:
            self.failed_at = self.failed_at or time.monotonic()
            self._tell_once(f"proctor: {what}: {fault}; it is tried again every minute")
        return bool(fault)

    def _tell_once(self, line):
        if line not in self.told:
            self.told.add(line)
            self.say(line)


def _entries(folder, pattern):
    """What lies in a folder that everybody may write to, with the times of the entries, wherever a link may lead."""
    found = set()
    for path in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):
            found.add((path.name, path.lstat().st_mtime_ns))
    return found


def _came(state):
    """When the last file of a submission was put where it lies, in seconds since 1970."""
    return max((changed for *_, changed in state), default=0) / 1e9
