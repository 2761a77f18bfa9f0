"""Rebuilds tables from what was kept of each load (`raw`), without a request: wholly, or not at all. Knows no HTTP.

Every kept load is done again, in order and as of its instant, in a database of its own; when all went well its tables
take the place of the old ones in one transaction. All loads, whatever tables are wanted: loads change each other's rows
(what belongs to a project is lost with it).
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue import BY_NAME, ENDPOINTS, Endpoint
from backlog_assets.catalogue.bookkeeping import MEANINGS
from backlog_assets.catalogue.table import names_of, tables_of
from backlog_assets.errors import Misconfigured, Refused
from backlog_assets.field_views import BOOK as VIEWS_BOOK
from backlog_assets.field_views import renew_field_views
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.ledger import OPS, claim, last_load
from backlog_assets.manifest import Kept, gaps, shape_mark, with_facts
from backlog_assets.meanings import describe_load
from backlog_assets.people import KEEP, People, is_made_in_place, mark_of
from backlog_assets.people import told as said
from backlog_assets.people_state import BOOK as PEOPLE_BOOK
from backlog_assets.people_state import agree
from backlog_assets.raw import Raw, check, fetched, lines_of
from backlog_assets.spool import Part, Spool, Spooled
from backlog_assets.warehouse import Warehouse, ensure_schema, ensure_table, full_name, quoted

LEDGERS = ("loads", "requests")
"""Bookkeeping of what has happened: rows that are not there yet are added, none is replaced."""

STATES: Mapping[str, str] = {"comment_state": "issue_comments", "issues_to_read": "issues"}
"""Bookkeeping that belongs to one table altogether: its name -> the table's. The others name the table in each row."""

OF_THE_SCHEMA = ("spaces", VIEWS_BOOK, PEOPLE_BOOK, MEANINGS.name)
"""Bookkeeping of no table that is loaded: the target has its own."""

BATCH = 1_000


@dataclass
class Replayed:
    """What a replay has done: loads, records, and rows by table; `notes` say what it could not know."""

    loads: int = 0
    records: int = 0
    rows: dict[str, int] = field(default_factory=dict[str, int])
    notes: list[str] = field(default_factory=list[str])


def replay(
    raw: Raw,
    space: str,
    target: Warehouse,
    *,
    tables: Sequence[str] = (),
    allow_gaps: bool = False,
    people: People | None = None,
) -> Replayed:
    """Rebuilds the families of `tables` (all that are kept, for none) in `target`. Raises Refused, and changes nothing,
    where a file is missing or damaged, or where a load is not kept that another begins from (unless `allow_gaps`).

    People's data are treated as `people` has it, also in loads that were kept before. Refused is raised as well where a
    kept load has them hidden in another way, or the other tables of the target have.
    """
    kept = [one for one in raw.kept(space) if one.manifest.table in BY_NAME]
    there = {one.manifest.table for one in kept}
    missing = [endpoint.name for endpoint in families(tables) if endpoint.name not in there]
    if not there or (tables and missing):
        wanted = ", ".join(missing) if tables else space
        raise Refused(f"No load of {wanted} is kept in {raw.folder}. Nothing was changed.")
    chosen = [endpoint for endpoint in families(tables) if endpoint.name in there]
    names = {endpoint.name for endpoint in chosen}
    done = Replayed()
    _check_gaps([one for one in kept if one.manifest.table in names], target, chosen, done, allow_gaps)
    _check_people(kept, mark_of(people))
    check(kept)
    home = Path(target.path).expanduser().resolve().parent if not target.is_remote else None
    if home is not None:
        home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".replay-", dir=home) as folder:
        scratch = Warehouse(str(Path(folder) / "replayed.duckdb"), target.schema)
        writer = WholeOrNothingIOManager(scratch, schema=target.schema)
        for one in kept:
            spooled = spooled_again(one, Path(folder), people)
            done.loads, done.records = done.loads + 1, done.records + spooled.records
            writer.write(spooled, one.manifest.run_id, at=one.manifest.loaded_at)
        with target.transaction() as connection:
            claim(connection, target.schema, space)
            agree(connection, target.schema, mark_of(people))
            connection.execute(f"ATTACH '{_literal(scratch.path)}' AS replayed (READ_ONLY)")
            done.rows = _take_over(connection, target.schema, chosen)
            renew_field_views(connection, target.schema)
        # DuckDB lets go of the file with the connection.
    return done


