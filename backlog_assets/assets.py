"""The assets: `build_asset` makes one of each catalogue entry; `issue` has a run config of its own. Knows no SQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, TypeAlias

import dagster as dg
from pydantic import Field

from backlog_assets.catalogue import BY_NAME, ENDPOINTS, Endpoint, Load
from backlog_assets.catalogue.table import table_of
from backlog_assets.checks.findings import SHOWN, Finding, counted
from backlog_assets.checks.results import result_of
from backlog_assets.errors import BacklogError, Shrunk
from backlog_assets.failures import told
from backlog_assets.figures import project_metadata
from backlog_assets.history_assets import build_history
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.loading import Loaded
from backlog_assets.overview import issues_overview
from backlog_assets.partitions import PROJECTS
from backlog_assets.reading import read_issues_on_demand
from backlog_assets.resources import BacklogResource
from backlog_assets.single_objects import build_single_objects
from backlog_assets.specs import Options, asset_key, specs_of
from backlog_assets.spool import Spooled
from backlog_assets.steps import comments_read, issues_read, projects_read, space_read

BACKFILL_BATCH = 50
"""Projects one run of a backfill loads: few enough to lose little when it fails, many enough to be quick."""

NAMED_IN_ERROR = 5

NOT_SHRUNK = "not_shrunk"
"""Name of the check that the loading step answers itself, because it keeps the load from being written."""

DEFAULTS = Options()
"""What holds where no setting says otherwise."""

Events: TypeAlias = "Iterator[dg.Output[Spooled] | dg.AssetMaterialization | dg.AssetCheckResult]"


class Snapshot(dg.Config):
    """How a table is loaded whose rows are marked deleted when Backlog no longer lists them."""

    allow_shrink: bool = Field(
        default=False, description="Let the table lose any share of its rows at once; otherwise that is refused."
    )


class Changes(Snapshot):
    """How much is read of what is loaded by what changed, and how much of it may vanish."""

    full: bool = Field(default=False, description="Read everything anew, not only what changed since the last load.")


class HowMuch(dg.Config):
    """How much of an append-only table is read."""

    full: bool = Field(default=False, description="Read everything anew, not only what came after the last load.")


def build_asset(endpoint: Endpoint, options: Options = DEFAULTS) -> dg.AssetsDefinition:
    """The asset that loads an endpoint, of each project or of the whole space, with its child tables and views."""
    if endpoint.per_project:
        return _build_per_project(endpoint, options)
    if endpoint.load is Load.APPEND:
        return _build_append_only(endpoint, options)
    return _build_snapshot(endpoint, options) if table_of(endpoint).keeps_deleted else _build_plain(endpoint, options)


def _build_plain(endpoint: Endpoint, options: Options) -> dg.AssetsDefinition:
    specs = specs_of(endpoint, options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, pool=options.pool)
    def load(context: dg.AssetExecutionContext, backlog: BacklogResource) -> Events:
        spooled = told(lambda: space_read(context, backlog, endpoint))
        yield from _outputs(specs, spooled)

    return load


def _build_snapshot(endpoint: Endpoint, options: Options) -> dg.AssetsDefinition:
    specs = specs_of(endpoint, options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, check_specs=[not_shrunk_spec(endpoint)], pool=options.pool)
    def load(
        context: dg.AssetExecutionContext,
        config: Snapshot,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        spooled = told(lambda: space_read(context, backlog, endpoint, backlog_io_manager))
        yield from _written(context, backlog_io_manager, spooled, _max_shrink(config, options))
        yield from _outputs(specs, spooled, {endpoint.name: _overview(backlog_io_manager, endpoint)})

    return load


def _build_append_only(endpoint: Endpoint, options: Options) -> dg.AssetsDefinition:
    specs = specs_of(endpoint, options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, pool=options.pool)
    def load(
        context: dg.AssetExecutionContext,
        config: HowMuch,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        anew = config.full or backlog.selected_projects is not None
        since = None if anew else told(lambda: backlog_io_manager.last_id(endpoint.name))
        spooled = told(lambda: space_read(context, backlog, endpoint, backlog_io_manager, since_id=since))
        yield from _outputs(specs, spooled)

    return load


def _build_per_project(endpoint: Endpoint, options: Options) -> dg.AssetsDefinition:
    specs = specs_of(endpoint, options=options)

    @dg.multi_asset(
        name=endpoint.name,
        specs=specs,
        check_specs=[not_shrunk_spec(endpoint)],
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
        ids = told(backlog_io_manager.project_ids)
        asked = {key: ids.get(key) for key in context.partition_keys}
        spooled = told(lambda: projects_read(context, backlog, endpoint, backlog_io_manager, asked))
        yield from _written(context, backlog_io_manager, spooled, _max_shrink(config, options))
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


def _max_shrink(config: Snapshot, options: Options) -> float:
    return 1.0 if config.allow_shrink else options.max_shrink


def not_shrunk_spec(endpoint: Endpoint) -> dg.AssetCheckSpec:
    """The check of an endpoint's table that its own loading step answers."""
    return dg.AssetCheckSpec(
        NOT_SHRUNK,
        asset=asset_key(endpoint.name),
        description="The last load has not lost more of the rows at once than may vanish; one that would is not "
        "written.",
    )


