"""What is asked when, and how much: the pure decisions first, then the client against a server that counts."""

import copy
import logging
import math
import threading
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from backlog_assets.client import BacklogClient, rate_class
from backlog_assets.credentials import ApiKey
from backlog_assets.errors import Misconfigured, Unavailable
from backlog_assets.quota import Quota, quota_told, seconds_to_wait, throttle_seconds
from backlog_assets_tests.scripted import Clock, Reply, ScriptedServer, fault, reply_json

NOW = 1_800_000_000.0
KEY = ApiKey("a-key-that-is-secret-1234567890")


def limits(limit: object, remaining: object, reset: object, **more: str) -> CaseInsensitiveDict:
    told = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": reset}
    named = {name.replace("_", "-"): text for name, text in more.items()}
    return CaseInsensitiveDict({**{name: str(value) for name, value in told.items() if value is not None}, **named})


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/issues", "search"),
        ("/issues/count", "search"),
        ("/wikis", "search"),
        ("/wikis/count", "search"),
        ("/wikis/12", "read"),
        ("/issues/WEB-1/comments", "read"),
        ("/documents/count", "read"),
        ("/space/image", "icon"),
        ("/users/7/icon", "icon"),
        ("/projects/WEB/image", "icon"),
        ("/teams/7/icon", "icon"),
        ("/api/v2/issues", "search"),
        ("/issues/", "search"),
    ],
)
def test_a_path_counts_in_the_class_backlog_puts_it(path, named):
    assert rate_class(path) == named


@pytest.mark.parametrize(
    ("remaining", "headroom", "wait"),
    [(61, 0.1, 0), (60, 0.1, 31), (0, 0.1, 31), (1, 0.0, 0), (0, 0.0, 31), (-3, 0.0, 31), (600, 0.99, 0)],
)
def test_the_head_room_is_left_to_the_keys_owner(remaining, headroom, wait):
    assert seconds_to_wait(Quota(600, remaining, NOW + 30), headroom, NOW) == wait


def test_a_quota_whose_reset_has_passed_is_not_waited_for():
    assert seconds_to_wait(Quota(600, 0, NOW - 2), 0.1, NOW) == 0
    assert seconds_to_wait(None, 0.1, NOW) == 0


@given(st.integers(1, 10_000), st.integers(-5, 10_000), st.floats(0, 0.99), st.floats(-7200, 3600))
def test_whatever_is_told_the_wait_ends_at_the_reset(limit, remaining, headroom, left):
    wait = seconds_to_wait(Quota(limit, remaining, NOW + left), headroom, NOW)
    assert wait == 0 or (remaining <= math.ceil(limit * headroom) and NOW + wait >= NOW + left)


def test_a_reset_is_corrected_by_the_servers_date():
    server_now = NOW + 500
    headers = limits(600, 5, int(server_now + 20), Date=formatdate(server_now, usegmt=True))
    assert quota_told(headers, NOW) == Quota(600, 5, NOW + 20)


def test_a_date_that_does_not_fit_the_reset_is_not_used():
    assert quota_told(limits(600, 5, int(NOW + 20), Date=formatdate(0, usegmt=True)), NOW) == Quota(600, 5, NOW + 20)
    assert quota_told(limits(600, 5, int(NOW + 20), Date="yesterday"), NOW) == Quota(600, 5, NOW + 20)


@pytest.mark.parametrize(
    "headers",
    [
        limits(None, None, None),
        limits(600, None, 1),
        limits("many", 5, 1),
        limits(600, "5, 5", 1),
        limits(600, 5, "soon"),
        limits(0, 0, int(NOW)),
        limits(-1, 5, int(NOW)),
        limits("9" * 400, 5, int(NOW)),
        limits("６００", 5, int(NOW)),
    ],
)
def test_headers_that_make_no_sense_tell_nothing(headers):
    assert quota_told(headers, NOW) is None


def test_a_reset_in_milliseconds_is_taken_for_a_minute():
    assert quota_told(limits(600, 0, int(NOW * 1000)), NOW) == Quota(600, 0, NOW + 60)


@pytest.mark.parametrize(
    ("headers", "in_a_row", "seconds"),
    [
        (limits(None, None, None), 1, 60),
        (limits(600, 0, int(NOW + 17)), 1, 18),
        (limits(None, None, None, Retry_After="7"), 1, 8),
        (limits(None, None, None, Retry_After=formatdate(NOW + 9, usegmt=True)), 1, 10),
        (limits(None, None, None, Retry_After="a while"), 1, 60),
        (limits(600, 0, int(NOW - 30)), 1, 1),
        (limits(600, 0, int(NOW - 30)), 4, 8),
        (limits(600, 0, int(NOW - 30)), 9, 60),
        (limits(600, 0, int(NOW + 90_000)), 1, 60),
        (limits(None, None, None, Retry_After="999999"), 1, 60),
        (limits(600, 0, int(NOW - 30), Retry_After="20"), 1, 21),
    ],
)
def test_a_429_is_waited_out(headers, in_a_row, seconds):
    assert throttle_seconds(headers, NOW, in_a_row) == seconds


