"""What tables and columns mean, as DuckDB comments, English then Japanese. Only DuckDB.

`backlog_ops.meanings` says which comments a table was given, so that a load of a table that has them asks two short
questions and writes nothing: looking at the comments of all columns (`duckdb_columns()`) costs five times as much.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue.bookkeeping import BOOKS, MEANINGS
from backlog_assets.catalogue.spec import Column, Endpoint
from backlog_assets.catalogue.table import tables_of
from backlog_assets.cursors import OPS
from backlog_assets.history import AS_OF, AS_OF_DOC, AS_OF_DOC_JA, TABLES
from backlog_assets.warehouse import folded, full_name, quoted


class Told(Protocol):
    """What says in two languages what it is."""

    @property
    def name(self) -> str: ...
    @property
    def doc(self) -> str: ...
    @property
    def doc_ja(self) -> str: ...


Part = tuple[str, Told, Sequence[Column]]
"""The schema, the table and its columns."""


def describe_load(connection: DuckDBPyConnection, schema: str, endpoint: Endpoint) -> None:
    """Comments an endpoint's tables and views where they lack their comments, and the books. In the load's transaction.

    Views are made anew by each load, without any comment, so theirs are written each time.
    """
    tables = tables_of(endpoint)
    _describe(
        connection,
        [(schema, one, table.columns) for one, table in zip((endpoint, *endpoint.children), tables, strict=True)],
    )
    for view in endpoint.views:
        connection.execute(_script(connection, "VIEW", (schema, view, tables[0].columns)))


def describe_history(connection: DuckDBPyConnection, schema: str) -> None:
    """The same for the tables of the history and the macro beside them, when they were built."""
    _describe(connection, [(schema, table, table.columns) for table in TABLES])
    found = connection.execute(
        "SELECT 1 FROM duckdb_functions() WHERE database_name = current_database() AND schema_name = ? "
        "AND function_name = ? LIMIT 1",
        [schema, AS_OF],
    ).fetchone()
    if found is not None:
        name, text = full_name(connection, schema, AS_OF), _literal(f"{AS_OF_DOC} {AS_OF_DOC_JA}")
        connection.execute(f"COMMENT ON MACRO TABLE {name} IS {text}")


def comment_of(told: Told | Column) -> str:
    """The comment: what it means in English, then in Japanese."""
    return f"{told.doc} {told.doc_ja}"


def _describe(connection: DuckDBPyConnection, parts: Sequence[Part]) -> None:
    """Comments those of these tables, and of the books, that are there without the comments they should have."""
    there = _tables(connection)
    is_kept = (folded(OPS), MEANINGS.name) in there
    known = _marks(connection) if is_kept else {}
    new: dict[tuple[str, str], str] = {}
    for part in [*parts, *((OPS, book, book.columns) for book in BOOKS)]:
        schema, table, _ = part
        place = (folded(schema), table.name)
        if place not in there:
            continue
        comment, width = there[place]
        mark = _mark(part, width)
        if comment != comment_of(table) or known.get(place) != mark:
            connection.execute(_script(connection, "TABLE", part))
            new[place] = mark
    if new and not is_kept:
        listed = ", ".join(f"{quoted(column.name)} {column.type}" for column in MEANINGS.columns)
        connection.execute(f"CREATE TABLE {full_name(connection, OPS, MEANINGS.name)} ({listed})")
    if new:
        _keep(connection, new, [place for place in new if place in known])


def _tables(connection: DuckDBPyConnection) -> dict[tuple[str, str], tuple[str | None, int]]:
    """Schema and name of every table -> its comment and how many columns it has.

    A table that was made anew has no comment, whatever was noted down of it.
    """
    found = connection.execute(
        "SELECT schema_name, table_name, comment, column_count FROM duckdb_tables() "
        "WHERE database_name = current_database()"
    ).fetchall()
    return {(folded(schema), folded(name)): (comment, int(width)) for schema, name, comment, width in found}


def _marks(connection: DuckDBPyConnection) -> dict[tuple[str, str], str]:
    book = full_name(connection, OPS, MEANINGS.name)
    found = connection.execute(f"SELECT schema_name, table_name, mark FROM {book}").fetchall()
    return {(str(schema), str(table)): str(mark) for schema, table, mark in found}


def _keep(connection: DuckDBPyConnection, marks: Mapping[tuple[str, str], str], old: Sequence[tuple[str, str]]) -> None:
    """Writes marks down, in the place of the `old` ones."""
    book = full_name(connection, OPS, MEANINGS.name)
    for place in old:
        connection.execute(f"DELETE FROM {book} WHERE schema_name = ? AND table_name = ?", place)
    values = ", ".join(["(?, ?, ?)"] * len(marks))
    connection.execute(
        f"INSERT INTO {book} (schema_name, table_name, mark) VALUES {values}",
        [value for (schema, table), mark in marks.items() for value in (schema, table, mark)],
    )


def _mark(part: Part, width: int) -> str:
    """Another one where a word has changed, or the table has got a column."""
    _, table, columns = part
    words = "\n".join([comment_of(table), *(f"{column.name} {comment_of(column)}" for column in columns)])
    return hashlib.sha256(words.encode()).hexdigest()[:16] + f"/{width}"


def _script(connection: DuckDBPyConnection, kind: str, part: Part) -> str:
    """All comments of a table or view. One text: a statement at a time takes half as long again."""
    return "; ".join(_statements(connection, kind, part))


def _statements(connection: DuckDBPyConnection, kind: str, part: Part) -> Iterator[str]:
    schema, table, columns = part
    name = full_name(connection, schema, table.name)
    yield f"COMMENT ON {kind} {name} IS {_literal(comment_of(table))}"
    there = {folded(column[0]) for column in connection.execute(f"SELECT * FROM {name} LIMIT 0").description}
    for column in columns:
        if folded(column.name) in there:  # a table of an older version has the rest when it is next loaded
            yield f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {_literal(comment_of(column))}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
