"""Comments, activities and notifications: pages by id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backlog_assets.demo import DemoSpace

from .conftest import Api


def ids(rows: Any) -> Any:
    return [row["id"] for row in rows]


@pytest.fixture(scope="module")
def talkative(full_space: DemoSpace) -> str:
    """The path of the issue with the most comments."""
    issue = max(full_space.ordered, key=lambda issue: len(full_space.comments(issue)))
    return f"/issues/{issue.id}/comments"


@pytest.mark.parametrize("path", ["/space/activities", "/notifications", "/projects/WEB/activities"])
def test_id_pages_give_every_row_once_upwards_and_downwards(api: Api, path: str):
    upwards = ids(api.all_by_id(path, {}))
    assert upwards == sorted(set(upwards))
    downwards: list[int] = []
    while page := ids(api.json(path, {"count": 100, **({"maxId": downwards[-1]} if downwards else {})})):
        downwards += page
    assert downwards == upwards[::-1]


def test_the_space_shows_all_its_activities_and_the_owners_notifications(api: Api):
    assert api.all_by_id("/space/activities", {}) == api.space.activities
    assert api.all_by_id("/notifications", {}) == api.space.notifications
    assert api.json("/notifications/count") == {"count": len(api.space.notifications)}


def test_a_page_has_twenty_rows_newest_first_unless_told_otherwise(api: Api):
    rows = ids(api.json("/space/activities"))
    assert rows == ids(api.space.activities[:-21:-1])
    assert api.error("/space/activities", {"count": 101})[:2] == (400, 7)


def test_min_id_without_an_order_gives_the_newest_rows_and_loses_the_middle(api: Api):
    first = api.space.activities[0]["id"]
    rows = ids(api.json("/space/activities", {"minId": first, "count": 10}))
    assert rows == ids(api.space.activities[:-11:-1])


@pytest.mark.parametrize(("style", "least", "most"), [("exclusive", 6, 13), ("inclusive", 5, 14)])
def test_min_id_and_max_id_are_part_of_the_page_or_not(served: Callable[..., Api], style: str, least: int, most: int):
    api = served(id_paging=style)
    known = ids(api.space.activities)
    params = {"minId": known[5], "maxId": known[14], "order": "asc"}
    assert ids(api.json("/space/activities", params)) == known[least : most + 1]


def test_activities_are_filtered_by_type(api: Api):
    rows = api.all_by_id("/space/activities", {"activityTypeId[]": [4, 14]})
    assert rows == [row for row in api.space.activities if row["type"] in (4, 14)]
    assert rows
    assert api.error("/space/activities", {"activityTypeId[]": 50})[:2] == (400, 7)


def test_a_projects_activities_are_those_of_the_space_in_it(api: Api):
    rows = api.all_by_id("/projects/APP/activities", {})
    assert rows == [row for row in api.space.activities if row["project"]["projectKey"] == "APP"]


def test_notifications_are_the_users_own_and_filtered_by_sender(api: Api, member: Api):
    own = api.json("/notifications", {"count": 100})
    sender = own[0]["sender"]["id"]
    assert sender != api.space.owner
    sent = api.all_by_id("/notifications", {"senderId": sender})
    assert sent == [row for row in api.space.notifications if row["sender"]["id"] == sender]
    assert not set(ids(own)) & set(ids(member.json("/notifications", {"count": 100})))


def test_notifications_are_counted_by_whether_they_were_read(api: Api):
    unread = [row for row in api.space.notifications if not row["alreadyRead"]]
    assert unread
    assert api.json("/notifications/count", {"alreadyRead": "false"}) == {"count": len(unread)}


def test_a_notification_agrees_with_its_issue_and_comment(api: Api):
    commented = [row for row in api.space.notifications if row["comment"]]
    assert commented
    for row in commented[:50]:
        assert row["issue"] == api.space.issues[row["issue"]["id"]].json()
        comments = api.space.comments(api.space.issues[row["issue"]["id"]])
        assert row["comment"] in comments
        assert row["sender"] == row["comment"]["createdUser"]


def test_comments_are_paged_and_counted(api: Api, talkative: str):
    rows = api.all_by_id(talkative, {}, count=2)
    assert ids(rows) == sorted(set(ids(rows)))
    assert api.json(f"{talkative}/count") == {"count": len(rows)}
    assert api.json(talkative, {"count": 100}) == rows[::-1]


def test_a_change_without_words_is_a_comment_without_content(full_space: DemoSpace):
    comments = [row for issue in full_space.ordered for row in full_space.comments(issue)]
    silent = [row for row in comments if row["content"] is None]
    assert silent
    assert all(row["changeLog"] for row in silent)
    assert any(row["content"] and row["changeLog"] for row in comments)
    assert any(row["stars"] for row in comments)
    assert any(row["notifications"] for row in comments)
    changes: list[Any] = [change for row in comments for change in row["changeLog"] or ()]
    kinds: set[Any] = {type(change["attributeInfo"]["typeId"]) for change in changes if change["attributeInfo"]}
    assert kinds == {str, int}


def test_teams_are_paged_by_offset(api: Api):
    assert ids(api.json("/teams", {"order": "asc", "count": 2, "offset": 2})) == [303, 304]
    assert ids(api.json("/teams")) == [305, 304, 303, 302, 301]
