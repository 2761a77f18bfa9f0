"""What an answer of Backlog says about an assumption of ours. Pure: records in, judgement out.

The assumptions are those of `backlog-api.md` that no documentation settles (section 9, and what is marked `[?]`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Record = dict[str, Any]

NOT_ASKED = (
    "Not asked, because reading does not show it: whether every deletion leaves an activity, and what stars, deleted "
    "comments and renamed statuses do to `updated`; the count finds what they hide. Not asked, because nothing depends "
    "on it yet: activities of type 21, and what a disabled Wiki, Git or document section answers."
)
"""What of the open questions a probe leaves open."""


class Verdict(Enum):
    """How an assumption fares on this space."""

    HOLDS = "as assumed"
    HANDLED = "the other way, which is handled"
    FAILS = "the other way, which is not handled"
    UNKNOWN = "cannot be told here"


@dataclass(frozen=True)
class Judgement:
    """An assumption, what was seen of it on this space, and the verdict."""

    assumption: str
    seen: str
    verdict: Verdict


@dataclass(frozen=True)
class Told:
    """An answer: its JSON, or the status and Backlog's code of a refusal."""

    value: Any = None
    status: int = 200
    code: int | None = None

    @property
    def is_refused(self) -> bool:
        return self.status != 200

    def __str__(self) -> str:
        if not self.is_refused:
            return "200"
        return f"{self.status}, code {self.code}" if self.code is not None else f"{self.status} without a code"


def key_place(sent_in: str) -> Judgement:
    assumption = "The API key is taken in the header Backlog-API-Key."
    if sent_in == "bearer":
        return Judgement(assumption, "an OAuth2 token is used", Verdict.UNKNOWN)
    if sent_in == "header":
        return Judgement(assumption, "the header was taken", Verdict.HOLDS)
    return Judgement(assumption, "the key is sent in the query", Verdict.HANDLED)


def rate_limits(listed: Mapping[str, int], headers: Mapping[str, int]) -> Judgement:
    """`listed` is what /rateLimit says, `headers` what answers said of the class we count them in: class -> limit."""
    assumption = "Every answer tells what is left of its class, and /issues and /issues/count are of class search."
    if not headers:
        return Judgement(assumption, "no X-RateLimit headers; a 429 is waited out instead", Verdict.HANDLED)
    seen = ", ".join(f"{name} {limit:,} a minute" for name, limit in sorted(headers.items()))
    if "search" not in headers or listed.get("search") == listed.get("read"):
        return Judgement(assumption, f"{seen}; one class cannot be told from the other", Verdict.UNKNOWN)
    if all(listed.get(name) == limit for name, limit in headers.items()):
        return Judgement(assumption, seen, Verdict.HOLDS)
    told = ", ".join(f"{name} {limit:,}" for name, limit in sorted(listed.items()))
    return Judgement(assumption, f"{seen}; /rateLimit says {told}; the headers are followed", Verdict.HANDLED)


def id_border(parameter: str, asked: int, ids: Sequence[int]) -> Judgement:
    """`ids` came for `parameter` = `asked`, which is the id of a row that exists."""
    assumption = f"{parameter} is exclusive, or else inclusive: both are right for us."
    if not ids:
        return Judgement(assumption, "too few activities", Verdict.UNKNOWN)
    if asked in ids:
        return Judgement(assumption, "inclusive; the row that comes twice is dropped", Verdict.HANDLED)
    return Judgement(assumption, "exclusive", Verdict.HOLDS)


def ascending_activities(rows: Sequence[Record]) -> Judgement:
    """`rows` came with order=asc."""
    assumption = "order=asc gives ascending ids, and ids of activities ascend with the time they were made."
    if len(rows) < 2:
        return Judgement(assumption, "fewer than two activities", Verdict.UNKNOWN)
    if any(later["id"] <= earlier["id"] for earlier, later in pairwise(rows)):
        return Judgement(assumption, "the ids do not ascend; such a page is refused", Verdict.FAILS)
    back = sum(later["created"] < earlier["created"] for earlier, later in pairwise(rows))
    if back:
        seen = f"the ids ascend, but {back} of {len(rows)} activities are older than the one before; ids are followed"
        return Judgement(assumption, seen, Verdict.HANDLED)
    return Judgement(assumption, f"so it is in {len(rows)} activities", Verdict.HOLDS)


