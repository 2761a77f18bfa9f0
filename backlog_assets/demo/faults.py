"""Faults that a demo server can be told to have. Knows no endpoint."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, cast

import orjson

from backlog_assets.demo.answers import Answer, error_body
from backlog_assets.demo.company import Json

KINDS: dict[str, str] = {
    "reset": "the connection is reset before any answer",
    "truncate": "half of the promised bytes, then the connection closes",
    "500": "500 with an error body",
    "502html": "502 with an HTML page, as a gateway sends it",
    "html": "200 with an HTML page",
    "slow": "waits `seconds` before answering",
    "drip": "one byte every `seconds`",
    "429": "too many requests; with `retry_after`, or `reset_headers` only, or neither",
    "wrong_shape": "an object where an array was promised, and the other way round",
    "longer_page": "more rows than `count`",
    "same_page": "the first page whatever offset, minId or maxId say",
    "redirect": "302 to `location`",
    "401": "401, authentication failure",
    "403": "403, no permission",
    "404": "404, no such resource",
    "bad_json": "200 with half a JSON document of the right length",
    "null_body": "200 with the body null",
    "surrogate": "a lone surrogate escape in a summary or name",
    "extra_field": "unknown fields, in nested objects too",
    "missing_field": "`field` is not there",
    "bad_value": "a text where `field` should be a number",
    "empty": "an empty list where there are rows",
}
"""Every kind of fault and what it does."""

MORE_ROWS = 7
"""How many rows a `longer_page` has beyond its count."""


@dataclass
class Fault:
    """One thing that goes wrong. `path` is below `/api/v2`, exact or with `*`, such as `/projects/*/versions`."""

    kind: str
    path: str = "*"
    after: int = 0
    """So many requests to the path go through first; those that an earlier fault struck are not counted."""
    times: int | None = None
    """How often it happens; None: from then on always."""
    seconds: float = 0.2
    """Of "slow" and "drip"."""
    retry_after: int | None = None
    """Seconds in the `Retry-After` header of "429"; None: no such header."""
    reset_headers: bool = True
    """Whether "429" carries the X-RateLimit headers."""
    location: str = "http://127.0.0.1:9/elsewhere"
    field: str = "id"
    """Of "missing_field" and "bad_value"; dots go into nested objects: `createdUser.id`."""
    _seen: int = dataclasses.field(default=0, init=False, repr=False)
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}; there are {', '.join(KINDS)}")

    def strikes(self, path: str) -> bool:
        """Counts one request, and says whether the fault happens to it."""
        if path != self.path and not fnmatchcase(path, self.path):
            return False
        with self._lock:
            self._seen += 1
            return self._seen > self.after and (self.times is None or self._seen <= self.after + self.times)

    def changed_query(self, query: dict[str, list[str]]) -> dict[str, list[str]]:
        if self.kind != "same_page":
            return query
        return {name: values for name, values in query.items() if name not in ("offset", "minId", "maxId")}

    def changed(self, answer: Answer) -> Answer:
        """The answer as the fault leaves it."""
        change = _CHANGES.get(self.kind)
        return change(self, answer) if change else answer

    def chunks(self, body: bytes, wait: Callable[[float], Any]) -> Iterator[bytes]:
        """The body as it goes over the wire; ConnectionAbortedError where the connection is to be closed."""
        if self.kind == "drip":
            for place in range(len(body)):
                yield body[place : place + 1]
                wait(self.seconds)
        elif self.kind == "truncate":
            yield body[: len(body) // 2]
            raise ConnectionAbortedError
        else:
            yield body


def _failing(status: int, code: int, message: str) -> Callable[[Fault, Answer], Answer]:
    return lambda _, answer: Answer(status, error_body(code, message), answer.headers)


def _html(status: int) -> Callable[[Fault, Answer], Answer]:
    page = f"<html><head><title>{status}</title></head><body><h1>Backlog</h1></body></html>\n".encode()
    return lambda _, answer: Answer(status, page, answer.headers, "text/html")


def _body(change: Callable[[Fault, bytes], bytes]) -> Callable[[Fault, Answer], Answer]:
    """A change of the body of an answer that is none of an error."""

    def changed(fault: Fault, answer: Answer) -> Answer:
        if answer.status != 200:
            return answer
        return Answer(200, change(fault, answer.body), answer.headers, answer.content_type)

    return changed


def _rows(change: Callable[[Fault, Json], None]) -> Callable[[Fault, Answer], Answer]:
    """A change of each row, or of the one object."""

    def changed(fault: Fault, body: bytes) -> bytes:
        data = orjson.loads(body)
        rows: list[Json] = data if body.startswith(b"[") else [data]
        for row in rows:
            change(fault, row)
        return orjson.dumps(data)

    return _body(changed)


def _too_many(fault: Fault, answer: Answer) -> Answer:
    headers = dict(answer.headers) if fault.reset_headers else {}
    if fault.reset_headers:
        headers["X-RateLimit-Remaining"] = "0"
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return Answer(429, error_body(13, "Too many requests."), headers)


def _redirected(fault: Fault, answer: Answer) -> Answer:
    return Answer(302, b"", {**answer.headers, "Location": fault.location})


def _wrong_shape(_: Fault, body: bytes) -> bytes:
    return b'{"message":"ok"}' if body.startswith(b"[") else b"[" + body + b"]"


def _lone_surrogate(_: Fault, body: bytes) -> bytes:
    field = b"summary" if b'"summary":"' in body else b"name"
    return body.replace(b'"%s":"' % field, b'"%s":"\\ud83d' % field, 1)


def _with_more_fields(_: Fault, row: Json) -> None:
    _add_to_all(row)
    row["demoExtra"] = {"deep": [1, {"deeper": True}], "text": "新しい項目"}


def _add_to_all(value: Any) -> None:
    if isinstance(value, list):
        for inner in cast("list[Any]", value):
            _add_to_all(inner)
    elif isinstance(value, dict):
        row = cast("Json", value)
        for inner in list(row.values()):
            _add_to_all(inner)
        row["demoExtraFlag"] = True


def _without_field(fault: Fault, row: Json) -> None:
    holder, name = _holder(row, fault.field)
    holder.pop(name, None)


def _with_bad_value(fault: Fault, row: Json) -> None:
    holder, name = _holder(row, fault.field)
    if name in holder:
        holder[name] = "not a number"


def _holder(row: Json, dotted: str) -> tuple[Json, str]:
    *outer, name = dotted.split(".")
    for part in outer:
        row = row.get(part) or {}
    return row, name


_CHANGES: dict[str, Callable[[Fault, Answer], Answer]] = {
    "500": _failing(500, 1, "Internal server error."),
    "401": _failing(401, 11, "Authentication failure."),
    "403": _failing(403, 5, "You do not have permission to do this."),
    "404": _failing(404, 6, "No such resource."),
    "502html": _html(502),
    "html": _html(200),
    "429": _too_many,
    "redirect": _redirected,
    "wrong_shape": _body(_wrong_shape),
    "bad_json": _body(lambda _, body: body[: len(body) // 2]),
    "null_body": _body(lambda _fault, _body: b"null"),
    "empty": _body(lambda _, body: b"[]" if body.startswith(b"[") else body),
    "surrogate": _body(_lone_surrogate),
    "extra_field": _rows(_with_more_fields),
    "missing_field": _rows(_without_field),
    "bad_value": _rows(_with_bad_value),
}
