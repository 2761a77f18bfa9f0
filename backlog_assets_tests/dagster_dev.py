"""A real `dagster dev` for tests: a folder with the project's files, the process, and the UI's own API."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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

COMPUTE_LOGS_OFF = """compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""

LOCATION = """{ workspaceOrError { ... on Workspace { locationEntries { loadStatus
  locationOrLoadError { ... on RepositoryLocation { name repositories { name } } ... on PythonError { message } }
} } } }"""


class Ui:
    """The UI's own API, as the browser uses it."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.url = f"{self.address}/graphql"
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, query: str, **variables: Any) -> Any:
        answer = self.session.post(self.url, json={"query": query, "variables": variables}, timeout=30).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def wait_until_up(self) -> None:
        for _ in range(1_200):
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

    def launch(self, job: str, *tables: str, tags: Mapping[str, str] | None = None, config: Any = None) -> str:
        """Starts a job, or with `__ASSET_JOB` these tables, as a click on the launch button does. The run's id."""
        entry = self.ask(LOCATION)["workspaceOrError"]["locationEntries"][0]["locationOrLoadError"]
        selector = {
            "repositoryLocationName": entry["name"],
            "repositoryName": entry["repositories"][0]["name"],
            "pipelineName": job,
            "assetSelection": [{"path": ["backlog", table]} for table in tables] or None,
            "assetCheckSelection": None,
        }
        params = {
            "selector": selector,
            "mode": "default",
            "runConfigData": config or {},
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]},
        }
        launched = self.ask(LAUNCH, params=params)["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings of the product and of Dagster, but with these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BACKLOG_", "DAGSTER_"))}
    return {**kept, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}", **settings}


def checkout_in(folder: Path) -> Path:
    """Puts the files that `dagster dev` reads into a folder, as in a fresh checkout.

    But for one thing: what steps print is not captured. Dagster starts four processes a run for it, which a machine
    that runs many tests at once takes a minute for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "workspace.yaml", folder)
    settings = (ROOT / "dagster.yaml").read_text(encoding="utf-8")
    quiet, times = re.subn(r"(?m)^compute_logs:\n(?:  .*\n)+", COMPUTE_LOGS_OFF, settings)
    assert times == 1
    (folder / "dagster.yaml").write_text(quiet, encoding="utf-8")
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dev:
    """A `dagster dev` in a folder: it starts with the block and is gone after it; `kill` spares nobody."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.ui = Ui(self.port)
        self._environ = dict(environ or environment())
        self._log = (folder / "dev.log").open("ab")
        self.process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        command = [BIN / "dagster", "dev", "-p", str(self.port), "-h", "127.0.0.1"]
        return subprocess.Popen(
            command, cwd=self.folder, env=self._environ, stdout=self._log, stderr=self._log, start_new_session=True
        )

    @property
    def log(self) -> str:
        return (self.folder / "dev.log").read_text(errors="replace")

    def kill(self) -> None:
        """The whole process group is gone at once, as when the machine loses power."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def restart(self) -> None:
        """Starts it again in the same folder, at the same address, and waits until it is up."""
        self.process = self._started()
        self.ui.wait_until_up()

    def stop(self) -> None:
        if self._log.closed:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self._log.close()


@contextmanager
def dagster_dev(folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[Dev]:
    """`dagster dev` in `folder`, up and with its definitions loaded."""
    dev = Dev(folder, environ)
    try:
        dev.ui.wait_until_up()
        yield dev
    finally:
        dev.stop()
