"""What happened to one issue: a pure function of (seed, number). Knows no JSON of the API and no present day."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from backlog_assets.demo import words
from backlog_assets.demo.company import Company, Json, ProjectPlan
from backlog_assets.demo.register import Register
from backlog_assets.demo.times import DAY, WORK_WEEK, wall

CUSTOM = "custom"
"""`Change.field` of a custom field; every other one is spelled as Backlog's changeLog spells it."""

HOUR = 3_600

State = dict[str, Any]
"""An issue's values by changeLog field: ids, day numbers and texts; custom fields by id under `CUSTOM`."""


class Change(NamedTuple):
    """One field of one edit, in the values of `State`."""

    field: str
    old: Any
    new: Any
    field_id: int = 0


class Attachment(NamedTuple):
    id: int
    name: str
    size: int
    author: int
    at: int


class Event(NamedTuple):
    """One thing that happened: `kind` is "update", "comment", "bulk" or "delete"; `at` in epoch seconds."""

    at: int
    kind: str
    author: int
    content: str | None
    changes: tuple[Change, ...]


@dataclass
class History:
    """The life of one issue, from its making to long after the present."""

    number: int
    plan: ProjectPlan
    key_id: int
    created: int
    author: int
    opening: State
    events: list[Event] = field(default_factory=list[Event])
    stars: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Time and presenter of every star of the issue itself."""

    @property
    def key(self) -> str:
        return f"{self.plan.key}-{self.key_id}"

    def author_of(self, index: int) -> int:
        """Who made the issue (0), or the event at `index` - 1."""
        return self.events[index - 1].author if index else self.author

    def state_before(self, index: int) -> State:
        """The values just before the event of that index."""
        state: State = {**self.opening, CUSTOM: dict(self.opening[CUSTOM])}
        for event in self.events[:index]:
            apply(state, event.changes)
        return state


def apply(state: State, changes: tuple[Change, ...]) -> None:
    """Brings a state forward over one event."""
    for change in changes:
        if change.field == CUSTOM:
            state[CUSTOM][change.field_id] = change.new
        elif change.field == "attachment":
            state["attachment"] = (*state["attachment"], change.new)
        else:
            state[change.field] = change.new


class Historian:
    """Tells the history of any issue number of a company."""

    def __init__(self, company: Company, register: Register) -> None:
        self.company = company
        self.register = register
        self.history = lru_cache(maxsize=4_096)(self._history)

    def _history(self, number: int) -> History:
        register = self.register
        plan = self.company.projects[register.project_of[number]]
        rng = Random(register.seed * 1_000_003 + number)
        begun = register.created_work(number)
        author = _pick(rng, plan.members)
        history = History(
            number=number,
            plan=plan,
            key_id=register.key_id_of[number],
            created=wall(begun),
            author=author,
            opening=_opening(rng, plan, number, begun, register.parent_of[number]),
        )
        teller = _Teller(history, rng, register, begun)
        teller.tell()
        for _ in range(rng.randrange(1, 4) if rng.random() < 0.08 else 0):
            history.stars.append((wall(begun + rng.randrange(1, 40 * HOUR)), _pick(rng, plan.members)))
        history.stars.sort()
        return history


class _Teller:
    """Writes the events of one history in order, keeping the state that each finds."""

    def __init__(self, history: History, rng: Random, register: Register, begun: int) -> None:
        self.history = history
        self.rng = rng
        self.register = register
        self.at = begun
        self.state = history.state_before(0)
        self.leader = register.bulk_leader(history.number)
        self.bulk_at = register.bulk_work(self.leader) if self.leader else 0
        self.fades = register.fades(history.number)
        self.parent = register.parent_of[history.number]
        self.attachments = 0

    def tell(self) -> None:
        rng = self.rng
        if self.fades:
            self.talk(rng.randrange(2))
            self.wait(rng.randrange(10))
            self.add("delete", None, ())
            return
        self.talk(rng.randrange(3))
        if self.parent and self.state["parentIssue"] is None:
            self.update(("parentIssue", self.parent))
        if rng.random() < 0.06:
            self.update(("summary", self.state["summary"].rstrip()[:240] + "（再）"))
        if rng.random() < 0.03:
            self.update(("description", (self.state["description"] or "")[:1_000] + "\n\n追記あり"))
        if self.state["assigner"] is None:
            self.update(("assigner", _pick(rng, self.history.plan.members)))
        if rng.random() < 0.12:
            self.wait(60)
            self.update(("status", 4), ("resolution", rng.randrange(1, 5)), content=_pick(rng, words.COMMENTS))
        else:
            self.work()
        if self.state["status"] == 4 and rng.random() < 0.06:
            self.wait(40)
            self.update(("status", 2), ("resolution", None), content="再発しました。Reopened.")
            self.talk(1)
            self.update(("status", 4), ("resolution", 0))
        if self.leader:
            self.bulk()
        leaves = self.register.leaves_work(self.history.number)
        if leaves is not None:
            self.leave(wall(leaves))

    def leave(self, at: int) -> None:
        """Deleted whatever it was in; nothing happens to it from then on."""
        events = [event for event in self.history.events if event.at < at]
        self.history.events[:] = [*events, Event(at, "delete", self.history.author, None, ())]

    def work(self) -> None:
        """The usual way: started, talked about, resolved, closed."""
        rng = self.rng
        self.wait(30)
        if rng.random() < 0.2:
            # Not everything is begun soon; some of it is never begun.
            self.at += rng.randrange(20 * WORK_WEEK)
            if rng.random() < 0.2:
                return
        today = wall(self.at) // DAY
        self.update(("status", 2), *((("startDate", today),) if self.state["startDate"] is None else ()))
        self.talk(rng.randrange(3))
        if rng.random() < 0.3:
            self.attach()
        if rng.random() < 0.35 and self.state["limitDate"] is not None:
            self.update(("limitDate", self.state["limitDate"] + rng.randrange(1, 15)))
        if rng.random() < 0.2:
            self.update(("milestone", _milestone(self.history.plan, self.at, 1)))
        if rng.random() < 0.1:
            self.update(("component", _categories(rng, self.history.plan)), ("priority", rng.randrange(2, 5)))
        if rng.random() < 0.15 and self.history.plan.custom_fields:
            self.custom()
        if rng.random() < 0.1:
            self.update(("assigner", _pick(rng, self.history.plan.members)), content="担当を変更します。")
        if len(self.history.plan.statuses) > 4:
            self.update(("status", self.history.plan.statuses[2 + rng.randrange(2)]["id"]))
        if rng.random() < 0.04:
            return
        actual = rng.randrange(1, 60) / 4 if rng.random() < 0.7 else None
        self.wait(20)
        self.update(("status", 3), ("resolution", 0), ("actualHours", actual), content=_pick(rng, words.COMMENTS))
        self.wait(30)
        self.update(("status", 4))

    def talk(self, times: int) -> None:
        for _ in range(times):
            self.wait(12)
            self.add("comment", _pick(self.rng, words.COMMENTS), ())

    def update(self, *changes: tuple[str, Any], content: str | None = None) -> None:
        self.wait(6)
        real = tuple(Change(name, self.state[name], new) for name, new in changes if self.state[name] != new)
        if real:
            self.add("update", content, real)

    def custom(self) -> None:
        plan, rng = self.history.plan, self.rng
        chosen = _pick(rng, tuple(row for row in plan.custom_fields if not row["useIssueType"]))
        old, new = self.state[CUSTOM][chosen["id"]], _custom_value(rng, chosen, wall(self.at) // DAY)
        self.wait(6)
        if old != new:
            self.add("update", None, (Change(CUSTOM, old, new, chosen["id"]),))

    def attach(self) -> None:
        self.wait(6)
        number, rng = self.history.number, self.rng
        author = _pick(rng, self.history.plan.members)
        new = Attachment(
            number * 8 + self.attachments, _pick(rng, words.FILES), rng.randrange(100, 9_999_999), author, 0
        )
        self.attachments += 1
        self.add("update", "添付します。", (Change("attachment", None, new),), author)

    def bulk(self) -> None:
        """The change of several issues at once in which this one takes part."""
        self.at, self.leader = self.bulk_at, 0
        changes = (Change("priority", self.state["priority"], 2),) if self.state["priority"] != 2 else ()
        self.add("bulk", "まとめて優先度を上げます。", changes, self.history.plan.administrators[0])

    def wait(self, hours: int) -> None:
        """Lets working time pass: mostly minutes or hours, seldom some days; at least a second."""
        share = self.rng.random()
        self.at += 1 + int(hours * HOUR * share * share * share * 4)

    def add(self, kind: str, content: str | None, changes: tuple[Change, ...], author: int | None = None) -> None:
        if kind != "bulk" and self.leader and self.at >= self.bulk_at:
            later = self.at
            self.bulk()
            self.at = max(later, self.at + 1)
            # The bulk change may have moved the value that this change starts from.
            changes = tuple(
                change._replace(old=self.state[change.field]) if change.field == "priority" else change
                for change in changes
            )
            changes = tuple(change for change in changes if change.old != change.new)
            if not changes and kind == "update" and content is None:
                return
        author = author or int(_pick(self.rng, self.history.plan.members))
        at = wall(self.at)
        if changes and changes[0].field == "attachment":
            changes = (changes[0]._replace(new=changes[0].new._replace(at=at)),)
        self.history.events.append(Event(at, kind, author, content, changes))
        apply(self.state, changes)


def _pick(rng: Random, choices: Any) -> Any:
    return choices[int(rng.random() * len(choices))]


def _opening(rng: Random, plan: ProjectPlan, number: int, begun: int, parent: int) -> State:
    today = wall(begun) // DAY
    members = plan.members
    kind = _pick(rng, (0, 0, 1, 1, 2, 3))
    due = today + rng.randrange(2, 40) if rng.random() < 0.6 else None
    return {
        "summary": _summary(rng, number),
        "description": _description(rng, number),
        "issueType": plan.issue_types[kind]["id"],
        "status": 1,
        "priority": _pick(rng, (2, 3, 3, 3, 4)),
        "resolution": None,
        "assigner": _pick(rng, members) if rng.random() < 0.65 else None,
        "component": _categories(rng, plan),
        "version": _milestone(plan, begun, 0) if kind == 1 else (),
        "milestone": _milestone(plan, begun, rng.randrange(2)) if rng.random() < 0.6 else (),
        "startDate": today if rng.random() < 0.2 else None,
        "limitDate": due,
        "estimatedHours": rng.randrange(1, 40) / 2 if rng.random() < 0.5 else None,
        "actualHours": None,
        "parentIssue": parent or None if rng.random() < 0.8 else None,
        "attachment": (),
        "sharedFiles": (rng.randrange(4),) if rng.random() < 0.05 else (),
        "links": rng.random() < 0.03,
        CUSTOM: {row["id"]: _custom_value(rng, row, today) for row in plan.custom_fields},
    }


def _summary(rng: Random, number: int) -> str:
    if number % 67 == 5:
        return words.ODD_SUMMARIES[number // 67 % len(words.ODD_SUMMARIES)]
    area, matter = _pick(rng, words.AREAS), _pick(rng, words.MATTERS)
    return f"{area} {matter}" if matter[0].isascii() else area + matter


def _description(rng: Random, number: int) -> str | None:
    if number % 83 == 7:
        return words.ODD_DESCRIPTIONS[number // 83 % len(words.ODD_DESCRIPTIONS)]
    if number % 1_400 == 700:
        return words.LONG_DESCRIPTION * (30_000 // len(words.LONG_DESCRIPTION))
    if rng.random() < 0.1:
        return None
    return "\n".join(_pick(rng, words.SENTENCES) for _ in range(1 + int(rng.random() * 4)))


def _categories(rng: Random, plan: ProjectPlan) -> tuple[int, ...]:
    first = int(rng.random() * len(plan.categories))
    chosen = plan.categories[first : first + int(rng.random() * 3)]
    return tuple(row["id"] for row in chosen)


def _milestone(plan: ProjectPlan, work_seconds: int, ahead: int) -> tuple[int, ...]:
    """The release under way at that time, or one of the next; several where it is about the version after."""
    place = min(work_seconds // WORK_WEEK // 6 + ahead, len(plan.versions) - 1)
    return (plan.versions[place][1]["id"],)


def _custom_value(rng: Random, row: Json, today: int) -> Any:
    """A value in compact form: text, number, day, item id, item ids, or (item ids or id, other value)."""
    kind, empty = row["typeId"], rng.random() < 0.35
    if kind in (6, 7):
        chosen = () if empty else tuple(item["id"] for item in row["items"] if rng.random() < 0.5)
        return chosen if kind == 6 else (chosen, _pick(rng, words.OTHER_VALUES) if rng.random() < 0.1 else None)
    if kind == 8:
        other = not empty and rng.random() < 0.1
        item = None if empty or other else _pick(rng, row["items"])["id"]
        return (item, _pick(rng, words.OTHER_VALUES) if other else None)
    if empty:
        return None
    if kind in (1, 2):
        return _pick(rng, words.TEXT_VALUES)
    if kind == 3:
        return _pick(rng, (0, 1_000, 25_000, 1_250.5, 9_800_000))
    return today + rng.randrange(60) if kind == 4 else _pick(rng, row["items"])["id"]
