"""Sensors: what happens by itself after something else did, and what is watched over. Alerts have a sensor apart."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

import dagster as dg

from backlog_assets.choice import Choice
from backlog_assets.errors import BacklogError
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.jobs import EVERYTHING, FULL_REFRESH, PROJECTS_JOB, THEN, job_endpoints
from backlog_assets.lost_runs import report_lost_runs
from backlog_assets.partitions import (
    NAME,
    PROJECTS,
    RANGE_END,
    RANGE_START,
    ProjectChanges,
    partitions_in_flight,
    project_changes,
)
from backlog_assets.resources import BacklogResource
from backlog_assets.schedules import COVERS, PATIENCE_SECONDS, schedules_on
from backlog_assets.specs import IO_MANAGER, asset_key

SECONDS = 30
"""Between two looks of a sensor."""

LAUNCHED_BY = "backlog/launched_by"
"""Tag of runs that take care of the partitions themselves: `backlog-assets sync` loads them in its next run."""

MOST_LOADS = 100
"""Loads of `projects` looked at in one tick; more than that leave the same list of projects behind."""


@dataclass(frozen=True)
class ProjectsLoaded:
    """A load of `projects`: its run, what the run is tagged with."""

    run_id: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_followed(self) -> bool:
        """Whether the per-project tables are to be loaded after it, all of them."""
        return self.tags.get(THEN) == PROJECTS_JOB

    @property
    def looks_after_itself(self) -> bool:
        return LAUNCHED_BY in self.tags


@dataclass(frozen=True)
class Memory:
    """What the sensor keeps between ticks: how far it has read, and the projects it has seen to."""

    storage_id: int = 0
    projects: tuple[str, ...] | None = None

    @staticmethod
    def of(cursor: str | None) -> "Memory":
        """Memory from a sensor's cursor; an empty one where that cannot be read."""
        try:
            kept = json.loads(cursor or "")
            return Memory(int(kept["storage_id"]), tuple(str(key) for key in kept["projects"]))
        except (ValueError, TypeError, KeyError):
            return Memory()

    def text(self) -> str:
        return json.dumps({"storage_id": self.storage_id, "projects": list(self.projects or ())})


def follow_up(
    loads: Sequence[ProjectsLoaded],
    partitions: Sequence[str],
    seen_to: Collection[str],
    *,
    load_new: bool,
) -> dg.RunRequest | None:
    """The run over project partitions that these loads of `projects`, the oldest first, call for: at most one.

    All `partitions` after a load that is to be followed, otherwise from the first to the last one not `seen_to` (new
    projects stand at the end), where `load_new` says so.
    """
    followed = [load for load in loads if load.is_followed]
    if followed and partitions:
        last = followed[-1]
        key = f"{PROJECTS_JOB} after {last.tags.get(COVERS) or last.run_id}"
        tags = {COVERS: last.tags[COVERS]} if COVERS in last.tags else {}
        return _over(partitions, key, tags)
    loads = [load for load in loads if not load.looks_after_itself]
    new = [key for key in partitions if key not in set(seen_to)]
    if loads and new and load_new:
        return _over(partitions[partitions.index(new[0]) :], f"new projects after {loads[-1].run_id}", {})
    return None


def _over(partitions: Sequence[str], run_key: str, tags: Mapping[str, str]) -> dg.RunRequest:
    ends = {RANGE_START: partitions[0], RANGE_END: partitions[-1]}
    return dg.RunRequest(job_name=PROJECTS_JOB, run_key=run_key, tags={**tags, **ends})


def build_sensors(environ: Mapping[str, str], choice: Choice = EVERYTHING) -> list[dg.SensorDefinition]:
    """Every sensor but that of the alerts. Those that load run where BACKLOG_SCHEDULES is on, and are there where there
    is something to load."""
    is_on, jobs = schedules_on(environ), job_endpoints(choice)
    return [
        *([build_project_partitions_sensor(load_new=is_on)] if PROJECTS_JOB in jobs else []),
        *([build_first_load_sensor(is_on=is_on)] if FULL_REFRESH in jobs else []),
        build_lost_runs_sensor(),
    ]


