"""pandas frames in and out of DuckDB: by name, by type, by partition. Knows no Dagster but its table slice."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import duckdb
import pandas as pd
from dagster._core.storage.db_io_manager import TablePartitionDimension, TableSlice
from duckdb import DuckDBPyConnection

from backlog_assets.errors import Misfit, Refused
from backlog_assets.slices import column_or_sql, condition, partitions_joined
from backlog_assets.values import plain_frame
from backlog_assets.warehouse import columns_of, ensure_table, folded, full_name, quoted

_SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
WHOLE_NUMBERS = frozenset((*_SIGNED, *(f"U{kind}" for kind in _SIGNED)))
INEXACT = frozenset({"FLOAT", "DOUBLE"})

NOISE = "1e-9"
"""What a sum of floats may be off by, as a share of itself, and still be the decimal number that is meant."""

FRAME = "_frame"


@dataclass
class Written:
    """What a write made of the table. `types`: column -> DuckDB type; none where nothing says what the columns are.

    `unknown`: declared types (column -> type) that DuckDB does not know. `by_partition`: rows of each of the `parts`.
    """

    types: dict[str, str]
    unknown: dict[str, str] = field(default_factory=dict[str, str])
    by_partition: list[int] = field(default_factory=list[int])


def replace_frame(
    connection: DuckDBPyConnection,
    table_slice: TableSlice,
    frame: pd.DataFrame,
    declared: Mapping[str, str | None],
    parts: Sequence[Sequence[TablePartitionDimension]] = (),
) -> Written:
    """Puts `frame` in the place of the slice's rows: the whole table, or those of the partitions.

    Columns go by name. A new column is added to the table, one the frame lacks is null. Types are the `declared` ones
    (column -> DuckDB type; the table follows), else those the table has, else those of the frame. Raises Misfit for a
    value that would be changed by its type, and for a row of another partition; the caller's transaction then changes
    nothing.
    """
    write = _Write(connection, table_slice, frame)
    known, unknown = _known(connection, declared)
    types = write.types(known)
    if not types:
        return Written({}, unknown)
    write.check_values(types)
    write.prepare(types)
    write.replace(types)
    return Written(types, unknown, write.counts(types, parts))


def read_frame(connection: DuckDBPyConnection, table_slice: TableSlice) -> pd.DataFrame:
    """The slice's rows as a frame: its columns (all where none are named), of its partitions.

    What is JSON in the table is what it was before: a dict, a list. Raises Refused where there is no such table or
    column.
    """
    schema, table = table_slice.schema, table_slice.table
    there = columns_of(connection, schema, table)
    if not there:
        raise Refused(f"{schema}.{table} is not in this DuckDB file yet. Materialize the asset first.")
    by_name = {folded(name): name for name in there}
    asked = list(table_slice.columns or there)
    missing = [name for name in asked if folded(name) not in by_name]
    if missing:
        raise Refused(
            f"{schema}.{table} has no column {', '.join(map(repr, missing))}; it has {', '.join(map(repr, there))}."
        )
    columns = ", ".join(map(quoted, asked))
    name = full_name(connection, schema, table)
    where, values = _condition(connection, table_slice, name)
    try:
        frame = connection.execute(f"SELECT {columns} FROM {name} WHERE {where}", values).df()
    except duckdb.ProgrammingError as error:
        raise _no_partition_column(table_slice, error) from None
    # A column asked for twice keeps its place; DuckDB gives the second one another name.
    for at, column in enumerate(asked):
        if there[by_name[folded(column)]] == "JSON":
            texts = cast("pd.Series", frame.iloc[:, at])
            frame.isetitem(at, texts.map(json.loads, na_action="ignore"))
    return frame


def changed(column: str, source: str, target: str) -> str:
    """When a value of SQL `column` would not be the same in a column of type `target`, as an SQL condition.

    A pure decision over DuckDB types; nulls fit everywhere and are the caller's to leave out.
    """
    new = f"TRY_CAST({column} AS {target})"
    lost = f"{new} IS NULL"
    if source == "VARCHAR" and (target in WHOLE_NUMBERS or target.startswith("DECIMAL")):
        return f"{lost} OR {_differs(f'TRY_CAST({column} AS DOUBLE)', f'CAST({new} AS DOUBLE)', target)}"
    if source in INEXACT and (target in WHOLE_NUMBERS or target.startswith("DECIMAL")):
        return f"{lost} OR {_differs(f'CAST({column} AS DOUBLE)', f'CAST({new} AS DOUBLE)', target)}"
    if _is_number(source) and target not in INEXACT and (_is_number(target) or target == "BOOLEAN"):
        return f"{lost} OR TRY_CAST({new} AS {source}) IS DISTINCT FROM {column}"
    if source in WHOLE_NUMBERS and target in INEXACT:
        return f"{lost} OR TRY_CAST({new} AS {source}) IS DISTINCT FROM {column}"
    if target == "DATE":
        return f"{lost} OR TRY_CAST({column} AS TIMESTAMP) IS DISTINCT FROM CAST({new} AS TIMESTAMP)"
    if target == "TIME" and source.startswith("TIMESTAMP"):
        return "true"
    if target.startswith("TIMESTAMP") and source.startswith("TIMESTAMP_"):
        return f"{lost} OR TRY_CAST({new} AS {source}) IS DISTINCT FROM {column}"
    return lost


def _differs(old: str, new: str, target: str) -> str:
    if target in WHOLE_NUMBERS:
        return f"{old} IS DISTINCT FROM {new}"
    return f"coalesce(abs({old} - {new}) > {NOISE} * greatest(abs({old}), 1), true)"


def _is_number(kind: str) -> bool:
    return kind in WHOLE_NUMBERS or kind in INEXACT or kind.startswith("DECIMAL")


class _Write:
    """One frame on its way into one table, inside the caller's transaction."""

    def __init__(self, connection: DuckDBPyConnection, table_slice: TableSlice, frame: pd.DataFrame) -> None:
        self._connection = connection
        self._slice = table_slice
        self._name = full_name(connection, table_slice.schema, table_slice.table)
        self._there = columns_of(connection, table_slice.schema, table_slice.table)
        plain, types = plain_frame(frame, table_slice.table)
        self._rows = self._registered(plain, types)
        self._incoming = self._described(f"SELECT * FROM ({self._rows})") if self._rows else {}

    def types(self, declared: Mapping[str, str]) -> dict[str, str]:
        """Column -> type of what will be written: as declared, as in the table, as in the frame."""
        there = {folded(name): kind for name, kind in self._there.items()}
        known = {**there, **{folded(name): kind for name, kind in declared.items()}}
        types = {name: known.get(folded(name), kind) for name, kind in self._incoming.items()}
        in_frame = set(map(folded, types))
        rest = {**self._there, **declared}
        return types | {name: known[folded(name)] for name in rest if folded(name) not in in_frame}

    def check_values(self, types: Mapping[str, str]) -> None:
        """Raises Misfit where a cast to the column's type would fail or change a value (1.6 to 2)."""
        for name, source in self._incoming.items():
            self._check(name, source, types[name], f"({self._rows})")

    def prepare(self, types: Mapping[str, str]) -> None:
        """Makes the table or brings it up to `types`. Before any row is deleted: DuckDB alters no table after that."""
        ensure_table(self._connection, self._slice.schema, self._slice.table, list(types.items()))
        wanted = {folded(name): kind for name, kind in types.items()}
        for name, kind in self._there.items():
            target = wanted[folded(name)]
            if kind == target:
                continue
            where, values = self._condition(self._name)
            stay = f"(SELECT * FROM {self._name} WHERE ({where}) IS NOT TRUE)"
            self._check(name, kind, target, stay, values)
            self._connection.execute(
                f"ALTER TABLE {self._name} ALTER COLUMN {quoted(name)} TYPE {target} "
                f"USING TRY_CAST({quoted(name)} AS {target})"
            )

    def replace(self, types: Mapping[str, str]) -> None:
        """The slice's rows out, the frame's in. Raises Misfit for a row that belongs to another partition."""
        where, values = self._condition(self._name)
        cast_rows = self._cast_rows(types)
        if cast_rows and self._slice.partition_dimensions:
            self._check_partition(cast_rows, where, values)
        try:
            self._connection.execute(f"DELETE FROM {self._name} WHERE {where}", values)
            if cast_rows:
                self._connection.execute(f"INSERT INTO {self._name} BY NAME {cast_rows}")
        except duckdb.ConversionException as error:
            raise Misfit(f"{self._slice.table}: {_first_line(error)} Nothing was written.") from None
        except duckdb.ProgrammingError as error:
            raise _no_partition_column(self._slice, error) from None

    def counts(self, types: Mapping[str, str], parts: Sequence[Sequence[TablePartitionDimension]]) -> list[int]:
        """How many of the frame's rows are in each of `parts`."""
        cast_rows = self._cast_rows(types)
        if not parts or not cast_rows:
            return [0 for _ in parts]
        keys, on, values = partitions_joined(parts, self._type_in(self._name))
        found = self._connection.execute(
            f"SELECT __part, count(*) FROM ({cast_rows}) JOIN ({keys}) ON {on} GROUP BY __part", values
        ).fetchall()
        counted = dict(found)
        return [int(counted.get(part, 0)) for part in range(len(parts))]

    def _registered(self, plain: pd.DataFrame, types: Mapping[str, str]) -> str:
        """The frame as a SELECT; empty where it has no column."""
        if not len(plain.columns):
            return ""
        try:
            self._connection.register(FRAME, plain)
        except duckdb.NotImplementedException as error:
            raise Misfit(
                f"{self._slice.table}: {_first_line(error)} ({_strange_columns(plain)}). Nothing was written; "
                f"change it to a dtype of numbers, texts or times."
            ) from None
        listed = ", ".join(
            f"CAST({quoted(name)} AS {types[name]}) AS {quoted(name)}" if name in types else quoted(name)
            for name in cast("list[str]", list(plain.columns))
        )
        return f"SELECT {listed} FROM {FRAME}"

    def _cast_rows(self, types: Mapping[str, str]) -> str:
        if not self._rows:
            return ""
        casts = ", ".join(f"CAST({quoted(name)} AS {types[name]}) AS {quoted(name)}" for name in self._incoming)
        return f"SELECT {casts} FROM ({self._rows})"

    def _check(self, name: str, source: str, target: str, rows: str, values: Sequence[Any] = ()) -> None:
        if source == target:
            return
        column, table = quoted(name), self._slice.table
        try:
            found = self._connection.execute(
                f"SELECT {column}::VARCHAR FROM {rows} WHERE {column} IS NOT NULL "
                f"AND ({changed(column, source, target)}) LIMIT 1",
                list(values),
            ).fetchone()
        except (duckdb.BinderException, duckdb.ConversionException, duckdb.NotImplementedException):
            raise Misfit(
                f"{table}.{name} holds {target}; values of type {source} cannot become that. Nothing was written: "
                f"change the values, or declare another type in dagster/column_schema."
            ) from None
        if found is not None:
            raise Misfit(
                f"{table}.{name} holds {target}; the value {str(found[0])[:80]!r} does not fit. Nothing was written: "
                f"change the value, or declare another type in dagster/column_schema."
            )

    def _check_partition(self, rows: str, where: str, values: list[Any]) -> None:
        expressions = [one.partition_expr for one in self._slice.partition_dimensions or ()]
        try:
            found = self._connection.execute(
                f"SELECT {', '.join(f'{column_or_sql(one)}::VARCHAR' for one in expressions)} FROM ({rows}) "
                f"WHERE ({where}) IS NOT TRUE LIMIT 1",
                values,
            ).fetchone()
        except duckdb.ConversionException as error:
            raise Misfit(f"{self._slice.table}: {_first_line(error)} Nothing was written.") from None
        except duckdb.ProgrammingError as error:
            raise _no_partition_column(self._slice, error) from None
        if found is not None:
            told = ", ".join(f"{one} = {value!r}" for one, value in zip(expressions, found, strict=True))
            raise Misfit(
                f"{self._slice.table}: the frame holds a row of another partition than the one being written: "
                f"{told[:200]}. Nothing was written."
            )

    def _described(self, sql: str) -> dict[str, str]:
        return {str(name): str(kind) for name, kind, *_ in self._connection.execute(f"DESCRIBE {sql}").fetchall()}

    def _condition(self, relation: str) -> tuple[str, list[Any]]:
        return _condition(self._connection, self._slice, relation)

    def _type_in(self, relation: str) -> Callable[[str], str]:
        return _type_in(self._connection, self._slice, relation)


