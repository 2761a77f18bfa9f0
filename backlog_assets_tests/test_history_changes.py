"""What change logs tell, row by row: from comments, from recent updates, never twice."""

from __future__ import annotations

from typing import Any

import pytest

from backlog_assets_tests.test_history_space import Space, log

__all__ = ["space"]

CHANGES = "SELECT source, source_id, comment_id, ordinal, field, attribute, old_value, new_value FROM issue_changes"


@pytest.fixture
def space() -> Space:
    made = Space()
    made.issue()
    return made


def told(field: str, old: Any, new: Any, **more: Any) -> dict[str, Any]:
    """A change as an activity tells it."""
    return {"field": field, "old_value": old, "new_value": new, "type": "standard", **more}


def updated(comment_id: int | None, *changes: dict[str, Any], issue: int = 1) -> dict[str, Any]:
    """The content of an activity that tells of a comment."""
    return {"id": issue, "comment": {"id": comment_id, "content": ""}, "changes": list(changes)}


def test_every_line_of_a_change_log_is_a_row_with_its_values_as_sent(space: Space):
    space.comment(5, "02 10:00", log("status", "未対応", "処理中"), log("limitDate", None, "2026-02-01"))
    space.comment(6, "03 10:00", log("assigner", "", "佐藤 花子"), user=9)
    space.build()
    assert space.rows(f"{CHANGES} ORDER BY source_id, ordinal") == [
        ("comment", 5, 5, 1, "status", "status", "未対応", "処理中"),
        ("comment", 5, 5, 2, "limitDate", "due_date", None, "2026-02-01"),
        ("comment", 6, 6, 1, "assigner", "assignee", "", "佐藤 花子"),
    ]
    assert space.rows(
        "SELECT DISTINCT issue_id, project_id, created_user_id, created::VARCHAR FROM issue_changes WHERE source_id = 6"
    ) == [(1, 1, 9, "2026-01-03 10:00:00+00")]


@pytest.mark.parametrize(
    ("sent", "attribute"),
    [
        ("summary", "summary"),
        ("description", "description"),
        ("component", "categories"),
        ("version", "versions"),
        ("milestone", "milestones"),
        ("status", "status"),
        ("assigner", "assignee"),
        ("issueType", "issue_type"),
        ("startDate", "start_date"),
        ("limitDate", "due_date"),
        ("priority", "priority"),
        ("resolution", "resolution"),
        ("estimatedHours", "estimated_hours"),
        ("actualHours", "actual_hours"),
        ("parentIssue", "parent_issue"),
        ("attachment", "attachments"),
        ("notification", None),
        ("commit", None),
        ("something new", None),
    ],
)
def test_each_word_of_a_change_log_means_a_field_or_none(sent: str, attribute: str | None, space: Space):
    space.comment(5, "02 10:00", log(sent, None, "x"))
    space.build()
    assert space.rows("SELECT field, attribute FROM issue_changes") == [(sent, attribute)]


def test_a_custom_field_is_told_by_its_id_even_where_it_is_called_like_a_field_of_every_issue(space: Space):
    space.comment(5, "02 10:00", log("status", "a", "b", custom=(77, "1")), log("顧客名", None, "x", custom=(78, 1)))
    space.build()
    assert space.rows("SELECT field, attribute, custom_field_id FROM issue_changes ORDER BY ordinal") == [
        ("status", "custom_field_77", 77),
        ("顧客名", "custom_field_78", 78),
    ]


@pytest.mark.parametrize("empty", [None, "null", "[]"])
def test_a_comment_without_a_change_log_changes_nothing(empty: str | None, space: Space):
    space.comment(5, "02 10:00")
    space.connection.execute("UPDATE issue_comments SET change_log = ?", [empty])
    assert space.build()["issue_changes"] == 0


def test_what_a_deleted_comment_tells_has_happened_all_the_same(space: Space):
    space.connection.execute("UPDATE issues SET status_id = 2, status_name = '処理中'")
    space.comment(5, "02 10:00", log("status", "未対応", "処理中"), _deleted_at="2026-01-05")
    space.build()
    assert space.ranges("status") == [("01 00:00", "未対応", 1), ("02 10:00", "処理中", 2)]


@pytest.mark.parametrize("number", [100, 101])
def test_every_comment_of_a_long_history_counts(number: int, space: Space):
    space.connection.execute("UPDATE issues SET actual_hours = ?", [number])
    for place in range(1, number + 1):
        space.comment(place, f"{place % 28 + 1:02d} 10:00:{place % 60:02d}")
    space.connection.execute(
        """UPDATE issue_comments SET created = TIMESTAMPTZ '2026-01-01 00:00:00' + to_minutes(id),
        change_log = format('[{{"field": "actualHours", "originalValue": "{}", "newValue": "{}"}}]', id - 1, id)"""
    )
    assert space.build()["issue_changes"] == number
    ranges = space.ranges("actual_hours", "value_text, disagrees")
    assert [text for _, text, _ in ranges] == [str(hours) for hours in range(number + 1)]
    assert not any(disagrees for *_, disagrees in ranges)


