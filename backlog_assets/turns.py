"""Locks by which processes know of each other: whose turn it is, and which runs are at work. Knows no Dagster.

The locks are files in a folder that the processes share, and belong to the process: the system frees them at the very
moment in which it ends, however it ends. So nobody waits for the dead, and who is dead is known for sure.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

TURNS, AT_WORK = "turns", "at_work"
"""Folders of the lock files: one file a concurrency pool, one a run."""

POLL_SECONDS = 0.1
"""How often somebody who waits for a turn looks."""

_kept: dict[str, FileLock] = {}
"""Locks that this process holds until it ends, by run id."""


@contextmanager
def turn(folder: Path, pool: str, waiting: Callable[[], None]) -> Generator[None]:
    """While inside, nobody else has the turn in this pool. `waiting` is called once where somebody else has it now."""
    lock = _lock(folder / TURNS / f"{pool}.lock")
    if not _taken(lock):
        waiting()
        lock.acquire(poll_interval=POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def at_work(folder: Path, run_id: str) -> Generator[None]:
    """While inside, others can tell that the run is being worked on by a process that lives."""
    lock = _locked(folder, run_id)
    try:
        yield
    finally:
        forget(folder, run_id)
        lock.release()


def at_work_until_the_end(folder: Path, run_id: str) -> None:
    """As `at_work`, until this process ends: for a process that does nothing but this run.

    The run's last event is written when its steps are over. Who looked in between would take it for lost.
    """
    if run_id not in _kept:
        _kept[run_id] = _locked(folder, run_id)


def is_lost(folder: Path, run_id: str) -> bool | None:
    """Whether the process that worked on the run is gone; None where no process has said that it works on it."""
    path = _at_work(folder, run_id)
    if not path.exists():
        return None
    lock = _lock(path)
    if not _taken(lock):
        return False
    lock.release()
    return True


def forget(folder: Path, run_id: str) -> None:
    """Removes what a lost run has left behind."""
    _at_work(folder, run_id).unlink(missing_ok=True)


def runs_noted(folder: Path) -> list[str]:
    """Ids of the runs that have left a file behind, whether at work, over or lost."""
    return sorted(path.stem for path in (folder / AT_WORK).glob("*.lock"))


def _at_work(folder: Path, run_id: str) -> Path:
    return folder / AT_WORK / f"{run_id}.lock"


def _locked(folder: Path, run_id: str) -> FileLock:
    """The run's lock, held. The file gets its name when it is locked: nobody sees it before and thinks it is lost."""
    path = _at_work(folder, run_id)
    fresh = path.with_suffix(".new")
    lock = _lock(fresh)
    lock.acquire()
    fresh.replace(path)
    return lock


def _lock(path: Path) -> FileLock:
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def _taken(lock: FileLock) -> bool:
    """Takes the lock where nobody has it."""
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True
