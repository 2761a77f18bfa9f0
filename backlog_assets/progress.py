"""How far a load has come, for whoever watches: a terminal, a run's log, or nobody. Knows nothing of the product."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Step:
    """Where the load of a table is: `done` of `total` records or projects (None: nobody knows how many there are).

    `is_over`: it is written, and `done` are its rows. `seconds_left` is None where that cannot be told.
    """

    table: str
    done: int
    total: int | None = None
    is_over: bool = False
    seconds_left: float | None = None


Watcher: TypeAlias = Callable[[Step], None]

_watcher: ContextVar[Watcher | None] = ContextVar("backlog_assets_progress", default=None)


def report(table: str, done: int, total: int | None = None) -> None:
    """Tells the watcher, if there is one, that `done` of `total` records or projects of a table have been read."""
    tell(Step(table, done, total))


def finished(table: str, rows: int) -> None:
    """Tells the watcher, if there is one, that a table has been written and holds `rows`."""
    tell(Step(table, rows, rows, is_over=True))


def tell(step: Step) -> None:
    watcher = _watcher.get()
    if watcher is not None:
        watcher(step)


@contextmanager
def watched(watcher: Watcher) -> Generator[None]:
    """While inside, what this thread reports goes to `watcher`."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


@contextmanager
def through(change: Callable[[Step], Step]) -> Generator[None]:
    """While inside, whoever watches outside is told what `change` makes of each step."""
    outer = _watcher.get()

    def pass_on(step: Step) -> None:
        changed = change(step)
        if outer is not None:
            outer(changed)

    with watched(pass_on):
        yield
