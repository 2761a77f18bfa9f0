"""The IO manager: spooled records and frames into DuckDB, wholly or not at all; frames out. Knows no HTTP."""

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import dagster as dg
import duckdb
import pandas as pd
from dagster._core.execution.context.metadata_logging import AssetMetadataHandle, OutputMetadataAccumulator
from dagster._core.storage.db_io_manager import (
    DbClient,
    DbIOManager,
    DbTypeHandler,
    TablePartitionDimension,
    TableSlice,
)
from dagster_duckdb_pandas import DuckDBPandasIOManager
from duckdb import DuckDBPyConnection
from pydantic import Field

from backlog_assets.aligning import align
from backlog_assets.catalogue import ENDPOINTS, Endpoint
from backlog_assets.catalogue.table import table_of
from backlog_assets.comment_reading import Wanted
from backlog_assets.comment_state import COMMENTS, CommentLoader, comments_wanted
from backlog_assets.each_reading import RowsWanted
from backlog_assets.each_state import loader_of, rows_wanted, switched_off
from backlog_assets.errors import Refused
from backlog_assets.failures import told
from backlog_assets.field_views import TRIGGERS, renew_field_views
from backlog_assets.figures import as_table, project_metadata, quota_metadata, table_metadata
from backlog_assets.frames import Written, read_frame, replace_frame
from backlog_assets.keeping import seal, staged
from backlog_assets.ledger import claim, last_load, note_down, was_whole
from backlog_assets.loading import Loaded, Loader, mark_orphans
from backlog_assets.meanings import describe_load
from backlog_assets.people_state import agree, is_renewed
from backlog_assets.permissions import Right, note_rights, note_rights_of_load, rights_of
from backlog_assets.progress import finished
from backlog_assets.raw import Raw, Staged
from backlog_assets.shrinking import live_rows, refuse_shrinking
from backlog_assets.slices import condition, dimensions_of, literal, plain_metadata, slice_of
from backlog_assets.spool import Denial, Spooled
from backlog_assets.warehouse import Warehouse, columns_of, ensure_schema, full_name, quoted

FIRST_LOAD_MEMORY = "72MB"
"""What DuckDB may keep in memory while it fills new tables; beyond it, rows wait on disk until the transaction ends.

Enough for rows of the usual length: 250,000 issues of the demo space get by with it. A load that does not is done again
without. Tables that are there already are compared with what was loaded, which would be slow in so little.
"""

LOADERS: Mapping[str, type[Loader]] = {COMMENTS: CommentLoader}
"""Endpoints whose records are written in a way of their own."""


class BacklogDuckDBIOManager(DuckDBPandasIOManager):
    """Writes assets into DuckDB in one transaction each, and reads them back as pandas frames.

    Takes the place of dagster-duckdb-pandas' IO manager for any asset: frames go in by column name, with the declared
    types, an empty frame makes an empty table, and processes that write at once wait for each other.
    """

    wait_seconds: float = Field(
        default=600.0, description="How long to wait for the DuckDB file while another process holds it, in seconds."
    )
    raw_folder: str = Field(
        default="", description="BACKLOG_KEEP_RAW: where every load is kept compressed; empty: nowhere."
    )
    raw_days: int = Field(
        default=0,
        description="BACKLOG_RAW_DAYS: kept loads are removed after so many days where none needs them; 0: never",
    )

    @classmethod
    def _is_dagster_maintained(cls) -> bool:
        return False

    @staticmethod
    def type_handlers() -> Sequence[DbTypeHandler[Any]]:
        return [FrameHandler()]

    def warehouse(self, log: Any = None) -> Warehouse:
        """The database this IO manager writes, as the rest of the product opens it."""
        return Warehouse(
            self.database,
            self.schema_ or "backlog",
            wait_seconds=self.wait_seconds,
            config=self.connection_config,
            log=log,
        )

    def create_io_manager(self, context: dg.InitResourceContext) -> "WholeOrNothingIOManager":
        return WholeOrNothingIOManager(self.warehouse(context.log), schema=self.schema_, raw=self.raw)

    @property
    def raw(self) -> Raw | None:
        """Where loads are kept, None where they are not."""
        return Raw(Path(self.raw_folder), self.raw_days or None) if self.raw_folder else None


