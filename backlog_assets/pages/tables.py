"""docs/tables.md and its like in Japanese, from the catalogue. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from backlog_assets.catalogue import GROUPS, Child, Column, Endpoint, Load
from backlog_assets.catalogue.bookkeeping import BOOKS, Book
from backlog_assets.catalogue.table import EXTRA, Table, child_table, table_of
from backlog_assets.choice import MADE_OF
from backlog_assets.cursors import OPS
from backlog_assets.examples import EXAMPLES
from backlog_assets.history import AS_OF, AS_OF_DOC, AS_OF_DOC_JA, TABLES, Mart
from backlog_assets.pages.groups import BOOKKEEPING, HISTORY, endpoints_of
from backlog_assets.pages.words import Told, Words


class _AsOf:
    """The macro, told as a table is."""

    doc = AS_OF_DOC
    doc_ja = AS_OF_DOC_JA


def tables_page(words: Words) -> str:
    """The whole page, in Markdown, in the language of the words."""
    lines = [words.head, *_contents(words)]
    for group in GROUPS:
        for endpoint in endpoints_of(group):
            lines += _endpoint(words, endpoint)
    for mart in TABLES:
        lines += _mart(words, mart)
    lines += [f"## {AS_OF}\n", f"{words.of(_AsOf())}\n", *_examples(words, AS_OF)]
    for book in BOOKS:
        lines += _book(words, book)
    return "\n".join(lines)


def _contents(words: Words) -> Iterator[str]:
    for group in GROUPS:
        yield from _group(words, group, (row for one in endpoints_of(group) for row in _rows(words, one)))
    made = [_row(words, one.name, one, words.made_from.format(tables=words.listed(one.made_of))) for one in TABLES]
    yield from _group(words, HISTORY, [*made, _row(words, AS_OF, _AsOf(), words.macro_from)])
    yield from _group(words, BOOKKEEPING, (_row(words, f"{OPS}.{one.name}", one, words.book_from) for one in BOOKS))


def _group(words: Words, group: str, rows: Iterable[str]) -> Iterator[str]:
    yield f"**{words.groups[group]}**\n"
    yield from _header(words.contents)
    yield from rows
    yield ""


def _rows(words: Words, endpoint: Endpoint) -> Iterator[str]:
    yield _row(words, endpoint.name, endpoint, f"`GET {_path(endpoint)}`")
    for child in endpoint.children:
        yield _row(words, child.name, child, words.child_from.format(field=child.field, parent=endpoint.name))
    for view in endpoint.views:
        yield _row(words, view.name, view, words.view_from.format(table=endpoint.name))


def _row(words: Words, name: str, told: Told, source: str) -> str:
    return f"| [{name}](#{name.replace('.', '')}) | {words.first(told)} | {source} |"


def _endpoint(words: Words, endpoint: Endpoint) -> Iterator[str]:
    table = table_of(endpoint)
    how = [_asked(words, endpoint), _kept(words, endpoint, table), _key(words, table.key)]
    how += [words.feature.format(feature=endpoint.feature)] if endpoint.feature else []
    how += [words.opt_in.format(table=endpoint.name)] if endpoint.opt_in else []
    yield from _table(words, table, endpoint, how)
    for child in endpoint.children:
        yield from _child(words, endpoint, child)
    for view in endpoint.views:
        yield f"## {view.name}\n"
        yield f"{words.of(view)}\n"
        yield from _examples(words, view.name)


def _path(endpoint: Endpoint) -> str:
    """The path, with the params that say of what it is asked."""
    params = [f"{name}={value}" for name, value in endpoint.params if "{" in value]
    return "?".join([endpoint.path, "&".join(params)]) if params else endpoint.path


def _asked(words: Words, endpoint: Endpoint) -> str:
    """Of what Backlog is asked, how often, and how it hands it out."""
    each, asked = endpoint.each, words.asked_once
    if endpoint.load is Load.UPSERT:
        asked = words.asked_on_demand
    elif each is not None:
        moved = words.asked_moved.format(moved=each.moved) if each.moved else ""
        asked = words.asked_each.format(table=each.table) + moved
    elif endpoint.name in MADE_OF:
        asked = words.asked_each.format(table=MADE_OF[endpoint.name]) + words.asked_moved.format(moved="updated")
    elif endpoint.per_project:
        asked = words.asked_per_project
    docs = f"{words.docs}{endpoint.docs_page}/"
    return words.path.format(path=_path(endpoint), docs=docs, asked=asked, paging=words.paging[endpoint.paging])


def _kept(words: Words, endpoint: Endpoint, table: Table) -> str:
    """What a load does to the rows that are there."""
    return words.load[endpoint.load] + (words.marked if table.keeps_deleted else "") + _stop(words)


def _stop(words: Words) -> str:
    return "。" if words.is_japanese else "."


def _key(words: Words, key: Sequence[str]) -> str:
    return words.key.format(key=words.listed(key)) if key else words.one_row


def _child(words: Words, endpoint: Endpoint, child: Child) -> Iterator[str]:
    table = child_table(child)
    path = words.child_path.format(field=child.field, parent=endpoint.name)
    load = words.child_load.format(parent=endpoint.name)
    yield from _table(words, table, child, [path, load, _key(words, table.key)])


def _mart(words: Words, mart: Mart) -> Iterator[str]:
    load = words.mart_load.format(tables=words.listed(mart.made_of))
    yield from _table(words, mart, mart, [load, _key(words, mart.key)])


def _book(words: Words, book: Book) -> Iterator[str]:
    yield f"## {OPS}.{book.name}\n"
    yield f"{words.of(book)}\n"
    yield from _columns(words, book.columns)
    yield from _examples(words, book.name)


def _table(words: Words, table: Table, told: Told, how: Sequence[str]) -> Iterator[str]:
    yield f"## {table.name}\n"
    yield f"{words.of(told)}\n"
    yield ("" if words.is_japanese else " ").join(how) + "\n"
    everywhere = (EXTRA.name, "_loaded_at")
    yield from _columns(words, [column for column in table.columns if column.name not in everywhere])
    yield from _examples(words, table.name)


def _columns(words: Words, columns: Sequence[Column]) -> Iterator[str]:
    yield from _header(words.columns)
    for column in columns:
        yield f"| `{column.name}` | {column.type} | {words.of(column).replace('|', chr(92) + '|')} |"
    yield ""


def _header(titles: Sequence[str]) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield "|---" * len(titles) + "|"


def _examples(words: Words, name: str) -> Iterator[str]:
    """The example queries of a table."""
    for at, example in enumerate(EXAMPLES.get(name, ())):
        if at == 0:
            yield f"{words.examples}\n"
        yield f"{at + 1}. {words.title(example)}\n"
        yield "   ```sql"
        yield from (f"   {line}".rstrip() for line in example.sql.strip().splitlines())
        yield "   ```\n"
