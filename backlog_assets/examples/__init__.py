"""Example queries, by the table they are about; the pages of tables show them. Pure data, knows no DuckDB."""

from collections.abc import Mapping

from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {}
"""Table -> its example queries."""

__all__ = ["EXAMPLES", "Example"]
