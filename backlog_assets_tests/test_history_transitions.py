"""The way of an issue through its states."""

from __future__ import annotations

import pytest

from backlog_assets_tests.test_history_space import Space, log

__all__ = ["space"]

WAY = """SELECT sequence, from_status_name, to_status_name, direction, is_reopen, seconds_in_status
FROM issue_status_transitions WHERE issue_id = 1 ORDER BY sequence"""


@pytest.fixture
def space() -> Space:
    return Space()


def test_an_issue_that_never_moved_has_entered_one_state(space: Space):
    space.issue()
    space.build()
    assert space.rows(
        """SELECT sequence, from_status_id, to_status_id, to_status_name, entered_at::VARCHAR, left_at,
        seconds_in_status, direction, is_reopen, changed_by_id, comment_id FROM issue_status_transitions"""
    ) == [(1, None, 1, "未対応", "2026-01-01 00:00:00+00", None, None, None, False, 7, None)]


def test_each_state_is_entered_and_left_and_the_board_tells_the_direction(space: Space):
    space.issue(status_id=2, status_name="処理中")
    space.comment(5, "02 00:00", log("status", "未対応", "処理済み"))
    space.comment(6, "02 00:01", log("status", "処理済み", "処理中"), user=9)
    space.build()
    assert space.rows(WAY) == [
        (1, None, "未対応", None, False, 86_400),
        (2, "未対応", "処理済み", "forward", False, 60),
        (3, "処理済み", "処理中", "backward", False, None),
    ]
    assert space.rows("SELECT changed_by_id, comment_id FROM issue_status_transitions ORDER BY sequence") == [
        (7, None),
        (8, 5),
        (9, 6),
    ]


def test_from_closed_to_any_other_state_is_a_reopening(space: Space):
    space.issue(status_id=4, status_name="完了")
    space.comment(5, "02 00:00", log("status", "未対応", "完了"))
    space.comment(6, "02 00:01", log("status", "完了", "検証"))
    space.comment(7, "02 00:02", log("status", "検証", "Closed"))
    space.comment(8, "02 00:03", log("status", "完了", "処理中"))
    space.comment(9, "02 00:03", log("status", "処理中", "完了"))
    space.build()
    assert space.rows(WAY) == [
        (1, None, "未対応", None, False, 86_400),
        (2, "未対応", "完了", "forward", False, 60),
        (3, "完了", "検証", None, True, 60),
        (4, "検証", "Closed", None, False, 60),
        (5, "Closed", "処理中", "backward", True, 0),
        (6, "処理中", "完了", "forward", False, None),
    ]


def test_the_order_is_that_of_the_board_not_of_the_ids(space: Space):
    space.add("project_statuses", id=90, project_id=1, name="レビュー中", display_order=2500, _deleted_at="2026-01-20")
    space.issue(status_id=3, status_name="処理済み")
    space.comment(5, "02 00:00", log("status", "処理中", "レビュー中"))
    space.comment(6, "02 00:01", log("status", "レビュー中", "処理済み"))
    space.build()
    assert [row[3] for row in space.rows(WAY)] == [None, "forward", "forward"]


def test_the_last_state_of_a_deleted_issue_was_left_when_it_was_deleted(space: Space):
    space.issue(_deleted_at="2026-01-02")
    space.build()
    assert space.rows(WAY) == [(1, None, "未対応", None, False, 86_400)]


def test_a_state_moved_on_the_board_changes_directions_that_were_built_before(space: Space):
    space.issue(status_id=3, status_name="処理済み")
    space.comment(5, "02 00:00", log("status", "処理中", "処理済み"))
    space.build()
    space.connection.execute("UPDATE project_statuses SET display_order = 1 WHERE id = 3")
    space.build([])
    assert [row[3] for row in space.rows(WAY)] == [None, "backward"]
