"""The day it is in the demo space, kept in a file beside the loaded data: it is put forward and never goes back."""

import re
from datetime import date, timedelta
from pathlib import Path

from backlog_assets.demo import FIRST_DAY
from backlog_assets.errors import Misconfigured

FILE = "demo_day"

MOST = 366
"""Days that it can be put forward at once."""


def demo_day(folder: Path) -> date:
    """The day, as far as it was put forward in this folder; the demo space's first day otherwise.

    Raises Misconfigured where the file holds no day from then on.
    """
    path = folder / FILE
    if not path.exists():
        return FIRST_DAY
    text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day < FIRST_DAY:
        raise Misconfigured(f"{path} holds {text[:20]!r}, which is no day of the demo space; remove the file.")
    return day


def days(text: str) -> int:
    """Days from text such as `1d`. Raises Misconfigured for anything else."""
    found = re.fullmatch(r"([1-9][0-9]{0,2})d", text.strip())
    if not found or int(found[1]) > MOST:
        raise Misconfigured(f"--advance is {text[:20]!r}; write days, 1d to {MOST}d.")
    return int(found[1])


def advance(folder: Path, by: int) -> date:
    """Puts the demo space forward `by` days, for whatever reads it from now on, and returns its new day."""
    day = demo_day(folder) + timedelta(days=by)
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{FILE}.new"
    fresh.write_text(f"{day}\n", encoding="ascii")
    fresh.replace(folder / FILE)
    return day
