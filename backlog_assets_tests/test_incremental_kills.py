"""A load of what changed that is killed at any point leaves the tables as they were, or as they were to be."""

from __future__ import annotations

import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from backlog_assets_tests.moving_space import STEADY, TABLES, Follower, Weather, follow_once, following
from backlog_assets_tests.processes import WAIT_SECONDS, forked, heard

KILLS = 25
"""Times that a load is killed while it reads, and again while it writes; `test_resuming` has 60 and 50 more."""

HARMLESS = [kind for kind in STEADY if kind not in ("lose", "regain", "add_custom_field")]


def state(follower: Follower) -> list[Any]:
    """Everything that a load may change, `_loaded_at` and cursors included."""
    listed = [(table.name, "true") for table in TABLES]
    listed += [(name, "table_name = 'issues'") for name in ("cursors", "sync_state", "loads")]
    told = " UNION ALL ".join(
        f"SELECT '{name}', count(*), bit_xor(hash(t)) FROM {name} t WHERE {where}" for name, where in listed
    )
    return sorted(follower.rows(told))


def until_requests(number: int, follower: Follower) -> Callable[[Connection], None]:
    """Waits until the server has had so many more requests, or the load says that it has read all."""
    wanted = len(follower.server.requests) + number

    def wait(told: Connection) -> None:
        while len(follower.server.requests) < wanted and not told.poll(0.0005):
            continue

    return wait


def until_writing_for(seconds: float) -> Callable[[Connection], None]:
    def wait(told: Connection) -> None:
        assert heard(told) == "writes"
        told.poll(seconds)

    return wait


def killed_at(point: Callable[[Connection], None], follower: Follower) -> None:
    process, told = forked(follow_once, str(follower.folder), follower.server.url, follower.page)
    with told:
        point(told)
        end(process)


def end(process: ForkServerProcess) -> None:
    process.kill()
    process.join(WAIT_SECONDS)
    process.close()


def seconds_to_write(follower: Follower) -> float:
    process, told = forked(follow_once, str(follower.folder), follower.server.url, follower.page)
    with told:
        assert heard(told) == "writes"
        began = time.monotonic()
        assert heard(told) == "done"
        took = time.monotonic() - began
        end(process)
    return took


@pytest.mark.timeout(300)
@pytest.mark.parametrize("when", ["reading", "writing"])
def test_a_load_killed_anywhere_changes_all_or_nothing_and_the_next_one_makes_good(tmp_path: Path, when: str) -> None:
    with following(tmp_path, page=7, issues=60) as follower:
        follower.sync()
        weather, random = Weather(follower.server.space, 5), Random(11)
        took = seconds_to_write(follower)
        before, whole = state(follower), 0
        for turn in range(KILLS):
            for _ in range(random.randint(1, 3)):
                weather.blow(HARMLESS)
            if turn % 4 == 0:
                follower.load("activities")
            killed_at(
                until_requests(random.randint(0, 9), follower)
                if when == "reading"
                else until_writing_for(random.uniform(0, 1.2 * took)),
                follower,
            )
            after = state(follower)
            if after != before:
                changed = {old[0] for old, new in zip(before, after, strict=True) if old != new}
                assert {"cursors", "sync_state", "loads"} <= changed, "all of it, or nothing"
                whole += 1
            before = after
        assert when == "reading" or 0 < whole < KILLS, "killed before the end of some loads, and after that of others"
        assert when == "writing" or whole < KILLS * 0.8, "most are killed while they read"
        follower.sync()
        fresh = Follower(tmp_path, follower.server, "fresh")
        fresh.load_issues(full=True)
        assert follower.live() == fresh.live()
