"""The sensor that reads Dagster's event log, weighs it and sends what people should know. Decides nothing itself."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from backlog_assets.alerts.events import EVERYTHING, Ours, read
from backlog_assets.alerts.outbox import Outbox
from backlog_assets.alerts.post import Posted, post
from backlog_assets.alerts.settings import SETTINGS, SWITCHES, AlertsResource
from backlog_assets.credentials import REDACTOR
from backlog_assets.errors import Misconfigured
from backlog_assets.resources import BacklogResource
from backlog_assets.specs import PREFIX

FILE = "backlog_alerts.sqlite"
"""In the storage folder of Dagster's instance, unless BACKLOG_ALERT_STATE names another."""

READ_SECONDS, TICK_SECONDS = 15.0, 32.0
"""A tick reads no longer than the first, and begins no delivery after the second: Dagster allows it 60 s, and one
delivery may take 15 s. What is left is for the next tick."""

OFF = "Nobody is told: no channel is set. Set one of " + ", ".join(SETTINGS[name] for name in SWITCHES) + "."


def build_alerts_sensor() -> dg.SensorDefinition:
    """Tells once what newly fails and once that it has recovered. Does nothing where no channel is set."""

    @dg.sensor(
        name="alerts",
        description="Sends a message when a check or a load begins to fail, and one when it has recovered.",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"alerts", "backlog"},
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        settings, backlog = context.resources.alerts, context.resources.backlog
        assert isinstance(settings, AlertsResource)
        assert isinstance(backlog, BacklogResource)
        if not settings.is_on:
            return dg.SkipReason(OFF)
        ours = _ours(context.repository_def)
        path = outbox_path(context.instance, settings)
        return dg.SkipReason(tick(context.instance, path, settings, backlog, ours=ours))

    return alerts


def tick(
    instance: dg.DagsterInstance,
    path: Path,
    settings: AlertsResource,
    backlog: BacklogResource,
    *,
    ours: Ours = EVERYTHING,
    now: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
) -> str:
    """One look at the event log, and the deliveries that are due; returns what to show of it.

    Raises Misconfigured for wrong settings, after everything was done that the others allow.
    """
    REDACTOR.hide(backlog.api_key, backlog.access_token, backlog.client_secret, settings.backlog_api_key)
    begun = monotonic()
    routing, problems = settings.routing()
    channels, more = settings.channels(backlog, now)
    problems += more
    try:
        with Outbox(path) as outbox:
            reading = read(
                instance,
                outbox.position,
                now(),
                has_time=lambda: monotonic() - begun < READ_SECONDS,
                ours=ours,
            )
            names = [channel.name for channel in channels]
            notices = outbox.take(reading, routing.policy, now(), routing.routes, names)
            posted = post(outbox, channels, routing, now, lambda: monotonic() - begun < TICK_SECONDS)
            told = _told(len(notices), posted, outbox.waiting(), behind=reading.behind)
    except TimeoutError as error:
        told = f"{error} It goes on at the next tick."
    finally:
        for channel in channels:
            channel.close()
    if problems:
        raise Misconfigured(" ".join([*problems, told]))
    return told


def outbox_path(instance: dg.DagsterInstance, settings: AlertsResource) -> Path:
    """The file that keeps what was told."""
    if settings.state_file.strip():
        return Path(settings.state_file.strip())
    return Path(instance.storage_directory()) / FILE


def _told(notices: int, posted: Posted, waiting: int, *, behind: bool) -> str:
    parts = [f"New messages: {notices}; deliveries sent: {posted.sent}; waiting: {waiting}."]
    if behind:
        parts.append("There is more to read; it goes on at the next tick.")
    parts += dict.fromkeys(posted.failed)
    parts += [f"Given up after three days: {one}" for one in posted.lost]
    return " ".join(parts)


def _ours(repository: Any) -> Ours:
    """What the code location defines; without one, what bears this project's name."""
    if repository is None:
        return Ours(asset=lambda key: key.path[0] == PREFIX)
    keys = {*repository.assets_defs_by_key, *(check.asset_key for check in repository.asset_checks_defs_by_key)}
    jobs = frozenset(repository.job_names)
    return Ours(asset=lambda key: key in keys, job=lambda name: name in jobs)
