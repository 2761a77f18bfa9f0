"""How far a load has come, for whoever is watching: the terminal of `sync`, or nobody. Knows nothing of the product."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

Watcher: TypeAlias = Callable[[str, int, "int | None", bool], None]
"""Told of a table, what has been done, how much there is in all (where that is known), and whether it is over."""

_watcher: ContextVar[Watcher | None] = ContextVar("backlog_assets_progress", default=None)


def report(table: str, done: int, total: int | None = None) -> None:
    """Tells the watcher, if there is one, that `done` of `total` records or projects of a table have been read."""
    watcher = _watcher.get()
    if watcher is not None:
        watcher(table, done, total, False)


def finished(table: str, rows: int) -> None:
    """Tells the watcher, if there is one, that a table has been written and holds `rows`."""
    watcher = _watcher.get()
    if watcher is not None:
        watcher(table, rows, rows, True)


@contextmanager
def watched(watcher: Watcher) -> Generator[None]:
    """While inside, what this thread reports goes to `watcher`."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)
