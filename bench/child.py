"""One load in a process of its own, measured from within. Knows no contender by name."""

import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from bench.contenders import Load
from bench.job import Job, Row

LOG = "output.txt"
"""File in the job's folder that gets what the contender prints; it is shown when a load fails."""


@dataclass(frozen=True)
class Cost:
    """What one load took, and what it loaded.

    `start_seconds` is what came before it and is not in `wall_seconds`: imports, definitions, an empty run history.
    `cpu_seconds` are those of the load, child processes included; `peak_mib` is the process's highest resident memory
    from its very start on, so the imports are in it; `rounds` adds that of its child processes.
    """

    start_seconds: float
    wall_seconds: float
    cpu_seconds: float
    peak_mib: float
    ids: list[int]
    rows: dict[str, int]
    held: list[Row]


def measure(pipe: Connection, contender: Callable[[Job], Load], job: Job) -> None:
    """Loads and sends its `Cost`; what the contender does afterwards to tell what it loaded is not measured."""
    os.chdir(job.folder)
    output = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())
    begun = time.perf_counter()
    load = contender(job)
    started, cpu = time.perf_counter(), _cpu_seconds()
    load.act()
    wall, cpu = time.perf_counter() - started, _cpu_seconds() - cpu
    peak = _peak_mib()
    pipe.send(Cost(started - begun, wall, cpu, peak, load.ids(), load.rows(), load.held()))


def _cpu_seconds() -> float:
    """User and system time of this process and of its child processes that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak_mib() -> float:
    """Highest resident memory so far. Linux lets a new program inherit `ru_maxrss` of the one it was started by."""
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024
