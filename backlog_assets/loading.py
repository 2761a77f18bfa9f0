"""From spool to tables: one transaction for an endpoint's table, the tables in it and its bookkeeping. Only DuckDB."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import duckdb
from duckdb import DuckDBPyConnection

from backlog_assets.catalogue.spec import Child, Column, Endpoint, Load
from backlog_assets.catalogue.table import (
    BY_CENSUS,
    DELETED_AT,
    EVIDENCE,
    EXTRA,
    LOADED_AT,
    LOST_ACCESS,
    Table,
    child_table,
    table_of,
    tables_of,
)
from backlog_assets.errors import Misfit, WrongShape
from backlog_assets.spool import Spooled
from backlog_assets.warehouse import columns_of, ensure_schema, ensure_table, full_name, quoted

Fields: TypeAlias = "dict[str, str | Fields]"
"""What to read of a record: field -> DuckDB type, or the fields of an object."""

READ_AS = {"DATE": "TIMESTAMP"}
"""Backlog sends days as instants (`2026-05-05T00:00:00Z`); `_value` turns them into days."""

SAMPLE_ROWS = 5
SAMPLE_CHARACTERS = 60
PERSONAL = frozenset({"mail_address", "keyword", "hook_url"})
"""Columns with mail addresses in them, or with addresses that who knows them may write to; they are in no sample."""


@dataclass
class Figures:
    """What a load did to a table, or to one project's rows of it."""

    rows: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0


@dataclass
class Loaded(Figures):
    """What a load did to a table in all and, where its rows belong to projects, by project id. `sample`: a few rows.

    `followed` are those of the deleted rows that have followed a row of another table, of which they were.
    """

    followed: int = 0
    table: str = ""
    by_project: dict[int, Figures] = field(default_factory=dict[int, Figures])
    sample: list[dict[str, str | None]] = field(default_factory=list[dict[str, "str | None"]])


