"""What was read of Backlog, kept compressed with a manifest, so that every load can be done again. Knows no DuckDB.

    <folder>/<space>/<table>/<date>/<time>-<run>/manifest.json
                                                 <part>.ndjson.gz

A load is put together beside its place before it is written into the warehouse, and gets its name when it is committed.
What a kill leaves in between is told from the warehouse's own books (`recover`), so nothing committed is lost and
nothing is kept that was not.
"""

import gzip
import hashlib
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import orjson

from backlog_assets.errors import Refused
from backlog_assets.manifest import (
    MANIFESTS,
    Kept,
    KeptPart,
    Manifest,
    begins_anew,
    facts_of,
    read_manifest,
    shape_mark,
    superseded,
)
from backlog_assets.spool import STALE_SECONDS, Part, Spooled, file_name

LEVEL = 6
"""Of gzip: 54 MB of issues in 0.4 s to 3.4 MB. Level 1 saves half of the time and takes 6.1 MB."""

MANIFEST = "manifest.json"
STAGED = ".staged"
CHUNK = 1 << 20

LOG = logging.getLogger(__name__)


class Raw:
    """The folder of kept loads. `days`: loads that nothing depends on any more are removed when they are older."""

    def __init__(self, folder: Path, days: int | None = None) -> None:
        self.folder = folder
        self.days = days

    def stage(self, spooled: Spooled) -> "Staged":
        """Compresses a spool beside its place. Raises Refused where the folder cannot be written."""
        place = self._space(spooled.space) / STAGED / uuid.uuid4().hex
        try:
            place.mkdir(parents=True)
            parts = {name: _compressed(part, place / f"{name}.ndjson.gz") for name, part in spooled.parts.items()}
        except OSError as error:
            shutil.rmtree(place, ignore_errors=True)
            raise Refused(
                f"BACKLOG_KEEP_RAW: {place.parent} cannot be written ({error.strerror}). Nothing was loaded; make room "
                "or rights there, or set BACKLOG_KEEP_RAW=off."
            ) from None
        return Staged(self, place, spooled, parts)

    def kept(self, space: str, tables: Iterable[str] | None = None) -> list[Kept]:
        """Every kept load of a space (of these tables), in the order in which they were loaded.

        Raises Refused for a manifest that cannot be read.
        """
        root = self._space(space)
        names = sorted(path.name for path in root.glob("*") if path.is_dir() and path.name != STAGED)
        wanted = None if tables is None else set(map(file_name, tables))
        found = [
            Kept(path.parent, read_manifest(path))
            for name in names
            if wanted is None or name in wanted
            for path in (root / name).glob(f"*/*/{MANIFEST}")
        ]
        return sorted(found, key=lambda one: one.order)

    def recover(
        self,
        space: str,
        warehouse: str,
        is_committed: Callable[[str, datetime], bool],
        *,
        but: Path | None = None,
        patience_seconds: float = 0,
    ) -> None:
        """Gives the loads that a killed process had ready their place, or removes them, as the warehouse says.

        To be called while nobody else writes that warehouse; where that cannot be known, those younger than
        `patience_seconds` are left alone. `but` is the load that is just being written.
        """
        for place in (self._space(space) / STAGED).glob("*"):
            if place == but:
                continue
            age = _age(place)
            try:
                manifest = read_manifest(place / MANIFEST) if (place / MANIFEST).exists() else None
            except Refused as error:
                LOG.warning("%s", error)
                continue
            if manifest is None:
                if age > STALE_SECONDS:
                    shutil.rmtree(place, ignore_errors=True)
            elif manifest.warehouse != warehouse:
                continue
            elif is_committed(manifest.table, manifest.loaded_at):
                self.put(place, manifest)
            elif age >= patience_seconds:
                shutil.rmtree(place, ignore_errors=True)

    def put(self, place: Path, manifest: Manifest) -> None:
        """Gives a load its name, at once. Somebody else may have done so."""
        at = manifest.loaded_at.astimezone(timezone.utc)
        folder = self._space(manifest.space) / file_name(manifest.table) / at.strftime("%Y-%m-%d")
        folder.mkdir(parents=True, exist_ok=True)
        try:
            place.rename(folder / f"{at.strftime('%H%M%S.%f')}-{file_name(manifest.run_id)[:8]}")
        except FileNotFoundError:
            return
        _synced(folder)

    def expire(self, space: str, table: str, now: datetime) -> None:
        """Removes the loads of a table that are too old and that no later one depends on."""
        if self.days is None:
            return
        cutoff = now - timedelta(days=self.days)
        for one in superseded(self.kept(space, [table]), cutoff):
            away = self._space(space) / STAGED / uuid.uuid4().hex
            away.parent.mkdir(exist_ok=True)
            one.folder.rename(away)  # at once: half a load is never seen
            shutil.rmtree(away, ignore_errors=True)

    def _space(self, space: str) -> Path:
        return self.folder / file_name(space)


