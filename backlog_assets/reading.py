"""From the client to the spool: what is asked for each endpoint, and what becomes of a refusal. Knows no DuckDB."""

import gc
import re
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeAlias, cast
from urllib.parse import quote

from backlog_assets.catalogue import Endpoint, Paging
from backlog_assets.client import BacklogClient
from backlog_assets.errors import Denied, Misconfigured, Undefined, WrongShape
from backlog_assets.file_reading import shared_file_pages
from backlog_assets.journal import Journal, Terms, open_journal
from backlog_assets.paging import Page, Params, walk
from backlog_assets.people import mark_of
from backlog_assets.progress import report
from backlog_assets.quota import Usage
from backlog_assets.shape import Record
from backlog_assets.spool import Denial, Spool, Spooled, file_name, place_of
from backlog_assets.tree_reading import tree_pages
from backlog_assets.version_reading import version_pages

ISSUE_NAME = re.compile(r"[0-9]+|[A-Z0-9_]+-[0-9]+")
"""An issue's id or key."""


@dataclass(frozen=True)
class Asking:
    """The client, but for what a stopped load has asked before for the same `unit` of work."""

    client: BacklogClient
    journal: Journal
    unit: str = ""

    def get(self, path: str, params: Params, /) -> Any:
        """As the client's own `get`."""
        return self.journal.answer(self.unit, path, params, lambda: self.client.get(path, params))

    def pages(
        self,
        path: str,
        paging: Paging,
        params: Params,
        *,
        since_id: int | None = None,
        on_total: Callable[[int], None] | None = None,
        id_field: str = "id",
    ) -> Iterator[Page]:
        """As the client's own `pages`."""
        return walk(self.get, path, paging, params, since_id=since_id, on_total=on_total, id_field=id_field)


Pages: TypeAlias = Callable[[Asking, Endpoint, str, "Mapping[str, Any]"], Iterator[list[Record]]]
"""How an endpoint's records are read: whom to ask, endpoint, path with its names filled in, further parameters."""


def pages(
    asking: Asking, endpoint: Endpoint, path: str, params: Mapping[str, Any], since_id: int | None = None
) -> Iterator[list[Record]]:
    """Every record of `path`, page by page, as the endpoint's paging has it. Reports how far it has come."""
    total: list[int] = []
    done = 0
    asked = {**dict(endpoint.params), **params}
    walked = asking.pages(
        path, endpoint.paging, asked, since_id=since_id, on_total=total.append, id_field=endpoint.id_field
    )
    for page in walked:
        yield page
        done += len(page)
        if not endpoint.per_project and endpoint.each is None:
            report(endpoint.name, done, total[-1] if total else None)


def named_path(endpoint: Endpoint, names: Mapping[str, Any]) -> str:
    """The endpoint's path with its names filled in; what is in them ends no part of the path."""
    return endpoint.path.format(**{name: quote(str(value), safe="/") for name, value in names.items()})


def named_params(endpoint: Endpoint, names: Mapping[str, Any]) -> dict[str, str]:
    """The endpoint's own parameters with their names filled in."""
    return {name: value.format(**names) if "{" in value else value for name, value in endpoint.params}


def component_pages(asking: Asking, endpoint: Endpoint, path: str, params: Mapping[str, Any]) -> Iterator[list[Record]]:
    """Categories; some hosts serve them as `components` and know no `categories`."""
    try:
        yield from pages(asking, endpoint, path, params)
    except Undefined:
        yield from pages(asking, endpoint, path.replace("/categories", "/components"), params)


def rate_limit_pages(
    asking: Asking, endpoint: Endpoint, path: str, params: Mapping[str, Any]
) -> Iterator[list[Record]]:
    """`{"rateLimit": {"read": {...}, ...}}` as one record a class, the instant of `reset` spelled out."""
    for [answer] in pages(asking, endpoint, path, params):
        classes: Any = answer.get("rateLimit")
        try:
            yield [{"class": name, **one, "reset": _instant(one.get("reset"))} for name, one in classes.items()]
        except (AttributeError, TypeError):
            raise WrongShape(
                "Backlog answered GET /rateLimit without the classes it promises. Nothing was written."
            ) from None


def disk_usage_pages(
    asking: Asking, endpoint: Endpoint, path: str, params: Mapping[str, Any]
) -> Iterator[list[Record]]:
    """The `details` inside `/space/diskUsage`, one record a project. Backlog takes no projects there: they are chosen
    from what it sends."""
    wanted: Sequence[int] | None = params.get("projectId")
    for [answer] in pages(asking, endpoint, path, {}):
        details: Any = answer.get("details")
        if not isinstance(details, list):
            raise WrongShape(
                "Backlog answered GET /space/diskUsage without the details it promises. Nothing was written."
            )
        yield [one for one in cast("list[Record]", details) if wanted is None or one.get("projectId") in wanted]


