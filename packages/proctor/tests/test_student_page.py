"""The page that a student reads: what it says, and that everybody can read it."""

import itertools
import re
from datetime import datetime, timedelta

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from traitlets.config import Config

from browser import CHROMIUM, audit_page
from proctor.grading import student_page
from proctor.grading.attempts import Attempt
from proctor.grading.late import in_words
from proctor.grading.marks import Mark, Recorded
from proctor.grading.student_page import as_html, short_page
from proctor.proof.demo import cell
from student_pages import KERNEL_OF_ONE, MISSING, PICTURE, STOPS, TITLES, Elements, check, exercise
from submissions import PNG


def test_summary_has_points_by_name_and_what_is_not_marked(make_page):
    half = exercise("double", check("shape", 2), KERNEL_OF_ONE)
    waits = {"reflection": Mark(None, None, None, 3.0, True)}
    page = make_page(half, exercise("total", MISSING, status="missing"), marks=waits, penalty=0.5)
    text = Elements(page).shown
    assert "toy: 1.5 of 13 points so far" in text
    assert "Not marked yet: Reflect, 3 points." in text
    for words in ("Double a tensor 2 of 4 partly correct", "Sum a function 0 of 6 not implemented yet"):
        assert words in text
    assert "Reflect - of 3 not marked yet" in text
    assert "Late submission penalty -0.5 Total 1.5 of 13 so far" in text


def test_extra_credit_and_comments_are_on_the_page(make_page):
    extra = {"check_double": Mark(4.0, None, 2.0, 4.0, False)}
    page = make_page(marks=extra, comments={"double": "Well *done*, but <u>see</u> $x_i$", "reflection": "Say why."})
    assert "Score: 6 / 4, with 2 extra, given by a person" in page and "toy: 15 of 13 points" in page
    assert 'Well <em>done</em>, but &lt;u&gt;see&lt;/u&gt; <math alttext="x_i"><msub>' in page and "Say why." in page


def test_what_to_do_first_is_what_gains_most(make_page):
    half = exercise("double", check("shape", 2), KERNEL_OF_ONE)
    stops = make_page(half, exercise("total", STOPS, status="error"), html=False)
    assert [step.sections[0].id for step in stops.steps()] == ["total", "double"]
    assert stops.steps()[1].words == ["Multiply by `FACTOR`."] and stops.steps()[1].are_causes
    missing = make_page(
        exercise("double", MISSING, status="missing"), exercise("total", STOPS, status="error"), html=False
    )
    assert [[one.id for one in step.sections] for step in missing.steps()] == [["total"], ["double"]]
    assert "Double a tensor (4 points to gain)." in Elements(as_html(missing)).shown
    blank = make_page(*(exercise(name, MISSING, status="missing") for name in ("double", "total")), html=False)
    assert [[one.id for one in step.sections] for step in blank.steps()] == [["double", "total"]]
    small = exercise("double", check("shape", 2), KERNEL_OF_ONE)
    large = make_page(small, exercise("total", MISSING, status="missing"), html=False)
    assert [(step.sections[0].id, step.gain) for step in large.steps()] == [("total", 6), ("double", 2)]
    alike = make_page(html=False, marks={name: Mark(None, 1.0, None, 3.0, False) for name in ("reflection",)})
    for section in alike.sections:
        section.comments = ["Say why."]
    alike.sections[0].items = alike.sections[1].items = alike.sections[2].items
    ((step),) = alike.steps()
    assert (len(step.sections), step.gain, step.words) == (3, 6, ["Read the comment."])
    assert make_page(html=False).steps() == []
    assert "Everything is correct." in make_page() and "What to do first" not in make_page()


def test_failed_checks_are_open_with_message_and_cause_and_passed_ones_folded(make_page):
    page = Elements(make_page(exercise("double", check("shape", 2), KERNEL_OF_ONE)))
    assert "value is right. (0 of 2)" in page.shown and "Likely cause: Multiply by FACTOR." in page.shown
    assert "double(x) has wrong values: 2 where 4 is expected." in page.shown
    assert "shape is right." in page.folded and "shape is right." not in page.shown
    assert "1 passed" in page.text