def families(tables: Sequence[str]) -> list[Endpoint]:
    """The endpoints behind these names, all for none. Raises Misconfigured for a name that is no table."""
    known = {name: endpoint for endpoint in ENDPOINTS for name in names_of(endpoint)}
    unknown = [name for name in tables if name not in known]
    if unknown:
        raise Misconfigured(f"There is no table {', '.join(unknown)}. Tables: {', '.join(sorted(known))}.")
    wanted = {known[name].name for name in tables} or {endpoint.name for endpoint in ENDPOINTS}
    return [endpoint for endpoint in ENDPOINTS if endpoint.name in wanted]


def _check_gaps(
    kept: Sequence[Kept], target: Warehouse, chosen: Sequence[Endpoint], done: Replayed, allow_gaps: bool
) -> None:
    told = [
        f"{table}: a load begins where that of {at:%Y-%m-%d %H:%M:%S} UTC ended, which is not kept."
        for table, at in sorted(gaps(kept).items())
    ]
    last = {one.manifest.table: one.manifest.loaded_at for one in kept}
    for endpoint in chosen:
        newest = _last_load(target, endpoint)
        if newest is not None and newest > last[endpoint.name]:
            told.append(
                f"{endpoint.name}: its last load, of {newest:%Y-%m-%d %H:%M:%S} UTC, is not kept; the table would go "
                f"back to {last[endpoint.name]:%Y-%m-%d %H:%M:%S} UTC."
            )
    if told and not allow_gaps:
        raise Refused(
            f"{' '.join(told)} Nothing was changed; load in full once more (sync --full), or take what there is with "
            "--allow-gaps."
        )
    done.notes += told
    for endpoint in chosen:
        first = next(one.manifest for one in kept if one.manifest.table == endpoint.name)
        if first.anew and first.follows is not None:
            done.notes.append(
                f"{endpoint.name}: loads before {first.loaded_at:%Y-%m-%d %H:%M:%S} UTC are not kept; rows that were "
                "gone by then are not in it."
            )


def _last_load(target: Warehouse, endpoint: Endpoint) -> datetime | None:
    if not target.exists:
        return None
    with target.connection() as connection:
        return last_load(connection, endpoint)


def _check_people(kept: Sequence[Kept], mark: str) -> None:
    for one in kept:
        before = str(one.manifest.spooled.get("people", KEEP))
        if not is_made_in_place(before, mark):
            raise Refused(
                f"People's data in {one.folder} are BACKLOG_PII={said(before)}, which cannot be turned into what the "
                f"setting says ({said(mark)}). Nothing was changed; set BACKLOG_PII and BACKLOG_PII_KEY back, or "
                "remove the loads that were kept before you changed them."
            )


def spooled_again(one: Kept, folder: Path, people: People | None = None) -> Spooled:
    """A kept load as it was spooled; taken apart anew where the catalogue's entry has another shape by now, or where
    its people's data are to be hidden."""
    endpoint = BY_NAME[one.manifest.table]
    copies = {
        name: fetched(one, name, folder / _copy_name(name, part.lines)) for name, part in one.manifest.parts.items()
    }
    is_hidden = one.manifest.spooled.get("people", KEEP) == mark_of(people)
    if one.manifest.shape == shape_mark(endpoint) and is_hidden:
        return with_facts(Spooled(endpoint, copies, one.manifest.space), one.manifest.spooled)
    with Spool(folder / "again", endpoint, one.manifest.space, one.manifest.run_id) as spool:
        batch: list[dict[str, Any]] = []
        for record in records_of(one, copies):
            batch.append(record if people is None or is_hidden else people.protect(endpoint.path, record))
            if len(batch) == BATCH:
                spool.add(batch)
                batch = []
        spool.add(batch)
    again = spool.spooled
    apart = {endpoint.name, *(child.name for child in endpoint.children)} | set(_lists_of(one))
    for name, part in copies.items():
        if name in apart:
            part.path.unlink()
        else:
            again.parts = {**again.parts, name: part}
    return with_facts(again, {**one.manifest.spooled, "people": mark_of(people)})


