"""The command's half: faults from text, a server that runs until told to stop; and what the package may not import."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
import requests

from backlog_assets.demo import Fault
from backlog_assets.demo.serve import parse_fault, serve


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("reset", Fault("reset")),
        ("reset:/issues:3", Fault("reset", path="/issues", after=3)),
        ("500:/projects/*/versions:0:2", Fault("500", path="/projects/*/versions", times=2)),
        ("slow:/issues:1:1,seconds=2.5", Fault("slow", path="/issues", after=1, times=1, seconds=2.5)),
        (
            "429:/issues,retry_after=9,reset_headers=false",
            Fault("429", path="/issues", retry_after=9, reset_headers=False),
        ),
        ("bad_value:/issues,field=createdUser.id", Fault("bad_value", path="/issues", field="createdUser.id")),
        ("redirect,location=http://127.0.0.1:9/x", Fault("redirect", location="http://127.0.0.1:9/x")),
    ],
)
def test_a_fault_is_read_from_text(text: str, fault: Fault):
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flood:/issues", "there is no fault 'flood'"),
        ("reset:issues", "must begin with /"),
        ("reset:/issues:soon", "'soon' is no number"),
        ("reset:/issues:1:2:3", "a fault is written kind"),
        ("slow,speed=3", "there is no option 'speed=3'"),
        ("slow,seconds=long", "seconds cannot be 'long'"),
        ("429,reset_headers=perhaps", "reset_headers cannot be 'perhaps'"),
    ],
)
def test_a_fault_that_cannot_be_read_says_why(text: str, message: str):
    with pytest.raises(ValueError, match=message):
        parse_fault(text)


def test_serve_tells_address_and_key_and_runs_until_it_is_stopped():
    lines: list[str] = []
    started, stop = threading.Event(), threading.Event()

    def say(line: str) -> None:
        lines.append(line)
        if len(lines) == 3:
            started.set()

    options = {"issues": 10, "faults": ["404:/issues"], "say": say, "stop": stop}
    thread = threading.Thread(target=serve, kwargs=options)
    thread.start()
    assert started.wait(20)
    url = lines[0].split()[3]
    key = lines[1].rsplit(maxsplit=1)[-1]
    assert requests.get(f"{url}/api/v2/space", params={"apiKey": key}, timeout=5).status_code == 200
    assert requests.get(f"{url}/api/v2/issues", params={"apiKey": key}, timeout=5).status_code == 404
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/api/v2/space", timeout=5)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_serve_in_order(number: signal.Signals):
    code = "from backlog_assets.demo.serve import serve; serve(issues=5); print('ended')"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Demo space at http://127.0.0.1:")
        process.send_signal(number)
        assert process.stdout.read().endswith("ended\n")
    assert process.returncode == 0


def test_the_demo_imports_nothing_of_the_rest_of_the_product():
    code = """
import sys
import backlog_assets.demo.serve
ours = [name for name in sys.modules if name.startswith("backlog_assets.")]
rest = [name for name in ours if not name.startswith("backlog_assets.demo")]
heavy = [name for name in ("dagster", "duckdb", "pandas", "requests") if name in sys.modules]
print(rest, heavy)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] []\n"
