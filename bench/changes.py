"""The second table: what a load costs after a first one, when nothing changed or little; and comments. Prints nothing.

Every load is in a process of its own, as in the first table. What each holds afterwards is compared with the space:
that it is wrong is a result here, not a failure of the benchmark, for some cannot be right; only ours must be.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.contenders import OURS, Load
from bench.following import COMMENTERS, FOLLOWERS
from bench.job import Job, Row
from bench.rounds import Run, load_apart
from bench.serving import Serving

DELETED = 10
"""Issues that are deleted untold."""

ACTIVITIES = 500
"""Recent updates of the space at first: a load by changes reads only newer ones, and they are not what is measured."""


@dataclass(frozen=True)
class Wrong:
    """How the rows of a table differ from the space: not there, older than they are, gone but there, there twice."""

    missing: int = 0
    stale: int = 0
    remaining: int = 0
    twice: int = 0

    @property
    def is_any(self) -> bool:
        return self != Wrong()

    def __str__(self) -> str:
        told = {"missing": self.missing, "stale": self.stale, "twice": self.twice}
        parts = [f"{count:,} {name}" for name, count in told.items() if count]
        if self.remaining:
            parts.append(f"{self.remaining:,} deleted remain")
        return ", ".join(parts) or "none"


def compared(held: Sequence[Row], there: Sequence[Row]) -> Wrong:
    """`held` against what is `there`: rows as `job.Row`, in any order."""
    ids, truth = Counter(row[0] for row in held), {row[0]: row for row in there}
    rows = {row[0]: row for row in held}
    return Wrong(
        missing=len(truth.keys() - ids.keys()),
        stale=sum(1 for id_, row in rows.items() if id_ in truth and truth[id_] != row),
        remaining=len(ids.keys() - truth.keys()),
        twice=sum(1 for count in ids.values() if count > 1),
    )


@dataclass(frozen=True)
class Followed:
    """One load after a change: what it took, and what was wrong in the table at its end."""

    run: Run
    wrong: Wrong


@dataclass
class Stage:
    """What had happened before the loads; contender -> its load of each round."""

    title: str
    loads: dict[str, list[Followed]] = field(default_factory=dict[str, list[Followed]])

    def requests(self, name: str) -> list[int]:
        """The numbers of requests of the rounds: each number once, the lowest first."""
        return sorted({one.run.requests.total() for one in self.loads[name]})

    def wrong(self, name: str) -> Wrong:
        """The worst of the rounds."""
        return max((one.wrong for one in self.loads[name]), key=lambda one: sum(vars(one).values()))


@dataclass
class Following:
    """All stages; `problems` are sentences on what makes the numbers worthless."""

    issues: int
    commented: int
    rounds: int
    stages: list[Stage] = field(default_factory=list[Stage])
    problems: list[str] = field(default_factory=list[str])


def follow(issues: int, commented: int, rounds: int, say: Callable[[str], None]) -> Following:
    """The changes of so many issues, then the comments of the `commented`. `say` hears of each load."""
    following = Following(issues, commented, rounds)
    few = max(1, issues // 100)
    steps: Mapping[str, Callable[[Serving], None]] = {
        "nothing changed": lambda _: None,
        f"1 % changed ({few:,})": lambda serving: serving.update(few),
        f"{DELETED} deleted, untold": lambda serving: serving.delete(DELETED),
    }
    following.stages = [Stage(title, {name: [] for name in FOLLOWERS}) for title in steps]
    say(f"making up a space of {issues:,} issues")
    with Serving(issues, activities=ACTIVITIES) as serving:
        for number in range(1, rounds + 1):
            with _jobs(FOLLOWERS, serving, issues) as jobs:
                for name, job in jobs.items():
                    say(f"round {number} of {rounds}, first load: {name}")
                    _, wrong = _measured(name, FOLLOWERS[name], job, serving, serving.issues())
                    if wrong.is_any:
                        following.problems.append(f"first load, round {number}, {name}: rows wrong: {wrong}")
                for stage, happen in zip(following.stages, steps.values(), strict=True):
                    happen(serving)
                    there = serving.issues()
                    for name, job in jobs.items():
                        say(f"round {number} of {rounds}, {stage.title}: {name}")
                        stage.loads[name].append(Followed(*_measured(name, FOLLOWERS[name], job, serving, there)))
    following.stages.append(_comments(commented, rounds, say))
    following.problems += list(_problems(following.stages))
    return following


def _comments(issues: int, rounds: int, say: Callable[[str], None]) -> Stage:
    stage = Stage(f"first load of {issues:,} issues with their comments", {name: [] for name in COMMENTERS})
    say(f"making up a space of {issues:,} issues with comments")
    with Serving(issues, activities=ACTIVITIES, comments=True) as serving:
        there = serving.comments()
        for number in range(1, rounds + 1):
            with _jobs(COMMENTERS, serving, issues) as jobs:
                for name, job in jobs.items():
                    say(f"round {number} of {rounds}, {stage.title}: {name}")
                    stage.loads[name].append(Followed(*_measured(name, COMMENTERS[name], job, serving, there)))
    return stage


@contextmanager
def _jobs(names: Mapping[str, object], serving: Serving, issues: int) -> Iterator[dict[str, Job]]:
    """A folder for each contender, which its loads share while the `with` statement lasts."""
    with tempfile.TemporaryDirectory(prefix="backlog-bench-") as folder:
        jobs = {name: Job(serving.space, issues, Path(folder) / str(place)) for place, name in enumerate(names)}
        for job in jobs.values():
            job.folder.mkdir()
        yield jobs


def _measured(
    name: str, contender: Callable[[Job], Load], job: Job, serving: Serving, there: Sequence[Row]
) -> tuple[Run, Wrong]:
    cost = load_apart(name, contender, job)
    return Run(cost, serving.requests()), compared(cost.held, there)


def _problems(stages: Sequence[Stage]) -> Iterator[str]:
    for stage in stages:
        wrong = stage.wrong(OURS)
        if wrong.is_any:
            yield f"{stage.title}, {OURS}: rows wrong: {wrong}"
