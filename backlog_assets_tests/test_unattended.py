"""`dagster dev` left alone with its schedules on: it loads the space, goes on loading it, and speaks up once.

The clock is set forward with libfaketime (Debian's package `faketime`), for `dagster dev` and everything it starts.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from backlog_assets.demo import DemoServer, DemoSpace, Fault
from backlog_assets.lost_runs import report_lost_runs
from backlog_assets.turns import runs_noted
from backlog_assets_tests.dagster_dev import Dev, checkout_in, environment

FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)

SLEEP = """import select, time
time.sleep = lambda seconds: select.select([], [], [], max(0, seconds)) and None
"""
"""Read by every Python that is started (`sitecustomize`). Python sleeps until an instant of the monotonic clock, which
libfaketime takes for one of its own and so refuses."""

RUNS = """{ runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }"""

pytestmark = [
    pytest.mark.skipif(
        FAKETIME is None and "BACKLOG_FAKETIME_REQUIRED" not in os.environ,
        reason="libfaketime is not installed: apt-get install faketime",
    ),
    pytest.mark.timeout(700),
]


class Clock:
    """A clock that is ahead of the machine's: what `dagster dev` takes for the time, and the demo space too."""

    def __init__(self, folder: Path, start: datetime) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(SLEEP, encoding="ascii")
        self._folder = folder
        self._file = folder / "ahead"
        self._ahead = start.timestamp() - time.time()
        self.forward(timedelta(0))

    def forward(self, by: timedelta) -> None:
        self._ahead += by.total_seconds()
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{self._ahead:+.0f}\n", encoding="ascii")
        fresh.replace(self._file)

    def __call__(self) -> float:
        return time.time() + self._ahead

    @property
    def environ(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(FAKETIME),
            "PYTHONPATH": str(self._folder),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


class Receiver:
    """A webhook receiver on loopback; what it got is in `got`."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name that http.server looks for
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/hook"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class Household:
    """A checkout, the space it loads, the receiver of its alerts, and the `dagster dev` left alone with them."""

    def __init__(self, folder: Path, clock: Clock, server: DemoServer, receiver: Receiver) -> None:
        self.folder, self.clock, self.server, self.receiver = folder, clock, server, receiver
        self.database = folder / "space.duckdb"
        self.environ = environment(
            **clock.environ,
            BACKLOG_SPACE=server.url,
            BACKLOG_API_KEY=server.api_key,
            BACKLOG_DUCKDB=str(self.database),
            BACKLOG_SCHEDULES="on",
            BACKLOG_TABLES="-wiki,-documents,-git,-user_stars,-watchings",
            BACKLOG_ALERT_WEBHOOK_URL=receiver.url,
        )
        self.dev = Dev(folder, self.environ)

    def runs(self) -> list[tuple[str, str]]:
        """Job and status of every run, the oldest first."""
        found = self.dev.ui.ask(RUNS)["runsOrError"]["results"]
        return [(run["jobName"], run["status"]) for run in reversed(found)]

    def wait_until(self, what: Callable[[], bool], seconds: float = 240) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, (self.runs(), self.receiver.got, self.dev.log[-4000:])
            time.sleep(0.2)

    def succeeded(self, *jobs: str) -> bool:
        runs = self.runs()
        return all((job, "SUCCESS") in runs for job in jobs)

    def dies_and_comes_back(self, *, after: timedelta) -> None:
        """Everything is killed at once; when it is started again, the clock has gone on."""
        self.dev.kill()
        self.clock.forward(after)
        self.dev.restart()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Household]:
    # Twenty past two at night in the space's time zone, Tokyo, on a Wednesday: masters are due at three.
    checkout = checkout_in(tmp_path / "checkout")
    with (checkout / "dagster.yaml").open("a") as settings:
        settings.write("run_queue: {dequeue_interval_seconds: 1}\n")
    day = datetime.now(timezone.utc).replace(hour=17, minute=20, second=0, microsecond=0)
    clock = Clock(tmp_path / "clock", day + timedelta(days=8 - day.weekday()))
    receiver = Receiver()
    with DemoServer(DemoSpace(issues=40), clock=clock) as server:
        household = Household(checkout, clock, server, receiver)
        try:
            household.dev.ui.wait_until_up()
            yield household
        finally:
            household.dev.stop()
            receiver.stop()


def test_left_alone_it_loads_the_space_and_new_projects_and_tells_once_what_fails_and_that_it_is_over(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A fresh checkout: everything is loaded, then each project.
    household.wait_until(lambda: household.succeeded("full_refresh_job"))
    household.clock.forward(timedelta(seconds=40))
    household.wait_until(lambda: household.succeeded("projects_job"))
    assert household.runs() == [("full_refresh_job", "SUCCESS"), ("projects_job", "SUCCESS")]
    assert household.receiver.got == []

    # An hour on: a new project, a field nobody knows, and Backlog so slow that the power fails in the middle of a load.
    household.server.space.add_project("NEW", "新規")
    household.server.faults[:] = [Fault("extra_field", path="/issues"), Fault("slow", path="/users", seconds=3600)]
    household.dies_and_comes_back(after=timedelta(hours=1))
    household.wait_until(lambda: ("space_job", "STARTED") in household.runs())
    household.server.faults[:] = household.server.faults[:1]
    household.dies_and_comes_back(after=timedelta(seconds=40))
    household.wait_until(lambda: household.succeeded("space_job", "issues_job"))
    household.clock.forward(timedelta(seconds=40))
    household.wait_until(lambda: household.runs().count(("projects_job", "SUCCESS")) == 2)
    household.wait_until(lambda: len(household.receiver.got) >= 1)

    # Another hour on, after another power failure: the field is gone again.
    household.server.faults.clear()
    household.dies_and_comes_back(after=timedelta(hours=1))
    household.wait_until(lambda: household.runs().count(("issues_job", "SUCCESS")) == 2)
    household.clock.forward(timedelta(seconds=40))
    household.wait_until(lambda: len(household.receiver.got) >= 2)

    runs = household.runs()
    household.dev.stop()
    failing, recovered = household.receiver.got
    assert (failing["event"], recovered["event"]) == ("failing", "recovered")
    assert failing["rule"] == recovered["rule"] == "no_unknown_fields"
    assert "issues" in [state["table"] for state in failing["states"]]
    assert runs.count(("space_job", "FAILURE")) == 1
    # Checks are looked at every hour; a kill may have met one of their runs.
    assert sorted(job for job, status in runs if status == "SUCCESS" and job != "checks_job") == sorted(
        ["full_refresh_job", "projects_job", "space_job", "projects_job", "issues_job", "issues_job"]
    )
    assert household.rows("SELECT count(*) > 0 FROM backlog.project_statuses WHERE project_key = 'NEW'") == [(True,)]
    # A run's lock file stays until somebody looks; who looks next leaves nothing behind.
    monkeypatch.chdir(household.folder)
    with dg.DagsterInstance.from_config(".") as instance:
        report_lost_runs(instance)
    assert runs_noted(Path(".dagster")) == []
