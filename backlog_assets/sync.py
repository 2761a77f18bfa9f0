"""The main job: load the space, one run for what is space-wide, one for all partitions. Prints nothing."""

import logging
import os
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from backlog_assets.catalogue import ENDPOINTS, Endpoint
from backlog_assets.catalogue.table import names_of, table_of
from backlog_assets.choice import Choice, asked_of, needed_for, with_projects
from backlog_assets.errors import Misconfigured
from backlog_assets.executor import in_turn, pools_of_job
from backlog_assets.figures import QUOTA_LEFT
from backlog_assets.history import HISTORY, TABLES
from backlog_assets.io_manager import BacklogDuckDBIOManager, WholeOrNothingIOManager
from backlog_assets.jobs import EVERYTHING, is_space_wide
from backlog_assets.ledger import claim, loads_of
from backlog_assets.lost_runs import report_lost_runs
from backlog_assets.partitions import RANGE_END, RANGE_START, apply_changes
from backlog_assets.people import called
from backlog_assets.people_state import change
from backlog_assets.reading import one, unknown_projects
from backlog_assets.resources import DEMO, BacklogResource
from backlog_assets.specs import asset_key
from backlog_assets.warehouse import Warehouse, full_name

QUIET: Mapping[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""What happens is in the run's event log; the terminal gets the tables and the errors."""

MARTS = frozenset(mart.name for mart in TABLES)
"""What is built of other tables, at no request."""

EXAMPLE = """SELECT p.project_key, count(*) AS open_issues
FROM {issues} i JOIN {projects} p ON p.id = i.project_id
WHERE i.status_id <> 4 AND i._deleted_at IS NULL
GROUP BY ALL ORDER BY open_issues DESC, project_key LIMIT 5"""
"""Open issues by project: the query that `sync` prints with its answer."""


@dataclass
class TableLoaded:
    """One line of what `sync` prints."""

    table: str
    rows: int
    inserted: int
    updated: int
    deleted: int
    requests: int
    seconds: float


@dataclass
class CheckFailed:
    """A check that did not pass. `is_error`: what was loaded is not what Backlog has, or cannot be relied on."""

    table: str
    check: str
    is_error: bool
    found: str
    what_to_do: str


@dataclass
class Outcome:
    """What a sync has done. It went well where there are no `failures` (table -> what went wrong) and no check has
    found an error."""

    tables: list[TableLoaded] = field(default_factory=list[TableLoaded])
    failures: dict[str, str] = field(default_factory=dict[str, str])
    checks_passed: int = 0
    checks_failed: list[CheckFailed] = field(default_factory=list[CheckFailed])
    notes: list[str] = field(default_factory=list[str])
    run_ids: list[str] = field(default_factory=list[str])
    quotas: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def succeeded(self) -> bool:
        return not self.failures and not any(check.is_error for check in self.checks_failed)


def selection(names: Iterable[str], choice: Choice = EVERYTHING) -> list[Endpoint]:
    """The endpoints behind these table names (those of the `choice` for none), with what they need: the tables for
    whose rows they are asked, and `projects`.

    A child table is loaded with its parent; for the history, which is built, nothing is. Raises Misconfigured for a
    name that is no table.
    """
    wanted = [name.strip() for name in names if name.strip()]
    known = {name: endpoint for endpoint in ENDPOINTS for name in names_of(endpoint)}
    unknown = [name for name in wanted if name not in known and name not in MARTS]
    if unknown:
        raise Misconfigured(f"There is no table {', '.join(unknown)}. Tables: {', '.join(sorted([*known, *MARTS]))}.")
    chosen = {known[name].name for name in wanted if name in known}
    return with_projects(needed_for(chosen)) if wanted else choice.endpoints


def run_history(folder: Path) -> dg.DagsterInstance:
    """Where runs are kept: DAGSTER_HOME, else as `dagster.yaml` of the folder says, else nowhere."""
    home = os.environ.get("DAGSTER_HOME")
    if home:
        if not Path(home).is_absolute() or not Path(home).is_dir():
            raise Misconfigured(f"DAGSTER_HOME is {home!r}; Dagster wants the absolute path of a folder that is there.")
        return dg.DagsterInstance.get()
    if (folder / "dagster.yaml").is_file():
        return dg.DagsterInstance.from_config(str(folder))
    return dg.DagsterInstance.ephemeral()


def check_first(backlog: BacklogResource, warehouse: Warehouse) -> str:
    """Asks who the key belongs to and opens the warehouse, so that what is wrong is said once, before any run.

    Returns a sentence that says whose key it is. Raises what the client and the warehouse raise.
    """
    me = one(backlog.client, "/users/myself")
    with warehouse.transaction() as connection:
        claim(connection, warehouse.schema, backlog.space_name)
    return f"{called(me)} (role {me.get('roleType')})"


def treat_people(backlog: BacklogResource, warehouse: Warehouse, *, full: bool) -> str:
    """Brings the tables in line with BACKLOG_PII, where that has changed. Returns what was done, empty for nothing.

    Raises Refused where everything must be read anew for it, and `full` does not say so.
    """
    with warehouse.transaction() as connection:
        return change(connection, warehouse.schema, backlog.people, full=full)


def sync(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    io_manager: BacklogDuckDBIOManager,
    *,
    names: Sequence[str] = (),
    full: bool = False,
    allow_shrink: bool = False,
    only: Collection[str] | None = None,
    choice: Choice = EVERYTHING,
) -> Outcome:
    """Loads the tables `names` (those of the `choice` for none) and everything that hangs on them. `full` forgets
    earlier loads, `allow_shrink` lets tables lose any share of their rows; `only` names the projects whose partitions
    are loaded (None: all).

    Four runs: the space-wide tables with `projects`, then every partition of the per-project tables as one range, then
    what is asked for each row of those, then the history of the issues, which needs them all.
    A table that fails does not keep the others from being loaded, but for what is asked for its rows.
    """
    chosen = selection(names, choice)
    outcome = Outcome(notes=[] if any(name.strip() for name in names) else choice.notes)
    for run_id, name in report_lost_runs(instance).items():
        outcome.notes.append(f"Run {run_id} ({name}) was killed; it is reported as failed.")
    warehouse = io_manager.warehouse()
    job = defs.resolve_implicit_global_asset_job_def()
    space_wide = [endpoint for endpoint in chosen if is_space_wide(endpoint)]
    per_project = [endpoint for endpoint in chosen if endpoint.per_project]
    if space_wide:
        _run(job, instance, _names(space_wide), outcome, run_config=_config(space_wide, full, allow_shrink))
    if per_project and {"projects", "projects_checks"} & set(outcome.failures):
        outcome.notes.append("The per-project tables were not loaded, because `projects` was not, or is not in order.")
    elif per_project:
        keys = _partition(instance, warehouse, only, outcome)
        if keys:
            tags = {RANGE_START: keys[0], RANGE_END: keys[-1]}
            config = _config(per_project, full, allow_shrink)
            _run(job, instance, _names(per_project), outcome, run_config=config, tags=tags)
    details = _after_their_rows([endpoint for endpoint in chosen if endpoint.each is not None], outcome)
    if details:
        _run(job, instance, _names(details), outcome, run_config=_config(details, full, allow_shrink))
    told_in_history = {"issues", "issue_comments"} & {endpoint.name for endpoint in chosen}
    if told_in_history and {"issues", "issues_checks", "issue_comments_checks"} & set(outcome.failures):
        outcome.notes.append("The history was not built, because what it is made of was not loaded or is not in order.")
    elif told_in_history or MARTS & {name.strip() for name in names}:
        config = {**QUIET, "ops": {HISTORY: {"config": {"full": full}}}}
        _run(job, instance, [mart.name for mart in TABLES], outcome, run_config=config)
    outcome.tables = _tables_loaded(warehouse, outcome.run_ids)
    return outcome


def _after_their_rows(endpoints: Sequence[Endpoint], outcome: Outcome) -> list[Endpoint]:
    """Those of the endpoints for whose rows they are asked nothing has failed; the others are told of."""
    ready: list[Endpoint] = []
    for endpoint in endpoints:
        above, failed = asked_of(endpoint), False
        while above is not None:
            failed = failed or bool({above.name, f"{above.name}_checks"} & set(outcome.failures))
            above = asked_of(above)
        if failed:
            outcome.notes.append(
                f"{endpoint.name} was not loaded, because the table for whose rows it is asked was not, or is not in "
                "order."
            )
        else:
            ready.append(endpoint)
    return ready


def _names(endpoints: Iterable[Endpoint]) -> list[str]:
    return [name for endpoint in endpoints for name in names_of(endpoint)]


def _config(endpoints: Sequence[Endpoint], full: bool, allow_shrink: bool) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for endpoint in endpoints:
        config = {
            **({"full": True} if full and endpoint.takes_full else {}),
            **({"allow_shrink": True} if allow_shrink and table_of(endpoint).keeps_deleted else {}),
        }
        if config:
            asked[endpoint.name] = {"config": config}
    return {**QUIET, "ops": asked}


def _run(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    tables: Sequence[str],
    outcome: Outcome,
    *,
    run_config: Mapping[str, Any],
    tags: Mapping[str, str] | None = None,
) -> None:
    run_id = str(uuid.uuid4())
    loading = {endpoint.name for endpoint in ENDPOINTS} & set(tables)
    with in_turn(instance, run_id, pools_of_job(job), logging.getLogger(__name__).info):
        result = job.execute_in_process(
            run_id=run_id,
            instance=instance,
            asset_selection=[asset_key(name) for name in tables],
            raise_on_error=False,
            run_config=dict(run_config),
            tags={"backlog/launched_by": "backlog-assets sync", **(tags or {})},
        )
    outcome.run_ids.append(result.run_id)
    for event in result.all_events:
        if event.is_step_materialization:
            metadata = event.step_materialization_data.materialization.metadata
            for name, value in metadata.items():
                if name.startswith(QUOTA_LEFT):
                    outcome.quotas[name.removeprefix(QUOTA_LEFT)] = int(str(value.value))
        elif event.is_step_failure:
            outcome.failures[str(event.step_key)] = _reason(event)
        elif event.is_step_skipped and event.step_key in loading:
            outcome.notes.append(f"{event.step_key} was not loaded, because a table it is made of may not be read.")
    for evaluation in result.get_asset_check_evaluations():
        if evaluation.passed:
            outcome.checks_passed += 1
        else:
            outcome.checks_failed.append(_check_failed(evaluation))
    if not result.success and not outcome.failures:
        outcome.failures["run"] = f"Run {result.run_id} failed before its first table; its log in Dagster says why."


def _partition(
    instance: dg.DagsterInstance, warehouse: Warehouse, only: Collection[str] | None, outcome: Outcome
) -> list[str]:
    """Brings the partitions in line with the projects just loaded and returns them in order."""
    listed = list(WholeOrNothingIOManager(warehouse, schema=warehouse.schema).project_ids())
    if only is not None:
        unknown = [key for key in only if key not in listed]
        if unknown:
            outcome.failures["BACKLOG_PROJECTS"] = unknown_projects(unknown, listed)
            return []
        listed = [key for key in listed if key in only]
    changes = apply_changes(instance, listed)
    if changes.note:
        outcome.notes.append(f"Partitions: {changes.note}.")
    return list(instance.get_dynamic_partitions("projects"))


def _check_failed(evaluation: dg.AssetCheckEvaluation) -> CheckFailed:
    advice = evaluation.metadata.get("what_to_do")
    return CheckFailed(
        table=evaluation.asset_key.path[-1],
        check=evaluation.check_name,
        is_error=evaluation.severity is dg.AssetCheckSeverity.ERROR,
        found=evaluation.description or "It did not pass; its page in Dagster says why.",
        what_to_do=str(advice.value) if advice is not None else "",
    )


def _reason(event: dg.DagsterEvent) -> str:
    """The message of a failed step: what this product said on purpose, else the innermost error."""
    failure = event.step_failure_data
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return failure.user_failure_data.description
    error = failure.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else "The step failed; its log in Dagster says why."


def _tables_loaded(warehouse: Warehouse, run_ids: Collection[str]) -> list[TableLoaded]:
    """What the runs noted down in `backlog_ops.loads`, in the order of the catalogue."""
    if not warehouse.exists:
        return []
    with warehouse.connection() as connection:
        found = loads_of(connection, run_ids)
    order = {name: at for at, name in enumerate(_names(ENDPOINTS))}
    return sorted((TableLoaded(*row) for row in found), key=lambda one: order.get(one.table, len(order)))


def example(warehouse: Warehouse, names: Collection[str]) -> tuple[str, list[str], list[tuple[Any, ...]]]:
    """An example query on the tables loaded, the names of its columns and its answer."""
    with warehouse.connection() as connection:

        def shown(table: str) -> str:
            """Without quotes where none are needed."""
            name = full_name(connection, warehouse.schema, table)
            plain = name.replace('"', "")
            return plain if all(part.isidentifier() for part in plain.split(".")) else name

        if {"issues", "projects"} <= set(names):
            sql = EXAMPLE.format(issues=shown("issues"), projects=shown("projects"))
        else:
            sql = f"SELECT count(*) AS rows FROM {shown(min(names))}"
        answer = connection.execute(sql)
        columns = [str(column[0]) for column in answer.description or ()]
        return sql, columns, answer.fetchall()


def is_demo(backlog: BacklogResource) -> bool:
    return backlog.space == DEMO
