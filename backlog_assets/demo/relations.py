"""What issues have to do with people and with each other: participants, related issues. Knows no rights and no HTTP."""

from __future__ import annotations

from collections.abc import Iterator

from backlog_assets.demo.company import Json
from backlog_assets.demo.details import ChangeableDetails
from backlog_assets.demo.register import ISSUE_BASE, mix
from backlog_assets.demo.store import Issue

RELATED, REACH = 14, 30
"""One issue in so many is related to another one, made at most so many numbers before it."""


def participants(space: ChangeableDetails, issue: Issue) -> list[Json]:
    """Who made the issue, who works on it, and who has commented on it or changed it, in that order."""
    row = issue.json()
    people: list[Json] = [row["createdUser"], *([row["assignee"]] if row["assignee"] else [])]
    people += [comment["createdUser"] for comment in space.comments(issue)]
    return [space.users[id_] for id_ in dict.fromkeys(int(user["id"]) for user in people)]


def related_issues(space: ChangeableDetails, issue: Issue) -> list[Issue]:
    """The issues that one is related to, by id; each of them is related to it as well."""

    def relations() -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for one, other in _pairs(space):
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
        return found

    return [space.issues[id_] for id_ in sorted(space.worked_out("relations", relations).get(issue.id, ()))]


def _pairs(space: ChangeableDetails) -> Iterator[tuple[int, int]]:
    seed = space.register.seed + 41
    for issue in space.ordered:
        if issue.number and mix(seed, issue.number) % RELATED == 0:
            other = ISSUE_BASE + issue.number - 1 - mix(seed + 1, issue.number) % REACH
            if other in space.issues:
                yield issue.id, other
