"""A space that changes while it is read: nothing that was there throughout is lost, and nothing is there twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backlog_assets_tests.moving_space import Follower, Weather, following

MEANWHILE = (
    "create",
    "create_together",
    "create_untold",
    "update",
    "update_untold",
    "delete",
    "delete_untold",
    "comment",
)


def moving(follower: Follower, weather: Weather, changes: int) -> None:
    """From now on so many things happen in the space before each request."""
    get = follower.client.get

    def get_later(path: str, params: Any = None) -> Any:
        for _ in range(changes):
            weather.blow(MEANWHILE)
        return get(path, params)

    follower.client.get = get_later


def at_rest(follower: Follower) -> None:
    del follower.client.get


def issues_of(follower: Follower) -> list[int]:
    return [one for [one] in follower.rows("SELECT id FROM issues WHERE _deleted_at IS NULL ORDER BY id")]


@pytest.mark.parametrize(("seed", "changes"), [(1, 1), (2, 6), (3, 15)])
def test_a_full_load_of_a_moving_space_has_every_issue_that_was_there_throughout_once(
    tmp_path: Path, seed: int, changes: int
) -> None:
    with following(tmp_path, issues=700, activities=20, projects=3) as follower:
        space = follower.server.space
        follower.load("projects", "activities")
        before = set(space.issues)
        moving(follower, Weather(space, seed), changes)
        spooled = follower.load_issues()
        at_rest(follower)
        throughout = before & space.issues.keys()
        found = issues_of(follower)
        assert len(found) == len(set(found)), "none twice"
        assert throughout <= set(found), "none lost"
        assert len(throughout) < len(before), "some were deleted meanwhile"
        assert not spooled.changes_only
        follower.load("activities", "issues")
        assert issues_of(follower) == sorted(space.issues), "the next load makes good what changed meanwhile"
        fresh = Follower(tmp_path, follower.server, "fresh")
        fresh.load_issues(full=True)
        assert follower.live() == fresh.live()


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_loads_by_changes_of_a_moving_space_end_as_a_full_load_when_it_rests(tmp_path: Path, seed: int) -> None:
    with following(tmp_path, issues=300, activities=20, projects=3, page=20) as follower:
        space = follower.server.space
        follower.load("projects", "activities", "issues")
        for _ in range(3):
            before = set(space.issues)
            moving(follower, Weather(space, seed), 2)
            follower.load("activities", "issues")
            at_rest(follower)
            found = issues_of(follower)
            assert len(found) == len(set(found))
            assert before & space.issues.keys() <= set(found)
        follower.load("activities", "issues")
        fresh = Follower(tmp_path, follower.server, "fresh")
        fresh.load_issues(full=True)
        assert follower.live() == fresh.live()