class WholeOrNothingIOManager(DbIOManager):
    """What runs use: spooled records through the loader, everything else as the DuckDB IO manager does it."""

    def __init__(self, warehouse: Warehouse, *, schema: str | None, raw: Raw | None = None) -> None:
        super().__init__(
            type_handlers=BacklogDuckDBIOManager.type_handlers(),
            db_client=client_of(warehouse),
            io_manager_name="BacklogDuckDBIOManager",
            database=warehouse.path,
            schema=schema,
            default_load_type=pd.DataFrame,
        )
        self.warehouse = warehouse
        self._raw = raw
        self._rights: dict[str, list[Right]] = {}

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Writes `obj`. An endpoint's tables are written together, with the first of them; the others report it."""
        if not isinstance(obj, Spooled):
            super().handle_output(context, obj)
            return
        table = context.asset_key.path[-1]
        loaded = told(lambda: self.write(obj, context.run_id))
        figures = loaded[table]
        context.add_output_metadata({"sample": as_table(figures.sample), **quota_metadata(obj)})
        if not context.has_asset_partitions:
            context.add_output_metadata(table_metadata(figures, obj))
            return
        _stamp_partitions(context, {key: project_metadata(figures, obj, key) for key in context.asset_partition_keys})

    def load_input(self, context: dg.InputContext) -> object:
        if not self.warehouse.exists:
            raise Refused(f"There is no DuckDB file {self.warehouse.path} yet. Materialize the asset first.")
        return super().load_input(context)

    def _get_table_slice(
        self, context: dg.OutputContext | dg.InputContext, output_context: dg.OutputContext | None
    ) -> TableSlice:
        return slice_of(context, output_context, schema=self._schema)

    def write(
        self, spooled: Spooled, run_id: str, *, max_shrink: float = 1.0, at: datetime | None = None
    ) -> Mapping[str, Loaded]:
        """Loads an endpoint's tables in one transaction, once however often it is called, and drops the spool.

        Raises Shrunk, and leaves the tables as they were, where more than the share `max_shrink` of the rows would be
        marked deleted. `at` is when it was loaded, where that is not now (a replay).
        """
        if spooled.loaded is not None:
            return cast("Mapping[str, Loaded]", spooled.loaded)
        try:
            with staged(self._raw, spooled) as load:
                try:
                    loaded = self._write(spooled, run_id, load, at=at, memory=FIRST_LOAD_MEMORY, max_shrink=max_shrink)
                except duckdb.OutOfMemoryException:
                    loaded = self._write(spooled, run_id, load, at=at, memory=None, max_shrink=max_shrink)
        except BaseException as error:
            spooled.end(error)
            raise
        spooled.loaded = loaded
        spooled.discard()
        for name, figures in loaded.items():
            finished(name, figures.rows)
        return loaded

    def _write(
        self,
        spooled: Spooled,
        run_id: str,
        load: Staged | None,
        *,
        at: datetime | None,
        memory: str | None,
        max_shrink: float,
    ) -> Mapping[str, Loaded]:
        schema = self.warehouse.schema
        with self.warehouse.transaction() as connection:
            now = at or datetime.now(timezone.utc)  # inside, so that instants have the order of the loads
            claim(connection, schema, spooled.space)
            agree(connection, schema, spooled.people)
            spooled.renews = spooled.since_id is None and is_renewed(connection, schema, spooled.endpoint.name)
            if memory is not None and not columns_of(connection, schema, spooled.endpoint.name):
                connection.execute(f"SET memory_limit = '{memory}'")
            table = table_of(spooled.endpoint)
            before = live_rows(connection, schema, table, spooled) if table.keeps_deleted else 0
            if spooled.endpoint.name == "projects" and not spooled.records and before:
                raise Refused(
                    "Backlog listed no project at all, but there were some before. Nothing was changed: most likely "
                    "the key's user has lost access. If all projects are really gone, start with a new DuckDB file."
                )
            loaded = loader_of(spooled.endpoint, LOADERS)(connection, schema, spooled, now).load()
            refuse_shrinking(connection, schema, before, loaded[table.name], max_shrink)
            if spooled.endpoint.name == "projects":
                mark_orphans(connection, schema, [table_of(endpoint) for endpoint in ENDPOINTS])
            if aligned := align(connection, schema, spooled, now):
                spooled.notes["names_brought_in_line"] = aligned
            if spooled.endpoint.name in TRIGGERS:
                spooled.notes |= renew_field_views(connection, schema)
            follows = last_load(connection, spooled.endpoint)
            note_down(connection, loaded, spooled, run_id, now)
            note_rights_of_load(connection, schema, spooled, now)
            self._rights[spooled.endpoint.name] = rights_of(connection, spooled.endpoint.name)
            describe_load(connection, schema, spooled.endpoint)
            if load is not None:
                seal(connection, self.warehouse, load, run_id, now, follows)
        return loaded

    def project_ids(self) -> dict[str, int]:
        """Key -> id of the projects that were there when `projects` was last loaded, in their order of id."""
        sql = "SELECT project_key, id FROM {} WHERE _deleted_at IS NULL ORDER BY id"
        return {str(key): int(project_id) for key, project_id in self._query("projects", sql)}

    def last_id(self, table: str) -> int | None:
        """The highest id of an append-only table, where its next load begins; None before the first.

        None as well where BACKLOG_PROJECTS held rows back in the last load: what it left out would never come.
        """
        if not self.warehouse.exists:
            return None
        with self.warehouse.connection() as connection:
            if not was_whole(connection, table):
                return None
            name = full_name(connection, self.warehouse.schema, table)
            found = connection.execute(f"SELECT max(id) FROM {name}").fetchone()
            return found[0] if found else None

    def comments_wanted(self, *, only: Collection[str] | None, full: bool) -> Wanted:
        """The issues whose comments are to be read, of the projects with the keys `only`; with `full`, all of them."""
        if not self.warehouse.exists:
            return Wanted()
        with self.warehouse.connection() as connection:
            return comments_wanted(connection, self.warehouse.schema, only=only, full=full)

    def rows_wanted(
        self, endpoint: Endpoint, *, only: Collection[str] | None, but: Collection[str] = (), full: bool
    ) -> RowsWanted:
        """The rows of another table that an endpoint is to be asked for, of the projects with the keys `only` and not
        of those in `but`; with `full`, whatever is known of them."""
        if not self.warehouse.exists:
            return RowsWanted({})
        with self.warehouse.connection() as connection:
            return rows_wanted(connection, self.warehouse.schema, endpoint, only=only, but=but, full=full)

    def switched_off(self, endpoint: Endpoint) -> set[int]:
        """Ids of the projects that have switched off what the endpoint is about, as of the last load of `projects`."""
        if endpoint.feature is None or not self.warehouse.exists:
            return set()
        with self.warehouse.connection() as connection:
            return switched_off(connection, self.warehouse.schema, endpoint)

    def note_denied(self, endpoint: Endpoint, denial: Denial) -> None:
        """Writes down that the key may not read an endpoint at all."""
        with self.warehouse.transaction() as connection:
            note_rights(connection, endpoint.name, (), {None: denial}, datetime.now(timezone.utc))

    def rights(self, endpoint: Endpoint) -> list[Right]:
        """What is known of whether the key may read an endpoint's table; what a load has just found out is at hand."""
        if endpoint.name in self._rights:
            return self._rights.pop(endpoint.name)
        with self.warehouse.connection() as connection:
            return rights_of(connection, endpoint.name)

    def basis(self, endpoint: Endpoint, projects: Collection[int] | None = None) -> str:
        """What a load goes on from: the database, and the last load of the table, of these projects where it is loaded
        by project. What was read for a load that is in the tables is of another basis than the next one."""
        state = "-"
        if self.warehouse.exists:
            with self.warehouse.connection() as connection:
                state = str(last_load(connection, endpoint, projects))
        return f"{self.warehouse.path} {self.warehouse.schema} {state}"

    def issues_asked_before(self) -> list[str]:
        """Ids of the issues in table `issue`; where it is empty, of the newest one in `issues`, to have an example."""
        found = self._query("issue", "SELECT id FROM {} ORDER BY id") or self._query(
            "issues", "SELECT max(id) FROM {} WHERE _deleted_at IS NULL HAVING count(*) > 0"
        )
        return [str(issue_id) for [issue_id] in found]

    def _query(self, table: str, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on one table; none where the table is not there yet."""
        if not self.warehouse.exists:
            return []
        with self.warehouse.connection() as connection:
            if not columns_of(connection, self.warehouse.schema, table):
                return []
            return connection.execute(sql.format(full_name(connection, self.warehouse.schema, table))).fetchall()


def client_of(warehouse: Warehouse) -> DbClient[DuckDBPyConnection]:
    """What gives the DuckDB IO manager connections that wait for each other, inside a transaction."""

    class WarehouseClient(DbClient[DuckDBPyConnection]):
        @staticmethod
        @contextmanager
        def connect(
            context: dg.OutputContext | dg.InputContext, table_slice: TableSlice
        ) -> Generator[DuckDBPyConnection]:
            with warehouse.transaction() as connection:
                # A frame's rows have an order; the loader's have none, and need less memory for it.
                connection.execute("SET preserve_insertion_order = true")
                yield connection

        @staticmethod
        def ensure_schema_exists(
            context: dg.OutputContext, table_slice: TableSlice, connection: DuckDBPyConnection
        ) -> None:
            ensure_schema(connection, table_slice.schema)

        @staticmethod
        def delete_table_slice(
            context: dg.OutputContext, table_slice: TableSlice, connection: DuckDBPyConnection
        ) -> None:
            """Nothing yet: the handler deletes after it has altered the table, as DuckDB wants it."""

        @staticmethod
        def get_select_statement(table_slice: TableSlice) -> str:
            """What to paste into a DuckDB shell to see the rows; shown in the asset's metadata."""
            where = condition(table_slice.partition_dimensions or (), lambda _: "TIMESTAMP", literal)
            rows = f"SELECT * FROM {quoted(table_slice.schema)}.{quoted(table_slice.table)}"
            return rows if where == "true" else f"{rows} WHERE {where}"

        @staticmethod
        def get_table_name(table_slice: TableSlice) -> str:
            """Without the file: where that lies on one machine is no part of the table's name."""
            return f"{table_slice.schema}.{table_slice.table}"

    return WarehouseClient()


class FrameHandler(DbTypeHandler[pd.DataFrame]):
    """A user's own frames: in by name and type, out by partition."""

    def handle_output(
        self, context: dg.OutputContext, table_slice: TableSlice, obj: pd.DataFrame, connection: DuckDBPyConnection
    ) -> Mapping[str, Any]:
        declared = cast("dg.TableSchema | None", plain_metadata(context).get("dagster/column_schema"))
        types = {column.name: column.type for column in declared.columns} if declared is not None else {}
        keys: Sequence[str] = context.asset_partition_keys if context.has_asset_partitions else ()
        parts = [dimensions_of_key(context, table_slice.table, key) for key in keys] if len(keys) > 1 else []
        written = replace_frame(connection, table_slice, obj, types, parts)
        for column, kind in written.unknown.items():
            context.log.warning(
                f"{table_slice.table}.{column} is declared as {kind!r} in dagster/column_schema, which is no type of "
                f"DuckDB; {written.types[column]} was taken."
            )
        if not written.types:
            context.log.warning(
                f"{table_slice.table}: no table was made. The frame has no column, and none is declared in "
                f"dagster/column_schema."
            )
        if parts:  # a run over several partitions: each has its own rows, not the total
            rows = zip(keys, written.by_partition, strict=True)
            _stamp_partitions(context, {key: {"dagster/partition_row_count": one} for key, one in rows})
        count = "dagster/partition_row_count" if keys else "dagster/row_count"
        return {
            **({} if parts else {count: len(obj)}),
            **({} if declared is not None or not written.types else {"dagster/column_schema": _schema_of(written)}),
            "dagster/storage_kind": "duckdb",
        }

    def load_input(
        self, context: dg.InputContext, table_slice: TableSlice, connection: DuckDBPyConnection
    ) -> pd.DataFrame:
        frame = read_frame(connection, table_slice)
        context.log.debug("%d rows read from %s.%s.", len(frame), table_slice.schema, table_slice.table)
        return frame

    @property
    def supported_types(self) -> Sequence[type[object]]:
        return [pd.DataFrame]


def dimensions_of_key(context: dg.OutputContext, table: str, key: str) -> list[TablePartitionDimension]:
    """The rows of one of the partitions that are being written."""
    return dimensions_of(table, context.asset_partitions_def, [key], plain_metadata(context).get("partition_expr"))


def _schema_of(written: Written) -> dg.TableSchema:
    return dg.TableSchema(columns=[dg.TableColumn(name, kind) for name, kind in written.types.items()])


def _stamp_partitions(context: dg.OutputContext, by_partition: Mapping[str, Mapping[str, Any]]) -> None:
    """Gives each partition of the run metadata of its own.

    What `add_asset_metadata` does, all at once: it looks into the run history three times a partition to check the
    key, which for 500 projects and seven tables took longer than loading them.
    """
    try:
        step = context.step_context
    except dg.DagsterInvariantViolationError:
        return  # called by hand, outside of any run: nobody keeps the metadata
    noted = dict(vars(step)["_metadata_accumulator"].per_output_metadata)
    for key, metadata in by_partition.items():
        handle = AssetMetadataHandle(asset_key=context.asset_key, partition_key=key)
        noted[handle] = {**noted.get(handle, {}), **metadata}
    vars(step)["_metadata_accumulator"] = OutputMetadataAccumulator(per_output_metadata=noted)
