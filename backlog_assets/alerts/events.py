"""Reads evaluations of checks and failed runs out of Dagster's event log. Decides nothing and keeps nothing.

Run by run, in the order in which their status last changed: `get_run_records` and `get_records_for_run` find the runs
that a terminal started as well as the daemon's. What a run evaluated is read again as long as it goes on, for reading
twice changes nothing; failed and successful steps are read once, when the run has ended.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, cast

import dagster as dg

from backlog_assets.alerts.state import (
    CHECKS_NOT_DONE,
    LOAD_FAILED,
    LOOK_BACK_SECONDS,
    RUN_FAILED,
    Finding,
    Key,
    Observation,
    Position,
    Reading,
    Severity,
)
from backlog_assets.partitions import NAME, RANGE_END, RANGE_START
from backlog_assets.specs import PREFIX

OVERLAP_SECONDS = 120.0
"""Looked back behind the last run seen: runs are stored by several processes, whose clocks and commits are not one."""

RUNS_AT_ONCE = 500

RETRY_TAG = "dagster/will_retry"
RETRY_TAG_SECONDS = 60.0
"""Dagster says so a moment after the failure; as long as this is waited for."""

REASON_TAG, STEP_FAILURE = "dagster/failure_reason", "STEP_FAILURE"
"""Why Dagster says a run failed; anything else means that its process was lost, or never began."""

PARTITION = "dagster/partition"

UNDER_WAY = (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
OVER = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)

EVENTS = {
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
}

PLANNED = (
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
)

NOT_SHRUNK = "not_shrunk"
"""The check whose step fails with it: one message tells both."""


@dataclass(frozen=True)
class Ours:
    """What this code location answers for. What others define, others tell."""

    asset: Callable[[dg.AssetKey], bool] = lambda _: True
    job: Callable[[str], bool] = lambda _: True


EVERYTHING = Ours()


def read(
    instance: dg.DagsterInstance,
    position: Position,
    now: float,
    *,
    has_time: Callable[[], bool] = lambda: True,
    ours: Ours = EVERYTHING,
) -> Reading:
    """Everything since `position` that is `ours`."""
    start = now - LOOK_BACK_SECONDS if position.at is None else min(position.at, now) - OVERLAP_SECONDS
    at = position.at if position.at is not None and position.at <= now else start
    runs = dict(position.runs)
    changed = _records(instance, dg.RunsFilter(updated_after=_moment(start)), limit=RUNS_AT_ONCE)
    back_to = [run_id for run_id, is_read in runs.items() if not is_read]
    again = _records(instance, dg.RunsFilter(statuses=list(UNDER_WAY)))
    again += _records(instance, dg.RunsFilter(run_ids=back_to)) if back_to else []
    observations: list[Observation] = []
    behind = len(changed) == RUNS_AT_ONCE
    ids = {record.dagster_run.run_id for record in changed}
    listed = [*(one for one in again if one.dagster_run.run_id not in ids), *changed]
    seen: dict[str, bool] = {}
    for record in listed:
        run = record.dagster_run
        updated = record.update_timestamp.timestamp()
        # An old run whose tags were changed is no news.
        is_old = record.end_time is not None and record.end_time < now - LOOK_BACK_SECONDS
        is_read = is_old or runs.get(run.run_id) or run.run_id in seen
        if not is_read and run.status in (*UNDER_WAY, *OVER):
            if not has_time():
                behind = True
                break
            seen[run.run_id] = run.status in OVER and not _may_be_retried(instance, run, now - updated)
            observations += _of_run(instance, run, is_over=seen[run.run_id], updated=updated, ours=ours)
        if run.run_id in ids:
            at = max(at, updated)
    kept = {**{run_id: is_read for run_id, is_read in runs.items() if is_read and run_id in ids}, **seen}
    if behind:
        kept = {**runs, **seen}
    return Reading(tuple(observations), Position(at, kept), behind)


def _records(instance: dg.DagsterInstance, filters: dg.RunsFilter, limit: int | None = None) -> list[dg.RunRecord]:
    return list(instance.get_run_records(filters, limit=limit, order_by="update_timestamp", ascending=True))


def _may_be_retried(instance: dg.DagsterInstance, run: dg.DagsterRun, ago_seconds: float) -> bool:
    """Whether Dagster has not said yet if this failed run will be tried again."""
    failed = run.status == dg.DagsterRunStatus.FAILURE
    return failed and instance.run_retries_enabled and RETRY_TAG not in run.tags and ago_seconds < RETRY_TAG_SECONDS


def _of_run(
    instance: dg.DagsterInstance,
    run: dg.DagsterRun,
    *,
    is_over: bool,
    updated: float,
    ours: Ours,
) -> list[Observation]:
    connection = instance.get_records_for_run(run.run_id, of_type=EVENTS)
    entries = [record.event_log_entry for record in connection.records]
    evaluations = [
        evaluated(_data(entry), entry.timestamp, run.run_id)
        for entry in entries
        if _is(entry, dg.DagsterEventType.ASSET_CHECK_EVALUATION) and ours.asset(_data(entry).asset_key)
    ]
    if not is_over:
        return evaluations
    steps = _Steps.of(entries, ours)
    covered, known = _partitions(instance, run.tags)
    passed = [
        Observation(Key("load", LOAD_FAILED, step, None), at, None, covered=covered, known=known)
        for step, at in steps.succeeded.items()
    ]
    if run.status == dg.DagsterRunStatus.SUCCESS:
        passed.append(Observation(Key("run", RUN_FAILED, run.job_name, None), updated, None))
    will_retry = run.tags.get(RETRY_TAG) == "true"
    if run.status != dg.DagsterRunStatus.FAILURE or will_retry:
        return [*evaluations, *passed]
    if not steps.any_planned and not ours.job(run.job_name):
        return []
    return [*evaluations, *passed, *steps.failures(run, updated, covered, known)]


@dataclass
class _Steps:
    """What became of the steps of one run. `planned` are ours, and whether each loads or only checks; `ending` is what
    the run's failure says."""

    planned: dict[str, bool]
    any_planned: bool
    succeeded: dict[str, float]
    failed: list[dg.EventLogEntry]
    shrunk: set[str]
    ending: str

    @classmethod
    def of(cls, entries: Sequence[dg.EventLogEntry], ours: Ours) -> "_Steps":
        steps = cls({}, False, {}, [], set(), "")
        for entry in entries:
            step = str(entry.step_key)
            steps.any_planned |= entry.dagster_event_type in PLANNED
            if _is(entry, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED) and ours.asset(_data(entry).asset_key):
                steps.planned[step] = True
            elif _is(entry, dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED) and ours.asset(_data(entry).asset_key):
                steps.planned.setdefault(step, False)
            elif _is(entry, dg.DagsterEventType.STEP_SUCCESS):
                steps.succeeded[step] = entry.timestamp
            elif _is(entry, dg.DagsterEventType.STEP_FAILURE):
                steps.failed.append(entry)
            elif _is(entry, dg.DagsterEventType.RUN_FAILURE):
                steps.ending = _error(_data(entry)) or _message(entry)
            elif _is(entry, dg.DagsterEventType.ASSET_CHECK_EVALUATION):
                evaluation = cast("dg.AssetCheckEvaluation", _data(entry))
                if evaluation.check_name == NOT_SHRUNK and not evaluation.passed:
                    steps.shrunk.add(step)
        steps.succeeded = {step: at for step, at in steps.succeeded.items() if step in steps.planned}
        steps.failed = [entry for entry in steps.failed if entry.step_key in steps.planned]
        return steps

    def failures(
        self, run: dg.DagsterRun, updated: float, covered: tuple[str, ...] | None, known: tuple[str, ...] | None
    ) -> list[Observation]:
        found = [one for entry in self.failed for one in self._failure(entry, run.run_id, covered, known)]
        finding = Finding("error", run.run_id, self.ending or "The run ended without saying why.")
        if not self.any_planned:
            return [Observation(Key("run", RUN_FAILED, run.job_name, None), updated, finding)]
        if run.tags.get(REASON_TAG, STEP_FAILURE if self.failed else "") == STEP_FAILURE:
            return found  # what was not begun waits for what failed
        done = {*self.succeeded, *(str(entry.step_key) for entry in self.failed)}
        unfinished = [step for step in self.planned if step not in done]
        loads = [step for step in unfinished if self.planned[step]]
        return [*found, *(Observation(self._key(step), updated, _in(finding, covered)) for step in loads or unfinished)]

    def _failure(
        self, entry: dg.EventLogEntry, run_id: str, covered: tuple[str, ...] | None, known: tuple[str, ...] | None
    ) -> Iterable[Observation]:
        step, data = str(entry.step_key), _data(entry)
        refused = _refused(data)
        if not refused and (step in self.shrunk or _kind(data) == "DagsterAssetCheckFailedError"):
            return  # the check itself tells it
        if not refused:
            yield Observation(self._key(step), entry.timestamp, _in(Finding("error", run_id, _error(data)), covered))
            return
        done = None if covered is None else tuple(name for name in covered if name not in refused)
        if done is not None:
            yield Observation(self._key(step), entry.timestamp, None, covered=done, known=known)
        for part, reason in refused.items():
            yield Observation(self._key(step, part), entry.timestamp, Finding("error", run_id, reason))

    def _key(self, step: str, partition: str | None = None) -> Key:
        return Key("load", LOAD_FAILED if self.planned[step] else CHECKS_NOT_DONE, step, partition)


