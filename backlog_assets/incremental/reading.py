"""The load of the issues: all, or what changed since the last load; and why. Fills the spool, writes no table."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from backlog_assets.catalogue import BY_NAME
from backlog_assets.client import BacklogClient
from backlog_assets.incremental.asking import Asker, visible_projects
from backlog_assets.incremental.census import TooFarError
from backlog_assets.incremental.changes import Changes, Figures
from backlog_assets.incremental.known import ISSUES, KnownIssues, State, instant, selection, shape
from backlog_assets.journal import Terms
from backlog_assets.paging import PAGE
from backlog_assets.reading import measured, note_cost, projects_named, read_space
from backlog_assets.spool import Spooled
from backlog_assets.warehouse import Warehouse

CLOCKS_APART = timedelta(hours=1)
"""By so much this machine's clock may be ahead of Backlog's: what was updated in that time before a complete walk began
may not be in it."""


def why_whole(state: State | None, *, full: bool, projects: str, shape: str) -> str | None:
    """Why all issues are read, as a sentence; None where what changed since the last load will do."""
    if full:
        return "Asked for: full."
    if state is None:
        return "No earlier load to go on from."
    if state.projects != projects:
        return "BACKLOG_PROJECTS is another than in the last load."
    if state.shape != shape:
        return "The catalogue has other columns than in the last load."
    return None


def read_issues(
    client: BacklogClient,
    warehouse: Warehouse,
    folder: Path,
    space: str,
    run_id: str,
    *,
    now: datetime,
    only: Sequence[str] | None = None,
    full: bool = False,
    page: int = PAGE,
    terms: Terms | None = None,
) -> Spooled:
    """Spools the issues of the projects with the keys `only` (None: of all): those that changed, or all of them.

    `now` is when the load begins, `page` the most rows asked for at once. On these `terms` the walk over all
    issues goes on from where another one was stopped. Raises what the client raises.
    """
    before, started = client.usage, time.monotonic()
    known = KnownIssues(warehouse, None)
    state = known.state()
    why = why_whole(state, full=full, projects=selection(only), shape=shape())
    if why is None and state is not None:
        try:
            return _read_changes(client, warehouse, folder, space, run_id, state, now, only, page)
        except TooFarError:
            why = "More differs from what Backlog counts than a search would find with fewer requests."
    spooled = _read_whole(client, known, folder, space, run_id, now, only, terms)
    spooled.notes["read"] = f"All issues. {why}"
    note_cost(spooled, client, before, started)
    return spooled


def _read_whole(
    client: BacklogClient,
    known: KnownIssues,
    folder: Path,
    space: str,
    run_id: str,
    now: datetime,
    only: Sequence[str] | None,
    terms: Terms | None,
) -> Spooled:
    # Read before the walk: what happens meanwhile is named by later activities, and read again then. Of a walk that
    # was stopped, it is what was known when that one began.
    keeping = {"activity": known.newest_activity(), "began": now.isoformat()}
    spooled = read_space(client, BY_NAME[ISSUES], folder, space, run_id, only=only, terms=terms, keeping=keeping)
    newest, now = spooled.kept["activity"], instant(spooled.kept["began"])
    if known.has_rows():
        spooled.visible = visible_projects(client)
    if newest is not None:
        spooled.cursors = State(newest, now - CLOCKS_APART, now, selection(only), shape()).cursors()
    return spooled


def _read_changes(
    client: BacklogClient,
    warehouse: Warehouse,
    folder: Path,
    space: str,
    run_id: str,
    state: State,
    now: datetime,
    only: Sequence[str] | None,
    page: int,
) -> Spooled:
    with measured(client, folder, BY_NAME[ISSUES], space, run_id) as spool:
        projects = projects_named(client, only) if only is not None else None
        ids = None if projects is None else list(projects.values())
        known = KnownIssues(warehouse, ids)
        asker = Asker(client, spool, {} if ids is None else {"projectId": ids}, page=page)
        changes = Changes(asker, known, state, known.named(state), now, ids)
        reached = changes.read()
        spooled = spool.spooled
        spooled.projects = projects
        spooled.changes_only = True
        spooled.gone = changes.gone
        spooled.counted = changes.counted
        spooled.cursors = {**reached.cursors(), "repaired": str(changes.figures.repaired)}
        spooled.notes.update(notes_of(changes.figures))
    return spooled


def notes_of(figures: Figures) -> dict[str, str | int]:
    """What the load found, as metadata."""
    return {
        "read": "What changed.",
        "named_by_activities": figures.named,
        "waiting_to_be_read": figures.waiting,
        "found_by_updated_since": figures.by_update,
        "found_by_count": figures.by_count,
        "found_gone": figures.gone,
        "lost_with_their_project": figures.lost,
    }
