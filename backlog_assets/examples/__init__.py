"""Example queries, by the table they are about; the pages of tables show them. Pure data, knows no DuckDB."""

from collections.abc import Mapping

from backlog_assets.examples import (
    activity,
    bookkeeping,
    documents,
    files,
    git,
    history,
    issue_parts,
    issues,
    members,
    people,
    projects,
    space,
    wiki,
)
from backlog_assets.examples.spec import Example

EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    **space.EXAMPLES,
    **people.EXAMPLES,
    **projects.EXAMPLES,
    **members.EXAMPLES,
    **issues.EXAMPLES,
    **issue_parts.EXAMPLES,
    **history.EXAMPLES,
    **wiki.EXAMPLES,
    **documents.EXAMPLES,
    **files.EXAMPLES,
    **git.EXAMPLES,
    **activity.EXAMPLES,
    **bookkeeping.EXAMPLES,
}
"""Table, view or macro -> its three example queries. Bookkeeping tables go by their names in `backlog_ops`."""

__all__ = ["EXAMPLES", "Example"]
