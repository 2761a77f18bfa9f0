"""Pull requests made, discussed and ended after the space was built. Knows no HTTP."""

from __future__ import annotations

from typing import Any

from backlog_assets.demo.company import Json
from backlog_assets.demo.project_changes import ChangeableProjects, Moment
from backlog_assets.demo.pull_requests import (
    ADDED,
    COMMENTED,
    PUSHED,
    STATUSES,
    UPDATED,
    Event,
    PullRequest,
    PullRequestWriter,
)
from backlog_assets.demo.times import stamp

MERGED, CLOSED = 3, 2


class ChangeableGit(ChangeableProjects):
    """The part of `DemoSpace` that has git repositories and pull requests."""

    def __init__(self, **made: Any) -> None:
        super().__init__(**made)
        self.pull_request_writer = PullRequestWriter(self.company, self.chronicle, self.register, made["seed"])
        plans = self.company.projects
        self.repositories: dict[int, list[Json]] = {
            int(plan.project["id"]): self.pull_request_writer.repositories(plan, self.until) for plan in plans
        }
        """By project id."""
        self._git_plans = {int(plan.project["id"]): plan for plan in plans}
        self._pull_requests: dict[int, list[PullRequest]] = {}

    def pull_requests(self, repository_id: int) -> list[PullRequest]:
        """All of a repository, oldest first."""
        if repository_id not in self._pull_requests:
            plan = self._git_plans[self._project_of_repository(repository_id)]
            self._pull_requests[repository_id] = self.pull_request_writer.pull_requests(plan, self.until)
        return self._pull_requests[repository_id]

    def repository(self, project_id: int) -> Json:
        """The project's repository as it stands; KeyError where it has none."""
        for row in self.repositories.get(project_id, ()):
            pushes = self.activity_writer.rows(frozenset({project_id}), frozenset({PUSHED}))
            last = pushes.row(len(pushes) - 1)["created"] if len(pushes) else ""
            return {**row, "pushedAt": max(row["pushedAt"] or "", last) or None}
        raise KeyError(f"project {project_id} has no repository")

    def shown_pull_request(self, found: PullRequest) -> Json:
        """A pull request as asked for alone, with more of its issue than the id; an issue that is gone is none."""
        issue = self.issues.get(found.row["issue"]["id"]) if found.row["issue"] else None
        row = issue.json() if issue else None
        shown = row and {name: row[name] for name in ("id", "projectId", "issueKey", "summary")}
        return {**found.row, "issue": shown}

    def listed_pull_request(self, found: PullRequest) -> Json:
        """As the list shows it: without attachments and stars, and of its issue only the id."""
        row = self.shown_pull_request(found)
        kept = {name: value for name, value in row.items() if name not in ("attachments", "stars")}
        return {**kept, "issue": row["issue"] and {"id": row["issue"]["id"]}}

    def create_pull_request(
        self,
        project_key: str,
        summary: str = "新しいプルリクエスト",
        author: int | None = None,
        at: Moment = None,
        branch: str = "feature/new",
    ) -> Json:
        with self.changing():
            project_id = self.project_id(project_key)
            repository = self.repository(project_id)
            rows, author, moment = self.pull_requests(repository["id"]), author or self.owner, self.moment(at)
            number = max((row.number for row in rows), default=0) + 1
            row: Json = {
                "id": project_id * 1_000 + number - 1,
                "projectId": project_id,
                "repositoryId": repository["id"],
                "number": number,
                "summary": summary,
                "description": "",
                "base": "main",
                "branch": branch,
                "status": {"id": 1, "name": STATUSES[1]},
                **dict.fromkeys(("assignee", "issue", "baseCommit", "branchCommit", "mergeCommit", "closeAt"), None),
                "mergeAt": None,
                "createdUser": self.users[author],
                "created": stamp(moment),
                "updatedUser": self.users[author],
                "updated": stamp(moment),
                "attachments": [],
                "stars": [],
            }
            rows.append(PullRequest(row))
            self._tell_pull_request(ADDED, row, author, moment)
            return row

    def comment_pull_request(
        self, project_key: str, number: int, text: str, author: int | None = None, at: Moment = None
    ) -> Json:
        """A comment without any edit; it moves `updated`."""
        return self._discuss_pull_request(project_key, number, author, at, text, ())

    def rename_pull_request(
        self, project_key: str, number: int, summary: str, author: int | None = None, at: Moment = None
    ) -> Json:
        """Returns the comment that tells of it."""
        return self._discuss_pull_request(project_key, number, author, at, None, (("summary", summary),))

    def merge_pull_request(self, project_key: str, number: int, author: int | None = None, at: Moment = None) -> Json:
        return self._discuss_pull_request(project_key, number, author, at, None, (("status", MERGED),))

    def close_pull_request(self, project_key: str, number: int, author: int | None = None, at: Moment = None) -> Json:
        """Without a merge."""
        return self._discuss_pull_request(project_key, number, author, at, None, (("status", CLOSED),))

    def attach_to_pull_request(self, project_key: str, number: int, name: str, size: int) -> Json:
        """A file more; it moves `updated`, and no comment tells of it."""
        with self.changing():
            found, moment = self.pull_request(project_key, number), self.moment()
            attachment: Json = {
                "id": found.row["id"] * 10 + 3 + len(found.row["attachments"]),
                "name": name,
                "size": size,
                "createdUser": self.users[self.owner],
                "created": stamp(moment),
            }
            found.row["attachments"].append(attachment)
            found.row |= {"updated": stamp(moment), "updatedUser": self.users[self.owner]}
            return attachment

    def delete_pull_request(self, project_key: str, number: int) -> None:
        """Nothing tells of it: which activity Backlog adds is not known."""
        with self.changing():
            found = self.pull_request(project_key, number)
            self.pull_requests(found.row["repositoryId"]).remove(found)

    def pull_request(self, project_key: str, number: int) -> PullRequest:
        """KeyError where there is none."""
        for found in self.pull_requests(self.repository(self.project_id(project_key))["id"]):
            if found.number == number:
                return found
        raise KeyError(f"{project_key} has no pull request {number}")

    def delete_project(self, key: str) -> None:
        with self.changing():
            for repository in self.repositories.pop(self.project_id(key), ()):
                self._pull_requests.pop(repository["id"], None)
            super().delete_project(key)

    def _discuss_pull_request(
        self,
        project_key: str,
        number: int,
        author: int | None,
        at: Moment,
        text: str | None,
        changes: tuple[tuple[str, Any], ...],
    ) -> Json:
        with self.changing():
            found, author, moment = self.pull_request(project_key, number), author or self.owner, self.moment(at)
            row, log = found.row, [self._edit_pull_request(found.row, name, value, moment) for name, value in changes]
            row |= {"updated": stamp(moment), "updatedUser": self.users[author]}
            comment = self.pull_request_writer.comment(found, Event(moment, author, text, tuple(log)), [])
            found.comments.append(comment)
            told = {"id": comment["id"], "content": text or ""}
            shown = [{"field": name, "new_value": new, "old_value": old, "type": "standard"} for name, old, new in log]
            self._tell_pull_request(UPDATED if changes else COMMENTED, row, author, moment, comment=told, changes=shown)
            return comment

    def _edit_pull_request(self, row: Json, name: str, value: Any, at: int) -> tuple[str, str | None, str | None]:
        if name != "status":
            old, row[name] = row[name], value
            return name, old, value
        old, row["status"] = row["status"]["name"], {"id": value, "name": STATUSES[value]}
        row["mergeAt" if value == MERGED else "closeAt"] = stamp(at)
        if value == MERGED:
            row |= {f"{part}Commit": f"{row['id'] * 31 + place:040x}" for place, part in enumerate(_COMMITS)}
        return name, old, STATUSES[value]

    def _tell_pull_request(self, type_: int, row: Json, author: int, at: int, **more: Any) -> None:
        repository = self.repository(row["projectId"])
        content: Json = {
            **{name: row[name] for name in ("id", "number", "summary", "description")},
            "comment": None,
            "changes": [],
            "issue": None,
            "repository": {name: repository[name] for name in ("id", "name", "description")},
            **more,
        }
        self.add_activity(type_, row["projectId"], content, author, at)

    def _project_of_repository(self, repository_id: int) -> int:
        return next(id_ for id_, rows in self.repositories.items() for row in rows if row["id"] == repository_id)


_COMMITS = ("base", "branch", "merge")
