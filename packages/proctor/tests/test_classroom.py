"""GitHub Classroom: verdicts as summaries of jobs, and the workflows of docs/classroom, put to a GitHub of our own."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
import yaml

from proctor import cli
from proctor.grading.grade import grade
from proctor.grading.harmless import one_line
from proctor.grading.job_summary import as_markdown, refusal_as_markdown
from proctor.grading.report import table
from proctor.grading.verdict import CheckVerdict, ExerciseVerdict, Verdict

CLASSROOM = Path(__file__).parents[3] / "docs/classroom"

# What answers in the place of GitHub's: a file of answers by path, and a list of all that was sent.
GH = """\
#!{python}
import json, pathlib, subprocess, sys

here = pathlib.Path(__file__).parent
method, path, query, sent, words = "GET", "", ".", {{}}, sys.argv[1:]
assert words.pop(0) == "api"
while words:
    word = words.pop(0)
    if word == "-X":
        method = words.pop(0)
    elif word == "--jq":
        query = words.pop(0)
    elif word in ("-f", "-F"):
        key, _, value = words.pop(0).partition("=")
        sent[key] = pathlib.Path(value[1:]).read_text(errors="replace") if word == "-F" and value[0] == "@" else value
    elif word == "-H":
        words.pop(0)
    elif word != "--paginate":
        path = word.partition("?")[0]
refusal = json.loads((here / "answers").read_text()).get(f"POST {{path}}")
if refusal:
    sys.exit(f"{{path}}: gh: no (HTTP {{refusal}})")
if method == "POST":
    with (here / "sent").open("a") as file:
        file.write(json.dumps([path, sent]) + "\\n")
    sys.exit()
answer = json.loads((here / "answers").read_text()).get(path, 404)
if isinstance(answer, int):
    sys.exit(f"gh: no (HTTP {{answer}})")
if isinstance(answer, str):
    print(answer, end="")
else:
    subprocess.run(["jq", "-r", query], input=json.dumps(answer), text=True, check=True)
