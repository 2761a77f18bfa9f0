"""Documents: the list of all projects, a project's tree, single documents, their comments and files."""

from __future__ import annotations

from backlog_assets.demo.answers import Answer, ApiError
from backlog_assets.demo.company import Json
from backlog_assets.demo.documents import Document, comment_row
from backlog_assets.demo.endpoints.downloads import download
from backlog_assets.demo.endpoints.rights import not_restricted, project_asked_for
from backlog_assets.demo.routes import Call, Route


def documents(call: Call) -> list[Json]:
    """Those of the projects that the user has joined; others in `projectId[]` are passed over without a word.

    What lies in the trash is not listed.
    """
    space, params = call.space, call.params
    if params.text("offset") is None:
        raise ApiError(400, 7, "error.required : offset")
    shown, wanted = space.open_projects(call.user_id), params.numbers("projectId[]")
    word, sort = params.text("keyword") or "", params.choice("sort", ("created", "updated"), "created")
    found = [
        one
        for project_id in sorted(shown if wanted is None else shown & set(wanted))
        if space.projects[project_id]["useDocument"]
        for one in space.documents.documents(project_id).values()
        if not one.trashed and (word in one.title or word in one.edits[-1].plain)
    ]
    found.sort(key=lambda one: (one.edits[0 if sort == "created" else -1].at, one.id))
    return [space.documents.row(one, space.users) for one in found]


def documents_count(call: Call) -> Json:
    not_restricted(call)
    return {"count": sum(not one.trashed for one in _documents(call))}


def tree(call: Call) -> Json:
    project_id = project_asked_for(call)
    if call.space.projects[project_id]["useDocument"]:
        return call.space.documents.tree(project_id)
    # A trash with nothing in it may come as an empty object.
    return {"projectId": project_id, "activeTree": {"id": "Active", "children": []}, "trashTree": {}}


def document(call: Call) -> Json:
    return call.space.documents.row(_document(call), call.space.users)


def comments(call: Call) -> list[Json]:
    not_restricted(call)
    found = _document(call)
    return [comment_row(found, remark, call.space.users) for remark in found.comments]


def attachment(call: Call) -> Answer:
    for file in _document(call).attachments:
        if str(file.id) == call.path["attachment"]:
            return download(file.name, file.size, f"document/{file.id}")
    raise ApiError(404, 6, "No attachment.")


def _documents(call: Call) -> list[Document]:
    """The documents of the project in the query; none where it has them switched off."""
    project_id = project_asked_for(call)
    if not call.space.projects[project_id]["useDocument"]:
        return []
    return list(call.space.documents.documents(project_id).values())


def _document(call: Call) -> Document:
    """The document in the path, which the user may see; one in the trash too."""
    space = call.space
    found = space.documents.document(call.path["document"])
    if found is None or found.project_id not in space.visible(call.user_id):
        raise ApiError(404, 6, "No document.")
    call.not_refused(found.project_id)
    if not space.projects[found.project_id]["useDocument"]:
        raise ApiError(404, 6, "No document.")
    return found


ROUTES = (
    Route("/documents", documents, query=("projectId[]", "keyword", "sort"), paging="offset", order=True),
    Route("/documents/count", documents_count, query=("projectIdOrKey",)),
    Route("/documents/tree", tree, query=("projectIdOrKey",)),
    Route("/documents/{document}", document),
    Route("/documents/{document}/comments", comments),
    Route("/documents/{document}/attachments/{attachment}", attachment),
)
