"""Asks a space the questions whose answers `judgements` reads. Reads only, and never more than MOST requests."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from backlog_assets.client import BacklogClient
from backlog_assets.errors import Refused, Unauthorized
from backlog_assets.paging import Params
from backlog_assets.probe import judgements
from backlog_assets.probe.judgements import Judgement, Record, Told

MOST = 32
"""Requests a probe sends at most: 20 reads, 11 searches, and one to spare. They fit into a minute of the free plan."""

PAGE = 100

FAR = 1_000_000
"""An offset far beyond any space's issues."""

NOBODY = 2_000_000_000
"""An id that no issue has."""


class Asker:
    """One space, asked each question once."""

    def __init__(self, client: BacklogClient) -> None:
        self.client = client
        self.sent = 0

    def ask(self, path: str, params: Params | None = None) -> Told:
        """The answer, a refusal included. Raises what makes any further question pointless."""
        self.sent += 1
        if self.sent > MOST:
            raise AssertionError("a probe asks too much")
        try:
            return Told(self.client.get(path, params))
        except Unauthorized as error:
            if error.code != 5:
                raise
            return Told(None, error.status or 0, error.code)
        except Refused as error:
            if error.status is None or error.status < 300:
                raise
            return Told(None, error.status, error.code)

    def rows(self, path: str, params: Params | None = None) -> list[Record]:
        """The rows of a list; none where it is refused."""
        told = self.ask(path, params)
        return [] if told.is_refused else list(told.value)

    def count(self, path: str, params: Params | None = None) -> int | None:
        told = self.ask(path, params)
        return None if told.is_refused else int(told.value["count"])

    @cached_property
    def zone(self) -> str:
        """The space's time zone."""
        told = self.ask("/space")
        return "" if told.is_refused else str(told.value.get("timezone") or "")

    @cached_property
    def projects(self) -> list[Record]:
        return self.rows("/projects")

    @cached_property
    def newest_activities(self) -> list[Record]:
        return self.rows("/space/activities", {"count": PAGE, "order": "desc"})

    @cached_property
    def oldest_activities(self) -> list[Record]:
        return self.rows("/space/activities", {"count": PAGE, "order": "asc"})

    @cached_property
    def oldest_issues(self) -> list[Record]:
        return self.rows("/issues", {"sort": "created", "order": "asc", "count": PAGE})

    @cached_property
    def changed_issues(self) -> list[Record]:
        return self.rows("/issues", {"sort": "updated", "order": "desc", "count": PAGE})


def probe(client: BacklogClient) -> Iterator[Judgement]:
    """One judgement an assumption, in the order in which it would matter if it were wrong."""
    asker = Asker(client)
    listed = limits_listed(asker)
    yield from _ids(asker)
    yield from _issues(asker)
    yield from _comments(asker)
    yield from _paths(asker)
    headers = {name: quota.limit for name, quota in client.quotas.items() if name in ("read", "search")}
    yield judgements.rate_limits(listed, headers)
    yield judgements.key_place(client.key_in)


def limits_listed(asker: Asker) -> Mapping[str, int]:
    """Requests a minute by class, as /rateLimit has them."""
    told = asker.ask("/rateLimit")
    classes: Mapping[str, Any] = {} if told.is_refused else told.value.get("rateLimit") or {}
    return {name: int(one["limit"]) for name, one in classes.items()}


def _ids(asker: Asker) -> Iterator[Judgement]:
    newest = asker.newest_activities
    for parameter, order in (("minId", "asc"), ("maxId", "desc")):
        border, ids = 0, list[int]()
        if len(newest) > 2:
            border = int(newest[1]["id"])
            ids = [
                row["id"] for row in asker.rows("/space/activities", {parameter: border, "order": order, "count": 2})
            ]
        yield judgements.id_border(parameter, border, ids)
    yield judgements.ascending_activities(asker.oldest_activities)


