"""Histories in the shapes of the API: issues, comments, change logs. Knows no present day, no rights and no HTTP."""

from __future__ import annotations

from typing import Any

import orjson

from backlog_assets.demo import words
from backlog_assets.demo.company import Company, Json, ProjectPlan
from backlog_assets.demo.history import CUSTOM, Attachment, Change, Event, History, State
from backlog_assets.demo.register import ISSUE_BASE, Register
from backlog_assets.demo.times import START, date_field, day_text, stamp

ATTACHMENT_BASE = 700_000
STAR_BASE = 30_000_000
COMMENT_STAR = 3
"""`place` of the star of a comment, where those of the issue itself are 0 to 2."""

HOST = "https://demo.backlog.example"
"""What the made-up addresses inside texts and stars begin with; nothing is ever fetched from there."""

PRIORITIES = {id_: {"id": id_, "name": name} for id_, name in words.PRIORITIES}
RESOLUTIONS = {id_: {"id": id_, "name": name} for id_, name in words.RESOLUTIONS}

FIELD_TEXTS = {
    "status": "状態",
    "assigner": "担当者",
    "milestone": "マイルストーン",
    "limitDate": "期限日",
    "priority": "優先度",
}


class Shapes:
    """Writes what a company's histories look like in the API. `dates` is the form of dates, "utc" or "jst"."""

    def __init__(self, company: Company, register: Register, dates: str) -> None:
        self.register = register
        self.company = company
        self.dates = dates
        self.rows: dict[int, dict[str, dict[int, Json]]] = {
            plan.index: {
                "issueType": _by_id(_without_templates(row) for row in plan.issue_types),
                "component": _by_id(plan.categories),
                "version": _by_id(row for _, row in plan.versions),
                "status": _by_id(plan.statuses),
                "priority": PRIORITIES,
                "resolution": RESOLUTIONS,
                "custom": _by_id(plan.custom_fields),
            }
            for plan in company.projects
        }
        self.people = _by_id(company.users)
        # An issue repeats its users, type and status; writing each of them once makes 100,000 issues quick.
        self._users = {int(user["id"]): _fragment(user) for user in company.users}
        self._fragments = {
            index: {field: {id_: _fragment(row) for id_, row in rows.items()} for field, rows in tables.items()}
            for index, tables in self.rows.items()
        }

    def issue(self, history: History, state: State, updated: int, updated_by: int | None, now: int) -> bytes:
        """The issue with that state, as JSON."""
        plan, date = history.plan, self.dates
        rows, users = self._fragments[plan.index], self._users
        issue: Json = {
            "id": ISSUE_BASE + history.number,
            "projectId": plan.project["id"],
            "issueKey": history.key,
            "keyId": history.key_id,
            "issueType": rows["issueType"][state["issueType"]],
            "summary": state["summary"],
            "description": state["description"],
            "resolution": None if state["resolution"] is None else RESOLUTIONS[state["resolution"]],
            "priority": PRIORITIES[state["priority"]],
            "status": rows["status"][state["status"]],
            "assignee": None if state["assigner"] is None else users[state["assigner"]],
            "category": [rows["component"][id_] for id_ in state["component"]],
            "versions": [rows["version"][id_] for id_ in state["version"]],
            "milestone": [rows["version"][id_] for id_ in state["milestone"]],
            "startDate": date_field(state["startDate"], date),
            "dueDate": date_field(state["limitDate"], date),
            "estimatedHours": state["estimatedHours"],
            "actualHours": state["actualHours"],
            "parentIssueId": None if state["parentIssue"] is None else ISSUE_BASE + state["parentIssue"],
            "createdUser": users[history.author],
            "created": stamp(history.created),
            "updatedUser": users[history.author if updated_by is None else updated_by],
            "updated": stamp(updated),
            "customFields": [
                self._custom_field(row, state[CUSTOM][row["id"]])
                for row in plan.custom_fields
                if not row["useIssueType"] or state["issueType"] in row["applicableIssueTypes"]
            ],
            "attachments": [_attachment(attachment, users) for attachment in state["attachment"]],
            "sharedFiles": [plan.shared_files[place] for place in state["sharedFiles"]],
            "stars": [
                {
                    "id": star_id(at, history.number, place),
                    "comment": None,
                    "url": f"{HOST}/view/{history.key}",
                    "title": f"[{history.key}] {history.opening['summary']}",
                    "presenter": users[presenter],
                    "created": stamp(at),
                }
                for place, (at, presenter) in enumerate(history.stars)
                if at < now
            ],
        }
        if state["links"]:
            issue["externalFileLinks"] = [self._link(history)]
        # Sliced anew: what orjson hands out sits in a block grown by doubling, twice the memory at 100,000 issues.
        return orjson.dumps(issue)[:-1] + b"}"

    def attachment(self, attachment: Attachment) -> Json:
        return _attachment(attachment, self.people)

    def _link(self, history: History) -> Json:
        user = self._users[history.author]
        return {
            "id": 40_000 + history.number,
            "type": "GoogleDrive",
            "url": f"https://drive.example.com/file/{history.number}",
            "title": f"資料 {history.number}.pdf",
            "createdUser": user,
            "created": stamp(history.created),
            "updatedUser": user,
            "updated": stamp(history.created),
        }

    def _custom_field(self, row: Json, value: Any) -> Json:
        kind = int(row["typeId"])
        shown: Json = {"id": row["id"], "fieldTypeId": kind, "name": row["name"], "value": value}
        if kind == 4:
            shown["value"] = date_field(value, self.dates)
        if kind >= 5:
            chosen, other = value if kind >= 7 else (value, None)
            items = _by_id(row["items"])
            shown["value"] = [items[id_] for id_ in chosen] if kind in (6, 7) else items.get(chosen)
            if kind >= 7:
                shown["otherValue"] = other
        return shown

    def display(self, plan: ProjectPlan, change: Change, value: Any) -> str | None:
        """A value of a change as its changeLog shows it: display names, several joined by a comma."""
        field = "version" if change.field == "milestone" else change.field
        if value is None or value == ():
            return None
        if field == CUSTOM:
            return _custom_text(self.rows[plan.index]["custom"][change.field_id], value)
        if field in ("component", "version"):
            return ", ".join(str(self.rows[plan.index][field][id_]["name"]) for id_ in value)
        if field in ("status", "priority", "resolution", "issueType"):
            return str(self.rows[plan.index][field][value]["name"])
        if field == "assigner":
            return str(self.people[value]["name"])
        if field in ("startDate", "limitDate"):
            return day_text(value)
        if field == "parentIssue":
            return f"{plan.key}-{self.register.key_id_of[value]}"
        if field == "attachment":
            return str(value.name)
        return f"{value:g}" if isinstance(value, (int, float)) else str(value)

    def change_log(self, plan: ProjectPlan, event: Event) -> list[Json]:
        """What an event changed, as a comment shows it."""
        return [self._log_item(plan, change) for change in event.changes]

    def _log_item(self, plan: ProjectPlan, change: Change) -> Json:
        custom = self.rows[plan.index]["custom"].get(change.field_id)
        attachment = change.new if change.field == "attachment" else None
        return {
            "field": custom["name"] if custom else change.field,
            "newValue": self.display(plan, change, change.new),
            "originalValue": self.display(plan, change, change.old),
            "attachmentInfo": {"id": ATTACHMENT_BASE + attachment.id, "name": attachment.name} if attachment else None,
            # Seen as a number and as a string in real payloads; the first project sends the string.
            "attributeInfo": {
                "id": custom["id"],
                "typeId": str(custom["typeId"]) if plan.index == 0 else custom["typeId"],
            }
            if custom
            else None,
            "notificationInfo": {"type": "issue.assign"} if change.field == "assigner" else None,
        }

    def activity_changes(self, plan: ProjectPlan, event: Event, *, bulk: bool = False) -> list[Json]:
        """What an event changed, as an activity shows it: ids for what has one id, names for the rest."""
        rows: list[Json] = []
        for change in event.changes:
            if change.field == "attachment":
                continue
            custom = self.rows[plan.index]["custom"].get(change.field_id)
            row: Json = {
                "field": custom["name"] if custom else change.field,
                "new_value": self._activity_value(plan, change, change.new) or "",
                "type": "custom" if custom else "standard",
            }
            if not bulk:
                row["field_text"] = FIELD_TEXTS.get(change.field, row["field"])
                row["old_value"] = self._activity_value(plan, change, change.old)
            rows.append(row)
        return rows

    def _activity_value(self, plan: ProjectPlan, change: Change, value: Any) -> str | None:
        if change.field in ("status", "priority", "resolution", "issueType", "assigner") and value is not None:
            return str(value)
        return self.display(plan, change, value)


