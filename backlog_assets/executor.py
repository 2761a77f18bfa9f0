"""The executor of every run: all steps in one process, and one run at a time in a concurrency pool.

Dagster's run queue lets runs of one pool start one after the other (`dagster.yaml`), but knows nothing of what does not
come through it: `backlog-assets sync`, another daemon, settings of somebody else's. The turn taken here is the last
word. It also tells `lost_runs` that the run's process lives.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import dagster as dg

from backlog_assets.turns import at_work, at_work_until_the_end, turn


class InTurn(dg.Executor):
    """Runs everything as `inner` does, when it is this run's turn."""

    def __init__(self, inner: dg.Executor) -> None:
        self._inner = inner

    @property
    def retries(self) -> Any:
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        return self._inner.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[Any]:
        folder = folder_of(plan_context.instance)
        at_work_until_the_end(folder, plan_context.run_id)
        with ExitStack() as turns:
            for pool in pools_of(execution_plan):
                turns.enter_context(turn(folder, pool, lambda name=pool: plan_context.log.info(waiting_for(name))))
            yield from self._inner.execute(plan_context, execution_plan)


def build_executor() -> dg.ExecutorDefinition:
    """Dagster's in-process executor, taking turns; its name and its run config are the same."""
    inner = dg.in_process_executor

    def create(init_context: dg.InitExecutorContext) -> dg.Executor:
        assert inner.executor_creation_fn is not None
        return InTurn(inner.executor_creation_fn(init_context))

    return dg.ExecutorDefinition(
        name=inner.name,
        config_schema=cast("Any", inner.config_schema),
        executor_creation_fn=create,
        description="All steps in one process, one run of a concurrency pool at a time.",
    )


def pools_of(execution_plan: Any) -> list[str]:
    """The pools of the steps to be executed, in the order in which everybody takes their turns."""
    chosen = set(execution_plan.step_keys_to_execute)
    return sorted({step.pool for step in execution_plan.steps if step.key in chosen and step.pool})


def pools_of_job(job: dg.JobDefinition) -> list[str]:
    """The pools of all steps of a job."""
    return sorted({op.pool for op in job.all_node_defs if isinstance(op, dg.OpDefinition) and op.pool})


def folder_of(instance: dg.DagsterInstance) -> Path:
    """Where the processes that share an instance meet: its own folder, which may be given relative to this one."""
    return Path(instance.root_directory).resolve()


def waiting_for(pool: str) -> str:
    return f"Another run is sending requests (pool {pool}); this one waits until it is over."


@contextmanager
def in_turn(
    instance: dg.DagsterInstance, run_id: str, pools: Sequence[str], waiting: Callable[[str], None]
) -> Generator[None]:
    """What the executor does, for a run that is executed by other means (`execute_in_process`).

    `waiting` is told, in a sentence, where another run has the turn.
    """
    folder = folder_of(instance)
    with ExitStack() as stack:
        for pool in sorted(set(pools)):
            stack.enter_context(turn(folder, pool, lambda name=pool: waiting(waiting_for(name))))
        stack.enter_context(at_work(folder, run_id))
        yield
