"""Marking by hand: question by question, without names; nothing is lost, and marks that are refused are told."""

import json
import random
import shutil
import threading
from dataclasses import asdict

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_output

from proctor.authoring.assignment import load_assignment
from proctor.authoring.build import build_course, scripts_on_path
from proctor.authoring.questions import read_questions
from proctor.course import open_course
from proctor.grading.marking import MAX_COMMENT_CHARACTERS, Conflict, Marking, Refused
from proctor.proof.demo import cell
from submissions import PNG
from toys import STUDENTS, ToyClass, seen

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


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