def retention(oldest_activity: Record | None, oldest_issue: Record | None) -> Judgement:
    assumption = (
        "Recent updates are kept for good; what is trimmed stays in our table, and the count finds what it told."
    )
    if oldest_activity is None or oldest_issue is None:
        return Judgement(assumption, "no activity or no issue", Verdict.UNKNOWN)
    first, made = str(oldest_activity["created"])[:10], str(oldest_issue["created"])[:10]
    if first <= made:
        return Judgement(assumption, f"they begin on {first}, the oldest issue is of {made}", Verdict.HOLDS)
    return Judgement(assumption, f"they begin on {first} only, the oldest issue is of {made}", Verdict.HANDLED)


def deletion(activity: Record | None, answer: Told | None) -> Judgement:
    """`answer` is that to the issue which an activity of type 4 names."""
    assumption = "An activity of type 4 names an issue that is gone: it is answered with 404."
    if activity is None or answer is None:
        return Judgement(assumption, "no issue was deleted, as far as recent updates go back", Verdict.UNKNOWN)
    if not answer.is_refused:
        seen = "the issue is still there; deletions are only believed when the issue is not listed any more"
        return Judgement(assumption, seen, Verdict.HANDLED)
    kind = Verdict.HOLDS if answer.status == 404 else Verdict.HANDLED
    return Judgement(assumption, f"{answer} for the newest of them", kind)


def unknown_id(known: int | None, answer: Told | None) -> Judgement:
    """`answer` is that to /issues with id[] of an issue that exists (`known`) and of one that does not."""
    assumption = "/issues with id[] leaves out ids that do not exist, and gives the others."
    if known is None or answer is None:
        return Judgement(assumption, "no issue", Verdict.UNKNOWN)
    if answer.is_refused:
        return Judgement(assumption, f"refused: {answer}", Verdict.FAILS)
    ids = [row["id"] for row in answer.value]
    if ids == [known]:
        return Judgement(assumption, "so it is", Verdict.HOLDS)
    return Judgement(assumption, f"{len(ids)} issues came for one that exists", Verdict.FAILS)


def comment_moves_updated(comment: Record | None, issue: Record | None) -> Judgement:
    """The newest comment found, and its issue."""
    assumption = "A comment moves `updated` of its issue."
    if comment is None or issue is None:
        return Judgement(assumption, "no comment among the recent updates", Verdict.UNKNOWN)
    seen = f"comment of {comment['created']}, issue updated {issue['updated']}"
    if issue["updated"] >= comment["created"]:
        return Judgement(assumption, seen, Verdict.HOLDS)
    return Judgement(assumption, f"{seen}; the activity of the comment names the issue as well", Verdict.HANDLED)


def edit_moves_updated(comments: Sequence[Record], issue: Record | None) -> Judgement:
    assumption = "Editing a comment does not move `updated` of its issue; edited comments are found by other means."
    edited = [one for one in comments if one.get("updated", one["created"]) > one["created"]]
    if issue is None or not edited:
        return Judgement(assumption, "no edited comment on the issue looked at", Verdict.UNKNOWN)
    last = max(edited, key=lambda one: one["updated"])
    newest = max(one["created"] for one in comments)
    if last["updated"] <= newest:
        return Judgement(assumption, "a later comment hides what the edit did", Verdict.UNKNOWN)
    moved = issue["updated"] >= last["updated"]
    seen = f"comment edited {last['updated']}, issue updated {issue['updated']}"
    return Judgement(assumption, seen, Verdict.HANDLED if moved else Verdict.HOLDS)


