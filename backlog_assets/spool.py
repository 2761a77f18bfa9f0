"""Pages on disk on their way to the warehouse, one JSON object a line. Knows no HTTP, no Dagster and no DuckDB."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from backlog_assets.catalogue.spec import Endpoint
from backlog_assets.errors import Misfit, Refused, Unavailable, WrongShape
from backlog_assets.journal import Journal
from backlog_assets.people import KEEP
from backlog_assets.quota import Share
from backlog_assets.shape import Record, shape_of

if TYPE_CHECKING:
    from typing_extensions import Self

STALE_SECONDS = 24 * 60 * 60
"""A spool this old belongs to a run that was killed; nothing reads it any more."""


@dataclass
class Part:
    """One file of a spool: the records themselves, or what was in one list field of them."""

    path: Path
    lines: int = 0
    longest_bytes: int = 0


class Denial(NamedTuple):
    """What Backlog has said of something that the key may not read: the message, HTTP status and Backlog's code."""

    told: str
    status: int | None = None
    code: int | None = None


@dataclass
class Spooled:
    """What one load has brought, ready to be written: files of records and what is known about them.

    `parts` has a file for each table of the endpoint, by name: the records without their lists, and for each child
    table lines of `{"id": ..., "<field>": [...]}`, so that DuckDB need not read all records for each table.
    `projects` maps the keys of the projects that were read completely to their ids: the load replaces their rows and
    no others. None means the whole space. `refused` maps the projects that could not be read to the reason; `denied`
    has those of them that the key may not read. Of a table that is asked for row by row, `refused` has the rows, and
    `allowed` the projects of which some row could be read.
    `shares` is what the load has asked of Backlog, by class of requests.
    `changes_only`: the rows that are not here stay as they are, but for those in `gone` (id -> evidence), which are
    marked deleted. Of a complete list, `visible` are the ids of the projects the key's user can see (None: not asked):
    a row of another one was lost with it. `cursors` is where the next load begins, by name; they are written with the
    rows. `counted` is how many Backlog says there are, asked after all that was read.
    `kept` is what the first of the loads that this one goes on with has kept, `began` when that was, in epoch seconds
    (None: it goes on with none), `journal` the answers from which the files can be made again.
    `since_id` is the id from which a table is read on, None at the beginning of all. `people` is the mark of what has
    become of people's data in it; `renews`: rows that are there are of another mark, and are to be replaced.
    `loaded` is what the IO manager has made of it, so that an endpoint's tables are written once.
    """

    endpoint: Endpoint
    parts: Mapping[str, Part]
    space: str
    projects: Mapping[str, int] | None = None
    refused: dict[str, str] = field(default_factory=dict[str, str])
    denied: dict[str, Denial] = field(default_factory=dict[str, Denial])
    allowed: list[str] = field(default_factory=list[str])
    requests: int = 0
    requests_by_project: dict[str, int] = field(default_factory=dict[str, int])
    since_id: int | None = None
    people: str = KEEP
    renews: bool = False
    waited_seconds: float = 0.0
    seconds: float = 0.0
    shares: Mapping[str, Share] = field(default_factory=dict[str, Share])
    quota_left: dict[str, int] = field(default_factory=dict[str, int])
    notes: dict[str, str | int] = field(default_factory=dict[str, "str | int"])
    changes_only: bool = False
    gone: dict[int, str] = field(default_factory=dict[int, str])
    visible: frozenset[int] | None = None
    cursors: dict[str, str] = field(default_factory=dict[str, str])
    counted: int | None = None
    kept: dict[str, Any] = field(default_factory=dict[str, Any])
    began: float | None = None
    journal: Journal = field(default_factory=Journal)
    loaded: Mapping[str, object] | None = None

    @property
    def records(self) -> int:
        """How many records were spooled."""
        return self.parts[self.endpoint.name].lines

    def discard(self) -> None:
        """Removes the files. The rows are in the warehouse, or nobody wants them any more."""
        self._remove()
        self.journal.discard()

    def leave(self) -> None:
        """Removes the files, and leaves the answers they were made of to the next load."""
        self._remove()
        self.journal.release()

    def end(self, error: BaseException) -> None:
        """What becomes of the spool after a failure: what waiting may help, or a run that was stopped, goes on from
        here. What cannot be right is read anew; what fails for no reason known is tried from here once more."""
        if isinstance(error, Refused) or (
            isinstance(error, Exception) and not isinstance(error, Unavailable) and self.journal.failed()
        ):
            self.discard()
        else:
            self.leave()

    def _remove(self) -> None:
        for part in self.parts.values():
            part.path.unlink(missing_ok=True)


