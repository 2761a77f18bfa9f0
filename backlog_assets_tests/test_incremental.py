"""What a load by changes asks, what it finds, and what it says of what is gone. Requests are counted by the server."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from backlog_assets.demo import quiet_changes as quiet
from backlog_assets.demo.faults import Fault
from backlog_assets.errors import Refused, Shrunk, Unavailable, WrongShape
from backlog_assets.incremental.known import State
from backlog_assets.incremental.reading import why_whole
from backlog_assets_tests.moving_space import Follower, following

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
STATE = State(7, NOON, NOON, "", "shape")
ZONES = ("UTC", "Pacific/Kiritimati", "Etc/GMT+12")
"""UTC, the zone furthest ahead of it (14 hours) and the one furthest behind (12)."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Follower]:
    """2,000 issues, loaded; the tests that use it leave it loaded again."""
    with following(tmp_path_factory.mktemp("large"), issues=2_000, activities=300) as follower:
        follower.load("projects", "activities", "issues")
        yield follower


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Follower]:
    """150 issues, loaded, asked for ten at a time so that there are many pages."""
    with following(tmp_path, page=10, issues=150, activities=50) as follower:
        follower.load("projects", "activities", "issues")
        yield follower


def sync(follower: Follower) -> list[str]:
    return follower.asked(lambda: follower.load("activities", "issues"))


def key_of(follower: Follower, issue_id: int) -> str:
    space = follower.server.space
    return str(space.projects[space.issues[issue_id].project_id]["projectKey"])


@pytest.mark.parametrize(
    ("state", "full", "projects", "shape", "said"),
    [
        (STATE, False, "", "shape", None),
        (None, False, "", "shape", "No earlier load"),
        (STATE, True, "", "shape", "full"),
        (STATE, False, "WEB", "shape", "BACKLOG_PROJECTS"),
        (STATE, False, "", "other", "catalogue"),
    ],
)
def test_why_everything_is_read(state: State | None, full: bool, projects: str, shape: str, said: str | None) -> None:
    why = why_whole(state, full=full, projects=projects, shape=shape)
    assert why is None if said is None else why is not None and said in why


def test_nothing_changed_costs_three_requests(large: Follower) -> None:
    before = large.rows("SELECT max(_loaded_at) FROM issues")
    assert sync(large) == ["/space/activities", "/issues", "/issues/count"]
    assert large.rows("SELECT max(_loaded_at) FROM issues") == before


def test_twenty_of_2000_issues_changed_cost_at_most_four_requests(large: Follower) -> None:
    space = large.server.space
    for issue_id in sorted(space.issues)[::100]:
        space.update_issue(issue_id, summary="changed")
    assert len(sync(large)) <= 4
    assert large.rows("SELECT count(*) FROM issues WHERE summary = 'changed'") == [(20,)]


def test_issues_that_no_page_of_the_latest_holds_are_asked_for_by_id_100_at_a_time(large: Follower) -> None:
    """Whether `updated` moves with everything an activity tells of is not documented."""
    space = large.server.space
    ids = sorted(space.issues)[:120]
    with space.changing():
        for issue_id in ids:
            quiet.touch(space, issue_id, summary="dates moved")
        project_id = space.issues[ids[0]].project_id
        space.add_activity(35, project_id, {"link": [{"id": issue_id} for issue_id in ids]})
    assert sync(large) == ["/space/activities", "/issues", "/issues", "/issues", "/issues/count"]
    assert large.rows("SELECT count(*) FROM issues WHERE summary = 'dates moved'") == [(120,)]


@pytest.mark.parametrize("kind", [1, 2, 3, 17])
def test_an_activity_about_one_issue_has_it_read_again(small: Follower, kind: int) -> None:
    space = small.server.space
    issue_id = min(space.issues)
    quiet.touch(space, issue_id, summary="as the activity tells")
    space.add_activity(kind, space.issues[issue_id].project_id, {"id": issue_id, "key_id": 1})
    sync(small)
    assert small.rows("SELECT id FROM issues WHERE summary = 'as the activity tells'") == [(issue_id,)]


def test_a_deletion_that_is_told_costs_one_request_more_for_all_that_were_deleted(large: Follower) -> None:
    space = large.server.space
    gone = [issue_id for issue_id in sorted(space.issues) if issue_id not in space.children][5:25]
    for issue_id in gone:
        space.delete_issue(issue_id)
    assert sync(large) == ["/space/activities", "/issues", "/issues", "/issues/count"]
    assert dict.fromkeys(gone, "activity").items() <= large.dead().items()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_deletion_that_nobody_tells_costs_about_log2_of_the_pages(large: Follower, number: int) -> None:
    space = large.server.space
    gone = [issue_id for issue_id in sorted(space.issues) if issue_id not in space.children][
        100 : 1_900 : 1_800 // number
    ]
    for issue_id in gone:
        space.delete_issue(issue_id, silent=True)
    asked = sync(large)
    # Three as ever; what can be seen, what the empty project has; the search; and one to be sure.
    assert len(asked) <= 3 + 2 + len(gone) * (1 + math.ceil(math.log2(2_000 / 98))) + 1
    assert len(asked) < 3 + 2_000 / 100 + 1, "fewer than reading everything takes"
    assert dict.fromkeys(gone, "census").items() <= large.dead().items()


