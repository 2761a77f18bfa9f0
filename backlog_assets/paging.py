"""Walks Backlog's lists page by page, so that no record is lost or given twice. Knows no HTTP: it is given `get`.

No answer of Backlog has a next link, a cursor or a total (`backlog-api.md`, sections 1 and 6.3), and rows come and go
while a list is read. Each way of walking says in its docstring why nothing is lost then.
"""

import hashlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol, TypeAlias, cast

import orjson

from backlog_assets.catalogue.spec import Paging
from backlog_assets.errors import Unavailable, Undefined, WrongShape

PAGE = 100
"""Most records Backlog returns in one page (`count`, Get Issue List)."""

ROUNDS = 3
"""So often a list that changes under the reader is read before giving up."""

Record: TypeAlias = dict[str, Any]
Page: TypeAlias = list[Record]
Params: TypeAlias = Mapping[str, str | int | Sequence[str] | Sequence[int]]
OnTotal: TypeAlias = Callable[[int], None]


class Get(Protocol):
    """Parsed JSON of one GET."""

    def __call__(self, path: str, params: Params, /) -> Any: ...


def walk(
    get: Get,
    path: str,
    paging: Paging,
    params: Params,
    *,
    since_id: int | None = None,
    on_total: OnTotal | None = None,
    id_field: str = "id",
) -> Iterator[Page]:
    """Every record of the list once, a page at a time. `since_id` is for BY_ID: only records after it, `id_field` what
    the id is called there."""
    if paging is Paging.ONE:
        yield [_one(path, get(path, params))]
    elif paging is Paging.WHOLE:
        yield _records(path, get(path, params))
    elif paging is Paging.OFFSET:
        yield from _by_offset(get, path, params)
    elif paging is Paging.BY_ID:
        yield from _by_id(get, path, params, since_id, id_field)
    else:
        yield from _counted(get, path, params, on_total or (lambda _: None))


def _by_offset(get: Get, path: str, params: Params) -> Iterator[Page]:
    """Ascending. For short lists that hardly change; records that have no id are told apart by whole pages only."""
    seen = SeenIds()
    digests: set[bytes] = set()
    offset = 0
    while True:
        page = _page(get, path, {**params, "count": PAGE, "offset": offset})
        ids = [_id(record) for record in page]
        fresh = [record for record, found in zip(page, ids, strict=True) if found is None or seen.add(found)]
        repeats = len(page) == PAGE and not fresh
        if None in ids:
            digest = hashlib.blake2b(orjson.dumps(page, default=str), digest_size=16).digest()
            repeats = repeats or digest in digests
            digests.add(digest)
        if repeats:
            raise WrongShape(_repeats(path, "offset"), path=path)
        if fresh:
            yield fresh
        if len(page) < PAGE:
            return
        offset += PAGE


def _by_id(get: Get, path: str, params: Params, since_id: int | None, id_field: str) -> Iterator[Page]:
    """Ascending from the last id seen. Right whether Backlog takes `minId` as inclusive or exclusive.

    Rows that vanish do not move the others, for the place is an id. The dangers are a server that ignores `minId`
    (endless) or `order` (it gives the newest page and the middle is lost): both show in the ids.
    """
    last = since_id
    while True:
        asked: Params = {**params, "order": "asc", "count": PAGE}
        page = _page(get, path, asked if last is None else {**asked, "minId": last})
        ids = [_whole_id(path, record, id_field) for record in page]
        if any(later <= earlier for earlier, later in pairwise(ids)):
            raise WrongShape(_unordered(path), path=path)
        if ids and last is not None and ids[0] < last:
            raise WrongShape(_repeats(path, "minId"), path=path)
        fresh = page[1:] if ids and ids[0] == last else page
        if fresh:
            yield fresh
        if len(page) < PAGE or not fresh:
            return
        last = ids[-1]


def newest_first(get: Get, path: str, params: Params) -> Iterator[tuple[Page, bool]]:
    """From the newest row down by `maxId`: each page, and whether it was the last one. For lists walked BY_ID.

    Who needs no more stops asking. Right whether Backlog takes `maxId` as inclusive or exclusive; rows that are made
    meanwhile are newer than all that is still to come, and rows that vanish do not move the others.
    """
    last: int | None = None
    while True:
        asked: Params = {**params, "order": "desc", "count": PAGE}
        page = _page(get, path, asked if last is None else {**asked, "maxId": last})
        ids = [_whole_id(path, record) for record in page]
        if any(later >= earlier for earlier, later in pairwise(ids)):
            raise WrongShape(_unordered(path, "descend"), path=path)
        if ids and last is not None and ids[0] > last:
            raise WrongShape(_repeats(path, "maxId"), path=path)
        fresh = page[1:] if ids and ids[0] == last else page
        is_last = len(page) < PAGE or not fresh
        yield fresh, is_last
        if is_last:
            return
        last = ids[-1]


