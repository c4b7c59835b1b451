"""Times of handing in are read right, or not at all: never another hour."""

import logging
from datetime import datetime

import pytest

from proctor.course import open_course
from proctor.grading.feedback import _time
from proctor.grading.gradebook import TakeIn
from proctor.grading.times import for_people, read_time

NOON = {
    "2026-07-01 12:00:00": "UTC",
    "2026-07-01 12:00:00.000000 UTC": "UTC",
    "2026-07-01T12:00:00Z": "UTC",
    "2026-07-01 12:00:00 Z": "UTC",
    "2026-07-01T14:00:00+02:00": "UTC",
    "2026-07-01 14:00:00 +0200": "UTC",
    "2026-07-01 14:00:00 +02:00": "UTC",
    "2026-07-01 06:30:00-0530": "UTC",
    "2026-07-01 14:00:00 Europe/Berlin": "UTC",
    "2026-07-01 05:00:00.000000 America/Los_Angeles": "UTC",
    "2026-07-01 14:00:00 CEST": "Europe/Berlin",
    "2026-07-01 08:00:00 EDT": "America/New_York",
    "2026-07-01 12:00:00 GMT": "Europe/Berlin",
}


@pytest.mark.parametrize("words", NOON)
def test_noon_is_noon(words):
    assert str(read_time(words, NOON[words])) == "2026-07-01 12:00:00"


@pytest.mark.parametrize(
    ("timezone", "told"),
    [
        ("UTC", "2026-10-01 22:00:00 UTC"),
        ("Europe/Berlin", "2026-10-02 00:00:00 CEST"),
        ("Asia/Kolkata", "2026-10-02 03:30:00 IST"),
        ("America/Sao_Paulo", "2026-10-01 19:00:00 -03"),
        ("No/Where", "2026-10-01 22:00:00 UTC"),
        ("../etc/passwd", "2026-10-01 22:00:00 UTC"),
    ],
)
def test_time_for_people_names_its_zone(timezone, told):
    assert for_people(datetime(2026, 10, 1, 22), timezone) == told
    assert for_people(datetime(2026, 10, 1, 22), timezone, seconds=False) == told.replace(":00 ", " ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("2026-07-01 12:00:00.123456 UTC", "2026-07-01 14:00:00 CEST"),
        ("2026-07-01 12:00:00", "2026-07-01 14:00:00 CEST"),
        ("2026-07-01 14:00:00 CEST", "2026-07-01 14:00:00 CEST"),
        ("", ""),
        ("2026-07-01 14:00:00 XYZ", "2026-07-01 14:00:00 XYZ"),
    ],
)
def test_page_tells_when_it_was_handed_in_on_the_courses_own_clock(words, told):
    assert _time(words, "Europe/Berlin") == told


@pytest.mark.parametrize(
    ("words", "timezone"),
    [
        ("2026-07-01 14:00:00 CEST", "UTC"),
        ("2026-07-01 14:00:00 CET", "Europe/Berlin"),
        ("2026-07-01 14:00:00 IST", "Europe/Berlin"),
        ("2026-07-01 14:00:00 No/Where", "UTC"),
        ("2026-07-01 14:00:00 America/Argentina", "UTC"),
        ("2026-07-01 14:00:00 America/", "UTC"),
        # It would be another time tomorrow.
        ("14:00:00", "UTC"),
        ("1", "UTC"),
        ("2026-07", "UTC"),
        ("yesterday", "UTC"),
        ("2026-13-01 14:00:00 +02:00", "UTC"),
    ],
)
def test_what_cannot_be_told_is_no_time(words, timezone):
    with pytest.raises((ValueError, LookupError)):
        read_time(words, timezone)


def test_time_that_cannot_be_read_is_told_once(toy_course, tmp_path, caplog):
    course = open_course(toy_course)
    converter = TakeIn(coursedir=course.directory, config=course.config)
    converter.log = logging.getLogger("told_once")
    for name in ("ann", "ben"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "timestamp.txt").write_text("yesterday")
    assert [converter._timestamp(tmp_path / name) for name in ("ann", "ann", "ben", "ann")] == [None] * 4
    assert [record.args[0].parent.name for record in caplog.records] == ["ann", "ben"]