class Loader:
    """Writes what was spooled into the tables of its endpoint, inside the caller's transaction."""

    def __init__(self, connection: DuckDBPyConnection, schema: str, spooled: Spooled, now: datetime) -> None:
        self._connection = connection
        self._schema = schema
        self._spooled = spooled
        self._now = now
        self._projects = None if spooled.projects is None else list(spooled.projects.values())

    def load(self) -> dict[str, Loaded]:
        """Loads table, child tables and views. Raises Misfit where a value does not fit; then nothing was written."""
        endpoint = self._spooled.endpoint
        ensure_schema(self._connection, self._schema)
        parent = table_of(endpoint)
        loaded = {parent.name: self._load_parent(endpoint, parent)}
        for child in endpoint.children:
            loaded[child.name] = self._load_child(child)
        for table in tables_of(endpoint):
            loaded[table.name].sample = self._sample(table)
        for view in endpoint.views:
            self._connection.execute(
                f"CREATE OR REPLACE VIEW {self._name(view.name)} AS SELECT * FROM {self._name(parent.name)}"
            )
            loaded[view.name] = loaded[parent.name]
        return loaded

    def _rows(self, endpoint: Endpoint, table: Table) -> str:
        """The endpoint's records in the spool as a SELECT."""
        fields = _fields(endpoint.columns)
        if endpoint.per_project:
            fields |= {"projectId": "BIGINT", "projectKey": "VARCHAR"}
        return self._select(
            table, {column: _value(column) for column in table.content}, self._reader(table.name, fields)
        )

    def _load_parent(self, endpoint: Endpoint, table: Table) -> Loaded:
        rows = self._rows(endpoint, table)
        if endpoint.load is Load.HISTORY:
            return self._insert_all(table, rows)
        missing = "mark" if table.keeps_deleted else "keep"
        if self._spooled.changes_only:
            missing = "listed"
        return self._merge(
            table, rows, adds_only=endpoint.load is Load.APPEND and not self._spooled.renews, missing=missing
        )

    def _load_child(self, child: Child) -> Loaded:
        table = child_table(child)
        item = _struct(_fields(child.columns))
        read = self._reader(child.name, {"id": child.parent_type, child.field: f"{item}[]"})
        items = f"(SELECT id AS _parent, unnest({quoted(child.field)}) AS _item FROM {read})"
        values = {column: _value(column) for column in (*child.columns, EXTRA)}
        rows = self._select(table, {child.parent_id: "_parent", **values}, f"(SELECT _parent, _item.* FROM {items})")
        parents = f"(SELECT id FROM {self._reader(self._spooled.endpoint.name, {'id': child.parent_type})})"
        return self._merge(table, rows, missing="delete", scope=f"{quoted(child.parent_id.name)} IN {parents}")

    def _merge(
        self, table: Table, rows: str, *, missing: str, adds_only: bool = False, scope: str | None = None
    ) -> Loaded:
        """Adds, replaces and removes, so that the table holds `rows` and unchanged rows are not written again.

        Rows in `scope` (an SQL condition; the projects that were read, else everything) that are missing from `rows`
        are marked deleted ("mark"), deleted ("delete") or left alone ("keep"; "listed": but for those known to be gone,
        which are marked deleted).
        """
        self._ensure(table)
        name, connection = self._name(table.name), self._connection
        if self._is_empty(table) and self._insert_first(table, rows):
            return self._figures(table, inserted=True)
        self._run(f"CREATE OR REPLACE TEMP TABLE staged AS {rows}", table)
        self._drop_repeats(table)
        match = _same("s", "t", table.key)
        content = [quoted(column.name) for column in table.content]
        differs = _row("s", content) + " IS DISTINCT FROM " + _row("t", content)
        revived = f" OR t.{DELETED_AT.name} IS NOT NULL" if table.keeps_deleted else ""
        connection.execute(
            f"""-- rows of the load that are new or no longer as they were
            CREATE OR REPLACE TEMP TABLE changed AS
            SELECT s.*, t._is_there IS NULL AS _is_new
            FROM staged s LEFT JOIN (SELECT *, true AS _is_there FROM {name}) t ON {match}
            WHERE t._is_there IS NULL{"" if adds_only else f" OR {differs}{revived}"}"""
        )
        where, values = ("true", []) if scope is None else (scope, [])
        if scope is None and self._projects is not None:
            where, values = "t.project_id IN (SELECT unnest(?))", [self._projects]
        lost = f"{where} AND NOT EXISTS (FROM staged s WHERE {match})"
        if missing == "listed":
            self._list_gone()
            lost = f"t.id IN (SELECT id FROM known_gone) AND {lost}"
        marks = missing in ("mark", "listed")
        alive = f" AND t.{DELETED_AT.name} IS NULL" if marks else ""
        project = "t.project_id" if table.per_project else "NULL"
        connection.execute("CREATE OR REPLACE TEMP TABLE gone AS SELECT NULL::BIGINT AS project_id LIMIT 0")
        if missing != "keep":
            connection.execute(f"INSERT INTO gone SELECT {project} FROM {name} t WHERE {lost}{alive}", values)
        if marks:
            evidence, known = self._evidence(table, missing)
            # What was lost with its project, and is not there now that the project can be seen again, is gone.
            surely = f"t.{EVIDENCE.name} = '{LOST_ACCESS}' AND {evidence} <> '{LOST_ACCESS}'"
            connection.execute(
                f"UPDATE {name} t SET {DELETED_AT.name} = ?, {EVIDENCE.name} = {evidence} "
                f"WHERE {lost} AND (t.{DELETED_AT.name} IS NULL OR {surely})",
                [self._now, *known, *values, *known],
            )
        elif missing == "delete":
            connection.execute(f"DELETE FROM {name} t WHERE {lost}", values)
        connection.execute(f"DELETE FROM {name} t USING changed s WHERE {match} AND NOT s._is_new")
        connection.execute(
            f"INSERT INTO {name} BY NAME SELECT {', '.join(content)}, ?::TIMESTAMPTZ AS {LOADED_AT.name} FROM changed",
            [self._now],
        )
        return self._figures(table)

    def _list_gone(self) -> None:
        """Temp table `known_gone`: ids that Backlog no longer has, with the evidence."""
        gone = self._spooled.gone
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE known_gone AS SELECT unnest(?::BIGINT[]) AS id, unnest(?::VARCHAR[]) AS how",
            [list(gone), list(gone.values())],
        )

    def _evidence(self, table: Table, missing: str) -> tuple[str, list[Any]]:
        """How it is known that a row `t` is gone, as SQL with its values."""
        if missing == "listed":
            return "(SELECT how FROM known_gone g WHERE g.id = t.id)", []
        if table.name == "projects":
            return f"'{LOST_ACCESS}'", []
        if self._spooled.visible is None or not table.per_project:
            return f"'{BY_CENSUS}'", []
        seen = f"t.project_id IN (SELECT unnest(?::BIGINT[])) THEN '{BY_CENSUS}' ELSE '{LOST_ACCESS}'"
        return f"CASE WHEN {seen} END", [list(self._spooled.visible)]

    def _insert_first(self, table: Table, rows: str) -> bool:
        """Straight from the spool into an empty table; False (and the table still empty) where a key repeats."""
        self._insert(table, rows)
        if not table.key or not self._count(f"SELECT {_repeats(table.key)} FROM {self._name(table.name)}"):
            return True
        self._connection.execute(f"DELETE FROM {self._name(table.name)}")
        return False

    def _insert_all(self, table: Table, rows: str) -> Loaded:
        self._ensure(table)
        inserted = self._insert(table, rows)
        in_all = self._count(f"SELECT count(*) FROM {self._name(table.name)}")
        return Loaded(table=table.name, rows=in_all, inserted=inserted)

    def _insert(self, table: Table, rows: str) -> int:
        stamped = f"SELECT *, $now::TIMESTAMPTZ AS {LOADED_AT.name} FROM ({rows})"
        stamped = f"INSERT INTO {self._name(table.name)} BY NAME {stamped}"
        found = self._run(stamped, table, {"now": self._now}).fetchone()
        return int(found[0]) if found else 0

    def _drop_repeats(self, table: Table) -> None:
        if table.key and self._count(f"SELECT {_repeats(table.key)} FROM staged"):
            keys = ", ".join(map(quoted, table.key))
            self._connection.execute(
                f"DELETE FROM staged WHERE rowid NOT IN (SELECT max(rowid) FROM staged GROUP BY {keys})"
            )

    def _figures(self, table: Table, *, inserted: bool = False) -> Loaded:
        """Counts what was done: in all, and by project where rows belong to one."""
        result = Loaded(table=table.name)
        alive = f"WHERE {DELETED_AT.name} IS NULL" if table.keeps_deleted else ""
        project = "project_id" if table.per_project else "NULL"
        rows = self._connection.execute(f"SELECT {project}, count(*) FROM {self._name(table.name)} {alive} GROUP BY 1")
        _add(result, "rows", rows.fetchall())
        if inserted:
            result.inserted = result.rows
            for figures in result.by_project.values():
                figures.inserted = figures.rows
            return result
        changed = f"SELECT {project}, count(*) FILTER (_is_new), count(*) FILTER (NOT _is_new) FROM changed GROUP BY 1"
        for project_id, new, replaced in self._connection.execute(changed).fetchall():
            _add(result, "inserted", [(project_id, new)])
            _add(result, "updated", [(project_id, replaced)])
        _add(result, "deleted", self._connection.execute("SELECT project_id, count(*) FROM gone GROUP BY 1").fetchall())
        return result

    def _sample(self, table: Table) -> list[dict[str, str | None]]:
        """A few rows to look at, texts cut short, without mail addresses and without what may hold anything (JSON)."""
        shown = [column.name for column in table.content if column.type != "JSON" and column.name not in PERSONAL]
        listed = ", ".join(f"left({quoted(name)}::VARCHAR, {SAMPLE_CHARACTERS})" for name in shown)
        found = self._connection.execute(f"SELECT {listed} FROM {self._name(table.name)} LIMIT {SAMPLE_ROWS}")
        return [dict(zip(shown, row, strict=True)) for row in found.fetchall()]

    def _select(self, table: Table, values: Mapping[Column, str], source: str) -> str:
        listed = ", ".join(f"{value} AS {quoted(column.name)}" for column, value in values.items())
        missing = [quoted(key) for key in table.key if key != LOADED_AT.name]
        if not missing:
            return f"SELECT {listed} FROM {source}"
        # A row without its key could be neither found again nor told from another.
        needed = " OR ".join(f"{key} IS NULL" for key in missing)
        told = f"error('{table.name}: a record has no {' and no '.join(missing)}')"
        return f"SELECT * FROM (SELECT {listed} FROM {source}) WHERE CASE WHEN {needed} THEN {told} ELSE true END"

    def _reader(self, table: str, fields: Fields) -> str:
        """A table's part of the spool as a relation with these fields.

        Buffers follow the longest line, so that they stay small.
        """
        part = self._spooled.parts[table]
        size = 1 << max(16, math.ceil(math.log2(part.longest_bytes + 1)))
        path = str(part.path).replace("'", "''")
        columns = ", ".join(
            f"{_literal(name)}: {_literal(kind if isinstance(kind, str) else _struct(kind))}"
            for name, kind in {**fields, EXTRA.field: "JSON"}.items()
        )
        return (
            f"read_json('{path}', format = 'newline_delimited', maximum_object_size = {size}, columns = {{{columns}}})"
        )

    def _run(self, sql: str, table: Table, values: Mapping[str, Any] | None = None) -> DuckDBPyConnection:
        try:
            return self._connection.execute(sql, dict(values) if values else None)
        except duckdb.InvalidInputException as error:
            text = str(error)
        except duckdb.ConversionException as error:
            text = str(error)
        if "a record has no" in text:
            raise WrongShape(f"{text.split('Error: ')[-1]}. Nothing was written.")
        raise Misfit(f"{self._misfit(table)} Nothing was written; does the catalogue still have the right type?")

    def _misfit(self, table: Table) -> str:
        """Names the column and value DuckDB could not read, by reading one column at a time outside the transaction."""
        endpoint = self._spooled.endpoint
        is_parent = table.name == endpoint.name
        field_of = next((child.field for child in endpoint.children if child.name == table.name), None)
        with duckdb.connect(config={"threads": 1}) as probe:
            for column in table.content:
                fields = _fields((column,))
                asked: Fields = fields if is_parent or field_of is None else {field_of: f"{_struct(fields)}[]"}
                try:
                    probe.execute(f"SELECT count(COLUMNS(*)) FROM {self._reader(table.name, asked)}").fetchall()
                except duckdb.Error as error:
                    told = str(error).splitlines()[0].split("line ")[-1]
                    return f"A value does not fit {table.name}.{column.name} ({column.type}); record {told}."
        return f"A value does not fit a column of {table.name}."

    def _ensure(self, table: Table) -> None:
        ensure_table(
            self._connection, self._schema, table.name, [(column.name, column.type) for column in table.columns]
        )

    def _is_empty(self, table: Table) -> bool:
        return self._connection.execute(f"SELECT 1 FROM {self._name(table.name)} LIMIT 1").fetchone() is None

    def _count(self, sql: str) -> int:
        found = self._connection.execute(sql).fetchone()
        return int(found[0]) if found else 0

    def _name(self, table: str) -> str:
        return full_name(self._connection, self._schema, table)


