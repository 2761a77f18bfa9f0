"""Single objects on demand: paths of the API, one table for all kinds, each row the newest that was seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from backlog_assets.single_objects import EXAMPLE, KINDS, TABLE, kind_of, spelled
from backlog_assets_tests.api_paths import GET_PATHS
from backlog_assets_tests.conftest import World, asked


def load(world: World, *paths: str, fails: bool = False) -> Any:
    config = {"ops": {TABLE: {"config": {"paths": list(paths)}}}} if paths else None
    return world.load(TABLE, config=config, fails=fails)


def rows(world: World) -> Sequence[tuple[Any, ...]]:
    return world.rows("SELECT path, kind, id FROM single_objects ORDER BY path")


@pytest.mark.parametrize(
    "path",
    [
        "/users",
        "/issues/count",
        "/users/7/icon",
        "/issues/WEB-1/comments",
        "/users/7?x=1",
        "/../users/7",
        "/wikis/Home",
    ],
)
def test_what_is_no_path_of_a_single_object_is_refused_unasked(world: World, path: str) -> None:
    result = load(world, path, EXAMPLE, fails=True)
    [said] = world.failures(result).values()
    assert said.startswith("1 objects were loaded, 1 refused.")
    assert f"{path!r} is no path of a single object; write one of /activities/{{activityId}}, " in said
    assert rows(world) == [(EXAMPLE, "user", str(world.space.owner))]
    assert [request.path for request in world.server.requests] == [EXAMPLE]


def test_what_is_not_there_is_named_and_the_others_are_loaded(world: World) -> None:
    result = load(world, "/users/99", "/users/1003", fails=True)
    [said] = world.failures(result).values()
    assert "GET /users/99" in said
    assert rows(world) == [("/users/1003", "user", "1003")]


def test_objects_of_every_kind_stand_in_one_table_as_backlog_sent_them(world: World) -> None:
    space = world.space
    issue = space.ordered[0]
    comment = space.comments(issue)[0]
    watching = space.add_watching(space.owner, issue.id, "あとで")
    wanted = {
        f"/activities/{space.activities[-1]['id']}": "activity",
        f"/issues/{issue.json()['issueKey']}": "issue",
        f"/issues/{issue.id}/comments/{comment['id']}": "issue_comment",
        "/projects/WEB": "project",
        f"/projects/WEB/webhooks/{space.webhooks[5001][0]['id']}": "webhook",
        "/teams/301": "team",
        "/users/1003": "user",
        f"/watchings/{watching}": "watching",
    }
    load(world, *wanted)
    assert {path: kind for path, kind, _ in rows(world)} == wanted
    [record] = world.rows("SELECT record FROM single_objects WHERE kind = 'issue_comment'")[0]
    assert json.loads(record) == comment
    assert world.value("SELECT record ->> 'note' FROM single_objects WHERE kind = 'watching'") == "あとで"
    assert world.rows("SELECT DISTINCT _extra FROM single_objects") == [(None,)]


def test_a_row_is_replaced_when_its_path_is_asked_for_again_and_others_are_left_alone(world: World) -> None:
    load(world, "users/1003/", "/users/1004")
    first = world.value("SELECT record ->> 'name' FROM single_objects WHERE path = '/users/1003'")
    world.space.users[1003]["name"] = "改名 太郎"
    load(world, " /users/1003")
    assert first != "改名 太郎"
    assert world.value("SELECT record ->> 'name' FROM single_objects WHERE path = '/users/1003'") == "改名 太郎"
    assert [path for path, _, _ in rows(world)] == ["/users/1003", "/users/1004"]


def test_with_none_listed_those_of_the_last_times_are_asked_for_again_and_one_that_is_gone_stays(world: World) -> None:
    load(world)
    assert rows(world) == [(EXAMPLE, "user", str(world.space.owner))]
    issue = world.space.ordered[0]
    load(world, f"/issues/{issue.id}")
    world.space.delete_issue(issue.id)
    before = asked(world, EXAMPLE)
    load(world)
    assert asked(world, EXAMPLE) == before + 1
    assert [path for path, _, _ in rows(world)] == [f"/issues/{issue.id}", EXAMPLE]


def test_every_kind_is_a_path_of_the_api() -> None:
    assert set(KINDS) <= set(GET_PATHS)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/projects/WEB/git/repositories/web.site/pullRequests/3", "pull_request"),
        ("/projects/5001/git/repositories/50010", "git_repository"),
        ("/documents/0190a1b2c3d4e5f60718293a4b5c6d7e", "document"),
        ("/wikis/500101", "wiki"),
        ("/users/myself", "user"),
        ("/projects/WEB/git/repositories/..", None),
        ("/", None),
    ],
)
def test_a_path_tells_what_stands_there(path: str, kind: str | None) -> None:
    assert kind_of(path) == kind


def test_a_path_may_be_written_without_its_first_slash() -> None:
    assert spelled(" users/7/ ") == "/users/7"