def star_id(at: int, number: int, place: int) -> int:
    """The id of a star given at that second (epoch). Ids ascend with time, whatever was starred.

    `number`, below 2**20 (an issue's, or one above those of issues), and `place`, below 4, tell apart the stars of one
    second.
    """
    return STAR_BASE + ((at - START) << 22 | number << 2 | place)


def _attachment(attachment: Attachment, users: dict[int, Any]) -> Json:
    return {
        "id": ATTACHMENT_BASE + attachment.id,
        "name": attachment.name,
        "size": attachment.size,
        "createdUser": users[attachment.author],
        "created": stamp(attachment.at),
    }


def _custom_text(row: Json, value: Any) -> str | None:
    kind = int(row["typeId"])
    if kind < 5:
        return day_text(value) if kind == 4 else value if isinstance(value, str) else f"{value:.10g}"
    chosen, other = value if kind >= 7 else (value, None)
    items = _by_id(row["items"])
    ids: tuple[Any, ...] = chosen if kind in (6, 7) else (chosen,)
    names = [str(items[id_]["name"]) for id_ in ids if id_ is not None]
    return ", ".join([*names, *([other] if other else [])]) or None


def _by_id(rows: Any) -> dict[int, Json]:
    return {int(row["id"]): row for row in rows}


def _without_templates(issue_type: Json) -> Json:
    """The type as an issue shows it: the templates stand only in the project's list."""
    return {name: value for name, value in issue_type.items() if not name.startswith("template")}


def _fragment(row: Json) -> Any:
    return orjson.Fragment(orjson.dumps(row))
