"""The rules that look at the bookkeeping: is a table as young as its schedule has it, was the rate limit kept.

Knows no Dagster.
"""

from collections.abc import Mapping
from datetime import timedelta

from backlog_assets.catalogue.spec import Endpoint, Load
from backlog_assets.catalogue.table import DELETED_AT, LOADED_AT, Table, table_of
from backlog_assets.checks.findings import Finding, Scene, counted, named
from backlog_assets.checks.rules import Rule, is_own_table
from backlog_assets.each_state import switched_off
from backlog_assets.permissions import rights_of

HOURLY = timedelta(hours=3)
DAILY = timedelta(hours=27)
"""How old what is loaded hourly or daily may become: one load may fail or be late, and a long one takes its time."""

ALLOWED: Mapping[str, timedelta] = {"issues": HOURLY, "activity": HOURLY}
"""Group of space-wide tables -> how old they may become; the others are loaded daily."""

LOOK_BACK = timedelta(hours=24)
"""How far back answers 429 and what was left of the rate limit count."""

PACED = ("read", "search")
"""The classes of requests that loads send."""


def allowed_age(endpoint: Endpoint) -> timedelta | None:
    """How old an endpoint's table may become; None where it is loaded on demand."""
    if endpoint.load is Load.UPSERT:
        return None
    return DAILY if endpoint.per_project or endpoint.each is not None else ALLOWED.get(endpoint.group, DAILY)


def _stale(scene: Scene, endpoint: Endpoint, table: Table) -> Finding:
    age, loads = allowed_age(endpoint), scene.ops("loads")
    assert age is not None, "the rule does not apply"
    if loads is None:
        return Finding("Nothing has been loaded yet.")
    if not scene.choice.takes(endpoint):
        return Finding(f"{table.name} is loaded where somebody asks for it, not on schedule (BACKLOG_TABLES).")
    closed = {right.project for right in rights_of(scene.connection, endpoint.name) if not right.readable}
    if None in closed:
        return Finding(f"The key may not read {table.name}; see may_be_read.")
    hours = f"{age.total_seconds() / 3600:g} hours"
    again = f"Load {endpoint.name} again and see why it was not: a schedule switched off, a run that failed, a daemon "
    again += "that does not run."
    values = {"table": table.name, "before": scene.now - age}
    if endpoint.per_project and "projects" in scene.tables:
        return _stale_projects(scene, endpoint, hours, again, {**values, "closed": [key for key in closed if key]})
    found = scene.find(
        f"""-- one row where the table was last loaded too long ago, or never while others have been for as long
        SELECT max(loaded_at) FILTER (table_name = $table) AS last_load, []::VARCHAR[] AS _projects
        FROM {loads} HAVING coalesce(max(loaded_at) FILTER (table_name = $table), min(loaded_at)) < $before""",
        values,
    )
    if not found.rows:
        return Finding(f"{table.name} was loaded within the last {hours}.")
    last = found.offenders[0]["last_load"]
    told = f"was last loaded at {last}" if last else "has never been loaded"
    return Finding(f"{table.name} {told}; it may be {hours} old.", 1, found.offenders, again)


