"""The order of everything that ever happened: what gives activities, comments and notifications their ids."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import NamedTuple

from backlog_assets.demo.times import START

ACTIVITY_BASE = 50_000_000
COMMENT_BASE = 80_000_000
NOTIFICATION_BASE = 20_000_000
"""An entry's activity, comment and notification have these ids plus the entry's position. Later entries only come
after it, so ids ascend with time and never move when the space's date is put forward."""

CHRONICLE = 1 << 19
"""Numbers from here on are weeks of projects, not issues: `CHRONICLE + week * projects + project`."""

FILLING = (1 << 20) - 1
"""Numbers from here down are pushes that were only made up to reach a wanted number of activities."""


class Entry(NamedTuple):
    """`event` 0 is the making of the issue, i + 1 its event i; in a week or a filling, the place therein.

    `type` is that of the activity, 0 where there is none of its own.
    """

    at: int
    number: int
    event: int
    type: int


def packed(at: int, number: int, event: int, type_: int) -> int:
    """An entry as one integer (28 + 20 + 10 + 6 bits); sorting integers sorts entries by time."""
    return (at - START) << 36 | number << 16 | event << 6 | type_


def unpacked(value: int) -> Entry:
    return Entry((value >> 36) + START, value >> 16 & 0xFFFFF, value >> 6 & 0x3FF, value & 0x3F)


class Timeline:
    """All entries before the present, oldest first."""

    def __init__(self, entries: list[int]) -> None:
        entries.sort()
        self.entries = array("Q", entries)
        self.active = array("L", (position for position, value in enumerate(self.entries) if value & 0x3F))
        """Positions of the entries that have an activity."""

    def __getitem__(self, position: int) -> Entry:
        return unpacked(self.entries[position])

    def __len__(self) -> int:
        return len(self.entries)

    def position(self, at: int, number: int, index: int) -> int:
        """Where an entry stands, whatever its type."""
        return bisect_left(self.entries, packed(at, number, index, 0))

    def keep_activities(self, number: int) -> None:
        """Forgets all but the newest activities, as a service that trims its recent updates does."""
        self.active = self.active[max(0, len(self.active) - number) :]
