"""From spool to tables: what is added, replaced, marked, revived, refused; exact rows."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.catalogue.table import table_of
from backlog_assets.errors import Misfit, Refused, WrongShape
from backlog_assets.ledger import claim
from backlog_assets.loading import Figures, Loaded, Loader, mark_orphans
from backlog_assets.spool import Spool, Spooled
from backlog_assets.warehouse import Warehouse

MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.timezone.utc)
TUESDAY = MONDAY + dt.timedelta(days=1)
WEDNESDAY = MONDAY + dt.timedelta(days=2)

WEB, APP = ("WEB", 10), ("APP", 20)


class Desk:
    """Spools records of an endpoint and loads them; reads tables back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = Warehouse(str(folder / "space.duckdb"))

    def spooled(self, table: str, records: Sequence[Mapping[str, Any]], space: str = "demo") -> Spooled:
        with Spool(self.folder / "spool", BY_NAME[table], space, "run") as spool:
            spool.add([dict(record) for record in records])
        return spool.spooled

    def load(
        self, table: str, records: Sequence[Mapping[str, Any]], now: dt.datetime = MONDAY, space: str = "demo"
    ) -> dict[str, Loaded]:
        return self.write(self.spooled(table, records, space), now)

    def load_projects(
        self, table: str, records: Mapping[tuple[str, int], Sequence[Mapping[str, Any]]], now: dt.datetime = MONDAY
    ) -> dict[str, Loaded]:
        """Loads a per-project table of these projects (key, id) and no others."""
        with Spool(self.folder / "spool", BY_NAME[table], "demo", "run") as spool:
            for project, listed in records.items():
                spool.add([dict(record) for record in listed], project=project)
        spool.spooled.projects = dict(records.keys())
        return self.write(spool.spooled, now)

    def write(self, spooled: Spooled, now: dt.datetime) -> dict[str, Loaded]:
        with self.warehouse.transaction() as connection:
            claim(connection, "backlog", spooled.space)
            return Loader(connection, "backlog", spooled, now).load()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.warehouse.connection() as connection:
            connection.execute("SET search_path = 'backlog'")
            return connection.execute(sql).fetchall()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_value_duckdb_cannot_read_names_the_column_and_changes_nothing(desk: Desk) -> None:
    desk.load("users", [{"id": 1, "name": "Aoi"}])
    with pytest.raises(Misfit, match=r"users\.last_login_time \(TIMESTAMPTZ\)"):
        desk.load("users", [{"id": 1, "name": "Ren", "lastLoginTime": "yesterday"}], TUESDAY)
    assert desk.rows("SELECT id, name FROM users") == [(1, "Aoi")]


def test_a_number_too_large_for_its_column_names_it(desk: Desk) -> None:
    with pytest.raises(Misfit, match=r"users\.role_type"):
        desk.load("users", [{"id": 1, "roleType": 2**40}])


def test_a_wrong_value_in_a_child_names_the_childs_column(desk: Desk) -> None:
    record = {"id": 1, "attachments": [{"id": 5, "name": "a", "size": 1, "created": "soon"}]}
    with pytest.raises(Misfit, match=r"issue_attachments\.created"):
        desk.load("issues", [record])
    with desk.warehouse.connection() as connection:
        assert connection.execute("FROM duckdb_tables() WHERE schema_name = 'backlog'").fetchall() == []


def test_a_record_without_its_key_is_refused(desk: Desk) -> None:
    with pytest.raises(WrongShape, match='priorities: a record has no "id"'):
        desk.load("priorities", [{"id": 1, "name": "High"}, {"name": "Low"}])


def test_one_schema_never_takes_the_rows_of_two_spaces(desk: Desk) -> None:
    desk.load("priorities", [{"id": 1, "name": "High"}], space="one.backlog.com")
    with pytest.raises(Refused, match=r"holds the space one\.backlog\.com; two\.backlog\.jp was not written"):
        desk.load("priorities", [{"id": 2, "name": "Low"}], space="two.backlog.jp")
    assert desk.rows("SELECT id FROM priorities") == [(1,)]


def test_a_loopback_server_is_the_same_space_on_any_port(desk: Desk) -> None:
    desk.load("priorities", [{"id": 1, "name": "High"}], space="127.0.0.1:8000")
    desk.load("priorities", [{"id": 1, "name": "High"}], space="localhost:9000")
    assert desk.rows("SELECT id FROM priorities") == [(1,)]


