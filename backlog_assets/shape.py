"""What a record must look like: tells values that do not fit and fields nobody knows. Knows no HTTP, disk or DuckDB."""

from collections.abc import Mapping
from typing import Any, cast

from backlog_assets.catalogue.spec import Column, Endpoint
from backlog_assets.errors import Misfit

Record = dict[str, Any]

FITTING: Mapping[str, frozenset[type]] = {
    "BIGINT": frozenset({int}),
    "INTEGER": frozenset({int}),
    "BOOLEAN": frozenset({bool}),
    "DOUBLE": frozenset({int, float}),
    "DECIMAL": frozenset({int, float}),
    "VARCHAR": frozenset({str, int, float, bool}),
    "TIMESTAMPTZ": frozenset({str}),
    "DATE": frozenset({str}),
}
"""JSON types a column takes as they are. DuckDB's reader would round 1.6 to 2 in a BIGINT and take true for 1."""

CENTS = 2
"""Decimals of an hours column, `DECIMAL(9,2)`."""


class Shape:
    """One level of a record: its plain fields, the objects in it and the arrays that become tables.

    A copy (a user inside an issue, recognised by a column for its id: `createdUser.id`, or `createdUserId` beside it)
    is complete in a table of its own: what else it holds is known there, so it is not looked at here.
    """

    def __init__(self, table: str, columns: tuple[Column, ...], *, is_copy: bool = False) -> None:
        self.table = table
        self.is_copy = is_copy
        self.plain = tuple(
            (column.field, FITTING[base], base == "DECIMAL", column)
            for column in columns
            if column.sql is None and "." not in column.field and (base := column.type.split("(")[0]) != "JSON"
        )
        roots = dict.fromkeys(column.field.split(".")[0] for column in columns if "." in column.field)
        self.objects = {root: Shape(table, _inside(root, columns), is_copy=_has_id(root, columns)) for root in roots}
        self.arrays: dict[str, Shape] = {}
        self.known = {column.field for column in columns if "." not in column.field} | set(roots)

    def extra(self, record: Record) -> Record | None:
        """The fields of `record` that no column names, None where there are none. Raises Misfit for a wrong value."""
        for field, fitting, is_decimal, column in self.plain:
            value = record.get(field)
            if value is not None and (type(value) not in fitting or (is_decimal and round(value, CENTS) != value)):
                raise self._misfit(column.name, column.type, value, record)
        unknown: Record = {}
        if not self.is_copy and not record.keys() <= self.known:
            unknown.update({field: value for field, value in record.items() if field not in self.known})
        for root, shape in self.objects.items():
            value = record.get(root)
            if value is not None:
                if type(value) is not dict:
                    raise self._misfit(root, "object", value, record)
                inside = shape.extra(cast("Record", value))
                if inside is not None:
                    unknown[root] = inside
        for field, shape in self.arrays.items():
            value = record.get(field)
            if value is not None:
                self._check_items(field, value, shape, record)
        return unknown or None

    def _check_items(self, field: str, items: Any, shape: "Shape", record: Record) -> None:
        if type(items) is not list:
            raise self._misfit(field, "array", items, record)
        for item in cast("list[Any]", items):
            if type(item) is not dict:
                raise self._misfit(field, "array of objects", item, record)
            found = cast("Record", item)
            inside = shape.extra(found)
            if inside is not None:
                found["_extra"] = inside

    def _misfit(self, column: str, wanted: str, value: Any, record: Record) -> Misfit:
        name = next((f" ({word} {record[word]})" for word in ("issueKey", "projectKey", "id") if word in record), "")
        return Misfit(
            f"{self.table}.{column} holds {wanted}, but Backlog sent {str(value)[:80]!r}{name}. Nothing was written; "
            f"if Backlog has changed the field, its line in the catalogue needs another type."
        )


def shape_of(endpoint: Endpoint) -> Shape:
    """The shape of an endpoint's records, the arrays of its child tables included."""
    shape = Shape(endpoint.name, endpoint.columns, is_copy=endpoint.copy_of is not None)
    if endpoint.per_project:
        shape.known |= {"projectId", "projectKey"}
    for child in endpoint.children:
        shape.arrays[child.field] = Shape(child.name, child.columns, is_copy=child.copy_of is not None)
        shape.known.add(child.field)
    return shape


def _inside(root: str, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(
        Column(column.field.split(".", 1)[1], column.type, column.doc, column.optional)
        for column in columns
        if column.field.startswith(f"{root}.")
    )


def _has_id(root: str, columns: tuple[Column, ...]) -> bool:
    return any(column.field in (f"{root}.id", f"{root}Id") for column in columns)
