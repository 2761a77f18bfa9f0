"""The command line of the benchmark. Its exit status tells whether what was loaded is right, never how fast it was."""

import argparse
from collections.abc import Sequence

from rich.console import Console

from bench.changes import DELETED, follow
from bench.report import CHANGES_NOTES, NOTES, growth, machine, markdown, print_outcome
from bench.rounds import SLOW_FROM, run

ISSUES = (10_000, 100_000)
QUICK = (2_000,)
ROUNDS = 3
CHANGED, COMMENTED = 10_000, 1_000
"""Issues of the second table: those that change, and those whose comments are loaded."""
FEWEST = 10 * DELETED
"""Issues below which the second table would be about deletions only."""
LOAD, CHANGES = "load", "changes"
WIDTH = 130
"""Columns where the output is no terminal: the table must not be folded in a log."""


def main(args: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--table",
        choices=(LOAD, CHANGES),
        help="print only this: first loads of all issues, or loads of what changed, and comments; default: both",
    )
    parser.add_argument(
        "--issues",
        type=int,
        nargs="+",
        metavar="N",
        help=f"numbers of issues; default: {ISSUES}. The table of changes takes the lowest; default: {CHANGED:,}",
    )
    parser.add_argument(
        "--rounds", type=int, help=f"loads by each contender; default: {ROUNDS}, and 1 for the table of changes"
    )
    parser.add_argument("--quick", action="store_true", help=f"one round of {QUICK[0]:,} issues, to see that it works")
    asked = parser.parse_args(args)
    sizes = sorted(asked.issues or (QUICK if asked.quick else ISSUES))
    changed = sizes[0] if asked.issues or asked.quick else CHANGED
    rounds = 1 if asked.quick else ROUNDS if asked.rounds is None else asked.rounds
    if rounds < 1 or sizes[0] < 1:
        parser.error("at least one round and one issue are needed")
    if asked.table != LOAD and changed < FEWEST:
        parser.error(f"the table of changes needs {FEWEST} issues; with --table {LOAD} fewer will do")

    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    console.print(machine(), highlight=False)
    problems: list[str] = []
    if asked.table != CHANGES:
        problems += _load(console, sizes, rounds)
    if asked.table != LOAD:
        problems += _changes(console, changed, 1 if asked.quick else asked.rounds or 1)
    for problem in problems:
        console.print(f"[red]{problem}[/]", highlight=False)
    if problems:
        console.print("The numbers above compare nothing: not all have loaded what they should.")
    return 1 if problems else 0


def _load(console: Console, sizes: Sequence[int], rounds: int) -> list[str]:
    """Measures and prints the first table; returns what makes its numbers worthless."""
    outcomes = []
    for issues in sizes:
        with console.status("") as status:
            outcome = run(issues, rounds, lambda told, status=status: status.update(told))
        outcomes.append(outcome)
        print_outcome(console, outcome)
        if issues >= SLOW_FROM and rounds > 1:
            console.print("dlt as it comes had one round at this size, because it takes minutes.\n")
    if len(sizes) > 1:
        console.print(growth(outcomes), highlight=False)
    console.print(NOTES, style="dim", highlight=False)
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    if not problems:
        console.print("All loaded the same ids, those the server holds.\n")
    return problems


def _changes(console: Console, issues: int, rounds: int) -> list[str]:
    """Measures and prints the second table; returns what makes its numbers worthless."""
    with console.status("") as status:
        following = follow(issues, min(issues, COMMENTED), rounds, status.update)
    console.print(markdown(following), markup=False, highlight=False, soft_wrap=True)
    console.print(CHANGES_NOTES, style="dim", highlight=False)
    return following.problems