def _condition(connection: DuckDBPyConnection, table_slice: TableSlice, relation: str) -> tuple[str, list[Any]]:
    """The slice's rows of a table as a condition; the partitions themselves are parameters."""
    values: list[Any] = []
    dimensions = table_slice.partition_dimensions or ()
    return condition(dimensions, _type_in(connection, table_slice, relation), _parameter(values)), values


def _type_in(connection: DuckDBPyConnection, table_slice: TableSlice, relation: str) -> Callable[[str], str]:
    def type_of(expression: str) -> str:
        try:
            found = connection.execute(f"DESCRIBE SELECT {expression} FROM {relation}").fetchone()
        except duckdb.ProgrammingError as error:
            raise _no_partition_column(table_slice, error) from None
        return str(found[1]) if found else ""

    return type_of


def _parameter(values: list[Any]) -> Callable[[Any], str]:
    def place(value: Any) -> str:
        values.append(value)
        return "?"

    return place


def _no_partition_column(table_slice: TableSlice, error: duckdb.Error) -> Refused:
    expressions = " and ".join(repr(one.partition_expr) for one in table_slice.partition_dimensions or ())
    return Refused(
        f"{table_slice.table}: the frame or the table has no column for the partition expression {expressions} "
        f"({_first_line(error)}). Nothing was written; correct the frame, or partition_expr in the asset's metadata."
    )


