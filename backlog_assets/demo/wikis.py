"""Wiki pages: those that the chronicle tells of, and older ones. Knows no rights and no HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from backlog_assets.demo import page_words, words
from backlog_assets.demo.chronicle import Chronicle
from backlog_assets.demo.company import Company, Json, ProjectPlan
from backlog_assets.demo.files import File, file_row
from backlog_assets.demo.register import mix
from backlog_assets.demo.shapes import HOST
from backlog_assets.demo.tags import Tags
from backlog_assets.demo.times import DAY, START, WORK_DAY, stamp

CREATED, UPDATED, DELETED = 5, 6, 7
"""Activity types."""

OLD_PLACE = 50
"""Page n that recent updates tell of is `project id * 100 + n`; the older ones go on from this place."""

OLD_PROJECTS = 5
"""Only the first so many projects have older pages, so that a space of many projects stays quick."""

ATTACHMENT_BASE = 600_000_000
STAR_BASE = 600_000_000

NEW_PAGE = 90_000_000
"""Ids of pages made through `DemoSpace` begin here."""


class Version(NamedTuple):
    """The page as it was saved at some moment (epoch seconds)."""

    number: int
    at: int
    author: int
    name: str
    content: str


class Star(NamedTuple):
    id: int
    at: int
    presenter: int


@dataclass
class WikiPage:
    id: int
    project_id: int
    versions: list[Version]
    """By number; never empty. Numbers may be left out: recent updates name them, and do not tell of each."""
    tags: list[str] = field(default_factory=list[str])
    attachments: list[File] = field(default_factory=list[File])
    shared_files: list[Json] = field(default_factory=list[Json])
    stars: list[Star] = field(default_factory=list[Star])

    @property
    def name(self) -> str:
        return self.versions[-1].name

    @property
    def content(self) -> str:
        return self.versions[-1].content


class Wikis:
    """All wiki pages before `until`, told project by project as they are asked for."""

    def __init__(self, company: Company, chronicle: Chronicle, seed: int, until: int) -> None:
        self.plans = {int(plan.project["id"]): plan for plan in company.projects}
        self.chronicle = chronicle
        self.seed = seed
        self.until = until
        self.added: dict[int, int] = {}
        """The project of every page made later, by its id."""
        self._pages: dict[int, dict[int, WikiPage]] = {}
        self._tags = Tags()

    def pages(self, project_id: int) -> dict[int, WikiPage]:
        """The pages of a project by id."""
        if project_id not in self._pages:
            plan = self.plans.get(project_id)
            told = self._told(plan) + self._old(plan) if plan and plan.project["useWiki"] else []
            self._pages[project_id] = {page.id: page for page in told}
        return self._pages[project_id]

    def page(self, page_id: int) -> WikiPage | None:
        return self.pages(self.added.get(page_id, page_id // 100)).get(page_id)

    def drop(self, project_id: int) -> None:
        """Forgets a deleted project's pages."""
        self._pages[project_id] = {}

    def tags(self, project_id: int) -> list[Json]:
        """The tags that some page of the project has."""
        used = dict.fromkeys(name for page in self.pages(project_id).values() for name in page.tags)
        return sorted(self._tags.rows(project_id, used), key=lambda row: row["id"])

    def row(self, page: WikiPage, users: dict[int, Json]) -> Json:
        """The page as lists show it, without its text."""
        first, last = page.versions[0], page.versions[-1]
        return {
            "id": page.id,
            "projectId": page.project_id,
            "name": page.name,
            "tags": self._tags.rows(page.project_id, page.tags),
            "createdUser": users[first.author],
            "created": stamp(first.at),
            "updatedUser": users[last.author],
            "updated": stamp(last.at),
        }

    def whole(self, page: WikiPage, users: dict[int, Json]) -> Json:
        """The page by itself."""
        return {
            **self.row(page, users),
            "content": page.content,
            "attachments": [file_row(file, users) for file in page.attachments],
            "sharedFiles": shared_file_rows(page, users),
            "stars": star_rows(page, users),
        }

    def _weeks(self) -> int:
        return (self.until - START) // (7 * DAY) + 1

    def _told(self, plan: ProjectPlan) -> list[WikiPage]:
        pages: list[WikiPage] = []
        for place, name in enumerate(words.WIKI_PAGES):
            id_ = int(plan.project["id"]) * 100 + place
            versions = self._told_versions(plan, place, self._weeks())
            if not any(told.type == CREATED for told in self.chronicle.week(plan.index, place)):
                versions.insert(0, self._version(plan, id_, 1, name, page_words.BODIES[place]))
            if versions:
                page = WikiPage(id_, int(plan.project["id"]), versions, [page_words.TAGS[0]] if place < 2 else [])
                self._give_stars(plan, page)
                pages.append(page)
        return pages

    def _told_versions(self, plan: ProjectPlan, place: int, weeks: int) -> list[Version]:
        """Pages take turns: each is told of in every fifth week at most."""
        return [
            Version(
                told.content["version"], told.at, told.author, str(told.content["name"]), str(told.content["content"])
            )
            for week in range(place, weeks, len(words.WIKI_PAGES))
            for told in self.chronicle.week(plan.index, week)
            if told.type in (CREATED, UPDATED) and told.at < self.until
        ]

    def _old(self, plan: ProjectPlan) -> list[WikiPage]:
        if plan.index >= OLD_PROJECTS:
            return []
        return [self._old_page(plan, place) for place in range(len(page_words.OLD_PAGES))]

    def _old_page(self, plan: ProjectPlan, place: int) -> WikiPage:
        old, project_id = page_words.OLD_PAGES[place], int(plan.project["id"])
        id_ = project_id * 100 + OLD_PLACE + place
        times = page_words.MANY_VERSIONS if old.versions > 20 and plan.index == 0 else old.versions
        versions = [
            self._version(plan, id_, number, old.name, old.content if number == times else f"{old.name} v{number}")
            for number in range(1, times + 1)
        ]
        page = WikiPage(id_, project_id, versions, [page_words.TAGS[at] for at in old.tags])
        last = versions[-1]
        for at in range(old.attachments):
            name = page_words.FILES[(place + at) % len(page_words.FILES)]
            size = 1 + mix(self.seed + 19, id_ * 10 + at) % 40_000
            page.attachments.append(File(ATTACHMENT_BASE + id_ * 10 + at, name, size, last.author, last.at))
        page.shared_files = [plan.shared_files[(place + at) % 4] for at in range(old.shared_files)]
        for at in range(old.stars):
            page.stars.append(Star(STAR_BASE + id_ * 200 + at, last.at, plan.members[at % len(plan.members)]))
        return page

    def _version(self, plan: ProjectPlan, page_id: int, number: int, name: str, content: str) -> Version:
        """A version from before the first day: an hour or more after the one before."""
        at = START - 60 * DAY + (number - 1) * 5_400 + mix(self.seed + 17, page_id) % WORK_DAY
        author = plan.members[mix(self.seed + number, page_id) % len(plan.members)]
        return Version(number, at, author, name, content)

    def _give_stars(self, plan: ProjectPlan, page: WikiPage) -> None:
        """Some versions get a star in the very second in which they are saved: `updated` tells of it too."""
        for version in page.versions:
            drawn = mix(self.seed + 23, page.id * 200 + version.number)
            if drawn % 6 == 0:
                presenter = plan.members[drawn // 6 % len(plan.members)]
                page.stars.append(Star(STAR_BASE + page.id * 200 + version.number, version.at, presenter))


def history_rows(page: WikiPage, users: dict[int, Json]) -> list[Json]:
    """Every version with its whole text, oldest first."""
    return [
        {
            "pageId": page.id,
            "version": version.number,
            "name": version.name,
            "content": version.content,
            "createdUser": users[version.author],
            "created": stamp(version.at),
        }
        for version in page.versions
    ]


def shared_file_rows(page: WikiPage, users: dict[int, Json]) -> list[Json]:
    return [
        {
            **file,
            "createdUser": users[file["createdUser"]["id"]],
            "updatedUser": file["updatedUser"] and users[file["updatedUser"]["id"]],
        }
        for file in page.shared_files
    ]


def star_rows(page: WikiPage, users: dict[int, Json]) -> list[Json]:
    return [
        {
            "id": star.id,
            "comment": None,
            "url": f"{HOST}/alias/wiki/{page.id}",
            "title": f"[{page.name}]",
            "presenter": users[star.presenter],
            "created": stamp(star.at),
        }
        for star in page.stars
    ]
