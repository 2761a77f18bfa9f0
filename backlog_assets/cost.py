"""What a load will cost, told before it begins: requests by class, and the time the rate limit makes of them. Pure.

Sends nothing and reads no table: what is known of the space is handed in (`Known`).
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from backlog_assets.catalogue import Endpoint, Load, Paging
from backlog_assets.quota import MARGIN_SECONDS, WINDOW_SECONDS, Quota, rate_class

PAGE = 100
"""Most records Backlog returns in one page."""

REQUEST_SECONDS = 0.3
"""How long one request takes where nothing has been measured yet."""

ON_DEMAND = "{issueIdOrKey}"
"""In the path of an endpoint that is asked for single issues."""


@dataclass(frozen=True)
class Known:
    """What is known of a space before anything is asked of it; empty before its first load.

    `rows` are those of each table that are not marked deleted. `expected` has the tables that are read from where the
    last load ended, with the records that have come or changed since, to go by the days before. `one_by_one` has the
    tables that are asked for record by record, or of some projects only, with how many it will be. `limits` are
    requests a minute by class.
    """

    rows: Mapping[str, int] = field(default_factory=dict[str, int])
    expected: Mapping[str, int] = field(default_factory=dict[str, int])
    one_by_one: Mapping[str, int] = field(default_factory=dict[str, int])
    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    projects: int | None = None
    request_seconds: float = REQUEST_SECONDS


@dataclass(frozen=True)
class Estimate:
    """About how many requests of which classes loading a table sends; `at_least` where it may be far more."""

    table: str
    requests: Mapping[str, int]
    at_least: bool = False

    @property
    def total(self) -> int:
        return sum(self.requests.values())


def is_long(endpoint: Endpoint) -> bool:
    """Whether it comes in pages, so that nobody knows what it costs without knowing its rows."""
    return endpoint.paging not in (Paging.ONE, Paging.WHOLE) or ON_DEMAND in endpoint.path


def estimate(endpoint: Endpoint, known: Known, *, full: bool = False) -> Estimate:
    """What the next load of an endpoint sends. `full`: it forgets where the last one ended."""
    own = OWN.get(endpoint.name)
    if own is not None:
        return own(endpoint, known, full)
    if endpoint.each is not None:
        return _of(endpoint, known.one_by_one.get(endpoint.name), least=0)
    if endpoint.per_project:
        counted = [count for count in (known.one_by_one.get(endpoint.name), known.projects) if count is not None]
        return _of(endpoint, min(counted, default=None))
    if ON_DEMAND in endpoint.path:
        return _of(endpoint, max(1, known.rows.get(endpoint.name, 0)))
    if endpoint.paging in (Paging.ONE, Paging.WHOLE):
        return _of(endpoint, 1)
    if endpoint.paging is Paging.COUNTED:
        return _counted(endpoint, known, full)
    rows = known.rows.get(endpoint.name)
    if endpoint.load is Load.APPEND:
        expected = known.expected.get(endpoint.name)
        rows = rows if full else expected
    return _of(endpoint, None if rows is None else rows // PAGE + 1)


def _counted(endpoint: Endpoint, known: Known, full: bool) -> Estimate:
    """All pages and a count; from where the last load ended: the changed ones by id, the newest page and a count."""
    expected = None if full else known.expected.get(endpoint.name)
    if expected is not None:
        return _of(endpoint, math.ceil(expected / PAGE) + 2)
    rows = known.rows.get(endpoint.name)
    return _of(endpoint, None if rows is None else max(1, math.ceil(rows / PAGE)) + 1, least=2)


def one_by_one(endpoint: Endpoint, known: Known, full: bool) -> Estimate:
    """One request a record of another table: those known to be due, or all there are when it is read in full."""
    due = known.rows.get("issues") if full else known.one_by_one.get(endpoint.name, known.rows.get("issues"))
    return _of(endpoint, due, least=0)


CHECKED: Mapping[str, str] = {"issues": "search", "notifications": "read", "teams": "read"}
"""Tables that are compared with what Backlog says it has: name -> class of the one request, while they agree."""


def check_estimate(endpoint: Endpoint) -> Estimate:
    """What the check of completeness sends after a load of the endpoint."""
    rated = CHECKED.get(endpoint.name)
    return Estimate(endpoint.name, {} if rated is None else {rated: 1})


OWN: Mapping[str, Callable[[Endpoint, Known, bool], Estimate]] = {"issue_comments": one_by_one}
"""Endpoints whose load costs something else than their paging says: name -> estimate."""


def _of(endpoint: Endpoint, requests: int | None, *, least: int = 1) -> Estimate:
    """`requests` of the endpoint's class; None where nobody knows."""
    count = least if requests is None else requests
    return Estimate(endpoint.name, {rate_class(endpoint.path): count}, at_least=requests is None)


