"""Which issues are not as they were at the last build: a mark of each, of all that its history is made of.

Marks are of contents, not of times: they hold whoever has written the rows, whenever, and after a replay. Only DuckDB.
"""

from duckdb import DuckDBPyConnection

from backlog_assets.history.sources import PREFIX, SOURCES, close_sources, open_sources
from backlog_assets.ledger import OPS
from backlog_assets.warehouse import columns_of, ensure_table, full_name

KEPT = "history_marks"
MARKS = (("schema_name", "VARCHAR"), ("issue_id", "BIGINT"), ("mark", "HUGEINT"))
"""Columns of `backlog_ops.history_marks`: one row an issue, as it was at the last build."""

NOW = "history_marks_now"


def changed_issues(connection: DuckDBPyConnection, schema: str) -> list[int] | None:
    """Ids of the issues whose rows, child rows, comments or activities are others than at the last build, those that
    are gone included; None before the first one. Keeps today's marks until `keep_marks`."""
    open_sources(connection, schema)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {NOW} AS {_marks()}")
    close_sources(connection)
    if not columns_of(connection, OPS, KEPT):
        return None
    kept = f"(SELECT issue_id, mark FROM {full_name(connection, OPS, KEPT)} WHERE schema_name = ?)"
    if connection.execute(f"SELECT 1 FROM {kept} LIMIT 1", [schema]).fetchone() is None:
        return None
    found = connection.execute(
        f"SELECT issue_id FROM {kept} k FULL JOIN {NOW} n USING (issue_id) WHERE k.mark IS DISTINCT FROM n.mark",
        [schema],
    ).fetchall()
    return [int(issue_id) for [issue_id] in found]


def keep_marks(connection: DuckDBPyConnection, schema: str) -> None:
    """The marks that `changed_issues` has found are those of the last build from now on."""
    ensure_table(connection, OPS, KEPT, MARKS)
    kept = full_name(connection, OPS, KEPT)
    connection.execute(f"DELETE FROM {kept} WHERE schema_name = ?", [schema])
    connection.execute(f"INSERT INTO {kept} BY NAME SELECT ? AS schema_name, * FROM {NOW}", [schema])
    connection.execute(f"DROP TABLE temp.{NOW}")


def _marks() -> str:
    """SQL: issue_id and mark. What the history reads of an issue, and nothing else, is in its mark."""
    rows = [_rows_of("issues", "id")]
    rows += [_rows_of(table, "issue_id") for table, columns in SOURCES.items() if "issue_id" in columns]
    told = f"{PREFIX}activities"
    columns = ", ".join(SOURCES["activities"])
    rows.append(
        f"""SELECT unnest(CASE WHEN type IN (14, 35, 47)
                THEN list_transform(from_json(content->'$.link', '[{{"id": "BIGINT"}}]'), lambda one: one.id)
                ELSE [TRY_CAST(content->>'$.id' AS BIGINT)] END) AS issue_id,
            hash('activities', {columns}) AS mark FROM {told} WHERE type IN (1, 2, 3, 4, 14, 35, 47)"""
    )
    return f"""SELECT issue_id, sum(mark)::HUGEINT AS mark FROM ({" UNION ALL ".join(rows)})
        WHERE issue_id IS NOT NULL GROUP BY issue_id"""


def _rows_of(table: str, issue_id: str) -> str:
    return f"SELECT {issue_id} AS issue_id, hash('{table}', {', '.join(SOURCES[table])}) AS mark FROM {PREFIX}{table}"