def mark_orphans(connection: DuckDBPyConnection, schema: str, tables: Sequence[Table]) -> None:
    """Rows of projects that have vanished stay, marked deleted as of the same instant, as lost with their project."""
    for table in tables:
        if table.per_project and table.keeps_deleted and columns_of(connection, schema, table.name):
            ensure_table(connection, schema, table.name, [(column.name, column.type) for column in table.columns])
            connection.execute(
                f"""UPDATE {full_name(connection, schema, table.name)} t
                SET {DELETED_AT.name} = p.{DELETED_AT.name}, {EVIDENCE.name} = '{LOST_ACCESS}'
                FROM {full_name(connection, schema, "projects")} p
                WHERE p.id = t.project_id AND p.{DELETED_AT.name} IS NOT NULL AND t.{DELETED_AT.name} IS NULL"""
            )


def _fields(columns: Sequence[Column]) -> Fields:
    """What to read for these columns: dotted fields become objects."""
    fields: Fields = {}
    for column in columns:
        if column.sql is not None:
            continue
        *roots, leaf = column.field.split(".")
        place = fields
        for root in roots:
            inside = place.setdefault(root, {})
            assert isinstance(inside, dict), f"{column.field}: {root} is a column of its own"
            place = inside
        place[leaf] = READ_AS.get(column.type, column.type)
    return fields


