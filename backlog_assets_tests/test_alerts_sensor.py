"""Alerts from end to end: real checks in a real run history, ticks of the sensor, a receiver over HTTP."""

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from backlog_assets.errors import Misconfigured
from backlog_assets.partitions import RANGE_END, RANGE_START
from backlog_assets_tests.alerting import Project, Watch, events, failing, heard, kept_instance
from backlog_assets_tests.scripted import ScriptedServer

HOUR = 3600.0


class World:
    """A project, its watch, and the receiver of its alerts."""

    def __init__(self, instance: dg.DagsterInstance, server: ScriptedServer) -> None:
        self.server = server
        self.project = Project(instance)
        self.watch = Watch(self.project, {"webhook_url": f"{server.address}/alerts", "webhook_secret": "s3cret-shared"})

    def told(self) -> list[tuple[str, str, list[str]]]:
        """Ticks, and returns what the receiver got of it."""
        before = len(self.server.asked)
        self.watch.tick()
        return events(self.server)[before:]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with dg.DagsterInstance.ephemeral(str(tmp_path)) as instance, ScriptedServer([{"ok": True}]) as server:
        yield World(instance, server)


def test_a_check_that_fails_is_told_once_and_once_when_it_passes_again(world: World) -> None:
    world.project.run()
    assert world.told() == []
    world.project.checks["issues"] = failing(3)
    world.project.run()
    assert world.told() == [("failing", "key_is_unique", ["issues"])]
    world.project.run()
    assert world.told() == []
    world.project.checks.clear()
    world.project.run()
    assert world.told() == [("recovered", "key_is_unique", ["issues"])]
    world.project.run()
    assert world.told() == []


def test_a_message_says_how_many_rows_which_and_where_to_look(world: World) -> None:
    world.project.checks["issues"] = failing(12, projects=("WEB", "APP"))
    world.project.run()
    world.told()
    [message] = heard(world.server)
    [state] = message["states"]
    run_id = world.project.instance.get_runs()[0].run_id
    assert message["title"] == "ERROR: key_is_unique fails in issues (WEB, APP)"
    assert message["run_url"] == f"http://127.0.0.1:3000/runs/{run_id}"
    assert (state["rows"], state["projects"]) == (12, ["WEB", "APP"])
    assert state["examples"] == ["id = 1; copies = 2", "id = 2; copies = 2", "id = 3; copies = 2"]
    assert "What to do: Load the table anew." in message["text"]


def test_the_same_rule_failing_in_many_tables_is_one_message(world: World) -> None:
    world.project.tables = tuple(f"table_{number}" for number in range(12))
    world.project.checks = {table: failing(1) for table in world.project.tables}
    world.project.run()
    [(event, rule, tables)] = world.told()
    assert (event, rule, sorted(tables)) == ("failing", "key_is_unique", sorted(world.project.tables))
    world.project.checks = {"table_7": failing(1)}
    world.project.run()
    [(event, rule, tables)] = world.told()
    assert (event, len(tables)) == ("recovered", 11)
    assert heard(world.server)[-1]["still_failing"] == ["table_7"]
    assert heard(world.server)[-1]["is_over"] is False


def test_what_failed_and_passed_between_two_ticks_is_told_by_both_messages(world: World) -> None:
    world.told()
    world.project.checks["issues"] = failing()
    world.project.run()
    world.project.checks.clear()
    world.project.run()
    assert [event for event, _, _ in world.told()] == ["failing", "recovered"]


def test_what_passed_before_anybody_looked_is_not_told_at_the_start(world: World) -> None:
    world.project.checks = {"issues": failing(), "users": failing()}
    world.project.run()
    world.project.checks = {"users": failing()}
    world.project.run()
    assert world.told() == [("failing", "key_is_unique", ["users"])]


def test_a_table_that_could_not_be_loaded_is_told_and_so_is_its_recovery(world: World) -> None:
    world.project.loads["users"] = dg.Failure("Backlog refused GET /users: 403. Give the key's owner access.")
    assert not world.project.run()
    assert world.told() == [("failing", "load_failed", ["users"])]
    assert "Backlog refused GET /users: 403" in heard(world.server)[-1]["text"]
    assert not world.project.run("users")
    assert world.told() == []
    assert world.project.run("issues")
    assert world.told() == []
    world.project.loads.clear()
    assert world.project.run("users")
    assert world.told() == [("recovered", "load_failed", ["users"])]


def test_a_project_that_is_refused_is_named_and_others_do_not_make_it_well(world: World) -> None:
    world.project.add_projects("WEB", "APP", "INF")
    everything = {RANGE_START: "WEB", RANGE_END: "INF"}
    world.project.loads["APP"] = RuntimeError("No access to APP.")
    assert not world.project.run("project_versions", tags=everything)
    assert world.told() == [("failing", "load_failed", ["project_versions"])]
    assert heard(world.server)[-1]["states"][0]["partition"] == "APP"
    assert world.project.run("project_versions", partition="WEB")
    assert world.told() == []
    world.project.loads["INF"] = RuntimeError("No access to INF.")
    assert not world.project.run("project_versions", tags=everything)
    assert world.told() == [("failing", "load_failed", ["project_versions"])]
    assert heard(world.server)[-1]["states"][0]["partition"] == "INF"
    del world.project.loads["APP"]
    assert world.project.run("project_versions", partition="APP")
    assert world.told() == [("recovered", "load_failed", ["project_versions"])]
    assert heard(world.server)[-1]["is_over"] is False
    world.project.instance.delete_dynamic_partition("projects", "INF")
    assert world.project.run("project_versions", tags={RANGE_START: "WEB", RANGE_END: "APP"})
    assert world.told() == [("recovered", "load_failed", ["project_versions"])]


