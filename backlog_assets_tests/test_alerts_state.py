"""The decision what is new, goes on or has ended: rules that hold for any history, and the cases beside."""

import itertools
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from backlog_assets.alerts.state import (
    LOAD_FAILED,
    Finding,
    Key,
    Memory,
    Notice,
    Observation,
    Policy,
    Severity,
    advance,
    channels_for,
)


class Ticks:
    """Ticks, one after the other."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.memory = Memory()
        self.policy = policy or Policy(remind_seconds=0)
        self.now = 0.0
        self.ids: Iterator[int] = itertools.count()

    def tick(self, *seen: Observation, tell_brief: bool = True) -> list[Notice]:
        self.now = max([self.now, *(one.at for one in seen)])
        self.memory, notices = advance(
            self.memory, seen, self.policy, self.now, lambda: str(next(self.ids)), tell_brief=tell_brief
        )
        return notices

    def told(self, *seen: Observation) -> list[tuple[str, list[str]]]:
        return [(one.event, [member.table for member in one.members]) for one in self.tick(*seen)]

    def failing(self) -> set[str]:
        return {standing.key.table for standing in self.memory.standings if standing.since is not None}


def seen(table: str, at: float, severity: Severity | None, *, rule: str = "r") -> Observation:
    finding = None if severity is None else Finding(severity, f"run-{at}")
    return Observation(Key("check", rule, table, None), at, finding)


def load(
    at: float,
    *,
    failing: str | None = "",
    covered: tuple[str, ...] | None = None,
    known: tuple[str, ...] | None = None,
) -> Observation:
    """A load of table `t`: failing in a project, in the table as a whole (""), or passed (None)."""
    if failing is None:
        return Observation(Key("load", LOAD_FAILED, "t", None), at, None, covered, known)
    finding = Finding("error", "run", projects=covered or ())
    return Observation(Key("load", LOAD_FAILED, "t", failing or None), at, finding)


histories = st.lists(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["warn", "error", None])),
        max_size=6,
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(histories)
def test_for_any_history_each_state_is_told_failing_and_ended_in_turns_and_ends_as_it_stands(
    history: list[list[tuple[str, Severity | None]]],
) -> None:
    ticks, at = Ticks(), 0.0
    standing: dict[str, Severity | None] = {}
    told: dict[str, list[tuple[str, Severity]]] = {}
    for evaluations in history:
        batch: list[Observation] = []
        for table, severity in evaluations:
            at += 1
            batch.append(seen(table, at, severity))
            standing[table] = severity
        for notice in ticks.tick(*batch):
            for member in notice.members:
                told.setdefault(member.table, []).append((notice.event, notice.severity))
    for table, messages in told.items():
        events = [event for event, _ in messages]
        assert events[::2] == ["failing"] * len(events[::2])
        assert not {"failing", "reminder"} & set(events[1::2])
        for (_, begun), (_, ended) in zip(messages[::2], messages[1::2], strict=False):
            assert begun == ended
        last = standing[table]
        assert (messages[-1] == ("failing", last)) if last else (events[-1] != "failing")
    assert {table for table, severity in standing.items() if severity} == ticks.failing()
    open_incidents = {one.incident for one in ticks.memory.standings if one.since is not None}
    assert {incident.id for incident in ticks.memory.incidents} == open_incidents


@settings(max_examples=100, deadline=None)
@given(histories)
def test_what_is_observed_twice_is_told_once(history: list[list[tuple[str, Severity | None]]]) -> None:
    once, twice, at = Ticks(), Ticks(), 0.0
    past: list[Observation] = []
    for evaluations in history:
        batch: list[Observation] = []
        for table, severity in evaluations:
            at += 1
            batch.append(seen(table, at, severity))
        assert once.told(*batch) == twice.told(*past, *batch)
        past += batch


def test_a_later_table_joins_the_open_incident_and_is_told_alone() -> None:
    ticks = Ticks()
    [first] = ticks.tick(seen("a", 1, "error"))
    [second] = ticks.tick(seen("b", 2, "error"))
    assert second.incident == first.incident
    assert ([member.table for member in second.members], second.others) == (["b"], ("a",))
    [third] = ticks.tick(seen("a", 3, None), seen("b", 3, None))
    assert (third.event, third.closes) == ("recovered", True)
    [again] = ticks.tick(seen("a", 4, "error"))
    assert again.incident != first.incident


def test_rules_and_severities_are_incidents_of_their_own() -> None:
    ticks = Ticks()
    notices = ticks.tick(seen("a", 1, "error"), seen("b", 1, "warn"), seen("c", 1, "error", rule="other"))
    assert len({notice.incident for notice in notices}) == len(notices) == 3


def test_a_state_that_gets_worse_ends_as_a_warning_and_begins_as_an_error() -> None:
    ticks = Ticks()
    ticks.tick(seen("a", 1, "warn"))
    assert [(one.event, one.severity) for one in ticks.tick(seen("a", 2, "error"))] == [
        ("changed", "warn"),
        ("failing", "error"),
    ]


def test_since_is_when_it_began_and_not_when_it_was_last_seen() -> None:
    ticks = Ticks(Policy(remind_seconds=5))
    ticks.tick(seen("a", 1, "error"))
    ticks.tick(seen("a", 2, "error"))
    [reminder] = ticks.tick(seen("a", 9, "error"))
    assert (reminder.event, reminder.members[0].since, reminder.members[0].finding.run_id) == ("reminder", 1, "run-9")


def test_a_message_of_another_table_puts_the_reminder_off() -> None:
    ticks = Ticks(Policy(remind_seconds=10))
    ticks.tick(seen("a", 1, "error"))
    ticks.tick(seen("b", 9, "error"))
    assert ticks.told(seen("b", 12, "error")) == []
    assert ticks.told(seen("b", 19, "error")) == [("reminder", ["a", "b"])]


def test_a_table_that_failed_as_a_whole_is_well_when_all_its_projects_are() -> None:
    ticks = Ticks()
    assert ticks.told(load(1, covered=("WEB", "APP", "INF"))) == [("failing", ["t"])]
    assert ticks.told(load(2, failing=None, covered=("WEB",))) == []
    assert ticks.told(load(3, failing=None, covered=("APP",), known=("WEB", "APP"))) == [("recovered", ["t"])]


def test_a_project_that_fails_by_itself_leaves_the_failure_of_the_whole_table() -> None:
    ticks = Ticks()
    ticks.tick(load(1, covered=("WEB", "APP")))
    passed = load(2, failing=None, covered=("WEB",))
    assert ticks.told(passed, load(3, failing="APP")) == [("failing", ["t"])]
    assert ticks.told(load(4, failing=None, covered=("APP",))) == [("recovered", ["t"])]
    assert ticks.memory.incidents == ()


def test_a_load_of_everything_ends_every_failure_of_its_table() -> None:
    ticks = Ticks()
    ticks.tick(load(1, failing="WEB"), load(1, failing="APP"), load(1))
    [notice] = ticks.tick(load(2, failing=None))
    assert (notice.event, len(notice.members), notice.closes) == ("recovered", 3, True)


def test_a_severity_without_a_route_goes_everywhere() -> None:
    routes: dict[Severity, tuple[str, ...]] = {"warn": ("slack",)}
    assert channels_for("warn", routes, ["slack", "email"]) == ("slack",)
    assert channels_for("error", routes, ["slack", "email"]) == ("slack", "email")
