"""The DuckDB file: who may open it, transactions, tables and their columns. Knows no HTTP and no Dagster."""

import logging
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection
from filelock import FileLock, Timeout

from backlog_assets.errors import Misconfigured, Refused, WarehouseBusy

OPS = "backlog_ops"
"""Schema of the bookkeeping tables, the same whatever schema the tables are in."""

CONFIG: Mapping[str, str | int] = {
    # Files of an older format, so that people's command lines and BI tools can open them too.
    "storage_compatibility_version": "v1.2.0",
    # One thread reads a spool as fast as two (one file is one stream) and needs 100 MB less.
    "threads": 1,
    "custom_user_agent": "backlog-assets",
}
"""How DuckDB is opened; the IO manager's `connection_config` adds to it."""

QUIET_SECONDS = 5.0
"""Waiting for the file is worth a word in the log after this long."""

_HELD = re.compile(r"[Cc]onflicting lock is held in (?P<holder>.*?)(?:\. See also|$)", re.DOTALL)
_ANOTHER = ("Could not set lock", "Conflicting lock", "different configuration", "already attached", "being used by")


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class Warehouse:
    """A DuckDB database (`path`, or `md:...`) and the schema the tables are in.

    Writers of this product wait for each other at a lock file beside the database; a file held by somebody else's
    program is waited for likewise. After `wait_seconds` in all WarehouseBusy says who holds it.
    """

    def __init__(
        self,
        path: str,
        schema: str = "backlog",
        *,
        wait_seconds: float = 600.0,
        config: Mapping[str, str | int] | None = None,
        log: logging.Logger | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.schema = schema
        self._wait_seconds = wait_seconds
        self._config = {**CONFIG, **(config or {})}
        self._log = log or logging.getLogger(__name__)
        self._sleep = sleep
        self._now = now

    @property
    def is_remote(self) -> bool:
        """MotherDuck: no file, so nothing to wait for."""
        return self.path.startswith(("md:", "motherduck:"))

    @contextmanager
    def connection(self) -> Generator[DuckDBPyConnection]:
        """An open connection nobody else of this product has at the same time; always closed."""
        deadline = self._now() + self._wait_seconds
        if self.is_remote:
            yield from self._opened(deadline)
            return
        file = Path(self.path)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(f"BACKLOG_DUCKDB: cannot make the folder of {file}: {error.strerror}.") from None
        with self._lock(file, deadline):
            yield from self._opened(deadline)

    @contextmanager
    def transaction(self) -> Generator[DuckDBPyConnection]:
        """As `connection`, and what is done in it happens wholly or not at all."""
        with self.connection() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            except BaseException:
                _roll_back(connection)
                raise
            connection.execute("COMMIT")

    @property
    def exists(self) -> bool:
        return self.is_remote or Path(self.path).exists()

    def table(self, name: str) -> str:
        """The quoted, schema-qualified name of a table."""
        return f"{quoted(self.schema)}.{quoted(name)}"

    @contextmanager
    def _lock(self, file: Path, deadline: float) -> Generator[None]:
        lock: FileLock = FileLock(f"{file}.lock")
        patience = min(QUIET_SECONDS, self._wait_seconds)
        try:
            try:
                lock.acquire(timeout=patience, poll_interval=0.02)
            except Timeout:
                self._log.info("%s is being written by another run; waiting up to %.0f s.", file, self._wait_seconds)
                lock.acquire(timeout=max(0.0, deadline - self._now()), poll_interval=0.05)
        except Timeout:
            raise WarehouseBusy(
                f"Another run has been writing {file} for {self._wait_seconds:.0f} s. Nothing was written; "
                f"wait for it to end and start again."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _opened(self, deadline: float) -> Iterator[DuckDBPyConnection]:
        connection = self._open(deadline)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET preserve_insertion_order = false")
            yield connection
        finally:
            connection.close()

    def _open(self, deadline: float) -> DuckDBPyConnection:
        pause, told = 0.05, False
        started = self._now()
        while True:
            try:
                return duckdb.connect(self.path, config=dict(self._config))
            except (duckdb.IOException, duckdb.ConnectionException, duckdb.BinderException) as error:
                text = str(error)
            if not any(sign in text for sign in _ANOTHER):
                raise Misconfigured(f"BACKLOG_DUCKDB: DuckDB cannot open {self.path}: {_first_line(text)}")
            if self._now() >= deadline:
                raise WarehouseBusy(
                    f"{self.path} is held by {_holder(text)}, for more than {self._wait_seconds:.0f} s. "
                    f"Nothing was written; close that program and start again."
                )
            if not told and self._now() - started >= QUIET_SECONDS:
                told = True
                self._log.info("%s is held by %s; waiting up to %.0f s.", self.path, _holder(text), self._wait_seconds)
            self._sleep(pause)
            pause = min(pause * 1.5, 1.0)


def ensure_schema(connection: DuckDBPyConnection, schema: str) -> None:
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")


def columns_of(connection: DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    """Names and DuckDB types of a table's columns, in order; empty where there is no such table."""
    rows = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = ? AND table_name = ? ORDER BY column_index",
        [schema, table],
    ).fetchall()
    return {str(name): str(kind) for name, kind in rows}


def ensure_table(connection: DuckDBPyConnection, schema: str, table: str, columns: Sequence[tuple[str, str]]) -> None:
    """Makes the table, or adds the columns an existing one lacks. Those no longer declared stay, null from then on."""
    there = columns_of(connection, schema, table)
    name = f"{quoted(schema)}.{quoted(table)}"
    if not there:
        ensure_schema(connection, schema)
        listed = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns)
        connection.execute(f"CREATE TABLE {name} ({listed})")
        return
    lower = {column.lower() for column in there}
    for column, kind in columns:
        if column.lower() not in lower:
            connection.execute(f"ALTER TABLE {name} ADD COLUMN {quoted(column)} {kind}")


def claim(connection: DuckDBPyConnection, schema: str, space: str) -> None:
    """Makes sure that a schema holds one space only: the first load writes its name down, others must agree.

    A loopback address is taken without its port, which changes whenever a test server starts.
    """
    ensure_table(connection, OPS, "spaces", [("schema_name", "VARCHAR"), ("space", "VARCHAR")])
    name = re.sub(r"^(127\.[0-9.]+|localhost|\[::1\])(:[0-9]+)?$", "loopback", space)
    found = connection.execute(f"SELECT space FROM {OPS}.spaces WHERE schema_name = ?", [schema]).fetchone()
    if found is None:
        connection.execute(f"INSERT INTO {OPS}.spaces VALUES (?, ?)", [schema, name])
    elif found[0] != name:
        raise Refused(
            f"Schema {schema} of this DuckDB file holds the space {found[0]}; {name} was not written into it. "
            f"Set BACKLOG_DUCKDB or BACKLOG_SCHEMA to another place for {name}."
        )


def _roll_back(connection: DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:
        logging.getLogger(__name__).debug("DuckDB had rolled the transaction back itself.")


def _holder(text: str) -> str:
    found = _HELD.search(text)
    return found["holder"].strip() if found else "another program"


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]
