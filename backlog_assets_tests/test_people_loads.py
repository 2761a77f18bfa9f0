"""People's data in everything a sync leaves behind, and in tables whose setting is changed."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from backlog_assets.catalogue import ENDPOINTS
from backlog_assets.errors import Refused
from backlog_assets.people import DROPPED, KEEP, People, people_from
from backlog_assets.people_state import change, mark_in
from backlog_assets.replay import replay
from backlog_assets.sync import check_first, treat_people
from backlog_assets.warehouse import Warehouse
from backlog_assets_tests.conftest import World
from backlog_assets_tests.direct import Direct
from backlog_assets_tests.kept import raw_of

KEY = "a key of 32 characters, or more.."
HASH = {"pii": "hash", "pii_key": KEY}
DROP = {"pii": "drop"}
MANY = ("projects", "users", "project_users", "activities", "issues", "issue_comments")

NAMES = (
    "SELECT created_user_id, created_user_name FROM issues UNION "
    "SELECT created_user_id, created_user_name FROM issue_comments UNION "
    "SELECT created_user_id, created_user_name FROM activities"
)


@pytest.fixture
def direct(tmp_path: Path, world: World) -> Direct:
    return Direct(tmp_path, world.server.url, world.server.api_key)


def people_of(world: World) -> set[str]:
    """Names, addresses and accounts of everybody in the demo company; none that is part of other words."""
    told: set[str] = set()
    for user in world.space.company.users:
        account = user["nulabAccount"] or {}
        told |= {str(one) for field, one in user.items() if field in ("name", "userId", "mailAddress") and one}
        told |= {str(one) for one in account.values() if one}
    return {one for one in told if len(one) > 3 or not one.isascii()}


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below a folder; of a DuckDB file, whose pages are compressed, every row as well."""
    for path in folder.rglob("*"):
        if path.is_file():
            found = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            yield path.name, found.decode("utf-8", "ignore")
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as connection:
                tables = "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal"
                for [name] in connection.execute(tables).fetchall():
                    rows = connection.execute(f"SELECT t::VARCHAR FROM {name} t").fetchall()
                    yield name, "\n".join(str(row) for [row] in rows)


def found_in(folder: Path, people: set[str]) -> list[tuple[str, str]]:
    spelled = {json.dumps(one)[1:-1] for one in people} | people
    either = re.compile("|".join(map(re.escape, sorted(spelled))))
    return [(name, match[0]) for name, text in texts(folder) if (match := either.search(text)) is not None]


def treat(direct: Direct, *, full: bool = False) -> str:
    people = people_from(direct.settings.get("pii", ""), direct.settings.get("pii_key", ""))
    with direct.manager.warehouse.transaction() as connection:
        return change(connection, "backlog", people, full=full)


