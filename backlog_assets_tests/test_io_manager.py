"""A user's own pandas assets through the IO manager: real runs, a real DuckDB file, exact rows."""

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pytest

from backlog_assets.errors import Misfit, Refused, WarehouseBusy
from backlog_assets.io_manager import BacklogDuckDBIOManager
from backlog_assets.slices import condition, dimensions_of, literal, merged
from backlog_assets_tests.processes import foreign_holder, opens

UTC = timezone.utc
RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-11")
LETTERS = dg.StaticPartitionsDefinition(["a", "b", "c"])


class Place:
    """A DuckDB file and the runs that write it."""

    def __init__(self, file: Path, instance: dg.DagsterInstance, **settings: Any) -> None:
        self.file = file
        self.instance = instance
        self.io_manager = BacklogDuckDBIOManager(database=str(file), **{"wait_seconds": 5, **settings})

    def run(
        self,
        *assets: Any,
        key: str | None = None,
        keys: tuple[str, str] | None = None,
        fails: bool = False,
        selection: Sequence[Any] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Materializes the assets in one run: of one partition, or of those from one key to another."""
        result = dg.materialize(
            assets,
            instance=self.instance,
            resources={"io_manager": self.io_manager},
            partition_key=key,
            tags=dict(zip(RANGE, keys, strict=True)) if keys else None,
            selection=selection,
            raise_on_error=not fails,
        )
        assert result.success is not fails
        return result

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def direct(self) -> Any:
        """The IO manager as a run has it, to be called by hand."""
        return self.io_manager.create_io_manager(dg.build_init_resource_context())


@pytest.fixture
def place(tmp_path: Path) -> Any:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Place(tmp_path / "space.duckdb", instance)


def table_of(frame: Any, name: str = "t", **settings: Any) -> dg.AssetsDefinition:
    """An asset that returns `frame`, or what it returns when called with the context."""

    @dg.asset(name=name, **settings)
    def made(context: dg.AssetExecutionContext) -> pd.DataFrame:
        return pd.DataFrame(frame(context) if callable(frame) else frame)

    return made


def metadata(result: dg.ExecuteInProcessResult) -> dict[str | None, dict[str, Any]]:
    """Partition -> metadata of its materialization."""
    found = [one.step_materialization_data.materialization for one in result.get_asset_materialization_events()]
    return {one.partition: {name: value.value for name, value in one.metadata.items()} for one in found}


def failure(result: dg.ExecuteInProcessResult) -> str:
    [event] = [one for one in result.all_events if one.is_step_failure]
    error = event.step_failure_data.error
    while error.cause:
        error = error.cause
    return error.message


# Whole tables


def test_a_table_is_replaced_by_the_next_one(place):
    place.run(table_of({"a": [1, 2], "b": ["x", "y"]}))
    place.run(table_of({"b": ["z"], "a": [3]}))
    assert place.rows("FROM public.t") == [(3, "z")]


def test_a_downstream_asset_reads_what_was_written(place):
    seen: list[pd.DataFrame] = []

    @dg.asset
    def down(t: pd.DataFrame, u) -> None:
        seen.extend([t, u])

    frame = {"a": [1, 2], "b": [{"x": [1]}, None]}
    place.run(table_of(frame), table_of({"c": [5]}, "u"), down)
    pd.testing.assert_frame_equal(seen[0], pd.DataFrame(frame))
    assert seen[1].to_dict("list") == {"c": [5]}


def test_a_downstream_asset_reads_the_columns_it_names(place):
    seen: list[pd.DataFrame] = []

    @dg.asset(ins={"t": dg.AssetIn(metadata={"columns": ["select", "a b", 'say "hi"']})})
    def down(t: pd.DataFrame) -> None:
        seen.append(t)

    place.run(table_of({'say "hi"': [1], "a b": [2], "other": [3], "select": [4]}), down)
    assert seen[0].to_dict("list") == {"select": [4], "a b": [2], 'say "hi"': [1]}


def test_the_schema_is_the_metadatas_else_the_io_managers_else_the_prefix(place, tmp_path):
    seen: list[int] = []

    def chain(name: str, **settings: Any) -> list[Any]:
        made = table_of({"a": [1]}, name, **settings)

        @dg.asset(name=f"down_{name}", ins={"up": dg.AssetIn(key=made.key)})
        def down(up: pd.DataFrame) -> None:
            seen.append(len(up))

        return [made, down]

    place.run(*chain("one", key_prefix=["x", "of_prefix"]), *chain("two", metadata={"schema": "of metadata"}))
    named = Place(place.file, place.instance, schema="of_manager")
    named.run(*chain("three", key_prefix="of_prefix"))
    named.run(*chain("four", key_prefix="p", metadata={"schema": dg.MetadataValue.text("of metadata")}))
    assert seen == [1, 1, 1, 1]
    assert place.rows("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY 2") == [
        ("of metadata", "four"),
        ("of_prefix", "one"),
        ("of_manager", "three"),
        ("of metadata", "two"),
    ]


def test_an_asset_from_elsewhere_is_read_where_its_spec_says(place):
    with duckdb.connect(str(place.file)) as connection:
        connection.execute('CREATE SCHEMA "other place"')
        connection.execute('CREATE TABLE "other place".outside AS SELECT 7 AS a')
    seen: list[pd.DataFrame] = []

    @dg.asset(ins={"outside": dg.AssetIn(key=["x", "outside"])})
    def down(outside: pd.DataFrame) -> None:
        seen.append(outside)

    spec = dg.AssetSpec(["x", "outside"], metadata={"schema": "other place"})
    place.run(down, spec)
    assert seen[0].to_dict("list") == {"a": [7]}


def test_an_asset_never_materialized_is_told(place):
    up = table_of({"a": [1]})

    @dg.asset
    def down(t: pd.DataFrame) -> None: ...

    told = failure(place.run(up, down, selection=[down], fails=True))
    assert f"There is no DuckDB file {place.file} yet. Materialize the asset first." in told
    assert not place.file.exists()
    place.run(table_of({"a": [1]}, "another"))
    told = failure(place.run(up, down, selection=[down], fails=True))
    assert "public.t is not in this DuckDB file yet. Materialize the asset first." in told


def test_an_op_output_is_a_table(place):
    @dg.op(out=dg.Out(metadata={"schema": "ops", "table": "made"}, io_manager_key="io_manager"))
    def make() -> pd.DataFrame:
        return pd.DataFrame({"a": [1]})

    seen: list[pd.DataFrame] = []

    @dg.op
    def use(made: pd.DataFrame) -> None:
        seen.append(made)

    @dg.job(resource_defs={"io_manager": place.io_manager})
    def both() -> None:
        use(make())

    assert both.execute_in_process(instance=place.instance).success
    assert place.rows("FROM ops.made") == [(1,)]
    assert seen[0].to_dict("list") == {"a": [1]}


def test_several_outputs_are_several_tables(place):
    @dg.multi_asset(outs={"one": dg.AssetOut(), "two": dg.AssetOut()})
    def both():
        return pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [2]})

    place.run(both)
    assert place.rows("FROM public.one, public.two") == [(1, 2)]


def test_what_is_no_frame_is_refused_by_its_type(place):
    @dg.asset(name="t")
    def number():
        return 7

    assert "<class 'int'>" in failure(place.run(number, fails=True))


def test_a_declared_schema_makes_an_empty_table_with_its_columns(place):
    schema = dg.TableSchema(
        columns=[dg.TableColumn("id", "BIGINT"), dg.TableColumn("day", "date"), dg.TableColumn("x")]
    )
    wrapped = dg.MetadataValue.table_schema(schema)
    for name, given in (("plain", schema), ("wrapped", wrapped)):
        place.run(table_of({}, name, metadata={"dagster/column_schema": given}))
        assert place.rows(f"SELECT column_name, column_type FROM (DESCRIBE public.{name})") == [
            ("id", "BIGINT"),
            ("day", "DATE"),
            ("x", "VARCHAR"),
        ]


def test_a_schema_for_people_is_told_and_left_aside(place):
    schema = dg.TableSchema(columns=[dg.TableColumn("a", "int64"), dg.TableColumn("b", "object")])
    result = place.run(table_of({"a": [1], "b": ["x"]}, metadata={"dagster/column_schema": schema}))
    assert place.rows("FROM public.t") == [(1, "x")]
    [said] = [entry for entry in warnings_of(place, result) if "dagster/column_schema" in entry]
    assert (
        "t.b is declared as 'object' in dagster/column_schema, which is no type of DuckDB; VARCHAR was taken." in said
    )


def warnings_of(place: Place, result: dg.ExecuteInProcessResult) -> list[str]:
    records = place.instance.all_logs(result.run_id)
    return [entry.user_message for entry in records if entry.level == logging.WARNING]


def test_a_frame_without_columns_is_told_and_no_failure(place):
    result = place.run(table_of({}))
    assert any("t: no table was made." in entry for entry in warnings_of(place, result))
    assert metadata(result)[None]["dagster/row_count"] == 0


def test_a_value_that_does_not_fit_fails_the_run_and_changes_nothing(place):
    place.run(table_of({"a": [1]}))
    result = place.run(table_of({"a": [2, 1.6]}), fails=True)
    assert failure(result).startswith("backlog_assets.errors.Misfit: t.a holds BIGINT; the value '1.6' does not fit.")
    opens(place.file)
    assert place.rows("FROM public.t") == [(1,)]


def test_a_failing_asset_leaves_everything(place):
    place.run(table_of({"a": [1]}), table_of({"a": [1]}, "u"))

    def fail(_: Any) -> Any:
        raise ValueError("no")

    place.run(table_of(fail), table_of({"a": [2]}, "u", deps=["t"]), fails=True)
    assert place.rows("FROM public.t, public.u") == [(1, 1)]


def test_an_error_in_the_middle_of_a_write_leaves_the_old_rows_and_the_file_open_to_others(place, monkeypatch):
    place.run(table_of({"a": [1]}))

    def fail(*_: Any) -> Any:
        with duckdb.connect() as memory:
            assert memory.execute("SELECT 1").fetchone() == (1,)
        raise RuntimeError("in the middle")

    # After the rows are in and before the transaction ends.
    monkeypatch.setattr("backlog_assets.frames._Write.counts", fail)
    result = place.run(table_of({"a": [2], "b": [3]}), fails=True)
    assert "in the middle" in failure(result)
    opens(place.file)
    assert place.rows("FROM public.t") == [(1,)]
    monkeypatch.undo()
    place.run(table_of({"a": [2], "b": [3]}))
    assert place.rows("FROM public.t") == [(2, 3)]


# Metadata


def test_a_materialization_tells_rows_table_query_and_columns(place):
    [told] = metadata(place.run(table_of({"a": [1, 2], "b": ["x", "y"]}, key_prefix="shop"))).values()
    columns = told.pop("dagster/column_schema").columns
    assert [(column.name, column.type) for column in columns] == [("a", "BIGINT"), ("b", "VARCHAR")]
    assert told == {
        "dagster/row_count": 2,
        "dagster/table_name": "shop.t",
        "dagster/storage_kind": "duckdb",
        "Query": 'SELECT * FROM "shop"."t"',
    }
    assert place.rows(told["Query"]) == [(1, "x"), (2, "y")]


def test_no_path_of_a_machine_stands_in_the_metadata(place):
    [told] = metadata(place.run(table_of({"a": [1, 2]}))).values()
    assert str(place.file.parent) not in repr(told)


def test_a_partitions_materialization_tells_its_rows_and_their_query(place):
    place.run(table_of({"p": ["b"], "a": [0]}))
    letters = table_of({"p": ["a"] * 3, "a": [1, 2, 3]}, partitions_def=LETTERS, metadata={"partition_expr": "p"})
    told = metadata(place.run(letters, key="a"))["a"]
    assert told["dagster/partition_row_count"] == 3
    assert "dagster/row_count" not in told
    assert told["Query"] == """SELECT * FROM "public"."t" WHERE "p" IN ('a')"""
    assert len(place.rows(told["Query"])) == 3


def test_metadata_of_the_assets_own_is_no_trouble(place):
    @dg.asset
    def t(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pd.DataFrame]:
        own = {"dagster/row_count": 99, "Query": "mine", "dagster/table_name": "mine", "note": "kept"}
        return dg.MaterializeResult(value=pd.DataFrame({"a": [1]}), metadata=own)

    [told] = metadata(place.run(t)).values()
    assert told["note"] == "kept"
    assert place.rows("FROM public.t") == [(1,)]


# Partitions


def lettered(**frames: Any) -> dg.AssetsDefinition:
    return table_of(
        lambda context: frames[context.partition_key], partitions_def=LETTERS, metadata={"partition_expr": "p"}
    )


def test_a_static_partition_replaces_only_its_own_rows(place):
    place.run(lettered(a={"p": ["a", "a"], "n": [1, 2]}), key="a")
    place.run(lettered(b={"p": ["b"], "n": [3]}), key="b")
    place.run(lettered(a={"n": [4], "p": ["a"], "new": ["x"]}), key="a")
    assert sorted(place.rows("FROM public.t")) == [("a", 4, "x"), ("b", 3, None)]


def test_an_empty_partition_empties_only_itself(place):
    place.run(lettered(a={"p": ["a"], "n": [1]}), key="a")
    place.run(lettered(b={"p": ["b"], "n": [2]}), key="b")
    place.run(lettered(a={}), key="a")
    assert place.rows("FROM public.t") == [("b", 2)]


def test_dynamic_partitions_may_be_any_text(place):
    keys = ["it's", 'say "hi"', "課題", "x'; DROP TABLE public.t; --", "50%"]
    place.instance.add_dynamic_partitions("shops", keys)
    seen: dict[str, list[str]] = {}
    shops = dg.DynamicPartitionsDefinition(name="shops")
    up = table_of(
        lambda context: {"p": [context.partition_key]}, partitions_def=shops, metadata={"partition_expr": "p"}
    )

    @dg.asset(partitions_def=shops)
    def down(context: dg.AssetExecutionContext, t: pd.DataFrame) -> None:
        seen[context.partition_key] = t["p"].tolist()

    told = [metadata(place.run(up, key=key))[key] for key in keys]
    for key in keys:
        place.run(up, down, selection=[down], key=key)
    assert sorted(p for [p] in place.rows("FROM public.t")) == sorted(keys)
    assert seen == {key: [key] for key in keys}
    assert [place.rows(one["Query"]) for one in told] == [[(key,)] for key in keys]


def test_a_run_over_a_range_replaces_its_partitions_and_stamps_each_with_its_own_rows(place):
    place.run(table_of({"p": list("aabc"), "n": [0, 0, 0, 0]}))
    ranged = table_of(
        lambda context: {"p": ["a", "a", "a", "b"], "n": [1, 2, 3, 4]},
        partitions_def=LETTERS,
        metadata={"partition_expr": "p"},
    )
    told = metadata(place.run(ranged, keys=("a", "b")))
    assert sorted(place.rows("FROM public.t")) == [("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 0)]
    assert {key: one["dagster/partition_row_count"] for key, one in told.items()} == {"a": 3, "b": 1}
    assert all("dagster/row_count" not in one for one in told.values())


def test_a_range_with_nothing_in_it_is_counted_as_nothing(place):
    ranged = table_of({}, partitions_def=LETTERS, metadata={"partition_expr": "p"})
    place.run(table_of({"p": list("abc")}))
    told = metadata(place.run(ranged, keys=("a", "b")))
    assert {key: one["dagster/partition_row_count"] for key, one in told.items()} == {"a": 0, "b": 0}
    assert place.rows("FROM public.t") == [("c",)]


def daily(column: Sequence[Any], **more: Any) -> dg.AssetsDefinition:
    given = {"partitions_def": DAYS, "metadata": {"partition_expr": "at"}, **more}
    return table_of({"at": list(column)}, **given)


DAILY = {
    "days": [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)],
    "times": [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02 23:59:59.999999"), pd.Timestamp("2026-01-03")],
    "objects": [pd.Timestamp(f"2026-01-0{day} 12:00").to_pydatetime() for day in (1, 2, 3)],
    "instants": [pd.Timestamp(f"2026-01-0{day}", tz="UTC") for day in (1, 2, 3)],
    "texts": ["2026-01-01", "2026-01-02 12:00:00", "2026-01-03T00:00:00"],
}


@pytest.mark.parametrize("column", DAILY.values(), ids=DAILY.keys())
def test_a_day_replaces_only_its_own_rows(place, column):
    place.run(daily(column[:1]), key="2026-01-01")
    told = metadata(place.run(daily(column[1:]), keys=("2026-01-02", "2026-01-03")))
    assert {key: one["dagster/partition_row_count"] for key, one in told.items()} == {"2026-01-02": 1, "2026-01-03": 1}
    before = place.rows("FROM public.t")
    assert len(before) == 3
    place.run(daily(column[1:2]), key="2026-01-02")
    assert sorted(place.rows("FROM public.t")) == sorted(before)
    place.run(daily([]), key="2026-01-02")
    assert sorted(place.rows("FROM public.t")) == sorted([before[0], before[2]])
    assert "a row of another partition" in failure(place.run(daily(column[2:]), key="2026-01-02", fails=True))


@pytest.mark.parametrize(
    ("column", "outside"),
    [
        (pd.Timestamp("2026-01-01 20:00", tz="UTC"), pd.Timestamp("2026-01-02 20:00", tz="UTC")),
        (pd.Timestamp("2026-01-02 05:00"), pd.Timestamp("2026-01-01 20:00")),
    ],
    ids=["an instant by the zone's day", "a time without a zone by the clock"],
)
def test_a_day_begins_where_the_partitions_time_zone_says(place, column, outside):
    tokyo = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-11", timezone="Asia/Tokyo")
    place.run(daily([column], partitions_def=tokyo), key="2026-01-02")
    told = failure(place.run(daily([outside], partitions_def=tokyo), key="2026-01-02", fails=True))
    assert "a row of another partition" in told
    assert len(place.rows("FROM public.t")) == 1


def test_a_partition_expression_may_be_any_sql(place):
    def hours(*at: int) -> dg.AssetsDefinition:
        return table_of({"at": at}, partitions_def=DAYS, metadata={"partition_expr": 'to_timestamp("at")'})

    second = int(datetime(2026, 1, 2, tzinfo=UTC).timestamp())
    place.run(hours(second, second + 5), key="2026-01-02")
    place.run(hours(second + 86_400), key="2026-01-03")
    place.run(hours(second + 7), key="2026-01-02")
    assert sorted(place.rows("FROM public.t")) == [(second + 7,), (second + 86_400,)]


def multi(frame: Any) -> dg.AssetsDefinition:
    both = dg.MultiPartitionsDefinition({"day": DAYS, "letter": LETTERS})
    return table_of(frame, partitions_def=both, metadata={"partition_expr": {"day": "at", "letter": '"the letter"'}})


def cell(day: int, letter: str, note: str) -> dict[str, Any]:
    return {"at": [pd.Timestamp(2026, 1, day)], "the letter": [letter], "note": [note]}


def test_a_partition_of_two_dimensions_replaces_only_its_own_rows(place):
    for day, letter in ((1, "a"), (1, "b"), (2, "a")):
        place.run(multi(cell(day, letter, "old")), key=f"2026-01-0{day}|{letter}")
    place.run(multi(cell(1, "a", "new")), key="2026-01-01|a")
    assert sorted(place.rows('SELECT day("at"), "the letter", note FROM public.t')) == [
        (1, "a", "new"),
        (1, "b", "old"),
        (2, "a", "old"),
    ]
    assert "another partition" in failure(place.run(multi(cell(1, "b", "x")), key="2026-01-01|a", fails=True))


def test_a_range_in_two_dimensions_replaces_exactly_its_partitions(place):
    def square(note: str, letters: str, days: Sequence[int]) -> pd.DataFrame:
        return pd.concat([pd.DataFrame(cell(day, letter, note)) for day in days for letter in letters])

    place.run(multi(square("old", "abc", (1, 2, 3))), keys=("2026-01-01|a", "2026-01-03|c"))
    told = metadata(place.run(multi(square("new", "ab", (1, 2))), keys=("2026-01-01|a", "2026-01-02|b")))
    found = place.rows("""SELECT day("at") || "the letter" FROM public.t WHERE note = 'new' ORDER BY 1""")
    assert [one for [one] in found] == ["1a", "1b", "2a", "2b"]
    assert place.rows("SELECT count(*) FROM public.t") == [(9,)]
    assert {str(key): one["dagster/partition_row_count"] for key, one in told.items()} == {
        "2026-01-01|a": 1,
        "2026-01-01|b": 1,
        "2026-01-02|a": 1,
        "2026-01-02|b": 1,
    }


def test_a_downstream_asset_reads_its_partition_or_all_of_them(place):
    seen: dict[str, Any] = {}
    up = lettered(a={"p": ["a"]}, b={"p": ["b"]})

    @dg.asset(partitions_def=LETTERS)
    def own(context: dg.AssetExecutionContext, t: pd.DataFrame) -> None:
        seen[context.partition_key] = t["p"].tolist()

    @dg.asset
    def whole(t: pd.DataFrame) -> None:
        seen["whole"] = t["p"].tolist()

    @dg.asset(ins={"t": dg.AssetIn(partition_mapping=dg.SpecificPartitionsPartitionMapping(["a", "c"]))})
    def some(t: pd.DataFrame) -> None:
        seen["some"] = t["p"].tolist()

    place.run(up, own, key="a")
    place.run(up, own, key="b")
    place.run(up, whole, some, selection=[whole, some])
    assert seen == {"a": ["a"], "b": ["b"], "whole": ["a", "b"], "some": ["a"]}


def test_days_that_do_not_follow_each_other_are_read_without_those_between(place):
    seen: list[int] = []
    up = daily([pd.Timestamp(2026, 1, day) for day in (1, 2, 3, 4)])
    picked = dg.SpecificPartitionsPartitionMapping(["2026-01-01", "2026-01-03", "2026-01-04"])

    @dg.asset(ins={"t": dg.AssetIn(partition_mapping=picked)})
    def down(t: pd.DataFrame) -> None:
        seen.extend(t["at"].dt.day)

    place.run(up, keys=("2026-01-01", "2026-01-04"))
    place.run(up, down, selection=[down])
    assert seen == [1, 3, 4]


@pytest.mark.filterwarnings("ignore::dagster_shared.utils.warnings.BetaWarning")
def test_a_day_with_no_day_before_it_reads_nothing_of_it(place):
    seen: list[pd.DataFrame] = []
    up = daily([pd.Timestamp(2026, 1, 1)])
    before = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1, allow_nonexistent_upstream_partitions=True)

    @dg.asset(partitions_def=DAYS, ins={"t": dg.AssetIn(partition_mapping=before)})
    def down(t: pd.DataFrame) -> None:
        seen.append(t)

    place.run(up, key="2026-01-01")
    place.run(up, down, selection=[down], key="2026-01-01")
    place.run(up, down, selection=[down], key="2026-01-02")
    assert [len(one) for one in seen] == [0, 1]
    assert list(seen[0].columns) == ["at"]


def test_a_partitioned_asset_that_does_not_say_by_what_is_refused(place):
    result = place.run(table_of({"p": ["a"]}, partitions_def=LETTERS), key="a", fails=True)
    assert "t is partitioned, but nothing says by which column." in failure(result)


@pytest.mark.parametrize("frame", [{"a": [1]}, {"a": []}, {"p": ["a"]}])
@pytest.mark.parametrize("expression", ["nothing", "p +", "no_such_function(p)", "(SELECT"])
def test_a_partition_expression_that_is_none_is_refused(place, frame, expression):
    made = table_of(frame, partitions_def=LETTERS, metadata={"partition_expr": expression})
    told = failure(place.run(made, key="a", fails=True))
    assert f"no column for the partition expression {expression!r}" in told
    assert place.rows("SELECT table_name FROM duckdb_tables()") == []


def test_a_second_dimension_that_is_not_named_is_refused(place):
    both = dg.MultiPartitionsDefinition({"day": DAYS, "letter": LETTERS})
    asset = table_of({"p": ["a"]}, partitions_def=both, metadata={"partition_expr": {"day": "at"}})
    assert "names no column for letter" in failure(place.run(asset, key="2026-01-01|a", fails=True))


# The pure part: which rows a partition is


def test_windows_that_touch_are_one():
    one, two, three, five = (DAYS.time_window_for_partition_key(f"2026-01-0{day}") for day in (1, 2, 3, 5))
    assert merged([three, one, two, five, two]) == [dg.TimeWindow(one.start, three.end), five]
    assert merged([]) == []


def test_partitions_that_are_no_rectangle_are_refused():
    both = dg.MultiPartitionsDefinition({"day": DAYS, "letter": LETTERS})
    expression = {"day": "at", "letter": "p"}
    square = ["2026-01-01|a", "2026-01-02|a", "2026-01-01|b", "2026-01-02|b"]
    day, letter = dimensions_of("t", both, square, expression)
    assert letter.partitions == ["a", "b"]
    assert isinstance(day.partitions, dg.TimeWindow)
    with pytest.raises(Refused, match="not every combination of their day and letter"):
        dimensions_of("t", both, square[:3], expression)


def test_a_condition_for_people_has_its_values_in_it():
    keys = dimensions_of("t", LETTERS, ["it's", "b"], "p")
    assert condition(keys, lambda _: "VARCHAR", literal) == "\"p\" IN ('it''s', 'b')"
    days = dimensions_of("t", DAYS, ["2026-01-01", "2026-01-02"], "at")
    assert condition(days, lambda _: "DATE", literal) == (
        "((\"at\" >= '2026-01-01 00:00:00' AND \"at\" < '2026-01-03 00:00:00'))"
    )
    assert condition(dimensions_of("t", DAYS, [], "at"), lambda _: "DATE", literal) == "false"
    assert condition([], lambda _: "DATE", literal) == "true"


# By hand, in threads, busy


def written(manager: Any, frame: Mapping[str, Any], **context: Any) -> None:
    manager.handle_output(dg.build_output_context(asset_key=["s", "t"], **context), pd.DataFrame(frame))


def test_it_can_be_called_by_hand(place):
    manager = place.direct()
    written(manager, {"a": [1]})
    upstream = dg.build_output_context(asset_key=["s", "t"])
    frames = dg.PythonObjectDagsterType(pd.DataFrame)
    for known in ({"upstream_output": upstream}, {}):
        context = dg.build_input_context(asset_key=["s", "t"], dagster_type=frames, **known)
        assert manager.load_input(context).to_dict("list") == {"a": [1]}


def test_a_partition_can_be_written_and_read_by_hand(place):
    manager = place.direct()
    metadata = {"partition_expr": "p"}
    for key in "ab":
        written(manager, {"p": [key]}, partition_key=key, asset_partitions_def=LETTERS, definition_metadata=metadata)
    both = dg.PartitionKeyRange("b", "c")
    written(
        manager,
        {"p": ["b", "c"]},
        asset_partition_key_range=both,
        asset_partitions_def=LETTERS,
        definition_metadata=metadata,
    )
    upstream = dg.build_output_context(asset_key=["s", "t"], definition_metadata=metadata)
    context = dg.build_input_context(
        asset_key=["s", "t"],
        upstream_output=upstream,
        dagster_type=dg.PythonObjectDagsterType(pd.DataFrame),
        asset_partitions_def=LETTERS,
        asset_partition_key_range=both,
    )
    assert manager.load_input(context)["p"].tolist() == ["b", "c"]
    assert sorted(p for [p] in place.rows("FROM s.t")) == ["a", "b", "c"]


def test_threads_of_one_process_wait_for_each_other(place):
    def write(key: str) -> None:
        written(
            place.direct(),
            {"p": [key]},
            partition_key=key,
            asset_partitions_def=LETTERS,
            definition_metadata={"partition_expr": "p"},
        )

    threads = [threading.Thread(target=write, args=(key,)) for key in "abc" * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(p for [p] in place.rows("FROM s.t")) == ["a", "b", "c"]


def test_a_file_somebody_holds_fails_the_run_with_its_name(place):
    place.run(table_of({"a": [1]}))
    hasty = Place(place.file, place.instance, wait_seconds=0.2)
    with foreign_holder(place.file) as holder, pytest.raises(WarehouseBusy, match=rf"\(PID {holder.pid}\)"):
        written(hasty.direct(), {"a": [2]})
    assert place.rows("FROM public.t") == [(1,)]


def test_settings_of_duckdb_are_passed_on(place):
    manager = Place(place.file, place.instance, connection_config={"threads": 2, "default_null_order": "nulls_first"})
    with manager.io_manager.warehouse().connection() as connection:
        assert connection.execute(
            "SELECT current_setting('threads'), current_setting('default_null_order')"
        ).fetchone() == (
            2,
            "NULLS_FIRST",
        )


def test_rows_keep_their_order_with_several_threads(place):
    several = Place(place.file, place.instance, connection_config={"threads": 4})
    numbers = list(range(300_000, 0, -1))
    seen: list[int] = []

    @dg.asset
    def down(t: pd.DataFrame) -> None:
        seen.extend(t["a"])

    several.run(table_of({"a": numbers}), down)
    assert seen == numbers
    assert [a for [a] in place.rows("FROM public.t LIMIT 3")] == numbers[:3]


def test_a_misfit_by_hand_is_a_misfit(place):
    written(place.direct(), {"a": [1]})
    with pytest.raises(Misfit, match="'x' does not fit"):
        written(place.direct(), {"a": ["x"]})
