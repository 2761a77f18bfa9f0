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

from backlog_assets.errors import Misconfigured, WarehouseBusy

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

MAGIC, MAGIC_AT = b"DUCK", 8
"""What every DuckDB file has in it, and where; an empty file is a new database."""

_HELD = re.compile(r"[Cc]onflicting lock is held in (?P<holder>.*?)(?:\. See also|$)", re.DOTALL)
_ANOTHER = ("Could not set lock", "Conflicting lock", "being used by")
_OURSELVES = ("different configuration", "already attached")
OPS = "backlog_ops"
"""The schema of the bookkeeping, the same whatever schema the tables are in."""

_FORGIVES = int(duckdb.__version__.split(".")[0]) < 2
"""A statement that fails to find its table leaves the transaction as it was. From DuckDB 2 on it aborts it."""

_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def folded(name: str) -> str:
    """`name` as DuckDB compares names: without the case of A to Z, and of no other letter."""
    return name.translate(str.maketrans(_UPPER, _LOWER))


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
            yield from self._opened(self.path, deadline)
            return
        file = self._file()
        _check_is_duckdb(file)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(f"BACKLOG_DUCKDB: cannot make the folder of {file}: {error.strerror}.") from None
        with self._lock(file, deadline):
            if not _has_content(file):
                self._make(file, deadline)
            yield from self._opened(str(file), deadline)

    def within(self, wait_seconds: float) -> "Warehouse":
        """The same database, for those who cannot wait longer than this for it."""
        return Warehouse(
            self.path, self.schema, wait_seconds=wait_seconds, config=self._config, log=self._log, sleep=self._sleep
        )

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
        return self.is_remote or self._file().exists()

    def _file(self) -> Path:
        """The one path of the file. By a second one (a link) two threads could open it at once and spoil it:
        neither the lock file nor DuckDB's own lock, which belongs to the process, would keep them apart."""
        if not self.path or self.path.startswith(":memory:"):
            raise Misconfigured("BACKLOG_DUCKDB: a database in memory would be lost after each step; name a file.")
        return Path(self.path).expanduser().resolve()

    @contextmanager
    def _lock(self, file: Path, deadline: float) -> Generator[None]:
        lock: FileLock = FileLock(f"{file}.lock")
        try:
            try:
                lock.acquire(timeout=min(QUIET_SECONDS, self._wait_seconds), poll_interval=0.02)
            except Timeout:
                left = deadline - self._now()
                if left <= 0:
                    raise
                self._log.info("%s is being written by another run; waiting up to %g s.", file, self._wait_seconds)
                lock.acquire(timeout=left, poll_interval=0.05)
        except Timeout:
            raise WarehouseBusy(
                f"Another run has been writing {file}, or waiting to, for {self._wait_seconds:g} s"
                f"{_held_now(file)}. Nothing was written; wait for it to end and start again."
            ) from None
        except OSError as error:
            raise Misconfigured(f"BACKLOG_DUCKDB: cannot make {file}.lock: {error.strerror}.") from None
        try:
            yield
        finally:
            lock.release()

    def _make(self, file: Path, deadline: float) -> None:
        """A new database, under another name until it is whole: half a header, left by a kill, never opens again."""
        fresh = Path(f"{file}.new")
        fresh.unlink(missing_ok=True)
        self._open(str(fresh), deadline).close()
        if not _has_content(file):
            # The journal of a file that somebody has deleted belongs to no other.
            Path(f"{file}.wal").unlink(missing_ok=True)
            fresh.replace(file)

    def _opened(self, database: str, deadline: float) -> Iterator[DuckDBPyConnection]:
        connection = self._open(database, deadline)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET preserve_insertion_order = false")
            yield connection
        finally:
            connection.close()

    def _open(self, database: str, deadline: float) -> DuckDBPyConnection:
        pause, told = 0.05, False
        started = self._now()
        while True:
            try:
                return duckdb.connect(database, config=dict(self._config))
            except duckdb.Error as error:
                text = str(error)
            holder = holder_of(text)
            if holder is None:
                raise Misconfigured(f"BACKLOG_DUCKDB: DuckDB cannot open {database}: {_first_line(text)}")
            if self._now() >= deadline:
                raise WarehouseBusy(
                    f"{database} is held by {holder}, for more than {self._wait_seconds:g} s. "
                    f"Nothing was written; close that program and start again."
                )
            if not told and self._now() - started >= QUIET_SECONDS:
                told = True
                self._log.info("%s is held by %s; waiting up to %g s.", database, holder, self._wait_seconds)
            self._sleep(pause)
            pause = min(pause * 1.5, 1.0)


