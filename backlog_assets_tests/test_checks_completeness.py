"""What was loaded against what Backlog counts: gaps, what is new, what is gone; and how many requests that costs."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import duckdb
import pytest

from backlog_assets.checks.build import MATCHES_BACKLOG
from backlog_assets.demo import Fault
from backlog_assets_tests.checking import evaluations, metadata_of, run_checks
from backlog_assets_tests.conftest import World, asked

Build = Callable[..., World]


def later(minutes: int = 60) -> int:
    """An instant after everything was loaded, as the demo space takes it."""
    return int((datetime.now(timezone.utc) + timedelta(minutes=minutes)).timestamp())


def change(world: World, sql: str, *values: Any) -> int:
    """Changes the tables behind the product's back; returns how many rows."""
    with duckdb.connect(str(world.database)) as connection:
        connection.execute("SET search_path = 'backlog,backlog_ops'")
        [[rows]] = connection.execute(sql, list(values)).fetchall()
        return int(rows)


def compared(world: World, table: str) -> tuple[bool, str, dict[str, Any]]:
    """Whether the table matches Backlog, what is said of it, and the metadata; requests are counted from here on."""
    world.server.requests.clear()
    found = evaluations(run_checks(world, (table, MATCHES_BACKLOG)))[table, MATCHES_BACKLOG]
    assert found.severity.value == "ERROR"
    return found.passed, str(found.description), metadata_of(found)


@pytest.mark.parametrize("fault", ["403", "500", "wrong_shape"])
def test_where_backlog_does_not_answer_the_check_fails_as_a_step(
    world: World, no_waiting: list[float], fault: str
) -> None:
    world.load("issues")
    world.server.faults.append(Fault(fault, path="/issues/count"))
    result = run_checks(world, ("issues", MATCHES_BACKLOG), fails=True)
    assert evaluations(result) == {}
    [told] = world.failures(result).values()
    assert "/issues/count" in told
    assert world.server.api_key not in told


def test_issues_that_are_missing_are_an_error_that_names_their_projects(world: World) -> None:
    world.load("projects", "issues")
    web = change(world, "DELETE FROM issues WHERE issue_key LIKE 'WEB-%'")
    app = change(world, "DELETE FROM issues WHERE id = (SELECT min(id) FROM issues WHERE issue_key LIKE 'APP-%')")
    gone = web + app
    passed, told, metadata = compared(world, "issues")
    assert not passed
    assert told == (
        f"issues has {40 - gone} rows, Backlog has 40: {gone} are missing. By project: "
        + ", ".join(sorted([f"APP -{app}", f"WEB -{web}"], key=lambda one: one.startswith("APP")))
        + "."
    )
    assert metadata["rows"] == gone
    assert sorted(metadata["partitions"]) == ["APP", "WEB"]
    assert metadata["what_to_do"].startswith("Load issues again; if rows stay missing")
    assert (metadata["in_table"], metadata["in_backlog"], metadata["missing"], metadata["gone"]) == (
        40 - gone,
        40,
        gone,
        0,
    )
    world.load("issues")
    assert compared(world, "issues")[0]


def test_while_all_agrees_a_comparison_costs_one_request(world: World) -> None:
    world.sync("issues", "teams", "notifications")
    for table, path in (("issues", "/issues/count"), ("teams", "/teams"), ("notifications", "/notifications/count")):
        passed, told, metadata = compared(world, table)
        assert passed, told
        assert [one.path for one in world.server.requests] == [path]
        assert metadata["rows"] == 0
        assert told == f"{table} has every one of the {metadata['in_backlog']:,} that Backlog has."


def test_issues_made_after_the_load_are_no_gap(world: World) -> None:
    world.load("projects", "issues")
    for at in range(3):
        world.space.create_issue("WEB", at=later(at + 60))
    passed, told, metadata = compared(world, "issues")
    assert passed
    assert told == (
        "issues has all that Backlog had when it was loaded, of 43 now. 3 of them were made after the load began and "
        "are not in it."
    )
    assert [one.path for one in world.server.requests] == ["/issues/count", "/issues"]
    assert metadata["made_since"] == 3


def test_a_gap_is_seen_behind_issues_made_after_the_load(build_world: Build) -> None:
    world = build_world(issues=150)
    world.load("projects", "issues")
    for at in range(120):
        world.space.create_issue("WEB", at=later(at + 60))
    change(world, "DELETE FROM issues WHERE id = (SELECT max(id) FROM issues WHERE issue_key LIKE 'OPS-%')")
    passed, told, metadata = compared(world, "issues")
    assert not passed
    assert told == (
        "issues has 149 rows, Backlog has 270, 120 of them made after the load began: 1 is missing. By project: OPS -1."
    )
    assert (metadata["rows"], metadata["partitions"]) == (1, ["OPS"])


def test_issues_made_just_before_the_load_and_in_it_are_not_taken_for_new(world: World) -> None:
    world.space.create_issue("WEB", at=later(0))
    world.load("projects", "issues")
    world.space.create_issue("WEB", at=later())
    passed, told, metadata = compared(world, "issues")
    assert passed, told
    assert metadata["made_since"] == 1


def test_the_newest_page_that_was_lost_is_a_gap(world: World) -> None:
    world.load("projects", "issues")
    change(world, "DELETE FROM issues WHERE id >= (SELECT max(id) - 4 FROM issues)")
    passed, _, metadata = compared(world, "issues")
    assert (passed, metadata["missing"], metadata["made_since"]) == (False, 5, 0)


