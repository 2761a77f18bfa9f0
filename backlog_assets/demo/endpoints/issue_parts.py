"""Parts of one issue and of one comment, people and issues it has to do with, and one single activity."""

from __future__ import annotations

from typing import Any

from backlog_assets.demo.answers import ApiError
from backlog_assets.demo.company import Json
from backlog_assets.demo.options import Options
from backlog_assets.demo.relations import participants, related_issues
from backlog_assets.demo.routes import Call, Route


def issue_participants(call: Call) -> list[Json]:
    return participants(call.space, call.issue())


def related(call: Call) -> list[Json]:
    """Whole issues, each with the kind of the relation; those of projects that the user may not see are left out."""
    shown = call.space.open_projects(call.user_id)
    rows = related_issues(call.space, call.issue())
    return [{**row.json(), "type": "RELATES"} for row in rows if row.project_id in shown]


def attachments(call: Call) -> Any:
    return call.issue().json()["attachments"]


def shared_files(call: Call) -> Any:
    return call.issue().json()["sharedFiles"]


def comment(call: Call) -> Json:
    for row in call.space.comments(call.issue()):
        if str(row["id"]) == call.path["comment"]:
            return row
    raise ApiError(404, 6, "No such comment.")


def comment_notifications(call: Call) -> Any:
    return comment(call)["notifications"]


def activity(call: Call) -> Json:
    """One of those that the space's recent updates show to the user."""
    rows = call.space.activity_writer.rows(call.space.open_projects(call.user_id), None)
    if call.path["activity"].isdecimal():
        place = rows.place_of(int(call.path["activity"]))
        if place is not None:
            return rows.row(place)
    raise ApiError(404, 6, "No such activity.")


def build_issue_part_routes(options: Options) -> tuple[Route, ...]:
    """Older hosts know no related issues."""
    routes = (
        Route("/issues/{issue}/participants", issue_participants),
        Route("/issues/{issue}/relatedIssues", related),
        Route("/issues/{issue}/attachments", attachments),
        Route("/issues/{issue}/sharedFiles", shared_files),
        Route("/issues/{issue}/comments/{comment}", comment),
        Route("/issues/{issue}/comments/{comment}/notifications", comment_notifications),
        Route("/activities/{activity}", activity),
    )
    return tuple(route for route in routes if options.related_issues or route.handler is not related)
