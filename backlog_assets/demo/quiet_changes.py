"""Changes that recent updates do not tell of one by one: several issues at once, or nothing told at all. No HTTP."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from backlog_assets.demo.company import Json
from backlog_assets.demo.space import DemoSpace
from backlog_assets.demo.store import Issue


@contextmanager
def untold(space: DemoSpace) -> Generator[None, None, None]:
    """What happens inside leaves no activity, as where recent updates were trimmed."""
    with space.changing():
        before = len(space.added_activities)
        yield
        del space.added_activities[before:]


def update_together(space: DemoSpace, issue_ids: Sequence[int], comment: str | None = None, **changes: Any) -> None:
    """One change of several issues of a project: a comment in each, one activity of type 14 that links them all."""
    _changed_together(space, 14, issue_ids, comment, changes)


def move_dates_together(
    space: DemoSpace, issue_ids: Sequence[int], start_date: str | None, due_date: str | None
) -> None:
    """As the Gantt chart does it: type 35."""
    _changed_together(space, 35, issue_ids, None, {"startDate": start_date, "dueDate": due_date})


def create_together(space: DemoSpace, project_key: str, summaries: Sequence[str]) -> list[Issue]:
    """Several new issues, all of the same second, and one activity of type 47."""
    with space.changing():
        at = space.moment()
        with untold(space):
            made = [space.create_issue(project_key, summary, at=at) for summary in summaries]
        links = [{"id": issue.id, "key_id": issue.json()["keyId"], "title": issue.json()["summary"]} for issue in made]
        space.add_activity(47, space.project_id(project_key), {"link": links}, at=at)
        return made


def touch(space: DemoSpace, issue_id: int, **values: Any) -> None:
    """Changes fields of the issue's JSON and nothing else: `updated` stays and nothing is told."""
    with space.changing():
        space.rewrite(space.issues[issue_id], lambda row: row.update(values))


def _changed_together(
    space: DemoSpace, type_: int, issue_ids: Sequence[int], comment: str | None, changes: dict[str, Any]
) -> None:
    with space.changing():
        at = space.moment()
        links: list[Json] = []
        with untold(space):
            for issue_id in issue_ids:
                told = space.update_issue(issue_id, at=at, comment=comment, **changes)
                row = space.issues[issue_id].json()
                own = {"id": told["id"], "content": comment}
                links.append({"id": issue_id, "key_id": row["keyId"], "title": row["summary"], "comment": own})
        listed = [{"field": name, "new_value": str(value or ""), "type": "standard"} for name, value in changes.items()]
        content = {"tx_id": at, "comment": {"content": comment}, "link": links, "changes": listed}
        space.add_activity(type_, space.issues[issue_ids[0]].project_id, content, at=at)