def _counted(get: Get, path: str, params: Params, on_total: OnTotal) -> Iterator[Page]:
    """From the last page of a list sorted by creation down to the first.

    A row that is deleted moves the later ones down, into pages still to be read: they show twice and are dropped.
    New rows come at the end, which is read first, and once more where fewer came than were counted, because some were
    deleted before they could be read. Only a list that is not sorted steadily can lose a row; then fewer came than are
    counted in the end, and it is read again.
    """
    total = _count(get, path, params)
    if total is None:
        yield from _overlapping(get, path, params)
        return
    given = SeenIds()
    for _ in range(ROUNDS):
        on_total(total)
        came = SeenIds() if given else given
        for page in _downwards(get, path, params, total):
            if fresh := _fresh(_unseen(page, came), came, given):
                yield fresh
        if len(came) >= total:
            return
        total = _count(get, path, params) or 0
        on_total(total)
        # Rows made since the walk began are counted now: they are at the end, down to what came already.
        for page in _downwards(get, path, params, total) if len(came) < total else ():
            unseen = _unseen(page, came)
            if fresh := _fresh(unseen, came, given):
                yield fresh
            if not unseen:
                break
        if len(came) >= total:
            return
    raise Unavailable(
        f"Backlog gave fewer records of {path} than it counts, {ROUNDS} times: the space changed while it was read, "
        "or the list is not sorted steadily. Waiting may help: load it when less is being changed."
    )


def _unseen(page: Page, came: "SeenIds") -> Page:
    """The rows that did not come in this round."""
    return [record for record in page if came.add(record["id"])]


def _fresh(unseen: Page, came: "SeenIds", given: "SeenIds") -> Page:
    """Those of them that were given in no earlier round either."""
    return unseen if came is given else [record for record in unseen if given.add(record["id"])]


def _downwards(get: Get, path: str, params: Params, total: int) -> Iterator[Page]:
    def page_at(offset: int) -> Page:
        page = _page(get, path, {**params, "order": "asc", "count": PAGE, "offset": offset})
        for record in page:
            _some_id(path, record)
        return page

    top = max(0, total - 1) // PAGE * PAGE
    offset, page = top, page_at(top)
    yield page
    highest = page
    while len(highest) == PAGE and offset + PAGE > total:  # rows made since the count
        offset += PAGE
        above = page_at(offset)
        if above and _ids(above) == _ids(highest):
            raise WrongShape(_repeats(path, "offset"), path=path)
        yield above
        highest = above
    for offset in range(top - PAGE, -1, -PAGE):
        above, page = page, page_at(offset)
        if page and _ids(page) == _ids(above):
            # The server ignores the offset, or just one page of rows was deleted in between: then the count fell.
            now = _count(get, path, params) or 0
            if now > total - PAGE:
                raise WrongShape(_repeats(path, "offset"), path=path)
        yield page


def _overlapping(get: Get, path: str, params: Params) -> Iterator[Page]:
    """Ascending, where nothing can be counted: each page starts at the last row of the one before.

    A page whose first row was not seen yet tells that rows were deleted below it: one page back, then, and half a
    page of overlap from there on, so that a list that keeps shrinking is read to its end.
    """
    seen = SeenIds()
    offset, step, slips, stale = 0, PAGE - 1, 0, 0
    while True:
        page = _page(get, path, {**params, "order": "asc", "count": PAGE, "offset": offset})
        ids = [_some_id(path, record) for record in page]
        if offset > 0 and (not ids or ids[0] not in seen):
            slips += 1
            if slips > ROUNDS * 10:
                raise Unavailable(
                    f"Backlog's list {path} changed while it was read, {slips} times. Waiting may help: "
                    "load it when fewer records are being deleted."
                )
            offset = max(0, offset - (PAGE - 1))
            step = PAGE // 2
            continue
        fresh = [record for record in page if seen.add(record["id"])]
        stale = 0 if fresh or len(page) < PAGE else stale + 1
        if stale > slips:
            raise WrongShape(_repeats(path, "offset"), path=path)
        if fresh:
            yield fresh
        if len(page) < PAGE:
            return
        offset += step


