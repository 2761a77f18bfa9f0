"""Ticks killed with SIGKILL at any moment: each failure and each recovery still arrives, under one delivery id."""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from backlog_assets_tests.alerting import Project, failing, heard, kept_instance, one_tick
from backlog_assets_tests.processes import WAIT_SECONDS, forked
from backlog_assets_tests.processes import heard as said
from backlog_assets_tests.scripted import Asked, ScriptedServer

ROUNDS = 6


def tick_and_kill(home: Path, url: str, after_seconds: float) -> None:
    """Starts a tick and kills its process that long after it has begun, or later than it has ended."""
    process, connection = forked(one_tick, str(home), url)
    assert said(connection) == "begins"
    time.sleep(after_seconds)
    process.kill()
    process.join(WAIT_SECONDS)
    connection.close()


def whole_tick(home: Path, url: str) -> str:
    process, connection = forked(one_tick, str(home), url)
    assert said(connection) == "begins"
    summary = said(connection)
    process.join(WAIT_SECONDS)
    connection.close()
    return summary


def deliveries(server: ScriptedServer) -> Counter[str]:
    """How many deliveries of each kind arrived; the same id counts once, as its receiver would see to."""
    return Counter({one["delivery_id"]: one["event"] for one in heard(server)}.values())


def test_ticks_killed_at_random_moments_miss_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    seed = random.randrange(1_000_000)
    rng = random.Random(seed)
    with ScriptedServer([{"ok": True}], slow=0.02) as server:
        url = f"{server.address}/alerts"
        for turn in range(ROUNDS):
            with kept_instance(tmp_path / "home") as instance:
                Project(instance, checks={} if turn % 2 else {"issues": failing()}).run("issues")
            for _ in range(2):
                tick_and_kill(tmp_path / "home", url, rng.uniform(0, 0.12))
            whole_tick(tmp_path / "home", url)
            expected = Counter({"failing": turn // 2 + 1, "recovered": (turn + 1) // 2})
            assert deliveries(server) == +expected, f"seed {seed}, round {turn}"
        assert whole_tick(tmp_path / "home", url) == "New messages: 0; deliveries sent: 0; waiting: 0."


def test_a_tick_killed_between_sending_and_noting_it_sends_again_under_the_same_id(tmp_path: Path) -> None:
    victims: list[Any] = []

    def kill_first(asked: Asked) -> dict[str, bool]:
        if victims:
            os.kill(victims.pop().pid, signal.SIGKILL)
        return {"ok": True}

    with ScriptedServer(kill_first) as server:
        url = f"{server.address}/alerts"
        with kept_instance(tmp_path / "home") as instance:
            Project(instance, checks={"issues": failing()}).run("issues")
        process, connection = forked(one_tick, str(tmp_path / "home"), url)
        victims.append(process)
        assert said(connection) == "begins"
        process.join(WAIT_SECONDS)
        with pytest.raises(EOFError):
            connection.recv()
        assert whole_tick(tmp_path / "home", url) == "New messages: 0; deliveries sent: 1; waiting: 0."
        first, second = heard(server)
    assert first == second
    assert whole_tick(tmp_path / "home", url) == "New messages: 0; deliveries sent: 0; waiting: 0."
