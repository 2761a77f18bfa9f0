"""What display names stand for, from all that the tables remember: today's names, deleted ones, earlier ones.

A change log tells names, not ids. A name is looked up within its scope (`fields.Names`); where several things have
it, the better source wins, and where the best source knows several, it stands for none of them. Only DuckDB.
"""

from collections.abc import Iterator

from duckdb import DuckDBPyConnection

from backlog_assets.history.fields import BUILT_IN, Names

LIVE, DELETED, LOADED, TOLD, GIVEN = 1, 2, 3, 4, 9
"""Sources of names, best first: lists as they are; rows marked deleted; names at load inside other rows; recent
updates; the names Backlog itself gives."""

EVERYWHERE = 0
"""The scope of what is the same in every project."""

NAME_COLUMNS = (
    ("kind", "VARCHAR"),
    ("scope", "BIGINT"),
    ("name", "VARCHAR"),
    ("ids", "BIGINT[]"),
    ("rank", "INTEGER"),
    ("place", "BIGINT"),
)
"""`ids` are those the best source (`rank`) gives the name to. `place`: display order of a status, type of a field."""


def build_names(connection: DuckDBPyConnection) -> None:
    """Makes `history_names` (NAME_COLUMNS) and `history_ids` (kind, scope, id, name, place: the best name of an id).

    `history_custom_fields` has id, name and place (type) of every custom field.
    """
    values = [
        (names.value, EVERYWHERE, name, id_, GIVEN, None)
        for names, ids in BUILT_IN.items()
        for id_, both in ids.items()
        for name in both
    ]
    marks = ", ".join("(?, ?, ?, ?, ?, ?)" for _ in values)
    connection.execute(
        f"""-- one row a name within its scope: what it stands for
        CREATE OR REPLACE TEMP TABLE history_names AS
        WITH candidates(kind, scope, name, id, rank, place) AS (
            SELECT * FROM (VALUES {marks}) UNION ALL {" UNION ALL ".join(_candidates())}
        ),
        best AS (
            SELECT *, min(rank) OVER (PARTITION BY kind, scope, name) AS best_rank
            FROM candidates WHERE name <> '' AND id IS NOT NULL AND scope IS NOT NULL
        )
        SELECT kind, scope, name, list(DISTINCT id ORDER BY id) AS ids, min(rank)::INTEGER AS rank,
            min(place)::BIGINT AS place
        FROM best WHERE rank = best_rank GROUP BY ALL""",
        [value for row in values for value in row],
    )
    connection.execute(
        """-- one row an id within its scope: the best name of it
        CREATE OR REPLACE TEMP TABLE history_ids AS
        SELECT kind, scope, id, arg_min(name, (rank, name)) AS name, min(place) AS place
        FROM (SELECT kind, scope, unnest(ids) AS id, name, rank, place FROM history_names) GROUP BY ALL"""
    )
    connection.execute(
        f"""-- one row a custom field: its name and type, whatever project it is of
        CREATE OR REPLACE TEMP TABLE history_custom_fields AS
        SELECT id, arg_min(name, scope) AS name, min(place) AS place FROM history_ids
        WHERE kind = '{Names.CUSTOM_FIELD.value}' GROUP BY id"""
    )


def _candidates() -> Iterator[str]:
    """Every source of names as a SELECT of kind, scope, name, id, rank and place."""
    lists = {
        Names.STATUS: ("project_statuses", "project_id", "display_order"),
        Names.ISSUE_TYPE: ("project_issue_types", "project_id", "NULL"),
        Names.VERSION: ("project_versions", "project_id", "NULL"),
        Names.CATEGORY: ("project_components", "project_id", "NULL"),
        Names.CUSTOM_FIELD: ("project_custom_fields", "project_id", "type_id"),
        Names.PRIORITY: ("priorities", EVERYWHERE, "NULL"),
        Names.RESOLUTION: ("resolutions", EVERYWHERE, "NULL"),
    }
    for names, (table, scope, place) in lists.items():
        yield _from(names, scope, "name", "id", _alive(), f"history_source_{table}", place)
    yield _from(Names.USER, "project_id", "name", "id", _alive(), "history_source_project_users")
    yield _from(Names.USER, EVERYWHERE, "name", "id", _alive(), "history_source_users")
    yield _from(Names.PROJECT_KEY, EVERYWHERE, "project_key", "id", _alive(), "history_source_projects")
    yield from _inside_issues()
    yield from _told_by_activities()
    items = f"""(SELECT id AS field_id, {_alive()} AS rank,
        unnest(from_json(items, '[{{"id": "BIGINT", "name": "VARCHAR"}}]'), recursive := true)
        FROM history_source_project_custom_fields WHERE items IS NOT NULL)"""
    yield _from(Names.CUSTOM_ITEM, "field_id", "name", "id", "rank", items)