class SeenIds:
    """Ids that came already, in 12 to 24 bytes each: an open hash table in one array. Odd ids are in a plain set."""

    def __init__(self) -> None:
        self._slots = array("q", [0]) * 256
        self._mask = 255
        self._used = 0
        self._odd: set[object] = set()

    def __len__(self) -> int:
        return self._used + len(self._odd)

    def __contains__(self, found: object) -> bool:
        if not _fits(found):
            return found in self._odd
        return self._slots[self._slot(cast("int", found))] == found

    def add(self, found: object) -> bool:
        """True where it is new."""
        if not _fits(found):
            before = len(self._odd)
            self._odd.add(found)
            return len(self._odd) > before
        slot = self._slot(cast("int", found))
        if self._slots[slot]:
            return False
        self._slots[slot] = cast("int", found)
        self._used += 1
        if self._used * 3 > self._mask * 2:
            self._grow()
        return True

    def _slot(self, found: int) -> int:
        """Where it is, or the free place for it. The multiplier spreads ids that differ by round numbers."""
        slots, mask = self._slots, self._mask
        at = (found * 0x9E3779B97F4A7C15 >> 20) & mask
        while slots[at] and slots[at] != found:
            at = (at + 1) & mask
        return at

    def _grow(self) -> None:
        full = self._slots
        self._mask = self._mask * 2 + 1
        self._slots = array("q", [0]) * (self._mask + 1)
        for found in full:
            if found:
                self._slots[self._slot(found)] = found


def _fits(found: object) -> bool:
    return type(found) is int and 0 < found < 2**63


def _count(get: Get, path: str, params: Params) -> int | None:
    """How many Backlog says there are; None where this host cannot count them."""
    paging = ("sort", "order", "offset", "count")
    unknown, value = False, None
    try:
        value = get(f"{path}/count", {name: given for name, given in params.items() if name not in paging})
    except Undefined:
        unknown = True
    if unknown:
        return None
    count = cast("Record", value).get("count") if isinstance(value, dict) else None
    if type(count) is not int or count < 0:
        message = f"Backlog answered GET {path}/count without a count. {_NO_RETRY}"
        raise WrongShape(message, path=f"{path}/count")
    return count


def _page(get: Get, path: str, params: Params) -> Page:
    page = _records(path, get(path, params))
    if len(page) > PAGE:
        message = f"Backlog answered GET {path} with {len(page)} records where {PAGE} were asked for. {_NO_RETRY}"
        raise WrongShape(message, path=path)
    return page


def _one(path: str, value: Any) -> Record:
    if not isinstance(value, dict):
        raise WrongShape(f"Backlog answered GET {path} with a list, not one object. {_NO_RETRY}", path=path)
    return cast("Record", value)


def _records(path: str, value: Any) -> Page:
    if not isinstance(value, list):
        raise WrongShape(f"Backlog answered GET {path} with an object, not a list. {_NO_RETRY}", path=path)
    items = cast("list[Any]", value)
    if not all(isinstance(item, dict) for item in items):
        raise WrongShape(f"Backlog's list {path} holds things that are no objects. {_NO_RETRY}", path=path)
    return items


def _id(record: Record, field: str = "id") -> int | str | None:
    found = record.get(field)
    return found if isinstance(found, (int, str)) and not isinstance(found, bool) else None


def _some_id(path: str, record: Record) -> int | str:
    found = _id(record)
    if found is None:
        raise WrongShape(f"Backlog's list {path} holds a record without an id. {_NO_RETRY}", path=path)
    return found


def _whole_id(path: str, record: Record, field: str = "id") -> int:
    found = _id(record, field)
    if not isinstance(found, int):
        raise WrongShape(f"Backlog's list {path} holds a record without a whole {field}. {_NO_RETRY}", path=path)
    return found


def _ids(page: Page) -> list[Any]:
    return [record["id"] for record in page]


def _repeats(path: str, parameter: str) -> str:
    return f"Backlog gave the same page of {path} again: it ignores `{parameter}`. {_NO_RETRY}"


def _unordered(path: str, way: str = "ascend") -> str:
    return f"Backlog's list {path} does not {way} by id: it ignores `order`. {_NO_RETRY}"


_NO_RETRY = "Retrying cannot help; the API has changed, or the host is not Backlog."
