"""Tables made again of the loads that were kept: the same rows, or nothing and a reason."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner

from backlog_assets.cli import main
from backlog_assets.demo import DemoServer, DemoSpace
from backlog_assets.errors import Misconfigured, Refused
from backlog_assets_tests.conftest import World
from backlog_assets_tests.kept import again, columns, contents, kept_of

LISTS = [
    *("issues", "issue_comments", "activities", "notifications", "teams", "user_stars", "wikis", "wiki_contents"),
    *("users", "project_versions", "project_components", "rate_limit", "priorities"),
]
"""Tables of every kind: by changes, row by row, append-only, long, per project, with a view, history, short."""


@pytest.fixture
def world(build_world: Callable[..., World]) -> World:
    made = build_world(issues=60)
    made.keep_raw = True
    return made


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world that was loaded several times, with changes of every kind in between. Not to be written."""
    with DemoServer(DemoSpace(issues=60)) as server, dg.DagsterInstance.ephemeral() as instance:
        made = World(tmp_path_factory.mktemp("lived"), server, instance, keep_raw=True)
        made.settings["api_key_in"] = "query"
        eventful(made)
        yield made


@pytest.fixture
def old(lived: World, tmp_path: Path) -> World:
    """A copy of that world, for one test."""
    shutil.copytree(lived.folder, tmp_path / "old")
    return replace(lived, folder=tmp_path / "old")


def eventful(world: World) -> None:
    space = world.space
    assert world.sync(*LISTS).succeeded
    first, second, third = sorted(space.issues)[:3]
    space.update_issue(first, statusId=4, summary="たこ焼き")
    space.delete_issue(second)
    space.create_issue("WEB", summary="new")
    space.add_version("APP", "9.9")
    space.refuse_project("OPS")
    assert not world.sync("project_versions", "activities", "rate_limit").succeeded
    space.refused.clear()
    space.update_issue(third, comment="done")
    space.delete_project("CRM")
    space.rename_project("APP", "APPS")
    assert world.sync("project_versions", "issues", "activities", full=True).succeeded
    world.load("issue", config={"ops": {"issue": {"config": {"issues": [str(first)]}}}})


# --- the same rows again


def test_every_table_is_rebuilt_as_it_was_with_its_bookkeeping_and_without_a_request(old: World) -> None:
    asked = len(old.server.requests)
    done = again(old, into=old.folder / "again.duckdb")
    assert len(old.server.requests) == asked
    before, after = contents(old.database), contents(old.folder / "again.duckdb")
    assert len(before) > 18
    assert after == before
    assert columns(old.folder / "again.duckdb") == columns(old.database)
    with duckdb.connect(str(old.folder / "again.duckdb")) as connection:
        told = "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'issues' AND comment IS NULL"
        assert connection.execute(told).fetchall() == [(0,)]
    assert done.notes == []
    assert done.loads == len(kept_of(old)) > 14
    assert done.rows["issues"] == len(before["backlog.issues"]) == 61
    assert not list(old.folder.glob(".replay-*"))


def test_replayed_over_the_tables_themselves_nothing_changes_and_the_next_load_goes_on_from_there(old: World) -> None:
    before = contents(old.database)
    again(old)
    assert contents(old.database) == before
    old.load("activities")
    again(old, into=old.folder / "again.duckdb")
    assert contents(old.folder / "again.duckdb") == contents(old.database)


def test_one_table_is_rebuilt_with_its_family_and_the_others_stay_as_they_are(old: World) -> None:
    before = contents(old.database)
    with duckdb.connect(str(old.database)) as connection:
        for spoilt in ("DELETE FROM backlog.project_versions", "UPDATE backlog.issues SET summary = 'spoilt'"):
            connection.execute(spoilt)
    again(old, "project_versions")
    after = contents(old.database)
    assert after["backlog.project_versions"] == before["backlog.project_versions"]
    assert after["backlog.issues"] != before["backlog.issues"]
    again(old, "issue_stars")
    assert contents(old.database) == before


