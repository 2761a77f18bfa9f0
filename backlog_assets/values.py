"""A frame's columns as DuckDB takes them without a guess: texts, numbers, times. Knows pandas and no DuckDB.

DuckDB looks at a sample of an `object` column and reads the rest like it: a time among days loses its hours, 1E+3 among
decimals becomes 1.000, a big integer among floats its last digits. Here every value is looked at.
"""

import json
import math
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import numpy as np
import pandas as pd

from backlog_assets.errors import Misfit

EXACT = 2**53
"""Whole numbers up to this have an exact double."""

DECIMAL_DIGITS = 38
"""Most digits a DECIMAL of DuckDB has."""

DECIMAL_SCALE = 10
"""Digits after the point of a new column of Decimal objects, unless one of them has more."""

_WHOLE: tuple[type, ...] = (int, np.integer)
_REAL: tuple[type, ...] = (float, np.floating)
_BOOL = (bool, np.bool_)
_NESTED = (dict, list, tuple, set, frozenset, np.ndarray)
_BYTES = (bytes, bytearray, memoryview)
_PLAIN = (str, *_BOOL, *_WHOLE, *_REAL, Decimal, date, np.datetime64, time, timedelta, np.timedelta64, UUID)


def plain_frame(frame: pd.DataFrame, table: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """The frame with texts as column names and columns DuckDB reads rightly, and the DuckDB types to read them as.

    A column without a type of its own here has the one DuckDB gives its dtype. Raises Misfit, naming the column, for
    names that are not distinct (DuckDB knows no case) and for values no column can hold.
    """
    names = [str(name) for name in cast("list[Any]", list(frame.columns))]
    _check_names(names, table)
    columns: dict[str, pd.Series] = {}
    types: dict[str, str] = {}
    for at, name in enumerate(names):
        column = cast("pd.Series", frame.iloc[:, at]).reset_index(drop=True)
        dtype = cast("Any", column.dtype)
        if isinstance(dtype, pd.CategoricalDtype):
            dtype = cast("Any", dtype).categories.dtype
            # As an ENUM, what DuckDB makes of them, the next frame's new category would not fit.
            column = column.astype(object) if _is_text(dtype) else column
        if str(cast("Any", column.dtype)) == "object":
            column, kind = _object_column(column, f"{table}.{name}")
            types |= {name: kind} if kind else {}
        if _is_text(column.dtype):
            _check_text(column, f"{table}.{name}")
        columns[name] = column
    return pd.DataFrame(columns, copy=False), types


def _check_names(names: list[str], table: str) -> None:
    seen: set[str] = set()
    for name in names:
        if not name:
            raise Misfit(f"{table}: a column of the frame has no name. Nothing was written; give it one.")
        if name.lower() in seen:
            raise Misfit(
                f"{table}: the frame has more than one column {name!r}, and DuckDB does not tell upper from lower "
                f"case. Nothing was written; rename one."
            )
        seen.add(name.lower())


def _object_column(column: pd.Series, where: str) -> tuple[pd.Series, str | None]:
    """The column and its DuckDB type, from the types of all its values."""
    values = cast("list[Any]", column.tolist())
    for at in cast("list[int]", np.flatnonzero(cast("Any", column.isna())).tolist()):
        values[at] = None
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {str}:
        return column, "VARCHAR"
    changed, dtype, kind = _plain_values(values, kinds, where)
    return pd.Series(changed, dtype=dtype), kind


def _plain_values(values: list[Any], kinds: set[type], where: str) -> tuple[list[Any], str, str | None]:
    """The values, None among them, the dtype to keep them in, and the DuckDB type where that does not say it."""
    if not kinds:
        return values, "string", None
    if _all(kinds, str):
        return _each(values, str.__str__), "object", "VARCHAR"
    if any(issubclass(kind, _NESTED) for kind in kinds):
        return _each(values, as_json), "object", "JSON"
    if _all(kinds, _BOOL):
        return values, "boolean", None
    if not any(issubclass(kind, _BOOL) for kind in kinds):
        if _all(kinds, _WHOLE):
            return _whole_values(values)
        if _all(kinds, (*_WHOLE, *_REAL)) and all(abs(one) <= EXACT for one in values if isinstance(one, _WHOLE)):
            return values, "Float64", None
        if _all(kinds, (*_WHOLE, *_REAL, Decimal)) and Decimal in kinds:
            return _decimal_values(values)
    if _all(kinds, (date, np.datetime64)):
        return _time_values(values)
    if _all(kinds, _BYTES):
        return _each(values, bytes), "object", None
    if any(_all(kinds, one) for one in (time, (timedelta, np.timedelta64), UUID)):
        return values, "object", None
    strange = next((value for value in values if value is not None and not isinstance(value, _PLAIN)), None)
    if strange is not None:
        raise Misfit(
            f"{where}: the value {str(strange)[:80]!r} is of type {type(strange).__name__}, which goes into no column "
            f"with the others. Nothing was written; make them texts, numbers, times, bytes, dicts or lists."
        )
    return _each(values, str), "object", "VARCHAR"


def _whole_values(values: list[Any]) -> tuple[list[Any], str, str | None]:
    numbers = _each(values, int)
    low, high = _span(numbers)
    if low >= -(2**63) and high < 2**63:
        return numbers, "Int64", None
    # DuckDB has no whole numbers beyond 128 bits. As text they keep their digits.
    return _each(numbers, str), "object", "HUGEINT" if low > -(2**127) and high < 2**127 else "VARCHAR"


def _decimal_values(values: list[Any]) -> tuple[list[Any], str, str | None]:
    """Texts without an exponent, which DuckDB would leave out, and a type wide enough for more of the kind."""
    decimals = [Decimal(str(value)) for value in values if value is not None]
    if not all(one.is_finite() for one in decimals):
        return _each(values, str), "object", "VARCHAR"
    texts = _each(values, lambda value: format(Decimal(str(value)), "f"))
    scale = max(0, *(-cast("int", one.as_tuple().exponent) for one in decimals))
    before = max(one.adjusted() + 1 for one in decimals)
    for digits in (max(scale, DECIMAL_SCALE), scale):
        if before + digits <= DECIMAL_DIGITS:
            return texts, "object", f"DECIMAL({DECIMAL_DIGITS},{digits})"
    return texts, "object", "VARCHAR"


def _time_values(values: list[Any]) -> tuple[list[Any], str, str | None]:
    """Days stay days only among themselves; times with and without a zone have no type in common but text."""
    if not any(isinstance(value, (datetime, np.datetime64)) for value in values):
        return values, "object", "DATE"
    whole = _each(values, _moment)
    zoned = {value.tzinfo is not None for value in whole if value is not None}
    if len(zoned) > 1:
        return _each(whole, datetime.isoformat), "object", "VARCHAR"
    return whole, "object", "TIMESTAMP WITH TIME ZONE" if True in zoned else "TIMESTAMP"


def _moment(value: Any) -> Any:
    if isinstance(value, np.datetime64):
        return cast("Any", value).astype("datetime64[us]").item()
    return value if isinstance(value, datetime) else datetime.combine(value, time())


def _each(values: list[Any], change: Callable[[Any], Any]) -> list[Any]:
    return [None if value is None else change(value) for value in values]


def _span(numbers: list[Any]) -> tuple[int, int]:
    there = [number for number in numbers if number is not None]
    return min(there), max(there)


def as_json(value: Any) -> str:
    """A value as compact JSON; what JSON has no word for is a text, and a number that is none is null."""
    return json.dumps(_jsonable(value), ensure_ascii=False, separators=(",", ":"))


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _jsonable(one) for key, one in cast("dict[Any, Any]", value).items()}
    if isinstance(value, np.ndarray):
        return _jsonable(value.tolist())
    if isinstance(value, _NESTED):
        return [_jsonable(one) for one in cast("Iterable[Any]", value)]
    if isinstance(value, np.generic):
        return _jsonable(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (str, int)):
        return value
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def _is_text(dtype: Any) -> bool:
    return str(dtype) == "object" or isinstance(dtype, pd.StringDtype)


def _check_text(column: pd.Series, where: str) -> None:
    """Half of a surrogate pair is no UTF-8, and DuckDB would break down over it instead of refusing it."""
    texts = [value for value in cast("list[Any]", column.tolist()) if isinstance(value, str)]
    if _is_utf8("\n".join(texts)):
        return
    broken = next(value for value in texts if not _is_utf8(value))
    raise Misfit(f"{where}: the text {broken[:80]!a} is not valid Unicode. Nothing was written; clean it up.")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _all(kinds: set[type], allowed: Any) -> bool:
    return all(issubclass(kind, allowed) for kind in kinds)
