"""A demo space that moves on at random, and the loads that follow it, without Dagster: hundreds of them in a test."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from backlog_assets.catalogue import BY_NAME, ENDPOINTS
from backlog_assets.catalogue.table import tables_of
from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.demo import master_changes as masters
from backlog_assets.demo import quiet_changes as quiet
from backlog_assets.demo.server import ADMIN_KEY
from backlog_assets.incremental.reading import read_issues
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.reading import read_projects, read_space
from backlog_assets.spool import Spooled
from backlog_assets.warehouse import Warehouse

TABLES = tables_of(BY_NAME["issues"])


@dataclass(frozen=True)
class Elsewhere:
    """A demo server of another process."""

    url: str
    api_key: str = ADMIN_KEY


MASTERS = [endpoint for endpoint in ENDPOINTS if endpoint.per_project]


class Follower:
    """A warehouse that follows a space, load by load."""

    def __init__(self, folder: Path, server: DemoServer | Elsewhere, name: str = "space", page: int = 100) -> None:
        self.folder = folder
        self.server: Any = server
        self.page = page
        self.warehouse = Warehouse(str(folder / f"{name}.duckdb"), wait_seconds=20)
        self.manager = WholeOrNothingIOManager(self.warehouse, schema="backlog")
        self.client = BacklogClient(server.url, ApiKey(server.api_key))
        self.loads = 0

    def load(self, *names: str) -> None:
        """Loads space-wide tables by what changed."""
        for name in names:
            since = self.manager.last_id(name) if name == "activities" else None
            self._write(
                self.issues() if name == "issues" else self._read(name, since_id=since),
            )

    def issues(self, *, full: bool = False, only: Sequence[str] | None = None) -> Spooled:
        """Reads the issues and does not write them."""
        self.loads += 1
        return read_issues(
            self.client,
            self.warehouse,
            self.folder / "spool",
            "demo",
            f"run{self.loads}",
            now=datetime.now(timezone.utc),
            only=only,
            full=full,
            page=self.page,
        )

    def load_issues(self, *, full: bool = False, only: Sequence[str] | None = None) -> Spooled:
        spooled = self.issues(full=full, only=only)
        self._write(spooled)
        return spooled

    def load_masters(self, *names: str) -> None:
        """The per-project tables with these names, of every project."""
        ids = self.manager.project_ids() if names else {}
        for endpoint in (endpoint for endpoint in MASTERS if endpoint.name in names):
            self.loads += 1
            folder = self.folder / "spool"
            self._write(read_projects(self.client, endpoint, folder, "demo", f"run{self.loads}", dict(ids)))

    def sync(self) -> None:
        """As `backlog-assets sync` does, of what has to do with issues."""
        self.load("projects", "users", "activities", "issues")
        self.load_masters(*(endpoint.name for endpoint in MASTERS))

    def asked(self, act: Callable[[], Any]) -> list[str]:
        """The paths that `act` asks for."""
        before = len(self.server.requests)
        act()
        return [request.path for request in self.server.requests[before:]]

    def live(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of the issues that are not marked deleted, with their child rows: what Backlog is said to have."""
        with self.warehouse.connection() as connection:
            found: dict[str, list[tuple[Any, ...]]] = {}
            for table in TABLES:
                listed = ", ".join(one.name for one in table.content)
                where = "_deleted_at IS NULL" if table.keeps_deleted else ALIVE
                sql = f"SELECT {listed} FROM backlog.{table.name} t WHERE {where} ORDER BY ALL"
                found[table.name] = connection.execute(sql).fetchall()
            return found

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.warehouse.connection() as connection:
            connection.execute("SET search_path = 'backlog,backlog_ops'")
            return connection.execute(sql, list(values)).fetchall()

    def dead(self) -> dict[int, str]:
        """Id -> evidence of the issues that are marked deleted."""
        return dict(self.rows("SELECT id, _delete_evidence FROM issues WHERE _deleted_at IS NOT NULL ORDER BY id"))

    def _read(self, name: str, since_id: int | None = None) -> Spooled:
        self.loads += 1
        return read_space(
            self.client, BY_NAME[name], self.folder / "spool", "demo", f"run{self.loads}", since_id=since_id
        )

    def _write(self, spooled: Spooled) -> None:
        self.manager.write(spooled, f"run{self.loads}")


ALIVE = "EXISTS (FROM backlog.issues i WHERE i.id = t.issue_id AND i._deleted_at IS NULL)"


@contextmanager
def following(folder: Path, page: int = 100, server: dict[str, Any] | None = None, **space: Any) -> Iterator[Follower]:
    """A follower of a demo space of its own."""
    with DemoServer(DemoSpace(**space), **(server or {})) as running:
        yield Follower(folder, running, page=page)


def follow_once(folder: str, url: str, page: int, told: Connection) -> None:
    """Loads what changed, in a process of its own that may be killed; says when it has read all and when it is done."""
    follower = Follower(Path(folder), Elsewhere(url), page=page)
    follower.loads = uuid.uuid4().int % 1_000_000
    spooled = follower.issues()
    told.send("writes")
    follower.manager.write(spooled, f"run{follower.loads}")
    told.send("done")
    told.recv()


