"""Issues made and changed over HTTP, and comments added to them. Form-encoded, as Backlog takes them."""

from __future__ import annotations

from typing import Any

from backlog_assets.demo.answers import ApiError, invalid
from backlog_assets.demo.company import Json
from backlog_assets.demo.routes import Call, Route
from backlog_assets.demo.shapes import PRIORITIES, RESOLUTIONS
from backlog_assets.demo.times import day_number

SUMMARY_MOST, DESCRIPTION_MOST, COMMENT_MOST = 255, 100_000, 50_000
"""Characters that Backlog takes."""

IDS = ("issueTypeId", "statusId", "priorityId", "resolutionId", "assigneeId", "parentIssueId")
LISTS = ("categoryId[]", "versionId[]", "milestoneId[]")
DATES = ("startDate", "dueDate")
HOURS = ("estimatedHours", "actualHours")
FIELDS = ("summary", "description", *IDS, *LISTS, *DATES, *HOURS)
NEW_FIELDS = tuple(name for name in FIELDS if name not in ("statusId", "resolutionId"))
"""An issue begins as open and unresolved."""


def create_issue(call: Call) -> Json:
    params = call.params
    for name in ("projectId", "summary", "issueTypeId", "priorityId"):
        if not params.text(name):
            raise ApiError(400, 7, f"error.required : {name}")
    call.path["project"] = str(params.number("projectId", 0))
    project_id = call.project()
    changes = _changes(call, project_id)
    summary = str(changes.pop("summary"))
    key = call.space.projects[project_id]["projectKey"]
    return call.space.create_issue(key, summary, author=call.user_id, **changes).json()


def update_issue(call: Call) -> Json:
    """What is given is changed, the rest stays; something must be given."""
    issue = call.issue()
    changes, comment = _changes(call, issue.project_id), _comment(call, "comment")
    if not changes and not comment:
        raise ApiError(400, 7, "No comment content.")
    call.space.update_issue(issue.id, author=call.user_id, comment=comment, **changes)
    return issue.json()


def add_comment(call: Call) -> Json:
    issue, text = call.issue(), _comment(call, "content")
    if not text:
        raise ApiError(400, 7, "No comment content.")
    return call.space.comment(issue.id, text, author=call.user_id)


def _comment(call: Call, name: str) -> str | None:
    text = call.params.text(name)
    if text is not None and len(text) > COMMENT_MOST:
        raise ApiError(400, 7, f"error.tooLong : {name}")
    return text or None


def _changes(call: Call, project_id: int) -> dict[str, Any]:
    """What `DemoSpace.update_issue` takes, of the parameters that were given. An empty value empties the field."""
    params = call.params
    found: dict[str, Any] = {}
    for name, most in (("summary", SUMMARY_MOST), ("description", DESCRIPTION_MOST)):
        text = params.text(name)
        if text is None:
            continue
        if len(text) > most or (name == "summary" and not text.strip()):
            raise invalid(name, text)
        found[name] = text
    for name in IDS:
        if params.text(name) is not None:
            found[name] = params.number(name, 0) if params.text(name) else None
            _known(call, project_id, name, [] if found[name] is None else [found[name]])
    for name in LISTS:
        ids = params.numbers(name)
        if ids is not None:
            found[name.removesuffix("[]")] = ids
            _known(call, project_id, name.removesuffix("[]"), ids)
    for name in DATES:
        text = params.text(name)
        if text is not None:
            found[name] = _day(name, text)
    for name in HOURS:
        text = params.text(name)
        if text is not None:
            found[name] = _hours(name, text)
    return found


def _day(name: str, text: str) -> str | None:
    try:
        if text:
            day_number(text)
    except ValueError:
        raise invalid(name, text) from None
    return text or None


def _hours(name: str, text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise invalid(name, text) from None


def _known(call: Call, project_id: int, name: str, ids: list[int]) -> None:
    """Refuses an id that the project, or the space, does not have."""
    space = call.space
    there: dict[str, Any] = {
        "issueTypeId": space.issue_types[project_id],
        "statusId": space.statuses[project_id],
        "priorityId": PRIORITIES.values(),
        "resolutionId": RESOLUTIONS.values(),
        "categoryId": space.categories[project_id],
        "versionId": space.versions[project_id],
        "milestoneId": space.versions[project_id],
    }
    if name == "parentIssueId":
        known: set[int] = {issue.id for issue in space.by_project[project_id]}
    elif name == "assigneeId":
        known = set(space.members[project_id])
    else:
        known = {row["id"] for row in there[name]}
    for id_ in ids:
        if id_ not in known:
            raise invalid(name, str(id_))


ROUTES = (
    Route("/issues", create_issue, query=("projectId", *NEW_FIELDS), method="POST", status=201),
    Route("/issues/{issue}", update_issue, query=(*FIELDS, "comment"), method="PATCH"),
    Route("/issues/{issue}/comments", add_comment, query=("content",), method="POST", status=201),
)
