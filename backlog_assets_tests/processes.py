"""Real other processes for tests: writers that can be killed, and somebody else's program that holds the file."""

import multiprocessing
import select
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from backlog_assets.io_manager import BacklogDuckDBIOManager, WholeOrNothingIOManager

WAIT_SECONDS = 60
"""Nothing here takes this long; who waits longer waits for something that will not come."""


def started(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python process that runs `script` with `sys.argv[1:]` as given. What it prints can be read line by line."""
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )


def said(process: subprocess.Popen[str]) -> str:
    """The next line of its output."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], WAIT_SECONDS)
    line = process.stdout.readline().strip() if ready else ""
    if not line:
        process.kill()
        raise AssertionError(f"The process said nothing. {process.communicate()[1]}")
    return line


def ended(process: subprocess.Popen[str]) -> str:
    """Waits for the end of a process that must succeed; returns what else it printed."""
    output, errors = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 0, errors
    return output


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=WAIT_SECONDS)


HOLDER = """
    import sys, duckdb
    connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read_only")
    print("open", flush=True)
    sys.stdin.readline()
    connection.close()
"""


@contextmanager
def foreign_holder(database: Path, mode: str = "read_write") -> Iterator[subprocess.Popen[str]]:
    """Somebody else's program that has opened the file, until `lets_go` or the end of the block."""
    process = started(HOLDER, database, mode)
    try:
        assert said(process) == "open"
        yield process
    finally:
        killed(process)


def lets_go(process: subprocess.Popen[str]) -> None:
    """Tells a foreign holder to close the file, and waits until it has."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    process.wait(timeout=WAIT_SECONDS)


def opens(database: Path) -> None:
    """Another process opens the file for writing, at once; fails where somebody still holds it."""
    ended(started("import sys, duckdb; duckdb.connect(sys.argv[1]).close()", database))


IMPORTED_BEFORE = [
    "backlog_assets_tests.direct",
    "backlog_assets_tests.processes",
    "backlog_assets_tests.moving_space",
    "dagster._core.instance.factory",
    "dagster._core.launcher.sync_in_memory_run_launcher",
    "dagster._core.storage.event_log.in_memory",
    "dagster._core.storage.noop_compute_log_manager",
    "dagster._core.storage.root",
    "dagster._core.storage.runs.in_memory",
    "dagster._core.storage.schedules",
    "backlog_assets_tests.alerting",
    "pytest",
]
"""What a process would need half a second for; Dagster imports most of it when the first context is made."""

LETTERS = [f"{letter}'s" for letter in "abcdefgh"]
PARTITIONS = dg.StaticPartitionsDefinition(LETTERS)
ROWS = 20_000
"""Enough rows for a write that takes long enough to be killed in the middle."""


def forked(work: Any, *arguments: Any) -> tuple[ForkServerProcess, Connection]:
    """A process of its own that runs `work(*arguments, connection)`, started fast: the imports are done before."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED_BEFORE)
    here, there = context.Pipe()
    process = context.Process(target=work, args=(*arguments, there), daemon=True)
    process.start()
    there.close()
    return process, here


def heard(connection: Connection) -> Any:
    """What the process says next."""
    assert connection.poll(WAIT_SECONDS), "The process said nothing."
    return connection.recv()


def manager_of(database: str, wait_seconds: float = WAIT_SECONDS) -> Any:
    """The IO manager as a run has it, without Dagster's half second to make a context for it."""
    manager = BacklogDuckDBIOManager(database=database, wait_seconds=wait_seconds)
    return WholeOrNothingIOManager(manager.warehouse(), schema=None)


def write_generation(manager: Any, partition: str | None, generation: int, rows: int = ROWS) -> None:
    """Replaces table `s.t`, or a partition of it, by rows that all say the same number. Every third one has a column
    more, every second one a large text, so that tables are altered and rows moved as well."""
    columns: dict[str, Any] = {"p": partition or LETTERS[0], "generation": generation, "row": range(rows)}
    if generation % 2:
        columns["text"] = "x" * (1 + generation % 40)
    if generation % 3 == 0:
        columns[f"more_{generation}"] = 1.5
    context: dict[str, Any] = {}
    if partition is not None:
        context = {
            "partition_key": partition,
            "asset_partitions_def": PARTITIONS,
            "definition_metadata": {"partition_expr": "p"},
        }
    manager.handle_output(dg.build_output_context(asset_key=["s", "t"], **context), pd.DataFrame(columns))


def write_until_killed(database: str, partition: str | None, generation: int, told: Connection) -> None:
    """Writes one generation after the other and says the number of each that is written."""
    manager = manager_of(database)
    while True:
        write_generation(manager, partition, generation)
        told.send(generation)
        generation += 1


def run_both_tables(database: str, letter: str, rounds: int, told: Connection) -> None:
    """Real runs, as many as `rounds`: a partition of the table all share, and a table of its own."""
    turns: list[int] = []

    @dg.asset(partitions_def=PARTITIONS, metadata={"partition_expr": "p"})
    def shared() -> pd.DataFrame:
        return pd.DataFrame({"p": [letter] * 3, "at": [turns[-1]] * 3})

    @dg.asset(name=f"own_{LETTERS.index(letter)}")
    def own() -> pd.DataFrame:
        return pd.DataFrame({"at": range(turns[-1] + 1)})

    manager = BacklogDuckDBIOManager(database=database, wait_seconds=WAIT_SECONDS)
    told.send("ready")
    told.recv()
    for turn in range(rounds):
        turns.append(turn)
        with dg.DagsterInstance.ephemeral() as instance:
            done = dg.materialize(
                [shared, own], resources={"io_manager": manager}, partition_key=letter, instance=instance
            )
        told.send(done.success)
