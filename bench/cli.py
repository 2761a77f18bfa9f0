"""The command line of the benchmark. Its exit status tells whether all loaded the same, never how fast they were."""

import argparse
from collections.abc import Sequence

from rich.console import Console

from bench.report import NOTES, growth, machine, print_outcome
from bench.rounds import SLOW_FROM, run

ISSUES = (10_000, 100_000)
QUICK = (2_000,)
WIDTH = 130
"""Columns where the output is no terminal: the table must not be folded in a log."""


def main(args: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--issues", type=int, nargs="+", metavar="N", help=f"numbers of issues; default: {ISSUES}")
    parser.add_argument("--rounds", type=int, default=3, help="loads by each contender; default: 3")
    parser.add_argument("--quick", action="store_true", help=f"one round of {QUICK[0]:,} issues, to see that it works")
    asked = parser.parse_args(args)
    sizes = sorted(asked.issues or (QUICK if asked.quick else ISSUES))
    rounds = 1 if asked.quick else asked.rounds
    if rounds < 1 or sizes[0] < 1:
        parser.error("at least one round and one issue are needed")

    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    console.print(machine(), highlight=False)
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
    for problem in problems:
        console.print(f"[red]{problem}[/]", highlight=False)
    if problems:
        console.print("The numbers above compare nothing: not all have loaded the same.")
        return 1
    console.print("All loaded the same ids, those the server holds.")
    return 0
