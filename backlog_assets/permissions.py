"""What the key may read, in schema `backlog_ops`: by table and, where it is loaded so, by project. Only DuckDB."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue.table import DELETED_AT
from backlog_assets.cursors import OPS
from backlog_assets.spool import Denial, Spooled
from backlog_assets.warehouse import columns_of, ensure_table, full_name

PERMISSIONS = (
    ("table_name", "VARCHAR"),
    ("project_key", "VARCHAR"),
    ("readable", "BOOLEAN"),
    ("since", "TIMESTAMPTZ"),
    ("code", "INTEGER"),
    ("status", "INTEGER"),
    ("checked_at", "TIMESTAMPTZ"),
    ("was_readable", "BOOLEAN"),
)
"""Columns of `backlog_ops.permissions`: one row a table and project (null for what is of the whole space).

`since` when it is so, as far as was looked; `code` and `status` are what Backlog answered where it is not `readable`;
`was_readable`: the key could read it once.
"""


@dataclass(frozen=True)
class Right:
    """A row of `backlog_ops.permissions`: whether the key may read a table (of a project; None: of the whole space)."""

    table: str
    project: str | None
    readable: bool
    since: datetime
    code: int | None
    status: int | None
    checked_at: datetime
    was_readable: bool


def note_rights(
    connection: DuckDBPyConnection,
    table: str,
    allowed: Collection[str | None],
    denied: Mapping[str | None, Denial],
    now: datetime,
) -> None:
    """Writes down that the key may read a table of these projects, and not of those; None is the whole space.

    What is known of other projects stays, unless they are gone.
    """
    if not allowed and not denied:
        return
    ensure_table(connection, OPS, "permissions", PERMISSIONS)
    name = full_name(connection, OPS, "permissions")
    known = {right.project: right for right in rights_of(connection, table)}
    loaded = _loaded(connection, table)
    noted: list[tuple[str | None, bool, datetime, int | None, int | None, bool]] = []
    for project in (*allowed, *denied):
        before, denial = known.get(project), denied.get(project)
        readable = denial is None
        since = before.since if before is not None and before.readable is readable else now
        was = before.was_readable or before.readable if before is not None else project in loaded
        code, status = (None, None) if denial is None else (denial.code, denial.status)
        noted.append((project, readable, since, code, status, readable or was))
    projects, *facts = (list(column) for column in zip(*noted, strict=True))
    connection.execute(
        f"""DELETE FROM {name} WHERE table_name = ? AND EXISTS (
            FROM (SELECT unnest(?::VARCHAR[]) AS key) WHERE key IS NOT DISTINCT FROM project_key)""",
        [table, projects],
    )
    connection.execute(
        f"""INSERT INTO {name} (table_name, checked_at, project_key, readable, since, code, status, was_readable)
        SELECT ?, ?, unnest(?::VARCHAR[]), unnest(?::BOOLEAN[]), unnest(?::TIMESTAMPTZ[]), unnest(?::INTEGER[]),
            unnest(?::INTEGER[]), unnest(?::BOOLEAN[])""",
        [table, now, projects, *facts],
    )


def note_rights_of_load(connection: DuckDBPyConnection, schema: str, spooled: Spooled, now: datetime) -> None:
    """What a load has found out, in its own transaction."""
    endpoint, keys = spooled.endpoint, _keys(connection, schema) if spooled.allowed or spooled.denied else {}
    denied = {keys.get(project, project) or None: denial for project, denial in spooled.denied.items()}
    allowed: list[str | None] = [] if denied else [None]
    if endpoint.per_project:
        allowed = list(spooled.projects or ())
    elif endpoint.each is not None or spooled.allowed:
        allowed = [keys.get(project, project) or None for project in spooled.allowed]
    note_rights(connection, endpoint.name, allowed, denied, now)
    if endpoint.name == "projects" and columns_of(connection, OPS, "permissions"):
        # A key that no project has any more: renamed, or gone.
        connection.execute(
            f"DELETE FROM {full_name(connection, OPS, 'permissions')} WHERE project_key IS NOT NULL AND project_key "
            f"NOT IN (SELECT project_key FROM {full_name(connection, schema, 'projects')} "
            f"WHERE {DELETED_AT.name} IS NULL)"
        )


def rights_of(connection: DuckDBPyConnection, table: str | None = None) -> list[Right]:
    """What is known of a table (of all, for None), in order of table and project."""
    if not columns_of(connection, OPS, "permissions"):
        return []
    found = connection.execute(
        f"""SELECT table_name, project_key, readable, since, code, status, checked_at, was_readable
        FROM {full_name(connection, OPS, "permissions")} WHERE table_name = coalesce(?, table_name)
        ORDER BY table_name, project_key""",
        [table],
    )
    return [Right(*row) for row in found.fetchall()]


def _keys(connection: DuckDBPyConnection, schema: str) -> dict[str, str]:
    """Id of a project, as text -> its key."""
    if not columns_of(connection, schema, "projects"):
        return {}
    name = full_name(connection, schema, "projects")
    return dict(connection.execute(f"SELECT id::VARCHAR, project_key FROM {name}").fetchall())


def _loaded(connection: DuckDBPyConnection, table: str) -> set[str | None]:
    """The projects of which a table was loaded before permissions were written down; None: the whole space."""
    found: set[str | None] = set()
    for book, project in (("project_loads", "project_key"), ("sync_state", "NULL")):
        if columns_of(connection, OPS, book):
            name = full_name(connection, OPS, book)
            rows = connection.execute(f"SELECT {project} FROM {name} WHERE table_name = ?", [table]).fetchall()
            found |= {None if key is None else str(key) for [key] in rows}
    return found
