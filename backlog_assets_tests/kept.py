"""Kept loads of a test's world, and all that a warehouse has in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from backlog_assets.history import TABLES
from backlog_assets.manifest import Kept
from backlog_assets.raw import Raw
from backlog_assets.replay import Replayed, replay
from backlog_assets.warehouse import Warehouse
from backlog_assets_tests.conftest import World


def raw_of(world: World) -> Raw:
    return Raw(world.folder / "raw")


def kept_of(world: World, *tables: str) -> list[Kept]:
    return raw_of(world).kept(world.backlog.space_name, tables or None)


def again(world: World, *tables: str, into: Path | None = None, allow_gaps: bool = False) -> Replayed:
    target = Warehouse(str(into or world.database), "backlog", wait_seconds=5)
    return replay(raw_of(world), world.backlog.space_name, target, tables=tables, allow_gaps=allow_gaps)


def contents(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table and view that is loaded, with the bookkeeping; not what is built of them, nor which
    comments tables were given."""
    built = {mart.name for mart in TABLES}
    other = ("information_schema", "backlog_ops.history_", "backlog_ops.meanings")
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_columns() WHERE NOT internal GROUP BY ALL ORDER BY 1"
        ).fetchall()
        return {
            name: sorted(
                (row for row in connection.execute(f"FROM {name}").fetchall() if not any(one in row for one in built)),
                key=repr,
            )
            for [name] in names
            if not name.startswith(other) and name.split(".")[1] not in built
        }


def columns(database: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(
            "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE NOT internal AND NOT starts_with(table_name, 'history_') "
            "AND table_name NOT IN (SELECT unnest(?)) ORDER BY ALL",
            [[mart.name for mart in TABLES]],
        ).fetchall()
