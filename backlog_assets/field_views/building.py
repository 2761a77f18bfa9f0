"""Makes, renews and drops the views of the projects, inside the transaction of the load that changed them. Only DuckDB.

A view is ours where `backlog_ops.field_views` lists it and it still has the comment it was made with. Whatever else
has its name is somebody's own, and is left alone.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue import ENDPOINTS
from backlog_assets.catalogue.table import DELETED_AT, EVIDENCE, LOST_ACCESS, names_of
from backlog_assets.cursors import OPS
from backlog_assets.field_views.naming import (
    CustomField,
    FieldColumn,
    Project,
    field_columns,
    plain_view_name,
    view_names,
)
from backlog_assets.history import AS_OF, TABLES
from backlog_assets.warehouse import columns_of, ensure_table, folded, full_name, quoted

ISSUES, PROJECTS, FIELDS, VALUES = "issues", "projects", "project_custom_fields", "issue_custom_field_values"

TRIGGERS = frozenset({ISSUES, PROJECTS, FIELDS})
"""Tables whose load may change the views."""

BOOK = "field_views"

FIELD_VIEWS = (
    ("schema_name", "VARCHAR"),
    ("view_name", "VARCHAR"),
    ("project_id", "BIGINT"),
    ("project_key", "VARCHAR"),
    ("definition", "VARCHAR"),
    ("comment", "VARCHAR"),
)
"""Columns of `backlog_ops.field_views`: one row a view of ours. `definition` is a digest of all that makes it."""

MOST_NAMED = 5
"""So many names that were taken stand in a note."""


@dataclass
class _Views:
    """What is called how in the schema, and which of it is ours: view -> the digest it was made of."""

    comments: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    listed: dict[str, tuple[str, str]] = field(default_factory=dict[str, "tuple[str, str]"])

    @property
    def ours(self) -> dict[str, str]:
        return {
            name: digest
            for name, (digest, comment) in self.listed.items()
            if folded(name) in self.comments and self.comments[folded(name)] == comment
        }

    @property
    def not_ours(self) -> set[str]:
        return set(self.comments) - set(map(folded, self.ours))


def renew_field_views(connection: DuckDBPyConnection, schema: str) -> dict[str, str | int]:
    """Brings the views in line with projects, custom fields and the columns of the issues; what is in line stays.

    Returns what is worth a note: how many were made or dropped, and whose names were taken.
    """
    columns = columns_of(connection, schema, ISSUES)
    if not columns or not columns_of(connection, schema, PROJECTS):
        return {}
    views = _views(connection, schema)
    projects = _projects(connection, schema)
    reserved = {name for endpoint in ENDPOINTS for name in names_of(endpoint)} | {one.name for one in TABLES} | {AS_OF}
    names = view_names(list(projects.values()), views.not_ours | reserved)
    fields = _fields(connection, schema, projects)
    dropped = _drop(connection, schema, views.ours.keys() - names.values())
    _forget(connection, schema, views.listed.keys() - names.values())
    made = 0
    for project_id, name in names.items():
        project = projects[project_id]
        listed = field_columns(fields.get(project_id, ()), columns)
        # In its own schema a view needs no schema in front, nor the file's name, which may change.
        selected = _select(project, columns, listed)
        comment = (
            f"The issues of project {project.key} (id {project.id}) that are there, its custom fields as columns. "
            "Made and renewed by backlog-assets."
        )
        digest = hashlib.blake2b(repr((selected, listed, comment)).encode(), digest_size=12).hexdigest()
        if views.ours.get(name) != digest:
            _make(connection, schema, name, selected, listed, comment)
            _note(connection, schema, name, project, digest, comment)
            made += 1
    notes: dict[str, str | int] = {"field_views_renewed": made, "field_views_dropped": dropped}
    return {key: count for key, count in notes.items() if count} | _taken(projects, names)


def _projects(connection: DuckDBPyConnection, schema: str) -> dict[int, Project]:
    """Projects that are there, and those that are gone as long as a row of theirs is kept."""
    found = connection.execute(
        f"""-- one row a project that has a view
        SELECT id, project_key, {DELETED_AT.name} IS NULL AS is_live FROM {full_name(connection, schema, PROJECTS)} p
        WHERE is_live OR EXISTS (FROM {full_name(connection, schema, ISSUES)} i WHERE i.project_id = p.id)
        ORDER BY id"""
    ).fetchall()
    return {int(id_): Project(int(id_), str(key), bool(is_live)) for id_, key, is_live in found}


def _fields(
    connection: DuckDBPyConnection, schema: str, projects: Mapping[int, Project]
) -> dict[int, list[CustomField]]:
    """The custom fields of each project; of one that is gone, those it was lost with."""
    there = columns_of(connection, schema, FIELDS)
    if not there or not columns_of(connection, schema, VALUES):
        return {}
    lost = f" OR {EVIDENCE.name} = '{LOST_ACCESS}'" if EVIDENCE.name in there else ""
    found = connection.execute(
        f"""-- one row a custom field
        SELECT project_id, {DELETED_AT.name} IS NULL, id, coalesce(type_id, 0), coalesce(name, ''),
            coalesce(description, ''), coalesce(display_order, 0), coalesce(allow_input, false)
        FROM {full_name(connection, schema, FIELDS)} WHERE {DELETED_AT.name} IS NULL{lost}"""
    ).fetchall()
    fields: dict[int, list[CustomField]] = {}
    for project_id, is_live, *told in found:
        project = projects.get(project_id)
        if project is not None and (is_live or not project.is_live):
            fields.setdefault(int(project_id), []).append(CustomField(*told))
    return fields


def _select(project: Project, columns: Mapping[str, str], listed: list[FieldColumn]) -> str:
    """The query of a view. The rows of values are narrowed to the project's fields before they are put in columns."""
    shown = ", ".join(f"i.{quoted(name)}" for name in columns)
    where = f"WHERE i.project_id = {project.id} AND i.{DELETED_AT.name} IS NULL"
    if not listed:
        return f"SELECT {shown} FROM {ISSUES} i {where}"
    own = ", ".join(f"f.{quoted(one.name)}" for one in listed)
    values = ", ".join(
        f"any_value({one.value}) FILTER (id = {one.field_id})::{one.type} AS {quoted(one.name)}" for one in listed
    )
    ids = ", ".join(str(one) for one in sorted({one.field_id for one in listed}))
    return (
        f"SELECT {shown}, {own} FROM {ISSUES} i LEFT JOIN "
        f"(SELECT issue_id AS _issue_id, {values} FROM {VALUES} WHERE id IN ({ids}) GROUP BY issue_id) f "
        f"ON f._issue_id = i.id {where}"
    )


