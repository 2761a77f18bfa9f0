"""Loads that fail or are stopped in the middle: what is kept for the next one, and what is not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from backlog_assets.demo import DemoServer, DemoSpace, Fault
from backlog_assets.errors import Misfit, Unavailable, WarehouseBusy
from backlog_assets.loading import Loader
from backlog_assets_tests.conftest import World
from backlog_assets_tests.direct import COMMENTS, Direct
from backlog_assets_tests.processes import foreign_holder

ISSUES = 12


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(DemoSpace(issues=ISSUES)) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, server: DemoServer) -> Direct:
    made = Direct(tmp_path, server.url, server.api_key)
    made.load("issues")
    server.requests.clear()
    return made


def kept(place: Direct) -> list[str]:
    """The kinds of files that lie in the spool folder."""
    return sorted({path.suffix for path in (place.folder / "spool").rglob("*") if path.is_file()})


def issue_at(server: DemoServer, at: int) -> int:
    return sorted(server.space.issues)[at]


def test_trouble_that_may_pass_costs_nothing_of_what_was_read(
    place: Direct, server: DemoServer, no_waiting: list[float]
) -> None:
    server.faults.append(Fault("500", f"/issues/{issue_at(server, 8)}/comments"))
    with pytest.raises(Unavailable):
        place.load(COMMENTS)
    assert kept(place) == [".journal", ".lock"]
    server.faults.clear()
    server.requests.clear()
    assert place.load(COMMENTS)["requests"] == ISSUES - 8
    assert kept(place) == []


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, dg.DagsterExecutionInterruptedError])
def test_a_load_that_is_cancelled_goes_on_next_time(
    place: Direct, server: DemoServer, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    def stopped(*_: Any) -> Any:
        raise stop

    monkeypatch.setattr(Loader, "load", stopped)
    with pytest.raises(stop):
        place.load(COMMENTS)
    monkeypatch.undo()
    assert kept(place) == [".journal", ".lock"]
    assert place.load(COMMENTS)["requests"] == 0
    assert kept(place) == []


def test_a_value_that_does_not_fit_is_asked_for_again(place: Direct, server: DemoServer) -> None:
    server.space.comment(issue_at(server, 8), "at least one")
    server.faults.append(Fault("bad_value", f"/issues/{issue_at(server, 8)}/comments", field="created"))
    with pytest.raises(Misfit):
        place.load(COMMENTS)
    assert kept(place) == []
    server.faults.clear()
    assert place.load(COMMENTS)["requests"] == ISSUES


def test_a_database_that_is_held_costs_nothing_of_what_was_read(place: Direct, server: DemoServer) -> None:
    spooled, run = place.read(COMMENTS)
    manager = place.manager
    manager.warehouse = manager.warehouse.within(0.2)
    with foreign_holder(place.database), pytest.raises(WarehouseBusy):
        manager.write(spooled, run)
    assert kept(place) == [".journal", ".lock"]
    assert place.load(COMMENTS)["requests"] == 0


def test_what_fails_for_no_reason_known_is_tried_once_more_and_then_read_anew(
    place: Direct, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("nobody knows")

    monkeypatch.setattr(Loader, "load", broken)
    requests: list[int] = []
    for _ in range(3):
        server.requests.clear()
        with pytest.raises(RuntimeError):
            place.load(COMMENTS)
        requests.append(len(server.requests))
    assert requests == [ISSUES, 0, ISSUES]


def test_two_loads_at_once_never_go_on_with_the_same_stopped_one(place: Direct, server: DemoServer) -> None:
    spooled, _ = place.read(COMMENTS)
    spooled.leave()
    server.requests.clear()
    first, run = place.read(COMMENTS)
    found: list[Any] = []
    other = threading.Thread(target=lambda: found.append(place.read(COMMENTS)))
    other.start()
    other.join()
    [(second, _)] = found
    assert (first.requests, second.requests) == (0, ISSUES)
    place.manager.write(first, run)
    second.discard()
    assert kept(place) == []


def test_what_is_in_the_tables_already_is_never_loaded_again(
    place: Direct, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled, run = place.read(COMMENTS)
    monkeypatch.setattr(spooled, "discard", spooled.leave)  # killed after the commit, before it is swept up
    place.manager.write(spooled, run)
    assert kept(place) == [".journal", ".lock"]
    server.space.comment(issue_at(server, 0), "since then")
    place.load("issues")
    server.requests.clear()
    assert place.load(COMMENTS)["inserted"] == 1
    assert len(server.requests) == 1


def test_an_issue_that_changed_while_the_load_was_stopped_is_asked_for_again_and_no_other(
    place: Direct, server: DemoServer
) -> None:
    spooled, _ = place.read(COMMENTS)
    spooled.leave()
    changed, gone = issue_at(server, 3), issue_at(server, 5)
    server.space.comment(changed, "while it was stopped")
    server.space.delete_issue(gone)
    place.load("issues")
    server.requests.clear()
    done = place.load(COMMENTS)
    assert [request.path for request in server.requests] == [f"/issues/{changed}/comments"]
    assert done["answers_of_a_stopped_run"] == ISSUES - 2
    ids = [one["id"] for issue in server.space.issues.values() for one in server.space.comments(issue)]
    assert place.rows("SELECT id FROM issue_comments ORDER BY id") == [(one,) for one in sorted(ids)]


Change = Callable[[Direct], Any]


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        (lambda place: place.settings.update(spool_hours=0), ISSUES),
        (lambda place: setattr(place, "key", "demo-member-key"), ISSUES),
        (lambda place: place.settings.update(spool_hours=48), 0),
    ],
    ids=["spools are off", "another user", "the same terms"],
)
def test_settings_say_whether_a_load_goes_on(place: Direct, server: DemoServer, change: Change, asked: int) -> None:
    spooled, _ = place.read(COMMENTS)
    spooled.leave()
    change(place)
    assert place.load(COMMENTS)["requests"] == asked


def test_a_run_that_failed_goes_on_in_the_next_run_and_tells_so(world: World, no_waiting: list[float]) -> None:
    world.load("issues")
    middle = sorted(world.space.issues)[30]
    world.server.faults.append(Fault("500", f"/issues/{middle}/comments"))
    world.load(COMMENTS, fails=True)
    assert world.rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'issue_comments'") == []
    world.server.faults.clear()
    world.server.requests.clear()
    told = world.metadata(world.load(COMMENTS), COMMENTS)
    assert (told["answers_of_a_stopped_run"], told["requests"]) == (30, 10)
    assert len([one for one in world.server.requests if "comments" in one.path]) == 10
    assert list((world.folder / "spool").rglob("*.journal")) == []
