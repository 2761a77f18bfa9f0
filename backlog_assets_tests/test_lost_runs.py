"""Runs whose process was killed: seen by their locks, reported once, out of the others' way."""

import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import dagster as dg
import pytest

from backlog_assets.executor import build_executor, folder_of, in_turn, pools_of_job
from backlog_assets.lost_runs import MESSAGE, NEVER_BEGUN, Seen, lost_runs, report_lost_runs
from backlog_assets.sensors import build_lost_runs_sensor
from backlog_assets.turns import at_work, forget, is_lost, runs_noted, turn
from backlog_assets_tests.processes import ended, killed, said, started

POOL = "backlog_example_backlog_com"
NOW = datetime(2026, 5, 1, 10, tzinfo=timezone.utc)
STARTED, CANCELING = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING
QUEUED, STARTING = dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "history").mkdir()
    # Two runs in threads of one process must not both capture its output.
    quiet = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    with dg.DagsterInstance.local_temp(str(tmp_path / "history"), overrides={"compute_logs": quiet}) as made:
        yield made


def seen(status: dg.DagsterRunStatus, *, lost: bool | None, minutes: float = 60, is_silent: bool = False) -> Seen:
    return Seen("run", status, lost, NOW - timedelta(minutes=minutes), is_silent)


@pytest.mark.parametrize(
    "alive",
    [
        seen(STARTED, lost=False),
        seen(CANCELING, lost=False),
        # Whether its process is gone cannot be known, and it has said something since.
        seen(STARTED, lost=None),
        # Just started: its process has not come to its first word.
        seen(STARTED, lost=None, minutes=1, is_silent=True),
        # No process yet; Dagster sees to those that never start.
        seen(QUEUED, lost=None, is_silent=True),
        seen(STARTING, lost=None, is_silent=True),
    ],
)
def test_a_run_that_may_be_alive_is_left_alone(alive: Seen) -> None:
    assert lost_runs([alive], NOW) == []


@pytest.mark.parametrize(
    "gone",
    [
        seen(STARTED, lost=True, minutes=0),
        seen(CANCELING, lost=True),
        seen(STARTED, lost=None, minutes=NEVER_BEGUN.total_seconds() / 60, is_silent=True),
    ],
)
def test_a_run_whose_process_is_gone_is_lost(gone: Seen) -> None:
    assert lost_runs([gone], NOW) == ["run"]


WORKER = """
    import sys
    from pathlib import Path
    from backlog_assets.turns import at_work_until_the_end, turn
    folder = Path(sys.argv[1])
    at_work_until_the_end(folder, "run")
    with turn(folder, "pool", lambda: print("waiting", flush=True)):
        print("working", flush=True)
        sys.stdin.readline()
    print("turn over", flush=True)
    sys.stdin.readline()
"""


def test_a_killed_process_is_known_to_be_gone_and_its_turn_is_free_at_once(tmp_path: Path) -> None:
    assert is_lost(tmp_path, "run") is None
    worker = started(WORKER, tmp_path)
    assert said(worker) == "working"
    assert is_lost(tmp_path, "run") is False
    killed(worker)
    assert is_lost(tmp_path, "run") is True
    waited: list[str] = []
    with turn(tmp_path, "pool", lambda: waited.append("waited")):
        assert waited == []
    forget(tmp_path, "run")
    assert is_lost(tmp_path, "run") is None
    assert runs_noted(tmp_path) == []


def test_one_waits_for_the_others_turn_and_is_alive_until_its_very_end(tmp_path: Path) -> None:
    with turn(tmp_path, "pool", lambda: None):
        worker = started(WORKER, tmp_path)
        assert said(worker) == "waiting"
    assert said(worker) == "working"
    assert worker.stdin is not None
    worker.stdin.write("\n")
    assert said(worker) == "turn over"
    assert is_lost(tmp_path, "run") is False
    worker.stdin.write("\n")
    ended(worker)
    assert is_lost(tmp_path, "run") is True


def test_what_is_at_work_within_a_block_leaves_nothing_behind(tmp_path: Path) -> None:
    with at_work(tmp_path, "run"):
        assert is_lost(tmp_path, "run") is False
    assert runs_noted(tmp_path) == []


