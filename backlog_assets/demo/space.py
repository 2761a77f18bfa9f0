"""The demo space: a made-up company's Backlog that can be looked at, served and changed. Knows no HTTP."""

from __future__ import annotations

import datetime as dt
from bisect import insort
from typing import Any, cast

import orjson

from backlog_assets.demo.company import Json
from backlog_assets.demo.details import ChangeableDetails
from backlog_assets.demo.document_changes import ChangeableDocuments
from backlog_assets.demo.git_changes import ChangeableGit
from backlog_assets.demo.project_changes import Moment
from backlog_assets.demo.register import ISSUE_BASE
from backlog_assets.demo.shapes import PRIORITIES, RESOLUTIONS
from backlog_assets.demo.shared_files import ChangeableFiles
from backlog_assets.demo.store import Issue
from backlog_assets.demo.timeline import COMMENT_BASE
from backlog_assets.demo.times import date_field, day_number, day_of_field, day_text, stamp
from backlog_assets.demo.wiki_changes import ChangeableWikis

EDITS = {
    # name of the change: field of the issue, field of the change log
    "summary": ("summary", "summary"),
    "description": ("description", "description"),
    "issueTypeId": ("issueType", "issueType"),
    "statusId": ("status", "status"),
    "priorityId": ("priority", "priority"),
    "resolutionId": ("resolution", "resolution"),
    "assigneeId": ("assignee", "assigner"),
    "categoryId": ("category", "component"),
    "versionId": ("versions", "version"),
    "milestoneId": ("milestone", "milestone"),
    "startDate": ("startDate", "startDate"),
    "dueDate": ("dueDate", "limitDate"),
    "estimatedHours": ("estimatedHours", "estimatedHours"),
    "actualHours": ("actualHours", "actualHours"),
    "parentIssueId": ("parentIssueId", "parentIssue"),
}
"""What `update_issue` takes, spelled as Backlog's Update Issue spells it."""