def test_issues_deleted_after_the_load_are_told_with_the_way_to_mend_it(world: World) -> None:
    world.load("projects", "issues")
    for issue in [one for one in world.space.issues.values() if one.json()["issueKey"].startswith("WEB-")][:2]:
        world.space.delete_issue(issue.id)
    passed, told, metadata = compared(world, "issues")
    assert not passed
    assert told == "issues has 40 rows, Backlog has 38: 2 are no longer in Backlog. By project: WEB +2."
    assert "load issues again, which marks them deleted" in metadata["what_to_do"]
    world.load("issues")
    assert compared(world, "issues")[0]


def test_rows_that_are_marked_deleted_do_not_count(world: World) -> None:
    world.load("projects", "issues")
    world.space.delete_issue(next(iter(world.space.issues)))
    world.load("issues")
    assert world.value("SELECT count(*) FROM issues") == 40
    assert compared(world, "issues")[0]


def test_of_many_projects_those_that_differ_are_found_by_halves(build_world: Build) -> None:
    world = build_world(issues=200, projects=40)
    world.load("projects", "issues")
    [[victim]] = world.rows("SELECT project_id FROM issues GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    key = world.value("SELECT project_key FROM projects WHERE id = ?", victim)
    change(world, "DELETE FROM issues WHERE project_id = ?", victim)
    passed, _, metadata = compared(world, "issues")
    assert (passed, metadata["partitions"]) == (False, [key])
    assert asked(world, "/issues/count") < 25


def test_a_project_that_can_no_longer_be_read_is_named(world: World) -> None:
    world.load("projects", "issues")
    world.space.refuse_project("APP")
    rows = world.value("SELECT count(*) FROM issues WHERE issue_key LIKE 'APP-%'")
    passed, told, metadata = compared(world, "issues")
    assert (passed, metadata["partitions"]) == (False, ["APP"])
    assert told.endswith(f"{rows} are no longer in Backlog. By project: APP +{rows}.")


def test_a_choice_of_projects_is_compared_with_theirs_only(world: World) -> None:
    world.settings["projects"] = "WEB,APP"
    world.load("projects", "issues")
    passed, told, _ = compared(world, "issues")
    assert passed, told
    [request] = world.server.requests
    assert len(request.query["projectId[]"]) == 2
    change(world, "DELETE FROM issues WHERE id = (SELECT min(id) FROM issues)")
    assert not compared(world, "issues")[0]
    world.settings["projects"] = "WEB,NEW"
    assert "names a project that is not in `projects` yet" in compared(world, "issues")[1]


def test_notifications_that_are_missing_new_or_gone(world: World) -> None:
    world.load("notifications")
    change(world, "DELETE FROM notifications WHERE id = (SELECT max(id) FROM notifications)")
    passed, told, _ = compared(world, "notifications")
    assert not passed
    assert told.endswith(": 1 is missing.")
    change(world, "UPDATE loads SET loaded_at = '2020-01-01' WHERE table_name = 'notifications'")
    passed, told, metadata = compared(world, "notifications")
    # A load as old as that could not have the newest one; those it has nevertheless are not counted twice.
    assert (passed, metadata["made_since"]) == (True, 1)


def test_a_choice_of_projects_leaves_notifications_uncompared(world: World) -> None:
    world.settings["projects"] = "WEB"
    world.load("notifications")
    passed, told, _ = compared(world, "notifications")
    assert (passed, world.server.requests) == (True, [])
    assert "with BACKLOG_PROJECTS nothing is compared" in told


def test_teams_that_are_missing_or_gone_are_named(world: World) -> None:
    world.load("teams")
    [lost, gone, *_] = sorted(world.space.teams)
    change(world, "DELETE FROM teams WHERE id = ?", lost)
    passed, told, metadata = compared(world, "teams")
    assert not passed
    assert told == "teams has 4 rows, Backlog has 5: 1 is missing."
    assert [one.data for one in offenders_of(world, "teams")] == [
        {"id": lost, "name": world.space.teams[lost]["name"], "is": "missing from the table"}
    ]
    world.load("teams")
    del world.space.teams[gone]
    passed, told, metadata = compared(world, "teams")
    assert (passed, metadata["missing"], metadata["gone"]) == (False, 0, 1)
    assert "1 is no longer in Backlog" in told


def offenders_of(world: World, table: str) -> list[Any]:
    found = evaluations(run_checks(world, (table, MATCHES_BACKLOG)))[table, MATCHES_BACKLOG]
    value: Any = found.metadata["offenders"]
    return list(value.records)


def test_a_team_made_after_the_load_is_no_gap(world: World) -> None:
    world.load("teams")
    newest = max(world.space.teams)
    made = datetime.fromtimestamp(later(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.space.teams[newest + 1] = {**world.space.teams[newest], "id": newest + 1, "created": made}
    passed, told, _ = compared(world, "teams")
    assert passed, told
    assert "1 of them was made after the load began" in told


def test_no_team_at_all_agrees_with_none(build_world: Build) -> None:
    world = build_world(teams=0)
    world.load("teams")
    assert compared(world, "teams")[0]


@pytest.mark.parametrize("table", ["issues", "teams", "notifications"])
def test_what_was_never_loaded_is_not_compared(world: World, table: str) -> None:
    passed, told, _ = compared(world, table)
    assert (passed, told) == (True, f"{table} has not been loaded yet; there was nothing to check.")
    assert world.server.requests == []
    assert not world.database.exists()
