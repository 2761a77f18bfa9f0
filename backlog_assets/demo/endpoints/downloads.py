"""Answers that are files."""

from __future__ import annotations

from backlog_assets.demo.answers import Answer
from backlog_assets.demo.binaries import Binary


def download(name: str, size: int, seed: str) -> Answer:
    """The answer that is a file, made while it is sent; the same bytes for the same `seed`."""
    file = Binary(name, size, seed)
    return Answer(200, b"", file.headers, "application/octet-stream", file)
