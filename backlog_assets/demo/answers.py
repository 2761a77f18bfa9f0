"""What an endpoint gets and gives: parameters, rows, errors. Knows no endpoint and no socket."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from backlog_assets.demo.binaries import Binary
from backlog_assets.demo.company import Json
from backlog_assets.demo.times import day_number

PAGE = 20
"""Rows of a page where `count` is not given."""

MOST = 100
"""The highest `count`."""


class ApiError(Exception):
    """An answer that is an error, in the `errors[]` format of the API."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> bytes:
        return error_body(self.code, self.message)


def error_body(code: int, message: str) -> bytes:
    return orjson.dumps({"errors": [{"message": message, "code": code, "moreInfo": ""}]})


def invalid(name: str, value: str) -> ApiError:
    """The answer to a parameter whose value will not do."""
    return ApiError(400, 7, f"error.invalidParameter : {name} = {value[:40]}")


@dataclass
class Answer:
    """A response before it meets the socket. A `file` is sent while it is made, in place of the body."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json;charset=utf-8"
    file: Binary | None = None

    @property
    def size(self) -> int:
        return len(self.body) if self.file is None else self.file.size

    def chunks(self) -> Iterable[bytes]:
        return [self.body] if self.file is None else self.file.chunks()

    def whole(self) -> Answer:
        """The same with the file as its body."""
        if self.file is None:
            return self
        return Answer(self.status, self.file.content(), self.headers, self.content_type)


class Rows(Protocol):
    """A list of which a page is taken, in ascending order. `id_at` is asked for by id paging only."""

    def __len__(self) -> int: ...

    def id_at(self, place: int) -> int: ...

    def row(self, place: int) -> Json | bytes: ...


@dataclass(frozen=True)
class JsonRows:
    """Plain objects as `Rows`."""

    rows: Sequence[Json]

    def __len__(self) -> int:
        return len(self.rows)

    def id_at(self, place: int) -> int:
        return int(self.rows[place]["id"])

    def row(self, place: int) -> Json:
        return self.rows[place]


def dumped(rows: Sequence[Json | bytes]) -> bytes:
    """A JSON array of rows, some of which are JSON already."""
    return b"[" + b",".join(row if isinstance(row, bytes) else orjson.dumps(row) for row in rows) + b"]"


class Params:
    """The query of a request. Reading a value that will not do raises `ApiError`."""

    def __init__(self, query: dict[str, list[str]]) -> None:
        self.query = query

    def text(self, name: str) -> str | None:
        values = self.query.get(name)
        return values[-1] if values else None

    def number(self, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
        value = self.text(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdigit() or int(value) < least or (most is not None and int(value) > most):
            raise invalid(name, value)
        return int(value)

    def numbers(self, name: str) -> list[int] | None:
        """The values of `name[]`; None where it is not given."""
        values = self.query.get(name)
        if values is None:
            return None
        for value in values:
            if not re.fullmatch(r"-?[0-9]+", value):
                raise invalid(name, value)
        return [int(value) for value in values]

    def boolean(self, name: str) -> bool | None:
        value = self.text(name)
        if value is None:
            return None
        if value not in ("true", "false"):
            raise invalid(name, value)
        return value == "true"

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        value = self.text(name)
        if value is not None and value not in choices:
            raise invalid(name, value)
        return value or default

    def day(self, name: str) -> int | None:
        """A date as days since 1970; only `yyyy-MM-dd` will do."""
        value = self.text(name)
        if value is None:
            return None
        try:
            if len(value) != 10:
                raise invalid(name, value)
            return day_number(value)
        except ValueError:
            raise invalid(name, value) from None


def offset_page(rows: Rows, params: Params, *, order: bool, more: int) -> list[Any]:
    """The page that `offset` and `count` ask for. `more` rows than that where a fault wants a page too long."""
    offset, count = params.number("offset", 0), params.number("count", PAGE, least=1, most=MOST) + more
    places = range(offset, min(offset + count, len(rows)))
    if order and params.choice("order", ("asc", "desc"), "desc") == "desc":
        last = len(rows) - 1
        return [rows.row(last - place) for place in places]
    return [rows.row(place) for place in places]


def id_page(rows: Rows, params: Params, *, inclusive: bool, more: int) -> list[Any]:
    """The page that `minId`, `maxId` and `count` ask for: from the newest downwards unless `order=asc`."""
    count = params.number("count", PAGE, least=1, most=MOST) + more
    first, end = 0, len(rows)
    if params.text("minId") is not None:
        least = params.number("minId", 0)
        first = _place_of(rows, least if inclusive else least + 1)
    if params.text("maxId") is not None:
        most = params.number("maxId", 0)
        end = _place_of(rows, most + 1 if inclusive else most)
    places = range(first, end)
    if params.choice("order", ("asc", "desc"), "desc") == "desc":
        places = places[::-1]
    return [rows.row(place) for place in places[:count]]


def _place_of(rows: Rows, id_: int) -> int:
    """The first place with at least that id."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if rows.id_at(middle) < id_:
            low = middle + 1
        else:
            high = middle
    return low
