"""Which issues' comments are wanted, and how what was read of them becomes rows. Only DuckDB.

`backlog_ops.comment_state` says of each issue how it was when its comments were read. It changes with the rows.
"""

from collections.abc import Collection

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue.spec import Endpoint
from backlog_assets.catalogue.table import BY_CENSUS, DELETED_AT, EVIDENCE, LOADED_AT, Table
from backlog_assets.comment_reading import ACTIVITY, READS, IssueWanted, Wanted
from backlog_assets.cursors import OPS, cursors_of
from backlog_assets.loading import Fields, Loaded, Loader
from backlog_assets.warehouse import columns_of, ensure_table, full_name

COMMENTS = "issue_comments"

COMMENT_STATE = (
    ("issue_id", "BIGINT"),
    ("issue_updated", "TIMESTAMPTZ"),
    ("last_comment_id", "BIGINT"),
    ("comments", "BIGINT"),
    ("read_at", "TIMESTAMPTZ"),
)
"""Columns of `backlog_ops.comment_state`: one row an issue whose comments were read.

`issue_updated` is the issue's `updated` as it was known then; null where the issue is to be read again for sure.
"""

TELLING = (3, 17)
"""Types of activity that tell of a comment: written, and somebody notified of it."""

BATCH = 10_000


def comments_wanted(
    connection: DuckDBPyConnection, schema: str, *, only: Collection[str] | None = None, full: bool = False
) -> Wanted:
    """The live issues, of the projects with the keys `only`, whose comments are to be read: those never read, those
    whose `updated` has moved, and those of which an activity tells a comment that is not there. With `full`, all."""
    newest = _newest_activity(connection, schema)
    # What activities tell of the projects that are left out now is looked at when they no longer are.
    wanted = Wanted(activity_id=newest if only is None else _cursor(connection))
    if not columns_of(connection, schema, "issues"):
        return wanted
    ensure_table(connection, OPS, "comment_state", COMMENT_STATE)
    wanted.is_whole = only is None and (full or not _is_any_read(connection))
    _find_told(connection, schema, newest)
    chosen = "true"
    if only is not None:
        chosen = "split_part(i.issue_key, '-', 1) IN (SELECT unnest($only))"
    found = connection.execute(
        f"""-- one row an issue whose comments are to be read
        SELECT i.id, i.project_id, coalesce(epoch(i.updated)::BIGINT, 0),
            CASE WHEN $full THEN 0 ELSE coalesce(s.last_comment_id, 0) END, coalesce(t.activity_id, 0)
        FROM {full_name(connection, schema, "issues")} i
        LEFT JOIN {full_name(connection, OPS, "comment_state")} s ON s.issue_id = i.id
        LEFT JOIN told t ON t.issue_id = i.id
        WHERE i.{DELETED_AT.name} IS NULL AND {chosen}
            AND ($full OR s.issue_id IS NULL OR t.issue_id IS NOT NULL OR s.issue_updated IS DISTINCT FROM i.updated)
        ORDER BY i.id""",
        {"full": full, **({} if only is None else {"only": list(only)})},
    )
    while rows := found.fetchmany(BATCH):
        for row in rows:
            wanted.add(IssueWanted(*row))
    return wanted


def _is_any_read(connection: DuckDBPyConnection) -> bool:
    state = full_name(connection, OPS, "comment_state")
    return connection.execute(f"SELECT 1 FROM {state} LIMIT 1").fetchone() is not None


def _newest_activity(connection: DuckDBPyConnection, schema: str) -> int | None:
    if not columns_of(connection, schema, "activities"):
        return None
    found = connection.execute(f"SELECT max(id) FROM {full_name(connection, schema, 'activities')}").fetchone()
    return found[0] if found else None


