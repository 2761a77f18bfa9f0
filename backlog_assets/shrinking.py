"""How much of a table may vanish in one load, and what is said of a load that goes beyond it. Only DuckDB."""

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue.table import DELETED_AT, Table
from backlog_assets.errors import Shrunk
from backlog_assets.loading import Loaded
from backlog_assets.spool import Spooled
from backlog_assets.warehouse import columns_of, full_name

FEW = 5
"""Fewer rows than this may always vanish at once: of a short list, half is soon gone."""

NAMED = 5


def is_too_much(lost: int, before: int, max_shrink: float) -> bool:
    """Whether losing `lost` of `before` rows at once is more than the share `max_shrink` of them; 1 allows it all."""
    return lost >= FEW and lost > before * max_shrink


def live_rows(connection: DuckDBPyConnection, schema: str, table: Table, spooled: Spooled) -> int:
    """Rows not marked deleted, of the projects that are about to be loaded, else of all."""
    if not columns_of(connection, schema, table.name):
        return 0
    where, values = "true", []
    if spooled.projects is not None and table.per_project:
        where, values = "project_id IN (SELECT unnest(?))", [list(spooled.projects.values())]
    found = connection.execute(
        f"SELECT count(*) FROM {full_name(connection, schema, table.name)} WHERE {DELETED_AT.name} IS NULL AND {where}",
        values,
    ).fetchone()
    return int(found[0]) if found else 0


def refuse_shrinking(
    connection: DuckDBPyConnection, schema: str, before: int, loaded: Loaded, max_shrink: float
) -> None:
    """Raises Shrunk where a load has taken more of a table than it may; the caller's transaction is then to end."""
    lost = loaded.deleted - loaded.followed  # those were lost by the load of another table, which was allowed to
    if not is_too_much(lost, before, max_shrink):
        return
    by_project = _by_project(connection, schema, loaded)
    where = f" ({_named(by_project)})" if by_project else ""
    raise Shrunk(
        f"{loaded.table} would have lost {lost:,} of its {before:,} rows at once{where}; up to {max_shrink:.0%} may "
        f"vanish. Nothing was written, the old rows are as they were. If Backlog has really lost them, load "
        f"{loaded.table} once more with allow_shrink: true in the run config (`backlog-assets sync --allow-shrink`); "
        f"otherwise see whether the key's user has lost access.",
        before=before,
        lost=lost,
        by_project=by_project,
    )


def _by_project(connection: DuckDBPyConnection, schema: str, loaded: Loaded) -> dict[str, int]:
    """Project key -> rows lost, most first."""
    lost = {project_id: one.deleted for project_id, one in loaded.by_project.items() if one.deleted}
    keys: dict[int, str] = {}
    if lost and columns_of(connection, schema, "projects"):
        name = full_name(connection, schema, "projects")
        keys = dict(connection.execute(f"SELECT id, project_key FROM {name}").fetchall())
    return {
        keys.get(project_id, str(project_id)): rows
        for project_id, rows in sorted(lost.items(), key=lambda one: (-one[1], one[0]))
    }


def _named(by_project: dict[str, int]) -> str:
    told = ", ".join(f"{key} {rows:,}" for key, rows in list(by_project.items())[:NAMED])
    more = len(by_project) - NAMED
    return f"{told} and {more} more projects" if more > 0 else told
