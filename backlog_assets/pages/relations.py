"""docs/er.md: which column of which table is the key of another one, drawn by Mermaid, a diagram a group. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backlog_assets.catalogue import ENDPOINTS, Column
from backlog_assets.catalogue.table import Table, child_table, link_of, table_of
from backlog_assets.history import TABLES
from backlog_assets.pages.groups import tables_by_group
from backlog_assets.pages.words import ENGLISH, JAPANESE

HEAD = """# How the tables hang together

Written from the catalogue by `make docs`; a test keeps it true. What the columns mean: [tables.md](tables.md).
テーブルの関係図です。カタログから作成されます。列の意味は [tables.ja.md](tables.ja.md) にあります。

One diagram a group of tables, with their keys (PK) and the columns that are keys of other tables (FK). What leads to a
table of another group is listed below the diagram. A circle at a line's beginning: the column may be null.
"""


@dataclass(frozen=True)
class Relation:
    """A column that holds a key of another table. `optional`: it may be null."""

    table: str
    column: str
    to: str
    key: str
    optional: bool


def relations_page() -> str:
    """The whole page, in Markdown."""
    groups, found = tables_by_group(), relations()
    home = {table.name: group for group, tables in groups.items() for table in tables}
    lines = [HEAD]
    for group, tables in groups.items():
        lines += [f"## {ENGLISH.groups[group]} / {JAPANESE.groups[group]}\n", "```mermaid", "erDiagram"]
        lines += _diagram(tables, [one for one in found if home[one.table] == home[one.to] == group], found)
        lines += ["```\n", *_abroad([one for one in found if home[one.table] == group != home[one.to]], home)]
    return "\n".join(lines)


def relations() -> Sequence[Relation]:
    """Every relation of the catalogue, and of the tables made of others, in the order of tables and columns."""
    found: dict[tuple[str, str, str], Relation] = {}
    for table, one in _all():
        found.setdefault((table.name, one.column, one.to), one)
    return list(found.values())


def _all() -> Iterator[tuple[Table, Relation]]:
    tables = {table.name: table for group in tables_by_group().values() for table in group}
    for endpoint in ENDPOINTS:
        table = table_of(endpoint)
        yield from _referring(table)
        if endpoint.each is not None:
            for column, key in link_of(endpoint, tables[endpoint.each.table]).items():
                yield table, Relation(table.name, column, endpoint.each.table, key, optional=False)
        for child in endpoint.children:
            inside = child_table(child)
            yield inside, Relation(inside.name, child.parent_id.name, endpoint.name, "id", optional=False)
            yield from _referring(inside)
    for mart in TABLES:
        yield from _referring(mart)


def _referring(table: Table) -> Iterator[tuple[Table, Relation]]:
    for column in table.columns:
        if column.refers is not None:
            to, key = column.refers.split(".")
            yield table, Relation(table.name, column.name, to, key, column.optional)


def _diagram(tables: Sequence[Table], inside: Sequence[Relation], found: Sequence[Relation]) -> Iterator[str]:
    for table in tables:
        foreign = {one.column for one in found if one.table == table.name}
        shown = [column for column in table.columns if column.name in foreign or column.name in table.key]
        yield f"    {table.name} {{" if shown else f"    {table.name}"
        yield from (f"        {_attribute(table, column, column.name in foreign)}" for column in shown)
        yield from ["    }"] if shown else []
    for one in inside:
        yield f'    {one.to} {"|o" if one.optional else "||"}--o{{ {one.table} : "{one.column}"'


def _attribute(table: Table, column: Column, is_foreign: bool) -> str:
    marks = [mark for mark, holds in (("PK", column.name in table.key), ("FK", is_foreign)) if holds]
    return f"{column.type} {column.name} {', '.join(marks)}"


def _abroad(leaving: Sequence[Relation], home: Mapping[str, str]) -> Iterator[str]:
    """The links to other groups, a line a table."""
    by_table: dict[str, list[Relation]] = {}
    for one in leaving:
        by_table.setdefault(one.table, []).append(one)
    for table, ones in by_table.items():
        links = ", ".join(f"`{one.column}` → `{one.to}.{one.key}` ({ENGLISH.groups[home[one.to]]})" for one in ones)
        yield f"- `{table}`: {links}"
    yield from [""] if by_table else []
