"""Issues, how many there are, and their comments."""

from __future__ import annotations

import orjson

from backlog_assets.demo.answers import dumped, invalid, offset_page
from backlog_assets.demo.company import Json
from backlog_assets.demo.issue_query import FILTERS, IssueRows, matching_issues
from backlog_assets.demo.routes import Call, Route


def issues(call: Call) -> IssueRows | bytes:
    rows = IssueRows(matching_issues(call.space, call.user_id, call.params, call.options.updated_since_zone))
    expand = call.params.query.get("expand[]")
    if expand is None:
        return rows
    if expand != ["childIssueSummary"]:
        raise invalid("expand[]", ",".join(expand))
    page = offset_page(rows, call.params, order=True, more=call.more_rows)
    return dumped([_with_children(call, orjson.loads(raw)) for raw in page])


def _with_children(call: Call, issue: Json) -> Json:
    children = [call.space.issues[id_].json() for id_ in call.space.children.get(issue["id"], ())]
    closed = sum(1 for child in children if child["status"]["id"] == 4)
    return {**issue, "childIssueSummary": {"total": len(children), "closed": closed}}


def issues_count(call: Call) -> Json:
    return {"count": len(matching_issues(call.space, call.user_id, call.params, call.options.updated_since_zone))}


def issue(call: Call) -> bytes:
    return call.issue().raw


def comments(call: Call) -> list[Json]:
    return call.space.comments(call.issue())


def comments_count(call: Call) -> Json:
    return {"count": len(call.space.comments(call.issue()))}


ROUTES = (
    Route("/issues", issues, query=(*FILTERS, "sort", "expand[]"), paging="offset", order=True, rate="search"),
    Route("/issues/count", issues_count, query=FILTERS, rate="search"),
    Route("/issues/{issue}", issue),
    Route("/issues/{issue}/comments", comments, paging="id"),
    Route("/issues/{issue}/comments/count", comments_count),
)
