"""The space's recent updates, written from the timeline. Knows no rights and no HTTP."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from backlog_assets.demo.chronicle import Chronicle, push
from backlog_assets.demo.comments import CommentWriter
from backlog_assets.demo.company import Company, Json
from backlog_assets.demo.history import Historian, History
from backlog_assets.demo.register import ISSUE_BASE, Register
from backlog_assets.demo.shapes import Shapes
from backlog_assets.demo.timeline import ACTIVITY_BASE, CHRONICLE, FILLING, Entry, Timeline
from backlog_assets.demo.times import stamp


class Space(Protocol):
    """What the writer needs of the store."""

    company: Company
    register: Register
    historian: Historian
    chronicle: Chronicle
    shapes: Shapes
    timeline: Timeline
    comment_writer: CommentWriter
    users: dict[int, Json]
    projects: dict[int, Json]
    added_activities: list[Json]
    activity_cache: dict[Any, Any]
    version: int


@dataclass(frozen=True)
class ActivityRows:
    """Some of the activities, oldest first; each is written only when it is asked for."""

    writer: ActivityWriter
    positions: Sequence[int]
    added: list[Json]

    def __len__(self) -> int:
        return len(self.positions) + len(self.added)

    def id_at(self, place: int) -> int:
        if place < len(self.positions):
            return ACTIVITY_BASE + self.positions[place]
        return int(self.added[place - len(self.positions)]["id"])

    def row(self, place: int) -> Json:
        if place < len(self.positions):
            return self.writer.activity(self.positions[place])
        return self.added[place - len(self.positions)]

    def place_of(self, id_: int) -> int | None:
        """Where the activity with that id stands; None where there is none."""
        place = bisect_left(range(len(self)), id_, key=self.id_at)
        return place if place < len(self) and self.id_at(place) == id_ else None

    def all(self) -> list[Json]:
        return [self.row(place) for place in range(len(self))]


class ActivityWriter:
    """Writes the activity of any position of the timeline."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._by_project: dict[int, list[int]] | None = None
        self._by_author: dict[int, set[int]] | None = None

    def rows(self, projects: frozenset[int], types: frozenset[int] | None, author: int | None = None) -> ActivityRows:
        """The activities of those projects (ids), types and author (None: of all)."""
        space = self.space
        key = (space.version, projects, types, author)
        if key not in space.activity_cache:
            if len(space.activity_cache) > 600:
                space.activity_cache.clear()
            space.activity_cache[key] = ActivityRows(
                self,
                self._positions(projects, types) if author is None else self._written_by(author, projects, types),
                [row for row in self._added(projects, types) if author in (None, row["createdUser"]["id"])],
            )
        return space.activity_cache[key]

    def _positions(self, projects: frozenset[int], types: frozenset[int] | None) -> Sequence[int]:
        space = self.space
        if self._by_project is None:
            self._by_project = {}
            for position in space.timeline.active:
                self._by_project.setdefault(self._project_id(space.timeline[position]), []).append(position)
        chosen = [self._by_project[id_] for id_ in projects if id_ in self._by_project]
        # Each list ascends by itself, so sorting them together is a merge.
        positions = chosen[0] if len(chosen) == 1 else sorted(position for rows in chosen for position in rows)
        if types is None:
            return positions
        return [position for position in positions if space.timeline[position].type in types]

    def _written_by(self, author: int, projects: frozenset[int], types: frozenset[int] | None) -> Sequence[int]:
        if self._by_author is None:
            self._by_author = {}
            for position in self.space.timeline.active:
                self._by_author.setdefault(self._author_and_content(position)[0], set()).add(position)
        own = self._by_author.get(author, set[int]())
        return [position for position in self._positions(projects, types) if position in own]

    def _added(self, projects: frozenset[int], types: frozenset[int] | None) -> list[Json]:
        return [
            row
            for row in self.space.added_activities
            if row["project"]["id"] in projects and (types is None or row["type"] in types)
        ]

    def _project_id(self, entry: Entry) -> int:
        plans = self.space.company.projects
        if entry.number < CHRONICLE:
            place = self.space.register.project_of[entry.number]
        elif entry.number > FILLING - 2_048:
            place = 0
        else:
            place = (entry.number - CHRONICLE) % len(plans)
        return int(plans[place].project["id"])

    def activity(self, position: int) -> Json:
        """The activity at a position of the timeline."""
        entry = self.space.timeline[position]
        author, content = self._author_and_content(position)
        return {
            "id": ACTIVITY_BASE + position,
            "project": self.space.projects[self._project_id(entry)],
            "type": entry.type,
            "content": content(),
            "notifications": [],
            "createdUser": self.space.users[author],
            "created": stamp(entry.at),
        }

    def _author_and_content(self, position: int) -> tuple[int, Callable[[], Json]]:
        entry = self.space.timeline[position]
        if entry.number < CHRONICLE:
            history = self.space.historian.history(entry.number)
            return history.author_of(entry.event), lambda: self._issue_content(history, entry)
        if entry.number > FILLING - 2_048:
            plan = self.space.company.projects[0]
            member = plan.members[entry.event % len(plan.members)]
            return member, lambda: push(plan, entry.number * 1_024 + entry.event)
        week, project = divmod(entry.number - CHRONICLE, len(self.space.company.projects))
        happening = self.space.chronicle.week(project, week)[entry.event]
        return happening.author, lambda: happening.content

    def _issue_content(self, history: History, entry: Entry) -> Json:
        id_, key_id = ISSUE_BASE + history.number, history.key_id
        if entry.type == 4:
            return {"id": id_, "key_id": key_id}
        if entry.type == 14:
            return self._bulk_content(history, entry)
        state = history.state_before(entry.event)
        content: Json = {"id": id_, "key_id": key_id, "summary": state["summary"], "description": state["description"]}
        if entry.type == 1:
            return content
        event = history.events[entry.event - 1]
        files = [change.new for change in event.changes if change.field == "attachment"]
        return {
            **content,
            "comment": {
                "id": self.space.comment_writer.comment_id(history, entry.event),
                "content": event.content or "",
            },
            "changes": self.space.shapes.activity_changes(history.plan, event),
            "attachments": [self.space.shapes.attachment(file) for file in files],
            "shared_files": [],
            "external_file_links": [],
        }

    def _bulk_content(self, history: History, entry: Entry) -> Json:
        space = self.space
        links: list[Json] = []
        for number in space.register.bulk_members(history.number):
            member = space.historian.history(number)
            index = next(place for place, event in enumerate(member.events, start=1) if event.kind == "bulk")
            event = member.events[index - 1]
            links.append(
                {
                    "id": ISSUE_BASE + number,
                    "key_id": member.key_id,
                    "title": member.state_before(index)["summary"],
                    "comment": {"id": space.comment_writer.comment_id(member, index), "content": event.content},
                }
            )
        event = history.events[entry.event - 1]
        return {
            "tx_id": history.number,
            "comment": {"content": event.content},
            "link": links,
            "changes": [{"field": "priority", "new_value": "2", "type": "standard"}],
        }
