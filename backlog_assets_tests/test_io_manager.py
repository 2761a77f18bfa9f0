"""A user's own pandas assets through the IO manager: real runs, a real DuckDB file, exact rows."""

import logging
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pytest

from backlog_assets.errors import Misfit, WarehouseBusy
from backlog_assets_tests.places import Place, failure, metadata, table_of, written
from backlog_assets_tests.processes import foreign_holder, opens


@pytest.fixture
def place(tmp_path: Path) -> Any:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Place(tmp_path / "space.duckdb", instance)


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


def test_metadata_of_the_assets_own_is_no_trouble(place):
    @dg.asset
    def t(context: dg.AssetExecutionContext) -> dg.MaterializeResult[pd.DataFrame]:
        own = {"dagster/row_count": 99, "Query": "mine", "dagster/table_name": "mine", "note": "kept"}
        return dg.MaterializeResult(value=pd.DataFrame({"a": [1]}), metadata=own)

    [told] = metadata(place.run(t)).values()
    assert told["note"] == "kept"
    assert place.rows("FROM public.t") == [(1,)]


# By hand, in threads, busy


def test_it_can_be_called_by_hand(place):
    manager = place.direct()
    written(manager, {"a": [1]})
    upstream = dg.build_output_context(asset_key=["s", "t"])
    frames = dg.PythonObjectDagsterType(pd.DataFrame)
    for known in ({"upstream_output": upstream}, {}):
        context = dg.build_input_context(asset_key=["s", "t"], dagster_type=frames, **known)
        assert manager.load_input(context).to_dict("list") == {"a": [1]}


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
