"""The made-up company's history: the same every time, and in agreement with itself."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any, cast

import pytest

from backlog_assets.demo import FIRST_DAY, DemoSpace

NAMED = {
    "status": "status",
    "priority": "priority",
    "resolution": "resolution",
    "assigner": "assignee",
    "issueType": "issueType",
    "component": "category",
    "version": "versions",
    "milestone": "milestone",
}
PLAIN = {
    "summary": "summary",
    "description": "description",
    "startDate": "startDate",
    "limitDate": "dueDate",
    "estimatedHours": "estimatedHours",
    "actualHours": "actualHours",
}


def text_of(value: Any) -> str | None:
    """A value as a change log would show it."""
    if value is None or value == []:
        return None
    if isinstance(value, list):
        return ", ".join(row["name"] for row in cast("list[Any]", value))
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)["name"]
    return f"{value:.10g}" if isinstance(value, (int, float)) else value


def shown(space: DemoSpace, issue: dict[str, Any]) -> dict[Any, str | None]:
    """An issue's present values by field of the change log; custom fields by id."""
    values: dict[Any, str | None] = {field: text_of(issue[name]) for field, name in (NAMED | PLAIN).items()}
    for field in ("startDate", "limitDate"):
        values[field] = (values[field] or "")[:10] or None
    parent = issue["parentIssueId"]
    values["parentIssue"] = parent and space.issues[parent].json()["issueKey"]
    for custom in issue["customFields"]:
        value = text_of(custom["value"])
        if custom["fieldTypeId"] == 4:
            value = value and value[:10]
        values[custom["id"]] = ", ".join(part for part in (value, custom.get("otherValue")) if part) or None
    return values


def test_two_spaces_of_one_seed_are_equal_byte_by_byte():
    one, two = DemoSpace(issues=300), DemoSpace(issues=300)
    assert [issue.raw for issue in one.ordered] == [issue.raw for issue in two.ordered]
    assert one.activities == two.activities
    assert one.notifications == two.notifications
    assert [one.comments(issue) for issue in one.ordered] == [two.comments(issue) for issue in two.ordered]


def test_another_seed_tells_another_history():
    one, two = DemoSpace(seed=1, issues=50), DemoSpace(seed=2, issues=50)
    assert [issue.raw for issue in one.ordered] != [issue.raw for issue in two.ordered]


def test_a_later_date_only_adds_history():
    before, after = DemoSpace(issues=300), DemoSpace(issues=300, date="2026-09-14")
    assert after.activities[: len(before.activities)] == before.activities
    assert len(after.activities) > len(before.activities)
    assert set(before.issues) - set(after.issues) <= {
        row["content"]["id"] for row in after.activities[len(before.activities) :] if row["type"] == 4
    }
    assert max(after.issues) > max(before.issues)
    for issue_id, issue in before.issues.items():
        old = before.comments(issue)
        if issue_id in after.issues:
            assert after.comments(after.issues[issue_id])[: len(old)] == old
            if after.issues[issue_id].updated == issue.updated and not issue.json()["stars"]:
                assert {**after.issues[issue_id].json(), "stars": []} == issue.json()


def test_the_first_days_after_the_default_date_each_lose_an_issue_that_nothing_else_hangs_on():
    lost: list[int] = []
    before = DemoSpace()
    for days in range(1, 4):
        after = DemoSpace(date=FIRST_DAY + timedelta(days=days))
        gone = set(before.issues) - set(after.issues)
        assert gone
        assert gone <= {row["content"]["id"] for row in after.activities[len(before.activities) :] if row["type"] == 4}
        assert not gone & set(after.children)
        lost += gone
        before = after
    assert len(lost) == len(set(lost))


def test_the_default_space_has_the_company_that_was_promised(full_space: DemoSpace):
    projects = list(full_space.projects.values())
    assert len(projects) == 6
    assert len([project for project in projects if project["archived"]]) == 1
    assert [len(rows) for rows in full_space.by_project.values()].count(0) == 1
    users = list(full_space.users.values())
    assert len(users) == 14
    assert [user["roleType"] for user in users].count(1) == 1
    assert {user["roleType"] for user in users} == {1, 2, 3, 4, 5, 6}
    assert {user["mailAddress"] is None for user in users} == {True, False}
    assert {user["nulabAccount"] is None for user in users} == {True, False}
    assert len(full_space.teams) == 5
    assert len(full_space.issues) == 1_500


