"""Alerts as issues in Backlog itself, against a demo space over HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from backlog_assets.alerts.channels import BacklogIssues, Parcel, Undelivered
from backlog_assets.alerts.message import letter
from backlog_assets.alerts.state import Event
from backlog_assets.alerts.trial import sample
from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.demo import DemoServer, DemoSpace, Fault
from backlog_assets_tests.scripted import Clock

NOW = 1_795_000_000.0


def parcel(
    event: Event = "failing",
    *,
    delivery: str = "d1",
    remembered: str | None = None,
    again: bool = False,
    closes: bool = False,
) -> Parcel:
    notice = replace(sample(NOW, over=event == "recovered"), event=event, closes=closes)
    return Parcel(delivery, notice, letter(notice), again, remembered)


class Board:
    """A project that gets the issues."""

    def __init__(self, server: DemoServer, clock: Clock) -> None:
        self.server = server
        self.clock = clock
        client = BacklogClient(server.url, ApiKey(server.api_key), tries=1, sleep=clock.sleep, now=clock.now)
        self.channel = BacklogIssues(client, "WEB")

    def issues(self) -> list[dict[str, Any]]:
        """Issues made of alerts, oldest first."""
        rows = [issue.json() for issue in self.server.space.by_project[5001]]
        return [row for row in rows if "backlog-assets" in (row["description"] or "")]

    def comments(self, key: str) -> list[dict[str, Any]]:
        issue = self.server.space.find_issue(key)
        assert issue is not None
        return self.server.space.comments(issue)

    def updates(self) -> list[tuple[str, str]]:
        return [(one.method, one.path) for one in self.server.requests if one.method != "GET"]


@pytest.fixture
def board() -> Iterator[Board]:
    clock = Clock()
    with DemoServer(DemoSpace(issues=60), clock=clock.now) as server:
        board = Board(server, clock)
        yield board
        board.channel.close()


def test_an_incident_is_an_issue_then_comments_and_closed_in_the_end(board: Board) -> None:
    receipt = board.channel.send(parcel())
    [issue] = board.issues()
    key = issue["issueKey"]
    assert (receipt.detail, receipt.remember) == (f"issue {key}", key)
    assert (issue["summary"], issue["priority"]["id"], issue["status"]["id"]) == (
        "WARNING: sample fails in issues",
        3,
        1,
    )
    assert "http://127.0.0.1:3000/runs/sample" in issue["description"]
    board.channel.send(parcel("reminder", delivery="d2", remembered=key))
    board.channel.send(parcel("recovered", delivery="d3", remembered=key))
    assert board.issues()[0]["status"]["id"] == 1
    board.channel.send(parcel("recovered", delivery="d4", remembered=key, closes=True))
    [issue] = board.issues()
    assert issue["status"]["id"] == 4
    told = [comment["content"].split("\n")[0] for comment in board.comments(key)]
    assert told == ["WARNING, still: sample fails in issues", *["RECOVERED: sample in issues"] * 2]
    assert board.updates() == [
        ("POST", "/issues"),
        ("POST", f"/issues/{key}/comments"),
        ("POST", f"/issues/{key}/comments"),
        ("PATCH", f"/issues/{key}"),
    ]


def test_updates_are_a_second_apart(board: Board) -> None:
    key = board.channel.send(parcel()).remember
    board.channel.send(parcel("reminder", delivery="d2", remembered=key))
    board.clock.time += 0.4
    board.channel.send(parcel("reminder", delivery="d3", remembered=key))
    assert board.clock.waits == pytest.approx([1.0, 0.6])


@pytest.mark.parametrize("kind", ["500", "reset"])
def test_an_issue_that_may_have_been_made_is_looked_for_and_not_made_twice(board: Board, kind: str) -> None:
    # With 500 the issue was made and only its answer is wrong; a connection that is reset has made none.
    board.server.faults.append(Fault(kind, path="/issues", times=1))
    with pytest.raises(Undelivered, match="It is not known whether it was done") as caught:
        board.channel.send(parcel())
    assert caught.value.may_have_arrived
    receipt = board.channel.send(parcel(again=True))
    assert [receipt.remember] == [issue["issueKey"] for issue in board.issues()]


@pytest.mark.parametrize("kind", ["500", "reset"])
def test_a_comment_that_may_have_been_made_is_looked_for_and_not_made_twice(board: Board, kind: str) -> None:
    key = board.channel.send(parcel()).remember
    assert key is not None
    board.server.faults.append(Fault(kind, path=f"/issues/{key}/comments", times=1))
    with pytest.raises(Undelivered):
        board.channel.send(parcel("reminder", delivery="d2", remembered=key))
    board.channel.send(parcel("reminder", delivery="d2", remembered=key, again=True))
    assert len(board.comments(key)) == 1


def test_an_issue_that_somebody_deleted_is_made_anew_while_it_fails_and_left_alone_when_it_is_over(
    board: Board,
) -> None:
    key = board.channel.send(parcel()).remember
    assert key is not None
    issue = board.server.space.find_issue(key)
    assert issue is not None
    board.server.space.delete_issue(issue.id)
    over = board.channel.send(parcel("recovered", delivery="d2", remembered=key, closes=True))
    assert over.detail == "there is no open issue to close"
    assert board.channel.send(parcel("reminder", delivery="d3", remembered=key)).remember != key
    assert len(board.issues()) == 1


def test_an_issue_that_somebody_closed_gets_the_comment_and_stays_closed(board: Board) -> None:
    key = board.channel.send(parcel()).remember
    assert key is not None
    issue = board.server.space.find_issue(key)
    assert issue is not None
    board.server.space.update_issue(issue.id, statusId=4)
    board.channel.send(parcel("recovered", delivery="d2", remembered=key, closes=True))
    assert board.comments(key)[-1]["content"].startswith("RECOVERED: ")
    assert board.updates()[-1] == ("POST", f"/issues/{key}/comments")


def test_markup_of_a_project_is_not_read_in_what_came_from_the_space(board: Board) -> None:
    nasty = "{/code} ``` @all"
    notice = sample(NOW)
    member = replace(notice.members[0], finding=replace(notice.members[0].finding, description=nasty))
    given = replace(parcel(), letter=letter(replace(notice, members=(member,))))
    for rule in ("backlog", "markdown"):
        board.server.space.projects[5001]["textFormattingRule"] = rule
        board.channel.send(given)
    by_backlog, by_markdown = (issue["description"] for issue in board.issues())
    assert by_backlog.startswith("{code}\n")
    assert by_backlog.count("{/code}") == 1
    assert by_markdown.startswith("```\n")
    assert by_markdown.count("```") == 2


def test_a_project_or_an_issue_type_that_is_not_there_is_told(board: Board) -> None:
    client = BacklogClient(board.server.url, ApiKey(board.server.api_key), tries=1)
    with pytest.raises(Undelivered, match="Backlog refused GET /projects/NONE: 404") as caught:
        BacklogIssues(client, "NONE").send(parcel())
    assert not caught.value.may_have_arrived
    with pytest.raises(Undelivered, match="has no issue type '障害'; it has"):
        BacklogIssues(client, "WEB", "障害").send(parcel())
    types = board.server.space.issue_types[5001]
    BacklogIssues(client, "WEB", types[1]["name"]).send(parcel())
    assert board.issues()[0]["issueType"]["id"] == types[1]["id"]
    client.close()
