"""Changes of projects, members and versions after the space was built. Knows no HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import orjson

from backlog_assets.demo.company import Json, issue_type, project_json, statuses
from backlog_assets.demo.store import Issue, Store
from backlog_assets.demo.timeline import ACTIVITY_BASE
from backlog_assets.demo.times import date_field, day_number, present, stamp

Moment = int | str | dt.date | None
"""When a change happens: epoch seconds, ISO text or a date; None is a second after the change before."""


class ChangeableProjects(Store):
    """The part of `DemoSpace` that changes projects. Every change may be made while the space is being served."""

    def add_project(self, key: str, name: str) -> int:
        """A new project with every user as member, the default statuses and issue types; returns its id."""
        with self.changing():
            if self.find_project(key) is not None:
                raise ValueError(f"there is a project {key} already")
            project_id = max([*self.projects, 5_000]) + 1
            self.projects[project_id] = project_json(len(self.projects) + 6, project_id, key, name)
            self.issue_types[project_id] = [issue_type(project_id, place) for place in range(4)]
            self.statuses[project_id] = list(statuses(project_id, custom=False))
            self.categories[project_id] = []
            self.versions[project_id] = []
            self.custom_fields[project_id] = []
            self.members[project_id] = list(self.users)
            self.administrators[project_id] = [self.owner]
            self.by_project[project_id] = []
            people = list(self.users.values())
            self.add_activity(15, project_id, {"users": people, "group_project_activities": [], "comment": ""})
            return project_id

    def rename_project(self, key: str, new_key: str) -> None:
        """Changes the project's key and with it the keys of all its issues; their `updated` stays."""
        with self.changing():
            project_id = self.project_id(key)
            self.projects[project_id]["projectKey"] = new_key
            for issue in self.by_project[project_id]:
                self.rewrite(issue, lambda row: row.update(issueKey=f"{new_key}-{row['keyId']}"))

    def archive_project(self, key: str, archived: bool = True) -> None:
        with self.changing():
            self.projects[self.project_id(key)]["archived"] = archived

    def delete_project(self, key: str) -> None:
        """Takes the project with all its issues and activities; nothing tells of it."""
        with self.changing():
            project_id = self.project_id(key)
            for issue in list(self.by_project[project_id]):
                self.forget(issue)
            for table in (
                self.projects,
                self.issue_types,
                self.statuses,
                self.categories,
                self.versions,
                self.custom_fields,
                self.members,
                self.administrators,
                self.by_project,
            ):
                del table[project_id]
            self.wikis.drop(project_id)
            self.documents.drop(project_id)
            self.added_activities = [row for row in self.added_activities if row["project"]["id"] != project_id]

    def hide_project(self, key: str, hidden: bool = True) -> None:
        """Takes it from everybody's sight, as if the keys' users had lost access: gone from every listing."""
        with self.changing():
            project_id = self.project_id(key)
            if hidden:
                self.hidden.add(project_id)
            else:
                self.hidden.discard(project_id)

    def refuse_project(self, key: str, status: int = 403, code: int = 5) -> None:
        """Its endpoints answer so for everybody. It stays in `/projects`; its issues and activities leave the lists
        of the space, and asking `/issues` for them by `projectId[]` is refused. Status 200 opens it again.
        """
        with self.changing():
            project_id = self.project_id(key)
            self.refused.pop(project_id, None)
            if status != 200:
                self.refused[project_id] = status, code

    def add_member(self, key: str, user_id: int) -> None:
        with self.changing():
            project_id = self.project_id(key)
            self.members[project_id].append(user_id)
            self.add_activity(15, project_id, self._joining(user_id))

    def remove_member(self, key: str, user_id: int) -> None:
        """He no longer sees the project; an administrator still does with `all=true`."""
        with self.changing():
            project_id = self.project_id(key)
            self.members[project_id].remove(user_id)
            self.administrators[project_id] = [id_ for id_ in self.administrators[project_id] if id_ != user_id]
            self.add_activity(16, project_id, self._joining(user_id))

    def _joining(self, user_id: int) -> Json:
        return {"users": [self.users[user_id]], "group_project_activities": [], "comment": ""}

    def add_version(
        self, project_key: str, name: str, start_date: str | None = None, release_due_date: str | None = None
    ) -> int:
        """Dates are `yyyy-MM-dd`; returns the id."""
        with self.changing():
            project_id = self.project_id(project_key)
            version_id = max([row["id"] for rows in self.versions.values() for row in rows], default=0) + 100_000
            version: Json = {
                "id": version_id,
                "projectId": project_id,
                "name": name,
                "description": None,
                "startDate": None if start_date is None else date_field(day_number(start_date), self.dates),
                "releaseDueDate": None
                if release_due_date is None
                else date_field(day_number(release_due_date), self.dates),
                "archived": False,
                "displayOrder": len(self.versions[project_id]),
            }
            self.versions[project_id].append(version)
            content = {
                "id": version_id,
                "name": name,
                "start_date": start_date,
                "reference_date": release_due_date,
                "description": "",
            }
            self.add_activity(22, project_id, content)
            return version_id

    def rename_version(self, version_id: int, name: str) -> None:
        """Shows in every issue of the version at once, without moving its `updated`."""
        with self.changing():
            version = self._version(version_id)
            changes = [{"field": "name", "new_value": name, "old_value": version["name"], "type": "standard"}]
            version["name"] = name
            self._rewrite_versions(version, lambda rows: [version if row["id"] == version_id else row for row in rows])
            self.add_activity(23, version["projectId"], {"id": version_id, "name": name, "changes": changes})

    def delete_version(self, version_id: int) -> None:
        """Takes it from every issue too, without moving the issue's `updated` and without a change log."""
        with self.changing():
            version = self._version(version_id)
            self.versions[version["projectId"]].remove(version)
            self._rewrite_versions(version, lambda rows: [row for row in rows if row["id"] != version_id])
            content = {
                "id": version_id,
                "name": version["name"],
                "start_date": None,
                "reference_date": None,
                "description": version["description"] or "",
            }
            self.add_activity(24, version["projectId"], content)

    def _version(self, version_id: int) -> Json:
        for rows in self.versions.values():
            for row in rows:
                if row["id"] == version_id:
                    return row
        raise KeyError(f"there is no version {version_id}")

    def _rewrite_versions(self, version: Json, change: Callable[[list[Json]], list[Json]]) -> None:
        named = b'"id":%d,' % version["id"]
        for issue in self.by_project[version["projectId"]]:
            if named in issue.raw:
                self.rewrite(issue, lambda row: row.update({f: change(row[f]) for f in ("versions", "milestone")}))

    def project_id(self, key: str) -> int:
        """The id of a project by key or id; KeyError where there is none."""
        found = self.find_project(key)
        if found is None:
            raise KeyError(f"there is no project {key}")
        return found

    def rewrite(self, issue: Issue, change: Callable[[Json], None]) -> None:
        """Changes an issue's JSON in place."""
        row = issue.json()
        change(row)
        issue.raw = orjson.dumps(row)

    def moment(self, at: Moment = None) -> int:
        """The instant of a change; the space's present moves with it."""
        if at is None:
            at = self.now + 1
        elif not isinstance(at, int):
            at = present(at)
        self.now = max(self.now, at)
        return at

    def next_position(self) -> int:
        """Where the next thing that happens stands behind the timeline: what its ids are made of."""
        self.added += 1
        return len(self.timeline) + self.added

    def add_activity(
        self,
        type_: int,
        project_id: int,
        content: Json,
        author: int | None = None,
        at: int | None = None,
        position: int | None = None,
    ) -> None:
        self.added_activities.append(
            {
                "id": ACTIVITY_BASE + (position or self.next_position()),
                "project": self.projects[project_id],
                "type": type_,
                "content": content,
                "notifications": [],
                "createdUser": self.users[author or self.owner],
                "created": stamp(self.moment() if at is None else at),
            }
        )

    def forget(self, issue: Issue) -> None:
        """Takes an issue out of everything; its children lose their parent."""
        del self.issues[issue.id]
        self.ordered.remove(issue)
        self.by_project[issue.project_id].remove(issue)
        self.added_comments.pop(issue.id, None)
        for children in self.children.values():
            children.discard(issue.id)
        for child in self.children.pop(issue.id, ()):
            self.rewrite(self.issues[child], lambda row: row.update(parentIssueId=None))
        self.children = {parent: children for parent, children in self.children.items() if children}
