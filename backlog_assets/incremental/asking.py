"""What is asked of Backlog for the issues that changed, and what comes of it in the spool. Knows no DuckDB."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, cast

from backlog_assets.catalogue import BY_NAME, Paging
from backlog_assets.client import BacklogClient
from backlog_assets.errors import Denied, Unavailable, WrongShape
from backlog_assets.incremental.census import created_of
from backlog_assets.incremental.known import instant
from backlog_assets.paging import PAGE, ROUNDS, Record
from backlog_assets.progress import report
from backlog_assets.spool import Spool

PATH = "/issues"
NO_RETRY = "Retrying cannot help; the API has changed, or the host is not Backlog."


class Asker:
    """Asks for issues and spools each once. `fetched` is what came: id -> (created in epoch seconds, project id)."""

    def __init__(self, client: BacklogClient, spool: Spool, params: Mapping[str, Any], *, page: int = PAGE) -> None:
        self.page = page
        self.fetched: dict[int, tuple[int, int]] = {}
        self._client = client
        self._spool = spool
        self._params = dict(params)
        self._visible: frozenset[int] | None = None

    def by_update(self, since: date) -> Iterator[list[Record]]:
        """Pages of issues updated on that day or later, the latest update first, until the caller has enough.

        A row that changes meanwhile jumps to the front: the others move back, and show again. A row that is deleted
        lets the others move up: each page begins with the last row of the one before, and where that is not there any
        more, a page further up is read again.
        """
        asked = {"updatedSince": since.isoformat(), "sort": "updated", "order": "desc", "count": self.page}
        seen: set[int] = set()
        offset, slips, stale = 0, 0, 0
        while True:
            page = self._list({**asked, "offset": offset})
            if offset and (not page or page[0]["id"] not in seen):
                slips += 1
                if slips > ROUNDS * 10:
                    raise Unavailable(
                        "Issues were deleted too often while those that changed were read. Waiting may help: load them "
                        "when fewer are being deleted."
                    )
                offset = max(0, offset - max(1, self.page - 1))
                continue
            fresh = [record for record in page if record["id"] not in seen]
            seen |= {record["id"] for record in page}
            stale = 0 if fresh else stale + 1
            if stale > ROUNDS + slips and len(page) == self.page:
                raise WrongShape(
                    f"Backlog gave the same page of {PATH} again: it ignores `offset`. {NO_RETRY}", path=PATH
                )
            if fresh or not page:
                yield self._take(fresh)
            if len(page) < self.page:
                return
            offset += max(1, self.page - 1)

    def by_id(self, ids: Collection[int]) -> set[int]:
        """Asks for these issues, but for those that came already; returns those Backlog does not give any more."""
        absent: set[int] = set()
        wanted = sorted(set(ids) - self.fetched.keys())
        for at in range(0, len(wanted), self.page):
            batch = wanted[at : at + self.page]
            came = {record["id"] for record in self._take(self._batch(batch))}
            if not came <= set(batch):
                raise WrongShape(
                    f"Backlog gave other issues than those asked for by `id[]` of {PATH}. {NO_RETRY}", path=PATH
                )
            absent |= set(batch) - came
        return absent

    def count(self, projects: Sequence[int] | None = None) -> int:
        """How many issues Backlog has, of these projects or of all that are loaded."""
        given: Any = self._client.get(f"{PATH}/count", self._of(projects)).get("count")
        if type(given) is not int or given < 0:
            raise WrongShape(f"Backlog answered GET {PATH}/count without a count.", path=f"{PATH}/count")
        return given

    def by_creation(self, at: int, count: int, projects: Sequence[int] | None = None) -> list[Record]:
        """Rows of the list sorted by creation. They are not spooled."""
        return self._list({"sort": "created", "order": "asc", "offset": at, "count": count}, projects)

    def whole_projects(self, projects: Sequence[int]) -> set[int]:
        """All issues of these projects, in the way of the first load; returns their ids."""
        came: set[int] = set()
        for page in self._client.pages(PATH, Paging.COUNTED, {**dict(BY_NAME["issues"].params), **self._of(projects)}):
            came |= {record["id"] for record in page}
            self._take(page)
        return came

    def take(self, records: Sequence[Record]) -> None:
        """Spools records that came by another way."""
        self._take(list(records))

    def visible(self) -> frozenset[int]:
        """Ids of the projects that the key's user can see; asked once."""
        if self._visible is None:
            self._visible = visible_projects(self._client)
        return self._visible

    def _batch(self, ids: Sequence[int]) -> list[Record]:
        """The issues with these ids. Where the host refuses the list for one of them, each is asked for alone."""
        try:
            return self._list({"id": list(ids), "sort": "created", "order": "asc", "count": self.page})
        except Denied:
            pass
        found: list[Record] = []
        for one in ids:
            with suppress(Denied):
                found += [record for page in self._client.pages(f"{PATH}/{one}", Paging.ONE) for record in page]
        return found

    def _take(self, records: list[Record]) -> list[Record]:
        """Spools the records that did not come before, and returns all of them with what is needed further on."""
        kept = [{name: record.get(name) for name in ("id", "projectId", "created", "updated")} for record in records]
        new: list[Record] = []
        for record in records:
            if record["id"] not in self.fetched:
                self.fetched[record["id"]] = (created_of(record), int(record["projectId"]))
                new.append(record)
        if new:
            self._spool.add(new)
            report("issues", len(self.fetched))
        return kept

    def _list(self, params: Mapping[str, Any], projects: Sequence[int] | None = None) -> list[Record]:
        found: Any = self._client.get(PATH, {**params, **self._of(projects)})
        if not isinstance(found, list):
            raise WrongShape(f"Backlog answered GET {PATH} with no list. {NO_RETRY}", path=PATH)
        records = cast("list[Any]", found)
        if not all(map(_is_issue, records)):
            lacking = "id, projectId, created or updated"
            raise WrongShape(f"Backlog's list {PATH} holds an issue without {lacking}. {NO_RETRY}", path=PATH)
        return records

    def _of(self, projects: Sequence[int] | None) -> dict[str, Any]:
        return self._params if projects is None else {**self._params, "projectId": list(projects)}


def visible_projects(client: BacklogClient) -> frozenset[int]:
    """Ids of the projects that the key's user can see."""
    return frozenset(int(one["id"]) for page in client.pages("/projects", Paging.WHOLE) for one in page)


def _is_issue(found: Any) -> bool:
    if not isinstance(found, dict):
        return False
    record = cast("Record", found)
    try:
        created_of(record)
        instant(str(record.get("updated")))
    except ValueError:
        return False
    return type(record.get("id")) is int and type(record.get("projectId")) is int
