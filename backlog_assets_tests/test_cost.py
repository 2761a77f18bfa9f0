"""What a load is said to cost before it begins, against what it does cost; how far it has come, in words."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backlog_assets.catalogue import BY_NAME, ENDPOINTS
from backlog_assets.client import BacklogClient
from backlog_assets.cost import Estimate, Known, by_class, cost_told, duration, estimate, seconds_for, seconds_left
from backlog_assets.credentials import ApiKey
from backlog_assets.doctor import known_by_asking, sync_cost
from backlog_assets.following import followed, is_due, progress_told
from backlog_assets.known import known
from backlog_assets.progress import Step, finished, report, watched
from backlog_assets.quota import Quota
from backlog_assets_tests.conftest import World
from backlog_assets_tests.plans import START, Clock, Watched, ideal_seconds, usable

# --- requests


def requests_of(table: str, known: Known, *, full: bool = False) -> dict[str, int]:
    return dict(estimate(BY_NAME[table], known, full=full).requests)


def test_before_the_first_load_little_is_known_and_said_to_be_little() -> None:
    nothing = Known()
    assert estimate(BY_NAME["issues"], nothing) == Estimate("issues", {"search": 2}, at_least=True)
    assert estimate(BY_NAME["activities"], nothing).at_least
    assert estimate(BY_NAME["project_versions"], nothing).at_least
    assert estimate(BY_NAME["priorities"], nothing) == Estimate("priorities", {"read": 1})


@pytest.mark.parametrize(("rows", "requests"), [(0, 2), (1, 2), (100, 2), (101, 3), (2_000, 21)])
def test_issues_cost_their_pages_and_a_count(rows: int, requests: int) -> None:
    assert requests_of("issues", Known(rows={"issues": rows})) == {"search": requests}


@pytest.mark.parametrize(("expected", "requests"), [(0, 1), (99, 1), (100, 2), (250, 3)])
def test_an_append_only_table_costs_what_is_expected_since_the_last_load(expected: int, requests: int) -> None:
    known = Known(rows={"activities": 11_400}, expected={"activities": expected})
    assert requests_of("activities", known) == {"read": requests}
    assert requests_of("activities", known, full=True) == {"read": 115}


def test_issues_with_a_cursor_cost_the_changed_ones_the_newest_page_and_a_count() -> None:
    known = Known(rows={"issues": 2_000}, expected={"issues": 20})
    assert requests_of("issues", known) == {"search": 3}
    assert requests_of("issues", known, full=True) == {"search": 21}


def test_a_per_project_table_costs_one_request_a_project() -> None:
    assert requests_of("project_versions", Known(projects=37)) == {"read": 37}


# --- time


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["read", "search"]), st.integers(0, 400)), max_size=5),
    st.sampled_from(["free", "paid"]),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.sampled_from([0.0, 0.05, 0.4, 70.0]),
)
def test_the_time_told_is_the_time_it_takes(
    asked: list[tuple[str, int]], plan: str, headroom: float, each: float
) -> None:
    clock = Clock()
    rates = Watched(plan, clock)
    reset = (START // 60 + 1) * 60
    quotas = {name: Quota(limit, limit, reset) for name, limit in rates.limits.items()}
    told = seconds_for(asked, quotas, headroom, START, each)
    order = [name for name, count in asked for _ in range(count)]
    ideal = ideal_seconds(order, lambda name: usable(plan, name, headroom), START, each)
    assert ideal - 1e-3 <= told <= ideal * 1.02 + 1 + len(asked)


def test_what_is_left_of_this_minute_is_used_first() -> None:
    quota = {"search": Quota(150, 40, START + 30)}
    assert seconds_for([("search", 25)], quota, 0.1, START, 0.0) == 0
    assert seconds_for([("search", 26)], quota, 0.1, START, 0.0) == 31
    assert seconds_for([("search", 25 + 135)], quota, 0.1, START, 0.0) == 31
    assert seconds_for([("search", 25 + 136)], quota, 0.1, START, 0.0) == 91


def test_a_class_nobody_has_told_of_is_not_waited_for() -> None:
    assert seconds_for([("read", 1_000)], {}, 0.1, START, 0.25) == 250


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "about 1 minute"),
        (61, "about 2 minutes"),
        (7_140, "about 119 minutes"),
        (9_600, "about 2 h 40 min"),
        (36_000, "about 10 h 00 min"),
    ],
)
def test_how_long_it_takes_is_told_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_cost_is_told_by_class() -> None:
    quotas = {"read": Quota(60, 60, START + 30), "search": Quota(15, 15, START + 30)}
    estimates = [Estimate("a", {"read": 130}), Estimate("b", {"search": 17}), Estimate("c", {"read": 1})]
    assert by_class(estimates) == {"read": 131, "search": 17}
    assert cost_told(estimates, quotas, 0.1, START, 0.1) == (
        "about 131 requests of class read and 17 of class search: about 3 minutes at the quota left"
    )
    assert cost_told([Estimate("a", {"read": 1}, at_least=True)], quotas, 0.1, START, 0.1) == (
        "at least 1 request of class read: less than a minute at the quota left"
    )
    assert cost_told([], {}, 0.1, START, 0.1).startswith("about no request: ")


# --- what the warehouse knows, and what the estimate is worth


def client_of(world: World) -> BacklogClient:
    return BacklogClient(world.server.url, ApiKey(world.server.api_key))


def test_what_a_sync_is_said_to_cost_is_what_it_costs(build_world: Callable[..., World]) -> None:
    world = build_world(issues=230, activities=450)
    with client_of(world) as client:
        first = known_by_asking(client, known(world.io_manager.warehouse(), one_by_one=True), ENDPOINTS, None)
        assert client.usage.requests == 3
        world.server.requests.clear()
        assert world.sync().succeeded
        sent = [one for one in world.server.requests if one.path in ("/issues", "/issues/count")]
        assert requests_of("issues", first) == {"search": len(sent)} == {"search": 4}
        before = client.usage
        second = known_by_asking(client, known(world.io_manager.warehouse(), one_by_one=True), ENDPOINTS, None)
        assert client.usage == before
    world.server.requests.clear()
    assert world.sync().succeeded
    sent = [request.rate_class for request in world.server.requests]
    totals = by_class(estimate(endpoint, second) for endpoint in ENDPOINTS if not endpoint.opt_in)
    assert totals == {name: sent.count(name) for name in ("read", "search")}
    assert second.limits["search"] == 100_000
    assert second.projects == 6
    assert 0 < second.request_seconds < 0.3


def test_of_a_warehouse_that_is_not_there_nothing_is_known_and_none_is_made(world: World) -> None:
    assert known(world.io_manager.warehouse()) == Known()
    assert not world.database.exists()


def test_activities_to_come_are_guessed_from_the_week_before_the_last_load(world: World) -> None:
    world.load("activities")
    warehouse = world.io_manager.warehouse()
    with warehouse.transaction() as connection:
        connection.execute("UPDATE backlog_ops.sync_state SET loaded_at = now() - INTERVAL 14 DAYS")
        connection.execute("UPDATE backlog.activities SET created = now() - INTERVAL 30 DAYS")
        connection.execute(
            "UPDATE backlog.activities SET created = now() - INTERVAL 15 DAYS "
            "WHERE id IN (SELECT id FROM backlog.activities LIMIT 70)"
        )
    assert known(warehouse).expected["activities"] == 140


def test_the_checks_after_a_load_are_part_of_its_cost(world: World) -> None:
    world.load("rate_limit", "issues")
    with client_of(world) as client:
        told = sync_cost(client, world.io_manager.warehouse(), [BY_NAME["issues"]], 0.1)
    assert told.startswith("This sync sends about 3 requests of class search: ")


def test_a_sync_of_short_lists_asks_nothing_to_tell_its_cost(world: World) -> None:
    with client_of(world) as client:
        told = sync_cost(client, world.io_manager.warehouse(), [BY_NAME["priorities"], BY_NAME["users"]], 0.1)
        assert client.usage.requests == 0
    assert told == "This sync sends about 2 requests of class read: less than a minute at the quota left."


# --- progress


def test_the_time_left_goes_by_what_was_spent_and_the_quota() -> None:
    quotas = {"search": Quota(15, 5, START + 40)}
    left = seconds_left(1_000, 5_000, {"search": 10}, 2.0, quotas, 0.1, START)
    assert left is not None
    # 3 more now, then 13 at once, 13 and 11 a minute apart
    assert left == pytest.approx(41 + 60 * 2 + 11 * 0.2, abs=1.5)
    assert seconds_left(0, 5_000, {"search": 1}, 2.0, quotas, 0.1, START) is None
    assert seconds_left(10, None, {"search": 1}, 2.0, quotas, 0.1, START) is None
    assert seconds_left(10, 100, {}, 2.0, quotas, 0.1, START) is None
    assert seconds_left(100, 100, {"search": 1}, 2.0, quotas, 0.1, START) == 0


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step("activities", 1_200), "activities: 1,200 read so far"),
        (Step("issues", 1_200, 5_000, seconds_left=130), "issues: 1,200 of 5,000 read (24 %), about 3 minutes left"),
        (Step("issues", 1_200, 5_000), "issues: 1,200 of 5,000 read (24 %)"),
        (Step("issues", 0, 0), "issues: 0 read so far"),
    ],
)
def test_progress_is_told_in_words(step: Step, words: str) -> None:
    assert progress_told(step) == words


def test_a_line_is_due_when_a_new_minute_begins() -> None:
    assert not is_due(START, START + 42.6)
    assert is_due(START, START + 42.8)
    assert is_due(START, START + 600)


def test_a_load_tells_its_log_the_cost_first_and_then_a_line_a_minute_and_the_terminal_every_step(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(latency=0.2)
    rates = world.server.app.rates = Watched("free", clock)
    world.server.app.clock = clock.now
    seen: list[Step] = []
    log = logging.getLogger("of.a.run")
    with (
        BacklogClient(world.server.url, ApiKey(world.server.api_key), now=clock.now, sleep=clock.sleep) as client,
        caplog.at_level(logging.INFO, log.name),
        watched(seen.append),
        followed(log, client, 0.1, Estimate("users", {"read": 200}), Known(limits={"read": 60})),
    ):
        for at in range(200):
            client.get("/priorities")
            report("users", at + 1, 200)
        finished("users", 14)
    lines = [record.getMessage() for record in caplog.records if record.name == log.name]
    assert lines[0] == "users: about 200 requests of class read: about 4 minutes at the quota left."
    minutes = (clock.time - START) / 60
    assert len(lines) - 1 == int(clock.time // 60 - START // 60) == 3
    assert lines[1].startswith("users: 55 of 200 read (27 %), about 3 minutes left (55 requests, ")
    assert rates.refused == 0
    assert len(seen) == 201
    assert all(step.seconds_left is not None for step in seen[:-1])
    assert seen[99].seconds_left == pytest.approx(START + minutes * 60 - _at(seen, 99, clock), abs=62)
    assert seen[-1] == Step("users", 14, 14, is_over=True)


def _at(seen: list[Step], place: int, clock: Clock) -> float:
    """The instant of a step, from the time that was left then to the end."""
    left = seen[place].seconds_left
    assert left is not None
    return clock.time - left


def test_a_short_load_says_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    log: Any = logging.getLogger("of.a.run")
    with client_of(world) as client, caplog.at_level(logging.INFO), followed(log, client, 0.1, Estimate("a", {"r": 5})):
        client.get("/priorities")
        report("a", 1, 1)
    assert not [record for record in caplog.records if record.name == log.name]