def comments_counted(count: int | None, comments: Sequence[Record]) -> Judgement:
    """`comments` are up to 100 of an issue, `count` is what /comments/count says."""
    assumption = "/comments/count counts what /comments lists, edits without words included."
    if count is None or len(comments) >= 100:
        return Judgement(assumption, "no comments, or too many to compare", Verdict.UNKNOWN)
    if count == len(comments):
        return Judgement(assumption, f"{count} and {len(comments)}", Verdict.HOLDS)
    return Judgement(assumption, f"counted {count}, listed {len(comments)}; the comments are read again", Verdict.FAILS)


def steady_order(page: Sequence[Record], again: Sequence[Record]) -> Judgement:
    """Issues by sort=created&order=asc, and the same from the second one on."""
    assumption = "sort=created&order=asc is a steady order, also among issues of the same second."
    if len(page) < 2:
        return Judgement(assumption, "fewer than two issues", Verdict.UNKNOWN)
    ids = [row["id"] for row in page]
    if ids[1:] != [row["id"] for row in again][: len(ids) - 1]:
        return Judgement(
            assumption, "the second time the order was another; the count tells what is lost", Verdict.HANDLED
        )
    ties = sum(earlier["created"] == later["created"] for earlier, later in pairwise(page))
    if not ties:
        return Judgement(assumption, f"steady in {len(page)} issues, none of the same second", Verdict.HOLDS)
    by_id = all(a["id"] < b["id"] for a, b in pairwise(page) if a["created"] == b["created"])
    order = "by id" if by_id else "not by id"
    return Judgement(assumption, f"steady in {len(page)} issues, {ties} of the same second, {order}", Verdict.HOLDS)


@dataclass(frozen=True)
class ZoneQuestion:
    """An issue whose day is another one in the space's zone than in UTC: `day` is the later of the two.

    Asked for with `updatedSince` = `day`, it comes where the filter is read in `comes_in`, and not in `else_in`.
    """

    issue_id: int
    day: str
    comes_in: str
    else_in: str


def zone_question(issues: Sequence[Record], zone: str) -> ZoneQuestion | None:
    """The first issue that tells the space's zone from UTC; None where none does."""
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None
    for issue in issues:
        instant = _instant(issue["updated"])
        utc, local = instant.date(), instant.astimezone(there).date()
        if local > utc:
            return ZoneQuestion(issue["id"], local.isoformat(), zone, "UTC")
        if local < utc:
            return ZoneQuestion(issue["id"], utc.isoformat(), "UTC", zone)
    return None


def zone_of_dates(question: ZoneQuestion | None, count: int | None) -> Judgement:
    assumption = "updatedSince is read in UTC or in the space's zone: two days of margin make both right."
    if question is None or count is None:
        return Judgement(assumption, "no recent change whose day is another one in the space's zone", Verdict.UNKNOWN)
    read_in = question.comes_in if count else question.else_in
    return Judgement(assumption, f"it is read in {read_in}, to go by issue {question.issue_id}", Verdict.HOLDS)


def until_day(issues: Sequence[Record], zone: str) -> tuple[int, str] | None:
    """Id and day of creation of an issue whose day is the same in UTC and in the space's zone."""
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        there = ZoneInfo("UTC")
    for issue in issues:
        instant = _instant(issue["created"])
        if instant.date() == instant.astimezone(there).date():
            return issue["id"], instant.date().isoformat()
    return None


def until_inclusive(count: int | None) -> Judgement:
    """`count` issues came for an issue's id and createdUntil = the day it was created."""
    assumption = "createdUntil includes the day it names."
    if count is None:
        return Judgement(assumption, "no issue", Verdict.UNKNOWN)
    if count:
        return Judgement(assumption, "included", Verdict.HOLDS)
    return Judgement(assumption, "not included; ranges of days overlap by one", Verdict.HANDLED)


def highest_offset(offset: int, answer: Told) -> Judgement:
    assumption = "/issues has no highest offset."
    if answer.is_refused:
        return Judgement(assumption, f"offset={offset:,} is refused: {answer}; choose BACKLOG_PROJECTS", Verdict.FAILS)
    return Judgement(assumption, f"offset={offset:,} is answered", Verdict.HOLDS)


