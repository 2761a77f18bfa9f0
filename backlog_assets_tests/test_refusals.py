"""What fails, and what it leaves: breaking servers, refused projects, unknown issues."""

from collections.abc import Callable

import pytest

from backlog_assets.demo import Fault
from backlog_assets_tests.conftest import World, asked

Build = Callable[..., World]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("reset", "Backlog"),
        ("truncate", "Backlog"),
        ("500", "500"),
        ("502html", "502"),
        ("html", "/issues"),
        ("bad_json", "/issues"),
        ("null_body", "neither an object nor a list"),
        ("wrong_shape", "/issues"),
        ("longer_page", "/issues"),
        ("same_page", "/issues"),
        ("redirect", "redirect"),
        ("403", "403"),
        ("404", "404"),
        ("401", "401"),
        ("bad_value", "issues.id holds BIGINT"),
    ],
)
def test_a_server_that_breaks_leaves_the_old_rows_and_says_so(
    build_world: Build, no_waiting: list[float], kind: str, told: str
) -> None:
    world = build_world(issues=230)
    world.load("issues")
    before = world.rows("SELECT * FROM issues ORDER BY id"), world.rows("SELECT * FROM issue_categories ORDER BY ALL")
    world.space.create_issue("WEB", summary="one more")
    world.server.faults.append(Fault(kind, path="/issues", after=1))
    failures = world.failures(world.load("issues", fails=True))
    assert list(failures) == ["issues"]
    assert told in failures["issues"]
    assert world.server.api_key not in failures["issues"]
    after = world.rows("SELECT * FROM issues ORDER BY id"), world.rows("SELECT * FROM issue_categories ORDER BY ALL")
    assert after == before
    assert list((world.folder / "spool").rglob("*.ndjson")) == []


def test_a_fault_that_passes_is_tried_again_and_nothing_is_lost(build_world: Build, no_waiting: list[float]) -> None:
    world = build_world(issues=230)
    world.server.faults += [
        Fault(kind, path="/issues", after=1, times=1) for kind in ("reset", "truncate", "500", "html")
    ]
    world.load("issues")
    assert world.rows("SELECT id FROM issues ORDER BY id") == [(one,) for one in sorted(world.space.issues)]


def test_what_the_key_never_could_read_is_a_warning_and_the_rest_is_loaded(world: World) -> None:
    world.settings["api_key"] = world.server.member_key
    outcome = world.sync("users", "priorities", "issues")
    assert outcome.succeeded
    [check] = outcome.checks_failed
    assert (check.table, check.check, check.is_error) == ("users", "may_be_read", False)
    assert check.found == "The key may not read users. The rows that are there stay as they are."
    assert "BACKLOG_TABLES=-users" in check.what_to_do
    assert {one.table for one in outcome.tables} >= {"priorities", "issues"}
    assert world.rows("SELECT table_name, project_key, status, was_readable FROM permissions WHERE NOT readable") == [
        ("users", None, 403, False)
    ]


def test_a_right_that_is_lost_is_an_error_and_the_rows_stay(world: World) -> None:
    assert world.sync("users").succeeded
    before = world.rows("SELECT * FROM users ORDER BY id")
    since = world.value("SELECT since FROM permissions WHERE table_name = 'users'")
    world.settings["api_key"] = world.server.member_key
    for _ in range(2):
        outcome = world.sync("users")
        assert not outcome.failures
        [check] = outcome.checks_failed
        assert (check.check, check.is_error) == ("may_be_read", True)
        assert world.rows("SELECT * FROM users ORDER BY id") == before
    assert world.value("SELECT since FROM permissions WHERE table_name = 'users'") > since
    world.settings["api_key"] = world.server.api_key
    assert world.sync("users").succeeded


@pytest.mark.parametrize("status", [403, 404])
def test_one_refused_project_does_not_lose_the_others(world: World, status: int) -> None:
    world.load_projects("project_versions")
    before = world.rows("SELECT * FROM project_versions WHERE project_key = 'APP' ORDER BY id")
    world.space.refuse_project("APP", status, 6 if status == 404 else 5)
    world.space.add_version("WEB", "9.9")
    result = world.load_projects("project_versions", "project_components")
    checks = {
        one.asset_key.path[-1]: one for one in result.get_asset_check_evaluations() if one.check_name == "may_be_read"
    }
    assert "may not read project_versions of 1 project: APP; it could before" in str(
        checks["project_versions"].description
    )
    assert str(checks["project_versions"].severity.value) == "ERROR"
    assert str(checks["project_components"].severity.value) == "WARN"
    assert world.rows("SELECT * FROM project_versions WHERE project_key = 'APP' ORDER BY id") == before
    assert world.value("SELECT count(*) FROM project_versions WHERE name = '9.9'") == 1
    told = world.metadata(result, "project_versions", "APP")["not_loaded"]
    assert told.startswith(f"Backlog refused GET /projects/APP/versions: {status}")
    assert world.rows(
        "SELECT table_name, project_key, status FROM permissions WHERE NOT readable ORDER BY table_name"
    ) == [("project_components", "APP", status), ("project_versions", "APP", status)]


def test_a_table_of_which_no_project_may_be_read_is_not_told_to_be_loaded(world: World) -> None:
    for project in world.space.projects.values():
        world.space.refuse_project(project["projectKey"])
    result = world.load_projects("project_versions")
    assert not [event for event in result.all_events if event.is_step_materialization and event.step_key != "projects"]


def test_a_project_refused_in_the_middle_of_its_pages_brings_nothing(build_world: Build) -> None:
    world = build_world()
    world.server.faults.append(Fault("403", path="/projects/CRM/users"))
    world.load_projects("project_users")
    assert world.value("SELECT count(*) FROM project_users WHERE project_key = 'CRM'") == 0


def test_a_partition_that_is_no_project_of_the_space_is_refused(world: World) -> None:
    world.load("projects")
    world.instance.add_dynamic_partitions("projects", ["NOPE"])
    failures = world.failures(world.load("project_versions", projects=["NOPE"], fails=True))
    assert "NOPE is no project of" in failures["project_versions"]


def test_an_empty_list_of_projects_changes_nothing(world: World) -> None:
    world.load_projects("project_versions")
    world.server.faults.append(Fault("empty", path="/projects"))
    failures = world.failures(world.load("projects", fails=True))
    assert "Backlog listed no project at all, but there were some before" in failures["projects"]
    assert world.value("SELECT count(*) FROM projects WHERE _deleted_at IS NULL") == 6


def test_an_unknown_project_in_the_settings_is_named(world: World) -> None:
    world.settings["projects"] = "WEB,NOPE"
    failures = world.failures(world.load("issues", fails=True))
    assert "BACKLOG_PROJECTS names NOPE, which this key cannot see. It sees: APP, CRM" in failures["issues"]


def test_unknown_issues_are_named_and_the_others_are_loaded(world: World) -> None:
    [first, second, *_] = world.space.issues.values()
    wanted = [str(first.id), second.json()["issueKey"], "WEB-99999", "../users"]
    config = {"ops": {"issue": {"config": {"issues": wanted}}}}
    failures = world.failures(world.load("issue", config=config, fails=True))
    assert "2 issues were loaded, 2 refused: ../users, WEB-99999" in failures["issue"]
    assert "'../users' is no issue id or key" in failures["issue"]
    assert world.rows("SELECT id FROM issue ORDER BY id") == [(first.id,), (second.id,)]
    assert asked(world, "/users") == 0