class Counting:
    """A script that counts requests a minute of the clock and tells what is left, with a clock that is wrong."""

    def __init__(self, clock: Clock, limit: int, skew: float = 0.0, told: bool = True) -> None:
        self.clock, self.limit, self.skew, self.told = clock, limit, skew, told
        self.window, self.used, self.most = 0.0, 0, 0

    def __call__(self, asked: object) -> Reply:
        server_now = self.clock.now() + self.skew
        window = server_now // 60
        if window != self.window:
            self.window, self.used = window, 0
        self.used += 1
        self.most = max(self.most, self.used)
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "X-RateLimit-Reset": str(int((window + 1) * 60)),
            "Date": formatdate(server_now, usegmt=True),
        }
        if self.used > self.limit:
            return fault(429, 13, "Too many requests.", **(headers if self.told else {}))
        return reply_json([], 200, **(headers if self.told else {}))


@pytest.mark.parametrize("skew", [0.0, 3000.4, -3000.4, 0.7])
def test_a_walk_of_many_minutes_never_meets_the_limit(skew):
    clock = Clock()
    script = Counting(clock, 50, skew)
    with ScriptedServer(script) as server, client_of(server, clock) as client:
        for _ in range(200):
            client.get("/users")
            clock.time += 0.1
    assert script.most <= 45
    assert client.usage.too_many == 0
    assert client.usage.requests == 200
    assert client.usage.waited_seconds == pytest.approx(sum(clock.waits))


def client_of(server: ScriptedServer, clock: Clock) -> BacklogClient:
    return BacklogClient(server.address, KEY, sleep=clock.sleep, now=clock.now)


def test_without_headers_a_429_is_waited_for_a_minute_and_the_same_request_goes_on(caplog):
    clock = Clock()
    with (
        ScriptedServer([fault(429, 13), reply_json([7])]) as server,
        client_of(server, clock) as client,
        caplog.at_level(logging.INFO, "backlog_assets"),
    ):
        assert client.get("/users") == [7]
    assert clock.waits == [60]
    assert (client.usage.too_many, client.usage.retries, client.usage.waited_seconds) == (1, 0, 60)
    said = [record.getMessage() for record in caplog.records if record.name.startswith("backlog_assets")]
    assert len(said) == 1
    assert "class read" in said[0]
    assert "waiting 60 s, until " in said[0]


def test_code_13_under_any_status_is_a_429():
    clock = Clock()
    with ScriptedServer([fault(403, 13), reply_json([7])]) as server, client_of(server, clock) as client:
        assert client.get("/users") == [7]
    assert client.usage.too_many == 1


def test_a_limit_that_never_ends_is_unavailable():
    clock = Clock()
    with (
        ScriptedServer([fault(429, 13, **limits(60, 0, 1_700_000_000))]) as server,
        client_of(server, clock) as client,
        pytest.raises(Unavailable, match="11 times in a row"),
    ):
        client.get("/users")
    assert clock.waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_a_sleep_that_does_not_move_the_clock_is_believed():
    waits: list[float] = []
    told = reply_json([], 200, **limits(10, 0, int(NOW + 30)))
    with (
        ScriptedServer([told]) as server,
        BacklogClient(server.address, KEY, sleep=waits.append, now=lambda: NOW) as client,
    ):
        client.get("/users")
        client.get("/users")
        client.get("/users")
    assert waits == [31, 31]


def test_classes_are_paced_apart_and_shared_by_clients_of_the_same_key():
    clock = Clock()
    low = reply_json([], 200, **limits(10, 1, int(clock.time + 30)))
    with ScriptedServer([low, reply_json([])]) as server:
        with client_of(server, clock) as first, client_of(server, clock) as second:
            first.get("/issues")
            second.get("/users")
            assert clock.waits == []
            assert second.quotas["search"].remaining == 1
            second.get("/issues")
            assert clock.waits == [31]
        other = BacklogClient(server.address, ApiKey("another-key"), sleep=clock.sleep, now=clock.now)
        assert other.quotas == {}


@pytest.mark.parametrize("instances", [1, 4])
def test_one_request_at_a_time_across_threads_and_clients(instances):
    with ScriptedServer([[]], slow=0.002) as server:
        clients = [BacklogClient(server.address, ApiKey(f"key-of-user-{n}")) for n in range(instances)]
        threads = [
            threading.Thread(target=lambda at: [clients[at % instances].get("/users") for _ in range(5)], args=(at,))
            for at in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for client in clients:
            client.close()
    assert len(server.asked) == 40
    assert server.most_at_once == 1


def test_usage_is_a_snapshot_that_gives_differences():
    clock = Clock()
    with ScriptedServer([[]]) as server, client_of(server, clock) as client:
        client.get("/users")
        earlier = client.usage
        client.get("/issues")
        client.get("/issues")
        assert copy.deepcopy(earlier) == earlier
        assert earlier.requests == 1
        since = client.usage.since(earlier)
    assert since.requests == 2
    assert since.requests_by_class == {"search": 2}
    assert since.received_bytes == 4


@pytest.mark.parametrize("headroom", [-0.1, 1, 1.5])
def test_a_head_room_that_is_no_share_is_misconfigured(headroom):
    with pytest.raises(Misconfigured, match="BACKLOG_HEADROOM"):
        BacklogClient("example.backlog.com", KEY, headroom=headroom)