@dataclass
class Staged:
    """A load that is ready to be kept, while it is being written into the warehouse."""

    raw: Raw
    place: Path
    spooled: Spooled
    parts: dict[str, KeptPart]
    manifest: Manifest | None = field(default=None, init=False)

    def seal(self, run_id: str, loaded_at: datetime, follows: datetime | None, warehouse: str) -> None:
        """Writes the manifest: the last thing before the commit. From here on the warehouse knows whether it counts."""
        endpoint = self.spooled.endpoint
        self.manifest = Manifest(
            space=self.spooled.space,
            table=endpoint.name,
            path=endpoint.path,
            run_id=run_id,
            mode=endpoint.load.name.lower(),
            loaded_at=loaded_at,
            anew=begins_anew(self.spooled),
            follows=follows,
            warehouse=warehouse,
            shape=shape_mark(endpoint),
            parts=self.parts,
            spooled=facts_of(self.spooled),
        )
        fresh = self.place / f"{MANIFEST}.new"
        with fresh.open("wb") as file:
            file.write(orjson.dumps(MANIFESTS.dump_python(self.manifest, mode="json"), option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.place / MANIFEST)

    def publish(self) -> None:
        """The load is committed: it gets its place, and makes older ones dispensable. What fails now fails no load."""
        assert self.manifest is not None, "a load is sealed before it is published"
        try:
            self.raw.put(self.place, self.manifest)
            self.raw.expire(self.manifest.space, self.manifest.table, self.manifest.loaded_at)
        except (OSError, Refused) as error:
            LOG.warning(
                "%s is in the warehouse, but something is wrong with its raw loads (%s); the next load tries again.",
                self.manifest.table,
                error,
            )

    def drop(self) -> None:
        """The load has failed. One that was sealed may be committed all the same: `recover` finds out."""
        if self.manifest is None:
            shutil.rmtree(self.place, ignore_errors=True)


def fetched(one: Kept, part: str, to: Path) -> Part:
    """A copy of a kept file, checked on its way. Raises Refused where it is missing or damaged."""
    kept = one.manifest.parts[part]
    if not kept.lines:
        to.write_bytes(b"")
        return Part(to)
    source, digest = one.folder / f"{part}.ndjson.gz", hashlib.sha256()
    try:
        with source.open("rb") as file, to.open("wb") as copy:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                copy.write(chunk)
    except FileNotFoundError:
        raise Refused(f"{source} is missing. {_NOTHING}") from None
    if digest.hexdigest() != kept.sha256:
        raise Refused(f"{source} is damaged: it is not what was written. {_NOTHING}")
    return Part(to, kept.lines, kept.longest_bytes)


def check(kept: Iterable[Kept]) -> None:
    """Raises Refused where a file is missing or is not what was written."""
    for one in kept:
        for name, part in one.manifest.parts.items():
            source = one.folder / f"{name}.ndjson.gz"
            if part.lines and not source.exists():
                raise Refused(f"{source} is missing. {_NOTHING}")
            if part.lines and _digest(source) != part.sha256:
                raise Refused(f"{source} is damaged: it is not what was written. {_NOTHING}")


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a kept file, or of a copy that is not compressed."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)


def _age(place: Path) -> float:
    """Seconds since a folder was last written; 0 where somebody has just moved it."""
    try:
        return time.time() - place.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _compressed(part: Part, to: Path) -> KeptPart:
    if not part.lines:
        return KeptPart(0, 0)
    with part.path.open("rb") as source, to.open("wb") as target:
        with gzip.GzipFile("", "wb", LEVEL, target, mtime=0) as file:
            shutil.copyfileobj(source, file, CHUNK)
        target.flush()
        os.fsync(target.fileno())
    return KeptPart(part.lines, part.longest_bytes, to.stat().st_size, _digest(to))


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _synced(folder: Path) -> None:
    """Makes a rename last beyond a power cut, where the system can do that for folders."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_NOTHING = "Nothing was changed; restore it from a backup, or remove the folder it is in to do without that load."
