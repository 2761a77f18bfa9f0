"""A world for a test: a demo space over real loopback HTTP, a warehouse of its own, a run history of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from backlog_assets.assets import build_assets
from backlog_assets.catalogue import ENDPOINTS
from backlog_assets.catalogue.table import names_of
from backlog_assets.client import BacklogClient
from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.io_manager import BacklogDuckDBIOManager
from backlog_assets.partitions import NAME, RANGE_END, RANGE_START, apply_changes
from backlog_assets.resources import BacklogResource
from backlog_assets.specs import IO_MANAGER, asset_key
from backlog_assets.sync import QUIET, Outcome, sync


@dataclass
class World:
    """A demo space and everything that loads it, in one folder. `settings` are fields of the resource."""

    folder: Path
    server: DemoServer
    instance: dg.DagsterInstance
    settings: dict[str, Any] = field(default_factory=dict)
    wait_seconds: float = 5.0
    raw_days: int = 0
    keep_raw: bool = False

    @property
    def space(self) -> DemoSpace:
        return self.server.space

    @property
    def database(self) -> Path:
        return self.folder / "space.duckdb"

    @property
    def backlog(self) -> BacklogResource:
        given = {"space": self.server.url, "api_key": self.server.api_key, "spool_folder": str(self.folder / "spool")}
        return BacklogResource(**{**given, **self.settings})

    @property
    def io_manager(self) -> BacklogDuckDBIOManager:
        return BacklogDuckDBIOManager(
            database=str(self.database),
            schema="backlog",
            wait_seconds=self.wait_seconds,
            raw_folder=str(self.folder / "raw") if self.keep_raw else "",
            raw_days=self.raw_days,
        )

    @property
    def definitions(self) -> dg.Definitions:
        return dg.Definitions(
            assets=build_assets(),
            resources={"backlog": self.backlog, IO_MANAGER: self.io_manager},
            executor=dg.in_process_executor,
        )

    def load(
        self,
        *tables: str,
        projects: Sequence[str] = (),
        config: Mapping[str, Any] | None = None,
        fails: bool = False,
    ) -> dg.ExecuteInProcessResult:
        """Materializes the endpoints of these tables in one run, of these projects in one range."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        names = [name for one in ENDPOINTS if set(names_of(one)) & set(tables) for name in names_of(one)]
        result = job.execute_in_process(
            instance=self.instance,
            asset_selection=[asset_key(name) for name in names],
            run_config={**QUIET, **(config or {})},
            tags={RANGE_START: projects[0], RANGE_END: projects[-1]} if projects else None,
            raise_on_error=not fails,
        )
        assert result.success is not fails
        return result

    def load_projects(self, *tables: str, fails: bool = False) -> dg.ExecuteInProcessResult:
        """Loads `projects`, brings the partitions in line, and loads the tables for all of them."""
        self.load("projects")
        apply_changes(
            self.instance,
            [key for [key] in self.rows("SELECT project_key FROM projects WHERE _deleted_at IS NULL ORDER BY id")],
        )
        return self.load(*tables, projects=self.instance.get_dynamic_partitions(NAME), fails=fails)

    def sync(self, *names: str, full: bool = False, only: Sequence[str] | None = None) -> Outcome:
        return sync(self.definitions, self.instance, self.io_manager, names=names, full=full, only=only)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The answer of a query; tables need no schema in front."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET search_path = 'backlog,backlog_ops'")
            return connection.execute(sql, list(values)).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        [[found]] = self.rows(sql, *values)
        return found

    def failures(self, result: dg.ExecuteInProcessResult) -> dict[str, str]:
        """What the failed steps of a run say."""
        found: dict[str, str] = {}
        for event in result.all_events:
            if event.is_step_failure:
                failure = event.step_failure_data
                assert failure.user_failure_data is not None, failure.error
                found[str(event.step_key)] = str(failure.user_failure_data.description)
        return found

    def metadata(self, result: dg.ExecuteInProcessResult, table: str, partition: str | None = None) -> dict[str, Any]:
        """Metadata of the one materialization of a table (or of a partition of it) in a run."""
        [found] = [
            one.metadata
            for one in result.get_asset_materialization_events()
            for one in [one.step_materialization_data.materialization]
            if one.asset_key == asset_key(table) and one.partition == partition
        ]
        return {name: value.value for name, value in found.items()}


@pytest.fixture
def build_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Builds worlds; keywords go to the demo space, `server` to the demo server, `settings` to the resource."""
    with ExitStack() as stack:

        def build(
            *, server: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None, **space: Any
        ) -> World:
            folder = tmp_path / f"world{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            made = DemoSpace(**{"issues": 40, **space})
            running = stack.enter_context(DemoServer(made, **(server or {})))
            instance = stack.enter_context(dg.DagsterInstance.ephemeral())
            return World(folder, running, instance, dict(settings or {}))

        yield build


@pytest.fixture
def world(build_world: Callable[..., World]) -> World:
    """A small demo space."""
    return build_world()


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Clients do not sleep between tries; the seconds they would have slept are listed."""
    slept: list[float] = []
    defaults = BacklogClient.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "sleep", slept.append)
    return slept


def asked(world: World, path: str) -> int:
    """How often a path was asked for."""
    return sum(request.path == path for request in world.server.requests)


LONGEST = (
    "test_unattended",
    "test_cli",
    "test_replay",
    "test_people_loads",
    "test_browser_ui",
    "test_dev",
    "test_secrets",
)
"""Files that take longest: they begin first, so that no process is left with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest files in front; the order within a file stays."""
    place = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))
