"""The sensors: which runs they ask for after `projects` was loaded, and that the first load happens once."""

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
import pytest

from backlog_assets.jobs import FULL_REFRESH, PROJECTS_JOB, THEN, build_jobs
from backlog_assets.partitions import NAME, RANGE_END, RANGE_START, apply_changes
from backlog_assets.schedules import COVERS
from backlog_assets.sensors import (
    LAUNCHED_BY,
    Memory,
    ProjectsLoaded,
    build_first_load_sensor,
    build_project_partitions_sensor,
    build_sensors,
    follow_up,
)
from backlog_assets.specs import IO_MANAGER
from backlog_assets_tests.conftest import World

KEYS = ["WEB", "APP", "OPS"]
BY_HAND = ProjectsLoaded("hand")
BY_SYNC = ProjectsLoaded("sync", {LAUNCHED_BY: "backlog-assets sync"})
ON_SCHEDULE = ProjectsLoaded("daily", {THEN: PROJECTS_JOB, COVERS: "2026-05-01T03:00:00+00:00"})


def ranged(request: dg.RunRequest | None) -> tuple[str, str, str] | None:
    """Run key, first and last partition."""
    return request and (str(request.run_key), request.tags[RANGE_START], request.tags[RANGE_END])


def test_a_load_that_is_to_be_followed_is_followed_by_all_projects_in_one_run() -> None:
    for load_new in (True, False):
        request = follow_up([ON_SCHEDULE], KEYS, KEYS, load_new=load_new)
        assert ranged(request) == ("projects_job after 2026-05-01T03:00:00+00:00", "WEB", "OPS")
        assert request is not None
        assert request.tags[COVERS] == ON_SCHEDULE.tags[COVERS]


def test_a_second_try_for_the_same_hour_asks_under_the_same_key() -> None:
    again = ProjectsLoaded("second try", ON_SCHEDULE.tags)
    assert ranged(follow_up([again], KEYS, KEYS, load_new=False)) == ranged(
        follow_up([ON_SCHEDULE], KEYS, KEYS, load_new=False)
    )


def test_several_loads_in_one_tick_are_followed_once() -> None:
    later = ProjectsLoaded("by hand, followed", {THEN: PROJECTS_JOB})
    assert ranged(follow_up([ON_SCHEDULE, later, BY_HAND], KEYS, [], load_new=True)) == (
        "projects_job after by hand, followed",
        "WEB",
        "OPS",
    )


def test_new_projects_are_loaded_from_the_first_to_the_last_where_that_is_switched_on() -> None:
    assert ranged(follow_up([BY_HAND], KEYS, ["WEB"], load_new=True)) == ("new projects after hand", "APP", "OPS")
    assert follow_up([BY_HAND], KEYS, ["WEB"], load_new=False) is None
    assert follow_up([BY_HAND], KEYS, KEYS, load_new=True) is None


def test_a_sync_loads_its_new_projects_itself() -> None:
    assert follow_up([BY_SYNC], KEYS, [], load_new=True) is None
    assert ranged(follow_up([BY_SYNC, BY_HAND], KEYS, ["WEB"], load_new=True)) is not None


def test_a_space_without_projects_has_nothing_to_follow_up() -> None:
    assert follow_up([ON_SCHEDULE], [], [], load_new=True) is None


def test_what_a_sensor_remembers_is_read_back_and_what_is_no_memory_is_forgotten() -> None:
    memory = Memory(7, ("WEB", 'C"D'))
    assert Memory.of(memory.text()) == memory
    for cursor in (None, "", "7", "null", "[]", '{"storage_id": "x", "projects": []}', '{"storage_id": 1}'):
        assert Memory.of(cursor) == Memory()


def tick(world: World, cursor: str | None = None, *, load_new: bool = True) -> Any:
    resources: Mapping[str, Any] = {"backlog": world.backlog, IO_MANAGER: world.io_manager}
    sensor = build_project_partitions_sensor(load_new=load_new)
    definitions = dg.Definitions.merge(world.definitions, dg.Definitions(jobs=build_jobs(), sensors=[sensor]))
    context = dg.build_sensor_context(
        instance=world.instance,
        cursor=cursor,
        repository_def=definitions.get_repository_def(),
        resources=dict(resources),
        sensor_name="project_partitions",
    )
    with context:
        return sensor.evaluate_tick(context)