class Weather:
    """Changes a space at random: one of `CHANGES` at a time, whatever is possible then."""

    def __init__(self, space: DemoSpace, seed: int) -> None:
        self.space = space
        self.random = Random(seed)
        self.renamed = 0
        self.done: list[str] = []

    def blow(self, kinds: Sequence[str] = ()) -> str:
        kind = self.random.choice(list(kinds) or KINDS)
        getattr(self, f"_{kind}")()
        self.done.append(kind)
        return kind

    def _issue(self) -> int:
        return self.random.choice(sorted(self.space.issues))

    def _some(self, most: int) -> list[int]:
        """Issues of one project."""
        project = self._project(issues=True)
        ids = [issue.id for issue in self.space.by_project[project]]
        return self.random.sample(ids, min(len(ids), self.random.randint(1, most)))

    def _project(self, issues: bool = False) -> int:
        return self.random.choice(
            [one for one in sorted(self.space.projects) if self.space.by_project[one] or not issues]
        )

    def _key(self, project_id: int) -> str:
        return str(self.space.projects[project_id]["projectKey"])

    def _new_name(self) -> str:
        self.renamed += 1
        return f"name {self.renamed}"

    def _create(self) -> None:
        self.space.create_issue(self._key(self._project()), self._new_name(), parentIssueId=None)

    def _create_together(self) -> None:
        quiet.create_together(self.space, self._key(self._project()), [self._new_name() for _ in range(4)])

    def _create_untold(self) -> None:
        with quiet.untold(self.space):
            self._create()

    def _update(self) -> None:
        issue = self.space.issues[self._issue()]
        project = issue.project_id
        lists = {
            "categoryId": self.space.categories[project],
            "milestoneId": self.space.versions[project],
            "versionId": self.space.versions[project],
        }
        changes: dict[str, Any] = {"summary": self._new_name(), "statusId": self.random.randint(1, 4)}
        if not any(row["id"] == changes["statusId"] for row in self.space.statuses[project]):
            del changes["statusId"]
        for name, rows in lists.items():
            changes[name] = [row["id"] for row in self.random.sample(rows, min(len(rows), self.random.randint(0, 3)))]
        self.space.update_issue(issue.id, **changes)

    def _update_untold(self) -> None:
        with quiet.untold(self.space):
            self._update()

    def _update_together(self) -> None:
        quiet.update_together(self.space, self._some(9), summary=self._new_name())

    def _move_dates(self) -> None:
        quiet.move_dates_together(self.space, self._some(5), "2026-09-01", "2026-09-20")

    def _comment(self) -> None:
        self.space.comment(self._issue(), "seen")

    def _adopt(self) -> None:
        ids = self._some(9)
        if len(ids) > 1 and not self.space.children.get(ids[1]):
            self.space.update_issue(ids[1], parentIssueId=ids[0])

    def _delete(self) -> None:
        self.space.delete_issue(self._issue())

    def _delete_untold(self) -> None:
        self.space.delete_issue(self._issue(), silent=True)

    def _delete_parent(self) -> None:
        if self.space.children:
            self.space.delete_issue(self.random.choice(sorted(self.space.children)), silent=self.random.random() < 0.5)

    def _move(self) -> None:
        self.space.move_issue(self._issue(), self._key(self._project()))

    def _rename_project(self) -> None:
        self.renamed += 1
        self.space.rename_project(self._key(self._project()), f"KEY{self.renamed}")

    def _rename_version(self) -> None:
        rows = self.space.versions[self._project()]
        if rows:
            self.space.rename_version(self.random.choice(rows)["id"], self._new_name())

    def _delete_version(self) -> None:
        rows = self.space.versions[self._project()]
        if rows:
            self.space.delete_version(self.random.choice(rows)["id"])

    def _rename_status(self) -> None:
        project = self._project()
        row = self.random.choice(self.space.statuses[project])
        masters.rename_status(self.space, self._key(project), row["id"], self._new_name())

    def _delete_status(self) -> None:
        project = self._project()
        own = [row["id"] for row in self.space.statuses[project] if row["id"] > 4]
        if own:
            masters.delete_status(self.space, self._key(project), self.random.choice(own), 1)

    def _rename_issue_type(self) -> None:
        project = self._project()
        row = self.random.choice(self.space.issue_types[project])
        masters.rename_issue_type(self.space, self._key(project), row["id"], self._new_name())

    def _rename_category(self) -> None:
        project = self._project()
        if self.space.categories[project]:
            row = self.random.choice(self.space.categories[project])
            masters.rename_category(self.space, self._key(project), row["id"], self._new_name())

    def _delete_category(self) -> None:
        project = self._project()
        if self.space.categories[project]:
            row = self.random.choice(self.space.categories[project])
            masters.delete_category(self.space, self._key(project), row["id"])

    def _rename_user(self) -> None:
        masters.rename_user(self.space, self.random.choice(sorted(self.space.users)), self._new_name())

    def _rename_custom_field(self) -> None:
        project = self._project()
        if self.space.custom_fields[project]:
            row = self.random.choice(self.space.custom_fields[project])
            masters.rename_custom_field(self.space, self._key(project), row["id"], self._new_name())

    def _delete_custom_field(self) -> None:
        project = self._project()
        if self.space.custom_fields[project]:
            row = self.random.choice(self.space.custom_fields[project])
            masters.delete_custom_field(self.space, self._key(project), row["id"])

    def _archive(self) -> None:
        key = self._key(self._project())
        self.space.archive_project(key, archived=self.random.random() < 0.5)

    def _lose(self) -> None:
        if len(self.space.hidden) < 2:
            self.space.hide_project(self._key(self._project()))

    def _regain(self) -> None:
        if self.space.hidden:
            self.space.hide_project(self._key(self.random.choice(sorted(self.space.hidden))), hidden=False)

    def _refuse(self) -> None:
        project = self._project()
        self.space.refuse_project(self._key(project), status=200 if project in self.space.refused else 403)


KINDS = sorted(
    name[1:]
    for name in vars(Weather)
    if name.startswith("_")
    and not name.startswith("__")
    and name not in ("_issue", "_some", "_project", "_key", "_new_name")
)
"""Everything that may happen."""

STEADY = [kind for kind in KINDS if kind != "refuse"]
"""Without what keeps tables from being loaded at all."""