def full_name(connection: DuckDBPyConnection, schema: str, table: str) -> str:
    """A table's quoted name, with the database in front only where that is called as the schema is.

    In a file `backlog.duckdb` DuckDB would not know whether `backlog.issues` begins with the database or the schema.
    """
    [database] = connection.execute("SELECT current_database()").fetchone() or ("",)
    name = f"{quoted(schema)}.{quoted(table)}"
    return f"{quoted(str(database))}.{name}" if str(database).lower() == schema.lower() else name


def ensure_schema(connection: DuckDBPyConnection, schema: str) -> None:
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")


def columns_of(connection: DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    """Names and DuckDB types of a table's columns, in order; empty where there is no such table."""
    if _FORGIVES and '"' not in schema + table:
        try:
            told = "SELECT name, type FROM pragma_table_info(?)"
            return dict(connection.execute(told, [full_name(connection, schema, table)]).fetchall())
        except duckdb.CatalogException:
            return {}
    # It looks at every column of the file. Lengths first: folding all their names takes longer than all the rest.
    rows = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() "
        "WHERE length(table_name) = length($table) AND length(schema_name) = length($schema) "
        "AND database_name = current_database() "
        "AND translate(schema_name, $upper, $lower) = $schema AND translate(table_name, $upper, $lower) = $table "
        "ORDER BY column_index",
        {"upper": _UPPER, "lower": _LOWER, "schema": folded(schema), "table": folded(table)},
    ).fetchall()
    return {str(name): str(kind) for name, kind in rows}


def ensure_table(connection: DuckDBPyConnection, schema: str, table: str, columns: Sequence[tuple[str, str]]) -> None:
    """Makes the table, or adds the columns an existing one lacks. Those no longer declared stay, null from then on."""
    there = columns_of(connection, schema, table)
    name = full_name(connection, schema, table)
    if not there:
        ensure_schema(connection, schema)
        listed = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns)
        connection.execute(f"CREATE TABLE {name} ({listed})")
        return
    known = set(map(folded, there))
    for column, kind in columns:
        if folded(column) not in known:
            connection.execute(f"ALTER TABLE {name} ADD COLUMN {quoted(column)} {kind}")


def _roll_back(connection: DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:
        logging.getLogger(__name__).debug("DuckDB had rolled the transaction back itself.")


def holder_of(text: str) -> str | None:
    """Who holds the file, from DuckDB's error when it was opened; None where the error is about something else."""
    found = _HELD.search(text)
    if found:
        return found["holder"].strip(". \n")
    if any(sign in text for sign in _OURSELVES):
        return "this very process, which has opened it elsewhere and not closed it"
    return "another program" if any(sign in text for sign in _ANOTHER) else None


def _check_is_duckdb(file: Path) -> None:
    """Raises Misconfigured for somebody's other file, before a lock file is left beside it.

    Looks into no file that has a lock file: this process may have it open, and would lose DuckDB's lock on it when a
    second handle is closed.
    """
    try:
        if not file.exists() or Path(f"{file}.lock").exists():
            return
        with file.open("rb") as opened:
            head = opened.read(len(MAGIC) + MAGIC_AT)
    except OSError as error:
        raise Misconfigured(f"BACKLOG_DUCKDB: DuckDB cannot open {file}: {error.strerror}.") from None
    if head and head[MAGIC_AT:] != MAGIC:
        raise Misconfigured(f"BACKLOG_DUCKDB: DuckDB cannot open {file}: it is not a valid DuckDB database file.")


def _has_content(file: Path) -> bool:
    return file.exists() and (file.is_dir() or file.stat().st_size > 0)


def _held_now(file: Path) -> str:
    """Who holds the file at this moment, in brackets; the run that has the lock may itself wait for a third party."""
    try:
        duckdb.connect(str(file), read_only=True).close()
    except duckdb.Error as error:
        holder = holder_of(str(error))
        return f" (it is held by {holder})" if holder else ""
    return ""


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]