def test_the_children_of_a_deleted_issue_are_read_again(small: Follower) -> None:
    space = small.server.space
    parent, children = next(iter(space.children.items()))
    orphans = set(children)
    space.delete_issue(parent)
    sync(small)
    found = small.rows("SELECT id FROM issues WHERE parent_issue_id IS NULL AND list_contains(?, id)", list(orphans))
    assert {one for [one] in found} == orphans


def test_a_change_that_no_activity_tells_is_found_by_its_update(small: Follower) -> None:
    space = small.server.space
    with quiet.untold(space):
        for issue_id in sorted(space.issues)[:25]:
            space.update_issue(issue_id, summary="untold")
        made = space.create_issue("WEB", "made untold")
    sync(small)
    assert small.rows("SELECT count(*) FROM issues WHERE summary = 'untold'") == [(25,)]
    assert small.rows("SELECT id FROM issues WHERE summary = 'made untold'") == [(made.id,)]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", ["00:00:00", "23:59:59"])
def test_an_untold_change_is_found_whichever_zone_days_begin_in(tmp_path: Path, zone: str, hour: str) -> None:
    """The very next second after the last known update, and a month later."""
    server = {"updated_since_zone": zone}
    with following(
        tmp_path, server=server, issues=30, projects=1, activities=20, date=f"2026-07-01T{hour}Z"
    ) as follower:
        follower.load("activities", "issues")
        space = follower.server.space
        first, second = sorted(space.issues)[:2]
        last = max(issue.updated for issue in space.issues.values())
        with quiet.untold(space):
            space.update_issue(first, at=last + 1, summary="at once")
        sync(follower)
        assert follower.rows("SELECT id FROM issues WHERE summary = 'at once'") == [(first,)]
        with quiet.untold(space):
            space.update_issue(second, at=last + 30 * 86_400, summary="late")
        sync(follower)
        assert follower.rows("SELECT id FROM issues WHERE summary = 'late'") == [(second,)]


def test_an_issue_that_is_back_is_alive_again(small: Follower) -> None:
    space = small.server.space
    issue = space.issues[min(space.issues)]
    key = key_of(small, issue.id)
    space.hide_project(key)
    sync(small)
    assert set(small.dead().values()) == {"lost_access"}
    space.hide_project(key, hidden=False)
    sync(small)
    assert small.dead() == {}
    assert small.rows("SELECT _delete_evidence FROM issues WHERE id = ?", issue.id) == [(None,)]


def test_what_was_deleted_while_its_project_could_not_be_seen_is_known_when_it_can(small: Follower) -> None:
    space = small.server.space
    issue_id = max(issue_id for issue_id in space.issues if issue_id not in space.children)
    key = key_of(small, issue_id)
    space.hide_project(key)
    sync(small)
    space.delete_issue(issue_id, silent=True)
    space.hide_project(key, hidden=False)
    sync(small)
    assert small.dead() == {issue_id: "census"}


def test_a_project_that_is_refused_is_lost_and_not_deleted(small: Follower) -> None:
    space = small.server.space
    issue = space.issues[min(space.issues)]
    lost = {one.id for one in space.by_project[issue.project_id]}
    space.refuse_project(key_of(small, issue.id))
    sync(small)
    assert small.dead() == dict.fromkeys(lost, "lost_access")
    space.refuse_project(key_of(small, issue.id), status=200)
    sync(small)
    assert small.dead() == {}


def test_a_moved_issue_has_its_new_project_and_key_and_only_its_new_children(small: Follower) -> None:
    space = small.server.space
    issue = next(one for one in space.ordered if one.json()["category"])
    target = next(one for one in space.projects if one != issue.project_id)
    space.move_issue(issue.id, str(space.projects[target]["projectKey"]))
    sync(small)
    row = issue.json()
    assert small.rows("SELECT project_id, issue_key FROM issues WHERE id = ?", issue.id) == [(target, row["issueKey"])]
    assert small.rows("SELECT count(*) FROM issue_categories WHERE issue_id = ?", issue.id) == [(0,)]
    assert small.dead() == {}


def test_the_rows_of_issues_that_did_not_change_are_not_written_again(small: Follower) -> None:
    space = small.server.space
    issue_id = min(space.issues)
    space.update_issue(issue_id, summary="changed")
    before = dict(small.rows("SELECT id, _loaded_at FROM issues"))
    sync(small)
    after = dict(small.rows("SELECT id, _loaded_at FROM issues"))
    assert {one for one in before if before[one] != after[one]} == {issue_id}


