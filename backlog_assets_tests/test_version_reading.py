"""A wiki page's history comes whole, whatever its ids are; records have a version in the place of an id."""

from __future__ import annotations

from typing import Any

import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.errors import WrongShape
from backlog_assets.journal import Journal
from backlog_assets.reading import Asking
from backlog_assets.version_reading import version_pages
from backlog_assets_tests.scripted import Asked, ScriptedServer

HISTORY = BY_NAME["wiki_history"]


def rows_of(address: str, key: str = "k", page_id: int = 500153) -> list[dict[str, Any]]:
    asking = Asking(BacklogClient(address, ApiKey(key)), Journal())
    found = version_pages(asking, HISTORY, HISTORY.path.format(id=page_id), {})
    return [row for page in found for row in page]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"versions": []}, "with an object, not a list"),
        ([1], "things that are no objects"),
        ([{"pageId": 1}], "without a whole id"),
        ([{"pageId": 1, "version": 1}, {"pageId": 1, "version": 2}], "does not descend by id"),
    ],
)
def test_what_is_no_history_is_told(answer: Any, told: str) -> None:
    with ScriptedServer([answer]) as server, pytest.raises(WrongShape, match=told):
        rows_of(server.address)


@pytest.mark.parametrize("style", ["exclusive", "inclusive"])
def test_every_version_comes_once_as_backlog_sent_it(style: Any) -> None:
    with DemoServer(DemoSpace(issues=5), id_paging=style) as server:
        rows = rows_of(server.url, server.api_key)
        paths = [request.path for request in server.requests]
    assert [row["version"] for row in rows] == list(range(120, 0, -1))
    assert "id" not in rows[0]
    assert paths == ["/wikis/500153/history"] * 2


def test_where_ids_are_no_versions_the_newest_hundred_come() -> None:
    def answer(asked: Asked) -> Any:
        # As though the ids of versions 1 to 150 were 9,001 to 9,150, and no record said so.
        most = int(asked.one("maxId") or 9_999)
        return [{"pageId": 1, "version": at} for at in range(150, 0, -1) if 9_000 + at < most][:100]

    with ScriptedServer(answer) as server:
        assert [row["version"] for row in rows_of(server.address)] == list(range(150, 50, -1))
