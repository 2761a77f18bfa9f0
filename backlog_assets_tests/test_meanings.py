"""What DuckDB tells about tables and columns: comments in two languages, of every one, written once."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from backlog_assets import aligning, comment_state, cursors, each_state, ledger, people_state, permissions
from backlog_assets.catalogue import BY_NAME, Endpoint
from backlog_assets.catalogue.bookkeeping import BOOKS
from backlog_assets.catalogue.table import tables_of
from backlog_assets.cursors import OPS
from backlog_assets.errors import Refused
from backlog_assets.field_views import building
from backlog_assets.history import AS_OF, marks, names
from backlog_assets.meanings import describe_load
from backlog_assets.warehouse import Warehouse, ensure_table
from backlog_assets_tests.conftest import World

PRIORITIES = BY_NAME["priorities"]
NAME = "As shown in the issue form. 課題の入力欄での表示名。"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(str(tmp_path / "space.duckdb"))


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse.connection() as connection:
        yield connection


def load(connection: duckdb.DuckDBPyConnection, endpoint: Endpoint) -> None:
    """What a load does to tables, without rows."""
    for table in tables_of(endpoint):
        ensure_table(connection, "backlog", table.name, [(column.name, column.type) for column in table.columns])
    ensure_table(connection, OPS, "spaces", [("schema_name", "VARCHAR"), ("space", "VARCHAR")])
    describe_load(connection, "backlog", endpoint)


def comments(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str | None]:
    found = connection.execute("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ?", [table])
    return dict(found.fetchall())


def test_a_load_that_fails_leaves_no_comment(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        load(connection, PRIORITIES)
        connection.execute("COMMENT ON TABLE backlog.priorities IS NULL")
        connection.execute("DELETE FROM backlog_ops.meanings")
    with contextlib.suppress(Refused), warehouse.transaction() as connection:
        load(connection, PRIORITIES)
        raise Refused("Nothing was written.")
    with warehouse.connection() as connection:
        told = connection.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'priorities'").fetchall()
        assert told == [(None,)]
        assert connection.execute("FROM backlog_ops.meanings").fetchall() == []


def test_books_of_an_older_version_that_lack_a_column_are_no_failure(connection: duckdb.DuckDBPyConnection) -> None:
    ensure_table(connection, OPS, "loads", [("run_id", "VARCHAR"), ("table_name", "VARCHAR")])
    load(connection, PRIORITIES)
    assert comments(connection, "loads")["run_id"] == "Dagster's run. Dagster の実行 ID。"
    connection.execute("ALTER TABLE backlog_ops.loads ADD COLUMN rows BIGINT")
    load(connection, PRIORITIES)
    assert comments(connection, "loads")["rows"] == (
        "Rows there were after it, deleted ones left out. 読み込み後の行数。"
    )


def test_a_column_that_is_added_later_gets_its_comment(connection: duckdb.DuckDBPyConnection) -> None:
    load(connection, dataclasses.replace(PRIORITIES, columns=PRIORITIES.columns[:1]))
    load(connection, PRIORITIES)
    assert comments(connection, "priorities")["name"] == NAME


def test_a_table_that_was_made_anew_gets_its_comments_again(connection: duckdb.DuckDBPyConnection) -> None:
    load(connection, PRIORITIES)
    connection.execute("CREATE OR REPLACE TABLE backlog.priorities (id BIGINT, name VARCHAR)")
    load(connection, PRIORITIES)
    assert comments(connection, "priorities")["name"] == NAME


def test_a_word_that_changed_in_the_catalogue_changes_the_comment(connection: duckdb.DuckDBPyConnection) -> None:
    load(connection, PRIORITIES)
    name = dataclasses.replace(PRIORITIES.columns[1], doc="It's called so.", doc_ja="名前。")
    load(connection, dataclasses.replace(PRIORITIES, columns=(PRIORITIES.columns[0], name)))
    assert comments(connection, "priorities")["name"] == "It's called so. 名前。"


def test_where_nothing_changed_nothing_is_written(connection: duckdb.DuckDBPyConnection) -> None:
    load(connection, PRIORITIES)
    load(connection, PRIORITIES)
    connection.execute("COMMENT ON COLUMN backlog.priorities.name IS 'our own words'")
    load(connection, PRIORITIES)
    assert comments(connection, "priorities")["name"] == "our own words"


def test_a_schema_called_as_the_database_gets_its_comments(tmp_path: Path) -> None:
    with Warehouse(str(tmp_path / "backlog.duckdb")).connection() as connection:
        load(connection, PRIORITIES)
        assert comments(connection, "priorities")["name"] == NAME


def test_after_a_sync_all_that_it_made_says_what_it_is_in_english_and_japanese(
    build_world: Callable[..., World],
) -> None:
    world = build_world(issues=6, activities=10)
    assert world.sync("space", "project_components", "activities", "issues", "issue_comments").succeeded
    two = r"^[A-Z0-9`].*[.;] .*[ぁ-んァ-ヶ一-龠].*。$"
    named = "SELECT table_name, comment FROM duckdb_tables() UNION ALL SELECT view_name, comment FROM duckdb_views() "
    of = "WHERE NOT internal AND schema_name = 'backlog' AND view_name NOT IN (SELECT view_name FROM field_views)"
    told = {str(name): str(comment) for name, comment in world.rows(named + of)}
    assert {"issues", "issue_stars", "project_categories", "issue_field_history", "loads", "spaces"} <= set(told)
    assert [name for name, comment in told.items() if not re.match(two, comment)] == []
    columns = world.rows(
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal "
        "AND schema_name IN ('backlog', 'backlog_ops') AND table_name NOT IN (SELECT view_name FROM field_views)"
    )
    assert len(columns) > 200
    assert [one for one in columns if not re.match(two, str(one[2]))] == []
    [[macro]] = world.rows(f"SELECT DISTINCT comment FROM duckdb_functions() WHERE function_name = '{AS_OF}'")
    assert re.match(two, macro)
    before = world.rows("FROM meanings ORDER BY ALL")
    world.sync("space", "project_components")
    assert world.rows("FROM meanings ORDER BY ALL") == before


def test_the_books_are_declared_with_the_columns_that_are_written() -> None:
    written = {
        "spaces": ledger.SPACES,
        "loads": ledger.LOADS,
        "sync_state": ledger.SYNC_STATE,
        "requests": ledger.REQUESTS,
        "project_loads": ledger.PROJECT_LOADS,
        "cursors": cursors.CURSORS,
        "comment_state": comment_state.COMMENT_STATE,
        "each_state": each_state.EACH_STATE,
        "issues_to_read": aligning.TO_READ,
        "permissions": permissions.PERMISSIONS,
        "history_marks": marks.MARKS,
        "history_names": (("schema_name", "VARCHAR"), *names.NAME_COLUMNS),
        "field_views": building.FIELD_VIEWS,
        "people": people_state.PEOPLE,
        "people_renewals": people_state.PEOPLE_RENEWALS,
    }
    declared = {book.name: tuple((one.name, one.type) for one in book.columns) for book in BOOKS}
    assert declared.pop("meanings")
    assert declared == written