def test_activities_tell_where_no_comment_is_loaded(space: Space):
    space.add("project_versions", id=50, project_id=1, name="1.0")
    space.add("issue_milestones", issue_id=1, id=50, name="1.0")
    space.connection.execute(
        "UPDATE issues SET status_id = 4, status_name = '完了', assignee_id = 9, assignee_name = '佐藤 花子'"
    )
    space.activity(500, 2, "02 10:00", updated(5, told("status", "1", "4"), told("assigner", "", "9")))
    space.activity(501, 3, "03 10:00", updated(6, told("milestone", None, "1.0")))
    space.build()
    assert space.rows(f"{CHANGES} ORDER BY source_id, ordinal") == [
        ("activity", 500, 5, 1, "status", "status", "1", "4"),
        ("activity", 500, 5, 2, "assigner", "assignee", "", "9"),
        ("activity", 501, 6, 1, "milestone", "milestones", None, "1.0"),
    ]
    assert space.ranges("status", "value_text, value_id, disagrees") == [
        ("01 00:00", "未対応", 1, False),
        ("02 10:00", "完了", 4, False),
    ]
    assert space.ranges("assignee") == [("01 00:00", None, None), ("02 10:00", "佐藤 花子", 9)]
    assert space.lists("milestones") == [[], [(50, "1.0")]]


def test_a_change_is_never_told_twice_by_a_comment_and_its_activity(space: Space):
    space.comment(5, "02 10:00", log("status", "未対応", "処理中"))
    space.activity(500, 2, "02 10:00", updated(5, told("status", "1", "2")))
    space.activity(501, 2, "02 09:00", updated(4, told("status", "2", "1")))
    space.build()
    assert space.rows("SELECT source, source_id FROM issue_changes") == [("comment", 5)]


def test_a_change_is_never_told_twice_by_two_activities_of_one_comment(space: Space):
    space.activity(500, 2, "02 10:00", updated(5, told("status", "1", "2")))
    space.activity(501, 3, "02 10:00", updated(5, told("status", "1", "2")))
    space.build()
    assert space.rows("SELECT source, source_id FROM issue_changes") == [("activity", 500)]


def test_activities_newer_than_the_comments_that_are_loaded_are_not_lost(space: Space):
    space.comment(5, "02 10:00", log("status", "未対応", "処理中"))
    space.activity(501, 2, "03 10:00", updated(6, told("status", "2", "3")))
    space.activity(502, 14, "04 10:00", {"link": [{"id": 1}], "changes": [told("priority", None, "2")]})
    space.build()
    assert space.rows("SELECT source, source_id FROM issue_changes ORDER BY ALL") == [("activity", 501), ("comment", 5)]


def test_a_change_of_many_issues_is_a_change_of_each_and_does_not_tell_what_was_before(space: Space):
    space.issue(2, priority_id=2, priority_name="高")
    space.connection.execute("UPDATE issues SET priority_id = 2, priority_name = '高'")
    change = {"field": "priority", "new_value": "2", "type": "standard"}
    space.activity(500, 14, "02 10:00", {"link": [{"id": 1, "comment": {"id": 5}}, {"id": 2}], "changes": [change]})
    space.build()
    assert space.rows("SELECT issue_id, comment_id, old_value, new_value FROM issue_changes ORDER BY ALL") == [
        (1, 5, None, "2"),
        (2, None, None, "2"),
    ]
    assert space.ranges("priority", "value_text, value_id, evidence") == [
        ("01 00:00", None, None, "none"),
        ("02 10:00", "高", 2, "log"),
    ]


def test_dates_moved_on_the_gantt_chart_are_changes(space: Space):
    space.connection.execute("UPDATE issues SET due_date = '2026-03-01'")
    change = {"field": "limitDate", "new_value": "2026-03-01", "type": "standard"}
    space.activity(500, 35, "02 10:00", {"link": [{"id": 1}], "changes": [change]})
    space.build()
    assert space.ranges("due_date", "value_text, evidence") == [
        ("01 00:00", None, "none"),
        ("02 10:00", "2026-03-01", "log"),
    ]


def test_a_custom_field_in_an_activity_is_found_by_its_name_in_the_project(space: Space):
    space.add("project_custom_fields", id=77, project_id=1, name="顧客名", type_id=1)
    space.add("project_custom_fields", id=78, project_id=2, name="環境", type_id=1)
    space.activity(
        500,
        2,
        "02 10:00",
        updated(
            5,
            told("顧客名", "", "x", type="custom"),
            told("環境", "", "y", type="custom"),
            told("status", "", "z", type="custom"),
        ),
    )
    space.build()
    assert space.rows("SELECT field, attribute, custom_field_id FROM issue_changes ORDER BY ordinal") == [
        ("顧客名", "custom_field_77", 77),
        ("環境", None, None),
        ("status", None, None),
    ]


def test_comments_of_an_issue_that_is_not_loaded_are_told_but_have_no_history(space: Space):
    space.comment(5, "02 10:00", log("status", "未対応", "処理中"), issue=99)
    space.build()
    assert space.rows("SELECT issue_id, project_id FROM issue_changes") == [(99, 1)]
    assert space.rows("SELECT count(*) FROM issue_field_history WHERE issue_id = 99") == [(0,)]