def _written(
    context: dg.AssetExecutionContext, io_manager: WholeOrNothingIOManager, spooled: Spooled, max_shrink: float
) -> Iterator[dg.AssetCheckResult]:
    """Writes the load and says that the table has not shrunk too much; else says that it would have, and fails."""
    name = spooled.endpoint.name

    def write() -> Mapping[str, Loaded] | Shrunk:
        try:
            return io_manager.write(spooled, context.run.run_id, max_shrink=max_shrink)
        except Shrunk as error:
            return error

    written = told(write)
    if isinstance(written, Shrunk):
        yield result_of(name, NOT_SHRUNK, "ERROR", _shrunk(name, written))
        raise dg.Failure(description=str(written), allow_retries=False)
    lost, left = written[name].deleted, written[name].rows
    finding = Finding(
        f"The load marked {counted(lost, 'row')} of {name} deleted; {left:,} are there.", figures={"rows_lost": lost}
    )
    loaded = list(spooled.projects or ()) if spooled.endpoint.per_project else ()
    yield result_of(name, NOT_SHRUNK, "ERROR", finding, loaded)


def _shrunk(table: str, error: Shrunk) -> Finding:
    return Finding(
        f"{table} would have lost {error.lost:,} of its {error.before:,} rows at once; the load was not written.",
        error.lost,
        [{"project": key, "rows_lost": rows} for key, rows in list(error.by_project.items())[:SHOWN]],
        f"See whether the key's user has lost access. If Backlog has really lost the rows, load {table} once more with "
        f"allow_shrink: true in the run config (`backlog-assets sync --allow-shrink`).",
        tuple(error.by_project),
        {"rows_lost": error.lost, "rows_before": error.before},
    )


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
        yield from _written(context, backlog_io_manager, spooled, _max_shrink(config, options))
        yield from _outputs(specs, spooled, {endpoint.name: _overview(backlog_io_manager, endpoint)})

    return load


def build_issue_comments(options: Options = DEFAULTS) -> dg.AssetsDefinition:
    """The `issue_comments` asset and its child tables: the comments of the issues that the warehouse has."""
    endpoint = BY_NAME["issue_comments"]
    specs = specs_of(endpoint, deps=[asset_key("issues"), asset_key("activities")], options=options)

    @dg.multi_asset(name=endpoint.name, specs=specs, check_specs=[not_shrunk_spec(endpoint)], pool=options.pool)
    def load(
        context: dg.AssetExecutionContext,
        config: Changes,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Events:
        spooled = told(lambda: comments_read(context, backlog, backlog_io_manager, full=config.full))
        yield from _written(context, backlog_io_manager, spooled, _max_shrink(config, options))
        yield from _outputs(specs, spooled)
        if spooled.refused:
            raise refusal(spooled, of="issues", done=int(spooled.notes.get("issues_read", 0)))

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


def _outputs(
    specs: Sequence[dg.AssetSpec], spooled: Spooled, metadata: Mapping[str, dict[str, Any]] | None = None
) -> "Iterator[dg.Output[Spooled]]":
    """An output a table; the IO manager adds what the load did. `metadata`: table -> more of it."""
    for spec in specs:
        more = (metadata or {}).get(spec.key.path[-1], {})
        yield dg.Output(spooled, output_name=spec.key.to_python_identifier(), metadata=more)


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
