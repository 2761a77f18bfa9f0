"""Names put to ids: today's, deleted ones, earlier ones, names with a comma, names in another language."""

from __future__ import annotations

import itertools

import pytest

from backlog_assets_tests.test_history_space import Space, log

__all__ = ["space"]


@pytest.fixture
def space() -> Space:
    return Space()


def version(space: Space, id_: int, name: str, **more: object) -> None:
    space.add("project_versions", **{"id": id_, "project_id": 1, "name": name, **more})


def milestones(space: Space, *logged: str) -> list[list[tuple[int | None, str]]]:
    """The milestones of an issue that had each of these in turn and has none now, as logs name them."""
    space.issue()
    before: str | None = None
    for place, value in enumerate([*logged, None]):
        space.comment(place + 5, f"{place + 2:02d} 10:00", log("milestone", before, value))
        before = value
    space.build()
    return space.lists("milestones")[1:-1]


def test_a_deleted_state_is_still_known_by_its_name(space: Space):
    space.add("project_statuses", id=90, project_id=1, name="レビュー中", display_order=2500, _deleted_at="2026-01-20")
    space.issue(status_id=4, status_name="完了")
    space.comment(5, "02 10:00", log("status", "未対応", "レビュー中"))
    space.comment(6, "03 10:00", log("status", "レビュー中", "完了"))
    space.build()
    assert [row[1:] for row in space.ranges("status")] == [("未対応", 1), ("レビュー中", 90), ("完了", 4)]


def test_a_state_nobody_remembers_keeps_its_name_and_has_no_id(space: Space):
    space.issue(status_id=4, status_name="完了")
    space.comment(5, "02 10:00", log("status", "未対応", "検証"))
    space.comment(6, "03 10:00", log("status", "検証", "完了"))
    space.build()
    assert [row[1:] for row in space.ranges("status")] == [("未対応", 1), ("検証", None), ("完了", 4)]


def test_a_deleted_state_is_known_from_other_issues_that_were_loaded_with_it(space: Space):
    space.issue(status_id=4, status_name="完了")
    space.issue(2, status_id=90, status_name="検証", _deleted_at="2026-01-20")
    space.comment(5, "02 10:00", log("status", "検証", "完了"))
    space.build()
    assert space.ranges("status")[0] == ("01 00:00", "検証", 90)


@pytest.mark.parametrize("names", [("Open", "In Progress", "Closed"), ("未対応", "処理中", "完了")])
def test_the_names_backlog_gives_are_known_in_both_languages(names: tuple[str, str, str], space: Space):
    before, between, after = names
    space.issue(
        status_id=4, status_name="完了", priority_id=2, priority_name="高", resolution_id=0, resolution_name="Fixed"
    )
    space.comment(5, "02 10:00", log("status", before, between), log("priority", "Normal", "高"))
    space.comment(6, "03 10:00", log("status", between, after), log("resolution", None, "対応済み"))
    space.build()
    assert [row[1:] for row in space.ranges("status", "value_id, disagrees")] == [(1, False), (2, False), (4, False)]
    assert [row[1:] for row in space.ranges("priority", "value_id, disagrees")] == [(3, False), (2, False)]
    assert [row[1:] for row in space.ranges("resolution", "value_id, disagrees")] == [(None, False), (0, False)]


def test_a_project_may_call_a_state_of_its_own_as_backlog_calls_another(space: Space):
    space.add("project_statuses", id=90, project_id=1, name="Open", display_order=9)
    space.issue()
    space.comment(5, "02 10:00", log("status", "Open", "未対応"))
    space.build()
    assert space.ranges("status")[0] == ("01 00:00", "Open", 90)


def test_a_renamed_milestone_is_known_by_the_name_it_had_when_an_issue_was_loaded(space: Space):
    version(space, 50, "1.0 GA")
    space.issue(2)
    space.add("issue_milestones", issue_id=2, id=50, name="1.0")
    assert milestones(space, "1.0", "1.0 GA") == [[(50, "1.0")], [(50, "1.0 GA")]]
    assert not any(row[1] for row in space.ranges("milestones", "disagrees"))


def test_a_renamed_milestone_is_known_by_the_update_that_told_of_it(space: Space):
    version(space, 50, "1.0 GA")
    change = {"field": "name", "old_value": "1.0", "new_value": "1.0 GA"}
    space.activity(500, 23, "09 10:00", {"id": 50, "name": "1.0 GA", "changes": [change]})
    space.activity(501, 24, "09 10:00", {"id": 51, "name": "2.0"})
    assert milestones(space, "1.0", "2.0") == [[(50, "1.0")], [(51, "2.0")]]


def test_a_renamed_milestone_that_the_issue_still_has_does_not_disagree(space: Space):
    version(space, 50, "1.0 GA")
    space.issue()
    space.issue(2)
    space.add("issue_milestones", issue_id=1, id=50, name="1.0 GA")
    space.add("issue_milestones", issue_id=2, id=50, name="1.0")
    space.comment(5, "02 10:00", log("milestone", None, "1.0"))
    space.build()
    assert space.ranges("milestones", "value_text, disagrees") == [
        ("01 00:00", None, False),
        ("02 10:00", "1.0 GA", False),
    ]