def _issues(asker: Asker) -> Iterator[Judgement]:
    question = judgements.zone_question([*asker.changed_issues, *asker.oldest_issues], asker.zone)
    found = None
    if question is not None:
        found = asker.count("/issues/count", {"id": [question.issue_id], "updatedSince": question.day})
    yield judgements.zone_of_dates(question, found)
    of_day = judgements.until_day(asker.oldest_issues, asker.zone)
    found = None
    if of_day is not None:
        found = asker.count("/issues/count", {"id": [of_day[0]], "createdUntil": of_day[1]})
    yield judgements.until_inclusive(found)
    yield from _order(asker)
    yield from _completeness(asker)
    yield judgements.form_of_days([*asker.changed_issues, *asker.oldest_issues])


def _order(asker: Asker) -> Iterator[Judgement]:
    again: Sequence[Record] = ()
    if len(asker.oldest_issues) > 1:
        again = asker.rows("/issues", {"sort": "created", "order": "asc", "offset": 1, "count": PAGE})
    yield judgements.steady_order(asker.oldest_issues, again)
    far = asker.ask("/issues", {"sort": "created", "order": "asc", "offset": FAR, "count": 1})
    yield judgements.highest_offset(FAR, far)


def _completeness(asker: Asker) -> Iterator[Judgement]:
    deleted = next(iter(asker.rows("/space/activities", {"activityTypeId": [4], "count": 1, "order": "desc"})), None)
    gone = None if deleted is None else asker.ask(f"/issues/{deleted['content']['id']}")
    yield judgements.deletion(deleted, gone)
    known = next((int(issue["id"]) for issue in asker.oldest_issues), None)
    named = None if known is None else asker.ask("/issues", {"id": [known, NOBODY], "count": PAGE})
    yield judgements.unknown_id(known, named)
    count, of_all = asker.count("/issues/count") or 0, None
    if asker.projects:
        of_all = asker.count("/issues/count", {"projectId": [project["id"] for project in asker.projects]})
    yield judgements.whole_space(count, of_all)
    yield judgements.retention(next(iter(asker.oldest_activities), None), next(iter(asker.oldest_issues), None))


def _comments(asker: Asker) -> Iterator[Judgement]:
    talk = next(iter(asker.rows("/space/activities", {"activityTypeId": [3], "count": 1, "order": "desc"})), None)
    issue, comments, count = None, list[Record](), None
    if talk is not None:
        path = f"/issues/{talk['content']['id']}"
        told = asker.ask(path)
        if not told.is_refused:
            issue = told.value
            comments = asker.rows(f"{path}/comments", {"order": "asc", "count": PAGE})
            count = asker.count(f"{path}/comments/count")
    newest = max(comments, key=lambda one: one["created"], default=None)
    yield judgements.comment_moves_updated(newest, issue)
    yield judgements.edit_moves_updated(comments, issue)
    yield judgements.comments_counted(count, comments)


def _paths(asker: Asker) -> Iterator[Judgement]:
    first = next((project["projectKey"] for project in asker.projects), None)
    listed, components = None, None
    if first is not None:
        listed = asker.ask(f"/projects/{first}/categories")
        components = asker.ask(f"/projects/{first}/components")
    yield judgements.categories(listed, components)
    others = {} if components is None else {"/projects/{project}/components": components}
    yield judgements.unknown_path({"/space/license": asker.ask("/space/license"), **others})
    archived = next((project["projectKey"] for project in asker.projects if project.get("archived")), None)
    yield judgements.archived_project(None if archived is None else asker.ask(f"/projects/{archived}/versions"))
    joined = {project["id"] for project in asker.projects}
    foreign = next((one["id"] for one in asker.rows("/projects", {"all": True}) if one["id"] not in joined), None)
    yield judgements.foreign_project(None if foreign is None else asker.ask(f"/projects/{foreign}/versions"))
    yield judgements.missing_right(asker.ask("/users"))
