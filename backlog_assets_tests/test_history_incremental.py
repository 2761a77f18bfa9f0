"""Building the history of some issues ends with the same tables as building that of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backlog_assets.history import TABLES
from backlog_assets_tests.test_history_space import Space, log

__all__ = ["space"]


@pytest.fixture
def space() -> Space:
    return Space()


def contents(space: Space) -> dict[str, list[tuple[Any, ...]]]:
    return {table.name: space.rows(f"SELECT * EXCLUDE _loaded_at FROM {table.name} ORDER BY ALL") for table in TABLES}


STATES = {1: "未対応", 2: "処理中", 3: "処理済み", 4: "完了", 90: "検証"}
PEOPLE = {7: "山田 太郎", 8: "Emily Carter", 9: "佐藤 花子"}


class Living:
    """A space to which things happen; each tells which issues a sync would call changed."""

    def __init__(self) -> None:
        self.space = Space()
        self.space.project(2, "APP")
        self.now = 0
        for id_, name in ((50, "a"), (51, "b"), (52, "a, b")):
            self.space.add("project_versions", id=id_, project_id=1, name=name)
        for id_ in (1, 2, 3, 4):
            self.space.issue(id_)
        items = [{"id": 1, "name": "本番"}, {"id": 2, "name": "local"}]
        self.space.add("project_custom_fields", id=77, project_id=1, name="環境", type_id=5, items=items)

    def run(self, sql: str, *values: Any) -> None:
        self.space.connection.execute(sql, list(values))

    def tell(self, issue: int, *lines: dict[str, Any], as_activity: bool = False) -> None:
        self.now += 1
        at = f"02 10:{self.now // 2 // 60:02d}:{self.now // 2 % 60:02d}"
        if as_activity:
            changes = [{"field": line["field"], "new_value": line["newValue"] or ""} for line in lines]
            content = {"id": issue, "comment": {"id": 1000 + self.now}, "changes": changes}
            self.space.activity(5000 + self.now, 2, at, content, self.project_of(issue))
        else:
            self.space.comment(1000 + self.now, at, *lines, issue=issue, project_id=self.project_of(issue))

    def project_of(self, issue: int) -> int:
        return int(self.space.rows("SELECT project_id FROM issues WHERE id = ?", issue)[0][0])

    def state(self, issue: int, number: int) -> list[int]:
        status = list(STATES)[number % 5]
        [(old,)] = self.space.rows("SELECT status_name FROM issues WHERE id = ?", issue)
        self.run("UPDATE issues SET status_id = ?, status_name = ? WHERE id = ?", status, STATES[status], issue)
        self.tell(issue, log("status", old, STATES[status]), as_activity=number > 7)
        return [issue]

    def silent(self, issue: int, number: int) -> list[int]:
        self.run("UPDATE issues SET status_id = 1, status_name = 'Open', actual_hours = ? WHERE id = ?", number, issue)
        return [issue]

    def person(self, issue: int, number: int) -> list[int]:
        self.tell(issue, log("assigner", PEOPLE[7 + number % 3], PEOPLE[7 + (number + 1) % 3]))
        return [issue]

    def milestones(self, issue: int, number: int) -> list[int]:
        self.tell(
            issue, log("milestone", ["a", "b", "c", None][number % 4], ["a, b", "a", "c, b", "b, x"][number // 4 % 4])
        )
        return [issue]

    def choice(self, issue: int, number: int) -> list[int]:
        self.tell(issue, log("環境", "本番", ["local", "test"][number % 2], custom=(77, 5)))
        return [issue]

    def parent(self, issue: int, number: int) -> list[int]:
        parent = number % 6 + 1
        self.run("UPDATE issues SET parent_issue_id = ? WHERE id = ?", parent if number > 7 else None, issue)
        self.tell(issue, log("parentIssue", f"WEB-{issue}", f"{['WEB', 'NEW'][number % 2]}-{parent}"))
        return [issue]

    def born(self, issue: int, number: int) -> list[int]:
        new = 10 + int(self.space.rows("SELECT count(*) FROM issues")[0][0])
        self.space.issue(new, key_id=issue + 4, issue_key=f"WEB-{issue + 4}", assignee_id=10, assignee_name="佐藤 花子")
        return [new]

    def gone(self, issue: int, number: int) -> list[int]:
        self.run(
            "UPDATE issues SET _deleted_at = CASE WHEN _deleted_at IS NULL THEN '2026-02-01'::TIMESTAMPTZ END "
            "WHERE id = ?",
            issue,
        )
        return [issue]

    def moved(self, issue: int, number: int) -> list[int]:
        self.now += 1
        self.space.activity(
            5000 + self.now, 3, "02 09:00", {"id": issue, "comment": {"id": 900}}, self.project_of(issue)
        )
        self.run("UPDATE issues SET project_id = 3 - project_id, updated = '2026-01-03' WHERE id = ?", issue)
        return [issue]

    def renamed_version(self, issue: int, number: int) -> list[int]:
        self.run("UPDATE project_versions SET name = ? WHERE id = 50", ["a", "b", "c", "a, b"][number % 4])
        return []

    def renamed_state(self, issue: int, number: int) -> list[int]:
        self.run(
            "UPDATE project_statuses SET name = ? WHERE id = 2 AND project_id = 1",
            ["処理中", "Open", "検証"][number % 3],
        )
        return []

    def moved_state(self, issue: int, number: int) -> list[int]:
        self.run("UPDATE project_statuses SET display_order = ? WHERE id = 2", number)
        return []

    def deleted_state(self, issue: int, number: int) -> list[int]:
        self.space.add("project_statuses", id=90 + number, project_id=1, name="検証", _deleted_at="2026-01-01")
        return []

    def new_user(self, issue: int, number: int) -> list[int]:
        self.space.add("users", id=20 + number, name=PEOPLE[7 + number % 3])
        return []

    def renamed_project(self, issue: int, number: int) -> list[int]:
        key = ["WEB", "NEW"][number % 2]
        self.run("UPDATE projects SET project_key = ? WHERE id = 1", key)
        self.run("UPDATE issues SET issue_key = ? || '-' || key_id WHERE project_id = 1", key)
        return []

    def renamed_field(self, issue: int, number: int) -> list[int]:
        self.run(
            "UPDATE project_custom_fields SET name = ?, items = ?",
            f"環境{number % 3}",
            f'[{{"id": {number}, "name": "local"}}]',
        )
        return []


HAPPENINGS = tuple(name for name, value in vars(Living).items() if callable(value) and not name.startswith("_"))
OWN = ("run", "tell", "project_of")
STEP = st.tuples(
    st.sampled_from([name for name in HAPPENINGS if name not in OWN]), st.integers(1, 4), st.integers(0, 15)
)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(st.lists(STEP, min_size=1, max_size=3), min_size=1, max_size=6))
def test_whatever_happens_a_build_of_what_changed_ends_like_a_build_of_everything(
    rounds: list[list[tuple[str, int, int]]],
):
    living = Living()
    living.space.build()
    for happenings in rounds:
        changed: set[int] = set()
        for name, issue, number in happenings:
            happening: Callable[[int, int], list[int]] = getattr(living, name)
            changed.update(happening(issue, number))
        living.space.build(sorted(changed))
        some = contents(living.space)
        living.space.build()
        assert some == contents(living.space)


LOGGED = (
    log("status", "検証", "未対応"),
    log("status", "未対応", "処理中"),
    log("status", "処理中", "未対応"),
    log("assigner", None, "佐藤 花子"),
    log("assigner", "佐藤 花子", None),
    log("milestone", None, "a, b"),
    log("milestone", "a, b", "c"),
    log("milestone", "c", None),
    log("環境", None, "local", custom=(77, 5)),
    log("parentIssue", None, "NEW-3"),
    log("parentIssue", "NEW-3", "WEB-9"),
    log("parentIssue", "WEB-9", None),
)


@pytest.mark.parametrize(
    ("sql", "field"),
    [
        ("UPDATE project_versions SET name = 'c' WHERE id = 50", "milestones"),
        ("DELETE FROM project_versions WHERE id = 52", "milestones"),
        ("UPDATE project_versions SET _deleted_at = '2026-01-01', name = 'c' WHERE id = 52", "milestones"),
        ("INSERT INTO issue_versions (issue_id, id, name) VALUES (4, 88, 'c')", "milestones"),
        ("INSERT INTO project_statuses (project_id, id, name) VALUES (1, 90, '検証')", "status"),
        ("UPDATE project_statuses SET display_order = 0 WHERE id = 2 AND project_id = 1", "direction"),
        ("INSERT INTO users (id, name) VALUES (12, '佐藤 花子')", "assignee"),
        ("UPDATE users SET name = '佐藤 太郎' WHERE id = 9", "assignee"),
        ("INSERT INTO project_users (project_id, id, name) VALUES (1, 12, '佐藤 花子')", "assignee"),
        ("UPDATE project_custom_fields SET name = '場所'", "custom_field_77"),
        ('UPDATE project_custom_fields SET items = \'[{"id": 9, "name": "local"}]\'', "custom_field_77"),
        ("UPDATE project_custom_fields SET type_id = 1", "custom_field_77"),
        ("UPDATE projects SET project_key = 'NEW' WHERE id = 1", "project"),
        ("UPDATE projects SET project_key = 'NEW' WHERE id = 1", "parent_issue"),
        ("UPDATE issues SET issue_key = 'WEB-9' WHERE id = 3", "parent_issue"),
        ("UPDATE issues SET issue_key = 'NEW-2' WHERE id = 2", "parent_issue"),
        (
            "INSERT INTO activities (id, type, project_id, project_key) VALUES (1, 13, 1, 'NEW')",
            "parent_issue",
        ),
        (
            """INSERT INTO activities (id, type, project_id, content)
            VALUES (1, 22, 1, '{"id": 88, "name": "c"}')""",
            "milestones",
        ),
    ],
)
def test_what_a_name_stands_for_now_reaches_every_issue_that_it_touches(sql: str, field: str):
    living = Living()
    living.run("UPDATE issues SET parent_issue_id = 2 WHERE id = 1")
    for line in LOGGED:
        living.tell(1, line)
    living.space.build()
    shown = (
        "SELECT issue_id, sequence, direction FROM issue_status_transitions ORDER BY ALL"
        if field == "direction"
        else f"""SELECT * EXCLUDE _loaded_at FROM issue_field_history
            WHERE issue_id = 1 AND field = '{field}' ORDER BY ALL"""
    )
    before = living.space.rows(shown)
    living.run(sql)
    # The fourth issue is the only one whose own rows may have changed.
    living.space.build([4])
    assert living.space.rows(shown) != before
    some = contents(living.space)
    living.space.build()
    assert some == contents(living.space)


def two_issues(space: Space) -> None:
    for id_ in (1, 2):
        space.issue(id_, status_id=2, status_name="処理中")
        space.comment(id_ * 10, "02 10:00", log("status", "未対応", "処理中"), issue=id_)
    space.build()


def test_only_the_issues_named_are_written_again(space: Space):
    two_issues(space)
    written = "SELECT DISTINCT issue_id FROM {} WHERE _loaded_at > ? ORDER BY 1"
    [(before,)] = space.rows("SELECT max(_loaded_at) FROM issue_field_history")
    space.build([2])
    for table in TABLES:
        assert space.rows(written.format(table.name), before) == [(2,)]


def test_nothing_named_and_nothing_renamed_writes_nothing(space: Space):
    two_issues(space)
    before = [space.rows(f"SELECT * FROM {table.name} ORDER BY ALL") for table in TABLES]
    assert space.build([]) == {"issue_changes": 2, "issue_field_history": 36, "issue_status_transitions": 4}
    assert [space.rows(f"SELECT * FROM {table.name} ORDER BY ALL") for table in TABLES] == before


def test_the_first_build_is_a_whole_one_whatever_is_named(space: Space):
    for id_ in (1, 2):
        space.issue(id_)
    assert space.build([2])["issue_field_history"] == 34


def test_tables_of_an_older_make_are_built_anew(space: Space):
    two_issues(space)
    space.connection.execute("ALTER TABLE issue_field_history DROP COLUMN evidence")
    space.connection.execute("DELETE FROM issue_changes")
    assert space.build([2])["issue_changes"] == 2
    assert space.rows("SELECT count(evidence) FROM issue_field_history") == [(36,)]


def test_many_changed_names_at_once_lead_to_a_whole_build(space: Space, monkeypatch: pytest.MonkeyPatch):
    two_issues(space)
    space.connection.execute("DELETE FROM issue_changes WHERE issue_id = 1")
    for id_ in range(3):
        space.add("users", id=100 + id_, name=f"User {id_}")
    space.build([2])
    assert space.rows("SELECT count(*) FROM issue_changes") == [(1,)]
    monkeypatch.setattr("backlog_assets.history.widening.MOST_NAMES", 2)
    for id_ in range(3):
        space.add("users", id=200 + id_, name=f"Person {id_}")
    space.build([2])
    assert space.rows("SELECT count(*) FROM issue_changes") == [(2,)]


def test_issues_that_are_gone_from_the_tables_lose_their_history_when_named(space: Space):
    two_issues(space)
    space.connection.execute("DELETE FROM issues WHERE id = 2")
    space.connection.execute("DELETE FROM issue_comments WHERE issue_id = 2")
    space.build([2])
    assert space.rows("SELECT DISTINCT issue_id FROM issue_field_history") == [(1,)]


def test_two_schemas_of_one_file_keep_their_names_apart(space: Space):
    two_issues(space)
    space.connection.execute("CREATE SCHEMA other; CREATE TABLE other.issues AS FROM backlog.issues")
    from backlog_assets.history import build

    build(space.connection, "other")
    space.build([])
    assert space.rows("SELECT schema_name, count(*) > 0 FROM backlog_ops.history_names GROUP BY 1 ORDER BY 1") == [
        ("backlog", True),
        ("other", True),
    ]
