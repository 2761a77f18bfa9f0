"""Which rows of another table are asked for, and how what was read of them becomes rows. Only DuckDB.

`backlog_ops.each_state` says of each row what its `moved` column was when it was last read. It changes with the rows.
"""

from collections.abc import Collection, Mapping, Sequence
from string import Formatter
from typing import Any

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue import BY_NAME, ENDPOINTS
from backlog_assets.catalogue.spec import Endpoint, Load, Paging
from backlog_assets.catalogue.table import (
    BY_CENSUS,
    DELETED_AT,
    EVIDENCE,
    LOST_ACCESS,
    Table,
    link_of,
    tables_of,
)
from backlog_assets.cursors import OPS
from backlog_assets.each_reading import LEFT, READ, READS, RowsWanted
from backlog_assets.loading import Fields, Loaded, Loader
from backlog_assets.warehouse import columns_of, ensure_table, full_name, quoted

EACH_STATE = (
    ("table_name", "VARCHAR"),
    ("parent", "VARCHAR"),
    ("moved", "VARCHAR"),
    ("read_at", "TIMESTAMPTZ"),
)
"""Columns of `backlog_ops.each_state`: one row a table and row it was asked for (`parent`, its key), of the tables that
are asked again only of rows that moved."""

PLAIN = ("BIGINT", "INTEGER", "VARCHAR", "BOOLEAN", "DOUBLE")
"""Types of columns whose values are asked for as they are; of others, as text."""


def table_named(name: str) -> Table:
    """The catalogue's table of this name."""
    return next(table for endpoint in ENDPOINTS for table in tables_of(endpoint) if table.name == name)


def features_of(endpoint: Endpoint) -> tuple[str, ...]:
    """Columns of `projects` that must not be false: the endpoint's own feature, and those of what it is asked for."""
    own = (endpoint.feature,) if endpoint.feature else ()
    above = BY_NAME.get(endpoint.each.table) if endpoint.each is not None else None
    return tuple(dict.fromkeys((*own, *(features_of(above) if above is not None else ()))))


def switched_off(connection: DuckDBPyConnection, schema: str, endpoint: Endpoint, *, live: bool = False) -> set[int]:
    """Ids of the projects (of those not marked deleted, for `live`) that have switched off what the endpoint is about.
    What is not known is not switched off."""
    there = columns_of(connection, schema, "projects")
    features = [quoted(name) for name in features_of(endpoint) if name in there]
    if not features:
        return set()
    is_off = " OR ".join(f"{name} = false" for name in features)
    is_off = f"({is_off}) AND {DELETED_AT.name} IS NULL" if live else is_off
    name = full_name(connection, schema, "projects")
    return {int(found) for [found] in connection.execute(f"SELECT id FROM {name} WHERE {is_off}").fetchall()}


def rows_wanted(
    connection: DuckDBPyConnection,
    schema: str,
    endpoint: Endpoint,
    *,
    only: Collection[str] | None = None,
    but: Collection[str] = (),
    full: bool = False,
    most: int | None = None,
) -> RowsWanted:
    """The live rows that the endpoint is to be asked for: of the projects with the keys `only`, and not of those in
    `but`, nor of those that have switched it off; where the catalogue says what moves, those that have moved since they
    were read. With `full`, whatever is known of them; not more than `most`."""
    assert endpoint.each is not None, f"{endpoint.name} is not asked for row by row"
    parent = table_named(endpoint.each.table)
    wanted = RowsWanted(link_of(endpoint, parent))
    there = columns_of(connection, schema, parent.name)
    if not there:
        return wanted
    wanted.columns = _columns(endpoint)
    types = {column.name: column.type for column in parent.columns}
    listed = [
        f"p.{quoted(name)}" if types.get(name) in PLAIN else f"p.{quoted(name)}::VARCHAR" for name in wanted.columns
    ]
    source, values = _source(connection, schema, endpoint, parent, there, only=only, but=but, full=full)
    order = ", ".join(f"p.{quoted(name)}" for name in parent.key)
    wanted.rows = connection.execute(
        f"""-- one row a row of {parent.name} that is asked for
        SELECT {_key(parent)}, _project, _moved, {"NULL" if full else "_last_id"}, {", ".join(listed)}
        {source} ORDER BY {order} {"" if most is None else f"LIMIT {most}"}""",
        values,
    ).fetchall()
    goes_on = endpoint.load is Load.APPEND or endpoint.each.moved is not None
    is_first = not columns_of(connection, schema, endpoint.name)
    wanted.is_whole = only is None and not but and (full or is_first or not goes_on)
    return wanted


