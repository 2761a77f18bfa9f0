"""The schedules: what is loaded when, by the space's own clock. What is due is decided in `clock`; this one launches.

Every schedule asks every quarter of an hour. Dagster's own cron could not do it: the time zone stands in the `space`
table, which nobody may open while definitions are loaded, and an hour missed while the daemon was down stays missed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timezone
from zoneinfo import ZoneInfo

import dagster as dg

from backlog_assets.choice import Choice
from backlog_assets.clock import WAITING, WORKING, Every, PastRun, decision, due, zone_named
from backlog_assets.errors import BacklogError, Misconfigured
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.jobs import (
    CHECKS,
    DETAILS,
    EVERYTHING,
    FULL_REFRESH,
    ISSUES,
    PROJECTS_JOB,
    SPACE,
    THEN,
    job_endpoints,
)
from backlog_assets.specs import IO_MANAGER
from backlog_assets.warehouse import columns_of, full_name

QUARTER_MINUTES = 15
"""Between two ticks of a schedule."""

PATIENCE_SECONDS = 10.0
"""How long a tick waits for the DuckDB file; Dagster gives up on a tick after a minute."""

COVERS = "backlog/due"
"""Tag of a run: the instant it was due at, in UTC."""

SCHEDULED_AT = "dagster/scheduled_execution_time"
"""Dagster's tag of a run: the tick that has made it."""

UTC = "UTC"
"""Zone of a space whose own is not known. Its name only: a zone is a file, and none is opened before it is needed."""


@dataclass(frozen=True)
class Timetable:
    """A schedule: the job, the hours, and the larger jobs whose runs do the same and more. `then` is the job to follow;
    `after` is the job a run of which must have ended since it was due.

    Its ticks are `minute` minutes past each quarter: a larger job is launched first, and is seen to cover the smaller.
    """

    name: str
    job: str
    every: Every
    minute: int
    description: str
    covered_by: tuple[str, ...] = ()
    then: str | None = None
    after: str | None = None
    is_repetition: bool = False
    """Whether it only repeats what other loads have done: then it has nothing to repeat for hours before the first."""


TIMETABLES = (
    Timetable(
        "issues_hourly",
        ISSUES,
        Every(),
        2,
        "Loads issues and activities every hour.",
        covered_by=(FULL_REFRESH,),
    ),
    Timetable(
        "masters_daily",
        SPACE,
        Every(at=time(3), tries=3),
        1,
        "Loads master data every day at 03:00 of the space's clock: of the whole space, then of each project.",
        covered_by=(FULL_REFRESH,),
        then=PROJECTS_JOB,
    ),
    Timetable(
        "full_refresh_weekly",
        FULL_REFRESH,
        Every(at=time(4), weekday=6),
        0,
        "Loads everything anew every Sunday at 04:00 of the space's clock.",
        is_repetition=True,
    ),
    Timetable(
        "details_daily",
        DETAILS,
        Every(at=time(3), tries=3),
        4,
        "Loads what is asked for each row of another table every day, once the projects are loaded that are loaded at "
        "03:00 of the space's clock.",
        after=PROJECTS_JOB,
    ),
    Timetable("checks_hourly", CHECKS, Every(), 3, "Looks every hour whether something is older than it should be."),
)


def schedules_on(environ: Mapping[str, str]) -> bool:
    """BACKLOG_SCHEDULES. Raises Misconfigured for anything but `on` and `off`."""
    value = environ.get("BACKLOG_SCHEDULES", "").strip().lower() or "off"
    if value not in ("on", "off"):
        raise Misconfigured(f"BACKLOG_SCHEDULES is {value[:20]!r}; write on or off.")
    return value == "on"


def build_schedules(environ: Mapping[str, str], choice: Choice = EVERYTHING) -> list[dg.ScheduleDefinition]:
    """Every schedule whose job there is, with what is chosen; switched on where BACKLOG_SCHEDULES says so, otherwise by
    a person in the UI."""
    is_on = schedules_on(environ)
    name = environ.get("BACKLOG_TIMEZONE", "").strip()
    zone = zone_named(name, "BACKLOG_TIMEZONE") if name else None
    there = {*job_endpoints(choice), CHECKS}
    return [_build(_among(one, there), zone, is_on=is_on) for one in TIMETABLES if one.job in there]


def _among(timetable: Timetable, jobs: Collection[str]) -> Timetable:
    """The timetable without what it says of jobs that there are not."""
    then, after = (name if name in jobs else None for name in (timetable.then, timetable.after))
    return replace(timetable, then=then, after=after)


