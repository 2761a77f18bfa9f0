"""What change logs tell, one row a changed field: from comments, and from recent updates where those are missing.

Values stay as sent here. `history_chosen` holds the ids of all issues that are wanted, `history_batch` of those whose
turn it is. Only DuckDB.
"""

from duckdb import DuckDBPyConnection

from backlog_assets.history.fields import CUSTOM_PREFIX, CUSTOM_SHAPES, FIELDS, Names, Shape
from backlog_assets.history.names import EVERYWHERE

BATCH = "IN (SELECT id FROM history_batch)"
"""Condition on an issue's id: it is one of those being built."""

LOG = """[{
    "field": "VARCHAR", "newValue": "VARCHAR", "originalValue": "VARCHAR",
    "attributeInfo": {"id": "BIGINT", "typeId": "VARCHAR"}, "attachmentInfo": {"id": "BIGINT"}
}]"""
"""What is read of a comment's change log; `typeId` comes as a number or as text."""

TOLD = '[{"field": "VARCHAR", "new_value": "VARCHAR", "old_value": "VARCHAR", "type": "VARCHAR"}]'
"""What is read of an activity's changes."""

OF_PROJECT = (Names.STATUS, Names.ISSUE_TYPE, Names.VERSION, Names.CATEGORY, Names.USER)
"""Names that are looked up within the project of the time."""

BY_ID = (Names.STATUS, Names.ISSUE_TYPE, Names.PRIORITY, Names.RESOLUTION, Names.USER)
"""Things that activities may tell by their id."""

LAST = 2**62
"""Stands behind every id of a comment or activity."""


def read_activities(connection: DuckDBPyConnection) -> None:
    """Makes `history_told`: one row an activity and issue it names; and `history_deleted`: when issues were deleted."""
    connection.execute(
        """-- one row an activity and issue: created (1), updated (2), commented (3), deleted (4), together (14, 35, 47)
        CREATE OR REPLACE TEMP TABLE history_told AS
        SELECT activity_id, type, project_id, created, issue_id, comment_id FROM (
            SELECT id AS activity_id, type, project_id, created,
                json_extract_string(content, ['$.id', '$.comment.id']) AS ids,
                TRY_CAST(ids[1] AS BIGINT) AS issue_id, TRY_CAST(ids[2] AS BIGINT) AS comment_id
            FROM history_source_activities WHERE type IN (1, 2, 3, 4)
            UNION ALL BY NAME
            SELECT activity_id, type, project_id, created, link.id AS issue_id, link.comment.id AS comment_id FROM (
                SELECT id AS activity_id, type, project_id, created,
                    unnest(from_json(content->'$.link', '[{"id": "BIGINT", "comment": {"id": "BIGINT"}}]')) AS link
                FROM history_source_activities WHERE type IN (14, 35, 47)
            )
        ) WHERE issue_id IN (SELECT id FROM history_chosen)"""
    )
    connection.execute(
        """-- one row a deleted issue: the activity's instant, or when a load no longer found it
        CREATE OR REPLACE TEMP TABLE history_deleted AS
        SELECT i.id AS issue_id, coalesce(max(t.created), any_value(i._deleted_at)) AS deleted_at
        FROM history_source_issues i LEFT JOIN history_told t ON t.issue_id = i.id AND t.type = 4
        WHERE i._deleted_at IS NOT NULL AND i.id IN (SELECT id FROM history_chosen) GROUP BY ALL"""
    )


def place_issues(connection: DuckDBPyConnection) -> None:
    """Makes `history_places`: one row a stay of an issue in a project, only for issues that were in more than one.

    Recent updates tell the project of their time, comments only where theirs is not the issue's own of today. An
    issue last seen elsewhere has moved when it was last updated.
    """
    connection.execute(
        f"""-- one row a stay of a moved issue in a project: project_id, since
        CREATE OR REPLACE TEMP TABLE history_places AS
        WITH seen AS (
            SELECT issue_id, project_id, created AS happened, activity_id AS id FROM history_told WHERE type <> 4
            UNION ALL
            SELECT c.issue_id, c.project_id, c.created, c.id FROM history_source_issue_comments c
            JOIN history_source_issues i ON i.id = c.issue_id AND i.project_id <> c.project_id
            WHERE c.issue_id IN (SELECT id FROM history_chosen)
        ),
        moved AS (
            SELECT DISTINCT i.id, i.project_id, i.created, i.updated FROM seen s
            JOIN history_source_issues i ON i.id = s.issue_id AND i.project_id <> s.project_id
        ),
        points AS (
            SELECT s.* FROM seen s JOIN moved ON moved.id = s.issue_id WHERE s.project_id IS NOT NULL
            UNION ALL
            SELECT m.id, any_value(m.project_id), greatest(any_value(m.updated), max(s.happened)), {LAST}
            FROM moved m JOIN seen s ON s.issue_id = m.id GROUP BY m.id
        ),
        steps AS (
            SELECT issue_id, project_id, happened, id,
                lag(project_id) OVER (PARTITION BY issue_id ORDER BY happened, id) AS before
            FROM points
        )
        SELECT s.issue_id, s.project_id, CASE WHEN before IS NULL THEN least(happened, m.created) ELSE happened END
                AS since, row_number() OVER (PARTITION BY s.issue_id ORDER BY happened, s.id) AS sequence
        FROM steps s JOIN moved m ON m.id = s.issue_id WHERE before IS DISTINCT FROM s.project_id"""
    )