def test_a_renamed_milestone_nobody_remembers_gives_way_to_the_issue_as_it_is(space: Space):
    version(space, 50, "1.0 GA")
    space.issue()
    space.add("issue_milestones", issue_id=1, id=50, name="1.0 GA")
    space.comment(5, "02 10:00", log("milestone", "0.9", "1.0"))
    space.build()
    assert space.ranges("milestones", "value_text, disagrees") == [
        ("01 00:00", "0.9", False),
        ("02 10:00", "1.0 GA", True),
    ]


def test_a_name_that_two_have_is_nobodys(space: Space):
    space.add("users", id=10, name="佐藤 花子")
    space.issue()
    space.comment(5, "02 10:00", log("assigner", None, "佐藤 花子"))
    space.comment(6, "03 10:00", log("assigner", "佐藤 花子", None))
    space.build()
    assert space.ranges("assignee")[1] == ("02 10:00", "佐藤 花子", None)


def test_a_name_that_two_have_is_that_of_the_one_who_is_in_the_project(space: Space):
    space.add("users", id=10, name="佐藤 花子")
    space.add("project_users", project_id=1, id=9, name="佐藤 花子")
    space.issue()
    space.comment(5, "02 10:00", log("assigner", None, "佐藤 花子"))
    space.comment(6, "03 10:00", log("assigner", "佐藤 花子", None))
    space.build()
    assert space.ranges("assignee")[1] == ("02 10:00", "佐藤 花子", 9)


def test_the_one_who_has_it_now_is_known_whoever_else_is_called_so(space: Space):
    space.add("users", id=10, name="佐藤 花子")
    space.issue(assignee_id=10, assignee_name="佐藤 花子")
    space.comment(5, "02 10:00", log("assigner", None, "佐藤 花子"))
    space.build()
    assert space.ranges("assignee", "value_id, disagrees")[1] == ("02 10:00", 10, False)


def test_a_living_name_goes_before_a_deleted_one(space: Space):
    version(space, 50, "1.0", _deleted_at="2026-01-20")
    version(space, 51, "1.0")
    assert milestones(space, "1.0") == [[(51, "1.0")]]


def test_names_of_another_project_are_not_looked_at(space: Space):
    version(space, 50, "1.0", project_id=2)
    assert milestones(space, "1.0") == [[(None, "1.0")]]


@pytest.mark.parametrize(
    ("names", "logged", "wanted"),
    [
        (("a", "b"), "a, b", [(50, "a"), (51, "b")]),
        (("a", "b"), "b,a", [(50, "a"), (51, "b")]),
        (("a, b", "c"), "a, b", [(50, "a, b")]),
        (("a, b", "c"), "c, a, b", [(50, "a, b"), (51, "c")]),
        (("a,b", "c"), "a,b, c", [(50, "a,b"), (51, "c")]),
        (("a, b", "b, c", "a", "c, d"), "a, b, c", [(51, "b, c"), (52, "a")]),
        (("a", "a, b", "b, c, d", "d"), "a, b, c, d", [(50, "a"), (52, "b, c, d")]),
        (("a, b", "a", "b"), "a, b", [(None, "a, b")]),
        (("a, b", "a", "b", "c"), "c, a, b", [(None, "c, a, b")]),
        (("a",), "a, x, y", [(50, "a"), (None, "x, y")]),
        (("a", "a, b"), "x, a, b, y", [(51, "a, b"), (None, "x"), (None, "y")]),
        (("a",), "x", [(None, "x")]),
        (("a",), ",", [(None, ",")]),
    ],
)
def test_a_list_is_cut_at_the_commas_that_no_name_has(
    names: tuple[str, ...], logged: str, wanted: list[tuple[int | None, str]], space: Space
):
    for place, name in enumerate(names):
        version(space, 50 + place, name)
    assert milestones(space, logged) == [wanted]


def test_a_long_list_with_many_ways_to_cut_it_takes_no_long_time(space: Space):
    names = [f"{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    for place, name in enumerate([*names, *(f"{one}, {two}" for one, two in itertools.pairwise(names))]):
        version(space, place, name)
    assert milestones(space, ", ".join(names)) == [[(None, ", ".join(names))]]


def test_the_order_of_a_list_does_not_matter(space: Space):
    version(space, 50, "a")
    version(space, 51, "b")
    space.issue()
    space.add("issue_milestones", issue_id=1, id=51, name="b")
    space.add("issue_milestones", issue_id=1, id=50, name="a")
    space.comment(5, "02 10:00", log("milestone", None, "b, a"))
    space.build()
    assert space.ranges("milestones", "value_text, disagrees") == [
        ("01 00:00", None, False),
        ("02 10:00", "a, b", False),
    ]