class Spool:
    """Writes the records of one load to files of its own below `folder`, checked against the endpoint's shape.

    Raises Misfit for a value that does not fit its column, WrongShape for a record of another project. `also` names
    parts for what is no record of the endpoint, written by `note`.
    """

    def __init__(
        self,
        folder: Path,
        endpoint: Endpoint,
        space: str,
        run_id: str,
        *,
        also: Sequence[str] = (),
        now: float | None = None,
    ) -> None:
        place = place_of(folder, endpoint, space)
        place.mkdir(parents=True, exist_ok=True)
        _sweep(place, time.time() if now is None else now)
        self._shape = shape_of(endpoint)
        kept = {column.field for column in endpoint.columns}
        self._fields = [(child.name, child.field, child.field in kept) for child in endpoint.children]
        self._tables = [endpoint.name, *(child.name for child in endpoint.children)]
        parts = {table: Part(place / f"{file_name(run_id)}.{table}.ndjson") for table in (*self._tables, *also)}
        self.spooled = Spooled(endpoint, parts, space)
        self._files = {table: part.path.open("wb") for table, part in parts.items()}

    def add(self, records: Iterable[Record], *, project: tuple[str, int] | None = None) -> None:
        """Appends records; those of a per-project endpoint are given the project they were asked of (key, id).

        The lists that become child tables are taken out of the records, but for those that are a column there too.
        """
        extra_of = self._shape.extra
        name = self.spooled.endpoint.name
        lines: dict[str, list[bytes]] = {table: [] for table in self._tables}
        for record in records:
            if project is not None:
                self._assign(record, *project)
            extra = extra_of(record)
            if extra is not None:
                record["_extra"] = extra
            for child, field_, stays in self._fields:
                items = record.get(field_) if stays else record.pop(field_, None)
                if items:
                    lines[child].append(self._line({"id": record.get("id"), field_: items}))
            lines[name].append(self._line(record))
        for table, written in lines.items():
            if written:
                self._write(table, written)

    def note(self, part: str, record: Record) -> None:
        """Appends a line to a part of its own."""
        self._write(part, [self._line(record)])

    def _write(self, table: str, lines: list[bytes]) -> None:
        part = self.spooled.parts[table]
        self._files[table].writelines(lines)
        part.lines += len(lines)
        part.longest_bytes = max(part.longest_bytes, max(map(len, lines)))

    def mark(self) -> dict[str, tuple[int, int]]:
        """A place to go back to: what is written after it can be taken back."""
        return {table: (self._files[table].tell(), part.lines) for table, part in self.spooled.parts.items()}

    def rewind(self, mark: Mapping[str, tuple[int, int]]) -> None:
        """Takes back what was written after `mark`: half of a project that was refused in the middle."""
        for table, (position, lines) in mark.items():
            self._files[table].seek(position)
            self._files[table].truncate()
            self.spooled.parts[table].lines = lines

    def _line(self, record: Record) -> bytes:
        try:
            return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        except TypeError as error:
            name = self.spooled.endpoint.name
            raise Misfit(f"A record of {name} cannot be kept as JSON: {error}. Nothing was written.") from None

    def _assign(self, record: Record, key: str, project_id: int) -> None:
        if record.setdefault("projectId", project_id) != project_id:
            raise WrongShape(
                f"Asked for {self.spooled.endpoint.name} of project {key} (id {project_id}), Backlog sent a record of "
                f"project {record['projectId']}. Nothing was written."
            )
        record["projectKey"] = key

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()
        if error is not None:
            self.spooled.end(error)


def place_of(folder: Path, endpoint: Endpoint, space: str) -> Path:
    """Where the spools of a table are, below the `folder` of all spools."""
    return folder / file_name(space) / endpoint.name


def file_name(text: str) -> str:
    """`text` as the name of a file or folder, the same on every system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.") or "_"


def _sweep(place: Path, now: float) -> None:
    """Removes what loads have left that have written nothing for long; a part of a long load may rest for days."""
    loads: dict[str, list[Path]] = {}
    for left in place.glob("*.ndjson"):
        loads.setdefault(left.name.rsplit(".", 2)[0], []).append(left)
    for parts in loads.values():
        if now - max(part.stat().st_mtime for part in parts) > STALE_SECONDS:
            for part in parts:
                part.unlink(missing_ok=True)
