"""`backlog-assets sync` beside others and killed: they take turns, and what was killed is in nobody's way."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from backlog_assets.demo import DemoServer, DemoSpace, Fault
from backlog_assets_tests.dagster_dev import BIN, checkout_in, environment


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(DemoSpace(issues=40)) as running:
        yield running


def sync(folder: Path, server: DemoServer) -> "subprocess.Popen[str]":
    environ = environment(
        BACKLOG_SPACE=server.url, BACKLOG_API_KEY=server.api_key, BACKLOG_DUCKDB=str(folder / "space.duckdb")
    )
    return subprocess.Popen(
        [BIN / "backlog-assets", "sync", "--select", "priorities,space"],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def asks_for(server: DemoServer, path: str, process: "subprocess.Popen[str]") -> None:
    while not any(request.path == path for request in server.requests):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)


def statuses(folder: Path) -> list[dg.DagsterRunStatus]:
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        return [run.status for run in instance.get_runs(ascending=True)]


def test_a_killed_sync_is_told_by_the_next_one_which_succeeds(
    server: DemoServer, tmp_path: Path, monkeypatch: Any
) -> None:
    folder = checkout_in(tmp_path / "checkout")
    monkeypatch.chdir(folder)
    server.faults[:] = [Fault("slow", path="/space", seconds=600)]
    assert statuses(folder) == []  # makes the run history, which two processes cannot do at once
    first = sync(folder, server)
    # `space` comes before `priorities`; its answer is awaited while the process dies.
    asks_for(server, "/users/myself", first)
    while dg.DagsterRunStatus.STARTED not in statuses(folder):
        time.sleep(0.05)
    first.kill()
    first.communicate(timeout=60)
    server.faults.clear()
    second = sync(folder, server)
    told, _ = second.communicate(timeout=100)
    assert second.returncode == 0, told
    assert "was killed; it is reported as failed." in told
    assert statuses(folder) == [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS]


def test_two_syncs_at_once_take_turns(server: DemoServer, tmp_path: Path, monkeypatch: Any) -> None:
    folder = checkout_in(tmp_path / "checkout")
    monkeypatch.chdir(folder)
    assert statuses(folder) == []  # makes the run history, which two processes cannot do at once
    server.faults[:] = [Fault("slow", path="/priorities", seconds=1.5)]
    both = [sync(folder, server) for _ in range(2)]
    told = [one.communicate(timeout=100)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    loads = [one.path for one in server.requests if one.path in ("/space", "/priorities")]
    assert loads in (["/space", "/priorities"] * 2, ["/priorities", "/space"] * 2)
    assert sum("Another run is sending requests (pool backlog_127_0_0_1" in text for text in told) == 1
