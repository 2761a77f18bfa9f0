"""The load of the issues that changed, step by step, and the proof that it missed none. Sends requests; writes nothing.

1. What was updated lately (`updatedSince`), the latest first, until a page brings nothing new.
2. What activities name and did not come by then, by `id[]`; what is absent there is gone.
3. The count. Where it is not that of the rows, the difference is searched for, and repaired.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backlog_assets.catalogue.table import BY_ACTIVITY, BY_CENSUS, LOST_ACCESS
from backlog_assets.errors import Denied
from backlog_assets.incremental.asking import Asker
from backlog_assets.incremental.census import MovedError, Search, TooFarError, cost
from backlog_assets.incremental.known import KnownIssues, Named, State, instant
from backlog_assets.paging import ROUNDS, Record

LOOK_BACK = timedelta(days=2)
"""So far before the newest `updated` known the backstop begins: `updatedSince` is a day, in a zone nobody documents,
and zones are up to 14 hours from UTC."""

COUNTS = 16
"""Counts by project that are asked for in any case; beyond them no more than reading everything has pages."""

FEW = 8
"""Differences up to which the whole list is searched; of more, the projects that have them are found first."""


@dataclass
class Figures:
    """What a load of the changes has found, for its metadata."""

    named: int = 0
    waiting: int = 0
    by_update: int = 0
    by_count: int = 0
    gone: int = 0
    lost: int = 0
    gone_by_count: int = 0

    @property
    def repaired(self) -> int:
        """Rows that only the count has shown to be missing, or too many."""
        return self.by_count + self.gone_by_count


class Changes:
    """Reads what changed since `state`, in `projects` (None: in all that can be seen).

    Knows, when done, what is `gone` (id -> evidence) and what Backlog `counted`.
    """

    def __init__(
        self,
        asker: Asker,
        known: KnownIssues,
        state: State,
        named: Named,
        now: datetime,
        projects: Collection[int] | None,
    ) -> None:
        self.gone: dict[int, str] = {}
        self.counted: int | None = None
        self.figures = Figures(named=len(named.issues), waiting=len(named.waiting))
        self._asker = asker
        self._known = known
        self._state = state
        self._named = named
        self._now = now
        self._projects = None if projects is None else frozenset(projects)
        self._updated = state.updated
        self._counts_left = 0

    def read(self) -> State:
        """The state the next load begins at. Raises TooFarError where reading everything anew is cheaper."""
        self._read_updated()
        self._read_named()
        self._compare()
        return replace(
            self._state,
            activity=max(self._state.activity, self._named.newest or 0),
            updated=self._updated,
            began=self._now,
        )

    def _read_updated(self) -> None:
        since = (min(self._state.updated, self._now) - LOOK_BACK).date()
        for at, page in enumerate(self._asker.by_update(since)):
            updates = {record["id"]: instant(record["updated"]) for record in page}
            before = self._known.updated_of(updates)
            new = sum(1 for one, updated in updates.items() if before.get(one) != updated)
            self.figures.by_update += new
            if at == 0:  # what is updated from now on is later than the latest so far
                self._updated = max([self._updated, *updates.values()])
            if page and not new and min(updates.values()) <= self._state.updated:
                return

    def _read_named(self) -> None:
        """What Backlog deleted is asked for only where it is here, to be sure; what became of it decides the answer."""
        deleted = self._known.updated_of(self._named.deleted).keys() if self._named.deleted else set[int]()
        named = self._named.issues - self._named.deleted
        self._mark(self._asker.by_id(named | deleted | self._named.waiting))

    def _mark(self, absent: Collection[int]) -> None:
        """Marks what is here and was asked for in vain. Children of it are read again: they have lost their parent."""
        where = self._known.projects_of(absent) if absent else {}
        for one, project_id in sorted(where.items()):
            if one in self._named.deleted:
                self.gone[one] = BY_ACTIVITY
            elif project_id in self._asker.visible():
                self.gone[one] = BY_CENSUS
            else:
                self.gone[one] = LOST_ACCESS
        deleted = [one for one in where if self.gone[one] != LOST_ACCESS]
        self.figures.gone += len(deleted)
        self.figures.lost += len(where) - len(deleted)
        children = self._known.children_of(deleted) - self.gone.keys() if deleted else set[int]()
        if children:
            self._mark(self._asker.by_id(children))

    def _compare(self) -> None:
        """Counts, and searches for the difference where there is one. What is established stays in `counted`."""
        for _ in range(ROUNDS):
            theirs = self._asker.count()
            self._counts_left = theirs // self._asker.page + COUNTS
            if self._gap(theirs) == 0:
                self.counted = theirs
                return
            self._lose_projects()
            self._regain_projects()
            gap = self._gap(theirs)
            if not gap:
                self.counted = theirs
                return
            try:
                self._repair(theirs, gap)
            except MovedError:
                continue
            if self._gap(theirs) == 0:
                self.counted = theirs
                return
        raise TooFarError

    def _gap(self, theirs: int) -> int:
        for back in self.gone.keys() & self._asker.fetched.keys():  # it moved in the list when it seemed gone
            del self.gone[back]
        return theirs - self._known.count_with(self._asker.fetched, self.gone)

    def _lose_projects(self) -> None:
        """Rows of projects that can no longer be seen, without a request for each."""
        visible = self._asker.visible()
        for project_id in sorted(self._known.by_project().keys() - visible):
            self._lose(self._known.of_project(project_id))

    def _lose(self, ids: Collection[int]) -> None:
        lost = [one for one in ids if one not in self._asker.fetched and one not in self.gone]
        self.gone.update(dict.fromkeys(lost, LOST_ACCESS))
        self.figures.lost += len(lost)

    def _regain_projects(self) -> None:
        """Projects that can be seen and of which there is no row: new ones, empty ones, or regained ones."""
        counts = self._known.counts_with(self._asker.fetched, self.gone)
        there = self._known.by_project()
        wanted = [one for one in sorted(self._asker.visible()) if one not in there and self._may_read(one)]
        if wanted and self._counted(wanted) != sum(counts.get(one, 0) for one in wanted):
            self._read_projects([one for one in wanted if self._counted([one]) != counts.get(one, 0)])

    def _may_read(self, project_id: int) -> bool:
        return self._projects is None or project_id in self._projects

    def _counted(self, projects: Sequence[int]) -> int | None:
        """What Backlog counts in these projects; None where one of them is refused."""
        self._counts_left -= 1
        if self._counts_left < 0:
            raise TooFarError
        try:
            return self._asker.count(projects)
        except Denied:
            return None

    def _read_projects(self, projects: Sequence[int]) -> None:
        for project_id in projects:
            try:
                came = self._asker.whole_projects([project_id])
            except Denied:
                self._lose(self._known.of_project(project_id))
                continue
            self.figures.by_count += len(came - self._known.updated_of(came).keys())
            self._mark_by_count(set(self._known.of_project(project_id)) - came - self.gone.keys())
            gone_meanwhile = self._asker.by_id(set(self._known.lost_with(project_id)) - came)
            self.gone.update(dict.fromkeys(gone_meanwhile, BY_CENSUS))

    def _repair(self, theirs: int, gap: int) -> None:
        """Finds the rows that differ: by searching the whole list, or first the projects in which they are."""
        if abs(gap) <= FEW:
            self._search(theirs, abs(gap), None)
            return
        counts = self._known.counts_with(self._asker.fetched, self.gone)
        for project_id, count in self._differing(sorted(counts), counts):
            if count is None:
                self._lose(self._known.of_project(project_id))
            elif count != counts[project_id]:
                self._repair_project(project_id, count, abs(count - counts[project_id]))

    def _repair_project(self, project_id: int, theirs: int, gap: int) -> None:
        try:
            self._search(theirs, gap, project_id)
        except TooFarError:
            self._read_projects([project_id])

    def _differing(self, projects: Sequence[int], counts: dict[int, int]) -> list[tuple[int, int | None]]:
        """Projects with what Backlog counts in them, where that is not what is here; by halves."""
        if not projects:
            return []
        found = self._counted(projects)
        if found == sum(counts[one] for one in projects):
            return []
        if len(projects) == 1:
            return [(projects[0], found)]
        middle = len(projects) // 2
        return self._differing(projects[:middle], counts) + self._differing(projects[middle:], counts)

    def _search(self, theirs: int, gap: int, project_id: int | None) -> None:
        asker = self._asker
        pages = theirs / asker.page + 1
        if cost(gap, theirs, asker.page) > pages:
            raise TooFarError
        projects = None if project_id is None else [project_id]
        ours = self._known.rows_with(asker.fetched, self.gone, project_id)
        search = Search(
            lambda at, count: asker.by_creation(at, count, projects), ours, theirs, page=asker.page, most=pages
        )
        try:
            search.run()
        finally:  # what was found before the list moved is true as well
            self._take(search.found.missing)
        self._mark_by_count(set(search.found.extra))

    def _mark_by_count(self, extra: Collection[int]) -> None:
        """Asks for what the list no longer has, to be sure: it may only have moved in it."""
        before = len(self.gone)
        self._mark(self._asker.by_id(extra))
        self.figures.gone_by_count += len(self.gone) - before

    def _take(self, missing: Sequence[Record]) -> None:
        new = [record for record in missing if record["id"] not in self._asker.fetched]
        self.figures.by_count += len(new)
        self._asker.take(new)
