"""The tables the history is made of, as views with the columns it needs, whether they exist or not. Only DuckDB."""

from duckdb import DuckDBPyConnection

from backlog_assets.warehouse import folded, full_name, quoted

NAMED = {"id": "BIGINT", "name": "VARCHAR", "_deleted_at": "TIMESTAMPTZ"}
OF_PROJECT = {**NAMED, "project_id": "BIGINT"}
LISTED = {"issue_id": "BIGINT", "id": "BIGINT", "name": "VARCHAR"}

SOURCES: dict[str, dict[str, str]] = {
    "issues": {
        "id": "BIGINT",
        "project_id": "BIGINT",
        "issue_key": "VARCHAR",
        "key_id": "BIGINT",
        "issue_type_id": "BIGINT",
        "issue_type_name": "VARCHAR",
        "summary": "VARCHAR",
        "description": "VARCHAR",
        "resolution_id": "BIGINT",
        "resolution_name": "VARCHAR",
        "priority_id": "BIGINT",
        "priority_name": "VARCHAR",
        "status_id": "BIGINT",
        "status_name": "VARCHAR",
        "assignee_id": "BIGINT",
        "assignee_name": "VARCHAR",
        "start_date": "DATE",
        "due_date": "DATE",
        "estimated_hours": "DECIMAL(9,2)",
        "actual_hours": "DECIMAL(9,2)",
        "parent_issue_id": "BIGINT",
        "created_user_id": "BIGINT",
        "created_user_name": "VARCHAR",
        "created": "TIMESTAMPTZ",
        "updated_user_id": "BIGINT",
        "updated_user_name": "VARCHAR",
        "updated": "TIMESTAMPTZ",
        "_deleted_at": "TIMESTAMPTZ",
    },
    "issue_categories": LISTED,
    "issue_versions": LISTED,
    "issue_milestones": LISTED,
    "issue_attachments": LISTED,
    "issue_custom_field_values": {
        **LISTED,
        "field_type_id": "INTEGER",
        "value_text": "VARCHAR",
        "value_date": "DATE",
        "value_choice": "JSON",
        "other_value": "VARCHAR",
    },
    "issue_comments": {
        "id": "BIGINT",
        "project_id": "BIGINT",
        "issue_id": "BIGINT",
        "change_log": "JSON",
        "created_user_id": "BIGINT",
        "created_user_name": "VARCHAR",
        "created": "TIMESTAMPTZ",
    },
    "activities": {
        "id": "BIGINT",
        "project_id": "BIGINT",
        "project_key": "VARCHAR",
        "type": "INTEGER",
        "content": "JSON",
        "created_user_id": "BIGINT",
        "created_user_name": "VARCHAR",
        "created": "TIMESTAMPTZ",
    },
    "projects": {"id": "BIGINT", "project_key": "VARCHAR", "_deleted_at": "TIMESTAMPTZ"},
    "project_statuses": {**OF_PROJECT, "display_order": "BIGINT"},
    "project_versions": OF_PROJECT,
    "project_components": OF_PROJECT,
    "project_issue_types": OF_PROJECT,
    "project_custom_fields": {**OF_PROJECT, "type_id": "INTEGER", "items": "JSON"},
    "project_users": OF_PROJECT,
    "users": NAMED,
    "priorities": NAMED,
    "resolutions": NAMED,
}
"""Tables and the columns of them that are read, with their types."""

PREFIX = "history_source_"
"""The views are called so, with the table's name behind it."""


def open_sources(connection: DuckDBPyConnection, schema: str) -> None:
    """Makes a temporary view of each table; what is missing, table or column, is empty."""
    found: dict[str, set[str]] = {}
    for in_schema, table, column in connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE database_name = current_database()"
    ).fetchall():
        if folded(in_schema) == folded(schema):
            found.setdefault(folded(table), set()).add(folded(column))
    for table, columns in SOURCES.items():
        there = found.get(table, set())
        listed = ", ".join(
            f"{quoted(name) if name in there else 'NULL'}::{kind} AS {quoted(name)}" for name, kind in columns.items()
        )
        source = f"FROM {full_name(connection, schema, table)}" if there else "WHERE false"
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {PREFIX}{table} AS SELECT {listed} {source}")


def close_sources(connection: DuckDBPyConnection) -> None:
    """Drops the views."""
    for table in SOURCES:
        connection.execute(f"DROP VIEW IF EXISTS temp.{PREFIX}{table}")
