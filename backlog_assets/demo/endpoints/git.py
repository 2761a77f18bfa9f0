"""Git repositories, and their pull requests with what hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backlog_assets.demo.answers import Answer, ApiError
from backlog_assets.demo.company import Json
from backlog_assets.demo.endpoints.downloads import download
from backlog_assets.demo.pull_requests import PullRequest
from backlog_assets.demo.routes import Call, Route
from backlog_assets.demo.space import DemoSpace

FILTERS = ("statusId[]", "assigneeId[]", "issueId[]", "createdUserId[]")


@dataclass(frozen=True)
class PullRequestRows:
    """Some of a repository's pull requests as its list shows them."""

    space: DemoSpace
    found: Sequence[PullRequest]

    def __len__(self) -> int:
        return len(self.found)

    def id_at(self, place: int) -> int:
        return int(self.found[place].row["id"])

    def row(self, place: int) -> Json:
        return self.space.listed_pull_request(self.found[place])


def repositories(call: Call) -> list[Json]:
    project_id = call.project()
    if not call.space.projects[project_id]["useGit"]:
        raise ApiError(403, 5, "Git is not available in this project.")
    return [call.space.repository(project_id)] if call.space.repositories.get(project_id) else []


def repository(call: Call) -> Json:
    wanted = call.path["repository"]
    for row in repositories(call):
        if wanted in (str(row["id"]), row["name"]):
            return row
    raise ApiError(404, 6, "No such repository.")


def pull_requests(call: Call) -> PullRequestRows:
    """The newest first; whether Backlog orders them so is not documented."""
    found = call.space.pull_requests(repository(call)["id"])[::-1]
    for name, field in zip(FILTERS, ("status", "assignee", "issue", "createdUser"), strict=True):
        wanted = call.params.numbers(name)
        if wanted is not None:
            found = [one for one in found if one.row[field] and one.row[field]["id"] in wanted]
    return PullRequestRows(call.space, found)


def pull_requests_count(call: Call) -> Json:
    return {"count": len(pull_requests(call))}


def pull_request(call: Call) -> Json:
    return call.space.shown_pull_request(_found(call))


def comments(call: Call) -> list[Json]:
    return _found(call).comments


def comments_count(call: Call) -> Json:
    return {"count": len(_found(call).comments)}


def attachments(call: Call) -> list[Json]:
    return _found(call).row["attachments"]


def attachment(call: Call) -> Answer:
    for row in attachments(call):
        if str(row["id"]) == call.path["attachment"]:
            return download(row["name"], row["size"], f"pull request/{row['id']}")
    raise ApiError(404, 6, "No such attachment.")


def _found(call: Call) -> PullRequest:
    for one in call.space.pull_requests(repository(call)["id"]):
        if str(one.number) == call.path["number"]:
            return one
    raise ApiError(404, 6, "No such pull request.")


REPOSITORIES = "/projects/{project}/git/repositories"
PULL_REQUESTS = f"{REPOSITORIES}/{{repository}}/pullRequests"
ONE = f"{PULL_REQUESTS}/{{number}}"

ROUTES = (
    Route(REPOSITORIES, repositories),
    Route(f"{REPOSITORIES}/{{repository}}", repository),
    Route(PULL_REQUESTS, pull_requests, query=FILTERS, paging="offset"),
    Route(f"{PULL_REQUESTS}/count", pull_requests_count, query=FILTERS),
    Route(ONE, pull_request),
    Route(f"{ONE}/comments", comments, paging="id"),
    Route(f"{ONE}/comments/count", comments_count),
    Route(f"{ONE}/attachments", attachments),
    Route(f"{ONE}/attachments/{{attachment}}", attachment),
)
