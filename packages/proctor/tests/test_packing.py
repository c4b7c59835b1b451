"""The grader of an assignment for Gradescope: what is packed, and what it writes in a folder laid out as theirs."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest

from ordinary_user import USER, folder_in_reach, in_reach
from proctor import cli
from proctor.authoring.assignment import load_assignment
from proctor.authoring.errors import BuildError
from proctor.authoring.packing import course_files, engine_files, pack
from proctor.checks.outcome import GradingError
from proctor.course import open_course
from proctor.grading import gradescope
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict, Verdict
from proctor.isolation.sandbox import LANDLOCK_NEEDED, SandboxError
from proctor.isolation.seal import landlock_version
from proctor.proof.demo import cell
from submissions import WRITTEN

# The keys of https://gradescope-autograders.readthedocs.io/en/latest/specs/, and what may stand under them.
NUMBER, TEXT, FORMATS = (int, float), str, ("text", "html", "simple_format", "md", "ansi")
VISIBILITIES = ("hidden", "after_due_date", "after_published", "visible")
OF_ALL = {
    "score": NUMBER, "execution_time": NUMBER, "output": TEXT, "output_format": FORMATS, "test_output_format": FORMATS,
    "test_name_format": FORMATS, "visibility": VISIBILITIES, "stdout_visibility": VISIBILITIES, "extra_data": dict,
    "tests": list, "leaderboard": list,
}  # fmt: skip
OF_A_TEST = {
    "score": NUMBER, "max_score": NUMBER, "status": ("passed", "failed"), "name": TEXT, "name_format": FORMATS,
    "number": TEXT, "output": TEXT, "output_format": FORMATS, "tags": list, "visibility": VISIBILITIES,
    "extra_data": dict,
}  # fmt: skip


def check_format(results: dict) -> None:
    """Fail where results are not those of the specification."""
    for found, known in [(results, OF_ALL), *((test, OF_A_TEST) for test in results["tests"])]:
        assert set(found) <= set(known)
        for key, value in found.items():
            allowed = known[key]
            is_choice = isinstance(allowed, tuple) and isinstance(allowed[0], str)
            assert value in allowed if is_choice else isinstance(value, allowed), (key, value)
    assert results["score"] == pytest.approx(sum(test["score"] for test in results["tests"]), abs=0.01)
    for test in results["tests"]:
        assert 0 <= test["score"] <= test["max_score"]


def lay_out(assignment, root: Path) -> Path:
    """A folder as Gradescope's harness makes it of the zip, with nothing handed in."""
    for name in ("source", "submission", "results"):
        (root / name).mkdir(parents=True)
    with zipfile.ZipFile(pack(assignment, root / "autograder.zip")) as archive:
        archive.extractall(root / "source")
    shutil.copy(root / "source" / "run_autograder", root)
    (root / "run_autograder").chmod(0o755)
    return root


def run_autograder(root: Path, **variables) -> subprocess.CompletedProcess:
    """Run it as the harness does, with the Python of these tests in place of the one that setup.sh makes."""
    variables = {**os.environ, "PROCTOR_PYTHON": sys.executable, **variables}
    command = [str(root / "run_autograder"), "--root", str(root)]
    return subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True)


def read_results(root: Path) -> dict:
    results = json.loads((root / "results" / "results.json").read_text())
    check_format(results)
    return results


@pytest.fixture
def written(written_course):
    """The toy course's assignment with an answer in words; its files are all in place."""
    return load_assignment(open_course(written_course), "toy")


