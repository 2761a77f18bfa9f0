"""The jobs: named selections of assets, for schedules, sensors and people. Decides nothing about when they run."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from backlog_assets.catalogue import ENDPOINTS, Endpoint
from backlog_assets.catalogue.table import names_of
from backlog_assets.choice import Choice
from backlog_assets.history import HISTORY
from backlog_assets.history import TABLES as MARTS
from backlog_assets.specs import asset_key

HOURLY_GROUPS = frozenset({"issues", "activity"})
"""Groups whose space-wide tables change all day; everything else is master data."""

THEN = "backlog/then"
"""Tag of a run: the job to be run over all projects once the run has loaded `projects`."""

SPACE, PROJECTS_JOB, DETAILS, ISSUES, FULL_REFRESH, CHECKS = (
    "space_job",
    "projects_job",
    "details_job",
    "issues_job",
    "full_refresh_job",
    "checks_job",
)

ON_THE_CLOCK = frozenset({"is_fresh", "quota_is_healthy"})
"""Checks whose answer changes when nothing is loaded: with the time that passes."""


EVERYTHING = Choice()
"""What is loaded where no setting says otherwise."""


def is_space_wide(endpoint: Endpoint) -> bool:
    """Whether an endpoint is asked by itself: not of each project, and not of each row of another table."""
    return not endpoint.per_project and endpoint.each is None


def is_hourly(endpoint: Endpoint) -> bool:
    """Whether an endpoint is loaded every hour, not once a day."""
    return endpoint.group in HOURLY_GROUPS and is_space_wide(endpoint)


def job_endpoints(choice: Choice = EVERYTHING) -> dict[str, list[Endpoint]]:
    """Job -> the endpoints it loads; without jobs that would load nothing."""
    chosen = choice.endpoints
    jobs = {
        SPACE: [one for one in chosen if is_space_wide(one) and not is_hourly(one)],
        PROJECTS_JOB: [one for one in chosen if one.per_project],
        DETAILS: [one for one in chosen if one.each is not None],
        ISSUES: [one for one in chosen if is_hourly(one)],
        FULL_REFRESH: [one for one in chosen if is_space_wide(one)],
    }
    return {name: endpoints for name, endpoints in jobs.items() if endpoints}


def build_jobs(checks: Sequence[dg.AssetChecksDefinition] = (), choice: Choice = EVERYTHING) -> list[Any]:
    """Every job, for `Definitions(jobs=...)`, of the tables that are chosen; `checks_job` only where there are checks
    for it, and no job of nothing.

    Jobs of space-wide tables start from the UI as they are. `projects_job` asks for partitions there: all of them
    chosen make one run for each batch of projects; the sensor starts it as one run over all.
    """
    loaded = job_endpoints(choice)
    made_of_issues = _made_of_issues(choice)
    anew = [*_read_anew(loaded), *([HISTORY] if _has_history(choice) else [])]
    on_the_clock = [key for check in checks for key in check.check_keys if key.name in ON_THE_CLOCK]
    jobs = [
        _job(
            loaded,
            SPACE,
            description="Master data of the whole space: projects, people, settings. Daily. All that is space-wide, "
            "but for issues and activities, which issues_job loads.",
        ),
        _job(
            loaded,
            PROJECTS_JOB,
            description="Master data of the projects: versions, components, members and the like, one partition a "
            "project. Daily, all partitions in one run, after space_job has loaded the list of projects.",
        ),
        _job(
            loaded,
            DETAILS,
            description="What is asked for each row of another table: notes of pages, stars of users. Daily, after "
            "projects_job.",
        ),
        _job(
            loaded,
            ISSUES,
            more=made_of_issues,
            description="Issues with their child tables and what is made of them, and what happened in the space. "
            "Hourly.",
        ),
        _job(
            loaded,
            FULL_REFRESH,
            more=made_of_issues,
            config={"ops": {name: {"config": {"full": True}} for name in anew}},
            run_tags={THEN: PROJECTS_JOB} if PROJECTS_JOB in loaded else None,
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
    return [job for job in jobs if job is not None]


def _job(
    loaded: Mapping[str, Sequence[Endpoint]], name: str, more: dg.AssetSelection | None = None, **told: Any
) -> Any:
    """The job over its endpoints' tables, and `more`; None where there are none."""
    if name not in loaded:
        return None
    tables = dg.AssetSelection.assets(*(asset_key(table) for one in loaded[name] for table in names_of(one)))
    return dg.define_asset_job(name, selection=tables if more is None else tables | more, **told)


def _made_of_issues(choice: Choice) -> dg.AssetSelection | None:
    """What is made of issues, at no request, the history and what people make of them; None where issues are left out.

    Tables that other jobs load are no part of it, nor what is left out, nor a history without its comments.
    """
    if not any(choice.takes(endpoint) for endpoint in ENDPOINTS if endpoint.name == "issues"):
        return None
    others = [name for one in ENDPOINTS if not (is_hourly(one) and choice.takes(one)) for name in names_of(one)]
    without = [] if _has_history(choice) else [mart.name for mart in MARTS]
    but = dg.AssetSelection.assets(*map(asset_key, [*others, *without]))
    return dg.AssetSelection.assets(asset_key("issues")).downstream() - but


def _has_history(choice: Choice) -> bool:
    made_of = [endpoint for endpoint in ENDPOINTS if endpoint.name in ("issues", "issue_comments")]
    return bool(made_of) and all(choice.takes(endpoint) for endpoint in made_of)


def _read_anew(loaded: Mapping[str, Sequence[Endpoint]]) -> list[str]:
    """What a full refresh reads all of that is else loaded by what changed; not where that is a request a record."""
    return [one.name for one in loaded.get(FULL_REFRESH, ()) if one.takes_full and "{" not in one.path]
