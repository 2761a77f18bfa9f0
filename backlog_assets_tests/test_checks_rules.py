"""Rules that look at one table by itself: each fails for its reason in every table, and passes in a sound one."""

from collections.abc import Iterator

import pytest
from duckdb import DuckDBPyConnection

from backlog_assets.catalogue import Endpoint
from backlog_assets.catalogue.table import Table
from backlog_assets.checks.build import RULES
from backlog_assets.checks.rules import KEY_IS_UNIQUE, NO_UNKNOWN_FIELDS, REQUIRED_VALUES, Rule
from backlog_assets.warehouse import quoted
from backlog_assets_tests.checking import Spoiled, cases, loaded_space, opened, spoiled


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    with opened(loaded_space(tmp_path_factory.mktemp("rules"))) as found:
        yield found


@pytest.fixture
def space(connection: DuckDBPyConnection) -> Iterator[Spoiled]:
    with spoiled(connection) as found:
        yield found


@pytest.mark.parametrize(("endpoint", "table", "rule"), cases(KEY_IS_UNIQUE))
def test_a_key_that_stands_twice_is_found_in_every_table(
    space: Spoiled, endpoint: Endpoint, table: Table, rule: Rule
) -> None:
    space.do(f"INSERT INTO {table.name} FROM {table.name} LIMIT 1")
    found = space.look(rule, endpoint, table)
    assert found.rows == 1
    [offender] = found.offenders
    assert list(offender) == [*table.key, "times"]
    assert offender["times"] == 2
    assert table.name in found.description
    assert "again" in found.what_to_do


@pytest.mark.parametrize(("endpoint", "table", "rule"), cases(REQUIRED_VALUES))
def test_a_value_backlog_always_sends_is_missed_in_every_column(
    space: Spoiled, endpoint: Endpoint, table: Table, rule: Rule
) -> None:
    required = [column.name for column in table.content if not column.optional]
    place = space.value(f"SELECT min(rowid) FROM {table.name}")
    for at, column in enumerate(required):
        space.do(f"UPDATE {table.name} SET {quoted(column)} = NULL WHERE rowid = {place}")
        found = space.look(rule, endpoint, table)
        assert found.rows == 1
        [offender] = found.offenders
        assert offender["missing"] == ", ".join(required[: at + 1])
        # What is updated in a transaction may have moved.
        place = space.value(f"SELECT rowid FROM {table.name} WHERE {quoted(column)} IS NULL")


@pytest.mark.parametrize(("endpoint", "table", "rule"), cases(NO_UNKNOWN_FIELDS))
def test_a_field_the_catalogue_does_not_name_is_named_in_every_table(
    space: Spoiled, endpoint: Endpoint, table: Table, rule: Rule
) -> None:
    roots = [column.field.split(".")[0] for column in table.content if "." in column.field][:1]
    extra = '{"brandNew": {"deep": 1}' + "".join(f', "{root}": {{"newBelow": true}}' for root in roots) + "}"
    space.do(f"UPDATE {table.name} SET _extra = ? WHERE rowid IN (SELECT rowid FROM {table.name} LIMIT 2)", extra)
    touched = space.value(f"SELECT count(*) FROM {table.name} WHERE _extra IS NOT NULL")
    found = space.look(rule, endpoint, table)
    assert found.rows == touched
    expected = sorted(["brandNew", *(f"{root}.newBelow" for root in roots)])
    assert [one["field"] for one in found.offenders] == expected
    assert [one["rows"] for one in found.offenders] == [touched] * len(expected)
    assert ", ".join(expected) in found.description


@pytest.mark.parametrize(("endpoint", "table", "rule"), cases(*RULES))
def test_every_rule_passes_in_a_sound_space(space: Spoiled, endpoint: Endpoint, table: Table, rule: Rule) -> None:
    found = space.look(rule, endpoint, table)
    assert (found.rows, found.offenders, found.description.count("not loaded")) == (0, (), 0), found.description
    assert found.passed


def test_the_projects_of_offenders_are_named_and_ten_offenders_shown(space: Spoiled) -> None:
    space.do("UPDATE project_versions SET name = NULL WHERE project_key IN ('WEB', 'APP')")
    expected = space.value("SELECT count(*) FROM project_versions WHERE name IS NULL")
    assert expected > 10
    found = space.find(REQUIRED_VALUES, "project_versions")
    assert (found.rows, len(found.offenders), found.partitions) == (expected, 10, ("APP", "WEB"))
    assert found.description == f"{expected} rows of project_versions lack name, which Backlog always sends."


def test_a_key_in_two_projects_concerns_both(space: Spoiled) -> None:
    [first] = space.rows("SELECT id FROM project_versions WHERE project_key = 'WEB' LIMIT 1")
    space.do("UPDATE project_versions SET id = ? WHERE project_key = 'OPS'", *first)
    found = space.find(KEY_IS_UNIQUE, "project_versions")
    assert (found.rows, found.partitions) == (1, ("OPS", "WEB"))


def test_rows_that_are_marked_deleted_may_lack_values_and_have_fields_nobody_knows(space: Spoiled) -> None:
    space.do(
        "UPDATE users SET name = NULL, _extra = '{\"x\": 1}', _deleted_at = now() "
        "WHERE id = (SELECT min(id) FROM users)"
    )
    assert space.find(REQUIRED_VALUES, "users").passed
    assert space.find(NO_UNKNOWN_FIELDS, "users").passed


@pytest.mark.parametrize("rule", [KEY_IS_UNIQUE, REQUIRED_VALUES, NO_UNKNOWN_FIELDS], ids=lambda rule: rule.name)
def test_a_table_that_is_not_there_yet_passes_and_says_so(space: Spoiled, rule: Rule) -> None:
    space.do("DROP TABLE teams")
    found = space.find(rule, "teams")
    assert (found.passed, found.description) == (True, "teams has not been loaded yet; there was nothing to check.")


@pytest.mark.parametrize("rule", [KEY_IS_UNIQUE, REQUIRED_VALUES, NO_UNKNOWN_FIELDS], ids=lambda rule: rule.name)
def test_an_empty_table_passes(space: Spoiled, rule: Rule) -> None:
    space.do("DELETE FROM teams")
    assert space.find(rule, "teams").passed


def test_a_column_that_older_loads_did_not_have_is_not_looked_for(space: Spoiled) -> None:
    space.do("ALTER TABLE users DROP COLUMN role_type")
    assert space.find(REQUIRED_VALUES, "users").passed
