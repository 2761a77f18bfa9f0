"""What is asked for row by row of another table, from the client to the spool. Knows no DuckDB and no Dagster.

One unit of work a row: a row that is not there any more, or that is refused, does not lose the others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from backlog_assets.catalogue import Endpoint
from backlog_assets.client import BacklogClient
from backlog_assets.errors import Denied, WrongShape
from backlog_assets.journal import Terms
from backlog_assets.paging import Page
from backlog_assets.progress import report
from backlog_assets.reading import READERS, Asking, measured, named_params, named_path, pages
from backlog_assets.spool import Denial, Spool, Spooled

READS = "each_reads"
"""The part of the spool that says what became of each row that was wanted: a line a row."""

READ, GONE, LEFT = "read", "gone", "left"
"""What became of it: all there is was read; Backlog knows it no more; it was refused, or left to the next load."""

REFUSALS = 3
"""After so many refused rows in a row of one project, its others are left to the next load."""

NO_RESOURCE = 6
"""Backlog's error code for what is not there."""


class RowWanted(NamedTuple):
    """A row of another table that is asked for: its key, the key of its project (empty where it belongs to none), the
    column that tells whether it moved, the highest id known of what it is asked for (None: none is), and its columns
    by name."""

    key: str
    project: str
    moved: str | None
    last_id: int | None
    values: Mapping[str, Any]


@dataclass
class RowsWanted:
    """The rows that are asked for. `link`: column of the table that is loaded -> column of the row, which join the two.
    `is_whole`: all there are, and of each all there is, whatever is known of them."""

    link: Mapping[str, str]
    columns: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    is_whole: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[RowWanted]:
        for key, project, moved, last_id, *values in self.rows:
            yield RowWanted(key, project, moved, last_id, dict(zip(self.columns, values, strict=True)))


@dataclass
class Unread:
    """The rows (`what`: `issues`) that were wanted and could not be read, and why those that were refused.

    `denied` are the projects of which some were refused, `allowed` those of which some were read.
    """

    what: str
    gone: int = 0
    skipped: int = 0
    refused: dict[str, str] = field(default_factory=dict[str, str])
    denied: dict[str, Denial] = field(default_factory=dict[str, Denial])
    allowed: dict[str, None] = field(default_factory=dict[str, None])
    in_a_row: dict[str, int] = field(default_factory=dict[str, int])

    def is_closed(self, project: str) -> bool:
        """Whether so much of a project was refused that its others need not be tried."""
        return self.in_a_row.get(project, 0) >= REFUSALS

    @property
    def is_any(self) -> bool:
        return bool(self.gone or self.skipped or self.refused)

    def read(self, project: str) -> None:
        """Notes that a row of a project was read."""
        self.allowed[project] = None
        self.in_a_row.pop(project, None)

    def failed(self, row: str, project: str, error: Denied) -> bool:
        """Notes that a row could not be read; whether that is because it is not there any more."""
        if error.status == 404 or error.code == NO_RESOURCE:
            self.gone += 1
            return True
        self.in_a_row[project] = self.in_a_row.get(project, 0) + 1
        self.refused[row] = str(error)
        self.denied[project] = Denial(str(error), error.status, error.code)
        return False

    def tell(self, spooled: Spooled, wanted: int) -> None:
        """Writes down what became of the rows: what was refused, and what of projects the key may read."""
        spooled.refused = self.refused
        spooled.allowed = list(self.allowed)
        spooled.denied = {project: denial for project, denial in self.denied.items() if project not in self.allowed}
        spooled.notes |= self.told(wanted)

    def told(self, wanted: int) -> dict[str, int]:
        """How many were read, and how many were not, for the load's metadata."""
        read = wanted - self.gone - self.skipped - len(self.refused)
        counts = {"read": read, "gone": self.gone, "skipped": self.skipped}
        return {f"{self.what}_{name}": count for name, count in counts.items() if count}


def read_each(
    client: BacklogClient,
    endpoint: Endpoint,
    folder: Path,
    space: str,
    run_id: str,
    wanted: RowsWanted,
    *,
    terms: Terms | None = None,
) -> Spooled:
    """Asks for each of the `wanted` rows. On these `terms` it goes on from where another load was stopped.

    What is refused stands in `refused`; the projects of which nothing but that was answered are in `denied`.
    """
    assert endpoint.each is not None, f"{endpoint.name} is not asked for row by row"
    with measured(client, folder, endpoint, space, run_id, terms=terms, also=(READS,)) as spool:
        spooled = spool.spooled
        unread = Unread(endpoint.each.table)
        for at, row in enumerate(wanted):
            how = LEFT
            if unread.is_closed(row.project):
                unread.skipped += 1
            else:
                how = _read(client, endpoint, spool, row, unread)
            link = {column: row.values[of_row] for column, of_row in wanted.link.items()}
            spool.note(READS, {"_key": row.key, "_moved": row.moved, "_how": how, **link})
            report(endpoint.name, at + 1, len(wanted))
        spooled.since_id = None if wanted.is_whole and not unread.is_any else 0
        unread.tell(spooled, len(wanted))
    return spool.spooled


def _read(client: BacklogClient, endpoint: Endpoint, spool: Spool, row: RowWanted, unread: Unread) -> str:
    mark = spool.mark()
    path, params = named_path(endpoint, row.values), named_params(endpoint, row.values)
    # What was asked before the row moved again is no answer to what is asked now.
    asking = Asking(client, spool.spooled.journal, f"{row.key} {row.moved or ''}")
    read = READERS.get(endpoint.name)
    try:
        found = read(asking, endpoint, path, params) if read else pages(asking, endpoint, path, params, row.last_id)
        for page in found:
            spool.add(_owned(page, endpoint, row))
    except Denied as error:
        spool.rewind(mark)
        return GONE if unread.failed(row.key, row.project, error) else LEFT
    unread.read(row.project)
    return READ


def _owned(page: Page, endpoint: Endpoint, row: RowWanted) -> Page:
    """The page's records with the fields that say which row they belong to."""
    assert endpoint.each is not None
    for record in page:
        for name, column in endpoint.each.adds:
            value = row.values[column]
            if record.get(name) is None:
                record[name] = value
            elif record[name] != value:
                raise WrongShape(
                    f"Asked for {endpoint.name} of {endpoint.each.table} {row.key}, Backlog sent a record whose {name} "
                    f"is {str(record[name])[:40]!r}, not {value!r}. Nothing was written."
                )
    return page
