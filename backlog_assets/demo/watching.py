"""Who watches which issue. Knows no rights and no HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from backlog_assets.demo import words
from backlog_assets.demo.company import Json
from backlog_assets.demo.details import WATCHING_BASE, ChangeableDetails, Watching
from backlog_assets.demo.register import ISSUE_BASE, mix
from backlog_assets.demo.times import WORK_DAY, stamp, wall

WATCHED, WATCHERS = 9, 3
"""One issue in so many is watched, by so many people at most."""


def watchings(space: ChangeableDetails) -> dict[int, Watching]:
    """Every watching of an issue that is there, by id in ascending order."""
    return space.worked_out("watchings", lambda: {one.id: one for one in _watchings(space)})


def _watchings(space: ChangeableDetails) -> Iterator[Watching]:
    for issue in space.ordered:
        if issue.number:
            yield from (one for one in _begun(space, issue.number) if one.id not in space.removed_watchings)
    for one in space.added_watchings.values():
        if one.issue_id in space.issues and one.id not in space.removed_watchings:
            yield one


def _begun(space: ChangeableDetails, number: int) -> Iterator[Watching]:
    """Those of an issue that began before the present; each of another person."""
    seed = space.register.seed
    if mix(seed + 17, number) % WATCHED:
        return
    members = space.company.projects[space.register.project_of[number]].members
    seen: set[int] = set()
    for place in range(WATCHERS):
        chance = mix(seed + 19 + place, number)
        user_id = members[chance % len(members)]
        at = wall(space.register.created_work(number) + 600 + chance % (5 * WORK_DAY))
        if at < space.until and user_id not in seen and chance % 3 <= place:
            seen.add(user_id)
            note = words.WATCH_NOTES[chance % len(words.WATCH_NOTES)]
            yield Watching(WATCHING_BASE + number * WATCHERS + place, user_id, ISSUE_BASE + number, at, note)


def is_read(watching: Watching) -> bool:
    """Whether the watcher has read the issue since it last changed."""
    return mix(watching.user_id, watching.id) % 3 != 0


def watching_json(space: ChangeableDetails, watching: Watching) -> Json:
    """A watching as the API shows it, with the whole issue in it."""
    issue = space.issues[watching.issue_id]
    return {
        "id": watching.id,
        "resourceAlreadyRead": is_read(watching),
        "note": watching.note,
        "type": "issue",
        "issue": orjson.Fragment(issue.raw),
        "lastContentUpdated": stamp(issue.updated) if issue.updated > issue.created else None,
        "created": stamp(watching.at),
        "updated": stamp(watching.at),
    }
