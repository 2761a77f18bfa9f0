"""Who loads what changed: ours, dlt's incremental, and dlt that reads everything anew. Knows no measuring.

The same function makes the first load and every later one, in a process of its own each time; what is known of the
loads before is in the job's folder. As in `contenders`, only `Load.act` is measured.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.contenders import DLT_FILE, OURS, OURS_FILE, Load, dlt_run, query, sync_of, tuning_of
from bench.job import NEWEST, PAGE, PAGES, Job, Row

LONG_AGO = "2000-01-01T00:00:00Z"
"""Before everything the space holds."""

ISSUES = "SELECT id, epoch(updated)::BIGINT, summary FROM backlog.issues"
COMMENTS = "SELECT id, epoch(updated)::BIGINT, coalesce(content, '') FROM backlog.issue_comments"
LIVE = " WHERE _deleted_at IS NULL"
"""What everybody who reads our tables adds; dlt has nothing like it."""

MERGED = {"write_disposition": {"disposition": "merge", "strategy": "upsert"}, "primary_key": "id"}
"""How dlt is told to replace rows by id. Its default, deleting and inserting, took up to a tenth longer here."""


def ours(job: Job) -> Load:
    """Recent updates, then the issues with their child tables, as `sync --select activities,issues` does."""
    return _load(sync_of(job, "activities", "issues"), job.folder / OURS_FILE, ISSUES + LIVE)


def ours_comments(job: Job) -> Load:
    """The same with the comments and their child tables."""
    return _load(sync_of(job, "activities", "issues", "issue_comments"), job.folder / OURS_FILE, COMMENTS + LIVE)


def dlt_incremental(job: Job) -> Load:
    """`incremental` on `updated`, merged by id, tuned as in the first table.

    `updatedSince` takes a day, so that the day of the newest issue is asked for again. The latest come first: with
    `row_order` dlt stops asking where it reaches what it has.
    """
    since = {
        "type": "incremental",
        "cursor_path": "updated",
        "initial_value": LONG_AGO,
        "row_order": "desc",
        "convert": _day,
    }
    params = {"sort": "updated", "order": "desc", "updatedSince": since}
    return _dlt_issues(job, params, MERGED)


def dlt_anew(job: Job) -> Load:
    """Everything is read and the table replaced: what dlt needs where deletions must be seen."""
    params = {name: value for name, value in PAGES.items() if name != "count"}
    return _dlt_issues(job, params, {"write_disposition": "replace"})


def dlt_comments(job: Job) -> Load:
    """The comments as a child resource, for each of the issues; one request at a time, as Nulab asks for."""
    issues = {"sort": "created", "order": "asc"}
    comments = {
        "name": "issue_comments",
        **MERGED,
        "endpoint": {
            "path": "issues/{issue}/comments",
            "params": {"issue": {"type": "resolve", "resource": "issues", "field": "id"}, **NEWEST},
            "data_selector": _selector(),
            "paginator": _back_to_the_oldest(),
        },
    }
    resources = [_issues(issues, MERGED), comments]
    return _load(_dlt(job, resources), job.folder / DLT_FILE, COMMENTS)


def _load(act: Callable[[], object], database: Path, rows: str) -> Load:
    def held() -> list[Row]:
        return [(id_, updated, text) for id_, updated, text in query(database, rows)]

    return Load(act, list, dict, held)


def _dlt_issues(job: Job, params: Mapping[str, Any], how: Mapping[str, Any]) -> Load:
    return _load(_dlt(job, [_issues(params, how)]), job.folder / DLT_FILE, ISSUES)


def _issues(params: Mapping[str, Any], how: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": "issues", **how, "endpoint": {"path": "issues", "params": params, "data_selector": _selector()}}


def _dlt(job: Job, resources: list[dict[str, Any]]) -> Callable[[], object]:
    return dlt_run(job, tuning_of(job.issues), resources, _until_short())


def _day(instant: str) -> str:
    return instant[:10]


def _selector() -> Any:
    """Compiled once, as `dlt_tuned_further` has it."""
    from dlt.common.jsonpath import compile_path

    return compile_path("$")


def _until_short() -> Any:
    """dlt's paging by offset, which ends at a page that is not full: one request less than asking for an empty one."""
    from dlt.sources.helpers.rest_client.paginators import OffsetPaginator

    class UntilShort(OffsetPaginator):
        def update_state(self, response: Any, data: list[Any] | None = None) -> None:
            super().update_state(response, data)
            if len(data or ()) < PAGE:
                self._has_next_page = False

    return UntilShort(limit=PAGE, limit_param="count", total_path=None)


def _back_to_the_oldest() -> Any:
    """Pages by `maxId`, which dlt has no paginator for, ending at one that is not full."""
    from dlt.sources.helpers.rest_client.paginators import BasePaginator

    class BackToTheOldest(BasePaginator):
        def __init__(self) -> None:
            super().__init__()
            self._last: int | None = None

        def init_request(self, _: Any) -> None:
            self._has_next_page, self._last = True, None

        def update_state(self, _: Any, data: list[Any] | None = None) -> None:
            self._has_next_page = len(data or ()) == PAGE
            self._last = data[-1]["id"] if data else None

        def update_request(self, request: Any) -> None:
            request.params["maxId"] = self._last

    return BackToTheOldest()


FOLLOWERS: Mapping[str, Callable[[Job], Load]] = {
    OURS: ours,
    "dlt incremental": dlt_incremental,
    "dlt, all anew": dlt_anew,
}
COMMENTERS: Mapping[str, Callable[[Job], Load]] = {OURS: ours_comments, "dlt incremental": dlt_comments}
"""By the names they are printed with, in the order of a round."""
