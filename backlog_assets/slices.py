"""Which table an asset is, and which of its rows its partitions are. Knows Dagster's partitions and opens nothing."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timezone
from typing import Any, cast

import dagster as dg
from dagster._core.storage.db_io_manager import TablePartitionDimension, TableSlice

from backlog_assets.errors import Refused
from backlog_assets.warehouse import quoted

PUBLIC = "public"
"""The schema of an asset for which none is named, as with dagster-duckdb-pandas."""

INSTANT = "TIMESTAMP WITH TIME ZONE"


def slice_of(
    context: dg.OutputContext | dg.InputContext, upstream: dg.OutputContext | None, *, schema: str | None
) -> TableSlice:
    """Table, schema, columns and partitions of what is written or read; `upstream` is whoever wrote it.

    The schema is the one in the asset's metadata, else `schema`, else the asset key's prefix. Partitions are taken key
    by key: ranges of keys, as Dagster's own IO managers take them, fail on a range in two dimensions.
    """
    metadata = plain_metadata(upstream)
    path = list(context.asset_key.path) if context.has_asset_key else []
    table = path[-1] if path else metadata.get("table") or (upstream.name if upstream else "result")
    prefix = path[-2] if len(path) > 1 else None
    dimensions: list[TablePartitionDimension] = []
    if path and context.has_asset_partitions:
        dimensions = dimensions_of(
            table, context.asset_partitions_def, context.asset_partition_keys, metadata.get("partition_expr")
        )
    return TableSlice(
        table=str(table),
        schema=str(metadata.get("schema") or schema or prefix or PUBLIC),
        columns=plain_metadata(context).get("columns"),
        partition_dimensions=dimensions,
    )


def plain_metadata(context: dg.OutputContext | dg.InputContext | None) -> dict[str, Any]:
    """The metadata of the definition, as values: Dagster hands out whatever was written down, wrapped or not."""
    found = cast("Mapping[str, Any]", (context.definition_metadata if context else None) or {})
    return {name: value.value if isinstance(value, dg.MetadataValue) else value for name, value in found.items()}


def dimensions_of(
    table: str, definition: dg.PartitionsDefinition[Any], keys: Sequence[str], expression: object
) -> list[TablePartitionDimension]:
    """The rows of the partitions `keys`: one condition a dimension. Raises Refused where there is no such condition."""
    if not expression:
        raise Refused(
            f"{table} is partitioned, but nothing says by which column. Add it to the asset: "
            f'metadata={{"partition_expr": "your_partition_column"}}.'
        )
    if not isinstance(definition, dg.MultiPartitionsDefinition):
        return [_dimension(definition, keys, str(expression))]
    expressions = cast("Mapping[str, str]", expression if isinstance(expression, Mapping) else {})
    names = [part.name for part in definition.partitions_defs]
    missing = [name for name in names if not expressions.get(name)]
    if missing:
        raise Refused(
            f"{table} is partitioned by {' and '.join(names)}, but partition_expr names no column for "
            f'{" and ".join(missing)}. Write metadata={{"partition_expr": {{"{missing[0]}": "its_column", ...}}}}.'
        )
    split = [definition.get_partition_key_from_str(str(key)).keys_by_dimension for key in keys]
    sides = {name: list(dict.fromkeys(key[name] for key in split)) for name in names}
    if len({tuple(key[name] for name in names) for key in split}) != math.prod(map(len, sides.values())):
        raise Refused(
            f"{table}: the partitions asked for are not every combination of their {' and '.join(names)}, and cannot "
            f"be read or written in one piece: {', '.join(map(str, keys[:5]))}, ..."
        )
    return [
        _dimension(part.partitions_def, sides[part.name], expressions[part.name]) for part in definition.partitions_defs
    ]


def condition(
    dimensions: Sequence[TablePartitionDimension], type_of: Callable[[str], str], place: Callable[[Any], str]
) -> str:
    """The rows of the partitions as an SQL condition. `place` puts a value into it: as a parameter, or as a literal.

    `type_of` tells the DuckDB type of a partition expression. Days begin where the partitions' time zone says: for an
    instant (TIMESTAMPTZ) at that instant, for times without a zone at that time of the clock.
    """
    found: list[str] = []
    for given, partitions in dimensions:
        expression = column_or_sql(given)
        if isinstance(partitions, dg.TimeWindow) or (partitions and isinstance(partitions[0], dg.TimeWindow)):
            windows = [partitions] if isinstance(partitions, dg.TimeWindow) else cast("list[dg.TimeWindow]", partitions)
            kind = type_of(expression)
            value, is_instant = _moment(expression, kind), kind == INSTANT
            spans = [
                f"({value} >= {place(_bound(start, is_instant))} AND {value} < {place(_bound(end, is_instant))})"
                for start, end in windows
            ]
            found.append(f"({' OR '.join(spans)})")
        elif partitions:
            found.append(f"{expression} IN ({', '.join(place(key) for key in partitions)})")
        else:
            found.append("false")
    return " AND ".join(found) or "true"


def partitions_joined(
    parts: Sequence[Sequence[TablePartitionDimension]], type_of: Callable[[str], str]
) -> tuple[str, str, list[Any]]:
    """Single partitions as a relation with their number in `__part`, and when a row belongs to one: for counting.

    Returns a SELECT, a join condition and the values of its parameters; one condition a partition would be slow.
    """
    columns, on, values = ["unnest(range(?)) AS __part"], ["true"], cast("list[Any]", [len(parts)])
    for at, (given, first) in enumerate(parts[0]):
        expression = column_or_sql(given)
        kind = type_of(expression)
        ones = [part[at].partitions for part in parts]
        if isinstance(first, dg.TimeWindow):
            windows = cast("list[dg.TimeWindow]", ones)
            is_instant = kind == INSTANT
            columns += [
                f"unnest(?::{INSTANT if is_instant else 'TIMESTAMP'}[]) AS __{side}_{at}" for side in ("start", "end")
            ]
            values.append([_bound(one.start, is_instant) for one in windows])
            values.append([_bound(one.end, is_instant) for one in windows])
            value = _moment(expression, kind)
            on.append(f"{value} >= __start_{at} AND {value} < __end_{at}")
        else:
            columns.append(f"unnest(?::VARCHAR[]) AS __key_{at}")
            values.append([one[0] for one in ones])
            on.append(f"{expression} = CAST(__key_{at} AS {kind})")
    return f"SELECT {', '.join(columns)}", " AND ".join(on), values


def column_or_sql(expression: str) -> str:
    """A partition expression as SQL: a single word is a column, whatever else that word means (`order`, `at`)."""
    return quoted(expression) if re.fullmatch(r"\w+", expression) else f"({expression})"


def literal(value: Any) -> str:
    """A partition's value as SQL text, to be read by people."""
    text = value if isinstance(value, str) else f"{value:%Y-%m-%d %H:%M:%S}"
    return "'" + text.replace("'", "''") + "'"


def merged(windows: Sequence[dg.TimeWindow]) -> list[dg.TimeWindow]:
    """The same time in as few windows as possible, the earliest first."""
    result: list[dg.TimeWindow] = []
    for window in sorted(windows, key=lambda one: one.start):
        if result and window.start <= result[-1].end:
            result[-1] = dg.TimeWindow(result[-1].start, max(result[-1].end, window.end))
        else:
            result.append(window)
    return result


def _dimension(
    definition: dg.PartitionsDefinition[Any], keys: Sequence[str], expression: str
) -> TablePartitionDimension:
    if not isinstance(definition, dg.TimeWindowPartitionsDefinition):
        return TablePartitionDimension(expression, list(keys))
    windows = merged([definition.time_window_for_partition_key(key) for key in keys])
    # Dagster's type knows one window only; several are what is left where keys in between were not asked for.
    return TablePartitionDimension(expression, windows[0] if len(windows) == 1 else cast("list[str]", windows))


def _moment(expression: str, kind: str) -> str:
    return f"TRY_CAST({expression} AS TIMESTAMP)" if kind == "VARCHAR" else expression


def _bound(instant: Any, is_instant: bool) -> Any:
    return instant.astimezone(timezone.utc) if is_instant else instant.replace(tzinfo=None)
