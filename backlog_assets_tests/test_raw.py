"""Loads that are kept: what is on disk, whatever happens in between, and for how long."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.errors import Misconfigured
from backlog_assets.keeping import raw_folder_from, raw_from, seal
from backlog_assets.manifest import NOT_KEPT, Kept, Manifest, facts_of, gaps, superseded, with_facts
from backlog_assets.raw import Raw
from backlog_assets.spool import Denial, Spooled
from backlog_assets_tests.conftest import World
from backlog_assets_tests.kept import again, contents, kept_of, raw_of


@pytest.fixture
def world(build_world: Callable[..., World]) -> World:
    made = build_world(issues=60)
    made.keep_raw = True
    return made


# --- what is on disk


def test_each_load_is_a_folder_of_its_table_and_day_with_a_manifest_and_readable_lines(world: World) -> None:
    world.load("issues")
    root = world.folder / "raw"
    [manifest_file] = root.rglob("manifest.json")
    space, table, day, name, _ = manifest_file.relative_to(root).parts
    assert (space, table) == (world.backlog.space_name.replace(":", "-"), "issues")
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    assert manifest["loaded_at"].startswith(day)
    assert name.endswith(manifest["run_id"][:8])
    told = {key: manifest[key] for key in ("space", "table", "path", "mode", "anew", "follows", "format")}
    assert told == {
        "space": world.backlog.space_name,
        "table": "issues",
        "path": "/issues",
        "mode": "changes",
        "anew": True,
        "follows": None,
        "format": 1,
    }
    assert manifest["parts"]["issues"]["lines"] == 60
    with gzip.open(manifest_file.parent / "issues.ndjson.gz", "rt", encoding="utf-8") as lines:
        ids = sorted(json.loads(line)["id"] for line in lines)
    assert ids == sorted(world.space.issues)
    query = f"SELECT count(*) FROM read_json('{manifest_file.parent}/issues.ndjson.gz')"
    assert duckdb.connect().execute(query).fetchall() == [(60,)]
    assert not list((root / space / ".staged").iterdir())
    assert not list((world.folder / "spool").rglob("*.ndjson"))


def test_nothing_is_kept_unless_it_is_asked_for(world: World) -> None:
    world.keep_raw = False
    world.load("issues")
    assert not (world.folder / "raw").exists()


def test_a_load_that_fails_is_not_kept(world: World) -> None:
    world.load("projects")
    for project_id in list(world.space.projects):
        world.space.hide_project(world.space.projects[project_id]["projectKey"])
    world.load("projects", fails=True)
    assert len(kept_of(world)) == 1
    assert not list((world.folder / "raw").rglob(".staged/*"))


def test_a_folder_that_cannot_be_written_stops_the_load_before_it_is_written(world: World) -> None:
    (world.folder / "raw").write_text("in the way", encoding="utf-8")
    failed = world.load("priorities", fails=True)
    assert "BACKLOG_KEEP_RAW" in world.failures(failed)["priorities"]
    assert not world.database.exists()


# --- killed in between


def test_killed_after_the_commit_the_load_is_kept_by_the_next_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.load("priorities")
    with monkeypatch.context() as patch:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Raw, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            world.load("resolutions")
    assert world.value("SELECT count(*) FROM resolutions") == 5
    assert kept_of(world, "resolutions") == []
    world.load("priorities")
    assert len(kept_of(world, "resolutions")) == 1
    again(world, into=world.folder / "again.duckdb")
    assert contents(world.folder / "again.duckdb") == contents(world.database)


def test_killed_before_the_commit_the_load_is_not_kept_by_the_next_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.load("priorities")
    with monkeypatch.context() as patch:

        def seal_and_die(*arguments: Any) -> None:
            seal(*arguments)
            raise KeyboardInterrupt

        patch.setattr("backlog_assets.io_manager.seal", seal_and_die)
        with pytest.raises(KeyboardInterrupt):
            world.load("resolutions")
    assert len(list((world.folder / "raw").rglob(".staged/*/manifest.json"))) == 1
    world.load("priorities")
    assert kept_of(world, "resolutions") == []
    assert not list((world.folder / "raw").rglob(".staged/*"))
    again(world, into=world.folder / "again.duckdb")
    assert contents(world.folder / "again.duckdb") == contents(world.database)


def test_a_load_that_is_done_again_with_more_memory_is_kept_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def seal_and_run_out(*arguments: Any) -> None:
        seal(*arguments)
        tried.append(arguments[3])
        if len(tried) == 1:
            raise duckdb.OutOfMemoryException("at the commit")

    monkeypatch.setattr("backlog_assets.io_manager.seal", seal_and_run_out)
    world.load("resolutions")
    assert len(tried) == 2
    assert len(kept_of(world)) == 1
    assert not list((world.folder / "raw").rglob(".staged/*"))


def test_what_another_warehouse_has_ready_is_left_to_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Raw, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            world.load("resolutions")
    raw_of(world).recover(world.backlog.space_name, "another", lambda table, at: False)
    assert len(list((world.folder / "raw").rglob(".staged/*/manifest.json"))) == 1


def test_what_is_wrong_with_raw_loads_after_the_commit_fails_no_load(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.raw_days = 30
    world.load("resolutions")
    [one] = kept_of(world)
    (one.folder / "manifest.json").write_text("{", encoding="utf-8")
    world.load("resolutions")
    assert "something is wrong with its raw loads" in caplog.text
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(Raw, "put", full)
        world.load("priorities")
    assert "No space left on device" in caplog.text
    shutil.rmtree(one.folder)
    world.load("resolutions")
    assert [kept.manifest.table for kept in kept_of(world)] == ["resolutions", "priorities", "resolutions"]


def test_in_a_warehouse_that_others_may_be_writing_only_old_leftovers_are_removed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Raw, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            world.load("resolutions")
    [manifest] = (world.folder / "raw").rglob(".staged/*/manifest.json")
    mark = json.loads(manifest.read_text(encoding="utf-8"))["warehouse"]
    for patience, left in ((60, True), (0, False)):
        raw_of(world).recover(world.backlog.space_name, mark, lambda table, at: False, patience_seconds=patience)
        assert manifest.exists() is left


# --- how long


DAY = datetime(2026, 3, 1, tzinfo=timezone.utc)


def a_load(day: int, *, anew: bool = True, projects: Sequence[int] | None = None, follows: int | None = None) -> Kept:
    manifest = Manifest(
        space="s",
        table="t",
        path="/t",
        run_id=str(day),
        mode="snapshot",
        loaded_at=DAY + timedelta(days=day),
        anew=anew,
        follows=None if follows is None else DAY + timedelta(days=follows),
        warehouse="w",
        shape="",
        parts={},
        spooled={"projects": None if projects is None else {str(id_): id_ for id_ in projects}},
    )
    return Kept(Path(str(day)), manifest)


@pytest.mark.parametrize(
    ("loads", "removed"),
    [
        ([a_load(0), a_load(1), a_load(2)], ["0", "1"]),
        ([a_load(0), a_load(1), a_load(20)], ["0"]),
        ([a_load(0), a_load(1, anew=False), a_load(2, anew=False)], []),
        ([a_load(0), a_load(1, anew=False), a_load(2), a_load(3, anew=False)], ["0", "1"]),
        ([a_load(0, projects=[1, 2]), a_load(1, projects=[1]), a_load(2, projects=[2])], ["0"]),
        ([a_load(0, projects=[1, 2, 3]), a_load(1, projects=[1]), a_load(2, projects=[2])], []),
        ([a_load(0, projects=[1, 2]), a_load(1)], ["0"]),
        ([a_load(0), a_load(1, projects=[1])], []),
        ([], []),
    ],
)
def test_a_load_is_dispensable_when_later_ones_have_replaced_all_of_it(loads: list[Kept], removed: list[str]) -> None:
    found = superseded(loads, DAY + timedelta(days=10))
    assert sorted(one.folder.name for one in found) == removed


def test_a_gap_is_a_load_whose_beginning_is_not_kept() -> None:
    whole = [a_load(0), a_load(1, anew=False, follows=0), a_load(2, anew=False, follows=1)]
    assert gaps(whole) == {}
    assert gaps([whole[0], whole[2]]) == {"t": DAY + timedelta(days=1)}
    assert gaps(whole[1:]) == {"t": DAY}
    assert gaps([a_load(5, follows=3)]) == {}
    assert gaps([a_load(0, anew=False)]) == {}


def test_old_loads_are_removed_when_the_next_one_is_kept(world: World) -> None:
    world.raw_days = 30
    for _ in range(3):
        world.load("priorities")
        world.load("rate_limit")
    for one in kept_of(world):
        aged = replace(one.manifest, loaded_at=one.manifest.loaded_at - timedelta(days=40))
        text = json.loads((one.folder / "manifest.json").read_text(encoding="utf-8"))
        text["loaded_at"] = aged.loaded_at.isoformat()
        (one.folder / "manifest.json").write_text(json.dumps(text), encoding="utf-8")
    world.load("priorities")
    world.load("rate_limit")
    assert len(kept_of(world, "priorities")) == 2
    assert len(kept_of(world, "rate_limit")) == 4


# --- settings, and what a load is made of


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"BACKLOG_KEEP_RAW": "perhaps"}, "BACKLOG_KEEP_RAW is 'perhaps'; write on or off"),
        ({"BACKLOG_KEEP_RAW": "on", "BACKLOG_RAW_DAYS": "-1"}, "BACKLOG_RAW_DAYS is '-1'"),
        ({"BACKLOG_KEEP_RAW": "on", "BACKLOG_RAW_DAYS": "0"}, "BACKLOG_RAW_DAYS is '0'"),
    ],
)
def test_a_wrong_setting_is_named(environ: dict[str, str], told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        raw_from(environ)


def test_the_settings_say_whether_where_and_how_long() -> None:
    assert raw_from({}) is None
    assert raw_from({"BACKLOG_KEEP_RAW": "off", "BACKLOG_RAW_DAYS": "x"}) is None
    found = raw_from({"BACKLOG_KEEP_RAW": "On", "BACKLOG_RAW_DAYS": "30", "BACKLOG_RAW": "elsewhere"})
    assert found is not None
    assert (found.folder, found.days) == (Path("elsewhere"), 30)
    assert raw_folder_from({}).folder == Path("data/raw")


def test_all_that_a_load_knows_is_kept_and_known_again(world: World) -> None:
    """A field that cannot be kept as JSON fails here. Does it change what a load depends on? Then see `begins_anew`."""
    full = Spooled(BY_NAME["issues"], {}, "s", projects={"WEB": 1}, requests=3, requests_by_project={"WEB": 1})
    full.refused, full.denied, full.allowed = {"OPS": "no"}, {"OPS": Denial("no", 403, 5)}, ["WEB"]
    full.quota_left, full.notes, full.since_id = {"read": 5}, {"a": "b"}, 7
    text = json.loads(json.dumps(facts_of(full)))
    found = with_facts(Spooled(BY_NAME["issues"], {}, "s"), text)
    for one in fields(Spooled):
        if one.name not in NOT_KEPT:
            assert getattr(found, one.name) == getattr(full, one.name), one.name


def test_no_field_of_a_load_is_overlooked() -> None:
    """A new one? Then think of `begins_anew`: does a load that has it begin where another ended? And add it here."""
    assert {one.name for one in fields(Spooled)} - NOT_KEPT == {
        *(
            "projects",
            "refused",
            "denied",
            "allowed",
            "requests",
            "requests_by_project",
            "since_id",
            "waited_seconds",
            "seconds",
        ),
        *("shares", "quota_left", "notes", "changes_only", "gone", "visible", "cursors", "counted", "people"),
    }
