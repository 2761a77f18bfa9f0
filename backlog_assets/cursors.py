"""Where the next load of a table begins: named values, in schema `backlog_ops`. Only DuckDB."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from backlog_assets.warehouse import OPS, columns_of, ensure_table, full_name

CURSORS = (
    ("table_name", "VARCHAR"),
    ("name", "VARCHAR"),
    ("value", "VARCHAR"),
    ("run_id", "VARCHAR"),
    ("loaded_at", "TIMESTAMPTZ"),
)
"""Columns of `backlog_ops.cursors`: one row a table and name, changed in the transaction that changes the rows."""


@dataclass(frozen=True)
class Cursor:
    """A value and the run that wrote it."""

    value: str
    run_id: str


def cursors_of(connection: DuckDBPyConnection, table: str) -> dict[str, Cursor]:
    """The cursors of a table by name; none before its first load, or where that load kept none."""
    if not columns_of(connection, OPS, "cursors"):
        return {}
    rows = connection.execute(
        f"SELECT name, value, run_id FROM {full_name(connection, OPS, 'cursors')} WHERE table_name = ?", [table]
    ).fetchall()
    return {str(name): Cursor(str(value), str(run_id)) for name, value, run_id in rows}


def keep_cursors(
    connection: DuckDBPyConnection, table: str, cursors: Mapping[str, str], run_id: str, now: datetime
) -> None:
    """Replaces all cursors of a table: what a load does not know any more must not guide the next one."""
    ensure_table(connection, OPS, "cursors", CURSORS)
    name = full_name(connection, OPS, "cursors")
    connection.execute(f"DELETE FROM {name} WHERE table_name = ?", [table])
    if cursors:
        connection.execute(
            f"INSERT INTO {name} (table_name, name, value, run_id, loaded_at) "
            "SELECT ?, unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), ?, ?",
            [table, list(cursors), list(cursors.values()), run_id, now],
        )
