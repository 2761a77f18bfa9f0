"""What the warehouse knows of the issues before a load: cursors, rows, what activities name. Knows no HTTP.

The file is opened for each question and closed again: between two questions the load may wait for the rate limit.
"""

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any
from zlib import crc32

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue import BY_NAME
from backlog_assets.catalogue.table import LOST_ACCESS, tables_of
from backlog_assets.cursors import OPS, cursors_of
from backlog_assets.warehouse import Warehouse, columns_of, full_name

ISSUES, ACTIVITIES = "issues", "activities"

DELETED = 4
NAMING = (1, 2, 3, DELETED, 14, 17, 34, 35, 47)
"""Activity types that name issues: created, updated, commented, deleted, updated together, notified, status deleted,
dates moved, created together. One issue is the content's own `id`, several are in its `link`."""

OF_ONE_ISSUE = (1, 2, 3, DELETED, 17)


@dataclass(frozen=True)
class Named:
    """Issues that activities newer than the cursor name, those that were `deleted` among them, and those `waiting` to
    be read again for another reason; `newest` is the highest id of any activity."""

    issues: frozenset[int] = frozenset()
    deleted: frozenset[int] = frozenset()
    waiting: frozenset[int] = frozenset()
    newest: int | None = None


@dataclass(frozen=True)
class State:
    """Where the last load of the issues ended. `activity` and `updated` are its cursors: the newest activity whose
    issues were read, and the instant up to which every update was. `began` is when that load began, by this machine.
    `projects` and `shape` are what they hold for."""

    activity: int
    updated: datetime
    began: datetime
    projects: str
    shape: str

    def cursors(self) -> dict[str, str]:
        return {
            "activity": str(self.activity),
            "updated": self.updated.isoformat(),
            "began": self.began.isoformat(),
            "projects": self.projects,
            "shape": self.shape,
        }


@dataclass
class Rows:
    """Live rows by creation, ties by id: `created` in epoch seconds."""

    created: "array[int]" = field(default_factory=lambda: array("q"))
    ids: "array[int]" = field(default_factory=lambda: array("q"))


def state_of(cursors: Mapping[str, str]) -> State | None:
    """The state that these cursors tell; None where one is missing or cannot be read."""
    try:
        return State(
            int(cursors["activity"]),
            instant(cursors["updated"]),
            instant(cursors["began"]),
            cursors["projects"],
            cursors["shape"],
        )
    except (KeyError, ValueError):
        return None


def shape() -> str:
    """Another one when the catalogue makes other rows of the same issues: then all must be read anew."""
    tables = [(table.name, table.key, [(c.field, c.type, c.sql) for c in table.content]) for table in _TABLES]
    return f"{crc32(repr(tables).encode()):08x}"


_TABLES = tables_of(BY_NAME[ISSUES])


def selection(only: Sequence[str] | None) -> str:
    """The choice of projects as a cursor keeps it: their keys in order, empty for all."""
    return ",".join(sorted(only)) if only is not None else ""


def instant(text: str) -> datetime:
    """An instant as Backlog or a cursor spells it. Raises ValueError for anything else."""
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