def _struct(fields: Fields) -> str:
    inside = (
        f"{quoted(name)} {kind if isinstance(kind, str) else _struct(kind)}"
        for name, kind in ({**fields, EXTRA.field: "JSON"} if EXTRA.field not in fields else fields).items()
    )
    return f"STRUCT({', '.join(inside)})"


def _value(column: Column) -> str:
    """The column's value out of what was read. A day is the nearest midnight: `T15:00:00Z` is midnight in Japan."""
    if column.sql is not None:
        return f"({column.sql})"
    field = ".".join(map(quoted, column.field.split(".")))
    return f"CAST({field} + INTERVAL 12 HOURS AS DATE)" if column.type == "DATE" else field


def _same(left: str, right: str, key: Sequence[str]) -> str:
    return " AND ".join(f"{left}.{quoted(name)} = {right}.{quoted(name)}" for name in key) or "true"


def _row(alias: str, columns: Sequence[str]) -> str:
    return f"({', '.join(f'{alias}.{column}' for column in columns)})"


def _repeats(key: Sequence[str]) -> str:
    return f"count(*) - count(DISTINCT ({', '.join(map(quoted, key))}))"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _add(result: Loaded, name: str, counts: Sequence[tuple[int | None, int]]) -> None:
    for project_id, count in counts:
        setattr(result, name, getattr(result, name) + count)
        if project_id is not None:
            figures = result.by_project.setdefault(project_id, Figures())
            setattr(figures, name, getattr(figures, name) + count)
