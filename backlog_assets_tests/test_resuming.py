"""Loads that are killed, in real processes, at any moment: what they have asked is not asked again, and nothing of them
is in the tables."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets_tests.direct import COMMENTS, Direct, load_in_a_process
from backlog_assets_tests.processes import WAIT_SECONDS, forked, heard

FETCH_KILLS = 60
LOAD_KILLS = 50

LATEST_SECONDS = 0.004
"""A kill follows a request by up to this: before its answer is there, while it is kept, or while the next is asked."""


class Killing(list[Any]):
    """The server's list of requests, which kills a process some requests from now."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance
        self.left, self.victim = 0, 0

    def aim(self, victim: int, after: int) -> None:
        self.victim, self.left = victim, after

    def append(self, request: Any) -> None:
        super().append(request)
        self.left -= 1
        if self.victim and self.left == 0:
            victim, self.victim = self.victim, 0
            if self.chance.random() < 0.3:
                os.kill(victim, signal.SIGKILL)
            else:
                threading.Timer(self.chance.uniform(0, LATEST_SECONDS), os.kill, (victim, signal.SIGKILL)).start()


@contextmanager
def serving(chance: random.Random, **space: Any) -> Iterator[DemoServer]:
    server = DemoServer(DemoSpace(**space))
    server.requests = server.app.requests = Killing(chance)
    with server:
        yield server


def killed_again_and_again(
    place: Direct, server: DemoServer, table: str, *, kills: int, most: int, between: Callable[[], None] = lambda: None
) -> int:
    """Loads a table in processes that are killed some requests on, at most `most`, so many times or until it is done.

    Returns how many kills there were.
    """
    requests = server.requests
    assert isinstance(requests, Killing)
    for kill in range(kills):
        process, told = forked(load_in_a_process, place, table)
        assert heard(told) == "reading"
        assert process.pid is not None
        requests.aim(process.pid, requests.chance.randint(1, most))
        process.join(WAIT_SECONDS)
        requests.aim(0, 0)
        told.close()
        place.runs += 1
        if process.exitcode == 0:
            return kill
        assert process.exitcode == -signal.SIGKILL
        between()
    return kills


UNSTAMPED = "COLUMNS(c -> c NOT IN ('_loaded_at', '_deleted_at', 'read_at', 'at', 'loaded_at', 'run_id'))"
"""Every column but those that say when something was written; `_delete_evidence` says that a row is deleted."""


