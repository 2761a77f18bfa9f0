"""The assets: `build_asset` makes one of each catalogue entry; `issue` has a run config of its own. Knows no SQL."""

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

import dagster as dg
from pydantic import Field

from backlog_assets.catalogue import BY_NAME, ENDPOINTS, Endpoint, Load
from backlog_assets.catalogue.table import table_of
from backlog_assets.errors import BacklogError
from backlog_assets.failures import told
from backlog_assets.figures import project_metadata
from backlog_assets.history_assets import build_history
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.outcomes import (
    Changes,
    Events,
    Snapshot,
    checks_of_step,
    landed,
    may_be_read,
    most_lost,
    not_shrunk_spec,
    outputs,
    refusal,
    written,
)
from backlog_assets.overview import issues_overview
from backlog_assets.partitions import PROJECTS
from backlog_assets.reading import read_issues_on_demand
from backlog_assets.resources import BacklogResource
from backlog_assets.single_objects import build_single_objects
from backlog_assets.specs import Options, asset_key, specs_of
from backlog_assets.spool import Spooled
from backlog_assets.steps import comments_read, each_read, issues_read, projects_read, space_read

BACKFILL_BATCH = 50
"""Projects one run of a backfill loads: few enough to lose little when it fails, many enough to be quick."""

DEFAULTS = Options()
"""What holds where no setting says otherwise."""


class HowMuch(dg.Config):
    """How much of an append-only table is read."""

    full: bool = Field(default=False, description="Read everything anew, not only what came after the last load.")


class OneByOne(Snapshot):
    """How much is read of what is asked for row by row of another table, and how much of it may vanish."""

    full: bool = Field(
        default=False, description="Ask for every row, and for all there is of it, whether or not it has moved."
    )


def build_asset(endpoint: Endpoint, options: Options = DEFAULTS) -> dg.AssetsDefinition:
    """The asset that loads an endpoint: of each project, of each row of another table, or of the whole space; with its
    child tables and views."""
    if endpoint.per_project:
        return _build_per_project(endpoint, options)
    if endpoint.each is not None:
        return _build_each(endpoint, options)
    if endpoint.load is Load.APPEND:
        return _build_append_only(endpoint, options)
    return _build_snapshot(endpoint, options) if table_of(endpoint).keeps_deleted else _build_plain(endpoint, options)


