"""The history of issues: what change logs tell, laid out in time. Made from tables that are there, at no request.

Knows no HTTP and no Dagster.
"""

from backlog_assets.history.building import build
from backlog_assets.history.marks import KEPT, changed_issues, keep_marks
from backlog_assets.history.tables import AS_OF, AS_OF_DOC, AS_OF_DOC_JA, HISTORY, TABLES, Mart

__all__ = [
    "AS_OF",
    "AS_OF_DOC",
    "AS_OF_DOC_JA",
    "HISTORY",
    "KEPT",
    "TABLES",
    "Mart",
    "build",
    "changed_issues",
    "keep_marks",
]
