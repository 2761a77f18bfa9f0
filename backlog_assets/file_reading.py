"""Shared files from the client: a project's folders, walked one after the other. Knows no DuckDB and no Dagster.

Backlog lists one folder at a time, without those in it (Get List of Shared Files).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from backlog_assets.catalogue import Endpoint
from backlog_assets.errors import Denied, WrongShape

if TYPE_CHECKING:
    from backlog_assets.reading import Asking
    from backlog_assets.shape import Record

PAGE = 1_000
"""Most records Backlog returns of a folder in one page (`count`, Get List of Shared Files); elsewhere it is 100."""

DIRECTORY = "directory"

MOST_DIRECTORIES = 100_000
"""More folders than any project has: a host that shows the same ones again and again under other names."""


def shared_file_pages(
    asking: Asking, endpoint: Endpoint, path: str, params: Mapping[str, Any]
) -> Iterator[list[Record]]:
    """Files and folders of a project, a folder above before those in it. `path` is that of the root, with a `/` at its
    end.

    Each comes once, under one id, even where it is moved to a folder still to come: where it was seen first. A folder
    that has gone since it was listed has taken its files along; one that is refused is no empty one: `Denied`.
    """
    seen: set[Any] = set()
    ahead, known = deque([""]), {""}
    while ahead:
        folder = ahead.popleft()
        try:
            found = list(_rows(asking, path, folder, params))
        except Denied as error:
            if not folder or error.status != 404 or _is_listed(asking, path, folder, params):
                raise
            continue
        for row in found:
            inner = _folder(path, folder, row)
            if inner is not None and inner not in known:
                known.add(inner)
                ahead.append(inner)
        if len(known) > MOST_DIRECTORIES:
            raise WrongShape(
                f"Backlog lists more than {MOST_DIRECTORIES:,} folders below {path}. Nothing was written; "
                "retrying cannot help: the API has changed, or the host is not Backlog.",
                path=path,
            )
        fresh = [row for row in found if row.get("id") not in seen]
        seen.update(row.get("id") for row in fresh)
        if fresh:
            yield fresh


def _rows(asking: Asking, path: str, folder: str, params: Mapping[str, Any]) -> Iterator[Record]:
    """Every record of one folder once, in ascending order; `folder` is spelled as the address has it."""
    address, offset, seen = path + folder, 0, set[Any]()
    while True:
        page = _page(address, asking.get(address, {**params, "order": "asc", "count": PAGE, "offset": offset}))
        fresh = [row for row in page if row.get("id") not in seen]
        seen.update(row.get("id") for row in fresh)
        yield from fresh
        if len(page) < PAGE:
            return
        if not fresh:
            raise WrongShape(
                f"Backlog gave the same page of {address} again: it ignores `offset`. Nothing was written; retrying "
                "cannot help: the API has changed, or the host is not Backlog.",
                path=address,
            )
        offset += PAGE


def _page(address: str, value: Any) -> list[Record]:
    items = cast("list[Any]", value) if isinstance(value, list) else None
    if items is None or len(items) > PAGE or not all(isinstance(item, dict) for item in items):
        raise WrongShape(
            f"Backlog answered GET {address} with no list of at most {PAGE:,} files. Nothing was written; retrying "
            "cannot help: the API has changed, or the host is not Backlog.",
            path=address,
        )
    return items


def _folder(path: str, above: str, row: Record) -> str | None:
    """The address of the folder that `row` is, below the root; None where it is a file.

    Its name is spelled so that nothing in it is taken for a part of the address: `100% #1` has all of that.
    """
    if row.get("type") != DIRECTORY:
        return None
    name = row.get("name")
    if not isinstance(name, str) or name in ("", ".", "..") or "/" in name:
        raise WrongShape(
            f"Backlog lists a folder below {path}{above} whose name is {str(name)[:80]!r}. Nothing was written; "
            "retrying cannot help: the API has changed.",
            path=path + above,
        )
    return f"{above}/{quote(name, safe='')}" if above else quote(name, safe="")


def _is_listed(asking: Asking, path: str, folder: str, params: Mapping[str, Any]) -> bool:
    """Whether the folder that is not found still stands in the one above it (or that one, not found either, in its)."""
    above, _, _ = folder.rpartition("/")
    try:
        return any(_folder(path, above, row) == folder for row in _rows(asking, path, above, params))
    except Denied as error:
        if not above or error.status != 404:
            raise
        return _is_listed(asking, path, above, params)