def _build_plain(endpoint: Endpoint, options: Options) -> dg.AssetsDefinition:
    specs = specs_of(endpoint, options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, check_specs=checks_of_step(endpoint), pool=options.pool)
    def load(
        context: dg.AssetExecutionContext,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        yield from landed(context, backlog_io_manager, endpoint, specs, lambda: space_read(context, backlog, endpoint))

    return load


def _build_snapshot(endpoint: Endpoint, options: Options) -> dg.AssetsDefinition:
    specs = specs_of(endpoint, options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, check_specs=checks_of_step(endpoint), pool=options.pool)
    def load(
        context: dg.AssetExecutionContext,
        config: Snapshot,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        def read() -> Spooled:
            return space_read(context, backlog, endpoint, backlog_io_manager)

        yield from landed(context, backlog_io_manager, endpoint, specs, read, shrink=most_lost(config, options))

    return load


def _build_append_only(endpoint: Endpoint, options: Options) -> dg.AssetsDefinition:
    specs = specs_of(endpoint, options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, check_specs=checks_of_step(endpoint), pool=options.pool)
    def load(
        context: dg.AssetExecutionContext,
        config: HowMuch,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        def read() -> Spooled:
            anew = config.full or backlog.selected_projects is not None
            since = None if anew else backlog_io_manager.last_id(endpoint.name)
            return space_read(context, backlog, endpoint, backlog_io_manager, since_id=since)

        yield from landed(context, backlog_io_manager, endpoint, specs, read)

    return load


def _build_each(endpoint: Endpoint, options: Options) -> dg.AssetsDefinition:
    specs = specs_of(endpoint, options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, check_specs=checks_of_step(endpoint), pool=options.pool)
    def load(
        context: dg.AssetExecutionContext,
        config: OneByOne,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        def read() -> Spooled:
            but = options.choice.but(endpoint) if options.choice.takes(endpoint) else ()
            return each_read(context, backlog, endpoint, backlog_io_manager, full=config.full, but=but)

        yield from landed(context, backlog_io_manager, endpoint, specs, read, shrink=most_lost(config, options))

    return load


def _build_per_project(endpoint: Endpoint, options: Options) -> dg.AssetsDefinition:
    specs = specs_of(endpoint, options=options)

    @dg.multi_asset(
        name=endpoint.name,
        specs=specs,
        check_specs=checks_of_step(endpoint),
        partitions_def=PROJECTS,
        backfill_policy=dg.BackfillPolicy.multi_run(BACKFILL_BATCH),
        pool=options.pool,
    )
    def load(
        context: dg.AssetExecutionContext,
        config: Snapshot,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        ids, off = told(lambda: (backlog_io_manager.project_ids(), backlog_io_manager.switched_off(endpoint)))
        asked = {
            key: ids.get(key)
            for key in context.partition_keys
            if ids.get(key) not in off and not options.choice.leaves_out(endpoint, key)
        }
        spooled = told(lambda: projects_read(context, backlog, endpoint, backlog_io_manager, asked))
        spooled.notes |= {"projects_left_out": out} if (out := len(context.partition_keys) - len(asked)) else {}
        if spooled.refused.keys() <= spooled.denied.keys():
            shrink = most_lost(config, options)
            yield from landed(context, backlog_io_manager, endpoint, specs, lambda: spooled, shrink=shrink)
            return
        yield from written(context, backlog_io_manager, spooled, most_lost(config, options))
        yield may_be_read(backlog_io_manager, endpoint, spooled)
        # An output would stamp every partition of the run as materialized, those that are no projects too.
        loaded = told(lambda: backlog_io_manager.write(spooled, context.run.run_id))
        for spec in specs:
            for key in spooled.projects or ():
                metadata = project_metadata(loaded[spec.key.path[-1]], spooled, key)
                yield dg.AssetMaterialization(asset_key=spec.key, partition=key, metadata=metadata)
        raise refusal(spooled, of="projects", done=len(spooled.projects or ()))

    return load


def build_issues(options: Options = DEFAULTS) -> dg.AssetsDefinition:
    """The `issues` asset and its child tables: all issues at first, then those that changed."""
    endpoint = BY_NAME["issues"]
    specs = specs_of(endpoint, deps=[asset_key("activities")], options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, check_specs=[not_shrunk_spec(endpoint)], pool=options.pool)
    def load(
        context: dg.AssetExecutionContext,
        config: Changes,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        spooled = told(lambda: issues_read(context, backlog, backlog_io_manager, full=config.full))
        yield from written(context, backlog_io_manager, spooled, most_lost(config, options))
        yield from outputs(specs, spooled, {endpoint.name: _overview(backlog_io_manager, endpoint)})

    return load


def build_issue_comments(options: Options = DEFAULTS) -> dg.AssetsDefinition:
    """The `issue_comments` asset and its child tables: the comments of the issues that the warehouse has."""
    endpoint = BY_NAME["issue_comments"]
    specs = specs_of(endpoint, deps=[asset_key("issues"), asset_key("activities")], options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, check_specs=checks_of_step(endpoint), pool=options.pool)
    def load(
        context: dg.AssetExecutionContext,
        config: Changes,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        def read() -> Spooled:
            return comments_read(context, backlog, backlog_io_manager, full=config.full)

        yield from landed(context, backlog_io_manager, endpoint, specs, read, shrink=most_lost(config, options))

    return load


class IssuesWanted(dg.Config):
    """Which issues the `issue` asset asks for."""

    issues: list[str] = Field(
        default=[],
        description="Ids or keys, such as WEB-1. With none listed, those of the last time are asked for again.",
    )


def build_issue_on_demand(options: Options = DEFAULTS) -> dg.AssetsDefinition:
    """The `issue` asset: single issues, listed in the run config."""
    endpoint = BY_NAME["issue"]
    specs = specs_of(endpoint, deps=[asset_key("issues")], options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, pool=options.pool)
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
        yield from outputs(specs, spooled)
        if spooled.refused:
            raise refusal(spooled, of="issues", done=spooled.records)

    return load


def _overview(io_manager: WholeOrNothingIOManager, endpoint: Endpoint) -> dict[str, Any]:
    """What is to be seen of a table at a glance, now that it is loaded; nothing where the file cannot be had."""
    if endpoint.name not in OVERVIEWS:
        return {}
    try:
        with io_manager.warehouse.connection() as connection:
            return OVERVIEWS[endpoint.name](connection, io_manager.warehouse.schema, datetime.now(timezone.utc))
    except BacklogError:
        return {}


OVERVIEWS: Mapping[str, Callable[..., dict[str, Any]]] = {"issues": issues_overview}
"""Table -> what makes metadata of the whole of it, from a connection, its schema and the hour."""

BUILDERS: Mapping[str, Callable[[Options], dg.AssetsDefinition]] = {
    "issues": build_issues,
    "issue": build_issue_on_demand,
    "issue_comments": build_issue_comments,
    "single_objects": build_single_objects,
}
"""Endpoints whose asset is built in a way of its own."""


def build_assets(options: Options = DEFAULTS) -> list[dg.AssetsDefinition]:
    """Every asset, in the order of the catalogue; then what is made of them."""
    loaded = [
        BUILDERS[endpoint.name](options) if endpoint.name in BUILDERS else build_asset(endpoint, options)
        for endpoint in ENDPOINTS
    ]
    return [*loaded, build_history(options)]
