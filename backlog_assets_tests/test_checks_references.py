"""Ids lead to rows: every reference of the catalogue fails when its row is away, and only for a reason."""

from collections.abc import Iterator

import pytest
from duckdb import DuckDBPyConnection

from backlog_assets.catalogue import BY_NAME, ENDPOINTS, Endpoint
from backlog_assets.catalogue.table import Table, tables_of
from backlog_assets.checks.references import REFERENCES_RESOLVE, Reference, references_of
from backlog_assets.warehouse import quoted
from backlog_assets_tests.checking import Spoiled, loaded_space, opened, spoiled

ALL = [
    pytest.param(endpoint, table, reference, id=f"{table.name}.{reference.column}")
    for endpoint in ENDPOINTS
    for table in tables_of(endpoint)
    for reference in references_of(endpoint, table)
]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    with opened(loaded_space(tmp_path_factory.mktemp("references"))) as found:
        yield found


@pytest.fixture
def space(connection: DuckDBPyConnection) -> Iterator[Spoiled]:
    with spoiled(connection) as found:
        yield found


def misled(space: Spoiled, table: Table, column: str, value: int = -1) -> None:
    """One old row of the table refers to `value`."""
    [row] = space.rows(f"SELECT min(rowid) FROM {table.name}")
    space.do(f"UPDATE {table.name} SET {quoted(column)} = ?, _loaded_at = '2020-01-01' WHERE rowid = ?", value, *row)


@pytest.mark.parametrize(("endpoint", "table", "reference"), ALL)
def test_every_reference_that_leads_nowhere_is_found(
    space: Spoiled, endpoint: Endpoint, table: Table, reference: Reference
) -> None:
    assert space.look(REFERENCES_RESOLVE, endpoint, table).passed
    misled(space, table, reference.column)
    found = space.look(REFERENCES_RESOLVE, endpoint, table)
    [offender] = [one for one in found.offenders if one["column"] == reference.column]
    assert (offender["value"], offender["refers_to"]) == ("-1", reference.to)
    assert set(offender) == {*table.key, "column", "value", "refers_to"}
    assert f"{reference.column} 1 ({reference.to})" in found.description
    assert "Known reasons: " in found.description
    assert f"Load {reference.to}" in found.what_to_do or len(found.offenders) > 1


def test_the_references_are_those_of_the_issue_form_and_of_the_arrays() -> None:
    issue = {(one.column, one.to) for one in references_of(BY_NAME["issues"], tables_of(BY_NAME["issues"])[0])}
    assert issue == {
        ("project_id", "projects"),
        ("issue_type_id", "project_issue_types"),
        ("resolution_id", "resolutions"),
        ("priority_id", "priorities"),
        ("status_id", "project_statuses"),
        ("assignee_id", "users"),
        ("parent_issue_id", "issues"),
        ("created_user_id", "users"),
        ("updated_user_id", "users"),
    }
    arrays = {
        table.name: {one.to for one in references_of(BY_NAME["issues"], table)}
        for table in tables_of(BY_NAME["issues"])
    }
    assert arrays["issue_versions"] == arrays["issue_milestones"] == {"issues", "project_versions"}
    assert arrays["issue_custom_field_values"] == {"issues", "project_custom_fields"}


def test_a_status_of_another_project_is_none_of_this_one(space: Spoiled) -> None:
    [status, owner] = space.rows("SELECT id, project_id FROM project_statuses WHERE id > 4 LIMIT 1")[0]
    [(issue, project)] = space.rows("SELECT id, project_id FROM issues WHERE project_id <> ? LIMIT 1", owner)
    space.do("UPDATE issues SET status_id = ? WHERE id = ?", status, issue)
    found = space.find(REFERENCES_RESOLVE, "issues")
    assert [(one["id"], one["column"]) for one in found.offenders] == [(issue, "status_id")]
    space.do("INSERT INTO project_statuses (project_id, id) VALUES (?, ?)", project, status)
    assert space.find(REFERENCES_RESOLVE, "issues").passed


