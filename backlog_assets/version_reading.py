"""Lists whose records have a version in the place of an id, page by page. Knows no HTTP, no DuckDB and no Dagster."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, cast

from backlog_assets.catalogue import Endpoint
from backlog_assets.paging import Page, Params, Record, newest_first


class Asks(Protocol):
    """What is needed of `reading.Asking`."""

    def get(self, path: str, params: Params, /) -> Any: ...


def version_pages(asking: Asks, endpoint: Endpoint, path: str, params: Mapping[str, Any]) -> Iterator[Page]:
    """The history of a wiki page, from the newest version down by `maxId`.

    That the ids of this list are the versions is not documented. Where they are not, the newest hundred versions come,
    and the older ones are not to be had: no record says by which id to ask for them.
    """

    def get(path: str, params: Params, /) -> Any:
        answer = asking.get(path, params)
        return [_numbered(record) for record in cast("list[Any]", answer)] if isinstance(answer, list) else answer

    for page, _ in newest_first(get, path, {**dict(endpoint.params), **params}):
        yield [_plain(record) for record in page]


def _numbered(record: Any) -> Any:
    """With the version as id, where Backlog sends none."""
    if not isinstance(record, dict) or "id" in record:
        return cast("Any", record)
    found = cast("Record", record)
    return {**found, "id": found.get("version")}


def _plain(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "id"}