class DemoSpace(ChangeableDetails, ChangeableWikis, ChangeableDocuments, ChangeableGit, ChangeableFiles):
    """A whole space, the same for the same arguments.

    `date` is its present day (None: `times.DEFAULT_DATE`); a later one only adds history. `issues` is how many there
    are on the default date. `notifications` and `activities` cut or fill those lists to exactly so many (None: as
    history gives). `dates` is the form of dates: "utc" (`T00:00:00Z`) or the old "jst" (`T15:00:00Z`, the day before).

    The changes add the activities that Backlog would, and move `updated` as Backlog does.
    """

    def __init__(
        self,
        seed: int = 1,
        date: str | dt.date | None = None,
        issues: int = 1_500,
        projects: int = 6,
        users: int = 14,
        teams: int = 5,
        notifications: int | None = None,
        activities: int | None = None,
        dates: str = "utc",
    ) -> None:
        super().__init__(
            seed=seed,
            date=date,
            issues=issues,
            projects=projects,
            users=users,
            teams=teams,
            notifications=notifications,
            activities=activities,
            dates=dates,
        )

    def create_issue(
        self, project_key: str, summary: str = "新しい課題", author: int | None = None, at: Moment = None, **fields: Any
    ) -> Issue:
        """A new issue; `fields` as in `update_issue`."""
        with self.changing():
            project_id = self.project_id(project_key)
            author, moment = author or self.owner, self.moment(at)
            self.issue_ids = max(self.issue_ids, ISSUE_BASE + self.register.last) + 1
            self.key_ids[project_id] = self.key_ids.get(project_id, 0) + 1
            row = self._blank(project_id, author, moment, summary)
            issue = Issue(self.issue_ids, 0, project_id, moment, moment, b"")
            for name, value in fields.items():
                self._edit(issue, row, name, value)
            issue.raw = orjson.dumps(row)
            self.issues[issue.id] = issue
            for rows in (self.ordered, self.by_project[project_id]):
                insort(rows, issue, key=lambda other: (other.created, other.id))
            content = {
                "id": issue.id,
                "key_id": row["keyId"],
                "summary": row["summary"],
                "description": row["description"],
            }
            self.add_activity(1, project_id, content, author, moment)
            return issue

    def update_issue(
        self, issue_id: int, author: int | None = None, at: Moment = None, comment: str | None = None, **changes: Any
    ) -> Json:
        """Edits an issue as `EDITS` names it (dates `yyyy-MM-dd`, several ids as a list, None empties), or a custom
        field by `customField_{id}` with its value in the API's own form. Returns the comment that tells of it.
        """
        with self.changing():
            issue, row = self.issues[issue_id], self.issues[issue_id].json()
            author, moment = author or self.owner, self.moment(at)
            log = [item for name, value in changes.items() if (item := self._edit(issue, row, name, value))]
            return self._comment(issue, row, author, moment, comment, log)

    def comment(self, issue_id: int, text: str, author: int | None = None, at: Moment = None) -> Json:
        """A comment without any edit; it moves `updated`."""
        with self.changing():
            issue = self.issues[issue_id]
            return self._comment(issue, issue.json(), author or self.owner, self.moment(at), text, [])

    def delete_issue(self, issue_id: int, silent: bool = False) -> None:
        """`silent`: without the activity, as where recent updates were trimmed."""
        with self.changing():
            issue = self.issues[issue_id]
            key_id = issue.json()["keyId"]
            self.forget(issue)
            if not silent:
                self.add_activity(4, issue.project_id, {"id": issue_id, "key_id": key_id})

    def move_issue(self, issue_id: int, project_key: str) -> None:
        """Into another project: same id, new key; what belongs to the old project only is left behind."""
        with self.changing():
            issue, target = self.issues[issue_id], self.project_id(project_key)
            row, moment = issue.json(), self.moment()
            self.by_project[issue.project_id].remove(issue)
            issue.project_id = target
            self.key_ids[target] = self.key_ids.get(target, 0) + 1
            blank = self._blank(target, self.owner, moment, row["summary"])
            kept = {status["id"]: status for status in self.statuses[target]}.get(row["status"]["id"])
            for name in (
                "projectId",
                "issueKey",
                "keyId",
                "issueType",
                "category",
                "versions",
                "milestone",
                "customFields",
            ):
                row[name] = blank[name]
            row["status"] = kept or blank["status"]
            for comment in self.added_comments.get(issue_id, ()):
                comment["projectId"] = target
            insort(self.by_project[target], issue, key=lambda other: (other.created, other.id))
            self._comment(issue, row, self.owner, moment, None, [])

    def _blank(self, project_id: int, author: int, moment: int, summary: str) -> Json:
        """An issue with nothing filled in, under the project's newest key."""
        kind, key_id = self.issue_types[project_id][0], self.key_ids[project_id]
        return {
            "id": self.issue_ids,
            "projectId": project_id,
            "issueKey": f"{self.projects[project_id]['projectKey']}-{key_id}",
            "keyId": key_id,
            "issueType": {name: value for name, value in kind.items() if not name.startswith("template")},
            "summary": summary,
            "description": None,
            "resolution": None,
            "priority": PRIORITIES[3],
            "status": self.statuses[project_id][0],
            "assignee": None,
            "category": [],
            "versions": [],
            "milestone": [],
            "startDate": None,
            "dueDate": None,
            "estimatedHours": None,
            "actualHours": None,
            "parentIssueId": None,
            "createdUser": self.users[author],
            "created": stamp(moment),
            "updatedUser": self.users[author],
            "updated": stamp(moment),
            "customFields": self._fields(project_id, kind["id"], {}),
            "attachments": [],
            "sharedFiles": [],
            "stars": [],
        }

    def _fields(self, project_id: int, type_id: int, filled: dict[int, Json]) -> list[Json]:
        """The custom fields that an issue of that type shows: those `filled` by id, the others empty."""
        return [
            filled.get(field["id"]) or _empty_field(field)
            for field in self.custom_fields[project_id]
            if not field["useIssueType"] or type_id in field["applicableIssueTypes"]
        ]

    def _edit(self, issue: Issue, row: Json, name: str, value: Any) -> Json | None:
        """Sets one field and returns its line of the change log; None where nothing changed."""
        item: Json = {"attachmentInfo": None, "attributeInfo": None, "notificationInfo": None}
        if name.startswith("customField_"):
            field = next(field for field in row["customFields"] if field["id"] == int(name[12:]))
            old, new = field["value"], value
            field["value"] = value
            log_field = field["name"]
            item["attributeInfo"] = {"id": field["id"], "typeId": field["fieldTypeId"]}
            shown = _display_custom
        else:
            if name not in EDITS:
                raise TypeError(f"an issue has no {name}; there are {', '.join(EDITS)} and customField_ID")
            shown_field, log_field = EDITS[name]
            old, new = row[shown_field], self._value(issue.project_id, name, value)
            row[shown_field] = new
            shown = self._display
        if old == new:
            return None
        if name == "parentIssueId":
            self.children.get(old or 0, set()).discard(issue.id)
            self.children = {parent: ids for parent, ids in self.children.items() if ids}
            if new is not None:
                self.children.setdefault(new, set()).add(issue.id)
        if name == "issueTypeId":
            filled = {field["id"]: field for field in row["customFields"]}
            row["customFields"] = self._fields(issue.project_id, row["issueType"]["id"], filled)
        if name == "assigneeId":
            item["notificationInfo"] = {"type": "issue.assign"}
        return {"field": log_field, "newValue": shown(name, new), "originalValue": shown(name, old), **item}

    def _value(self, project_id: int, name: str, value: Any) -> Any:
        """A value as the issue shows it."""
        if name in ("startDate", "dueDate"):
            return None if value is None else date_field(day_number(value), self.dates)
        tables = {
            "issueTypeId": self.issue_types[project_id],
            "statusId": self.statuses[project_id],
            "priorityId": list(PRIORITIES.values()),
            "resolutionId": list(RESOLUTIONS.values()),
            "assigneeId": list(self.users.values()),
            "categoryId": self.categories[project_id],
            "versionId": self.versions[project_id],
            "milestoneId": self.versions[project_id],
        }
        if name not in tables:
            return value
        rows = {row["id"]: row for row in tables[name]}
        if name in ("categoryId", "versionId", "milestoneId"):
            return [rows[id_] for id_ in value or ()]
        return None if value is None else rows[value]

    def _display(self, name: str, value: Any) -> str | None:
        if value is None or value == []:
            return None
        if name == "parentIssueId":
            return str(self.issues[value].json()["issueKey"])
        if name in ("startDate", "dueDate"):
            return day_text(day_of_field(value) or 0)
        return _names(value)

    def _comment(self, issue: Issue, row: Json, author: int, at: int, text: str | None, log: list[Json]) -> Json:
        """Ends an edit: moves `updated`, adds the comment and its activity."""
        position = self.next_position()
        row["updated"], row["updatedUser"] = stamp(at), self.users[author]
        issue.updated = at
        issue.raw = orjson.dumps(row)
        comment: Json = {
            "id": COMMENT_BASE + position,
            "projectId": issue.project_id,
            "issueId": issue.id,
            "content": text,
            "changeLog": log or None,
            "createdUser": self.users[author],
            "created": stamp(at),
            "updated": stamp(at),
            "stars": [],
            "notifications": [],
        }
        self.added_comments.setdefault(issue.id, []).append(comment)
        content: Json = {
            "id": issue.id,
            "key_id": row["keyId"],
            "summary": row["summary"],
            "description": row["description"],
            "comment": {"id": comment["id"], "content": text or ""},
            "changes": [
                {
                    "field": item["field"],
                    "field_text": item["field"],
                    "new_value": item["newValue"] or "",
                    "old_value": item["originalValue"],
                    "type": "custom" if item["attributeInfo"] else "standard",
                }
                for item in log
            ],
            "attachments": [],
            "shared_files": [],
            "external_file_links": [],
        }
        self.add_activity(3 if text and not log else 2, issue.project_id, content, author, at, position)
        return comment


def _names(value: Any) -> str | None:
    if value is None or value == []:
        return None
    if isinstance(value, list):
        return ", ".join(str(row["name"]) for row in cast("list[Json]", value))
    if isinstance(value, dict):
        return str(cast("Json", value)["name"])
    return f"{value:g}" if isinstance(value, float) else str(value)


def _display_custom(_: str, value: Any) -> str | None:
    return _names(value)


def _empty_field(field: Json) -> Json:
    kind = field["typeId"]
    shown: Json = {
        "id": field["id"],
        "fieldTypeId": kind,
        "name": field["name"],
        "value": [] if kind in (6, 7) else None,
    }
    return {**shown, "otherValue": None} if kind >= 7 else shown
