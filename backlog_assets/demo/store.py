"""The demo space as it stands: built from histories up to the present, read by the endpoints. Knows no HTTP."""

from __future__ import annotations

import copy
import gc
import threading
from bisect import bisect_left
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import orjson

from backlog_assets.demo.activities import ActivityWriter
from backlog_assets.demo.chronicle import Chronicle
from backlog_assets.demo.comments import CommentWriter, is_starred
from backlog_assets.demo.company import Company, Json, build_company
from backlog_assets.demo.documents import Documents
from backlog_assets.demo.history import Historian, History, apply
from backlog_assets.demo.register import ISSUE_BASE, Register
from backlog_assets.demo.shapes import Shapes
from backlog_assets.demo.timeline import CHRONICLE, FILLING, NOTIFICATION_BASE, Timeline, packed
from backlog_assets.demo.times import DAY, START, present, stamp
from backlog_assets.demo.wikis import Wikis


class Issue:
    """An issue as JSON bytes, with the few values that most requests filter and sort by."""

    __slots__ = ("created", "id", "number", "project_id", "raw", "updated")

    def __init__(self, id_: int, number: int, project_id: int, created: int, updated: int, raw: bytes) -> None:
        self.id = id_
        self.number = number
        """Number of its history; 0 where it was made through `DemoSpace.create_issue`."""
        self.project_id = project_id
        self.created = created
        self.updated = updated
        self.raw = raw

    def json(self) -> Json:
        """A copy; changing it changes nothing in the space."""
        return orjson.loads(self.raw)

    def __repr__(self) -> str:
        return f"Issue({self.id})"


@contextmanager
def _collector_at_rest() -> Generator[None, None, None]:
    """Nothing made while issues are told hangs in a cycle; looking for cycles among them took a sixth of the time."""
    busy = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if busy:
            gc.enable()


