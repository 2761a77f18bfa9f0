"""Real other processes for tests: writers that can be killed, and somebody else's program that holds the file."""

import select
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


def pause(seconds: float) -> None:
    time.sleep(seconds)
