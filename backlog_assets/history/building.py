"""Builds the tables of the history, all of them or those of some issues, inside the caller's transaction."""

from collections.abc import Collection
from datetime import datetime, timezone

from duckdb import DuckDBPyConnection

from backlog_assets.history.as_of import create_as_of
from backlog_assets.history.changes import place_issues, read_activities, read_changes
from backlog_assets.history.names import build_names
from backlog_assets.history.present import read_present
from backlog_assets.history.ranges import insert_field_history, insert_transitions
from backlog_assets.history.sources import close_sources, open_sources
from backlog_assets.history.splitting import split_lists
from backlog_assets.history.steps import take_steps
from backlog_assets.history.tables import ISSUE_CHANGES, ISSUE_FIELD_HISTORY, ISSUE_STATUS_TRANSITIONS, TABLES, Mart
from backlog_assets.history.values import resolve
from backlog_assets.history.widening import choose, keep_names
from backlog_assets.warehouse import ensure_schema, full_name, quoted

BATCH = 20_000
"""Issues built at once: what is built waits in memory, some 20 kB an issue."""

TEMPORARY = (
    "chosen",
    "batch",
    "renamed",
    "names",
    "ids",
    "custom_fields",
    "told",
    "deleted",
    "places",
    "changes",
    "texts",
    "values",
    "present",
    "steps",
)
"""Temporary tables of a build, without the `history_` in front of their names."""


def build(
    connection: DuckDBPyConnection,
    schema: str,
    issues: Collection[int] | None = None,
    *,
    now: datetime | None = None,
) -> dict[str, int]:
    """Builds `issue_changes`, `issue_field_history`, `issue_status_transitions` and the macro `issues_as_of`.

    `issues` are the ids of those whose rows, comments or activities have changed since the last build (deleted ones
    too); None builds everything. The tables are the same either way: issues that are affected by a changed name are
    found, and a first build is always a whole one. Returns how many rows each table has. `now` is when the rows were
    written (None: now). Needs a transaction around it, or a failure leaves half of the tables.
    """
    now = now or datetime.now(timezone.utc)
    open_sources(connection, schema)
    ensure_schema(connection, schema)
    build_names(connection)
    is_whole = issues is None or not _choose_some(connection, schema, issues)
    if is_whole:
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE history_chosen AS
            SELECT id FROM history_source_issues UNION SELECT issue_id FROM history_source_issue_comments"""
        )
    for table in TABLES:
        _clear(connection, schema, table, is_whole=is_whole)
    read_activities(connection)
    place_issues(connection)
    for first, last in _batches(connection):
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE history_batch AS SELECT id FROM history_chosen WHERE id BETWEEN ? AND ?",
            [first, last],
        )
        _build_batch(connection, schema, now)
    create_as_of(connection, schema)
    keep_names(connection, schema)
    for name in TEMPORARY:
        connection.execute(f"DROP TABLE IF EXISTS temp.history_{name}")
    close_sources(connection)
    return {table.name: _count(connection, full_name(connection, schema, table.name)) for table in TABLES}


def _batches(connection: DuckDBPyConnection) -> list[tuple[int, int]]:
    """The least and greatest id of every batch of the chosen issues."""
    return connection.execute(
        """SELECT min(id), max(id) FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) // ? AS batch
        FROM history_chosen) GROUP BY batch ORDER BY batch""",
        [BATCH],
    ).fetchall()


def _build_batch(connection: DuckDBPyConnection, schema: str, now: datetime) -> None:
    """Writes the rows of the issues in `history_batch`."""
    read_changes(connection)
    _insert_changes(connection, full_name(connection, schema, ISSUE_CHANGES.name), now)
    resolve(connection)
    split_lists(connection)
    read_present(connection)
    take_steps(connection)
    field_history = full_name(connection, schema, ISSUE_FIELD_HISTORY.name)
    insert_field_history(connection, field_history, now)
    transitions = full_name(connection, schema, ISSUE_STATUS_TRANSITIONS.name)
    insert_transitions(connection, transitions, field_history, now)


def _choose_some(connection: DuckDBPyConnection, schema: str, issues: Collection[int]) -> bool:
    """Makes `history_chosen` of the issues and of those affected; False where everything must be built."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE history_chosen AS SELECT DISTINCT unnest(?::BIGINT[]) AS id", [list(issues)]
    )
    return choose(connection, schema)


def _clear(connection: DuckDBPyConnection, schema: str, table: Mart, *, is_whole: bool) -> None:
    name = full_name(connection, schema, table.name)
    if is_whole:
        columns = ", ".join(f"{quoted(column.name)} {column.type}" for column in table.columns)
        connection.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
    else:
        connection.execute(f"DELETE FROM {name} WHERE issue_id IN (SELECT id FROM history_chosen)")


def _insert_changes(connection: DuckDBPyConnection, table: str, now: datetime) -> None:
    columns = ", ".join(quoted(column.name) for column in ISSUE_CHANGES.content)
    connection.execute(
        f"""INSERT INTO {table} BY NAME
        SELECT {columns}, $now::TIMESTAMPTZ AS _loaded_at FROM history_changes""",
        {"now": now},
    )


def _count(connection: DuckDBPyConnection, table: str) -> int:
    found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(found[0]) if found else 0
