"""What every loading step says once it has read: tables written, the checks it answers itself, what was refused.

What the key may not read fails no step: its rows stay as they were, and the check `may_be_read` says so. Knows no SQL.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import dagster as dg
from pydantic import Field

from backlog_assets.catalogue import Endpoint
from backlog_assets.catalogue.table import table_of
from backlog_assets.checks.findings import SHOWN, Finding, counted, named
from backlog_assets.checks.results import result_of
from backlog_assets.errors import Denied, Shrunk
from backlog_assets.failures import told
from backlog_assets.io_manager import WholeOrNothingIOManager
from backlog_assets.loading import Loaded
from backlog_assets.permissions import Right
from backlog_assets.specs import Options, asset_key
from backlog_assets.spool import Denial, Spooled

NAMED_IN_ERROR = 5

NOT_SHRUNK = "not_shrunk"
"""Name of the check that the loading step answers itself, because it keeps the load from being written."""

MAY_BE_READ = "may_be_read"
"""Name of the check that the loading step answers itself, because nobody else asks Backlog."""

NEEDED = frozenset({"projects"})
"""Tables without which nothing else can be loaded: where they may not be read, the step fails."""

Events: TypeAlias = Iterator[dg.Output[Spooled] | dg.AssetMaterialization | dg.AssetCheckResult]


class Snapshot(dg.Config):
    """How a table is loaded whose rows are marked deleted when Backlog no longer lists them."""

    allow_shrink: bool = Field(
        default=False, description="Let the table lose any share of its rows at once; otherwise that is refused."
    )


class Changes(Snapshot):
    """How much is read of what is loaded by what changed, and how much of it may vanish."""

    full: bool = Field(default=False, description="Read everything anew, not only what changed since the last load.")


def most_lost(config: Snapshot, options: Options) -> float:
    """The share of its rows that a table may lose in this load."""
    return 1.0 if config.allow_shrink else options.max_shrink


def checks_of_step(endpoint: Endpoint) -> list[dg.AssetCheckSpec]:
    """The checks of an endpoint's table that its own loading step answers."""
    checks = [
        dg.AssetCheckSpec(
            MAY_BE_READ,
            asset=asset_key(endpoint.name),
            description="The key may read the table, of every project where it is loaded by project. A warning where "
            "it never could, an error where it could once.",
        )
    ]
    return [not_shrunk_spec(endpoint), *checks] if table_of(endpoint).keeps_deleted else checks


def not_shrunk_spec(endpoint: Endpoint) -> dg.AssetCheckSpec:
    """The check that a load has not lost too much."""
    return dg.AssetCheckSpec(
        NOT_SHRUNK,
        asset=asset_key(endpoint.name),
        description="The last load has not lost more of the rows at once than may vanish; one that would is not "
        "written.",
    )


def landed(
    context: dg.AssetExecutionContext,
    io_manager: WholeOrNothingIOManager,
    endpoint: Endpoint,
    specs: Sequence[dg.AssetSpec],
    read: Callable[[], Spooled],
    *,
    shrink: float = 1.0,
) -> Events:
    """Reads, writes, and answers the step's own checks. Where the key may read nothing of it, that is written down
    instead, and no table is told to be materialized."""

    def read_it() -> Spooled | Denied:
        try:
            return read()
        except Denied as error:
            if endpoint.name in NEEDED:
                raise
            return error

    spooled = told(read_it)
    if isinstance(spooled, Denied):
        denial = Denial(str(spooled), spooled.status, spooled.code)
        told(lambda: io_manager.note_denied(endpoint, denial))
        warn(context, endpoint, {"": denial.told})
        if table_of(endpoint).keeps_deleted:
            unread = Finding(f"{endpoint.name} could not be read; no row of it was marked deleted.")
            yield result_of(endpoint.name, NOT_SHRUNK, "ERROR", unread)
        yield may_be_read(io_manager, endpoint)
        return
    yield from written(context, io_manager, spooled, shrink)
    yield may_be_read(io_manager, endpoint, spooled)
    refused = {key: reason for key, reason in spooled.refused.items() if key not in spooled.denied}
    warn(context, endpoint, {key: denial.told for key, denial in spooled.denied.items()} or refused)
    if spooled.projects != {} or not spooled.denied:
        yield from outputs(specs, spooled)


def written(
    context: dg.AssetExecutionContext, io_manager: WholeOrNothingIOManager, spooled: Spooled, shrink: float
) -> Iterator[dg.AssetCheckResult]:
    """Writes the load and says that the table has not shrunk by more than this share; else says that it would have,
    and fails."""
    name = spooled.endpoint.name

    def write() -> Mapping[str, Loaded] | Shrunk:
        try:
            return io_manager.write(spooled, context.run.run_id, max_shrink=shrink)
        except Shrunk as error:
            return error

    done = told(write)
    if isinstance(done, Shrunk):
        yield result_of(name, NOT_SHRUNK, "ERROR", _shrunk(name, done))
        raise dg.Failure(description=str(done), allow_retries=False)
    if not table_of(spooled.endpoint).keeps_deleted:
        return
    lost, left = done[name].deleted, done[name].rows
    finding = Finding(
        f"The load marked {counted(lost, 'row')} of {name} deleted; {left:,} are there.", figures={"rows_lost": lost}
    )
    loaded = list(spooled.projects or ()) if spooled.endpoint.per_project else ()
    yield result_of(name, NOT_SHRUNK, "ERROR", finding, loaded)


