"""Bookkeeping, in schema `backlog_ops`: whose rows a schema holds, what each load did and cost. Only DuckDB."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue.spec import Endpoint
from backlog_assets.catalogue.table import tables_of
from backlog_assets.cursors import OPS, keep_cursors
from backlog_assets.errors import Refused
from backlog_assets.loading import Loaded
from backlog_assets.spool import Spooled
from backlog_assets.warehouse import columns_of, ensure_table, folded, full_name

SPACES = (("schema_name", "VARCHAR"), ("space", "VARCHAR"))
"""Columns of `backlog_ops.spaces`: which space a schema holds."""

LOADS = (
    ("run_id", "VARCHAR"),
    ("table_name", "VARCHAR"),
    ("loaded_at", "TIMESTAMPTZ"),
    ("rows", "BIGINT"),
    ("inserted", "BIGINT"),
    ("updated", "BIGINT"),
    ("deleted", "BIGINT"),
    ("requests", "BIGINT"),
    ("seconds", "DOUBLE"),
    ("waited_seconds", "DOUBLE"),
    ("projects", "BIGINT"),
)
"""Columns of `backlog_ops.loads`: one row a table and load, written in the load's own transaction."""

SYNC_STATE = (("table_name", "VARCHAR"), ("is_whole", "BOOLEAN"), ("loaded_at", "TIMESTAMPTZ"))
"""Columns of `backlog_ops.sync_state`: one row a table, of its last load; `is_whole`: no project was left out."""

REQUESTS = (
    ("run_id", "VARCHAR"),
    ("table_name", "VARCHAR"),
    ("class", "VARCHAR"),
    ("requests", "BIGINT"),
    ("too_many", "BIGINT"),
    ("waited_seconds", "DOUBLE"),
    ("bytes", "BIGINT"),
    ("loaded_at", "TIMESTAMPTZ"),
)
"""Columns of `backlog_ops.requests`: one row a load and class of requests; `too_many` are answers 429."""

PROJECT_LOADS = (
    ("table_name", "VARCHAR"),
    ("project_id", "BIGINT"),
    ("project_key", "VARCHAR"),
    ("run_id", "VARCHAR"),
    ("loaded_at", "TIMESTAMPTZ"),
)
"""Columns of `backlog_ops.project_loads`: one row a per-project table and project, of its last load."""


def claim(connection: DuckDBPyConnection, schema: str, space: str) -> None:
    """Makes sure that a file holds one space in one schema: the first load writes both down, others must agree.

    The bookkeeping says where the next load of a table begins, so it must not be of another schema's table.
    A loopback address is taken without its port, which changes whenever a test server starts.
    """
    ensure_table(connection, OPS, "spaces", SPACES)
    spaces = full_name(connection, OPS, "spaces")
    name = re.sub(r"^(127\.[0-9.]+|localhost|\[::1\])(:[0-9]+)?$", "loopback", space)
    found = connection.execute(f"SELECT schema_name, space FROM {spaces}").fetchone()
    if found is None:
        connection.execute(f"INSERT INTO {spaces} (schema_name, space) VALUES (?, ?)", [schema, name])
    elif found[1] != name:
        raise Refused(
            f"Schema {found[0]} of this DuckDB file holds the space {found[1]}; {name} was not written into it. "
            f"Set BACKLOG_DUCKDB to another file for {name}."
        )
    elif folded(str(found[0])) != folded(schema):
        raise Refused(
            f"This DuckDB file holds {name} in schema {found[0]}; it was not written into {schema} as well. Set "
            f"BACKLOG_SCHEMA to {found[0]}, or BACKLOG_DUCKDB to another file; where {found[0]} is no longer wanted, "
            f"drop it together with schema {OPS}."
        )


def note_down(
    connection: DuckDBPyConnection, loaded: Mapping[str, Loaded], spooled: Spooled, run_id: str, now: datetime
) -> None:
    """Writes down what a load did to each table; the requests are the endpoint's own, its child tables cost none."""
    ensure_table(connection, OPS, "loads", LOADS)
    ensure_table(connection, OPS, "sync_state", SYNC_STATE)
    own = (spooled.requests, spooled.seconds, spooled.waited_seconds)
    projects = None if spooled.projects is None else len(spooled.projects)
    for at, (name, one) in enumerate(loaded.items()):
        counts = (one.rows, one.inserted, one.updated, one.deleted)
        _insert(connection, "loads", LOADS, (run_id, name, now, *counts, *(own if at == 0 else (0, 0, 0)), projects))
    state = full_name(connection, OPS, "sync_state")
    connection.execute(f"DELETE FROM {state} WHERE table_name = ?", [spooled.endpoint.name])
    _insert(connection, "sync_state", SYNC_STATE, (spooled.endpoint.name, projects is None, now))
    counted = {} if spooled.counted is None else {"counted": str(spooled.counted)}
    keep_cursors(connection, spooled.endpoint.name, {**spooled.cursors, **counted}, run_id, now)
    _note_requests(connection, spooled, run_id, now)
    if spooled.endpoint.per_project:
        _note_projects(connection, spooled, run_id, now)