def ends(found: Any) -> list[tuple[str, str]]:
    """First and last partition of each run a tick asks for."""
    return [(one.tags[RANGE_START], one.tags[RANGE_END]) for one in found.run_requests]


def carried_out(world: World, found: Any) -> None:
    """What the daemon does with the partitions that a tick asks for."""
    for asked in found.dynamic_partitions_requests or ():
        if isinstance(asked, dg.AddDynamicPartitionsRequest):
            world.instance.add_dynamic_partitions(NAME, list(asked.partition_keys))
        else:
            for key in asked.partition_keys:
                world.instance.delete_dynamic_partition(NAME, key)


def test_nothing_is_asked_before_projects_were_loaded(world: World) -> None:
    found = tick(world)
    assert not found.run_requests
    assert "was not loaded since" in found.skip_message


def test_new_projects_get_partitions_and_one_run_and_are_not_asked_for_again(world: World) -> None:
    world.load("projects")
    first = tick(world)
    assert ends(first) == [("WEB", "IDEA")]
    carried_out(world, first)
    assert not tick(world, first.cursor).run_requests
    world.space.add_project("NEW", "新規")
    world.load("projects")
    second = tick(world, first.cursor)
    assert ends(second) == [("NEW", "NEW")]
    # Interrupted after the partitions were added: the run is still asked for, under the same key.
    carried_out(world, second)
    again = tick(world, first.cursor)
    assert [one.run_key for one in again.run_requests] == [one.run_key for one in second.run_requests]
    assert not tick(world, second.cursor).run_requests


def test_without_schedules_new_projects_get_partitions_only(world: World) -> None:
    world.load("projects")
    found = tick(world, load_new=False)
    assert not found.run_requests
    assert len(found.dynamic_partitions_requests) == 1


def test_projects_that_a_sync_has_loaded_are_not_loaded_again(world: World) -> None:
    world.sync("project_versions")
    found = tick(world)
    assert not found.run_requests
    assert "The partitions are those of the projects." in str(found.skip_message)
    world.load("projects")
    assert not tick(world, found.cursor).run_requests


def test_a_vanished_project_is_not_in_the_run_that_follows(world: World) -> None:
    apply_changes(world.instance, ["GONE", "WEB", "APP", "OPS", "CRM", "OLD", "IDEA", "LAST"])
    job = world.definitions.resolve_implicit_global_asset_job_def()
    job.execute_in_process(
        instance=world.instance, asset_selection=[dg.AssetKey(["backlog", "projects"])], tags={THEN: PROJECTS_JOB}
    )
    found = tick(world, load_new=False)
    assert ends(found) == [("WEB", "IDEA")]


def test_a_tick_that_cannot_read_the_projects_looks_again(
    build_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build_world(issues=1)
    world.load("projects")
    monkeypatch.setattr("backlog_assets.sensors.PATIENCE_SECONDS", 0.05)
    with world.io_manager.warehouse().connection():
        held = tick(world)
    assert not held.run_requests
    assert not held.dynamic_partitions_requests
    assert "Another run has been writing" in held.skip_message
    assert tick(world, held.cursor).run_requests


def test_the_first_load_is_of_everything_and_happens_once() -> None:
    sensor = build_first_load_sensor(is_on=True)
    with dg.DagsterInstance.ephemeral() as instance:
        with dg.build_sensor_context(instance=instance) as context:
            [request] = sensor.evaluate_tick(context).run_requests or []
        assert request.run_key == "first load"
        instance.add_run(dg.DagsterRun(FULL_REFRESH))
        with dg.build_sensor_context(instance=instance) as context:
            assert not sensor.evaluate_tick(context).run_requests


def test_only_what_loads_is_off_until_switched_on() -> None:
    running = dg.DefaultSensorStatus.RUNNING
    for setting, expected in (
        ("off", {"project_partitions", "lost_runs"}),
        ("on", {"project_partitions", "lost_runs", "first_load"}),
    ):
        sensors = build_sensors({"BACKLOG_SCHEDULES": setting})
        assert {one.name for one in sensors if one.default_status is running} == expected