def test_custom_fields_come_in_all_eight_types_with_and_without_values(full_space: DemoSpace):
    assert {field["typeId"] for field in full_space.custom_fields[5001]} == set(range(1, 9))
    seen = {kind: set[bool]() for kind in range(1, 9)}
    others: set[int] = set()
    for issue in full_space.ordered:
        for field in issue.json()["customFields"]:
            seen[field["fieldTypeId"]].add(field["value"] in (None, []))
            assert ("otherValue" in field) == (field["fieldTypeId"] in (7, 8))
            if field.get("otherValue"):
                others.add(field["fieldTypeId"])
    assert seen == {kind: {True, False} for kind in range(1, 9)}
    assert others == {7, 8}
    numeric = [field for rows in full_space.custom_fields.values() for field in rows if field["typeId"] == 3]
    assert {type(field["min"]) for field in numeric} == {str, int}


def test_only_fields_that_apply_to_the_issues_type_are_shown(full_space: DemoSpace):
    for issue in (issue.json() for issue in full_space.ordered):
        applies = {
            field["id"]
            for field in full_space.custom_fields[issue["projectId"]]
            if not field["useIssueType"] or issue["issueType"]["id"] in field["applicableIssueTypes"]
        }
        assert {field["id"] for field in issue["customFields"]} == applies


def test_issues_have_the_nulls_zeros_and_odd_texts_that_real_ones_have(full_space: DemoSpace):
    issues = [issue.json() for issue in full_space.ordered]
    for name in ("resolution", "assignee", "dueDate", "startDate", "estimatedHours", "actualHours", "parentIssueId"):
        assert {issue[name] is None for issue in issues} == {True, False}, name
    assert 0 in {issue["resolution"]["id"] for issue in issues if issue["resolution"]}
    for name in ("attachments", "sharedFiles", "stars", "category", "versions", "milestone"):
        assert {bool(issue[name]) for issue in issues} == {True, False}, name
    assert {"externalFileLinks" in issue for issue in issues} == {True, False}
    files = [file for issue in issues for file in issue["sharedFiles"]]
    assert {file["updatedUser"] is None for file in files} == {True, False}
    texts = "".join(f"{issue['summary']}{issue['description']}" for issue in issues)
    assert all(odd in texts for odd in ("🚀", "\u2028", "\t", "</script>", '"', "'", "\n", "\\"))
    assert max(len(issue["description"] or "") for issue in issues) > 20_000
    assert "" in {issue["description"] for issue in issues}


def test_ids_ascend_with_creation_and_ties_and_gaps_exist(full_space: DemoSpace):
    created = [issue.created for issue in full_space.ordered]
    ids = [issue.id for issue in full_space.ordered]
    assert created == sorted(created)
    assert ids == sorted(ids)
    assert len(set(created)) < len(created)
    missing = set(range(min(ids), max(ids))) - set(ids)
    deleted = {row["content"]["id"] for row in full_space.activities if row["type"] == 4}
    assert missing == deleted
    assert missing


def test_custom_statuses_stand_in_one_project_and_default_ids_repeat_in_each(full_space: DemoSpace):
    ids = {project_id: [row["id"] for row in rows] for project_id, rows in full_space.statuses.items()}
    assert all({1, 2, 3, 4} <= set(rows) for rows in ids.values())
    assert [len(rows) for rows in ids.values()] == [4, 4, 6, 4, 4, 4]
    assert {issue.json()["status"]["id"] for issue in full_space.ordered} > {1, 2, 3, 4}


def test_change_logs_walked_backwards_agree_with_the_present_of_every_issue(full_space: DemoSpace):
    walked = 0
    for issue in full_space.ordered:
        row = issue.json()
        values = shown(full_space, row)
        comments = full_space.comments(issue)
        assert [comment["id"] for comment in comments] == sorted({comment["id"] for comment in comments})
        for comment in reversed(comments):
            for change in list[Any](comment["changeLog"] or ()):
                field: Any = change["attributeInfo"]["id"] if change["attributeInfo"] else change["field"]
                if field == "attachment":
                    assert change["attachmentInfo"]["id"] in {file["id"] for file in row["attachments"]}
                    continue
                assert values[field] == change["newValue"], (row["issueKey"], field)
                assert change["originalValue"] != change["newValue"]
                values[field] = change["originalValue"]
                walked += 1
        assert (values["status"], values["resolution"], values["actualHours"]) == ("未対応", None, None)
        last = comments[-1]["created"] if comments else row["created"]
        assert row["updated"] == last
        author = comments[-1]["createdUser"] if comments else row["createdUser"]
        assert row["updatedUser"] == author
    assert walked > 5_000


