"""What is written down of a kept load, and which loads another one needs. Pure, but for reading a manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, get_type_hints
from zlib import crc32

import orjson
from pydantic import TypeAdapter

from backlog_assets import __version__
from backlog_assets.catalogue import Endpoint, Load
from backlog_assets.errors import Refused
from backlog_assets.spool import Spooled

FORMAT = 1
"""Of the manifest; another one is refused."""

NOT_KEPT = frozenset({"endpoint", "parts", "space", "loaded", "journal", "kept", "began", "renews"})
"""Fields of `Spooled` that the manifest has in a form of its own, or that mean nothing later."""


@dataclass(frozen=True)
class KeptPart:
    """A file of a kept load: `bytes` and `sha256` are of the compressed file. One without lines has no file."""

    lines: int
    longest_bytes: int
    bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Manifest:
    """What a kept load is, enough to do it again.

    `mode` is the catalogue's word for what a load does, `snapshot` and so on; what it covered and took away is in
    `spooled` (the fields of `Spooled`). `anew`: the load depends on none before it. Otherwise it begins where `follows`
    has ended (the instant of the last load of the table; None where there was none). `warehouse` tells warehouses apart
    that keep their loads in one folder. `shape` is that of the catalogue's entry when it was spooled.
    """

    space: str
    table: str
    path: str
    run_id: str
    mode: str
    loaded_at: datetime
    anew: bool
    follows: datetime | None
    warehouse: str
    shape: str
    parts: dict[str, KeptPart]
    spooled: dict[str, Any]
    version: str = __version__
    format: int = FORMAT


MANIFESTS = TypeAdapter(Manifest)


@dataclass(frozen=True)
class Kept:
    """A kept load and where it is."""

    folder: Path
    manifest: Manifest

    @property
    def order(self) -> tuple[datetime, str]:
        return self.manifest.loaded_at, self.manifest.table


def begins_anew(spooled: Spooled) -> bool:
    """Whether a load depends on none before it: a complete list, or the beginning of one read bit by bit."""
    is_complete = spooled.since_id is None and not spooled.changes_only
    return is_complete and spooled.endpoint.load in (Load.SNAPSHOT, Load.CHANGES, Load.APPEND)


def superseded(kept: Sequence[Kept], cutoff: datetime) -> list[Kept]:
    """The loads of one table before `cutoff` that later ones before it have replaced altogether.

    A complete load replaces what came before it, of the projects it has read; a load that goes on where another ended
    replaces nothing, and needs all since the last complete one.
    """
    old = [one for one in kept if one.manifest.loaded_at < cutoff]
    covered: set[int] = set()
    is_whole = False
    result: list[Kept] = []
    for one in reversed(old):
        projects: dict[str, int] | None = one.manifest.spooled.get("projects")
        scope = None if projects is None else set(projects.values())
        if is_whole or (scope is not None and scope <= covered):
            result.append(one)
        elif one.manifest.anew:
            is_whole = scope is None
            covered |= scope or set()
    return result


def gaps(kept: Sequence[Kept]) -> dict[str, datetime]:
    """Tables of which a load is kept that goes on where one ended that is not kept: table -> instant of that one."""
    there: dict[str, set[datetime]] = {}
    for one in kept:
        there.setdefault(one.manifest.table, set()).add(one.manifest.loaded_at)
    return {
        one.manifest.table: one.manifest.follows
        for one in reversed(kept)
        if not one.manifest.anew
        and one.manifest.follows is not None
        and one.manifest.follows not in there[one.manifest.table]
    }


def read_manifest(path: Path) -> Manifest:
    """Raises Refused for one that cannot be read, or that a later version of this program has written."""
    told = ""
    try:
        found = MANIFESTS.validate_python(orjson.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        told = str(error).splitlines()[0]
    else:
        if found.format == FORMAT:
            return found
        told = f"it has format {found.format}, this program knows {FORMAT}"
    raise Refused(f"{path} cannot be read ({told}). Nothing was changed; restore the file or remove its folder.")


def facts_of(spooled: Spooled) -> dict[str, Any]:
    """What a `Spooled` knows beside its files, as JSON."""
    hints = get_type_hints(Spooled)
    return {
        one.name: TypeAdapter(hints[one.name]).dump_python(getattr(spooled, one.name), mode="json")
        for one in fields(Spooled)
        if one.name not in NOT_KEPT
    }


def with_facts(spooled: Spooled, facts: Mapping[str, Any]) -> Spooled:
    """`spooled`, knowing again what was kept of it. What a newer version has added keeps its default."""
    hints = get_type_hints(Spooled)
    for one in fields(Spooled):
        if one.name in facts and one.name not in NOT_KEPT:
            setattr(spooled, one.name, TypeAdapter(hints[one.name]).validate_python(facts[one.name]))
    return spooled


def shape_mark(endpoint: Endpoint) -> str:
    """Another one when the same answer would be spooled otherwise: fields that are known, lists taken apart."""
    known = sorted(column.field for column in endpoint.columns if column.sql is None)
    children = [
        (child.name, child.field, sorted(column.field for column in child.columns)) for child in endpoint.children
    ]
    return f"{crc32(repr((endpoint.per_project, known, children)).encode()):08x}"
