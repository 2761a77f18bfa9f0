"""Comments from the client to the spool: of which issues, and how far back. Knows no DuckDB and no Dagster.

An issue's comments are read from the newest backwards, a hundred a request. Where they are less than a hundred, one
request brings them all: the new ones, and those that were edited or deleted. Where they are more, it ends as soon as
it has reached what is known, unless nothing new came: then whatever has moved the issue's `updated` lies deeper.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from backlog_assets.catalogue import Endpoint
from backlog_assets.client import BacklogClient
from backlog_assets.each_reading import Unread
from backlog_assets.errors import Denied, WrongShape
from backlog_assets.journal import Terms
from backlog_assets.paging import Page, newest_first
from backlog_assets.progress import report
from backlog_assets.reading import Asking, measured
from backlog_assets.spool import Spool, Spooled

READS = "comment_reads"
"""The part of the spool that says which issues were read: a line an issue."""

ACTIVITY = "activity"
"""Name of the cursor: the newest activity that was looked at for what it tells of comments."""


class IssueWanted(NamedTuple):
    """An issue whose comments are wanted: its project, its `updated` in epoch seconds, the highest comment id known
    (0: none is), and the newest activity that tells of a comment that is not known (0: none does)."""

    id: int
    project_id: int
    updated: int
    last_comment_id: int
    activity_id: int


def _longs() -> "array[int]":
    return array("q")


@dataclass
class Wanted:
    """The issues whose comments are wanted, by id, in 40 bytes each. `activity_id`: the newest activity of those that
    need not be looked at again for what they tell of comments. `is_whole`: the comments of all issues are wanted,
    whatever is known of them."""

    columns: tuple["array[int]", ...] = field(default_factory=lambda: tuple(_longs() for _ in IssueWanted._fields))
    activity_id: int | None = None
    is_whole: bool = False

    def __len__(self) -> int:
        return len(self.columns[0])

    def __iter__(self) -> Iterator[IssueWanted]:
        return map(IssueWanted, *self.columns)

    def add(self, issue: IssueWanted) -> None:
        for column, value in zip(self.columns, issue, strict=True):
            column.append(value)


def read_comments(
    client: BacklogClient,
    endpoint: Endpoint,
    folder: Path,
    space: str,
    run_id: str,
    wanted: Wanted,
    *,
    terms: Terms | None = None,
) -> Spooled:
    """Reads the comments of the `wanted` issues.

    An issue that is not there any more is left to the next load of `issues`; one that is refused stands in `refused`.
    Neither loses the others, and both are wanted again.
    """
    with measured(client, folder, endpoint, space, run_id, terms=terms, also=(READS,)) as spool:
        left = Unread("issues")
        for at, issue in enumerate(wanted):
            if left.is_closed(str(issue.project_id)):
                left.skipped += 1
                _note(spool, issue, None)
            else:
                _read(client, endpoint, spool, issue, left)
            report(endpoint.name, at + 1, len(wanted))
        spooled = spool.spooled
        spooled.since_id = None if wanted.is_whole and not left.is_any else wanted.activity_id or 0
        spooled.cursors = {} if wanted.activity_id is None else {ACTIVITY: str(wanted.activity_id)}
        left.tell(spooled, len(wanted))
    return spool.spooled


def _read(client: BacklogClient, endpoint: Endpoint, spool: Spool, issue: IssueWanted, left: Unread) -> None:
    mark = spool.mark()
    path = endpoint.path.format(issueIdOrKey=issue.id)
    # What was asked before the issue changed again, or was named again, is no answer to what is asked now.
    asking = Asking(client, spool.spooled.journal, f"{issue.updated}.{issue.activity_id}")
    try:
        from_id = 0
        fresh = False
        for page, is_last in newest_first(asking.get, path, {}):
            spool.add(_owned(page, issue))
            fresh = fresh or (bool(page) and page[0]["id"] > issue.last_comment_id)
            if not is_last and fresh and page[-1]["id"] <= issue.last_comment_id:
                from_id = page[-1]["id"]
                break
        _note(spool, issue, from_id)
        left.read(str(issue.project_id))
    except Denied as error:
        spool.rewind(mark)
        _note(spool, issue, None)
        left.failed(str(issue.id), str(issue.project_id), error)


def _owned(page: Page, issue: IssueWanted) -> Page:
    """The page's comments with the issue and project they belong to, which older hosts do not say."""
    for record in page:
        if record.setdefault("issueId", issue.id) != issue.id:
            raise WrongShape(
                f"Asked for the comments of issue {issue.id}, Backlog sent one of issue {record['issueId']}. "
                "Nothing was written."
            )
        record.setdefault("projectId", issue.project_id)
    return page


def _note(spool: Spool, issue: IssueWanted, from_id: int | None) -> None:
    """`from_id`: from this comment on the issue's list is complete; None where it could not be read."""
    spool.note(READS, {"issueId": issue.id, "updated": issue.updated, "fromId": from_id})