def _inside_issues() -> Iterator[str]:
    """Names as they were when an issue was loaded: the only trace of what was renamed or deleted since."""
    issues = "history_source_issues"
    for names, column, scope in (
        (Names.STATUS, "status", "project_id"),
        (Names.ISSUE_TYPE, "issue_type", "project_id"),
        (Names.PRIORITY, "priority", EVERYWHERE),
        (Names.RESOLUTION, "resolution", EVERYWHERE),
        (Names.USER, "assignee", EVERYWHERE),
        (Names.USER, "created_user", EVERYWHERE),
        (Names.USER, "updated_user", EVERYWHERE),
    ):
        yield _from(names, scope, f"{column}_name", f"{column}_id", LOADED, issues)
    for table in ("issue_comments", "activities"):
        yield _from(Names.USER, EVERYWHERE, "created_user_name", "created_user_id", LOADED, f"history_source_{table}")
    for names, table in (
        (Names.CATEGORY, "issue_categories"),
        (Names.VERSION, "issue_versions"),
        (Names.VERSION, "issue_milestones"),
    ):
        inside = f"""(SELECT DISTINCT i.project_id, c.name, c.id
            FROM history_source_{table} c JOIN {issues} i ON i.id = c.issue_id)"""
        yield _from(names, "project_id", "name", "id", LOADED, inside)
    values = "history_source_issue_custom_field_values"
    fields = f"""(SELECT DISTINCT i.project_id, v.name, v.id, v.field_type_id
        FROM {values} v JOIN {issues} i ON i.id = v.issue_id)"""
    yield _from(Names.CUSTOM_FIELD, "project_id", "name", "id", LOADED, fields, "field_type_id")
    one = '{"id": "BIGINT", "name": "VARCHAR"}'
    chosen = f"""(SELECT field_id, unnest(choices, recursive := true) FROM (
        SELECT id AS field_id, CASE WHEN json_type(value_choice) = 'ARRAY' THEN from_json(value_choice, '[{one}]')
            ELSE [from_json(value_choice, '{one}')] END AS choices
        FROM (SELECT DISTINCT id, value_choice FROM {values} WHERE value_choice IS NOT NULL)))"""
    yield _from(Names.CUSTOM_ITEM, "field_id", "name", "id", LOADED, chosen)


def _told_by_activities() -> Iterator[str]:
    """Milestones (22 made, 23 changed, 24 deleted) and deleted states (34) are named by recent updates."""
    yield _from(Names.PROJECT_KEY, EVERYWHERE, "project_key", "project_id", TOLD, "history_source_activities")
    named = """(SELECT project_id, TRY_CAST(content->>'$.id' AS BIGINT) AS id, unnest(list_append(
            list_transform(
                from_json(content->'$.changes', '[{"field": "VARCHAR", "old_value": "VARCHAR"}]'),
                lambda change: CASE WHEN change.field = 'name' THEN change.old_value END
            ),
            content->>'$.name'
        )) AS name FROM history_source_activities WHERE type IN (22, 23, 24))"""
    yield _from(Names.VERSION, "project_id", "name", "id", TOLD, named)
    deleted = """(SELECT project_id, TRY_CAST(content->>'$.deletedStatus.id' AS BIGINT) AS id,
        content->>'$.deletedStatus.name' AS name FROM history_source_activities WHERE type = 34)"""
    yield _from(Names.STATUS, "project_id", "name", "id", TOLD, deleted)


def _alive() -> str:
    return f"CASE WHEN _deleted_at IS NULL THEN {LIVE} ELSE {DELETED} END"


def _from(
    names: Names, scope: str | int, name: str, id_: str, rank: str | int, relation: str, place: str = "NULL"
) -> str:
    return f"SELECT DISTINCT '{names.value}', {scope}, {name}, {id_}, {rank}, {place} FROM {relation}"