def note_made(
    connection: DuckDBPyConnection, made: Mapping[str, tuple[int, int, int]], run_id: str, seconds: float, now: datetime
) -> None:
    """Writes down what was made of other tables, at no request: table -> rows there are, rows written, rows dropped."""
    ensure_table(connection, OPS, "loads", LOADS)
    for at, (name, (rows, written, dropped)) in enumerate(made.items()):
        took = seconds if at == 0 else 0.0
        _insert(connection, "loads", LOADS, (run_id, name, now, rows, written, 0, dropped, 0, took, 0.0, None))


def _note_requests(connection: DuckDBPyConnection, spooled: Spooled, run_id: str, now: datetime) -> None:
    ensure_table(connection, OPS, "requests", REQUESTS)
    for name, share in spooled.shares.items():
        counts = (share.requests, share.too_many, share.waited_seconds, share.received_bytes)
        _insert(connection, "requests", REQUESTS, (run_id, spooled.endpoint.name, name, *counts, now))


def _note_projects(connection: DuckDBPyConnection, spooled: Spooled, run_id: str, now: datetime) -> None:
    ensure_table(connection, OPS, "project_loads", PROJECT_LOADS)
    name, projects = full_name(connection, OPS, "project_loads"), spooled.projects or {}
    tables = [table.name for table in tables_of(spooled.endpoint)]
    keys, ids = list(projects), list(projects.values())
    connection.execute(
        f"DELETE FROM {name} WHERE table_name IN (SELECT unnest(?)) AND project_id IN (SELECT unnest(?))", [tables, ids]
    )
    for table in tables:
        connection.execute(
            f"INSERT INTO {name} (table_name, project_id, project_key, run_id, loaded_at) "
            "SELECT ?, unnest(?::BIGINT[]), unnest(?::VARCHAR[]), ?, ?",
            [table, ids, keys, run_id, now],
        )


def was_whole(connection: DuckDBPyConnection, table: str) -> bool:
    """Whether the last load of a table left no project out."""
    if not columns_of(connection, OPS, "sync_state"):
        return False
    state = full_name(connection, OPS, "sync_state")
    found = connection.execute(f"SELECT is_whole FROM {state} WHERE table_name = ?", [table]).fetchone()
    return bool(found and found[0])


def last_load(
    connection: DuckDBPyConnection, endpoint: Endpoint, projects: Collection[int] | None = None
) -> datetime | None:
    """When an endpoint was last loaded, any of these projects if given; None before the first load."""
    table, where, values = "sync_state", "table_name = ?", [endpoint.name, *([] if projects is None else [projects])]
    if projects is not None:
        table, where = "project_loads", f"{where} AND project_id IN (SELECT unnest(?))"
    if not columns_of(connection, OPS, table):
        return None
    name = full_name(connection, OPS, table)
    found = connection.execute(f"SELECT max(loaded_at) FROM {name} WHERE {where}", values).fetchone()
    return found[0] if found else None


def loads_of(connection: DuckDBPyConnection, run_ids: Collection[str]) -> list[tuple[Any, ...]]:
    """Table, rows, inserted, updated, deleted, requests and seconds: one row a table that these runs have loaded."""
    if not columns_of(connection, OPS, "loads"):
        return []
    return connection.execute(
        f"""-- one row a table, of these runs
        SELECT table_name, arg_max(rows, loaded_at),
            sum(inserted), sum(updated), sum(deleted), sum(requests), sum(seconds)
        FROM {full_name(connection, OPS, "loads")} WHERE run_id IN (SELECT unnest(?)) GROUP BY table_name""",
        [list(run_ids)],
    ).fetchall()


def _insert(
    connection: DuckDBPyConnection, table: str, columns: tuple[tuple[str, str], ...], values: tuple[Any, ...]
) -> None:
    names, marks = ", ".join(name for name, _ in columns), ", ".join("?" for _ in columns)
    connection.execute(f"INSERT INTO {full_name(connection, OPS, table)} ({names}) VALUES ({marks})", list(values))
