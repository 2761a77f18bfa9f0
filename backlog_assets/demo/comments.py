"""The comments of an issue: its talk and its change logs. Knows no rights and no HTTP."""

from __future__ import annotations

from backlog_assets.demo.company import Company, Json
from backlog_assets.demo.history import History
from backlog_assets.demo.register import ISSUE_BASE, mix
from backlog_assets.demo.shapes import COMMENT_STAR, HOST, Shapes, star_id
from backlog_assets.demo.timeline import COMMENT_BASE, NOTIFICATION_BASE, Timeline
from backlog_assets.demo.times import stamp


def is_starred(seed: int, number: int, index: int) -> bool:
    """Whether somebody has starred the text of an issue's event of that index."""
    return mix(seed + index, number) % 23 == 0


class CommentWriter:
    """Writes the comments that histories tell of."""

    def __init__(self, company: Company, shapes: Shapes, timeline: Timeline, seed: int) -> None:
        self.users = {int(user["id"]): user for user in company.users}
        self.shapes = shapes
        self.timeline = timeline
        self.seed = seed

    def comments(self, history: History, until: int, project_id: int) -> list[Json]:
        """All of a history's comments before `until`, by id."""
        return [
            self.comment(history, index, project_id)
            for index, event in enumerate(history.events, start=1)
            if event.at < until and event.kind != "delete"
        ]

    def comment(self, history: History, index: int, project_id: int) -> Json:
        """The comment of the event at `index` - 1."""
        event = history.events[index - 1]
        position = self.timeline.position(event.at, history.number, index)
        assigned = next((change.new for change in event.changes if change.field == "assigner"), None)
        notices: list[Json] = []
        if assigned is not None and assigned != event.author:
            notice = {"id": NOTIFICATION_BASE + position, "alreadyRead": position % 7 != 0, "reason": 1}
            notices.append({**notice, "user": self.users[assigned], "resourceAlreadyRead": position % 5 != 0})
        return {
            "id": COMMENT_BASE + position,
            "projectId": project_id,
            "issueId": ISSUE_BASE + history.number,
            "content": event.content,
            "changeLog": self.shapes.change_log(history.plan, event) if event.changes else None,
            "createdUser": self.users[event.author],
            "created": stamp(event.at),
            "updated": stamp(event.at),
            "stars": [self._star(history, index, position)] if self._is_starred(history, index) else [],
            "notifications": notices,
        }

    def comment_id(self, history: History, index: int) -> int:
        event = history.events[index - 1]
        return COMMENT_BASE + self.timeline.position(event.at, history.number, index)

    def _is_starred(self, history: History, index: int) -> bool:
        return bool(history.events[index - 1].content) and is_starred(self.seed, history.number, index)

    def _star(self, history: History, index: int, position: int) -> Json:
        event = history.events[index - 1]
        return {
            "id": star_id(event.at, history.number, COMMENT_STAR),
            "comment": None,
            "url": f"{HOST}/view/{history.key}#comment-{COMMENT_BASE + position}",
            "title": f"[{history.key}] {history.opening['summary']}",
            "presenter": self.users[history.author],
            "created": stamp(event.at),
        }
