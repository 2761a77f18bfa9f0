"""The project partitions, and the decision which of them to add or drop. The decision is pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import dagster as dg

NAME = "projects"
PROJECTS = dg.DynamicPartitionsDefinition(name=NAME)
"""One partition a project key, archived projects included."""


RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
"""Tags of a run that loads all partitions from one to another."""

UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class ProjectChanges:
    """Partitions to add and to drop, each in order, and why something was left alone."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    note: str = ""


def project_changes(
    known: Collection[str], listed: Collection[str], *, in_flight: Collection[str] = ()
) -> ProjectChanges:
    """What turns the `known` partitions into the `listed` projects.

    `listed` comes from a `projects` table that was loaded whole. A project with a run `in_flight` is not dropped: its
    run would lose its partition. Nothing is dropped for an empty list, which is more likely a lost right than an empty
    space.
    """
    add = tuple(key for key in listed if key not in set(known))
    gone = tuple(key for key in known if key not in set(listed))
    if not listed:
        return ProjectChanges(note=f"no project is listed; {len(gone)} partitions were kept" if gone else "")
    busy = tuple(key for key in gone if key in set(in_flight))
    drop = tuple(key for key in gone if key not in busy)
    return ProjectChanges(add, drop, f"kept while a run is writing them: {', '.join(busy)}" if busy else "")


def partitions_in_flight(instance: dg.DagsterInstance, known: Sequence[str]) -> set[str]:
    """The project keys that runs now queued or under way are writing; `known` in the order of the partitions."""
    busy: set[str] = set()
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=UNDER_WAY)):
        single = run.tags.get("dagster/partition")
        first, last = run.tags.get(RANGE_START), run.tags.get(RANGE_END)
        if single is not None:
            busy.add(single)
        if first in known and last in known:
            busy.update(known[known.index(first) : known.index(last) + 1])
    return busy


def apply_changes(instance: dg.DagsterInstance, listed: Collection[str]) -> ProjectChanges:
    """Brings the partitions of `instance` in line with the `listed` project keys and says what was changed."""
    known = instance.get_dynamic_partitions(NAME)
    changes = project_changes(known, listed, in_flight=partitions_in_flight(instance, known))
    instance.add_dynamic_partitions(NAME, changes.add)
    for key in changes.drop:
        instance.delete_dynamic_partition(NAME, key)
    return changes
