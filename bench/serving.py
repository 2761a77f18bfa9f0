"""The demo server in a process of its own, its pages serialized before anybody is measured. Knows no contender."""

import gc
import multiprocessing
from collections import Counter
from dataclasses import replace
from multiprocessing.connection import Connection
from types import TracebackType
from typing import TYPE_CHECKING

import requests

from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.demo.routes import Call, Route
from bench.job import PAGE, PAGES, Space

if TYPE_CHECKING:
    from typing_extensions import Self

START_SECONDS = 600
"""How long the space may take to be made up; 100,000 issues take 15 s here."""


class Serving:
    """A demo space of so many issues, served while the `with` statement lasts."""

    def __init__(self, issues: int) -> None:
        here, there = multiprocessing.get_context("spawn").Pipe()
        self._pipe = here
        self._process = multiprocessing.get_context("spawn").Process(target=serve, args=(there, issues), daemon=True)

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
        self._pipe.send("requests")
        return self._pipe.recv()


def serve(pipe: Connection, issues: int) -> None:
    """What the server's process does: tells where it is, then counts whenever it is asked to."""
    space = DemoSpace(issues=issues)
    # The pages live as long as the process; a collector that went through them would slow whoever is just measured.
    gc.freeze()
    with DemoServer(space) as server:
        _keep_pages(server)
        _warm(server, issues)
        server.requests.clear()
        pipe.send((Space(server.url, server.api_key), frozenset(space.issues)))
        while pipe.recv() == "requests":
            pipe.send(Counter(request.path for request in server.requests))
            server.requests.clear()


def _keep_pages(server: DemoServer) -> None:
    """Puts a route before `/issues` that hands out each page as the bytes it was the first time."""
    [made] = [route for route in server.app.routes.routes if (route.method, route.path) == ("GET", "/issues")]
    kept: dict[str, bytes] = {}

    def page(call: Call) -> bytes:
        asked = repr(sorted(call.params.query.items()))
        if asked not in kept:
            kept[asked] = made.answer(call)
        return kept[asked]

    others: list[Route] = [route for route in server.app.routes.routes if route is not made]
    server.app.routes.routes = [replace(made, handler=page), *others]


def _warm(server: DemoServer, issues: int) -> None:
    with requests.Session() as session:
        session.headers["Backlog-API-Key"] = server.api_key
        for offset in range(0, issues + PAGE, PAGE):
            session.get(f"{server.url}/api/v2/issues", params={**PAGES, "offset": offset}).raise_for_status()
