"""The pages written from the catalogue: current, whole, each in its language, and drawn so that Mermaid reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backlog_assets.catalogue import ENDPOINTS
from backlog_assets.catalogue.bookkeeping import BOOKS
from backlog_assets.catalogue.table import child_table, names_of, table_of, tables_of
from backlog_assets.examples import EXAMPLES
from backlog_assets.history import AS_OF, TABLES
from backlog_assets.pages import PAGES
from backlog_assets.pages.relations import relations

DOCS = Path(__file__).parent.parent / "docs"
COLUMNS = {
    table.name: {column.name for column in table.columns}
    for table in (*(table for endpoint in ENDPOINTS for table in tables_of(endpoint)), *TABLES)
}
NAMES = [
    *(name for endpoint in ENDPOINTS for name in names_of(endpoint)),
    *(mart.name for mart in TABLES),
    AS_OF,
    *(f"backlog_ops.{book.name}" for book in BOOKS),
]
TOLD = [
    *ENDPOINTS,
    *(child for endpoint in ENDPOINTS for child in endpoint.children),
    *(view for endpoint in ENDPOINTS for view in endpoint.views),
    *TABLES,
    *BOOKS,
]

BLOCK = re.compile(r"```mermaid\nerDiagram\n(.*?)```", re.DOTALL)
LINE = re.compile(
    r"    (?:(?P<one>\w+)(?P<opens> \{)?|(?P<to>\w+) (?:\|\||\|o)--o\{ (?P<of>\w+) : \"(?P<by>\w+)\""
    r"|(?P<closes>\})|    [A-Z]+ (?P<column>\w+) (?:PK|FK|PK, FK))"
)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_that_of_the_catalogue(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("name", ["tables.md", "tables.ja.md"])
def test_a_page_of_tables_has_every_table_once_and_its_contents_lead_to_all_of_them(name: str) -> None:
    page = PAGES[name]()
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert sorted(headings) == sorted(NAMES)
    assert re.findall(r"^\| \[([\w.]+)\]\(#", page, re.MULTILINE) == headings
    assert {title.replace(".", "") for title in headings} == set(re.findall(r"\]\(#(\w+)\)", page))


@pytest.mark.parametrize("name", ["tables.md", "tables.ja.md"])
def test_a_page_of_tables_shows_every_column_and_example(name: str) -> None:
    page = PAGES[name]()
    parts = {part.split("\n", 1)[0]: part for part in page.split("\n## ")[1:]}
    for table, columns in COLUMNS.items():
        for column in columns - {"_extra", "_loaded_at"}:
            assert f"\n| `{column}` | " in parts[table], (table, column)
    for table, examples in EXAMPLES.items():
        part = parts.get(table) or parts[f"backlog_ops.{table}"]
        assert part.count("```sql") == len(examples), table


def test_the_japanese_page_is_in_japanese_and_the_english_one_in_english() -> None:
    english, japanese = PAGES["tables.md"](), PAGES["tables.ja.md"]()
    for one in TOLD:
        assert (one.doc in english, one.doc_ja in english) == (True, False), one.name
        assert (one.doc_ja in japanese, one.doc in japanese) == (True, False), one.name
    for line in japanese.splitlines():
        if line.startswith("| ") and "---" not in line:
            assert re.search(r"[ぁ-んァ-ヶ一-龠]", line), line
    assert not re.search(r"[ぁ-んァ-ヶ一-龠]", english.split("\n## ")[0].replace("日本語", ""))


def test_the_page_tells_what_is_loaded_only_on_demand_and_what_projects_may_switch_off() -> None:
    parts = {part.split("\n", 1)[0]: part for part in PAGES["tables.md"]().split("\n## ")[1:]}
    for endpoint in ENDPOINTS:
        assert (f"BACKLOG_TABLES=+{endpoint.name}" in parts[endpoint.name]) is endpoint.opt_in
        assert (f"`projects.{endpoint.feature}`" in parts[endpoint.name]) is bool(endpoint.feature)


def test_every_diagram_can_be_read_and_draws_only_what_there_is() -> None:
    page = PAGES["er.md"]()
    drawn: set[str] = set()
    for block in BLOCK.findall(page):
        inside, lines = "", [LINE.fullmatch(line) for line in block.splitlines()]
        assert all(lines), [line for line in block.splitlines() if not LINE.fullmatch(line)]
        here = {found["one"] for found in lines if found and found["one"]}
        assert not here & drawn, "a table is drawn once"
        drawn |= here
        for found in filter(None, lines):
            if found["one"]:
                assert not inside, "a block of columns is closed before the next table"
                inside = found["one"] if found["opens"] else ""
                assert found["one"] in COLUMNS
            elif found["column"]:
                assert found["column"] in COLUMNS[inside]
            elif found["closes"]:
                assert inside
                inside = ""
            else:
                assert {found["to"], found["of"]} <= here
                assert found["by"] in COLUMNS[found["of"]]
        assert not inside
    assert drawn == set(COLUMNS)


def test_every_relation_is_drawn_or_listed() -> None:
    page = PAGES["er.md"]()
    for one in relations():
        assert {one.column} <= COLUMNS[one.table]
        assert one.key in COLUMNS[one.to]
        drawn = re.search(rf'^    {one.to} \S+ {one.table} : "{one.column}"$', page, re.MULTILINE)
        listed = re.search(rf"^- `{one.table}`:.*`{one.column}` → `{one.to}\.{one.key}` \(", page, re.MULTILINE)
        assert bool(drawn) is not bool(listed), one
    found = {(one.table, one.column, one.to) for one in relations()}
    for endpoint in ENDPOINTS:
        for column in table_of(endpoint).columns:
            assert column.refers is None or (endpoint.name, column.name, column.refers.split(".")[0]) in found
        for child in endpoint.children:
            assert (child.name, child_table(child).key[0], endpoint.name) in found


def test_the_examples_in_contributing_are_those_of_the_catalogue() -> None:
    page = (DOCS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    wiki = (DOCS.parent / "backlog_assets" / "catalogue" / "wiki.py").read_text(encoding="utf-8")
    assert len(blocks) == 2
    assert [block for block in blocks if block.strip() not in wiki] == []
