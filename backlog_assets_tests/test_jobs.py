"""The jobs: between them they hold every table, each can be started as it is, and they say what they do."""

from typing import Any

import dagster as dg
import pytest

from backlog_assets.catalogue import ENDPOINTS, Load
from backlog_assets.catalogue.table import names_of
from backlog_assets.checks import build_checks
from backlog_assets.history import TABLES
from backlog_assets.jobs import (
    CHECKS,
    DETAILS,
    FULL_REFRESH,
    ISSUES,
    PROJECTS_JOB,
    SPACE,
    THEN,
    build_jobs,
    is_hourly,
)
from backlog_assets.partitions import NAME, RANGE_END, RANGE_START, apply_changes
from backlog_assets.specs import PREFIX
from backlog_assets_tests.conftest import World

DAILY_DETAILS = [DETAILS] if any(one.each is not None and not one.opt_in for one in ENDPOINTS) else []
"""The job of what is asked row by row, where there is any."""


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    return {job.name: job for job in build_jobs(build_checks())}


def with_jobs(world: World) -> dg.Definitions:
    return dg.Definitions.merge(world.definitions, dg.Definitions(jobs=build_jobs()))


def tables_of(definitions: dg.Definitions, job: str) -> set[str]:
    return {key.path[-1] for key in definitions.resolve_job_def(job).asset_layer.selected_asset_keys}


def test_the_jobs_are_those_of_the_documentation_and_say_what_they_do(jobs: dict[str, Any]) -> None:
    assert list(jobs) == [SPACE, PROJECTS_JOB, *DAILY_DETAILS, ISSUES, FULL_REFRESH, CHECKS]
    for name, job in jobs.items():
        assert (job.description or "").endswith("."), name


def test_each_table_that_is_no_opt_in_is_loaded_by_exactly_one_of_the_regular_jobs(world: World) -> None:
    definitions = with_jobs(world)
    loaded = [tables_of(definitions, job) for job in (SPACE, PROJECTS_JOB, *DAILY_DETAILS, ISSUES)]
    every = {name for endpoint in ENDPOINTS if not endpoint.opt_in for name in names_of(endpoint)} | {
        mart.name for mart in TABLES
    }
    assert set().union(*loaded) == every
    assert sum(map(len, loaded)) == len(every)


def test_the_jobs_follow_the_catalogue(world: World) -> None:
    definitions = with_jobs(world)
    assert tables_of(definitions, PROJECTS_JOB) == {
        name for one in ENDPOINTS if one.per_project and not one.opt_in for name in names_of(one)
    }
    issues = tables_of(definitions, ISSUES)
    assert {"issues", "issue_categories", "issue_custom_field_values", "activities", "notifications"} <= issues
    assert all((is_hourly(one) and not one.opt_in) == (one.name in issues) for one in ENDPOINTS)
    assert "projects" in tables_of(definitions, SPACE)


def test_what_people_make_of_issues_is_loaded_with_them(world: World) -> None:
    @dg.asset(deps=[dg.AssetKey([PREFIX, "issues"])], key_prefix="marts")
    def open_issues() -> None: ...

    definitions = dg.Definitions.merge(with_jobs(world), dg.Definitions(assets=[open_issues]))
    assert "open_issues" in tables_of(definitions, ISSUES)
    assert "open_issues" not in tables_of(definitions, SPACE)


def test_a_full_refresh_is_of_everything_and_forgets_where_earlier_loads_ended(world: World) -> None:
    definitions = with_jobs(world)
    job = definitions.resolve_job_def(FULL_REFRESH)
    assert job.run_tags[THEN] == PROJECTS_JOB
    assert tables_of(definitions, FULL_REFRESH) == tables_of(definitions, SPACE) | tables_of(definitions, ISSUES)
    appended = [one.name for one in ENDPOINTS if one.load is Load.APPEND and one.each is None and not one.opt_in]
    assert appended
    paths = {endpoint.path for endpoint in ENDPOINTS if endpoint.name in appended}
    asked = []
    for load in (lambda: world.load(*appended), lambda: job.execute_in_process(instance=world.instance)):
        world.server.requests.clear()
        assert load().success
        asked.append([(one.path, one.query) for one in world.server.requests if one.path in paths])
    assert asked[0]
    assert asked[0] == asked[1]


def test_all_projects_are_loaded_in_one_run(world: World) -> None:
    definitions = with_jobs(world)
    assert definitions.resolve_job_def(SPACE).execute_in_process(instance=world.instance).success
    apply_changes(world.instance, [key for [key] in world.rows("SELECT project_key FROM projects ORDER BY id")])
    keys = world.instance.get_dynamic_partitions(NAME)
    job = definitions.resolve_job_def(PROJECTS_JOB)
    run = job.execute_in_process(instance=world.instance, tags={RANGE_START: keys[0], RANGE_END: keys[-1]})
    assert run.success
    assert world.rows(
        "SELECT projects FROM loads WHERE run_id = ? AND table_name = 'project_versions'", run.run_id
    ) == [(len(keys),)]


def test_the_checks_on_the_clock_are_those_that_time_makes_wrong(world: World) -> None:
    checks = build_checks()
    definitions = dg.Definitions.merge(world.definitions, dg.Definitions(asset_checks=checks, jobs=build_jobs(checks)))
    world.load("rate_limit", "projects")
    world.server.requests.clear()
    run = definitions.resolve_job_def(CHECKS).execute_in_process(instance=world.instance)
    assert run.success
    assert {one.check_name for one in run.get_asset_check_evaluations()} == {"is_fresh", "quota_is_healthy"}
    assert not world.server.requests
