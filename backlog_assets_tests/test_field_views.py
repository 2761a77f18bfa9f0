"""The views with custom fields as columns: exact rows, in line with every load, and never somebody else's view."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.spool import Spool
from backlog_assets.warehouse import Warehouse
from backlog_assets_tests.conftest import World
from backlog_assets_tests.kept import again

Row = Mapping[str, Any]

WEB, APP = {"id": 10, "projectKey": "WEB"}, {"id": 20, "projectKey": "APP"}
TEXT = {"id": 1, "typeId": 1, "name": "発見工程"}
NUMBER = {"id": 3, "typeId": 3, "name": "Cost"}

EIGHT = [
    (TEXT, {"value": "結合テスト"}, "結合テスト"),
    ({"id": 2, "typeId": 2, "name": "memo"}, {"value": "a\nb"}, "a\nb"),
    (NUMBER, {"value": 1.25}, 1.25),
    ({"id": 4, "typeId": 4, "name": "day"}, {"value": "2026-05-04T15:00:00Z"}, dt.date(2026, 5, 5)),
    ({"id": 5, "typeId": 5, "name": "one"}, {"value": {"id": 1, "name": "High"}}, "High"),
    (
        {"id": 6, "typeId": 6, "name": "many"},
        {"value": [{"id": 1, "name": "a, b"}, {"id": 2, "name": "c"}]},
        ["a, b", "c"],
    ),
    ({"id": 7, "typeId": 7, "name": "ticks"}, {"value": [{"id": 1, "name": "x"}], "otherValue": "y"}, ["x"]),
    ({"id": 8, "typeId": 8, "name": "radio"}, {"value": None, "otherValue": "z"}, None),
]


class Desk:
    """Loads records through the IO manager, as a run does."""

    def __init__(self, folder: Path, name: str = "space.duckdb") -> None:
        self.folder = folder
        self.manager = WholeOrNothingIOManager(Warehouse(str(folder / name)), schema="backlog")

    def load(self, table: str, records: Sequence[Row]) -> dict[str, str | int]:
        with Spool(self.folder / "spool", BY_NAME[table], "demo", "run") as spool:
            spool.add([dict(record) for record in records])
        self.manager.write(spool.spooled, "run")
        return spool.spooled.notes

    def define(self, project: Row, *fields: Row) -> dict[str, str | int]:
        """Loads the custom fields of one project."""
        key, project_id = project["projectKey"], project["id"]
        with Spool(self.folder / "spool", BY_NAME["project_custom_fields"], "demo", "run") as spool:
            spool.add([dict(field) for field in fields], project=(key, project_id))
        spool.spooled.projects = {key: project_id}
        self.manager.write(spool.spooled, "run")
        return spool.spooled.notes

    def do(self, sql: str) -> list[tuple[Any, ...]]:
        with self.manager.warehouse.connection() as connection:
            connection.execute("SET search_path = 'backlog'")
            return connection.execute(sql).fetchall()

    def views(self) -> list[str]:
        return [name for [name] in self.do("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1")]

    def columns(self, view: str) -> dict[str, str]:
        """The columns that the view has and the issues have not, with their types."""
        return dict(
            self.do(
                f"SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '{view}' AND column_name NOT "
                "IN (SELECT column_name FROM duckdb_columns() WHERE table_name = 'issues') ORDER BY column_index"
            )
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """WEB with an issue that has all eight custom fields and one that has none of them filled in; APP with one."""
    desk = Desk(tmp_path)
    desk.load("projects", [WEB, APP])
    desk.define(WEB, *({**field, "allowInput": field["typeId"] in (7, 8)} for field, _, _ in EIGHT))
    filled = [{"id": f["id"], "fieldTypeId": f["typeId"], "name": f["name"], **sent} for f, sent, _ in EIGHT]
    empty = [{**one, "value": [] if one["fieldTypeId"] in (6, 7) else None, "otherValue": None} for one in filled]
    issues = [issue(100, WEB, filled), issue(101, WEB, empty), issue(102, WEB, []), issue(200, APP, filled[:1])]
    desk.load("issues", issues)
    return desk


def issue(id_: int, project: Row, fields: Sequence[Row] = ()) -> dict[str, Any]:
    return {
        "id": id_,
        "projectId": project["id"],
        "issueKey": f"{project['projectKey']}-{id_}",
        "customFields": [*fields],
    }


def test_before_the_projects_or_the_issues_are_loaded_there_is_no_view(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.define(WEB, TEXT)
    assert desk.load("issues", [issue(100, WEB)]) == {}
    assert desk.views() == []
    assert desk.load("projects", [WEB]) == {"field_views_renewed": 1}
    assert desk.views() == ["issues_web"]


def test_each_of_the_eight_types_is_a_column_of_its_type(desk: Desk) -> None:
    assert desk.columns("issues_web") == {
        "発見工程": "VARCHAR",
        "memo": "VARCHAR",
        "Cost": "DOUBLE",
        "day": "DATE",
        "one": "VARCHAR",
        "many": "VARCHAR[]",
        "ticks": "VARCHAR[]",
        "ticks_other": "VARCHAR",
        "radio": "VARCHAR",
        "radio_other": "VARCHAR",
    }
    wanted = "issue_key, 発見工程, memo, cost, day, one, many, ticks, ticks_other, radio, radio_other"
    values = [value for _, _, value in EIGHT]
    assert desk.do(f"SELECT {wanted} FROM issues_web ORDER BY id") == [
        ("WEB-100", *values[:7], "y", None, "z"),
        ("WEB-101", None, None, None, None, None, [], [], None, None, None),
        ("WEB-102", *[None] * 10),
    ]
    assert desk.do("SELECT issue_key FROM issues_app") == [("APP-200",)]
    assert desk.columns("issues_app") == {}


def test_all_columns_of_the_issues_come_first_and_deleted_issues_do_not_come(desk: Desk) -> None:
    listed = "SELECT column_name FROM duckdb_columns() WHERE table_name = '{}' ORDER BY column_index"
    own = desk.do(listed.format("issues"))
    assert desk.do(listed.format("issues_web"))[: len(own)] == own
    desk.load("issues", [issue(101, WEB), issue(200, APP)])
    assert desk.do("SELECT id FROM issues_web") == [(101,)]


def test_the_columns_are_explained(desk: Desk) -> None:
    [[told]] = desk.do("SELECT comment FROM duckdb_columns() WHERE table_name = 'issues_web' AND column_name = 'radio'")
    assert told == "radio: custom field 8, radio."
    [[told]] = desk.do("SELECT comment FROM duckdb_views() WHERE view_name = 'issues_web'")
    assert told.startswith("The issues of project WEB (id 10)")


def test_what_is_in_line_is_not_made_again(desk: Desk) -> None:
    assert desk.load("projects", [WEB, APP]) == {}
    assert desk.define(APP) == {}
    assert desk.load("issues", [issue(100, WEB), issue(200, APP)]) == {}


def test_a_field_that_is_renamed_added_or_removed_changes_the_view_of_its_project_only(desk: Desk) -> None:
    assert desk.define(WEB, {**TEXT, "name": "Phase"}, NUMBER)["field_views_renewed"] == 1
    assert desk.columns("issues_web") == {"Phase": "VARCHAR", "Cost": "DOUBLE"}
    assert desk.do("SELECT phase, cost FROM issues_web WHERE id = 100") == [("結合テスト", 1.25)]
    desk.define(WEB)
    assert desk.columns("issues_web") == {}


def test_a_column_that_the_issues_get_is_in_the_views_after_their_next_load(desk: Desk) -> None:
    desk.do("ALTER TABLE issues ADD COLUMN cost INTEGER")
    desk.load("issues", [issue(100, WEB), issue(200, APP)])
    assert list(desk.columns("issues_web"))[:3] == ["発見工程", "memo", "Cost_3"]


def test_a_view_follows_its_project_to_another_key_and_two_may_change_keys(desk: Desk) -> None:
    desk.load("projects", [{**WEB, "projectKey": "SITE"}, APP])
    assert desk.views() == ["issues_app", "issues_site"]
    desk.load("projects", [{**WEB, "projectKey": "APP"}, {**APP, "projectKey": "SITE"}])
    assert desk.do("SELECT DISTINCT project_id FROM issues_app") == [(10,)]
    assert desk.do("SELECT DISTINCT project_id FROM issues_site") == [(20,)]


def test_a_project_that_is_gone_keeps_its_view_while_it_has_rows(desk: Desk) -> None:
    desk.load("projects", [WEB, APP, {"id": 30, "projectKey": "NEW"}])
    assert desk.views() == ["issues_app", "issues_new", "issues_web"]
    desk.load("projects", [APP])
    assert desk.views() == ["issues_app", "issues_web"]
    assert desk.do("SELECT count(*), count(発見工程) FROM issues_web") == [(0, 0)]
    desk.load("projects", [APP, {"id": 40, "projectKey": "WEB"}])
    assert desk.views() == ["issues_app", "issues_web", "issues_web_10"]
    assert desk.columns("issues_web") == {}


def test_keys_that_differ_in_case_only_make_two_views_and_a_note(desk: Desk) -> None:
    notes = desk.load("projects", [WEB, APP, {"id": 30, "projectKey": "Web"}])
    told = "issues_web is something else; the issues of Web are in issues_web_30."
    assert notes["field_views_otherwise_called"] == told
    assert desk.views() == ["issues_app", "issues_web", "issues_web_30"]


@pytest.mark.parametrize("thing", ["TABLE", "VIEW"])
def test_what_a_user_has_made_under_the_name_is_left_alone(tmp_path: Path, thing: str) -> None:
    desk = Desk(tmp_path)
    desk.load("projects", [WEB])
    desk.do(f"CREATE {thing} backlog.Issues_Web AS SELECT 'mine' AS mine")
    notes = desk.load("issues", [issue(100, WEB)])
    assert "issues_web is something else" in str(notes["field_views_otherwise_called"])
    assert desk.do("FROM backlog.issues_web") == [("mine",)]
    assert desk.do("SELECT id FROM issues_web_10") == [(100,)]
    desk.do(f"DROP {thing} backlog.issues_web")
    desk.load("projects", [WEB])
    assert desk.views() == ["issues_web"]


def test_a_view_of_ours_that_a_user_has_replaced_is_theirs(desk: Desk) -> None:
    desk.do("CREATE OR REPLACE VIEW issues_web AS SELECT 'mine' AS mine")
    desk.load("projects", [WEB, APP])
    assert desk.do("FROM issues_web") == [("mine",)]
    assert desk.views() == ["issues_app", "issues_web", "issues_web_10"]
    desk.load("projects", [APP])
    desk.load("projects", [{**WEB, "projectKey": "SITE"}, APP])
    assert desk.do("FROM issues_web") == [("mine",)]


def test_a_view_that_a_user_has_dropped_is_made_again(desk: Desk) -> None:
    desk.do("DROP VIEW issues_web")
    assert desk.load("projects", [WEB, APP]) == {"field_views_renewed": 1}
    assert desk.views() == ["issues_app", "issues_web"]


def test_a_load_that_fails_changes_no_view(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("not today")

    monkeypatch.setattr("backlog_assets.io_manager.note_down", fail)
    with pytest.raises(RuntimeError):
        desk.define(WEB)
    assert len(desk.columns("issues_web")) == 10


def test_the_views_work_in_a_file_that_is_called_as_the_schema_and_in_one_that_was_renamed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "backlog.duckdb")
    desk.load("projects", [WEB])
    desk.define(WEB, TEXT)
    desk.load("issues", [issue(100, WEB, [{"id": 1, "fieldTypeId": 1, "name": "x", "value": "v"}])])
    (tmp_path / "backlog.duckdb").rename(tmp_path / "other.duckdb")
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{tmp_path / 'other.duckdb'}' AS mine (READ_ONLY)")
        connection.execute("CREATE TABLE issues AS SELECT 'not this one' AS id")
        assert connection.execute('SELECT id, "発見工程" FROM mine.backlog.issues_web').fetchall() == [(100, "v")]


def test_the_demo_space_has_a_view_a_project_with_as_many_rows_as_it_has_issues(
    build_world: Callable[..., World],
) -> None:
    world = build_world()
    world.keep_raw = True
    assert world.sync("issues", "project_custom_fields").succeeded
    for project_id, view in world.rows("SELECT project_id, view_name FROM field_views ORDER BY 1"):
        live = world.value("SELECT count(*) FROM issues WHERE project_id = ? AND _deleted_at IS NULL", project_id)
        assert world.value(f"SELECT count(*) FROM {view}") == live
    [[filled, columns]] = world.rows(
        "SELECT (SELECT count(*) FROM issue_custom_field_values WHERE value_text IS NOT NULL), "
        "(SELECT count(*) FROM duckdb_columns() WHERE table_name LIKE 'issues\\_%' ESCAPE '\\' AND comment IS NOT NULL)"
    )
    assert filled
    assert columns
    again(world, into=world.folder / "rebuilt.duckdb")
    with duckdb.connect(str(world.folder / "rebuilt.duckdb")) as rebuilt:
        listed = "SELECT view_name, definition FROM backlog_ops.field_views ORDER BY 1"
        assert rebuilt.execute(listed).fetchall() == world.rows(
            "SELECT view_name, definition FROM field_views ORDER BY 1"
        )
