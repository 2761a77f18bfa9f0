"""The tree of a project's documents becomes records; what is no tree becomes an error, never an empty list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.errors import Denied, WrongShape
from backlog_assets.journal import Journal
from backlog_assets.reading import Asking
from backlog_assets.shape import shape_of
from backlog_assets.tree_reading import tree_pages
from backlog_assets_tests.scripted import ScriptedServer

TREE = BY_NAME["document_tree"]


def rows_of(address: str, key: str = "k", project: str = "WEB") -> list[dict[str, Any]]:
    client = BacklogClient(address, ApiKey(key))
    found = tree_pages(Asking(client, Journal()), TREE, TREE.path, {"projectIdOrKey": project})
    return [row for page in found for row in page]


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoServer]:
    with DemoServer(DemoSpace(issues=5)) as server:
        yield server


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({}, "has neither an activeTree nor a trashTree"),
        ({"projectId": 1}, "has neither an activeTree nor a trashTree"),
        ({"activeTree": []}, r"has \[\] where the documents under one are listed"),
        ({"activeTree": {"id": "Active", "children": {}}}, "where the documents under one are listed"),
        ({"activeTree": "none"}, "has 'none' where the documents under one are listed"),
        ({"activeTree": {"children": ["a"]}}, "holds 'a', which is no document with an id"),
        ({"activeTree": {"children": [{"name": "no id"}]}}, "which is no document with an id"),
        ({"activeTree": {"children": [{"id": 7}]}}, "which is no document with an id"),
        ({"trashTree": {"children": [{"id": "a", "children": [None]}]}}, "holds None, which is no document"),
        ([], "with a list, not one object"),
    ],
)
def test_what_is_no_tree_is_told_and_gives_no_record(answer: Any, told: str) -> None:
    with ScriptedServer([answer]) as server, pytest.raises(WrongShape, match=told) as raised:
        rows_of(server.address)
    assert "/documents/tree" in str(raised.value)


def test_a_project_that_is_not_there_is_denied(demo: DemoServer) -> None:
    with pytest.raises(Denied):
        rows_of(demo.url, demo.api_key, "NONE")


def test_a_tree_may_be_empty_or_leave_out_what_is() -> None:
    for answer in (
        {"projectId": 1, "activeTree": {"id": "Active", "children": []}, "trashTree": {}},
        {"projectId": 1, "activeTree": {"id": "Active"}},
        {"projectId": 1, "activeTree": None, "trashTree": {"id": "Trash", "children": None}},
    ):
        with ScriptedServer([answer]) as server:
            assert rows_of(server.address) == []
            assert server.asked[0].query == [("projectIdOrKey", "WEB")]


def test_each_document_is_a_row_with_its_place_and_parents_come_first() -> None:
    leaf = {"id": "c", "name": "C/D", "emoji": "", "news": 1}
    active = [{"id": "a", "name": "A", "children": [{"id": "b", "name": "B", "children": [leaf]}, {"id": "e"}]}]
    trash = [{"id": "t", "name": "T", "children": []}]
    answer = {"activeTree": {"id": "Active", "children": active}, "trashTree": {"id": "Trash", "children": trash}}
    with ScriptedServer([answer]) as server:
        rows = rows_of(server.address)
    assert rows == [
        place("a", None, "A", 0, 0, name="A"),
        place("b", "a", "A/B", 1, 0, name="B"),
        place("c", "b", "A/B/C/D", 2, 0, name="C/D", emoji="", news=1),
        place("e", "a", "A/", 1, 1),
        place("t", None, "T", 0, 0, in_trash=True, name="T"),
    ]
    assert shape_of(TREE).extra(rows[2]) == {"news": 1}


def place(
    id_: str, parent: str | None, path: str, depth: int, position: int, *, in_trash: bool = False, **more: Any
) -> dict[str, Any]:
    told = {"parentId": parent, "path": path, "depth": depth, "position": position, "inTrash": in_trash}
    return {"id": id_, **told, **more}


def test_a_tree_may_be_deeper_than_python_calls() -> None:
    node: dict[str, Any] = {"id": "d0", "name": "x"}
    for depth in range(1, 400):
        node = {"id": f"d{depth}", "name": "x", "children": [node]}
    with ScriptedServer([{"activeTree": {"id": "Active", "children": [node]}}]) as server:
        rows = rows_of(server.address)
    assert [row["depth"] for row in rows] == list(range(400))
    assert rows[-1]["parentId"] == "d1"


def test_the_demos_trees_hold_what_the_catalogue_knows(demo: DemoServer) -> None:
    shape, required = shape_of(TREE), {column.field for column in TREE.columns if not column.optional}
    rows = [row for project in ("WEB", "OPS", "OLD") for row in rows_of(demo.url, demo.api_key, project)]
    for row in rows:
        assert shape.extra(row) is None
        assert row.keys() >= required - {"projectId"}
    space = demo.space.documents
    expected = {id_ for project_id in demo.space.projects for id_ in space.documents(project_id)}
    assert {row["id"] for row in rows} == expected
    assert len(rows) == len(expected)
    assert {row["id"] for row in rows if row["inTrash"]} == {id_ for id_ in expected if is_trashed(demo.space, id_)}
    assert rows_of(demo.url, demo.api_key, "APP") == []


def is_trashed(space: DemoSpace, id_: str) -> bool:
    document = space.documents.document(id_)
    return document is not None and document.trashed
