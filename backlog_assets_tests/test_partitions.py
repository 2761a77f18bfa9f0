"""Which partitions come and go with the projects: the decision, what carries it out, the sensor that calls it."""

import uuid
from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest

from backlog_assets.demo import Fault
from backlog_assets.partitions import (
    NAME,
    RANGE_END,
    RANGE_START,
    ProjectChanges,
    apply_changes,
    partitions_in_flight,
    project_changes,
)
from backlog_assets_tests.conftest import World
from backlog_assets_tests.test_sensors import tick


def test_an_empty_listing_drops_nothing() -> None:
    assert project_changes(["WEB", "APP"], []) == ProjectChanges(note="no project is listed; 2 partitions were kept")
    assert project_changes([], []) == ProjectChanges()


def test_a_project_with_a_run_in_flight_is_not_dropped() -> None:
    changes = project_changes(["WEB", "APP", "OPS"], ["WEB"], in_flight={"APP", "WEB"})
    assert changes == ProjectChanges(drop=("OPS",), note="kept while a run is writing them: APP")


@pytest.mark.parametrize(
    ("known", "listed", "add", "drop"),
    [
        ([], ["WEB", "APP"], ("WEB", "APP"), ()),
        (["WEB", "APP"], ["WEB", "APP"], (), ()),
        (["WEB", "APP"], ["APP", "NEW"], ("NEW",), ("WEB",)),
        (["WEB"], ["SITE"], ("SITE",), ("WEB",)),
        (["A'B"], ["A'B", 'C"D'], ('C"D',), ()),
    ],
)
def test_new_projects_are_added_and_vanished_ones_dropped(
    known: list[str], listed: list[str], add: tuple[str, ...], drop: tuple[str, ...]
) -> None:
    assert project_changes(known, listed) == ProjectChanges(add, drop)


def test_runs_of_one_partition_and_of_a_range_are_seen_in_flight() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        known = ["A", "B", "C", "D", "E"]
        for tags, status in (
            ({"dagster/partition": "E"}, dg.DagsterRunStatus.STARTED),
            ({RANGE_START: "B", RANGE_END: "C"}, dg.DagsterRunStatus.STARTED),
            ({RANGE_START: "A", RANGE_END: "A"}, dg.DagsterRunStatus.SUCCESS),
            ({RANGE_START: "GONE", RANGE_END: "D"}, dg.DagsterRunStatus.STARTED),
        ):
            instance.add_run(dg.DagsterRun("job", run_id=str(uuid.uuid4()), tags=tags, status=status))
        assert partitions_in_flight(instance, known) == {"B", "C", "E"}


def test_the_partitions_follow_the_projects_in_the_order_of_the_space(world: World) -> None:
    world.sync("project_versions")
    assert world.instance.get_dynamic_partitions(NAME) == ["WEB", "APP", "OPS", "CRM", "OLD", "IDEA"]
    world.space.add_project("NEW", "新規")
    world.space.hide_project("CRM")
    world.sync("project_versions")
    assert world.instance.get_dynamic_partitions(NAME) == ["WEB", "APP", "OPS", "OLD", "IDEA", "NEW"]


def test_rows_of_a_vanished_project_stay_marked_in_every_table(world: World) -> None:
    tables = ("project_versions", "project_statuses", "project_users", "issues")
    world.sync(*tables)
    world.space.hide_project("WEB")
    outcome = world.sync(*tables)
    assert outcome.succeeded
    for table in tables:
        web = "(SELECT id FROM projects WHERE project_key = 'WEB')"
        marked = world.value(f"SELECT count(*) FROM {table} WHERE project_id = {web} AND _deleted_at IS NULL")
        assert marked == 0, table
        assert world.value(f"SELECT count(*) FROM {table} WHERE _deleted_at IS NOT NULL") > 0, table
        assert world.value(f"SELECT count(*) FROM {table} WHERE _deleted_at IS NULL") > 0, table
    world.space.hide_project("WEB", hidden=False)
    world.sync("project_versions")
    assert world.value("SELECT count(*) FROM project_versions WHERE _deleted_at IS NOT NULL") == 0


