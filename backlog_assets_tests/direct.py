"""Loads without a Dagster run around them: what an asset does, much faster, also in a process to be killed."""

from dataclasses import dataclass, field
from datetime import datetime, timezone
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb

from backlog_assets.catalogue import BY_NAME
from backlog_assets.catalogue.spec import Load
from backlog_assets.comment_reading import read_comments
from backlog_assets.incremental.reading import read_issues
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.reading import read_projects, read_space
from backlog_assets.resources import BacklogResource
from backlog_assets.spool import Spooled
from backlog_assets_tests.processes import manager_of

COMMENTS = "issue_comments"


@dataclass
class Direct:
    """A warehouse in `folder` that is loaded from the server at `url`. `settings` are fields of the resource."""

    folder: Path
    url: str
    key: str
    settings: dict[str, Any] = field(default_factory=dict)
    runs: int = 0

    @property
    def database(self) -> Path:
        return self.folder / "space.duckdb"

    @property
    def manager(self) -> WholeOrNothingIOManager:
        return manager_of(str(self.database))

    def load(self, *tables: str, full: bool = False) -> dict[str, Any]:
        """Loads these tables one after the other; returns what the last load has told."""
        told: dict[str, Any] = {}
        for table in tables:
            spooled, run = self.read(table, full=full)
            figures = self.manager.write(spooled, run)[table]
            told = {**spooled.notes, "requests": spooled.requests, "refused": spooled.refused}
            told |= {name: getattr(figures, name) for name in ("rows", "inserted", "updated", "deleted")}
        return told

    def read(self, table: str, *, full: bool = False) -> tuple[Spooled, str]:
        """Reads a table as its asset does, on the terms on which its asset goes on with a stopped load."""
        self.runs += 1
        run = f"run{self.runs}"
        endpoint, manager = BY_NAME[table], self.manager
        given = {"space": self.url, "api_key": self.key, "spool_folder": str(self.folder / "spool")}
        backlog = BacklogResource(**{**given, **self.settings})
        where = (backlog.client, endpoint, backlog.spools, backlog.space_name, run)
        try:
            if table == "issues":
                terms = backlog.terms(endpoint, manager.basis(endpoint))
                now = datetime.now(timezone.utc)
                where = (backlog.client, manager.warehouse, backlog.spools, backlog.space_name, run)
                return read_issues(*where, now=now, only=backlog.selected_projects, full=full, terms=terms), run
            if table == COMMENTS:
                wanted = manager.comments_wanted(only=backlog.selected_projects, full=full)
                return read_comments(*where, wanted, terms=backlog.terms(endpoint, manager.basis(endpoint))), run
            if endpoint.per_project:
                projects: dict[str, int | None] = dict(manager.project_ids())
                terms = backlog.terms(endpoint, manager.basis(endpoint, list(manager.project_ids().values())))
                return read_projects(*where, projects, terms=terms), run
            since = manager.last_id(table) if endpoint.load is Load.APPEND else None
            terms = backlog.terms(endpoint, manager.basis(endpoint))
            return read_space(*where, only=backlog.selected_projects, since_id=since, terms=terms), run
        finally:
            backlog.close()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The answer of a query; tables need no schema in front."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET search_path = 'backlog,backlog_ops'")
            return connection.execute(sql, list(values)).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        [[found]] = self.rows(sql, *values)
        return found


def load_in_a_process(place: Direct, table: str, told: Connection) -> None:
    """What a process does that may be killed: says that it begins, that it writes, and that it is done."""
    told.send("reading")
    spooled, run = place.read(table)
    told.send("writing")
    place.manager.write(spooled, run)
    told.send("done")
