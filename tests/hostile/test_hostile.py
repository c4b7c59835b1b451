"""The corpus is handed in as a class and graded by nbgrader's own commands: nothing is gained, told or left behind."""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook

from proctor.assignment import load_assignment
from proctor.build import build_course
from proctor.demo import cell
from proctor.gradebook import read_grades
from tests.hostile.corpus import ATTACKS, STRANGE_NAMES, TOTAL, hand_in, solve

RUNS = 2
MARK = "hostile_was_here"
CANARY = "CANARY-{}-7c1f"
SECRETS = ("solu", "grad", "secret", "victim", "gradebook", "environment")
LIMITS = """
c.Proctor.cell_seconds = 2
c.Proctor.call_seconds = 2
c.Proctor.submission_seconds = 8
c.Proctor.memory_gigabytes = 2
c.Proctor.scratch_megabytes = 64
"""
# Whoever wrote these would have liked another place for them.
PLACES = ("/tmp", "/dev/shm", "/var/tmp", "/run", "/root", "/home", "/etc", sys.prefix, sys.base_prefix)


def here(attack):
    return not attack.machine or attack.machine == os.uname().machine


TRIED = {name: attack for name, attack in sorted(ATTACKS.items()) if here(attack)}


def student(name):
    return STRANGE_NAMES.get(name, name)


def class_of(run):
    """The attacks of one of the runs; each run grades them one after another, in the order of their names."""
    return {name: attack for number, (name, attack) in enumerate(TRIED.items()) if number % RUNS == run}


def make_class(toy_sources, folder, run):
    """A course with canaries in all that is secret, a victim, and one run's attacks handed in."""
    shutil.copytree(toy_sources, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "course_config.py").open("a") as config:
        config.write(LIMITS)
    for name in ("solutions/toy.py", "graders/toy/test_total.py"):
        with (folder / name).open("a") as file:
            file.write(f"\n\n# {CANARY.format(name[:4])}\n")
    (folder / ".proctor_secret").write_text(CANARY.format("secret") + "0" * 64)
    build_course(folder)
    assignment = load_assignment(folder, "toy")

    def notebook():
        blank = nbformat.read(assignment.release_notebook, as_version=4)
        cell(blank, "double").source = assignment.exercises[0].code
        return blank

    for name, attack in class_of(run).items():
        place = folder / "submitted" / student(name) / "toy"
        place.mkdir(parents=True)
        hand_in(attack, place, notebook())
    for name in ("a_first", "m_middle", "victim", "zz_last"):
        place = folder / "submitted" / name / "toy"
        place.mkdir(parents=True)
        canary = f"\n\n# {CANARY.format('victim')}" if name == "victim" else ""
        nbformat.write(solve(notebook(), TOTAL + canary), place / "toy.ipynb")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.add_student("victim", email=CANARY.format("gradebook"))


