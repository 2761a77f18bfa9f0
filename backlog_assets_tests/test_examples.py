"""The example queries: three for every table, each understood by DuckDB, each finding something in the demo space."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import duckdb
import pytest

from backlog_assets.catalogue import ENDPOINTS
from backlog_assets.catalogue.table import names_of, tables_of
from backlog_assets.cursors import OPS
from backlog_assets.examples import EXAMPLES
from backlog_assets.history import AS_OF, TABLES
from backlog_assets.history.as_of import create_as_of
from backlog_assets.ledger import LOADS, REQUESTS
from backlog_assets.permissions import PERMISSIONS
from backlog_assets.warehouse import ensure_table
from backlog_assets_tests.conftest import World

BOOKS = {"loads": LOADS, "requests": REQUESTS, "permissions": PERMISSIONS}

NAMES = [
    *(name for endpoint in ENDPOINTS for name in names_of(endpoint)),
    *(mart.name for mart in TABLES),
    AS_OF,
    *BOOKS,
]

MAY_BE_EMPTY = {
    "permissions": "an administrator's key may read everything, so nothing is refused and nothing was lost",
}
"""Tables of which an example may find nothing in the demo space, and why."""

WIDEST, MOST_LINES = 120, 8
"""Characters of a line, lines of a query: more is hard to read on a page of tables."""


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table, view and macro as loads make them, without a row."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in (*(table for endpoint in ENDPOINTS for table in tables_of(endpoint)), *TABLES):
            ensure_table(connection, "backlog", table.name, [(column.name, column.type) for column in table.columns])
        for endpoint in ENDPOINTS:
            for view in endpoint.views:
                connection.execute(f"CREATE VIEW backlog.{view.name} AS FROM backlog.{endpoint.name}")
        for name, columns in BOOKS.items():
            ensure_table(connection, OPS, name, columns)
        create_as_of(connection, "backlog")
        yield connection


def test_every_table_view_and_macro_has_examples_and_nothing_else_has() -> None:
    assert sorted(EXAMPLES) == sorted(NAMES)


@pytest.mark.parametrize("table", NAMES)
def test_a_table_has_three_examples_that_are_about_it(table: str) -> None:
    schema = OPS if table in BOOKS else "backlog"
    titles = [example.title for example in EXAMPLES[table]]
    assert len(titles) == len(set(titles)) == 3
    for example in EXAMPLES[table]:
        assert re.search(rf"\b{schema}\.{table}\b", example.sql), example.title


@pytest.mark.parametrize("table", NAMES)
def test_examples_are_short_and_tell_in_two_languages_what_they_find(table: str) -> None:
    for title, title_ja, sql in ((one.title, one.title_ja, one.sql) for one in EXAMPLES[table]):
        assert len(sql.splitlines()) <= MOST_LINES, title
        assert max(map(len, sql.splitlines())) <= WIDEST, title
        assert sql == sql.strip(), title
        assert title.isascii(), title
        assert not title_ja.isascii(), title
        assert not title.endswith("."), title
        assert not title_ja.endswith("。"), title


@pytest.mark.parametrize("table", NAMES)
def test_examples_are_understood_and_name_what_they_find(empty: duckdb.DuckDBPyConnection, table: str) -> None:
    for example in EXAMPLES[table]:
        names = [str(column[0]) for column in empty.execute(example.sql).description or ()]
        assert names, example.title
        assert len(set(names)) == len(names), example.title
        assert all(re.fullmatch(r"[a-z_0-9]+", name) for name in names), names


def test_examples_find_something_in_the_demo_space(build_world: Callable[..., World]) -> None:
    world = build_world(issues=200)
    outcome = world.sync(*(endpoint.name for endpoint in ENDPOINTS))
    assert outcome.succeeded, outcome.failures
    with duckdb.connect(str(world.database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        silent = [
            f"{table}: {example.title}"
            for table, examples in EXAMPLES.items()
            for example in examples
            if table not in MAY_BE_EMPTY and connection.execute(example.sql).fetchone() is None
        ]
    assert silent == []
