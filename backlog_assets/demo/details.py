"""What people have made around the issues, and changes of it: announcement, webhooks, watchings, stars. No HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from backlog_assets.demo import words
from backlog_assets.demo.comment_changes import ChangeableComments
from backlog_assets.demo.company import Json
from backlog_assets.demo.project_changes import Moment
from backlog_assets.demo.shapes import HOST, star_id
from backlog_assets.demo.times import DAY, START, stamp
from backlog_assets.demo.webhooks import build_webhooks, webhook

ANNOUNCED_WEEKS = 4
"""The announcement changes every so many weeks."""

WATCHING_BASE = 3_000_000
ADDED_WATCHING_BASE = 9_000_000
ADDED_WEBHOOK_BASE = 900_000

Found = TypeVar("Found")


class Watching(NamedTuple):
    """Somebody watches an issue since `at` (epoch seconds)."""

    id: int
    user_id: int
    issue_id: int
    at: int
    note: str | None


class ChangeableDetails(ChangeableComments):
    """The part of `DemoSpace` that changes them. No activity tells of it."""

    def __init__(self, **company: Any) -> None:
        super().__init__(**company)
        self.webhooks = build_webhooks(self.company.projects, self.users)
        self.added_watchings: dict[int, Watching] = {}
        self.removed_watchings: set[int] = set()
        self._announced: Json | None = None
        self._last_star = 0
        self._worked_out: dict[Any, tuple[int, Any]] = {}

    def worked_out(self, name: Any, work: Callable[[], Found]) -> Found:
        """What `work` gives, done once until something changes."""
        version, found = self._worked_out.get(name, (-1, None))
        if version != self.version:
            found = work()
            self._worked_out[name] = (self.version, found)
        return found

    @property
    def announcement(self) -> Json:
        """What the space tells everybody on the dashboard."""
        if self._announced is not None:
            return self._announced
        turn = max(0, self.until - START) // (7 * DAY * ANNOUNCED_WEEKS)
        at = START + turn * 7 * DAY * ANNOUNCED_WEEKS
        return {"content": words.ANNOUNCEMENTS[turn % len(words.ANNOUNCEMENTS)], "updated": stamp(at)}

    def set_space_notification(self, content: str, at: Moment = None) -> None:
        with self.changing():
            self._announced = {"content": content, "updated": stamp(self.moment(at))}

    def add_webhook(
        self, project_key: str, name: str, hook_url: str, types: Sequence[int] = (), at: Moment = None
    ) -> int:
        """Tells `hook_url` of these types of activities (none: of all); returns its id."""
        with self.changing():
            rows = self.webhooks.setdefault(self.project_id(project_key), [])
            id_ = ADDED_WEBHOOK_BASE + self.next_position()
            user, moment = self.users[self.owner], self.moment(at)
            rows.append(webhook(id_, name=name, description="", hook_url=hook_url, types=types, user=user, at=moment))
            return id_

    def remove_webhook(self, webhook_id: int) -> None:
        with self.changing():
            for project_id, rows in self.webhooks.items():
                self.webhooks[project_id] = [row for row in rows if row["id"] != webhook_id]

    def add_watching(self, user_id: int, issue_id: int, note: str | None = None, at: Moment = None) -> int:
        """Returns the watching's id."""
        with self.changing():
            id_ = ADDED_WATCHING_BASE + self.next_position()
            self.added_watchings[id_] = Watching(id_, user_id, self.issues[issue_id].id, self.moment(at), note)
            return id_

    def remove_watching(self, watching_id: int) -> None:
        with self.changing():
            self.removed_watchings.add(watching_id)

    def add_star(
        self, issue_id: int, presenter: int | None = None, comment: str | None = None, at: Moment = None
    ) -> int:
        """Stars an issue and moves no `updated`; whether Backlog does is not documented. Returns the star's id."""
        with self.changing():
            issue, moment = self.issues[issue_id], self.moment(at)
            self._last_star = max(self._last_star + 1, star_id(moment, 0, 0))
            row = issue.json()
            star: Json = {
                "id": self._last_star,
                "comment": comment,
                "url": f"{HOST}/view/{row['issueKey']}",
                "title": f"[{row['issueKey']}] {row['summary']}",
                "presenter": self.users[presenter or self.owner],
                "created": stamp(moment),
            }
            self.rewrite(issue, lambda row: row["stars"].append(star))
            return self._last_star