def test_activities_agree_with_issues_and_comments(full_space: DemoSpace):
    activities = full_space.activities
    ids = [row["id"] for row in activities]
    assert ids == sorted(set(ids))
    created = [row["created"] for row in activities]
    assert created == sorted(created)
    made = {row["content"]["id"]: row for row in activities if row["type"] == 1}
    deleted = {row["content"]["id"] for row in activities if row["type"] == 4}
    assert set(made) == set(full_space.issues) | deleted
    told: dict[int, dict[int, Any]] = {}
    for row in activities:
        if row["type"] in (2, 3) and row["content"]["id"] not in deleted:
            told.setdefault(row["content"]["id"], {})[row["content"]["comment"]["id"]] = row
        if row["type"] == 14:
            for link in row["content"]["link"]:
                told.setdefault(link["id"], {})[link["comment"]["id"]] = row
    for issue in full_space.ordered:
        shown_issue = issue.json()
        assert made[issue.id]["created"] == shown_issue["created"]
        assert made[issue.id]["createdUser"] == shown_issue["createdUser"]
        comments = {comment["id"]: comment for comment in full_space.comments(issue)}
        assert comments.keys() == told.get(issue.id, {}).keys()
        for comment_id, comment in comments.items():
            activity = told[issue.id][comment_id]
            assert activity["created"] == comment["created"]
            assert activity["createdUser"] == comment["createdUser"]
            if activity["type"] == 2:
                logged = [c["field"] for c in comment["changeLog"] if c["field"] != "attachment"]
                assert [change["field"] for change in activity["content"]["changes"]] == logged


def test_activities_are_of_many_types_and_name_only_known_projects(full_space: DemoSpace):
    types = Counter(row["type"] for row in full_space.activities)
    assert {1, 2, 3, 4, 5, 6, 12, 14, 15, 18, 22, 36} <= set(types)
    assert {row["project"]["id"] for row in full_space.activities} <= set(full_space.projects)
    assert all(row["notifications"] == [] for row in full_space.activities)


@pytest.mark.parametrize("wanted", [0, 7, 650, 20_000])
def test_activities_are_cut_or_filled_to_the_number_wanted(wanted: int):
    space = DemoSpace(issues=60, activities=wanted)
    ids = [row["id"] for row in space.activities]
    assert len(ids) == wanted
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("wanted", [0, 3, 240])
def test_notifications_are_cut_or_filled_to_the_number_wanted(wanted: int):
    space = DemoSpace(issues=100, notifications=wanted)
    ids = [row["id"] for row in space.notifications]
    assert len(ids) == wanted
    assert ids == sorted(set(ids))


def test_the_old_form_of_dates_means_the_same_days():
    new, old = DemoSpace(issues=200), DemoSpace(issues=200, dates="jst")
    days = [(a.json()["dueDate"], b.json()["dueDate"]) for a, b in zip(new.ordered, old.ordered, strict=True)]
    assert any(due for due, _ in days)
    for due, before in days:
        if due is not None:
            assert due.endswith("T00:00:00Z")
            assert before.endswith("T15:00:00Z")
            assert before < due
    undated = [row["releaseDueDate"] for row in old.versions[5001]]
    assert None in undated
    assert all(date is None or date.endswith("T15:00:00Z") for date in undated)


def test_spaces_of_other_sizes_can_be_had():
    space = DemoSpace(issues=700, projects=500, users=40, teams=230)
    assert (len(space.projects), len(space.users), len(space.teams), len(space.issues)) == (500, 40, 230, 700)
    assert len({project["projectKey"] for project in space.projects.values()}) == 500
    empty = DemoSpace(issues=0, projects=1, teams=0)
    assert (len(empty.issues), len(empty.teams)) == (0, 0)
