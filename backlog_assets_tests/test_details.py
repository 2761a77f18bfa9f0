"""What surrounds issues and projects, loaded: disk usage by project, choices of fields, links, webhooks. Exact rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.demo import Fault
from backlog_assets.demo.disk_usage import space_usage
from backlog_assets_tests.conftest import World, asked


def usage(world: World) -> dict[str, Any]:
    """The demo's answer, by project id."""
    return {row["projectId"]: row for row in space_usage(world.space)["details"]}


def test_a_disk_usage_without_details_is_no_empty_table(world: World) -> None:
    world.server.faults.append(Fault("missing_field", path="/space/diskUsage", field="details"))
    result = world.load("space_disk_usage_projects", fails=True)
    [said] = world.failures(result).values()
    assert said.startswith("Backlog answered GET /space/diskUsage without the details it promises.")


def test_a_key_without_the_right_is_told_so_and_nothing_is_written(build_world: Callable[..., World]) -> None:
    world = build_world()
    world.settings["api_key"] = world.server.member_key
    world.load("space_disk_usage")
    with duckdb.connect(str(world.database), read_only=True) as connection:
        noted = connection.execute("SELECT table_name, readable, status, code FROM backlog_ops.permissions").fetchall()
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'backlog'").fetchall()
    assert noted == [("space_disk_usage", False, 403, 5)]
    assert tables == []


def test_the_disk_usage_of_the_space_is_one_row_and_one_a_project(world: World) -> None:
    world.load("space_disk_usage", "space_disk_usage_projects")
    [[details]] = world.rows("SELECT details FROM space_disk_usage")
    theirs = usage(world)
    assert {row["projectId"]: row for row in json.loads(details)} == theirs
    ours = world.rows("SELECT project_id, issue, document, git_lfs FROM space_disk_usage_projects ORDER BY project_id")
    assert ours == [(id_, row["issue"], row["document"], row["gitLFS"]) for id_, row in theirs.items()]
    assert world.rows(
        "SELECT sum(u.issue) = any_value(s.issue) FROM space_disk_usage_projects u, space_disk_usage s"
    ) == [(True,)]


def test_only_the_chosen_projects_have_a_disk_usage(build_world: Callable[..., World]) -> None:
    world = build_world(settings={"projects": "APP,WEB"})
    world.load("space_disk_usage_projects")
    assert world.rows("SELECT project_id FROM space_disk_usage_projects ORDER BY 1") == [(5001,), (5002,)]


def test_webhooks_administrators_teams_and_disk_usage_come_project_by_project(world: World) -> None:
    world.load_projects("webhooks", "project_administrators", "project_teams", "project_disk_usage")
    expected = [(row["id"], id_, row["hookUrl"]) for id_, rows in world.space.webhooks.items() for row in rows]
    assert world.rows("SELECT id, project_id, hook_url FROM webhooks ORDER BY id") == sorted(expected)
    assert world.rows("SELECT project_id, id FROM project_administrators ORDER BY ALL") == sorted(
        (id_, user) for id_, users in world.space.administrators.items() for user in users
    )
    assert world.rows("SELECT project_id FROM project_teams WHERE name = 'Design' ORDER BY 1") == [(5003,), (5006,)]
    teams = world.rows("SELECT project_key, name FROM project_teams WHERE project_id = 5003 ORDER BY id")
    assert teams == [("OPS", world.space.teams[id_]["name"]) for id_ in (302, 305)]
    assert world.rows("SELECT project_id, git FROM project_disk_usage ORDER BY 1") == [
        (id_, row["git"]) for id_, row in usage(world).items()
    ]


def test_a_webhook_that_is_gone_is_marked_and_its_address_is_in_no_sample(world: World) -> None:
    result = world.load_projects("webhooks")
    addresses = [row["hookUrl"] for rows in world.space.webhooks.values() for row in rows]
    for event in result.get_asset_materialization_events():
        for address in addresses:
            assert address not in repr(event)
    gone = world.space.webhooks[5001][0]["id"]
    world.space.remove_webhook(gone)
    world.load_projects("webhooks")
    assert world.rows("SELECT id FROM webhooks WHERE _deleted_at IS NOT NULL") == [(gone,)]


def test_choices_of_list_fields_are_rows_and_stay_in_the_field(world: World) -> None:
    world.load_projects("project_custom_fields")
    expected = [
        (field["id"], item["id"], item["name"], item["displayOrder"])
        for fields in world.space.custom_fields.values()
        for field in fields
        for item in field.get("items", ())
    ]
    rows = "SELECT custom_field_id, id, name, display_order FROM custom_field_items ORDER BY ALL"
    assert world.rows(rows) == sorted(expected)
    [[items]] = world.rows("SELECT items FROM project_custom_fields WHERE project_id = 5001 AND type_id = 5")
    assert json.loads(items) == next(f["items"] for f in world.space.custom_fields[5001] if f["typeId"] == 5)
    world.space.custom_fields[5001][4]["items"].pop()
    world.load_projects("project_custom_fields")
    assert world.value("SELECT count(*) FROM custom_field_items") == len(expected) - 1


def test_links_to_files_outside_are_rows_of_their_issue(build_world: Callable[..., World]) -> None:
    world = build_world(issues=150)
    world.load("issues")
    expected = [
        (issue.id, link["id"], link["url"], link["createdUser"]["id"])
        for issue in world.space.ordered
        for link in issue.json().get("externalFileLinks", ())
    ]
    assert expected
    rows = "SELECT issue_id, id, url, created_user_id FROM issue_external_links ORDER BY ALL"
    assert world.rows(rows) == sorted(expected)
    assert "external_file_links" not in {name for [name] in world.rows("SELECT column_name FROM (DESCRIBE issues)")}


def test_what_was_looked_at_drops_out_with_its_issue(world: World) -> None:
    world.load("recently_viewed_issues", "recently_viewed_projects", "recently_viewed_wikis")
    path = "/users/myself/recentlyViewedIssues"
    assert asked(world, path) == 1
    [first, *_] = world.rows("SELECT issue_id FROM recently_viewed_issues ORDER BY updated DESC")
    world.space.delete_issue(first[0])
    world.load("recently_viewed_issues")
    assert world.rows("SELECT issue_id FROM recently_viewed_issues WHERE _deleted_at IS NOT NULL") == [first]
    assert world.value("SELECT count(*) FROM recently_viewed_projects") > 0
    assert world.value("SELECT count(*) FROM recently_viewed_wikis") > 0


@pytest.mark.parametrize("table", ["recently_viewed_issues", "recently_viewed_projects", "recently_viewed_wikis"])
def test_what_was_looked_at_is_read_newest_first(table: str) -> None:
    assert dict(BY_NAME[table].params) == {"order": "desc"}
