"""Rate limits: per user, class and minute. Knows no endpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

PLANS = {
    "generous": {"read": 100_000, "update": 100_000, "search": 100_000, "icon": 100_000},
    "paid": {"read": 600, "update": 150, "search": 150, "icon": 60},
    "free": {"read": 60, "update": 15, "search": 15, "icon": 6},
}
"""Requests a minute by class. "generous" is the demo's own, so that trying it takes no patience."""

WINDOW = 60
"""Seconds after which the count begins anew."""


@dataclass(frozen=True)
class Quota:
    """What is left of one class."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool = False

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }

    def json(self) -> dict[str, int]:
        return {"limit": self.limit, "remaining": self.remaining, "reset": self.reset}


class Rates:
    """Counts requests in windows that begin with each full minute of the clock."""

    def __init__(self, plan: str, clock: Callable[[], float]) -> None:
        if plan not in PLANS:
            raise ValueError(f"plan is {plan!r}; it is one of {', '.join(PLANS)}")
        self.limits = PLANS[plan]
        self._clock = clock
        self._used: dict[tuple[int, str], tuple[int, int]] = {}
        self._lock = threading.Lock()

    def take(self, user_id: int, rate_class: str) -> Quota:
        """Counts one request; a request over the limit is told so and costs nothing."""
        with self._lock:
            window = int(self._clock() // WINDOW)
            used = self._in_window(user_id, rate_class, window)
            limit, reset = self.limits[rate_class], (window + 1) * WINDOW
            if used >= limit:
                return Quota(limit, 0, reset, exceeded=True)
            self._used[user_id, rate_class] = window, used + 1
            return Quota(limit, limit - used - 1, reset)

    def state(self, user_id: int) -> dict[str, dict[str, int]]:
        """All four classes, as `/rateLimit` shows them."""
        with self._lock:
            window = int(self._clock() // WINDOW)
            return {
                rate_class: Quota(
                    limit, limit - self._in_window(user_id, rate_class, window), (window + 1) * WINDOW
                ).json()
                for rate_class, limit in self.limits.items()
            }

    def _in_window(self, user_id: int, rate_class: str, window: int) -> int:
        counted, used = self._used.get((user_id, rate_class), (window, 0))
        return used if counted == window else 0