def evaluated(evaluation: Any, at: float, run_id: str) -> Observation:
    """An evaluation of an asset check as what it says of its table."""
    key = Key("check", evaluation.check_name, table_of(evaluation.asset_key), evaluation.partition)
    if evaluation.passed:
        return Observation(key, at, None)
    told = {name: value.value for name, value in evaluation.metadata.items() if hasattr(value, "value")}
    severity: Severity = "warn" if evaluation.severity == dg.AssetCheckSeverity.WARN else "error"
    rows, projects = told.get("rows"), told.get("partitions")
    finding = Finding(
        severity,
        run_id,
        description=evaluation.description or "",
        what_to_do=str(told.get("what_to_do") or ""),
        rows=rows if isinstance(rows, int) else None,
        examples=examples(evaluation.metadata.get("offenders")),
        projects=tuple(str(name) for name in cast("list[Any]", projects)) if isinstance(projects, list) else (),
    )
    return Observation(key, at, finding)


def examples(offenders: Any, most: int = 3) -> tuple[str, ...]:
    """The first rows of a table in metadata, a line each: `id = 5; copies = 2`."""
    if not isinstance(offenders, dg.TableMetadataValue):
        return ()
    names = [column.name for column in offenders.schema.columns]
    rows = [record.data for record in offenders.records[:most]]
    return tuple("; ".join(f"{name} = {row[name]}" for name in names if name in row) for row in rows)


