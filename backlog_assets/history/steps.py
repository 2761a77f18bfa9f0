"""Every step a field took: from one value to the next, whether logged or concluded. Only DuckDB.

Most steps are logged changes. Two kinds are concluded: attachments, whose log tells what came and went but not what was
there; and moves between projects, which leave behind what belongs to the old project without a word in any log.
"""

from duckdb import DuckDBPyConnection

from backlog_assets.history.changes import BATCH
from backlog_assets.history.fields import CUSTOM_PREFIX, FIELDS, PROJECT, Names, Shape
from backlog_assets.history.values import NO_ITEMS, NOTHING, day_text, differ, listed, number_text


def take_steps(connection: DuckDBPyConnection) -> None:
    """Makes `history_steps`: issue, field, instant and who, value before (`old`) and after (`new`).

    `tells_old` and `tells_new` say whether those two are known; a step's place in time is (happened, comment_id,
    source_id, ordinal).
    """
    connection.execute(
        f"""-- one row a logged change of a field, its values read
        CREATE OR REPLACE TEMP TABLE history_steps AS
        SELECT c.issue_id, c.attribute AS field, c.custom_field_id, c.created AS happened, c.comment_id, c.source_id,
            c.ordinal, c.created_user_id, c.created_user_name, c.tells_old, true AS tells_new,
            {_value("c.old_value", "o.value")} AS old, {_value("c.new_value", "n.value")} AS new
        FROM history_changes c
        LEFT JOIN history_values o
            ON o.kind = c.kind AND o.scope = c.scope AND o.by_id = c.by_id AND o.text = c.old_value
        LEFT JOIN history_values n
            ON n.kind = c.kind AND n.scope = c.scope AND n.by_id = c.by_id AND n.text = c.new_value
        WHERE c.attribute IS NOT NULL AND c.shape <> '{Shape.FILES.value}'
            AND c.issue_id IN (SELECT id FROM history_source_issues)"""
    )
    _attach(connection)
    _move(connection)


def _value(sent: str, resolved: str) -> str:
    """SQL: a sent value as a struct: looked up, or read as its shape has it."""
    text = f"""CASE c.shape WHEN '{Shape.NUMBER.value}' THEN {number_text(sent)}
        WHEN '{Shape.DATE.value}' THEN {day_text(sent)} ELSE {sent} END"""
    return f"""CASE WHEN {resolved} IS NOT NULL THEN {resolved}
        WHEN c.shape = '{Shape.MANY.value}' THEN {NO_ITEMS}
        WHEN coalesce({sent}, '') = '' THEN {NOTHING}
        ELSE {{'text': {text}, 'id': NULL::BIGINT, 'key': NULL::VARCHAR, 'items': NULL::JSON}} END"""


def _attach(connection: DuckDBPyConnection) -> None:
    """Adds the steps of attachments: what was there is what is there now, with what came and went taken back."""
    connection.execute(
        f"""INSERT INTO history_steps
        WITH logged AS (
            SELECT *, coalesce(nullif(new_value, ''), old_value) AS name, coalesce(new_value, '') <> '' AS came,
                row_number() OVER (PARTITION BY issue_id ORDER BY created, comment_id, source_id, ordinal) AS step
            FROM history_changes WHERE shape = '{Shape.FILES.value}'
                AND issue_id IN (SELECT id FROM history_source_issues)
        ),
        events AS (SELECT *, coalesce(CAST(file_id AS VARCHAR), name) AS file FROM logged),
        files AS (
            SELECT issue_id, CAST(id AS VARCHAR) AS file, id, name, true AS is_there
            FROM history_source_issue_attachments WHERE issue_id IN (SELECT issue_id FROM events)
            UNION ALL
            SELECT e.issue_id, e.file, any_value(e.file_id), any_value(e.name), false
            FROM events e LEFT JOIN history_source_issue_attachments a
                ON a.issue_id = e.issue_id AND CAST(a.id AS VARCHAR) = e.file
            WHERE a.id IS NULL GROUP BY ALL
        ),
        moments AS (
            SELECT DISTINCT issue_id, step FROM events UNION SELECT DISTINCT issue_id, 0 FROM events
        ),
        states AS (
            SELECT m.issue_id, m.step, f.id, f.name,
                coalesce(arg_max(e.came, e.step) FILTER (e.step <= m.step),
                    NOT arg_min(e.came, e.step) FILTER (e.step > m.step), any_value(f.is_there)) AS is_in
            FROM moments m JOIN files f USING (issue_id)
            LEFT JOIN events e ON e.issue_id = f.issue_id AND e.file = f.file
            GROUP BY m.issue_id, m.step, f.file, f.id, f.name
        ),
        lists AS (
            SELECT issue_id, step, {listed("FILTER (is_in)")} AS value FROM states GROUP BY ALL
        )
        SELECT e.issue_id, e.attribute, NULL, e.created, e.comment_id, e.source_id, e.ordinal, e.created_user_id,
            e.created_user_name, true, true, before.value, after.value
        FROM events e JOIN lists before ON before.issue_id = e.issue_id AND before.step = e.step - 1
        JOIN lists after ON after.issue_id = e.issue_id AND after.step = e.step"""
    )


