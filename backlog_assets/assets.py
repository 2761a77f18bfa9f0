"""The assets: `build_asset` makes one of each catalogue entry; `issue` has a run config of its own. Knows no SQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import dagster as dg
from pydantic import Field

from backlog_assets.catalogue import BY_NAME, ENDPOINTS, Endpoint, Load
from backlog_assets.failures import told
from backlog_assets.io_manager import WholeOrNothingIOManager, project_metadata
from backlog_assets.partitions import PROJECTS
from backlog_assets.reading import read_issues_on_demand, read_projects, read_space
from backlog_assets.resources import BacklogResource
from backlog_assets.specs import asset_key, specs_of
from backlog_assets.spool import Spooled

BACKFILL_BATCH = 50
"""Projects one run of a backfill loads: few enough to lose little when it fails, many enough to be quick."""

NAMED_IN_ERROR = 5

Events: TypeAlias = "Iterator[dg.Output[Spooled] | dg.AssetMaterialization]"


def build_asset(endpoint: Endpoint) -> dg.AssetsDefinition:
    """The asset that loads an endpoint, of each project or of the whole space, with its child tables and views."""
    if endpoint.per_project:
        return _build_per_project(endpoint)
    return _build_append_only(endpoint) if endpoint.load is Load.APPEND else _build_space_wide(endpoint)


def _build_space_wide(endpoint: Endpoint) -> dg.AssetsDefinition:
    specs = specs_of(endpoint)

    @dg.multi_asset(name=endpoint.name, specs=specs)
    def load(context: dg.AssetExecutionContext, backlog: BacklogResource) -> Events:
        spooled = told(lambda: _read_space(context, backlog, endpoint, since_id=None))
        yield from _outputs(specs, spooled)

    return load


class HowMuch(dg.Config):
    """How much of an append-only table is read."""

    full: bool = Field(default=False, description="Read everything anew, not only what came after the last load.")


def _build_append_only(endpoint: Endpoint) -> dg.AssetsDefinition:
    specs = specs_of(endpoint)

    @dg.multi_asset(name=endpoint.name, specs=specs)
    def load(
        context: dg.AssetExecutionContext,
        config: HowMuch,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        anew = config.full or backlog.selected_projects is not None
        since = None if anew else told(lambda: backlog_io_manager.last_id(endpoint.name))
        spooled = told(lambda: _read_space(context, backlog, endpoint, since_id=since))
        yield from _outputs(specs, spooled)

    return load


def _read_space(
    context: dg.AssetExecutionContext, backlog: BacklogResource, endpoint: Endpoint, *, since_id: int | None
) -> Spooled:
    return read_space(
        backlog.client,
        endpoint,
        backlog.spools,
        backlog.space_name,
        context.run.run_id,
        only=backlog.selected_projects,
        since_id=since_id,
    )


def _build_per_project(endpoint: Endpoint) -> dg.AssetsDefinition:
    specs = specs_of(endpoint)

    @dg.multi_asset(
        name=endpoint.name,
        specs=specs,
        partitions_def=PROJECTS,
        backfill_policy=dg.BackfillPolicy.multi_run(BACKFILL_BATCH),
    )
    def load(
        context: dg.AssetExecutionContext,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        ids = told(backlog_io_manager.project_ids)
        asked = {key: ids.get(key) for key in context.partition_keys}
        spooled = told(
            lambda: read_projects(
                backlog.client, endpoint, backlog.spools, backlog.space_name, context.run.run_id, asked
            )
        )
        if not spooled.refused:
            yield from _outputs(specs, spooled)
            return
        # An output would stamp every partition of the run as materialized, those that were refused too.
        loaded = told(lambda: backlog_io_manager.write(spooled, context.run.run_id))
        for spec in specs:
            for key in spooled.projects or ():
                metadata = project_metadata(loaded[spec.key.path[-1]], spooled, key)
                yield dg.AssetMaterialization(asset_key=spec.key, partition=key, metadata=metadata)
        raise refusal(spooled, of="projects", done=len(spooled.projects or ()))

    return load


class IssuesWanted(dg.Config):
    """Which issues the `issue` asset asks for."""

    issues: list[str] = Field(
        default=[],
        description="Ids or keys, such as WEB-1. With none listed, those of the last time are asked for again.",
    )


def build_issue_on_demand() -> dg.AssetsDefinition:
    """The `issue` asset: single issues, listed in the run config."""
    endpoint = BY_NAME["issue"]
    specs = specs_of(endpoint, deps=[asset_key("issues")])

    @dg.multi_asset(name=endpoint.name, specs=specs)
    def load(
        context: dg.AssetExecutionContext,
        config: IssuesWanted,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        wanted = config.issues or backlog_io_manager.issues_asked_before()
        spooled = told(
            lambda: read_issues_on_demand(
                backlog.client, endpoint, backlog.spools, backlog.space_name, context.run.run_id, wanted
            )
        )
        yield from _outputs(specs, spooled)
        if spooled.refused:
            raise refusal(spooled, of="issues", done=spooled.records)

    return load


def refusal(spooled: Spooled, *, of: str, done: int) -> dg.Failure:
    """What a run says of the parts of a load that were refused, after the others were loaded."""
    reasons = [reason for _, reason in sorted(spooled.refused.items())]
    more = f" (and {len(reasons) - NAMED_IN_ERROR} more)" if len(reasons) > NAMED_IN_ERROR else ""
    return dg.Failure(
        description=f"{done} {of} were loaded, {len(reasons)} refused: "
        f"{', '.join(sorted(spooled.refused)[:NAMED_IN_ERROR])}{more}. {' '.join(reasons[:NAMED_IN_ERROR])}",
        metadata={"refused": dg.MetadataValue.json(spooled.refused), "loaded": done},
        allow_retries=False,
    )


def _outputs(specs: Sequence[dg.AssetSpec], spooled: Spooled) -> "Iterator[dg.Output[Spooled]]":
    for spec in specs:
        yield dg.Output(spooled, output_name=spec.key.to_python_identifier())


BUILDERS: Mapping[str, Callable[[], dg.AssetsDefinition]] = {"issue": build_issue_on_demand}
"""Endpoints whose asset is built in a way of its own."""


def build_assets() -> list[dg.AssetsDefinition]:
    """Every asset, in the order of the catalogue."""
    return [BUILDERS[endpoint.name]() if endpoint.name in BUILDERS else build_asset(endpoint) for endpoint in ENDPOINTS]
