"""The macro that shows the issues as they were at an instant. Only DuckDB."""

from duckdb import DuckDBPyConnection

from backlog_assets.history.fields import CUSTOM_PREFIX, PROJECT
from backlog_assets.history.present import LISTS
from backlog_assets.history.tables import AS_OF, ISSUE_CHANGES, ISSUE_FIELD_HISTORY
from backlog_assets.warehouse import columns_of, full_name


def create_as_of(connection: DuckDBPyConnection, schema: str) -> None:
    """Makes the macro `issues_as_of(instant)`, or makes it anew. Where there is no table `issues` there is no macro."""
    if not columns_of(connection, schema, "issues"):
        return
    comments = "issue_comments" if columns_of(connection, schema, "issue_comments") else ISSUE_CHANGES.name
    lists = ", ".join(f"{_of('values', field)} AS {field}" for field in LISTS)
    connection.execute(
        f"""-- one row an issue that existed at the instant
        CREATE OR REPLACE MACRO {full_name(connection, schema, AS_OF)}(instant) AS TABLE
        WITH fields AS (
            SELECT * FROM {full_name(connection, schema, ISSUE_FIELD_HISTORY.name)}
            WHERE valid_from <= instant::TIMESTAMPTZ AND (valid_to > instant::TIMESTAMPTZ OR valid_to IS NULL)
        ),
        shown AS (
            SELECT issue_id, {_of("value_id", PROJECT)} AS project_id, {_both("issue_type")},
                {_of("value_text", "summary")} AS summary, {_of("value_text", "description")} AS description,
                {_both("resolution")}, {_both("priority")}, {_both("status")}, {_both("assignee")},
                TRY_CAST({_of("value_text", "start_date")} AS DATE) AS start_date,
                TRY_CAST({_of("value_text", "due_date")} AS DATE) AS due_date,
                TRY_CAST({_of("value_text", "estimated_hours")} AS DECIMAL(9,2)) AS estimated_hours,
                TRY_CAST({_of("value_text", "actual_hours")} AS DECIMAL(9,2)) AS actual_hours,
                {_of("value_id", "parent_issue")} AS parent_issue_id, {lists},
                to_json(coalesce(list({{
                    'id': custom_field_id, 'name': custom_field_name, 'value_text': value_text, 'value_id': value_id,
                    'values': "values"
                }} ORDER BY custom_field_id) FILTER (starts_with(field, '{CUSTOM_PREFIX}')), [])) AS custom_fields
            FROM fields GROUP BY issue_id
        ),
        touched AS (
            SELECT issue_id, max(created) AS updated, arg_max(created_user_id, created) AS updated_user_id,
                arg_max(created_user_name, created) AS updated_user_name
            FROM {full_name(connection, schema, comments)} WHERE created <= instant::TIMESTAMPTZ GROUP BY issue_id
        )
        SELECT i.id, s.project_id, CASE WHEN s.project_id = i.project_id THEN i.issue_key END AS issue_key,
            CASE WHEN s.project_id = i.project_id THEN i.key_id END AS key_id,
            s.* EXCLUDE (issue_id, project_id), i.created_user_id, i.created_user_name, i.created,
            CASE WHEN i.updated <= instant::TIMESTAMPTZ THEN i.updated_user_id
                ELSE coalesce(t.updated_user_id, i.created_user_id) END AS updated_user_id,
            CASE WHEN i.updated <= instant::TIMESTAMPTZ THEN i.updated_user_name
                ELSE coalesce(t.updated_user_name, i.created_user_name) END AS updated_user_name,
            CASE WHEN i.updated <= instant::TIMESTAMPTZ THEN i.updated ELSE coalesce(t.updated, i.created)
                END AS updated
        FROM shown s JOIN {full_name(connection, schema, "issues")} i ON i.id = s.issue_id
        LEFT JOIN touched t ON t.issue_id = i.id
        WHERE i.created <= instant::TIMESTAMPTZ"""
    )


def _of(column: str, field: str) -> str:
    return f"any_value(\"{column}\") FILTER (field = '{field}')"


def _both(field: str) -> str:
    return f"{_of('value_id', field)} AS {field}_id, {_of('value_text', field)} AS {field}_name"