def test_a_renamed_project_ends_with_one_set_of_rows_and_one_partition(world: World) -> None:
    tables = ("project_versions", "project_components", "project_users", "issues")
    world.sync(*tables)
    before = world.value("SELECT count(*) FROM project_versions WHERE project_key = 'WEB'")
    world.space.rename_project("WEB", "SITE")
    world.sync(*tables)
    assert world.instance.get_dynamic_partitions(NAME) == ["APP", "OPS", "CRM", "OLD", "IDEA", "SITE"]
    for table in ("project_versions", "project_components", "project_users"):
        assert world.rows(f"SELECT count(*) FROM {table} WHERE project_key = 'WEB'") == [(0,)], table
    assert world.value("SELECT count(*) FROM project_versions WHERE project_key = 'SITE'") == before
    assert world.value("SELECT count(*) FROM project_versions WHERE _deleted_at IS NOT NULL") == 0
    assert world.value("SELECT count(*) FROM issues WHERE issue_key LIKE 'WEB-%'") == 0


def test_two_spaces_in_one_run_history_have_their_own_partitions_and_rows(build_world: Callable[..., World]) -> None:
    first, second = build_world(), build_world()
    second.instance = first.instance
    second.space.add_project("ONLY2", "second")
    second.space.delete_project("WEB")
    first.sync("project_versions")
    second.sync("project_versions")
    assert first.instance.get_dynamic_partitions(NAME) == ["APP", "OPS", "CRM", "OLD", "IDEA", "ONLY2"]
    assert second.rows("SELECT count(*) FROM project_versions WHERE project_key = 'WEB'") == [(0,)]
    first.sync("project_versions")
    assert first.instance.get_dynamic_partitions(NAME) == ["APP", "OPS", "CRM", "OLD", "IDEA", "WEB"]
    assert first.rows("SELECT count(*) FROM projects WHERE project_key = 'ONLY2'") == [(0,)]
    assert first.value("SELECT count(DISTINCT project_key) FROM project_versions WHERE _deleted_at IS NULL") == 6


def test_a_failed_listing_drops_nothing(world: World, no_waiting: list[float]) -> None:
    world.sync("project_versions")
    before = world.instance.get_dynamic_partitions(NAME)
    for kind in ("500", "empty", "403", "wrong_shape"):
        world.server.faults[:] = [Fault(kind, path="/projects")]
        outcome = world.sync("project_versions")
        assert "projects" in outcome.failures, kind
        assert world.instance.get_dynamic_partitions(NAME) == before, kind


def sensor_result(world: World) -> Any:
    return tick(world, load_new=False)


def test_the_sensor_asks_for_partitions_of_new_projects_and_drops_vanished_ones(world: World) -> None:
    world.load("projects")
    apply_changes(world.instance, ["WEB", "APP", "GONE"])
    tick = sensor_result(world)
    asked = {type(one).__name__: list(one.partition_keys) for one in tick.dynamic_partitions_requests}
    assert asked == {
        "AddDynamicPartitionsRequest": ["OPS", "CRM", "OLD", "IDEA"],
        "DeleteDynamicPartitionsRequest": ["GONE"],
    }


def test_the_sensor_is_quiet_when_nothing_has_changed(world: World) -> None:
    world.sync("project_versions")
    tick = sensor_result(world)
    assert not tick.dynamic_partitions_requests
    assert "The partitions are those of the projects." in str(tick.skip_message)


def test_the_sensor_knows_of_the_choice_of_projects(world: World) -> None:
    world.sync("project_versions", only=["WEB", "APP"])
    world.settings["projects"] = "WEB,APP"
    assert not sensor_result(world).dynamic_partitions_requests
    assert world.instance.get_dynamic_partitions(NAME) == ["WEB", "APP"]


def test_a_choice_that_names_no_project_loads_none(world: World) -> None:
    world.sync("project_versions")
    world.server.requests.clear()
    outcome = world.sync("project_versions", only=["NOPE"])
    assert "BACKLOG_PROJECTS names NOPE" in outcome.failures["BACKLOG_PROJECTS"]
    assert [request.path for request in world.server.requests] == ["/projects"]
