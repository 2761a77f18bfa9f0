"""Frames in and out of a real DuckDB file: names, types, values. What cannot be kept as it is changes nothing."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pytest
from dagster._core.storage.db_io_manager import TablePartitionDimension, TableSlice

from backlog_assets.errors import Refused
from backlog_assets.frames import Written, changed, read_frame, replace_frame
from backlog_assets.values import as_json, plain_frame
from backlog_assets.warehouse import Warehouse, columns_of

UTC = timezone.utc
TOKYO = ZoneInfo("Asia/Tokyo")


def clock(*parts: int) -> datetime:
    """A time without a zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


class Table:
    """One table `s.t` of a warehouse of its own."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.warehouse = Warehouse(str(file), wait_seconds=2)

    def write(self, frame: Any, declared: Mapping[str, str | None] | None = None, **partitions: list[str]) -> Written:
        frame = frame if isinstance(frame, pd.DataFrame) else pd.DataFrame(frame)
        with self.warehouse.transaction() as connection:
            return replace_frame(connection, self.slice(**partitions), frame, declared or {})

    def refuses(self, frame: Any, declared: Mapping[str, str | None] | None = None, **partitions: list[str]) -> str:
        """What is said when the frame is refused, and that nothing has changed then."""
        before = self.dump()
        with pytest.raises(Refused) as caught:
            self.write(frame, declared, **partitions)
        assert self.dump() == before
        assert "Nothing was written" in str(caught.value)
        return str(caught.value)

    def read(self, columns: list[str] | None = None, **partitions: list[str]) -> pd.DataFrame:
        with self.warehouse.transaction() as connection:
            return read_frame(connection, self.slice(columns, **partitions))

    def slice(self, columns: list[str] | None = None, **partitions: list[str]) -> TableSlice:
        dimensions = [TablePartitionDimension(expression, keys) for expression, keys in partitions.items()]
        return TableSlice("t", "s", columns=columns, partition_dimensions=dimensions)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(query).fetchall()

    def rows(self) -> list[tuple[Any, ...]]:
        return self.sql("FROM s.t")

    def types(self) -> dict[str, str]:
        with self.warehouse.connection() as connection:
            return columns_of(connection, "s", "t")

    def dump(self) -> tuple[Any, ...]:
        with self.warehouse.connection() as connection:
            types = columns_of(connection, "s", "t")
            return types, connection.execute("SELECT COLUMNS(*)::VARCHAR FROM s.t").fetchall() if types else []


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path / "space.duckdb")


# Names


def test_columns_go_by_name_whatever_their_order(table):
    table.write({"a": [1], "b": ["x"], "c": [1.5]})
    table.write({"c": [2.5], "a": [2], "b": ["y"]})
    assert table.rows() == [(2, "y", 2.5)]


def test_a_new_column_is_added_and_a_removed_one_is_null(table):
    table.write({"p": ["x", "y"], "a": [1, 2], "b": ["x", "y"]})
    table.write({"p": ["x"], "a": [3], "new": [True]}, p=["x"])
    assert sorted(table.rows()) == [("x", 3, None, True), ("y", 2, "y", None)]


def test_the_case_of_a_column_does_not_matter(table):
    table.write({"Id": [1], "Name": ["x"]})
    table.write({"NAME": ["y"], "id": [2]})
    assert table.types() == {"Id": "BIGINT", "Name": "VARCHAR"}
    assert table.rows() == [(2, "y")]


NAMES = ["a b", 'say "hi"', "select", "it's", "課題", "rowid", "x;y", "%s", "?", "_frame", "a.b", " "]


def test_any_name_is_a_column(table):
    row = {name: [at] for at, name in enumerate(NAMES)}
    table.write(row)
    table.write(row)
    assert list(table.types()) == NAMES
    assert table.rows() == [tuple(range(len(NAMES)))]
    assert table.read(columns=NAMES[1:4]).to_dict("list") == {'say "hi"': [1], "select": [2], "it's": [3]}


def test_columns_that_are_no_texts_are_named_by_their_text(table):
    table.write(pd.DataFrame([[1, 2, 3, 4]], columns=[1, 2.5, None, ("a", "b")]))
    assert list(table.types()) == ["1", "2.5", "None", "('a', 'b')"]


@pytest.mark.parametrize("columns", [["a", "a"], ["a", "A"], [1, "1"]])
def test_a_column_that_is_there_twice_is_refused(table, columns):
    assert "more than one column" in table.refuses(pd.DataFrame([[1, 2]], columns=columns))


def test_a_column_without_a_name_is_refused(table):
    assert "has no name" in table.refuses(pd.DataFrame([[1, 2]], columns=["a", ""]))


def test_the_index_is_no_column(table):
    table.write(pd.DataFrame({"a": [1, 2, 3]}, index=[7, 7, 9]))
    assert table.types() == {"a": "BIGINT"}
    assert table.rows() == [(1,), (2,), (3,)]


@pytest.mark.parametrize("index", [[7, 7], pd.Index(["x", "y"], name="a"), pd.MultiIndex.from_tuples([(1, 2), (1, 2)])])
def test_rows_stay_together_whatever_the_index_is(table, index):
    frame = pd.DataFrame({"a": [1, 2], "b": [{"x": 1}, None], "c": pd.Categorical(["u", "v"])})
    table.write(frame.set_axis(index))
    assert table.rows() == [(1, '{"x":1}', "u"), (2, None, "v")]


def test_the_callers_frame_is_not_changed(table):
    frame = pd.DataFrame({1: [{"x": 1}], "b": pd.Categorical(["u"])}, index=[5])
    before = frame.copy(deep=True)
    table.write(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_rows_keep_their_order(table):
    table.write({"a": list(range(5000, 0, -1))})
    assert [a for [a] in table.rows()] == list(range(5000, 0, -1))


# Empty frames and columns without a value


def test_an_empty_frame_makes_an_empty_table_with_the_declared_columns(table):
    table.write({}, {"id": "bigint", "at": "timestamptz", "note": None})
    assert table.types() == {"id": "BIGINT", "at": "TIMESTAMP WITH TIME ZONE", "note": "VARCHAR"}
    assert table.rows() == []


def test_an_empty_frame_makes_an_empty_table_with_its_own_columns(table):
    table.write(pd.DataFrame({"a": pd.Series(dtype="int64"), "b": pd.Series(dtype=object)}))
    assert table.types() == {"a": "BIGINT", "b": "VARCHAR"}


def test_a_frame_without_columns_makes_no_table_but_empties_one(table):
    assert table.write({}).types == {}
    assert table.types() == {}
    table.write({"p": ["x", "y"], "a": [1, 2]})
    table.write({}, p=["x"])
    assert table.rows() == [("y", 2)]
    table.write({})
    assert table.rows() == []
    assert table.types() == {"p": "VARCHAR", "a": "BIGINT"}


def test_a_column_without_a_value_has_its_declared_type(table):
    table.write({"a": [None, None], "b": [np.nan, None]}, {"a": "DATE", "b": "BIGINT"})
    assert table.types() == {"a": "DATE", "b": "BIGINT"}
    assert table.rows() == [(None, None), (None, None)]


def test_a_column_without_a_value_is_text_where_nothing_is_declared(table):
    table.write({"a": [None, None], "b": [1, 2]})
    assert table.types() == {"a": "VARCHAR", "b": "BIGINT"}


@pytest.mark.parametrize(
    "kind", ["DATE", "BIGINT", "TIMESTAMPTZ", "JSON", "BLOB", "DECIMAL(9,2)", "VARCHAR[]", "BOOLEAN"]
)
def test_a_column_without_a_value_fits_whatever_is_there(table, kind):
    table.write({"a": [None]}, {"a": kind})
    table.write({"a": pd.Series([None, None], dtype=object)})
    table.write({"a": [None]}, {"a": kind})
    assert table.rows() == [(None,)]


@pytest.mark.parametrize("at", [0, 4999, 9999])
def test_one_value_among_many_nulls_decides(table, at):
    values: list[Any] = [None] * 10_000
    values[at] = "x"
    table.write({"a": values})
    assert table.types() == {"a": "VARCHAR"}
    assert table.sql("SELECT a, count(*) FROM s.t GROUP BY a ORDER BY a") == [("x", 1), (None, 9999)]


# Types: declared, in the table, in the frame


def test_a_declared_type_holds_in_any_spelling(table):
    table.write({"A": [1.0, 2.0], "b": ["2026-05-05", None]}, {"a": "int", "B": "date", "c": "numeric(9, 2)"})
    assert table.types() == {"A": "INTEGER", "b": "DATE", "c": "DECIMAL(9,2)"}
    assert table.rows() == [(1, date(2026, 5, 5), None), (2, None, None)]


def test_a_declared_type_in_lower_case_is_as_strict(table):
    assert "the value '1.6' does not fit" in table.refuses({"a": [1.6]}, {"a": "bigint"})


def test_a_type_duckdb_does_not_know_is_told_and_not_taken(table):
    written = table.write({"a": [1], "b": ["x"]}, {"a": "int64[pyarrow]", "b": "object", "c": "whatever"})
    assert written.unknown == {"a": "int64[pyarrow]", "b": "object", "c": "whatever"}
    assert written.types == {"a": "BIGINT", "b": "VARCHAR"}


def test_the_type_of_the_table_stays(table):
    table.write({"a": [1.5], "b": ["x"]})
    table.write({"a": [2], "b": [7]})
    assert table.types() == {"a": "DOUBLE", "b": "VARCHAR"}
    assert table.rows() == [(2.0, "7")]


def test_the_table_follows_a_new_declaration(table):
    table.write({"p": ["x", "y"], "a": ["no number", "2"]})
    table.write({"p": ["x"], "a": [1]}, {"a": "BIGINT"}, p=["x"])
    assert table.types() == {"p": "VARCHAR", "a": "BIGINT"}
    assert sorted(table.rows()) == [("x", 1), ("y", 2)]


def test_a_new_declaration_that_rows_of_another_partition_do_not_fit_is_refused(table):
    table.write({"p": ["x", "y"], "a": ["1", "no number"]})
    assert "the value 'no number' does not fit" in table.refuses({"p": ["x"], "a": [1]}, {"a": "BIGINT"}, p=["x"])


def test_a_declaration_may_change_the_type_of_the_partition_column(table):
    table.write({"p": ["1", "2"], "a": [1, 2]})
    table.write({"p": [1], "a": [5]}, {"p": "INTEGER"}, p=["1"])
    assert sorted(table.rows()) == [(1, 5), (2, 2)]


FITS = [
    ([1, 2], "BIGINT", [1, 2]),
    ([1.0, np.nan], "BIGINT", [1, None]),
    (["12", None], "BIGINT", [12, None]),
    (pd.array([1, None], dtype="Int64"), "BIGINT", [1, None]),
    (pd.array([True, None], dtype="boolean"), "BOOLEAN", [True, None]),
    ([True, False], "BOOLEAN", [True, False]),
    ([1, 0], "BOOLEAN", [True, False]),
    ([Decimal(3), None], "BIGINT", [3, None]),
    ([0.1 + 0.2], "DECIMAL(9,2)", [Decimal("0.30")]),
    ([2.5, 1e6], "DECIMAL(9,2)", [Decimal("2.50"), Decimal("1000000.00")]),
    (["2.50"], "DECIMAL(9,2)", [Decimal("2.50")]),
    ([Decimal("1E+3")], "DECIMAL(9,2)", [Decimal("1000.00")]),
    ([3], "DECIMAL(9,2)", [Decimal("3.00")]),
    ([1, 2], "DOUBLE", [1.0, 2.0]),
    ([0.1], "FLOAT", [pytest.approx(0.1)]),
    (["2026-05-05"], "DATE", [date(2026, 5, 5)]),
    ([pd.Timestamp("2026-05-05")], "DATE", [date(2026, 5, 5)]),
    ([date(2026, 5, 5)], "TIMESTAMP", [clock(2026, 5, 5)]),
    ([date(2026, 5, 5), pd.NaT], "DATE", [date(2026, 5, 5), None]),
    ([pd.Timestamp("2026-05-05", tz="UTC")], "DATE", [date(2026, 5, 5)]),
    ([datetime(2026, 5, 5, 9, tzinfo=TOKYO)], "TIMESTAMPTZ", [datetime(2026, 5, 5, tzinfo=UTC)]),
    ([pd.Timestamp("2026-05-05 09:00")], "TIMESTAMPTZ", [datetime(2026, 5, 5, 9, tzinfo=UTC)]),
    (["2026-05-05T09:00:00+09:00"], "TIMESTAMPTZ", [datetime(2026, 5, 5, tzinfo=UTC)]),
    ([datetime(2026, 5, 5, 9, tzinfo=TOKYO)], "TIMESTAMP", [clock(2026, 5, 5)]),
    ([pd.Timestamp("2026-05-05 09:00:00.123456")], "TIMESTAMP", [clock(2026, 5, 5, 9, 0, 0, 123456)]),
    ([clock(9999, 12, 31)], "TIMESTAMP", [clock(9999, 12, 31)]),
    ([b"\x00\xff"], "BLOB", [b"\x00\xff"]),
    ([{"a": [1]}, None], "JSON", ['{"a":[1]}', None]),
    (['{"a": 1}'], "JSON", ['{"a": 1}']),
    ([["a, b", None], []], "VARCHAR[]", [["a, b", None], []]),
    ([{"a": 1}], "STRUCT(a INTEGER)", [{"a": 1}]),
    (["a", np.nan], "VARCHAR", ["a", None]),
    ([2**70], "HUGEINT", [2**70]),
    (["6ba7b810-9dad-11d1-80b4-00c04fd430c8"], "UUID", [UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")]),
]


@pytest.mark.parametrize(("values", "kind", "kept"), FITS)
def test_a_value_that_fits_its_declared_type_is_kept(table, values, kind, kept):
    table.write({"a": values}, {"a": kind})
    assert [value for [value] in table.sql("SELECT a FROM s.t")] == kept


MISFITS = [
    ([1, 1.6], "BIGINT", "1.6"),
    (["12", "abc"], "BIGINT", "abc"),
    (["1.6"], "BIGINT", "1.6"),
    ([np.inf], "BIGINT", "inf"),
    ([2**63], "BIGINT", "9223372036854775808"),
    ([2**200], "HUGEINT", str(2**200)[:80]),
    (np.array([2**63], dtype="uint64"), "BIGINT", "9223372036854775808"),
    ([-1], "UBIGINT", "-1"),
    ([300], "TINYINT", "300"),
    ([2**53 + 1], "DOUBLE", "9007199254740993"),
    ([Decimal("1.5")], "BIGINT", "1.5000000000"),
    ([2], "BOOLEAN", "2"),
    ([0.5], "BOOLEAN", "0.5"),
    (["maybe"], "BOOLEAN", "maybe"),
    ([1.005], "DECIMAL(9,2)", "1.005"),
    (["1.005"], "DECIMAL(9,2)", "1.005"),
    ([Decimal("1.005")], "DECIMAL(9,2)", "1.0050000000"),
    ([1e9], "DECIMAL(9,2)", "1000000000.0"),
    ([pd.Timestamp("2026-05-05 09:00")], "DATE", "2026-05-05 09:00:00"),
    (["2026-05-05 09:00"], "DATE", "2026-05-05 09:00"),
    ([datetime(2026, 5, 5, tzinfo=TOKYO)], "DATE", "2026-05-04 15:00:00+00"),
    ([20260505], "DATE", "20260505"),
    (["05/06/2026"], "DATE", "05/06/2026"),
    ([pd.Timestamp("2026-05-05 09:00:00.123456789")], "TIMESTAMP", "2026-05-05 09:00:00.123456789"),
    ([pd.Timestamp("2026-05-05 09:00")], "TIME", "2026-05-05 09:00:00"),
    (["soon"], "TIMESTAMPTZ", "soon"),
    (["no json"], "JSON", "no json"),
    ([b"\xff"], "BIGINT", "\\xFF"),
    ([timedelta(days=1)], "BIGINT", "1 day"),
    ([{"a": 1}], "BIGINT", '{"a":1}'),
]


@pytest.mark.parametrize(("values", "kind", "told"), MISFITS)
def test_a_value_that_does_not_fit_is_named_and_changes_nothing(table, values, kind, told):
    table.write({"a": [None], "b": ["before"]}, {"a": kind})
    frame = pd.DataFrame({"b": "after", "a": values})
    message = table.refuses(frame)
    assert "t.a" in message
    assert repr(told)[1:-1] in message
    assert table.refuses(frame, {"a": kind}) == message


def test_an_item_of_a_list_that_does_not_fit_is_refused(table):
    assert "Nothing was written" in table.refuses({"a": [[1], ["x"]]}, {"a": "INTEGER[]"})


def test_times_that_share_no_type_are_refused_by_name(table):
    table.write({"a": [1]})
    assert "t.a holds BIGINT" in table.refuses({"a": [date(2026, 5, 5)]})


# Columns without a declared type


UNDECLARED = [
    ("whole numbers as objects", pd.Series([1, None], dtype=object), "BIGINT", [1, None]),
    ("numpy's numbers as objects", pd.Series([np.int64(3), 4], dtype=object), "BIGINT", [3, 4]),
    ("numbers late among small ones", pd.Series([1] * 2000 + [2**40], dtype=object)[1999:], "BIGINT", [1, 2**40]),
    ("beyond 64 bits", pd.Series([2**64, -1]), "HUGEINT", [2**64, -1]),
    ("beyond 128 bits", pd.Series([2**130, -1]), "VARCHAR", [str(2**130), "-1"]),
    ("whole and real", pd.Series([1, 2.5, None], dtype=object), "DOUBLE", [1.0, 2.5, None]),
    ("big and real", pd.Series([2**53 + 1, 2.5], dtype=object), "VARCHAR", ["9007199254740993", "2.5"]),
    ("decimals", pd.Series([Decimal("1.10"), None]), "DECIMAL(38,10)", [Decimal("1.1"), None]),
    ("an exponent", pd.Series([Decimal("1E+3"), Decimal("2.5")]), "DECIMAL(38,10)", [Decimal(1000), Decimal("2.5")]),
    ("many digits", pd.Series([Decimal("0." + "1" * 30)]), "DECIMAL(38,30)", [Decimal("0." + "1" * 30)]),
    ("too many digits", pd.Series([Decimal("1" * 40)]), "VARCHAR", ["1" * 40]),
    ("decimals and no number", pd.Series([Decimal("1.1"), Decimal("NaN")]), "DECIMAL(38,10)", [Decimal("1.1"), None]),
    ("decimals and infinity", pd.Series([Decimal("1.1"), Decimal("Infinity")]), "VARCHAR", ["1.1", "Infinity"]),
    ("decimals and floats", pd.Series([Decimal("1.1"), 0.1]), "DECIMAL(38,10)", [Decimal("1.1"), Decimal("0.1")]),
    ("booleans as objects", pd.Series([True, None], dtype=object), "BOOLEAN", [True, None]),
    ("booleans and numbers", pd.Series([True, 2], dtype=object), "VARCHAR", ["True", "2"]),
    ("texts and numbers", pd.Series(["a", 1, 2.5, None]), "VARCHAR", ["a", "1", "2.5", None]),
    ("texts and NA", pd.Series(["a", pd.NA, np.nan], dtype=object), "VARCHAR", ["a", None, None]),
    ("pandas texts", pd.Series(["a", None], dtype="string"), "VARCHAR", ["a", None]),
    ("categories", pd.Series(["a", None], dtype="category"), "VARCHAR", ["a", None]),
    ("categories of numbers", pd.Series([1, 2], dtype="category"), "BIGINT", [1, 2]),
    ("days", pd.Series([date(2026, 5, 5), None]), "DATE", [date(2026, 5, 5), None]),
    (
        "a time late among days",
        pd.Series([date(2026, 5, 5)] * 2000 + [clock(2026, 5, 6, 7)], dtype=object)[1999:],
        "TIMESTAMP",
        [clock(2026, 5, 5), clock(2026, 5, 6, 7)],
    ),
    (
        "times of several zones",
        pd.Series([datetime(2026, 5, 5, 9, tzinfo=TOKYO), datetime(2026, 5, 5, tzinfo=UTC)], dtype=object),
        "TIMESTAMP WITH TIME ZONE",
        [datetime(2026, 5, 5, tzinfo=UTC), datetime(2026, 5, 5, tzinfo=UTC)],
    ),
    (
        "times with and without a zone",
        pd.Series([datetime(2026, 5, 5, 9, tzinfo=TOKYO), clock(2026, 5, 5)], dtype=object),
        "VARCHAR",
        ["2026-05-05T09:00:00+09:00", "2026-05-05T00:00:00"],
    ),
    ("pandas times", pd.Series([pd.Timestamp("2026-05-05 09:00")]), "TIMESTAMP_NS", [clock(2026, 5, 5, 9)]),
    (
        "pandas instants",
        pd.Series([pd.Timestamp("2026-05-05 09:00", tz=TOKYO)]),
        "TIMESTAMP WITH TIME ZONE",
        [datetime(2026, 5, 5, tzinfo=UTC)],
    ),
    (
        "numpy's times",
        pd.Series([np.datetime64("2026-05-05T09")], dtype=object),
        "TIMESTAMP",
        [clock(2026, 5, 5, 9)],
    ),
    ("hours of the day", pd.Series([time(1, 2), None]), "TIME", [time(1, 2), None]),
    ("durations", pd.Series([timedelta(days=1), None]), "INTERVAL", [timedelta(days=1), None]),
    ("bytes", pd.Series([b"\x00\xff", bytearray(b"a"), None]), "BLOB", [b"\x00\xff", b"a", None]),
    ("uuids", pd.Series([UUID(int=7), None]), "UUID", [UUID(int=7), None]),
    ("dicts of any shape", pd.Series([{"a": 1}, {"b": [None]}, None]), "JSON", ['{"a":1}', '{"b":[null]}', None]),
    ("lists and texts", pd.Series([[1], "x", (2,)]), "JSON", ["[1]", '"x"', "[2]"]),
    ("arrays", pd.Series([np.array([1, 2]), np.array([])]), "JSON", ["[1,2]", "[]"]),
]


@pytest.mark.parametrize(
    ("values", "kind", "kept"), [case[1:] for case in UNDECLARED], ids=[case[0] for case in UNDECLARED]
)
def test_an_undeclared_column_keeps_every_value(table, values, kind, kept):
    table.write({"a": values})
    assert table.types() == {"a": kind}
    assert [value for [value] in table.rows()] == kept
    table.write({"a": values})
    assert [value for [value] in table.rows()] == kept


def test_a_new_category_fits(table):
    table.write({"a": pd.Categorical(["x"])})
    table.write({"a": pd.Categorical(["y", "x"], categories=["y", "x"])})
    assert table.rows() == [("y",), ("x",)]


@pytest.mark.parametrize(
    "column",
    [
        pd.period_range("2026", periods=1, freq="Y"),
        pd.Series([1j]),
        pd.arrays.SparseArray([0]),
        pd.interval_range(0, 1),
    ],
    ids=["period", "complex", "sparse", "interval"],
)
def test_a_dtype_no_table_knows_is_refused_with_its_column(table, column):
    message = table.refuses({"fine": [1], "strange": column})
    assert "(strange)" in message


def test_an_object_no_table_can_hold_is_refused_with_its_column(table):
    message = table.refuses({"fine": [1], "strange": [object()]})
    assert message.startswith("t.strange: the value '<object object")


def test_a_text_that_is_no_unicode_is_refused_and_breaks_nothing(table):
    table.write({"a": ["before"], "b": [None]}, {"b": "JSON"})
    assert "t.a: the text 'x\\ud800'" in table.refuses({"a": ["fine", "x\ud800"]})
    assert "t.b: the text" in table.refuses({"b": [{"x": "\ud800"}]})
    assert "t.a: the text" in table.refuses({"a": pd.Series(["\udfff"], dtype="string")})


def test_zero_bytes_and_smileys_are_text(table):
    table.write({"a": ["a\0b", "😀", "日本", ""]})
    assert [value for [value] in table.rows()] == ["a\0b", "😀", "日本", ""]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": np.int64(1), 2: [np.float32(0.5)]}, '{"a":1,"2":[0.5]}'),
        ([float("nan"), float("inf"), None, pd.NA, pd.NaT], "[null,null,null,null,null]"),
        ([True, np.bool_(False), 2**80], f"[true,false,{2**80}]"),
        (
            {"at": datetime(2026, 5, 5, tzinfo=UTC), "day": date(2026, 5, 5)},
            '{"at":"2026-05-05T00:00:00+00:00","day":"2026-05-05"}',
        ),
        ([Decimal("1.10"), UUID(int=1), "課題"], '["1.10","00000000-0000-0000-0000-000000000001","課題"]'),
        (({1}, frozenset()), "[[1],[]]"),
        (np.array([[1], [2]]), "[[1],[2]]"),
    ],
)
def test_nested_values_are_json_anyone_can_read(value, text):
    assert as_json(value) == text


# The pure decision


@pytest.mark.parametrize(
    "source", ["BIGINT", "DOUBLE", "VARCHAR", "DECIMAL(9,2)", "TIMESTAMP_NS", "DATE", "JSON", "BLOB"]
)
@pytest.mark.parametrize("target", ["BIGINT", "DOUBLE", "VARCHAR", "DECIMAL(5,1)", "TIMESTAMP", "DATE", "JSON", "TIME"])
def test_every_pair_of_types_has_a_condition_duckdb_understands(source, target):
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t (a {source})")
        assert connection.execute(f"SELECT a FROM t WHERE {changed('a', source, target)}").fetchall() == []


def test_columns_duckdb_reads_rightly_are_left_as_they_are():
    frame = pd.DataFrame({"a": [1], "b": [1.5], "c": [True], "d": pd.to_datetime(["2026-05-05"]), "e": ["x"]})
    plain, types = plain_frame(frame, "t")
    pd.testing.assert_frame_equal(plain, frame)
    assert types == {"e": "VARCHAR"}


# Partitions


def test_a_partition_replaces_only_its_own_rows(table):
    table.write({"p": ["x", "y"], "a": [1, 2]})
    table.write({"p": ["x", "x"], "a": [3, 4]}, p=["x"])
    assert sorted(table.rows()) == [("x", 3), ("x", 4), ("y", 2)]


def test_a_row_of_another_partition_is_refused(table):
    table.write({"p": ["x", "y"], "a": [1, 2]})
    message = table.refuses({"p": ["x", "y"], "a": [3, 4]}, p=["x"])
    assert "a row of another partition" in message
    assert "p = 'y'" in message


def test_a_row_of_no_partition_is_refused(table):
    assert "a row of another partition" in table.refuses({"p": ["x", None], "a": [3, 4]}, p=["x"])


def test_a_frame_without_the_partition_column_is_refused(table):
    assert "no column for the partition expression 'p'" in table.refuses({"a": [1]}, p=["x"])
    table.write({"p": ["x"], "a": [1]})
    assert "no column for the partition expression 'p'" in table.refuses({"a": [1]}, p=["x"])


@pytest.mark.parametrize("key", ["it's", 'say "hi"', "課題", "'; DROP TABLE s.t; --", "a|b", "%", "\\", "?", ""])
def test_any_text_is_a_partition(table, key):
    table.write({"p": ["other"], "a": [1]})
    table.write({"p": [key], "a": [2]}, p=[key])
    table.write({"p": [key], "a": [3]}, p=[key])
    assert sorted(table.rows()) == sorted([("other", 1), (key, 3)])
    assert table.read(p=[key]).to_dict("records") == [{"p": key, "a": 3}]


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ([1, 2], ["1", "2"]),
        ([date(2026, 1, 1), date(2026, 1, 2)], ["2026-01-01", "2026-01-02"]),
        ([True, False], ["true", "false"]),
        ([pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")], ["2026-01-01", "2026-01-02"]),
    ],
)
def test_a_partition_column_need_not_be_text(table, values, keys):
    table.write({"p": values, "a": [1, 2]}, p=keys)
    table.write({"p": values[:1], "a": [3]}, p=keys[:1])
    assert sorted(table.sql("SELECT a FROM s.t")) == [(2,), (3,)]
    assert table.read(p=keys[1:])["a"].tolist() == [2]


def test_a_partition_that_is_no_value_of_its_column_is_refused(table):
    table.write({"p": [1], "a": [1]})
    assert "'x'" in table.refuses({"p": [2], "a": [2]}, p=["x"])


def test_no_partition_is_no_row(table):
    table.write({"p": ["x"], "a": [1]})
    assert table.read(p=[]).to_dict("list") == {"p": [], "a": []}


# Reading


def test_what_is_read_is_what_was_written(table):
    frame = pd.DataFrame(
        {
            "whole": [1, 2],
            "real": [1.5, np.nan],
            "text": ["x", None],
            "yes": [True, False],
            "at": [pd.Timestamp("2026-05-05 09:00"), pd.Timestamp("2026-05-05 10:00:00.123456789")],
            "dict": [{"a": [1, {"b": None}]}, None],
            "list": [[], ["x", 2**80]],
        }
    )
    table.write(frame)
    pd.testing.assert_frame_equal(table.read(), frame)
    table.write(table.read())
    pd.testing.assert_frame_equal(table.read(), frame)


def test_columns_are_read_in_the_order_asked_for(table):
    table.write({"a": [1], "b b": ["x"], "c": [{"x": 1}]})
    assert table.read(columns=["c", "b b"]).to_dict("list") == {"c": [{"x": 1}], "b b": ["x"]}
    assert table.read(columns=["C"]).iloc[0, 0] == {"x": 1}


def test_a_column_that_is_not_there_is_named_beside_those_that_are(table):
    table.write({"a": [1], "b": ["x"]})
    with pytest.raises(Refused, match=r"^s\.t has no column 'c', 'd'; it has 'a', 'b'\.$"):
        table.read(columns=["a", "c", "d"])


def test_a_table_that_is_not_there_is_told(table):
    with pytest.raises(Refused, match=r"^s\.t is not in this DuckDB file yet\. Materialize the asset first\.$"):
        table.read()


def test_a_view_can_be_read(table):
    table.write({"a": [1]})
    table.sql("CREATE VIEW s.v AS SELECT a + 1 AS b FROM s.t")
    with table.warehouse.connection() as connection:
        assert read_frame(connection, TableSlice("v", "s")).to_dict("list") == {"b": [2]}


@pytest.mark.parametrize("change", [lambda f: f, lambda f: f.iloc[:0], lambda f: f.rename(columns=str.upper)])
def test_writing_what_was_read_changes_no_type(table, change: Callable[[pd.DataFrame], pd.DataFrame]):
    declared = {"a": "DECIMAL(9,2)", "b": "DATE", "c": "TIMESTAMPTZ", "d": "JSON", "e": "INTEGER", "f": "HUGEINT"}
    table.write({"a": [1.25, None], "b": ["2026-05-05", None], "c": ["2026-05-05 00:00:00+00", None]}, declared)
    types = table.types()
    table.write(change(table.read()))
    assert table.types() == types
