"""How tables show in Dagster: asset keys, groups, descriptions, columns and their lineage. Runs nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import dagster as dg

from backlog_assets.catalogue import GROUPS, Child, Endpoint, View
from backlog_assets.catalogue.table import Table, child_table, table_of
from backlog_assets.choice import Choice
from backlog_assets.history import Mart
from backlog_assets.lineage import Source, sources_of

PREFIX = "backlog"
IO_MANAGER = "backlog_io_manager"
"""Resource key of the IO manager: not `io_manager`, so that these assets can be merged into any project."""

DOCS = "https://developer.nulab.com/docs/backlog/api/2/"


@dataclass(frozen=True)
class Options:
    """What the settings say about every asset.

    `pool` is the concurrency pool of what sends requests, `owners` are mail addresses or `team:name`, `max_shrink` is
    the share of its rows that a table may lose in one load, `schema` is where the tables are, `choice` which of them
    are loaded where nobody names any.
    """

    pool: str | None = None
    owners: tuple[str, ...] = ()
    max_shrink: float = 0.5
    schema: str = "backlog"
    choice: Choice = field(default_factory=Choice)


def pool_of(space: str) -> str:
    """The concurrency pool of a space (its host, or `demo`): whoever sends it requests waits in it for the others."""
    return f"{PREFIX}_{re.sub(r'[^0-9A-Za-z]+', '_', space)}"


def asset_key(table: str) -> dg.AssetKey:
    return dg.AssetKey([PREFIX, table])


def group_of(endpoint: Endpoint) -> str:
    """The endpoint's group as Dagster has it."""
    return group_name(endpoint.group)


def group_name(group: str) -> str:
    """A group of the catalogue as Dagster has it: Dagster sorts groups by name, so each begins with its place."""
    return f"{GROUPS.index(group) + 1}_{group}"


def specs_of(endpoint: Endpoint, deps: Sequence[dg.AssetKey] = (), options: Options = Options()) -> list[dg.AssetSpec]:
    """One spec a table or view of the endpoint, its own first: descriptions, columns, kinds, group."""
    made_of = [endpoint.each.table] if endpoint.each is not None else []
    depends_on = [*deps, *map(asset_key, ["projects"] if endpoint.per_project else made_of)]
    itself = [asset_key(endpoint.name)]
    return [
        _spec(endpoint, endpoint, table_of(endpoint), depends_on, options),
        *(_spec(endpoint, child, child_table(child), itself, options) for child in endpoint.children),
        *(_spec(endpoint, view, table_of(endpoint), itself, options) for view in endpoint.views),
    ]


def _spec(
    endpoint: Endpoint, of: Endpoint | Child | View, table: Table, deps: Sequence[dg.AssetKey], options: Options
) -> dg.AssetSpec:
    page = f"{DOCS}{endpoint.docs_page}/"
    sources = sources_of(endpoint).get(of.name, {})
    metadata: dict[str, Any] = {
        "dagster/column_schema": _schema(table, sources),
        "dagster/table_name": f"{options.schema}.{of.name}",
        "dagster/storage_kind": "duckdb",
        "api": dg.MetadataValue.url(page),
        "path": f"GET {endpoint.path}",
    }
    if sources:
        metadata["dagster/column_lineage"] = _lineage(sources)
    if endpoint.per_project:
        metadata["partition_expr"] = "project_key"
    return dg.AssetSpec(
        key=asset_key(of.name),
        deps=deps,
        description=f"{of.doc}\n\n{of.doc_ja}\n\n[{endpoint.path}]({page})",
        group_name=group_of(endpoint),
        owners=options.owners,
        kinds={"backlog", "duckdb", *(["view"] if isinstance(of, View) else [])},
        skippable=True,  # what the key may not read is not loaded
        metadata=metadata,
        code_version=_code_version(endpoint, table),
    ).with_io_manager_key(IO_MANAGER)


def spec_of_mart(mart: Mart, deps: Sequence[dg.AssetKey], options: Options = Options()) -> dg.AssetSpec:
    """The spec of a table made of others."""
    content = [(column.name, column.type) for column in mart.content]
    return dg.AssetSpec(
        key=asset_key(mart.name),
        deps=deps,
        description=f"{mart.doc}\n\n{mart.doc_ja}",
        group_name=group_name("issues"),
        owners=options.owners,
        kinds={"duckdb"},
        metadata={
            "dagster/column_schema": _schema(mart, {}),
            "dagster/table_name": f"{options.schema}.{mart.name}",
            "dagster/storage_kind": "duckdb",
        },
        code_version=f"{crc32(repr((mart.key, content)).encode()):08x}",
    ).with_io_manager_key(IO_MANAGER)


def _schema(table: Table, sources: Mapping[str, Source]) -> dg.TableSchema:
    """The columns, with what holds of their values. Where a column is from is shown as a tag of it.

    Dagster's open-source UI shows no column lineage of its own, but it shows the tags of columns.
    """
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            column.doc,
            constraints=dg.TableColumnConstraints(nullable=column.optional, unique=table.key == (column.name,)),
            tags={"from": ".".join(sources[column.name])} if column.name in sources else None,
        )
        for column in table.columns
    ]
    together = [f"unique together: {', '.join(table.key)}"] if len(table.key) > 1 else []
    return dg.TableSchema(columns=columns, constraints=dg.TableConstraints(other=together))


def _lineage(sources: Mapping[str, Source]) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {column: [dg.TableColumnDep(asset_key(table), name)] for column, (table, name) in sources.items()}
    )


def _code_version(endpoint: Endpoint, table: Table) -> str:
    """Another one when the entry makes other rows of the same answers: Dagster then shows the asset as changed."""
    of_rows = [(column.name, column.field, column.type, column.sql) for column in table.columns]
    made_of = (endpoint.path, endpoint.params, endpoint.load.name, table.key, of_rows)
    return f"{crc32(repr(made_of).encode()):08x}"