def test_a_check_that_breaks_is_told_as_not_carried_out(world: World) -> None:
    world.project.checks["users"] = {"passed": True, "metadata": {"x": object()}}
    assert not world.project.run()
    assert world.told() == [("failing", "checks_not_done", ["backlog__users_key_is_unique"])]


def test_a_blocking_check_that_fails_is_one_message_and_not_two(world: World) -> None:
    @dg.asset(key=["backlog", "teams"], check_specs=[dg.AssetCheckSpec("c", asset=["backlog", "teams"], blocking=True)])
    def teams() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="c", passed=False)])

    assert not dg.materialize([teams], instance=world.project.instance, raise_on_error=False).success
    assert world.told() == [("failing", "c", ["teams"])]


def test_a_load_that_was_refused_for_what_it_would_lose_is_one_message_too(world: World) -> None:
    key = dg.AssetKey(["backlog", "teams"])

    @dg.multi_asset(name="teams", specs=[dg.AssetSpec(key)], check_specs=[dg.AssetCheckSpec("not_shrunk", asset=key)])
    def teams() -> Iterator[dg.AssetCheckResult]:
        yield dg.AssetCheckResult(asset_key=key, check_name="not_shrunk", passed=False)
        raise dg.Failure("teams would lose 90 of 100 rows.")

    assert not dg.materialize([teams], instance=world.project.instance, raise_on_error=False).success
    assert world.told() == [("failing", "not_shrunk", ["teams"])]


def test_a_check_that_fails_in_a_long_run_is_told_before_the_run_has_ended(world: World) -> None:
    told: list[tuple[str, str, list[str]]] = []
    key = dg.AssetKey(["backlog", "early"])

    @dg.asset(key=key, check_specs=[dg.AssetCheckSpec("c", asset=key)])
    def early() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="c", passed=False)])

    @dg.asset(key=["backlog", "late"], deps=[key])
    def late() -> None:
        told.extend(world.told())

    assert dg.materialize([early, late], instance=world.project.instance).success
    assert told == [("failing", "c", ["early"])]
    assert world.told() == []