def table_of(key: dg.AssetKey) -> str:
    """What people call the table: its name alone where it is one of this project's."""
    return key.path[-1] if key.path[0] == PREFIX else "/".join(key.path)


def _in(finding: Finding, covered: tuple[str, ...] | None) -> Finding:
    return (
        finding if covered is None else Finding(finding.severity, finding.run_id, finding.description, projects=covered)
    )


def _partitions(
    instance: dg.DagsterInstance, tags: Mapping[str, str]
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """The projects a run was about, and all there are; both None where it was not about single projects."""
    start, end = tags.get(RANGE_START), tags.get(RANGE_END)
    if PARTITION not in tags and (start is None or end is None):
        return None, None
    known = tuple(instance.get_dynamic_partitions(NAME))
    if PARTITION in tags:
        return (tags[PARTITION],), known
    if start not in known or end not in known:
        return tuple(dict.fromkeys(name for name in (start, end) if name)), known
    return known[known.index(start) : known.index(end) + 1], known


def _is(entry: dg.EventLogEntry, kind: dg.DagsterEventType) -> bool:
    return entry.dagster_event_type == kind


def _data(entry: dg.EventLogEntry) -> Any:
    return None if entry.dagster_event is None else entry.dagster_event.event_specific_data


def _message(entry: dg.EventLogEntry) -> str:
    return "" if entry.dagster_event is None else entry.dagster_event.message or ""


def _refused(data: Any) -> dict[str, str]:
    """Which parts of a load were refused and why, where the step says so."""
    told = getattr(data, "user_failure_data", None)
    refused = told.metadata.get("refused") if told is not None else None
    value: object = getattr(refused, "value", None)
    if not isinstance(value, dict):
        return {}
    return {str(part): str(reason) for part, reason in cast("dict[Any, Any]", value).items()}


def _error(data: Any) -> str:
    """What a failure says: our own words where there are some, else the innermost error's."""
    told = getattr(data, "user_failure_data", None)
    if told is not None and told.description:
        return str(told.description)
    error = getattr(data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    return "" if error is None else " ".join(str(error.message).split())


def _kind(data: Any) -> str:
    error = getattr(data, "error", None)
    return "" if error is None else str(error.cls_name)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, tz=timezone.utc)
