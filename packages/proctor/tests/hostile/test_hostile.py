"""The corpus is handed in as a class and graded by nbgrader's own commands: nothing is gained, told or left behind."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader import server_extensions
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from traitlets.config import Config, PyFileConfigLoader

from hostile.corpus import ATTACKS, CHECKLIST, FULL, TOTAL, hand_in, solve
from hostile.structure import RUNNING_OUTPUTS, RUNNING_TEXTS, STRANGE_NAMES, script
from proctor.authoring.assignment import load_assignment
from proctor.authoring.build import build_course
from proctor.course import open_course
from proctor.grading.gradebook import read_grades
from proctor.grading.reading import MAX_BYTES
from proctor.proof.demo import cell
from submissions import add_from_scratch

pytestmark = pytest.mark.prove
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
    add_from_scratch(folder)
    for name in ("solutions/toy.py", "graders/toy/test_total.py"):
        with (folder / name).open("a") as file:
            file.write(f"\n\n# {CANARY.format(name[:4])}\n")
    (folder / ".proctor_secret").write_text(CANARY.format("secret") + "0" * 64)
    build_course(open_course(folder))
    assignment = load_assignment(open_course(folder), "toy")

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
        for name, scores in read_grades(load_assignment(open_course(folder), "toy")).items()
    }


def verdict(folder, name) -> str:
    """What the feedback says of a submission, as text."""
    notebook = nbformat.read(folder / "autograded" / name / "toy/toy.ipynb", as_version=4)
    outputs = [output for entry in notebook.cells if entry.id.startswith("check") for output in entry.outputs]
    return "\n".join(output.data["text/plain"] for output in outputs if "data" in output)


def test_corpus_is_what_it_says():
    assert len(ATTACKS) > 140
    listed = {int(row) for group in CHECKLIST.values() for row in group if row != "name"}
    tried = {row for attack in ATTACKS.values() for row in attack.rows}
    assert listed - tried == set(map(int, CHECKLIST["not_tried"]))
    assert tried <= listed and all(attack.rows for attack in ATTACKS.values() if attack.kind != "broken")


@pytest.mark.parametrize("name", [name for name, attack in TRIED.items() if attack.score is not None])
def test_score_is_what_honest_work_earns_and_the_verdict_says_why(name, run, grades):
    attack = TRIED[name]
    said = verdict(run, name)
    assert any(words in said for words in attack.reason.split("|")), said
    assert grades[name] == attack.score, said
    assert len(said) < 20_000
    assert not re.search(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", said)
    place = run / "autograded" / name / "toy"
    assert sorted(path.name for path in place.iterdir()) == ["submission_secret.txt", "timestamp.txt", "toy.ipynb"]
    assert (place / "toy.ipynb").stat().st_size < MAX_BYTES


@pytest.mark.parametrize("name", [name for name, attack in TRIED.items() if attack.score is None])
def test_student_that_can_be_none_is_left_out_and_told(name, run, grades):
    assert student(name) not in grades
    assert ascii(str(run / "submitted" / student(name) / "toy")) in (run / "autograde.log").read_text()


def test_honest_students_among_them_have_full_marks(graded, grades):
    assert {name: grades[name] for name in ("a_first", "m_middle", "victim", "zz_last")} == dict.fromkeys(
        ("a_first", "m_middle", "victim", "zz_last"), FULL
    )
    for folder in graded:
        with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
            grades_of_victim = gradebook.find_submission("toy", "victim").notebooks[0].grades
            assert not any(grade.manual_score for grade in grades_of_victim)


def test_class_is_graded_to_its_end(graded):
    for folder in graded:
        # Not 0, as somebody was left out.
        assert (folder / "autograde.status").read_text() == "1", (folder / "autograde.log").read_text()[-3000:]
        assert (folder / "generate_feedback.status").read_text() == "0"
        assert "Traceback" not in (folder / "autograde.log").read_text()


def test_log_has_no_line_of_a_students_and_steers_no_terminal(graded):
    for folder in graded:
        for name in ("autograde.log", "generate_feedback.log"):
            log = (folder / name).read_text()
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]|^\[AutogradeApp \| INFO\] eve:", log, re.MULTILINE)


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
            own = "victim" in path.parts and path.suffix != ".txt"
            assert found == ({"victim"} if own else set()), path


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
# Every link of a script is clicked and every handler called; what ran, and what is seen, is told to the page around.
PROBE = """<script>
const page = location.pathname.split("/").pop()
const tell = (...what) => parent.postMessage([page, ...what], "*")
function hostile_marker(name) { tell("ran", name) }
addEventListener("load", () => {
  for (const node of document.querySelectorAll("details")) node.open = true
  for (const node of document.querySelectorAll("*")) {
    if (node.protocol === "javascript:") node.click()
    for (const {name} of node.attributes)
      if (name.startsWith("on")) node.dispatchEvent(new Event(name.slice(2)))
  }
  tell("pictures", [...document.images].filter(image => image.naturalWidth).length)
  tell("text", document.body.innerText)
})
</script>"""
AROUND = """<!DOCTYPE html><meta charset="utf-8"><script>
const told = []
addEventListener("message", event => told.push(event.data))
addEventListener("load", () => setTimeout(() => document.body.textContent = JSON.stringify(told), 1000))
</script>"""


def browse(folder, pages):
    """What pages of HTML say in Chromium, {name: HTML}: {name: {"ran": names, "pictures": count, "text": str}}."""
    folder.mkdir()
    around = AROUND
    for name, text in pages.items():
        (folder / name).write_text(text.replace("<head>", f"<head>{PROBE}", 1), encoding="utf-8")
        around += f'<iframe src="{name}" width="800" height="600"></iframe>\n'
    (folder / "around.html").write_text(around)
    # No name is looked up: a page is to be harmless with the scripts that it fetches, and is tested without them.
    ran = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
         f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", "--dump-dom",
         (folder / "around.html").as_uri()],
        capture_output=True, text=True, timeout=900, check=True,
    )  # fmt: skip
    found = {name: {"ran": set()} for name in pages}
    for name, what, value in json.loads(re.search(r"<body>(.*)</body>", html.unescape(ran.stdout), re.DOTALL)[1]):
        if what == "ran":
            found[name]["ran"].add(value)
        else:
            found[name][what] = value
    return found


def formgrader_exporter(settings):
    """What makes the pages in which a marker has a submission before them, a second's work for any number of them."""
    settings.merge(FormgradeExtension().build_extra_config())
    return HTMLExporter(config=settings)