def form_of_days(issues: Sequence[Record]) -> Judgement:
    assumption = "Days come as midnight UTC (T00:00:00Z) or, in the old form, as midnight of the space (T15:00:00Z)."
    forms = sorted({str(issue[name])[10:] for issue in issues for name in ("startDate", "dueDate") if issue.get(name)})
    if not forms:
        return Judgement(assumption, "no issue looked at has a day", Verdict.UNKNOWN)
    seen = ", ".join(forms)
    if forms == ["T00:00:00Z"]:
        return Judgement(assumption, seen, Verdict.HOLDS)
    return Judgement(assumption, f"{seen}; the nearest midnight is taken", Verdict.HANDLED)


def whole_space(count: int, of_all: int | None) -> Judgement:
    """/issues/count without projectId[], and with that of every project listed."""
    assumption = "/issues without projectId[] is all projects of /projects, archived ones too."
    if of_all is None:
        return Judgement(assumption, "no project", Verdict.UNKNOWN)
    if count == of_all:
        return Judgement(assumption, f"{count:,} issues both ways", Verdict.HOLDS)
    return Judgement(assumption, f"{count:,} issues without, {of_all:,} with all projects named", Verdict.FAILS)


def foreign_project(answer: Told | None) -> Judgement:
    """`answer` is that to a list of a project which the key's user has not joined."""
    assumption = "A project that was not joined is refused: 404 code 6, or 401 or 403 code 5."
    if answer is None:
        return Judgement(assumption, "the key's user sees no project that he has not joined", Verdict.UNKNOWN)
    if not answer.is_refused:
        return Judgement(assumption, "it is answered; such projects are not asked for", Verdict.HANDLED)
    usual = (answer.status, answer.code) in ((404, 6), (401, 5), (403, 5))
    return Judgement(assumption, str(answer), Verdict.HOLDS if usual else Verdict.HANDLED)


def archived_project(answer: Told | None) -> Judgement:
    assumption = "Archived projects are listed and can be read."
    if answer is None:
        return Judgement(assumption, "no archived project", Verdict.UNKNOWN)
    if answer.is_refused:
        return Judgement(assumption, f"{answer}; its rows stay as they were, and the run says so", Verdict.HANDLED)
    return Judgement(assumption, "read", Verdict.HOLDS)


def categories(answer: Told | None, components: Told | None) -> Judgement:
    """`components` was asked only where /categories is unknown, or to see what an unknown path is answered with."""
    assumption = "Categories are at /projects/{project}/categories."
    if answer is None:
        return Judgement(assumption, "no project", Verdict.UNKNOWN)
    if not answer.is_refused:
        return Judgement(assumption, "so it is", Verdict.HOLDS)
    if components is not None and not components.is_refused:
        return Judgement(assumption, "they are at /components", Verdict.HANDLED)
    return Judgement(assumption, str(answer), Verdict.FAILS)


def unknown_path(answers: Mapping[str, Told]) -> Judgement:
    assumption = "A path Backlog does not know is answered with 400 code 6, never with an empty list."
    refused = {path: told for path, told in answers.items() if told.is_refused}
    if not refused:
        return Judgement(assumption, f"{', '.join(answers) or 'no path'}: known here", Verdict.UNKNOWN)
    seen = "; ".join(f"{path}: {told}" for path, told in refused.items())
    usual = all((told.status, told.code) == (400, 6) for told in refused.values())
    return Judgement(assumption, seen, Verdict.HOLDS if usual else Verdict.HANDLED)


def missing_right(answer: Told) -> Judgement:
    """`answer` is that to /users, which only administrators may ask for."""
    assumption = "What the key may not read is refused with 403 code 5 (or 401 code 5), the rest goes on."
    if not answer.is_refused:
        return Judgement(assumption, "this key may read the list of users", Verdict.UNKNOWN)
    usual = (answer.status, answer.code) in ((403, 5), (401, 5))
    return Judgement(assumption, f"/users: {answer}", Verdict.HOLDS if usual else Verdict.HANDLED)


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