"""


def verdict(status, *checks, **changes):
    points = [sum(check.points for check in checks), sum(check.max_points for check in checks)]
    exercise = ExerciseVerdict("mean", "The mean | of all", *points, status, list(checks))
    about = {"sandbox": "bubblewrap", "notes": [], "exercises": [exercise], **changes}
    return Verdict("toy", "ann.ipynb", *points, "cpu", 1.0, **about)


def test_summary_has_points_by_exercise_and_what_failed():
    passed = CheckVerdict("test_a", "It adds up.", 2.0, 2.0, True, "")
    failed = CheckVerdict("test_b", "It sorts.", 0.0, 2.0, False, "It gave 3.\nSort the values first.", "unsorted")
    text = as_markdown(verdict("partial", passed, failed, by_hand=3.0))
    assert text.splitlines()[:5] == [
        "## toy, `ann.ipynb`: 2 of 4 points", "", "| exercise | points | |", "| --- | ---: | --- |",
        "| The mean \\| of all | 2 / 4 | partial |",
    ]  # fmt: skip
    assert "Written answers, 3 points, are marked by hand" in text
    assert "**It sorts.** (0 / 2)\n\n    It gave 3.\n    Likely cause: Sort the values first.\n" in text
    assert "It adds up." not in text


@pytest.mark.parametrize("words", ["<img src=x>", "![](http://x)", "```\n# Full marks", "@teacher", "\u2028# Full"])
def test_words_of_a_student_are_only_words(words):
    failed = CheckVerdict("test_b", "It sorts.", 0.0, 2.0, False, f"It gave {words}")
    text = as_markdown(verdict("wrong", failed, notes=[f"The cell stopped: {words}"]))
    shown = [line for line in text.splitlines() if not line.startswith("    ")]
    assert not any(part in line for part in words.split() for line in shown if part not in "#|")
    assert sum(line.startswith("#") for line in shown) == 2


@pytest.mark.parametrize("words", ["##[add-mask]1", "a ##[stop-commands]x", "###[set-output name=a;]b", " ::debug::x"])
def test_words_of_a_student_are_no_command_in_the_log_of_a_job(words, toy, tmp_path):
    path = tmp_path / f"{words}.py"
    path.write_text(f"def double(x):\n    raise ValueError({words!r})\n")
    lines = table(grade(path, toy, "cpu", one_line(path.name)))
    # As the runner looks for them: anywhere, and at the start.
    assert not [line for line in lines if "##[" in line or line.lstrip().startswith("::")]
    assert any("ValueError" in line for line in lines)


@pytest.mark.parametrize("name", ["<img src=x>", "a`<b>`.ipynb", "a\n# Full marks", "\u2028# Full", "@a: 9 of 9"])
@pytest.mark.parametrize("assignment", ["toy", ""])
def test_name_of_a_notebook_is_in_its_heading_as_code(name, assignment):
    for text, result in (
        (as_markdown(replace(verdict("missing"), submission=name, assignment=assignment)), "0 of 0 points"),
        (refusal_as_markdown(assignment, name, "It is empty."), "not graded"),
    ):
        head = text.splitlines()[0]
        assert head.count("`") == 2 and head.split("`")[1].split()[-1] == name.replace("`", "'").split()[-1]
        # The workflow's script takes it from there.
        assert head.rpartition(": ")[2] == result
        assert [line for line in text.splitlines() if line.startswith("#")] == [head]


def test_command_adds_verdicts_and_refusals_to_a_file(toy_course, solved, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(toy_course)
    nbformat.write(solved, tmp_path / "ann.ipynb")
    (tmp_path / "bob.ipynb").write_text("{")
    summary = tmp_path / "summary.md"
    summary.write_text("Before.\n")
    files = [str(tmp_path / "ann.ipynb"), str(tmp_path / "bob.ipynb")]
    assert cli.main(["grade", *files, "--assignment", "toy", "--summary", str(summary)]) == 2
    text = summary.read_text()
    assert text.startswith(f"Before.\n## toy, `{files[0]}`: 10 of 10 points\n")
    assert f"## toy, `{files[1]}`: not graded\n\n    bob.ipynb is not a notebook" in text


@pytest.fixture
def github(toy_course, solved, tmp_path):
    """An organization of six repositories: `run` runs the workflow's script, `sent` is what that sent there."""
    if not shutil.which("jq"):
        pytest.skip("jq, which answers as GitHub's own command does, is not installed")
    root, bin_folder = shutil.copytree(toy_course, tmp_path / "course"), tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "gh").write_text(GH.format(python=sys.executable))
    (bin_folder / "proctor").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m proctor.cli "$@"\n')
    for program in bin_folder.iterdir():
        program.chmod(0o755)
    names = ["toy-ann", "toy-bob", "toy-cleo", "toy-dan", "toy-eve", "other-ann"]
    repositories = [{"name": name, "is_template": False, "archived": False} for name in names]
    answers = {
        "orgs/class/repos": [*repositories, {"name": "toy-start", "is_template": True, "archived": False}],
        "repos/class/toy-ann/contents/toy.ipynb": nbformat.writes(solved),
        "repos/class/toy-dan/commits/HEAD": 409,
        "repos/class/toy-eve/commits/e1/statuses": [{"context": "proctor"}],
    }
    for name in ("ann", "bob", "cleo", "eve"):
        answers[f"repos/class/toy-{name}/commits/HEAD"] = {"sha": f"{name[0]}1"}
        answers.setdefault(f"repos/class/toy-{name}/commits/{name[0]}1/statuses", [{"context": "another"}])
    (bin_folder / "answers").write_text(json.dumps(answers))

    class GitHub:
        folder, program = root, bin_folder / "proctor"

        def run(self, *words, given="", **variables):
            path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
            variables = {**os.environ, "PATH": path, "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), **variables}
            command = ["bash", str(CLASSROOM / "grade.sh"), *words]
            return subprocess.run(command, cwd=root, env=variables, input=given, capture_output=True, text=True)

        def summary(self):
            return (tmp_path / "summary").read_text()

        def sent(self):
            lines = (bin_folder / "sent").read_text().splitlines() if (bin_folder / "sent").exists() else []
            return [json.loads(line) for line in lines]

        def change(self, **changed):
            (bin_folder / "answers").write_text(json.dumps({**answers, **changed}))

    return GitHub()


def test_who_has_pushed_since_is_looked_for(github):
    ran = github.run("look", "class", "toy")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "toy ann a1\ntoy bob b1\ntoy cleo c1\n", "")
    assert github.run("look", "class", "toy", AGAIN="true").stdout.endswith("toy cleo c1\ntoy eve e1\n")
    assert github.run("look", "class", "none").stdout == ""
    assert github.run("look", "elsewhere", "toy").returncode == 1
    github.change(**{"repos/class/toy-ann/commits/HEAD": 500})
    ran = github.run("look", "class", "toy")
    assert ran.returncode == 1 and ran.stderr == "toy-ann: gh: no (HTTP 500)\n"
    assert ran.stdout == "toy bob b1\ntoy cleo c1\n"


