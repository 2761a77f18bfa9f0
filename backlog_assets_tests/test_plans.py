"""The rate limits of the free and the paid plan, minute by minute: never over, and hardly slower than they allow."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets_tests.conftest import World
from backlog_assets_tests.plans import START, Clock, Rolling, Watched, ideal_seconds, on_clock, usable

SLOWER = 1.05
"""A load may take so many times what the quota allows at best."""


@pytest.fixture(scope="module")
def space() -> DemoSpace:
    return DemoSpace(issues=30, activities=100)


def ask(server: DemoServer, clock: Clock, classes: str, headroom: float = 0.1) -> BacklogClient:
    """Sends one request for each letter: r for a read, s for a search. Returns the client, closed."""
    paths = {"r": "/priorities", "s": "/issues/count"}
    key = ApiKey(server.api_key)
    with BacklogClient(server.url, key, headroom=headroom, now=clock.now, sleep=clock.sleep) as client:
        for letter in classes:
            client.get(paths[letter])
    return client


def test_a_sync_under_the_free_plan_takes_what_the_plan_allows(
    build_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(latency=0.15)
    on_clock(monkeypatch, clock)
    world = build_world(issues=2_500, activities=12_000, server={"plan": "free", "clock": clock.now})
    rates = world.server.app.rates = Watched("free", clock)
    long = ("issues", "issue_comments", "activities", "notifications", "teams", "wikis", "wiki_contents")
    outcome = world.sync(*long, "users", "project_versions")
    assert outcome.succeeded, outcome.failures
    assert world.value("SELECT count(*) FROM issues") == 2_500
    assert rates.refused == 0
    assert len(rates.asked) > 200
    taken = clock.time - START
    best = ideal_seconds(rates.asked, lambda name: usable("free", name, 0.1), START, clock.latency)
    assert best > 200
    assert best <= taken <= best * SLOWER
    assert rates.least["read"] >= 6
    assert rates.least["search"] >= 2
    said = [entry.user_message for run in outcome.run_ids for entry in world.instance.all_logs(run)]
    costs = [line for line in said if "at the quota left" in line]
    unknown = {line.split(":")[0] for line in costs if "at least" in line}
    assert unknown == {"issues", "activities", "notifications", "teams"}
    progress = [line for line in said if " read" in line and "s waited)." in line]
    tables = [line.split(":")[0] for line in progress]
    assert tables[:3] == ["activities", "activities", "issues"]
    assert tables.count("issue_comments") > 40
    assert progress[2].startswith("issues: 1,300 of 2,500 read (52 %), about 2 minutes left (14 requests, ")


@pytest.mark.parametrize("plan", ["free", "paid"])
@pytest.mark.parametrize("headroom", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("latency", [0.0, 0.12])
def test_many_requests_take_what_the_plan_allows(space: DemoSpace, plan: str, headroom: float, latency: float) -> None:
    clock = Clock(latency=latency)
    reads, searches = (usable(plan, name, headroom) for name in ("read", "search"))
    classes = "r" * reads * 2 + "rs" * searches + "s" * searches
    with DemoServer(space, plan, clock=clock.now) as server:
        rates = server.app.rates = Watched(plan, clock)
        client = ask(server, clock, classes, headroom)
    assert (rates.refused, client.usage.too_many) == (0, 0)
    best = ideal_seconds(rates.asked, lambda name: usable(plan, name, headroom), START, latency)
    assert best <= clock.time - START <= best * SLOWER


@pytest.mark.parametrize("skew", [-4_000.0, -45.0, -0.7, 0.7, 29.5, 4_000.0])
def test_a_server_whose_clock_is_off_is_paced_by_its_own_minutes(space: DemoSpace, skew: float) -> None:
    clock = Clock(latency=0.01)
    with DemoServer(space, "free", clock=lambda: clock.time + skew) as server:
        rates = server.app.rates = Watched("free", clock, skew)
        ask(server, clock, "r" * 54 * 5)
    assert rates.refused == 0
    best = ideal_seconds(rates.asked, lambda name: usable("free", name, 0.1), START + skew, clock.latency)
    assert best <= clock.time - START <= best * SLOWER


@pytest.mark.parametrize("rounded", [math.floor, math.ceil])
@pytest.mark.parametrize("plan", ["free", "paid"])
def test_minutes_that_begin_with_the_first_request_are_kept_as_well(
    space: DemoSpace, plan: str, rounded: Callable[[float], int]
) -> None:
    clock = Clock(latency=0.05)
    each = usable(plan, "read", 0.1)
    with DemoServer(space, plan, clock=clock.now) as server:
        rates = server.app.rates = Rolling(plan, clock, rounded)
        ask(server, clock, "r" * (each * 3 + 20))
    assert rates.refused == 0
    best = ideal_seconds(rates.asked, lambda _: each, START, clock.latency, rolling=True)
    assert best <= clock.time - START <= best * SLOWER


def test_the_owner_who_works_meanwhile_is_given_way_and_keeps_the_head_room(space: DemoSpace) -> None:
    """Three reads of the owner's after each of ours: the 60 of a minute are gone after 14 of ours."""
    clock = Clock(latency=0.01)

    def also(rates: Watched, asked: int) -> None:
        rates.spend(space.owner, "read", 3)

    with DemoServer(space, "free", clock=clock.now) as server:
        rates = server.app.rates = Watched("free", clock, also=also)
        ask(server, clock, "r" * 70)
    assert rates.refused == 0
    assert rates.least["read"] >= 6 - 3
    best = ideal_seconds(rates.asked, lambda _: 14, START, clock.latency)
    assert best <= clock.time - START <= best * SLOWER


def test_an_owner_who_takes_everything_at_once_costs_one_429_a_minute_at_most(space: DemoSpace) -> None:
    clock = Clock(latency=0.01)

    def also(rates: Watched, asked: int) -> None:
        if asked % 20 == 0:
            rates.spend(space.owner, "read", 60)

    with DemoServer(space, "free", clock=clock.now) as server:
        rates = server.app.rates = Watched("free", clock, also=also)
        client = ask(server, clock, "r" * 100)
    assert len(rates.asked) == 100
    assert 1 <= rates.refused <= 5
    assert client.usage.too_many == rates.refused
    best = ideal_seconds(rates.asked, lambda _: 20, START, clock.latency)
    assert best <= clock.time - START <= best * SLOWER


@pytest.mark.parametrize(("after", "refused"), [(10, 0), (26, 0), (40, 1), (54, 0), (130, 0), (150, 1)])
def test_a_limit_lowered_in_the_middle_is_kept_from_then_on(space: DemoSpace, after: int, refused: int) -> None:
    """From 60 to 30 reads a minute. Only a request beyond the new limit that could not know of it is refused."""
    clock = Clock(latency=0.01)

    def also(rates: Watched, asked: int) -> None:
        if asked == after:
            rates.limits = {**rates.limits, "read": 30}

    with DemoServer(space, "free", clock=clock.now) as server:
        rates = server.app.rates = Watched("free", clock, also=also)
        ask(server, clock, "r" * 300)
    assert rates.refused == refused
    windows, first = divmod(after, 54)
    left = 300 - after - max(0, 27 - first if first else 0)
    best = 60 - START % 60 + 60 * (windows - (first == 0) + math.ceil(left / 27) - 1)
    assert best <= clock.time - START <= best * SLOWER
