"""Invariants of the catalogue, each tried on every entry: a new one is tested for free."""

import dataclasses
import re
from collections import Counter

import pytest

from backlog_assets.catalogue import ENDPOINTS, Child, Column, Endpoint, Load
from backlog_assets.catalogue.spec import PARENTS_JA
from backlog_assets.catalogue.table import Table, link_of, names_of, tables_of
from backlog_assets.history import TABLES as MARTS

TABLES = [table for endpoint in ENDPOINTS for table in tables_of(endpoint)]
CHILDREN = [child for endpoint in ENDPOINTS for child in endpoint.children]
TYPES = {"BIGINT", "INTEGER", "VARCHAR", "BOOLEAN", "DOUBLE", "DATE", "TIMESTAMPTZ", "JSON", "DECIMAL(9,2)"}
DAYS = {"startDate", "dueDate", "releaseDueDate"}
INSTANTS = {"created", "updated", "lastLoginTime", "limitDate", "startedOn"}


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("id", "id"),
        ("createdUser.id", "created_user_id"),
        ("nulabAccount.uniqueId", "nulab_account_unique_id"),
        ("project.projectKey", "project_key"),
        ("useOriginalImageSizeAtWiki", "use_original_image_size_at_wiki"),
        ("gitLFS", "git_lfs"),
    ],
)
def test_a_column_is_named_after_its_field(field: str, name: str) -> None:
    assert Column(field, "BIGINT", "").name == name


def test_no_two_tables_share_a_name() -> None:
    assert not [name for name, times in Counter(n for one in ENDPOINTS for n in names_of(one)).items() if times > 1]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_tables_columns_are_well_formed(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert set(table.key) <= set(names)
    assert {column.type for column in table.columns} <= TYPES
    bookkeeping = ["_loaded_at", "_deleted_at", "_delete_evidence"] if table.keeps_deleted else ["_loaded_at"]
    assert names[-len(bookkeeping) :] == bookkeeping
    assert "_extra" in names
    for column in table.columns:
        assert column.doc.strip().endswith("."), column.name
        leaf = column.field.split(".")[-1]
        assert (column.type == "DATE") == (leaf in DAYS or column.name == "value_date"), column.name
        assert leaf not in INSTANTS or column.type == "TIMESTAMPTZ", column.name
        assert leaf not in {"id", "projectId", "size"} or column.type in {"BIGINT", "VARCHAR"}, column.name


@pytest.mark.parametrize("table", [*TABLES, *MARTS], ids=lambda table: table.name)
def test_every_column_says_in_japanese_too_what_it_means(table: Table) -> None:
    for column in table.columns:
        assert column.doc_ja.endswith("。"), column.name
        assert re.search(r"[ぁ-んァ-ヶ一-龠]", column.doc_ja), column.name
        assert "。。" not in column.doc_ja, column.name
        assert "\n" not in column.doc + column.doc_ja, column.name


@pytest.mark.parametrize("child", CHILDREN, ids=lambda child: child.name)
def test_the_row_a_child_belongs_to_has_a_word_in_japanese(child: Child) -> None:
    assert child.parent in PARENTS_JA


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_an_entry_says_what_it_is_and_where_it_comes_from(endpoint: Endpoint) -> None:
    assert endpoint.path.startswith("/")
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", endpoint.docs_page)
    for one in (endpoint, *endpoint.children, *endpoint.views):
        assert re.match(r"[A-Z][^`*\[\]]+[.;]", one.doc), one.name
        assert one.doc_ja.endswith("。"), one.name


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.per_project], ids=lambda endpoint: endpoint.name)
def test_a_per_project_table_has_the_project_in_it(endpoint: Endpoint) -> None:
    names = {column.name for column in tables_of(endpoint)[0].columns}
    assert {"project_id", "project_key", "_deleted_at"} <= names


@pytest.mark.parametrize("kind", [Endpoint, Child], ids=lambda kind: kind.__name__)
def test_the_catalogue_has_no_field_nobody_uses(kind: type) -> None:
    entries = ENDPOINTS if kind is Endpoint else CHILDREN
    for field in dataclasses.fields(kind):
        values = [getattr(one, field.name) for one in entries]
        assert len(set(map(repr, values))) > 1, field.name


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (table, column)
        for table in TABLES
        for column in table.content
        if column.refers or re.search(r"; `\w+\.id`", column.doc)
    ],
    ids=lambda one: one.name,
)
def test_a_column_refers_to_the_key_of_a_table_and_its_text_says_so(table: Table, column: Column) -> None:
    assert column.refers is not None, f"{table.name}.{column.name}: named() and refer() make both"
    to, key = column.refers.split(".")
    [target] = [one for one in TABLES if one.name == to]
    assert key in target.key
    assert set(target.key) <= {key, "project_id"}
    assert f"`{column.refers}`" in column.doc


def test_tables_that_read_in_another_way_say_so() -> None:
    assert {one.name for one in ENDPOINTS if one.load is not Load.SNAPSHOT} == {
        "rate_limit",
        "single_objects",
        "activities",
        "user_activities",
        "user_stars",
        "issues",
        "issue",
        "issue_comments",
        "wiki_contents",
        "wiki_history",
    }


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_what_is_asked_row_by_row_names_columns_of_the_rows_and_says_whose_its_records_are(endpoint: Endpoint) -> None:
    [projects] = [table for table in TABLES if table.name == "projects"]
    assert endpoint.feature is None or endpoint.feature in {column.name for column in projects.columns}
    if endpoint.each is None:
        return
    [parent] = [table for table in TABLES if table.name == endpoint.each.table]
    columns = {column.name for column in parent.columns}
    texts = (endpoint.path, *(value for _, value in endpoint.params))
    assert {name for text in texts for name in re.findall(r"{(\w+)}", text)} <= columns
    assert {column for _, column in endpoint.each.adds} <= columns
    assert endpoint.each.moved is None or endpoint.each.moved in columns
    assert {field for field, _ in endpoint.each.adds} <= {column.field for column in endpoint.columns}
    assert link_of(endpoint, parent), "a column of the parent's key is among those added"
    assert endpoint.load is not Load.UPSERT