def test_likely_cause_of_several_checks_is_said_once_in_an_exercise(make_page):
    checks = [check(name, 0, 2, f"The {name} differs.", "Multiply by two.") for name in ("value", "shape")]
    page = Elements(make_page(exercise("double", *checks)))
    assert page.shown.count("Likely cause: Multiply by two.") == page.shown.count("by two") == 2, "above, and there"


def test_answers_figures_and_own_cells_are_there_and_what_was_given_is_not(make_page):
    notebook = make_page.notebook
    prose = "# Toy"
    cell(notebook, "double").source = "def double(x):\n    return 2 * x  # mine"
    cell(notebook, "double").outputs = [new_output("stream", text="I printed this"), PICTURE]
    cell(notebook, "reflection").source = "Because ![of this](attachment:picture-1)."
    cell(notebook, "reflection").attachments = {"picture-1": {"image/png": PNG}}
    notebook.cells.append(new_code_cell("given = 7", id="given", outputs=[PICTURE]))
    notebook.cells.append(new_markdown_cell("My own words", id="own-1"))
    page = Elements(make_page(exercise("double", check("shape", 2), KERNEL_OF_ONE)))
    assert "# mine" in page.shown, "where points were lost, the code is open"
    for words in ("I printed this", "My own words"):
        assert words in page.folded
    assert "given = 7" not in page.text and prose not in page.text and "two ones, doubled" not in page.text
    assert [one["alt"] for one in page.all("img")] == ["Figure 1 of Double a tensor", "of this", "Figure 1 of Reflect"]
    assert "Because [picture: of this]." in page.shown


WORDS = """\
# Why

- because *two* is

| a | b |
|:-:|---|
| 1 | $x_i * y_i$ |

```mermaid
<script>1</script>
```
See [there](https://example.org/a?b=1&c), ![this](attachment:picture-1) and ! [that](http://evil.example/x.png)."""


def test_answer_in_words_is_typeset_as_the_notebook_had_it(make_page):
    notebook = make_page.notebook
    cell(notebook, "reflection").source = WORDS
    cell(notebook, "reflection").attachments = {"picture-1": {"image/png": PNG}}
    page = make_page()
    answer = page[page.index("Your answer</h3>") : page.index("<figure>")]
    formula = '<td><math alttext="x_i * y_i"><msub><mi>x</mi><mi>i</mi></msub>'
    for shown in ("<p><b>Why</b></p>", "<li>because <em>two</em> is</li>", formula):
        assert shown in answer
    assert "<pre><code>&lt;script&gt;1&lt;/script&gt;" in answer
    assert "there (https://example.org/a?b=1&amp;c), [picture: this] and ! that (http://evil.example/x.png)." in answer
    assert not {name for name, _ in Elements(answer).elements} & {"a", "img", "script", "h1"}


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed (`apt-get install chromium`)")
@pytest.mark.parametrize("dark", [False, True])
def test_formulas_can_be_read_in_the_dark_and_make_no_page_wider(make_page, tmp_path, dark):
    wide = "+".join(f"x_{{{number}}}" for number in range(40))
    cell(make_page.notebook, "reflection").source = rf"$${wide}$$ $\color{{black}}{{x}}$"
    found = audit_page(tmp_path / "audit", make_page(), 400, dark)
    assert found["faint"] == [] and found["dark"] is dark
    assert [node for node in found["overflow"] if not re.match("<m", node)] == [], "a formula scrolls within its text"


def test_missing_unclear_and_overruled_say_so_and_nothing_else(make_page):
    page = Elements(make_page(exercise("double", check("value", 0, 4, "Not implemented yet."), status="missing")))
    assert page.shown.count("Not implemented yet.") == 2 and "failed" not in page.text, "above, and at the exercise"
    waits = {"check_double": Mark(None, None, None, 4.0, True)}
    unclear = exercise("double", check("value", 0, 4, "Nothing tells whether this is right."), status="unclear")
    page = Elements(make_page(unclear, marks=waits))
    assert "Not marked yet: 4 points" in page.shown and "Nothing tells whether this is right." in page.shown
    assert "undecided value is right." in page.shown and "failed" not in page.text and "do first" not in page.text
    overruled = {"check_double": Mark(2.0, 4.0, None, 4.0, False)}
    page = Elements(make_page(exercise("double", check("shape", 2), KERNEL_OF_ONE), marks=overruled))
    assert "Score: 4 / 4, given by a person" in page.shown and "What the checks found:" in page.shown
    assert " of 2)" not in page.text and "What to do first" not in page.text