def rows_due(connection: DuckDBPyConnection, schema: str, endpoint: Endpoint, *, full: bool = False) -> int | None:
    """How many rows the endpoint is to be asked for; None where their table is not loaded."""
    assert endpoint.each is not None
    parent = table_named(endpoint.each.table)
    there = columns_of(connection, schema, parent.name)
    if not there:
        return None
    source, values = _source(connection, schema, endpoint, parent, there, only=None, but=(), full=full)
    found = connection.execute(f"SELECT count(*) {source}", values).fetchone()
    return int(found[0]) if found else 0


def _source(
    connection: DuckDBPyConnection,
    schema: str,
    endpoint: Endpoint,
    parent: Table,
    there: Mapping[str, str],
    *,
    only: Collection[str] | None,
    but: Collection[str],
    full: bool,
) -> tuple[str, dict[str, Any]]:
    """FROM and WHERE of the rows `p` that are asked for, and the values in them. They have `_project`, `_moved` and
    `_last_id` too."""
    each = endpoint.each
    assert each is not None
    conditions = [f"p.{DELETED_AT.name} IS NULL"] if DELETED_AT.name in there else []
    values: dict[str, Any] = {}
    project, projects = "''", ""
    if "project_id" in there and columns_of(connection, schema, "projects"):
        project = "coalesce(j.project_key, '')"
        projects = f"LEFT JOIN {full_name(connection, schema, 'projects')} j ON j.id = p.project_id"
        off = switched_off(connection, schema, endpoint)
        conditions += [
            f"j.{DELETED_AT.name} IS NULL",
            "NOT list_contains($off::BIGINT[], p.project_id)",
            f"NOT list_contains($but::VARCHAR[], {project})",
        ]
        values |= {"off": list(off), "but": list(but)}
        if only is not None:
            conditions.append(f"list_contains($only::VARCHAR[], {project})")
            values["only"] = list(only)
    moved = "NULL" if each.moved is None else f"p.{quoted(each.moved)}::VARCHAR"
    own = columns_of(connection, schema, endpoint.name)
    last_id = _last_id(connection, schema, endpoint, parent) if own else "NULL::BIGINT"
    is_due = "true"
    if each.moved is not None and not full:
        ensure_table(connection, OPS, "each_state", EACH_STATE)
        is_due = f"""NOT EXISTS (
                FROM {full_name(connection, OPS, "each_state")} s
                WHERE s.table_name = $table AND s.parent = {_key(parent)} AND s.moved = p._moved
            ) OR {_was_lost(connection, schema, endpoint, parent, own)}"""
        values["table"] = endpoint.name
    named = f"SELECT p.*, {project} AS _project, {moved} AS _moved, {last_id} AS _last_id"
    chosen = f"(SELECT * FROM {full_name(connection, schema, parent.name)} WHERE {each.where or 'true'})"
    there_now = " AND ".join(conditions) or "true"
    return f"FROM ({named} FROM {chosen} p {projects} WHERE {there_now}) p WHERE {is_due}", values


def _was_lost(
    connection: DuckDBPyConnection, schema: str, endpoint: Endpoint, parent: Table, own: Mapping[str, str]
) -> str:
    """What was lost with its project is there again when the project can be seen again, though nothing has moved."""
    if EVIDENCE.name not in own:
        return "false"
    name = full_name(connection, schema, endpoint.name)
    joined = _joined(link_of(endpoint, parent), "t", "p")
    return f"EXISTS (FROM {name} t WHERE {joined} AND t.{EVIDENCE.name} = '{LOST_ACCESS}')"


def _last_id(connection: DuckDBPyConnection, schema: str, endpoint: Endpoint, parent: Table) -> str:
    """SQL: the highest id that is known of what the row `p` is asked for, where that is read from there on."""
    if endpoint.load is not Load.APPEND or endpoint.paging is not Paging.BY_ID or not endpoint.key:
        return "NULL::BIGINT"
    name, joined = full_name(connection, schema, endpoint.name), _joined(link_of(endpoint, parent), "t", "p")
    return f"(SELECT max(t.{quoted(endpoint.key[-1])}) FROM {name} t WHERE {joined})"


def _columns(endpoint: Endpoint) -> tuple[str, ...]:
    """The columns of a row that the endpoint's path, params and added fields are made of."""
    assert endpoint.each is not None
    texts = (endpoint.path, *(value for _, value in endpoint.params))
    named = [name for text in texts for _, name, _, _ in Formatter().parse(text) if name]
    joining = link_of(endpoint, table_named(endpoint.each.table)).values()
    return tuple(dict.fromkeys((*named, *(column for _, column in endpoint.each.adds), *joining)))


def _key(parent: Table) -> str:
    return f"concat_ws('/', {', '.join(f'p.{quoted(name)}' for name in parent.key)})"


