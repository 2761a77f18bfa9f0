"""What an operator sees of the issues at a glance: counts and a picture, as metadata. Writes nothing, runs nothing."""

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dagster as dg
from duckdb import DuckDBPyConnection

from backlog_assets.warehouse import columns_of, full_name

CLOSED = 4
"""Id of the status Closed, the same in every project (`project_statuses.id`)."""

DAYS = 90
"""How many days the chart of created and closed issues has, up to the last one on which an issue changed."""

TOP = 15
"""Projects with a bar of their own; the others are told as a sum."""

CAPTION = (
    "An issue is closed when its status is Closed. Its day of closing is that of its last change, the nearest that "
    "Backlog's list of issues tells: a comment on a closed issue moves it. Days are those of {zone}."
)

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProjectIssues:
    """How many issues of a project are open and closed; `key` is its project key."""

    key: str
    open: int
    closed: int


@dataclass(frozen=True)
class Day:
    """How many issues were made and closed on a day."""

    day: date
    created: int
    closed: int


@dataclass(frozen=True)
class Overview:
    """The space's issues: every project, most open issues first, and each of 90 days, oldest first."""

    projects: Sequence[ProjectIssues]
    days: Sequence[Day]
    zone: str

    @property
    def open(self) -> int:
        return sum(project.open for project in self.projects)

    @property
    def closed(self) -> int:
        return sum(project.closed for project in self.projects)

    @property
    def top(self) -> Sequence[ProjectIssues]:
        """The projects that have a bar of their own."""
        return self.projects[:TOP]

    @property
    def others(self) -> Sequence[ProjectIssues]:
        """The projects that are told as a sum."""
        return self.projects[TOP:]


def issues_overview(connection: DuckDBPyConnection, schema: str, now: datetime) -> dict[str, Any]:
    """Metadata of a materialization of `issues`: numbers that Dagster plots over time, and the picture.

    To be asked after the load was committed. Never fails: what cannot be told is left out, and the log says why.
    """
    try:
        overview = overview_of(connection, schema, now)
    except Exception:
        LOG.warning("The overview of the issues could not be made; the load is not affected.", exc_info=True)
        return {}
    return {
        "issues_open": overview.open,
        "issues_closed": overview.closed,
        f"created_in_{DAYS}_days": sum(day.created for day in overview.days),
        f"closed_in_{DAYS}_days": sum(day.closed for day in overview.days),
        "overview": dg.MetadataValue.md("\n\n".join([*_picture(overview), *_text(overview)])),
    }


def overview_of(connection: DuckDBPyConnection, schema: str, now: datetime) -> Overview:
    """Counts the issues that are there. The days are those of the space's time zone, UTC where it is not known.

    They end with the day of the last change: of a space at rest, an empty chart of the days since would tell nothing.
    """
    zone = _zone(connection, schema)
    last = min(now, _last_change(connection, schema) or now).astimezone(zone).date()
    return Overview(_projects(connection, schema), _days(connection, schema, last, zone), zone.key)


def _last_change(connection: DuckDBPyConnection, schema: str) -> datetime | None:
    name = full_name(connection, schema, "issues")
    found = connection.execute(f"SELECT max(updated) FROM {name} WHERE _deleted_at IS NULL").fetchone()
    return found[0] if found else None


def _zone(connection: DuckDBPyConnection, schema: str) -> ZoneInfo:
    """The time zone in table `space`, where that is loaded and Python knows the zone."""
    found = None
    if columns_of(connection, schema, "space"):
        found = connection.execute(f"SELECT timezone FROM {full_name(connection, schema, 'space')}").fetchone()
    try:
        return ZoneInfo(str(found[0]) if found and found[0] else "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _projects(connection: DuckDBPyConnection, schema: str) -> list[ProjectIssues]:
    # The project's key is the front of the issue keys: table `projects` need not be loaded.
    sql = f"""
        -- One row a project that has issues: how many are open and closed, most open ones first.
        SELECT
            any_value(split_part(issue_key, '-', 1)) AS project_key,
            count(*) FILTER (status_id <> ?) AS open,
            count(*) FILTER (status_id = ?) AS closed
        FROM {full_name(connection, schema, "issues")}
        WHERE _deleted_at IS NULL
        GROUP BY project_id
        ORDER BY open DESC, closed DESC, project_key"""
    return [ProjectIssues(*row) for row in connection.execute(sql, [CLOSED, CLOSED]).fetchall()]


def _days(connection: DuckDBPyConnection, schema: str, last: date, zone: ZoneInfo) -> list[Day]:
    first = last - timedelta(days=DAYS - 1)
    sql = f"""
        -- One row a day since $since on which issues were made or closed: how many.
        WITH
        there AS (SELECT * FROM {full_name(connection, schema, "issues")} WHERE _deleted_at IS NULL),
        happened AS (
            SELECT created AS moment, 1 AS created, 0 AS closed FROM there WHERE created >= $since
            UNION ALL
            SELECT updated, 0, 1 FROM there WHERE updated >= $since AND status_id = $closed
        )
        SELECT CAST(moment AT TIME ZONE $zone AS DATE) AS day, sum(created), sum(closed) FROM happened GROUP BY day"""
    given = {"since": datetime.combine(first, time.min, zone), "closed": CLOSED, "zone": zone.key}
    found = {day: (int(created), int(closed)) for day, created, closed in connection.execute(sql, given).fetchall()}
    days = (first + timedelta(days=at) for at in range(DAYS))
    return [Day(day, *found.get(day, (0, 0))) for day in days]


def _picture(overview: Overview) -> list[str]:
    """The picture as Markdown; nothing where it cannot be drawn."""
    try:
        # Drawing is dear to import, and only loads of `issues` draw.
        from backlog_assets.chart import picture

        drawn = base64.b64encode(picture(overview)).decode()
    except Exception:
        LOG.warning("The picture of the issues could not be drawn; the load is not affected.", exc_info=True)
        return []
    return [f"![Open and closed issues by project; created and closed in {DAYS} days](data:image/png;base64,{drawn})"]


def _text(overview: Overview) -> list[str]:
    """The same in words: what the days mean, and the numbers behind the bars."""
    rows = [f"| `{project.key}` | {project.open:,} | {project.closed:,} |" for project in overview.top]
    if overview.others:
        others = overview.others
        rows.append(f"| {len(others):,} others | {sum(p.open for p in others):,} | {sum(p.closed for p in others):,} |")
    table = "\n".join(["| project | open | closed |", "|---|--:|--:|", *rows])
    return [CAPTION.format(zone=overview.zone), *([table] if rows else ["There are no issues."])]
