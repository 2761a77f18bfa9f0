"""The jobs: named selections of assets, for schedules, sensors and people. Decides nothing about when they run."""

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from backlog_assets.catalogue import ENDPOINTS, Endpoint
from backlog_assets.catalogue.table import names_of
from backlog_assets.history import HISTORY
from backlog_assets.specs import asset_key

HOURLY_GROUPS = frozenset({"issues", "activity"})
"""Groups whose space-wide tables change all day; everything else is master data."""

THEN = "backlog/then"
"""Tag of a run: the job to be run over all projects once the run has loaded `projects`."""

SPACE, PROJECTS_JOB, ISSUES, FULL_REFRESH, CHECKS = (
    "space_job",
    "projects_job",
    "issues_job",
    "full_refresh_job",
    "checks_job",
)

ON_THE_CLOCK = frozenset({"is_fresh", "quota_is_healthy"})
"""Checks whose answer changes when nothing is loaded: with the time that passes."""


def is_hourly(endpoint: Endpoint) -> bool:
    """Whether an endpoint is loaded every hour, not once a day."""
    return endpoint.group in HOURLY_GROUPS and not endpoint.per_project


def build_jobs(checks: Sequence[dg.AssetChecksDefinition] = ()) -> list[Any]:
    """Every job, for `Definitions(jobs=...)`; `checks_job` only where there are checks for it.

    Jobs of space-wide tables start from the UI as they are. `projects_job` asks for partitions there: all of them
    chosen make one run for each batch of projects; the sensor starts it as one run over all.
    """
    issues = dg.AssetSelection.assets(asset_key("issues")).downstream() - _partitioned()
    on_the_clock = [key for check in checks for key in check.check_keys if key.name in ON_THE_CLOCK]
    jobs = [
        dg.define_asset_job(
            SPACE,
            selection=_tables(one for one in ENDPOINTS if not one.per_project and not is_hourly(one)),
            description="Master data of the whole space: projects, people, settings. Daily. All that is space-wide, "
            "but for issues and activities, which issues_job loads.",
        ),
        dg.define_asset_job(
            PROJECTS_JOB,
            selection=_partitioned(),
            description="Master data of the projects: versions, components, members and the like, one partition a "
            "project. Daily, all partitions in one run, after space_job has loaded the list of projects.",
        ),
        dg.define_asset_job(
            ISSUES,
            selection=issues | _tables(one for one in ENDPOINTS if is_hourly(one)),
            description="Issues with their child tables and what is made of them, and what happened in the space. "
            "Hourly.",
        ),
        dg.define_asset_job(
            FULL_REFRESH,
            selection=_tables(one for one in ENDPOINTS if not one.per_project) | issues,
            config={"ops": {name: {"config": {"full": True}} for name in [*_read_anew(), HISTORY]}},
            run_tags={THEN: PROJECTS_JOB},
            description="Everything anew, forgetting where earlier loads ended: all space-wide tables, and then "
            "projects_job for all projects. Only of comments no more than what changed: all would be a request an "
            "issue. Weekly.",
        ),
    ]
    if on_the_clock:
        jobs.append(
            dg.define_asset_job(
                CHECKS,
                selection=dg.AssetSelection.checks(*on_the_clock),
                description="Looks at what the passing of time makes wrong: tables older than they should be, and the "
                "rate limit. Hourly; sends no request.",
            )
        )
    return jobs


def _read_anew() -> list[str]:
    """What a full refresh reads all of that is else loaded by what changed; not where that is a request a record."""
    return [one.name for one in ENDPOINTS if one.takes_full and not one.per_project and "{" not in one.path]


def _tables(endpoints: Iterable[Endpoint]) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*(asset_key(name) for endpoint in endpoints for name in names_of(endpoint)))


def _partitioned() -> dg.AssetSelection:
    return _tables(one for one in ENDPOINTS if one.per_project)