def _move(connection: DuckDBPyConnection) -> None:
    """Adds the steps of moves: the project itself, and a break in what belongs to a project.

    No break where the value after the move is the one before it, nor for an issue that is later in one of the states 1
    to 4, which every project has.
    """
    moved = connection.execute(f"SELECT 1 FROM history_places WHERE issue_id {BATCH} LIMIT 1").fetchone()
    if moved is None:
        return
    bound = ", ".join(f"'{field.name}'" for field in FIELDS if field.of_project)
    project = """{'text': n.name, 'id': p.project_id, 'key': CAST(p.project_id AS VARCHAR), 'items': NULL::JSON}"""
    connection.execute(
        f"""INSERT INTO history_steps
        WITH stays AS (
            SELECT p.*, {project} AS value FROM history_places p
            LEFT JOIN history_ids n ON n.kind = '{Names.PROJECT_KEY.value}' AND n.id = p.project_id
            WHERE p.issue_id {BATCH}
        ),
        moves AS (
            SELECT s.issue_id, s.since AS happened, s.sequence, before.value AS old, s.value AS new
            FROM stays s JOIN stays before ON before.issue_id = s.issue_id AND before.sequence = s.sequence - 1
        ),
        fields AS (
            SELECT issue_id, field, custom_field_id FROM history_present WHERE issue_id IN (SELECT issue_id FROM moves)
            UNION
            SELECT issue_id, field, custom_field_id FROM history_steps WHERE issue_id IN (SELECT issue_id FROM moves)
        ),
        placed AS (
            SELECT *, (happened, comment_id, source_id, ordinal) AS place FROM history_steps
            WHERE issue_id IN (SELECT issue_id FROM moves)
        ),
        around AS (
            SELECT m.issue_id, f.field, f.custom_field_id, m.happened, m.sequence,
                arg_max(s.new, s.place) FILTER (s.happened <= m.happened) AS before,
                arg_min(s.old, s.place) FILTER (s.happened > m.happened AND s.tells_old) AS after
            FROM moves m JOIN fields f USING (issue_id)
            LEFT JOIN placed s ON s.issue_id = f.issue_id AND s.field = f.field
            WHERE f.field IN ({bound}) OR f.field LIKE '{CUSTOM_PREFIX}%' GROUP BY ALL
        ),
        breaks AS (
            SELECT a.* REPLACE (coalesce(a.after, p.value, {NOTHING}) AS after)
            FROM around a LEFT JOIN history_present p ON p.issue_id = a.issue_id AND p.field = a.field
        )
        SELECT issue_id, '{PROJECT}', NULL, happened, NULL, NULL, sequence, NULL, NULL, true, true, old, new FROM moves
        UNION ALL
        SELECT issue_id, field, custom_field_id, happened, NULL, NULL, sequence, NULL, NULL, false, false,
            {NOTHING}, {NOTHING}
        FROM breaks
        WHERE CASE WHEN before IS NULL THEN field <> 'status' OR coalesce(after.id, 0) NOT BETWEEN 1 AND 4
            ELSE {differ("before", "after")} END"""
    )
