"""What a sync, the doctor and the checks make of tables asked row by row, refused, switched off or left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from backlog_assets.assets import build_assets
from backlog_assets.catalogue.table import table_of
from backlog_assets.checks import build_checks
from backlog_assets.checks.upkeep import IS_FRESH
from backlog_assets.choice import choice_from
from backlog_assets.client import BacklogClient
from backlog_assets.credentials import ApiKey
from backlog_assets.doctor import costs, findings, note_findings, patient
from backlog_assets.specs import IO_MANAGER, Options
from backlog_assets.sync import Outcome, sync
from backlog_assets_tests.checking import opened, spoiled
from backlog_assets_tests.made_up import LIKES, MEMOS, NOTES, PAGES, VERSIONS, MadeUp, Place, made_up, with_catalogue
from backlog_assets_tests.scripted import ScriptedServer


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MadeUp]:
    with_catalogue(monkeypatch, PAGES, NOTES, VERSIONS, LIKES, MEMOS)
    place = Place()
    with ScriptedServer(place.answer) as running, dg.DagsterInstance.ephemeral() as instance:
        yield made_up(tmp_path, instance, running, place)


def synced(world: MadeUp, tables: str = "") -> Outcome:
    """A sync with BACKLOG_TABLES, checks included."""
    options = Options(choice=choice_from(tables))
    defs = dg.Definitions(
        assets=build_assets(options),
        asset_checks=build_checks(options),
        resources={"backlog": world.backlog, IO_MANAGER: world.io_manager},
        executor=dg.in_process_executor,
    )
    return sync(defs, world.instance, world.io_manager, choice=options.choice)


def rights(world: MadeUp) -> list[tuple[object, ...]]:
    return world.rows(
        "SELECT table_name, project_key, readable, code, was_readable FROM permissions "
        "WHERE table_name <> 'projects' ORDER BY table_name, project_key NULLS FIRST"
    )


def test_a_sync_loads_the_rows_first_and_then_what_is_asked_for_them(world: MadeUp) -> None:
    outcome = world.sync()
    assert outcome.succeeded
    assert [one.table for one in outcome.tables] == [
        "projects",
        "pages",
        "page_notes",
        "page_note_stars",
        "page_versions",
        "memos",
    ]
    assert len(outcome.run_ids) == 3
    assert world.rows("SELECT count(*) FROM page_notes") == [(8,)]


def test_what_may_not_be_read_of_a_project_is_one_warning_and_the_rest_is_loaded(world: MadeUp) -> None:
    world.place.refused = {"/pages?BBB": (403, 5), "/pages/1/notes": (403, 5), "/memos": (403, 5)}
    outcome = world.sync()
    assert outcome.succeeded
    assert {(one.table, one.check, one.is_error) for one in outcome.checks_failed} == {
        ("pages", "may_be_read", False),
        ("memos", "may_be_read", False),
    }
    assert rights(world) == [
        ("memos", None, False, 5, False),
        ("page_notes", "AAA", True, None, True),
        ("page_versions", "AAA", True, None, True),
        ("pages", "AAA", True, None, True),
        ("pages", "BBB", False, 5, False),
    ]
    world.place.refused = {"/pages/": (403, 5)}
    lost = world.sync()
    assert {(one.table, one.is_error, one.found) for one in lost.checks_failed} == {
        (
            name,
            is_error,
            f"The key may not read {name} of {where}. The rows that are there stay as they are.",
        )
        for name, is_error, where in (
            ("page_notes", True, "2 projects: AAA, BBB; it could before (1 right lost)"),
            ("page_versions", True, "2 projects: AAA, BBB; it could before (1 right lost)"),
        )
    }
    assert not lost.failures
    assert world.rows("SELECT count(*) FROM page_notes WHERE _deleted_at IS NULL") == [(2,)]


def test_a_table_for_whose_rows_others_are_asked_takes_them_with_it_when_it_fails(world: MadeUp) -> None:
    world.place.refused = {"/pages?": (400, 7)}
    outcome = world.sync()
    assert list(outcome.failures) == ["pages"]
    assert outcome.notes[-2:] == [
        f"{name} was not loaded, because the table for whose rows it is asked was not, or is not in order."
        for name in ("page_notes", "page_versions")
    ]


def test_what_is_left_out_is_not_asked_for_and_does_not_grow_stale(world: MadeUp) -> None:
    outcome = synced(world, "-memos,-AAA:pages,+note_likes,-page_versions")
    assert outcome.succeeded
    assert set(world.asked()) == {
        "/pages", "/pages/3/notes", "/pages/4/notes",
        *(f"/projects/101/notes/{note}/likes" for note in (31, 32, 41, 42)),
    }  # fmt: skip
    world.place.wiki["BBB"] = False
    with opened(world.io_manager.warehouse()) as connection, spoiled(connection) as spoilt:
        spoilt.do("UPDATE loads SET loaded_at = loaded_at - INTERVAL 3 DAYS")
        spoilt.do("UPDATE project_loads SET loaded_at = loaded_at - INTERVAL 3 DAYS")
        spoilt.do("UPDATE projects SET _loaded_at = _loaded_at - INTERVAL 3 DAYS, use_wiki = (project_key <> 'AAA')")
        assert IS_FRESH.find(spoilt.scene, PAGES, table_of(PAGES)).partitions == ("BBB",)
        spoilt.do("UPDATE permissions SET readable = false WHERE table_name = 'pages'")
        assert IS_FRESH.find(spoilt.scene, PAGES, table_of(PAGES)).passed
        assert IS_FRESH.find(spoilt.scene, LIKES, table_of(LIKES)).passed
        assert not IS_FRESH.find(spoilt.scene, NOTES, table_of(NOTES)).passed


def test_the_doctor_tries_each_table_and_tells_its_cost(world: MadeUp) -> None:
    client = BacklogClient(world.server.url, ApiKey("key"))
    warehouse = world.io_manager.warehouse()
    before = {one.endpoint.name: one for one in findings(client, patient(client, warehouse, None, choice_from("")))}
    assert (before["pages"].requests, before["page_notes"].readable, before["page_notes"].at_least) == (2, None, True)
    world.sync()
    world.place.wiki["BBB"] = False
    world.place.refused = {"/memos": (403, 5)}
    world.load("projects")
    found = patient(client, warehouse, None, choice_from("-page_versions"))
    tried = list(findings(client, found))
    by_name = {one.endpoint.name: one for one in tried}
    assert {name: (one.readable, one.requests) for name, one in by_name.items()} == {
        "projects": (True, 1),
        "pages": (True, 1),
        "page_notes": (True, 0),
        "page_versions": (True, 1),
        "note_likes": (True, 4),
        "memos": (False, 0),
    }
    assert by_name["note_likes"].detail.endswith("; opt-in: BACKLOG_TABLES=+note_likes loads it")
    assert by_name["page_versions"].detail.endswith("; left out (BACKLOG_TABLES)")
    assert [one.requests for one in costs(client, tried, 0.1)] == [2]
    note_findings(warehouse, tried)
    assert ("memos", None, False, 5, True) in rights(world)
    assert ("note_likes", "AAA", True, None, True) in rights(world)