LOADER = """
    import sys
    import dagster as dg
    from backlog_assets.executor import in_turn
    @dg.op(pool=sys.argv[3])
    def load():
        print("loading", flush=True)
        sys.stdin.readline()
    @dg.job
    def issues_job():
        load()
    with dg.DagsterInstance.local_temp(sys.argv[1]) as instance, in_turn(instance, sys.argv[2], [sys.argv[3]], print):
        issues_job.execute_in_process(instance=instance, run_id=sys.argv[2])
"""


def test_a_killed_run_is_reported_once_and_the_next_one_succeeds(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run_id = str(uuid.uuid4())
    loader = started(LOADER, tmp_path / "history", run_id, POOL)
    assert said(loader) == "loading"
    assert report_lost_runs(instance) == {}
    killed(loader)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status is STARTED
    assert report_lost_runs(instance) == {run_id: "issues_job"}
    assert report_lost_runs(instance) == {}
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE
    messages = [entry.dagster_event.message for entry in instance.all_logs(run_id) if entry.dagster_event]
    assert messages.count(MESSAGE) == 1
    assert runs_noted(folder_of(instance)) == []
    again = started(LOADER, tmp_path / "history", str(uuid.uuid4()), POOL)
    assert said(again) == "loading"
    ended(again)


def test_a_lost_run_that_was_being_canceled_is_canceled(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run_id = str(uuid.uuid4())
    loader = started(LOADER, tmp_path / "history", run_id, POOL)
    assert said(loader) == "loading"
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_run_canceling(run)
    killed(loader)
    assert report_lost_runs(instance) == {run_id: "issues_job"}
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.CANCELED


def test_a_run_that_never_said_a_word_is_given_up_after_a_while(instance: dg.DagsterInstance) -> None:
    run = instance.add_run(dg.DagsterRun("issues_job", run_id=str(uuid.uuid4()), status=STARTING))
    instance.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, "issues_job", message="started"), run.run_id
    )
    assert report_lost_runs(instance) == {}
    assert report_lost_runs(instance, datetime.now(timezone.utc) + NEVER_BEGUN) == {run.run_id: "issues_job"}


def test_the_sensor_says_what_it_has_reported(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run_id = str(uuid.uuid4())
    loader = started(LOADER, tmp_path / "history", run_id, POOL)
    assert said(loader) == "loading"
    killed(loader)
    told = []
    for _ in range(2):
        with dg.build_sensor_context(instance=instance) as context:
            told.append(str(build_lost_runs_sensor().evaluate_tick(context).skip_message))
    assert told == [f"Reported as failed: {run_id} (issues_job).", "Every run under way is at work."]


@dg.op(pool=POOL)
def send_requests() -> None: ...


@dg.op
def look() -> None: ...


@dg.job(executor_def=build_executor())
def loading_job() -> None:
    send_requests()
    look()


@dg.job(executor_def=build_executor())
def looking_job() -> None:
    look()


def test_a_run_waits_until_the_turn_of_its_pool_is_free_and_says_so(instance: dg.DagsterInstance) -> None:
    waiting = threading.Event()
    results: list[bool] = []

    def run() -> None:
        with dg.execute_job(dg.reconstructable(loading_job), instance=instance) as result:
            results.append(result.success)

    with in_turn(instance, "sync", [POOL], lambda _: None):
        thread = threading.Thread(target=run)
        thread.start()
        while not waiting.is_set():
            logs = [entry.user_message for run in instance.get_runs() for entry in instance.all_logs(run.run_id)]
            if f"Another run is sending requests (pool {POOL}); this one waits until it is over." in logs:
                waiting.set()
        assert results == []
        with dg.execute_job(dg.reconstructable(looking_job), instance=instance) as result:
            assert result.success
    thread.join()
    assert results == [True]
    assert report_lost_runs(instance) == {}


def test_the_pools_of_a_job_are_those_of_its_steps() -> None:
    assert pools_of_job(loading_job) == [POOL]
    assert pools_of_job(looking_job) == []
