"""Values on their way into a real DuckDB file: each is kept as it is, or named and nothing changes."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pytest
from duckdb import DuckDBPyConnection

from backlog_assets.frames import changed
from backlog_assets.values import as_json, plain_frame
from backlog_assets.warehouse import Warehouse
from backlog_assets_tests.frame_table import Table

UTC = timezone.utc
TOKYO = ZoneInfo("Asia/Tokyo")


def clock(*parts: int) -> datetime:
    """A time without a zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    with Warehouse(str(tmp_path_factory.mktemp("frames") / "space.duckdb")).connection() as opened:
        yield opened


@pytest.fixture
def table(connection: DuckDBPyConnection) -> Table:
    connection.execute("DROP SCHEMA IF EXISTS s CASCADE")
    return Table(connection)


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
