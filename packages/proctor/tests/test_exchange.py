"""nbgrader's own loop through its exchange, twice round: release, hand in, grade, give feedback, hand in again."""

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from nbgrader.api import Gradebook

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading.gradebook import read_grades
from proctor.proof.demo import cell

CONFIG = """
c.CourseDirectory.course_id = "toys"
c.Exchange.root = {root!r}
"""


def run(folder, command, status=0, by=()) -> str:
    """What one of nbgrader's commands prints, run in a folder, behind what makes it another user's."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    home = {"HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder / ".jupyter"), "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run(
        [*by, sys.executable, "-m", "nbgrader", *command.split()],
        cwd=folder,
        env=os.environ | home | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ran.returncode == status, ran.stdout
    return ran.stdout


@pytest.fixture
def course(toy_course, tmp_path):
    """A copy of the toy course with an exchange of its own."""
    folder = shutil.copytree(toy_course, tmp_path / "course", ignore=shutil.ignore_patterns("gradebook.db"))
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    with (folder / "course_config.py").open("a") as config:
        config.write(CONFIG.format(root=str(exchange)))
    # As the build lays it there, where there are hints.
    (folder / "source/toy/toy.guide.json").write_text('{"exercises": [], "needs": {}}')
    run(folder, "generate_assignment toy --force")
    return load_assignment(open_course(folder), "toy")


@pytest.fixture
def student(course, tmp_path):
    """A student's folder, as nbgrader finds it beside the same exchange."""
    folder = tmp_path / "student"
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text("c = get_config()\n" + CONFIG.format(root=str(tmp_path / "exchange")))
    return folder


def points(course):
    return {student: sum(scores.values()) for student, scores in read_grades(course).items()}


def answer(path, exercises):
    notebook = nbformat.read(path, as_version=4)
    for exercise in exercises:
        cell(notebook, exercise.id).source = exercise.code
    nbformat.write(notebook, path)


def grade_and_return(course):
    log = run(course.root, "collect toy --update") + run(course.root, "autograde toy")
    run(course.root, "generate_feedback toy")
    run(course.root, "release_feedback toy")
    return log


# Two of the accounts that every Linux has, as the exchange asks for names: the one who teaches, the one who learns.
TEACHER, LEARNER = "daemon", "nobody"


# Python may lie where only root may enter, such as a home: in a mount namespace of its own, all may enter that folder,
# in which there is nothing but Python.
PASS = """
set -e
if [ "$1" != "" ]; then
    mount --bind "$2" /mnt
    mount -t tmpfs -o mode=755 none "$1"
    mkdir -p "$2"
    mount --move /mnt "$2"
fi
user=$3 group=$4
shift 4
exec setpriv --reuid="$user" --regid="$group" --clear-groups "$@"
"""


def known(name):
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name)


def as_user(name) -> list[str]:
    """What stands before a command that a Linux user of this name is to run."""
    closed = [folder for folder in Path(sys.base_prefix).parents if not folder.stat().st_mode & 0o001]
    user = known(name)
    where = [str(closed[-1]) if closed else "", sys.base_prefix, str(user.pw_uid), str(user.pw_gid)]
    return ["unshare", "--mount", "sh", "-c", PASS, "sh", *where]


def can_be(name):
    """Whether a command can be run here as a user of this name."""
    if os.geteuid() != 0 or not known(name) or not shutil.which("setpriv") or not shutil.which("unshare"):
        return False
    ran = subprocess.run([*as_user(name), sys.executable, "-c", "import nbgrader"], cwd="/", capture_output=True)
    return ran.returncode == 0


