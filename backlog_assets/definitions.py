"""The one place where everything is registered: assets, checks, jobs, schedules, sensors, resources, executor."""

import os
from collections.abc import Mapping

import dagster as dg

from backlog_assets.alerts.sensor import build_alerts_sensor
from backlog_assets.alerts.settings import AlertsResource
from backlog_assets.assets import build_assets
from backlog_assets.checks import build_checks
from backlog_assets.choice import choice_from
from backlog_assets.errors import Misconfigured
from backlog_assets.executor import build_executor
from backlog_assets.io_manager import BacklogDuckDBIOManager
from backlog_assets.jobs import build_jobs
from backlog_assets.keeping import raw_from
from backlog_assets.resources import BacklogResource, default_database
from backlog_assets.schedules import build_schedules
from backlog_assets.sensors import build_sensors
from backlog_assets.specs import IO_MANAGER, Options, pool_of


def build_definitions(environ: Mapping[str, str]) -> dg.Definitions:
    """The definitions for the settings in `environ`; those of an empty one load the demo space.

    The resource keys are `backlog`, `backlog_io_manager` and `alerts`: these definitions can be merged into another
    project's. Raises Misconfigured for a setting that cannot be meant.
    """
    options = options_from(environ)
    checks = build_checks(options)
    return dg.Definitions(
        assets=build_assets(options),
        asset_checks=checks,
        jobs=build_jobs(checks, options.choice),
        schedules=build_schedules(environ, options.choice),
        sensors=[*build_sensors(environ, options.choice), build_alerts_sensor()],
        resources={
            "backlog": BacklogResource.from_environment(environ),
            "alerts": AlertsResource.from_environment(environ),
            IO_MANAGER: io_manager_from(environ),
        },
        executor=build_executor(),
    )


def io_manager_from(environ: Mapping[str, str]) -> BacklogDuckDBIOManager:
    """The warehouse of BACKLOG_DUCKDB and BACKLOG_SCHEMA, by default a file of its own for each space; what
    BACKLOG_KEEP_RAW, BACKLOG_RAW and BACKLOG_RAW_DAYS say of the raw loads."""
    raw = raw_from(environ)
    return BacklogDuckDBIOManager(
        database=_setting(environ, "BACKLOG_DUCKDB") or default_database(_setting(environ, "BACKLOG_SPACE")),
        schema=_setting(environ, "BACKLOG_SCHEMA") or "backlog",
        raw_folder=str(raw.folder) if raw is not None else "",
        raw_days=(raw.days if raw is not None else None) or 0,
    )


def options_from(environ: Mapping[str, str]) -> Options:
    """What the settings say about every asset: its pool, its owners, how much it may lose, where its table is, whether
    it is loaded."""
    space = _setting(environ, "BACKLOG_SPACE").lower().split("://")[-1].rstrip("/")
    return Options(
        pool=pool_of(space or "demo"),
        owners=_owners(_setting(environ, "BACKLOG_OWNERS")),
        max_shrink=_share(_setting(environ, "BACKLOG_MAX_SHRINK") or "0.5"),
        schema=_setting(environ, "BACKLOG_SCHEMA") or "backlog",
        choice=choice_from(_setting(environ, "BACKLOG_TABLES")),
    )


def _owners(listed: str) -> tuple[str, ...]:
    owners = tuple(owner.strip() for owner in listed.split(",") if owner.strip())
    for owner in owners:
        if "@" not in owner and not owner.startswith("team:"):
            raise Misconfigured(
                f"BACKLOG_OWNERS names {owner[:60]!r}; write mail addresses or team:name, comma separated."
            )
    return owners


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise Misconfigured(f"BACKLOG_MAX_SHRINK is {text[:20]!r}; write a share from 0 to 1, such as 0.5.")
    return share


def _setting(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()


defs = build_definitions(os.environ)
