"""Filters and sorts issues as `/issues` does. Knows no HTTP beyond the parameters."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

from backlog_assets.demo.answers import ApiError, Params, invalid
from backlog_assets.demo.company import Json
from backlog_assets.demo.store import Issue, Store
from backlog_assets.demo.times import DAY, day_of_field

FILTERS = (
    "projectId[]",
    "issueTypeId[]",
    "categoryId[]",
    "versionId[]",
    "milestoneId[]",
    "statusId[]",
    "priorityId[]",
    "assigneeId[]",
    "createdUserId[]",
    "resolutionId[]",
    "id[]",
    "parentIssueId[]",
    "parentChild",
    "attachment",
    "sharedFile",
    "hasDueDate",
    "createdSince",
    "createdUntil",
    "updatedSince",
    "updatedUntil",
    "startDateSince",
    "startDateUntil",
    "dueDateSince",
    "dueDateUntil",
    "keyword",
    "customField_*",
)
"""Parameters of `/issues` and `/issues/count` alike."""

ONE_OF = {
    "issueTypeId[]": "issueType",
    "statusId[]": "status",
    "priorityId[]": "priority",
    "assigneeId[]": "assignee",
    "createdUserId[]": "createdUser",
    "resolutionId[]": "resolution",
}
ANY_OF = {"categoryId[]": "category", "versionId[]": "versions", "milestoneId[]": "milestone"}

SORTS = (
    "issueType",
    "category",
    "version",
    "milestone",
    "summary",
    "status",
    "priority",
    "attachment",
    "sharedFile",
    "created",
    "createdUser",
    "updated",
    "updatedUser",
    "assignee",
    "startDate",
    "dueDate",
    "estimatedHours",
    "actualHours",
    "childIssue",
)
DEFAULT_SORT = "updated"
"""Undocumented; the newest change first is what people see, and the order that is hardest on a client's paging."""

Predicate = Callable[[Json], bool]


@dataclass(frozen=True)
class IssueRows:
    """Issues as rows of a page, ascending."""

    issues: list[Issue]

    def __len__(self) -> int:
        return len(self.issues)

    def id_at(self, place: int) -> int:
        return self.issues[place].id

    def row(self, place: int) -> bytes:
        return self.issues[place].raw


def matching_issues(space: Store, user_id: int, params: Params, zone: str) -> list[Issue]:
    """The issues that the parameters name, in ascending order of the sort. Remembered until the space changes."""
    asked = params.query.items()
    key = (
        space.open_projects(user_id),
        zone,
        tuple(
            sorted(
                (name, tuple(values)) for name, values in asked if name not in ("offset", "count", "order", "expand[]")
            )
        ),
    )
    if space.cache_version != space.version or len(space.issue_cache) > 600:
        space.issue_cache.clear()
        space.cache_version = space.version
    if key not in space.issue_cache:
        chosen = _chosen(space, user_id, params, zone)
        space.issue_cache[key] = _sorted(space, chosen, params.text("sort") or DEFAULT_SORT)
    return space.issue_cache[key]


def _chosen(space: Store, user_id: int, params: Params, zone: str) -> list[Issue]:
    """The matching issues by creation."""
    visible = space.visible(user_id)
    project_ids = params.numbers("projectId[]")
    for project_id in project_ids or ():
        if project_id not in visible:
            raise ApiError(404, 6, "No project.")
        if project_id in space.refused:
            raise ApiError(*space.refused[project_id], "You do not have permission to do this.")
    wanted = (visible if project_ids is None else set(project_ids)) - space.refused.keys()
    if wanted >= space.by_project.keys():
        issues = space.ordered
    elif len(wanted) == 1:
        issues = space.by_project[next(iter(wanted))]
    else:
        issues = sorted((i for id_ in wanted for i in space.by_project[id_]), key=lambda i: (i.created, i.id))
    ids = params.numbers("id[]")
    if ids is not None:
        few = set(ids)
        issues = [issue for issue in issues if issue.id in few]
    for name in ("created", "updated"):
        since, until = params.day(f"{name}Since"), params.day(f"{name}Until")
        first = -1 if since is None else _midnight(since, zone)
        last = 1 << 40 if until is None else _midnight(until + 1, zone)
        if since is not None or until is not None:
            issues = [issue for issue in issues if first <= getattr(issue, name) < last]
    family = _family(space, params)
    if family is not None:
        issues = [issue for issue in issues if family(issue)]
    predicates = list(_predicates(space, params))
    if predicates:
        # Every predicate reads the same parsed issue; all() alone would parse it once for each.
        issues = [issue for issue in issues if _all_hold(issue.json(), predicates)]
    return issues


def _all_hold(issue: Json, predicates: list[Predicate]) -> bool:
    return all(predicate(issue) for predicate in predicates)


def _midnight(day: int, zone: str) -> int:
    """The instant at which a day begins in that zone."""
    if zone == "UTC":
        return day * DAY
    date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
    return int(dt.datetime(date.year, date.month, date.day, tzinfo=ZoneInfo(zone)).timestamp())