def test_an_old_run_whose_tags_are_changed_is_no_news(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backlog_assets.alerts.events.OVERLAP_SECONDS", 0.0)
    world.project.loads["users"] = dg.Failure("Boom.")
    assert not world.project.run()
    world.project.checks["issues"] = failing()
    assert not world.project.run("issues", "users")
    world.told()
    world.project.loads.clear()
    world.project.checks.clear()
    assert world.project.run()
    assert sorted(event for event, _, _ in world.told()) == ["recovered", "recovered"]
    for run in world.project.instance.get_runs():
        world.project.instance.add_run_tags(run.run_id, {"looked": "at"})
    assert world.told() == []


def test_a_failure_of_long_ago_is_no_news_whatever_touches_its_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backlog_assets.alerts.events.LOOK_BACK_SECONDS", 60.0)
    world.project.loads["users"] = dg.Failure("Boom.")
    assert not world.project.run("users")
    world.watch.ahead_seconds = 100
    assert world.told() == []
    [run] = world.project.instance.get_runs()
    world.project.instance.add_run_tags(run.run_id, {"looked": "at"})
    assert world.told() == []


def test_a_run_whose_process_died_is_told_for_the_tables_it_did_not_load(world: World) -> None:
    job = world.project.definitions.resolve_implicit_global_asset_job_def()
    instance = world.project.instance
    run = instance.create_run_for_job(job, asset_selection=frozenset({dg.AssetKey(["backlog", "users"])}))
    instance.report_run_failed(run, message="The process that ran it is gone.")
    [(event, rule, tables)] = world.told()
    assert (event, rule) == ("failing", "load_failed")
    assert "users" in tables
    assert "The process that ran it is gone." in heard(world.server)[-1]["text"]
    assert world.project.run()
    assert [event for event, _, _ in world.told()] == ["recovered"]


def test_a_run_that_dagster_tries_again_or_a_person_cancels_is_not_told(world: World) -> None:
    world.project.loads["users"] = dg.Failure("Boom.")
    assert not world.project.run("users", tags={"dagster/will_retry": "true"})
    assert world.told() == []
    instance = world.project.instance
    run = instance.create_run_for_job(world.project.definitions.resolve_implicit_global_asset_job_def())
    instance.report_run_canceled(run)
    assert world.told() == []
    assert not world.project.run("users", tags={"dagster/will_retry": "false"})
    assert world.told() == [("failing", "load_failed", ["users"])]


def test_a_reminder_comes_after_the_hours_that_were_set_and_not_before(world: World) -> None:
    world.watch.settings["remind_hours"] = "6"
    world.project.checks["issues"] = failing()
    world.project.run()
    assert [event for event, _, _ in world.told()] == ["failing"]
    world.watch.ahead_seconds = 5.9 * HOUR
    assert world.told() == []
    world.watch.ahead_seconds = 6.1 * HOUR
    assert world.told() == [("reminder", "key_is_unique", ["issues"])]
    assert world.told() == []
    world.watch.ahead_seconds = 12.2 * HOUR
    assert world.told() == [("reminder", "key_is_unique", ["issues"])]


def test_a_warning_is_not_told_where_only_errors_are_wanted_until_it_is_one(world: World) -> None:
    world.watch.settings["minimum"] = "error"
    world.project.checks["issues"] = failing(severity="warn")
    world.project.run()
    assert world.told() == []
    world.project.checks["issues"] = failing(severity="error")
    world.project.run()
    assert world.told() == [("failing", "key_is_unique", ["issues"])]
    world.project.checks["issues"] = failing(severity="warn")
    world.project.run()
    assert world.told() == [("changed", "key_is_unique", ["issues"])]


def test_nothing_is_read_and_no_file_is_made_where_no_channel_is_set(world: World) -> None:
    world.watch.settings.clear()
    assert world.watch.sensor_tick().startswith("Nobody is told: no channel is set. Set one of BACKLOG_ALERT_SLACK_URL")
    assert not world.watch.path.exists()


def test_the_sensor_says_in_its_tick_what_it_sent(world: World) -> None:
    world.project.checks["issues"] = failing()
    world.project.run()
    assert world.watch.sensor_tick() == "New messages: 1; deliveries sent: 1; waiting: 0."
    assert world.watch.sensor_tick() == "New messages: 0; deliveries sent: 0; waiting: 0."


def test_a_wrong_setting_fails_the_tick_after_the_other_channels_were_served(world: World) -> None:
    world.watch.settings |= {"slack_url": "http://hooks.example.com/secret-path", "language": "fr"}
    world.project.checks["issues"] = failing()
    world.project.run()
    with pytest.raises(Misconfigured) as caught:
        world.watch.tick()
    assert str(caught.value) == (
        "BACKLOG_ALERT_LANG must be en or ja. BACKLOG_ALERT_SLACK_URL must begin with https:// (http:// is for this "
        "machine only). New messages: 1; deliveries sent: 1; waiting: 0."
    )
    assert events(world.server) == [("failing", "key_is_unique", ["issues"])]


def test_checks_and_runs_of_other_code_locations_are_left_to_theirs(world: World) -> None:
    @dg.asset(key=["others", "table"])
    def theirs() -> None:
        raise dg.Failure("Not ours.")

    dg.materialize([theirs], instance=world.project.instance, raise_on_error=False)
    assert world.watch.sensor_tick() == "New messages: 0; deliveries sent: 0; waiting: 0."


def test_state_survives_a_restart_and_a_run_history_that_was_thrown_away(tmp_path: Path) -> None:
    with ScriptedServer([{"ok": True}]) as server:
        state = str(tmp_path / "kept" / "alerts.sqlite")
        settings = {"webhook_url": f"{server.address}/alerts", "state_file": state}
        with kept_instance(tmp_path / "one") as instance:
            project = Project(instance, checks={"issues": failing()})
            project.run()
            Watch(project, settings).tick()
        with kept_instance(tmp_path / "one") as instance:
            project = Project(instance, checks={"issues": failing()})
            Watch(project, settings).tick()
            project.run()
            Watch(project, settings).tick()
        assert [event for event, _, _ in events(server)] == ["failing"]
        with kept_instance(tmp_path / "two") as instance:
            project = Project(instance, checks={"issues": failing()})
            Watch(project, settings).tick()
            project.run()
            Watch(project, settings).tick()
            assert [event for event, _, _ in events(server)] == ["failing"]
            project.checks.clear()
            project.run()
            Watch(project, settings).tick()
        assert [event for event, _, _ in events(server)] == ["failing", "recovered"]


def test_a_reading_that_takes_too_long_goes_on_at_the_next_tick_and_tells_what_holds_then(world: World) -> None:
    from backlog_assets.alerts.events import read
    from backlog_assets.alerts.outbox import Outbox
    from backlog_assets.alerts.state import Policy

    world.project.checks["issues"] = failing()
    world.project.run()
    world.project.checks.clear()
    world.project.run()
    told = []
    for allowed in (1, 1, 5):
        looks = iter([True] * allowed + [False] * 9)
        with Outbox(world.watch.path) as outbox:
            found = read(world.project.instance, outbox.position, time.time(), has_time=lambda looks=looks: next(looks))
            told.append((found.behind, outbox.take(found, Policy(), time.time(), {}, ["webhook"])))
    assert [behind for behind, _ in told] == [True, False, False] or [b for b, _ in told] == [True, True, False]
    assert [notices for _, notices in told] == [[], [], []]
