"""Deliveries that fail: tried again with growing pauses, in order, without holding up the others, and given up."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backlog_assets.alerts.channels import Channel, Parcel, Receipt, Undelivered
from backlog_assets.alerts.outbox import GIVE_UP_SECONDS, Outbox, backoff
from backlog_assets.alerts.post import Posted, post
from backlog_assets.alerts.settings import Routing
from backlog_assets.alerts.state import (
    Finding,
    Key,
    Memory,
    Notice,
    Observation,
    Policy,
    Position,
    Reading,
    Severity,
)

NOW = 1_795_000_000.0


@dataclass
class Line:
    """A channel that takes what it is told to take. `troubles` are raised first, one a try."""

    name: str
    troubles: list[Undelivered] = field(default_factory=list)
    taken: list[Parcel] = field(default_factory=list)
    tried: int = 0
    refuses: str | None = None
    notices_repeats: bool = False

    def send(self, parcel: Parcel) -> Receipt:
        self.tried += 1
        if self.troubles:
            raise self.troubles.pop(0)
        if self.refuses is not None and self.refuses in parcel.letter.title:
            raise Undelivered("invalid_payload", may_have_arrived=False, is_message=True)
        self.taken.append(parcel)
        return Receipt("taken", remember=f"{self.name}-{len(self.taken)}")

    def close(self) -> None:
        """Nothing is open."""

    def titles(self) -> list[str]:
        return [parcel.letter.title for parcel in self.taken]


class Box:
    """An outbox on a file, opened anew for each act, and a clock."""

    def __init__(self, path: Path, *lines: Line) -> None:
        self.path = path
        self.lines = lines
        self.now = NOW
        self.routes: dict[Severity, tuple[str, ...]] = {}

    def observe(self, table: str, *, fails: bool = True, severity: Severity = "error", rule: str = "r") -> list[Notice]:
        self.now += 1
        finding = Finding(severity, "run-1") if fails else None
        observation = Observation(Key("check", rule, table, None), self.now, finding)
        with Outbox(self.path) as outbox:
            reading = Reading((observation,), Position(self.now), behind=False)
            return outbox.take(reading, Policy(), self.now, self.routes, [line.name for line in self.lines])

    def post(self, has_time: Callable[[], bool] = lambda: True) -> Posted:
        channels: list[Channel] = list(self.lines)
        with Outbox(self.path) as outbox:
            return post(outbox, channels, Routing(), lambda: self.now, has_time)


def trouble(*, may_have_arrived: bool = False, wait_seconds: float = 0.0) -> Undelivered:
    return Undelivered("503", may_have_arrived=may_have_arrived, wait_seconds=wait_seconds)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    box = Box(tmp_path / "alerts.sqlite", Line("slack"), Line("email"))
    box.observe("x", fails=False)
    return box


def test_a_channel_in_trouble_holds_up_no_other_and_is_tried_again_later(box: Box) -> None:
    slack, email = box.lines
    slack.troubles += [trouble()] * 3
    box.observe("issues")
    assert box.post().failed == ["503"]
    assert (slack.titles(), email.titles()) == ([], ["ERROR: r fails in issues"])
    for pause in (30, 60, 120):
        box.now += pause - 1
        tried = slack.tried
        assert box.post() == Posted()
        assert slack.tried == tried
        box.now += 1
        box.post()
    assert slack.titles() == ["ERROR: r fails in issues"]
    assert len(email.taken) == 1


def test_pauses_double_up_to_an_hour() -> None:
    assert [backoff(tries) for tries in (1, 2, 3, 7, 8, 99)] == [30, 60, 120, 1920, 3600, 3600]


def test_what_a_channel_asks_to_wait_is_waited_but_no_longer_than_an_hour(box: Box) -> None:
    slack, _ = box.lines
    slack.troubles += [trouble(wait_seconds=300), trouble(wait_seconds=1e6)]
    box.observe("issues")
    box.post()
    box.now += 299
    box.post()
    assert slack.tried == 1
    box.now += 1
    box.post()
    assert slack.tried == 2
    box.now += 3601
    box.post()
    assert len(slack.taken) == 1


def test_a_recovery_waits_for_the_failure_it_ends(box: Box) -> None:
    slack, email = box.lines
    slack.troubles.append(trouble())
    box.observe("issues")
    box.post()
    box.observe("issues", fails=False)
    box.post()
    assert (len(slack.taken), len(email.taken)) == (0, 2)
    box.now += 60
    box.post()
    assert slack.titles() == ["ERROR: r fails in issues", "RECOVERED: r in issues"]


def test_a_message_that_is_refused_holds_up_only_its_own_incident(box: Box) -> None:
    slack, _ = box.lines
    slack.refuses = "bad"
    box.observe("bad")
    box.observe("good", rule="other")
    box.observe("bad", fails=False)
    assert box.post().failed == ["invalid_payload"]
    assert slack.titles() == ["ERROR: other fails in good"]
    box.now += 31
    slack.refuses = None
    box.post()
    assert slack.titles()[1:] == ["ERROR: r fails in bad", "RECOVERED: r in bad"]


def test_an_alert_is_given_up_after_three_days_and_the_log_names_it(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    slack, _ = box.lines
    box.observe("issues")
    slack.troubles += [trouble()] * 2
    box.post()
    box.now += GIVE_UP_SECONDS
    with caplog.at_level(logging.ERROR):
        assert box.post().lost == ["slack: ERROR: r fails in issues"]
    assert (
        "Given up after three days: the alert 'ERROR: r fails in issues' was not delivered by slack. 503" in caplog.text
    )
    box.now += 3600
    box.observe("issues", fails=False)
    box.post()
    assert slack.titles() == ["RECOVERED: r in issues"]


@pytest.mark.parametrize("may_have_arrived", [True, False])
def test_a_repeat_says_so_where_the_first_may_have_arrived(box: Box, may_have_arrived: bool) -> None:
    slack, _ = box.lines
    slack.troubles.append(trouble(may_have_arrived=may_have_arrived))
    box.observe("issues")
    box.post()
    box.now += 30
    box.post()
    [parcel] = slack.taken
    assert parcel.again is may_have_arrived
    assert ("Sent again: " in parcel.letter.body) is may_have_arrived


def test_a_channel_is_given_back_what_it_asked_to_remember_of_an_incident(box: Box) -> None:
    slack, email = box.lines
    box.observe("issues")
    box.observe("wikis", rule="other")
    box.post()
    box.observe("issues", fails=False)
    box.post()
    assert [parcel.remembered for parcel in slack.taken] == [None, None, "slack-1"]
    assert [parcel.remembered for parcel in email.taken] == [None, None, "email-1"]


def test_a_severity_goes_only_where_its_route_leads(box: Box) -> None:
    slack, email = box.lines
    box.routes = {"error": ("slack", "email"), "warn": ("slack",)}
    box.observe("issues")
    box.observe("wikis", severity="warn")
    box.post()
    assert slack.titles() == ["ERROR: r fails in issues", "WARNING: r fails in wikis"]
    assert email.titles() == ["ERROR: r fails in issues"]


def test_what_there_is_no_time_for_is_sent_by_the_next_tick(box: Box) -> None:
    slack, email = box.lines
    box.observe("issues")
    looks = iter([True, False])
    assert box.post(lambda: next(looks)).sent == 1
    assert box.post().sent == 1
    assert (len(slack.taken), len(email.taken)) == (1, 1)


def test_a_tick_that_is_still_sending_keeps_the_next_one_out(box: Box) -> None:
    with Outbox(box.path), pytest.raises(TimeoutError, match="held by another tick"):
        Outbox(box.path)
    Outbox(box.path).close()


def test_what_was_sent_is_forgotten_after_a_month_but_not_what_is_open(box: Box) -> None:
    slack, _ = box.lines
    box.observe("issues")
    box.observe("wikis", rule="other")
    box.post()
    box.observe("wikis", rule="other", fails=False)
    box.post()
    box.now += 31 * 86400
    box.observe("issues")
    with Outbox(box.path) as outbox:
        assert isinstance(outbox.memory, Memory)
        assert [standing.key.table for standing in outbox.memory.standings if standing.since] == ["issues"]
    box.observe("issues", fails=False)
    box.post()
    assert slack.taken[-1].remembered is not None
    assert box.path.stat().st_mode & 0o077 == 0