def _joined(link: Mapping[str, str], own: str, parent: str) -> str:
    return " AND ".join(f"{own}.{quoted(mine)} = {parent}.{quoted(theirs)}" for mine, theirs in link.items())


class EachLoader(Loader):
    """Writes what was read row by row: of each row that was asked for, what is no longer listed is marked deleted.

    What has become of a row becomes of what it was asked for, without a request. `each_state` says what was read.
    """

    def _load_parent(self, endpoint: Endpoint, table: Table) -> Loaded:
        assert endpoint.each is not None
        parent = table_named(endpoint.each.table)
        link = link_of(endpoint, parent)
        assert link, f"{endpoint.name}: each.adds has no column of the key of {parent.name}"
        self._ensure(table)
        ensure_table(self._connection, OPS, "each_state", EACH_STATE)
        self._list_reads(table, list(link))
        rows = self._rows(endpoint, table)
        if endpoint.load is Load.HISTORY:
            return self._insert_all(table, rows)
        followed = self._follow_deleted(table, parent, link)
        same = " AND ".join(f"r.{quoted(column)} = t.{quoted(column)}" for column in link)
        scope = f"EXISTS (FROM reads r WHERE {same} AND r._how <> '{LEFT}')"
        missing = "mark" if table.keeps_deleted else "keep"
        loaded = self._merge(table, rows, adds_only=endpoint.load is Load.APPEND, missing=missing, scope=scope)
        loaded.deleted += followed
        loaded.followed = followed
        if endpoint.each.moved is not None:
            self._note_state(endpoint, parent)
        return loaded

    def _list_reads(self, table: Table, columns: Sequence[str]) -> None:
        types = {column.name: column.type for column in table.content}
        fields: Fields = {"_key": "VARCHAR", "_moved": "VARCHAR", "_how": "VARCHAR"}
        fields |= {column: types[column] for column in columns}
        self._connection.execute(
            f"""-- one row a row that was wanted, and what became of it
            CREATE OR REPLACE TEMP TABLE reads AS SELECT * EXCLUDE (_extra) FROM {self._reader(READS, fields)}"""
        )

    def _follow_deleted(self, table: Table, parent: Table, link: Mapping[str, str]) -> int:
        """What belongs to rows that are not there any more is marked deleted, with the evidence of those. Returns how
        much that was."""
        there = columns_of(self._connection, self._schema, parent.name)
        if not there or not table.keeps_deleted:
            return 0
        joined, theirs = _joined(link, "t", "p"), self._name(parent.name)
        alive = f"AND p.{DELETED_AT.name} IS NULL" if DELETED_AT.name in there else ""
        evidence = f"'{BY_CENSUS}'"
        if EVIDENCE.name in there:
            evidence = f"coalesce((SELECT any_value(p.{EVIDENCE.name}) FROM {theirs} p WHERE {joined}), {evidence})"
        done = self._connection.execute(
            f"UPDATE {self._name(table.name)} t SET {DELETED_AT.name} = ?, {EVIDENCE.name} = {evidence} "
            f"WHERE t.{DELETED_AT.name} IS NULL AND NOT EXISTS (FROM {theirs} p WHERE {joined} {alive})",
            [self._now],
        ).fetchone()
        return int(done[0]) if done else 0

    def _note_state(self, endpoint: Endpoint, parent: Table) -> None:
        """What was read is known as it was then; of what is gone nothing is, so that it is read should it come back."""
        state, alive = full_name(self._connection, OPS, "each_state"), ""
        there = columns_of(self._connection, self._schema, parent.name)
        self._connection.execute(
            f"DELETE FROM {state} s USING reads r WHERE s.table_name = ? AND s.parent = r._key AND r._how <> '{LEFT}'",
            [endpoint.name],
        )
        if there:
            alive = f"WHERE p.{DELETED_AT.name} IS NULL" if DELETED_AT.name in there else ""
            self._connection.execute(
                f"DELETE FROM {state} WHERE table_name = ? AND parent NOT IN "
                f"(SELECT {_key(parent)} FROM {self._name(parent.name)} p {alive})",
                [endpoint.name],
            )
        self._connection.execute(
            f"INSERT INTO {state} (table_name, parent, moved, read_at) "
            f"SELECT ?, _key, _moved, ?::TIMESTAMPTZ FROM reads WHERE _how = '{READ}' AND _moved IS NOT NULL",
            [endpoint.name, self._now],
        )


def loader_of(endpoint: Endpoint, own: Mapping[str, type[Loader]]) -> type[Loader]:
    """What writes an endpoint's records: one of its `own`, by name, else by how it is asked."""
    return own.get(endpoint.name) or (EachLoader if endpoint.each is not None else Loader)
