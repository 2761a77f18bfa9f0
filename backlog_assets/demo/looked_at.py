"""What each user has looked at of late: issues, projects, wiki pages. Knows no rights and no HTTP."""

from __future__ import annotations

from collections.abc import Collection
from heapq import nlargest
from typing import NamedTuple

import orjson

from backlog_assets.demo.company import Json
from backlog_assets.demo.details import ChangeableDetails
from backlog_assets.demo.register import mix
from backlog_assets.demo.times import DAY, START, stamp

MOST = 60
"""As many issues are remembered, the last ones looked at."""

BROWSED = 8
"""Only wikis of so many projects are looked at: nobody reads those of 500."""

WIKI_CREATED, WIKI_UPDATED = 5, 6


class Look(NamedTuple):
    """Something was looked at, at that second (epoch)."""

    at: int
    id: int


def issues_looked_at(space: ChangeableDetails, user_id: int, projects: Collection[int]) -> list[Look]:
    """Issues of these projects (ids), the last one at the end. People look at what has changed, soon after."""

    def looks() -> list[Look]:
        seed = space.register.seed + user_id
        chosen = (
            Look(_soon_after(space, issue.updated, mix(seed, issue.id)), issue.id)
            for issue in space.ordered
            if issue.project_id in projects and mix(seed + 1, issue.id) % 4 == 0
        )
        return sorted(nlargest(MOST, chosen))

    return space.worked_out(("issues looked at", user_id, frozenset(projects)), looks)


def projects_looked_at(space: ChangeableDetails, user_id: int, projects: Collection[int]) -> list[Look]:
    """The projects of the issues that were looked at, the last one at the end."""
    last: dict[int, int] = {}
    for look in issues_looked_at(space, user_id, projects):
        last[space.issues[look.id].project_id] = look.at
    return sorted(Look(at, id_) for id_, at in last.items())


def wikis_looked_at(space: ChangeableDetails, user_id: int, projects: Collection[int]) -> list[Json]:
    """`{page, updated}` of wiki pages of these projects (ids), the last one at the end."""
    looks = sorted(
        (_soon_after(space, at, mix(space.register.seed + user_id, page["id"])), page["id"], page)
        for at, page in wiki_pages(space).values()
        if page["projectId"] in projects and mix(space.register.seed + user_id + 2, page["id"]) % 3
    )
    return [{"page": page, "updated": stamp(at)} for at, _, page in looks]


def wiki_pages(space: ChangeableDetails) -> dict[int, tuple[int, Json]]:
    """Wiki pages as a list of them shows them, by id, each with the second of its last change.

    They are those that the recent updates tell of.
    """

    def pages() -> dict[int, tuple[int, Json]]:
        found: dict[int, tuple[int, Json]] = {}
        for plan in space.company.projects[:BROWSED]:
            if plan.project["id"] not in space.projects:
                continue
            for week in range((space.until - START) // (7 * DAY) + 1):
                for happening in space.chronicle.week(plan.index, week):
                    if happening.type in (WIKI_CREATED, WIKI_UPDATED) and happening.at < space.until:
                        user, at, content = space.users[happening.author], stamp(happening.at), happening.content
                        id_ = int(content["id"])
                        page: Json = {
                            "id": id_,
                            "projectId": plan.project["id"],
                            "name": content["name"],
                            "tags": [],
                            "createdUser": user,
                            "created": at,
                        }
                        if id_ in found:
                            page = found[id_][1]
                        found[id_] = (happening.at, {**page, "updatedUser": user, "updated": at})
        return found

    return space.worked_out("wiki pages", pages)


def issue_look(space: ChangeableDetails, look: Look) -> Json:
    """`{issue, updated}` as the API shows it."""
    return {"issue": orjson.Fragment(space.issues[look.id].raw), "updated": stamp(look.at)}


def project_look(space: ChangeableDetails, look: Look) -> Json:
    """`{project, updated}` as the API shows it."""
    return {"project": space.projects[look.id], "updated": stamp(look.at)}


def _soon_after(space: ChangeableDetails, at: int, chance: int) -> int:
    """Some hours later, and not in the future."""
    return min(at + 60 + chance % (6 * 3_600), max(at, space.now - 1))
