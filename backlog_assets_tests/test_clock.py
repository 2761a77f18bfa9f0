"""What is due when, in every time zone and on the days the clocks change, and which runs cover it."""

from datetime import datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backlog_assets.clock import Decision, Every, PastRun, decision, due, zone_named
from backlog_assets.errors import Misconfigured

ZONES = ["Asia/Tokyo", "America/New_York", "Europe/Helsinki", "Asia/Kathmandu", "Australia/Lord_Howe"]
HOURLY = Every()
DAILY = Every(at=time(3), tries=3)
WEEKLY = Every(at=time(4), weekday=6)

SUCCESS, FAILURE = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE
STARTED, QUEUED = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.QUEUED
CANCELED = dg.DagsterRunStatus.CANCELED


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize("name", ["Tokyo", "Asia/Nowhere", "../etc/passwd", "", "UTC+9", "Asia", "a" * 300])
def test_a_name_that_is_no_time_zone_is_told_once_and_short(name: str) -> None:
    with pytest.raises(Misconfigured, match=r"BACKLOG_TIMEZONE is .*, which is no time zone") as told:
        zone_named(name, "BACKLOG_TIMEZONE")
    assert len(str(told.value)) < 200


@pytest.mark.parametrize(
    ("zone", "every", "now", "expected"),
    [
        ("UTC", HOURLY, "2026-05-01T10:00", "2026-05-01T10:00"),
        ("UTC", HOURLY, "2026-05-01T10:59", "2026-05-01T10:00"),
        # Half past and quarter past of ours are full hours there.
        ("Asia/Kolkata", HOURLY, "2026-05-01T10:15", "2026-05-01T09:30"),
        ("Asia/Kathmandu", HOURLY, "2026-05-01T10:15", "2026-05-01T10:15"),
        ("Asia/Kathmandu", HOURLY, "2026-05-01T10:14", "2026-05-01T09:15"),
        ("Asia/Tokyo", DAILY, "2026-05-01T17:59", "2026-04-30T18:00"),
        ("Asia/Tokyo", DAILY, "2026-05-01T18:00", "2026-05-01T18:00"),
        ("Asia/Kathmandu", DAILY, "2026-05-01T21:15", "2026-05-01T21:15"),
        ("America/New_York", DAILY, "2026-03-07T12:00", "2026-03-07T08:00"),
        # 8 March: 02:00 becomes 03:00 at once, 03:00 is an hour earlier in UTC from then on.
        ("America/New_York", DAILY, "2026-03-08T06:59", "2026-03-07T08:00"),
        ("America/New_York", DAILY, "2026-03-08T07:00", "2026-03-08T07:00"),
        ("America/New_York", DAILY, "2026-11-01T07:59", "2026-10-31T07:00"),
        ("America/New_York", DAILY, "2026-11-01T08:00", "2026-11-01T08:00"),
        # Helsinki has no 03:00 on 29 March: it is due when the clock jumps to 04:00. On 25 October it has two.
        ("Europe/Helsinki", DAILY, "2026-03-29T00:59", "2026-03-28T01:00"),
        ("Europe/Helsinki", DAILY, "2026-03-29T01:00", "2026-03-29T01:00"),
        ("Europe/Helsinki", DAILY, "2026-10-25T00:00", "2026-10-25T00:00"),
        ("Europe/Helsinki", DAILY, "2026-10-25T01:00", "2026-10-25T00:00"),
        ("Europe/Helsinki", DAILY, "2026-10-26T01:00", "2026-10-26T01:00"),
        # Lord Howe moves its clocks by half an hour.
        ("Australia/Lord_Howe", HOURLY, "2026-10-03T15:45", "2026-10-03T14:30"),
        ("Australia/Lord_Howe", HOURLY, "2026-10-03T16:00", "2026-10-03T16:00"),
        ("Asia/Tokyo", WEEKLY, "2026-05-02T18:59", "2026-04-25T19:00"),
        ("Asia/Tokyo", WEEKLY, "2026-05-02T19:00", "2026-05-02T19:00"),
        ("UTC", WEEKLY, "2026-05-09T23:59", "2026-05-03T04:00"),
        ("Pacific/Kiritimati", WEEKLY, "2026-05-02T14:00", "2026-05-02T14:00"),
    ],
)
def test_the_last_due_hour_is_that_of_the_spaces_own_clock(zone: str, every: Every, now: str, expected: str) -> None:
    assert due(utc(now), ZoneInfo(zone), every) == utc(expected)


