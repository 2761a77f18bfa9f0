"""`/issues` and `/issues/count`: paging, filters and sorts, compared with a plain reading of all issues."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backlog_assets.demo import DemoServer, DemoSpace

from .conftest import Api

Keep = Callable[[dict[str, Any]], bool]


def ids(rows: Any) -> Any:
    return [row["id"] for row in rows]


def has(field: str, *wanted: int) -> Keep:
    return lambda issue: issue[field] is not None and issue[field]["id"] in wanted


def has_any(field: str, *wanted: int) -> Keep:
    return lambda issue: any(row["id"] in wanted for row in list[Any](issue[field]))


def value(issue: dict[str, Any], field_id: int) -> Any:
    return next((field["value"] for field in issue["customFields"] if field["id"] == field_id), None)


def has_item(rows: Any, wanted: int) -> bool:
    return any(row["id"] == wanted for row in rows or ())


FILTERS: list[tuple[dict[str, Any], Keep]] = [
    ({"projectId[]": 5001}, lambda issue: issue["projectId"] == 5001),
    ({"projectId[]": [5002, 5003]}, lambda issue: issue["projectId"] in (5002, 5003)),
    ({"projectId[]": 5006}, lambda _: False),
    ({"issueTypeId[]": [500101, 500202]}, has("issueType", 500101, 500202)),
    ({"categoryId[]": [500100, 500101]}, has_any("category", 500100, 500101)),
    ({"versionId[]": 500103}, has_any("versions", 500103)),
    ({"milestoneId[]": [500103, 500204]}, has_any("milestone", 500103, 500204)),
    ({"statusId[]": [1, 2]}, has("status", 1, 2)),
    ({"priorityId[]": 4}, has("priority", 4)),
    ({"assigneeId[]": [1002, 1003]}, has("assignee", 1002, 1003)),
    ({"createdUserId[]": 1001}, has("createdUser", 1001)),
    ({"resolutionId[]": 0}, has("resolution", 0)),
    ({"id[]": [10000003, 10000004, 1]}, lambda issue: issue["id"] in (10000003, 10000004)),
    ({"attachment": "true"}, lambda issue: bool(issue["attachments"])),
    ({"attachment": "false"}, lambda issue: not issue["attachments"]),
    ({"sharedFile": "true"}, lambda issue: bool(issue["sharedFiles"])),
    ({"hasDueDate": "false"}, lambda issue: issue["dueDate"] is None),
    ({"createdSince": "2026-03-01"}, lambda issue: issue["created"] >= "2026-03-01"),
    ({"createdUntil": "2025-05-02"}, lambda issue: issue["created"][:10] <= "2025-05-02"),
    ({"updatedSince": "2026-08-20"}, lambda issue: issue["updated"] >= "2026-08-20"),
    (
        {"updatedSince": "2026-01-05", "updatedUntil": "2026-01-09"},
        lambda issue: "2026-01-05" <= issue["updated"][:10] <= "2026-01-09",
    ),
    (
        {"startDateSince": "2026-02-01", "startDateUntil": "2026-02-27"},
        lambda issue: issue["startDate"] is not None and "2026-02-01" <= issue["startDate"][:10] <= "2026-02-27",
    ),
    ({"dueDateSince": "2026-08-01"}, lambda issue: (issue["dueDate"] or "") >= "2026-08-01"),
    ({"dueDateUntil": "2025-04-01"}, lambda issue: "" < (issue["dueDate"] or "")[:10] <= "2025-04-01"),
    (
        {"keyword": "safari"},
        lambda issue: "safari" in f"{issue['summary']} {issue['description']}".lower(),
    ),
    ({"parentChild": 1}, lambda issue: issue["parentIssueId"] is None),
    ({"parentChild": 2}, lambda issue: issue["parentIssueId"] is not None),
    ({"customField_500100": "acme"}, lambda issue: "acme" in (value(issue, 500100) or "").lower()),
    ({"customField_500102_min": 25000}, lambda issue: (value(issue, 500102) or 0) >= 25000),
    ({"customField_500103_max": "2025-04-01"}, lambda issue: "" < (value(issue, 500103) or "")[:10] <= "2025-04-01"),
    ({"customField_500104[]": 50010401}, lambda issue: has_item([value(issue, 500104) or {"id": 0}], 50010401)),
    ({"customField_500105[]": 50010502}, lambda issue: has_item(value(issue, 500105), 50010502)),
    (
        {"projectId[]": 5001, "statusId[]": 4, "updatedSince": "2026-06-01", "priorityId[]": [2, 3]},
        lambda issue: (
            issue["projectId"] == 5001
            and issue["status"]["id"] == 4
            and issue["updated"] >= "2026-06-01"
            and issue["priority"]["id"] in (2, 3)
        ),
    ),
]


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """Big enough for every filter to find something, small enough to be read over and over."""
    with DemoServer(DemoSpace(issues=400)) as server:
        yield Api(server)


@pytest.fixture(scope="module")
def everything(api: Api) -> list[dict[str, Any]]:
    """All issues by creation, read page by page."""
    return api.all_by_offset("/issues", {"sort": "created", "order": "asc"})


def test_a_page_has_twenty_issues_unless_told_otherwise(api: Api):
    assert len(api.json("/issues")) == 20
    assert len(api.json("/issues", {"count": 100})) == 100
    assert len(api.json("/issues", {"count": 1})) == 1


@pytest.mark.parametrize(
    "params",
    [
        {"count": 101},
        {"count": 0},
        {"count": "many"},
        {"offset": -1},
        {"order": "up"},
        {"sort": "id"},
        {"hasDueDate": "true"},
        {"attachment": "yes"},
        {"updatedSince": "2026-08-01T00:00:00Z"},
        {"createdUntil": "2026-02-30"},
        {"parentChild": 11},
        {"statusId[]": "open"},
        {"customField_1": "x"},
        {"expand[]": "comments"},
    ],
)
def test_a_parameter_with_a_value_that_will_not_do_is_an_invalid_request(api: Api, params: dict[str, Any]):
    assert api.error("/issues", params)[:2] == (400, 7)


def test_an_id_parameter_without_brackets_is_unknown(api: Api):
    assert api.error("/issues", {"projectId": 5001}) == (400, 7, "error.unknownParameter : projectId")
    assert api.error("/issues/count", {"sort": "created"}) == (400, 7, "error.unknownParameter : sort")


def test_offset_paging_gives_every_issue_once(api: Api, everything: list[dict[str, Any]]):
    assert ids(everything) == sorted(api.space.issues)
    backwards = api.all_by_offset("/issues", {"sort": "created", "order": "desc"}, count=97)
    assert backwards == everything[::-1]
    assert api.json("/issues", {"offset": 5_000}) == []


def test_the_default_is_the_newest_change_first(api: Api):
    updated = [row["updated"] for row in api.json("/issues", {"count": 100})]
    assert updated == sorted(updated, reverse=True)


@pytest.mark.parametrize(("params", "keep"), FILTERS, ids=["&".join(params) for params, _ in FILTERS])
def test_a_filter_keeps_what_a_plain_reading_keeps(
    api: Api, everything: list[dict[str, Any]], params: dict[str, Any], keep: Keep
):
    expected = [row["id"] for row in everything if keep(row)]
    assert ids(api.all_by_offset("/issues", {**params, "sort": "created", "order": "asc"})) == expected
    assert api.json("/issues/count", params) == {"count": len(expected)}
    assert expected or params == {"projectId[]": 5006}


def test_families_are_told_apart(api: Api, everything: list[dict[str, Any]]):
    parents = {row["parentIssueId"] for row in everything} - {None}
    children = {row["id"] for row in everything if row["parentIssueId"] is not None}
    all_ids = set(ids(everything))

    def family(kind: int) -> set[int]:
        return set(ids(api.all_by_offset("/issues", {"parentChild": kind})))

    assert parents
    assert parents <= all_ids
    assert family(0) == all_ids
    assert family(3) == all_ids - parents - children
    assert family(4) == parents
    parent = min(parents)
    assert set(ids(api.json("/issues", {"parentIssueId[]": parent, "count": 100}))) == {
        row["id"] for row in everything if row["parentIssueId"] == parent
    }


SORTS: list[tuple[str, Callable[[Any], Any]]] = [
    ("created", lambda row: row["created"]),
    ("updated", lambda row: row["updated"]),
    ("summary", lambda row: row["summary"]),
    ("issueType", lambda row: row["issueType"]["id"]),
    ("status", lambda row: row["status"]["id"]),
    ("priority", lambda row: row["priority"]["id"]),
    ("createdUser", lambda row: row["createdUser"]["id"]),
    ("updatedUser", lambda row: row["updatedUser"]["id"]),
    ("assignee", lambda row: row["assignee"]["id"] if row["assignee"] else 0),
    ("startDate", lambda row: row["startDate"] or ""),
    ("dueDate", lambda row: row["dueDate"] or ""),
    ("estimatedHours", lambda row: row["estimatedHours"] or 0),
    ("actualHours", lambda row: row["actualHours"] or 0),
    ("category", lambda row: row["category"][0]["id"] if row["category"] else 0),
    ("version", lambda row: row["versions"][0]["id"] if row["versions"] else 0),
    ("milestone", lambda row: row["milestone"][0]["id"] if row["milestone"] else 0),
    ("attachment", lambda row: row["attachments"][0]["id"] if row["attachments"] else 0),
    ("sharedFile", lambda row: row["sharedFiles"][0]["id"] if row["sharedFiles"] else 0),
]


@pytest.mark.parametrize(("sort", "key"), SORTS)
def test_a_sort_orders_all_issues(api: Api, sort: str, key: Callable[[Any], Any]):
    for order in ("asc", "desc"):
        rows = api.all_by_offset("/issues", {"sort": sort, "order": order})
        keys = [key(row) for row in rows]
        assert keys == sorted(keys, reverse=order == "desc")
        assert sorted(ids(rows)) == sorted(api.space.issues)


def test_issues_are_sorted_by_their_number_of_children(api: Api, everything: list[dict[str, Any]]):
    rows = api.json("/issues", {"sort": "childIssue", "count": 100, "expand[]": "childIssueSummary"})
    totals = [row["childIssueSummary"]["total"] for row in rows]
    assert totals == sorted(totals, reverse=True)
    children = [row for row in everything if row["parentIssueId"] == rows[0]["id"]]
    closed = [row for row in children if row["status"]["id"] == 4]
    assert rows[0]["childIssueSummary"] == {"total": len(children), "closed": len(closed)}


def test_an_issue_is_found_by_id_and_by_key_and_is_the_same_as_in_the_list(api: Api, everything: list[dict[str, Any]]):
    for row in everything[::80]:
        assert api.json(f"/issues/{row['id']}") == row
        assert api.json(f"/issues/{row['issueKey']}") == row


def test_the_zone_decides_on_which_day_an_update_falls(served: Callable[..., Api]):
    space = DemoSpace(issues=20)
    issue = space.ordered[0]
    # 20:00 UTC on the 1st is the 2nd in Tokyo.
    space.update_issue(issue.id, at="2026-09-01T20:00:00Z", summary="夜中の変更")
    since = {"updatedSince": "2026-09-02"}
    assert served(space).json("/issues", since) == []
    assert ids(served(space, updated_since_zone="Asia/Tokyo").json("/issues", since)) == [issue.id]


def test_a_filtered_answer_follows_a_change_of_the_space(small: Api):
    params = {"statusId[]": 4, "sort": "created", "order": "asc"}
    before = ids(small.json("/issues", params))
    small.space.update_issue(before[0], statusId=2)
    assert before[0] not in ids(small.json("/issues", params))


def test_an_issue_is_about_as_big_as_a_real_one(full_space: DemoSpace):
    sizes = [len(issue.raw) for issue in full_space.ordered]
    assert 1_500 <= sum(sizes) / len(sizes) <= 2_800