def _make(
    connection: DuckDBPyConnection, schema: str, name: str, selected: str, listed: list[FieldColumn], comment: str
) -> None:
    view = full_name(connection, schema, name)
    connection.execute(f"CREATE OR REPLACE VIEW {view} AS {selected}")
    connection.execute(f"COMMENT ON VIEW {view} IS {_literal(comment)}")
    for one in listed:
        connection.execute(f"COMMENT ON COLUMN {view}.{quoted(one.name)} IS {_literal(one.doc)}")


def _views(connection: DuckDBPyConnection, schema: str) -> _Views:
    views = _Views()
    there = connection.execute(
        "SELECT schema_name, view_name, comment FROM duckdb_views() WHERE database_name = current_database() "
        "UNION ALL "
        "SELECT schema_name, table_name, NULL FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()
    views.comments = {folded(name): comment for inside, name, comment in there if folded(inside) == folded(schema)}
    if columns_of(connection, OPS, BOOK):
        book = full_name(connection, OPS, BOOK)
        found = connection.execute(
            f"SELECT view_name, definition, comment FROM {book} WHERE schema_name = ?", [schema]
        ).fetchall()
        views.listed = {str(name): (str(definition), str(comment)) for name, definition, comment in found}
    return views


def _drop(connection: DuckDBPyConnection, schema: str, names: set[str]) -> int:
    for name in sorted(names):
        connection.execute(f"DROP VIEW {full_name(connection, schema, name)}")
    return len(names)


def _forget(connection: DuckDBPyConnection, schema: str, names: set[str]) -> None:
    if names:
        book = full_name(connection, OPS, BOOK)
        connection.execute(
            f"DELETE FROM {book} WHERE schema_name = ? AND view_name IN (SELECT unnest(?::VARCHAR[]))",
            [schema, sorted(names)],
        )


def _note(connection: DuckDBPyConnection, schema: str, name: str, project: Project, digest: str, comment: str) -> None:
    ensure_table(connection, OPS, BOOK, FIELD_VIEWS)
    _forget(connection, schema, {name})
    connection.execute(
        f"INSERT INTO {full_name(connection, OPS, BOOK)} "
        "(schema_name, view_name, project_id, project_key, definition, comment) VALUES (?, ?, ?, ?, ?, ?)",
        [schema, name, project.id, project.key, digest, comment],
    )


def _taken(projects: Mapping[int, Project], names: Mapping[int, str]) -> dict[str, str | int]:
    """A note on the projects whose view is called otherwise, because something else is called so."""
    told: list[str] = []
    for project in projects.values():
        plain, name = plain_view_name(project.key), names.get(project.id)
        if name != plain:
            instead = f"the issues of {project.key} are in {name}" if name else f"{project.key} has no view"
            told.append(f"{plain} is something else; {instead}")
    more = f" (and {len(told) - MOST_NAMED} more)" if len(told) > MOST_NAMED else ""
    return {"field_views_otherwise_called": f"{'; '.join(told[:MOST_NAMED])}{more}."} if told else {}


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''").replace("\0", "") + "'"
