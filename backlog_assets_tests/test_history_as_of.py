"""The issues as they were at an instant, and issues that were in several projects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets_tests.test_history_space import Space, log

__all__ = ["space"]


@pytest.fixture
def space() -> Space:
    return Space()


def as_of(space: Space, instant: str, columns: str) -> list[tuple[Any, ...]]:
    return space.rows(f"SELECT {columns} FROM issues_as_of('2026-01-{instant}') ORDER BY id")


def test_only_issues_that_existed_at_the_instant_are_there(space: Space):
    space.issue(1)
    space.issue(2, created="2026-01-05 00:00:00")
    space.issue(3, _deleted_at="2026-01-05 00:00:00")
    space.build()
    assert as_of(space, "01 00:00:00", "id") == [(1,), (3,)]
    assert as_of(space, "04 23:59:59", "id") == [(1,), (3,)]
    assert as_of(space, "05 00:00:00", "id") == [(1,), (2,)]
    assert space.rows("SELECT id FROM issues_as_of('2025-12-31 23:59:59')") == []


def test_an_instant_may_be_given_in_any_time_zone(space: Space):
    space.issue(created="2026-01-05 00:00:00")
    space.build()
    assert as_of(space, "05 09:00:00+09", "id") == [(1,)]
    assert as_of(space, "05 08:59:59+09", "id") == []
    assert space.rows("SELECT id FROM issues_as_of(TIMESTAMPTZ '2026-01-05 00:00:00+00' + INTERVAL 1 DAY)") == [(1,)]


def test_the_columns_are_those_of_issues_in_their_types(space: Space):
    space.issue(due_date="2026-03-01", estimated_hours=2.5)
    space.build()
    there = {name: kind for name, kind, *_ in space.rows("DESCRIBE FROM issues_as_of('2026-01-01')")}
    declared = {
        column.name: column.type.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
        for column in BY_NAME["issues"].columns
    }
    assert {name: kind for name, kind in there.items() if name in declared} == {
        name: kind for name, kind in declared.items() if name != "child_issue_summary"
    }
    assert set(there) - set(declared) == {"categories", "versions", "milestones", "attachments", "custom_fields"}


def test_now_the_issues_are_as_they_are(space: Space):
    space.issue(
        assignee_id=9,
        assignee_name="佐藤 花子",
        due_date="2026-03-01",
        actual_hours=0.25,
        description="x",
        updated="2026-01-03",
        updated_user_id=9,
        updated_user_name="佐藤 花子",
    )
    space.issue(2, parent_issue_id=1)
    space.comment(5, "02 10:00", log("assigner", "山田 太郎", "佐藤 花子"), log("limitDate", None, "2026-03-01"))
    space.build()
    columns = [column.name for column in BY_NAME["issues"].columns if column.type != "JSON"]
    listed = ", ".join(columns)
    assert as_of(space, "31 00:00:00", listed) == space.rows(f"SELECT {listed} FROM issues ORDER BY id")


def test_every_value_is_that_of_the_instant(space: Space):
    space.add("project_components", id=60, project_id=1, name="API")
    space.issue(
        assignee_id=9,
        assignee_name="佐藤 花子",
        due_date="2026-03-01",
        updated="2026-01-03 10:00:00",
        updated_user_id=9,
        updated_user_name="佐藤 花子",
    )
    space.add("issue_categories", issue_id=1, id=60, name="API")
    space.comment(
        5, "02 10:00", log("assigner", "山田 太郎", "佐藤 花子"), log("limitDate", "2026-02-01", "2026-03-01")
    )
    space.comment(6, "03 10:00", log("component", None, "API"), log("顧客名", "a", "b", custom=(77, 1)), user=9)
    space.build()
    columns = """assignee_id, assignee_name, due_date::VARCHAR, updated_user_id, strftime(updated, '%d %H:%M'),
        categories, custom_fields->>'$[0].value_text'"""
    assert as_of(space, "01 12:00", columns) == [(7, "山田 太郎", "2026-02-01", 7, "01 00:00", "[]", "a")]
    assert as_of(space, "02 12:00", columns) == [(9, "佐藤 花子", "2026-03-01", 8, "02 10:00", "[]", "a")]
    assert as_of(space, "03 12:00", columns) == [
        (9, "佐藤 花子", "2026-03-01", 9, "03 10:00", '[{"id":60,"name":"API"}]', "b")
    ]


@pytest.fixture
def moved(space: Space) -> Space:
    """An issue that was moved from WEB (1) to APP (2) on the fifth, and closed there on the seventh."""
    space.project(2, "APP")
    space.add("project_versions", id=50, project_id=1, name="1.0")
    space.add("project_versions", id=60, project_id=2, name="1.0")
    space.issue(project_id=2, status_id=4, status_name="完了", updated="2026-01-07 10:00:00")
    space.add("issue_milestones", issue_id=1, id=60, name="1.0")
    space.comment(5, "02 10:00", log("milestone", None, "1.0"), log("status", "未対応", "処理中"), project_id=2)
    space.comment(6, "05 10:00", project_id=2)
    space.comment(7, "06 10:00", log("milestone", None, "1.0"), project_id=2)
    space.comment(8, "07 10:00", log("status", "処理中", "完了"), project_id=2)
    space.activity(500, 1, "01 00:00", {"id": 1, "key_id": 1})
    space.activity(501, 2, "02 10:00", {"id": 1, "comment": {"id": 5}, "changes": []})
    space.activity(502, 2, "05 10:00", {"id": 1, "comment": {"id": 6}, "changes": []}, project_id=2)
    space.build()
    return space


def test_names_of_a_moved_issue_are_those_of_the_project_it_was_in(moved: Space):
    assert moved.lists("milestones") == [[], [(50, "1.0")], [], [(60, "1.0")]]
    assert moved.ranges("milestones", "project_id, evidence, disagrees") == [
        ("01 00:00", 1, "log", False),
        ("02 10:00", 1, "log", False),
        ("05 10:00", 2, "log", False),
        ("06 10:00", 2, "log", False),
    ]
    assert moved.rows(
        "SELECT comment_id, project_id FROM issue_changes WHERE attribute = 'milestones' ORDER BY ALL"
    ) == [
        (5, 1),
        (7, 2),
    ]


def test_the_project_of_a_moved_issue_is_a_field_with_a_history(moved: Space):
    assert moved.ranges("project") == [("01 00:00", "WEB", 1), ("05 10:00", "APP", 2)]
    assert as_of(moved, "04", "project_id, issue_key, status_name") == [(1, None, "処理中")]
    assert as_of(moved, "06", "project_id, issue_key, status_name") == [(2, "APP-1", "処理中")]


def test_a_state_that_survives_a_move_is_not_entered_again(moved: Space):
    assert [row[1:] for row in moved.ranges("status")] == [("未対応", 1), ("処理中", 2), ("完了", 4)]


def test_what_belonged_to_the_old_project_and_was_never_logged_is_unknown(moved: Space):
    assert moved.ranges("issue_type", "value_text, value_id, evidence") == [
        ("01 00:00", None, None, "none"),
        ("05 10:00", "タスク", 200, "issue"),
    ]
    assert json.loads(as_of(moved, "04", "milestones")[0][0]) == [{"id": 50, "name": "1.0"}]


def test_an_issue_last_seen_elsewhere_has_moved_when_it_was_last_updated(space: Space):
    space.project(2, "APP")
    space.issue(project_id=2, updated="2026-01-07 10:00:00")
    space.activity(500, 1, "01 00:00", {"id": 1, "key_id": 1})
    space.build()
    assert space.ranges("project") == [("01 00:00", "WEB", 1), ("07 10:00", "APP", 2)]


def test_a_comment_that_names_another_project_tells_of_a_move_too(space: Space):
    space.project(2, "APP")
    space.issue(project_id=2, updated="2026-01-07 10:00:00")
    space.comment(5, "02 10:00", log("issueType", "バグ", "タスク"))
    space.build()
    assert space.ranges("project") == [("01 00:00", "WEB", 1), ("07 10:00", "APP", 2)]
    assert space.ranges("issue_type")[0] == ("01 00:00", "バグ", 101)
