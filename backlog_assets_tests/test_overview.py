"""The issues at a glance: what is counted, that the picture is drawn, and that neither ever fails a load."""

import base64
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from typing import Any

import duckdb
import pytest
from duckdb import DuckDBPyConnection
from PIL import Image

from backlog_assets import chart
from backlog_assets.overview import Day, ProjectIssues, issues_overview, overview_of
from backlog_assets_tests.conftest import World

NOON = datetime(2026, 9, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def connection() -> Iterator[DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'")
        opened.execute("CREATE SCHEMA backlog")
        opened.execute(
            "CREATE TABLE backlog.issues (project_id BIGINT, issue_key VARCHAR, status_id BIGINT, "
            "created TIMESTAMPTZ, updated TIMESTAMPTZ, _deleted_at TIMESTAMPTZ)"
        )
        yield opened


def add(connection: DuckDBPyConnection, *rows: tuple[Any, ...]) -> None:
    connection.executemany("INSERT INTO backlog.issues VALUES (?, ?, ?, ?, ?, ?)", [list(row) for row in rows])


def picture_in(metadata: dict[str, Any]) -> Image.Image:
    drawn = re.search(r"data:image/png;base64,([A-Za-z0-9+/=]+)", metadata["overview"].value)
    assert drawn
    return Image.open(io.BytesIO(base64.b64decode(drawn[1])))


def test_open_and_closed_are_counted_by_project_without_the_deleted(connection: DuckDBPyConnection) -> None:
    add(
        connection,
        (1, "WEB-1", 1, "2026-08-01", "2026-08-01", None),
        (1, "WEB-2", 4, "2026-08-01", "2026-08-02", None),
        (1, "WEB-3", 4, "2026-08-01", "2026-08-02", "2026-08-03"),
        (2, "APP-1", 3, "2026-08-01", "2026-08-01", None),
        (2, "APP-2", 2, "2026-08-01", "2026-08-01", None),
    )
    found = overview_of(connection, "backlog", NOON)
    assert found.projects == [ProjectIssues("APP", 2, 0), ProjectIssues("WEB", 1, 1)]
    assert (found.open, found.closed) == (3, 1)


def test_the_days_are_those_of_the_space_and_end_with_the_last_change(connection: DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE backlog.space AS SELECT 'Asia/Tokyo' AS timezone")
    add(
        connection,
        (1, "WEB-1", 1, "2026-08-10 14:59:59+00", "2026-08-10 14:59:59+00", None),
        (1, "WEB-2", 4, "2026-08-10 15:00:00+00", "2026-08-20 15:00:00+00", None),
    )
    days = overview_of(connection, "backlog", NOON).days
    assert len(days) == 90
    assert days[-1] == Day(date(2026, 8, 21), 0, 1)
    assert [day for day in days if day.created] == [Day(date(2026, 8, 10), 1, 0), Day(date(2026, 8, 11), 1, 0)]


def test_what_is_older_than_the_days_shown_is_not_in_them(connection: DuckDBPyConnection) -> None:
    add(
        connection,
        (1, "WEB-1", 4, "2026-01-01", "2026-06-01", None),
        (1, "WEB-2", 1, "2026-08-30", "2026-09-01", None),
    )
    found = overview_of(connection, "backlog", NOON)
    assert (sum(day.created for day in found.days), sum(day.closed for day in found.days)) == (1, 0)


@pytest.mark.parametrize(("projects", "issues"), [(0, 0), (1, 3), (500, 2000)])
def test_the_picture_is_small_whatever_the_size_of_the_space(
    connection: DuckDBPyConnection, projects: int, issues: int
) -> None:
    connection.execute(
        "INSERT INTO backlog.issues SELECT i % $projects, 'P' || (i % $projects) || '-' || i, 1 + i % 4, "
        "TIMESTAMPTZ '2026-08-01' + to_days((i % 20)::INT), TIMESTAMPTZ '2026-08-30', NULL FROM range($issues) t(i)",
        {"projects": max(projects, 1), "issues": issues},
    )
    metadata = issues_overview(connection, "backlog", NOON)
    drawn = picture_in(metadata)
    assert drawn.format == "PNG"
    assert drawn.width == 960
    assert len(metadata["overview"].value) < 80_000
    assert metadata["issues_open"] + metadata["issues_closed"] == issues


def test_nothing_about_the_overview_fails_a_load(
    connection: DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise RuntimeError("no canvas")

    monkeypatch.setattr(chart, "picture", broken)
    metadata = issues_overview(connection, "backlog", NOON)
    assert metadata["issues_open"] == 0
    assert "base64" not in metadata["overview"].value
    assert issues_overview(connection, "elsewhere", NOON) == {}


def test_a_load_of_issues_has_the_picture_and_the_numbers_in_its_metadata(build_world: Callable[..., World]) -> None:
    world = build_world(issues=30)
    metadata = world.metadata(world.load("issues"), "issues")
    assert metadata["issues_open"] + metadata["issues_closed"] == 30
    assert "data:image/png;base64," in metadata["overview"]
    plotted = {"dagster/row_count", "rows_inserted", "rows_updated", "rows_deleted", "requests", "seconds_waited"}
    assert {name for name in plotted if isinstance(metadata[name], (int, float))} == plotted
    assert isinstance(metadata["quota_left_search"], int)
