"""Freshness and the rate limit, by the bookkeeping: too old, never loaded, refused, nothing left; and all well."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from duckdb import DuckDBPyConnection

from backlog_assets.catalogue import BY_NAME, ENDPOINTS, Endpoint
from backlog_assets.checks.build import rules_of
from backlog_assets.checks.upkeep import DAILY, HOURLY, IS_FRESH, QUOTA_IS_HEALTHY, allowed_age
from backlog_assets_tests.checking import Spoiled, loaded_space, opened, spoiled

NOW = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    with opened(loaded_space(tmp_path_factory.mktemp("upkeep"))) as found:
        yield found


@pytest.fixture
def space(connection: DuckDBPyConnection) -> Iterator[Spoiled]:
    """Everything was loaded at `NOW`."""
    with spoiled(connection) as found:
        found.now = NOW
        for table in ("loads", "project_loads", "requests"):
            found.do(f"UPDATE {table} SET loaded_at = ?", NOW)
        for table in ("projects", "rate_limit"):
            found.do(f"UPDATE {table} SET _loaded_at = ?", NOW)
        yield found


@pytest.mark.parametrize(
    "endpoint", [one for one in ENDPOINTS if allowed_age(one) and not one.opt_in], ids=lambda one: one.name
)
def test_every_table_is_stale_once_it_is_older_than_its_schedule_allows(space: Spoiled, endpoint: Endpoint) -> None:
    name = endpoint.name
    age = allowed_age(endpoint)
    assert age is not None
    space.now = NOW + age - timedelta(minutes=1)
    assert space.find(IS_FRESH, name).passed
    space.now = NOW + age + timedelta(minutes=1)
    found = space.find(IS_FRESH, name)
    assert not found.passed
    assert f"Load {name} again" in found.what_to_do
    if endpoint.feature is None:
        assert found.partitions == (("APP", "CRM", "IDEA", "OLD", "OPS", "WEB") if endpoint.per_project else ())
    else:  # projects that have it switched off are not loaded
        assert found.partitions == tuple(
            key
            for [key] in space.rows(
                f"SELECT project_key FROM projects WHERE {endpoint.feature} IS NOT false ORDER BY project_key"
            )
        )


def test_issues_may_be_three_hours_old_and_masters_27() -> None:
    ages = {name: allowed_age(BY_NAME[name]) for name in ("issues", "activities", "users", "project_versions", "issue")}
    assert ages == {"issues": HOURLY, "activities": HOURLY, "users": DAILY, "project_versions": DAILY, "issue": None}
    assert [timedelta(hours=3), timedelta(hours=27)] == [HOURLY, DAILY]


def test_tables_that_are_loaded_with_another_or_on_demand_have_no_such_check() -> None:
    fresh = [table.name for one in ENDPOINTS for table, rule in rules_of(one) if rule is IS_FRESH]
    assert fresh == [one.name for one in ENDPOINTS if one.name not in ("issue", "single_objects")]


def test_when_it_was_last_loaded_is_told(space: Spoiled) -> None:
    space.now = NOW + timedelta(days=2)
    found = space.find(IS_FRESH, "users")
    assert found.description == "users was last loaded at 2026-03-02 09:00:00+00:00; it may be 27 hours old."
    assert found.offenders == [{"last_load": "2026-03-02 09:00:00+00:00"}]


def test_projects_that_are_old_and_projects_never_loaded_are_named(space: Spoiled) -> None:
    space.do(
        "UPDATE project_loads SET loaded_at = ? WHERE table_name = 'project_versions' AND project_key = 'CRM'",
        NOW - timedelta(hours=28),
    )
    space.do("DELETE FROM project_loads WHERE table_name = 'project_versions' AND project_key = 'OPS'")
    space.do("UPDATE projects SET _loaded_at = ? WHERE project_key = 'OPS'", NOW - timedelta(days=3))
    found = space.find(IS_FRESH, "project_versions")
    assert found.partitions == ("CRM", "OPS")
    assert found.description == (
        "project_versions is older than 27 hours for 2 projects, 1 of them was never loaded: CRM, OPS."
    )
    assert [(one["project"], one["last_load"]) for one in found.offenders] == [
        ("CRM", "2026-03-01 05:00:00+00:00"),
        ("OPS", None),
    ]
    assert space.find(IS_FRESH, "project_statuses").passed


def test_a_project_that_has_just_come_has_its_time_to_be_loaded(space: Spoiled) -> None:
    space.do("DELETE FROM project_loads WHERE project_key = 'OPS'")
    assert space.find(IS_FRESH, "project_versions").passed


def test_projects_that_are_gone_or_not_chosen_may_be_old(space: Spoiled) -> None:
    space.do("UPDATE project_loads SET loaded_at = ? WHERE project_key IN ('CRM', 'OLD')", NOW - timedelta(days=9))
    space.do("UPDATE projects SET _deleted_at = ? WHERE project_key = 'OLD'", NOW)
    assert space.find(IS_FRESH, "project_versions").partitions == ("CRM",)
    space.only = ["WEB", "APP"]
    assert space.find(IS_FRESH, "project_versions").passed


def test_a_table_never_loaded_while_others_have_been_for_long_is_stale(space: Spoiled) -> None:
    space.do("DELETE FROM loads WHERE table_name = 'teams'")
    space.do("DROP TABLE teams")
    assert space.find(IS_FRESH, "teams").passed
    space.now = NOW + timedelta(hours=28)
    assert space.find(IS_FRESH, "teams").description == "teams has never been loaded; it may be 27 hours old."


def test_before_the_first_load_nothing_is_stale(space: Spoiled) -> None:
    space.do("DELETE FROM loads")
    assert space.find(IS_FRESH, "teams").passed
    space.do("DROP TABLE loads")
    assert space.find(IS_FRESH, "teams").description == "Nothing has been loaded yet."


def test_requests_that_were_refused_strain_the_quota_for_a_day(space: Spoiled) -> None:
    assert space.find(QUOTA_IS_HEALTHY, "rate_limit").passed
    space.do("UPDATE requests SET too_many = 2 WHERE table_name = 'issues'")
    found = space.find(QUOTA_IS_HEALTHY, "rate_limit")
    assert found.rows == 1
    assert found.description == "In the last 24 hours the rate limit was strained: search: 2 requests answered 429."
    assert "BACKLOG_HEADROOM" in found.what_to_do
    assert found.figures == {"too_many": 2}
    space.now = NOW + timedelta(hours=25)
    assert space.find(QUOTA_IS_HEALTHY, "rate_limit").passed


@pytest.mark.parametrize(("remaining", "passes"), [(59, False), (60, True)])
def test_less_than_the_head_room_left_strains_the_quota(space: Spoiled, remaining: int, passes: bool) -> None:
    space.do("UPDATE rate_limit SET \"limit\" = 600, remaining = ? WHERE class = 'read'", remaining)
    found = space.find(QUOTA_IS_HEALTHY, "rate_limit")
    assert found.passed is passes
    if not passes:
        assert found.description.endswith("read: 59 of 600 a minute were left.")


def test_only_the_latest_state_of_what_loads_send_counts(space: Spoiled) -> None:
    space.do(
        "INSERT INTO rate_limit BY NAME "
        "SELECT * REPLACE (0 AS remaining, _loaded_at - INTERVAL 1 HOUR AS _loaded_at) FROM rate_limit"
    )
    space.do("UPDATE rate_limit SET remaining = 0 WHERE class IN ('update', 'icon')")
    assert space.find(QUOTA_IS_HEALTHY, "rate_limit").passed


def test_a_warehouse_of_before_requests_were_counted_can_be_checked(space: Spoiled) -> None:
    space.do("DROP TABLE requests")
    space.do("DROP TABLE project_loads")
    assert space.find(QUOTA_IS_HEALTHY, "rate_limit").passed
    assert space.find(IS_FRESH, "project_versions").passed
