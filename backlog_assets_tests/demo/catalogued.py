"""Holds what the demo sends against the entry of the catalogue that is to take it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlog_assets.catalogue import BY_NAME
from backlog_assets.catalogue.spec import Column
from backlog_assets.shape import shape_of


def assert_known(table: str, records: Iterable[dict[str, Any]], *, added: Iterable[str] = ()) -> None:
    """Every field of the records is a column or a child table of the entry, and no column that is always there is
    missing. `added` are fields that the records get after they were read.
    """
    endpoint, count = BY_NAME[table], 0
    shape = shape_of(endpoint)
    for record in records:
        count += 1
        assert shape.extra(record) is None, (table, record)
        _assert_complete(table, record, endpoint.columns, set(added))
        for child in endpoint.children:
            for item in record[child.field]:
                assert "_extra" not in item, (child.name, item)
                _assert_complete(child.name, item, child.columns, set())
    assert count, f"the demo sends no record of {table}"


def _assert_complete(table: str, record: dict[str, Any], columns: tuple[Column, ...], added: set[str]) -> None:
    for column in columns:
        if column.optional or column.sql is not None or column.field in added:
            continue
        value: Any = record
        for name in column.field.split("."):
            assert name in value, (table, column.field)
            value = value[name]
        assert value is not None, (table, column.field)
