"""What a sync would meet and cost, found by a few requests: is the space there, who am I, what may this key read."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backlog_assets.catalogue import ENDPOINTS, Endpoint, Paging
from backlog_assets.client import BacklogClient, rate_class
from backlog_assets.cost import PAGE, Known, check_estimate, cost_told, estimate, is_long, quotas_of, seconds_for
from backlog_assets.errors import Refused, Undefined
from backlog_assets.known import known
from backlog_assets.people import called
from backlog_assets.reading import one, whole
from backlog_assets.warehouse import Warehouse


@dataclass(frozen=True)
class Finding:
    """Whether an endpoint can be read, and what reading all of it would cost.

    `requests` is a lower bound (`at_least`) where Backlog does not tell how many records there are.
    """

    endpoint: Endpoint
    readable: bool
    detail: str = ""
    requests: int = 0
    at_least: bool = False


@dataclass(frozen=True)
class Cost:
    """Requests of one class that a sync sends, what is left of the class now, and how long that takes."""

    rate_class: str
    requests: int
    limit: int
    remaining: int
    seconds: float
    at_least: bool = False


def projects_seen(client: BacklogClient) -> list[str]:
    """Keys of the projects the key's user sees, archived ones included."""
    return [str(project["projectKey"]) for project in whole(client, "/projects")]


def findings(client: BacklogClient, projects: Sequence[str]) -> Iterator[Finding]:
    """One finding an endpoint, each from one or two requests. Per-project endpoints are tried on the first project."""
    for endpoint in ENDPOINTS:
        if "{issueIdOrKey}" in endpoint.path:
            continue  # on demand: costs one request an issue, when it is asked for
        if endpoint.per_project and not projects:
            yield Finding(endpoint, readable=True, detail="no project to try it on")
            continue
        try:
            yield _finding(client, endpoint, projects)
        except Refused as error:
            yield Finding(endpoint, readable=False, detail=str(error))


def _finding(client: BacklogClient, endpoint: Endpoint, projects: Sequence[str]) -> Finding:
    if endpoint.per_project:
        _try(client, endpoint, endpoint.path.format(project=projects[0]), {})
        return Finding(endpoint, readable=True, detail=f"tried on {projects[0]}", requests=len(projects))
    if endpoint.paging is Paging.COUNTED:
        count = int(one(client, f"{endpoint.path}/count")["count"])
        return Finding(endpoint, True, f"{count:,} records", requests=math.ceil(count / PAGE) + 1)
    if endpoint.paging in (Paging.OFFSET, Paging.BY_ID):
        found = _try(client, endpoint, endpoint.path, {"count": PAGE})
        more = len(found) == PAGE
        return Finding(endpoint, True, "more than one page" if more else "", requests=2 if more else 1, at_least=more)
    _try(client, endpoint, endpoint.path, {})
    return Finding(endpoint, readable=True, requests=1)


def _try(client: BacklogClient, endpoint: Endpoint, path: str, params: Mapping[str, Any]) -> Any:
    try:
        return client.get(path, params)
    except Undefined:
        if endpoint.name != "project_components":
            raise
        return client.get(path.replace("/categories", "/components"), params)


def costs(client: BacklogClient, found: Sequence[Finding], headroom: float) -> list[Cost]:
    """What loading all that can be read costs, by class of requests, at the quota left now."""
    totals: dict[str, int] = {}
    uncertain: set[str] = set()
    for finding in found:
        if finding.readable:
            kind = rate_class(finding.endpoint.path)
            totals[kind] = totals.get(kind, 0) + finding.requests
            if finding.at_least:
                uncertain.add(kind)
    quotas, now = client.quotas, client.now()
    result: list[Cost] = []
    for kind, requests in sorted(totals.items()):
        quota = quotas.get(kind)
        limit, remaining = (quota.limit, quota.remaining) if quota else (0, 0)
        seconds = seconds_for([(kind, requests)], quotas, headroom, now)
        result.append(Cost(kind, requests, limit, remaining, seconds, kind in uncertain))
    return result


def known_by_asking(client: BacklogClient, known: Known, chosen: Sequence[Endpoint], projects: int | None) -> Known:
    """`known`, with what the warehouse does not know yet: at most three requests, none after the first load. They also
    tell how long a request takes.

    `projects` is how many are selected, None for all that the key's user sees.
    """
    limits, rows, before, began = known.limits, dict(known.rows), client.usage, client.now()
    if not limits and any(is_long(endpoint) for endpoint in chosen):
        told: Mapping[str, Any] = one(client, "/rateLimit").get("rateLimit") or {}
        limits = {name: int(quota["limit"]) for name, quota in told.items() if quota.get("limit")}
    for endpoint in chosen:
        if endpoint.paging is Paging.COUNTED and endpoint.name not in rows:
            rows[endpoint.name] = int(one(client, f"{endpoint.path}/count")["count"])
    if projects is None:
        projects = known.projects
        if projects is None and any(endpoint.per_project for endpoint in chosen):
            projects = len(projects_seen(client))
    each, asked = known.request_seconds, client.usage.since(before)
    if asked.requests and not known.rows:
        each = max(0.001, client.now() - began - asked.waited_seconds) / asked.requests
    return replace(known, limits=limits, rows=rows, projects=projects, request_seconds=each)


def sync_cost(
    client: BacklogClient,
    warehouse: Warehouse,
    chosen: Sequence[Endpoint],
    headroom: float,
    *,
    full: bool = False,
    projects: int | None = None,
) -> str:
    """What a sync of these endpoints will cost, as a sentence. Asks what only Backlog knows, before the first load."""
    found = known_by_asking(client, known(warehouse, one_by_one=True, full=full), chosen, projects)
    estimates = [estimate(endpoint, found, full=full) for endpoint in chosen]
    estimates += [check_estimate(endpoint) for endpoint in chosen]
    now = client.now()
    told = cost_told(estimates, quotas_of(client.quotas, found.limits, now), headroom, now, found.request_seconds)
    return f"This sync sends {told}."


def reachable(client: BacklogClient) -> tuple[str, str]:
    """Name of the space and of the key's user. Raises what the client raises."""
    space, me = one(client, "/space"), one(client, "/users/myself")
    return str(space.get("name")), f"{called(me)} (role {me.get('roleType')})"
