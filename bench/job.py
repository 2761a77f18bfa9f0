"""What every contender is given: the space, the pages, a folder. Imports nothing that a measured process pays for."""

from dataclasses import dataclass
from pathlib import Path

PAGE = 100
"""Issues of a page; all contenders ask for as many, the most Backlog gives."""

PAGES = {"sort": "created", "order": "asc", "count": PAGE}
"""What every contender asks for beside the offset, so that all read the same pages."""


@dataclass(frozen=True)
class Space:
    """Where the demo space is, and how to be let in."""

    url: str
    api_key: str


@dataclass(frozen=True)
class Job:
    """What is to be loaded, and an empty folder to load it into."""

    space: Space
    issues: int
    folder: Path
