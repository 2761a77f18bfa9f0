"""What a probe says of a space: every judgement both ways, then whole probes of spaces that differ."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from backlog_assets.cli import main
from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.demo import DemoServer, DemoSpace, Fault
from backlog_assets.errors import Unauthorized, Unavailable
from backlog_assets.probe import MOST, Judgement, Verdict, judgements, probe
from backlog_assets.probe.judgements import Told

HOLDS, HANDLED, FAILS, UNKNOWN = Verdict.HOLDS, Verdict.HANDLED, Verdict.FAILS, Verdict.UNKNOWN

EARLY, LATE = "2026-03-01T01:00:00Z", "2026-03-01T20:00:00Z"
"""Both of 1 March in UTC; in Tokyo the second is of 2 March."""

REFUSED, MISSING, UNDEFINED = Told(None, 403, 5), Told(None, 404, 6), Told(None, 400, 6)


def row(id_: int, at: str = EARLY, updated: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": id_, "created": at, "updated": updated or at, **more}


# --- each judgement


@pytest.mark.parametrize(
    ("judged", "verdict", "seen"),
    [
        (judgements.key_place("header"), HOLDS, "the header was taken"),
        (judgements.key_place("query"), HANDLED, "in the query"),
        (judgements.key_place("bearer"), UNKNOWN, "OAuth2"),
        (
            judgements.rate_limits({"read": 600, "search": 150}, {"read": 600, "search": 150}),
            HOLDS,
            "search 150 a minute",
        ),
        (judgements.rate_limits({"read": 600, "search": 150}, {"read": 600, "search": 600}), HANDLED, "says read 600"),
        (judgements.rate_limits({"read": 60, "search": 60}, {"read": 60, "search": 60}), UNKNOWN, "cannot be told"),
        (judgements.rate_limits({"read": 60}, {}), HANDLED, "no X-RateLimit headers"),
        (judgements.id_border("minId", 7, [8, 9]), HOLDS, "exclusive"),
        (judgements.id_border("minId", 7, [7, 8]), HANDLED, "inclusive"),
        (judgements.id_border("minId", 0, []), UNKNOWN, "too few"),
        (judgements.ascending_activities([row(1), row(2, LATE)]), HOLDS, "2 activities"),
        (judgements.ascending_activities([row(1, LATE), row(2)]), HANDLED, "1 of 2 activities are older"),
        (judgements.ascending_activities([row(2), row(1)]), FAILS, "do not ascend"),
        (judgements.ascending_activities([row(2)]), UNKNOWN, "fewer"),
        (judgements.retention(row(1), row(9)), HOLDS, "begin on 2026-03-01"),
        (judgements.retention(row(1), row(9, "2020-01-01T00:00:00Z")), HANDLED, "the oldest issue is of 2020-01-01"),
        (judgements.retention(None, row(9)), UNKNOWN, "no activity"),
        (judgements.deletion(row(1), MISSING), HOLDS, "404, code 6"),
        (judgements.deletion(row(1), REFUSED), HANDLED, "403, code 5"),
        (judgements.deletion(row(1), Told({})), HANDLED, "still there"),
        (judgements.deletion(None, None), UNKNOWN, "no issue was deleted"),
        (judgements.unknown_id(7, Told([row(7)])), HOLDS, "so it is"),
        (judgements.unknown_id(7, Told([row(7), row(8)])), FAILS, "2 issues came"),
        (judgements.unknown_id(7, Told([])), FAILS, "0 issues came"),
        (judgements.unknown_id(7, Told(None, 400, 7)), FAILS, "400, code 7"),
        (judgements.unknown_id(None, None), UNKNOWN, "no issue"),
        (judgements.comment_moves_updated(row(1), row(9, updated=LATE)), HOLDS, "issue updated"),
        (judgements.comment_moves_updated(row(1, LATE), row(9)), HANDLED, "names the issue as well"),
        (judgements.comment_moves_updated(None, row(9)), UNKNOWN, "no comment"),
        (judgements.edit_moves_updated([row(1, updated=LATE)], row(9)), HOLDS, "comment edited"),
        (judgements.edit_moves_updated([row(1, updated=LATE)], row(9, updated=LATE)), HANDLED, "comment edited"),
        (judgements.edit_moves_updated([row(1, updated=LATE), row(2, LATE)], row(9, LATE)), UNKNOWN, "hides"),
        (judgements.edit_moves_updated([row(1)], row(9)), UNKNOWN, "no edited comment"),
        (judgements.comments_counted(2, [row(1), row(2)]), HOLDS, "2 and 2"),
        (judgements.comments_counted(1, [row(1), row(2)]), FAILS, "counted 1, listed 2"),
        (judgements.comments_counted(None, []), UNKNOWN, "no comments"),
        (judgements.comments_counted(100, [row(at) for at in range(100)]), UNKNOWN, "too many"),
        (
            judgements.steady_order([row(1), row(2), row(3, LATE)], [row(2), row(3, LATE)]),
            HOLDS,
            "1 of the same second, by id",
        ),
        (judgements.steady_order([row(2), row(1)], [row(1)]), HOLDS, "not by id"),
        (judgements.steady_order([row(1), row(2, LATE)], [row(2, LATE)]), HOLDS, "none of the same second"),
        (judgements.steady_order([row(1), row(2)], [row(1)]), HANDLED, "another"),
        (judgements.steady_order([row(1)], []), UNKNOWN, "fewer"),
        (judgements.until_inclusive(1), HOLDS, "included"),
        (judgements.until_inclusive(0), HANDLED, "not included"),
        (judgements.until_inclusive(None), UNKNOWN, "no issue"),
        (judgements.highest_offset(10_000, Told([])), HOLDS, "offset=10,000 is answered"),
        (judgements.highest_offset(10_000, Told(None, 400, 7)), FAILS, "400, code 7"),
        (judgements.form_of_days([row(1, dueDate="2026-03-01T00:00:00Z")]), HOLDS, "T00:00:00Z"),
        (judgements.form_of_days([row(1, startDate="2026-03-01T15:00:00Z")]), HANDLED, "T15:00:00Z"),
        (judgements.form_of_days([row(1, dueDate=None)]), UNKNOWN, "no issue looked at"),
        (judgements.whole_space(5, 5), HOLDS, "5 issues both ways"),
        (judgements.whole_space(5, 6), FAILS, "5 issues without, 6 with"),
        (judgements.whole_space(0, None), UNKNOWN, "no project"),
        (judgements.foreign_project(MISSING), HOLDS, "404, code 6"),
        (judgements.foreign_project(Told(None, 401, 5)), HOLDS, "401, code 5"),
        (judgements.foreign_project(Told(None, 418, None)), HANDLED, "418 without a code"),
        (judgements.foreign_project(Told([])), HANDLED, "it is answered"),
        (judgements.foreign_project(None), UNKNOWN, "not joined"),
        (judgements.archived_project(Told([])), HOLDS, "read"),
        (judgements.archived_project(REFUSED), HANDLED, "its rows stay"),
        (judgements.archived_project(None), UNKNOWN, "no archived"),
        (judgements.categories(Told([]), UNDEFINED), HOLDS, "so it is"),
        (judgements.categories(UNDEFINED, Told([])), HANDLED, "/components"),
        (judgements.categories(UNDEFINED, UNDEFINED), FAILS, "400, code 6"),
        (judgements.categories(None, None), UNKNOWN, "no project"),
        (judgements.unknown_path({"/a": UNDEFINED, "/b": Told([])}), HOLDS, "/a: 400, code 6"),
        (judgements.unknown_path({"/a": MISSING}), HANDLED, "/a: 404, code 6"),
        (judgements.unknown_path({"/a": Told([])}), UNKNOWN, "/a: known here"),
        (judgements.missing_right(REFUSED), HOLDS, "/users: 403, code 5"),
        (judgements.missing_right(Told(None, 400, 2)), HANDLED, "400, code 2"),
        (judgements.missing_right(Told([])), UNKNOWN, "may read"),
    ],
)
def test_a_judgement_says_what_was_seen_and_whether_that_was_assumed(
    judged: Judgement, verdict: Verdict, seen: str
) -> None:
    assert judged.verdict is verdict
    assert seen in judged.seen


@pytest.mark.parametrize(
    ("zone", "updated", "asked"),
    [
        ("Asia/Tokyo", LATE, (1, "2026-03-02", "Asia/Tokyo", "UTC")),
        ("America/New_York", EARLY, (1, "2026-03-01", "UTC", "America/New_York")),
    ],
)
def test_the_zone_of_dates_is_asked_with_an_issue_that_tells(zone: str, updated: str, asked: tuple[Any, ...]) -> None:
    question = judgements.zone_question([row(1, updated=updated)], zone)
    assert question == judgements.ZoneQuestion(*asked)
    assert f"read in {question.comes_in}" in judgements.zone_of_dates(question, 1).seen
    assert f"read in {question.else_in}" in judgements.zone_of_dates(question, 0).seen


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC", "", "Nowhere/At all"])
def test_no_issue_tells_no_zone(zone: str) -> None:
    assert judgements.zone_question([row(1)], zone) is None
    assert judgements.zone_of_dates(None, None).verdict is UNKNOWN


def test_the_day_asked_for_is_the_same_in_both_zones() -> None:
    assert judgements.until_day([row(1, LATE), row(2)], "Asia/Tokyo") == (2, "2026-03-01")
    assert judgements.until_day([row(1, LATE)], "Asia/Tokyo") is None
    assert judgements.until_day([row(1, LATE)], "") == (1, "2026-03-01")


# --- whole probes


def probed(
    space: DemoSpace | None = None, faults: tuple[Fault, ...] = (), *, member: bool = False, **server: Any
) -> dict[str, Judgement]:
    """What a probe says of a space, by assumption."""
    with DemoServer(space or DemoSpace(issues=40), **server) as running:
        running.faults.extend(faults)
        key = ApiKey(running.member_key if member else running.api_key)
        with BacklogClient(running.url, key, sleep=lambda _: None) as client:
            found = list(probe(client))
        assert {asked.method for asked in running.requests} == {"GET"}
        assert len(running.requests) <= MOST + 1  # once more where the header is not taken
        assert len({judged.assumption for judged in found}) == len(found) == 22
    return {judged.assumption: judged for judged in found}


def verdict(found: dict[str, Judgement], beginning: str) -> Verdict:
    [judged] = [judged for assumption, judged in found.items() if assumption.startswith(beginning)]
    return judged.verdict


def test_the_demo_space_does_what_is_assumed() -> None:
    found = probed(plan="free")
    assert [judged for judged in found.values() if judged.verdict in (HANDLED, FAILS)] == []
    assert verdict(found, "Every answer tells what is left") is HOLDS
    assert sum(judged.verdict is HOLDS for judged in found.values()) >= 16


def test_a_space_that_does_everything_the_other_way_is_told_so() -> None:
    space = DemoSpace(issues=40, dates="jst")
    space.create_issue("WEB", at=1_788_200_000)  # 2026-08-31 18:53 in UTC
    issue = space.create_issue("WEB", at=1_788_200_000)
    space.comment(issue.id, "edited later", at=1_788_200_000)["updated"] = "2026-09-02T00:00:00Z"
    found = probed(
        space,
        accept_header_key=False,
        components_instead_of_categories=True,
        id_paging="inclusive",
        updated_since_zone="Asia/Tokyo",
    )
    for beginning in ("minId", "maxId", "Days come", "Categories are", "The API key"):
        assert verdict(found, beginning) is HANDLED, beginning
    assert verdict(found, "Editing a comment") is HOLDS
    [zone] = [judged for judged in found.values() if judged.assumption.startswith("updatedSince")]
    assert "it is read in Asia/Tokyo" in zone.seen


def test_a_space_read_in_utc_says_so() -> None:
    space = DemoSpace(issues=40)
    space.create_issue("WEB", at=1_788_200_000)
    [zone] = [judged for judged in probed(space).values() if judged.assumption.startswith("updatedSince")]
    assert "it is read in UTC" in zone.seen
    assert zone.verdict is HOLDS


def test_a_member_without_rights_sees_how_he_is_refused() -> None:
    assert verdict(probed(member=True), "What the key may not read") is HOLDS


def test_an_administrator_sees_how_a_project_is_refused_that_he_has_not_joined() -> None:
    space = DemoSpace(issues=40)
    space.remove_member("OPS", space.owner)
    assert verdict(probed(space), "A project that was not joined") is HOLDS
    paths = Fault("403", path=f"/projects/{space.project_id('OPS')}/versions")
    assert verdict(probed(space, (paths,)), "A project that was not joined") is HOLDS


def test_what_nothing_makes_up_for_is_told() -> None:
    refused = (Fault("404", path="/projects/*/categories"), Fault("404", path="/projects/*/versions"))
    found = probed(None, refused)
    assert verdict(found, "Categories are") is FAILS
    assert verdict(found, "Archived projects") is HANDLED


def test_where_everything_is_refused_nothing_can_be_told_and_nothing_breaks() -> None:
    found = probed(None, (Fault("403"),))
    assert sum(judged.verdict is UNKNOWN for judged in found.values()) >= 14


def test_an_empty_space_can_be_probed() -> None:
    space = DemoSpace(issues=0, activities=0)
    found = probed(space)
    assert not [judged for judged in found.values() if judged.verdict is FAILS]


@pytest.mark.parametrize(("kind", "error"), [("401", Unauthorized), ("500", Unavailable)])
def test_what_makes_every_question_pointless_ends_the_probe(kind: str, error: type[Exception]) -> None:
    with DemoServer(DemoSpace(issues=5)) as server:
        server.faults.append(Fault(kind))
        with (
            BacklogClient(server.url, ApiKey(server.api_key), sleep=lambda _: None) as client,
            pytest.raises(error),
        ):
            list(probe(client))


def test_the_command_prints_the_findings_and_what_they_cost(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.delenv("BACKLOG_PROJECTS", raising=False)
    with DemoServer(DemoSpace(issues=40)) as server:
        monkeypatch.setenv("BACKLOG_SPACE", server.url)
        monkeypatch.setenv("BACKLOG_API_KEY", server.api_key)
        result = CliRunner().invoke(main, ["doctor", "--probe"])
        assert result.exit_code == 0, result.output
        assert "the other way, which is not handled: 0" in result.output
        assert f"Spent {len(server.requests) - 2} requests (read " in result.output.replace("\n", " ")
        assert server.api_key not in result.output
        server.faults.append(Fault("404", path="/projects/*/categories"))
        assert CliRunner().invoke(main, ["doctor", "--probe"]).exit_code == 1
    assert list(tmp_path.iterdir()) == []
