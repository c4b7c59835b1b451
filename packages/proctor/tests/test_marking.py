"""Marking by hand: question by question, without names, with the keyboard; nothing is lost, refused marks are told."""

import json
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from types import SimpleNamespace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.api import Gradebook
from sqlalchemy import text

from browser import CHROMIUM, Tab
from proctor import cli
from proctor.authoring.assignment import load_assignment
from proctor.authoring.build import build_course, scripts_on_path
from proctor.authoring.questions import read_questions
from proctor.course import open_course
from proctor.grading.mark_server import TEMPLATES
from proctor.grading.marking import MAX_COMMENT_CHARACTERS, Conflict, Marking, Refused
from proctor.grading.verdict import ExerciseVerdict
from proctor.proof.demo import cell
from toys import ToyClass

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

HOSTILE = """<img src=x onerror="document.title='taken'"><script>document.title = 'taken'</script>
</pre></textarea><b id="who">Student 9</b> [x](javascript:document.title='taken') $\\href{javascript:1}{x}$ \u202eabc"""
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
STUDENTS = {"ann-lee": "Because it is.", "ben": "It is the smallest.", "cem": HOSTILE, "dan": "I do not know."}


class Marked:
    """A small class, graded, of which the answers in words wait for their marks."""

    def __init__(self, root):
        self.root = root
        self.course = open_course(root)
        self.toy = load_assignment(self.course, "toy")

    def marking(self, seed=1):
        return Marking(self.toy, read_questions(self.toy), seed)

    def grade(self, student, reflection, unclear=False):
        """Put a submission where `nbgrader autograde` puts graded ones."""
        notebook = nbformat.read(self.toy.release_notebook, as_version=4)
        cell(notebook, "reflection").source = reflection
        cell(notebook, "double").source = f"double = 'of {len(student)}'"
        if unclear:
            notebook.cells.insert(0, new_code_cell("mine = 1"))
        status = "unclear" if unclear else "correct"
        verdict = ExerciseVerdict("double", "Double", 4.0, 4.0, status, [])
        about = {"proctor": {"exercise": asdict(verdict), "notes": []}}
        shown = new_output("display_data", {"text/plain": "[failed] Looks like a loop."}, metadata=about)
        cell(notebook, "check_double").outputs = [shown]
        path = self.root / "autograded" / student / "toy/toy.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        with self.gradebook() as gradebook:
            gradebook.update_or_create_student(student)
            submission = gradebook.update_or_create_submission("toy", student)
            for grade in submission.notebooks[0].grades:
                grade.auto_score = None if grade.name == "reflection" or unclear else 1.0
                grade.needs_manual_grade = grade.auto_score is None
            gradebook.db.commit()

    def gradebook(self):
        return Gradebook(self.course.directory.db_url, self.course.directory.course_id)

    def recorded(self, student, name="reflection"):
        """What nbgrader has: the score by hand, the comment, whether formgrader asks for a mark."""
        with self.gradebook() as gradebook:
            grade = gradebook.find_grade(name, "toy", "toy", student)
            comment = gradebook.find_comment(name.removeprefix("check_"), "toy", "toy", student)
            return grade.manual_score, comment.manual_comment, grade.needs_manual_grade

    def key(self, student, name="reflection"):
        with self.gradebook() as gradebook:
            return gradebook.find_grade(name, "toy", "toy", student).id


def seen(answer):
    given, sheet = answer
    return {"score": given.score, "comment": given.comment, "made_of": sheet.made_of}


@pytest.fixture
def marked(written_course, tmp_path):
    """A copy of the toy course with four students."""
    found = Marked(shutil.copytree(written_course, tmp_path / "course"))
    for student, reflection in STUDENTS.items():
        found.grade(student, reflection)
    return found


def test_question_model_answer_and_scheme_come_from_the_text(marked):
    source = marked.root / "source/toy/toy.py"
    scheme = "# 2.\n# ### BEGIN MARK SCHEME\n# - 3 points for 2\n# ### END MARK SCHEME\n# ### END"
    written = source.read_text().replace("# ## 3. Reflect", "# ## 3. Reflect ({{points:reflection}})\n#\n# Why two?")
    source.write_text(written.replace("# Because two is the smallest prime.\n# ### END", scheme))
    double, total, reflection = read_questions(load_assignment(marked.course, "toy"))
    assert reflection.prose == "## 3. Reflect (3 points)\n\nWhy two?"
    assert (reflection.model_answer, reflection.scheme) == ("2.", "- 3 points for 2")
    assert (double.written, double.model_answer, double.scheme) == (False, marked.toy.exercises[0].code, "")
    assert "## 3" not in total.prose
    assert total.prose


