"""Graded as it comes: what is handed in is graded once it lies still, its page given back, and nobody pushes in."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import notebook_hash

from proctor import cli
from proctor.authoring.build import scripts_on_path
from proctor.checks.outcome import GradingError
from proctor.grading import many, watching
from proctor.grading.watching import Attempts, Watch
from proctor.settings import SettingsError
from toys import ToyClass

PATIENCE = 600
WRONG = "def total(values):\n    return 0"


class Inline:
    """An executor that has done what it is asked for by the time that it answers."""

    def __init__(self, around=lambda student: None):
        self.around = around

    def submit(self, fn, *args):
        future = Future()
        if fn is many.grade_student:
            self.around(args[1])
        future.set_result(fn(*args))
        return future


class Watching:
    """A watch in this process, without workers."""

    def __init__(self, toys):
        self.toys, self.said = toys, []

    def until(self, done):
        """Watch until something is so; gives what was said meanwhile."""
        before, end = len(self.said), time.monotonic() + PATIENCE

        def stopped():
            assert time.monotonic() < end, self.said
            return done()

        watch = Watch(self.toys.toy, "cpu", 1, self.said.append)
        try:
            watch.run(stopped)
        finally:
            watch.attempts.close()
        return self.said[before:]

    def until_said(self, *words):
        """Watch until all of some words were said; gives who was graded, in their order, with the points."""
        before = len(self.said)
        said = self.until(lambda: all(any(word in line for line in self.said[before:]) for word in words))
        return re.findall(r"^(.+): ([\d.]+) of 10 points", "\n".join(said), re.MULTILINE)


class Held(Inline):
    """An executor that does nothing until it is told."""

    def __init__(self):
        self.tasks = []

    def submit(self, fn, *args):
        future = Future()
        self.tasks.append((future, fn, args))
        return future

    def work(self):
        """Do what it was asked for; whether any of it was a submission."""
        tasks, self.tasks = self.tasks, []
        for future, fn, args in tasks:
            future.set_result(fn(*args))
        return any(fn is many.grade_student for _, fn, _ in tasks)


@pytest.fixture
def watch(toys, monkeypatch):
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(many, "local_executor", lambda *args, **options: contextlib.nullcontext(Inline()))
    return Watching(toys)


def configured(toys, *lines):
    """The toy class with other settings."""
    with (toys.root / "course_config.py").open("a") as config:
        config.write("".join(f"\n{line}\n" for line in lines))
    made = ToyClass(toys.root)
    # It is kept for a course, to which nbgrader's settings make no difference.
    made.toy = replace(made.toy, course=made.course)
    return made


def score(toys, student):
    with toys.gradebook() as gradebook:
        return gradebook.find_submission("toy", student).score


def test_what_is_handed_in_is_graded_and_its_page_written_and_again_when_it_is_another(toys, watch):
    toys.hand_in("ann", total=WRONG)
    toys.hand_in("bob")
    toys.hand_in("words")
    (toys.root / "submitted/words/toy/toy.ipynb").write_text("I could not get Jupyter to run.\n")
    (toys.root / "submitted/soon/toy").mkdir(parents=True)
    for place in ("lost", "-rf/toy"):
        shutil.copytree(toys.root / "submitted/ann/toy", toys.root / "submitted" / place)
    assert sorted(watch.until_said("ann: ", "bob: ", "words: ")) == [("ann", "4"), ("bob", "10"), ("words", "0")]
    assert sum("is left out" in line for line in watch.said) == 2 and not (toys.root / "autograded/-rf").exists()
    shutil.rmtree(toys.root / "submitted/-rf")
    shutil.rmtree(toys.root / "submitted/lost")
    first = toys.page("ann")
    toys.hand_in("ann")
    assert watch.until_said("ann: ") == [("ann", "10")]
    assert [score(toys, student) for student in ("ann", "bob", "words")] == [10, 10, 0]
    assert toys.page("ann") != first and len(list((toys.root / "feedback/ann").rglob("*.html"))) == 2
    assert not (toys.root / "autograded/soon").exists(), "a folder with nothing in it is not handed in yet"
    assert toys.generate_feedback() == set() and "Skipping existing" in toys.autograde()


def test_what_a_broken_off_run_left_is_taken_up_and_nothing_else(toys, watch):
    for student in ("half", "pageless", "whole"):
        toys.hand_in(student)
    watch.until_said("half: ", "pageless: ", "whole: ")
    half = toys.root / "autograded/half/toy/toy.ipynb"
    half.chmod(0o644)
    half.write_text(half.read_text()[:500])
    shutil.rmtree(toys.root / "feedback/pageless")
    written = (toys.root / "feedback/whole/toy/toy.html").stat().st_mtime_ns
    assert watch.until_said("half: ") == [("half", "10")]
    assert "toy: 10 of 13 points so far" in toys.page("pageless")
    assert (toys.root / "feedback/whole/toy/toy.html").stat().st_mtime_ns == written
    assert score(toys, "half") == 10


def test_what_is_handed_in_while_an_earlier_attempt_is_graded_is_graded_in_its_place(toys, watch, monkeypatch):
    toys.hand_in("ann", total=WRONG)
    again = iter([True])
    executor = Inline(lambda student: next(again, False) and toys.hand_in("ann"))
    monkeypatch.setattr(many, "local_executor", lambda *args, **options: contextlib.nullcontext(executor))
    assert watch.until_said("ann: ") == [("ann", "10")]


def test_what_is_being_graded_when_it_is_to_end_is_finished_and_the_rest_left(toys, watch, monkeypatch):
    students = [f"s{number}" for number in range(5)]
    for student in students:
        toys.hand_in(student)
    executor, begun = Held(), []

    def begins():
        begun.append(executor.work())
        return any(begun)

    with monkeypatch.context() as patched:
        patched.setattr(many, "local_executor", lambda *args, **options: contextlib.nullcontext(executor))
        said = watch.until(begins)
    # One more than there are workers, of which there is one.
    assert said[0].startswith("Ending, ") and len(said) == 3
    left = {student for student in students if not (toys.root / "autograded" / student).exists()}
    assert len(left) == 3
    assert {student for student, _ in watch.until_said(*left)} == left


def test_beyond_its_number_of_the_day_a_submission_is_kept_for_the_next(toys, watch, monkeypatch):
    watch.toys = toys = configured(toys, "c.Proctor.attempts_per_day = 2", 'c.Exchange.timezone = "Asia/Tokyo"')
    for total in (WRONG, "def total(values):\n    return 1"):
        toys.hand_in("ann", total=total)
        watch.until_said("ann: ")
    toys.hand_in("ann")
    toys.hand_in("bob")
    assert watch.until_said("bob: ", "ann has had the 2 graded attempts") == [("bob", "10")]
    assert score(toys, "ann") == 4
    tomorrow = datetime.now() + timedelta(days=2)
    monkeypatch.setattr(watching, "datetime", type("Later", (datetime,), {"now": lambda zone: tomorrow}))
    assert watch.until_said("ann: ") == [("ann", "10")]


def test_who_had_fewest_attempts_today_goes_first_and_then_who_handed_in_first(toys, watch):
    attempts = Attempts(toys.root / watching.FOLDER / "toy.jsonl", "UTC")
    for student in ("ann", "ann", "bob"):
        attempts.add(student)
    attempts.close()
    now = datetime(2026, 1, 31, 12)
    for minutes, student in enumerate(["ann", "bob", "late", "early"]):
        toys.hand_in(student, at=now - timedelta(minutes=minutes))
    graded = watch.until_said("ann: ", "bob: ", "late: ", "early: ")
    assert [student for student, _ in graded] == ["early", "late", "bob", "ann"]


@pytest.fixture
def still(toys):
    """A watch that is not running."""
    made = Watch(toys.toy, "cpu", 1, print)
    yield made
    made.attempts.close()


def test_who_hands_in_anew_while_being_graded_has_had_a_turn(still):
    still.waiting = {"eve": 0.0}
    still._start(Held())
    assert [*still.under_way.values()] == ["eve"]
    still.waiting = {"eve": 0.0, "ann": 1.0}
    assert still._next() == "ann"


def test_a_name_with_a_comma_keeps_nobodys_page_back(toys, still, monkeypatch):
    toys.hand_in("ann")
    toys.hand_in("eve,ann")
    monkeypatch.setattr(still.submissions, "is_new", lambda assignment, student: student != "ann")
    kept_back = []
    monkeypatch.setattr(still, "_give_back", lambda _: kept_back.extend(still.directory.student_id_exclude.split(",")))
    for _ in range(2):
        still.next_look = 0
        still._look()
    assert still.waiting.keys() == {"eve,ann"} and kept_back and "ann" not in kept_back


def test_of_very_many_new_names_in_the_exchange_all_are_fetched_at_once(still, tmp_path, monkeypatch):
    still.inbound, fetched = tmp_path, []
    monkeypatch.setattr(still, "_run", lambda command: fetched.append(still.directory.student_id) or "")
    for number in range(3 * watching.MAX_NAMES):
        (tmp_path / f"eve{number}+toy+x").mkdir()
    still._collect()
    (tmp_path / "ann+toy+x").mkdir()
    still._collect()
    assert fetched == ["*"]


def test_what_cannot_be_graded_now_is_told_once_and_tried_again(toys, watch, monkeypatch):
    monkeypatch.setattr(watching, "AGAIN_SECONDS", 0)
    toys.hand_in("ann")
    grade, faults = many.grade_student, iter(["no memory", "no memory"])

    def faulty(assignment, student, *others):
        fault = next(faults, "")
        return many.Graded(student, fault=fault) if fault else grade(assignment, student, *others)

    monkeypatch.setattr(many, "grade_student", faulty)
    assert watch.until_said("ann: 10") == [("ann", "10")]
    assert sum("no memory" in line for line in watch.said) == 1


def test_what_is_no_notebook_has_its_line_and_its_page_too(toys, watch):
    folder = toys.root / "submitted/ann/toy"
    folder.mkdir(parents=True)
    (folder / "toy.ipynb").symlink_to(toys.toy.source_notebook)
    assert watch.until_said("ann: ") == [("ann", "0")]
    assert "BEGIN SOLUTION" not in toys.page("ann")


def test_a_page_that_could_not_be_written_is_written_later(toys, watch, monkeypatch):
    monkeypatch.setattr(watching, "AGAIN_SECONDS", 0)
    generate, fails = NbGraderAPI.generate_feedback, iter([True])

    def failing(*arguments, **options):
        return {"success": False, "error": "disk full"} if next(fails, False) else generate(*arguments, **options)

    monkeypatch.setattr(NbGraderAPI, "generate_feedback", failing)
    toys.hand_in("ann")
    said = watch.until((toys.root / "feedback/ann/toy/toy.html").exists)
    assert len(said) == 1 and said[0].startswith("proctor: ann: disk full (.nbgrader.log has all")
    assert score(toys, "ann") == 10


def submit(exchange, toys, student, secret, at="2026-01-31 23:59:00.000001 UTC"):
    """What `nbgrader submit` leaves in the exchange, but for its last file."""
    toys.hand_in("template")
    folder = exchange / "toys/inbound" / f"{student}+toy+{at}+{secret}"
    shutil.move(toys.root / "submitted/template/toy", folder)
    (folder / "timestamp.txt").write_text(at)
    return folder


def test_from_the_exchange_and_back_once_a_submission_is_there_as_a_whole(toys, watch, tmp_path, monkeypatch):
    exchange = tmp_path / "exchange"
    lines = 'c.CourseDirectory.course_id = "toys"', "c.ExchangeCollect.check_owner = False"
    watch.toys = toys = configured(toys, *lines, f"c.Exchange.root = {str(exchange)!r}")
    (exchange / "toys/inbound").mkdir(parents=True)
    exchange.chmod(0o777)
    submit(exchange, toys, "ann", "s1").joinpath("submission_secret.txt").write_text("s1")
    # Everybody may write there.
    (exchange / "toys/inbound/eve+toy+yesterday+x").mkdir()
    for number, target in enumerate(["nowhere", "eve+toy+2", "eve+toy+1", "/etc/passwd/x"]):
        (exchange / f"toys/inbound/eve+toy+{number}").symlink_to(target)
    page = exchange / "toys/feedback" / f"{notebook_hash(secret='s1', notebook_id='toy')}.html"
    watch.until_said("ann: 10")
    assert page.read_text() == toys.page("ann")
    assert sum("eve+toy+yesterday+x is left out: " in line for line in watch.said) == 1
    page.unlink()
    partial = submit(exchange, toys, "bob+bob", "s2")
    looks = []

    def writes_on():
        looks.append(None)
        if len(looks) < 20:
            (partial / f"{len(looks)}.txt").touch()
        elif len(looks) == 20:
            assert not (toys.root / "submitted/bob+bob").exists()
            (partial / "submission_secret.txt").write_text("s2")
        return any("bob+bob: 10" in line for line in watch.said) and page.exists()

    monkeypatch.setattr(watching.time, "sleep", lambda seconds, sleep=time.sleep: sleep(0.1))
    watch.until(writes_on)
    assert (exchange / "toys/feedback" / f"{notebook_hash(secret='s2', notebook_id='toy')}.html").exists()


def test_what_others_may_do_in_the_exchange_is_told(toys, watch, tmp_path):
    inbound = tmp_path / "toys/inbound"
    inbound.mkdir(parents=True)
    root = f"c.Exchange.root = {str(tmp_path)!r}"
    watch.toys = toys = configured(toys, 'c.CourseDirectory.course_id = "toys"', root)
    tmp_path.chmod(0o1777)
    inbound.chmod(0o777)
    me = pwd.getpwuid(os.getuid()).pw_name
    submit(tmp_path, toys, me, "s1").joinpath("submission_secret.txt").write_text("s1")
    assert watch.until_said(f"{me}: ", f"{inbound} is open to others") == [(me, "10")]


def test_who_forgot_the_courses_id_is_told_that_no_exchange_is_watched(toys):
    watch = Watch(toys.toy, "cpu", 1, print)
    watch.attempts.close()
    assert watch.places().endswith("/toy/ (no exchange: c.CourseDirectory.course_id is not set)")


def test_an_exchange_that_is_not_there_is_told_and_what_lies_here_is_graded(toys, watch, tmp_path):
    root = f"c.Exchange.root = {str(tmp_path / 'none')!r}"
    watch.toys = toys = configured(toys, 'c.CourseDirectory.course_id = "toys"', root)
    toys.hand_in("ann")
    assert watch.until_said("ann: ", "there is no ") == [("ann", "10")]


def test_an_exchange_of_another_account_is_told_and_what_lies_here_is_graded(toys, watch, tmp_path, monkeypatch):
    inbound = tmp_path / "toys/inbound"
    inbound.mkdir(parents=True)
    tmp_path.chmod(0o777)
    if os.geteuid() == 0:
        # Root may read whatever it likes.
        monkeypatch.setattr(os, "access", lambda path, mode: path != inbound)
    inbound.chmod(0o333)
    root = f"c.Exchange.root = {str(tmp_path)!r}"
    watch.toys = toys = configured(toys, 'c.CourseDirectory.course_id = "toys"', root)
    toys.hand_in("ann")
    assert watch.until_said("ann: ", f"{inbound} is {inbound.owner()}'s, and may not be read") == [("ann", "10")]
    inbound.chmod(0o700)


def test_one_watch_at_a_time_and_a_line_that_was_cut_short_spoils_no_other(tmp_path):
    path = tmp_path / "folder/toy.jsonl"
    attempts = Attempts(path, "UTC")
    attempts.add("ann")
    with pytest.raises(GradingError, match="another `proctor watch toy` is at work"):
        Attempts(path, "UTC")
    attempts.close()
    with path.open("a") as file:
        file.write('["2026-')
    for _ in range(2):
        attempts = Attempts(path, "UTC")
        attempts.add("ann")
        attempts.close()
    assert Attempts(path, "UTC").of_today("ann") == 3


def test_days_are_those_of_a_zone_that_there_is(tmp_path):
    with pytest.raises(SettingsError, match="such as Europe/Berlin, but is 'CEST/Paris'"):
        Attempts(tmp_path / "toy.jsonl", "CEST/Paris")


@pytest.mark.parametrize("jobs, name, words", [("0", "toy", "--jobs should be 1"), ("1", "none", "no source/none")])
def test_what_cannot_be_watched_is_said(toys, capsys, jobs, name, words):
    assert cli.main(["--course", str(toys.root), "watch", name, "--jobs", jobs]) == 2
    assert words in capsys.readouterr().err


def wait_for(found, process):
    """Wait until something is so; a machine may be slow, but a command that has ended does nothing more."""
    end = time.monotonic() + PATIENCE
    while not found():
        assert process.poll() is None, "the watch has ended"
        assert time.monotonic() < end, "this took too long"
        time.sleep(0.05)


@contextlib.contextmanager
def watched(root, log):
    """`proctor watch`, as in a terminal of its own; what it says goes into a file."""
    command = [sys.executable, "-m", "proctor.cli", "watch", "toy", "--jobs", "1"]
    with scripts_on_path(), log.open("a") as out:
        process = subprocess.Popen(command, cwd=root, stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.prove
def test_a_kill_loses_nothing_and_ctrl_c_ends_it_cleanly(toys, tmp_path):
    log = tmp_path / "log.txt"
    toys.hand_in("ann", total=WRONG)
    with watched(toys.root, log) as process:
        wait_for(lambda: "ann: 4 of 10 points" in log.read_text(), process)
        toys.hand_in("ann")
    with watched(toys.root, log) as process:
        wait_for(lambda: "ann: 10 of 10 points" in log.read_text(), process)
        toys.hand_in("bob", total="def total(values):\n    while True:\n        pass")
        # As a terminal does: to all processes of the command.
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    assert "Traceback" not in log.read_text()
    assert re.search(r"Ended\. [12] graded, [01] waiting for the next start\.\n$", log.read_text())
    assert not list(Path(toys.root).rglob("*.part"))
