"""Where two lists of issues differ, found with few requests: ours, and Backlog's by `sort=created`. Knows no DuckDB.

Backlog's list can only be asked by position. At a position where `created` moves on, the number of its rows before is
known, and so is the number of ours: their difference is the drift up to there. A stretch whose drift is the same at
both ends is left alone; one where it is not is halved, until a page holds it. So each row too many or too few costs
about log2(N / 100) requests, in no time zone and with any order of ties.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from backlog_assets.incremental.known import Rows, instant
from backlog_assets.paging import Record

FIRST, LAST = -(1 << 60), 1 << 60
"""Before and after every `created`."""

PageAt = Callable[[int, int], "list[Record]"]
"""Records of Backlog's list, sorted by creation: offset, count."""


class MovedError(Exception):
    """The list changed while it was searched: positions no longer mean what they did."""


class TooFarError(Exception):
    """As many requests were sent as reading the whole list takes."""


class Edge(NamedTuple):
    """A place between two rows: `at` of Backlog's rows were created before the second `created`, and none at it."""

    at: int
    created: int


@dataclass
class Difference:
    """What one list has and the other has not: whole records of theirs, ids of ours. Either may be wrong where the list
    moved: a record is as it is, an id is to be asked for."""

    missing: list[Record] = field(default_factory=list[Record])
    extra: list[int] = field(default_factory=list[int])


class Search:
    """Compares `ours` with a list of `total` rows. `page` is the most rows one request brings, `most` how many requests
    may be sent."""

    def __init__(self, page_at: PageAt, ours: Rows, total: int, *, page: int, most: float) -> None:
        self._page_at = page_at
        self._ours = ours
        self._total = total
        self._page = page
        self._leaf = max(1, page - 2)
        self._left = most
        self.found = Difference()

    def run(self) -> Difference:
        """Raises MovedError where the list changed meanwhile, TooFarError where reading it whole is cheaper."""
        start, end = Edge(0, FIRST), Edge(self._total, LAST)
        todo = [(start, end)]
        if self._drift(end) > 0 and self._total > self._leaf:  # most often, new rows at the end
            tail = self._edge_near(self._total - self._leaf, start, end)
            todo = [(start, tail), (tail, end)] if tail else todo
        while todo:
            low, high = todo.pop()
            if self._drift(low) == self._drift(high):
                continue
            if high.at - low.at <= self._leaf:
                self._compare(low, high)
                continue
            middle = self._edge_near((low.at + high.at) // 2, low, high)
            if middle is None:
                self._compare_block(low, high)
            else:
                todo += [(low, middle), (middle, high)]
        return self.found

    def _drift(self, edge: Edge) -> int:
        return edge.at - bisect_left(self._ours.created, edge.created)

    def _edge_near(self, at: int, low: Edge, high: Edge) -> Edge | None:
        """An edge between `low` and `high`, at `at` unless that is amid rows of one second; None if there is none."""
        before, here = self._created(at - 1, 2)
        if not low.created <= before <= here < high.created:
            raise MovedError
        if before < here:
            return Edge(at, here)
        first, inside = low.at, at - 1  # the first row of that second is in [first, inside]
        while first < inside:
            middle = (first + inside) // 2
            [found] = self._created(middle, 1)
            first, inside = (first, middle) if found >= here else (middle + 1, inside)
        if first > low.at:
            return Edge(first, here)
        inside, last = at, high.at  # the first row after that second is in (inside, last], `last` being `high`
        after = high.created
        while last - inside > 1:
            middle = (inside + last) // 2
            [found] = self._created(middle, 1)
            if found > here:
                last, after = middle, found
            else:
                inside = middle
        return Edge(last, after) if last < high.at else None

    def _created(self, at: int, count: int) -> list[int]:
        found = self._ask(at, count)
        if len(found) < count:
            raise MovedError
        return [created_of(record) for record in found]

    def _compare(self, low: Edge, high: Edge) -> None:
        """One page that begins a row before the stretch and ends a row after it, which proves that it is in it."""
        if low.at == high.at:
            self._tell([], low, high)
            return
        before = int(low.at > 0)
        page = self._ask(low.at - before, high.at - low.at + before + 1)
        if before and (not page or created_of(page[0]) >= low.created):
            raise MovedError
        if high.created != LAST and (not page or created_of(page[-1]) < high.created):
            raise MovedError
        self._tell(page, low, high)

    def _compare_block(self, low: Edge, high: Edge) -> None:
        """More rows of one second than a page holds: all of them are read."""
        rows: dict[int, Record] = {}
        for at in range(low.at, high.at, self._page):
            for record in self._ask(at, min(self._page, high.at - at)):
                rows[record["id"]] = record
        self._tell(list(rows.values()), low, high)

    def _tell(self, theirs: Sequence[Record], low: Edge, high: Edge) -> None:
        inside = {record["id"]: record for record in theirs if low.created <= created_of(record) < high.created}
        first = bisect_left(self._ours.created, low.created)
        last = bisect_right(self._ours.created, high.created - 1)
        ours = set(self._ours.ids[first:last])
        self.found.missing += [record for found, record in inside.items() if found not in ours]
        self.found.extra += sorted(ours - inside.keys())

    def _ask(self, at: int, count: int) -> list[Record]:
        if self._left < 1:
            raise TooFarError
        self._left -= 1
        return self._page_at(at, count)


def created_of(record: Record) -> int:
    """When the issue was created, in epoch seconds."""
    return int(instant(str(record.get("created"))).timestamp())


def cost(differences: int, rows: int, page: int) -> int:
    """About how many requests a search for differences that are far apart takes: halvings until each is alone, then
    log2 of the pages that are left to it, and a page.
    """
    pages = max(1.0, rows / max(1, page - 2))
    return math.ceil(differences - 1 + differences * (1 + math.log2(max(1.0, pages / differences))))
