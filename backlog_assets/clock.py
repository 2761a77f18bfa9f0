"""When something is due, and whether it has been done: pure, on instants, time zones and what is known of past runs.

A load is due at certain hours of the space's own clock. Somebody asks every quarter of an hour which of those hours was
the last one, and whether a run has covered it. So an outage of any length is made up for by one run, whoever asks twice
gets one run, and clocks that are put forward or back skip nothing and double nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dagster as dg

from backlog_assets.errors import Misconfigured

QUARTER = timedelta(minutes=15)
"""Time zones differ from UTC by whole quarters of an hour."""

WAITING = frozenset({dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING})
WORKING = frozenset({dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING})

PAUSE = timedelta(hours=1)
"""Between a load that has failed and the next try for the same hour."""


@dataclass(frozen=True)
class Every:
    """Hours at which something is due: each hour; with `at`, that time of each day; with `weekday` (0 is Monday), of
    that day. `tries` is how often a load that fails is tried for one of them."""

    at: time | None = None
    weekday: int | None = None
    tries: int = 1


@dataclass(frozen=True)
class PastRun:
    """What is known of a run. `covers` is the due instant it was launched for, if a schedule launched it."""

    status: dg.DagsterRunStatus
    began: datetime | None = None
    ended: datetime | None = None
    covers: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """Whether to launch, for the how-manyth time, or why not."""

    launch: bool
    attempt: int = 1
    reason: str = ""


def zone_named(name: str, source: str) -> ZoneInfo:
    """The time zone of this name. Raises Misconfigured, naming the `source` of the name, where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misconfigured(
            f"{source} is {name[:60]!r}, which is no time zone; write one such as Asia/Tokyo."
        ) from None


def due(now: datetime, zone: ZoneInfo, every: Every) -> datetime:
    """The last instant, in UTC, at or before `now` at which something was due.

    A time of day that the clock skips is due when it jumps; one that comes twice is due the first time.
    """
    if every.at is None:
        return _last_full_hour(now, zone)
    day = now.astimezone(zone).date()
    while True:
        # fold=0 is the first of two; for an hour that is skipped, the offset before the jump.
        instant = datetime.combine(day, every.at, tzinfo=zone).astimezone(timezone.utc)
        if instant <= now and every.weekday in (None, day.weekday()):
            return instant
        day -= timedelta(days=1)


def decision(due_at: datetime, runs: Collection[PastRun], now: datetime, *, tries: int = 1) -> Decision:
    """Whether the load that was due at `due_at` has to be launched now, given the `runs` that would cover it.

    A run that is waiting to start covers it, and so does one that began later than it was due. One that began earlier
    does not: what changed in Backlog since may be missing.
    """
    if any(run.status in WAITING for run in runs):
        return Decision(False, reason="A run is waiting to start.")
    if any(
        run.began is not None and run.began >= due_at and run.status in (dg.DagsterRunStatus.SUCCESS, *WORKING)
        for run in runs
    ):
        return Decision(False, reason="It was loaded since.")
    mine = [run for run in runs if run.covers == due_at]
    if any(run.status in WORKING for run in mine):
        return Decision(False, reason="Its run is under way.")
    if any(run.status is dg.DagsterRunStatus.CANCELED for run in mine):
        return Decision(False, reason="Its run was canceled.")
    failed = [run for run in mine if run.status is dg.DagsterRunStatus.FAILURE]
    if len(failed) >= tries:
        return Decision(False, reason="Its run has failed; the next one is due later.")
    if any(run.ended is not None and now - run.ended < PAUSE for run in failed):
        return Decision(False, reason="Its run has failed; it is tried again an hour later.")
    return Decision(True, attempt=len(failed) + 1)


def _last_full_hour(now: datetime, zone: ZoneInfo) -> datetime:
    """In the zone's own clock: some are half an hour or a quarter off."""
    instant = now.astimezone(timezone.utc).replace(second=0, microsecond=0)
    instant -= timedelta(minutes=instant.minute % 15)
    while instant.astimezone(zone).minute:
        instant -= QUARTER
    return instant
