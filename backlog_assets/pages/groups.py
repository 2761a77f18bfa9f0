"""The tables in the order in which one reads about them: by group of the catalogue, then history. Pure."""

from collections.abc import Mapping, Sequence

from backlog_assets.catalogue import ENDPOINTS, GROUPS, Endpoint
from backlog_assets.catalogue.table import Table, tables_of
from backlog_assets.history import TABLES

HISTORY, BOOKKEEPING = "history", "bookkeeping"
"""Groups of what is in no group of the catalogue."""


def endpoints_of(group: str) -> Sequence[Endpoint]:
    return [endpoint for endpoint in ENDPOINTS if endpoint.group == group]


def tables_by_group() -> Mapping[str, Sequence[Table]]:
    """Group -> its tables, bookkeeping left out."""
    loaded = {group: [table for one in endpoints_of(group) for table in tables_of(one)] for group in GROUPS}
    return {**loaded, HISTORY: TABLES}
