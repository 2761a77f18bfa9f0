"""Runs the contenders in turn, each load in a fresh process and folder, and compares what came. Prints nothing."""

import math
import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

import psutil

from bench.child import LOG, Cost, measure
from bench.contenders import CONTENDERS, DLT, OURS, Load
from bench.job import PAGE, Job
from bench.serving import Serving

SLOW_FROM = 50_000
"""From so many issues on, dlt as it comes has one round only: it takes minutes."""

SAMPLE_SECONDS = 0.1
"""How often the memory of a load's process and its own child processes is added up."""

ISSUES, COUNT = "/issues", "/issues/count"


@dataclass(frozen=True)
class Run:
    """One load: its cost and the requests the server saw."""

    cost: Cost
    requests: Counter[str]


@dataclass
class Outcome:
    """All loads of one number of issues: contender -> its rounds; `problems` are sentences on what came out wrong."""

    issues: int
    runs: dict[str, list[Run]] = field(default_factory=dict[str, list[Run]])
    problems: list[str] = field(default_factory=list[str])

    def median(self, name: str, value: Callable[[Cost], float]) -> float:
        return median(value(run.cost) for run in self.runs[name])

    def ratio(self, above: str, below: str) -> float:
        """Wall times of two contenders: median of the ratios of each round, for a round's loads share their weather."""
        pairs = zip(self.runs[above], self.runs[below], strict=False)
        return median(one.cost.wall_seconds / other.cost.wall_seconds for one, other in pairs)


def rounds_of(name: str, issues: int, rounds: int) -> int:
    return min(1, rounds) if name == DLT and issues >= SLOW_FROM else rounds


def run(issues: int, rounds: int, say: Callable[[str], None], names: Iterable[str] = CONTENDERS) -> Outcome:
    """Every contender in every round, one after the other. `say` hears of each load."""
    outcome = Outcome(issues, {name: [] for name in names})
    say(f"making up a space of {issues:,} issues")
    with Serving(issues) as serving:
        for number in range(1, rounds + 1):
            for name, runs in outcome.runs.items():
                if number > rounds_of(name, issues, rounds):
                    continue
                say(f"{issues:,} issues, round {number} of {rounds}: {name}")
                with tempfile.TemporaryDirectory(prefix="backlog-bench-") as folder:
                    cost = load_apart(name, CONTENDERS[name], Job(serving.space, issues, Path(folder)))
                runs.append(Run(cost, serving.requests()))
        outcome.problems = problems(outcome, serving.ids)
    return outcome


def load_apart(name: str, contender: Callable[[Job], Load], job: Job) -> Cost:
    """One load in a new process; `name` is told where it fails. Its peak is that of all its processes together."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=measure, args=(there, contender, job))
    process.start()
    there.close()
    together = 0.0
    while not here.poll(SAMPLE_SECONDS):
        together = max(together, _resident_mib(process.pid or 0))
    try:
        cost: Cost = here.recv()
    except EOFError:
        output = (job.folder / LOG).read_text() if (job.folder / LOG).exists() else ""
        raise RuntimeError(f"{name} failed:\n{output}") from None
    finally:
        process.join()
    return replace(cost, peak_mib=max(cost.peak_mib, together))


def _resident_mib(pid: int) -> float:
    """Resident memory of a process, and what each of its child processes has for itself. 0 where one has just ended.

    Dagster captures output with a few small ones, dlt normalizes in a second one. What they share with their parent
    is counted once: a process that was just forked would else count as a second whole one.
    """
    try:
        parent = psutil.Process(pid)
        children = sum(child.memory_full_info().uss for child in parent.children(recursive=True))
        return (parent.memory_info().rss + children) / 2**20
    except psutil.Error:
        return 0.0


def problems(outcome: Outcome, ids: frozenset[int]) -> list[str]:
    """What makes the numbers worthless: other ids, repeated ids, other child rows, other requests than promised."""
    found: list[str] = []
    for name, runs in outcome.runs.items():
        for number, one in enumerate(runs, start=1):
            told = f"{outcome.issues:,} issues, round {number}, {name}"
            found += [f"{told}: {problem}" for problem in _ids_problems(one.cost.ids, ids)]
            found += [f"{told}: {problem}" for problem in _request_problems(name, one.requests, outcome.issues)]
    found += _row_problems(outcome.runs)
    return found


def _ids_problems(loaded: list[int], there: frozenset[int]) -> Iterable[str]:
    missing, foreign = there - set(loaded), set(loaded) - there
    if missing:
        yield f"{len(missing)} issues were not loaded, such as {min(missing)}"
    if foreign:
        yield f"{len(foreign)} ids are of no issue, such as {min(foreign)}"
    if len(loaded) != len(set(loaded)):
        yield f"{len(loaded) - len(set(loaded))} issues were loaded twice"


def _request_problems(name: str, requests: Counter[str], issues: int) -> Iterable[str]:
    """One request a page, and one more: the count, or the empty page that ends the list."""
    pages = max(1, math.ceil(issues / PAGE))
    sent = requests[ISSUES], requests[COUNT]
    allowed = {(pages, 1)} if name == OURS else {(pages, 0), (pages + 1, 0)}
    if sent not in allowed:
        yield f"{sent[0]} requests for issues and {sent[1]} for their count; {pages} pages are there"
    if requests.total() != sum(sent):
        yield f"requests for something else: {dict(requests)}"


def _row_problems(runs: Mapping[str, list[Run]]) -> Iterable[str]:
    """Ours and dlt as it comes both make a table of each list; each must have the same number of rows in both."""
    if not runs.get(OURS) or not runs.get(DLT):
        return
    own, other = runs[OURS][0].cost.rows, runs[DLT][0].cost.rows
    for list_name, rows in own.items():
        if rows != other.get(list_name, 0):
            yield f"{list_name}: {rows:,} rows in ours, {other.get(list_name, 0):,} in dlt's"
