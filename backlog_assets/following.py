"""A load and its log: what it will cost before it begins, and once a minute how far it has come. Sends nothing."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from backlog_assets.client import BacklogClient
from backlog_assets.cost import REQUEST_SECONDS, Estimate, Known, cost_told, duration, quotas_of, seconds_left
from backlog_assets.progress import Step, through

FEW = 5
"""A load of so many requests is over before its cost is read."""

EVERY_SECONDS = 60.0


@contextmanager
def followed(
    log: Any,
    client: BacklogClient,
    headroom: float,
    estimate: Estimate,
    known: Known | None = None,
) -> Generator[None]:
    """While inside, what is read of a table is told to `log`: first its cost, then a line a minute with the time left.

    Whoever watches outside (the terminal of `sync`) gets the time left with each step as well.
    """
    known = known or Known()
    before, started = client.usage, client.now()
    if estimate.total > FEW or estimate.at_least:
        quotas = quotas_of(client.quotas, known.limits, started)
        told = cost_told([estimate], quotas, headroom, started, known.request_seconds or REQUEST_SECONDS)
        log.info(f"{estimate.table}: {told}.")
    said = started

    def change(step: Step) -> Step:
        nonlocal said
        at, usage = client.now(), client.usage.since(before)
        if not step.is_over:
            busy = at - started - usage.waited_seconds
            left = seconds_left(step.done, step.total, usage.requests_by_class, busy, client.quotas, headroom, at)
            step = replace(step, seconds_left=left)
            if is_due(said, at):
                said = at
                log.info(f"{progress_told(step)} ({usage.requests:,} requests, {usage.waited_seconds:.0f} s waited).")
        return step

    with through(change):
        yield


def is_due(said: float, now: float) -> bool:
    """Whether a new minute of the clock has begun since the last line.

    Not whether 60 seconds are over: waiting for the rate limit ends with a minute, and would hide every other line.
    """
    return now // EVERY_SECONDS > said // EVERY_SECONDS


def progress_told(step: Step) -> str:
    """`issues: 1,200 of 5,000 read (24 %), about 3 minutes left`."""
    if not step.total:
        return f"{step.table}: {step.done:,} read so far"
    left = "" if step.seconds_left is None else f", {duration(step.seconds_left)} left"
    return f"{step.table}: {step.done:,} of {step.total:,} read ({step.done * 100 // step.total} %){left}"
