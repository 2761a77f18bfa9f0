"""Pages on disk on their way to the warehouse, one JSON object a line. Knows no HTTP, no Dagster and no DuckDB."""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import orjson

from backlog_assets.catalogue.spec import Endpoint
from backlog_assets.errors import Misfit, WrongShape
from backlog_assets.shape import Record, shape_of

if TYPE_CHECKING:
    from typing_extensions import Self

STALE_SECONDS = 24 * 60 * 60
"""A spool this old belongs to a run that was killed; nothing reads it any more."""


@dataclass
class Spooled:
    """What one load has brought, ready to be written: a file of records and what is known about them.

    `projects` maps the keys of the projects that were read completely to their ids: the load replaces their rows and
    no others. None means the whole space. `refused` maps the projects that could not be read to the reason.
    `loaded` is what the IO manager has made of it, so that an endpoint's tables are written once.
    """

    endpoint: Endpoint
    path: Path
    space: str
    records: int = 0
    longest_bytes: int = 0
    projects: Mapping[str, int] | None = None
    refused: dict[str, str] = field(default_factory=dict[str, str])
    requests: int = 0
    requests_by_project: dict[str, int] = field(default_factory=dict[str, int])
    waited_seconds: float = 0.0
    seconds: float = 0.0
    quota_left: dict[str, int] = field(default_factory=dict[str, int])
    notes: dict[str, str] = field(default_factory=dict[str, str])
    loaded: Mapping[str, object] | None = None

    def discard(self) -> None:
        """Removes the file. The rows are in the warehouse, or nobody wants them any more."""
        self.path.unlink(missing_ok=True)


class Spool:
    """Writes the records of one load to a file of its own below `folder`, checked against the endpoint's shape.

    Raises Misfit for a value that does not fit its column, WrongShape for a record of another project.
    """

    def __init__(self, folder: Path, endpoint: Endpoint, space: str, run_id: str, *, now: float | None = None) -> None:
        place = folder / file_name(space) / endpoint.name
        place.mkdir(parents=True, exist_ok=True)
        _sweep(place, time.time() if now is None else now)
        self._shape = shape_of(endpoint)
        self.spooled = Spooled(endpoint, place / f"{file_name(run_id)}.ndjson", space)
        self._file = self.spooled.path.open("wb")

    def add(self, records: Iterable[Record], *, project: tuple[str, int] | None = None) -> None:
        """Appends records; those of a per-project endpoint are given the project they were asked of (key, id)."""
        extra_of = self._shape.extra
        lines: list[bytes] = []
        for record in records:
            if project is not None:
                self._assign(record, *project)
            extra = extra_of(record)
            if extra is not None:
                record["_extra"] = extra
            try:
                lines.append(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
            except TypeError as error:
                name = self.spooled.endpoint.name
                raise Misfit(f"A record of {name} cannot be kept as JSON: {error}. Nothing was written.") from None
        if lines:
            self._file.writelines(lines)
            self.spooled.records += len(lines)
            self.spooled.longest_bytes = max(self.spooled.longest_bytes, max(map(len, lines)))

    def mark(self) -> tuple[int, int]:
        """A place to go back to: what is written after it can be taken back."""
        return self._file.tell(), self.spooled.records

    def rewind(self, mark: tuple[int, int]) -> None:
        """Takes back what was written after `mark`: half of a project that was refused in the middle."""
        position, records = mark
        self._file.seek(position)
        self._file.truncate()
        self.spooled.records = records

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
        self._file.close()
        if kind is not None:
            self.spooled.discard()


def file_name(text: str) -> str:
    """`text` as the name of a file or folder, the same on every system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.") or "_"


def _sweep(place: Path, now: float) -> None:
    for left in place.glob("*.ndjson"):
        if now - left.stat().st_mtime > STALE_SECONDS:
            left.unlink(missing_ok=True)
