"""Plans of Backlog on a clock that only moves when somebody sleeps or asks, and what they allow at best."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest

from backlog_assets.client import BacklogClient
from backlog_assets.demo.rates import PLANS, Quota, Rates

START = 1_800_000_017.3
"""Seventeen seconds into a minute."""


class Clock:
    """Time that passes when somebody sleeps, and by `latency` with each request that is counted."""

    def __init__(self, now: float = START, latency: float = 0.0) -> None:
        self.time = now
        self.latency = latency

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Watched(Rates):
    """Rates that tell in which order classes were asked and how far into the owner's share anybody went.

    `also` is called after each request counted, with the number of requests so far: what else happens meanwhile.
    """

    def __init__(self, plan: str, clock: Clock, skew: float = 0.0, also: Callable[[Watched, int], None] | None = None):
        super().__init__(plan, lambda: clock.time + skew)
        self.clock, self.also = clock, also
        self.asked: list[str] = []
        self.refused = 0
        self.least: dict[str, int] = {}

    def take(self, user_id: int, rate_class: str) -> Quota:
        quota = super().take(user_id, rate_class)
        self.clock.time += self.clock.latency
        if quota.exceeded:
            self.refused += 1
            return quota
        self.asked.append(rate_class)
        self.least[rate_class] = min(quota.remaining, self.least.get(rate_class, quota.limit))
        if self.also:
            self.also(self, len(self.asked))
        return quota

    def spend(self, user_id: int, rate_class: str, requests: int) -> None:
        """The key's owner, working in Backlog meanwhile."""
        for _ in range(requests):
            super().take(user_id, rate_class)


class Rolling(Watched):
    """The minute of a class begins with its first request; its end is told in whole seconds, cut or rounded up."""

    def __init__(self, plan: str, clock: Clock, rounded: Callable[[float], int]) -> None:
        super().__init__(plan, clock)
        self.rounded = rounded
        self.ends: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def take(self, user_id: int, rate_class: str) -> Quota:
        now, limit = self.clock.time, self.limits[rate_class]
        if now >= self.ends.get(rate_class, 0):
            self.ends[rate_class], self.counts[rate_class] = now + 60, 0
        self.clock.time += self.clock.latency
        reset = self.rounded(self.ends[rate_class])
        if self.counts[rate_class] >= limit:
            self.refused += 1
            return Quota(limit, 0, reset, exceeded=True)
        self.counts[rate_class] += 1
        self.asked.append(rate_class)
        return Quota(limit, limit - self.counts[rate_class], reset)


def usable(plan: str, rate_class: str, headroom: float) -> int:
    """Requests a minute that are not the owner's share."""
    limit = PLANS[plan][rate_class]
    return limit - math.ceil(limit * headroom - 1e-9)


def ideal_seconds(
    asked: Sequence[str], usable_of: Callable[[str], int], start: float, latency: float = 0.0, *, rolling: bool = False
) -> float:
    """The least time in which these requests can be sent one after the other, each minute's allowance kept.

    `rolling`: the minute of a class begins with its first request, not with the clock's.
    """
    time = start
    ends: dict[str, float] = {}
    counted: dict[str, int] = {}
    for rate_class in asked:
        if time < ends.get(rate_class, 0) and counted[rate_class] >= usable_of(rate_class):
            time = ends[rate_class]
        if time >= ends.get(rate_class, 0):
            ends[rate_class] = time + 60 if rolling else (time // 60 + 1) * 60
            counted[rate_class] = 0
        counted[rate_class] += 1
        time += latency
    return time - start


def on_clock(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Clients made from here on live by this clock."""
    defaults = BacklogClient.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "sleep", clock.sleep)
    monkeypatch.setitem(defaults, "now", clock.now)
