"""The demo server in a process of its own, its pages serialized before anybody is measured; and what changes its space.

Knows no contender.
"""

import gc
import multiprocessing
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from types import TracebackType
from typing import TYPE_CHECKING, Any

import requests

from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.demo.routes import Call, Route
from backlog_assets.demo.store import Issue
from backlog_assets.incremental.known import instant
from bench.job import NEWEST, PAGE, PAGES, Row, Space

if TYPE_CHECKING:
    from typing_extensions import Self

START_SECONDS = 600
"""How long the space may take to be made up; 100,000 issues take 15 s here."""

KEPT = ("/issues", "/issues/{issue}/comments")
"""Routes whose answers are serialized once."""


class Serving:
    """A demo space of so many issues, served while the `with` statement lasts.

    `activities` is how many recent updates there are (None: as many as so many issues make), `comments` whether the
    pages of the comments are serialized beforehand too.
    """

    def __init__(self, issues: int, *, activities: int | None = None, comments: bool = False) -> None:
        here, there = multiprocessing.get_context("spawn").Pipe()
        self._pipe = here
        args = (there, issues, activities, comments)
        self._process = multiprocessing.get_context("spawn").Process(target=serve, args=args, daemon=True)

    def __enter__(self) -> "Self":
        self._process.start()
        if not self._pipe.poll(START_SECONDS):
            raise RuntimeError(f"The demo server did not start within {START_SECONDS} s.")
        self.space: Space
        self.ids: frozenset[int]
        self.space, self.ids = self._pipe.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.join()

    def requests(self) -> Counter[str]:
        """How often each path was asked for since the last call, as the server saw it."""
        return self._ask("requests")

    def update(self, count: int) -> None:
        """So many issues, spread over the whole list, get another summary, with the activities that tell of it."""
        self._ask("update", count)

    def delete(self, count: int) -> None:
        """So many issues, spread over the whole list, are gone, and no activity tells of it."""
        self._ask("delete", count)

    def issues(self) -> list[Row]:
        return self._ask("issues")

    def comments(self) -> list[Row]:
        return self._ask("comments")

    def _ask(self, *what: Any) -> Any:
        self._pipe.send(what)
        return self._pipe.recv()


def serve(pipe: Connection, issues: int, activities: int | None, comments: bool) -> None:
    """What the server's process does: tells where it is, then does what it is asked, of `ASKED`, with the space."""
    space = DemoSpace(issues=issues, activities=activities)
    # The pages live as long as the process; a collector that went through them would slow whoever is just measured.
    gc.freeze()
    with DemoServer(space) as server:
        _keep_pages(server)
        _warm(server, comments)
        server.requests.clear()
        pipe.send((Space(server.url, server.api_key), frozenset(space.issues)))
        while True:
            name, *values = pipe.recv()
            pipe.send(ASKED[name](server, *values))


def _requests(server: DemoServer) -> Counter[str]:
    asked = Counter(request.path for request in server.requests)
    server.requests.clear()
    return asked


def _update(server: DemoServer, count: int) -> None:
    for issue in _spread(server.space, count, of=0):
        server.space.update_issue(issue.id, summary=f"{issue.json()['summary']} 改")
    _warm_anew(server)


def _delete(server: DemoServer, count: int) -> None:
    for issue in _spread(server.space, count, of=1):
        server.space.delete_issue(issue.id, silent=True)
    _warm_anew(server)


def _spread(space: DemoSpace, count: int, of: int) -> list[Issue]:
    """So many issues, equally far apart in the order of creation; those `of` 0 are others than those of 1."""
    rows = space.ordered
    return [rows[(2 * place + 1 + of) * len(rows) // (2 * count + 2)] for place in range(count)]


def _issues(server: DemoServer) -> list[Row]:
    return [(issue.id, issue.updated, str(issue.json()["summary"])) for issue in server.space.ordered]


def _comments(server: DemoServer) -> list[Row]:
    space = server.space
    told = [comment for issue in space.ordered for comment in space.comments(issue)]
    return [(one["id"], int(instant(one["updated"]).timestamp()), one["content"] or "") for one in told]


ASKED: Mapping[str, Callable[..., Any]] = {
    "requests": _requests,
    "update": _update,
    "delete": _delete,
    "issues": _issues,
    "comments": _comments,
}


def _keep_pages(server: DemoServer) -> None:
    """Puts a route before each of `KEPT` that hands out each page as the bytes it was the first time since a change."""
    routes = server.app.routes
    routes.routes = [_keeping(route) if _is_kept(route) else route for route in routes.routes]


def _is_kept(route: Route) -> bool:
    return route.path in KEPT and route.method == "GET"


def _keeping(made: Route) -> Route:
    kept: dict[tuple[int, str], bytes] = {}

    def page(call: Call) -> bytes:
        asked = call.space.version, repr((call.path, sorted(call.params.query.items())))
        if asked not in kept:
            kept[asked] = made.answer(call)
        return kept[asked]

    return replace(made, handler=page)


def _warm(server: DemoServer, comments: bool) -> None:
    with requests.Session() as session:
        session.headers["Backlog-API-Key"] = server.api_key
        for offset in range(0, len(server.space.issues) + PAGE, PAGE):
            session.get(f"{server.url}/api/v2/issues", params={**PAGES, "offset": offset}).raise_for_status()
        for issue in server.space.issues if comments else ():
            session.get(f"{server.url}/api/v2/issues/{issue}/comments", params=NEWEST).raise_for_status()


def _warm_anew(server: DemoServer) -> None:
    _warm(server, comments=False)
    server.requests.clear()
