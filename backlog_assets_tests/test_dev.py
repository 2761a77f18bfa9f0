"""`dagster dev` for real: it shows the graph and the runs of a sync, and materializes a partition when asked to."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from backlog_assets.catalogue import ENDPOINTS, GROUPS
from backlog_assets.catalogue.table import names_of
from backlog_assets.history import TABLES
from backlog_assets_tests.dagster_dev import BIN, Ui, checkout_in, dagster_dev, environment


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project's files, in which some of the demo space was synced once."""
    folder = checkout_in(tmp_path_factory.mktemp("checkout"))
    command = [BIN / "backlog-assets", "sync", "--select", "issues,project_versions"]
    subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def ui(checkout: Path) -> Iterator[Ui]:
    with dagster_dev(checkout) as dev:
        yield dev.ui


def test_the_graph_is_shown(ui: Ui) -> None:
    nodes = ui.ask("{ assetNodes { assetKey { path } groupName isPartitioned kinds description } }")["assetNodes"]
    by_name = {node["assetKey"]["path"][-1]: node for node in nodes}
    assert set(by_name) == {name for one in ENDPOINTS for name in names_of(one)} | {mart.name for mart in TABLES}
    assert by_name["project_versions"]["isPartitioned"]
    assert not by_name["issues"]["isPartitioned"]
    assert sorted(by_name["issues"]["kinds"]) == ["backlog", "duckdb"]
    assert {node["groupName"] for node in nodes} == {f"{at}_{group}" for at, group in enumerate(GROUPS, start=1)}


def test_the_runs_of_a_sync_are_shown(ui: Ui) -> None:
    runs = ui.ask("{ runsOrError { ... on Runs { results { status tags { key value } } } } }")["runsOrError"]["results"]
    synced = [run for run in runs if {"key": "backlog/launched_by", "value": "backlog-assets sync"} in run["tags"]]
    assert [run["status"] for run in synced] == ["SUCCESS"] * 3


def test_a_partition_is_materialized_from_the_ui(ui: Ui, checkout: Path) -> None:
    run_id = ui.launch("__ASSET_JOB", "project_versions", tags={"dagster/partition": "APP"})
    assert ui.wait_for(run_id) == "SUCCESS", (checkout / "dev.log").read_text(errors="replace")[-3000:]
    with duckdb.connect(str(checkout / "data" / "demo.duckdb"), read_only=True) as connection:
        noted = connection.execute(
            "SELECT table_name, projects, requests FROM backlog_ops.loads WHERE run_id = ?", [run_id]
        ).fetchall()
    assert noted == [("project_versions", 1, 1)]


def test_nothing_of_ours_is_warned_of(ui: Ui, checkout: Path) -> None:
    log = (checkout / "dev.log").read_text(errors="replace")
    assert "Serving dagster-webserver" in log
    ours = [line for line in log.splitlines() if "backlog_assets" in line and ("arning" in line or "ERROR" in line)]
    assert ours == []
