"""The page for marking: it asks for a token, takes the keyboard alone, and says what the server refused and why."""

import json
import re
import signal
import subprocess
import sys
from types import SimpleNamespace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import text

from browser import CHROMIUM, Tab
from proctor import cli
from proctor.grading.mark_server import TEMPLATES
from toys import STUDENTS, seen

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


@pytest.fixture
def served(marked):
    """The page of a small class: its address, a function that asks the server, the class."""
    command = [sys.executable, "-m", "proctor.cli", "--course", str(marked.root), "mark", "toy"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().split()[-1]
        place, _, token = address.partition("/#")

        def ask(path, body=None, **headers):
            request = Request(place + path, body if body is None else json.dumps(body).encode(), headers)
            try:
                with urlopen(request) as reply:
                    return reply.status, reply.read().decode(), reply.headers
            except HTTPError as error:
                with error:
                    return error.code, error.read().decode(), error.headers

        yield SimpleNamespace(address=address, token=token, ask=ask, marked=marked, process=process)
        process.terminate()


def test_server_gives_nothing_without_its_token_and_only_to_this_machine(served):
    key = served.marked.key("ben")
    whole = {"score": 1, "comment": "", "seen": {"score": None, "comment": "", "made_of": "x"}}
    for path in ("/api/questions", "/api/answers/reflection", f"/api/shown/reflection/{key}"):
        for headers in ({}, {"Authorization": "token x"}, {"Cookie": f"token={served.token}"}):
            status, said, _ = served.ask(path, **headers)
            assert (status, "reflection" in said.lower()) == (401, False), said
    assert served.ask(f"/api/mark/reflection/{key}", whole)[0] == 401
    own = {"Authorization": f"token {served.token}"}
    assert served.ask("/api/questions", **own, Host="evil.example")[0] == 404
    assert served.ask("/", Host="evil.example")[0] == 404
    assert served.ask("/api/questions", **own)[0] == 200
    for path in ("/", "/mark.js", "/mark.css", "/palette.css", "/formulas.css"):
        status, _, headers = served.ask(path)
        assert (status, "script-src 'self'" in headers["Content-Security-Policy"]) == (200, True)
    for path in ("/../class_report.html.j2", "/class_report.html.j2", "/pages.css", "/palette.css/../pages.css"):
        assert served.ask(path)[0] == 404
    assert served.marked.recorded("ben") == (None, None, True)


def test_server_says_what_is_wrong_with_a_mark(served):
    key, own = served.marked.key("ben"), {"Authorization": f"token {served.token}"}
    path = f"/api/mark/reflection/{key}"
    answers = json.loads(served.ask("/api/answers/reflection", **own)[1])["answers"]
    (made_of,) = [answer["made_of"] for answer in answers if answer["key"] == key]
    before = {"score": None, "comment": "", "made_of": made_of}
    other = [{"score": 1, "comment": 2, "seen": before}, {"score": 1, "comment": "", "seen": 3}]
    other += [{"score": 1, "comment": "", "seen": before | {"score": 10**400}}]
    other += [{"score": 1, "comment": "", "seen": before | {"score": wrong}} for wrong in ([], "1", True)]
    for body in ([], {}, {"score": 1}, *other):
        status, said, _ = served.ask(path, body, **own)
        assert (status, "not in the form of this page" in said) == (400, True), said
    status, said, _ = served.ask(path, {"score": 4, "comment": "", "seen": before}, **own)
    assert (status, json.loads(said)["message"]) == (400, "a score should be from 0 to 3, not 4; nothing was saved")
    status, said, _ = served.ask(path, {"score": 1, "comment": "so \ud83d", "seen": before}, **own)
    assert (status, "character 4 (U+D83D)" in said) == (400, True), said
    assert served.ask(path, {"score": 10**400, "comment": "", "seen": before}, **own)[0] == 400
    status, said, _ = served.ask(path, {"score": 2, "comment": "", "seen": before}, **own)
    assert (status, json.loads(said)["given"][key]["score"]) == (200, 2)
    assert served.ask(path, {"score": 2, "comment": "", "seen": before}, **own)[0] == 409
    assert served.ask("/api/answers/essay", **own)[0] == 404
    assert served.ask("/api/shown/reflection/abc", **own)[0] == 400


@pytest.mark.prove
def test_gradebook_that_another_program_holds_is_told_and_nothing_is_saved(served):
    key, own = served.marked.key("ben"), {"Authorization": f"token {served.token}"}
    answers = json.loads(served.ask("/api/answers/reflection", **own)[1])["answers"]
    (made_of,) = [answer["made_of"] for answer in answers if answer["key"] == key]
    body = {"score": 2, "comment": "", "seen": {"score": None, "comment": "", "made_of": made_of}}
    with served.marked.gradebook() as gradebook:
        gradebook.db.execute(text("BEGIN EXCLUSIVE"))
        status, said, _ = served.ask(f"/api/mark/reflection/{key}", body, **own)
        gradebook.db.rollback()
    assert (status, "nothing was saved, try again" in said) == (503, True), said
    assert served.ask(f"/api/mark/reflection/{key}", body, **own)[0] == 200


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed (`apt-get install chromium`)")
def test_class_is_marked_with_the_keyboard_alone(served, tmp_path):
    said = "document.getElementById('message').textContent"
    with Tab(served.address, tmp_path / "profile") as tab:
        tab.wait_for("document.getElementById('who').textContent === 'Student 1 of 4'")
        shown = tab.value("document.body.innerText")
        assert "Because two is the smallest prime." in shown
        assert not any(student in tab.value("document.documentElement.outerHTML") for student in STUDENTS)
        # What was typed ahead of a refusal was meant for another answer, and goes to none.
        tab.value("""for (const key of ["7", "Enter", "1", "Enter", "2", "Enter"])
            document.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}))""")
        tab.wait_for(f"{said}.includes('from 0 to 3, not 7') && performance.now() > deafUntil")
        tab.value("queue.then(() => true)")
        assert [given.score for given, _ in served.marked.marking().answers("reflection").values()] == [None] * 4
        order = [sheet.text for _, sheet in served.marked.marking().answers("reflection").values()]
        tab.value("document.getElementById('score').select()")
        # The keys of the next answer are pressed while the mark of this one is saved.
        tab.press("2", ".", "5", "Enter", "1", "Enter", "c", *"Why?")
        tab.wait_for("document.getElementById('comment').value === 'Why?'")
        tab.press("Escape", "0", "j", "k")
        tab.wait_for("document.getElementById('who').textContent === 'Student 4 of 4'")
        tab.value("""document.dispatchEvent(new KeyboardEvent(
            "keydown", {key: "!", code: "Digit1", shiftKey: true, bubbles: true}))""")
        tab.press("3", "Enter")
        tab.wait_for(f"{said}.includes('All 4 answers to this question are marked')")
        assert tab.value("document.title") == "Marking toy"
        acts = "#answer img, #answer script, #text a, #text [id], #text [style], #text [onerror]"
        assert tab.value(f"document.querySelectorAll('{acts}').length") == 0
    students = {answer: student for student, answer in STUDENTS.items()}
    found = [served.marked.recorded(students[answer])[:2] for answer in order]
    assert found == [(2.5, None), (1, None), (0, "Why?"), (3, "Why?")]


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed (`apt-get install chromium`)")
def test_page_tells_of_another_marker_and_of_a_server_that_is_gone(served, tmp_path):
    said, marking = "document.getElementById('message').textContent", served.marked.marking()
    with Tab(served.address, tmp_path / "profile") as tab:
        tab.wait_for("document.getElementById('who').textContent === 'Student 1 of 4'")
        key, answer = next(iter(marking.answers("reflection").items()))
        marking.save("reflection", key, 1, "Short.", seen(answer))
        tab.press("2", "Enter")
        tab.wait_for(f"{said}.includes('In the gradebook: 1 of 3, “Short.”') && performance.now() > deafUntil")
        assert tab.value("document.getElementById('score').value") == "2"
        tab.press("Enter")
        tab.wait_for("document.getElementById('who').textContent === 'Student 2 of 4'")
        served.process.terminate()
        served.process.wait()
        tab.press("3", "Enter")
        tab.wait_for(f"{said}.includes('does not answer')")
        assert tab.value("document.getElementById('score').value") == "3"
    assert marking.answers("reflection")[key][0].score == 2


def test_all_pages_have_the_colors_of_one_palette():
    colors = re.compile(r"--[a-z]+(?=:)|#[0-9a-f]{3,6}\b")
    files = [path for path in TEMPLATES.rglob("*") if path.suffix in (".css", ".j2", ".html")]
    palette = {*colors.findall((TEMPLATES / "palette.css").read_text())}
    assert {"--ink", "--tint", "#1c1b1a"} < palette
    own = {path.name: {*colors.findall(path.read_text())} for path in files if path.name != "palette.css"}
    assert {name: found - {"#fff"} for name, found in own.items() if found - {"#fff"}} == {}, "white is for pictures"
    used = {name for path in files for name in re.findall(r"var\((--\w+)\)", path.read_text())}
    assert used == {name for name in palette if name.startswith("--")}


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed (`apt-get install chromium`)")
def test_page_that_is_only_visited_saves_nothing(served, tmp_path):
    marking, before = served.marked.marking(), {}
    for number, (key, answer) in enumerate(marking.answers("reflection").items()):
        before[key] = 1 / (3 + number), f"First,\r\nthen {number}. \n"
        marking.save("reflection", key, *before[key], seen(answer))
    with Tab(served.address, tmp_path / "profile") as tab:
        tab.wait_for("document.getElementById('who').textContent === 'Student 1 of 4'")
        tab.press("f", "j", "j", "k", "j", "j")
        tab.wait_for("document.getElementById('who').textContent === 'Student 4 of 4'")
        tab.press("Enter")
        tab.wait_for("document.getElementById('message').textContent.includes('are marked')")
    after = {key: (given.score, given.comment) for key, (given, _) in marking.answers("reflection").items()}
    assert after == before


def test_mark_says_what_it_needs_in_one_line(written_course, toy_course, capsys):
    for arguments, words in (
        (["mark", "tony"], "proctor: no source/tony/tony.py"),
        (["mark", "toy", "--port", "70000"], "proctor: --port should be from 0 to 65535"),
    ):
        assert cli.main(["--course", str(written_course), *arguments]) == 2
        assert capsys.readouterr().err.startswith(words)


def test_stopping_it_is_no_fault_and_a_port_that_is_taken_is_told(served, capfd):
    port = served.address.split(":")[2].split("/")[0]
    assert cli.main(["--course", str(served.marked.root), "mark", "toy", "--port", port]) == 2
    assert capfd.readouterr().err == f"proctor: --port {port}: Address already in use; take another, or none\n"
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait() == 0
    assert capfd.readouterr().err == ""