def read_changes(connection: DuckDBPyConnection) -> None:
    """Makes `history_changes`: the columns of `issue_changes`, and what only the making of the history needs.

    `shape` (fields.Shape), `kind` (fields.Names) and `scope` say how values are read; `file_id` is the attachment's id,
    `tells_old`: the value before is told, `by_id`: values may be ids.
    """
    connection.execute(
        f"""-- one row a changed field, as a comment's change log tells it
        CREATE OR REPLACE TEMP TABLE history_logged AS
        SELECT issue_id, project_id, 'comment' AS source, source_id, source_id AS comment_id, ordinal,
            item.field AS field, item.attributeInfo.id AS custom_field_id,
            TRY_CAST(item.attributeInfo.typeId AS INTEGER) AS type_id, item.attachmentInfo.id AS file_id,
            false AS is_custom, item.originalValue AS old_value, item.newValue AS new_value, true AS tells_old,
            false AS by_id, created_user_id, created_user_name, created
        FROM (
            SELECT *, unnest(log) AS item, generate_subscripts(log, 1)::INTEGER AS ordinal FROM (
                SELECT id AS source_id, issue_id, project_id, created_user_id, created_user_name, created,
                    from_json(change_log, '{LOG}') AS log
                FROM history_source_issue_comments WHERE change_log IS NOT NULL AND issue_id {BATCH}
            )
        )"""
    )
    connection.execute(
        f"""-- the same from activities newer than the comments that are loaded of their issue
        INSERT INTO history_logged
        WITH loaded AS (
            SELECT issue_id, max(id) AS comment_id FROM history_source_issue_comments
            WHERE issue_id {BATCH} GROUP BY ALL
        ),
        needed AS (
            SELECT t.* FROM history_told t LEFT JOIN loaded USING (issue_id)
            WHERE t.issue_id {BATCH} AND t.type IN (2, 3, 14, 35)
                AND (loaded.issue_id IS NULL OR t.comment_id > loaded.comment_id)
            QUALIFY t.comment_id IS NULL
                OR row_number() OVER (PARTITION BY t.issue_id, t.comment_id ORDER BY t.activity_id) = 1
        ),
        items AS (
            SELECT n.*, created_user_id, created_user_name, from_json(content->'$.changes', '{TOLD}') AS log,
                json_extract(content, '$.changes[*]') AS raw
            FROM needed n JOIN (
                SELECT id, content, created_user_id, created_user_name FROM history_source_activities
                WHERE id IN (SELECT activity_id FROM needed)
            ) a ON a.id = n.activity_id
        )
        SELECT issue_id, project_id, 'activity', activity_id, comment_id, ordinal, item.field, NULL, NULL, NULL,
            item.type = 'custom', item.old_value, item.new_value, json_exists(sent, '$.old_value'),
            true, created_user_id, created_user_name, created
        FROM (
            SELECT *, unnest(log) AS item, unnest(raw) AS sent, generate_subscripts(log, 1)::INTEGER AS ordinal
            FROM items
        )"""
    )
    words = ", ".join(
        f"('{sent}', '{field.name}', '{field.shape.value}', {_text(field.names)})"
        for field in FIELDS
        for sent in field.sent
    )
    shapes = " ".join(f"WHEN {type_id} THEN '{shape.value}'" for type_id, shape in CUSTOM_SHAPES.items())
    connection.execute(
        f"""-- what each row means: the project of its time, the field, how its values are written and looked up
        CREATE OR REPLACE TEMP TABLE history_changes AS
        WITH words(field, word, word_shape, word_kind) AS (VALUES {words}),
        placed AS (
            SELECT l.* REPLACE (coalesce(p.project_id, i.project_id, l.project_id) AS project_id)
            FROM history_logged l LEFT JOIN history_source_issues i ON i.id = l.issue_id
            LEFT JOIN LATERAL (
                SELECT arg_max(p.project_id, p.sequence) AS project_id FROM history_places p
                WHERE p.issue_id = l.issue_id AND (p.since <= l.created OR p.sequence = 1)
            ) p ON true
        ),
        told AS (
            SELECT p.* REPLACE (CASE WHEN is_custom AND len(n.ids) = 1 THEN n.ids[1] ELSE custom_field_id END
                AS custom_field_id)
            FROM placed p LEFT JOIN history_names n
            ON p.is_custom AND n.kind = '{Names.CUSTOM_FIELD.value}' AND n.scope = p.project_id AND n.name = p.field
        ),
        meant AS (
            SELECT t.*, f.name AS custom_field_name, CASE
                    WHEN custom_field_id IS NOT NULL THEN '{CUSTOM_PREFIX}' || custom_field_id
                    WHEN NOT is_custom THEN word
                END AS attribute,
                CASE WHEN custom_field_id IS NULL THEN word_shape
                    ELSE CASE coalesce(f.place, t.type_id) {shapes} ELSE '{Shape.TEXT.value}' END
                END AS shape,
                CASE WHEN custom_field_id IS NULL THEN word_kind
                    WHEN shape IN ('{Shape.ONE.value}', '{Shape.MANY.value}') THEN '{Names.CUSTOM_ITEM.value}'
                END AS kind
            FROM told t LEFT JOIN words USING (field)
            LEFT JOIN history_custom_fields f ON f.id = custom_field_id
        )
        SELECT * EXCLUDE (is_custom, type_id)
            REPLACE (by_id AND kind IN ({", ".join(f"'{names.value}'" for names in BY_ID)}) AS by_id),
            CASE WHEN kind IN ({", ".join(f"'{names.value}'" for names in OF_PROJECT)}) THEN project_id
                WHEN kind = '{Names.CUSTOM_ITEM.value}' THEN custom_field_id
                ELSE {EVERYWHERE}
            END AS scope
        FROM meant"""
    )
    connection.execute("DROP TABLE history_logged")


def _text(names: Names | None) -> str:
    return "NULL" if names is None else f"'{names.value}'"
