"""The demo space as a WSGI app: key, rate limit, route, faults, log. Knows no endpoint by name and starts no server."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import parse_qs

from backlog_assets.demo.answers import Answer, ApiError, Params, error_body
from backlog_assets.demo.endpoints import build_routes
from backlog_assets.demo.faults import MORE_ROWS, Fault
from backlog_assets.demo.oauth import OAuth
from backlog_assets.demo.options import Options
from backlog_assets.demo.rates import Rates
from backlog_assets.demo.routes import Call, Route
from backlog_assets.demo.space import DemoSpace

API = "/api/v2"
OAUTH = "/oauth2/token"

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
KeyIn = Literal["header", "query", "bearer"]


@dataclass(frozen=True)
class Request:
    """One request that the server got. The key itself is not kept."""

    method: str
    path: str
    """Below `/api/v2`, such as `/issues/count`."""
    query: dict[str, list[str]]
    """Without `apiKey`."""
    status: int
    """Of the answer; 0 where the connection was reset instead."""
    rate_class: str | None
    """None where the request was not counted."""
    key_in: KeyIn | None


@dataclass
class _Asked:
    """A request on its way through the app."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, Any]
    body: bytes
    key_in: KeyIn | None = None
    rate_class: str | None = None


@dataclass
class DemoApp:
    """Answers requests as a WSGI app does. The fault "reset" needs the connection as `environ["demo.socket"]`."""

    space: DemoSpace
    keys: dict[str, int]
    rates: Rates
    oauth: OAuth
    options: Options
    clock: Callable[[], float]
    faults: list[Fault] = field(default_factory=list[Fault])
    requests: list[Request] = field(default_factory=list[Request])
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server stops: slow answers end then."""

    def __post_init__(self) -> None:
        self.routes = build_routes(self.options)

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        asked = _asked(environ)
        fault = next((fault for fault in list(self.faults) if fault.strikes(asked.path)), None)
        if fault is not None and fault.kind == "reset":
            self._log(asked, 0)
            _reset(environ["demo.socket"])
            raise ConnectionResetError
        if fault is not None and fault.kind == "slow":
            self.stopping.wait(fault.seconds)
        answer = self._answer(asked, fault)
        if fault is not None:
            answer = fault.changed(answer.whole())
        self._log(asked, answer.status)
        headers = {
            "Date": formatdate(self.clock(), usegmt=True),
            "Content-Type": answer.content_type,
            "Content-Length": str(answer.size),
            **answer.headers,
        }
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(headers.items()))
        return answer.chunks() if fault is None else fault.chunks(answer.body, self.stopping.wait)

    def _log(self, asked: _Asked, status: int) -> None:
        query = {name: values for name, values in asked.query.items() if name != "apiKey"}
        self.requests.append(Request(asked.method, asked.path, query, status, asked.rate_class, asked.key_in))

    def _answer(self, asked: _Asked, fault: Fault | None) -> Answer:
        if asked.path == OAUTH:
            return self.oauth.answer(asked.method, parse_qs(asked.body.decode("utf-8", "replace")))
        user_id, denied = self._user(asked)
        if user_id is None:
            return denied
        found = self.routes.find(asked.path, asked.method)
        asked.rate_class = "update" if asked.method != "GET" else found[0].rate if found else "read"
        quota = self.rates.take(user_id, asked.rate_class)
        if quota.exceeded:
            return Answer(429, error_body(13, "Too many requests."), quota.headers())
        try:
            route, path = _defined(asked, found)
            query = {name: values for name, values in asked.query.items() if name != "apiKey"}
            if asked.method != "GET":
                query |= _form(asked)
            params = Params(fault.changed_query(query) if fault else query)
            more = MORE_ROWS if fault is not None and fault.kind == "longer_page" else 0
            call = Call(self.space, self.options, self.rates, user_id, path, params, more)
            with self.space.lock:
                answer = route.answer(call)
                return replace(answer, headers={**answer.headers, **quota.headers()})
        except ApiError as error:
            return Answer(error.status, error.body(), quota.headers())

    def _user(self, asked: _Asked) -> tuple[int | None, Answer]:
        """The user of the key or token, or the answer to one that will not do."""
        denied = Answer(401, error_body(11, "Authentication failure."))
        bearer = asked.headers.get("HTTP_AUTHORIZATION", "")
        if bearer.lower().startswith("bearer "):
            asked.key_in = "bearer"
            user_id, reason = self.oauth.user_of(bearer[7:].strip())
            denied.headers["WWW-Authenticate"] = f'Bearer error="invalid_token", error_description="{reason}"'
            return user_id, denied
        key = asked.headers.get("HTTP_BACKLOG_API_KEY")
        if key is not None:
            asked.key_in = "header"
        if key is None or not self.options.accept_header_key:
            key = asked.query.get("apiKey", [None])[-1]
            if key is not None:
                asked.key_in = "query"
        return self.keys.get(key or ""), denied


def _asked(environ: Mapping[str, Any]) -> _Asked:
    path = str(environ["PATH_INFO"]).encode("latin-1").decode("utf-8", "replace")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return _Asked(
        method=environ["REQUEST_METHOD"],
        path=path[len(API) :] if path.startswith(f"{API}/") else path,
        query=parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True),
        headers=environ,
        body=environ["wsgi.input"].read(length) if length else b"",
    )


def _form(asked: _Asked) -> dict[str, list[str]]:
    """The parameters of a body; only form encoding is read, as Backlog does."""
    kind = str(asked.headers.get("HTTP_CONTENT_TYPE", "")).split(";")[0].strip().lower()
    if asked.body and kind != "application/x-www-form-urlencoded":
        raise ApiError(400, 7, "error.invalidContentType")
    return parse_qs(asked.body.decode("utf-8", "replace"), keep_blank_values=True)


def _defined(asked: _Asked, found: tuple[Route, dict[str, str]] | None) -> tuple[Route, dict[str, str]]:
    if found is None:
        raise ApiError(400, 6, f"Undefined resource. {asked.path}")
    return found


def _reset(connection: socket.socket) -> None:
    """Drops a connection with a TCP reset instead of an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # A plain close() would wait for the files made of the socket; closing the descriptor itself sends the reset now.
    socket.close(connection.detach())
