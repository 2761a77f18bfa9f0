"""Git repositories and pull requests as the chronicle has them. Knows no rights, no changes and no HTTP.

The chronicle tells of a pull request once: that it was added, updated or commented. What else happens to it is told by
no activity, as where recent updates were trimmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from backlog_assets.demo import words
from backlog_assets.demo.chronicle import Chronicle, Happening, repository
from backlog_assets.demo.company import Company, Json, ProjectPlan
from backlog_assets.demo.register import ISSUE_BASE, Register
from backlog_assets.demo.shapes import HOST
from backlog_assets.demo.times import DAY, START, WORK_DAY, stamp, wall

ADDED, UPDATED, COMMENTED = 18, 19, 20
"""Types of the activities that tell of a pull request."""

PUSHED, FOUNDED = 12, 13
"""Types of the activities that tell of a push, and of a new repository."""

STATUSES = {1: "Open", 2: "Closed", 3: "Merged"}

STAR_BASE = 60_000_000
NOTIFICATION_BASE = 15_000_000
"""Ids of the stars and notifications of pull requests, which have no place in the timeline."""


class Event(NamedTuple):
    """What is said or changed in a pull request; `changes` are (field, value before, value after) as people read them.

    `link` is the number of the issue that the pull request is linked with from then on, 0 for none.
    """

    at: int
    author: int
    content: str | None
    changes: tuple[tuple[str, str | None, str | None], ...] = ()
    status: int = 0
    link: int = 0


@dataclass
class PullRequest:
    """A pull request as asked for alone, but of its issue only the id; and its comments, oldest first."""

    row: Json
    comments: list[Json] = field(default_factory=list[Json])

    @property
    def number(self) -> int:
        return int(self.row["number"])


class PullRequestWriter:
    """Writes the repositories and pull requests of any project at any time."""

    def __init__(self, company: Company, chronicle: Chronicle, register: Register, seed: int) -> None:
        self.users = {int(user["id"]): user for user in company.users}
        self.chronicle = chronicle
        self.register = register
        self.seed = seed

    def repositories(self, plan: ProjectPlan, until: int) -> list[Json]:
        """The project's one repository, where it has one by then."""
        founded = next((one for one in self.chronicle.week(plan.index, 0) if one.type == FOUNDED), None)
        if founded is None or founded.at >= until:
            return []
        told = repository(plan)
        pushes = [one.at for one in self._happenings(plan, until) if one.type == PUSHED]
        row: Json = {
            "id": told["id"],
            "projectId": plan.project["id"],
            "name": told["name"],
            "description": told["description"],
            "hookUrl": None,
            "httpUrl": f"{HOST}/git/{plan.key}/{told['name']}.git",
            "sshUrl": f"demo@demo.git.backlog.example:/{plan.key}/{told['name']}.git",
            "displayOrder": 0,
            "pushedAt": stamp(max(pushes)) if pushes else None,
            "createdUser": self.users[founded.author],
            "created": stamp(founded.at),
            "updatedUser": self.users[founded.author],
            "updated": stamp(founded.at),
        }
        return [row]

    def pull_requests(self, plan: ProjectPlan, until: int) -> list[PullRequest]:
        """Those opened before `until`, oldest first."""
        # One that is told of as updated or commented was opened a little earlier, in the same week.
        found = [one for one in self._happenings(plan, until + 7 * DAY) if ADDED <= one.type <= COMMENTED]
        written = (self._written(plan, one, until) for one in found)
        return [one for one in written if one is not None]

    def _happenings(self, plan: ProjectPlan, until: int) -> Iterator[Happening]:
        for week in range(max(0, until - START) // (7 * DAY) + 1):
            yield from (one for one in self.chronicle.week(plan.index, week) if one.at < until)

    def _written(self, plan: ProjectPlan, told: Happening, until: int) -> PullRequest | None:
        content = told.content
        rng = Random(f"{self.seed}:pull request:{content['id']}")
        opened, author = told.at, told.author
        if told.type != ADDED:
            days = (told.at - START) // DAY % 7
            opened -= rng.randrange(days + 1) * DAY + 60 + rng.randrange(600)
            author = rng.choice(plan.members)
        if opened >= until:
            return None
        events = [event for event in self._events(plan, told, rng) if event.at < until]
        last = events[-1] if events else Event(opened, author, None)
        ended = next((event for event in events if event.status), None)
        status = ended.status if ended else 1
        commits = [f"{rng.getrandbits(160):040x}" for _ in range(3)]
        renamed = told.type != UPDATED or told.at < until
        issue = next((event.link for event in events if event.link), 0)
        row: Json = {
            "id": content["id"],
            "projectId": plan.project["id"],
            "repositoryId": content["repository"]["id"],
            "number": content["number"],
            "summary": content["summary"] if renamed else draft(content["summary"]),
            "description": content["description"],
            "base": "main",
            "branch": f"feature/{content['number']}-{rng.choice(('検索', 'login', 'fix #1'))}",
            "status": {"id": status, "name": STATUSES[status]},
            "assignee": self.users[rng.choice(plan.members)] if rng.random() < 0.7 else None,
            "issue": {"id": ISSUE_BASE + issue} if issue else None,
            "baseCommit": commits[0] if status == 3 else None,
            "branchCommit": commits[1] if status == 3 else None,
            "mergeCommit": commits[2] if status == 3 else None,
            "closeAt": stamp(ended.at) if ended and status == 2 else None,
            "mergeAt": stamp(ended.at) if ended and status == 3 else None,
            "createdUser": self.users[author],
            "created": stamp(opened),
            "updatedUser": self.users[last.author],
            "updated": stamp(last.at),
            "attachments": [self._attachment(content["id"], place, opened, author, rng) for place in _few(rng)],
        }
        found = PullRequest(row)
        stars = [self.star(found, 1, rng.choice(plan.members), opened + 60)] if rng.random() < 0.3 else []
        row["stars"] = stars if opened + 60 < until else []
        for event in events:
            found.comments.append(self._comment(found, event, rng))
        return found

    def _events(self, plan: ProjectPlan, told: Happening, rng: Random) -> Iterator[Event]:
        """What happens after the opening: first what the chronicle tells, then a talk of some days, then perhaps an
        end."""
        if told.type == UPDATED:
            summary = told.content["summary"]
            yield Event(told.at, told.author, None, (("summary", draft(summary), summary),))
        elif told.type == COMMENTED:
            yield Event(told.at, told.author, rng.choice(words.COMMENTS))
        day = told.at // DAY
        for place in range(rng.randrange(4)):
            day = _working_day(day + 1 + rng.randrange(2))
            at, author = day * DAY + rng.randrange(700, WORK_DAY), rng.choice(plan.members)
            issue = self._issue(plan, told.at, rng) if place == 0 else 0
            if issue:
                key = f"{plan.key}-{self.register.key_id_of[issue]}"
                yield Event(at, author, None, (("dependentIssue", None, key),), link=issue)
            else:
                yield Event(at, author, rng.choice(words.COMMENTS))
        status = rng.choice((0, 2, 3, 3, 3))
        if status:
            day = _working_day(day + 1 + rng.randrange(5))
            at, author = day * DAY + rng.randrange(700, WORK_DAY), rng.choice(plan.members)
            words_too = rng.choice(words.COMMENTS) if rng.random() < 0.3 else None
            yield Event(at, author, words_too, (("status", STATUSES[1], STATUSES[status]),), status=status)

    def _issue(self, plan: ProjectPlan, at: int, rng: Random) -> int:
        """The number of an issue of the project made before `at` that stays, or 0."""
        newest = _last_before(self.register, at)
        for _ in range(8 if newest else 0):
            number = rng.randrange(1, newest + 1)
            stays = not self.register.fades(number) and self.register.leaves_work(number) is None
            if stays and self.register.project_of[number] == plan.index:
                return number
        return 0

    def _attachment(self, id_: int, place: int, at: int, author: int, rng: Random) -> Json:
        return {
            "id": id_ * 10 + place,
            "name": rng.choice(words.FILES),
            "size": rng.randrange(1, 40_000),
            "createdUser": self.users[author],
            "created": stamp(at),
        }

    def _comment(self, found: PullRequest, event: Event, rng: Random) -> Json:
        stars = [self.star(found, 2 + len(found.comments), event.author, event.at)] if rng.random() < 0.06 else []
        notified = found.row["assignee"] if event.content and rng.random() < 0.5 else None
        comment = self.comment(found, event, [] if notified is None else [notified])
        return {**comment, "stars": stars}

    def comment(self, found: PullRequest, event: Event, notified: list[Json]) -> Json:
        """The next comment of a pull request, of which those `notified` (users) are told."""
        id_ = found.row["id"] * 100 + len(found.comments) + 1
        return {
            "id": id_,
            "content": event.content,
            "changeLog": [{"field": name, "newValue": new, "originalValue": old} for name, old, new in event.changes],
            "createdUser": self.users[event.author],
            "created": stamp(event.at),
            "updated": stamp(event.at),
            "stars": [],
            "notifications": [
                {
                    "id": NOTIFICATION_BASE + id_ % 1_000_000 * 2 + place,
                    "alreadyRead": id_ % 3 != 0,
                    "reason": 11,
                    "user": user,
                    "resourceAlreadyRead": id_ % 2 == 0,
                }
                for place, user in enumerate(notified)
            ],
        }

    def star(self, found: PullRequest, place: int, presenter: int, at: int) -> Json:
        """The star at a place of a pull request: 1 is its own, from 2 on come those of its comments."""
        number = found.row["number"]
        url = f"{HOST}/git/{found.row['projectId']}/{found.row['repositoryId']}/pullRequests/{number}"
        return {
            "id": STAR_BASE + found.row["id"] % 1_000_000 * 100 + place,
            "comment": None,
            "url": url if place == 1 else f"{url}#comment-{place - 1}",
            "title": f"#{number} {found.row['summary']}",
            "presenter": self.users[presenter],
            "created": stamp(at),
        }


def draft(summary: str) -> str:
    """What a pull request is called before it is ready."""
    return f"WIP: {summary}"


def _few(rng: Random) -> range:
    return range(rng.choice((0, 0, 0, 1, 2)))


def _working_day(day: int) -> int:
    """That day since 1970, or the Monday after it."""
    weekday = (day - START // DAY) % 7
    return day + (7 - weekday if weekday >= 5 else 0)


def _last_before(register: Register, at: int) -> int:
    """About the last issue number made before `at`; the same however far the register reaches."""
    low, high = 0, register.last
    while low < high:
        middle = (low + high + 1) // 2
        if wall(register.created_work(middle)) < at:
            low = middle
        else:
            high = middle - 1
    return low