def test_zip_has_what_grading_needs_and_nothing_of_the_class(toy_course, tmp_path):
    root = shutil.copytree(toy_course, tmp_path / "course")
    for name in ("gradebook.db", "submitted/ann/toy/toy.ipynb", "solutions/other.py", "graders/other/test_a.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("secret = 1\n")
    (root / "source/other").mkdir()
    (root / "source/other/other.py").write_text("# %%\n")
    (root / "graders/shared.py").write_text("")
    with (root / "graders/toy/test_total.py").open("a") as check:
        check.write("\nfrom graders import shared  # noqa: E402, F401\n")
    (root / "requirements.lock").write_text("numpy==2.0\n")
    (root / "requirements.txt").write_text("numpy\n# For the staff\nruff\n")
    with (root / "course_config.py").open("a") as config:
        config.write('c.CourseDirectory.db_url = "postgresql://teacher:hunter42@host/db"\n')
    path = pack(load_assignment(open_course(root), "toy"))
    assert path == root / "dist/gradescope/toy/autograder.zip"
    assert path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        contents = {name: archive.read(name) for name in names}
        modes = {name: archive.getinfo(name).external_attr >> 16 & 0o777 for name in names}
    assert [name for name in names if "/" not in name] == ["run_autograder", "setup.sh"]
    assert modes["run_autograder"] == modes["setup.sh"] == 0o755
    assert contents["run_autograder"].startswith(b"#!") and contents["setup.sh"].startswith(b"#!")
    assert b"@PYTHON@" not in contents["setup.sh"]
    assert {name for name in names if name.startswith("course/")} == {
        f"course/{name}"
        for name in (
            ".proctor_secret", "course_config.py", "graders/__init__.py", "graders/shared.py",
            *(f"graders/toy/{name}" for name in ("__init__.py", "mistakes.py", "released.json")),
            "graders/toy/test_double.py", "graders/toy/test_total.py",
            "release/toy/toy.ipynb", "requirements.lock", "requirements.txt", "solutions/__init__.py",
            "solutions/toy.py", "source/toy/toy.py", "toylib/__init__.py",
        )
    }  # fmt: skip
    assert contents["course/requirements.txt"] == b"numpy\n"
    assert b"hunter42" not in b"".join(contents.values())
    assert contents["course/.proctor_secret"] != (root / ".proctor_secret").read_bytes()
    before = path.read_bytes()
    assert pack(load_assignment(open_course(root), "toy")).read_bytes() == before


STRAY = (
    "students.csv", "mistakes.py.bak", "mistakes_2023.py", ".env", ".git/config", ".ipynb_checkpoints/a.ipynb",
    "gradebook.db", "gradebook.csv", "notes.ipynb", "solved/ann.ipynb", "old/test_total.py~", "Noten 1.ods",
)  # fmt: skip


def packed(root, say):
    with zipfile.ZipFile(pack(load_assignment(open_course(root), "toy"), say=say)) as archive:
        return {name.removeprefix("course/") for name in archive.namelist() if name.startswith("course/")}


@pytest.mark.parametrize("folder", ["graders", "graders/toy", "solutions", "toylib"])
def test_what_lies_in_a_packed_folder_is_left_out_and_told(toy_course, tmp_path, folder):
    root, said = shutil.copytree(toy_course, tmp_path / "course"), []
    before = packed(root, said.append)
    assert said == []
    strays = STRAY if folder != "toylib" else [name for name in STRAY if not name.endswith(".py")]
    for name in strays:
        (root / folder / name).parent.mkdir(parents=True, exist_ok=True)
        (root / folder / name).write_text("x = 1\n")
    assert packed(root, said.append) == before
    (line,) = said
    assert all(f"{folder}/{name.partition('/')[0]}" in line for name in strays), line


READING = """
from pathlib import Path
import importlib
HERE = Path(__file__).parent
ONE = HERE / "cases" / "größe 1.npz"
MANY = [HERE / f"case_{n}.json" for n in range(2)]
ALL = sorted(HERE.glob("*.npy"))
FOLDER = list((HERE / "frames").iterdir())
import helpers_of_root
from . import near
late = importlib.import_module("graders.late")
"""


def test_what_checks_import_and_read_is_packed(toy_course, tmp_path):
    root, said = shutil.copytree(toy_course, tmp_path / "course"), []
    read = {
        "graders/toy/cases/größe 1.npz", "graders/toy/case_0.json", "graders/toy/case_1.json", "graders/toy/a.npy",
        "graders/toy/frames/1.bin", "graders/toy/near.py", "graders/late.py", "helpers_of_root.py",
        "solutions/shared.py", "graders/toy/deep.csv",
    }  # fmt: skip
    for name in (*read, "graders/toy/cases/other.npz", "graders/toy/case.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (root / "graders/toy/near.py").write_text('from solutions import shared\nFILE = "deep.csv"\n"""case.json"""\n')
    before = packed(toy_course, said.append)
    with (root / "graders/toy/test_total.py").open("a") as check:
        check.write(READING)
    assert packed(root, said.append) - before == read
    assert said == [said[0]] and "graders/toy/case.json, graders/toy/cases/other.npz" in said[0]


def test_engine_is_packed_as_what_pip_installs():
    files = engine_files()
    about = tomllib.loads(files[Path("pyproject.toml")].decode())["project"]
    assert about["name"] == "proctor"
    assert any(requirement.startswith("torch>=") for requirement in about["dependencies"])
    assert not any("extra" in requirement for requirement in about["dependencies"])
    for name in ("grading/gradescope.py", "isolation/host.py", "grading/templates/pages.css"):
        assert Path("src/proctor") / name in files


def test_settings_are_packed_as_they_are(toy, tmp_path):
    for file, content in course_files(toy)[0].items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(content)
    assert open_course(tmp_path).settings == toy.course.settings


def test_what_cannot_be_packed_is_told_in_one_line(course, monkeypatch, capsys):
    monkeypatch.chdir(course)
    assert cli.main(["pack", "shapes", "--for", "gradescope"]) == 2
    told = capsys.readouterr().err
    assert "release/shapes/shapes.ipynb is not built" in told and told.count("\n") == 1
    (course / "solutions/words.py").write_text('"""Nothing."""\n')
    (course / "source/words").mkdir()
    (course / "source/words/words.py").write_text("# %% [markdown]\n# # Words\n" + WRITTEN)
    with pytest.raises(BuildError, match="marked by hand"):
        pack(load_assignment(open_course(course), "words"))


def verdict(*checks, **changes):
    exercise = ExerciseVerdict("mean", "The mean", 2.0, 4.0, "partial", list(checks))
    about = {"sandbox": "bubblewrap", "notes": [], "exercises": [exercise], **changes}
    return Verdict("toy", "toy", 2.0, 4.0, "cpu", 1.25, **about)


PASSED = CheckVerdict("test_a", "The `mean` is right.", 2.0, 2.0, True, "")


def test_each_check_is_a_test_with_its_likely_cause():
    message = "It gave <b>3</b>.\nSort the `values` first."
    failed = CheckVerdict("test_b", "It sorts.", 0.0, 2.0, False, message, "unsorted")
    results = gradescope.results_of(verdict(PASSED, failed, notes=["A note."], by_hand=3.0))
    check_format(results)
    first, second = results["tests"]
    assert (first["name"], first["score"], first["max_score"]) == ("The mean: The mean is right.", 2, 2)
    assert (first["status"], first["output"], first["number"]) == ("passed", "", "1.1")
    assert (second["status"], second["score"], second["number"]) == ("failed", 0, "1.2")
    assert second["output"] == "It gave &lt;b&gt;3&lt;/b&gt;.<br>\nLikely cause: Sort the <code>values</code> first."
    assert results["score"] == 2 and results["execution_time"] == 1.25
    assert {results[key] for key in ("output_format", "test_output_format")} == {"html"}
    assert results["test_name_format"] == "text"
    assert results["output"].split("<br>\n") == [
        "A note.",
        "Written answers, 3 points, are marked by hand; they are not among these tests.",
        "This was graded in the sandbox <code>bubblewrap</code>.",
    ]


def test_weaker_sandbox_is_named():
    results = gradescope.results_of(verdict(PASSED, sandbox="landlock"))
    assert "weaker sandbox <code>landlock</code>" in results["output"]
    assert results["extra_data"] == {"sandbox": "landlock"}


def test_submission_is_graded_in_a_folder_laid_out_as_theirs(written, tmp_path):
    root = lay_out(written, tmp_path / "autograder")
    notebook = nbformat.read(written.release_notebook, as_version=4)
    cell(notebook, "double").source = written.exercises[0].code
    cell(notebook, "total").source = "def total(x, f):\n    return f(x).sum() + 1\n"
    # Gradescope keeps the name that the student's file had.
    nbformat.write(notebook, root / "submission" / "my homework (3).ipynb")
    ran = run_autograder(root)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "graded in the sandbox bubblewrap" in ran.stdout
    results = read_results(root)
    doubled, summed = ([t for t in results["tests"] if t["number"].startswith(place)] for place in ("1.", "2."))
    assert all(test["status"] == "passed" for test in doubled) and sum(test["score"] for test in doubled) == 4
    assert any(test["status"] == "failed" and test["output"] for test in summed)
    assert sum(test["max_score"] for test in results["tests"]) == 10
    assert "Written answers, 3 points" in results["output"] and "sandbox <code>bubblewrap</code>" in results["output"]


def test_nothing_that_can_be_graded_is_zero_with_what_to_do(toy, tmp_path):
    root = lay_out(toy, tmp_path / "autograder")
    submission = root / "submission"
    # The course stays the same, and with it the warm host.
    for files in ([], ["homework.zip"], ["one.ipynb", "two.ipynb"], ["toy.ipynb"]):
        shutil.rmtree(submission)
        submission.mkdir()
        for name in files:
            (submission / name).write_text("{}")
        results = gradescope.grade_submission(root, "bubblewrap")
        check_format(results)
        assert results["score"] == 0 and sum(test["max_score"] for test in results["tests"]) == 10
        assert "\n" not in results["output"], files
        assert results["output"].endswith("Hand in your notebook, toy.ipynb, with your answers in it."), files
        assert all(test["output"] == "" and test["status"] == "failed" for test in results["tests"])


# What is handed in, by the name of its file; the points, and what the output says, and what it does not.
ODD = {
    "two, one blank": ({"a.ipynb": "solved", "b.ipynb": "blank"}, 10, "<code>b.ipynb</code>. It alone has answers."),
    "two, one broken": ({"a.ipynb": "solved", "b.ipynb": "{"}, 10, "answers; <code>b.ipynb</code> could not be read."),
    "two solved": ({"a.ipynb": "solved", "b.ipynb": "solved"}, 0, "<code>b.ipynb</code> is meant cannot be told"),
    "nested": ({"home work/mine/toy.ipynb": "solved"}, 10, "as <code>home work/mine/toy.ipynb</code>"),
    "a name": ({"Übung <b> von Jörg & Co (2).ipynb": "solved"}, 10, "Übung &lt;b&gt; von Jörg &amp; Co (2)"),
    "a backtick": ({"<img src=x>`;\n.ipynb": "solved"}, 10, "as <code>&lt;img src=x&gt;&#39;; .ipynb</code>"),
    "capitals": ({"TOY.IPYNB": "solved"}, 10, "as <code>TOY.IPYNB</code>"),
    "a folder": ({"toy.ipynb/toy.ipynb": "solved"}, 10, "as <code>toy.ipynb/toy.ipynb</code>"),
    "a program": ({"toy.py": "program"}, 10, "as <code>toy.py</code>"),
    "no notebook": ({"toy.html": "<html>"}, 0, "there is <code>toy.html</code>"),
    "cut short": ({"toy.ipynb": '{"cells": ['}, 0, "ends in the middle"),
    "words": ({"toy.ipynb": "words"}, 6, "sandbox <code>bubblewrap</code>"),
    "outputs": ({"toy.ipynb": "outputs"}, 10, "sandbox <code>bubblewrap</code>"),
}  # fmt: skip
WORDS = """
def double(x):
    print("y" * 10**6)
    raise ValueError("<script>alert(1)</script> `x` </pre> \\x1b[31m \\ud800" + "z" * 10**6)
"""


@pytest.mark.prove
def test_odd_submissions_have_results_by_the_specification_that_say_what_happened(toy, tmp_path):
    root, solved = lay_out(toy, tmp_path / "autograder"), nbformat.read(toy.source_notebook, as_version=4)
    contents = {"solved": nbformat.writes(solved), "blank": toy.release_notebook.read_text()}
    contents["program"] = "\n\n".join(exercise.code for exercise in toy.exercises)
    solved.cells[-1].outputs = [nbformat.v4.new_output("stream", text="x" * 5 * 2**20)]
    contents["outputs"] = nbformat.writes(solved)
    cell(solved, "double").source = WORDS
    contents["words"] = nbformat.writes(solved)
    for name, (files, score, words) in ODD.items():
        shutil.rmtree(root / "submission")
        for place, content in files.items():
            (root / "submission" / place).parent.mkdir(parents=True, exist_ok=True)
            (root / "submission" / place).write_text(contents.get(content, content))
        # Neither the students' data of the harness nor an earlier attempt has a say.
        (root / "submission_metadata.json").write_text('{"previous_submissions": [{"score": 3.0}]}')
        text = json.dumps(gradescope.grade_submission(root, "bubblewrap"), allow_nan=False)
        check_format(json.loads(text))
        results = json.loads(text)
        assert results["score"] == score and words in results["output"], (name, results["output"])
        assert "was deleted" not in text, name
        assert len(text) < 20_000 and "<script" not in text and "<b>" not in text and "<img" not in text, name


def no_bubblewrap(folder: Path) -> str:
    """A PATH on which bubblewrap says that it may not run."""
    folder.mkdir()
    (folder / "bwrap").write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    (folder / "bwrap").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_without_any_sandbox_nothing_is_graded_and_no_results_are_written(toy, tmp_path, monkeypatch):
    root = lay_out(toy, tmp_path / "autograder")
    shutil.copy(toy.release_notebook, root / "submission")
    (root / "results" / "results.json").write_text('{"score": 10}')
    monkeypatch.setattr(gradescope, "SANDBOXES", ("bubblewrap",))
    monkeypatch.setenv("PATH", no_bubblewrap(tmp_path / "bin"))
    assert gradescope.main(["--root", str(root)]) == 1
    assert not (root / "results" / "results.json").exists()


@pytest.mark.parametrize(
    ("statuses", "tried", "words"),
    [
        ([0], 1, "graded in the sandbox bubblewrap"),
        ([gradescope.NO_SANDBOX, 0], 2, "graded in the sandbox landlock"),
        ([gradescope.NO_SANDBOX] * 2, 2, gradescope.NOTHING),
        # What has begun to grade in one sandbox is not graded in a weaker one.
        ([1, 0], 1, gradescope.NOTHING),
        ([-9, 0], 1, "ended by signal 9, as where memory runs out"),
    ],
)
def test_next_sandbox_is_tried_only_where_the_first_cannot_run(tmp_path, monkeypatch, capsys, statuses, tried, words):
    left = list(statuses)
    ends = lambda command, **_: subprocess.CompletedProcess(command, left.pop(0), stdout=b"{}")  # noqa: E731
    monkeypatch.setattr(gradescope.subprocess, "run", ends)
    monkeypatch.setattr(gradescope, "_account", lambda root, sandbox: {})
    is_graded = 0 in statuses[:tried]
    assert gradescope.main(["--root", str(tmp_path)]) == (0 if is_graded else 1)
    assert (tmp_path / "results" / "results.json").exists() == is_graded
    assert len(statuses) - len(left) == tried and words in capsys.readouterr().out


def test_sandbox_that_gives_way_while_grading_is_no_step_down(toy, tmp_path, monkeypatch):
    from proctor.grading import grade

    def give_way(*arguments):
        raise SandboxError("the nursery of the hosts was ended")

    root = lay_out(toy, tmp_path / "autograder")
    shutil.copy(toy.release_notebook, root / "submission")
    monkeypatch.setattr(grade, "grade_intake", give_way)
    with pytest.raises(GradingError, match="gave way while grading"):
        gradescope.grade_submission(root, "bubblewrap")


SPY = """
import os


def double(x):
    found = []
    for place in PLACES:
        try:
            found.append(open(place).read())
        except OSError:
            pass
    raise RuntimeError(f"looked at {len(PLACES)} places and found {found}")
"""
WITH_ACCOUNT = 'cp /etc/passwd "$0" && echo "$1" >> "$0" && mount --bind "$0" /etc/passwd && shift && exec "$@"'


def spied(assignment, root):
    """A submission that opens all that was packed and laid out, but for what students get, and tells what it found.

    Returns
    -------
    number of files
    """
    notebook = nbformat.read(assignment.release_notebook, as_version=4)
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    places = [str(path) for path in files if not {"engine", "toylib"} & set(path.parts)]
    places += [f"/proc/{os.getpid()}/environ", "/proc/1/environ", "/etc/passwd"]
    cell(notebook, "double").source = f"PLACES = {places!r}\n{SPY}"
    cell(notebook, "total").source = assignment.exercises[1].code
    nbformat.write(notebook, root / "submission" / "toy.ipynb")
    return len(places)


@pytest.fixture
def open_folder():
    """A folder that other users may be given to read."""
    with folder_in_reach() as folder:
        yield folder


@pytest.mark.prove
@pytest.mark.parametrize("sandbox", gradescope.SANDBOXES)
def test_code_of_a_submission_finds_nothing_of_what_was_packed(toy, open_folder, sandbox):
    root = lay_out(toy, open_folder / "autograder")
    (root / "submission_metadata.json").write_text('{"users": [{"email": "ann@example.org"}]}')
    count = spied(toy, root)
    command = [str(root / "run_autograder"), "--root", str(root)]
    variables = {**os.environ, "PROCTOR_PYTHON": sys.executable}
    if sandbox == "landlock":
        if os.geteuid() != 0 or landlock_version() < LANDLOCK_NEEDED:
            pytest.skip("needs root, as in the container, and a kernel with Landlock")
        # As in a container that refuses namespaces, with the account that setup.sh makes.
        variables["PATH"] = no_bubblewrap(open_folder / "bin")
        account = f"{gradescope.ACCOUNT}:x:{USER}:{USER}::/nonexistent:/usr/sbin/nologin"
        as_in_container = ["sh", "-c", WITH_ACCOUNT, str(open_folder / "passwd"), account]
        command = ["unshare", "-m", "--propagation", "private", *in_reach(open_folder), *as_in_container, *command]
    ran = subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"graded in the sandbox {sandbox}" in ran.stdout
    results = read_results(root)
    assert f"looked at {count} places and found []" in results["tests"][0]["output"]
    assert results["score"] == 6
    assert f"sandbox <code>{sandbox}</code>" in results["output"]