def test_an_empty_list_makes_an_empty_table_with_its_columns_and_types(desk: Desk) -> None:
    desk.load("project_versions", [])
    found = desk.rows("SELECT column_name, column_type FROM (DESCRIBE project_versions)")
    assert found == [
        ("id", "BIGINT"),
        ("project_id", "BIGINT"),
        ("name", "VARCHAR"),
        ("description", "VARCHAR"),
        ("start_date", "DATE"),
        ("release_due_date", "DATE"),
        ("archived", "BOOLEAN"),
        ("display_order", "INTEGER"),
        ("project_key", "VARCHAR"),
        ("_extra", "JSON"),
        ("_loaded_at", "TIMESTAMP WITH TIME ZONE"),
        ("_deleted_at", "TIMESTAMP WITH TIME ZONE"),
        ("_delete_evidence", "VARCHAR"),
    ]


def test_a_snapshot_adds_replaces_marks_and_revives(desk: Desk) -> None:
    first = desk.load("priorities", [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}, {"id": 3, "name": "C"}])
    second = desk.load("priorities", [{"id": 1, "name": "A"}, {"id": 2, "name": "B!"}, {"id": 4, "name": "D"}], TUESDAY)
    assert first["priorities"] == Loaded(3, 3, 0, 0, table="priorities", sample=first["priorities"].sample)
    assert second["priorities"] == Loaded(3, 1, 1, 1, table="priorities", sample=second["priorities"].sample)
    columns = "id, name, _loaded_at, _deleted_at"
    assert desk.rows(f"SELECT {columns} FROM priorities ORDER BY id") == [
        (1, "A", MONDAY, None),
        (2, "B!", TUESDAY, None),
        (3, "C", MONDAY, TUESDAY),
        (4, "D", TUESDAY, None),
    ]
    third = desk.load("priorities", [{"id": 3, "name": "C"}], WEDNESDAY)
    assert (third["priorities"].updated, third["priorities"].deleted) == (1, 3)
    assert desk.rows("SELECT name, _loaded_at FROM priorities WHERE _deleted_at IS NULL") == [("C", WEDNESDAY)]


def test_loading_the_same_again_writes_no_row(desk: Desk) -> None:
    records = [
        {"id": 1, "summary": "a", "stars": [{"id": 9, "title": "t"}], "customFields": [{"id": 5, "fieldTypeId": 1}]}
    ]
    desk.load("issues", records)
    again = desk.load("issues", records, TUESDAY)
    assert {name: (one.rows, one.inserted, one.updated, one.deleted) for name, one in again.items() if one.rows} == {
        "issues": (1, 0, 0, 0),
        "issue_stars": (1, 0, 0, 0),
        "issue_custom_field_values": (1, 0, 0, 0),
    }
    assert desk.rows("SELECT _loaded_at FROM issues") == [(MONDAY,)]


def test_an_append_only_table_keeps_what_is_no_longer_listed_and_changes_nothing(desk: Desk) -> None:
    desk.load("activities", [{"id": 1, "type": 1}, {"id": 2, "type": 2}])
    loaded = desk.load("activities", [{"id": 2, "type": 99}, {"id": 3, "type": 3}], TUESDAY)
    assert desk.rows("SELECT id, type FROM activities ORDER BY id") == [(1, 1), (2, 2), (3, 3)]
    assert (loaded["activities"].rows, loaded["activities"].inserted) == (3, 1)


def test_a_history_table_gets_a_set_of_rows_each_time(desk: Desk) -> None:
    for now in (MONDAY, TUESDAY):
        desk.load("rate_limit", [{"class": "read", "limit": 600}, {"class": "icon", "limit": 60}], now)
    assert desk.rows('SELECT class, "limit", _loaded_at FROM rate_limit ORDER BY ALL') == [
        ("icon", 60, MONDAY),
        ("icon", 60, TUESDAY),
        ("read", 600, MONDAY),
        ("read", 600, TUESDAY),
    ]


def test_a_table_of_one_row_stays_one_row(desk: Desk) -> None:
    desk.load("licence", [{"active": True, "issueLimit": 5}])
    desk.load("licence", [{"active": True, "issueLimit": 6}], TUESDAY)
    assert desk.rows("SELECT active, issue_limit, _loaded_at FROM licence") == [(True, 6, TUESDAY)]


def test_of_a_key_that_repeats_the_last_record_wins(desk: Desk) -> None:
    desk.load("priorities", [{"id": 1, "name": "old"}, {"id": 1, "name": "new"}, {"id": 2, "name": "x"}])
    assert desk.rows("SELECT id, name FROM priorities ORDER BY id") == [(1, "new"), (2, "x")]


