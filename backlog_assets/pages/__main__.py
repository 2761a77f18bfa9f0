"""Writes the pages into the folder named: `python -m backlog_assets.pages docs` (`make docs`)."""

import sys
from pathlib import Path

from backlog_assets.pages import PAGES

if __name__ == "__main__":
    for name, page in PAGES.items():
        (Path(sys.argv[1]) / name).write_text(page(), encoding="utf-8")
