"""What every contender is given: the space, the pages, a folder. Imports nothing that a measured process pays for."""

from dataclasses import dataclass
from pathlib import Path

Row = tuple[int, int, str]
"""A row as it is compared with the space: id, `updated` in epoch seconds, and its text (an issue's summary, what a
comment says)."""

PAGE = 100
"""Issues of a page; all contenders ask for as many, the most Backlog gives."""

PAGES = {"sort": "created", "order": "asc", "count": PAGE}
"""What every contender asks for beside the offset, so that all read the same pages."""

NEWEST = {"order": "desc", "count": PAGE}
"""What every contender asks of the comments of an issue, from the newest back."""


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
