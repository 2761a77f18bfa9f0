"""The schedules on a real run history: what a tick asks for, after outages, failures and interruptions."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from backlog_assets.errors import Misconfigured
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.jobs import CHECKS, DETAILS, FULL_REFRESH, ISSUES, PROJECTS_JOB, SPACE, THEN, job_endpoints
from backlog_assets.schedules import (
    COVERS,
    SCHEDULED_AT,
    TIMETABLES,
    UTC,
    build_schedules,
    request,
    schedules_on,
    zone_of_space,
)
from backlog_assets.specs import IO_MANAGER
from backlog_assets_tests.conftest import World

TABLE = {timetable.job: timetable for timetable in TIMETABLES}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SUNDAY = 6


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def later() -> datetime:
    """A quarter past noon on the Wednesday after the next Sunday: whatever is run now began before it was due."""
    now = datetime.now(timezone.utc).replace(hour=12, minute=15, second=0, microsecond=0)
    return now + DAY * (9 - now.weekday() + 7 * (now.weekday() == SUNDAY))


def ran(instance: dg.DagsterInstance, job: str, *, fails: bool = False, tags: Mapping[str, str] | None = None) -> None:
    """A run of a job of that name, executed now."""

    @dg.op
    def act() -> None:
        if fails:
            raise dg.Failure("Backlog is down for maintenance.")

    @dg.job(name=job)
    def made() -> None:
        act()

    made.execute_in_process(instance=instance, tags=dict(tags or {}), raise_on_error=False)


def waits(instance: dg.DagsterInstance, job: str, asked: dg.RunRequest) -> None:
    """The run that was asked for is about to start."""
    instance.add_run(dg.DagsterRun(job, tags=asked.tags, status=dg.DagsterRunStatus.STARTING))


def asked(instance: dg.DagsterInstance, job: str, now: datetime) -> tuple[dg.RunRequest | None, str]:
    tick = request(instance, TABLE[job], now, ZoneInfo(UTC))
    return (tick, "") if isinstance(tick, dg.RunRequest) else (None, str(tick.skip_message))


def test_schedules_are_off_until_switched_on() -> None:
    assert {one.default_status for one in build_schedules({})} == {dg.DefaultScheduleStatus.STOPPED}
    assert {one.default_status for one in build_schedules({"BACKLOG_SCHEDULES": " On "})} == {
        dg.DefaultScheduleStatus.RUNNING
    }


@pytest.mark.parametrize("value", ["yes", "1", "true", "hourly"])
def test_a_wrong_switch_is_told(value: str) -> None:
    with pytest.raises(Misconfigured, match=r"BACKLOG_SCHEDULES is .*; write on or off"):
        schedules_on({"BACKLOG_SCHEDULES": value})


def test_a_wrong_time_zone_is_told_when_definitions_are_loaded() -> None:
    with pytest.raises(Misconfigured, match="BACKLOG_TIMEZONE is 'Tokio'"):
        build_schedules({"BACKLOG_TIMEZONE": "Tokio"})


def test_before_anything_was_ever_run_the_schedules_leave_it_to_the_first_load(
    instance: dg.DagsterInstance, later: datetime
) -> None:
    for timetable in TIMETABLES:
        _, reason = asked(instance, timetable.job, later)
        assert reason == "Nothing was ever loaded; the sensor first_load begins."


def test_an_outage_of_three_days_is_made_up_for_by_one_run_a_schedule(
    instance: dg.DagsterInstance, later: datetime
) -> None:
    ran(instance, "__ASSET_JOB")
    due = {}
    for job in (ISSUES, SPACE, FULL_REFRESH, CHECKS):
        run, _ = asked(instance, job, later + 3 * DAY)
        assert run is not None
        due[job] = datetime.fromisoformat(run.tags[COVERS])
        waits(instance, job, run)
    noon = (later + 3 * DAY).replace(minute=0)
    assert due[ISSUES] == due[CHECKS] == noon
    assert due[SPACE] == noon.replace(hour=3)
    assert due[FULL_REFRESH] < noon
    assert due[FULL_REFRESH].weekday() == 6
    for job in due:
        assert "A run is waiting to start." in asked(instance, job, later + 3 * DAY + timedelta(minutes=15))[1]


def test_a_full_refresh_covers_issues_and_masters(instance: dg.DagsterInstance, later: datetime) -> None:
    ran(instance, "__ASSET_JOB")
    run, _ = asked(instance, FULL_REFRESH, later)
    assert run is not None
    waits(instance, FULL_REFRESH, run)
    assert asked(instance, ISSUES, later)[0] is None
    assert asked(instance, SPACE, later)[0] is None
    assert asked(instance, CHECKS, later)[0] is not None


def test_a_full_refresh_is_not_due_for_a_week_in_which_nothing_was_loaded_yet(instance: dg.DagsterInstance) -> None:
    ran(instance, ISSUES)
    now = datetime.now(timezone.utc)
    assert "Everything was loaded for the first time after that." in asked(instance, FULL_REFRESH, now)[1]
    assert asked(instance, FULL_REFRESH, now + 7 * DAY)[0] is not None


def test_masters_are_followed_by_the_projects(instance: dg.DagsterInstance, later: datetime) -> None:
    ran(instance, "__ASSET_JOB")
    run, _ = asked(instance, SPACE, later)
    assert run is not None
    assert run.tags[THEN] == PROJECTS_JOB


def test_a_tick_that_is_evaluated_twice_asks_for_the_same_run(instance: dg.DagsterInstance, later: datetime) -> None:
    ran(instance, "__ASSET_JOB")
    keys = {run.run_key for run in (asked(instance, ISSUES, later)[0] for _ in range(2)) if run is not None}
    assert keys == {f"issues_job {later.replace(minute=0).isoformat()} 1"}


def test_a_load_since_the_hour_covers_it_whoever_has_started_it(instance: dg.DagsterInstance) -> None:
    ran(instance, ISSUES)
    now = datetime.now(timezone.utc)
    assert asked(instance, ISSUES, now) == (None, f"Due at {now:%Y-%m-%d %H}:00 UTC. It was loaded since.")
    assert asked(instance, ISSUES, now + HOUR)[0] is not None


def test_a_load_of_some_of_the_tables_does_not_cover_the_hour(instance: dg.DagsterInstance) -> None:
    instance.add_run(
        dg.DagsterRun(
            ISSUES, status=dg.DagsterRunStatus.STARTING, asset_selection=frozenset({dg.AssetKey(["backlog", "issue"])})
        )
    )
    assert asked(instance, ISSUES, datetime.now(timezone.utc) + HOUR)[0] is not None


def test_a_failed_hour_is_left_to_the_next_and_a_failed_day_is_tried_again(instance: dg.DagsterInstance) -> None:
    ran(instance, "__ASSET_JOB")
    now = datetime.now(timezone.utc)
    for job in (ISSUES, SPACE):
        run, _ = asked(instance, job, now)
        assert run is not None
        ran(instance, job, fails=True, tags=run.tags)
    assert "the next one is due later" in asked(instance, ISSUES, now)[1]
    assert asked(instance, ISSUES, now + HOUR)[0] is not None
    assert "tried again an hour later" in asked(instance, SPACE, now)[1]


def test_the_run_of_an_interrupted_tick_is_asked_for_again_by_that_tick_only(
    instance: dg.DagsterInstance, later: datetime
) -> None:
    ran(instance, "__ASSET_JOB")
    run, _ = asked(instance, ISSUES, later)
    assert run is not None
    made = {**run.tags, SCHEDULED_AT: later.isoformat(), "dagster/run_key": str(run.run_key)}
    instance.add_run(dg.DagsterRun(ISSUES, tags=made, status=dg.DagsterRunStatus.NOT_STARTED))
    again, _ = asked(instance, ISSUES, later)
    assert again is not None
    assert (again.run_key, dict(again.tags)) == (run.run_key, dict(run.tags))
    assert "A run is waiting to start." in asked(instance, ISSUES, later + timedelta(minutes=15))[1]


def with_history(world: World) -> World:
    """A run history on disk, which a schedule's tick wants."""
    (world.folder / "history").mkdir()
    world.instance = dg.DagsterInstance.local_temp(str(world.folder / "history"))
    return world