def _build(timetable: Timetable, zone: ZoneInfo | None, *, is_on: bool) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=timetable.name,
        job_name=timetable.job,
        cron_schedule=f"{timetable.minute}-59/{QUARTER_MINUTES} * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED,
        description=f"{timetable.description} Asks every quarter of an hour what is due, and makes up for what was "
        "missed, once.",
        required_resource_keys={IO_MANAGER},
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        io_manager = getattr(context.resources, IO_MANAGER)
        assert isinstance(io_manager, WholeOrNothingIOManager)
        try:
            clock = zone or zone_of_space(io_manager)
        except BacklogError as error:
            return dg.SkipReason(f"The time zone of the space is not known: {error} Asked again in a quarter.")
        return request(context.instance, timetable, context.scheduled_execution_time, clock)

    return tick


def request(
    instance: dg.DagsterInstance, timetable: Timetable, now: datetime, zone: ZoneInfo
) -> dg.RunRequest | dg.SkipReason:
    """What a tick of this timetable at `now` asks for."""
    first = instance.get_run_records(limit=1, ascending=True)
    if not first:
        return dg.SkipReason("Nothing was ever loaded; the sensor first_load begins.")
    due_at = due(now, zone, timetable.every)
    told = f"Due at {due_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    interrupted = _interrupted(instance, timetable, now)
    if interrupted is not None:
        return interrupted
    if timetable.is_repetition and first[0].create_timestamp.replace(tzinfo=timezone.utc) > due_at:
        return dg.SkipReason(f"{told}. Everything was loaded for the first time after that.")
    runs = [run for job in (timetable.job, *timetable.covered_by) for run in past_runs(instance, job, due_at)]
    if timetable.after is not None and not any(
        run.began is not None and run.began >= due_at and run.ended is not None
        for run in past_runs(instance, timetable.after, due_at)
    ):
        return dg.SkipReason(f"{told}. {timetable.after}, which comes first, has not run since.")
    decided = decision(due_at, runs, now, tries=timetable.every.tries)
    if not decided.launch:
        return dg.SkipReason(f"{told}. {decided.reason}")
    return dg.RunRequest(
        run_key=f"{timetable.job} {due_at.isoformat()} {decided.attempt}",
        tags={COVERS: due_at.isoformat(), **({THEN: timetable.then} if timetable.then else {})},
    )


def _interrupted(instance: dg.DagsterInstance, timetable: Timetable, now: datetime) -> dg.RunRequest | None:
    """The run that this very tick has made before the daemon died: asked for again, Dagster finds and launches it."""
    made = instance.get_runs(
        filters=dg.RunsFilter(
            statuses=[dg.DagsterRunStatus.NOT_STARTED],
            job_name=timetable.job,
            tags={SCHEDULED_AT: now.astimezone(timezone.utc).isoformat()},
        )
    )
    if not made:
        return None
    ours = {name: value for name, value in made[0].tags.items() if name.startswith("backlog/")}
    return dg.RunRequest(run_key=made[0].tags.get("dagster/run_key"), tags=ours)


def past_runs(instance: dg.DagsterInstance, job: str, since: datetime) -> list[PastRun]:
    """What is known of the runs of the whole job that something has happened to since then, or that are not over."""
    whole = [
        *instance.get_run_records(filters=dg.RunsFilter(job_name=job, updated_after=since)),
        *instance.get_run_records(filters=dg.RunsFilter(job_name=job, statuses=[*WAITING, *WORKING])),
    ]
    records = {one.dagster_run.run_id: one for one in whole if not one.dagster_run.asset_selection}
    return [
        PastRun(
            status=record.dagster_run.status,
            began=_instant(record.start_time),
            ended=_instant(record.end_time),
            covers=_covers(record.dagster_run.tags.get(COVERS)),
        )
        for record in records.values()
    ]


def zone_of_space(io_manager: WholeOrNothingIOManager) -> ZoneInfo:
    """The time zone in the `space` table; UTC until that was loaded. Raises WarehouseBusy after a short wait."""
    warehouse = io_manager.warehouse.within(PATIENCE_SECONDS)
    if not warehouse.exists:
        return ZoneInfo(UTC)
    with warehouse.connection() as connection:
        if "timezone" not in columns_of(connection, warehouse.schema, "space"):
            return ZoneInfo(UTC)
        name = full_name(connection, warehouse.schema, "space")
        found = connection.execute(f"SELECT timezone FROM {name} LIMIT 1").fetchone()
    if not found or not found[0]:
        return ZoneInfo(UTC)
    return zone_named(str(found[0]), "The time zone of the space")


def _instant(timestamp: float | None) -> datetime | None:
    return None if timestamp is None else datetime.fromtimestamp(timestamp, timezone.utc)


def _covers(tag: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(tag) if tag else None
    except ValueError:
        return None
