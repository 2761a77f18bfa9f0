"""From the client to the spool: what is asked for each endpoint, and what becomes of a refusal. Knows no DuckDB."""

import gc
import re
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeAlias

from backlog_assets.catalogue import Endpoint, Paging
from backlog_assets.client import BacklogClient
from backlog_assets.errors import Denied, Misconfigured, Undefined, WrongShape
from backlog_assets.progress import report
from backlog_assets.quota import Usage
from backlog_assets.shape import Record
from backlog_assets.spool import Spool, Spooled

ISSUE_NAME = re.compile(r"[0-9]+|[A-Z0-9_]+-[0-9]+")
"""An issue's id or key."""

Pages: TypeAlias = Callable[[BacklogClient, Endpoint, str, "Mapping[str, Any]"], Iterator[list[Record]]]
"""How an endpoint's records are read: client, endpoint, path with its names filled in, further parameters."""


def pages(
    client: BacklogClient, endpoint: Endpoint, path: str, params: Mapping[str, Any], since_id: int | None = None
) -> Iterator[list[Record]]:
    """Every record of `path`, page by page, as the endpoint's paging has it. Reports how far it has come."""
    total: list[int] = []
    done = 0
    asked = {**dict(endpoint.params), **params}
    for page in client.pages(path, endpoint.paging, asked, since_id=since_id, on_total=total.append):
        yield page
        done += len(page)
        if not endpoint.per_project:
            report(endpoint.name, done, total[-1] if total else None)


def component_pages(
    client: BacklogClient, endpoint: Endpoint, path: str, params: Mapping[str, Any]
) -> Iterator[list[Record]]:
    """Categories; some hosts serve them as `components` and know no `categories`."""
    try:
        yield from pages(client, endpoint, path, params)
    except Undefined:
        yield from pages(client, endpoint, path.replace("/categories", "/components"), params)


def rate_limit_pages(
    client: BacklogClient, endpoint: Endpoint, path: str, params: Mapping[str, Any]
) -> Iterator[list[Record]]:
    """`{"rateLimit": {"read": {...}, ...}}` as one record a class, the instant of `reset` spelled out."""
    for [answer] in pages(client, endpoint, path, params):
        classes: Any = answer.get("rateLimit")
        try:
            yield [{"class": name, **one, "reset": _instant(one.get("reset"))} for name, one in classes.items()]
        except (AttributeError, TypeError):
            raise WrongShape(
                "Backlog answered GET /rateLimit without the classes it promises. Nothing was written."
            ) from None


READERS: Mapping[str, Pages] = {"project_components": component_pages, "rate_limit": rate_limit_pages}
"""Endpoints that are read in a way of their own."""


def read_space(
    client: BacklogClient,
    endpoint: Endpoint,
    folder: Path,
    space: str,
    run_id: str,
    *,
    only: Sequence[str] | None = None,
    since_id: int | None = None,
) -> Spooled:
    """Reads an endpoint of the whole space; where it has projects, of the projects with the keys `only`, if given.

    An append-only endpoint is read from `since_id` on.
    """
    with measured(client, folder, endpoint, space, run_id) as spool:
        params: dict[str, Any] = {}
        wanted: set[int] | None = None
        fields = {column.field for column in endpoint.columns}
        if only is not None and fields & {"projectId", "project.id"}:
            spool.spooled.projects = projects_named(client, only)
            ids = list(spool.spooled.projects.values())
            if "projectId" in fields:
                params["projectId"] = ids
            else:
                wanted = set(ids)
        read = READERS.get(endpoint.name)
        found = (
            read(client, endpoint, endpoint.path, params)
            if read
            else pages(client, endpoint, endpoint.path, params, since_id)
        )
        for page in found:
            spool.add(page if wanted is None else [one for one in page if _project_id(one) in wanted])
    return spool.spooled