def build_project_partitions_sensor(*, load_new: bool = False) -> dg.SensorDefinition:
    """After `projects` was loaded: a partition for each new project, none for those that vanished, and their tables.

    `load_new`: new projects are loaded at once, whoever has loaded `projects`.
    """

    @dg.sensor(
        name="project_partitions",
        job_name=PROJECTS_JOB,
        description="Adds the partitions of new projects and drops those of vanished ones, whose rows stay. After a "
        "load on schedule, and for new projects where BACKLOG_SCHEDULES is on, it has the projects loaded.",
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"backlog", IO_MANAGER},
    )
    def project_partitions(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        memory = Memory.of(context.cursor)
        found = context.instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key("projects"), after_storage_id=memory.storage_id), limit=MOST_LOADS
        ).records
        if not found:
            return dg.SkipReason("`projects` was not loaded since.")
        try:
            listed = _listed(context)
        except BacklogError as error:
            return dg.SkipReason(f"{error} Looked again in {SECONDS} s.")
        known = context.instance.get_dynamic_partitions(NAME)
        changes = project_changes(known, listed, in_flight=partitions_in_flight(context.instance, known))
        partitions = [key for key in known if key not in changes.drop] + list(changes.add)
        request = follow_up(
            [_load(context.instance, record.run_id) for record in reversed(found)],
            partitions,
            known if memory.projects is None else memory.projects,
            load_new=load_new,
        )
        if changes.add or changes.drop or changes.note:
            context.log.info("Projects added: %s; dropped: %s. %s", changes.add, changes.drop, changes.note)
        cursor = Memory(max(record.storage_id for record in found), tuple(partitions)).text()
        return dg.SensorResult(
            run_requests=[request] if request else [],
            skip_reason=None if request else dg.SkipReason(_told(changes)),
            dynamic_partitions_requests=[
                *([PROJECTS.build_add_request(list(changes.add))] if changes.add else []),
                *([PROJECTS.build_delete_request(list(changes.drop))] if changes.drop else []),
            ],
            cursor=cursor,
        )

    return project_partitions


def build_first_load_sensor(*, is_on: bool) -> dg.SensorDefinition:
    """Where nothing was ever run: loads everything, at once and not at the next hour."""

    @dg.sensor(
        name="first_load",
        job_name=FULL_REFRESH,
        description="Loads everything as soon as the schedules are on and nothing was ever loaded.",
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED,
    )
    def first_load(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if context.instance.get_runs_count() > 0:
            return dg.SkipReason("There were runs before; the schedules see to the rest.")
        return dg.RunRequest(run_key="first load")

    return first_load


def build_lost_runs_sensor() -> dg.SensorDefinition:
    """Reports runs whose process is gone."""

    @dg.sensor(
        name="lost_runs",
        description="Reports runs as failed whose process was killed, so that they do not stand in the others' way.",
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def lost_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        reported = report_lost_runs(context.instance, datetime.now(timezone.utc))
        if not reported:
            return dg.SkipReason("Every run under way is at work.")
        named = ", ".join(f"{run_id} ({job})" for run_id, job in reported.items())
        context.log.warning("Runs whose process is gone were reported as failed: %s.", named)
        return dg.SkipReason(f"Reported as failed: {named}.")

    return lost_runs


def _listed(context: dg.SensorEvaluationContext) -> list[str]:
    """The project keys of the `projects` table, of those that BACKLOG_PROJECTS names where it does."""
    io_manager = getattr(context.resources, IO_MANAGER)
    backlog = context.resources.backlog
    assert isinstance(io_manager, WholeOrNothingIOManager)
    assert isinstance(backlog, BacklogResource)
    impatient = WholeOrNothingIOManager(
        io_manager.warehouse.within(PATIENCE_SECONDS), schema=io_manager.warehouse.schema
    )
    only = backlog.selected_projects
    return [key for key in impatient.project_ids() if only is None or key in only]


def _load(instance: dg.DagsterInstance, run_id: str) -> ProjectsLoaded:
    run = instance.get_run_by_id(run_id)
    return ProjectsLoaded(run_id, run.tags if run else {})


def _told(changes: ProjectChanges) -> str:
    if changes.add or changes.drop:
        return f"{len(changes.add)} projects added, {len(changes.drop)} dropped."
    return changes.note or "The partitions are those of the projects."
