"""The checks in Dagster: what blocks, what does not, what a run of them costs, and what they tell."""

from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pytest

from backlog_assets.assets import build_assets
from backlog_assets.catalogue import ENDPOINTS
from backlog_assets.catalogue.table import names_of, tables_of
from backlog_assets.checks import build_checks
from backlog_assets.checks.build import MATCHES_BACKLOG, RULES, rules_of
from backlog_assets.demo import Fault
from backlog_assets.outcomes import NOT_SHRUNK
from backlog_assets.partitions import RANGE_END, RANGE_START
from backlog_assets.specs import IO_MANAGER, Options, asset_key
from backlog_assets.sync import QUIET, sync
from backlog_assets_tests.checking import definitions, evaluations, metadata_of, run_checks
from backlog_assets_tests.conftest import World, asked

CHECKS = [(key.asset_key.path[-1], key.name) for one in build_checks() for key in one.check_keys]


def spoil(world: World, sql: str) -> None:
    with duckdb.connect(str(world.database)) as connection:
        connection.execute("SET search_path = 'backlog,backlog_ops'")
        connection.execute(sql)


def run(world: World, *tables: str, more: Any = (), tags: dict[str, str] | None = None) -> dg.ExecuteInProcessResult:
    """Loads tables with their checks; `more` are assets beside them."""
    families = [table.name for one in ENDPOINTS if one.name in tables for table in tables_of(one)]
    job = definitions(world, None, *more).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=world.instance,
        asset_selection=[*map(asset_key, families), *(one.key for one in more)],
        run_config=QUIET,
        tags=tags,
        raise_on_error=False,
    )


def ran(result: dg.ExecuteInProcessResult) -> set[str]:
    return {str(event.step_key) for event in result.all_events if event.is_step_start}


@dg.asset(deps=[asset_key("issues")], io_manager_key=IO_MANAGER, key_prefix="marts")
def loud_issues() -> pd.DataFrame:
    """Somebody's own table, made of issues."""
    return pd.DataFrame({"id": [1]})


def test_a_key_that_is_not_unique_keeps_everything_downstream_from_running(world: World) -> None:
    world.load("issues")
    spoil(world, "INSERT INTO issues FROM issues LIMIT 1")
    result = run(world, "issues", "issue", more=[loud_issues])
    assert not result.success
    failed = {check for check, found in evaluations(result).items() if not found.passed}
    assert failed >= {("issues", "key_is_unique")}
    assert evaluations(result)["issues", "key_is_unique"].blocking
    assert "issues_checks" in ran(result)
    assert not ran(result) & {"issue", "marts__loud_issues"}


def test_partitions_wait_for_the_key_of_projects(world: World) -> None:
    world.load_projects("project_versions")
    spoil(world, "INSERT INTO projects FROM projects LIMIT 1")
    result = run(world, "projects", "project_versions", tags={RANGE_START: "WEB", RANGE_END: "WEB"})
    assert not result.success
    assert "project_versions" not in ran(result)


def test_what_does_not_block_lets_downstream_run_and_the_run_succeed(world: World) -> None:
    world.load("issues")
    world.server.faults.append(Fault("missing_field", path="/issues", field="summary"))
    result = run(world, "issues", "issue", more=[loud_issues])
    assert result.success
    found = evaluations(result)
    assert not found["issues", "required_values"].passed
    assert found["issues", "required_values"].severity is dg.AssetCheckSeverity.ERROR
    assert found["issues", "key_is_unique"].passed
    assert ran(result) >= {"issue", "marts__loud_issues"}


def test_a_whole_sync_passes_every_check_and_asks_three_things_more(world: World) -> None:
    outcome = sync(definitions(world), world.instance, world.io_manager)
    assert (outcome.failures, outcome.checks_failed) == ({}, [])
    asleep = {name for one in ENDPOINTS if one.opt_in for name in names_of(one)}
    answered = [key for one in build_assets() for key in one.check_keys if key.asset_key.path[-1] not in asleep]
    looked_at = [check for check in CHECKS if check[0] not in asleep]
    assert outcome.checks_passed == len(looked_at) + len(answered)
    # The load itself asks for two of them; `/notifications/count` is the check's alone.
    paths = ("/issues", "/issues/count", "/teams", "/notifications/count")
    assert [asked(world, path) for path in paths] == [1, 2, 2, 1]


def test_only_the_comparison_with_backlog_sends_requests_and_only_it_waits_in_the_pool(world: World) -> None:
    world.load("issues", "teams", "notifications", "rate_limit")
    world.server.requests.clear()
    quiet = [one for one in CHECKS if one[1] != MATCHES_BACKLOG]
    assert len(evaluations(run_checks(world, *quiet))) == len(quiet)
    assert world.server.requests == []
    options = Options(pool="backlog_demo")
    pools = {one.op.name: one.op.pool for one in build_checks(options)}
    assert {name for name, pool in pools.items() if pool} == {
        "issues_matches_backlog",
        "teams_matches_backlog",
        "notifications_matches_backlog",
    }
    assert {one.op.name for one in build_assets(options) if one.op.pool != "backlog_demo"} == {"issue_history"}
    assert {one.op.pool for one in build_assets()} == {None}