def _shrunk(table: str, error: Shrunk) -> Finding:
    return Finding(
        f"{table} would have lost {error.lost:,} of its {error.before:,} rows at once; the load was not written.",
        error.lost,
        [{"project": key, "rows_lost": rows} for key, rows in list(error.by_project.items())[:SHOWN]],
        f"See whether the key's user has lost access. If Backlog has really lost the rows, load {table} once more with "
        f"allow_shrink: true in the run config (`backlog-assets sync --allow-shrink`).",
        tuple(error.by_project),
        {"rows_lost": error.lost, "rows_before": error.before},
    )


def may_be_read(
    io_manager: WholeOrNothingIOManager, endpoint: Endpoint, spooled: Spooled | None = None
) -> dg.AssetCheckResult:
    """The result of the check, from what is written down of the key's rights; `spooled` is what was loaded."""
    closed = [right for right in told(lambda: io_manager.rights(endpoint)) if not right.readable]
    refused = 0 if spooled is None or endpoint.per_project else len(spooled.refused)
    loaded = list(spooled.projects or ()) if spooled is not None and endpoint.per_project else ()
    severity, finding = may_be_read_finding(endpoint.name, closed, refused)
    return result_of(endpoint.name, MAY_BE_READ, severity, finding, loaded)


def may_be_read_finding(
    table: str, closed: Sequence[Right], refused: int = 0
) -> tuple[Literal["ERROR", "WARN"], Finding]:
    """How bad it is, and what is said, that the key may not read these; `refused` single rows, it may be."""
    if not closed:
        more = f", but for {counted(refused, 'single row')} that Backlog refused" if refused else ""
        return "WARN", Finding(f"The key may read {table}{more}.", figures={"refused": refused})
    keys = [right.project for right in closed if right.project is not None]
    lost = [right for right in closed if right.was_readable]
    where = f" of {counted(len(keys), 'project')}: {named(keys)}" if keys else ""
    before = f"; it could before ({counted(len(lost), 'right')} lost)" if lost else ""
    left_out = f"-{keys[0]}:{table}" if keys else f"-{table}"
    return "ERROR" if lost else "WARN", Finding(
        f"The key may not read {table}{where}{before}. The rows that are there stay as they are.",
        len(closed),
        [
            {
                "project": right.project,
                "since": right.since.isoformat(sep=" ", timespec="seconds"),
                "status": right.status,
                "code": right.code,
                "could_before": right.was_readable,
            }
            for right in closed[:SHOWN]
        ],
        f"Let an administrator give the key's owner the right, or use an administrator's key; to do without it, set "
        f"BACKLOG_TABLES={left_out}.",
        tuple(keys),
    )


def warn(context: dg.AssetExecutionContext, endpoint: Endpoint, refused: Mapping[str, str]) -> None:
    """One warning in the run's log of what was refused: project (empty: the whole table) or row -> reason."""
    if not refused:
        return
    where = "" if "" in refused else f" of {named(sorted(refused))}"
    first = next(iter(refused.values()))
    context.log.warning(f"{endpoint.name}{where} was not read; the rows that are there stay as they are. {first}")


def refusal(spooled: Spooled, *, of: str, done: int) -> dg.Failure:
    """What a run says of the parts of a load that were refused, after the others were loaded."""
    refused = {name: reason for name, reason in spooled.refused.items() if name not in spooled.denied}
    reasons = [reason for _, reason in sorted(refused.items())]
    more = f" (and {len(reasons) - NAMED_IN_ERROR} more)" if len(reasons) > NAMED_IN_ERROR else ""
    return dg.Failure(
        description=f"{done} {of} were loaded, {len(reasons)} refused: "
        f"{', '.join(sorted(refused)[:NAMED_IN_ERROR])}{more}. {' '.join(reasons[:NAMED_IN_ERROR])}",
        metadata={"refused": dg.MetadataValue.json(refused), "loaded": done},
        allow_retries=False,
    )


def outputs(
    specs: Sequence[dg.AssetSpec], spooled: Spooled, metadata: Mapping[str, dict[str, Any]] | None = None
) -> "Iterator[dg.Output[Spooled]]":
    """An output a table; the IO manager adds what the load did. `metadata`: table -> more of it."""
    for spec in specs:
        more = (metadata or {}).get(spec.key.path[-1], {})
        yield dg.Output(spooled, output_name=spec.key.to_python_identifier(), metadata=more)