def test_answer_in_words_that_is_not_there_is_not_answered_yet(make_page):
    page = make_page(marks={"reflection": Mark(None, 0.0, None, 3.0, False)}, comments={"reflection": "No response."})
    text = Elements(page).shown
    assert "Reflect 0 of 3 not answered yet" in text and "Reflect (3 points to gain). Not answered yet." in text
    page = make_page(marks={"reflection": Mark(None, 1.0, None, 3.0, False)}, comments={"reflection": "Say why."})
    text = Elements(page).shown
    assert "Reflect 1 of 3 partly correct" in text and "Reflect (2 points to gain). Read the comment." in text


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (timedelta(seconds=20), "Handed in less than a minute late"),
        (timedelta(days=7, hours=2, minutes=5), "Handed in 7 days 2 hours late"),
        (timedelta(0), ""),
        (timedelta(days=-1), ""),
    ],
)
def test_page_says_how_late_it_was_when_it_was_due_and_what_that_costs(make_page, late, words):
    config = Config()
    config.AssignLatePenalties.plugin_class = "proctor.gradebook.PenaltyPerDay"
    config.PenaltyPerDay.most_percent = 50
    due = datetime(2026, 3, 1, 12)
    page = make_page(html=False)
    page.late = in_words(due + late, due, config)
    text, rule = Elements(as_html(page)).shown, "Each day begun costs 10% of the points earned, at most 50%."
    assert (f"{words}: it was due 2026-03-01 12:00 UTC. {rule}" in text) is bool(words) is ("late" in text)


def test_page_tells_when_it_was_due_on_the_courses_own_clock():
    config = Config()
    config.Exchange.timezone = "Europe/Berlin"
    due = datetime(2026, 10, 1, 22)
    assert "it was due 2026-10-02 00:00 CEST." in in_words(due + timedelta(hours=1), due, config)


def test_extra_points_do_not_hide_what_was_lost(make_page):
    text = Elements(
        make_page(marks={"reflection": Mark(None, 0.5, 2.5, 3.0, False)}, comments={"reflection": "Why?"})
    ).shown
    assert "Reflect 3 of 3 partly correct, 2.5 extra" in text and "Everything is correct" not in text
    assert "Reflect (2.5 points to gain). Read the comment." in text
    text = Elements(make_page(marks={"reflection": Mark(None, 3.0, 1.0, 3.0, False)})).shown
    assert "Reflect 4 of 3 correct, 1 extra" in text and "Everything is correct" in text and "to gain" not in text


def test_answer_that_has_changed_since_its_mark_waits_for_a_person_everywhere_on_the_page(make_page):
    make_page.notebook.metadata["proctor"] = {"marks": {"reflection": [1.0, None, True]}}
    page = make_page(marks={"reflection": Mark(None, 1.0, None, 3.0, True)}, comments={"reflection": "Say why."})
    text = Elements(page).shown
    assert "Not marked yet: Reflect, 3 points (the mark is for an earlier answer)." in text
    assert "Reflect 1 of 3 not marked again yet" in text and "11 of 13 points so far" in text
    assert "Read the comment" not in text and "What to do first" not in text


def test_what_a_task_asks_for_is_there(make_page):
    about = {"schema_version": 3, "task": True, "grade": False, "solution": False, "locked": True, "points": 3}
    task = new_markdown_cell("## Do it\n\nDo this.", id="do")
    task.metadata.nbgrader = about | {"grade_id": "do"}
    make_page.notebook.cells += [task, new_code_cell("x = 'done'", id="x", outputs=[PICTURE])]
    page = Elements(make_page(marks={"do": Mark(None, None, None, 3.0, True)}, comments={"do": "Well done."}))
    assert "x = 'done'" in page.folded and "Well done." in page.shown
    assert "Not marked yet: Do it, 3 points." in page.shown
    assert [one["alt"] for one in page.all("img")] == ["Figure 1 of Do it"]


