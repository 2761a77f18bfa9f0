"""What tests of the checks share: a loaded demo space to spoil and mend, and runs with every check in them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from duckdb import DuckDBPyConnection
from filelock import FileLock

from backlog_assets.assets import build_assets
from backlog_assets.catalogue import ENDPOINTS, Endpoint
from backlog_assets.catalogue.table import Table, tables_of
from backlog_assets.checks import build_checks
from backlog_assets.checks.build import findings_of, rules_of
from backlog_assets.checks.findings import Finding, Scene
from backlog_assets.checks.rules import Rule
from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.specs import IO_MANAGER, Options, asset_key
from backlog_assets.sync import QUIET
from backlog_assets.warehouse import Warehouse
from backlog_assets_tests.conftest import World

TABLES = {table.name: (endpoint, table) for endpoint in ENDPOINTS for table in tables_of(endpoint)}


def cases(*rules: Rule) -> list[Any]:
    """Every table (as its endpoint and itself) of these rules, for parametrize; named after them."""
    return [
        pytest.param(endpoint, table, rule, id=f"{table.name}-{rule.name}")
        for endpoint in ENDPOINTS
        for table, rule in rules_of(endpoint)
        if rule in rules
    ]


def loaded_space(folder: Path) -> Warehouse:
    """The warehouse of a small demo space in which everything was loaded, opt-in tables too.

    It is loaded once a test run, by the first process that needs it, and copied into the `folder` of a factory's.
    """
    root = folder.parent.parent if "PYTEST_XDIST_WORKER" in os.environ else folder.parent
    kept = root / "loaded"
    with FileLock(root / "loaded.lock"):
        if not kept.exists():
            fresh = root / "loaded.new"
            fresh.mkdir()
            with DemoServer(DemoSpace(issues=80)) as server, dg.DagsterInstance.ephemeral() as instance:
                assert not World(fresh, server, instance).sync(*(one.name for one in ENDPOINTS)).failures
            fresh.rename(kept)
    return Warehouse(shutil.copy(kept / "space.duckdb", folder))


class Spoiled:
    """A loaded space inside a transaction that is rolled back: what a test does to it is gone with the test."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self.connection = connection
        self.now = datetime.now(timezone.utc)
        self.only: Sequence[str] | None = None

    def do(self, sql: str, *values: Any) -> None:
        self.connection.execute(sql, list(values))

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, list(values)).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        [[found]] = self.rows(sql, *values)
        return found

    @property
    def scene(self) -> Scene:
        return Scene(self.connection, "backlog", self.now, only=self.only)

    def find(self, rule: Rule, table: str) -> Finding:
        endpoint, found = TABLES[table]
        return self.look(rule, endpoint, found)

    def look(self, rule: Rule, endpoint: Endpoint, table: Table) -> Finding:
        return findings_of(self.scene, endpoint, table, rule)


@contextmanager
def opened(warehouse: Warehouse) -> Iterator[DuckDBPyConnection]:
    """A connection for the tests of a whole module; opening one takes longer than most of them."""
    with warehouse.connection() as connection:
        connection.execute("SET search_path = 'backlog,backlog_ops'")
        yield connection


@contextmanager
def spoiled(connection: DuckDBPyConnection) -> Iterator[Spoiled]:
    connection.execute("BEGIN")
    try:
        yield Spoiled(connection)
    finally:
        connection.execute("ROLLBACK")


def definitions(world: World, options: Options | None = None, *more: Any) -> dg.Definitions:
    """The world's definitions with every check; `more` are further assets."""
    options = options or Options()
    return dg.Definitions(
        assets=[*build_assets(options), *more],
        asset_checks=build_checks(options),
        resources={"backlog": world.backlog, IO_MANAGER: world.io_manager},
        executor=dg.in_process_executor,
    )


def run_checks(world: World, *checks: tuple[str, str], fails: bool = False) -> dg.ExecuteInProcessResult:
    """A run of these checks (table, name) and of nothing else."""
    keys = [dg.AssetCheckKey(asset_key(table), name) for table, name in checks]
    made = dg.Definitions(
        asset_checks=[one for one in build_checks() if set(keys) & set(one.check_keys)],
        resources={"backlog": world.backlog, IO_MANAGER: world.io_manager},
        executor=dg.in_process_executor,
        jobs=[dg.define_asset_job("some_checks", selection=dg.AssetSelection.checks(*keys))],
    )
    result = made.resolve_job_def("some_checks").execute_in_process(
        instance=world.instance, run_config=QUIET, raise_on_error=False
    )
    assert result.success is not fails
    return result


def evaluations(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
    """(table, check) -> what came of it in a run."""
    return {(one.asset_key.path[-1], one.check_name): one for one in result.get_asset_check_evaluations()}


def metadata_of(evaluation: dg.AssetCheckEvaluation) -> dict[str, Any]:
    return {name: value.value for name, value in evaluation.metadata.items()}