class Store:
    """What `DemoSpace` holds. Everything is in the API's own shape; ids are the keys of the dictionaries."""

    def __init__(
        self,
        *,
        seed: int,
        date: Any,
        issues: int,
        projects: int,
        users: int,
        teams: int,
        notifications: int | None,
        activities: int | None,
        dates: str,
    ) -> None:
        if dates not in ("utc", "jst"):
            raise ValueError(f'dates is {dates!r}; it is "utc" or "jst"')
        if issues >= CHRONICLE * 9 // 10:
            raise ValueError(f"{issues} issues are more than the demo space can number; ask for fewer than {CHRONICLE}")
        self.lock = threading.RLock()
        self.version = 0
        """Moves with every change, so that what was worked out from the old state is forgotten."""
        self.dates = dates
        self.until = present(date)
        """The first second of which the histories know nothing."""
        self.now = self.until
        self.company: Company = build_company(projects=projects, users=users, teams=teams, dates=dates)
        self.register = Register(seed=seed, issues=issues if projects else 0, projects=projects)
        self.register.extend(self.until)
        self.historian = Historian(self.company, self.register)
        self.chronicle = Chronicle(self.company, seed)
        self.shapes = Shapes(self.company, self.register, dates)
        self.wikis = Wikis(self.company, self.chronicle, seed, self.until)
        self.documents = Documents(self.company, self.chronicle, seed, self.until)

        self.space: Json = dict(self.company.space)
        self.users: dict[int, Json] = {user["id"]: copy.deepcopy(user) for user in self.company.users}
        self.teams: dict[int, Json] = {team["id"]: copy.deepcopy(team) for team in self.company.teams}
        self.projects: dict[int, Json] = {}
        self.issue_types: dict[int, list[Json]] = {}
        self.categories: dict[int, list[Json]] = {}
        self.versions: dict[int, list[Json]] = {}
        self.statuses: dict[int, list[Json]] = {}
        self.custom_fields: dict[int, list[Json]] = {}
        self.members: dict[int, list[int]] = {}
        self.administrators: dict[int, list[int]] = {}
        self.refused: dict[int, tuple[int, int]] = {}
        """HTTP status and error code by project id."""
        self.hidden: set[int] = set()
        self._take_over_projects()

        self.issues: dict[int, Issue] = {}
        self.ordered: list[Issue] = []
        """All issues by creation and id."""
        self.by_project: dict[int, list[Issue]] = {project_id: [] for project_id in self.projects}
        self.key_ids: dict[int, int] = {}
        """The highest `keyId` given in each project, deleted issues included."""
        self.children: dict[int, set[int]] = {}
        self.added_comments: dict[int, list[Json]] = {}
        self.edited_comments: dict[int, Json] = {}
        """What was changed of a comment, by its id."""
        self.deleted_comments: set[int] = set()
        self.added_activities: list[Json] = []
        self.notified: dict[int, list[tuple[int, int]]] = {}
        """Position and reason of every notification, by user."""
        self.starred: list[tuple[int, int]] = []
        """Number and event of every comment that has a star."""
        with _collector_at_rest():
            entries = self._tell_issues()
            entries += self._tell_projects(activities, entries)
            self.timeline = Timeline(entries)
        if activities is not None:
            self.timeline.keep_activities(activities)
        self.comment_writer = CommentWriter(self.company, self.shapes, self.timeline, seed)
        self.activity_writer = ActivityWriter(self)
        self._number_notifications(notifications)
        self.issue_ids = 0
        """The last id that `create_issue` gave."""
        self.added = 0
        """How many things happened since the space was built."""
        self.issue_cache: dict[Any, list[Issue]] = {}
        self.activity_cache: dict[Any, Any] = {}
        self.cache_version = 0

    def _take_over_projects(self) -> None:
        for plan in self.company.projects:
            project = copy.deepcopy(plan.project)
            id_ = int(project["id"])
            self.projects[id_] = project
            self.issue_types[id_] = [dict(row) for row in plan.issue_types]
            self.categories[id_] = [dict(row) for row in plan.categories]
            self.versions[id_] = [dict(row) for born, row in plan.versions if born < self.until]
            self.statuses[id_] = [dict(row) for row in plan.statuses]
            self.custom_fields[id_] = copy.deepcopy(list(plan.custom_fields))
            self.members[id_] = list(plan.members)
            self.administrators[id_] = list(plan.administrators)

    def _tell_issues(self) -> list[int]:
        """Brings every issue to the present and returns the entries of what happened on the way."""
        entries: list[int] = []
        for number in range(1, self.register.last + 1):
            history = self.historian.history(number)
            project_id = int(history.plan.project["id"])
            self.key_ids[project_id] = history.key_id
            self._tell_issue(history, project_id, entries)
        return entries

    def _tell_issue(self, history: History, project_id: int, entries: list[int]) -> None:
        number = history.number
        entries.append(packed(history.created, number, 0, 1))
        state = history.state_before(0)
        self._notify(packed(history.created, number, 0, 0), history.author, state["assigner"], 1)
        updated, updated_by = history.created, None
        for index, event in enumerate(history.events, start=1):
            if event.at >= self.until:
                break
            key = packed(event.at, number, index, 0)
            entries.append(key | self._activity_type(history, event.kind))
            if event.kind == "delete":
                return
            apply(state, event.changes)
            reason = 2 if event.content else 1 if any(c.field == "assigner" for c in event.changes) else 4
            self._notify(key, event.author, state["assigner"], reason)
            if event.content and is_starred(self.register.seed, number, index):
                self.starred.append((number, index))
            updated, updated_by = event.at, event.author
        raw = self.shapes.issue(history, state, updated, updated_by, self.until)
        issue = Issue(ISSUE_BASE + number, number, project_id, history.created, updated, raw)
        self.issues[issue.id] = issue
        self.ordered.append(issue)
        self.by_project[project_id].append(issue)
        if state["parentIssue"] is not None:
            self.children.setdefault(ISSUE_BASE + state["parentIssue"], set()).add(issue.id)

    def _activity_type(self, history: History, kind: str) -> int:
        if kind == "bulk":
            # A change of several issues is one activity, told with the first of them.
            return 14 if self.register.bulk_leader(history.number) == history.number else 0
        return {"update": 2, "comment": 3, "delete": 4}[kind]

    def _notify(self, key: int, author: int, assignee: int | None, reason: int) -> None:
        if assignee is not None and assignee != author:
            self.notified.setdefault(assignee, []).append((key, reason))

    def _tell_projects(self, wanted: int | None, entries: list[int]) -> list[int]:
        """The entries of wiki, git and the like; pushes are made up where `wanted` activities are not reached."""
        told: list[int] = []
        count = len(self.company.projects)
        for week in range((self.until - START) // (7 * DAY) + 1):
            for project in range(count):
                number = CHRONICLE + week * count + project
                for index, happening in enumerate(self.chronicle.week(project, week)):
                    if happening.at < self.until:
                        told.append(packed(happening.at, number, index, happening.type))
        have = len(told) + sum(1 for value in entries if value & 0x3F)
        missing = max(0, (wanted or 0) - have) if count else 0
        step = max(1, (self.until - START)) / (missing + 1)
        for place in range(missing):
            at = START + int(step * (place + 1))
            told.append(packed(at, FILLING - (place >> 10), place & 0x3FF, 12))
        return told

    def _number_notifications(self, wanted: int | None) -> None:
        """Turns the keys of `notified` into positions; the owner's are cut or filled to the number wanted."""
        for user, rows in self.notified.items():
            self.notified[user] = sorted((bisect_left(self.timeline.entries, key), reason) for key, reason in rows)
        if wanted is None:
            return
        rows = self.notified.get(self.owner, [])
        taken = {position for position, _ in rows}
        for position in range(len(self.timeline) - 1, -1, -1):
            if len(rows) >= wanted:
                break
            if position not in taken and self.timeline[position].number < CHRONICLE:
                rows.append((position, 9))
        rows.sort()
        self.notified[self.owner] = rows[max(0, len(rows) - wanted) :]

    @contextmanager
    def changing(self) -> Generator[None, None, None]:
        """Around every change: nobody reads a half of it, and nobody remembers what was before."""
        with self.lock:
            yield
            self.version += 1

    @property
    def owner(self) -> int:
        """The administrator: the user of `DemoServer.api_key`."""
        return int(self.space["ownerId"])

    @property
    def member(self) -> int:
        """A user without any administrator's right: the user of `DemoServer.member_key`."""
        return int(self.company.users[1]["id"])

    @property
    def activities(self) -> list[Json]:
        """Every activity of the space, oldest first, whoever may see it."""
        return self.activity_writer.rows(frozenset(self.projects), None).all()

    @property
    def notifications(self) -> list[Json]:
        """The administrator's notifications, oldest first."""
        return [self.notification(self.owner, place) for place in range(len(self.notified.get(self.owner, [])))]

    def is_admin(self, user_id: int) -> bool:
        return self.users[user_id]["roleType"] == 1

    def leads(self, user_id: int) -> bool:
        """Whether the user is administrator of some project."""
        return any(user_id in rows for rows in self.administrators.values())

    def visible(self, user_id: int) -> frozenset[int]:
        """Ids of the projects that the user has joined."""
        return frozenset(
            project_id
            for project_id in self.projects
            if user_id in self.members[project_id] and project_id not in self.hidden
        )

    def open_projects(self, user_id: int) -> frozenset[int]:
        """Those of them that `refuse_project` did not close."""
        return frozenset(self.visible(user_id) - self.refused.keys())

    def find_project(self, key_or_id: str) -> int | None:
        """A project's id by its key or id, whoever may see it."""
        if key_or_id.isdecimal():
            return int(key_or_id) if int(key_or_id) in self.projects else None
        return next((id_ for id_, project in self.projects.items() if project["projectKey"] == key_or_id), None)

    def find_issue(self, key_or_id: str) -> Issue | None:
        if key_or_id.isdecimal():
            return self.issues.get(int(key_or_id))
        project_id = self.find_project(key_or_id.rpartition("-")[0])
        wanted = f'"issueKey":"{key_or_id}"'.encode()
        return next((issue for issue in self.by_project.get(project_id or 0, []) if wanted in issue.raw[:200]), None)

    def comments(self, issue: Issue) -> list[Json]:
        """All comments of an issue by id; an edit without words is a comment too."""
        told: list[Json] = []
        if issue.number:
            history = self.historian.history(issue.number)
            told = self.comment_writer.comments(history, self.until, issue.project_id)
        told = told + self.added_comments.get(issue.id, [])
        if not self.edited_comments and not self.deleted_comments:
            return told
        return [
            {**comment, **self.edited_comments.get(comment["id"], {})}
            for comment in told
            if comment["id"] not in self.deleted_comments
        ]

    def notification_places(self, user_id: int, sender_id: int) -> list[int]:
        """Which of a user's notifications he may still see, oldest first; `sender_id` 0 for those of all senders."""
        key = ("notifications", self.version, user_id, sender_id)
        if key not in self.activity_cache:
            visible = self.visible(user_id)
            self.activity_cache[key] = [
                place
                for place, (position, _) in enumerate(self.notified.get(user_id, []))
                if self._notified_project(position) in visible and sender_id in (0, self._sender(position, sender_id))
            ]
        return self.activity_cache[key]

    def _notified_project(self, position: int) -> int:
        number = self.timeline[position].number
        issue = self.issues.get(ISSUE_BASE + number)
        if issue is not None:
            return issue.project_id
        return int(self.company.projects[self.register.project_of[number]].project["id"])

    def _sender(self, position: int, sender_id: int) -> int:
        """Looked up only where it matters: it takes the issue's whole history."""
        entry = self.timeline[position]
        return self.historian.history(entry.number).author_of(entry.event) if sender_id else 0

    def notification(self, user_id: int, place: int) -> Json:
        """One of a user's notifications, oldest first."""
        position, reason = self.notified[user_id][place]
        entry = self.timeline[position]
        history = self.historian.history(entry.number)
        issue = self.issues.get(ISSUE_BASE + entry.number)
        project_id = issue.project_id if issue else int(history.plan.project["id"])
        commented = issue is not None and entry.event > 0
        return {
            "id": NOTIFICATION_BASE + position,
            "alreadyRead": position % 7 != 0,
            "reason": reason,
            "resourceAlreadyRead": position % 5 != 0,
            "project": self.projects.get(project_id),
            "issue": issue.json() if issue else None,
            "comment": self.comment_writer.comment(history, entry.event, project_id) if commented else None,
            "repository": None,
            "pullRequest": None,
            "pullRequestComment": None,
            "document": None,
            "documentComment": None,
            "documentCommentReply": None,
            "sender": self.users[history.author_of(entry.event)],
            "created": stamp(entry.at),
        }
