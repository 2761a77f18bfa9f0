"""A DuckDB file, the runs that write a user's own pandas assets into it, and what they leave behind."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd

from backlog_assets.io_manager import BacklogDuckDBIOManager

RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


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


def written(manager: Any, frame: Mapping[str, Any], **context: Any) -> None:
    manager.handle_output(dg.build_output_context(asset_key=["s", "t"], **context), pd.DataFrame(frame))
