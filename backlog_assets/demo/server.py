"""Serves a demo space over loopback: HTTP/1.1 with keep-alive, a thread for each connection. Knows no endpoint."""

from __future__ import annotations

import io
import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import unquote, urlsplit

from backlog_assets.demo.app import DemoApp
from backlog_assets.demo.oauth import OAuth
from backlog_assets.demo.options import Options
from backlog_assets.demo.rates import Rates
from backlog_assets.demo.space import DemoSpace

if TYPE_CHECKING:
    from typing_extensions import Self

LOG = logging.getLogger(__name__)

ADMIN_KEY = "demo-admin-key"
MEMBER_KEY = "demo-member-key"


class DemoServer:
    """A running demo space; use it in a `with` statement.

    `plan` is "generous", "paid" or "free"; `port` 0 takes any free one; `clock` gives epoch seconds to rate limits,
    tokens and the Date header.
    """

    def __init__(
        self,
        space: DemoSpace,
        plan: str = "generous",
        port: int = 0,
        clock: Callable[[], float] | None = None,
        *,
        accept_header_key: bool = True,
        components_instead_of_categories: bool = False,
        id_paging: Literal["exclusive", "inclusive"] = "exclusive",
        updated_since_zone: str = "UTC",
        related_issues: bool = True,
    ) -> None:
        clock = clock or time.time
        self.space = space
        self.api_key = ADMIN_KEY
        self.member_key = MEMBER_KEY
        self.keys = {ADMIN_KEY: space.owner, MEMBER_KEY: space.member}
        self.oauth = OAuth(space.owner, clock)
        options = Options(
            accept_header_key, components_instead_of_categories, id_paging, updated_since_zone, related_issues
        )
        self.app = DemoApp(space, self.keys, Rates(plan, clock), self.oauth, options, clock)
        self.requests = self.app.requests
        self.faults = self.app.faults
        self._port = port
        self._http: _HttpServer | None = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without `/api/v2`."""
        if self._http is None:
            raise RuntimeError("the demo server is not running; use it in a with statement")
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        self.app.stopping.clear()
        self._http = _HttpServer(("127.0.0.1", self._port), _Handler)
        self._http.app = self.app
        threading.Thread(target=self._http.serve_forever, args=(0.02,), name="demo-server", daemon=True).start()

    def stop(self) -> None:
        """Ends at once, open connections too."""
        if self._http is None:
            return
        self.app.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._http.close_connections()
        self._http = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _HttpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128
    app: DemoApp

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Without this a kept-alive connection would go on being answered after the end."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            # One may have gone away meanwhile.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        LOG.debug("connection %s of %s failed", request, client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        try:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline:
                self.close_connection = True
            elif self.parse_request():
                self._respond()
        except (ConnectionError, ValueError):
            # The client went away, or a fault cut the connection.
            self.close_connection = True

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        head: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]]) -> None:
            lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "", ""]
            head.append("\r\n".join(lines).encode("latin-1"))

        try:
            chunks = iter(cast("_HttpServer", self.server).app(self._environ(body), start_response))
            # Head and body in one packet: two would make small answers wait for each other.
            self.wfile.write(b"".join([*head, next(chunks, b"")]))
            for chunk in chunks:
                self.wfile.write(chunk)
        except ConnectionError:
            self.close_connection = True
        except Exception:
            LOG.exception("the demo space failed at %s", urlsplit(self.path).path)
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def _environ(self, body: bytes) -> dict[str, Any]:
        parts = urlsplit(self.path)
        return {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": unquote(parts.path, "latin-1"),
            "QUERY_STRING": parts.query,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            "demo.socket": self.connection,
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()},
        }
