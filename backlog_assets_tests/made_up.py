"""A made-up catalogue and a server for it: pages of two projects, notes and versions of each page, memos of a user."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import dagster as dg
import pytest

from backlog_assets.catalogue import BY_NAME, Child, Column, Each, Endpoint, Load, Paging
from backlog_assets.catalogue.columns import PROJECT_ID, refer
from backlog_assets_tests.conftest import World
from backlog_assets_tests.scripted import Asked, Reply, ScriptedServer, fault

ID = Column("id", "BIGINT", "Unique in the space.")
UPDATED = Column("updated", "TIMESTAMPTZ", "When it last changed.")
TEXTS: dict[str, Any] = {"doc": "Made up.", "doc_ja": "架空です。", "docs_page": "made-up"}

PAGES = Endpoint(
    name="pages",
    path="/pages",
    params=(("projectIdOrKey", "{project}"),),
    group="wiki",
    feature="use_wiki",
    columns=(ID, PROJECT_ID, Column("name", "VARCHAR", "As shown."), UPDATED),
    **TEXTS,
)
NOTES = Endpoint(
    name="page_notes",
    path="/pages/{id}/notes",
    group="wiki",
    each=Each("pages", adds=(("pageId", "id"), ("projectId", "project_id")), moved="updated"),
    columns=(ID, refer("pageId", "The page", "pages.id"), PROJECT_ID, Column("content", "VARCHAR", "The text.")),
    children=(Child("page_note_stars", "stars", "note", "Made up.", "架空です。", (ID,)),),
    **TEXTS,
)
VERSIONS = Endpoint(
    name="page_versions",
    path="/pages/{id}/history",
    group="wiki",
    each=Each("pages", adds=(("pageId", "id"),), where="name <> 'Home'"),
    key=("page_id", "version"),
    paging=Paging.BY_ID,
    load=Load.APPEND,
    columns=(
        refer("pageId", "The page", "pages.id"),
        Column("version", "INTEGER", "Ascends."),
    ),
    **TEXTS,
)
LIKES = Endpoint(
    name="note_likes",
    path="/projects/{project_id}/notes/{id}/likes",
    group="people",
    each=Each("page_notes", adds=(("noteId", "id"),)),
    opt_in=True,
    columns=(ID, refer("noteId", "The note", "page_notes.id")),
    **TEXTS,
)
MEMOS = Endpoint(name="memos", path="/memos", group="people", columns=(ID,), **TEXTS)


def day(number: int) -> str:
    return f"2026-03-{number:02}T00:00:00Z"


@dataclass
class Place:
    """What the server has, and what it refuses: start of a path -> (status, code)."""

    wiki: dict[str, bool] = field(default_factory=lambda: {"AAA": True, "BBB": True})
    pages: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    refused: dict[str, tuple[int, int]] = field(default_factory=dict)
    space: Any = None

    def __post_init__(self) -> None:
        for page_id, project, name in ((1, "AAA", "Home"), (2, "AAA", "Plan"), (3, "BBB", "Home"), (4, "BBB", "Talk")):
            self.pages[page_id] = {"id": page_id, "projectId": self.id_of(project), "name": name, "updated": day(1)}
            self.notes[page_id] = [{"id": page_id * 10 + at, "content": "text"} for at in (1, 2)]
            self.versions[page_id] = 2
        self.notes[1][0]["stars"] = [{"id": 900}]

    def id_of(self, project: str) -> int:
        return 100 + sorted(self.wiki).index(project)

    def answer(self, asked: Asked) -> object:
        path = asked.path.removeprefix("/api/v2")
        whole = f"{path}?{asked.one('projectIdOrKey')}"
        for start, (status, code) in self.refused.items():
            if whole.startswith(start):
                return fault(status, code)
        parts = path.strip("/").split("/")
        if path == "/projects":
            return [self.project(key, is_on) for key, is_on in self.wiki.items()]
        if path == "/users/myself":
            return {"id": 1, "name": "Somebody", "roleType": 2}
        if path == "/memos":
            return [{"id": one} for one in (1, 2)]
        if path == "/pages":
            project = self.id_of(str(asked.one("projectIdOrKey")))
            return [page for page in self.pages.values() if page["projectId"] == project]
        if parts[0] == "projects":
            return [{"id": int(parts[3]) * 10}]
        if int(parts[1]) not in self.pages:
            return fault(404, 6)
        if len(parts) == 2:
            return self.pages[int(parts[1])]
        if parts[2] == "notes":
            return self.notes[int(parts[1])]
        least = int(asked.one("minId") or 0)
        return [{"version": one} for one in range(1, self.versions[int(parts[1])] + 1) if one >= least]

    def project(self, key: str, is_on: bool) -> dict[str, Any]:
        columns = [column for column in BY_NAME["projects"].columns if not column.optional]
        blank = {"BIGINT": 1, "VARCHAR": "", "BOOLEAN": False}
        given = {"id": self.id_of(key), "projectKey": key, "name": key, "useWiki": is_on}
        return {**{column.field: blank[column.type] for column in columns}, **given}


@dataclass
class Server:
    """The server of a `Place` as a world wants it."""

    place: Place
    running: ScriptedServer
    api_key: str = "key"

    @property
    def url(self) -> str:
        return self.running.address

    @property
    def space(self) -> Any:
        return None


@dataclass
class MadeUp(World):
    """A world with the made-up catalogue."""

    @property
    def place(self) -> Place:
        return cast("Server", self.server).place

    def asked(self) -> list[str]:
        """The paths asked for since the last time this was called, and with which `minId`; not the list of projects."""
        running = cast("Server", self.server).running
        found = [
            one.path.removeprefix("/api/v2") + (f"?{least}" if (least := one.one("minId")) else "")
            for one in running.asked
        ]
        running.asked.clear()
        return [path for path in found if path not in ("/projects", "/users/myself")]


def with_catalogue(monkeypatch: pytest.MonkeyPatch, *added: Endpoint) -> None:
    """The catalogue is `projects` and what is `added`, for every module that has looked at it."""
    made = (BY_NAME["projects"], *added)
    for name, module in list(sys.modules.items()):
        if name.startswith("backlog_assets") and hasattr(module, "ENDPOINTS") and name.count(".catalogue.") == 0:
            monkeypatch.setattr(module, "ENDPOINTS", made)
    for endpoint in added:
        monkeypatch.setitem(BY_NAME, endpoint.name, endpoint)


def made_up(folder: Path, instance: dg.DagsterInstance, running: ScriptedServer, place: Place) -> MadeUp:
    return MadeUp(folder, cast("Any", Server(place, running)), instance)


__all__ = ["LIKES", "MEMOS", "NOTES", "PAGES", "VERSIONS", "MadeUp", "Place", "Reply", "made_up", "with_catalogue"]
