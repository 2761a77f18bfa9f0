"""The history of the demo space, loaded over loopback, against the demo space's own word about its past."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import dagster as dg
import duckdb
import pytest

from backlog_assets.catalogue import Paging
from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.history import build
from backlog_assets_tests.conftest import World
from backlog_assets_tests.test_history_space import COMMENTS

ISSUES = 150
DAYS = ("2025-04-01", "2025-09-15", "2026-01-10T05:00:00", "2026-08-30")
TABLES = (
    "issues",
    "activities",
    "priorities",
    "resolutions",
    "users",
    "project_versions",
    "project_components",
    "project_issue_types",
    "project_statuses",
    "project_custom_fields",
    "project_users",
)
Shown = dict[str, Any]


def load(world: World) -> None:
    """Everything the history is made of; the comments by a request an issue, as simply as can be."""
    assert world.sync(*TABLES).succeeded
    with world.backlog.client as client, duckdb.connect(str(world.database)) as connection:
        columns = ", ".join(f"{name} {kind}" for name, kind in COMMENTS)
        connection.execute(f"CREATE TABLE backlog.issue_comments ({columns})")
        rows = [
            (
                comment["id"],
                comment["projectId"],
                comment["issueId"],
                comment["content"],
                json.dumps(comment["changeLog"]),
                comment["createdUser"]["id"],
                comment["createdUser"]["name"],
                comment["created"],
                comment["updated"],
                None,
            )
            for (issue,) in connection.execute("SELECT id FROM backlog.issues").fetchall()
            for page in client.pages(f"/issues/{issue}/comments", Paging.BY_ID)
            for comment in page
        ]
        connection.executemany(f"INSERT INTO backlog.issue_comments VALUES ({', '.join('?' for _ in COMMENTS)})", rows)
        connection.begin()
        build(connection, "backlog")
        connection.commit()


def id_of(value: Any) -> Any:
    return value and value["id"]


def day(value: str | None) -> str | None:
    return value and value[:10]


def things(values: list[Any] | None) -> list[Any] | None:
    return None if values is None else sorted(value["id"] for value in values)


def as_backlog_shows(issue: dict[str, Any]) -> Shown:
    """The values of an issue of the API, in a form to compare."""
    return {
        "project": issue["projectId"],
        "key": issue["issueKey"],
        "type": id_of(issue["issueType"]),
        "status": id_of(issue["status"]),
        "priority": id_of(issue["priority"]),
        "resolution": id_of(issue["resolution"]),
        "assignee": id_of(issue["assignee"]),
        "summary": issue["summary"],
        "description": issue["description"] or None,
        "days": (day(issue["startDate"]), day(issue["dueDate"])),
        "hours": (issue["estimatedHours"], issue["actualHours"]),
        "parent": issue["parentIssueId"],
        "categories": things(issue["category"]),
        "versions": things(issue["versions"]),
        "milestones": things(issue["milestone"]),
        "attachments": things(issue["attachments"]),
        "updated": (issue["updated"], id_of(issue["updatedUser"])),
        "custom": {one["id"]: custom_value(one) for one in issue["customFields"]},
    }


def custom_value(one: dict[str, Any]) -> Any:
    value, kind, other = one["value"], one["fieldTypeId"], one.get("otherValue")
    if kind in (6, 7):
        return [*(things(value) or []), *([other] if other else [])]
    if kind in (5, 8):
        return id_of(value) if value else other
    return (day(value) if kind == 4 else value) or (0 if value == 0 else None)


def as_of(world: World, instant: int) -> dict[int, Shown]:
    """The issues at an epoch second as the macro shows them, in the same form."""
    with duckdb.connect(str(world.database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(
            "SELECT * FROM backlog.issues_as_of(?)", [dt.datetime.fromtimestamp(instant, dt.timezone.utc)]
        )
        names = [name for name, *_ in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        kinds = dict(connection.execute("SELECT id, type_id FROM backlog.project_custom_fields").fetchall())
        return {row["id"]: as_row_shows(row, kinds) for row in rows}


def as_row_shows(row: dict[str, Any], kinds: dict[int, int]) -> Shown:
    def number(value: Any) -> float | None:
        return None if value is None else float(value)

    def iso(value: dt.date | None) -> str | None:
        return value and value.isoformat()

    custom: dict[int, Any] = {}
    for one in json.loads(row["custom_fields"]):
        kind, text = kinds[one["id"]], one["value_text"]
        if kind in (6, 7):
            custom[one["id"]] = one["values"] and [item["id"] or item["name"] for item in one["values"]]
        elif kind in (5, 8):
            custom[one["id"]] = one["value_id"] or text
        else:
            custom[one["id"]] = number(text) if kind == 3 else text
    return {
        "project": row["project_id"],
        "key": row["issue_key"],
        **{name: row[f"{column}_id"] for name, column in (("type", "issue_type"), ("parent", "parent_issue"))},
        **{name: row[f"{name}_id"] for name in ("status", "priority", "resolution", "assignee")},
        "summary": row["summary"],
        "description": row["description"],
        "days": (iso(row["start_date"]), iso(row["due_date"])),
        "hours": (number(row["estimated_hours"]), number(row["actual_hours"])),
        **{
            name: things(json.loads(row[name] or "null"))
            for name in ("categories", "versions", "milestones", "attachments")
        },
        "updated": (row["updated"].strftime("%Y-%m-%dT%H:%M:%SZ"), row["updated_user_id"]),
        "custom": custom,
    }


def differences(shown: dict[int, Shown], wanted: dict[int, Shown]) -> list[tuple[int, str, Any, Any]]:
    """What differs: issue, field, value shown, value wanted. Custom fields only where Backlog shows them too."""
    found: list[tuple[int, str, Any, Any]] = []
    for issue, values in wanted.items():
        there = {**shown[issue], "custom": {id_: shown[issue]["custom"].get(id_) for id_ in values["custom"]}}
        found += [(issue, name, there[name], value) for name, value in values.items() if there[name] != value]
    return found


@dataclass
class Lived:
    """A demo space that was changed after it was built, loaded, and what it looked like at some instants."""

    world: World
    moments: dict[int, dict[int, Shown]] = field(default_factory=dict[int, dict[int, Shown]])
    moved: int = 0
    retyped: set[int] = field(default_factory=set[int])
    """Issues whose type was changed: the demo space forgets custom fields that another type does not have, unsaid."""

    def unlike(self, instant: int, wanted: dict[int, Shown]) -> list[tuple[int, str, Any, Any]]:
        """What the macro shows otherwise than wanted, where a log tells enough to know."""
        shown = as_of(self.world, instant)
        assert set(shown) == set(wanted)
        return [
            (issue, name, *values)
            for issue, name, *values in differences(shown, wanted)
            if issue != self.moved and name != "key" and not (name == "custom" and issue in self.retyped)
        ]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    space = DemoSpace(issues=ISSUES)
    with DemoServer(space) as server, dg.DagsterInstance.ephemeral() as instance:
        lived = Lived(World(tmp_path_factory.mktemp("history"), server, instance))
        # Only updates loaded before a project is renamed tell its key of that time.
        assert lived.world.sync("activities").succeeded
        rng = Random(4)
        for step in range(12):
            for place in range(8):
                change(space, rng, lived.retyped, shares_second=place > 0 and rng.random() < 0.3)
            if step == 3:
                space.rename_version(space.versions[5001][3]["id"], "1.3 (renamed)")
            if step == 6:
                lived.moved = space.by_project[5001][0].id
                space.move_issue(lived.moved, "CRM")
            if step == 9:
                space.rename_project("APP", "MOBILE")
            lived.moments[space.now] = {id_: as_backlog_shows(issue.json()) for id_, issue in space.issues.items()}
        load(lived.world)
        yield lived


def change(space: DemoSpace, rng: Random, retyped: set[int], *, shares_second: bool) -> None:
    """One or two edits of an issue, where asked in the very second of the edit before."""
    issue = rng.choice([issue for issue in space.ordered if issue.project_id in (5001, 5002, 5003)])
    project = issue.project_id

    def some(rows: list[Any]) -> list[int]:
        return [row["id"] for row in rows if rng.random() < 0.2]

    edits: dict[str, Any] = {
        "statusId": rng.choice(space.statuses[project])["id"],
        "assigneeId": rng.choice([None, *space.members[project]]),
        "categoryId": some(space.categories[project]),
        "milestoneId": some(space.versions[project][:6]),
        "priorityId": rng.choice([2, 3, 4]),
        "resolutionId": rng.choice([None, 0, 1, 4]),
        "dueDate": rng.choice([None, "2026-09-09", "2026-10-10"]),
        "actualHours": rng.choice([None, 0.25, 3, 12.5]),
        "summary": rng.choice(["a, b", "新しい件名", '"quoted"']),
        "description": rng.choice([None, "", "x\ny"]),
        "issueTypeId": rng.choice(space.issue_types[project])["id"],
        "parentIssueId": rng.choice([None, space.by_project[project][-1].id]),
    }
    chosen = rng.sample(sorted(edits), rng.choice([1, 2]))
    retyped.update([issue.id] if "issueTypeId" in chosen else [])
    at = space.now if shares_second else None
    space.update_issue(issue.id, rng.choice(space.members[project]), at, **{name: edits[name] for name in chosen})


@pytest.mark.parametrize("date", DAYS)
def test_the_issues_as_of_a_day_are_those_that_the_demo_space_had_on_it(date: str, lived: Lived):
    past = DemoSpace(issues=ISSUES, date=date)
    alive = lived.world.space.issues
    wanted = {id_: as_backlog_shows(issue.json()) for id_, issue in past.issues.items() if id_ in alive}
    assert len(wanted) > 5
    assert lived.unlike(past.until - 1, wanted) == []


def test_the_issues_as_of_each_moment_of_a_busy_day_are_those_of_the_moment(lived: Lived):
    assert len(lived.moments) == 12
    for instant, wanted in lived.moments.items():
        assert lived.unlike(instant, wanted) == []


def test_what_is_told_of_an_issue_before_it_was_moved_is_true_or_unknown(lived: Lived):
    told = 0
    for instant, wanted in lived.moments.items():
        shown = as_of(lived.world, instant)[lived.moved]
        for name, value in wanted[lived.moved].items():
            if name != "custom" and shown[name] != value:
                assert shown[name] is None, (instant, name)
            told += shown[name] == value
    assert told > 12 * 12


def test_a_log_that_agrees_with_the_space_is_flagged_nowhere_but_where_something_was_silent(lived: Lived):
    [(flagged, ranges)] = lived.world.rows(
        "SELECT count(*) FILTER (disagrees AND issue_id <> ?), count(*) FROM issue_field_history", lived.moved
    )
    assert flagged == 0
    assert ranges > 17 * ISSUES


def test_every_name_of_the_demo_space_is_put_to_an_id(lived: Lived):
    named = "('status', 'assignee', 'priority', 'resolution', 'issue_type', 'parent_issue', 'project')"
    assert (
        lived.world.rows(
            f"""SELECT field, value_text FROM issue_field_history
        WHERE field IN {named} AND value_text IS NOT NULL AND value_id IS NULL"""
        )
        == []
    )
    assert (
        lived.world.rows(
            """SELECT "values" FROM issue_field_history WHERE field IN ('categories', 'versions', 'milestones')
        AND list_contains(json_extract_string("values", '$[*].id'), NULL)"""
        )
        == []
    )
    assert lived.world.value("SELECT count(*) FROM issue_field_history WHERE value_text LIKE '%Docs, Help%'") > 0
