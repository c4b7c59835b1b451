"""Times of handing in, as machines and people write them."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import dateutil.parser
from nbgrader.utils import parse_utc

WITH_ZONE = re.compile(r"(.*\d)\s*([+-]\d\d:?\d\d|[A-Za-z][\w+/-]*)")
LMS_TIME = re.compile(r"\d{4}(-\d\d){5}")


def read_time(words: str, timezone: str) -> datetime:
    """A time in UTC, without a zone, as nbgrader keeps them.

    Parameters
    ----------
    words : such as 2026-01-31 23:59:00, with an offset (+02:00, +0200), a zone (UTC, Europe/Berlin) or neither (UTC)
    timezone : str, the course's zone, whose abbreviations (CET, CEST) are known as well

    Raises
    ------
    ValueError : where it cannot be told which time is meant; never another hour
    """
    match = WITH_ZONE.fullmatch(words.strip())
    moment, zone = match.groups() if match else (words.strip(), "UTC")
    if match is None or zone in ("UTC", "GMT", "Z", "z"):
        _require_date(moment)
        return parse_utc(moment)
    if zone[0] in "+-":
        moment = datetime.fromisoformat(moment + zone)
    else:
        moment = datetime.fromisoformat(moment)
        own = moment.replace(tzinfo=ZoneInfo(timezone))
        if "/" not in zone and own.tzname() != zone:
            raise ValueError(f"{zone} is no abbreviation of {timezone} at that time")
        moment = moment.replace(tzinfo=_zone(zone)) if "/" in zone else own
    return moment.astimezone(UTC).replace(tzinfo=None)


def _require_date(words):
    """Raise `ValueError` for a time without all of its date: what is left out would be taken from today's."""
    first, second = (dateutil.parser.parse(words, default=day) for day in (datetime(2000, 1, 1), datetime(2004, 2, 2)))
    if first != second:
        raise ValueError(f"{words} does not tell the day")


def _zone(name):
    try:
        return ZoneInfo(name)
    except OSError as error:  # such as America/Argentina, which holds zones and is none
        raise ValueError(f"{name} is no time zone") from error


def read_lms_time(words: str, timezone: str) -> datetime:
    """A time as an LMS writes it into a file's name, in UTC, without a zone.

    Parameters
    ----------
    words : such as 2024-10-01-12-30-09, which Blackboard writes on its own clock; or as `read_time` reads it
    timezone : str, the course's zone, which that clock is taken to show

    Raises
    ------
    ValueError, LookupError : where it cannot be told which time is meant
    """
    if LMS_TIME.fullmatch(words):
        return in_utc(datetime.strptime(words, "%Y-%m-%d-%H-%M-%S"), timezone)
    return read_time(words, timezone)


def for_people(moment: datetime, timezone: str, seconds: bool = True) -> str:
    """A time in UTC as a zone's clocks show it, with the zone's abbreviation; in UTC where there is no such zone."""
    try:
        here = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))
    except (LookupError, ValueError, OverflowError, OSError):
        here = moment.replace(tzinfo=UTC)
    return here.strftime("%Y-%m-%d %H:%M:%S %Z" if seconds else "%Y-%m-%d %H:%M %Z")


def in_utc(moment: datetime, timezone: str) -> datetime:
    """What a clock of a zone shows, in UTC; of an hour that comes twice in autumn, the first."""
    return moment.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC).replace(tzinfo=None)
