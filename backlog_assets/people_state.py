"""How people's data in the tables were treated, and what to do when that is to be otherwise. Only DuckDB; asks nothing.

A schema holds rows of one treatment: names that are partly hashed, or hashed with two keys, would match nowhere. What
can be hidden in the tables as they are is hidden there, in rows that Backlog no longer has as well. What only Backlog
can tell (the names behind hashes) is emptied, and all loads begin anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson
from duckdb import DuckDBPyConnection

from backlog_assets.catalogue import ENDPOINTS, Child, Column, Endpoint, Load
from backlog_assets.catalogue.table import EXTRA, Table, child_table, table_of
from backlog_assets.cursors import OPS
from backlog_assets.errors import Refused
from backlog_assets.history import KEPT, TABLES
from backlog_assets.people import DROP, KEEP, People, is_made_in_place, mark_of, personal_columns, told
from backlog_assets.warehouse import columns_of, ensure_table, full_name, quoted

BOOK, RENEWALS = "people", "people_renewals"

PEOPLE = (("schema_name", "VARCHAR"), ("mark", "VARCHAR"))
"""Columns of `backlog_ops.people`: how people's data in a schema were treated (`people.mark_of`)."""

PEOPLE_RENEWALS = (("schema_name", "VARCHAR"), ("table_name", "VARCHAR"))
"""Columns of `backlog_ops.people_renewals`: append-only tables whose rows the next load replaces."""

STATES = ("cursors", "comment_state")
"""Bookkeeping of where loads ended; without it they begin anew."""

LEFT_BEHIND = (
    "What was written before stays in Dagster's storage, in kept raw loads, in backups, and in free space of the "
    "DuckDB file: docs/operations.md says how to be rid of it."
)


@dataclass(frozen=True)
class Place:
    """A table that people's data may be in."""

    endpoint: Endpoint
    table: Table
    child: Child | None = None

    @property
    def personal(self) -> frozenset[str]:
        """Names of the text columns with people's data."""
        return personal_columns(self.endpoint, self.table.content, self.child)

    def protected(self, column: Column, text: str, people: People) -> str:
        """JSON of a column without people's data, seen in the record it was in; the same text where there were none."""
        value = orjson.loads(text)
        before = orjson.dumps(value)
        record = value if column == EXTRA else {column.field: value}
        people.protect(self.endpoint.path, record if self.child is None else {self.child.field: [record]})
        after = orjson.dumps(value)
        return text if after == before else after.decode()


def agree(connection: DuckDBPyConnection, schema: str, mark: str) -> None:
    """Makes sure that a schema holds rows of one treatment. Raises Refused for a load of another one."""
    before = mark_in(connection, schema)
    if before is None:
        _keep(connection, schema, mark)
    elif before != mark:
        raise Refused(
            f"{_differ(schema, before, mark)} Nothing was written. Run `backlog-assets "
            f"{'sync' if is_made_in_place(before, mark) else 'sync --full'}` once with the new setting, or set it back."
        )


def change(connection: DuckDBPyConnection, schema: str, people: People | None, *, full: bool) -> str:
    """Brings the tables in line with the settings. Returns a sentence on what was done, empty for nothing.

    Raises Refused where all must be read anew, and the sync is not a `full` one.
    """
    before, mark = mark_in(connection, schema), mark_of(people)
    if before == mark or before is None:
        return ""
    if people is not None and is_made_in_place(before, mark):
        _hide(connection, schema, people)
        _keep(connection, schema, mark)
        return f"{_differ(schema, before, mark)} It was changed in all rows that were there. {LEFT_BEHIND}"
    if not full:
        raise Refused(
            f"{_differ(schema, before, mark)} Only Backlog can tell the names again: run `backlog-assets sync --full`, "
            "which empties them and reads everything, or set BACKLOG_PII and BACKLOG_PII_KEY back."
        )
    _hide(connection, schema, People(DROP))
    _begin_anew(connection, schema)
    _keep(connection, schema, mark)
    return (
        f"{_differ(schema, before, mark)} Names were emptied, and everything is read anew; those of rows that "
        "Backlog no longer has stay empty."
    )


def mark_in(connection: DuckDBPyConnection, schema: str) -> str | None:
    """How people's data in the schema were treated; None where there is no row yet."""
    if columns_of(connection, OPS, BOOK):
        book = full_name(connection, OPS, BOOK)
        found = connection.execute(f"SELECT mark FROM {book} WHERE schema_name = ?", [schema]).fetchone()
        if found is not None:
            return str(found[0])
    # Tables of an earlier version, which knew no other treatment.
    return KEEP if any(columns_of(connection, schema, endpoint.name) for endpoint in ENDPOINTS) else None


