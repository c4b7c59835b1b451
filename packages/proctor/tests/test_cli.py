"""The command line and what cannot be read or written: one line, found out before long work, and nothing lost."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from proctor import cli
from proctor.authoring import release_zip
from proctor.grading import class_report, grade, mark_server
from proctor.grading.class_report import ClassReport
from proctor.grading.verdict import Verdict


@pytest.fixture
def command(toy_course, tmp_path, solved, monkeypatch):
    """How commands on the toy course begin, in a folder with two notebooks, which are graded at once."""

    def graded(path, assignment, device, name, detailed):
        return Verdict("toy", name, 1.0, 1.0, "cpu", 0.0, "bubblewrap", [])

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(grade, "grade", graded)
    for name in ("a.ipynb", "b.ipynb"):
        nbformat.write(solved, name)
    Path("file").touch()
    Path("folder").mkdir()
    return ["--course", str(toy_course)]


GRADE = ["grade", "a.ipynb", "b.ipynb", "--assignment", "toy"]
NO_PLACES = ["folder", "file/x", "/proc/x/y", "/dev/null/x", "x" * 300]


def fails(*arguments, **named):
    pytest.fail("this takes long, and comes too early")


def require_one_line(capsys, words):
    told = capsys.readouterr().err
    assert told.startswith("proctor: ") and told.count("\n") == 1 and words in told, told


@pytest.mark.parametrize("place", NO_PLACES)
def test_verdicts_that_cannot_be_written_are_found_out_before_grading(command, place, capsys, monkeypatch):
    monkeypatch.setattr(grade, "grade", fails)
    assert cli.main([*command, *GRADE, "--json", place]) == 2
    require_one_line(capsys, place.partition("/x")[0])


@pytest.mark.parametrize("place", NO_PLACES)
@pytest.mark.parametrize("option", ["--html", "--csv"])
def test_report_that_cannot_be_written_is_found_out_before_it_is_drawn_up(command, option, place, capsys, monkeypatch):
    monkeypatch.setattr(class_report, "draw_up", fails)
    assert cli.main([*command, "report", "toy", "--html", "r.html", option, place]) == 2
    require_one_line(capsys, place.partition("/x")[0])
    assert not Path("r.html").exists()


def test_folders_are_made(command, toy, monkeypatch):
    monkeypatch.setattr(class_report, "draw_up", lambda assignment: ClassReport(toy, [], {}))
    assert cli.main([*command, "report", "toy", "--html", "new/a/r.html", "--csv", "new/b/c/r.csv"]) == 0
    assert Path("new/a/r.html").exists() and Path("new/b/c/r.csv").read_bytes().startswith(b"student,exercise")
    assert cli.main([*command, *GRADE, "--json", "new/d/x.json"]) == 0
    lines = Path("new/d/x.json").read_text().splitlines()
    assert [json.loads(line)["submission"] for line in lines] == ["a.ipynb", "b.ipynb"]


def test_verdicts_are_not_written_over_a_notebook(command, capsys):
    before = Path("b.ipynb").read_bytes()
    assert cli.main([*command, *GRADE, "--json", "folder/../b.ipynb"]) == 2
    require_one_line(capsys, "b.ipynb is one of the notebooks")
    assert Path("b.ipynb").read_bytes() == before


@pytest.mark.parametrize("arguments", [[*GRADE, "--json"], ["report", "toy", "--html", "r.html", "--csv"]])
def test_full_disk_is_told(command, toy, arguments, capsys, monkeypatch):
    monkeypatch.setattr(class_report, "draw_up", lambda assignment: ClassReport(toy, [], {}))
    assert cli.main([*command, *arguments, "/dev/full"]) == 2
    require_one_line(capsys, "/dev/full cannot be read or written (No space left on device): make room")


def test_verdicts_are_written_where_nobody_reads_what_is_printed(command, monkeypatch):
    def gone(*lines, file=None, **named):
        if file is None:
            raise BrokenPipeError
        print(*lines, file=file, **named)

    monkeypatch.setattr(cli, "print", gone, raising=False)
    monkeypatch.setattr(cli, "_give_up_output", lambda: None)
    assert cli.main([*command, *GRADE, "--json", "x.json"]) == 0
    assert len(Path("x.json").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("number", "words"), [(errno.EADDRINUSE, "--port 0: "), (errno.ENOSPC, "the output cannot be read or written")]
)
def test_port_is_blamed_for_what_ports_do_alone(command, number, words, capsys, monkeypatch):
    async def serve(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(mark_server, "serve", serve)
    assert cli.main([*command, "mark", "toy"]) == 2
    require_one_line(capsys, words)


def test_output_that_takes_no_more_is_told_in_one_line(command):
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "proctor.cli", *command, "table"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert ran.returncode == 2
    assert ran.stderr == (
        "proctor: the output cannot be read or written (No space left on device): make room, then run it again\n"
    )


# A program whose process is stopped as it begins to import a module.
STOPPED = """
import os, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[2]:
            sys.meta_path.remove(self)
            {how}

class Dying:
    def __del__(self):
        os.kill(os.getpid(), int(sys.argv[1]))

sys.meta_path.insert(0, Finder())
from proctor.cli import main
sys.exit(main(sys.argv[3:]))
"""
AT_ONCE = "os.kill(os.getpid(), int(sys.argv[1]))"
# Here Python prints an exception, and goes on.
UNHEARD = "Dying()"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("module", "how"), [("argparse", AT_ONCE), ("pytest", AT_ONCE), ("torch", AT_ONCE), ("nbformat", UNHEARD)]
)
def test_command_that_is_stopped_as_it_starts_says_so_in_one_line(command, module, number, how):
    Path("x.json").write_text("as it was")
    arguments = [str(int(number)), module, *command, *GRADE, "--json", "x.json"]
    ran = subprocess.run([sys.executable, "-c", STOPPED.format(how=how), *arguments], capture_output=True, text=True)
    assert ran.returncode == 128 + number, ran.stderr
    assert ran.stderr == ("proctor: stopped.\n" if number == signal.SIGINT else "proctor: stopped by SIGTERM.\n")
    assert ran.stdout == "" and Path("x.json").read_text() == "as it was"


def test_what_is_stopped_leaves_no_half_of_a_zip(tmp_path, monkeypatch):
    def stop(*arguments, **named):
        raise KeyboardInterrupt

    path = tmp_path / "a.zip"
    path.write_bytes(b"as it was")
    monkeypatch.setattr(release_zip.zipfile.ZipFile, "writestr", stop)
    with pytest.raises(KeyboardInterrupt):
        release_zip.write_zip(path, {Path("a"): b"a"})
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a.zip", b"as it was")]
