"""Which issue number belongs to which project, and when it was made. Pure arithmetic on (seed, number)."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import accumulate

from backlog_assets.demo.company import ARCHIVED_PROJECT, ARCHIVED_WEEK, EMPTY_PROJECT
from backlog_assets.demo.times import SPAN, WORK_DAY, WORK_WEEK, wall

ISSUE_BASE = 10_000_000
"""The id of issue number n is `ISSUE_BASE + n`: ids ascend with the time of creation."""

BULK_GROUP = 40
"""Issues are thought of in groups of so many; some groups have a change of several issues at once."""

BULK_REACH = 12
"""Only the first so many of a group take part in its bulk change."""

FADING = 97
"""One issue number in so many is deleted some days after it was made."""

LEAVING, LEAVING_DAYS = 5, 20
"""Of the last issues before the default date, one number in so many is deleted on one of so many working days after it:
a space that is put forward by a day loses something too."""


def mix(seed: int, number: int) -> int:
    """A pseudo-random 32-bit integer of the two: the cheap choice where no generator is needed."""
    value = (number * 2_654_435_761 + seed * 40_503 + 12_345) & 0xFFFFFFFF
    value = ((value ^ (value >> 15)) * 2_246_822_519) & 0xFFFFFFFF
    return value ^ (value >> 13)


class Register:
    """Project, key number and parent of every issue number up to the present.

    `issues` is how many exist at the default date; a later date goes on at the same pace.
    """

    def __init__(self, *, seed: int, issues: int, projects: int) -> None:
        self.seed = seed
        self.total = _numbers_for(issues)
        """Numbers given by the default date: `issues` and the deleted ones."""
        weights = [
            0 if at == EMPTY_PROJECT else max(1, 6 - at) if at <= ARCHIVED_PROJECT else 1 for at in range(projects)
        ]
        self._weights = list(accumulate(weights))
        self._key_ids = [0] * projects
        self._last_parent = [0] * projects
        self.project_of = array("H", [0])
        self.key_id_of = array("L", [0])
        self.parent_of = array("L", [0])

    def created_work(self, number: int) -> int:
        """When an issue was made, in working seconds; every 40th comes in the very second of the one before."""
        if number % 40 == 0:
            number -= 1
        spacing = max(1, SPAN // self.total)
        return (number - 1) * SPAN // self.total + mix(self.seed, number) % spacing

    def fades(self, number: int) -> bool:
        """Whether an issue is deleted some days after it was made. Nobody's parent, in no bulk change."""
        # The last weeks before the default date are spared, so that exactly `issues` are left by then.
        return number % FADING == 41 and (number <= self.total * 0.9 or number > self.total)

    def leaves_work(self, number: int) -> int | None:
        """When an issue is deleted soon after the default date, in working seconds; None where it is not."""
        is_parent = mix(self.seed + 11, number) % 4 == 0
        if not self.total * 0.9 < number <= self.total or number % LEAVING or is_parent or self.bulk_leader(number):
            return None
        day = number // LEAVING % LEAVING_DAYS
        return SPAN + day * WORK_DAY + 3_600 + mix(self.seed + 13, number) % (WORK_DAY - 2 * 3_600)

    def extend(self, now: int) -> None:
        """Registers every issue made before `now` (epoch seconds)."""
        number = len(self.project_of)
        while self.total and wall(self.created_work(number)) < now:
            project = self._project(number)
            self._key_ids[project] += 1
            parent = 0
            if mix(self.seed + 7, number) % 6 == 0:
                parent = self._last_parent[project]
            elif not self.fades(number) and mix(self.seed + 11, number) % 4 == 0:
                self._last_parent[project] = number
            self.project_of.append(project)
            self.key_id_of.append(self._key_ids[project])
            self.parent_of.append(0 if self.fades(number) else parent)
            number += 1

    @property
    def last(self) -> int:
        """The highest number given so far; 0 where there is none."""
        return len(self.project_of) - 1

    def bulk_leader(self, number: int) -> int:
        """The first issue of the bulk change in which this one takes part, or 0."""
        leader = (number - 1) // BULK_GROUP * BULK_GROUP + 1
        if (leader // BULK_GROUP) % 3 or number - leader >= BULK_REACH or self.fades(number) or self.fades(leader):
            return 0
        return leader if self.project_of[number] == self.project_of[leader] else 0

    def bulk_members(self, leader: int) -> list[int]:
        """The issues changed at once with that one, itself first."""
        last = min(self.last, leader + BULK_REACH - 1)
        return [number for number in range(leader, last + 1) if self.bulk_leader(number) == leader]

    def bulk_work(self, leader: int) -> int:
        """When a bulk change happened, in working seconds: after the whole group was made."""
        return self.created_work(leader + BULK_GROUP - 1) + 18 * 3_600 + 1

    def _project(self, number: int) -> int:
        project = bisect_right(self._weights, mix(self.seed + 3, number) % self._weights[-1])
        if project == ARCHIVED_PROJECT and self.created_work(number) >= ARCHIVED_WEEK * WORK_WEEK:
            return 0
        return project


def _numbers_for(issues: int) -> int:
    """How many numbers must be given so that `issues` are left when the fading ones are gone."""
    total = issues
    while total - _faded(total) < issues:
        total += issues - (total - _faded(total))
    return total


def _faded(total: int) -> int:
    return len(range(41, int(total * 0.9) + 1, FADING))