def test_where_the_catalogue_has_learnt_a_field_since_the_records_are_taken_apart_anew(
    old: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(old.database)
    monkeypatch.setattr("backlog_assets.replay.shape_mark", lambda endpoint: "another")
    again(old, into=old.folder / "again.duckdb")
    assert contents(old.folder / "again.duckdb") == before


def test_a_warehouse_that_was_lost_is_made_anew(old: World) -> None:
    before = contents(old.database)
    for file in old.folder.glob("space.duckdb*"):
        file.unlink()
    again(old)
    assert contents(old.database) == before


def test_no_credential_is_in_what_is_kept(old: World) -> None:
    files = [path for path in (old.folder / "raw").rglob("*") if path.is_file()]
    assert len(files) > 30
    for path in files:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert old.server.api_key.encode() not in text, path


# --- damaged, missing, gone


def refused(world: World, **more: Any) -> str:
    before = contents(world.database)
    with pytest.raises(Refused) as told:
        again(world, **more)
    assert contents(world.database) == before
    assert not list(world.folder.glob(".replay-*"))
    return str(told.value)


def test_a_damaged_or_missing_file_is_named_and_nothing_is_changed(world: World) -> None:
    world.load("issues")
    world.load("priorities")
    [file] = (world.folder / "raw").rglob("issue_categories.ndjson.gz")
    whole = file.read_bytes()
    file.write_bytes(whole[:-9] + b"x" + whole[-8:])
    assert f"{file} is damaged" in refused(world)
    file.write_bytes(whole[:40])
    assert f"{file} is damaged" in refused(world)
    file.unlink()
    assert f"{file} is missing" in refused(world)
    file.write_bytes(whole)
    [manifest] = (world.folder / "raw").rglob("issues/*/*/manifest.json")
    text = manifest.read_text(encoding="utf-8")
    for spoilt in ("", "{", "[]", text.replace('"format": 1', '"format": 2'), text.replace('"parts"', '"pats"')):
        manifest.write_text(spoilt, encoding="utf-8")
        assert f"{manifest} cannot be read" in refused(world)
    manifest.write_text(text, encoding="utf-8")
    again(world)


def test_a_load_that_is_missing_in_between_is_told_and_taken_only_where_that_is_allowed(world: World) -> None:
    for _ in range(3):
        world.load("rate_limit")
        world.space.create_issue("WEB")
        world.load("activities")
    for table in ("rate_limit", "activities"):
        shutil.rmtree(kept_of(world, table)[1].folder)
    told = refused(world)
    assert "rate_limit: a load begins where that of " in told
    assert "activities: a load begins where that of " in told
    assert "--allow-gaps" in told
    done = again(world, into=world.folder / "again.duckdb", allow_gaps=True)
    assert len(done.notes) == 2
    assert done.rows["rate_limit"] == 8


def test_a_table_is_not_taken_back_behind_a_load_that_was_not_kept(world: World) -> None:
    world.load("issues")
    world.keep_raw = False
    world.load("issues")
    assert "issues: its last load, of " in refused(world)
    assert again(world, into=world.folder / "again.duckdb").rows["issues"] == 60


def test_a_table_whose_first_loads_are_not_kept_is_rebuilt_with_a_word(world: World) -> None:
    world.keep_raw = False
    world.load("issues")
    world.space.delete_issue(min(world.space.issues))
    world.load("issues")
    world.keep_raw = True
    world.load("issues")
    done = again(world)
    assert "rows that were gone by then are not in it" in done.notes[0]
    assert done.rows["issues"] == 59


def test_what_is_not_kept_at_all_is_told(world: World) -> None:
    world.load("priorities")
    with pytest.raises(Refused, match="No load of issues is kept in "):
        again(world, "issues", "priorities")
    with pytest.raises(Misconfigured, match="There is no table isues"):
        again(world, "isues")


def test_another_spaces_loads_are_not_put_into_a_file(world: World, tmp_path: Path) -> None:
    world.load("priorities")
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        connection.execute("CREATE SCHEMA backlog_ops")
        connection.execute("CREATE TABLE backlog_ops.spaces (schema_name VARCHAR, space VARCHAR)")
        connection.execute("INSERT INTO backlog_ops.spaces VALUES ('backlog', 'example.backlog.com')")
    with pytest.raises(Refused, match=r"holds the space example\.backlog\.com"):
        again(world, into=tmp_path / "other.duckdb")


# --- from the command line


def test_the_commands_keep_and_replay(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("BACKLOG_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(old.folder)
    monkeypatch.setenv("BACKLOG_SPACE", old.server.url)
    monkeypatch.setenv("BACKLOG_DUCKDB", "space.duckdb")
    monkeypatch.setenv("BACKLOG_RAW", "raw")
    before = contents(old.database)
    done = CliRunner().invoke(main, ["replay", "--table", "issues", "--into", "again.duckdb"])
    assert done.exit_code == 0, done.output
    assert "no request. DuckDB file: again.duckdb" in done.output
    assert contents(old.folder / "again.duckdb")["backlog.issues"] == before["backlog.issues"]
    failed = CliRunner().invoke(main, ["replay", "--table", "licence"])
    assert failed.exit_code == 1
    assert "No load of licence is kept in raw. Nothing was changed." in failed.output
    monkeypatch.setenv("BACKLOG_KEEP_RAW", "on")
    monkeypatch.setenv("BACKLOG_API_KEY", old.server.api_key)
    synced = CliRunner().invoke(main, ["sync", "--select", "licence"])
    assert synced.exit_code == 0, synced.output
    assert CliRunner().invoke(main, ["replay", "--table", "licence"]).exit_code == 0
    assert contents(old.database)["backlog.issues"] == before["backlog.issues"]
