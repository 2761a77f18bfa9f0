"""What loading steps read: cost told first, progress logged, stopped loads gone on with. Knows no SQL."""

from collections.abc import Collection, Mapping
from datetime import datetime, timezone

import dagster as dg

from backlog_assets.catalogue import BY_NAME, Endpoint, Paging
from backlog_assets.comment_reading import read_comments
from backlog_assets.cost import Estimate, Known, estimate, is_long
from backlog_assets.each_reading import read_each
from backlog_assets.following import FEW, followed
from backlog_assets.incremental.reading import read_issues
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.known import known
from backlog_assets.quota import rate_class
from backlog_assets.reading import read_projects, read_space
from backlog_assets.resources import BacklogResource
from backlog_assets.spool import Spooled


def space_read(
    context: dg.AssetExecutionContext,
    backlog: BacklogResource,
    endpoint: Endpoint,
    io_manager: WholeOrNothingIOManager | None = None,
    *,
    since_id: int | None = None,
) -> Spooled:
    """What Backlog has of an endpoint of the whole space, from `since_id` on.

    Without an `io_manager` nothing is known of earlier loads, and none is gone on with.
    """
    terms = None
    # What takes one request is as well asked again.
    if io_manager is not None and endpoint.paging not in (Paging.ONE, Paging.WHOLE):
        scope = "" if since_id is None else f"since {since_id}"
        terms = backlog.terms(endpoint, io_manager.basis(endpoint), scope=scope, log=context.log)
    before = known(io_manager.warehouse) if io_manager is not None and is_long(endpoint) else Known()
    cost = estimate(endpoint, before, full=since_id is None)
    with followed(context.log, backlog.client, backlog.headroom, cost, before):
        return read_space(
            backlog.client,
            endpoint,
            backlog.spools,
            backlog.space_name,
            context.run.run_id,
            only=backlog.selected_projects,
            since_id=since_id,
            terms=terms,
        )


def projects_read(
    context: dg.AssetExecutionContext,
    backlog: BacklogResource,
    endpoint: Endpoint,
    io_manager: WholeOrNothingIOManager,
    asked: Mapping[str, int | None],
) -> Spooled:
    """What Backlog has of an endpoint of these projects (key -> id, None where there is no such project)."""
    ids = [project_id for project_id in asked.values() if project_id is not None]
    terms = backlog.terms(endpoint, io_manager.basis(endpoint, ids), scope=",".join(sorted(asked)), log=context.log)
    cost = estimate(endpoint, Known(projects=len(asked)))
    with followed(context.log, backlog.client, backlog.headroom, cost):
        return read_projects(
            backlog.client, endpoint, backlog.spools, backlog.space_name, context.run.run_id, asked, terms=terms
        )


def issues_read(
    context: dg.AssetExecutionContext, backlog: BacklogResource, io_manager: WholeOrNothingIOManager, *, full: bool
) -> Spooled:
    """The issues that changed since the last load; all of them with `full`, and where that load is not gone on from."""
    endpoint = BY_NAME["issues"]
    before = known(io_manager.warehouse)
    cost = estimate(endpoint, before, full=full)
    with followed(context.log, backlog.client, backlog.headroom, cost, before):
        return read_issues(
            backlog.client,
            io_manager.warehouse,
            backlog.spools,
            backlog.space_name,
            context.run.run_id,
            now=datetime.now(timezone.utc),
            only=backlog.selected_projects,
            full=full,
            terms=backlog.terms(endpoint, io_manager.basis(endpoint), log=context.log),
        )


def comments_read(
    context: dg.AssetExecutionContext, backlog: BacklogResource, io_manager: WholeOrNothingIOManager, *, full: bool
) -> Spooled:
    """The comments of the issues that were updated or commented since theirs were read; of all issues with `full`."""
    endpoint = BY_NAME["issue_comments"]
    wanted = io_manager.comments_wanted(only=backlog.selected_projects, full=full)
    terms = backlog.terms(endpoint, io_manager.basis(endpoint), scope="full" if full else "", log=context.log)
    where = (backlog.client, endpoint, backlog.spools, backlog.space_name, context.run.run_id)
    cost = Estimate(endpoint.name, {rate_class(endpoint.path): len(wanted)})
    with followed(context.log, backlog.client, backlog.headroom, cost, known(io_manager.warehouse)):
        return read_comments(*where, wanted, terms=terms)


def each_read(
    context: dg.AssetExecutionContext,
    backlog: BacklogResource,
    endpoint: Endpoint,
    io_manager: WholeOrNothingIOManager,
    *,
    full: bool,
    but: Collection[str] = (),
) -> Spooled:
    """What Backlog has of each row of another table; of those that moved since, where the catalogue says what moves,
    and not of `full`. `but`: keys of projects whose rows are left out."""
    wanted = io_manager.rows_wanted(endpoint, only=backlog.selected_projects, but=but, full=full)
    terms = backlog.terms(endpoint, io_manager.basis(endpoint), scope="full" if full else "", log=context.log)
    where = (backlog.client, endpoint, backlog.spools, backlog.space_name, context.run.run_id)
    cost = Estimate(endpoint.name, {rate_class(endpoint.path): len(wanted)})
    before = known(io_manager.warehouse) if len(wanted) > FEW else Known()
    with followed(context.log, backlog.client, backlog.headroom, cost, before):
        return read_each(*where, wanted, terms=terms)
