"""From steps to ranges: what each field was, from when until when; and the way through the states. Only DuckDB."""

from datetime import datetime

from duckdb import DuckDBPyConnection

from backlog_assets.history.fields import CLOSED, Names
from backlog_assets.history.values import NOTHING, differ


def insert_field_history(connection: DuckDBPyConnection, table: str, now: datetime) -> None:
    """Adds the ranges of the issues of a batch to `table`. The issue as it is now is the truth at the end."""
    known = "present.issue_id IS NOT NULL"
    connection.execute(
        f"""INSERT INTO {table} BY NAME
        WITH steps AS (
            SELECT *, lead(happened) OVER step AS next_at, lead(old) OVER step AS next_old,
                CASE WHEN lead(happened) OVER step IS NULL THEN issue_id END AS last_of,
                coalesce(lead(tells_old) OVER step, false) AS next_tells, row_number() OVER step AS step
            FROM history_steps
            WINDOW step AS (PARTITION BY issue_id, field ORDER BY happened, comment_id NULLS LAST, source_id, ordinal)
        ),
        begun AS (
            SELECT steps.issue_id, steps.field, steps.custom_field_id, step + 1 AS sequence, happened AS valid_from,
                next_at AS valid_to, created_user_id AS changed_by_id, created_user_name AS changed_by_name, comment_id,
                CASE WHEN {known} THEN present.value WHEN tells_new THEN new
                    WHEN next_tells THEN next_old ELSE {NOTHING} END AS value,
                CASE WHEN NOT tells_new THEN false
                    WHEN next_at IS NOT NULL THEN next_tells AND {differ("new", "next_old")}
                    WHEN {known} THEN {differ("new", "present.value")}
                    ELSE true END AS disagrees,
                CASE WHEN {known} AND (NOT tells_new OR disagrees) THEN 'issue'
                    WHEN tells_new OR next_tells THEN 'log' ELSE 'none' END AS evidence
            FROM steps LEFT JOIN history_present present
                ON present.issue_id = steps.last_of AND present.field = steps.field
        ),
        opening AS (
            SELECT s.issue_id, field, custom_field_id, 1 AS sequence, least(i.created, happened) AS valid_from,
                happened AS valid_to, i.created_user_id AS changed_by_id, i.created_user_name AS changed_by_name,
                NULL AS comment_id,
                CASE WHEN tells_old THEN old ELSE {NOTHING} END AS value, false AS disagrees,
                CASE WHEN tells_old THEN 'log' ELSE 'none' END AS evidence
            FROM steps s JOIN history_source_issues i ON i.id = s.issue_id WHERE step = 1
        ),
        unchanged AS (
            SELECT p.issue_id, field, custom_field_id, 1 AS sequence, i.created AS valid_from, NULL AS valid_to,
                i.created_user_id AS changed_by_id, i.created_user_name AS changed_by_name, NULL AS comment_id,
                value, false AS disagrees, 'issue' AS evidence
            FROM history_present p JOIN history_source_issues i ON i.id = p.issue_id
            WHERE NOT EXISTS (FROM history_steps s WHERE s.issue_id = p.issue_id AND s.field = p.field)
        ),
        ranges AS (FROM begun UNION ALL BY NAME FROM opening UNION ALL BY NAME FROM unchanged)
        SELECT r.issue_id, i.project_id, r.field, r.custom_field_id, f.name AS custom_field_name, r.sequence,
            r.valid_from, CASE WHEN r.valid_to IS NULL AND d.deleted_at IS NOT NULL
                THEN greatest(r.valid_from, d.deleted_at) ELSE r.valid_to END AS valid_to,
            r.valid_to IS NULL AND d.deleted_at IS NULL AS is_current, r.value.text AS value_text,
            r.value.id AS value_id, r.value.items AS "values", r.evidence, r.disagrees, r.changed_by_id,
            r.changed_by_name, r.comment_id, $now::TIMESTAMPTZ AS _loaded_at
        FROM ranges r JOIN history_source_issues i ON i.id = r.issue_id
        LEFT JOIN history_deleted d ON d.issue_id = r.issue_id
        LEFT JOIN history_custom_fields f ON f.id = r.custom_field_id""",
        {"now": now},
    )
    connection.execute(
        f"""-- ranges of issues that have moved: the project of their time
        UPDATE {table} h SET project_id = p.project_id FROM (
            SELECT issue_id, project_id, sequence, since,
                lead(since) OVER (PARTITION BY issue_id ORDER BY sequence) AS until
            FROM history_places
        ) p
        WHERE p.issue_id = h.issue_id AND h.issue_id IN (SELECT id FROM history_batch)
            AND (h.valid_from >= p.since OR p.sequence = 1)
            AND (h.valid_from < p.until OR p.until IS NULL)"""
    )


def insert_transitions(connection: DuckDBPyConnection, table: str, field_history: str, now: datetime) -> None:
    """Adds the ways of the issues of a batch through their states to `table`, from the ranges in `field_history`."""
    connection.execute(
        f"""INSERT INTO {table} BY NAME
        WITH states AS (
            SELECT *, lag(value_id) OVER way AS from_id, lag(value_text) OVER way AS from_name,
                lag(project_id) OVER way AS from_project
            FROM {field_history} WHERE field = 'status' AND issue_id IN (SELECT id FROM history_batch)
            WINDOW way AS (PARTITION BY issue_id ORDER BY sequence)
        )
        SELECT s.issue_id, s.project_id, s.sequence, s.from_id AS from_status_id, s.from_name AS from_status_name,
            s.value_id AS to_status_id, s.value_text AS to_status_name, s.valid_from AS entered_at,
            s.valid_to AS left_at, date_diff('second', s.valid_from, s.valid_to) AS seconds_in_status,
            CASE WHEN s.from_project <> s.project_id THEN NULL WHEN t.place > f.place THEN 'forward'
                WHEN t.place < f.place THEN 'backward' END AS direction,
            coalesce(s.from_id = {CLOSED} AND s.value_text IS NOT NULL AND s.value_id IS DISTINCT FROM {CLOSED}, false)
                AS is_reopen,
            s.changed_by_id, s.changed_by_name, s.comment_id, $now::TIMESTAMPTZ AS _loaded_at
        FROM states s
        LEFT JOIN history_ids f ON f.kind = '{Names.STATUS.value}' AND f.scope = s.from_project AND f.id = s.from_id
        LEFT JOIN history_ids t ON t.kind = '{Names.STATUS.value}' AND t.scope = s.project_id AND t.id = s.value_id""",
        {"now": now},
    )
