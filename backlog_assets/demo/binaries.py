"""The contents of attachments and shared files: made-up bytes, the same each time, made while they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

BLOCK = 1 << 16
"""Bytes made up for a file; a larger one repeats them."""


@dataclass(frozen=True)
class Binary:
    """A file as an answer: exactly `size` bytes, the same for the same `seed`."""

    name: str
    size: int
    seed: str

    @property
    def headers(self) -> dict[str, str]:
        shown = self.name.encode("ascii", "replace").decode().replace('"', "_").replace("?", "_")
        named = f"attachment; filename=\"{shown}\"; filename*=UTF-8''{quote(self.name, safe='')}"
        return {"Content-Disposition": named}

    def chunks(self) -> Iterator[bytes]:
        block = Random(self.seed).randbytes(min(BLOCK, self.size))
        for start in range(0, self.size, BLOCK):
            yield block[: self.size - start]

    def content(self) -> bytes:
        """All of it at once."""
        return b"".join(self.chunks())