def _stale_projects(scene: Scene, endpoint: Endpoint, hours: str, again: str, values: Mapping[str, object]) -> Finding:
    """Projects that the key may not read (`closed` among the `values`), that have it switched off or for which it is
    left out, are not looked at."""
    table = table_of(endpoint)
    chosen = "" if scene.only is None else "AND p.project_key IN (SELECT unnest($only))"
    loads = (
        scene.ops("project_loads")
        or "(SELECT NULL::VARCHAR AS table_name, 0 AS project_id, NULL::TIMESTAMPTZ AS loaded_at LIMIT 0)"
    )
    found = scene.find(
        f"""-- one row a project whose rows are too old, or that was there as long and was never loaded
        SELECT p.project_key AS project, max(l.loaded_at) AS last_load, [p.project_key] AS _projects
        FROM {scene.name("projects")} p
        LEFT JOIN {loads} l ON l.project_id = p.id AND l.table_name = $table
        WHERE p.{DELETED_AT.name} IS NULL {chosen} AND p.id NOT IN (SELECT unnest($off::BIGINT[]))
            AND p.project_key NOT IN (SELECT unnest($closed::VARCHAR[] || $but::VARCHAR[]))
        GROUP BY p.project_key, p.{LOADED_AT.name}
        HAVING coalesce(max(l.loaded_at), p.{LOADED_AT.name}) < $before""",
        {
            **values,
            "off": list(switched_off(scene.connection, scene.schema, endpoint)),
            "but": list(scene.choice.but(endpoint)),
            **({} if scene.only is None else {"only": list(scene.only)}),
        },
        kinds="CASE WHEN last_load IS NULL THEN 'never' ELSE 'old' END",
    )
    if not found.rows:
        return Finding(f"{table.name} was loaded within the last {hours}, for every project.")
    never = found.kinds.get("never", 0)
    more = f", {counted(never, 'of them was', 'of them were')} never loaded" if never else ""
    return Finding(
        f"{table.name} is older than {hours} for {counted(found.rows, 'project')}{more}: "
        f"{named(list(found.partitions))}.",
        found.rows,
        found.offenders,
        again,
        found.partitions,
    )


def _strained(scene: Scene, endpoint: Endpoint, table: Table) -> Finding:
    requests = (
        scene.ops("requests")
        or "(SELECT NULL::VARCHAR AS class, 0 AS too_many, NULL::TIMESTAMPTZ AS loaded_at LIMIT 0)"
    )
    found = scene.find(
        f"""-- one row a class of requests that was refused (429), or of which less than the head-room is left
        WITH met AS (
            SELECT class, sum(too_many) AS too_many FROM {requests} WHERE loaded_at > $since GROUP BY class
        ), latest AS (
            SELECT class, remaining, "limit" FROM {scene.name(table.name)}
            WHERE {LOADED_AT.name} > $since AND list_contains($paced, class)
            QUALIFY row_number() OVER (PARTITION BY class ORDER BY {LOADED_AT.name} DESC) = 1
        )
        SELECT class, coalesce(too_many, 0)::BIGINT AS too_many, remaining, "limit", []::VARCHAR[] AS _projects
        FROM met FULL JOIN latest USING (class)
        WHERE too_many > 0 OR remaining < "limit" * $headroom""",
        {"since": scene.now - LOOK_BACK, "paced": list(PACED), "headroom": scene.headroom},
    )
    if not found.rows:
        return Finding("In the last 24 hours Backlog has refused no request (429), and the head-room was kept.")
    told = [f"{one['class']}: {_strain(one, scene.headroom)}" for one in found.offenders]
    return Finding(
        f"In the last 24 hours the rate limit was strained: {'; '.join(told)}.",
        found.rows,
        found.offenders,
        "See who else uses the key's account; raise BACKLOG_HEADROOM to leave more to them, or load less often.",
        figures={"too_many": sum(int(one["too_many"] or 0) for one in found.offenders)},
    )


def _strain(one: Mapping[str, object], headroom: float) -> str:
    told: list[str] = []
    if one["too_many"]:
        told.append(f"{one['too_many']} requests answered 429")
    if (
        isinstance(one["remaining"], int)
        and isinstance(one["limit"], int)
        and one["remaining"] < one["limit"] * headroom
    ):
        told.append(f"{one['remaining']} of {one['limit']} a minute were left")
    return ", ".join(told)


IS_FRESH = Rule(
    "is_fresh",
    "The table was loaded as lately as its schedule has it; by project where it is loaded so.",
    "WARN",
    lambda endpoint, table: is_own_table(endpoint, table) and allowed_age(endpoint) is not None,
    _stale,
)
QUOTA_IS_HEALTHY = Rule(
    "quota_is_healthy",
    "Backlog refused no request for the rate limit (429), and the head-room of the key's owner was kept.",
    "WARN",
    lambda _, table: table.name == "rate_limit",
    _strained,
)