def _find_told(connection: DuckDBPyConnection, schema: str, newest: int | None) -> None:
    """Makes `told`: issue id -> the newest activity since the last load that tells of a comment that is not there.

    Before the first load there is none: every issue is read.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE told (issue_id BIGINT, activity_id BIGINT)")
    cursor = _cursor(connection)
    if newest is None or cursor is None or newest <= cursor or not columns_of(connection, schema, COMMENTS):
        return
    connection.execute(
        f"""-- one row an issue of which activities tell something new about comments
        INSERT INTO told
        SELECT TRY_CAST(json_extract_string(a.content, '$.id') AS BIGINT) AS issue_id, max(a.id)
        FROM {full_name(connection, schema, "activities")} a
        LEFT JOIN {full_name(connection, schema, COMMENTS)} c
            ON c.id = TRY_CAST(json_extract_string(a.content, '$.comment.id') AS BIGINT)
        WHERE a.id > ? AND a.type IN (SELECT unnest(?)) AND (c.id IS NULL OR a.type <> {TELLING[0]})
        GROUP BY 1""",
        [cursor, list(TELLING)],
    )


def _cursor(connection: DuckDBPyConnection) -> int | None:
    found = cursors_of(connection, COMMENTS).get(ACTIVITY)
    return int(found.value) if found and found.value.isdecimal() else None


class CommentLoader(Loader):
    """Writes comments: of each issue, from where its list is complete, those no longer in it are marked deleted.

    What has become of an issue becomes of its comments, without a request. `comment_state` says what was read.
    """

    def _load_parent(self, endpoint: Endpoint, table: Table) -> Loaded:
        self._ensure(table)
        ensure_table(self._connection, OPS, "comment_state", COMMENT_STATE)
        fields: Fields = {"issueId": "BIGINT", "updated": "BIGINT", "fromId": "BIGINT"}
        self._connection.execute(
            f"""-- one row an issue that was asked for; from_id is null where it could not be read
            CREATE OR REPLACE TEMP TABLE reads AS
            SELECT "issueId" AS issue_id, to_timestamp(updated) AS issue_updated, "fromId" AS from_id
            FROM {self._reader(READS, fields)}"""
        )
        self._follow_deleted(table)
        scope = "EXISTS (FROM reads r WHERE r.issue_id = t.issue_id AND t.id >= r.from_id)"
        loaded = self._merge(table, self._rows(endpoint, table), missing="mark", scope=scope)
        self._follow_moved(table)
        self._note_state(table)
        return loaded

    def _follow_deleted(self, table: Table) -> None:
        """The comments of issues that were deleted since are marked so. Should an issue come back, it is read anew."""
        there = columns_of(self._connection, self._schema, "issues")
        if not there:
            return
        evidence = f"coalesce({EVIDENCE.name}, '{BY_CENSUS}')" if EVIDENCE.name in there else f"'{BY_CENSUS}'"
        state = full_name(self._connection, OPS, "comment_state")
        self._connection.execute(
            f"""-- one row an issue that was deleted since its comments were read
            CREATE OR REPLACE TEMP TABLE vanished AS
            SELECT id AS issue_id, {DELETED_AT.name} AS deleted_at, {evidence} AS evidence
            FROM {self._name("issues")}
            WHERE {DELETED_AT.name} IS NOT NULL AND id IN (SELECT issue_id FROM {state})"""
        )
        self._connection.execute(
            f"UPDATE {self._name(table.name)} t SET {DELETED_AT.name} = v.deleted_at, "
            f"{EVIDENCE.name} = v.evidence FROM vanished v "
            f"WHERE v.issue_id = t.issue_id AND t.{DELETED_AT.name} IS NULL"
        )
        self._connection.execute(f"DELETE FROM {state} WHERE issue_id IN (SELECT issue_id FROM vanished)")

    def _follow_moved(self, table: Table) -> None:
        """The comments of an issue are of its project, the older ones too, which were not read again."""
        if columns_of(self._connection, self._schema, "issues"):
            self._connection.execute(
                f"UPDATE {self._name(table.name)} t SET project_id = i.project_id, {LOADED_AT.name} = ? "
                f"FROM {self._name('issues')} i "
                "WHERE i.id = t.issue_id AND i.project_id <> t.project_id AND i.id IN (SELECT issue_id FROM reads)",
                [self._now],
            )

    def _note_state(self, table: Table) -> None:
        state = full_name(self._connection, OPS, "comment_state")
        self._connection.execute(
            f"UPDATE {state} s SET issue_updated = NULL FROM reads r "
            "WHERE r.issue_id = s.issue_id AND r.from_id IS NULL"
        )
        self._connection.execute(
            f"DELETE FROM {state} s USING reads r WHERE r.issue_id = s.issue_id AND r.from_id IS NOT NULL"
        )
        self._connection.execute(
            f"""-- one row an issue that was read
            INSERT INTO {state} (issue_id, issue_updated, last_comment_id, comments, read_at)
            SELECT r.issue_id, any_value(r.issue_updated), max(t.id), count(t.id), ?::TIMESTAMPTZ
            FROM reads r LEFT JOIN {self._name(table.name)} t
                ON t.issue_id = r.issue_id AND t.{DELETED_AT.name} IS NULL
            WHERE r.from_id IS NOT NULL GROUP BY r.issue_id""",
            [self._now],
        )
