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


def test_without_the_right_users_says_so_and_fails_alone(world: World) -> None:
    world.settings["api_key"] = world.server.member_key
    outcome = world.sync("users", "priorities", "issues")
    assert list(outcome.failures) == ["users"]
    assert "Backlog refused GET /users: 403" in outcome.failures["users"]
    assert {one.table for one in outcome.tables} >= {"priorities", "issues"}


@pytest.mark.parametrize("status", [403, 404])
def test_one_refused_project_does_not_lose_the_others(world: World, status: int) -> None:
    world.load_projects("project_versions")
    before = world.rows("SELECT * FROM project_versions WHERE project_key = 'APP' ORDER BY id")
    world.space.refuse_project("APP", status, 6 if status == 404 else 5)
    world.space.add_version("WEB", "9.9")
    world.server.requests.clear()
    result = world.load_projects("project_versions", "project_components", fails=True)
    failures = world.failures(result)
    assert set(failures) == {"project_versions", "project_components"}
    assert "5 projects were loaded, 1 refused: APP" in failures["project_versions"]
    assert f"Backlog refused GET /projects/APP/versions: {status}" in failures["project_versions"]
    assert world.rows("SELECT * FROM project_versions WHERE project_key = 'APP' ORDER BY id") == before
    assert world.value("SELECT count(*) FROM project_versions WHERE name = '9.9'") == 1
    stamped = {
        (event.asset_key.path[-1], event.partition)
        for event in result.all_events
        if event.is_step_materialization and event.asset_key is not None
    }
    loaded = {"WEB", "OPS", "CRM", "OLD", "IDEA"}
    expected = {
        (table, key) for table in ("project_versions", "project_components", "project_categories") for key in loaded
    }
    assert stamped == expected


def test_a_project_refused_in_the_middle_of_its_pages_brings_nothing(build_world: Build) -> None:
    world = build_world()
    world.server.faults.append(Fault("403", path="/projects/CRM/users"))
    world.load_projects("project_users", fails=True)
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
