"""Earlier pages of feedback: kept, linked, with what has changed since; and pages of what cannot be read."""

import re
import shutil
from copy import deepcopy
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import unquote

import pytest
from nbgrader.apps.api import NbGraderAPI

from proctor.grading import attempts
from proctor.grading.marks import Mark
from proctor.grading.student_page import CANNOT_BE_SHOWN, Item, Page, Section, as_html

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

MEAN = "def double(x):\n    return x + x.mean()"
WRONG = "def total(x, function):\n    return 0"
FIRST = datetime(2026, 3, 1, 12)


def links(page):
    """Where the links of a page to others lead."""
    found = re.findall(r'href="([^#"][^"]*)"', page.read_text())
    return [page.parent / unquote(link) for link in found]


@pytest.mark.parametrize("timed", [pytest.param(True, marks=pytest.mark.prove), False])
def test_earlier_pages_are_kept_and_linked_with_what_has_changed(toys, timed):
    page, told = toys.root / "feedback/ann/toy/toy.html", []
    for number, answers in enumerate([{"double": MEAN, "total": WRONG}, {"double": MEAN}, {}]):
        toys.hand_in("ann", at=FIRST + timedelta(days=number) if timed else None, **answers)
        toys.autograde()
        assert not page.exists(), "it is not released as that of the new work"
        assert toys.generate_feedback() == {"ann"}
        told.append(page.read_bytes())
    second, first = links(page)
    assert [second.read_bytes(), first.read_bytes()] == told[1::-1]
    assert [path.resolve() for path in links(second)] == [first.resolve()] and links(first) == []
    text = " ".join(page.read_text().split())
    assert "Attempt 3" in text and "Attempt 2</a>" in text
    assert "Since then: Double a tensor 1 → 4." in text
    assert "Since then: Double a tensor 1 → 4; Sum a function of a tensor 0 → 6." in text
    assert ("handed in 2026-03-01 12:00:00 UTC: 1 of 13 points" in text) is timed
    assert toys.generate_feedback() == set(), "nothing has changed"
    assert toys.nbgrader.generate_feedback("toy", force=True)["success"]
    assert first.exists() and page.read_bytes() == told[2]


def test_mark_or_another_grading_of_the_same_work_is_no_attempt(toys):
    toys.hand_in("ann")
    toys.autograde()
    toys.generate_feedback()
    toys.mark("ann", "reflection", 2)
    toys.autograde(force=True)
    toys.generate_feedback()
    toys.hand_in("ann", at=FIRST)
    toys.autograde()
    toys.generate_feedback()
    page = toys.root / "feedback/ann/toy/toy.html"
    assert links(page) == [] and "Score: 2 / 3" in page.read_text() and "Attempt" not in page.read_text()
    assert [path.name for path in page.parents[1].iterdir()] == ["toy"]


def test_course_without_the_exporter_has_nbgraders_own_page_and_may_take_it_up_later(toys):
    toys.hand_in("ann", double=MEAN)
    toys.autograde()
    config = deepcopy(toys.course.config)
    del config.GenerateFeedback["exporter_class"]
    assert NbGraderAPI(toys.course.directory, config=config).generate_feedback("toy", force=False)["success"]
    page = toys.page("ann")
    assert "Double a tensor: 1 of 4 points" in page and "return x + x.mean()" in unescape(re.sub(r"<[^>]*>", "", page))
    assert toys.generate_feedback() == {"ann"}
    assert "<h1>toy: 7 of 13 points so far</h1>" in toys.page("ann")


def test_pages_of_others_are_no_attempts(tmp_path):
    def page(folder, record):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "toy.html").write_text(f"<p>\n<!-- record {record} -->")

    about = Page("toy")
    page("ann/toy", attempts.as_record(about, "toy", "new"))
    page("ann/2026-03-01", attempts.as_record(about, "toy", "old"))
    page("ann/essay", attempts.as_record(about, "essay", "x"))
    page("ann/other", "{}")
    page("toy/ben", attempts.as_record(about, "toy", "ben's"))
    page("toy/cem", attempts.as_record(about, "toy", "cem's"))
    (found,) = attempts.earlier(tmp_path / "ann/toy", "toy", "ann", "toy")
    assert found.link == "../2026-03-01/toy.html"
    assert attempts.earlier(tmp_path / "toy/ben", "toy", "ben", "toy") == [], "folders may be named the other way round"
    attempts.set_aside(tmp_path / "toy/ben", "toy", "ben", "newer")
    assert [path.name for path in (tmp_path / "toy").iterdir()] == ["cem"]


def test_mark_that_came_since_is_no_change_of_the_answer():
    before = {"a": ["A", None, 1], "b": ["B", 1, 2], "c": ["C", 0.5, 1]}
    attempt = attempts.Attempt(1, "", "../1/toy.html", 1.5, 4, before)
    assert attempt.is_open and not attempts.Attempt(1, "", "", 1, 2, {"b": ["B", 1, 2]}).is_open
    assert attempt.changes({"a": ["A", 0.5, 1], "b": ["B", 2, 2], "c": ["C", None, 1]}) == [("B", 1, 2)]
    page = Page("toy", [Section("a", "A", [Item("a", Mark(None, None, None, 1.0, True), "Not marked yet")])])
    assert page.points == {"a": ["A", None, 1.0]}
    page.earlier = [attempts.Attempt(1, "", "../1/toy.html", 0, 1, {"a": ["A", None, 1]})]
    text = " ".join(re.sub(r"<[^>]*>", "", as_html(page)).split())
    assert "Attempt 1: 0 of 1 point so far. The points of each exercise that was marked then are the same now." in text


def test_record_fits_into_a_remark_and_a_title_cannot_end_it():
    about = Page("toy", when="--><script>")
    record = attempts.as_record(about, "--!>", "")
    assert not set("<>") & set(record)


@pytest.mark.parametrize("time", ["2026-03-01 12:00:00 America/New_York", "../../x", "2026/03/01", "", "x" * 200])
def test_time_that_is_no_folders_name_names_none(tmp_path, time):
    folder = tmp_path / "ann/toy"
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(time)
    (folder / "toy.html").write_text(f"<!-- record {attempts.as_record(Page('toy'), 'toy', 'old')} -->")
    attempts.set_aside(folder, "toy", "ann", "new")
    assert [path.name for path in folder.parent.iterdir()] == ["toy, attempt 1"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 7}', '{"nbformat": 4, "cells": [{}], "metadata": {}}'])
def test_page_of_what_cannot_be_read_is_a_short_one_that_says_so(toys, content):
    toys.hand_in("ann")
    toys.hand_in("ben")
    toys.autograde()
    graded = toys.root / "autograded/ann/toy/toy.ipynb"
    graded.write_text(content)
    assert toys.generate_feedback() == {"ann", "ben"}
    assert CANNOT_BE_SHOWN in toys.page("ann") and "toy: 10 of 13 points so far" in toys.page("ann")
    assert CANNOT_BE_SHOWN not in toys.page("ben")


@pytest.mark.parametrize(("gone", "advice"), [(False, "`nbgrader autograde toy`"), (True, "autograded/ann/toy, too")])
def test_who_is_in_no_gradebook_is_told_with_what_helps(toys, gone, advice):
    toys.hand_in("ann")
    toys.autograde()
    with toys.gradebook() as gradebook:
        gradebook.remove_student("ann")
    if gone:
        shutil.rmtree(toys.root / "submitted/ann")
    told = toys.nbgrader.generate_feedback("toy", force=False)["log"]
    assert "ann is in no gradebook; " in told and advice in told
