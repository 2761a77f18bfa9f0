"""The one place where everything is registered: assets, resources, sensors, executor."""

import os
from collections.abc import Mapping

import dagster as dg

from backlog_assets.assets import build_assets
from backlog_assets.io_manager import BacklogDuckDBIOManager
from backlog_assets.resources import BacklogResource, default_database
from backlog_assets.sensors import build_project_partitions_sensor
from backlog_assets.specs import IO_MANAGER


def build_definitions(environ: Mapping[str, str]) -> dg.Definitions:
    """The definitions for the settings in `environ`; those of an empty one load the demo space.

    The resource keys are `backlog` and `backlog_io_manager`, and no default executor is set for others' jobs:
    these definitions can be merged into another project's.
    """
    return dg.Definitions(
        assets=build_assets(),
        sensors=[build_project_partitions_sensor()],
        resources={
            "backlog": BacklogResource.from_environment(environ),
            IO_MANAGER: io_manager_from(environ),
        },
        executor=dg.in_process_executor,
    )


def io_manager_from(environ: Mapping[str, str]) -> BacklogDuckDBIOManager:
    """The warehouse of BACKLOG_DUCKDB and BACKLOG_SCHEMA, by default a file of its own for each space."""
    return BacklogDuckDBIOManager(
        database=environ.get("BACKLOG_DUCKDB", "").strip()
        or default_database(environ.get("BACKLOG_SPACE", "").strip()),
        schema=environ.get("BACKLOG_SCHEMA", "").strip() or "backlog",
    )


defs = build_definitions(os.environ)
