"""A right answer earns full marks in whatever form it is handed in."""

import pytest

from proctor.proof import demo
from submissions import RIGHT_FORMS, full_marks


def test_the_demo_class_has_every_form(toy):
    assert set(demo.right_forms(toy)) == set(RIGHT_FORMS)
    assert set(RIGHT_FORMS) < set(dict(demo.demo_class(toy)))


def test_the_same_class_is_handed_in_each_time(toy):
    assert demo.right_forms(toy) == demo.right_forms(toy)


@pytest.mark.parametrize("form", RIGHT_FORMS)
def test_right_answer_in_any_form_earns_full_marks(form, toy, tmp_path):
    full_marks(toy, form, tmp_path)