READERS: Mapping[str, Pages] = {
    "project_components": component_pages,
    "rate_limit": rate_limit_pages,
    "space_disk_usage_projects": disk_usage_pages,
    "document_tree": tree_pages,
    "wiki_history": version_pages,
    "shared_files": shared_file_pages,
}
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
    terms: Terms | None = None,
    keeping: Mapping[str, Any] | None = None,
) -> Spooled:
    """Reads an endpoint of the whole space; where it has projects, of the projects with the keys `only`, if given.

    An append-only endpoint is read from `since_id` on. On these `terms` it goes on from where another load was stopped,
    `keeping` what that one has kept under these names.
    """
    with measured(client, folder, endpoint, space, run_id, terms=terms, keeping=keeping) as spool:
        asking = Asking(client, spool.spooled.journal)
        spool.spooled.since_id = since_id
        params: dict[str, Any] = {}
        wanted: set[int] | None = None
        fields = {column.field for column in endpoint.columns}
        if only is not None and fields & {"projectId", "project.id"}:
            spool.spooled.projects = projects_named(asking, only)
            ids = list(spool.spooled.projects.values())
            if "projectId" in fields:
                params["projectId"] = ids
            else:
                wanted = set(ids)
        read = READERS.get(endpoint.name)
        found = (
            read(asking, endpoint, endpoint.path, params)
            if read
            else pages(asking, endpoint, endpoint.path, params, since_id)
        )
        for page in found:
            spool.add(page if wanted is None else [one for one in page if _project_id(one) in wanted])
    return spool.spooled


def read_projects(
    client: BacklogClient,
    endpoint: Endpoint,
    folder: Path,
    space: str,
    run_id: str,
    projects: Mapping[str, int | None],
    *,
    terms: Terms | None = None,
) -> Spooled:
    """Reads a per-project endpoint for each project (key -> id; None where `projects` has no such key).

    A project that is refused does not lose the others: it stands in `refused`, and its rows will stay as they were.
    On these `terms` it goes on from where another load was stopped.
    """
    with measured(client, folder, endpoint, space, run_id, terms=terms) as spool:
        spooled = spool.spooled
        read: dict[str, int] = {}
        for at, (key, project_id) in enumerate(projects.items()):
            if project_id is None:
                spooled.refused[key] = f"{key} is no project of {space}, as of the last load of `projects`."
                continue
            before, mark = client.usage, spool.mark()
            names = {"project": key, "project_id": project_id}
            path, params = named_path(endpoint, names), named_params(endpoint, names)
            asking = Asking(client, spooled.journal, str(project_id))
            try:
                for page in READERS.get(endpoint.name, pages)(asking, endpoint, path, params):
                    spool.add(page, project=(key, project_id))
                read[key] = project_id
            except Denied as error:
                spool.rewind(mark)
                spooled.refused[key] = str(error)
                spooled.denied[key] = Denial(str(error), error.status, error.code)
            spooled.requests_by_project[key] = client.usage.since(before).requests
            report(endpoint.name, at + 1, len(projects))
        spooled.projects = read
    return spooled


def read_issues_on_demand(
    client: BacklogClient, endpoint: Endpoint, folder: Path, space: str, run_id: str, wanted: Sequence[str]
) -> Spooled:
    """Reads single issues by id or key. Those Backlog does not know stand in `refused`; the others are read."""
    with measured(client, folder, endpoint, space, run_id) as spool:
        asking = Asking(client, spool.spooled.journal)
        for at, name in enumerate(dict.fromkeys(name.strip() for name in wanted)):
            if not ISSUE_NAME.fullmatch(name):
                spool.spooled.refused[name] = f"{name[:40]!r} is no issue id or key; write 123 or WEB-1."
                continue
            try:
                for page in pages(asking, endpoint, endpoint.path.format(issueIdOrKey=name), {}):
                    spool.add(page)
            except Denied as error:
                spool.spooled.refused[name] = str(error)
            report(endpoint.name, at + 1, len(wanted))
    return spool.spooled


def projects_named(client: BacklogClient | Asking, keys: Sequence[str]) -> dict[str, int]:
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


def whole(client: BacklogClient | Asking, path: str) -> list[Record]:
    """The records of a list that comes in one answer. Raises WrongShape for anything else."""
    return [record for page in client.pages(path, Paging.WHOLE, {}) for record in page]


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
def measured(
    client: BacklogClient,
    folder: Path,
    endpoint: Endpoint,
    space: str,
    run_id: str,
    *,
    terms: Terms | None = None,
    keeping: Mapping[str, Any] | None = None,
    also: Sequence[str] = (),
) -> Generator[Spool]:
    """A spool that knows, when it is full, what filling it has cost.

    On these `terms` its journal is that of a stopped load, if there is one; `keeping` is what is then as it was when
    that one began. `also`: as `Spool` has it.
    """
    before, started = client.usage, time.monotonic()
    report(endpoint.name, 0)
    journal = Journal() if terms is None else open_journal(place_of(folder, endpoint, space), file_name(run_id), terms)
    with _collector_at_rest(), Spool(folder, endpoint, space, journal.name or run_id, also=also) as spool:
        spooled = spool.spooled
        spooled.journal = journal
        spooled.people = mark_of(client.people)
        spooled.began = journal.began if journal.found else None
        spooled.kept = {name: journal.keep(name, value) for name, value in (keeping or {}).items()}
        yield spool
        note_cost(spooled, client, before, started)
        if journal.found:
            spooled.notes["answers_of_a_stopped_run"] = journal.replayed


def note_cost(spooled: Spooled, client: BacklogClient, before: Usage, started: float) -> None:
    """Writes down what was asked since `before`, and the seconds since `started` (of the monotonic clock).

    The seconds of a load that goes on with a stopped one are counted from that one's beginning: what Backlog has got
    since then may be missing among the rows.
    """
    cost = client.usage.since(before)
    spooled.requests, spooled.waited_seconds, spooled.shares = cost.requests, cost.waited_seconds, cost.by_class
    spooled.seconds = time.monotonic() - started
    if spooled.began is not None:
        spooled.seconds = max(spooled.seconds, time.time() - spooled.began)
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