def grade_class(folder):
    """nbgrader's own commands, and what they logged; the processes that they leave behind become ours."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONWARNINGS": "ignore", "SECRET": CANARY.format("environment")}
    for command in ("autograde", "generate_feedback"):
        ran = subprocess.run(
            [sys.executable, "-m", "nbgrader", command, "toy"],
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=900,
        )
        (folder / f"{command}.log").write_bytes(ran.stdout + ran.stderr)
        (folder / f"{command}.status").write_text(str(ran.returncode))
    (folder / "left.txt").write_text("\n".join(left_over(folder)))


def left_over(folder):
    """Whatever is outside of the private scratch, once the class is graded."""
    found = []
    for place in PLACES:
        for path, folders, files in os.walk(place):
            folders[:] = [name for name in folders if Path(path, name) != folder.parent]
            found += [os.path.join(path, name) for name in (*folders, *files) if MARK in name]  # noqa: PTH118
    for path, folders, files in os.walk(folder):
        if Path(path) == folder:
            folders.remove("submitted")
        found += [os.path.join(path, name) for name in (*folders, *files) if MARK in name]  # noqa: PTH118
    found += [line for line in Path("/proc/net/unix").read_text().splitlines() if MARK in line]
    for kind in ("shm", "msg", "sem"):
        found += [line for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines() if str(0x1EF7BE) in line]
    for process in psutil.process_iter():
        try:
            if any(str(folder) in word for word in [*process.cmdline(), process.environ().get("PYTHONPATH", "")]):
                found.append(str(process))
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="session")
def graded(toy_sources, once):
    """The folders of the runs, made and graded side by side."""

    def make(folder):
        folder.mkdir()
        places = [folder / f"run-{run}" for run in range(RUNS)]
        for run, place in enumerate(places):
            make_class(toy_sources, place, run)
        with ThreadPoolExecutor(RUNS) as pool:
            list(pool.map(grade_class, places))

    folder = once("hostile", make)
    return [folder / f"run-{run}" for run in range(RUNS)]


@pytest.fixture
def run(graded, name):
    """The folder of the run in which an attack was graded."""
    return next(folder for number, folder in enumerate(graded) if name in class_of(number))


@pytest.fixture(scope="session")
def grades(graded):
    """The scores of every student, of all runs."""
    return {
        name: sum(scores.values())
        for folder in graded
        for name, scores in read_grades(load_assignment(folder, "toy")).items()
    }


def verdict(folder, name) -> str:
    """What the feedback says of a submission, as text."""
    notebook = nbformat.read(folder / "autograded" / name / "toy/toy.ipynb", as_version=4)
    outputs = [output for entry in notebook.cells if entry.id.startswith("check") for output in entry.outputs]
    return "\n".join(output.data["text/plain"] for output in outputs if "data" in output)


def test_corpus_is_what_it_says():
    assert len(ATTACKS) > 130
    rows = {row for attack in ATTACKS.values() for row in attack.rows}
    # Not tried by a submission here: 27 and 73 to 77 concern checks and the audit, 63 resubmission.
    assert set(range(1, 73)) - rows == {63}


@pytest.mark.parametrize("name", [name for name, attack in TRIED.items() if attack.score is not None])
def test_score_is_what_honest_work_earns_and_the_verdict_says_why(name, run, grades):
    attack = TRIED[name]
    said = verdict(run, name)
    assert any(words in said for words in attack.reason.split("|")), said
    assert grades[name] == attack.score, said
    assert len(said) < 20_000
    assert not re.search(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", said)
    place = run / "autograded" / name / "toy"
    assert [path.name for path in place.iterdir()] == ["toy.ipynb"]
    assert (place / "toy.ipynb").stat().st_size < 4 * 2**20


@pytest.mark.parametrize("name", [name for name, attack in TRIED.items() if attack.score is None])
def test_student_that_can_be_none_is_left_out_and_told(name, run, grades):
    assert student(name) not in grades
    assert ascii(str(run / "submitted" / student(name) / "toy")) in (run / "autograde.log").read_text()


def test_honest_students_among_them_have_full_marks(graded, grades):
    assert {name: grades[name] for name in ("a_first", "m_middle", "victim", "zz_last")} == dict.fromkeys(
        ("a_first", "m_middle", "victim", "zz_last"), 10
    )
    for folder in graded:
        with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
            grades_of_victim = gradebook.find_submission("toy", "victim").notebooks[0].grades
            assert not any(grade.manual_score for grade in grades_of_victim)


def test_class_is_graded_to_its_end(graded):
    for folder in graded:
        assert (folder / "autograde.status").read_text() == "0", (folder / "autograde.log").read_text()[-3000:]
        assert (folder / "generate_feedback.status").read_text() == "0"
        assert "Traceback" not in (folder / "autograde.log").read_text()


def test_nothing_is_left_behind(graded):
    assert [(folder / "left.txt").read_text() for folder in graded] == [""] * RUNS


def test_no_canary_is_told_to_anybody(graded):
    for folder in graded:
        told = [folder / "autograde.log", folder / "generate_feedback.log"]
        told += [path for step in ("autograded", "feedback") for path in (folder / step).rglob("*") if path.is_file()]
        assert len(told) > 100
        for path in told:
            text = path.read_text()
            found = {secret for secret in SECRETS if CANARY.format(secret) in text}
            assert found == ({"victim"} if "victim" in path.parts else set()), path


class Page(HTMLParser):
    """Collects what a browser would run."""

    def __init__(self, text):
        super().__init__()
        self.runs, self._within = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._within = tag
        for name, value in attrs:
            if name.startswith("on") or name == "srcdoc" or (value or "").strip().lower().startswith("javascript:"):
                self.runs.append(value)

    def handle_endtag(self, tag):
        self._within = ""

    def handle_data(self, data):
        if self._within in ("script", "style"):
            self.runs.append(data)


def test_nothing_of_a_student_runs_in_a_page_of_feedback(graded):
    for folder in graded:
        for path in (folder / "feedback").rglob("*.html"):
            assert not any("hostile_marker" in code for code in Page(path.read_text()).runs), path
