"""Runs whose process is gone: found, reported as failed, their places in concurrency pools freed.

Dagster notices when a run's process dies under a code server that lives. It does not notice a run that died together
with its code server (`dagster dev` killed, the machine out of power), nor one that `backlog-assets sync` executed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import dagster as dg

from backlog_assets.executor import folder_of
from backlog_assets.partitions import UNDER_WAY
from backlog_assets.turns import forget, is_lost, runs_noted

NEVER_BEGUN = timedelta(minutes=5)
"""A run that has been started for so long, but has not said that it works on anything, never will: its process died
between the two, which are milliseconds apart."""

STARTED = (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
"""States in which a run has a process of its own."""

MESSAGE = (
    "The process of this run is gone: it was killed, or the machine went down. "
    "What it had not loaded yet is as it was before."
)


@dataclass(frozen=True)
class Seen:
    """What can be seen of a run that is under way.

    `lost` says whether its process is gone, None where no process has taken it up. `is_silent`: nothing has been heard
    of it since it was started.
    """

    run_id: str
    status: dg.DagsterRunStatus
    lost: bool | None
    since: datetime
    is_silent: bool = False


def lost_runs(seen: Collection[Seen], now: datetime) -> list[str]:
    """Ids of the runs that will not go on. In doubt a run is left alone: Dagster ends it after its longest time."""
    return [
        run.run_id
        for run in seen
        if run.status in STARTED
        and (run.lost or (run.lost is None and run.is_silent and now - run.since >= NEVER_BEGUN))
    ]


def report_lost_runs(instance: dg.DagsterInstance, now: datetime | None = None) -> Mapping[str, str]:
    """Reports the lost runs of this instance as failed (or as canceled, where that was wanted): run id -> job.

    Frees their places in pools at once. Safe to call at any time, from any process that shares the instance's folder.
    """
    folder = folder_of(instance)
    under_way = instance.get_run_records(filters=dg.RunsFilter(statuses=UNDER_WAY))
    seen = [_seen(instance, folder, record) for record in under_way]
    reported: dict[str, str] = {}
    for run_id in lost_runs(seen, now or datetime.now(timezone.utc)):
        # Whatever ended between the two looks has written its own last event by now.
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            continue
        if run.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, MESSAGE)
        else:
            instance.report_run_failed(run, MESSAGE)
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)
        reported[run_id] = run.job_name
    still = {record.dagster_run.run_id for record in under_way} - set(reported)
    for run_id in runs_noted(folder):
        if run_id not in still and is_lost(folder, run_id):
            forget(folder, run_id)
    return reported


def _seen(instance: dg.DagsterInstance, folder: Path, record: dg.RunRecord) -> Seen:
    run = record.dagster_run
    lost = is_lost(folder, run.run_id)
    began = datetime.fromtimestamp(record.start_time or record.create_timestamp.timestamp(), timezone.utc)
    silent = lost is None and _last_event(instance, run.run_id) is dg.DagsterEventType.RUN_START
    return Seen(run.run_id, run.status, lost, began, silent)


def _last_event(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterEventType | None:
    events = [entry.dagster_event for entry in instance.all_logs(run_id) if entry.dagster_event]
    return events[-1].event_type if events else None