def test_a_run_of_checks_before_anything_was_loaded_says_so_and_makes_no_file(world: World) -> None:
    found = evaluations(run_checks(world, *CHECKS))
    assert set(found) == set(CHECKS)
    assert all(one.passed for one in found.values())
    assert {one.description for one in found.values() if one.asset_key == asset_key("users")} == {
        "users has not been loaded yet; there was nothing to check."
    }
    assert not world.database.exists()
    assert world.server.requests == []


def test_the_checks_of_a_partition_name_it(world: World) -> None:
    world.load_projects("project_versions")
    spoil(
        world, "UPDATE project_versions SET name = NULL, _loaded_at = '2020-01-01' WHERE project_key IN ('CRM', 'OPS')"
    )
    result = run(world, "project_versions", tags={"dagster/partition": "WEB"})
    found = evaluations(result)
    told = metadata_of(found["project_versions", "required_values"])
    # The whole table is looked at: what is wrong in another partition does not become right by loading this one.
    assert told["partitions"] == ["CRM", "OPS"]
    assert told["loaded_partitions"] == ["WEB"]
    assert metadata_of(found["project_versions", NOT_SHRUNK])["loaded_partitions"] == ["WEB"]
    by_hand = evaluations(run_checks(world, ("project_versions", "key_is_unique")))
    everything = metadata_of(by_hand["project_versions", "key_is_unique"])["loaded_partitions"]
    assert everything == ["APP", "CRM", "IDEA", "OLD", "OPS", "WEB"]


def test_a_failed_check_tells_what_an_alert_needs(world: World) -> None:
    world.load("users")
    spoil(world, "UPDATE users SET name = NULL")
    found = evaluations(run_checks(world, ("users", "required_values")))["users", "required_values"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert found.description == "14 rows of users lack name, which Backlog always sends."
    told = metadata_of(found)
    assert set(told) == {"table", "rows", "offenders", "what_to_do"}
    assert (told["table"], told["rows"]) == ("users", 14)
    assert str(told["what_to_do"]).startswith("Load users again; ")
    offenders: Any = found.metadata["offenders"]
    assert len(offenders.records) == 10
    assert [column.name for column in offenders.schema.columns] == ["id", "missing"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_has_one_severity_and_only_the_key_blocks(rule: Any) -> None:
    errors = {"key_is_unique", "required_values"}
    assert (rule.severity == "ERROR") is (rule.name in errors)
    assert rule.blocking is (rule.name == "key_is_unique")


def test_every_table_has_its_rules() -> None:
    for endpoint in ENDPOINTS:
        for table in tables_of(endpoint):
            names = {rule.name for one, rule in rules_of(endpoint) if one == table}
            required = [column for column in table.content if not column.optional]
            assert ("required_values" in names) is bool(required), table.name
            copied = {child.name for child in endpoint.children if child.copy_of is not None}
            assert ("no_unknown_fields" in names) is (table.name not in copied), table.name
            assert ("key_is_unique" in names) is bool(table.key), table.name


def test_fields_backlog_has_added_are_a_warning_and_lose_nothing(world: World) -> None:
    world.server.faults.append(Fault("extra_field", path="/issues"))
    found = evaluations(run(world, "issues"))
    assert {check for check, one in found.items() if not one.passed} == {
        (table, check)
        for table, check in found
        if table.startswith("issue") and check == "no_unknown_fields" and table != "issue_external_links"
    }
    told = found["issues", "no_unknown_fields"]
    assert told.severity is dg.AssetCheckSeverity.WARN
    assert "demoExtra, demoExtraFlag" in str(told.description)
    assert metadata_of(told)["rows"] == 40


def test_requests_are_booked_by_class_and_a_429_warns(world: World, no_waiting: list[float]) -> None:
    world.server.faults.append(Fault("429", path="/issues", times=2))
    world.settings["projects"] = "WEB,APP"
    result = run(world, "rate_limit", "issues")
    booked = world.rows("SELECT run_id, table_name, class, requests, too_many FROM requests ORDER BY ALL")
    assert booked == [
        (result.run_id, "issues", "read", 1, 0),
        (result.run_id, "issues", "search", 4, 2),
        (result.run_id, "rate_limit", "read", 1, 0),
    ]
    waited, received = world.rows("SELECT waited_seconds, bytes FROM requests WHERE class = 'search'")[0]
    assert waited == pytest.approx(sum(no_waiting))
    assert received > 10_000
    assert world.value("SELECT sum(bytes) FROM requests WHERE table_name = 'issues' AND class = 'read'") < received
    found = evaluations(run_checks(world, ("rate_limit", "quota_is_healthy")))["rate_limit", "quota_is_healthy"]
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.description == "In the last 24 hours the rate limit was strained: search: 2 requests answered 429."


def test_each_load_of_a_project_is_booked_and_a_refused_one_is_not(world: World) -> None:
    world.load_projects("project_versions")
    before = dict(world.rows("SELECT project_key, loaded_at FROM project_loads WHERE table_name = 'project_versions'"))
    world.space.refuse_project("APP")
    result = world.load_projects("project_versions")
    after = world.rows("SELECT project_key, loaded_at, run_id FROM project_loads")
    assert {key for key, _, _ in after} == set(before)
    assert {key for key, at, _ in after if at == before[key]} == {"APP"}
    assert {run_id for key, _, run_id in after if key != "APP"} == {result.run_id}
