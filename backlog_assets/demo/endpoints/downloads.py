"""Files as Backlog sends them: made-up contents of exactly the size that their line says."""

from __future__ import annotations

from random import Random
from urllib.parse import quote

from backlog_assets.demo.answers import Answer


def download(name: str, size: int, seed: str) -> Answer:
    """The answer that is a file; the same bytes for the same `seed`."""
    shown = name.encode("ascii", "replace").decode().replace('"', "_").replace("?", "_")
    headers = {"Content-Disposition": f"attachment; filename=\"{shown}\"; filename*=UTF-8''{quote(name, safe='')}"}
    return Answer(200, Random(seed).randbytes(size), headers, "application/octet-stream")
