"""Endpoints that are asked row by row of another table: what is asked, and what becomes of what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from backlog_assets.catalogue import Column, Each, Endpoint, Paging
from backlog_assets.catalogue.columns import PROJECT_ID
from backlog_assets_tests.made_up import (
    LIKES,
    MEMOS,
    NOTES,
    PAGES,
    VERSIONS,
    MadeUp,
    Place,
    day,
    made_up,
    with_catalogue,
)
from backlog_assets_tests.scripted import Reply, ScriptedServer

NOTES_THERE = "SELECT id FROM page_notes WHERE _deleted_at IS NULL ORDER BY id"
FULL = {"ops": {"page_notes": {"config": {"full": True}}, "page_versions": {"config": {"full": True}}}}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MadeUp]:
    with_catalogue(monkeypatch, PAGES, NOTES, VERSIONS, LIKES, MEMOS)
    place = Place()
    with ScriptedServer(place.answer) as running, dg.DagsterInstance.ephemeral() as instance:
        world = made_up(tmp_path, instance, running, place)
        world.load_projects("pages")
        world.asked()
        yield world


def test_each_row_of_the_other_table_is_asked_for_and_its_records_say_whose_they_are(world: MadeUp) -> None:
    world.load("page_notes")
    assert world.asked() == [f"/pages/{page}/notes" for page in (1, 2, 3, 4)]
    assert world.rows("SELECT id, page_id, project_id FROM page_notes ORDER BY id") == [
        (page * 10 + at, page, 100 if page < 3 else 101) for page in (1, 2, 3, 4) for at in (1, 2)
    ]
    assert world.rows("SELECT note_id, id FROM page_note_stars") == [(11, 900)]


def test_a_row_that_has_not_moved_is_not_asked_for_again_unless_all_are(world: MadeUp) -> None:
    world.load("page_notes")
    world.place.pages[2]["updated"] = day(2)
    world.place.notes[2].append({"id": 29, "content": "new"})
    world.load_projects("pages")
    world.asked()
    world.load("page_notes")
    assert world.asked() == ["/pages/2/notes"]
    assert world.value("SELECT count(*) FROM page_notes") == 9
    world.load("page_notes")
    assert world.asked() == []
    world.load("page_notes", config={"ops": {"page_notes": {"config": {"full": True}}}})
    assert len(world.asked()) == 4


def test_what_a_row_no_longer_lists_is_marked_deleted_and_nothing_else(world: MadeUp) -> None:
    world.load("page_notes")
    for page in (2, 3):
        world.place.notes[page].pop()
    world.place.pages[2]["updated"] = day(2)
    world.load_projects("pages")
    world.load("page_notes")
    assert world.rows("SELECT id, _delete_evidence FROM page_notes WHERE _deleted_at IS NOT NULL") == [(22, "census")]


def test_what_belongs_to_a_row_that_is_deleted_is_deleted_with_it_and_comes_back_with_it(world: MadeUp) -> None:
    world.load("page_notes")
    gone = world.place.pages.pop(2)
    world.load_projects("pages")
    world.asked()
    result = world.load("page_notes")
    assert world.asked() == []
    assert world.rows(NOTES_THERE) == [(11,), (12,), (31,), (32,), (41,), (42,)]
    assert world.metadata(result, "page_notes")["rows_deleted"] == 2
    world.place.pages[2] = gone
    world.load_projects("pages")
    world.asked()
    world.load("page_notes")
    assert world.asked() == ["/pages/2/notes"]
    assert len(world.rows(NOTES_THERE)) == 8


def test_a_row_that_backlog_knows_no_more_is_no_failure(world: MadeUp) -> None:
    world.load("page_notes")
    world.place.pages[2]["updated"] = day(2)
    world.load_projects("pages")
    world.place.pages.pop(2)
    result = world.load("page_notes")
    assert world.metadata(result, "page_notes")["pages_gone"] == 1
    assert len(world.rows(NOTES_THERE)) == 6


def test_a_row_that_is_refused_keeps_what_it_had_and_is_asked_for_again(world: MadeUp) -> None:
    world.load("page_notes")
    before = world.rows("SELECT * FROM page_notes WHERE page_id = 2")
    world.place.pages[2]["updated"] = day(2)
    world.load_projects("pages")
    world.place.refused["/pages/2/"] = (403, 5)
    world.load("page_notes")
    assert world.rows("SELECT * FROM page_notes WHERE page_id = 2") == before
    world.place.refused.clear()
    world.asked()
    world.load("page_notes")
    assert world.asked() == ["/pages/2/notes"]


def test_projects_that_have_it_switched_off_cost_no_request_and_keep_their_rows(world: MadeUp) -> None:
    world.load("page_notes", "page_versions")
    world.place.wiki["BBB"] = False
    for page in world.place.pages.values():
        page["updated"] = day(2)
    world.asked()
    world.load_projects("pages")
    world.load("page_notes", "page_versions")
    assert world.asked() == ["/pages", "/pages/1/notes", "/pages/2/notes", "/pages/2/history?2"]
    assert world.value("SELECT count(*) FROM pages WHERE _deleted_at IS NULL") == 4
    assert len(world.rows(NOTES_THERE)) == 8


def test_what_is_only_added_is_read_from_the_highest_id_of_each_row(world: MadeUp) -> None:
    world.load("page_versions")
    assert world.asked() == ["/pages/2/history", "/pages/4/history"]
    world.place.versions[4] = 3
    world.load("page_versions")
    assert world.asked() == ["/pages/2/history?2", "/pages/4/history?2"]
    assert world.rows("SELECT page_id, version FROM page_versions ORDER BY ALL") == [
        *((2, one) for one in (1, 2)),
        *((4, one) for one in (1, 2, 3)),
    ]
    world.load("page_versions", config={"ops": {"page_versions": {"config": {"full": True}}}})
    assert world.asked() == ["/pages/2/history", "/pages/4/history"]


def test_a_load_that_was_stopped_goes_on_and_asks_nothing_twice(world: MadeUp, no_waiting: list[float]) -> None:
    broken = Place()

    def answer(asked: object) -> object:
        return Reply(reset=True) if "/pages/3/" in asked.path else broken.answer(asked)

    running = world.server.running
    running._script = answer
    failures = world.failures(world.load("page_notes", fails=True))
    assert list(failures) == ["page_notes"]
    running._script = broken.answer
    world.asked()
    world.load("page_notes")
    assert world.asked() == ["/pages/3/notes", "/pages/4/notes"]
    assert len(world.rows(NOTES_THERE)) == 8


def test_a_chosen_project_is_asked_for_alone(world: MadeUp) -> None:
    world.settings["projects"] = "BBB"
    world.load("page_notes")
    assert world.asked() == ["/pages/3/notes", "/pages/4/notes"]


def test_what_is_asked_of_rows_asked_for_row_by_row_is_loaded_after_them(world: MadeUp) -> None:
    world.load("page_notes", "note_likes")
    assert world.asked()[-2:] == ["/projects/101/notes/41/likes", "/projects/101/notes/42/likes"]
    assert world.value("SELECT count(*) FROM note_likes") == 8


def test_a_record_that_is_the_row_itself_told_in_full_needs_no_field_that_says_so(
    world: MadeUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Column("updated", "TIMESTAMPTZ", "When it last changed.")
    each = Each("pages", adds=(("projectId", "project_id"),), moved="updated")
    whole = replace(NOTES, name="page_texts", path="/pages/{id}", paging=Paging.ONE, each=each, children=())
    with_catalogue(monkeypatch, PAGES, replace(whole, columns=(PAGES.columns[0], PROJECT_ID, text)))
    world.load("page_texts")
    gone = world.place.pages.pop(2)
    world.load_projects("pages")
    world.load("page_texts")
    assert world.rows("SELECT id, project_id, _deleted_at IS NULL FROM page_texts ORDER BY id") == [
        (1, 100, True), (2, 100, False), (3, 101, True), (4, 101, True),
    ]  # fmt: skip
    assert gone["id"] == 2


def test_an_entry_of_ten_lines_becomes_an_asset_and_a_loaded_table(
    world: MadeUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = Endpoint(
        name="reminders",
        path="/memos",
        doc="What somebody wants to be reminded of.",
        doc_ja="リマインダー。",
        docs_page="get-reminders",
        group="people",
        columns=(Column("id", "BIGINT", "Unique in the space."),),
    )
    with_catalogue(monkeypatch, PAGES, added)
    outcome = world.sync("reminders")
    assert [(one.table, one.rows) for one in outcome.tables] == [("reminders", 2)]
    assert world.rows("SELECT id FROM reminders ORDER BY id") == [(1,), (2,)]
    assert dg.AssetKey(["backlog", "reminders"]) in world.definitions.resolve_asset_graph().get_all_asset_keys()