def test_answers_have_no_names_and_an_order_that_stays(marked):
    answers = marked.marking().answers("reflection")
    assert {sheet.text for _, sheet in answers.values()} == set(STUDENTS.values())
    shown = json.dumps([[key, asdict(given), asdict(sheet)] for key, (given, sheet) in answers.items()])
    assert not any(student in shown for student in STUDENTS)
    assert [*marked.marking().answers("reflection")] == [*answers]
    orders = {tuple(marked.marking(seed).answers("reflection")) for seed in range(20)}
    assert len(orders) > 5
    assert all(set(order) == set(answers) for order in orders)


def test_mark_is_in_the_gradebook_as_formgrader_would_have_put_it(marked):
    marking, key = marked.marking(), marked.key("ben")
    given = marking.save("reflection", key, 2.5, "Say why.", seen(marking.answers("reflection")[key]))
    assert (given.score, given.comment, given.to_mark) == (2.5, "Say why.", False)
    assert marked.recorded("ben") == (2.5, "Say why.", False)
    assert marked.recorded("ann-lee") == (None, None, True)
    with marked.gradebook() as gradebook:
        assert gradebook.find_submission("toy", "ben").score == 2 + 2.5
    marking.save("reflection", key, None, "", seen(marking.answers("reflection")[key]))
    assert marked.recorded("ben") == (None, None, True)


@pytest.mark.parametrize("score", [-0.5, -1e-9, 3.0001, 7, float("nan"), float("inf"), 10**400, "2", True, [2], {}])
def test_score_that_is_none_of_the_question_is_refused_and_not_clamped(marked, score):
    marking, key = marked.marking(), marked.key("ben")
    with pytest.raises(Refused, match="a score should be (a number )?from 0 to 3"):
        marking.save("reflection", key, score, "x", seen(marking.answers("reflection")[key]))
    assert marked.recorded("ben") == (None, None, True)


def test_comment_as_long_as_a_book_is_refused(marked):
    marking, key = marked.marking(), marked.key("ben")
    with pytest.raises(Refused, match="a comment may have"):
        marking.save("reflection", key, 1, "x" * (MAX_COMMENT_CHARACTERS + 1), seen(marking.answers("reflection")[key]))


@pytest.mark.parametrize("comment", ["a\ud83d", "\udc00", "\0", "fine \ud800\udc00"])
def test_comment_that_cannot_be_saved_is_refused_with_the_reason(marked, comment):
    marking, key = marked.marking(), marked.key("ben")
    before = seen(marking.answers("reflection")[key])
    with pytest.raises(Refused, match=r"its character \d+ \(U\+[0-9A-F]{4}\) is none that can be saved"):
        marking.save("reflection", key, 1, comment, before)
    with pytest.raises(Refused):
        marking.save("reflection", key, 1, "Good.", before | {"comment": comment})
    assert marked.recorded("ben") == (None, None, True)


@pytest.mark.parametrize("first", [(1, ""), (None, "Hm."), (0, "Hm.")])
def test_mark_of_somebody_else_is_not_replaced_unseen(marked, first):
    marking, other, key = marked.marking(), marked.marking(seed=2), marked.key("ben")
    before = marking.answers("reflection")[key]
    other.save("reflection", key, *first, seen(before))
    with pytest.raises(Conflict, match="somebody has marked this since"):
        marking.save("reflection", key, 3, "Good.", seen(before))
    assert marked.recorded("ben")[:2] == (first[0], first[1] or None)
    marking.save("reflection", key, 3, "Good.", seen(marking.answers("reflection")[key]))
    assert marked.recorded("ben") == (3, "Good.", False)


def test_mark_for_an_answer_that_was_handed_in_anew_is_told(marked):
    marking, key = marked.marking(), marked.key("ben")
    before = marking.answers("reflection")[key]
    marked.grade("ben", "It is the smallest prime number.")
    with pytest.raises(Conflict, match="handed in anew"):
        marking.save("reflection", key, 0, "", seen(before))
    shutil.rmtree(marked.root / "autograded/ben")
    with pytest.raises(Refused, match="not in the gradebook any more"):
        marking.save("reflection", key, 0, "", seen(before))