def test_refusal_is_said_once(make_page):
    reason = "`toy.ipynb` is empty. Nothing could be graded."
    refused = [
        exercise(name, check("all", 0, most, reason), status="error") for name, most in (("double", 4), ("total", 6))
    ]
    page = Elements(make_page(*refused, refused=reason))
    assert (
        page.text.count("not graded") == page.text.count("toy.ipynb is empty.") * 2 == 2
        and page.shown.count("Nothing could be graded.") == 3
    )
    assert "What to do first" not in page.text


def test_nothing_is_said_to_be_no_response_where_nothing_could_be_read_and_a_mark_by_hand_counts(make_page):
    reason = "No notebook was handed in. Nothing could be graded."
    refused = [exercise(name, check("all", 0, 4, reason), status="error") for name in ("double", "total")]
    given = {"reflection": Mark(None, 3.0, None, 3.0, False), "check_double": Mark(0.0, 2.0, None, 4.0, False)}
    comments = {"double": "No response.", "total": "No response.", "reflection": "Told me in class."}
    text = Elements(make_page(*refused, refused=reason, marks=given, comments=comments)).shown
    assert "No response." not in text and "Told me in class." in text
    assert "Reflect 3 of 3 correct" in text and "Double a tensor 2 of 4 partly correct" in text
    assert "Sum a function 0 of 6 not graded" in text


def everything(make_page):
    """A page that has all kinds of things on it."""
    notebook = make_page.notebook
    cell(notebook, "double").outputs = [new_output("stream", text="printed " * 30), PICTURE]
    notebook.cells.append(new_markdown_cell("own", id="own-1"))
    waits = {"reflection": Mark(None, None, None, 3.0, True)}
    half, notes = exercise("double", check("shape", 2), KERNEL_OF_ONE), ["It was `x` " * 20]
    stops = exercise("total", STOPS, status="error")
    page = make_page(half, stops, notes, html=False, marks=waits, comments={"double": "Say *why*."})
    points = {"double": ["Double a tensor", 1, 4]}
    page.earlier = [Attempt(1, "2026-03-01 12:00:00 UTC", "../a%20b/toy.html", 3, 13, points)]
    page.attempt, page.penalty = 2, 1.0
    return as_html(page)


def test_screen_reader_finds_its_way(make_page):
    page = Elements(everything(make_page))
    assert page.all("html")[0]["lang"] == "en" and len(page.all("title")) == len(page.all("main")) == 1
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h\d", name)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes} <= {
        *ids
    }
    assert {link["href"][1:] for link in page.all("a") if link["href"].startswith("#")} <= {*ids}
    assert all(picture["alt"] for picture in page.all("img")) and all(head["scope"] for head in page.all("th"))
    assert page.all("a")[0] == {"class": "skip", "href": "#page-exercises"}


def test_earlier_attempts_are_linked_with_what_has_changed(make_page):
    page = everything(make_page)
    assert '<a href="../a%20b/toy.html">Attempt 1</a>, handed in 2026-03-01 12:00:00 UTC: 3 of 13 points.' in page
    assert "Since then: Double a tensor 1 → 2." in page, "what earned nothing before and earns nothing now is not told"
    assert "Attempt 2" in page


def test_short_page_has_the_points_and_says_that_it_is_one():
    marks = {"check_double": Mark(2.0, None, None, 4.0, False), "reflection": Mark(None, None, None, 3.0, True)}
    page = as_html(short_page(Recorded(marks, {"reflection": "Say why."}, 1.0), "toy", TITLES))
    for words in (student_page.CANNOT_BE_SHOWN, "toy: 1 of 7 points so far", "Double a tensor", "Say why."):
        assert words in page


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed (`apt-get install chromium`)")
@pytest.mark.parametrize("dark", [False, True])
def test_page_fits_a_phone_and_has_contrast(make_page, tmp_path, dark):
    audit = audit_page(tmp_path / "page", everything(make_page), 400, dark)
    assert audit["dark"] is dark and audit["width"] == 400
    assert audit["overflow"] == [] and audit["texts"] > 40
    assert audit["faint"] == []
