"""Stars that people were given for what they wrote: the same ones that stand in issues and comments. No HTTP."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from backlog_assets.demo.company import Json
from backlog_assets.demo.details import ChangeableDetails
from backlog_assets.demo.register import ISSUE_BASE


class Given(NamedTuple):
    """A star and whose work it was given for."""

    to: int
    project_id: int
    star: Json


def stars_received(space: ChangeableDetails, user_id: int, projects: Collection[int]) -> list[Json]:
    """The stars a user was given for what stands in these projects (ids), oldest first."""
    given = space.worked_out("stars", lambda: sorted(_given(space), key=lambda one: one.star["id"]))
    return [one.star for one in given if one.to == user_id and one.project_id in projects]


def _given(space: ChangeableDetails) -> Iterator[Given]:
    for issue in space.ordered:
        if b'"stars":[]' not in issue.raw:
            row = issue.json()
            yield from (Given(row["createdUser"]["id"], issue.project_id, star) for star in row["stars"])
    for number, index in space.starred:
        issue = space.issues.get(ISSUE_BASE + number)
        if issue is not None:
            history = space.historian.history(number)
            comment = space.comment_writer.comment(history, index, issue.project_id)
            if comment["id"] not in space.deleted_comments:
                yield from (Given(comment["createdUser"]["id"], issue.project_id, star) for star in comment["stars"])
