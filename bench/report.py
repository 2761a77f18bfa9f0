"""Prints what was measured: a table for each number of issues, each aim with its figure, and the table of changes.

Decides nothing.
"""

import math
import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.changes import Following, Stage
from bench.child import Cost
from bench.contenders import DLT, DLT_TUNED, DLT_TUNED_FURTHER, FLOOR, OURS
from bench.job import PAGE
from bench.rounds import COUNT, ISSUES, Outcome

TIMES_FLOOR = 2.0
FASTER_THAN_TUNED = 3.0
FASTER_THAN_DLT = 10.0
PEAK_MIB = 350.0
GROWTH = 0.15
"""The aims: wall time in floors, how many times faster than dlt, peak memory, and how much more of it ten times the
issues may take."""

NOTES = """wall, CPU: the load itself (CPU with its child processes), medians; in brackets lowest and highest.
x floor: median of each round's ratio. peak: highest resident memory of process and child processes, imports included.
start: imports, definitions and an empty run history, before the load and not in its wall time.
floor: requests with keep-alive and response.json(), nothing written. dlt tuned: parquet, lists as JSON columns of one
table. dlt tuned further: its page selector compiled once as well."""

CHANGES_NOTES = """seconds: wall time of the load (medians; in brackets lowest and highest), imports and definitions
before it are not in it. CPU s: of the same, child processes included. rows wrong: what the table holds afterwards
against what the space holds (id, updated, text), in the worst round. Changed and deleted issues are spread over the
whole list; activities tell of the changes and not of the deletions.
backlog-assets: a Dagster run of activities and issues (last row: and comments) with child tables, without
the checks that follow it (the count that proves the issues complete is part of the load).
dlt incremental: updatedSince from the newest updated, latest first, stopping where it reaches what it has, merged by
id; it has no way to see a deletion. dlt, all anew: all is read and the table replaced. Both are tuned further as in the
first table (no child tables) and end at a page that is not full; comments are a child resource, asked for one issue at
a time."""


def markdown(following: Following) -> str:
    """The table of changes, as the README has it."""
    lines = [
        f"| after a first load of {following.issues:,} issues | | requests | seconds | CPU s | rows wrong |",
        "|---|---|---|---|---|---|",
    ]
    for stage in following.stages:
        lines += [_row(stage, name) for name in stage.loads]
    return "\n".join(lines) + "\n"


def _row(stage: Stage, name: str) -> str:
    costs = [one.run.cost for one in stage.loads[name]]
    wall = [cost.wall_seconds for cost in costs]
    cells = [
        name,
        " or ".join(f"{count:,}" for count in stage.requests(name)),
        _spread(wall[0], wall, median(wall)),
        f"{median(cost.cpu_seconds for cost in costs):.2f}",
        str(stage.wrong(name)),
    ]
    shown = [f"**{cell}**" for cell in cells] if name == OURS else cells
    return f"| {stage.title} | {' | '.join(shown)} |"


def print_outcome(console: Console, outcome: Outcome) -> None:
    table = Table(title=f"{outcome.issues:,} issues", title_justify="left")
    table.add_column("contender", no_wrap=True)
    for heading in ("rounds", "wall s", "x floor", "CPU s", "peak MiB", "requests", "tables", "rows", "start s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, runs in outcome.runs.items():
        last = runs[-1]
        rows = last.cost.rows
        table.add_row(
            name,
            str(len(runs)),
            _spread(runs[0].cost.wall_seconds, [run.cost.wall_seconds for run in runs], outcome.median(name, _wall)),
            f"{outcome.ratio(name, FLOOR):.2f}",
            f"{outcome.median(name, lambda cost: cost.cpu_seconds):.2f}",
            f"{outcome.median(name, _peak):.0f}",
            f"{last.requests[ISSUES]:,}" + (f" + {last.requests[COUNT]}" if last.requests[COUNT] else ""),
            str(len(rows)) if rows else "-",
            f"{sum(rows.values()):,}" if rows else "-",
            f"{outcome.median(name, lambda cost: cost.start_seconds):.2f}",
        )
    console.print(table)
    for aim in aims(outcome):
        console.print(aim, highlight=False)
    console.print()


def aims(outcome: Outcome) -> Iterator[str]:
    """A line for each aim at one number of issues."""
    ratio = outcome.ratio(OURS, FLOOR)
    yield _line(ratio <= TIMES_FLOOR, f"wall time {ratio:.2f} x the floor (at most {TIMES_FLOOR:g} x)")
    for name, wanted in (
        (DLT_TUNED, FASTER_THAN_TUNED),
        (DLT_TUNED_FURTHER, FASTER_THAN_TUNED),
        (DLT, FASTER_THAN_DLT),
    ):
        faster = outcome.ratio(name, OURS)
        yield _line(faster >= wanted, f"{faster:.1f} x faster than {name} (at least {wanted:g} x)")
    peak = outcome.median(OURS, _peak)
    yield _line(peak < PEAK_MIB, f"peak memory {peak:.0f} MiB (under {PEAK_MIB:g} MiB)")
    requests = [(run.requests[ISSUES], run.requests[COUNT]) for run in outcome.runs[OURS]]
    pages = max(1, math.ceil(outcome.issues / PAGE))
    told = " or ".join(f"{issues:,} + {count}" for issues, count in sorted(set(requests)))
    yield _line(set(requests) == {(pages, 1)}, f"requests for the issues: {told} (exactly {pages:,}, and one count)")


def growth(outcomes: Sequence[Outcome]) -> str:
    """The aim that needs two numbers of issues: peak memory of the largest against the smallest."""
    small, large = (outcomes[0], outcomes[-1])
    grown = large.median(OURS, _peak) / small.median(OURS, _peak) - 1
    return _line(
        grown <= GROWTH,
        f"peak memory at {large.issues:,} issues is {grown:+.0%} of that at {small.issues:,} (at most +{GROWTH:.0%})",
    )


def machine() -> str:
    """What it was measured on: the numbers are no one's but this machine's."""
    tools = ", ".join(f"{name} {version(name)}" for name in ("dagster", "duckdb", "dlt", "requests", "orjson"))
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, {tools}"
    )


def _spread(only: float, values: Sequence[float], middle: float) -> str:
    return f"{only:.2f}" if len(values) == 1 else f"{middle:.2f} ({min(values):.2f}-{max(values):.2f})"


def _line(is_met: bool, what: str) -> str:
    return f"[green]met   [/] {what}" if is_met else f"[red]missed[/] {what}"


def _wall(cost: Cost) -> float:
    return cost.wall_seconds


def _peak(cost: Cost) -> float:
    return cost.peak_mib
