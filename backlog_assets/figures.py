"""What Dagster shows of a load: metadata of a materialization, from what was spooled and written. Pure."""

from typing import Any

import dagster as dg

from backlog_assets.loading import Figures, Loaded
from backlog_assets.spool import Spooled

QUOTA_LEFT = "quota_left_"
"""What the metadata with the requests left begin with; the class of requests follows."""


def table_metadata(figures: Loaded, spooled: Spooled) -> dict[str, Any]:
    """What one materialization of a whole table did and cost."""
    return {
        "dagster/row_count": figures.rows,
        **_done(figures),
        "requests": spooled.requests,
        "seconds": round(spooled.seconds, 3),
        "seconds_waited": round(spooled.waited_seconds, 3),
        **spooled.notes,
    }


def project_metadata(figures: Loaded, spooled: Spooled, key: str) -> dict[str, Any]:
    """What one materialization of a project's partition did and cost."""
    projects = spooled.projects or {}
    if key not in projects:
        denied = spooled.denied.get(key)
        return {"not_loaded": denied.told if denied is not None else "switched off in the project, or left out"}
    own = figures.by_project.get(projects.get(key, -1), Figures())
    return {
        "dagster/partition_row_count": own.rows,
        **_done(own),
        "requests": spooled.requests_by_project.get(key, 0),
        "table_rows": figures.rows,
        "seconds_of_run": round(spooled.seconds, 3),
        "seconds_waited": round(spooled.waited_seconds, 3),
        **spooled.notes,
    }


def quota_metadata(spooled: Spooled) -> dict[str, Any]:
    """How many requests of each class were left in the minute in which the load ended."""
    return {f"{QUOTA_LEFT}{rate_class}": left for rate_class, left in spooled.quota_left.items()}


def as_table(sample: list[dict[str, str | None]]) -> dg.TableMetadataValue:
    """Rows as Dagster shows them, in the order of the first one's columns."""
    columns = list(sample[0]) if sample else []
    return dg.TableMetadataValue(
        records=[dg.TableRecord(row) for row in sample],
        schema=dg.TableSchema(columns=[dg.TableColumn(column, "string") for column in columns]),
    )


def _done(figures: Figures) -> dict[str, int]:
    return {
        "rows_inserted": figures.inserted,
        "rows_updated": figures.updated,
        "rows_deleted": figures.deleted,
    }
