"""How tables show in Dagster: asset keys, groups, descriptions, columns. Runs nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from backlog_assets.catalogue import Child, Endpoint, View
from backlog_assets.catalogue.table import Table, child_table, table_of

PREFIX = "backlog"
IO_MANAGER = "backlog_io_manager"
"""Resource key of the IO manager: not `io_manager`, so that these assets can be merged into any project."""

DOCS = "https://developer.nulab.com/docs/backlog/api/2/"


@dataclass(frozen=True)
class Options:
    """What the settings say about every asset.

    `pool` is the concurrency pool of what sends requests, `owners` are mail addresses or `team:name`, `max_shrink` is
    the share of its rows that a table may lose in one load.
    """

    pool: str | None = None
    owners: tuple[str, ...] = ()
    max_shrink: float = 0.5


def pool_of(space: str) -> str:
    """The concurrency pool of a space (its host, or `demo`): whoever sends it requests waits in it for the others."""
    return f"{PREFIX}_{re.sub(r'[^0-9A-Za-z]+', '_', space)}"


def asset_key(table: str) -> dg.AssetKey:
    return dg.AssetKey([PREFIX, table])


def specs_of(endpoint: Endpoint, deps: Sequence[dg.AssetKey] = ()) -> list[dg.AssetSpec]:
    """One spec a table or view of the endpoint, its own first: descriptions, columns, kinds, group."""
    depends_on = [*deps, *([asset_key("projects")] if endpoint.per_project else [])]
    itself = [asset_key(endpoint.name)]
    return [
        _spec(endpoint, endpoint, table_of(endpoint), depends_on),
        *(_spec(endpoint, child, child_table(child), itself) for child in endpoint.children),
        *(_spec(endpoint, view, table_of(endpoint), itself) for view in endpoint.views),
    ]


def _spec(endpoint: Endpoint, of: Endpoint | Child | View, table: Table, deps: Sequence[dg.AssetKey]) -> dg.AssetSpec:
    page = f"{DOCS}{endpoint.docs_page}/"
    columns = [dg.TableColumn(column.name, column.type, column.doc) for column in table.columns]
    metadata: dict[str, Any] = {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "api": dg.MetadataValue.url(page),
        "path": f"GET {endpoint.path}",
    }
    if endpoint.per_project:
        metadata["partition_expr"] = "project_key"
    return dg.AssetSpec(
        key=asset_key(of.name),
        deps=deps,
        description=f"{of.doc}\n\n{of.doc_ja}\n\n[{endpoint.path}]({page})",
        group_name=endpoint.group,
        kinds={"backlog", "duckdb"},
        metadata=metadata,
        code_version="1",
    ).with_io_manager_key(IO_MANAGER)
