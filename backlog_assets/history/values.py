"""What the values of change logs stand for: days, numbers, and names put to ids, each different text once. Only DuckDB.

A value is a struct: `text` as people read it, `id` of what the name stands for, `key` to compare with others where all
its ids are known, `items` as JSON for lists. Nothing is four times null; an empty list has the items `[]`.
"""

from duckdb import DuckDBPyConnection

from backlog_assets.history.fields import Names, Shape
from backlog_assets.history.names import EVERYWHERE

NOTHING = "{'text': NULL::VARCHAR, 'id': NULL::BIGINT, 'key': NULL::VARCHAR, 'items': NULL::JSON}"
NO_ITEMS = "{'text': NULL::VARCHAR, 'id': NULL::BIGINT, 'key': NULL::VARCHAR, 'items': '[]'::JSON}"


def number_text(value: str) -> str:
    """SQL: a number (a number, or text) as text without zeros behind; other text as it is."""
    exact = f"TRY_CAST({value} AS DECIMAL(38, 10))"
    return f"coalesce(rtrim(rtrim(CAST({exact} AS VARCHAR), '0'), '.'), CAST({value} AS VARCHAR))"


def day_text(value: str) -> str:
    """SQL: text of a day or instant as yyyy-MM-dd, of the midnight nearest to it; other text as it is."""
    instant = f"TRY_CAST({value} AS TIMESTAMP)"
    return f"coalesce(CAST(CAST({instant} + INTERVAL 12 HOURS AS DATE) AS VARCHAR), {value})"


def differ(one: str, other: str) -> str:
    """SQL: whether two values differ; by ids where all of both are known, else by what people read."""
    return (
        f"CASE WHEN {one}.key IS NOT NULL AND {other}.key IS NOT NULL THEN {one}.key <> {other}.key "
        f"ELSE {one}.text IS DISTINCT FROM {other}.text END"
    )


def listed(rows: str = "") -> str:
    """SQL: the value made of aggregated rows of id and name, by id. `rows` may be `FILTER (...)`."""
    items = f"list_sort(coalesce(list({{'id': id, 'name': name}}) {rows}, []))"
    names = f"nullif(array_to_string(list_transform({items}, lambda item: item.name), ', '), '')"
    ids = f"CAST(list_transform({items}, lambda item: item.id) AS VARCHAR)"
    key = f"CASE WHEN bool_and(id IS NOT NULL) {rows} THEN {ids} END"
    return f"{{'text': {names}, 'id': NULL::BIGINT, 'key': {key}, 'items': to_json({items})}}"


def resolve(connection: DuckDBPyConnection) -> None:
    """Makes `history_values`: kind, scope, by_id, text (as sent) -> value. Of every text in `history_changes`."""
    connection.execute(
        f"""-- one row a different text of a name or of names
        CREATE OR REPLACE TEMP TABLE history_texts AS
        SELECT DISTINCT kind, scope, by_id, shape, text FROM (
            SELECT kind, scope, by_id, shape, unnest([old_value, new_value]) AS text
            FROM history_changes WHERE shape IN ('{Shape.ONE.value}', '{Shape.MANY.value}')
        ) WHERE text <> ''"""
    )
    connection.execute(
        f"""-- one row a text that is one name, or an id
        CREATE OR REPLACE TEMP TABLE history_values AS
        WITH found AS (
            SELECT t.kind, t.scope, t.by_id, t.text,
                CASE WHEN n.ids IS NULL THEN e.ids ELSE n.ids END AS ids,
                coalesce(i.id, g.id) AS same_id, coalesce(i.name, g.name) AS same_name
            FROM (
                SELECT *, CASE WHEN by_id THEN TRY_CAST(text AS BIGINT) END AS number FROM history_texts
                WHERE shape = '{Shape.ONE.value}' AND kind <> '{Names.ISSUE.value}'
            ) t
            LEFT JOIN history_names n ON n.kind = t.kind AND n.scope = t.scope AND n.name = t.text
            LEFT JOIN history_names e ON e.kind = t.kind AND e.scope = {EVERYWHERE} AND e.name = t.text
            LEFT JOIN history_ids i ON i.kind = t.kind AND i.scope = t.scope AND i.id = t.number
            LEFT JOIN history_ids g ON g.kind = t.kind AND g.scope = {EVERYWHERE} AND g.id = t.number
        ),
        known AS (
            SELECT kind, scope, by_id, text, coalesce(same_name, text) AS name,
                CASE WHEN same_id IS NOT NULL THEN same_id WHEN len(ids) = 1 THEN ids[1] END AS id
            FROM found
            UNION ALL
            SELECT '{Names.ISSUE.value}', {EVERYWHERE}, false, text, text, id
            FROM ({issues_by_key(f"SELECT DISTINCT text FROM history_texts WHERE kind = '{Names.ISSUE.value}'")})
        )
        SELECT kind, scope, by_id, text,
            {{'text': name, 'id': id, 'key': CAST(id AS VARCHAR), 'items': NULL::JSON}} AS value
        FROM known"""
    )


def issues_by_key(texts: str) -> str:
    """SQL: `text` and `id` of the issue it names: by key, by an earlier key of its project, or by id."""
    return f"""SELECT t.text, coalesce(k.id, p.id, i.id) AS id
        FROM (
            SELECT text, TRY_CAST(text AS BIGINT) AS number, regexp_extract(text, '^(.+)-[0-9]+$', 1) AS project_key,
                TRY_CAST(regexp_extract(text, '-([0-9]+)$', 1) AS BIGINT) AS key_id
            FROM ({texts})
        ) t
        LEFT JOIN (
            SELECT issue_key, CASE WHEN count(*) FILTER (_deleted_at IS NULL) = 1
                    THEN min(id) FILTER (_deleted_at IS NULL) WHEN count(*) = 1 THEN min(id) END AS id
            FROM history_source_issues GROUP BY issue_key
        ) k ON k.issue_key = t.text
        LEFT JOIN history_names n
            ON n.kind = '{Names.PROJECT_KEY.value}' AND n.name = t.project_key AND len(n.ids) = 1
        LEFT JOIN (
            SELECT project_id, key_id, min(id) AS id FROM history_source_issues GROUP BY ALL HAVING count(*) = 1
        ) p ON p.project_id = n.ids[1] AND p.key_id = t.key_id
        LEFT JOIN history_source_issues i ON i.id = t.number"""