def is_renewed(connection: DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether the rows of an append-only table are to be replaced by the load that is being written."""
    if not columns_of(connection, OPS, RENEWALS):
        return False
    found = connection.execute(
        f"DELETE FROM {full_name(connection, OPS, RENEWALS)} WHERE schema_name = ? AND table_name = ?", [schema, table]
    ).fetchone()
    return bool(found and found[0])


def dropped_columns(connection: DuckDBPyConnection, schema: str, endpoint: Endpoint, table: Table) -> frozenset[str]:
    """Columns of a table that are empty because people's data are dropped."""
    if mark_in(connection, schema) != DROP:
        return frozenset()
    return frozenset[str]().union(*(one.personal for one in _places_of(endpoint) if one.table.name == table.name))


def _differ(schema: str, before: str, mark: str) -> str:
    another = " with another key" if told(before) == told(mark) else ""
    return f"People's data in schema {schema} are BACKLOG_PII={told(before)}; the setting is {told(mark)}{another} now."


def _keep(connection: DuckDBPyConnection, schema: str, mark: str) -> None:
    ensure_table(connection, OPS, BOOK, PEOPLE)
    book = full_name(connection, OPS, BOOK)
    connection.execute(f"DELETE FROM {book} WHERE schema_name = ?", [schema])
    connection.execute(f"INSERT INTO {book} (schema_name, mark) VALUES (?, ?)", [schema, mark])


def _places_of(endpoint: Endpoint) -> Iterator[Place]:
    yield Place(endpoint, table_of(endpoint))
    for child in endpoint.children:
        yield Place(endpoint, child_table(child), child)


def _hide(connection: DuckDBPyConnection, schema: str, people: People) -> None:
    """Hides people's data in every table; the history is emptied, and built anew of the tables by its next load."""
    places = [place for endpoint in ENDPOINTS for place in _places_of(endpoint)]
    inside = [(place, column) for place in places for column in place.table.content if column.type == "JSON"]

    def protected(number: int, text: str) -> str:
        place, column = inside[number]
        return place.protected(column, text, people)

    def hidden(text: str) -> str:
        return people.hidden(text) or ""

    connection.create_function("people_protected", protected, ["INTEGER", "VARCHAR"], "VARCHAR")
    connection.create_function("people_hidden", hidden, ["VARCHAR"], "VARCHAR")
    for place in places:
        there, name = columns_of(connection, schema, place.table.name), full_name(connection, schema, place.table.name)
        for column in sorted(place.personal & there.keys()):
            value = "NULL" if people.mode == DROP else f"people_hidden({quoted(column)})"
            connection.execute(f"UPDATE {name} SET {quoted(column)} = {value} WHERE {quoted(column)} <> ''")
    for number, (place, column) in enumerate(inside):
        if column.name in columns_of(connection, schema, place.table.name):
            value = f"people_protected({number}, {quoted(column.name)}::VARCHAR)"
            connection.execute(
                f"UPDATE {full_name(connection, schema, place.table.name)} SET {quoted(column.name)} = {value}::JSON "
                f"WHERE {quoted(column.name)} IS NOT NULL AND {value} <> {quoted(column.name)}::VARCHAR"
            )
    for mart in TABLES:
        if columns_of(connection, schema, mart.name):
            connection.execute(f"DELETE FROM {full_name(connection, schema, mart.name)}")
    if columns_of(connection, OPS, KEPT):
        connection.execute(f"DELETE FROM {full_name(connection, OPS, KEPT)} WHERE schema_name = ?", [schema])


def _begin_anew(connection: DuckDBPyConnection, schema: str) -> None:
    """Forgets where loads ended, and lets append-only tables replace what they have."""
    for book in STATES:
        if columns_of(connection, OPS, book):
            connection.execute(f"DELETE FROM {full_name(connection, OPS, book)}")
    if columns_of(connection, OPS, "sync_state"):
        connection.execute(f"UPDATE {full_name(connection, OPS, 'sync_state')} SET is_whole = false")
    ensure_table(connection, OPS, RENEWALS, PEOPLE_RENEWALS)
    renewals = full_name(connection, OPS, RENEWALS)
    connection.execute(f"DELETE FROM {renewals} WHERE schema_name = ?", [schema])
    for endpoint in ENDPOINTS:
        if endpoint.load is Load.APPEND and columns_of(connection, schema, endpoint.name):
            connection.execute(f"INSERT INTO {renewals} VALUES (?, ?)", [schema, endpoint.name])