def tick_of(name: str, world: World, environ: Mapping[str, str], at: datetime) -> dg.RunRequest | str:
    [schedule] = [one for one in build_schedules(environ) if one.name == name]
    with dg.build_schedule_context(
        instance=world.instance, scheduled_execution_time=at, resources={IO_MANAGER: world.io_manager}
    ) as context:
        tick = schedule.evaluate_tick(context)
    return tick.run_requests[0] if tick.run_requests else str(tick.skip_message)


def test_the_days_hour_is_that_of_the_space_table(build_world: Callable[..., World], later: datetime) -> None:
    world = with_history(build_world(issues=1))
    ran(world.instance, "__ASSET_JOB")
    before = tick_of("masters_daily", world, {}, later)
    assert isinstance(before, dg.RunRequest)
    assert before.tags[COVERS] == later.replace(hour=3, minute=0).isoformat()
    world.load("space")
    assert zone_of_space(WholeOrNothingIOManager(world.io_manager.warehouse(), schema="backlog")).key == "Asia/Tokyo"
    after = tick_of("masters_daily", world, {}, later)
    assert isinstance(after, dg.RunRequest)
    assert after.tags[COVERS] == (later - DAY).replace(hour=18, minute=0).isoformat()
    told = tick_of("masters_daily", world, {"BACKLOG_TIMEZONE": "America/New_York"}, later)
    assert isinstance(told, dg.RunRequest)
    assert datetime.fromisoformat(told.tags[COVERS]).hour in (7, 8)


def test_a_tick_gives_up_on_a_file_that_somebody_holds(
    build_world: Callable[..., World], later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = with_history(build_world(issues=1))
    ran(world.instance, "__ASSET_JOB")
    world.load("space")
    monkeypatch.setattr("backlog_assets.schedules.PATIENCE_SECONDS", 0.05)
    with world.io_manager.warehouse().connection():
        told = tick_of("issues_hourly", world, {}, later)
    assert isinstance(told, str)
    assert told.startswith("The time zone of the space is not known: Another run has been writing")


def test_the_larger_job_is_asked_for_before_those_it_covers() -> None:
    for timetable in TIMETABLES:
        assert all(TABLE[larger].minute < timetable.minute for larger in timetable.covered_by)
    assert {one.cron_schedule for one in build_schedules({})} == {
        "0-59/15 * * * *",
        "1-59/15 * * * *",
        "2-59/15 * * * *",
        "3-59/15 * * * *",
        *(["4-59/15 * * * *"] if DETAILS in job_endpoints() else []),
    }


def test_details_are_loaded_once_the_projects_are(instance: dg.DagsterInstance) -> None:
    ran(instance, "__ASSET_JOB")
    now = datetime.now(timezone.utc) + timedelta(minutes=1)
    assert asked(instance, DETAILS, now)[1].endswith("projects_job, which comes first, has not run since.")
    ran(instance, PROJECTS_JOB, fails=True)
    run, _ = asked(instance, DETAILS, now)
    assert run is not None
    ran(instance, DETAILS, tags=run.tags)
    assert asked(instance, DETAILS, now)[0] is None