def contents(place: Direct, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the tables, but for when they were written; none where there is no such table."""
    with duckdb.connect(str(place.database), read_only=True) as connection:
        connection.execute("SET search_path = 'backlog,backlog_ops'")
        found = connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
        there = {table for [table] in found}
        return {
            table: connection.execute(f"SELECT {UNSTAMPED} FROM {table} ORDER BY ALL").fetchall()
            for table in tables
            if table in there
        }


OF_COMMENTS = (COMMENTS, "issue_comment_notifications", "issue_comment_stars", "comment_state")


def left_behind(place: Direct) -> list[Path]:
    return [path for path in (place.folder / "spool").rglob("*") if path.is_file()]


def test_comments_killed_at_any_request_cost_that_request_and_end_as_if_nothing_had_been(tmp_path: Path) -> None:
    chance = random.Random(20260505)
    with serving(chance, issues=180) as server:
        whole = Direct(tmp_path / "whole", server.url, server.api_key)
        whole.load("activities", "issues", COMMENTS)
        place = Direct(tmp_path / "killed", server.url, server.api_key)
        place.load("activities", "issues")
        server.requests.clear()
        kills = killed_again_and_again(place, server, COMMENTS, kills=FETCH_KILLS, most=4)
        assert kills >= 50
        assert place.rows("SELECT count(*) FROM information_schema.tables WHERE table_name = ?", COMMENTS) == [(0,)]
        done = place.load(COMMENTS)
        assert len(server.requests) <= 180 + kills
        assert done["requests"] < 180 - kills
        assert contents(place, *OF_COMMENTS) == contents(whole, *OF_COMMENTS)
        assert left_behind(place) == []
        server.requests.clear()
        assert place.load(COMMENTS)["requests"] == 0


def test_issues_killed_while_the_space_changes_lose_none_that_was_there_throughout(tmp_path: Path) -> None:
    chance = random.Random(20260506)
    with serving(chance, issues=1_450) as server:
        space = server.space
        key = next(iter(space.projects.values()))["projectKey"]
        throughout = set(space.issues)

        def change() -> None:
            for _ in range(3):
                issue_id = chance.choice(sorted(throughout))
                space.delete_issue(issue_id)
                throughout.discard(issue_id)
            space.create_issue(key)
            for _ in range(3):
                space.update_issue(chance.choice(sorted(throughout)), summary="changed", at=space.now + 60 * 60)
            requests = list(server.requests)
            place.load("activities")
            server.requests[:] = requests

        place = Direct(tmp_path / "killed", server.url, server.api_key)
        place.load("activities")
        newest = place.value("SELECT max(id)::VARCHAR FROM activities")
        server.requests.clear()
        kills = killed_again_and_again(place, server, "issues", kills=9, most=2, between=change)
        assert kills >= 6
        place.load("issues")
        ids = [issue_id for [issue_id] in place.rows("SELECT id FROM issues")]
        assert throughout <= set(ids)
        assert len(ids) == len(set(ids))
        # The count and 15 pages; a kill costs a request; for what came and went, a count and two pages at the end.
        assert len(server.requests) <= 16 + kills + 3
        assert left_behind(place) == []
        # The next load begins where the first of these began: what changed since is in its activities.
        cursor = "SELECT value FROM cursors WHERE table_name = 'issues' AND name = 'activity'"
        assert place.value(cursor) == newest
        place.load("activities", "issues")
        assert place.rows("SELECT id, summary FROM issues WHERE _deleted_at IS NULL ORDER BY id") == [
            (issue.id, issue.json()["summary"]) for issue in sorted(space.issues.values(), key=lambda one: one.id)
        ]


@pytest.mark.parametrize(("table", "requests"), [("project_components", 6), ("activities", 5)])
def test_other_loads_go_on_where_they_were_killed(tmp_path: Path, table: str, requests: int) -> None:
    chance = random.Random(20260507)
    with serving(chance, issues=40, projects=6, activities=450) as server:
        whole = Direct(tmp_path / "whole", server.url, server.api_key)
        whole.load("projects", table)
        place = Direct(tmp_path / "killed", server.url, server.api_key)
        place.load("projects")
        server.requests.clear()
        kills = killed_again_and_again(place, server, table, kills=4, most=2)
        assert kills >= 3
        place.load(table)
        assert len(server.requests) <= requests + kills
        assert contents(place, table) == contents(whole, table)


def test_a_load_killed_at_any_moment_of_its_transaction_is_wholly_in_the_tables_or_not_at_all(tmp_path: Path) -> None:
    chance = random.Random(20260508)
    with serving(chance, issues=40) as server:
        space = server.space
        place = Direct(tmp_path / "place", server.url, server.api_key)
        place.load("activities", "issues", COMMENTS)
        for issue_id in list(space.issues)[::2]:
            [*_, last] = space.comments(space.issues[issue_id]) or [None]
            if last:
                space.delete_comment(issue_id, last["id"])
            space.comment(issue_id, "one more")
        place.load("activities", "issues")
        before = contents(place, *OF_COMMENTS, "cursors")
        # Everything is read, and kept for whoever goes on.
        spooled, _ = place.read(COMMENTS)
        spooled.leave()
        start = tmp_path / "start"
        shutil.copytree(place.folder, start)
        server.requests.clear()
        began = time.monotonic()
        place.load(COMMENTS)
        seconds = time.monotonic() - began
        after = contents(place, *OF_COMMENTS, "cursors")
        assert after != before
        ended = {"old": 0, "new": 0}
        for kill in range(LOAD_KILLS):
            shutil.rmtree(place.folder)
            shutil.copytree(start, place.folder)
            process, told = forked(load_in_a_process, place, COMMENTS)
            assert [heard(told), heard(told)] == ["reading", "writing"]
            time.sleep(chance.uniform(0, seconds))
            process.kill()
            process.join(WAIT_SECONDS)
            found = contents(place, *OF_COMMENTS, "cursors")
            assert found in (before, after)
            ended["old" if found == before else "new"] += 1
            if kill % 5:
                continue
            # Who comes next finishes it, and asks for nothing in either case.
            place.load(COMMENTS)
            assert contents(place, *OF_COMMENTS, "cursors") == after
            assert left_behind(place) == []
        assert server.requests == []
        assert ended["old"]