def test_a_host_that_refuses_a_list_of_ids_is_asked_for_each_alone(small: Follower) -> None:
    space = small.server.space
    gone, touched = sorted(space.issues)[:2]
    space.delete_issue(gone)
    quiet.touch(space, touched, summary="touched")
    space.add_activity(17, space.issues[touched].project_id, {"id": touched})
    small.load("activities")
    small.server.faults.append(Fault("404", "/issues", after=1, times=1))
    asked = small.asked(small.load_issues)
    assert [f"/issues/{gone}", f"/issues/{touched}"] == [path for path in asked if path[8:].isdecimal()]
    assert small.dead()[gone] == "activity"
    assert small.rows("SELECT id FROM issues WHERE summary = 'touched'") == [(touched,)]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("403", "/issues/count"), Refused),
        (Fault("wrong_shape", "/issues"), WrongShape),
        (Fault("missing_field", "/issues", field="updated"), WrongShape),
    ],
    ids=lambda one: getattr(one, "kind", ""),
)
def test_a_load_that_fails_leaves_rows_and_cursors_as_they_were(
    small: Follower, fault: Fault, error: type[Exception]
) -> None:
    space = small.server.space
    space.update_issue(min(space.issues), summary="changed")
    space.delete_issue(max(space.issues), silent=True)
    small.load("activities")
    before = small.rows("FROM issues ORDER BY id"), small.rows("FROM cursors ORDER BY ALL")
    small.server.faults.append(fault)
    with pytest.raises(error):
        small.load_issues()
    assert (small.rows("FROM issues ORDER BY id"), small.rows("FROM cursors ORDER BY ALL")) == before
    small.server.faults.clear()
    sync(small)
    assert small.rows("SELECT count(*) FROM issues WHERE _deleted_at IS NULL") == [(len(space.issues),)]


def test_an_empty_list_of_projects_takes_no_issue_that_is_still_counted(small: Follower) -> None:
    space = small.server.space
    space.delete_issue(max(space.issues), silent=True)
    small.server.faults.append(Fault("empty", "/projects"))
    sync(small)
    assert list(small.dead()) == [max(one for [one] in small.rows("SELECT id FROM issues"))]


def test_losing_more_than_may_vanish_at_once_is_refused_and_changes_nothing(small: Follower) -> None:
    for project in small.server.space.projects.values():
        small.server.space.hide_project(project["projectKey"])
    before = small.rows("FROM issues ORDER BY id"), small.rows("FROM cursors ORDER BY ALL")
    with pytest.raises(Shrunk):
        small.manager.write(small.issues(), "run", max_shrink=0.5)
    assert (small.rows("FROM issues ORDER BY id"), small.rows("FROM cursors ORDER BY ALL")) == before


def test_a_page_that_never_ends_is_no_endless_load(small: Follower) -> None:
    with small.server.space.changing():
        for issue_id in list(small.server.space.issues):
            small.server.space.update_issue(issue_id, summary="all of them")
    small.server.faults.append(Fault("same_page", "/issues"))
    with pytest.raises((WrongShape, Unavailable)):
        small.load_issues()


def test_with_chosen_projects_only_these_are_asked_for_and_another_choice_reads_all_anew(small: Follower) -> None:
    space = small.server.space
    assert small.load_issues(only=["WEB"]).notes["read"] == (
        "All issues. BACKLOG_PROJECTS is another than in the last load."
    )
    web = space.by_project[space.project_id("WEB")]
    space.update_issue(web[0].id, summary="in WEB")
    space.delete_issue(next(one.id for one in web if one.id not in space.children and one is not web[0]), silent=True)
    other = next(one for one in space.ordered if one.project_id != web[0].project_id)
    space.update_issue(other.id, summary="elsewhere")
    assert small.load_issues(only=["WEB"]).changes_only
    assert small.rows("SELECT id FROM issues WHERE summary IN ('in WEB', 'elsewhere')") == [(web[0].id,)]
    assert list(small.dead().values()) == ["census"]
    assert not small.load_issues().changes_only


def test_full_reads_everything_and_finds_what_nothing_tells_of(small: Follower) -> None:
    space = small.server.space
    issue_id = sorted(space.issues)[40]
    quiet.touch(space, issue_id, summary="silent")
    sync(small)
    assert small.rows("SELECT count(*) FROM issues WHERE summary = 'silent'") == [(0,)]
    assert small.load_issues(full=True).notes["read"] == "All issues. Asked for: full."
    assert small.rows("SELECT id FROM issues WHERE summary = 'silent'") == [(issue_id,)]


def test_what_was_counted_is_kept_with_the_run_that_counted(small: Follower) -> None:
    small.server.space.delete_issue(max(small.server.space.issues), silent=True)
    small.load_issues()
    run = f"run{small.loads}"
    kept = dict(small.rows("SELECT name, value FROM cursors WHERE table_name = 'issues' AND run_id = ?", run))
    assert kept["counted"] == str(len(small.server.space.issues))
    assert kept["repaired"] == "1"