def _known(connection: DuckDBPyConnection, declared: Mapping[str, str | None]) -> tuple[dict[str, str], dict[str, str]]:
    """Declared types as DuckDB spells them (`int` is INTEGER), and those it does not know."""
    # On a connection of its own: a type that cannot even be read would abort the caller's transaction.
    with connection.cursor() as reader:
        spelled = {name: _spelled(reader, kind or "VARCHAR") for name, kind in declared.items()}
    known = {name: kind for name, kind in spelled.items() if kind is not None}
    return known, {name: str(kind) for name, kind in declared.items() if name not in known}


def _spelled(reader: DuckDBPyConnection, kind: str) -> str | None:
    try:
        return str(reader.type(kind))
    except duckdb.Error:
        return None


def _strange_columns(frame: pd.DataFrame) -> str:
    """The columns whose dtype DuckDB does not know."""
    with duckdb.connect(config={"threads": 1}) as probe:
        names = cast("list[str]", list(frame.columns))
        return ", ".join(name for name in names if not _is_known(probe, cast("pd.DataFrame", frame[[name]])))


def _is_known(probe: DuckDBPyConnection, frame: pd.DataFrame) -> bool:
    try:
        probe.register(FRAME, frame)
    except duckdb.NotImplementedException:
        return False
    return True


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]
