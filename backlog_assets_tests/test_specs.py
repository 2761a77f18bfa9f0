"""What the assets show in Dagster: groups in reading order, owners, columns with their keys, where columns are from."""

import dagster as dg
import pytest

from backlog_assets.catalogue import BY_NAME, ENDPOINTS, GROUPS
from backlog_assets.catalogue.table import child_table, table_of
from backlog_assets.lineage import SOURCES
from backlog_assets.specs import Options, asset_key, pool_of, specs_of

SPECS = {spec.key.path[-1]: spec for endpoint in ENDPOINTS for spec in specs_of(endpoint)}


def schema_of(table: str) -> dg.TableSchema:
    schema = SPECS[table].metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    return schema


def test_groups_sort_in_reading_order() -> None:
    groups = {spec.group_name for spec in SPECS.values()}
    assert sorted(groups) == [f"{at}_{group}" for at, group in enumerate(GROUPS, start=1)]
    assert [GROUPS[int(group[0]) - 1] for group in sorted(groups)] == [group[2:] for group in sorted(groups)]


@pytest.mark.parametrize("name", SPECS)
def test_an_asset_says_what_it_is_first_in_english_then_in_japanese_then_where_it_is_from(name: str) -> None:
    english, japanese, link = str(SPECS[name].description).split("\n\n")
    assert english.isascii()
    assert not japanese.isascii()
    assert link.startswith("[/")
    assert SPECS[name].metadata["dagster/table_name"] == f"backlog.{name}"


def test_owners_schema_and_pool_come_from_the_settings() -> None:
    [spec] = specs_of(BY_NAME["space"], options=Options(owners=("data@example.com", "team:ops"), schema="raw"))
    assert list(spec.owners) == ["data@example.com", "team:ops"]
    assert spec.metadata["dagster/table_name"] == "raw.space"
    assert pool_of("example.backlog.com") == "backlog_example_backlog_com"
    assert pool_of("127.0.0.1:8900") != pool_of("127.0.0.1:8901")


def test_a_column_tells_whether_it_may_be_empty_and_a_key_that_it_is_one() -> None:
    columns = {column.name: column for column in schema_of("issues").columns}
    assert columns["id"].constraints.unique
    assert not columns["id"].constraints.nullable
    assert columns["assignee_id"].constraints.nullable
    assert schema_of("project_statuses").constraints.other == ["unique together: project_id, id"]
    assert not any(column.constraints.unique for column in schema_of("project_statuses").columns)


def test_a_child_tables_parent_id_is_from_its_parent_and_nothing_else_in_it_is() -> None:
    lineage = SPECS["issue_categories"].metadata["dagster/column_lineage"]
    assert isinstance(lineage, dg.TableColumnLineage)
    assert dict(lineage.deps_by_column) == {"issue_id": [dg.TableColumnDep(asset_key("issues"), "id")]}
    tags = {column.name: dict(column.tags or {}) for column in schema_of("issue_categories").columns}
    assert tags["issue_id"] == {"from": "issues.id"}
    assert tags["name"] == {}


def test_every_column_of_a_view_is_from_the_table_it_shows() -> None:
    assert SOURCES["project_categories"] == {
        column.name: ("project_components", column.name) for column in table_of(BY_NAME["project_components"]).columns
    }


@pytest.mark.parametrize(("table", "sources"), SOURCES.items())
def test_lineage_names_columns_that_are_there(table: str, sources: dict[str, tuple[str, str]]) -> None:
    tables = {
        one.name: {column.name for column in one.columns}
        for endpoint in ENDPOINTS
        for one in (table_of(endpoint), *map(child_table, endpoint.children))
    }
    views = {view.name: endpoint.name for endpoint in ENDPOINTS for view in endpoint.views}
    for column, (source, name) in sources.items():
        assert column in tables[views.get(table, table)]
        assert name in tables[source]


def test_a_changed_entry_has_another_code_version_and_a_changed_text_has_not() -> None:
    import dataclasses

    endpoint = BY_NAME["priorities"]
    [before] = specs_of(endpoint)
    [reworded] = specs_of(dataclasses.replace(endpoint, doc="Something else."))
    [changed] = specs_of(dataclasses.replace(endpoint, columns=endpoint.columns[:1]))
    assert before.code_version == reworded.code_version
    assert before.code_version != changed.code_version