def by_class(estimates: Iterable[Estimate]) -> dict[str, int]:
    """Requests in all, by class in the order of their names."""
    totals: dict[str, int] = {}
    for one in estimates:
        for name, count in one.requests.items():
            totals[name] = totals.get(name, 0) + count
    return dict(sorted(totals.items()))


def quotas_of(told: Mapping[str, Quota], limits: Mapping[str, int], now: float) -> dict[str, Quota]:
    """What is left of each class: as last told, else as after a quiet minute under the limits known."""
    fresh = {name: Quota(limit, limit, now + WINDOW_SECONDS) for name, limit in limits.items()}
    return {**fresh, **told}


def seconds_for(
    requests: Iterable[tuple[str, int]],
    quotas: Mapping[str, Quota],
    headroom: float,
    now: float,
    each: float = REQUEST_SECONDS,
) -> float:
    """How long these requests take, class after class, one at a time, `headroom` left to the key's owner.

    `each` is the seconds one request takes. A class whose quota is not known is not waited for.
    """
    time, left = now, dict(quotas)
    for name, count in requests:
        quota = left.get(name)
        if quota is None:
            time += count * each
        else:
            time, left[name] = _sent(count, quota, headroom, time, each)
    return time - now


def _sent(count: int, quota: Quota, headroom: float, time: float, each: float) -> tuple[float, Quota]:
    """When `count` requests are sent that begin at `time`, and what is left of the quota then."""
    kept = math.ceil(quota.limit * headroom - 1e-9)
    most = max(1, quota.limit - kept)
    usable, reset = max(0, quota.remaining - kept), quota.reset
    while count:
        if time >= reset:
            usable, reset = most, reset + WINDOW_SECONDS * (int((time - reset) // WINDOW_SECONDS) + 1)
        in_time = int((reset - time) / each) + 1 if each > 0 else count
        sent = min(count, usable, in_time)
        count, usable, time = count - sent, usable - sent, time + sent * each
        if count and not usable and time < reset:
            time = reset + MARGIN_SECONDS
    return time, Quota(quota.limit, usable + kept, reset)


def seconds_left(
    done: int, total: int | None, spent: Mapping[str, int], busy_seconds: float, quotas: Mapping[str, Quota],
    headroom: float, now: float,
) -> float | None:  # fmt: skip
    """How long a load that has come to `done` of `total` still takes, to go by what it has `spent` (requests by class)
    in `busy_seconds`, waiting for the rate limit left out; None where that cannot be told."""
    sent = sum(spent.values())
    if not total or done <= 0 or not sent:
        return None
    share = max(0, total - done) / done
    ahead = [(name, math.ceil(count * share)) for name, count in spent.items()]
    return seconds_for(ahead, quotas, headroom, now, max(0.0, busy_seconds) / sent)


def cost_told(
    estimates: Iterable[Estimate], quotas: Mapping[str, Quota], headroom: float, now: float, each: float
) -> str:
    """`about 130 requests of class read and 17 of class search: about 2 minutes at the quota left`."""
    listed = list(estimates)
    totals = by_class(listed)
    counts = [
        f"{count:,}{_requests(count) if at == 0 else ''} of class {name}"
        for at, (name, count) in enumerate(totals.items())
    ]
    bound = "at least" if any(one.at_least for one in listed) else "about"
    sent = " and ".join(part for part in (", ".join(counts[:-1]), counts[-1] if counts else "no request") if part)
    seconds = seconds_for(totals.items(), quotas, headroom, now, each)
    return f"{bound} {sent}: {duration(seconds)} at the quota left"


def duration(seconds: float) -> str:
    """`less than a minute`, `about 3 minutes`, `about 2 h 40 min`."""
    minutes = math.ceil(seconds / 60)
    if minutes <= 1:
        return "less than a minute" if seconds < 60 else "about 1 minute"
    return f"about {minutes} minutes" if minutes < 120 else f"about {minutes // 60} h {minutes % 60:02} min"


def _requests(count: int) -> str:
    return " request" if count == 1 else " requests"