def formgrader_page(exporter, notebook, student):
    """The page in which a marker has a submission before them; formgrader's own scripts lie where nbgrader does."""
    about = {"assignment_id": "toy", "notebook_id": "toy", "submission_id": "1", "index": 0, "total": 1}
    about |= {"student": student, "last_name": None, "first_name": None, "notebook_path": "toy.ipynb"}
    about |= {"base_url": Path(server_extensions.__path__[0]).as_uri()}
    return exporter.from_notebook_node(notebook, resources=about)[0]


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed (`apt-get install chromium`)")
def test_nothing_of_a_student_runs_in_any_page_but_text_and_pictures_are_seen(graded, tmp_path):
    pages = {}
    for folder in graded:
        for path in (folder / "feedback").rglob("*.html"):
            pages[f"feedback_{path.parts[-3]}.html"] = path.read_text()
        exporter = formgrader_exporter(PyFileConfigLoader("course_config.py", path=str(folder)).load_config())
        for path in (folder / "autograded").rglob("*.ipynb"):
            page = formgrader_page(exporter, nbformat.read(path, as_version=4), path.parts[-3])
            pages[f"formgrader_{path.parts[-3]}.html"] = page
    assert len(pages) > 300
    found = browse(tmp_path / "pages", pages)
    assert {name: page["ran"] for name, page in found.items() if page["ran"]} == {}
    for step in ("feedback", "formgrader"):
        outputs, texts = found[f"{step}_scripts_in_outputs.html"], found[f"{step}_scripts_in_texts.html"]
        assert outputs["pictures"] == 1
        for name in ("text/plain", "stream", "evalue"):
            assert script(name) in outputs["text"], name
        assert re.search(r'< ?script>hostile_marker\("html"\)', texts["text"])
        assert script("message") in found[f"{step}_scripts_in_messages.html"]["text"]
        assert len(found[f"{step}_flood_of_lines.html"]["text"]) < 20_000
        assert all(re.search("points", page["text"]) for name, page in found.items() if name.startswith(step))


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed (`apt-get install chromium`)")
def test_the_same_page_would_run_them_if_it_were_not_taken_in(toy, tmp_path):
    notebook = nbformat.read(toy.release_notebook, as_version=4)
    for kind, text in RUNNING_OUTPUTS.items():
        output = new_output("display_data", {kind: text})
        notebook.cells.append(new_code_cell("", outputs=[output]))
    notebook.cells += [new_markdown_cell(text) for text in RUNNING_TEXTS.values()]
    found = browse(tmp_path / "pages", {"raw.html": formgrader_page(formgrader_exporter(Config()), notebook, "eve")})
    assert found["raw.html"]["ran"] == {*RUNNING_OUTPUTS, *RUNNING_TEXTS}
