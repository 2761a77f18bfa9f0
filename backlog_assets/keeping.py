"""What the IO manager does so that loads are kept where they were committed, and no others. Knows no Dagster."""

import hashlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from duckdb import DuckDBPyConnection

from backlog_assets.errors import Misconfigured
from backlog_assets.ledger import OPS
from backlog_assets.raw import Raw, Staged
from backlog_assets.spool import STALE_SECONDS, Spooled
from backlog_assets.warehouse import Warehouse, columns_of, full_name

RAW_FOLDER = "data/raw"
"""Where loads are kept, if they are."""

SWITCH = {"on": True, "true": True, "1": True, "yes": True, "off": False, "false": False, "0": False, "no": False}


def raw_from(environ: Mapping[str, str]) -> Raw | None:
    """Where the settings say that loads are kept; None where they are not. Raises Misconfigured for a wrong one."""
    told = environ.get("BACKLOG_KEEP_RAW", "").strip().lower() or "off"
    if told not in SWITCH:
        raise Misconfigured(f"BACKLOG_KEEP_RAW is {told!r}; write on or off.")
    return raw_folder_from(environ) if SWITCH[told] else None


def raw_folder_from(environ: Mapping[str, str]) -> Raw:
    """The folder of kept loads, whether or not loads are being kept."""
    told = environ.get("BACKLOG_RAW_DAYS", "").strip()
    if told and not (told.isascii() and told.isdigit() and int(told) > 0):
        raise Misconfigured(f"BACKLOG_RAW_DAYS is {told!r}; write a number of days, or nothing to keep all.")
    return Raw(Path(environ.get("BACKLOG_RAW", "").strip() or RAW_FOLDER), int(told) if told else None)


@contextmanager
def staged(raw: Raw | None, spooled: Spooled) -> Generator[Staged | None]:
    """Inside, the load is being written; when that went well, it gets its place among the kept ones."""
    if raw is None:
        yield None
        return
    load = raw.stage(spooled)
    try:
        yield load
    except BaseException:
        load.drop()
        raise
    load.publish()


def seal(
    connection: DuckDBPyConnection,
    warehouse: Warehouse,
    load: Staged,
    run_id: str,
    loaded_at: datetime,
    follows: datetime | None,
) -> None:
    """The last thing in a load's transaction. Sees also to what a killed process has left behind."""
    mark = warehouse_mark(warehouse)
    load.raw.recover(
        load.spooled.space,
        mark,
        lambda table, at: is_committed(connection, table, at),
        but=load.place,
        patience_seconds=STALE_SECONDS if warehouse.is_remote else 0,
    )
    load.seal(run_id, loaded_at, follows, mark)


def is_committed(connection: DuckDBPyConnection, table: str, loaded_at: datetime) -> bool:
    """Whether the warehouse's books have the load of a table at an instant."""
    if not columns_of(connection, OPS, "loads"):
        return False
    loads = full_name(connection, OPS, "loads")
    found = connection.execute(
        f"SELECT 1 FROM {loads} WHERE table_name = ? AND loaded_at = ? LIMIT 1", [table, loaded_at]
    ).fetchone()
    return found is not None


def warehouse_mark(warehouse: Warehouse) -> str:
    """Tells warehouses apart without naming them."""
    place = warehouse.path if warehouse.is_remote else str(Path(warehouse.path).expanduser().resolve())
    return hashlib.sha256(f"{place}|{warehouse.schema}".encode()).hexdigest()[:12]
