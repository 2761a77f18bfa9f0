"""The history of issues as assets: built after issues and comments, of the issues that changed. Sends no request."""

import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import dagster as dg
import duckdb
from pydantic import Field

from backlog_assets.failures import told
from backlog_assets.history import AS_OF, HISTORY, TABLES, build, changed_issues, keep_marks
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.ledger import note_made
from backlog_assets.meanings import describe_history
from backlog_assets.progress import finished
from backlog_assets.specs import Options, asset_key, spec_of_mart
from backlog_assets.warehouse import Warehouse, columns_of, full_name

MADE_OF = ("issues", "issue_comments", "activities")
"""The tables that must be loaded before it. The lists of names it looks into are loaded when they are."""

MEMORY = "512MB"
"""What DuckDB may keep in memory while it builds; beyond it, rows wait on disk. A build that does not get by with it is
done again without."""


class Rebuilt(dg.Config):
    """How much of the history is built."""

    full: bool = Field(default=False, description="Build it of all issues, not only of those that changed.")


def build_history(options: Options) -> dg.AssetsDefinition:
    """The assets `issue_changes`, `issue_field_history` and `issue_status_transitions`, and the macro beside them."""
    specs = [spec_of_mart(mart, [asset_key(name) for name in MADE_OF], options) for mart in TABLES]

    @dg.multi_asset(name=HISTORY, specs=specs)
    def make(
        context: dg.AssetExecutionContext,
        config: Rebuilt,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Iterator[dg.MaterializeResult[Any]]:
        started = time.monotonic()
        issues, made = told(lambda: made_anew(backlog_io_manager.warehouse, context.run.run_id, full=config.full))
        seconds = round(time.monotonic() - started, 3)
        for spec in specs:
            rows, written, dropped = made[spec.key.path[-1]]
            figures = {"dagster/row_count": rows, "rows_written": written, "rows_dropped": dropped}
            built = "all" if issues is None else issues
            yield dg.MaterializeResult(
                asset_key=spec.key, metadata={**figures, "issues_changed": built, "seconds": seconds, "macro": AS_OF}
            )

    return make


def made_anew(
    warehouse: Warehouse, run_id: str, *, full: bool = False
) -> tuple[int | None, dict[str, tuple[int, int, int]]]:
    """Builds the history in one transaction. Returns how many issues had changed (None: all were built), and of each
    table the rows there are, the rows written and the rows dropped."""
    try:
        return _made(warehouse, run_id, full, MEMORY)
    except duckdb.OutOfMemoryException:
        return _made(warehouse, run_id, full, None)


def _made(
    warehouse: Warehouse, run_id: str, full: bool, memory: str | None
) -> tuple[int | None, dict[str, tuple[int, int, int]]]:
    started = time.monotonic()
    schema = warehouse.schema
    with warehouse.transaction() as connection:
        if memory is not None:
            connection.execute(f"SET memory_limit = '{memory}'")
        now = datetime.now(timezone.utc)
        changed = changed_issues(connection, schema)
        issues = None if full else changed
        before = {table.name: _count(connection, schema, table.name) for table in TABLES}
        rows = build(connection, schema, issues, now=now)
        keep_marks(connection, schema)
        made: dict[str, tuple[int, int, int]] = {}
        for name, count in rows.items():
            written = _count(connection, schema, name, now)
            made[name] = (count, written, before[name] + written - count)
        note_made(connection, made, run_id, time.monotonic() - started, now)
        describe_history(connection, schema)
    for name, (count, _, _) in made.items():
        finished(name, count)
    return None if issues is None else len(issues), made


def _count(connection: duckdb.DuckDBPyConnection, schema: str, table: str, loaded_at: datetime | None = None) -> int:
    """Rows of a table, of those written at an instant if given; 0 where it is not there yet."""
    if not columns_of(connection, schema, table):
        return 0
    name = full_name(connection, schema, table)
    where, values = ("true", []) if loaded_at is None else ("_loaded_at = ?", [loaded_at])
    found = connection.execute(f"SELECT count(*) FROM {name} WHERE {where}", values).fetchone()
    return int(found[0]) if found else 0