def read_projects(
    client: BacklogClient, endpoint: Endpoint, folder: Path, space: str, run_id: str, projects: Mapping[str, int | None]
) -> Spooled:
    """Reads a per-project endpoint for each project (key -> id; None where `projects` has no such key).

    A project that is refused does not lose the others: it stands in `refused`, and its rows will stay as they were.
    """
    with measured(client, folder, endpoint, space, run_id) as spool:
        spooled = spool.spooled
        read: dict[str, int] = {}
        for at, (key, project_id) in enumerate(projects.items()):
            if project_id is None:
                spooled.refused[key] = f"{key} is no project of {space}, as of the last load of `projects`."
                continue
            before, mark = client.usage, spool.mark()
            path = endpoint.path.format(project=key)
            try:
                for page in READERS.get(endpoint.name, pages)(client, endpoint, path, {}):
                    spool.add(page, project=(key, project_id))
                read[key] = project_id
            except Denied as error:
                spool.rewind(mark)
                spooled.refused[key] = str(error)
            spooled.requests_by_project[key] = client.usage.since(before).requests
            report(endpoint.name, at + 1, len(projects))
        spooled.projects = read
    return spooled


def read_issues_on_demand(
    client: BacklogClient, endpoint: Endpoint, folder: Path, space: str, run_id: str, wanted: Sequence[str]
) -> Spooled:
    """Reads single issues by id or key. Those Backlog does not know stand in `refused`; the others are read."""
    with measured(client, folder, endpoint, space, run_id) as spool:
        for at, name in enumerate(dict.fromkeys(name.strip() for name in wanted)):
            if not ISSUE_NAME.fullmatch(name):
                spool.spooled.refused[name] = f"{name[:40]!r} is no issue id or key; write 123 or WEB-1."
                continue
            try:
                for page in pages(client, endpoint, endpoint.path.format(issueIdOrKey=name), {}):
                    spool.add(page)
            except Denied as error:
                spool.spooled.refused[name] = str(error)
            report(endpoint.name, at + 1, len(wanted))
    return spool.spooled


def projects_named(client: BacklogClient, keys: Sequence[str]) -> dict[str, int]:
    """Ids of the projects with these keys. Raises Misconfigured for a key the API key's user cannot see."""
    listed: dict[str, Any] = {
        str(project.get("projectKey")): project.get("id") for project in whole(client, "/projects")
    }
    unknown = [key for key in keys if key not in listed]
    if unknown:
        raise Misconfigured(unknown_projects(unknown, listed))
    return {key: int(listed[key]) for key in keys}


def unknown_projects(unknown: Sequence[str], listed: Collection[str]) -> str:
    """What is said of project keys in the settings that the API key's user cannot see."""
    return (
        f"BACKLOG_PROJECTS names {', '.join(unknown)}, which this key cannot see. "
        f"It sees: {', '.join(sorted(listed)) or 'no project'}."
    )


def whole(client: BacklogClient, path: str) -> list[Record]:
    """The records of a list that comes in one answer. Raises WrongShape for anything else."""
    return [record for page in client.pages(path, Paging.WHOLE) for record in page]


def one(client: BacklogClient, path: str) -> Record:
    """The one object at `path`. Raises WrongShape for anything else."""
    [[record]] = client.pages(path, Paging.ONE)
    return record


def _project_id(record: Record) -> Any:
    project: Any = record.get("project") or {}
    return project.get("id")


def _instant(epoch: Any) -> str | None:
    if not isinstance(epoch, int):
        return None
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def measured(client: BacklogClient, folder: Path, endpoint: Endpoint, space: str, run_id: str) -> Generator[Spool]:
    """A spool that knows, when it is full, what filling it has cost."""
    before, started = client.usage, time.monotonic()
    report(endpoint.name, 0)
    with _collector_at_rest(), Spool(folder, endpoint, space, run_id) as spool:
        yield spool
        note_cost(spool.spooled, client, before, started)


def note_cost(spooled: Spooled, client: BacklogClient, before: Usage, started: float) -> None:
    """Writes down what was asked since `before`, and the seconds since `started` (of the monotonic clock)."""
    cost = client.usage.since(before)
    spooled.requests, spooled.waited_seconds, spooled.shares = cost.requests, cost.waited_seconds, cost.by_class
    spooled.seconds = time.monotonic() - started
    spooled.quota_left = {name: quota.remaining for name, quota in client.quotas.items()}


@contextmanager
def _collector_at_rest() -> Generator[None]:
    """While inside, Python's garbage collector leaves alone what was there before.

    Parsing pages makes it run often, and each time it would walk all that Dagster has loaded: a third of the time.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
