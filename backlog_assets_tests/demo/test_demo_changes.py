"""Changes made while the space is served: the activities and the `updated` that Backlog would show."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from .conftest import Api
from .test_demo_history import shown


def newest(api: Api) -> dict[str, Any]:
    return api.json("/space/activities", {"count": 1})[0]


def test_a_new_issue_is_served_with_the_next_key_and_an_activity(small: Api):
    last = max(small.space.issues)
    highest = max(issue.json()["keyId"] for issue in small.space.by_project[5001])
    issue = small.space.create_issue("WEB", summary="新規", assigneeId=1002, dueDate="2026-09-10", statusId=2)
    row = small.json(f"/issues/{issue.id}")
    assert row["id"] > last
    assert row["issueKey"] == f"WEB-{row['keyId']}"
    assert row["keyId"] > highest
    assert (row["summary"], row["assignee"]["id"], row["dueDate"], row["status"]["id"]) == (
        "新規",
        1002,
        "2026-09-10T00:00:00Z",
        2,
    )
    assert set(row) == set(small.space.ordered[0].json()) - {"externalFileLinks"}
    activity = newest(small)
    assert (activity["type"], activity["content"]["id"], activity["created"]) == (1, issue.id, row["created"])
    assert small.json("/issues", {"sort": "created", "count": 1})[0] == row


def test_an_edit_adds_a_comment_whose_change_log_agrees_and_moves_updated(small: Api):
    issue = small.space.by_project[5001][0]
    before = issue.json()
    changes: dict[str, Any] = {
        "summary": "変更後",
        "statusId": 1 if before["status"]["id"] != 1 else 2,
        "assigneeId": None if before["assignee"] else 1003,
        "milestoneId": [500105, 500106],
        "dueDate": "2026-10-01",
        "estimatedHours": 12.5,
        "customField_500100": "別の顧客",
    }
    comment = small.space.update_issue(issue.id, author=1002, comment="まとめて", **changes)
    after = small.json(f"/issues/{issue.id}")
    assert after["updated"] > before["updated"]
    assert after["updated"] == comment["created"]
    assert after["updatedUser"]["id"] == 1002
    assert small.json(f"/issues/{issue.id}/comments", {"count": 1}) == [comment]
    values, old = shown(small.space, after), shown(small.space, before)
    assert len(comment["changeLog"]) == len(changes)
    for change in comment["changeLog"]:
        field = change["attributeInfo"]["id"] if change["attributeInfo"] else change["field"]
        assert (change["originalValue"], change["newValue"]) == (old[field], values[field])
        values[field] = change["originalValue"]
    assert values == old
    activity = newest(small)
    assert (activity["type"], activity["content"]["comment"]) == (2, {"id": comment["id"], "content": "まとめて"})
    assert small.json("/issues", {"count": 1})[0]["id"] == issue.id


def test_another_type_shows_the_custom_fields_of_that_type(small: Api):
    issue = small.space.create_issue("WEB", issueTypeId=500100, customField_500100="残る値")
    small.space.update_issue(issue.id, issueTypeId=500101)
    row = small.json(f"/issues/{issue.id}")
    fields = {field["id"]: field["value"] for field in row["customFields"]}
    assert set(fields) == {500100, 500101, 500102, 500104, 500105, 500106, 500107}
    assert fields[500100] == "残る値"


def test_an_edit_that_changes_nothing_logs_nothing(small: Api):
    issue = small.space.ordered[0]
    comment = small.space.update_issue(issue.id, summary=issue.json()["summary"])
    assert comment["changeLog"] is None


def test_a_field_that_issues_have_not_is_refused(small: Api):
    with pytest.raises(TypeError, match="an issue has no colour"):
        small.space.update_issue(small.space.ordered[0].id, colour="red")


def test_a_comment_moves_updated_and_is_counted(small: Api):
    issue = small.space.ordered[0]
    count = small.json(f"/issues/{issue.id}/comments/count")["count"]
    small.space.comment(issue.id, "お疲れさまです", at="2026-09-03T01:02:03Z")
    assert small.json(f"/issues/{issue.id}")["updated"] == "2026-09-03T01:02:03Z"
    assert small.json(f"/issues/{issue.id}/comments/count") == {"count": count + 1}
    assert newest(small)["type"] == 3


def test_a_deleted_issue_is_gone_and_told_of_unless_silently(small: Api):
    loud, silent = small.space.ordered[3].json(), small.space.ordered[4].json()
    small.space.delete_issue(loud["id"])
    assert newest(small)["content"] == {"id": loud["id"], "key_id": loud["keyId"]}
    latest = newest(small)["id"]
    small.space.delete_issue(silent["id"], silent=True)
    assert newest(small)["id"] == latest
    for row in (loud, silent):
        assert small.error(f"/issues/{row['id']}") == (404, 6, "No issue.")
    assert small.json("/issues/count") == {"count": 148}


def test_a_deleted_parent_leaves_its_children_without_one(small: Api):
    parent = next(iter(small.space.children))
    children = small.space.children[parent]
    small.space.delete_issue(parent)
    for child in children:
        assert small.json(f"/issues/{child}")["parentIssueId"] is None


def test_a_child_can_be_given_to_a_parent_and_taken_away(small: Api):
    child, parent = (issue.id for issue in small.space.by_project[5001][:2])
    small.space.update_issue(child, parentIssueId=None)
    small.space.update_issue(child, parentIssueId=parent)
    assert [row["id"] for row in small.json("/issues", {"parentIssueId[]": parent})] == [child]
    small.space.update_issue(child, parentIssueId=None)
    assert small.json("/issues", {"parentIssueId[]": parent}) == []


def test_a_moved_issue_keeps_its_id_and_gets_a_key_of_the_other_project(small: Api):
    issue = small.space.by_project[5001][0]
    old_key = issue.json()["issueKey"]
    small.space.move_issue(issue.id, "APP")
    row = small.json(f"/issues/{issue.id}")
    assert (row["projectId"], row["issueKey"]) == (5002, f"APP-{row['keyId']}")
    assert row["issueType"]["projectId"] == 5002
    assert small.error(f"/issues/{old_key}")[:2] == (404, 6)
    assert issue.id in {row["id"] for row in small.all_by_offset("/issues", {"projectId[]": 5002})}
    assert {row["projectId"] for row in small.json(f"/issues/{issue.id}/comments")} <= {5002}


def test_a_new_project_can_be_filled(small: Api):
    project_id = small.space.add_project("NEW", "新しいプロジェクト")
    assert small.json("/projects/NEW")["id"] == project_id
    issue = small.space.create_issue("NEW", summary="最初の課題")
    assert small.json(f"/issues/{issue.id}")["issueKey"] == "NEW-1"
    assert [row["type"] for row in small.json("/projects/NEW/activities", {"order": "asc"})] == [15, 1]
    with pytest.raises(ValueError, match="there is a project NEW already"):
        small.space.add_project("NEW", "again")


def test_a_renamed_project_renames_its_issues_without_moving_updated(small: Api):
    before = small.all_by_offset("/issues", {"projectId[]": 5001, "sort": "created"})
    small.space.rename_project("WEB", "SITE")
    after = small.all_by_offset("/issues", {"projectId[]": 5001, "sort": "created"})
    assert after == [{**row, "issueKey": f"SITE-{row['keyId']}"} for row in before]
    assert small.error("/projects/WEB")[:2] == (404, 6)
    assert small.json("/projects/SITE")["id"] == 5001
    assert small.json("/projects/SITE/activities")[0]["project"]["projectKey"] == "SITE"


def test_a_deleted_project_takes_all_that_is_its_own(small: Api):
    small.space.delete_project("APP")
    assert small.error("/projects/APP")[:2] == (404, 6)
    assert 5002 not in {row["projectId"] for row in small.all_by_offset("/issues", {})}
    assert 5002 not in {row["project"]["id"] for row in small.all_by_id("/space/activities", {})}
    assert 5002 not in {row["project"]["id"] for row in small.all_by_id("/notifications", {})}
    assert small.json("/issues/count") == {"count": len(small.space.issues)}


def test_an_archived_project_is_listed_as_such(small: Api):
    small.space.archive_project("CRM")
    assert {row["projectKey"] for row in small.json("/projects", {"archived": "true"})} == {"OLD", "CRM"}


def test_versions_come_change_their_name_and_go(small: Api):
    version_id = small.space.add_version("WEB", "2.0", release_due_date="2026-12-24")
    assert newest(small)["type"] == 22
    issue = small.space.by_project[5001][0]
    small.space.update_issue(issue.id, milestoneId=[version_id])
    updated = issue.json()["updated"]
    small.space.rename_version(version_id, "2.0 クリスマス")
    assert newest(small)["type"] == 23
    row = small.json(f"/issues/{issue.id}")
    assert [version["name"] for version in row["milestone"]] == ["2.0 クリスマス"]
    assert row["updated"] == updated
    assert small.json("/projects/WEB/versions")[-1] == row["milestone"][0]
    small.space.delete_version(version_id)
    assert newest(small)["type"] == 24
    assert small.json(f"/issues/{issue.id}")["milestone"] == []
    assert version_id not in {version["id"] for version in small.json("/projects/WEB/versions")}


def test_ids_of_activities_and_comments_ascend_over_all_changes(small: Api):
    issue = small.space.ordered[-1]
    for number in range(3):
        small.space.comment(issue.id, f"{number}")
        small.space.update_issue(issue.id, summary=f"第{number}版")
        small.space.add_version("WEB", f"9.{number}")
    activities = [row["id"] for row in small.space.activities]
    comments = [row["id"] for row in small.space.comments(issue)]
    assert activities == sorted(set(activities))
    assert comments == sorted(set(comments))
    created = [row["created"] for row in small.space.activities]
    assert created == sorted(created)


def test_the_space_may_be_changed_while_it_is_read(small: Api):
    def change() -> None:
        for number in range(60):
            issue = small.space.create_issue("WEB", summary=f"同時 {number}")
            small.space.update_issue(issue.id, statusId=4)
            if number % 2:
                small.space.delete_issue(issue.id)

    thread = threading.Thread(target=change)
    thread.start()
    while thread.is_alive():
        assert small.get("/issues", {"statusId[]": 4, "count": 100}).status_code == 200
    thread.join()
    assert small.json("/issues/count") == {"count": 180}