@pytest.fixture
def users(written_course):
    """Two folders and their users: a course that only its teacher can read, and a student's, with one exchange."""
    # Not pytest's own folders, which others may not enter.
    if not (can_be(TEACHER) and can_be(LEARNER)):
        pytest.skip(f"this takes root, unshare and setpriv, and Linux users called {TEACHER} and {LEARNER}")
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o755)
        exchange, teaching, learning = top / "exchange", top / "course", top / "student"
        exchange.mkdir()
        exchange.chmod(0o777)
        shutil.copytree(written_course, teaching, ignore=shutil.ignore_patterns("gradebook.db"))
        learning.mkdir()
        settings = CONFIG.format(root=str(exchange))
        (learning / "nbgrader_config.py").write_text("c = get_config()\n" + settings)
        with (teaching / "course_config.py").open("a") as config:
            config.write(settings)
        for folder, user in ((teaching, TEACHER), (learning, LEARNER)):
            folder.chmod(0o700)
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, user, known(user).pw_gid)
        yield teaching, learning


def mark(teaching, score, comment):
    """Mark the learner's answer in words, which waits for it, as formgrader does."""
    with Gradebook(f"sqlite:///{teaching / 'gradebook.db'}", "toys") as gradebook:
        grade = gradebook.find_grade("reflection", "toy", "toy", LEARNER)
        assert grade.needs_manual_grade
        grade.manual_score, grade.needs_manual_grade = score, False
        gradebook.find_comment("reflection", "toy", "toy", LEARNER).manual_comment = comment
        gradebook.db.commit()


@pytest.mark.prove
def test_two_users_go_twice_round_the_whole_loop(users):
    teaching, learning = users
    assert subprocess.run([*as_user(LEARNER), "ls", teaching], capture_output=True).returncode != 0

    def teach(*commands):
        return "".join(run(teaching, command, by=as_user(TEACHER)) for command in commands)

    def learn(*commands):
        return "".join(run(learning, command, by=as_user(LEARNER)) for command in commands)

    def hand_in(exercises, words):
        path = learning / "toy/toy.ipynb"
        answer(path, exercises)
        notebook = nbformat.read(path, as_version=4)
        cell(notebook, "reflection").source = words
        nbformat.write(notebook, path)
        learn("submit toy")

    teach("generate_assignment toy --force", "release_assignment toy")
    toy = load_assignment(open_course(teaching), "toy")
    learn("fetch_assignment toy")
    give_back = ("generate_feedback toy", "release_feedback toy")
    hand_in(toy.exercises[:1], "Because.")
    teach("collect toy --update", "autograde toy", *give_back)
    learn("fetch_feedback toy")
    assert "toy: 4 of 13 points so far" in pages(learning)[0]
    mark(teaching, 1, "Say why.")
    teach(*give_back)
    learn("fetch_feedback toy")
    assert "toy: 5 of 13 points<" in pages(learning)[0] and "Say why." in pages(learning)[0]

    hand_in(toy.exercises[:2], "Because two is the smallest prime.")
    teach("collect toy --update", "autograde toy", *give_back)
    learn("fetch_feedback toy")
    first, second = pages(learning)
    assert "toy: 5 of 13 points<" in first and "toy: 11 of 13 points so far<" in second
    assert "for an earlier answer; not marked again yet" in second
    mark(teaching, 3, "Well said.")
    teach("autograde toy --force", *give_back)
    assert "Skipping existing" in teach("generate_feedback toy")
    learn("fetch_feedback toy")
    first, second = pages(learning)
    assert "Say why." in first and "Well said." in second and "toy: 13 of 13 points<" in second
    assert points(toy) == {LEARNER: 13}


def pages(folder):
    """The feedback that a student fetched, newest last."""
    return [path.read_text() for path in sorted((folder / "toy/feedback").rglob("*.html"))]


