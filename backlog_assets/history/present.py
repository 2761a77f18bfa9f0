"""What every field of the issues of a batch is now: the end from which their history is walked back. Only DuckDB."""

from duckdb import DuckDBPyConnection

from backlog_assets.history.changes import BATCH
from backlog_assets.history.fields import CUSTOM_PREFIX, PROJECT, Names
from backlog_assets.history.values import NO_ITEMS, listed, number_text

LISTS = {
    "categories": "issue_categories",
    "versions": "issue_versions",
    "milestones": "issue_milestones",
    "attachments": "issue_attachments",
}
"""Fields that are tables of their own."""


def read_present(connection: DuckDBPyConnection) -> None:
    """Makes `history_present`: one row an issue and field, with its value (as in `values`)."""
    lists = "".join(
        f"""
        UNION ALL
        SELECT i.id, '{field}', NULL, coalesce(l.value, {NO_ITEMS}) FROM history_batch i LEFT JOIN (
            SELECT issue_id, {listed()} AS value FROM history_source_{table} WHERE issue_id {BATCH} GROUP BY issue_id
        ) l ON l.issue_id = i.id"""
        for field, table in LISTS.items()
    )
    connection.execute(
        f"""-- one row an issue and field: the value it has now
        CREATE OR REPLACE TEMP TABLE history_present AS
        WITH single AS (
            SELECT i.id AS issue_id, unnest([
                {_plain("summary", "i.summary")},
                {_plain("description", "i.description")},
                {_plain("start_date", "CAST(i.start_date AS VARCHAR)")},
                {_plain("due_date", "CAST(i.due_date AS VARCHAR)")},
                {_plain("estimated_hours", number_text("i.estimated_hours"))},
                {_plain("actual_hours", number_text("i.actual_hours"))},
                {_named("issue_type", "i.issue_type_id", "i.issue_type_name")},
                {_named("status", "i.status_id", "i.status_name")},
                {_named("priority", "i.priority_id", "i.priority_name")},
                {_named("resolution", "i.resolution_id", "i.resolution_name")},
                {_named("assignee", "i.assignee_id", "i.assignee_name")},
                {_named("parent_issue", "i.parent_issue_id", "parent.issue_key")},
                {_named(PROJECT, "i.project_id", "project.name")}
            ], recursive := true)
            FROM history_source_issues i LEFT JOIN history_source_issues parent ON parent.id = i.parent_issue_id
            LEFT JOIN history_ids project ON project.kind = '{Names.PROJECT_KEY.value}' AND project.id = i.project_id
            WHERE i.id {BATCH}
        ),
        chosen AS (
            SELECT issue_id, id AS custom_field_id, unnest(from_json(
                CASE WHEN field_type_id IN (6, 7) THEN value_choice END, '[{{"id": "BIGINT", "name": "VARCHAR"}}]'
            ), recursive := true)
            FROM history_source_issue_custom_field_values WHERE issue_id {BATCH} AND value_choice IS NOT NULL
            UNION ALL
            SELECT issue_id, id, NULL, other_value FROM history_source_issue_custom_field_values
            WHERE issue_id {BATCH} AND field_type_id = 7 AND other_value <> ''
        ),
        lists AS (SELECT issue_id, custom_field_id, {listed()} AS value FROM chosen GROUP BY ALL),
        custom AS (
            SELECT v.issue_id, v.id AS custom_field_id, CASE
                WHEN field_type_id IN (6, 7) THEN coalesce(l.value, {NO_ITEMS})
                WHEN field_type_id IN (5, 8) AND coalesce(other_value, '') = '' THEN
                    {_value("value_text", "TRY_CAST(value_choice->>'$.id' AS BIGINT)")}
                WHEN field_type_id = 8 THEN {_value("concat_ws(', ', value_text, other_value)")}
                WHEN field_type_id = 4 THEN {_value("CAST(value_date AS VARCHAR)")}
                WHEN field_type_id = 3 THEN {_value(number_text("value_text"))}
                ELSE {_value("value_text")} END AS value
            FROM history_source_issue_custom_field_values v LEFT JOIN lists l
                ON l.issue_id = v.issue_id AND l.custom_field_id = v.id
            WHERE v.issue_id {BATCH}
        )
        SELECT issue_id, field, NULL::BIGINT AS custom_field_id,
            {{'text': text, 'id': id, 'key': CAST(id AS VARCHAR), 'items': NULL::JSON}} AS value
        FROM single
        {lists}
        UNION ALL
        SELECT issue_id, '{CUSTOM_PREFIX}' || custom_field_id, custom_field_id, value FROM custom"""
    )


def _plain(field: str, value: str) -> str:
    return _named(field, "NULL::BIGINT", value)


def _named(field: str, id_: str, name: str) -> str:
    return f"{{'field': '{field}', 'text': nullif({name}, ''), 'id': {id_}}}"


def _value(text: str, id_: str = "NULL::BIGINT") -> str:
    return f"{{'text': nullif({text}, ''), 'id': {id_}, 'key': CAST({id_} AS VARCHAR), 'items': NULL::JSON}}"
