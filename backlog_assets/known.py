"""What the warehouse knows of a space before anything is asked of it; what costs are told from. Only DuckDB."""

from dataclasses import replace

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue import ENDPOINTS, Load
from backlog_assets.catalogue.table import DELETED_AT, LOADED_AT, table_of
from backlog_assets.comment_state import COMMENTS, comments_wanted
from backlog_assets.cost import REQUEST_SECONDS, Known, is_long
from backlog_assets.cursors import cursors_of
from backlog_assets.each_state import rows_due, switched_off
from backlog_assets.ledger import OPS, was_whole
from backlog_assets.warehouse import Warehouse, columns_of, full_name

ISSUES = "issues"

DAYS = 7
"""How far back is looked to guess how much comes in a day."""

MEASURED_LOADS = 200
"""The time of a request is taken from so many loads, the last ones."""


def known(warehouse: Warehouse, *, one_by_one: bool = False, full: bool = False) -> Known:
    """Counts rows, projects, limits and the time of a request, without a request. Empty where there is no file.

    With `one_by_one` also what each table that is asked for row by row, or project by project, is due to be asked for;
    all there are where it is read in `full`.
    """
    if not warehouse.exists:
        return Known()
    with warehouse.connection() as connection:
        found = known_in(connection, warehouse.schema)
        if one_by_one:
            due = due_in(connection, warehouse.schema, found.projects, full=full)
            found = replace(found, one_by_one={**found.one_by_one, **due})
        return found


def due_in(connection: DuckDBPyConnection, schema: str, projects: int | None, *, full: bool) -> dict[str, int]:
    """Table -> how many rows or projects it is to be asked for, of those of which that is known."""
    due: dict[str, int] = {}
    for endpoint in ENDPOINTS:
        if endpoint.each is not None:
            rows = rows_due(connection, schema, endpoint, full=full)
            due |= {} if rows is None else {endpoint.name: rows}
        elif endpoint.per_project and endpoint.feature is not None and projects is not None:
            due[endpoint.name] = projects - len(switched_off(connection, schema, endpoint, live=True))
    return due


def known_in(connection: DuckDBPyConnection, schema: str) -> Known:
    """As `known`, of an open database."""
    rows: dict[str, int] = {}
    expected: dict[str, int] = {}
    for endpoint in ENDPOINTS:
        if (not is_long(endpoint) and endpoint.name != "projects") or endpoint.each is not None or endpoint.per_project:
            continue
        columns = columns_of(connection, schema, endpoint.name)
        if not columns:
            continue
        alive = f"WHERE {DELETED_AT.name} IS NULL" if table_of(endpoint).keeps_deleted else ""
        name = full_name(connection, schema, endpoint.name)
        rows[endpoint.name] = _number(connection, f"SELECT count(*) FROM {name} {alive}")
        if endpoint.load is Load.APPEND and was_whole(connection, endpoint.name):
            expected[endpoint.name] = _since_last_load(connection, name, endpoint.name, "created")
        if endpoint.name == ISSUES and cursors_of(connection, ISSUES):
            expected[ISSUES] = _since_last_load(connection, name, ISSUES, "updated")
    return Known(
        rows=rows,
        expected=expected,
        one_by_one={COMMENTS: len(comments_wanted(connection, schema))} if ISSUES in rows else {},
        limits=_limits(connection, schema),
        projects=rows.get("projects"),
        request_seconds=_request_seconds(connection),
    )


def _since_last_load(connection: DuckDBPyConnection, name: str, table: str, moved: str) -> int:
    """Rows that will have come since the last load, by their time in the column `moved`, if as many come in a day as in
    the week before it."""
    state = full_name(connection, OPS, "sync_state")
    return _number(
        connection,
        f"""-- rows of the week before the last load, by the part of a week that has gone by since
        SELECT ceil(count(t.id) * date_diff('second', any_value(s.loaded_at), now()) / (86400.0 * {DAYS}))
        FROM {state} s LEFT JOIN {name} t ON t.{moved} > s.loaded_at - INTERVAL {DAYS} DAYS
        WHERE s.table_name = '{table}'""",
    )


def _limits(connection: DuckDBPyConnection, schema: str) -> dict[str, int]:
    """Requests a minute by class, as the last load of `rate_limit` has found them."""
    if not columns_of(connection, schema, "rate_limit"):
        return {}
    name = full_name(connection, schema, "rate_limit")
    found = connection.execute(
        f'SELECT class, arg_max("limit", {LOADED_AT.name}) FROM {name} WHERE "limit" > 0 GROUP BY class'
    ).fetchall()
    return {str(rate_class): int(limit) for rate_class, limit in found}


def _request_seconds(connection: DuckDBPyConnection) -> float:
    """What a request took in the last loads, waiting for the rate limit left out."""
    if not columns_of(connection, OPS, "loads"):
        return REQUEST_SECONDS
    loads = full_name(connection, OPS, "loads")
    found = connection.execute(
        f"""SELECT sum(seconds - waited_seconds) / sum(requests)
        FROM (FROM {loads} WHERE requests > 0 ORDER BY loaded_at DESC LIMIT {MEASURED_LOADS})"""
    ).fetchone()
    return REQUEST_SECONDS if found is None or found[0] is None else max(0.001, float(found[0]))


def _number(connection: DuckDBPyConnection, sql: str) -> int:
    found = connection.execute(sql).fetchone()
    return int(found[0]) if found and found[0] is not None else 0
