"""What lies in the exchange, where everybody may write: a student's own files are collected, and nothing else."""

import os
import pwd
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from proctor.grading import rights
from proctor.grading.inbound import CHANGED, _copy
from toys import ToyClass

TIME, LATER = "2026-01-31 23:59:00.000001 UTC", "2026-02-01 23:59:00.000001 UTC"
ME = pwd.getpwuid(os.getuid()).pw_name


class Exchange:
    """The exchange of a toy course, and what `nbgrader collect` makes of it."""

    def __init__(self, toys, root):
        self.inbound = root / "toys/inbound"
        self.inbound.mkdir(parents=True)
        root.chmod(0o1777)
        self.inbound.chmod(0o2733)
        settings = {"CourseDirectory.course_id": "toys", "CourseDirectory.max_dir_size": 300}
        with (toys.root / "course_config.py").open("a") as config:
            for name, value in (settings | {"Exchange.root": str(root)}).items():
                config.write(f"\nc.{name} = {value!r}\n")
        self.toys, self.release = ToyClass(toys.root), toys.toy.release_notebook
        self.submitted = toys.root / "submitted"
        shutil.rmtree(self.submitted, ignore_errors=True)

    def hand_in(self, student=ME, time=TIME):
        """A submission as `nbgrader submit` leaves it."""
        folder = self.inbound / f"{student}+toy+{time}+secret"
        folder.mkdir()
        shutil.copy(self.release, folder / "toy.ipynb")
        (folder / "timestamp.txt").write_text(time)
        return folder

    def collect(self):
        """The log of `nbgrader collect`."""
        result = self.toys.nbgrader.collect("toy")
        assert result["success"], result
        return result["log"]

    def collected(self):
        """What was collected: {path: content}."""
        files = sorted(path for path in self.submitted.rglob("*") if not path.is_dir())
        assert not any(path.is_symlink() for path in files)
        return {path.relative_to(self.submitted).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def exchange(toys, tmp_path):
    return Exchange(toys, tmp_path / "exchange")


def as_another(folder):
    """Give a folder to another account, as if that had made it."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, 65534, 65534)


HOSTILE = {
    "a time that is none": lambda exchange: exchange.hand_in("eve", "yesterday"),
    "a time beyond all": lambda exchange: exchange.hand_in("eve", "9" * 50),
    "no time": lambda exchange: (exchange.inbound / "eve+toy+").mkdir(),
    "no student": lambda exchange: exchange.hand_in("a%b", LATER),
    "a file": lambda exchange: (exchange.inbound / f"{ME}+toy+{LATER}+x").write_text("x"),
    "a link to a folder": lambda exchange: (exchange.inbound / f"{ME}+toy+{LATER}+x").symlink_to(
        exchange.toys.root / "source/toy"
    ),
    "a pipe": lambda exchange: os.mkfifo(exchange.inbound / f"{ME}+toy+{LATER}+x"),
    "another's name": lambda exchange: as_another(exchange.hand_in(time=LATER)),
    "more than there is room for": lambda exchange: (exchange.hand_in(time=LATER) / "x").write_bytes(bytes(400_000)),
}


@pytest.mark.parametrize("attack", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_students_own_is_left_out_by_name_and_the_others_collected(exchange, attack):
    mine = exchange.hand_in()
    attack(exchange)
    log = exchange.collect()
    assert log.count(" is left out: ") == 1
    assert exchange.collected() == {
        f"{ME}/toy/{path.name}": path.read_bytes() for path in (mine / "timestamp.txt", mine / "toy.ipynb")
    }


def test_no_link_in_a_folder_is_followed_and_nothing_waits_for_a_pipe(exchange):
    mine = exchange.hand_in()
    (mine / "toy.ipynb").unlink()
    (mine / "toy.ipynb").symlink_to(exchange.toys.root / "source/toy/toy.ipynb")
    (mine / "data").symlink_to(exchange.toys.root)
    (mine / "own").mkdir()
    (mine / "own/notes.txt").write_text("mine")
    os.mkfifo(mine / "pipe")
    exchange.collect()
    assert set(exchange.collected()) == {f"{ME}/toy/own/notes.txt", f"{ME}/toy/timestamp.txt"}


def test_what_becomes_a_link_as_it_is_copied_is_not_followed(exchange, tmp_path, monkeypatch):
    mine, opened = exchange.hand_in(), os.open

    def swapped(name, *arguments, **named):
        if name == "toy.ipynb":
            (mine / name).unlink()
            (mine / name).symlink_to(exchange.toys.root / "source/toy/toy.ipynb")
        return opened(name, *arguments, **named)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(OSError, match="symbolic links"):
        _copy(mine, tmp_path / "copy", 10**6)
    assert not (tmp_path / "copy/toy.ipynb").exists()


def ago(**time):
    return f"{datetime.now(UTC) - timedelta(**time):%Y-%m-%d %H:%M:%S.%f} UTC"


@pytest.mark.parametrize(
    "stated, due, told",
    [
        ("hours=2", "hours=1", True),
        # Nothing is late where nothing is due, or not yet; so it is where it says so itself; copying takes a while.
        ("hours=2", None, False),
        ("hours=2", "hours=-1", False),
        ("hours=1", "hours=2", False),
        ("seconds=2", "seconds=1", False),
    ],
)
def test_who_puts_back_the_time_of_work_is_told(exchange, stated, due, told):
    def when(words):
        unit, _, number = words.partition("=")
        return ago(**{unit: int(number)})

    if due:
        with Gradebook(exchange.toys.nbgrader.coursedir.db_url) as gradebook:
            gradebook.update_or_create_assignment("toy", duedate=when(due))
    folder = exchange.hand_in(time=when(stated))
    # What anybody can do to files of their own.
    for path in (*folder.iterdir(), folder):
        os.utime(path, (0, 0))
    log = exchange.collect()
    assert (f"{folder} {CHANGED}: it says " in log) == told
    assert f"{ME}/toy/toy.ipynb" in exchange.collected()


def test_what_root_collected_is_left_and_the_others_are_collected(exchange, monkeypatch):
    """Root may write anywhere: that others may not is made up."""
    exchange.hand_in()
    exchange.collect()
    again, theirs = exchange.hand_in(time=LATER), exchange.submitted / ME / "toy"
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, *how, **named: Path(path) != theirs and allowed(path, *how, **named))
    log = exchange.collect()
    assert f"{again} is left out: {theirs} is {ME}'s, and may not be changed; " in log
    assert exchange.collected()[f"{ME}/toy/timestamp.txt"].decode() == TIME


@pytest.mark.parametrize(
    "folder, mode, right",
    [
        ("", 0o777, "1777"),
        ("toys", 0o775, "755"),
        ("toys/outbound", 0o777, "755"),
        ("toys/inbound", 0o777, "2733"),
        ("toys/inbound", 0o755, "2733"),
        ("toys/feedback", 0o755, "711"),
        ("toys/feedback", 0o733, "711"),
    ],
)
def test_folders_of_the_exchange_that_are_open_to_others_are_told_with_what_to_do(exchange, folder, mode, right):
    exchange.hand_in()
    root = exchange.inbound.parents[1]
    for name, usual in ("", 0o1777), ("toys", 0o755), ("toys/outbound", 0o755), ("toys/feedback", 0o711):
        (root / name).mkdir(exist_ok=True)
        (root / name).chmod(usual)
    assert rights.OPEN not in exchange.collect()
    (root / folder).chmod(mode)
    log = exchange.collect()
    assert log.count(rights.OPEN) == 1
    path = root / folder
    assert f"{path} {rights.OPEN}, who could " in log and f": chmod {right} {path}\n" in log


def test_a_course_that_every_account_may_read_is_told(exchange, monkeypatch):
    exchange.hand_in()
    root = exchange.toys.root
    state = Path.stat

    def readable(path, **named):
        about = state(path, **named)
        return os.stat_result([about.st_mode | 0o005, *about[1:]]) if path in (root, *root.parents) else about

    monkeypatch.setattr(Path, "stat", readable)
    assert f"{root} {rights.OPEN}, who could read the solutions: chmod 700 {root}\n" in exchange.collect()
