"""The pages of docs/ that are written from the catalogue: what each table is, and how they hang together. Pure."""

from collections.abc import Callable, Mapping

from backlog_assets.pages.relations import relations_page
from backlog_assets.pages.tables import tables_page
from backlog_assets.pages.words import ENGLISH, JAPANESE

PAGES: Mapping[str, Callable[[], str]] = {
    "tables.md": lambda: tables_page(ENGLISH),
    "tables.ja.md": lambda: tables_page(JAPANESE),
    "er.md": relations_page,
}
"""Name of a page in docs/ -> its text."""

__all__ = ["PAGES"]