def test_verdicts_are_sent_to_whoever_has_pushed(github):
    ran = github.run("grade", "class", given="toy ann a1\ntoy cleo c1\n")
    assert (ran.returncode, ran.stderr) == (0, "")
    sent = {path: fields for path, fields in github.sent()}
    assert len(sent) == 4
    for name, points, state in (("ann", "10 of 10 points", "success"), ("cleo", "not graded", "error")):
        event = sent[f"repos/class/toy-{name}/dispatches"]
        assert event["event_type"] == "verdict"
        head = event["client_payload[summary]"].splitlines()[0]
        assert head.startswith("## toy, `") and head.endswith(f"toy.ipynb`: {points}")
        status = sent[f"repos/class/toy-{name}/statuses/{name[0]}1"]
        assert status == {"state": state, "context": "proctor", "description": points}
    assert "There is no `toy.ipynb`" in sent["repos/class/toy-cleo/dispatches"]["client_payload[summary]"]
    assert "| Double a tensor | 4 / 4 | correct |" in sent["repos/class/toy-ann/dispatches"]["client_payload[summary]"]
    assert "| toy | ann | 10 of 10 points |\n" in github.summary()
    # As nbgrader has it, for a class that is then graded on one's own machine.
    handed_in = {path.relative_to(github.folder / "classroom") for path in github.folder.rglob("submitted/*/*/*")}
    assert handed_in == {Path("submitted/ann/toy/toy.ipynb")}


@pytest.mark.parametrize("refused", [pytest.param("dispatches", marks=pytest.mark.prove), "statuses/a1"])
def test_verdict_that_cannot_be_posted_is_told_with_its_points_and_what_to_do(github, refused):
    github.change(**{f"POST repos/class/toy-ann/{refused}": 403})
    ran = github.run("grade", "class", given="toy ann a1\ntoy cleo c1\n")
    what = "could not be posted" if refused == "dispatches" else "was posted, but not the status"
    assert ran.returncode == 1
    for text in (ran.stderr, github.summary()):
        assert "could not be graded" not in text
        assert f"10 of 10 points; the verdict {what}" in text and "the next run" in text
    assert f"repos/class/toy-ann/{refused}: gh: no (HTTP 403)" in ran.stderr
    # The others get theirs.
    assert "| toy | cleo | not graded |" in github.summary()
    assert (github.folder / "classroom/verdicts/toy-ann.md").is_file()


@pytest.mark.parametrize("letter", ["a", "<", '"', "é"])
def test_verdict_that_is_too_long_is_cut_to_what_can_be_sent(github, letter):
    long = f'printf "## toy, \\`ann\\`: 1 of 2 points\n\n" > "$2"; yes \'    {letter * 90}\' | head -n 2000 >> "$2"'
    github.program.write_text(f'#!/bin/sh\nwhile [ "$1" != --summary ]; do shift; done\n{long}\n')
    ran = github.run("grade", "class", given="toy ann a1\n")
    assert (ran.returncode, ran.stderr) == (0, "")
    sent = github.sent()[0][1]["client_payload[summary]"]
    # As GitHub's own command writes it.
    size = len(json.dumps(sent, ensure_ascii=False).replace("<", "\\u003c").encode())
    assert 30_000 < size < 2**16 - 1000 and sent.startswith("## toy, `ann`: 1 of 2 points\n")


def test_fault_of_the_course_is_told_to_no_student(github):
    (github.folder / "graders/toy/test_total.py").write_text("import nowhere\n")
    ran = github.run("grade", "class", given="toy ann a1\n")
    assert ran.returncode == 1 and github.sent() == []
    assert "nowhere" in ran.stderr and "toy-ann: could not be graded" in ran.stderr
    assert "could not be graded" in github.summary()


def test_workflow_of_the_template_knows_no_secret_and_runs_no_code_of_what_it_is_sent():
    text = (CLASSROOM / "verdict.yml").read_text()
    workflow = yaml.safe_load(text)
    assert "secrets" not in text and workflow["permissions"] == {}
    # `on` is a truth value in YAML 1.1.
    assert workflow[True] == {"repository_dispatch": {"types": ["verdict"]}}
    (step,) = workflow["jobs"]["verdict"]["steps"]
    assert "${{" not in step["run"] and step["env"] == {"SUMMARY": "${{ github.event.client_payload.summary }}"}


def test_workflow_of_the_course_gives_its_token_to_its_own_script_alone():
    workflow = yaml.safe_load((CLASSROOM / "grade.yml").read_text())
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"} and workflow["permissions"] == {"contents": "read"}
    steps = workflow["jobs"]["grade"]["steps"]
    with_token = [step for step in steps if "GH_TOKEN" in step.get("env", {})]
    assert len(with_token) == 2 and all("docs/classroom/grade.sh" in step["run"] for step in with_token)
    assert not any("${{" in step.get("run", "") for step in steps)
