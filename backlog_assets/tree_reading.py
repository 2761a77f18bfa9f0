"""The tree of a project's documents as records, one a document. Knows no HTTP, no DuckDB and no Dagster."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, cast

from backlog_assets.catalogue import Endpoint, Paging
from backlog_assets.errors import WrongShape
from backlog_assets.paging import Page, Params, Record

TREES = (("activeTree", False), ("trashTree", True))
"""Where the answer has the documents in use and those in the trash, and what `inTrash` is for them."""


class Asks(Protocol):
    """What is needed of `reading.Asking`."""

    def pages(self, path: str, paging: Paging, params: Params, /) -> Iterator[Page]: ...


def tree_pages(asking: Asks, endpoint: Endpoint, path: str, params: Mapping[str, Any]) -> Iterator[list[Record]]:
    """Both trees of the project, flattened: parents before their children.

    Raises WrongShape where the answer is no tree: an empty list would mark every document as gone.
    """
    for [answer] in asking.pages(path, Paging.ONE, {**dict(endpoint.params), **params}):
        if not any(name in answer for name, _ in TREES):
            raise WrongShape(_not(path, "has neither an activeTree nor a trashTree"), path=path)
        records: list[Record] = []
        for name, in_trash in TREES:
            records += flattened(path, answer.get(name), in_trash)
        yield records


def flattened(path: str, root: Any, in_trash: bool) -> Iterator[Record]:
    """The documents under a root: each as its node, without its children, with its place in the tree."""
    # A stack, the next on top: a tree may be deeper than Python calls.
    waiting: list[tuple[Any, str | None, tuple[str, ...], int]] = []
    waiting += [(node, None, (), at) for at, node in enumerate(_children(path, root))][::-1]
    while waiting:
        node, parent_id, above, position = waiting.pop()
        if not isinstance(node, dict) or not isinstance(cast("Record", node).get("id"), str):
            raise WrongShape(_not(path, f"holds {node!r:.80}, which is no document with an id"), path=path)
        found = cast("Record", node)
        titles = (*above, str(found.get("name") or ""))
        yield {
            **{name: value for name, value in found.items() if name != "children"},
            "parentId": parent_id,
            "path": "/".join(titles),
            "depth": len(above),
            "position": position,
            "inTrash": in_trash,
        }
        waiting += [(child, found["id"], titles, at) for at, child in enumerate(_children(path, found))][::-1]


def _children(path: str, node: Any) -> list[Any]:
    """None where there is no node, or it says nothing of children."""
    children = cast("Any", cast("Record", node).get("children") if isinstance(node, dict) else node)
    if node is not None and not (isinstance(node, dict) and isinstance(children, (list, type(None)))):
        raise WrongShape(_not(path, f"has {children!r:.80} where the documents under one are listed"), path=path)
    return cast("list[Any]", children or [])


def _not(path: str, what: str) -> str:
    return (
        f"Backlog was asked for GET {path} and its answer {what}. Nothing was written. "
        "Retrying cannot help; the API has changed, or the host is not Backlog."
    )