@pytest.mark.prove
def test_what_is_handed_in_again_is_graded_again_and_its_feedback_comes_back(course, student):
    run(course.root, "release_assignment toy")
    run(student, "fetch_assignment toy")
    answer(student / "toy/toy.ipynb", course.exercises[:1])
    run(student, "submit toy")
    grade_and_return(course)
    (name,) = points(course)
    assert points(course) == {name: 4}
    run(student, "fetch_feedback toy")
    assert ["Score: 0 / 6" in page for page in pages(student)] == [True]

    answer(student / "toy/toy.ipynb", course.exercises)
    run(student, "submit toy")
    log = grade_and_return(course)
    assert log.count("of 10 points") == 1
    assert points(course) == {name: 10}
    run(student, "fetch_feedback toy")
    assert sorted("Score: 6 / 6" in page for page in pages(student)) == [False, True]
    newest = max((student / "toy/feedback").rglob("*.html"))
    (link,) = re.findall(r'href="(\.\.[^"]*)"', newest.read_text())
    assert (newest.parent / unquote(link)).read_text() == pages(student)[0], "its link holds there, too"
    assert "of 10 points" not in run(course.root, "autograde toy")


@pytest.mark.prove
def test_feedback_is_released_beside_work_that_came_another_way_or_with_nonsense(course, student, tmp_path):
    run(course.root, "release_assignment toy")
    run(student, "fetch_assignment toy")
    run(student, "submit toy")
    for name, secret in (("by_hand", None), ("by_eve", b"\xff\xfe")):
        folder = course.root / "submitted" / name / "toy"
        folder.mkdir(parents=True)
        shutil.copy(course.release_notebook, folder)
        if secret:
            (folder / "submission_secret.txt").write_bytes(secret)
            (folder / "timestamp.txt").write_bytes(secret)
    (course.root / "submitted/by_eve/toy/passwords.txt").symlink_to("/etc/passwd")
    grade_and_return(course)
    assert {"by_hand", "by_eve"} < set(points(course))
    assert len(list(course.root.glob("submitted/*/toy/toy.guide.json"))) == 1, "it came along with the student's work"
    run(student, "fetch_feedback toy")
    assert len(pages(student)) == 1
    names = {path.name for path in (course.root / "autograded/by_eve/toy").iterdir()}
    # nbgrader lays the course's own files beside each notebook.
    assert names == {"toy.ipynb", "toy.guide.json", "timestamp.txt", "submission_secret.txt"}


@pytest.mark.prove
def test_other_work_without_a_timestamp_is_graded_again_and_the_same_is_not(course):
    folder = course.root / "submitted/ann/toy"
    folder.mkdir(parents=True)
    shutil.copy(course.release_notebook, folder)
    run(course.root, "autograde toy")
    assert points(course) == {"ann": 0}
    assert "of 10 points" not in run(course.root, "autograde toy")
    run(course.root, "generate_feedback toy")
    answer(folder / "toy.ipynb", course.exercises)
    run(course.root, "autograde toy")
    assert points(course) == {"ann": 10}
    run(course.root, "generate_feedback toy")
    assert "Score: 6 / 6" in (course.root / "feedback/ann/toy/toy.html").read_text()


@pytest.mark.prove
def test_students_have_the_names_that_people_have(course):
    names = ["Ann Lee", "o'neil", "Zoë", "Zoe\u0308", "李小龙", "נועה", "x (2)", "a@b.org", "a&b"]
    refused = [".hidden", "-rf", "new\nline", "vict[i]m"]
    for name in [*names, *refused]:
        folder = course.root / "submitted" / name / "toy"
        folder.mkdir(parents=True)
        shutil.copy(course.source_notebook, folder)
    log = run(course.root, "autograde toy", status=1)
    assert points(course) == dict.fromkeys(names, 10)
    assert all(ascii(name)[1:-1] in log for name in refused)
    run(course.root, "generate_feedback toy")
    assert {path.parts[-3] for path in (course.root / "feedback").rglob("*.html")} == set(names)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = subprocess.run(
        [sys.executable, "-m", "proctor.cli", "class", "toy"],
        cwd=course.root, env=os.environ | {"PATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 1
    words = f"{len(names) + len(refused)} submissions: 0 graded, {len(names)} unchanged, {len(refused)} left out."
    assert words in ran.stdout
    assert words.replace("0 graded, 9 unchanged", "9 graded, 0 unchanged") in log
