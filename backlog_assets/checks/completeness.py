"""The proof of completeness: what was loaded is as much as Backlog says it has. Asks Backlog; knows no Dagster.

A space changes while it is looked at. What was made after the load began is no gap; what was deleted since is told.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from backlog_assets.catalogue.spec import Paging
from backlog_assets.catalogue.table import Table
from backlog_assets.checks.findings import SHOWN, Finding, Offender, Scene, counted, live, named
from backlog_assets.client import BacklogClient
from backlog_assets.errors import Denied, WrongShape
from backlog_assets.paging import PAGE, Record

CLOCKS_APART = timedelta(minutes=2)
"""By so much Backlog's clock may differ from this machine's: what was made in that time before a load began is not
expected in it."""

ASK_EACH = 16
"""Up to so many projects are asked about one by one; of more, halves are, until those that differ are found."""

UNCOUNTED = frozenset({"teams"})
"""Tables of which Backlog gives no count: few rows, compared one by one where they differ."""


@dataclass
class Held:
    """What the warehouse has of a table, read before anything is asked.

    `since`: when the last load began, so that what is older must be in it, and `newer` the ids of the rows that are
    there although they are younger. `by_project`: project id -> rows that are not marked deleted. `projects`: id ->
    key of those to compare. `ids`: those of all rows, where Backlog has no count to compare with.
    """

    rows: int
    since: datetime
    by_project: dict[int, int] = field(default_factory=dict[int, int])
    projects: dict[int, str] = field(default_factory=dict[int, str])
    newer: frozenset[int] = frozenset()
    ids: frozenset[int] = frozenset()


def held(scene: Scene, table: Table) -> Held | None:
    """What the warehouse has of the table, of the chosen projects if there is a choice; None before its first load."""
    loads = scene.ops("loads")
    if loads is None or table.name not in scene.tables:
        return None
    last = scene.connection.execute(
        f"SELECT loaded_at, seconds FROM {loads} WHERE table_name = ? ORDER BY loaded_at DESC LIMIT 1", [table.name]
    ).fetchone()
    if last is None:
        return None
    # A load is written when it has been read: what came while it was read may or may not be in it.
    since = last[0] - timedelta(seconds=last[1] or 0) - CLOCKS_APART
    projects = _projects(scene)
    has_project = "project_id" in scene.tables[table.name]
    project = "t.project_id" if has_project else "NULL"
    listed = "list(t.id)" if table.name in UNCOUNTED else "[]"
    counts: list[tuple[int | None, int, list[int], list[int]]] = scene.connection.execute(
        f"SELECT {project}, count(*), coalesce(list(t.id) FILTER (t.created > $since), []), {listed} "
        f"FROM {scene.name(table.name)} t WHERE {live(table)} GROUP BY 1",
        {"since": since},
    ).fetchall()
    chosen = [one for one in counts if scene.only is None or not has_project or one[0] in projects]
    return Held(
        rows=sum(one[1] for one in chosen),
        since=since,
        by_project={one[0]: one[1] for one in chosen if one[0] is not None},
        projects=projects,
        newer=frozenset(row for one in chosen for row in one[2]),
        ids=frozenset(row for one in chosen for row in one[3]),
    )


def _projects(scene: Scene) -> dict[int, str]:
    if "projects" not in scene.tables:
        return {}
    rows = scene.connection.execute(
        f"SELECT id, project_key FROM {scene.name('projects')} WHERE _deleted_at IS NULL ORDER BY id"
    ).fetchall()
    return {int(one): str(key) for one, key in rows if scene.only is None or key in scene.only}


def compare_issues(client: BacklogClient, ours: Held, only: Sequence[str] | None) -> Finding:
    """`/issues/count` against the rows: one request while they agree, else by project and without the newest ones."""
    chosen = list(ours.projects) if only is not None else []
    if only is not None and len(chosen) < len(only):
        return Finding("BACKLOG_PROJECTS names a project that is not in `projects` yet; nothing was compared.")
    theirs = _count(client, "/issues/count", {"projectId": chosen} if chosen else {})
    if theirs == ours.rows:
        return _agrees("issues", theirs)
    new = _new_issues(client, ours, chosen)
    if theirs - sum(new.values()) == ours.rows:
        return _agrees("issues", theirs, made=sum(new.values()))
    listed = sorted({*ours.projects, *ours.by_project, *new})
    gaps = [_gap(ours, new, *one) for one in _differing(client, ours, new, listed)]
    missing = sum(max(0, one.missing) for one in gaps)
    extra = sum(max(0, -one.missing) for one in gaps)
    if not gaps:  # it changed between two questions, or differs in a project nobody has heard of
        missing, extra = max(0, theirs - sum(new.values()) - ours.rows), max(0, ours.rows + sum(new.values()) - theirs)
    by_project = [f"{one.project} {-one.missing:+,}" for one in gaps]
    found = _differs(
        "issues", ours, theirs, sum(new.values()), missing, extra, f" By project: {named(by_project)}." if gaps else ""
    )
    return Finding(
        found.description,
        found.rows,
        [one.offender() for one in gaps[:SHOWN]],
        found.what_to_do,
        tuple(one.project for one in gaps),
        found.figures,
    )


@dataclass(frozen=True)
class _Gap:
    project: str
    in_table: int
    in_backlog: int
    made_since: int

    @property
    def missing(self) -> int:
        return self.in_backlog - self.made_since - self.in_table

    def offender(self) -> Offender:
        return {
            "project": self.project,
            "in_table": self.in_table,
            "in_backlog": self.in_backlog,
            "made_since": self.made_since,
            "missing": self.missing,
        }


def _gap(ours: Held, new: Mapping[int, int], project_id: int, theirs: int) -> _Gap:
    name = ours.projects.get(project_id, f"project {project_id}")
    return _Gap(name, ours.by_project.get(project_id, 0), theirs, new.get(project_id, 0))


def _differing(
    client: BacklogClient, ours: Held, new: Mapping[int, int], projects: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """The projects (id, count in Backlog) in which the rows are not those that Backlog counts."""
    if len(projects) > ASK_EACH:
        middle = len(projects) // 2
        for half in (projects[:middle], projects[middle:]):
            expected = sum(ours.by_project.get(one, 0) + new.get(one, 0) for one in half)
            if _count_of(client, half) != expected:
                yield from _differing(client, ours, new, half)
        return
    for one in projects:
        theirs = _count_of(client, [one]) or 0
        if theirs != ours.by_project.get(one, 0) + new.get(one, 0):
            yield one, theirs


def _count_of(client: BacklogClient, projects: Sequence[int]) -> int | None:
    """Issues of these projects; None where one of them may no longer be read."""
    try:
        return _count(client, "/issues/count", {"projectId": list(projects)})
    except Denied:
        return None


def _new_issues(client: BacklogClient, ours: Held, projects: Sequence[int]) -> dict[int, int]:
    """Project id -> issues made since that are not in the table; the newest are read until an older one comes."""
    asked: dict[str, Any] = {"sort": "created", "order": "desc", **({"projectId": list(projects)} if projects else {})}
    new: dict[int, int] = {}
    for page in _newest(lambda offset, _: client.get("/issues", {**asked, "count": PAGE, "offset": offset}), ours):
        for record in page:
            new[record["projectId"]] = new.get(record["projectId"], 0) + 1
    return new


def compare_notifications(client: BacklogClient, ours: Held, only: Sequence[str] | None) -> Finding:
    """`/notifications/count` against the rows, without the newest ones."""
    if only is not None:
        return Finding("Backlog counts the notifications of all projects; with BACKLOG_PROJECTS nothing is compared.")
    theirs = _count(client, "/notifications/count", {})
    if theirs == ours.rows:
        return _agrees("notifications", theirs)

    def page(_: int, last: Record | None) -> Any:
        below: dict[str, Any] = {} if last is None else {"maxId": last["id"]}
        return client.get("/notifications", {"order": "desc", "count": PAGE, **below})

    new = len({record["id"] for newest in _newest(page, ours) for record in newest})
    missing = theirs - new - ours.rows
    if not missing:
        return _agrees("notifications", theirs, made=new)
    return _differs("notifications", ours, theirs, new, max(0, missing), max(0, -missing))


def compare_teams(client: BacklogClient, ours: Held, only: Sequence[str] | None) -> Finding:
    """There is no count of teams, but the last of them must be the last: of the two from there on, one is there."""
    place = max(0, ours.rows - 1)
    tail = _list("/teams", client.get("/teams", {"order": "asc", "count": 2, "offset": place}))
    if len(tail) == min(1, ours.rows):
        return _agrees("teams", ours.rows)
    listed = [record for page in client.pages("/teams", Paging.OFFSET, {"order": "asc"}) for record in page]
    new = {record["id"] for record in listed if _made_after(record, ours.since)} - ours.ids
    missing = {record["id"]: record.get("name") for record in listed if record["id"] not in ours.ids | new}
    extra = ours.ids - {record["id"] for record in listed}
    if not missing and not extra:
        return _agrees("teams", len(listed), made=len(new))
    found = _differs("teams", ours, len(listed), len(new), len(missing), len(extra))
    offenders: list[Offender] = [
        *({"id": one, "name": str(name), "is": "missing from the table"} for one, name in sorted(missing.items())),
        *({"id": one, "name": None, "is": "no longer in Backlog"} for one in sorted(extra)),
    ]
    return Finding(found.description, found.rows, offenders[:SHOWN], found.what_to_do, figures=found.figures)


COMPARISONS: Mapping[str, Callable[[BacklogClient, Held, "Sequence[str] | None"], Finding]] = {
    "issues": compare_issues,
    "teams": compare_teams,
    "notifications": compare_notifications,
}
"""The tables of which Backlog says how much it has, and how each is compared."""


def _agrees(table: str, theirs: int, made: int = 0) -> Finding:
    told = (
        f" {counted(made, 'of them was', 'of them were')} made after the load began and are not in it." if made else ""
    )
    return Finding(
        f"{table} has every one of the {theirs:,} that Backlog has.{told}"
        if not made
        else f"{table} has all that Backlog had when it was loaded, of {theirs:,} now.{told}",
        figures={"in_backlog": theirs, "made_since": made},
    )


def _differs(table: str, ours: Held, theirs: int, new: int, missing: int, extra: int, more: str = "") -> Finding:
    told = f"{table} has {counted(ours.rows, 'row')}, Backlog has {theirs:,}"
    made = f", {new:,} of them made after the load began" if new else ""
    parts = [f"{counted(missing, 'is', 'are')} missing"] if missing else []
    parts += [f"{counted(extra, 'is', 'are')} no longer in Backlog"] if extra else []
    advice = (
        f"Load {table} again; if rows stay missing, see whether the key's user still has access to every project."
        if missing
        else f"They were deleted after the load or can no longer be seen; load {table} again, which marks them deleted."
    )
    return Finding(
        f"{told}{made}: {' and '.join(parts) or 'it changed while it was compared'}.{more}",
        missing + extra or 1,
        [{"in_table": ours.rows, "in_backlog": theirs, "made_since": new, "missing": missing, "gone": extra}],
        advice,
        figures={"in_table": ours.rows, "in_backlog": theirs, "made_since": new, "missing": missing, "gone": extra},
    )


def _newest(page_at: Callable[[int, Record | None], Any], ours: Held) -> Iterator[list[Record]]:
    """Records made since and not in the table, the newest first, page by page.

    `page_at` gets the offset and the last record of the page before.
    """
    offset, last = 0, None
    seen: set[int] = set()
    while True:
        page = _list("the newest records", page_at(offset, last))
        fresh = [record for record in page if record["id"] not in seen]
        new = [record for record in fresh if _made_after(record, ours.since)]
        seen |= {record["id"] for record in page}
        yield [record for record in new if record["id"] not in ours.newer]
        if len(new) < len(fresh) or len(page) < PAGE or not fresh:
            return
        offset, last = offset + PAGE, page[-1]


def _made_after(record: Record, since: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(record.get("created")).replace("Z", "+00:00")) > since
    except (TypeError, ValueError):
        return False


def _count(client: BacklogClient, path: str, params: Mapping[str, Any]) -> int:
    answer: object = client.get(path, params)
    count = cast("dict[str, object]", answer).get("count") if isinstance(answer, dict) else None
    if not isinstance(count, int):
        raise WrongShape(f"Backlog answered GET {path} without a count. The check could not be made.", path=path)
    return count


def _list(path: str, answer: Any) -> list[Record]:
    if not isinstance(answer, list):
        raise WrongShape(f"Backlog answered GET {path} with no list. The check could not be made.", path=path)
    return cast("list[Record]", answer)
