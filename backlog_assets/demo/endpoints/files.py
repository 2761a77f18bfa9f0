"""Shared files in their folders, and the contents of files and of issues' attachments."""

from __future__ import annotations

from backlog_assets.demo.answers import Answer, ApiError, Params
from backlog_assets.demo.company import Json
from backlog_assets.demo.endpoints.downloads import download
from backlog_assets.demo.routes import Call, Route

DIRECTORY_PAGE = 1_000
"""Rows of a page of a folder where `count` is not given, and the highest `count`."""


def _sharing(call: Call) -> int:
    """The id of the project in the path, which shares files."""
    project_id = call.project()
    if not call.space.projects[project_id]["useFileSharing"]:
        raise ApiError(403, 5, "File sharing is not available in this project.")
    return project_id


def directory(call: Call) -> list[Json]:
    """One folder, not what is in the folders in it. Without a path it is the root."""
    project_id, path = _sharing(call), call.path["path"].strip("/")
    rows = call.space.directory(project_id, f"/{path}/" if path else "/")
    if rows is None:
        raise ApiError(404, 6, "No such directory.")
    return _page(rows, call.params)


def _page(rows: list[Json], params: Params) -> list[Json]:
    offset = params.number("offset", 0)
    count = params.number("count", DIRECTORY_PAGE, least=1, most=DIRECTORY_PAGE)
    if params.choice("order", ("asc", "desc"), "desc") == "desc":
        return rows[::-1][offset : offset + count]
    return rows[offset : offset + count]


def shared_file(call: Call) -> Answer:
    for row in call.space.shared_files.get(_sharing(call), ()):
        if str(row["id"]) == call.path["file"] and row["type"] == "file":
            return download(row["name"], row["size"], f"shared/{row['id']}")
    raise ApiError(404, 6, "No such file.")


def issue_attachment(call: Call) -> Answer:
    for row in call.issue().json()["attachments"]:
        if str(row["id"]) == call.path["attachment"]:
            return download(row["name"], row["size"], f"issue/{row['id']}")
    raise ApiError(404, 6, "No such attachment.")


ROUTES = (
    Route("/projects/{project}/files/metadata/{path*}", directory, query=("order", "offset", "count")),
    Route("/projects/{project}/files/{file}", shared_file),
    Route("/issues/{issue}/attachments/{attachment}", issue_attachment),
)
