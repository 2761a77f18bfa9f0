"""Writes docs/tables.md from the catalogue: `python -m backlog_assets.tables_page > docs/tables.md`. Pure."""

import sys
from collections.abc import Iterator, Sequence

from backlog_assets.catalogue import ENDPOINTS, Column, Endpoint, Load
from backlog_assets.catalogue.table import DELETED_AT, EVIDENCE, Table, child_table, table_of
from backlog_assets.history import AS_OF, AS_OF_DOC, AS_OF_DOC_JA, TABLES, Mart

HEAD = """# Tables

Written from the catalogue by `make docs`; a test keeps it true. Tables are in schema `backlog` (`BACKLOG_SCHEMA`).

Every table has `_loaded_at` (when the row was written as it is now); those loaded have `_extra` (fields Backlog sent
that the catalogue does not name, as JSON). Tables with `_deleted_at` keep rows that Backlog no longer lists and say
there since when: add `WHERE _deleted_at IS NULL` for what is there now.
"""

LOADS = {
    Load.SNAPSHOT: "Read whole each time: new rows are added, changed ones replaced",
    Load.CHANGES: "Read whole at first, later only what changed; `full: true` in the run config reads all anew",
    Load.APPEND: "Append-only: each load reads what came after the last one",
    Load.HISTORY: "Each load adds a set of rows",
    Load.UPSERT: "On demand: the rows asked for are added or replaced",
}


def tables_page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(
        [
            HEAD,
            *_contents(),
            *(line for endpoint in ENDPOINTS for line in _endpoint(endpoint)),
            *(line for mart in TABLES for line in _mart(mart)),
            f"## {AS_OF}\n",
            f"{AS_OF_DOC} {AS_OF_DOC_JA}\n",
        ]
    )


def _contents() -> Iterator[str]:
    yield "| table | what it holds | from |"
    yield "|---|---|---|"
    for endpoint in ENDPOINTS:
        yield f"| [{endpoint.name}](#{endpoint.name}) | {_first(endpoint.doc)} | `GET {endpoint.path}` |"
        for child in endpoint.children:
            yield f"| [{child.name}](#{child.name}) | {_first(child.doc)} | `{child.field}` in `{endpoint.name}` |"
        for view in endpoint.views:
            yield f"| {view.name} | {_first(view.doc)} | view of `{endpoint.name}` |"
    for mart in TABLES:
        yield f"| [{mart.name}](#{mart.name}) | {_first(mart.doc)} | made of {_listed(mart.made_of)} |"
    yield f"| [{AS_OF}](#{AS_OF}) | {_first(AS_OF_DOC)} | macro |"
    yield ""


def _endpoint(endpoint: Endpoint) -> Iterator[str]:
    how = LOADS[endpoint.load]
    if table_of(endpoint).keeps_deleted:
        how += ", those no longer listed marked deleted"
    if endpoint.per_project:
        how += ". One partition a project"
    if endpoint.each is not None:
        again = f", again where `{endpoint.each.moved}` has moved" if endpoint.each.moved else ""
        how += f". Asked for each row of `{endpoint.each.table}`{again}"
    if endpoint.feature:
        how += f". Not asked of projects whose `{endpoint.feature}` is false"
    if endpoint.opt_in:
        how += f". Opt-in: loaded with `BACKLOG_TABLES=+{endpoint.name}`"
    yield from _table(table_of(endpoint), endpoint.doc, endpoint.doc_ja, f"`GET {endpoint.path}`. {how}.")
    for child in endpoint.children:
        told = (
            f"From `{child.field}` in `{endpoint.name}`, at no request. Replaced with the {child.parent} it belongs to."
        )
        yield from _table(child_table(child), child.doc, child.doc_ja, told)


def _mart(mart: Mart) -> Iterator[str]:
    told = f"Made of {_listed(mart.made_of)}, at no request, of the issues that changed."
    yield from _table(mart, mart.doc, mart.doc_ja, told)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _table(table: Table, doc: str, doc_ja: str, how: str) -> Iterator[str]:
    yield f"## {table.name}\n"
    yield f"{doc} {doc_ja}\n"
    key = " and ".join(f"`{name}`" for name in table.key)
    yield f"{how} {f'Key: {key}.' if key else 'One row.'}\n"
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    yield from _columns(table.columns[: -3 if table.keeps_deleted else -1])
    for column in (DELETED_AT, EVIDENCE) if table.keeps_deleted else ():
        yield f"| `{column.name}` | {column.type} | {column.doc} |"
    yield ""


def _columns(columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        if column.name != "_extra":
            yield f"| `{column.name}` | {column.type} | {column.doc.replace('|', chr(92) + '|')} |"


def _first(doc: str) -> str:
    return doc.split(". ")[0].rstrip(".") + "."


if __name__ == "__main__":
    sys.stdout.write(tables_page())
