"""Documents: who may read them, how they are listed and nested, and that they are what recent updates tell of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from backlog_assets.demo import FIRST_DAY, DemoSpace

from .catalogued import assert_known
from .conftest import Api

FIELDS = {
    "id",
    "projectId",
    "title",
    "plain",
    "json",
    "statusId",
    "emoji",
    "attachments",
    "tags",
    "createdUser",
    "created",
    "updatedUser",
    "updated",
}


def ids(rows: Any) -> list[str]:
    return [row["id"] for row in rows]


def tree_of(api: Api, project: str) -> dict[str, Any]:
    return api.json("/documents/tree", {"projectIdOrKey": project})


def nodes(root: dict[str, Any], depth: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    for node in root.get("children", ()):
        yield depth, node
        yield from nodes(node, depth + 1)


@pytest.fixture(scope="module")
def documents(api: Api) -> list[dict[str, Any]]:
    return api.all_by_offset("/documents", {"order": "asc"})


@pytest.mark.parametrize("path", ["/documents/count", "/documents/tree"])
def test_a_count_or_tree_is_that_of_a_project_that_the_user_may_see(api: Api, member: Api, path: str):
    assert api.error(path) == (400, 7, "error.required : projectIdOrKey")
    assert api.error(path, {"projectIdOrKey": "NONE"}) == (404, 6, "No project.")
    assert member.error(path, {"projectIdOrKey": "OPS"}) == (404, 6, "No project.")


@pytest.mark.parametrize("rest", ["", "/comments", "/attachments/1"])
def test_a_document_is_not_there_for_who_has_not_joined_its_project(
    api: Api, member: Api, documents: list[dict[str, Any]], rest: str
):
    strange = next(row for row in documents if row["projectId"] == 5003)
    assert member.error(f"/documents/{strange['id']}{rest}") == (404, 6, "No document.")
    for unknown in ("x", "0", "f" * 32, "１２"):
        assert api.error(f"/documents/{unknown}{rest}") == (404, 6, "No document.")


def test_the_list_passes_over_projects_that_the_user_has_not_joined(member: Api, documents: list[dict[str, Any]]):
    joined = {project["id"] for project in member.json("/projects")}
    expected = [row for row in documents if row["projectId"] in joined]
    assert member.all_by_offset("/documents", {"order": "asc"}) == expected
    assert member.json("/documents", {"projectId[]": [5003, 99], "offset": 0}) == []
    assert {row["projectId"] for row in expected} == {5001, 5005}


def test_a_refused_project_refuses_its_documents(small: Api):
    first = small.json("/documents", {"offset": 0, "projectId[]": 5001, "count": 1})[0]
    small.space.refuse_project("WEB")
    assert small.error(f"/documents/{first['id']}")[:2] == (403, 5)
    assert small.error("/documents/tree", {"projectIdOrKey": "WEB"})[:2] == (403, 5)
    assert small.json("/documents", {"offset": 0, "projectId[]": 5001}) == []


def test_the_list_wants_an_offset_and_refuses_what_it_does_not_know(api: Api):
    assert api.error("/documents") == (400, 7, "error.required : offset")
    assert api.error("/documents", {"offset": 0, "sort": "title"})[:2] == (400, 7)
    assert api.error("/documents", {"offset": 0, "count": 101})[:2] == (400, 7)
    assert api.error("/documents", {"offset": 0, "projectId": 5001}) == (400, 7, "error.unknownParameter : projectId")


def test_counts_and_comments_are_closed_to_restricted_members(api: Api, documents: list[dict[str, Any]]):
    row = documents[0]
    members = api.space.members[row["projectId"]]
    viewer = next(id_ for id_ in members if api.space.users[id_]["roleType"] >= 3)
    api.server.keys["viewer-key"] = viewer
    client = Api(api.server, "viewer-key")
    assert client.json(f"/documents/{row['id']}") == row
    assert client.error(f"/documents/{row['id']}/comments")[:2] == (403, 5)
    assert client.error("/documents/count", {"projectIdOrKey": row["projectId"]})[:2] == (403, 5)


def test_a_project_without_documents_has_none(small: Api):
    assert small.json("/documents", {"offset": 0, "projectId[]": 5002}) == []
    assert small.json("/documents/count", {"projectIdOrKey": "APP"}) == {"count": 0}
    assert list(nodes(tree_of(small, "APP")["activeTree"])) == []
    first = small.json("/documents", {"offset": 0, "projectId[]": 5001, "count": 1})[0]
    small.space.projects[5001]["useDocument"] = False
    assert small.json("/documents", {"offset": 0, "projectId[]": 5001}) == []
    assert small.error(f"/documents/{first['id']}")[:2] == (404, 6)


def test_the_list_is_paged_sorted_and_filtered(api: Api, documents: list[dict[str, Any]]):
    assert api.all_by_offset("/documents", {"order": "asc"}, count=7) == documents
    assert api.json("/documents", {"offset": 0, "count": 100}) == documents[::-1]
    assert len(api.json("/documents", {"offset": 0})) == 20
    assert [row["created"] for row in documents] == sorted(row["created"] for row in documents)
    moved = api.all_by_offset("/documents", {"sort": "updated", "order": "desc"})
    assert [row["updated"] for row in moved] == sorted((row["updated"] for row in documents), reverse=True)
    web = api.all_by_offset("/documents", {"projectId[]": [5001], "order": "asc"})
    assert web == [row for row in documents if row["projectId"] == 5001]
    assert api.json("/documents/count", {"projectIdOrKey": "WEB"}) == {"count": len(web)}
    assert {row["title"] for row in api.json("/documents", {"offset": 0, "keyword": "Onboarding"})} == {"Onboarding"}


def test_a_document_by_itself_is_that_of_the_list(api: Api, documents: list[dict[str, Any]]):
    for row in documents:
        assert set(row) == FIELDS
        assert len(row["id"]) == 32
        assert api.json(f"/documents/{row['id']}") == row
        assert json.loads(row["json"])["type"] == "doc"


def test_documents_are_as_odd_as_real_ones(documents: list[dict[str, Any]]):
    for field in ("attachments", "tags", "emoji", "plain"):
        assert {bool(row[field]) for row in documents} == {True, False}, field
    assert max(len(row["plain"]) for row in documents) > 50_000
    assert max(len(row["title"]) for row in documents) > 200
    texts = "".join(row["title"] + row["plain"] for row in documents)
    assert all(odd in texts for odd in ("🚀", "\u2028", "</script>", '"', "'", "👨‍👩‍👧"))


def test_the_trees_hold_every_document_once_nested_and_in_the_trash(api: Api, documents: list[dict[str, Any]]):
    tree = tree_of(api, "WEB")
    assert set(tree) == {"projectId", "activeTree", "trashTree"}
    active, trash = (list(nodes(tree[name])) for name in ("activeTree", "trashTree"))
    assert (tree["activeTree"]["id"], tree["trashTree"]["id"]) == ("Active", "Trash")
    listed = {row["id"]: row for row in documents if row["projectId"] == 5001}
    assert sorted(node["id"] for _, node in active) == sorted(listed)
    assert not {node["id"] for _, node in trash} & listed.keys()
    assert max(depth for depth, _ in active) == 2
    assert [depth for depth, _ in trash] == [0, 1]
    for _, node in active:
        assert (node["name"], node["updated"]) == (listed[node["id"]]["title"], listed[node["id"]]["updated"])
    assert {"emoji" in node for _, node in active} == {True, False}
    assert api.json(f"/documents/{trash[0][1]['id']}")["title"] == "旧仕様"


def test_every_told_document_is_there_as_it_was_told_last(api: Api, documents: list[dict[str, Any]]):
    begun = min(row["created"] for row in api.space.activities)
    by_id = {row["id"]: row for row in documents}
    told: dict[str, list[Any]] = {}
    for activity in api.space.activities:
        if 36 <= activity["type"] <= 49:
            told.setdefault(activity["content"]["id"], []).append(activity)
    assert told.keys() <= by_id.keys()
    for id_, row in by_id.items():
        activities = told.get(id_, [])
        assert bool(activities) == (row["updated"] >= begun)
        if activities:
            last = activities[-1]
            assert (last["content"]["title"], last["created"]) == (row["title"], row["updated"])
            assert last["createdUser"] == row["updatedUser"]
            assert last["project"]["id"] == row["projectId"]
        made = [one for one in activities if one["type"] == 36]
        assert [one["created"] for one in made] == ([row["created"]] if row["created"] >= begun else [])
    assert {one["type"] for rows in told.values() for one in rows} == {36, 38, 39}


def test_a_later_date_only_adds_edits_and_comments():
    before, after = DemoSpace(issues=5), DemoSpace(issues=5, date=FIRST_DAY + timedelta(days=14))
    edits = comments = 0
    for project_id in before.projects:
        for id_, document in before.documents.documents(project_id).items():
            later = after.documents.documents(project_id)[id_]
            assert later.edits[: len(document.edits)] == document.edits
            assert ids_of(later.comments)[: len(document.comments)] == ids_of(document.comments)
            edits += len(later.edits) > len(document.edits)
            comments += len(later.comments) > len(document.comments)
    assert edits
    assert comments


def ids_of(remarks: list[Any]) -> list[str]:
    return [remark.id for remark in remarks]


def test_comments_come_with_replies_and_a_user_in_a_shape_of_its_own(api: Api, documents: list[dict[str, Any]]):
    comments = [row for document in documents for row in api.json(f"/documents/{document['id']}/comments")]
    replies = [reply for comment in comments for reply in comment["replies"]]
    assert {bool(comment["replies"]) for comment in comments} == {True, False}
    shared = {"id", "documentId", "content", "plain", "createdUserId", "created", "updatedUserId", "updated"}
    assert {frozenset(row) for row in comments} == {
        frozenset(shared | {"statusId", "commentType", "createdUser", "replies"})
    }
    assert {frozenset(row) for row in replies} == {frozenset(shared | {"commentId", "createdUser"})}
    assert len(set(ids(comments))) == len(comments)
    assert len(set(ids(replies))) == len(replies)
    for row in (*comments, *replies):
        assert set(row["createdUser"]) == {
            "id",
            "userId",
            "uniqueId",
            "name",
            "mailAddress",
            "roleType",
            "lang",
            "icon",
        }
        assert row["createdUser"]["id"] == row["createdUserId"]
        assert row["created"] <= row["updated"] < "2026-08-31"
    assert {row["created"] < row["updated"] for row in comments} == {True, False}


def test_an_attachment_is_exactly_as_long_as_its_line_says(api: Api, documents: list[dict[str, Any]]):
    for row in documents:
        for file in row["attachments"]:
            response = api.get(f"/documents/{row['id']}/attachments/{file['id']}")
            assert response.headers["Content-Type"] == "application/octet-stream"
            assert response.headers["Content-Disposition"].startswith("attachment; filename=")
            assert len(response.content) == file["size"]
    assert api.error(f"/documents/{documents[0]['id']}/attachments/1") == (404, 6, "No attachment.")


def test_a_document_comes_changes_is_thrown_away_and_goes(small: Api):
    space = small.space
    made = space.create_document("WEB", "親", "本文", author=1002, at="2026-09-01T01:02:03Z", emoji="📄")
    child = space.create_document("WEB", "子", parent_id=made["id"])
    assert small.json(f"/documents/{made['id']}") == made
    assert (made["created"], made["createdUser"]["id"]) == ("2026-09-01T01:02:03Z", 1002)
    parent = tree_of(small, "WEB")["activeTree"]["children"][-1]
    assert (parent["id"], ids(parent["children"])) == (made["id"], [child["id"]])
    changed = space.update_document(made["id"], title="新しい親", plain="改めた本文")
    assert changed["updated"] > made["updated"]
    assert small.json("/documents", {"offset": 0, "count": 1, "sort": "updated"}) == [changed]
    space.move_document(child["id"], None)
    assert tree_of(small, "WEB")["activeTree"]["children"][-1]["id"] == child["id"]
    space.move_document(child["id"], made["id"])
    space.trash_document(made["id"])
    trash = tree_of(small, "WEB")["trashTree"]["children"][-1]
    assert (trash["id"], ids(trash["children"])) == (made["id"], [child["id"]])
    listed = ids(small.all_by_offset("/documents", {"projectId[]": 5001}))
    assert not {made["id"], child["id"]} & set(listed)
    space.delete_document(made["id"])
    assert small.error(f"/documents/{child['id']}")[:2] == (404, 6)
    told = small.json("/projects/WEB/activities", {"count": 5})
    assert [(row["type"], row["content"]["id"]) for row in told] == [
        (37, made["id"]),
        (39, made["id"]),
        (38, made["id"]),
        (36, child["id"]),
        (36, made["id"]),
    ]
    with pytest.raises(KeyError, match="there is no document"):
        space.delete_document(made["id"])


def test_comments_come_and_go_with_their_replies(small: Api):
    space = small.space
    id_ = space.create_document("WEB", "話題")["id"]
    comment = space.comment_on_document(id_, "どうですか？", author=1003)
    reply = space.reply_to_comment(id_, comment, "良いです 👍")
    [row] = small.json(f"/documents/{id_}/comments")
    assert (row["id"], row["plain"], row["createdUserId"], ids(row["replies"])) == (
        comment,
        "どうですか？",
        1003,
        [reply],
    )
    assert row["replies"][0]["commentId"] == comment
    space.delete_document_comment(id_, comment)
    assert small.json(f"/documents/{id_}/comments") == []
    assert [row["type"] for row in small.json("/projects/WEB/activities", {"count": 3})] == [42, 43, 40]
    with pytest.raises(KeyError, match="has no comment"):
        space.reply_to_comment(id_, comment, "zu spät")


def test_the_catalogue_knows_every_field_of_documents(api: Api, documents: list[dict[str, Any]]):
    assert_known("documents", documents)
    comments = (row for one in documents for row in api.json(f"/documents/{one['id']}/comments"))
    assert_known("document_comments", comments, added=["projectId"])
