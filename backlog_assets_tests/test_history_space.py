"""A space written by hand, straight into the tables, for the tests of the history; and what holds of any history."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import duckdb
import pytest

from backlog_assets.catalogue import BY_NAME
from backlog_assets.catalogue.table import tables_of
from backlog_assets.history import AS_OF_DOC, AS_OF_DOC_JA, TABLES, build
from backlog_assets.warehouse import columns_of, quoted

COMMENTS = (
    ("id", "BIGINT"),
    ("project_id", "BIGINT"),
    ("issue_id", "BIGINT"),
    ("content", "VARCHAR"),
    ("change_log", "JSON"),
    ("created_user_id", "BIGINT"),
    ("created_user_name", "VARCHAR"),
    ("created", "TIMESTAMPTZ"),
    ("updated", "TIMESTAMPTZ"),
    ("_deleted_at", "TIMESTAMPTZ"),
)
NEEDED = ("issues", "activities", "projects", "priorities", "resolutions", "users", "project_users")
BORN = "2026-01-01 00:00:00"


def log(field: str, old: Any, new: Any, **more: Any) -> dict[str, Any]:
    """A line of a comment's change log. `custom`: id and type of a custom field; `file`: id of an attachment."""
    custom, file = more.get("custom"), more.get("file")
    return {
        "field": field,
        "newValue": new,
        "originalValue": old,
        "attachmentInfo": {"id": file, "name": new or old} if file else None,
        "attributeInfo": {"id": custom[0], "typeId": custom[1]} if custom else None,
        "notificationInfo": None,
    }


@lru_cache
def tables() -> str:
    """SQL that makes the tables, as the catalogue has them."""
    made = {
        table.name: [(column.name, column.type) for column in table.columns]
        for name, endpoint in BY_NAME.items()
        if name in NEEDED or endpoint.per_project
        for table in tables_of(endpoint)
    }
    lines = "".join(
        f"CREATE TABLE {name} ({', '.join(f'{quoted(column)} {kind}' for column, kind in columns)});"
        for name, columns in {**made, "issue_comments": COMMENTS}.items()
    )
    return f"CREATE SCHEMA backlog; SET search_path = 'backlog'; {lines}"


class Space:
    """The tables of a space in memory: project 1 with its lists, users 7 to 9, and no issue yet."""

    def __init__(self, *, bare: bool = False) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("SET TimeZone = 'UTC'")
        if bare:
            return
        self.connection.execute(tables())
        self.project(1, "WEB")
        for id_, name in ((7, "山田 太郎"), (8, "Emily Carter"), (9, "佐藤 花子")):
            self.add("users", id=id_, name=name)

    def project(self, id_: int, key: str) -> None:
        """A project with the four states, two kinds of issues and no version, category or custom field."""
        self.add("projects", id=id_, project_key=key)
        for place, name in enumerate(("未対応", "処理中", "処理済み", "完了"), start=1):
            self.add("project_statuses", id=place, project_id=id_, name=name, display_order=place * 1000)
        for place, name in enumerate(("タスク", "バグ")):
            self.add("project_issue_types", id=id_ * 100 + place, project_id=id_, name=name)

    def add(self, table: str, **values: Any) -> None:
        given = {
            name: json.dumps(value) if isinstance(value, (dict, list)) else value for name, value in values.items()
        }
        names = ", ".join(f'"{name}"' for name in given)
        marks = ", ".join("?" for _ in given)
        self.connection.execute(f"INSERT INTO backlog.{table} ({names}) VALUES ({marks})", list(given.values()))

    def issue(self, id_: int = 1, project_id: int = 1, **values: Any) -> None:
        """An issue made on the first of January 2026 by user 7: a task, open, of normal priority, nobody's."""
        [[key]] = self.rows("SELECT project_key FROM projects WHERE id = ?", project_id)
        default = {
            "issue_key": f"{key}-{id_}",
            "key_id": id_,
            "issue_type_id": project_id * 100,
            "issue_type_name": "タスク",
            "summary": "Login",
            "priority_id": 3,
            "priority_name": "中",
            "status_id": 1,
            "status_name": "未対応",
            "created_user_id": 7,
            "created_user_name": "山田 太郎",
            "created": BORN,
            "updated": BORN,
        }
        self.add("issues", id=id_, project_id=project_id, **{**default, **values})

    def comment(
        self, id_: int, at: str, *lines: dict[str, Any], issue: int = 1, user: int = 8, project_id: int = 1, **more: Any
    ) -> None:
        """A comment with its change log, by default Emily's; `at` in January 2026 as `02 10:00`."""
        self.add(
            "issue_comments",
            id=id_,
            project_id=project_id,
            issue_id=issue,
            change_log=list(lines) if lines else None,
            created_user_id=user,
            created_user_name={7: "山田 太郎", 8: "Emily Carter", 9: "佐藤 花子"}[user],
            created=f"2026-01-{at}",
            updated=f"2026-01-{at}",
            **more,
        )

    def activity(self, id_: int, type_: int, at: str, content: dict[str, Any], project_id: int = 1) -> None:
        self.add(
            "activities",
            id=id_,
            type=type_,
            project_id=project_id,
            project_key="WEB",
            content=content,
            created_user_id=8,
            created_user_name="Emily Carter",
            created=f"2026-01-{at}",
        )

    def build(self, issues: list[int] | None = None) -> dict[str, int]:
        return build(self.connection, "backlog", issues)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, list(values)).fetchall()

    def ranges(self, field: str, columns: str = "value_text, value_id", issue: int = 1) -> list[tuple[Any, ...]]:
        """The ranges of a field: day and hour of `valid_from`, and the columns."""
        return self.rows(
            f"""SELECT strftime(valid_from, '%d %H:%M'), {columns} FROM issue_field_history
            WHERE issue_id = ? AND field = ? ORDER BY sequence""",
            issue,
            field,
        )

    def lists(self, field: str, issue: int = 1) -> list[list[tuple[int | None, str]]]:
        """The values of a field with several, range by range."""
        found = self.ranges(field, '"values"', issue)
        return [[(item["id"], item["name"]) for item in json.loads(values)] for _, values in found]


