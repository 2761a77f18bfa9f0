"""A table of a real DuckDB file that tests write frames into and read them from."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pytest
from dagster._core.storage.db_io_manager import TablePartitionDimension, TableSlice
from duckdb import DuckDBPyConnection

from backlog_assets.errors import Refused
from backlog_assets.frames import Written, read_frame, replace_frame
from backlog_assets.warehouse import columns_of


class Table:
    """One table `s.t`, written and read in transactions of the one connection of this module, which is fast."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self.connection = connection

    def write(self, frame: Any, declared: Mapping[str, str | None] | None = None, **partitions: list[str]) -> Written:
        frame = frame if isinstance(frame, pd.DataFrame) else pd.DataFrame(frame)
        with self.transaction() as connection:
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
        with self.transaction() as connection:
            return read_frame(connection, self.slice(columns, **partitions))

    @contextmanager
    def transaction(self) -> Iterator[DuckDBPyConnection]:
        self.connection.execute("BEGIN")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def slice(self, columns: list[str] | None = None, **partitions: list[str]) -> TableSlice:
        dimensions = [TablePartitionDimension(expression, keys) for expression, keys in partitions.items()]
        return TableSlice("t", "s", columns=columns, partition_dimensions=dimensions)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def rows(self) -> list[tuple[Any, ...]]:
        return self.sql("FROM s.t")

    def types(self) -> dict[str, str]:
        return columns_of(self.connection, "s", "t")

    def dump(self) -> tuple[Any, ...]:
        types = self.types()
        return types, self.sql("SELECT COLUMNS(*)::VARCHAR FROM s.t") if types else []