def test_of_many_who_save_at_once_one_does_and_the_others_are_told(marked):
    marking, key, saved = marked.marking(), marked.key("ben"), []
    before, barrier = seen(marking.answers("reflection")[key]), threading.Barrier(6)

    def save(number):
        own = marked.marking()
        barrier.wait()
        try:
            own.save("reflection", key, number / 2, f"of {number}", before)
            saved.append(number)
        except Conflict:
            pass

    threads = [threading.Thread(target=save, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = saved
    assert marked.recorded("ben") == (winner / 2, f"of {winner}", False)


def test_many_marks_of_two_markers_are_all_kept(marked):
    markers, draw, expected = [marked.marking(), marked.marking(seed=2)], random.Random(0), {}
    for number in range(40):
        student, score = draw.choice([*STUDENTS]), draw.randrange(7) / 2
        marking, key = draw.choice(markers), marked.key(student)
        marking.save("reflection", key, score, f"{number}", seen(marking.answers("reflection")[key]))
        expected[student] = score, f"{number}", False
    assert {student: marked.recorded(student) for student in expected} == expected


def test_answer_in_code_comes_where_the_checks_left_it_to_a_person(marked):
    assert marked.marking().answers("double") == {}
    marked.grade("eve", "", unclear=True)
    marking, key = marked.marking(), marked.key("eve", "check_double")
    (answer,) = marking.answers("double").values()
    assert answer[1].text == "mine = 1\n\ndouble = 'of 3'", "without what was given"
    assert answer[1].checks == ["[failed] Looks like a loop."]
    marking.save("double", key, 4, "No loop.", seen(answer))
    assert marked.recorded("eve", "check_double") == (4, "No loop.", False)
    assert [given.to_mark for given, _ in marking.answers("double").values()] == [False]


def test_who_has_more_time_but_handed_in_nothing_is_no_answer_yet(marked):
    with marked.gradebook() as gradebook:
        gradebook.update_or_create_student("zoe")
        gradebook.update_or_create_submission("toy", "zoe")
    assert len(marked.marking().answers("reflection")) == len(STUDENTS)


def test_figures_of_a_notebook_are_shown_with_their_marker_and_its_verdict_is_not(marked):
    path = marked.root / "autograded/ben/toy/toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell(notebook, "double").outputs = [
        new_output("stream", text="a table"), new_output("display_data", {"image/png": PNG, "text/plain": "<Figure>"})
    ]  # fmt: skip
    nbformat.write(notebook, path)
    address = f"data:image/png;base64,{PNG}"
    cell(notebook, "reflection").attachments = {"picture-1": {"image/png": PNG}}
    notebook.cells.append(new_markdown_cell("My notes.", id="own-1"))
    nbformat.write(notebook, path)
    shown = marked.marking().shown("reflection", marked.key("ben"))
    outputs = [{"text": "a table"}, {"picture": address}, {"text": "My notes."}]
    assert shown == {"pictures": [address], "outputs": outputs}
    assert marked.marking().answers("reflection")[marked.key("ben")][1].pictures == 1


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


def test_page_of_feedback_has_the_mark_and_nothing_that_it_was_marked_by(written_course, tmp_path, monkeypatch):
    root = shutil.copytree(written_course, tmp_path / "course")
    monkeypatch.chdir(root)
    scheme = "### BEGIN MARK SCHEME\n# - 3 points for the even prime\n# ### END MARK SCHEME\n# ### END SOLUTION"
    source = root / "source/toy/toy.py"
    before, _, after = source.read_text().rpartition("### END SOLUTION")
    source.write_text(before + scheme + after)
    with scripts_on_path():
        build_course(open_course(root))
        toys = ToyClass(root)
        toys.hand_in("ann", double="def double(x):\n    return x * x")
        toys.autograde()
        questions = read_questions(load_assignment(toys.course, "toy"))
        marking = Marking(toys.toy, questions)
        ((key, answer),) = marking.answers("reflection").items()
        marking.save("reflection", key, 2, "Think of evenness.", seen(answer))
        assert toys.generate_feedback() == {"ann"}
    assert "Think of evenness." in toys.page("ann")
    reflection = questions[-1]
    assert "even prime" in reflection.scheme
    graded = (root / "autograded/ann/toy/toy.ipynb").read_text()
    for public in (toys.page("ann"), graded, toys.toy.release_notebook.read_text()):
        assert "smallest prime" not in public
        assert "even prime" not in public
