"""What every field was, from when until when: walked back from what the issue is now."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backlog_assets_tests.test_history_space import Space, log

__all__ = ["space"]


@pytest.fixture
def space() -> Space:
    return Space()


def test_a_field_that_never_changed_is_one_range_from_creation_to_now(space: Space):
    space.issue(assignee_id=9, assignee_name="佐藤 花子")
    assert space.build()["issue_field_history"] == 17
    assert space.ranges("assignee", "valid_to, is_current, value_text, value_id, evidence, changed_by_id") == [
        ("01 00:00", None, True, "佐藤 花子", 9, "issue", 7)
    ]
    fields = {field for (field,) in space.rows("SELECT field FROM issue_field_history")}
    assert fields == {
        *("summary", "description", "issue_type", "status", "priority", "resolution", "assignee", "categories"),
        *("versions", "milestones", "start_date", "due_date", "estimated_hours", "actual_hours", "parent_issue"),
        *("attachments", "project"),
    }


def test_the_first_value_is_put_back_to_the_creation_of_the_issue(space: Space):
    space.issue(status_id=4, status_name="完了")
    space.comment(5, "02 10:00", log("status", "未対応", "処理中"))
    space.comment(6, "03 10:00", log("status", "処理中", "完了"), user=9)
    space.build()
    assert space.ranges(
        "status", "strftime(valid_to, '%d %H:%M'), is_current, value_text, value_id, changed_by_id, comment_id"
    ) == [
        ("01 00:00", "02 10:00", False, "未対応", 1, 7, None),
        ("02 10:00", "03 10:00", False, "処理中", 2, 8, 5),
        ("03 10:00", None, True, "完了", 4, 9, 6),
    ]


def test_several_changes_in_one_second_stand_in_the_order_of_comment_and_log(space: Space):
    space.issue(status_id=4, status_name="完了")
    space.comment(7, "02 10:00", log("status", "処理済み", "完了"))
    space.comment(6, "02 10:00", log("status", "処理中", "未対応"), log("status", "未対応", "処理済み"))
    space.comment(5, "02 10:00", log("status", "未対応", "処理中"))
    space.build()
    found = space.ranges("status", "value_id, valid_from = valid_to, disagrees")
    assert [row[1:] for row in found] == [
        (1, False, False),
        (2, True, False),
        (1, True, False),
        (3, True, False),
        (4, None, False),
    ]
    assert space.rows("SELECT status_id FROM issues_as_of('2026-01-02 10:00:00')") == [(4,)]
    assert space.rows("SELECT status_id FROM issues_as_of('2026-01-02 09:59:59')") == [(1,)]


def test_the_issue_as_it_is_now_wins_from_the_last_change_on_and_the_range_says_so(space: Space):
    space.issue(status_id=1, status_name="未対応")
    space.comment(5, "02 10:00", log("status", "未対応", "処理中"))
    space.build()
    assert space.ranges("status", "value_text, value_id, evidence, disagrees") == [
        ("01 00:00", "未対応", 1, "log", False),
        ("02 10:00", "未対応", 1, "issue", True),
    ]


def test_a_value_that_changed_in_between_without_a_word_is_flagged_where_it_was_before(space: Space):
    space.issue(actual_hours=9)
    space.comment(5, "02 10:00", log("actualHours", None, "1"))
    space.comment(6, "03 10:00", log("actualHours", "5", "9"))
    space.build()
    assert space.ranges("actual_hours", "value_text, evidence, disagrees") == [
        ("01 00:00", None, "log", False),
        ("02 10:00", "1", "log", True),
        ("03 10:00", "9", "log", False),
    ]


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("field", ["description", "limitDate", "estimatedHours", "assigner", "component", "resolution"])
def test_empty_text_and_null_are_the_same_nothing(field: str, empty: str | None, space: Space):
    space.issue(description="")
    space.comment(5, "02 10:00", log(field, empty, "x"))
    space.comment(6, "03 10:00", log(field, "x", empty))
    space.build()
    [(name,)] = space.rows("SELECT DISTINCT attribute FROM issue_changes")
    assert [row[1:] for row in space.ranges(name, "value_text, value_id, disagrees")] == [
        (None, None, False),
        ("x", None, False),
        (None, None, False),
    ]


@pytest.mark.parametrize(
    ("field", "columns", "sent", "shown"),
    [
        ("dueDate", {"due_date": "2026-03-01"}, "2026-03-01", "2026-03-01"),
        ("limitDate", {"due_date": "2026-03-01"}, "2026/03/01", "2026-03-01"),
        ("startDate", {"start_date": "2026-03-01"}, "2026-02-28T15:00:00Z", "2026-03-01"),
        ("estimatedHours", {"estimated_hours": 2.5}, "2.50", "2.5"),
        ("actualHours", {"actual_hours": 10}, "10.0", "10"),
        ("actualHours", {"actual_hours": 0}, "0", "0"),
        ("summary", {"summary": "1.50"}, "1.50", "1.50"),
    ],
)
def test_days_and_hours_are_compared_by_what_they_mean(
    field: str, columns: dict[str, Any], sent: str, shown: str, space: Space
):
    space.issue(**columns)
    space.comment(5, "02 10:00", log(field, None, sent))
    space.build()
    [(name,)] = space.rows("SELECT DISTINCT attribute FROM issue_changes")
    assert space.ranges(name, "value_text, disagrees") == [("01 00:00", None, False), ("02 10:00", shown, False)]


def test_a_deleted_issue_has_a_history_that_ends(space: Space):
    space.issue(_deleted_at="2026-01-10", status_id=2, status_name="処理中")
    space.issue(2, _deleted_at="2026-01-10")
    space.comment(5, "02 10:00", log("status", "未対応", "処理中"))
    space.activity(500, 4, "09 08:00", {"id": 2, "key_id": 2})
    space.build()
    assert space.ranges("status", "strftime(valid_to, '%d %H:%M'), is_current") == [
        ("01 00:00", "02 10:00", False),
        ("02 10:00", "10 00:00", False),
    ]
    assert space.ranges("status", "strftime(valid_to, '%d %H:%M'), is_current", issue=2) == [
        ("01 00:00", "09 08:00", False)
    ]


def test_an_issue_that_came_back_to_life_is_not_deleted(space: Space):
    space.issue()
    space.activity(500, 4, "09 08:00", {"id": 1, "key_id": 1})
    space.build()
    assert space.ranges("status", "valid_to, is_current") == [("01 00:00", None, True)]


CUSTOM = (
    # type, columns of the issue's value, old and new as logged, ranges: text, id, items
    (1, {"value": "b", "value_text": "b"}, ("a", "b"), [("a", None, None), ("b", None, None)]),
    (
        3,
        {"value": 25000, "value_text": "25000", "value_number": 25000},
        ("1250.50", "25000.0"),
        [("1250.5", None, None), ("25000", None, None)],
    ),
    (
        4,
        {"value": "2026-03-01T00:00:00Z", "value_text": "2026-03-01", "value_date": "2026-03-01"},
        (None, "2026-03-01"),
        [(None, None, None), ("2026-03-01", None, None)],
    ),
    (
        5,
        {"value_text": "本番", "value_choice": {"id": 1, "name": "本番"}},
        ("local", "本番"),
        [("local", 2, None), ("本番", 1, None)],
    ),
    (
        6,
        {"value_text": "local, 本番", "value_choice": [{"id": 2, "name": "local"}, {"id": 1, "name": "本番"}]},
        ("", "local, 本番"),
        [(None, None, []), ("本番, local", None, [(1, "本番"), (2, "local")])],
    ),
    (
        7,
        {"value_text": "local", "value_choice": [{"id": 2, "name": "local"}], "other_value": "x, y"},
        ("本番", "local, x, y"),
        [("本番", None, [(1, "本番")]), ("local, x, y", None, [(2, "local"), (None, "x, y")])],
    ),
    (8, {"other_value": "x, y"}, ("本番", "x, y"), [("本番", 1, None), ("x, y", None, None)]),
)


@pytest.mark.parametrize(("type_id", "now", "logged", "wanted"), CUSTOM, ids=[str(row[0]) for row in CUSTOM])
def test_a_custom_field_of_each_type_has_a_history(
    type_id: int, now: dict[str, Any], logged: tuple[str, str], wanted: list[Any], space: Space
):
    items = [{"id": 1, "name": "本番"}, {"id": 2, "name": "local"}]
    space.add("project_custom_fields", id=77, project_id=1, name="環境", type_id=type_id, items=items)
    space.issue()
    if "value" in now:
        now = {**now, "value": json.dumps(now["value"])}
    space.add("issue_custom_field_values", issue_id=1, id=77, field_type_id=type_id, name="環境", **now)
    space.comment(5, "02 10:00", log("環境", *logged, custom=(77, str(type_id))))
    space.build()
    found = space.ranges(
        "custom_field_77", 'custom_field_id, custom_field_name, disagrees, value_text, value_id, "values"'
    )
    assert {row[1:4] for row in found} == {(77, "環境", False)}
    assert [
        (text, id_, items and [(item["id"], item["name"]) for item in json.loads(items)])
        for *_, text, id_, items in found
    ] == wanted


def test_a_custom_field_that_the_issue_no_longer_shows_keeps_its_last_value_and_is_flagged(space: Space):
    space.issue()
    space.comment(5, "02 10:00", log("環境", None, "本番", custom=(77, "5")))
    space.build()
    assert space.ranges("custom_field_77", "value_text, is_current, disagrees") == [
        ("01 00:00", None, False, False),
        ("02 10:00", "本番", True, True),
    ]


def test_attachments_are_put_together_from_what_is_there_and_what_came_and_went(space: Space):
    space.issue()
    space.add("issue_attachments", issue_id=1, id=91, name="first.png")
    space.add("issue_attachments", issue_id=1, id=93, name="third.png")
    space.comment(5, "02 10:00", log("attachment", None, "second.png", file=92))
    space.comment(6, "03 10:00", log("attachment", None, "third.png", file=93))
    space.comment(7, "04 10:00", log("attachment", "second.png", None, file=92))
    space.build()
    first, second, third = (91, "first.png"), (92, "second.png"), (93, "third.png")
    assert space.lists("attachments") == [[first], [first, second], [first, second, third], [first, third]]
    assert {row[1] for row in space.ranges("attachments", "disagrees")} == {False}


def test_a_parent_is_known_by_its_key_by_an_earlier_key_of_its_project_or_by_its_id(space: Space):
    space.issue()
    for id_ in (2, 3, 4):
        space.issue(id_)
    space.connection.execute("UPDATE issues SET parent_issue_id = 4 WHERE id = 1")
    space.activity(500, 1, "01 00:00", {"id": 3, "key_id": 3})
    space.connection.execute("UPDATE activities SET project_key = 'OLD'")
    space.comment(5, "02 10:00", log("parentIssue", None, "WEB-2"))
    space.comment(6, "03 10:00", log("parentIssue", "WEB-2", "OLD-3"))
    space.comment(7, "04 10:00", log("parentIssue", "OLD-3", "4"))
    space.comment(8, "05 10:00", log("parentIssue", "WEB-77", "4"))
    space.build()
    assert space.ranges("parent_issue", "value_text, value_id, disagrees") == [
        ("01 00:00", None, None, False),
        ("02 10:00", "WEB-2", 2, False),
        ("03 10:00", "OLD-3", 3, False),
        ("04 10:00", "4", 4, True),
        ("05 10:00", "WEB-4", 4, False),
    ]
