"""The whole of the API: each of its GET paths fills a table, or docs/decisions.md says why it does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backlog_assets.catalogue import ENDPOINTS
from backlog_assets.catalogue.table import names_of
from backlog_assets_tests.api_paths import BESIDES, GET_PATHS, TABLES

NAMES = {name for endpoint in ENDPOINTS for name in names_of(endpoint)}
PAGE = Path(__file__).parent.parent / "docs" / "decisions.md"


def decided() -> dict[str, str]:
    """Path -> why it is no table, as docs/decisions.md has it."""
    [section] = re.findall(
        r"^## Paths of the API that are no table$(.*?)(?=^## |\Z)",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE))


@pytest.mark.parametrize("path", GET_PATHS)
def test_every_path_fills_a_table_or_the_reason_why_not_is_written_down(path: str) -> None:
    table, reason = TABLES.get(path), decided().get(path)
    assert (table is None) is (reason is not None), "a table, or a reason, and not both"
    if table is not None:
        assert table in NAMES


@pytest.mark.parametrize("table", TABLES.values())
def test_a_path_is_that_of_its_tables_entry_where_the_table_has_one(table: str) -> None:
    [path] = [one for one, name in TABLES.items() if name == table]
    for endpoint in (one for one in ENDPOINTS if one.name == table):
        # A walk of folders begins at the root, where the API's path has the folder.
        assert re.sub(r"\{\w+\}", "{}", endpoint.path) == re.sub(r"\{\w+\}", "{}", path.removesuffix("{path}"))


@pytest.mark.parametrize("table", BESIDES)
def test_what_answers_hold_inside_is_a_table_of_its_own(table: str) -> None:
    assert table in NAMES


def test_only_paths_of_the_api_are_decided_upon_and_what_they_name_is_a_table() -> None:
    assert set(TABLES) | set(decided()) == set(GET_PATHS)
    named = {word for reason in decided().values() for word in re.findall(r"`(\w+)`", reason)}
    assert named - {"matches_backlog", "probe", "doctor", "project_id"} <= NAMES