def test_a_project_partition_replaces_only_its_own_rows(desk: Desk) -> None:
    desk.load_projects(
        "project_versions", {WEB: [{"id": 1, "name": "1.0"}, {"id": 2, "name": "2.0"}], APP: [{"id": 3, "name": "a"}]}
    )
    loaded = desk.load_projects("project_versions", {WEB: [{"id": 2, "name": "2.1"}]}, TUESDAY)
    assert desk.rows("SELECT id, project_key, name, _deleted_at FROM project_versions ORDER BY id") == [
        (1, "WEB", "1.0", TUESDAY),
        (2, "WEB", "2.1", None),
        (3, "APP", "a", None),
    ]
    assert loaded["project_versions"].by_project == {10: Figures(1, 0, 1, 1), 20: Figures(1)}


def test_the_same_status_id_in_two_projects_is_two_rows(desk: Desk) -> None:
    desk.load_projects("project_statuses", {WEB: [{"id": 1, "name": "Open"}], APP: [{"id": 1, "name": "未対応"}]})
    assert desk.rows("SELECT project_key, id, name FROM project_statuses ORDER BY project_id") == [
        ("WEB", 1, "Open"),
        ("APP", 1, "未対応"),
    ]


def test_a_renamed_project_ends_with_one_set_of_rows(desk: Desk) -> None:
    desk.load_projects("project_versions", {WEB: [{"id": 1, "name": "1.0"}, {"id": 2, "name": "2.0"}]})
    desk.load_projects("project_versions", {("SITE", 10): [{"id": 1, "name": "1.0"}]}, TUESDAY)
    assert desk.rows("SELECT id, project_key FROM project_versions WHERE _deleted_at IS NULL") == [(1, "SITE")]


def test_rows_of_a_vanished_project_stay_and_are_marked(desk: Desk) -> None:
    desk.load("projects", [{"id": 10, "projectKey": "WEB"}, {"id": 20, "projectKey": "APP"}])
    desk.load_projects("project_versions", {WEB: [{"id": 1}], APP: [{"id": 2}]})
    desk.load("projects", [{"id": 20, "projectKey": "APP"}], TUESDAY)
    with desk.warehouse.transaction() as connection:
        mark_orphans(connection, "backlog", [table_of(BY_NAME["project_versions"]), table_of(BY_NAME["issues"])])
    assert desk.rows("SELECT id, _deleted_at FROM project_versions ORDER BY id") == [(1, TUESDAY), (2, None)]


def test_a_childs_rows_are_replaced_with_their_parents_and_only_theirs(desk: Desk) -> None:
    def tagged(issue: int, *categories: int) -> dict[str, Any]:
        return {"id": issue, "category": [{"id": one, "name": f"c{one}"} for one in categories]}

    desk.load("issues", [tagged(1, 5, 6), tagged(2, 5), tagged(3)])
    loaded = desk.load("issues", [tagged(1, 6, 7), tagged(3, 5)], TUESDAY)
    assert desk.rows("SELECT issue_id, id, name FROM issue_categories ORDER BY ALL") == [
        (1, 6, "c6"),
        (1, 7, "c7"),
        (2, 5, "c5"),
        (3, 5, "c5"),
    ]
    assert (loaded["issue_categories"].inserted, loaded["issue_categories"].deleted) == (2, 1)


@pytest.mark.parametrize("sent", ["2026-05-05T00:00:00Z", "2026-05-04T15:00:00Z", "2026-05-05T05:00:00Z", "2026-05-05"])
def test_a_day_is_never_shifted_by_a_time_zone(desk: Desk, sent: str) -> None:
    """Midnight in UTC, in Japan, on the American east coast, and a plain date."""
    desk.load("issues", [{"id": 1, "dueDate": sent}])
    assert desk.rows("SELECT due_date FROM issues") == [(dt.date(2026, 5, 5),)]


def test_odd_texts_arrive_as_they_are(desk: Desk) -> None:
    odd = "line\nbreak\r\u2028 tab\t nul\x00 quote\" '; DROP TABLE issues; -- 絵文字 🎌 </script> \\u0041"
    desk.load("issues", [{"id": 1, "summary": odd, "description": "長" * 100_000}])
    assert desk.rows("SELECT summary, length(description) FROM issues") == [(odd, 100_000)]