def records_of(one: Kept, copies: dict[str, Part]) -> Iterator[dict[str, Any]]:
    """The records of a kept load as Backlog sent them: lists put back in, what was worked out taken out."""
    lists = [_Lists(copies[name].path) for name in _lists_of(one)]
    for record in lines_of(copies[one.manifest.table].path):
        record.pop("_extra", None)
        for found in lists:
            record.update(found.of(record.get("id")))
        yield record


def _lists_of(one: Kept) -> list[str]:
    """Parts that hold a list of each record: `{"id": ..., "<field>": [...]}`."""
    children = {child.name for endpoint in ENDPOINTS for child in endpoint.children}
    return [name for name in one.manifest.parts if name in children and name != one.manifest.table]


class _Lists:
    """The lists that were taken out of records, in the records' order."""

    def __init__(self, path: Path) -> None:
        self._lines = lines_of(path)
        self._next = next(self._lines, None)

    def of(self, record_id: Any) -> dict[str, Any]:
        if self._next is None or self._next["id"] != record_id:
            return {}
        found = {name: items for name, items in self._next.items() if name != "id"}
        for items in found.values():
            for item in items:
                item.pop("_extra", None)
        self._next = next(self._lines, None)
        return found


def _take_over(connection: DuckDBPyConnection, schema: str, chosen: Sequence[Endpoint]) -> dict[str, int]:
    """Puts the tables of `replayed` in the place of the old ones, with their bookkeeping. Returns rows by table."""
    ensure_schema(connection, schema)
    ensure_schema(connection, OPS)
    rows: dict[str, int] = {}
    names: list[str] = []
    for endpoint in chosen:
        for table in tables_of(endpoint):
            source = f"replayed.{quoted(schema)}.{quoted(table.name)}"
            connection.execute(f"CREATE OR REPLACE TABLE {full_name(connection, schema, table.name)} AS FROM {source}")
            [rows[table.name]] = connection.execute(f"SELECT count(*) FROM {source}").fetchone() or (0,)
        for view in endpoint.views:
            connection.execute(
                f"CREATE OR REPLACE VIEW {full_name(connection, schema, view.name)} AS "
                f"SELECT * FROM {full_name(connection, schema, endpoint.name)}"
            )
        names += names_of(endpoint)
    _take_over_books(connection, names)
    for endpoint in chosen:
        describe_load(connection, schema, endpoint)
    return rows


def _take_over_books(connection: DuckDBPyConnection, names: Sequence[str]) -> None:
    """Bookkeeping of these tables: where loads ended is replaced, what has happened is added where it is not there."""
    books = connection.execute(
        "SELECT table_name, bool_or(column_name = 'table_name') FROM duckdb_columns() "
        "WHERE database_name = 'replayed' AND schema_name = ? AND table_name NOT IN (SELECT unnest(?::VARCHAR[])) "
        "GROUP BY 1 ORDER BY 1",
        [OPS, list(OF_THE_SCHEMA)],
    ).fetchall()
    for book, names_tables in books:
        source, target = f"replayed.{quoted(OPS)}.{quoted(book)}", full_name(connection, OPS, book)
        of_these = f"FROM {source} r WHERE r.table_name IN (SELECT unnest(?))"
        ensure_table(connection, OPS, book, _columns(connection, book))
        if not names_tables:
            if STATES[book] in names:
                connection.execute(f"DELETE FROM {target}")
                connection.execute(f"INSERT INTO {target} BY NAME FROM {source}")
            continue
        if book in LEDGERS:
            there = (
                f"FROM {target} t WHERE (t.run_id, t.table_name, t.loaded_at) = (r.run_id, r.table_name, r.loaded_at)"
            )
            of_these += f" AND NOT EXISTS ({there})"
        else:
            connection.execute(f"DELETE FROM {target} WHERE table_name IN (SELECT unnest(?))", [list(names)])
        connection.execute(f"INSERT INTO {target} BY NAME SELECT r.* {of_these}", [list(names)])


def _columns(connection: DuckDBPyConnection, book: str) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = 'replayed' AND schema_name = ? "
        "AND table_name = ? ORDER BY column_index",
        [OPS, book],
    ).fetchall()


def _copy_name(part: str, lines: int) -> str:
    return f"{part}.ndjson.gz" if lines else f"{part}.ndjson"


def _literal(text: str) -> str:
    return text.replace("'", "''")
