"""Partitioned pandas assets through the IO manager: a partition replaces its own rows, all of them and no other."""

import threading
from collections.abc import Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from backlog_assets.errors import Refused
from backlog_assets.slices import condition, dimensions_of, literal, merged
from backlog_assets_tests.places import Place, failure, metadata, table_of, written

UTC = timezone.utc
DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-11")
LETTERS = dg.StaticPartitionsDefinition(["a", "b", "c"])


@pytest.fixture
def place(tmp_path: Path) -> Any:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Place(tmp_path / "space.duckdb", instance)


def test_a_partitions_materialization_tells_its_rows_and_their_query(place):
    place.run(table_of({"p": ["b"], "a": [0]}))
    letters = table_of({"p": ["a"] * 3, "a": [1, 2, 3]}, partitions_def=LETTERS, metadata={"partition_expr": "p"})
    told = metadata(place.run(letters, key="a"))["a"]
    assert told["dagster/partition_row_count"] == 3
    assert "dagster/row_count" not in told
    assert told["Query"] == """SELECT * FROM "public"."t" WHERE "p" IN ('a')"""
    assert len(place.rows(told["Query"])) == 3


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


def test_a_range_over_partitions_that_are_numbers_is_counted_by_number(place):
    numbers = dg.StaticPartitionsDefinition(["1", "2", "10"])
    asset = table_of({"part": [1, 10, 10]}, partitions_def=numbers, metadata={"partition_expr": "part"})
    told = metadata(place.run(asset, keys=("1", "10")))
    assert {key: one["dagster/partition_row_count"] for key, one in told.items()} == {"1": 1, "2": 0, "10": 2}


def test_a_partition_keeps_the_metadata_the_asset_gave_it(place):
    def noted(context: dg.AssetExecutionContext) -> dict[str, list[str]]:
        context.add_asset_metadata({"note": "mine"}, partition_key="b")
        return {"p": ["a", "b", "b"]}

    told = metadata(
        place.run(table_of(noted, partitions_def=LETTERS, metadata={"partition_expr": "p"}), keys=("a", "b"))
    )
    assert [told[key].get("note") for key in "ab"] == [None, "mine"]
    assert [told[key]["dagster/partition_row_count"] for key in "ab"] == [1, 2]


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


@pytest.mark.parametrize(
    ("frame", "expression"),
    [({"a": [1]}, "nothing"), ({"a": []}, "nothing"), ({"p": ["a"]}, "p +"), ({"p": ["a"]}, "no_such_function(p)")],
)
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


# By hand, in threads


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
