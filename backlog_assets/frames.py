"""pandas frames in and out of DuckDB: by name, by type, by partition. Knows no Dagster but its table slice."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import duckdb
import pandas as pd
from dagster._core.storage.db_io_manager import TablePartitionDimension, TableSlice
from duckdb import DuckDBPyConnection

from backlog_assets.errors import Misfit, Refused
from backlog_assets.warehouse import columns_of, ensure_table, quoted

WHOLE_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def replace_frame(
    connection: DuckDBPyConnection, table_slice: TableSlice, frame: pd.DataFrame, declared: Mapping[str, str | None]
) -> None:
    """Puts `frame` in the place of the slice's rows: the whole table, or those of the partitions.

    Columns go by name. A new column is added to the table, one the frame lacks is null. Types are the `declared` ones
    (column -> DuckDB type), else those the table has, else those of the frame. Raises Misfit for a value that would be
    changed by its type, and for a row of another partition; the caller's transaction then changes nothing.
    """
    connection.register("_frame", _with_json(frame))
    incoming = {
        str(name): str(kind) for name, kind, *_ in connection.execute("DESCRIBE SELECT * FROM _frame").fetchall()
    }
    there = {name.lower(): kind for name, kind in columns_of(connection, table_slice.schema, table_slice.table).items()}
    types = {
        name: there.get(name.lower()) or _declared(declared, name) or _own_type(frame, name, kind)
        for name, kind in incoming.items()
    }
    types |= {name: kind or "VARCHAR" for name, kind in declared.items() if name not in types}
    where, values = _where(table_slice.partition_dimensions or ())
    for name, kind in incoming.items():
        _check_fits(connection, table_slice.table, name, kind, types[name])
    ensure_table(connection, table_slice.schema, table_slice.table, list(types.items()))
    table = f"{quoted(table_slice.schema)}.{quoted(table_slice.table)}"
    connection.execute(f"DELETE FROM {table} WHERE {where}", values)
    casts = ", ".join(f"CAST({quoted(name)} AS {types[name]}) AS {quoted(name)}" for name in incoming)
    if casts:
        _check_partition(connection, table_slice, f"SELECT {casts} FROM _frame", where, values)
        connection.execute(f"INSERT INTO {table} BY NAME SELECT {casts} FROM _frame")
    connection.unregister("_frame")


def read_frame(connection: DuckDBPyConnection, table_slice: TableSlice, *, asked: bool = True) -> pd.DataFrame:
    """The slice's rows as a frame: its columns (all where none are named), of its partitions. Empty if none `asked`."""
    there = columns_of(connection, table_slice.schema, table_slice.table)
    if not there:
        raise Refused(
            f"{table_slice.schema}.{table_slice.table} is not in this DuckDB file yet. Materialize the asset first."
        )
    columns = ", ".join(map(quoted, table_slice.columns)) if table_slice.columns else "*"
    where, values = _where(table_slice.partition_dimensions or ()) if asked else ("false", [])
    table = f"{quoted(table_slice.schema)}.{quoted(table_slice.table)}"
    return connection.execute(f"SELECT {columns} FROM {table} WHERE {where}", values).df()


def _where(dimensions: Sequence[TablePartitionDimension]) -> tuple[str, list[Any]]:
    """The rows of the partitions as a condition; the partitions themselves are parameters."""
    conditions: list[str] = []
    values: list[Any] = []
    for expression, partitions in dimensions:
        if hasattr(partitions, "start"):
            window = cast("Any", partitions)
            conditions.append(f"({expression} >= ? AND {expression} < ?)")
            values += [window.start.replace(tzinfo=None), window.end.replace(tzinfo=None)]
        else:
            conditions.append(f"{expression} IN (SELECT unnest(?::VARCHAR[]))")
            values.append(list(cast("Sequence[str]", partitions)))
    return " AND ".join(conditions) or "true", values


def _check_fits(connection: DuckDBPyConnection, table: str, name: str, source: str, target: str) -> None:
    """Raises Misfit where a cast to the column's type would fail or change a value (1.6 to 2)."""
    if source == target:
        return
    column, cast_ = quoted(name), f"TRY_CAST({quoted(name)} AS {target})"
    changed = [f"{cast_} IS NULL"]
    if target in WHOLE_NUMBERS or target.startswith("DECIMAL"):
        changed.append(f"TRY_CAST({column} AS DOUBLE) IS DISTINCT FROM CAST({cast_} AS DOUBLE)")
    elif target == "DATE":
        changed.append(f"TRY_CAST({column} AS TIMESTAMP) IS DISTINCT FROM CAST({cast_} AS TIMESTAMP)")
    found = connection.execute(
        f"SELECT {column}::VARCHAR FROM _frame WHERE {column} IS NOT NULL AND ({' OR '.join(changed)}) LIMIT 1"
    ).fetchone()
    if found is not None:
        raise Misfit(
            f"{table}.{name} holds {target}; the value {str(found[0])[:80]!r} does not fit. Nothing was written: "
            f"change the value, or declare another type in dagster/column_schema and alter the table."
        )


def _check_partition(
    connection: DuckDBPyConnection, table_slice: TableSlice, rows: str, where: str, values: list[Any]
) -> None:
    if not table_slice.partition_dimensions:
        return
    try:
        found = connection.execute(f"SELECT * FROM ({rows}) WHERE ({where}) IS NOT TRUE LIMIT 1", values).fetchone()
    except duckdb.BinderException as error:
        raise Refused(
            f"{table_slice.table}: the frame has no column for the partition expression "
            f"{table_slice.partition_dimensions[0].partition_expr!r} ({str(error).splitlines()[0]}). "
            f"Nothing was written."
        ) from None
    if found is not None:
        raise Misfit(
            f"{table_slice.table}: the frame holds a row of another partition than the one being written: "
            f"{str(found)[:100]}. Nothing was written."
        )


def _declared(declared: Mapping[str, str | None], name: str) -> str | None:
    return next((kind for column, kind in declared.items() if column.lower() == name.lower()), None)


def _own_type(frame: pd.DataFrame, name: str, kind: str) -> str:
    """The type of a new column nobody declared. One without any value would become whatever DuckDB guesses: text."""
    if str(frame.dtypes[name]) == "object" and all(value is None or value != value for value in _values(frame, name)):
        return "VARCHAR"
    return "JSON" if name in _nested(frame) else kind


def _nested(frame: pd.DataFrame) -> list[str]:
    objects = [str(name) for name in cast("list[Any]", list(frame.select_dtypes(include="object").columns))]
    return [name for name in objects if any(isinstance(value, (dict, list)) for value in _values(frame, name))]


def _values(frame: pd.DataFrame, name: str) -> list[Any]:
    return cast("list[Any]", frame[name].tolist())


def _with_json(frame: pd.DataFrame) -> pd.DataFrame:
    """Dicts and lists as JSON text: their keys may differ from row to row."""
    nested = _nested(frame)
    if not nested:
        return frame
    return frame.assign(**{name: frame[name].map(_json, na_action="ignore") for name in nested})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
