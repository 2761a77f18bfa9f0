"""Files that pages and documents carry. Knows no HTTP and no contents."""

from __future__ import annotations

from typing import NamedTuple

from backlog_assets.demo.company import Json
from backlog_assets.demo.times import stamp


class File(NamedTuple):
    """An attachment: `size` in bytes, `at` in epoch seconds."""

    id: int
    name: str
    size: int
    author: int
    at: int


def file_row(file: File, users: dict[int, Json]) -> Json:
    """As every list of attachments shows it."""
    return {
        "id": file.id,
        "name": file.name,
        "size": file.size,
        "createdUser": users[file.author],
        "created": stamp(file.at),
    }