def test_resolution_zero_is_a_value(desk: Desk) -> None:
    desk.load("issues", [{"id": 1, "resolution": {"id": 0, "name": "対応済み"}}, {"id": 2, "resolution": None}])
    assert desk.rows("SELECT resolution_id, resolution_name FROM issues ORDER BY id") == [(0, "対応済み"), (None, None)]


def test_custom_field_values_of_all_eight_types(desk: Desk) -> None:
    choice = {"id": 7, "name": "赤", "displayOrder": 0}
    other = {"id": 8, "name": "青", "displayOrder": 1}
    values: list[tuple[int, Any]] = [
        (1, "text, with a comma"),
        (2, "two\nlines"),
        (3, 12.5),
        (4, "2026-05-05T00:00:00Z"),
        (5, choice),
        (6, [choice, other]),
        (7, []),
        (8, None),
    ]
    fields = [{"id": kind + 100, "fieldTypeId": kind, "name": f"f{kind}", "value": value} for kind, value in values]
    fields[6]["otherValue"] = "mauve"
    desk.load("issues", [{"id": 1, "customFields": fields}])
    found = desk.rows(
        "SELECT field_type_id, value_text, value_number, value_date, value_choice, other_value "
        "FROM issue_custom_field_values ORDER BY field_type_id"
    )
    one = '{"id":7,"name":"赤","displayOrder":0}'
    two = '{"id":8,"name":"青","displayOrder":1}'
    assert found == [
        (1, "text, with a comma", None, None, None, None),
        (2, "two\nlines", None, None, None, None),
        (3, "12.5", 12.5, None, None, None),
        (4, "2026-05-05", None, dt.date(2026, 5, 5), None, None),
        (5, "赤", None, None, one, None),
        (6, "赤, 青", None, None, f"[{one},{two}]", None),
        (7, None, None, None, "[]", "mauve"),
        (8, None, None, None, None, None),
    ]
    assert desk.rows("SELECT value FROM issue_custom_field_values WHERE field_type_id = 3") == [("12.5",)]


def test_what_the_catalogue_does_not_name_lands_in_extra(desk: Desk) -> None:
    desk.load("issues", [{"id": 1, "mood": "sunny", "attachments": [{"id": 2, "name": "a", "size": 1, "hue": [1]}]}])
    assert desk.rows("SELECT _extra FROM issues") == [('{"mood":"sunny"}',)]
    assert desk.rows("SELECT _extra FROM issue_attachments") == [('{"hue":[1]}',)]


def test_a_column_of_the_users_own_stays_and_a_new_one_of_the_catalogue_is_added(desk: Desk) -> None:
    with desk.warehouse.transaction() as connection:
        connection.execute("CREATE SCHEMA backlog")
        connection.execute("CREATE TABLE backlog.priorities (mine VARCHAR, ID BIGINT)")
        connection.execute("INSERT INTO backlog.priorities VALUES ('note', 7)")
    desk.load("priorities", [{"id": 1, "name": "High"}])
    assert desk.rows("SELECT id, name, mine FROM priorities ORDER BY id") == [(1, "High", None), (7, None, "note")]


def test_a_view_shows_the_rows_under_the_second_name(desk: Desk) -> None:
    desk.load_projects("project_components", {WEB: [{"id": 1, "name": "Front", "displayOrder": 0}]})
    assert desk.rows("SELECT id, project_key, name FROM project_categories") == [(1, "WEB", "Front")]


def test_the_sample_has_no_mail_addresses(desk: Desk) -> None:
    loaded = desk.load(
        "users", [{"id": 1, "name": "Aoi", "mailAddress": "aoi@example.com", "keyword": "aoi@example.com"}]
    )
    [row] = loaded["users"].sample
    assert row["name"] == "Aoi"
    assert "aoi@example.com" not in str(row)


def test_a_failure_after_the_delete_leaves_the_old_rows(desk: Desk) -> None:
    desk.load("issues", [{"id": 1, "category": [{"id": 5, "name": "c"}]}])
    spooled = desk.spooled("issues", [{"id": 2}])

    def fail_late() -> None:
        with desk.warehouse.transaction() as connection:
            Loader(connection, "backlog", spooled, TUESDAY).load()
            connection.execute("SELECT error('the disk is full')")

    with pytest.raises(duckdb.InvalidInputException, match="the disk is full"):
        fail_late()
    assert desk.rows("SELECT i.id, c.id FROM issues i JOIN issue_categories c ON c.issue_id = i.id") == [(1, 5)]
