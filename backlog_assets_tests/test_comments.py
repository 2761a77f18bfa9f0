"""Comments: which issues are asked for, at what cost, and what becomes of edited, deleted and refused ones."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from backlog_assets.demo import DemoServer, DemoSpace, Fault
from backlog_assets_tests.conftest import World
from backlog_assets_tests.direct import COMMENTS, Direct

FULL, INCREMENTAL = ({"ops": {COMMENTS: {"config": {"full": full}}}} for full in (True, False))

LIVE = "SELECT * EXCLUDE (_loaded_at, _deleted_at, _delete_evidence) FROM issue_comments WHERE _deleted_at IS NULL "
CHILDREN = ("issue_comment_notifications", "issue_comment_stars")


class Place(Direct):
    """A demo space and the warehouse it is loaded into."""

    server: DemoServer

    @property
    def space(self) -> DemoSpace:
        return self.server.space

    def sync(self) -> dict[str, Any]:
        """Activities, issues, then the comments; returns what the last has told."""
        return self.load("activities", "issues", COMMENTS)


Build = Callable[..., Place]


@pytest.fixture
def build_place(tmp_path: Path) -> Iterator[Build]:
    """Builds places; keywords go to the demo space, `server` to the demo server."""
    with ExitStack() as stack:

        def build(*, server: dict[str, Any] | None = None, **space: Any) -> Place:
            running = stack.enter_context(DemoServer(DemoSpace(**{"issues": 40, **space}), **(server or {})))
            place = Place(tmp_path, running.url, running.api_key)
            place.server = running
            return place

        yield build


@pytest.fixture
def place(build_place: Build) -> Place:
    return build_place()


def asked(world: Place | World) -> list[str]:
    """The comment requests since the last time this was called: issue and the ids given."""
    found = [
        f"{request.path.split('/')[2]}?{','.join(request.query.get('maxId', []))}"
        for request in world.server.requests
        if "/comments" in request.path
    ]
    world.server.requests.clear()
    return found


def in_space(world: Place | World) -> list[tuple[Any, ...]]:
    """Every comment that the space shows, as its table should."""
    return sorted(
        (comment["id"], comment["projectId"], comment["issueId"], comment["content"], comment["updated"])
        for issue in world.space.issues.values()
        if issue.project_id in world.space.visible(world.space.owner)
        for comment in world.space.comments(issue)
    )


def in_table(world: Place | World) -> list[tuple[Any, ...]]:
    return world.rows(
        "SELECT id, project_id, issue_id, content, strftime(updated, '%Y-%m-%dT%H:%M:%SZ') FROM issue_comments "
        "WHERE _deleted_at IS NULL ORDER BY id"
    )


def tables(world: Place) -> list[list[tuple[Any, ...]]]:
    """What a full load must leave as it is: live comments, what hangs on them, and what is known of the issues."""
    return [
        world.rows(LIVE + "ORDER BY id"),
        *(
            world.rows(
                f"SELECT c.* EXCLUDE (_loaded_at) FROM {child} c "
                "WHERE comment_id IN (SELECT id FROM issue_comments WHERE _deleted_at IS NULL) ORDER BY ALL"
            )
            for child in CHILDREN
        ),
        world.rows("SELECT * EXCLUDE (read_at) FROM comment_state ORDER BY ALL"),
    ]


def test_every_comment_is_loaded_as_backlog_sent_it(place: Place) -> None:
    place.sync()
    assert in_table(place) == in_space(place)
    comments = [comment for issue in place.space.issues.values() for comment in place.space.comments(issue)]
    with_log = next(comment for comment in comments if comment["changeLog"])
    [(log,)] = place.rows("SELECT change_log FROM issue_comments WHERE id = ?", with_log["id"])
    assert json.loads(log) == with_log["changeLog"]
    for child, field in zip(CHILDREN, ("notifications", "stars"), strict=True):
        expected = sorted((comment["id"], one["id"]) for comment in comments for one in comment[field])
        assert place.rows(f"SELECT comment_id, id FROM {child} ORDER BY ALL") == expected
        assert expected or field == "stars"


def test_the_first_load_asks_once_an_issue_and_the_second_not_at_all(place: Place) -> None:
    first = place.sync()
    assert len(asked(place)) == 40
    assert first["issues_read"] == 40
    second = place.sync()
    assert asked(place) == []
    assert second["inserted"] == 0


def test_twenty_commented_issues_cost_twenty_requests(build_place: Build) -> None:
    place = build_place(issues=300)
    place.sync()
    asked(place)
    chosen = list(place.space.issues)[::15][:20]
    for number, issue_id in enumerate(chosen):
        for text in range(1 + number % 3):
            place.space.comment(issue_id, f"comment {text}")
    place.sync()
    assert sorted(asked(place)) == sorted(f"{issue_id}?" for issue_id in chosen)
    assert in_table(place) == in_space(place)


def issue_with(place: Place, comments: int) -> int:
    """A new issue with so many comments; its id."""
    issue = place.space.create_issue(next(iter(place.space.projects.values()))["projectKey"])
    for number in range(comments):
        place.space.comment(issue.id, f"comment {number}")
    return issue.id


PAGES = {
    # comments: requests where `maxId` is exclusive, and where the row it names is repeated
    0: (1, 1),
    1: (1, 1),
    99: (1, 1),
    100: (2, 2),
    101: (2, 2),
    199: (2, 3),
    200: (3, 3),
    250: (3, 3),
}
"""A page that is full does not say that it is the last one."""


@pytest.mark.parametrize("id_paging", ["exclusive", "inclusive"])
def test_an_issue_with_any_number_of_comments_is_read_whole(build_place: Build, id_paging: str) -> None:
    place = build_place(issues=0, projects=1, server={"id_paging": id_paging})
    issues = {comments: issue_with(place, comments) for comments in PAGES}
    place.sync()
    assert in_table(place) == in_space(place)
    counts = dict(place.rows("SELECT issue_id, comments FROM comment_state"))
    assert counts == {issue_id: comments for comments, issue_id in issues.items()}
    requests = Counter(one.split("?")[0] for one in asked(place))
    at = ["exclusive", "inclusive"].index(id_paging)
    assert {comments: requests[str(issue_id)] for comments, issue_id in issues.items()} == {
        comments: pages[at] for comments, pages in PAGES.items()
    }


@pytest.mark.parametrize("id_paging", ["exclusive", "inclusive"])
def test_new_comments_of_an_issue_cost_one_request(build_place: Build, id_paging: str) -> None:
    place = build_place(issues=0, projects=1, server={"id_paging": id_paging})
    new = {issue_with(place, known): more for known, more in ((0, 99), (1, 98), (30, 99), (250, 99), (251, 5))}
    place.sync()
    asked(place)
    for issue_id, more in new.items():
        for number in range(more):
            place.space.comment(issue_id, f"new {number}")
    place.sync()
    assert sorted(asked(place)) == sorted(f"{issue_id}?" for issue_id in new)
    assert in_table(place) == in_space(place)
    for issue_id, more in ((next(iter(new)), 100), (next(reversed(new)), 201)):
        for number in range(more):
            place.space.comment(issue_id, f"newer {number}")
    place.sync()
    assert in_table(place) == in_space(place)


def test_edited_and_deleted_comments_are_found_with_the_one_request_that_the_issue_costs(place: Place) -> None:
    place.sync()
    asked(place)
    edited, deleted, both = [
        (issue.id, place.space.comments(issue))
        for issue in place.space.issues.values()
        if len(place.space.comments(issue)) > 3
    ][:3]
    place.space.edit_comment(edited[0], edited[1][1]["id"], "better words")
    place.space.delete_comment(deleted[0], deleted[1][-1]["id"])
    place.space.edit_comment(both[0], both[1][0]["id"], "other words", moves_updated=False)
    place.space.delete_comment(both[0], both[1][2]["id"], moves_updated=False)
    place.space.comment(both[0], "a new one")
    done = place.sync()
    assert sorted(asked(place)) == sorted(f"{issue_id}?" for issue_id, _ in (edited, deleted, both))
    assert in_table(place) == in_space(place)
    assert place.rows(
        "SELECT id, _delete_evidence FROM issue_comments WHERE _deleted_at IS NOT NULL ORDER BY id"
    ) == sorted([(deleted[1][-1]["id"], "census"), (both[1][2]["id"], "census")])
    assert [done[name] for name in ("inserted", "updated", "deleted")] == [1, 2, 2]


@pytest.mark.parametrize("id_paging", ["exclusive", "inclusive"])
def test_what_changed_deep_in_a_long_issue_is_found_where_nothing_new_explains_it(
    build_place: Build, id_paging: str
) -> None:
    place = build_place(issues=0, projects=1, server={"id_paging": id_paging})
    issue_id = issue_with(place, 250)
    comments = place.space.comments(place.space.issues[issue_id])
    place.sync()
    place.space.edit_comment(issue_id, comments[3]["id"], "better words")
    place.space.delete_comment(issue_id, comments[100]["id"])
    place.sync()
    assert in_table(place) == in_space(place)


def test_a_comment_that_does_not_move_its_issue_is_found_by_its_activity(place: Place) -> None:
    place.sync()
    asked(place)
    issue = next(iter(place.space.issues.values()))
    before = issue.updated
    place.space.comment(issue.id, "quiet")
    place.space._touch(issue.id, before)
    place.sync()
    assert asked(place) == [f"{issue.id}?"]
    assert in_table(place) == in_space(place)
    place.sync()
    assert asked(place) == []


def test_an_activity_whose_comment_is_there_already_costs_nothing(place: Place) -> None:
    place.load("activities")
    issue = next(iter(place.space.issues.values()))
    place.space.comment(issue.id, "after the activities were read, before the issues")
    place.load("issues")
    place.load(COMMENTS)
    asked(place)
    place.sync()
    assert asked(place) == []


def test_an_issue_deleted_meanwhile_fails_nothing_and_its_comments_stay_until_the_issues_say_so(place: Place) -> None:
    place.sync()
    asked(place)
    gone, other = [issue for issue in place.space.issues.values() if len(place.space.comments(issue)) > 2][:2]
    known = place.value("SELECT count(*) FROM issue_comments WHERE issue_id = ?", gone.id)
    for issue in (gone, other):
        place.space.comment(issue.id, "one more")
    place.load("activities")
    place.load("issues")
    place.space.delete_issue(gone.id)
    done = place.load(COMMENTS)
    assert done["issues_gone"] == 1
    still = "SELECT count(*) FROM issue_comments WHERE issue_id = ? AND _deleted_at IS NULL"
    assert place.value(still, gone.id) == known
    assert place.value(still, other.id) == len(place.space.comments(other))
    asked(place)
    place.sync()
    assert asked(place) == []
    assert in_table(place) == in_space(place)
    assert place.value("SELECT count(*) FROM issue_comments WHERE issue_id = ? AND _deleted_at IS NOT NULL", gone.id)


def test_the_comments_of_an_issue_that_comes_back_come_back_with_it(place: Place) -> None:
    place.sync()
    key = next(iter(place.space.projects.values()))["projectKey"]
    place.space.hide_project(key)
    place.sync()
    assert in_table(place) == in_space(place)
    place.space.hide_project(key, hidden=False)
    place.sync()
    assert in_table(place) == in_space(place)
    assert place.value("SELECT count(*) FROM issue_comments WHERE _delete_evidence IS NOT NULL") == 0


def test_a_refused_issue_does_not_lose_the_others_and_is_asked_for_again(world: World) -> None:
    world.load("issues")
    refused, *others = world.space.issues
    world.server.faults.append(Fault("403", f"/issues/{refused}/comments"))
    [check] = [one for one in world.load(COMMENTS).get_asset_check_evaluations() if one.check_name == "may_be_read"]
    assert check.description == "The key may read issue_comments, but for 1 single row that Backlog refused."
    assert world.value("SELECT count(*) FROM comment_state") == len(others)
    world.server.faults.clear()
    asked(world)
    done = world.load(COMMENTS, config=INCREMENTAL)
    assert asked(world) == [f"{refused}?"]
    assert in_table(world) == in_space(world)
    assert world.metadata(done, COMMENTS)["issues_read"] == 1
    world.load(COMMENTS, config=FULL)
    assert len(asked(world)) == 40
    assert in_table(world) == in_space(world)


def test_a_project_that_refuses_again_and_again_is_left_to_the_next_load(build_place: Build) -> None:
    place = build_place(issues=60, projects=2)
    place.load("issues")
    closed, _ = place.space.projects.values()
    place.space.refuse_project(closed["projectKey"])
    assert len(place.load(COMMENTS)["refused"]) == 3
    live = place.value("SELECT count(*) FROM issues WHERE project_id = ?", closed["id"])
    assert len(asked(place)) == 60 - live + 3
    place.space.refuse_project(closed["projectKey"], status=200)
    place.load(COMMENTS)
    assert len(asked(place)) == live
    assert in_table(place) == in_space(place)


def test_only_the_chosen_projects_comments_are_read(build_place: Build) -> None:
    place = build_place(issues=60, projects=3)
    chosen, *_ = place.space.projects.values()
    place.load("issues")
    place.settings["projects"] = chosen["projectKey"]
    place.load(COMMENTS)
    assert place.rows("SELECT DISTINCT project_id FROM issue_comments") == [(chosen["id"],)]
    assert len(asked(place)) == place.value("SELECT count(*) FROM issues WHERE project_id = ?", chosen["id"])
    place.settings.clear()
    place.sync()
    assert in_table(place) == in_space(place)


def test_a_moved_issue_takes_its_comments_with_it(build_place: Build) -> None:
    place = build_place(issues=10, projects=2)
    first, second = place.space.projects.values()
    issue = place.space.create_issue(first["projectKey"])
    for number in range(150):
        place.space.comment(issue.id, f"comment {number}")
    place.sync()
    place.space.move_issue(issue.id, second["projectKey"])
    place.sync()
    assert in_table(place) == in_space(place)


def test_incremental_loads_and_a_full_one_end_with_the_same_tables(build_place: Build) -> None:
    chance = random.Random(20260505)
    place = build_place(issues=60, projects=3)
    keys = [project["projectKey"] for project in place.space.projects.values()]
    place.sync()
    for _ in range(4):
        for _ in range(15):
            issue = chance.choice(list(place.space.issues.values()))
            comments = place.space.comments(issue)
            step = chance.choice(["comment", "update", "edit", "delete", "create", "remove", "move"])
            if step == "comment":
                place.space.comment(issue.id, f"comment {chance.random()}")
            elif step == "update":
                place.space.update_issue(issue.id, summary=f"summary {chance.random()}")
            elif step == "edit" and comments:
                place.space.edit_comment(issue.id, chance.choice(comments)["id"], f"edited {chance.random()}")
            elif step == "delete" and comments:
                place.space.delete_comment(issue.id, chance.choice(comments)["id"])
            elif step == "create":
                place.space.create_issue(chance.choice(keys))
            elif step == "remove":
                place.space.delete_issue(issue.id)
            elif step == "move":
                place.space.move_issue(issue.id, chance.choice(keys))
        place.sync()
        assert in_table(place) == in_space(place)
    incremental = tables(place)
    place.load(COMMENTS, full=True)
    assert tables(place) == incremental
    fresh = Place(place.folder / "fresh", place.url, place.key)
    fresh.sync()
    assert tables(fresh) == incremental
