"""Git repositories and pull requests: what they say agrees with the activities that tell of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from backlog_assets.demo import FIRST_DAY, DemoSpace

from .conftest import Api

WEB = "/projects/WEB/git/repositories"
PULL_REQUESTS = f"{WEB}/web/pullRequests"
TELLING = {"activityTypeId[]": [18, 19, 20]}


def listed(api: Api, key: str) -> list[dict[str, Any]]:
    return api.all_by_offset(f"/projects/{key}/git/repositories/{key.lower()}/pullRequests", {})


def comments(api: Api, row: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/projects/{row['projectId']}/git/repositories/{row['repositoryId']}/pullRequests/{row['number']}/comments"
    return api.all_by_id(path, {})


def test_a_project_without_git_or_a_repository_or_pull_request_that_is_not_there_is_an_error(api: Api):
    assert api.error("/projects/OPS/git/repositories")[:2] == (403, 5)
    assert api.error(f"{WEB}/app")[:2] == (404, 6)
    assert api.error(f"{PULL_REQUESTS}/0")[:2] == (404, 6)
    assert api.error(f"{PULL_REQUESTS}/99999/comments")[:2] == (404, 6)
    assert api.error(f"{PULL_REQUESTS}/2/attachments/1")[:2] == (404, 6)
    assert api.error(PULL_REQUESTS, {"order": "asc"})[:2] == (400, 7)


def test_a_repository_is_found_by_id_and_by_name_and_is_the_one_the_activities_name(api: Api):
    [repository] = api.json(WEB)
    assert api.json(f"{WEB}/{repository['id']}") == api.json(f"{WEB}/web") == repository
    told = api.all_by_id("/projects/WEB/activities", {"activityTypeId[]": [13]})
    assert [(one["content"]["repository"]["id"], one["created"]) for one in told] == [
        (repository["id"], repository["created"])
    ]
    pushes = api.all_by_id("/projects/WEB/activities", {"activityTypeId[]": [12]})
    assert repository["pushedAt"] == pushes[-1]["created"]


@pytest.mark.parametrize("key", ["WEB", "APP", "CRM", "OLD"])
def test_every_activity_of_a_pull_request_agrees_with_the_pull_request(api: Api, key: str):
    rows = {row["id"]: row for row in listed(api, key)}
    told = api.all_by_id(f"/projects/{key}/activities", TELLING)
    assert rows.keys() == {one["content"]["id"] for one in told}
    for one in told:
        content, row = one["content"], rows[one["content"]["id"]]
        assert (row["number"], row["summary"], row["description"], row["repositoryId"]) == (
            content["number"],
            content["summary"],
            content["description"],
            content["repository"]["id"],
        )
        found = comments(api, row)
        if one["type"] == 18:
            assert (row["created"], row["createdUser"]) == (one["created"], one["createdUser"])
        else:
            first = found[0]
            assert row["created"] < one["created"]
            assert (first["created"], first["createdUser"]) == (one["created"], one["createdUser"])
            assert bool(first["content"]) is (one["type"] == 20)
            assert bool(first["changeLog"]) is (one["type"] == 19)
        assert row["updated"] == (found[-1]["created"] if found else row["created"])


def test_a_pull_requests_status_is_what_its_last_change_of_status_says(api: Api):
    seen: set[str] = set()
    for row in listed(api, "WEB"):
        changes = [item for comment in comments(api, row) for item in comment["changeLog"]]
        ended = [item["newValue"] for item in changes if item["field"] == "status"]
        assert row["status"]["name"] == (ended[-1] if ended else "Open")
        assert (row["mergeAt"] is not None) is (row["status"]["id"] == 3)
        assert (row["closeAt"] is not None) is (row["status"]["id"] == 2)
        seen.add(row["status"]["name"])
    assert seen == {"Open", "Closed", "Merged"}


def test_one_alone_has_attachments_stars_and_more_of_its_issue(api: Api):
    whole = [api.json(f"{PULL_REQUESTS}/{row['number']}") for row in listed(api, "WEB")]
    for row, one in zip(listed(api, "WEB"), whole, strict=True):
        assert set(one) - set(row) == {"attachments", "stars"}
        assert (row["issue"] is None) is (one["issue"] is None)
        if one["issue"] is not None:
            assert row["issue"] == {"id": one["issue"]["id"]}
            assert one["issue"]["issueKey"] == api.json(f"/issues/{one['issue']['id']}")["issueKey"]
    assert any(one["stars"] for one in whole)
    with_files = next(one for one in whole if one["attachments"])
    path = f"{PULL_REQUESTS}/{with_files['number']}/attachments"
    assert api.json(path) == with_files["attachments"]
    for file in with_files["attachments"]:
        response = api.get(f"{path}/{file['id']}")
        assert (len(response.content), response.headers["Content-Type"]) == (file["size"], "application/octet-stream")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("statusId[]", "status"),
        ("assigneeId[]", "assignee"),
        ("createdUserId[]", "createdUser"),
        ("issueId[]", "issue"),
    ],
)
def test_filters_narrow_the_list_and_its_count(api: Api, name: str, field: str):
    rows = listed(api, "WEB")
    wanted = next(row[field]["id"] for row in rows if row[field])
    found = api.json(PULL_REQUESTS, {name: wanted, "count": 100})
    assert found == [row for row in rows if row[field] and row[field]["id"] == wanted]
    assert api.json(f"{PULL_REQUESTS}/count", {name: wanted}) == {"count": len(found)}


def test_ids_of_comments_stars_notifications_and_attachments_are_unique(full_space: DemoSpace):
    whole = [
        one
        for project in full_space.repositories.values()
        for r in project
        for one in full_space.pull_requests(r["id"])
    ]
    talk = [comment for one in whole for comment in one.comments]
    for rows in (
        talk,
        [star for one in whole for star in one.row["stars"]] + [star for comment in talk for star in comment["stars"]],
        [notice for comment in talk for notice in comment["notifications"]],
        [file for one in whole for file in one.row["attachments"]],
    ):
        ids = [row["id"] for row in rows]
        assert len(ids) > 20
        assert len(ids) == len(set(ids))


def test_a_later_date_only_adds(full_space: DemoSpace):
    later = DemoSpace(date=FIRST_DAY + dt.timedelta(days=10))
    before = {one.row["id"]: one for one in full_space.pull_requests(50010)}
    after = {one.row["id"]: one for one in later.pull_requests(50010)}
    assert before.keys() <= after.keys()
    moved = [id_ for id_, one in before.items() if after[id_].row["updated"] != one.row["updated"]]
    assert moved
    for id_, one in before.items():
        assert after[id_].comments[: len(one.comments)] == one.comments
        assert after[id_].row["stars"][: len(one.row["stars"])] == one.row["stars"]
        if id_ not in moved:
            assert after[id_].row == one.row


def test_changes_move_updated_and_are_told(small: Api):
    space = small.space
    row = space.create_pull_request("APP", "検索を速くする", author=1002)
    path = f"/projects/APP/git/repositories/app/pullRequests/{row['number']}"
    assert small.json("/projects/APP/git/repositories/app/pullRequests", {"count": 1})[0]["id"] == row["id"]
    comment = space.comment_pull_request("APP", row["number"], "レビューします", author=1003)
    renamed = space.rename_pull_request("APP", row["number"], "検索をもっと速くする")
    attachment = space.attach_to_pull_request("APP", row["number"], "計測.csv", 12)
    merged = space.merge_pull_request("APP", row["number"])
    one = small.json(path)
    assert (one["summary"], one["status"], one["mergeAt"]) == (
        "検索をもっと速くする",
        {"id": 3, "name": "Merged"},
        one["updated"],
    )
    assert one["attachments"] == [attachment]
    assert small.json(f"{path}/comments", {"order": "asc"}) == [comment, renamed, merged]
    told = small.json("/projects/APP/activities", {"count": 4})
    assert [(each["type"], each["content"]["number"]) for each in told] == [
        (type_, row["number"]) for type_ in (19, 19, 20, 18)
    ]
    assert told[2]["content"]["comment"] == {"id": comment["id"], "content": "レビューします"}
    space.close_pull_request("APP", space.create_pull_request("APP")["number"])
    assert small.json("/projects/APP/git/repositories/app/pullRequests", {"count": 1})[0]["status"]["name"] == "Closed"
    space.delete_pull_request("APP", row["number"])
    assert small.error(path)[:2] == (404, 6)


def test_an_issue_that_is_deleted_leaves_the_pull_request(small: Api):
    linked = next(row for row in listed(small, "WEB") if row["issue"])
    small.space.delete_issue(linked["issue"]["id"])
    assert small.json(f"{PULL_REQUESTS}/{linked['number']}")["issue"] is None


def test_a_project_made_later_in_the_place_of_one_with_git_has_no_repository(small: Api):
    small.space.delete_project("IDEA")
    small.space.delete_project("OLD")
    assert small.space.add_project("NEW", "新規") == 5005
    assert small.json("/projects/NEW/files/metadata/") == []
    small.space.projects[5005]["useGit"] = True
    assert small.json("/projects/NEW/git/repositories") == []
