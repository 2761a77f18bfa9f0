"""Lists of names joined by commas, taken apart where a name may itself have a comma in it. Only DuckDB.

A text is cut at its commas into pieces, and a stretch of neighbouring pieces that is a known name of the scope becomes
one element. Where exactly one way of cutting gives known names only, it is taken. Where several do, nobody can tell
them apart: the whole text becomes one element without an id. Where none does, the longest known names are taken from
the front, and what lies between them stays raw.
"""

from duckdb import DuckDBPyConnection

from backlog_assets.history.fields import Shape
from backlog_assets.history.values import listed


def split_lists(connection: DuckDBPyConnection) -> None:
    """Adds the lists among `history_texts` to `history_values`."""
    connection.execute(
        f"""-- one row a different text of several names
        CREATE OR REPLACE TEMP TABLE history_lists AS
        SELECT row_number() OVER () AS list, kind, scope, by_id, text, string_split(text, ',') AS pieces
        FROM history_texts WHERE shape = '{Shape.MANY.value}'"""
    )
    connection.execute(
        """-- one row a stretch of pieces that is a known name: pieces `first` to `next` - 1
        CREATE OR REPLACE TEMP TABLE history_spans AS
        WITH commas AS (
            SELECT kind, scope, max(len(string_split(name, ','))) AS most FROM history_names GROUP BY ALL
        ),
        begun AS (
            SELECT l.list, l.kind, l.scope, l.pieces, c.most, unnest(range(1, len(l.pieces) + 1)) AS first
            FROM history_lists l JOIN commas c USING (kind, scope)
        ),
        stretched AS (
            SELECT list, kind, scope, first, pieces,
                unnest(range(first + 1, least(len(pieces), first + most - 1) + 2)) AS next
            FROM begun
        ),
        cut AS (
            SELECT list, kind, scope, first, next, trim(array_to_string(pieces[first:next - 1], ',')) AS name
            FROM stretched
        )
        SELECT list, first, next, name, CASE WHEN len(ids) = 1 THEN ids[1] END AS id
        FROM cut JOIN history_names USING (kind, scope, name)"""
    )
    connection.execute(
        """-- one row an element of a text that can be cut into known names only; `ways` > 1 where in several ways
        CREATE OR REPLACE TEMP TABLE history_cuts AS
        WITH RECURSIVE reached AS (
            SELECT list, 1::BIGINT AS place FROM history_lists
            UNION
            SELECT s.list, s.next FROM reached r JOIN history_spans s ON s.list = r.list AND s.first = r.place
        ),
        leads_out AS (
            SELECT list, len(pieces) + 1 AS place FROM history_lists
            UNION
            SELECT s.list, s.first FROM leads_out o JOIN history_spans s ON s.list = o.list AND s.next = o.place
        ),
        usable AS (
            SELECT s.*, count(*) OVER (PARTITION BY s.list, s.first) AS choices FROM history_spans s
            JOIN reached r ON r.list = s.list AND r.place = s.first
            JOIN leads_out o ON o.list = s.list AND o.place = s.next
        )
        SELECT list, id, name, max(choices) OVER (PARTITION BY list) AS ways FROM usable"""
    )
    connection.execute(
        """-- one row an element of the other texts: the longest known name at each place, or a raw piece
        CREATE OR REPLACE TEMP TABLE history_walks AS
        WITH RECURSIVE unknown AS (
            SELECT list, pieces FROM history_lists ANTI JOIN history_cuts USING (list)
        ),
        longest AS (
            SELECT list, first, max(next) AS next, arg_max(id, next) AS id, arg_max(name, next) AS name
            FROM history_spans GROUP BY ALL
        ),
        walk AS (
            SELECT list, 0::BIGINT AS place, 1::BIGINT AS next, NULL::BIGINT AS id, NULL::VARCHAR AS name FROM unknown
            UNION ALL
            SELECT w.list, w.next, coalesce(l.next, w.next + 1), l.id, l.name
            FROM walk w JOIN unknown u USING (list) LEFT JOIN longest l ON l.list = w.list AND l.first = w.next
            WHERE w.next <= len(u.pieces)
        ),
        runs AS (
            SELECT *, count(name) OVER (PARTITION BY list ORDER BY place) AS run FROM walk WHERE place > 0
        )
        SELECT list, id, name FROM runs WHERE name IS NOT NULL
        UNION ALL
        SELECT r.list, NULL, trim(array_to_string(any_value(u.pieces)[min(r.place):max(r.place)], ','))
        FROM runs r JOIN unknown u USING (list) WHERE r.name IS NULL GROUP BY r.list, r.run"""
    )
    connection.execute(
        f"""-- one row a text of several names, as a list
        INSERT INTO history_values
        WITH elements AS (
            SELECT list, id, name FROM history_cuts WHERE ways = 1
            UNION ALL
            SELECT list, NULL, text FROM history_lists SEMI JOIN (FROM history_cuts WHERE ways > 1) USING (list)
            UNION ALL
            SELECT list, id, name FROM history_walks WHERE name <> ''
        )
        SELECT kind, scope, by_id, text, value
        FROM history_lists JOIN (SELECT list, {listed()} AS value FROM elements GROUP BY list) USING (list)"""
    )
    for table in ("history_lists", "history_spans", "history_cuts", "history_walks"):
        connection.execute(f"DROP TABLE {table}")
