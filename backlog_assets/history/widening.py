"""Whose history must be made anew besides the issues named: those whose words mean something else now. Only DuckDB.

What a change log's name stands for depends on lists that other issues share. What names stood for at the last build is
kept in `backlog_ops.history_names`; an issue is affected where a name that occurs in its logs has changed since.
"""

from duckdb import DuckDBPyConnection

from backlog_assets.history.fields import CUSTOM_PREFIX, FIELDS, Names
from backlog_assets.history.names import EVERYWHERE, NAME_COLUMNS
from backlog_assets.history.tables import ISSUE_CHANGES, ISSUE_FIELD_HISTORY, TABLES
from backlog_assets.history.values import issues_by_key
from backlog_assets.ledger import OPS
from backlog_assets.warehouse import columns_of, ensure_table, full_name

KEPT = "history_names"
"""The table in `backlog_ops`: names.NAME_COLUMNS with the schema in front."""

MOST_NAMES = 500
"""More changed names than this are not looked for in every log; everything is made anew, which is quicker then."""


def keep_names(connection: DuckDBPyConnection, schema: str) -> None:
    """Keeps what names stand for, for the next build."""
    ensure_table(connection, OPS, KEPT, [("schema_name", "VARCHAR"), *NAME_COLUMNS])
    kept = full_name(connection, OPS, KEPT)
    connection.execute(f"DELETE FROM {kept} WHERE schema_name = ?", [schema])
    connection.execute(
        f"INSERT INTO {kept} BY NAME SELECT ? AS schema_name, * FROM ({_names(connection, schema)})", [schema]
    )


def choose(connection: DuckDBPyConnection, schema: str) -> bool:
    """Adds to `history_chosen` the issues affected by changed names.

    False where it cannot be told which those are: a first build, other columns than now, or too many names.
    """
    expected = [[column.name for column in table.columns] for table in TABLES]
    there = [list(columns_of(connection, schema, table.name)) for table in TABLES]
    if there != expected or not columns_of(connection, OPS, KEPT):
        return False
    kept = f"SELECT * FROM {full_name(connection, OPS, KEPT)} WHERE schema_name = ?"
    connection.execute(
        f"""-- one row a name that stands for something else than at the last build
        CREATE OR REPLACE TEMP TABLE history_renamed AS
        SELECT kind, scope, name, list_distinct(list_concat(k.ids, n.ids)) AS ids
        FROM ({kept}) k FULL JOIN ({_names(connection, schema)}) n USING (kind, scope, name)
        WHERE k.ids IS DISTINCT FROM n.ids OR k.rank IS DISTINCT FROM n.rank OR k.place IS DISTINCT FROM n.place""",
        [schema],
    )
    counted = connection.execute(
        f"""SELECT (SELECT count(*) FROM history_renamed),
            (SELECT count(*) FROM {full_name(connection, OPS, KEPT)} WHERE schema_name = ?)""",
        [schema],
    ).fetchone()
    renamed, known = counted or (0, 0)
    if renamed > MOST_NAMES or not known:
        return False
    if renamed:
        _add_affected(connection, schema)
    _add_children(connection, schema)
    return True


def _names(connection: DuckDBPyConnection, schema: str) -> str:
    """SQL: all names of today, and the issue keys that logs name."""
    texts = f"""SELECT DISTINCT unnest([old_value, new_value]) AS text
        FROM {full_name(connection, schema, ISSUE_CHANGES.name)} WHERE attribute = 'parent_issue'"""
    return f"""SELECT * FROM history_names UNION ALL
        SELECT '{Names.ISSUE.value}', {EVERYWHERE}, text, [id], 0, NULL FROM ({issues_by_key(texts)})
        WHERE text IS NOT NULL"""


def _add_affected(connection: DuckDBPyConnection, schema: str) -> None:
    changes = full_name(connection, schema, ISSUE_CHANGES.name)
    words = ", ".join(f"('{field.names.value}', '{field.name}')" for field in FIELDS if field.names)
    whole = ", ".join(f"'{names.value}'" for names in (Names.STATUS, Names.CUSTOM_FIELD))
    connection.execute(
        f"""INSERT INTO history_chosen
        WITH words(kind, attribute) AS (VALUES {words}),
        named AS (
            SELECT r.*, w.attribute FROM history_renamed r LEFT JOIN words w USING (kind)
        ),
        affected AS (
            -- logs that name it
            SELECT c.issue_id FROM {changes} c JOIN named n ON n.attribute = c.attribute
                AND (n.scope = {EVERYWHERE} OR n.scope = c.project_id)
                AND (contains(c.old_value, n.name) OR contains(c.new_value, n.name)
                    OR list_contains(n.ids, TRY_CAST(c.old_value AS BIGINT))
                    OR list_contains(n.ids, TRY_CAST(c.new_value AS BIGINT)))
            UNION
            SELECT c.issue_id FROM {changes} c JOIN named n
                ON n.kind = '{Names.CUSTOM_ITEM.value}' AND n.scope = c.custom_field_id
                AND (contains(c.old_value, n.name) OR contains(c.new_value, n.name))
            UNION
            -- the order of states and the types of custom fields matter to logs that do not name them
            SELECT h.issue_id FROM {full_name(connection, schema, ISSUE_FIELD_HISTORY.name)} h
            JOIN (SELECT DISTINCT scope FROM history_renamed WHERE kind IN ({whole})) s ON s.scope = h.project_id
            UNION
            SELECT c.issue_id FROM {changes} c
            JOIN (SELECT DISTINCT scope FROM history_renamed WHERE kind IN ({whole})) s ON s.scope = c.project_id
            UNION
            -- custom fields are called by their name wherever they occur
            SELECT h.issue_id FROM {full_name(connection, schema, ISSUE_FIELD_HISTORY.name)} h
            JOIN (SELECT DISTINCT unnest(ids) AS id FROM history_renamed
                WHERE kind = '{Names.CUSTOM_FIELD.value}') f
            ON h.field = '{CUSTOM_PREFIX}' || f.id
            UNION
            -- an issue's project is told by its key
            SELECT h.issue_id FROM {full_name(connection, schema, ISSUE_FIELD_HISTORY.name)} h
            JOIN (SELECT DISTINCT unnest(ids) AS id FROM history_renamed
                WHERE kind = '{Names.PROJECT_KEY.value}') p
            ON h.field = 'project' AND h.value_id = p.id
        )
        SELECT issue_id FROM affected EXCEPT SELECT id FROM history_chosen"""
    )


def _add_children(connection: DuckDBPyConnection, schema: str) -> None:
    """Issues whose parent is called by another key now."""
    connection.execute(
        f"""INSERT INTO history_chosen
        WITH told AS (
            SELECT issue_id, arg_max(coalesce(value_text, ''), sequence) AS issue_key
            FROM {full_name(connection, schema, ISSUE_FIELD_HISTORY.name)}
            WHERE field = 'parent_issue' GROUP BY issue_id
        )
        SELECT i.id FROM history_source_issues i JOIN told ON told.issue_id = i.id
        LEFT JOIN history_source_issues parent ON parent.id = i.parent_issue_id
        WHERE told.issue_key <> coalesce(parent.issue_key, '')
        EXCEPT SELECT id FROM history_chosen"""
    )
