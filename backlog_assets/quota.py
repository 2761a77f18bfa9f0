"""How much may still be asked of Backlog, and what was asked. Pure decisions, and the books several clients share.

Backlog's limits are per user, per minute and per class of request; every answer's headers tell what is left
(`backlog-api.md`, section 4). Knows no HTTP library: headers come in as a mapping of strings.
"""

import math
import re
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

WINDOW_SECONDS = 60.0
"""Backlog counts requests per minute; also what Nulab advises to wait where an answer does not say."""

MARGIN_SECONDS = 1.0
"""Waited beyond a reset: resets are told in whole seconds."""

ABSURD_SECONDS = 3600.0
"""A reset further away than this cannot be meant for a limit per minute."""

UPDATE_SECONDS = 1.0
"""What Nulab asks to leave between one update and the next."""

SEARCH = frozenset({"/issues", "/issues/count", "/wikis", "/wikis/count"})
ICON = re.compile(r"/space/image|/(users|teams|groups)/[^/]+/icon|/projects/[^/]+/image")


def rate_class(path: str) -> str:
    """The class a GET of this path counts in: `search`, `icon` or `read`. (`update` is for what is no GET.)"""
    below = path.split("?", 1)[0].removeprefix("/api/v2").rstrip("/")
    if below in SEARCH:
        return "search"
    return "icon" if ICON.fullmatch(below) else "read"


@dataclass(frozen=True)
class Quota:
    """What is left of one class: requests a window, requests left, and the epoch second (of this machine's clock)
    from which they are renewed."""

    limit: int
    remaining: int
    reset: float


def seconds_to_wait(quota: Quota | None, headroom: float, now: float) -> float:
    """How long to hold the next request back so that `headroom` (a share of the limit) stays with the key's owner.

    A quota whose reset has passed is renewed, whatever it said was left.
    """
    if quota is None or quota.remaining > math.ceil(quota.limit * headroom - 1e-9):
        return 0.0
    return max(0.0, quota.reset + MARGIN_SECONDS - now)


def update_pause(updated_at: float | None, now: float) -> float:
    """How long to hold an update back after the one sent at `updated_at` (None: none was sent), in seconds."""
    return 0.0 if updated_at is None else min(UPDATE_SECONDS, max(0.0, updated_at + UPDATE_SECONDS - now))


def quota_told(headers: Mapping[str, str], now: float) -> Quota | None:
    """The quota an answer tells, in this machine's time; None where the headers are missing or make no sense.

    `headers` must find its names in any case.
    """
    limit, remaining = _whole(headers.get("X-RateLimit-Limit")), _whole(headers.get("X-RateLimit-Remaining"))
    left = _seconds_to_reset(headers, now)
    if limit is None or limit <= 0 or remaining is None or left is None:
        return None
    return Quota(limit, max(0, remaining), now + (left if left <= ABSURD_SECONDS else WINDOW_SECONDS))


def throttle_seconds(headers: Mapping[str, str], now: float, in_a_row: int) -> float:
    """How long a 429 asks to wait: until the reset or `Retry-After` (the later of the two), else a minute.

    A moment that has passed already means a clock is wrong: 1 s, then twice as long for each further 429 `in_a_row`
    (counted from 1). One absurdly far away is capped at a minute.
    """
    seconds = _asked_seconds(headers, now)
    if seconds is None or seconds > ABSURD_SECONDS:
        return WINDOW_SECONDS
    if seconds <= 0:
        return min(WINDOW_SECONDS, 2.0 ** (in_a_row - 1))
    return seconds + MARGIN_SECONDS


def is_absurd(headers: Mapping[str, str], now: float) -> bool:
    """Whether an answer asks for a longer wait than can be meant."""
    return (_asked_seconds(headers, now) or 0) > ABSURD_SECONDS


def _asked_seconds(headers: Mapping[str, str], now: float) -> float | None:
    told = (_seconds_to_reset(headers, now), _retry_after(headers, now))
    return max((seconds for seconds in told if seconds is not None), default=None)


def _seconds_to_reset(headers: Mapping[str, str], now: float) -> float | None:
    reset = _whole(headers.get("X-RateLimit-Reset"))
    if reset is None:
        return None
    server_now = _instant(headers.get("Date"))
    # The server's own clock is the one its reset is told in. A Date that does not fit is some proxy's: then ours.
    if server_now is not None and abs(reset - server_now) <= ABSURD_SECONDS:
        return reset - server_now
    return reset - now


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    told = headers.get("Retry-After")
    seconds = _whole(told)
    if seconds is not None:
        return float(seconds)
    until = _instant(told)
    if until is None:
        return None
    server_now = _instant(headers.get("Date"))
    return until - (now if server_now is None else server_now)


def _whole(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"\s*-?[0-9]{1,15}\s*", text) else None


def _instant(text: str | None) -> float | None:
    """Epoch seconds of an HTTP date."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def local_time(epoch_seconds: float) -> str:
    """`14:03:59`, in this machine's time zone."""
    return datetime.fromtimestamp(epoch_seconds, tz=timezone.utc).astimezone().strftime("%H:%M:%S")