class KnownIssues:
    """Questions to the tables `issues` and `activities`, of some projects (None: of all)."""

    def __init__(self, warehouse: Warehouse, projects: Collection[int] | None) -> None:
        self._warehouse = warehouse
        self._projects = None if projects is None else list(projects)

    def state(self) -> State | None:
        """None where there is nothing to go on from: before the first load, or after one that kept no cursors."""
        if not self._warehouse.exists:
            return None
        with self._warehouse.connection() as connection:
            schema = self._warehouse.schema
            if not columns_of(connection, schema, ISSUES) or not columns_of(connection, schema, ACTIVITIES):
                return None
            state = state_of({name: one.value for name, one in cursors_of(connection, ISSUES).items()})
            found = connection.execute(f"SELECT max(updated) FROM {self._name(connection)} t").fetchone()
        if state is None or found is None or found[0] is None:
            return None
        return replace(state, updated=min(state.updated, found[0]))

    def newest_activity(self) -> int | None:
        """The highest activity id there is; None where `activities` is missing or empty."""
        if not self._warehouse.exists:
            return None
        with self._warehouse.connection() as connection:
            if not columns_of(connection, self._warehouse.schema, ACTIVITIES):
                return None
            return self._newest(connection)

    def has_rows(self) -> bool:
        """Whether a load may find rows gone."""
        if not self._warehouse.exists:
            return False
        with self._warehouse.connection() as connection:
            return bool(columns_of(connection, self._warehouse.schema, ISSUES)) and bool(
                connection.execute(f"SELECT 1 FROM {self._name(connection)} LIMIT 1").fetchone()
            )

    def named(self, state: State) -> Named:
        """What activities after the cursor tell of issues, and which issues wait to be read since the last load."""
        with self._warehouse.connection() as connection:
            name = full_name(connection, self._warehouse.schema, ACTIVITIES)
            found = connection.execute(
                f"""-- one row an issue that a new activity names
                WITH new AS (SELECT type, content FROM {name} WHERE id > $after AND type IN {NAMING}),
                told AS (
                    SELECT type, TRY_CAST(content ->> '$.id' AS BIGINT) AS id FROM new WHERE type IN {OF_ONE_ISSUE}
                    UNION ALL
                    SELECT type, TRY_CAST(unnest(content ->> '$.link[*].id') AS BIGINT) FROM new
                )
                SELECT id, bool_or(type = {DELETED}) FROM told WHERE id IS NOT NULL GROUP BY id""",
                {"after": state.activity},
            ).fetchall()
            return Named(
                frozenset(int(one) for one, _ in found),
                frozenset(int(one) for one, is_deleted in found if is_deleted),
                self._waiting(connection, state.began),
                self._newest(connection),
            )

    def _waiting(self, connection: DuckDBPyConnection, since: datetime) -> frozenset[int]:
        if not columns_of(connection, OPS, "issues_to_read"):
            return frozenset()
        name = full_name(connection, OPS, "issues_to_read")
        rows = connection.execute(f"SELECT issue_id FROM {name} WHERE queued_at >= ?", [since]).fetchall()
        return frozenset(int(one) for [one] in rows)

    def updated_of(self, ids: Collection[int]) -> dict[int, datetime]:
        """Of these issues, those that are not marked deleted, with their `updated`."""
        with self._warehouse.connection() as connection:
            rows = connection.execute(
                f"SELECT id, updated FROM {self._name(connection)} t "
                f"WHERE id IN (SELECT unnest(?::BIGINT[])) AND {self._live()}",
                [list(ids)],
            ).fetchall()
        return {int(one): updated for one, updated in rows}

    def projects_of(self, ids: Collection[int]) -> dict[int, int]:
        """Issue -> project, of those of these issues that are not marked deleted."""
        with self._warehouse.connection() as connection:
            rows = connection.execute(
                f"SELECT id, project_id FROM {self._name(connection)} t "
                f"WHERE id IN (SELECT unnest(?::BIGINT[])) AND {self._live()}",
                [list(ids)],
            ).fetchall()
        return {int(one): int(project_id) for one, project_id in rows}

    def children_of(self, ids: Collection[int]) -> set[int]:
        """Issues not marked deleted whose parent is one of these."""
        with self._warehouse.connection() as connection:
            rows = connection.execute(
                f"SELECT id FROM {self._name(connection)} t "
                f"WHERE parent_issue_id IN (SELECT unnest(?::BIGINT[])) AND {self._live()}",
                [list(ids)],
            ).fetchall()
        return {int(one) for [one] in rows}

    def by_project(self) -> dict[int, int]:
        """Project id -> rows not marked deleted."""
        with self._warehouse.connection() as connection:
            rows = connection.execute(
                f"SELECT project_id, count(*) FROM {self._name(connection)} t WHERE {self._live()} GROUP BY 1"
            ).fetchall()
        return {int(project_id): int(count) for project_id, count in rows}

    def lost_with(self, project_id: int) -> list[int]:
        """Ids of a project's rows that are marked as lost with it."""
        with self._warehouse.connection() as connection:
            rows = connection.execute(
                f"SELECT id FROM {self._name(connection)} WHERE project_id = ? AND _delete_evidence = '{LOST_ACCESS}'",
                [project_id],
            ).fetchall()
        return [int(one) for [one] in rows]

    def of_project(self, project_id: int) -> list[int]:
        """Ids of a project's rows that are not marked deleted."""
        with self._warehouse.connection() as connection:
            rows = connection.execute(
                f"SELECT id FROM {self._name(connection)} t WHERE project_id = ? AND {self._live()}", [project_id]
            ).fetchall()
        return [int(one) for [one] in rows]

    def count_with(self, fetched: Mapping[int, tuple[int, int]], gone: Collection[int]) -> int:
        """How many rows there will be with what was `fetched` (id -> created, project) and without what is `gone`."""
        with self._warehouse.connection() as connection:
            found = connection.execute(f"SELECT count(*) FROM ({self._with(connection)})", _values(fetched, gone))
            row = found.fetchone()
        return int(row[0]) if row else 0

    def rows_with(
        self, fetched: Mapping[int, tuple[int, int]], gone: Collection[int], project_id: int | None = None
    ) -> Rows:
        """The rows as they will be with what was `fetched` and without what is `gone`, of one project or of all."""
        where = "true" if project_id is None else f"project_id = {int(project_id)}"
        with self._warehouse.connection() as connection:
            found: Mapping[str, Any] = connection.execute(
                f"SELECT created, id FROM ({self._with(connection)}) WHERE {where} ORDER BY created, id",
                _values(fetched, gone),
            ).fetchnumpy()
        rows = Rows()
        rows.created.frombytes(found["created"].astype("int64").tobytes())
        rows.ids.frombytes(found["id"].astype("int64").tobytes())
        return rows

    def counts_with(self, fetched: Mapping[int, tuple[int, int]], gone: Collection[int]) -> dict[int, int]:
        """As `count_with`, by project."""
        with self._warehouse.connection() as connection:
            rows = connection.execute(
                f"SELECT project_id, count(*) FROM ({self._with(connection)}) GROUP BY 1", _values(fetched, gone)
            ).fetchall()
        return {int(project_id): int(count) for project_id, count in rows}

    def _with(self, connection: DuckDBPyConnection) -> str:
        return f"""
            SELECT id, epoch(created)::BIGINT AS created, project_id FROM {self._name(connection)} t
            WHERE {self._live()} AND NOT EXISTS (FROM (SELECT unnest($left_out::BIGINT[]) AS id) o WHERE o.id = t.id)
            UNION ALL
            SELECT unnest($ids::BIGINT[]), unnest($created::BIGINT[]), unnest($projects::BIGINT[])"""

    def _name(self, connection: DuckDBPyConnection) -> str:
        return full_name(connection, self._warehouse.schema, ISSUES)

    def _live(self) -> str:
        chosen = "" if self._projects is None else f" AND t.project_id IN ({_listed(self._projects)})"
        return f"t._deleted_at IS NULL{chosen}"

    def _newest(self, connection: DuckDBPyConnection) -> int | None:
        name = full_name(connection, self._warehouse.schema, ACTIVITIES)
        found = connection.execute(f"SELECT max(id) FROM {name}").fetchone()
        return None if found is None or found[0] is None else int(found[0])


def _values(fetched: Mapping[int, tuple[int, int]], gone: Collection[int]) -> dict[str, list[int]]:
    return {
        "left_out": [*fetched, *gone],
        "ids": [one for one in fetched if one not in gone],
        "created": [created for one, (created, _) in fetched.items() if one not in gone],
        "projects": [project for one, (_, project) in fetched.items() if one not in gone],
    }


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(str(int(one)) for one in ids) or "NULL"
