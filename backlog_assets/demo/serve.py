"""Runs a demo space until it is told to stop; what the command `demo` calls. Reads faults from text."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Sequence

from backlog_assets.demo.faults import KINDS, Fault
from backlog_assets.demo.server import DemoServer
from backlog_assets.demo.space import DemoSpace

SYNTAX = "kind[:path[:after[:times]]][,name=value...]"
OPTIONS: dict[str, Callable[[str], object]] = {
    "seconds": float,
    "retry_after": int,
    "reset_headers": lambda text: {"true": True, "false": False}[text],
    "location": str,
    "field": str,
}


def parse_fault(text: str) -> Fault:
    """A fault from text such as `reset:/issues:3` or `slow:/projects/*/versions:0:1,seconds=5`.

    Raises ValueError that says what is wrong and how it is written.
    """
    head, *options = text.split(",")
    kind, *rest = head.split(":")
    if kind not in KINDS:
        raise ValueError(f"{text!r}: there is no fault {kind!r}; there are {', '.join(KINDS)}")
    if len(rest) > 3:
        raise ValueError(f"{text!r}: a fault is written {SYNTAX}")
    fault = Fault(kind)
    if rest and rest[0]:
        if not rest[0].startswith(("/", "*")):
            raise ValueError(f"{text!r}: the path {rest[0]!r} must begin with /, as in reset:/issues:3")
        fault.path = rest[0]
    fault.after = _number(text, rest[1]) if len(rest) > 1 else 0
    fault.times = _number(text, rest[2]) if len(rest) > 2 else None
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or name not in OPTIONS:
            raise ValueError(f"{text!r}: there is no option {option!r}; there are {', '.join(OPTIONS)}")
        try:
            setattr(fault, name, OPTIONS[name](value))
        except (KeyError, ValueError):
            raise ValueError(f"{text!r}: {name} cannot be {value!r}") from None
    return fault


def _number(text: str, part: str) -> int:
    if not part.isdecimal():
        raise ValueError(f"{text!r}: {part!r} is no number; a fault is written {SYNTAX}")
    return int(part)


def serve(
    *,
    port: int = 0,
    seed: int = 1,
    date: str | None = None,
    issues: int = 1_500,
    projects: int = 6,
    users: int = 14,
    teams: int = 5,
    plan: str = "generous",
    faults: Sequence[str] = (),
    dates: str = "utc",
    say: Callable[[str], object] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serves until Ctrl-C, SIGTERM or `stop`. `say` gets each line for the user; without it standard output does."""
    broken = [parse_fault(text) for text in faults]
    space = DemoSpace(seed, date, issues, projects, users, teams, dates=dates)
    stop = stop or threading.Event()
    tell = say or _print
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: stop.set())
    with DemoServer(space, plan, port) as server:
        server.faults.extend(broken)
        tell(f"Demo space at {server.url} ({len(space.issues)} issues, plan {plan})")
        tell(f"API key: {server.api_key}")
        tell(f"API key of a member without rights: {server.member_key}")
        # In slices: an endless wait would not let the signal handlers run on every platform.
        while not stop.wait(0.5):
            continue


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
