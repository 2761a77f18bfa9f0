"""What people have done, were given, watch and have looked at: rights, pages, agreement with what is there, shapes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.demo import DemoSpace
from backlog_assets.demo.stars import stars_received
from backlog_assets.demo.watching import watchings
from backlog_assets.shape import shape_of

from .conftest import Api

VIEWED = ("recentlyViewedIssues", "recentlyViewedProjects", "recentlyViewedWikis")
OF_USER = [
    "/users/1003/activities",
    "/users/1003/stars",
    "/users/1003/stars/count",
    "/users/1003/watchings",
    "/users/1003/watchings/count",
    *(f"/users/myself/{name}" for name in VIEWED),
]


def ids(rows: Any) -> Any:
    return [row["id"] for row in rows]


@pytest.mark.parametrize("path", OF_USER)
def test_a_parameter_that_nobody_knows_is_refused(api: Api, path: str):
    assert api.error(path, {"page": 1}) == (400, 7, "error.unknownParameter : page")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/users/99/activities", "No such user."),
        ("/users/yamada/stars", "No such user."),
        ("/users/99/stars/count", "No such user."),
        ("/users/99/watchings", "No such user."),
        ("/users/99/watchings/count", "No such user."),
        ("/watchings/1", "No such watching."),
        ("/watchings/x", "No such watching."),
    ],
)
def test_what_does_not_exist_is_not_found(api: Api, path: str, message: str):
    assert api.error(path) == (404, 6, message)


@pytest.mark.parametrize("path", OF_USER)
def test_a_member_may_ask_about_others_and_sees_only_his_projects(member: Api, path: str):
    joined = member.space.visible(member.space.member)
    found = member.json(path)
    for row in found if isinstance(found, list) else ():
        for inside in (row.get("project"), row.get("issue"), row.get("page")):
            assert inside is None or inside.get("projectId", inside["id"]) in joined


def test_a_users_activities_are_those_of_the_space_that_he_has_done(api: Api):
    told = api.space.activities
    for user_id in (1001, 1002, 1011):
        rows = api.all_by_id(f"/users/{user_id}/activities", {})
        assert rows == [row for row in told if row["createdUser"]["id"] == user_id]
    some = api.all_by_id("/users/1003/activities", {"activityTypeId[]": [1]})
    assert {row["type"] for row in some} == {1}
    assert api.error("/users/1003/activities", {"activityTypeId[]": 50})[:2] == (400, 7)


def test_what_a_user_does_now_is_among_his_activities(small: Api):
    small.space.comment(small.space.ordered[0].id, "やりました", author=1003)
    newest = small.json("/users/1003/activities", {"count": 1})
    assert newest == small.json("/space/activities", {"count": 1})
    assert newest[0]["createdUser"]["id"] == 1003


def test_stars_are_those_of_issues_and_comments_given_to_whoever_wrote_them(api: Api):
    space = api.space
    given: dict[int, list[dict[str, Any]]] = {}
    for issue in space.ordered:
        row = issue.json()
        for one in (row, *space.comments(issue)):
            given.setdefault(one["createdUser"]["id"], []).extend(one["stars"])
    assert sum(map(len, given.values())) > 100
    for user_id in space.users:
        rows = api.all_by_id(f"/users/{user_id}/stars", {}, count=7)
        assert rows == sorted(given.get(user_id, []), key=lambda star: star["id"])
        assert api.json(f"/users/{user_id}/stars/count") == {"count": len(rows)}


def test_ids_of_stars_are_unique_and_ascend_with_time_and_with_the_date(full_space: DemoSpace):
    before = [star for id_ in full_space.users for star in stars_received(full_space, id_, full_space.projects)]
    later = DemoSpace(date="2026-09-14")
    after = [star for id_ in later.users for star in stars_received(later, id_, later.projects)]
    assert max(Counter(ids(after)).values()) == 1
    assert [star["created"] for star in sorted(after, key=lambda star: star["id"])] == sorted(
        star["created"] for star in after
    )
    new = set(ids(after)) - set(ids(before))
    assert new
    assert min(new) > max(ids(before))


def test_a_star_given_now_comes_last_and_is_in_the_issue_too(small: Api):
    issue = small.space.ordered[0]
    author = issue.json()["createdUser"]["id"]
    known = ids(small.all_by_id(f"/users/{author}/stars", {}))
    first = small.space.add_star(issue.id, comment="いいね", at="2026-09-01T00:00:00Z")
    second = small.space.add_star(issue.id, presenter=1003, at="2026-09-01T00:00:00Z")
    assert ids(small.all_by_id(f"/users/{author}/stars", {})) == [*known, first, second]
    assert ids(small.json(f"/issues/{issue.id}")["stars"])[-2:] == [first, second]
    count = f"/users/{author}/stars/count"
    assert small.json(count, {"since": "2026-09-01"}) == {"count": 2}
    assert small.json(count, {"until": "2026-08-31"}) == {"count": len(known)}
    assert small.error(count, {"since": "September"})[:2] == (400, 7)
    small.space.delete_issue(issue.id)
    assert not {first, second} & set(ids(small.all_by_id(f"/users/{author}/stars", {})))


def test_watchings_are_of_issues_that_are_there_and_of_each_once(api: Api):
    seen = Counter[int]()
    for user_id in api.space.users:
        rows = api.all_by_offset(f"/users/{user_id}/watchings", {"sort": "created", "order": "asc"}, count=7)
        assert [row["created"] for row in rows] == sorted(row["created"] for row in rows)
        assert api.json(f"/users/{user_id}/watchings/count") == {"count": len(rows)}
        assert len({row["issue"]["id"] for row in rows}) == len(rows)
        for row in rows:
            assert row["issue"] == api.space.issues[row["issue"]["id"]].json()
            assert row["created"] >= row["issue"]["created"]
        seen.update(ids(rows))
    assert len(seen) > 100
    assert set(seen.values()) == {1}


def test_watchings_are_listed_by_the_issues_last_change_and_narrowed_as_asked(api: Api):
    path = "/users/1003/watchings"
    rows = api.json(path, {"count": 100})
    assert [row["issue"]["updated"] for row in rows] == sorted((r["issue"]["updated"] for r in rows), reverse=True)
    read = api.json(path, {"resourceAlreadyRead": "true", "count": 100})
    assert 0 < len(read) < len(rows)
    assert api.json(f"{path}/count", {"resourceAlreadyRead": "true", "alreadyRead": "false"}) == {"count": len(read)}
    assert api.json(f"{path}/count", {"alreadyRead": "false"}) == {"count": len(rows) - len(read)}
    assert api.json(path, {"issueId[]": [rows[0]["issue"]["id"]]}) == rows[:1]
    assert api.error(path, {"sort": "id"})[:2] == (400, 7)


def test_a_watching_can_be_had_by_itself_added_and_taken_back(small: Api):
    issue = small.space.ordered[-1]
    added = small.space.add_watching(1003, issue.id, "急ぎ", at="2026-09-02T01:00:00Z")
    row = small.json(f"/watchings/{added}")
    assert (row["issue"]["id"], row["note"], row["created"]) == (issue.id, "急ぎ", "2026-09-02T01:00:00Z")
    assert row in small.json("/users/1003/watchings", {"count": 100})
    small.space.remove_watching(added)
    assert small.error(f"/watchings/{added}")[:2] == (404, 6)
    watched = small.space.add_watching(1003, issue.id)
    small.space.delete_issue(issue.id)
    assert watched not in ids(small.json("/users/1003/watchings", {"count": 100}))


def test_a_later_date_only_adds_watchings(full_space: DemoSpace):
    later = DemoSpace(date="2026-09-14")
    before, after = watchings(full_space), watchings(later)
    assert {id_ for id_ in before if before[id_].issue_id in later.issues} < set(after)


@pytest.mark.parametrize("name", VIEWED)
def test_what_was_looked_at_is_listed_newest_first_in_pages(api: Api, name: str):
    rows = api.all_by_offset(f"/users/myself/{name}", {}, count=3)
    assert len(rows) > 3
    assert [row["updated"] for row in rows] == sorted((row["updated"] for row in rows), reverse=True)
    assert api.all_by_offset(f"/users/myself/{name}", {"order": "asc"}) == rows[::-1]


def test_what_was_looked_at_is_there_and_was_there_by_then(api: Api):
    for row in api.all_by_offset("/users/myself/recentlyViewedIssues", {}):
        assert row["issue"] == api.space.issues[row["issue"]["id"]].json()
        assert row["issue"]["created"] <= row["updated"] < "2026-08-31T00:00:00Z"
    for row in api.all_by_offset("/users/myself/recentlyViewedProjects", {}):
        assert row["project"] == api.space.projects[row["project"]["id"]]
    told = {a["content"]["id"]: a["content"]["name"] for a in api.space.activities if a["type"] in (5, 6)}
    for row in api.all_by_offset("/users/myself/recentlyViewedWikis", {}):
        assert told[row["page"]["id"]] == row["page"]["name"]


def test_each_looks_at_other_things(api: Api, member: Api):
    path = "/users/myself/recentlyViewedIssues"
    assert api.json(path) != member.json(path)


def test_a_deleted_issue_is_no_longer_among_those_looked_at_and_a_changed_one_comes_up(small: Api):
    path = "/users/myself/recentlyViewedIssues"
    first, last = small.json(path)[0]["issue"]["id"], small.all_by_offset(path, {})[-1]["issue"]["id"]
    small.space.delete_issue(first)
    assert first not in {row["issue"]["id"] for row in small.all_by_offset(path, {})}
    small.space.update_issue(last, summary="もう一度", at="2026-09-03T00:00:00Z")
    assert small.json(path)[0]["issue"]["id"] == last


@pytest.mark.parametrize(
    ("table", "path", "added"),
    [
        ("user_activities", "/users/1003/activities", {"userId": 1003}),
        ("user_stars", "/users/1003/stars", {"userId": 1003}),
        ("watchings", "/users/1003/watchings", {"userId": 1003}),
        ("recently_viewed_issues", "/users/myself/recentlyViewedIssues", {}),
        ("recently_viewed_projects", "/users/myself/recentlyViewedProjects", {}),
        ("recently_viewed_wikis", "/users/myself/recentlyViewedWikis", {}),
    ],
)
def test_every_field_is_a_column_of_the_entry_or_repeats_another_table(
    api: Api, table: str, path: str, added: dict[str, Any]
):
    rows = api.json(path, {"count": 100})
    assert rows
    for row in rows:
        assert shape_of(BY_NAME[table]).extra({**row, **added}) is None
