"""Which failing states are new, go on or have ended, and the messages that makes. Knows no clock, Dagster or network.

A state is one rule in one table (and partition). States of the same rule and severity that fail at the same time make
up one incident, so that forty partitions failing one check are one message, one issue, one recovery.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, TypeAlias

Severity: TypeAlias = Literal["warn", "error"]
Kind: TypeAlias = Literal["check", "load", "run"]
Event: TypeAlias = Literal["failing", "reminder", "recovered", "changed"]

LOAD_FAILED, CHECKS_NOT_DONE, RUN_FAILED = "load_failed", "checks_not_done", "run_failed"
"""Rules beside the asset checks: a table was not loaded, checks could not be done, a run failed without any step."""


LOOK_BACK_SECONDS = 7 * 86400.0
"""How far the first look goes: what fails now was evaluated since then, or its schedule has long been off."""


class Key(NamedTuple):
    """What is watched. `table` is the step where a step failed, and the job where a run did."""

    kind: Kind
    rule: str
    table: str
    partition: str | None


@dataclass(frozen=True)
class Finding:
    """What one evaluation found. `rows` is how many offenders, None where nothing was counted; `projects` are named
    for information only; `examples` are lines to show."""

    severity: Severity
    run_id: str
    description: str = ""
    what_to_do: str = ""
    rows: int | None = None
    examples: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observation:
    """One evaluation at `at` (epoch seconds). It passed where `finding` is None.

    A passed load ends every failure of its table in the projects it `covered` (None: in all of them), and in those
    that are gone: not among the `known` ones (None: not known which there are).
    """

    key: Key
    at: float
    finding: Finding | None
    covered: tuple[str, ...] | None = None
    known: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Position:
    """How far was read: the time of the last run seen (epoch seconds; None: nothing yet), and the runs seen of late
    (id -> whether all of it was read)."""

    at: float | None = None
    runs: Mapping[str, bool] = field(default_factory=dict[str, bool])


@dataclass(frozen=True)
class Reading:
    """What was found, and from where to go on. `behind`: there is more, for which there was no time."""

    observations: tuple[Observation, ...]
    position: Position
    behind: bool


@dataclass(frozen=True)
class Standing:
    """The last that was seen of a state; failing `since` then, in an incident, or fine (both None)."""

    key: Key
    at: float
    since: float | None = None
    finding: Finding | None = None
    incident: str | None = None


@dataclass(frozen=True)
class Incident:
    """An open one. `told_at` is when people were last told that it fails."""

    id: str
    kind: Kind
    rule: str
    severity: Severity
    told_at: float


@dataclass(frozen=True)
class Memory:
    """What has to be remembered from tick to tick."""

    standings: tuple[Standing, ...] = ()
    incidents: tuple[Incident, ...] = ()


@dataclass(frozen=True)
class Member:
    """A state as a message tells it. `ended` is None while it fails."""

    table: str
    partition: str | None
    since: float
    finding: Finding
    ended: float | None = None


@dataclass(frozen=True)
class Notice:
    """One message to send. `others` are tables of the incident that go on failing and are no news.

    `recovered` and `changed` tell the end of states: they pass, or still fail, but with another severity. `closes` is
    whether nothing is left of the incident.
    """

    id: str
    event: Event
    incident: str
    kind: Kind
    rule: str
    severity: Severity
    at: float
    members: tuple[Member, ...]
    others: tuple[str, ...] = ()
    closes: bool = False


@dataclass(frozen=True)
class Policy:
    """What people want to hear. `remind_seconds` 0: an alert is not repeated."""

    minimum: Severity = "warn"
    remind_seconds: float = 24 * 3600

    def counts(self, finding: Finding | None) -> bool:
        return finding is not None and (finding.severity == "error" or self.minimum == "warn")


@dataclass
class _Turn:
    """A state that ended or began. `incident` is the one it was in, `why` how it ended."""

    standing: Standing
    ended: float | None = None
    why: Event = "recovered"


def advance(
    memory: Memory,
    observations: Iterable[Observation],
    policy: Policy,
    now: float,
    new_id: Callable[[], str],
    *,
    tell_brief: bool = True,
) -> tuple[Memory, list[Notice]]:
    """The memory after these observations, and the messages they make, in the order to send them.

    Observations count in the order of their times, and those older than what is known count no more. What failed and
    passed again meanwhile is told by both messages, unless not `tell_brief`; a state that turned more often than
    that is told by its first end and what holds now.
    """
    return _Advance(memory, policy, now, new_id).done(observations, tell_brief)


class _Advance:
    def __init__(self, memory: Memory, policy: Policy, now: float, new_id: Callable[[], str]) -> None:
        self.standings: dict[Key, Standing] = {one.key: one for one in memory.standings}
        self.incidents: dict[str, Incident] = {one.id: one for one in memory.incidents}
        self.policy, self.now, self.new_id = policy, now, new_id
        self.turns: dict[Key, list[_Turn]] = {}
        self.was_failing = {key for key, one in self.standings.items() if one.incident is not None}
        self.notices: list[Notice] = []

    def done(self, observations: Iterable[Observation], tell_brief: bool) -> tuple[Memory, list[Notice]]:
        for observation in sorted(observations, key=lambda one: one.at):
            for key in self._concerned(observation):
                self._see(key, observation)
        ends, begins, brief = self._told_turns(tell_brief)
        self._tell_ends(ends)
        self._tell_begins([*begins, *(begin for begin, _ in brief)])
        self._tell_ends([_Turn(begin.standing, end.ended, end.why) for begin, end in brief])
        self._remind()
        # What is well is remembered as long as an older failure may still be read.
        kept = [
            one
            for one in self.standings.values()
            if one.key.kind == "check" or one.since is not None or self.now - one.at < LOOK_BACK_SECONDS
        ]
        return Memory(tuple(kept), tuple(self.incidents.values())), self.notices

    def _concerned(self, observation: Observation) -> list[Key]:
        """The states an observation speaks of."""
        key, covered, known = observation.key, observation.covered, observation.known
        if key.kind == "check":
            return [key]
        if observation.finding is not None:
            if key.partition is not None and self._left_of_table(key, (key.partition,), None) == ():
                # Its last project has a state of its own from now on.
                whole = key._replace(partition=None)
                self.standings[whole] = Standing(whole, observation.at)
            return [key]
        same = [other for other in self.standings if (other.kind, other.table) == (key.kind, key.table)]
        return [
            other
            for other in same
            if (
                covered is None
                or other.partition in covered
                or (other.partition is None and not self._left_of_table(other, covered, known))
                or (other.partition is not None and known is not None and other.partition not in known)
            )
        ]

    def _left_of_table(
        self, key: Key, covered: tuple[str, ...], known: tuple[str, ...] | None
    ) -> tuple[str, ...] | None:
        """The projects in which the table as a whole still fails when those `covered` are seen to; None: not known."""
        whole = key._replace(partition=None)
        standing = self.standings.get(whole)
        if standing is None or standing.finding is None or not standing.finding.projects:
            return None
        left = tuple(
            name for name in standing.finding.projects if name not in covered and (known is None or name in known)
        )
        if left:
            self.standings[whole] = replace(standing, finding=replace(standing.finding, projects=left))
        return left

    def _see(self, key: Key, observation: Observation) -> None:
        before = self.standings.get(key)
        if before is not None and observation.at <= before.at:
            return
        finding = observation.finding if self.policy.counts(observation.finding) else None
        since = before.since if before is not None else None
        turns = self.turns.setdefault(key, [])
        if before is not None and before.since is not None:
            assert before.finding is not None
            if finding is None or finding.severity != before.finding.severity:
                turns.append(_Turn(before, observation.at, "changed" if observation.finding else "recovered"))
                since = None
        if finding is None:
            self.standings[key] = Standing(key, observation.at)
            return
        incident = before.incident if before is not None and since is not None else None
        standing = Standing(key, observation.at, observation.at if since is None else since, finding, incident)
        self.standings[key] = standing
        if since is None:
            turns.append(_Turn(standing))

    def _told_turns(self, tell_brief: bool) -> tuple[list[_Turn], list[_Turn], list[tuple[_Turn, _Turn]]]:
        """Ends of what was failing before, beginnings of what fails now, and what began and ended meanwhile."""
        ends: list[_Turn] = []
        begins: list[_Turn] = []
        brief: list[tuple[_Turn, _Turn]] = []
        for key, turns in self.turns.items():
            if not turns:
                continue
            if key in self.was_failing:
                ends.append(turns[0])
            if self.standings[key].since is not None:
                begins.append(_Turn(self.standings[key]))
            elif key not in self.was_failing and tell_brief:
                brief.append((turns[0], turns[-1]))
        return ends, begins, brief

    def _tell_ends(self, ends: list[_Turn]) -> None:
        groups: dict[tuple[str, Event], list[_Turn]] = {}
        for turn in ends:
            incident = turn.standing.incident or self._open_incident(turn.standing)
            groups.setdefault((incident, turn.why), []).append(turn)
        for at, ((incident_id, why), turns) in enumerate(groups.items()):
            incident = self.incidents[incident_id]
            later = any(other == incident_id for other, _ in list(groups)[at + 1 :])
            others = self._labels(incident_id, leave_out=())
            members = tuple(_member(turn.standing, turn.ended) for turn in turns)
            closes = not others and not later
            self._add(why, incident, members, others, closes)
            if closes:
                del self.incidents[incident_id]

    def _tell_begins(self, begins: list[_Turn]) -> None:
        groups: dict[tuple[Kind, str, Severity], list[Standing]] = {}
        for turn in begins:
            assert turn.standing.finding is not None
            key = turn.standing.key
            groups.setdefault((key.kind, key.rule, turn.standing.finding.severity), []).append(turn.standing)
        for standings in groups.values():
            incident_id = self._open_incident(standings[0])
            keys = {one.key for one in standings}
            for key in keys:
                if self.standings[key].since is not None:
                    self.standings[key] = replace(self.standings[key], incident=incident_id)
            incident = replace(self.incidents[incident_id], told_at=self.now)
            self.incidents[incident_id] = incident
            members = tuple(_member(one, None) for one in standings)
            self._add("failing", incident, members, self._labels(incident_id, leave_out=keys), closes=False)

    def _open_incident(self, standing: Standing) -> str:
        """The open incident this state belongs to, else a new one."""
        assert standing.finding is not None
        wanted = (standing.key.kind, standing.key.rule, standing.finding.severity)
        for incident in self.incidents.values():
            if (incident.kind, incident.rule, incident.severity) == wanted:
                return incident.id
        made = Incident(self.new_id(), *wanted, self.now)
        self.incidents[made.id] = made
        return made.id

    def _remind(self) -> None:
        for incident in list(self.incidents.values()):
            members = tuple(_member(one, None) for one in self.standings.values() if one.incident == incident.id)
            late = self.now - incident.told_at >= self.policy.remind_seconds > 0
            if members and late:
                reminded = replace(incident, told_at=self.now)
                self.incidents[incident.id] = reminded
                self._add("reminder", reminded, members, (), closes=False)

    def _labels(self, incident_id: str, *, leave_out: Iterable[Key]) -> tuple[str, ...]:
        keys = [key for key, one in self.standings.items() if one.incident == incident_id and key not in set(leave_out)]
        return tuple(dict.fromkeys(key.table for key in keys))

    def _add(
        self, event: Event, incident: Incident, members: tuple[Member, ...], others: tuple[str, ...], closes: bool
    ) -> None:
        told = (self.new_id(), event, incident.id, incident.kind, incident.rule, incident.severity, self.now)
        self.notices.append(Notice(*told, members=members, others=others, closes=closes))


def _member(standing: Standing, ended: float | None) -> Member:
    assert standing.finding is not None
    assert standing.since is not None
    return Member(standing.key.table, standing.key.partition, standing.since, standing.finding, ended)


def channels_for(
    severity: Severity, routes: Mapping[Severity, tuple[str, ...]], channels: Iterable[str]
) -> tuple[str, ...]:
    """The channels a message of this severity goes to; all of them where its severity has no route."""
    wanted = routes.get(severity)
    return tuple(name for name in channels if wanted is None or name in wanted)
