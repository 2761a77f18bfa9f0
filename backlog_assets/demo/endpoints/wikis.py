"""Wiki pages: lists, single pages, their history, files and stars."""

from __future__ import annotations

from dataclasses import dataclass

from backlog_assets.demo.answers import Answer, ApiError
from backlog_assets.demo.company import Json
from backlog_assets.demo.endpoints.downloads import download
from backlog_assets.demo.endpoints.rights import not_restricted, project_asked_for
from backlog_assets.demo.files import file_row
from backlog_assets.demo.routes import Call, Route
from backlog_assets.demo.wikis import WikiPage, history_rows, shared_file_rows, star_rows


@dataclass(frozen=True)
class VersionRows:
    """A page's history, oldest first; its ids are the numbers of the versions."""

    rows: list[Json]

    def __len__(self) -> int:
        return len(self.rows)

    def id_at(self, place: int) -> int:
        return int(self.rows[place]["version"])

    def row(self, place: int) -> Json:
        return self.rows[place]


def wikis(call: Call) -> list[Json]:
    """All of a project's pages at once, without their texts; `keyword` looks into the texts too."""
    pages, word = _pages(call), call.params.text("keyword") or ""
    found = [page for page in pages if word in page.name or word in page.content]
    return [call.space.wikis.row(page, call.space.users) for page in found]


def wikis_count(call: Call) -> Json:
    return {"count": len(_pages(call))}


def tags(call: Call) -> list[Json]:
    project_id = project_asked_for(call)
    return call.space.wikis.tags(project_id) if call.space.projects[project_id]["useWiki"] else []


def wiki(call: Call) -> Json:
    return call.space.wikis.whole(_page(call), call.space.users)


def history(call: Call) -> VersionRows:
    return VersionRows(history_rows(_page(call), call.space.users))


def attachments(call: Call) -> list[Json]:
    return [file_row(file, call.space.users) for file in _page(call).attachments]


def attachment(call: Call) -> Answer:
    for file in _page(call).attachments:
        if str(file.id) == call.path["attachment"]:
            return download(file.name, file.size, f"wiki/{file.id}")
    raise ApiError(404, 6, "No attachment.")


def shared_files(call: Call) -> list[Json]:
    not_restricted(call)
    return shared_file_rows(_page(call), call.space.users)


def stars(call: Call) -> list[Json]:
    return star_rows(_page(call), call.space.users)


def _pages(call: Call) -> list[WikiPage]:
    """The pages of the project in the query, by id; none where it has the wiki switched off."""
    project_id = project_asked_for(call)
    pages = call.space.wikis.pages(project_id) if call.space.projects[project_id]["useWiki"] else {}
    return [pages[id_] for id_ in sorted(pages)]


def _page(call: Call) -> WikiPage:
    """The page in the path, which the user may see."""
    space, id_ = call.space, call.path["wiki"]
    page = space.wikis.page(int(id_)) if id_.isascii() and id_.isdecimal() else None
    if page is None or page.project_id not in space.visible(call.user_id):
        raise ApiError(404, 6, "No wiki page.")
    call.not_refused(page.project_id)
    if not space.projects[page.project_id]["useWiki"]:
        raise ApiError(404, 6, "No wiki page.")
    return page


ROUTES = (
    Route("/wikis", wikis, query=("projectIdOrKey", "keyword"), rate="search"),
    Route("/wikis/count", wikis_count, query=("projectIdOrKey",), rate="search"),
    Route("/wikis/tags", tags, query=("projectIdOrKey",)),
    Route("/wikis/{wiki}", wiki),
    Route("/wikis/{wiki}/history", history, paging="id"),
    Route("/wikis/{wiki}/attachments", attachments),
    Route("/wikis/{wiki}/attachments/{attachment}", attachment),
    Route("/wikis/{wiki}/sharedFiles", shared_files),
    Route("/wikis/{wiki}/stars", stars),
)