@dataclass(frozen=True)
class Share:
    """What one class of requests has of a client's `Usage`."""

    requests: int = 0
    too_many: int = 0
    waited_seconds: float = 0.0
    received_bytes: int = 0

    def plus(self, other: "Share") -> "Share":
        return Share(
            self.requests + other.requests,
            self.too_many + other.too_many,
            self.waited_seconds + other.waited_seconds,
            self.received_bytes + other.received_bytes,
        )

    def minus(self, other: "Share") -> "Share":
        return self.plus(Share(-other.requests, -other.too_many, -other.waited_seconds, -other.received_bytes))


@dataclass(frozen=True)
class Usage:
    """What a client has asked so far. Never changes: keep one, and ask a later one what came `since`.

    `waited_seconds` is time spent for the rate limit (not for retries), `too_many` counts answers 429, `mended` counts
    answers whose text had to be repaired, `received_bytes` counts bodies after decompression. `by_class` splits them:
    an answer 429 is of the class asked just before (`last`), a wait is of the class asked next (`waiting`: none yet).
    """

    requests: int = 0
    by_class: Mapping[str, Share] = field(default_factory=dict[str, Share])
    waited_seconds: float = 0.0
    retries: int = 0
    too_many: int = 0
    mended: int = 0
    received_bytes: int = 0
    last: str | None = None
    waiting: float = 0.0

    @property
    def requests_by_class(self) -> dict[str, int]:
        return {name: share.requests for name, share in self.by_class.items() if share.requests}

    def plus(
        self,
        *,
        request_of: str | None = None,
        waited_seconds: float = 0.0,
        retries: int = 0,
        too_many: int = 0,
        mended: int = 0,
        received_bytes: int = 0,
    ) -> "Usage":
        of = request_of or self.last
        waiting = self.waiting + waited_seconds
        by_class = self.by_class
        if of is not None and (request_of or too_many or received_bytes):
            more = Share(int(bool(request_of)), too_many, waiting if request_of else 0.0, received_bytes)
            by_class = {**by_class, of: by_class.get(of, Share()).plus(more)}
        return Usage(
            requests=self.requests + (request_of is not None),
            by_class=by_class,
            waited_seconds=self.waited_seconds + waited_seconds,
            retries=self.retries + retries,
            too_many=self.too_many + too_many,
            mended=self.mended + mended,
            received_bytes=self.received_bytes + received_bytes,
            last=of,
            waiting=0.0 if request_of else waiting,
        )

    def since(self, earlier: "Usage") -> "Usage":
        by_class = {name: share.minus(earlier.by_class.get(name, Share())) for name, share in self.by_class.items()}
        return Usage(
            requests=self.requests - earlier.requests,
            by_class={name: share for name, share in by_class.items() if share != Share()},
            waited_seconds=self.waited_seconds - earlier.waited_seconds,
            retries=self.retries - earlier.retries,
            too_many=self.too_many - earlier.too_many,
            mended=self.mended - earlier.mended,
            received_bytes=self.received_bytes - earlier.received_bytes,
            last=self.last,
            waiting=self.waiting,
        )


class QuotaBook:
    """The quotas of one user of one space, as last told; shared by this process's clients that ask as that user."""

    def __init__(self) -> None:
        self._quotas: dict[str, Quota] = {}
        self.updated_at: float | None = None
        """When the last update was sent."""

    def __getitem__(self, name: str) -> Quota | None:
        return self._quotas.get(name)

    def snapshot(self) -> Mapping[str, Quota]:
        return dict(self._quotas)

    def learn(self, name: str, told: Quota | None) -> None:
        if told is not None:
            self._quotas[name] = told

    def spend(self, name: str) -> None:
        """One request leaves: it counts at Backlog even if no answer comes to tell so."""
        quota = self._quotas.get(name)
        if quota is not None:
            self._quotas[name] = Quota(quota.limit, quota.remaining - 1, quota.reset)

    def renew(self, name: str, waited_for: Quota | None) -> None:
        """Its reset was waited for: what was left before says nothing any more. Others may have learnt since."""
        quota = self._quotas.get(name)
        if quota is not None and waited_for is not None and quota.reset <= waited_for.reset:
            del self._quotas[name]


_register = threading.Lock()
_doors: dict[str, threading.Lock] = {}
_books: dict[tuple[str, str, Hashable], QuotaBook] = {}


def door(space: str) -> threading.Lock:
    """The lock one request at a time goes through, for all clients of a space in this process."""
    with _register:
        return _doors.setdefault(space, threading.Lock())


def quota_book(space: str, fingerprint: str, now: Callable[[], float]) -> QuotaBook:
    """The book of one user of a space. A reset is a time of the clock `now`, so another clock has its own book."""
    with _register:
        return _books.setdefault((space, fingerprint, now), QuotaBook())
