"""What one person has done, got, watches and has looked at."""

from __future__ import annotations

from backlog_assets.demo.activities import ActivityRows
from backlog_assets.demo.answers import ApiError
from backlog_assets.demo.company import Json
from backlog_assets.demo.details import Watching
from backlog_assets.demo.endpoints.feeds import types_of
from backlog_assets.demo.looked_at import (
    issue_look,
    issues_looked_at,
    project_look,
    projects_looked_at,
    wikis_looked_at,
)
from backlog_assets.demo.routes import Call, Route
from backlog_assets.demo.stars import stars_received
from backlog_assets.demo.watching import is_read, watching_json, watchings


def _user_id(call: Call) -> int:
    """The user in the path, whom everybody may ask about."""
    id_ = call.path["user"]
    if not id_.isdecimal() or int(id_) not in call.space.users:
        raise ApiError(404, 6, "No such user.")
    return int(id_)


def user_activities(call: Call) -> ActivityRows:
    """What the user has done in the projects that the asking one may see."""
    space = call.space
    return space.activity_writer.rows(space.open_projects(call.user_id), types_of(call), _user_id(call))


def user_stars(call: Call) -> list[Json]:
    return stars_received(call.space, _user_id(call), call.space.open_projects(call.user_id))


def user_stars_count(call: Call) -> Json:
    """`since` and `until` are days, both counted."""
    since, until = call.params.day("since"), call.params.day("until")
    least = "" if since is None else call.params.text("since") or ""
    most = "9999" if until is None else call.params.text("until") or ""
    return {"count": sum(least <= star["created"][:10] <= most for star in user_stars(call))}


def _watched(call: Call) -> list[Watching]:
    """The user's watchings of issues that the asking one may see."""
    user_id, open_projects = _user_id(call), call.space.open_projects(call.user_id)
    return [
        one
        for one in watchings(call.space).values()
        if one.user_id == user_id and call.space.issues[one.issue_id].project_id in open_projects
    ]


def user_watchings(call: Call) -> list[Json]:
    params, issues = call.params, call.space.issues
    read, ids = params.boolean("resourceAlreadyRead"), params.numbers("issueId[]")
    found = [one for one in _watched(call) if read in (None, is_read(one)) and (ids is None or one.issue_id in ids)]
    if params.choice("sort", ("created", "updated", "issueUpdated"), "issueUpdated") == "issueUpdated":
        found.sort(key=lambda one: (issues[one.issue_id].updated, one.id))
    else:
        found.sort(key=lambda one: (one.at, one.id))
    return [watching_json(call.space, one) for one in found]


def user_watchings_count(call: Call) -> Json:
    """`alreadyRead` counts only where `resourceAlreadyRead` is not given."""
    read, seen = call.params.boolean("resourceAlreadyRead"), call.params.boolean("alreadyRead")
    wanted = seen if read is None else read
    return {"count": sum(wanted in (None, is_read(one)) for one in _watched(call))}


def watching(call: Call) -> Json:
    """One of anybody's watchings, of an issue that the asking one may see."""
    id_ = call.path["watching"]
    found = watchings(call.space).get(int(id_)) if id_.isdecimal() else None
    if found is None or call.space.issues[found.issue_id].project_id not in call.space.open_projects(call.user_id):
        raise ApiError(404, 6, "No such watching.")
    return watching_json(call.space, found)


def viewed_issues(call: Call) -> list[Json]:
    looks = issues_looked_at(call.space, call.user_id, call.space.open_projects(call.user_id))
    return [issue_look(call.space, look) for look in looks]


def viewed_projects(call: Call) -> list[Json]:
    looks = projects_looked_at(call.space, call.user_id, call.space.open_projects(call.user_id))
    return [project_look(call.space, look) for look in looks]


def viewed_wikis(call: Call) -> list[Json]:
    return wikis_looked_at(call.space, call.user_id, call.space.open_projects(call.user_id))


ROUTES = (
    Route("/users/{user}/activities", user_activities, query=("activityTypeId[]",), paging="id"),
    Route("/users/{user}/stars", user_stars, paging="id"),
    Route("/users/{user}/stars/count", user_stars_count, query=("since", "until")),
    Route(
        "/users/{user}/watchings",
        user_watchings,
        query=("sort", "resourceAlreadyRead", "issueId[]"),
        paging="offset",
        order=True,
    ),
    Route("/users/{user}/watchings/count", user_watchings_count, query=("resourceAlreadyRead", "alreadyRead")),
    Route("/watchings/{watching}", watching),
    Route("/users/myself/recentlyViewedIssues", viewed_issues, paging="offset", order=True),
    Route("/users/myself/recentlyViewedProjects", viewed_projects, paging="offset", order=True),
    Route("/users/myself/recentlyViewedWikis", viewed_wikis, paging="offset", order=True),
)
