"""Names and keys inside the issues, brought in line with the tables they are copies of. Only DuckDB; asks nothing.

An issue carries the name of its status, its versions, its people. When one of them is renamed, all issues show it at
once, but none says that it was updated; so an issue that is not read again is corrected here, when the table that
holds the name is loaded. What a name alone cannot tell (which status an issue got when its own was deleted, which rows
a new custom field has added to it) is noted in `backlog_ops.issues_to_read`: the next load of the issues asks for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue import BY_NAME, ENDPOINTS, Load
from backlog_assets.catalogue.table import DELETED_AT, LOADED_AT, Table, child_table, table_of
from backlog_assets.cursors import OPS, cursors_of
from backlog_assets.spool import Spooled
from backlog_assets.warehouse import columns_of, ensure_table, full_name, quoted

TO_READ = (("issue_id", "BIGINT"), ("why", "VARCHAR"), ("queued_at", "TIMESTAMPTZ"))
"""Columns of `backlog_ops.issues_to_read`: issues that the next load of the issues asks for."""

ALSO_IN = {"users": "project_users"}
"""Tables that hold the same records as another one, for keys that may not read that one."""

SHAPING = frozenset({"project_custom_fields"})
"""Tables whose every change may change the issues' own rows, not only names in them."""


@dataclass(frozen=True)
class Copy:
    """A name in a table of the issues (`id_column`, `name_column`) and the table (`source`) it is a copy from.

    `issue_id` is the table's column with the issue's id, `is_row`: the copy is the whole row, which goes with it.
    """

    table: str
    issue_id: str
    id_column: str
    name_column: str
    source: str
    is_row: bool
    by_project: bool
    keeps_deleted: bool


def copies() -> tuple[Copy, ...]:
    """Every copied name in the tables of the issues that are loaded by what changed, as the catalogue has it: a column
    that refers to another table, and a name beside it."""
    of_issues = [endpoint for endpoint in ENDPOINTS if endpoint.load is Load.CHANGES and endpoint.each is None]
    return tuple(copy for endpoint in of_issues for copy in _copies_of(endpoint.name))


def _copies_of(name: str) -> Iterator[Copy]:
    endpoint = BY_NAME[name]
    tables: list[tuple[Table, str]] = [
        (table_of(endpoint), "issue_id" if endpoint.name != "issues" else "id"),
        *((child_table(child), child.parent_id.name) for child in endpoint.children),
    ]
    for table, issue_id in tables:
        names = {column.name for column in table.content}
        for column in table.content:
            beside = column.name.removesuffix("id") + "name"
            if column.refers is None or beside not in names:
                continue
            source = column.refers.split(".")[0]
            by_project = "project_id" in BY_NAME[source].key
            copy = Copy(
                table.name, issue_id, column.name, beside, source, column.name == "id", by_project, table.keeps_deleted
            )
            yield copy
            if source in ALSO_IN:
                yield replace(copy, source=ALSO_IN[source])


def align(connection: DuckDBPyConnection, schema: str, spooled: Spooled, now: datetime) -> int:
    """Brings the issues in line with a table that was just loaded, at `now`; returns how many rows were changed.

    Of a per-project table only the projects just read count, so that no stale name comes back.
    """
    source = spooled.endpoint.name
    if source == "projects":
        return _align_keys(connection, schema, now)
    mine = [copy for copy in copies() if copy.source == source]
    if not mine or not columns_of(connection, schema, "issues"):
        return 0
    there = {copy.table: bool(columns_of(connection, schema, copy.table)) for copy in mine}
    mine = [copy for copy in mine if there[copy.table]]
    changed = sum(_rename(connection, schema, copy, spooled, now) for copy in mine)
    waiting = 0
    if _has_changed(connection, schema, source, now):
        waiting = sum(_let_go(connection, schema, copy, spooled, now) for copy in mine)
        waiting += _reshape(connection, schema, source, spooled, now) if source in SHAPING else 0
    if waiting:
        spooled.notes["issues_to_read_again"] = waiting
    return changed


def _align_keys(connection: DuckDBPyConnection, schema: str, now: datetime) -> int:
    if not columns_of(connection, schema, "issues"):
        return 0
    issues, projects = (full_name(connection, schema, name) for name in ("issues", "projects"))
    return _changed(
        connection.execute(
            f"""UPDATE {issues} t SET issue_key = p.project_key || '-' || t.key_id, {LOADED_AT.name} = $now
            FROM {projects} p WHERE p.id = t.project_id AND p.{DELETED_AT.name} IS NULL AND t.{DELETED_AT.name} IS NULL
            AND t.issue_key <> p.project_key || '-' || t.key_id""",
            {"now": now},
        )
    )