@pytest.fixture
def space() -> Space:
    return Space()


def test_without_a_single_table_of_backlog_the_history_is_empty_and_there_is_no_macro():
    bare = Space(bare=True)
    assert bare.build() == {"issue_changes": 0, "issue_field_history": 0, "issue_status_transitions": 0}
    assert bare.rows("SELECT count(*) FROM duckdb_functions() WHERE function_name = 'issues_as_of'") == [(0,)]


def test_issues_alone_are_enough_for_a_history(space: Space):
    space.issue()
    for table in ("issue_comments", "activities", "project_statuses", "users", "issue_categories", "priorities"):
        space.connection.execute(f"DROP TABLE {table}")
    assert space.build()["issue_status_transitions"] == 1
    assert space.ranges("status") == [("01 00:00", "未対応", 1)]
    assert space.rows("SELECT id, status_name, categories FROM issues_as_of('2026-01-01')") == [(1, "未対応", "[]")]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_tables_have_the_columns_that_are_declared_and_rows_are_told_apart_by_their_key(table: Any, space: Space):
    space.issue()
    space.comment(5, "02 10:00", log("status", "未対応", "処理中"), log("status", "処理中", "未対応"))
    rows = space.build()[table.name]
    there = columns_of(space.connection, "backlog", table.name)
    declared = {column.name: column.type.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE") for column in table.columns}
    assert there == declared
    key = ", ".join(table.key)
    assert rows > 1
    assert space.rows(f"SELECT count(DISTINCT ({key})), count(COLUMNS({list(table.key)})) FROM {table.name}") == [
        (rows,) * (1 + len(table.key))
    ]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_what_a_table_requires_is_never_null(table: Any, space: Space):
    space.issue()
    space.comment(5, "02 10:00", log("status", "未対応", "処理中"))
    space.build()
    for column in table.content:
        if not column.optional:
            assert space.rows(f'SELECT count(*) FROM {table.name} WHERE "{column.name}" IS NULL') == [(0,)], column


@pytest.mark.parametrize(
    "text", [text for table in TABLES for text in (table.doc, table.doc_ja)] + [AS_OF_DOC, AS_OF_DOC_JA]
)
def test_every_table_is_explained_in_english_and_japanese(text: str):
    assert len(text) > 40
    assert text.rstrip()[-1] in ".。"


def test_building_leaves_nothing_behind_but_its_tables(space: Space):
    space.issue()
    before = space.rows("SELECT count(*) FROM duckdb_views() WHERE temporary")
    space.build()
    assert space.rows("SELECT table_name FROM duckdb_tables() WHERE temporary") == []
    assert space.rows("SELECT count(*) FROM duckdb_views() WHERE temporary") == before


def test_a_build_that_is_rolled_back_changed_nothing(space: Space):
    space.issue()
    space.build()
    space.connection.begin()
    space.connection.execute("UPDATE issues SET status_id = 4, status_name = '完了'")
    space.build()
    space.connection.rollback()
    assert space.ranges("status") == [("01 00:00", "未対応", 1)]
    assert space.build([1])["issue_changes"] == 0


def test_a_space_of_several_batches_is_built_like_one(monkeypatch: pytest.MonkeyPatch):
    def built(size: int) -> list[Any]:
        monkeypatch.setattr("backlog_assets.history.building.BATCH", size)
        space = Space()
        for id_ in range(1, 8):
            space.issue(id_, status_id=2, status_name="処理中")
            space.comment(id_ * 10, "02 10:00", log("status", "未対応", "処理中"), issue=id_)
        space.build()
        return [space.rows(f"SELECT * EXCLUDE _loaded_at FROM {table.name} ORDER BY ALL") for table in TABLES]

    assert built(3) == built(100)
