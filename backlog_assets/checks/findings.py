"""What a rule has found, and what it looks at: the tables, the settings, the hour. Only DuckDB; knows no Dagster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias

from duckdb import DuckDBPyConnection

from backlog_assets.catalogue.table import DELETED_AT, Table
from backlog_assets.choice import Choice
from backlog_assets.ledger import OPS
from backlog_assets.warehouse import columns_of, full_name, quoted

SHOWN = 10
"""Offenders that are shown; all are counted."""

NAMED = 5
"""Columns, fields or projects that a sentence names before it says how many more there are."""

Value: TypeAlias = str | int | float | bool | None
Offender: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True)
class Finding:
    """What a rule has found in a table; it passes where `rows`, the number of offenders, is 0.

    `offenders` are the first of them, `partitions` the keys of their projects, `description` and `what_to_do` a
    sentence each, and `figures` numbers worth plotting.
    """

    description: str
    rows: int = 0
    offenders: Sequence[Offender] = ()
    what_to_do: str = ""
    partitions: tuple[str, ...] = ()
    figures: Mapping[str, int | float] = field(default_factory=dict[str, "int | float"])

    @property
    def passed(self) -> bool:
        return self.rows == 0


@dataclass(frozen=True)
class Found:
    """The answer of a query for offenders: how many, their projects, the first of them, and how many of each kind."""

    rows: int = 0
    partitions: tuple[str, ...] = ()
    offenders: Sequence[Offender] = ()
    kinds: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass
class Scene:
    """What rules look at. `only` are the project keys of BACKLOG_PROJECTS (None: all), `headroom` the share of the
    rate limit that is left to the key's owner, `choice` what is loaded (BACKLOG_TABLES)."""

    connection: DuckDBPyConnection
    schema: str
    now: datetime
    only: Sequence[str] | None = None
    headroom: float = 0.1
    choice: Choice = field(default_factory=Choice)

    @cached_property
    def tables(self) -> Mapping[str, frozenset[str]]:
        """Table -> its columns, of those that are there."""
        found = self.connection.execute(
            "SELECT table_name, list(column_name) FROM duckdb_columns() "
            "WHERE database_name = current_database() AND lower(schema_name) = lower(?) GROUP BY 1",
            [self.schema],
        )
        return {str(name): frozenset(columns) for name, columns in found.fetchall()}

    def name(self, table: str) -> str:
        """The table's name as SQL."""
        return full_name(self.connection, self.schema, table)

    def ops(self, table: str) -> str | None:
        """Name of a bookkeeping table as SQL; None where it is not there yet."""
        return full_name(self.connection, OPS, table) if columns_of(self.connection, OPS, table) else None

    def find(
        self,
        offenders: str,
        values: Mapping[str, Any] | None = None,
        *,
        rows: str = "(SELECT count(*) FROM offenders)",
        kinds: str = "NULL",
    ) -> Found:
        """Runs a query for offenders: one row each, with `_projects`, the keys of its projects, as last column.

        `rows` is the query that counts them, `kinds` the column of `offenders` that tells kinds of them apart.
        """
        answer = self.connection.execute(
            f"""WITH offenders AS MATERIALIZED ({offenders})
            SELECT
                {rows},
                (SELECT list_sort(list_distinct(flatten(list(_projects)))) FROM offenders),
                (SELECT histogram({kinds}) FROM offenders),
                * EXCLUDE (_projects)
            FROM (FROM offenders ORDER BY ALL LIMIT {SHOWN})""",
            dict(values or {}),
        )
        columns = [str(column[0]) for column in answer.description or ()][3:]
        listed = answer.fetchall()
        if not listed:
            return Found()
        count, projects = listed[0][:2]
        by_kind: Mapping[Any, Any] = listed[0][2] or {}
        return Found(
            rows=int(count),
            partitions=tuple(map(str, projects or ())),
            offenders=[dict(zip(columns, map(_plain, row[3:]), strict=True)) for row in listed],
            kinds={str(kind): int(times) for kind, times in by_kind.items()},
        )


def live(table: Table, alias: str = "t") -> str:
    """SQL: the row is not marked deleted."""
    return f"{alias}.{DELETED_AT.name} IS NULL" if table.keeps_deleted else "true"


def keys(table: Table, alias: str = "t") -> str:
    """SQL: the key's columns with a comma after each, to begin a list with."""
    return "".join(f"{alias}.{quoted(name)}, " for name in table.key)


def projects(table: Table, alias: str = "t") -> str:
    """SQL: the list of the row's project, by its key; empty for a table without partitions."""
    is_partitioned = any(column.name == "project_key" for column in table.content)
    return f"[{alias}.project_key]" if is_partitioned else "[]::VARCHAR[]"


def not_loaded(table: str) -> Finding:
    """Nothing to find in a table that is not there: what fails to load says so itself."""
    return Finding(f"{table} has not been loaded yet; there was nothing to check.")


def named(things: Sequence[str]) -> str:
    """The first few of `things`, and how many more there are."""
    more = len(things) - NAMED
    return ", ".join(things[:NAMED]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, one: str, several: str | None = None) -> str:
    """`1 row`, `1,200 rows`."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _plain(value: Any) -> Value:
    """A value as Dagster's tables take it."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
