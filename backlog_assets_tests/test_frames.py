"""Frames in and out of a real DuckDB file: names, types, values. What cannot be kept as it is changes nothing."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dagster._core.storage.db_io_manager import TableSlice
from duckdb import DuckDBPyConnection

from backlog_assets.errors import Refused
from backlog_assets.frames import read_frame
from backlog_assets.warehouse import Warehouse
from backlog_assets_tests.frame_table import Table


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    with Warehouse(str(tmp_path_factory.mktemp("frames") / "space.duckdb")).connection() as opened:
        yield opened


@pytest.fixture
def table(connection: DuckDBPyConnection) -> Table:
    connection.execute("DROP SCHEMA IF EXISTS s CASCADE")
    return Table(connection)


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
    assert read_frame(table.connection, TableSlice("v", "s")).to_dict("list") == {"b": [2]}


@pytest.mark.parametrize("change", [lambda f: f, lambda f: f.iloc[:0], lambda f: f.rename(columns=str.upper)])
def test_writing_what_was_read_changes_no_type(table, change: Callable[[pd.DataFrame], pd.DataFrame]):
    declared = {"a": "DECIMAL(9,2)", "b": "DATE", "c": "TIMESTAMPTZ", "d": "JSON", "e": "INTEGER", "f": "HUGEINT"}
    table.write({"a": [1.25, None], "b": ["2026-05-05", None], "c": ["2026-05-05 00:00:00+00", None]}, declared)
    types = table.types()
    table.write(change(table.read()))
    assert table.types() == types
