"""Loads by changes as runs of Dagster: what a sync asks, says and checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg

from backlog_assets.assets import build_assets
from backlog_assets.checks import build_checks
from backlog_assets.demo import master_changes as masters
from backlog_assets.jobs import FULL_REFRESH, build_jobs
from backlog_assets.specs import IO_MANAGER, asset_key
from backlog_assets_tests.conftest import World

LOADED = ("activities", "issues")


def run(world: World, **config: Any) -> dg.ExecuteInProcessResult:
    """A run of activities and issues with the checks of completeness."""
    checks = [check for check in build_checks() if {"matches_backlog"} == {key.name for key in check.check_keys}]
    definitions = dg.Definitions(
        assets=build_assets(),
        asset_checks=[one for one in checks if {asset_key("issues")} == {key.asset_key for key in one.check_keys}],
        resources={"backlog": world.backlog, IO_MANAGER: world.io_manager},
        executor=dg.in_process_executor,
    )
    names = [spec.key for asset in definitions.assets or () for spec in asset.specs if asset.op.name in LOADED]
    job = definitions.resolve_implicit_global_asset_job_def()
    world.server.requests.clear()
    return job.execute_in_process(
        instance=world.instance,
        asset_selection=names,
        run_config={"ops": {"issues": {"config": config}}} if config else None,
    )


def check_of(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    [found] = [one for one in result.get_asset_check_evaluations() if one.check_name == "matches_backlog"]
    return found


def test_activities_issues_and_the_proof_of_completeness_cost_three_requests_together(world: World) -> None:
    run(world)
    result = run(world)
    assert [one.path for one in world.server.requests] == ["/space/activities", "/issues", "/issues/count"]
    assert check_of(result).passed
    metadata = world.metadata(result, "issues")
    assert metadata["read"] == "What changed."
    assert metadata["requests"] == 2
    assert (metadata["rows_inserted"], metadata["rows_updated"], metadata["rows_deleted"]) == (0, 0, 0)


def test_the_check_tells_what_the_count_has_brought_to_light(build_world: Callable[..., World]) -> None:
    world = build_world(issues=350, activities=50)
    run(world)
    world.space.delete_issue(sorted(world.space.issues)[7], silent=True)
    result = run(world)
    assert check_of(result).passed
    assert "1 row to light" in str(check_of(result).description)
    assert world.metadata(result, "issues")["rows_deleted"] == 1


def test_full_in_the_run_config_reads_all_issues(world: World) -> None:
    run(world)
    result = run(world, full=True)
    assert world.metadata(result, "issues")["read"] == "All issues. Asked for: full."
    assert check_of(result).passed


def test_the_weekly_refresh_and_a_full_sync_read_all_issues_anew(build_world: Callable[..., World]) -> None:
    world = build_world(issues=15, projects=2, activities=50)
    [refresh] = [job for job in build_jobs() if job.name == FULL_REFRESH]
    assert refresh.config["ops"]["issues"] == {"config": {"full": True}}
    assert world.sync("activities", "issues").succeeded
    world.server.requests.clear()
    assert world.sync("activities", "issues", full=True).succeeded
    told = world.rows("SELECT count(*) FROM cursors WHERE table_name = 'issues' AND name = 'counted'")
    assert told == [(0,)], "a full load counts first, not last"


def test_a_sync_brings_names_in_line_and_reads_again_what_has_other_fields(build_world: Callable[..., World]) -> None:
    names = ("projects", "project_statuses", "project_custom_fields", *LOADED)
    world = build_world(issues=30, projects=2, activities=50)
    assert world.sync(*names).succeeded
    masters.rename_status(world.space, "WEB", 4, "Shipped")
    world.space.rename_project("APP", "APPS")
    masters.add_custom_field(world.space, "WEB", "Added")
    assert world.sync(*names).succeeded
    truth = {
        issue.id: (issue.json()["issueKey"], issue.json()["status"]["name"]) for issue in world.space.issues.values()
    }
    assert {one: rest for one, *rest in world.rows("SELECT id, issue_key, status_name FROM issues")} == {
        one: list(rest) for one, rest in truth.items()
    }
    assert world.sync("activities", "issues").succeeded
    web = len(world.space.by_project[world.space.project_id("WEB")])
    assert world.rows("SELECT count(*) FROM issue_custom_field_values WHERE name = 'Added'") == [(web,)]
    assert world.sync("activities", "issues").succeeded
    assert [one.path for one in world.server.requests][-3:].count("/issues") <= 1, "and it is not asked for again"