def test_a_row_that_is_marked_deleted_still_says_what_an_id_meant(space: Spoiled) -> None:
    space.do("UPDATE project_versions SET _deleted_at = now()")
    space.do("UPDATE users SET _deleted_at = now()")
    for table in ("issues", "issue_versions", "issue_milestones"):
        assert space.find(REFERENCES_RESOLVE, table).passed


def test_what_is_newer_than_the_table_it_refers_to_is_left_alone_until_that_is_loaded(space: Spoiled) -> None:
    space.do("UPDATE issues SET assignee_id = -1, status_id = -1, updated = now() + INTERVAL 1 HOUR")
    assert space.find(REFERENCES_RESOLVE, "issues").passed
    space.do("INSERT INTO loads (table_name, loaded_at) VALUES ('users', now() + INTERVAL 2 HOURS)")
    found = space.find(REFERENCES_RESOLVE, "issues")
    assert {one["column"] for one in found.offenders} == {"assignee_id"}
    assert found.rows == space.value("SELECT count(*) FROM issues")
    space.do(
        "UPDATE project_loads SET loaded_at = now() + INTERVAL 2 HOURS "
        "WHERE table_name = 'project_statuses' AND project_key = 'WEB'"
    )
    of_web = space.value("SELECT count(*) FROM issues WHERE issue_key LIKE 'WEB-%'")
    assert space.find(REFERENCES_RESOLVE, "issues").rows == found.rows + of_web


def test_a_table_that_was_never_loaded_is_not_looked_up_and_named(space: Spoiled) -> None:
    space.do("UPDATE issues SET assignee_id = -1")
    space.do("DROP TABLE users")
    found = space.find(REFERENCES_RESOLVE, "issues")
    assert found.passed
    assert found.description.endswith("Not looked up, because not loaded yet: users.")


def test_a_project_whose_masters_were_never_loaded_is_left_alone(space: Spoiled) -> None:
    space.do("UPDATE issues SET status_id = -1")
    space.do("DELETE FROM project_loads WHERE table_name = 'project_statuses' AND project_key <> 'APP'")
    found = space.find(REFERENCES_RESOLVE, "issues")
    assert found.rows == space.value("SELECT count(*) FROM issues WHERE issue_key LIKE 'APP-%'") > 0


def test_the_arrays_of_an_issue_that_is_gone_are_not_looked_up(space: Spoiled) -> None:
    space.do("UPDATE issue_versions SET id = -1")
    assert not space.find(REFERENCES_RESOLVE, "issue_versions").passed
    space.do("UPDATE issues SET _deleted_at = now()")
    assert space.find(REFERENCES_RESOLVE, "issue_versions").passed


@pytest.mark.parametrize("table", ["activities", "notifications"])
def test_of_what_has_happened_only_the_project_is_looked_up(table: str) -> None:
    assert {one.to for one in references_of(BY_NAME[table], tables_of(BY_NAME[table])[0])} == {"projects"}


def test_the_known_reasons_are_told_with_those_of_the_settings(space: Spoiled) -> None:
    space.do("DELETE FROM users")
    gone = space.value("SELECT count(*) FROM issue_attachments WHERE created_user_id IS NOT NULL")
    found = space.find(REFERENCES_RESOLVE, "issue_attachments")
    assert found.description == (
        f"{gone} references of issue_attachments lead nowhere: created_user_id {gone} (users). Known reasons: users: "
        "Backlog lists present members only, so a user who has left before `users` was first loaded is not there."
    )
    space.only = ["WEB"]
    assert (
        "BACKLOG_PROJECTS leaves the other projects out."
        in space.find(REFERENCES_RESOLVE, "issue_attachments").description
    )


def test_nothing_to_look_up_is_no_failure(space: Spoiled) -> None:
    space.do("DROP TABLE projects")
    found = space.find(REFERENCES_RESOLVE, "project_versions")
    assert (found.passed, found.description) == (
        True,
        "There was nothing to look up. Not looked up, because not loaded yet: projects.",
    )
