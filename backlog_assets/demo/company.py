"""The made-up company: users, teams, projects and what each project files its issues under. Knows no issue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backlog_assets.demo import words
from backlog_assets.demo.times import DAY, START, WORK_WEEK, date_field, stamp, wall

Json = dict[str, Any]
"""One JSON object in the shape of the API."""

ARCHIVED_PROJECT = 4
"""Place of the project that was archived after `ARCHIVED_WEEK` weeks; its later issues go to the first project."""

EMPTY_PROJECT = 5
"""Place of the project that never had an issue."""

CUSTOM_STATUS_PROJECT = 2
"""Place of the project with statuses of its own."""

ARCHIVED_WEEK = 40
RELEASE_WEEKS = 6
"""A version is released every six weeks, and is known `PLANNED_WEEKS` before its work begins."""

PLANNED_WEEKS = 8
RELEASES = 30
"""Versions thought of: enough for a date more than a year after the default one."""


@dataclass(frozen=True)
class ProjectPlan:
    """One project and all that belongs to it, as it was before anybody changed it through `DemoSpace`."""

    index: int
    project: Json
    issue_types: tuple[Json, ...]
    categories: tuple[Json, ...]
    versions: tuple[tuple[int, Json], ...]
    """Each with the epoch second at which it was made."""
    statuses: tuple[Json, ...]
    custom_fields: tuple[Json, ...]
    shared_files: tuple[Json, ...]
    members: tuple[int, ...]
    administrators: tuple[int, ...]

    @property
    def key(self) -> str:
        return str(self.project["projectKey"])


@dataclass(frozen=True)
class Company:
    """Everything of the demo space that is not history."""

    space: Json
    users: tuple[Json, ...]
    teams: tuple[Json, ...]
    projects: tuple[ProjectPlan, ...]


def build_company(*, projects: int, users: int, teams: int, dates: str) -> Company:
    """The same company for the same numbers; `dates` is the form of dates, "utc" or "jst"."""
    people = tuple(_user(index) for index in range(max(2, users)))
    return Company(
        space={
            "spaceKey": "demo",
            "name": "株式会社デモ / Demo Inc.",
            "ownerId": people[0]["id"],
            "lang": "ja",
            "timezone": "Asia/Tokyo",
            "reportSendTime": "08:00:00",
            "textFormattingRule": "markdown",
            "created": stamp(START - 400 * DAY),
            "updated": stamp(START - 30 * DAY),
        },
        users=people,
        teams=tuple(_team(index, people) for index in range(teams)),
        projects=tuple(_project(index, people, dates) for index in range(projects)),
    )


def _user(index: int) -> Json:
    if index < len(words.PEOPLE):
        name, user_id, role, lang, mail, nulab = words.PEOPLE[index]
    else:
        name, user_id, role = f"User {index + 1:03d}", f"user{index + 1:03d}", 2
        lang, mail, nulab = "en", index % 5 != 0, index % 4 != 0
    account = {
        "nulabId": f"nulab{index:04d}",
        "name": name,
        "uniqueId": user_id,
        "iconUrl": f"https://apps.example.com/users/nulab{index:04d}/photo",
    }
    return {
        "id": 1_001 + index,
        "userId": None if index == 11 else user_id,
        "name": name,
        "roleType": role,
        "lang": lang,
        "nulabAccount": account if nulab else None,
        "mailAddress": f"{user_id}@demo.example.com" if mail else None,
        "lastLoginTime": None if index == 12 else stamp(START + index * 3_607),
        "keyword": f"{name} {user_id}",
    }


def _team(index: int, people: tuple[Json, ...]) -> Json:
    name = words.TEAMS[index] if index < len(words.TEAMS) else f"Team {index + 1:03d}"
    members = [] if index == 4 else [user for place, user in enumerate(people) if (place + index) % 4 == 1][:12]
    return {
        "id": 301 + index,
        "name": name,
        "members": members,
        "displayOrder": index if index % 2 else -1,
        "createdUser": people[0],
        "created": stamp(START - 90 * DAY + index),
        "updatedUser": people[0],
        "updated": stamp(START - 60 * DAY + index),
    }


def project_json(index: int, id_: int, key: str, name: str) -> Json:
    """A project as `/projects` shows it; Backlog gives it neither `created` nor `updated`."""
    return {
        "id": id_,
        "projectKey": key,
        "name": name,
        "chartEnabled": index % 2 == 0,
        "useResolvedForChart": False,
        "subtaskingEnabled": True,
        "grandchildIssueEnabled": False,
        "projectLeaderCanEditProjectLeader": False,
        "useWiki": index != EMPTY_PROJECT,
        "useDocument": index % 2 == 0,
        "useFileSharing": True,
        "useWikiTreeView": True,
        "useOriginalImageSizeAtWiki": False,
        "useSubversion": False,
        "useGit": index % 3 != 2,
        "textFormattingRule": "backlog" if index == ARCHIVED_PROJECT else "markdown",
        "archived": index == ARCHIVED_PROJECT,
        "displayOrder": 2_147_483_646 if index % 4 == 3 else index,
        "useDevAttributes": True,
    }


def _project(index: int, people: tuple[Json, ...], dates: str) -> ProjectPlan:
    id_ = 5_001 + index
    key, name = f"P{index + 1:04d}", f"Project {index + 1}"
    if index < len(words.PROJECTS):
        key, name = words.PROJECTS[index]
    # The member of `member_key` (place 1) leads no project, so that the roles of the API can be tried.
    leader = people[2 + index % 3 if len(people) > 4 else 0]["id"]
    members = tuple(
        int(user["id"])
        for place, user in enumerate(people)
        if place == 0 or user["id"] == leader or ((place + index) % 3 != 0 and place < 200)
    )
    issue_types = tuple(issue_type(id_, place) for place in range(len(words.ISSUE_TYPES)))
    return ProjectPlan(
        index=index,
        project=project_json(index, id_, key, name),
        issue_types=issue_types,
        categories=tuple(
            {"id": id_ * 100 + place, "projectId": id_, "name": text, "displayOrder": place}
            for place, text in enumerate(words.CATEGORIES[: 7 - index % 3])
        ),
        versions=tuple(_version(id_, place, dates) for place in range(RELEASES)),
        statuses=statuses(id_, custom=index == CUSTOM_STATUS_PROJECT),
        custom_fields=tuple(
            _custom_field(id_, place, issue_types, index, dates) for place in _custom_field_places(index)
        ),
        shared_files=tuple(_shared_file(id_, place, people) for place in range(4)),
        members=members,
        administrators=(int(leader),),
    )


def issue_type(project_id: int, place: int) -> Json:
    name, color = words.ISSUE_TYPES[place]
    bug = place == 1
    return {
        "id": project_id * 100 + place,
        "projectId": project_id,
        "name": name,
        "color": color,
        "displayOrder": place,
        "templateSummary": "[Bug] " if bug else None,
        "templateDescription": "## 手順\n\n## 期待\n" if bug else None,
    }


def statuses(project_id: int, *, custom: bool) -> tuple[Json, ...]:
    """The four ids that repeat in every project, and two of its own before the last one."""
    rows = [{"id": id_, "projectId": project_id, "name": name, "color": color} for id_, name, color in words.STATUSES]
    if custom:
        for place, (name, color) in enumerate(words.CUSTOM_STATUSES):
            own = {"id": project_id * 100 + place, "projectId": project_id, "name": name, "color": color}
            rows.insert(2 + place, own)
    return tuple({**row, "displayOrder": 1_000 * (place + 1)} for place, row in enumerate(rows))


def _version(project_id: int, place: int, dates: str) -> tuple[int, Json]:
    born = wall(max(0, RELEASE_WEEKS * place - PLANNED_WEEKS) * WORK_WEEK)
    first_day = START // DAY + 7 * RELEASE_WEEKS * place
    undated = place % 5 == 4
    return born, {
        "id": project_id * 100 + place,
        "projectId": project_id,
        "name": f"1.{place}" if place % 5 != 3 else f"1.{place} リリース",
        "description": None if place % 2 else f"Release {place} / 第{place}回",
        "startDate": None if undated else date_field(first_day, dates),
        "releaseDueDate": None if undated else date_field(first_day + 7 * RELEASE_WEEKS - 3, dates),
        "archived": place < 2,
        "displayOrder": place,
    }


def _custom_field_places(index: int) -> tuple[int, ...]:
    """Two projects have a field of each of the eight types, one has none, the others have two."""
    if index < 2:
        return tuple(range(8))
    chosen: dict[int, tuple[int, ...]] = {2: (), 3: (2, 4)}
    return chosen.get(index, (0, 3))


def _custom_field(project_id: int, place: int, issue_types: tuple[Json, ...], index: int, dates: str) -> Json:
    kind, name, description, required = words.CUSTOM_FIELDS[place]
    id_ = project_id * 100 + place
    only = {2: (1,), 8: (1,), 4: (0, 2)}.get(kind, ())
    field: Json = {
        "id": id_,
        "projectId": project_id,
        "typeId": kind,
        "name": name,
        "description": description,
        "required": required,
        "useIssueType": bool(only),
        "applicableIssueTypes": [issue_types[at]["id"] for at in only],
        "displayOrder": place,
        "version": 1,
    }
    if kind == 3:
        # Backlog sends these as numbers or as strings; the first project shows the strings.
        bounds = ("0", "9999999.5") if index == 0 else (0, None)
        field |= {"min": bounds[0], "max": bounds[1], "initialValue": None, "unit": "円"}
    if kind == 4:
        initial = {"id": 2, "shift": 7, "date": None} if index == 0 else None
        field |= {"min": date_field(START // DAY, dates), "max": None, "initialDate": initial}
    if kind >= 5:
        items = [
            {"id": id_ * 100 + at, "name": text, "displayOrder": at} for at, text in enumerate(words.CHOICES[kind])
        ]
        field |= {"items": items, "allowAddItem": kind == 6}
    if kind >= 7:
        field["allowInput"] = True
    return field


def _shared_file(project_id: int, place: int, people: tuple[Json, ...]) -> Json:
    return {
        "id": project_id * 100 + place,
        "projectId": project_id,
        "type": "file",
        "dir": "/資料/2025/" if place % 2 else "/",
        "name": words.FILES[place],
        "size": 10_240 * (place + 1) + 7,
        "createdUser": people[0],
        "created": stamp(START + place),
        "updatedUser": None if place == 0 else people[1],
        "updated": stamp(START + place),
    }


LICENCE: Json = {
    "active": True,
    "attachmentLimit": 0,
    "attachmentLimitPerFile": 52_428_800,
    "attachmentNumLimit": 50,
    "attribute": True,
    "attributeLimit": 100,
    "burndown": True,
    "commentLimit": 0,
    "componentLimit": 0,
    "fileSharing": True,
    "gantt": True,
    "git": True,
    "grandchildIssueEnabled": False,
    "issueLimit": 0,
    "licenceTypeId": 13,
    "limitDate": "2027-03-31T00:00:00Z",
    "nulabAccount": True,
    "parentChildIssue": True,
    "postIssueByMail": True,
    "projectLimit": 0,
    "pullRequestAttachmentLimitPerFile": 52_428_800,
    "pullRequestAttachmentNumLimit": 50,
    "remoteAddress": False,
    "remoteAddressLimit": 0,
    "startedOn": "2024-01-27T00:00:00Z",
    "storageLimit": 107_374_182_400,
    "subversion": True,
    "subversionExternal": False,
    "userLimit": 0,
    "versionLimit": 0,
    "wikiAttachment": True,
    "wikiAttachmentLimitPerFile": 52_428_800,
    "wikiAttachmentNumLimit": 50,
}
"""The answer of `/space/licence`; 0 means unlimited."""
