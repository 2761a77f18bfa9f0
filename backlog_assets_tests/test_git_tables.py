"""Git in the catalogue against git in the demo space: every field that is sent is a column or a table of its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from backlog_assets.catalogue import BY_NAME, Endpoint
from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.shape import shape_of

GIT = ("git_repositories", "pull_requests", "pull_request_details", "pull_request_comments")


@pytest.fixture(scope="module")
def records() -> dict[str, list[dict[str, Any]]]:
    """Every record of the endpoints of the group, asked for as their entries say."""
    found: dict[str, list[dict[str, Any]]] = {}
    with DemoServer(DemoSpace(issues=100)) as server, BacklogClient(server.url, ApiKey(server.api_key)) as client:
        for name in GIT:
            endpoint = BY_NAME[name]
            paths: list[tuple[str, dict[str, Any]]] = []
            if endpoint.each is None:
                paths = [(endpoint.path.format(project=key), {}) for key in ("WEB", "CRM")]
            else:
                for above in found[endpoint.each.table]:
                    row = columns_of(BY_NAME[endpoint.each.table], above)
                    added = {field: row[column] for field, column in endpoint.each.adds}
                    paths.append((endpoint.path.format_map(row), added))
            found[name] = []
            for path, added in paths:
                for page in client.pages(path, endpoint.paging):
                    found[name] += [{**added, **row} for row in page]
    return found


def columns_of(endpoint: Endpoint, row: dict[str, Any]) -> dict[str, Any]:
    return {column.name: row.get(column.field) for column in endpoint.columns}


def values(row: dict[str, Any], field: str) -> Iterator[Any]:
    """The value of a dotted field, where it is sent."""
    *outer, name = field.split(".")
    inside: Any = row
    for part in outer:
        inside = inside.get(part)
        if inside is None:
            return
    yield inside[name]


@pytest.mark.parametrize("name", GIT)
def test_every_field_that_is_sent_is_a_column_or_a_table_of_its_own(
    records: dict[str, list[dict[str, Any]]], name: str
) -> None:
    endpoint = BY_NAME[name]
    shape = shape_of(endpoint)
    assert len(records[name]) >= 2
    for row in records[name]:
        assert shape.extra(row) is None
        assert not [item for child in endpoint.children for item in row.get(child.field) or () if "_extra" in item]


@pytest.mark.parametrize("name", GIT)
def test_every_column_is_sent_and_null_only_where_it_may_be(
    records: dict[str, list[dict[str, Any]]], name: str
) -> None:
    endpoint = BY_NAME[name]
    for column in endpoint.columns:
        found = [value for row in records[name] for value in values(row, column.field)]
        assert found, column.field
        assert column.optional or None not in found, column.field
    for child in endpoint.children:
        items = [item for row in records[name] for item in row[child.field] or ()]
        assert items, child.name
        for column in child.columns:
            if column.sql is None:
                assert [value for item in items for value in values(item, column.field)], f"{child.name}.{column.field}"


def test_what_belongs_together_is_told_by_ids_that_are_there(records: dict[str, list[dict[str, Any]]]) -> None:
    repositories = {row["id"] for row in records["git_repositories"]}
    pull_requests = {row["id"] for row in records["pull_requests"]}
    assert {row["repositoryId"] for row in records["pull_requests"]} == repositories
    assert {row["id"] for row in records["pull_request_details"]} == pull_requests
    assert {row["pullRequestId"] for row in records["pull_request_comments"]} <= pull_requests
