"""The asset checks: one op a family of tables for what the warehouse can tell, one op for what Backlog is asked."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

import dagster as dg

from backlog_assets.catalogue import BY_NAME, ENDPOINTS, Endpoint
from backlog_assets.catalogue.table import Table, table_of, tables_of
from backlog_assets.checks.completeness import COMPARISONS, Held, held
from backlog_assets.checks.counted import counted_by_the_load
from backlog_assets.checks.findings import Finding, Scene, not_loaded
from backlog_assets.checks.references import REFERENCES_RESOLVE
from backlog_assets.checks.results import result_of
from backlog_assets.checks.rules import KEY_IS_UNIQUE, NO_UNKNOWN_FIELDS, REQUIRED_VALUES, Rule
from backlog_assets.checks.upkeep import IS_FRESH, QUOTA_IS_HEALTHY
from backlog_assets.choice import Choice
from backlog_assets.failures import told
from backlog_assets.history import HISTORY
from backlog_assets.history import TABLES as MARTS
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.resources import BacklogResource
from backlog_assets.specs import Options, asset_key

DEFAULTS = Options()
"""What holds where no setting says otherwise."""

RULES: tuple[Rule, ...] = (
    KEY_IS_UNIQUE,
    REQUIRED_VALUES,
    REFERENCES_RESOLVE,
    NO_UNKNOWN_FIELDS,
    IS_FRESH,
    QUOTA_IS_HEALTHY,
)
"""The rules that the warehouse alone can answer, in the order in which they are."""

MATCHES_BACKLOG = "matches_backlog"
"""The one check that asks Backlog."""


def build_checks(options: Options = DEFAULTS) -> list[dg.AssetChecksDefinition]:
    """Every check but `not_shrunk`, which the loading steps answer. Resources: those of the assets."""
    return [
        *(_build_family(f"{one.name}_checks", one, rules_of(one), options) for one in ENDPOINTS),
        # Of the history only that it is built as it should be: what Backlog sends is looked at in what it is made of.
        _build_family(f"{HISTORY}_checks", BY_NAME["issues"], [(mart, KEY_IS_UNIQUE) for mart in MARTS], options),
        *(_build_comparison(endpoint, options) for endpoint in ENDPOINTS if endpoint.name in COMPARISONS),
    ]


def rules_of(endpoint: Endpoint) -> list[tuple[Table, Rule]]:
    """The rules that hold for each table of an endpoint."""
    return [(table, rule) for table in tables_of(endpoint) for rule in RULES if rule.applies(endpoint, table)]


def _build_family(
    name: str, endpoint: Endpoint, listed: Sequence[tuple[Table, Rule]], options: Options
) -> dg.AssetChecksDefinition:
    """The checks of an endpoint's tables in one step: a step costs more than a query, and the file is opened once."""
    specs = [
        dg.AssetCheckSpec(rule.name, asset=asset_key(table.name), description=rule.doc, blocking=rule.blocking)
        for table, rule in listed
    ]

    @dg.multi_asset_check(name=name, specs=specs, can_subset=True)
    def checks(
        context: dg.AssetCheckExecutionContext,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Iterator[dg.AssetCheckResult]:
        wanted = context.selected_asset_check_keys
        asked = [one for one, spec in zip(listed, specs, strict=True) if spec.key in wanted]
        settings = (backlog_io_manager, backlog, options.choice)
        found, loaded = told(lambda: _look(*settings, endpoint, asked, context.run.run_id))
        for (table, rule), finding in zip(asked, found, strict=True):
            yield result_of(table.name, rule.name, rule.severity, finding, loaded)

    return checks


def _look(
    io_manager: WholeOrNothingIOManager,
    backlog: BacklogResource,
    choice: Choice,
    endpoint: Endpoint,
    asked: Sequence[tuple[Table, Rule]],
    run_id: str,
) -> tuple[list[Finding], list[str]]:
    """What the rules find, and the partitions that the run has loaded. Nothing is held open when it returns."""
    warehouse = io_manager.warehouse
    if not warehouse.exists:
        return [not_loaded(table.name) for table, _ in asked], []
    with warehouse.connection() as connection:
        scene = Scene(
            connection,
            warehouse.schema,
            datetime.now(timezone.utc),
            only=backlog.selected_projects,
            headroom=backlog.headroom,
            choice=choice,
        )
        found = [findings_of(scene, endpoint, table, rule) for table, rule in asked]
        return found, loaded_partitions(scene, endpoint, run_id)


def findings_of(scene: Scene, endpoint: Endpoint, table: Table, rule: Rule) -> Finding:
    """What a rule finds in a table; before the table is there, only what the bookkeeping can tell."""
    if table.name not in scene.tables and rule is not IS_FRESH:
        return not_loaded(table.name)
    return rule.find(scene, endpoint, table)


def loaded_partitions(scene: Scene, endpoint: Endpoint, run_id: str) -> list[str]:
    """Keys of the projects that a run has loaded into a per-project table; where it loaded none, of all loaded ones."""
    loads = scene.ops("project_loads") if endpoint.per_project else None
    if loads is None:
        return []
    rows = scene.connection.execute(
        f"SELECT project_key, run_id = ? FROM {loads} WHERE table_name = ? ORDER BY project_key",
        [run_id, endpoint.name],
    ).fetchall()
    own = [str(key) for key, is_own in rows if is_own]
    return own or [str(key) for key, _ in rows]


def _build_comparison(endpoint: Endpoint, options: Options) -> dg.AssetChecksDefinition:
    spec = dg.AssetCheckSpec(
        MATCHES_BACKLOG,
        asset=asset_key(endpoint.name),
        description="The rows not marked deleted are as many as Backlog says it has, but for those made since.",
    )
    compare = COMPARISONS[endpoint.name]

    @dg.multi_asset_check(name=f"{endpoint.name}_{MATCHES_BACKLOG}", specs=[spec], pool=options.pool)
    def check(
        context: dg.AssetCheckExecutionContext,
        backlog: BacklogResource,
        backlog_io_manager: dg.ResourceParam[WholeOrNothingIOManager],
    ) -> Iterator[dg.AssetCheckResult]:
        ours = told(lambda: _held(backlog_io_manager, backlog, endpoint, context.run.run_id))
        if ours is None:
            finding = not_loaded(endpoint.name)
        elif isinstance(ours, Finding):
            finding = ours
        else:
            # The file is closed by now: requests may have to wait for the rate limit.
            finding = told(lambda: compare(backlog.client, ours, backlog.selected_projects))
        yield result_of(endpoint.name, MATCHES_BACKLOG, "ERROR", finding)

    return check


def _held(
    io_manager: WholeOrNothingIOManager, backlog: BacklogResource, endpoint: Endpoint, run_id: str
) -> Held | Finding | None:
    """What is to be compared with what Backlog counts; the finding where the load has done so already."""
    warehouse = io_manager.warehouse
    if not warehouse.exists:
        return None
    with warehouse.connection() as connection:
        scene = Scene(connection, warehouse.schema, datetime.now(timezone.utc), only=backlog.selected_projects)
        return counted_by_the_load(scene, table_of(endpoint), run_id) or held(scene, table_of(endpoint))
