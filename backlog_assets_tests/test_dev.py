"""`dagster dev` for real: it shows the graph and the runs of a sync, and materializes a partition when asked to."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""


class Ui:
    """The UI's own API, as the browser uses it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/graphql"
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, query: str, **variables: Any) -> Any:
        answer = self.session.post(self.url, json={"query": query, "variables": variables}, timeout=30).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def wait_until_up(self) -> None:
        for _ in range(600):
            try:
                found = self.ask("{ workspaceOrError { ... on Workspace { locationEntries { loadStatus } } } }")
                if [one["loadStatus"] for one in found["workspaceOrError"]["locationEntries"]] == ["LOADED"]:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.1)
        raise AssertionError("dagster dev did not come up")

    def run_status(self, run_id: str) -> str:
        return str(
            self.ask("query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }", id=run_id)["runOrError"][
                "status"
            ]
        )

    def wait_for(self, run_id: str) -> str:
        for _ in range(900):
            status = self.run_status(run_id)
            if status in ("SUCCESS", "FAILURE", "CANCELED"):
                return status
            time.sleep(0.1)
        raise AssertionError(f"run {run_id} did not end")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project's files, in which the demo space was synced once."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / name, folder)
    subprocess.run([BIN / "backlog-assets", "sync"], cwd=folder, env=environment(), check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def ui(checkout: Path) -> Iterator[Ui]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [BIN / "dagster", "dev", "-p", str(port), "-h", "127.0.0.1"]
    log = (checkout / "dev.log").open("wb")
    dev = subprocess.Popen(command, cwd=checkout, env=environment(), stdout=log, stderr=log, start_new_session=True)
    try:
        served = Ui(port)
        served.wait_until_up()
        yield served
    finally:
        dev.send_signal(signal.SIGINT)
        try:
            dev.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(dev.pid, signal.SIGKILL)
        log.close()


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BACKLOG_", "DAGSTER_"))}
    return {**kept, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}


def test_the_graph_is_shown(ui: Ui) -> None:
    nodes = ui.ask("{ assetNodes { assetKey { path } groupName isPartitioned kinds description } }")["assetNodes"]
    by_name = {node["assetKey"]["path"][-1]: node for node in nodes}
    assert len(by_name) == 27
    assert by_name["project_versions"]["isPartitioned"]
    assert not by_name["issues"]["isPartitioned"]
    assert sorted(by_name["issues"]["kinds"]) == ["backlog", "duckdb"]
    assert {node["groupName"] for node in nodes} == {"space", "people", "projects", "issues", "activity"}


def test_the_runs_of_a_sync_are_shown(ui: Ui) -> None:
    runs = ui.ask("{ runsOrError { ... on Runs { results { status tags { key value } } } } }")["runsOrError"]["results"]
    synced = [run for run in runs if {"key": "backlog/launched_by", "value": "backlog-assets sync"} in run["tags"]]
    assert [run["status"] for run in synced] == ["SUCCESS", "SUCCESS"]


def test_a_partition_is_materialized_from_the_ui(ui: Ui, checkout: Path) -> None:
    loaded = "locationOrLoadError { ... on RepositoryLocation { name repositories { name } } }"
    found = ui.ask("{ workspaceOrError { ... on Workspace { locationEntries { LOADED } } } }".replace("LOADED", loaded))
    location = found["workspaceOrError"]["locationEntries"][0]["locationOrLoadError"]
    selector = {
        "repositoryLocationName": location["name"],
        "repositoryName": location["repositories"][0]["name"],
        "pipelineName": "__ASSET_JOB",
        "assetSelection": [{"path": ["backlog", "project_versions"]}],
        "assetCheckSelection": [],
    }
    params = {
        "selector": selector,
        "mode": "default",
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": "APP"}]},
    }
    launched = ui.ask(LAUNCH, params=params)["launchPipelineExecution"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run_id = launched["run"]["runId"]
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
