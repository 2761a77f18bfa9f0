"""Issues made and changed, and comments added, over HTTP as a program would do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests

from .conftest import Api

NEW: Mapping[str, Any] = {"projectId": 5001, "summary": "新しい課題", "issueTypeId": 50011, "priorityId": 3}


def sent(api: Api, method: str, path: str, form: Mapping[str, Any], **options: Any) -> requests.Response:
    return api.session.request(method, f"{api.server.url}/api/v2{path}", data=form, timeout=20, **options)


def new(api: Api) -> dict[str, Any]:
    """The fields of an issue that the first project takes."""
    return {**NEW, "issueTypeId": api.json("/projects/WEB/issueTypes")[0]["id"]}


def refused(response: requests.Response) -> tuple[int, int, str]:
    (error,) = response.json()["errors"]
    return response.status_code, error["code"], error["message"]


def test_an_issue_that_was_posted_is_served_and_counts_as_an_update(small: Api):
    before = small.json("/issues/count")["count"]
    response = sent(small, "POST", "/issues", {**new(small), "description": "本文 & <more>", "dueDate": "2026-12-01"})
    assert response.status_code == 201
    row = response.json()
    assert (row["summary"], row["description"], row["priority"]["id"]) == ("新しい課題", "本文 & <more>", 3)
    assert (row["dueDate"], row["status"]["id"]) == ("2026-12-01T00:00:00Z", 1)
    assert small.json(f"/issues/{row['issueKey']}") == row
    assert small.json("/issues/count")["count"] == before + 1
    posted = [one for one in small.server.requests if one.method == "POST"]
    assert [(one.path, one.status, one.rate_class) for one in posted] == [("/issues", 201, "update")]


def test_a_patch_changes_what_it_names_and_its_comment_tells_of_it(small: Api):
    row = sent(small, "POST", "/issues", new(small)).json()
    response = sent(small, "PATCH", f"/issues/{row['id']}", {"statusId": 4, "comment": "直りました"})
    assert (response.status_code, response.json()["status"]["id"]) == (200, 4)
    (comment,) = small.json(f"/issues/{row['id']}/comments")
    assert comment["content"] == "直りました"
    assert [(one["field"], one["newValue"]) for one in comment["changeLog"]] == [("status", "完了")]


def test_a_comment_that_was_posted_is_listed(small: Api):
    response = sent(small, "POST", "/issues/WEB-1/comments", {"content": "続いています"})
    assert response.status_code == 201
    assert small.json("/issues/WEB-1/comments", {"count": 1}) == [response.json()]
    assert response.json()["content"] == "続いています"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"summary": None}, "error.required : summary"),
        ({"priorityId": None}, "error.required : priorityId"),
        ({"issueTypeId": 1}, "error.invalidParameter : issueTypeId = 1"),
        ({"priorityId": 9}, "error.invalidParameter : priorityId = 9"),
        ({"summary": "x" * 256}, "error.invalidParameter : summary = " + "x" * 40),
        ({"dueDate": "tomorrow"}, "error.invalidParameter : dueDate = tomorrow"),
        ({"categoryId": 1}, "error.unknownParameter : categoryId"),
        ({"statusId": 4}, "error.unknownParameter : statusId"),
    ],
)
def test_what_will_not_do_is_refused_and_makes_no_issue(small: Api, change: dict[str, Any], message: str):
    count = small.json("/issues/count")
    form = {name: value for name, value in {**new(small), **change}.items() if value is not None}
    response = sent(small, "POST", "/issues", form)
    assert refused(response) == (400, 7, message)
    assert small.json("/issues/count") == count


def test_an_update_that_says_nothing_is_refused(small: Api):
    assert refused(sent(small, "PATCH", "/issues/WEB-1", {})) == (400, 7, "No comment content.")
    assert refused(sent(small, "POST", "/issues/WEB-1/comments", {"content": ""})) == (400, 7, "No comment content.")


def test_a_project_or_an_issue_that_is_not_there_is_not_found(small: Api):
    assert refused(sent(small, "POST", "/issues", {**new(small), "projectId": 99})) == (404, 6, "No project.")
    assert refused(sent(small, "PATCH", "/issues/WEB-999999", {"statusId": 4})) == (404, 6, "No issue.")


def test_a_body_that_is_no_form_is_refused(small: Api):
    response = small.session.post(f"{small.server.url}/api/v2/issues", json=new(small), timeout=20)
    assert refused(response) == (400, 7, "error.invalidContentType")


def test_updates_have_a_limit_of_their_own(served: Callable[..., Api]):
    api = served(plan="free", clock=lambda: 1_800_000_000.0)
    form = {"content": "もう一度"}
    answers = [sent(api, "POST", "/issues/WEB-1/comments", form) for _ in range(16)]
    assert [answer.status_code for answer in answers] == [201] * 15 + [429]
    assert refused(answers[-1])[:2] == (429, 13)
    assert api.get("/issues/WEB-1").status_code == 200
