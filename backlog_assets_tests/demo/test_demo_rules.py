"""Who may ask what, and what the answers look like."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest
import requests

from backlog_assets.demo import DemoServer, DemoSpace

from .conftest import Api

PATHS = [
    "/space",
    "/space/licence",
    "/rateLimit",
    "/users/myself",
    "/users/1003",
    "/projects",
    "/projects/WEB",
    "/projects/5001",
    "/projects/WEB/versions",
    "/projects/WEB/categories",
    "/projects/WEB/issueTypes",
    "/projects/WEB/statuses",
    "/projects/WEB/customFields",
    "/projects/WEB/users",
    "/projects/WEB/administrators",
    "/projects/WEB/activities",
    "/priorities",
    "/resolutions",
    "/issues",
    "/issues/count",
    "/issues/WEB-1",
    "/issues/WEB-1/comments",
    "/issues/WEB-1/comments/count",
    "/notifications",
    "/notifications/count",
    "/space/activities",
]
ADMIN_PATHS = ["/users", "/teams", "/teams/301"]


@pytest.mark.parametrize("path", PATHS + ADMIN_PATHS)
def test_every_endpoint_answers_json_with_the_rate_limit_and_the_time(api: Api, path: str):
    response = api.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json;charset=utf-8"
    assert response.json() not in (None, [], {})
    assert int(response.headers["X-RateLimit-Remaining"]) < int(response.headers["X-RateLimit-Limit"])
    assert parsedate_to_datetime(response.headers["Date"]).tzinfo is not None


@pytest.mark.parametrize("path", PATHS + ADMIN_PATHS)
def test_every_endpoint_refuses_a_parameter_it_does_not_know(api: Api, path: str):
    assert api.error(path, {"page": 1}) == (400, 7, "error.unknownParameter : page")


@pytest.mark.parametrize("path", PATHS)
def test_every_open_endpoint_serves_a_member(member: Api, path: str):
    assert member.get(path).status_code == 200


@pytest.mark.parametrize("path", ADMIN_PATHS)
def test_administrators_endpoints_refuse_a_member(member: Api, path: str):
    assert member.error(path)[:2] == (403, 5)


def test_a_projects_administrator_may_list_users_and_teams_but_not_open_a_team(api: Api):
    leader = api.space.administrators[5001][0]
    api.server.keys["leader-key"] = leader
    client = Api(api.server, "leader-key")
    assert len(client.json("/users")) == 14
    assert len(client.json("/teams")) == 5
    assert client.error("/teams/301")[:2] == (403, 5)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/projects/NONE", (404, 6, "No project.")),
        ("/projects/999999/versions", (404, 6, "No project.")),
        ("/issues/WEB-999999", (404, 6, "No issue.")),
        ("/issues/1/comments", (404, 6, "No issue.")),
        ("/users/99", (404, 6, "No such user.")),
        ("/teams/99", (404, 6, "No such team.")),
        ("/space/license", (400, 6, "Undefined resource. /space/license")),
        ("/projects/WEB/components", (400, 6, "Undefined resource. /projects/WEB/components")),
        ("/groups", (400, 6, "Undefined resource. /groups")),
    ],
)
def test_what_does_not_exist_is_told_apart(api: Api, path: str, expected: tuple[int, int, str]):
    assert api.error(path) == expected


def test_a_project_that_the_member_has_not_joined_is_not_there_for_him(api: Api, member: Api):
    joined = {project["id"] for project in member.json("/projects")}
    strange = next(project for project in api.json("/projects") if project["id"] not in joined)
    assert member.error(f"/projects/{strange['projectKey']}")[:2] == (404, 6)
    assert member.error("/issues", {"projectId[]": strange["id"]})[:2] == (404, 6)
    issues = member.all_by_offset("/issues", {"sort": "created"})
    assert {issue["projectId"] for issue in issues} <= joined
    assert member.json("/issues/count") == {"count": len(issues)}
    hidden = next(iter(api.space.by_project[strange["id"]]))
    assert member.error(f"/issues/{hidden.id}")[:2] == (404, 6)
    assert {row["project"]["id"] for row in member.all_by_id("/space/activities", {})} <= joined


def test_projects_are_listed_by_archived_and_all(small: Api):
    assert len(small.json("/projects")) == 6
    assert [row["projectKey"] for row in small.json("/projects", {"archived": "true"})] == ["OLD"]
    assert len(small.json("/projects", {"archived": "false"})) == 5
    small.space.remove_member("CRM", small.space.owner)
    assert "CRM" not in {row["projectKey"] for row in small.json("/projects")}
    assert "CRM" in {row["projectKey"] for row in small.json("/projects", {"all": "true"})}
    member = Api(small.server, small.server.member_key)
    assert member.json("/projects", {"all": "true"}) == member.json("/projects")


def test_a_key_is_taken_from_the_header_or_the_query(api: Api):
    url = f"{api.server.url}/api/v2/space"
    api.server.requests.clear()
    assert requests.get(url, params={"apiKey": api.server.api_key}, timeout=5).status_code == 200
    assert requests.get(url, headers={"Backlog-API-Key": api.server.api_key}, timeout=5).status_code == 200
    assert requests.get(url, timeout=5).json()["errors"][0]["code"] == 11
    wrong = requests.get(url, headers={"Backlog-API-Key": "wrong"}, timeout=5)
    assert (wrong.status_code, wrong.json()["errors"][0]["message"]) == (401, "Authentication failure.")
    assert [(row.status, row.key_in) for row in api.server.requests] == [
        (200, "query"),
        (200, "header"),
        (401, None),
        (401, "header"),
    ]


def test_a_host_that_ignores_the_header_takes_the_key_in_the_query_only(served: Callable[..., Api]):
    api = served(accept_header_key=False)
    assert api.error("/space")[:2] == (401, 11)
    assert api.get("/space", {"apiKey": api.server.api_key}).status_code == 200
    assert [row.key_in for row in api.server.requests] == ["header", "query"]


def test_a_host_may_serve_components_instead_of_categories(served: Callable[..., Api]):
    api = served(components_instead_of_categories=True)
    assert api.json("/projects/WEB/components") == api.space.categories[5001]
    assert api.error("/projects/WEB/categories") == (400, 6, "Undefined resource. /projects/WEB/categories")


def test_the_log_of_requests_names_path_query_and_class_but_never_the_key(small: Api):
    small.get("/issues", {"projectId[]": [5001, 5002], "apiKey": small.server.api_key})
    (row,) = small.server.requests
    assert (row.method, row.path, row.query) == ("GET", "/issues", {"projectId[]": ["5001", "5002"]})
    assert (row.status, row.rate_class) == (200, "search")
    assert small.server.api_key not in repr(small.server.requests)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/projects"), ("PATCH", "/projects/WEB"), ("DELETE", "/issues/WEB-1")]
)
def test_only_issues_and_comments_can_be_changed_over_http(small: Api, method: str, path: str):
    response = small.session.request(method, f"{small.server.url}/api/v2{path}", data={"name": "x"}, timeout=5)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, 6)
    assert small.server.requests[-1].rate_class == "update"


def test_one_connection_serves_many_requests(small: Api):
    addresses = set[object]()
    for _ in range(5):
        with small.get("/space", stream=True) as response:
            connection = response.raw._connection
            addresses.add(connection.sock.getsockname())
            assert response.content
    assert len(addresses) == 1


def test_a_stopped_server_answers_nobody_any_more():
    server = DemoServer(DemoSpace(issues=5))
    server.start()
    api = Api(server)
    url = f"{server.url}/api/v2/space"
    assert api.get("/space").status_code == 200
    server.stop()
    with pytest.raises(requests.ConnectionError):
        api.session.get(url, timeout=5)


def test_a_refused_project_answers_so_to_everybody_and_stays_listed(small: Api):
    small.space.refuse_project("APP", status=403, code=5)
    assert small.error("/projects/APP/versions")[:2] == (403, 5)
    assert small.error("/projects/APP/activities")[:2] == (403, 5)
    assert small.error("/issues", {"projectId[]": 5002})[:2] == (403, 5)
    assert small.error(f"/issues/{small.space.by_project[5002][0].id}")[:2] == (403, 5)
    assert "APP" in {row["projectKey"] for row in small.json("/projects")}
    rest = small.all_by_offset("/issues", {})
    assert {row["projectId"] for row in rest} == {5001, 5003, 5004, 5005}
    small.space.refuse_project("APP", status=200)
    assert small.get("/projects/APP/versions").status_code == 200


def test_a_hidden_project_is_gone_from_every_listing(small: Api):
    small.space.hide_project("WEB")
    assert "WEB" not in {row["projectKey"] for row in small.json("/projects", {"all": "true"})}
    assert small.error("/projects/WEB")[:2] == (404, 6)
    assert 5001 not in {row["projectId"] for row in small.all_by_offset("/issues", {})}
    assert 5001 not in {row["project"]["id"] for row in small.all_by_id("/space/activities", {})}
    assert 5001 not in {row["project"]["id"] for row in small.all_by_id("/notifications", {})}
