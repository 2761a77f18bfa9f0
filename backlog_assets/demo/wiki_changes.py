"""Wiki pages made, changed and deleted after the space was built. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from backlog_assets.demo.company import Json
from backlog_assets.demo.project_changes import ChangeableProjects, Moment
from backlog_assets.demo.wikis import CREATED, DELETED, NEW_PAGE, STAR_BASE, UPDATED, Star, Version, WikiPage


class ChangeableWikis(ChangeableProjects):
    """The part of `DemoSpace` that changes wiki pages, with the activities that Backlog would add."""

    def create_wiki(
        self,
        project_key: str,
        name: str,
        content: str = "",
        author: int | None = None,
        at: Moment = None,
        tags: Sequence[str] = (),
    ) -> Json:
        with self.changing():
            project_id, moment = self.project_id(project_key), self.moment(at)
            page_id = NEW_PAGE + self.next_position()
            page = WikiPage(page_id, project_id, [Version(1, moment, author or self.owner, name, content)], list(tags))
            self.wikis.added[page_id] = project_id
            self.wikis.pages(project_id)[page_id] = page
            self._tell_of_wiki(page, CREATED, None)
            return self.wikis.whole(page, self.users)

    def update_wiki(
        self,
        page_id: int,
        name: str | None = None,
        content: str | None = None,
        author: int | None = None,
        at: Moment = None,
        tags: Sequence[str] | None = None,
    ) -> Json:
        """A new version; what is not given stays."""
        with self.changing():
            page, moment = self._wiki(page_id), self.moment(at)
            last = page.versions[-1]
            version = Version(
                last.number + 1,
                moment,
                author or self.owner,
                last.name if name is None else name,
                last.content if content is None else content,
            )
            page.versions.append(version)
            page.tags = page.tags if tags is None else list(tags)
            self._tell_of_wiki(page, UPDATED, f"1c1\n< {last.content[:40]}\n---\n> {version.content[:40]}")
            return self.wikis.whole(page, self.users)

    def star_wiki(self, page_id: int, presenter: int | None = None, at: Moment = None) -> None:
        """Moves no `updated`, and nothing tells of it."""
        with self.changing():
            star = Star(STAR_BASE + NEW_PAGE * 10 + self.next_position(), self.moment(at), presenter or self.owner)
            self._wiki(page_id).stars.append(star)

    def delete_wiki(self, page_id: int, author: int | None = None, at: Moment = None) -> None:
        """With its history, files and stars."""
        with self.changing():
            page, moment = self._wiki(page_id), self.moment(at)
            del self.wikis.pages(page.project_id)[page_id]
            last = page.versions[-1]._replace(at=moment, author=author or self.owner)
            self._tell_of_wiki(page, DELETED, None, last)

    def _wiki(self, page_id: int) -> WikiPage:
        page = self.wikis.page(page_id)
        if page is None:
            raise KeyError(f"there is no wiki page {page_id}")
        return page

    def _tell_of_wiki(self, page: WikiPage, type_: int, diff: str | None, version: Version | None = None) -> None:
        told = version or page.versions[-1]
        content: Json = {
            "id": page.id,
            "name": told.name,
            "content": told.content,
            "diff": diff,
            "version": told.number,
            "attachments": [],
            "shared_files": [],
        }
        self.add_activity(type_, page.project_id, content, told.author, told.at)
