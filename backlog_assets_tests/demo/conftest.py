"""Demo spaces served over real loopback HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from backlog_assets.demo import DemoServer, DemoSpace


class Api:
    """Asks a demo server as a plain client would."""

    def __init__(self, server: DemoServer, key: str | None = None) -> None:
        self.server = server
        self.space = server.space
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Backlog-API-Key"] = key or server.api_key

    def get(self, path: str, params: Any = None, **options: Any) -> requests.Response:
        options = {"timeout": 20, **options}
        return self.session.get(f"{self.server.url}/api/v2{path}", params=params, **options)

    def json(self, path: str, params: Any = None) -> Any:
        response = self.get(path, params)
        assert response.status_code == 200, response.text
        return response.json()

    def error(self, path: str, params: Any = None) -> tuple[int, int, str]:
        """Status, code and message of an answer that is an error."""
        response = self.get(path, params)
        (error,) = response.json()["errors"]
        assert set(error) == {"message", "code", "moreInfo"}
        return response.status_code, error["code"], error["message"]

    def all_by_offset(self, path: str, params: dict[str, Any], count: int = 100) -> list[Any]:
        rows: list[Any] = []
        while page := self.json(path, {**params, "offset": len(rows), "count": count}):
            rows += page
        return rows

    def all_by_id(self, path: str, params: dict[str, Any], count: int = 100) -> list[Any]:
        """Upwards by minId; a row that comes twice is kept twice."""
        rows: list[Any] = []
        while True:
            after = {"minId": rows[-1]["id"]} if rows else {}
            page = self.json(path, {**params, **after, "order": "asc", "count": count})
            rows += page
            if len(page) < count:
                return rows


@pytest.fixture(scope="session")
def full_space() -> DemoSpace:
    """The space that users see; no test changes it."""
    return DemoSpace()


@pytest.fixture(scope="session")
def api(full_space: DemoSpace) -> Iterator[Api]:
    with DemoServer(full_space) as server:
        yield Api(server)


@pytest.fixture(scope="session")
def member(api: Api) -> Api:
    """The same server for a user without any administrator's right."""
    return Api(api.server, api.server.member_key)


@pytest.fixture
def small() -> Iterator[Api]:
    """A small space of one's own, to change and to break."""
    with DemoServer(DemoSpace(issues=150)) as server:
        yield Api(server)


@pytest.fixture
def served() -> Iterator[Callable[..., Api]]:
    """Serves a small space with options; called with those of `DemoServer` and with `space`."""
    servers: list[DemoServer] = []

    def serve(space: DemoSpace | None = None, **options: Any) -> Api:
        server = DemoServer(space or DemoSpace(issues=150), **options)
        server.start()
        servers.append(server)
        return Api(server)

    yield serve
    for server in servers:
        server.stop()
