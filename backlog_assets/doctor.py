"""What a sync would meet and cost, found by a few requests: is the space there, who am I, what may this key read."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from backlog_assets.catalogue import BY_NAME, ENDPOINTS, Endpoint, Load, Paging
from backlog_assets.checks.findings import named
from backlog_assets.choice import Choice
from backlog_assets.client import BacklogClient, rate_class
from backlog_assets.cost import (
    ON_DEMAND,
    PAGE,
    Known,
    check_estimate,
    cost_told,
    duration,
    estimate,
    is_long,
    quotas_of,
    seconds_for,
)
from backlog_assets.each_reading import RowWanted
from backlog_assets.each_state import rows_wanted
from backlog_assets.errors import Denied, Refused, Undefined
from backlog_assets.known import known
from backlog_assets.people import called
from backlog_assets.permissions import Right, note_rights, rights_of
from backlog_assets.reading import named_params, named_path, one, whole
from backlog_assets.spool import Denial
from backlog_assets.warehouse import Warehouse


@dataclass(frozen=True)
class Finding:
    """Whether an endpoint can be read, and what the next load of it costs.

    `readable` is None where it could not be tried. `requests` is a lower bound (`at_least`) where Backlog does not tell
    how many records there are; `is_chosen`: a sync loads it. `tried_on` is the project that it was tried on, and
    `denial` what Backlog said where the key may not read it.
    """

    endpoint: Endpoint
    readable: bool | None
    detail: str = ""
    requests: int = 0
    at_least: bool = False
    is_chosen: bool = True
    tried_on: str | None = None
    denial: Denial | None = None


@dataclass(frozen=True)
class Cost:
    """Requests of one class that a sync sends, what is left of the class now, and how long that takes."""

    rate_class: str
    requests: int
    limit: int
    remaining: int
    seconds: float
    at_least: bool = False


@dataclass(frozen=True)
class Patient:
    """What the doctor looks at: the projects the key's user sees, by key, as Backlog lists them; what the warehouse
    knows of costs, of rights and of rows to try things on (endpoint -> row); what is `chosen` to be loaded."""

    projects: Mapping[str, Mapping[str, Any]]
    known: Known = field(default_factory=Known)
    rights: Sequence[Right] = ()
    rows: Mapping[str, RowWanted] = field(default_factory=dict[str, RowWanted])
    choice: Choice = field(default_factory=Choice)

    def with_feature(self, endpoint: Endpoint) -> list[str]:
        """Keys of the projects that an endpoint is asked of."""
        fields = {column.name: column.field for column in BY_NAME["projects"].columns}
        flag = fields.get(endpoint.feature or "", "")
        return [
            key
            for key, project in self.projects.items()
            if project.get(flag) is not False and not self.choice.leaves_out(endpoint, key)
        ]

    def closed(self, endpoint: Endpoint) -> list[str]:
        """Keys of the projects of which the key may not read an endpoint, as far as is known."""
        return [
            key
            for right in self.rights
            if right.table == endpoint.name and not right.readable
            if (key := right.project) is not None and key in self.projects
        ]


def patient(client: BacklogClient, warehouse: Warehouse, only: Sequence[str] | None, choice: Choice) -> Patient:
    """What is known before anything is tried. One request."""
    listed = {str(project["projectKey"]): project for project in whole(client, "/projects")}
    chosen = {key: project for key, project in listed.items() if only is None or key in only}
    if not warehouse.exists:
        return Patient(chosen, choice=choice)
    rows: dict[str, RowWanted] = {}
    with warehouse.connection() as connection:
        rights = rights_of(connection)
        for endpoint in ENDPOINTS:
            if endpoint.each is not None:
                for row in rows_wanted(connection, warehouse.schema, endpoint, only=only, full=True, most=1):
                    rows[endpoint.name] = row
    return Patient(chosen, known(warehouse, one_by_one=True), rights, rows, choice)


def projects_seen(client: BacklogClient) -> list[str]:
    """Keys of the projects the key's user sees, archived ones included."""
    return [str(project["projectKey"]) for project in whole(client, "/projects")]


def findings(client: BacklogClient, found: Patient) -> Iterator[Finding]:
    """One finding an endpoint, each from one or two requests. What is asked of each project, or of each row of another
    table, is tried on the first one."""
    for endpoint in ENDPOINTS:
        if endpoint.load is Load.UPSERT:
            continue  # on demand: costs one request an issue, when it is asked for
        chosen = found.choice.takes(endpoint)
        row = found.rows.get(endpoint.name)
        of = found.with_feature(endpoint) if endpoint.per_project else [row.project if row is not None else ""]
        tried_on = of[0] or None if of else None
        try:
            one = _finding(client, endpoint, found, of)
            yield replace(one, is_chosen=chosen, tried_on=tried_on, detail=_told(one, found))
        except Denied as error:
            denial = Denial(str(error), error.status, error.code)
            yield Finding(endpoint, False, str(error), is_chosen=chosen, tried_on=tried_on, denial=denial)
        except Refused as error:
            yield Finding(endpoint, readable=False, detail=str(error), is_chosen=chosen)


