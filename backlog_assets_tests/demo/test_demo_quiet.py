"""Changes that are told together, in another way, or not at all."""

from __future__ import annotations

from typing import Any

from backlog_assets.demo import master_changes as masters
from backlog_assets.demo import quiet_changes as quiet
from backlog_assets_tests.demo.conftest import Api


def newest(api: Api) -> Any:
    return api.json("/space/activities", {"count": 1})[0]


def test_what_is_untold_leaves_no_activity_but_moves_updated(small: Api) -> None:
    before, issue = newest(small), small.space.ordered[0]
    updated = issue.updated
    with quiet.untold(small.space):
        small.space.update_issue(issue.id, summary="quiet")
    assert newest(small) == before
    assert issue.updated > updated


def test_issues_changed_together_are_one_activity_that_links_them(small: Api) -> None:
    ids = [issue.id for issue in small.space.by_project[small.space.project_id("WEB")][:3]]
    quiet.update_together(small.space, ids, summary="all")
    told = newest(small)
    assert (told["type"], [link["id"] for link in told["content"]["link"]]) == (14, ids)
    assert {small.json(f"/issues/{one}")["updated"] for one in ids} == {told["created"]}
    quiet.move_dates_together(small.space, ids, "2026-09-01", None)
    assert newest(small)["type"] == 35
    made = quiet.create_together(small.space, "WEB", ["a", "b"])
    told = newest(small)
    assert (told["type"], [link["id"] for link in told["content"]["link"]]) == (47, [issue.id for issue in made])


def test_a_touched_issue_does_not_say_that_it_was_updated(small: Api) -> None:
    issue = small.space.ordered[0]
    before = small.json(f"/issues/{issue.id}")
    quiet.touch(small.space, issue.id, summary="touched")
    assert small.json(f"/issues/{issue.id}") == {**before, "summary": "touched"}


def test_a_new_name_shows_in_every_issue_at_once_without_moving_updated(small: Api) -> None:
    space = small.space
    issue = next(one for one in space.ordered if one.json()["category"])
    project = space.projects[issue.project_id]["projectKey"]
    before = issue.json()
    masters.rename_status(space, project, before["status"]["id"], "status!")
    masters.rename_issue_type(space, project, before["issueType"]["id"], "type!")
    masters.rename_category(space, project, before["category"][0]["id"], "category!")
    masters.rename_user(space, before["createdUser"]["id"], "user!")
    after = small.json(f"/issues/{issue.id}")
    shown = [after["status"], after["issueType"], after["category"][0], after["createdUser"]]
    assert [one["name"] for one in shown] == ["status!", "type!", "category!", "user!"]
    assert after["updated"] == before["updated"]


def test_the_issues_of_a_deleted_status_get_another_one_and_are_linked(small: Api) -> None:
    space = small.space
    project = next(one for one in space.projects if len(space.statuses[one]) > 4)
    status = next(row for row in space.statuses[project] if row["id"] > 4)
    had = [issue.id for issue in space.by_project[project] if issue.json()["status"]["id"] == status["id"]]
    masters.delete_status(space, space.projects[project]["projectKey"], status["id"], 1)
    assert [link["id"] for link in newest(small)["content"]["link"]] == had
    assert all(space.issues[one].json()["status"]["id"] == 1 for one in had)


def test_a_custom_field_comes_and_goes_in_every_issue(small: Api) -> None:
    space = small.space
    project = space.project_id("WEB")
    field = masters.add_custom_field(space, "WEB", "Added")
    assert all(field in [one["id"] for one in issue.json()["customFields"]] for issue in space.by_project[project])
    masters.delete_custom_field(space, "WEB", field)
    assert not any(field in [one["id"] for one in issue.json()["customFields"]] for issue in space.by_project[project])