def _rename(connection: DuckDBPyConnection, schema: str, copy: Copy, spooled: Spooled, now: datetime) -> int:
    id_, name = quoted(copy.id_column), quoted(copy.name_column)
    same_project = " AND m.project_id = t.project_id" if copy.by_project else ""
    project = ", project_id" if copy.by_project else ""
    alive = f" AND t.{DELETED_AT.name} IS NULL" if copy.keeps_deleted else ""
    return _changed(
        connection.execute(
            f"""-- one row a copy whose name is no longer that of the record
            WITH m AS (
                SELECT id{project}, arg_max(name, {LOADED_AT.name}) AS name
                FROM {full_name(connection, schema, copy.source)}
                WHERE {DELETED_AT.name} IS NULL AND {_read("", spooled)} GROUP BY ALL
            )
            UPDATE {full_name(connection, schema, copy.table)} t SET {name} = m.name, {LOADED_AT.name} = $now
            FROM m WHERE m.id = t.{id_}{same_project} AND t.{name} IS DISTINCT FROM m.name{alive}""",
            {"now": now},
        )
    )


def _has_changed(connection: DuckDBPyConnection, schema: str, source: str, now: datetime) -> bool:
    name = full_name(connection, schema, source)
    found = f"SELECT 1 FROM {name} WHERE {DELETED_AT.name} = $now OR {LOADED_AT.name} = $now LIMIT 1"
    return connection.execute(found, {"now": now}).fetchone() is not None


def _let_go(connection: DuckDBPyConnection, schema: str, copy: Copy, spooled: Spooled, now: datetime) -> int:
    """What hangs on a record that this load found deleted: rows go with it, other issues are to be read again."""
    if copy.source in ALSO_IN or copy.source in ALSO_IN.values():
        return 0  # who has left is still who made and changed things
    name = full_name(connection, schema, copy.table)
    same_project = " AND m.project_id = t.project_id" if copy.by_project else ""
    gone = (
        f"EXISTS (FROM {full_name(connection, schema, copy.source)} m WHERE m.{DELETED_AT.name} = $now "
        f"AND m.id = t.{quoted(copy.id_column)}{same_project} AND {_read('m.', spooled)})"
    )
    issues = full_name(connection, schema, "issues")
    noted = _queue(
        connection,
        f"SELECT DISTINCT t.{copy.issue_id} FROM {name} t JOIN {issues} i ON i.id = t.{copy.issue_id} "
        f"WHERE i.{DELETED_AT.name} IS NULL AND {gone}",
        f"{copy.source} deleted",
        now,
    )
    if noted and copy.is_row:
        connection.execute(f"DELETE FROM {name} t WHERE {gone}", {"now": now})
    return noted


def _reshape(connection: DuckDBPyConnection, schema: str, source: str, spooled: Spooled, now: datetime) -> int:
    """Issues of projects that were read before and have another definition now."""
    if not columns_of(connection, OPS, "project_loads"):
        return 0
    definitions, issues = (full_name(connection, schema, name) for name in (source, "issues"))
    before = full_name(connection, OPS, "project_loads")
    return _queue(
        connection,
        f"SELECT t.id FROM {issues} t WHERE t.{DELETED_AT.name} IS NULL AND t.project_id IN ("
        f"SELECT m.project_id FROM {definitions} m JOIN {before} b ON b.project_id = m.project_id "
        f"WHERE b.table_name = '{source}' AND (m.{LOADED_AT.name} = $now OR m.{DELETED_AT.name} = $now))",
        f"{source} changed",
        now,
    )


def _queue(connection: DuckDBPyConnection, issues: str, why: str, now: datetime) -> int:
    """Notes issues down, and forgets those that a load of the issues has asked for since."""
    ensure_table(connection, OPS, "issues_to_read", TO_READ)
    name = full_name(connection, OPS, "issues_to_read")
    began = cursors_of(connection, "issues").get("began")
    if began is not None:
        connection.execute(f"DELETE FROM {name} WHERE queued_at < ?::TIMESTAMPTZ", [began.value])
    found = connection.execute(
        f"INSERT INTO {name} (issue_id, why, queued_at) SELECT *, '{why}', $now FROM ({issues})", {"now": now}
    )
    return _changed(found)


def _read(alias: str, spooled: Spooled) -> str:
    """SQL: the record is of a project that this load has read."""
    if not spooled.endpoint.per_project:
        return "true"
    ids = ", ".join(str(int(one)) for one in (spooled.projects or {}).values())
    return f"{alias}project_id IN ({ids or 'NULL'})"


def _changed(result: DuckDBPyConnection) -> int:
    found = result.fetchone()
    return int(found[0]) if found else 0
