"""The made-up company's calendar: working hours, instants and dates as Backlog writes them. Knows no issue."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

START = 1_740_960_000
"""2025-03-03T00:00:00Z in epoch seconds, a Monday, nine in Tokyo: the first working second of the demo space."""

WEEKS = 78
"""How long the default history lasts: 18 months."""

DEFAULT_DATE = "2026-08-31"
"""`START` and 78 weeks: the present day unless told otherwise. A constant, so that two runs give identical rows."""

FIRST_DAY = dt.date.fromisoformat(DEFAULT_DATE)
"""The day from which on the demo space can be put forward."""

DAY = 86_400
WORK_DAY = 9 * 3_600
"""Nine to six in Tokyo is 00:00 to 09:00 UTC, so a working day begins at midnight UTC."""

WORK_WEEK = 5 * WORK_DAY
SPAN = WEEKS * WORK_WEEK
"""Working seconds between `START` and the default date."""


def wall(work_seconds: int) -> int:
    """The epoch second that many working seconds after `START`; keeps the order, skips nights and weekends."""
    weeks, rest = divmod(work_seconds, WORK_WEEK)
    days, seconds = divmod(rest, WORK_DAY)
    return START + weeks * 7 * DAY + days * DAY + seconds


@lru_cache(maxsize=8_192)
def day_text(day: int) -> str:
    """A number of days since 1970 as `yyyy-MM-dd`."""
    return (dt.date(1970, 1, 1) + dt.timedelta(days=day)).isoformat()


def day_number(text: str) -> int:
    """`yyyy-MM-dd` as a number of days since 1970; ValueError where it is no such date."""
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days


def stamp(epoch: int) -> str:
    """An instant as the API writes it: `yyyy-MM-ddTHH:MM:SSZ`."""
    day, rest = divmod(epoch, DAY)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    return f"{day_text(day)}T{hours:02d}:{minutes:02d}:{seconds:02d}Z"


def present(date: str | dt.date | None) -> int:
    """The first epoch second that has not happened yet: midnight UTC of a date, or the very instant of a datetime."""
    if date is None:
        date = DEFAULT_DATE
    if isinstance(date, str):
        date = dt.datetime.fromisoformat(date.replace("Z", "+00:00"))
    if not isinstance(date, dt.datetime):
        date = dt.datetime(date.year, date.month, date.day, tzinfo=dt.timezone.utc)
    if date.tzinfo is None:
        date = date.replace(tzinfo=dt.timezone.utc)
    return int(date.timestamp())


def date_field(day: int | None, dates: str) -> str | None:
    """A date in timestamp clothing: `T00:00:00Z`, or the old form (`dates="jst"`), midnight in Tokyo of that day."""
    if day is None:
        return None
    return f"{day_text(day - 1)}T15:00:00Z" if dates == "jst" else f"{day_text(day)}T00:00:00Z"


def day_of_field(text: str | None) -> int | None:
    """The day that `date_field` meant, whichever form it has."""
    if text is None:
        return None
    return day_number(text[:10]) + (0 if text[11:13] == "00" else 1)
