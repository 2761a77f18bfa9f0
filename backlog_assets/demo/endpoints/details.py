"""What surrounds a space and its projects: announcement, disk usage, webhooks, teams."""

from __future__ import annotations

from backlog_assets.demo.answers import ApiError
from backlog_assets.demo.company import Json
from backlog_assets.demo.disk_usage import project_usage, space_usage
from backlog_assets.demo.routes import Call, Route


def announcement(call: Call) -> Json:
    return call.space.announcement


def whole_usage(call: Call) -> Json:
    return space_usage(call.space)


def usage(call: Call) -> Json:
    return project_usage(call.space, call.project())


def webhooks(call: Call) -> list[Json]:
    """Only for the space's administrators and for those of this very project."""
    project_id = call.project()
    leads = call.user_id in call.space.administrators[project_id]
    if not leads and not call.space.is_admin(call.user_id):
        raise ApiError(403, 5, "You do not have permission to do this.")
    return call.space.webhooks.get(project_id, [])


def webhook(call: Call) -> Json:
    for row in webhooks(call):
        if str(row["id"]) == call.path["webhook"]:
            return row
    raise ApiError(404, 6, "No such webhook.")


def teams(call: Call) -> list[Json]:
    """A team has joined where all its members have: nobody is in a project by a team alone."""
    members = set(call.space.members[call.project()])
    rows = [call.space.teams[id_] for id_ in sorted(call.space.teams)]
    return [row for row in rows if {user["id"] for user in row["members"]} <= members]


ROUTES = (
    Route("/space/notification", announcement),
    Route("/space/diskUsage", whole_usage, role="admin"),
    Route("/projects/{project}/diskUsage", usage, role="admin"),
    Route("/projects/{project}/webhooks", webhooks),
    Route("/projects/{project}/webhooks/{webhook}", webhook),
    Route("/projects/{project}/teams", teams),
)