@given(
    day=st.integers(0, 1094),
    zone=st.sampled_from(
        ["Asia/Tokyo", "America/New_York", "Europe/Helsinki", "Asia/Kathmandu", "Australia/Lord_Howe"]
    ),
    every=st.sampled_from([DAILY, HOURLY]),
)
@settings(max_examples=60, deadline=None)
def test_who_asks_every_quarter_meets_each_due_hour_in_order(day: int, zone: str, every: Every) -> None:
    begun = utc("2025-01-01T00:00") + timedelta(days=day)
    asked = [begun + timedelta(minutes=15) * quarter for quarter in range(4 * 24 * 3)]
    met = [due(now, ZoneInfo(zone), every) for now in asked]
    assert met == sorted(met)
    # Each is met in the quarter in which it is due: nobody waits for it.
    assert all(instant <= now for instant, now in zip(met, asked, strict=True))
    first_met = dict(zip(reversed(met), reversed(asked), strict=True))
    assert all(now == instant for instant, now in first_met.items() if instant >= begun)
    longest = timedelta(hours=25) if every is DAILY else timedelta(hours=1, minutes=30)
    distinct = sorted(set(met))
    assert all(after - before <= longest for before, after in pairwise(distinct))


DUE = utc("2026-05-01T10:00")
NOW = utc("2026-05-01T10:15")


def run(status: dg.DagsterRunStatus, began: str = "", ended: str = "", covers: datetime | None = None) -> PastRun:
    return PastRun(status, utc(began) if began else None, utc(ended) if ended else None, covers)


def test_what_nobody_has_loaded_since_is_launched() -> None:
    assert decision(DUE, [], NOW) == Decision(True)
    assert decision(DUE, [run(SUCCESS, "2026-05-01T09:00", covers=utc("2026-05-01T09:00"))], NOW) == Decision(True)


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        (run(QUEUED), "A run is waiting to start."),
        (run(dg.DagsterRunStatus.NOT_STARTED, covers=DUE), "A run is waiting to start."),
        (run(SUCCESS, "2026-05-01T10:01", covers=DUE), "It was loaded since."),
        (run(SUCCESS, "2026-05-01T10:01"), "It was loaded since."),
        (run(STARTED, "2026-05-01T10:01"), "It was loaded since."),
        (run(CANCELED, "2026-05-01T10:01", "2026-05-01T10:02", covers=DUE), "Its run was canceled."),
        (
            run(FAILURE, "2026-05-01T10:01", "2026-05-01T10:02", covers=DUE),
            "Its run has failed; the next one is due later.",
        ),
    ],
)
def test_what_a_run_has_seen_to_is_not_launched_again(past: PastRun, reason: str) -> None:
    assert decision(DUE, [past], NOW) == Decision(False, reason=reason)


def test_a_run_that_began_before_the_hour_does_not_cover_it() -> None:
    assert decision(DUE, [run(STARTED, "2026-05-01T09:59")], NOW).launch
    assert decision(DUE, [run(SUCCESS, "2026-05-01T09:59", "2026-05-01T10:05")], NOW).launch


def test_somebody_elses_failed_run_is_no_reason_to_leave_it() -> None:
    assert decision(DUE, [run(FAILURE, "2026-05-01T10:01", "2026-05-01T10:02")], NOW) == Decision(True)


def test_a_daily_load_that_fails_is_tried_three_times_an_hour_apart() -> None:
    failed = [run(FAILURE, "2026-05-01T10:00", "2026-05-01T10:10", covers=DUE)]
    assert not decision(DUE, failed, utc("2026-05-01T11:09"), tries=3).launch
    assert decision(DUE, failed, utc("2026-05-01T11:15"), tries=3) == Decision(True, attempt=2)
    failed.append(run(FAILURE, "2026-05-01T11:15", "2026-05-01T11:20", covers=DUE))
    assert decision(DUE, failed, utc("2026-05-01T12:30"), tries=3) == Decision(True, attempt=3)
    failed.append(run(FAILURE, "2026-05-01T12:30", "2026-05-01T12:31", covers=DUE))
    assert decision(DUE, failed, utc("2026-05-01T20:00"), tries=3).reason.startswith("Its run has failed")
