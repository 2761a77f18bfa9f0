"""The history as assets: built after a sync, of the issues that changed, and the same as if all were built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb

from backlog_assets.history import TABLES, changed_issues
from backlog_assets.history_assets import made_anew
from backlog_assets_tests.conftest import World

COLUMNS = "* EXCLUDE (_loaded_at)"


LISTS = ("projects", "users", "project_statuses", "project_versions", "project_components", "project_issue_types")
TOLD = ("activities", "issues", "issue_comments")
"""What the history takes names from, and what it is made of."""


def history(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the history but for when it was written."""
    return {table.name: world.rows(f"SELECT {COLUMNS} FROM {table.name} ORDER BY ALL") for table in TABLES}


def changed(world: World) -> list[int] | None:
    """The issues that the next build would make anew."""
    with duckdb.connect(str(world.database)) as connection:
        return changed_issues(connection, "backlog")


def test_a_sync_of_issues_builds_their_history_with_the_names_loaded_in_the_same_sync(world: World) -> None:
    outcome = world.sync(*LISTS, *TOLD, "priorities", "resolutions", "project_custom_fields")
    assert outcome.succeeded, outcome
    rows = {one.table: one.rows for one in outcome.tables}
    assert all(rows[table.name] == world.value(f"SELECT count(*) FROM {table.name}") > 0 for table in TABLES)
    assert world.value("SELECT count(*) FROM issue_field_history WHERE field = 'status' AND value_id IS NULL") == 0


def test_only_changed_issues_are_built_anew_and_the_outcome_is_that_of_building_all(
    build_world: Callable[..., World],
) -> None:
    world = build_world(issues=12, activities=30)
    world.sync(*LISTS, *TOLD)
    assert changed(world) == []
    touched, gone = sorted(world.space.issues)[:2]
    world.space.update_issue(touched, statusId=4)
    world.space.delete_issue(gone)
    world.sync("activities", "issues", "issue_comments")
    written = world.rows(
        "SELECT DISTINCT issue_id FROM issue_field_history WHERE _loaded_at = (SELECT max(_loaded_at) "
        "FROM issue_field_history)"
    )
    assert {touched, gone} <= {issue_id for [issue_id] in written}
    assert len(written) < 12
    by_changes = history(world)
    issues, _ = made_anew(world.io_manager.warehouse(), "all", full=True)
    assert issues is None
    assert history(world) == by_changes


def test_a_row_that_is_replaced_by_whoever_it_be_marks_its_issue(build_world: Callable[..., World]) -> None:
    world = build_world(issues=6, activities=10)
    world.sync("activities", "issues", "issue_comments")
    with duckdb.connect(str(world.database)) as connection:
        found = connection.execute("SELECT min(issue_id) FROM backlog.issue_comments").fetchone()
        assert found is not None
        connection.execute("UPDATE backlog.issue_comments SET change_log = '[]' WHERE issue_id = ?", [found[0]])
        assert changed_issues(connection, "backlog") == [found[0]]


def test_tables_of_the_history_can_be_built_without_a_request(world: World) -> None:
    world.sync("activities", "issues", "issue_comments")
    world.server.requests.clear()
    outcome = world.sync("issue_changes")
    assert {one.table for one in outcome.tables} == {table.name for table in TABLES}
    assert world.server.requests == []