def _told(one: Finding, found: Patient) -> str:
    """What is said of an endpoint that can be read, as far as it was tried."""
    closed = found.closed(one.endpoint)
    told = [one.detail, f"but not of {named(closed)}" if closed else ""]
    if one.endpoint.opt_in:
        is_on = found.choice.takes(one.endpoint)
        told.append("opt-in" if is_on else f"opt-in: BACKLOG_TABLES=+{one.endpoint.name} loads it")
    elif not found.choice.takes(one.endpoint):
        told.append("left out (BACKLOG_TABLES)")
    return "; ".join(part for part in told if part)


def _finding(client: BacklogClient, endpoint: Endpoint, found: Patient, projects: Sequence[str]) -> Finding:
    """`projects`: those that a per-project endpoint is asked of."""
    if endpoint.each is not None or ON_DEMAND in endpoint.path:
        return _finding_by_row(client, endpoint, found)
    if endpoint.per_project:
        if not projects:
            return Finding(endpoint, readable=None, detail="no project to try it on")
        key = projects[0]
        names = {"project": key, "project_id": found.projects[key].get("id")}
        _try(client, endpoint, named_path(endpoint, names), named_params(endpoint, names))
        return Finding(endpoint, readable=True, detail=f"tried on {key}", requests=len(projects))
    if endpoint.paging is Paging.COUNTED:
        count = int(one(client, f"{endpoint.path}/count")["count"])
        return Finding(endpoint, True, f"{count:,} records", requests=math.ceil(count / PAGE) + 1)
    if endpoint.paging in (Paging.OFFSET, Paging.BY_ID):
        # Get Document List demands an offset; other lists take the first page as given.
        begin = {"offset": 0} if endpoint.paging is Paging.OFFSET else {}
        listed = _try(client, endpoint, endpoint.path, {**begin, "count": PAGE})
        more = len(listed) == PAGE
        return Finding(endpoint, True, "more than one page" if more else "", requests=2 if more else 1, at_least=more)
    _try(client, endpoint, endpoint.path, {})
    return Finding(endpoint, readable=True, requests=1)


def _finding_by_row(client: BacklogClient, endpoint: Endpoint, found: Patient) -> Finding:
    """What is asked for the rows of another table costs a request a row that is due."""
    asked, row = estimate(endpoint, found.known), found.rows.get(endpoint.name)
    told = f"a request for each of {endpoint.each.table if endpoint.each is not None else 'issues'} that is due"
    if row is None:
        return Finding(endpoint, None, f"{told}; not tried", requests=asked.total, at_least=asked.at_least)
    _try(client, endpoint, named_path(endpoint, row.values), named_params(endpoint, row.values))
    return Finding(endpoint, True, told, requests=asked.total, at_least=asked.at_least)


def note_findings(warehouse: Warehouse, found: Sequence[Finding]) -> None:
    """Writes down which tables the key may read, where there is a warehouse to write it into."""
    if not warehouse.exists:
        return
    with warehouse.transaction() as connection:
        now = datetime.now(timezone.utc)
        for finding in found:
            project, denial = finding.tried_on, finding.denial
            if denial is not None:
                note_rights(connection, finding.endpoint.name, (), {project: denial}, now)
            elif finding.readable:
                note_rights(connection, finding.endpoint.name, [project], {}, now)


def minutes(client: BacklogClient, finding: Finding, headroom: float) -> str:
    """How long the requests of one table take, at the quota left now."""
    asked = [(rate_class(finding.endpoint.path), finding.requests)]
    return duration(seconds_for(asked, client.quotas, headroom, client.now()))


def _try(client: BacklogClient, endpoint: Endpoint, path: str, params: Mapping[str, Any]) -> Any:
    try:
        return client.get(path, params)
    except Undefined:
        if endpoint.name != "project_components":
            raise
        return client.get(path.replace("/categories", "/components"), params)


def costs(client: BacklogClient, found: Sequence[Finding], headroom: float) -> list[Cost]:
    """What loading all that is chosen and can be read costs, by class of requests, at the quota left now."""
    totals: dict[str, int] = {}
    uncertain: set[str] = set()
    for finding in found:
        if finding.readable is not False and finding.is_chosen:
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