@pytest.mark.parametrize(("settings", "tables"), [(HASH, ()), (DROP, ("users", "issues"))], ids=["hash", "drop"])
def test_no_file_that_a_sync_leaves_names_anybody(
    build_world: Callable[..., World],
    settings: dict[str, str],
    tables: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = build_world(settings=settings, issues=10, projects=1)
    (world.folder / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(world.folder / "dagster")) as instance:
        world.instance, world.keep_raw = instance, True
        with world.backlog.process_config_and_initialize_cm() as backlog:
            told = check_first(backlog, world.io_manager.warehouse())
        outcome = world.sync(*tables)
    assert outcome.failures == {}
    everybody = people_of(world)
    assert len(everybody) > 40
    assert found_in(world.folder, everybody) == []
    printed = capsys.readouterr()
    assert not [one for one in everybody if one in told + printed.out + printed.err]


def test_the_search_of_these_tests_finds_people_where_they_are_kept(direct: Direct, world: World) -> None:
    direct.load("users")
    assert {name for name, _ in found_in(direct.folder, people_of(world))} >= {"backlog.users"}


def test_what_a_stopped_load_leaves_for_the_next_one_names_nobody(direct: Direct, world: World) -> None:
    direct.settings = dict(HASH)
    spooled, _ = direct.read("activities")
    spooled.leave()
    assert list(direct.folder.rglob("*.journal"))
    assert found_in(direct.folder, people_of(world)) == []
    direct.settings = {}
    assert "answers_of_a_stopped_run" not in direct.load("activities")
    assert direct.value("SELECT count(*) FROM activities WHERE created_user_name LIKE 'pii%'") == 0


def test_one_person_has_one_hash_in_every_table_and_change_log(direct: Direct) -> None:
    direct.settings = dict(HASH)
    direct.load(*MANY)
    names = direct.rows(f"SELECT id, count(DISTINCT name) FROM ({NAMES}) t(id, name) GROUP BY 1 HAVING count(*) <> 1")
    assert names == []
    assert direct.rows(f"SELECT id FROM ({NAMES}) t(id, name) JOIN users u USING (id) WHERE u.name <> t.name") == []
    logged = """SELECT DISTINCT unnest(from_json(change_log, '[{"field": "VARCHAR", "newValue": "VARCHAR"}]')) AS one
        FROM issue_comments"""
    assigned = direct.rows(
        f"SELECT count(u.id), count(*) FROM ({logged}) l LEFT JOIN users u ON u.name = one.newValue "
        "WHERE one.field = 'assigner' AND one.newValue <> ''"
    )
    assert assigned[0][0] == assigned[0][1] > 0


def history(world: World, columns: str) -> list[tuple[Any, ...]]:
    return world.rows(f"SELECT issue_id, field, sequence, {columns} FROM issue_field_history ORDER BY ALL")


def test_the_history_of_hashed_names_is_that_of_the_names_and_dropping_them_breaks_nothing(
    build_world: Callable[..., World],
) -> None:
    names = ("activities", "issues", "issue_comments", "users")
    worlds = [build_world(settings=settings, issues=20, projects=2) for settings in ({}, HASH, DROP)]
    for world in worlds:
        assert world.sync(*names).failures == {}
    kept, hashed, dropped = worlds
    assert history(kept, "valid_from, value_id, evidence, disagrees") == history(
        hashed, "valid_from, value_id, evidence, disagrees"
    )
    assert hashed.value("SELECT count(*) FROM issue_field_history WHERE field = 'assignee' AND value_text LIKE 'pii_%'")
    assert dropped.rows(
        "SELECT DISTINCT value_text FROM issue_field_history WHERE field = 'assignee' AND value_text IS NOT NULL"
    ) in ([], [(DROPPED,)])
    assert dropped.value("SELECT count(assignee_id) FROM issues") == kept.value("SELECT count(assignee_id) FROM issues")


def test_hashed_tables_are_loaded_by_changes_as_others_are(direct: Direct, world: World) -> None:
    direct.settings = dict(HASH)
    direct.load(*MANY)
    assert treat(direct) == ""
    again = direct.load("projects", "activities", "issues")
    assert (again["read"], again["inserted"], again["updated"]) == ("What changed.", 0, 0)
    assert direct.load("issue_comments")["requests"] == 0


def test_a_load_of_another_setting_is_refused_and_changes_nothing(direct: Direct) -> None:
    direct.load("users")
    direct.settings = dict(HASH)
    with pytest.raises(Refused, match=r"BACKLOG_PII=keep; the setting is hash now.*`backlog-assets sync` once"):
        direct.load("users")
    assert direct.value("SELECT count(*) FROM users WHERE name LIKE 'pii%'") == 0


@pytest.mark.parametrize("settings", [HASH, DROP], ids=["hash", "drop"])
def test_rows_that_are_there_are_made_what_they_would_have_been(
    direct: Direct, tmp_path: Path, world: World, settings: dict[str, str]
) -> None:
    direct.load(*MANY)
    direct.settings = dict(settings)
    assert "It was changed in all rows that were there." in treat(direct)
    (tmp_path / "fresh").mkdir()
    fresh = Direct(tmp_path / "fresh", direct.url, direct.key, dict(settings))
    fresh.load(*MANY)
    for endpoint in ENDPOINTS:
        if endpoint.name not in MANY:
            continue
        for table in (endpoint.name, *(child.name for child in endpoint.children)):
            rows = f"SELECT * EXCLUDE (_loaded_at) FROM {table} ORDER BY ALL"
            assert direct.rows(rows) == fresh.rows(rows), table
    assert direct.load("projects", "activities", "issues")["read"] == "What changed."
    (direct.folder / "fresh" / "space.duckdb").unlink()
    with duckdb.connect(str(direct.database)) as connection:
        connection.execute(f"ATTACH '{tmp_path / 'clean.duckdb'}' AS clean; COPY FROM DATABASE space TO clean")
    direct.database.unlink()
    assert found_in(direct.folder, people_of(world)) == []


def test_names_come_back_only_with_a_full_sync_that_reads_everything(direct: Direct) -> None:
    direct.settings = dict(HASH)
    direct.load(*MANY)
    direct.settings = {}
    with pytest.raises(Refused, match=r"BACKLOG_PII=hash; the setting is keep now.*sync --full"):
        treat(direct)
    assert direct.value("SELECT count(*) FROM users WHERE name LIKE 'pii%'") > 0
    assert "everything is read anew" in treat(direct, full=True)
    assert direct.rows("SELECT DISTINCT name FROM users") == [(None,)]
    for table in MANY:
        direct.load(table)
    assert direct.rows(f"SELECT name FROM ({NAMES}) t(id, name) WHERE name IS NULL OR name LIKE 'pii%'") == []
    assert direct.value("SELECT count(*) FROM activities WHERE content::VARCHAR LIKE '%pii_%'") == 0
    assert direct.load("activities")["inserted"] == 0
    assert treat(direct) == ""


def test_another_key_needs_a_full_sync_too(direct: Direct) -> None:
    direct.settings = dict(HASH)
    direct.load("users")
    direct.settings = {**HASH, "pii_key": KEY + "!"}
    with pytest.raises(Refused, match="the setting is hash with another key now"):
        direct.load("users")
    treat(direct, full=True)
    direct.load("users")
    [[name]] = direct.rows("SELECT name FROM users ORDER BY id LIMIT 1")
    assert str(name).startswith("pii_")


def test_tables_of_an_earlier_version_are_taken_for_what_they_are(direct: Direct) -> None:
    direct.load("users")
    with direct.manager.warehouse.transaction() as connection:
        connection.execute("DROP TABLE backlog_ops.people")
        assert mark_in(connection, "backlog") == KEEP
        assert mark_in(connection, "another") is None


def test_a_required_name_that_is_dropped_is_not_missed_and_another_value_is(build_world: Callable[..., World]) -> None:
    world = build_world(settings=dict(DROP), issues=5, projects=1)
    assert [one.check for one in world.sync("users").checks_failed] == []


def test_the_change_is_made_by_the_command_that_syncs(build_world: Callable[..., World]) -> None:
    world = build_world(issues=5, projects=1)
    world.load("users")
    world.settings.update(HASH)
    with world.backlog.process_config_and_initialize_cm() as backlog:
        assert "BACKLOG_PII=keep; the setting is hash now." in treat_people(
            backlog, world.io_manager.warehouse(), full=False
        )
    world.load("users")


def test_kept_loads_are_replayed_as_the_setting_has_it_and_hidden_ones_never_as_others(
    build_world: Callable[..., World],
) -> None:
    world = build_world(issues=10, projects=1)
    world.keep_raw = True
    world.load("users", "issues")
    into, people = world.folder / "hashed.duckdb", People("hash", KEY)
    space = world.backlog.space_name
    replay(raw_of(world), space, Warehouse(str(into), "backlog"), people=people)
    with duckdb.connect(str(into), read_only=True) as connection:
        found = connection.execute("SELECT count(*), count(*) FILTER (name LIKE 'pii_%') FROM backlog.users").fetchone()
        assert found is not None
        assert found[0] == found[1] > 0
        assert connection.execute("SELECT mark FROM backlog_ops.people").fetchall() == [(people.mark,)]
    with pytest.raises(Refused, match=r"`backlog-assets sync` once"):
        replay(raw_of(world), space, world.io_manager.warehouse(), people=people)
    hidden = build_world(settings=dict(HASH), issues=5, projects=1)
    hidden.keep_raw = True
    hidden.load("users")
    with pytest.raises(Refused, match=r"BACKLOG_PII=hash, which cannot be turned into .*\(keep\)"):
        replay(raw_of(hidden), hidden.backlog.space_name, Warehouse(str(into), "backlog"))