def _family(space: Store, params: Params) -> Callable[[Issue], bool] | None:
    """`parentChild` on a space whose issues have two levels at most."""
    kind = params.number("parentChild", 0, most=10)
    parents = space.children.keys()
    children = {id_ for ids in space.children.values() for id_ in ids} if kind else set[int]()
    kinds: dict[int, Callable[[Issue], bool]] = {
        1: lambda issue: issue.id not in children,
        2: lambda issue: issue.id in children,
        3: lambda issue: issue.id not in children and issue.id not in parents,
        4: lambda issue: issue.id in parents,
        5: lambda _: False,
        6: lambda issue: issue.id in children,
        7: lambda issue: issue.id not in children,
        9: lambda issue: issue.id in children,
        10: lambda issue: issue.id not in parents,
    }
    return kinds.get(kind)


def _predicates(space: Store, params: Params) -> list[Predicate]:
    made: list[Predicate] = []
    for name, field in ONE_OF.items():
        if (ids := params.numbers(name)) is not None:
            made.append(lambda issue, f=field, w=set(ids): issue[f] is not None and issue[f]["id"] in w)
    for name, field in ANY_OF.items():
        if (ids := params.numbers(name)) is not None:
            made.append(lambda issue, f=field, w=set(ids): any(row["id"] in w for row in issue[f]))
    if (ids := params.numbers("parentIssueId[]")) is not None:
        made.append(lambda issue, w=set(ids): issue["parentIssueId"] in w)
    for name, field in (("attachment", "attachments"), ("sharedFile", "sharedFiles")):
        if (flag := params.boolean(name)) is not None:
            made.append(lambda issue, f=field, w=flag: bool(issue[f]) is w)
    if (has := params.boolean("hasDueDate")) is not None:
        if has:
            raise invalid("hasDueDate", "true")
        made.append(lambda issue: issue["dueDate"] is None)
    for field in ("startDate", "dueDate"):
        since, until = params.day(f"{field}Since"), params.day(f"{field}Until")
        if since is not None or until is not None:
            made.append(lambda issue, f=field, s=since, u=until: _within(day_of_field(issue[f]), s, u))
    if wanted := (params.text("keyword") or "").casefold():
        made.append(lambda issue, w=wanted: w in f"{issue['summary']}\n{issue['description']}".casefold())
    return made + _custom_predicates(space, params)


def _within(value: Any, least: Any, most: Any) -> bool:
    return value is not None and (least is None or value >= least) and (most is None or value <= most)


def _custom_predicates(space: Store, params: Params) -> list[Predicate]:
    kinds = {row["id"]: row["typeId"] for rows in space.custom_fields.values() for row in rows}
    made: list[Predicate] = []
    for name, values in params.query.items():
        match = re.fullmatch(r"customField_(\d+)(_min|_max|\[\d*\])?", name)
        if match is None:
            continue
        field_id, part = int(match[1]), match[2] or ""
        if field_id not in kinds:
            raise invalid(name, values[-1])
        if part in ("_min", "_max"):
            bound: Any = params.day(name) if kinds[field_id] == 4 else _decimal(name, values[-1])
            least, most = (bound, None) if part == "_min" else (None, bound)
            dates = kinds[field_id] == 4
            made.append(
                lambda issue, i=field_id, d=dates, s=least, u=most: _within(
                    day_of_field(_custom(issue, i)) if d else _custom(issue, i), s, u
                )
            )
        elif part:
            items = {int(value) for value in values if value.isdecimal()}
            made.append(lambda issue, i=field_id, w=items: _has_item(_custom(issue, i), w))
        else:
            text = values[-1].casefold()
            made.append(lambda issue, i=field_id, w=text: w in str(_custom(issue, i) or "").casefold())
    return made


def _decimal(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise invalid(name, value) from None


def _custom(issue: Json, field_id: int) -> Any:
    return next((field["value"] for field in issue["customFields"] if field["id"] == field_id), None)


def _has_item(value: Any, wanted: set[int]) -> bool:
    rows = cast("list[Any]", value if isinstance(value, list) else [value])
    return any(isinstance(row, dict) and row["id"] in wanted for row in rows)


def _sorted(space: Store, issues: list[Issue], sort: str) -> list[Issue]:
    """Issues by a sort; those without a value first, ties by creation and id."""
    if sort == "created":
        return issues
    if sort == "updated":
        return sorted(issues, key=lambda issue: issue.updated)
    if sort == "childIssue":
        return sorted(issues, key=lambda issue: len(space.children.get(issue.id, ())))
    custom = re.fullmatch(r"customField_(\d+)", sort)
    if sort not in SORTS and custom is None:
        raise invalid("sort", sort)

    def value(issue: Issue) -> tuple[bool, Any]:
        shown = issue.json()
        found = _sort_value(_custom(shown, int(custom[1])) if custom else shown[_field_of(sort)])
        return found is not None, found

    return sorted(issues, key=value)


def _field_of(sort: str) -> str:
    return {"version": "versions", "attachment": "attachments", "sharedFile": "sharedFiles"}.get(sort, sort)


def _sort_value(value: Any) -> Any:
    if isinstance(value, list):
        rows = cast("list[Any]", value)
        return _sort_value(rows[0]) if rows else None
    return cast("Json", value)["id"] if isinstance(value, dict) else value
