"""Announcement, disk usage, webhooks, teams and administrators of projects, parts of issues: rights, sums, shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.demo import DemoSpace
from backlog_assets.shape import shape_of

from .conftest import Api

ADMIN_ONLY = ["/space/diskUsage", "/projects/WEB/diskUsage"]
PROJECT_ADMINS = ["/projects/WEB/webhooks", "/projects/WEB/webhooks/600000"]
OPEN = [
    "/space/notification",
    "/projects/WEB/administrators",
    "/projects/WEB/teams",
    "/issues/WEB-3/participants",
    "/issues/WEB-3/relatedIssues",
    "/issues/WEB-3/attachments",
    "/issues/WEB-3/sharedFiles",
]
SUMMED = ("issue", "wiki", "file", "subversion", "git", "gitLFS")


@pytest.mark.parametrize("path", ADMIN_ONLY + PROJECT_ADMINS)
def test_a_member_is_refused_what_administrators_may_read(api: Api, member: Api, path: str):
    assert member.error(path)[:2] == (403, 5)
    assert api.get(path).status_code == 200


@pytest.mark.parametrize("path", OPEN)
def test_a_member_may_read_the_rest(member: Api, path: str):
    assert member.get(path).status_code == 200


@pytest.mark.parametrize("path", ADMIN_ONLY + PROJECT_ADMINS + OPEN)
def test_a_parameter_that_nobody_knows_is_refused(api: Api, path: str):
    assert api.error(path, {"page": 1}) == (400, 7, "error.unknownParameter : page")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/projects/NONE/webhooks", "No project."),
        ("/projects/WEB/webhooks/1", "No such webhook."),
        ("/projects/APP/webhooks/600000", "No such webhook."),
        ("/projects/NONE/diskUsage", "No project."),
        ("/issues/WEB-999999/participants", "No issue."),
        ("/issues/WEB-3/comments/1", "No such comment."),
        ("/activities/1", "No such activity."),
        ("/activities/x", "No such activity."),
    ],
)
def test_what_does_not_exist_is_not_found(api: Api, path: str, message: str):
    assert api.error(path) == (404, 6, message)


def test_a_projects_administrator_sees_the_webhooks_of_his_project_and_of_no_other(api: Api):
    leader = api.space.administrators[5001][0]
    assert not api.space.is_admin(leader)
    api.server.keys["leader-of-web"] = leader
    client = Api(api.server, "leader-of-web")
    assert len(client.json("/projects/WEB/webhooks")) == 3
    other = next(id_ for id_, leaders in api.space.administrators.items() if leader not in leaders)
    assert client.error(f"/projects/{other}/webhooks")[0] in (403, 404)
    assert client.error("/projects/WEB/diskUsage")[:2] == (403, 5)


def test_disk_usage_of_the_space_is_the_sum_of_its_projects_and_each_says_the_same_by_itself(api: Api):
    usage = api.json("/space/diskUsage")
    assert [row["projectId"] for row in usage["details"]] == list(api.space.projects)
    for name in SUMMED:
        assert usage[name] == sum(row[name] for row in usage["details"]), name
    for row in usage["details"]:
        assert api.json(f"/projects/{row['projectId']}/diskUsage") == row
    assert 0 < sum(usage[name] for name in SUMMED) < usage["capacity"]


def test_bytes_of_issues_are_those_of_their_attachments_and_what_is_switched_off_takes_none(api: Api):
    for row in api.json("/space/diskUsage")["details"]:
        issues = [issue.json() for issue in api.space.by_project[row["projectId"]]]
        assert row["issue"] == sum(file["size"] for issue in issues for file in issue["attachments"])
        project = api.space.projects[row["projectId"]]
        for feature, names in (("useWiki", ("wiki",)), ("useDocument", ("document",)), ("useGit", ("git", "gitLFS"))):
            assert project[feature] or not any(row[name] for name in names)


def test_disk_usage_grows_with_the_date_and_falls_with_a_deleted_issue(small: Api):
    before = small.json("/space/diskUsage")
    later = DemoSpace(issues=150, date="2026-10-05")
    with_files = next(issue for issue in small.space.ordered if issue.json()["attachments"])
    size = sum(file["size"] for file in with_files.json()["attachments"])
    small.space.delete_issue(with_files.id)
    assert small.json("/space/diskUsage")["issue"] == before["issue"] - size
    small.server.app.space = later
    assert small.json("/space/diskUsage")["wiki"] > before["wiki"]


def test_webhooks_come_and_go(small: Api):
    url = "https://hooks.example.com/new/secret"
    added = small.space.add_webhook("OPS", "新しい通知", url, types=(1, 2))
    [row] = [row for row in small.json("/projects/OPS/webhooks") if row["id"] == added]
    assert (row["hookUrl"], row["allEvent"], row["activityTypeIds"]) == (url, False, [1, 2])
    assert small.json(f"/projects/OPS/webhooks/{added}") == row
    small.space.remove_webhook(added)
    assert small.json("/projects/OPS/webhooks") == []


def test_the_announcement_stays_until_it_is_set_anew(small: Api):
    assert small.json("/space/notification") == DemoSpace(issues=5).announcement
    small.space.set_space_notification("本日メンテナンス", at="2026-09-01T03:00:00Z")
    assert small.json("/space/notification") == {"content": "本日メンテナンス", "updated": "2026-09-01T03:00:00Z"}


def test_the_announcement_changes_with_the_months(full_space: DemoSpace):
    later = DemoSpace(issues=5, date="2026-10-31").announcement
    assert later["content"] != full_space.announcement["content"]
    assert later["updated"] > full_space.announcement["updated"]


def test_the_teams_of_a_project_are_teams_of_the_space_whose_members_have_all_joined(api: Api):
    teams = {team["id"]: team for team in api.json("/teams")}
    seen: set[int] = set()
    for project_id in api.space.projects:
        members = {user["id"] for user in api.json(f"/projects/{project_id}/users")}
        for team in api.json(f"/projects/{project_id}/teams"):
            assert team == teams[team["id"]]
            assert {user["id"] for user in team["members"]} <= members
            seen.add(len(team["members"]))
    assert len(seen) > 1, "one with members, one without"


def test_participants_are_author_assignee_and_whoever_commented_each_once(api: Api):
    for issue in api.space.ordered[:30]:
        row = api.json(f"/issues/{issue.id}")
        people = {row["createdUser"]["id"], *(c["createdUser"]["id"] for c in api.space.comments(issue))}
        if row["assignee"]:
            people.add(row["assignee"]["id"])
        rows = api.json(f"/issues/{issue.id}/participants")
        assert rows[0] == row["createdUser"]
        assert sorted(user["id"] for user in rows) == sorted(people)


def test_related_issues_are_whole_issues_and_related_both_ways(api: Api, member: Api):
    pairs: set[tuple[int, int]] = set()
    for issue in api.space.ordered[:150]:
        for row in api.json(f"/issues/{issue.id}/relatedIssues"):
            assert row == {**api.space.issues[row["id"]].json(), "type": "RELATES"}
            pairs.add((issue.id, row["id"]))
    assert pairs
    one, other = min(pairs)
    assert one in {row["id"] for row in api.json(f"/issues/{other}/relatedIssues")}
    joined = api.space.visible(api.space.member)
    shown = next(one for one, _ in sorted(pairs) if api.space.issues[one].project_id in joined)
    assert {row["projectId"] for row in member.json(f"/issues/{shown}/relatedIssues")} <= joined


def test_a_deleted_issue_is_related_to_none(small: Api):
    space = small.space
    one, other = next(
        (issue.id, row["id"])
        for issue in space.ordered
        for row in small.json(f"/issues/{issue.id}/relatedIssues")
        if not space.children.get(row["id"])
    )
    space.delete_issue(other)
    assert other not in {row["id"] for row in small.json(f"/issues/{one}/relatedIssues")}


def test_an_older_host_knows_no_related_issues(served: Callable[..., Api]):
    api = served(related_issues=False)
    assert api.error("/issues/WEB-3/relatedIssues") == (400, 6, "Undefined resource. /issues/WEB-3/relatedIssues")
    assert api.get("/issues/WEB-3/participants").status_code == 200


def test_the_parts_of_an_issue_are_those_inside_it(api: Api):
    issue = next(issue for issue in api.space.ordered if issue.json()["attachments"])
    row = issue.json()
    assert api.json(f"/issues/{issue.id}/attachments") == row["attachments"]
    assert api.json(f"/issues/{issue.id}/sharedFiles") == row["sharedFiles"]
    for comment in api.space.comments(issue):
        assert api.json(f"/issues/{issue.id}/comments/{comment['id']}") == comment
        path = f"/issues/{issue.id}/comments/{comment['id']}/notifications"
        assert api.json(path) == comment["notifications"]


def test_an_activity_can_be_had_by_itself(small: Api):
    small.space.comment(small.space.ordered[0].id, "最後の一言")
    for row in (small.space.activities[0], small.space.activities[-1]):
        assert small.json(f"/activities/{row['id']}") == row


@pytest.mark.parametrize(
    ("table", "path", "added"),
    [
        ("space_notification", "/space/notification", {}),
        ("space_disk_usage", "/space/diskUsage", {}),
        ("project_disk_usage", "/projects/WEB/diskUsage", {}),
        ("webhooks", "/projects/WEB/webhooks", {}),
        ("project_administrators", "/projects/WEB/administrators", {}),
        ("project_teams", "/projects/OPS/teams", {}),
        ("project_custom_fields", "/projects/WEB/customFields", {}),
        ("issue_participants", "/issues/WEB-3/participants", {"issueId": 1}),
    ],
)
def test_every_field_is_a_column_or_a_child_of_the_entry(api: Api, table: str, path: str, added: dict[str, Any]):
    found = api.json(path)
    rows = found if isinstance(found, list) else [found]
    assert rows
    for row in rows:
        assert shape_of(BY_NAME[table]).extra({**row, **added}) is None
        assert not [item for item in row.get("items", ()) if "_extra" in item]


def test_every_field_of_a_project_in_the_disk_usage_of_the_space_is_a_column(api: Api):
    for row in api.json("/space/diskUsage")["details"]:
        assert shape_of(BY_NAME["space_disk_usage_projects"]).extra(row) is None


def test_every_field_of_an_issue_with_links_is_a_column_or_a_child(api: Api):
    linked = [row for issue in api.space.ordered if (row := issue.json()).get("externalFileLinks")]
    assert linked
    for row in linked:
        assert shape_of(BY_NAME["issues"]).extra(row) is None
        assert not [link for link in row["externalFileLinks"] if "_extra" in link]
